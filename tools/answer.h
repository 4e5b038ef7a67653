/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer: when a job could run, what stands in its way and what would help,
 * for people and as JSON.
 */
#ifndef NEURON_ANSWER_H
#define NEURON_ANSWER_H

#include <stdio.h>

#include "cluster.h"

/* A change of a request after which the job could start sooner */
typedef struct {
	char change[128]; /* "--neuron-shape=best" */
	char cost[128]; /* what it costs: "6 of 8 NeuronLinks in a node" */
	outlook_answer_t answer;
} answer_help_t;

#define ANSWER_HELPS_MAX 8

typedef struct {
	outlook_answer_t answer;
	uint32_t nodes; /* of the partition with devices of the type */
	uint32_t masked; /* devices of these that no job is to get */
	uint32_t masked_nodes; /* nodes that have such */
	/* those that start the job now */
	answer_help_t helps[ANSWER_HELPS_MAX];
	uint32_t help_count;
} answer_t;

/*
 * Ask about a job, of the cluster or not, that asks for devices.
 * IN partition - NULL: all nodes.
 * RET 0, for answer_free(); -1 with errno EINVAL (its host lists name no
 *	nodes) or ENOMEM.
 */
extern int answer_ask(const cluster_t *cluster, const cluster_job_t *job,
		      const cluster_partition_t *partition, answer_t *answer,
		      neuron_error_t *err);
extern void answer_free(answer_t *answer);

/*
 * How the nodes of a placement are joined inside UltraServers: joints of
 * neighbours in their rings, of which all members of one have as many as
 * members (two have one) and legal groups of two one each; and the most that
 * so many nodes can have in the largest UltraServer of the cluster. 0 and 0:
 * there are none to be had.
 * RET 0; -1: out of memory
 */
extern int answer_joints(const cluster_t *cluster,
			 const outlook_share_t *shares, uint32_t count,
			 uint32_t *joints, uint32_t *best);

/* Sentences about an answer */
extern void answer_print(const cluster_t *cluster, const cluster_job_t *job,
			 const answer_t *answer, FILE *out);
/* The same: {"moment", "nodes", "blockers", "census", "helps"} */
extern json_object *answer_json(const cluster_t *cluster,
				const cluster_job_t *job,
				const answer_t *answer);

/* "4 nodes x 8 devices (trn2), consecutive" */
extern void answer_request(const cluster_job_t *job, char *buf, size_t size);
/* Names of nodes as a host list, for free(); NULL: out of memory */
extern char *answer_nodes(const cluster_t *cluster,
			  const outlook_share_t *shares, uint32_t count);
/* "level", "ultraservers", "groups", "damage", "left", per node the sets */
extern json_object *answer_placement_json(const cluster_t *cluster,
					  const outlook_share_t *shares,
					  uint32_t count,
					  const place_cost_t *cost);
extern void answer_placement_print(const cluster_t *cluster,
				   const outlook_share_t *shares,
				   uint32_t count, const place_cost_t *cost,
				   FILE *out);

#endif
