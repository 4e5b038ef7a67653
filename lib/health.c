/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "health_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void health_event(health_events_t *events, const kmsg_error_t *error)
{
	if (events->count < HEALTH_EVENTS_MAX)
		events->list[events->count++] = *error;
	else
		events->lost++;
}

extern health_t *health_create(const rules_t *rules)
{
	health_t *health = calloc(1, sizeof(*health));

	if (!health) {
		errno = ENOMEM;
		return NULL;
	}
	health->rules = rules;
	health->server.node2 = health->server.node4 = -1;
	return health;
}

extern void health_destroy(health_t *health)
{
	int errnum = errno;

	free(health);
	errno = errnum;
}

extern unsigned int health_subjects(reading_subject_t subject)
{
	return (subject == READING_DEVICE) ? PROFILE_DEVICES_MAX
	       : (subject == READING_EFA)  ? PROFILE_EFAS_MAX
					   : 1;
}

extern uint64_t health_next_record(const health_t *health, const char *boot)
{
	return strcmp(health->boot, boot) ? 0 : health->next_record;
}

extern void health_set_next_record(health_t *health, uint64_t next)
{
	health->next_record = next;
}

static void _forget(entry_t *entry)
{
	memset(entry, 0, sizeof(*entry));
}

static void _forget_subject(health_t *health, reading_subject_t subject,
			    unsigned int index)
{
	for (unsigned int r = 0; r < rules_count(health->rules); r++) {
		if (signal_subject(rules_at(health->rules, r)->signal) ==
		    subject)
			_forget(&health->entries[r][index]);
	}
}

extern void health_forget(health_t *health, devset_t devices)
{
	for (int d = -1; (d = devset_next(devices, d)) >= 0;) {
		if (d < PROFILE_DEVICES_MAX)
			_forget_subject(health, READING_DEVICE,
					(unsigned int) d);
	}
}

extern void health_forget_all(health_t *health)
{
	for (int s = 0; s < READING_SUBJECTS; s++) {
		for (unsigned int i = 0;
		     i < health_subjects((reading_subject_t) s); i++)
			_forget_subject(health, (reading_subject_t) s, i);
	}
	health->server.modes = 0;
}

/*
 * One rule about one subject
 */

/* Everything that a rule is judged by at one look */
typedef struct {
	health_t *health;
	const rule_t *rule;
	const reading_of_t *of;
	entry_t *entry;
	reading_subject_t subject;
	unsigned int index;
	uint64_t value;
	uint64_t growth;
	uint64_t now;
} judge_t;

static uint64_t _add(uint64_t a, uint64_t b)
{
	return (a > UINT64_MAX - b) ? UINT64_MAX : a + b;
}

/* Bring the eighths of "within" up to now */
static void _turn(entry_t *entry, uint64_t bucket)
{
	uint64_t steps = bucket - entry->bucket;

	if (bucket <= entry->bucket)
		return;
	if (steps > HEALTH_BUCKETS)
		steps = HEALTH_BUCKETS;
	memmove(entry->growth + steps, entry->growth,
		(HEALTH_BUCKETS - steps) * sizeof(entry->growth[0]));
	memset(entry->growth, 0, steps * sizeof(entry->growth[0]));
	entry->bucket = bucket;
}

static uint64_t _sum(const uint64_t *growth)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < HEALTH_BUCKETS / 2; i++)
		sum = _add(sum, growth[i]);
	return sum;
}

static bool _grows(const judge_t *judge, uint64_t *grown)
{
	const rule_t *rule = judge->rule;
	entry_t *entry = judge->entry;
	uint64_t before;

	_turn(entry, judge->now / (rule->within / (HEALTH_BUCKETS / 2)));
	entry->growth[0] = _add(entry->growth[0], judge->growth);
	*grown = _sum(entry->growth);
	before = _sum(entry->growth + HEALTH_BUCKETS / 2);
	return *grown >= rule->at_least &&
	       (!rule->times_before || before <= *grown / rule->times_before);
}

