/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo test: a deep test of nodes, in a maintenance reservation */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "command.h"
#include "hosts.h"
#include "lookover.h"
#include "maintenance.h"
#include "masking.h"
#include "topo.h"

#include "lib/conf.h"
#include "lib/mask.h"
#include "lib/ringreport.h"
#include "lib/text.h"

#define FORMAT "neuron-topo-test-1"
/* Seconds for one job, and that a job may wait for its start */
#define LOOK_SECONDS 300
#define RING_SECONDS 900
#define START_SECONDS 120
/* The reservation of nodes that were in service, minutes */
#define RESERVE_MINUTES 60
#define ARGUMENTS_MAX 32
#define ARGUMENT_MAX 512
#define TASKS_MAX 16
#define BANDWIDTH_MAX 1e6
/* A link must have so much of what is expected: ringcheck is quick, not exact
 */
#define SHARE 0.5

typedef struct {
	const char *nodes;
	const char *provider; /* of libfabric; NULL: as a job has it */
	const char *clean;
	const char *size; /* of neuron-ringcheck; NULL: its default */
	double min_bandwidth; /* GB/s; 0: not given */
	unsigned int tasks; /* on each node; 0: one for each interface */
	bool give_back;
	bool no_mask;
	bool here;
	bool json;
} wish_t;

typedef struct {
	const profile_t *profile;
	devset_t masked; /* in slurmctld */
	devset_t found; /* masked by this test */
	bool answered;
	bool bad; /* something is wrong that no mask takes away */
	json_object *problems; /* sentences */
} tested_t;

typedef struct {
	const wish_t *wish;
	const conf_t *conf;
	maintenance_t maintenance;
	tested_t *nodes; /* in the order of maintenance.nodes */
	uint32_t count;
	uint32_t known; /* nodes of a partition that is looked at */
	char partition[256];
	char ringcheck[PATH_MAX], self[PATH_MAX];
	json_object *rings;
	neuron_error_t *err;
} test_t;

