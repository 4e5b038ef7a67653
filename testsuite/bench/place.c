/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place: how fast lib/ decides.
 *
 * Fabrics of 100, 1,000 and 10,000 machines are filled at random until a share
 * of their devices is busy. Then requests are decided, each in another state:
 * before each a job ends and others start. A clock is read around each call,
 * and what reading it costs is taken off.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/place.h"
#include "lib/shape.h"
#include "place_fabric.h"
#include "replay_random.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define CALLS_MAX 20000
#define CALLS_MIN 20
#define CHURN 4 /* jobs a node that come and go before the clock runs */
#define TRIES 16
/* Of this program only: others on the computer do not count. Too slow to read
 * for shape_pick() */
#define WORK CLOCK_THREAD_CPUTIME_ID
#define MACHINES 3
#define LOADS 3

typedef struct {
	uint32_t nodes;
	uint32_t devices;
} request_size_t;

static const request_size_t requests[] = {{1, 1},  {1, 4},   {1, 8},  {1, 16},
					  {4, 16}, {16, 16}, {64, 16}};
static const uint32_t machine_sizes[MACHINES] = {100, 1000, 10000};
static const uint32_t loads[LOADS] = {30, 60, 90};
/* Sizes of the jobs that fill the machine */
static const uint32_t filler[] = {1, 1, 1, 2, 4, 4, 8, 8, 16, 16, 16};

typedef struct {
	const char *profile;
	uint64_t seed;
	uint32_t milliseconds; /* for each line */
	uint32_t nodes_max;
	const char *csv;
} options_t;

typedef struct {
	uint32_t node;
	devset_t devices;
	devset_t efas;
} filler_job_t;

typedef struct {
	const shape_t *shape;
	fabric_t *fabric;
	uint32_t nodes;
	uint32_t devices; /* of a node */
	devset_t *free;
	devset_t *free_efas;
	filler_job_t *jobs;
	uint32_t job_count;
	uint64_t busy;
	uint64_t target; /* busy devices */
	place_candidate_t *candidates;
	shape_pick_t *picks;
	uint32_t *picked;
} machine_t;

typedef struct {
	double *calls; /* nanoseconds of each */
	uint32_t count;
	uint32_t refused;
	double p50;
	double p99;
	double mean;
} timing_t;

typedef struct {
	const options_t *options;
	FILE *csv;
	double clock_ns; /* to be taken off */
	double buffer[CALLS_MAX];
	timing_t nodes[MACHINES][LOADS][COUNT(requests)];
	timing_t full[MACHINES][LOADS][COUNT(requests)];
	timing_t pick[LOADS][SHAPE_TIERS];
} bench_t;

static void _die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

static void _die(const char *fmt, ...)
{
	va_list ap;

	fputs("place: ", stderr);
	va_start(ap, fmt);
	(void) vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static void *_alloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		_die("out of memory");
	return memory;
}

static random_t numbers;

static uint32_t _random(uint32_t below)
{
	return random_below(&numbers, below);
}

static double _read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static double _now(void)
{
	return _read_clock(CLOCK_MONOTONIC);
}

/*
 * A machine with jobs
 */

static void _end_one(machine_t *machine)
{
	uint32_t index = _random(machine->job_count);
	filler_job_t *job = &machine->jobs[index];

	machine->free[job->node] |= job->devices;
	machine->free_efas[job->node] |= job->efas;
	machine->busy -= devset_count(job->devices);
	*job = machine->jobs[--machine->job_count];
}

/* Jobs are packed, but not perfectly: the fullest of some nodes with room */
static uint32_t _tightest_of_some(const machine_t *machine, uint32_t size)
{
	unsigned int least = UINT_MAX;
	uint32_t best = 0;

	for (int i = 0; i < TRIES; i++) {
		uint32_t node = _random(machine->nodes);
		unsigned int count = devset_count(machine->free[node]);

		if (count >= size && count < least) {
			least = count;
			best = node;
		}
	}
	return best;
}

static void _start_one(machine_t *machine)
{
	filler_job_t *job = &machine->jobs[machine->job_count];
	uint32_t size = filler[_random(COUNT(filler))];
	uint32_t node = _tightest_of_some(machine, size);
	shape_pick_t pick;

	if (shape_pick(machine->shape, machine->free[node],
		       machine->free_efas[node], true, size, SHAPE_CONSECUTIVE,
		       &pick) < 0)
		return;
	job->node = node;
	job->devices = pick.devices;
	job->efas = pick.efas;
	machine->free[node] &= ~pick.devices;
	machine->free_efas[node] &= ~pick.efas;
	machine->busy += devset_count(pick.devices);
	machine->job_count++;
}

