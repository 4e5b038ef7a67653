/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What step chooses against all sets of the size, ranked word for word as its
 * header says; what single sets are worth is shape's, which has a test.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "sample.h"
#include "step.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define ROUNDS 400

static const char *const families[] = {
	"trn2u.48xlarge", "trn1.32xlarge", "trn1n.32xlarge",  "inf2.48xlarge",
	"inf2.24xlarge",  "inf2.xlarge",   "trn3pds.48xlarge"};

typedef struct {
	profile_t *profile;
	shape_t *shape;
} machine_t;

static machine_t _open(const char *family)
{
	const char *srcdir = getenv("srcdir");
	neuron_error_t err = {""};
	machine_t machine;
	char path[2048];

	snprintf(path, sizeof(path), "%s/../../etc/profiles/%s.json",
		 srcdir ? srcdir : ".", family);
	machine.profile = profile_read(path, &err);
	ck_assert_msg(machine.profile != NULL, "%s", err.text);
	machine.shape = shape_create(machine.profile);
	ck_assert_ptr_nonnull(machine.shape);
	return machine;
}

static void _close(machine_t *machine)
{
	shape_destroy(machine->shape);
	profile_destroy(machine->profile);
}

/*
 * The oracle
 */

typedef struct {
	bool without_efas;
	int tier;
	bool far;
	unsigned int damage;
	devset_t set;
} rank_t;

static int _tier_of(const machine_t *m, devset_t set, bool with_efa)
{
	int tier = 0;

	while ((tier < SHAPE_TIERS) &&
	       !shape_is_in_tier(m->shape, set, (shape_tier_t) tier, with_efa))
		tier++;
	return tier;
}

static rank_t _rank(const machine_t *m, const step_wanted_t *w, devset_t set)
{
	rank_t rank = {
		.tier = SHAPE_TIERS,
		.far = (set & ~w->near) != 0,
		.damage = shape_usefulness(m->shape, w->free) -
			  shape_usefulness(m->shape, w->free & ~set),
		.set = set,
	};

	if (w->efa_count && !(profile_efas_of(m->profile, set) & ~w->free_efas))
		rank.tier = _tier_of(m, set, true);
	rank.without_efas = w->efa_count && (rank.tier == SHAPE_TIERS);
	if (rank.tier == SHAPE_TIERS)
		rank.tier = _tier_of(m, set, false);
	return rank;
}

static bool _is_before(const rank_t *a, const rank_t *b)
{
	if (a->without_efas != b->without_efas)
		return b->without_efas;
	if (a->tier != b->tier)
		return a->tier < b->tier;
	if (a->far != b->far)
		return b->far;
	if (a->damage != b->damage)
		return a->damage < b->damage;
	return a->set < b->set;
}

static bool _may_take(const step_wanted_t *w, devset_t set)
{
	devset_t near = w->near & w->free;

	return !w->near_only || (devset_count(near) < w->count) ||
	       !(set & ~near);
}

/* One after the other, first from some, then from others */
static devset_t _lowest(devset_t some, devset_t others, unsigned int count)
{
	devset_t set = 0;

	for (unsigned int pass = 0; pass < 2; pass++) {
		for (unsigned int i = 0; i < DEVSET_MAX; i++) {
			devset_t one = devset_of(i);

			if ((devset_count(set) < count) && !(set & one) &&
			    ((pass ? others : some) & one))
				set |= one;
		}
	}
	return set;
}

static step_set_t _oracle(const machine_t *m, const step_wanted_t *w)
{
	rank_t best = {.tier = SHAPE_TIERS, .without_efas = true};
	step_set_t right;

	for (devset_t set = w->free; set; set = (set - 1) & w->free) {
		rank_t rank;

		if ((devset_count(set) != w->count) || !_may_take(w, set))
			continue;
		rank = _rank(m, w, set);
		if ((rank.tier < SHAPE_TIERS) && _is_before(&rank, &best))
			best = rank;
	}
	right.tier = (shape_tier_t) best.tier;
	right.devices = best.set
				? best.set
				: _lowest(w->near & w->free, w->free, w->count);
	right.efas = _lowest(profile_efas_of(m->profile, right.devices) &
				     w->free_efas,
			     w->free_efas, w->efa_count);
	return right;
}

