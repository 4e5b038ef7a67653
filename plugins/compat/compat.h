/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat: the one door through which our plugins see a release of Slurm.
 *
 * Which of the directories 24.11, ... is behind it is chosen by configure.
 * Each has a release.h (headers, names and small differences) and, for the
 * plugin types whose functions depend on the release, their lists.
 */
#ifndef NEURON_COMPAT_H
#define NEURON_COMPAT_H

#include "release.h"

#include "lib/error.h"

/* Every plugin's first and last function */
extern int init(void);
extern int fini(void);

/*
 * Name of the topology plugin that topology/neuron is stacked on, from
 * slurm.conf: TopologyParam=neuron_base=tree|block|flat, tree without it.
 * It stands there and not in neuron.conf because every client needs it.
 * RET a constant; NULL for an unknown word.
 */
extern const char *compat_base_topology(void);

/* True when that plugin knows no switches */
extern bool compat_base_is_flat(void);

/*
 * True when Slurm has loaded topology/neuron and select/neuron together: each
 * does half of the work. Call it with slurm.conf read.
 * RET false with a sentence in err that says what to change.
 */
extern bool compat_plugins_are_complete(neuron_error_t *err);

/* NodeName of the slurmd we run in; NULL outside slurmd */
extern const char *compat_slurmd_node_name(void);

/*
 * Tell slurmctld's GRES code that neuron and efa have device files before
 * the first node registers, so that CLOUD nodes that were never up are given
 * devices by index.
 */
extern void compat_declare_gres_files(void);

#endif
