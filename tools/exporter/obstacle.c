/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "obstacle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What decides how many nodes could give a job its part */
typedef struct {
	const cluster_partition_t *partition;
	char type[GRES_TYPE_MAX];
	uint32_t devices; /* the fewest on a node */
	shape_tier_t tier;
	bool with_efa;
	bool whole_node;
} kind_t;

/* Nodes, each in the first that is true */
typedef struct {
	uint32_t fit; /* can give a set now */
	uint32_t masked; /* a set but for masked devices */
	uint32_t broken; /* enough devices free, but in no set */
	uint32_t down; /* a set but for the state of the node */
	uint32_t busy; /* a set when all else has ended */
} census_t;

typedef struct {
	const cluster_t *cluster;
	kind_t kinds[OBSTACLE_KINDS_MAX];
	census_t censuses[OBSTACLE_KINDS_MAX];
	uint32_t count;
} look_t;

extern const char *obstacle_name(obstacle_t obstacle)
{
	static const char *const names[] = {
		"held",   "dependency", "limit",   "never",  "shape",
		"masked", "down",       "devices", "fabric", "other"};

	return names[obstacle];
}

/*
 * What slurmctld says
 */

/* Beginnings of its words for reasons, without regard to case */
static const struct {
	const char *word;
	obstacle_t obstacle;
} reasons[] = {
	{"JobHoldMaxRequeue", OBSTACLE_HELD},
	{"Dependency", OBSTACLE_DEPENDENCY},
	{"BeginTime", OBSTACLE_DEPENDENCY},
	{"Licenses", OBSTACLE_DEPENDENCY},
	{"BurstBuffer", OBSTACLE_DEPENDENCY},
	{"Reservation", OBSTACLE_DEPENDENCY},
	{"ReqNodeNotAvail", OBSTACLE_DOWN},
	{"Assoc", OBSTACLE_LIMIT},
	{"QOS", OBSTACLE_LIMIT},
	{"MaxSubmit", OBSTACLE_LIMIT},
	{"JobArrayTaskLimit", OBSTACLE_LIMIT},
	{"Partition", OBSTACLE_LIMIT},
	{"AccountNotAllowed", OBSTACLE_LIMIT},
	{"Invalid", OBSTACLE_LIMIT},
};

static bool _is_said(const cluster_job_t *job, obstacle_t *obstacle)
{
	/* "JobHeldUser", "launch failed requeued held" */
	if (strcasestr(job->reason, "held")) {
		*obstacle = OBSTACLE_HELD;
		return true;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		const char *word = reasons[i].word;

		if (strncasecmp(job->reason, word, strlen(word)))
			continue;
		*obstacle = reasons[i].obstacle;
		return true;
	}
	return false;
}

/*
 * Nodes
 */

static bool _gives(const kind_t *kind, const cluster_node_t *node,
		   devset_t taken, devset_t taken_efas)
{
	devset_t all = profile_devices(node->profile);
	devset_t efas = devset_run(0, profile_efa_count(node->profile));
	shape_pick_t pick;

	if (kind->whole_node)
		return !(taken & all) && (devset_count(all) >= kind->devices);
	return !shape_pick(node->shape, all & ~taken, efas & ~taken_efas,
			   kind->with_efa, kind->devices, kind->tier, &pick);
}

static void _count_node(const kind_t *kind, const cluster_node_t *node,
			census_t *census)
{
	devset_t all = profile_devices(node->profile);
	devset_t taken = node->used | node->masked;
	bool gives =
		_gives(kind, node, taken, node->used_efas | node->masked_efas);

	if (gives && node->usable)
		census->fit++;
	else if (gives)
		census->down++;
	else if (node->usable && node->masked &&
		 _gives(kind, node, node->used, node->used_efas))
		census->masked++;
	else if (node->usable && !kind->whole_node &&
		 (devset_count(all & ~taken) >= kind->devices))
		census->broken++;
	else if (_gives(kind, node, 0, 0))
		census->busy++;
}

