/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gres_peer.h"

#include "plugins/compat/stock.h"

extern const gres_peer_t *gres_peer_find(const char *type)
{
	return stock_peer(type, PEER_SYMBOL);
}
