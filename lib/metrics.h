/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics: measurements as text for Prometheus, in both of its formats at once.
 *
 * Sources: prometheus.io/docs/instrumenting/exposition_formats ("text 0.0.4");
 * the OpenMetrics specification 1.0.0. They differ in the names of counters
 * and information in "# TYPE", in "# UNIT" and in "# EOF".
 *
 * A metric is described once, as a constant: its name without the endings that
 * the format adds (_total, _info, _bucket, ...), what its labels are called
 * and how many series it may have. A series beyond that is left out and
 * counted, so that nothing in a cluster can make the text grow without end.
 */
#ifndef NEURON_METRICS_H
#define NEURON_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define METRICS_LABELS_MAX 3
/* Longest value of a label, bytes */
#define METRICS_LABEL_MAX 255
#define METRICS_BUCKETS_MAX 32

typedef enum {
	METRICS_TEXT,
	METRICS_OPENMETRICS,
	METRICS_FORMATS
} metrics_format_t;
typedef enum {
	METRIC_GAUGE,
	METRIC_COUNTER,
	METRIC_HISTOGRAM,
	METRIC_INFO /* its labels say something, its value is 1 */
} metric_kind_t;

typedef struct {
	const char *name;
	metric_kind_t kind;
	const char *unit; /* "seconds", "bytes", "ratio"; the name ends with
			   * it; NULL: none */
	const char *help; /* one sentence without a final point */
	const char *labels[METRICS_LABELS_MAX + 1]; /* ends with NULL */
	uint32_t most; /* series; a histogram counts as one */
} metric_t;

typedef struct metrics metrics_t;

/* RET an empty text for metrics_destroy(); NULL with errno ENOMEM */
extern metrics_t *metrics_create(void);
/* Accepts NULL; errno survives */
extern void metrics_destroy(metrics_t *metrics);

/*
 * Add a series. Those of one metric stand together: adding to another one ends
 * it, and one that has ended takes no more (they are left out).
 * IN values - of the labels, as many as the metric has. Printable ASCII and
 *	newlines, at most METRICS_LABEL_MAX bytes; a series with another one is
 *	left out.
 * RET 0; -1 with errno ENOSPC or EINVAL: it was left out. That memory ran out
 *	shows in metrics_take().
 */
extern int metrics_add(metrics_t *metrics, const metric_t *metric,
		       const char *const *values, double number);

/* A histogram: counts of single buckets, not their sums */
typedef struct {
	const double *bounds; /* ascending; the last bucket has none */
	const uint64_t *counts; /* bound_count + 1 of them */
	unsigned int bound_count; /* at most METRICS_BUCKETS_MAX */
	double sum;
} metrics_histogram_t;

extern int metrics_add_histogram(metrics_t *metrics, const metric_t *metric,
				 const char *const *values,
				 const metrics_histogram_t *histogram);

/* Lines that were written so far, without comments */
extern uint32_t metrics_count(const metrics_t *metrics);
/* Series that were left out */
extern uint32_t metrics_dropped(const metrics_t *metrics);

/*
 * RET the text in one format, for free(); NULL with errno ENOMEM. To be called
 *	once for each format, at the end.
 * IN last - false: other text will follow.
 */
extern char *metrics_take(metrics_t *metrics, metrics_format_t format,
			  bool last, size_t *length);

/*
 * The format that an HTTP header Accept asks for.
 * IN accept - anything; NULL: there is none.
 * RET METRICS_OPENMETRICS where it names application/openmetrics-text of
 *	version 1.0.0, or of none, with no less weight than text/plain.
 */
extern metrics_format_t metrics_negotiate(const char *accept);
/* The HTTP header Content-Type */
extern const char *metrics_content_type(metrics_format_t format);
/* "gauge", "counter", "histogram", "info" */
extern const char *metrics_kind_name(metric_kind_t kind);

#endif
