/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster: neuron.conf, the fabric and the jobs that hold devices now, as a
 * client of slurmctld sees them.
 */
#ifndef NEURON_CLUSTER_H
#define NEURON_CLUSTER_H

#include "lib/conf.h"
#include "lib/fabric.h"

typedef struct {
	uint32_t job_id;
	char user[64];
	char name[64];
	uint32_t nodes;
	uint32_t devices; /* on all nodes */
	bool running;
} cluster_job_t;

typedef struct {
	char *name;
	uint32_t index; /* its place in nodes */
	const profile_t *profile; /* NULL: no Neuron devices */
	/* 1 + the index of the job that has the device, 0: free */
	uint32_t holders[PROFILE_DEVICES_MAX];
} cluster_node_t;

typedef struct {
	conf_t *conf;
	fabric_t *fabric;
	cluster_job_t *jobs;
	uint32_t job_count;
	/* nodes in slurmctld's order, with and without Neuron devices */
	cluster_node_t *nodes;
	uint32_t node_count;
	/* the same, sorted by name */
	const cluster_node_t **by_name;
} cluster_t;

/*
 * Read the configuration and ask slurmctld.
 * IN path - neuron.conf; topology.conf is looked for beside it.
 * RET 0; -1 with a sentence.
 */
extern int cluster_load(cluster_t *cluster, const char *path,
			neuron_error_t *err);
extern void cluster_free(cluster_t *cluster);

/* The job that holds a device: its index in jobs, -1: free */
extern int64_t cluster_holder(const cluster_t *cluster, uint32_t node,
			      unsigned int device);

#endif
