/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * neuron-epilog: leave the devices of a job as the next one needs them. See
 * neuron-prolog(8).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "deadline.h"
#include "lib/device.h"
#include "lib/lncfile.h"
#include "nodejob.h"
#include "release.h"

#define POLL_MS 50
/* The driver counts a reset before the write returns */
#define TAKEN_MS 1000

typedef struct {
	const nodejob_t *job;
	verdict_t *verdict;
	neuron_error_t *err;
	/* devices that were written to, and what they were before */
	devset_t asked;
	device_t before[DEVSET_MAX];
	deadline_t taken; /* until when a reset must have begun */
} reset_t;

/*
 * Processes
 */

static void _blame(verdict_t *verdict, const holders_t *left)
{
	for (uint32_t i = 0; i < left->count; i++) {
		const holder_t *holder = &left->list[i];
		neuron_error_t why;
		char who[128];

		(void) holder_describe(holder, who, sizeof(who));
		for (int d = -1; (d = devset_next(holder->devices, d)) >= 0;) {
			(void) snprintf(why.text, sizeof(why.text),
					"neuron%d: it stays busy: %s has it "
					"open",
					d, who);
			verdict_device(verdict, (unsigned int) d, why.text);
		}
	}
}

/*
 * Resets
 */

static int _ask(reset_t *reset, const device_t *device)
{
	neuron_error_t why;

	nodejob_say(LOG_NOTICE, "job %u: resetting neuron%u", reset->job->job,
		    device->index);
	if (device_reset(reset->job->root, device, &why)) {
		verdict_device(reset->verdict, device->index, why.text);
		return -1;
	}
	reset->asked |= devset_of(device->index);
	reset->before[device->index] = *device;
	return 0;
}

/* Ask for what is needed. IN wanted - devices that were in use until now */
static int _ask_all(reset_t *reset, devset_t wanted, devset_t services)
{
	const nodejob_t *job = reset->job;

	for (int d = -1; (d = devset_next(job->devices, d)) >= 0;) {
		devset_t bit = devset_of((unsigned int) d);
		device_t device;

		if (reset->verdict->bad & bit)
			continue;
		if (device_look(job->root, (unsigned int) d, &device,
				reset->err))
			return -1;
		if (!device.shown || device.state == DEVICE_STATE_UNKNOWN ||
		    device.state == DEVICE_STATE_RESET)
			continue;
		if (!(wanted & bit) && device.state == DEVICE_STATE_READY)
			continue;
		if (services & bit)
			nodejob_say(LOG_WARNING,
				    "job %u: neuron%d cannot be reset: a "
				    "service of the machine has it open",
				    job->job, d);
		else
			(void) _ask(reset, &device);
	}
	reset->taken = deadline_in(TAKEN_MS);
	return 0;
}

/* RET 1: go on waiting; 0: settled, with a reason in the verdict or without;
 * -1: cannot look */
static int _look(reset_t *reset, unsigned int d, bool over)
{
	bool asked = reset->asked & devset_of(d);
	neuron_error_t why = {""};
	device_t now;
	bool taken;

	if (device_look(reset->job->root, d, &now, reset->err))
		return -1;
	taken = !asked || device_reset_taken(&reset->before[d], &now);
	if (now.state == DEVICE_STATE_RESET || !taken) {
		bool ignored = !taken && now.state != DEVICE_STATE_RESET &&
			       deadline_over(reset->taken);

		if (!over && !ignored)
			return 1;
		(void) snprintf(
			why.text, sizeof(why.text), "neuron%u: %s", d,
			ignored ? "the driver ignored a reset: something has "
				  "it open"
				: "its reset has not ended in time");
		verdict_device(reset->verdict, d, why.text);
	} else if (device_check(&now, &why)) {
		verdict_device(reset->verdict, d, why.text);
	}
	return 0;
}

