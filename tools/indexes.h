/* SPDX-License-Identifier: GPL-2.0-or-later */
/* indexes: which of a node's devices slurmctld says that a job has */
#ifndef NEURON_INDEXES_H
#define NEURON_INDEXES_H

#include <stddef.h>

/*
 * IN detail - "neuron:trn2:4(IDX:4-7),efa:4(IDX:4-7)", of one node; NULL: none.
 * IN name - of the GRES.
 * OUT text - "4-7"; "": it has none.
 */
extern void indexes_of(const char *detail, const char *name, char *text,
		       size_t size);

#endif
