/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 25.05: names of libslurm's public functions that other releases call
 * otherwise */
#ifndef NEURON_CLIENT_H
#define NEURON_CLIENT_H

#include <stdlib.h>

#include <slurm/slurm.h>

#define client_free_ctl_conf slurm_free_ctl_conf

/* What slurm_create_reservation() returns */
#define client_free_name free

#endif
