/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deadline: moments of the monotonic clock, milliseconds */
#ifndef NEURON_DEADLINE_H
#define NEURON_DEADLINE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

typedef uint64_t deadline_t;

static inline uint64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

static inline deadline_t deadline_in(uint64_t ms)
{
	return deadline_now() + ms;
}

static inline bool deadline_over(deadline_t deadline)
{
	return deadline_now() >= deadline;
}

/* Sleep, but not beyond a deadline. RET false: it is over */
static inline bool deadline_nap(deadline_t deadline, uint64_t ms)
{
	uint64_t now = deadline_now();
	struct timespec nap;

	if (now >= deadline)
		return false;
	if (ms > deadline - now)
		ms = deadline - now;
	nap.tv_sec = (time_t) (ms / 1000);
	nap.tv_nsec = (long) (ms % 1000) * 1000000;
	while (nanosleep(&nap, &nap) && errno == EINTR)
		;
	return true;
}

#endif
