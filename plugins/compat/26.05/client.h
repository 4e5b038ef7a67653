/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 26.05: names of libslurm's public functions that other releases call
 * otherwise */
#ifndef NEURON_CLIENT_H
#define NEURON_CLIENT_H

#include <slurm/slurm.h>

#define client_free_ctl_conf slurm_free_conf

/* In libslurm, but in no public header */
extern void slurm_xfree(void **item);

/* What slurm_create_reservation() returns, which others say free() of */
static inline void client_free_name(char *name)
{
	void *item = name;

	slurm_xfree(&item);
}

#endif
