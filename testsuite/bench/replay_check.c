/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_check: that the replay computes what can be computed by hand, and
 * refuses what is malformed. Needs no data but the profiles.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "place_fabric.h"
#include "replay_sim.h"
#include "replay_stats.h"
#include "replay_svg.h"
#include "replay_timed.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define PATH_LENGTH 4096
#define JOBS_MAX 16

/* A machine and what runs on it */
typedef struct {
	profile_t *profile;
	shape_t *shape;
	fabric_t *fabric;
} machine_t;

static int failures;

#define CHECK(condition, ...)                                                  \
	do {                                                                   \
		if (!(condition)) {                                            \
			printf("%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			printf(__VA_ARGS__);                                   \
			putchar('\n');                                         \
			failures++;                                            \
		}                                                              \
	} while (0)

static void _die(const char *text)
{
	printf("replay_check: %s\n", text);
	exit(1);
}

static machine_t _open_machine(const char *profile, uint32_t nodes)
{
	const char *srcdir = getenv("srcdir");
	char path[PATH_LENGTH];
	machine_t machine;
	neuron_error_t err;

	snprintf(path, sizeof(path), "%s/../../etc/profiles/%s.json",
		 srcdir ? srcdir : ".", profile);
	if (!(machine.profile = profile_read(path, &err)))
		_die(err.text);
	if (!(machine.shape = shape_create(machine.profile)))
		_die("out of memory");
	if (!(machine.fabric = place_fabric_regular(nodes, true, &err)))
		_die(err.text);
	return machine;
}

static void _close_machine(machine_t *machine)
{
	fabric_destroy(machine->fabric);
	shape_destroy(machine->shape);
	profile_destroy(machine->profile);
}

static trace_t _read_trace(const char *csv, uint32_t nodes)
{
	trace_target_t target = {.nodes = nodes, .devices = 16};
	char *text = strdup(csv);
	neuron_error_t err;
	trace_t trace;

	if (!text || trace_decode(text, "trace", &target, &trace, &err) < 0)
		_die(err.text);
	free(text);
	return trace;
}

static sim_options_t _options(const machine_t *machine, const char *policy)
{
	sim_options_t options = {.profile = machine->profile,
				 .shape = machine->shape,
				 .fabric = machine->fabric,
				 .policy = policy_find(policy, NULL),
				 .relax = 60,
				 .estimate = 1,
				 .depth = 100};

	return options;
}

static void _check_starts(const sim_options_t *options, const char *csv,
			  const double *expected)
{
	trace_t trace = _read_trace(csv, 1);
	double starts[JOBS_MAX], metrics[SIM_METRICS];
	neuron_error_t err = {""};

	if (sim_run(options, &trace, metrics, starts, &err) < 0) {
		CHECK(false, "%s", err.text);
	} else {
		for (uint32_t i = 0; i < trace.count; i++)
			CHECK(starts[i] == expected[i],
			      "policy %s: job %u starts at %g, not at %g",
			      options->policy->name, i, starts[i], expected[i]);
	}
	trace_free(&trace);
}

/*
 * One machine. The third job needs all of it and is promised second 100. Of
 * those behind, the fourth and the last end in time when they start at second
 * 60, the fifth does not.
 */
static const char easy[] = "submit_s,duration_s,devices,tenant\n"
			   "0,100,8,a\n"
			   "10,50,8,b\n"
			   "20,100,16,a\n"
			   "30,20,4,c\n"
			   "35,60,4,c\n"
			   "40,40,4,c\n";

static void _check_backfill(void)
{
	static const char *const policies[] = {
		"count", "stock",   "rows", "plain",    "consecutive",
		"best",  "relaxed", "ring", "connected"};
	static const double exact[] = {0, 10, 100, 60, 200, 60};
	static const double doubled[] = {0, 10, 120, 60, 60, 80};
	static const double none[] = {0, 10, 100, 200, 200, 200};
	machine_t machine = _open_machine("trn2.48xlarge", 1);

	for (int i = 0; i < COUNT(policies); i++) {
		sim_options_t options = _options(&machine, policies[i]);

		_check_starts(&options, easy, exact);
		options.estimate = 2;
		_check_starts(&options, easy, doubled);
		options.estimate = 1;
		options.depth = 0;
		_check_starts(&options, easy, none);
	}
	_close_machine(&machine);
}

/*
 * Four jobs take a row of the torus each. At second 100 the first and the last
 * row come free: neighbours around the torus, but not consecutive. At second
 * 200 the second row does.
 */
static const char rows[] = "submit_s,duration_s,devices\n"
			   "0,100,4\n"
			   "1,199,4\n"
			   "2,298,4\n"
			   "3,97,4\n"
			   "50,10,8\n";

static void _check_tiers(void)
{
	static const struct {
		const char *policy;
		double start;
	} cases[] = {{"count", 100}, {"stock", 100},       {"rows", 200},
		     {"best", 100},  {"consecutive", 200}, {"relaxed", 200},
		     {"ring", 100},  {"connected", 100}};
	machine_t machine = _open_machine("trn2.48xlarge", 1);

	for (int i = 0; i < COUNT(cases); i++) {
		double expected[] = {0, 1, 2, 3, cases[i].start};
		sim_options_t options = _options(&machine, cases[i].policy);

		_check_starts(&options, rows, expected);
		/* At second 100 it has waited for 50 */
		options.relax = 50;
		if (options.policy->relaxed) {
			expected[4] = 100;
			_check_starts(&options, rows, expected);
		}
	}
	_close_machine(&machine);
}

/*
 * The first two jobs leave a device each in the first and second row. The
 * fourth, which needs one, lasts as long as the second, so its place is there:
 * then the first row is whole again at second 100, for the last job.
 */
static const char lasting[] = "submit_s,duration_s,devices\n"
			      "0,100,3\n"
			      "1,1000,3\n"
			      "2,2000,8\n"
			      "3,1000,1\n"
			      "50,10,4\n";

static void _check_lasting(void)
{
	static const double unaware[] = {0, 1, 2, 3, 1001};
	static const double aware[] = {0, 1, 2, 3, 100};
	machine_t machine = _open_machine("trn2.48xlarge", 1);
	sim_options_t options = _options(&machine, "consecutive");

	_check_starts(&options, lasting, unaware);
	options.policy = policy_find("timed", NULL);
	_check_starts(&options, lasting, aware);
	_close_machine(&machine);
}

static void _check_metrics(void)
{
	machine_t machine = _open_machine("trn2.48xlarge", 1);
	trace_t trace = _read_trace(easy, 1);
	sim_options_t options = _options(&machine, "consecutive");
	double m[SIM_METRICS];
	neuron_error_t err = {""};

	CHECK(!sim_run(&options, &trace, m, NULL, &err), "%s", err.text);
	/* waits: 0, 0, 80, 30, 165, 20 */
	CHECK(fabs(m[SIM_WAIT] * 3600 - 295.0 / 6) < 1e-6, "%g", m[SIM_WAIT]);
	CHECK(fabs(m[SIM_WAIT_CLASS + 2] * 3600 - 215.0 / 3) < 1e-6, "%g",
	      m[SIM_WAIT_CLASS + 2]);
	CHECK(fabs(m[SIM_MAX_CLASS + 2] * 3600 - 165) < 1e-6, "%g",
	      m[SIM_MAX_CLASS + 2]);
	CHECK(isnan(m[SIM_WAIT_CLASS + SIM_CLASSES - 1]), "no such job");
	/* measured from second 0 to 40: 8 devices busy, from 10 on 16 */
	CHECK(fabs(m[SIM_UTILISATION] - 87.5) < 1e-9, "%g", m[SIM_UTILISATION]);
	CHECK(fabs(m[SIM_BLOCKED] - 50) < 1e-9, "%g", m[SIM_BLOCKED]);
	CHECK(m[SIM_FRAGMENTED] == 0, "%g", m[SIM_FRAGMENTED]);
	CHECK(m[SIM_BEST] == 100, "%g", m[SIM_BEST]);
	trace_free(&trace);
	_close_machine(&machine);
}

/* Jobs of all sizes, so that every policy has to cope with every state */
static trace_t _random_trace(uint32_t jobs, uint32_t nodes)
{
	static const uint32_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 12, 16, 32, 64};
	trace_target_t target = {.nodes = nodes, .devices = 16};
	trace_t trace;

	if (trace_invent(jobs, &target, 7, &trace) < 0)
		_die("out of memory");
	for (uint32_t i = 0; i < jobs; i++) {
		uint32_t size = sizes[i * 7 % COUNT(sizes)];

		trace.jobs[i].nodes = (size + 15) / 16;
		trace.jobs[i].devices = size < 16 ? size : 16;
	}
	trace_scale(&trace, 16.0 * nodes, 0.9);
	return trace;
}

/* The simulator checks its rules by itself */
static void _check_rules(const char *profile)
{
	static const char *const policies[] = {
		"count",      "stock", "rows",      "plain",     "consecutive",
		"best",       "ring",  "relaxed",   "connected", "timed",
		"timed-best", "queue", "queue-best"};
	machine_t machine = _open_machine(profile, 8);
	trace_t trace = _random_trace(2000, 8);
	double m[SIM_METRICS];

	for (int i = 0; i < COUNT(policies); i++) {
		sim_options_t options = _options(&machine, policies[i]);
		neuron_error_t err = {""};

		for (options.estimate = 1; options.estimate <= 5;
		     options.estimate += 2)
			CHECK(!sim_run(&options, &trace, m, NULL, &err), "%s",
			      err.text);
		if (policy_is_fungible(options.policy))
			continue;
		CHECK(m[SIM_CONNECTED] == 100 && m[SIM_ALIGNED] == 100,
		      "%s: %g, %g", policies[i], m[SIM_CONNECTED],
		      m[SIM_ALIGNED]);
		CHECK(m[SIM_CROSSINGS] == 0, "%s: %g", policies[i],
		      m[SIM_CROSSINGS]);
	}
	trace_free(&trace);
	_close_machine(&machine);
}

/* Weights by the queue lead to other choices, and to the same ones each time */
static void _check_queue(void)
{
	machine_t machine = _open_machine("trn2.48xlarge", 3);
	trace_t trace = _random_trace(2000, 8);
	double m[3][SIM_METRICS];

	/* small ones, as the fixed weights have it least */
	for (uint32_t i = 0; i < trace.count; i++) {
		trace.jobs[i].nodes = 1;
		trace.jobs[i].devices = 1 + i * 7 % 8;
	}
	for (int i = 0; i < 3; i++) {
		sim_options_t options =
			_options(&machine, i ? "queue" : "timed");
		neuron_error_t err = {""};

		CHECK(!sim_run(&options, &trace, m[i], NULL, &err), "%s",
		      err.text);
	}
	CHECK(m[0][SIM_WAIT] != m[1][SIM_WAIT], "%g", m[0][SIM_WAIT]);
	CHECK(m[1][SIM_WAIT] == m[2][SIM_WAIT], "%g, %g", m[1][SIM_WAIT],
	      m[2][SIM_WAIT]);
	trace_free(&trace);
	_close_machine(&machine);
}

/* What the rules are there to find */
static void _check_broken_shares(void)
{
	static const struct {
		share_t share;
		devset_t free;
		devset_t free_efas;
		const char *what; /* NULL: legal */
	} cases[] = {
		{{0, 0xf0, 0xf0}, 0xff, 0xff, NULL},
		{{0, 0xf0, 0xf0}, 0x7f, 0xff, "device is given out twice"},
		{{0, 0xf0, 0xf0}, 0xff, 0x7f, "interface is given out twice"},
		{{0, 0x70, 0x70}, 0xff, 0xff, "another size"},
		{{0, 0x78, 0x78}, 0xff, 0xff, "not legal"},
		{{0, 0xf0, 0x0f}, 0xff, 0xff, "not those of the set"},
	};
	machine_t machine = _open_machine("trn2.48xlarge", 1);
	sim_options_t options = _options(&machine, "consecutive");

	for (int i = 0; i < COUNT(cases); i++) {
		neuron_error_t err = {""};
		int rc = sim_check_share(&options, SHAPE_CONSECUTIVE, 4,
					 &cases[i].share, cases[i].free,
					 cases[i].free_efas, &err);

		CHECK((rc < 0) == (cases[i].what != NULL), "case %d", i);
		CHECK(!cases[i].what || strstr(err.text, cases[i].what),
		      "\"%s\" does not say \"%s\"", err.text, cases[i].what);
	}
	_close_machine(&machine);
}

/*
 * The rest of the first row comes free after half an hour, that of the second
 * after two. A job that ends before that takes the lowest device; a longer one
 * belongs to the second row, whose neighbours stay busy for longer.
 */
static void _check_timed(void)
{
	static const struct {
		double end;
		devset_t devices;
	} cases[] = {{1000, 0x0008}, {3600, 0x0080}, {360000, 0x0080}};
	machine_t machine = _open_machine("trn2.48xlarge", 1);
	shape_span_t spans[SHAPE_SPANS_MAX];
	double ends[16];
	shape_pick_t pick;
	uint32_t count, parts;

	/* free: device 3 of the first row, 7 of the second, nothing else */
	for (int i = 0; i < COUNT(ends); i++)
		ends[i] = i < 3 ? 1800 : i < 7 ? 7200 : 400000;
	ends[3] = ends[7] = 0;
	for (int i = 0; i < COUNT(cases); i++) {
		count = timed_cut(ends, 16, 0, cases[i].end, spans);
		CHECK(!shape_pick_timed(machine.shape, 0x0088, UINT64_MAX, true,
					1, SHAPE_CONSECUTIVE, spans, count,
					&pick, &parts),
		      "case %d", i);
		CHECK(pick.devices == cases[i].devices, "case %d: %#llx", i,
		      (unsigned long long) pick.devices);
	}
	count = timed_cut(ends, 16, 0, 3600, spans);
	CHECK(count == 2 && spans[0].free == 0x0088 &&
		      spans[1].free == 0x008f && spans[0].seconds == 1800 &&
		      spans[1].seconds == 1800,
	      "%u spans, %#llx %u, %#llx %u", count,
	      (unsigned long long) spans[0].free, spans[0].seconds,
	      (unsigned long long) spans[1].free, spans[1].seconds);
	_close_machine(&machine);
}

/*
 * Files
 */

static void _write_file(char path[PATH_LENGTH], const char *suffix,
			const char *text)
{
	const char *directory = getenv("TMPDIR");
	FILE *file;
	int fd;

	snprintf(path, PATH_LENGTH, "%s/replay-XXXXXX%s",
		 directory ? directory : "/tmp", suffix);
	fd = mkstemps(path, (int) strlen(suffix));
	if (fd < 0 || !(file = fdopen(fd, "w")))
		_die("a file cannot be made");
	fputs(text, file);
	if (fclose(file))
		_die("a file cannot be written");
}

static const char head[] = "submit_s,duration_s,devices\n";
static const char acme[] = "arrival_time,num_iteration,"
			   "iteration_computing_time,gpu_workers,"
			   "gpu_per_worker\n";

static void _check_refused_traces(void)
{
	static const struct {
		const char *head;
		const char *rest;
		const char *what;
	} cases[] = {
		{"", "", "t.csv:0: there must be a line"},
		{"submit_s,devices\n", "", "t.csv:1: the columns must be"},
		{head, "", "t.csv: there is no job"},
		{head, "1,2\n", "t.csv:2: \"1\" begins a line of 2 values"},
		{head, "1,2,3,4\n", "t.csv:2: \"1\" begins a line of 4"},
		{head, "1,2,3\n\n# x\nx,2,3\n", "t.csv:5: submit_s is \"x\""},
		{head, "-1,2,3\n", "t.csv:2: submit_s is \"-1\""},
		{head, "1,nan,3\n", "t.csv:2: duration_s is \"nan\""},
		{head, "1,2e99,3\n", "t.csv:2: duration_s is \"2e99\""},
		{head, "1,2,0\n", "t.csv:2: devices is \"0\""},
		{head, "1,2,1.5\n", "t.csv:2: devices is \"1.5\""},
		{head, "1,2,\n", "t.csv:2: devices is \"\""},
		{head, "1,2,3x\n", "t.csv:2: devices is \"3x\""},
		{acme, "1,2,0.5,0,8\n", "t.csv:2: gpu_workers is \"0\""},
		{acme, "1,2,z,1,8\n", "iteration_computing_time is \"z\""},
	};
	trace_target_t target = {.nodes = 4, .devices = 16};

	for (int i = 0; i < COUNT(cases); i++) {
		char text[256];
		neuron_error_t err = {""};
		trace_t trace;

		snprintf(text, sizeof(text), "%s%s", cases[i].head,
			 cases[i].rest);
		CHECK(trace_decode(text, "t.csv", &target, &trace, &err) < 0,
		      "case %d", i);
		CHECK(strstr(err.text, cases[i].what),
		      "\"%s\" does not say \"%s\"", err.text, cases[i].what);
	}
}

static void _check_traces(void)
{
	trace_target_t target = {.nodes = 2, .devices = 16};
	char text[] = "arrival_time,num_iteration,iteration_computing_time,"
		      "gpu_workers,gpu_per_worker\n"
		      "9.0,208,0.5,2,8.0\n"
		      "5.0,1,0.5,1,8.0\n"
		      "7.0,100,0.5,3,8.0\n";
	neuron_error_t err = {""};
	trace_t trace;

	CHECK(!trace_decode(text, "t.csv", &target, &trace, &err), "%s",
	      err.text);
	CHECK(trace.count == 2 && trace.left_out == 1, "%u", trace.count);
	CHECK(trace.jobs[0].submit == 5 && trace.jobs[0].duration == 1, "-");
	CHECK(trace.jobs[1].duration == 104 && trace.jobs[1].nodes == 2 &&
		      trace.jobs[1].devices == 8,
	      "-");
	trace_free(&trace);
	trace = _read_trace("submit_s,duration_s,devices\n0,1,17\n", 4);
	CHECK(trace.jobs[0].nodes == 2 && trace.jobs[0].devices == 16, "-");
	trace_free(&trace);
}

static void _check_refused_fabrics(void)
{
	static const struct {
		const char *suffix;
		const char *text;
		const char *what;
	} cases[] = {
		{".csv", "", ":0: there must be a line"},
		{".csv", "ip\na\n", ":1: there must be a column of nodes"},
		{".csv", "ip,ASW\n", "no node is below a switch"},
		{".csv", "ip,ASW\na,s1\nb\n", ":3: \"b\" begins a line of 1"},
		{".csv", "ip,ASW\na b,s1\n", ":2: \"a b\" is not the name"},
		{".csv", "ip,ASW\na,\n", ":2: \"\" is not the name"},
		{".csv", "ip,ASW\na,s1\na,s2\n", "a"},
		{".conf", "SwitchName=s Nodes=n[1-\n", ":1: Nodes=n[1-"},
		{".conf", "SwitchName=s Knots=n1\n", "Knots"},
	};

	for (int i = 0; i < COUNT(cases); i++) {
		char path[PATH_LENGTH];
		neuron_error_t err = {""};
		fabric_t *fabric;

		_write_file(path, cases[i].suffix, cases[i].text);
		fabric = place_fabric_read(path, &err);
		unlink(path);
		CHECK(!fabric, "case %d", i);
		CHECK(strstr(err.text, cases[i].what),
		      "\"%s\" does not say \"%s\"", err.text, cases[i].what);
		fabric_destroy(fabric);
	}
}

/*
 * Pod A has 8 leaves with a free node each, pod B has 3 leaves with 3 each; 8
 * nodes are wanted. topology/tree takes the pod that is filled most, lib/ the
 * one with fewer leaves.
 */
static fabric_t *_pods(void)
{
	char path[PATH_LENGTH], text[1024] = "node,pod,leaf\n";
	neuron_error_t err;
	fabric_t *fabric;

	for (unsigned int i = 0; i < 17; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "n%u,%s,l%u\n", i, i < 8 ? "A" : "B",
			 i < 8 ? i : (i - 8) / 3);
	_write_file(path, ".csv", text);
	fabric = place_fabric_read(path, &err);
	unlink(path);
	if (!fabric)
		_die(err.text);
	return fabric;
}

static void _check_pods(const char *policy, uint32_t leaves)
{
	machine_t machine = _open_machine("trn2.48xlarge", 1);
	fabric_t *fabric = _pods();
	decider_t *decider =
		decider_create(machine.profile, machine.shape, fabric);
	devset_t free[17];
	share_t shares[17];
	decision_rank_t rank;

	for (int i = 0; i < COUNT(free); i++)
		free[i] = devset_run(0, 16);
	CHECK(fabric_node_count(fabric) == COUNT(free), "nodes");
	CHECK(!decider_decide(decider, policy_find(policy, NULL),
			      SHAPE_CONSECUTIVE, 8, 16, free, free, shares),
	      "%s", policy);
	CHECK(!decider_rank(decider, 8, shares, &rank), "%s", policy);
	CHECK(rank.leaves == leaves, "%s: %u leaves, not %u", policy,
	      rank.leaves, leaves);
	CHECK(rank.least_leaves == 3 && rank.least_leaves_at_level == 3 &&
		      rank.level == rank.least_level,
	      "%s: %u, %u, %u, %u", policy, rank.least_leaves,
	      rank.least_leaves_at_level, rank.level, rank.least_level);
	decider_destroy(decider);
	fabric_destroy(fabric);
	_close_machine(&machine);
}

static void _check_stats(void)
{
	static const double one[] = {1, 2, 3, NAN, 4, 5};
	static const double two[] = {2, 2, 2, 2, 2, 2};
	estimate_t estimate = stats_estimate(one, COUNT(one));

	CHECK(estimate.count == 5 && estimate.mean == 3, "%g", estimate.mean);
	CHECK(fabs(estimate.half - 1.9632) < 1e-3, "%g", estimate.half);
	estimate = stats_difference(one, two, COUNT(one));
	CHECK(estimate.mean == 1, "%g", estimate.mean);
	CHECK(isnan(stats_estimate(one, 1).half), "one number");
	CHECK(isnan(stats_estimate(one + 3, 1).mean), "no number");
	CHECK(fabs(stats_t(60) - 2.0003) < 2e-3, "%g", stats_t(60));
}

static void _check_chart(void)
{
	static const char *const groups[] = {"a<b", "c"};
	static const char *const series[] = {"one", "two"};
	static const estimate_t values[] = {
		{5, 1, 0.5}, {5, 9, 1}, {0, NAN, NAN}, {1, 3, NAN}};
	svg_chart_t chart = {"title", "h", groups, series, 2, 2, values};
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		_die("out of memory");
	CHECK(!svg_write(&chart, file), "-");
	fclose(file);
	CHECK(!strncmp(text, "<svg xmlns", 10) && strstr(text, "</svg>"), "-");
	CHECK(strstr(text, "a&lt;b") && !strstr(text, "a<b"), "-");
	CHECK(!strstr(text, "nan") && !strstr(text, "href"), "%s", text);
	free(text);
}

int main(void)
{
	_check_backfill();
	_check_tiers();
	_check_lasting();
	_check_metrics();
	_check_rules("trn2.48xlarge");
	_check_rules("trn1.32xlarge");
	_check_broken_shares();
	_check_timed();
	_check_queue();
	_check_traces();
	_check_refused_traces();
	_check_refused_fabrics();
	_check_pods("stock", 8);
	_check_pods("consecutive", 3);
	_check_stats();
	_check_chart();
	if (failures)
		printf("%d checks failed\n", failures);
	return failures ? 1 : 0;
}
