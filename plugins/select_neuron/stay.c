/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stay.h"

#include <stdlib.h>

#include "lib/incident.h"

/* A job that waits, and its nodes */
typedef struct {
	uint32_t job_id;
	uint32_t run;
	time_t since;
	bitstr_t *nodes;
} stay_t;

struct stays {
	stay_t *list;
	uint32_t count;
	uint32_t room;
};

extern stays_t *stays_create(void)
{
	return xmalloc(sizeof(stays_t));
}

static void _remove(stays_t *stays, uint32_t index)
{
	FREE_NULL_BITMAP(stays->list[index].nodes);
	stays->list[index] = stays->list[--stays->count];
}

extern void stays_destroy(stays_t *stays)
{
	if (!stays)
		return;
	while (stays->count)
		_remove(stays, 0);
	xfree(stays->list);
	xfree(stays);
}

/* The bitmap is the list's from here on */
static void _add(stays_t *stays, uint32_t job_id, uint32_t run, bitstr_t *nodes)
{
	for (uint32_t i = 0; i < stays->count; i++) {
		if (stays->list[i].job_id == job_id)
			_remove(stays, i);
	}
	if (stays->count == stays->room) {
		stays->room = MAX(4, stays->room * 2);
		xrecalloc(stays->list, stays->room, sizeof(*stays->list));
	}
	stays->list[stays->count++] = (stay_t){job_id, run, time(NULL), nodes};
}

static bool _waits(const stay_t *stay, const job_record_t *job_ptr)
{
	return job_ptr && job_ptr->details && IS_JOB_PENDING(job_ptr) &&
	       (job_ptr->restart_cnt == stay->run);
}

static int _read_job(void *x, void *arg)
{
	job_record_t *job_ptr = x;
	stays_t *stays = arg;
	bitstr_t *nodes = NULL;
	const char *found;
	size_t length;
	char *names;

	if (!IS_JOB_PENDING(job_ptr) || !job_ptr->admin_comment ||
	    !(found = incident_keeps(job_ptr->admin_comment,
				     job_ptr->restart_cnt, &length)))
		return 0;
	names = xstrndup(found, length);
	/* Some may have left slurm.conf */
	(void) node_name2bitmap(names, true, &nodes, NULL);
	xfree(names);
	if (nodes)
		_add(stays, job_ptr->job_id, job_ptr->restart_cnt, nodes);
	return 0;
}

extern void stays_read(stays_t *stays)
{
	if (job_list)
		(void) list_for_each(job_list, _read_job, stays);
}

/* ------------------------------------------------------------------ */
/* Runs that end */

/* One run */
typedef struct {
	job_record_t *job_ptr;
	const fabric_t *fabric;
	const ledger_t *ledger;
	devset_t (*masked)(int node);
	bool lost; /* a node went away; otherwise the job is requeued */
	bool again; /* there will be another run */
	uint32_t run;
} ending_t;

static void _now(char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm parts;

	(void) strftime(text, size, "%Y-%m-%dT%H:%M:%S",
			localtime_r(&now, &parts));
}

static void _write(job_record_t *job_ptr, const char *part)
{
	char *text = incident_add(job_ptr->admin_comment, part);

	if (!text)
		return;
	xfree(job_ptr->admin_comment);
	job_ptr->admin_comment = xstrdup(text);
	free(text);
}

static member_loss_t _policy(const job_record_t *job_ptr, const conf_t *conf)
{
	options_t options;

	if (options_find((const char *const *) job_ptr->spank_job_env,
			 job_ptr->spank_job_env_size, &options, NULL) ||
	    !options_has(&options, OPTION_ON_MEMBER_LOSS))
		return conf_on_member_loss(conf);
	return options.on_member_loss;
}

static bool _is_fit(const ending_t *ending, int node)
{
	const node_record_t *record = node_record_table_ptr[node];

	return !IS_NODE_DOWN(record) && !IS_NODE_NO_RESPOND(record) &&
	       !IS_NODE_DRAIN(record) && !IS_NODE_FAIL(record) &&
	       xstrcmp(ending->job_ptr->failed_node, record->name) &&
	       !(ending->masked(node) &
		 ledger_devices(ending->ledger, ending->job_ptr->job_id, node));
}

/* RET -1: all are */
static int _first_unfit(const ending_t *ending)
{
	bitstr_t *nodes = ending->job_ptr->node_bitmap;

	for (int n = 0; nodes && ((n = bit_ffs_from_bit(nodes, n)) >= 0); n++) {
		if (!_is_fit(ending, n))
			return n;
	}
	return -1;
}

/* Nodes of one group have the same number */
static int64_t _group(const fabric_t *fabric, int node)
{
	int64_t group = fabric ? fabric_node_group(fabric, node) : -1;

	if ((group >= 0) && fabric_group_is_ultraserver(fabric, group))
		return group;
	return -1 - (int64_t) node;
}

static void _clear_group(bitstr_t *nodes, const fabric_t *fabric, int node)
{
	int64_t group = _group(fabric, node);

	for (int n = 0; (n = bit_ffs_from_bit(nodes, n)) >= 0; n++) {
		if (_group(fabric, n) == group)
			bit_clear(nodes, n);
	}
}

/* RET NULL: none */
static bitstr_t *_fit_groups(const ending_t *ending)
{
	bitstr_t *all = ending->job_ptr->node_bitmap;
	bitstr_t *nodes = bit_copy(all);

	for (int n = 0; (n = bit_ffs_from_bit(all, n)) >= 0; n++) {
		if (!_is_fit(ending, n))
			_clear_group(nodes, ending->fabric, n);
	}
	if (bit_ffs(nodes) < 0)
		FREE_NULL_BITMAP(nodes);
	return nodes;
}

