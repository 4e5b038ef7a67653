/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "demand.h"

#include <string.h>

extern int demand_class(uint32_t devices)
{
	for (int i = 0; devices && (i < DEMAND_CLASSES); i++) {
		if (devices <= UINT32_C(1) << i)
			return i;
	}
	return -1;
}

extern void demand_add(demand_t *demand, uint32_t devices, uint32_t nodes)
{
	int class = demand_class(devices);
	uint32_t more;

	if (class < 0)
		return;
	if (nodes > DEMAND_NODES_MAX)
		nodes = DEMAND_NODES_MAX;
	more = devices * nodes;
	if (demand->devices[class] > UINT32_MAX - more)
		demand->devices[class] = UINT32_MAX;
	else
		demand->devices[class] += more;
}

extern void demand_weigh(const demand_t *demand, demand_weights_t *weights)
{
	uint64_t sum = 0;

	memset(weights, 0, sizeof(*weights));
	for (int i = 0; i < DEMAND_CLASSES; i++)
		sum += demand->devices[i];
	for (int i = 0; sum && (i < DEMAND_CLASSES); i++) {
		uint64_t parts =
			DEMAND_PARTS * (uint64_t) demand->devices[i] / sum;

		weights->more[i] =
			(uint8_t) (parts * DEMAND_WEIGHT_MAX / DEMAND_PARTS);
	}
}

extern bool demand_weights_equal(const demand_weights_t *a,
				 const demand_weights_t *b)
{
	return !memcmp(a, b, sizeof(*a));
}
