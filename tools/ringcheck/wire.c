/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <string.h>

#define MAGIC 0x4e524348u /* "NRCH" */
#define VERSION 1

/*
 * One walk over the members of a message serves both directions: a cursor
 * either writes them or reads them.
 */
typedef struct {
	uint8_t *at;
	size_t left;
	bool writing;
	bool bad;
} cursor_t;

static uint8_t *_take(cursor_t *cursor, size_t size)
{
	uint8_t *at = cursor->at;

	if (cursor->bad || (size > cursor->left)) {
		cursor->bad = true;
		return NULL;
	}
	cursor->at += size;
	cursor->left -= size;
	return at;
}

static uint64_t _number(cursor_t *cursor, uint64_t number, size_t size)
{
	uint8_t *at = _take(cursor, size);
	uint64_t read = 0;

	for (size_t i = 0; at && (i < size); i++) {
		if (cursor->writing)
			at[i] = (uint8_t) (number >> 8 * (size - 1 - i));
		else
			read = read << 8 | at[i];
	}
	return cursor->writing ? number : read;
}

static void _u16(cursor_t *cursor, uint16_t *number)
{
	*number = (uint16_t) _number(cursor, *number, 2);
}

static void _u32(cursor_t *cursor, uint32_t *number)
{
	*number = (uint32_t) _number(cursor, *number, 4);
}

static void _u64(cursor_t *cursor, uint64_t *number)
{
	*number = _number(cursor, *number, 8);
}

static void _bytes(cursor_t *cursor, void *bytes, uint16_t *length, size_t max)
{
	uint8_t *at;

	_u16(cursor, length);
	if (*length > max) {
		cursor->bad = true;
		*length = 0;
	}
	at = _take(cursor, *length);
	if (!at)
		return;
	if (cursor->writing)
		memcpy(at, bytes, *length);
	else
		memcpy(bytes, at, *length);
}

static bool _is_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((text[i] < ' ') || (text[i] > '~'))
			return false;
	}
	return true;
}

static void _text(cursor_t *cursor, char *text, size_t size)
{
	uint16_t length = 0;

	if (cursor->writing)
		length = (uint16_t) strnlen(text, size);
	_bytes(cursor, text, &length, size - 1);
	if (!_is_text(text, length))
		cursor->bad = true;
	if (!cursor->writing)
		text[length] = '\0';
}

static void _address(cursor_t *cursor, wire_address_t *address)
{
	_bytes(cursor, address->bytes, &address->length, WIRE_ADDRESS_MAX);
}

static void _fault(cursor_t *cursor, fault_t *fault)
{
	uint16_t code = (uint16_t) fault->code;

	_u16(cursor, &code);
	if (code > RINGCHECK_DEVICE)
		cursor->bad = true;
	else
		fault->code = (ringcheck_code_t) code;
	_text(cursor, fault->text, sizeof(fault->text));
}

static void _hello(cursor_t *cursor, wire_hello_t *hello)
{
	_text(cursor, hello->job, sizeof(hello->job));
	_text(cursor, hello->plan, sizeof(hello->plan));
	_u32(cursor, &hello->rank);
	_u32(cursor, &hello->world);
	_u32(cursor, &hello->local_rank);
	_u64(cursor, &hello->devices);
	_text(cursor, hello->node, sizeof(hello->node));
	_text(cursor, hello->provider, sizeof(hello->provider));
	_text(cursor, hello->interface, sizeof(hello->interface));
	_address(cursor, &hello->address);
	_fault(cursor, &hello->fault);
}

static void _result(cursor_t *cursor, wire_result_t *result)
{
	_u64(cursor, &result->reduce_time);
	_u64(cursor, &result->gather_time);
	_u64(cursor, &result->reduce_wrong);
	_u64(cursor, &result->gather_wrong);
	_u64(cursor, &result->latency);
	_u64(cursor, &result->link_time);
	_u64(cursor, &result->alone_time);
	_u64(cursor, &result->link_wrong);
	_text(cursor, result->first_wrong, sizeof(result->first_wrong));
}

static void _body(cursor_t *cursor, wire_message_t *message)
{
	switch (message->type) {
	case WIRE_HELLO:
		_hello(cursor, &message->hello);
		break;
	case WIRE_NEIGHBOURS:
		_address(cursor, &message->neighbours.left);
		_address(cursor, &message->neighbours.right);
		break;
	case WIRE_READY:
	case WIRE_GO:
	case WIRE_STATE:
		_u32(cursor, &message->phase.phase);
		_u64(cursor, &message->phase.steps);
		break;
	case WIRE_RESULT:
		_result(cursor, &message->result);
		break;
	case WIRE_FAULT:
	case WIRE_VERDICT:
		_fault(cursor, &message->fault);
		break;
	case WIRE_PROBE:
		break;
	default:
		cursor->bad = true;
	}
}

static void _header(cursor_t *cursor, uint16_t *type, uint32_t *length)
{
	uint32_t magic = MAGIC;
	uint16_t version = VERSION;

	_u32(cursor, &magic);
	_u16(cursor, &version);
	_u16(cursor, type);
	_u32(cursor, length);
	if ((magic != MAGIC) || (version != VERSION) ||
	    (*length > WIRE_BODY_MAX))
		cursor->bad = true;
}

extern size_t wire_encode(const wire_message_t *message,
			  uint8_t frame[WIRE_FRAME_MAX])
{
	wire_message_t copy = *message;
	uint16_t type = (uint16_t) message->type;
	cursor_t body = {frame + WIRE_HEADER, WIRE_BODY_MAX, true, false};
	cursor_t head = {frame, WIRE_HEADER, true, false};
	uint32_t length;

	_body(&body, &copy);
	length = (uint32_t) (WIRE_BODY_MAX - body.left);
	_header(&head, &type, &length);
	return (body.bad || head.bad) ? 0 : WIRE_HEADER + length;
}

extern int wire_decode(const uint8_t *bytes, size_t size,
		       wire_message_t *message)
{
	uint8_t frame[WIRE_FRAME_MAX];
	wire_message_t found;
	cursor_t cursor = {frame, WIRE_HEADER, false, false};
	uint32_t length;
	uint16_t type;

	if (size > sizeof(frame))
		size = sizeof(frame);
	memcpy(frame, bytes, size);
	/* Garbage need not be a whole header to be seen */
	if (size < WIRE_HEADER)
		return (size >= 4 && memcmp(bytes, "NRCH", 4)) ? -1 : 0;
	_header(&cursor, &type, &length);
	if (cursor.bad)
		return -1;
	if (size < WIRE_HEADER + length)
		return 0;
	memset(&found, 0, sizeof(found));
	found.type = (wire_type_t) type;
	cursor.left = length;
	_body(&cursor, &found);
	if (cursor.bad || cursor.left)
		return -1;
	*message = found;
	return (int) (WIRE_HEADER + length);
}
