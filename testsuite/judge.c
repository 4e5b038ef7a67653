/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge: an independent opinion about placements.
 *
 * It shares no code and no data file with the library that it judges: what it
 * knows about machines is typed in below, and the best shape of a size is
 * found by looking at every set of that size.
 *
 * Input, one event a line, in any order; '#' starts a comment:
 *
 *	start TIME JOB NODE FAMILY NEURON EFA [WANTED]
 *	end TIME JOB [NODE]
 *
 * TIME is a decimal number of seconds. NEURON and EFA are indexes like
 * "0-3,8", or "-" for none. WANTED is the number of devices asked for. "end"
 * without NODE ends the job on all its nodes.
 *
 * Options:
 *	--efa-order device|pci	what index i of EFA is: the i-th interface when
 *				they are sorted by the lowest device that they
 *				serve (default), or by PCI address
 *	--json			print JSON
 *	--explain		one line on stderr for each fault
 *	--require-perfect	exit 1 unless every allocation is connected, of
 *				best shape, aligned and of the size asked for,
 *				and nothing was booked twice
 *	--require-consecutive	the same, and consecutive
 * Exit status: 0, 1 as above, 2 for input or options that are not understood.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX 16
#define NODES_MAX 16384
#define EVENTS_MAX 1000000
#define NAME_SIZE 64
#define LINE_SIZE 1024

enum graph { GRAPH_SINGLE, GRAPH_CHAIN, GRAPH_RING, GRAPH_TORUS };

struct family {
	const char *name;
	unsigned int devices;
	enum graph graph;
	/* PCI address (bus:slot) of the EFA interface of each device */
	const char *efa[DEVICES_MAX];
};

#define EFA_TRN2                                                               \
	{                                                                      \
		"c9:00", "b4:00", "b3:00", "ca:00", "6c:00", "57:00", "56:00", \
			"6d:00", "98:00", "83:00", "82:00", "99:00", "f5:00",  \
			"e0:00", "df:00", "f6:00"                              \
	}
#define EFA_TRN1                                                               \
	{                                                                      \
		"10:1a", "10:1a", "a0:1a", "a0:1a", "20:19", "20:19", "90:19", \
			"90:19", "20:1a", "20:1a", "90:1a", "90:1a", "10:19",  \
			"10:19", "a0:19", "a0:19"                              \
	}
#define EFA_TRN1N                                                              \
	{                                                                      \
		"10:17", "10:1a", "a0:17", "a0:1a", "20:19", "20:18", "90:19", \
			"90:18", "20:17", "20:1a", "90:17", "90:1a", "10:19",  \
			"10:18", "a0:19", "a0:18"                              \
	}

static const struct family families[] = {
	{"trn2.48xlarge", 16, GRAPH_TORUS, EFA_TRN2},
	{"trn2u.48xlarge", 16, GRAPH_TORUS, EFA_TRN2},
	{"trn1.32xlarge", 16, GRAPH_TORUS, EFA_TRN1},
	{"trn1n.32xlarge", 16, GRAPH_TORUS, EFA_TRN1N},
	{"trn1.2xlarge", 1, GRAPH_SINGLE, {NULL}},
	{"inf2.48xlarge", 12, GRAPH_RING, {NULL}},
	{"inf2.24xlarge", 6, GRAPH_CHAIN, {NULL}},
	{"inf2.8xlarge", 1, GRAPH_SINGLE, {NULL}},
	{"inf2.xlarge", 1, GRAPH_SINGLE, {NULL}},
};
#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

/* Most links of any set, by family and size; 255: not yet known */
static uint8_t best_links[FAMILY_COUNT][DEVICES_MAX + 1];

struct event {
	double time;
	unsigned long line;
	bool start;
	char job[NAME_SIZE];
	char node[NAME_SIZE];
	size_t family;
	uint32_t neuron;
	uint32_t efa;
	int wanted;
};

struct node {
	char name[NAME_SIZE];
	/* Event that holds each device and interface; NULL: free */
	const struct event *neuron[DEVICES_MAX];
	const struct event *efa[DEVICES_MAX];
};

struct verdict {
	unsigned long allocations;
	unsigned long jobs;
	unsigned long devices;
	unsigned long multi;
	unsigned long connected;
	unsigned long best;
	unsigned long consecutive;
	unsigned long with_efa;
	unsigned long aligned;
	unsigned long wrong_size;
	unsigned long double_neuron;
	unsigned long double_efa;
};

struct options {
	bool pci_order;
	bool json;
	bool explain;
	bool perfect;
	bool consecutive;
};

static struct options options;
static struct event *events;
static size_t event_count;
static struct node nodes[NODES_MAX];
static size_t node_count;

