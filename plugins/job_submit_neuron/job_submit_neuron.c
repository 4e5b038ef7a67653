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

#include "lib/incident.h"
#include "lib/request.h"
#include "plugins/common/site.h"
#include "plugins/job_submit_neuron/wishes.h"

const char plugin_name[] = "Job submit Neuron plugin";
const char plugin_type[] = "job_submit/neuron";
const uint32_t plugin_version = SLURM_VERSION_NUMBER;

extern int job_submit(job_desc_msg_t *job_desc, uint32_t submit_uid,
		      char **err_msg);
extern int job_modify(job_desc_msg_t *job_desc, job_record_t *job_ptr,
		      uint32_t submit_uid, char **err_msg);

#define SPANK_ENTRY_MAX (64 * 1024)
#define SPANK_TOTAL_MAX (512 * 1024)

/* Longest part of a sentence that lists partitions */
#define NAMES_MAX 240

static site_t *site;

/* The families that a job could land on */
typedef struct {
	const profile_t *profiles[CONF_FAMILIES_MAX];
	const shape_t *shapes[CONF_FAMILIES_MAX];
	uint32_t count;
	/* the same with the LNC of machines */
	plan_kind_t kinds[2 * CONF_FAMILIES_MAX];
	uint32_t kind_count;
} families_t;

/* A job as it is submitted or changed */
typedef struct {
	job_desc_msg_t *desc;
	const job_record_t *record; /* NULL: it is submitted */
	char **err_msg; /* for the user */
	wishes_t wishes;
	families_t families;
	request_t request;
} asked_t;

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

static void _add_kind(families_t *families, int index)
{
	plan_kind_t kind = {
		.profile = conf_node_profile(site_conf(site), index),
		.shape = conf_node_shape(site_conf(site), index),
		.lnc = conf_node_lnc(site_conf(site), index),
	};

	for (uint32_t i = 0; i < families->kind_count; i++) {
		if ((families->kinds[i].profile == kind.profile) &&
		    (families->kinds[i].lnc == kind.lnc))
			return;
	}
	if (families->kind_count < ARRAY_SIZE(families->kinds))
		families->kinds[families->kind_count++] = kind;
}

