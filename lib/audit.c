/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "audit_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define SENTENCE_MAX 1024

static char *_copy(audit_t *audit, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	if (!copy) {
		audit->failed = true;
		return NULL;
	}
	return memcpy(copy, text, size);
}

static bool _reserve(audit_t *audit)
{
	uint32_t room = audit->room ? 2 * audit->room : 32;
	audit_finding_t *findings;

	if (audit->count < audit->room)
		return true;
	findings = realloc(audit->findings, room * sizeof(*findings));
	if (!findings) {
		audit->failed = true;
		return false;
	}
	audit->findings = findings;
	audit->room = room;
	return true;
}

extern void audit_add(audit_t *audit, audit_place_t place, const char *right,
		      const char *fmt, ...)
{
	audit_finding_t finding = {
		.level = place.level, .id = place.id, .line = place.line};
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	finding.file = _copy(audit, place.file ? place.file : "");
	finding.text = _copy(audit, text);
	finding.right = _copy(audit, right ? right : "");
	if (finding.file && finding.text && finding.right && _reserve(audit)) {
		audit->findings[audit->count++] = finding;
		return;
	}
	free((char *) finding.file);
	free((char *) finding.text);
	free((char *) finding.right);
}

/*
 * Findings about nodes
 */

struct audit_pending {
	audit_place_t place;
	const char *name;
	uint32_t order;
	char *text;
	char *right; /* NULL: not known */
};

static void _free_pending(audit_t *audit)
{
	for (uint32_t i = 0; i < audit->pending_count; i++) {
		free(audit->pending[i].text);
		free(audit->pending[i].right);
	}
	audit->pending_count = 0;
}

extern void audit_add_node(audit_t *audit, audit_place_t place,
			   const char *name, const char *right, const char *fmt,
			   ...)
{
	audit_pending_t pending = {
		.place = place, .name = name, .order = audit->pending_count};
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (audit->pending_count == audit->pending_room) {
		uint32_t room =
			audit->pending_room ? 2 * audit->pending_room : 32;
		audit_pending_t *grown =
			realloc(audit->pending, room * sizeof(*grown));

		if (!grown) {
			audit->failed = true;
			return;
		}
		audit->pending = grown;
		audit->pending_room = room;
	}
	pending.text = _copy(audit, text);
	pending.right = right ? _copy(audit, right) : NULL;
	if (pending.text && (!right || pending.right)) {
		audit->pending[audit->pending_count++] = pending;
		return;
	}
	free(pending.text);
	free(pending.right);
}

static int _compare_pending(const audit_pending_t *a, const audit_pending_t *b)
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
	const audit_pending_t *x = a, *y = b;
	int order = _compare_pending(x, y);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Findings of a run that differ in their nodes only */
static void _flush_run(audit_t *audit, const audit_pending_t *run,
		       uint32_t count)
{
	audit_nodes_t nodes = {.count = 0};
	text_t right = {.length = 0};
	char *list;

	for (uint32_t i = 0; i < count; i++)
		audit_nodes_add(audit, &nodes, run[i].name);
	list = audit_list(audit, nodes.names, nodes.count);
	if (list && run->right)
		text_add(&right, "NodeName=%s %s", list, run->right);
	if (list)
		audit_add(audit, run->place, right.text, "%s: %s", list,
			  run->text);
	audit->failed |= right.failed;
	text_release(&right);
	free(list);
	audit_nodes_release(&nodes);
}

extern void audit_flush_nodes(audit_t *audit)
{
	uint32_t count = audit->pending_count;

	if (count)
		qsort(audit->pending, count, sizeof(*audit->pending),
		      _sort_pending);
	for (uint32_t i = 0, end; i < count; i = end) {
		for (end = i + 1;
		     end < count && !_compare_pending(&audit->pending[i],
						      &audit->pending[end]);)
			end++;
		_flush_run(audit, &audit->pending[i], end - i);
	}
	_free_pending(audit);
}

/* "FILE:LINE: " in front; RET what follows, or NULL */
static const char *_split_place(const char *sentence, char *file, size_t size,
				unsigned int *line)
{
	for (const char *at = sentence; (at = strchr(at, ':')); at++) {
		char *end;
		unsigned long number = strtoul(at + 1, &end, 10);

		if (at[1] < '0' || at[1] > '9' || strncmp(end, ": ", 2))
			continue;
		(void) snprintf(file, size, "%.*s", (int) (at - sentence),
				sentence);
		*line = (unsigned int) number;
		return end + 2;
	}
	return NULL;
}

extern void audit_add_sentence(audit_t *audit, audit_place_t place,
			       const char *sentence)
{
	size_t length = strlen(place.file);
	char file[SENTENCE_MAX];
	const char *rest =
		_split_place(sentence, file, sizeof(file), &place.line);

	if (rest && file[0] == '/') {
		place.file = file;
	} else {
		place.line = 0;
		rest = sentence;
		if (!strncmp(sentence, place.file, length) &&
		    !strncmp(sentence + length, ": ", 2))
			rest += length + 2;
	}
	audit_add(audit, place, NULL, "%s", rest);
}

extern audit_place_t audit_at(audit_level_t level, const char *id,
			      const slurmconf_line_t *line, const char *file)
{
	if (line)
		return (audit_place_t){level, id, line->file, line->line};
	return (audit_place_t){level, id, file, 0};
}

