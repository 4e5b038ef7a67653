/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check_parts: what the files of check share */
#ifndef NEURON_CHECK_PARTS_H
#define NEURON_CHECK_PARTS_H

#include "check.h"
#include "conf.h"
#include "names.h"
#include "slurmconf.h"

/* A node of slurm.conf */
typedef struct {
	const slurmconf_line_t *line;
	const char *gres; /* with those of NodeName=DEFAULT; NULL */
} check_named_t;

/* What is wrong with one node; see check_add_node() */
typedef struct check_pending check_pending_t;

struct check {
	const check_source_t *source;
	check_finding_t *findings;
	uint32_t count, room;
	bool failed; /* out of memory */
	check_pending_t *pending;
	uint32_t pending_count, pending_room;
	/* what was read, NULL: it is not there or wrong */
	conf_t *neuron;
	slurmconf_t *slurm;
	slurmconf_t *gres;
	slurmconf_t *cgroup;
	char *slurm_path, *gres_path, *cgroup_path, *topology_path, *yaml_path;
	/* nodes of slurm.conf */
	names_t *names;
	check_named_t *named;
	uint32_t named_room;
};

/* Where a finding is */
typedef struct {
	check_level_t level;
	const char *id;
	const char *file; /* NULL: no file */
	unsigned int line;
} check_place_t;

/* Add a finding. IN right - NULL: not known */
extern void check_add(check_t *check, check_place_t place, const char *right,
		      const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * Add a finding about a node. Those that differ in nothing else become one,
 * "LIST: text", by check_flush_nodes().
 * IN name - must stay until then.
 * IN right - what follows "NodeName=LIST " on the line as it should be, or
 *	NULL.
 */
extern void check_add_node(check_t *check, check_place_t place,
			   const char *name, const char *right, const char *fmt,
			   ...) __attribute__((format(printf, 5, 6)));
extern void check_flush_nodes(check_t *check);
/* A place of a line of slurm.conf or gres.conf; IN line - NULL: its file */
extern check_place_t check_at(check_level_t level, const char *id,
			      const slurmconf_line_t *line, const char *file);
/* The list of names, folded and cut, for free(); NULL: check->failed is set */
extern char *check_list(check_t *check, const char *const *names,
			uint32_t count);

/* A list of nodes that grows */
typedef struct {
	const char **names;
	uint32_t count, room;
} check_nodes_t;
extern void check_nodes_add(check_t *check, check_nodes_t *nodes,
			    const char *name);
extern void check_nodes_release(check_nodes_t *nodes);

/* Parts of check_create() */
extern void check_slurm(check_t *check);
extern void check_nodes(check_t *check);
extern void check_files(check_t *check);
extern void check_plugins(check_t *check);
extern void check_running(check_t *check);
extern void check_machines(check_t *check);

#endif
