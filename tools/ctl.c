/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 26.05 takes ids of steps where releases before it took those of jobs */
#define SLURM_BACKWARD_COMPAT
#include "ctl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "deadline.h"
#include "jobname.h"
#include "lib/incident.h"
#include "masking.h"

#define POLL_MS 5
#define REASON_MAX 1200
/* Longest reason of slurmctld that is told on */
#define ANSWER_MAX 160
/* Exit codes of the child */
#define DONE 0
#define FAILED 1
#define NOTHING_NEW 2

typedef struct {
	const char *node;
	uint32_t job;
	bool hold;
	const mask_t *mask;
	const mask_t *unmask;
	const mask_t *suspects; /* NULL: as they are */
	char reason[REASON_MAX];
	char *answer; /* ANSWER_MAX bytes; why it was refused */
} request_t;

/*
 * In the child. RET 0, or a word for errno of Slurm
 */

static bool _is_drained(const char *node)
{
	node_info_msg_t *info = NULL;
	bool drained = false;

	if (slurm_load_node_single(&info, (char *) node, SHOW_ALL))
		return false;
	for (uint32_t i = 0; i < info->record_count; i++) {
		const node_info_t *record = &info->node_array[i];

		drained |= (record->node_state & NODE_STATE_DRAIN) &&
			   record->reason && record->reason[0];
	}
	slurm_free_node_info_msg(info);
	return drained;
}

static int _drain(request_t *request)
{
	update_node_msg_t update;

	if (_is_drained(request->node))
		return 0;
	slurm_init_update_node_msg(&update);
	update.node_names = (char *) request->node;
	update.node_state = NODE_STATE_DRAIN;
	update.reason = request->reason;
	return slurm_update_node(&update);
}

/*
 * How to call a job, and how often it was restarted. The answer about the task
 * that has the number of its array has all tasks.
 */
static void _look_at(uint32_t job, jobname_t *name, uint32_t *run)
{
	job_info_msg_t *msg = NULL;

	(void) snprintf(name->job, sizeof(name->job), "%u", job);
	(void) snprintf(name->whole, sizeof(name->whole), "%u", job);
	*run = 0;
	if (slurm_load_job(&msg, job, SHOW_ALL))
		return;
	for (uint32_t i = 0; i < msg->record_count; i++) {
		if (msg->job_array[i].job_id != job)
			continue;
		jobname_of(&msg->job_array[i], name);
		*run = msg->job_array[i].restart_cnt;
	}
	slurm_free_job_info_msg(msg);
}

/* Add the reason to AdminComment, see lib/incident.h */
static void _comment(const jobname_t *name, uint32_t run,
		     const request_t *request)
{
	char text[sizeof(INCIDENT_ADD) + REASON_MAX + 16];
	job_array_resp_msg_t *answer = NULL;
	job_desc_msg_t job;

	(void) snprintf(text, sizeof(text), INCIDENT_ADD "run %u: %s", run,
			request->reason);
	for (char *at = text; (at = strchr(at, ';'));)
		*at = ',';
	slurm_init_job_desc_msg(&job);
	job.job_id_str = (char *) name->job;
	job.admin_comment = text;
	(void) slurm_update_job2(&job, &answer);
	if (answer)
		slurm_free_job_array_resp(answer);
}

/* The first error of an answer by task; a single job answers as one */
static int _requeue(char *id, bool hold)
{
	job_array_resp_msg_t *answer = NULL;
	uint32_t flags = JOB_RUNNING | (hold ? JOB_REQUEUE_HOLD : 0);
	int rc = slurm_requeue2(id, flags, &answer);

	if (rc)
		rc = errno ? errno : rc;
	for (uint32_t i = 0; !rc && answer && i < answer->job_array_count; i++)
		rc = (int) answer->error_code[i];
	if (answer)
		slurm_free_job_array_resp(answer);
	return rc;
}

static int _send_away(request_t *request)
{
	jobname_t name;
	uint32_t run;
	int rc;

	_look_at(request->job, &name, &run);
	_comment(&name, run, request);
	rc = _requeue(name.whole, request->hold);
	/* Another node was faster */
	if (!rc || rc == ESLURM_JOB_PENDING || rc == ESLURM_ALREADY_DONE)
		return 0;
	(void) slurm_notify_job(request->job, request->reason);
	rc = slurm_kill_job2(name.whole, SIGKILL, 0, NULL);
	return (rc && errno == ESLURM_ALREADY_DONE) ? 0 : rc;
}

