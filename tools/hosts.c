/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <slurm/slurm.h>

extern int hosts_expand(const char *text, nodeset_each_t each, void *arg)
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

extern char *hosts_fold(const char *const *names, uint32_t count)
{
	hostlist_t *list = slurm_hostlist_create("");
	size_t size = 16; /* Slurm wants some bytes to spare */
	char *text = NULL;

	for (uint32_t i = 0; list && i < count; i++) {
		slurm_hostlist_push_host(list, names[i]);
		/* never longer than the names one by one, in brackets */
		size += strlen(names[i]) + 3;
	}
	if (list && (text = malloc(size)) &&
	    slurm_hostlist_ranged_string(list, size, text) < 0) {
		free(text);
		text = NULL;
	}
	if (list)
		slurm_hostlist_destroy(list);
	if (!text)
		errno = ENOMEM;
	return text;
}
