/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan: the options of a job against the nodes that it could land on.
 *
 * A node is of a kind: its family, and the LNC that its machine runs with. A
 * job could land on every kind that has its type of device and can hand out as
 * many as it asks for; what an option means must be right on all of them.
 */
#ifndef NEURON_PLAN_H
#define NEURON_PLAN_H

#include "options.h"
#include "request.h"

typedef struct {
	const profile_t *profile;
	const shape_t *shape;
	unsigned int lnc; /* of the machine; a job's own counts more */
} plan_kind_t;

/*
 * The rule for tensor-parallel groups: a group lies within the devices that a
 * node (or, asked per task, a task) has, or takes up several nodes whole.
 * IN cores - logical cores of the devices of a node, or of a task.
 * IN parts - how many nodes, or tasks, the job has; 0: that is not fixed.
 * RET true when tp divides cores; or tp is a multiple of cores, parts is
 *	fixed, and tp divides cores x parts.
 */
extern bool plan_tp_suits(uint32_t tp, uint32_t cores, uint32_t parts);

/*
 * Check options.
 * IN request - what the job asks; request_check() has accepted it.
 * IN kinds - those of all nodes that the job may use, count of them.
 * RET 0; -1 with errno EINVAL (contradiction) or ENOTSUP, and a sentence with
 *	the values that are possible.
 */
extern int plan_check(const options_t *options, const request_t *request,
		      const plan_kind_t *kinds, uint32_t count,
		      neuron_error_t *err);

/*
 * How many tasks start on each node when the user fixed neither their number
 * nor how many a node gets, and asks devices per node: with tp as many groups
 * as the devices of a node have, at least 1; with launch=core one for each
 * logical core.
 * OUT tasks - 0: the options say nothing about it.
 * RET 0; -1 with errno ENOTSUP: it would differ between the kinds.
 */
extern int plan_tasks(const options_t *options, const request_t *request,
		      const plan_kind_t *kinds, uint32_t count, uint32_t *tasks,
		      neuron_error_t *err);

/* What was chosen for a model */
typedef struct {
	const profile_t *profile;
	uint32_t devices; /* on each node */
	uint32_t nodes;
	uint64_t needed; /* bytes */
	uint64_t bytes; /* that they have */
} plan_model_t;

/*
 * Choose devices for options->model among the kinds of a type: the choice of
 * fewest nodes, then fewest devices, then least memory, then of the first kind.
 * IN type - GRES type; "" for any.
 * IN tier - of the job.
 * IN nodes - that the user asked for at least; 0: none.
 * RET 0; -1 with errno ENOTSUP and a sentence.
 */
extern int plan_model(const options_t *options, const char *type,
		      shape_tier_t tier, bool documented_only, uint32_t nodes,
		      const plan_kind_t *kinds, uint32_t count,
		      plan_model_t *chosen, neuron_error_t *err);

/*
 * Whether the devices of a request hold options->model on every kind that the
 * job could land on; nothing is checked without a model.
 * RET 0; -1 with errno ENOTSUP and a sentence with the least that does.
 */
extern int plan_model_check(const options_t *options, const request_t *request,
			    const plan_kind_t *kinds, uint32_t count,
			    neuron_error_t *err);

#endif
