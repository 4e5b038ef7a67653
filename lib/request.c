/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Longest piece of refused input that a sentence quotes */
#define QUOTE_MAX 80
/* Longest part of a sentence that lists sizes or families */
#define PART_MAX 240
#define SIZES_MAX (PROFILE_DEVICES_MAX + 1)

/*
 * Lists
 */

typedef struct {
	const char *at;
	size_t length;
} piece_t;

/* Next entry of a list, empty ones passed over; RET false: no more */
static bool _next_entry(const char **at, piece_t *entry)
{
	while (**at == ',')
		(*at)++;
	entry->at = *at;
	entry->length = strcspn(*at, ",");
	*at += entry->length;
	return entry->length;
}

/*
 * What follows the prefix. Slurm looks for "gres" anywhere in an entry, and
 * so does this: what Slurm takes for a request must not pass unseen.
 */
static piece_t _body(piece_t entry)
{
	static const char prefix[] = "gres";
	const size_t length = sizeof(prefix) - 1;

	for (size_t i = 0; i + length <= entry.length; i++) {
		piece_t body = {entry.at + i + length,
				entry.length - i - length};

		if (memcmp(entry.at + i, prefix, length))
			continue;
		if (body.length && (*body.at == '/' || *body.at == ':')) {
			body.at++;
			body.length--;
		}
		return body;
	}
	return entry;
}

static bool _has_name(piece_t body, const char *name)
{
	size_t length = strlen(name);

	if (body.length < length || memcmp(body.at, name, length))
		return false;
	return body.length == length || body.at[length] == ':' ||
	       body.at[length] == '=';
}

static bool _is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool _is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name or type: a letter, then letters, digits, and "_-." */
static bool _is_word(const char *at, size_t length)
{
	if (!length || !_is_letter(*at))
		return false;
	for (size_t i = 1; i < length; i++) {
		if (!_is_letter(at[i]) && !_is_digit(at[i]) && at[i] != '_' &&
		    at[i] != '-' && at[i] != '.')
			return false;
	}
	return true;
}

typedef enum { FINE, MALFORMED, TOO_MANY, LONG_TYPE } verdict_t;

static verdict_t _read_count(piece_t text, uint32_t *count)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < text.length && _is_digit(text.at[i]); i++) {
		value = value * 10 + (uint64_t) (text.at[i] - '0');
		if (value > GRES_COUNT_MAX)
			value = GRES_COUNT_MAX + 1;
	}
	if (!i || i + 1 < text.length)
		return MALFORMED;
	if (i < text.length) {
		if (text.at[i] == 'k' || text.at[i] == 'K')
			value *= 1024;
		else if (text.at[i] == 'm' || text.at[i] == 'M')
			value *= 1024 * 1024;
		else
			return MALFORMED;
	}
	if (value > GRES_COUNT_MAX)
		return TOO_MANY;
	*count = (uint32_t) value;
	return FINE;
}

static size_t _until(piece_t text, const char *stops)
{
	size_t i = 0;

	while (i < text.length && !strchr(stops, text.at[i]))
		i++;
	return i;
}

/* Read ":TYPE", ":COUNT", "=COUNT", ":TYPE:COUNT", ":TYPE=COUNT" or "" */
static verdict_t _read_rest(piece_t rest, gres_entry_t *entry)
{
	piece_t word = {rest.at + 1, rest.length - 1};

	if (!rest.length)
		return FINE;
	if (*rest.at == '=' || (word.length && _is_digit(*word.at)))
		return _read_count(word, &entry->count);
	word.length = _until(word, ":=");
	if (!_is_word(word.at, word.length))
		return MALFORMED;
	if (word.length >= sizeof(entry->type))
		return LONG_TYPE;
	memcpy(entry->type, word.at, word.length);
	entry->type[word.length] = '\0';
	if (1 + word.length == rest.length)
		return FINE;
	rest.at += 2 + word.length;
	rest.length -= 2 + word.length;
	return _read_count(rest, &entry->count);
}

/* Printable copy of refused input, cut */
static const char *_quote(piece_t text, char buf[QUOTE_MAX + 4])
{
	size_t length = (text.length > QUOTE_MAX) ? QUOTE_MAX : text.length;

	for (size_t i = 0; i < length; i++)
		buf[i] = (text.at[i] < ' ' || text.at[i] > '~') ? '?'
								: text.at[i];
	memcpy(buf + length, "...", 4);
	if (text.length == length)
		buf[length] = '\0';
	return buf;
}

