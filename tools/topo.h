/* SPDX-License-Identifier: GPL-2.0-or-later */
/* topo: what the subcommands of neuron-topo have in common */
#ifndef NEURON_TOPO_H
#define NEURON_TOPO_H

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

#include "cluster.h"

/* Exit statuses; those above belong to single subcommands */
enum {
	TOPO_GOOD = 0,
	TOPO_BAD = 1, /* it could not be done */
	TOPO_USAGE = 2,
	TOPO_DIFFERENT = 3, /* it was done, and what was looked at is not
			     * as it should be */
};

/* Options before the subcommand */
typedef struct {
	const char *config; /* path of neuron.conf */
	const char *snapshot; /* what to look at; NULL: slurmctld's present */
	const char *without; /* nodes that are taken as gone; NULL: none */
	bool colour;
	unsigned int width; /* columns of the terminal, at least 40 */
} topo_t;

typedef struct {
	const char *name;
	const char *arguments; /* of the usage line */
	const char *help; /* one line */
	const char *details; /* its options; "" without any */
	/* argv[0] is the name of the subcommand. RET an exit status */
	int (*run)(const topo_t *topo, int argc, char **argv);
} topo_command_t;

extern const topo_command_t topo_check;
extern const topo_command_t topo_explain;
extern const topo_command_t topo_fit;
extern const topo_command_t topo_generate;
extern const topo_command_t topo_mask;
extern const topo_command_t topo_probe;
extern const topo_command_t topo_record;
extern const topo_command_t topo_replay;
extern const topo_command_t topo_show;
extern const topo_command_t topo_sizes;
extern const topo_command_t topo_snapshot;
extern const topo_command_t topo_test;
extern const topo_command_t topo_unmask;

/*
 * The cluster to look at. RET 0, for cluster_free(); -1 with a sentence
 */
extern int topo_load(const topo_t *topo, cluster_t *cluster,
		     neuron_error_t *err);
/* Run a subcommand; argv[0] is its name. RET an exit status */
extern int topo_run(const topo_t *topo, int argc, char **argv);
/* Usage of one subcommand */
extern void topo_usage(const topo_command_t *command, FILE *out);
/* "neuron-topo SUBCOMMAND: SENTENCE" on stderr. RET TOPO_BAD */
extern int topo_fail(const topo_command_t *command, const neuron_error_t *err);
/*
 * Write an object with a newline and free it.
 * RET TOPO_GOOD; TOPO_BAD with a sentence when memory was short or stdout
 *	cannot be written.
 */
extern int topo_print_json(const topo_command_t *command, json_object *object);

#endif
