/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORE_MAX 4095
#define INTERFACES_TEXT_MAX 1024
#define JOB_ID_MAX UINT32_MAX
/* Characters of a value that a sentence quotes */
#define QUOTED 64

static const char name_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
static const char provider_characters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-;,^";

typedef struct {
	member_t *member;
	member_get_t get;
	void *arg;
	fault_t *fault;
} reading_t;

static const char *_get(const reading_t *reading, const char *name)
{
	return reading->get(name, reading->arg);
}

static int _refuse(const reading_t *reading, const char *name,
		   const char *value, const char *right)
{
	char safe[QUOTED + 1];
	size_t i;

	for (i = 0; value[i] && (i < QUOTED); i++)
		safe[i] =
			((value[i] < ' ') || (value[i] > '~')) ? '?' : value[i];
	safe[i] = '\0';
	return fault_set(reading->fault, RINGCHECK_USAGE,
			 "%s=%s%s: it must be %s", name, safe,
			 value[i] ? "..." : "", right);
}

static void _note(const reading_t *reading, const char *text)
{
	member_t *member = reading->member;

	if (member->note_count == MEMBER_NOTES_MAX)
		return;
	snprintf(member->notes[member->note_count++], MEMBER_NOTE_MAX, "%s",
		 text);
}

/* A decimal number without sign or blanks; RET its end, NULL: none */
static const char *_digits(const char *text, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	if ((*text < '0') || (*text > '9'))
		return NULL;
	for (; (*text >= '0') && (*text <= '9'); text++) {
		value = value * 10 + (uint64_t) (*text - '0');
		if (value > max)
			return NULL;
	}
	*number = (uint32_t) value;
	return text;
}

static int _number(const reading_t *reading, const char *name,
		   const char *value, uint32_t min, uint32_t max,
		   uint32_t *number)
{
	const char *end = _digits(value, max, number);
	char right[64];

	if (end && !*end && (*number >= min))
		return 0;
	snprintf(right, sizeof(right), "a whole number from %u to %u", min,
		 max);
	return _refuse(reading, name, value, right);
}

static bool _is_made_of(const char *text, const char *characters, size_t size)
{
	size_t length = strlen(text);

	return length && (length < size) &&
	       (strspn(text, characters) == length);
}

/* One pair of variables, both or neither; RET 1: there, 0: not there, -1 */
static int _read_pair(const reading_t *reading, const char *rank_name,
		      const char *world_name, uint32_t *rank, uint32_t *world)
{
	const char *rank_text = _get(reading, rank_name);
	const char *world_text = _get(reading, world_name);

	if (!rank_text && !world_text)
		return 0;
	if (!rank_text || !world_text)
		return fault_set(reading->fault, RINGCHECK_USAGE,
				 "%s is set, but %s is not: set both or "
				 "neither",
				 rank_text ? rank_name : world_name,
				 rank_text ? world_name : rank_name);
	if (_number(reading, world_name, world_text, 1, MEMBER_WORLD_MAX,
		    world) ||
	    _number(reading, rank_name, rank_text, 0, *world - 1, rank))
		return -1;
	return 1;
}

static int _read_world(const reading_t *reading)
{
	member_t *member = reading->member;
	int found = _read_pair(reading, "RANK", "WORLD_SIZE", &member->rank,
			       &member->world);

	if (found)
		return (found < 0) ? -1 : 0;
	found = _read_pair(reading, "SLURM_PROCID", "SLURM_NTASKS",
			   &member->rank, &member->world);
	if (found < 0)
		return -1;
	if (!found)
		return fault_set(reading->fault, RINGCHECK_USAGE,
				 "neither RANK and WORLD_SIZE nor SLURM_PROCID "
				 "and SLURM_NTASKS are set: start it with srun "
				 "neuron-ringcheck");
	_note(reading, "RANK and WORLD_SIZE are not set; SLURM_PROCID and "
		       "SLURM_NTASKS are used");
	return 0;
}

