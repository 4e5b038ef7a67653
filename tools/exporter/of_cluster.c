/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "of_cluster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <slurm/slurm.h>

#include "lib/file.h"
#include "lib/potential.h"
#include "lib/tally.h"
#include "obstacle.h"
#include "tools/capacity.h"
#include "tools/hosts.h"

/* Sizes of sets of a family: 1, 2, 4, 8, ... and all devices */
#define SIZES_MAX 7
#define SIZED (CONF_FAMILIES_MAX * SIZES_MAX)
#define LEVELS (FABRIC_LEVELS_MAX + 2)
/* Masked devices that are named one by one */
#define NAMED_MAX 1024
#define NANOSECONDS 1e9

enum {
	NODES,
	NODES_UNUSABLE,
	DEVICES,
	DEVICES_FREE,
	DEVICES_USED,
	DEVICES_MASKED,
	DEVICES_UNUSABLE,
	FREE_SETS,
	FREE_SET_NODES,
	FRAGMENTATION,
	FABRIC_LOST,
	DEVICE_MASKED,
	DEVICE_SUSPECT,
	JOBS_RUNNING,
	JOBS_LEVEL,
	ALLOCATIONS,
	ALLOCATIONS_JOINED,
	ALLOCATIONS_BEST,
	ALLOCATIONS_EFA,
	ALLOCATIONS_ALIGNED,
	JOBS_PENDING,
	JOBS_OLDEST,
	DEVICES_WANTED,
	DECISIONS,
	DECISION_SECONDS,
	TAKEN_BACK,
	PLACEMENTS,
	PLACEMENT_DAMAGE,
	STATS_TIME,
	NODE_USABLE,
	NODE_FREE,
	NODE_USED,
	NODE_MASKED,
	METRICS
};

#define FAMILY                 \
	{                      \
		"family", NULL \
	}
#define SIZED_BY                       \
	{                              \
		"family", "size", NULL \
	}
#define OBSTACLE                 \
	{                        \
		"obstacle", NULL \
	}
#define NODE                 \
	{                    \
		"node", NULL \
	}

