/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "layout.h"

/* How long rank 0 waits for an answer to "where are you?" */
#define PROBE_NS (2 * CLOCK_SECOND)
/* Other ranks give rank 0 this time to tell why it all ends */
#define GRACE_NS (10 * CLOCK_SECOND)
/* For the last words */
#define CLOSE_NS (5 * CLOCK_SECOND)
#define STEP_MS 200
#define WORK_MS 1
#define RANKS_TEXT_MAX 320

struct control {
	uint32_t rank;
	uint32_t world;
	uint32_t local_rank;
	member_root_t root;
	layout_t *layout;
	meeting_t *meeting; /* rank 0 of a world of several */
	guest_t guest; /* every other rank */
	meeting_seat_t alone; /* the only rank */
	uint32_t phase;
	uint64_t limit;
	uint64_t steps;
	const char *doing;
	control_work_t work;
	void *arg;
};

static bool _is_alone(const control_t *control)
{
	return control->world == 1;
}

static int _find_address(control_t *control, const wire_hello_t *own,
			 char *address, size_t size, fault_t *fault)
{
	address[0] = '\0';
	if (_is_alone(control)) {
		snprintf(address, size, "%s", control->root.host);
		return 0;
	}
	if (control->rank)
		return guest_address(&control->root, address, size, fault);
	control->meeting = meeting_create(&control->root, own, fault);
	if (!control->meeting)
		return -1;
	return meeting_address(control->meeting, address, size);
}

extern control_t *control_create(const member_t *member,
				 const wire_hello_t *own, char *address,
				 size_t size, fault_t *fault)
{
	control_t *control = calloc(1, sizeof(*control));

	if (!control) {
		fault_set(fault, RINGCHECK_USAGE, "out of memory");
		return NULL;
	}
	control->rank = member->rank;
	control->world = member->world;
	control->local_rank = member->local_rank;
	control->root = member->root;
	control->guest.channel.fd = -1;
	control->limit = UINT64_MAX / 2;
	control->doing = "the meeting";
	control->layout = layout_create(member->step_nodes, member->step_tasks,
					member->world);
	if (!_find_address(control, own, address, size, fault))
		return control;
	control_destroy(control);
	return NULL;
}

extern void control_destroy(control_t *control)
{
	if (!control)
		return;
	meeting_destroy(control->meeting);
	guest_close(&control->guest);
	layout_destroy(control->layout);
	free(control);
}

extern void control_set_limit(control_t *control, uint64_t limit)
{
	control->limit = limit;
}

extern void control_set_work(control_t *control, control_work_t work, void *arg)
{
	control->work = work;
	control->arg = arg;
}

/* RET milliseconds until it is to be called again */
static int _work(const control_t *control)
{
	if (!control->work)
		return STEP_MS;
	control->work(control->arg);
	return WORK_MS;
}

extern const meeting_seat_t *control_seat(const control_t *control,
					  uint32_t rank)
{
	if (control->meeting)
		return meeting_seat(control->meeting, rank);
	return (_is_alone(control) && !rank) ? &control->alone : NULL;
}

/*
 * Rank 0: ranks as text
 */

/* What Slurm says, unless one that came is elsewhere */
static void _check_layout(control_t *control)
{
	for (uint32_t i = 0; control->layout && (i < control->world); i++) {
		const meeting_seat_t *seat = control_seat(control, i);

		if (!seat->came ||
		    !strcmp(seat->hello.node, layout_node(control->layout, i)))
			continue;
		layout_destroy(control->layout);
		control->layout = NULL;
	}
}

static const char *_node(uint32_t rank, void *arg)
{
	const control_t *control = arg;
	const meeting_seat_t *seat = control_seat(control, rank);

	if (seat->came)
		return seat->hello.node;
	return layout_node(control->layout, rank);
}

static bool _is_missing(uint32_t rank, void *arg)
{
	return !control_seat(arg, rank)->came;
}

static bool _is_silent(uint32_t rank, void *arg)
{
	return rank && !control_seat(arg, rank)->answered;
}

static bool _has_fault(uint32_t rank, void *arg)
{
	return fault_is(&control_seat(arg, rank)->hello.fault);
}

