/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ask: a request for a job, written as for sbatch, against a cluster.
 *
 * What job_submit/neuron does with a job when it is submitted is done here with
 * the same functions of lib/, so that what it refuses is refused.
 */
#ifndef NEURON_ASK_H
#define NEURON_ASK_H

#include <slurm/slurm.h>

#include "cluster.h"

/* Options that only slurmctld looks at; more are not counted */
#define ASK_OTHERS_MAX 24

/* The request while it is read; texts are the caller's */
typedef struct {
	cluster_job_t job; /* complete after ask_complete() */
	options_t options; /* as given, without those of a template */
	const char *gres;
	const char *per_task;
	const char *partition;
	const char *nodes;
	const char *time;
	const char *node_list;
	const char *exclude;
	const char *constraint;
	const char *reservation;
	const char *account;
	const char *qos;
	const char *licenses;
	const char *dependency;
	uint64_t memory; /* MiB, with MEM_PER_CPU as Slurm has it */
	bool memory_given;
	bool overcommit;
	uint16_t shared; /* as in a job description; NO_VAL16: not given */
	uint16_t tasks_per_socket; /* 0: not given */
	uint16_t tasks_per_core;
	uint32_t tasks; /* 0: not given */
	uint32_t tasks_per_node;
	uint32_t cpus_per_task;
	uint32_t least_cpus;
	uint32_t switches;
	/* "--mem=10G", what only slurmctld looks at */
	char others[ASK_OTHERS_MAX][96];
	uint32_t other_count;
	char note[256]; /* what was chosen for a model; "": nothing */
	/* for ask_complete() */
	cluster_partition_t partitions; /* has: all that were named */
} ask_t;

extern void ask_init(ask_t *ask);
extern void ask_release(ask_t *ask);

/* Long options for getopt_long(); --help is 'h'. Each option with a letter has
 * it as its value */
extern const struct option *ask_options(void);
/* Of the option --json */
#define ASK_JSON 'j'

/*
 * Take one option.
 * IN option - what getopt_long() returned.
 * IN value - optarg.
 * RET 0; 1: it is not one of a request; -1 with a sentence
 */
extern int ask_take(ask_t *ask, int option, const char *value,
		    neuron_error_t *err);

/*
 * Check the whole against a cluster, as job_submit/neuron would, and fill in
 * what follows from it: job.
 * RET 0; -1 with a sentence
 */
extern int ask_complete(ask_t *ask, const cluster_t *cluster,
			neuron_error_t *err);

/*
 * The same as sbatch would send it. Buffers are in desc_t, which must stay.
 */
typedef struct {
	job_desc_msg_t desc;
	char per_node[GRES_LIST_MAX];
	char per_task[GRES_LIST_MAX];
	char options[OPTIONS_TEXT_MAX + sizeof(OPTIONS_VARIABLE "=")];
	char *spank_env[2];
} ask_desc_t;
extern void ask_describe(const ask_t *ask, ask_desc_t *described);

#endif
