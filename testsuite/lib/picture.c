/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "picture.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define TEXT_MAX 4096

/* Devices as hexadecimal digits, links as - and | */
static const struct {
	const char *profile;
	const char *text;
} drawings[] = {
	{ "inf2.xlarge", "0\n" },
	{ "trn1.2xlarge", "0\n" },
	{ "inf2.24xlarge", "0-1-2\n"
			   "    |\n"
			   "5-4-3\n" },
	{ "inf2.48xlarge", "0-1-2-3-4-5\n"
			   "|         |\n"
			   "b-a-9-8-7-6\n" },
	{ "trn1.32xlarge", "0-1-2-3\n"
			   "| | | |\n"
			   "4-5-6-7\n"
			   "| | | |\n"
			   "8-9-a-b\n"
			   "| | | |\n"
			   "c-d-e-f\n" },
	{ "trn2u.48xlarge", "0-1-2-3\n"
			    "| | | |\n"
			    "4-5-6-7\n"
			    "| | | |\n"
			    "8-9-a-b\n"
			    "| | | |\n"
			    "c-d-e-f\n" },
	{ "trn3.48xlarge", "0 1 2 3 4 5 6 7\n"
			   "               \n"
			   "8 9 a b c d e f\n" },
};

static profile_t *_read(const char *name)
{
	const char *srcdir = getenv("srcdir");
	char path[1024];
	neuron_error_t err = { "" };
	profile_t *profile;

	snprintf(path, sizeof(path), "%s/../../etc/profiles/%s.json",
		 srcdir ? srcdir : ".", name);
	profile = profile_read(path, &err);
	ck_assert_msg(profile, "%s: %s", path, err.text);
	return profile;
}

static char _character(const picture_cell_t *cell)
{
	if (cell->kind == PICTURE_DEVICE)
		return "0123456789abcdef"[cell->device];
	if (cell->kind == PICTURE_LINK)
		return cell->vertical ? '|' : '-';
	return ' ';
}

static void _draw(const picture_t *picture, char *text)
{
	for (unsigned int l = 0; l < picture_height(picture); l++) {
		for (unsigned int c = 0; c < picture_width(picture); c++) {
			picture_cell_t cell = picture_at(picture, l, c);

			*text++ = _character(&cell);
		}
		*text++ = '\n';
	}
	*text = '\0';
}

START_TEST(drawing)
{
	profile_t *profile = _read(drawings[_i].profile);
	picture_t *picture = picture_create(profile);
	char text[TEXT_MAX];

	ck_assert_ptr_nonnull(picture);
	_draw(picture, text);
	ck_assert_msg(!strcmp(text, drawings[_i].text),
		      "%s: got\n%swanted\n%s", drawings[_i].profile, text,
		      drawings[_i].text);
	picture_destroy(picture);
	profile_destroy(profile);
}
END_TEST

START_TEST(outside)
{
	profile_t *profile = _read("trn2.48xlarge");
	picture_t *picture = picture_create(profile);
	unsigned int width = picture_width(picture);
	unsigned int height = picture_height(picture);

	ck_assert_int_eq(picture_at(picture, height, 0).kind, PICTURE_SPACE);
	ck_assert_int_eq(picture_at(picture, 0, width).kind, PICTURE_SPACE);
	ck_assert_int_eq(picture_at(picture, height - 1, width).kind,
			 PICTURE_SPACE);
	ck_assert_int_eq(picture_at(picture, 1000, 1000).kind, PICTURE_SPACE);
	picture_destroy(picture);
	picture_destroy(NULL);
	profile_destroy(profile);
}
END_TEST

START_TEST(no_memory)
{
	profile_t *profile = _read("trn2.48xlarge");

	failing_malloc_after(0);
	ck_assert_ptr_null(picture_create(profile));
	failing_malloc_after(-1);
	profile_destroy(profile);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("picture");
	TCase *tcase = tcase_create("picture");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, drawing, 0, COUNT(drawings));
	tcase_add_test(tcase, outside);
	tcase_add_test(tcase, no_memory);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