static int _test(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_test = {
	.name = "test",
	.arguments = "[OPTION...] NODES",
	.help = "test nodes by a job in a maintenance reservation; mask what is bad",
	.details =
		"  --return              drained nodes in which nothing is wrong go back to service\n"
		"  --no-mask             only tell of bad devices\n"
		"  --min-bandwidth X     GB/s that each link must have; default: by the profile,\n"
		"                        else half the median of the links\n"
		"  --provider NAME       of libfabric; default: what jobs have\n"
		"  --size SIZE           of the data that neuron-ringcheck sends around\n"
		"  --tasks N             on each node; default: one for each EFA interface\n"
		"  --json\n"
		"  --clean RESERVATION   undo what a test that was killed has left\n"
		"  --here                look at this machine only, as the job does\n"
		"\n"
		"Drained nodes are resumed inside the reservation and drained again. Only\n"
		"operators of Slurm may do it. Exit status 3: something is wrong.\n",
	.run = _test,
};

static void _problem(tested_t *node, const char *text)
{
	json_object_array_add(node->problems, json_object_new_string(text));
}

static void _fault(tested_t *node, const char *text)
{
	node->bad = true;
	_problem(node, text);
}

static int _find(const test_t *test, const char *name)
{
	for (uint32_t i = 0; i < test->count; i++) {
		if (!strcmp(test->maintenance.nodes[i].name, name))
			return (int) i;
	}
	return -1;
}

/*
 * Jobs
 */

typedef struct {
	char text[ARGUMENTS_MAX][ARGUMENT_MAX];
	char *list; /* of nodes, for free() */
	char *argv[ARGUMENTS_MAX + 1];
	unsigned int count;
} arguments_t;

static void _add(arguments_t *arguments, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void _add(arguments_t *arguments, const char *fmt, ...)
{
	unsigned int at = arguments->count;
	va_list ap;

	if (at == ARGUMENTS_MAX)
		return;
	va_start(ap, fmt);
	(void) vsnprintf(arguments->text[at], ARGUMENT_MAX, fmt, ap);
	va_end(ap);
	arguments->argv[at] = arguments->text[at];
	arguments->argv[++arguments->count] = NULL;
}

/* "srun" for some of the nodes. IN tasks - on each */
static int _srun(const test_t *test, const uint32_t *which, uint32_t count,
		 unsigned int tasks, unsigned int seconds,
		 arguments_t *arguments)
{
	const char **names = calloc(count + 1, sizeof(*names));

	*arguments = (arguments_t){.count = 0};
	for (uint32_t i = 0; names && i < count; i++)
		names[i] = test->maintenance.nodes[which[i]].name;
	if (names)
		arguments->list = hosts_fold(names, count);
	free(names);
	if (!arguments->list)
		return neuron_error_set(test->err, ENOMEM, "out of memory");
	_add(arguments, "%s/srun", SLURM_BINDIR);
	_add(arguments, "--quiet");
	_add(arguments, "--job-name=neuron-test");
	_add(arguments, "--reservation=%s", test->maintenance.name);
	_add(arguments, "--partition=%s", test->partition);
	_add(arguments, "--nodes=%u", count);
	_add(arguments, "--ntasks=%u", count * tasks);
	_add(arguments, "--ntasks-per-node=%u", tasks);
	_add(arguments, "--time=%u", seconds / 60 + 1);
	_add(arguments, "--immediate=%d", START_SECONDS);
	_add(arguments, "--nodelist");
	/* A list can be longer than an argument here */
	if (arguments->count < ARGUMENTS_MAX)
		arguments->argv[arguments->count++] = arguments->list;
	arguments->argv[arguments->count] = NULL;
	return 0;
}

/* The last line that a program said */
static const char *_last_line(char *said)
{
	size_t length = strlen(said);
	char *at;

	while (length && said[length - 1] == '\n')
		said[--length] = '\0';
	for (char *c = said; *c; c++) {
		if ((*c < ' ' || *c > '~') && *c != '\n')
			*c = '?';
	}
	at = strrchr(said, '\n');
	return at ? at + 1 : said;
}

/*
 * Devices and interfaces, by a job on all nodes
 */

static int _take_look(const lookover_t *look, void *arg)
{
	test_t *test = arg;
	int at = _find(test, look->node);
	char text[NEURON_ERROR_MAX + 32];

	if (at < 0)
		return neuron_error_set(
			test->err, EINVAL,
			"node %.100s answered and was not asked", look->node);
	test->nodes[at].answered = true;
	test->nodes[at].found = look->bad & ~test->nodes[at].masked;
	for (int d = -1; (d = devset_next(test->nodes[at].found, d)) >= 0;) {
		mask_t mask;
		devset_t changed;

		(void) snprintf(text, sizeof(text), "neuron-topo test: %s",
				look->reasons[d]);
		_problem(&test->nodes[at], look->reasons[d]);
		if (test->wish->no_mask) {
			test->nodes[at].bad = true;
			continue;
		}
		mask_init(&mask);
		(void) mask_add(&mask, (unsigned int) d, text);
		if (masking_change(look->node, &mask, true, 0, &changed,
				   test->err))
			return -1;
		test->nodes[at].masked |= devset_of((unsigned int) d);
	}
	for (uint32_t i = 0; i < look->other_count; i++)
		_fault(&test->nodes[at], look->others[i]);
	return 0;
}

static int _look(test_t *test, const uint32_t *all)
{
	command_result_t result;
	arguments_t srun;
	int rc;

	if (_srun(test, all, test->count, 1, LOOK_SECONDS, &srun))
		return -1;
	_add(&srun, "%s", test->self);
	_add(&srun, "test");
	_add(&srun, "--here");
	rc = command_run(srun.argv, LOOK_SECONDS + START_SECONDS, &result,
			 test->err);
	free(srun.list);
	if (rc)
		return -1;
	rc = lookover_read(result.output, _take_look, test, test->err);
	free(result.output);
	for (uint32_t i = 0; !rc && i < test->count; i++) {
		char text[COMMAND_SAID_MAX + 64];

		if (test->nodes[i].answered)
			continue;
		(void) snprintf(text, sizeof(text),
				"the job did not look at it: %s",
				_last_line(result.said));
		_fault(&test->nodes[i], text);
	}
	return rc;
}

/*
 * Rings
 */

/* Devices that a job can have on a node: all, or a power of two */
static unsigned int _devices(const tested_t *node)
{
	unsigned int all = profile_device_count(node->profile);
	unsigned int left =
		devset_count(profile_devices(node->profile) & ~node->masked);
	unsigned int power = 1;

	if (left == all || !left)
		return left;
	while (power * 2 <= left)
		power *= 2;
	return power;
}

static unsigned int _tasks(const test_t *test, const tested_t *node,
			   unsigned int devices)
{
	unsigned int all = profile_device_count(node->profile);
	unsigned int tasks = test->wish->tasks;

	if (!tasks)
		tasks = profile_efa_count(node->profile) * devices / all;
	if (tasks > devices)
		tasks = devices;
	/* Each task gets as many devices */
	while (tasks > 1 && devices % tasks)
		tasks--;
	return tasks ? tasks : 1;
}

static void _report_link(test_t *test, const ringreport_link_t *link,
			 const ringreport_limit_t *limit)
{
	int from = _find(test, link->from), to = _find(test, link->to);
	char text[1024];

	if (link->wrong > 0)
		(void) snprintf(
			text, sizeof(text),
			"link from rank %u on %.255s to rank %u on %.255s: %.0f elements came changed",
			link->from_rank, link->from, link->to_rank, link->to,
			link->wrong);
	else
		(void) snprintf(
			text, sizeof(text),
			"link from rank %u on %.255s to rank %u on %.255s: %.3f GB/s, and at least %.3f are expected (%s: %.3f)",
			link->from_rank, link->from, link->to_rank, link->to,
			link->bandwidth, limit->limit,
			ringreport_source_name(limit->source), limit->expected);
	if (from >= 0)
		_fault(&test->nodes[from], text);
	if (to >= 0 && to != from)
		_fault(&test->nodes[to], text);
}

static json_object *_json_links(const ringreport_t *report)
{
	json_object *list = json_object_new_array();
	const ringreport_link_t *link;

	for (uint32_t i = 0; (link = ringreport_link(report, i)); i++) {
		json_object *one = json_object_new_object();

		json_object_object_add(
			one, "from",
			json_object_new_int((int) link->from_rank));
		json_object_object_add(one, "from_node",
				       json_object_new_string(link->from));
		json_object_object_add(
			one, "to", json_object_new_int((int) link->to_rank));
		json_object_object_add(one, "to_node",
				       json_object_new_string(link->to));
		json_object_object_add(one, "bandwidth",
				       json_object_new_double(link->bandwidth));
		json_object_array_add(list, one);
	}
	return list;
}

static void _note_ring(test_t *test, const ringreport_t *report,
		       const ringreport_limit_t *limit)
{
	json_object *ring = json_object_new_object();

	json_object_object_add(
		ring, "provider",
		json_object_new_string(ringreport_provider(report)));
	if (limit->source != RINGREPORT_NONE) {
		json_object_object_add(ring, "expected",
				       json_object_new_double(limit->expected));
		json_object_object_add(ring, "limit",
				       json_object_new_double(limit->limit));
		json_object_object_add(
			ring, "limit_from",
			json_object_new_string(
				ringreport_source_name(limit->source)));
	}
	json_object_object_add(ring, "links", _json_links(report));
	json_object_array_add(test->rings, ring);
}

/* Figures of each node's family; the least of them holds for all */
static uint32_t _efa_gbps(const test_t *test, const uint32_t *which,
			  uint32_t count)
{
	uint32_t least = UINT32_MAX;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t gbps = profile_efa_gbps(test->nodes[which[i]].profile);

		least = (gbps < least) ? gbps : least;
	}
	return least;
}

/* RET 1: nothing was measured; 0; -1 */
static int _judge_ring(test_t *test, const uint32_t *which, uint32_t count,
		       const ringreport_t *report)
{
	const ringreport_link_t *link;
	ringreport_limit_t limit;

	if (!ringreport_link_count(report))
		return ringreport_is_good(report) ? 0 : 1;
	if (ringreport_limit(report, test->wish->min_bandwidth,
			     _efa_gbps(test, which, count), SHARE, &limit))
		return neuron_error_set(test->err, ENOMEM, "out of memory");
	_note_ring(test, report, &limit);
	for (uint32_t i = 0; (link = ringreport_link(report, i)); i++) {
		if (link->wrong > 0 || link->bandwidth < limit.limit)
			_report_link(test, link, &limit);
	}
	return 0;
}

static int _read_ring(test_t *test, const uint32_t *which, uint32_t count,
		      command_result_t *result, char *why, size_t size)
{
	ringreport_t *report = NULL;
	int rc = 1;

	(void) snprintf(why, size, "the ring did not run: %s",
			_last_line(result->said));
	if (*result->output == '{') {
		report = ringreport_decode(result->output, "neuron-ringcheck",
					   test->err);
		if (!report)
			return -1;
		rc = _judge_ring(test, which, count, report);
		if (rc == 1 && *ringreport_problem(report))
			(void) snprintf(why, size, "the ring failed: %s",
					ringreport_problem(report));
	}
	ringreport_destroy(report);
	return rc;
}

/* RET 1: it did not come to its end, and why; 0; -1 */
static int _ring(test_t *test, const uint32_t *which, uint32_t count, char *why,
		 size_t size)
{
	unsigned int devices = UINT_MAX, tasks = UINT_MAX;
	command_result_t result;
	arguments_t srun;
	int rc;

	for (uint32_t i = 0; i < count; i++) {
		const tested_t *node = &test->nodes[which[i]];
		unsigned int can = _devices(node);

		devices = (can < devices) ? can : devices;
	}
	for (uint32_t i = 0; i < count; i++) {
		unsigned int can =
			_tasks(test, &test->nodes[which[i]], devices);

		tasks = (can < tasks) ? can : tasks;
	}
	if (_srun(test, which, count, tasks, RING_SECONDS, &srun))
		return -1;
	_add(&srun, "--gres=neuron:%s:%u",
	     profile_type(test->nodes[which[0]].profile), devices);
	if (test->wish->provider) {
		_add(&srun, "/usr/bin/env");
		_add(&srun, "FI_PROVIDER=%s", test->wish->provider);
	}
	_add(&srun, "%s", test->ringcheck);
	_add(&srun, "--json");
	if (test->wish->size)
		_add(&srun, "--size=%s", test->wish->size);
	rc = command_run(srun.argv, RING_SECONDS + START_SECONDS, &result,
			 test->err);
	free(srun.list);
	if (rc)
		return -1;
	rc = _read_ring(test, which, count, &result, why, size);
	free(result.output);
	return rc;
}

/* Nodes of one family that can be in a ring. RET how many */
static uint32_t _choose(const test_t *test, const char *type, uint32_t *which)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < test->count; i++) {
		const tested_t *node = &test->nodes[i];

		/* Prolog would mask what this test may not */
		if (node->answered && _devices(node) &&
		    !(test->wish->no_mask && node->found) &&
		    !strcmp(profile_type(node->profile), type))
			which[count++] = i;
	}
	return count;
}

