/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 24.11, src/interfaces/select.c, node_select_syms[] */
FORWARD(int, select_p_state_save, (char *dir_name), (dir_name))
FORWARD(int, select_p_state_restore, (char *dir_name), (dir_name))
FORWARD(int, select_p_job_init, (list_t *jobs), (jobs))
HOOK(int, select_p_node_init, (void))
HOOK(int, select_p_job_test,
     (job_record_t *job_ptr, bitstr_t *node_bitmap, uint32_t min_nodes,
      uint32_t max_nodes, uint32_t req_nodes, uint16_t mode,
      list_t *preemptee_candidates, list_t **preemptee_job_list,
      resv_exc_t *resv_exc_ptr, will_run_data_t *will_run_ptr))
FORWARD(int, select_p_job_begin, (job_record_t *job_ptr), (job_ptr))
FORWARD(int, select_p_job_ready, (job_record_t *job_ptr), (job_ptr))
HOOK(int, select_p_job_expand,
     (job_record_t *from_job_ptr, job_record_t *to_job_ptr))
HOOK(int, select_p_job_resized,
     (job_record_t *job_ptr, node_record_t *node_ptr))
HOOK(int, select_p_job_fini, (job_record_t *job_ptr))
HOOK(int, select_p_job_suspend, (job_record_t *job_ptr, bool indf_susp))
HOOK(int, select_p_job_resume, (job_record_t *job_ptr, bool indf_susp))
FORWARD(bitstr_t *, select_p_step_pick_nodes,
	(job_record_t *job_ptr, select_jobinfo_t *step_jobinfo,
	 uint32_t node_count, bitstr_t **avail_nodes),
	(job_ptr, step_jobinfo, node_count, avail_nodes))
FORWARD(int, select_p_step_start, (step_record_t *step_ptr), (step_ptr))
FORWARD(int, select_p_step_finish,
	(step_record_t *step_ptr, bool killing_step), (step_ptr, killing_step))
FORWARD(int, select_p_select_nodeinfo_pack,
	(select_nodeinfo_t *nodeinfo, buf_t *buffer, uint16_t protocol_version),
	(nodeinfo, buffer, protocol_version))
FORWARD(int, select_p_select_nodeinfo_unpack,
	(select_nodeinfo_t **nodeinfo, buf_t *buffer,
	 uint16_t protocol_version),
	(nodeinfo, buffer, protocol_version))
FORWARD(select_nodeinfo_t *, select_p_select_nodeinfo_alloc, (void), ())
FORWARD(int, select_p_select_nodeinfo_free, (select_nodeinfo_t *nodeinfo),
	(nodeinfo))
HOOK(int, select_p_select_nodeinfo_set_all, (void))
HOOK(int, select_p_select_nodeinfo_set, (job_record_t *job_ptr))
FORWARD(int, select_p_select_nodeinfo_get,
	(select_nodeinfo_t *nodeinfo, enum select_nodedata_type dinfo,
	 enum node_states state, void *data),
	(nodeinfo, dinfo, state, data))
FORWARD(select_jobinfo_t *, select_p_select_jobinfo_alloc, (void), ())
FORWARD(int, select_p_select_jobinfo_free, (select_jobinfo_t *jobinfo),
	(jobinfo))
FORWARD(int, select_p_select_jobinfo_set,
	(select_jobinfo_t *jobinfo, enum select_jobdata_type data_type,
	 void *data),
	(jobinfo, data_type, data))
FORWARD(int, select_p_select_jobinfo_get,
	(select_jobinfo_t *jobinfo, enum select_jobdata_type data_type,
	 void *data),
	(jobinfo, data_type, data))
FORWARD(select_jobinfo_t *, select_p_select_jobinfo_copy,
	(select_jobinfo_t *jobinfo), (jobinfo))
FORWARD(int, select_p_select_jobinfo_pack,
	(select_jobinfo_t *jobinfo, buf_t *buffer, uint16_t protocol_version),
	(jobinfo, buffer, protocol_version))
FORWARD(int, select_p_select_jobinfo_unpack,
	(select_jobinfo_t **jobinfo, buf_t *buffer, uint16_t protocol_version),
	(jobinfo, buffer, protocol_version))
FORWARD(int, select_p_get_info_from_plugin,
	(enum select_plugindata_info dinfo, job_record_t *job_ptr, void *data),
	(dinfo, job_ptr, data))
HOOK(int, select_p_reconfigure, (void))
