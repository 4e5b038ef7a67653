/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gres.conf, topology.conf, topology.yaml and the plugins */
#include "audit_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "elfsym.h"
#include "fabric.h"
#include "file.h"
#include "text.h"
#include "topoyaml.h"

/*
 * gres.conf
 */

static void _check_gres_line(audit_t *audit, const slurmconf_line_t *line)
{
	static const char *const keys[] = {"Links",         "File",
					   "MultipleFiles", "AutoDetect",
					   "Cores",         "Count"};
	static const char *const ids[] = {"gres-conf-links", "gres-conf-file",
					  "gres-conf-file",  "gres-conf-auto",
					  "gres-conf-cores", "gres-conf-count"};
	const char *name = slurmconf_of_line(line, "Name");

	if (!name || (strcasecmp(name, "neuron") && strcasecmp(name, "efa")))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = slurmconf_of_line(line, keys[i]);

		if (!value)
			continue;
		audit_add(
			audit, audit_at(AUDIT_ERROR, ids[i], line, NULL), NULL,
			"Name=%s %s=%.100s: slurmd finds the devices itself and this contradicts it; remove the line",
			name, keys[i], value);
		return;
	}
	audit_add(audit, audit_at(AUDIT_HINT, "gres-conf-line", line, NULL),
		  NULL, "Name=%s: the line is not needed; remove it", name);
}

static void _check_gres_conf(audit_t *audit)
{
	const slurmconf_line_t *line;

	for (uint32_t i = 0; (line = slurmconf_line(audit->gres, i)); i++) {
		const char *detect = slurmconf_of_line(line, "AutoDetect");

		if (detect && !strcasecmp(detect, "nrt"))
			audit_add(
				audit,
				audit_at(AUDIT_ERROR, "gres-conf-auto", line,
					 NULL),
				NULL,
				"AutoDetect=nrt: that plugin shows the devices as gpu, without EFA interfaces and with Links that make the choice worse; remove it");
		else
			_check_gres_line(audit, line);
	}
}

/*
 * Topology
 */

static void _check_yaml(audit_t *audit)
{
	neuron_error_t err;
	char *text = file_read(audit->yaml_path, FABRIC_FILE_MAX, NULL, &err);
	char *conf;

	if (!text && errno == ENOENT)
		return;
	conf = text ? topoyaml_to_conf(text, audit->yaml_path, &err) : NULL;
	audit->failed |= (!conf && errno == ENOMEM);
	audit_add(
		audit,
		(audit_place_t){AUDIT_ERROR, "topology-yaml", audit->yaml_path,
				0},
		conf,
		"where this file is, Slurm loads only its own topology plugins; write topology.conf and remove it%s%s",
		conf ? "" : ": ", conf ? "" : err.text);
	free(text);
	free(conf);
}

static int _lookup(const char *name, void *arg)
{
	const audit_t *audit = arg;
	uint32_t number = names_find(audit->names, name);

	return (number == NAMES_NONE) ? -1 : (int) number;
}

/* "flat", "tree" or "block" of slurm.conf */
static bool _base_is(const audit_t *audit, const char *base)
{
	const char *param =
		slurmconf_value(audit->slurm, "TopologyParam", NULL);
	char word[32];

	(void) snprintf(word, sizeof(word), "neuron_base=%s", base);
	return slurmconf_list_has(param, word);
}

static void _check_ultraserver(audit_t *audit, fabric_t *fabric,
			       const conf_ultraserver_t *us)
{
	uint32_t members[CONF_ULTRASERVER_MEMBERS_MAX];
	audit_place_t place = {AUDIT_ERROR, "ultraserver",
			       audit->source->neuron_conf, us->line};
	int first = conf_node_index(audit->neuron, us->members[0]);
	unsigned int size = profile_ultraserver_size(
		conf_node_profile(audit->neuron, (unsigned int) first));
	neuron_error_t err;

	for (unsigned int i = 0; i < us->member_count; i++) {
		members[i] = names_find(audit->names, us->members[i]);
		if (members[i] == NAMES_NONE)
			return; /* told as an unknown node */
	}
	if (fabric_add_ultraserver(fabric, us->name, members, us->member_count,
				   us->pairs, us->pair_count, &err)) {
		audit->failed |= (errno == ENOMEM);
		audit_add(audit, place, NULL, "%s", err.text);
	} else if (us->member_count < size) {
		place.level = AUDIT_HINT;
		place.id = "ultraserver-partial";
		audit_add(
			audit, place, NULL,
			"UltraServerName=%s has %u nodes; with all its %u instances the ring is closed",
			us->name, us->member_count, size);
	}
}

/* Nodes that no switch has; jobs with them have one node */
static void _check_leaves(audit_t *audit, const fabric_t *fabric)
{
	unsigned int count = conf_node_count(audit->neuron);
	audit_nodes_t single = {.count = 0};
	char *list = NULL;

	for (unsigned int i = 0; i < count; i++) {
		const char *name = conf_node_name(audit->neuron, i);
		uint32_t node = names_find(audit->names, name);

		if (node != NAMES_NONE && fabric_node_group(fabric, node) < 0)
			audit_nodes_add(audit, &single, name);
	}
	if (single.count)
		list = audit_list(audit, single.names, single.count);
	if (list)
		audit_add(audit,
			  (audit_place_t){AUDIT_WARNING, "node-no-switch",
					  audit->topology_path, 0},
			  NULL,
			  "%s: no switch has it; jobs there have one node",
			  list);
	free(list);
	audit_nodes_release(&single);
}

