/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fabric.h"

#define NONE (-1)
/* Levels 1, 2, 4, 8 and 16 blocks: topology/block without BlockSizes */
#define BLOCK_LEVELS_DEFAULT 0x1f
/* topology/block allows 2^15 base blocks in the largest size */
#define BLOCK_LEVEL_MAX 15

typedef struct {
	char *name;
	char *switches; /* unexpanded */
	unsigned int line;
	int64_t parent;
	int64_t child;
	int64_t sibling;
	uint32_t level;
	uint32_t lowest;
	uint32_t *nodes;
	uint32_t node_count;
	uint32_t node_room;
	bool ultraserver;
	/* of an UltraServer: for each member, its partners in legal pairs */
	uint64_t *partners;
} _group_t;

struct fabric {
	uint32_t node_count;
	_group_t *groups;
	uint32_t group_count;
	uint32_t group_room;
	/* hash table of group numbers + 1 by name; 0: free slot */
	uint32_t *slots;
	uint32_t slot_count;
	int64_t *node_group;
	uint32_t *rank;
	int64_t top; /* first of the groups without parent */
	uint32_t levels;
	bool has_ultraservers;
	bool finished;
};

typedef enum { KIND_NONE, KIND_TREE, KIND_BLOCK } _kind_t;

typedef struct {
	const fabric_source_t *source;
	fabric_t *fabric;
	neuron_error_t *err;
	const char *next;
	unsigned int next_line;
	char *buf;
	/* the statement being read */
	unsigned int line;
	const char *key;
	const char *value;
	uint32_t group;
	int failed; /* errno of a refusal inside a callback */
	_kind_t kind;
	unsigned int sizes_line;
	uint32_t block_base;
	uint32_t block_levels;
} _build_t;

static int _refuse(_build_t *build, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int _refuse(_build_t *build, int errnum, const char *fmt, ...)
{
	char text[NEURON_ERROR_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	build->failed = errnum;
	return neuron_error_set(build->err, errnum, "%s:%u: %s",
				build->source->origin ? build->source->origin
						      : "topology.conf",
				build->line, text);
}

static int _no_memory(neuron_error_t *err)
{
	return neuron_error_set(err, ENOMEM,
				"out of memory while building the fabric");
}

static char *_copy_text(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	if (copy)
		memcpy(copy, text, size);
	return copy;
}

static bool _glob_matches(const char *glob, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*glob == '*') {
			star = glob++;
			again = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

/*
 * Groups by name
 */

static uint32_t _name_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char) *name) * 16777619u;
	return hash;
}

static int64_t _find_group(const fabric_t *fabric, const char *name)
{
	uint32_t mask = fabric->slot_count - 1, slot, used;

	if (!fabric->slot_count)
		return NONE;
	for (slot = _name_hash(name) & mask; (used = fabric->slots[slot]);
	     slot = (slot + 1) & mask)
		if (!strcmp(fabric->groups[used - 1].name, name))
			return used - 1;
	return NONE;
}

static void _enter_name(fabric_t *fabric, uint32_t group)
{
	uint32_t mask = fabric->slot_count - 1;
	uint32_t slot = _name_hash(fabric->groups[group].name) & mask;

	while (fabric->slots[slot])
		slot = (slot + 1) & mask;
	fabric->slots[slot] = group + 1;
}

/* Make the table at least twice as large as the groups that will be there */
static int _grow_slots(fabric_t *fabric)
{
	uint32_t old_count = fabric->slot_count, *old = fabric->slots;
	uint32_t count = old_count ? old_count * 2 : 64;
	uint32_t *slots;

	if (2 * (fabric->group_count + 1) <= old_count)
		return 0;
	if (!(slots = calloc(count, sizeof(*slots))))
		return -1;
	fabric->slots = slots;
	fabric->slot_count = count;
	for (uint32_t i = 0; i < old_count; i++)
		if (old[i])
			_enter_name(fabric, old[i] - 1);
	free(old);
	return 0;
}

static int _grow_groups(fabric_t *fabric)
{
	uint32_t room = fabric->group_room ? fabric->group_room * 2 : 32;
	_group_t *groups;

	if (fabric->group_count < fabric->group_room)
		return 0;
	groups = realloc(fabric->groups, room * sizeof(*groups));
	if (!groups)
		return -1;
	fabric->groups = groups;
	fabric->group_room = room;
	return 0;
}

/* RET the number of a new group without parent; -1: out of memory */
static int64_t _add_group(fabric_t *fabric, const char *name, unsigned int line)
{
	_group_t *group;
	char *copy;

	if (_grow_slots(fabric) < 0 || _grow_groups(fabric) < 0)
		return -1;
	if (!(copy = _copy_text(name)))
		return -1;
	group = &fabric->groups[fabric->group_count];
	memset(group, 0, sizeof(*group));
	group->name = copy;
	group->line = line;
	group->parent = group->child = group->sibling = NONE;
	_enter_name(fabric, fabric->group_count);
	return fabric->group_count++;
}

static int _add_node(fabric_t *fabric, uint32_t group, uint32_t node)
{
	_group_t *to = &fabric->groups[group];
	uint32_t room = to->node_room ? to->node_room * 2 : 8;
	uint32_t *nodes;

	if (to->node_count == to->node_room) {
		if (!(nodes = realloc(to->nodes, room * sizeof(*nodes))))
			return -1;
		to->nodes = nodes;
		to->node_room = room;
	}
	to->nodes[to->node_count++] = node;
	fabric->node_group[node] = group;
	return 0;
}

