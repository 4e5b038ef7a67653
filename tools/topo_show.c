/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo show: the cluster as a picture */
#include <errno.h>
#include <getopt.h>

#include "show.h"
#include "topo.h"

static int _show(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_show = {
	.name = "show",
	.arguments = "",
	.help = "every node's devices and NeuronLinks, one letter a job",
	.details = "",
	.run = _show,
};

static int _show_all(const topo_t *topo)
{
	cluster_t cluster;
	neuron_error_t err;
	int rc;

	if (topo_load(topo, &cluster, &err))
		return topo_fail(&topo_show, &err);
	rc = show_cluster(&cluster, stdout, topo->colour, topo->width);
	cluster_free(&cluster);
	if (!rc)
		return TOPO_GOOD;
	(void) neuron_error_set(&err, ENOMEM, "out of memory");
	return topo_fail(&topo_show, &err);
}

static int _show(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option = getopt_long(argc, argv, "h", options, NULL);

	if ((option == -1) && (optind == argc))
		return _show_all(topo);
	topo_usage(&topo_show, (option == 'h') ? stdout : stderr);
	return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
}
