/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devset: a set of Neuron devices (or of EFA interfaces) of one machine.
 *
 * Bit i is the device with index i: /dev/neuron<i> for Neuron devices. The
 * driver numbers devices 0 to 63 (aws-neuron-driver, neuron_cdev.c), so that
 * a machine word holds every set.
 *
 * Text form: ascending indexes and ranges without blanks, "0-3,8"; the empty
 * set is the empty string.
 */
#ifndef NEURON_DEVSET_H
#define NEURON_DEVSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef uint64_t devset_t;

#define DEVSET_MAX 64
/* Room for the longest text form of any set, with its final null byte */
#define DEVSET_TEXT_MAX 192

/* The set {index}; the empty set when index is not 0 to 63 */
extern devset_t devset_of(unsigned int index);

/* The set {first, ..., first + count - 1}, cut at index 63 */
extern devset_t devset_run(unsigned int first, unsigned int count);

/* Number of members */
extern unsigned int devset_count(devset_t set);

/* Lowest member, -1 for the empty set */
extern int devset_first(devset_t set);

/* Highest member, -1 for the empty set */
extern int devset_last(devset_t set);

/* Lowest member above index, -1 when there is none; index -1 starts */
extern int devset_next(devset_t set, int index);

/* True when the members are consecutive indexes; true for the empty set */
extern bool devset_is_run(devset_t set);

/*
 * Write the text form.
 * OUT buf - receives it with a final null byte.
 * RET its length; -1 with errno ENOSPC when size is too small, with buf cut
 *	to the empty string. DEVSET_TEXT_MAX bytes always suffice.
 */
extern int devset_encode(devset_t set, char *buf, size_t size);

/*
 * Read the text form. Indexes may come in any order, but not twice.
 * IN limit - members must be below this (1 to DEVSET_MAX).
 * OUT set - untouched on failure.
 * RET 0; -1 with errno EINVAL and a sentence that quotes the text.
 */
extern int devset_decode(const char *text, unsigned int limit, devset_t *set,
			 neuron_error_t *err);

#endif
