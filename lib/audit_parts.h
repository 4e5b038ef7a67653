/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audit_parts: what the files of audit share */
#ifndef NEURON_AUDIT_PARTS_H
#define NEURON_AUDIT_PARTS_H

#include "audit.h"
#include "conf.h"
#include "names.h"
#include "slurmconf.h"

/* A node of slurm.conf */
typedef struct {
	const slurmconf_line_t *line;
	const char *gres; /* with those of NodeName=DEFAULT; NULL */
} audit_named_t;

/* What is wrong with one node; see audit_add_node() */
typedef struct audit_pending audit_pending_t;

struct audit {
	const audit_source_t *source;
	audit_finding_t *findings;
	uint32_t count, room;
	bool failed; /* out of memory */
	audit_pending_t *pending;
	uint32_t pending_count, pending_room;
	/* what was read, NULL: it is not there or wrong */
	conf_t *neuron;
	slurmconf_t *slurm;
	slurmconf_t *gres;
	slurmconf_t *cgroup;
	char *slurm_path, *gres_path, *cgroup_path, *topology_path, *yaml_path;
	/* nodes of slurm.conf */
	names_t *names;
	audit_named_t *named;
	uint32_t named_room;
};

/* Where a finding is */
typedef struct {
	audit_level_t level;
	const char *id;
	const char *file; /* NULL: no file */
	unsigned int line;
} audit_place_t;

/* Add a finding. IN right - NULL: not known */
extern void audit_add(audit_t *audit, audit_place_t place, const char *right,
		      const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * Add a finding about a node. Those that differ in nothing else become one,
 * "LIST: text", by audit_flush_nodes().
 * IN name - must stay until then.
 * IN right - what follows "NodeName=LIST " on the line as it should be, or
 *	NULL.
 */
extern void audit_add_node(audit_t *audit, audit_place_t place,
			   const char *name, const char *right, const char *fmt,
			   ...) __attribute__((format(printf, 5, 6)));
extern void audit_flush_nodes(audit_t *audit);
/* The same for a sentence that may begin with its place, "FILE:LINE: " */
extern void audit_add_sentence(audit_t *audit, audit_place_t place,
			       const char *sentence);
/* A place of a line of slurm.conf or gres.conf; IN line - NULL: its file */
extern audit_place_t audit_at(audit_level_t level, const char *id,
			      const slurmconf_line_t *line, const char *file);
/* The list of names, folded and cut, for free(); NULL: audit->failed is set */
extern char *audit_list(audit_t *audit, const char *const *names,
			uint32_t count);

/* A list of nodes that grows */
typedef struct {
	const char **names;
	uint32_t count, room;
} audit_nodes_t;
extern void audit_nodes_add(audit_t *audit, audit_nodes_t *nodes,
			    const char *name);
extern void audit_nodes_release(audit_nodes_t *nodes);

/* Parts of audit_create() */
extern void audit_slurm(audit_t *audit);
extern void audit_nodes(audit_t *audit);
extern void audit_files(audit_t *audit);
extern void audit_plugins(audit_t *audit);
extern void audit_running(audit_t *audit);
extern void audit_machines(audit_t *audit);
extern void audit_versions(audit_t *audit);

#endif
