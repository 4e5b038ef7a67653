/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/software.h"

#include "failing_malloc.h"
#include "tree.h"

#define COUNT(rows) (int) (sizeof(rows) / sizeof(rows[0]))

#define DRIVER "sys/module/neuron/version"
#define EFA "sys/module/efa/version"
#define NRT "opt/aws/neuron/lib/libnrt.so"
#define PC "opt/amazon/efa/lib64/pkgconfig/libfabric.pc"
#define PC32 "opt/amazon/efa/lib/pkgconfig/libfabric.pc"
#define LIST "opt/amazon/efa_installed_packages"
#define LNC "opt/aws/neuron/logical_nc_config"

/* One file, or link, of a machine, and what is known then */
static const struct {
	const char *path;
	const char *text; /* NULL: a link */
	const char *target;
	software_part_t part;
	const char *wanted;
	const char *defect; /* in the sentence; NULL: none */
} files[] = {
	{DRIVER, "2.27.4.0\n", NULL, SOFTWARE_DRIVER, "2.27.4.0", NULL},
	{DRIVER, "2.27.4.0", NULL, SOFTWARE_DRIVER, "2.27.4.0", NULL},
	{DRIVER, "", NULL, SOFTWARE_DRIVER, "", "/" DRIVER},
	{DRIVER, "2.x.8072.0\n", NULL, SOFTWARE_DRIVER, "", "2.x.8072.0"},
	{DRIVER, "2.27.4.0\n2.28\n", NULL, SOFTWARE_DRIVER, "", "/" DRIVER},
	{DRIVER, "2.27\x1b[31m\n", NULL, SOFTWARE_DRIVER, "", "/" DRIVER},
	{EFA, "2.17.2g\n", NULL, SOFTWARE_EFA, "2.17.2g", NULL},
	{EFA, "none\n", NULL, SOFTWARE_EFA, "", "\"none\""},
	{NRT ".1", NULL, "libnrt.so.2.31.24.0", SOFTWARE_RUNTIME, "2.31.24.0",
	 NULL},
	{NRT, NULL, "libnrt.so.2.31.24.0", SOFTWARE_RUNTIME, "2.31.24.0", NULL},
	{NRT, NULL, "/opt/aws/neuron/lib/libnrt.so.2.31.24.0", SOFTWARE_RUNTIME,
	 "2.31.24.0", NULL},
	{NRT ".1", NULL, "libnrt.so.x.y", SOFTWARE_RUNTIME, "", "\"x.y\""},
	{NRT ".1", NULL, "libnrt.so", SOFTWARE_RUNTIME, "", NULL},
	{NRT ".1", NULL, "../../../libother.so.2.3", SOFTWARE_RUNTIME, "",
	 NULL},
	{NRT ".1", NULL, "libnrt.so.1", SOFTWARE_RUNTIME, "", NULL},
	{NRT ".1", "", NULL, SOFTWARE_RUNTIME, "", NULL},
	{PC,
	 "prefix=/opt/amazon/efa\n\nName: libfabric\nVersion: 1.22.0amzn1.0\nLibs: -lfabric\n",
	 NULL, SOFTWARE_LIBFABRIC, "1.22.0amzn1.0", NULL},
	{PC, "Version: 2.1.0", NULL, SOFTWARE_LIBFABRIC, "2.1.0", NULL},
	{PC32, "Version: 1.9.0\n", NULL, SOFTWARE_LIBFABRIC, "1.9.0", NULL},
	{PC, "Version: \n", NULL, SOFTWARE_LIBFABRIC, "", "libfabric.pc"},
	{PC, "NoVersion: 1.2\n", NULL, SOFTWARE_LIBFABRIC, "", NULL},
	{LIST,
	 "# EFA installer version: 1.30.0\n# Debug packages installed: no\n# Packages installed:\nefa-2.6.0-1.amzn2.x86_64 libfabric-aws-1.19.0amzn1.0-1.amzn2.x86_64 libfabric-aws-devel-1.19.0-1.x86_64\n",
	 NULL, SOFTWARE_LIBFABRIC, "1.19.0amzn1.0", NULL},
	{LIST, "efa_2.6.0-1_amd64 libfabric1-aws_1.22.0amzn1.0_amd64\n", NULL,
	 SOFTWARE_LIBFABRIC, "1.22.0amzn1.0", NULL},
	{LIST, "# libfabric-aws-9.9.9\nopenmpi40-aws_4.1.6-1_amd64\n", NULL,
	 SOFTWARE_LIBFABRIC, "", NULL},
	{LIST, "libfabric libfabric- libfabric-aws libfabric_x", NULL,
	 SOFTWARE_LIBFABRIC, "", NULL},
	{LIST, "libfabric-aws-1.x\n", NULL, SOFTWARE_LIBFABRIC, "", "1.x"},
};

typedef struct {
	unsigned int count;
	char text[NEURON_ERROR_MAX];
} defects_t;

