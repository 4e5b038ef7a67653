/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>

#include "answer.h"
#include "holding.h"
#include "job.h"
#include "loop.h"
#include "outbox.h"
#include "release.h"
#include "step.h"

/* Between REQUEST_RECONFIGURE to the first node and reading slurm.conf: all
 * nodes get it, one reading is enough */
#define REREAD_MILLISECONDS 500

static uint64_t count;

static answer_t _rc(uint32_t rc)
{
	return_code_msg_t *data = xmalloc(sizeof(*data));

	data->return_code = rc;
	return (answer_t){.type = RESPONSE_SLURM_RC, .data = data};
}

static answer_t _none(void)
{
	return (answer_t){0};
}

static answer_t _ok(node_t *node, const slurm_msg_t *msg)
{
	(void) node;
	(void) msg;
	return _rc(SLURM_SUCCESS);
}

static answer_t _ping(node_t *node, const slurm_msg_t *msg)
{
	ping_slurmd_resp_msg_t *data = xmalloc(sizeof(*data));

	data->free_mem = node->record->config_ptr->real_memory;
	release_set_ping(data, node->name);
	if (msg->msg_type == REQUEST_NODE_REGISTRATION_STATUS)
		outbox_register(node);
	return (answer_t){.type = RESPONSE_PING_SLURMD, .data = data};
}

static answer_t _energy(node_t *node, const slurm_msg_t *msg)
{
	acct_gather_node_resp_msg_t *data = xmalloc(sizeof(*data));

	data->node_name = xstrdup(node->name);
	return (answer_t){.type = (msg->msg_type == REQUEST_ACCT_GATHER_UPDATE)
					  ? RESPONSE_ACCT_GATHER_UPDATE
					  : RESPONSE_ACCT_GATHER_ENERGY,
			  .data = data};
}

/* ------------------------------------------------------------------ */
/* Jobs */

static answer_t _prolog(node_t *node, const slurm_msg_t *msg)
{
	const prolog_launch_msg_t *prolog = msg->data;
	slurm_step_id_t id = release_prolog_id(prolog);

	int rc = holding_take(node, prolog->cred);

	if (rc)
		return _rc(rc);
	if (!(slurm_conf.prolog_flags & PROLOG_FLAG_NOHOLD))
		outbox_job(node, OUTBOX_PROLOG, &id, SLURM_SUCCESS);
	return _rc(SLURM_SUCCESS);
}

static answer_t _launch(node_t *node, const slurm_msg_t *msg)
{
	const batch_job_launch_msg_t *launch = msg->data;
	slurm_step_id_t id = release_batch_id(launch);

	int rc = holding_take(node, launch->cred);

	if (rc)
		return _rc(rc);
	if (!job_start(node, &id, launch->script, launch->environment,
		       launch->envc))
		return _rc(ESLURM_DUPLICATE_JOB_ID);
	return _rc(SLURM_SUCCESS);
}

/* Without an epilog a node where nothing ran has no more to say */
static answer_t _terminate(node_t *node, const slurm_msg_t *msg)
{
	const kill_job_msg_t *kill = msg->data;
	bool ran = job_kill(node, kill->step_id.job_id, SIGTERM);

	ran = ran || node->steps;
	step_kill(node, &kill->step_id, SIGTERM);

	if (kill->step_id.step_id != NO_VAL)
		return _rc(SLURM_SUCCESS);
	holding_free(node, kill->step_id.job_id);
	if (!ran && !slurm_conf.epilog)
		return _rc(ESLURMD_KILL_JOB_ALREADY_COMPLETE);
	outbox_job(node, OUTBOX_EPILOG, &kill->step_id, SLURM_SUCCESS);
	return _rc(SLURM_SUCCESS);
}

/* Of a user: the credential says what srun may do */
static answer_t _steps(node_t *node, const slurm_msg_t *msg)
{
	return _rc(step_start(node, msg));
}