static int _set_pairs(_group_t *group, const uint8_t (*pairs)[2],
		      uint32_t pair_count)
{
	uint64_t *partners = calloc(group->node_count, sizeof(*partners));

	if (!partners)
		return -1;
	for (uint32_t i = 0; i < pair_count; i++) {
		partners[pairs[i][0]] |= UINT64_C(1) << pairs[i][1];
		partners[pairs[i][1]] |= UINT64_C(1) << pairs[i][0];
	}
	group->partners = partners;
	group->ultraserver = true;
	return 0;
}

/*
 * Lines of Key=Value, with the rules of Slurm's own parser
 */

/* Cut at the first # that no backslash escapes */
static size_t _strip_comment(const char *text, size_t size)
{
	bool escaped = false;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '#' && !escaped)
			return i;
		escaped = (text[i] == '\\') && !escaped;
	}
	return size;
}

/* RET true, and size without the backslash, when the next line belongs here */
static bool _strip_continuation(const char *text, size_t *size)
{
	size_t end = *size, start;

	while (end && isspace((unsigned char) text[end - 1]))
		end--;
	for (start = end; start && text[start - 1] == '\\'; start--)
		;
	if ((end - start) % 2 == 0)
		return false;
	*size = end - 1;
	return true;
}

static void _unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		*to++ = *text;
	}
	*to = '\0';
}

/* RET true when build->buf holds another logical line */
static bool _read_line(_build_t *build)
{
	char *to = build->buf;
	bool more = true;

	if (!*build->next)
		return false;
	build->line = build->next_line;
	while (more && *build->next) {
		size_t raw = strcspn(build->next, "\n");
		size_t size = _strip_comment(build->next, raw);

		more = _strip_continuation(build->next, &size);
		memcpy(to, build->next, size);
		to += size;
		build->next += raw;
		if (*build->next)
			build->next++;
		build->next_line++;
	}
	*to = '\0';
	_unescape(build->buf);
	return true;
}

static char *_skip_space(char *text)
{
	while (isspace((unsigned char) *text))
		text++;
	return text;
}

/* Cut one value off; RET the text behind it, NULL: its quote is not closed */
static char *_take_value(char *text, char **value)
{
	char *end;

	if (*text == '"') {
		*value = text + 1;
		if (!(end = strchr(text + 1, '"')))
			return NULL;
		if (end[1] && !isspace((unsigned char) end[1]))
			return NULL;
	} else {
		*value = text;
		for (end = text; *end && !isspace((unsigned char) *end);)
			end++;
	}
	if (*end)
		*end++ = '\0';
	return end;
}

/*
 * Take the next Key=Value of the line.
 * RET 1 with build->key and build->value set; 0 at the end; -1 refused.
 */
static int _take_pair(_build_t *build, char **cursor)
{
	char *key = _skip_space(*cursor), *end = key, *equals, *value;

	if (!*key)
		return 0;
	while (isalnum((unsigned char) *end) || *end == '_' || *end == '.')
		end++;
	equals = _skip_space(end);
	if (end - key == 7 && !strncasecmp(key, "include", 7) && *equals != '=')
		return _refuse(build, EINVAL,
			       "Include %.64s: files cannot be included here, "
			       "write the lines of that file in its place",
			       equals);
	if (end == key || *equals != '=')
		return _refuse(build, EINVAL,
			       "\"%.64s\" is not Key=Value, write for example "
			       "SwitchName=s1 Nodes=n[1-4]",
			       key);
	*cursor = _take_value(_skip_space(equals + 1), &value);
	*end = '\0';
	if (!*cursor)
		return _refuse(build, EINVAL,
			       "%.64s=%.64s: a quote must enclose the whole "
			       "value",
			       key, value - 1);
	if (!*value)
		return _refuse(
			build, EINVAL,
			"%.64s= has no value, write one behind the =", key);
	build->key = key;
	build->value = value;
	return 1;
}

/*
 * Statements
 */

static int _each_node(const char *name, void *arg)
{
	_build_t *build = arg;
	fabric_t *fabric = build->fabric;
	const fabric_source_t *source = build->source;
	int node = source->lookup(name, source->lookup_arg);
	const _group_t *other;

	if (node < 0 || (uint32_t) node >= fabric->node_count)
		return _refuse(build, EINVAL,
			       "Nodes=%.64s: there is no node \"%.64s\", name "
			       "only nodes of slurm.conf",
			       build->value, name);
	if (fabric->node_group[node] == build->group)
		return _refuse(build, EEXIST,
			       "Nodes=%.64s: node \"%.64s\" is named twice, "
			       "name it once",
			       build->value, name);
	if (fabric->node_group[node] != NONE) {
		other = &fabric->groups[fabric->node_group[node]];
		return _refuse(build, EINVAL,
			       "Nodes=%.64s: node \"%.64s\" is already in "
			       "\"%.64s\" (line %u), name it in one of them",
			       build->value, name, other->name, other->line);
	}
	if (_add_node(fabric, build->group, node) < 0)
		return build->failed = ENOMEM, _no_memory(build->err);
	return 0;
}

/* Expand build->value; RET 0, -1 refused */
static int _expand(_build_t *build, nodeset_each_t each, const char *what)
{
	errno = 0;
	build->failed = 0;
	if (build->source->expand(build->value, each, build) == 0)
		return 0;
	if (build->failed) {
		errno = build->failed;
		return -1;
	}
	if (errno == ENOMEM)
		return _no_memory(build->err);
	return _refuse(build, EINVAL,
		       "%s=%.64s cannot be read as a list of %s, write for "
		       "example name[1-4,7]",
		       build->key, build->value, what);
}

