/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules: which signals of a machine's health (reading.h) mean what, read from a
 * data file; etc/health-rules.json is the one that is shipped, and
 * neuron-health(8) describes its keys.
 *
 *	format		1
 *	notes		list of texts, optional
 *	rules		list of 1 to RULES_MAX objects:
 *	  name		lower case letters, digits and "-"; each at most once
 *	  signal	see signal_of_name()
 *	  match		list of components (unhealthy_components) or of names of
 *			errors (kernel_error) that count; optional: all
 *	  at_least	value, or growth within "within", that counts; 1 to
 *			4294967295, default 1
 *	  within	seconds; the growth in this time counts, not the value;
 *			counters and kernel_error only
 *	  times_before	and it is at least so many times the growth in as long
 *			a time before; 2 to 1000
 *	  for		seconds that it must have held, default 0
 *	  verdict	ok (it is told, no more), suspect, masked, node
 *	  then		a worse verdict, for a suspect only; with at least one
 *of then_after	  seconds that it has been a suspect then_times	  times that it
 *became so (2 to RULES_TIMES_MAX) within then_within	  seconds clear_after
 *seconds that it must not have held until the verdict is taken back; without it
 *that never happens by itself action	what the vendor recommends npd
 *reason of the node problem detector, optional hyperpod	Reboot or
 *Replace, optional source	list of 1 to 64 texts: where the fact comes from
 *
 * A rule about the node has no verdict "masked", and one about an EFA interface
 * masks the devices that it serves. Times are up to RULES_SECONDS_MAX.
 * An unknown or missing key and a value out of range are refused with
 * one sentence (reader.h).
 */
#ifndef NEURON_RULES_H
#define NEURON_RULES_H

#include "reading.h"

#define RULES_MAX 64
#define RULES_NAME_MAX 32
#define RULES_MATCH_MAX 16
#define RULES_WORD_MAX 48
#define RULES_TEXT_MAX 96
#define RULES_TIMES_MAX 8
/* Ten years */
#define RULES_SECONDS_MAX 315360000
#define RULES_NEVER UINT32_MAX
#define RULES_FILE_MAX (256 * 1024)

/* In order: the worst last */
typedef enum {
	RULES_OK,
	RULES_SUSPECT,
	RULES_MASKED,
	RULES_NODE,
	RULES_VERDICTS
} rules_verdict_t;

typedef struct {
	char name[RULES_NAME_MAX];
	signal_id_t signal;
	uint32_t match_count; /* 0: everything matches */
	char match[RULES_MATCH_MAX][RULES_WORD_MAX];
	uint32_t at_least;
	uint32_t within; /* 0: the value counts */
	uint32_t times_before; /* 0: does not matter */
	uint32_t hold; /* seconds */
	rules_verdict_t verdict;
	rules_verdict_t then; /* RULES_OK: none */
	uint32_t then_after; /* RULES_NEVER: does not matter */
	uint32_t then_times; /* 0: does not matter */
	uint32_t then_within;
	uint32_t clear_after; /* RULES_NEVER */
	char action[RULES_TEXT_MAX];
	char npd[RULES_TEXT_MAX]; /* "": none */
	char hyperpod[RULES_WORD_MAX]; /* "": none */
} rule_t;

typedef struct rules rules_t;

/*
 * Read rules from JSON text.
 * IN origin - file name for messages.
 * RET rules for rules_destroy(); NULL with errno EINVAL, EEXIST (a name twice)
 *	or ENOMEM.
 */
extern rules_t *rules_decode(const char *text, const char *origin,
			     neuron_error_t *err);
/* The same from a file; NULL with errno ENOENT or EIO too */
extern rules_t *rules_read(const char *path, neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void rules_destroy(rules_t *rules);

extern unsigned int rules_count(const rules_t *rules);
/* In the order of the file; NULL: out of range */
extern const rule_t *rules_at(const rules_t *rules, unsigned int index);
/* RET -1: there is none */
extern int rules_of_name(const rules_t *rules, const char *name);

/* "suspect" */
extern const char *rules_verdict_name(rules_verdict_t verdict);
/* Whether a rule means this component, or this name of an error */
extern bool rule_matches(const rule_t *rule, const char *word, size_t length);

#endif
