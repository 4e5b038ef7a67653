/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: what all ranks measured, judged, for people and for programs.
 */
#ifndef RINGCHECK_REPORT_H
#define RINGCHECK_REPORT_H

#include <stdio.h>

#include "meeting.h"
#include "options.h"
#include "run.h"

/* A table has no more links than this; of a larger ring the slowest */
#define REPORT_LINKS_MAX 64

typedef struct report report_t;

/* The seat of a rank */
typedef const meeting_seat_t *(*report_seat_t)(const void *arg, uint32_t rank);

/*
 * Judge.
 * OUT verdict - RINGCHECK_GOOD; RINGCHECK_WRONG with a sentence.
 * RET a report for report_destroy(); NULL: out of memory.
 */
extern report_t *report_create(const options_t *options, uint32_t world,
			       report_seat_t seat, const void *arg,
			       fault_t *verdict);
/* Accepts NULL */
extern void report_destroy(report_t *report);

/* A table for people */
extern void report_write(const report_t *report, FILE *out);

/*
 * The stable form, neuron-ringcheck(1): one object and a newline.
 * IN report - NULL when a fault came before there was anything to report.
 * RET 0; -1: out of memory.
 */
extern int report_write_json(const report_t *report, const fault_t *verdict,
			     FILE *out);

#endif
