/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wishes.h"

#include <errno.h>

#define GIB (UINT64_C(1) << 30)
/* Longest part of a sentence that lists templates */
#define NAMES_MAX 240

static int _refuse_template(const conf_t *conf, const char *name,
			    neuron_error_t *err)
{
	unsigned int count = conf_template_count(conf);
	char names[NAMES_MAX] = "";
	size_t used = 0;

	if (!count)
		return neuron_error_set(
			err, ENOENT,
			"--neuron-template=%s: this cluster has no templates: ask for devices with --gres=neuron:N",
			name);
	for (unsigned int i = 0; (i < count) && (used < sizeof(names)); i++)
		used += snprintf(names + used, sizeof(names) - used, "%s%s",
				 i ? ", " : "", conf_template(conf, i)->name);
	return neuron_error_set(
		err, ENOENT,
		"--neuron-template=%s: there is no such template: the templates of this cluster are %s",
		name, names);
}

static void _find_template(const conf_t *conf, wishes_t *wishes)
{
	wishes->template = NULL;
	if (options_has(&wishes->options, OPTION_TEMPLATE))
		wishes->template =
			conf_template_of_name(conf, wishes->options.template);
}

extern int wishes_read(const job_desc_msg_t *job_desc, const conf_t *conf,
		       wishes_t *wishes, neuron_error_t *err)
{
	if (options_find((const char *const *) job_desc->spank_job_env,
			 job_desc->spank_job_env_size, &wishes->options, err))
		return -1;
	wishes->asked = wishes->options.given;
	_find_template(conf, wishes);
	if (wishes->template)
		options_fill(&wishes->options, &wishes->template->options);
	else if (options_has(&wishes->options, OPTION_TEMPLATE))
		return _refuse_template(conf, wishes->options.template, err);
	return 0;
}

extern int wishes_read_job(const job_record_t *job_ptr, const conf_t *conf,
			   wishes_t *wishes, neuron_error_t *err)
{
	if (options_find((const char *const *) job_ptr->spank_job_env,
			 job_ptr->spank_job_env_size, &wishes->options, err))
		return -1;
	_find_template(conf, wishes);
	return 0;
}

/*
 * Devices
 */

extern int wishes_set_list(char **list, const char *name, const char *type,
			   uint32_t count, neuron_error_t *err)
{
	char text[GRES_LIST_MAX];

	if (gres_list_set(*list, name, type, count, text, sizeof(text)) < 0)
		return neuron_error_set(
			err, EINVAL,
			"with %s:%u the list of GRES is longer than %d bytes: ask for fewer other GRES",
			name, count, GRES_LIST_MAX - 1);
	xfree(*list);
	*list = xstrdup(text);
	return 0;
}

static void _describe(const option_model_t *model, const plan_model_t *chosen,
		      neuron_error_t *note)
{
	snprintf(
		note->text, sizeof(note->text),
		"neuron: model %s needs %llu GiB: the job gets %u %s device%s on %s%u node%s, %llu GiB",
		model->text,
		(unsigned long long) ((chosen->needed + GIB - 1) / GIB),
		chosen->devices, profile_type(chosen->profile),
		(chosen->devices == 1) ? "" : "s",
		(chosen->nodes == 1) ? "" : "each of ", chosen->nodes,
		(chosen->nodes == 1) ? "" : "s",
		(unsigned long long) (chosen->bytes / GIB));
}

static int _fill_model(const wishes_t *wishes, const conf_t *conf,
		       const plan_kind_t *kinds, uint32_t count,
		       job_desc_msg_t *job_desc, neuron_error_t *note,
		       neuron_error_t *err)
{
	uint32_t nodes = job_desc->min_nodes;
	plan_model_t chosen;

	if (nodes == NO_VAL)
		nodes = 0;
	if (plan_model(&wishes->options,
		       wishes->template ? wishes->template->type : "",
		       options_tier(&wishes->options, conf_tier(conf)),
		       !conf_undocumented_allowed(conf), nodes, kinds, count,
		       &chosen, err) ||
	    wishes_set_list(&job_desc->tres_per_node, "neuron",
			    profile_type(chosen.profile), chosen.devices, err))
		return -1;
	if (!nodes)
		job_desc->min_nodes = job_desc->max_nodes = chosen.nodes;
	_describe(&wishes->options.model, &chosen, note);
	return 0;
}

extern int wishes_fill_devices(const wishes_t *wishes, const conf_t *conf,
			       const plan_kind_t *kinds, uint32_t count,
			       job_desc_msg_t *job_desc, neuron_error_t *note,
			       neuron_error_t *err)
{
	if (options_has(&wishes->options, OPTION_MODEL))
		return _fill_model(wishes, conf, kinds, count, job_desc, note,
				   err);
	if (wishes->template)
		return wishes_set_list(&job_desc->tres_per_node, "neuron",
				       wishes->template->type,
				       wishes->template->devices, err);
	return neuron_error_set(
		err, EINVAL,
		"--neuron- options were given, but the job asks for no Neuron devices: add --gres=neuron:N, --neuron-template or --neuron-model, or leave them out");
}

/*
 * Tasks
 */

static bool _tasks_are_free(const job_desc_msg_t *job_desc)
{
	return (job_desc->num_tasks == NO_VAL) &&
	       (job_desc->ntasks_per_node == NO_VAL16) &&
	       (job_desc->ntasks_per_socket == NO_VAL16) &&
	       (job_desc->ntasks_per_core == NO_VAL16) &&
	       (job_desc->ntasks_per_tres == NO_VAL16);
}

