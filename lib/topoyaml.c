/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "topoyaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "text.h"

#define KEY_MAX 31
#define PLAIN \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,[]"

typedef struct {
	const char *origin;
	neuron_error_t *err;
	unsigned int line;
	unsigned int topologies;
	bool open; /* a line of topology.conf is begun */
	bool in_sizes; /* numbers below "block_sizes:" follow */
	text_t out;
	text_t sizes;
} yaml_t;

static int _refuse(const yaml_t *yaml, int errnum, const char *what,
		   const char *right)
{
	char quote[NAMES_QUOTE_MAX];

	return neuron_error_set(yaml->err, errnum, "%.200s:%u: %s: %s",
				yaml->origin, yaml->line,
				names_quote(what, quote), right);
}

/* Names and lists of hosts, and nothing that could begin another key */
static int _check_value(const yaml_t *yaml, const char *value)
{
	if (value[0] && strspn(value, PLAIN) == strlen(value))
		return 0;
	return _refuse(yaml, EINVAL, value,
		       "a name or a list of hosts must stand here");
}

static void _end_line(yaml_t *yaml)
{
	if (yaml->open)
		text_add(&yaml->out, "\n");
	yaml->open = false;
}

static int _take_topology(yaml_t *yaml, const char *value)
{
	if (!yaml->topologies++)
		return 0;
	return _refuse(
		yaml, EINVAL, value,
		"this is a second topology; topology/neuron has one for all partitions");
}

static int _take_switch(yaml_t *yaml, const char *value)
{
	_end_line(yaml);
	text_add(&yaml->out, "SwitchName=%s", value);
	yaml->open = true;
	return _check_value(yaml, value);
}

/* "block:" begins the blocks, "- block: NAME" is one */
static int _take_block(yaml_t *yaml, const char *value)
{
	if (!value[0])
		return 0;
	_end_line(yaml);
	text_add(&yaml->out, "BlockName=%s", value);
	yaml->open = true;
	return _check_value(yaml, value);
}

static int _take_part(yaml_t *yaml, const char *key, const char *value)
{
	if (!yaml->open)
		return _refuse(yaml, EINVAL, value,
			       "no switch or block was named before");
	text_add(&yaml->out, " %s=%s", key, value);
	return _check_value(yaml, value);
}

static int _take_children(yaml_t *yaml, const char *value)
{
	return _take_part(yaml, "Switches", value);
}

static int _take_nodes(yaml_t *yaml, const char *value)
{
	return _take_part(yaml, "Nodes", value);
}

static int _take_size(yaml_t *yaml, const char *value)
{
	if (!value[0] || strspn(value, "0123456789") != strlen(value))
		return _refuse(yaml, EINVAL, value,
			       "a number of nodes must stand here");
	text_add(&yaml->sizes, "%s%s", yaml->sizes.length ? "," : "", value);
	return 0;
}

/* "[16, 32]", or numbers on the next lines */
static int _take_sizes(yaml_t *yaml, const char *value)
{
	char number[16];

	yaml->in_sizes = !value[0];
	if (!value[0])
		return 0;
	if (value[0] != '[' || value[strlen(value) - 1] != ']')
		return _refuse(yaml, EINVAL, value,
			       "a list like [16, 32] must stand here");
	for (const char *at = value + 1; *at;) {
		size_t length;

		at += strspn(at, " ");
		length = strcspn(at, " ,]");
		(void) snprintf(number, sizeof(number), "%.*s", (int) length,
				at);
		if (_take_size(yaml, number))
			return -1;
		at += length;
		at += strspn(at, " ");
		if (*at == ']')
			return at[1] ? _refuse(yaml, EINVAL, value,
					       "text follows the list")
				     : 0;
		at += (*at == ',');
	}
	return 0;
}

static int _skip(yaml_t *yaml, const char *value)
{
	(void) yaml;
	(void) value;
	return 0;
}

static int _take_flat(yaml_t *yaml, const char *value)
{
	if (!strcmp(value, "false"))
		return 0;
	return _refuse(
		yaml, ENOTSUP, "flat",
		"needs no file; set TopologyParam=neuron_base=flat in slurm.conf");
}

