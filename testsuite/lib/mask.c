/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families.h"
#include "lib/mask.h"

static mask_t mask;
static char text[MASK_COMMENT_MAX];
static neuron_error_t err;

/* What a Comment means, and what it is once read and written again */
static const struct {
	const char *comment;
	devset_t devices;
	const char *items;
	const char *again; /* NULL: the same */
} reads[] = {
	{NULL, 0, "", ""},
	{"", 0, "", NULL},
	{"rack 7", 0, "", NULL},
	{"my-neuron-mask=5", 0, "", NULL},
	{"NEURON-MASK=5", 0, "", NULL},
	{"neuron-mask", 0, "", NULL},
	{"neuron-mask=5", 0x20, "5", NULL},
	{"neuron-mask=05", 0x20, "5", "neuron-mask=5"},
	{"neuron-mask=0", 1, "0", NULL},
	{"neuron-mask=63", 1ULL << 63, "63", NULL},
	{"neuron-mask=0-63", ~0ULL, "0-63", NULL},
	{"neuron-mask=5,7", 0xa0, "5,7", NULL},
	{"neuron-mask=7,5", 0xa0, "5,7", "neuron-mask=5,7"},
	{"neuron-mask=5,6", 0x60, "5-6", "neuron-mask=5-6"},
	{"neuron-mask=5-5", 0x20, "5", "neuron-mask=5"},
	{"neuron-mask=5(hot),6(hot)", 0x60, "5-6(hot)", "neuron-mask=5-6(hot)"},
	{"neuron-mask=5(hot),6", 0x60, "5(hot),6", NULL},
	{"neuron-mask=4-6(a b),8-9", 0x370, "4-6(a b),8-9", NULL},
	{"neuron-mask=5()", 0x20, "5", "neuron-mask=5"},
	{"neuron-mask=5(it stays busy: pid 12; neuron-mask=7, so)", 0x20,
	 "5(it stays busy: pid 12; neuron-mask=7, so)", NULL},
	{"rack 7; neuron-mask=5(x); new fan", 0x20, "5(x)", NULL},
	{"rack 7;neuron-mask=5;fan", 0x20, "5", NULL},
	{"neuron-mask=5 neuron", 0x20, "5", NULL},
	{"my-neuron-mask=1 neuron-mask=5", 0x20, "5", NULL},
	{"a\nb\x80 neuron-mask=5", 0x20, "5", NULL},
	{"neuron-suspect=5(x)", 0, "", NULL},
	{"neuron-suspect=5(a neuron-mask=7;neuron-mask=8)", 0, "", NULL},
	{"neuron-suspect=5(a b),6 neuron-mask=7(c)", 0x80, "7(c)", NULL},
	{"neuron-mask=7(c) neuron-suspect=5(a neuron-mask=8)", 0x80, "7(c)",
	 NULL},
	{"neuron-suspect=5(a neuron-mask=7", 0x80, "7", NULL},
	{"neuron-suspect=5(a neuron-mask=7(b)", 0x80, "7(b)", NULL},
	{"neuron-suspect= neuron-mask=7", 0x80, "7", NULL},
};

START_TEST(test_read)
{
	const char *comment = reads[_i].comment;
	const char *again = reads[_i].again ? reads[_i].again : comment;

	ck_assert_msg(!mask_decode(comment, &mask, &err), "\"%s\": %s", comment,
		      err.text);
	ck_assert_msg(mask.devices == reads[_i].devices,
		      "\"%s\": got 0x%llx, wanted 0x%llx", comment,
		      (unsigned long long) mask.devices,
		      (unsigned long long) reads[_i].devices);
	ck_assert_int_eq(mask_text(&mask, text, sizeof(text), &err),
			 (int) strlen(reads[_i].items));
	ck_assert_msg(!strcmp(text, reads[_i].items),
		      "\"%s\": got %s, wanted %s", comment, text,
		      reads[_i].items);
	ck_assert_int_eq(mask_encode(&mask, comment, text, sizeof(text), &err),
			 (int) strlen(again));
	ck_assert_msg(!strcmp(text, again), "\"%s\": got %s, wanted %s",
		      comment, text, again);
}
END_TEST

#define NUMBER "a device is a number from 0 to 63"
#define RANGE "a range is two numbers from 0 to 63, the lower one first"
#define REASON "a reason is printable ASCII between ( and )"
#define TWICE "a device stands there twice"
#define HERE "this cannot stand here"

