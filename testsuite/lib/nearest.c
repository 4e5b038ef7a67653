/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families.h"
#include "lib/nearest.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define ALL 0xffff
#define TRN2 "trn2.48xlarge"
#define INF2 "inf2.48xlarge"

/*
 * "best, 3 devices, 1 node": what is offered; "" nothing
 */
static const struct {
	const char *family;
	nearest_t job;
	struct {
		devset_t devices, efas;
	} free[4]; /* nodes */
	const char *wanted;
} offers[] = {
	/* a column of a torus of four rows */
	{TRN2,
	 {.devices = 4, .nodes = 1, .widest = SHAPE_CONNECTED},
	 {{0x1111, ALL}},
	 "best, 1 device"},
	{TRN2, {.devices = 4, .nodes = 1}, {{0x1111, ALL}}, "1 device"},
	{TRN2,
	 {.devices = 4, .nodes = 2, .widest = SHAPE_CONNECTED},
	 {{0x1111, ALL}, {0x000f, ALL}},
	 "best, 1 device, 1 node"},
	{TRN2,
	 {.devices = 4, .nodes = 2, .widest = SHAPE_CONNECTED},
	 {{0x1111, ALL}, {0x0007, ALL}},
	 "1 device"},
	{TRN2,
	 {.devices = 4,
	  .nodes = 2,
	  .tier = SHAPE_BEST,
	  .widest = SHAPE_CONNECTED},
	 {{0x1111, ALL}, {0x0027, ALL}},
	 "connected, 3 devices, 1 node"},
	/* the size that the least of the nodes has */
	{TRN2,
	 {.devices = 16, .nodes = 1, .widest = SHAPE_CONNECTED},
	 {{0x7fff, ALL}, {0xff, ALL}},
	 "15 devices"},
	{TRN2,
	 {.devices = 16, .nodes = 2, .widest = SHAPE_CONNECTED},
	 {{0x7fff, ALL}, {0xff, ALL}},
	 "8 devices"},
	{TRN2,
	 {.devices = 16, .nodes = 3, .widest = SHAPE_CONNECTED},
	 {{0x7fff, ALL}, {0xff, ALL}},
	 ""},
	{TRN2,
	 {.devices = 8, .nodes = 3},
	 {{0xff, ALL}, {0xff00, ALL}, {0, ALL}, {0xf, ALL}},
	 "4 devices, 2 nodes"},
	/* interfaces count where they are asked for */
	{TRN2,
	 {.devices = 4,
	  .nodes = 1,
	  .widest = SHAPE_CONNECTED,
	  .with_efa = true},
	 {{ALL, 0xfff7}},
	 ""},
	{TRN2,
	 {.devices = 4,
	  .nodes = 1,
	  .widest = SHAPE_CONNECTED,
	  .with_efa = true},
	 {{0xf, 0x7}},
	 "3 devices"},
	{TRN2,
	 {.devices = 4,
	  .nodes = 1,
	  .widest = SHAPE_CONNECTED,
	  .with_efa = true},
	 {{0xf, 0}},
	 ""},
	{TRN2,
	 {.devices = 4, .nodes = 1, .widest = SHAPE_CONNECTED},
	 {{0xf, 0}},
	 ""},
	/* a ring of twelve */
	{INF2,
	 {.devices = 3, .nodes = 1, .widest = SHAPE_CONNECTED},
	 {{0x803, 0}},
	 "best, 2 devices"},
	{INF2,
	 {.devices = 13, .nodes = 1, .widest = SHAPE_CONNECTED},
	 {{0xfff, 0}},
	 "12 devices"},
	/* nothing free, nothing to be had, nothing asked */
	{TRN2,
	 {.devices = 1, .nodes = 1, .widest = SHAPE_CONNECTED},
	 {{0, ALL}},
	 ""},
	{TRN2,
	 {.devices = 1, .nodes = 2, .widest = SHAPE_CONNECTED},
	 {{1, ALL}},
	 "1 node"},
	{TRN2,
	 {.devices = 0, .nodes = 1, .widest = SHAPE_CONNECTED},
	 {{ALL, ALL}},
	 ""},
	{TRN2,
	 {.devices = 17, .nodes = 1, .widest = SHAPE_CONNECTED},
	 {{ALL, ALL}},
	 ""},
	{TRN2,
	 {.devices = PROFILE_DEVICES_MAX + 1, .nodes = 1},
	 {{ALL, ALL}},
	 ""},
	{TRN2, {.devices = UINT32_MAX, .nodes = UINT32_MAX}, {{ALL, ALL}}, ""},
	{TRN2,
	 {.devices = 4,
	  .nodes = 1,
	  .tier = SHAPE_CONNECTED,
	  .widest = SHAPE_TIERS},
	 {{0x5050, ALL}},
	 "1 device"},
};

static const char *_describe(const nearest_offer_t *offer)
{
	static char text[128];
	size_t used = 0;

	text[0] = '\0';
	if (offer->tier < SHAPE_TIERS)
		used += (size_t) snprintf(text, sizeof(text), "%s",
					  shape_tier_name(offer->tier));
	if (offer->devices)
		used += (size_t) snprintf(text + used, sizeof(text) - used,
					  "%s%u device%s", used ? ", " : "",
					  offer->devices,
					  offer->devices == 1 ? "" : "s");
	if (offer->nodes)
		(void) snprintf(text + used, sizeof(text) - used, "%s%u node%s",
				used ? ", " : "", offer->nodes,
				offer->nodes == 1 ? "" : "s");
	return text;
}

START_TEST(test_offers)
{
	nearest_t nearest = offers[_i].job;
	nearest_offer_t offer;

	for (int n = 0; n < COUNT(offers[_i].free); n++)
		(void) nearest_look(&nearest, family_shape(offers[_i].family),
				    offers[_i].free[n].devices,
				    offers[_i].free[n].efas);
	offer = nearest_offer(&nearest);
	ck_assert_msg(!strcmp(_describe(&offer), offers[_i].wanted),
		      "row %d: got \"%s\", wanted \"%s\"", _i,
		      _describe(&offer), offers[_i].wanted);
}
END_TEST

/* Full nodes cost nothing, others are looked at up to a bound */
START_TEST(test_bound)
{
	nearest_t nearest = {.devices = 8, .nodes = 100};
	const shape_t *shape = family_shape(TRN2);
	uint32_t looked = 0;

	for (int n = 0; n < 10000; n++)
		ck_assert(nearest_look(&nearest, shape, 0, 0));
	while (nearest_look(&nearest, shape, 0xf, 0))
		ck_assert_uint_lt(++looked, 10000);
	ck_assert_uint_eq(looked, 100 + NEAREST_LOOK_MAX);
	ck_assert(!nearest_look(&nearest, shape, ALL, ALL));
	ck_assert_uint_eq(nearest_offer(&nearest).devices, 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nearest");
	TCase *tcase = tcase_create("nearest");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_offers, 0, COUNT(offers));
	tcase_add_test(tcase, test_bound);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
