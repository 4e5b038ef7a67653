/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo fit: does a request fit, where, and if not, when */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "answer.h"
#include "lib/duration.h"
#include "topo.h"

/* In libslurm of every release, though in none of its headers */
extern void slurm_free_will_run_response_msg(will_run_response_msg_t *msg);

static int _fit(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_fit = {
	.name = "fit",
	.arguments = "REQUEST",
	.help = "whether a request fits now, where and how well; if not, when",
	.details =
		"REQUEST is written as for sbatch:\n"
		"  -N, --nodes MIN[-MAX]        default 1\n"
		"      --gres neuron[:TYPE]:N[,efa:N]   devices on each node\n"
		"      --tres-per-task gres/neuron=N    devices for each task, with -n\n"
		"  -n, --ntasks N   --ntasks-per-node N   -c, --cpus-per-task N\n"
		"      --exclusive              whole nodes\n"
		"  -p, --partition NAME         default: the default one\n"
		"  -w, --nodelist NODES   -x, --exclude NODES\n"
		"  -t, --time TIME\n"
		"      --neuron-shape consecutive|best|ring|connected\n"
		"      --neuron-launch process|core\n"
		"      --neuron-ultraserver require|prefer|no\n"
		"      --neuron-template NAME\n"
		"  --json\n"
		"\n"
		"For the present state slurmctld is asked too (as \"sbatch --test-only\" does):\n"
		"it looks at CPUs, memory, reservations and limits. Exit status 3: not now.\n",
	.run = _fit,
};

/* The request while it is read */
typedef struct {
	cluster_job_t job;
	options_t options;
	const char *gres;
	const char *per_task;
	const char *partition;
	const char *nodes;
	const char *time;
	const char *node_list;
	const char *exclude;
	uint32_t tasks; /* 0: not given */
	uint32_t cpus_per_task;
	bool json;
} ask_t;

/*
 * Reading
 */

static int _number(const char *option, const char *text, uint32_t *number,
		   neuron_error_t *err)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if ((text[0] < '0') || (text[0] > '9') || *end || errno || !value ||
	    (value > 1000000))
		return neuron_error_set(
			err, EINVAL,
			"--%s %.64s: it must be a number from 1 to 1000000",
			option, text);
	*number = (uint32_t) value;
	return 0;
}

static int _read_nodes(ask_t *ask, neuron_error_t *err)
{
	request_t *request = &ask->job.request;
	char least[16];
	const char *dash;

	request->nodes_min = request->nodes_max = 1;
	if (!ask->nodes)
		return 0;
	dash = strchr(ask->nodes, '-');
	snprintf(least, sizeof(least), "%.*s",
		 dash ? (int) (dash - ask->nodes) : 15, ask->nodes);
	if (_number("nodes", least, &request->nodes_min, err) ||
	    _number("nodes", dash ? dash + 1 : least, &request->nodes_max, err))
		return -1;
	if (request->nodes_max < request->nodes_min)
		return neuron_error_set(
			err, EINVAL,
			"--nodes %.32s: the most must not be below the least",
			ask->nodes);
	return 0;
}

static int _read_template(ask_t *ask, const conf_t *conf, char *gres,
			  size_t size, neuron_error_t *err)
{
	const template_t *template;

	if (!options_has(&ask->options, OPTION_TEMPLATE))
		return 0;
	template = conf_template_of_name(conf, ask->options.template);
	if (!template)
		return neuron_error_set(
			err, ENOENT,
			"--neuron-template=%s: neuron.conf has none of that name; \"neuron-topo sizes\" lists them",
			ask->options.template);
	options_fill(&ask->options, &template->options);
	if (!ask->gres && !ask->per_task) {
		snprintf(gres, size, "neuron%s%s:%u%s",
			 template->type[0] ? ":" : "", template->type,
			 template->devices, template->efa_none ? ",efa:0" : "");
		ask->gres = gres;
	}
	return 0;
}