static const metric_t metrics_of_cluster[METRICS] = {
	[NODES] = {"neuron_nodes", METRIC_GAUGE, NULL,
		   "Nodes with Neuron devices", FAMILY, CONF_FAMILIES_MAX},
	[NODES_UNUSABLE] = {"neuron_nodes_unusable", METRIC_GAUGE, NULL,
			    "Nodes that are down, drained or the like", FAMILY,
			    CONF_FAMILIES_MAX},
	[DEVICES] = {"neuron_devices", METRIC_GAUGE, NULL, "Neuron devices",
		     FAMILY, CONF_FAMILIES_MAX},
	[DEVICES_FREE] = {"neuron_devices_free", METRIC_GAUGE, NULL,
			  "Devices that a job could get now", FAMILY,
			  CONF_FAMILIES_MAX},
	[DEVICES_USED] = {"neuron_devices_used", METRIC_GAUGE, NULL,
			  "Devices that jobs have", FAMILY, CONF_FAMILIES_MAX},
	[DEVICES_MASKED] =
		{"neuron_devices_masked", METRIC_GAUGE, NULL,
		 "Devices that no job is to get, whether one still has them or not",
		 FAMILY, CONF_FAMILIES_MAX},
	[DEVICES_UNUSABLE] =
		{"neuron_devices_unusable", METRIC_GAUGE, NULL,
		 "Devices that no job has, on nodes that are down or drained",
		 FAMILY, CONF_FAMILIES_MAX},
	[FREE_SETS] =
		{"neuron_free_sets", METRIC_GAUGE, NULL,
		 "Sets of a size, in the shape of the site, that the free devices hold one beside the other",
		 SIZED_BY, SIZED},
	[FREE_SET_NODES] = {"neuron_free_set_nodes", METRIC_GAUGE, NULL,
			    "Nodes that have such a set free", SIZED_BY, SIZED},
	[FRAGMENTATION] =
		{"neuron_fragmentation_ratio", METRIC_GAUGE, "ratio",
		 "Share of the free devices that sets of the size leave over",
		 SIZED_BY, SIZED},
	[FABRIC_LOST] =
		{"neuron_fabric_lost_ratio",
		 METRIC_GAUGE,
		 "ratio",
		 "What jobs of several whole nodes have lost in UltraServers and below switches: 0 when all nodes are free, 1 when none is",
		 {NULL},
		 1},
	[DEVICE_MASKED] = {"neuron_device_masked",
			   METRIC_GAUGE,
			   NULL,
			   "1 for each device that no job is to get",
			   {"node", "device", NULL},
			   NAMED_MAX},
	[DEVICE_SUSPECT] =
		{"neuron_device_suspect",
		 METRIC_GAUGE,
		 NULL,
		 "1 for each device that neuron-health suspects and jobs still get",
		 {"node", "device", NULL},
		 NAMED_MAX},
	[JOBS_RUNNING] =
		{"neuron_jobs_running", METRIC_GAUGE, NULL,
		 "Jobs that have Neuron devices, by the family of their first node",
		 FAMILY, CONF_FAMILIES_MAX},
	[JOBS_LEVEL] =
		{"neuron_jobs_running_by_level",
		 METRIC_GAUGE,
		 NULL,
		 "The same by the level of the lowest group that holds all nodes: 0 one node, then UltraServers and switches; none without such a group",
		 {"level", NULL},
		 LEVELS},
	[ALLOCATIONS] =
		{"neuron_allocations", METRIC_GAUGE, NULL,
		 "Sets of devices that jobs have, one for each node of a job",
		 FAMILY, CONF_FAMILIES_MAX},
	[ALLOCATIONS_JOINED] = {"neuron_allocations_joined", METRIC_GAUGE, NULL,
				"Sets whose devices are joined by NeuronLink",
				FAMILY, CONF_FAMILIES_MAX},
	[ALLOCATIONS_BEST] =
		{"neuron_allocations_best", METRIC_GAUGE, NULL,
		 "Sets with as many NeuronLinks as so many devices can have",
		 FAMILY, CONF_FAMILIES_MAX},
	[ALLOCATIONS_EFA] = {"neuron_allocations_efa", METRIC_GAUGE, NULL,
			     "Sets that have EFA interfaces", FAMILY,
			     CONF_FAMILIES_MAX},
	[ALLOCATIONS_ALIGNED] =
		{"neuron_allocations_efa_aligned", METRIC_GAUGE, NULL,
		 "Sets that have exactly the EFA interfaces of their devices",
		 FAMILY, CONF_FAMILIES_MAX},
	[JOBS_PENDING] =
		{"neuron_jobs_pending", METRIC_GAUGE, NULL,
		 "Jobs that wait for Neuron devices, by what stands in their way",
		 OBSTACLE, OBSTACLE_COUNT},
	[JOBS_OLDEST] = {"neuron_jobs_pending_oldest_seconds", METRIC_GAUGE,
			 "seconds", "How long the oldest of them has waited",
			 OBSTACLE, OBSTACLE_COUNT},
	[DEVICES_WANTED] = {"neuron_jobs_pending_devices", METRIC_GAUGE, NULL,
			    "Devices that they ask for", OBSTACLE,
			    OBSTACLE_COUNT},
	[DECISIONS] =
		{"neuron_decisions",
		 METRIC_COUNTER,
		 NULL,
		 "Decisions of select/neuron, by what slurmctld asked and how they ended",
		 {"question", "outcome", NULL},
		 TALLY_QUESTIONS *TALLY_OUTCOMES},
	[DECISION_SECONDS] = {"neuron_decision_seconds",
			      METRIC_HISTOGRAM,
			      "seconds",
			      "How long these decisions took",
			      {"question", NULL},
			      TALLY_QUESTIONS},
	[TAKEN_BACK] =
		{"neuron_placements_taken_back",
		 METRIC_COUNTER,
		 NULL,
		 "Placements of Slurm that were not legal and did not start",
		 {NULL},
		 1},
	[PLACEMENTS] =
		{"neuron_placements",
		 METRIC_COUNTER,
		 NULL,
		 "Jobs that were placed, by the level of the lowest group that holds all nodes",
		 {"level", NULL},
		 LEVELS},
	[PLACEMENT_DAMAGE] =
		{"neuron_placement_damage",
		 METRIC_HISTOGRAM,
		 NULL,
		 "What the placements cost: usefulness that all their nodes lost for later jobs",
		 {NULL},
		 1},
	[STATS_TIME] = {"neuron_decision_stats_timestamp_seconds",
			METRIC_GAUGE,
			"seconds",
			"When slurmctld wrote StatsFile",
			{NULL},
			1},
	[NODE_USABLE] = {"neuron_node_usable", METRIC_GAUGE, NULL,
			 "1: jobs can start on the node", NODE,
			 FABRIC_NODES_MAX},
	[NODE_FREE] = {"neuron_node_devices_free", METRIC_GAUGE, NULL,
		       "Devices of the node that a job could get now", NODE,
		       FABRIC_NODES_MAX},
	[NODE_USED] = {"neuron_node_devices_used", METRIC_GAUGE, NULL,
		       "Devices of the node that jobs have", NODE,
		       FABRIC_NODES_MAX},
	[NODE_MASKED] = {"neuron_node_devices_masked", METRIC_GAUGE, NULL,
			 "Devices of the node that no job is to get", NODE,
			 FABRIC_NODES_MAX},
};

