/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paired: the EFA interfaces that belong to the devices of a step */
#ifndef NEURON_PAIRED_H
#define NEURON_PAIRED_H

/*
 * "srun --gres=neuron:2" inside a job names devices only, and Slurm gives a
 * step nothing that it does not name. The interfaces of these devices are the
 * job's all the same: FI_EFA_IFACE names them. Note them in slurmstepd's
 * record of the step, which the device cgroup is made from; else the step
 * could not open them. A step that names interfaces has those. Steps of a job
 * share an interface that serves devices of both.
 *
 * Call it in slurm_spank_init_post_opt() of slurmstepd: behind the
 * environment, which gres/neuron has written, and before task/cgroup.
 */
extern void paired_add(void);

#endif