static int _refuse_entry(verdict_t verdict, piece_t text, const char *name,
			 neuron_error_t *err)
{
	char buf[QUOTE_MAX + 4];
	const char *quote = _quote(text, buf);

	if (verdict == TOO_MANY)
		return neuron_error_set(err, EINVAL,
					"%s: the number is above %d; ask for "
					"fewer, for example %s:4",
					quote, GRES_COUNT_MAX, name);
	if (verdict == LONG_TYPE)
		return neuron_error_set(err, EINVAL,
					"%s: the type is longer than %d "
					"characters; write %s:TYPE:NUMBER with "
					"a type of this cluster",
					quote, GRES_TYPE_MAX - 1, name);
	return neuron_error_set(err, EINVAL,
				"%s: after %s comes a type, a number or both; "
				"write %s:4 or %s:TYPE:4",
				quote, name, name, name);
}

static int _check_list(const char *list, const char *name, neuron_error_t *err)
{
	if (!name || !_is_word(name, strlen(name)))
		return neuron_error_set(err, EINVAL,
					"a GRES needs a name of letters and "
					"digits");
	if (list && strnlen(list, GRES_LIST_MAX + 1) > GRES_LIST_MAX)
		return neuron_error_set(err, EINVAL,
					"the list of GRES is longer than %d "
					"bytes; ask for each GRES once",
					GRES_LIST_MAX);
	return 0;
}

extern int gres_list_find(const char *list, const char *name,
			  gres_entry_t *entry, neuron_error_t *err)
{
	gres_entry_t found = {.count = 1};
	const char *at = list ? list : "";
	piece_t text;

	if (!entry)
		return neuron_error_set(err, EINVAL, "no entry to fill");
	if (_check_list(list, name, err))
		return -1;
	while (_next_entry(&at, &text)) {
		piece_t body = _body(text);
		verdict_t verdict;

		if (!_has_name(body, name))
			continue;
		if (found.present)
			return neuron_error_set(err, EINVAL,
						"%s is named twice; name it "
						"once, as in %s:4",
						name, name);
		body.at += strlen(name);
		body.length -= strlen(name);
		verdict = _read_rest(body, &found);
		if (verdict != FINE)
			return _refuse_entry(verdict, text, name, err);
		found.present = true;
	}
	*entry = found;
	return 0;
}

/* A text under construction; used >= size when it did not fit */
typedef struct {
	char *buf;
	size_t size;
	size_t used;
} text_t;

