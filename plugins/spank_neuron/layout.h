/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout: the nodes of the step of a slurmstepd, what it has on each, and where
 * its rank 0 is met.
 *
 * Devices come from the credential, which slurmctld signed; tasks and nodes
 * from the message that launches the step. Nobody is asked.
 */
#ifndef NEURON_LAYOUT_H
#define NEURON_LAYOUT_H

#include "hardware.h"

#include "lib/launch.h"
#include "lib/root.h"

typedef struct {
	launch_node_t *nodes;
	uint32_t node_count;
	uint32_t node; /* this one */
	/* Rank 0: its node has this address, or name; "" not known */
	char address[LAUNCH_ADDRESS_MAX];
	uint16_t root_port, master_port; /* 0: not known */
	/* One of several components of a heterogeneous step: nothing is known
	 * of the tasks and devices of the others */
	bool is_component;
	bool has_group;
	server_group_t group;
} layout_t;

/*
 * Find it, in slurm_spank_init_post_opt() of slurmstepd, before it has other
 * threads. A batch script and a shell are a step of one node and task.
 * OUT layout - for layout_free(); points into the record of the step.
 * RET false: this step has no tasks, or the record is not what it must be.
 */
extern bool layout_find(const hardware_t *hardware, const char *addresses,
			layout_t *layout);

extern void layout_free(layout_t *layout);

#endif
