/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout.h"

#include "src/common/slurm_protocol_api.h"
#include "src/common/slurm_protocol_util.h"
#include "src/interfaces/cred.h"

#include "lib/probe.h"
#include "plugins/common/address.h"
#include "plugins/common/bits.h"

/* Groups of an UltraServer are not larger */
#define NAMES_MAX 4

/* A step while it is looked at */
typedef struct {
	const hardware_t *hardware;
	const stepd_step_rec_t *step;
	layout_t *layout;
	/* of its first nodes, when it has no more than NAMES_MAX */
	char *names[NAMES_MAX];
	char *root_name; /* node of rank 0 */
	int root_inx; /* the same among those of the job; -1: not known */
	int root_device;
} look_t;

/* What the GRES of one node of a job are in a record of a step or job */
typedef struct {
	uint32_t plugin_id;
	uint32_t node_inx;
	bool of_job;
	devset_t devices;
} sought_t;

static int _add_devices(void *x, void *arg)
{
	gres_state_t *state = x;
	sought_t *sought = arg;
	bitstr_t **bits;
	uint32_t count;

	if (state->plugin_id != sought->plugin_id)
		return 0;
	if (sought->of_job) {
		bits = ((gres_job_state_t *) state->gres_data)->gres_bit_alloc;
		count = ((gres_job_state_t *) state->gres_data)->node_cnt;
	} else {
		bits = ((gres_step_state_t *) state->gres_data)->gres_bit_alloc;
		count = ((gres_step_state_t *) state->gres_data)->node_cnt;
	}
	if (bits && (sought->node_inx < count))
		sought->devices |= bits_to_devset(bits[sought->node_inx]);
	return 0;
}

/* What the step has on a node of its job */
static devset_t _devices_at(const look_t *look, int node_inx)
{
	bool of_job = look->step->flags & LAUNCH_EXT_LAUNCHER;
	list_t *list = slurm_cred_get(look->step->msg->cred,
				      of_job ? CRED_DATA_JOB_GRES_LIST
					     : CRED_DATA_STEP_GRES_LIST);
	sought_t sought = {
		.plugin_id = gres_build_id("neuron"),
		.node_inx = (uint32_t) node_inx,
		.of_job = of_job,
	};

	if (list && (node_inx >= 0))
		list_for_each(list, _add_devices, &sought);
	return sought.devices;
}

/* The node that has rank 0; -1: none of this component */
static int _root_of(const layout_t *layout)
{
	for (uint32_t n = 0; n < layout->node_count; n++) {
		const launch_node_t *node = &layout->nodes[n];

		for (uint32_t i = 0; node->ranks && (i < node->tasks); i++) {
			if (!node->ranks[i])
				return (int) n;
		}
	}
	return -1;
}

static void _see_node(look_t *look, uint32_t n, char *name, int node_inx,
		      int root)
{
	launch_node_t *node = &look->layout->nodes[n];

	node->devices = _devices_at(look, node_inx);
	if ((int) n == root) {
		look->root_name = xstrdup(name);
		look->root_inx = node_inx;
		look->root_device = devset_first(node->devices);
	}
	if (look->layout->node_count <= NAMES_MAX)
		look->names[n] = xstrdup(name);
}

/*
 * Walk through the nodes of the step and of its job together: the step has
 * them in the order of the job, unless the user asked for an arbitrary one.
 */
static void _see_nodes(look_t *look)
{
	layout_t *layout = look->layout;
	hostlist_t *job = hostlist_create(look->step->node_list);
	hostlist_t *step = hostlist_create(look->step->msg->complete_nodelist);
	int inx = 0, count = job ? hostlist_count(job) : 0;
	int root = _root_of(layout);

	for (uint32_t n = 0; job && step && (n < layout->node_count); n++) {
		char *name = hostlist_shift(step), *other = NULL;
		int at = -1;

		if (!name)
			break;
		if ((inx < count) && (other = hostlist_nth(job, inx)) &&
		    !xstrcmp(name, other))
			at = inx++;
		else if ((at = hostlist_find(job, name)) >= 0)
			inx = at + 1;
		_see_node(look, n, name, at, root);
		free(other);
		free(name);
	}
	FREE_NULL_HOSTLIST(job);
	FREE_NULL_HOSTLIST(step);
}

static bool _find_step(look_t *look)
{
	const launch_tasks_request_msg_t *msg = look->step->msg;
	layout_t *layout = look->layout;

	if (!msg || !msg->nnodes || !msg->tasks_to_launch ||
	    !msg->global_task_ids || !msg->complete_nodelist || !msg->cred ||
	    !look->step->node_list || (look->step->nodeid >= msg->nnodes))
		return false;
	layout->node_count = msg->nnodes;
	layout->node = look->step->nodeid;
	layout->nodes = xcalloc(msg->nnodes, sizeof(*layout->nodes));
	for (uint32_t n = 0; n < msg->nnodes; n++) {
		layout->nodes[n].tasks = msg->tasks_to_launch[n];
		layout->nodes[n].ranks = msg->global_task_ids[n];
	}
	layout->is_component = (look->step->het_job_nnodes != NO_VAL) &&
			       (look->step->het_job_nnodes > msg->nnodes);
	_see_nodes(look);
	return true;
}

