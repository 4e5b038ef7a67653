/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes and partitions of slurm.conf, and what neuron.conf says of them */
#include "audit_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "generate.h"
#include "request.h"
#include "text.h"

/* Lines NodeName=DEFAULT or PartitionName=DEFAULT, the last one first */
typedef struct {
	const slurmconf_line_t **lines;
	uint32_t count;
	const char *head;
} defaults_t;

static void _walk_lines(audit_t *audit, const char *head,
			void (*take)(audit_t *audit,
				     const slurmconf_line_t *line,
				     const defaults_t *defaults))
{
	const slurmconf_line_t *line;
	defaults_t defaults = {.head = head};
	uint32_t room = 0;

	for (uint32_t i = 0; (line = slurmconf_line(audit->slurm, i)); i++) {
		if (!slurmconf_begins(line, head))
			continue;
		if (strcasecmp(line->pairs[0].value, "DEFAULT")) {
			take(audit, line, &defaults);
			continue;
		}
		if (defaults.count == room) {
			const slurmconf_line_t **lines;

			room = room ? 2 * room : 8;
			lines = realloc(defaults.lines, room * sizeof(*lines));
			if (!lines) {
				audit->failed = true;
				break;
			}
			defaults.lines = lines;
		}
		defaults.lines[defaults.count++] = line;
	}
	free(defaults.lines);
}

/* The value of a key on a line, or of the last default before it */
static const char *_value(const slurmconf_line_t *line,
			  const defaults_t *defaults, const char *key)
{
	const char *value = slurmconf_of_line(line, key);

	for (uint32_t i = defaults->count; !value && i-- > 0;)
		value = slurmconf_of_line(defaults->lines[i], key);
	return value;
}

/*
 * Nodes
 */

typedef struct {
	audit_t *audit;
	const slurmconf_line_t *line;
	const char *gres;
	audit_nodes_t nodes; /* of the line, for the first time */
} expansion_t;

static bool _reserve(audit_t *audit, uint32_t count)
{
	uint32_t room = audit->named_room ? 2 * audit->named_room : 64;
	audit_named_t *named;

	if (count < audit->named_room)
		return true;
	named = realloc(audit->named, room * sizeof(*named));
	if (!named) {
		audit->failed = true;
		return false;
	}
	audit->named = named;
	audit->named_room = room;
	return true;
}

static int _take_node(const char *name, void *arg)
{
	expansion_t *expansion = arg;
	audit_t *audit = expansion->audit;
	uint32_t number = names_find(audit->names, name);
	const slurmconf_line_t *first;

	if (number != NAMES_NONE) {
		first = audit->named[number].line;
		audit_add(
			audit,
			audit_at(AUDIT_ERROR, "node-twice", expansion->line,
				 NULL),
			NULL,
			"NodeName=%.100s: the node stands at %s:%u already; name each node once",
			name, first->file, first->line);
		return 0;
	}
	if (names_count(audit->names) == CONF_NODES_MAX) {
		audit_add(audit,
			  audit_at(AUDIT_ERROR, "slurm-conf", expansion->line,
				   NULL),
			  NULL, "these are more than %d nodes", CONF_NODES_MAX);
		return -1;
	}
	if (!_reserve(audit, names_count(audit->names)) ||
	    (number = names_add(audit->names, name)) == NAMES_NONE) {
		audit->failed = true;
		return -1;
	}
	audit->named[number] =
		(audit_named_t){expansion->line, expansion->gres};
	audit_nodes_add(audit, &expansion->nodes,
			names_at(audit->names, number));
	return audit->failed ? -1 : 0;
}

/* Gres of the line against the profiles of its nodes */
static bool _is_right(const profile_t *profile, const gres_entry_t *neuron,
		      const gres_entry_t *efa)
{
	return neuron->present &&
	       neuron->count == profile_device_count(profile) &&
	       !strcmp(neuron->type, profile_type(profile)) &&
	       (efa->present ? efa->count : 0) == profile_efa_count(profile);
}

/* RET for free(); NULL: audit->failed is set */
static char *_node_line(audit_t *audit, const char *list, const char *fmt,
			const char *value)
{
	text_t text = {.length = 0};
	char *line;

	text_add(&text, "NodeName=%s ", list);
	text_add(&text, "%s%s", fmt, value);
	line = text_take(&text);
	audit->failed |= !line;
	return line;
}