#define LONG "123456789012345678901234567890123456789012345678901234567890"

static const struct {
	const char *comment;
	const char *at;
	const char *why;
} refused[] = {
	{"neuron-mask=", "", NUMBER},
	{"neuron-mask= 5", " 5", NUMBER},
	{"neuron-mask=x", "x", NUMBER},
	{"neuron-mask=-1", "-1", NUMBER},
	{"neuron-mask=+1", "+1", NUMBER},
	{"neuron-mask=64", "64", NUMBER},
	{"neuron-mask=005", "005", NUMBER},
	{"neuron-mask=99999999999999999999", "99999999999999999999", NUMBER},
	{"neuron-mask=5,", ",", HERE},
	{"neuron-mask=,5", ",5", NUMBER},
	{"neuron-mask=5,,6", ",6", NUMBER},
	{"neuron-mask=5, 6", " 6", NUMBER},
	{"neuron-mask=5-", "5-", RANGE},
	{"neuron-mask=5-4", "5-4", RANGE},
	{"neuron-mask=5-64", "5-64", RANGE},
	{"neuron-mask=5-6-7", "-7", HERE},
	{"neuron-mask=5,5", "5", TWICE},
	{"neuron-mask=5,4-6", "4-6", TWICE},
	{"neuron-mask=5x", "x", HERE},
	{"neuron-mask=5(a", "(a", REASON},
	{"neuron-mask=5(a(b))", "(a(b))", REASON},
	{"neuron-mask=5(a\nb)", "(a\nb)", REASON},
	{"neuron-mask=5(a\x7f)", "(a\x7f)", REASON},
	{"neuron-mask=5(\xc3\xa9)", "(\xc3\xa9)", REASON},
	{"neuron-mask=5(" LONG LONG "12345678)", "(" LONG LONG "12345678)",
	 "this reason is too long"},
	{"neuron-mask=5(a))", ")", HERE},
	{"neuron-mask=5(a)(b)", "(b)", HERE},
	{"neuron-mask=5(a)6", "6", HERE},
	{"neuron-mask=5\n", "\n", HERE},
	{"neuron-mask=5\t", "\t", HERE},
	{"neuron-mask=5 neuron-mask=6", "neuron-mask=6",
	 "the word stands there twice"},
	{"neuron-mask=5;neuron-mask=", "neuron-mask=",
	 "the word stands there twice"},
};

START_TEST(test_refuse)
{
	char wanted[NEURON_ERROR_MAX];

	mask_init(&mask);
	ck_assert(!mask_add(&mask, 9, "kept"));
	(void) snprintf(
		wanted, sizeof(wanted),
		"neuron-mask= in the node's Comment: \"%.40s\": %s; write for "
		"example neuron-mask=5(why),7 or take the word away",
		refused[_i].at, refused[_i].why);
	errno = 0;
	ck_assert_msg(mask_decode(refused[_i].comment, &mask, &err) == -1 &&
			      errno == EINVAL,
		      "\"%s\" is not refused", refused[_i].comment);
	ck_assert_msg(!strcmp(err.text, wanted), "\"%s\": got %s\nwanted %s",
		      refused[_i].comment, err.text, wanted);
	ck_assert_uint_eq(mask.devices, 1 << 9);
	ck_assert_str_eq(mask.reasons[9], "kept");
	ck_assert_int_eq(mask_encode(&mask, refused[_i].comment, text,
				     sizeof(text), &err),
			 -1);
	ck_assert_int_eq(mask_decode(refused[_i].comment, &mask, NULL), -1);
}
END_TEST

/* A mask of devices 5 and 7 is put into a Comment, and taken out of it */
static const struct {
	const char *comment;
	const char *with;
	const char *without;
} writes[] = {
	{NULL, "neuron-mask=5(a),7", ""},
	{"", "neuron-mask=5(a),7", ""},
	{"rack 7", "rack 7 neuron-mask=5(a),7", "rack 7"},
	{"rack 7 ", "rack 7  neuron-mask=5(a),7", "rack 7 "},
	{"neuron-mask=1", "neuron-mask=5(a),7", ""},
	{"neuron-mask=1 b", "neuron-mask=5(a),7 b", "b"},
	{"a neuron-mask=1", "a neuron-mask=5(a),7", "a"},
	{"a neuron-mask=1 b", "a neuron-mask=5(a),7 b", "a b"},
	{"a;neuron-mask=1;b", "a;neuron-mask=5(a),7;b", "a;;b"},
	{"a neuron-mask=1(x y); b", "a neuron-mask=5(a),7; b", "a; b"},
};

