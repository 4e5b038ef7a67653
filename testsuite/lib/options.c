/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/duration.h"
#include "lib/options.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

/*
 * One option
 */

static const struct {
	option_t option;
	const char *value;
	const char *wanted; /* canonical; NULL: the same */
} good[] = {
	{OPTION_TP, "1", NULL},
	{OPTION_TP, "008", "8"},
	{OPTION_TP, "65536", NULL},
	{OPTION_LNC, "1", NULL},
	{OPTION_LNC, "2", NULL},
	{OPTION_SHAPE, "consecutive", NULL},
	{OPTION_SHAPE, "Best", "best"},
	{OPTION_SHAPE, "ring", NULL},
	{OPTION_SHAPE, "connected", NULL},
	{OPTION_WAIT, "0", "0-00:00:00"},
	{OPTION_WAIT, "90", "0-01:30:00"},
	{OPTION_WAIT, "0:7", "0-00:00:07"},
	{OPTION_WAIT, "366-0", "366-00:00:00"},
	{OPTION_WAIT, "Never", "never"},
	{OPTION_LAUNCH, "process", NULL},
	{OPTION_LAUNCH, "CORE", "core"},
	{OPTION_ULTRASERVER, "require", NULL},
	{OPTION_ULTRASERVER, "prefer", NULL},
	{OPTION_ULTRASERVER, "no", NULL},
	{OPTION_TEMPLATE, "l-trn2", NULL},
	{OPTION_TEMPLATE, "2.x_Y-z", NULL},
	{OPTION_TEMPLATE, "0", NULL},
	{OPTION_TEMPLATE,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 NULL},
	{OPTION_ENV, "none", NULL},
	{OPTION_ENV, "basic", NULL},
	{OPTION_ENV, "full", NULL},
	{OPTION_MODEL, "70B", NULL},
	{OPTION_MODEL, "8.5b:FP8", NULL},
	{OPTION_MODEL, "1.2T:bf16:train", NULL},
	{OPTION_MODEL, "350M:train", NULL},
	{OPTION_ON_FAULT, "none", NULL},
	{OPTION_ON_FAULT, "Notify", "notify"},
	{OPTION_ON_FAULT, "notify:usr2", "notify:USR2"},
	{OPTION_ON_FAULT, "notify:B:SIGTERM", "notify:B:TERM"},
	{OPTION_ON_FAULT, "requeue", NULL},
	{OPTION_ON_FAULT, "RequeueHold", "requeuehold"},
	{OPTION_ON_MEMBER_LOSS, "slurm", NULL},
	{OPTION_ON_MEMBER_LOSS, "nothing", NULL},
	{OPTION_ON_MEMBER_LOSS, "Restart", "restart"},
	{OPTION_ON_MEMBER_LOSS, "migrate", NULL},
};

START_TEST(test_good)
{
	options_t options = {0};
	neuron_error_t err = {""};
	char text[OPTIONS_NAME_MAX];
	const char *wanted = good[_i].wanted ? good[_i].wanted : good[_i].value;
	int rc = options_set(&options, good[_i].option, good[_i].value, &err);

	ck_assert_msg(!rc, "%s=%s: %s", option_name(good[_i].option),
		      good[_i].value, err.text);
	ck_assert_uint_eq(options.given, UINT32_C(1) << good[_i].option);
	rc = options_value(&options, good[_i].option, text, sizeof(text));
	ck_assert_msg((rc == (int) strlen(text)) && !strcmp(text, wanted),
		      "%s=%s: got %d \"%s\", wanted \"%s\"",
		      option_name(good[_i].option), good[_i].value, rc, text,
		      wanted);
	/* what it writes it reads */
	ck_assert_int_eq(options_set(&options, good[_i].option, text, &err), 0);
}
END_TEST

