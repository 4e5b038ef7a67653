/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * switch_neuron: which of a job's devices a step of it gets.
 *
 * Slurm gives a step the lowest indexes that no other step of the job has
 * (gres_stepmgr_step_alloc()), and no plugin is asked. But just before, with
 * the nodes and tasks of the step known, it asks the switch plugin to prepare
 * the step, and just after, when it writes the step's credential, to pack what
 * was prepared. In between, the devices that the step shall not have are
 * hidden: they are noted as used by another step. Slurm itself then takes what
 * is left, picks the cores beside it and keeps its own books.
 *
 * Everything happens within one request, under the job write lock of slurmctld
 * (or the lock of a slurmstepd that manages steps itself).
 */
#ifndef NEURON_SWITCH_NEURON_H
#define NEURON_SWITCH_NEURON_H

#include "compat.h"

/* What is hidden from a step */
typedef struct hidden hidden_t;

/* RET SLURM_SUCCESS; SLURM_ERROR after logging why slurm.conf or neuron.conf
 * is refused. Nothing is read before switch_neuron_hide() but in slurmctld. */
extern int switch_neuron_init(void);
extern void switch_neuron_fini(void);

/*
 * Hide what the step shall not have; call it before Slurm allocates. A step
 * with --overlap, one that asks for no devices, and a node where Slurm's
 * records are not as expected are left to Slurm.
 * RET for switch_neuron_free(); NULL: nothing is hidden.
 */
extern hidden_t *switch_neuron_hide(step_record_t *step_ptr);

/* Make it visible again; the second time this does nothing. Accepts NULL. */
extern void switch_neuron_show(hidden_t *hidden);

/* The same, and forget it. Accepts NULL. */
extern void switch_neuron_free(hidden_t *hidden);

#endif
