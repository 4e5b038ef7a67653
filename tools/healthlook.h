/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * healthlook: one look of neuron-health at its node: read the state, the
 * machine and the kernel's log, judge, tell slurmctld, keep the state.
 *
 * One look at a time: a lock on RuntimeDir/health keeps others out, and the
 * state is read again for each, so that the daemon and HealthCheckProgram can
 * both run. Changes of the node's Comment are made under the lock that
 * neuron-prolog and neuron-epilog take for theirs.
 */
#ifndef NEURON_HEALTHLOOK_H
#define NEURON_HEALTHLOOK_H

#include "lib/health.h"
#include "nodejob.h"

#define HEALTHLOOK_NOTES_MAX 8

typedef struct {
	nodejob_t machine; /* of nodejob_open(), without a job */
	rules_t *rules;
	bool dry; /* change nothing, tell nobody */
	devset_t forget; /* devices, before the next look */
	bool forget_all;
} healthlook_t;

/* What came of a look */
typedef struct {
	health_t *health;
	uint64_t now; /* seconds since boot */
	mask_t masked, suspects, unmask;
	mask_t drained; /* devices whose node is drained for them */
	bool tell_suspects;
	bool bad_node;
	health_finding_t node; /* when bad_node */
	char drain[NEURON_ERROR_MAX]; /* reason; "": no drain */
	bool untold; /* slurmctld did not take it */
	unsigned int note_count;
	neuron_error_t notes[HEALTHLOOK_NOTES_MAX]; /* what was passed over */
} healthlook_report_t;

/*
 * Read neuron.conf and the rules.
 * IN look - machine.node is set; root_path may be, with root_given
 * RET 0, for healthlook_close(); -1
 */
extern int healthlook_open(healthlook_t *look, neuron_error_t *err);
extern void healthlook_close(healthlook_t *look);

/*
 * OUT report - for healthlook_report_free()
 * RET 0; -1 with errno EAGAIN (another one is looking) or what is wrong.
 */
extern int healthlook_take(healthlook_t *look, healthlook_report_t *report,
			   neuron_error_t *err);
extern void healthlook_report_free(healthlook_report_t *report);

#endif