static void _report_gres(audit_t *audit, const expansion_t *expansion,
			 const profile_t *profile, const audit_nodes_t *wrong)
{
	char *list = audit_list(audit, wrong->names, wrong->count);
	char gres[GENERATE_GRES_MAX];
	char *right = NULL;

	(void) generate_gres(profile, gres);
	if (list)
		right = _node_line(audit, list, "Gres=", gres);
	if (right)
		audit_add(audit,
			  audit_at(AUDIT_ERROR, "gres", expansion->line, NULL),
			  right,
			  "NodeName=%s Gres=%.100s: a %s has Gres=%s (%s:%u)",
			  list, expansion->gres ? expansion->gres : "(none)",
			  profile_name(profile), gres,
			  audit->source->neuron_conf,
			  conf_node_line(audit->neuron, wrong->names[0]));
	free(list);
	free(right);
}

static void _check_gres_of(audit_t *audit, const expansion_t *expansion,
			   const profile_t *profile, const gres_entry_t *neuron,
			   const gres_entry_t *efa)
{
	audit_nodes_t wrong = {.count = 0};

	if (_is_right(profile, neuron, efa))
		return;
	for (uint32_t i = 0; i < expansion->nodes.count; i++) {
		const char *name = expansion->nodes.names[i];
		int index = conf_node_index(audit->neuron, name);

		if (index >= 0 &&
		    conf_node_profile(audit->neuron, (unsigned int) index) ==
			    profile)
			audit_nodes_add(audit, &wrong, name);
	}
	if (wrong.count)
		_report_gres(audit, expansion, profile, &wrong);
	audit_nodes_release(&wrong);
}

/* Nodes with Gres=neuron of which neuron.conf knows nothing */
static void _check_described(audit_t *audit, const expansion_t *expansion)
{
	audit_nodes_t unknown = {.count = 0};
	char *list, *right = NULL;

	for (uint32_t i = 0; i < expansion->nodes.count; i++) {
		if (conf_node_index(audit->neuron, expansion->nodes.names[i]) <
		    0)
			audit_nodes_add(audit, &unknown,
					expansion->nodes.names[i]);
	}
	list = unknown.count ? audit_list(audit, unknown.names, unknown.count)
			     : NULL;
	if (list)
		right = _node_line(audit, list, "Profile=", "...");
	if (right)
		audit_add(
			audit,
			audit_at(AUDIT_ERROR, "node-not-described",
				 expansion->line, NULL),
			right,
			"NodeName=%s Gres=%.100s: %s has no NodeName line for it",
			list, expansion->gres, audit->source->neuron_conf);
	free(list);
	free(right);
	audit_nodes_release(&unknown);
}

static void _check_gres(audit_t *audit, const expansion_t *expansion)
{
	gres_entry_t neuron, efa;
	const profile_t *profile;
	neuron_error_t err;

	if (!audit->neuron)
		return;
	if (gres_list_find(expansion->gres, "neuron", &neuron, &err) ||
	    gres_list_find(expansion->gres, "efa", &efa, &err)) {
		audit_add(audit,
			  audit_at(AUDIT_ERROR, "gres", expansion->line, NULL),
			  NULL, "Gres=%.200s: %s", expansion->gres, err.text);
		return;
	}
	for (unsigned int i = 0; (profile = conf_profile_at(audit->neuron, i));
	     i++)
		_check_gres_of(audit, expansion, profile, &neuron, &efa);
	if (neuron.present)
		_check_described(audit, expansion);
}

/* A number of slurm.conf; 0: not given, or none */
static unsigned long _number(const slurmconf_line_t *line,
			     const defaults_t *defaults, const char *key)
{
	const char *value = _value(line, defaults, key);
	char *end;
	unsigned long number;

	if (!value)
		return 0;
	number = strtoul(value, &end, 10);
	return (*end || number > PROFILE_CPUS_MAX) ? 0 : number;
}

/* How many CPUs a line says; 0: it does not say */
static unsigned long _cpus(const slurmconf_line_t *line,
			   const defaults_t *defaults)
{
	unsigned long cpus = _number(line, defaults, "CPUs");
	unsigned long sockets = _number(line, defaults, "Sockets");
	unsigned long cores = _number(line, defaults, "CoresPerSocket");
	unsigned long threads = _number(line, defaults, "ThreadsPerCore");

	if (cpus || (!sockets && !cores))
		return cpus;
	return (sockets ? sockets : 1) * (cores ? cores : 1) *
	       (threads ? threads : 1);
}

