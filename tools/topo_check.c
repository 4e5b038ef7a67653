/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo check: is the configuration right? */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "hosts.h"
#include "running.h"
#include "topo.h"

#include "lib/audit.h"

#define SOURCES_MAX 256

typedef struct {
	const char *profile_directory;
	const char *probes[SOURCES_MAX];
	unsigned int probe_count;
	bool offline;
	bool strict;
	bool json;
} wish_t;

/* What a check is made from */
typedef struct {
	char *directory;
	catalog_t *catalog;
	inventory_t *machines;
	running_t *running;
} parts_t;

static int _check(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_check = {
	.name = "check",
	.arguments = "[OPTION...]",
	.help = "whether the configuration is right, and fits slurmctld and the machines",
	.details =
		"  --offline           look at the files only\n"
		"  --probes FILE       output of probe --json of nodes; may be repeated\n"
		"  --profile-dir DIR   where profiles are, unless neuron.conf says it\n"
		"  --strict            warnings count as errors\n"
		"  --json\n"
		"\n"
		"The files are neuron.conf and those of Slurm beside it. Exit status 3: there are\n"
		"errors.\n",
	.run = _check,
};

static void _print(const audit_t *audit)
{
	const audit_finding_t *finding;

	for (uint32_t i = 0; (finding = audit_finding(audit, i)); i++) {
		const char *at = finding->right;

		if (finding->file[0] && finding->line)
			printf("%s:%u: ", finding->file, finding->line);
		else if (finding->file[0])
			printf("%s: ", finding->file);
		printf("%s: %s [%s]\n", audit_level_name(finding->level),
		       finding->text, finding->id);
		while (*at) {
			size_t length = strcspn(at, "\n");

			printf("    %.*s\n", (int) length, at);
			at += length + (at[length] == '\n');
		}
	}
	printf("%u errors, %u warnings, %u hints\n",
	       audit_count(audit, AUDIT_ERROR),
	       audit_count(audit, AUDIT_WARNING),
	       audit_count(audit, AUDIT_HINT));
}

static json_object *_json_finding(const audit_finding_t *finding)
{
	json_object *one = json_object_new_object();

	json_object_object_add(
		one, "level",
		json_object_new_string(audit_level_name(finding->level)));
	json_object_object_add(one, "id", json_object_new_string(finding->id));
	if (finding->file[0])
		json_object_object_add(one, "file",
				       json_object_new_string(finding->file));
	if (finding->line)
		json_object_object_add(
			one, "line", json_object_new_int((int) finding->line));
	json_object_object_add(one, "text",
			       json_object_new_string(finding->text));
	if (finding->right[0])
		json_object_object_add(one, "right",
				       json_object_new_string(finding->right));
	return one;
}

static json_object *_json(const audit_t *audit)
{
	json_object *all = json_object_new_object();
	json_object *list = json_object_new_array();
	const audit_finding_t *finding;

	for (uint32_t i = 0; (finding = audit_finding(audit, i)); i++)
		json_object_array_add(list, _json_finding(finding));
	json_object_object_add(all, "format",
			       json_object_new_string("neuron-topo-check-1"));
	for (int level = AUDIT_ERROR; level >= AUDIT_HINT; level--) {
		char key[16];

		snprintf(key, sizeof(key), "%ss", audit_level_name(level));
		json_object_object_add(
			all, key,
			json_object_new_int((int) audit_count(audit, level)));
	}
	json_object_object_add(all, "findings", list);
	return all;
}

static int _tell(const wish_t *wish, const audit_t *audit)
{
	int rc = TOPO_GOOD;

	if (audit_count(audit, AUDIT_ERROR) ||
	    (wish->strict && audit_count(audit, AUDIT_WARNING)))
		rc = TOPO_DIFFERENT;
	if (!wish->json)
		_print(audit);
	else if (topo_print_json(&topo_check, _json(audit)))
		rc = TOPO_BAD;
	return rc;
}

static int _read_machines(const wish_t *wish, parts_t *parts,
			  neuron_error_t *err)
{
	if (!wish->probe_count)
		return 0;
	parts->catalog = catalog_read(wish->profile_directory, err);
	if (parts->catalog)
		parts->machines = inventory_create(parts->catalog, err);
	if (!parts->machines)
		return -1;
	for (unsigned int i = 0; i < wish->probe_count; i++) {
		size_t length;
		char *text = files_read(wish->probes[i], INVENTORY_FILE_MAX,
					&length, err);
		int rc = text ? inventory_add_probes(parts->machines, text,
						     length, wish->probes[i],
						     err)
			      : -1;

		free(text);
		if (rc)
			return -1;
	}
	return inventory_finish(parts->machines, hosts_fold, err);
}

static int _read(const topo_t *topo, const wish_t *wish, parts_t *parts,
		 neuron_error_t *err)
{
	parts->directory = files_directory(topo->config);
	if (!parts->directory)
		return neuron_error_set(err, ENOMEM, "out of memory");
	if (_read_machines(wish, parts, err))
		return -1;
	if (wish->offline)
		return 0;
	if ((parts->running = running_load(err)) || (errno != ENOENT))
		return parts->running ? 0 : -1;
	fprintf(stderr, "neuron-topo check: %s; only files are checked\n",
		err->text);
	return 0;
}

static int _run(const topo_t *topo, const wish_t *wish)
{
	parts_t parts = {.directory = NULL};
	neuron_error_t err;
	audit_t *audit = NULL;
	int rc;

	if (!_read(topo, wish, &parts, &err)) {
		const audit_source_t source = {
			.directory = parts.directory,
			.neuron_conf = topo->config,
			.profile_directory = wish->profile_directory,
			.plugin_directory = SLURM_PLUGINDIR,
			.version_rules = NEURON_VERSIONS_FILE,
			.expand = hosts_expand,
			.fold = hosts_fold,
			.running = parts.running ? running_get(parts.running)
						 : NULL,
			.machines = parts.machines,
		};

		audit = audit_create(&source, &err);
	}
	rc = audit ? _tell(wish, audit) : topo_fail(&topo_check, &err);
	audit_destroy(audit);
	running_free(parts.running);
	inventory_destroy(parts.machines);
	catalog_destroy(parts.catalog);
	free(parts.directory);
	return rc;
}

static int _option(wish_t *wish, int option)
{
	if (option == 'o') {
		wish->offline = true;
	} else if (option == 's') {
		wish->strict = true;
	} else if (option == 'j') {
		wish->json = true;
	} else if (option == 'P') {
		wish->profile_directory = optarg;
	} else if ((option == 'p') && (wish->probe_count < SOURCES_MAX)) {
		wish->probes[wish->probe_count++] = optarg;
	} else {
		return -1;
	}
	return 0;
}

static int _check(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"offline", no_argument, NULL, 'o'},
		{"probes", required_argument, NULL, 'p'},
		{"profile-dir", required_argument, NULL, 'P'},
		{"strict", no_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	wish_t wish = {.profile_directory = NEURON_PROFILE_DIR};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if ((option == 'h') || _option(&wish, option)) {
			topo_usage(&topo_check,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind == argc)
		return _run(topo, &wish);
	topo_usage(&topo_check, stderr);
	return TOPO_USAGE;
}