static void _add(text_t *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void _add(text_t *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (text->used >= text->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text->buf + text->used, text->size - text->used, fmt, ap);
	va_end(ap);
	text->used = (n < 0) ? text->size : text->used + (size_t) n;
}

static void _add_gres(text_t *text, const char *name, const char *type,
		      uint32_t count)
{
	if (count)
		_add(text, "%sgres/%s:%s%s%u", text->used ? "," : "", name,
		     type, *type ? ":" : "", count);
}

extern int gres_list_set(const char *list, const char *name, const char *type,
			 uint32_t count, char *buf, size_t size)
{
	text_t text = {buf, size, 0};
	const char *at = list ? list : "";
	gres_entry_t old;
	piece_t entry;

	if (!buf || !size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	buf[0] = '\0';
	if (!type)
		type = "";
	if (count > GRES_COUNT_MAX || gres_list_find(list, name, &old, NULL) ||
	    (*type &&
	     (!_is_word(type, strlen(type)) || strlen(type) >= GRES_TYPE_MAX)))
		return neuron_error_set(NULL, EINVAL, "bad entry");
	while (_next_entry(&at, &entry)) {
		if (_has_name(_body(entry), name))
			_add_gres(&text, name, type, count);
		else
			_add(&text, "%s%.*s", text.used ? "," : "",
			     (int) entry.length, entry.at);
	}
	if (!old.present)
		_add_gres(&text, name, type, count);
	if (text.used >= size) {
		buf[0] = '\0';
		return neuron_error_set(NULL, ENOSPC, "no room");
	}
	return (int) text.used;
}

/*
 * Spreading tasks
 */

extern int request_spread(const request_t *request, uint32_t nodes,
			  uint32_t *many, uint32_t *few, uint32_t *more)
{
	uint32_t tasks, left;

	if (!request || !request->per_task || request->per_node || !nodes ||
	    request->tasks < nodes || !many || !few || !more)
		return neuron_error_set(NULL, EINVAL, "no such spread");
	tasks = request->tasks / nodes;
	left = request->tasks % nodes;
	if (request->tasks_per_node &&
	    (left || tasks != request->tasks_per_node))
		return neuron_error_set(NULL, EINVAL, "no such spread");
	if ((uint64_t) request->per_task * (tasks + !!left) > UINT32_MAX)
		return neuron_error_set(NULL, EINVAL, "too many devices");
	*few = request->per_task * tasks;
	*many = request->per_task * (tasks + !!left);
	*more = left ? left : nodes;
	return 0;
}

/*
 * Checking
 *
 * A request is legal on a family when some number of tasks can share a node
 * of it. A request per node counts as one task of that size on each node.
 */

/* Bit k: k tasks on one node */
typedef uint32_t loads_t;

typedef struct {
	const request_t *request;
	const profile_t *const *profiles;
	const shape_t *const *shapes;
	uint32_t count;
	uint32_t unit; /* devices of a task, or for each node */
} query_t;

typedef struct {
	loads_t loads; /* 0: the family cannot take the job */
	bool known; /* the number of EFA interfaces is the same however
		     * tasks are spread */
	uint32_t efa;
	bool efa_per_node;
	bool undocumented;
} answer_t;

static bool _is_type(const query_t *query, uint32_t family)
{
	return !query->request->type[0] ||
	       !strcmp(query->request->type,
		       profile_type(query->profiles[family]));
}

/* True when a node of the family can give this many devices to one job */
static bool _can_give(const query_t *query, uint32_t family, uint64_t devices)
{
	if (devices > profile_device_count(query->profiles[family]))
		return false;
	return query->request->whole_node ||
	       shape_size_is_possible(query->shapes[family],
				      (unsigned int) devices,
				      query->request->tier);
}

static uint64_t _divide_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

/*
 * The loads of nodes when the fullest node gets most tasks.
 * IN even - all nodes get as many; else some get one less.
 * RET 0 when no number of nodes between the limits makes it so.
 */
static loads_t _loads_of(const request_t *request, uint32_t most, bool even)
{
	uint64_t first = _divide_up(request->tasks, most), last = first;
	bool divides = !(request->tasks % most);

	if (even && !divides)
		return 0;
	if (!even) {
		if (most == 1)
			return 0;
		first += divides;
		last = _divide_up(request->tasks, most - 1) - 1;
	}
	if (first < request->nodes_min)
		first = request->nodes_min;
	if (last > request->nodes_max)
		last = request->nodes_max;
	if (first > last)
		return 0;
	return even ? 1U << most : 3U << (most - 1);
}

static bool _can_take(const query_t *query, uint32_t family, loads_t loads)
{
	for (uint32_t k = 1; loads >> k; k++) {
		if ((loads >> k & 1) &&
		    !_can_give(query, family, (uint64_t) k * query->unit))
			return false;
	}
	return loads;
}

static loads_t _loads(const query_t *query, uint32_t family)
{
	const request_t *request = query->request;
	loads_t loads = 0;

	if (!_is_type(query, family))
		return 0;
	if (request->per_node)
		return _can_give(query, family, query->unit) ? 2 : 0;
	for (uint32_t most = 1; most <= PROFILE_DEVICES_MAX; most++) {
		loads_t even = _loads_of(request, most, true);
		loads_t uneven = _loads_of(request, most, false);

		if (request->tasks_per_node && request->tasks_per_node != most)
			continue;
		if (_can_take(query, family, even))
			loads |= even;
		if (!request->tasks_per_node &&
		    _can_take(query, family, uneven))
			loads |= uneven;
	}
	return loads;
}

static int _efas(const query_t *query, uint32_t family, uint32_t devices)
{
	return shape_efa_count(query->shapes[family], devices,
			       query->request->tier);
}

/* True when every task brings its own EFA interfaces, or all loads need the
 * same number */
static void _answer_efa(const query_t *query, uint32_t family, answer_t *answer)
{
	int own = _efas(query, family, query->unit), same = -1;
	bool linear = own >= 0, equal = true;

	for (uint32_t k = 1; answer->loads >> k; k++) {
		int efas;

		if (!(answer->loads >> k & 1))
			continue;
		efas = _efas(query, family, k * query->unit);
		linear = linear && efas == (int) k * own;
		equal = equal && (same < 0 || efas == same);
		same = efas;
	}
	answer->known = linear || equal;
	answer->efa = (uint32_t) (linear ? own : same);
	answer->efa_per_node =
		!linear && answer->efa && query->request->per_task;
}

static bool _is_undocumented(const query_t *query, uint32_t family,
			     loads_t loads)
{
	for (uint32_t k = 1; loads >> k; k++) {
		if ((loads >> k & 1) &&
		    !profile_size_is_documented(query->profiles[family],
						k * query->unit))
			return true;
	}
	return false;
}

/* RET true when the family can take the job, EFA left aside */
static bool _answer(const query_t *query, uint32_t family, answer_t *answer)
{
	const profile_t *profile = query->profiles[family];

	memset(answer, 0, sizeof(*answer));
	answer->loads = _loads(query, family);
	if (!answer->loads)
		return false;
	if (query->request->whole_node) {
		answer->known = true;
		answer->efa = profile_efa_count(profile);
		answer->efa_per_node = answer->efa && query->request->per_task;
		answer->undocumented = !profile_size_is_documented(
			profile, profile_device_count(profile));
		return true;
	}
	_answer_efa(query, family, answer);
	answer->undocumented = _is_undocumented(query, family, answer->loads);
	return true;
}

/*
 * Sentences
 */

static const char *_s(uint64_t count)
{
	return (count == 1) ? "" : "s";
}

/* Between the members of a list: nothing, ", " or the last word */
static const char *_between(uint32_t position, uint32_t count, const char *last)
{
	if (!position)
		return "";
	return (position + 1 == count) ? last : ", ";
}

/* The type, or the name when the type does not tell families apart */
static const char *_label(const query_t *query, uint32_t family,
			  uint32_t (*value)(const query_t *, uint32_t))
{
	const char *type = profile_type(query->profiles[family]);

	for (uint32_t i = 0; i < query->count; i++) {
		if (!strcmp(profile_type(query->profiles[i]), type) &&
		    value(query, i) && value(query, i) != value(query, family))
			return profile_name(query->profiles[family]);
	}
	return type;
}

/* For _label() and _is_first(): 0 for families that are not meant */
static uint32_t _devices_of(const query_t *query, uint32_t family)
{
	return _is_type(query, family)
		       ? profile_device_count(query->profiles[family])
		       : 0;
}

static uint32_t _efas_of(const query_t *query, uint32_t family)
{
	answer_t answer;

	if (!_answer(query, family, &answer) || !answer.known)
		return 0;
	return 1 + answer.efa * 2 + answer.efa_per_node;
}

/* True when no family before this one has the same type and value */
static bool _is_first(const query_t *query, uint32_t family,
		      uint32_t (*value)(const query_t *, uint32_t))
{
	if (!value(query, family))
		return false;
	for (uint32_t i = 0; i < family; i++) {
		if (value(query, i) == value(query, family) &&
		    !strcmp(profile_type(query->profiles[i]),
			    profile_type(query->profiles[family])))
			return false;
	}
	return true;
}

static uint32_t _firsts(const query_t *query,
			uint32_t (*value)(const query_t *, uint32_t))
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < query->count; i++)
		count += _is_first(query, i, value);
	return count;
}