static bool _has_other_plan(uint32_t rank, void *arg)
{
	return strcmp(control_seat(arg, rank)->hello.plan,
		      control_seat(arg, 0)->hello.plan);
}

static bool _has_other_provider(uint32_t rank, void *arg)
{
	return strcmp(control_seat(arg, rank)->hello.provider,
		      control_seat(arg, 0)->hello.provider);
}

/* RET how many */
static uint32_t _write_ranks(control_t *control, layout_wanted_t wanted,
			     char ranks[RANKS_TEXT_MAX])
{
	return layout_write(control->world, wanted, _node, control, ranks,
			    RANKS_TEXT_MAX);
}

/*
 * Meeting
 */

static int _tell_missing(control_t *control, fault_t *fault)
{
	uint32_t strangers = meeting_strangers(control->meeting);
	char ranks[RANKS_TEXT_MAX], others[160] = "";
	uint32_t missing;

	_check_layout(control);
	missing = _write_ranks(control, _is_missing, ranks);
	if (strangers)
		snprintf(others, sizeof(others),
			 "; %u connections were refused, the last: %.80s",
			 strangers, meeting_last_stranger(control->meeting));
	return fault_set(fault, RINGCHECK_LOST,
			 "%u of %u ranks never came: %s%s", missing,
			 control->world, ranks, others);
}

static int _gather(control_t *control, uint64_t deadline,
		   control_progress_t progress, void *arg, fault_t *fault)
{
	uint32_t shown = 0, came;

	while ((came = meeting_came(control->meeting)) < control->world) {
		if (progress && (came != shown))
			progress(came, control->world, arg);
		shown = came;
		if (clock_now() >= deadline)
			return _tell_missing(control, fault);
		if (meeting_step(control->meeting,
				 clock_until(deadline, STEP_MS), fault))
			return -1;
	}
	if (progress)
		progress(came, control->world, arg);
	return 0;
}

/* The first of those that cannot take part speaks for all of them */
static int _tell_faults(control_t *control, fault_t *fault)
{
	char ranks[RANKS_TEXT_MAX];
	uint32_t first = 0, count = _write_ranks(control, _has_fault, ranks);
	const wire_hello_t *hello;

	if (!count)
		return 0;
	while (!_has_fault(first, control))
		first++;
	hello = &control_seat(control, first)->hello;
	if (count == 1)
		return fault_set(fault, hello->fault.code, "rank %u on %s: %s",
				 first, hello->node, hello->fault.text);
	return fault_set(
		fault, hello->fault.code,
		"rank %u on %s: %.150s (%u ranks cannot take part: %s)", first,
		hello->node, hello->fault.text, count, ranks);
}

static int _compare(control_t *control, fault_t *fault)
{
	char ranks[RANKS_TEXT_MAX];

	if (_tell_faults(control, fault))
		return -1;
	if (_write_ranks(control, _has_other_plan, ranks))
		return fault_set(fault, RINGCHECK_USAGE,
				 "not all ranks have the options of rank 0: %s",
				 ranks);
	if (_write_ranks(control, _has_other_provider, ranks))
		return fault_set(fault, RINGCHECK_FABRIC,
				 "rank 0 has the provider %s of libfabric, but "
				 "not %s",
				 control_seat(control, 0)->hello.provider,
				 ranks);
	return 0;
}

static const wire_address_t *_address_of(const control_t *control,
					 uint32_t rank)
{
	return &control_seat(control, rank % control->world)->hello.address;
}

static void _tell_neighbours(control_t *control, wire_neighbours_t *own)
{
	uint32_t world = control->world;

	for (uint32_t i = 0; i < world; i++) {
		wire_message_t message = {.type = WIRE_NEIGHBOURS};

		message.neighbours.left = *_address_of(control, i + world - 1);
		message.neighbours.right = *_address_of(control, i + 1);
		if (i)
			meeting_tell(control->meeting, i, &message);
		else
			*own = message.neighbours;
	}
}

