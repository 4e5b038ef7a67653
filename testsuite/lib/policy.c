/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/policy.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

static const struct {
	const char *text;
	int number; /* -1: refused */
	bool batch;
	const char *wanted;
} signals[] = {
	{"USR1", SIGUSR1, false, "USR1"},
	{"usr2", SIGUSR2, false, "USR2"},
	{"SIGTERM", SIGTERM, false, "TERM"},
	{"sighup", SIGHUP, false, "HUP"},
	{"INT", SIGINT, false, "INT"},
	{"Quit", SIGQUIT, false, "QUIT"},
	{"URG", SIGURG, false, "URG"},
	{"B:USR1", SIGUSR1, true, "B:USR1"},
	{"b:sigurg", SIGURG, true, "B:URG"},
	{"", -1, false, NULL},
	{"B:", -1, false, NULL},
	{"SIG", -1, false, NULL},
	{"KILL", -1, false, NULL},
	{"STOP", -1, false, NULL},
	{"CONT", -1, false, NULL},
	{"10", -1, false, NULL},
	{"USR", -1, false, NULL},
	{"USR11", -1, false, NULL},
	{"USR1 ", -1, false, NULL},
	{" USR1", -1, false, NULL},
	{"USR1@60", -1, false, NULL},
	{"R:USR1", -1, false, NULL},
	{"B:B:USR1", -1, false, NULL},
	{"SIGSIGUSR1", -1, false, NULL},
	{"USR1\n", -1, false, NULL},
};

START_TEST(test_signal)
{
	policy_signal_t signal = {77, true}, before = signal;
	char text[POLICY_TEXT_MAX];
	neuron_error_t why = {""};
	int rc = policy_signal_decode(signals[_i].text, &signal, &why);

	if (signals[_i].number < 0) {
		ck_assert_msg((rc == -1) && (errno == EINVAL) &&
				      strstr(why.text, "; write HUP") &&
				      (signal.number == before.number),
			      "\"%s\": got %d, %s", signals[_i].text, rc,
			      why.text);
		return;
	}
	ck_assert_msg(!rc && (signal.number == signals[_i].number) &&
			      (signal.batch == signals[_i].batch),
		      "\"%s\": got %d, %u, %d", signals[_i].text, rc,
		      signal.number, signal.batch);
	rc = policy_signal_encode(&signal, text, sizeof(text));
	ck_assert_msg((rc == (int) strlen(text)) &&
			      !strcmp(text, signals[_i].wanted),
		      "\"%s\": got \"%s\", wanted \"%s\"", signals[_i].text,
		      text, signals[_i].wanted);
	ck_assert_int_eq(policy_signal_encode(&signal, text, 3), -1);
	ck_assert_str_eq(text, "");
}
END_TEST

/*
 * Whose word counts: "" is no word
 */

static const struct {
	const char *fault;
	const char *loss;
	uint32_t nodes;
	const char *site;
	const char *wanted;
} decisions[] = {
	{"", "", 1, "none", "none"},
	{"", "", 4, "requeue", "requeue"},
	{"", "", 4, "requeuehold", "requeuehold"},
	{"", "", 1, "notify", "notify:TERM"},
	{"none", "", 1, "requeue", "none"},
	{"notify", "", 1, "requeue", "notify:TERM"},
	{"notify:B:USR2", "", 1, "requeue", "notify:B:USR2"},
	{"requeue", "", 1, "none", "requeue"},
	{"", "migrate", 4, "none", "requeue"},
	{"", "restart", 4, "notify", "requeue"},
	{"", "restart", 4, "requeuehold", "requeue"},
	{"", "nothing", 4, "requeue", "none"},
	{"", "slurm", 4, "requeue", "requeue"},
	{"", "slurm", 4, "notify", "notify:TERM"},
	/* of one node there is no other part */
	{"", "migrate", 1, "none", "none"},
	{"", "nothing", 1, "requeue", "requeue"},
	{"", "restart", 0, "none", "none"},
	/* the word about devices counts more than that about nodes */
	{"none", "migrate", 4, "requeue", "none"},
	{"notify:HUP", "restart", 4, "requeue", "notify:HUP"},
	{"requeuehold", "nothing", 4, "none", "requeuehold"},
};

START_TEST(test_decide)
{
	on_fault_t fault, site, decided;
	char text[POLICY_TEXT_MAX];
	member_loss_t loss;
	bool has_fault = decisions[_i].fault[0],
	     has_loss = decisions[_i].loss[0];

	ck_assert(!has_fault ||
		  !policy_fault_decode(decisions[_i].fault, &fault, NULL));
	ck_assert(!has_loss ||
		  !policy_loss_decode(decisions[_i].loss, &loss, NULL));
	ck_assert_int_eq(policy_act_decode(decisions[_i].site, &site.act, NULL),
			 0);
	ck_assert_int_eq(policy_signal_decode("TERM", &site.signal, NULL), 0);
	decided = policy_decide(has_fault ? &fault : NULL,
				has_loss ? &loss : NULL, decisions[_i].nodes,
				&site);
	ck_assert_int_ge(policy_fault_encode(&decided, text, sizeof(text)), 0);
	ck_assert_msg(!strcmp(text, decisions[_i].wanted) &&
			      decided.signal.number,
		      "row %d: got \"%s\", wanted \"%s\"", _i, text,
		      decisions[_i].wanted);
}
END_TEST

/* What others put into an enumeration is not an index without bounds */
START_TEST(test_wild)
{
	on_fault_t fault = {.act = (fault_act_t) 77};
	char text[POLICY_TEXT_MAX];

	ck_assert_int_ge(policy_fault_encode(&fault, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "none");
	ck_assert_str_eq(policy_loss_name((member_loss_t) 77), "slurm");
	fault = (on_fault_t){FAULT_NOTIFY, {SIGKILL, false}};
	ck_assert_int_ge(policy_fault_encode(&fault, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "notify");
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("policy");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, test_signal, 0, COUNT(signals));
	tcase_add_loop_test(all, test_decide, 0, COUNT(decisions));
	tcase_add_test(all, test_wild);
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
