/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every answer of shape is compared with an oracle that shares no code and no
 * method with it: links are counted pair by pair, connectedness is a
 * depth-first search, a ring is found by backtracking, a packing by recursion.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "shape.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define BIT(i) ((uint32_t) 1 << (i))

#define MACHINES_MAX 128
#define SIZES (PROFILE_DEVICES_MAX + 1)
#define RANDOM_MACHINES 30
#define ROUNDS 4000

/*
 * The oracle
 */

typedef struct {
	char name[64];
	profile_t *profile;
	unsigned int devices;
	bool linked[PROFILE_DEVICES_MAX][PROFILE_DEVICES_MAX];
	int efa_of[PROFILE_DEVICES_MAX];
	unsigned int best_links[SIZES];
	/* by tier and size; -1: no set */
	int least_efas[SHAPE_TIERS][SIZES];
	/* by set */
	unsigned char *links;
	bool *connected;
	bool *ring;
	uint32_t *efas;
	/* by tier and set, without and with the EFA rule */
	bool *in_tier[2][SHAPE_TIERS];
	unsigned int *usefulness;
	/* the sizes that count in it, and how many sets of each fit */
	unsigned int counted[DEMAND_CLASSES];
	unsigned char *fitting[DEMAND_CLASSES];
	unsigned int counted_count;
} machine_t;

static machine_t machines[MACHINES_MAX];
static int machine_count;
/* Why the machines could not be made; "" when they could */
static char obstacle[1024];

/* A linear congruential generator (Knuth, MMIX) */
static uint64_t seed;

static uint32_t _random(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return (uint32_t) ((seed >> 33) % below);
}

static unsigned int _size(uint64_t set)
{
	unsigned int size = 0;

	for (unsigned int i = 0; i < 64; i++)
		size += (set >> i) & 1;
	return size;
}

static unsigned int _oracle_links(const machine_t *m, uint32_t set)
{
	unsigned int links = 0;

	for (unsigned int a = 0; a < m->devices; a++) {
		for (unsigned int b = a + 1; b < m->devices; b++)
			links += (set & BIT(a)) && (set & BIT(b)) &&
				 m->linked[a][b];
	}
	return links;
}

static void _visit(const machine_t *m, unsigned int from, uint32_t set,
		   uint32_t *seen)
{
	*seen |= BIT(from);
	for (unsigned int i = 0; i < m->devices; i++) {
		if ((set & BIT(i)) && !(*seen & BIT(i)) && m->linked[from][i])
			_visit(m, i, set, seen);
	}
}

static unsigned int _lowest(uint32_t set)
{
	unsigned int i = 0;

	while (!(set & BIT(i)))
		i++;
	return i;
}

static bool _oracle_connected(const machine_t *m, uint32_t set)
{
	uint32_t seen = 0;

	_visit(m, _lowest(set), set, &seen);
	return seen == set;
}

/* True when a path from a device through the rest ends beside the start */
static bool _closes(const machine_t *m, unsigned int start, unsigned int from,
		    uint32_t rest)
{
	if (!rest)
		return m->linked[from][start];
	for (unsigned int i = 0; i < m->devices; i++) {
		if ((rest & BIT(i)) && m->linked[from][i] &&
		    _closes(m, start, i, rest & ~BIT(i)))
			return true;
	}
	return false;
}

static bool _oracle_ring(const machine_t *m, uint32_t set)
{
	unsigned int start = _lowest(set);

	if (_size(set) <= 2)
		return _oracle_connected(m, set);
	return _closes(m, start, start, set & ~BIT(start));
}

static bool _is_run(uint32_t set)
{
	while (!(set & 1))
		set >>= 1;
	while (set & 1)
		set >>= 1;
	return !set;
}

/* Most disjoint ones of some sets that fit in free, by trying all ways */
static unsigned int _pack(const uint32_t *sets, unsigned int count,
			  uint32_t free)
{
	unsigned int with, without;

	while (count && (sets[0] & ~free)) {
		sets++;
		count--;
	}
	if (!count)
		return 0;
	with = 1 + _pack(sets + 1, count - 1, free & ~sets[0]);
	without = _pack(sets + 1, count - 1, free);
	return (with > without) ? with : without;
}

static void *_table(const machine_t *m, size_t size)
{
	void *table = calloc(BIT(m->devices), size);

	if (!table)
		abort();
	return table;
}

static void _oracle_usefulness(machine_t *m, unsigned int size)
{
	uint32_t sets[PROFILE_DEVICES_MAX];
	unsigned int count = 0, at = m->counted_count++;

	m->counted[at] = size;
	m->fitting[at] = _table(m, sizeof(*m->fitting[at]));
	for (uint32_t set = 1; set < BIT(m->devices); set++) {
		if (_size(set) == size && m->in_tier[1][SHAPE_CONSECUTIVE][set])
			sets[count++] = set;
	}
	for (uint32_t free = 1; free < BIT(m->devices); free++) {
		m->fitting[at][free] = _pack(sets, count, free);
		m->usefulness[free] += size * size * m->fitting[at][free];
	}
}

/* The tiers as the header defines them, without the EFA rule */
static bool _oracle_tier(const machine_t *m, uint32_t set, int tier)
{
	bool best = m->links[set] == m->best_links[_size(set)];

	switch (tier) {
	case SHAPE_CONSECUTIVE:
		return best && _is_run(set);
	case SHAPE_BEST:
		return best;
	case SHAPE_RING:
		return best || m->ring[set];
	default:
		return best || m->ring[set] || m->connected[set];
	}
}

static void _oracle_tiers(machine_t *m, int tier)
{
	uint32_t end = BIT(m->devices);
	int *least = m->least_efas[tier];

	for (unsigned int size = 0; size < SIZES; size++)
		least[size] = -1;
	for (uint32_t set = 1; set < end; set++) {
		unsigned int size = _size(set);
		int efas = (int) _size(m->efas[set]);

		m->in_tier[0][tier][set] = _oracle_tier(m, set, tier);
		if (m->in_tier[0][tier][set] &&
		    (least[size] < 0 || efas < least[size]))
			least[size] = efas;
	}
	for (uint32_t set = 1; set < end; set++)
		m->in_tier[1][tier][set] =
			m->in_tier[0][tier][set] &&
			(int) _size(m->efas[set]) == least[_size(set)];
}

static void _oracle_sets(machine_t *m)
{
	for (uint32_t set = 1; set < BIT(m->devices); set++) {
		unsigned int size = _size(set);

		m->links[set] = (unsigned char) _oracle_links(m, set);
		if (m->links[set] > m->best_links[size])
			m->best_links[size] = m->links[set];
		m->connected[set] = _oracle_connected(m, set);
		m->ring[set] = _oracle_ring(m, set);
		for (unsigned int i = 0; i < m->devices; i++) {
			if ((set & BIT(i)) && m->efa_of[i] >= 0)
				m->efas[set] |= BIT(m->efa_of[i]);
		}
	}
}

