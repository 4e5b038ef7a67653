/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spank: Slurm's spank.h beside its internal headers, which declare the same
 * functions for the log with another type */
#ifndef NEURON_SPANK_H
#define NEURON_SPANK_H

#include "compat.h"

#define slurm_error spank_slurm_error
#define slurm_info spank_slurm_info
#define slurm_verbose spank_slurm_verbose
#define slurm_debug spank_slurm_debug
#define slurm_debug2 spank_slurm_debug2
#define slurm_debug3 spank_slurm_debug3
#include "slurm/spank.h"
#undef slurm_error
#undef slurm_info
#undef slurm_verbose
#undef slurm_debug
#undef slurm_debug2
#undef slurm_debug3

#endif
