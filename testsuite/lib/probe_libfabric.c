/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdlib.h>

#include "probe.h"

static void _count(const char *text, void *arg)
{
	ck_assert(*text);
	++*(unsigned int *) arg;
}

/* This machine has EFA interfaces, or it has none: both must be told right */
START_TEST(this_machine)
{
	neuron_error_t err = {""};
	probe_t *probe = probe_create("", &err);
	unsigned int differences = 0, shown, efas;

	ck_assert_msg(probe != NULL, "%s", err.text);
	efas = probe_efa_count(probe);
	shown = probe_libfabric(probe, _count, &differences);
	ck_assert_msg(shown <= efas, "libfabric shows %u of %u", shown, efas);
	if (!efas)
		ck_assert_uint_eq(differences, 0);
	if (shown)
		ck_assert_uint_ge(differences, efas - shown);
	ck_assert_uint_eq(probe_libfabric(probe, NULL, NULL), shown);
	probe_destroy(probe);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe_libfabric");
	TCase *tcase = tcase_create("this machine");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, this_machine);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
