/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "holding.h"
#include "io.h"
#include "loop.h"
#include "outbox.h"
#include "plan.h"
#include "step.h"
#include "stream.h"
#include "wire.h"

#include "src/common/hostlist.h"
#include "src/interfaces/cred.h"

/* srun that does not answer is asked again so often, a second apart */
#define TRIES_MAX 5
#define RETRY_MILLISECONDS 1000

typedef enum {
	STAGE_LAUNCHED, /* srun is being told that the tasks have started */
	STAGE_RUNNING,
	STAGE_EXITED, /* srun is being told that they have ended */
} stage_t;

struct step {
	loop_timer_t timer; /* must be the first */
	step_t *next; /* on the same node */
	node_t *node;
	slurm_step_id_t id;
	stage_t stage;
	int64_t due; /* when the tasks end, of loop_now() */
	uint32_t status; /* how they will end, as of wait(2) */
	uint32_t place; /* of the node in the step */
	uint32_t tasks;
	uint32_t *ids; /* of the tasks in the step */
	uid_t uid; /* of srun */
	slurm_addr_t srun;
	io_t *io;
	stream_t *stream; /* to srun, while it is told something */
	int tries;
};

static uint32_t running;

static void _tell(step_t *step);

/* ------------------------------------------------------------------ */

static void _remove(step_t *step)
{
	step_t **place = &step->node->steps;

	while (*place != step)
		place = &(*place)->next;
	*place = step->next;
	loop_timer_cancel(&step->timer);
	if (step->stream)
		stream_free(step->stream);
	io_end(step->io);
	xfree(step->ids);
	xfree(step);
	running--;
}

static void _go_on(step_t *step)
{
	int64_t left = step->due - loop_now();

	step->tries = 0;
	if (step->stage == STAGE_LAUNCHED) {
		step->stage = STAGE_RUNNING;
		loop_timer_set(&step->timer, left);
		return;
	}
	outbox_step(step->node, &step->id, step->place, step->status);
	_remove(step);
}

/* The tasks are over, or srun is asked again */
static void _fire(loop_timer_t *timer)
{
	step_t *step = (step_t *) timer;

	if (step->stage == STAGE_RUNNING)
		step->stage = STAGE_EXITED;
	_tell(step);
}

/* ------------------------------------------------------------------ */
/* Telling srun */

static void _again(step_t *step)
{
	if (++step->tries < TRIES_MAX)
		loop_timer_set(&step->timer, RETRY_MILLISECONDS);
	else
		_go_on(step);
}

static void _closed(void *owner, int err)
{
	step_t *step = owner;

	(void) err;
	step->stream = NULL;
	_again(step);
}

/* Whatever it answers, srun knows */
static void _answered(stream_t *stream, void *owner, char *bytes, uint32_t size)
{
	step_t *step = owner;

	(void) size;
	xfree(bytes);
	stream_free(stream);
	step->stream = NULL;
	_go_on(step);
}

static void _sent(stream_t *stream, void *owner)
{
	(void) stream;
	(void) owner;
}

static const stream_calls_t calls = {
	.message = _answered,
	.sent = _sent,
	.closed = _closed,
};

static int _pack_launched(step_t *step, wire_out_t *out)
{
	launch_tasks_response_msg_t msg = {
		.step_id = step->id,
		.node_name = step->node->name,
		.count_of_pids = step->tasks,
		.task_ids = step->ids,
	};
	int rc;

	/* Processes that there are not have the numbers of their tasks */
	msg.local_pids = xcalloc(step->tasks, sizeof(*msg.local_pids));
	for (uint32_t i = 0; i < step->tasks; i++)
		msg.local_pids[i] = step->ids[i] + 1;
	rc = wire_pack_request(RESPONSE_LAUNCH_TASKS, &msg, step->uid, out);
	xfree(msg.local_pids);
	return rc;
}

static int _pack_exited(step_t *step, wire_out_t *out)
{
	task_exit_msg_t msg = {
		.num_tasks = step->tasks,
		.task_id_list = step->ids,
		.return_code = step->status,
		.step_id = step->id,
	};

	return wire_pack_request(MESSAGE_TASK_EXIT, &msg, step->uid, out);
}

