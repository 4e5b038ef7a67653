/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "holding.h"
#include "job.h"
#include "loop.h"
#include "outbox.h"
#include "release.h"
#include "step.h"
#include "stream.h"
#include "wire.h"

#define RETRY_MILLISECONDS 1000
#define KINDS (OUTBOX_STEP + 1)

typedef struct letter {
	loop_timer_t retry; /* must be the first */
	struct letter *next;
	node_t *node;
	outbox_kind_t kind;
	slurm_step_id_t id;
	uint32_t status;
	uint32_t place; /* of the node in the step */
	bool confirmed;
} letter_t;

static struct {
	slurm_addr_t slurmctld;
	uint32_t connections; /* at most */
	uint32_t open;
	uint32_t waiting;
	uint64_t confirmed[KINDS];
	letter_t *first;
	letter_t **last;
	struct utsname system;
	bool refused; /* was logged, until the next success */
} outbox;

/* ------------------------------------------------------------------ */
/* Letters */

/* RET how many */
static uint32_t _all_ids(const node_t *node, slurm_step_id_t **ids)
{
	slurm_step_id_t *part[3];
	uint32_t count[3] = {job_ids(node, &part[0]), step_ids(node, &part[1]),
			     holding_ids(node, &part[2])};
	uint32_t all = 0;

	*ids = xcalloc(count[0] + count[1] + count[2] + 1, sizeof(**ids));
	for (int i = 0; i < 3; i++) {
		memcpy(*ids + all, part[i], count[i] * sizeof(**ids));
		all += count[i];
		xfree(part[i]);
	}
	return all;
}

static slurm_node_registration_status_msg_t *_registration(const node_t *node)
{
	const config_record_t *config = node->record->config_ptr;
	slurm_node_registration_status_msg_t *msg = xmalloc(sizeof(*msg));

	msg->node_name = xstrdup(node->name);
	msg->hostname = xstrdup(node->record->node_hostname);
	msg->version = xstrdup(SLURM_VERSION_STRING);
	msg->arch = xstrdup(outbox.system.machine);
	msg->os = xstrdup_printf("%s %s", outbox.system.sysname,
				 outbox.system.release);
	msg->cpus = config->cpus;
	msg->boards = config->boards;
	msg->sockets = config->tot_sockets;
	msg->cores = config->cores;
	msg->threads = config->threads;
	msg->real_memory = config->real_memory;
	msg->free_mem = config->real_memory;
	msg->tmp_disk = config->tmp_disk;
	msg->hash_val = slurm_conf.hash_val;
	msg->timestamp = time(NULL);
	msg->slurmd_start_time = node->started;
	msg->up_time = msg->timestamp - node->started;
	msg->gres_info = device_pack(node->devices, node->faults);
	msg->job_count = _all_ids(node, &msg->step_id);
	return msg;
}

static int _pack(uint16_t type, void *msg, wire_out_t *out)
{
	return wire_pack_request(type, msg, slurm_conf.slurm_user_id, out);
}

static int _pack_registration(letter_t *letter, wire_out_t *out)
{
	slurm_node_registration_status_msg_t *msg;
	int rc;

	letter->node->registering = false;
	msg = _registration(letter->node);
	rc = _pack(MESSAGE_NODE_REGISTRATION_STATUS, msg, out);
	slurm_free_node_registration_status_msg(msg);
	return rc;
}

static int _pack_prolog(letter_t *letter, wire_out_t *out)
{
	release_prolog_done_t msg = {.node_name = letter->node->name,
				     .prolog_rc = letter->status};

	release_set_prolog(&msg, &letter->id);
	return _pack(REQUEST_COMPLETE_PROLOG, &msg, out);
}

static int _pack_batch(letter_t *letter, wire_out_t *out)
{
	complete_batch_script_msg_t msg = {.node_name = letter->node->name,
					   .job_rc = letter->status};

	release_set_batch(&msg, &letter->id);
	return _pack(REQUEST_COMPLETE_BATCH_SCRIPT, &msg, out);
}

static int _pack_epilog(letter_t *letter, wire_out_t *out)
{
	epilog_complete_msg_t msg = {.node_name = letter->node->name,
				     .return_code = letter->status};

	release_set_epilog(&msg, &letter->id);
	return _pack(MESSAGE_EPILOG_COMPLETE, &msg, out);
}

static int _pack_step(letter_t *letter, wire_out_t *out)
{
	step_complete_msg_t msg = {.range_first = letter->place,
				   .range_last = letter->place,
				   .step_id = letter->id,
				   .step_rc = letter->status};

	return _pack(REQUEST_STEP_COMPLETE, &msg, out);
}

