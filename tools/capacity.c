/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capacity.h"

#include <stdio.h>

/* Take sets of a size from what is free; RET how many there were */
static uint32_t _take(const cluster_t *cluster, const cluster_node_t *node,
		      unsigned int size, devset_t *devices, devset_t *efas)
{
	bool with_efa = profile_efa_count(node->profile) != 0;
	shape_pick_t pick;
	uint32_t count = 0;

	while (!shape_pick(node->shape, *devices, *efas, with_efa, size,
			   conf_tier(cluster->conf), &pick)) {
		*devices &= ~pick.devices;
		*efas &= ~pick.efas;
		count++;
	}
	return count;
}

static void _free_sets(const cluster_node_t *node, devset_t *devices,
		       devset_t *efas)
{
	*devices = profile_devices(node->profile) & ~node->used & ~node->masked;
	*efas = devset_run(0, profile_efa_count(node->profile)) &
		~node->used_efas & ~node->masked_efas;
}

extern uint32_t capacity_of_node(const cluster_t *cluster, uint32_t node,
				 unsigned int size)
{
	const cluster_node_t *what = &cluster->nodes[node];
	devset_t devices, efas;

	if (!what->profile || !what->usable)
		return 0;
	_free_sets(what, &devices, &efas);
	return _take(cluster, what, size, &devices, &efas);
}

extern capacity_t capacity_of(const cluster_t *cluster, unsigned int size)
{
	capacity_t capacity = {0, 0};

	for (uint32_t n = 0; n < cluster->node_count; n++) {
		uint32_t sets = capacity_of_node(cluster, n, size);

		capacity.nodes += (sets != 0);
		capacity.sets += sets;
	}
	return capacity;
}

extern void capacity_text(const cluster_t *cluster, uint32_t node, char *buf,
			  size_t size)
{
	const cluster_node_t *what = &cluster->nodes[node];
	devset_t devices, efas;
	size_t used = 0;

	snprintf(buf, size, "%s", what->usable ? "nothing" : "not usable");
	if (!what->profile || !what->usable)
		return;
	_free_sets(what, &devices, &efas);
	for (unsigned int c = profile_device_count(what->profile); c; c--) {
		uint32_t sets = _take(cluster, what, c, &devices, &efas);

		if (sets && (used < size))
			used += (size_t) snprintf(buf + used, size - used,
						  "%s%ux%u", used ? "+" : "",
						  sets, c);
	}
}