static devset_t _random_set(unsigned int limit, uint32_t one_in)
{
	devset_t set = 0;

	for (unsigned int i = 0; i < limit; i++)
		if (sample_random(one_in))
			set |= devset_of(i);
	return set;
}

static step_wanted_t _random_wanted(const machine_t *m)
{
	unsigned int efas = profile_efa_count(m->profile);
	step_wanted_t w = {
		.free = _random_set(profile_device_count(m->profile),
				    2 + sample_random(4)),
		.free_efas = _random_set(efas, 2 + sample_random(6)),
		.near_only = sample_random(2),
	};

	if (!w.free)
		w.free = 1;
	w.near = sample_random(3) ? _random_set(DEVSET_MAX, 4) : w.free;
	w.count = 1 + sample_random(devset_count(w.free));
	if (sample_random(3))
		w.efa_count = sample_random(devset_count(w.free_efas) + 1);
	/* as a step asks that follows a job's example */
	if (!sample_random(3) &&
	    (shape_efa_count(m->shape, w.count, SHAPE_CONNECTED) > 0))
		w.efa_count = (unsigned int) shape_efa_count(m->shape, w.count,
							     SHAPE_CONNECTED);
	if (w.efa_count > devset_count(w.free_efas))
		w.free_efas = devset_run(0, efas);
	return w;
}

static void _compare(const machine_t *m, const char *family,
		     const step_wanted_t *w)
{
	step_set_t right = _oracle(m, w), got;

	ck_assert_int_eq(step_pick(m->shape, m->profile, w, &got), 0);
	ck_assert_msg(
		(got.devices == right.devices) && (got.efas == right.efas) &&
			(got.tier == right.tier),
		"%s: %u of %#llx near %#llx%s, %u interfaces of %#llx: got {%#llx, %#llx, %d}, wanted {%#llx, %#llx, %d}",
		family, w->count, (unsigned long long) w->free,
		(unsigned long long) w->near, w->near_only ? " only" : "",
		w->efa_count, (unsigned long long) w->free_efas,
		(unsigned long long) got.devices, (unsigned long long) got.efas,
		(int) got.tier, (unsigned long long) right.devices,
		(unsigned long long) right.efas, (int) right.tier);
}

START_TEST(test_random)
{
	machine_t m = _open(families[_i]);

	sample_seed((uint64_t) _i);
	for (int round = 0; round < ROUNDS; round++) {
		step_wanted_t w = _random_wanted(&m);

		_compare(&m, families[_i], &w);
	}
	_close(&m);
}
END_TEST

/* Steps of random sizes come and go: nothing is given twice */
START_TEST(test_churn)
{
	machine_t m = _open(families[_i]);
	devset_t all = devset_run(0, profile_device_count(m.profile));
	devset_t efas = devset_run(0, profile_efa_count(m.profile));
	step_set_t steps[8] = {{0}};
	devset_t used = 0, used_efas = 0;

	sample_seed(99 + (uint64_t) _i);
	for (int round = 0; round < 4000; round++) {
		step_set_t *step = &steps[sample_random(COUNT(steps))];
		step_wanted_t w = {.free = all & ~used,
				   .near = all,
				   .count = 1 + sample_random(8),
				   .free_efas = efas & ~used_efas,
				   .efa_count = sample_random(5)};

		if (step->devices) {
			used &= ~step->devices;
			used_efas &= ~step->efas;
			*step = (step_set_t){0};
			continue;
		}
		if (step_pick(m.shape, m.profile, &w, step)) {
			ck_assert_int_eq(errno, ENOSPC);
			continue;
		}
		ck_assert_uint_eq(devset_count(step->devices), w.count);
		ck_assert_uint_eq(devset_count(step->efas), w.efa_count);
		ck_assert(!(step->devices & (used | ~all)));
		ck_assert(!(step->efas & (used_efas | ~efas)));
		used |= step->devices;
		used_efas |= step->efas;
	}
	_close(&m);
}
END_TEST

