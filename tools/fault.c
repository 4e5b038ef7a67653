/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 26.05 takes ids of steps where releases before it took those of jobs */
#define SLURM_BACKWARD_COMPAT
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "deadline.h"
#include "indexes.h"
#include "jobname.h"
#include "lib/incident.h"

#define POLL_MS 5

/* What the child tells */
typedef struct {
	unsigned int jobs;
	neuron_error_t err; /* "": everything went well */
} result_t;

/* One call */
typedef struct {
	const char *node;
	const mask_t *failed;
	on_fault_t site;
	char when[32];
	result_t result;
} call_t;

/* One job that holds some of the devices */
typedef struct {
	const job_info_t *info;
	devset_t devices;
	on_fault_t policy;
	bool can_requeue;
	bool known; /* its AdminComment says so already */
	jobname_t name;
} held_t;

/*
 * Jobs
 */

/* The devices of a node that a job has */
static devset_t _devices(const job_info_t *info, const char *node)
{
	hostlist_t *nodes =
		info->nodes ? slurm_hostlist_create(info->nodes) : NULL;
	int at = nodes ? slurm_hostlist_find(nodes, node) : -1;
	char text[DEVSET_TEXT_MAX];
	devset_t set = 0;

	if (nodes)
		slurm_hostlist_destroy(nodes);
	if (at < 0 || (uint32_t) at >= info->gres_detail_cnt)
		return 0;
	indexes_of(info->gres_detail_str[at], "neuron", text, sizeof(text));
	return devset_decode(text, DEVSET_MAX, &set, NULL) ? 0 : set;
}

static bool _is_there(const job_info_t *info)
{
	uint32_t state = info->job_state & JOB_STATE_BASE;

	return (state == JOB_RUNNING || state == JOB_SUSPENDED) &&
	       !(info->job_state & JOB_COMPLETING);
}

/* RET false: it holds none of the devices */
static bool _read(const call_t *call, const job_info_t *info, held_t *held)
{
	options_t options;

	*held = (held_t){.info = info};
	if (!_is_there(info))
		return false;
	held->devices = _devices(info, call->node) & call->failed->devices;
	if (!held->devices)
		return false;
	jobname_of(info, &held->name);
	/* A site's policy is better than none */
	(void) incident_options(info->admin_comment, &options, NULL);
	held->policy = policy_decide(
		options_has(&options, OPTION_ON_FAULT) ? &options.on_fault
						       : NULL,
		options_has(&options, OPTION_ON_MEMBER_LOSS)
			? &options.on_member_loss
			: NULL,
		info->num_nodes, &call->site);
	held->can_requeue = info->batch_flag && info->requeue;
	held->known = incident_is_known(info->admin_comment, info->restart_cnt,
					call->node, held->devices);
	return true;
}

/*
 * What is done
 */

static void _describe(const held_t *held, char *text, size_t size)
{
	char signal[POLICY_TEXT_MAX];

	(void) policy_signal_encode(&held->policy.signal, signal,
				    sizeof(signal));
	if (held->policy.act == FAULT_NONE)
		(void) snprintf(text, size, "it goes on");
	else if (held->policy.act == FAULT_NOTIFY)
		(void) snprintf(text, size, "signal %s is sent", signal);
	else if (!held->can_requeue)
		(void) snprintf(text, size,
				"it is ended, since it cannot be requeued");
	else
		(void) snprintf(text, size, "it is requeued%s",
				(held->policy.act == FAULT_REQUEUE_HOLD)
					? " and held"
					: "");
}

/* RET 0, or an error of Slurm */
static int _first_error(int rc, job_array_resp_msg_t *answer)
{
	if (rc)
		rc = errno ? errno : rc;
	for (uint32_t i = 0; !rc && answer && i < answer->job_array_count; i++)
		rc = (int) answer->error_code[i];
	if (answer)
		slurm_free_job_array_resp(answer);
	return rc;
}

static int _write(const held_t *held, const char *part)
{
	char text[sizeof(INCIDENT_ADD) + INCIDENT_PART_MAX];
	job_array_resp_msg_t *answer = NULL;
	job_desc_msg_t job;

	(void) snprintf(text, sizeof(text), INCIDENT_ADD "%s", part);
	slurm_init_job_desc_msg(&job);
	job.job_id_str = (char *) held->name.job;
	job.admin_comment = text;
	return _first_error(slurm_update_job2(&job, &answer), answer);
}

static int _requeue(const held_t *held)
{
	uint32_t flags = JOB_RUNNING;
	job_array_resp_msg_t *answer = NULL;

	if (held->policy.act == FAULT_REQUEUE_HOLD)
		flags |= JOB_REQUEUE_HOLD;
	return _first_error(
		slurm_requeue2((char *) held->name.whole, flags, &answer),
		answer);
}

static int _kill(const held_t *held, uint16_t number, uint16_t flags)
{
	return slurm_kill_job2(held->name.whole, number, flags, NULL)
		       ? (errno ? errno : ESLURM_INVALID_JOB_ID)
		       : 0;
}