static int _read_devices(ask_t *ask, neuron_error_t *err)
{
	request_t *request = &ask->job.request;
	gres_entry_t node, task, efa;

	if (gres_list_find(ask->gres, "neuron", &node, err) ||
	    gres_list_find(ask->per_task, "neuron", &task, err) ||
	    gres_list_find(node.present ? ask->gres : ask->per_task, "efa",
			   &efa, err))
		return -1;
	if ((node.present && node.count) == (task.present && task.count))
		return neuron_error_set(
			err, EINVAL,
			"say how many devices: --gres=neuron:N on each node, or --tres-per-task=gres/neuron=N with -n");
	snprintf(request->type, sizeof(request->type), "%s",
		 node.present ? node.type : task.type);
	request->per_node = node.present ? node.count : 0;
	request->per_task = task.present ? task.count : 0;
	request->efa_given = efa.present;
	request->efa = efa.present ? efa.count : 0;
	return 0;
}

static int _read_partition(const cluster_t *cluster, const ask_t *ask,
			   const cluster_partition_t **partition,
			   neuron_error_t *err)
{
	*partition = cluster_partition(cluster, ask->partition);
	if (!*partition)
		return neuron_error_set(
			err, ENOENT, "--partition %.64s: there is none",
			ask->partition ? ask->partition : "(default)");
	return 0;
}

/* The interfaces that go with the devices, as job_submit/neuron adds them */
static int _complete(const cluster_t *cluster,
		     const cluster_partition_t *partition, cluster_job_t *job,
		     neuron_error_t *err)
{
	const profile_t *profiles[CONF_FAMILIES_MAX];
	const shape_t *shapes[CONF_FAMILIES_MAX];
	uint32_t count = 0, efa = 0;
	bool per_node = false, undocumented;

	for (uint32_t n = 0; n < cluster->node_count; n++) {
		const cluster_node_t *node = &cluster->nodes[n];
		uint32_t i = 0;

		if (!node->profile || !partition->has[n])
			continue;
		while ((i < count) && (profiles[i] != node->profile))
			i++;
		if ((i < count) || (count == CONF_FAMILIES_MAX))
			continue;
		profiles[count] = node->profile;
		shapes[count++] = node->shape;
	}
	if (!count)
		return neuron_error_set(err, ENOTSUP,
					"partition %s has no Neuron nodes",
					partition->name);
	if (request_check(&job->request, profiles, shapes, count, &efa,
			  &per_node, &undocumented, err))
		return -1;
	if (job->request.per_node || per_node)
		job->efa_per_node = efa;
	else
		job->efa_per_task = efa;
	job->with_efa = (efa != 0);
	return 0;
}

static int _read_rest(const cluster_t *cluster, ask_t *ask, neuron_error_t *err)
{
	cluster_job_t *job = &ask->job;
	neuron_error_t why;

	if (ask->time && duration_decode(ask->time, &job->seconds, &why))
		return neuron_error_set(err, EINVAL, "--time %.64s: %s",
					ask->time, why.text);
	if (job->seconds == DURATION_NEVER)
		job->seconds = 0;
	job->request.tasks = ask->tasks ? ask->tasks : 1;
	job->cpus = job->request.tasks *
		    (ask->cpus_per_task ? ask->cpus_per_task : 1);
	job->request.tier =
		options_tier(&ask->options, conf_tier(cluster->conf));
	job->options = ask->options;
	job->required = (char *) (ask->node_list ? ask->node_list : "");
	job->excluded = (char *) (ask->exclude ? ask->exclude : "");
	return 0;
}

/*
 * Asking slurmctld
 */

static void _describe(const ask_t *ask, job_desc_msg_t *desc)
{
	const cluster_job_t *job = &ask->job;
	const request_t *request = &job->request;

	slurm_init_job_desc_msg(desc);
	desc->name = (char *) "neuron-topo-fit";
	desc->work_dir = (char *) "/";
	desc->user_id = getuid();
	desc->group_id = getgid();
	desc->min_nodes = request->nodes_min;
	desc->max_nodes = request->nodes_max;
	if (ask->tasks)
		desc->num_tasks = ask->tasks;
	if (request->tasks_per_node)
		desc->ntasks_per_node = (uint16_t) request->tasks_per_node;
	if (ask->cpus_per_task)
		desc->cpus_per_task = (uint16_t) ask->cpus_per_task;
	if (job->seconds)
		desc->time_limit = (job->seconds + 59) / 60;
	if (request->whole_node)
		desc->shared = JOB_SHARED_NONE;
	desc->partition = (char *) ask->partition;
	desc->req_nodes = (char *) ask->node_list;
	desc->exc_nodes = (char *) ask->exclude;
}

