/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "root.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

static const struct {
	root_t root;
	uint16_t comm, master;
} good[] = {
	/* a part of 384 places for each device */
	{{16384, 28671, NULL, 0, ROOT_BATCH, 1, 0}, 16384, 16385},
	{{16384, 28671, NULL, 0, ROOT_SHELL, 1, 0}, 16386, 16387},
	{{16384, 28671, NULL, 0, ROOT_STEP, 1, 0}, 16388, 16389},
	{{16384, 28671, NULL, 0, ROOT_STEP, 9, 0}, 16388, 16389},
	{{16384, 28671, NULL, 0, ROOT_STEP, 1, 381}, 17150, 17151},
	{{16384, 28671, NULL, 0, ROOT_STEP, 1, 382}, 16388, 16389},
	{{16384, 28671, NULL, 1, ROOT_BATCH, 1, 0}, 17152, 17153},
	{{16384, 28671, NULL, 15, ROOT_STEP, 1, 381}, 28670, 28671},
	{{16384, 28671, NULL, 15, ROOT_STEP, 1, UINT32_MAX}, 28582, 28583},
	/* two places for each device, then one, then fewer */
	{{2000, 2063, NULL, 1, ROOT_BATCH, 1, 5}, 2004, 2005},
	{{2000, 2063, NULL, 1, ROOT_SHELL, 1, 5}, 2004, 2005},
	{{2000, 2063, NULL, 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2031, NULL, 3, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2031, NULL, 3, ROOT_BATCH, 1, 5}, 2006, 2007},
	{{2000, 2003, NULL, 3, ROOT_STEP, 1, 5}, 2002, 2003},
	{{65534, 65535, NULL, 15, ROOT_STEP, 1, 5}, 65534, 65535},
	{{2000, 2063, NULL, 63, ROOT_STEP, 1, 5}, 2062, 2063},
	/* ports that Slurm reserved */
	{{2000, 2063, "12000-12003", 1, ROOT_STEP, 1, 5}, 12000, 12001},
	{{2000, 2063, "12000,12007", 1, ROOT_STEP, 1, 5}, 12000, 12007},
	{{2000, 2063, "12000", 1, ROOT_STEP, 1, 5}, 12000, 2007},
	{{2000, 2063, "12000-12000,5", 1, ROOT_STEP, 1, 5}, 12000, 5},
	/* and what is none */
	{{2000, 2063, "", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, "0-3", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, "12003-12000", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, "12000-", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, "12000,", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, "12000;id", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, "65536", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, "99999999999999999999", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, " 12000", 1, ROOT_STEP, 1, 5}, 2006, 2007},
	{{2000, 2063, "-12000", 1, ROOT_STEP, 1, 5}, 2006, 2007},
};

START_TEST(ports_good)
{
	uint16_t comm = 0, master = 0;

	ck_assert_int_eq(root_ports(&good[_i].root, &comm, &master), 0);
	ck_assert_msg(comm == good[_i].comm && master == good[_i].master,
		      "row %d: got %u %u, wanted %u %u", _i, comm, master,
		      good[_i].comm, good[_i].master);
}
END_TEST

static const root_t bad[] = {
	{0, 28671, NULL, 0, ROOT_STEP, 1, 0},
	{2000, 2000, NULL, 0, ROOT_STEP, 1, 0},
	{2001, 2000, NULL, 0, ROOT_STEP, 1, 0},
	{2000, 3000, NULL, 64, ROOT_STEP, 1, 0},
	{2000, 3000, NULL, 1000000, ROOT_STEP, 1, 0},
};

START_TEST(ports_bad)
{
	uint16_t comm, master;

	errno = 0;
	ck_assert_int_eq(root_ports(&bad[_i], &comm, &master), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* What runs on a node at once: everything has two ports of its own */
START_TEST(ports_differ)
{
	static unsigned char used[UINT16_MAX + 1];
	root_t root = {.first = 16384, .last = 28671};

	memset(used, 0, sizeof(used));
	for (int device = 0; device < PROFILE_DEVICES_MAX; device++) {
		root.device = device;
		for (uint32_t step = 0; step < 384; step++) {
			uint16_t comm, master;

			root.kind =
				step < 2 ? (root_kind_t) (step + 1) : ROOT_STEP;
			root.step_id = step - 2;
			ck_assert_int_eq(root_ports(&root, &comm, &master), 0);
			ck_assert_uint_ge(comm, root.first);
			ck_assert_uint_le(master, root.last);
			ck_assert_msg(!used[comm] && !used[master] &&
					      comm != master,
				      "device %d, step %u: %u or %u twice",
				      device, step, comm, master);
			used[comm] = used[master] = 1;
		}
	}
}
END_TEST

/* Without a device: in range, and close jobs and steps mostly differ */
START_TEST(ports_hashed)
{
	root_t root = {.first = 20000, .last = 29999, .device = -1};
	uint16_t before = 0;
	int same = 0;

	for (uint32_t n = 0; n < 10000; n++) {
		uint16_t comm, master;

		root.job_id = 1000 + n / 4;
		root.step_id = n % 4;
		ck_assert_int_eq(root_ports(&root, &comm, &master), 0);
		ck_assert_uint_ge(comm, root.first);
		ck_assert_uint_le(master, root.last);
		same += comm == before;
		before = comm;
	}
	ck_assert_int_le(same, 10);
}
END_TEST

static const struct {
	const char *host;
	uint16_t port;
	size_t size;
	const char *text; /* NULL: refused */
	int errnum;
} texts[] = {
	{"10.0.0.1", 20000, 64, "10.0.0.1:20000", 0},
	{"trn1", 1, 7, "trn1:1", 0},
	{"fe80::1", 62182, 64, "[fe80::1]:62182", 0},
	{"[fe80::1]", 62182, 64, "[fe80::1]:62182", 0},
	{"trn1", 1, 6, NULL, ENOSPC},
	{"trn1", 1, 1, NULL, ENOSPC},
	{"trn1", 1, 0, NULL, ENOSPC},
	{"trn1", 0, 64, NULL, EINVAL},
	{"", 1, 64, NULL, EINVAL},
	{NULL, 1, 64, NULL, EINVAL},
};

START_TEST(encode)
{
	char buf[64] = "x";
	int length = root_encode(texts[_i].host, texts[_i].port, buf,
				 texts[_i].size);

	if (texts[_i].text) {
		ck_assert_int_eq(length, (int) strlen(texts[_i].text));
		ck_assert_str_eq(buf, texts[_i].text);
		return;
	}
	ck_assert_int_eq(length, -1);
	ck_assert_int_eq(errno, texts[_i].errnum);
	ck_assert_str_eq(buf, texts[_i].size ? "" : "x");
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("root");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, ports_good, 0, COUNT(good));
	tcase_add_loop_test(all, ports_bad, 0, COUNT(bad));
	tcase_add_test(all, ports_differ);
	tcase_add_test(all, ports_hashed);
	tcase_add_loop_test(all, encode, 0, COUNT(texts));
	suite_add_tcase(suite, all);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
