/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slurmconf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "file.h"
#include "names.h"

#define PATH_SIZE 4096

struct slurmconf {
	slurmconf_line_t *lines;
	uint32_t count, room;
	/* texts of the files, cut into strings that lines point to */
	char *texts[SLURMCONF_FILES_MAX];
	char *paths[SLURMCONF_FILES_MAX];
	unsigned int file_count;
};

typedef struct {
	slurmconf_t *conf;
	const char *first; /* path of the first file */
	const char *path;
	unsigned int line;
	unsigned int depth;
	neuron_error_t *err;
} parse_t;

static int _read(parse_t *parse);

static int _refuse(const parse_t *parse, const char *text, const char *reason)
{
	char quote[NAMES_QUOTE_MAX];

	return neuron_error_set(parse->err, EINVAL, "%.200s:%u: %s: %s",
				parse->path, parse->line,
				names_quote(text, quote), reason);
}

static int _no_memory(const parse_t *parse)
{
	return neuron_error_set(parse->err, ENOMEM, "out of memory");
}

static bool _is_blank(char c)
{
	return c && strchr(" \t\r\v\f", c);
}

static char *_skip_blanks(char *at)
{
	while (_is_blank(*at))
		at++;
	return at;
}

static bool _is_key_character(char c)
{
	return names_is_plain((char[]){c, '\0'}, 1) || c == '_' || c == '.';
}

/* Cut the comment and blanks at the end off. RET true: the next line belongs
 * to this one */
static bool _trim(char *line)
{
	size_t length = 0, backslashes = 0;

	for (; line[length]; length++) {
		if (line[length] == '#' && backslashes % 2 == 0)
			break;
		backslashes = (line[length] == '\\') ? backslashes + 1 : 0;
	}
	while (length && _is_blank(line[length - 1]))
		length--;
	line[length] = '\0';
	for (backslashes = 0;
	     backslashes < length && line[length - 1 - backslashes] == '\\';)
		backslashes++;
	if (backslashes % 2 == 0)
		return false;
	line[length - 1] = '\0';
	return true;
}

static void _unescape(char *line)
{
	char *to = line;

	for (; *line; line++) {
		if (*line == '\\' && line[1])
			line++;
		*to++ = *line;
	}
	*to = '\0';
}

/* Cut the next Key=Value out. RET what follows; NULL with a sentence */
static char *_cut_pair(const parse_t *parse, char *at, slurmconf_pair_t *pair)
{
	char *end = at, *equal;

	while (_is_key_character(*end))
		end++;
	equal = _skip_blanks(end);
	if (*equal && strchr("-*+/", *equal))
		equal++;
	if (end == at || *equal != '=') {
		_refuse(parse, at, "this is not Key=Value");
		return NULL;
	}
	*end = '\0';
	pair->key = at;
	at = _skip_blanks(equal + 1);
	if (*at == '"') {
		pair->value = ++at;
		at += strcspn(at, "\"");
		if (!*at) {
			_refuse(parse, pair->value, "the quote is not closed");
			return NULL;
		}
		*at++ = '\0';
		return at;
	}
	pair->value = at;
	while (*at && !_is_blank(*at))
		at++;
	if (*at)
		*at++ = '\0';
	return at;
}

static int _add_line(parse_t *parse, const slurmconf_pair_t *pairs,
		     unsigned int count)
{
	slurmconf_t *conf = parse->conf;
	slurmconf_pair_t *copy;

	if (conf->count == SLURMCONF_LINES_MAX)
		return _refuse(parse, pairs[0].key, "these are too many lines");
	if (conf->count == conf->room) {
		uint32_t room = conf->room ? 2 * conf->room : 64;
		slurmconf_line_t *lines =
			realloc(conf->lines, room * sizeof(*lines));

		if (!lines)
			return _no_memory(parse);
		conf->lines = lines;
		conf->room = room;
	}
	copy = malloc(count * sizeof(*copy));
	if (!copy)
		return _no_memory(parse);
	memcpy(copy, pairs, count * sizeof(*copy));
	conf->lines[conf->count++] =
		(slurmconf_line_t){parse->path, parse->line, copy, count};
	return 0;
}

/* A path beside the first file, or an absolute one */
static char *_included_path(const parse_t *parse, const char *name)
{
	const char *slash = strrchr(parse->first, '/');
	char *path = malloc(PATH_SIZE);
	int n;

	if (!path) {
		_no_memory(parse);
		return NULL;
	}
	if (name[0] == '/' || !slash)
		n = snprintf(path, PATH_SIZE, "%s", name);
	else
		n = snprintf(path, PATH_SIZE, "%.*s/%s",
			     (int) (slash - parse->first), parse->first, name);
	if (n > 0 && n < PATH_SIZE)
		return path;
	free(path);
	_refuse(parse, name, "the path is too long");
	return NULL;
}

