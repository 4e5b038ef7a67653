/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally: how many decisions there were, how they ended and how long they took,
 * and what the placements cost; as the text of a file.
 *
 * select/neuron counts in slurmctld and writes StatsFile of neuron.conf;
 * neuron-exporter reads it. Lines of key=value, in this order:
 *
 *	version=1
 *	started=1763700000	when the counts were 0, seconds since 1970
 *	written=1763700060
 *	start=4,1,7,2		for each question how often each outcome came
 *	start_ns=8123456	nanoseconds of all of them
 *	start_bins=0,0,1,...	how many took at most each bound of time
 *	...			the same of the other questions
 *	taken_back=0
 *	levels=3,2,0,...	placements by the lowest common group
 *	damage=120		of all placements
 *	damage_bins=...		how many did at most each bound of damage
 */
#ifndef NEURON_TALLY_H
#define NEURON_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "fabric.h"

#define TALLY_TEXT_MAX 4096

/* What slurmctld asks about a job */
typedef enum {
	TALLY_START, /* start it now */
	TALLY_WHEN, /* when could it start; backfill, --test-only */
	TALLY_EVER, /* could it ever; at its submission */
	TALLY_RESERVE, /* nodes for a reservation, and all else */
	TALLY_QUESTIONS
} tally_question_t;

typedef enum {
	TALLY_CHOICE, /* yes, on the nodes that gang chose */
	TALLY_ALL, /* yes, after cons_tres looked at all nodes */
	TALLY_DEVICES, /* no, the devices do not suffice */
	TALLY_OTHERWISE, /* no, cons_tres says so: CPUs, memory, ... */
	TALLY_OUTCOMES
} tally_outcome_t;

/* One more than bounds; the last bin has none */
#define TALLY_TIME_BINS 14
#define TALLY_DAMAGE_BINS 10

typedef struct {
	uint64_t started;
	uint64_t written;
	uint64_t outcomes[TALLY_QUESTIONS][TALLY_OUTCOMES];
	uint64_t nanoseconds[TALLY_QUESTIONS];
	uint64_t time_bins[TALLY_QUESTIONS][TALLY_TIME_BINS];
	uint64_t taken_back; /* placements of cons_tres that were not legal */
	uint64_t levels[FABRIC_LEVELS_MAX + 1]; /* place_cost_t, level */
	uint64_t damage; /* place_cost_t, damage */
	uint64_t damage_bins[TALLY_DAMAGE_BINS];
} tally_t;

/* "start", "when", "ever", "reserve" */
extern const char *tally_question_name(tally_question_t question);
/* "choice", "all", "devices", "otherwise" */
extern const char *tally_outcome_name(tally_outcome_t outcome);
/* Seconds, ascending, TALLY_TIME_BINS - 1 of them */
extern const double *tally_time_bounds(void);
/* Usefulness lost (shape.h), ascending, TALLY_DAMAGE_BINS - 1 of them */
extern const double *tally_damage_bounds(void);

/* A decision. Counts wrap at 2^64. */
extern void tally_decision(tally_t *tally, tally_question_t question,
			   tally_outcome_t outcome, uint64_t nanoseconds);
/*
 * The placement of a job that starts.
 * IN level - above FABRIC_LEVELS_MAX counts as that.
 */
extern void tally_placement(tally_t *tally, uint32_t level, uint64_t damage);

/* RET the length; -1 with errno ENOSPC. TALLY_TEXT_MAX suffices. */
extern int tally_encode(const tally_t *tally, char *buf, size_t size);
/*
 * Read the text; anything that tally_encode() does not write is refused.
 * OUT tally - undefined on failure.
 * RET 0; -1 with errno EINVAL and "line N: ..."
 */
extern int tally_decode(const char *text, tally_t *tally, neuron_error_t *err);

#endif
