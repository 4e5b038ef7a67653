/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "healthlook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "deadline.h"
#include "fault.h"
#include "lib/sysfs.h"

#define DIRECTORY "health"
#define STATE "state"
/* Another look, with two requests to slurmctld, takes no longer */
#define LOCK_WAIT_MS 10000
#define LOCK_POLL_MS 20

/* A look while it is taken */
typedef struct {
	healthlook_t *look;
	healthlook_report_t *report;
	rundir_t dir; /* fd -1: there is none, in a dry run */
	health_events_t events;
	neuron_error_t *err;
} take_t;

extern int healthlook_open(healthlook_t *look, neuron_error_t *err)
{
	const char *path;

	if (nodejob_open(&look->machine, err))
		return -1;
	path = conf_health_rules(look->machine.conf);
	if (!path)
		path = NEURON_HEALTH_RULES;
	look->rules = rundir_trust(path, err) ? NULL : rules_read(path, err);
	if (look->rules)
		return 0;
	nodejob_close(&look->machine);
	return -1;
}

extern void healthlook_close(healthlook_t *look)
{
	rules_destroy(look->rules);
	look->rules = NULL;
	nodejob_close(&look->machine);
}

extern void healthlook_report_free(healthlook_report_t *report)
{
	health_destroy(report->health);
	report->health = NULL;
}

static void _note(healthlook_report_t *report, const char *text)
{
	neuron_error_t *note;

	if (report->note_count == HEALTHLOOK_NOTES_MAX)
		return;
	note = &report->notes[report->note_count++];
	(void) snprintf(note->text, sizeof(note->text), "%s", text);
}

/*
 * State
 */

static int _lock(take_t *take)
{
	deadline_t end = deadline_in(LOCK_WAIT_MS);
	rundir_t *dir = &take->dir;

	if (rundir_below(dir, &take->look->machine.run, DIRECTORY,
			 !take->look->dry, take->err)) {
		dir->fd = -1;
		return (take->look->dry && errno == ENOENT) ? 0 : -1;
	}
	/* A dry run may be a user's: he must not hold others up */
	if (take->look->dry)
		return 0;
	while (flock(dir->fd, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK && deadline_nap(end, LOCK_POLL_MS))
			continue;
		rundir_close(dir);
		return neuron_error_set(take->err, EAGAIN,
					"another neuron-health is looking "
					"for longer than %d seconds",
					LOCK_WAIT_MS / 1000);
	}
	return 0;
}

static health_t *_decode(take_t *take, const char *text)
{
	neuron_error_t why;
	health_t *health;
	char path[RUNDIR_PATH_MAX + 8];

	(void) snprintf(path, sizeof(path), "%s/" STATE, take->dir.path);
	health = health_decode(take->look->rules, text, path, &why);
	if (health || errno == ENOMEM)
		return health;
	_note(take->report, why.text);
	return health_create(take->look->rules);
}

static int _load(take_t *take)
{
	char *text = malloc(HEALTH_TEXT_MAX);
	neuron_error_t why;
	health_t *health = NULL;

	if (text && take->dir.fd >= 0 &&
	    rundir_read(&take->dir, STATE, text, HEALTH_TEXT_MAX, &why) >= 0) {
		health = _decode(take, text);
	} else if (text) {
		if (take->dir.fd >= 0 && errno != ENOENT)
			_note(take->report, why.text);
		health = health_create(take->look->rules);
	}
	free(text);
	take->report->health = health;
	if (!health)
		return neuron_error_set(take->err, ENOMEM, "out of memory");
	return 0;
}

static int _save(take_t *take)
{
	char *text = health_encode(take->report->health);
	int rc;

	if (!text)
		return neuron_error_set(take->err, ENOMEM, "out of memory");
	rc = rundir_write(&take->dir, STATE, text, take->err);
	free(text);
	return rc;
}

/*
 * The machine
 */

