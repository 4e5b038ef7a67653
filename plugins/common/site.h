/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site: neuron.conf of this cluster and, in slurmctld, which of its nodes is
 * which of Slurm's.
 */
#ifndef NEURON_SITE_H
#define NEURON_SITE_H

#include "compat.h"

#include "lib/conf.h"
#include "lib/fabric.h"

typedef struct site site_t;

/*
 * Read neuron.conf from the directory of slurm.conf.
 * RET a site for site_destroy(); NULL with a sentence in err.
 */
extern site_t *site_read(neuron_error_t *err);
/* The same for one node, quickly: conf_read_node() */
extern site_t *site_read_node(const char *node, neuron_error_t *err);
/* All of it is checked, the profiles are kept: conf_keep_profiles() */
extern site_t *site_read_profiles(neuron_error_t *err);
/* Accepts NULL */
extern void site_destroy(site_t *site);

extern const conf_t *site_conf(const site_t *site);

/*
 * Match the nodes of neuron.conf with slurmctld's. Call with slurmctld's node
 * table at rest, again after it changed.
 * RET 0; -1 with a sentence: a node that slurm.conf does not know, a node
 *	with Gres=neuron that neuron.conf does not name, Gres= counts that
 *	differ from the profile, GresTypes in the wrong order. The nodes that
 *	did match are usable all the same.
 */
extern int site_map(site_t *site, neuron_error_t *err);

/*
 * Let the sizes of device sets weigh like this in the choices that follow; see
 * shape_weigh().
 * IN weights - of each profile, CONF_FAMILIES_MAX of them, in the order of
 *	conf_profile_at(). Nothing is done when they are those of last time.
 */
extern void site_weigh(site_t *site, const demand_weights_t *weights);

/* Index in conf of a node of slurmctld; -1: not a Neuron node */
extern int site_node(const site_t *site, int node_inx);
extern const shape_t *site_shape(const site_t *site, int node_inx);
extern const profile_t *site_profile(const site_t *site, int node_inx);

/*
 * Read topology.conf and the UltraServers of neuron.conf. Nodes have the
 * indexes of slurmctld.
 * RET a fabric for fabric_destroy(); NULL with a sentence.
 */
extern fabric_t *site_read_fabric(const site_t *site, neuron_error_t *err);

#endif
