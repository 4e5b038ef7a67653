/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * svg: the picture of a cluster as SVG, alone or in a page that zooms.
 *
 * Groups of the fabric are boxes in boxes, nodes are tiles. Up to
 * SVG_NODES_DETAILED nodes each device is drawn, with its NeuronLinks, in the
 * colour of its job; above that a tile is filled as far as its devices are
 * held. Pointing at anything names it.
 */
#ifndef NEURON_SVG_H
#define NEURON_SVG_H

#include <stdio.h>

#include "cluster.h"

#define SVG_NODES_DETAILED 1024

/* RET 0; -1 with errno ENOMEM or that of writing */
extern int svg_write(const cluster_t *cluster, FILE *out);
/* The same inside an HTML page that needs no other file */
extern int svg_write_html(const cluster_t *cluster, FILE *out);

#endif