/* "unhealthy_components is hbm, sram" */
static void _say_value(const judge_t *judge, uint64_t value, char *buf,
		       size_t size)
{
	const reading_of_t *of = judge->of;
	signal_id_t signal = judge->rule->signal;
	const char *name = signal_name(signal);

	if (judge->rule->within)
		(void) snprintf(buf, size, "%s +%" PRIu64 " in %u s", name,
				value, judge->rule->within);
	else if (signal == SIGNAL_UNHEALTHY_COMPONENTS)
		(void) snprintf(buf, size, "%s is %s", name, of->components);
	else if (signal == SIGNAL_KERNEL_ERROR)
		(void) snprintf(buf, size, "the kernel's log has %s",
				judge->entry->error);
	else if (signal == SIGNAL_EFA_PORT_DOWN)
		(void) snprintf(buf, size, "its port is %s", of->port);
	else if (signal == SIGNAL_MALFORMED || signal == SIGNAL_EFA_MALFORMED)
		(void) snprintf(buf, size, "%s: %s", name, of->detail);
	else if (signal_kind(signal) == READING_LEVEL &&
		 signal != SIGNAL_DEVICES_LOST_PERCENT)
		(void) snprintf(buf, size, "%s", name);
	else
		(void) snprintf(buf, size, "%s is %" PRIu64, name, value);
}

/* The action last and whole: it is what an operator needs */
static void _say(const judge_t *judge, uint64_t value, bool flaps)
{
	char times[48] = "", what[READING_DETAIL_MAX + 64], efa[80] = "";
	char whole[NEURON_ERROR_MAX];
	const rule_t *rule = judge->rule;
	char *reason = judge->entry->reason;
	int room;

	if (judge->subject == READING_EFA)
		(void) snprintf(efa, sizeof(efa), "efa%u%s%s%s: ", judge->index,
				judge->of->name[0] ? " [" : "", judge->of->name,
				judge->of->name[0] ? "]" : "");
	if (flaps)
		(void) snprintf(times, sizeof(times), ", %u times in %u s",
				rule->then_times, rule->then_within);
	_say_value(judge, value, what, sizeof(what));
	room = MASK_REASON_MAX - 1 -
	       (int) (strlen(efa) + strlen(rule->name) + strlen(times) +
		      strlen(rule->action) + 4);
	if (room < 0)
		room = 0;
	(void) snprintf(whole, sizeof(whole), "%s%s: %.*s%s; %s", efa,
			rule->name, room, what, times, rule->action);
	(void) snprintf(reason, MASK_REASON_MAX, "%.*s", MASK_REASON_MAX - 1,
			whole);
	for (; *reason; reason++) {
		if (*reason < ' ' || *reason > '~')
			*reason = '?';
	}
}

static void _become(judge_t *judge, rules_verdict_t verdict)
{
	entry_t *entry = judge->entry;

	entry->verdict = verdict;
	entry->since = judge->now;
	entry->changed = true;
}

/* A time at which the rule was raised; the oldest goes */
static void _note_raise(entry_t *entry, uint64_t now)
{
	memmove(entry->raises + 1, entry->raises,
		(RULES_TIMES_MAX - 1) * sizeof(entry->raises[0]));
	entry->raises[0] = now;
	if (entry->raise_count < RULES_TIMES_MAX)
		entry->raise_count++;
}

static bool _flaps(const judge_t *judge)
{
	const rule_t *rule = judge->rule;
	const entry_t *entry = judge->entry;

	return rule->then_times && entry->raise_count >= rule->then_times &&
	       judge->now - entry->raises[rule->then_times - 1] <=
		       rule->then_within;
}

static void _worsen(judge_t *judge, uint64_t value)
{
	const rule_t *rule = judge->rule;
	entry_t *entry = judge->entry;
	bool old = entry->holds && rule->then_after != RULES_NEVER &&
		   judge->now - entry->since >= rule->then_after;

	if (entry->verdict != RULES_SUSPECT || !rule->then ||
	    (!old && !_flaps(judge)))
		return;
	_say(judge, value, !old);
	_become(judge, rule->then);
}

