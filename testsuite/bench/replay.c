/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay: what a trace of jobs waits, and what it is given, under the
 * decisions of lib/ and under others. No Slurm is involved.
 *
 * Every policy runs the same replicas of the trace, whose submissions are
 * moved at random; so policies are compared in pairs.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "place_fabric.h"
#include "replay_sim.h"
#include "replay_stats.h"
#include "replay_svg.h"

#define POLICIES_MAX 16
#define REPLICAS_MAX 1000
#define PATH_LENGTH 4096
#define DEFAULT_POLICIES \
	"count,stock,rows,plain,consecutive,relaxed,best,ring,connected"
#define COLUMN 20

typedef struct {
	const char *profile;
	const char *trace;
	const char *fabric;
	const char *csv;
	const char *svg;
	const char *starts;
	const char *policy_names;
	uint32_t nodes;
	uint32_t replicas;
	uint32_t invent;
	uint32_t draw;
	uint32_t depth;
	uint32_t seed;
	bool whole_nodes;
	bool ultraservers;
	bool quiet;
	double load;
	double relax;
	double estimate;
	double shake;
} options_t;

typedef struct {
	options_t options;
	profile_t *profile;
	shape_t *shape;
	fabric_t *fabric;
	trace_t trace;
	char *names; /* of policies, cut into pieces */
	const policy_t *policies[POLICIES_MAX];
	uint32_t policy_count;
	double *values; /* [policy][metric][replica] */
	FILE *starts; /* NULL: not asked for */
} replay_t;

static void _die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

static void _die(const char *fmt, ...)
{
	va_list ap;

	fputs("replay: ", stderr);
	va_start(ap, fmt);
	(void) vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/*
 * Options
 */

static const char usage[] =
	"Usage: replay [options] PROFILE.json [TRACE.csv]\n"
	"  PROFILE.json      what the nodes are, e.g. trn2.48xlarge.json\n"
	"  TRACE.csv         columns submit_s, duration_s, devices; or those of\n"
	"                    AcmeTrace (gpu_workers, gpu_per_worker, ...)\n"
	"  --invent N        instead of a trace: N jobs of 1 to 64 whole nodes\n"
	"  --draw N          draw N jobs from the trace, with replacement\n"
	"  --nodes N         of a regular fabric (38)\n"
	"  --no-ultraservers in the regular fabric\n"
	"  --fabric FILE     topology.conf, or CSV: node, then its switches from\n"
	"                    the top down\n"
	"  --whole-nodes     jobs take all devices of their nodes\n"
	"  --load L          stretch submissions to this offered load; 0: leave\n"
	"                    them (0.85; it is counted without the first 5 %)\n"
	"  --policies LIST   of count, stock, rows, plain, consecutive, relaxed,\n"
	"                    timed, timed-best, queue, queue-best, best, ring,\n"
	"                    connected (all but timed* and queue*); the first is\n"
	"                    what the others are compared with\n"
	"  --relax S         seconds of waiting for a wider tier (3600)\n"
	"  --estimate X      run time limits are X times the run times (1)\n"
	"  --depth N         jobs behind the head for backfill (1000)\n"
	"  --replicas N      (5)\n"
	"  --shake S         submissions move by up to S seconds (300)\n"
	"  --seed N          (1)\n"
	"  --csv DIR         write runs.csv and summary.csv there\n"
	"  --svg DIR         write wait.svg, quality.svg and nodes.svg there\n"
	"  --starts FILE     write what each job of the first replica waits under\n"
	"                    each policy: policy,submit_s,nodes,devices,wait_s\n"
	"  --quiet           no progress\n"
	"  --help\n";

static double _number(const char *name, const char *text, double min,
		      double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= min && value <= max))
		_die("--%s is \"%s\"; it must be a number from %g to %g", name,
		     text, min, max);
	return value;
}

static uint32_t _integer(const char *name, const char *text, uint32_t min,
			 uint32_t max)
{
	double value = _number(name, text, min, max);

	if (value != floor(value))
		_die("--%s is \"%s\"; it must be a whole number", name, text);
	return (uint32_t) value;
}