static void _fill(machine_t *machine)
{
	while (machine->busy < machine->target)
		_start_one(machine);
}

static void _churn(machine_t *machine, uint32_t jobs)
{
	for (uint32_t i = 0; i < jobs && machine->job_count; i++)
		_end_one(machine);
	_fill(machine);
}

static void _make_machine(machine_t *machine, const shape_t *shape,
			  const profile_t *profile, uint32_t nodes)
{
	neuron_error_t err;

	memset(machine, 0, sizeof(*machine));
	machine->shape = shape;
	machine->nodes = nodes;
	machine->devices = profile_device_count(profile);
	machine->fabric = place_fabric_regular(nodes, true, &err);
	if (!machine->fabric)
		_die("%s", err.text);
	machine->free = _alloc(nodes, sizeof(devset_t));
	machine->free_efas = _alloc(nodes, sizeof(devset_t));
	machine->jobs = _alloc((size_t) nodes * machine->devices + 1,
			       sizeof(filler_job_t));
	machine->candidates = _alloc(nodes, sizeof(place_candidate_t));
	machine->picks = _alloc(nodes, sizeof(shape_pick_t));
	machine->picked = _alloc(nodes, sizeof(uint32_t));
	for (uint32_t i = 0; i < nodes; i++) {
		machine->free[i] = devset_run(0, machine->devices);
		machine->free_efas[i] =
			devset_run(0, profile_efa_count(profile));
	}
}

static void _load_machine(machine_t *machine, uint32_t percent)
{
	machine->target =
		(uint64_t) machine->nodes * machine->devices * percent / 100;
	while (machine->busy > machine->target)
		_end_one(machine);
	_fill(machine);
	for (uint32_t i = 0; i < CHURN * machine->nodes; i++)
		_churn(machine, 1);
}

static void _free_machine(machine_t *machine)
{
	fabric_destroy(machine->fabric);
	free(machine->free);
	free(machine->free_efas);
	free(machine->jobs);
	free(machine->candidates);
	free(machine->picks);
	free(machine->picked);
}

/*
 * What is measured
 */

/* RET the number of nodes with a set of that size */
static uint32_t _pick_all(machine_t *machine, uint32_t devices)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < machine->nodes; i++) {
		shape_pick_t *pick = &machine->picks[count];

		if (shape_pick(machine->shape, machine->free[i],
			       machine->free_efas[i], true, devices,
			       SHAPE_CONSECUTIVE, pick) < 0)
			continue;
		machine->candidates[count].node = i;
		machine->candidates[count].damage = pick->damage;
		machine->candidates[count].left =
			devset_count(machine->free[i]) - devices;
		count++;
	}
	return count;
}

static int _decide(machine_t *machine, uint32_t count, uint32_t nodes)
{
	neuron_error_t err;

	return place_nodes(machine->fabric, machine->candidates, count, nodes,
			   FABRIC_LEVELS_MAX, NULL, machine->picked, NULL,
			   &err);
}

static void _record(bench_t *bench, timing_t *timing, double ns, int rc)
{
	ns -= bench->clock_ns;
	timing->calls[timing->count++] = ns > 0 ? ns : 0;
	timing->refused += rc < 0;
}

static int _compare(const void *a, const void *b)
{
	double x = *(const double *) a, y = *(const double *) b;

	return (x > y) - (x < y);
}

static void _open_timing(bench_t *bench, timing_t *timing)
{
	memset(timing, 0, sizeof(*timing));
	timing->calls = bench->buffer;
}

static void _close_timing(timing_t *timing)
{
	double sum = 0;

	qsort(timing->calls, timing->count, sizeof(double), _compare);
	for (uint32_t i = 0; i < timing->count; i++)
		sum += timing->calls[i];
	timing->mean = sum / timing->count;
	timing->p50 = timing->calls[timing->count / 2];
	timing->p99 = timing->calls[(uint32_t) (0.99 * timing->count)];
	timing->calls = NULL;
}

static bool _goes_on(const bench_t *bench, const timing_t *timing, double start)
{
	if (timing->count == CALLS_MAX)
		return false;
	return timing->count < CALLS_MIN ||
	       _now() - start < bench->options->milliseconds * 1e6;
}

/* What reading a clock adds to a measurement */
static double _measure_clock(clockid_t clock)
{
	double least = INFINITY;

	for (int i = 0; i < 1000; i++) {
		double start = _read_clock(clock), end = _read_clock(clock);

		least = end - start < least ? end - start : least;
	}
	return least;
}

