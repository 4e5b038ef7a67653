/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node_features/neuron: the versions of a machine as features of its node.
 *
 * slurmd tells them with its registration, slurmctld puts them in the place of
 * those that the node had before and leaves all other features alone. They are
 * facts: no job can change them and none makes a node reboot, so for Slurm's
 * scheduling they are like those of slurm.conf.
 */
#ifndef NEURON_NODE_FEATURES_H
#define NEURON_NODE_FEATURES_H

#include "compat.h"

/* In slurmd: the features of this machine. RET xfree(); NULL: none is known,
 * which is logged */
extern char *node_features_neuron_state(void);

/*
 * In slurmctld: new features of a node.
 * IN new - of a registration, or of "scontrol update".
 * IN have - that it has, as far as plugins before this one left them.
 * RET xfree(); NULL: none
 */
extern char *node_features_neuron_merge(const char *new, const char *have,
					int node);

#endif