extern const metric_t *of_cluster_metric(unsigned int index)
{
	return (index < METRICS) ? &metrics_of_cluster[index] : NULL;
}

static void _add(metrics_t *metrics, int metric, const char *first,
		 const char *second, double number)
{
	const char *values[] = {first, second, NULL};

	(void) metrics_add(metrics, &metrics_of_cluster[metric], values,
			   number);
}

/*
 * Families
 */

typedef struct {
	uint32_t nodes, unusable;
	uint32_t devices, free, used, masked, devices_unusable;
	unsigned int sizes[SIZES_MAX];
	unsigned int size_count;
	capacity_t capacities[SIZES_MAX];
	uint32_t jobs;
	uint32_t allocations, joined, best, with_efa, aligned;
} family_t;

typedef struct {
	const cluster_t *cluster;
	uint32_t nodes_max;
	metrics_t *metrics;
	family_t families[CONF_FAMILIES_MAX];
	unsigned int family_count;
	uint32_t levels[LEVELS];
	uint32_t node_count; /* with devices */
} look_t;

static void _list_sizes(family_t *family, const profile_t *profile)
{
	unsigned int all = profile_device_count(profile);

	for (unsigned int size = 1;
	     size < all && family->size_count + 1 < SIZES_MAX; size *= 2)
		family->sizes[family->size_count++] = size;
	family->sizes[family->size_count++] = all;
}

static void _list_families(look_t *look)
{
	const profile_t *profile;

	while (look->family_count < CONF_FAMILIES_MAX &&
	       (profile = conf_profile_at(look->cluster->conf,
					  look->family_count)))
		_list_sizes(&look->families[look->family_count++], profile);
}

static family_t *_family(look_t *look, const profile_t *profile)
{
	for (unsigned int i = 0; i < look->family_count; i++) {
		if (conf_profile_at(look->cluster->conf, i) == profile)
			return &look->families[i];
	}
	return NULL;
}

static devset_t _free_devices(const cluster_node_t *node)
{
	if (!node->usable)
		return 0;
	return profile_devices(node->profile) & ~node->used & ~node->masked;
}

/* Most nodes are full or empty, and alike: what the one before had counts */
static void _count_capacity(look_t *look, family_t *family, uint32_t n,
			    uint32_t last[SIZES_MAX], int64_t *same)
{
	const cluster_node_t *nodes = look->cluster->nodes, *node = &nodes[n];
	const cluster_node_t *before = (*same < 0) ? NULL : &nodes[*same];
	bool alike = before && before->profile == node->profile &&
		     before->usable == node->usable &&
		     before->used == node->used &&
		     before->masked == node->masked &&
		     before->used_efas == node->used_efas;

	for (unsigned int i = 0; i < family->size_count; i++) {
		if (!alike)
			last[i] = capacity_of_node(look->cluster, n,
						   family->sizes[i]);
		family->capacities[i].sets += last[i];
		family->capacities[i].nodes += (last[i] != 0);
	}
	*same = n;
}

static void _count_nodes(look_t *look)
{
	uint32_t last[SIZES_MAX];
	int64_t same = -1;

	for (uint32_t n = 0; n < look->cluster->node_count; n++) {
		const cluster_node_t *node = &look->cluster->nodes[n];
		family_t *family =
			node->profile ? _family(look, node->profile) : NULL;
		devset_t all, busy;

		if (!family)
			continue;
		all = profile_devices(node->profile);
		busy = node->used | node->masked;
		look->node_count++;
		family->nodes++;
		family->unusable += !node->usable;
		family->devices += devset_count(all);
		family->used += devset_count(node->used & all);
		family->masked += devset_count(node->masked);
		family->free += devset_count(_free_devices(node));
		if (!node->usable)
			family->devices_unusable += devset_count(all & ~busy);
		_count_capacity(look, family, n, last, &same);
	}
}

