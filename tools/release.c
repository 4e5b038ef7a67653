/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "release.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "deadline.h"

#define POLL_MS 20

/*
 * A descriptor means one process for ever: what is looked at while it is open
 * is what gets the signal. Kernels before 5.3 have none.
 */
static bool _signal(const nodejob_t *job, holder_t *holder, int number)
{
	int fd = (int) syscall(SYS_pidfd_open, holder->pid, 0);
	bool sent;

	if (fd < 0 && errno != ENOSYS)
		return false;
	sent = holder_again(job->proc, job->root, job->devices, holder) &&
	       holder_may_end(holder, job->job, job->uid);
	if (sent && fd >= 0)
		sent = !syscall(SYS_pidfd_send_signal, fd, number, NULL, 0);
	else if (sent)
		sent = !kill(holder->pid, number);
	if (fd >= 0)
		(void) close(fd);
	return sent;
}

/* RET the number of processes that should go */
static uint32_t _signal_all(const nodejob_t *job, holders_t *holders,
			    int number, bool tell, devset_t *ended)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < holders->count; i++) {
		holder_t *holder = &holders->list[i];
		char who[128];

		if (!holder_may_end(holder, job->job, job->uid))
			continue;
		count++;
		*ended |= holder->devices;
		if (!number || !_signal(job, holder, number) || !tell)
			continue;
		(void) holder_describe(holder, who, sizeof(who));
		nodejob_say(LOG_NOTICE,
			    "job %u: signal %d to %s, which has its devices "
			    "open",
			    job->job, number, who);
	}
	return count;
}

/*
 * Send a signal to all, the first time with a line in the log, and wait until
 * they are gone; again to those that come later when repeat is set.
 */
static int _end(const nodejob_t *job, int number, bool repeat, deadline_t end,
		devset_t *ended, neuron_error_t *err)
{
	bool first = true;

	do {
		holders_t holders;
		uint32_t count;

		if (nodejob_holders(job, &holders, NULL, err))
			return -1;
		count = _signal_all(job, &holders,
				    (first || repeat) ? number : 0, first,
				    ended);
		holders_free(&holders);
		if (!count)
			return 0;
		first = false;
	} while (deadline_nap(end, POLL_MS));
	return 0;
}

extern int release_devices(const nodejob_t *job, devset_t *ended,
			   devset_t *services, holders_t *left,
			   neuron_error_t *err)
{
	*ended = 0;
	if (nodejob_holders(job, left, services, err))
		return -1;
	if (!left->count)
		return 0;
	holders_free(left);
	if (_end(job, SIGTERM, false, deadline_in(RELEASE_GRACE), ended, err) ||
	    _end(job, SIGKILL, true, deadline_in(RELEASE_WAIT), ended, err))
		return -1;
	return nodejob_holders(job, left, services, err);
}