/* RET an object with start_time and nodes, or error */
static json_object *_ask_slurmctld(const ask_t *ask)
{
	json_object *one = json_object_new_object();
	will_run_response_msg_t *reply = NULL;
	char per_node[GRES_LIST_MAX], per_task[GRES_LIST_MAX];
	char options[OPTIONS_TEXT_MAX + sizeof(OPTIONS_VARIABLE "=")] =
		OPTIONS_VARIABLE "=";
	char *spank_env[] = {options, NULL};
	size_t length = strlen(options);
	job_desc_msg_t desc;

	_describe(ask, &desc);
	if (options_encode(&ask->options, options + length,
			   sizeof(options) - length) > 0) {
		desc.spank_job_env = spank_env;
		desc.spank_job_env_size = 1;
	}
	snprintf(per_node, sizeof(per_node), "gres/%s",
		 ask->gres ? ask->gres : "");
	snprintf(per_task, sizeof(per_task), "%s",
		 ask->per_task ? ask->per_task : "");
	if (ask->gres)
		desc.tres_per_node = per_node;
	if (ask->per_task)
		desc.tres_per_task = per_task;
	if (slurm_job_will_run2(&desc, &reply) || !reply) {
		json_object_object_add(
			one, "error",
			json_object_new_string(slurm_strerror(errno)));
		return one;
	}
	json_object_object_add(one, "start_time",
			       json_object_new_int64(reply->start_time));
	if (reply->node_list)
		json_object_object_add(
			one, "nodes", json_object_new_string(reply->node_list));
	slurm_free_will_run_response_msg(reply);
	return one;
}

