/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-health: the health of this node. See neuron-health(8). */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "healthlook.h"
#include "healthsay.h"
#include "healthwatch.h"

/* However many events come */
#define LEAST_MS 1000

typedef struct {
	bool daemon, dry, json;
	const char *node;
	const char *root;
	devset_t forget;
	bool forget_all;
} arguments_t;

static void _usage(FILE *out)
{
	fputs("Usage: neuron-health [OPTION]...\n"
	      "Look at the Neuron devices and EFA interfaces of this node, and "
	      "tell slurmctld what is\nwrong with them. Named in "
	      "HealthCheckProgram of slurm.conf it needs no option.\n\n"
	      "  -d, --daemon        stay, and look at once when the driver or "
	      "the kernel tells a fault\n"
	      "  -n, --dry-run       say what would be done, and do nothing\n"
	      "  -j, --json          say it as JSON\n"
	      "  -N, --node NAME     this node; default: what slurmd says, or "
	      "the name of the host\n"
	      "  -r, --root DIR      look at the machine below a directory\n"
	      "  -f, --forget SET    forget what is known of devices, such as "
	      "0-3,7 or all: they\n"
	      "                      were repaired\n"
	      "  -h, --help          this text\n"
	      "  -V, --version       the version\n\n"
	      "Signals of rules:",
	      out);
	for (int s = 0; s < SIGNALS; s++)
		fprintf(out, "%s%s", (s % 4) ? " " : "\n  ",
			signal_name((signal_id_t) s));
	fputc('\n', out);
}

static int _parse_forget(arguments_t *options, const char *text)
{
	neuron_error_t err;

	if (!strcmp(text, "all")) {
		options->forget_all = true;
		return 0;
	}
	if (!devset_decode(text, PROFILE_DEVICES_MAX, &options->forget, &err))
		return 0;
	fprintf(stderr, "neuron-health: --forget=%.40s: %s\n", text, err.text);
	return -1;
}

/* RET -1 to go on, else an exit code */
static int _parse(int argc, char **argv, arguments_t *options)
{
	static const struct option known[] = {
		{"daemon", no_argument, NULL, 'd'},
		{"dry-run", no_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{"node", required_argument, NULL, 'N'},
		{"root", required_argument, NULL, 'r'},
		{"forget", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "dnjN:r:f:hV", known, NULL)) !=
	       -1) {
		if (option == 'd')
			options->daemon = true;
		else if (option == 'n')
			options->dry = true;
		else if (option == 'j')
			options->json = true;
		else if (option == 'N')
			options->node = optarg;
		else if (option == 'r')
			options->root = optarg;
		else if (option == 'f' && !_parse_forget(options, optarg))
			continue;
		else if (option == 'h')
			return _usage(stdout), NODEJOB_GOOD;
		else if (option == 'V')
			return puts("neuron-health " NEURON_VERSION),
			       NODEJOB_GOOD;
		else
			return NODEJOB_CONFUSED;
	}
	if (optind == argc && !(options->daemon && options->dry))
		return -1;
	fputs((optind < argc)
		      ? "neuron-health: it takes options only; see --help\n"
		      : "neuron-health: --daemon with --dry-run makes no "
			"sense; see --help\n",
	      stderr);
	return NODEJOB_CONFUSED;
}

/* Its first label, as slurmd takes it */
static const char *_host(void)
{
	static char name[256];

	if (gethostname(name, sizeof(name) - 1))
		return "localhost";
	name[strcspn(name, ".")] = '\0';
	return name;
}

