/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan: how long a script or step "runs", and how it ends.
 *
 * It says so in lines of its script or in its environment:
 *	#NODESIM seconds=12.5 exit=1
 *	NODESIM="seconds=12.5 exit=1"
 * A line of the script counts more. Else it runs as plan_default() says and
 * ends well.
 */
#ifndef NODESIM_PLAN_H
#define NODESIM_PLAN_H

#include <stdint.h>

typedef struct {
	int64_t milliseconds; /* of real time */
	uint32_t status; /* as of wait(2) */
} plan_t;

/* Seconds of those that do not say them: 0 to PLAN_SECONDS_MAX */
#define PLAN_SECONDS_MAX 1e9
extern void plan_default(double seconds);
/* Time runs so many times as fast for those that start from now on; > 0 */
extern void plan_speed(double factor);

/* IN script - NULL: there is none */
extern plan_t plan_read(const char *script, char **environment, uint32_t count);

#endif
