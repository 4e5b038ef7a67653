/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_stats: means of replicas.
 */
#ifndef REPLAY_STATS_H
#define REPLAY_STATS_H

#include <stdint.h>

typedef struct {
	uint32_t count; /* of numbers that are not NAN */
	double mean; /* NAN without any */
	double half; /* half the width of the 95 % confidence interval, by
		      * Student's t; NAN for fewer than two numbers */
} estimate_t;

extern estimate_t stats_estimate(const double *numbers, uint32_t count);
/* Of numbers[i] - others[i], where both are there */
extern estimate_t stats_difference(const double *numbers, const double *others,
				   uint32_t count);
/* 97.5 % quantile of Student's t; freedom at least 1 */
extern double stats_t(uint32_t freedom);

#endif
