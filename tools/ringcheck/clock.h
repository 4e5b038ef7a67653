/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock: nanoseconds that only go forward */
#ifndef RINGCHECK_CLOCK_H
#define RINGCHECK_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND UINT64_C(1000000000)
#define CLOCK_MILLISECOND UINT64_C(1000000)

static inline uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * CLOCK_SECOND + (uint64_t) now.tv_nsec;
}

/* Milliseconds until a moment, rounded up, at most max: for poll() */
static inline int clock_until(uint64_t moment, int max)
{
	uint64_t now = clock_now(), left;

	if (moment <= now)
		return 0;
	left = (moment - now + CLOCK_MILLISECOND - 1) / CLOCK_MILLISECOND;
	return (left < (uint64_t) max) ? (int) left : max;
}

#endif
