/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "families.h"
#include "lib/model.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

static option_model_t _model(const char *text)
{
	neuron_error_t err = {""};
	options_t options = {0};

	ck_assert_msg(!options_set(&options, OPTION_MODEL, text, &err), "%s",
		      err.text);
	return options.model;
}

static const struct {
	const char *model;
	uint64_t bytes;
} sizes[] = {
	{"1M", 2400000},
	{"1M:fp8", 1200000},
	{"1.000003M:int8", 1200004}, /* rounded up */
	{"1M:fp32", 4800000},
	{"1M:train", 19200000},
	{"1M:fp32:train", 19200000},
	{"70B", 168000000000},
	{"8.5B:fp16", 20400000000},
	{"1000T:train", 19200000000000000},
};

START_TEST(test_bytes)
{
	option_model_t model = _model(sizes[_i].model);

	ck_assert_msg(model_bytes(&model) == sizes[_i].bytes,
		      "%s: got %llu, wanted %llu", sizes[_i].model,
		      (unsigned long long) model_bytes(&model),
		      (unsigned long long) sizes[_i].bytes);
}
END_TEST

/*
 * Wanted figures by hand: a trn2 device has 96 GiB (103.079 GB), one of trn1
 * and inf2 32 GiB (34.360 GB)
 */
