/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "clock.h"

typedef struct message message_t;
struct message {
	size_t size;
	TAILQ_ENTRY(message) link;
	uint8_t bytes[];
};
TAILQ_HEAD(messages, message);

typedef struct {
	bool open;
	bool receives;
	transport_side_t side;
	void *buf;
	size_t size;
	uint64_t number;
} request_t;

typedef struct {
	transport_t base;
	mailbox_t *mailbox;
	struct messages from[2]; /* by side */
	uint64_t posted[2]; /* receives */
	uint64_t taken[2];
	request_t requests[TRANSPORT_REQUESTS_MAX];
	uint64_t large; /* sent to the right */
	bool flips;
	uint64_t flip_message;
	size_t flip_least;
	size_t flip_bit;
} seat_t;

struct mailbox {
	uint32_t world;
	pthread_mutex_t lock;
	pthread_cond_t news;
	uint64_t sent;
	seat_t seats[];
};

static seat_t *_neighbour(seat_t *seat, transport_side_t side)
{
	mailbox_t *mailbox = seat->mailbox;
	uint32_t step = (side == TRANSPORT_RIGHT) ? 1 : mailbox->world - 1;

	return &mailbox->seats[(seat->base.rank + step) % mailbox->world];
}

static request_t *_new_request(seat_t *seat, fault_t *fault)
{
	for (int i = 0; i < TRANSPORT_REQUESTS_MAX; i++) {
		if (!seat->requests[i].open) {
			memset(&seat->requests[i], 0, sizeof(request_t));
			seat->requests[i].open = true;
			return &seat->requests[i];
		}
	}
	fault_set(fault, RINGCHECK_FABRIC, "too many requests");
	return NULL;
}

static void _maybe_flip(seat_t *seat, message_t *message)
{
	if (!seat->flips || (message->size <= seat->flip_least) ||
	    (seat->large++ != seat->flip_message))
		return;
	message->bytes[seat->flip_bit / 8 % message->size] ^=
		(uint8_t) (1u << seat->flip_bit % 8);
}

static int _send(transport_t *transport, transport_side_t to, const void *buf,
		 size_t size, fault_t *fault)
{
	seat_t *seat = (seat_t *) transport;
	request_t *request = _new_request(seat, fault);
	message_t *message = malloc(sizeof(*message) + size);

	if (!request || !message)
		return fault_set(fault, RINGCHECK_FABRIC, "no room");
	message->size = size;
	memcpy(message->bytes, buf, size);
	if (to == TRANSPORT_RIGHT)
		_maybe_flip(seat, message);
	pthread_mutex_lock(&seat->mailbox->lock);
	seat->mailbox->sent++;
	TAILQ_INSERT_TAIL(&_neighbour(seat, to)->from[!to], message, link);
	pthread_cond_broadcast(&seat->mailbox->news);
	pthread_mutex_unlock(&seat->mailbox->lock);
	return (int) (request - seat->requests);
}

static int _receive(transport_t *transport, transport_side_t from, void *buf,
		    size_t size, fault_t *fault)
{
	seat_t *seat = (seat_t *) transport;
	request_t *request = _new_request(seat, fault);

	if (!request)
		return -1;
	request->receives = true;
	request->side = from;
	request->buf = buf;
	request->size = size;
	request->number = seat->posted[from]++;
	return (int) (request - seat->requests);
}

/* Hand out what is there to the receives, in order */
static int _deliver(seat_t *seat, transport_side_t side, fault_t *fault)
{
	message_t *message = TAILQ_FIRST(&seat->from[side]);
	int rc = 0;

	for (int i = 0; i < TRANSPORT_REQUESTS_MAX; i++) {
		request_t *request = &seat->requests[i];

		if (!request->open || !request->receives ||
		    (request->side != side) ||
		    (request->number != seat->taken[side]))
			continue;
		if (request->size != message->size)
			rc = fault_set(fault, RINGCHECK_FABRIC,
				       "%zu bytes, not %zu", message->size,
				       request->size);
		else
			memcpy(request->buf, message->bytes, message->size);
		request->receives = false; /* done */
		break;
	}
	seat->taken[side]++;
	TAILQ_REMOVE(&seat->from[side], message, link);
	free(message);
	return rc;
}

