/* SPDX-License-Identifier: GPL-2.0-or-later */
/* health_parts: for health*.c only */
#ifndef NEURON_HEALTH_PARTS_H
#define NEURON_HEALTH_PARTS_H

#include "health.h"

/* "within" and as long a time before it */
#define HEALTH_BUCKETS 16
#define HEALTH_INDEXES_MAX                                              \
	((PROFILE_DEVICES_MAX > PROFILE_EFAS_MAX) ? PROFILE_DEVICES_MAX \
						  : PROFILE_EFAS_MAX)

/* What one rule knows about one subject; all 0: nothing */
typedef struct {
	rules_verdict_t verdict;
	uint64_t since; /* of the verdict */
	bool holds; /* the condition, at the last look */
	bool raised; /* and has since long enough */
	bool told; /* the verdict is ok, and it was told */
	bool changed; /* by the last look */
	uint64_t held_since, held_last;
	uint32_t raise_count;
	uint64_t raises[RULES_TIMES_MAX]; /* the latest first */
	uint64_t total; /* of events */
	uint64_t bucket; /* number of the latest eighth */
	uint64_t growth[HEALTH_BUCKETS]; /* the latest first */
	char error[KMSG_WORD_MAX]; /* the latest event */
	char reason[MASK_REASON_MAX];
} entry_t;

/* Counters at the last look */
typedef struct {
	uint64_t known;
	uint64_t values[SIGNALS];
	char serial[READING_SERIAL_MAX];
} counts_t;

struct health {
	const rules_t *rules;
	char boot[READING_BOOT_MAX];
	uint64_t now; /* of the last look */
	uint64_t next_record;
	server_t server; /* as it was first seen; modes 0: never */
	counts_t counts[READING_SUBJECTS][HEALTH_INDEXES_MAX];
	entry_t entries[RULES_MAX][HEALTH_INDEXES_MAX];
	/* what slurmctld was told */
	bool told;
	mask_t masked, suspects;
};

/* Number of subjects of a kind that there is room for */
extern unsigned int health_subjects(reading_subject_t subject);

#endif