static void _read_number(options_t *options, const char *name, const char *text)
{
	if (!strcmp(name, "nodes"))
		options->nodes = _integer(name, text, 1, FABRIC_NODES_MAX);
	else if (!strcmp(name, "replicas"))
		options->replicas = _integer(name, text, 1, REPLICAS_MAX);
	else if (!strcmp(name, "invent"))
		options->invent = _integer(name, text, 1, TRACE_JOBS_MAX);
	else if (!strcmp(name, "draw"))
		options->draw = _integer(name, text, 1, TRACE_JOBS_MAX);
	else if (!strcmp(name, "depth"))
		options->depth = _integer(name, text, 0, TRACE_JOBS_MAX);
	else if (!strcmp(name, "seed"))
		options->seed = _integer(name, text, 0, UINT32_MAX);
	else if (!strcmp(name, "load"))
		options->load = _number(name, text, 0, 100);
	else if (!strcmp(name, "relax"))
		options->relax = _number(name, text, 1, 1e9);
	else if (!strcmp(name, "estimate"))
		options->estimate = _number(name, text, 1, 1000);
	else
		options->shake = _number(name, text, 0, 1e9);
}

static void _read_flag(options_t *options, const char *name)
{
	if (!strcmp(name, "whole-nodes"))
		options->whole_nodes = true;
	else if (!strcmp(name, "no-ultraservers"))
		options->ultraservers = false;
	else if (!strcmp(name, "quiet"))
		options->quiet = true;
	else if (fputs(usage, stdout) >= 0)
		exit(0);
}

static void _read_text(options_t *options, const char *name, const char *text)
{
	if (!strcmp(name, "fabric"))
		options->fabric = text;
	else if (!strcmp(name, "policies"))
		options->policy_names = text;
	else if (!strcmp(name, "csv"))
		options->csv = text;
	else if (!strcmp(name, "starts"))
		options->starts = text;
	else
		options->svg = text;
}

static void _read_options(int argc, char **argv, options_t *options)
{
	enum { NUMBER = 1, FLAG, TEXT };
	static const struct option table[] = {
		{"nodes", required_argument, NULL, NUMBER},
		{"replicas", required_argument, NULL, NUMBER},
		{"invent", required_argument, NULL, NUMBER},
		{"draw", required_argument, NULL, NUMBER},
		{"depth", required_argument, NULL, NUMBER},
		{"seed", required_argument, NULL, NUMBER},
		{"load", required_argument, NULL, NUMBER},
		{"relax", required_argument, NULL, NUMBER},
		{"estimate", required_argument, NULL, NUMBER},
		{"shake", required_argument, NULL, NUMBER},
		{"whole-nodes", no_argument, NULL, FLAG},
		{"no-ultraservers", no_argument, NULL, FLAG},
		{"quiet", no_argument, NULL, FLAG},
		{"help", no_argument, NULL, FLAG},
		{"fabric", required_argument, NULL, TEXT},
		{"policies", required_argument, NULL, TEXT},
		{"csv", required_argument, NULL, TEXT},
		{"svg", required_argument, NULL, TEXT},
		{"starts", required_argument, NULL, TEXT},
		{NULL, 0, NULL, 0}};
	int kind, at;

	while ((kind = getopt_long(argc, argv, "", table, &at)) != -1) {
		if (kind == NUMBER)
			_read_number(options, table[at].name, optarg);
		else if (kind == FLAG)
			_read_flag(options, table[at].name);
		else if (kind == TEXT)
			_read_text(options, table[at].name, optarg);
		else
			exit(2);
	}
	argc -= optind;
	if (argc != (options->invent ? 1 : 2))
		_die("name a profile and a trace, or a profile and --invent; "
		     "--help tells more");
	options->profile = argv[optind];
	options->trace = argv[optind + 1];
}

