/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slurm 25.05: its headers and names */
#ifndef NEURON_RELEASE_H
#define NEURON_RELEASE_H

#include "config.h"
#include "slurm/slurm.h"
#include "slurm/slurm_errno.h"
#include "slurm/slurm_version.h"
#include "src/common/slurm_xlator.h"
#include "src/common/bitstring.h"
#include "src/common/core_array.h"
#include "src/common/env.h"
#include "src/common/hostlist.h"
#include "src/common/job_resources.h"
#include "src/common/list.h"
#include "src/common/log.h"
#include "src/common/node_conf.h"
#include "src/common/pack.h"
#include "src/common/read_config.h"
#include "src/common/run_in_daemon.h"
#include "src/common/strnatcmp.h"
#include "src/common/xmalloc.h"
#include "src/common/xstring.h"
#include "src/interfaces/gres.h"
#include "src/interfaces/select.h"
#include "src/interfaces/topology.h"
#include "src/slurmctld/slurmctld.h"

/* Of functions of a topology plugin: it can have several configurations */
#define TOPOLOGY_CONTEXT (topology_ctx_t *tctx)
#define TOPOLOGY_CONTEXT_ARGUMENT (tctx)
/* The same of functions about one configuration, behind other parameters */
#define TOPOLOGY_DATA , void *tctx
#define TOPOLOGY_DATA_ARGUMENT , tctx
/* No function that ranks the nodes of a job */
#define TOPOLOGY_RANK_ENTRY
/* Values that Slurm reads of a topology plugin, beside plugin_id */
#define TOPOLOGY_VALUES(VALUE) VALUE(bool, supports_exclusive_topo)
/* Where it is, Slurm ignores TopologyPlugin and loads the plugins that it
 * names, which can only be Slurm's own */
#define TOPOLOGY_FILE "topology.yaml"
/* The stock plugin that knows no switches */
#define TOPOLOGY_FLAT "topology/flat"
/* Slurm takes the plugin with this id for cons_tres, as it should */
#define SELECT_NEURON_ID SELECT_PLUGIN_CONS_TRES

/* Asked about a moment, cons_tres takes jobs as gone that end so many seconds
 * before it, or more */
#define WILL_RUN_AFTER 0

/* cons_tres has a way of its own for jobs of at most one node, which does not
 * ask the topology plugin to choose */
#define SELECT_ONE_NODE_SHORTCUT 0

/* slurmstepd has no name for the record of its step */
#define STEP_IS_GLOBAL 0

/*
 * Data of slurmctld: clients and slurmd load some of these plugins too and
 * have none of it, so that a strong reference would keep them from loading.
 */
#pragma weak node_record_table_ptr
#pragma weak node_record_count
#pragma weak job_list
#pragma weak find_job_record
#pragma weak part_list
#pragma weak default_part_loc
#pragma weak slurmctld_tres_cnt
#pragma weak update_node_avail_features
#pragma weak update_node_active_features

/* Slurm wants ids of switch plugins that differ; those below 100 are refused,
 * its own are 104 and 105 */
#define SWITCH_NEURON_ID 150

#endif