static int _read_local(const reading_t *reading)
{
	member_t *member = reading->member;
	const char *id;
	int found = _read_pair(reading, "LOCAL_RANK", "LOCAL_WORLD_SIZE",
			       &member->local_rank, &member->local_world);

	if (found < 0)
		return -1;
	if (found && (member->local_world > member->world))
		return fault_set(reading->fault, RINGCHECK_USAGE,
				 "LOCAL_WORLD_SIZE=%u: it must not be above "
				 "WORLD_SIZE=%u",
				 member->local_world, member->world);
	if (found || !(id = _get(reading, "SLURM_LOCALID")))
		return 0;
	_note(reading, "LOCAL_RANK is not set; SLURM_LOCALID is used");
	return _number(reading, "SLURM_LOCALID", id, 0, member->world - 1,
		       &member->local_rank);
}

extern int member_root_decode(const char *text, member_root_t *root)
{
	static const char host_characters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789.-";
	static const char six_characters[] = "ABCDEFabcdef0123456789:.";
	const char *colon = strrchr(text, ':'), *end;
	bool six = text[0] == '[';
	member_root_t found = {.port = 0};
	uint32_t port;
	size_t length;

	if (!colon || !(end = _digits(colon + 1, UINT16_MAX, &port)) || *end ||
	    !port)
		return -1;
	if (six && ((colon - text < 3) || (colon[-1] != ']')))
		return -1;
	length = (size_t) (colon - text) - (six ? 2 : 0);
	if (!length || (length >= sizeof(found.host)))
		return -1;
	memcpy(found.host, text + (six ? 1 : 0), length);
	if (!_is_made_of(found.host, six ? six_characters : host_characters,
			 sizeof(found.host)))
		return -1;
	found.port = (uint16_t) port;
	*root = found;
	return 0;
}

static int _read_root(const reading_t *reading)
{
	static const char name[] = "NEURON_RT_ROOT_COMM_ID";
	const char *text = _get(reading, name);

	if (!text) {
		if (reading->member->world == 1)
			return 0;
		return fault_set(reading->fault, RINGCHECK_USAGE,
				 "%s is not set: it must be ADDRESS:PORT of "
				 "rank 0",
				 name);
	}
	if (member_root_decode(text, &reading->member->root))
		return _refuse(reading, name, text,
			       "ADDRESS:PORT of rank 0, an IPv6 address in "
			       "brackets");
	return 0;
}

static int _read_devices(const reading_t *reading)
{
	const char *text = _get(reading, "SLURM_NEURON_DEVICES");
	member_t *member = reading->member;
	neuron_error_t err;

	if (!text) {
		_note(reading, "SLURM_NEURON_DEVICES is not set; no device is "
			       "opened");
		return 0;
	}
	if (devset_decode(text, DEVSET_MAX, &member->devices, &err))
		return _refuse(reading, "SLURM_NEURON_DEVICES", text,
			       "a list of devices such as 0-3,8");
	return 0;
}

/* One element of "0-3,8": RET its end, NULL: malformed */
static const char *_read_run(const char *text, int64_t *last, uint32_t *count)
{
	uint32_t from, to;

	text = _digits(text, CORE_MAX, &from);
	if (!text || ((int64_t) from <= *last))
		return NULL;
	to = from;
	if ((*text == '-') && !(text = _digits(text + 1, CORE_MAX, &to)))
		return NULL;
	if ((to < from) || ((*text != ',') && *text))
		return NULL;
	*last = to;
	*count += to - from + 1;
	return text;
}

static int _read_cores(const reading_t *reading)
{
	static const char name[] = "NEURON_RT_VISIBLE_CORES";
	const char *text = _get(reading, name), *at = text;
	int64_t last = -1;

	if (!text || !*text)
		return 0;
	while ((at = _read_run(at, &last, &reading->member->core_count)) && *at)
		at++;
	if (!at || (reading->member->core_count > MEMBER_CORES_MAX))
		return _refuse(reading, name, text,
			       "an ascending list of cores such as 0,1,2,3");
	return 0;
}

