/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bits: Slurm's bit strings as device sets */
#ifndef NEURON_BITS_H
#define NEURON_BITS_H

#include "compat.h"

#include "lib/devset.h"

/* The first DEVSET_MAX bits; the empty set for NULL */
extern devset_t bits_to_devset(const bitstr_t *bits);

/* Clear every bit whose index is not in the set. NULL is passed over. */
extern void bits_keep(bitstr_t *bits, devset_t set);

/* Make bits be the set, cut at their size. NULL is passed over. */
extern void bits_from_devset(bitstr_t *bits, devset_t set);

#endif
