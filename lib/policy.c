/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *name;
	uint8_t number;
} signals[] = {
	{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},
	{"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
	{"URG", SIGURG},
};

static const char *const acts[] = {"none", "notify", "requeue", "requeuehold"};
static const char *const losses[] = {"slurm", "nothing", "restart", "migrate"};

static int _find(const char *const *words, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcasecmp(words[i], text))
			return (int) i;
	}
	return -1;
}

static int _put(char *buf, size_t size, const char *a, const char *b,
		const char *c)
{
	int length = snprintf(buf, size, "%s%s%s", a, b, c);

	if (length >= 0 && (size_t) length < size)
		return length;
	if (size)
		buf[0] = '\0';
	return neuron_error_set(NULL, ENOSPC, "no room");
}

extern int policy_signal_decode(const char *text, policy_signal_t *signal,
				neuron_error_t *why)
{
	bool batch = !strncasecmp(text, "B:", 2);
	const char *name = batch ? text + 2 : text;

	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	for (size_t i = 0; i < COUNT(signals); i++) {
		if (strcasecmp(signals[i].name, name))
			continue;
		*signal = (policy_signal_t){signals[i].number, batch};
		return 0;
	}
	return neuron_error_set(why, EINVAL,
				"no program is told so by this signal; write "
				"HUP, INT, QUIT, TERM, USR1, USR2 or URG, "
				"with B: before it for the batch script");
}

static const char *_signal_name(uint8_t number)
{
	for (size_t i = 0; i < COUNT(signals); i++) {
		if (signals[i].number == number)
			return signals[i].name;
	}
	return NULL;
}

extern int policy_signal_encode(const policy_signal_t *signal, char *buf,
				size_t size)
{
	const char *name = _signal_name(signal->number);

	return _put(buf, size, name && signal->batch ? "B:" : "",
		    name ? name : "", "");
}

extern int policy_act_decode(const char *text, fault_act_t *act,
			     neuron_error_t *why)
{
	int found = _find(acts, COUNT(acts), text);

	if (found < 0)
		return neuron_error_set(why, EINVAL,
					"there is no such policy; write none, "
					"notify, requeue or requeuehold");
	*act = (fault_act_t) found;
	return 0;
}

extern int policy_fault_decode(const char *text, on_fault_t *policy,
			       neuron_error_t *why)
{
	static const char prefix[] = "notify:";
	on_fault_t found = {.act = FAULT_NOTIFY};

	if (strncasecmp(text, prefix, sizeof(prefix) - 1)) {
		if (policy_act_decode(text, &found.act, why))
			return -1;
	} else if (policy_signal_decode(text + sizeof(prefix) - 1,
					&found.signal, why)) {
		return -1;
	}
	*policy = found;
	return 0;
}

extern int policy_fault_encode(const on_fault_t *policy, char *buf, size_t size)
{
	unsigned int act = (unsigned int) policy->act;
	char signal[POLICY_TEXT_MAX] = "";

	if (act == FAULT_NOTIFY)
		(void) policy_signal_encode(&policy->signal, signal,
					    sizeof(signal));
	return _put(buf, size, (act < COUNT(acts)) ? acts[act] : acts[0],
		    signal[0] ? ":" : "", signal);
}

extern int policy_loss_decode(const char *text, member_loss_t *policy,
			      neuron_error_t *why)
{
	int found = _find(losses, COUNT(losses), text);

	if (found < 0)
		return neuron_error_set(why, EINVAL,
					"there is no such policy; write slurm, "
					"nothing, restart or migrate");
	*policy = (member_loss_t) found;
	return 0;
}

extern const char *policy_loss_name(member_loss_t policy)
{
	return ((unsigned int) policy < COUNT(losses)) ? losses[policy]
						       : losses[0];
}

extern on_fault_t policy_decide(const on_fault_t *fault,
				const member_loss_t *loss, uint32_t nodes,
				const on_fault_t *site)
{
	on_fault_t decided = *site;

	if (fault)
		decided = *fault;
	else if (loss && (nodes > 1) && (*loss == MEMBER_LOSS_NOTHING))
		decided.act = FAULT_NONE;
	else if (loss && (nodes > 1) && (*loss != MEMBER_LOSS_SLURM))
		decided.act = FAULT_REQUEUE;
	if (!decided.signal.number)
		decided.signal = site->signal;
	return decided;
}
