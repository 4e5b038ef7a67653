/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

#define PORTS_PER_STEP 2

/* Read a port at *text, which is moved behind it; RET 0: there is none */
static uint16_t _read_port(const char **text)
{
	size_t digits = strspn(*text, "0123456789");
	unsigned long port = 0;

	if (digits && digits <= 5)
		port = strtoul(*text, NULL, 10);
	*text += digits;
	return port <= UINT16_MAX ? (uint16_t) port : 0;
}

/* The first ports of a list; RET how many, 0 when it is malformed */
static uint32_t _read_reserved(const char *text, uint16_t *ports)
{
	uint32_t count = 0;

	if (!text)
		return 0;
	for (;;) {
		uint32_t low = _read_port(&text), high = low;

		if (*text == '-') {
			text++;
			high = _read_port(&text);
		}
		if (!low || high < low)
			return 0;
		while (low <= high && count < PORTS_PER_STEP)
			ports[count++] = (uint16_t) low++;
		if (!*text)
			return count;
		if (*text++ != ',')
			return 0;
	}
}

/* murmur3's finalizer: close numbers become far ones */
static uint32_t _mix(uint32_t x)
{
	x ^= x >> 16;
	x *= UINT32_C(0x85ebca6b);
	x ^= x >> 13;
	x *= UINT32_C(0xc2b2ae35);
	return x ^ x >> 16;
}

/* Which of the places of a part a step has: batch script and shell the first
 * two, where there are as many */
static uint32_t _place_in_part(const root_t *root, uint32_t places)
{
	uint32_t special = places > 2 ? 2 : places - 1;

	if (root->kind == ROOT_BATCH || !places)
		return 0;
	if (root->kind == ROOT_SHELL)
		return special ? special - 1 : 0;
	return special + root->step_id % (places - special);
}

static uint32_t _place(const root_t *root, uint32_t places)
{
	uint32_t part = places / PROFILE_DEVICES_MAX;

	if (root->device < 0)
		return _mix(_mix(root->job_id) + root->step_id) % places;
	if (!part)
		return (uint32_t) root->device % places;
	return ((uint32_t) root->device * part + _place_in_part(root, part)) %
	       places;
}

extern int root_ports(const root_t *root, uint16_t *comm, uint16_t *master)
{
	uint32_t places =
		((uint32_t) root->last - root->first + 1) / PORTS_PER_STEP;
	uint16_t reserved[PORTS_PER_STEP];
	uint32_t count, first;

	if (!root->first || root->last <= root->first || root->device >= 64)
		return neuron_error_set(NULL, EINVAL, "ports");
	first = root->first + PORTS_PER_STEP * _place(root, places);
	*comm = (uint16_t) first;
	*master = (uint16_t) (first + 1);
	count = _read_reserved(root->reserved, reserved);
	if (count)
		*comm = reserved[0];
	if (count > 1)
		*master = reserved[1];
	return 0;
}

extern int root_encode(const char *host, uint16_t port, char *buf, size_t size)
{
	int used;

	if (buf && size)
		buf[0] = '\0';
	if (!host || !*host || !port || !buf)
		return neuron_error_set(NULL, EINVAL, "no host or port");
	used = snprintf(buf, size,
			strchr(host, ':') && host[0] != '[' ? "[%s]:%u"
							    : "%s:%u",
			host, (unsigned int) port);
	if (used < 0 || (size_t) used >= size) {
		if (size)
			buf[0] = '\0';
		return neuron_error_set(NULL, ENOSPC, "no room");
	}
	return used;
}
