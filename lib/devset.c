/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Longest piece of refused input that a sentence quotes */
#define QUOTE_MAX 100

extern devset_t devset_of(unsigned int index)
{
	return (index < DEVSET_MAX) ? (devset_t) 1 << index : 0;
}

extern devset_t devset_run(unsigned int first, unsigned int count)
{
	devset_t run;

	if (first >= DEVSET_MAX)
		return 0;
	run = (count < DEVSET_MAX) ? ((devset_t) 1 << count) - 1 : UINT64_MAX;
	return run << first;
}

extern unsigned int devset_count(devset_t set)
{
	return (unsigned int) __builtin_popcountll(set);
}

extern int devset_first(devset_t set)
{
	return set ? __builtin_ctzll(set) : -1;
}

extern int devset_last(devset_t set)
{
	return set ? DEVSET_MAX - 1 - __builtin_clzll(set) : -1;
}

extern int devset_next(devset_t set, int index)
{
	if (index >= DEVSET_MAX - 1)
		return -1;
	if (index >= 0)
		set &= UINT64_MAX << (index + 1);
	return devset_first(set);
}

extern bool devset_is_run(devset_t set)
{
	int first = devset_first(set);

	if (first < 0)
		return true;
	set >>= first;
	return (set & (set + 1)) == 0;
}

/* End of the run of members that starts at first */
static int _run_end(devset_t set, int first)
{
	int last = first;

	while (devset_next(set, last) == last + 1)
		last++;
	return last;
}

extern int devset_encode(devset_t set, char *buf, size_t size)
{
	size_t used = 0;

	if (!buf || !size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	buf[0] = '\0';
	for (int i = devset_first(set), last; i >= 0;
	     i = devset_next(set, last)) {
		const char *comma = used ? "," : "";
		int n;

		last = _run_end(set, i);
		if (last == i)
			n = snprintf(buf + used, size - used, "%s%d", comma, i);
		else
			n = snprintf(buf + used, size - used, "%s%d-%d", comma,
				     i, last);
		if (n < 0 || (size_t) n >= size - used) {
			buf[0] = '\0';
			return neuron_error_set(NULL, ENOSPC, "no room");
		}
		used += (size_t) n;
	}
	return (int) used;
}

/* Read an index of one or two digits; RET false: there is none */
static bool _index(const char **at, unsigned int limit, unsigned int *index)
{
	unsigned int value = 0;
	int digits = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		if (++digits > 2)
			return false;
		value = value * 10 + (unsigned int) (**at - '0');
	}
	*index = value;
	return digits && value < limit;
}

/* Read one index or range; RET what is wrong with it, or NULL */
static const char *_range(const char **at, unsigned int limit, devset_t *set)
{
	unsigned int first, last;
	devset_t run;

	if (!_index(at, limit, &first))
		return "is not a list of indexes and ranges such as 0-3,8";
	last = first;
	if (**at == '-') {
		(*at)++;
		if (!_index(at, limit, &last))
			return "is not a list of indexes and ranges such as "
			       "0-3,8";
	}
	if (last < first)
		return "has a range that runs backwards";
	run = devset_run(first, last - first + 1);
	if (*set & run)
		return "names an index twice";
	*set |= run;
	return NULL;
}

extern int devset_decode(const char *text, unsigned int limit, devset_t *set,
			 neuron_error_t *err)
{
	devset_t result = 0;
	const char *at = text, *wrong = NULL;

	if (!text || !set || !limit || limit > DEVSET_MAX)
		return neuron_error_set(err, EINVAL,
					"a device list needs a text and a "
					"limit of 1 to %d",
					DEVSET_MAX);
	while (*at && !wrong) {
		wrong = _range(&at, limit, &result);
		if (!wrong && *at == ',' && at[1])
			at++;
		else if (!wrong && *at)
			wrong = "is not a list of indexes and ranges such as "
				"0-3,8";
	}
	if (wrong)
		return neuron_error_set(err, EINVAL,
					"\"%.*s\" %s; indexes are 0 to %u",
					QUOTE_MAX, text, wrong, limit - 1);
	*set = result;
	return 0;
}
