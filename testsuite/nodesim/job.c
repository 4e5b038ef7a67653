/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "job.h"
#include "journal.h"
#include "loop.h"
#include "outbox.h"
#include "plan.h"

struct job {
	loop_timer_t timer; /* must be the first */
	job_t *next; /* on the same node */
	node_t *node;
	slurm_step_id_t id;
	uint32_t status; /* how it will end, as of wait(2) */
};

static uint32_t running;

/* ------------------------------------------------------------------ */

static job_t **_find(node_t *node, uint32_t job_id)
{
	job_t **place = &node->jobs;

	while (*place && ((*place)->id.job_id != job_id))
		place = &(*place)->next;
	return place;
}

static void _take_out(job_t **place)
{
	job_t *job = *place;

	*place = job->next;
	loop_timer_cancel(&job->timer);
	running--;
}

/* The node reports it until slurmctld knows, as slurmd does while slurmstepd is
 * there: else slurmctld would miss it, and start it again */
static void _end(job_t **place)
{
	job_t *job = *place;

	journal_end(job->id.job_id, job->node->name, job->status);
	_take_out(place);
	job->next = job->node->ended_jobs;
	job->node->ended_jobs = job;
	outbox_job(job->node, OUTBOX_BATCH, &job->id, job->status);
}

static void _fire(loop_timer_t *timer)
{
	job_t *job = (job_t *) timer;

	_end(_find(job->node, job->id.job_id));
}

extern bool job_start(node_t *node, const slurm_step_id_t *id,
		      const char *script, char **environment,
		      uint32_t environment_count)
{
	job_t **place = _find(node, id->job_id), *job;
	plan_t plan = plan_read(script, environment, environment_count);

	if (*place)
		return false;
	job = xmalloc(sizeof(*job));
	job->timer.fire = _fire;
	job->node = node;
	job->id = *id;
	job->status = plan.status;
	*place = job;
	running++;
	journal_start(id->job_id, node->name);
	loop_timer_set(&job->timer, plan.milliseconds);
	return true;
}

extern bool job_kill(node_t *node, uint32_t job_id, int signal)
{
	job_t **place = _find(node, job_id);

	if (!*place)
		return false;
	(*place)->status = signal;
	_end(place);
	return true;
}

extern void jobs_lose(node_t *node)
{
	for (job_t *job; (job = node->jobs);) {
		journal_end(job->id.job_id, node->name, -1);
		_take_out(&node->jobs);
		xfree(job);
	}
	for (job_t *job; (job = node->ended_jobs);) {
		node->ended_jobs = job->next;
		xfree(job);
	}
}

extern void job_confirmed(node_t *node, uint32_t job_id)
{
	job_t **place = &node->ended_jobs, *job;

	while (*place && ((*place)->id.job_id != job_id))
		place = &(*place)->next;
	if (!(job = *place))
		return;
	*place = job->next;
	xfree(job);
}

extern bool job_is_on(const node_t *node, uint32_t job_id)
{
	for (const job_t *job = node->jobs; job; job = job->next) {
		if (job->id.job_id == job_id)
			return true;
	}
	return false;
}

static uint32_t _add_ids(const job_t *job, slurm_step_id_t *ids)
{
	uint32_t count = 0;

	for (; job; job = job->next) {
		if (ids) {
			ids[count] = job->id;
			ids[count].step_id = SLURM_BATCH_SCRIPT;
		}
		count++;
	}
	return count;
}

extern uint32_t job_ids(const node_t *node, slurm_step_id_t **ids)
{
	uint32_t count = _add_ids(node->jobs, NULL);
	uint32_t ended = _add_ids(node->ended_jobs, NULL);

	*ids = xcalloc(count + ended + 1, sizeof(**ids));
	_add_ids(node->jobs, *ids);
	_add_ids(node->ended_jobs, *ids + count);
	return count + ended;
}

extern uint32_t jobs_running(void)
{
	return running;
}
