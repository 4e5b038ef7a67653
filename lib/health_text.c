/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "health_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "slurm-neuron health 1"
#define NOTHING "-"
#define WORDS_MAX 64

static const char *const subjects[READING_SUBJECTS] = {"device", "efa", "node"};

/*
 * Writing
 */

static const char *_or_nothing(const char *text)
{
	return *text ? text : NOTHING;
}

static void _put_counts(text_t *text, const health_t *health,
			reading_subject_t subject, unsigned int index)
{
	const counts_t *counts = &health->counts[subject][index];

	if (counts->serial[0])
		text_add(text, "serial %u %s\n", index, counts->serial);
	for (int s = 0; s < SIGNALS; s++) {
		if (counts->known & (1ULL << s))
			text_add(text, "count %s %u %s %" PRIu64 "\n",
				 subjects[subject], index,
				 signal_name((signal_id_t) s),
				 counts->values[s]);
	}
}

static void _put_numbers(text_t *text, const uint64_t *numbers,
			 unsigned int count)
{
	while (count && !numbers[count - 1])
		count--;
	text_add(text, " %u", count);
	for (unsigned int i = 0; i < count; i++)
		text_add(text, " %" PRIu64, numbers[i]);
}

static bool _is_fresh(const entry_t *entry)
{
	static const entry_t fresh;
	entry_t copy = *entry;

	copy.changed = false;
	return copy.verdict == fresh.verdict && !copy.holds && !copy.told &&
	       !copy.raise_count && !copy.total && !copy.bucket;
}

static void _put_entry(text_t *text, const char *rule, unsigned int index,
		       const entry_t *entry)
{
	if (_is_fresh(entry))
		return;
	text_add(text,
		 "rule %s %u %s %" PRIu64 " %d %d %d %" PRIu64 " %" PRIu64
		 " %" PRIu64 " %s %u",
		 rule, index, rules_verdict_name(entry->verdict), entry->since,
		 entry->holds, entry->raised, entry->told, entry->held_since,
		 entry->held_last, entry->total, _or_nothing(entry->error),
		 entry->raise_count);
	_put_numbers(text, entry->raises, RULES_TIMES_MAX);
	text_add(text, " %" PRIu64, entry->bucket);
	_put_numbers(text, entry->growth, HEALTH_BUCKETS);
	text_add(text, "\n");
	if (entry->reason[0])
		text_add(text, "reason %s %u %s\n", rule, index, entry->reason);
}

static void _put_mask(text_t *text, const char *word, const mask_t *mask)
{
	char items[MASK_COMMENT_MAX];

	if (mask->devices && mask_text(mask, items, sizeof(items), NULL) > 0)
		text_add(text, "%s %s\n", word, items);
}

static void _put_site(text_t *text, const health_t *health)
{
	const server_t *server = &health->server;

	text_add(text, FIRST_LINE "\n");
	if (health->boot[0])
		text_add(text, "boot %s\n", health->boot);
	text_add(text, "now %" PRIu64 "\nnext %" PRIu64 "\ntold %d\n",
		 health->now, health->next_record, health->told);
	if (server->modes)
		text_add(text, "server %u %d %d %s %s\n", server->modes,
			 server->node2, server->node4, _or_nothing(server->id2),
			 _or_nothing(server->id4));
	_put_mask(text, "masked", &health->masked);
	_put_mask(text, "suspects", &health->suspects);
}

extern char *health_encode(const health_t *health)
{
	text_t text = {.text = NULL};

	_put_site(&text, health);
	for (int s = 0; s < READING_SUBJECTS; s++) {
		reading_subject_t subject = (reading_subject_t) s;

		for (unsigned int i = 0; i < health_subjects(subject); i++)
			_put_counts(&text, health, subject, i);
	}
	for (unsigned int r = 0; r < rules_count(health->rules); r++) {
		const rule_t *rule = rules_at(health->rules, r);
		unsigned int count =
			health_subjects(signal_subject(rule->signal));

		for (unsigned int i = 0; i < count; i++)
			_put_entry(&text, rule->name, i,
				   &health->entries[r][i]);
	}
	return text_take(&text);
}

/*
 * Reading
 */

typedef struct {
	health_t *health;
	char *words[WORDS_MAX]; /* of the line */
	unsigned int count;
	unsigned int at; /* the next one to be read */
	bool wrong; /* a word was missing or not what it must be */
} line_t;

