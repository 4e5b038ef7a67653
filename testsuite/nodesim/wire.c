/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>

#include "wire.h"

#include "src/common/forward.h"
#include "src/common/slurm_protocol_pack.h"
#include "src/common/slurm_protocol_socket.h"
#include "src/common/slurm_protocol_util.h"

/* RET the message with a header that says nothing of forwarding: Slurm's
 * function for one node refuses the other kind */
static buf_t *_without_forward(header_t *header, buf_t *old)
{
	buf_t *buf = init_buf(BUF_SIZE);

	header->forward.cnt = 0;
	pack_header(header, buf);
	packmem_array(get_buf_data(old) + get_buf_offset(old),
		      remaining_buf(old), buf);
	free_buf(old);
	/* Packed bytes become bytes to unpack */
	buf->size = get_buf_offset(buf);
	set_buf_offset(buf, 0);
	return buf;
}

/* OUT forward - see wire_in_t. RET NULL: no proper header */
static buf_t *_take_forward(buf_t *buf, char **forward)
{
	header_t header;

	if (unpack_header(&header, buf)) {
		free_buf(buf);
		return NULL;
	}
	if (header.forward.cnt) {
		*forward = xstrdup(header.forward.nodelist);
		buf = _without_forward(&header, buf);
	} else
		set_buf_offset(buf, 0);
	destroy_forward(&header.forward);
	FREE_NULL_LIST(header.ret_list);
	return buf;
}

static void _note_sender(wire_in_t *in, int fd)
{
	socklen_t size = sizeof(in->msg.orig_addr);

	(void) getpeername(fd, (struct sockaddr *) &in->msg.orig_addr, &size);
}

extern int wire_unpack(char *bytes, uint32_t size, int fd, wire_in_t *in)
{
	buf_t *buf = create_buf(bytes, size);
	int rc = ESLURM_PROTOCOL_INCOMPLETE_PACKET;

	memset(in, 0, sizeof(*in));
	slurm_msg_t_init(&in->msg);
	if (!buf)
		xfree(bytes);
	else if ((buf = _take_forward(buf, &in->forward)))
		rc = slurm_unpack_received_msg(&in->msg, fd, buf);
	FREE_NULL_BUFFER(buf);
	if (rc)
		wire_free(in);
	else if (slurm_addr_is_unspec(&in->msg.orig_addr))
		_note_sender(in, fd);
	return rc;
}

extern void wire_free(wire_in_t *in)
{
	slurm_free_msg_members(&in->msg);
	xfree(in->forward);
	memset(in, 0, sizeof(*in));
}

static void _append(wire_out_t *out, buf_t *buf)
{
	if (!buf)
		return;
	memcpy(out->bytes + out->size, get_buf_data(buf), get_buf_offset(buf));
	out->size += get_buf_offset(buf);
}

static size_t _packed_size(buf_t *buf)
{
	return buf ? get_buf_offset(buf) : 0;
}

static int _pack(slurm_msg_t *msg, wire_out_t *out)
{
	msg_bufs_t bufs = {0};
	int rc = slurm_buffers_pack_msg(msg, &bufs, false);
	uint32_t length;

	if (!rc) {
		length = _packed_size(bufs.header) + _packed_size(bufs.auth) +
			 _packed_size(bufs.body);
		out->bytes = xmalloc(sizeof(length) + length);
		length = htonl(length);
		memcpy(out->bytes, &length, sizeof(length));
		out->size = sizeof(length);
		_append(out, bufs.header);
		_append(out, bufs.auth);
		_append(out, bufs.body);
	}
	FREE_NULL_BUFFER(bufs.header);
	FREE_NULL_BUFFER(bufs.auth);
	FREE_NULL_BUFFER(bufs.body);
	return rc;
}

extern int wire_pack_answer(const wire_in_t *in, uint16_t type, void *data,
			    list_t *others, wire_out_t *out)
{
	slurm_msg_t msg;

	slurm_msg_t_init(&msg);
	msg.protocol_version = in->msg.protocol_version;
	msg.auth_index = in->msg.auth_index;
	msg.hash_index = in->msg.hash_index;
	/* The connection is trusted, as Slurm's own answers do */
	msg.flags = in->msg.flags | SLURM_NO_AUTH_CRED;
	msg.orig_addr = in->msg.orig_addr;
	msg.msg_type = type;
	msg.data = data;
	msg.ret_list = others;
	slurm_msg_set_r_uid(&msg, SLURM_AUTH_UID_ANY);
	return _pack(&msg, out);
}

extern int wire_pack_request(uint16_t type, void *data, uid_t reader,
			     wire_out_t *out)
{
	slurm_msg_t msg;

	slurm_msg_t_init(&msg);
	msg.msg_type = type;
	msg.data = data;
	msg.protocol_version = SLURM_PROTOCOL_VERSION;
	slurm_msg_set_r_uid(&msg, reader);
	return _pack(&msg, out);
}