static int _take_record(const kmsg_error_t *error, const char *why, void *arg)
{
	take_t *take = arg;

	if (error)
		health_event(&take->events, error);
	else
		_note(take->report, why);
	return 0;
}

/* A log that cannot be read tells nothing */
static void _read_log(take_t *take, const char *boot)
{
	health_t *health = take->report->health;
	uint64_t next = health_next_record(health, boot);
	neuron_error_t why;
	int fd = sysfs_stream(take->look->machine.root, "dev/kmsg", &why);

	if (fd < 0) {
		if (take->look->machine.root_path[0] && errno == ENOENT)
			return;
		_note(take->report, why.text);
		return;
	}
	if (kmsg_read(fd, &next, _take_record, take, &why))
		_note(take->report, why.text);
	(void) close(fd);
	health_set_next_record(health, next);
}

static uint64_t _seconds_since_boot(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t) now.tv_sec;
}

static int _judge(take_t *take, reading_t *reading)
{
	const nodejob_t *machine = &take->look->machine;
	healthlook_report_t *report = take->report;

	if (reading_take(machine->root, machine->root_path, machine->profile,
			 conf_is_member(machine->conf, machine->node), reading,
			 take->err))
		return -1;
	if (take->look->forget_all)
		health_forget_all(report->health);
	else
		health_forget(report->health, take->look->forget);
	_read_log(take, reading->boot);
	report->now = _seconds_since_boot();
	health_look(report->health, reading, &take->events, report->now);
	return 0;
}

/*
 * What is to be done, and doing it
 */

/* HyperPod compares the whole reason with its two words */
static void _plan_drain(const conf_t *conf, healthlook_report_t *report,
			const char *reason, const rule_t *rule)
{
	conf_strings_t strings = conf_cloud_health_strings(conf);

	if (rule && strings == CONF_STRINGS_HYPERPOD && rule->hyperpod[0])
		(void) snprintf(report->drain, sizeof(report->drain),
				"Action:%s", rule->hyperpod);
	else if (rule && strings == CONF_STRINGS_NPD && rule->npd[0])
		(void) snprintf(report->drain, sizeof(report->drain),
				"%s: neuron-health: %s", rule->npd, reason);
	else
		(void) snprintf(report->drain, sizeof(report->drain),
				"neuron-health: %s", reason);
}

/* BadDevice=drain: the node goes with its device; keep: it is only shown */
static void _plan_devices(const conf_t *conf, healthlook_report_t *report)
{
	mask_t *masked = &report->masked;
	int first = devset_first(masked->devices);
	char reason[MASK_REASON_MAX + 32];

	if (first < 0 || conf_bad_device(conf) == CONF_BAD_DEVICE_MASK)
		return;
	if (conf_bad_device(conf) == CONF_BAD_DEVICE_DRAIN) {
		report->drained = *masked;
		(void) snprintf(reason, sizeof(reason), "neuron%d: %s", first,
				masked->reasons[first]);
		if (!report->drain[0])
			_plan_drain(conf, report, reason, NULL);
	}
	for (int d = -1; (d = devset_next(masked->devices, d)) >= 0;)
		(void) mask_add(&report->suspects, (unsigned int) d,
				masked->reasons[d]);
	mask_init(masked);
}

static void _plan(take_t *take)
{
	const nodejob_t *machine = &take->look->machine;
	healthlook_report_t *report = take->report;
	const health_t *health = report->health;

	health_masked(health, machine->profile, &report->masked);
	health_suspects(health, machine->profile, &report->suspects);
	report->bad_node = health_node(health, &report->node);
	if (report->bad_node)
		_plan_drain(machine->conf, report, report->node.reason,
			    report->node.rule);
	_plan_devices(machine->conf, report);
	report->tell_suspects = health_to_tell(
		health, &report->masked, &report->suspects, &report->unmask);
}

static void _failed(healthlook_report_t *report, const char *what,
		    const neuron_error_t *err)
{
	report->untold = true;
	nodejob_say(LOG_WARNING, "%s: %s", what, err->text);
}

