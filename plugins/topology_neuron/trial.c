/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trial.h"

/* What the stock evaluation changes of one node */
typedef struct {
	avail_res_t res;
	uint16_t *cores_per_socket;
	bitstr_t *cores;
} kept_node_t;

static size_t _cores_size(const avail_res_t *res)
{
	return res->sock_cnt * sizeof(*res->avail_cores_per_sock);
}

static void _keep(const topology_eval_t *eval, int node, kept_node_t *kept)
{
	const avail_res_t *res = eval->avail_res_array[node];

	kept->res = *res;
	kept->cores_per_socket = NULL;
	if (res->avail_cores_per_sock && res->sock_cnt) {
		kept->cores_per_socket = xmalloc(_cores_size(res));
		memcpy(kept->cores_per_socket, res->avail_cores_per_sock,
		       _cores_size(res));
	}
	kept->cores = eval->avail_core[node] ? bit_copy(eval->avail_core[node])
					     : NULL;
}

/* The stock plugin may have put another array in place of that of cores */
static void _put_back(const topology_eval_t *eval, int node,
		      const kept_node_t *kept)
{
	avail_res_t *res = eval->avail_res_array[node];
	uint16_t *cores_per_socket = res->avail_cores_per_sock;

	*res = kept->res;
	res->avail_cores_per_sock = cores_per_socket;
	if (kept->cores_per_socket && cores_per_socket)
		memcpy(cores_per_socket, kept->cores_per_socket,
		       _cores_size(res));
	if (kept->cores && eval->avail_core[node])
		bit_copybits(eval->avail_core[node], kept->cores);
}

static void _drop(kept_node_t *kept)
{
	xfree(kept->cores_per_socket);
	FREE_NULL_BITMAP(kept->cores);
}

/* Take the cores of other sockets away, unless none would be left */
static void _keep_sockets(topology_eval_t *eval, const trial_node_t *trial)
{
	const node_record_t *record = node_record_table_ptr[trial->node];
	avail_res_t *res = eval->avail_res_array[trial->node];
	bitstr_t *cores = eval->avail_core[trial->node], *left;
	uint32_t cpus;

	if (!trial->sockets || !cores ||
	    (bit_size(cores) != record->tot_sockets * record->cores))
		return;
	left = bit_copy(cores);
	for (int s = 0; s < record->tot_sockets; s++) {
		if (!(trial->sockets & (1u << s)))
			bit_nclear(left, s * record->cores,
				   (s + 1) * record->cores - 1);
	}
	cpus = bit_set_count(left) * record->tpc;
	if (cpus) {
		bit_copybits(cores, left);
		for (int s = 0;
		     res->avail_cores_per_sock && (s < res->sock_cnt); s++) {
			if (!(trial->sockets & (1u << s)))
				res->avail_cores_per_sock[s] = 0;
		}
		res->avail_cpus = MIN(res->avail_cpus, cpus);
	}
	FREE_NULL_BITMAP(left);
}

extern int trial_run(topology_eval_t *eval, topology_stock_eval_t stock,
		     const trial_node_t *nodes, uint32_t count)
{
	kept_node_t *kept = xcalloc(count, sizeof(*kept));
	bitstr_t *map = bit_copy(eval->node_map);
	topology_eval_t before = *eval;
	int rc;

	bit_clear_all(eval->node_map);
	for (uint32_t i = 0; i < count; i++) {
		_keep(eval, nodes[i].node, &kept[i]);
		_keep_sockets(eval, &nodes[i]);
		bit_set(eval->node_map, nodes[i].node);
	}
	rc = stock(eval);
	if (rc != SLURM_SUCCESS) {
		*eval = before;
		bit_copybits(eval->node_map, map);
	}
	for (uint32_t i = 0; i < count; i++) {
		if (rc != SLURM_SUCCESS)
			_put_back(eval, nodes[i].node, &kept[i]);
		_drop(&kept[i]);
	}
	xfree(kept);
	FREE_NULL_BITMAP(map);
	return rc;
}
