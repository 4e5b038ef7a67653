/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay_timed: from the times at which devices come free to the spans that
 * shape_pick_timed() looks at. */
#ifndef REPLAY_TIMED_H
#define REPLAY_TIMED_H

#include "lib/shape.h"

/* Seconds; later ends are too uncertain */
#define TIMED_HORIZON (4 * 86400.0)

/*
 * Cut the time of a job where a device comes free.
 * IN ends - when each of the devices comes free; what is not above now is free.
 * IN end - of the job.
 * OUT spans - room for SHAPE_SPANS_MAX.
 * RET how many, at least 1.
 */
extern uint32_t timed_cut(const double *ends, unsigned int devices, double now,
			  double end, shape_span_t *spans);

#endif