static int _act(const held_t *held)
{
	const policy_signal_t *signal = &held->policy.signal;

	switch (held->policy.act) {
	case FAULT_NONE:
		return 0;
	case FAULT_NOTIFY:
		return held->known ? 0
				   : _kill(held, signal->number,
					   signal->batch ? KILL_JOB_BATCH : 0);
	case FAULT_REQUEUE:
	case FAULT_REQUEUE_HOLD:
		break;
	}
	return held->can_requeue ? _requeue(held) : _kill(held, SIGKILL, 0);
}

/* It has ended, or another node was faster */
static bool _is_away(int rc)
{
	return rc == ESLURM_ALREADY_DONE || rc == ESLURM_JOB_FINISHED ||
	       rc == ESLURM_JOB_PENDING || rc == ESLURM_INVALID_JOB_ID;
}

static int _fail(call_t *call, const held_t *held, const char *what, int rc)
{
	return neuron_error_set(&call->result.err, EIO,
				"job %s, which has failed devices of %.64s: "
				"slurmctld does not %s: %s",
				held->name.job, call->node, what,
				slurm_strerror(rc));
}

/* What stands in the job's output too; nobody may be there to read it */
static void _tell(const held_t *held, const char *part)
{
	char text[INCIDENT_PART_MAX + 16];

	if (held->policy.act == FAULT_NONE)
		return;
	(void) snprintf(text, sizeof(text), "neuron: %s", part);
	(void) slurm_notify_job(held->info->job_id, text);
}

/* The comment first: accounting keeps what it is when a job is requeued */
static int _deal_with(call_t *call, const held_t *held)
{
	char part[INCIDENT_PART_MAX], done[64];
	int rc;

	if (held->known && held->policy.act <= FAULT_NOTIFY)
		return 0;
	_describe(held, done, sizeof(done));
	if (incident_failed(held->info->restart_cnt, call->node, call->failed,
			    held->devices, call->when, done, part,
			    sizeof(part)) < 0)
		return _fail(call, held, "know of it", ENOSPC);
	if (!held->known) {
		rc = _write(held, part);
		if (_is_away(rc))
			return 0;
		if (rc)
			return _fail(call, held, "take its AdminComment", rc);
		_tell(held, part);
	}
	call->result.jobs++;
	rc = _act(held);
	return (!rc || _is_away(rc)) ? 0 : _fail(call, held, "do it", rc);
}

static int _cannot_ask(const char *node, const char *why, neuron_error_t *err)
{
	return neuron_error_set(err, EIO,
				"cannot ask slurmctld for the jobs of %.64s: "
				"%s",
				node, why);
}

static void _deal_with_all(call_t *call)
{
	job_info_msg_t *msg = NULL;
	held_t held;

	if (slurm_load_jobs(0, &msg, SHOW_ALL | SHOW_DETAIL)) {
		(void) _cannot_ask(call->node, slurm_strerror(errno),
				   &call->result.err);
		return;
	}
	for (uint32_t i = 0; i < msg->record_count; i++) {
		if (_read(call, &msg->job_array[i], &held))
			(void) _deal_with(call, &held);
	}
	slurm_free_job_info_msg(msg);
}

/*
 * The child, which may be waiting for slurmctld longer than anybody wants
 */

static void _child(call_t *call, int to)
{
	time_t now = time(NULL);
	struct tm parts;

	slurm_init(NULL);
	(void) strftime(call->when, sizeof(call->when), "%Y-%m-%dT%H:%M:%S",
			localtime_r(&now, &parts));
	_deal_with_all(call);
	/* Less than PIPE_BUF: whole or not at all */
	_exit(write(to, &call->result, sizeof(call->result)) !=
	      (ssize_t) sizeof(call->result));
}

static int _wait(const char *node, pid_t child, neuron_error_t *err)
{
	deadline_t end = deadline_in(FAULT_WAIT);
	int status = 0;

	while (!waitpid(child, &status, WNOHANG)) {
		if (deadline_nap(end, POLL_MS))
			continue;
		(void) kill(child, SIGKILL);
		(void) waitpid(child, &status, 0);
		return neuron_error_set(err, EIO,
					"slurmctld has not answered in %d "
					"seconds",
					FAULT_WAIT / 1000);
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	return _cannot_ask(node, strerror(ECHILD), err);
}

static int _run(call_t *call, neuron_error_t *err)
{
	int ends[2], rc;
	pid_t child;

	if (pipe(ends))
		return neuron_error_set(err, EIO, "pipe: %s", strerror(errno));
	(void) fflush(NULL);
	child = fork();
	if (!child)
		_child(call, ends[1]);
	if (child < 0)
		rc = neuron_error_set(err, EIO, "fork: %s", strerror(errno));
	else
		rc = _wait(call->node, child, err);
	(void) close(ends[1]);
	if (!rc && read(ends[0], &call->result, sizeof(call->result)) !=
			   (ssize_t) sizeof(call->result))
		rc = _cannot_ask(call->node, strerror(EIO), err);
	(void) close(ends[0]);
	return rc;
}

extern int fault_jobs(const char *node, const mask_t *failed, on_fault_t site,
		      unsigned int *jobs, neuron_error_t *err)
{
	call_t call = {.node = node, .failed = failed, .site = site};
	int rc = failed->devices ? _run(&call, err) : 0;

	if (jobs)
		*jobs = rc ? 0 : call.result.jobs;
	if (rc || !call.result.err.text[0])
		return rc;
	return neuron_error_set(err, EIO, "%s", call.result.err.text);
}
