/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_svg: bar charts with error bars, in one file without references.
 */
#ifndef REPLAY_SVG_H
#define REPLAY_SVG_H

#include <stdio.h>

#include "replay_stats.h"

typedef struct {
	const char *title;
	const char *unit; /* of the axis */
	const char *const *groups;
	const char *const *series; /* bars of each group */
	unsigned int group_count;
	unsigned int series_count;
	const estimate_t *values; /* [group * series_count + series] */
} svg_chart_t;

/* What cannot be drawn (NAN) is left out. RET 0; -1: the file has an error. */
extern int svg_write(const svg_chart_t *chart, FILE *file);

#endif
