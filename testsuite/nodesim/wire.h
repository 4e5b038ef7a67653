/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire: bytes of a connection from and to messages of Slurm.
 */
#ifndef NODESIM_WIRE_H
#define NODESIM_WIRE_H

#include "slurm_base.h"

/* A message that came, and whom else it is for */
typedef struct {
	slurm_msg_t msg;
	char *forward; /* nodes that it is to be handed on to, NULL: none */
} wire_in_t;

typedef struct {
	char *bytes; /* of xmalloc(), with the length before the message */
	size_t size;
} wire_out_t;

/*
 * Unpack and authenticate a message.
 * IN bytes - of xmalloc(), without its length; taken over.
 * IN fd - where it came from; msg.orig_addr is its other side, or that of the
 *	node that handed it on.
 * OUT in - wire_free() it.
 * RET SLURM_SUCCESS or Slurm's error, which is logged; then *in is empty
 */
extern int wire_unpack(char *bytes, uint32_t size, int fd, wire_in_t *in);
extern void wire_free(wire_in_t *in);

/*
 * Pack the answer to a message.
 * IN others - ret_data_info_t, the answers of the nodes of in->forward; NULL
 *	for none.
 * RET SLURM_SUCCESS or Slurm's error, which is logged
 */
extern int wire_pack_answer(const wire_in_t *in, uint16_t type, void *data,
			    list_t *others, wire_out_t *out);

/*
 * Pack a message with a credential that is made now.
 * IN reader - the only user, besides root, who can read it.
 */
extern int wire_pack_request(uint16_t type, void *data, uid_t reader,
			     wire_out_t *out);

#endif
