/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-ringcheck: is a job step fit for a long run? See its man page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "neuron-build.h"

#include "ringcheck/clock.h"
#include "ringcheck/control.h"
#include "ringcheck/devices.h"
#include "ringcheck/ofi.h"
#include "ringcheck/report.h"
#include "ringcheck/run.h"

#define HOST_MAX 256

typedef struct {
	options_t options;
	member_t member;
	wire_hello_t hello;
	uint64_t start;
	control_t *control;
	transport_t *transport;
	run_t *run;
	report_t *report; /* rank 0, once there is one */
} program_t;

static const char *_variable(const char *name, void *arg)
{
	(void) arg;
	return getenv(name);
}

static bool _shows_progress(const program_t *program)
{
	return program->options.progress && !program->member.rank;
}

static void _say(const program_t *program, const char *what)
{
	if (_shows_progress(program))
		fprintf(stderr, "neuron-ringcheck: %s\n", what);
}

static void _show_coming(uint32_t came, uint32_t world, void *arg)
{
	uint32_t step = world / 16 + 1;

	if (!_shows_progress(arg) || ((came % step) && (came < world)))
		return;
	fprintf(stderr, "neuron-ringcheck: %u of %u ranks are here\n", came,
		world);
}

static int _barrier(void *arg, const char *doing, fault_t *fault)
{
	program_t *program = arg;

	if (control_barrier(program->control, doing, fault))
		return -1;
	_say(program, doing);
	return 0;
}

static int _look(void *arg, uint64_t steps, fault_t *fault)
{
	return control_check(arg, steps, fault);
}

static void _go_on(void *arg)
{
	transport_t *transport = arg;

	transport->ops->progress(transport);
}

static int _open_devices(const program_t *program, fault_t *fault)
{
	char root[DEVICES_ROOT_MAX];

	if (!program->options.devices || !program->member.devices)
		return 0;
	if (devices_root(getenv("SLURM_CONF"), program->member.node, root,
			 fault))
		return -1;
	return devices_open(program->member.devices, root, fault);
}

static int _open_transport(program_t *program, const char *address,
			   fault_t *fault)
{
	wire_hello_t *hello = &program->hello;

	program->transport =
		ofi_open(program->member.interface, address, fault);
	if (!program->transport)
		return -1;
	snprintf(hello->provider, sizeof(hello->provider), "%s",
		 ofi_provider(program->transport));
	snprintf(hello->interface, sizeof(hello->interface), "%s",
		 ofi_domain(program->transport));
	return ofi_address(program->transport, &hello->address, fault);
}

static void _introduce(program_t *program)
{
	const member_t *member = &program->member;
	wire_hello_t *hello = &program->hello;

	hello->rank = member->rank;
	hello->world = member->world;
	hello->local_rank = member->local_rank;
	hello->devices = member->devices;
	snprintf(hello->job, sizeof(hello->job), "%s", member->job);
	snprintf(hello->node, sizeof(hello->node), "%s", member->node);
	options_plan(&program->options, hello->plan);
}

static uint64_t _patience(const options_t *options)
{
	return CLOCK_SECOND * ((options->timeout < options->time_limit)
				       ? options->timeout
				       : options->time_limit);
}

/* A rank that cannot take part says so to rank 0, which tells people */
static int _meet(program_t *program, fault_t *fault)
{
	uint64_t deadline = program->start + _patience(&program->options);
	wire_neighbours_t neighbours;
	char address[MEMBER_HOST_MAX];

	_introduce(program);
	program->control = control_create(&program->member, &program->hello,
					  address, sizeof(address), fault);
	if (!program->control)
		return -1;
	if (!_open_devices(program, &program->hello.fault))
		(void) _open_transport(program, address, &program->hello.fault);
	if (control_meet(program->control, &program->hello, deadline,
			 _show_coming, program, &neighbours, fault))
		return -1;
	return ofi_join(program->transport, program->member.rank,
			program->member.world, &neighbours, fault);
}

static int _test(program_t *program, fault_t *fault)
{
	wire_result_t result;

	control_set_limit(
		program->control,
		program->start + program->options.time_limit * CLOCK_SECOND);
	control_set_work(program->control, _go_on, program->transport);
	ofi_set_idle(program->transport, _look, program->control);
	program->run = run_create(program->transport, &program->options, fault);
	if (!program->run ||
	    run_tests(program->run, _barrier, program, &result, fault))
		return -1;
	return control_deliver(program->control, &result, fault);
}

static const meeting_seat_t *_seat(const void *arg, uint32_t rank)
{
	return control_seat(arg, rank);
}

static int _judge(program_t *program, fault_t *fault)
{
	if (program->member.rank)
		return 0;
	program->report =
		report_create(&program->options, program->member.world, _seat,
			      program->control, fault);
	if (!program->report)
		fault_set(fault, RINGCHECK_USAGE, "out of memory");
	return fault_is(fault) ? -1 : 0;
}

static void _tell(const program_t *program, const fault_t *fault)
{
	const options_t *options = &program->options;
	bool first = !program->member.rank;

	if (fault_is(fault))
		fprintf(stderr, "neuron-ringcheck: %s\n", fault->text);
	if (!first || (options->quiet && !fault_is(fault)))
		return;
	if (options->json && report_write_json(program->report, fault, stdout))
		fprintf(stderr, "neuron-ringcheck: out of memory\n");
	if (options->json || !program->report)
		return;
	report_write(program->report, stdout);
	printf("%s\n", fault_is(fault) ? "BAD" : "good");
}

static void _tell_notes(const program_t *program)
{
	const member_t *member = &program->member;

	if (member->rank || program->options.quiet)
		return;
	for (unsigned int i = 0; i < member->note_count; i++)
		fprintf(stderr, "neuron-ringcheck: %s\n", member->notes[i]);
}

/* Messages of one run over all ranks; RET the exit code */
static int _run(program_t *program)
{
	fault_t fault = {.code = RINGCHECK_GOOD};
	bool tells = true;

	_tell_notes(program);
	if (!_meet(program, &fault) && !_test(program, &fault))
		(void) _judge(program, &fault);
	if (program->control)
		tells = control_end(program->control, &fault);
	if (tells)
		_tell(program, &fault);
	report_destroy(program->report);
	transport_destroy(program->transport);
	run_destroy(program->run);
	control_destroy(program->control);
	return (int) fault.code;
}

static int _usage(const fault_t *fault)
{
	fprintf(stderr, "neuron-ringcheck: %s\n", fault->text);
	return RINGCHECK_USAGE;
}

int main(int argc, char **argv)
{
	static program_t program;
	fault_t fault = {.code = RINGCHECK_GOOD};
	char host[HOST_MAX] = "";

	program.start = clock_now();
	if (options_read(&program.options, argc, argv, isatty(STDERR_FILENO),
			 &fault))
		return _usage(&fault);
	if (program.options.action == OPTIONS_HELP) {
		fputs(options_usage, stdout);
		return RINGCHECK_GOOD;
	}
	if (program.options.action == OPTIONS_VERSION) {
		puts("neuron-ringcheck " PACKAGE_VERSION);
		return RINGCHECK_GOOD;
	}
	(void) gethostname(host, sizeof(host) - 1);
	if (member_read(&program.member, _variable, NULL, host, &fault))
		return _usage(&fault);
	return _run(&program);
}
