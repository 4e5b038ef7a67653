/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sample: random numbers and fabrics for tests, the same on every machine */
#ifndef TEST_SAMPLE_H
#define TEST_SAMPLE_H

#include "lib/fabric.h"

#define SAMPLE_TEXT_MAX 4096

/* Start again from a seed; tests that do not start from the first number */
extern void sample_seed(uint64_t seed);
/* RET 0 to below - 1 */
extern uint32_t sample_random(uint32_t below);

/* Text that grows; too much of it fails the test */
typedef struct {
	char text[SAMPLE_TEXT_MAX];
	size_t length;
} sample_text_t;

extern void sample_append(sample_text_t *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* See nodeset.h: names, and ranges of numbers: "n3,n5", "5-99" */
extern int sample_expand(const char *text, nodeset_each_t each, void *arg);

/*
 * A fabric of the nodes n0, n1, ...; switches whose names begin with u are
 * UltraServers. A bad text fails the test.
 * RET for fabric_finish() and fabric_destroy().
 */
extern fabric_t *sample_fabric(const char *text, uint32_t node_count);

#endif