static answer_t _signal(node_t *node, const slurm_msg_t *msg)
{
	const signal_tasks_msg_t *tasks = msg->data;

	if ((tasks->signal != SIGKILL) && (tasks->signal != SIGTERM) &&
	    (tasks->signal != SIGINT))
		return _rc(SLURM_SUCCESS);
	if ((tasks->step_id.step_id == SLURM_BATCH_SCRIPT) ||
	    (tasks->step_id.step_id == NO_VAL))
		(void) job_kill(node, tasks->step_id.job_id, tasks->signal);
	step_kill(node, &tasks->step_id, tasks->signal);
	return _rc(SLURM_SUCCESS);
}

/* ------------------------------------------------------------------ */
/* The node itself */

static void _reread(loop_timer_t *timer)
{
	(void) timer;
	nodes_reread();
	for (uint32_t i = 0; i < node_count; i++)
		outbox_register(&node_table[i]);
}

static answer_t _reconfigure(node_t *node, const slurm_msg_t *msg)
{
	static loop_timer_t timer = {.fire = _reread};

	(void) node;
	(void) msg;
	if (!timer.place)
		loop_timer_set(&timer, REREAD_MILLISECONDS);
	return _none();
}

static answer_t _shutdown(node_t *node, const slurm_msg_t *msg)
{
	(void) msg;
	node->dropped = true;
	jobs_lose(node);
	steps_lose(node);
	holdings_lose(node);
	return _none();
}

static answer_t _reboot(node_t *node, const slurm_msg_t *msg)
{
	(void) msg;
	jobs_lose(node);
	steps_lose(node);
	holdings_lose(node);
	node->started = time(NULL);
	outbox_register(node);
	return _none();
}

/* ------------------------------------------------------------------ */

static const struct {
	uint16_t type;
	answer_t (*make)(node_t *node, const slurm_msg_t *msg);
} table[] = {
	{REQUEST_PING, _ping},
	{REQUEST_NODE_REGISTRATION_STATUS, _ping},
	{REQUEST_HEALTH_CHECK, _ok},
	{REQUEST_ACCT_GATHER_UPDATE, _energy},
	{REQUEST_ACCT_GATHER_ENERGY, _energy},
	{REQUEST_LAUNCH_PROLOG, _prolog},
	{REQUEST_BATCH_JOB_LAUNCH, _launch},
	{REQUEST_LAUNCH_TASKS, _steps},
	{REQUEST_TERMINATE_JOB, _terminate},
	{REQUEST_ABORT_JOB, _terminate},
	{REQUEST_KILL_TIMELIMIT, _terminate},
	{REQUEST_KILL_PREEMPTED, _terminate},
	{REQUEST_SIGNAL_TASKS, _signal},
	{REQUEST_TERMINATE_TASKS, _signal},
	{REQUEST_SUSPEND_INT, _ok},
	{REQUEST_SET_DEBUG_FLAGS, _ok},
	{REQUEST_SET_DEBUG_LEVEL, _ok},
	{REQUEST_JOB_NOTIFY, _ok},
	{REQUEST_RECONFIGURE, _reconfigure},
	{REQUEST_RECONFIGURE_WITH_CONFIG, _reconfigure},
	{REQUEST_SHUTDOWN, _shutdown},
	{REQUEST_REBOOT_NODES, _reboot},
};

static bool _is_trusted(const slurm_msg_t *msg)
{
	return msg->auth_ids_set &&
	       ((msg->msg_type == REQUEST_LAUNCH_TASKS) || !msg->auth_uid ||
		(msg->auth_uid == slurm_conf.slurm_user_id));
}

extern answer_t answer(node_t *node, const slurm_msg_t *msg)
{
	count++;
	if (!_is_trusted(msg))
		return _rc(ESLURM_USER_ID_MISSING);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (table[i].type == msg->msg_type)
			return table[i].make(node, msg);
	}
	debug("%s: %s is not simulated", node->name,
	      rpc_num2string(msg->msg_type));
	return _rc(ESLURM_NOT_SUPPORTED);
}

extern uint64_t answers(void)
{
	return count;
}
