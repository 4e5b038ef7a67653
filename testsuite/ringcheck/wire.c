/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

static void _fill(char *text, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++)
		text[i] = (char) (' ' + i % 95);
	text[size - 1] = '\0';
}

static void _hello(wire_message_t *message)
{
	wire_hello_t *hello = &message->hello;

	hello->rank = 4294967295u;
	hello->world = 65536;
	hello->local_rank = 7;
	hello->devices = 0x8000000000000001ull;
	_fill(hello->job, sizeof(hello->job));
	_fill(hello->plan, sizeof(hello->plan));
	_fill(hello->node, sizeof(hello->node));
	_fill(hello->provider, sizeof(hello->provider));
	_fill(hello->interface, sizeof(hello->interface));
	memset(hello->address.bytes, 0xe5, WIRE_ADDRESS_MAX);
	hello->address.length = WIRE_ADDRESS_MAX;
	hello->fault.code = RINGCHECK_DEVICE;
	_fill(hello->fault.text, sizeof(hello->fault.text));
}

static void _result(wire_message_t *message)
{
	message->result.reduce_time = UINT64_MAX;
	message->result.link_wrong = 1;
	message->result.alone_time = 1ull << 40;
	_fill(message->result.first_wrong, sizeof(message->result.first_wrong));
}

static void _neighbours(wire_message_t *message)
{
	message->neighbours.left.length = 1;
	message->neighbours.left.bytes[0] = 1;
	message->neighbours.right.length = WIRE_ADDRESS_MAX;
	message->neighbours.right.bytes[WIRE_ADDRESS_MAX - 1] = 2;
}

static void _phase(wire_message_t *message)
{
	message->phase.phase = 0xfffffffe;
	message->phase.steps = 0x123456789abcdef0ull;
}

static void _fault(wire_message_t *message)
{
	message->fault.code = RINGCHECK_LOST;
	strcpy(message->fault.text, "rank 3 on trn4 was lost");
}

static void _nothing(wire_message_t *message)
{
	(void) message;
}

static const struct {
	wire_type_t type;
	void (*fill)(wire_message_t *message);
} messages[] = {
	{WIRE_HELLO, _hello},
	{WIRE_HELLO, _nothing},
	{WIRE_NEIGHBOURS, _neighbours},
	{WIRE_READY, _phase},
	{WIRE_GO, _phase},
	{WIRE_RESULT, _result},
	{WIRE_FAULT, _fault},
	{WIRE_PROBE, _nothing},
	{WIRE_STATE, _phase},
	{WIRE_VERDICT, _nothing},
};

static size_t _make(int row, wire_message_t *message,
		    uint8_t frame[WIRE_FRAME_MAX])
{
	size_t size;

	memset(message, 0, sizeof(*message));
	message->type = messages[row].type;
	messages[row].fill(message);
	size = wire_encode(message, frame);
	ck_assert_uint_ge(size, WIRE_HEADER);
	ck_assert_uint_le(size, WIRE_FRAME_MAX);
	return size;
}

/* What goes out comes in, once it is whole */
START_TEST(there_and_back)
{
	uint8_t frame[WIRE_FRAME_MAX + 1];
	wire_message_t out, in, untouched;
	size_t size = _make(_i, &out, frame);

	memset(&in, 0x55, sizeof(in));
	untouched = in;
	for (size_t part = 0; part < size; part++) {
		ck_assert_msg(!wire_decode(frame, part, &in),
			      "%zu of %zu bytes are enough", part, size);
		ck_assert(!memcmp(&in, &untouched, sizeof(in)));
	}
	frame[size] = 'N';
	ck_assert_int_eq(wire_decode(frame, size + 1, &in), (int) size);
	ck_assert_int_eq(in.type, out.type);
	ck_assert(!memcmp(&in, &out, sizeof(in)));
}
END_TEST

/* A body that is one byte longer or shorter than its type has */
START_TEST(other_length)
{
	uint8_t frame[WIRE_FRAME_MAX + 1] = {0};
	wire_message_t out, in;
	size_t size = _make(_i, &out, frame);
	size_t length = size - WIRE_HEADER;

	frame[10] = (uint8_t) ((length + 1) >> 8);
	frame[11] = (uint8_t) (length + 1);
	if (size < WIRE_FRAME_MAX)
		ck_assert_int_eq(wire_decode(frame, size + 1, &in), -1);
	if (!length)
		return;
	frame[10] = (uint8_t) ((length - 1) >> 8);
	frame[11] = (uint8_t) (length - 1);
	ck_assert_int_eq(wire_decode(frame, size - 1, &in), -1);
}
END_TEST

