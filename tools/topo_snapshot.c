/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo snapshot and replay: a cluster's state in a file, and questions
 * about it off line */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include <slurm/slurm.h>

#include "snapshot.h"
#include "topo.h"

static int _snapshot(const topo_t *topo, int argc, char **argv);
static int _replay(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_snapshot = {
	.name = "snapshot",
	.arguments = "[--json]",
	.help = "the present state of the cluster on standard output, for replay",
	.details =
		"  --json    what it writes is JSON in any case\n"
		"\n"
		"It holds neuron.conf, topology.conf, profiles, nodes, partitions, and the jobs\n"
		"that ask or hold Neuron devices, with their users' and their own names.\n",
	.run = _snapshot,
};

const topo_command_t topo_replay = {
	.name = "replay",
	.arguments = "[--without NODES] FILE show|fit|explain [ARGUMENT...]",
	.help = "show, fit and explain for a snapshot, without a cluster",
	.details =
		"  --without NODES    as if these nodes were gone\n"
		"\n"
		"FILE is what snapshot wrote; - is standard input. fit and explain have options\n"
		"for another policy or request.\n",
	.run = _replay,
};

static int _usage(const topo_command_t *command, int option)
{
	topo_usage(command, (option == 'h') ? stdout : stderr);
	return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
}

static int _snapshot(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;
	json_object *snapshot;
	neuron_error_t err;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) == 'j')
		;
	if ((option != -1) || (optind != argc))
		return _usage(&topo_snapshot, option);
	slurm_init(NULL);
	if (!(snapshot = snapshot_take(topo->config, &err)))
		return topo_fail(&topo_snapshot, &err);
	return topo_print_json(&topo_snapshot, snapshot);
}

static bool _is_replayed(const char *name)
{
	return !strcmp(name, "show") || !strcmp(name, "fit") ||
	       !strcmp(name, "explain");
}

static int _replay(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"without", required_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	topo_t then = *topo;
	int option;

	while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (option != 'w')
			return _usage(&topo_replay, option);
		then.without = optarg;
	}
	if ((optind + 1 >= argc) || !_is_replayed(argv[optind + 1]))
		return _usage(&topo_replay, 0);
	then.snapshot = argv[optind];
	return topo_run(&then, argc - optind - 1, argv + optind + 1);
}
