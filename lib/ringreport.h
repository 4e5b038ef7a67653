/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ringreport: what neuron-ringcheck --json said of one ring, and which of its
 * links are too slow.
 *
 * How fast a link should be is known where all its traffic goes over EFA
 * interfaces whose speed the profile has. Everywhere else links are compared
 * with each other: one that is far behind the median is slow. A ring of fewer
 * than RINGREPORT_MEDIAN_MIN links has no median that says anything.
 */
#ifndef NEURON_RINGREPORT_H
#define NEURON_RINGREPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define RINGREPORT_NAME_MAX 256
#define RINGREPORT_LINKS_MAX 65536
#define RINGREPORT_MEDIAN_MIN 3
/* GB/s */
#define RINGREPORT_BANDWIDTH_MAX 1000000

typedef struct {
	char from[RINGREPORT_NAME_MAX]; /* nodes */
	char to[RINGREPORT_NAME_MAX];
	uint32_t from_rank, to_rank;
	double bandwidth; /* GB/s, all links at once */
	double wrong; /* elements that came changed */
} ringreport_link_t;

typedef struct ringreport ringreport_t;

/* Where a limit comes from */
typedef enum {
	RINGREPORT_NONE, /* there is none */
	RINGREPORT_GIVEN, /* by the caller */
	RINGREPORT_PROFILE,
	RINGREPORT_MEDIAN
} ringreport_source_t;

typedef struct {
	ringreport_source_t source;
	double expected; /* GB/s: the figure that the limit is a share of */
	double limit; /* GB/s; a link below it is slow; 0: none is */
} ringreport_limit_t;

/*
 * IN text - one JSON object of neuron-ringcheck; unknown keys are passed over.
 * RET for ringreport_destroy(); NULL with errno EINVAL (the sentence names
 *	origin, key, value and what would be right) or ENOMEM.
 */
extern ringreport_t *ringreport_decode(const char *text, const char *origin,
				       neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void ringreport_destroy(ringreport_t *report);

extern bool ringreport_is_good(const ringreport_t *report);
/* Why it is not; "" */
extern const char *ringreport_problem(const ringreport_t *report);
/* Of libfabric, "" when the tests did not come to their end */
extern const char *ringreport_provider(const ringreport_t *report);
extern uint32_t ringreport_link_count(const ringreport_t *report);
/* NULL: out of range */
extern const ringreport_link_t *ringreport_link(const ringreport_t *report,
						uint32_t index);

/*
 * How fast the links of a ring must be.
 * IN given - GB/s that the caller wants; 0: does not say.
 * IN efa_gbps - speed of an EFA interface, Gbit/s; 0: not known.
 * IN share - of the figure that is expected, above 0 and at most 1.
 * RET 0; -1 with errno ENOMEM.
 */
extern int ringreport_limit(const ringreport_t *report, double given,
			    uint32_t efa_gbps, double share,
			    ringreport_limit_t *limit);
/* "the profile", "the median of the links", "--min-bandwidth" */
extern const char *ringreport_source_name(ringreport_source_t source);

#endif