/* Members of an UltraServer are paired in their order until told otherwise */
static int _make_ultraserver(_build_t *build, _group_t *group)
{
	uint8_t pairs[FABRIC_ULTRASERVER_MAX / 2][2];
	uint32_t count = group->node_count;

	if (count > FABRIC_ULTRASERVER_MAX)
		return _refuse(build, EINVAL,
			       "\"%.64s\" has %" PRIu32 " nodes, but as an "
			       "UltraServer (it matches \"%.64s\") it may have "
			       "at most %d",
			       group->name, count,
			       build->source->ultraserver_glob,
			       FABRIC_ULTRASERVER_MAX);
	for (uint32_t i = 0; i < count / 2; i++) {
		pairs[i][0] = 2 * i;
		pairs[i][1] = 2 * i + 1;
	}
	if (_set_pairs(group, pairs, count / 2) < 0)
		return build->failed = ENOMEM, _no_memory(build->err);
	return 0;
}

static int _add_leaf_nodes(_build_t *build, const char *nodes)
{
	const char *glob = build->source->ultraserver_glob;
	_group_t *group;

	build->key = "Nodes";
	build->value = nodes;
	if (_expand(build, _each_node, "nodes") < 0)
		return -1;
	group = &build->fabric->groups[build->group];
	if (!group->node_count)
		return _refuse(build, EINVAL,
			       "Nodes=%.64s names no node, name at least one",
			       nodes);
	if (glob && _glob_matches(glob, group->name))
		return _make_ultraserver(build, group);
	return 0;
}

static int _check_name(_build_t *build, const char *key, const char *name)
{
	int64_t other = _find_group(build->fabric, name);

	if (strlen(name) > FABRIC_NAME_MAX)
		return _refuse(build, EINVAL,
			       "%s=%.64s...: a name has at most %d characters",
			       key, name, FABRIC_NAME_MAX);
	if (other != NONE)
		return _refuse(build, EEXIST,
			       "%s=%s is named twice (first on line %u), use "
			       "another name",
			       key, name, build->fabric->groups[other].line);
	if (build->fabric->group_count == FABRIC_GROUPS_MAX)
		return _refuse(build, EINVAL,
			       "%s=%s: %d switches or blocks stand above it "
			       "already, which is the most, name fewer",
			       key, name, FABRIC_GROUPS_MAX);
	return 0;
}

static int _check_speed(_build_t *build, const char *speed)
{
	char *end;

	if (!speed || !strcasecmp(speed, "infinite") ||
	    !strcasecmp(speed, "unlimited"))
		return 0;
	errno = 0;
	if (isdigit((unsigned char) *speed) &&
	    strtoull(speed, &end, 0) <= UINT32_MAX && !errno && !*end)
		return 0;
	return _refuse(build, EINVAL,
		       "LinkSpeed=%.64s must be a number from 0 to %" PRIu32,
		       speed, UINT32_MAX);
}

typedef struct {
	const char *nodes;
	const char *switches;
	const char *speed;
} _statement_t;

/* Read the pairs behind SwitchName= or BlockName= */
static int _take_statement(_build_t *build, char *cursor, _statement_t *to)
{
	bool tree = build->kind == KIND_TREE;
	const char **field;
	int rc;

	while ((rc = _take_pair(build, &cursor)) > 0) {
		field = NULL;
		if (!strcasecmp(build->key, "Nodes"))
			field = &to->nodes;
		else if (tree && !strcasecmp(build->key, "Switches"))
			field = &to->switches;
		else if (tree && !strcasecmp(build->key, "LinkSpeed"))
			field = &to->speed;
		if (!field)
			return _refuse(
				build, EINVAL,
				"%.64s=%.64s: a line of %s knows only "
				"the %s",
				build->key, build->value,
				tree ? "SwitchName" : "BlockName",
				tree ? "keys Nodes, Switches and LinkSpeed"
				     : "key Nodes");
		if (*field)
			return _refuse(build, EEXIST,
				       "%.64s=%.64s: the key is on this line "
				       "already, write it once",
				       build->key, build->value);
		*field = build->value;
	}
	return rc;
}

static int _check_statement(_build_t *build, const char *key, const char *name,
			    const _statement_t *statement)
{
	if (_check_name(build, key, name) < 0 ||
	    _check_speed(build, statement->speed) < 0)
		return -1;
	if (statement->nodes && statement->switches)
		return _refuse(build, EINVAL,
			       "%s=%s has both Nodes=%.64s and "
			       "Switches=%.64s, write one of them",
			       key, name, statement->nodes,
			       statement->switches);
	if (!statement->nodes && !statement->switches)
		return _refuse(build, EINVAL, "%s=%s has no children, add %s",
			       key, name,
			       build->kind == KIND_TREE ? "Nodes= or Switches="
							: "Nodes=");
	return 0;
}

static int _take_group(_build_t *build, char *cursor)
{
	const char *key = build->kind == KIND_TREE ? "SwitchName" : "BlockName";
	const char *name = build->value;
	_statement_t statement = {NULL, NULL, NULL};
	int64_t group;
	char **switches;

	if (_take_statement(build, cursor, &statement) < 0 ||
	    _check_statement(build, key, name, &statement) < 0)
		return -1;
	if ((group = _add_group(build->fabric, name, build->line)) < 0)
		return _no_memory(build->err);
	build->group = group;
	if (statement.nodes)
		return _add_leaf_nodes(build, statement.nodes);
	switches = &build->fabric->groups[group].switches;
	if (!(*switches = _copy_text(statement.switches)))
		return _no_memory(build->err);
	return 0;
}

