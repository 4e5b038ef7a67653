/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 25.05, src/interfaces/select.c, node_select_syms[] */
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
HOOK(int, select_p_select_nodeinfo_set_all, (void))
HOOK(int, select_p_select_nodeinfo_set, (job_record_t *job_ptr))
HOOK(int, select_p_reconfigure, (void))