static void _think(machine_t *m)
{
	unsigned int size = 1;

	m->links = _table(m, sizeof(*m->links));
	m->connected = _table(m, sizeof(*m->connected));
	m->ring = _table(m, sizeof(*m->ring));
	m->efas = _table(m, sizeof(*m->efas));
	m->usefulness = _table(m, sizeof(*m->usefulness));
	for (int tier = 0; tier < SHAPE_TIERS; tier++) {
		m->in_tier[0][tier] = _table(m, sizeof(bool));
		m->in_tier[1][tier] = _table(m, sizeof(bool));
	}
	_oracle_sets(m);
	for (int tier = 0; tier < SHAPE_TIERS; tier++)
		_oracle_tiers(m, tier);
	for (; size < m->devices; size *= 2)
		_oracle_usefulness(m, size);
	_oracle_usefulness(m, m->devices);
}

/* The tables of an earlier machine with the same links and interfaces */
static bool _copy(machine_t *m)
{
	for (const machine_t *like = machines; like < m; like++) {
		machine_t copy = *like;

		if (like->devices != m->devices ||
		    memcmp(like->linked, m->linked, sizeof(m->linked)) ||
		    memcmp(like->efa_of, m->efa_of, sizeof(m->efa_of)))
			continue;
		memcpy(copy.name, m->name, sizeof(copy.name));
		copy.profile = m->profile;
		*m = copy;
		return true;
	}
	return false;
}

static machine_t *_add_machine(const char *name, profile_t *profile,
			       const neuron_error_t *err)
{
	machine_t *m = &machines[machine_count];

	if (!profile) {
		snprintf(obstacle, sizeof(obstacle), "%s: %s", name, err->text);
		return NULL;
	}
	machine_count++;
	snprintf(m->name, sizeof(m->name), "%.60s", name);
	m->profile = profile;
	m->devices = profile_device_count(profile);
	for (unsigned int a = 0; a < m->devices; a++) {
		m->efa_of[a] = profile_efa_of(profile, a);
		for (unsigned int b = 0; b < m->devices; b++)
			m->linked[a][b] =
				profile_link_weight(profile, a, b) > 0;
	}
	if (!_copy(m))
		_think(m);
	return m;
}

/*
 * Shipped machines
 */

static int _is_profile(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".json");
}

static void _add_shipped(void)
{
	const char *srcdir = getenv("srcdir");
	char directory[1024], path[2048];
	struct dirent **entries;
	int count;

	snprintf(directory, sizeof(directory), "%s/../../etc/profiles",
		 srcdir ? srcdir : ".");
	count = scandir(directory, &entries, _is_profile, alphasort);
	if (count <= 0) {
		snprintf(obstacle, sizeof(obstacle), "no profile in %.900s",
			 directory);
		return;
	}
	for (int i = 0; i < count; i++) {
		neuron_error_t err = {""};

		snprintf(path, sizeof(path), "%s/%s", directory,
			 entries[i]->d_name);
		if (machine_count < MACHINES_MAX)
			_add_machine(entries[i]->d_name,
				     profile_read(path, &err), &err);
		free(entries[i]);
	}
	free(entries);
}

/*
 * Machines that nobody builds, for the paths that shipped ones do not take
 */

typedef struct {
	const char *name;
	unsigned int devices;
	/* pairs of devices in hexadecimal: "01" links 0 and 1 */
	const char *links;
	/* interface of each device in hexadecimal, '-' for none; NULL: none */
	const char *efas;
} sketch_t;

static const sketch_t sketches[] = {
	{"pentagram", 5, "02 24 41 13 30", NULL},
	{"two rings", 8, "01 12 23 30 45 56 67 74", "01234567"},
	{"star", 7, "30 31 32 34 35 36", "0011223"},
	{"no links", 4, "", "0011"},
	{"Petersen graph", 10, "01 12 23 34 40 05 16 27 38 49 57 79 96 68 85",
	 "0123443210"},
	{"cube", 8, "01 13 32 20 45 57 76 64 04 15 26 37", "0123-210"},
	/* {0,1} needs two interfaces, {0,2} of the wider tiers one */
	{"odd pairs", 4, "01 02 03 12 13 23", "0101"},
	{"bow tie", 5, "01 12 20 23 34 42", "01210"},
	{"full with a tail", 9, "01 02 03 12 13 23 34 45 56 67 78", NULL},
};

/* Value of a hexadecimal digit; -1: none */
static int _digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	return (c && at) ? (int) (at - digits) : -1;
}

static void _write_device(FILE *file, const sketch_t *sketch,
			  unsigned int device)
{
	int efa = sketch->efas ? _digit(sketch->efas[device]) : -1;
	bool first = true;

	fprintf(file, "%s{\"bdf\": null, \"numa\": null, \"efa\": ",
		device ? ", " : "");
	if (efa < 0)
		fprintf(file, "null, \"links\": [");
	else
		fprintf(file, "%d, \"links\": [", efa);
	for (const char *at = sketch->links; *at; at += at[2] ? 3 : 2) {
		int a = _digit(at[0]), b = _digit(at[1]);

		if ((int) device != a && (int) device != b)
			continue;
		fprintf(file, "%s%d", first ? "" : ", ",
			((int) device == a) ? b : a);
		first = false;
	}
	fprintf(file, "], \"driver_links\": []}");
}

static void _write_profile(FILE *file, const sketch_t *sketch)
{
	fprintf(file,
		"{\"format\": 1, \"name\": \"sketch\", \"type\": \"sketch\", "
		"\"instances\": [\"sketch\"], \"sources\": [\"none\"], "
		"\"unknown\": [], \"device\": {\"name\": \"Sketch\", "
		"\"arch_type\": \"NDv0\", \"instance_type\": \"Sketch\", "
		"\"pci_id\": null, \"cores\": 2, \"memory_mib\": 1024}, "
		"\"efa_pci_id\": null, "
		"\"lnc\": {\"legal\": [1], \"default\": 1}, "
		"\"cpu\": {\"cpus\": 16, \"threads_per_core\": null, "
		"\"sockets\": null, \"numa\": null}, "
		"\"host_memory_mib\": 1024, \"documented_sizes\": [1], "
		"\"ultraserver_size\": 1, \"link_gb_per_s\": 1, "
		"\"devices\": [");
	for (unsigned int i = 0; i < sketch->devices; i++)
		_write_device(file, sketch, i);
	fprintf(file, "]}");
}

static void _add_sketch(const sketch_t *sketch)
{
	neuron_error_t err = {""};
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		abort();
	_write_profile(file, sketch);
	if (fclose(file))
		abort();
	if (machine_count < MACHINES_MAX)
		_add_machine(sketch->name,
			     profile_decode(text, sketch->name, &err), &err);
	free(text);
}

static void _add_random(int number)
{
	const char *digits = "0123456789abcdef";
	char name[32], links[3 * 45 + 1] = "", efas[SIZES];
	unsigned int devices = 2 + _random(9), used = 0, known = 0;
	uint32_t density = 1 + _random(9);
	sketch_t sketch = {name, devices, links, efas};

	snprintf(name, sizeof(name), "random %d", number);
	for (unsigned int a = 0; a < devices; a++) {
		uint32_t efa = _random(known + 2);

		efas[a] = (efa > known) ? '-' : digits[efa];
		known += efa == known;
		for (unsigned int b = a + 1; b < devices; b++) {
			if (_random(10) >= density)
				continue;
			if (used)
				links[used++] = ' ';
			links[used++] = digits[a];
			links[used++] = digits[b];
			links[used] = '\0';
		}
	}
	efas[devices] = '\0';
	_add_sketch(&sketch);
}

