/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feature_state: the features that node_features/neuron gave to nodes, kept by
 * slurmctld from one start to the next.
 *
 * A starting slurmctld takes the features of its nodes from slurm.conf alone
 * and waits for slurmd to tell its own. A job whose --constraint names one of
 * those would find no node in the meantime, and Slurm holds such a job for ever
 * (BadConstraints). So they are noted in StateSaveLocation, in the file
 * FEATURE_STATE_FILE: a line "NODE FEATURES" for each change, the last one of
 * a node counts, "-" stands for no features.
 */
#ifndef NEURON_FEATURE_STATE_H
#define NEURON_FEATURE_STATE_H

#include "compat.h"

#define FEATURE_STATE_FILE "neuron_features"

/*
 * Note the features of a node, in slurmctld. An error is logged once.
 * IN features - as software_features() writes them; "": none.
 */
extern void feature_state_note(const char *node, const char *features);

/*
 * Give all nodes of slurmctld the features that were noted, and write the file
 * anew with one line a node. Call it with the node table and its bitmaps
 * complete, before jobs are looked at. Does nothing where NodeFeaturesPlugins
 * has no neuron. A line that is malformed is logged and passed over.
 */
extern void feature_state_restore(void);

#endif