static void _count_nodes(const cluster_t *cluster, const kind_t *kind,
			 census_t *census)
{
	*census = (census_t){0};
	for (uint32_t n = 0; n < cluster->node_count; n++) {
		const cluster_node_t *node = &cluster->nodes[n];

		if (node->profile &&
		    (!kind->partition || kind->partition->has[n]) &&
		    (!kind->type[0] ||
		     !strcmp(kind->type, profile_type(node->profile))))
			_count_node(kind, node, census);
	}
}

/* RET NULL: there are too many kinds */
static const census_t *_census(look_t *look, const kind_t *kind)
{
	uint32_t i = 0;

	while (i < look->count && memcmp(&look->kinds[i], kind, sizeof(*kind)))
		i++;
	if (i == OBSTACLE_KINDS_MAX)
		return NULL;
	if (i == look->count) {
		memcpy(&look->kinds[i], kind, sizeof(*kind));
		_count_nodes(look->cluster, kind, &look->censuses[i]);
		look->count++;
	}
	return &look->censuses[i];
}

/*
 * Jobs
 */

static uint32_t _least_devices(const request_t *request)
{
	return request->per_node ? request->per_node : request->per_task;
}

/* Which kind of nodes it is that lacks, when all better ones do not suffice */
static obstacle_t _lacks(const cluster_job_t *job, const census_t *census)
{
	const struct {
		uint32_t nodes;
		obstacle_t obstacle;
	} steps[] = {{census->broken, OBSTACLE_SHAPE},
		     {census->masked, OBSTACLE_MASKED},
		     {census->down, OBSTACLE_DOWN},
		     {census->busy, OBSTACLE_DEVICES}};
	uint64_t nodes = census->fit, wanted = job->request.nodes_min;

	if (nodes >= wanted)
		return (job->options.ultraserver == OPTION_ULTRASERVER_REQUIRE)
			       ? OBSTACLE_FABRIC
			       : OBSTACLE_OTHER;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		nodes += steps[i].nodes;
		if (nodes >= wanted)
			return steps[i].obstacle;
	}
	return OBSTACLE_NEVER;
}

static obstacle_t _obstacle(look_t *look, const cluster_job_t *job)
{
	const census_t *census;
	obstacle_t obstacle;
	kind_t kind;

	if (_is_said(job, &obstacle))
		return obstacle;
	/* compared byte by byte */
	memset(&kind, 0, sizeof(kind));
	kind.partition = cluster_partition(look->cluster, job->partition);
	(void) memcpy(kind.type, job->request.type, strlen(job->request.type));
	kind.devices = _least_devices(&job->request);
	kind.tier = job->request.tier;
	kind.with_efa = job->with_efa;
	kind.whole_node = job->request.whole_node;
	census = _census(look, &kind);
	return census ? _lacks(job, census) : OBSTACLE_OTHER;
}

static uint64_t _devices(const request_t *request)
{
	return request->per_node
		       ? (uint64_t) request->per_node * request->nodes_min
		       : (uint64_t) request->per_task * request->tasks;
}

extern int obstacle_count(const cluster_t *cluster,
			  obstacle_sum_t sums[OBSTACLE_COUNT])
{
	look_t *look = calloc(1, sizeof(*look));

	memset(sums, 0, OBSTACLE_COUNT * sizeof(*sums));
	if (!look) {
		errno = ENOMEM;
		return -1;
	}
	look->cluster = cluster;
	for (uint32_t i = 0; i < cluster->job_count; i++) {
		const cluster_job_t *job = &cluster->jobs[i];
		obstacle_sum_t *sum;
		int64_t waited = cluster->now - job->since;

		if (job->state != CLUSTER_PENDING || !job->asks)
			continue;
		sum = &sums[_obstacle(look, job)];
		sum->jobs++;
		sum->devices += _devices(&job->request);
		if (job->since && waited > sum->oldest)
			sum->oldest = waited;
	}
	free(look);
	return 0;
}
