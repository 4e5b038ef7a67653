/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_random: random numbers that are the same on every machine.
 */
#ifndef REPLAY_RANDOM_H
#define REPLAY_RANDOM_H

#include <stdint.h>

typedef struct {
	uint64_t state;
} random_t;

/* splitmix64 */
static inline uint64_t random_next(random_t *random)
{
	uint64_t x = random->state += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static inline random_t random_seed(uint64_t seed)
{
	random_t random = {.state = seed * 0x9e3779b97f4a7c15u + 1};

	return random;
}

/* From 0 to below - 1, below at least 1 */
static inline uint32_t random_below(random_t *random, uint32_t below)
{
	return (uint32_t) ((random_next(random) >> 32) * below >> 32);
}

/* From 0 on, less than 1 */
static inline double random_unit(random_t *random)
{
	return (double) (random_next(random) >> 11) * 0x1p-53;
}

#endif