static void _defect(const char *text, void *arg)
{
	defects_t *defects = arg;

	defects->count++;
	(void) snprintf(defects->text, sizeof(defects->text), "%s", text);
}

START_TEST(test_files)
{
	defects_t defects = {.count = 0};
	neuron_error_t err = {""};
	software_t software;

	tree_clear();
	if (files[_i].text) {
		tree_put(files[_i].path, files[_i].text);
	} else {
		tree_put("opt/aws/neuron/lib/libnrt.so.2.31.24.0", "");
		tree_put("opt/aws/neuron/lib/libnrt.so.x.y", "");
		tree_put("libother.so.2.3", "");
		tree_link(files[_i].path, files[_i].target);
	}
	ck_assert_msg(
		!software_read(tree_base(), &software, _defect, &defects, &err),
		"%s: %s", files[_i].path, err.text);
	ck_assert_msg(
		!strcmp(software.versions[files[_i].part], files[_i].wanted),
		"%s \"%s\": got \"%s\", wanted \"%s\"", files[_i].path,
		files[_i].text ? files[_i].text : files[_i].target,
		software.versions[files[_i].part], files[_i].wanted);
	ck_assert_msg(files[_i].defect
			      ? (defects.count == 1) &&
					strstr(defects.text, files[_i].defect)
			      : !defects.count,
		      "%s \"%s\": got %u \"%s\", wanted \"%s\"", files[_i].path,
		      files[_i].text ? files[_i].text : files[_i].target,
		      defects.count, defects.text,
		      files[_i].defect ? files[_i].defect : "");
	ck_assert_int_eq(
		software_read(tree_base(), &software, NULL, NULL, NULL), 0);
}
END_TEST

static void _whole_machine(void)
{
	tree_clear();
	tree_put(DRIVER, "2.27.4.0\n");
	tree_put(EFA, "2.17.2g\n");
	tree_put("opt/aws/neuron/lib/libnrt.so.2.31.24.0", "");
	tree_link(NRT ".1", "libnrt.so.2.31.24.0");
	tree_link(NRT, "libnrt.so.1");
	tree_put(PC, "Name: libfabric\nVersion: 1.22.0amzn1.0\n");
	tree_put(LNC, "NEURON_LOGICAL_NC_CONFIG=1\n");
	tree_put("sys/devices/virtual/dmi/id/product_name", "trn2.48xlarge\n");
}

#define WHOLE                                                                 \
	"neuron-driver-2.27.4.0,neuron-driver-2.27,neuron-runtime-2.31.24.0," \
	"neuron-runtime-2.31,neuron-libfabric-1.22.0,neuron-libfabric-1.22,"  \
	"neuron-efa-2.17.2,neuron-efa-2.17,neuron-lnc-1"

