/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "root.h"

#define NAME_PJRT_COUNTS "NEURON_PJRT_PROCESSES_NUM_DEVICES"
#define ROOT_TEXT_MAX (LAUNCH_ROOT_HOST_MAX + 16)

/* What follows from a task */
typedef struct {
	const launch_task_t *task;
	launch_set_t set;
	launch_warn_t warn;
	void *arg;
	devset_t owned; /* the devices it shares or has bound */
	uint32_t first, count; /* its cores among those of owned */
	devset_t devices; /* on which they lie */
	uint64_t tasks, cores; /* of the step */
	uint64_t index; /* of its first process in the step */
	bool aligned; /* every node has as many tasks as cores */
} plan_t;

static uint32_t _cores_of(const launch_task_t *task, devset_t devices)
{
	return devset_count(devices) * task->cores_per_device;
}

extern void launch_slice(uint32_t cores, uint32_t tasks, uint32_t local,
			 uint32_t *first, uint32_t *count)
{
	*first = *count = 0;
	if (!tasks || local >= tasks)
		return;
	if (tasks > cores) {
		*count = local < cores;
		*first = *count ? local : 0;
		return;
	}
	*count = cores / tasks;
	*first = local * *count;
}

static int _check_nodes(const launch_task_t *task)
{
	uint64_t total = 0;

	for (uint32_t n = 0; n < task->node_count; n++)
		total += task->nodes[n].tasks;
	for (uint32_t n = 0; n < task->node_count; n++) {
		const launch_node_t *node = &task->nodes[n];

		for (uint32_t i = 0; node->ranks && i < node->tasks; i++) {
			if (node->ranks[i] >= total)
				return neuron_error_set(NULL, EINVAL, "rank");
		}
	}
	return total > UINT32_MAX ? neuron_error_set(NULL, EINVAL, "tasks") : 0;
}

static int _check_task(const launch_task_t *task)
{
	devset_t devices, owned;

	if (!task || !task->nodes || task->node >= task->node_count ||
	    task->local >= task->nodes[task->node].tasks ||
	    !task->cores_per_device ||
	    task->cores_per_device > LAUNCH_CORES_PER_DEVICE_MAX)
		return neuron_error_set(NULL, EINVAL, "task out of range");
	devices = task->nodes[task->node].devices;
	owned = task->bound ? task->bound : devices;
	if ((owned & ~devices) ||
	    (task->numbering == CONF_RELATIVE && (owned & ~task->visible)))
		return neuron_error_set(NULL, EINVAL, "devices");
	if (task->efas && (!task->efa_of || !task->iface))
		return neuron_error_set(NULL, EINVAL, "interfaces");
	return _check_nodes(task);
}

/* The device that has a core, counted among those of a set; -1: none */
static int _device_of(const launch_task_t *task, devset_t set, uint32_t core)
{
	int device = devset_first(set);

	for (; device >= 0 && core >= task->cores_per_device;
	     core -= task->cores_per_device)
		device = devset_next(set, device);
	return device;
}

static uint32_t _rank(const launch_task_t *task)
{
	const launch_node_t *own = &task->nodes[task->node];
	uint32_t before = 0;

	if (own->ranks)
		return own->ranks[task->local];
	for (uint32_t n = 0; n < task->node; n++)
		before += task->nodes[n].tasks;
	return before + task->local;
}

static void _plan_step(plan_t *plan)
{
	const launch_task_t *task = plan->task;
	uint64_t before = 0;

	plan->aligned = true;
	for (uint32_t n = 0; n < task->node_count; n++) {
		const launch_node_t *node = &task->nodes[n];
		uint32_t cores = _cores_of(task, node->devices);

		if (n == task->node)
			before = plan->cores;
		plan->tasks += node->tasks;
		plan->cores += cores;
		plan->aligned &= node->tasks == cores;
	}
	if (task->mode == OPTION_LAUNCH_PROCESS || plan->aligned)
		plan->index = _rank(task);
	else
		plan->index = before + task->local;
}

