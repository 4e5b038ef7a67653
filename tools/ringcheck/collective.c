/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collective.h"

extern uint64_t collective_chunk_first(uint64_t count, uint32_t world,
				       uint32_t chunk)
{
	return count * chunk / world;
}

extern uint64_t collective_chunk_count(uint64_t count, uint32_t world,
				       uint32_t chunk)
{
	return collective_chunk_first(count, world, chunk + 1) -
	       collective_chunk_first(count, world, chunk);
}

extern uint64_t collective_chunk_max(uint64_t count, uint32_t world)
{
	return (count + world - 1) / world;
}

typedef struct {
	uint8_t *at;
	uint64_t count;
	size_t size;
} chunk_t;

/* The chunk that is back steps to the left of rank + shift */
static chunk_t _chunk(const transport_t *transport, void *data, uint64_t count,
		      uint32_t shift, uint32_t back)
{
	uint32_t world = transport->world;
	uint64_t number = (uint64_t) transport->rank + shift + world - back;
	uint32_t index = (uint32_t) (number % world);
	chunk_t chunk;

	chunk.at =
		(uint8_t *) data +
		collective_chunk_first(count, world, index) * PATTERN_ELEMENT;
	chunk.count = collective_chunk_count(count, world, index);
	chunk.size = chunk.count * PATTERN_ELEMENT;
	return chunk;
}

extern int collective_all_gather(transport_t *transport, void *data,
				 uint64_t count, uint32_t shift, fault_t *fault)
{
	for (uint32_t step = 0; step + 1 < transport->world; step++) {
		chunk_t out = _chunk(transport, data, count, shift, step);
		chunk_t in = _chunk(transport, data, count, shift, step + 1);

		if (transport_shift(transport, out.at, out.size, in.at, in.size,
				    fault))
			return -1;
	}
	return 0;
}

extern int collective_all_reduce(transport_t *transport,
				 const pattern_t *pattern, void *data,
				 uint64_t count, void *scratch, fault_t *fault)
{
	for (uint32_t step = 0; step + 1 < transport->world; step++) {
		chunk_t out = _chunk(transport, data, count, 0, step);
		chunk_t in = _chunk(transport, data, count, 0, step + 1);

		if (transport_shift(transport, out.at, out.size, scratch,
				    in.size, fault))
			return -1;
		pattern_add(pattern, in.at, scratch, in.count);
	}
	return collective_all_gather(transport, data, count, 1, fault);
}
