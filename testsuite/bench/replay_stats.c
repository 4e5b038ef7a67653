/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_stats.h"

#include <math.h>
#include <stddef.h>

#define NORMAL 1.959964

static const double quantiles[] = {
	12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060,
	2.2622,  2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199,
	2.1098,  2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639,
	2.0595,  2.0555, 2.0518, 2.0484, 2.0452, 2.0423};

extern double stats_t(uint32_t freedom)
{
	uint32_t known = sizeof(quantiles) / sizeof(quantiles[0]);

	if (freedom <= known)
		return quantiles[freedom ? freedom - 1 : 0];
	/* First term of the expansion around the normal quantile */
	return NORMAL + (NORMAL * NORMAL * NORMAL + NORMAL) / 4 / freedom;
}

static double _take(const double *numbers, const double *others, uint32_t i)
{
	return others ? numbers[i] - others[i] : numbers[i];
}

extern estimate_t stats_difference(const double *numbers, const double *others,
				   uint32_t count)
{
	estimate_t estimate = {0, NAN, NAN};
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < count; i++) {
		double number = _take(numbers, others, i);

		if (isnan(number))
			continue;
		sum += number;
		estimate.count++;
	}
	if (!estimate.count)
		return estimate;
	estimate.mean = sum / estimate.count;
	if (estimate.count < 2)
		return estimate;
	for (uint32_t i = 0; i < count; i++) {
		double off = _take(numbers, others, i) - estimate.mean;

		squares += isnan(off) ? 0 : off * off;
	}
	estimate.half = stats_t(estimate.count - 1) *
			sqrt(squares / (estimate.count - 1) / estimate.count);
	return estimate;
}

extern estimate_t stats_estimate(const double *numbers, uint32_t count)
{
	return stats_difference(numbers, NULL, count);
}