/*
 * Jobs that run
 */

static void _count_share(look_t *look, const cluster_share_t *share)
{
	const cluster_node_t *node = &look->cluster->nodes[share->node];
	family_t *family = node->profile ? _family(look, node->profile) : NULL;
	unsigned int count = devset_count(share->devices);

	if (!family || !count)
		return;
	family->allocations++;
	family->joined += shape_is_connected(node->shape, share->devices);
	family->best += (shape_links(node->shape, share->devices) ==
			 shape_best_links(node->shape, count));
	if (!share->efas)
		return;
	family->with_efa++;
	family->aligned +=
		(profile_efas_of(node->profile, share->devices) == share->efas);
}

/* RET 0; -1: out of memory */
static int _count_level(look_t *look, const cluster_job_t *job)
{
	place_candidate_t *set = calloc(job->share_count, sizeof(*set));
	place_cost_t cost;

	if (!set)
		return -1;
	for (uint32_t i = 0; i < job->share_count; i++)
		set[i].node = job->shares[i].node;
	if (place_cost(look->cluster->fabric, set, job->share_count, &cost))
		look->levels[LEVELS - 1]++;
	else
		look->levels[cost.level]++;
	free(set);
	return 0;
}

static int _count_jobs(look_t *look)
{
	for (uint32_t i = 0; i < look->cluster->job_count; i++) {
		const cluster_job_t *job = &look->cluster->jobs[i];
		const profile_t *profile;
		family_t *family;

		if (job->state != CLUSTER_RUNNING || !job->devices)
			continue;
		profile = look->cluster->nodes[job->shares[0].node].profile;
		family = profile ? _family(look, profile) : NULL;
		if (family)
			family->jobs++;
		for (uint32_t s = 0; s < job->share_count; s++)
			_count_share(look, &job->shares[s]);
		if (_count_level(look, job))
			return -1;
	}
	return 0;
}

/*
 * Series
 */

static void _add_family(const look_t *look, int metric, size_t offset)
{
	for (unsigned int i = 0; i < look->family_count; i++) {
		const char *base = (const char *) &look->families[i];
		uint32_t number;

		memcpy(&number, base + offset, sizeof(number));
		_add(look->metrics, metric,
		     profile_name(conf_profile_at(look->cluster->conf, i)),
		     NULL, number);
	}
}

static void _add_families(const look_t *look)
{
	static const struct {
		int metric;
		size_t offset;
	} columns[] = {
		{NODES, offsetof(family_t, nodes)},
		{NODES_UNUSABLE, offsetof(family_t, unusable)},
		{DEVICES, offsetof(family_t, devices)},
		{DEVICES_FREE, offsetof(family_t, free)},
		{DEVICES_USED, offsetof(family_t, used)},
		{DEVICES_MASKED, offsetof(family_t, masked)},
		{DEVICES_UNUSABLE, offsetof(family_t, devices_unusable)},
		{JOBS_RUNNING, offsetof(family_t, jobs)},
		{ALLOCATIONS, offsetof(family_t, allocations)},
		{ALLOCATIONS_JOINED, offsetof(family_t, joined)},
		{ALLOCATIONS_BEST, offsetof(family_t, best)},
		{ALLOCATIONS_EFA, offsetof(family_t, with_efa)},
		{ALLOCATIONS_ALIGNED, offsetof(family_t, aligned)},
	};

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		_add_family(look, columns[i].metric, columns[i].offset);
}

static double _sized(const family_t *family, int metric, unsigned int i)
{
	const capacity_t *capacity = &family->capacities[i];

	if (metric == FREE_SETS)
		return capacity->sets;
	if (metric == FREE_SET_NODES)
		return capacity->nodes;
	return family->free ? 1 - (double) capacity->sets * family->sizes[i] /
					      family->free
			    : 0;
}

static void _add_sizes(const look_t *look, int metric)
{
	for (unsigned int f = 0; f < look->family_count; f++) {
		const family_t *family = &look->families[f];
		const char *name =
			profile_name(conf_profile_at(look->cluster->conf, f));

		for (unsigned int i = 0; i < family->size_count; i++) {
			char size[16];

			(void) snprintf(size, sizeof(size), "%u",
					family->sizes[i]);
			_add(look->metrics, metric, name, size,
			     _sized(family, metric, i));
		}
	}
}