static void _read_policies(replay_t *replay)
{
	neuron_error_t err;
	char *rest = strdup(replay->options.policy_names), *name;

	if (!(replay->names = rest))
		_die("out of memory");
	while ((name = strsep(&rest, ","))) {
		const policy_t *policy = policy_find(name, &err);

		if (!policy)
			_die("%s", err.text);
		if (policy->sets == SETS_ROWS &&
		    profile_device_count(replay->profile) !=
			    PROFILE_DEVICES_MAX)
			_die("policy rows is for machines of %d devices",
			     PROFILE_DEVICES_MAX);
		if (replay->policy_count == POLICIES_MAX)
			_die("at most %d policies", POLICIES_MAX);
		replay->policies[replay->policy_count++] = policy;
	}
}

/*
 * Input
 */

static void _read_machine(replay_t *replay)
{
	const options_t *options = &replay->options;
	neuron_error_t err;

	replay->profile = profile_read(options->profile, &err);
	if (!replay->profile)
		_die("%s", err.text);
	if (!(replay->shape = shape_create(replay->profile)))
		_die("out of memory");
	if (options->fabric)
		replay->fabric = place_fabric_read(options->fabric, &err);
	else
		replay->fabric = place_fabric_regular(
			options->nodes, options->ultraservers, &err);
	if (!replay->fabric)
		_die("%s", err.text);
}

static void _read_trace(replay_t *replay)
{
	const options_t *options = &replay->options;
	trace_target_t target = {.nodes = fabric_node_count(replay->fabric),
				 .devices =
					 profile_device_count(replay->profile),
				 .whole_nodes = options->whole_nodes};
	trace_t *trace = &replay->trace, drawn;
	double capacity = (double) target.nodes * target.devices;
	neuron_error_t err;

	if (options->invent) {
		if (trace_invent(options->invent, &target, options->seed,
				 trace) < 0)
			_die("out of memory");
	} else if (trace_read(options->trace, &target, trace, &err) < 0) {
		_die("%s", err.text);
	}
	if (options->draw) {
		if (trace_draw(trace, options->draw, options->seed, &drawn) < 0)
			_die("out of memory");
		drawn.left_out = trace->left_out;
		trace_free(trace);
		*trace = drawn;
	}
	if (options->load > 0)
		trace_scale(trace, capacity, options->load);
	printf("%" PRIu32 " jobs on %" PRIu32 " nodes of %" PRIu32
	       " devices, offered load %.3f",
	       trace->count, target.nodes, target.devices,
	       trace_load(trace, capacity));
	if (trace->left_out)
		printf("; %" PRIu32 " jobs larger than the machine left out",
		       trace->left_out);
	putchar('\n');
}

/*
 * Runs
 */

static double *_values(const replay_t *replay, uint32_t policy, int metric)
{
	return replay->values +
	       ((size_t) policy * SIM_METRICS + (size_t) metric) *
		       replay->options.replicas;
}

static void _write_starts(const replay_t *replay, uint32_t policy,
			  const trace_t *trace, const double *starts)
{
	for (uint32_t i = 0; i < trace->count; i++) {
		const trace_job_t *job = &trace->jobs[i];

		fprintf(replay->starts,
			"%s,%.3f,%" PRIu32 ",%" PRIu32 ",%.3f\n",
			replay->policies[policy]->name, job->submit, job->nodes,
			job->devices, starts[i] - job->submit);
	}
}

static void _run_one(replay_t *replay, uint32_t policy, uint32_t replica,
		     const trace_t *trace)
{
	const options_t *options = &replay->options;
	sim_options_t sim = {.profile = replay->profile,
			     .shape = replay->shape,
			     .fabric = replay->fabric,
			     .policy = replay->policies[policy],
			     .relax = options->relax,
			     .estimate = options->estimate,
			     .depth = options->depth};
	double metrics[SIM_METRICS], *starts = NULL;
	clock_t begin = clock();
	neuron_error_t err;

	if (!replica && replay->starts &&
	    !(starts = calloc((size_t) trace->count + 1, sizeof(*starts))))
		_die("out of memory");
	if (sim_run(&sim, trace, metrics, starts, &err) < 0)
		_die("%s", err.text);
	if (starts)
		_write_starts(replay, policy, trace, starts);
	free(starts);
	for (int i = 0; i < SIM_METRICS; i++)
		_values(replay, policy, i)[replica] = metrics[i];
	if (!options->quiet)
		fprintf(stderr,
			"replica %" PRIu32 " of %" PRIu32 ", %-12s %.1f s\n",
			replica + 1, options->replicas, sim.policy->name,
			(double) (clock() - begin) / CLOCKS_PER_SEC);
}