static void _check_cpus(audit_t *audit, const expansion_t *expansion,
			const defaults_t *defaults)
{
	unsigned long cpus = _cpus(expansion->line, defaults);
	unsigned int sockets, cores, threads;
	const profile_t *profile;
	char right[160];
	int index = -1;

	for (uint32_t i = 0;
	     audit->neuron && index < 0 && i < expansion->nodes.count; i++)
		index = conf_node_index(audit->neuron,
					expansion->nodes.names[i]);
	if (index < 0)
		return;
	profile = conf_node_profile(audit->neuron, (unsigned int) index);
	sockets = profile_sockets(profile);
	cores = profile_cores_per_socket(profile);
	threads = profile_threads_per_core(profile);
	if (cpus == sockets * cores || cpus == sockets * cores * threads)
		return;
	(void) snprintf(right, sizeof(right),
			"Sockets=%u CoresPerSocket=%u ThreadsPerCore=%u",
			sockets, cores, threads);
	audit_add(
		audit, audit_at(AUDIT_WARNING, "cpus", expansion->line, NULL),
		right,
		"NodeName=%.100s: %lu CPUs; a %s has %u, and with others its devices have no near ones",
		expansion->line->pairs[0].value, cpus, profile_name(profile),
		sockets * cores * threads);
}

/* Sockets that Slurm takes a node to have until it has registered */
static unsigned long _sockets(const slurmconf_line_t *line,
			      const defaults_t *defaults)
{
	unsigned long sockets = _number(line, defaults, "Sockets");
	unsigned long boards = _number(line, defaults, "Boards");
	unsigned long cores = _number(line, defaults, "CoresPerSocket");
	unsigned long threads = _number(line, defaults, "ThreadsPerCore");

	if (sockets)
		return sockets;
	sockets = _number(line, defaults, "SocketsPerBoard");
	if (sockets)
		return sockets * (boards ? boards : 1);
	return _number(line, defaults, "CPUs") /
	       ((cores ? cores : 1) * (threads ? threads : 1));
}

static bool _is_cloud(const slurmconf_line_t *line, const defaults_t *defaults)
{
	const char *state = _value(line, defaults, "State");

	for (; state && *state; state++) {
		if (!strncasecmp(state, "CLOUD", strlen("CLOUD")))
			return true;
	}
	return false;
}

/*
 * A node that was never up has the sockets of slurm.conf. Where these are not
 * those of its profile, Slurm finds no CPUs beside its devices: it refuses
 * every job that asks for them ("Requested node configuration is not
 * available", testsuite/system/21-cloud.t).
 */
static void _check_cloud(audit_t *audit, const expansion_t *expansion,
			 const defaults_t *defaults)
{
	unsigned long sockets = _sockets(expansion->line, defaults);

	if (!audit->neuron || !_is_cloud(expansion->line, defaults))
		return;
	for (uint32_t i = 0; i < expansion->nodes.count; i++) {
		const char *name = expansion->nodes.names[i];
		int index = conf_node_index(audit->neuron, name);
		const profile_t *profile;
		char right[128];

		if (index < 0)
			continue;
		profile =
			conf_node_profile(audit->neuron, (unsigned int) index);
		if (sockets == profile_sockets(profile))
			continue;
		(void) snprintf(
			right, sizeof(right),
			"Sockets=%u CoresPerSocket=%u ThreadsPerCore=%u",
			profile_sockets(profile),
			profile_cores_per_socket(profile),
			profile_threads_per_core(profile));
		audit_add_node(
			audit,
			audit_at(AUDIT_ERROR, "cloud-sockets", expansion->line,
				 NULL),
			name, right,
			"State=CLOUD with %lu sockets, as Slurm reads the line, and a %s has %u: until it is up Slurm refuses every job that asks for its devices",
			sockets, profile_name(profile),
			profile_sockets(profile));
	}
	audit_flush_nodes(audit);
}

