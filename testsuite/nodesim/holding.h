/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holding: the devices that jobs have on nodes, as their credentials say, from
 * the first message that brings one (its prolog, batch script or step) until
 * the node is told that the job is over, or is lost.
 *
 * A node believes what it is told, as slurmd does; a device that comes to a job
 * while another one has it is a conflict: it is logged, counted and noted in
 * the journal (journal.h). Not so when no script and no step of the other one
 * runs on any node: then nobody told this node that it is over, as happens to
 * nodes that could not be reached or that slurmctld does not know to have the
 * job. It loses the device, and is counted as stale.
 */
#ifndef NODESIM_HOLDING_H
#define NODESIM_HOLDING_H

#include "node.h"

#include "src/interfaces/cred.h"

/*
 * A job comes to a node. What it has there already stays as it is.
 * IN cred - of the job or one of its steps, unpacked.
 * RET SLURM_SUCCESS; ESLURMD_CREDENTIAL_REVOKED: the node was told already that
 *	the job is over, by a message that was faster
 */
extern int holding_take(node_t *node, slurm_cred_t *cred);
/* The node is told that a job is over. Others do not matter */
extern void holding_free(node_t *node, uint32_t job_id);
/* The machine is gone with all jobs */
extern void holdings_lose(node_t *node);
/* Forget which jobs are over; when the node itself is freed */
extern void holdings_forget(node_t *node);

/*
 * The jobs on a node, as a registration reports them: the step that slurmd
 * itself starts for each job when PrologFlags= has Contain (SLURM_EXTERN_CONT).
 * None without that.
 * OUT ids - xfree() it. RET how many
 */
extern uint32_t holding_ids(const node_t *node, slurm_step_id_t **ids);

/* On all nodes, those of one job on two nodes are two */
extern uint32_t holdings(void);
/* Since the start */
extern uint64_t holding_conflicts(void);
extern uint64_t holding_stale(void);

#endif