static void _run_all(replay_t *replay)
{
	const options_t *options = &replay->options;
	trace_t shaken;

	replay->values = calloc(
		(size_t) replay->policy_count * SIM_METRICS * options->replicas,
		sizeof(*replay->values));
	if (!replay->values)
		_die("out of memory");
	for (uint32_t i = 0; i < options->replicas; i++) {
		if (trace_shake(&replay->trace, options->shake,
				options->seed * (uint64_t) REPLICAS_MAX + i,
				&shaken) < 0)
			_die("out of memory");
		for (uint32_t j = 0; j < replay->policy_count; j++)
			_run_one(replay, j, i, &shaken);
		trace_free(&shaken);
	}
}

/*
 * Results
 */

static void _print_estimate(estimate_t estimate, const char *unit)
{
	char text[64] = "-";

	if (!isnan(estimate.mean) && !isnan(estimate.half))
		snprintf(text, sizeof(text), "%.2f%s +-%.2f", estimate.mean,
			 unit, estimate.half);
	else if (!isnan(estimate.mean))
		snprintf(text, sizeof(text), "%.2f%s", estimate.mean, unit);
	printf("%*s", COLUMN, text);
}

static void _print_names(const replay_t *replay, const char *title)
{
	printf("\n%-30s", title);
	for (uint32_t i = 0; i < replay->policy_count; i++)
		printf("%*s", COLUMN, replay->policies[i]->name);
	putchar('\n');
}

/* In percent of the mean of the first policy */
static estimate_t _relative(const replay_t *replay, uint32_t policy, int metric)
{
	uint32_t replicas = replay->options.replicas;
	const double *base = _values(replay, 0, metric);
	double mean = stats_estimate(base, replicas).mean;
	estimate_t estimate = stats_difference(_values(replay, policy, metric),
					       base, replicas);

	estimate.mean = mean > 0 ? 100 * estimate.mean / mean : NAN;
	estimate.half = mean > 0 ? 100 * estimate.half / mean : NAN;
	return estimate;
}

static void _print_tables(const replay_t *replay)
{
	char title[64];

	_print_names(replay, "mean +- 95 % confidence");
	for (int i = 0; i < SIM_METRICS; i++) {
		printf("%-30s", sim_metric_name(i));
		for (uint32_t j = 0; j < replay->policy_count; j++)
			_print_estimate(
				stats_estimate(_values(replay, j, i),
					       replay->options.replicas),
				"");
		putchar('\n');
	}
	snprintf(title, sizeof(title), "over %s, paired",
		 replay->policies[0]->name);
	_print_names(replay, title);
	for (int i = 0; i <= SIM_SLOWDOWN; i++) {
		if (i >= SIM_MAX_CLASS && i < SIM_SLOWDOWN)
			continue;
		printf("%-30s", sim_metric_name(i));
		for (uint32_t j = 0; j < replay->policy_count; j++)
			_print_estimate(_relative(replay, j, i), " %");
		putchar('\n');
	}
}

static FILE *_create(const char *directory, const char *name)
{
	char path[PATH_LENGTH];
	FILE *file;

	if (mkdir(directory, 0777) < 0 && errno != EEXIST)
		_die("%s: %m", directory);
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >=
	    (int) sizeof(path))
		_die("%s: the name is too long", directory);
	if (!(file = fopen(path, "we")))
		_die("%s: %m", path);
	return file;
}

static void _close(FILE *file, const char *directory)
{
	int broken = ferror(file);

	if (fclose(file) || broken)
		_die("%s: a file cannot be written", directory);
}

static void _open_starts(replay_t *replay)
{
	const char *path = replay->options.starts;

	if (!path)
		return;
	if (!(replay->starts = fopen(path, "we")))
		_die("%s: %m", path);
	fputs("policy,submit_s,nodes,devices,wait_s\n", replay->starts);
}