/* RET the power of two that size is of base; -1: not one */
static int _block_level(uint64_t size, uint64_t base)
{
	for (int level = 0; level <= BLOCK_LEVEL_MAX; level++)
		if (size == base << level)
			return level;
	return -1;
}

static int _take_sizes(_build_t *build)
{
	const char *text = build->value;
	uint64_t size;
	char *end = NULL;
	int level;

	build->block_levels = 0;
	do {
		errno = 0;
		size = isdigit((unsigned char) *text) ? strtoull(text, &end, 10)
						      : 0;
		if (!size || errno || size > FABRIC_NODES_MAX ||
		    (*end && *end != ','))
			break;
		if (!build->block_base)
			build->block_base = size;
		if ((level = _block_level(size, build->block_base)) < 0)
			break;
		build->block_levels |= UINT32_C(1) << level;
		if (!*end)
			return 0;
		text = end + 1;
	} while (true);
	return _refuse(build, EINVAL,
		       "BlockSizes=%.64s: \"%.16s\" must be a number from 1 to "
		       "%d and 1, 2, 4, 8, ... times the first size",
		       build->value, text, FABRIC_NODES_MAX);
}

static int _set_kind(_build_t *build, _kind_t kind)
{
	if (build->kind != KIND_NONE && build->kind != kind)
		return _refuse(build, EINVAL,
			       "%s=%.64s: switches and blocks cannot be in one "
			       "file, write either SwitchName lines or "
			       "BlockName and BlockSizes lines",
			       build->key, build->value);
	build->kind = kind;
	return 0;
}

static int _take_sizes_line(_build_t *build, char *cursor)
{
	if (build->sizes_line)
		return _refuse(build, EEXIST,
			       "BlockSizes=%.64s: the key is on line %u "
			       "already, write it once",
			       build->value, build->sizes_line);
	build->sizes_line = build->line;
	if (_take_sizes(build) < 0)
		return -1;
	if (*_skip_space(cursor))
		return _refuse(build, EINVAL,
			       "\"%.64s\" behind BlockSizes=%.64s: separate "
			       "sizes by commas without blanks",
			       _skip_space(cursor), build->value);
	return 0;
}

static int _take_line(_build_t *build)
{
	char *cursor = build->buf;
	int rc = _take_pair(build, &cursor);

	if (rc <= 0)
		return rc;
	if (!strcasecmp(build->key, "SwitchName"))
		return _set_kind(build, KIND_TREE) < 0
			       ? -1
			       : _take_group(build, cursor);
	if (!strcasecmp(build->key, "BlockName"))
		return _set_kind(build, KIND_BLOCK) < 0
			       ? -1
			       : _take_group(build, cursor);
	if (!strcasecmp(build->key, "BlockSizes"))
		return _set_kind(build, KIND_BLOCK) < 0
			       ? -1
			       : _take_sizes_line(build, cursor);
	return _refuse(build, EINVAL,
		       "%.64s=%.64s: a line starts with SwitchName, BlockName "
		       "or BlockSizes",
		       build->key, build->value);
}

/*
 * Links between groups
 */

static int _each_switch(const char *name, void *arg)
{
	_build_t *build = arg;
	fabric_t *fabric = build->fabric;
	int64_t child = _find_group(fabric, name), parent;

	if (child == NONE)
		return _refuse(build, EINVAL,
			       "Switches=%.64s: there is no switch \"%.64s\", "
			       "add a line SwitchName=%.64s",
			       build->value, name, name);
	if (child == build->group)
		return _refuse(build, EINVAL,
			       "Switches=%.64s: \"%.64s\" cannot be its own "
			       "child, name only switches below it",
			       build->value, name);
	parent = fabric->groups[child].parent;
	if (parent == build->group)
		return _refuse(build, EEXIST,
			       "Switches=%.64s: switch \"%.64s\" is named "
			       "twice, name it once",
			       build->value, name);
	if (parent != NONE)
		return _refuse(build, EINVAL,
			       "Switches=%.64s: switch \"%.64s\" is already "
			       "below \"%.64s\" (line %u), name it in one of "
			       "them",
			       build->value, name, fabric->groups[parent].name,
			       fabric->groups[parent].line);
	fabric->groups[child].parent = build->group;
	fabric->groups[build->group].child = child;
	return 0;
}

static int _link_switches(_build_t *build)
{
	fabric_t *fabric = build->fabric;

	build->key = "Switches";
	for (uint32_t i = 0; i < fabric->group_count; i++) {
		_group_t *group = &fabric->groups[i];

		if (!group->switches)
			continue;
		build->line = group->line;
		build->group = i;
		build->value = group->switches;
		if (_expand(build, _each_switch, "switches") < 0)
			return -1;
		if (group->child == NONE)
			return _refuse(build, EINVAL,
				       "Switches=%.64s names no switch, name "
				       "at least one",
				       build->value);
	}
	return 0;
}

/* The chain above a group has more links than layers are allowed */
static int _refuse_height(_build_t *build, int64_t group)
{
	const _group_t *groups = build->fabric->groups;
	uint32_t steps = build->fabric->group_count;

	while (steps-- && groups[group].parent != NONE)
		group = groups[group].parent;
	build->line = groups[group].line;
	if (groups[group].parent != NONE)
		return _refuse(build, EINVAL,
			       "SwitchName=%s Switches=%.64s: the switch is in "
			       "a loop, a switch must not be below itself",
			       groups[group].name, groups[group].switches);
	return _refuse(build, EINVAL,
		       "SwitchName=%s: more than %d layers of switches, use "
		       "fewer",
		       groups[group].name, FABRIC_LAYERS_MAX);
}