static void _check_fabric(audit_t *audit, char *text)
{
	fabric_source_t source = {
		.text = text,
		.origin = audit->topology_path,
		.ultraserver_glob = conf_ultraserver_glob(audit->neuron),
		.expand = audit->source->expand,
		.lookup = _lookup,
		.lookup_arg = audit,
		.node_count = names_count(audit->names),
	};
	conf_ultraserver_t us;
	neuron_error_t err;
	fabric_t *fabric = fabric_create(&source, &err);

	if (!fabric) {
		audit->failed |= (errno == ENOMEM);
		audit_add_sentence(audit,
				   (audit_place_t){AUDIT_ERROR, "topology-conf",
						   audit->topology_path, 0},
				   err.text);
		return;
	}
	for (unsigned int i = 0; !conf_ultraserver(audit->neuron, i, &us); i++)
		_check_ultraserver(audit, fabric, &us);
	if (fabric_finish(fabric, &err))
		audit->failed = true;
	else if (text)
		_check_leaves(audit, fabric);
	fabric_destroy(fabric);
}

static void _check_topology(audit_t *audit)
{
	bool flat = _base_is(audit, "flat");
	neuron_error_t err;
	char *text =
		file_read(audit->topology_path, FABRIC_FILE_MAX, NULL, &err);
	audit_place_t place = {AUDIT_WARNING, "topology-conf",
			       audit->topology_path, 0};

	audit->failed |= (!text && errno == ENOMEM);
	if (!text && errno != ENOENT && errno != ENOMEM)
		audit_add_sentence(audit, place, err.text);
	if (text && flat)
		audit_add(
			audit, place, NULL,
			"TopologyParam=neuron_base=flat: this file is not read; take that out, or remove the file");
	else if (!text && !flat)
		audit_add(
			audit, place, "TopologyParam=neuron_base=flat",
			"there is no such file; without switches slurm.conf must say so");
	if (audit->neuron && !audit->failed)
		_check_fabric(audit, flat ? NULL : text);
	free(text);
}

extern void audit_files(audit_t *audit)
{
	_check_gres_conf(audit);
	_check_yaml(audit);
	if (audit->slurm)
		_check_topology(audit);
}

/*
 * Plugins
 */

#define VERSION_MAX 16
#define PATH_SIZE 4096

/* Slurm's own, of each release; ours stand on it */
#define STOCK "select_cons_tres"

static void _version_text(uint32_t version, char *text)
{
	(void) snprintf(text, VERSION_MAX, "%u.%02u.%u", version >> 16 & 0xff,
			version >> 8 & 0xff, version & 0xff);
}

static const char *_plugin_directory(const audit_t *audit)
{
	const audit_running_t *running = audit->source->running;
	const char *set = slurmconf_value(audit->slurm, "PluginDir", NULL);

	if (running && running->plugin_dir)
		return running->plugin_dir;
	return set ? set : audit->source->plugin_directory;
}

/*
 * The release of a plugin in a list of directories.
 * OUT path - where it is, or the last place where it was looked for.
 * RET 0; -1 with errno.
 */
static int _plugin_version(const char *directories, const char *name,
			   char *path, uint32_t *version, neuron_error_t *err)
{
	int rc = neuron_error_set(err, ENOENT, "no directory is named");

	path[0] = '\0';
	while (*directories) {
		size_t length = strcspn(directories, ":");

		(void) snprintf(path, PATH_SIZE, "%.*s/%s.so", (int) length,
				directories, name);
		directories += length + (directories[length] == ':');
		rc = elfsym_u32(path, "plugin_version", version, err);
		if (!rc || errno != ENOENT)
			break;
	}
	return rc;
}

/* The release that plugins must have. RET false: not known */
static bool _wanted_version(const audit_t *audit, const char *directories,
			    char *text)
{
	const audit_running_t *running = audit->source->running;
	unsigned int major, minor, micro;
	char path[PATH_SIZE];
	uint32_t version;

	if (running && running->version &&
	    sscanf(running->version, "%3u.%3u.%3u", &major, &minor, &micro) ==
		    3) {
		_version_text(major << 16 | minor << 8 | micro, text);
		return true;
	}
	if (_plugin_version(directories, STOCK, path, &version, NULL))
		return false;
	_version_text(version, text);
	return true;
}

static void _check_plugin(audit_t *audit, const char *directories,
			  const char *name, const char *wanted)
{
	char path[PATH_SIZE], text[VERSION_MAX];
	audit_place_t place = {AUDIT_ERROR, "plugin-version", path, 0};
	neuron_error_t err;
	uint32_t version;

	if (_plugin_version(directories, name, path, &version, &err)) {
		bool missing = (errno == ENOENT);

		place.id = missing ? "plugin-missing" : "plugin";
		place.file = missing ? audit->slurm_path : path;
		audit_add(
			audit, place, NULL,
			"PluginDir=%.200s: %s%s%.200s; install it or add its directory",
			directories, missing ? name : "",
			missing ? ".so is not there" : "",
			missing ? "" : err.text);
		return;
	}
	_version_text(version, text);
	if (wanted && strcmp(text, wanted))
		audit_add(
			audit, place, NULL,
			"built for Slurm %s, but Slurm here is %s; build the plugins with its source (doc/build.md)",
			text, wanted);
}

extern void audit_plugins(audit_t *audit)
{
	static const char *const names[] = {
		"topology_neuron", "select_neuron",     "gres_neuron",
		"gres_efa",        "job_submit_neuron",
	};
	const char *directories = _plugin_directory(audit);
	char wanted[VERSION_MAX];
	bool known = directories && _wanted_version(audit, directories, wanted);

	for (size_t i = 0; directories && i < sizeof(names) / sizeof(names[0]);
	     i++)
		_check_plugin(audit, directories, names[i],
			      known ? wanted : NULL);
}
