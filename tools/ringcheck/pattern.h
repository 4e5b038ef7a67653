/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pattern: numbers whose sums are known exactly.
 *
 * The value of rank r at element i depends on r and on a hash of i with
 * PATTERN_COLUMNS values, so that the sum over all ranks is one of as many
 * numbers, computed once: every element can be checked at the cost of a look
 * into a table. Values are so small that the sum of MEMBER_WORLD_MAX of them
 * is exact in a float32 (below 2^24) or an int32 (below 2^31), in any order.
 */
#ifndef RINGCHECK_PATTERN_H
#define RINGCHECK_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define PATTERN_COLUMNS 256
#define PATTERN_ELEMENT 4 /* bytes */

typedef enum { PATTERN_FLOAT32, PATTERN_INT32 } pattern_type_t;

typedef struct {
	pattern_type_t type;
	uint32_t world;
	int32_t sums[PATTERN_COLUMNS];
} pattern_t;

/* What was found wrong, and the first of it */
typedef struct {
	uint64_t count;
	uint64_t index;
	double got;
	double wanted;
} pattern_wrong_t;

extern void pattern_init(pattern_t *pattern, pattern_type_t type,
			 uint32_t world);
/* IN round - makes values of each iteration differ */
extern int32_t pattern_value(const pattern_t *pattern, uint32_t rank,
			     uint32_t round, uint64_t index);
extern int32_t pattern_sum(const pattern_t *pattern, uint32_t round,
			   uint64_t index);

/* Elements first to first + count - 1 of a rank; data is where first goes */
extern void pattern_fill(const pattern_t *pattern, void *data, uint32_t rank,
			 uint32_t round, uint64_t first, uint64_t count);
/* Compare with the values of a rank, with the sums; adds to wrong */
extern void pattern_check(const pattern_t *pattern, const void *data,
			  uint32_t rank, uint32_t round, uint64_t first,
			  uint64_t count, pattern_wrong_t *wrong);
extern void pattern_check_sums(const pattern_t *pattern, const void *data,
			       uint32_t round, uint64_t count,
			       pattern_wrong_t *wrong);

/* data += other */
extern void pattern_add(const pattern_t *pattern, void *data, const void *other,
			uint64_t count);

#endif
