/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "health_parts.h"

#include <string.h>

static health_finding_t _finding(const rule_t *rule, unsigned int index,
				 const entry_t *entry)
{
	return (health_finding_t){.rule = rule,
				  .subject = signal_subject(rule->signal),
				  .index = index,
				  .verdict = entry->verdict,
				  .since = entry->since,
				  .changed = entry->changed,
				  .told = entry->told,
				  .reason = entry->reason};
}

extern void health_each(const health_t *health, health_each_t each, void *arg)
{
	for (unsigned int r = 0; r < rules_count(health->rules); r++) {
		const rule_t *rule = rules_at(health->rules, r);
		unsigned int count =
			health_subjects(signal_subject(rule->signal));

		for (unsigned int i = 0; i < count; i++) {
			const entry_t *entry = &health->entries[r][i];
			health_finding_t finding = _finding(rule, i, entry);

			if (entry->verdict != RULES_OK || entry->told ||
			    entry->changed)
				each(&finding, arg);
		}
	}
}

extern bool health_node(const health_t *health, health_finding_t *finding)
{
	for (unsigned int r = 0; r < rules_count(health->rules); r++) {
		for (unsigned int i = 0; i < HEALTH_INDEXES_MAX; i++) {
			const entry_t *entry = &health->entries[r][i];

			if (entry->verdict != RULES_NODE)
				continue;
			*finding =
				_finding(rules_at(health->rules, r), i, entry);
			return true;
		}
	}
	return false;
}

static devset_t _devices_of(const rule_t *rule, const profile_t *profile,
			    unsigned int index)
{
	switch (signal_subject(rule->signal)) {
	case READING_DEVICE:
		return devset_of(index);
	case READING_EFA:
		return profile_devices_of_efa(profile, index);
	default:
		return 0;
	}
}

static void _collect(const health_t *health, const profile_t *profile,
		     rules_verdict_t verdict, mask_t *mask)
{
	mask_init(mask);
	for (unsigned int r = 0; r < rules_count(health->rules); r++) {
		const rule_t *rule = rules_at(health->rules, r);

		for (unsigned int i = 0; i < HEALTH_INDEXES_MAX; i++) {
			const entry_t *entry = &health->entries[r][i];
			devset_t devices;

			if (entry->verdict != verdict)
				continue;
			devices = _devices_of(rule, profile, i) &
				  ~mask->devices & profile_devices(profile);
			for (int d = -1; (d = devset_next(devices, d)) >= 0;)
				(void) mask_add(mask, (unsigned int) d,
						entry->reason);
		}
	}
}

extern void health_masked(const health_t *health, const profile_t *profile,
			  mask_t *mask)
{
	_collect(health, profile, RULES_MASKED, mask);
}

extern void health_suspects(const health_t *health, const profile_t *profile,
			    mask_t *mask)
{
	mask_t masked;

	health_masked(health, profile, &masked);
	_collect(health, profile, RULES_SUSPECT, mask);
	mask_remove(mask, masked.devices);
}

/* The rule that a reason is of: "[efa3 [rdmap0s1]: ]NAME: ..." */
static const rule_t *_rule_of(const rules_t *rules, const char *reason)
{
	for (unsigned int r = 0; r < rules_count(rules); r++) {
		const rule_t *rule = rules_at(rules, r);
		const char *at = reason;
		size_t length = strlen(rule->name);

		if (signal_subject(rule->signal) == READING_EFA &&
		    (at = strstr(reason, ": ")))
			at += 2;
		if (at && !strncmp(at, rule->name, length) && at[length] == ':')
			return rule;
	}
	return NULL;
}

static bool _same(const mask_t *a, const mask_t *b)
{
	if (a->devices != b->devices)
		return false;
	for (int d = -1; (d = devset_next(a->devices, d)) >= 0;) {
		if (strcmp(a->reasons[d], b->reasons[d]))
			return false;
	}
	return true;
}

extern bool health_to_tell(const health_t *health, const mask_t *masked,
			   const mask_t *suspects, mask_t *unmask)
{
	devset_t gone = health->masked.devices & ~masked->devices;

	mask_init(unmask);
	for (int d = -1; (d = devset_next(gone, d)) >= 0;) {
		const char *reason = health->masked.reasons[d];
		const rule_t *rule = _rule_of(health->rules, reason);

		if (rule && rule->clear_after != RULES_NEVER)
			(void) mask_add(unmask, (unsigned int) d, reason);
	}
	return !health->told || !_same(suspects, &health->suspects);
}

extern void health_fresh(const health_t *health, const mask_t *masked,
			 mask_t *fresh)
{
	*fresh = *masked;
	mask_remove(fresh, health->masked.devices);
}

extern void health_fresh_suspects(const health_t *health,
				  const mask_t *suspects, mask_t *fresh)
{
	const mask_t *told = &health->suspects;

	mask_init(fresh);
	for (int d = -1; (d = devset_next(suspects->devices, d)) >= 0;) {
		if (!(told->devices & devset_of(d)) ||
		    strcmp(told->reasons[d], suspects->reasons[d]))
			(void) mask_add(fresh, (unsigned int) d,
					suspects->reasons[d]);
	}
}

extern void health_told(health_t *health, const mask_t *masked,
			const mask_t *suspects)
{
	health->told = true;
	health->masked = *masked;
	health->suspects = *suspects;
}
