/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include <string.h>

static int _position(const server_t *server, const char *node)
{
	for (uint32_t i = 0; i < server->member_count; i++) {
		if (!strncmp(server->members[i], node, SERVER_NAME_MAX))
			return (int) i;
	}
	return -1;
}

/* RET the members that these nodes are, 0 when one is not, or they differ in
 * their devices */
static uint64_t _members(const server_t *server, const char *const *nodes,
			 const devset_t *devices, uint32_t count)
{
	uint64_t set = 0;

	for (uint32_t i = 0; i < count; i++) {
		int position = _position(server, nodes[i]);

		if (position < 0 || devices[i] != devices[0])
			return 0;
		set |= UINT64_C(1) << position;
	}
	return set;
}

static bool _is_pair(const server_t *server, uint64_t set)
{
	for (uint32_t i = 0; i < server->pair_count; i++) {
		const uint8_t *pair = server->pairs[i];

		if (set == (UINT64_C(1) << pair[0] | UINT64_C(1) << pair[1]))
			return true;
	}
	return false;
}

static uint32_t _mode(const server_t *server, uint32_t size)
{
	static const uint32_t four[] = {SERVER_MODE_X4, 0};
	static const uint32_t two[] = {SERVER_MODE_X2V, SERVER_MODE_X2H, 0};

	for (const uint32_t *mode = size == 4 ? four : two; *mode; mode++) {
		if (server->modes & (UINT32_C(1) << *mode))
			return *mode;
	}
	return 0;
}

static bool _is_legal(const server_t *server, uint64_t set, uint32_t count)
{
	if (server->member_count != 4 || devset_count(set) != count)
		return false;
	return count == 4 || (count == 2 && _is_pair(server, set));
}

extern bool server_find_group(const server_t *server, const char *const *nodes,
			      const devset_t *devices, uint32_t count,
			      uint32_t self, server_group_t *group)
{
	uint64_t set, own;
	int32_t node;

	memset(group, 0, sizeof(*group));
	if (count < 2 || count > 4 || self >= count ||
	    server->member_count > SERVER_MEMBERS_MAX ||
	    server->pair_count > SERVER_PAIRS_MAX || !devices[self])
		return false;
	set = _members(server, nodes, devices, count);
	if (!_is_legal(server, set, count))
		return false;
	node = count == 4 ? server->node4 : server->node2;
	group->mode = _mode(server, count);
	memcpy(group->id, count == 4 ? server->id4 : server->id2,
	       sizeof(group->id));
	if (node < 0 || !group->mode || !group->id[0])
		return false;
	own = UINT64_C(1) << _position(server, nodes[self]);
	group->node = (uint32_t) node;
	group->size = count;
	group->position = devset_count(set & (own - 1));
	memcpy(group->first, server->members[devset_first(set)],
	       sizeof(group->first));
	return true;
}
