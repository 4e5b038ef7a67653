/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keep.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define VARIABLES_MAX 96
#define VALUE_MAX 8192

/* An environment */
typedef struct {
	struct {
		char name[64];
		char value[VALUE_MAX];
		bool there;
	} variables[VARIABLES_MAX];
	char differences[1024];
	int stop; /* the call of set() that fails; 0: none */
	int calls;
} env_t;

static int _find(env_t *env, const char *name)
{
	int i = 0;

	while (env->variables[i].name[0] &&
	       strcmp(env->variables[i].name, name))
		i++;
	ck_assert_int_lt(i, VARIABLES_MAX - 1);
	return i;
}

static const char *_get(const char *name, void *arg)
{
	env_t *env = arg;
	int i = _find(env, name);

	return env->variables[i].there ? env->variables[i].value : NULL;
}

static int _set(const char *name, const char *value, void *arg)
{
	env_t *env = arg;
	int i = _find(env, name);

	if (++env->calls == env->stop)
		return -1;
	snprintf(env->variables[i].name, sizeof(env->variables[i].name), "%s",
		 name);
	snprintf(env->variables[i].value, VALUE_MAX, "%s", value ? value : "");
	env->variables[i].there = value;
	return 0;
}

static void _differs(const char *name, const char *value, const char *given,
		     void *arg)
{
	env_t *env = arg;
	size_t used = strlen(env->differences);

	snprintf(env->differences + used, sizeof(env->differences) - used,
		 "%s=%s!%s ", name, value, given);
}

/* Set the variables "A=1" of a list that ends with NULL; RET as keep */
static int _run(env_t *env, const char *const *wanted)
{
	keep_t keep = {
		.get = _get, .set = _set, .differs = _differs, .arg = env};

	env->differences[0] = '\0';
	keep_start(&keep);
	for (; *wanted; wanted++) {
		char name[64];
		const char *value = strchr(*wanted, '=');
		size_t length =
			value ? (size_t) (value - *wanted) : strlen(*wanted);

		memcpy(name, *wanted, length);
		name[length] = '\0';
		if (keep_set(name, value ? value + 1 : NULL, &keep))
			return -1;
	}
	return keep_end(&keep);
}

#define WANTED(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

static env_t *_new(void)
{
	env_t *env = calloc(1, sizeof(*env));

	ck_assert_ptr_nonnull(env);
	return env;
}

START_TEST(ours)
{
	env_t *env = _new();

	ck_assert_int_eq(_run(env, WANTED("A=1", "B=2", "C=")), 0);
	ck_assert_str_eq(_get("A", env), "1");
	/* the same process of a later step, with other values */
	ck_assert_int_eq(_run(env, WANTED("A=3", "D=4")), 0);
	ck_assert_str_eq(_get("A", env), "3");
	ck_assert_str_eq(_get("D", env), "4");
	ck_assert_ptr_null(_get("B", env));
	ck_assert_ptr_null(_get("C", env));
	ck_assert_str_eq(env->differences, "");
	ck_assert_int_eq(_run(env, NOTHING), 0);
	ck_assert_ptr_null(_get("A", env));
	ck_assert_ptr_null(_get(KEEP_VARIABLE, env));
	free(env);
}
END_TEST

START_TEST(users)
{
	env_t *env = _new();

	_set("A", "mine", env);
	_set("B", "2", env);
	ck_assert_int_eq(_run(env, WANTED("A=1", "B=2", "C=3")), 0);
	ck_assert_str_eq(_get("A", env), "mine");
	ck_assert_str_eq(env->differences, "A=mine!1 ");
	/* a script changes what it was given: now it is the user's */
	_set("C", "4", env);
	ck_assert_int_eq(_run(env, WANTED("A=1", "B=5", "C=3")), 0);
	ck_assert_str_eq(_get("A", env), "mine");
	ck_assert_str_eq(_get("B", env), "2");
	ck_assert_str_eq(_get("C", env), "4");
	ck_assert_str_eq(env->differences, "A=mine!1 B=2!5 C=4!3 ");
	ck_assert_int_eq(_run(env, WANTED("A", "C")), 0);
	ck_assert_str_eq(_get("A", env), "mine");
	ck_assert_str_eq(_get("C", env), "4");
	/* a script removes one: we set it anew */
	_set("A", NULL, env);
	ck_assert_int_eq(_run(env, WANTED("A=1")), 0);
	ck_assert_str_eq(_get("A", env), "1");
	free(env);
}
END_TEST

