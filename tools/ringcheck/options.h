/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options: the command line of neuron-ringcheck */
#ifndef RINGCHECK_OPTIONS_H
#define RINGCHECK_OPTIONS_H

#include <stdint.h>

#include "fault.h"
#include "pattern.h"
#include "wire.h"

#define OPTIONS_SIZE_MAX ((uint64_t) 1 << 30)
#define OPTIONS_ITERATIONS_MAX 1000
#define OPTIONS_SECONDS_MAX (7 * 24 * 3600)

typedef enum {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
} options_action_t;

typedef struct {
	options_action_t action;
	uint64_t size; /* bytes of the all-reduce on each rank */
	uint32_t iterations;
	pattern_type_t type;
	uint32_t timeout; /* seconds for peers to come */
	uint32_t time_limit; /* seconds in all */
	double min_bandwidth; /* GB/s; 0: any will do */
	bool each_link;
	bool devices;
	bool json;
	bool quiet;
	bool progress;
} options_t;

extern const char options_usage[];

/*
 * IN terminal - people look at the messages: the default of progress.
 * RET 0; -1 with a fault RINGCHECK_USAGE.
 */
extern int options_read(options_t *options, int argc, char **argv,
			bool terminal, fault_t *fault);

/* What all ranks must have in common, as text */
extern void options_plan(const options_t *options, char plan[WIRE_PLAN_MAX]);

extern const char *options_type_name(pattern_type_t type);

#endif