static int _check_heights(_build_t *build)
{
	const fabric_t *fabric = build->fabric;

	for (uint32_t i = 0; i < fabric->group_count; i++) {
		int64_t group = i;
		unsigned int layers = 0;

		for (; group != NONE; group = fabric->groups[group].parent)
			if (++layers > FABRIC_LAYERS_MAX)
				return _refuse_height(build, group);
	}
	return 0;
}

static int _check_block_bases(_build_t *build)
{
	const fabric_t *fabric = build->fabric;

	if (!build->block_base && fabric->group_count)
		build->block_base = fabric->groups[0].node_count;
	for (uint32_t i = 0; i < fabric->group_count; i++) {
		const _group_t *group = &fabric->groups[i];

		build->line = group->line;
		if (group->node_count < build->block_base)
			return _refuse(build, EINVAL,
				       "BlockName=%s has %" PRIu32 " nodes, "
				       "but the %s %" PRIu32 "; make it no "
				       "smaller",
				       group->name, group->node_count,
				       build->sizes_line
					       ? "base of BlockSizes is"
					       : "first block has",
				       build->block_base);
	}
	return 0;
}

/* The group that holds the blocks number << shift and on */
static int _add_joined(_build_t *build, uint32_t number, unsigned int shift,
		       uint32_t blocks)
{
	fabric_t *fabric = build->fabric;
	char name[2 * FABRIC_NAME_MAX + 3];
	uint32_t first = number << shift;
	uint32_t last = first + (UINT32_C(1) << shift) - 1;

	if (last >= blocks)
		last = blocks - 1;
	snprintf(name, sizeof(name), "%.64s..%.64s", fabric->groups[first].name,
		 fabric->groups[last].name);
	build->line = fabric->groups[first].line;
	if (fabric->group_count == FABRIC_GROUPS_MAX)
		return _refuse(build, EINVAL,
			       "BlockName=%s: more than %d blocks and joined "
			       "blocks, use fewer",
			       fabric->groups[first].name, FABRIC_GROUPS_MAX);
	if (_add_group(fabric, name, build->line) < 0)
		return _no_memory(build->err);
	return 0;
}

/*
 * Put the last layer of groups, of 2^from blocks each, below a new layer of
 * groups of 2^to blocks each. IN/OUT first - first group of the last layer.
 */
static int _join_blocks(_build_t *build, uint32_t *first, unsigned int from,
			unsigned int to, uint32_t blocks)
{
	fabric_t *fabric = build->fabric;
	uint32_t start = fabric->group_count;
	uint32_t step = UINT32_C(1) << (to - from);

	for (uint32_t i = 0; *first + i < start; i++) {
		if (i % step == 0 &&
		    _add_joined(build, i / step, to, blocks) < 0)
			return -1;
		fabric->groups[*first + i].parent = fabric->group_count - 1;
		fabric->groups[fabric->group_count - 1].child = *first + i;
	}
	*first = start;
	return 0;
}

static int _link_blocks(_build_t *build)
{
	uint32_t blocks = build->fabric->group_count, first = 0;
	unsigned int from = 0, layers = 1;

	if (_check_block_bases(build) < 0)
		return -1;
	if (!build->block_levels)
		build->block_levels = BLOCK_LEVELS_DEFAULT;
	/* The last round joins all: no more blocks than 2^16 */
	build->block_levels |= UINT32_C(1) << (BLOCK_LEVEL_MAX + 1);
	for (unsigned int to = 1; to <= BLOCK_LEVEL_MAX + 1; to++) {
		if (!(build->block_levels >> to & 1) ||
		    (blocks - 1) >> from == 0)
			continue;
		if ((blocks - 1) >> to == 0)
			to = BLOCK_LEVEL_MAX + 1;
		build->line = build->sizes_line;
		if (++layers > FABRIC_LAYERS_MAX)
			return _refuse(build, EINVAL,
				       "BlockSizes: more than %d layers of "
				       "blocks, name fewer sizes",
				       FABRIC_LAYERS_MAX);
		if (_join_blocks(build, &first, from, to, blocks) < 0)
			return -1;
		from = to;
	}
	return 0;
}

/* A fabric that knows no switch: one leaf for all */
static int _add_all(fabric_t *fabric, neuron_error_t *err)
{
	if (!fabric->node_count)
		return 0;
	if (_add_group(fabric, "all", 0) < 0)
		return _no_memory(err);
	for (uint32_t i = 0; i < fabric->node_count; i++)
		if (_add_node(fabric, 0, i) < 0)
			return _no_memory(err);
	return 0;
}

static int _read_text(_build_t *build)
{
	fabric_t *fabric = build->fabric;

	while (_read_line(build))
		if (_take_line(build) < 0)
			return -1;
	if (!fabric->group_count)
		return _add_all(fabric, build->err);
	if (build->kind == KIND_BLOCK)
		return _link_blocks(build);
	return _link_switches(build) < 0 ? -1 : _check_heights(build);
}

