/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

/* Slurm makes it of plugin_name and of the name of the option (spank.c,
 * _opt_env_name()) */
#define CARRIER "_SLURM_SPANK_OPTION_neuron_neuron_"
#define VARIABLE_MAX 128

static options_t given;

/* Slurm gives the callback nothing of ours but this number */
static int _take(int option, const char *value, int remote)
{
	neuron_error_t err;

	(void) remote;
	if (!options_set(&given, option, value, &err))
		return ESPANK_SUCCESS;
	slurm_spank_log("%s", err.text);
	return ESPANK_BAD_ARG;
}

/* Slurm writes "_" for what cannot stand in the name of a variable */
static void _unset(const char *prefix, const char *option)
{
	char name[VARIABLE_MAX];

	snprintf(name, sizeof(name), "%s" CARRIER "%s", prefix, option);
	for (char *at = name; (at = strchr(at, '-'));)
		*at = '_';
	unsetenv(name);
}

static void _forget_outer_job(void)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		_unset("", option_name(i));
		_unset("SLURM_SPANK_", option_name(i));
	}
	unsetenv("SLURM_SPANK_" OPTIONS_VARIABLE);
}

extern int ask_register(spank_t spank)
{
	if ((spank_context() == S_CTX_ALLOCATOR) && getenv("SLURM_JOB_ID"))
		_forget_outer_job();
	for (int i = 0; i < OPTION_COUNT; i++) {
		char name[VARIABLE_MAX];
		struct spank_option option = {
			.name = name,
			.arginfo = (char *) option_argument(i),
			.usage = (char *) option_help(i),
			.has_arg = 1,
			.val = i,
			.cb = _take,
		};

		snprintf(name, sizeof(name), "neuron-%s", option_name(i));
		if (spank_option_register(spank, &option))
			return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern int ask_hand_on(spank_t spank)
{
	char text[OPTIONS_TEXT_MAX];

	if (!given.given)
		return SLURM_SUCCESS;
	if ((options_encode(&given, text, sizeof(text)) < 0) ||
	    spank_job_control_setenv(spank, OPTIONS_VARIABLE, text, 1)) {
		slurm_spank_log(
			"options --neuron-...: they cannot be handed to slurmctld");
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern const options_t *ask_options(void)
{
	return &given;
}