static void _hold(judge_t *judge, uint64_t value)
{
	entry_t *entry = judge->entry;

	if (!entry->holds) {
		entry->holds = true;
		entry->held_since = judge->now;
	}
	entry->held_last = judge->now;
	if (entry->raised || judge->now - entry->held_since < judge->rule->hold)
		return;
	entry->raised = true;
	_note_raise(entry, judge->now);
	if (entry->verdict != RULES_OK || entry->told)
		return;
	_say(judge, value, false);
	entry->told = judge->rule->verdict == RULES_OK;
	_become(judge, judge->rule->verdict);
}

static void _rest(judge_t *judge)
{
	entry_t *entry = judge->entry;
	uint32_t clear = judge->rule->clear_after;

	entry->holds = entry->raised = false;
	if ((entry->verdict == RULES_OK && !entry->told) ||
	    clear == RULES_NEVER || judge->now - entry->held_last < clear)
		return;
	entry->told = false;
	_become(judge, RULES_OK);
}

static void _judge(judge_t *judge)
{
	uint64_t value = judge->value;
	bool holds;

	holds = judge->rule->within ? _grows(judge, &value)
				    : value >= judge->rule->at_least;
	if (holds)
		_hold(judge, value);
	else
		_rest(judge);
	_worsen(judge, value);
}

/*
 * What signals are at this look
 */

static uint64_t _count_components(const rule_t *rule, const char *components)
{
	uint64_t count = 0;

	while (*components) {
		size_t length;

		components += strspn(components, ", ");
		length = strcspn(components, ", ");
		count += length && rule_matches(rule, components, length);
		components += length;
	}
	return count;
}

/* Serial numbers are compared where both are known */
static bool _is_of(const kmsg_error_t *error, const judge_t *judge)
{
	return error->device == judge->index &&
	       (!judge->of->serial[0] ||
		!strcasecmp(error->serial, judge->of->serial));
}

static void _take_events(judge_t *judge, const health_events_t *events)
{
	entry_t *entry = judge->entry;

	judge->growth = 0;
	for (uint32_t i = 0; i < events->count; i++) {
		const kmsg_error_t *error = &events->list[i];

		if (!_is_of(error, judge) ||
		    !rule_matches(judge->rule, error->error,
				  strlen(error->error)))
			continue;
		judge->growth++;
		memcpy(entry->error, error->error, sizeof(entry->error));
	}
	entry->total = _add(entry->total, judge->growth);
	judge->value = entry->total;
}

static uint64_t _lost_percent(const health_t *health, const reading_t *reading)
{
	devset_t lost = 0;

	for (unsigned int r = 0; r < rules_count(health->rules); r++) {
		if (signal_subject(rules_at(health->rules, r)->signal) !=
		    READING_DEVICE)
			continue;
		for (unsigned int d = 0; d < reading->device_count; d++) {
			if (health->entries[r][d].verdict == RULES_MASKED)
				lost |= devset_of(d);
		}
	}
	return devset_count(lost) * 100 / reading->device_count;
}

/* RET false: the signal is not known now */
static bool _node_value(const health_t *health, const reading_t *reading,
			signal_id_t signal, uint64_t *value)
{
	const server_t *was = &health->server, *is = &reading->server;

	if (signal == SIGNAL_DEVICES_LOST_PERCENT) {
		*value = _lost_percent(health, reading);
		return true;
	}
	if (signal != SIGNAL_SERVER_CHANGED && signal != SIGNAL_SERVER_MODE)
		return false;
	if (!was->modes || !is->modes)
		return false;
	if (signal == SIGNAL_SERVER_MODE)
		*value = !!(was->modes & ~is->modes);
	else
		*value = was->node4 != is->node4 || was->node2 != is->node2 ||
			 strcmp(was->id4, is->id4) || strcmp(was->id2, is->id2);
	return true;
}

/* RET false: the signal is not known now */
static bool _take_value(judge_t *judge, const reading_t *reading,
			const health_events_t *events)
{
	const health_t *health = judge->health;
	signal_id_t signal = judge->rule->signal;
	const counts_t *before = &health->counts[judge->subject][judge->index];
	uint64_t bit = 1ULL << signal;

	if (signal == SIGNAL_KERNEL_ERROR) {
		_take_events(judge, events);
		return true;
	}
	if (judge->subject == READING_NODE && !(judge->of->known & bit))
		return _node_value(health, reading, signal, &judge->value);
	if (!(judge->of->known & bit))
		return false;
	judge->value = judge->of->values[signal];
	judge->growth = 0;
	if (signal == SIGNAL_UNHEALTHY_COMPONENTS)
		judge->value =
			_count_components(judge->rule, judge->of->components);
	else if (!(before->known & bit))
		judge->growth = 0;
	else if (judge->value >= before->values[signal])
		judge->growth = judge->value - before->values[signal];
	else
		judge->growth = judge->value;
	return true;
}

