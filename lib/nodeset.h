/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodeset: how lib/ learns which nodes an expression like "trn2-[1-4]" means,
 * and writes one.
 *
 * Slurm has its own rules for that and the library must agree with them, so
 * the caller brings the function: plugins and programs pass Slurm's hostlist,
 * unit tests a comma splitter.
 */
#ifndef NEURON_NODESET_H
#define NEURON_NODESET_H

#include <stddef.h>
#include <stdint.h>

/* Called for each node name in order; returns 0 to go on, -1 to stop */
typedef int (*nodeset_each_t)(const char *name, void *arg);

/*
 * Expand an expression, calling each() for every name.
 * RET 0; -1 with errno EINVAL when the text is not an expression, or -1 with
 *	errno untouched when each() stopped.
 */
typedef int (*nodeset_expand_t)(const char *text, nodeset_each_t each,
				void *arg);

/*
 * The reverse: one expression for names, in their order.
 * RET text for free(); NULL with errno ENOMEM.
 */
typedef char *(*nodeset_fold_t)(const char *const *names, uint32_t count);

#endif
