/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hosts.h"
#include "lib/duration.h"
#include "lib/plan.h"

enum {
	OPT_GRES = 256,
	OPT_PER_TASK,
	OPT_PER_NODE,
	OPT_PER_SOCKET,
	OPT_PER_CORE,
	OPT_EXCLUSIVE,
	OPT_MEMORY,
	OPT_MEMORY_PER_CPU,
	OPT_LEAST_CPUS,
	OPT_SWITCHES,
	OPT_RESERVATION,
	OPT_NO_MATTER, /* has no influence on where a job runs */
	OPT_GPU, /* of another GRES */
	OPT_OPTION /* and so many option_t */
};

static const struct option of_slurm[] = {
	{"nodes", required_argument, NULL, 'N'},
	{"gres", required_argument, NULL, OPT_GRES},
	{"tres-per-task", required_argument, NULL, OPT_PER_TASK},
	{"ntasks", required_argument, NULL, 'n'},
	{"ntasks-per-node", required_argument, NULL, OPT_PER_NODE},
	{"ntasks-per-socket", required_argument, NULL, OPT_PER_SOCKET},
	{"ntasks-per-core", required_argument, NULL, OPT_PER_CORE},
	{"cpus-per-task", required_argument, NULL, 'c'},
	{"mincpus", required_argument, NULL, OPT_LEAST_CPUS},
	{"mem", required_argument, NULL, OPT_MEMORY},
	{"mem-per-cpu", required_argument, NULL, OPT_MEMORY_PER_CPU},
	{"exclusive", optional_argument, NULL, OPT_EXCLUSIVE},
	{"oversubscribe", no_argument, NULL, 's'},
	{"overcommit", no_argument, NULL, 'O'},
	{"partition", required_argument, NULL, 'p'},
	{"nodelist", required_argument, NULL, 'w'},
	{"exclude", required_argument, NULL, 'x'},
	{"constraint", required_argument, NULL, 'C'},
	{"time", required_argument, NULL, 't'},
	{"reservation", required_argument, NULL, OPT_RESERVATION},
	{"account", required_argument, NULL, 'A'},
	{"qos", required_argument, NULL, 'q'},
	{"licenses", required_argument, NULL, 'L'},
	{"dependency", required_argument, NULL, 'd'},
	{"switches", required_argument, NULL, OPT_SWITCHES},
	{"job-name", required_argument, NULL, 'J'},
	{"output", required_argument, NULL, 'o'},
	{"error", required_argument, NULL, 'e'},
	{"chdir", required_argument, NULL, 'D'},
	{"comment", required_argument, NULL, OPT_NO_MATTER},
	{"export", required_argument, NULL, OPT_NO_MATTER},
	{"gpus", required_argument, NULL, 'G'},
	{"gpus-per-node", required_argument, NULL, OPT_GPU},
	{"gpus-per-task", required_argument, NULL, OPT_GPU},
	{"gpus-per-socket", required_argument, NULL, OPT_GPU},
	{"json", no_argument, NULL, ASK_JSON},
	{"help", no_argument, NULL, 'h'},
};
#define OF_SLURM (sizeof(of_slurm) / sizeof(of_slurm[0]))

extern const struct option *ask_options(void)
{
	static struct option all[OF_SLURM + OPTION_COUNT + 1];
	static char names[OPTION_COUNT][OPTIONS_NAME_MAX];

	memcpy(all, of_slurm, sizeof(of_slurm));
	for (int i = 0; i < OPTION_COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "neuron-%s",
			 option_name((option_t) i));
		all[OF_SLURM + (size_t) i] = (struct option){
			names[i], required_argument, NULL, OPT_OPTION + i};
	}
	return all;
}

extern void ask_init(ask_t *ask)
{
	memset(ask, 0, sizeof(*ask));
	ask->shared = NO_VAL16;
}

extern void ask_release(ask_t *ask)
{
	free(ask->partitions.has);
	ask->partitions.has = NULL;
}

/*
 * Taking options
 */