static void _take_node_line(audit_t *audit, const slurmconf_line_t *line,
			    const defaults_t *defaults)
{
	expansion_t expansion = {.audit = audit,
				 .line = line,
				 .gres = _value(line, defaults, "Gres")};

	if (audit->source->expand(line->pairs[0].value, _take_node,
				  &expansion) &&
	    !audit->failed)
		audit_add(audit,
			  audit_at(AUDIT_ERROR, "slurm-conf", line, NULL), NULL,
			  "NodeName=%.100s: this is no list of nodes",
			  line->pairs[0].value);
	if (!audit->failed) {
		_check_gres(audit, &expansion);
		_check_cpus(audit, &expansion, defaults);
		_check_cloud(audit, &expansion, defaults);
	}
	audit_nodes_release(&expansion.nodes);
}

/* Nodes of neuron.conf that slurm.conf does not know, for each line */
static void _check_known(audit_t *audit)
{
	unsigned int count = audit->neuron ? conf_node_count(audit->neuron) : 0;
	audit_nodes_t unknown = {.count = 0};

	for (unsigned int i = 0; i < count; i++) {
		const char *name = conf_node_name(audit->neuron, i);
		const char *next = conf_node_name(audit->neuron, i + 1);
		unsigned int line = conf_node_line(audit->neuron, name);
		char *list;

		if (names_find(audit->names, name) == NAMES_NONE)
			audit_nodes_add(audit, &unknown, name);
		if (!unknown.count ||
		    (next && conf_node_line(audit->neuron, next) == line))
			continue;
		list = audit_list(audit, unknown.names, unknown.count);
		if (list)
			audit_add(
				audit,
				(audit_place_t){AUDIT_ERROR, "node-unknown",
						audit->source->neuron_conf,
						line},
				NULL,
				"NodeName=%s: slurm.conf has no such node; name it there, or take it out here",
				list);
		free(list);
		unknown.count = 0;
	}
	audit_nodes_release(&unknown);
}

/*
 * Partitions
 */

static int _look_for_neuron(const char *name, void *arg)
{
	expansion_t *expansion = arg;

	if (conf_node_index(expansion->audit->neuron, name) < 0)
		return 0;
	audit_nodes_add(expansion->audit, &expansion->nodes, name);
	return -1;
}

static bool _has_neuron_nodes(audit_t *audit, const char *nodes,
			      unsigned int depth);

/* A partition may name sets of nodes */
static bool _is_set_with_neuron(audit_t *audit, const char *name,
				unsigned int depth)
{
	const slurmconf_line_t *line;

	for (uint32_t i = 0; (line = slurmconf_line(audit->slurm, i)); i++) {
		if (slurmconf_begins(line, "NodeSet") &&
		    slurmconf_list_has(name, line->pairs[0].value) &&
		    _has_neuron_nodes(audit, slurmconf_of_line(line, "Nodes"),
				      depth + 1))
			return true;
	}
	return false;
}

static bool _has_neuron_nodes(audit_t *audit, const char *nodes,
			      unsigned int depth)
{
	expansion_t expansion = {.audit = audit};
	bool found;

	if (!nodes || depth > 1)
		return false;
	if (slurmconf_list_has(nodes, "ALL"))
		return conf_node_count(audit->neuron) > 0;
	(void) audit->source->expand(nodes, _look_for_neuron, &expansion);
	found = expansion.nodes.count;
	audit_nodes_release(&expansion.nodes);
	return found || _is_set_with_neuron(audit, nodes, depth);
}

static bool _is(const char *value, const char *word)
{
	return value && !strncasecmp(value, word, strlen(word));
}

static void _take_partition_line(audit_t *audit, const slurmconf_line_t *line,
				 const defaults_t *defaults)
{
	char right[256];

	if (_is(_value(line, defaults, "ExclusiveUser"), "YES") ||
	    _is(_value(line, defaults, "OverSubscribe"), "EXCLUSIVE") ||
	    !_has_neuron_nodes(audit, _value(line, defaults, "Nodes"), 0))
		return;
	(void) snprintf(right, sizeof(right),
			"PartitionName=%.100s ... ExclusiveUser=YES",
			line->pairs[0].value);
	audit_add(
		audit, audit_at(AUDIT_WARNING, "exclusive-user", line, NULL),
		right,
		"PartitionName=%.100s: jobs of several users can share a node, where a process that can open one Trainium device can reach all memory (AWS Neuron documentation, security)",
		line->pairs[0].value);
}

extern void audit_nodes(audit_t *audit)
{
	if (!audit->slurm)
		return;
	_walk_lines(audit, "NodeName", _take_node_line);
	if (audit->failed || !audit->neuron)
		return;
	_check_known(audit);
	_walk_lines(audit, "PartitionName", _take_partition_line);
}
