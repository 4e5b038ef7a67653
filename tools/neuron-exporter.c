/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-exporter: what Neuron devices do, for Prometheus */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "exporter/http.h"
#include "exporter/of_cluster.h"
#include "exporter/of_node.h"
#include "exporter/worker.h"

#define LISTEN_CLUSTER "127.0.0.1:19430"
#define LISTEN_NODE "127.0.0.1:19431"
/* Seconds */
#define INTERVAL_LEAST 1
#define INTERVAL_MOST 3600
#define INTERVAL_DEFAULT 15
#define TIMEOUT_LEAST 1
#define TIMEOUT_MOST 120
#define TIMEOUT_DEFAULT 8

enum { GOOD, BAD, USAGE };

typedef struct {
	const char *config;
	const char *listen;
	const char *snapshot;
	const char *user;
	const char *print; /* a format; NULL: serve */
	bool node; /* measure this machine */
	bool list;
	char name[256]; /* of the node */
	unsigned int interval;
	unsigned int timeout;
	unsigned int nodes_max;
} wish_t;

static void _usage(FILE *out)
{
	fputs("Usage: neuron-exporter [OPTION...]\n"
	      "\n"
	      "Serves http://ADDRESS:PORT/metrics for Prometheus: of the whole cluster, from\n"
	      "slurmctld, or with --node of the machine that it runs on.\n"
	      "\n"
	      "  --node[=NAME]           measure this machine; default: its host name\n"
	      "  --listen ADDRESS:PORT   default " LISTEN_CLUSTER
	      "; with --node port 19431\n"
	      "  --interval SECONDS      measure no more often than this; default 15\n"
	      "  --timeout SECONDS       how long that may take; default 8\n"
	      "  --per-node COUNT        single nodes too, where there are no more; default 256\n"
	      "  --user NAME             who to be when root starts it\n"
	      "  --config FILE           neuron.conf; default: beside slurm.conf\n"
	      "  --snapshot FILE         look at what \"neuron-topo snapshot\" wrote\n"
	      "  --print FORMAT          text or openmetrics: measure once, on standard output\n"
	      "  --list                  name, kind, labels and most series of each metric\n"
	      "  --help\n"
	      "  --version\n",
	      out);
}

static int _fail(const neuron_error_t *err)
{
	fprintf(stderr, "neuron-exporter: %s\n", err->text);
	return BAD;
}

/*
 * About itself
 */

enum { UP, BUILD, SECONDS, TIME, REFRESHES, SERIES, DROPPED, SELF_METRICS };

static const metric_t metrics_of_self[SELF_METRICS] = {
	[UP] = {"neuron_up",
		METRIC_GAUGE,
		NULL,
		"1: what there was to measure could be measured in time",
		{NULL},
		1},
	[BUILD] = {"neuron_exporter_build",
		   METRIC_INFO,
		   NULL,
		   "The version of neuron-exporter and what it measures",
		   {"version", "mode", NULL},
		   1},
	[SECONDS] = {"neuron_exporter_refresh_seconds",
		     METRIC_GAUGE,
		     "seconds",
		     "How long the last measurement took",
		     {NULL},
		     1},
	[TIME] = {"neuron_exporter_refresh_timestamp_seconds",
		  METRIC_GAUGE,
		  "seconds",
		  "When it was",
		  {NULL},
		  1},
	[REFRESHES] = {"neuron_exporter_refreshes",
		       METRIC_COUNTER,
		       NULL,
		       "Measurements, by how they ended",
		       {"result", NULL},
		       2},
	[SERIES] = {"neuron_exporter_series",
		    METRIC_GAUGE,
		    NULL,
		    "Lines that were measured",
		    {NULL},
		    1},
	[DROPPED] =
		{"neuron_exporter_series_dropped",
		 METRIC_GAUGE,
		 NULL,
		 "Series that were left out, since there were more than a metric may have or a label could not be written",
		 {NULL},
		 1},
};

typedef struct {
	const wish_t *wish;
	http_t *http;
	worker_t *worker;
	deadline_t began;
	deadline_t end; /* of the measurement */
	deadline_t next; /* before that none begins */
	uint64_t good;
	uint64_t failed;
	bool was_up;
} server_t;

static void _add(metrics_t *metrics, int metric, const char *first,
		 const char *second, double number)
{
	const char *values[] = {first, second, NULL};

	(void) metrics_add(metrics, &metrics_of_self[metric], values, number);
}