static int _meet_as_guest(control_t *control, const wire_hello_t *hello,
			  uint64_t deadline, wire_neighbours_t *neighbours,
			  fault_t *fault)
{
	wire_message_t message;
	int rc;

	if (guest_connect(&control->guest, &control->root, hello, deadline,
			  fault))
		return -1;
	rc = guest_wait(&control->guest, WIRE_NEIGHBOURS, deadline + GRACE_NS,
			0, &message, fault);
	if (!rc)
		return fault_set(fault, RINGCHECK_LOST,
				 "rank 0 was met, but did not go on");
	if (rc > 0)
		*neighbours = message.neighbours;
	return (rc > 0) ? 0 : -1;
}

extern int control_meet(control_t *control, const wire_hello_t *hello,
			uint64_t deadline, control_progress_t progress,
			void *arg, wire_neighbours_t *neighbours,
			fault_t *fault)
{
	if (control->rank)
		return _meet_as_guest(control, hello, deadline, neighbours,
				      fault);
	if (control->meeting) {
		meeting_set_own(control->meeting, hello);
		if (_gather(control, deadline, progress, arg, fault))
			return -1;
	} else {
		control->alone.came = true;
		control->alone.hello = *hello;
	}
	if (_compare(control, fault))
		return -1;
	_tell_neighbours(control, neighbours);
	return 0;
}

/*
 * Running
 */

static int _over_time(control_t *control, const char *what, const char *ranks,
		      fault_t *fault)
{
	return fault_set(fault, RINGCHECK_LOST,
			 "the time limit is over in %s: %s %s", control->doing,
			 what, ranks);
}

/* Everybody answers: those who are done with least wait for their left ones */
static int _tell_slowest(control_t *control, fault_t *fault)
{
	uint32_t slowest = 0;
	uint64_t least = control->steps;
	char text[128];

	for (uint32_t i = 1; i < control->world; i++) {
		if (control_seat(control, i)->steps >= least)
			continue;
		least = control_seat(control, i)->steps;
		slowest = i;
	}
	snprintf(text, sizeof(text), "rank %u on %s", slowest,
		 control_seat(control, slowest)->hello.node);
	return _over_time(control, "furthest behind is", text, fault);
}

static int _tell_late(control_t *control, fault_t *fault)
{
	uint64_t deadline = clock_now() + PROBE_NS;
	char ranks[RANKS_TEXT_MAX];

	meeting_probe(control->meeting);
	while (_write_ranks(control, _is_silent, ranks) &&
	       (clock_now() < deadline)) {
		if (meeting_step(control->meeting, STEP_MS / 2, fault))
			return -1;
	}
	if (ranks[0])
		return _over_time(control, "no answer from", ranks, fault);
	return _tell_slowest(control, fault);
}

static int _check_limit(control_t *control, fault_t *fault)
{
	uint64_t grace = control->rank ? GRACE_NS : 0;

	if (clock_now() < control->limit + grace)
		return 0;
	if (control->meeting)
		return _tell_late(control, fault);
	return fault_set(fault, RINGCHECK_LOST, "the time limit is over in %s",
			 control->doing);
}

/* A loss is told with what was being done */
static int _step(control_t *control, int timeout, fault_t *fault)
{
	fault_t found = {.code = RINGCHECK_GOOD};

	if (!meeting_step(control->meeting, timeout, &found))
		return 0;
	if (found.code == RINGCHECK_LOST)
		return fault_set(fault, found.code, "%.400s in %s", found.text,
				 control->doing);
	return fault_set(fault, found.code, "%s", found.text);
}

extern int control_check(control_t *control, uint64_t steps, fault_t *fault)
{
	int rc = 0;

	control->steps = steps;
	if (control->meeting)
		rc = _step(control, 0, fault);
	else if (control->rank)
		rc = guest_wait(&control->guest, WIRE_VERDICT, 0, steps, NULL,
				fault);
	return rc ? -1 : _check_limit(control, fault);
}

static int _wait_ready(control_t *control, fault_t *fault)
{
	wire_message_t go = {
		.type = WIRE_GO,
		.phase.phase = control->phase,
	};

	while (meeting_ready(control->meeting, control->phase) <
	       control->world - 1) {
		if (_step(control, _work(control), fault) ||
		    _check_limit(control, fault))
			return -1;
	}
	meeting_tell_all(control->meeting, &go);
	return 0;
}

