/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster: neuron.conf, the fabric, nodes and jobs at one moment, from a
 * snapshot.
 */
#ifndef NEURON_CLUSTER_H
#define NEURON_CLUSTER_H

#include <json-c/json.h>

#include "lib/conf.h"
#include "lib/fabric.h"
#include "lib/mask.h"
#include "lib/outlook.h"
#include "lib/request.h"

typedef struct {
	uint32_t node; /* index in nodes */
	devset_t devices;
	devset_t efas;
} cluster_share_t;

typedef enum {
	CLUSTER_PENDING,
	CLUSTER_RUNNING,
	CLUSTER_OTHER
} cluster_state_t;

typedef struct {
	uint32_t job_id;
	char display_id[32]; /* "12_3", "12+1"; "": the number alone */
	char user[64];
	char name[64];
	char partition[512]; /* several with commas between them */
	cluster_state_t state;
	char state_name[32]; /* "PENDING" */
	char reason[256]; /* why slurmctld lets it wait */
	int64_t since; /* when it could have started first */
	int64_t start;
	int64_t end; /* OUTLOOK_NEVER without a limit */
	uint32_t seconds; /* its limit; 0: none */
	uint32_t nodes;
	uint32_t devices; /* on all nodes */
	cluster_share_t *shares;
	uint32_t share_count;
	bool asks; /* request is set */
	request_t request;
	options_t options;
	bool with_efa;
	uint32_t efa_per_node;
	uint32_t efa_per_task;
	uint32_t cpus; /* of all nodes together */
	char *required; /* host lists; "": none */
	char *excluded;
	char features[256]; /* "": none */
} cluster_job_t;

typedef struct {
	char *name;
	uint32_t index; /* its place in nodes */
	const profile_t *profile; /* NULL: no Neuron devices */
	const shape_t *shape;
	uint32_t cpus;
	uint32_t weight;
	char state[64]; /* "IDLE+DRAIN" */
	char reason[256];
	bool usable;
	devset_t used;
	devset_t used_efas;
	/* no job is to get these; one may still have them */
	devset_t masked;
	devset_t masked_efas;
	mask_t *mask; /* with the reasons; NULL: none are masked */
	mask_t *suspects; /* the same for suspect devices */
	/* 1 + the index of the job that has the device, 0: free */
	uint32_t holders[PROFILE_DEVICES_MAX];
} cluster_node_t;

typedef struct {
	char *name;
	bool is_default;
	bool up;
	bool *has; /* for each node */
} cluster_partition_t;

typedef struct {
	int64_t now;
	conf_t *conf;
	fabric_t *fabric;
	/* in slurmctld's order */
	cluster_job_t *jobs;
	uint32_t job_count;
	/* with and without Neuron devices */
	cluster_node_t *nodes;
	uint32_t node_count;
	cluster_partition_t *partitions;
	uint32_t partition_count;
	/* the nodes sorted by name */
	const cluster_node_t **by_name;
} cluster_t;

/*
 * RET 0; -1 with errno EINVAL (the snapshot is malformed; a sentence names
 *	key and value), ENOENT, EIO or ENOMEM.
 */
extern int cluster_create(cluster_t *cluster, json_object *snapshot,
			  neuron_error_t *err);
/*
 * The same with neuron.conf at hand, instead of that of the snapshot.
 * IN conf - becomes the cluster's, also on failure.
 */
extern int cluster_create_with(cluster_t *cluster, json_object *snapshot,
			       conf_t *conf, neuron_error_t *err);
extern void cluster_free(cluster_t *cluster);

/* The job that holds a device: its index in jobs, -1: free */
extern int64_t cluster_holder(const cluster_t *cluster, uint32_t node,
			      unsigned int device);
/* Index of a node; -1 */
extern int64_t cluster_node(const cluster_t *cluster, const char *name);
/* IN id - a number, or as squeue shows it: "12_3" of an array, "12+1" of a
 * heterogeneous job. RET NULL: none with that id */
extern const cluster_job_t *cluster_job(const cluster_t *cluster,
					const char *id);
/* NULL: none of that name; the default one for NULL */
extern const cluster_partition_t *cluster_partition(const cluster_t *cluster,
						    const char *name);
/*
 * The nodes of several partitions as of one.
 * IN names - with commas between them; NULL: the default one.
 * OUT all - has is for free(), name and the rest stay 0.
 * RET 0; -1 with errno ENOENT (a sentence names the one that there is not) or
 *	ENOMEM.
 */
extern int cluster_partitions(const cluster_t *cluster, const char *names,
			      cluster_partition_t *all, neuron_error_t *err);

#endif
