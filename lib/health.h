/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health: what the signals of a machine, over time, say about its devices, its
 * EFA interfaces and itself.
 *
 * Each rule (rules.h) is a small state machine for each device, interface or
 * the node:
 *
 *	ok	until its condition has held "for" seconds
 *	suspect	until its condition holds "then_after" seconds later, or has
 *		come "then_times" times within "then_within" seconds
 *	masked, node	until "clear_after"
 *
 * and back to ok when the condition has not held for "clear_after" seconds;
 * without that key never. A signal that cannot be read now changes nothing. A
 * counter that is lower than before was set back with the driver: it has grown
 * by what it is now. A device whose counters went back, or whose serial number
 * is another one, is a new one: what rules knew of it, and does not hold any
 * more, is forgotten; its mask stays until an operator takes it away. A boot is
 * the same for everything.
 *
 * Growth is counted in eighths of "within", so that a time of T seconds stands
 * for 7/8 T to T.
 *
 * There is no clock here: times are seconds since the boot of the machine.
 */
#ifndef NEURON_HEALTH_H
#define NEURON_HEALTH_H

#include "kmsg.h"
#include "mask.h"
#include "rules.h"
#include "text.h"

/* Hardware errors of the kernel's log that one look takes; more are counted */
#define HEALTH_EVENTS_MAX 1024
/* Longest state, bytes, with its null byte */
#define HEALTH_TEXT_MAX (1024 * 1024)

typedef struct health health_t;

typedef struct {
	uint32_t count;
	kmsg_error_t list[HEALTH_EVENTS_MAX];
	uint32_t lost; /* for want of room */
} health_events_t;

/* Add an error of the kernel's log */
extern void health_event(health_events_t *events, const kmsg_error_t *error);

/*
 * A machine about which nothing is known.
 * IN rules - must live as long.
 * RET for health_destroy(); NULL with errno ENOMEM.
 */
extern health_t *health_create(const rules_t *rules);
/* Accepts NULL; errno survives */
extern void health_destroy(health_t *health);

/*
 * The state as health_encode() wrote it. What it knows of rules that are not
 * there any more is forgotten.
 * IN origin - file name for messages.
 * RET as health_create(); NULL with errno EINVAL too.
 */
extern health_t *health_decode(const rules_t *rules, const char *text,
			       const char *origin, neuron_error_t *err);
/* RET a text for free(); NULL with errno ENOMEM */
extern char *health_encode(const health_t *health);

/* The first record of the kernel's log that was not seen; see kmsg_read().
 * IN boot - of now; another boot has another log */
extern uint64_t health_next_record(const health_t *health, const char *boot);
extern void health_set_next_record(health_t *health, uint64_t next);

/*
 * Take one look into account.
 * IN events - errors since the last one.
 * IN now - seconds since boot; when it goes back, no time has passed.
 */
extern void health_look(health_t *health, const reading_t *reading,
			const health_events_t *events, uint64_t now);

/* Forget everything about devices, as after a repair */
extern void health_forget(health_t *health, devset_t devices);
/* And about interfaces and the node */
extern void health_forget_all(health_t *health);

/* What one rule says about one device, interface or the node */
typedef struct {
	const rule_t *rule;
	reading_subject_t subject;
	unsigned int index;
	rules_verdict_t verdict;
	uint64_t since; /* of this verdict, seconds since boot */
	bool changed; /* by the last look */
	bool told; /* a rule with the verdict ok holds */
	const char *
		reason; /* "sram-uncorrected: sram_ecc_uncorrected is 2; ..." */
} health_finding_t;

typedef void (*health_each_t)(const health_finding_t *finding, void *arg);
/* Call a function for each finding that is not just ok, or was before the last
 * look; in the order of the rules */
extern void health_each(const health_t *health, health_each_t each, void *arg);

/*
 * Devices that rules mask, with the reason of the first rule; those of an EFA
 * interface that is masked are among them.
 */
extern void health_masked(const health_t *health, const profile_t *profile,
			  mask_t *mask);
/* Those that are suspect, and not masked */
extern void health_suspects(const health_t *health, const profile_t *profile,
			    mask_t *mask);
/* The first finding with the verdict "node". RET false: there is none */
extern bool health_node(const health_t *health, health_finding_t *finding);

/*
 * What was told slurmctld.
 * OUT unmask - devices whose masks a rule takes back, with the reasons that
 *	those masks were given.
 * RET true: suspects differ from what was told, or nothing was told since the
 *	state is new
 */
extern bool health_to_tell(const health_t *health, const mask_t *masked,
			   const mask_t *suspects, mask_t *unmask);
/* Of the masked devices those that slurmctld was not told yet */
extern void health_fresh(const health_t *health, const mask_t *masked,
			 mask_t *fresh);
/* Of these suspects those that it was not told yet, or with another reason */
extern void health_fresh_suspects(const health_t *health,
				  const mask_t *suspects, mask_t *fresh);
/* slurmctld has taken it */
extern void health_told(health_t *health, const mask_t *masked,
			const mask_t *suspects);

#endif