/* "inf2 nodes have 12 and trn2 nodes have 16" */
static void _add_machines(text_t *text, const query_t *query)
{
	uint32_t count = _firsts(query, _devices_of), done = 0;

	for (uint32_t i = 0; i < query->count; i++) {
		if (!_is_first(query, i, _devices_of))
			continue;
		_add(text, "%s%s nodes have %u",
		     _between(done++, count, " and "),
		     _label(query, i, _devices_of), _devices_of(query, i));
	}
}

static int _refuse_type(const query_t *query, neuron_error_t *err)
{
	char types[PART_MAX] = "", buf[QUOTE_MAX + 4];
	text_t text = {types, sizeof(types), 0};
	piece_t asked = {query->request->type, strlen(query->request->type)};
	uint32_t done = 0;

	for (uint32_t i = 0; i < query->count; i++) {
		const char *type = profile_type(query->profiles[i]);
		uint32_t j = 0;

		while (j < i && strcmp(type, profile_type(query->profiles[j])))
			j++;
		if (j == i)
			_add(&text, "%s%s", done++ ? ", " : "", type);
	}
	return neuron_error_set(err, ENOTSUP,
				"no node that the job may use has Neuron "
				"devices of type %s: ask for %s%s",
				_quote(asked, buf),
				(done == 1) ? "type " : "one of the types ",
				types);
}

