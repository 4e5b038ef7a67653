/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "offer.h"

#include "plugins/common/bits.h"

static int _match_id(void *x, void *key)
{
	sock_gres_t *sock = x;

	return sock->gres_state_job &&
	       (sock->gres_state_job->plugin_id == *(uint32_t *) key);
}

extern int offer_read(list_t *list, uint32_t plugin_id, offer_t *offer)
{
	sock_gres_t *sock;

	memset(offer, 0, sizeof(*offer));
	if (!list || !(sock = list_find_first(list, _match_id, &plugin_id)) ||
	    (sock->sock_cnt > OFFER_SOCKETS_MAX))
		return -1;
	offer->sock = sock;
	offer->total = sock->total_cnt;
	offer->counted = !sock->bits_any_sock && !sock->bits_by_sock;
	offer->any = bits_to_devset(sock->bits_any_sock);
	for (int s = 0; sock->bits_by_sock && (s < sock->sock_cnt); s++) {
		/* A count of 0 means that Slurm took the socket away */
		if (sock->cnt_by_sock && sock->cnt_by_sock[s])
			offer->by_socket[s] =
				bits_to_devset(sock->bits_by_sock[s]);
	}
	return 0;
}

extern devset_t offer_free(const offer_t *offer)
{
	devset_t set = offer->any;

	for (int s = 0; s < OFFER_SOCKETS_MAX; s++)
		set |= offer->by_socket[s];
	return set;
}

extern uint32_t offer_sockets(const offer_t *offer, devset_t set)
{
	uint32_t sockets = 0;

	if (offer->any & set)
		return 0;
	for (int s = 0; s < OFFER_SOCKETS_MAX; s++) {
		if (offer->by_socket[s] & set)
			sockets |= 1u << s;
	}
	return sockets;
}

extern void offer_narrow(const offer_t *offer, devset_t keep)
{
	sock_gres_t *sock = offer->sock;

	if (offer->counted)
		return;
	bits_from_devset(sock->bits_any_sock, offer->any & keep);
	sock->cnt_any_sock = devset_count(offer->any & keep);
	sock->total_cnt = sock->cnt_any_sock;
	for (int s = 0; sock->bits_by_sock && (s < sock->sock_cnt); s++) {
		devset_t set = offer->by_socket[s] & keep;

		bits_from_devset(sock->bits_by_sock[s], set);
		sock->cnt_by_sock[s] = devset_count(set);
		sock->total_cnt += sock->cnt_by_sock[s];
	}
}