static const char *_word(line_t *line)
{
	if (line->at < line->count)
		return line->words[line->at++];
	line->wrong = true;
	return "";
}

static uint64_t _number(line_t *line, uint64_t max)
{
	const char *text = _word(line);
	uint64_t value = 0;

	line->wrong |= !*text;
	for (; *text && !line->wrong; text++) {
		uint64_t digit = (uint64_t) (*text - '0');

		line->wrong = *text < '0' || *text > '9' ||
			      value > (UINT64_MAX - digit) / 10;
		if (!line->wrong)
			value = value * 10 + digit;
	}
	line->wrong |= value > max;
	return line->wrong ? 0 : value;
}

static bool _is(line_t *line)
{
	return _number(line, 1);
}

static void _copy(line_t *line, char *to, size_t size)
{
	const char *text = _word(line);

	if (strlen(text) >= size)
		line->wrong = true;
	else if (strcmp(text, NOTHING))
		memcpy(to, text, strlen(text) + 1);
	else
		to[0] = '\0';
}

static unsigned int _numbers(line_t *line, uint64_t *numbers, unsigned int max)
{
	unsigned int count = (unsigned int) _number(line, max);

	for (unsigned int i = 0; i < count; i++)
		numbers[i] = _number(line, UINT64_MAX);
	return count;
}

static rules_verdict_t _verdict(line_t *line)
{
	const char *text = _word(line);

	for (int v = RULES_OK; v < RULES_VERDICTS; v++) {
		if (!strcmp(text, rules_verdict_name((rules_verdict_t) v)))
			return (rules_verdict_t) v;
	}
	line->wrong = true;
	return RULES_OK;
}

/* RET NULL: of a rule that is not there any more */
static entry_t *_entry(line_t *line)
{
	int rule = rules_of_name(line->health->rules, _word(line));
	uint64_t index = _number(line, HEALTH_INDEXES_MAX - 1);

	return (rule < 0) ? NULL : &line->health->entries[rule][index];
}

static void _read_rule(line_t *line)
{
	entry_t *to = _entry(line), entry = {.verdict = _verdict(line)};

	entry.since = _number(line, UINT64_MAX);
	entry.holds = _is(line);
	entry.raised = _is(line);
	entry.told = _is(line);
	entry.held_since = _number(line, UINT64_MAX);
	entry.held_last = _number(line, UINT64_MAX);
	entry.total = _number(line, UINT64_MAX);
	_copy(line, entry.error, sizeof(entry.error));
	entry.raise_count = (uint32_t) _number(line, RULES_TIMES_MAX);
	(void) _numbers(line, entry.raises, RULES_TIMES_MAX);
	entry.bucket = _number(line, UINT64_MAX);
	(void) _numbers(line, entry.growth, HEALTH_BUCKETS);
	if (to && !line->wrong)
		*to = entry;
}

/* What a rule said to another verdict than it can give now is kept: an
 * operator who changes a rule changes what comes */
static void _read_reason(line_t *line, const char *rest)
{
	entry_t *entry = _entry(line);

	line->at = line->count;
	if (strlen(rest) >= MASK_REASON_MAX)
		line->wrong = true;
	else if (entry && !line->wrong)
		memcpy(entry->reason, rest, strlen(rest) + 1);
}

static void _read_count(line_t *line)
{
	const char *name = _word(line);
	counts_t *counts;
	uint64_t index;
	int subject = 0, signal;

	while (subject < READING_SUBJECTS && strcmp(subjects[subject], name))
		subject++;
	index = _number(line, HEALTH_INDEXES_MAX - 1);
	signal = signal_of_name(_word(line));
	if (subject == READING_SUBJECTS || signal < 0) {
		line->wrong = true;
		return;
	}
	counts = &line->health->counts[subject][index];
	counts->values[signal] = _number(line, UINT64_MAX);
	counts->known |= 1ULL << signal;
}

/* A number from -1 on */
static int32_t _node(line_t *line)
{
	if (line->at < line->count && !strcmp(line->words[line->at], "-1")) {
		line->at++;
		return -1;
	}
	return (int32_t) _number(line, INT32_MAX);
}

