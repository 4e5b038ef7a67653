/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo: see, ask and check the Neuron devices of a cluster */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "hosts.h"
#include "snapshot.h"
#include "topo.h"

static const topo_command_t *const commands[] = {
	&topo_show,   &topo_fit,      &topo_explain,  &topo_sizes, &topo_mask,
	&topo_unmask, &topo_test,     &topo_generate, &topo_check, &topo_probe,
	&topo_record, &topo_snapshot, &topo_replay,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void _usage(FILE *out)
{
	fputs("Usage: neuron-topo [OPTION...] SUBCOMMAND [ARGUMENT...]\n\n",
	      out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s%s\n", commands[i]->name,
			commands[i]->help);
	fputs("\n"
	      "  --config FILE                 neuron.conf; default: beside slurm.conf\n"
	      "  --colour always|never|auto    default auto: on a terminal\n"
	      "  --help                        this text; of a subcommand behind its name\n"
	      "  --version\n"
	      "\n"
	      "Exit status: 0 good, 1 it could not be done, 2 wrong usage, 3 not as it\n"
	      "should be.\n",
	      out);
}

extern void topo_usage(const topo_command_t *command, FILE *out)
{
	fprintf(out, "Usage: neuron-topo [OPTION...] %s%s%s\n\n%s\n",
		command->name, command->arguments[0] ? " " : "",
		command->arguments, command->help);
	if (command->details[0])
		fprintf(out, "\n%s", command->details);
}

extern int topo_fail(const topo_command_t *command, const neuron_error_t *err)
{
	fprintf(stderr, "neuron-topo %s: %s\n", command->name, err->text);
	return TOPO_BAD;
}

extern int topo_print_json(const topo_command_t *command, json_object *object)
{
	const char *text =
		object ? json_object_to_json_string_ext(
				 object, JSON_C_TO_STRING_PRETTY |
						 JSON_C_TO_STRING_SPACED |
						 JSON_C_TO_STRING_NOSLASHESCAPE)
		       : NULL;
	int rc = text ? puts(text) : EOF;

	json_object_put(object);
	if ((rc >= 0) && !fflush(stdout))
		return TOPO_GOOD;
	fprintf(stderr, "neuron-topo %s: %s\n", command->name,
		text ? "standard output cannot be written" : "out of memory");
	return TOPO_BAD;
}

static int _take_out(const char *name, void *arg)
{
	cluster_t *cluster = arg;
	int64_t node = cluster_node(cluster, name);

	if (node < 0)
		return -1;
	cluster->nodes[node].usable = false;
	return 0;
}

static int _without(const topo_t *topo, cluster_t *cluster, neuron_error_t *err)
{
	if (!topo->without || !hosts_expand(topo->without, _take_out, cluster))
		return 0;
	cluster_free(cluster);
	return neuron_error_set(err, EINVAL,
				"--without %s: not all of these are nodes",
				topo->without);
}

extern int topo_load(const topo_t *topo, cluster_t *cluster,
		     neuron_error_t *err)
{
	json_object *snapshot;
	int rc;

	slurm_init(NULL);
	snapshot = topo->snapshot ? snapshot_read(topo->snapshot, err)
				  : snapshot_take(topo->config, err);
	if (!snapshot)
		return -1;
	rc = cluster_create(cluster, snapshot, err);
	json_object_put(snapshot);
	return rc ? -1 : _without(topo, cluster, err);
}

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

/* RET an exit status; -1: go on with the subcommand at optind */
static int _options(int argc, char **argv, topo_t *topo)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"colour", required_argument, NULL, 'C'},
		{"color", required_argument, NULL, 'C'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		if (option == 'c') {
			topo->config = optarg;
		} else if (option == 'V') {
			puts("neuron-topo (slurm-neuron) " NEURON_VERSION);
			return TOPO_GOOD;
		} else if ((option != 'C') || _colour(optarg, &topo->colour)) {
			_usage((option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	return -1;
}

extern int topo_run(const topo_t *topo, int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[0], commands[i]->name))
			continue;
		optind = 0; /* glibc: start anew */
		return commands[i]->run(topo, argc, argv);
	}
	fprintf(stderr, "neuron-topo: %s is no subcommand\n", argv[0]);
	_usage(stderr);
	return TOPO_USAGE;
}

int main(int argc, char **argv)
{
	char path[4096];
	topo_t topo = {
		.config = path,
		.colour = isatty(STDOUT_FILENO),
		.width = _terminal_width(),
	};
	int rc;

	_default_path(path, sizeof(path));
	if ((rc = _options(argc, argv, &topo)) >= 0)
		return rc;
	if (optind < argc)
		return topo_run(&topo, argc - optind, argv + optind);
	_usage(stderr);
	return TOPO_USAGE;
}
