/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The versions of machines: against the rules, and among each other */
#include "audit_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "software.h"
#include "versions.h"

typedef struct {
	const char *name;
	unsigned int index; /* in neuron.conf */
	const profile_t *profile;
	software_t software;
} machine_t;

typedef struct {
	machine_t *list;
	uint32_t count, room;
} machines_t;

static audit_place_t _place(const audit_t *audit, audit_level_t level,
			    const char *id, const char *node)
{
	return (audit_place_t){level, id, audit->source->neuron_conf,
			       conf_node_line(audit->neuron, node)};
}

/* A node that nothing is known of is passed over: it may never have been up */
static void _add(audit_t *audit, machines_t *machines, const char *name,
		 const char *features)
{
	int index = conf_node_index(audit->neuron, name);
	machine_t *machine;
	const char *instance;

	if (index < 0 || !features || !*features || audit->failed)
		return;
	if (machines->count == machines->room) {
		uint32_t room = machines->room ? 2 * machines->room : 64;

		machine = realloc(machines->list, room * sizeof(*machine));
		if (!machine) {
			audit->failed = true;
			return;
		}
		machines->list = machine;
		machines->room = room;
	}
	machine = &machines->list[machines->count];
	machine->name = name;
	machine->index = (unsigned int) index;
	machine->profile =
		conf_node_profile(audit->neuron, (unsigned int) index);
	software_decode_features(features, &machine->software);
	instance = profile_instance(machine->profile, 0);
	if (instance && strlen(instance) < VERSION_TEXT_MAX)
		memcpy(machine->software.instance, instance,
		       strlen(instance) + 1);
	machines->count += software_is_known(&machine->software);
}

static void _collect(audit_t *audit, machines_t *machines)
{
	const audit_running_t *running = audit->source->running;
	const inventory_t *probes = audit->source->machines;
	const inventory_node_t *node;

	for (uint32_t i = 0; probes && (node = inventory_node(probes, i)); i++)
		_add(audit, machines, node->name, node->features);
	for (uint32_t i = 0; running && i < running->node_count; i++) {
		const char *name = running->nodes[i].name;

		/* A probe is newer than the start of slurmd */
		if (!probes || inventory_find(probes, name) == NAMES_NONE)
			_add(audit, machines, name, running->nodes[i].features);
	}
}

/*
 * Rules
 */

typedef struct {
	audit_t *audit;
	const machine_t *machine;
} judged_t;

static void _take_rule(versions_verdict_t verdict, const char *rule,
		       const char *sentence, void *arg)
{
	judged_t *judged = arg;

	(void) rule;
	if (verdict < VERSIONS_CAUTION)
		return;
	audit_add_node(
		judged->audit,
		_place(judged->audit,
		       (verdict == VERSIONS_BAD) ? AUDIT_ERROR : AUDIT_HINT,
		       "versions", judged->machine->name),
		judged->machine->name, NULL, "%s", sentence);
}

static void _judge(audit_t *audit, const machines_t *machines)
{
	const char *path = conf_version_rules(audit->neuron);
	neuron_error_t err;
	versions_t *versions;

	if (conf_versions(audit->neuron) == CONF_VERSIONS_OFF)
		return;
	if (!path)
		path = audit->source->version_rules;
	if (!path)
		return;
	versions = versions_read(path, &err);
	if (!versions) {
		audit->failed |= (errno == ENOMEM);
		audit_add(audit,
			  (audit_place_t){AUDIT_WARNING, "versions-file",
					  audit->source->neuron_conf, 0},
			  NULL, "versions are not checked: %s", err.text);
		return;
	}
	for (uint32_t i = 0; i < machines->count; i++) {
		judged_t judged = {audit, &machines->list[i]};

		(void) versions_judge(versions, &machines->list[i].software,
				      _take_rule, &judged);
	}
	versions_destroy(versions);
}

/*
 * Nodes of one family
 */

/* A version, and how many nodes of a family have it */
typedef struct {
	const char *text;
	uint32_t count;
} usual_t;

static bool _is_newer(const char *a, const char *b)
{
	version_t first, second;

	if (!*a || !*b)
		return *a != '\0';
	return !version_decode(a, &first, NULL) &&
	       !version_decode(b, &second, NULL) &&
	       version_compare(&first, &second) > 0;
}

static int _compare_texts(const void *a, const void *b)
{
	const char *const *first = a, *const *second = b;

	return strcmp(*first, *second);
}

/* The version that most nodes have, the newest among equals.
 * IN texts - of all nodes of the family, sorted */
static usual_t _most(const char *const *texts, uint32_t count)
{
	usual_t most = {"", 0};

	for (uint32_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && !strcmp(texts[i], texts[end]);)
			end++;
		if (end - i > most.count ||
		    (end - i == most.count && _is_newer(texts[i], most.text)))
			most = (usual_t){texts[i], end - i};
	}
	return most;
}

static void _report(audit_t *audit, const machine_t *machine,
		    software_part_t part, const usual_t *most, uint32_t count)
{
	const char *text = machine->software.versions[part];

	if (!strcmp(text, most->text))
		return;
	audit_add_node(
		audit,
		_place(audit, AUDIT_WARNING, "versions-differ", machine->name),
		machine->name, NULL,
		"%s: %s; %u of %u nodes with profile %s have %s",
		software_title(part), *text ? text : "none is known",
		most->count, count, profile_name(machine->profile),
		*most->text ? most->text : "none that is known");
}

/* IN texts - room for all machines */
static void _compare_part(audit_t *audit, const machines_t *machines,
			  const profile_t *profile, software_part_t part,
			  const char **texts)
{
	uint32_t count = 0;
	usual_t most;

	for (uint32_t i = 0; i < machines->count; i++) {
		const machine_t *machine = &machines->list[i];

		if (machine->profile == profile)
			texts[count++] = machine->software.versions[part];
	}
	if (count < 2)
		return;
	qsort(texts, count, sizeof(*texts), _compare_texts);
	most = _most(texts, count);
	for (uint32_t i = 0; i < machines->count; i++) {
		if (machines->list[i].profile == profile)
			_report(audit, &machines->list[i], part, &most, count);
	}
}

static void _compare(audit_t *audit, const machines_t *machines)
{
	const char **texts = malloc(machines->count * sizeof(*texts));
	const profile_t *profile;

	audit->failed |= !texts;
	for (unsigned int i = 0;
	     texts && (profile = conf_profile_at(audit->neuron, i)); i++) {
		for (int part = 0; part < SOFTWARE_PARTS; part++)
			_compare_part(audit, machines, profile,
				      (software_part_t) part, texts);
	}
	free(texts);
}

extern void audit_versions(audit_t *audit)
{
	machines_t machines = {.count = 0};

	_collect(audit, &machines);
	if (machines.count && !audit->failed) {
		_judge(audit, &machines);
		audit_flush_nodes(audit);
		_compare(audit, &machines);
		audit_flush_nodes(audit);
	}
	free(machines.list);
}
