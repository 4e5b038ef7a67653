/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What slurmctld runs with, and what the machines are */
#include "audit_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "generate.h"
#include "mask.h"
#include "request.h"
#include "text.h"

/*
 * slurmctld
 */

static void _compare(audit_t *audit, const char *key, const char *runs)
{
	const slurmconf_line_t *line = NULL;
	const char *value = slurmconf_value(audit->slurm, key, &line);

	if (!audit->slurm || !value || !runs || !strcasecmp(value, runs))
		return;
	audit_add(
		audit, audit_at(AUDIT_ERROR, "running", line, NULL), NULL,
		"%s=%.150s: slurmctld runs with %.150s; restart it, or take back the change",
		key, value, runs[0] ? runs : "(not set)");
}

/* slurmctld tells sockets too: "neuron:trn2:16(S:0-1),efa:16(S:0-1)" */
static void _drop_sockets(const char *gres, char *text, size_t size)
{
	size_t used = 0;

	for (; gres && *gres && used + 1 < size; gres++) {
		if (*gres == '(')
			gres += strcspn(gres, ")");
		else
			text[used++] = *gres;
		if (!*gres)
			break;
	}
	text[used] = '\0';
}

static bool _node_is_right(const profile_t *profile, const char *gres)
{
	gres_entry_t neuron, efa;
	char text[GRES_LIST_MAX];

	_drop_sockets(gres, text, sizeof(text));
	return !gres_list_find(text, "neuron", &neuron, NULL) &&
	       !gres_list_find(text, "efa", &efa, NULL) && neuron.present &&
	       neuron.count == profile_device_count(profile) &&
	       !strcmp(neuron.type, profile_type(profile)) &&
	       (efa.present ? efa.count : 0) == profile_efa_count(profile);
}

static audit_place_t _node_place(const audit_t *audit, audit_level_t level,
				 const char *id, const char *node)
{
	unsigned int line = conf_node_line(audit->neuron, node);

	return (audit_place_t){level, id, audit->source->neuron_conf, line};
}

/* A mask that slurmctld cannot read masks nothing, and only its log says so */
static void _check_mask(audit_t *audit, const audit_node_t *node,
			const profile_t *profile)
{
	static const char form[] =
		"Comment='" MASK_KEY "INDEX(REASON),FIRST-LAST(REASON)'";
	unsigned int count = profile_device_count(profile);
	mask_t *mask = malloc(sizeof(*mask));
	neuron_error_t err;

	audit->failed |= !mask;
	if (mask && mask_decode(node->comment, mask, &err))
		audit_add_node(
			audit,
			_node_place(audit, AUDIT_ERROR, "running-mask",
				    node->name),
			node->name, form,
			"the mask in its Comment cannot be read, so no device is masked: %.300s; scontrol update writes it anew, or neuron-topo mask once it is empty",
			err.text);
	else if (mask && (devset_last(mask->devices) >= (int) count))
		audit_add_node(
			audit,
			_node_place(audit, AUDIT_WARNING, "running-mask-device",
				    node->name),
			node->name, NULL,
			"its Comment masks device %d; a %s has 0 to %u; neuron-topo unmask takes it away",
			devset_last(mask->devices), profile_name(profile),
			count - 1);
	free(mask);
}

static void _check_running_node(audit_t *audit, const audit_node_t *node)
{
	int index = conf_node_index(audit->neuron, node->name);
	char gres[GENERATE_GRES_MAX], right[GENERATE_GRES_MAX + 8];
	const profile_t *profile;

	if (index < 0)
		return;
	profile = conf_node_profile(audit->neuron, (unsigned int) index);
	(void) snprintf(right, sizeof(right), "Gres=%s",
			generate_gres(profile, gres));
	if (!_node_is_right(profile, node->gres))
		audit_add_node(audit,
			       _node_place(audit, AUDIT_ERROR, "running-gres",
					   node->name),
			       node->name, right,
			       "slurmctld has Gres=%.100s; a %s has %s",
			       node->gres ? node->gres : "(none)",
			       profile_name(profile), right);
	_check_mask(audit, node, profile);
	if (node->refused)
		audit_add_node(
			audit,
			_node_place(audit, AUDIT_ERROR, "running-node",
				    node->name),
			node->name, NULL,
			"slurmctld does not use it, since slurmd found something else than slurm.conf says: %.200s; neuron-topo probe on the node tells what",
			node->reason ? node->reason : "no reason given");
}