/* RET NULL: out of memory */
static metrics_t *_measure_self(const server_t *server,
				const worker_result_t *result)
{
	metrics_t *metrics = metrics_create();

	if (!metrics)
		return NULL;
	_add(metrics, UP, NULL, NULL, result != NULL);
	_add(metrics, BUILD, NEURON_VERSION,
	     server->wish->node ? "node" : "cluster", 1);
	_add(metrics, SECONDS, NULL, NULL,
	     (double) (deadline_now() - server->began) / 1000);
	_add(metrics, TIME, NULL, NULL, (double) time(NULL));
	_add(metrics, REFRESHES, "good", NULL, (double) server->good);
	_add(metrics, REFRESHES, "failed", NULL, (double) server->failed);
	_add(metrics, SERIES, NULL, NULL, result ? result->series : 0);
	_add(metrics, DROPPED, NULL, NULL, result ? result->dropped : 0);
	return metrics;
}

/* Both texts, one behind the other. RET NULL: out of memory */
static char *_join(const char *first, size_t first_length, metrics_t *self,
		   metrics_format_t format, size_t *length)
{
	size_t more;
	char *last = metrics_take(self, format, true, &more);
	char *both = last ? malloc(first_length + more + 1) : NULL;

	if (both) {
		if (first_length)
			memcpy(both, first, first_length);
		memcpy(both + first_length, last, more + 1);
		*length = first_length + more;
	}
	free(last);
	return both;
}

/*
 * Serving
 */

/* IN result - NULL: it failed */
static void _publish(server_t *server, const worker_result_t *result)
{
	metrics_t *self;
	char *texts[METRICS_FORMATS] = {NULL, NULL};
	size_t lengths[METRICS_FORMATS];
	bool good;

	if (result)
		server->good++;
	else
		server->failed++;
	self = _measure_self(server, result);
	good = (self != NULL);
	for (int f = 0; good && f < METRICS_FORMATS; f++) {
		texts[f] = _join(result ? result->texts[f] : NULL,
				 result ? result->lengths[f] : 0, self,
				 (metrics_format_t) f, &lengths[f]);
		good = (texts[f] != NULL);
	}
	metrics_destroy(self);
	server->next = deadline_in((uint64_t) server->wish->interval * 1000);
	if (!good) {
		free(texts[0]);
		free(texts[1]);
	} else if (!http_publish(server->http, texts, lengths)) {
		return;
	}
	fputs("neuron-exporter: out of memory\n", stderr);
}

/* Say why nothing is measured, once */
static void _fail_to_measure(server_t *server, const neuron_error_t *err)
{
	if (server->was_up)
		(void) _fail(err);
	server->was_up = false;
	_publish(server, NULL);
}

static void _begin(server_t *server)
{
	neuron_error_t err;

	server->began = deadline_now();
	server->end = deadline_in((uint64_t) server->wish->timeout * 1000);
	if (worker_ask(server->worker, &err))
		_fail_to_measure(server, &err);
}

static void _read(server_t *server)
{
	worker_result_t result;
	neuron_error_t err;

	switch (worker_read(server->worker, &result, &err)) {
	case WORKER_FAILED:
		_fail_to_measure(server, &err);
		return;
	case WORKER_DONE:
		if (!server->was_up)
			fputs("neuron-exporter: it can be measured again\n",
			      stderr);
		server->was_up = true;
		_publish(server, &result);
		free(result.texts[0]);
		free(result.texts[1]);
		return;
	default:
		break;
	}
	if (!deadline_over(server->end))
		return;
	worker_kill(server->worker);
	(void) neuron_error_set(&err, EIO, "%s has not answered in %u seconds",
				server->wish->node ? "the machine"
						   : "slurmctld",
				server->wish->timeout);
	_fail_to_measure(server, &err);
}

static int _wait(const server_t *server, int signals)
{
	struct pollfd polled[3] = {
		{.fd = signals, .events = POLLIN},
		{.fd = http_fd(server->http), .events = POLLIN},
		{.fd = worker_fd(server->worker), .events = POLLIN},
	};

	(void) poll(polled, 3, http_timeout(server->http));
	return polled[0].revents != 0;
}

