/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot: neuron.conf, the fabric, nodes, partitions and jobs at one moment,
 * as one JSON object: what cluster.h reads.
 *
 *	format		"neuron-topo-snapshot-1"
 *	time		when, seconds since 1970
 *	neuron_conf	text of the file, without ProfileDir
 *	topology_conf	text of the file; missing without one
 *	profiles	each profile that is in use, by its name
 *	nodes[]		name, cpus, weight, state, usable, reason, mask, suspect
 *			(as in lib/mask.h without their keys; missing without
 *			any)
 *	partitions[]	name, nodes (host list), default, up
 *	jobs[]		those that ask or hold Neuron devices; see _job() for
 *			the keys, whose names are those of squeue --json where
 *			it has them
 */
#ifndef NEURON_SNAPSHOT_H
#define NEURON_SNAPSHOT_H

#include <json-c/json.h>

#include "lib/error.h"

#define SNAPSHOT_FORMAT "neuron-topo-snapshot-1"
/* Longest snapshot that is read, bytes: 65,536 nodes and jobs */
#define SNAPSHOT_MAX (256 * 1024 * 1024)

/*
 * Ask slurmctld.
 * IN path - neuron.conf; topology.conf is looked for beside it.
 * RET NULL with errno ENOENT, EINVAL, EIO or ENOMEM.
 */
extern json_object *snapshot_take(const char *path, neuron_error_t *err);

/*
 * What slurmctld said last, for a program that asks again and again: of nodes,
 * partitions and jobs only those lists come anew in which anything changed.
 * All zero at first.
 */
typedef struct {
	void *nodes;
	void *partitions;
	void *jobs;
} snapshot_cache_t;

/* The same with a cache. On failure it holds what was true before. */
extern json_object *snapshot_take_again(const char *path,
					snapshot_cache_t *cache,
					neuron_error_t *err);
extern void snapshot_cache_release(snapshot_cache_t *cache);

/* From a file, "-" is standard input. RET as snapshot_take() */
extern json_object *snapshot_read(const char *path, neuron_error_t *err);

#endif
