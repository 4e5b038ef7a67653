/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version: the version of a piece of software, as numbers, and ranges of them.
 *
 * A version begins with one to VERSION_PARTS_MAX decimal numbers between dots.
 * What follows them is kept out of every comparison: packagers write their own
 * there ("1.22.0amzn1.0", "2.17.2g", "2.31.24.0-0b044f4ce").
 *
 * A range is one or several comparisons between blanks, which must all hold:
 * "<2.33", ">=2.29 <2.31", "=2.26". A comparison looks at as many numbers as it
 * has itself, so that "=2.26" and "<=2.26" hold for 2.26.10.0 and ">2.26" does
 * not.
 */
#ifndef NEURON_VERSION_H
#define NEURON_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define VERSION_PARTS_MAX 6
/* Largest number */
#define VERSION_PART_MAX 999999999u
/* Longest text that is read, and bytes for one that is written */
#define VERSION_TEXT_MAX 64
/* Comparisons of one range */
#define VERSION_RANGE_MAX 4

typedef struct {
	unsigned int count;
	uint32_t parts[VERSION_PARTS_MAX];
} version_t;

typedef enum {
	VERSION_BELOW, /* < */
	VERSION_UP_TO, /* <= */
	VERSION_EQUAL, /* = */
	VERSION_FROM, /* >= */
	VERSION_ABOVE /* > */
} version_relation_t;

typedef struct {
	unsigned int count;
	struct {
		version_relation_t relation;
		version_t version;
	} terms[VERSION_RANGE_MAX];
} version_range_t;

/*
 * RET 0; -1 with errno EINVAL and a sentence: no number at the start, too many
 *	of them, one too large, a dot that no number follows at once, or what
 *	follows is not printable ASCII without blanks.
 */
extern int version_decode(const char *text, version_t *version,
			  neuron_error_t *err);

/*
 * The first numbers of a version, "2.27".
 * IN parts - how many at most; 0: all.
 * RET the length; -1 with errno ENOSPC.
 */
extern int version_encode(const version_t *version, unsigned int parts,
			  char *buf, size_t size);

/* Negative, 0, positive as a is before, like, after b; numbers that one of them
 * does not have are 0 */
extern int version_compare(const version_t *a, const version_t *b);

/* RET 0; -1 with errno EINVAL and a sentence */
extern int version_range_decode(const char *text, version_range_t *range,
				neuron_error_t *err);
extern bool version_range_has(const version_range_t *range,
			      const version_t *version);

#endif