static void _print_slurmctld(json_object *reply)
{
	json_object *value;

	if (json_object_object_get_ex(reply, "error", &value)) {
		printf("slurmctld says: %s.\n", json_object_get_string(value));
		return;
	}
	if (json_object_object_get_ex(reply, "start_time", &value)) {
		time_t start = (time_t) json_object_get_int64(value);
		struct tm tm;
		char text[32];

		localtime_r(&start, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		printf("slurmctld would start it at %s", text);
		if (json_object_object_get_ex(reply, "nodes", &value))
			printf(" on %s", json_object_get_string(value));
		puts(".");
	}
}

/*
 * The answer
 */

static int _report(const topo_t *topo, const cluster_t *cluster,
		   const ask_t *ask, const answer_t *answer)
{
	json_object *reply = topo->snapshot ? NULL : _ask_slurmctld(ask);
	int rc = (answer->answer.moment == cluster->now) ? TOPO_GOOD
							 : TOPO_DIFFERENT;
	char text[256];

	if (ask->json) {
		json_object *one = answer_json(cluster, &ask->job, answer);

		if (reply)
			json_object_object_add(one, "slurmctld", reply);
		return topo_print_json(&topo_fit, one) ? TOPO_BAD : rc;
	}
	answer_request(&ask->job, text, sizeof(text));
	printf("%s.\n", text);
	answer_print(cluster, &ask->job, answer, stdout);
	if (reply)
		_print_slurmctld(reply);
	json_object_put(reply);
	return rc;
}

static int _look(const topo_t *topo, const cluster_t *cluster, ask_t *ask,
		 neuron_error_t *err)
{
	const cluster_partition_t *partition;
	char gres[GRES_LIST_MAX];
	answer_t answer;
	int rc;

	if (_read_template(ask, cluster->conf, gres, sizeof(gres), err) ||
	    options_check(&ask->options, err) || _read_nodes(ask, err) ||
	    _read_devices(ask, err) || _read_rest(cluster, ask, err) ||
	    _read_partition(cluster, ask, &partition, err) ||
	    _complete(cluster, partition, &ask->job, err) ||
	    answer_ask(cluster, &ask->job, partition, &answer, err))
		return -1;
	rc = _report(topo, cluster, ask, &answer);
	answer_free(&answer);
	return rc;
}

static int _fit_request(const topo_t *topo, ask_t *ask)
{
	cluster_t cluster;
	neuron_error_t err;
	int rc;

	if (topo_load(topo, &cluster, &err))
		return topo_fail(&topo_fit, &err);
	rc = _look(topo, &cluster, ask, &err);
	cluster_free(&cluster);
	return (rc < 0) ? topo_fail(&topo_fit, &err) : rc;
}

enum {
	OPT_GRES = 256,
	OPT_PER_TASK,
	OPT_PER_NODE,
	OPT_EXCLUSIVE,
	OPT_OPTION /* and so many option_t */
};

static const struct option long_options[] = {
	{"nodes", required_argument, NULL, 'N'},
	{"gres", required_argument, NULL, OPT_GRES},
	{"tres-per-task", required_argument, NULL, OPT_PER_TASK},
	{"ntasks", required_argument, NULL, 'n'},
	{"ntasks-per-node", required_argument, NULL, OPT_PER_NODE},
	{"cpus-per-task", required_argument, NULL, 'c'},
	{"exclusive", no_argument, NULL, OPT_EXCLUSIVE},
	{"partition", required_argument, NULL, 'p'},
	{"nodelist", required_argument, NULL, 'w'},
	{"exclude", required_argument, NULL, 'x'},
	{"time", required_argument, NULL, 't'},
	{"neuron-shape", required_argument, NULL, OPT_OPTION + OPTION_SHAPE},
	{"neuron-launch", required_argument, NULL, OPT_OPTION + OPTION_LAUNCH},
	{"neuron-ultraserver", required_argument, NULL,
	 OPT_OPTION + OPTION_ULTRASERVER},
	{"neuron-template", required_argument, NULL,
	 OPT_OPTION + OPTION_TEMPLATE},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* RET 0; 1: not an option of fit; -1 with a sentence */
static int _take(ask_t *ask, int option, neuron_error_t *err)
{
	request_t *request = &ask->job.request;

	switch (option) {
	case 'N':
		ask->nodes = optarg;
		return 0;
	case OPT_GRES:
		ask->gres = optarg;
		return 0;
	case OPT_PER_TASK:
		ask->per_task = optarg;
		return 0;
	case 'n':
		return _number("ntasks", optarg, &ask->tasks, err);
	case OPT_PER_NODE:
		return _number("ntasks-per-node", optarg,
			       &request->tasks_per_node, err);
	case 'c':
		return _number("cpus-per-task", optarg, &ask->cpus_per_task,
			       err);
	case OPT_EXCLUSIVE:
		request->whole_node = true;
		return 0;
	case 'p':
		ask->partition = optarg;
		return 0;
	case 'w':
		ask->node_list = optarg;
		return 0;
	case 'x':
		ask->exclude = optarg;
		return 0;
	case 't':
		ask->time = optarg;
		return 0;
	case 'j':
		ask->json = true;
		return 0;
	default:
		if (option < OPT_OPTION)
			return 1;
		return options_set(&ask->options, option - OPT_OPTION, optarg,
				   err);
	}
}

static int _fit(const topo_t *topo, int argc, char **argv)
{
	ask_t ask = {.json = false};
	neuron_error_t err;
	int option, rc;

	while ((option = getopt_long(argc, argv, "hN:n:c:p:w:x:t:",
				     long_options, NULL)) != -1) {
		if ((rc = _take(&ask, option, &err)) < 0)
			return topo_fail(&topo_fit, &err);
		if (rc) {
			topo_usage(&topo_fit,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind == argc)
		return _fit_request(topo, &ask);
	topo_usage(&topo_fit, stderr);
	return TOPO_USAGE;
}
