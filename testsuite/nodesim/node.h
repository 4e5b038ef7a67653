/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node: the nodes of slurm.conf, each with what is wrong with it.
 */
#ifndef NODESIM_NODE_H
#define NODESIM_NODE_H

#include "device.h"
#include "slurm_base.h"

#define NODE_MUTE_MAX 16

typedef struct job job_t;
typedef struct holding holding_t;
typedef struct revocation revocation_t;
typedef struct step step_t;

typedef struct {
	char *name;
	slurm_addr_t address; /* that slurmctld calls */
	const node_record_t *record; /* of slurm.conf, NULL: has left it */
	const device_list_t *devices;
	job_t *jobs; /* see job.h */
	job_t *ended_jobs;
	holding_t *holdings; /* see holding.h */
	revocation_t *revocations;
	step_t *steps; /* see step.h */
	time_t started;
	/* What is wrong */
	bool dropped; /* nobody is there */
	bool mute; /* answers nothing */
	uint16_t mute_to[NODE_MUTE_MAX]; /* or not these types, 0: end */
	uint32_t delay; /* milliseconds before it answers */
	device_fault_t *faults;
	bool registering; /* a registration waits to be sent */
} node_t;

extern node_t *node_table;
extern uint32_t node_count;

/*
 * Read slurm.conf (slurm_init() was called): all nodes.
 * IN only - names in Slurm's form, NULL: all.
 * RET SLURM_SUCCESS; SLURM_ERROR: logged
 */
extern int nodes_init(const char *only);
extern void nodes_fini(void);

/* Read slurm.conf again. A node that is not in it any more is dropped and has
 * no record; one that is new is nobody */
extern void nodes_reread(void);

/* RET NULL: there is none of that name */
extern node_t *node_by_name(const char *name);
/* The one that was called at this address and port */
extern node_t *node_by_address(const slurm_addr_t *address);

/*
 * Each port of nodes_init(), once.
 * OUT ports - the caller frees it (xfree).
 * RET how many
 */
extern uint32_t node_ports(uint16_t **ports);

/* RET false: it answers nothing to messages of that type */
extern bool node_answers(const node_t *node, uint16_t type);

/* Nothing is wrong any more. It does not register by itself */
extern void node_heal(node_t *node);

#endif
