/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "job.h"
#include "loop.h"
#include "outbox.h"
#include "release.h"
#include "stream.h"
#include "wire.h"

#define RETRY_MILLISECONDS 1000
#define KINDS (OUTBOX_EPILOG + 1)

typedef struct letter {
	loop_timer_t retry; /* must be the first */
	struct letter *next;
	node_t *node;
	outbox_kind_t kind;
	slurm_step_id_t id;
	uint32_t status;
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
	msg->job_count = job_ids(node, &msg->step_id);
	return msg;
}

static int _pack_registration(letter_t *letter, wire_out_t *out)
{
	slurm_node_registration_status_msg_t *msg;
	int rc;

	letter->node->registering = false;
	msg = _registration(letter->node);
	rc = wire_pack_request(MESSAGE_NODE_REGISTRATION_STATUS, msg, out);
	slurm_free_node_registration_status_msg(msg);
	return rc;
}

static int _pack_prolog(letter_t *letter, wire_out_t *out)
{
	release_prolog_done_t msg = {.node_name = letter->node->name,
				     .prolog_rc = letter->status};

	release_set_prolog(&msg, &letter->id);
	return wire_pack_request(REQUEST_COMPLETE_PROLOG, &msg, out);
}

static int _pack_batch(letter_t *letter, wire_out_t *out)
{
	complete_batch_script_msg_t msg = {.node_name = letter->node->name,
					   .job_rc = letter->status};

	release_set_batch(&msg, &letter->id);
	return wire_pack_request(REQUEST_COMPLETE_BATCH_SCRIPT, &msg, out);
}

static int _pack_epilog(letter_t *letter, wire_out_t *out)
{
	epilog_complete_msg_t msg = {.node_name = letter->node->name,
				     .return_code = letter->status};

	release_set_epilog(&msg, &letter->id);
	return wire_pack_request(MESSAGE_EPILOG_COMPLETE, &msg, out);
}

static int (*const pack[KINDS])(letter_t *letter, wire_out_t *out) = {
	[OUTBOX_REGISTER] = _pack_registration,
	[OUTBOX_PROLOG] = _pack_prolog,
	[OUTBOX_BATCH] = _pack_batch,
	[OUTBOX_EPILOG] = _pack_epilog,
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

/* RET NULL and errno */
static stream_t *_connect(letter_t *letter)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return NULL;
	if (connect(fd, (struct sockaddr *) &outbox.slurmctld,
		    sizeof(struct sockaddr_in)) &&
	    (errno != EINPROGRESS)) {
		int err = errno;

		close(fd);
		errno = err;
		return NULL;
	}
	return stream_new(fd, &calls, letter);
}

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
	} else if ((stream = _connect(letter))) {
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

extern uint32_t outbox_waiting(void)
{
	return outbox.waiting;
}

extern uint64_t outbox_confirmed(outbox_kind_t kind)
{
	return outbox.confirmed[kind];
}
