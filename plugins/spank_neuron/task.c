/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task.h"

#include "layout.h"

#include "lib/keep.h"
#include "plugins/common/gres_env.h"
#include "plugins/common/site.h"

#define QUOTE_MAX 160

_Static_assert(sizeof(((machine_t *) NULL)->iface[0]) == LAUNCH_IFACE_NAME_MAX,
	       "launch_task() reads the names of a machine_t");

/* What task_prepare() found; tasks are copies of this process */
static bool prepared;
static options_t options;
static layout_t layout;

/* One task while its environment is set */
typedef struct {
	spank_t spank;
	const launch_task_t *task;
	bool says; /* the last task of a node speaks for all */
} setting_t;

static void _read_template(void)
{
	const template_t *template;
	neuron_error_t err;
	site_t *site;

	if (!options_has(&options, OPTION_TEMPLATE))
		return;
	if (!(site = site_read(&err))) {
		error("spank_neuron: %s", err.text);
		return;
	}
	template = conf_template_of_name(site_conf(site), options.template);
	if (template)
		options_fill(&options, &template->options);
	else
		error("spank_neuron: neuron.conf has no TemplateName=%s",
		      options.template);
	site_destroy(site);
}

extern void task_prepare(const options_t *given)
{
	const gres_peer_t *peer;
	hardware_t hardware;

	if (!hardware_find(&hardware) || !hardware.devices)
		return;
	peer = gres_peer_find("gres/neuron");
	layout_free(&layout);
	options = *given;
	_read_template();
	prepared = layout_find(&hardware, peer->addresses, &layout);
	if (!prepared)
		layout_free(&layout);
}

/* What a user wrote, for his terminal */
static void _quote(const char *value, char *buf)
{
	size_t length = strnlen(value, QUOTE_MAX), used = 0;

	for (size_t i = 0; i < MIN(length, QUOTE_MAX - 4); i++) {
		unsigned char byte = value[i];

		buf[used++] = ((byte < ' ') || (byte > '~')) ? '?' : value[i];
	}
	snprintf(buf + used, QUOTE_MAX - used, "%s",
		 (length > QUOTE_MAX - 4) ? "..." : "");
}

/* launch_task() speaks to keep */
static void _warn(const char *text, void *arg)
{
	if (((setting_t *) ((keep_t *) arg)->arg)->says)
		slurm_spank_log("warning: %s", text);
}

static void _differs(const char *name, const char *value, const char *given,
		     void *arg)
{
	char users[QUOTE_MAX], ours[QUOTE_MAX];
	setting_t *setting = arg;

	if (!setting->says ||
	    !launch_contradicts(setting->task, name, value, given))
		return;
	_quote(value, users);
	_quote(given, ours);
	slurm_spank_log(
		"warning: %s=%s is in the environment and is kept, but what was allocated means %s=%s",
		name, users, name, ours);
}

static const char *_get(const char *name, void *arg)
{
	setting_t *setting = arg;
	char **env = NULL;

	(void) spank_get_item(setting->spank, S_JOB_ENV, &env);
	return gres_env_get(env, name);
}

static int _set(const char *name, const char *value, void *arg)
{
	setting_t *setting = arg;
	spank_err_t rc;

	if (value)
		rc = spank_setenv(setting->spank, name, value, 1);
	else
		rc = spank_unsetenv(setting->spank, name);
	return rc ? -1 : 0;
}

/*
 * Make the environment what the user gave: variables that gres/neuron wrote
 * are as they were before, and those of ours that are no user's are gone.
 */
static void _undo(setting_t *setting)
{
	const gres_peer_t *peer = gres_peer_find("gres/neuron");

	(void) _set("SLURM_NEURON_DEVICES", NULL, setting);
	(void) _set("SLURM_NEURON_TP", NULL, setting);
	for (const gres_before_t *before = peer ? peer->before : NULL;
	     before && before->name; before++)
		(void) _set(before->name, before->value, setting);
}

/* The logical cores of a device, with the LNC that the job asks */
static uint32_t _cores(const machine_t *machine, uint32_t *lnc,
		       const setting_t *setting)
{
	*lnc = machine->lnc;
	if (!options_has(&options, OPTION_LNC))
		return machine->cores_per_device;
	if (*lnc) {
		*lnc = options.lnc;
		return machine->physical_cores / *lnc;
	}
	if ((options.lnc != 1) && setting->says)
		slurm_spank_log(
			"warning: --neuron-lnc=%u: the devices of this node have no choice",
			options.lnc);
	return machine->cores_per_device;
}

static void _describe(const hardware_t *hardware, launch_task_t *task)
{
	const machine_t *machine = hardware->machine;

	task->nodes = layout.nodes;
	task->node_count = layout.node_count;
	task->node = layout.node;
	task->bound = hardware->is_bound ? hardware->bound : 0;
	task->visible = devset_run(0, machine->device_count);
	if (gres_use_local_device_index())
		task->visible = task->bound ? task->bound : hardware->devices;
	task->numbering = machine->numbering;
	task->efas = hardware->efas;
	task->efa_of = machine->efa_of;
	task->iface = machine->iface;
	task->fork_unsafe = machine->fork_unsafe;
	task->mode = options.launch;
	task->level = layout.is_component ? MAX(options.env, OPTION_ENV_BASIC)
					  : options.env;
	task->tp = options.tp;
	task->address = layout.address;
	task->root_port = layout.root_port;
	task->master_port = layout.master_port;
	task->socket_iface = machine->socket_iface;
	if (layout.has_group && (options.ultraserver != OPTION_ULTRASERVER_NO))
		task->group = &layout.group;
}

static void _set_all(setting_t *setting, launch_task_t *task, keep_t *keep)
{
	int rc;

	_undo(setting);
	keep_start(keep);
	rc = launch_task(task, keep_set, _warn, keep);
	if (keep_end(keep) || rc)
		slurm_spank_log(
			"warning: the environment for Neuron devices is not complete: %s",
			slurm_strerror(errno));
}

extern void task_set_env(spank_t spank)
{
	char cache[MACHINE_CACHE_MAX];
	launch_task_t task = {0};
	setting_t setting = {.spank = spank, .task = &task};
	hardware_t hardware;
	int local = 0;
	keep_t *keep;

	if (!prepared || !hardware_find(&hardware))
		return;
	_describe(&hardware, &task);
	(void) spank_get_item(spank, S_TASK_ID, &local);
	task.local = local;
	setting.says = (task.local + 1 == layout.nodes[layout.node].tasks);
	task.cores_per_device = _cores(hardware.machine, &task.lnc, &setting);
	if (hardware.machine->compile_cache[0] &&
	    (conf_expand_user(hardware.machine->compile_cache,
			      hardware.step->user_name, cache,
			      sizeof(cache)) >= 0))
		task.compile_cache = cache;
	keep = xmalloc(sizeof(*keep));
	*keep = (keep_t){
		.get = _get,
		.set = _set,
		.differs = _differs,
		.arg = &setting,
	};
	_set_all(&setting, &task, keep);
	xfree(keep);
}