/* Known answers on a torus of 4 x 4 */
static const struct {
	const char *family;
	const char *free;
	const char *near; /* NULL: all */
	bool near_only;
	unsigned int count;
	const char *free_efas;
	unsigned int efa_count;
	const char *devices;
	const char *efas;
	int tier;
} rows[] = {
	/* what stock takes would be 0-2,8 */
	{"trn2u.48xlarge", "0-2,8-15", NULL, false, 4, "", 0, "8-11", "",
	 SHAPE_CONSECUTIVE},
	/* a gap is filled before a hole is made */
	{"trn2u.48xlarge", "3,8-15", NULL, false, 1, "", 0, "3", "",
	 SHAPE_CONSECUTIVE},
	/* a square, where no row is free */
	{"trn2u.48xlarge", "0-1,4-5,10", NULL, false, 4, "", 0, "0-1,4-5", "",
	 SHAPE_BEST},
	/* a ring around the middle */
	{"trn2u.48xlarge", "0-2,4,6,8-10", NULL, false, 8, "", 0,
	 "0-2,4,6,8-10", "", SHAPE_RING},
	/* a tree */
	{"trn2u.48xlarge", "0-2,5,10,15", NULL, false, 4, "", 0, "0-2,5", "",
	 SHAPE_CONNECTED},
	/* nothing hangs together */
	{"trn2u.48xlarge", "0,2,5,7", NULL, false, 2, "", 0, "0,2", "",
	 SHAPE_TIERS},
	{"trn2u.48xlarge", "0,2,5,7", "5,7", false, 3, "", 0, "0,5,7", "",
	 SHAPE_TIERS},
	/* near before damage, the tier before near */
	{"trn2u.48xlarge", "3,8-15", "8-15", false, 1, "", 0, "8", "",
	 SHAPE_CONSECUTIVE},
	{"trn2u.48xlarge", "0-3,8,10", "8,10", false, 2, "", 0, "0-1", "",
	 SHAPE_CONSECUTIVE},
	{"trn2u.48xlarge", "0-3,8,10", "8,10", true, 2, "", 0, "8,10", "",
	 SHAPE_TIERS},
	{"trn2u.48xlarge", "0-3,8,10", "8,10", true, 3, "", 0, "0-2", "",
	 SHAPE_CONSECUTIVE},
	/* interfaces before the tier */
	{"trn2u.48xlarge", "0-3,8,12", NULL, false, 2, "8,12", 2, "8,12",
	 "8,12", SHAPE_BEST},
	{"trn2u.48xlarge", "0-15", NULL, false, 4, "0,2,5,10", 4, "0-3",
	 "0,2,5,10", SHAPE_CONSECUTIVE},
	{"trn2u.48xlarge", "0-15", NULL, false, 4, "0-15", 2, "0-3", "0-1",
	 SHAPE_CONSECUTIVE},
	{"trn2u.48xlarge", "0-15", NULL, false, 2, "0-15", 4, "0-1", "0-3",
	 SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "1-15", NULL, false, 1, "1-7", 1, "2", "1",
	 SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "1-15", NULL, false, 2, "0-7", 1, "2-3", "1",
	 SHAPE_CONSECUTIVE},
	{"trn1.32xlarge", "1-15", NULL, false, 1, "1-7", 0, "1", "",
	 SHAPE_CONSECUTIVE},
};

static devset_t _set(const char *text)
{
	neuron_error_t err = {""};
	devset_t set = 0;

	ck_assert_msg(!text[0] || !devset_decode(text, DEVSET_MAX, &set, &err),
		      "%s", err.text);
	return set;
}

