/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launch: from the devices of a job, step or task to its environment.
 *
 * Facts: Neuron Runtime configuration and developer guides
 * (NEURON_RT_VISIBLE_CORES, NEURON_RT_NUM_CORES, NEURON_RT_ROOT_COMM_ID,
 * NEURON_LOGICAL_NC_CONFIG), Neuron's guide to JAX variables
 * (NEURON_PJRT_...), torch-neuronx (how it reads them, see launch_task()),
 * libfabric prov/efa/src/efa_env.c (FI_EFA_IFACE). Core ids are logical cores:
 * device d has the ids d * L to d * L + L - 1, where L is
 * profile_logical_cores().
 */
#ifndef NEURON_LAUNCH_H
#define NEURON_LAUNCH_H

#include "conf.h"
#include "options.h"
#include "server.h"

/* Room for the longest list of cores: 16 devices x 8 ids of 3 digits */
#define LAUNCH_CORES_MAX 1024
#define LAUNCH_IFACES_MAX 1024
#define LAUNCH_CORES_PER_DEVICE_MAX 64

/*
 * Core ids of a set of devices, ascending, as a comma list without ranges
 * (frameworks exist that split on commas only).
 * IN cores_per_device - logical cores of a device, 1 to 64.
 * IN visible - the devices the process can open: with CONF_RELATIVE the ids
 *	count from the first of them.
 * OUT buf - receives the list; "" for the empty set.
 * RET its length; -1 with errno ENOSPC or EINVAL.
 */
extern int launch_cores(devset_t devices, devset_t visible,
			unsigned int cores_per_device,
			conf_numbering_t numbering, char *buf, size_t size);

/* Set (value) or remove (NULL) a variable. RET 0; -1 stops. */
typedef int (*launch_set_t)(const char *name, const char *value, void *arg);

typedef struct {
	devset_t devices; /* of the job, step or task */
	devset_t visible; /* see launch_cores() */
	unsigned int cores_per_device;
	unsigned int lnc; /* 0: the family has no choice */
	conf_numbering_t numbering;
	/* verbs names of the interfaces that belong to the devices, in order
	 * of GRES index, comma list; "": none */
	const char *ifaces;
} launch_t;

/*
 * Set the variables that say which hardware is whose:
 *
 *	NEURON_RT_VISIBLE_CORES	see launch_cores(); "" without devices
 *	NEURON_RT_NUM_CORES	number of those ids; removed without devices
 *	NEURON_LOGICAL_NC_CONFIG	the LNC; removed when lnc is 0
 *	SLURM_NEURON_DEVICES	the devices, "4-7"; "" without devices
 *	FI_EFA_IFACE		the interfaces; removed without any
 *	FI_PROVIDER		"efa" with interfaces; else untouched
 *
 * and, with devices, remove CUDA_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES,
 * ZE_AFFINITY_MASK and GPU_DEVICE_ORDINAL, which never mean a Neuron device.
 * Without devices those are left alone: the job may have GPUs.
 * RET 0; -1 when set() stopped or a list does not fit.
 */
extern int launch_environment(const launch_t *launch, launch_set_t set,
			      void *arg);

/*
 * Tasks
 */

/* A variable is no longer than this, with name, "=" and final NUL
 * (Linux, MAX_ARG_STRLEN) */
#define LAUNCH_STRING_MAX (128 * 1024)
#define LAUNCH_IFACE_NAME_MAX 64
#define LAUNCH_ADDRESS_MAX 256
/* Longest host in NEURON_RT_ROOT_COMM_ID (Neuron Runtime developer guide) */
#define LAUNCH_ROOT_HOST_MAX 63

/* One node of a step */
typedef struct {
	devset_t devices; /* of the step there */
	uint32_t tasks;
	/* The global rank of each of them; NULL: tasks are numbered node by
	 * node in the order of nodes */
	const uint32_t *ranks;
} launch_node_t;

typedef struct {
	/* The step. A batch script or shell is a step of one node and task. */
	const launch_node_t *nodes;
	uint32_t node_count;
	/* This task */
	uint32_t node; /* index in nodes */
	uint32_t local; /* task of that node, 0 to tasks - 1 */
	/* Slurm bound these devices to it; 0: it shares those of its node */
	devset_t bound;
	/* This machine. Nodes of one step are of one family and have one LNC.
	 */
	devset_t visible; /* see launch_cores() */
	uint32_t cores_per_device; /* logical, with the LNC of the job */
	uint32_t lnc; /* 0: the family has no choice */
	conf_numbering_t numbering;
	devset_t efas; /* interfaces of the step on this node */
	const uint32_t *efa_of; /* by device; UINT32_MAX: none */
	const char (
		*iface)[LAUNCH_IFACE_NAME_MAX]; /* by interface; "" unknown */
	bool fork_unsafe; /* Linux before 5.15: see FI_EFA_FORK_SAFE */
	/* What was asked */
	option_launch_t mode;
	option_env_t level;
	uint32_t tp; /* 0: not given */
	/* Where rank 0 is met, see root.h; "" and NULL: not known */
	const char *address;
	uint16_t root_port, master_port; /* 0: not known */
	const char *socket_iface; /* with the address of this node */
	const char *compile_cache; /* URL or path */
	const server_group_t *group; /* NULL: the nodes are none */
} launch_task_t;