static const char *_name_of(int option)
{
	const struct option *all = ask_options();

	while (all->name && (all->val != option))
		all++;
	return all->name ? all->name : "";
}

static int _number(int option, const char *text, uint32_t most,
		   uint32_t *number, neuron_error_t *err)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if ((text[0] < '0') || (text[0] > '9') || *end || errno || !value ||
	    (value > most))
		return neuron_error_set(
			err, EINVAL,
			"--%s %.64s: it must be a number from 1 to %u",
			_name_of(option), text, most);
	*number = (uint32_t) value;
	return 0;
}

static int _short(int option, const char *text, uint16_t *number,
		  neuron_error_t *err)
{
	uint32_t value;

	if (_number(option, text, NO_VAL16 - 1, &value, err))
		return -1;
	*number = (uint16_t) value;
	return 0;
}

/* "100G", megabytes without a letter */
static int _memory(ask_t *ask, int option, const char *text,
		   neuron_error_t *err)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end & ~0x20) : &units[1];
	if ((text[0] < '0') || (text[0] > '9') || errno || !unit || !*unit ||
	    (*end && end[1]) || (value > UINT32_MAX))
		return neuron_error_set(
			err, EINVAL,
			"--%s %.64s: it must be a number with K, M, G or T, such as 100G",
			_name_of(option), text);
	if (unit == units)
		value = (value + 1023) / 1024;
	else
		value <<= 10 * (unit - units - 1);
	ask->memory =
		value | ((option == OPT_MEMORY_PER_CPU) ? MEM_PER_CPU : 0);
	ask->memory_given = true;
	return 0;
}

static int _exclusive(ask_t *ask, const char *value, neuron_error_t *err)
{
	if (!value) {
		ask->shared = JOB_SHARED_NONE;
		ask->job.request.whole_node = true;
	} else if (!strcmp(value, "user")) {
		ask->shared = JOB_SHARED_USER;
	} else {
		return neuron_error_set(
			err, EINVAL,
			"--exclusive=%.64s: it must be --exclusive or --exclusive=user",
			value);
	}
	return 0;
}

/* Only slurmctld looks at it */
static void _note_other(ask_t *ask, int option, const char *value)
{
	if (ask->other_count < ASK_OTHERS_MAX)
		snprintf(ask->others[ask->other_count++],
			 sizeof(ask->others[0]), "--%s%s%.48s",
			 _name_of(option), value ? "=" : "",
			 value ? value : "");
}

/* Where a text of Slurm's goes that is not looked at here; NULL: nowhere */
static const char **_text_of(ask_t *ask, int option)
{
	switch (option) {
	case 'C':
		return &ask->constraint;
	case OPT_RESERVATION:
		return &ask->reservation;
	case 'A':
		return &ask->account;
	case 'q':
		return &ask->qos;
	case 'L':
		return &ask->licenses;
	case 'd':
		return &ask->dependency;
	default:
		return NULL;
	}
}

/* Options that only slurmctld looks at. RET as ask_take() */
static int _take_other(ask_t *ask, int option, const char *value,
		       neuron_error_t *err)
{
	const char **text = _text_of(ask, option);
	int rc = 0;

	if (text)
		*text = value;
	else if ((option == OPT_MEMORY) || (option == OPT_MEMORY_PER_CPU))
		rc = _memory(ask, option, value, err);
	else if (option == OPT_PER_SOCKET)
		rc = _short(option, value, &ask->tasks_per_socket, err);
	else if (option == OPT_PER_CORE)
		rc = _short(option, value, &ask->tasks_per_core, err);
	else if (option == OPT_LEAST_CPUS)
		rc = _number(option, value, NO_VAL16 - 1, &ask->least_cpus,
			     err);
	else if (option == OPT_SWITCHES)
		rc = _number(option, value, 1000000, &ask->switches, err);
	else if (option == 's')
		ask->shared = JOB_SHARED_OK;
	else if (option == 'O')
		ask->overcommit = true;
	else
		return 1;
	if (!rc && (option != OPT_LEAST_CPUS) && (option != 'O'))
		_note_other(ask, option, value);
	return rc;
}

