/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/conf.h"

#include "layout.h"

#define CONF_PATH_MAX 4096

static void _conf_path(const char *slurm_conf, char *path, size_t size)
{
	const char *slash = slurm_conf ? strrchr(slurm_conf, '/') : NULL;

	if (slash)
		snprintf(path, size, "%.*s/neuron.conf",
			 (int) (slash - slurm_conf), slurm_conf);
	else
		snprintf(path, size, "%s/neuron.conf", SLURM_SYSCONFDIR);
}

extern int devices_root(const char *slurm_conf, const char *node,
			char root[DEVICES_ROOT_MAX], fault_t *fault)
{
	char path[CONF_PATH_MAX];
	neuron_error_t err;
	conf_t *conf;
	int rc;

	root[0] = '\0';
	_conf_path(slurm_conf, path, sizeof(path));
	if (access(path, F_OK))
		return 0;
	conf = conf_read(path, NEURON_PROFILE_DIR, layout_expand, &err);
	if (!conf)
		return fault_set(fault, RINGCHECK_USAGE, "%s", err.text);
	rc = conf_root(conf, node, root, DEVICES_ROOT_MAX);
	conf_destroy(conf);
	if (rc >= 0)
		return 0;
	return fault_set(fault, RINGCHECK_USAGE,
			 "%s: Root cannot be made for the node %s", path, node);
}

extern int devices_open(devset_t devices, const char *root, fault_t *fault)
{
	for (int i = devset_first(devices); i >= 0;
	     i = devset_next(devices, i)) {
		char path[DEVICES_ROOT_MAX + 32];
		int fd;

		snprintf(path, sizeof(path), "%s/dev/neuron%d", root, i);
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			return fault_set(fault, RINGCHECK_DEVICE,
					 "cannot open %.300s: %s (errno %d)",
					 path, strerror(errno), errno);
		close(fd);
	}
	return 0;
}
