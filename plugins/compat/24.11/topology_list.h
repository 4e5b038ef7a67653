/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 24.11, src/interfaces/topology.c, syms[] */
HOOK(int, topology_p_build_config, (void))
HOOK(int, topology_p_eval_nodes, (topology_eval_t *topo_eval))
FORWARD(int, topology_p_whole_topo, (bitstr_t *node_mask), (node_mask))
FORWARD(bitstr_t *, topology_p_get_bitmap, (char *name), (name))
HOOK(bool, topology_p_generate_node_ranking, (void))
HOOK(int, topology_p_get_node_addr,
     (char *node_name, char **addr, char **pattern))
FORWARD(int, topology_p_split_hostlist,
	(hostlist_t *hl, hostlist_t ***sp_hl, int *count, uint16_t tree_width),
	(hl, sp_hl, count, tree_width))
FORWARD(int, topology_p_topology_free, (void *topoinfo), (topoinfo))
FORWARD(int, topology_p_get, (topology_data_t type, void *data), (type, data))
FORWARD(int, topology_p_topology_pack,
	(void *topoinfo, buf_t *buffer, uint16_t protocol_version),
	(topoinfo, buffer, protocol_version))
FORWARD(int, topology_p_topology_print,
	(void *topoinfo, char *nodes_list, char **out),
	(topoinfo, nodes_list, out))
FORWARD(int, topology_p_topology_unpack,
	(void **topoinfo, buf_t *buffer, uint16_t protocol_version),
	(topoinfo, buffer, protocol_version))
HOOK(uint32_t, topology_p_get_fragmentation, (bitstr_t *node_mask))