static void _add_machines(void)
{
	_add_shipped();
	for (int i = 0; i < COUNT(sketches); i++)
		_add_sketch(&sketches[i]);
	seed = 20240229;
	for (int i = 0; i < RANDOM_MACHINES; i++)
		_add_random(i);
}

static const machine_t *_machine(const char *name)
{
	char file[80];

	snprintf(file, sizeof(file), "%s.json", name);
	for (int i = 0; i < machine_count; i++) {
		if (!strcmp(machines[i].name, name) ||
		    !strcmp(machines[i].name, file))
			return &machines[i];
	}
	ck_abort_msg("no machine \"%s\"", name);
	return NULL;
}

static shape_t *_shape(const machine_t *m)
{
	shape_t *shape = shape_create(m->profile);

	ck_assert_msg(shape != NULL, "%s: no shape, errno %d", m->name, errno);
	return shape;
}

START_TEST(machines_made)
{
	ck_assert_msg(!obstacle[0], "%s", obstacle);
	ck_assert_int_lt(machine_count, MACHINES_MAX);
}
END_TEST

/*
 * Every set of every machine
 */

/* ck_assert() of every comparison would take minutes */
static void _same(const machine_t *m, const char *what, devset_t set, long got,
		  long wanted)
{
	char text[DEVSET_TEXT_MAX];

	if (got == wanted)
		return;
	devset_encode(set, text, sizeof(text));
	ck_abort_msg("%s: %s of {%s}: got %ld, wanted %ld", m->name, what, text,
		     got, wanted);
}

static void _compare_set(const machine_t *m, const shape_t *shape, uint32_t set)
{
	_same(m, "links", set, shape_links(shape, set), m->links[set]);
	_same(m, "connected", set, shape_is_connected(shape, set),
	      m->connected[set]);
	_same(m, "ring", set, shape_is_ring(shape, set), m->ring[set]);
	_same(m, "usefulness", set, shape_usefulness(shape, set),
	      m->usefulness[set]);
	for (int tier = 0; tier < SHAPE_TIERS; tier++) {
		for (int rule = 0; rule < 2; rule++)
			_same(m, shape_tier_name(tier), set,
			      shape_is_in_tier(shape, set, tier, rule),
			      m->in_tier[rule][tier][set]);
	}
}

START_TEST(sets)
{
	const machine_t *m = &machines[_i];
	shape_t *shape = _shape(m);

	for (uint32_t set = 0; set < BIT(m->devices); set++)
		_compare_set(m, shape, set);
	shape_destroy(shape);
}
END_TEST

START_TEST(sizes)
{
	const machine_t *m = &machines[_i];
	shape_t *shape = _shape(m);

	for (unsigned int i = 0; i < SIZES * SHAPE_TIERS; i++) {
		unsigned int size = i / SHAPE_TIERS, tier = i % SHAPE_TIERS;
		int efas = m->least_efas[tier][size];

		_same(m, "best links", devset_run(0, size),
		      shape_best_links(shape, size), m->best_links[size]);
		_same(m, "possible size", devset_run(0, size),
		      shape_size_is_possible(shape, size, tier), efas >= 0);
		_same(m, "EFA interfaces for the size", devset_run(0, size),
		      shape_efa_count(shape, size, tier), efas);
	}
	shape_destroy(shape);
}
END_TEST

START_TEST(monotone)
{
	const machine_t *m = &machines[_i];
	shape_t *shape = _shape(m);

	ck_assert_uint_eq(shape_usefulness(shape, 0), 0);
	for (uint32_t set = 1; set < BIT(m->devices); set++) {
		unsigned int useful = shape_usefulness(shape, set);

		_same(m, "usefulness at most 496", set, useful <= 496, true);
		for (unsigned int i = 0; i < m->devices; i++)
			_same(m, "monotone usefulness", set,
			      shape_usefulness(shape, set & ~BIT(i)) <= useful,
			      true);
	}
	shape_destroy(shape);
}
END_TEST

/*
 * Picks from random free sets
 */

typedef struct {
	devset_t free;
	devset_t free_efas;
	bool with_efa;
	unsigned int count;
	int tier;
} ask_t;

static void _random_ask(const machine_t *m, ask_t *ask)
{
	uint32_t all = BIT(m->devices) - 1;
	devset_t beyond = (devset_t) _random(UINT32_MAX) << m->devices;

	ask->free = _random(UINT32_MAX) & all;
	if (_random(2))
		ask->free |= _random(UINT32_MAX) & all;
	ask->free |= beyond;
	ask->free_efas = UINT64_MAX;
	if (_random(2))
		ask->free_efas = _random(UINT32_MAX) | _random(UINT32_MAX);
	ask->with_efa = _random(3) > 0;
	ask->count = 1 + _random(m->devices);
	if (_random(2))
		ask->count = 1 + _random(ask->count);
	ask->tier = (int) _random(SHAPE_TIERS);
}

/* RET errno that the ask must fail with; 0: pick is what it must give */
static int _oracle_pick(const machine_t *m, const ask_t *ask,
			shape_pick_t *pick)
{
	uint32_t free = (uint32_t) ask->free & (BIT(m->devices) - 1);
	const bool *in_tier = m->in_tier[ask->with_efa][ask->tier];
	bool found = false;

	if (m->least_efas[ask->tier][ask->count] < 0)
		return ENOTSUP;
	/* All subsets of free, downwards */
	for (uint32_t set = free; set; set = (set - 1) & free) {
		unsigned int damage =
			m->usefulness[free] - m->usefulness[free & ~set];

		if (!in_tier[set] || _size(set) != ask->count ||
		    (ask->with_efa && (m->efas[set] & ~ask->free_efas)) ||
		    (found && damage > pick->damage))
			continue;
		found = true;
		pick->devices = set;
		pick->efas = ask->with_efa ? m->efas[set] : 0;
		pick->damage = damage;
	}
	return found ? 0 : ENOSPC;
}

static void _compare_pick(const machine_t *m, const shape_t *shape,
			  const ask_t *ask)
{
	const shape_pick_t untouched = {0xabc, 0xdef, 12345};
	shape_pick_t got = untouched, wanted = untouched;
	int rc, error = _oracle_pick(m, ask, &wanted);

	errno = 0;
	rc = shape_pick(shape, ask->free, ask->free_efas, ask->with_efa,
			ask->count, ask->tier, &got);
	if (rc == (error ? -1 : 0) && errno == error &&
	    got.devices == wanted.devices && got.efas == wanted.efas &&
	    got.damage == wanted.damage)
		return;
	ck_abort_msg("%s: %u devices, %s, free %#llx, EFA %#llx (%s): got "
		     "%d, errno %d, {%#llx, %#llx, %u}, wanted %d, errno %d, "
		     "{%#llx, %#llx, %u}",
		     m->name, ask->count, shape_tier_name(ask->tier),
		     (unsigned long long) ask->free,
		     (unsigned long long) ask->free_efas,
		     ask->with_efa ? "wanted" : "not wanted", rc, errno,
		     (unsigned long long) got.devices,
		     (unsigned long long) got.efas, got.damage, error ? -1 : 0,
		     error, (unsigned long long) wanted.devices,
		     (unsigned long long) wanted.efas, wanted.damage);
}