/* One ring around all of them; if it fails, each node alone says which it is */
static int _ring_of_type(test_t *test, const uint32_t *which, uint32_t count)
{
	char why[COMMAND_SAID_MAX + 64], alone[COMMAND_SAID_MAX + 64];
	bool found = false;
	int rc = _ring(test, which, count, why, sizeof(why));

	if (rc <= 0)
		return rc;
	for (uint32_t i = 0; count > 1 && i < count; i++) {
		rc = _ring(test, &which[i], 1, alone, sizeof(alone));
		if (rc < 0)
			return -1;
		if (rc)
			_fault(&test->nodes[which[i]], alone);
		found |= (rc > 0);
	}
	for (uint32_t i = 0; !found && i < count; i++)
		_fault(&test->nodes[which[i]], why);
	return 0;
}

static int _rings(test_t *test, uint32_t *which)
{
	for (uint32_t i = 0; i < test->count; i++) {
		const char *type = profile_type(test->nodes[i].profile);
		bool first = true;
		uint32_t count;

		for (uint32_t before = 0; before < i; before++)
			first &= strcmp(type,
					profile_type(
						test->nodes[before].profile)) !=
				 0;
		count = first ? _choose(test, type, which) : 0;
		if (count && _ring_of_type(test, which, count))
			return -1;
	}
	return 0;
}

