/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict: what is wrong with the devices of a job, by device, and as one line.
 */
#ifndef NEURON_VERDICT_H
#define NEURON_VERDICT_H

#include "devset.h"
#include "error.h"

/* Longest line, bytes, with its null byte */
#define VERDICT_LINE_MAX 1024

typedef struct {
	devset_t bad; /* devices with a reason */
	neuron_error_t why[DEVSET_MAX];
	neuron_error_t other; /* what is no device's fault; "" nothing */
} verdict_t;

extern void verdict_init(verdict_t *verdict);
/* Note a sentence that names its device; the first of a device counts */
extern void verdict_device(verdict_t *verdict, unsigned int device,
			   const char *why);
/* Note something else, such as an EFA interface; the first counts */
extern void verdict_other(verdict_t *verdict, const char *why);
extern bool verdict_is_good(const verdict_t *verdict);
/*
 * All of it, "neuron3: ...; neuron5: ..."; what does not fit is counted, "and
 * 2 more". RET the length.
 */
extern int verdict_line(const verdict_t *verdict, char *buf, size_t size);

#endif