static void _judge_subject(health_t *health, const reading_t *reading,
			   const health_events_t *events,
			   reading_subject_t subject, unsigned int index)
{
	for (unsigned int r = 0; r < rules_count(health->rules); r++) {
		judge_t judge = {.health = health,
				 .rule = rules_at(health->rules, r),
				 .of = reading_of(reading, subject, index),
				 .entry = &health->entries[r][index],
				 .subject = subject,
				 .index = index,
				 .now = health->now};

		if (signal_subject(judge.rule->signal) != subject)
			continue;
		judge.entry->changed = false;
		if (_take_value(&judge, reading, events))
			_judge(&judge);
	}
}

/*
 * What was there before
 */

static bool _went_back(const reading_of_t *of, const counts_t *before)
{
	for (int s = 0; s < SIGNALS; s++) {
		uint64_t bit = 1ULL << s;

		if (signal_kind((signal_id_t) s) == READING_COUNTER &&
		    (of->known & before->known & bit) &&
		    of->values[s] < before->values[s])
			return true;
	}
	return false;
}

static bool _is_new(const reading_of_t *of, const counts_t *before)
{
	return _went_back(of, before) || (of->serial[0] && before->serial[0] &&
					  strcmp(of->serial, before->serial));
}

/* Before the look of a device that was renewed: what still holds comes back */
static void _renew(health_t *health, reading_subject_t subject,
		   unsigned int index)
{
	for (unsigned int r = 0; r < rules_count(health->rules); r++) {
		const rule_t *rule = rules_at(health->rules, r);
		entry_t *entry = &health->entries[r][index];

		if (signal_subject(rule->signal) != subject)
			continue;
		entry->total = 0;
		/* A growth goes on in the new counters, and a rule with an end
		 * of its own ends as it says */
		if (!rule->within && rule->clear_after == RULES_NEVER)
			_forget(entry);
	}
}

static void _remember(counts_t *counts, const reading_of_t *of)
{
	for (int s = 0; s < SIGNALS; s++) {
		uint64_t bit = 1ULL << s;

		if (signal_kind((signal_id_t) s) != READING_COUNTER ||
		    !(of->known & bit))
			continue;
		counts->known |= bit;
		counts->values[s] = of->values[s];
	}
	if (of->serial[0])
		memcpy(counts->serial, of->serial, sizeof(counts->serial));
}

/* Another boot: nothing is left of the one before but what slurmctld has */
static void _begin(health_t *health, const reading_t *reading, uint64_t now)
{
	if (strcmp(health->boot, reading->boot)) {
		health_forget_all(health);
		memset(health->counts, 0, sizeof(health->counts));
		health->now = 0;
		memcpy(health->boot, reading->boot, sizeof(health->boot));
	}
	if (now > health->now)
		health->now = now;
}

static void _look_at(health_t *health, const reading_t *reading,
		     const health_events_t *events, reading_subject_t subject)
{
	for (unsigned int i = 0; i < health_subjects(subject); i++) {
		const reading_of_t *of = reading_of(reading, subject, i);
		counts_t *counts = &health->counts[subject][i];

		if (!of)
			continue;
		if (_is_new(of, counts))
			_renew(health, subject, i);
		_judge_subject(health, reading, events, subject, i);
		_remember(counts, of);
	}
}

extern void health_look(health_t *health, const reading_t *reading,
			const health_events_t *events, uint64_t now)
{
	_begin(health, reading, now);
	for (int s = 0; s < READING_SUBJECTS; s++)
		_look_at(health, reading, events, (reading_subject_t) s);
	/* What the machine was when it was first seen is what it should be */
	if (!health->server.modes && reading->server.modes)
		health->server = reading->server;
}
