/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pattern.h"

#include "member.h"

#define FLOAT_VALUES 251
#define INT_VALUES 30011

_Static_assert((FLOAT_VALUES - 1) * MEMBER_WORLD_MAX < 1 << 24,
	       "sums are not exact in a float32");
_Static_assert((int64_t) (INT_VALUES - 1) * MEMBER_WORLD_MAX < INT32_MAX,
	       "sums do not fit into an int32");

/* The finalizer of MurmurHash3 (Austin Appleby, public domain) */
static uint64_t _mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdull;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ull;
	return key ^ key >> 33;
}

static unsigned int _column(uint32_t round, uint64_t index)
{
	return _mix(index << 16 ^ round) % PATTERN_COLUMNS;
}

static int32_t _value(pattern_type_t type, uint32_t rank, unsigned int column)
{
	uint32_t values = (type == PATTERN_FLOAT32) ? FLOAT_VALUES : INT_VALUES;

	return (int32_t) (_mix((uint64_t) rank << 16 | column) % values);
}

extern void pattern_init(pattern_t *pattern, pattern_type_t type,
			 uint32_t world)
{
	pattern->type = type;
	pattern->world = world;
	for (unsigned int column = 0; column < PATTERN_COLUMNS; column++) {
		pattern->sums[column] = 0;
		for (uint32_t rank = 0; rank < world; rank++)
			pattern->sums[column] += _value(type, rank, column);
	}
}

extern int32_t pattern_value(const pattern_t *pattern, uint32_t rank,
			     uint32_t round, uint64_t index)
{
	return _value(pattern->type, rank, _column(round, index));
}

extern int32_t pattern_sum(const pattern_t *pattern, uint32_t round,
			   uint64_t index)
{
	return pattern->sums[_column(round, index)];
}

extern void pattern_fill(const pattern_t *pattern, void *data, uint32_t rank,
			 uint32_t round, uint64_t first, uint64_t count)
{
	int32_t *ints = data;
	float *floats = data;

	for (uint64_t i = 0; i < count; i++) {
		int32_t value = pattern_value(pattern, rank, round, first + i);

		if (pattern->type == PATTERN_FLOAT32)
			floats[i] = (float) value;
		else
			ints[i] = value;
	}
}

static void _compare(const pattern_t *pattern, const void *data, uint64_t at,
		     uint64_t index, int32_t wanted, pattern_wrong_t *wrong)
{
	double got = (pattern->type == PATTERN_FLOAT32)
			     ? (double) ((const float *) data)[at]
			     : (double) ((const int32_t *) data)[at];

	/* a NaN is not equal either */
	if (got == (double) wanted)
		return;
	if (!wrong->count++) {
		wrong->index = index;
		wrong->got = got;
		wrong->wanted = wanted;
	}
}

extern void pattern_check(const pattern_t *pattern, const void *data,
			  uint32_t rank, uint32_t round, uint64_t first,
			  uint64_t count, pattern_wrong_t *wrong)
{
	for (uint64_t i = 0; i < count; i++)
		_compare(pattern, data, i, first + i,
			 pattern_value(pattern, rank, round, first + i), wrong);
}

extern void pattern_check_sums(const pattern_t *pattern, const void *data,
			       uint32_t round, uint64_t count,
			       pattern_wrong_t *wrong)
{
	for (uint64_t i = 0; i < count; i++)
		_compare(pattern, data, i, i, pattern_sum(pattern, round, i),
			 wrong);
}

extern void pattern_add(const pattern_t *pattern, void *data, const void *other,
			uint64_t count)
{
	if (pattern->type == PATTERN_FLOAT32) {
		float *to = data;
		const float *from = other;

		for (uint64_t i = 0; i < count; i++)
			to[i] += from[i];
	} else {
		uint32_t *to = data;
		const uint32_t *from = other;

		/* changed data may overflow */
		for (uint64_t i = 0; i < count; i++)
			to[i] += from[i];
	}
}