START_TEST(picks)
{
	const machine_t *m = &machines[_i];
	shape_t *shape = _shape(m);
	ask_t ask;

	seed = 4711 + (uint64_t) _i;
	for (int round = 0; round < ROUNDS; round++) {
		_random_ask(m, &ask);
		_compare_pick(m, shape, &ask);
	}
	shape_destroy(shape);
}
END_TEST

/* Weights that need not be used up */
static void _random_weights(demand_weights_t *weights)
{
	uint32_t left = DEMAND_WEIGHT_MAX;

	memset(weights, 0, sizeof(*weights));
	for (int i = 0; i < DEMAND_CLASSES; i++) {
		uint32_t class = _random(DEMAND_CLASSES);
		uint32_t more = _random(left + 1);

		weights->more[class] = (uint8_t) (weights->more[class] + more);
		left -= more;
	}
}

/* What a machine would be with them: a class stands for the smallest size that
 * holds it, or for the whole machine */
static void _oracle_weigh(machine_t *m, const demand_weights_t *weights)
{
	memset(m->usefulness, 0, BIT(m->devices) * sizeof(*m->usefulness));
	for (unsigned int i = 0; i < m->counted_count; i++) {
		unsigned int weight = m->counted[i];

		for (unsigned int class = 0; class < DEMAND_CLASSES; class ++) {
			unsigned int size = 1u << class;
			bool below = i && size <= m->counted[i - 1];
			bool last = i + 1 == m->counted_count;

			if (!below && (last || size <= m->counted[i]))
				weight += weights->more[class];
		}
		for (uint32_t free = 1; free < BIT(m->devices); free++)
			m->usefulness[free] +=
				weight * m->counted[i] * m->fitting[i][free];
	}
}

START_TEST(weighed)
{
	machine_t m = machines[_i];
	shape_t *shape = _shape(&m);
	demand_weights_t weights, bad = {{DEMAND_WEIGHT_MAX, 0, 1, 0, 0}};
	ask_t ask;

	seed = 99 + (uint64_t) _i;
	m.usefulness = _table(&m, sizeof(*m.usefulness));
	for (int round = 0; round < 10; round++) {
		_random_weights(&weights);
		_oracle_weigh(&m, &weights);
		ck_assert_int_eq(shape_weigh(shape, &weights), 0);
		errno = 0;
		ck_assert_int_eq(shape_weigh(shape, &bad), -1);
		ck_assert_int_eq(errno, EINVAL);
		for (uint32_t set = 0; set < BIT(m.devices); set++) {
			unsigned int useful = shape_usefulness(shape, set);

			_same(&m, "weighed usefulness", set, useful,
			      m.usefulness[set]);
			_same(&m, "at most 992", set, useful <= 992, true);
			_same(&m, "at least its own", set,
			      useful >= machines[_i].usefulness[set], true);
		}
		for (int i = 0; i < ROUNDS / 10; i++) {
			_random_ask(&m, &ask);
			_compare_pick(&m, shape, &ask);
		}
	}
	ck_assert_int_eq(shape_weigh(shape, NULL), 0);
	for (uint32_t set = 0; set < BIT(m.devices); set++)
		_compare_set(&machines[_i], shape, set);
	free(m.usefulness);
	shape_destroy(shape);
}
END_TEST

/* The same with what comes free while the job runs: least sum over spans */
static int _oracle_timed(const machine_t *m, const ask_t *ask,
			 const shape_span_t *spans, uint32_t span_count,
			 uint32_t *set_out, uint32_t *parts)
{
	uint32_t all = BIT(m->devices) - 1, free = (uint32_t) ask->free & all;
	const bool *in_tier = m->in_tier[ask->with_efa][ask->tier];
	double least = 0, seconds = 0;

	if (m->least_efas[ask->tier][ask->count] < 0)
		return ENOTSUP;
	*set_out = 0;
	for (uint32_t i = 0; i < span_count; i++)
		seconds += spans[i].seconds;
	for (uint32_t set = free; set; set = (set - 1) & free) {
		double damage = 0;

		if (!in_tier[set] || _size(set) != ask->count ||
		    (ask->with_efa && (m->efas[set] & ~ask->free_efas)))
			continue;
		for (uint32_t i = 0; i < span_count; i++) {
			uint32_t then = (uint32_t) spans[i].free & all;

			damage += (double) spans[i].seconds *
				  (m->usefulness[then] -
				   m->usefulness[then & ~set]);
		}
		/* downwards: a later one has lower indexes */
		if (*set_out && damage > least)
			continue;
		*set_out = set;
		least = damage;
	}
	*parts = (uint32_t) (least * SHAPE_DAMAGE_PARTS / seconds);
	return *set_out ? 0 : ENOSPC;
}

START_TEST(timed_picks)
{
	const machine_t *m = &machines[_i];
	shape_t *shape = _shape(m);
	shape_span_t spans[6];
	ask_t ask;

	seed = 1234 + (uint64_t) _i;
	for (int round = 0; round < ROUNDS / 4; round++) {
		shape_pick_t pick = {0xabc, 0xdef, 12345};
		uint32_t count = 1 + _random(COUNT(spans)), set = 0, want = 0;
		uint32_t parts = 77;
		int error, rc;

		_random_ask(m, &ask);
		spans[0].free = ask.free;
		for (uint32_t i = 0; i < count; i++) {
			if (i)
				spans[i].free =
					spans[i - 1].free | _random(UINT32_MAX);
			spans[i].seconds = 1 + _random(100000);
		}
		error = _oracle_timed(m, &ask, spans, count, &set, &want);
		errno = 0;
		rc = shape_pick_timed(shape, ask.free, ask.free_efas,
				      ask.with_efa, ask.count, ask.tier, spans,
				      count, &pick, &parts);
		_same(m, "timed: errno", ask.free, errno, error);
		_same(m, "timed: result", ask.free, rc, error ? -1 : 0);
		_same(m, "timed: set", ask.free, (long) pick.devices,
		      error ? 0xabc : (long) set);
		_same(m, "timed: parts", ask.free, parts, error ? 77 : want);
		/* Without spans it is the pick of the moment */
		rc = shape_pick_timed(shape, ask.free, ask.free_efas,
				      ask.with_efa, ask.count, ask.tier, NULL,
				      0, &pick, &parts);
		if (rc || _oracle_pick(m, &ask, &pick))
			continue;
		_same(m, "untimed: parts", ask.free, parts,
		      pick.damage * SHAPE_DAMAGE_PARTS);
	}
	shape_destroy(shape);
}
END_TEST