static int _wait(transport_t *transport, int number, uint64_t *when,
		 fault_t *fault)
{
	seat_t *seat = (seat_t *) transport;
	request_t *request = &seat->requests[number];
	int rc = 0;

	pthread_mutex_lock(&seat->mailbox->lock);
	while (!rc && request->receives) {
		if (!TAILQ_EMPTY(&seat->from[request->side]))
			rc = _deliver(seat, request->side, fault);
		else
			pthread_cond_wait(&seat->mailbox->news,
					  &seat->mailbox->lock);
	}
	pthread_mutex_unlock(&seat->mailbox->lock);
	request->open = false;
	if (when)
		*when = clock_now();
	return rc;
}

static void _progress(transport_t *transport)
{
	(void) transport;
}

static int _attach(transport_t *transport, void *buf, size_t size,
		   fault_t *fault)
{
	(void) transport, (void) buf, (void) size, (void) fault;
	return 0;
}

static void _destroy(transport_t *transport)
{
	(void) transport;
}

static const transport_ops_t ops = {
	.send = _send,
	.receive = _receive,
	.wait = _wait,
	.progress = _progress,
	.attach = _attach,
	.destroy = _destroy,
};

extern mailbox_t *mailbox_create(uint32_t world)
{
	mailbox_t *mailbox =
		calloc(1, sizeof(*mailbox) + world * sizeof(seat_t));

	mailbox->world = world;
	pthread_mutex_init(&mailbox->lock, NULL);
	pthread_cond_init(&mailbox->news, NULL);
	for (uint32_t i = 0; i < world; i++) {
		seat_t *seat = &mailbox->seats[i];

		seat->base = (transport_t){&ops, i, world};
		seat->mailbox = mailbox;
		TAILQ_INIT(&seat->from[TRANSPORT_LEFT]);
		TAILQ_INIT(&seat->from[TRANSPORT_RIGHT]);
	}
	return mailbox;
}

extern uint64_t mailbox_left_over(const mailbox_t *mailbox)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < 2 * mailbox->world; i++) {
		const message_t *message;

		TAILQ_FOREACH(message, &mailbox->seats[i / 2].from[i % 2], link)
		count++;
	}
	return count;
}

extern void mailbox_destroy(mailbox_t *mailbox)
{
	for (uint32_t i = 0; i < 2 * mailbox->world; i++) {
		struct messages *queue = &mailbox->seats[i / 2].from[i % 2];
		message_t *message;

		while ((message = TAILQ_FIRST(queue))) {
			TAILQ_REMOVE(queue, message, link);
			free(message);
		}
	}
	pthread_cond_destroy(&mailbox->news);
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

extern transport_t *mailbox_transport(mailbox_t *mailbox, uint32_t rank)
{
	return &mailbox->seats[rank].base;
}

extern void mailbox_flip(mailbox_t *mailbox, uint32_t rank, uint64_t message,
			 size_t least, size_t bit)
{
	seat_t *seat = &mailbox->seats[rank];

	seat->flips = true;
	seat->flip_message = message;
	seat->flip_least = least;
	seat->flip_bit = bit;
}

extern uint64_t mailbox_sent(const mailbox_t *mailbox)
{
	return mailbox->sent;
}

typedef struct {
	transport_t *transport;
	mailbox_body_t body;
	void *arg;
	pthread_t thread;
} runner_t;

static void *_run(void *arg)
{
	runner_t *runner = arg;

	runner->body(runner->transport, runner->arg);
	return NULL;
}

extern void mailbox_run(mailbox_t *mailbox, mailbox_body_t body, void *arg)
{
	runner_t *runners = calloc(mailbox->world, sizeof(*runners));

	for (uint32_t i = 0; i < mailbox->world; i++) {
		runners[i] = (runner_t){
			.transport = mailbox_transport(mailbox, i),
			.body = body,
			.arg = arg,
		};
		pthread_create(&runners[i].thread, NULL, _run, &runners[i]);
	}
	for (uint32_t i = 0; i < mailbox->world; i++)
		pthread_join(runners[i].thread, NULL);
	free(runners);
}
