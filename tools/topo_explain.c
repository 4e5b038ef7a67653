/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo explain: why a job runs where it runs, or waits */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "topo.h"

static int _explain(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_explain = {
	.name = "explain",
	.arguments = "[OPTION...] JOBID",
	.help = "where a job runs and at what cost; why it waits, and what would help",
	.details =
		"  --shape TIER    as if it had asked for consecutive, best, ring or connected\n"
		"  --json\n"
		"\n"
		"JOBID is a number, 12_3 of an array or 12+1 of a heterogeneous job.\n",
	.run = _explain,
};

/* What a running job has, as an answer has it */
static int _read_shares(const cluster_t *cluster, const cluster_job_t *job,
			outlook_share_t *shares, place_candidate_t *set)
{
	for (uint32_t i = 0; i < job->share_count; i++) {
		const cluster_share_t *share = &job->shares[i];
		const shape_t *shape = cluster->nodes[share->node].shape;

		shares[i] = (outlook_share_t){
			.node = share->node,
			.devices = share->devices,
			.efas = share->efas,
			.links = shape ? shape_links(shape, share->devices) : 0,
			.links_best =
				shape ? shape_best_links(
						shape,
						devset_count(share->devices))
				      : 0,
		};
		set[i].node = share->node;
	}
	return (int) job->share_count;
}

static bool _is_aligned(const cluster_t *cluster, const outlook_share_t *share)
{
	const profile_t *profile = cluster->nodes[share->node].profile;

	return profile &&
	       (profile_efas_of(profile, share->devices) == share->efas);
}

static uint32_t _count_aligned(const cluster_t *cluster,
			       const outlook_share_t *shares, uint32_t count)
{
	uint32_t aligned = 0;

	for (uint32_t i = 0; i < count; i++)
		aligned += _is_aligned(cluster, &shares[i]);
	return aligned;
}

/* Neighbours in rank that are not in the order of switches and UltraServer
 * rings: nodes stand in a job in slurmctld's order */
static uint32_t _count_disorder(const cluster_t *cluster,
				const cluster_job_t *job)
{
	uint32_t count = 0;

	for (uint32_t i = 1; i < job->share_count; i++)
		count += (fabric_node_rank(cluster->fabric,
					   job->shares[i - 1].node) >
			  fabric_node_rank(cluster->fabric,
					   job->shares[i].node));
	return count;
}

static int _print_running(const cluster_t *cluster, const cluster_job_t *job,
			  const outlook_share_t *shares, uint32_t count,
			  const place_cost_t *cost, bool json)
{
	uint32_t aligned = _count_aligned(cluster, shares, count);
	uint32_t disorder = _count_disorder(cluster, job);

	if (json) {
		json_object *one = json_object_new_object();

		json_object_object_add(one, "job_id",
				       json_object_new_int64(job->job_id));
		json_object_object_add(one, "state",
				       json_object_new_string(job->state_name));
		json_object_object_add(
			one, "placement",
			answer_placement_json(cluster, shares, count, cost));
		json_object_object_add(one, "nodes_with_their_own_efa",
				       json_object_new_int64(aligned));
		json_object_object_add(one, "ranks_out_of_order",
				       json_object_new_int64(disorder));
		return topo_print_json(&topo_explain, one);
	}
	printf("Job %u (%s, %s): %s, %u nodes, %u devices.\n", job->job_id,
	       job->user, job->name, job->state_name, count, job->devices);
	answer_placement_print(cluster, shares, count, cost, stdout);
	if (job->with_efa || aligned)
		printf("  EFA          on %u of %u nodes exactly the interfaces of the devices\n",
		       aligned, count);
	if ((count > 1) && !disorder)
		puts("  ranks        follow switches and UltraServer rings");
	else if (count > 1)
		printf("  ranks        leave the order of switches and UltraServer rings %u times\n",
		       disorder);
	return TOPO_GOOD;
}

static int _explain_running(const cluster_t *cluster, const cluster_job_t *job,
			    bool json, neuron_error_t *err)
{
	outlook_share_t *shares =
		calloc((size_t) job->share_count + 1, sizeof(*shares));
	place_candidate_t *set =
		calloc((size_t) job->share_count + 1, sizeof(*set));
	place_cost_t cost = {0};
	int rc = -1;

	if (!shares || !set)
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	else {
		int count = _read_shares(cluster, job, shares, set);

		(void) place_cost(cluster->fabric, set, (uint32_t) count,
				  &cost);
		rc = _print_running(cluster, job, shares, (uint32_t) count,
				    &cost, json);
	}
	free(shares);
	free(set);
	return rc;
}

static int _explain_pending(const cluster_t *cluster, const cluster_job_t *job,
			    bool json, neuron_error_t *err)
{
	cluster_partition_t partitions;
	answer_t answer;
	char text[256];
	int rc = TOPO_GOOD;

	if (cluster_partitions(cluster,
			       job->partition[0] ? job->partition : NULL,
			       &partitions, err))
		return -1;
	rc = answer_ask(cluster, job, &partitions, &answer, err);
	free(partitions.has);
	if (rc)
		return -1;
	answer_request(job, text, sizeof(text));
	if (json) {
		json_object *one = answer_json(cluster, job, &answer);

		json_object_object_add(one, "job_id",
				       json_object_new_int64(job->job_id));
		json_object_object_add(one, "state",
				       json_object_new_string(job->state_name));
		json_object_object_add(one, "reason",
				       json_object_new_string(job->reason));
		rc = topo_print_json(&topo_explain, one);
	} else {
		printf("Job %u (%s, %s): %s.\n", job->job_id, job->user,
		       job->name, text);
		if (job->reason[0])
			printf("slurmctld lets it wait for: %s.\n",
			       job->reason);
		answer_print(cluster, job, &answer, stdout);
	}
	answer_free(&answer);
	return rc;
}

static int _explain_job(const topo_t *topo, const char *id, const char *shape,
			bool json)
{
	const cluster_job_t *found;
	cluster_t cluster;
	cluster_job_t job;
	neuron_error_t err;
	int rc;

	if (topo_load(topo, &cluster, &err))
		return topo_fail(&topo_explain, &err);
	found = cluster_job(&cluster, id);
	if (!found) {
		rc = neuron_error_set(
			&err, ENOENT,
			"job %.32s: slurmctld has no such job that asks or holds Neuron devices",
			id);
	} else {
		job = *found;
		rc = shape ? shape_tier_decode(shape, &job.request.tier, &err)
			   : 0;
		if (!rc && job.share_count && (job.state != CLUSTER_PENDING))
			rc = _explain_running(&cluster, &job, json, &err);
		else if (!rc && job.asks && (job.state == CLUSTER_PENDING))
			rc = _explain_pending(&cluster, &job, json, &err);
		else if (!rc)
			rc = neuron_error_set(
				&err, ENOENT,
				"job %u is %s: it neither waits for Neuron devices nor holds any",
				job.job_id, job.state_name);
	}
	cluster_free(&cluster);
	return (rc < 0) ? topo_fail(&topo_explain, &err) : rc;
}

static int _explain(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"shape", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *shape = NULL;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 's')
			shape = optarg;
		else if (option == 'j')
			json = true;
		else {
			topo_usage(&topo_explain,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind + 1 == argc)
		return _explain_job(topo, argv[optind], shape, json);
	topo_usage(&topo_explain, stderr);
	return TOPO_USAGE;
}