/* Options that are looked at here too. RET as ask_take() */
static int _take_text(ask_t *ask, int option, const char *value)
{
	if (option == 'N')
		ask->nodes = value;
	else if (option == OPT_GRES)
		ask->gres = value;
	else if (option == OPT_PER_TASK)
		ask->per_task = value;
	else if (option == 'p')
		ask->partition = value;
	else if (option == 'w')
		ask->node_list = value;
	else if (option == 'x')
		ask->exclude = value;
	else if (option == 't')
		ask->time = value;
	else
		return 1;
	return 0;
}

extern int ask_take(ask_t *ask, int option, const char *value,
		    neuron_error_t *err)
{
	if (!_take_text(ask, option, value))
		return 0;
	switch (option) {
	case 'n':
		return _number(option, value, 1000000, &ask->tasks, err);
	case OPT_PER_NODE:
		return _number(option, value, NO_VAL16 - 1,
			       &ask->tasks_per_node, err);
	case 'c':
		return _number(option, value, NO_VAL16 - 1, &ask->cpus_per_task,
			       err);
	case OPT_EXCLUSIVE:
		return _exclusive(ask, value, err);
	case 'J':
	case 'o':
	case 'e':
	case 'D':
	case OPT_NO_MATTER:
		return 0;
	case 'G':
	case OPT_GPU:
		return neuron_error_set(
			err, ENOTSUP,
			"--gpus and the like ask for gres/gpu: ask for Neuron devices with --gres=neuron:N on each node, or --tres-per-task=gres/neuron=N with -n");
	default:
		break;
	}
	if (option >= OPT_OPTION)
		return options_set(&ask->options,
				   (option_t) (option - OPT_OPTION), value,
				   err);
	return _take_other(ask, option, value, err);
}

/*
 * Where it could land
 */

/* The families and kinds of nodes, as job_submit/neuron finds them */
typedef struct {
	const cluster_t *cluster;
	const profile_t *profiles[CONF_FAMILIES_MAX];
	const shape_t *shapes[CONF_FAMILIES_MAX];
	uint32_t count;
	plan_kind_t kinds[2 * CONF_FAMILIES_MAX];
	uint32_t kind_count;
} families_t;

static void _add_node(families_t *families, const cluster_node_t *node)
{
	int index = conf_node_index(families->cluster->conf, node->name);
	uint32_t i = 0, k = 0;
	unsigned int lnc;

	if (!node->profile || (index < 0))
		return;
	lnc = conf_node_lnc(families->cluster->conf, (unsigned int) index);
	while ((i < families->count) &&
	       (families->profiles[i] != node->profile))
		i++;
	if ((i == families->count) && (i < CONF_FAMILIES_MAX)) {
		families->profiles[i] = node->profile;
		families->shapes[i] = node->shape;
		families->count++;
	}
	while ((k < families->kind_count) &&
	       ((families->kinds[k].profile != node->profile) ||
		(families->kinds[k].lnc != lnc)))
		k++;
	if ((k == families->kind_count) && (k < 2 * CONF_FAMILIES_MAX))
		families->kinds[families->kind_count++] =
			(plan_kind_t){node->profile, node->shape, lnc};
}

static int _add_named(const char *name, void *arg)
{
	families_t *families = arg;
	int64_t node = cluster_node(families->cluster, name);

	if (node >= 0)
		_add_node(families, &families->cluster->nodes[node]);
	return 0;
}

static int _find_families(ask_t *ask, families_t *families, neuron_error_t *err)
{
	const cluster_t *cluster = families->cluster;
	uint32_t named;

	/* those that it names say for which family it is */
	if (ask->node_list)
		(void) hosts_expand(ask->node_list, _add_named, families);
	named = families->count;
	for (uint32_t n = 0; !named && (n < cluster->node_count); n++) {
		if (ask->partitions.has[n])
			_add_node(families, &cluster->nodes[n]);
	}
	if (families->count)
		return 0;
	return neuron_error_set(err, ENOTSUP,
				"partition %.64s has no Neuron nodes",
				ask->partition ? ask->partition : "(default)");
}