static void _add_node(families_t *families, const char *name)
{
	int index = conf_node_index(site_conf(site), name);

	if (index < 0)
		return;
	_add_family(families, index);
	_add_kind(families, index);
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

/* What Slurm keeps of a request for GRES, in a job or its description */
typedef struct {
	const char *per_node;
	const char *per_task;
	const char *per_job;
	const char *per_socket;
} lists_t;

#define LISTS_OF(job)                                               \
	{                                                           \
		(job)->tres_per_node, (job)->tres_per_task,         \
			(job)->tres_per_job, (job)->tres_per_socket \
	}

/*
 * RET 1: the lists ask for Neuron devices, per node or per task; 0: they do
 *	not; -1 with a sentence
 */
static int _read_lists(const lists_t *lists, request_t *request,
		       neuron_error_t *err)
{
	const char *per_node = lists->per_node;
	const char *per_task = lists->per_task;
	gres_entry_t node, task, other, efa;

	if (gres_list_find(lists->per_job, "neuron", &other, err))
		return -1;
	if (!other.present &&
	    gres_list_find(lists->per_socket, "neuron", &other, err))
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

/* Write what check found into the request */
static int _complete(job_desc_msg_t *job_desc, const request_t *request,
		     uint32_t efa, bool efa_per_node, neuron_error_t *err)
{
	char **list = request->per_node ? &job_desc->tres_per_node
					: &job_desc->tres_per_task;

	if (request->efa_given)
		return request->efa ? 0
				    : wishes_set_list(list, "efa", "", 0, err);
	if (!efa)
		return 0;
	return wishes_set_list(efa_per_node ? &job_desc->tres_per_node : list,
			       "efa", "", efa, err);
}

/* One more line that the user sees */
static void _tell(const asked_t *asked, const char *text)
{
	if (asked->err_msg)
		xstrfmtcat(*asked->err_msg, "%s%s", *asked->err_msg ? "\n" : "",
			   text);
}

static void _warn_undocumented(const asked_t *asked)
{
	char text[160];

	if (asked->request.per_node)
		snprintf(
			text, sizeof(text),
			"neuron: AWS documents no unit of %u devices on this family; the job is accepted",
			asked->request.per_node);
	else
		snprintf(
			text, sizeof(text),
			"neuron: AWS documents no unit of as many devices as the tasks on one node have together; the job is accepted");
	_tell(asked, text);
}

/* True when the lists say anything about Neuron devices, even 0 */
static bool _names_devices(const job_desc_msg_t *job_desc)
{
	const char *lists[] = LISTS_OF(job_desc);
	gres_entry_t entry;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (gres_list_find(lists[i], "neuron", &entry, NULL) ||
		    entry.present)
			return true;
	}
	return false;
}

/* A component of a heterogeneous job may have the options of the others */
static bool _is_component(const asked_t *asked)
{
	return (asked->desc->het_job_offset != NO_VAL) &&
	       !asked->wishes.template &&
	       !options_has(&asked->wishes.options, OPTION_MODEL);
}

/* What the template says beside its devices and options */
static int _apply_template(asked_t *asked, neuron_error_t *err)
{
	const template_t *template = asked->wishes.template;
	request_t *request = &asked->request;
	char **list = request->per_node ? &asked->desc->tres_per_node
					: &asked->desc->tres_per_task;

	if (!template)
		return 0;
	if (template->efa_none && !request->efa_given) {
		request->efa_given = true;
		request->efa = 0;
	}
	if (!template->type[0] || request->type[0])
		return 0;
	snprintf(request->type, sizeof(request->type), "%s", template->type);
	return wishes_set_list(list, "neuron", request->type,
			       request->per_node + request->per_task, err);
}

typedef struct {
	char text[NAMES_MAX];
	size_t used;
} names_t;

static int _add_name(void *x, void *arg)
{
	const part_record_t *part = x;
	names_t *names = arg;
	families_t families = {0};

	if ((part->flags & PART_FLAG_HIDDEN) ||
	    (strlen(part->name) + sizeof(" or ") >
	     sizeof(names->text) - names->used))
		return 0;
	_add_partition(part, &families);
	if (families.count)
		names->used +=
			snprintf(names->text + names->used,
				 sizeof(names->text) - names->used, "%s%s",
				 names->used ? " or " : "", part->name);
	return 0;
}

static int _refuse_partition(const char *partitions, neuron_error_t *err)
{
	names_t names = {.text = ""};

	list_for_each(part_list, _add_name, &names);
	if (!names.used)
		return neuron_error_set(
			err, ENOTSUP,
			"Neuron devices were asked for, but no partition of this cluster has Neuron nodes: leave out --gres=neuron");
	return neuron_error_set(
		err, ENOTSUP,
		"Neuron devices were asked for, but partition %.100s has no Neuron nodes: ask for partition %s",
		partitions ? partitions : "(default)", names.text);
}

static int _find_nodes(asked_t *asked, neuron_error_t *err)
{
	const char *partitions = asked->desc->partition;

	if (asked->record && !partitions)
		partitions = asked->record->partition;
	_find_families(asked->desc->req_nodes, partitions, &asked->families);
	if (asked->families.count)
		return 0;
	return _refuse_partition(partitions, err);
}

static int _read_new_lists(asked_t *asked, neuron_error_t *err)
{
	const lists_t lists = LISTS_OF(asked->desc);

	return _read_lists(&lists, &asked->request, err);
}

/* The job asks for no devices: those of its model or template */
static int _fill(asked_t *asked, neuron_error_t *err)
{
	static const wishes_t none;
	const wishes_t *wishes = &asked->wishes;
	neuron_error_t note = {""};

	/* "neuron:0" is an answer: nothing is filled in then */
	if (_names_devices(asked->desc))
		wishes = &none;
	if (wishes_fill_devices(wishes, site_conf(site), asked->families.kinds,
				asked->families.kind_count, asked->desc, &note,
				err))
		return -1;
	if (note.text[0])
		_tell(asked, note.text);
	return (_read_new_lists(asked, err) == 1) ? 0 : -1;
}

static int _read_wishes(asked_t *asked, neuron_error_t *err)
{
	const conf_t *conf = site_conf(site);

	if (asked->record)
		return wishes_read_job(asked->record, conf, &asked->wishes,
				       err);
	return wishes_read(asked->desc, conf, &asked->wishes, err);
}

static void _read_rest(asked_t *asked)
{
	request_t *request = &asked->request;

	_read_sizes(asked->desc, request);
	if (asked->record)
		_read_sizes_of_job(asked->record, asked->desc, request);
	request->tier = options_tier(&asked->wishes.options,
				     conf_tier(site_conf(site)));
}

/*
 * Find out what a job asks, with its template and model.
 * RET 1: for Neuron devices; 0: for none; -1 with a sentence
 */
static int _read(asked_t *asked, neuron_error_t *err)
{
	const options_t *options = &asked->wishes.options;
	int rc = _read_new_lists(asked, err);

	if (rc < 0)
		return -1;
	/* A change of something else */
	if (!rc && asked->record)
		return 0;
	if (_read_wishes(asked, err))
		return -1;
	if (!rc && (!options->given || _is_component(asked)))
		return 0;
	if (_find_nodes(asked, err) || (!rc && _fill(asked, err)))
		return -1;
	_read_rest(asked);
	return _apply_template(asked, err) ? -1 : 1;
}

static int _check_options(const asked_t *asked, neuron_error_t *err)
{
	const options_t *options = &asked->wishes.options;
	const families_t *families = &asked->families;

	if (plan_check(options, &asked->request, families->kinds,
		       families->kind_count, err) ||
	    plan_model_check(options, &asked->request, families->kinds,
			     families->kind_count, err))
		return -1;
	return 0;
}

static int _apply_options(asked_t *asked, neuron_error_t *err)
{
	neuron_error_t note = {""};

	if (!asked->wishes.options.given)
		return asked->record ? 0
				     : wishes_set_restart(&asked->wishes,
							  site_conf(site),
							  asked->desc, err);
	if (_check_options(asked, err))
		return -1;
	if (asked->record)
		return 0;
	if (wishes_set_restart(&asked->wishes, site_conf(site), asked->desc,
			       err))
		return -1;
	if (wishes_set_tasks(&asked->wishes, &asked->request,
			     asked->families.kinds, asked->families.kind_count,
			     asked->desc, &note, err))
		return -1;
	if (note.text[0])
		_tell(asked, note.text);
	wishes_write(&asked->wishes, asked->desc);
	return 0;
}

static bool _moves(const asked_t *asked)
{
	const job_desc_msg_t *desc = asked->desc;

	return asked->record && IS_JOB_PENDING(asked->record) &&
	       asked->record->details &&
	       (desc->partition || desc->req_nodes ||
		(desc->min_nodes != NO_VAL) || (desc->max_nodes != NO_VAL) ||
		(desc->num_tasks != NO_VAL) || (desc->shared != NO_VAL16));
}

/* A job keeps its devices, but not the number or kind of its nodes */
static int _check_move(asked_t *asked, neuron_error_t *err)
{
	const lists_t lists = LISTS_OF(asked->record);

	if ((_read_lists(&lists, &asked->request, NULL) != 1) ||
	    _read_wishes(asked, NULL) || !asked->wishes.options.given)
		return 0;
	if (_find_nodes(asked, err))
		return -1;
	_read_rest(asked);
	return _check_options(asked, err);
}

static int _process(asked_t *asked, neuron_error_t *err)
{
	const families_t *families = &asked->families;
	request_t *request = &asked->request;
	bool efa_per_node = false, undocumented = false;
	uint32_t efa = 0;
	int rc = _read(asked, err);

	if (!rc && _moves(asked))
		return _check_move(asked, err);
	if (rc <= 0)
		return rc;
	if (request_check(request, families->profiles, families->shapes,
			  families->count, &efa, &efa_per_node, &undocumented,
			  err))
		return -1;
	if (undocumented && !conf_undocumented_allowed(site_conf(site)))
		return request_refuse_undocumented(request, families->profiles,
						   families->shapes,
						   families->count, err);
	if (_apply_options(asked, err))
		return -1;
	if (undocumented)
		_warn_undocumented(asked);
	return _complete(asked->desc, request, efa, efa_per_node, err);
}

static int _answer(job_desc_msg_t *job_desc, const job_record_t *job_ptr,
		   char **err_msg)
{
	asked_t asked = {
		.desc = job_desc,
		.record = job_ptr,
		.err_msg = err_msg,
		.request = {.tasks = 1},
	};
	neuron_error_t err = {""};

	if (!site || !_process(&asked, &err))
		return SLURM_SUCCESS;
	if (err_msg) {
		xfree(*err_msg);
		*err_msg = xstrdup(err.text);
	}
	return ESLURM_INVALID_GRES;
}

/*
 * A variable that no program can be started with would make Prolog fail, and
 * so drain the node of the job: Linux takes 128 KiB (execve(2),
 * MAX_ARG_STRLEN).
 */
static int _check_spank_env(const job_desc_msg_t *job_desc, char **err_msg)
{
	size_t total = 0;

	for (uint32_t i = 0; i < job_desc->spank_job_env_size; i++) {
		const char *entry = job_desc->spank_job_env[i];
		size_t length = entry ? strnlen(entry, SPANK_TOTAL_MAX) : 0;

		total += length;
		if ((length <= SPANK_ENTRY_MAX) && (total <= SPANK_TOTAL_MAX))
			continue;
		if (err_msg)
			*err_msg = xstrdup_printf(
				"neuron: the SPANK environment of the job is too large: a variable may have %d bytes, all together %d",
				SPANK_ENTRY_MAX, SPANK_TOTAL_MAX);
		return ESLURM_INVALID_JOB_DEFAULTS;
	}
	return SLURM_SUCCESS;
}

extern int job_submit(job_desc_msg_t *job_desc, uint32_t submit_uid,
		      char **err_msg)
{
	int rc = _check_spank_env(job_desc, err_msg);

	(void) submit_uid;
	return rc ? rc : _answer(job_desc, NULL, err_msg);
}

/*
 * A part for the AdminComment, see lib/incident.h. slurmctld has looked whether
 * the user may write one, and what he names from then on is not looked at.
 */
static void _add_incident(job_desc_msg_t *job_desc, const job_record_t *job_ptr)
{
	static const char add[] = INCIDENT_ADD;
	char *text;

	if (xstrncmp(job_desc->admin_comment, add, sizeof(add) - 1))
		return;
	text = incident_add(job_ptr->admin_comment,
			    job_desc->admin_comment + sizeof(add) - 1);
	if (!text)
		return;
	xfree(job_desc->admin_comment);
	job_desc->admin_comment = xstrdup(text);
	free(text);
}

extern int job_modify(job_desc_msg_t *job_desc, job_record_t *job_ptr,
		      uint32_t submit_uid, char **err_msg)
{
	(void) submit_uid;
	if (job_desc->admin_comment)
		_add_incident(job_desc, job_ptr);
	return _answer(job_desc, job_ptr, err_msg);
}