static const struct {
	option_t option;
	const char *value;
	const char *wanted; /* a part of the sentence */
} bad[] = {
	{OPTION_TP, NULL, "--neuron-tp=: no value is given; write N"},
	{OPTION_TP, "", "no value"},
	{OPTION_TP, "0", "1 to 65536"},
	{OPTION_TP, "000", "1 to 65536"},
	{OPTION_TP, "65537", "--neuron-tp=65537: no job has as many cores"},
	{OPTION_TP, "-8", "whole number"},
	{OPTION_TP, "+8", "whole number"},
	{OPTION_TP, " 8", "whole number"},
	{OPTION_TP, "8 ", "whole number"},
	{OPTION_TP, "8\n", "--neuron-tp=8?: "},
	{OPTION_TP, "8k", "whole number"},
	{OPTION_TP, "0x8", "whole number"},
	{OPTION_TP, "1e3", "whole number"},
	{OPTION_TP, "8.0", "whole number"},
	{OPTION_TP, "4294967297", "1 to 65536"},
	{OPTION_TP, "18446744073709551617", "1 to 65536"},
	{OPTION_TP, "99999999999999999999999999999999999999999999", "...: no"},
	{OPTION_TP, "\xd9\xa8", "--neuron-tp=??: "},
	{OPTION_TP, "8,lnc=1", "whole number"},
	{OPTION_TP, "$(id)", "whole number"},
	{OPTION_LNC, "0", "--neuron-lnc=0: no family has such an LNC; write"},
	{OPTION_LNC, "3", "1 or 2"},
	{OPTION_LNC, "-1", "1 or 2"},
	{OPTION_LNC, "01", "1 or 2"},
	{OPTION_LNC, "2 ", "1 or 2"},
	{OPTION_LNC, "\xef\xbc\x91", "=???:"},
	{OPTION_SHAPE, "square", "consecutive, best, ring or connected"},
	{OPTION_SHAPE, "bes", "--neuron-shape=bes:"},
	{OPTION_SHAPE, "best ", "consecutive"},
	{OPTION_SHAPE, "best;ring", "consecutive"},
	{OPTION_SHAPE, "1", "consecutive"},
	{OPTION_WAIT, "soon", "--neuron-wait=soon: this is not a time"},
	{OPTION_WAIT, "-1", "days-hours"},
	{OPTION_WAIT, "367-0", "366 days"},
	{OPTION_WAIT, "1:2:3:4", "days-hours"},
	{OPTION_WAIT, "10`id`", "days-hours"},
	{OPTION_LAUNCH, "thread", "process or core"},
	{OPTION_LAUNCH, "process,core", "process or core"},
	{OPTION_LAUNCH, "proces", "process or core"},
	{OPTION_ULTRASERVER, "yes", "require, prefer or no"},
	{OPTION_ULTRASERVER, "required", "require, prefer or no"},
	{OPTION_TEMPLATE, "../l", "the first a letter or digit"},
	{OPTION_TEMPLATE, "..", "letter"},
	{OPTION_TEMPLATE, "-l", "letter"},
	{OPTION_TEMPLATE, "a/b", "letter"},
	{OPTION_TEMPLATE, "a b", "letter"},
	{OPTION_TEMPLATE, "a\nb", "--neuron-template=a?b: "},
	{OPTION_TEMPLATE, "a,b", "letter"},
	{OPTION_TEMPLATE, "a=b", "letter"},
	{OPTION_TEMPLATE, "a;reboot", "letter"},
	{OPTION_TEMPLATE, "a%n", "letter"},
	{OPTION_TEMPLATE, "caf\xc3\xa9", "=caf??: "},
	{OPTION_TEMPLATE,
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "at most 63"},
	{OPTION_ENV, "all", "none, basic or full"},
	{OPTION_ENV, "full\t", "none, basic or full"},
	{OPTION_MODEL, "70", "SIZE[:TYPE][:train]"},
	{OPTION_MODEL, "B", "SIZE"},
	{OPTION_MODEL, ".5B", "SIZE"},
	{OPTION_MODEL, "5.B", "SIZE"},
	{OPTION_MODEL, "1.2.3B", "SIZE"},
	{OPTION_MODEL, "1.2345678B", "SIZE"},
	{OPTION_MODEL, "-70B", "SIZE"},
	{OPTION_MODEL, "0B", "SIZE"},
	{OPTION_MODEL, "70K", "SIZE"},
	{OPTION_MODEL, "70GB", "SIZE"},
	{OPTION_MODEL, "7e1B", "SIZE"},
	{OPTION_MODEL, "llama", "SIZE"},
	{OPTION_MODEL, "0.9M", "1M to 1000T"},
	{OPTION_MODEL, "1001T", "1M to 1000T"},
	{OPTION_MODEL, "1000.000001T", "1M to 1000T"},
	{OPTION_MODEL, "999999999999T", "1M to 1000T"},
	{OPTION_MODEL, "18446744073709551616T", "1M to 1000T"},
	{OPTION_MODEL, "70B:", "is no type"},
	{OPTION_MODEL, "70B::train", "is no type"},
	{OPTION_MODEL, "70B:bf16:", "is no type"},
	{OPTION_MODEL, "70B:fp64", "is no type"},
	{OPTION_MODEL, "70B:bf16train", "is no type"},
	{OPTION_MODEL, "70Bbf16", "is no type"},
	{OPTION_MODEL, "70B:train:bf16", "is no type"},
	{OPTION_MODEL, "70B:train:train", "is no type"},
	{OPTION_MODEL, "70B:bf16:train:x", "is no type"},
	{OPTION_MODEL, "70B:bf16\n", "is no type"},
	{OPTION_MODEL, "70B:int8:train", "not trained"},
	{OPTION_MODEL, "70B:fp8:train", "not trained"},
	{OPTION_MODEL,
	 "70.00000000000000000000000000000000000000000000000000000000000B",
	 "SIZE"},
	{OPTION_ON_FAULT, "", "no value is given; write none|notify"},
	{OPTION_ON_FAULT, "restart",
	 "--neuron-on-fault=restart: there is no such policy; write none"},
	{OPTION_ON_FAULT, "notify ", "no such policy"},
	{OPTION_ON_FAULT, "notify:", "by this signal; write HUP"},
	{OPTION_ON_FAULT, "notify:9", "by this signal"},
	{OPTION_ON_FAULT, "notify:KILL", "by this signal"},
	{OPTION_ON_FAULT, "notify:B:", "by this signal"},
	{OPTION_ON_FAULT, "notify:B:B:USR1", "by this signal"},
	{OPTION_ON_FAULT, "notify:USR1,tp=8", "by this signal"},
	{OPTION_ON_FAULT, "requeue:USR1", "no such policy"},
	{OPTION_ON_MEMBER_LOSS, "requeue",
	 "--neuron-on-member-loss=requeue: there is no such policy; write "
	 "slurm"},
	{OPTION_ON_MEMBER_LOSS, "migrate\n", "no such policy"},
	{OPTION_COUNT, "8", "there is no such option"},
	{(option_t) -1, "8", "there is no such option"},
};

