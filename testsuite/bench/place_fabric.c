/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place_fabric.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay_csv.h"

/* Names that a bracket may mean, at most */
#define RANGE_MAX FABRIC_NODES_MAX
#define NAME_MAX_BYTES 256

/*
 * Names of nodes become numbers in the order of their first use
 */

typedef struct {
	struct hsearch_data table;
	char **names;
	uint32_t count;
} _names_t;

static int _open_names(_names_t *names)
{
	memset(names, 0, sizeof(*names));
	names->names = calloc(FABRIC_NODES_MAX, sizeof(*names->names));
	if (!names->names)
		return -1;
	return hcreate_r(2 * FABRIC_NODES_MAX, &names->table) ? 0 : -1;
}

static void _close_names(_names_t *names)
{
	hdestroy_r(&names->table);
	for (uint32_t i = 0; names->names && i < names->count; i++)
		free(names->names[i]);
	free(names->names);
}

/* RET the number of a name, a new one when needed; -1: no room */
static int _number_of(const char *name, void *arg)
{
	_names_t *names = arg;
	ENTRY *found, entry = {.key = (char *) name};

	if (hsearch_r(entry, FIND, &found, &names->table))
		return (int) (intptr_t) found->data;
	if (names->count == FABRIC_NODES_MAX || !(entry.key = strdup(name)))
		return -1;
	names->names[names->count] = entry.key;
	entry.data = (void *) (intptr_t) names->count;
	if (!hsearch_r(entry, ENTER, &found, &names->table)) {
		free(entry.key);
		return -1;
	}
	return (int) names->count++;
}

/*
 * Expressions like "a[1-3,07],b": one bracket a name, which is all that the
 * files of a benchmark need
 */

static int _each_in_range(const char *prefix, size_t length, const char *range,
			  const char *suffix, size_t suffix_length,
			  nodeset_each_t each, void *arg)
{
	char *end, name[NAME_MAX_BYTES];
	unsigned long first = strtoul(range, &end, 10), last = first;
	int width = (int) (end - range);

	if (end == range)
		return neuron_error_set(NULL, EINVAL, "no number");
	if (*end == '-') {
		range = end + 1;
		last = strtoul(range, &end, 10);
		if (end == range)
			return neuron_error_set(NULL, EINVAL, "no number");
	}
	if (last < first || last - first >= RANGE_MAX ||
	    (*end != ',' && *end != ']'))
		return neuron_error_set(NULL, EINVAL, "no range");
	for (; first <= last; first++) {
		if (snprintf(name, sizeof(name), "%.*s%0*lu%.*s", (int) length,
			     prefix, width, first, (int) suffix_length,
			     suffix) >= (int) sizeof(name))
			return neuron_error_set(NULL, EINVAL, "too long");
		if (each(name, arg) < 0)
			return -1;
	}
	return 0;
}

/* IN text - a name of an expression, which ends at a comma or at the end */
static int _each_of_name(const char *text, size_t length, nodeset_each_t each,
			 void *arg)
{
	const char *open = memchr(text, '[', length), *close;
	char name[NAME_MAX_BYTES];

	if (!open) {
		if (!length || length >= sizeof(name))
			return neuron_error_set(NULL, EINVAL, "no name");
		memcpy(name, text, length);
		name[length] = '\0';
		return each(name, arg);
	}
	close = memchr(open, ']', length - (size_t) (open - text));
	if (!close)
		return neuron_error_set(NULL, EINVAL, "no ]");
	for (const char *range = open; range < close;
	     range += strcspn(range, ",]")) {
		range++;
		if (_each_in_range(text, (size_t) (open - text), range,
				   close + 1,
				   (size_t) (text + length - close - 1), each,
				   arg) < 0)
			return -1;
	}
	return 0;
}

static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	bool inside = false;
	size_t length = 0;

	for (;; length++) {
		if (text[length] == '[')
			inside = true;
		else if (text[length] == ']')
			inside = false;
		if (text[length] && (text[length] != ',' || inside))
			continue;
		if (_each_of_name(text, length, each, arg) < 0)
			return -1;
		if (!text[length])
			return 0;
		text += length + 1;
		length = (size_t) -1;
	}
}

/*
 * Fabrics from texts
 */

