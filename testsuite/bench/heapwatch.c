/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heapwatch: how much memory a program has asked malloc(3) for and not given
 * back, written down while it runs. Unlike the size of the process it does not
 * depend on holes between what is in use.
 *
 *	LD_PRELOAD=.../heapwatch.so HEAPWATCH=FILE PROGRAM
 *
 * appends a line "PID SECONDS BYTES" to FILE each second, where SECONDS are
 * since 1970; so does every child that it forks, and every program that these
 * start. Programs that end sooner write nothing.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void _write(const char *path)
{
	struct mallinfo2 heap = mallinfo2();
	FILE *file = fopen(path, "ae");

	if (!file)
		return;
	fprintf(file, "%d %lld %zu\n", (int) getpid(), (long long) time(NULL),
		heap.uordblks + heap.hblkhd);
	fclose(file);
}

static void *_watch(void *path)
{
	const struct timespec second = {.tv_sec = 1};

	for (;;) {
		nanosleep(&second, NULL);
		_write(path);
	}
	return NULL;
}

/* Signals are for the threads of the program */
static void _start(void)
{
	const char *path = getenv("HEAPWATCH");
	pthread_t thread;
	sigset_t all, before;

	if (!path || !*path)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (!pthread_create(&thread, NULL, _watch, (void *) path))
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

__attribute__((constructor)) static void _load(void)
{
	pthread_atfork(NULL, NULL, _start);
	_start();
}