static void _find_shell(look_t *look)
{
	layout_t *layout = look->layout;

	layout->node_count = 1;
	layout->nodes = xcalloc(1, sizeof(*layout->nodes));
	layout->nodes[0].tasks = 1;
	layout->nodes[0].devices = look->hardware->devices;
	look->root_device = devset_first(look->hardware->devices);
	look->root_name = xstrdup(look->step->node_name);
	if (look->step->node_list) {
		hostlist_t *job = hostlist_create(look->step->node_list);

		look->root_inx = job ? hostlist_find(job, look->root_name) : -1;
		FREE_NULL_HOSTLIST(job);
	}
}

/* The first node of all components has rank 0 */
static void _find_other_root(look_t *look)
{
	hostlist_t *all = hostlist_create(look->step->het_job_node_list);
	char *name = all ? hostlist_shift(all) : NULL;

	xfree(look->root_name);
	look->root_name = xstrdup(name);
	look->root_inx = look->root_device = -1;
	free(name);
	FREE_NULL_HOSTLIST(all);
}

static void _find_address(look_t *look, const char *addresses)
{
	const stepd_step_rec_t *step = look->step;
	layout_t *layout = look->layout;

	if (!look->root_name)
		return;
	if (step->node_addrs && (look->root_inx >= 0) &&
	    !slurm_addr_is_unspec(&step->node_addrs[look->root_inx]))
		slurm_get_ip_str(&step->node_addrs[look->root_inx],
				 layout->address, sizeof(layout->address));
	else
		address_find(addresses, look->root_name, layout->address,
			     sizeof(layout->address));
}

static root_kind_t _kind(const stepd_step_rec_t *step)
{
	if (step->batch)
		return ROOT_BATCH;
	return (step->step_id.step_id == SLURM_INTERACTIVE_STEP) ? ROOT_SHELL
								 : ROOT_STEP;
}

static void _find_ports(look_t *look)
{
	const stepd_step_rec_t *step = look->step;
	root_t root = {
		.first = look->hardware->machine->root_ports[0],
		.last = look->hardware->machine->root_ports[1],
		.device = look->root_device,
		.kind = _kind(step),
		.job_id = step->step_id.job_id,
		.step_id = step->step_id.step_id,
	};

	if (root.kind == ROOT_STEP)
		root.reserved = getenvp(step->env, "SLURM_STEP_RESV_PORTS");
	if (look->layout->is_component && (step->het_job_id != NO_VAL))
		root.job_id = step->het_job_id;
	if (root_ports(&root, &look->layout->root_port,
		       &look->layout->master_port))
		look->layout->root_port = look->layout->master_port = 0;
}

static void _find_group(look_t *look)
{
	const machine_t *machine = look->hardware->machine;
	layout_t *layout = look->layout;
	devset_t devices[NAMES_MAX];
	server_t server;

	if ((layout->node_count > NAMES_MAX) || layout->is_component ||
	    !machine->server.member_count)
		return;
	for (uint32_t n = 0; n < layout->node_count; n++) {
		devices[n] = layout->nodes[n].devices;
		if (!look->names[n])
			return;
	}
	server = machine->server;
	if (probe_server(machine->root, &server))
		return;
	layout->has_group = server_find_group(
		&server, (const char *const *) look->names, devices,
		layout->node_count, layout->node, &layout->group);
}

extern bool layout_find(const hardware_t *hardware, const char *addresses,
			layout_t *layout)
{
	look_t look = {
		.hardware = hardware,
		.step = hardware->step,
		.layout = layout,
		.root_inx = -1,
		.root_device = -1,
	};
	bool found = true;

	memset(layout, 0, sizeof(*layout));
	if (!look.step || (look.step->step_id.step_id == SLURM_EXTERN_CONT))
		return false;
	if (_kind(look.step) == ROOT_STEP)
		found = _find_step(&look);
	else
		_find_shell(&look);
	if (found) {
		if (layout->is_component)
			_find_other_root(&look);
		_find_address(&look, addresses);
		_find_ports(&look);
		_find_group(&look);
	}
	for (int i = 0; i < NAMES_MAX; i++)
		xfree(look.names[i]);
	xfree(look.root_name);
	return found;
}

extern void layout_free(layout_t *layout)
{
	xfree(layout->nodes);
	memset(layout, 0, sizeof(*layout));
}
