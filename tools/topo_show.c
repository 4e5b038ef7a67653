/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo show: the cluster as a picture */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capacity.h"
#include "hosts.h"
#include "show.h"
#include "svg.h"
#include "topo.h"

/* Seconds between two pictures of --watch */
#define WATCH_LEAST 1
#define WATCH_MOST 3600
#define WATCH_DEFAULT 5
/* Nodes whose free sets are listed one by one */
#define NODES_LISTED 16

static int _show(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_show = {
	.name = "show",
	.arguments = "[OPTION...] [NODES]",
	.help = "every node's devices and NeuronLinks, one letter a job",
	.details =
		"  --json\n"
		"  --svg FILE           draw it; - is standard output\n"
		"  --html FILE          the same in a page that zooms\n"
		"  --watch[=SECONDS]    again and again; default every 5 seconds\n"
		"\n"
		"NODES is a host list; default: all. Letters are jobs, dots are free devices,\n"
		"bold lines are NeuronLinks inside a job.\n",
	.run = _show,
};

typedef struct {
	const char *nodes;
	const char *svg;
	const char *html;
	uint32_t watch; /* seconds; 0: once */
	bool json;
} wish_t;

/*
 * Which nodes
 */

typedef struct {
	const cluster_t *cluster;
	bool *wanted;
	const char *unknown;
	char name[64];
} filter_t;

static int _want(const char *name, void *arg)
{
	filter_t *filter = arg;
	int64_t node = cluster_node(filter->cluster, name);

	if (node < 0) {
		snprintf(filter->name, sizeof(filter->name), "%s", name);
		filter->unknown = filter->name;
		return -1;
	}
	filter->wanted[node] = true;
	return 0;
}

/* Nodes that are not wanted are as if they had no devices */
static int _filter(cluster_t *cluster, const char *nodes, neuron_error_t *err)
{
	filter_t filter = {.cluster = cluster};
	int rc = 0;

	if (!nodes)
		return 0;
	filter.wanted = calloc((size_t) cluster->node_count + 1, sizeof(bool));
	if (!filter.wanted)
		return neuron_error_set(err, ENOMEM, "out of memory");
	if (hosts_expand(nodes, _want, &filter))
		rc = neuron_error_set(err, ENOENT, "%s: there is no node %s",
				      nodes,
				      filter.unknown ? filter.unknown : nodes);
	for (uint32_t n = 0; !rc && (n < cluster->node_count); n++) {
		if (!filter.wanted[n])
			cluster->nodes[n].profile = NULL;
	}
	free(filter.wanted);
	return rc;
}

/*
 * Free sets
 */

static unsigned int _largest(const cluster_t *cluster)
{
	unsigned int largest = 0;

	for (uint32_t n = 0; n < cluster->node_count; n++) {
		const profile_t *profile = cluster->nodes[n].profile;

		if (profile && (profile_device_count(profile) > largest))
			largest = profile_device_count(profile);
	}
	return largest;
}

static void _print_nodes(const cluster_t *cluster)
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < cluster->node_count; n++)
		count += (cluster->nodes[n].profile != NULL);
	if (count > NODES_LISTED)
		return;
	for (uint32_t n = 0; n < cluster->node_count; n++) {
		char text[128];

		if (!cluster->nodes[n].profile)
			continue;
		capacity_text(cluster, n, text, sizeof(text));
		printf("  %-16s %s\n", cluster->nodes[n].name, text);
	}
}

static void _print_capacity(const cluster_t *cluster)
{
	unsigned int largest = _largest(cluster);

	printf("\nFree devices can still take, in shape %s,\n",
	       shape_tier_name(conf_tier(cluster->conf)));
	for (unsigned int size = 1; size <= largest; size++) {
		capacity_t capacity;

		if ((size & (size - 1)) && (size != largest))
			continue;
		capacity = capacity_of(cluster, size);
		printf("  %6u set%s of %-2u on %u node%s\n", capacity.sets,
		       (capacity.sets == 1) ? " " : "s", size, capacity.nodes,
		       (capacity.nodes == 1) ? "" : "s");
	}
	_print_nodes(cluster);
}

