/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mailbox: a transport in memory. Each rank is a thread; a message is a copy
 * in a queue. One bit of one message can be flipped on its way.
 */
#ifndef TEST_MAILBOX_H
#define TEST_MAILBOX_H

#include "transport.h"

typedef struct mailbox mailbox_t;

extern mailbox_t *mailbox_create(uint32_t world);
extern void mailbox_destroy(mailbox_t *mailbox);
/* The transport of a rank; belongs to the mailbox */
extern transport_t *mailbox_transport(mailbox_t *mailbox, uint32_t rank);

/* Flip a bit of the n-th message (from 0) that a rank sends to the right and
 * that has more than least bytes */
extern void mailbox_flip(mailbox_t *mailbox, uint32_t rank, uint64_t message,
			 size_t least, size_t bit);
/* Messages sent by all ranks; those nobody has received */
extern uint64_t mailbox_sent(const mailbox_t *mailbox);
extern uint64_t mailbox_left_over(const mailbox_t *mailbox);

/* Run a function as every rank at once, each in a thread of its own */
typedef void (*mailbox_body_t)(transport_t *transport, void *arg);
extern void mailbox_run(mailbox_t *mailbox, mailbox_body_t body, void *arg);

#endif