static int _fill(fabric_t *fabric, const fabric_source_t *source,
		 neuron_error_t *err)
{
	_build_t build = {
		.source = source, .fabric = fabric, .err = err, .next_line = 1};
	size_t size;
	int rc;

	if (!source->text)
		return _add_all(fabric, err);
	if (!source->expand || !source->lookup)
		return neuron_error_set(err, EINVAL,
					"a fabric with a text needs functions "
					"that expand and look up nodes");
	size = strnlen(source->text, FABRIC_FILE_MAX + 1);
	if (size > FABRIC_FILE_MAX)
		return neuron_error_set(
			err, EINVAL,
			"%s: the file is larger than %d bytes, write nodes as "
			"n[1-1000]",
			source->origin ? source->origin : "topology.conf",
			FABRIC_FILE_MAX);
	if (!(build.buf = malloc(size + 1)))
		return _no_memory(err);
	build.next = source->text;
	rc = _read_text(&build);
	free(build.buf);
	return rc;
}

extern fabric_t *fabric_create(const fabric_source_t *source,
			       neuron_error_t *err)
{
	fabric_t *fabric;

	if (!source || source->node_count > FABRIC_NODES_MAX) {
		neuron_error_set(err, EINVAL,
				 "%" PRIu32 " nodes: a fabric has at most %d, "
				 "name fewer in slurm.conf",
				 source ? source->node_count : 0,
				 FABRIC_NODES_MAX);
		return NULL;
	}
	fabric = calloc(1, sizeof(*fabric));
	if (!fabric) {
		_no_memory(err);
		return NULL;
	}
	fabric->node_count = source->node_count;
	fabric->top = NONE;
	fabric->node_group =
		malloc((source->node_count + 1) * sizeof(*fabric->node_group));
	if (!fabric->node_group) {
		_no_memory(err);
		fabric_destroy(fabric);
		return NULL;
	}
	for (uint32_t i = 0; i < source->node_count; i++)
		fabric->node_group[i] = NONE;
	if (_fill(fabric, source, err) < 0) {
		fabric_destroy(fabric);
		return NULL;
	}
	return fabric;
}

static void _clear_group(_group_t *group)
{
	free(group->name);
	free(group->switches);
	free(group->nodes);
	free(group->partners);
}

extern void fabric_destroy(fabric_t *fabric)
{
	int saved = errno;

	if (!fabric)
		return;
	for (uint32_t i = 0; i < fabric->group_count; i++)
		_clear_group(&fabric->groups[i]);
	free(fabric->groups);
	free(fabric->slots);
	free(fabric->node_group);
	free(fabric->rank);
	free(fabric);
	errno = saved;
}

/*
 * UltraServers
 */

static int _check_members(const fabric_t *fabric, const char *name,
			  const uint32_t *members, uint32_t count,
			  neuron_error_t *err)
{
	for (uint32_t i = 0; i < count; i++) {
		int64_t group;

		if (members[i] >= fabric->node_count)
			return neuron_error_set(
				err, EINVAL,
				"UltraServer \"%.64s\": node %" PRIu32
				" is out of range",
				name, members[i]);
		for (uint32_t j = 0; j < i; j++)
			if (members[j] == members[i])
				return neuron_error_set(
					err, EINVAL,
					"UltraServer \"%.64s\": members "
					"%" PRIu32 " and %" PRIu32
					" are the same node",
					name, j + 1, i + 1);
		group = fabric->node_group[members[i]];
		if (group != NONE && fabric->groups[group].ultraserver)
			return neuron_error_set(
				err, EINVAL,
				"UltraServer \"%.64s\": member %" PRIu32
				" is already in UltraServer \"%.64s\"",
				name, i + 1, fabric->groups[group].name);
		if (group != fabric->node_group[members[0]])
			return neuron_error_set(
				err, EINVAL,
				"UltraServer \"%.64s\": members 1 and %" PRIu32
				" are below different leaf switches",
				name, i + 1);
	}
	return 0;
}

static int _check_pairs(const char *name, uint32_t member_count,
			const uint8_t (*pairs)[2], uint32_t pair_count,
			neuron_error_t *err)
{
	for (uint32_t i = 0; i < pair_count; i++)
		if (pairs[i][0] >= member_count ||
		    pairs[i][1] >= member_count || pairs[i][0] == pairs[i][1])
			return neuron_error_set(
				err, EINVAL,
				"UltraServer \"%.64s\": pair %" PRIu32
				" must name two different members of %" PRIu32,
				name, i + 1, member_count);
	return 0;
}

static int _check_ultraserver(const fabric_t *fabric, const char *name,
			      uint32_t member_count, neuron_error_t *err)
{
	if (fabric->finished)
		return neuron_error_set(err, EINVAL,
					"UltraServer \"%.64s\" comes after "
					"the fabric was finished",
					name);
	if (!member_count || member_count > FABRIC_ULTRASERVER_MAX)
		return neuron_error_set(err, EINVAL,
					"UltraServer \"%.64s\" has %" PRIu32
					" members, name 1 to %d",
					name, member_count,
					FABRIC_ULTRASERVER_MAX);
	if (!*name || strlen(name) > FABRIC_NAME_MAX)
		return neuron_error_set(
			err, EINVAL,
			"the name of UltraServer \"%.64s\" must "
			"have 1 to %d characters",
			name, FABRIC_NAME_MAX);
	if (_find_group(fabric, name) != NONE)
		return neuron_error_set(err, EEXIST,
					"UltraServer \"%.64s\" has the name of "
					"another switch or UltraServer, use "
					"another name",
					name);
	if (fabric->group_count >= FABRIC_GROUPS_MAX)
		return neuron_error_set(err, EINVAL,
					"UltraServer \"%.64s\": there are %d "
					"switches, blocks and UltraServers "
					"already, which is the most, name "
					"fewer",
					name, FABRIC_GROUPS_MAX);
	return 0;
}

