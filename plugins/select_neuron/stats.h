/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats: how slurmctld decides about jobs with Neuron devices, for
 * neuron-exporter; written to StatsFile of neuron.conf (lib/tally.h).
 *
 * A decision costs two readings of the clock and some additions. The file is
 * written where slurmctld is asked for its nodes, which neuron-exporter does
 * before it reads the file, and at most every STATS_INTERVAL seconds.
 */
#ifndef NEURON_STATS_H
#define NEURON_STATS_H

#include "compat.h"

#include "lib/conf.h"
#include "lib/tally.h"
#include "prune.h"

#define STATS_INTERVAL 2

/* What is counted while a question is answered */
typedef struct {
	uint64_t from; /* nanoseconds of the monotonic clock */
	uint64_t by_choice;
	uint64_t by_all;
} stats_mark_t;

extern stats_mark_t stats_begin(const prune_counts_t *counts);
/* IN rc - the answer */
extern void stats_end(const stats_mark_t *mark, const prune_counts_t *counts,
		      uint16_t mode, int rc);
/* A placement was not legal, and is taken back */
extern void stats_taken_back(void);
/* A placement that a job starts with */
extern void stats_placement(const place_cost_t *cost);

/*
 * Write the file if that is due and there is anything new. A failure is
 * logged once, until it is written again. slurmctld's node locks are held;
 * who comes while another one writes does nothing.
 */
extern void stats_write(const conf_t *conf);

#endif