static int _include(const parse_t *parse, const char *name)
{
	parse_t inner = *parse;
	slurmconf_t *conf = parse->conf;
	char *path;

	if (!*name)
		return _refuse(parse, "Include",
			       "the name of a file is missing");
	if (parse->depth == SLURMCONF_DEPTH_MAX)
		return _refuse(parse, name,
			       "files include each other too deep");
	if (conf->file_count == SLURMCONF_FILES_MAX)
		return _refuse(parse, name, "these are too many files");
	path = _included_path(parse, name);
	if (!path)
		return -1;
	conf->paths[conf->file_count++] = path;
	inner.path = path;
	inner.depth++;
	return _read(&inner);
}

static int _take_line(parse_t *parse, char *line)
{
	slurmconf_pair_t pairs[SLURMCONF_PAIRS_MAX];
	unsigned int count = 0;

	line = _skip_blanks(line);
	if (!strncasecmp(line, "Include", strlen("Include")) &&
	    _is_blank(line[strlen("Include")]))
		return _include(parse, _skip_blanks(line + strlen("Include")));
	while (*line) {
		if (count == SLURMCONF_PAIRS_MAX)
			return _refuse(parse, line, "these are too many keys");
		line = _cut_pair(parse, line, &pairs[count++]);
		if (!line)
			return -1;
		line = _skip_blanks(line);
	}
	return count ? _add_line(parse, pairs, count) : 0;
}

/* Take lines that belong together, joined in place */
static int _take_text(parse_t *parse, char *text)
{
	unsigned int number = 1;
	char *next;

	for (char *at = text; at; at = next) {
		char *start = at, *to = at;
		bool more = true;

		parse->line = number;
		for (next = at; more && next; number++) {
			at = next;
			next = strchr(at, '\n');
			if (next)
				*next++ = '\0';
			more = _trim(at);
			memmove(to, at, strlen(at) + 1);
			to += strlen(to);
		}
		_unescape(start);
		if (_take_line(parse, start))
			return -1;
	}
	return 0;
}

static int _read(parse_t *parse)
{
	slurmconf_t *conf = parse->conf;
	char *text =
		file_read(parse->path, SLURMCONF_FILE_MAX, NULL, parse->err);

	if (!text)
		return -1;
	/* paths of included files stand at the same places */
	for (unsigned int i = 0; i < conf->file_count; i++) {
		if (conf->paths[i] == parse->path)
			conf->texts[i] = text;
	}
	return _take_text(parse, text);
}

extern slurmconf_t *slurmconf_read(const char *path, neuron_error_t *err)
{
	slurmconf_t *conf = calloc(1, sizeof(*conf));
	char *copy = malloc(strlen(path) + 1);
	parse_t parse = {.conf = conf, .first = copy, .path = copy, .err = err};

	if (!conf || !copy) {
		free(conf);
		free(copy);
		neuron_error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	conf->paths[conf->file_count++] = memcpy(copy, path, strlen(path) + 1);
	if (!_read(&parse))
		return conf;
	slurmconf_destroy(conf);
	return NULL;
}

extern void slurmconf_destroy(slurmconf_t *conf)
{
	int errnum = errno;

	for (uint32_t i = 0; conf && i < conf->count; i++)
		free((slurmconf_pair_t *) conf->lines[i].pairs);
	for (unsigned int i = 0; conf && i < conf->file_count; i++) {
		free(conf->texts[i]);
		free(conf->paths[i]);
	}
	if (conf)
		free(conf->lines);
	free(conf);
	errno = errnum;
}

extern const slurmconf_line_t *slurmconf_line(const slurmconf_t *conf,
					      uint32_t index)
{
	return (conf && index < conf->count) ? &conf->lines[index] : NULL;
}

extern const char *slurmconf_of_line(const slurmconf_line_t *line,
				     const char *key)
{
	for (unsigned int i = 0; i < line->pair_count; i++) {
		if (!strcasecmp(line->pairs[i].key, key))
			return line->pairs[i].value;
	}
	return NULL;
}

extern bool slurmconf_begins(const slurmconf_line_t *line, const char *key)
{
	return !strcasecmp(line->pairs[0].key, key);
}

/* Lines whose other keys are about a node, a partition and so on */
static bool _is_of_one(const slurmconf_line_t *line)
{
	static const char *const heads[] = {
		"NodeName",  "PartitionName", "NodeSet",
		"DownNodes", "FrontendName",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (slurmconf_begins(line, heads[i]))
			return true;
	}
	return false;
}

extern const char *slurmconf_value(const slurmconf_t *conf, const char *key,
				   const slurmconf_line_t **where)
{
	const char *last = NULL;

	for (uint32_t i = 0; conf && i < conf->count; i++) {
		const char *value = slurmconf_of_line(&conf->lines[i], key);

		if (!value || _is_of_one(&conf->lines[i]))
			continue;
		last = value;
		if (where)
			*where = &conf->lines[i];
	}
	return last;
}

extern bool slurmconf_list_has(const char *list, const char *word)
{
	size_t size = strlen(word);

	while (list && *list) {
		size_t length = strcspn(list, ",");

		if (length == size && !strncasecmp(list, word, size))
			return true;
		list += length + (list[length] == ',');
	}
	return false;
}
