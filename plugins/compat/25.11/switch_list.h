/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 25.11, src/interfaces/switch.c, syms[] */
#define STEPINFO_BUILD switch_p_stepinfo_build
#define STEPINFO_BUILD_CONTEXT void
#define STEPINFO_DUPLICATE switch_p_stepinfo_duplicate
#define STEPINFO_FREE switch_p_stepinfo_free
#define STEPINFO_PACK switch_p_stepinfo_pack
#define STEPINFO_UNPACK switch_p_stepinfo_unpack

IDLE(int, switch_p_save, (void), SLURM_SUCCESS)
IDLE(int, switch_p_restore, (bool recover), SLURM_SUCCESS)
NOTHING(switch_p_jobinfo_pack,
	(void *jobinfo, buf_t *buffer, uint16_t protocol_version))
IDLE(int, switch_p_jobinfo_unpack,
     (void **jobinfo, buf_t *buffer, uint16_t protocol_version), SLURM_SUCCESS)
NOTHING(switch_p_jobinfo_free, (job_record_t *job_ptr))
IDLE(bool, switch_p_setup_special_steps, (void), false)
IDLE(int, switch_p_job_preinit, (stepd_step_rec_t *step), SLURM_SUCCESS)
IDLE(int, switch_p_job_init, (stepd_step_rec_t *step), SLURM_SUCCESS)
IDLE(int, switch_p_job_postfini, (stepd_step_rec_t *step), SLURM_SUCCESS)
IDLE(int, switch_p_job_attach,
     (switch_stepinfo_t *stepinfo, char ***env, uint32_t nodeid,
      uint32_t procid, uint32_t nnodes, uint32_t nprocs, uint32_t rank),
     SLURM_SUCCESS)
IDLE(int, switch_p_job_step_complete,
     (switch_stepinfo_t *stepinfo, char *nodelist), SLURM_SUCCESS)
IDLE(int, switch_p_job_start, (job_record_t *job_ptr, bool test_only),
     SLURM_SUCCESS)
NOTHING(switch_p_job_complete, (job_record_t *job_ptr))
IDLE(uint32_t, switch_p_job_channel, (job_record_t *job_ptr, char *node_name),
     NO_VAL)
IDLE(int, switch_p_fs_init, (stepd_step_rec_t *step), SLURM_SUCCESS)
NOTHING(switch_p_extern_step_fini, (uint32_t job_id))
