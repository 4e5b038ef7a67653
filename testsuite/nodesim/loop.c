/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "loop.h"

#include "src/common/xmalloc.h"

#define EVENTS 256

/* A heap of timers, the next one at 1; place 0 stands for "not set" */
static struct {
	int epoll;
	volatile sig_atomic_t stopped;
	loop_timer_t **heap;
	size_t timers;
	size_t room;
	/* Of this turn */
	struct epoll_event events[EVENTS];
	int ready;
} loop = {.epoll = -1};

extern int loop_init(void)
{
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	return (loop.epoll < 0) ? -1 : 0;
}

static int _control(int operation, loop_source_t *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(loop.epoll, operation, source->fd, &event);
}

extern int loop_add(loop_source_t *source, uint32_t events)
{
	return _control(EPOLL_CTL_ADD, source, events);
}

extern int loop_change(loop_source_t *source, uint32_t events)
{
	return _control(EPOLL_CTL_MOD, source, events);
}

extern void loop_remove(loop_source_t *source)
{
	(void) _control(EPOLL_CTL_DEL, source, 0);
	/* It may be ready in this turn, and be gone by then */
	for (int i = 0; i < loop.ready; i++) {
		if (loop.events[i].data.ptr == source)
			loop.events[i].data.ptr = NULL;
	}
}

extern int64_t loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ------------------------------------------------------------------ */
/* Timers */

static void _put(loop_timer_t *timer, size_t place)
{
	loop.heap[place] = timer;
	timer->place = place;
}

static void _rise(loop_timer_t *timer, size_t place)
{
	for (; (place > 1) && (loop.heap[place / 2]->due > timer->due);
	     place /= 2)
		_put(loop.heap[place / 2], place);
	_put(timer, place);
}

static void _sink(loop_timer_t *timer, size_t place)
{
	for (size_t child; (child = place * 2) <= loop.timers; place = child) {
		if ((child < loop.timers) &&
		    (loop.heap[child + 1]->due < loop.heap[child]->due))
			child++;
		if (loop.heap[child]->due >= timer->due)
			break;
		_put(loop.heap[child], place);
	}
	_put(timer, place);
}

extern void loop_timer_cancel(loop_timer_t *timer)
{
	size_t place = timer->place;
	loop_timer_t *last;

	if (!place)
		return;
	timer->place = 0;
	last = loop.heap[loop.timers--];
	if (last == timer)
		return;
	_rise(last, place);
	_sink(last, last->place);
}

extern void loop_timer_set(loop_timer_t *timer, int64_t milliseconds)
{
	loop_timer_cancel(timer);
	timer->due = loop_now() + ((milliseconds > 0) ? milliseconds : 0);
	if (loop.timers + 2 > loop.room) {
		loop.room = loop.room ? loop.room * 2 : 64;
		xrecalloc(loop.heap, loop.room, sizeof(*loop.heap));
	}
	_rise(timer, ++loop.timers);
}

static void _fire_timers(void)
{
	int64_t now = loop_now();

	while (loop.timers && (loop.heap[1]->due <= now) && !loop.stopped) {
		loop_timer_t *timer = loop.heap[1];

		loop_timer_cancel(timer);
		timer->fire(timer);
	}
}

/* RET milliseconds until the next timer, -1: there is none */
static int _patience(void)
{
	int64_t left;

	if (!loop.timers)
		return -1;
	left = loop.heap[1]->due - loop_now();
	return (left < 0) ? 0 : (left > 60000) ? 60000 : (int) left;
}

/* ------------------------------------------------------------------ */

extern int loop_run(void)
{
	while (!loop.stopped) {
		loop.ready = epoll_wait(loop.epoll, loop.events, EVENTS,
					_patience());
		if ((loop.ready < 0) && (errno != EINTR))
			return -1;
		for (int i = 0; i < loop.ready; i++) {
			loop_source_t *source = loop.events[i].data.ptr;

			if (source)
				source->ready(source, loop.events[i].events);
		}
		loop.ready = 0;
		_fire_timers();
	}
	return 0;
}

extern void loop_stop(void)
{
	loop.stopped = 1;
}