static int _mask(request_t *request)
{
	neuron_error_t why;
	devset_t changed;

	if (masking_change(request->node, request->mask, false, 0, &changed,
			   &why)) {
		(void) snprintf(request->answer, ANSWER_MAX, "%.*s",
				ANSWER_MAX - 1, why.text);
		return -1;
	}
	return changed ? 0 : NOTHING_NEW;
}

/* The masks first: what cannot be read in one word does not hold up the other
 */
static int _health(request_t *request)
{
	masking_t masks = {.node = request->node,
			   .add = request->mask,
			   .remove = request->unmask->devices,
			   .only = request->unmask};
	masking_t suspects = {.node = request->node,
			      .key = MASK_SUSPECT_KEY,
			      .add = request->suspects,
			      .again = true};
	int rc = 0;

	if ((masks.add->devices || masks.remove) &&
	    masking_change_all(&masks, 1, NULL))
		rc = -1;
	if (!request->suspects)
		return rc;
	suspects.remove = ~request->suspects->devices;
	if (masking_change_all(&suspects, 1, NULL))
		rc = -1;
	return rc;
}

/*
 * In the parent
 */

/* IN answer - what the child wrote, "" nothing */
static int _wait(pid_t child, const char *answer, neuron_error_t *err)
{
	deadline_t end = deadline_in(CTL_WAIT);
	int status = 0;
	pid_t pid;

	while (!(pid = waitpid(child, &status, WNOHANG))) {
		if (deadline_nap(end, POLL_MS))
			continue;
		(void) kill(child, SIGKILL);
		(void) waitpid(child, &status, 0);
		return neuron_error_set(err, EIO,
					"slurmctld has not answered in %d "
					"seconds",
					CTL_WAIT / 1000);
	}
	if (pid == child && WIFEXITED(status) && WEXITSTATUS(status) != FAILED)
		return WEXITSTATUS(status);
	return neuron_error_set(err, EIO, "slurmctld has refused it: %s",
				answer[0] ? answer : "it gave no reason");
}

/* In the child */
static int _act(int (*act)(request_t *request), request_t *request)
{
	int rc;

	slurm_init(NULL);
	errno = 0;
	rc = act(request);
	if ((rc == DONE) || ((act == _mask) && (rc == NOTHING_NEW)))
		return rc;
	if (!request->answer[0])
		(void) snprintf(request->answer, ANSWER_MAX, "%s",
				slurm_strerror(errno));
	return FAILED;
}

static int _run(int (*act)(request_t *request), request_t *request,
		neuron_error_t *err)
{
	pid_t child;
	int rc;

	request->answer = mmap(NULL, ANSWER_MAX, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (request->answer == MAP_FAILED)
		return neuron_error_set(err, EIO, "mmap: %s", strerror(errno));
	(void) fflush(NULL);
	child = fork();
	if (!child)
		_exit(_act(act, request));
	if (child < 0)
		rc = neuron_error_set(err, EIO, "fork: %s", strerror(errno));
	else
		rc = _wait(child, request->answer, err);
	(void) munmap(request->answer, ANSWER_MAX);
	return rc;
}

extern int ctl_drain(const char *node, const char *reason, neuron_error_t *err)
{
	request_t request = {.node = node};

	(void) snprintf(request.reason, sizeof(request.reason), "%s", reason);
	return _run(_drain, &request, err);
}

extern int ctl_mask(const char *node, const mask_t *mask, neuron_error_t *err)
{
	request_t request = {.node = node, .mask = mask};
	int rc = _run(_mask, &request, err);

	return (rc < 0) ? -1 : rc == DONE;
}

extern int ctl_health(const char *node, const mask_t *add, const mask_t *remove,
		      const mask_t *suspects, neuron_error_t *err)
{
	request_t request = {.node = node,
			     .mask = add,
			     .unmask = remove,
			     .suspects = suspects};

	return _run(_health, &request, err);
}

extern int ctl_send_away(uint32_t job, const char *reason, bool hold,
			 neuron_error_t *err)
{
	request_t request = {.job = job, .hold = hold};

	(void) snprintf(request.reason, sizeof(request.reason), "%s", reason);
	return _run(_send_away, &request, err);
}