/*
 * What is told
 */

static const char *_verdict(const tested_t *node)
{
	if (node->bad)
		return "bad";
	return node->found ? "masked" : "good";
}

static json_object *_json_node(const test_t *test, uint32_t i)
{
	const maintenance_node_t *had = &test->maintenance.nodes[i];
	json_object *one = json_object_new_object();
	char masked[DEVSET_TEXT_MAX];

	json_object_object_add(one, "node", json_object_new_string(had->name));
	json_object_object_add(
		one, "verdict",
		json_object_new_string(_verdict(&test->nodes[i])));
	(void) devset_encode(test->wish->no_mask ? 0 : test->nodes[i].found,
			     masked, sizeof(masked));
	json_object_object_add(one, "masked", json_object_new_string(masked));
	json_object_object_add(one, "was_drained",
			       json_object_new_boolean(had->drained));
	json_object_object_add(
		one, "returned",
		json_object_new_boolean(had->drained && had->keep));
	json_object_object_add(one, "problems",
			       json_object_get(test->nodes[i].problems));
	return one;
}

static json_object *_json(const test_t *test)
{
	json_object *all = json_object_new_object();
	json_object *nodes = json_object_new_array();

	for (uint32_t i = 0; i < test->count; i++)
		json_object_array_add(nodes, _json_node(test, i));
	json_object_object_add(all, "format", json_object_new_string(FORMAT));
	json_object_object_add(all, "reservation",
			       json_object_new_string(test->maintenance.name));
	json_object_object_add(all, "nodes", nodes);
	json_object_object_add(all, "rings", json_object_get(test->rings));
	return all;
}

