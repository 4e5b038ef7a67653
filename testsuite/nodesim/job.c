/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "journal.h"
#include "loop.h"
#include "outbox.h"

#define MARK "#NODESIM "
#define VARIABLE "NODESIM="

struct job {
	loop_timer_t timer; /* must be the first */
	job_t *next; /* on the same node */
	node_t *node;
	slurm_step_id_t id;
	uint32_t status; /* how it will end, as of wait(2) */
};

typedef struct {
	double seconds;
	uint32_t exit;
} plan_t;

static plan_t by_default = {.seconds = 1};
static double speed = 1;
static uint32_t running;

extern void job_default(double seconds)
{
	by_default.seconds = seconds;
}

extern void job_speed(double factor)
{
	speed = factor;
}

/* ------------------------------------------------------------------ */
/* What a script says */

static void _read_word(plan_t *plan, const char *word)
{
	double value;
	char *end;
	const char *text = strchr(word, '=');

	if (!text)
		return;
	value = strtod(text + 1, &end);
	if ((end == text + 1) || !(value >= 0) || (value > JOB_SECONDS_MAX))
		return;
	if (!strncmp(word, "seconds=", 8))
		plan->seconds = value;
	else if (!strncmp(word, "exit=", 5) && (value < 256))
		plan->exit = value;
}

static void _read_line(plan_t *plan, const char *text)
{
	char *line = xstrndup(text, strcspn(text, "\n")), *save = NULL;

	for (char *word = strtok_r(line, " \t\r", &save); word;
	     word = strtok_r(NULL, " \t\r", &save))
		_read_word(plan, word);
	xfree(line);
}

static void _read_script(plan_t *plan, const char *script)
{
	for (const char *line = script; line && *line;) {
		if (!strncmp(line, MARK, strlen(MARK)))
			_read_line(plan, line + strlen(MARK));
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

static plan_t _plan(const char *script, char **environment, uint32_t count)
{
	plan_t plan = by_default;

	for (uint32_t i = 0; i < count; i++) {
		if (!strncmp(environment[i], VARIABLE, strlen(VARIABLE)))
			_read_line(&plan, environment[i] + strlen(VARIABLE));
	}
	_read_script(&plan, script);
	return plan;
}

/* ------------------------------------------------------------------ */

static job_t **_find(node_t *node, uint32_t job_id)
{
	job_t **place = &node->jobs;

	while (*place && ((*place)->id.job_id != job_id))
		place = &(*place)->next;
	return place;
}

static void _remove(job_t **place)
{
	job_t *job = *place;

	*place = job->next;
	loop_timer_cancel(&job->timer);
	xfree(job);
	running--;
}

static void _end(job_t **place)
{
	job_t *job = *place;

	journal_end(job->id.job_id, job->node->name, job->status);
	outbox_job(job->node, OUTBOX_BATCH, &job->id, job->status);
	_remove(place);
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
	plan_t plan = _plan(script, environment, environment_count);

	if (*place)
		return false;
	job = xmalloc(sizeof(*job));
	job->timer.fire = _fire;
	job->node = node;
	job->id = *id;
	job->status = plan.exit << 8;
	*place = job;
	running++;
	journal_start(id->job_id, node->name);
	loop_timer_set(&job->timer, (int64_t) (plan.seconds * 1000 / speed));
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
	while (node->jobs) {
		journal_end(node->jobs->id.job_id, node->name, -1);
		_remove(&node->jobs);
	}
}

extern uint32_t job_ids(const node_t *node, slurm_step_id_t **ids)
{
	uint32_t count = 0;

	for (job_t *job = node->jobs; job; job = job->next)
		count++;
	*ids = xcalloc(count ? count : 1, sizeof(**ids));
	count = 0;
	for (job_t *job = node->jobs; job; job = job->next) {
		(*ids)[count] = job->id;
		(*ids)[count++].step_id = SLURM_BATCH_SCRIPT;
	}
	return count;
}

extern uint32_t jobs_running(void)
{
	return running;
}