/* The policies of jobs are followed once a device is masked or the node
 * drained; RET false: not all of them could be */
static bool _deal_with_jobs(const nodejob_t *machine,
			    healthlook_report_t *report, const mask_t *failed)
{
	unsigned int jobs = 0;
	neuron_error_t err;

	if (!failed->devices)
		return true;
	if (fault_jobs(machine->node, failed, conf_on_fault(machine->conf),
		       &jobs, &err)) {
		_failed(report, "cannot deal with the jobs", &err);
		return false;
	}
	if (jobs)
		nodejob_say(LOG_NOTICE, "jobs that had failed devices: %u",
			    jobs);
	return true;
}

static void _drain(const nodejob_t *machine, healthlook_report_t *report)
{
	devset_t all = profile_devices(machine->profile);
	neuron_error_t err;
	mask_t failed;

	if (ctl_drain(machine->node, report->drain, &err)) {
		_failed(report, "cannot drain the node", &err);
		return;
	}
	if (!report->bad_node || !report->node.changed)
		return;
	mask_init(&failed);
	for (int d = -1; (d = devset_next(all, d)) >= 0;)
		(void) mask_add(&failed, (unsigned int) d, report->node.reason);
	(void) _deal_with_jobs(machine, report, &failed);
}

/* Devices that failed since slurmctld was told, masked or drained by now */
static void _list_failed(const healthlook_report_t *report, mask_t *failed)
{
	if (report->drained.devices)
		health_fresh_suspects(report->health, &report->drained, failed);
	else
		health_fresh(report->health, &report->masked, failed);
}

static void _tell_comment(const nodejob_t *machine, healthlook_report_t *report)
{
	neuron_error_t err;
	mask_t failed;
	int rc;

	if (!report->masked.devices && !report->unmask.devices &&
	    !report->tell_suspects) {
		/* A device that was masked before can fail anew */
		health_told(report->health, &report->masked, &report->suspects);
		return;
	}
	(void) flock(machine->run.fd, LOCK_EX);
	rc = ctl_health(machine->node, &report->masked, &report->unmask,
			report->tell_suspects ? &report->suspects : NULL, &err);
	(void) flock(machine->run.fd, LOCK_UN);
	_list_failed(report, &failed);
	/* What was not done is new again at the next look */
	if (rc)
		_failed(report, "cannot mask devices or show suspects", &err);
	else if (_deal_with_jobs(machine, report, &failed))
		health_told(report->health, &report->masked, &report->suspects);
}

static void _act(take_t *take)
{
	const nodejob_t *machine = &take->look->machine;
	healthlook_report_t *report = take->report;

	/* First, so that a job that begins again lands elsewhere */
	if (report->drain[0])
		_drain(machine, report);
	if (report->drained.devices && report->untold)
		return;
	_tell_comment(machine, report);
}

static int _look(take_t *take)
{
	static reading_t reading;

	if (_load(take) || _judge(take, &reading))
		return -1;
	_plan(take);
	if (take->look->dry)
		return 0;
	/* slurmctld can keep it waiting until slurmd ends it */
	if (_save(take))
		return -1;
	_act(take);
	return _save(take);
}

extern int healthlook_take(healthlook_t *look, healthlook_report_t *report,
			   neuron_error_t *err)
{
	take_t *take = calloc(1, sizeof(*take));
	int rc, errnum;

	memset(report, 0, sizeof(*report));
	if (!take)
		return neuron_error_set(err, ENOMEM, "out of memory");
	*take = (take_t){.look = look, .report = report, .err = err};
	rc = _lock(take);
	if (!rc) {
		rc = _look(take);
		rundir_close(&take->dir);
	}
	if (rc) {
		healthlook_report_free(report);
	} else {
		look->forget = 0;
		look->forget_all = false;
	}
	errnum = errno;
	free(take);
	errno = errnum;
	return rc;
}