/*
 * JSON
 */

static json_object *_holders_json(const cluster_t *cluster, uint32_t node)
{
	json_object *list = json_object_new_array();
	unsigned int count = profile_device_count(cluster->nodes[node].profile);

	for (unsigned int d = 0; d < count; d++) {
		int64_t holder = cluster_holder(cluster, node, d);

		json_object_array_add(
			list, (holder < 0)
				      ? NULL
				      : json_object_new_int64(
						cluster->jobs[holder].job_id));
	}
	return list;
}

static json_object *_mask_json(const mask_t *mask)
{
	json_object *list = json_object_new_array();

	for (int d = -1; mask && (d = devset_next(mask->devices, d)) >= 0;) {
		json_object *one = json_object_new_object();

		json_object_object_add(one, "device", json_object_new_int(d));
		json_object_object_add(
			one, "reason",
			json_object_new_string(mask->reasons[d]));
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *_groups_json(const cluster_t *cluster, uint32_t node)
{
	json_object *list = json_object_new_array();

	for (int64_t group = fabric_node_group(cluster->fabric, node);
	     group >= 0;
	     group = fabric_group_parent(cluster->fabric, (uint32_t) group))
		json_object_array_add(
			list, json_object_new_string(fabric_group_name(
				      cluster->fabric, (uint32_t) group)));
	return list;
}

static json_object *_node_json(const cluster_t *cluster, uint32_t n)
{
	const cluster_node_t *node = &cluster->nodes[n];
	json_object *one = json_object_new_object();
	char text[128];

	json_object_object_add(one, "name", json_object_new_string(node->name));
	json_object_object_add(
		one, "profile",
		json_object_new_string(profile_name(node->profile)));
	json_object_object_add(one, "state",
			       json_object_new_string(node->state));
	json_object_object_add(one, "usable",
			       json_object_new_boolean(node->usable));
	json_object_object_add(one, "groups", _groups_json(cluster, n));
	json_object_object_add(one, "devices", _holders_json(cluster, n));
	json_object_object_add(one, "masked", _mask_json(node->mask));
	json_object_object_add(one, "suspect", _mask_json(node->suspects));
	capacity_text(cluster, n, text, sizeof(text));
	json_object_object_add(one, "can_take", json_object_new_string(text));
	return one;
}

static json_object *_capacity_json(const cluster_t *cluster)
{
	json_object *list = json_object_new_array();
	unsigned int largest = _largest(cluster);

	for (unsigned int size = 1; size <= largest; size++) {
		capacity_t capacity = capacity_of(cluster, size);
		json_object *one = json_object_new_object();

		json_object_object_add(one, "devices",
				       json_object_new_int((int) size));
		json_object_object_add(one, "sets",
				       json_object_new_int64(capacity.sets));
		json_object_object_add(one, "nodes",
				       json_object_new_int64(capacity.nodes));
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *_job_json(const cluster_job_t *job)
{
	json_object *one = json_object_new_object();

	json_object_object_add(one, "job_id",
			       json_object_new_int64(job->job_id));
	json_object_object_add(one, "user_name",
			       json_object_new_string(job->user));
	json_object_object_add(one, "name", json_object_new_string(job->name));
	json_object_object_add(one, "devices",
			       json_object_new_int64(job->devices));
	return one;
}

static json_object *_json(const cluster_t *cluster)
{
	json_object *all = json_object_new_object();
	json_object *nodes = json_object_new_array();
	json_object *jobs = json_object_new_array();

	for (uint32_t n = 0; n < cluster->node_count; n++) {
		if (cluster->nodes[n].profile)
			json_object_array_add(nodes, _node_json(cluster, n));
	}
	for (uint32_t i = 0; i < cluster->job_count; i++) {
		if (cluster->jobs[i].devices)
			json_object_array_add(jobs,
					      _job_json(&cluster->jobs[i]));
	}
	json_object_object_add(all, "time",
			       json_object_new_int64(cluster->now));
	json_object_object_add(all, "nodes", nodes);
	json_object_object_add(all, "jobs", jobs);
	json_object_object_add(all, "can_take", _capacity_json(cluster));
	return all;
}

/*
 * Pictures
 */

static int _draw(const cluster_t *cluster, const char *path,
		 int (*write)(const cluster_t *, FILE *), neuron_error_t *err)
{
	bool is_stdout = !strcmp(path, "-");
	FILE *file = is_stdout ? stdout : fopen(path, "we");
	int rc = file ? write(cluster, file) : -1;
	int errnum = errno;

	if (file && !is_stdout && fclose(file) && !rc) {
		rc = -1;
		errnum = errno;
	}
	return rc ? neuron_error_set(err, errnum, "%s: %s", path,
				     strerror(errnum))
		  : 0;
}

static int _picture(const topo_t *topo, const wish_t *wish, cluster_t *cluster,
		    neuron_error_t *err)
{
	if (_filter(cluster, wish->nodes, err))
		return -1;
	if (wish->json)
		return topo_print_json(&topo_show, _json(cluster));
	if (wish->svg && _draw(cluster, wish->svg, svg_write, err))
		return -1;
	if (wish->html && _draw(cluster, wish->html, svg_write_html, err))
		return -1;
	if (wish->svg || wish->html)
		return 0;
	if (show_cluster(cluster, stdout, topo->colour, topo->width))
		return neuron_error_set(err, ENOMEM, "out of memory");
	_print_capacity(cluster);
	return 0;
}

static int _show_once(const topo_t *topo, const wish_t *wish)
{
	cluster_t cluster;
	neuron_error_t err;
	int rc;

	if (topo_load(topo, &cluster, &err))
		return topo_fail(&topo_show, &err);
	rc = _picture(topo, wish, &cluster, &err);
	cluster_free(&cluster);
	return (rc < 0) ? topo_fail(&topo_show, &err) : rc;
}

static int _show_all(const topo_t *topo, const wish_t *wish)
{
	bool screen = isatty(STDOUT_FILENO) && !wish->json && !wish->svg &&
		      !wish->html;
	int rc = TOPO_GOOD;

	do {
		if (wish->watch && screen)
			fputs("\033[H\033[2J", stdout);
		rc = _show_once(topo, wish);
		if (fflush(stdout))
			return TOPO_BAD;
	} while (!rc && wish->watch && !sleep(wish->watch));
	return rc;
}

static int _seconds(const char *text, uint32_t *seconds)
{
	char *end;
	unsigned long value = text ? strtoul(text, &end, 10) : WATCH_DEFAULT;

	if (text && (*end || (text[0] < '0') || (text[0] > '9') ||
		     (value < WATCH_LEAST) || (value > WATCH_MOST))) {
		fprintf(stderr,
			"neuron-topo show: --watch=%.32s: it must be seconds, %d to %d\n",
			text, WATCH_LEAST, WATCH_MOST);
		return -1;
	}
	*seconds = (uint32_t) value;
	return 0;
}

static int _show(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"svg", required_argument, NULL, 's'},
		{"html", required_argument, NULL, 'H'},
		{"watch", optional_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	wish_t wish = {.json = false};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'j')
			wish.json = true;
		else if (option == 's')
			wish.svg = optarg;
		else if (option == 'H')
			wish.html = optarg;
		else if ((option != 'w') || _seconds(optarg, &wish.watch)) {
			if (option != 'w')
				topo_usage(&topo_show,
					   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind < argc)
		wish.nodes = argv[optind++];
	if (optind == argc)
		return _show_all(topo, &wish);
	topo_usage(&topo_show, stderr);
	return TOPO_USAGE;
}