static fabric_t *_create(const char *text, const char *origin,
			 neuron_error_t *err)
{
	fabric_source_t source = {.text = text,
				  .origin = origin,
				  .expand = _expand,
				  .lookup = _number_of,
				  .node_count = FABRIC_NODES_MAX};
	fabric_t *fabric = NULL;
	_names_t names;

	source.lookup_arg = &names;
	if (_open_names(&names) < 0) {
		neuron_error_set(err, ENOMEM, "out of memory");
		_close_names(&names);
		return NULL;
	}
	/* Once to count the nodes, once to build */
	if ((fabric = fabric_create(&source, err))) {
		fabric_destroy(fabric);
		source.node_count = names.count;
		fabric = fabric_create(&source, err);
	}
	_close_names(&names);
	return fabric;
}

static fabric_t *_finish(fabric_t *fabric, neuron_error_t *err)
{
	if (fabric && fabric_finish(fabric, err) < 0) {
		fabric_destroy(fabric);
		return NULL;
	}
	return fabric;
}

static void _print_switches(FILE *file, const char *name, uint32_t count,
			    const char *below, uint32_t below_each,
			    uint32_t below_count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t last = (i + 1) * below_each;

		last = last < below_count ? last : below_count;
		fprintf(file,
			"SwitchName=%s%" PRIu32 " %s=%s[%" PRIu32 "-%" PRIu32
			"]\n",
			name, i, strcmp(below, "n") ? "Switches" : "Nodes",
			below, i * below_each, last - 1);
	}
}

static int _name_ultraservers(fabric_t *fabric, uint32_t nodes,
			      neuron_error_t *err)
{
	static const uint8_t pairs[2][2] = {{0, 1}, {2, 3}};
	uint32_t members[PLACE_NODES_PER_ULTRASERVER];

	for (uint32_t i = 0; i < nodes; i += PLACE_NODES_PER_ULTRASERVER) {
		uint32_t count = 0;
		char name[32];

		for (; count < PLACE_NODES_PER_ULTRASERVER && i + count < nodes;
		     count++)
			members[count] = i + count;
		snprintf(name, sizeof(name), "us%" PRIu32,
			 i / PLACE_NODES_PER_ULTRASERVER);
		if (fabric_add_ultraserver(fabric, name, members, count, pairs,
					   count / 2, err) < 0)
			return -1;
	}
	return 0;
}

extern fabric_t *place_fabric_regular(uint32_t nodes, bool ultraservers,
				      neuron_error_t *err)
{
	uint32_t leaves =
		(nodes + PLACE_NODES_PER_LEAF - 1) / PLACE_NODES_PER_LEAF;
	uint32_t spines =
		(leaves + PLACE_LEAVES_PER_SPINE - 1) / PLACE_LEAVES_PER_SPINE;
	size_t size;
	char *text = NULL;
	fabric_t *fabric = NULL;
	FILE *file;

	if (!nodes || nodes > FABRIC_NODES_MAX) {
		neuron_error_set(err, EINVAL,
				 "a fabric has 1 to %d nodes, not %" PRIu32,
				 FABRIC_NODES_MAX, nodes);
		return NULL;
	}
	if (!(file = open_memstream(&text, &size))) {
		neuron_error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	_print_switches(file, "leaf", leaves, "n", PLACE_NODES_PER_LEAF, nodes);
	_print_switches(file, "spine", spines, "leaf", PLACE_LEAVES_PER_SPINE,
			leaves);
	_print_switches(file, "core", 1, "spine", spines, spines);
	if (!fclose(file))
		fabric = _create(text, "regular fabric", err);
	free(text);
	if (fabric && ultraservers &&
	    _name_ultraservers(fabric, nodes, err) < 0) {
		fabric_destroy(fabric);
		return NULL;
	}
	return _finish(fabric, err);
}

/*
 * Fabrics from CSV
 */

/* A switch, named by the path from the top: "G6.P10.S14" */
typedef struct {
	char *name;
	char *below; /* names below it, with commas */
	size_t below_size;
	FILE *file;
	bool is_leaf;
} _switch_t;

typedef struct {
	struct hsearch_data table;
	_switch_t *switches;
	uint32_t count;
} _tree_t;

/* RET the switch of a name, a new one when needed; NULL: out of memory */
static _switch_t *_switch_of(_tree_t *tree, const char *name, bool *is_new)
{
	ENTRY *found, entry = {.key = (char *) name};
	_switch_t *one;

	*is_new = false;
	if (hsearch_r(entry, FIND, &found, &tree->table))
		return found->data;
	if (tree->count == FABRIC_GROUPS_MAX)
		return NULL;
	one = &tree->switches[tree->count];
	one->name = strdup(name);
	one->file = open_memstream(&one->below, &one->below_size);
	tree->count++;
	entry.key = one->name;
	entry.data = one;
	if (!one->name || !one->file ||
	    !hsearch_r(entry, ENTER, &found, &tree->table))
		return NULL;
	*is_new = true;
	return one;
}

/* Put a node below its switches */
static int _add_node(_tree_t *tree, const csv_t *csv, int columns,
		     const char *origin, neuron_error_t *err)
{
	char path[NAME_MAX_BYTES] = "";
	_switch_t *parent = NULL, *one;
	bool is_new;

	for (int i = 1; i < columns; i++) {
		size_t length = strlen(path);

		if (snprintf(path + length, sizeof(path) - length, "%s%s",
			     i > 1 ? "." : "",
			     csv_text(csv, i)) >= (int) (sizeof(path) - length))
			return neuron_error_set(err, EINVAL,
						"%s:%u: the name \"%s\" is too "
						"long",
						origin, csv_line(csv),
						csv_text(csv, i));
		if (!(one = _switch_of(tree, path, &is_new)))
			return neuron_error_set(err, ENOMEM, "out of memory");
		if (is_new && parent)
			fprintf(parent->file, "%s%s",
				ftell(parent->file) ? "," : "", path);
		parent = one;
	}
	parent->is_leaf = true;
	fprintf(parent->file, "%s%s", ftell(parent->file) ? "," : "",
		csv_text(csv, 0));
	return 0;
}

static char *_text_of(_tree_t *tree)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	for (uint32_t i = 0; file && i < tree->count; i++) {
		_switch_t *one = &tree->switches[i];

		fflush(one->file);
		fprintf(file, "SwitchName=%s %s=%s\n", one->name,
			one->is_leaf ? "Nodes" : "Switches", one->below);
	}
	if (!file || fclose(file)) {
		free(text);
		return NULL;
	}
	return text;
}