/* Bit n: some family can give n devices to a job that asks for them */
static uint32_t _sizes(const query_t *query)
{
	uint32_t sizes = 0;

	for (uint32_t n = 1; n <= PROFILE_DEVICES_MAX; n++) {
		for (uint32_t i = 0; i < query->count; i++) {
			if (_is_type(query, i) && _can_give(query, i, n))
				sizes |= 1U << n;
		}
	}
	return sizes;
}

/* "1 to 4, 8 or 16" */
static void _add_sizes(text_t *text, uint32_t sizes)
{
	uint32_t runs = 0, done = 0;

	for (uint32_t n = 1; sizes >> n; n++)
		runs += (sizes >> n & 1) && !(sizes >> (n - 1) & 1);
	for (uint32_t n = 1; sizes >> n; n++) {
		uint32_t last = n;

		if (!(sizes >> n & 1))
			continue;
		while (sizes >> (last + 1) & 1)
			last++;
		_add(text, "%s%u", _between(done++, runs, " or "), n);
		if (last > n)
			_add(text, " to %u", last);
		n = last;
	}
}

/* The members of sizes next to n, below and above */
static uint32_t _nearest(uint32_t sizes, uint32_t n)
{
	uint32_t below = n, above = n, near = 0;

	while (below && !(sizes >> below & 1))
		below--;
	while (above < SIZES_MAX && !(sizes >> above & 1))
		above++;
	if (below)
		near |= 1U << below;
	if (above < SIZES_MAX)
		near |= 1U << above;
	return near;
}

static uint32_t _largest_machine(const query_t *query)
{
	uint32_t largest = 0;

	for (uint32_t i = 0; i < query->count; i++) {
		if (_devices_of(query, i) > largest)
			largest = _devices_of(query, i);
	}
	return largest;
}

static int _refuse_size(const query_t *query, const char *what, uint64_t asked,
			neuron_error_t *err)
{
	char machines[PART_MAX], possible[PART_MAX], nearest[PART_MAX];
	text_t text = {machines, sizeof(machines), 0};
	uint32_t sizes = _sizes(query);

	_add_machines(&text, query);
	text = (text_t){possible, sizeof(possible), 0};
	_add_sizes(&text, sizes);
	if (asked > _largest_machine(query))
		return neuron_error_set(
			err, ENOTSUP,
			"%llu Neuron device%s %s were asked for; %s: ask for "
			"%s%s",
			(unsigned long long) asked, _s(asked), what, machines,
			possible,
			query->request->per_node ? ", or for more nodes" : "");
	text = (text_t){nearest, sizeof(nearest), 0};
	_add_sizes(&text, _nearest(sizes, (uint32_t) asked));
	return neuron_error_set(
		err, ENOTSUP,
		"%llu Neuron device%s %s were asked for; sets of shape \"%s\" "
		"have %s devices here: ask for %s",
		(unsigned long long) asked, _s(asked), what,
		shape_tier_name(query->request->tier), possible, nearest);
}

/* The number of tasks on a node that stands in the way */
static uint32_t _load_to_blame(const query_t *query)
{
	const request_t *request = query->request;
	uint32_t nodes = (request->tasks < request->nodes_max)
				 ? request->tasks
				 : request->nodes_max;

	if (request->tasks_per_node)
		return request->tasks_per_node;
	return (uint32_t) _divide_up(request->tasks, nodes);
}

/* Bit k: k tasks fit on a node of some family */
static uint32_t _possible_loads(const query_t *query)
{
	uint32_t sizes = _sizes(query), loads = 0;

	for (uint32_t k = 1; k * query->unit < SIZES_MAX; k++) {
		if (sizes >> (k * query->unit) & 1)
			loads |= 1U << k;
	}
	return loads;
}