START_TEST(test_bad)
{
	options_t options = {.given = 1, .tp = 4}, before = options;
	neuron_error_t err = {""};
	const char *value = bad[_i].value ? bad[_i].value : "(null)";
	int rc;

	errno = 0;
	rc = options_set(&options, bad[_i].option, bad[_i].value, &err);
	ck_assert_msg((rc == -1) && (errno == EINVAL),
		      "\"%s\": got %d, errno %d, wanted a refusal", value, rc,
		      errno);
	ck_assert_msg(strstr(err.text, bad[_i].wanted),
		      "\"%s\": got \"%s\", wanted \"%s\"", value, err.text,
		      bad[_i].wanted);
	ck_assert_msg(!memcmp(&options, &before, sizeof(before)),
		      "\"%s\": changed the options", value);
	for (const char *at = err.text; *at; at++)
		ck_assert_msg((*at >= ' ') && (*at <= '~'),
			      "\"%s\": \"%s\" is not printable", value,
			      err.text);
	ck_assert_int_eq(
		options_set(&options, bad[_i].option, bad[_i].value, NULL), -1);
}
END_TEST

/* Of a megabyte of anything a sentence stays short */
START_TEST(test_huge)
{
	static const char fill[] = "1a.,=:\n\xff";
	size_t length = 1 << 20;
	char *value = malloc(length + 1);

	ck_assert_ptr_nonnull(value);
	memset(value, fill[_i % 8], length);
	value[length] = '\0';
	for (int i = 0; i < OPTION_COUNT; i++) {
		options_t options = {0};
		neuron_error_t err = {""};
		int rc = options_set(&options, (option_t) i, value, &err);

		ck_assert_msg((rc == -1) && (errno == EINVAL),
			      "%s of 1 MiB of %d: got %d", option_name(i),
			      fill[_i % 8], rc);
		ck_assert_msg(strlen(err.text) < 300, "%s", err.text);
		rc = options_decode(value, &options, &err);
		ck_assert_msg((rc == -1) && strstr(err.text, "511 bytes"),
			      "got %d, %s", rc, err.text);
	}
	free(value);
}
END_TEST

