/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo fit: does a request fit, where, and if not, when */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "answer.h"
#include "ask.h"
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
		"  -N, --nodes MIN[-MAX]   --gres neuron[:TYPE]:N[,efa:N]   on each node\n"
		"  -n, --ntasks N   --tres-per-task gres/neuron=N   for each task\n"
		"  --ntasks-per-node N   -c, --cpus-per-task N   --mincpus N   -O, --overcommit\n"
		"  --exclusive[=user]   -p, --partition NAMES   -t, --time TIME\n"
		"  -w, --nodelist NODES   -x, --exclude NODES\n"
		"  --neuron-shape TIER   --neuron-tp N   --neuron-lnc N   --neuron-launch HOW\n"
		"  --neuron-ultraserver HOW   --neuron-template NAME   --neuron-model SIZE\n"
		"  --neuron-wait TIME   --neuron-env HOW   --neuron-on-fault WHAT\n"
		"  --neuron-on-member-loss WHAT\n"
		"  --json\n"
		"\n"
		"Passed on to slurmctld, which alone looks at them:\n"
		"  --mem SIZE   --mem-per-cpu SIZE   -C, --constraint LIST   --reservation NAME\n"
		"  -A, --account NAME   -q, --qos NAME   -L, --licenses LIST\n"
		"  -d, --dependency LIST   --switches N   -s, --oversubscribe\n"
		"  --ntasks-per-socket N   --ntasks-per-core N\n"
		"\n"
		"Taken, but they say nothing about where a job runs:\n"
		"  -J, --job-name NAME   -o, --output FILE   -e, --error FILE   -D, --chdir DIR\n"
		"  --comment TEXT   --export LIST\n"
		"\n"
		"Refused, since they ask for gres/gpu:\n"
		"  -G, --gpus N   --gpus-per-node N   --gpus-per-task N   --gpus-per-socket N\n"
		"\n"
		"For the present state slurmctld is asked too (as \"sbatch --test-only\" does):\n"
		"it looks at CPUs, memory, reservations and limits. Exit status 3: not now.\n",
	.run = _fit,
};

/* RET an object with start_time and nodes, or error */
static json_object *_ask_slurmctld(const ask_t *ask)
{
	json_object *one = json_object_new_object();
	will_run_response_msg_t *reply = NULL;
	ask_desc_t described;

	ask_describe(ask, &described);
	if (slurm_job_will_run2(&described.desc, &reply) || !reply) {
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

static json_object *_others_json(const ask_t *ask)
{
	json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < ask->other_count; i++)
		json_object_array_add(list,
				      json_object_new_string(ask->others[i]));
	return list;
}

/* What was given and is not looked at in what stands above */
static void _print_others(const ask_t *ask, bool asked)
{
	if (!ask->other_count)
		return;
	fputs(asked ? "Only slurmctld looks at" : "Not looked at:", stdout);
	for (uint32_t i = 0; i < ask->other_count; i++)
		printf("%s %s", i ? "," : "", ask->others[i]);
	puts(".");
}

static int _report_json(const cluster_t *cluster, const ask_t *ask,
			const answer_t *answer, json_object *reply)
{
	json_object *one = answer_json(cluster, &ask->job, answer);

	json_object_object_add(one, "not_looked_at", _others_json(ask));
	if (ask->note[0])
		json_object_object_add(one, "note",
				       json_object_new_string(ask->note));
	if (reply)
		json_object_object_add(one, "slurmctld", reply);
	return topo_print_json(&topo_fit, one);
}

static int _report(const topo_t *topo, const cluster_t *cluster,
		   const ask_t *ask, bool json, const answer_t *answer)
{
	json_object *reply = topo->snapshot ? NULL : _ask_slurmctld(ask);
	int rc = (answer->answer.moment == cluster->now) ? TOPO_GOOD
							 : TOPO_DIFFERENT;
	char text[256];

	if (json)
		return _report_json(cluster, ask, answer, reply) ? TOPO_BAD
								 : rc;
	answer_request(&ask->job, text, sizeof(text));
	printf("%s.\n", text);
	if (ask->note[0])
		puts(ask->note);
	answer_print(cluster, &ask->job, answer, stdout);
	_print_others(ask, reply != NULL);
	if (reply)
		_print_slurmctld(reply);
	json_object_put(reply);
	return rc;
}

static int _look(const topo_t *topo, const cluster_t *cluster, ask_t *ask,
		 bool json, neuron_error_t *err)
{
	answer_t answer;
	int rc;

	if (ask_complete(ask, cluster, err) ||
	    answer_ask(cluster, &ask->job, &ask->partitions, &answer, err))
		return -1;
	rc = _report(topo, cluster, ask, json, &answer);
	answer_free(&answer);
	return rc;
}

static int _fit_request(const topo_t *topo, ask_t *ask, bool json)
{
	cluster_t cluster;
	neuron_error_t err;
	int rc;

	if (topo_load(topo, &cluster, &err))
		return topo_fail(&topo_fit, &err);
	rc = _look(topo, &cluster, ask, json, &err);
	cluster_free(&cluster);
	return (rc < 0) ? topo_fail(&topo_fit, &err) : rc;
}

static int _usage(int option)
{
	topo_usage(&topo_fit, (option == 'h') ? stdout : stderr);
	return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
}

static int _fit(const topo_t *topo, int argc, char **argv)
{
	bool json = false;
	neuron_error_t err;
	ask_t ask;
	int option, rc;

	ask_init(&ask);
	while ((option = getopt_long(argc, argv,
				     "hN:n:c:sOp:w:x:C:t:A:q:L:d:J:o:e:D:G:",
				     ask_options(), NULL)) != -1) {
		if (option == ASK_JSON) {
			json = true;
			continue;
		}
		if ((rc = ask_take(&ask, option, optarg, &err)) < 0)
			return topo_fail(&topo_fit, &err);
		if (rc)
			return _usage(option);
	}
	if (optind != argc)
		return _usage('?');
	rc = _fit_request(topo, &ask, json);
	ask_release(&ask);
	return rc;
}