static int (*const pack[KINDS])(letter_t *letter, wire_out_t *out) = {
	[OUTBOX_REGISTER] = _pack_registration,
	[OUTBOX_PROLOG] = _pack_prolog,
	[OUTBOX_BATCH] = _pack_batch,
	[OUTBOX_EPILOG] = _pack_epilog,
	[OUTBOX_STEP] = _pack_step,
};

/* ------------------------------------------------------------------ */
/* Delivery */

static void _deliver(void);

static void _queue(letter_t *letter)
{
	letter->next = NULL;
	*outbox.last = letter;
	outbox.last = &letter->next;
}

static void _throw_away(letter_t *letter)
{
	outbox.waiting--;
	xfree(letter);
}

static void _retry(loop_timer_t *timer)
{
	_queue((letter_t *) timer);
	_deliver();
}

static void _postpone(letter_t *letter, const char *why)
{
	if (!outbox.refused)
		info("slurmctld does not take messages: %s; trying on", why);
	outbox.refused = true;
	letter->retry.fire = _retry;
	loop_timer_set(&letter->retry, RETRY_MILLISECONDS);
}

static void _closed(void *owner, int err)
{
	letter_t *letter = owner;

	outbox.open--;
	if (letter->confirmed)
		_throw_away(letter);
	else
		_postpone(letter, err ? strerror(err) : "no answer");
	_deliver();
}

/* Whatever it answers, slurmctld has the message */
static void _message(stream_t *stream, void *owner, char *bytes, uint32_t size)
{
	letter_t *letter = owner;

	(void) size;
	xfree(bytes);
	outbox.refused = false;
	outbox.confirmed[letter->kind]++;
	letter->confirmed = true;
	if (letter->kind == OUTBOX_BATCH)
		job_confirmed(letter->node, letter->id.job_id);
	stream_free(stream);
	_closed(letter, 0);
}

static void _sent(stream_t *stream, void *owner)
{
	(void) stream;
	(void) owner;
}

static const stream_calls_t calls = {
	.message = _message,
	.sent = _sent,
	.closed = _closed,
};

static void _send(letter_t *letter)
{
	wire_out_t out;
	stream_t *stream;
	int rc;

	if (letter->node->dropped) {
		letter->node->registering = false;
		_throw_away(letter);
		return;
	}
	if ((rc = pack[letter->kind](letter, &out))) {
		_postpone(letter, slurm_strerror(errno ? errno : rc));
	} else if ((stream = stream_connect(&outbox.slurmctld, &calls,
					    letter))) {
		outbox.open++;
		stream_send(stream, out.bytes, out.size);
	} else {
		xfree(out.bytes);
		_postpone(letter, strerror(errno));
	}
}

static void _deliver(void)
{
	while (outbox.first && (outbox.open < outbox.connections)) {
		letter_t *letter = outbox.first;

		outbox.first = letter->next;
		if (!outbox.first)
			outbox.last = &outbox.first;
		_send(letter);
	}
}

/* ------------------------------------------------------------------ */

extern int outbox_init(uint32_t connections)
{
	outbox.connections = connections;
	outbox.last = &outbox.first;
	uname(&outbox.system);
	slurm_set_addr(&outbox.slurmctld, slurm_conf.slurmctld_port,
		       slurm_conf.control_addr[0]);
	if (outbox.slurmctld.ss_family == AF_INET)
		return SLURM_SUCCESS;
	error("SlurmctldHost: %s is not an IPv4 address",
	      slurm_conf.control_addr[0]);
	return SLURM_ERROR;
}

extern void outbox_fini(void)
{
	while (outbox.first) {
		letter_t *letter = outbox.first;

		outbox.first = letter->next;
		_throw_away(letter);
	}
}

static letter_t *_letter(node_t *node, outbox_kind_t kind)
{
	letter_t *letter = xmalloc(sizeof(*letter));

	letter->node = node;
	letter->kind = kind;
	outbox.waiting++;
	return letter;
}

extern void outbox_register(node_t *node)
{
	if (node->registering)
		return;
	node->registering = true;
	_queue(_letter(node, OUTBOX_REGISTER));
	_deliver();
}

extern void outbox_job(node_t *node, outbox_kind_t kind,
		       const slurm_step_id_t *id, uint32_t status)
{
	letter_t *letter = _letter(node, kind);

	letter->id = *id;
	letter->status = status;
	_queue(letter);
	_deliver();
}

extern void outbox_step(node_t *node, const slurm_step_id_t *id, uint32_t place,
			uint32_t status)
{
	letter_t *letter = _letter(node, OUTBOX_STEP);

	letter->id = *id;
	letter->place = place;
	letter->status = status;
	_queue(letter);
	_deliver();
}

extern uint32_t outbox_waiting(void)
{
	return outbox.waiting;
}

extern uint64_t outbox_confirmed(outbox_kind_t kind)
{
	return outbox.confirmed[kind];
}
