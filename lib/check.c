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

/*
 * Findings about nodes
 */

struct check_pending {
	check_place_t place;
	const char *name;
	uint32_t order;
	char *text;
	char *right; /* NULL: not known */
};

static void _free_pending(check_t *check)
{
	for (uint32_t i = 0; i < check->pending_count; i++) {
		free(check->pending[i].text);
		free(check->pending[i].right);
	}
	check->pending_count = 0;
}

extern void check_add_node(check_t *check, check_place_t place,
			   const char *name, const char *right, const char *fmt,
			   ...)
{
	check_pending_t pending = {
		.place = place, .name = name, .order = check->pending_count};
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (check->pending_count == check->pending_room) {
		uint32_t room =
			check->pending_room ? 2 * check->pending_room : 32;
		check_pending_t *grown =
			realloc(check->pending, room * sizeof(*grown));

		if (!grown) {
			check->failed = true;
			return;
		}
		check->pending = grown;
		check->pending_room = room;
	}
	pending.text = _copy(check, text);
	pending.right = right ? _copy(check, right) : NULL;
	if (pending.text && (!right || pending.right))
		check->pending[check->pending_count++] = pending;
	else
		free(pending.text);
}

static int _compare_pending(const check_pending_t *a, const check_pending_t *b)
{
	int order = strcmp(a->place.id, b->place.id);

	if (order)
		return order;
	if (a->place.line != b->place.line)
		return (a->place.line > b->place.line) ? 1 : -1;
	order = strcmp(a->text, b->text);
	return order ? order
		     : strcmp(a->right ? a->right : "",
			      b->right ? b->right : "");
}

static int _sort_pending(const void *a, const void *b)
{
	const check_pending_t *x = a, *y = b;
	int order = _compare_pending(x, y);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Findings of a run that differ in their nodes only */
static void _flush_run(check_t *check, const check_pending_t *run,
		       uint32_t count)
{
	check_nodes_t nodes = {.count = 0};
	text_t right = {.length = 0};
	char *list;

	for (uint32_t i = 0; i < count; i++)
		check_nodes_add(check, &nodes, run[i].name);
	list = check_list(check, nodes.names, nodes.count);
	if (list && run->right)
		text_add(&right, "NodeName=%s %s", list, run->right);
	if (list)
		check_add(check, run->place, right.text, "%s: %s", list,
			  run->text);
	check->failed |= right.failed;
	text_release(&right);
	free(list);
	check_nodes_release(&nodes);
}

extern void check_flush_nodes(check_t *check)
{
	uint32_t count = check->pending_count;

	if (count)
		qsort(check->pending, count, sizeof(*check->pending),
		      _sort_pending);
	for (uint32_t i = 0, end; i < count; i = end) {
		for (end = i + 1;
		     end < count && !_compare_pending(&check->pending[i],
						      &check->pending[end]);)
			end++;
		_flush_run(check, &check->pending[i], end - i);
	}
	_free_pending(check);
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
	_free_pending(check);
	free(check->pending);
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