static int _refuse_tasks(const query_t *query, neuron_error_t *err)
{
	char machines[PART_MAX], possible[PART_MAX];
	text_t text = {machines, sizeof(machines), 0};
	uint32_t tasks = _load_to_blame(query), loads;

	if (query->unit > _largest_machine(query) || tasks == 1)
		return _refuse_size(query, "for each task", query->unit, err);
	loads = _possible_loads(query);
	if (!loads)
		return _refuse_size(query, "for each task", query->unit, err);
	_add_machines(&text, query);
	text = (text_t){possible, sizeof(possible), 0};
	_add_sizes(&text, loads);
	return neuron_error_set(
		err, ENOTSUP,
		"%u tasks of %u Neuron device%s on one node, %llu in all, were "
		"asked for; %s: ask for %s such task%s on a node, or for more "
		"nodes",
		tasks, query->unit, _s(query->unit),
		(unsigned long long) tasks * query->unit, machines, possible,
		(loads == 2) ? "" : "s");
}

static int _refuse_impossible(const query_t *query, neuron_error_t *err)
{
	for (uint32_t i = 0; i < query->count; i++) {
		if (!_is_type(query, i))
			continue;
		if (query->request->per_node)
			return _refuse_size(query, "on one node", query->unit,
					    err);
		return _refuse_tasks(query, err);
	}
	return _refuse_type(query, err);
}

/* "4 devices need", "whole nodes have" */
static void _add_subject(text_t *text, const query_t *query)
{
	if (query->request->whole_node)
		_add(text, "whole nodes have");
	else
		_add(text, "%u device%s%s need%s", query->unit, _s(query->unit),
		     query->request->per_task ? " for each task" : "",
		     (query->unit == 1) ? "s" : "");
}

/* "2 EFA interfaces on trn1 and 4 on trn2" */
static void _add_efas(text_t *text, const query_t *query)
{
	uint32_t count = _firsts(query, _efas_of), done = 0;
	answer_t answer;

	for (uint32_t i = 0; i < query->count; i++) {
		if (!_is_first(query, i, _efas_of))
			continue;
		(void) _answer(query, i, &answer);
		_add(text, "%s%u", _between(done, count, " and "), answer.efa);
		if (!done++)
			_add(text, " EFA interface%s", _s(answer.efa));
		if (query->request->per_task)
			_add(text, " for each %s",
			     answer.efa_per_node ? "node" : "task");
		_add(text, " on %s", _label(query, i, _efas_of));
	}
}

/* "neuron:trn1:4 or neuron:trn2:4", with efa when types are not enough */
static void _add_ways(text_t *text, const query_t *query, bool with_efa)
{
	uint32_t count = _firsts(query, _efas_of), done = 0;
	answer_t answer;

	for (uint32_t i = 0; i < query->count; i++) {
		if (!_is_first(query, i, _efas_of))
			continue;
		(void) _answer(query, i, &answer);
		_add(text, "%sneuron:%s:%u", _between(done++, count, " or "),
		     profile_type(query->profiles[i]), query->unit);
		if (with_efa)
			_add(text, " with efa:%u", answer.efa);
	}
}

/* True when a type alone does not tell the number of EFA interfaces */
static bool _types_are_vague(const query_t *query)
{
	for (uint32_t i = 0; i < query->count; i++) {
		if (_efas_of(query, i) &&
		    _label(query, i, _efas_of) !=
			    profile_type(query->profiles[i]))
			return true;
	}
	return false;
}

static int _refuse_ambiguous(const query_t *query, neuron_error_t *err)
{
	char facts[PART_MAX], ways[PART_MAX];
	text_t text = {facts, sizeof(facts), 0};
	bool vague = _types_are_vague(query);

	_add_subject(&text, query);
	_add(&text, " ");
	_add_efas(&text, query);
	text = (text_t){ways, sizeof(ways), 0};
	_add_ways(&text, query, vague);
	return neuron_error_set(err, EINVAL, "%s: name the %s, %s", facts,
				vague ? "number too" : "type", ways);
}