static const struct {
	shape_tier_t tier;
	uint32_t waited;
	uint32_t step;
	shape_tier_t wanted;
} waits[] = {
	{SHAPE_CONSECUTIVE, 0, 10, SHAPE_CONSECUTIVE},
	{SHAPE_CONSECUTIVE, 9, 10, SHAPE_CONSECUTIVE},
	{SHAPE_CONSECUTIVE, 10, 10, SHAPE_BEST},
	{SHAPE_CONSECUTIVE, 29, 10, SHAPE_RING},
	{SHAPE_CONSECUTIVE, 30, 10, SHAPE_CONNECTED},
	{SHAPE_CONSECUTIVE, UINT32_MAX, 10, SHAPE_CONNECTED},
	{SHAPE_RING, 10, 10, SHAPE_CONNECTED},
	{SHAPE_CONNECTED, 1000, 10, SHAPE_CONNECTED},
	{SHAPE_CONSECUTIVE, 0, 0, SHAPE_CONNECTED},
	{SHAPE_BEST, UINT32_MAX, UINT32_MAX, SHAPE_BEST},
	{SHAPE_CONSECUTIVE, UINT32_MAX, UINT32_MAX - 1, SHAPE_BEST},
};

START_TEST(tier_after)
{
	shape_tier_t tier = shape_tier_after(waits[_i].tier, waits[_i].waited,
					     waits[_i].step);

	ck_assert_msg(tier == waits[_i].wanted,
		      "%s, waited %u of %u: got %s, wanted %s",
		      shape_tier_name(waits[_i].tier), waits[_i].waited,
		      waits[_i].step, shape_tier_name(tier),
		      shape_tier_name(waits[_i].wanted));
}
END_TEST

/* Two shapes of one profile give the same answers: nothing depends on the
 * addresses or the history of a table */
START_TEST(same_again)
{
	const machine_t *m = &machines[_i];
	shape_t *one = _shape(m), *other = _shape(m);
	ask_t ask;

	seed = 815;
	for (int round = 0; round < ROUNDS; round++) {
		shape_pick_t a = {0, 0, 0}, b = {0, 0, 0};
		int rc;

		_random_ask(m, &ask);
		rc = shape_pick(one, ask.free, ask.free_efas, ask.with_efa,
				ask.count, ask.tier, &a);
		_same(m, "same result", ask.free,
		      shape_pick(other, ask.free, ask.free_efas, ask.with_efa,
				 ask.count, ask.tier, &b),
		      rc);
		_same(m, "same pick", ask.free, (long) b.devices,
		      (long) a.devices);
	}
	shape_destroy(one);
	shape_destroy(other);
}
END_TEST

/* Interfaces of a pick are those that the profile gives the devices */
START_TEST(efas_of_picks)
{
	const machine_t *m = &machines[_i];
	shape_t *shape = _shape(m);

	for (unsigned int count = 1; count <= m->devices; count++) {
		shape_pick_t pick;

		if (shape_pick(shape, UINT64_MAX, UINT64_MAX, true, count,
			       SHAPE_CONNECTED, &pick))
			continue;
		_same(m, "EFA interfaces", pick.devices, (long) pick.efas,
		      (long) profile_efas_of(m->profile, pick.devices));
		_same(m, "their number", pick.devices, _size(pick.efas),
		      shape_efa_count(shape, count, SHAPE_CONNECTED));
	}
	shape_destroy(shape);
}
END_TEST

/*
 * Known counts
 */

static const struct {
	const char *machine;
	unsigned int size;
	unsigned int all;
	unsigned int connected;
	unsigned int rings;
	unsigned int best_links;
	unsigned int best;
	unsigned int runs;
} counts[] = {
	/* 4x4 torus */
	{"trn2.48xlarge", 1, 16, 16, 16, 0, 16, 16},
	{"trn2.48xlarge", 2, 120, 32, 32, 1, 32, 12},
	{"trn2.48xlarge", 3, 560, 96, 0, 2, 96, 8},
	{"trn2.48xlarge", 4, 1820, 280, 24, 4, 24, 4},
	{"trn2.48xlarge", 5, 4368, 784, 0, 5, 192, 6},
	{"trn2.48xlarge", 6, 8008, 1952, 128, 7, 96, 6},
	{"trn2.48xlarge", 7, 11440, 4304, 0, 9, 64, 6},
	{"trn2.48xlarge", 8, 12870, 7280, 656, 12, 8, 3},
	{"trn2.48xlarge", 9, 11440, 8720, 0, 13, 64, 4},
	{"trn2.48xlarge", 10, 8008, 7136, 1248, 15, 96, 4},
	{"trn2.48xlarge", 11, 4368, 4192, 0, 17, 192, 4},
	{"trn2.48xlarge", 12, 1820, 1804, 784, 20, 24, 2},
	{"trn2.48xlarge", 13, 560, 560, 0, 22, 96, 2},
	{"trn2.48xlarge", 14, 120, 120, 64, 25, 32, 2},
	{"trn2.48xlarge", 15, 16, 16, 0, 28, 16, 2},
	{"trn2.48xlarge", 16, 1, 1, 1, 32, 1, 1},
	/* ring of 12 */
	{"inf2.48xlarge", 1, 12, 12, 12, 0, 12, 12},
	{"inf2.48xlarge", 2, 66, 12, 12, 1, 12, 11},
	{"inf2.48xlarge", 3, 220, 12, 0, 2, 12, 10},
	{"inf2.48xlarge", 4, 495, 12, 0, 3, 12, 9},
	{"inf2.48xlarge", 5, 792, 12, 0, 4, 12, 8},
	{"inf2.48xlarge", 6, 924, 12, 0, 5, 12, 7},
	{"inf2.48xlarge", 7, 792, 12, 0, 6, 12, 6},
	{"inf2.48xlarge", 8, 495, 12, 0, 7, 12, 5},
	{"inf2.48xlarge", 9, 220, 12, 0, 8, 12, 4},
	{"inf2.48xlarge", 10, 66, 12, 0, 9, 12, 3},
	{"inf2.48xlarge", 11, 12, 12, 0, 10, 12, 2},
	{"inf2.48xlarge", 12, 1, 1, 1, 12, 1, 1},
	/* chain of 6 */
	{"inf2.24xlarge", 1, 6, 6, 6, 0, 6, 6},
	{"inf2.24xlarge", 2, 15, 5, 5, 1, 5, 5},
	{"inf2.24xlarge", 3, 20, 4, 0, 2, 4, 4},
	{"inf2.24xlarge", 4, 15, 3, 0, 3, 3, 3},
	{"inf2.24xlarge", 5, 6, 2, 0, 4, 2, 2},
	{"inf2.24xlarge", 6, 1, 1, 0, 5, 1, 1},
	/* all joined to all: 4, and 16 behind a switch */
	{"trn3gen2", 1, 4, 4, 4, 0, 4, 4},
	{"trn3gen2", 2, 6, 6, 6, 1, 6, 3},
	{"trn3gen2", 3, 4, 4, 4, 3, 4, 2},
	{"trn3gen2", 4, 1, 1, 1, 6, 1, 1},
	{"trn3.48xlarge", 1, 16, 16, 16, 0, 16, 16},
	{"trn3.48xlarge", 2, 120, 120, 120, 1, 120, 15},
	{"trn3.48xlarge", 8, 12870, 12870, 12870, 28, 12870, 9},
	{"trn3.48xlarge", 15, 16, 16, 16, 105, 16, 2},
	{"trn3.48xlarge", 16, 1, 1, 1, 120, 1, 1},
};

