/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gang: one decision about a whole job: on which nodes it runs and which
 * devices each of them gives, or that it must wait.
 *
 * The caller lists the nodes that the job may use with what is free on each,
 * in the situation in question (now, at a future moment, on an empty
 * machine). Device sets come from shape, nodes from place; gang goes through
 * the numbers of nodes and the ways to spread tasks that the job allows,
 * best first, and offers each to the caller, who may know more (CPUs, memory)
 * and refuse.
 */
#ifndef NEURON_GANG_H
#define NEURON_GANG_H

#include "place.h"
#include "request.h"
#include "shape.h"

/* Numbers of nodes that are tried in each direction */
#define GANG_ATTEMPTS_MAX 16

typedef struct {
	/* read by gang */
	uint32_t node; /* index in the fabric */
	const shape_t *shape;
	devset_t free;
	devset_t free_efas;
	uint32_t total; /* devices that the job may take, whichever */
	uint32_t cpus; /* CPUs that it can give the job */
	uint64_t weight; /* nodes of less weight come first (slurm.conf) */
	bool counted; /* only total is known, free is not */
	bool required; /* the job names this node */
	/* what will be free while the job runs, see shape_pick_timed(); none:
	 * the present counts alone */
	const shape_span_t *spans;
	uint32_t span_count;
	/* set by gang for nodes that fit; empty when it asks a whole node or
	 * only the total is known. Its damage is in SHAPE_DAMAGE_PARTS */
	shape_pick_t pick;
	uint32_t left; /* devices that stay free */
} gang_node_t;

typedef struct {
	const request_t *request;
	bool with_efa; /* the job asks EFA interfaces */
	uint32_t efa_per_node; /* on each node; 0: for each task */
	uint32_t efa_per_task;
	uint32_t nodes_min; /* least and most nodes, and how many to */
	uint32_t nodes_max; /* start with; 0 is taken as 1 */
	uint32_t nodes_wanted;
	uint32_t cpus; /* CPUs of all nodes together */
	place_ultraserver_t ultraserver;
} gang_request_t;

typedef struct gang gang_t;

/*
 * IN nodes - count of them, each node once; they stay the caller's, must
 *	outlive the gang, and receive pick and left.
 * IN fabric, request - must outlive it too. Without a fabric (NULL) nothing
 *	can be decided.
 * RET a gang for gang_destroy(); NULL with errno ENOMEM.
 */
extern gang_t *gang_create(const fabric_t *fabric,
			   const gang_request_t *request, gang_node_t *nodes,
			   uint32_t count);
/* Accepts NULL; errno survives */
extern void gang_destroy(gang_t *gang);

/*
 * Make a gang one about other nodes, as gang_create() would, but in the memory
 * that it has: new memory for ten thousand nodes takes longer than a decision.
 * RET 0; -1 with errno ENOMEM, it is about no nodes then.
 */
extern int gang_renew(gang_t *gang, const fabric_t *fabric,
		      const gang_request_t *request, gang_node_t *nodes,
		      uint32_t count);

/*
 * Pick a set of so many devices on each node.
 * OUT fitting - room for all nodes; those that can give them, in their order.
 * RET how many.
 */
extern uint32_t gang_fit(gang_t *gang, uint32_t devices, gang_node_t **fitting);

/*
 * What the caller thinks of a choice.
 * IN chosen - count nodes, ascending by index except that with a request per
 *	task those that get one task more come first.
 * RET 0: it is taken; else: go on with the next.
 */
typedef int (*gang_try_t)(gang_node_t *const *chosen, uint32_t count,
			  void *arg);

/*
 * Decide. Requests per node start with nodes_wanted nodes, or more when the
 * CPUs want more, then try more, then fewer; requests per task start with the
 * fewest nodes. For each number of nodes one choice is offered, the best:
 * of nodes that share a group and among which all required ones are; then of
 * the least weight, which is that of the heaviest node that is not required;
 * then as place_nodes() chooses.
 *
 * Where tasks spread unevenly the common group has the lowest level possible;
 * then those that get one task more are the best by themselves, as far as the
 * rest can complete the job, then the others so that all together are best.
 * With PLACE_REQUIRE all nodes together are as it says, and nothing is offered
 * where they cannot be. Where tasks then spread unevenly, only nodes that can
 * give the smaller share take part; of the allowed choices with enough nodes
 * that can give the larger one, that with the most of these, then the best for
 * smaller shares is offered. One task more goes to those that lose least by it.
 *
 * RET 0 when try took a choice; -1 with errno ENOSPC (none, or none taken) or
 *	ENOMEM.
 */
extern int gang_decide(gang_t *gang, gang_try_t try, void *arg);

#endif
