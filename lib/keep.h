/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keep: variables that a user set stay; those that we set may change.
 *
 * srun sends its environment with each step, and inside a batch script that
 * holds what we wrote for the script. A record in the environment itself tells
 * the two apart: KEEP_VARIABLE holds "NAME:hash,NAME:hash", the variables that
 * we wrote last and a hash of each value (32-bit FNV-1a of its bytes, 8
 * hexadecimal digits). A variable that is in the environment and not in the
 * record, or with another value, is the user's. A record that a user wrote can
 * only give up his own variables.
 */
#ifndef NEURON_KEEP_H
#define NEURON_KEEP_H

#include "launch.h"

#define KEEP_VARIABLE "SLURM_NEURON_ENV"
#define KEEP_RECORD_MAX 4096

/* RET the value of a variable, NULL: it is not there */
typedef const char *(*keep_get_t)(const char *name, void *arg);
/* A variable of the user stays although we would give another value */
typedef void (*keep_differs_t)(const char *name, const char *value,
			       const char *given, void *arg);

typedef struct {
	keep_get_t get;
	launch_set_t set;
	keep_differs_t differs;
	void *arg;
	/* The rest is keep's */
	char last[KEEP_RECORD_MAX];
	char next[KEEP_RECORD_MAX];
} keep_t;

/* Start: read the record. One that is too long counts as empty. */
extern void keep_start(keep_t *keep);

/* Is the value that a variable has now one that we wrote? */
extern bool keep_is_ours(const keep_t *keep, const char *name,
			 const char *value);

/*
 * Give a variable a value, unless the user did. A launch_set_t for
 * launch_task(); arg is the keep_t. NULL removes what we wrote.
 * RET 0; -1 with errno ENOSPC (record full) or as set().
 */
extern int keep_set(const char *name, const char *value, void *keep);

/* Remove what we wrote last and did not set this time, write the record (remove
 * it when it is empty). RET 0; -1 as set(). */
extern int keep_end(keep_t *keep);

#endif
