/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show: the picture of a cluster on a terminal */
#ifndef NEURON_SHOW_H
#define NEURON_SHOW_H

#include <stdio.h>

#include "cluster.h"

/*
 * Print the switch tree with every node's devices, one letter a job, and a
 * table of the jobs.
 * IN colour - use terminal colours.
 * IN width - columns of the terminal, at least 40.
 * RET 0; -1 with errno ENOMEM.
 */
extern int show_cluster(const cluster_t *cluster, FILE *out, bool colour,
			unsigned int width);

#endif
