/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job_submit/neuron: completes and checks a request for Neuron devices when
 * it is submitted or changed.
 *
 *	slurm.conf	JobSubmitPlugins=neuron[,lua,...]
 *
 * Everything here is written by a user; it is parsed by lib/request and
 * never passed on unparsed.
 */
#include "compat.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/request.h"
#include "plugins/common/site.h"

const char plugin_name[] = "Job submit Neuron plugin";
const char plugin_type[] = "job_submit/neuron";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

extern int job_submit(job_desc_msg_t *job_desc, uint32_t submit_uid,
		      char **err_msg);
extern int job_modify(job_desc_msg_t *job_desc, job_record_t *job_ptr,
		      uint32_t submit_uid, char **err_msg);

static site_t *site;

/* The families that a job could land on */
typedef struct {
	const profile_t *profiles[CONF_FAMILIES_MAX];
	const shape_t *shapes[CONF_FAMILIES_MAX];
	uint32_t count;
} families_t;

extern int init(void)
{
	neuron_error_t err;

	if (!running_in_slurmctld())
		return SLURM_SUCCESS;
	if (!(site = site_read(&err))) {
		error("job_submit/neuron: %s", err.text);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern int fini(void)
{
	site_destroy(site);
	site = NULL;
	return SLURM_SUCCESS;
}

static void _add_family(families_t *families, int index)
{
	const profile_t *profile = conf_node_profile(site_conf(site), index);

	for (uint32_t i = 0; i < families->count; i++) {
		if (families->profiles[i] == profile)
			return;
	}
	if (families->count == CONF_FAMILIES_MAX)
		return;
	families->profiles[families->count] = profile;
	families->shapes[families->count++] =
		conf_node_shape(site_conf(site), index);
}

static void _add_node(families_t *families, const char *name)
{
	int index = conf_node_index(site_conf(site), name);

	if (index >= 0)
		_add_family(families, index);
}

static void _add_partition(const part_record_t *part, families_t *families)
{
	bitstr_t *nodes = part->node_bitmap;

	for (int n = 0; nodes && ((n = bit_ffs_from_bit(nodes, n)) >= 0); n++)
		_add_node(families, node_record_table_ptr[n]->name);
}

/* Partition names that do not exist are refused by Slurm itself */
static void _add_partitions(const char *partitions, families_t *families)
{
	char *names, *save = NULL;

	if (!partitions) {
		if (default_part_loc)
			_add_partition(default_part_loc, families);
		return;
	}
	names = xstrdup(partitions);
	for (char *name = strtok_r(names, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		part_record_t *part = find_part_record(name);

		if (part)
			_add_partition(part, families);
	}
	xfree(names);
}

/*
 * A job has one request for all its nodes, so that those it names itself say
 * for which family it is.
 */
static void _find_families(const char *nodes, const char *partitions,
			   families_t *families)
{
	hostlist_t *list = nodes ? hostlist_create(nodes) : NULL;
	char *name;

	/* Bounded, for a user wrote it; Slurm checks the names */
	for (int n = 0;
	     list && (n < CONF_NODES_MAX) && (name = hostlist_shift(list));
	     n++) {
		_add_node(families, name);
		free(name);
	}
	if (list)
		hostlist_destroy(list);
	if (!families->count)
		_add_partitions(partitions, families);
}

static uint32_t _or(uint32_t value, uint32_t unset, uint32_t otherwise)
{
	return (value == unset) ? otherwise : value;
}

static void _read_sizes(const job_desc_msg_t *job_desc, request_t *request)
{
	request->tasks = _or(job_desc->num_tasks, NO_VAL, 1);
	request->tasks_per_node = _or(job_desc->ntasks_per_node, NO_VAL16, 0);
	request->nodes_min = _or(job_desc->min_nodes, NO_VAL, 1);
	request->nodes_max = _or(job_desc->max_nodes, NO_VAL, UINT32_MAX);
	request->whole_node =
		(job_desc->shared == JOB_SHARED_NONE) ? true : false;
	request->tier = conf_tier(site_conf(site));
}

/* The fields of a changed job that the change leaves alone */
static void _read_sizes_of_job(const job_record_t *job_ptr,
			       const job_desc_msg_t *job_desc,
			       request_t *request)
{
	const job_details_t *details = job_ptr->details;

	if (job_desc->num_tasks == NO_VAL)
		request->tasks = MAX(details->num_tasks, 1);
	if (job_desc->ntasks_per_node == NO_VAL16)
		request->tasks_per_node = details->ntasks_per_node;
	if (job_desc->min_nodes == NO_VAL)
		request->nodes_min = MAX(details->min_nodes, 1);
	if (job_desc->max_nodes == NO_VAL)
		request->nodes_max =
			details->max_nodes ? details->max_nodes : UINT32_MAX;
	if (job_desc->shared == NO_VAL16)
		request->whole_node = details->whole_node & WHOLE_NODE_REQUIRED;
}

/*
 * RET 1: the lists ask for Neuron devices, per node or per task; 0: they do
 *	not; -1 with a sentence
 */
static int _read_lists(const job_desc_msg_t *job_desc, request_t *request,
		       neuron_error_t *err)
{
	const char *per_node = job_desc->tres_per_node;
	const char *per_task = job_desc->tres_per_task;
	gres_entry_t node, task, other, efa;

	if (gres_list_find(job_desc->tres_per_job, "neuron", &other, err))
		return -1;
	if (!other.present &&
	    gres_list_find(job_desc->tres_per_socket, "neuron", &other, err))
		return -1;
	if (other.present)
		return neuron_error_set(
			err, ENOTSUP,
			"Neuron devices were asked for per job or per socket: ask per node (--gres=neuron:N) or per task (--tres-per-task=gres/neuron=N)");
	if (gres_list_find(per_node, "neuron", &node, err) ||
	    gres_list_find(per_task, "neuron", &task, err) ||
	    gres_list_find(node.present ? per_node : per_task, "efa", &efa,
			   err))
		return -1;
	if (node.present && task.present)
		return neuron_error_set(
			err, EINVAL,
			"Neuron devices were asked for both per node and per task: use one of --gres and --tres-per-task");
	if ((!node.present || !node.count) && (!task.present || !task.count))
		return 0;
	snprintf(request->type, sizeof(request->type), "%s",
		 node.present ? node.type : task.type);
	request->per_node = node.present ? node.count : 0;
	request->per_task = task.present ? task.count : 0;
	request->efa_given = efa.present;
	request->efa = efa.present ? efa.count : 0;
	return 1;
}

static int _set_list(char **list, uint32_t count, neuron_error_t *err)
{
	char text[GRES_LIST_MAX];

	if (gres_list_set(*list, "efa", "", count, text, sizeof(text)) < 0)
		return neuron_error_set(err, EINVAL,
					"the GRES list is too long");
	xfree(*list);
	*list = xstrdup(text);
	return 0;
}

/* Write what check found into the request */
static int _complete(job_desc_msg_t *job_desc, const request_t *request,
		     uint32_t efa, bool efa_per_node, neuron_error_t *err)
{
	if (request->efa_given)
		return request->efa
			       ? 0
			       : _set_list(request->per_node
						   ? &job_desc->tres_per_node
						   : &job_desc->tres_per_task,
					   0, err);
	if (!efa)
		return 0;
	return _set_list((request->per_node || efa_per_node)
				 ? &job_desc->tres_per_node
				 : &job_desc->tres_per_task,
			 efa, err);
}

static void _warn_undocumented(const request_t *request, char **err_msg)
{
	if (!err_msg || *err_msg)
		return;
	if (request->per_node)
		*err_msg = xstrdup_printf(
			"neuron: AWS documents no unit of %u devices on this family; the job is accepted",
			request->per_node);
	else
		*err_msg = xstrdup(
			"neuron: AWS documents no unit of as many devices as the tasks on one node have together; the job is accepted");
}

static int _process(job_desc_msg_t *job_desc, const job_record_t *job_ptr,
		    char **err_msg, neuron_error_t *err)
{
	const char *partitions = job_desc->partition;
	families_t families = {.count = 0};
	request_t request = {.tasks = 1};
	bool efa_per_node = false, undocumented = false;
	uint32_t efa = 0;
	int rc = _read_lists(job_desc, &request, err);

	if (rc <= 0)
		return rc;
	_read_sizes(job_desc, &request);
	if (job_ptr) {
		_read_sizes_of_job(job_ptr, job_desc, &request);
		partitions = partitions ? partitions : job_ptr->partition;
	}
	_find_families(job_desc->req_nodes, partitions, &families);
	if (!families.count)
		return neuron_error_set(
			err, ENOTSUP,
			"Neuron devices were asked for, but partition %s has no Neuron nodes",
			partitions ? partitions : "(default)");
	if (request_check(&request, families.profiles, families.shapes,
			  families.count, &efa, &efa_per_node, &undocumented,
			  err))
		return -1;
	if (undocumented && !conf_undocumented_allowed(site_conf(site)))
		return neuron_error_set(
			err, ENOTSUP,
			"AWS documents no unit of %u devices on this family, and this cluster allows only documented ones",
			request.per_node ? request.per_node : request.per_task);
	if (undocumented)
		_warn_undocumented(&request, err_msg);
	return _complete(job_desc, &request, efa, efa_per_node, err);
}

static int _answer(job_desc_msg_t *job_desc, const job_record_t *job_ptr,
		   char **err_msg)
{
	neuron_error_t err;

	if (!site || !_process(job_desc, job_ptr, err_msg, &err))
		return SLURM_SUCCESS;
	if (err_msg) {
		xfree(*err_msg);
		*err_msg = xstrdup(err.text);
	}
	return ESLURM_INVALID_GRES;
}

extern int job_submit(job_desc_msg_t *job_desc, uint32_t submit_uid,
		      char **err_msg)
{
	(void) submit_uid;
	return _answer(job_desc, NULL, err_msg);
}

extern int job_modify(job_desc_msg_t *job_desc, job_record_t *job_ptr,
		      uint32_t submit_uid, char **err_msg)
{
	(void) submit_uid;
	return _answer(job_desc, job_ptr, err_msg);
}
