/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo mask, unmask: take devices out of scheduling, and back */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <slurm/slurm.h>

#include "fault.h"
#include "hosts.h"
#include "masking.h"
#include "topo.h"

static int _mask(const topo_t *topo, int argc, char **argv);
static int _unmask(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_mask = {
	.name = "mask",
	.arguments =
		"--reason TEXT [--jobs[=POLICY]] [--json] NODES:DEVICES...",
	.help = "take devices out of scheduling; their nodes go on with the others",
	.details =
		"  --reason TEXT   why; it is shown by \"scontrol show node\"\n"
		"  --jobs[=POLICY] do to the jobs that have the devices what they say themselves,\n"
		"                  else POLICY (none, notify[:[B:]SIGNAL], requeue, requeuehold),\n"
		"                  else OnFault of neuron.conf\n"
		"  --json\n"
		"\n"
		"DEVICES are indexes as in /dev/neuron<index>: n1:5 or n[1-4]:0-3,8. A device\n"
		"that a job has stays with it until it ends. Only operators of Slurm may do it,\n"
		"--jobs only SlurmUser and root.\n",
	.run = _mask,
};

const topo_command_t topo_unmask = {
	.name = "unmask",
	.arguments = "[--json] NODES[:DEVICES]...",
	.help = "give masked devices back to scheduling",
	.details = "  --json\n"
		   "\n"
		   "Without DEVICES all of the nodes.\n",
	.run = _unmask,
};

/* The whole change */
typedef struct {
	const topo_command_t *command;
	const conf_t *conf;
	const char *reason; /* NULL: unmask */
	bool json;
	bool jobs; /* do something to those that have the devices */
	const char *policy_text; /* of --jobs; NULL: none is given */
	on_fault_t policy;
	mask_t *masks; /* one for each argument */
	masking_t *nodes;
	unsigned int *dealt; /* jobs of each, when they are asked for */
	uint32_t count;
	/* the argument that is read */
	const mask_t *mask;
	devset_t devices;
	neuron_error_t *err;
} change_t;

static int _check(const change_t *change, const char *node)
{
	int index = conf_node_index(change->conf, node);
	unsigned int count;

	if (index < 0)
		return neuron_error_set(change->err, ENOENT,
					"neuron.conf has no node %.64s", node);
	count = profile_device_count(
		conf_node_profile(change->conf, (unsigned int) index));
	/* What was masked by hand may be taken away in any case */
	if (!change->reason || devset_last(change->devices) < (int) count)
		return 0;
	return neuron_error_set(change->err, EINVAL,
				"%.64s has the devices 0 to %u, not %d", node,
				count - 1, devset_last(change->devices));
}

/* A nodeset_each_t */
static int _add_node(const char *node, void *arg)
{
	change_t *change = arg;
	masking_t *nodes;

	if (_check(change, node))
		return -1;
	nodes = realloc(change->nodes, (change->count + 1) * sizeof(*nodes));
	if (!nodes)
		return neuron_error_set(change->err, ENOMEM, "out of memory");
	change->nodes = nodes;
	nodes[change->count++] = (masking_t){
		/* the conf's name stays */
		.node = conf_node_name(
			change->conf,
			(unsigned int) conf_node_index(change->conf, node)),
		.add = change->reason ? change->mask : NULL,
		.again = true,
		.remove = change->reason ? 0 : change->devices,
	};
	return 0;
}

/* "NODES:DEVICES" */
static int _add(change_t *change, const char *what, mask_t *mask)
{
	const char *colon = strrchr(what, ':');
	char nodes[1024];
	int length = colon ? (int) (colon - what) : (int) strlen(what);

	change->devices = ~(devset_t) 0;
	if (!length || length >= (int) sizeof(nodes) ||
	    (change->reason && !colon))
		return neuron_error_set(change->err, EINVAL,
					"%.64s: write NODES:DEVICES, for "
					"example n1:5 or n[1-4]:0-3,8",
					what);
	if (colon &&
	    devset_decode(colon + 1, DEVSET_MAX, &change->devices, change->err))
		return -1;
	if (!change->devices)
		return neuron_error_set(change->err, EINVAL,
					"%.64s: no device is named behind "
					"\":\"",
					what);
	for (int d = -1;
	     change->reason && (d = devset_next(change->devices, d)) >= 0;)
		(void) mask_add(mask, (unsigned int) d, change->reason);
	change->mask = mask;
	(void) snprintf(nodes, sizeof(nodes), "%.*s", length, what);
	change->err->text[0] = '\0';
	if (!hosts_expand(nodes, _add_node, change))
		return 0;
	if (change->err->text[0])
		return -1;
	return neuron_error_set(change->err, EINVAL,
				"%.64s: this is no list of nodes", nodes);
}

/*
 * What was done
 */

static void _print_jobs(const char *node, unsigned int count)
{
	printf("%s: %u job%s dealt with\n", node, count,
	       (count == 1) ? "" : "s");
}

static void _print(const change_t *change)
{
	const char *word = change->reason ? "masked" : "unmasked";

	for (uint32_t i = 0; i < change->count; i++) {
		const masking_t *node = &change->nodes[i];
		char text[DEVSET_TEXT_MAX];

		(void) devset_encode(node->changed, text, sizeof(text));
		if (node->changed)
			printf("%s: %s %s\n", node->node, word, text);
		else if (node->settled)
			printf("%s: nothing to do, %s\n", node->node,
			       change->reason
				       ? "they are masked for this reason"
				       : "nothing of it is masked");
		if (change->dealt)
			_print_jobs(node->node, change->dealt[i]);
	}
}

static json_object *_json(const change_t *change)
{
	json_object *all = json_object_new_object();
	json_object *list = json_object_new_array();

	json_object_object_add(all, "action",
			       json_object_new_string(change->command->name));
	for (uint32_t i = 0; i < change->count; i++) {
		const masking_t *node = &change->nodes[i];
		json_object *one = json_object_new_object();
		char text[DEVSET_TEXT_MAX];

		(void) devset_encode(node->changed, text, sizeof(text));
		json_object_object_add(one, "node",
				       json_object_new_string(node->node));
		json_object_object_add(one, "changed",
				       json_object_new_string(text));
		if (change->dealt)
			json_object_object_add(
				one, "jobs",
				json_object_new_int64(change->dealt[i]));
		json_object_array_add(list, one);
	}
	json_object_object_add(all, "nodes", list);
	return all;
}

/*
 * Jobs
 */

static int _choose_policy(change_t *change)
{
	options_t options = {0};

	change->policy = conf_on_fault(change->conf);
	if (!change->policy_text)
		return 0;
	if (options_set(&options, OPTION_ON_FAULT, change->policy_text,
			change->err))
		return -1;
	if (!options.on_fault.signal.number)
		options.on_fault.signal = change->policy.signal;
	change->policy = options.on_fault;
	return 0;
}

/* Behind the masks: a job that is requeued must not get the device again */
static int _change_jobs(change_t *change)
{
	neuron_error_t err;
	int rc = 0;

	change->dealt =
		calloc((size_t) change->count + 1, sizeof(*change->dealt));
	if (!change->dealt)
		return neuron_error_set(change->err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < change->count; i++) {
		if (!fault_jobs(change->nodes[i].node, change->nodes[i].add,
				change->policy, &change->dealt[i], &err))
			continue;
		*change->err = err;
		rc = -1;
	}
	return rc;
}

static int _make(change_t *change, int argc, char **argv)
{
	int rc;

	if (change->jobs && _choose_policy(change))
		return topo_fail(change->command, change->err);
	for (int i = 0; i < argc; i++) {
		if (_add(change, argv[i], &change->masks[i]))
			return topo_fail(change->command, change->err);
	}
	rc = masking_change_all(change->nodes, change->count, change->err);
	if (!rc && change->jobs)
		rc = _change_jobs(change);
	if (!change->json)
		_print(change);
	else if (topo_print_json(change->command, _json(change)))
		return TOPO_BAD;
	return rc ? topo_fail(change->command, change->err) : TOPO_GOOD;
}

static int _run(const topo_t *topo, change_t *change, int argc, char **argv)
{
	neuron_error_t err = {""};
	conf_t *conf;
	int rc;

	slurm_init(NULL);
	conf = conf_read(topo->config, NEURON_PROFILE_DIR, hosts_expand, &err);
	change->conf = conf;
	change->err = &err;
	change->masks = calloc((size_t) argc, sizeof(*change->masks));
	if (!change->masks)
		(void) neuron_error_set(&err, ENOMEM, "out of memory");
	rc = (conf && change->masks) ? _make(change, argc, argv)
				     : topo_fail(change->command, &err);
	free(change->dealt);
	free(change->nodes);
	free(change->masks);
	conf_destroy(conf);
	return rc;
}

static int _mask(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"reason", required_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'},
		{"jobs", optional_argument, NULL, 'J'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	change_t change = {.command = &topo_mask};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'j') {
			change.json = true;
		} else if (option == 'J') {
			change.jobs = true;
			change.policy_text = optarg;
		} else if (option == 'r') {
			change.reason = optarg;
		} else {
			topo_usage(&topo_mask,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (change.reason && change.reason[0] && optind < argc)
		return _run(topo, &change, argc - optind, argv + optind);
	topo_usage(&topo_mask, stderr);
	return TOPO_USAGE;
}

static int _unmask(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	change_t change = {.command = &topo_unmask};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) == 'j')
		change.json = true;
	if (option == -1 && optind < argc)
		return _run(topo, &change, argc - optind, argv + optind);
	topo_usage(&topo_unmask, (option == 'h') ? stdout : stderr);
	return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
}