/*
 * Devices
 */

static int _read_template(ask_t *ask, const conf_t *conf,
			  const template_t **template, neuron_error_t *err)
{
	options_t *options = &ask->job.options;

	*template = NULL;
	*options = ask->options;
	if (!options_has(options, OPTION_TEMPLATE))
		return 0;
	*template = conf_template_of_name(conf, options->template);
	if (!*template)
		return neuron_error_set(
			err, ENOENT,
			"--neuron-template=%s: neuron.conf has none of that name; \"neuron-topo sizes\" lists them",
			options->template);
	options_fill(options, &(*template)->options);
	return 0;
}

static int _read_nodes(ask_t *ask, neuron_error_t *err)
{
	request_t *request = &ask->job.request;
	char least[16];
	const char *dash;

	request->nodes_min = 1;
	request->nodes_max = UINT32_MAX;
	if (!ask->nodes)
		return 0;
	dash = strchr(ask->nodes, '-');
	snprintf(least, sizeof(least), "%.*s",
		 dash ? (int) (dash - ask->nodes) : 15, ask->nodes);
	if (_number('N', least, 1000000, &request->nodes_min, err) ||
	    _number('N', dash ? dash + 1 : least, 1000000, &request->nodes_max,
		    err))
		return -1;
	if (request->nodes_max < request->nodes_min)
		return neuron_error_set(
			err, EINVAL,
			"--nodes %.32s: the most must not be below the least",
			ask->nodes);
	return 0;
}

/* RET 1: the lists ask for devices; 0: they do not; -1 */
static int _read_lists(ask_t *ask, bool *named, neuron_error_t *err)
{
	request_t *request = &ask->job.request;
	gres_entry_t node, task, efa;

	if (gres_list_find(ask->gres, "neuron", &node, err) ||
	    gres_list_find(ask->per_task, "neuron", &task, err) ||
	    gres_list_find(node.present ? ask->gres : ask->per_task, "efa",
			   &efa, err))
		return -1;
	*named = node.present || task.present;
	if (node.present && task.present)
		return neuron_error_set(
			err, EINVAL,
			"Neuron devices were asked for both per node and per task: use one of --gres and --tres-per-task");
	if (!(node.present && node.count) && !(task.present && task.count))
		return 0;
	snprintf(request->type, sizeof(request->type), "%s",
		 node.present ? node.type : task.type);
	request->per_node = node.present ? node.count : 0;
	request->per_task = task.present ? task.count : 0;
	request->efa_given = efa.present;
	request->efa = efa.present ? efa.count : 0;
	return 1;
}

static int _fill_model(ask_t *ask, const cluster_t *cluster,
		       const families_t *families, const template_t *template,
		       neuron_error_t *err)
{
	request_t *request = &ask->job.request;
	const options_t *options = &ask->job.options;
	plan_model_t chosen;

	if (plan_model(options, template ? template->type : "", request->tier,
		       !conf_undocumented_allowed(cluster->conf),
		       ask->nodes ? request->nodes_min : 0, families->kinds,
		       families->kind_count, &chosen, err))
		return -1;
	snprintf(request->type, sizeof(request->type), "%s",
		 profile_type(chosen.profile));
	request->per_node = chosen.devices;
	if (!ask->nodes)
		request->nodes_min = request->nodes_max = chosen.nodes;
	snprintf(
		ask->note, sizeof(ask->note),
		"Model %s needs %llu GiB: %u %s device%s on %s%u node%s have %llu GiB.",
		options->model.text,
		(unsigned long long) ((chosen.needed + (1u << 30) - 1) >> 30),
		chosen.devices, profile_type(chosen.profile),
		(chosen.devices == 1) ? "" : "s",
		(chosen.nodes == 1) ? "" : "each of ", chosen.nodes,
		(chosen.nodes == 1) ? "" : "s",
		(unsigned long long) (chosen.bytes >> 30));
	return 0;
}

