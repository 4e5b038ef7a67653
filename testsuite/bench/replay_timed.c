/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_timed.h"

#include <math.h>

static devset_t _free_at(const double *ends, unsigned int devices, double time)
{
	devset_t set = 0;

	for (unsigned int i = 0; i < devices; i++)
		if (ends[i] <= time)
			set |= devset_of(i);
	return set;
}

extern uint32_t timed_cut(const double *ends, unsigned int devices, double now,
			  double end, shape_span_t *spans)
{
	uint32_t count = 0;
	double from = now;

	end = fmin(end, now + TIMED_HORIZON);
	do {
		double to = end;

		for (unsigned int i = 0; i < devices; i++)
			if (ends[i] > from && ends[i] < to)
				to = ends[i];
		spans[count].free = _free_at(ends, devices, from);
		spans[count++].seconds = (uint32_t) fmax(1, to - from);
		from = to;
	} while (from < end && count < SHAPE_SPANS_MAX);
	return count;
}