static void _write_csv(const replay_t *replay)
{
	const char *directory = replay->options.csv;
	uint32_t replicas = replay->options.replicas;
	FILE *runs = _create(directory, "runs.csv");
	FILE *summary = _create(directory, "summary.csv");

	fputs("policy,replica,metric,value\n", runs);
	fputs("policy,metric,mean,half_width_95,difference,"
	      "difference_half_width_95\n",
	      summary);
	for (uint32_t i = 0; i < replay->policy_count; i++)
		for (int j = 0; j < SIM_METRICS; j++) {
			const double *values = _values(replay, i, j);
			const char *name = replay->policies[i]->name;
			estimate_t mean = stats_estimate(values, replicas);
			estimate_t off = stats_difference(
				values, _values(replay, 0, j), replicas);

			for (uint32_t k = 0; k < replicas; k++)
				fprintf(runs, "%s,%" PRIu32 ",\"%s\",%.6g\n",
					name, k + 1, sim_metric_name(j),
					values[k]);
			fprintf(summary, "%s,\"%s\",%.6g,%.6g,%.6g,%.6g\n",
				name, sim_metric_name(j), mean.mean, mean.half,
				off.mean, off.half);
		}
	_close(runs, directory);
	_close(summary, directory);
}

/* A chart of some metrics, one group of bars for each */
static void _write_chart(const replay_t *replay, const char *file_name,
			 const char *title, const char *unit,
			 const int *metrics, const char *const *groups,
			 unsigned int count)
{
	estimate_t values[SIM_METRICS * POLICIES_MAX];
	const char *series[POLICIES_MAX];
	svg_chart_t chart = {title,  unit,  groups,
			     series, count, replay->policy_count,
			     values};
	FILE *file = _create(replay->options.svg, file_name);

	for (uint32_t j = 0; j < replay->policy_count; j++)
		series[j] = replay->policies[j]->name;
	for (unsigned int i = 0; i < count; i++)
		for (uint32_t j = 0; j < replay->policy_count; j++)
			values[i * replay->policy_count + j] =
				stats_estimate(_values(replay, j, metrics[i]),
					       replay->options.replicas);
	svg_write(&chart, file);
	_close(file, replay->options.svg);
}

static void _write_charts(const replay_t *replay)
{
	static const int quality[] = {SIM_CONNECTED, SIM_BEST, SIM_ALIGNED};
	static const char *const quality_names[] = {"connected", "best shape",
						    "EFA aligned"};
	static const int nodes[] = {SIM_CROSSINGS, SIM_LEAVES,
				    SIM_LEAVES_AT_LEVEL};
	static const char *const nodes_names[] = {"avoidable crossings",
						  "leaves over bound",
						  "leaves over bound at level"};
	int classes[SIM_CLASSES];

	for (int i = 0; i < SIM_CLASSES; i++)
		classes[i] = SIM_WAIT_CLASS + i;
	_write_chart(replay, "wait.svg", "Mean wait by devices asked for", "h",
		     classes, sim_class_names, SIM_CLASSES);
	_write_chart(replay, "quality.svg", "Share of device time", "%",
		     quality, quality_names, 3);
	_write_chart(replay, "nodes.svg", "Jobs of several nodes", "%", nodes,
		     nodes_names, 3);
}

int main(int argc, char **argv)
{
	replay_t replay = {.options = {.policy_names = DEFAULT_POLICIES,
				       .nodes = 38,
				       .replicas = 5,
				       .depth = 1000,
				       .seed = 1,
				       .ultraservers = true,
				       .load = 0.85,
				       .relax = 3600,
				       .estimate = 1,
				       .shake = 300}};

	_read_options(argc, argv, &replay.options);
	_read_machine(&replay);
	_read_policies(&replay);
	_read_trace(&replay);
	_open_starts(&replay);
	_run_all(&replay);
	if (replay.starts)
		_close(replay.starts, replay.options.starts);
	_print_tables(&replay);
	if (replay.options.csv)
		_write_csv(&replay);
	if (replay.options.svg)
		_write_charts(&replay);
	trace_free(&replay.trace);
	fabric_destroy(replay.fabric);
	shape_destroy(replay.shape);
	profile_destroy(replay.profile);
	free(replay.names);
	free(replay.values);
	return 0;
}