static void _read_server(line_t *line)
{
	server_t *server = &line->health->server;

	server->modes = (uint32_t) _number(line, UINT32_MAX);
	server->node2 = _node(line);
	server->node4 = _node(line);
	_copy(line, server->id2, sizeof(server->id2));
	_copy(line, server->id4, sizeof(server->id4));
}

static void _read_mask(line_t *line, const char *rest, mask_t *mask)
{
	char text[MASK_COMMENT_MAX];

	line->at = line->count;
	(void) snprintf(text, sizeof(text), MASK_KEY "%s", rest);
	line->wrong |= mask_decode(text, mask, NULL) != 0;
}

static void _read_serial(line_t *line)
{
	uint64_t index = _number(line, PROFILE_DEVICES_MAX - 1);
	counts_t *counts = &line->health->counts[READING_DEVICE][index];

	_copy(line, counts->serial, sizeof(counts->serial));
}

/* The text behind so many words */
static const char *_behind(const char *text, unsigned int words)
{
	for (; words; words--) {
		text += strcspn(text, " ");
		text += *text == ' ';
	}
	return text;
}

static void _read_boot(line_t *line, const char *rest)
{
	line->at = line->count;
	if (strlen(rest) >= sizeof(line->health->boot))
		line->wrong = true;
	else
		memcpy(line->health->boot, rest, strlen(rest) + 1);
}

static void _read_line(line_t *line, const char *whole)
{
	const char *key = _word(line);
	health_t *health = line->health;

	if (!strcmp(key, "boot"))
		_read_boot(line, _behind(whole, 1));
	else if (!strcmp(key, "now"))
		health->now = _number(line, UINT64_MAX);
	else if (!strcmp(key, "next"))
		health->next_record = _number(line, UINT64_MAX);
	else if (!strcmp(key, "told"))
		health->told = _is(line);
	else if (!strcmp(key, "server"))
		_read_server(line);
	else if (!strcmp(key, "masked"))
		_read_mask(line, _behind(whole, 1), &health->masked);
	else if (!strcmp(key, "suspects"))
		_read_mask(line, _behind(whole, 1), &health->suspects);
	else if (!strcmp(key, "serial"))
		_read_serial(line);
	else if (!strcmp(key, "count"))
		_read_count(line);
	else if (!strcmp(key, "rule"))
		_read_rule(line);
	else if (!strcmp(key, "reason"))
		_read_reason(line, _behind(whole, 3));
	else
		line->wrong = true;
	line->wrong |= line->at != line->count;
}

/* IN/OUT copy - of the line; cut into words. Those too many make it wrong. */
static void _split(line_t *line, char *copy)
{
	char *rest = copy;

	line->count = line->at = 0;
	line->wrong = false;
	while (rest && *rest) {
		char *word = strsep(&rest, " ");

		if (line->count < WORDS_MAX)
			line->words[line->count++] = word;
	}
}

static bool _is_plain(const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

/* RET 0; the number of the line that is wrong */
static unsigned int _read_lines(health_t *health, char *text, char *copy)
{
	line_t line = {.health = health};
	unsigned int number = 0;
	char *whole;

	while ((whole = strsep(&text, "\n"))) {
		number++;
		if (number == 1 && strcmp(whole, FIRST_LINE))
			return number;
		if (number == 1 || !*whole)
			continue;
		memcpy(copy, whole, strlen(whole) + 1);
		_split(&line, copy);
		if (_is_plain(whole))
			_read_line(&line, whole);
		else
			line.wrong = true;
		if (line.wrong)
			return number;
	}
	return number ? 0 : 1;
}

extern health_t *health_decode(const rules_t *rules, const char *text,
			       const char *origin, neuron_error_t *err)
{
	size_t size = strlen(text) + 1;
	health_t *health = health_create(rules);
	char *lines = malloc(size), *copy = malloc(size);
	unsigned int wrong = 0;

	if (health && lines && copy) {
		memcpy(lines, text, size);
		wrong = _read_lines(health, lines, copy);
	}
	if (!health || !lines || !copy)
		neuron_error_set(err, ENOMEM, "out of memory");
	else if (wrong)
		neuron_error_set(err, EINVAL,
				 "%.200s:%u: this is not what neuron-health "
				 "wrote; remove the file",
				 origin, wrong);
	if (!health || !lines || !copy || wrong) {
		health_destroy(health);
		health = NULL;
	}
	free(lines);
	free(copy);
	return health;
}