static void _print(const test_t *test)
{
	for (uint32_t i = 0; i < test->count; i++) {
		const maintenance_node_t *had = &test->maintenance.nodes[i];
		const tested_t *node = &test->nodes[i];
		char masked[DEVSET_TEXT_MAX];

		(void) devset_encode(node->found, masked, sizeof(masked));
		printf("%s: %s", had->name, _verdict(node));
		if (node->found && !test->wish->no_mask)
			printf(" (devices %s are masked)", masked);
		if (had->drained)
			printf(", %s", had->keep ? "back in service"
						 : "drained as before");
		putchar('\n');
		for (size_t p = 0; p < json_object_array_length(node->problems);
		     p++)
			printf("    %s\n",
			       json_object_get_string(json_object_array_get_idx(
				       node->problems, p)));
	}
}

/* RET an exit status */
static int _tell(const test_t *test)
{
	int rc = TOPO_GOOD;

	for (uint32_t i = 0; i < test->count; i++) {
		if (test->nodes[i].bad || test->nodes[i].found)
			rc = TOPO_DIFFERENT;
	}
	if (!test->wish->json)
		_print(test);
	else if (topo_print_json(&topo_test, _json(test)))
		rc = TOPO_BAD;
	return rc;
}

/*
 * From beginning to end
 */

static int _count_known(const char *name, void *arg)
{
	test_t *test = arg;

	test->known += _find(test, name) >= 0;
	return 0;
}

/* A partition that is up and has all nodes */
static bool _has_all(test_t *test, const partition_info_t *partition)
{
	test->known = 0;
	if (!partition->name || !partition->nodes ||
	    partition->state_up != PARTITION_UP ||
	    strlen(partition->name) >= sizeof(test->partition) ||
	    hosts_expand(partition->nodes, _count_known, test))
		return false;
	return test->known == test->count;
}

static int _find_partition(test_t *test)
{
	partition_info_msg_t *msg = NULL;

	if (slurm_load_partitions(0, &msg, SHOW_ALL))
		return neuron_error_set(test->err, EIO,
					"slurmctld tells no partitions");
	for (uint32_t i = 0; i < msg->record_count && !test->partition[0];
	     i++) {
		const partition_info_t *partition = &msg->partition_array[i];

		if (_has_all(test, partition))
			(void) snprintf(test->partition,
					sizeof(test->partition), "%s",
					partition->name);
	}
	slurm_free_partition_info_msg(msg);
	if (test->partition[0])
		return 0;
	return neuron_error_set(
		test->err, EINVAL,
		"no partition that is up has all of these nodes: test them in parts");
}

/* The devices of a node that are masked already */
static int _read_mask(const char *name, devset_t *masked, neuron_error_t *err)
{
	node_info_msg_t *msg = NULL;
	neuron_error_t why;
	mask_t mask;
	int rc = 0;

	mask_init(&mask);
	if (slurm_load_node_single(&msg, (char *) name, SHOW_ALL))
		return neuron_error_set(err, EIO, "slurmctld has no node %.64s",
					name);
	for (uint32_t i = 0; i < msg->record_count && !rc; i++) {
		if (msg->node_array[i].comment &&
		    mask_decode(msg->node_array[i].comment, &mask, &why))
			rc = neuron_error_set(err, EINVAL, "node %.64s: %.400s",
					      name, why.text);
	}
	slurm_free_node_info_msg(msg);
	*masked = mask.devices;
	return rc;
}

