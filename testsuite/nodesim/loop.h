/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop: one thread that waits for descriptors and for points in time.
 *
 * There is one loop in a process. What is registered belongs to the caller and
 * must stay where it is until it is removed. A callback may remove and free
 * any source or timer, its own too.
 */
#ifndef NODESIM_LOOP_H
#define NODESIM_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct loop_source loop_source_t;
struct loop_source {
	int fd;
	/* events: of epoll_wait(2) */
	void (*ready)(loop_source_t *source, uint32_t events);
};

typedef struct loop_timer loop_timer_t;
struct loop_timer {
	void (*fire)(loop_timer_t *timer);
	int64_t due; /* milliseconds of loop_now() */
	size_t place; /* in the heap, 0: not set */
};

/* RET 0; -1 and errno: of epoll_create1(2) */
extern int loop_init(void);

/* IN events - of epoll_ctl(2). RET 0; -1 and errno */
extern int loop_add(loop_source_t *source, uint32_t events);
extern int loop_change(loop_source_t *source, uint32_t events);
/* Before its descriptor is closed */
extern void loop_remove(loop_source_t *source);

/* Milliseconds of a clock that never goes back */
extern int64_t loop_now(void);

/* Fire once in so many milliseconds; one that is set already is moved */
extern void loop_timer_set(loop_timer_t *timer, int64_t milliseconds);
extern void loop_timer_cancel(loop_timer_t *timer);

/* Until loop_stop(). RET 0; -1 and errno: of epoll_wait(2) */
extern int loop_run(void);
/* May be called by a signal handler */
extern void loop_stop(void);

#endif
