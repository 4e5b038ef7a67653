/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

extern uint32_t sample_random(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t) (state >> 32) % below;
}

extern void sample_seed(uint64_t seed)
{
	state = 0x9e3779b97f4a7c15u * (seed + 1);
	for (int i = 0; i < 10; i++)
		sample_random(2);
}

extern void sample_append(sample_text_t *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text->text + text->length, SAMPLE_TEXT_MAX - text->length,
		      fmt, ap);
	va_end(ap);
	ck_assert((n >= 0) && (text->length + (size_t) n < SAMPLE_TEXT_MAX));
	text->length += (size_t) n;
}

/* Names and ranges of numbers: "n3,n5", "5-99" */
extern int sample_expand(const char *text, nodeset_each_t each, void *arg)
{
	while (*text) {
		char *end, name[16];
		long first = strtol(text + (*text == 'n'), &end, 10);
		long last = first;

		if (*text != 'n' && (*text < '0' || *text > '9')) {
			size_t size = strcspn(text, ",");

			ck_assert_uint_lt(size, sizeof(name));
			snprintf(name, sizeof(name), "%.*s", (int) size, text);
			if (each(name, arg) < 0)
				return -1;
			text += size + (text[size] == ',');
			continue;
		}
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		for (long i = first; i <= last; i++) {
			snprintf(name, sizeof(name), "n%ld", i);
			if (each(name, arg) < 0)
				return -1;
		}
		text = end + (*end == ',');
	}
	return 0;
}

static int _lookup(const char *name, void *arg)
{
	(void) arg;
	return (int) strtol(name + 1, NULL, 10);
}

extern fabric_t *sample_fabric(const char *text, uint32_t node_count)
{
	fabric_source_t source = {.text = text,
				  .origin = "topology.conf",
				  .ultraserver_glob = "u*",
				  .expand = sample_expand,
				  .lookup = _lookup,
				  .node_count = node_count};
	neuron_error_t err = {""};
	fabric_t *fabric = fabric_create(&source, &err);

	ck_assert_msg(fabric != NULL, "%s: got the error \"%s\"",
		      text ? text : "no text", err.text);
	return fabric;
}