static int _refuse_unknown(const query_t *query, uint32_t family,
			   neuron_error_t *err)
{
	return neuron_error_set(
		err, EINVAL,
		"tasks of %u device%s share EFA interfaces on %s nodes, and "
		"how many tasks a node gets is not fixed: add "
		"--ntasks-per-node, or ask per node with --gres=neuron:NUMBER",
		query->unit, _s(query->unit),
		profile_type(query->profiles[family]));
}

static int _refuse_efa(const query_t *query, neuron_error_t *err)
{
	char facts[PART_MAX], ways[PART_MAX];
	text_t text = {facts, sizeof(facts), 0};
	answer_t answer;
	uint32_t first = 0;

	while (!_efas_of(query, first))
		first++;
	(void) _answer(query, first, &answer);
	_add_subject(&text, query);
	_add(&text, " ");
	_add_efas(&text, query);
	text = (text_t){ways, sizeof(ways), 0};
	if (_firsts(query, _efas_of) > 1) {
		_add(&text, "ask for ");
		_add_ways(&text, query, true);
	} else if (answer.efa) {
		_add(&text, "ask for efa:%u, or leave efa out", answer.efa);
	} else {
		_add(&text, "leave efa out");
	}
	return neuron_error_set(err, ENOTSUP, "efa:%u was asked for; %s: %s",
				query->request->efa, facts, ways);
}

/*
 * Judging
 */

static int _check_self(const request_t *request, neuron_error_t *err)
{
	if (!request->per_node && !request->per_task)
		return neuron_error_set(err, EINVAL,
					"no Neuron device was asked for: ask "
					"for at least 1, as in neuron:1");
	if (request->per_node && request->per_task)
		return neuron_error_set(
			err, EINVAL,
			"Neuron devices were asked for both "
			"per node and per task: ask in one way");
	if (memchr(request->type, '\0', sizeof(request->type)) == NULL ||
	    (unsigned int) request->tier >= SHAPE_TIERS || !request->tasks ||
	    !request->nodes_min)
		return neuron_error_set(err, EINVAL,
					"the request is incomplete: it needs a "
					"shape, 1 task and 1 node at least");
	if (request->nodes_max < request->nodes_min)
		return neuron_error_set(err, EINVAL,
					"at least %u and at most %u nodes were "
					"asked for: the least must not be "
					"above the most",
					request->nodes_min, request->nodes_max);
	return 0;
}

static int _check_tasks(const request_t *request, neuron_error_t *err)
{
	uint32_t on_node = request->tasks_per_node, nodes;

	if (request->tasks < request->nodes_min)
		return neuron_error_set(err, EINVAL,
					"%u task%s cannot be spread over %u "
					"nodes: ask for %u tasks or more, or "
					"for %u node%s",
					request->tasks, _s(request->tasks),
					request->nodes_min, request->nodes_min,
					request->tasks, _s(request->tasks));
	if (!on_node)
		return 0;
	nodes = request->tasks / on_node;
	if (request->tasks % on_node)
		return neuron_error_set(
			err, EINVAL,
			"%u task%s do not fill nodes with %u tasks each: ask "
			"for %llu tasks, or leave out --ntasks-per-node",
			request->tasks, _s(request->tasks), on_node,
			((unsigned long long) nodes + 1) * on_node);
	if (nodes < request->nodes_min || nodes > request->nodes_max)
		return neuron_error_set(
			err, EINVAL,
			"%u tasks with %u on each node make %u node%s, not %u: "
			"ask for %u node%s, or leave out --ntasks-per-node",
			request->tasks, on_node, nodes, _s(nodes),
			(nodes < request->nodes_min) ? request->nodes_min
						     : request->nodes_max,
			nodes, _s(nodes));
	return 0;
}

/* True when the user's number suits the family */
static bool _efa_suits(const query_t *query, const answer_t *answer)
{
	const request_t *request = query->request;

	if (!request->efa_given || !request->efa)
		return true;
	if (request->whole_node)
		return request->efa <= answer->efa;
	return request->efa == answer->efa;
}

typedef struct {
	uint32_t families; /* that can take the job */
	uint32_t suits; /* whose EFA interfaces are as given */
	uint32_t other; /* that have enough, but pair differently */
	bool differ; /* families need different numbers */
	answer_t answer;
} sum_t;