static int _take_other(yaml_t *yaml, const char *value)
{
	(void) value;
	return _refuse(
		yaml, ENOTSUP, "ring, torus3d",
		"these are not possible with topology/neuron, which knows the rings of UltraServers itself; write a tree or blocks");
}

static const struct {
	const char *key;
	int (*take)(yaml_t *yaml, const char *value);
} keys[] = {
	{"topology", _take_topology},
	{"cluster_default", _skip},
	{"tree", _skip},
	{"switches", _skip},
	{"switch", _take_switch},
	{"children", _take_children},
	{"nodes", _take_nodes},
	{"block", _take_block},
	{"blocks", _skip},
	{"block_sizes", _take_sizes},
	{"flat", _take_flat},
	{"ring", _take_other},
	{"torus3d", _take_other},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Cut blanks and one pair of quotes off, in place */
static char *_strip(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
	if (length > 1 && (*text == '"' || *text == '\'') &&
	    text[length - 1] == *text) {
		text[length - 1] = '\0';
		text++;
	}
	return text;
}

static void _drop_comment(char *line)
{
	for (char *at = line; (at = strchr(at, '#')); at++) {
		if (at == line || at[-1] == ' ' || at[-1] == '\t') {
			*at = '\0';
			return;
		}
	}
}

static int _take_line(yaml_t *yaml, char *line)
{
	char *colon;

	_drop_comment(line);
	line += strspn(line, " \t");
	while (line[0] == '-' && (line[1] == ' ' || line[1] == '\t'))
		line += 1 + strspn(line + 1, " \t");
	line = _strip(line);
	if (!*line || !strcmp(line, "---") || !strcmp(line, "..."))
		return 0;
	colon = strchr(line, ':');
	if (!colon && yaml->in_sizes)
		return _take_size(yaml, line);
	yaml->in_sizes = false;
	if (!colon || (colon[1] && colon[1] != ' ' && colon[1] != '\t'))
		return _refuse(yaml, EINVAL, line,
			       "the line must be \"key: value\"");
	*colon = '\0';
	for (size_t i = 0; i < KEYS; i++) {
		if (!strcmp(keys[i].key, line))
			return keys[i].take(yaml, _strip(colon + 1));
	}
	return _refuse(
		yaml, EINVAL, line,
		"there is no such key; known are topology, cluster_default, tree, switches, switch, children, nodes, block, blocks, block_sizes, flat");
}

static int _take_lines(yaml_t *yaml, char *text)
{
	char *next;

	yaml->line = 1;
	for (char *at = text; at; at = next, yaml->line++) {
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		if (_take_line(yaml, at))
			return -1;
	}
	_end_line(yaml);
	if (yaml->sizes.length)
		text_add(&yaml->out, "BlockSizes=%s\n", yaml->sizes.text);
	if (yaml->out.length)
		return 0;
	return neuron_error_set(yaml->err, EINVAL,
				"%.200s: names no switch and no block",
				yaml->origin);
}

extern char *topoyaml_to_conf(const char *text, const char *origin,
			      neuron_error_t *err)
{
	yaml_t yaml = {.origin = origin, .err = err};
	char *copy = malloc(strlen(text) + 1), *conf = NULL;
	int rc = -1;

	if (copy)
		rc = _take_lines(&yaml, memcpy(copy, text, strlen(text) + 1));
	if (!copy ||
	    (!rc && (yaml.sizes.failed || !(conf = text_take(&yaml.out)))))
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	rc = errno;
	if (yaml.sizes.failed) {
		free(conf);
		conf = NULL;
	}
	text_release(&yaml.out);
	text_release(&yaml.sizes);
	free(copy);
	errno = rc;
	return conf;
}

extern bool topoyaml_is(const char *text)
{
	size_t length = 0;

	while (*text && !length) {
		text += strspn(text, " \t\r\n-");
		if (*text == '#')
			text += strcspn(text, "\n");
		else
			length = strcspn(text, " \t\r\n:");
	}
	return length == strlen("topology") &&
	       !strncmp(text, "topology", length) && text[length] == ':';
}
