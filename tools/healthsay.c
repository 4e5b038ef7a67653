/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "healthsay.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include <json-c/json.h>

typedef struct {
	const healthlook_t *look;
	const healthlook_report_t *report;
	FILE *out;
	json_object *list;
	unsigned int count;
} say_t;

static void _subject(const health_finding_t *finding, char *buf, size_t size)
{
	static const char *const names[READING_SUBJECTS] = {"neuron", "efa"};

	if (finding->subject == READING_NODE)
		(void) snprintf(buf, size, "node");
	else
		(void) snprintf(buf, size, "%s%u", names[finding->subject],
				finding->index);
}

/* A verdict that was taken back is told once */
static const char *_verdict(const health_finding_t *finding)
{
	if (finding->verdict == RULES_OK)
		return finding->told ? "told" : "well again";
	return rules_verdict_name(finding->verdict);
}

static void _text_line(const health_finding_t *finding, void *arg)
{
	say_t *say = arg;
	char subject[32];

	say->count++;
	_subject(finding, subject, sizeof(subject));
	fprintf(say->out, "%s: %s: %s\n", subject, _verdict(finding),
		finding->reason);
}

static void _set_line(const say_t *say, const char *dry, const char *real,
		      devset_t devices)
{
	char text[DEVSET_TEXT_MAX];

	if (!devices)
		return;
	(void) devset_encode(devices, text, sizeof(text));
	fprintf(say->out, "%s devices %s\n", say->look->dry ? dry : real, text);
}

extern void healthsay_text(const healthlook_t *look,
			   const healthlook_report_t *report, FILE *out)
{
	say_t say = {.look = look, .report = report, .out = out};

	for (unsigned int i = 0; i < report->note_count; i++)
		fprintf(out, "passed over: %s\n", report->notes[i].text);
	health_each(report->health, _text_line, &say);
	if (!say.count)
		fprintf(out, "%s: nothing is wrong\n", look->machine.node);
	_set_line(&say, "would mask", "masks", report->masked.devices);
	_set_line(&say, "would unmask", "unmasks", report->unmask.devices);
	_set_line(&say, "would show as suspect", "shows as suspect",
		  report->suspects.devices);
	if (report->drain[0])
		fprintf(out, "%s the node: %s\n",
			look->dry ? "would drain" : "drains", report->drain);
}

/*
 * JSON
 */

static void _add(json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

static void _json_finding(const health_finding_t *finding, void *arg)
{
	static const char *const subjects[READING_SUBJECTS] = {"device", "efa",
							       "node"};
	say_t *say = arg;
	json_object *one = json_object_new_object();

	_add(one, "subject", subjects[finding->subject]);
	json_object_object_add(one, "index",
			       json_object_new_int64(finding->index));
	_add(one, "rule", finding->rule->name);
	_add(one, "signal", signal_name(finding->rule->signal));
	_add(one, "verdict", rules_verdict_name(finding->verdict));
	json_object_object_add(one, "since",
			       json_object_new_int64((int64_t) finding->since));
	json_object_object_add(one, "changed",
			       json_object_new_boolean(finding->changed));
	_add(one, "reason", finding->reason);
	_add(one, "action", finding->rule->action);
	json_object_array_add(say->list, one);
}

static json_object *_json_mask(const mask_t *mask)
{
	json_object *list = json_object_new_array();

	for (int d = -1; (d = devset_next(mask->devices, d)) >= 0;) {
		json_object *one = json_object_new_object();

		json_object_object_add(one, "device", json_object_new_int(d));
		_add(one, "reason", mask->reasons[d]);
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *_json_notes(const healthlook_report_t *report)
{
	json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < report->note_count; i++)
		json_object_array_add(
			list, json_object_new_string(report->notes[i].text));
	return list;
}

extern int healthsay_json(const healthlook_t *look,
			  const healthlook_report_t *report, FILE *out)
{
	json_object *root = json_object_new_object();
	say_t say = {.look = look,
		     .report = report,
		     .list = json_object_new_array()};
	const char *text;

	_add(root, "node", look->machine.node);
	json_object_object_add(root, "dry_run",
			       json_object_new_boolean(look->dry));
	json_object_object_add(root, "now",
			       json_object_new_int64((int64_t) report->now));
	health_each(report->health, _json_finding, &say);
	json_object_object_add(root, "findings", say.list);
	json_object_object_add(root, "masked", _json_mask(&report->masked));
	json_object_object_add(root, "unmasked", _json_mask(&report->unmask));
	json_object_object_add(root, "suspect", _json_mask(&report->suspects));
	json_object_object_add(root, "drain",
			       report->drain[0]
				       ? json_object_new_string(report->drain)
				       : NULL);
	json_object_object_add(root, "passed_over", _json_notes(report));
	text = json_object_to_json_string_ext(
		root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(root);
	if (text)
		return 0;
	errno = ENOMEM;
	return -1;
}

/*
 * Changes
 */

static int _priority(const health_finding_t *finding)
{
	switch (finding->verdict) {
	case RULES_MASKED:
	case RULES_NODE:
		return LOG_ERR;
	case RULES_SUSPECT:
		return LOG_WARNING;
	default:
		return LOG_NOTICE;
	}
}

static void _say_change(const health_finding_t *finding, void *arg)
{
	const say_t *say = arg;
	bool npd = conf_cloud_health_strings(say->look->machine.conf) ==
			   CONF_STRINGS_NPD &&
		   finding->rule->npd[0] && finding->verdict != RULES_OK;
	char subject[32];

	if (!finding->changed)
		return;
	_subject(finding, subject, sizeof(subject));
	nodejob_say(_priority(finding), "%s%s%s: %s: %s",
		    npd ? finding->rule->npd : "", npd ? ": " : "", subject,
		    _verdict(finding), finding->reason);
}

extern void healthsay_changes(const healthlook_t *look,
			      const healthlook_report_t *report)
{
	say_t say = {.look = look, .report = report};

	for (unsigned int i = 0; i < report->note_count; i++)
		nodejob_say(LOG_WARNING, "passed over: %s",
			    report->notes[i].text);
	health_each(report->health, _say_change, &say);
}