START_TEST(known_counts)
{
	const machine_t *m = _machine(counts[_i].machine);
	shape_t *shape = _shape(m);
	unsigned int all = 0, connected = 0, rings = 0, best = 0, runs = 0;

	for (uint32_t set = 1; set < BIT(m->devices); set++) {
		bool is_best = shape_links(shape, set) == counts[_i].best_links;

		if (_size(set) != counts[_i].size)
			continue;
		all++;
		connected += shape_is_connected(shape, set);
		rings += shape_is_ring(shape, set);
		best += is_best;
		runs += is_best && _is_run(set);
	}
	ck_assert_uint_eq(shape_best_links(shape, counts[_i].size),
			  counts[_i].best_links);
	ck_assert_uint_eq(all, counts[_i].all);
	ck_assert_uint_eq(connected, counts[_i].connected);
	ck_assert_uint_eq(rings, counts[_i].rings);
	ck_assert_uint_eq(best, counts[_i].best);
	ck_assert_uint_eq(runs, counts[_i].runs);
	shape_destroy(shape);
}
END_TEST

/*
 * Members of tiers
 */

static const struct {
	const char *machine;
	const char *set;
	/* strictest tier that has the set; SHAPE_TIERS: none */
	int tier;
} members[] = {
	{"trn1.32xlarge", "1-2", SHAPE_TIERS},
	{"trn1.32xlarge", "0,3", SHAPE_TIERS},
	{"trn1.32xlarge", "0,4", SHAPE_TIERS},
	{"trn1.32xlarge", "13-14", SHAPE_TIERS},
	{"trn1.32xlarge", "3-4", SHAPE_TIERS},
	{"trn1.32xlarge", "1-2,6", SHAPE_TIERS},
	{"trn1.32xlarge", "2-4", SHAPE_TIERS},
	{"trn1.32xlarge", "1-2,5-6", SHAPE_TIERS},
	{"trn1.32xlarge", "0,4,8,12", SHAPE_TIERS},
	{"trn1.32xlarge", "2-5", SHAPE_TIERS},
	{"trn1.32xlarge", "0", SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "15", SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "0-1", SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "14-15", SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "0-2", SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "1-3", SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "0-1,5", SHAPE_BEST},
	{"trn1.32xlarge", "4-7", SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "0-1,4-5", SHAPE_BEST},
	{"trn1.32xlarge", "0-3,12-15", SHAPE_BEST},
	{"trn1n.32xlarge", "1-2", SHAPE_CONSECUTIVE},
	{"trn1n.32xlarge", "0,3", SHAPE_BEST},
	{"trn2.48xlarge", "3-4", SHAPE_TIERS},
	{"trn2.48xlarge", "0,5", SHAPE_TIERS},
	{"trn2.48xlarge", "1-4", SHAPE_TIERS},
	{"trn2.48xlarge", "0-2,4", SHAPE_CONNECTED},
	{"trn2.48xlarge", "0-2,4-6,8,9", SHAPE_RING},
	{"trn2.48xlarge", "0-2,4-6,8,10", SHAPE_CONNECTED},
	{"trn2.48xlarge", "0-2,4,6,8-10", SHAPE_RING},
	{"trn2.48xlarge", "1,5,9,13", SHAPE_BEST},
	{"trn2.48xlarge", "0,3-4,7", SHAPE_BEST},
	{"trn2.48xlarge", "0-1,4-5,8-9,12-13", SHAPE_BEST},
	{"trn2.48xlarge", "2-9", SHAPE_RING},
	{"trn2.48xlarge", "0-15", SHAPE_CONSECUTIVE},
	{"inf2.48xlarge", "0,11", SHAPE_BEST},
	{"inf2.48xlarge", "0-1,10-11", SHAPE_BEST},
	{"inf2.48xlarge", "0-1,3", SHAPE_TIERS},
	{"inf2.48xlarge", "3-9", SHAPE_CONSECUTIVE},
	{"inf2.24xlarge", "0,5", SHAPE_TIERS},
	{"inf2.24xlarge", "1-5", SHAPE_CONSECUTIVE},
	{"pentagram", "0-1", SHAPE_TIERS},
	{"pentagram", "0,2", SHAPE_BEST},
	{"pentagram", "0-2", SHAPE_TIERS},
	{"pentagram", "0-4", SHAPE_CONSECUTIVE},
	{"two rings", "0-7", SHAPE_CONSECUTIVE},
	{"two rings", "0-5", SHAPE_CONSECUTIVE},
	{"no links", "0-1", SHAPE_CONSECUTIVE},
	{"no links", "1-2", SHAPE_TIERS},
};

START_TEST(member)
{
	const machine_t *m = _machine(members[_i].machine);
	shape_t *shape = _shape(m);
	devset_t set = 0;

	ck_assert_int_eq(devset_decode(members[_i].set, m->devices, &set, NULL),
			 0);
	for (int tier = 0; tier < SHAPE_TIERS; tier++)
		_same(m, shape_tier_name(tier), set,
		      shape_is_in_tier(shape, set, tier, true),
		      tier >= members[_i].tier);
	shape_destroy(shape);
}
END_TEST

/* Interfaces that trn1 gives a size: every two devices share one */
START_TEST(trn1_efas)
{
	shape_t *shape = _shape(_machine("trn1.32xlarge"));
	unsigned int count = (unsigned int) _i;

	for (int tier = 0; tier < SHAPE_TIERS; tier++)
		ck_assert_int_eq(shape_efa_count(shape, count, tier),
				 (int) (count + 1) / 2);
	shape_destroy(shape);
}
END_TEST

/* Sets that no machine, or not this one, can have */
static const struct {
	const char *machine;
	devset_t set;
} strangers[] = {
	{"trn2.48xlarge", 0},
	{"trn2.48xlarge", (devset_t) 1 << 16},
	{"trn2.48xlarge", (devset_t) 1 << 63},
	{"trn2.48xlarge", 0x1ffff},
	{"trn2.48xlarge", UINT64_MAX},
	{"inf2.xlarge", 0},
	{"inf2.xlarge", 0x2},
	{"inf2.xlarge", 0x3},
	{"inf2.24xlarge", 0x40},
	{"inf2.48xlarge", 0x1001},
	{"trn3gen2", 0x10},
};

START_TEST(stranger)
{
	const machine_t *m = _machine(strangers[_i].machine);
	shape_t *shape = _shape(m);
	devset_t set = strangers[_i].set, known = BIT(m->devices) - 1;

	_same(m, "connected", set, shape_is_connected(shape, set), false);
	_same(m, "ring", set, shape_is_ring(shape, set), false);
	for (int tier = -1; tier <= SHAPE_TIERS; tier++)
		_same(m, "tier", set, shape_is_in_tier(shape, set, tier, false),
		      false);
	_same(m, "links", set, shape_links(shape, set),
	      shape_links(shape, set & known));
	_same(m, "usefulness", set, shape_usefulness(shape, set),
	      shape_usefulness(shape, set & known));
	shape_destroy(shape);
}
END_TEST