START_TEST(test_write)
{
	mask_init(&mask);
	ck_assert(!mask_add(&mask, 7, NULL));
	ck_assert(!mask_add(&mask, 5, "a"));
	ck_assert_int_eq(mask_encode(&mask, writes[_i].comment, text,
				     sizeof(text), &err),
			 (int) strlen(writes[_i].with));
	ck_assert_str_eq(text, writes[_i].with);
	mask_remove(&mask, 0xff);
	ck_assert_int_eq(mask_encode(&mask, writes[_i].comment, text,
				     sizeof(text), &err),
			 (int) strlen(writes[_i].without));
	ck_assert_str_eq(text, writes[_i].without);
}
END_TEST

/* The suspect word beside it; each leaves the other alone */
static const struct {
	const char *comment;
	devset_t suspects;
	const char *with; /* devices 1 and 2 in it */
	const char *without;
} suspects[] = {
	{NULL, 0, "neuron-suspect=1(s),2", ""},
	{"neuron-mask=5(a)", 0, "neuron-mask=5(a) neuron-suspect=1(s),2",
	 "neuron-mask=5(a)"},
	{"neuron-mask=5(neuron-suspect=3)", 0,
	 "neuron-mask=5(neuron-suspect=3) neuron-suspect=1(s),2",
	 "neuron-mask=5(neuron-suspect=3)"},
	{"neuron-mask=5(x neuron-suspect=3) a", 0,
	 "neuron-mask=5(x neuron-suspect=3) a neuron-suspect=1(s),2",
	 "neuron-mask=5(x neuron-suspect=3) a"},
	{"neuron-suspect=9 neuron-mask=5(a)", 0x200,
	 "neuron-suspect=1(s),2 neuron-mask=5(a)", "neuron-mask=5(a)"},
	{"neuron-mask=banana neuron-suspect=9(x;y)", 0x200,
	 "neuron-mask=banana neuron-suspect=1(s),2", "neuron-mask=banana"},
};

START_TEST(test_suspects)
{
	const char *comment = suspects[_i].comment;

	ck_assert_msg(!mask_decode_key(MASK_SUSPECT_KEY, comment, &mask, &err),
		      "\"%s\": %s", comment, err.text);
	ck_assert_msg(mask.devices == suspects[_i].suspects,
		      "\"%s\": got 0x%llx, wanted 0x%llx", comment,
		      (unsigned long long) mask.devices,
		      (unsigned long long) suspects[_i].suspects);
	mask_init(&mask);
	ck_assert(!mask_add(&mask, 1, "s"));
	ck_assert(!mask_add(&mask, 2, NULL));
	ck_assert_int_gt(mask_encode_key(MASK_SUSPECT_KEY, &mask, comment, text,
					 sizeof(text), &err),
			 0);
	ck_assert_str_eq(text, suspects[_i].with);
	mask_init(&mask);
	ck_assert_int_ge(mask_encode_key(MASK_SUSPECT_KEY, &mask, comment, text,
					 sizeof(text), &err),
			 0);
	ck_assert_str_eq(text, suspects[_i].without);
	ck_assert_int_eq(mask_decode_key(MASK_SUSPECT_KEY,
					 "a neuron-suspect=5x", &mask, &err),
			 -1);
	ck_assert_str_eq(err.text,
			 "neuron-suspect= in the node's Comment: \"x\": this "
			 "cannot stand here; write for example "
			 "neuron-suspect=5(why),7 or take the word away");
}
END_TEST

