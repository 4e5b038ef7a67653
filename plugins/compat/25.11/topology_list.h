/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 25.11, src/interfaces/topology.c, syms[] */
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
FORWARD(int, topology_p_topoinfo_free, (void *topoinfo), (topoinfo))
FORWARD(int, topology_p_topoinfo_pack,
	(void *topoinfo, buf_t *buffer, uint16_t protocol_version),
	(topoinfo, buffer, protocol_version))
FORWARD(int, topology_p_topoinfo_print,
	(void *topoinfo, char *nodes_list, char *unit, char **out),
	(topoinfo, nodes_list, unit, out))
FORWARD(int, topology_p_topoinfo_unpack,
	(void **topoinfo, buf_t *buffer, uint16_t protocol_version),
	(topoinfo, buffer, protocol_version))
FORWARD(void, topology_p_jobinfo_free, (void *jobinfo), (jobinfo))
FORWARD(void, topology_p_jobinfo_pack,
	(void *jobinfo, buf_t *buffer, uint16_t protocol_version),
	(jobinfo, buffer, protocol_version))
FORWARD(int, topology_p_jobinfo_unpack,
	(void **jobinfo, buf_t *buffer, uint16_t protocol_version),
	(jobinfo, buffer, protocol_version))
FORWARD(int, topology_p_jobinfo_get,
	(topology_jobinfo_type_t type, void *jobinfo, void *data),
	(type, jobinfo, data))
HOOK(uint32_t, topology_p_get_fragmentation,
     (bitstr_t *node_mask, void *tctx))
FORWARD(void, topology_p_get_topology_str,
	(node_record_t *node_ptr, char **topology_str, topology_ctx_t *tctx),
	(node_ptr, topology_str, tctx))