/* The client counted the CPUs for one task */
static void _raise_cpus(job_desc_msg_t *job_desc, const request_t *request,
			uint32_t tasks)
{
	uint64_t cpus = (uint64_t) request->nodes_min * tasks;

	if (job_desc->cpus_per_task != NO_VAL16)
		cpus *= MAX(job_desc->cpus_per_task, 1);
	if ((job_desc->min_cpus != NO_VAL) &&
	    (job_desc->overcommit == NO_VAL8) && (cpus < NO_VAL))
		job_desc->min_cpus = MAX(job_desc->min_cpus, cpus);
}

extern int wishes_set_tasks(const wishes_t *wishes, const request_t *request,
			    const plan_kind_t *kinds, uint32_t count,
			    job_desc_msg_t *job_desc, neuron_error_t *note,
			    neuron_error_t *err)
{
	uint32_t tasks;
	char text[16];

	note->text[0] = '\0';
	if (!_tasks_are_free(job_desc))
		return 0;
	if (plan_tasks(&wishes->options, request, kinds, count, &tasks, err))
		return -1;
	if (!tasks)
		return 0;
	job_desc->ntasks_per_node = tasks;
	_raise_cpus(job_desc, request, tasks);
	if (!job_desc->script && (tasks > 1))
		snprintf(
			note->text, sizeof(note->text),
			"neuron: the job has room for %u tasks on each node, but srun and salloc start one unless they are told: add --ntasks-per-node=%u",
			tasks, tasks);
	/* The leader of a heterogeneous job has the environment of all */
	if (!job_desc->script || !job_desc->environment ||
	    (job_desc->het_job_offset != NO_VAL))
		return 0;
	snprintf(text, sizeof(text), "%u", tasks);
	env_array_overwrite(&job_desc->environment, "SLURM_NTASKS_PER_NODE",
			    text);
	job_desc->env_size = envcount(job_desc->environment);
	return 0;
}

/*
 * Restarts
 */

static bool _asks(const wishes_t *wishes, option_t option)
{
	return wishes->asked & (UINT32_C(1) << option);
}

/* Whether the user himself says that the job is to be requeued, and by which
 * option */
static const char *_asks_requeue(const wishes_t *wishes)
{
	const options_t *options = &wishes->options;

	if (_asks(wishes, OPTION_ON_FAULT) &&
	    (options->on_fault.act >= FAULT_REQUEUE))
		return "--neuron-on-fault";
	if (_asks(wishes, OPTION_ON_MEMBER_LOSS) &&
	    (options->on_member_loss >= MEMBER_LOSS_RESTART))
		return "--neuron-on-member-loss";
	return NULL;
}

static int _check_requeue(const wishes_t *wishes,
			  const job_desc_msg_t *job_desc, neuron_error_t *err)
{
	const char *option = _asks_requeue(wishes);

	if (!option)
		return 0;
	if (!job_desc->script && (job_desc->het_job_offset == NO_VAL))
		return neuron_error_set(
			err, EINVAL,
			"%s: only jobs of sbatch can be requeued: use sbatch, or another policy",
			option);
	if (job_desc->requeue == 0)
		return neuron_error_set(
			err, EINVAL,
			"%s: the job is to be requeued, but --no-requeue forbids it: leave one of them out",
			option);
	return 0;
}

static int _check_kill(const wishes_t *wishes, const job_desc_msg_t *job_desc,
		       neuron_error_t *err)
{
	if (!_asks(wishes, OPTION_ON_MEMBER_LOSS) ||
	    (wishes->options.on_member_loss < MEMBER_LOSS_RESTART) ||
	    (job_desc->kill_on_node_fail != 0))
		return 0;
	return neuron_error_set(
		err, EINVAL,
		"--neuron-on-member-loss: the job is to restart, but --no-kill lets it go on: leave one of them out");
}

extern int wishes_set_restart(const wishes_t *wishes, const conf_t *conf,
			      job_desc_msg_t *job_desc, neuron_error_t *err)
{
	member_loss_t loss = conf_on_member_loss(conf);

	if (_check_requeue(wishes, job_desc, err) ||
	    _check_kill(wishes, job_desc, err))
		return -1;
	if (options_has(&wishes->options, OPTION_ON_MEMBER_LOSS))
		loss = wishes->options.on_member_loss;
	if ((loss == MEMBER_LOSS_NOTHING) &&
	    (job_desc->kill_on_node_fail == NO_VAL16))
		job_desc->kill_on_node_fail = 0;
	if (job_desc->requeue != NO_VAL16)
		return 0;
	if ((loss >= MEMBER_LOSS_RESTART) || _asks_requeue(wishes))
		job_desc->requeue = 1;
	return 0;
}

extern void wishes_write(const wishes_t *wishes, job_desc_msg_t *job_desc)
{
	char text[OPTIONS_TEXT_MAX];

	if (options_encode(&wishes->options, text, sizeof(text)) <= 0)
		return;
	env_array_overwrite(&job_desc->spank_job_env, OPTIONS_VARIABLE, text);
	job_desc->spank_job_env_size = envcount(job_desc->spank_job_env);
	xstrfmtcat(job_desc->admin_comment, "%sneuron: %s",
		   job_desc->admin_comment ? "; " : "", text);
}