/* Nodes of a group that still belong to it, in their order */
static void _drop_moved_nodes(fabric_t *fabric, int64_t group)
{
	_group_t *from = &fabric->groups[group];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < from->node_count; i++)
		if (fabric->node_group[from->nodes[i]] == group)
			from->nodes[kept++] = from->nodes[i];
	from->node_count = kept;
}

/* Undo the last _add_group() of a group that has no nodes yet */
static void _remove_last_group(fabric_t *fabric)
{
	_clear_group(&fabric->groups[--fabric->group_count]);
	memset(fabric->slots, 0, fabric->slot_count * sizeof(*fabric->slots));
	for (uint32_t i = 0; i < fabric->group_count; i++)
		_enter_name(fabric, i);
}

extern int fabric_add_ultraserver(fabric_t *fabric, const char *name,
				  const uint32_t *members,
				  uint32_t member_count,
				  const uint8_t (*pairs)[2],
				  uint32_t pair_count, neuron_error_t *err)
{
	_group_t *group;
	int64_t number, leaf;

	if (!fabric || !name || (member_count && !members) ||
	    (pair_count && !pairs))
		return neuron_error_set(err, EINVAL,
					"an UltraServer needs a fabric, a name "
					"and members");
	if (_check_ultraserver(fabric, name, member_count, err) < 0 ||
	    _check_members(fabric, name, members, member_count, err) < 0 ||
	    _check_pairs(name, member_count, pairs, pair_count, err) < 0)
		return -1;
	if ((number = _add_group(fabric, name, 0)) < 0)
		return _no_memory(err);
	group = &fabric->groups[number];
	group->nodes = malloc(member_count * sizeof(*group->nodes));
	group->node_count = group->node_room = member_count;
	if (!group->nodes || _set_pairs(group, pairs, pair_count) < 0) {
		_remove_last_group(fabric);
		return _no_memory(err);
	}
	memcpy(group->nodes, members, member_count * sizeof(*members));
	leaf = group->parent = fabric->node_group[members[0]];
	for (uint32_t i = 0; i < member_count; i++)
		fabric->node_group[members[i]] = number;
	if (leaf != NONE)
		_drop_moved_nodes(fabric, leaf);
	return 0;
}

/*
 * Levels and orders
 */

static void _set_has_ultraservers(fabric_t *fabric)
{
	fabric->has_ultraservers = false;
	for (uint32_t i = 0; i < fabric->group_count; i++)
		if (fabric->groups[i].ultraserver)
			fabric->has_ultraservers = true;
}

/* Let what is known of a group without children reach all above it */
static void _raise_levels(fabric_t *fabric, int64_t group)
{
	uint32_t level = fabric->groups[group].level;

	while ((group = fabric->groups[group].parent) != NONE) {
		if (fabric->groups[group].level > level)
			return;
		fabric->groups[group].level = ++level;
	}
}

static void _set_levels(fabric_t *fabric)
{
	uint32_t leaf = fabric->has_ultraservers ? 2 : 1;

	fabric->levels = 0;
	for (uint32_t i = 0; i < fabric->group_count; i++) {
		_group_t *group = &fabric->groups[i];

		if (!group->node_count)
			continue;
		if (group->level < (group->ultraserver ? 1 : leaf))
			group->level = group->ultraserver ? 1 : leaf;
		_raise_levels(fabric, i);
	}
	for (uint32_t i = 0; i < fabric->group_count; i++)
		if (fabric->groups[i].level > fabric->levels)
			fabric->levels = fabric->groups[i].level;
}

static int _compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

	return (x > y) - (x < y);
}

static void _set_lowest(fabric_t *fabric)
{
	for (uint32_t i = 0; i < fabric->group_count; i++) {
		_group_t *group = &fabric->groups[i];

		group->lowest = UINT32_MAX;
		group->child = group->sibling = NONE;
		if (group->node_count && !group->ultraserver)
			qsort(group->nodes, group->node_count,
			      sizeof(*group->nodes), _compare_numbers);
	}
	for (uint32_t node = fabric->node_count; node-- > 0;) {
		int64_t group = fabric->node_group[node];

		for (; group != NONE; group = fabric->groups[group].parent)
			fabric->groups[group].lowest = node;
	}
}

/*
 * Siblings have different lowest nodes, and a group shares its lowest node
 * with groups above and below it only: to go down over the nodes, and up from
 * each over the groups of which it is the lowest, finds siblings in order.
 */
static void _link_siblings(fabric_t *fabric)
{
	fabric->top = NONE;
	for (uint32_t node = fabric->node_count; node-- > 0;) {
		int64_t i = fabric->node_group[node];

		while (i != NONE && fabric->groups[i].lowest == node) {
			_group_t *group = &fabric->groups[i];
			int64_t *head =
				group->parent == NONE
					? &fabric->top
					: &fabric->groups[group->parent].child;

			group->sibling = *head;
			*head = i;
			i = group->parent;
		}
	}
}

/* Number the nodes below a group from rank on; RET the next rank */
static uint32_t _rank_below(fabric_t *fabric, int64_t group, uint32_t rank)
{
	const _group_t *from = &fabric->groups[group];
	int64_t child = from->child;
	uint32_t next = 0;

	while (next < from->node_count || child != NONE) {
		if (child == NONE ||
		    (next < from->node_count &&
		     from->nodes[next] < fabric->groups[child].lowest)) {
			fabric->rank[from->nodes[next++]] = rank++;
		} else {
			rank = _rank_below(fabric, child, rank);
			child = fabric->groups[child].sibling;
		}
	}
	return rank;
}