/* Until every device is ready or given up */
static int _settle(reset_t *reset)
{
	deadline_t end = deadline_in(nodejob_reset_wait(reset->job));
	devset_t open = reset->job->devices & ~reset->verdict->bad;
	bool over = false;

	while (open) {
		for (int d = -1; (d = devset_next(open, d)) >= 0;) {
			int more = _look(reset, (unsigned int) d, over);

			if (more < 0)
				return -1;
			if (!more)
				open &= ~devset_of((unsigned int) d);
		}
		if (open)
			over = !deadline_nap(end, POLL_MS);
	}
	return 0;
}

/*
 * What Prolog left
 */

static int _restore_lnc(const nodejob_t *job, const grant_t *grant,
			neuron_error_t *err)
{
	const char *path = conf_lnc_file(job->conf);
	int now;

	if (grant->lnc_before == GRANT_LNC_UNTOUCHED || !path)
		return 0;
	if (lncfile_read(job->root_path, path, &now, err))
		return -1;
	/* Somebody else has changed it since: it is his */
	if (now != (int) grant->lnc)
		return 0;
	return lncfile_write(job->root_path, path, grant->lnc_before, err);
}

static int _clear(const nodejob_t *job, neuron_error_t *err)
{
	char name[RUNDIR_NAME_MAX];
	grant_t grant;

	if (nodejob_grant(job, &grant, err)) {
		/* Prolog has not run, or stopped early */
		if (errno == ENOENT)
			return 0;
		nodejob_say(LOG_WARNING, "job %u: %s", job->job, err->text);
	} else if (_restore_lnc(job, &grant, err)) {
		return -1;
	}
	(void) grant_name(job->job, name, sizeof(name));
	return rundir_remove(&job->run, name, err);
}

static int _judge(const nodejob_t *job, const verdict_t *verdict)
{
	char line[VERDICT_LINE_MAX];
	neuron_error_t err;

	if (nodejob_mark(job, verdict, &err))
		nodejob_say(LOG_WARNING, "%s", err.text);
	if (verdict_is_good(verdict))
		return NODEJOB_GOOD;
	(void) verdict_line(verdict, line, sizeof(line));
	if (conf_bad_device(job->conf) != CONF_BAD_DEVICE_KEEP &&
	    nodejob_mask(job, verdict) < 0)
		return nodejob_fail(job, NODEJOB_BAD, line);
	nodejob_say(LOG_ERR, "error: job %u: %s", job->job, line);
	return NODEJOB_GOOD;
}

static int _release(const nodejob_t *job, verdict_t *verdict,
		    neuron_error_t *err)
{
	static reset_t reset;
	devset_t ended, services;
	holders_t left;

	reset.job = job;
	reset.verdict = verdict;
	reset.err = err;
	if (release_devices(job, &ended, &services, &left, err))
		return -1;
	_blame(verdict, &left);
	holders_free(&left);
	if (_ask_all(&reset, ended, services) || _settle(&reset))
		return -1;
	return 0;
}

static int _epilog(nodejob_t *job)
{
	static verdict_t verdict;
	neuron_error_t err, why;
	int rc;

	if (nodejob_open(job, &err))
		return nodejob_fail(job, NODEJOB_CONFUSED, err.text);
	verdict_init(&verdict);
	rc = _release(job, &verdict, &err);
	/* Also when the devices cannot be looked at */
	if (_clear(job, &why) && !rc) {
		err = why;
		rc = -1;
	}
	if (rc)
		return nodejob_fail(job, NODEJOB_CONFUSED, err.text);
	return _judge(job, &verdict);
}

int main(void)
{
	neuron_error_t err;
	nodejob_t job;
	int rc;

	nodejob_start("neuron-epilog");
	if (nodejob_read(&job, &err))
		return nodejob_fail(&job, NODEJOB_CONFUSED, err.text);
	if (!job.devices && !job.efas)
		return NODEJOB_GOOD;
	rc = _epilog(&job);
	nodejob_close(&job);
	return rc;
}
