/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of a GRES plugin, the same in all releases (Slurm,
 * src/interfaces/gres.c, syms[]).
 * gres_entry.c has those that gres/neuron and gres/efa share; each of them
 * adds plugin_name, plugin_type, plugin_version and the three that write
 * environments.
 */
#ifndef NEURON_GRES_ENTRY_H
#define NEURON_GRES_ENTRY_H

#include "compat.h"

#include "plugins/common/gres_peer.h"

/* Variable with the indexes that a job has on a node, SLURM_JOB_... */
extern const char gres_job_variable[];

/* The machine that slurmd found */
extern machine_t gres_machine;

/* Note what the job or step of this slurmstepd has on its node, for the SPANK
 * plugin and gres_bound() */
extern void gres_note_step(char ***env, devset_t devices);
/* What Slurm binds to the task of this process, see gres_env_of_task(); the
 * SPANK plugin can read it too. IN usable - not NULL */
extern devset_t gres_bound(const bitstr_t *given, const bitstr_t *usable);
extern void gres_note_before(const gres_before_t *before);

extern int gres_p_node_config_load(list_t *gres_conf_list,
				   node_config_load_t *config);
extern void gres_p_job_set_env(char ***job_env_ptr, bitstr_t *gres_bit_alloc,
			       uint64_t gres_cnt, gres_internal_flags_t flags);
extern void gres_p_step_set_env(char ***step_env_ptr, bitstr_t *gres_bit_alloc,
				uint64_t gres_cnt, gres_internal_flags_t flags);
extern void gres_p_task_set_env(char ***task_env_ptr, bitstr_t *gres_bit_alloc,
				uint64_t gres_cnt, bitstr_t *usable_gres,
				gres_internal_flags_t flags);
extern void gres_p_send_stepd(buf_t *buffer);
extern void gres_p_recv_stepd(buf_t *buffer);
extern list_t *gres_p_get_devices(void);
extern void gres_p_step_hardware_init(bitstr_t *usable_gres, char *settings);
extern void gres_p_step_hardware_fini(void);
extern gres_prep_t *gres_p_prep_build_env(gres_job_state_t *gres_js);
extern void gres_p_prep_set_env(char ***prep_env_ptr, gres_prep_t *gres_prep,
				int node_inx);

#endif