static int _prepare(test_t *test)
{
	for (uint32_t i = 0; i < test->count; i++) {
		if (_read_mask(test->maintenance.nodes[i].name,
			       &test->nodes[i].masked, test->err))
			return -1;
	}
	return _find_partition(test);
}

static int _work(test_t *test)
{
	uint32_t *which = calloc(test->count + 1, sizeof(*which));
	int rc;

	if (!which)
		return neuron_error_set(test->err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < test->count; i++)
		which[i] = i;
	rc = (_prepare(test) || _look(test, which) || _rings(test, which)) ? -1
									   : 0;
	free(which);
	return rc;
}

/* This program, and neuron-ringcheck beside it */
static int _find_programs(test_t *test)
{
	ssize_t n =
		readlink("/proc/self/exe", test->self, sizeof(test->self) - 1);
	char *slash;
	int length;

	if (n < 0)
		return neuron_error_set(test->err, EIO, "/proc/self/exe: %s",
					strerror(errno));
	test->self[n] = '\0';
	slash = strrchr(test->self, '/');
	length = snprintf(test->ringcheck, sizeof(test->ringcheck),
			  "%.*s/neuron-ringcheck", (int) (slash - test->self),
			  test->self);
	if (length >= ARGUMENT_MAX)
		return neuron_error_set(test->err, EINVAL,
					"%.100s...: the path is too long",
					test->ringcheck);
	return 0;
}

/* A test that did not come to its end gives nothing back */
static void _give_back(test_t *test)
{
	for (uint32_t i = 0; i < test->count; i++)
		test->maintenance.nodes[i].keep =
			test->wish->give_back && !test->nodes[i].bad;
}

static int _run_test(test_t *test, const char *const *names)
{
	neuron_error_t ended;
	char reservation[MAINTENANCE_NAME_MAX];
	int rc;

	command_catch_signals();
	if (maintenance_begin(&test->maintenance, names, test->count,
			      RESERVE_MINUTES, test->err))
		return topo_fail(&topo_test, test->err);
	rc = _work(test);
	if (!rc && command_signal())
		rc = neuron_error_set(test->err, EINTR, "interrupted");
	if (!rc)
		_give_back(test);
	(void) snprintf(reservation, sizeof(reservation), "%s",
			test->maintenance.name);
	rc = rc ? topo_fail(&topo_test, test->err) : _tell(test);
	if (!maintenance_end(&test->maintenance, &ended))
		return rc;
	fprintf(stderr,
		"neuron-topo test: %s; neuron-topo test --clean %s undoes what is left\n",
		ended.text, reservation);
	return TOPO_BAD;
}

typedef struct {
	test_t *test;
	const char **names;
	uint32_t room;
} collect_t;

static int _collect(const char *name, void *arg)
{
	collect_t *collect = arg;
	test_t *test = collect->test;
	int index = conf_node_index(test->conf, name);

	if (index < 0)
		return neuron_error_set(test->err, ENOENT,
					"neuron.conf has no node %.64s", name);
	for (uint32_t i = 0; i < test->count; i++) {
		if (!strcmp(collect->names[i], name))
			return 0;
	}
	if (test->count == MAINTENANCE_NODES_MAX)
		return neuron_error_set(
			test->err, EINVAL,
			"more than %d nodes: test them in parts",
			MAINTENANCE_NODES_MAX);
	collect->names[test->count] =
		conf_node_name(test->conf, (unsigned int) index);
	test->nodes[test->count].profile =
		conf_node_profile(test->conf, (unsigned int) index);
	test->nodes[test->count++].problems = json_object_new_array();
	return 0;
}

static int _expand(test_t *test, const char **names)
{
	collect_t collect = {.test = test, .names = names};

	test->err->text[0] = '\0';
	if (!hosts_expand(test->wish->nodes, _collect, &collect) && test->count)
		return 0;
	if (test->err->text[0])
		return -1;
	return neuron_error_set(test->err, EINVAL,
				"%.64s: this is no list of nodes",
				test->wish->nodes);
}

