/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A part of the SPANK plugin that knows no Slurm, to be tested without it */
#include "plugins/spank_neuron/private_dir.c"