/* Whatever a reason is made of, it can be read back */
START_TEST(test_reasons)
{
	char reason[300];

	for (unsigned int c = 1; c < 256; c++) {
		mask_init(&mask);
		(void) snprintf(reason, sizeof(reason), "x%cy", (char) c);
		ck_assert(!mask_add(&mask, 3, reason));
		ck_assert_int_gt(
			mask_encode(&mask, "a", text, sizeof(text), &err), 0);
		ck_assert_msg(!mask_decode(text, &mask, &err),
			      "character %u: %s", c, err.text);
		ck_assert_uint_eq(mask.devices, 8);
		ck_assert_uint_eq(strlen(mask.reasons[3]), 3);
	}
	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	ck_assert(!mask_add(&mask, 3, reason));
	ck_assert_uint_eq(strlen(mask.reasons[3]), MASK_REASON_MAX - 1);
	ck_assert_int_gt(mask_encode(&mask, NULL, text, sizeof(text), &err), 0);
	ck_assert_msg(!mask_decode(text, &mask, &err), "%s", err.text);
	(void) snprintf(text, sizeof(text), "neuron-mask=3(%.128s)", reason);
	ck_assert_int_eq(mask_decode(text, &mask, &err), -1);
	ck_assert(!mask_add(&mask, 3, ""));
	ck_assert_str_eq(mask.reasons[3], "");
	ck_assert_int_eq(mask_add(&mask, 64, "x"), -1);
	ck_assert_int_eq(mask_add(&mask, UINT32_MAX, "x"), -1);
	mask_remove(&mask, ~0ULL);
	ck_assert_uint_eq(mask.devices, 0);
}
END_TEST

/* The fullest mask has room, and any less room is refused, not overrun */
START_TEST(test_room)
{
	static char reason[MASK_REASON_MAX], big[MASK_COMMENT_MAX + 1];
	int full;

	mask_init(&mask);
	memset(reason, 'r', sizeof(reason) - 1);
	for (unsigned int d = 0; d < DEVSET_MAX; d++) {
		reason[0] = (char) ('0' + d);
		ck_assert(!mask_add(&mask, d, reason));
	}
	full = mask_encode(&mask, "rack", text, sizeof(text), &err);
	ck_assert_msg(full > 0, "%s", err.text);
	ck_assert_msg(!mask_decode(text, &mask, &err), "%s", err.text);
	ck_assert_uint_eq(mask.devices, ~0ULL);
	for (size_t size = 0; size <= (size_t) full; size++) {
		text[size] = 'Z';
		errno = 0;
		ck_assert_msg(mask_encode(&mask, "rack", text, size, &err) ==
					      -1 &&
				      errno == ENOSPC,
			      "%zu bytes suffice for %d", size, full);
		ck_assert_int_eq(text[size], 'Z');
		ck_assert(!size || !text[0]);
	}
	memset(big, 'x', sizeof(big) - 1);
	ck_assert_int_eq(mask_decode(big, &mask, &err), -1);
	ck_assert_str_eq(err.text, "the node's Comment is longer than 16383 "
				   "bytes: shorten it");
	big[MASK_COMMENT_MAX - 1] = '\0';
	ck_assert_msg(!mask_decode(big, &mask, &err), "%s", err.text);
	ck_assert(!mask_add(&mask, 3, NULL));
	ck_assert_int_eq(mask_encode(&mask, big, text, sizeof(text), &err), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_str_eq(err.text,
			 "the node's Comment would be longer than 16383 bytes: "
			 "shorten what else is in it");
}
END_TEST

static const struct {
	const char *profile;
	devset_t devices;
	devset_t efas;
} efas[] = {
	{"trn2u.48xlarge", 0, 0},    {"trn2u.48xlarge", 0xa0, 0xa0},
	{"trn1.32xlarge", 0x1, 0},   {"trn1.32xlarge", 0x3, 0x1},
	{"trn1.32xlarge", 0x6, 0},   {"trn1.32xlarge", 0xffff, 0xff},
	{"inf2.48xlarge", 0xfff, 0},
};

START_TEST(test_efas)
{
	const profile_t *profile = family_profile(efas[_i].profile);
	devset_t got = mask_efas(profile, efas[_i].devices);

	ck_assert_msg(
		got == efas[_i].efas, "%s 0x%llx: got 0x%llx, wanted 0x%llx",
		efas[_i].profile, (unsigned long long) efas[_i].devices,
		(unsigned long long) got, (unsigned long long) efas[_i].efas);
}
END_TEST

#define ROWS(rows) (int) (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	Suite *suite = suite_create("mask");
	TCase *tcase = tcase_create("mask");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_read, 0, ROWS(reads));
	tcase_add_loop_test(tcase, test_refuse, 0, ROWS(refused));
	tcase_add_loop_test(tcase, test_write, 0, ROWS(writes));
	tcase_add_loop_test(tcase, test_suspects, 0, ROWS(suspects));
	tcase_add_test(tcase, test_reasons);
	tcase_add_test(tcase, test_room);
	tcase_add_loop_test(tcase, test_efas, 0, ROWS(efas));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