static void _note(const ending_t *ending, int node, const char *done)
{
	size_t size = strlen(done) + INCIDENT_PART_MAX;
	char *part = xmalloc(size), when[32];

	_now(when, sizeof(when));
	if (incident_node(ending->run, node_record_table_ptr[node]->name,
			  ending->lost, when, done, part, size) > 0)
		_write(ending->job_ptr, part);
	xfree(part);
}

static void _keep(stays_t *stays, const ending_t *ending, int node,
		  bitstr_t *nodes)
{
	char *names = bitmap2node_name(nodes);
	size_t size = strlen(names) + 64;
	char *done = xmalloc(size);

	if (incident_keep(ending->run + 1, names, done, size) > 0)
		_note(ending, node, done);
	_add(stays, ending->job_ptr->job_id, ending->run + 1, nodes);
	xfree(done);
	xfree(names);
}

static void _ended(stays_t *stays, const ending_t *ending, member_loss_t policy)
{
	int node = _first_unfit(ending);
	bitstr_t *nodes = NULL;

	if (node < 0)
		return;
	if (ending->again && (policy == MEMBER_LOSS_MIGRATE))
		nodes = _fit_groups(ending);
	if (nodes)
		_keep(stays, ending, node, nodes);
	else if (ending->lost)
		_note(ending, node,
		      ending->again ? "it is requeued" : "it is ended");
}

extern void stay_ended(stays_t *stays, job_record_t *job_ptr,
		       const site_t *site, const fabric_t *fabric,
		       const ledger_t *ledger, devset_t (*masked)(int node))
{
	ending_t ending = {
		.job_ptr = job_ptr,
		.fabric = fabric,
		.ledger = ledger,
		.masked = masked,
		.run = job_ptr->restart_cnt,
		.lost = IS_JOB_NODE_FAILED(job_ptr) && job_ptr->failed_node,
	};

	if (!job_ptr->details || !ledger_has(ledger, job_ptr->job_id))
		return;
	/* Slurm counts a requeue before this, a node that failed after it */
	if (!ending.lost && IS_JOB_REQUEUED(job_ptr) && ending.run)
		ending.run--;
	else if (!ending.lost)
		return;
	ending.again = job_ptr->batch_flag && job_ptr->details->requeue;
	_ended(stays, &ending, _policy(job_ptr, site_conf(site)));
}

extern void stay_shrunk(job_record_t *job_ptr, const node_record_t *node_ptr)
{
	char part[INCIDENT_PART_MAX], when[32];

	/* Its user may have given a node back */
	if (!IS_NODE_DOWN(node_ptr) && !IS_NODE_NO_RESPOND(node_ptr))
		return;
	_now(when, sizeof(when));
	if (incident_node(job_ptr->restart_cnt, node_ptr->name, true, when,
			  "it goes on without it", part, sizeof(part)) > 0)
		_write(job_ptr, part);
}

/* ------------------------------------------------------------------ */
/* Jobs that start */

/* Whether its nodes are not for others */
static bool _holds(const stay_t *stay, const job_record_t *job_ptr, time_t now)
{
	if (!job_ptr->priority)
		return false;
	if (IS_JOB_COMPLETING(job_ptr))
		return now <= stay->since + STAY_MAX;
	return now <= job_ptr->details->begin_time + STAY_GRACE;
}

/* Not priorities: Slurm computes that of a requeued job anew, as if it had
 * been submitted now */
static uint16_t _tier(const job_record_t *job_ptr)
{
	return job_ptr->part_ptr ? job_ptr->part_ptr->priority_tier : 0;
}

extern bool stay_drop(stays_t *stays, const job_record_t *job_ptr,
		      bitstr_t *nodes)
{
	time_t now = time(NULL);

	for (uint32_t i = stays->count; i-- > 0;) {
		stay_t *stay = &stays->list[i];
		const job_record_t *other = find_job_record(stay->job_id);

		if (!_waits(stay, other))
			_remove(stays, i);
		else if ((stay->job_id != job_ptr->job_id) &&
			 (_tier(job_ptr) <= _tier(other)) &&
			 _holds(stay, other, now))
			bit_and_not(nodes, stay->nodes);
	}
	return !job_ptr->details || !job_ptr->details->req_node_bitmap ||
	       bit_super_set(job_ptr->details->req_node_bitmap, nodes);
}

static const stay_t *_find(const stays_t *stays, const job_record_t *job_ptr)
{
	for (uint32_t i = 0; i < stays->count; i++) {
		if ((stays->list[i].job_id == job_ptr->job_id) &&
		    _waits(&stays->list[i], job_ptr))
			return &stays->list[i];
	}
	return NULL;
}

extern bitstr_t *stay_wanted(stays_t *stays, const job_record_t *job_ptr,
			     const fabric_t *fabric, const bitstr_t *nodes)
{
	const stay_t *stay = _find(stays, job_ptr);
	bitstr_t *wanted;

	/* Its tasks are laid out on the nodes that it names */
	if (!stay || ((job_ptr->details->task_dist & SLURM_DIST_STATE_BASE) ==
		      SLURM_DIST_ARBITRARY))
		return NULL;
	wanted = bit_copy(stay->nodes);
	for (int n = 0; (n = bit_ffs_from_bit(stay->nodes, n)) >= 0; n++) {
		if (!bit_test((bitstr_t *) nodes, n))
			_clear_group(wanted, fabric, n);
	}
	if (bit_ffs(wanted) < 0)
		FREE_NULL_BITMAP(wanted);
	return wanted;
}
