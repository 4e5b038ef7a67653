/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo mask, unmask: take devices out of scheduling, and back */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <slurm/slurm.h>

#include "hosts.h"
#include "masking.h"
#include "topo.h"

static int _mask(const topo_t *topo, int argc, char **argv);
static int _unmask(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_mask = {
	.name = "mask",
	.arguments = "--reason TEXT NODES:DEVICES...",
	.help = "take devices out of scheduling; their nodes go on with the others",
	.details =
		"  --reason TEXT   why; it is shown by \"scontrol show node\"\n"
		"\n"
		"DEVICES are indexes as in /dev/neuron<index>: n1:5 or n[1-4]:0-3,8. A device\n"
		"that a job has stays with it until it ends. Only operators of Slurm may do it.\n",
	.run = _mask,
};

const topo_command_t topo_unmask = {
	.name = "unmask",
	.arguments = "NODES[:DEVICES]...",
	.help = "give masked devices back to scheduling",
	.details = "Without DEVICES all of the nodes.\n",
	.run = _unmask,
};

typedef struct {
	const topo_command_t *command;
	const conf_t *conf;
	const char *reason; /* NULL: unmask */
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

static void _report(const change_t *change, const char *node, devset_t changed)
{
	const char *word = change->reason ? "masked" : "unmasked";
	char text[DEVSET_TEXT_MAX];

	(void) devset_encode(changed, text, sizeof(text));
	if (changed)
		printf("%s: %s %s\n", node, word, text);
	else
		printf("%s: nothing to do, %s\n", node,
		       change->reason ? "they are masked for this reason"
				      : "nothing of it is masked");
}

/* A nodeset_each_t */
static int _change_node(const char *node, void *arg)
{
	const change_t *change = arg;
	devset_t remove = change->reason ? 0 : change->devices, changed;
	mask_t add;

	mask_init(&add);
	for (int d = -1;
	     change->reason && (d = devset_next(change->devices, d)) >= 0;)
		(void) mask_add(&add, (unsigned int) d, change->reason);
	if (_check(change, node) ||
	    masking_change(node, &add, true, remove, &changed, change->err))
		return -1;
	_report(change, node, changed);
	return 0;
}

/* "NODES:DEVICES" */
static int _change(change_t *change, const char *what)
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
	(void) snprintf(nodes, sizeof(nodes), "%.*s", length, what);
	change->err->text[0] = '\0';
	if (!hosts_expand(nodes, _change_node, change))
		return 0;
	if (change->err->text[0])
		return -1;
	return neuron_error_set(change->err, EINVAL,
				"%.64s: this is no list of nodes", nodes);
}

static int _change_all(const topo_t *topo, const topo_command_t *command,
		       const char *reason, int argc, char **argv)
{
	neuron_error_t err = {""};
	change_t change = {.command = command, .reason = reason, .err = &err};
	conf_t *conf;
	int rc = 0;

	slurm_init(NULL);
	conf = conf_read(topo->config, NEURON_PROFILE_DIR, hosts_expand, &err);
	change.conf = conf;
	if (!conf)
		return topo_fail(command, &err);
	for (int i = 0; !rc && i < argc; i++)
		rc = _change(&change, argv[i]);
	conf_destroy(conf);
	return rc ? topo_fail(command, &err) : TOPO_GOOD;
}

static int _mask(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"reason", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *reason = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option != 'r') {
			topo_usage(&topo_mask,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
		reason = optarg;
	}
	if (reason && reason[0] && optind < argc)
		return _change_all(topo, &topo_mask, reason, argc - optind,
				   argv + optind);
	topo_usage(&topo_mask, stderr);
	return TOPO_USAGE;
}

static int _unmask(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option = getopt_long(argc, argv, "h", options, NULL);

	if (option == -1 && optind < argc)
		return _change_all(topo, &topo_unmask, NULL, argc - optind,
				   argv + optind);
	topo_usage(&topo_unmask, (option == 'h') ? stdout : stderr);
	return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
}
