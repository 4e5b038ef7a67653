/* SPDX-License-Identifier: GPL-2.0-or-later */
/* of_cluster: what is measured of the whole cluster, from slurmctld */
#ifndef NEURON_OF_CLUSTER_H
#define NEURON_OF_CLUSTER_H

#include "lib/metrics.h"
#include "tools/cluster.h"
#include "tools/snapshot.h"

/* Above so many nodes with devices there is nothing of single nodes, unless
 * it is asked for */
#define OF_CLUSTER_NODES_DEFAULT 256

typedef struct {
	const char *conf; /* path of neuron.conf */
	const char *snapshot; /* a file to look at; NULL: slurmctld */
	uint32_t nodes_max; /* see above */
	snapshot_cache_t cache; /* all zero at first */
} of_cluster_t;

/* A worker_measure_t; arg is an of_cluster_t */
extern int of_cluster_measure(void *arg, metrics_t *metrics,
			      neuron_error_t *err);

/* The same for a cluster that is at hand */
extern int of_cluster_write(const cluster_t *cluster, uint32_t nodes_max,
			    metrics_t *metrics, neuron_error_t *err);

/* All that there can be; NULL behind the last */
extern const metric_t *of_cluster_metric(unsigned int index);

#endif
