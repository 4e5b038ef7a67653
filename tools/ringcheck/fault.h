/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault: why a check ends early: an exit code and one sentence.
 *
 * Functions of the ring check that fail return -1 or NULL and fill a fault
 * that the caller owns. The first fault stands: a later one does not replace
 * it, since it is most often its consequence.
 */
#ifndef RINGCHECK_FAULT_H
#define RINGCHECK_FAULT_H

#include <stdbool.h>

#define FAULT_TEXT_MAX 512

/* Exit codes of neuron-ringcheck, see its man page */
typedef enum {
	RINGCHECK_GOOD = 0,
	RINGCHECK_WRONG = 1, /* wrong data, or a slow link */
	RINGCHECK_USAGE = 2, /* options or environment */
	RINGCHECK_LOST = 3, /* a peer never came, or was lost */
	RINGCHECK_FABRIC = 4, /* libfabric */
	RINGCHECK_DEVICE = 5, /* a Neuron device cannot be opened */
} ringcheck_code_t;

typedef struct {
	ringcheck_code_t code; /* RINGCHECK_GOOD: no fault */
	char text[FAULT_TEXT_MAX];
} fault_t;

/* Record a fault, unless there is one. RET always -1. */
extern int fault_set(fault_t *fault, ringcheck_code_t code, const char *fmt,
		     ...) __attribute__((format(printf, 3, 4)));

extern bool fault_is(const fault_t *fault);

#endif