/* The devices that it asks for, or those of its model or template */
static int _read_devices(ask_t *ask, const cluster_t *cluster,
			 const families_t *families, const template_t *template,
			 neuron_error_t *err)
{
	request_t *request = &ask->job.request;
	bool named;
	int rc = _read_lists(ask, &named, err);

	if (rc)
		return (rc < 0) ? -1 : 0;
	if (!named && options_has(&ask->job.options, OPTION_MODEL))
		return _fill_model(ask, cluster, families, template, err);
	if (named || !template)
		return neuron_error_set(
			err, EINVAL,
			"say how many devices: --gres=neuron:N on each node, --tres-per-task=gres/neuron=N with -n, --neuron-template or --neuron-model");
	request->per_node = template->devices;
	return 0;
}

static void _apply_template(const template_t *template, request_t *request)
{
	if (!template)
		return;
	if (template->efa_none && !request->efa_given) {
		request->efa_given = true;
		request->efa = 0;
	}
	if (!request->type[0])
		snprintf(request->type, sizeof(request->type), "%s",
			 template->type);
}

/*
 * Checks
 */

static int _check(ask_t *ask, const cluster_t *cluster,
		  const families_t *families, neuron_error_t *err)
{
	cluster_job_t *job = &ask->job;
	const request_t *request = &job->request;
	bool per_node = false, undocumented = false;
	uint32_t efa = 0;

	if (request_check(request, families->profiles, families->shapes,
			  families->count, &efa, &per_node, &undocumented, err))
		return -1;
	if (undocumented && !conf_undocumented_allowed(cluster->conf))
		return neuron_error_set(
			err, ENOTSUP,
			"AWS documents no unit of %u devices on this family, and this cluster allows only documented ones",
			request->per_node ? request->per_node
					  : request->per_task);
	if (plan_check(&job->options, request, families->kinds,
		       families->kind_count, err) ||
	    plan_model_check(&job->options, request, families->kinds,
			     families->kind_count, err))
		return -1;
	if (request->per_node || per_node)
		job->efa_per_node = efa;
	else
		job->efa_per_task = efa;
	job->with_efa = (efa != 0);
	return 0;
}

/* Tasks as the options set them, and the CPUs of all */
static int _count_tasks(ask_t *ask, const families_t *families,
			neuron_error_t *err)
{
	cluster_job_t *job = &ask->job;
	request_t *request = &job->request;
	uint32_t each = ask->cpus_per_task ? ask->cpus_per_task : 1;
	uint64_t tasks = request->tasks;

	if (!ask->tasks && !ask->tasks_per_node && !ask->tasks_per_socket &&
	    !ask->tasks_per_core &&
	    plan_tasks(&job->options, request, families->kinds,
		       families->kind_count, &request->tasks_per_node, err))
		return -1;
	if (!ask->tasks && request->tasks_per_node)
		tasks = (uint64_t) request->nodes_min * request->tasks_per_node;
	if (ask->overcommit)
		tasks = request->nodes_min;
	tasks *= each;
	if (ask->least_cpus)
		tasks = (tasks >
			 (uint64_t) ask->least_cpus * request->nodes_min)
				? tasks
				: (uint64_t) ask->least_cpus *
					  request->nodes_min;
	job->cpus = (tasks > UINT32_MAX) ? UINT32_MAX : (uint32_t) tasks;
	return 0;
}

static int _read_rest(ask_t *ask, const cluster_t *cluster, neuron_error_t *err)
{
	cluster_job_t *job = &ask->job;
	neuron_error_t why;

	if (ask->time && duration_decode(ask->time, &job->seconds, &why))
		return neuron_error_set(err, EINVAL, "--time %.64s: %s",
					ask->time, why.text);
	if (job->seconds == DURATION_NEVER)
		job->seconds = 0;
	job->request.tasks = ask->tasks ? ask->tasks : 1;
	job->request.tasks_per_node = ask->tasks_per_node;
	job->request.tier =
		options_tier(&job->options, conf_tier(cluster->conf));
	job->required = (char *) (ask->node_list ? ask->node_list : "");
	job->excluded = (char *) (ask->exclude ? ask->exclude : "");
	return 0;
}

