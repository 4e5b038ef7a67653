/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "command.h"
#include "door.h"
#include "holding.h"
#include "job.h"
#include "loop.h"
#include "node.h"
#include "outbox.h"
#include "plan.h"
#include "step.h"

#include "src/common/hostlist.h"

#define DELAY_MAX 3600
#define SPEED_MAX 1e6

/* ------------------------------------------------------------------ */
/* Commands. Each returns NULL or the sentence of its error (xfree) */

typedef char *(*act_t)(node_t *node, const char *value);

extern double command_number(const char *text, double max)
{
	char *end;
	double value;

	if (!text || !*text)
		return -1;
	value = strtod(text, &end);
	return (*end || !(value >= 0) || (value > max)) ? -1 : value;
}

static char *_drop(node_t *node, const char *value)
{
	(void) value;
	node->dropped = true;
	jobs_lose(node);
	steps_lose(node);
	holdings_lose(node);
	return NULL;
}

static char *_register(node_t *node, const char *value)
{
	(void) value;
	if (node->dropped)
		return xstrdup_printf("%s is dropped: start it", node->name);
	outbox_register(node);
	return NULL;
}

static char *_heal(node_t *node, const char *value)
{
	node_heal(node);
	return _register(node, value);
}

static char *_start(node_t *node, const char *value)
{
	node->started = time(NULL);
	return _heal(node, value);
}

static uint16_t _type_of(const char *name)
{
	for (uint32_t type = 1; type < NO_VAL16; type++) {
		if (!strcmp(rpc_num2string(type), name))
			return type;
	}
	return 0;
}

static char *_mute(node_t *node, const char *value)
{
	uint16_t type;
	int i = 0;

	if (!strcmp(value, "all")) {
		node->mute = true;
		return NULL;
	}
	if (!(type = _type_of(value)))
		return xstrdup_printf(
			"\"%s\" is no message of Slurm such as REQUEST_PING, nor \"all\"",
			value);
	while ((i < NODE_MUTE_MAX) && node->mute_to[i])
		i++;
	if (i == NODE_MUTE_MAX)
		return xstrdup_printf(
			"%s is mute to %d types, no more can be noted",
			node->name, NODE_MUTE_MAX);
	node->mute_to[i] = type;
	return NULL;
}

static char *_delay(node_t *node, const char *value)
{
	double seconds = command_number(value, DELAY_MAX);

	if (seconds < 0)
		return xstrdup_printf(
			"delay is a number of seconds from 0 to %d, not \"%s\"",
			DELAY_MAX, value);
	node->delay = seconds * 1000;
	return NULL;
}

static char *_fault(node_t *node, device_fault_t *fault)
{
	fault->next = node->faults;
	node->faults = fault;
	return _register(node, NULL);
}

static char *_lose(node_t *node, const char *value)
{
	device_fault_t *fault = device_fault_lost(value);

	if (!fault)
		return xstrdup_printf("a device is NAME:INDEX, not \"%s\"",
				      value);
	return _fault(node, fault);
}

static char *_gres(node_t *node, const char *value)
{
	device_fault_t *fault = device_fault_wrong(value);

	if (!fault)
		return xstrdup_printf(
			"GRES is NAME:COUNT with at most %d, not \"%s\"",
			DEVICE_COUNT_MAX, value);
	return _fault(node, fault);
}

static char *_act(node_t *node, act_t act, const char *value)
{
	if (!node->record)
		return xstrdup_printf("%s has left slurm.conf", node->name);
	return act(node, value);
}

static char *_each(char *nodes, act_t act, const char *value)
{
	hostlist_t *names;
	char *name, *why = NULL;

	if (!strcmp(nodes, "all")) {
		for (uint32_t i = 0; (i < node_count) && !why; i++)
			why = _act(&node_table[i], act, value);
		return why;
	}
	if (!(names = hostlist_create(nodes)))
		return xstrdup_printf("\"%s\" is not a list of nodes", nodes);
	while (!why && (name = hostlist_shift(names))) {
		node_t *node = node_by_name(name);

		why = node ? _act(node, act, value)
			   : xstrdup_printf("there is no node \"%s\"", name);
		free(name);
	}
	FREE_NULL_HOSTLIST(names);
	return why;
}

