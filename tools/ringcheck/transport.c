/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transport.h"

extern int transport_shift(transport_t *transport, const void *out,
			   size_t out_size, void *in, size_t in_size,
			   fault_t *fault)
{
	const transport_ops_t *ops = transport->ops;
	int receive = -1, send = -1;

	if (in_size && ((receive = ops->receive(transport, TRANSPORT_LEFT, in,
						in_size, fault)) < 0))
		return -1;
	if (out_size && ((send = ops->send(transport, TRANSPORT_RIGHT, out,
					   out_size, fault)) < 0))
		return -1;
	if ((receive >= 0) && ops->wait(transport, receive, NULL, fault))
		return -1;
	if ((send >= 0) && ops->wait(transport, send, NULL, fault))
		return -1;
	return 0;
}

extern void transport_destroy(transport_t *transport)
{
	if (transport)
		transport->ops->destroy(transport);
}