static void _time_picks(bench_t *bench, machine_t *machine, shape_tier_t tier,
			timing_t *timing)
{
	static const uint32_t sizes[] = {1, 4, 8, 16};
	double begin = _now();
	uint32_t i = 0;

	bench->clock_ns = _measure_clock(CLOCK_MONOTONIC);
	_open_timing(bench, timing);
	while (_goes_on(bench, timing, begin)) {
		uint32_t node = i % machine->nodes;
		uint32_t size = sizes[i++ / machine->nodes % COUNT(sizes)];
		shape_pick_t pick;
		double start = _now();
		int rc = shape_pick(machine->shape, machine->free[node],
				    machine->free_efas[node], true, size, tier,
				    &pick);

		_record(bench, timing, _now() - start, rc);
		if (!node)
			_churn(machine, machine->nodes / 10);
	}
	_close_timing(timing);
}

static void _time_nodes(bench_t *bench, machine_t *machine,
			const request_size_t *request, timing_t *timing)
{
	double begin = _now();

	bench->clock_ns = _measure_clock(WORK);
	_open_timing(bench, timing);
	while (_goes_on(bench, timing, begin)) {
		uint32_t count = _pick_all(machine, request->devices);
		double start = _read_clock(WORK);
		int rc = _decide(machine, count, request->nodes);

		_record(bench, timing, _read_clock(WORK) - start, rc);
		_churn(machine, 1);
	}
	_close_timing(timing);
}

static void _time_full(bench_t *bench, machine_t *machine,
		       const request_size_t *request, timing_t *timing)
{
	double begin = _now();

	bench->clock_ns = _measure_clock(WORK);
	_open_timing(bench, timing);
	while (_goes_on(bench, timing, begin)) {
		double start = _read_clock(WORK);
		uint32_t count = _pick_all(machine, request->devices);
		int rc = _decide(machine, count, request->nodes);

		_record(bench, timing, _read_clock(WORK) - start, rc);
		_churn(machine, 1);
	}
	_close_timing(timing);
}

/*
 * Results
 */

static void _line(bench_t *bench, const char *what, uint32_t nodes,
		  uint32_t load, const char *request, const timing_t *timing)
{
	if (bench->csv)
		fprintf(bench->csv,
			"%s,%" PRIu32 ",%" PRIu32 ",%s,%" PRIu32 ",%" PRIu32
			",%.0f,%.0f,%.0f,%.1f\n",
			what, nodes, load, request, timing->count,
			timing->refused, timing->p50, timing->p99, timing->mean,
			1e9 / timing->mean);
}

static const char *_name_of(const request_size_t *request)
{
	static char name[32];

	snprintf(name, sizeof(name), "%" PRIu32 "x%" PRIu32, request->nodes,
		 request->devices);
	return name;
}

/* In microseconds; a star: more than half could not be placed */
static void _print_cell(const timing_t *timing)
{
	if (!timing->count) {
		printf("  %9s %9s %8s ", "-", "-", "-");
		return;
	}
	printf("  %9.2f %9.2f %8.0f%c", timing->p50 / 1e3, timing->p99 / 1e3,
	       1e9 / timing->mean,
	       2 * timing->refused > timing->count ? '*' : ' ');
}

static void _print_growth(bench_t *bench, const char *title,
			  timing_t table[MACHINES][LOADS][COUNT(requests)])
{
	printf("\n%s\n%-14s", title, "");
	for (int i = 0; i < MACHINES; i++)
		printf("  %17" PRIu32 " nodes        ", machine_sizes[i]);
	printf("\n%-6s %-7s", "busy", "request");
	for (int i = 0; i < MACHINES; i++)
		printf("  %9s %9s %8s ", "p50 us", "p99 us", "a second");
	putchar('\n');
	for (int load = 0; load < LOADS; load++)
		for (int r = 0; r < COUNT(requests); r++) {
			printf("%3" PRIu32 " %%  %-7s", loads[load],
			       _name_of(&requests[r]));
			for (int i = 0; i < MACHINES; i++)
				_print_cell(&table[i][load][r]);
			putchar('\n');
		}
	if (bench->csv)
		fflush(bench->csv);
}

static void _print_picks(const bench_t *bench)
{
	printf("\nshape_pick, sizes 1, 4, 8 and 16 in turn\n%-6s", "busy");
	for (int tier = 0; tier < SHAPE_TIERS; tier++)
		printf("  %20s ns   ", shape_tier_name((shape_tier_t) tier));
	printf("\n%-6s", "");
	for (int tier = 0; tier < SHAPE_TIERS; tier++)
		printf("  %7s %7s %8s", "p50", "p99", "mean");
	putchar('\n');
	for (int load = 0; load < LOADS; load++) {
		printf("%3" PRIu32 " %% ", loads[load]);
		for (int tier = 0; tier < SHAPE_TIERS; tier++)
			printf("  %7.0f %7.0f %8.0f",
			       bench->pick[load][tier].p50,
			       bench->pick[load][tier].p99,
			       bench->pick[load][tier].mean);
		putchar('\n');
	}
}