static char *_speed(const char *value)
{
	double factor = command_number(value, SPEED_MAX);

	if (factor <= 0)
		return xstrdup_printf(
			"speed is a factor above 0 and up to %g, not \"%s\"",
			SPEED_MAX, value);
	plan_speed(factor);
	return NULL;
}

static char *_seconds(const char *value)
{
	double seconds = command_number(value, PLAN_SECONDS_MAX);

	if (seconds < 0)
		return xstrdup_printf(
			"seconds are a number from 0 to %g, not \"%s\"",
			PLAN_SECONDS_MAX, value);
	plan_default(seconds);
	return NULL;
}

static void _stat(char **out)
{
	xstrfmtcat(*out, "nodes %u\n", node_count);
	xstrfmtcat(*out, "jobs %u\n", jobs_running());
	xstrfmtcat(*out, "steps %u\n", steps_running());
	xstrfmtcat(*out, "holdings %u\n", holdings());
	xstrfmtcat(*out, "conflicts %" PRIu64 "\n", holding_conflicts());
	xstrfmtcat(*out, "stale %" PRIu64 "\n", holding_stale());
	xstrfmtcat(*out, "waiting %u\n", outbox_waiting());
	xstrfmtcat(*out, "answers %" PRIu64 "\n", answers());
	xstrfmtcat(*out, "forwarded %" PRIu64 "\n", door_forwarded());
	xstrfmtcat(*out, "registrations %" PRIu64 "\n",
		   outbox_confirmed(OUTBOX_REGISTER));
	xstrfmtcat(*out, "prologs %" PRIu64 "\n",
		   outbox_confirmed(OUTBOX_PROLOG));
	xstrfmtcat(*out, "batches %" PRIu64 "\n",
		   outbox_confirmed(OUTBOX_BATCH));
	xstrfmtcat(*out, "epilogs %" PRIu64 "\n",
		   outbox_confirmed(OUTBOX_EPILOG));
}

/* ------------------------------------------------------------------ */
/* Lines */

static const struct {
	const char *verb;
	act_t act; /* on nodes */
	char *(*set)(const char *value); /* without nodes */
	bool value; /* takes one after the nodes */
} verbs[] = {
	{"drop", _drop, NULL, false},  {"start", _start, NULL, false},
	{"mute", _mute, NULL, true},   {"delay", _delay, NULL, true},
	{"lose", _lose, NULL, true},   {"gres", _gres, NULL, true},
	{"heal", _heal, NULL, false},  {"register", _register, NULL, false},
	{"speed", NULL, _speed, true}, {"seconds", NULL, _seconds, true},
};

extern char *command_run(char *line, char **out)
{
	char *save = NULL, *verb = strtok_r(line, " \t\r", &save);
	char *first = strtok_r(NULL, " \t\r", &save);
	char *second = first ? strtok_r(NULL, " \t\r", &save) : NULL;

	if (!verb)
		return xstrdup("an empty line is no command");
	if (!strcmp(verb, "stat")) {
		_stat(out);
		return NULL;
	}
	if (!strcmp(verb, "quit")) {
		loop_stop();
		return NULL;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].verb, verb))
			continue;
		if (!first || (verbs[i].act && (verbs[i].value != !!second)) ||
		    (save && *save) || (verbs[i].set && second))
			return xstrdup_printf("%s takes %s%s", verb,
					      verbs[i].act ? "NODES" : "",
					      verbs[i].value ? " VALUE" : "");
		return verbs[i].set ? verbs[i].set(first)
				    : _each(first, verbs[i].act, second);
	}
	return xstrdup_printf("\"%s\" is no command", verb);
}
