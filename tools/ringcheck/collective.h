/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collective: all-reduce and all-gather around the ring.
 *
 * count elements are cut into one chunk for each rank, chunk c from element
 * count * c / world on; chunks may be empty. In each step a rank sends one
 * chunk to the right and receives one from the left.
 */
#ifndef RINGCHECK_COLLECTIVE_H
#define RINGCHECK_COLLECTIVE_H

#include "pattern.h"
#include "transport.h"

extern uint64_t collective_chunk_first(uint64_t count, uint32_t world,
				       uint32_t chunk);
extern uint64_t collective_chunk_count(uint64_t count, uint32_t world,
				       uint32_t chunk);
/* Elements that scratch must have room for */
extern uint64_t collective_chunk_max(uint64_t count, uint32_t world);

/*
 * Add up data of all ranks: reduce-scatter in world - 1 steps, then
 * all-gather in as many.
 * IN pattern - type and world; its values do not matter.
 * RET 0: data is the sum on every rank; -1 with a fault.
 */
extern int collective_all_reduce(transport_t *transport,
				 const pattern_t *pattern, void *data,
				 uint64_t count, void *scratch, fault_t *fault);

/*
 * Collect one chunk of each rank. Before it rank r has chunk (r + shift) mod
 * world in its place in data, afterwards everybody has all of them.
 */
extern int collective_all_gather(transport_t *transport, void *data,
				 uint64_t count, uint32_t shift,
				 fault_t *fault);

#endif
