/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request: what one job asks for, parsed and bounded.
 *
 * Slurm keeps GRES requests as lists like "gres/neuron:trn2:4,gres/efa:4"
 * (tres_per_node, tres_per_task of a job description). gres_list edits one
 * such list; request holds what placement needs of a job.
 */
#ifndef NEURON_REQUEST_H
#define NEURON_REQUEST_H

#include "shape.h"

#define GRES_TYPE_MAX 32
/* Longest list that is read, bytes */
#define GRES_LIST_MAX 4096
/* Largest number that a job may ask for of one GRES on one node or task */
#define GRES_COUNT_MAX 65535

/* One entry of a list */
typedef struct {
	bool present;		/* the list has the name */
	char type[GRES_TYPE_MAX]; /* "" when the request has no type */
	uint32_t count;		/* 1 when the request has no number */
} gres_entry_t;

/*
 * Find a GRES in a list. Accepts the prefixes "gres/" and "gres:" or none, a
 * type or none, a number with the suffixes k, m (1024-based) or none.
 * Other GRES in the list are passed over.
 * IN list - may be NULL: nothing is present.
 * IN name - "neuron" or "efa".
 * RET 0, entry->present tells; -1 with errno EINVAL: that GRES is named
 *	twice, or its entry is malformed or out of range.
 */
extern int gres_list_find(const char *list, const char *name,
			  gres_entry_t *entry, neuron_error_t *err);

/*
 * The list with one GRES added, changed or (count 0) removed.
 * OUT buf - receives it, in Slurm's form, e.g. "gres/neuron:trn2:4"; "" when
 *	empty.
 * RET its length; -1 with errno ENOSPC or EINVAL.
 */
extern int gres_list_set(const char *list, const char *name, const char *type,
			 uint32_t count, char *buf, size_t size);

/* How many devices each node must give is known when either the job asks per
 * node, or asks per task and its tasks divide evenly. */
typedef struct {
	/* GRES type, "" for any */
	char type[GRES_TYPE_MAX];
	uint32_t per_node;	/* devices on each node; 0: asked per task */
	uint32_t per_task;	/* devices for each task; 0: asked per node */
	uint32_t tasks;		/* number of tasks, at least 1 */
	uint32_t tasks_per_node; /* 0: not fixed */
	uint32_t nodes_min;	/* at least 1 */
	uint32_t nodes_max;	/* UINT32_MAX: not limited */
	bool whole_node;	/* --exclusive: the job gets every device */
	bool efa_given;		/* the user named efa */
	uint32_t efa;		/* what the user gave, per node or task alike */
	shape_tier_t tier;
} request_t;

/*
 * How the tasks of a per-task request spread over a number of nodes: as
 * evenly as possible, the first nodes get one more.
 * IN nodes - at least 1.
 * OUT more - how many nodes get many devices, the others get few.
 * RET 0; -1 with errno EINVAL when the request is not per task, has fewer
 *	tasks than nodes, or a fixed tasks_per_node does not give this.
 */
extern int request_spread(const request_t *request, uint32_t nodes,
			  uint32_t *many, uint32_t *few, uint32_t *more);

/*
 * Check a request against the profiles of the nodes it may run on, and find
 * the EFA interfaces that go with it.
 * IN profiles, shapes - count families that the job could land on.
 * OUT efa - EFA interfaces for each node (per-node requests) or each task
 *	(per-task requests); 0 for families without EFA. What the user gave
 *	when it is right: 0, the number that belongs to the devices, or for
 *	whole nodes any number that they have.
 * OUT efa_per_node - true when *efa is for each node although the devices
 *	are asked per task (an interface serves devices of several tasks).
 * OUT undocumented - true when AWS documents no unit of that size.
 * RET 0; -1 with errno ENOTSUP and a sentence that says what was asked, what
 *	is possible on these families, and the nearest legal request; EINVAL
 *	for a request that contradicts itself or that means different numbers
 *	of EFA interfaces on different families.
 */
extern int request_check(const request_t *request,
			 const profile_t *const *profiles,
			 const shape_t *const *shapes, uint32_t count,
			 uint32_t *efa, bool *efa_per_node,
			 bool *undocumented, neuron_error_t *err);

/*
 * Where only documented sizes are allowed: refuse a request that
 * request_check() found undocumented.
 * OUT err - what was asked, which sizes are documented on these families and
 *	can be had, and the nearest of them.
 * RET -1 with errno ENOTSUP; EINVAL without families.
 */
extern int request_refuse_undocumented(const request_t *request,
				       const profile_t *const *profiles,
				       const shape_t *const *shapes,
				       uint32_t count, neuron_error_t *err);

#endif