static int _run(const topo_t *topo, const wish_t *wish)
{
	static tested_t nodes[MAINTENANCE_NODES_MAX];
	static const char *names[MAINTENANCE_NODES_MAX];
	static test_t test;
	neuron_error_t err = {""};
	conf_t *conf;
	int rc;

	slurm_init(NULL);
	conf = conf_read(topo->config, NEURON_PROFILE_DIR, hosts_expand, &err);
	if (!conf)
		return topo_fail(&topo_test, &err);
	test = (test_t){.wish = wish,
			.conf = conf,
			.nodes = nodes,
			.rings = json_object_new_array(),
			.err = &err};
	if (_find_programs(&test) || _expand(&test, names))
		rc = topo_fail(&topo_test, &err);
	else
		rc = _run_test(&test, names);
	for (uint32_t i = 0; i < test.count; i++)
		json_object_put(nodes[i].problems);
	json_object_put(test.rings);
	conf_destroy(conf);
	return rc;
}

/* In the job, on a node */
static int _look_here(const topo_t *topo)
{
	const char *node = getenv("SLURMD_NODENAME");
	neuron_error_t err;
	conf_t *conf;
	char host[256] = "";
	int rc;

	if (!node) {
		(void) gethostname(host, sizeof(host) - 1);
		host[strcspn(host, ".")] = '\0';
		node = host;
	}
	conf = conf_read_node(topo->config, NEURON_PROFILE_DIR, hosts_expand,
			      node, &err);
	rc = conf ? lookover_print(conf, node, &err) : -1;
	conf_destroy(conf);
	return rc ? topo_fail(&topo_test, &err) : TOPO_GOOD;
}

static int _clean(const char *name)
{
	neuron_error_t err;

	slurm_init(NULL);
	return maintenance_clean(name, &err) ? topo_fail(&topo_test, &err)
					     : TOPO_GOOD;
}

static int _number(const char *text, double max, double *number)
{
	char *end;

	*number = strtod(text, &end);
	return (!*text || *end || !(*number > 0 && *number <= max)) ? -1 : 0;
}

static bool _is_word(const char *text)
{
	return *text &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_;") ==
		       strlen(text);
}

/* neuron-ringcheck says what is wrong with a size */
static bool _is_size(const char *text)
{
	return *text && strlen(text) < 16 &&
	       strspn(text, "0123456789KMG") == strlen(text);
}

static int _option(wish_t *wish, int option)
{
	double number;

	if (option == 'r') {
		wish->give_back = true;
	} else if (option == 'm') {
		wish->no_mask = true;
	} else if (option == 'H') {
		wish->here = true;
	} else if (option == 'j') {
		wish->json = true;
	} else if (option == 'c') {
		wish->clean = optarg;
	} else if (option == 's' && _is_size(optarg)) {
		wish->size = optarg;
	} else if (option == 'p' && _is_word(optarg)) {
		wish->provider = optarg;
	} else if (option == 'b' && !_number(optarg, BANDWIDTH_MAX, &number)) {
		wish->min_bandwidth = number;
	} else if (option == 't' && !_number(optarg, TASKS_MAX, &number) &&
		   number >= 1) {
		wish->tasks = (unsigned int) number;
	} else {
		return -1;
	}
	return 0;
}

static int _test(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"return", no_argument, NULL, 'r'},
		{"no-mask", no_argument, NULL, 'm'},
		{"min-bandwidth", required_argument, NULL, 'b'},
		{"provider", required_argument, NULL, 'p'},
		{"size", required_argument, NULL, 's'},
		{"tasks", required_argument, NULL, 't'},
		{"json", no_argument, NULL, 'j'},
		{"clean", required_argument, NULL, 'c'},
		{"here", no_argument, NULL, 'H'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	wish_t wish = {.nodes = NULL};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if ((option == 'h') || _option(&wish, option)) {
			topo_usage(&topo_test,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	wish.nodes = argv[optind];
	if (wish.here && optind == argc)
		return _look_here(topo);
	if (wish.clean && optind == argc)
		return _clean(wish.clean);
	if (!wish.here && !wish.clean && optind + 1 == argc)
		return _run(topo, &wish);
	topo_usage(&topo_test, stderr);
	return TOPO_USAGE;
}