START_TEST(test_machine)
{
	char features[SOFTWARE_FEATURES_MAX];
	software_t software, back;

	_whole_machine();
	ck_assert_int_eq(
		software_read(tree_base(), &software, NULL, NULL, NULL), 0);
	ck_assert_str_eq(software.instance, "trn2.48xlarge");
	ck_assert_uint_eq(software.lnc, 1);
	ck_assert_int_eq(
		software_features(&software, features, sizeof(features)),
		(int) strlen(WHOLE));
	ck_assert_str_eq(features, WHOLE);
	software_decode_features(features, &back);
	ck_assert_str_eq(back.versions[SOFTWARE_DRIVER], "2.27.4.0");
	ck_assert_str_eq(back.versions[SOFTWARE_EFA], "2.17.2");
	ck_assert_uint_eq(back.lnc, 1);
	ck_assert_int_eq(software_features(&software, features, strlen(WHOLE)),
			 -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(
		software_read("/does/not/exist", &software, NULL, NULL, NULL),
		-1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* The longest version in each place has room */
START_TEST(test_longest)
{
	static const char longest[] =
		"999999999.999999999.999999999.999999999.999999999.999999999";
	char features[SOFTWARE_FEATURES_MAX];
	software_t software = {.lnc = SOFTWARE_LNC_MAX};

	for (int part = 0; part < SOFTWARE_PARTS; part++)
		memcpy(software.versions[part], longest, sizeof(longest));
	ck_assert_int_gt(
		software_features(&software, features, sizeof(features)), 0);
}
END_TEST

static const struct {
	const char *word;
	bool is;
} words[] = {
	{"neuron-driver-2.27", true},
	{"neuron-driver-2", true},
	{"neuron-lnc-2", true},
	{"neuron-efa-3.1.0", true},
	{"neuron-libfabric-1", true},
	{"neuron-driver-", false},
	{"neuron-driver", false},
	{"neuron-driver-team", false},
	{"neuron-driver-2.x", false},
	{"neuron-driver-2.27a", false},
	{"neuron-driver-2.", false},
	{"neuron-lnc-0", false},
	{"neuron-lnc-9", false},
	{"neuron-lnc-1.0", false},
	{"neuron-lnc-", false},
	{"neuron-tools-2.1", false},
	{"Neuron-driver-2.27", false},
	{"xneuron-driver-2.27", false},
	{"", false},
	{"neuron-", false},
	{"neuron-driver-9999999999", false},
	{"neuron-driver-1.2.3.4.5.6.7", false},
};

START_TEST(test_words)
{
	ck_assert_msg(
		software_is_feature(words[_i].word, strlen(words[_i].word)) ==
			words[_i].is,
		"\"%s\": got %d, wanted %d", words[_i].word, !words[_i].is,
		words[_i].is);
}
END_TEST

static const struct {
	const char *have;
	const char *own;
	const char *wanted;
} merges[] = {
	{NULL, NULL, ""},
	{"", "", ""},
	{"rack1,big", NULL, "rack1,big"},
	{"rack1,big", "neuron-driver-2.27", "rack1,big,neuron-driver-2.27"},
	{NULL, "neuron-driver-2.27", "neuron-driver-2.27"},
	{"rack1,neuron-driver-2.26,big", "neuron-driver-2.27",
	 "rack1,big,neuron-driver-2.27"},
	{"neuron-driver-2.26,neuron-lnc-1", NULL, ""},
	{"neuron-driver-team,neuron-driver-2.26", "neuron-lnc-2",
	 "neuron-driver-team,neuron-lnc-2"},
	/* Nothing but ours is taken from a machine */
	{"a", "evil,neuron-lnc-2,root", "a,neuron-lnc-2"},
	{",,a,,b,", ",neuron-lnc-2,", "a,b,neuron-lnc-2"},
	/* what it writes it leaves alone */
	{"rack1,big,neuron-driver-2.27", "neuron-driver-2.27",
	 "rack1,big,neuron-driver-2.27"},
};

START_TEST(test_merge)
{
	char *got = software_merge_features(merges[_i].have, merges[_i].own);

	ck_assert_msg(got && !strcmp(got, merges[_i].wanted),
		      "\"%s\", \"%s\": got \"%s\", wanted \"%s\"",
		      merges[_i].have ? merges[_i].have : "(none)",
		      merges[_i].own ? merges[_i].own : "(none)",
		      got ? got : "(none)", merges[_i].wanted);
	free(got);
	failing_malloc_after(0);
	got = software_merge_features(merges[_i].have, merges[_i].own);
	failing_malloc_after(-1);
	ck_assert_msg(!got && (errno == ENOMEM), "row %d: got errno %d", _i,
		      errno);
}
END_TEST

static const struct {
	const char *features;
	const char *driver;
	unsigned int lnc;
} decodes[] = {
	{"neuron-driver-2.27.4.0,neuron-driver-2.27,neuron-lnc-2", "2.27.4.0",
	 2},
	{"neuron-driver-2.27,neuron-driver-2.27.4.0", "2.27.4.0", 0},
	{"big,neuron-driver-2.27", "2.27", 0},
	{"neuron-driver-2.27.4.0,neuron-driver-2.26", "", 0},
	{"neuron-driver-2.2,neuron-driver-2.27.4.0", "", 0},
	{"neuron-driver-2.27.4.0,neuron-driver-2.2", "", 0},
	{"neuron-lnc-1,neuron-lnc-2", "", 0},
	{"neuron-driver-,neuron-lnc-99", "", 0},
	{"", "", 0},
	{NULL, "", 0},
};

START_TEST(test_decode)
{
	software_t software;

	software_decode_features(decodes[_i].features, &software);
	ck_assert_msg(!strcmp(software.versions[SOFTWARE_DRIVER],
			      decodes[_i].driver) &&
			      software.lnc == decodes[_i].lnc,
		      "\"%s\": got \"%s\", %u, wanted \"%s\", %u",
		      decodes[_i].features ? decodes[_i].features : "(none)",
		      software.versions[SOFTWARE_DRIVER], software.lnc,
		      decodes[_i].driver, decodes[_i].lnc);
}
END_TEST

START_TEST(test_names)
{
	for (int part = 0; part < SOFTWARE_PARTS; part++)
		ck_assert_int_eq(
			software_find(software_name((software_part_t) part)),
			part);
	ck_assert_int_eq(software_find("kernel"), SOFTWARE_PARTS);
	ck_assert_int_eq(software_find(""), SOFTWARE_PARTS);
	ck_assert_str_eq(software_title(SOFTWARE_RUNTIME),
			 "Neuron runtime library");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("software");
	TCase *tcase = tcase_create("software");
	SRunner *runner;
	int failed;

	(void) tree_base();
	tcase_add_loop_test(tcase, test_files, 0, COUNT(files));
	tcase_add_test(tcase, test_machine);
	tcase_add_test(tcase, test_longest);
	tcase_add_loop_test(tcase, test_words, 0, COUNT(words));
	tcase_add_loop_test(tcase, test_merge, 0, COUNT(merges));
	tcase_add_loop_test(tcase, test_decode, 0, COUNT(decodes));
	tcase_add_test(tcase, test_names);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