static const struct {
	const char *value;
	uint64_t parameters;
	uint32_t bits;
	bool train;
} models[] = {
	{"1M", 1000000, 16, false},
	{"1.0M", 1000000, 16, false},
	{"350m:fp32", 350000000, 32, false},
	{"8.5B:fp8", 8500000000, 8, false},
	{"0.5b:int8", 500000000, 8, false},
	{"70B", 70000000000, 16, false},
	{"70B:train", 70000000000, 16, true},
	{"70B:fp32:train", 70000000000, 32, true},
	{"70B:BF16:Train", 70000000000, 16, true},
	{"1.234567T:fp16", 1234567000000, 16, false},
	{"1000T", 1000000000000000, 16, false},
	{"1000000B", 1000000000000000, 16, false},
};

START_TEST(test_model)
{
	options_t options = {0};
	neuron_error_t err = {""};
	int rc = options_set(&options, OPTION_MODEL, models[_i].value, &err);
	const option_model_t *model = &options.model;

	ck_assert_msg(!rc && (model->parameters == models[_i].parameters) &&
			      (model->bits == models[_i].bits) &&
			      (model->train == models[_i].train) &&
			      !strcmp(model->text, models[_i].value),
		      "%s: got %d, %llu, %u, %d, %s %s", models[_i].value, rc,
		      (unsigned long long) model->parameters, model->bits,
		      model->train, model->text, err.text);
}
END_TEST

/*
 * The text form
 */

static const struct {
	const char *text;
	const char *wanted; /* NULL: the same */
} texts[] = {
	{"", NULL},
	{"tp=8", NULL},
	{"tp=8,lnc=1,shape=best", NULL},
	{"shape=best,lnc=1,tp=08", "tp=8,lnc=1,shape=best"},
	{"model=70B:bf16:train,template=l-trn2,wait=1",
	 "wait=0-00:01:00,template=l-trn2,model=70B:bf16:train"},
	{"tp=65536,lnc=2,shape=consecutive,wait=366-00:00:00,launch=process,"
	 "ultraserver=require,"
	 "template=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaa,"
	 "env=basic,model=999999.999999B:bf16:train,"
	 "on-fault=notify:B:USR1,on-member-loss=nothing",
	 NULL},
};

START_TEST(test_text)
{
	const char *wanted =
		texts[_i].wanted ? texts[_i].wanted : texts[_i].text;
	char text[OPTIONS_TEXT_MAX];
	neuron_error_t err = {""};
	options_t options;
	int rc = options_decode(texts[_i].text, &options, &err), length;

	ck_assert_msg(!rc, "%s: %s", texts[_i].text, err.text);
	length = options_encode(&options, text, sizeof(text));
	ck_assert_msg((length == (int) strlen(wanted)) && !strcmp(text, wanted),
		      "%s: got %d \"%s\", wanted \"%s\"", texts[_i].text,
		      length, text, wanted);
	/* exactly enough room, and every smaller one */
	ck_assert_int_eq(options_encode(&options, text, length + 1), length);
	for (int size = 0; size <= length; size++) {
		errno = 0;
		rc = options_encode(&options, text, size);
		ck_assert_msg((rc == -1) && (errno == ENOSPC) &&
				      (!size || !text[0]),
			      "%s: room for %d: got %d, errno %d, \"%s\"",
			      wanted, size, rc, errno, size ? text : "");
	}
}
END_TEST

