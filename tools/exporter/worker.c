/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before the texts */
typedef struct {
	uint64_t lengths[METRICS_FORMATS];
	uint32_t series;
	uint32_t dropped;
	uint32_t failed; /* the first text is a sentence */
} head_t;

struct worker {
	worker_measure_t measure;
	void *arg;
	pid_t pid; /* 0: none */
	pid_t lost[WORKER_LOST_MAX];
	int fd;
	bool busy;
	head_t head;
	size_t head_used;
	char *texts[METRICS_FORMATS];
	size_t used; /* of both together */
};

extern worker_t *worker_create(worker_measure_t measure, void *arg)
{
	worker_t *worker = calloc(1, sizeof(*worker));

	if (!worker) {
		errno = ENOMEM;
		return NULL;
	}
	worker->measure = measure;
	worker->arg = arg;
	worker->fd = -1;
	return worker;
}

/*
 * In the worker
 */

static int _write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		ssize_t n = send(fd, at, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		length -= (size_t) n;
	}
	return 0;
}

static int _answer(int fd, metrics_t *metrics)
{
	head_t head = {.series = metrics_count(metrics),
		       .dropped = metrics_dropped(metrics)};
	char *texts[METRICS_FORMATS];
	size_t length;
	int rc = 0;

	for (int f = 0; f < METRICS_FORMATS; f++) {
		texts[f] = metrics_take(metrics, (metrics_format_t) f, false,
					&length);
		head.lengths[f] = length;
		if (!texts[f] || length > WORKER_TEXT_MAX)
			rc = -1;
	}
	if (!rc)
		rc = _write_all(fd, &head, sizeof(head));
	for (int f = 0; f < METRICS_FORMATS; f++) {
		if (!rc)
			rc = _write_all(fd, texts[f], head.lengths[f]);
		free(texts[f]);
	}
	return rc;
}

static void _refuse(int fd, const neuron_error_t *err)
{
	head_t head = {.lengths = {strlen(err->text)}, .failed = 1};

	if (!_write_all(fd, &head, sizeof(head)))
		(void) _write_all(fd, err->text, head.lengths[0]);
}

/* One measurement for each byte. RET only to end */
static void _serve(const worker_t *worker, int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) == 1) {
		neuron_error_t err = {"out of memory"};
		metrics_t *metrics = metrics_create();
		int rc = metrics ? worker->measure(worker->arg, metrics, &err)
				 : -1;

		if (rc)
			_refuse(fd, &err);
		else
			rc = _answer(fd, metrics);
		metrics_destroy(metrics);
		/* whatever has gone wrong, slurm.conf included, is read anew
		 * by the next one */
		if (rc)
			return;
	}
}

static void _run(const worker_t *worker, int fd, pid_t parent)
{
	sigset_t none;

	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
	(void) signal(SIGTERM, SIG_DFL);
	(void) signal(SIGINT, SIG_DFL);
	if (dup2(fd, 3) < 0)
		_exit(1);
	(void) close_range(4, ~0U, 0);
	_serve(worker, 3);
	_exit(0);
}

/*
 * In the server
 */

static void _forget_text(worker_t *worker)
{
	for (int f = 0; f < METRICS_FORMATS; f++) {
		free(worker->texts[f]);
		worker->texts[f] = NULL;
	}
	worker->head_used = worker->used = 0;
	worker->busy = false;
}

/* RET true: there is room for one more that does not die */
static bool _reap(worker_t *worker)
{
	bool room = false;

	for (int i = 0; i < WORKER_LOST_MAX; i++) {
		if (worker->lost[i] &&
		    waitpid(worker->lost[i], NULL, WNOHANG) != 0)
			worker->lost[i] = 0;
		room |= !worker->lost[i];
	}
	return room;
}

extern void worker_kill(worker_t *worker)
{
	_forget_text(worker);
	if (worker->fd >= 0)
		(void) close(worker->fd);
	worker->fd = -1;
	if (!worker->pid)
		return;
	(void) kill(worker->pid, SIGKILL);
	for (int i = 0; i < WORKER_LOST_MAX; i++) {
		if (!worker->lost[i]) {
			worker->lost[i] = worker->pid;
			break;
		}
	}
	worker->pid = 0;
	(void) _reap(worker);
}

