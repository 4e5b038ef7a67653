/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define SENTENCE_MAX 1024

static char *_copy(check_t *check, const char *text)
{
	char *copy = malloc(strlen(text) + 1);

	if (!copy) {
		check->failed = true;
		return NULL;
	}
	return strcpy(copy, text);
}

static bool _reserve(check_t *check)
{
	uint32_t room = check->room ? 2 * check->room : 32;
	check_finding_t *findings;

	if (check->count < check->room)
		return true;
	findings = realloc(check->findings, room * sizeof(*findings));
	if (!findings) {
		check->failed = true;
		return false;
	}
	check->findings = findings;
	check->room = room;
	return true;
}

extern void check_add(check_t *check, check_place_t place, const char *right,
		      const char *fmt, ...)
{
	check_finding_t finding = {
		.level = place.level, .id = place.id, .line = place.line};
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	finding.file = _copy(check, place.file ? place.file : "");
	finding.text = _copy(check, text);
	finding.right = _copy(check, right ? right : "");
	if (finding.file && finding.text && finding.right && _reserve(check)) {
		check->findings[check->count++] = finding;
		return;
	}
	free((char *) finding.file);
	free((char *) finding.text);
	free((char *) finding.right);
}

extern check_place_t check_at(check_level_t level, const char *id,
			      const slurmconf_line_t *line, const char *file)
{
	if (line)
		return (check_place_t){level, id, line->file, line->line};
	return (check_place_t){level, id, file, 0};
}

extern char *check_list(check_t *check, const char *const *names,
			uint32_t count)
{
	char *list = check->source->fold(names, count);

	if (!list) {
		check->failed = true;
		return NULL;
	}
	if (strlen(list) > CHECK_LIST_MAX)
		strcpy(list + CHECK_LIST_MAX - 3, "...");
	return list;
}

extern void check_nodes_add(check_t *check, check_nodes_t *nodes,
			    const char *name)
{
	if (nodes->count == nodes->room) {
		uint32_t room = nodes->room ? 2 * nodes->room : 16;
		const char **names =
			realloc(nodes->names, room * sizeof(*names));

		if (!names) {
			check->failed = true;
			return;
		}
		nodes->names = names;
		nodes->room = room;
	}
	nodes->names[nodes->count++] = name;
}

extern void check_nodes_release(check_nodes_t *nodes)
{
	free(nodes->names);
	*nodes = (check_nodes_t){.count = 0};
}

static char *_path(check_t *check, const char *name)
{
	text_t text = {.length = 0};
	char *path;

	text_add(&text, "%s/%s", check->source->directory, name);
	path = text_take(&text);
	check->failed |= !path;
	return path;
}

/* A file that need not be there */
static slurmconf_t *_read_optional(check_t *check, const char *path,
				   const char *id)
{
	neuron_error_t err;
	slurmconf_t *conf = slurmconf_read(path, &err);

	if (conf || errno == ENOENT)
		return conf;
	if (errno == ENOMEM)
		check->failed = true;
	else
		check_add(check, (check_place_t){CHECK_ERROR, id, path, 0},
			  NULL, "%s", err.text);
	return NULL;
}

static void _read_neuron(check_t *check)
{
	const check_source_t *source = check->source;
	neuron_error_t err;

	check->neuron =
		conf_read(source->neuron_conf, source->profile_directory,
			  source->expand, &err);
	if (check->neuron)
		return;
	if (errno == ENOMEM)
		check->failed = true;
	else
		check_add(check,
			  (check_place_t){CHECK_ERROR, "neuron-conf",
					  source->neuron_conf, 0},
			  NULL, "%s", err.text);
}

static void _read(check_t *check)
{
	neuron_error_t err;

	check->slurm_path = _path(check, "slurm.conf");
	check->gres_path = _path(check, "gres.conf");
	check->cgroup_path = _path(check, "cgroup.conf");
	check->topology_path = _path(check, "topology.conf");
	check->yaml_path = _path(check, "topology.yaml");
	check->names = names_create();
	check->failed |= !check->names;
	if (check->failed)
		return;
	check->slurm = slurmconf_read(check->slurm_path, &err);
	if (!check->slurm && errno == ENOMEM)
		check->failed = true;
	else if (!check->slurm)
		check_add(check,
			  (check_place_t){CHECK_ERROR, "slurm-conf",
					  check->slurm_path, 0},
			  NULL, "%s", err.text);
	check->gres = _read_optional(check, check->gres_path, "gres-conf");
	check->cgroup =
		_read_optional(check, check->cgroup_path, "cgroup-conf");
	_read_neuron(check);
}

extern check_t *check_create(const check_source_t *source, neuron_error_t *err)
{
	check_t *check = calloc(1, sizeof(*check));

	if (check) {
		check->source = source;
		_read(check);
	}
	if (check && !check->failed) {
		if (check->slurm)
			check_slurm(check);
		check_nodes(check);
		check_files(check);
		check_plugins(check);
		if (source->running)
			check_running(check);
		if (source->machines && check->neuron)
			check_machines(check);
	}
	if (check && !check->failed)
		return check;
	check_destroy(check);
	neuron_error_set(err, ENOMEM, "out of memory");
	return NULL;
}

extern void check_destroy(check_t *check)
{
	int errnum = errno;

	if (!check)
		return;
	for (uint32_t i = 0; i < check->count; i++) {
		free((char *) check->findings[i].file);
		free((char *) check->findings[i].text);
		free((char *) check->findings[i].right);
	}
	free(check->findings);
	conf_destroy(check->neuron);
	slurmconf_destroy(check->slurm);
	slurmconf_destroy(check->gres);
	slurmconf_destroy(check->cgroup);
	free(check->slurm_path);
	free(check->gres_path);
	free(check->cgroup_path);
	free(check->topology_path);
	free(check->yaml_path);
	names_destroy(check->names);
	free(check->named);
	free(check);
	errno = errnum;
}

extern const check_finding_t *check_finding(const check_t *check,
					    uint32_t index)
{
	return (index < check->count) ? &check->findings[index] : NULL;
}

extern uint32_t check_count(const check_t *check, check_level_t level)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < check->count; i++)
		count += (check->findings[i].level == level);
	return count;
}

extern const char *check_level_name(check_level_t level)
{
	static const char *const names[] = {
		[CHECK_HINT] = "hint",
		[CHECK_WARNING] = "warning",
		[CHECK_ERROR] = "error",
	};

	return names[level];
}
