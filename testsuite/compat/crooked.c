/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin of Slurm below topology/neuron that does otherwise than it is
 * asked, for testsuite/system/43-messages.t: put in the place of
 * topology/flat (topology/default), it lets the one in the file
 * NEURON_CROOKED choose, and changes what it chose for jobs of these names:
 *
 *	devices		another device in the place of one, on each node
 *	nodes		every second node
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "compat.h"

extern int topology_p_eval_nodes(topology_eval_t *topo_eval);

static int _swap_device(void *x, void *arg)
{
	sock_gres_t *sock = x;

	(void) arg;
	for (int s = 0; sock->bits_by_sock && (s < sock->sock_cnt); s++) {
		bitstr_t *bits = sock->bits_by_sock[s];
		int last = bits ? bit_fls(bits) : -1;

		if (last < 0)
			continue;
		bit_clear(bits, last);
		bit_set(bits, (last + 2) % bit_size(bits));
	}
	return 0;
}

static void _swap_devices(topology_eval_t *topo_eval)
{
	bitstr_t *nodes = topo_eval->node_map;

	for (int n = 0; (n = bit_ffs_from_bit(nodes, n)) >= 0; n++) {
		list_t *list = topo_eval->avail_res_array[n]->sock_gres_list;

		if (list)
			list_for_each(list, _swap_device, NULL);
	}
}

static void _drop_nodes(bitstr_t *nodes)
{
	bool drop = false;

	for (int n = 0; (n = bit_ffs_from_bit(nodes, n)) >= 0; n++) {
		if (drop)
			bit_clear(nodes, n);
		drop = !drop;
	}
}

extern int topology_p_eval_nodes(topology_eval_t *topo_eval)
{
	const char *path = getenv("NEURON_CROOKED");
	const char *name = topo_eval->job_ptr->name;
	void *stock = path ? dlopen(path, RTLD_LAZY) : NULL;
	int (*eval)(topology_eval_t * topo_eval);
	int rc;

	if (!stock ||
	    !(*(void **) &eval = dlsym(stock, "topology_p_eval_nodes")))
		return SLURM_ERROR;
	rc = eval(topo_eval);
	if (rc)
		return rc;
	if (!xstrcmp(name, "devices"))
		_swap_devices(topo_eval);
	else if (!xstrcmp(name, "nodes"))
		_drop_nodes(topo_eval->node_map);
	return rc;
}
