/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker: the process that measures, apart from the one that serves.
 *
 * slurmctld may hang, a driver may keep a read in the kernel, and libslurm ends
 * a process when it does not like slurm.conf. None of that may reach those who
 * scrape. The worker lives on between two refreshes and keeps what slurmctld
 * said; it is ended when it fails or takes too long, and started anew.
 */
#ifndef NEURON_WORKER_H
#define NEURON_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/error.h"
#include "lib/metrics.h"

/* Longest text of one format, bytes */
#define WORKER_TEXT_MAX ((size_t) 64 * 1024 * 1024)
/* Workers that were killed and are still in the kernel; with so many no other
 * one is started */
#define WORKER_LOST_MAX 4

/* What a worker does. RET 0; -1 with a sentence */
typedef int (*worker_measure_t)(void *arg, metrics_t *metrics,
				neuron_error_t *err);

typedef struct {
	char *texts[METRICS_FORMATS]; /* without an end; free() */
	size_t lengths[METRICS_FORMATS];
	unsigned int series;
	unsigned int dropped;
} worker_result_t;

typedef enum {
	WORKER_BUSY, /* not yet */
	WORKER_DONE, /* there is a result */
	WORKER_FAILED /* there is a sentence; the worker is gone */
} worker_state_t;

typedef struct worker worker_t;

/* RET for worker_destroy(); NULL with errno ENOMEM. Nothing is started yet. */
extern worker_t *worker_create(worker_measure_t measure, void *arg);
/* Ends the process. Accepts NULL. */
extern void worker_destroy(worker_t *worker);

/* Begin to measure. RET 0; -1 with a sentence */
extern int worker_ask(worker_t *worker, neuron_error_t *err);
/* What to poll for input while it is busy; -1: it is not */
extern int worker_fd(const worker_t *worker);
/*
 * Read what has come, without waiting.
 * OUT result - with WORKER_DONE; the texts are the caller's then.
 */
extern worker_state_t worker_read(worker_t *worker, worker_result_t *result,
				  neuron_error_t *err);
/* End the process: it took too long */
extern void worker_kill(worker_t *worker);

#endif