/* Sizes and tiers that do not exist */
static const struct {
	const char *machine;
	unsigned int count;
	int tier;
} impossible[] = {
	{"trn2.48xlarge", 0, SHAPE_CONSECUTIVE},
	{"trn2.48xlarge", 0, SHAPE_CONNECTED},
	{"trn2.48xlarge", 17, SHAPE_CONSECUTIVE},
	{"trn2.48xlarge", 17, SHAPE_CONNECTED},
	{"trn2.48xlarge", 64, SHAPE_BEST},
	{"trn2.48xlarge", UINT32_MAX, SHAPE_RING},
	{"trn2.48xlarge", 4, SHAPE_TIERS},
	{"trn2.48xlarge", 4, -1},
	{"trn2.48xlarge", 4, 1000},
	{"inf2.48xlarge", 13, SHAPE_CONNECTED},
	{"inf2.24xlarge", 7, SHAPE_CONNECTED},
	{"inf2.xlarge", 2, SHAPE_CONNECTED},
	{"trn3gen2", 5, SHAPE_CONNECTED},
	{"pentagram", 2, SHAPE_CONSECUTIVE},
	{"pentagram", 3, SHAPE_CONSECUTIVE},
};

START_TEST(not_possible)
{
	const machine_t *m = _machine(impossible[_i].machine);
	shape_t *shape = _shape(m);
	unsigned int count = impossible[_i].count;
	shape_tier_t tier = (shape_tier_t) impossible[_i].tier;
	shape_pick_t pick = {0xabc, 0xdef, 12345};

	ck_assert(!shape_size_is_possible(shape, count, tier));
	ck_assert_int_eq(shape_efa_count(shape, count, tier), -1);
	if (count > m->devices)
		ck_assert_uint_eq(shape_best_links(shape, count), 0);
	for (int with_efa = 0; with_efa < 2; with_efa++) {
		errno = 0;
		ck_assert_int_eq(shape_pick(shape, UINT64_MAX, UINT64_MAX,
					    with_efa, count, tier, &pick),
				 -1);
		ck_assert_int_eq(errno, ENOTSUP);
		ck_assert(pick.devices == 0xabc && pick.efas == 0xdef &&
			  pick.damage == 12345);
	}
	shape_destroy(shape);
}
END_TEST

/*
 * Picks worked out by hand
 */

#define ALL UINT64_MAX

static const struct {
	const char *machine;
	const char *free;
	devset_t free_efas;
	bool with_efa;
	unsigned int count;
	shape_tier_t tier;
	/* NULL: nothing is free */
	const char *devices;
	const char *efas;
} hand[] = {
	{"trn2.48xlarge", "", ALL, true, 1, SHAPE_CONNECTED, NULL, NULL},
	{"trn2.48xlarge", "0-15", 0, true, 1, SHAPE_CONNECTED, NULL, NULL},
	{"trn2.48xlarge", "0,5,10,15", ALL, true, 2, SHAPE_CONNECTED, NULL,
	 NULL},
	{"trn2.48xlarge", "0-2,5-7,8-10,13-15", ALL, true, 4, SHAPE_CONSECUTIVE,
	 NULL, NULL},
	{"trn2.48xlarge", "0-3,12-15", ALL, true, 8, SHAPE_CONSECUTIVE, NULL,
	 NULL},
	{"trn2.48xlarge", "0-15", 0xfffe, true, 16, SHAPE_CONSECUTIVE, NULL,
	 NULL},
	{"trn2.48xlarge", "0-14", ALL, false, 16, SHAPE_CONNECTED, NULL, NULL},
	{"trn1.32xlarge", "1-2", ALL, true, 2, SHAPE_CONSECUTIVE, NULL, NULL},
	{"trn1.32xlarge", "1-2", ALL, true, 2, SHAPE_CONNECTED, NULL, NULL},
	{"trn1.32xlarge", "0-1", 0xfe, true, 2, SHAPE_CONSECUTIVE, NULL, NULL},
	{"trn1.32xlarge", "1", 0xfe, true, 1, SHAPE_CONSECUTIVE, NULL, NULL},
	{"inf2.48xlarge", "0-1,10-11", ALL, true, 4, SHAPE_CONSECUTIVE, NULL,
	 NULL},

	{"trn2.48xlarge", "0-15", ALL, true, 8, SHAPE_CONSECUTIVE, "0-7",
	 "0-7"},
	/* the lone row, not one of the two that make an 8 */
	{"trn2.48xlarge", "0-7,12-15", ALL, true, 4, SHAPE_CONSECUTIVE, "12-15",
	 "12-15"},
	{"trn2.48xlarge", "0-3,8-15", ALL, true, 4, SHAPE_CONSECUTIVE, "0-3",
	 "0-3"},
	/* the single device of a broken row */
	{"trn2.48xlarge", "0-7,9,12-15", ALL, true, 1, SHAPE_CONSECUTIVE, "9",
	 "9"},
	{"trn2.48xlarge", "0-3,12-15", ALL, true, 8, SHAPE_BEST, "0-3,12-15",
	 "0-3,12-15"},
	{"trn2.48xlarge", "0-15", 0, false, 16, SHAPE_CONSECUTIVE, "0-15", ""},
	{"trn2.48xlarge", "0-15", 0xff00, true, 8, SHAPE_CONSECUTIVE, "8-15",
	 "8-15"},
	{"trn1.32xlarge", "1-2", ALL, false, 2, SHAPE_CONSECUTIVE, "1-2", ""},
	{"trn1.32xlarge", "1-3", ALL, true, 2, SHAPE_CONSECUTIVE, "2-3", "1"},
	{"trn1.32xlarge", "0-3", ALL, true, 2, SHAPE_CONSECUTIVE, "0-1", "0"},
	{"trn1.32xlarge", "0-3", 0xfe, true, 2, SHAPE_CONSECUTIVE, "2-3", "1"},
	{"trn1.32xlarge", "1-3", ALL, true, 3, SHAPE_CONSECUTIVE, "1-3", "0-1"},
	/* the half of a pair whose other half is taken */
	{"trn1.32xlarge", "0-4", ALL, true, 1, SHAPE_CONSECUTIVE, "4", "2"},
	{"inf2.48xlarge", "0-1,10-11", ALL, true, 4, SHAPE_BEST, "0-1,10-11",
	 ""},
	{"inf2.48xlarge", "0-11", 0, true, 5, SHAPE_CONSECUTIVE, "0-4", ""},
	/* the tight hole */
	{"inf2.48xlarge", "0-5,8-10", ALL, true, 1, SHAPE_CONSECUTIVE, "8", ""},
	{"inf2.48xlarge", "0-3,8-9", ALL, true, 2, SHAPE_CONSECUTIVE, "8-9",
	 ""},
	/* equal damage: the lowest indexes */
	{"inf2.48xlarge", "0-5,8-9", ALL, true, 2, SHAPE_CONSECUTIVE, "0-1",
	 ""},
};