START_TEST(test_rows)
{
	machine_t m = _open(rows[_i].family);
	step_wanted_t w = {
		.free = _set(rows[_i].free),
		.near = _set(rows[_i].near ? rows[_i].near : "0-63"),
		.near_only = rows[_i].near_only,
		.count = rows[_i].count,
		.free_efas = _set(rows[_i].free_efas),
		.efa_count = rows[_i].efa_count,
	};
	char devices[DEVSET_TEXT_MAX], efas[DEVSET_TEXT_MAX];
	step_set_t got = {0};

	ck_assert_int_eq(step_pick(m.shape, m.profile, &w, &got), 0);
	devset_encode(got.devices, devices, sizeof(devices));
	devset_encode(got.efas, efas, sizeof(efas));
	ck_assert_msg(!strcmp(devices, rows[_i].devices) &&
			      !strcmp(efas, rows[_i].efas) &&
			      ((int) got.tier == rows[_i].tier),
		      "%u of %s: got %s, %s, tier %d, wanted %s, %s, tier %d",
		      rows[_i].count, rows[_i].free, devices, efas,
		      (int) got.tier, rows[_i].devices, rows[_i].efas,
		      rows[_i].tier);
	_close(&m);
}
END_TEST

static const struct {
	const char *free;
	unsigned int count;
	const char *free_efas;
	unsigned int efa_count;
	int error;
} refused[] = {
	{"0-15", 0, "0-15", 0, EINVAL},
	{"0-15", 0, "0-15", 4, EINVAL},
	{"", 0, "", 0, EINVAL},
	{"", 1, "", 0, ENOSPC},
	{"0-2", 4, "", 0, ENOSPC},
	{"0-15", 17, "0-15", 0, ENOSPC},
	{"0-15", UINT32_MAX, "0-15", 0, ENOSPC},
	{"0-15", 4, "", 1, ENOSPC},
	{"0-15", 4, "0-2", 4, ENOSPC},
	{"0-15", 4, "0-15", UINT32_MAX, ENOSPC},
};

START_TEST(test_refused)
{
	machine_t m = _open("trn2u.48xlarge");
	step_wanted_t w = {
		.free = _set(refused[_i].free),
		.near = _set("0-63"),
		.count = refused[_i].count,
		.free_efas = _set(refused[_i].free_efas),
		.efa_count = refused[_i].efa_count,
	};
	step_set_t got = {.devices = 99, .efas = 98, .tier = SHAPE_RING};
	int rc;

	errno = 0;
	rc = step_pick(m.shape, m.profile, &w, &got);
	ck_assert_msg(
		(rc == -1) && (errno == refused[_i].error),
		"%u of '%s', %u interfaces of '%s': got %d, errno %d, wanted errno %d",
		w.count, refused[_i].free, w.efa_count, refused[_i].free_efas,
		rc, errno, refused[_i].error);
	ck_assert_uint_eq(got.devices, 99);
	ck_assert_uint_eq(got.efas, 98);
	ck_assert_int_eq((int) got.tier, SHAPE_RING);
	_close(&m);
}
END_TEST

/* A choice takes no memory */
START_TEST(test_no_memory)
{
	machine_t m = _open("trn1.32xlarge");
	step_wanted_t w = {.free = 0xfff6,
			   .near = 0xff,
			   .count = 5,
			   .free_efas = 0xff,
			   .efa_count = 3};
	step_set_t got;
	int rc;

	failing_malloc_after(0);
	rc = step_pick(m.shape, m.profile, &w, &got);
	failing_malloc_after(-1);
	ck_assert_int_eq(rc, 0);
	_close(&m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step");
	TCase *tcase = tcase_create("step");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, test_random, 0, COUNT(families));
	tcase_add_loop_test(tcase, test_churn, 0, COUNT(families));
	tcase_add_loop_test(tcase, test_rows, 0, COUNT(rows));
	tcase_add_loop_test(tcase, test_refused, 0, COUNT(refused));
	tcase_add_test(tcase, test_no_memory);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
