/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audit: the configuration of a cluster against itself, against what slurmctld
 * runs with, and against its machines.
 *
 * Looked at are slurm.conf, neuron.conf, gres.conf, topology.conf,
 * topology.yaml and cgroup.conf of one directory. Each finding says where it
 * is and, when it can, how the line is right.
 */
#ifndef NEURON_AUDIT_H
#define NEURON_AUDIT_H

#include "inventory.h"

/* Nodes of a finding that are named one by one */
#define AUDIT_LIST_MAX 200

typedef enum {
	AUDIT_HINT, /* something better is possible */
	AUDIT_WARNING, /* it works, and not as it should */
	AUDIT_ERROR /* slurmctld or slurmd will refuse it, or jobs suffer */
} audit_level_t;

typedef struct {
	audit_level_t level;
	/* a word that stays the same between releases, "gres-types" */
	const char *id;
	const char *file; /* "": no file */
	unsigned int line; /* 0: no line */
	const char *text; /* what is wrong */
	const char *right; /* the line or file as it should be, "" */
} audit_finding_t;

typedef struct audit audit_t;

/* What slurmctld says; NULL where it says nothing */
typedef struct {
	const char *name;
	const char *gres;
	const char *reason; /* why it is not used */
	bool refused; /* what slurmd found is not what slurm.conf says */
	const char *comment; /* its masks, lib/mask.h */
	const char *features; /* available ones, see software.h */
} audit_node_t;

typedef struct {
	const char *name;
	const char *nodes;
	bool exclusive_user;
} audit_partition_t;

typedef struct {
	const char *version; /* "24.11.5" */
	const char *plugin_dir;
	const char *gres_types;
	const char *select_type;
	const char *topology_plugin;
	const char *topology_param;
	const char *job_submit_plugins;
	const audit_node_t *nodes;
	uint32_t node_count;
	const audit_partition_t *partitions;
	uint32_t partition_count;
} audit_running_t;

typedef struct {
	const char *directory; /* of slurm.conf */
	const char *neuron_conf; /* path */
	const char *profile_directory; /* where neuron.conf names none */
	/* where plugins are when slurm.conf has no PluginDir; NULL: not known
	 */
	const char *plugin_directory;
	/* rules about versions, where neuron.conf names none; NULL: none */
	const char *version_rules;
	nodeset_expand_t expand;
	nodeset_fold_t fold;
	const audit_running_t *running; /* NULL: not asked */
	const inventory_t *machines; /* finished; NULL: not given */
} audit_source_t;

/*
 * RET for audit_destroy(), also when nothing is right; NULL with errno ENOMEM.
 */
extern audit_t *audit_create(const audit_source_t *source, neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void audit_destroy(audit_t *audit);

/* In order of discovery; NULL behind the last */
extern const audit_finding_t *audit_finding(const audit_t *audit,
					    uint32_t index);
extern uint32_t audit_count(const audit_t *audit, audit_level_t level);
/* "error", "warning", "hint" */
extern const char *audit_level_name(audit_level_t level);

#endif
