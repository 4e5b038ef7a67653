/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "running.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "client.h"

struct running {
	audit_running_t public;
	/* texts of the members above belong to these */
	slurm_conf_t *conf;
	node_info_msg_t *nodes;
	partition_info_msg_t *partitions;
};

/* libslurm would end this program: let it end another one */
static bool _can_ask(void)
{
	slurm_conf_t *conf;
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (!child) {
		slurm_init(NULL);
		_exit(slurm_load_ctl_conf(0, &conf) ? 1 : 0);
	}
	while ((child > 0) && (waitpid(child, &status, 0) < 0)) {
		if (errno != EINTR)
			return false;
	}
	return (child > 0) && WIFEXITED(status) && !WEXITSTATUS(status);
}

static int _fill_nodes(running_t *running)
{
	const node_info_msg_t *msg = running->nodes;
	audit_node_t *nodes =
		calloc((size_t) msg->record_count + 1, sizeof(*nodes));
	uint32_t count = 0;

	if (!nodes)
		return -1;
	for (uint32_t i = 0; i < msg->record_count; i++) {
		const node_info_t *node = &msg->node_array[i];

		if (!node->name)
			continue;
		nodes[count++] = (audit_node_t){
			.name = node->name,
			.gres = node->gres,
			.reason = node->reason,
			.comment = node->comment,
			.features = node->features,
			.refused = node->node_state & NODE_STATE_INVALID_REG,
		};
	}
	running->public.nodes = nodes;
	running->public.node_count = count;
	return 0;
}

static int _fill_partitions(running_t *running)
{
	const partition_info_msg_t *msg = running->partitions;
	audit_partition_t *partitions =
		calloc((size_t) msg->record_count + 1, sizeof(*partitions));
	uint32_t count = 0;

	if (!partitions)
		return -1;
	for (uint32_t i = 0; i < msg->record_count; i++) {
		const partition_info_t *partition = &msg->partition_array[i];

		if (!partition->name)
			continue;
		partitions[count++] = (audit_partition_t){
			.name = partition->name,
			.nodes = partition->nodes,
			.exclusive_user =
				partition->flags & PART_FLAG_EXCLUSIVE_USER,
		};
	}
	running->public.partitions = partitions;
	running->public.partition_count = count;
	return 0;
}

static void _fill_conf(running_t *running)
{
	const slurm_conf_t *conf = running->conf;

	running->public.version = conf->version;
	running->public.plugin_dir = conf->plugindir;
	running->public.gres_types = conf->gres_plugins;
	running->public.select_type = conf->select_type;
	running->public.topology_plugin = conf->topology_plugin;
	running->public.topology_param = conf->topology_param;
	running->public.job_submit_plugins = conf->job_submit_plugins;
}

extern running_t *running_load(neuron_error_t *err)
{
	running_t *running = calloc(1, sizeof(*running));

	if (!running) {
		(void) neuron_error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	if (!_can_ask()) {
		free(running);
		(void) neuron_error_set(err, ENOENT,
					"slurmctld cannot be asked");
		return NULL;
	}
	slurm_init(NULL);
	if (slurm_load_ctl_conf(0, &running->conf) ||
	    slurm_load_node(0, &running->nodes, SHOW_ALL) ||
	    slurm_load_partitions(0, &running->partitions, SHOW_ALL)) {
		running_free(running);
		(void) neuron_error_set(err, ENOENT,
					"slurmctld cannot be asked");
		return NULL;
	}
	_fill_conf(running);
	if (!_fill_nodes(running) && !_fill_partitions(running))
		return running;
	running_free(running);
	(void) neuron_error_set(err, ENOMEM, "out of memory");
	return NULL;
}

extern void running_free(running_t *running)
{
	if (!running)
		return;
	free((audit_node_t *) running->public.nodes);
	free((audit_partition_t *) running->public.partitions);
	if (running->conf)
		client_free_ctl_conf(running->conf);
	if (running->nodes)
		slurm_free_node_info_msg(running->nodes);
	if (running->partitions)
		slurm_free_partition_info_msg(running->partitions);
	free(running);
}

extern const audit_running_t *running_get(const running_t *running)
{
	return &running->public;
}
