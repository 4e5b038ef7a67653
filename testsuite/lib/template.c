/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families.h"
#include "lib/template.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define TEN "0123456789"

static const char *_describe(const template_t *template)
{
	static char text[1024];
	char options[OPTIONS_TEXT_MAX];

	ck_assert_int_ge(
		options_encode(&template->options, options, sizeof(options)),
		0);
	snprintf(text, sizeof(text), "%s|%u|%s|%s|%s|%s", template->name,
		 template->devices, template->type,
		 template->efa_none ? "none" : "", template->description,
		 options);
	return text;
}

static const struct {
	const char *key;
	const char *value;
	const char *wanted;
} good[] = {
	{"TemplateName", "l-trn2", "l-trn2|0||||"},
	{"templatename", "0", "0|0||||"},
	{"Devices", "1", "|1||||"},
	{"DEVICES", "016", "|16||||"},
	{"Type", "trn2", "|0|trn2|||"},
	{"Type", "t123456789012345678901234567890",
	 "|0|t123456789012345678901234567890|||"},
	{"Efa", "aligned", "|0||||"},
	{"Efa", "NONE", "|0||none||"},
	{"Description", "a = \"b\", $(c)", "|0|||a = \"b\", $(c)|"},
	{"Tp", "8", "|0||||tp=8"},
	{"Lnc", "1", "|0||||lnc=1"},
	{"Shape", "Best", "|0||||shape=best"},
	{"Wait", "1-0", "|0||||wait=1-00:00:00"},
	{"Launch", "core", "|0||||launch=core"},
	{"Ultraserver", "require", "|0||||ultraserver=require"},
	{"ENV", "none", "|0||||env=none"},
};

START_TEST(test_good)
{
	template_t template = {.name = ""};
	neuron_error_t why = {""};
	int rc = template_set(&template, good[_i].key, good[_i].value, &why);
	const char *got = _describe(&template);

	ck_assert_msg(!rc && !strcmp(got, good[_i].wanted),
		      "%s=%s: got %d \"%s\", %s, wanted \"%s\"", good[_i].key,
		      good[_i].value, rc, got, why.text, good[_i].wanted);
}
END_TEST

static const struct {
	const char *key;
	const char *value;
	int errnum;
	const char *wanted; /* a part of the sentence */
} bad[] = {
	{"TemplateName", "", EINVAL, "no value"},
	{"TemplateName", "../x", EINVAL, "first a letter or digit"},
	{"TemplateName", "a\nb", EINVAL, "letter"},
	{"TemplateName", "a;b", EINVAL, "letter"},
	{"Devices", "", EINVAL,
	 "no node has such a number of devices; write 1 to 16"},
	{"Devices", "0", EINVAL, "write 1 to 16"},
	{"Devices", "17", EINVAL, "write 1 to 16"},
	{"Devices", "-4", EINVAL, "write 1 to 16"},
	{"Devices", "+4", EINVAL, "write 1 to 16"},
	{"Devices", "4 ", EINVAL, "write 1 to 16"},
	{"Devices", "4,5", EINVAL, "write 1 to 16"},
	{"Devices", "0x4", EINVAL, "write 1 to 16"},
	{"Devices", "4294967300", EINVAL, "write 1 to 16"},
	{"Devices", "99999999999999999999999999", EINVAL, "write 1 to 16"},
	{"Devices", "\xd9\xa4", EINVAL, "write 1 to 16"},
	{"Type", "", EINVAL, "for example trn2"},
	{"Type", "Trn2", EINVAL,
	 "this is no GRES type; write at most 31 small letters and digits, for "
	 "example trn2"},
	{"Type", "2", EINVAL, "for example trn2"},
	{"Type", "trn2:4", EINVAL, "for example trn2"},
	{"Type", "trn2,gpu", EINVAL, "for example trn2"},
	{"Type", "trn-2", EINVAL, "for example trn2"},
	{"Type", "t1234567890123456789012345678901", EINVAL, "at most 31"},
	{"Efa", "", EINVAL, "write aligned or none"},
	{"Efa", "16", EINVAL, "write aligned or none"},
	{"Efa", "all", EINVAL, "write aligned or none"},
	{"Description", "a\nb", EINVAL,
	 "this cannot be shown in a line; write at most 255 printable ASCII "
	 "characters"},
	{"Description", "caf\xc3\xa9", EINVAL, "at most 255 printable"},
	{"Description", "\x7f", EINVAL, "at most 255 printable"},
	{"Description",
	 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
		 TEN TEN TEN TEN TEN TEN TEN "123456",
	 EINVAL, "at most 255 printable"},
	{"Tp", "0", EINVAL, "1 to 65536"},
	{"Tp", "x", EINVAL, "1 to 65536"},
	{"Lnc", "3", EINVAL, "1 or 2"},
	{"Shape", "row", EINVAL, "consecutive"},
	{"Wait", "soon", EINVAL, "days-hours"},
	{"Launch", "", EINVAL, "process|core"},
	{"Launch", "x", EINVAL, "process or core"},
	{"Ultraserver", "yes", EINVAL, "require"},
	{"Env", "all", EINVAL, "basic"},
	{"Model", "70B", ENOENT, "a template has no such key"},
	{"Template", "x", ENOENT, "no such key"},
	{"Profile", "x", ENOENT, "no such key"},
	{"", "x", ENOENT, "no such key"},
	{NULL, "x", EINVAL, "no key"},
	{"Tp", NULL, EINVAL, "no value"},
};