/* FNV-1a of "1" is 340ca71c */
static const struct {
	const char *record;
	bool ours;
} records[] = {
	{"A:340ca71c", true},
	{"B:00000000,A:340ca71c", true},
	{",,:,x,A:340ca71c,", true},
	{"A:340ca71d", false},
	{"A:340ca71", false},
	{"A:340ca71c0", false},
	{"A:340CA71C", false},
	{"A:-40ca71c", false},
	{"AA:340ca71c", false},
	{"a:340ca71c", false},
	{"A 340ca71c", false},
	{"A", false},
	{"", false},
	{":340ca71c", false},
	{"A:340ca71c\n", false},
};

START_TEST(forged)
{
	env_t *env = _new();

	_set("A", "1", env);
	_set(KEEP_VARIABLE, records[_i].record, env);
	ck_assert_int_eq(_run(env, WANTED("A=2")), 0);
	ck_assert_msg(!strcmp(_get("A", env), records[_i].ours ? "2" : "1"),
		      "row %d \"%s\": got %s", _i, records[_i].record,
		      _get("A", env));
	free(env);
}
END_TEST

/* A record of a megabyte counts as none */
START_TEST(long_record)
{
	env_t *env = _new();
	char record[KEEP_RECORD_MAX + 1] = "A:340ca71c,";
	size_t used = strlen(record);

	memset(record + used, 'x', sizeof(record) - used - 1);
	record[sizeof(record) - 1] = '\0';
	_set("A", "1", env);
	_set(KEEP_VARIABLE, record, env);
	ck_assert_int_eq(_run(env, WANTED("A=2")), 0);
	ck_assert_str_eq(_get("A", env), "1");
	free(env);
}
END_TEST

/* 73 entries of 56 bytes fit into a record */
START_TEST(full)
{
	char text[80][64];
	const char *wanted[81] = {NULL};
	env_t *env = _new();

	for (int i = 0; i < 80; i++) {
		snprintf(
			text[i], sizeof(text[i]),
			"A_VARIABLE_WITH_A_NAME_OF_FORTY_SIX_CHARACTERS_%02d=1",
			i % 100);
		wanted[i] = text[i];
	}
	errno = 0;
	ck_assert_int_eq(_run(env, wanted), -1);
	ck_assert_int_eq(errno, ENOSPC);
	wanted[70] = NULL;
	ck_assert_int_eq(_run(env, wanted), 0);
	free(env);
}
END_TEST

START_TEST(stops)
{
	env_t *all = _new();

	_run(all, WANTED("A=1", "B=2"));
	_run(all, WANTED("A=3"));
	for (int stop = 1; stop <= all->calls; stop++) {
		env_t *env = _new();
		int rc;

		env->stop = stop;
		rc = _run(env, WANTED("A=1", "B=2"));
		if (!rc)
			rc = _run(env, WANTED("A=3"));
		ck_assert_msg(rc == -1, "call %d: got %d", stop, rc);
		free(env);
	}
	free(all);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("keep");
	TCase *all = tcase_create("all");

	tcase_add_test(all, ours);
	tcase_add_test(all, users);
	tcase_add_loop_test(all, forged, 0, COUNT(records));
	tcase_add_test(all, long_record);
	tcase_add_test(all, full);
	tcase_add_test(all, stops);
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