extern int ask_complete(ask_t *ask, const cluster_t *cluster,
			neuron_error_t *err)
{
	families_t families = {.cluster = cluster};
	const template_t *template;

	if (_read_template(ask, cluster->conf, &template, err) ||
	    options_check(&ask->job.options, err) || _read_nodes(ask, err) ||
	    _read_rest(ask, cluster, err) ||
	    cluster_partitions(cluster, ask->partition, &ask->partitions,
			       err) ||
	    _find_families(ask, &families, err) ||
	    _read_devices(ask, cluster, &families, template, err))
		return -1;
	_apply_template(template, &ask->job.request);
	if (_check(ask, cluster, &families, err))
		return -1;
	return _count_tasks(ask, &families, err);
}

/*
 * As sbatch sends it
 */

static void _describe_sizes(const ask_t *ask, job_desc_msg_t *desc)
{
	const cluster_job_t *job = &ask->job;

	/* without them job_submit/neuron chooses the nodes of a model */
	if (ask->nodes) {
		desc->min_nodes = job->request.nodes_min;
		desc->max_nodes = job->request.nodes_max;
	}
	if (ask->tasks)
		desc->num_tasks = ask->tasks;
	if (ask->tasks_per_node)
		desc->ntasks_per_node = (uint16_t) ask->tasks_per_node;
	if (ask->tasks_per_socket)
		desc->ntasks_per_socket = ask->tasks_per_socket;
	if (ask->tasks_per_core)
		desc->ntasks_per_core = ask->tasks_per_core;
	if (ask->cpus_per_task)
		desc->cpus_per_task = (uint16_t) ask->cpus_per_task;
	desc->min_cpus = job->cpus;
	if (ask->least_cpus)
		desc->pn_min_cpus = (uint16_t) ask->least_cpus;
	if (ask->overcommit)
		desc->overcommit = 1;
	if (ask->memory_given)
		desc->pn_min_memory = ask->memory;
	if (ask->switches)
		desc->req_switch = ask->switches;
	if (job->seconds)
		desc->time_limit = (job->seconds + 59) / 60;
	if (ask->shared != NO_VAL16)
		desc->shared = ask->shared;
}

static void _describe_texts(const ask_t *ask, job_desc_msg_t *desc)
{
	desc->partition = (char *) ask->partition;
	desc->req_nodes = (char *) ask->node_list;
	desc->exc_nodes = (char *) ask->exclude;
	desc->features = (char *) ask->constraint;
	desc->reservation = (char *) ask->reservation;
	desc->account = (char *) ask->account;
	desc->qos = (char *) ask->qos;
	desc->licenses = (char *) ask->licenses;
	desc->dependency = (char *) ask->dependency;
}

extern void ask_describe(const ask_t *ask, ask_desc_t *described)
{
	job_desc_msg_t *desc = &described->desc;
	size_t length = strlen(OPTIONS_VARIABLE "=");

	memset(described, 0, sizeof(*described));
	slurm_init_job_desc_msg(desc);
	desc->name = (char *) "neuron-topo-fit";
	desc->work_dir = (char *) "/";
	desc->user_id = getuid();
	desc->group_id = getgid();
	_describe_sizes(ask, desc);
	_describe_texts(ask, desc);
	snprintf(described->per_node, sizeof(described->per_node), "gres/%s",
		 ask->gres ? ask->gres : "");
	snprintf(described->per_task, sizeof(described->per_task), "%s",
		 ask->per_task ? ask->per_task : "");
	if (ask->gres)
		desc->tres_per_node = described->per_node;
	if (ask->per_task)
		desc->tres_per_task = described->per_task;
	memcpy(described->options, OPTIONS_VARIABLE "=", length);
	if (options_encode(&ask->options, described->options + length,
			   sizeof(described->options) - length) > 0) {
		described->spank_env[0] = described->options;
		desc->spank_job_env = described->spank_env;
		desc->spank_job_env_size = 1;
	}
}
