/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodesim: one process that is the slurmd of many nodes.
 *
 * slurmctld is a real one and finds no difference: nodes register with what
 * slurm.conf and the GRES plugins say they have, answer, start batch scripts,
 * complete them when their time is over, and end jobs. Nothing of a script is
 * run. A test can make nodes fail, see command.h; a script says in a line of
 * its own how long it "runs", see job.h.
 *
 * slurm.conf is the one of SLURM_CONF. Each node needs an IPv4 address and port
 * of its own that lead to this machine:
 *	NodeName=n[1-500] NodeAddr=127.1.[0-1].[1-250] Port=7000
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "command.h"
#include "control.h"
#include "door.h"
#include "holding.h"
#include "job.h"
#include "journal.h"
#include "loop.h"
#include "node.h"
#include "outbox.h"
#include "plan.h"
#include "step.h"
#include "tell.h"

#define CONNECTIONS 32
#define CONNECTIONS_MAX 1024

typedef struct {
	const char *control;
	const char *journal;
	const char *devices;
	const char *nodes;
	const char *tell;
	int connections;
	int verbose;
} options_t;

static const char usage[] =
	"Usage: nodesim [options]\n"
	"  --control PATH      listen there for commands\n"
	"  --journal PATH      append a line there for each start and end of a script\n"
	"  --devices PATH      the same for the devices that jobs get and give back\n"
	"  --nodes LIST        be these nodes only (all of slurm.conf)\n"
	"  --seconds N         how long scripts run that do not say it (1)\n"
	"  --speed FACTOR      scripts run so many times as fast (1)\n"
	"  --connections N     to slurmctld at a time (32)\n"
	"  --tell PATH WORD... give a command to the one that listens there\n"
	"  --verbose           log more; twice: still more\n"
	"  --help\n"
	"slurm.conf is that of SLURM_CONF. The log goes to standard error.\n";

static void _refuse(const char *option, const char *want, const char *got)
{
	fprintf(stderr, "nodesim: --%s wants %s, not \"%s\"\n", option, want,
		got);
	exit(2);
}

static void _set_seconds(const char *text)
{
	double seconds = command_number(text, PLAN_SECONDS_MAX);

	if (seconds < 0)
		_refuse("seconds", "a number of seconds", text);
	plan_default(seconds);
}

static void _set_speed(const char *text)
{
	double factor = command_number(text, 1e6);

	if (factor <= 0)
		_refuse("speed", "a factor above 0 and up to 1000000", text);
	plan_speed(factor);
}

static int _connections(const char *text)
{
	double number = command_number(text, CONNECTIONS_MAX);

	if (number < 1)
		_refuse("connections", "a number from 1 to 1024", text);
	return (int) number;
}

static options_t _read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{"control", required_argument, NULL, 'c'},
		{"journal", required_argument, NULL, 'j'},
		{"devices", required_argument, NULL, 'd'},
		{"nodes", required_argument, NULL, 'n'},
		{"seconds", required_argument, NULL, 's'},
		{"speed", required_argument, NULL, 'x'},
		{"connections", required_argument, NULL, 'o'},
		{"tell", required_argument, NULL, 't'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	options_t options = {.connections = CONNECTIONS};

	for (int c; (c = getopt_long(argc, argv, "+v", known, NULL)) >= 0;) {
		switch (c) {
		case 'c':
			options.control = optarg;
			break;
		case 'j':
			options.journal = optarg;
			break;
		case 'd':
			options.devices = optarg;
			break;
		case 'n':
			options.nodes = optarg;
			break;
		case 's':
			_set_seconds(optarg);
			break;
		case 'x':
			_set_speed(optarg);
			break;
		case 'o':
			options.connections = _connections(optarg);
			break;
		case 't':
			options.tell = optarg;
			break;
		case 'v':
			options.verbose++;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (!options.tell && (optind < argc)) {
		fprintf(stderr, "nodesim: \"%s\" is no option\n", argv[optind]);
		exit(2);
	}
	return options;
}

static void _on_signal(int number)
{
	(void) number;
	loop_stop();
}

static void _catch_signals(void)
{
	struct sigaction action = {.sa_handler = _on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* All nodes may be called at once */
static void _raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static int _start(const options_t *options)
{
	if (loop_init()) {
		error("epoll: %m");
		return SLURM_ERROR;
	}
	if (options->journal && journal_open(options->journal)) {
		error("%s: %m", options->journal);
		return SLURM_ERROR;
	}
	if (options->devices && journal_open_devices(options->devices)) {
		error("%s: %m", options->devices);
		return SLURM_ERROR;
	}
	if (nodes_init(options->nodes) || outbox_init(options->connections) ||
	    door_open() || (options->control && control_open(options->control)))
		return SLURM_ERROR;
	for (uint32_t i = 0; i < node_count; i++)
		outbox_register(&node_table[i]);
	return SLURM_SUCCESS;
}

int main(int argc, char **argv)
{
	options_t options = _read_options(argc, argv);
	log_options_t log = LOG_OPTS_STDERR_ONLY;
	int rc;

	if (options.tell)
		return tell(options.tell, argv + optind);
	log.stderr_level = LOG_LEVEL_INFO + options.verbose;
	log_init(argv[0], log, SYSLOG_FACILITY_DAEMON, NULL);
	_catch_signals();
	_raise_limits();
	slurm_init(NULL);
	rc = _start(&options);
	if (!rc) {
		info("%u nodes", node_count);
		rc = loop_run();
	}
	control_close();
	outbox_fini();
	for (uint32_t i = 0; i < node_count; i++) {
		jobs_lose(&node_table[i]);
		steps_lose(&node_table[i]);
		holdings_forget(&node_table[i]);
	}
	journal_close();
	nodes_fini();
	slurm_fini();
	return rc ? 1 : 0;
}