static const struct {
	const char *what;
	const char *bytes;
	int size;
	int rc;
} garbage[] = {
	{"nothing", "", 0, 0},
	{"part of a header", "NRC", 3, 0},
	{"a web browser", "GET / HTTP/1.1\r\n\r\n", 18, -1},
	{"its first bytes", "GET ", 4, -1},
	{"TLS", "\x16\x03\x01\x02", 4, -1},
	{"SSH", "SSH-2.0-OpenSSH_9.2\r\n", 21, -1},
	{"zeros", "\0\0\0\0\0\0\0\0\0\0\0\0", 12, -1},
	{"another version", "NRCH\0\2\0\1\0\0\0\0", 12, -1},
	{"type 0", "NRCH\0\1\0\0\0\0\0\0", 12, -1},
	{"a type too high", "NRCH\0\1\0\12\0\0\0\0", 12, -1},
	{"a type of two bytes", "NRCH\0\1\1\1\0\0\0\0", 12, -1},
	{"a hello without body", "NRCH\0\1\0\1\0\0\0\0", 12, -1},
	{"a body that is too long", "NRCH\0\1\0\1\0\0\6\1", 12, -1},
	{"a huge body", "NRCH\0\1\0\1\377\377\377\377", 12, -1},
	{"a probe with a body", "NRCH\0\1\0\7\0\0\0\1x", 13, -1},
	{"the longest body, not here yet", "NRCH\0\1\0\1\0\0\6\0", 12, 0},
	{"a fault with code 6", "NRCH\0\1\0\6\0\0\0\4\0\6\0\0", 16, -1},
	{"a fault with a newline", "NRCH\0\1\0\6\0\0\0\5\0\1\0\1\n", 17, -1},
	{"a fault with an escape", "NRCH\0\1\0\6\0\0\0\5\0\1\0\1\033", 17, -1},
	{"a fault with a null byte", "NRCH\0\1\0\6\0\0\0\5\0\1\0\1\0", 17, -1},
	{"a text longer than the body", "NRCH\0\1\0\6\0\0\0\4\0\1\0\7", 16, -1},
	{"a text longer than its room", "NRCH\0\1\0\6\0\0\0\4\0\1\2\0", 16, -1},
	{"an address longer than its room", "NRCH\0\1\0\2\0\0\0\4\1\1\0\0", 16,
	 -1},
};

START_TEST(garbage_is_refused)
{
	wire_message_t in;
	int rc = wire_decode((const uint8_t *) garbage[_i].bytes,
			     (size_t) garbage[_i].size, &in);

	ck_assert_msg(rc == garbage[_i].rc, "%s: got %d, wanted %d",
		      garbage[_i].what, rc, garbage[_i].rc);
}
END_TEST

/* Any change of any byte: refused, or a message within its bounds */
START_TEST(changed_bytes)
{
	uint8_t frame[WIRE_FRAME_MAX];
	wire_message_t out, in;
	size_t size = _make(_i, &out, frame);

	srand((unsigned int) _i);
	for (int trial = 0; trial < 20000; trial++) {
		uint8_t copy[WIRE_FRAME_MAX];

		memcpy(copy, frame, size);
		for (int i = rand() % 3; i >= 0; i--)
			copy[(size_t) rand() % size] = (uint8_t) rand();
		if (wire_decode(copy, size, &in) <= 0)
			continue;
		if (in.type == WIRE_HELLO) {
			ck_assert_uint_lt(
				strnlen(in.hello.node, MEMBER_NAME_MAX),
				MEMBER_NAME_MAX);
			ck_assert_uint_le(in.hello.address.length,
					  WIRE_ADDRESS_MAX);
			ck_assert_int_le(in.hello.fault.code, RINGCHECK_DEVICE);
		}
	}
}
END_TEST

/* What cannot be said is not said */
START_TEST(not_encoded)
{
	uint8_t frame[WIRE_FRAME_MAX];
	wire_message_t message = {.type = WIRE_HELLO};

	message.hello.address.length = WIRE_ADDRESS_MAX + 1;
	ck_assert_uint_eq(wire_encode(&message, frame), 0);
	message.hello.address.length = 0;
	memset(message.hello.node, 'x', sizeof(message.hello.node));
	ck_assert_uint_eq(wire_encode(&message, frame), 0);
	strcpy(message.hello.node, "a\nb");
	ck_assert_uint_eq(wire_encode(&message, frame), 0);
	message.type = (wire_type_t) 0;
	ck_assert_uint_eq(wire_encode(&message, frame), 0);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("wire");
	TCase *tcase = tcase_create("wire");

	tcase_add_loop_test(tcase, there_and_back, 0, COUNT(messages));
	tcase_add_loop_test(tcase, other_length, 0, COUNT(messages));
	tcase_add_loop_test(tcase, garbage_is_refused, 0, COUNT(garbage));
	tcase_add_loop_test(tcase, changed_bytes, 0, COUNT(messages));
	tcase_add_test(tcase, not_encoded);
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