/* RET 0; -1: out of memory */
static int _add_fabric(const look_t *look)
{
	const cluster_t *cluster = look->cluster;
	bool *ours = calloc((size_t) cluster->node_count + 1, sizeof(bool));
	bool *idle = calloc((size_t) cluster->node_count + 1, sizeof(bool));
	potential_t *potential = NULL;
	uint32_t value = 0, highest = 0;
	int rc = -1;

	for (uint32_t n = 0; ours && idle && n < cluster->node_count; n++) {
		const cluster_node_t *node = &cluster->nodes[n];

		ours[n] = node->profile != NULL;
		idle[n] =
			ours[n] && node->usable && !node->used && !node->masked;
	}
	if (ours && idle)
		potential = potential_create(cluster->fabric, ours, NULL);
	if (potential && !potential_measure(potential, idle, &value, NULL)) {
		highest = potential_highest(potential);
		_add(look->metrics, FABRIC_LOST, NULL, NULL,
		     highest ? (double) value / highest : 0);
		rc = 0;
	}
	potential_destroy(potential);
	free(ours);
	free(idle);
	return rc;
}

static devset_t _faulty(const cluster_node_t *node, int metric)
{
	if (metric == DEVICE_MASKED)
		return node->masked;
	return node->suspects ? node->suspects->devices & ~node->masked : 0;
}

static void _add_faulty(const look_t *look, int metric)
{
	for (uint32_t n = 0; n < look->cluster->node_count; n++) {
		const cluster_node_t *node = &look->cluster->nodes[n];
		devset_t faulty = _faulty(node, metric);

		for (int d = -1; (d = devset_next(faulty, d)) >= 0;) {
			char device[16];

			(void) snprintf(device, sizeof(device), "%d", d);
			_add(look->metrics, metric, node->name, device, 1);
		}
	}
}

static void _level_name(unsigned int level, char name[16])
{
	(void) snprintf(name, 16, (level < LEVELS - 1) ? "%u" : "none", level);
}

static void _add_levels(const look_t *look)
{
	unsigned int levels = fabric_levels(look->cluster->fabric);

	for (unsigned int i = 0; i < LEVELS; i++) {
		char name[16];

		if (i > levels && i < LEVELS - 1)
			continue;
		_level_name(i, name);
		_add(look->metrics, JOBS_LEVEL, name, NULL, look->levels[i]);
	}
}

static int _add_pending(const look_t *look)
{
	obstacle_sum_t sums[OBSTACLE_COUNT];

	if (obstacle_count(look->cluster, sums))
		return -1;
	for (int i = 0; i < OBSTACLE_COUNT; i++)
		_add(look->metrics, JOBS_PENDING, obstacle_name((obstacle_t) i),
		     NULL, sums[i].jobs);
	for (int i = 0; i < OBSTACLE_COUNT; i++)
		_add(look->metrics, JOBS_OLDEST, obstacle_name((obstacle_t) i),
		     NULL, (double) sums[i].oldest);
	for (int i = 0; i < OBSTACLE_COUNT; i++)
		_add(look->metrics, DEVICES_WANTED,
		     obstacle_name((obstacle_t) i), NULL,
		     (double) sums[i].devices);
	return 0;
}

static double _of_node(const cluster_node_t *node, int metric)
{
	switch (metric) {
	case NODE_USABLE:
		return node->usable;
	case NODE_FREE:
		return devset_count(_free_devices(node));
	case NODE_USED:
		return devset_count(node->used);
	default:
		return devset_count(node->masked);
	}
}

static void _add_nodes(const look_t *look)
{
	if (look->node_count > look->nodes_max)
		return;
	for (int metric = NODE_USABLE; metric <= NODE_MASKED; metric++) {
		for (uint32_t n = 0; n < look->cluster->node_count; n++) {
			const cluster_node_t *node = &look->cluster->nodes[n];

			if (node->profile)
				_add(look->metrics, metric, node->name, NULL,
				     _of_node(node, metric));
		}
	}
}

static int _write(look_t *look)
{
	_list_families(look);
	_count_nodes(look);
	if (_count_jobs(look))
		return -1;
	_add_families(look);
	_add_sizes(look, FREE_SETS);
	_add_sizes(look, FREE_SET_NODES);
	_add_sizes(look, FRAGMENTATION);
	if (_add_fabric(look))
		return -1;
	_add_faulty(look, DEVICE_MASKED);
	_add_faulty(look, DEVICE_SUSPECT);
	_add_levels(look);
	if (_add_pending(look))
		return -1;
	_add_nodes(look);
	return 0;
}

