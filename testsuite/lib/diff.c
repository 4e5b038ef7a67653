/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "failing_malloc.h"
#include "sample.h"
#include "text.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define NAMES "--- o\n+++ n\n"

static const struct {
	const char *old_text, *new_text, *wanted;
} rows[] = {
	{"", "", ""},
	{NULL, "", ""},
	{"a\n", "a\n", ""},
	{NULL, "a\n", "--- /dev/null\n+++ n\n@@ -0,0 +1,1 @@\n+a\n"},
	{"", "a\nb\n", NAMES "@@ -0,0 +1,2 @@\n+a\n+b\n"},
	{"a\n", "", NAMES "@@ -1,1 +0,0 @@\n-a\n"},
	{"a\n", "b\n", NAMES "@@ -1,1 +1,1 @@\n-a\n+b\n"},
	{"a\nb\nc\n", "a\nx\nc\n", NAMES "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
	{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	 NAMES "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
	/* changes that are near share a hunk, others do not */
	{"1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n",
	 NAMES "@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n"},
	{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
	 NAMES "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n"
	       "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n"},
	{"a", "a\n",
	 NAMES "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n"},
	{"a\n", "a",
	 NAMES "@@ -1,1 +1,1 @@\n-a\n+a\n\\ No newline at end of file\n"},
};

START_TEST(shown)
{
	neuron_error_t err = {""};
	char *got = diff_unified("o", rows[_i].old_text, "n", rows[_i].new_text,
				 &err);

	ck_assert_msg(got && !strcmp(got, rows[_i].wanted),
		      "\"%s\" to \"%s\": got\n%s\nwanted\n%s",
		      rows[_i].old_text ? rows[_i].old_text : "(none)",
		      rows[_i].new_text, got ? got : err.text, rows[_i].wanted);
	free(got);
}
END_TEST

/* Copy lines of the old text up to a number of its lines */
static const char *_copy_to(const char *old_text, unsigned int *at,
			    unsigned int to, text_t *out)
{
	while (*at < to && *old_text) {
		size_t length = strcspn(old_text, "\n") + 1;

		text_add_bytes(out, old_text, length);
		old_text += length;
		(*at)++;
	}
	return old_text;
}

/* What patch does with a diff of texts that end with a newline */
static char *_apply(const char *old_text, const char *diff)
{
	unsigned int at = 0, start, count;
	text_t out = {.length = 0};

	while (*diff) {
		size_t length = strcspn(diff, "\n") + 1;

		if (sscanf(diff, "@@ -%u,%u ", &start, &count) == 2) {
			old_text = _copy_to(old_text, &at, start - (count > 0),
					    &out);
		} else if (strncmp(diff, "--- ", 4) &&
			   strncmp(diff, "+++ ", 4)) {
			if (diff[0] != '+') {
				ck_assert_msg(!strncmp(old_text, diff + 1,
						       length - 1),
					      "\"%.20s\" is not at line %u",
					      diff, at);
				old_text += length - 1;
				at++;
			}
			if (diff[0] != '-')
				text_add_bytes(&out, diff + 1, length - 1);
		}
		diff += length;
	}
	text_add(&out, "%s", old_text);
	return text_take(&out);
}

static char *_random_text(uint32_t lines)
{
	text_t text = {.length = 0};

	while (lines--)
		text_add(&text, "%u\n", sample_random(5));
	return text_take(&text);
}

START_TEST(patched)
{
	sample_seed((uint64_t) _i);
	for (int round = 0; round < 50; round++) {
		char *old_text = _random_text(sample_random(40));
		char *new_text = _random_text(sample_random(40));
		char *diff = diff_unified("o", old_text, "n", new_text, NULL);
		char *applied = _apply(old_text, diff);

		ck_assert_msg(!strcmp(applied, new_text),
			      "from\n%sgot\n%swanted\n%sby\n%s", old_text,
			      applied, new_text, diff);
		free(old_text);
		free(new_text);
		free(diff);
		free(applied);
	}
}
END_TEST

/* Too much to compare one by one */
START_TEST(long_texts)
{
	text_t a = {.length = 0}, b = {.length = 0};
	char *old_text, *new_text, *diff, *applied;

	for (int i = 0; i < 5000; i++) {
		text_add(&a, "a%d\n", i);
		text_add(&b, "b%d\n", i);
	}
	old_text = text_take(&a);
	new_text = text_take(&b);
	diff = diff_unified("o", old_text, "n", new_text, NULL);
	applied = _apply(old_text, diff);
	ck_assert(!strcmp(applied, new_text));
	free(old_text);
	free(new_text);
	free(diff);
	free(applied);
}
END_TEST

START_TEST(no_memory)
{
	char *diff = NULL;
	long n;

	for (n = 0; !diff && n < 100; n++) {
		failing_malloc_after(n);
		errno = 0;
		diff = diff_unified("o", "a\nb\nc\n", "n", "b\nx\n", NULL);
		failing_malloc_after(-1);
		ck_assert_msg(diff || errno == ENOMEM, "%ld: errno %d", n,
			      errno);
	}
	ck_assert(diff && n > 3);
	free(diff);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diff");
	TCase *tcase = tcase_create("diff");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, shown, 0, COUNT(rows));
	tcase_add_loop_test(tcase, patched, 0, 10);
	tcase_add_test(tcase, long_texts);
	tcase_add_test(tcase, no_memory);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
