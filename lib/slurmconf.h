/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slurmconf: slurm.conf, gres.conf and cgroup.conf as lines of Key=Value, with
 * the places where they stand.
 *
 * The rules are those of Slurm (src/common/parse_config.c): keys without
 * regard to case, '#' starts a comment unless a backslash stands before it, a
 * backslash at the end joins lines, values with blanks are quoted, "Include
 * FILE" reads another file, whose path is relative to the first one.
 */
#ifndef NEURON_SLURMCONF_H
#define NEURON_SLURMCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define SLURMCONF_FILE_MAX (16 * 1024 * 1024)
#define SLURMCONF_FILES_MAX 256
#define SLURMCONF_DEPTH_MAX 8
#define SLURMCONF_LINES_MAX 262144
/* Keys of one line */
#define SLURMCONF_PAIRS_MAX 256

typedef struct slurmconf slurmconf_t;

typedef struct {
	const char *key;
	const char *value;
} slurmconf_pair_t;

typedef struct {
	const char *file;
	unsigned int line;
	const slurmconf_pair_t *pairs; /* at least one */
	unsigned int pair_count;
} slurmconf_line_t;

/*
 * Read a file.
 * RET for slurmconf_destroy(); NULL with errno EINVAL (the sentence names file
 *	and line), ENOENT, EIO or ENOMEM.
 */
extern slurmconf_t *slurmconf_read(const char *path, neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void slurmconf_destroy(slurmconf_t *conf);

/* In the order of the file; NULL behind the last */
extern const slurmconf_line_t *slurmconf_line(const slurmconf_t *conf,
					      uint32_t index);
/* The value of a key of a line; NULL: it has none */
extern const char *slurmconf_of_line(const slurmconf_line_t *line,
				     const char *key);
/* True when a line begins with a key, as lines of nodes do with NodeName */
extern bool slurmconf_begins(const slurmconf_line_t *line, const char *key);
/*
 * The value of a key of the whole cluster, which is the one of its last line.
 * OUT where - the line; untouched when there is none. May be NULL.
 * RET NULL: there is none.
 */
extern const char *slurmconf_value(const slurmconf_t *conf, const char *key,
				   const slurmconf_line_t **where);

/* True when a comma list has a word, in any case */
extern bool slurmconf_list_has(const char *list, const char *word);

#endif
