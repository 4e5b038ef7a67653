/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hosts.h"
#include "snapshot.h"

/* What slurmctld's plugins write before a job's options in AdminComment */
#define OPTIONS_PREFIX "neuron: "

/*
 * Values of a snapshot
 */

/* RET NULL: it is not there or of another type */
static json_object *_get(json_object *from, const char *key, json_type type)
{
	json_object *value;

	if (!json_object_object_get_ex(from, key, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

static const char *_text(json_object *from, const char *key)
{
	json_object *value = _get(from, key, json_type_string);

	return value ? json_object_get_string(value) : "";
}

static void _copy(json_object *from, const char *key, char *buf, size_t size)
{
	snprintf(buf, size, "%s", _text(from, key));
}

static int64_t _number(json_object *from, const char *key)
{
	json_object *value = _get(from, key, json_type_int);

	return value ? json_object_get_int64(value) : 0;
}

/* RET 0 to UINT32_MAX; 0 also for what is out of range */
static uint32_t _count(json_object *from, const char *key)
{
	int64_t number = _number(from, key);

	return ((number < 0) || (number > UINT32_MAX)) ? 0 : (uint32_t) number;
}

static bool _is(json_object *from, const char *key)
{
	json_object *value = _get(from, key, json_type_boolean);

	return value && json_object_get_boolean(value);
}

static devset_t _set(json_object *from, const char *key)
{
	devset_t set = 0;

	(void) devset_decode(_text(from, key), DEVSET_MAX, &set, NULL);
	return set;
}

static int _missing(const char *key, neuron_error_t *err)
{
	return neuron_error_set(
		err, EINVAL,
		"the snapshot has no %s; it must be one of \"neuron-topo snapshot\"",
		key);
}

/* RET the list; NULL with a sentence */
static json_object *_list(json_object *from, const char *key,
			  neuron_error_t *err)
{
	json_object *list = _get(from, key, json_type_array);

	if (!list)
		(void) _missing(key, err);
	return list;
}

static int _out_of_memory(neuron_error_t *err)
{
	return neuron_error_set(err, ENOMEM, "out of memory");
}

/*
 * neuron.conf, with the profiles of the snapshot
 */

static void _path_of(const char *dir, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s.json", dir, name);
}

static bool _is_name(const char *name)
{
	return name[0] && (name[0] != '.') && !strchr(name, '/') &&
	       (strlen(name) < CONF_NAME_MAX);
}

static int _write_profiles(const char *dir, json_object *profiles,
			   neuron_error_t *err)
{
	json_object_object_foreach(profiles, name, profile)
	{
		char path[256];

		_path_of(dir, name, path, sizeof(path));
		if (!_is_name(name) || json_object_to_file(path, profile))
			return neuron_error_set(
				err, EIO,
				"profile %.64s of the snapshot: %s cannot be written",
				name, path);
	}
	return 0;
}

static void _remove_profiles(const char *dir, json_object *profiles)
{
	json_object_object_foreach(profiles, name, profile)
	{
		char path[256];

		(void) profile;
		_path_of(dir, name, path, sizeof(path));
		if (_is_name(name))
			(void) remove(path);
	}
	(void) rmdir(dir);
}

static int _load_conf(cluster_t *cluster, json_object *snapshot,
		      neuron_error_t *err)
{
	json_object *profiles = _get(snapshot, "profiles", json_type_object);
	const char *tmp = getenv("TMPDIR");
	char dir[128];

	if (!profiles || !_text(snapshot, "neuron_conf")[0])
		return _missing("profiles and neuron_conf", err);
	snprintf(dir, sizeof(dir), "%.64s/neuron-topo-XXXXXX",
		 tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return neuron_error_set(err, EIO, "%s: %s", dir,
					strerror(errno));
	if (!_write_profiles(dir, profiles, err))
		cluster->conf =
			conf_decode(_text(snapshot, "neuron_conf"),
				    "neuron.conf", dir, hosts_expand, err);
	_remove_profiles(dir, profiles);
	return cluster->conf ? 0 : -1;
}

/*
 * Nodes
 */

static int _compare_name(const void *a, const void *b)
{
	const cluster_node_t *x = *(const cluster_node_t *const *) a;
	const cluster_node_t *y = *(const cluster_node_t *const *) b;

	return strcmp(x->name, y->name);
}

static int _lookup(const char *name, void *arg)
{
	const cluster_t *cluster = arg;
	cluster_node_t wanted = {.name = (char *) name};
	const cluster_node_t *key = &wanted, **found;

	found = bsearch(&key, cluster->by_name, cluster->node_count,
			sizeof(*cluster->by_name), _compare_name);
	return found ? (int) (*found)->index : -1;
}

extern int64_t cluster_node(const cluster_t *cluster, const char *name)
{
	return _lookup(name, (void *) cluster);
}

/* IN member - of the snapshot, what stands there behind a key. OUT mask - NULL:
 * there is none */
static int _load_items(const cluster_node_t *node, json_object *from,
		       const char *member, mask_t **mask, neuron_error_t *err)
{
	const char *items = _text(from, member);
	char text[MASK_COMMENT_MAX];
	neuron_error_t why;

	if (!items[0] || !node->profile)
		return 0;
	snprintf(text, sizeof(text), MASK_KEY "%s", items);
	if (!(*mask = malloc(sizeof(**mask))))
		return _out_of_memory(err);
	mask_init(*mask);
	if (mask_decode(text, *mask, &why))
		return neuron_error_set(err, EINVAL,
					"%s of node %.64s: %.400s", member,
					node->name, why.text);
	mask_remove(*mask, ~profile_devices(node->profile));
	return 0;
}

static int _load_mask(cluster_node_t *node, json_object *from,
		      neuron_error_t *err)
{
	if (_load_items(node, from, "mask", &node->mask, err) ||
	    _load_items(node, from, "suspect", &node->suspects, err))
		return -1;
	if (!node->mask)
		return 0;
	node->masked = node->mask->devices;
	node->masked_efas = mask_efas(node->profile, node->masked);
	return 0;
}

static int _add_node(cluster_t *cluster, json_object *from, neuron_error_t *err)
{
	uint32_t index = cluster->node_count;
	cluster_node_t *node = &cluster->nodes[index];
	int conf;

	if (!(node->name = strdup(_text(from, "name"))))
		return _out_of_memory(err);
	conf = conf_node_index(cluster->conf, node->name);
	node->index = index;
	if (conf >= 0) {
		node->profile = conf_node_profile(cluster->conf, conf);
		node->shape = conf_node_shape(cluster->conf, conf);
	}
	node->cpus = _count(from, "cpus");
	node->weight = _count(from, "weight");
	node->usable = _is(from, "usable");
	_copy(from, "state", node->state, sizeof(node->state));
	_copy(from, "reason", node->reason, sizeof(node->reason));
	cluster->by_name[index] = node;
	cluster->node_count++;
	return _load_mask(node, from, err);
}

static int _load_nodes(cluster_t *cluster, json_object *snapshot,
		       neuron_error_t *err)
{
	json_object *list = _list(snapshot, "nodes", err);
	size_t count = list ? json_object_array_length(list) : 0;

	if (!list)
		return -1;
	if (count > FABRIC_NODES_MAX)
		return neuron_error_set(
			err, EINVAL, "the snapshot has %zu nodes; at most %d",
			count, FABRIC_NODES_MAX);
	cluster->nodes = calloc(count + 1, sizeof(*cluster->nodes));
	cluster->by_name = calloc(count + 1, sizeof(*cluster->by_name));
	if (!cluster->nodes || !cluster->by_name)
		return _out_of_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (_add_node(cluster, json_object_array_get_idx(list, i), err))
			return -1;
	}
	qsort(cluster->by_name, cluster->node_count, sizeof(*cluster->by_name),
	      _compare_name);
	return 0;
}

/*
 * Fabric
 */

static int _add_ultraservers(cluster_t *cluster, neuron_error_t *err)
{
	uint32_t members[CONF_ULTRASERVER_MEMBERS_MAX];
	conf_ultraserver_t us;

	for (unsigned int i = 0; !conf_ultraserver(cluster->conf, i, &us);
	     i++) {
		for (unsigned int m = 0; m < us.member_count; m++) {
			int node = _lookup(us.members[m], cluster);

			if (node < 0)
				return neuron_error_set(
					err, ENOENT,
					"neuron.conf:%u: UltraServerName=%s: slurmctld has no node %s",
					us.line, us.name, us.members[m]);
			members[m] = node;
		}
		if (fabric_add_ultraserver(cluster->fabric, us.name, members,
					   us.member_count, us.pairs,
					   us.pair_count, err))
			return -1;
	}
	return 0;
}

static int _load_fabric(cluster_t *cluster, json_object *snapshot,
			neuron_error_t *err)
{
	const char *text = _text(snapshot, "topology_conf");
	fabric_source_t source = {
		.text = text[0] ? text : NULL,
		.origin = "topology.conf",
		.ultraserver_glob = conf_ultraserver_glob(cluster->conf),
		.expand = hosts_expand,
		.lookup = _lookup,
		.lookup_arg = cluster,
		.node_count = cluster->node_count,
	};

	cluster->fabric = fabric_create(&source, err);
	if (!cluster->fabric || _add_ultraservers(cluster, err))
		return -1;
	return fabric_finish(cluster->fabric, err);
}

/*
 * Partitions
 */

typedef struct {
	const cluster_t *cluster;
	bool *has;
} members_t;

static int _note_member(const char *name, void *arg)
{
	members_t *members = arg;
	int64_t node = cluster_node(members->cluster, name);

	if (node >= 0)
		members->has[node] = true;
	return 0;
}

static int _load_partitions(cluster_t *cluster, json_object *snapshot,
			    neuron_error_t *err)
{
	json_object *list = _list(snapshot, "partitions", err);
	size_t count = list ? json_object_array_length(list) : 0;

	if (!list)
		return -1;
	cluster->partitions = calloc(count + 1, sizeof(*cluster->partitions));
	for (size_t i = 0; cluster->partitions && (i < count); i++) {
		json_object *from = json_object_array_get_idx(list, i);
		cluster_partition_t *to = &cluster->partitions[i];
		members_t members = {
			cluster,
			calloc((size_t) cluster->node_count + 1, sizeof(bool))};

		to->has = members.has;
		to->name = strdup(_text(from, "name"));
		to->is_default = _is(from, "default");
		to->up = _is(from, "up");
		cluster->partition_count++;
		if (!to->has || !to->name)
			return _out_of_memory(err);
		if (_text(from, "nodes")[0])
			(void) hosts_expand(_text(from, "nodes"), _note_member,
					    &members);
	}
	return cluster->partitions ? 0 : _out_of_memory(err);
}

extern const cluster_partition_t *cluster_partition(const cluster_t *cluster,
						    const char *name)
{
	for (uint32_t i = 0; i < cluster->partition_count; i++) {
		const cluster_partition_t *one = &cluster->partitions[i];

		if (name ? !strcmp(one->name, name) : one->is_default)
			return one;
	}
	return NULL;
}

extern int cluster_partitions(const cluster_t *cluster, const char *names,
			      cluster_partition_t *all, neuron_error_t *err)
{
	const char *at = names;

	*all = (cluster_partition_t){
		.has = calloc((size_t) cluster->node_count + 1, sizeof(bool))};
	if (!all->has)
		return _out_of_memory(err);
	do {
		size_t length = at ? strcspn(at, ",") : 0;
		const cluster_partition_t *one;
		char name[256];

		snprintf(name, sizeof(name), "%.*s", (int) length,
			 at ? at : "");
		one = cluster_partition(cluster, at ? name : NULL);
		if (!one) {
			free(all->has);
			all->has = NULL;
			return neuron_error_set(
				err, ENOENT, "--partition %.64s: there is none",
				at ? name : "(default)");
		}
		for (uint32_t n = 0; n < cluster->node_count; n++)
			all->has[n] |= one->has[n];
		at = (at && at[length]) ? at + length + 1 : NULL;
	} while (at);
	return 0;
}

/*
 * Jobs
 */

static void _hold(cluster_t *cluster, const cluster_share_t *share,
		  uint32_t job)
{
	cluster_node_t *node = &cluster->nodes[share->node];

	node->used |= share->devices;
	node->used_efas |= share->efas;
	for (int d = -1; (d = devset_next(share->devices, d)) >= 0;) {
		if (d < PROFILE_DEVICES_MAX)
			node->holders[d] = job + 1;
	}
	cluster->jobs[job].devices += devset_count(share->devices);
}

static int _load_shares(cluster_t *cluster, json_object *from, uint32_t index)
{
	cluster_job_t *job = &cluster->jobs[index];
	json_object *list = _get(from, "shares", json_type_array);
	size_t count = list ? json_object_array_length(list) : 0;

	job->shares = calloc(count + 1, sizeof(*job->shares));
	for (size_t i = 0; job->shares && (i < count); i++) {
		json_object *one = json_object_array_get_idx(list, i);
		int64_t node = cluster_node(cluster, _text(one, "node"));
		cluster_share_t *share = &job->shares[job->share_count];

		if (node < 0)
			continue;
		*share =
			(cluster_share_t){(uint32_t) node, _set(one, "devices"),
					  _set(one, "efas")};
		job->share_count++;
		if (job->state == CLUSTER_RUNNING)
			_hold(cluster, share, index);
	}
	return job->shares ? 0 : -1;
}

static void _load_request(json_object *from, cluster_job_t *job)
{
	const char *per_node = _text(from, "tres_per_node");
	const char *per_task = _text(from, "tres_per_task");
	gres_entry_t node, task, efa_node, efa_task;
	request_t *request = &job->request;

	if (gres_list_find(per_node, "neuron", &node, NULL) ||
	    gres_list_find(per_task, "neuron", &task, NULL) ||
	    gres_list_find(per_node, "efa", &efa_node, NULL) ||
	    gres_list_find(per_task, "efa", &efa_task, NULL) ||
	    !((node.present && node.count) != (task.present && task.count)))
		return;
	job->asks = true;
	snprintf(request->type, sizeof(request->type), "%s",
		 node.present ? node.type : task.type);
	request->per_node = node.present ? node.count : 0;
	request->per_task = task.present ? task.count : 0;
	job->efa_per_node = efa_node.present ? efa_node.count : 0;
	job->efa_per_task = efa_task.present ? efa_task.count : 0;
	job->with_efa = job->efa_per_node || job->efa_per_task;
	request->tasks = _count(from, "tasks") ? _count(from, "tasks") : 1;
	request->tasks_per_node = _count(from, "tasks_per_node");
	request->nodes_min =
		_count(from, "node_count") ? _count(from, "node_count") : 1;
	request->nodes_max = _count(from, "max_nodes")
				     ? _count(from, "max_nodes")
				     : UINT32_MAX;
	request->whole_node = _is(from, "exclusive");
}

static void _load_times(const cluster_t *cluster, json_object *from,
			cluster_job_t *job)
{
	uint32_t minutes = _count(from, "time_limit");

	job->since = _number(from, "eligible_time");
	if (!job->since)
		job->since = _number(from, "submit_time");
	job->start = _number(from, "start_time");
	job->end = _number(from, "end_time");
	job->seconds = (minutes > UINT32_MAX / 60) ? 0 : minutes * 60;
	if (!job->seconds || (job->end <= 0))
		job->end = OUTLOOK_NEVER;
	(void) cluster;
}

static void _load_tier(const cluster_t *cluster, json_object *from,
		       cluster_job_t *job)
{
	const char *comment =
		strstr(_text(from, "admin_comment"), OPTIONS_PREFIX);
	char text[OPTIONS_TEXT_MAX] = "";
	uint32_t wait = conf_tier_wait(cluster->conf);
	int64_t waited = cluster->now - job->since;

	if (comment) {
		comment += strlen(OPTIONS_PREFIX);
		snprintf(text, sizeof(text), "%.*s",
			 (int) strcspn(comment, " \n;"), comment);
	}
	(void) options_decode(text, &job->options, NULL);
	if (options_has(&job->options, OPTION_WAIT))
		wait = job->options.wait;
	if ((waited < 0) || !job->since)
		waited = 0;
	job->request.tier = shape_tier_after(
		options_tier(&job->options, conf_tier(cluster->conf)),
		(waited > UINT32_MAX) ? UINT32_MAX : (uint32_t) waited, wait);
}

static cluster_state_t _state_of(const char *name)
{
	if (!strcmp(name, "PENDING"))
		return CLUSTER_PENDING;
	/* a job that completes still holds what it has */
	if (!strcmp(name, "RUNNING") || !strcmp(name, "SUSPENDED") ||
	    !strcmp(name, "COMPLETING"))
		return CLUSTER_RUNNING;
	return CLUSTER_OTHER;
}

static int _add_job(cluster_t *cluster, json_object *from)
{
	uint32_t index = cluster->job_count;
	cluster_job_t *job = &cluster->jobs[index];
	const char *described = _text(from, "state_description");

	cluster->job_count++;
	job->job_id = _count(from, "job_id");
	_copy(from, "display_id", job->display_id, sizeof(job->display_id));
	_copy(from, "user_name", job->user, sizeof(job->user));
	_copy(from, "name", job->name, sizeof(job->name));
	_copy(from, "partition", job->partition, sizeof(job->partition));
	_copy(from, "job_state", job->state_name, sizeof(job->state_name));
	_copy(from, "features", job->features, sizeof(job->features));
	snprintf(job->reason, sizeof(job->reason), "%s",
		 described[0] ? described : _text(from, "state_reason"));
	job->state = _state_of(job->state_name);
	job->nodes = _count(from, "node_count");
	job->cpus = _count(from, "cpus");
	job->required = strdup(_text(from, "required_nodes"));
	job->excluded = strdup(_text(from, "excluded_nodes"));
	_load_request(from, job);
	_load_times(cluster, from, job);
	_load_tier(cluster, from, job);
	if (!job->required || !job->excluded)
		return -1;
	return _load_shares(cluster, from, index);
}

static int _load_jobs(cluster_t *cluster, json_object *snapshot,
		      neuron_error_t *err)
{
	json_object *list = _list(snapshot, "jobs", err);
	size_t count = list ? json_object_array_length(list) : 0;

	if (!list)
		return -1;
	cluster->jobs = calloc(count + 1, sizeof(*cluster->jobs));
	for (size_t i = 0; cluster->jobs && (i < count); i++) {
		if (_add_job(cluster, json_object_array_get_idx(list, i)))
			return _out_of_memory(err);
	}
	return cluster->jobs ? 0 : _out_of_memory(err);
}

extern const cluster_job_t *cluster_job(const cluster_t *cluster,
					const char *id)
{
	char *end;
	unsigned long number = strtoul(id, &end, 10);
	bool is_number = (id[0] >= '0') && (id[0] <= '9') && !*end;

	for (uint32_t i = 0; i < cluster->job_count; i++) {
		const cluster_job_t *job = &cluster->jobs[i];

		if ((is_number && (job->job_id == number)) ||
		    (job->display_id[0] && !strcmp(job->display_id, id)))
			return job;
	}
	return NULL;
}

/*
 * Public functions
 */

static int _load(cluster_t *cluster, json_object *snapshot, neuron_error_t *err)
{
	cluster->now = _number(snapshot, "time");
	if (strcmp(_text(snapshot, "format"), SNAPSHOT_FORMAT))
		return neuron_error_set(
			err, EINVAL,
			"the snapshot has format \"%.32s\"; this program reads \"" SNAPSHOT_FORMAT
			"\"",
			_text(snapshot, "format"));
	return ((!cluster->conf && _load_conf(cluster, snapshot, err)) ||
		_load_nodes(cluster, snapshot, err) ||
		_load_fabric(cluster, snapshot, err) ||
		_load_partitions(cluster, snapshot, err) ||
		_load_jobs(cluster, snapshot, err))
		       ? -1
		       : 0;
}

extern int cluster_create_with(cluster_t *cluster, json_object *snapshot,
			       conf_t *conf, neuron_error_t *err)
{
	memset(cluster, 0, sizeof(*cluster));
	cluster->conf = conf;
	if (!_load(cluster, snapshot, err))
		return 0;
	cluster_free(cluster);
	return -1;
}

extern int cluster_create(cluster_t *cluster, json_object *snapshot,
			  neuron_error_t *err)
{
	return cluster_create_with(cluster, snapshot, NULL, err);
}

static void _free_job(cluster_job_t *job)
{
	free(job->shares);
	free(job->required);
	free(job->excluded);
}

extern void cluster_free(cluster_t *cluster)
{
	int errnum = errno;

	for (uint32_t i = 0; i < cluster->node_count; i++) {
		free(cluster->nodes[i].name);
		free(cluster->nodes[i].mask);
		free(cluster->nodes[i].suspects);
	}
	for (uint32_t i = 0; i < cluster->job_count; i++)
		_free_job(&cluster->jobs[i]);
	for (uint32_t i = 0; i < cluster->partition_count; i++) {
		free(cluster->partitions[i].name);
		free(cluster->partitions[i].has);
	}
	free(cluster->nodes);
	free(cluster->by_name);
	free(cluster->jobs);
	free(cluster->partitions);
	fabric_destroy(cluster->fabric);
	conf_destroy(cluster->conf);
	memset(cluster, 0, sizeof(*cluster));
	errno = errnum;
}

extern int64_t cluster_holder(const cluster_t *cluster, uint32_t node,
			      unsigned int device)
{
	return (int64_t) cluster->nodes[node].holders[device] - 1;
}