/* Ranks of a node take the interfaces of the list in turn */
static int _read_interface(const reading_t *reading)
{
	static const char right[] = "names of EFA interfaces such as "
				    "rdmap16s25,rdmap16s26";
	const char *text = _get(reading, "FI_EFA_IFACE");
	char list[INTERFACES_TEXT_MAX], *save = NULL;
	const char *names[DEVSET_MAX];
	unsigned int count = 0;

	if (!text || !strcmp(text, "all"))
		return 0;
	if (!*text || (strlen(text) >= sizeof(list)))
		return _refuse(reading, "FI_EFA_IFACE", text, right);
	memcpy(list, text, strlen(text) + 1);
	for (char *name = strtok_r(list, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		if ((count == DEVSET_MAX) ||
		    !_is_made_of(name, name_characters, MEMBER_NAME_MAX))
			return _refuse(reading, "FI_EFA_IFACE", text, right);
		names[count++] = name;
	}
	if (!count)
		return _refuse(reading, "FI_EFA_IFACE", text, right);
	snprintf(reading->member->interface, sizeof(reading->member->interface),
		 "%s", names[reading->member->local_rank % count]);
	return 0;
}

static int _read_provider(const reading_t *reading)
{
	const char *text = _get(reading, "FI_PROVIDER");

	if (!text || !*text)
		return 0;
	if (!_is_made_of(text, provider_characters, MEMBER_NAME_MAX))
		return _refuse(reading, "FI_PROVIDER", text,
			       "a provider of libfabric such as efa or tcp");
	snprintf(reading->member->provider, sizeof(reading->member->provider),
		 "%s", text);
	return 0;
}

static int _read_node(const reading_t *reading, const char *host)
{
	const char *name = _get(reading, "SLURMD_NODENAME");
	const char *id = _get(reading, "SLURM_NODEID");
	member_t *member = reading->member;
	uint32_t number;

	if (id &&
	    _number(reading, "SLURM_NODEID", id, 0, member->world - 1, &number))
		return -1;
	if (!name) {
		if (!_is_made_of(host, name_characters, MEMBER_NAME_MAX))
			host = "unnamed";
		snprintf(member->node, sizeof(member->node), "%s", host);
		_note(reading, "SLURMD_NODENAME is not set; nodes have the "
			       "names of their hosts");
		return 0;
	}
	if (!_is_made_of(name, name_characters, MEMBER_NAME_MAX))
		return _refuse(reading, "SLURMD_NODENAME", name,
			       "a node name of letters, digits, '.', '_', '-'");
	snprintf(member->node, sizeof(member->node), "%s", name);
	return 0;
}

static int _read_job(const reading_t *reading)
{
	const char *job = _get(reading, "SLURM_JOB_ID");
	const char *step = _get(reading, "SLURM_STEP_ID");
	uint32_t job_id, step_id = 0;

	snprintf(reading->member->job, sizeof(reading->member->job), "-");
	if (!job)
		return 0;
	if (_number(reading, "SLURM_JOB_ID", job, 1, JOB_ID_MAX, &job_id) ||
	    (step &&
	     _number(reading, "SLURM_STEP_ID", step, 0, UINT32_MAX, &step_id)))
		return -1;
	if (step)
		snprintf(reading->member->job, MEMBER_JOB_MAX, "%u.%u", job_id,
			 step_id);
	else
		snprintf(reading->member->job, MEMBER_JOB_MAX, "%u", job_id);
	return 0;
}

extern int member_read(member_t *member, member_get_t get, void *arg,
		       const char *host, fault_t *fault)
{
	reading_t reading = {
		.member = member,
		.get = get,
		.arg = arg,
		.fault = fault,
	};

	*member = (member_t){
		.step_nodes = get("SLURM_STEP_NODELIST", arg),
		.step_tasks = get("SLURM_STEP_TASKS_PER_NODE", arg),
	};
	if (_read_world(&reading) || _read_local(&reading) ||
	    _read_root(&reading) || _read_devices(&reading) ||
	    _read_cores(&reading) || _read_interface(&reading) ||
	    _read_provider(&reading) || _read_node(&reading, host) ||
	    _read_job(&reading))
		return -1;
	return 0;
}