static void _set_ranks(fabric_t *fabric)
{
	int64_t top = fabric->top;
	uint32_t rank = 0;

	for (uint32_t node = 0; node < fabric->node_count; node++) {
		if (fabric->node_group[node] == NONE) {
			fabric->rank[node] = rank++;
		} else if (top != NONE && fabric->groups[top].lowest == node) {
			rank = _rank_below(fabric, top, rank);
			top = fabric->groups[top].sibling;
		}
	}
}

extern int fabric_finish(fabric_t *fabric, neuron_error_t *err)
{
	if (!fabric)
		return neuron_error_set(err, EINVAL, "there is no fabric");
	if (fabric->finished)
		return 0;
	fabric->rank = calloc(fabric->node_count + 1, sizeof(*fabric->rank));
	if (!fabric->rank)
		return _no_memory(err);
	_set_has_ultraservers(fabric);
	_set_levels(fabric);
	_set_lowest(fabric);
	_link_siblings(fabric);
	_set_ranks(fabric);
	fabric->finished = true;
	return 0;
}

/*
 * Questions
 */

extern uint32_t fabric_node_count(const fabric_t *fabric)
{
	return fabric->node_count;
}

extern uint32_t fabric_levels(const fabric_t *fabric)
{
	return fabric->levels;
}

extern bool fabric_has_ultraservers(const fabric_t *fabric)
{
	return fabric->has_ultraservers;
}

extern uint32_t fabric_group_count(const fabric_t *fabric)
{
	return fabric->group_count;
}

extern const char *fabric_group_name(const fabric_t *fabric, uint32_t group)
{
	return group < fabric->group_count ? fabric->groups[group].name : NULL;
}

extern uint32_t fabric_group_level(const fabric_t *fabric, uint32_t group)
{
	return group < fabric->group_count ? fabric->groups[group].level : 0;
}

extern bool fabric_group_is_ultraserver(const fabric_t *fabric, uint32_t group)
{
	return group < fabric->group_count && fabric->groups[group].ultraserver;
}

extern int64_t fabric_group_parent(const fabric_t *fabric, uint32_t group)
{
	return group < fabric->group_count ? fabric->groups[group].parent
					   : NONE;
}

extern int64_t fabric_group_child(const fabric_t *fabric, uint32_t group)
{
	return group < fabric->group_count ? fabric->groups[group].child : NONE;
}

extern int64_t fabric_group_sibling(const fabric_t *fabric, uint32_t group)
{
	return group < fabric->group_count ? fabric->groups[group].sibling
					   : NONE;
}

extern uint32_t fabric_group_nodes(const fabric_t *fabric, uint32_t group,
				   const uint32_t **nodes)
{
	*nodes = NULL;
	if (group >= fabric->group_count)
		return 0;
	*nodes = fabric->groups[group].nodes;
	return fabric->groups[group].node_count;
}

extern int64_t fabric_node_group(const fabric_t *fabric, uint32_t node)
{
	return node < fabric->node_count ? fabric->node_group[node] : NONE;
}

extern int64_t fabric_node_group_at(const fabric_t *fabric, uint32_t node,
				    uint32_t level)
{
	int64_t group = fabric_node_group(fabric, node);

	while (group != NONE && fabric->groups[group].level < level)
		group = fabric->groups[group].parent;
	if (group == NONE || fabric->groups[group].level != level)
		return NONE;
	return group;
}

extern int fabric_common_level(const fabric_t *fabric, uint32_t a, uint32_t b)
{
	int64_t x = fabric_node_group(fabric, a);
	int64_t y = fabric_node_group(fabric, b);

	if (a == b)
		return a < fabric->node_count ? 0 : NONE;
	while (x != y && x != NONE && y != NONE) {
		if (fabric->groups[x].level <= fabric->groups[y].level)
			x = fabric->groups[x].parent;
		else
			y = fabric->groups[y].parent;
	}
	if (x == NONE || y == NONE)
		return NONE;
	return fabric->groups[x].level;
}

/* Set of positions of nodes among the members; 0: not all different members */
static uint64_t _member_set(const _group_t *group, const uint32_t *nodes,
			    uint32_t count)
{
	uint64_t set = 0, bit;
	uint32_t position;

	for (uint32_t i = 0; i < count; i++) {
		for (position = 0; position < group->node_count; position++)
			if (group->nodes[position] == nodes[i])
				break;
		if (position == group->node_count)
			return 0;
		bit = UINT64_C(1) << position;
		if (set & bit)
			return 0;
		set |= bit;
	}
	return set;
}

extern bool fabric_ultraserver_group_is_legal(const fabric_t *fabric,
					      const uint32_t *nodes,
					      uint32_t count)
{
	const _group_t *group;
	int64_t number;
	uint64_t set;

	if (!count || count > FABRIC_ULTRASERVER_MAX)
		return false;
	if ((number = fabric_node_group(fabric, nodes[0])) == NONE)
		return false;
	group = &fabric->groups[number];
	if (!group->ultraserver)
		return false;
	if (!(set = _member_set(group, nodes, count)))
		return false;
	if (count == 1 || count == group->node_count)
		return true;
	for (uint32_t i = 0; count == 2 && i < group->node_count; i++)
		if (set >> i & 1)
			return group->partners[i] & set;
	return false;
}

extern uint32_t fabric_node_rank(const fabric_t *fabric, uint32_t node)
{
	return node < fabric->node_count && fabric->rank ? fabric->rank[node]
							 : 0;
}
