/* SPDX-License-Identifier: GPL-2.0-or-later */
/* of_node: what is measured on one node */
#ifndef NEURON_OF_NODE_H
#define NEURON_OF_NODE_H

#include "lib/metrics.h"

typedef struct {
	const char *conf; /* path of neuron.conf */
	const char *node; /* its name in slurm.conf */
} of_node_t;

/* A worker_measure_t; arg is an of_node_t */
extern int of_node_measure(void *arg, metrics_t *metrics, neuron_error_t *err);

/* All that there can be; NULL behind the last */
extern const metric_t *of_node_metric(unsigned int index);

#endif