static void _tell(step_t *step)
{
	wire_out_t out;
	int rc = (step->stage == STAGE_LAUNCHED) ? _pack_launched(step, &out)
						 : _pack_exited(step, &out);

	if (rc) {
		_again(step);
		return;
	}
	step->stream = stream_connect(&step->srun, &calls, step);
	if (step->stream) {
		stream_send(step->stream, out.bytes, out.size);
		return;
	}
	xfree(out.bytes);
	_again(step);
}

/* ------------------------------------------------------------------ */
/* Start and end */

static int _place(const char *nodes, const char *name)
{
	hostlist_t *names = nodes ? hostlist_create(nodes) : NULL;
	int place = names ? hostlist_find(names, name) : -1;

	FREE_NULL_HOSTLIST(names);
	return place;
}

static void _connect_output(step_t *step, const launch_tasks_request_msg_t *msg)
{
	io_step_t io = {
		.srun = step->srun,
		.node = step->place,
		/* Output that the node writes to files does not go there */
		.tasks = msg->ofname ? 0 : step->tasks,
		.ids = step->ids,
	};

	if (!msg->num_io_port)
		return;
	slurm_set_port(&io.srun, msg->io_port[step->place % msg->num_io_port]);
	io.key = slurm_cred_get_signature(msg->cred);
	step->io = io_open(&io);
	xfree(io.key);
}

static step_t *_new(node_t *node, const slurm_msg_t *slurm_msg, int place)
{
	const launch_tasks_request_msg_t *msg = slurm_msg->data;
	plan_t plan = plan_read(NULL, msg->env, msg->envc);
	step_t *step = xmalloc(sizeof(*step));

	step->timer.fire = _fire;
	step->node = node;
	step->id = msg->step_id;
	step->due = loop_now() + plan.milliseconds;
	step->status = plan.status;
	step->place = place;
	step->tasks = msg->tasks_to_launch[place];
	step->ids = xcalloc(step->tasks, sizeof(*step->ids));
	memcpy(step->ids, msg->global_task_ids[place],
	       step->tasks * sizeof(*step->ids));
	step->uid = slurm_msg->auth_uid;
	step->srun = slurm_msg->orig_addr;
	slurm_set_port(&step->srun, msg->resp_port[place % msg->num_resp_port]);
	return step;
}

extern int step_start(node_t *node, const slurm_msg_t *slurm_msg)
{
	launch_tasks_request_msg_t *msg = slurm_msg->data;
	int place = _place(msg->complete_nodelist, node->name);
	step_t *step;
	int rc;

	if ((place < 0) || (place >= (int) msg->nnodes))
		return ESLURM_INVALID_NODE_NAME;
	if (!msg->cred || !msg->num_resp_port ||
	    (slurm_msg->orig_addr.ss_family != AF_INET))
		return ESLURM_NOT_SUPPORTED;
	if ((rc = holding_take(node, msg->cred)))
		return rc;
	step = _new(node, slurm_msg, place);
	step->next = node->steps;
	node->steps = step;
	running++;
	_connect_output(step, msg);
	_tell(step);
	return SLURM_SUCCESS;
}

extern void step_kill(node_t *node, const slurm_step_id_t *id, int signal)
{
	for (step_t *step = node->steps; step; step = step->next) {
		if ((step->id.job_id != id->job_id) ||
		    ((id->step_id != NO_VAL) &&
		     (step->id.step_id != id->step_id)))
			continue;
		if (step->stage == STAGE_EXITED)
			continue;
		step->status = signal;
		step->due = loop_now();
		if (step->stage == STAGE_RUNNING)
			loop_timer_set(&step->timer, 0);
	}
}

extern void steps_lose(node_t *node)
{
	while (node->steps)
		_remove(node->steps);
}

extern bool step_is_on(const node_t *node, uint32_t job_id)
{
	for (const step_t *step = node->steps; step; step = step->next) {
		if (step->id.job_id == job_id)
			return true;
	}
	return false;
}

extern uint32_t step_ids(const node_t *node, slurm_step_id_t **ids)
{
	uint32_t count = 0;

	for (step_t *step = node->steps; step; step = step->next)
		count++;
	*ids = xcalloc(count ? count : 1, sizeof(**ids));
	count = 0;
	for (step_t *step = node->steps; step; step = step->next)
		(*ids)[count++] = step->id;
	return count;
}

extern uint32_t steps_running(void)
{
	return running;
}