static unsigned int popcount(uint32_t set)
{
	unsigned int count = 0;

	for (; set; set &= set - 1)
		count++;
	return count;
}

static bool joined(const struct family *family, unsigned int a, unsigned int b)
{
	unsigned int n = family->devices;
	unsigned int step = (b + n - a) % n;

	switch (family->graph) {
	case GRAPH_SINGLE:
		return false;
	case GRAPH_CHAIN:
		return a + 1 == b || b + 1 == a;
	case GRAPH_RING:
		return step == 1 || step == n - 1;
	case GRAPH_TORUS:
		break;
	}
	if (a / 4 == b / 4)
		return (b - a + 4) % 4 == 1 || (b - a + 4) % 4 == 3;
	return step == 4 || step == 12;
}

static unsigned int links(const struct family *family, uint32_t set)
{
	unsigned int count = 0;

	for (unsigned int a = 0; a < family->devices; a++)
		for (unsigned int b = a + 1; b < family->devices; b++)
			if ((set >> a & 1) && (set >> b & 1))
				count += joined(family, a, b);
	return count;
}

static unsigned int most_links(size_t index, unsigned int size)
{
	const struct family *family = &families[index];
	uint8_t *best = best_links[index];

	if (best[0] == 255) {
		memset(best, 0, DEVICES_MAX + 1);
		for (uint32_t set = 1; set < 1u << family->devices; set++) {
			unsigned int count = links(family, set);

			if (count > best[popcount(set)])
				best[popcount(set)] = (uint8_t) count;
		}
	}
	return best[size];
}

static bool is_connected(const struct family *family, uint32_t set)
{
	uint32_t seen = set & (~set + 1), before = 0;

	while (seen != before) {
		before = seen;
		for (unsigned int a = 0; a < family->devices; a++)
			for (unsigned int b = 0; b < family->devices; b++)
				if ((seen >> a & 1) && (set >> b & 1) &&
				    joined(family, a, b))
					seen |= 1u << b;
	}
	return seen == set;
}

static bool is_consecutive(uint32_t set)
{
	uint32_t low = set & (~set + 1);

	return set && !((set + low) & set);
}

/* The lowest device that shares the EFA interface of a device */
static unsigned int lowest_partner(const struct family *family,
				   unsigned int device)
{
	for (unsigned int i = 0; i < device; i++)
		if (!strcmp(family->efa[i], family->efa[device]))
			return i;
	return device;
}

/* Index of the interface of a device: how many interfaces sort before it */
static unsigned int efa_index(const struct family *family, unsigned int device)
{
	const char *address = family->efa[device];
	unsigned int lowest = lowest_partner(family, device);
	unsigned int index = 0;

	for (unsigned int i = 0; i < family->devices; i++) {
		if (lowest_partner(family, i) != i)
			continue;
		if (options.pci_order)
			index += strcmp(family->efa[i], address) < 0;
		else
			index += i < lowest;
	}
	return index;
}

static uint32_t paired_efas(const struct family *family, uint32_t set)
{
	uint32_t efas = 0;

	for (unsigned int i = 0; i < family->devices; i++)
		if (set >> i & 1)
			efas |= 1u << efa_index(family, i);
	return efas;
}

static int find_family(const char *name)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		if (!strcmp(families[i].name, name))
			return (int) i;
	return -1;
}

/* "0-3,8" or "-"; -1 when it is something else */
static int parse_set(const char *text, uint32_t *set)
{
	*set = 0;
	if (!strcmp(text, "-"))
		return 0;
	for (;;) {
		char *end;
		unsigned long low, high;

		if (!isdigit((unsigned char) *text))
			return -1;
		low = high = strtoul(text, &end, 10);
		if (*end == '-' && isdigit((unsigned char) end[1]))
			high = strtoul(end + 1, &end, 10);
		if (low > high || high >= DEVICES_MAX)
			return -1;
		for (; low <= high; low++)
			*set |= 1u << low;
		if (!*end)
			return 0;
		if (*end != ',')
			return -1;
		text = end + 1;
	}
}

static int complain(unsigned long line, const char *what, const char *value)
{
	fprintf(stderr, "judge: line %lu: %s: %s\n", line, what, value);
	return -1;
}

static int copy_name(char *to, const char *from, unsigned long line)
{
	if (strlen(from) >= NAME_SIZE)
		return complain(line, "name is too long", from);
	memcpy(to, from, strlen(from) + 1);
	return 0;
}