/* One sentence for the user */
typedef void (*launch_warn_t)(const char *text, void *arg);

/*
 * Give the variables of one task.
 *
 * mode process: the tasks of a node share its cores in consecutive slices, task
 * i the i-th one. With cores / tasks not a whole number slices are rounded
 * down; without enough cores the last tasks get none; both warn. A process that
 * owns several cores needs consecutive ids (Neuron Runtime developer guide),
 * so that slices follow ids and not the ring of devices; on all families
 * consecutive devices are joined, and the device sets of jobs are consecutive
 * (shape.h).
 * mode core: each core is a process of its own. Every task has the full list
 * of its node, and a process takes element LOCAL_RANK of it, as torch-neuronx
 * does below torchrun, which requires LOCAL_WORLD_SIZE to be the length of the
 * list. A node has one task (torchrun) or one for each core; else a warning.
 * In both modes a task with devices bound to it has these alone, as a whole;
 * the other tasks are taken to have equal parts.
 *
 * In order, all for level full, [b] also for basic, [n] also for none:
 *
 *	SLURM_NEURON_DEVICES [n]	devices on which the cores lie, "4-7"
 *	NEURON_RT_VISIBLE_CORES [b]	ids, comma list; "" for none
 *	NEURON_RT_NUM_CORES [b]	how many; not for none
 *	NEURON_LOGICAL_NC_CONFIG [b]	lnc, where there is a choice
 *	FI_EFA_IFACE [b]	interfaces of these devices that the step has
 *	FI_PROVIDER [b]		"efa", with interfaces
 *	NEURON_RT_ROOT_COMM_ID [b]	address:root_port, an IPv6 address in
 *				brackets; for hosts up to LAUNCH_ROOT_HOST_MAX
 *	FI_EFA_USE_DEVICE_RDMA	"1", with interfaces
 *	FI_EFA_FORK_SAFE	"1", with interfaces where fork() is unsafe
 *	CCOM_SOCKET_IFNAME	socket_iface
 *	NEURON_PJRT_PROCESSES_NUM_DEVICES	cores of each process of the
 *				step by rank (mode process: tasks; mode core:
 *				a 1 for each core). Left out with a warning
 *				where it is longer than LAUNCH_STRING_MAX;
 *				when all are 1, then
 *	NEURON_PJRT_WORLD_SIZE	their number instead
 *	NEURON_PJRT_PROCESS_INDEX	index of this process; in mode core with
 *				one task for a node, of its first process
 *	NEURON_RT_ULTRASERVER_..., NEURON_GLOBAL_TOPOID...,
 *	NEURON_ULTRASERVER_NODE_CONFIG	see server.h
 *	NEURON_COMPILE_CACHE_URL	compile_cache
 *	MASTER_ADDR, MASTER_PORT	address and master_port
 *	RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE	task and tasks of the
 *				step and of this node
 *	NODE_RANK, GROUP_RANK	this node
 *	SLURM_NEURON_TP		tp
 *
 * A variable that has no value is not given; set() gets no NULL.
 * RET 0; -1 with errno EINVAL (an index or size out of range; nothing was set
 *	then), ENOMEM, ENOSPC (more than LAUNCH_CORES_MAX bytes of cores), or
 *	when set() stopped.
 */
extern int launch_task(const launch_task_t *task, launch_set_t set,
		       launch_warn_t warn, void *arg);

/* Cores of a task of mode process: first and count within those of its node */
extern void launch_slice(uint32_t cores, uint32_t tasks, uint32_t local,
			 uint32_t *first, uint32_t *count);

/*
 * Does a value that the user gave a variable contradict the allocation?
 * Cores, their number and interfaces must be among those of the step on this
 * node; sizes, ranks, LNC and UltraServer variables must be what launch_task()
 * gives; other variables say nothing about the allocation.
 * IN given - what launch_task() gives.
 */
extern bool launch_contradicts(const launch_task_t *task, const char *name,
			       const char *value, const char *given);

#endif