static const struct {
	const char *text;
	const char *wanted;
} bad_texts[] = {
	{",", "is no option"},
	{"tp", "\"tp\" in NEURON_OPTIONS is no option"},
	{"=8", "is no option"},
	{"tp=8,", "is no option"},
	{",tp=8", "is no option"},
	{"tp=8,,lnc=1", "is no option"},
	{"Tp=8", "is no option"},
	{" tp=8", "is no option"},
	{"tp =8", "is no option"},
	{"tpp=8", "is no option"},
	{"neuron-tp=8", "is no option"},
	{"tp=8 lnc=1", "whole number"},
	{"tp=8\nlnc=1", "--neuron-tp=8?lnc=1: "},
	{"tp=8;lnc=1", "whole number"},
	{"tp==8", "whole number"},
	{"tp=", "no value"},
	{"tp=8,tp=8", "tp stands twice in NEURON_OPTIONS; write it once"},
	{"tp=8,lnc=1,tp=4", "tp stands twice"},
	{"template=a,template=b", "template stands twice"},
	{"tp=8,lnc=9", "--neuron-lnc=9"},
	{"\xf0\x9f\x92\xa9=1", "\"????\" in"},
	{"PATH=/bin", "\"PATH\""},
	{"onfault=none", "\"onfault\" in"},
	{"on-fault=none,on-fault=none", "on-fault stands twice"},
};

START_TEST(test_bad_text)
{
	options_t options = {.given = 77, .tp = 7};
	neuron_error_t err = {""};
	int rc;

	errno = 0;
	rc = options_decode(bad_texts[_i].text, &options, &err);
	ck_assert_msg((rc == -1) && (errno == EINVAL) && !options.given &&
			      !options.tp,
		      "\"%s\": got %d, errno %d, options %u, tp %u",
		      bad_texts[_i].text, rc, errno, options.given, options.tp);
	ck_assert_msg(strstr(err.text, bad_texts[_i].wanted),
		      "\"%s\": got \"%s\", wanted \"%s\"", bad_texts[_i].text,
		      err.text, bad_texts[_i].wanted);
	ck_assert_int_eq(options_decode(bad_texts[_i].text, &options, NULL),
			 -1);
}
END_TEST

/* One byte of a right text changed to anything: refused, or canonical */
START_TEST(test_changed_byte)
{
	static const char right[] = "tp=8,lnc=1,shape=best,wait=1-2:3,env=none,"
				    "template=a.b,model=8.5B:fp16:train";

	for (size_t i = 0; i < sizeof(right) - 1; i++) {
		char text[sizeof(right)], once[OPTIONS_TEXT_MAX],
			again[OPTIONS_TEXT_MAX];
		options_t options;

		memcpy(text, right, sizeof(right));
		text[i] = (char) (_i + 1);
		if (options_decode(text, &options, NULL)) {
			ck_assert_uint_eq(options.given, 0);
			continue;
		}
		ck_assert_int_ge(options_encode(&options, once, sizeof(once)),
				 0);
		ck_assert_int_eq(options_decode(once, &options, NULL), 0);
		ck_assert_int_ge(options_encode(&options, again, sizeof(again)),
				 0);
		ck_assert_msg(!strcmp(once, again), "\"%s\": \"%s\", \"%s\"",
			      text, once, again);
	}
}
END_TEST

/*
 * The environment of a job
 */

static const struct {
	const char *environment[4];
	const char *wanted; /* NULL: refused */
	const char *refused; /* part of the sentence */
} environments[] = {
	{{NULL}, "", NULL},
	{{"OTHER=1", "NEURON_OPTIONS=tp=8", NULL}, "tp=8", NULL},
	{{"NEURON_OPTIONS="}, "", NULL},
	{{"NEURON_OPTIONS_X=tp=8", "XNEURON_OPTIONS=tp=8"}, "", NULL},
	{{"neuron_options=tp=8", "NEURON_OPTIONS"}, "", NULL},
	{{NULL, "NEURON_OPTIONS=lnc=1"}, "lnc=1", NULL},
	{{"NEURON_OPTIONS=tp=8", "NEURON_OPTIONS=tp=8"},
	 NULL,
	 "NEURON_OPTIONS stands twice in the environment of the job; leave it "
	 "to the --neuron- options"},
	{{"NEURON_OPTIONS=", "NEURON_OPTIONS="}, NULL, "stands twice"},
	{{"NEURON_OPTIONS=tp=8\nlnc=1"}, NULL, "this is no whole number"},
	{{"NEURON_OPTIONS=x"}, NULL, "is no option"},
};