/* Without a word about EFA, or with efa:0, what is unknown does not matter */
static bool _is_unknown(const query_t *query, const answer_t *answer)
{
	return !answer->known &&
	       !(query->request->efa_given && !query->request->efa);
}

static int _sum_up(const query_t *query, sum_t *sum, neuron_error_t *err)
{
	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < query->count; i++) {
		answer_t answer;

		if (!_answer(query, i, &answer))
			continue;
		if (_is_unknown(query, &answer))
			return _refuse_unknown(query, i, err);
		sum->families++;
		if (!_efa_suits(query, &answer)) {
			sum->other += query->request->efa <=
				      profile_efa_count(query->profiles[i]);
			continue;
		}
		if (sum->suits++) {
			sum->differ =
				sum->differ || answer.efa != sum->answer.efa ||
				answer.efa_per_node != sum->answer.efa_per_node;
			answer.undocumented |= sum->answer.undocumented;
		}
		sum->answer = answer;
	}
	return 0;
}

static int _judge(const query_t *query, sum_t *sum, neuron_error_t *err)
{
	const request_t *request = query->request;

	if (_sum_up(query, sum, err))
		return -1;
	if (!sum->families)
		return _refuse_impossible(query, err);
	if (!sum->suits)
		return _refuse_efa(query, err);
	if (!request->efa_given)
		return sum->differ ? _refuse_ambiguous(query, err) : 0;
	/* A number for some of the families only is right by chance */
	if (sum->other)
		return _refuse_ambiguous(query, err);
	sum->answer.efa = request->efa;
	if (!request->efa)
		sum->answer.efa_per_node = false;
	return 0;
}

extern int request_check(const request_t *request,
			 const profile_t *const *profiles,
			 const shape_t *const *shapes, uint32_t count,
			 uint32_t *efa, bool *efa_per_node, bool *undocumented,
			 neuron_error_t *err)
{
	query_t query = {request, profiles, shapes, count, 0};
	sum_t sum;

	if (!request || (count && (!profiles || !shapes)) || !efa ||
	    !efa_per_node || !undocumented)
		return neuron_error_set(err, EINVAL, "nothing to check");
	if (_check_self(request, err) ||
	    (request->per_task && _check_tasks(request, err)))
		return -1;
	if (!count)
		return neuron_error_set(err, ENOTSUP,
					"no node that the job may use has "
					"Neuron devices: choose another "
					"partition or other nodes");
	query.unit = request->per_node ? request->per_node : request->per_task;
	if (_judge(&query, &sum, err))
		return -1;
	*efa = sum.answer.efa;
	*efa_per_node = sum.answer.efa_per_node;
	*undocumented = sum.answer.undocumented;
	return 0;
}

/* Bit n: a family documents n devices and can give them */
static uint32_t _documented(const query_t *query)
{
	uint32_t sizes = 0;

	for (uint32_t n = 1; n <= PROFILE_DEVICES_MAX; n++) {
		for (uint32_t i = 0; i < query->count; i++) {
			if (_is_type(query, i) && _can_give(query, i, n) &&
			    profile_size_is_documented(query->profiles[i], n))
				sizes |= 1U << n;
		}
	}
	return sizes;
}

extern int request_refuse_undocumented(const request_t *request,
				       const profile_t *const *profiles,
				       const shape_t *const *shapes,
				       uint32_t count, neuron_error_t *err)
{
	query_t query = {request, profiles, shapes, count, 0};
	char possible[PART_MAX] = "no number of",
	     nearest[PART_MAX] = "another type";
	text_t text = {possible, sizeof(possible), 0};
	uint32_t asked, sizes;

	if (!request || !count || !profiles || !shapes)
		return neuron_error_set(err, EINVAL, "nothing to check");
	query.unit = request->per_node ? request->per_node : request->per_task;
	asked = request->per_node ? query.unit
				  : query.unit * _load_to_blame(&query);
	sizes = _documented(&query);
	_add_sizes(&text, sizes);
	text = (text_t){nearest, sizeof(nearest), 0};
	_add_sizes(&text, _nearest(sizes, asked));
	return neuron_error_set(err, ENOTSUP,
				"%u Neuron device%s on one node were "
				"asked for; this cluster allows only the units "
				"that AWS documents, which have %s devices "
				"here: ask for %s",
				asked, _s(asked), possible, nearest);
}