static int parse_start(struct event *event, char **word, int words)
{
	int family;

	if (words < 7 || words > 8)
		return complain(event->line, "start needs 6 or 7 values", "");
	family = find_family(word[4]);
	if (family < 0)
		return complain(event->line, "unknown family", word[4]);
	event->family = (size_t) family;
	if (parse_set(word[5], &event->neuron) ||
	    event->neuron >> families[family].devices)
		return complain(event->line, "bad device set", word[5]);
	if (parse_set(word[6], &event->efa))
		return complain(event->line, "bad EFA set", word[6]);
	event->wanted = words == 8 ? (int) strtol(word[7], NULL, 10) : -1;
	return copy_name(event->node, word[3], event->line);
}

static int parse_words(struct event *event, char **word, int words)
{
	char *end;

	if (words < 3)
		return complain(event->line, "not an event", word[0]);
	event->time = strtod(word[1], &end);
	if (end == word[1] || *end)
		return complain(event->line, "bad time", word[1]);
	if (copy_name(event->job, word[2], event->line))
		return -1;
	event->start = !strcmp(word[0], "start");
	if (event->start)
		return parse_start(event, word, words);
	if (strcmp(word[0], "end"))
		return complain(event->line, "unknown event", word[0]);
	return words > 3 ? copy_name(event->node, word[3], event->line) : 0;
}