/* Nodes that neuron.conf has and slurmctld has not */
static void _check_running_names(audit_t *audit, const audit_running_t *running)
{
	unsigned int count = conf_node_count(audit->neuron);
	audit_nodes_t unknown = {.count = 0};
	names_t *known = names_create();
	char *list = NULL;

	audit->failed |= !known;
	for (uint32_t i = 0; known && i < running->node_count; i++)
		audit->failed |= (names_add(known, running->nodes[i].name) ==
				  NAMES_NONE);
	for (unsigned int i = 0; known && i < count; i++) {
		const char *name = conf_node_name(audit->neuron, i);

		/* what slurm.conf does not know either was told before */
		if (names_find(known, name) == NAMES_NONE &&
		    names_find(audit->names, name) != NAMES_NONE)
			audit_nodes_add(audit, &unknown, name);
	}
	if (unknown.count)
		list = audit_list(audit, unknown.names, unknown.count);
	if (list)
		audit_add(
			audit,
			(audit_place_t){AUDIT_ERROR, "running-unknown",
					audit->slurm_path, 0},
			NULL,
			"%s: slurmctld does not know the node; scontrol reconfigure tells it",
			list);
	free(list);
	audit_nodes_release(&unknown);
	names_destroy(known);
}

static void _check_running_partition(audit_t *audit,
				     const audit_partition_t *partition)
{
	const slurmconf_line_t *line;

	for (uint32_t i = 0; (line = slurmconf_line(audit->slurm, i)); i++) {
		const char *value;

		if (!slurmconf_begins(line, "PartitionName") ||
		    strcmp(line->pairs[0].value, partition->name))
			continue;
		value = slurmconf_of_line(line, "ExclusiveUser");
		if (value && !strcasecmp(value, "YES") &&
		    !partition->exclusive_user)
			audit_add(
				audit,
				audit_at(AUDIT_WARNING, "running-partition",
					 line, NULL),
				NULL,
				"PartitionName=%.100s: slurmctld runs without ExclusiveUser; scontrol reconfigure tells it",
				partition->name);
	}
}

extern void audit_running(audit_t *audit)
{
	const audit_running_t *running = audit->source->running;

	_compare(audit, "GresTypes", running->gres_types);
	_compare(audit, "SelectType", running->select_type);
	_compare(audit, "TopologyPlugin", running->topology_plugin);
	_compare(audit, "TopologyParam", running->topology_param);
	_compare(audit, "JobSubmitPlugins", running->job_submit_plugins);
	for (uint32_t i = 0; i < running->partition_count; i++)
		_check_running_partition(audit, &running->partitions[i]);
	if (!audit->neuron)
		return;
	for (uint32_t i = 0; i < running->node_count; i++)
		_check_running_node(audit, &running->nodes[i]);
	audit_flush_nodes(audit);
	_check_running_names(audit, running);
}

/*
 * Machines
 */

/* "Profile=trn2u.48xlarge Lnc=1" */
static const char *_right_of(const inventory_node_t *node, char *text,
			     size_t size)
{
	char lnc[16] = "";

	if (!node->profile)
		return NULL;
	if (node->lnc && node->lnc != profile_default_lnc(node->profile))
		(void) snprintf(lnc, sizeof(lnc), " Lnc=%u", node->lnc);
	(void) snprintf(text, size, "Profile=%s%s", profile_name(node->profile),
			lnc);
	return text;
}

static void _check_numbers(audit_t *audit, const inventory_node_t *node,
			   const profile_t *profile)
{
	if (node->device_count != profile_device_count(profile))
		audit_add_node(audit,
			       _node_place(audit, AUDIT_ERROR,
					   "machine-devices", node->name),
			       node->name, NULL,
			       "the machine has %u devices; a %s has %u",
			       node->device_count, profile_name(profile),
			       profile_device_count(profile));
	/* a machine may have interfaces that serve no device */
	if (node->efa_count < profile_efa_count(profile))
		audit_add_node(audit,
			       _node_place(audit, AUDIT_ERROR, "machine-efas",
					   node->name),
			       node->name, NULL,
			       "the machine has %u EFA interfaces; a %s has %u",
			       node->efa_count, profile_name(profile),
			       profile_efa_count(profile));
}

static void _check_machine(audit_t *audit, const inventory_node_t *node,
			   unsigned int index)
{
	const profile_t *profile = conf_node_profile(audit->neuron, index);
	unsigned int lnc = conf_node_lnc(audit->neuron, index);
	char text[2 * CONF_NAME_MAX];
	const char *right = _right_of(node, text, sizeof(text));

	if (node->profile &&
	    strcmp(profile_name(node->profile), profile_name(profile)))
		audit_add_node(
			audit,
			_node_place(audit, AUDIT_ERROR, "machine-profile",
				    node->name),
			node->name, right, "Profile=%s; the machine is a %s",
			profile_name(profile), profile_name(node->profile));
	else if (node->lnc && node->lnc != lnc)
		audit_add_node(audit,
			       _node_place(audit, AUDIT_ERROR, "machine-lnc",
					   node->name),
			       node->name, right, "Lnc=%u; the machine has %u",
			       lnc, node->lnc);
	_check_numbers(audit, node, profile);
	if (node->difference_count)
		audit_add_node(audit,
			       _node_place(audit, AUDIT_ERROR,
					   "machine-differs", node->name),
			       node->name, NULL, "%.300s%s", node->difference,
			       (node->difference_count > 1) ? " (and more)"
							    : "");
}