extern int of_cluster_write(const cluster_t *cluster, uint32_t nodes_max,
			    metrics_t *metrics, neuron_error_t *err)
{
	look_t *look = calloc(1, sizeof(*look));
	int rc = -1;

	if (look) {
		look->cluster = cluster;
		look->nodes_max = nodes_max;
		look->metrics = metrics;
		rc = _write(look);
	}
	free(look);
	return rc ? neuron_error_set(err, ENOMEM, "out of memory") : 0;
}

/*
 * What slurmctld counts
 */

static void _add_histogram(metrics_t *metrics, int metric, const char *value,
			   const double *bounds, const uint64_t *counts,
			   unsigned int bins, double sum)
{
	const char *values[] = {value, NULL};
	metrics_histogram_t histogram = {bounds, counts, bins - 1, sum};

	(void) metrics_add_histogram(metrics, &metrics_of_cluster[metric],
				     values, &histogram);
}

static void _add_tally(metrics_t *metrics, const tally_t *tally)
{
	for (int q = 0; q < TALLY_QUESTIONS; q++) {
		for (int o = 0; o < TALLY_OUTCOMES; o++)
			_add(metrics, DECISIONS,
			     tally_question_name((tally_question_t) q),
			     tally_outcome_name((tally_outcome_t) o),
			     (double) tally->outcomes[q][o]);
	}
	for (int q = 0; q < TALLY_QUESTIONS; q++)
		_add_histogram(metrics, DECISION_SECONDS,
			       tally_question_name((tally_question_t) q),
			       tally_time_bounds(), tally->time_bins[q],
			       TALLY_TIME_BINS,
			       (double) tally->nanoseconds[q] / NANOSECONDS);
	_add(metrics, TAKEN_BACK, NULL, NULL, (double) tally->taken_back);
	for (unsigned int i = 0; i <= FABRIC_LEVELS_MAX; i++) {
		char name[16];

		_level_name(i, name);
		if (tally->levels[i] || i < 3)
			_add(metrics, PLACEMENTS, name, NULL,
			     (double) tally->levels[i]);
	}
	_add_histogram(metrics, PLACEMENT_DAMAGE, NULL, tally_damage_bounds(),
		       tally->damage_bins, TALLY_DAMAGE_BINS,
		       (double) tally->damage);
	_add(metrics, STATS_TIME, NULL, NULL, (double) tally->written);
}

/* RET 0, also when there is no such file yet; -1 with a sentence */
static int _read_tally(const char *path, metrics_t *metrics,
		       neuron_error_t *err)
{
	neuron_error_t why;
	tally_t tally;
	char *text = file_read(path, TALLY_TEXT_MAX, NULL, &why);

	if (!text)
		return (errno == ENOENT) ? 0
					 : neuron_error_set(err, errno,
							    "StatsFile: %.400s",
							    why.text);
	if (tally_decode(text, &tally, &why)) {
		free(text);
		return neuron_error_set(err, EINVAL, "StatsFile=%.200s: %.200s",
					path, why.text);
	}
	free(text);
	_add_tally(metrics, &tally);
	return 0;
}

static int _load(of_cluster_t *what, cluster_t *cluster, neuron_error_t *err)
{
	json_object *snapshot =
		what->snapshot
			? snapshot_read(what->snapshot, err)
			: snapshot_take_again(what->conf, &what->cache, err);
	conf_t *conf = NULL;
	int rc = -1;

	if (!snapshot)
		return -1;
	if (what->snapshot)
		rc = cluster_create(cluster, snapshot, err);
	else if ((conf = conf_read(what->conf, NEURON_PROFILE_DIR, hosts_expand,
				   err)))
		rc = cluster_create_with(cluster, snapshot, conf, err);
	json_object_put(snapshot);
	return rc;
}

extern int of_cluster_measure(void *arg, metrics_t *metrics,
			      neuron_error_t *err)
{
	static bool ready;
	of_cluster_t *what = arg;
	cluster_t cluster;
	const char *stats;
	int rc;

	if (!ready)
		slurm_init(NULL);
	ready = true;
	if (_load(what, &cluster, err))
		return -1;
	rc = of_cluster_write(&cluster, what->nodes_max, metrics, err);
	stats = conf_stats_file(cluster.conf);
	if (!rc && stats && !what->snapshot)
		rc = _read_tally(stats, metrics, err);
	cluster_free(&cluster);
	return rc;
}