START_TEST(by_hand)
{
	const machine_t *m = _machine(hand[_i].machine);
	shape_t *shape = _shape(m);
	devset_t free = 0, devices = 0, efas = 0;
	shape_pick_t pick = {0, 0, 0};
	int rc;

	ck_assert(!devset_decode(hand[_i].free, m->devices, &free, NULL));
	errno = 0;
	rc = shape_pick(shape, free, hand[_i].free_efas, hand[_i].with_efa,
			hand[_i].count, hand[_i].tier, &pick);
	if (!hand[_i].devices) {
		_same(m, "result", free, rc, -1);
		_same(m, "errno", free, errno, ENOSPC);
	} else {
		ck_assert(!devset_decode(hand[_i].devices, 16, &devices, NULL));
		ck_assert(!devset_decode(hand[_i].efas, 16, &efas, NULL));
		_same(m, "result", free, rc, 0);
		_same(m, "devices", free, (long) pick.devices, (long) devices);
		_same(m, "EFA interfaces", free, (long) pick.efas, (long) efas);
		_same(m, "damage", free, pick.damage,
		      (long) shape_usefulness(shape, free) -
			      (long) shape_usefulness(shape, free & ~devices));
	}
	shape_destroy(shape);
}
END_TEST

/*
 * Names of tiers
 */

static const struct {
	const char *name;
	shape_tier_t tier;
} names[] = {
	{"consecutive", SHAPE_CONSECUTIVE},
	{"best", SHAPE_BEST},
	{"ring", SHAPE_RING},
	{"connected", SHAPE_CONNECTED},
};

START_TEST(name_good)
{
	neuron_error_t err = {""};
	shape_tier_t tier = SHAPE_TIERS;

	ck_assert_int_eq(shape_tier_decode(names[_i].name, &tier, &err), 0);
	ck_assert_int_eq(tier, names[_i].tier);
	ck_assert_str_eq(shape_tier_name(tier), names[_i].name);
	ck_assert_str_eq(err.text, "");
}
END_TEST

#define FORTY "0123456789012345678901234567890123456789"

static const struct {
	const char *text;
	const char *quoted;
} bad_names[] = {
	{NULL, ""},
	{"", ""},
	{"Best", "Best"},
	{" best", " best"},
	{"best ", "best "},
	{"bes", "bes"},
	{"bestbest", "bestbest"},
	{"rings", "rings"},
	{"ring,best", "ring,best"},
	{"0", "0"},
	{FORTY FORTY, FORTY},
};

START_TEST(name_bad)
{
	char wanted[NEURON_ERROR_MAX];
	neuron_error_t err = {""};
	shape_tier_t tier = SHAPE_RING;

	snprintf(wanted, sizeof(wanted),
		 "shape \"%s\" is not known; it must be consecutive, best, "
		 "ring or connected",
		 bad_names[_i].quoted);
	errno = 0;
	ck_assert_int_eq(shape_tier_decode(bad_names[_i].text, &tier, &err),
			 -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, wanted);
	ck_assert_int_eq(tier, SHAPE_RING);
	ck_assert_int_eq(shape_tier_decode(bad_names[_i].text, &tier, NULL),
			 -1);
}
END_TEST

START_TEST(edges)
{
	ck_assert_ptr_null(shape_tier_name(SHAPE_TIERS));
	ck_assert_ptr_null(shape_tier_name((shape_tier_t) -1));
	ck_assert_ptr_null(shape_tier_name((shape_tier_t) 1000));
	errno = 0;
	ck_assert_ptr_null(shape_create(NULL));
	ck_assert_int_eq(errno, EINVAL);
	errno = EEXIST;
	shape_destroy(NULL);
	ck_assert_int_eq(errno, EEXIST);
}
END_TEST

/* The shape keeps no reference to the profile, destroying keeps errno */
START_TEST(outlives_profile)
{
	machine_t *m = &machines[_i];
	shape_t *shape = _shape(m);
	shape_pick_t pick;

	profile_destroy(m->profile);
	m->profile = NULL;
	ck_assert_int_eq(shape_pick(shape, UINT64_MAX, UINT64_MAX, true, 1,
				    SHAPE_CONSECUTIVE, &pick),
			 0);
	_compare_set(m, shape, BIT(m->devices) - 1);
	errno = EEXIST;
	shape_destroy(shape);
	ck_assert_int_eq(errno, EEXIST);
}
END_TEST

START_TEST(no_memory)
{
	const machine_t *m = &machines[_i];
	const ask_t ask = {UINT64_MAX, UINT64_MAX, true, 1, SHAPE_CONSECUTIVE};
	shape_t *shape = NULL;
	long allowed = 0;

	for (; !shape && allowed < 100; allowed++) {
		errno = 0;
		failing_malloc_after(allowed);
		shape = shape_create(m->profile);
		failing_malloc_after(-1);
		ck_assert_msg(shape || errno == ENOMEM,
			      "%s: after %ld allocations errno %d", m->name,
			      allowed, errno);
	}
	ck_assert_int_gt(allowed, 4);
	ck_assert_msg(shape != NULL, "%s: never succeeds", m->name);
	_compare_set(m, shape, BIT(m->devices) - 1);
	_compare_pick(m, shape, &ask);
	shape_destroy(shape);
}
END_TEST

static void _add_tests_of_machines(TCase *tcase)
{
	tcase_add_loop_test(tcase, sets, 0, machine_count);
	tcase_add_loop_test(tcase, sizes, 0, machine_count);
	tcase_add_loop_test(tcase, monotone, 0, machine_count);
	tcase_add_loop_test(tcase, picks, 0, machine_count);
	tcase_add_loop_test(tcase, weighed, 0, machine_count);
	tcase_add_loop_test(tcase, timed_picks, 0, machine_count);
	tcase_add_loop_test(tcase, same_again, 0, machine_count);
	tcase_add_loop_test(tcase, efas_of_picks, 0, machine_count);
	tcase_add_loop_test(tcase, no_memory, 0, machine_count);
}

static void _add_tests(TCase *tcase)
{
	tcase_add_test(tcase, machines_made);
	_add_tests_of_machines(tcase);
	tcase_add_loop_test(tcase, known_counts, 0, COUNT(counts));
	tcase_add_loop_test(tcase, member, 0, COUNT(members));
	tcase_add_loop_test(tcase, trn1_efas, 1, 17);
	tcase_add_loop_test(tcase, stranger, 0, COUNT(strangers));
	tcase_add_loop_test(tcase, not_possible, 0, COUNT(impossible));
	tcase_add_loop_test(tcase, by_hand, 0, COUNT(hand));
	tcase_add_loop_test(tcase, name_good, 0, COUNT(names));
	tcase_add_loop_test(tcase, name_bad, 0, COUNT(bad_names));
	tcase_add_loop_test(tcase, tier_after, 0, COUNT(waits));
	tcase_add_test(tcase, edges);
	/* last, for it takes the profiles away */
	tcase_add_loop_test(tcase, outlives_profile, 0, machine_count);
}

int main(void)
{
	Suite *suite = suite_create("shape");
	TCase *tcase = tcase_create("shape");
	SRunner *runner = srunner_create(suite);
	int failed;

	_add_machines();
	tcase_set_timeout(tcase, 120);
	_add_tests(tcase);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
