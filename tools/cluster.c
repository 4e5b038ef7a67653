/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	hostlist_t *list = slurm_hostlist_create(text);
	char *name;
	int rc = 0;

	if (!list) {
		errno = EINVAL;
		return -1;
	}
	while (!rc && (name = slurm_hostlist_shift(list))) {
		rc = each(name, arg);
		free(name);
	}
	slurm_hostlist_destroy(list);
	return rc;
}

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

static int _add_nodes(cluster_t *cluster, const node_info_msg_t *msg)
{
	uint32_t room = msg->record_count + 1;

	cluster->nodes = calloc(room, sizeof(*cluster->nodes));
	cluster->by_name = calloc(room, sizeof(*cluster->by_name));
	if (!cluster->nodes || !cluster->by_name)
		return -1;
	for (uint32_t i = 0; i < msg->record_count; i++) {
		uint32_t index = cluster->node_count;
		cluster_node_t *node = &cluster->nodes[index];
		const char *name = msg->node_array[i].name;
		int conf = name ? conf_node_index(cluster->conf, name) : -1;

		if (!name)
			continue;
		if (!(node->name = strdup(name)))
			return -1;
		node->index = index;
		if (conf >= 0)
			node->profile = conf_node_profile(cluster->conf, conf);
		cluster->by_name[index] = node;
		cluster->node_count++;
	}
	qsort(cluster->by_name, cluster->node_count, sizeof(*cluster->by_name),
	      _compare_name);
	return 0;
}

static int _load_nodes(cluster_t *cluster, neuron_error_t *err)
{
	node_info_msg_t *msg = NULL;
	int rc;

	if (slurm_load_node(0, &msg, SHOW_ALL))
		return neuron_error_set(err, EIO, "cannot ask slurmctld: %s",
					slurm_strerror(errno));
	rc = _add_nodes(cluster, msg);
	slurm_free_node_info_msg(msg);
	if (rc)
		return neuron_error_set(err, ENOMEM, "out of memory");
	return 0;
}

/* RET text for free(); NULL without such a file */
static char *_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FABRIC_FILE_MAX + 1) : NULL;
	size_t length;

	if (text) {
		length = fread(text, 1, FABRIC_FILE_MAX, file);
		text[length] = '\0';
	}
	if (file)
		fclose(file);
	return text;
}

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

static int _load_fabric(cluster_t *cluster, const char *path,
			neuron_error_t *err)
{
	const char *slash = strrchr(path, '/');
	char topology[4096];
	char *text;
	fabric_source_t source = {
		.origin = topology,
		.ultraserver_glob = conf_ultraserver_glob(cluster->conf),
		.expand = _expand,
		.lookup = _lookup,
		.lookup_arg = cluster,
		.node_count = cluster->node_count,
	};

	snprintf(topology, sizeof(topology), "%.*stopology.conf",
		 slash ? (int) (slash - path + 1) : 0, path);
	source.text = text = _read(topology);
	cluster->fabric = fabric_create(&source, err);
	free(text);
	if (!cluster->fabric || _add_ultraservers(cluster, err))
		return -1;
	return fabric_finish(cluster->fabric, err);
}

/* The device set in "neuron:trn2:4(IDX:4-7),efa:4(IDX:4-7)" */
static devset_t _devices_in(const char *detail)
{
	const char *start = detail ? strstr(detail, "neuron:") : NULL;
	const char *index = start ? strstr(start, "(IDX:") : NULL;
	const char *comma = start ? strstr(start, "),") : NULL;
	char text[DEVSET_TEXT_MAX];
	devset_t set = 0;
	size_t length;

	if (!index || (comma && (comma < index)))
		return 0;
	index += strlen("(IDX:");
	length = strcspn(index, ")");
	if (length >= sizeof(text))
		return 0;
	memcpy(text, index, length);
	text[length] = '\0';
	(void) devset_decode(text, DEVSET_MAX, &set, NULL);
	return set;
}

static void _hold(cluster_t *cluster, const char *name, devset_t devices,
		  uint32_t job)
{
	int node = _lookup(name, cluster);

	if (node < 0)
		return;
	for (int d = -1; (d = devset_next(devices, d)) >= 0;) {
		if (d < PROFILE_DEVICES_MAX)
			cluster->nodes[node].holders[d] = job + 1;
	}
	cluster->jobs[job].devices += devset_count(devices);
}

static void _describe(const job_info_t *info, cluster_job_t *job)
{
	struct passwd *user = getpwuid(info->user_id);

	job->job_id = info->job_id;
	job->nodes = info->num_nodes;
	job->running = ((info->job_state & JOB_STATE_BASE) == JOB_RUNNING);
	snprintf(job->name, sizeof(job->name), "%s",
		 info->name ? info->name : "");
	if (user)
		snprintf(job->user, sizeof(job->user), "%s", user->pw_name);
	else
		snprintf(job->user, sizeof(job->user), "%u", info->user_id);
}

static void _add_job(cluster_t *cluster, const job_info_t *info)
{
	uint32_t job = cluster->job_count;
	hostlist_t *list;
	char *node;

	if (!info->nodes || !info->gres_detail_cnt ||
	    !(list = slurm_hostlist_create(info->nodes)))
		return;
	_describe(info, &cluster->jobs[job]);
	for (uint32_t i = 0;
	     (i < info->gres_detail_cnt) && (node = slurm_hostlist_shift(list));
	     i++) {
		_hold(cluster, node, _devices_in(info->gres_detail_str[i]),
		      job);
		free(node);
	}
	slurm_hostlist_destroy(list);
	if (cluster->jobs[job].devices)
		cluster->job_count++;
}

static int _load_jobs(cluster_t *cluster, neuron_error_t *err)
{
	job_info_msg_t *msg = NULL;

	if (slurm_load_jobs(0, &msg, SHOW_ALL | SHOW_DETAIL))
		return neuron_error_set(err, EIO, "cannot ask slurmctld: %s",
					slurm_strerror(errno));
	cluster->jobs =
		calloc((size_t) msg->record_count + 1, sizeof(*cluster->jobs));
	for (uint32_t i = 0; cluster->jobs && (i < msg->record_count); i++)
		_add_job(cluster, &msg->job_array[i]);
	slurm_free_job_info_msg(msg);
	if (!cluster->jobs)
		return neuron_error_set(err, ENOMEM, "out of memory");
	return 0;
}

extern int cluster_load(cluster_t *cluster, const char *path,
			neuron_error_t *err)
{
	memset(cluster, 0, sizeof(*cluster));
	cluster->conf = conf_read(path, NEURON_PROFILE_DIR, _expand, err);
	if (cluster->conf && !_load_nodes(cluster, err) &&
	    !_load_fabric(cluster, path, err) && !_load_jobs(cluster, err))
		return 0;
	cluster_free(cluster);
	return -1;
}

extern void cluster_free(cluster_t *cluster)
{
	for (uint32_t i = 0; i < cluster->node_count; i++)
		free(cluster->nodes[i].name);
	free(cluster->nodes);
	free(cluster->by_name);
	fabric_destroy(cluster->fabric);
	conf_destroy(cluster->conf);
	free(cluster->jobs);
	memset(cluster, 0, sizeof(*cluster));
}

extern int64_t cluster_holder(const cluster_t *cluster, uint32_t node,
			      unsigned int device)
{
	return (int64_t) cluster->nodes[node].holders[device] - 1;
}
