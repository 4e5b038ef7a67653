/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "job.h"

#include "lib/options.h"

typedef struct {
	uint32_t id;
	gres_state_t *found;
	int count;
} search_t;

extern uint32_t job_neuron_id(void)
{
	return gres_build_id("neuron");
}

extern uint32_t job_efa_id(void)
{
	return gres_build_id("efa");
}

static int _search(void *x, void *arg)
{
	gres_state_t *state = x;
	search_t *search = arg;

	if (state->plugin_id == search->id) {
		search->found = state;
		search->count++;
	}
	return 0;
}

static int _find(list_t *list, uint32_t id, gres_state_t **state)
{
	search_t search = {.id = id};

	list_for_each(list, _search, &search);
	*state = search.found;
	return search.count;
}

/* Slurm sets gres_per_job itself beside gres_per_task */
static bool _is_plain(const gres_job_state_t *gres)
{
	return (!gres->gres_per_job || gres->gres_per_task) &&
	       !gres->gres_per_socket &&
	       (gres->gres_per_node <= GRES_COUNT_MAX) &&
	       (gres->gres_per_task <= GRES_COUNT_MAX) &&
	       ((gres->gres_per_node != 0) != (gres->gres_per_task != 0));
}

static void _read_shape_of_job(const job_record_t *job_ptr, request_t *request)
{
	const job_details_t *details = job_ptr->details;

	request->tasks = details->num_tasks ? details->num_tasks : 1;
	request->tasks_per_node = details->ntasks_per_node;
	request->nodes_min = details->min_nodes ? details->min_nodes : 1;
	request->nodes_max =
		details->max_nodes ? details->max_nodes : UINT32_MAX;
	request->whole_node = details->whole_node & WHOLE_NODE_REQUIRED;
}

/* Since it could have started */
static uint32_t _waited(const job_record_t *job_ptr, time_t now)
{
	time_t since = job_ptr->details->begin_time;

	if (!since)
		since = job_ptr->details->submit_time;
	return (now > since) ? MIN(now - since, UINT32_MAX) : 0;
}

static void _read_options(const job_record_t *job_ptr, options_t *options)
{
	neuron_error_t err;

	if (options_find((const char *const *) job_ptr->spank_job_env,
			 job_ptr->spank_job_env_size, options, &err))
		debug("neuron: %pJ: %s", job_ptr, err.text);
}

static place_ultraserver_t _ultraserver(const options_t *options)
{
	if (!options_has(options, OPTION_ULTRASERVER))
		return PLACE_PREFER;
	if (options->ultraserver == OPTION_ULTRASERVER_REQUIRE)
		return PLACE_REQUIRE;
	return (options->ultraserver == OPTION_ULTRASERVER_NO) ? PLACE_IGNORE
							       : PLACE_PREFER;
}

/* What the job says itself goes before what the site says */
static void _apply_options(const job_record_t *job_ptr, const conf_t *conf,
			   time_t now, job_neuron_t *job)
{
	uint32_t wait = conf_tier_wait(conf);
	options_t options;

	_read_options(job_ptr, &options);
	if (options_has(&options, OPTION_WAIT))
		wait = options.wait;
	job->request.tier =
		shape_tier_after(options_tier(&options, conf_tier(conf)),
				 _waited(job_ptr, now), wait);
	job->ultraserver = _ultraserver(&options);
	job->widest = SHAPE_CONNECTED;
	if (options_has(&options, OPTION_LAUNCH) &&
	    (options.launch == OPTION_LAUNCH_PROCESS))
		job->widest = SHAPE_CONSECUTIVE;
}

extern int job_neuron_read(job_record_t *job_ptr, const conf_t *conf,
			   time_t now, job_neuron_t *job)
{
	const gres_job_state_t *gres;
	int count;

	memset(job, 0, sizeof(*job));
	if (!job_ptr->gres_list_req || !job_ptr->details)
		return 0;
	count = _find(job_ptr->gres_list_req, job_neuron_id(), &job->neuron);
	if (!count)
		return 0;
	gres = job->neuron->gres_data;
	if ((count > 1) || !_is_plain(gres) ||
	    (_find(job_ptr->gres_list_req, job_efa_id(), &job->efa) > 1))
		return -1;
	if (gres->type_name)
		snprintf(job->request.type, sizeof(job->request.type), "%s",
			 gres->type_name);
	job->request.per_node = gres->gres_per_node;
	job->request.per_task = gres->gres_per_task;
	_apply_options(job_ptr, conf, now, job);
	_read_shape_of_job(job_ptr, &job->request);
	return 1;
}

/* Of a job that asks for devices per task: those of the fullest node */
static uint64_t _devices_of_tasks(const gres_job_state_t *gres,
				  const request_t *request)
{
	uint64_t each =
		(request->tasks + request->nodes_min - 1) / request->nodes_min;

	return gres->gres_per_task * each;
}

extern bool job_neuron_size(const job_record_t *job_ptr, const char **type,
			    uint32_t *devices, uint32_t *nodes)
{
	const gres_job_state_t *gres;
	request_t request = {0};
	gres_state_t *neuron;
	uint64_t count;

	if (!job_ptr->gres_list_req || !job_ptr->details ||
	    (_find(job_ptr->gres_list_req, job_neuron_id(), &neuron) != 1))
		return false;
	gres = neuron->gres_data;
	if (!_is_plain(gres))
		return false;
	_read_shape_of_job(job_ptr, &request);
	count = gres->gres_per_node ? gres->gres_per_node
				    : _devices_of_tasks(gres, &request);
	*type = gres->type_name;
	*devices = MIN(count, UINT32_MAX);
	count = request.nodes_min;
	if (job_ptr->array_recs && job_ptr->array_recs->task_cnt)
		count *= job_ptr->array_recs->task_cnt;
	*nodes = MIN(count, UINT32_MAX);
	return true;
}

extern void job_neuron_wanted(const job_neuron_t *job, uint32_t nodes_min,
			      uint32_t nodes_max, uint32_t nodes_wanted,
			      uint32_t cpus, gang_request_t *wanted)
{
	const gres_job_state_t *efa = job->efa ? job->efa->gres_data : NULL;

	*wanted = (gang_request_t){
		.request = &job->request,
		.with_efa = (efa != NULL),
		.efa_per_node = efa ? MIN(efa->gres_per_node, UINT32_MAX) : 0,
		.efa_per_task = efa ? MIN(efa->gres_per_task, UINT32_MAX) : 0,
		.nodes_min = nodes_min,
		.nodes_max = nodes_max,
		.nodes_wanted = nodes_wanted,
		.cpus = cpus,
		.ultraserver = job->ultraserver,
	};
}
