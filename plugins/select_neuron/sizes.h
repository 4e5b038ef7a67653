/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sizes: how much each size of device sets weighs when the queue is to say so
 * (neuron.conf, SizeWeights=queue).
 *
 * The jobs that slurmctld knows are counted, see lib/demand.h: those that wait,
 * those that run, and those that have ended and are not forgotten yet
 * (slurm.conf, MinJobAge). So the weights follow from its list of jobs alone.
 */
#ifndef NEURON_SIZES_H
#define NEURON_SIZES_H

#include "compat.h"

#include "plugins/common/site.h"

/* Seconds for which weights stay the same */
#define SIZES_INTERVAL 60
/* Jobs of the list that are looked at; each takes some 0.2 us */
#define SIZES_JOBS_MAX 50000

typedef struct {
	time_t counted; /* when; 0: not yet */
	/* in the order of conf_profile_at() */
	demand_weights_t weights[CONF_FAMILIES_MAX];
} sizes_t;

/*
 * Count anew when the interval is over. slurmctld's locks on jobs are held,
 * and nobody else goes through its list of jobs.
 */
extern void sizes_refresh(sizes_t *sizes, const site_t *site, time_t now);

#endif
