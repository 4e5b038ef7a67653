/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run: the tests of one rank, from the first message to its result */
#ifndef RINGCHECK_RUN_H
#define RINGCHECK_RUN_H

#include "options.h"
#include "transport.h"
#include "wire.h"

/*
 * Wait until all ranks are here. See control_barrier().
 * IN doing - what comes next.
 */
typedef int (*run_barrier_t)(void *arg, const char *doing, fault_t *fault);

/* Bytes of one message of the link test */
extern uint64_t run_link_size(const options_t *options);
/* Bytes that go over each link for link_time of the result */
extern uint64_t run_link_bytes(const options_t *options);

typedef struct run run_t;

/*
 * Allocate and attach the buffers.
 * RET a run for run_destroy(); NULL with a fault.
 */
extern run_t *run_create(transport_t *transport, const options_t *options,
			 fault_t *fault);
/* Not before the transport is destroyed, which may still write to buffers.
 * Accepts NULL */
extern void run_destroy(run_t *run);

/*
 * All tests, in the same order on every rank.
 * OUT result - wrong data is not a failure here.
 * RET 0; -1 with a fault.
 */
extern int run_tests(run_t *run, run_barrier_t barrier, void *arg,
		     wire_result_t *result, fault_t *fault);

#endif