static void _run_load(bench_t *bench, machine_t *machine, int size, int load)
{
	for (int tier = 0; size == 0 && tier < SHAPE_TIERS; tier++) {
		timing_t *timing = &bench->pick[load][tier];

		_time_picks(bench, machine, (shape_tier_t) tier, timing);
		_line(bench, "shape_pick", machine->nodes, loads[load],
		      shape_tier_name((shape_tier_t) tier), timing);
	}
	for (int i = 0; i < COUNT(requests); i++) {
		timing_t *nodes = &bench->nodes[size][load][i];
		timing_t *full = &bench->full[size][load][i];

		_time_nodes(bench, machine, &requests[i], nodes);
		_line(bench, "place_nodes", machine->nodes, loads[load],
		      _name_of(&requests[i]), nodes);
		_time_full(bench, machine, &requests[i], full);
		_line(bench, "decision", machine->nodes, loads[load],
		      _name_of(&requests[i]), full);
	}
}

static void _run(bench_t *bench, const profile_t *profile)
{
	shape_t *shape = shape_create(profile);

	if (!shape)
		_die("out of memory");
	for (int size = 0; size < MACHINES; size++) {
		machine_t machine;

		if (machine_sizes[size] > bench->options->nodes_max)
			continue;
		_make_machine(&machine, shape, profile, machine_sizes[size]);
		for (int load = 0; load < LOADS; load++) {
			fprintf(stderr,
				"place: %" PRIu32 " nodes, %" PRIu32
				" %% busy\n",
				machine.nodes, loads[load]);
			_load_machine(&machine, loads[load]);
			_run_load(bench, &machine, size, load);
		}
		_free_machine(&machine);
	}
	shape_destroy(shape);
}

static const char usage[] =
	"Usage: place [options] PROFILE.json\n"
	"  PROFILE.json   a profile with 16 devices, e.g. trn2u.48xlarge.json\n"
	"  --seed N       of the states (1)\n"
	"  --time MS      for each line of the tables (200)\n"
	"  --nodes N      leave out larger fabrics (10000)\n"
	"  --csv FILE     all figures, in nanoseconds\n"
	"  --help\n";

static uint32_t _number(const char *text, uint32_t min, uint32_t max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < min ||
	    value > max)
		_die("\"%s\" must be a number from %" PRIu32 " to %" PRIu32,
		     text, min, max);
	return (uint32_t) value;
}

static void _read_options(int argc, char **argv, options_t *options)
{
	static const struct option table[] = {
		{"seed", required_argument, NULL, 's'},
		{"time", required_argument, NULL, 't'},
		{"nodes", required_argument, NULL, 'n'},
		{"csv", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	int opt;

	*options =
		(options_t){.seed = 1, .milliseconds = 200, .nodes_max = 10000};
	while ((opt = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (opt == 's')
			options->seed = _number(optarg, 0, UINT32_MAX);
		else if (opt == 't')
			options->milliseconds = _number(optarg, 0, 600000);
		else if (opt == 'n')
			options->nodes_max = _number(optarg, 100, 10000);
		else if (opt == 'c')
			options->csv = optarg;
		else if (opt == 'h' && fputs(usage, stdout) >= 0)
			exit(0);
		else
			exit(2);
	}
	if (optind + 1 != argc)
		_die("one profile must be named; --help tells more");
	options->profile = argv[optind];
}

int main(int argc, char **argv)
{
	static bench_t bench;
	options_t options;
	neuron_error_t err;
	profile_t *profile;

	_read_options(argc, argv, &options);
	numbers = random_seed(options.seed);
	bench.options = &options;
	if (!(profile = profile_read(options.profile, &err)))
		_die("%s", err.text);
	if (profile_device_count(profile) != 16)
		_die("%s: a machine with 16 devices is needed, not %u",
		     options.profile, profile_device_count(profile));
	if (options.csv && !(bench.csv = fopen(options.csv, "we")))
		_die("%s: %m", options.csv);
	if (bench.csv)
		fputs("what,nodes,busy_percent,request,calls,refused,p50_ns,"
		      "p99_ns,mean_ns,per_second\n",
		      bench.csv);
	_run(&bench, profile);
	_print_picks(&bench);
	_print_growth(&bench, "place_nodes", bench.nodes);
	_print_growth(&bench,
		      "decision: shape_pick for every node (tier "
		      "consecutive), then place_nodes",
		      bench.full);
	puts("(NODESxDEVICES of each node; * : most could not be placed)");
	profile_destroy(profile);
	if (bench.csv && fclose(bench.csv))
		_die("%s: %m", options.csv);
	return 0;
}
