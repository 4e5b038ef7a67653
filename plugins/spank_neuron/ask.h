/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ask: the options --neuron-... of srun, sbatch and salloc, on their way from
 * the command line to slurmctld and to slurmstepd.
 *
 * A client refuses what it can see is wrong; whether a machine of the cluster
 * can do it, slurmctld decides (job_submit/neuron), since a client may have no
 * neuron.conf. Options travel
 *
 *  - to slurmctld in the SPANK environment of the job, OPTIONS_VARIABLE;
 *  - to slurmstepd as Slurm sends SPANK options: in the message that launches
 *    a step, to batch scripts in _SLURM_SPANK_OPTION_neuron_neuron_<name>;
 *  - from a job to each srun inside it in
 *    SLURM_SPANK__SLURM_SPANK_OPTION_neuron_neuron_<name>, which Slurm writes
 *    and reads (spank_process_env_options()); an option of srun's own command
 *    line counts instead.
 *
 * A user can write all of them: each value is parsed by options_set() on
 * arrival, and nothing that root does depends on the last two.
 */
#ifndef NEURON_ASK_H
#define NEURON_ASK_H

#include "plugins/compat/spank.h"

#include "lib/options.h"

/*
 * Make Slurm know the options, in slurm_spank_init(). In sbatch and salloc,
 * options of a job that they run in are forgotten: they are not those of
 * another job.
 * RET as that function
 */
extern int ask_register(spank_t spank);

/*
 * In a client, when all options are read: hand them to slurmctld.
 * RET as slurm_spank_init_post_opt()
 */
extern int ask_hand_on(spank_t spank);

/* What was given. In slurmstepd: the options of the step, those of its job
 * where srun gave none. */
extern const options_t *ask_options(void);

#endif