START_TEST(test_find)
{
	options_t options = {.given = 77, .tp = 7};
	neuron_error_t err = {""};
	char text[OPTIONS_TEXT_MAX] = "";
	int rc = options_find(environments[_i].environment, 4, &options, &err);

	if (!environments[_i].wanted) {
		ck_assert_msg(
			(rc == -1) && (errno == EINVAL) && !options.given &&
				strstr(err.text, environments[_i].refused),
			"row %d: got %d, \"%s\", wanted \"%s\"", _i, rc,
			err.text, environments[_i].refused);
		return;
	}
	ck_assert_msg(!rc, "row %d: %s", _i, err.text);
	ck_assert_int_ge(options_encode(&options, text, sizeof(text)), 0);
	ck_assert_msg(!strcmp(text, environments[_i].wanted),
		      "row %d: got \"%s\", wanted \"%s\"", _i, text,
		      environments[_i].wanted);
}
END_TEST

/* One byte more than there may be, whatever they are */
START_TEST(test_long)
{
	char text[OPTIONS_TEXT_MAX + 1];
	neuron_error_t err = {""};
	options_t options;

	memset(text, ',', OPTIONS_TEXT_MAX);
	text[OPTIONS_TEXT_MAX] = '\0';
	errno = 0;
	ck_assert_int_eq(options_decode(text, &options, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "NEURON_OPTIONS is longer than 511 bytes; "
				   "write each option once");
	ck_assert_uint_eq(options.given, 0);
	text[OPTIONS_TEXT_MAX - 1] = '\0';
	ck_assert_int_eq(options_decode(text, &options, &err), -1);
	ck_assert_ptr_null(strstr(err.text, "longer than"));
}
END_TEST

START_TEST(test_find_nothing)
{
	options_t options = {.given = 77};

	ck_assert_int_eq(options_find(NULL, 0, &options, NULL), 0);
	ck_assert_uint_eq(options.given, 0);
	ck_assert_int_eq(options_find(NULL, 5, &options, NULL), 0);
	ck_assert_int_eq(options_decode(NULL, &options, NULL), 0);
}
END_TEST

/*
 * Together
 */

static const struct {
	const char *own;
	const char *others;
	const char *wanted;
} fills[] = {
	{"", "", ""},
	{"", "tp=8,shape=ring", "tp=8,shape=ring"},
	{"tp=4", "tp=8,shape=ring", "tp=4,shape=ring"},
	{"tp=4,env=none", "", "tp=4,env=none"},
	{"shape=consecutive,launch=process,ultraserver=prefer,env=full,wait=0",
	 "shape=ring,launch=core,ultraserver=no,env=none,wait=1",
	 "shape=consecutive,wait=0-00:00:00,launch=process,ultraserver=prefer,"
	 "env=full"},
	{"",
	 "tp=8,lnc=2,shape=ring,wait=never,launch=core,ultraserver=no,"
	 "template=a,env=none,model=1B:train",
	 "tp=8,lnc=2,shape=ring,wait=never,launch=core,ultraserver=no,"
	 "template=a,env=none,model=1B:train"},
};

START_TEST(test_fill)
{
	options_t own, others;
	char text[OPTIONS_TEXT_MAX];

	ck_assert_int_eq(options_decode(fills[_i].own, &own, NULL), 0);
	ck_assert_int_eq(options_decode(fills[_i].others, &others, NULL), 0);
	options_fill(&own, &others);
	ck_assert_int_ge(options_encode(&own, text, sizeof(text)), 0);
	ck_assert_msg(!strcmp(text, fills[_i].wanted),
		      "\"%s\" and \"%s\": got \"%s\", wanted \"%s\"",
		      fills[_i].own, fills[_i].others, text, fills[_i].wanted);
}
END_TEST

static const struct {
	const char *text;
	shape_tier_t site;
	shape_tier_t wanted;
} tiers[] = {
	{"", SHAPE_CONSECUTIVE, SHAPE_CONSECUTIVE},
	{"", SHAPE_RING, SHAPE_RING},
	{"launch=process", SHAPE_CONSECUTIVE, SHAPE_CONSECUTIVE},
	{"launch=core", SHAPE_CONSECUTIVE, SHAPE_BEST},
	{"launch=core", SHAPE_CONNECTED, SHAPE_CONNECTED},
	{"launch=core,shape=consecutive", SHAPE_BEST, SHAPE_CONSECUTIVE},
	{"shape=ring", SHAPE_CONSECUTIVE, SHAPE_RING},
	{"shape=consecutive", SHAPE_CONNECTED, SHAPE_CONSECUTIVE},
};

START_TEST(test_tier)
{
	options_t options;
	shape_tier_t tier;

	ck_assert_int_eq(options_decode(tiers[_i].text, &options, NULL), 0);
	tier = options_tier(&options, tiers[_i].site);
	ck_assert_msg(tier == tiers[_i].wanted, "\"%s\": got %s, wanted %s",
		      tiers[_i].text, shape_tier_name(tier),
		      shape_tier_name(tiers[_i].wanted));
}
END_TEST

static const struct {
	const char *text;
	bool right;
} contradictions[] = {
	{"", true},
	{"shape=connected", true},
	{"launch=process", true},
	{"launch=process,shape=consecutive", true},
	{"launch=core,shape=ring", true},
	{"launch=process,shape=best", false},
	{"launch=process,shape=ring", false},
	{"launch=process,shape=connected", false},
};

START_TEST(test_check)
{
	const char *text = contradictions[_i].text;
	neuron_error_t err = {""};
	options_t options;
	int rc;

	ck_assert_int_eq(options_decode(text, &options, NULL), 0);
	rc = options_check(&options, &err);
	if (contradictions[_i].right) {
		ck_assert_msg(!rc, "\"%s\": %s", text, err.text);
		return;
	}
	ck_assert_msg((rc == -1) && (errno == EINVAL) &&
			      strstr(err.text, "write shape=consecutive or "
					       "launch=core"),
		      "\"%s\": got %d, \"%s\"", text, rc, err.text);
	ck_assert_int_eq(options_check(&options, NULL), -1);
}
END_TEST

START_TEST(test_names)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		ck_assert_ptr_nonnull(option_name(i));
		ck_assert_ptr_nonnull(option_argument(i));
		ck_assert_ptr_nonnull(option_help(i));
		ck_assert_int_eq(option_of_name(option_name(i)), i);
	}
	ck_assert_ptr_null(option_name(OPTION_COUNT));
	ck_assert_ptr_null(option_argument((option_t) -1));
	ck_assert_ptr_null(option_help(OPTION_COUNT));
	ck_assert_int_eq(option_of_name("TP"), OPTION_TP);
	ck_assert_int_eq(option_of_name("tpp"), OPTION_COUNT);
	ck_assert_int_eq(option_of_name(""), OPTION_COUNT);
	ck_assert_int_eq(option_of_name(NULL), OPTION_COUNT);
}
END_TEST