static void _plan(plan_t *plan)
{
	const launch_task_t *task = plan->task;
	const launch_node_t *node = &task->nodes[task->node];
	uint32_t cores;

	_plan_step(plan);
	plan->owned = task->bound ? task->bound : node->devices;
	cores = _cores_of(task, plan->owned);
	if (task->bound || task->mode == OPTION_LAUNCH_CORE)
		plan->count = cores;
	else
		launch_slice(cores, node->tasks, task->local, &plan->first,
			     &plan->count);
	for (uint32_t k = 0; k < plan->count; k += task->cores_per_device)
		plan->devices |= devset_of((unsigned int) _device_of(
			task, plan->owned, plan->first + k));
	if (plan->count)
		plan->devices |= devset_of((unsigned int) _device_of(
			task, plan->owned, plan->first + plan->count - 1));
}

static void _warn(const plan_t *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void _warn(const plan_t *plan, const char *format, ...)
{
	char text[NEURON_ERROR_MAX];
	va_list list;

	if (!plan->warn)
		return;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	plan->warn(text, plan->arg);
}

static void _warn_of_tasks(const plan_t *plan)
{
	const launch_task_t *task = plan->task;
	uint32_t tasks = task->nodes[task->node].tasks;
	uint32_t cores = _cores_of(task, task->nodes[task->node].devices);

	if (task->tp && plan->cores % task->tp)
		_warn(plan,
		      "--neuron-tp=%" PRIu32 ": the %" PRIu64
		      " logical cores of this step are no multiple of it",
		      task->tp, plan->cores);
	if (task->bound || !cores)
		return;
	if (task->mode == OPTION_LAUNCH_CORE) {
		if (tasks != 1 && tasks != cores)
			_warn(plan,
			      "--neuron-launch=core: this node has %" PRIu32
			      " tasks for %" PRIu32
			      " logical cores; frameworks expect one task, "
			      "which starts a process for each core, or as many "
			      "tasks as cores",
			      tasks, cores);
	} else if (tasks > cores) {
		_warn(plan,
		      "this node has %" PRIu32 " tasks and only %" PRIu32
		      " logical cores: the last tasks have none",
		      tasks, cores);
	} else if (cores % tasks) {
		_warn(plan,
		      "%" PRIu32 " logical cores cannot be shared equally by "
		      "%" PRIu32 " tasks: %" PRIu32 " stay unused",
		      cores, tasks, cores % tasks);
	}
}

static int _set(const plan_t *plan, const char *name, const char *value)
{
	return (value && *value) ? plan->set(name, value, plan->arg) : 0;
}

static int _set_number(const plan_t *plan, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return plan->set(name, text, plan->arg);
}

/*
 * Which hardware is whose
 */

/* RET false: there is no room */
static bool _write_cores(const plan_t *plan, char *buf, size_t size)
{
	const launch_task_t *task = plan->task;
	int base = task->numbering == CONF_RELATIVE
			   ? devset_first(task->visible)
			   : 0;
	size_t used = 0;

	buf[0] = '\0';
	for (uint32_t k = plan->first; k < plan->first + plan->count; k++) {
		int device = _device_of(task, plan->owned, k) - base;
		uint32_t id = (uint32_t) device * task->cores_per_device +
			      k % task->cores_per_device;
		int n = snprintf(buf + used, size - used, "%s%" PRIu32,
				 used ? "," : "", id);

		if (n < 0 || (size_t) n >= size - used)
			return false;
		used += (size_t) n;
	}
	return true;
}

/* The interfaces of a set of devices that the step has */
static void _write_ifaces(const launch_task_t *task, devset_t devices,
			  char *buf, size_t size)
{
	devset_t efas = 0;
	size_t used = 0;

	buf[0] = '\0';
	if (!task->efas)
		return;
	for (int d = -1; (d = devset_next(devices, d)) >= 0;) {
		if (d < PROFILE_DEVICES_MAX &&
		    task->efa_of[d] < PROFILE_EFAS_MAX)
			efas |= devset_of(task->efa_of[d]);
	}
	efas &= task->efas;
	for (int e = -1; (e = devset_next(efas, e)) >= 0;) {
		int n = snprintf(buf + used, size - used, "%s%.*s",
				 used ? "," : "", LAUNCH_IFACE_NAME_MAX - 1,
				 task->iface[e]);

		if (!task->iface[e][0] || n < 0 || (size_t) n >= size - used)
			buf[used] = '\0';
		else
			used += (size_t) n;
	}
}

static int _set_root(const plan_t *plan)
{
	const launch_task_t *task = plan->task;
	char text[ROOT_TEXT_MAX];

	if (!task->address || !task->address[0] || !task->root_port)
		return 0;
	if (strnlen(task->address, LAUNCH_ROOT_HOST_MAX + 1) >
		    LAUNCH_ROOT_HOST_MAX ||
	    root_encode(task->address, task->root_port, text, sizeof(text)) <
		    0) {
		_warn(plan,
		      "NEURON_RT_ROOT_COMM_ID is not set: the host name of the "
		      "first node is longer than %d characters",
		      LAUNCH_ROOT_HOST_MAX);
		return 0;
	}
	return plan->set("NEURON_RT_ROOT_COMM_ID", text, plan->arg);
}

static int _set_hardware(const plan_t *plan, const char *ifaces)
{
	const launch_task_t *task = plan->task;
	char cores[LAUNCH_CORES_MAX];

	if (!_write_cores(plan, cores, sizeof(cores)))
		return neuron_error_set(NULL, ENOSPC, "no room");
	if (plan->set("NEURON_RT_VISIBLE_CORES", cores, plan->arg))
		return -1;
	if (plan->count &&
	    _set_number(plan, "NEURON_RT_NUM_CORES", plan->count))
		return -1;
	if (task->lnc &&
	    _set_number(plan, "NEURON_LOGICAL_NC_CONFIG", task->lnc))
		return -1;
	if (_set(plan, "FI_EFA_IFACE", ifaces) ||
	    (ifaces[0] && _set(plan, "FI_PROVIDER", "efa")))
		return -1;
	return _set_root(plan);
}

/*
 * Frameworks
 */

/* OUT counts - by rank, tasks of the step; RET true: all are 1 */
static bool _count_by_rank(const plan_t *plan, uint16_t *counts)
{
	const launch_task_t *task = plan->task;
	uint32_t next = 0;
	bool ones = true;

	for (uint32_t n = 0; n < task->node_count; n++) {
		const launch_node_t *node = &task->nodes[n];
		uint32_t cores = _cores_of(task, node->devices);

		for (uint32_t i = 0; i < node->tasks; i++, next++) {
			uint32_t first, count;

			launch_slice(cores, node->tasks, i, &first, &count);
			ones &= count == 1;
			if (counts)
				counts[node->ranks ? node->ranks[i] : next] =
					(uint16_t) count;
		}
	}
	return ones;
}

/* Write "N,N,..."; counts NULL: a 1 for each; RET false: it does not fit */
static bool _write_counts(const uint16_t *counts, uint64_t number, char *buf,
			  size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (uint64_t i = 0; i < number; i++) {
		int n = snprintf(buf + used, size - used, "%s%u", i ? "," : "",
				 counts ? counts[i] : 1U);

		if (n < 0 || (size_t) n >= size - used)
			return false;
		used += (size_t) n;
	}
	return true;
}

static int _set_long_counts(const plan_t *plan, uint64_t number, bool ones)
{
	_warn(plan,
	      NAME_PJRT_COUNTS " is not set: a list of %" PRIu64
			       " processes is longer than a variable can be%s",
	      number, ones ? "; NEURON_PJRT_WORLD_SIZE is" : "");
	return ones ? _set_number(plan, "NEURON_PJRT_WORLD_SIZE", number) : 0;
}

static int _set_counts(const plan_t *plan)
{
	bool by_core = plan->task->mode == OPTION_LAUNCH_CORE;
	uint64_t number = by_core ? plan->cores : plan->tasks;
	bool ones = by_core || _count_by_rank(plan, NULL), fits = false;
	size_t size = LAUNCH_STRING_MAX - sizeof(NAME_PJRT_COUNTS "=");
	uint16_t *counts = NULL;
	char *buf;
	int rc;

	if (number > size / 2)
		return _set_long_counts(plan, number, ones);
	buf = malloc(size);
	if (!by_core)
		counts = calloc(number, sizeof(*counts));
	if (!buf || (!by_core && !counts)) {
		free(buf);
		free(counts);
		return neuron_error_set(NULL, ENOMEM, "out of memory");
	}
	if (counts)
		(void) _count_by_rank(plan, counts);
	fits = _write_counts(counts, number, buf, size);
	rc = fits ? _set(plan, NAME_PJRT_COUNTS, buf)
		  : _set_long_counts(plan, number, ones);
	free(buf);
	free(counts);
	return rc;
}

static int _set_server(const plan_t *plan)
{
	const server_group_t *group = plan->task->group;

	if (!group)
		return 0;
	if (_set_number(plan, "NEURON_RT_ULTRASERVER_MODE", group->mode) ||
	    _set(plan, "NEURON_RT_ULTRASERVER_SERVER_ID", group->id) ||
	    _set_number(plan, "NEURON_RT_ULTRASERVER_NODE_ID", group->node) ||
	    _set_number(plan, "NEURON_GLOBAL_TOPOID", group->position) ||
	    _set(plan, "NEURON_GLOBAL_TOPOID0_HOST", group->first))
		return -1;
	return _set_number(plan, "NEURON_ULTRASERVER_NODE_CONFIG", group->size);
}

static int _set_torch(const plan_t *plan)
{
	const launch_task_t *task = plan->task;
	const char *address = task->address;

	if (address && address[0] && task->master_port &&
	    (_set(plan, "MASTER_ADDR", address) ||
	     _set_number(plan, "MASTER_PORT", task->master_port)))
		return -1;
	if (_set_number(plan, "RANK", _rank(task)) ||
	    _set_number(plan, "WORLD_SIZE", plan->tasks) ||
	    _set_number(plan, "LOCAL_RANK", task->local) ||
	    _set_number(plan, "LOCAL_WORLD_SIZE",
			task->nodes[task->node].tasks) ||
	    _set_number(plan, "NODE_RANK", task->node))
		return -1;
	return _set_number(plan, "GROUP_RANK", task->node);
}

static int _set_frameworks(const plan_t *plan, const char *ifaces)
{
	const launch_task_t *task = plan->task;

	if (ifaces[0] &&
	    (_set(plan, "FI_EFA_USE_DEVICE_RDMA", "1") ||
	     (task->fork_unsafe && _set(plan, "FI_EFA_FORK_SAFE", "1"))))
		return -1;
	if (_set(plan, "CCOM_SOCKET_IFNAME", task->socket_iface) ||
	    _set_counts(plan) ||
	    _set_number(plan, "NEURON_PJRT_PROCESS_INDEX", plan->index) ||
	    _set_server(plan) ||
	    _set(plan, "NEURON_COMPILE_CACHE_URL", task->compile_cache) ||
	    _set_torch(plan))
		return -1;
	return task->tp ? _set_number(plan, "SLURM_NEURON_TP", task->tp) : 0;
}

extern int launch_task(const launch_task_t *task, launch_set_t set,
		       launch_warn_t warn, void *arg)
{
	plan_t plan = {.task = task, .set = set, .warn = warn, .arg = arg};
	char ifaces[LAUNCH_IFACES_MAX], devices[DEVSET_TEXT_MAX];

	if (!set || _check_task(task))
		return neuron_error_set(NULL, EINVAL, "task out of range");
	_plan(&plan);
	_warn_of_tasks(&plan);
	_write_ifaces(task, plan.devices, ifaces, sizeof(ifaces));
	if (devset_encode(plan.devices, devices, sizeof(devices)) < 0 ||
	    set("SLURM_NEURON_DEVICES", devices, arg))
		return -1;
	if (task->level == OPTION_ENV_NONE)
		return 0;
	if (_set_hardware(&plan, ifaces))
		return -1;
	return task->level == OPTION_ENV_BASIC ? 0
					       : _set_frameworks(&plan, ifaces);
}

/*
 * What users set
 */

/* RET the number at *text, which is moved behind it; -1: none up to 99999 */
static long _read_number(const char **text)
{
	size_t digits = strspn(*text, "0123456789");
	long number = digits && digits <= 5 ? strtol(*text, NULL, 10) : -1;

	*text += digits;
	return number;
}

/* Is "0-3,8" a list of cores of the node? */
static bool _has_cores(const launch_task_t *task, const char *list)
{
	devset_t devices = task->nodes[task->node].devices;
	int base = task->numbering == CONF_RELATIVE
			   ? devset_first(task->visible)
			   : 0;

	for (;; list++) {
		long low = _read_number(&list), high = low;

		if (*list == '-') {
			list++;
			high = _read_number(&list);
		}
		if (low < 0 || high < low ||
		    high >= (long) DEVSET_MAX * LAUNCH_CORES_PER_DEVICE_MAX)
			return false;
		for (; low <= high; low++) {
			long device = low / task->cores_per_device + base;

			if (device >= DEVSET_MAX ||
			    !(devices & devset_of((unsigned int) device)))
				return false;
		}
		if (*list != ',')
			return !*list;
	}
}

static bool _has_ifaces(const launch_task_t *task, const char *list)
{
	char own[LAUNCH_IFACES_MAX + 2] = ",", name[LAUNCH_IFACE_NAME_MAX + 2];

	_write_ifaces(task, task->nodes[task->node].devices, own + 1,
		      sizeof(own) - 2);
	memcpy(own + strlen(own), ",", sizeof(","));
	for (;; list++) {
		size_t length = strcspn(list, ",");
		int n = snprintf(name, sizeof(name), ",%.*s,", (int) length,
				 list);

		if (!length || length >= LAUNCH_IFACE_NAME_MAX || n < 0 ||
		    !strstr(own, name))
			return false;
		list += length;
		if (!*list)
			return true;
	}
}

static bool _is_layout(const char *name)
{
	static const char *const names[] = {
		"NEURON_LOGICAL_NC_CONFIG",
		NAME_PJRT_COUNTS,
		"NEURON_PJRT_WORLD_SIZE",
		"NEURON_PJRT_PROCESS_INDEX",
		"NEURON_RT_ULTRASERVER_MODE",
		"NEURON_RT_ULTRASERVER_SERVER_ID",
		"NEURON_RT_ULTRASERVER_NODE_ID",
		"NEURON_GLOBAL_TOPOID",
		"NEURON_ULTRASERVER_NODE_CONFIG",
		"RANK",
		"WORLD_SIZE",
		"LOCAL_RANK",
		"LOCAL_WORLD_SIZE",
		"NODE_RANK",
		"GROUP_RANK",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

extern bool launch_contradicts(const launch_task_t *task, const char *name,
			       const char *value, const char *given)
{
	if (!strcmp(name, "NEURON_RT_VISIBLE_CORES"))
		return !_has_cores(task, value);
	if (!strcmp(name, "NEURON_RT_NUM_CORES")) {
		const char *at = value;
		long number = _read_number(&at);

		return number < 0 || *at ||
		       number > (long) _cores_of(
					task, task->nodes[task->node].devices);
	}
	if (!strcmp(name, "FI_EFA_IFACE"))
		return !_has_ifaces(task, value);
	return _is_layout(name) && strcmp(value, given);
}
