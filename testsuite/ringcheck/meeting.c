/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rank 0 against peers that behave, and others */
#include "meeting.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

/* Port 0: any */
static const member_root_t root = {.host = "127.0.0.1"};

static wire_hello_t _hello(uint32_t rank, uint32_t world)
{
	wire_hello_t hello = {.rank = rank, .world = world};

	strcpy(hello.job, "77.0");
	snprintf(hello.node, sizeof(hello.node), "trn%u", rank);
	return hello;
}

static meeting_t *_meeting(uint32_t world)
{
	fault_t fault = {.code = RINGCHECK_GOOD};
	wire_hello_t own = _hello(0, world);
	meeting_t *meeting = meeting_create(&root, &own, &fault);

	ck_assert_msg(meeting != NULL, "%s", fault.text);
	ck_assert_uint_gt(meeting_port(meeting), 0);
	return meeting;
}

static int _connect(const meeting_t *meeting)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(meeting_port(meeting)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(
		connect(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	return fd;
}

static void _write(int fd, const void *bytes, size_t size)
{
	ck_assert_int_eq(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t) size);
}

static void _say(int fd, const wire_message_t *message)
{
	uint8_t frame[WIRE_FRAME_MAX];

	_write(fd, frame, wire_encode(message, frame));
}

static int _come(const meeting_t *meeting, uint32_t rank, uint32_t world)
{
	wire_message_t message = {
		.type = WIRE_HELLO,
		.hello = _hello(rank, world),
	};
	int fd = _connect(meeting);

	_say(fd, &message);
	return fd;
}

/* Serve until nothing has happened for a while */
static int _settle(meeting_t *meeting, fault_t *fault)
{
	uint64_t end = clock_now() + 100 * CLOCK_MILLISECOND;

	while (clock_now() < end) {
		if (meeting_step(meeting, 10, fault))
			return -1;
	}
	return 0;
}

static bool _is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

START_TEST(all_come)
{
	uint32_t world = (uint32_t) _i;
	meeting_t *meeting = _meeting(world);
	fault_t fault = {.code = RINGCHECK_GOOD};
	int *peers = calloc(world, sizeof(*peers));

	for (uint32_t i = world - 1; i; i--)
		peers[i] = _come(meeting, i, world);
	for (int i = 0; (i < 1000) && (meeting_came(meeting) < world); i++)
		ck_assert_msg(!meeting_step(meeting, 10, &fault), "%s",
			      fault.text);
	ck_assert_uint_eq(meeting_came(meeting), world);
	ck_assert_uint_eq(meeting_strangers(meeting), 0);
	for (uint32_t i = 0; i < world; i++) {
		const meeting_seat_t *seat = meeting_seat(meeting, i);
		char node[16];

		snprintf(node, sizeof(node), "trn%u", i);
		ck_assert(seat->came && !seat->lost);
		ck_assert_str_eq(seat->hello.node, node);
	}
	ck_assert_ptr_null(meeting_seat(meeting, world));
	meeting_destroy(meeting);
	for (uint32_t i = 1; i < world; i++)
		close(peers[i]);
	free(peers);
}
END_TEST

/* What strangers send; none of them disturbs the one peer */
static const struct {
	const char *bytes;
	int size;
	bool closed; /* at once */
	const char *reason;
} strangers[] = {
	{"", 0, false, ""},
	{"N", 1, false, ""},
	{"NRCH\0\1\0\1\0\0\4\0 half", 17, false, ""},
	{"GET / HTTP/1.0\r\n\r\n", 18, true, "is not a ring check"},
	{"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, true, "is not a ring check"},
	{"NRCH\0\1\0\1\377\377\377\377", 12, true, "is not a ring check"},
	{"NRCH\0\1\0\7\0\0\0\0", 12, true, "did not say who it is"},
};

START_TEST(stranger)
{
	meeting_t *meeting = _meeting(2);
	fault_t fault = {.code = RINGCHECK_GOOD};
	int other = _connect(meeting), peer;

	if (strangers[_i].size)
		_write(other, strangers[_i].bytes, (size_t) strangers[_i].size);
	ck_assert_int_eq(_settle(meeting, &fault), 0);
	ck_assert_int_eq(_is_closed(other), strangers[_i].closed);
	ck_assert_uint_eq(meeting_strangers(meeting), strangers[_i].closed);
	ck_assert_msg(
		strstr(meeting_last_stranger(meeting), strangers[_i].reason),
		"got \"%s\", wanted \"%s\"", meeting_last_stranger(meeting),
		strangers[_i].reason);
	peer = _come(meeting, 1, 2);
	ck_assert_int_eq(_settle(meeting, &fault), 0);
	ck_assert_uint_eq(meeting_came(meeting), 2);
	close(other);
	ck_assert_int_eq(_settle(meeting, &fault), 0);
	ck_assert_uint_eq(meeting_strangers(meeting), 1);
	close(peer);
	meeting_destroy(meeting);
}
END_TEST

static const struct {
	const char *job;
	uint32_t rank;
	uint32_t world;
	const char *reason;
} others[] = {
	{"78.0", 1, 2, "belongs to job 78.0"},
	{"77.1", 1, 2, "belongs to job 77.1"},
	{"-", 1, 2, "belongs to job -"},
	{"", 1, 2, "belongs to job "},
	{"77.0", 1, 3, "is rank 1 of 3"},
	{"77.0", 2, 2, "is rank 2 of 2"},
	{"77.0", 4294967295u, 2, "is rank 4294967295 of 2"},
};

START_TEST(of_another_job)
{
	meeting_t *meeting = _meeting(2);
	fault_t fault = {.code = RINGCHECK_GOOD};
	wire_message_t message = {
		.type = WIRE_HELLO,
		.hello = _hello(others[_i].rank, others[_i].world),
	};
	int fd = _connect(meeting);

	strcpy(message.hello.job, others[_i].job);
	_say(fd, &message);
	ck_assert_int_eq(_settle(meeting, &fault), 0);
	ck_assert(_is_closed(fd));
	ck_assert_uint_eq(meeting_came(meeting), 1);
	ck_assert_msg(strstr(meeting_last_stranger(meeting), others[_i].reason),
		      "got \"%s\", wanted \"%s\"",
		      meeting_last_stranger(meeting), others[_i].reason);
	close(fd);
	meeting_destroy(meeting);
}
END_TEST

static void _wants(meeting_t *meeting, ringcheck_code_t code, const char *text)
{
	fault_t fault = {.code = RINGCHECK_GOOD};
	int rc = 0;

	for (int i = 0; !rc && (i < 300); i++)
		rc = meeting_step(meeting, 10, &fault);
	ck_assert_int_eq(rc, -1);
	ck_assert_str_eq(fault.text, text);
	ck_assert_int_eq(fault.code, code);
}

START_TEST(twice)
{
	meeting_t *meeting = _meeting(3);
	int one = _come(meeting, 2, 3), two = _come(meeting, 2, 3);

	_wants(meeting, RINGCHECK_USAGE,
	       "two tasks have rank 2, on trn2 and on trn2");
	close(one);
	close(two);
	meeting_destroy(meeting);
}
END_TEST

START_TEST(rank_0_twice)
{
	meeting_t *meeting = _meeting(3);
	int one = _come(meeting, 0, 3);

	_wants(meeting, RINGCHECK_USAGE,
	       "two tasks have rank 0, on trn0 and on trn0");
	close(one);
	meeting_destroy(meeting);
}
END_TEST

START_TEST(lost)
{
	meeting_t *meeting = _meeting(3);
	fault_t fault = {.code = RINGCHECK_GOOD};
	int one = _come(meeting, 2, 3);

	ck_assert_int_eq(_settle(meeting, &fault), 0);
	close(one);
	_wants(meeting, RINGCHECK_LOST, "rank 2 on trn2 was lost");
	ck_assert(meeting_seat(meeting, 2)->lost);
	meeting_destroy(meeting);
}
END_TEST

/* A peer that goes mad is lost, not believed */
START_TEST(mad_peer)
{
	static const char *const bytes[] = {"GET / HTTP/1.0\r\n\r\n",
					    "NRCH\0\1\0\5\0\0\0\0"};
	meeting_t *meeting = _meeting(2);
	fault_t fault = {.code = RINGCHECK_GOOD};
	int one = _come(meeting, 1, 2);

	ck_assert_int_eq(_settle(meeting, &fault), 0);
	_write(one, bytes[_i], _i ? 12 : 18);
	_wants(meeting, RINGCHECK_LOST, "rank 1 on trn1 was lost");
	close(one);
	meeting_destroy(meeting);
}
END_TEST

/* A peer that said hello does not say it again, nor speak as rank 0 */
START_TEST(wrong_type)
{
	static const wire_type_t types[] = {WIRE_HELLO, WIRE_NEIGHBOURS,
					    WIRE_GO, WIRE_PROBE, WIRE_VERDICT};
	meeting_t *meeting = _meeting(2);
	wire_message_t message = {.type = types[_i]};
	int one = _come(meeting, 1, 2);

	if (types[_i] == WIRE_HELLO)
		message.hello = _hello(1, 2);
	_say(one, &message);
	_wants(meeting, RINGCHECK_LOST, "rank 1 on trn1 was lost");
	close(one);
	meeting_destroy(meeting);
}
END_TEST

/* A broken fabric is told late, for a death that may be its cause */
START_TEST(cause)
{
	meeting_t *meeting = _meeting(3);
	wire_message_t message = {.type = WIRE_FAULT};
	fault_t fault = {.code = RINGCHECK_GOOD};
	int one = _come(meeting, 1, 3), two = _come(meeting, 2, 3);

	message.fault.code = RINGCHECK_FABRIC;
	strcpy(message.fault.text, "sending to rank 2: broken");
	_say(one, &message);
	ck_assert_int_eq(_settle(meeting, &fault), 0);
	if (_i) {
		close(two);
		_wants(meeting, RINGCHECK_LOST, "rank 2 on trn2 was lost");
	} else {
		_wants(meeting, RINGCHECK_FABRIC,
		       "rank 1 on trn1: sending to rank 2: broken");
		close(two);
	}
	close(one);
	meeting_destroy(meeting);
}
END_TEST

START_TEST(phases)
{
	meeting_t *meeting = _meeting(3);
	fault_t fault = {.code = RINGCHECK_GOOD};
	wire_message_t ready = {.type = WIRE_READY, .phase.phase = 1};
	wire_message_t result = {.type = WIRE_RESULT, .result.latency = 5};
	int one = _come(meeting, 1, 3), two = _come(meeting, 2, 3);

	_say(one, &ready);
	_say(one, &ready);
	ck_assert_int_eq(_settle(meeting, &fault), 0);
	ck_assert_uint_eq(meeting_ready(meeting, 1), 1);
	_say(two, &ready);
	ck_assert_int_eq(_settle(meeting, &fault), 0);
	ck_assert_uint_eq(meeting_ready(meeting, 1), 2);
	ck_assert_uint_eq(meeting_ready(meeting, 2), 0);
	_say(one, &result);
	_say(one, &result);
	ck_assert_int_eq(_settle(meeting, &fault), 0);
	ck_assert_uint_eq(meeting_delivered(meeting), 1);
	meeting_set_own_result(meeting, &result.result);
	meeting_set_own_result(meeting, &result.result);
	ck_assert_uint_eq(meeting_delivered(meeting), 2);
	ck_assert_uint_eq(meeting_seat(meeting, 1)->result.latency, 5);
	close(one);
	close(two);
	meeting_destroy(meeting);
}
END_TEST

/* A peer that never reads does not stop rank 0 */
START_TEST(deaf_peer)
{
	meeting_t *meeting = _meeting(2);
	fault_t fault = {.code = RINGCHECK_GOOD};
	wire_message_t message = {.type = WIRE_FAULT};
	int one = _come(meeting, 1, 2);

	ck_assert_int_eq(_settle(meeting, &fault), 0);
	memset(message.fault.text, 'x', sizeof(message.fault.text) - 1);
	for (int i = 0; i < 100000; i++)
		meeting_tell(meeting, 1, &message);
	_wants(meeting, RINGCHECK_LOST, "rank 1 on trn1 was lost");
	close(one);
	meeting_destroy(meeting);
}
END_TEST

/* Many silent ones: the first of them goes, a peer is served */
START_TEST(flood)
{
	int fds[MEETING_STRANGERS_MAX + 20];
	meeting_t *meeting = _meeting(2);
	fault_t fault = {.code = RINGCHECK_GOOD};
	int peer;

	for (int i = 0; i < COUNT(fds); i++) {
		fds[i] = _connect(meeting);
		(void) meeting_step(meeting, 0, &fault);
	}
	peer = _come(meeting, 1, 2);
	for (int i = 0; (i < 1000) && (meeting_came(meeting) < 2); i++)
		ck_assert_int_eq(meeting_step(meeting, 10, &fault), 0);
	ck_assert_uint_eq(meeting_came(meeting), 2);
	ck_assert(_is_closed(fds[0]));
	ck_assert(!_is_closed(fds[COUNT(fds) - 1]));
	ck_assert(strstr(meeting_last_stranger(meeting),
			 "was silent while many others came"));
	for (int i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(peer);
	meeting_destroy(meeting);
}
END_TEST

START_TEST(cannot_listen)
{
	static const struct {
		member_root_t root;
		const char *text;
	} rows[] = {
		{{"203.0.113.1", 4711},
		 "rank 0 cannot listen on 203.0.113.1 port 4711 of "
		 "NEURON_RT_ROOT_COMM_ID: "},
		{{"host.invalid", 4711},
		 "NEURON_RT_ROOT_COMM_ID: host.invalid: "},
	};
	fault_t fault = {.code = RINGCHECK_GOOD};
	wire_hello_t own = _hello(0, 2);

	ck_assert_ptr_null(meeting_create(&rows[_i].root, &own, &fault));
	ck_assert_int_eq(fault.code, RINGCHECK_USAGE);
	ck_assert_msg(
		!strncmp(fault.text, rows[_i].text, strlen(rows[_i].text)),
		"%s", fault.text);
}
END_TEST

START_TEST(port_in_use)
{
	meeting_t *meeting = _meeting(2);
	member_root_t same = {.host = "127.0.0.1"};
	fault_t fault = {.code = RINGCHECK_GOOD};
	wire_hello_t own = _hello(0, 2);

	same.port = meeting_port(meeting);
	ck_assert_ptr_null(meeting_create(&same, &own, &fault));
	ck_assert_msg(strstr(fault.text, "two tasks have rank 0"), "%s",
		      fault.text);
	meeting_destroy(meeting);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("meeting");
	TCase *tcase = tcase_create("meeting");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, all_come, 2, 5);
	tcase_add_loop_test(tcase, all_come, 300, 301);
	tcase_add_loop_test(tcase, stranger, 0, COUNT(strangers));
	tcase_add_loop_test(tcase, of_another_job, 0, COUNT(others));
	tcase_add_test(tcase, twice);
	tcase_add_test(tcase, rank_0_twice);
	tcase_add_test(tcase, lost);
	tcase_add_loop_test(tcase, mad_peer, 0, 2);
	tcase_add_loop_test(tcase, wrong_type, 0, 5);
	tcase_add_loop_test(tcase, cause, 0, 2);
	tcase_add_test(tcase, phases);
	tcase_add_test(tcase, deaf_peer);
	tcase_add_test(tcase, flood);
	tcase_add_loop_test(tcase, cannot_listen, 0, 2);
	tcase_add_test(tcase, port_in_use);
	suite_add_tcase(suite, tcase);
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
