/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: what a user asks with --neuron-..., parsed and bounded.
 *
 *	tp=N			tensor-parallel degree in logical cores, 1 to
 *				OPTIONS_TP_MAX
 *	lnc=1|2			physical cores that make one logical core
 *	shape=consecutive|best|ring|connected	tier of device sets
 *	wait=TIME		how long to wait before one tier is given up
 *				(duration.h, or never)
 *	launch=process|core	one process owns several cores, or one
 *				process for each core
 *	ultraserver=require|prefer|no	whether nodes must be as few
 *				UltraServers, and legal groups of them, as so
 *				many nodes can be
 *	template=NAME		a TemplateName of neuron.conf
 *	env=none|basic|full	how much of the environment is set
 *	on-fault=none|notify[:[B:]SIGNAL]|requeue|requeuehold	what is done to
 *				the job when one of its devices fails
 *	on-member-loss=slurm|nothing|restart|migrate	what is done to it when
 *				it loses one of its nodes
 *	model=SIZE[:TYPE][:train]	choose devices whose memory holds the
 *				weights: 70B, 8.5B, 350M or 1.2T parameters of
 *				type bf16 (default), fp16, fp32, fp8 or int8;
 *				with the states of training when asked
 *
 * The text form of several is "tp=8,lnc=1,shape=best". Plugins carry it in
 * the SPANK environment of a job under OPTIONS_VARIABLE, where a user could
 * have written anything: it is decoded with the same care as a command line.
 */
#ifndef NEURON_OPTIONS_H
#define NEURON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "error.h"
#include "policy.h"
#include "shape.h"

/* Name in the SPANK environment of a job; Prolog and Epilog see it with the
 * prefix "SPANK_" (spank(7), spank_job_control_setenv) */
#define OPTIONS_VARIABLE "NEURON_OPTIONS"
/* Longest text form with its final NUL, bytes */
#define OPTIONS_TEXT_MAX 512
#define OPTIONS_NAME_MAX 64
#define OPTIONS_TP_MAX 65536

typedef enum {
	OPTION_TP,
	OPTION_LNC,
	OPTION_SHAPE,
	OPTION_WAIT,
	OPTION_LAUNCH,
	OPTION_ULTRASERVER,
	OPTION_TEMPLATE,
	OPTION_ENV,
	OPTION_MODEL,
	OPTION_ON_FAULT,
	OPTION_ON_MEMBER_LOSS,
	OPTION_COUNT
} option_t;

typedef enum { OPTION_LAUNCH_PROCESS, OPTION_LAUNCH_CORE } option_launch_t;

typedef enum {
	OPTION_ULTRASERVER_PREFER,
	OPTION_ULTRASERVER_REQUIRE,
	OPTION_ULTRASERVER_NO
} option_ultraserver_t;

typedef enum {
	OPTION_ENV_FULL,
	OPTION_ENV_BASIC,
	OPTION_ENV_NONE
} option_env_t;

typedef struct {
	uint64_t parameters; /* 1 million to 1000 * 10^12 */
	uint32_t bits; /* of one parameter */
	bool train;
	char text[OPTIONS_NAME_MAX]; /* as the user wrote it, "70B:bf16" */
} option_model_t;

typedef struct {
	uint32_t given; /* bit i: option i is given; the others hold 0 */
	uint32_t tp;
	uint32_t lnc;
	shape_tier_t shape;
	uint32_t wait; /* seconds, DURATION_NEVER */
	option_launch_t launch;
	option_ultraserver_t ultraserver;
	option_env_t env;
	on_fault_t on_fault;
	member_loss_t on_member_loss;
	/* letters, digits, '-', '_' and '.', the first a letter or digit */
	char template[OPTIONS_NAME_MAX];
	option_model_t model;
} options_t;

/* The name, such as "tp", what stands for its value in a usage line, such as
 * "N", and one line of help. Out of range: NULL */
extern const char *option_name(option_t option);
extern const char *option_argument(option_t option);
extern const char *option_help(option_t option);

static inline bool options_has(const options_t *options, option_t option)
{
	return options->given & (UINT32_C(1) << option);
}

/* The option of a name, without regard to case and to "-", as in neuron.conf;
 * OPTION_COUNT: none */
extern option_t option_of_name(const char *name);

/*
 * Set one option from its text. The last one given counts. Words have no
 * regard to case.
 * RET 0; -1 with errno EINVAL and a sentence that names the option as
 *	"--neuron-NAME", quotes the value (what is not printable replaced, cut)
 *	and says what would be right; options untouched then.
 */
extern int options_set(options_t *options, option_t option, const char *value,
		       neuron_error_t *err);

/*
 * The same for a caller that names the place and quotes the value itself:
 * the sentence is "what is wrong; what would be right".
 */
extern int options_set_value(options_t *options, option_t option,
			     const char *value, neuron_error_t *why);

/*
 * Read the text form; each option at most once, its name in small letters. ""
 * and NULL give no option.
 * RET 0; -1 with errno EINVAL, options empty.
 */
extern int options_decode(const char *text, options_t *options,
			  neuron_error_t *err);

/* RET the length of the canonical text form ("" without options); -1 with
 * errno ENOSPC */
extern int options_encode(const options_t *options, char *buf, size_t size);

/* The canonical text of one option's value, which options_set() takes; RET its
 * length; -1 with errno ENOSPC, or ENOENT when it is not given */
extern int options_value(const options_t *options, option_t option, char *buf,
			 size_t size);

/*
 * Find the options in a SPANK job environment: count strings "NAME=value".
 * Strings without OPTIONS_VARIABLE are passed over.
 * RET 0, options empty when there are none; -1 with errno EINVAL: there are
 *	several, or they cannot be decoded; options empty.
 */
extern int options_find(const char *const *environment, uint32_t count,
			options_t *options, neuron_error_t *err);

/* Take what is not given from others (those of a template, say) */
extern void options_fill(options_t *options, const options_t *others);

/*
 * Whether options contradict each other: a process that owns several cores
 * (launch=process) needs consecutive devices, so that a wider shape does not
 * go with it.
 * RET 0; -1 with errno EINVAL and a sentence.
 */
extern int options_check(const options_t *options, neuron_error_t *err);

/*
 * The tier a job asks for: its shape; else that of the site, but at least
 * "best" when every process has one core (launch=core), whose cores need not
 * be consecutive.
 */
extern shape_tier_t options_tier(const options_t *options, shape_tier_t site);

#endif