static int split(char *line, char **word, int max)
{
	int words = 0;

	line[strcspn(line, "#\n")] = '\0';
	while (*(line += strspn(line, " \t"))) {
		if (words == max)
			return -1;
		word[words++] = line;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
	return words;
}

static int read_events(FILE *in)
{
	char line[LINE_SIZE];
	size_t room = 0;
	unsigned long number = 0;

	while (fgets(line, sizeof(line), in)) {
		struct event *grown;
		char *word[8];
		int words = split(line, word, 8);

		number++;
		if (!words)
			continue;
		if (words < 0)
			return complain(number, "too many words", word[0]);
		if (event_count == room) {
			room = room ? 2 * room : 1024;
			grown = realloc(events, room * sizeof(*events));
			if (!grown || room > 2 * EVENTS_MAX)
				return complain(number, "too many events", "");
			events = grown;
		}
		memset(&events[event_count], 0, sizeof(*events));
		events[event_count].line = number;
		if (parse_words(&events[event_count], word, words))
			return -1;
		event_count++;
	}
	return 0;
}

/* By time; at the same time ends come first */
static int compare_events(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->start != y->start)
		return x->start ? 1 : -1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static struct node *find_node(const char *name)
{
	for (size_t i = 0; i < node_count; i++)
		if (!strcmp(nodes[i].name, name))
			return &nodes[i];
	if (node_count == NODES_MAX)
		return NULL;
	memcpy(nodes[node_count].name, name, strlen(name) + 1);
	return &nodes[node_count++];
}

static void fault(const struct event *event, const char *what)
{
	if (options.explain)
		fprintf(stderr,
			"line %lu: job %s node %s: neuron %#x efa %#x: %s\n",
			event->line, event->job, event->node,
			(unsigned int) event->neuron, (unsigned int) event->efa,
			what);
}

static unsigned long book(const struct event **owners, uint32_t set,
			  const struct event *event, const char *what)
{
	unsigned long doubles = 0;

	for (unsigned int i = 0; i < DEVICES_MAX; i++) {
		if (!(set >> i & 1))
			continue;
		if (owners[i]) {
			doubles++;
			fault(event, what);
		}
		owners[i] = event;
	}
	return doubles;
}

static void judge_shape(const struct event *event, struct verdict *verdict)
{
	const struct family *family = &families[event->family];
	unsigned int size = popcount(event->neuron);

	if (size < 2)
		return;
	verdict->multi++;
	if (is_connected(family, event->neuron))
		verdict->connected++;
	else
		fault(event, "not connected");
	if (links(family, event->neuron) == most_links(event->family, size))
		verdict->best++;
	else
		fault(event, "not the best shape");
	if (is_consecutive(event->neuron))
		verdict->consecutive++;
	else if (options.consecutive)
		fault(event, "not consecutive");
}

static void judge_start(const struct event *event, struct node *node,
			struct verdict *verdict)
{
	const struct family *family = &families[event->family];

	verdict->allocations++;
	verdict->devices += popcount(event->neuron);
	judge_shape(event, verdict);
	if (family->efa[0]) {
		verdict->with_efa++;
		if (event->efa == paired_efas(family, event->neuron))
			verdict->aligned++;
		else
			fault(event, "not aligned");
	} else if (event->efa) {
		verdict->with_efa++;
		fault(event, "EFA on a machine that has none");
	}
	if (event->wanted >= 0 &&
	    popcount(event->neuron) != (unsigned int) event->wanted) {
		verdict->wrong_size++;
		fault(event, "not the size asked for");
	}
	verdict->double_neuron +=
		book(node->neuron, event->neuron, event, "device is in use");
	verdict->double_efa +=
		book(node->efa, event->efa, event, "EFA interface is in use");
}

static void forget(struct node *node, const char *job)
{
	for (unsigned int i = 0; i < DEVICES_MAX; i++) {
		if (node->neuron[i] && !strcmp(node->neuron[i]->job, job))
			node->neuron[i] = NULL;
		if (node->efa[i] && !strcmp(node->efa[i]->job, job))
			node->efa[i] = NULL;
	}
}

static void judge_end(const struct event *event)
{
	for (size_t i = 0; i < node_count; i++)
		if (!event->node[0] || !strcmp(event->node, nodes[i].name))
			forget(&nodes[i], event->job);
}

static bool job_is_new(size_t index)
{
	for (size_t i = index; i-- > 0;)
		if (events[i].start &&
		    !strcmp(events[i].job, events[index].job))
			return false;
	return true;
}

static int judge(struct verdict *verdict)
{
	for (size_t i = 0; i < event_count; i++) {
		const struct event *event = &events[i];
		struct node *node;

		if (!event->start) {
			judge_end(event);
			continue;
		}
		verdict->jobs += job_is_new(i);
		node = find_node(event->node);
		if (!node)
			return complain(event->line, "too many nodes", "");
		judge_start(event, node, verdict);
	}
	return 0;
}

static bool is_perfect(const struct verdict *verdict)
{
	return verdict->allocations && verdict->connected == verdict->multi &&
	       verdict->best == verdict->multi &&
	       verdict->aligned == verdict->with_efa && !verdict->wrong_size &&
	       !verdict->double_neuron && !verdict->double_efa &&
	       (!options.consecutive || verdict->consecutive == verdict->multi);
}

static void print_share(const char *what, unsigned long part,
			unsigned long whole)
{
	if (whole)
		printf("%-22s %6lu of %6lu  %5.1f %%\n", what, part, whole,
		       100.0 * (double) part / (double) whole);
	else
		printf("%-22s      - of      0\n", what);
}

static void print_table(const struct verdict *verdict)
{
	printf("%-22s %6lu\n", "jobs", verdict->jobs);
	printf("%-22s %6lu\n", "node allocations", verdict->allocations);
	print_share("connected", verdict->connected, verdict->multi);
	print_share("best shape", verdict->best, verdict->multi);
	print_share("consecutive", verdict->consecutive, verdict->multi);
	print_share("EFA aligned", verdict->aligned, verdict->with_efa);
	printf("%-22s %6lu\n", "wrong size", verdict->wrong_size);
	printf("%-22s %6lu\n", "devices booked twice", verdict->double_neuron);
	printf("%-22s %6lu\n", "EFA booked twice", verdict->double_efa);
}

static void print_json(const struct verdict *verdict)
{
	const struct {
		const char *key;
		unsigned long value;
	} rows[] = {
		{"jobs", verdict->jobs},
		{"allocations", verdict->allocations},
		{"devices", verdict->devices},
		{"multi_device", verdict->multi},
		{"connected", verdict->connected},
		{"best_shape", verdict->best},
		{"consecutive", verdict->consecutive},
		{"with_efa", verdict->with_efa},
		{"efa_aligned", verdict->aligned},
		{"wrong_size", verdict->wrong_size},
		{"double_neuron", verdict->double_neuron},
		{"double_efa", verdict->double_efa},
	};

	printf("{\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("  \"%s\": %lu,\n", rows[i].key, rows[i].value);
	printf("  \"perfect\": %s\n}\n",
	       is_perfect(verdict) ? "true" : "false");
}

static int parse_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			options.json = true;
		} else if (!strcmp(argv[i], "--explain")) {
			options.explain = true;
		} else if (!strcmp(argv[i], "--require-perfect")) {
			options.perfect = true;
		} else if (!strcmp(argv[i], "--require-consecutive")) {
			options.perfect = options.consecutive = true;
		} else if (!strcmp(argv[i], "--efa-order") && i + 1 < argc &&
			   (!strcmp(argv[i + 1], "pci") ||
			    !strcmp(argv[i + 1], "device"))) {
			options.pci_order = !strcmp(argv[++i], "pci");
		} else {
			fprintf(stderr, "judge: bad option %s\n", argv[i]);
			return -1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct verdict verdict = {0};

	memset(best_links, 255, sizeof(best_links));
	if (parse_options(argc, argv) || read_events(stdin))
		return 2;
	if (event_count)
		qsort(events, event_count, sizeof(*events), compare_events);
	if (judge(&verdict))
		return 2;
	if (options.json)
		print_json(&verdict);
	else
		print_table(&verdict);
	free(events);
	return options.perfect && !is_perfect(&verdict) ? 1 : 0;
}