static void _free_tree(_tree_t *tree)
{
	for (uint32_t i = 0; tree->switches && i < tree->count; i++) {
		if (tree->switches[i].file)
			fclose(tree->switches[i].file);
		free(tree->switches[i].below);
		free(tree->switches[i].name);
	}
	free(tree->switches);
	hdestroy_r(&tree->table);
}

static int _add_nodes(_tree_t *tree, csv_t *csv, const char *origin,
		      neuron_error_t *err)
{
	int columns = 0, rc;

	while ((rc = csv_next(csv, err)) > 0) {
		if (!columns)
			columns = csv_columns(csv);
		for (int i = 0; i < columns; i++) {
			const char *name = csv_text(csv, i);

			if (!*name || strpbrk(name, " \t=[]#\"\\"))
				return neuron_error_set(
					err, EINVAL,
					"%s:%u: \"%s\" is not the "
					"name of a node or switch",
					origin, csv_line(csv), name);
		}
		if (_add_node(tree, csv, columns, origin, err) < 0)
			return -1;
	}
	if (!rc && !tree->count)
		return neuron_error_set(err, EINVAL,
					"%s: no node is below a switch; names "
					"of nodes come first, then switches "
					"from the top down",
					origin);
	return rc;
}

static char *_text_of_csv(char *text, const char *origin, neuron_error_t *err)
{
	csv_t *csv = csv_open(text, origin, err);
	_tree_t tree = {0};
	char *made = NULL;

	tree.switches = calloc(FABRIC_GROUPS_MAX, sizeof(*tree.switches));
	if (csv && csv_columns(csv) < 2)
		neuron_error_set(err, EINVAL,
				 "%s:1: there must be a column of nodes and at "
				 "least one of switches",
				 origin);
	else if (!tree.switches ||
		 !hcreate_r(2 * FABRIC_GROUPS_MAX, &tree.table))
		neuron_error_set(err, ENOMEM, "out of memory");
	else if (csv && !_add_nodes(&tree, csv, origin, err) &&
		 !(made = _text_of(&tree)))
		neuron_error_set(err, ENOMEM, "out of memory");
	_free_tree(&tree);
	csv_close(csv);
	return made;
}

extern fabric_t *place_fabric_read(const char *path, neuron_error_t *err)
{
	size_t length = strlen(path);
	char *text = csv_load(path, err), *made = text;
	fabric_t *fabric = NULL;

	if (!text)
		return NULL;
	if (length > 4 && !strcmp(path + length - 4, ".csv")) {
		made = _text_of_csv(text, path, err);
		free(text);
	}
	if (made)
		fabric = _create(made, path, err);
	free(made);
	return _finish(fabric, err);
}

extern int64_t place_fabric_leaf(const fabric_t *fabric, uint32_t node)
{
	int64_t group = fabric_node_group(fabric, node);

	if (group >= 0 && fabric_group_is_ultraserver(fabric, group))
		group = fabric_group_parent(fabric, group);
	return group;
}