static void _serve(server_t *server, int signals)
{
	while (!_wait(server, signals)) {
		if (worker_fd(server->worker) >= 0)
			_read(server);
		else if (deadline_over(server->next))
			http_expire(server->http);
		http_run(server->http);
		if (http_is_wanted(server->http) &&
		    worker_fd(server->worker) < 0)
			_begin(server);
		http_run(server->http);
	}
}

static int _signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	(void) sigprocmask(SIG_BLOCK, &set, NULL);
	(void) signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int _run(const wish_t *wish, worker_measure_t measure, void *arg)
{
	struct sockaddr_storage address;
	server_t server = {.wish = wish, .was_up = true};
	neuron_error_t err;
	socklen_t length;
	int signals;

	if (http_address(wish->listen, &address, &length, &err)) {
		(void) _fail(&err);
		return USAGE;
	}
	server.http = http_create(&address, length, &err);
	if (!server.http)
		return _fail(&err);
	signals = _signals();
	server.worker = worker_create(measure, arg);
	if (signals >= 0 && server.worker)
		_serve(&server, signals);
	worker_destroy(server.worker);
	http_destroy(server.http);
	return (signals >= 0 && server.worker) ? GOOD : BAD;
}

/*
 * Once
 */

static int _print(const wish_t *wish, worker_measure_t measure, void *arg)
{
	metrics_format_t format = strcmp(wish->print, "text")
					  ? METRICS_OPENMETRICS
					  : METRICS_TEXT;
	metrics_t *metrics = metrics_create();
	neuron_error_t err = {"out of memory"};
	char *text = NULL;
	size_t length;
	int rc;

	if (!metrics || measure(arg, metrics, &err)) {
		metrics_destroy(metrics);
		return _fail(&err);
	}
	text = metrics_take(metrics, format, true, &length);
	rc = (text && fwrite(text, 1, length, stdout) == length &&
	      !fflush(stdout))
		     ? GOOD
		     : BAD;
	free(text);
	metrics_destroy(metrics);
	return rc;
}

static void _list_metric(const metric_t *metric)
{
	printf("%s%s\t%s\t%u\t", metric->name,
	       (metric->kind == METRIC_COUNTER) ? "_total"
	       : (metric->kind == METRIC_INFO)  ? "_info"
						: "",
	       metrics_kind_name(metric->kind), metric->most);
	for (int i = 0; i < METRICS_LABELS_MAX && metric->labels[i]; i++)
		printf("%s%s", i ? "," : "", metric->labels[i]);
	putchar('\n');
}

static int _list(bool node)
{
	const metric_t *metric;

	for (int i = 0; i < SELF_METRICS; i++)
		_list_metric(&metrics_of_self[i]);
	for (unsigned int i = 0;
	     (metric = node ? of_node_metric(i) : of_cluster_metric(i)); i++)
		_list_metric(metric);
	return fflush(stdout) ? BAD : GOOD;
}

/*
 * Who it is
 */

/* root has no business here: nothing that is read needs it */
static int _drop_root(const char *name, neuron_error_t *err)
{
	const struct passwd *user = name ? getpwnam(name) : NULL;

	if (geteuid())
		return name ? neuron_error_set(
				      err, EINVAL,
				      "--user %.64s: only root can be another user",
				      name)
			    : 0;
	if (!name)
		return neuron_error_set(
			err, EINVAL,
			"root starts it: name who it is to be, for example --user nobody; --user root where there is no other way");
	if (!user)
		return neuron_error_set(err, EINVAL,
					"--user %.64s: there is no such user",
					name);
	if (!user->pw_uid)
		return 0;
	if (setgroups(0, NULL) || setgid(user->pw_gid) ||
	    setuid(user->pw_uid) || !setuid(0))
		return neuron_error_set(
			err, EIO, "--user %.64s: it cannot become that", name);
	return 0;
}

static int _number(const char *option, const char *text, unsigned int least,
		   unsigned int most, unsigned int *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || text[0] < '0' || text[0] > '9' || value < least ||
	    value > most) {
		fprintf(stderr,
			"neuron-exporter: --%s %.32s: it must be a number from %u to %u\n",
			option, text, least, most);
		return -1;
	}
	*number = (unsigned int) value;
	return 0;
}

static int _node_name(const char *given, char *name, size_t size)
{
	if (given) {
		(void) snprintf(name, size, "%s", given);
	} else if (gethostname(name, size)) {
		return -1;
	} else {
		name[size - 1] = '\0';
		name[strcspn(name, ".")] = '\0';
	}
	return name[0] ? 0 : -1;
}

