/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * duration: a length of time as Slurm's users write it (sbatch(1), --time):
 * "minutes", "minutes:seconds", "hours:minutes:seconds", "days-hours",
 * "days-hours:minutes", "days-hours:minutes:seconds"; or "never".
 */
#ifndef NEURON_DURATION_H
#define NEURON_DURATION_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Longer than any time that can be written: "never" */
#define DURATION_NEVER UINT32_MAX
/* Most that can be written, seconds: a year */
#define DURATION_MAX (366 * 24 * 3600)

/*
 * OUT seconds - 0 to DURATION_MAX, or DURATION_NEVER; untouched on failure.
 * RET 0; -1 with errno EINVAL and a sentence without the name of its place.
 */
extern int duration_decode(const char *text, uint32_t *seconds,
			   neuron_error_t *err);

/* Room for the longest text of duration_encode() */
#define DURATION_TEXT_MAX 16

/*
 * "days-hours:minutes:seconds" with two digits each but for the days, or
 * "never"; duration_decode() reads it.
 * RET its length; -1 with errno ENOSPC, or EINVAL above DURATION_MAX.
 */
extern int duration_encode(uint32_t seconds, char *buf, size_t size);

#endif