extern void worker_destroy(worker_t *worker)
{
	if (!worker)
		return;
	worker_kill(worker);
	free(worker);
}

static int _start(worker_t *worker, neuron_error_t *err)
{
	pid_t parent = getpid();
	int pair[2];

	if (!_reap(worker))
		return neuron_error_set(
			err, EIO, "%d processes that took too long do not end",
			WORKER_LOST_MAX);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return neuron_error_set(err, EIO, "socketpair: %s",
					strerror(errno));
	(void) fflush(NULL);
	worker->pid = fork();
	if (!worker->pid)
		_run(worker, pair[1], parent);
	(void) close(pair[1]);
	if (worker->pid < 0) {
		worker->pid = 0;
		(void) close(pair[0]);
		return neuron_error_set(err, EIO, "fork: %s", strerror(errno));
	}
	worker->fd = pair[0];
	return 0;
}

extern int worker_ask(worker_t *worker, neuron_error_t *err)
{
	if (!worker->pid && _start(worker, err))
		return -1;
	_forget_text(worker);
	if (send(worker->fd, "", 1, MSG_NOSIGNAL) == 1) {
		worker->busy = true;
		return 0;
	}
	/* it has ended since */
	worker_kill(worker);
	if (_start(worker, err))
		return -1;
	worker->busy = send(worker->fd, "", 1, MSG_NOSIGNAL) == 1;
	return worker->busy
		       ? 0
		       : neuron_error_set(err, EIO,
					  "the process that measures is gone");
}

extern int worker_fd(const worker_t *worker)
{
	return worker->busy ? worker->fd : -1;
}

/* RET bytes; 0: none yet; -1: the other side has ended */
static ssize_t _receive(worker_t *worker, void *to, size_t room)
{
	ssize_t n = recv(worker->fd, to, room, MSG_DONTWAIT);

	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	return n ? n : -1;
}

/* RET 1: the head is there; 0: not yet; -1: it never will be, or is nonsense */
static int _read_head(worker_t *worker)
{
	head_t *head = &worker->head;
	ssize_t n;

	if (worker->head_used == sizeof(*head))
		return 1;
	n = _receive(worker, (char *) head + worker->head_used,
		     sizeof(*head) - worker->head_used);
	if (n <= 0)
		return (int) n;
	worker->head_used += (size_t) n;
	if (worker->head_used < sizeof(*head))
		return 0;
	for (int f = 0; f < METRICS_FORMATS; f++) {
		if (head->lengths[f] > WORKER_TEXT_MAX)
			return -1;
		worker->texts[f] = malloc(head->lengths[f] + 1);
		if (!worker->texts[f])
			return -1;
		worker->texts[f][head->lengths[f]] = '\0';
	}
	return 1;
}

/* RET as _read_head(), for both texts */
static int _read_texts(worker_t *worker)
{
	const uint64_t *lengths = worker->head.lengths;
	ssize_t n;

	while (worker->used < lengths[0] + lengths[1]) {
		bool first = worker->used < lengths[0];
		size_t from = first ? worker->used : worker->used - lengths[0];

		n = _receive(worker, worker->texts[!first] + from,
			     lengths[!first] - from);
		if (n <= 0)
			return (int) n;
		worker->used += (size_t) n;
	}
	return 1;
}

static worker_state_t _finish(worker_t *worker, worker_result_t *result,
			      neuron_error_t *err)
{
	if (worker->head.failed) {
		(void) neuron_error_set(err, EIO, "%.500s", worker->texts[0]);
		worker_kill(worker);
		return WORKER_FAILED;
	}
	for (int f = 0; f < METRICS_FORMATS; f++) {
		result->texts[f] = worker->texts[f];
		result->lengths[f] = worker->head.lengths[f];
		worker->texts[f] = NULL;
	}
	result->series = worker->head.series;
	result->dropped = worker->head.dropped;
	_forget_text(worker);
	return WORKER_DONE;
}

extern worker_state_t worker_read(worker_t *worker, worker_result_t *result,
				  neuron_error_t *err)
{
	int rc = _read_head(worker);

	if (rc > 0)
		rc = _read_texts(worker);
	if (!rc)
		return WORKER_BUSY;
	if (rc > 0)
		return _finish(worker, result, err);
	(void) neuron_error_set(err, EIO,
				"the process that measures has ended");
	worker_kill(worker);
	return WORKER_FAILED;
}