extern char *audit_list(audit_t *audit, const char *const *names,
			uint32_t count)
{
	char *list = audit->source->fold(names, count);

	if (!list) {
		audit->failed = true;
		return NULL;
	}
	if (strlen(list) > AUDIT_LIST_MAX)
		memcpy(list + AUDIT_LIST_MAX - 3, "...", sizeof("..."));
	return list;
}

extern void audit_nodes_add(audit_t *audit, audit_nodes_t *nodes,
			    const char *name)
{
	if (nodes->count == nodes->room) {
		uint32_t room = nodes->room ? 2 * nodes->room : 16;
		const char **names =
			realloc(nodes->names, room * sizeof(*names));

		if (!names) {
			audit->failed = true;
			return;
		}
		nodes->names = names;
		nodes->room = room;
	}
	nodes->names[nodes->count++] = name;
}

extern void audit_nodes_release(audit_nodes_t *nodes)
{
	free(nodes->names);
	*nodes = (audit_nodes_t){.count = 0};
}

static char *_path(audit_t *audit, const char *name)
{
	text_t text = {.length = 0};
	char *path;

	text_add(&text, "%s/%s", audit->source->directory, name);
	path = text_take(&text);
	audit->failed |= !path;
	return path;
}

/* A file that need not be there */
static slurmconf_t *_read_optional(audit_t *audit, const char *path,
				   const char *id)
{
	neuron_error_t err;
	slurmconf_t *conf = slurmconf_read(path, &err);

	if (conf || errno == ENOENT)
		return conf;
	if (errno == ENOMEM)
		audit->failed = true;
	else
		audit_add_sentence(audit,
				   (audit_place_t){AUDIT_ERROR, id, path, 0},
				   err.text);
	return NULL;
}

static void _read_neuron(audit_t *audit)
{
	const audit_source_t *source = audit->source;
	neuron_error_t err;

	audit->neuron =
		conf_read(source->neuron_conf, source->profile_directory,
			  source->expand, &err);
	if (audit->neuron)
		return;
	if (errno == ENOMEM)
		audit->failed = true;
	else
		audit_add_sentence(audit,
				   (audit_place_t){AUDIT_ERROR, "neuron-conf",
						   source->neuron_conf, 0},
				   err.text);
}

static void _read(audit_t *audit)
{
	neuron_error_t err;

	audit->slurm_path = _path(audit, "slurm.conf");
	audit->gres_path = _path(audit, "gres.conf");
	audit->cgroup_path = _path(audit, "cgroup.conf");
	audit->topology_path = _path(audit, "topology.conf");
	audit->yaml_path = _path(audit, "topology.yaml");
	audit->names = names_create();
	audit->failed |= !audit->names;
	if (audit->failed)
		return;
	audit->slurm = slurmconf_read(audit->slurm_path, &err);
	if (!audit->slurm && errno == ENOMEM)
		audit->failed = true;
	else if (!audit->slurm)
		audit_add_sentence(audit,
				   (audit_place_t){AUDIT_ERROR, "slurm-conf",
						   audit->slurm_path, 0},
				   err.text);
	audit->gres = _read_optional(audit, audit->gres_path, "gres-conf");
	audit->cgroup =
		_read_optional(audit, audit->cgroup_path, "cgroup-conf");
	_read_neuron(audit);
}

extern audit_t *audit_create(const audit_source_t *source, neuron_error_t *err)
{
	audit_t *audit = calloc(1, sizeof(*audit));

	if (audit) {
		audit->source = source;
		_read(audit);
	}
	if (audit && !audit->failed) {
		if (audit->slurm)
			audit_slurm(audit);
		audit_nodes(audit);
		audit_files(audit);
		audit_plugins(audit);
		if (source->running)
			audit_running(audit);
		if (source->machines && audit->neuron)
			audit_machines(audit);
		if (audit->neuron)
			audit_versions(audit);
	}
	if (audit && !audit->failed)
		return audit;
	audit_destroy(audit);
	neuron_error_set(err, ENOMEM, "out of memory");
	return NULL;
}

extern void audit_destroy(audit_t *audit)
{
	int errnum = errno;

	if (!audit)
		return;
	for (uint32_t i = 0; i < audit->count; i++) {
		free((char *) audit->findings[i].file);
		free((char *) audit->findings[i].text);
		free((char *) audit->findings[i].right);
	}
	free(audit->findings);
	_free_pending(audit);
	free(audit->pending);
	conf_destroy(audit->neuron);
	slurmconf_destroy(audit->slurm);
	slurmconf_destroy(audit->gres);
	slurmconf_destroy(audit->cgroup);
	free(audit->slurm_path);
	free(audit->gres_path);
	free(audit->cgroup_path);
	free(audit->topology_path);
	free(audit->yaml_path);
	names_destroy(audit->names);
	free(audit->named);
	free(audit);
	errno = errnum;
}

extern const audit_finding_t *audit_finding(const audit_t *audit,
					    uint32_t index)
{
	return (index < audit->count) ? &audit->findings[index] : NULL;
}

extern uint32_t audit_count(const audit_t *audit, audit_level_t level)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < audit->count; i++)
		count += (audit->findings[i].level == level);
	return count;
}

extern const char *audit_level_name(audit_level_t level)
{
	static const char *const names[] = {
		[AUDIT_HINT] = "hint",
		[AUDIT_WARNING] = "warning",
		[AUDIT_ERROR] = "error",
	};

	return names[level];
}
