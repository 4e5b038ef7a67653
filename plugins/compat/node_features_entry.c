/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node_features/neuron as Slurm loads it (src/interfaces/node_features.c,
 * syms[]). A release does not look for the functions that it does not have.
 */
#include "compat.h"

#include "src/interfaces/node_features.h"

#include "plugins/node_features_neuron/node_features_neuron.h"

const char plugin_name[] = "Neuron node features plugin";
const char plugin_type[] = "node_features/neuron";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

extern uint32_t node_features_p_boot_time(void);
extern bool node_features_p_changeable_feature(char *feature);
extern int node_features_p_get_node(char *node_list);
extern int node_features_p_job_valid(char *job_features, list_t *feature_list);
extern char *node_features_p_job_xlate(char *job_features, list_t *feature_list,
				       bitstr_t *job_node_bitmap);
extern bitstr_t *node_features_p_get_node_bitmap(void);
extern int node_features_p_overlap(bitstr_t *active_bitmap);
extern bool node_features_p_node_power(void);
extern int node_features_p_node_set(char *active_features, bool *need_reboot);
extern void node_features_p_node_state(char **avail_modes, char **current_mode);
extern int node_features_p_node_update(char *active_features,
				       bitstr_t *node_bitmap);
extern bool node_features_p_node_update_valid(void *node_ptr,
					      update_node_msg_t *msg);
extern char *node_features_p_node_xlate(char *new_features, char *orig_features,
					char *avail_features, int node_inx);
extern char *node_features_p_node_xlate2(char *new_features);
extern void node_features_p_step_config(bool mem_sort, bitstr_t *numa_bitmap);
extern bool node_features_p_user_update(uid_t uid);
extern void node_features_p_get_config(config_plugin_params_t *p);
extern bool node_features_p_job_features_need_reboot(char *features);

extern int init(void)
{
	return SLURM_SUCCESS;
}

extern int fini(void)
{
	return SLURM_SUCCESS;
}

static void _add(char **list, const char *features)
{
	if (features)
		xstrfmtcat(*list, "%s%s", *list ? "," : "", features);
}

extern void node_features_p_node_state(char **avail_modes, char **current_mode)
{
	char *features = node_features_neuron_state();

	_add(avail_modes, features);
	_add(current_mode, features);
	xfree(features);
}

extern char *node_features_p_node_xlate(char *new_features, char *orig_features,
					char *avail_features, int node_inx)
{
	(void) avail_features;
	return node_features_neuron_merge(new_features, orig_features,
					  node_inx);
}

extern char *node_features_p_node_xlate2(char *new_features)
{
	return xstrdup(new_features);
}

/*
 * Slurm compares those that it can change with what a node registers and takes
 * it down when one is missing: an upgrade of the driver would do that.
 */
extern bool node_features_p_changeable_feature(char *feature)
{
	(void) feature;
	return false;
}

extern int node_features_p_job_valid(char *job_features, list_t *feature_list)
{
	(void) job_features;
	(void) feature_list;
	return SLURM_SUCCESS;
}

extern char *node_features_p_job_xlate(char *job_features, list_t *feature_list,
				       bitstr_t *job_node_bitmap)
{
	(void) job_features;
	(void) feature_list;
	(void) job_node_bitmap;
	return NULL;
}

/* No node is rebooted for features of ours */
extern bitstr_t *node_features_p_get_node_bitmap(void)
{
	return NULL;
}

extern int node_features_p_overlap(bitstr_t *active_bitmap)
{
	(void) active_bitmap;
	return 0;
}

extern int node_features_p_node_set(char *active_features, bool *need_reboot)
{
	(void) active_features;
	(void) need_reboot;
	return SLURM_SUCCESS;
}

extern bool node_features_p_job_features_need_reboot(char *features)
{
	(void) features;
	return false;
}

extern uint32_t node_features_p_boot_time(void)
{
	return 0;
}

/* As without any such plugin */
extern bool node_features_p_user_update(uid_t uid)
{
	(void) uid;
	return true;
}

extern void node_features_p_get_config(config_plugin_params_t *p)
{
	xstrcat(p->name, plugin_type);
}

extern int node_features_p_get_node(char *node_list)
{
	(void) node_list;
	return SLURM_SUCCESS;
}

extern bool node_features_p_node_power(void)
{
	return false;
}

extern int node_features_p_node_update(char *active_features,
				       bitstr_t *node_bitmap)
{
	(void) active_features;
	(void) node_bitmap;
	return SLURM_SUCCESS;
}

extern bool node_features_p_node_update_valid(void *node_ptr,
					      update_node_msg_t *msg)
{
	(void) node_ptr;
	(void) msg;
	return true;
}

extern void node_features_p_step_config(bool mem_sort, bitstr_t *numa_bitmap)
{
	(void) mem_sort;
	(void) numa_bitmap;
}
