/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hosts: Slurm's lists of hosts, for lib/nodeset.h */
#ifndef NEURON_HOSTS_H
#define NEURON_HOSTS_H

#include "lib/nodeset.h"

extern int hosts_expand(const char *text, nodeset_each_t each, void *arg);
extern char *hosts_fold(const char *const *names, uint32_t count);

#endif
