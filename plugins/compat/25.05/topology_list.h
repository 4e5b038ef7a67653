/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 25.05, src/interfaces/topology.c, syms[] */
FORWARD(int, topology_p_add_rm_node,
	(node_record_t *node_ptr, char *addr, topology_ctx_t *tctx),
	(node_ptr, addr, tctx))
HOOK(int, topology_p_build_config, (topology_ctx_t *tctx))
FORWARD(int, topology_p_destroy_config, (topology_ctx_t *tctx), (tctx))
HOOK(int, topology_p_eval_nodes, (topology_eval_t *topo_eval))
FORWARD(int, topology_p_whole_topo, (bitstr_t *node_mask, void *tctx),
	(node_mask, tctx))
FORWARD(bitstr_t *, topology_p_get_bitmap, (char *name, void *tctx),
	(name, tctx))
HOOK(bool, topology_p_generate_node_ranking, (topology_ctx_t *tctx))
HOOK(int, topology_p_get_node_addr,
     (char *node_name, char **addr, char **pattern, void *tctx))
FORWARD(int, topology_p_split_hostlist,
	(hostlist_t *hl, hostlist_t ***sp_hl, int *count, uint16_t tree_width,
	 void *tctx),
	(hl, sp_hl, count, tree_width, tctx))
FORWARD(int, topology_p_get, (topology_data_t type, void *data, void *tctx),
	(type, data, tctx))
FORWARD(int, topology_p_topology_free, (void *topoinfo), (topoinfo))
FORWARD(int, topology_p_topology_pack,
	(void *topoinfo, buf_t *buffer, uint16_t protocol_version),
	(topoinfo, buffer, protocol_version))
FORWARD(int, topology_p_topology_print,
	(void *topoinfo, char *nodes_list, char *unit, char **out),
	(topoinfo, nodes_list, unit, out))
FORWARD(int, topology_p_topology_unpack,
	(void **topoinfo, buf_t *buffer, uint16_t protocol_version),
	(topoinfo, buffer, protocol_version))
HOOK(uint32_t, topology_p_get_fragmentation,
     (bitstr_t *node_mask, void *tctx))