START_TEST(test_value_not_given)
{
	options_t options = {0};
	char text[4];

	ck_assert_int_eq(options_value(&options, OPTION_TP, text, 4), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(options_value(&options, OPTION_COUNT, text, 4), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(options_set(&options, OPTION_SHAPE, "best", NULL), 0);
	ck_assert_int_eq(options_value(&options, OPTION_SHAPE, text, 4), -1);
	ck_assert_int_eq(errno, ENOSPC);
	/* values that no text has brought */
	options.shape = (shape_tier_t) 99;
	options.launch = (option_launch_t) -1;
	options.given |= 1 << OPTION_LAUNCH;
	ck_assert_int_eq(options_encode(&options, text, 4), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_good, 0, COUNT(good));
	tcase_add_loop_test(tcase, test_bad, 0, COUNT(bad));
	tcase_add_loop_test(tcase, test_huge, 0, 8);
	tcase_add_loop_test(tcase, test_model, 0, COUNT(models));
	tcase_add_loop_test(tcase, test_text, 0, COUNT(texts));
	tcase_add_loop_test(tcase, test_bad_text, 0, COUNT(bad_texts));
	tcase_add_loop_test(tcase, test_changed_byte, 0, 255);
	tcase_add_loop_test(tcase, test_find, 0, COUNT(environments));
	tcase_add_test(tcase, test_long);
	tcase_add_test(tcase, test_find_nothing);
	tcase_add_loop_test(tcase, test_fill, 0, COUNT(fills));
	tcase_add_loop_test(tcase, test_tier, 0, COUNT(tiers));
	tcase_add_loop_test(tcase, test_check, 0, COUNT(contradictions));
	tcase_add_test(tcase, test_names);
	tcase_add_test(tcase, test_value_not_given);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