static const struct {
	const char *model;
	const char *family;
	bool documented;
	shape_tier_t tier;
	uint32_t nodes; /* given */
	uint32_t tp;
	uint32_t lnc;
	uint32_t wanted_devices; /* 0: refused */
	uint32_t wanted_nodes;
} fits[] = {
	/* 19.2 GB */
	{"8B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 2, 1, 1},
	{"8B", "inf2.xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 1, 1, 1},
	/* 168 GB */
	{"70B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 2, 2, 1},
	{"70B", "trn2.48xlarge", true, SHAPE_CONSECUTIVE, 0, 0, 2, 4, 1},
	{"70B", "trn1.32xlarge", true, SHAPE_CONSECUTIVE, 0, 0, 1, 8, 1},
	{"70B", "inf2.48xlarge", true, SHAPE_CONSECUTIVE, 0, 0, 1, 5, 1},
	{"70B", "inf2.24xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 1, 5, 1},
	{"70B", "inf2.xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 1, 1, 5},
	{"70B:fp8", "inf2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 1, 3, 1},
	{"70B:fp32", "inf2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 1, 10, 1},
	/* 972 GB: 9.4 devices of trn2, 28.3 of trn1 */
	{"405B", "trn2.48xlarge", false, SHAPE_CONNECTED, 0, 0, 2, 10, 1},
	{"405B", "trn2.48xlarge", true, SHAPE_CONSECUTIVE, 0, 0, 2, 16, 1},
	{"405B", "trn1.32xlarge", false, SHAPE_CONNECTED, 0, 0, 1, 16, 2},
	{"405B", "inf2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 1, 12, 3},
	/* 1344 GB: 13.04 devices of trn2 */
	{"70B:train", "trn2.48xlarge", false, SHAPE_CONNECTED, 0, 0, 2, 14, 1},
	{"70B:train", "trn2.48xlarge", true, SHAPE_CONSECUTIVE, 0, 0, 2, 16, 1},
	{"70B:train", "trn1.32xlarge", true, SHAPE_CONSECUTIVE, 0, 0, 1, 16, 3},
	/* 7776 GB: 4.7 whole trn2 nodes */
	{"405B:train", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 2, 16,
	 5},
	/* 103.079215104 GB is a device exactly; one parameter more is two */
	{"42.949672B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 2, 1,
	 1},
	{"42.949673B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 0, 2, 2,
	 1},
	/* nodes given */
	{"405B", "trn2.48xlarge", true, SHAPE_CONSECUTIVE, 2, 0, 2, 8, 2},
	{"405B", "trn2.48xlarge", true, SHAPE_CONSECUTIVE, 4, 0, 2, 4, 4},
	{"8B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 4, 0, 2, 1, 4},
	{"405B", "trn1.32xlarge", false, SHAPE_CONSECUTIVE, 1, 0, 1, 0, 0},
	{"1000T:train", "inf2.xlarge", false, SHAPE_CONSECUTIVE, UINT32_MAX, 0,
	 1, 1, UINT32_MAX},
	/* tp: 8, 16, 32, 64 cores of 2, 4, 8, 16 devices with lnc=2 */
	{"8B", "trn2.48xlarge", true, SHAPE_CONSECUTIVE, 0, 8, 2, 4, 1},
	{"8B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 8, 2, 2, 1},
	{"8B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 8, 1, 1, 1},
	{"70B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 32, 2, 8, 1},
	{"70B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 64, 2, 16, 1},
	{"70B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 128, 2, 16, 2},
	{"405B:train", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 128, 2, 16,
	 6},
	{"70B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 2, 128, 2, 16, 2},
	{"70B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 7, 2, 7, 1},
	{"70B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 0, 17, 2, 0, 0},
	{"70B", "trn2.48xlarge", false, SHAPE_CONSECUTIVE, 1, 128, 2, 0, 0},
};

START_TEST(test_fit)
{
	option_model_t model = _model(fits[_i].model);
	model_question_t question = {
		.profile = family_profile(fits[_i].family),
		.shape = family_shape(fits[_i].family),
		.tier = fits[_i].tier,
		.documented_only = fits[_i].documented,
		.nodes = fits[_i].nodes,
		.tp = fits[_i].tp,
		.lnc = fits[_i].lnc,
	};
	model_fit_t fit = {77, 77, 77};
	neuron_error_t err = {""};
	int rc = model_fit(&model, &question, &fit, &err);

	if (!fits[_i].wanted_devices) {
		ck_assert_msg((rc == -1) && (errno == ENOTSUP) && err.text[0] &&
				      (fit.devices == 77),
			      "%s on %s: got %d, %u devices, %u nodes",
			      fits[_i].model, fits[_i].family, rc, fit.devices,
			      fit.nodes);
		ck_assert_int_eq(model_fit(&model, &question, &fit, NULL), -1);
		return;
	}
	ck_assert_msg(!rc && (fit.devices == fits[_i].wanted_devices) &&
			      (fit.nodes == fits[_i].wanted_nodes),
		      "row %d, %s on %s: got %d, %u devices, %u nodes, wanted "
		      "%u, %u; %s",
		      _i, fits[_i].model, fits[_i].family, rc, fit.devices,
		      fit.nodes, fits[_i].wanted_devices, fits[_i].wanted_nodes,
		      err.text);
	ck_assert_uint_eq(fit.bytes,
			  (profile_device_memory_mib(question.profile) << 20) *
				  fit.devices * fit.nodes);
	ck_assert_uint_ge(fit.bytes, model_bytes(&model));
}
END_TEST

START_TEST(test_sentences)
{
	option_model_t model = _model("405B:train");
	model_question_t question = {
		.profile = family_profile("trn2.48xlarge"),
		.shape = family_shape("trn2.48xlarge"),
		.nodes = 1,
		.lnc = 2,
	};
	neuron_error_t err = {""};
	model_fit_t fit;

	ck_assert_int_eq(model_fit(&model, &question, &fit, &err), -1);
	ck_assert_str_eq(err.text,
			 "model 405B:train needs 7242 GiB, and 1 trn2 node "
			 "holds 1536 GiB: ask for 5 nodes, or leave out -N");
	question.nodes = 0;
	question.tp = 17;
	ck_assert_int_eq(model_fit(&model, &question, &fit, &err), -1);
	ck_assert_str_eq(err.text,
			 "no number of trn2 devices that holds model "
			 "405B:train suits tp=17, which must divide the "
			 "logical cores of the devices (4 each): choose "
			 "another tp, or leave it out");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *tcase = tcase_create("model");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_bytes, 0, COUNT(sizes));
	tcase_add_loop_test(tcase, test_fit, 0, COUNT(fits));
	tcase_add_test(tcase, test_sentences);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