static int _format(const char *text, const char **print)
{
	if (strcmp(text, "text") && strcmp(text, "openmetrics")) {
		fprintf(stderr,
			"neuron-exporter: --print %.32s: it must be text or openmetrics\n",
			text);
		return -1;
	}
	*print = text;
	return 0;
}

/* neuron.conf stands beside slurm.conf, which SLURM_CONF may name */
static void _default_path(char *path, size_t size)
{
	const char *conf = getenv("SLURM_CONF");
	const char *slash = conf ? strrchr(conf, '/') : NULL;

	if (slash)
		(void) snprintf(path, size, "%.*s/neuron.conf",
				(int) (slash - conf), conf);
	else
		(void) snprintf(path, size, "%s/neuron.conf", SLURM_SYSCONFDIR);
}

static int _option(int option, const char *value, wish_t *wish)
{
	switch (option) {
	case 'n':
		wish->node = true;
		return _node_name(value, wish->name, sizeof(wish->name));
	case 'l':
		wish->listen = value;
		return 0;
	case 'i':
		return _number("interval", value, INTERVAL_LEAST, INTERVAL_MOST,
			       &wish->interval);
	case 't':
		return _number("timeout", value, TIMEOUT_LEAST, TIMEOUT_MOST,
			       &wish->timeout);
	case 'N':
		return _number("per-node", value, 0, FABRIC_NODES_MAX,
			       &wish->nodes_max);
	case 'u':
		wish->user = value;
		return 0;
	case 'c':
		wish->config = value;
		return 0;
	case 's':
		wish->snapshot = value;
		return 0;
	case 'p':
		return _format(value, &wish->print);
	case 'L':
		wish->list = true;
		return 0;
	default:
		_usage(stderr);
		return -1;
	}
}

/* RET an exit status; -1: go on */
static int _options(int argc, char **argv, wish_t *wish)
{
	static const struct option options[] = {
		{"node", optional_argument, NULL, 'n'},
		{"listen", required_argument, NULL, 'l'},
		{"interval", required_argument, NULL, 'i'},
		{"timeout", required_argument, NULL, 't'},
		{"per-node", required_argument, NULL, 'N'},
		{"user", required_argument, NULL, 'u'},
		{"config", required_argument, NULL, 'c'},
		{"snapshot", required_argument, NULL, 's'},
		{"print", required_argument, NULL, 'p'},
		{"list", no_argument, NULL, 'L'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "hV", options, NULL)) != -1) {
		if (option == 'h') {
			_usage(stdout);
			return GOOD;
		}
		if (option == 'V') {
			puts("neuron-exporter (slurm-neuron) " NEURON_VERSION);
			return GOOD;
		}
		if (_option(option, optarg, wish))
			return USAGE;
	}
	if (optind < argc || (wish->node && wish->snapshot)) {
		_usage(stderr);
		return USAGE;
	}
	if (!wish->listen)
		wish->listen = wish->node ? LISTEN_NODE : LISTEN_CLUSTER;
	return -1;
}

int main(int argc, char **argv)
{
	char path[4096];
	wish_t wish = {
		.config = path,
		.interval = INTERVAL_DEFAULT,
		.timeout = TIMEOUT_DEFAULT,
		.nodes_max = OF_CLUSTER_NODES_DEFAULT,
	};
	of_cluster_t of_cluster = {.conf = NULL};
	of_node_t of_node;
	worker_measure_t measure;
	neuron_error_t err;
	void *arg;
	int rc;

	_default_path(path, sizeof(path));
	if ((rc = _options(argc, argv, &wish)) >= 0)
		return rc;
	if (wish.list)
		return _list(wish.node);
	if (_drop_root(wish.user, &err))
		return _fail(&err);
	of_cluster.conf = wish.config;
	of_cluster.snapshot = wish.snapshot;
	of_cluster.nodes_max = wish.nodes_max;
	of_node = (of_node_t){wish.config, wish.name};
	measure = wish.node ? of_node_measure : of_cluster_measure;
	arg = wish.node ? (void *) &of_node : (void *) &of_cluster;
	return wish.print ? _print(&wish, measure, arg)
			  : _run(&wish, measure, arg);
}