/* Wait for rank 0, as long as the limit and grace allow */
static int _wait_root(control_t *control, wire_type_t type,
		      wire_message_t *message, fault_t *fault)
{
	int rc;

	do {
		uint64_t pause = (uint64_t) _work(control) * CLOCK_MILLISECOND;

		rc = guest_wait(&control->guest, type, clock_now() + pause,
				control->steps, message, fault);
	} while (!rc && !_check_limit(control, fault));
	return (rc > 0) ? 0 : -1;
}

extern int control_barrier(control_t *control, const char *doing,
			   fault_t *fault)
{
	wire_message_t ready = {.type = WIRE_READY};
	int rc = 0;

	ready.phase.phase = ++control->phase;
	if (control->meeting)
		rc = _wait_ready(control, fault);
	else if (control->rank)
		rc = (guest_tell(&control->guest, &ready, fault) ||
		      _wait_root(control, WIRE_GO, NULL, fault))
			     ? -1
			     : 0;
	control->doing = doing;
	return rc;
}

extern int control_deliver(control_t *control, const wire_result_t *result,
			   fault_t *fault)
{
	wire_message_t message = {.type = WIRE_RESULT, .result = *result};

	if (control->rank)
		return guest_tell(&control->guest, &message, fault);
	if (!control->meeting) {
		control->alone.result = *result;
		return 0;
	}
	meeting_set_own_result(control->meeting, result);
	while (meeting_delivered(control->meeting) < control->world) {
		if (_step(control, _work(control), fault) ||
		    _check_limit(control, fault))
			return -1;
	}
	return 0;
}

/*
 * End
 */

/* A broken fabric is often the sign of a rank that died: wait for news */
static void _find_cause(control_t *control, fault_t *fault)
{
	uint64_t deadline = clock_now() + CLOCK_SECOND;
	fault_t cause = {.code = RINGCHECK_GOOD};

	while (clock_now() < deadline) {
		if (!_step(control, STEP_MS, &cause))
			continue;
		if (cause.code == RINGCHECK_LOST)
			*fault = cause;
		return;
	}
}

static void _end_meeting(control_t *control, fault_t *fault)
{
	wire_message_t message = {.type = WIRE_VERDICT};

	if (fault->code == RINGCHECK_FABRIC)
		_find_cause(control, fault);
	if (fault->code > RINGCHECK_WRONG)
		message.type = WIRE_FAULT;
	message.fault = *fault;
	meeting_tell_all(control->meeting, &message);
	meeting_close(control->meeting, clock_now() + CLOSE_NS);
}

static void _wait_verdict(control_t *control, fault_t *fault)
{
	wire_message_t message;

	if (_wait_root(control, WIRE_VERDICT, &message, fault))
		return;
	*fault = message.fault;
	control->guest.told = true;
}

/* Rank 0 may know better, and tells people */
static void _hand_over(control_t *control, fault_t *fault)
{
	wire_message_t message = {.type = WIRE_FAULT, .fault = *fault};
	fault_t ignored = {.code = RINGCHECK_GOOD};
	fault_t answer = {.code = RINGCHECK_GOOD};

	if (control->guest.told || (control->guest.channel.fd < 0))
		return;
	(void) guest_tell(&control->guest, &message, &ignored);
	(void) guest_wait(&control->guest, WIRE_VERDICT, clock_now() + CLOSE_NS,
			  control->steps, NULL, &answer);
	if (control->guest.told)
		*fault = answer;
}

/* When rank 0 is gone two of many speak, on two nodes if there are two */
static bool _is_speaker(const control_t *control, const fault_t *fault)
{
	if (!control->rank)
		return true;
	if (control->guest.told)
		return false;
	if (fault->code != RINGCHECK_LOST)
		return true;
	if (control->guest.channel.fd < 0)
		return !control->local_rank;
	return (control->rank == 1) || (control->rank == control->world - 1);
}

extern bool control_end(control_t *control, fault_t *fault)
{
	if (control->meeting)
		_end_meeting(control, fault);
	else if (control->rank && fault_is(fault))
		_hand_over(control, fault);
	else if (control->rank)
		_wait_verdict(control, fault);
	return _is_speaker(control, fault);
}
