/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo: see the Neuron devices of a cluster and who holds them */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "show.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
	"Usage: neuron-topo [--config FILE] [--colour always|never|auto] show\n"
	"\n"
	"  show    every node's devices and NeuronLinks below its UltraServer and\n"
	"          switches, one letter a job, and a table of the jobs\n"
	"\n"
	"  --config FILE   neuron.conf; default: beside slurm.conf\n"
	"  --help          this text\n";

/* neuron.conf stands beside slurm.conf, which SLURM_CONF may name */
static void _default_path(char *path, size_t size)
{
	const char *conf = getenv("SLURM_CONF");
	const char *slash = conf ? strrchr(conf, '/') : NULL;

	if (slash)
		snprintf(path, size, "%.*s/neuron.conf", (int) (slash - conf),
			 conf);
	else
		snprintf(path, size, "%s/neuron.conf", SLURM_SYSCONFDIR);
}

static unsigned int _terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || (size.ws_col < 40))
		return 80;
	return size.ws_col;
}

static int _show(const char *path, bool colour)
{
	cluster_t cluster;
	neuron_error_t err;
	int rc;

	slurm_init(NULL);
	if (cluster_load(&cluster, path, &err)) {
		fprintf(stderr, "neuron-topo: %s\n", err.text);
		return EXIT_FAILURE;
	}
	rc = show_cluster(&cluster, stdout, colour, _terminal_width());
	cluster_free(&cluster);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int _colour(const char *word, bool *colour)
{
	if (!strcmp(word, "auto"))
		*colour = isatty(STDOUT_FILENO);
	else if (!strcmp(word, "always") || !strcmp(word, "never"))
		*colour = (word[0] == 'a');
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"colour", required_argument, NULL, 'C'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	char path[4096];
	bool colour = isatty(STDOUT_FILENO);
	int option;

	_default_path(path, sizeof(path));
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'c')
			snprintf(path, sizeof(path), "%s", optarg);
		else if ((option == 'C') && !_colour(optarg, &colour))
			continue;
		else {
			fputs(usage, (option == 'h') ? stdout : stderr);
			return (option == 'h') ? EXIT_SUCCESS : EXIT_USAGE;
		}
	}
	if ((optind + 1 == argc) && !strcmp(argv[optind], "show"))
		return _show(path, colour);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