static int _open(const arguments_t *options, healthlook_t *look,
		 neuron_error_t *err)
{
	const char *node = getenv("SLURMD_NODENAME");
	nodejob_t *machine = &look->machine;
	int n;

	memset(look, 0, sizeof(*look));
	machine->root = machine->proc = machine->run.fd = -1;
	machine->node = options->node     ? options->node
			: (node && *node) ? node
					  : _host();
	look->dry = options->dry;
	look->forget = options->forget;
	look->forget_all = options->forget_all;
	if (options->root) {
		machine->root_given = true;
		n = snprintf(machine->root_path, sizeof(machine->root_path),
			     "%s", options->root);
		if (n < 0 || (size_t) n >= sizeof(machine->root_path))
			return neuron_error_set(err, EINVAL,
						"--root: the path is too long");
		while (n > 0 && machine->root_path[n - 1] == '/')
			machine->root_path[--n] = '\0';
	}
	return healthlook_open(look, err);
}

static int _once(const arguments_t *options)
{
	static healthlook_report_t report;
	neuron_error_t err;
	healthlook_t look;
	int rc;

	if (_open(options, &look, &err)) {
		nodejob_say(LOG_ERR, "error: %s", err.text);
		healthlook_close(&look);
		return NODEJOB_CONFUSED;
	}
	rc = healthlook_take(&look, &report, &err);
	if (rc) {
		nodejob_say(LOG_ERR, "error: %s", err.text);
		healthlook_close(&look);
		return (errno == EAGAIN) ? NODEJOB_GOOD : NODEJOB_CONFUSED;
	}
	if (!look.dry)
		healthsay_changes(&look, &report);
	if (options->json)
		rc = healthsay_json(&look, &report, stdout);
	else
		healthsay_text(&look, &report, stdout);
	rc = (rc || report.untold) ? NODEJOB_BAD : NODEJOB_GOOD;
	healthlook_report_free(&report);
	healthlook_close(&look);
	return rc;
}

/*
 * The daemon
 */

static void _take(healthlook_t *look)
{
	static healthlook_report_t report;
	neuron_error_t err;

	if (healthlook_take(look, &report, &err)) {
		nodejob_say(LOG_ERR, "error: %s", err.text);
		return;
	}
	healthsay_changes(look, &report);
	healthlook_report_free(&report);
}

/* What it went on with goes on when the new one is wrong */
static void _reload(const arguments_t *options, healthlook_t *look)
{
	healthlook_t again;
	neuron_error_t err;

	if (_open(options, &again, &err)) {
		nodejob_say(LOG_ERR, "error: not read again: %s", err.text);
		healthlook_close(&again);
		return;
	}
	again.forget = 0;
	again.forget_all = false;
	healthlook_close(look);
	*look = again;
	nodejob_say(LOG_NOTICE, "neuron.conf and the rules are read again");
}

static void _stay(const arguments_t *options, healthlook_t *look,
		  healthwatch_fds_t *watch)
{
	healthwatch_t what = HEALTHWATCH_TIME;

	nodejob_say(LOG_NOTICE, "looks at node %s", look->machine.node);
	while (what != HEALTHWATCH_END) {
		if (what == HEALTHWATCH_RELOAD)
			_reload(options, look);
		healthwatch_open(watch, look->machine.root,
				 profile_device_count(look->machine.profile));
		_take(look);
		what = healthwatch_wait(
			watch, conf_health_interval(look->machine.conf) * 1000,
			LEAST_MS);
	}
	healthwatch_close(watch);
	nodejob_say(LOG_NOTICE, "ends");
}

static int _daemon(const arguments_t *options)
{
	healthwatch_fds_t watch;
	neuron_error_t err;
	healthlook_t look;

	if (healthwatch_start(&watch, &err)) {
		nodejob_say(LOG_ERR, "error: %s", err.text);
		return NODEJOB_CONFUSED;
	}
	if (_open(options, &look, &err)) {
		nodejob_say(LOG_ERR, "error: %s", err.text);
		healthlook_close(&look);
		return NODEJOB_CONFUSED;
	}
	_stay(options, &look, &watch);
	healthlook_close(&look);
	return NODEJOB_GOOD;
}

int main(int argc, char **argv)
{
	arguments_t options = {.daemon = false};
	int rc = _parse(argc, argv, &options);

	if (rc >= 0)
		return rc;
	nodejob_start("neuron-health");
	return options.daemon ? _daemon(&options) : _once(&options);
}