START_TEST(test_bad)
{
	template_t template = {.name = "n", .devices = 3}, before = template;
	neuron_error_t why = {""};
	int rc;

	errno = 0;
	rc = template_set(&template, bad[_i].key, bad[_i].value, &why);
	ck_assert_msg((rc == -1) && (errno == bad[_i].errnum) &&
			      strstr(why.text, bad[_i].wanted),
		      "%s=%s: got %d, errno %d, \"%s\", wanted %d, \"%s\"",
		      bad[_i].key, bad[_i].value, rc, errno, why.text,
		      bad[_i].errnum, bad[_i].wanted);
	ck_assert_msg(!memcmp(&template, &before, sizeof(before)),
		      "%s=%s: changed the template", bad[_i].key,
		      bad[_i].value);
	ck_assert_int_eq(
		template_set(&template, bad[_i].key, bad[_i].value, NULL), -1);
}
END_TEST

/*
 * Against the families of a cluster
 */

static const struct {
	uint32_t devices;
	const char *type;
	const char *options;
	const char *families[4];
	const char *wanted; /* NULL: right */
} checks[] = {
	{1, "", "", {"inf2.xlarge"}, NULL},
	{16, "", "tp=64,lnc=1", {"inf2.48xlarge", "trn2.48xlarge"}, NULL},
	{16, "trn2", "", {"trn2.3xlarge", "trn2.48xlarge"}, NULL},
	{12, "inf2", "lnc=1", {"trn2.48xlarge", "inf2.48xlarge"}, NULL},
	{4, "", "launch=process,shape=consecutive", {"trn2.48xlarge"}, NULL},
	{4, "", "tp=128", {"trn2.48xlarge"}, NULL},
	{4, "", "tp=32", {"trn2.48xlarge"}, NULL},
	{12, "", "tp=24", {"trn2.3xlarge", "inf2.48xlarge"}, NULL},
	{12,
	 "inf2",
	 "tp=16",
	 {"trn2.48xlarge", "inf2.48xlarge"},
	 "Tp=16 neither divides the logical cores of 12 such devices nor is a "
	 "multiple of them; write for example Tp=12"},
	{4, "", "tp=12", {"trn1.32xlarge"}, "write for example Tp=4"},
	{0, "", "", {"trn2.48xlarge"}, "add for example Devices=4"},
	{4,
	 "",
	 "",
	 {NULL},
	 "no node of this file has 4 such devices; the most "
	 "is 0"},
	{4, "trn2", "", {NULL}, "the most is 0"},
	{13,
	 "",
	 "",
	 {"inf2.48xlarge", "inf2.xlarge"},
	 "has 13 such devices; the most is 12"},
	{13,
	 "inf2",
	 "",
	 {"inf2.48xlarge", "trn2.48xlarge"},
	 "has 13 such devices; the most is 12"},
	{4,
	 "trn9",
	 "",
	 {"trn1.32xlarge", "trn2.48xlarge", "trn2.3xlarge"},
	 "type trn9; the types here are trn1, trn2"},
	{4, "", "lnc=2", {"trn1.32xlarge"}, "can have Lnc=2"},
	{4, "", "lnc=2", {"trn1.32xlarge", "trn2.3xlarge"}, "can have Lnc=2"},
	{4,
	 "trn1",
	 "lnc=2",
	 {"trn1.32xlarge", "trn2.48xlarge"},
	 "can have Lnc=2"},
	{4,
	 "",
	 "launch=process,shape=best",
	 {"trn2.48xlarge"},
	 "write shape=consecutive or launch=core"},
};

START_TEST(test_check)
{
	template_t template = {.name = "n", .devices = checks[_i].devices};
	const profile_t *profiles[4];
	neuron_error_t why = {""};
	uint32_t count = 0;
	int rc;

	strcpy(template.type, checks[_i].type);
	ck_assert_int_eq(
		options_decode(checks[_i].options, &template.options, NULL), 0);
	for (; checks[_i].families[count]; count++)
		profiles[count] = family_profile(checks[_i].families[count]);
	errno = 0;
	rc = template_check(&template, profiles, count, &why);
	if (!checks[_i].wanted)
		ck_assert_msg(!rc, "row %d: got \"%s\"", _i, why.text);
	else
		ck_assert_msg((rc == -1) && (errno == EINVAL) &&
				      strstr(why.text, checks[_i].wanted),
			      "row %d: got %d, \"%s\", wanted \"%s\"", _i, rc,
			      why.text, checks[_i].wanted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("template");
	TCase *tcase = tcase_create("template");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_good, 0, COUNT(good));
	tcase_add_loop_test(tcase, test_bad, 0, COUNT(bad));
	tcase_add_loop_test(tcase, test_check, 0, COUNT(checks));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