static void _check_each_machine(audit_t *audit, audit_nodes_t *missing)
{
	const inventory_t *machines = audit->source->machines;
	const inventory_node_t *node;

	for (uint32_t i = 0; (node = inventory_node(machines, i)); i++) {
		int index = conf_node_index(audit->neuron, node->name);

		if (!node->probed)
			continue;
		if (index >= 0)
			_check_machine(audit, node, (unsigned int) index);
		else if (node->profile)
			audit_nodes_add(audit, missing, node->name);
	}
}

/* Machines with devices that neuron.conf does not name */
static void _check_described(audit_t *audit, const audit_nodes_t *missing)
{
	char *list;

	if (!missing->count)
		return;
	list = audit_list(audit, missing->names, missing->count);
	if (list)
		audit_add(
			audit,
			(audit_place_t){AUDIT_ERROR, "machine-not-described",
					audit->source->neuron_conf, 0},
			NULL,
			"%s: the machine has Neuron devices and no NodeName line; neuron-topo generate writes it",
			list);
	free(list);
}

/* Whether members stand in a ring in the same order, from any of them on and
 * in either direction */
static bool _is_same_ring(const inventory_t *machines,
			  const inventory_ultraserver_t *real,
			  const conf_ultraserver_t *us)
{
	unsigned int count = real->member_count, first = 0, back = 0, forth = 0;

	if (us->member_count != count)
		return false;
	while (first < count &&
	       strcmp(us->members[first],
		      inventory_node(machines, real->members[0])->name))
		first++;
	for (unsigned int i = 0; first < count && i < count; i++) {
		const char *name =
			inventory_node(machines, real->members[i])->name;

		forth += !strcmp(us->members[(first + i) % count], name);
		back += !strcmp(us->members[(first + count - i) % count], name);
	}
	return forth == count || back == count;
}

static bool _has_pair(const inventory_t *machines,
		      const inventory_ultraserver_t *real, const char *a,
		      const char *b)
{
	for (unsigned int i = 0; i < real->pair_count; i++) {
		const char *x = inventory_node(machines,
					       real->members[real->pairs[i][0]])
					->name;
		const char *y = inventory_node(machines,
					       real->members[real->pairs[i][1]])
					->name;

		if ((!strcmp(a, x) && !strcmp(b, y)) ||
		    (!strcmp(a, y) && !strcmp(b, x)))
			return true;
	}
	return false;
}

static bool _has_same_pairs(const inventory_t *machines,
			    const inventory_ultraserver_t *real,
			    const conf_ultraserver_t *us)
{
	if (us->member_count == 2)
		return true;
	for (unsigned int i = 0; i < us->pair_count; i++) {
		if (!_has_pair(machines, real, us->members[us->pairs[i][0]],
			       us->members[us->pairs[i][1]]))
			return false;
	}
	return us->pair_count == real->pair_count;
}

/* The UltraServer of neuron.conf that has a node */
static bool _find_ultraserver(const audit_t *audit, const char *node,
			      conf_ultraserver_t *us)
{
	for (unsigned int i = 0; !conf_ultraserver(audit->neuron, i, us); i++) {
		for (unsigned int m = 0; m < us->member_count; m++) {
			if (!strcmp(us->members[m], node))
				return true;
		}
	}
	return false;
}

static void _check_ring(audit_t *audit, uint32_t index)
{
	const inventory_t *machines = audit->source->machines;
	const inventory_ultraserver_t *real =
		inventory_ultraserver(machines, index);
	const char *first = inventory_node(machines, real->members[0])->name;
	audit_place_t place = {AUDIT_ERROR, "machine-ultraserver",
			       audit->source->neuron_conf, 0};
	conf_ultraserver_t us;
	char *right;

	if (!real->is_complete || conf_node_index(audit->neuron, first) < 0 ||
	    conf_ultraserver_glob(audit->neuron))
		return;
	right = generate_ultraserver(machines, index, audit->source->fold,
				     NULL);
	audit->failed |= !right;
	if (right && !_find_ultraserver(audit, first, &us)) {
		audit_add(
			audit, place, right,
			"%s and %u more machines are one UltraServer that no line names",
			first, real->member_count - 1);
	} else if (right && (!_is_same_ring(machines, real, &us) ||
			     (!real->order_is_guessed &&
			      !_has_same_pairs(machines, real, &us)))) {
		place.line = us.line;
		audit_add(
			audit, place, right,
			"UltraServerName=%s: its machines are joined otherwise",
			us.name);
	}
	free(right);
}

extern void audit_machines(audit_t *audit)
{
	const inventory_t *machines = audit->source->machines;
	audit_nodes_t missing = {.count = 0};

	_check_each_machine(audit, &missing);
	audit_flush_nodes(audit);
	_check_described(audit, &missing);
	audit_nodes_release(&missing);
	for (uint32_t i = 0; inventory_ultraserver(machines, i); i++)
		_check_ring(audit, i);
}
