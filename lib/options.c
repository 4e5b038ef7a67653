/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "duration.h"

/* Longest piece of refused input that a sentence quotes */
#define QUOTE_MAX 40
/* Least and most parameters of a model */
#define PARAMETERS_MIN UINT64_C(1000000)
#define PARAMETERS_MAX UINT64_C(1000000000000000)

/* Words of an option, in the order of its enumeration; NULL behind the last */
static const char *const launches[] = {"process", "core", NULL};
static const char *const ultraservers[] = {"prefer", "require", "no", NULL};
static const char *const envs[] = {"full", "basic", "none", NULL};

/*
 * Reading values: each function gets a text that is not empty, and records
 * "what is wrong; what would be right".
 */

static bool _is_digit(char c)
{
	return (c >= '0') && (c <= '9');
}

static bool _is_alnum(char c)
{
	return _is_digit(c) || ((c >= 'a') && (c <= 'z')) ||
	       ((c >= 'A') && (c <= 'Z'));
}

static int _read_tp(options_t *options, const char *value, neuron_error_t *why)
{
	uint32_t tp = 0;

	for (const char *at = value; *at; at++) {
		if (!_is_digit(*at))
			return neuron_error_set(
				why, EINVAL,
				"this is no whole number; write 1 to %d",
				OPTIONS_TP_MAX);
		if (tp <= OPTIONS_TP_MAX)
			tp = tp * 10 + (uint32_t) (*at - '0');
	}
	if (!tp || (tp > OPTIONS_TP_MAX))
		return neuron_error_set(
			why, EINVAL, "no job has as many cores; write 1 to %d",
			OPTIONS_TP_MAX);
	options->tp = tp;
	return 0;
}

static int _read_lnc(options_t *options, const char *value, neuron_error_t *why)
{
	if (strcmp(value, "1") && strcmp(value, "2"))
		return neuron_error_set(
			why, EINVAL, "no family has such an LNC; write 1 or 2");
	options->lnc = (uint32_t) (value[0] - '0');
	return 0;
}

static int _read_shape(options_t *options, const char *value,
		       neuron_error_t *why)
{
	for (int i = 0; i < SHAPE_TIERS; i++) {
		if (strcasecmp(value, shape_tier_name((shape_tier_t) i)))
			continue;
		options->shape = (shape_tier_t) i;
		return 0;
	}
	return neuron_error_set(why, EINVAL,
				"there is no such shape; write consecutive, "
				"best, ring or connected");
}

static int _read_wait(options_t *options, const char *value,
		      neuron_error_t *why)
{
	return duration_decode(value, &options->wait, why);
}

static int _find_word(const char *const *words, const char *value)
{
	for (int i = 0; words[i]; i++) {
		if (!strcasecmp(words[i], value))
			return i;
	}
	return -1;
}

static int _read_launch(options_t *options, const char *value,
			neuron_error_t *why)
{
	int word = _find_word(launches, value);

	if (word < 0)
		return neuron_error_set(why, EINVAL,
					"there is no such launch; write "
					"process or core");
	options->launch = (option_launch_t) word;
	return 0;
}

static int _read_ultraserver(options_t *options, const char *value,
			     neuron_error_t *why)
{
	int word = _find_word(ultraservers, value);

	if (word < 0)
		return neuron_error_set(why, EINVAL,
					"there is no such rule; write require, "
					"prefer or no");
	options->ultraserver = (option_ultraserver_t) word;
	return 0;
}

static int _read_env(options_t *options, const char *value, neuron_error_t *why)
{
	int word = _find_word(envs, value);

	if (word < 0)
		return neuron_error_set(why, EINVAL,
					"there is no such environment; write "
					"none, basic or full");
	options->env = (option_env_t) word;
	return 0;
}

static int _read_template(options_t *options, const char *value,
			  neuron_error_t *why)
{
	size_t length = strnlen(value, OPTIONS_NAME_MAX);
	bool right = (length < OPTIONS_NAME_MAX) && _is_alnum(value[0]);

	for (size_t i = 1; right && (i < length); i++)
		right = _is_alnum(value[i]) || strchr("-_.", value[i]);
	if (!right)
		return neuron_error_set(
			why, EINVAL,
			"no template has such a name; write at most %d "
			"letters, digits, \"-\", \"_\" and \".\", the first a "
			"letter or digit",
			OPTIONS_NAME_MAX - 1);
	memset(options->template, 0, sizeof(options->template));
	memcpy(options->template, value, length);
	return 0;
}

static int _read_on_fault(options_t *options, const char *value,
			  neuron_error_t *why)
{
	return policy_fault_decode(value, &options->on_fault, why);
}

static int _read_on_member_loss(options_t *options, const char *value,
				neuron_error_t *why)
{
	return policy_loss_decode(value, &options->on_member_loss, why);
}

/*
 * Models
 */

/* What a letter behind the number stands for; 0: nothing */
static uint64_t _unit(char c)
{
	switch (c) {
	case 'M':
	case 'm':
		return UINT64_C(1000000);
	case 'B':
	case 'b':
		return UINT64_C(1000000000);
	case 'T':
	case 't':
		return UINT64_C(1000000000000);
	default:
		return 0;
	}
}

/*
 * "8.5B" at *text, which is moved behind it. At most six digits stand behind
 * the point, so that the number is whole in every unit.
 * RET parameters; 0: this is no size; UINT64_MAX: too many digits
 */
static uint64_t _read_size(const char **text)
{
	const char *at = *text;
	uint64_t number = 0, scale = 1, unit;
	int digits = 0;
	bool point = false;

	for (; _is_digit(*at) || ((*at == '.') && !point && digits); at++) {
		if (*at == '.') {
			point = true;
			continue;
		}
		if (scale == PARAMETERS_MIN)
			return 0;
		if (++digits > 12)
			return UINT64_MAX;
		number = number * 10 + (uint64_t) (*at - '0');
		scale *= point ? 10 : 1;
	}
	unit = _unit(*at);
	if (!digits || !unit || (point && (scale == 1)))
		return 0;
	*text = at + 1;
	if (number > PARAMETERS_MAX / (unit / scale))
		return UINT64_MAX;
	return number * (unit / scale);
}

/* The next ":WORD" of a model, in small letters; "" at the end; RET -1: neither
 */
static int _next_word(const char **text, char word[8])
{
	size_t length = 0;

	word[0] = '\0';
	if (!**text)
		return 0;
	if (*(*text)++ != ':')
		return -1;
	for (; **text && (**text != ':'); (*text)++) {
		if (!_is_alnum(**text) || (length == 7))
			return -1;
		word[length++] =
			(char) (**text | 0x20); /* digits have the bit too */
	}
	word[length] = '\0';
	return length ? 0 : -1;
}

/* RET bits of a parameter; 0: there is no such type */
static uint32_t _bits(const char *type, bool *trainable)
{
	static const struct {
		const char *name;
		uint32_t bits;
		bool trainable;
	} types[] = {
		{"bf16", 16, true}, {"fp16", 16, true}, {"fp32", 32, true},
		{"fp8", 8, false},  {"int8", 8, false},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, type))
			continue;
		*trainable = types[i].trainable;
		return types[i].bits;
	}
	return 0;
}

/* RET 0; -1: this is no model */
static int _read_words(const char *at, option_model_t *model, bool *trainable)
{
	char word[8];

	if (_next_word(&at, word))
		return -1;
	if (*word && strcmp(word, "train")) {
		if (!(model->bits = _bits(word, trainable)) ||
		    _next_word(&at, word))
			return -1;
	}
	model->train = !strcmp(word, "train");
	return (*at || (*word && !model->train)) ? -1 : 0;
}

static int _read_model(options_t *options, const char *value,
		       neuron_error_t *why)
{
	option_model_t model = {.bits = 16};
	const char *at = value;
	bool trainable = true;
	size_t length = strnlen(value, OPTIONS_NAME_MAX);

	if ((length == OPTIONS_NAME_MAX) ||
	    !(model.parameters = _read_size(&at)))
		return neuron_error_set(
			why, EINVAL,
			"this is no size of a model; write SIZE[:TYPE][:train] "
			"such as 70B, 8.5B:fp8, 350M or 1.2T:bf16:train");
	if ((model.parameters < PARAMETERS_MIN) ||
	    (model.parameters > PARAMETERS_MAX))
		return neuron_error_set(why, EINVAL,
					"no model has as many parameters; "
					"write 1M to 1000T");
	if (_read_words(at, &model, &trainable))
		return neuron_error_set(
			why, EINVAL,
			"what follows the size is no type; write :bf16, :fp16, "
			":fp32, :fp8 or :int8 and then :train, or leave them "
			"out");
	if (model.train && !trainable)
		return neuron_error_set(
			why, EINVAL,
			"models are not trained in this type; write :bf16, "
			":fp16 or :fp32 before :train");
	memcpy(model.text, value, length);
	options->model = model;
	return 0;
}

/*
 * Writing values
 */

static int _put(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* RET length; -1 with errno ENOSPC, buf is "" then */
static int _put(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if ((length >= 0) && ((size_t) length < size))
		return length;
	if (size)
		buf[0] = '\0';
	return neuron_error_set(NULL, ENOSPC, "no room");
}

/* A word of an enumeration that others may have filled: bounded */
static const char *_word(const char *const *words, unsigned int index)
{
	for (unsigned int i = 0; words[i]; i++) {
		if (i == index)
			return words[i];
	}
	return words[0];
}

static int _write_shape(const options_t *options, char *buf, size_t size)
{
	const char *name = shape_tier_name(options->shape);

	return _put(buf, size, "%s", name ? name : "consecutive");
}

extern int options_value(const options_t *options, option_t option, char *buf,
			 size_t size)
{
	if (((unsigned int) option >= OPTION_COUNT) ||
	    !options_has(options, option))
		return neuron_error_set(NULL, ENOENT, "not given");
	switch (option) {
	case OPTION_TP:
		return _put(buf, size, "%u", options->tp);
	case OPTION_LNC:
		return _put(buf, size, "%u", options->lnc);
	case OPTION_SHAPE:
		return _write_shape(options, buf, size);
	case OPTION_WAIT:
		return duration_encode(options->wait, buf, size);
	case OPTION_LAUNCH:
		return _put(buf, size, "%s", _word(launches, options->launch));
	case OPTION_ULTRASERVER:
		return _put(buf, size, "%s",
			    _word(ultraservers, options->ultraserver));
	case OPTION_TEMPLATE:
		return _put(buf, size, "%s", options->template);
	case OPTION_ENV:
		return _put(buf, size, "%s", _word(envs, options->env));
	case OPTION_MODEL:
		return _put(buf, size, "%s", options->model.text);
	case OPTION_ON_FAULT:
		return policy_fault_encode(&options->on_fault, buf, size);
	case OPTION_ON_MEMBER_LOSS:
		return _put(buf, size, "%s",
			    policy_loss_name(options->on_member_loss));
	case OPTION_COUNT:
		break;
	}
	return neuron_error_set(NULL, ENOENT, "no such option");
}

/*
 * Options
 */

typedef struct {
	const char *name;
	const char *argument;
	const char *help;
	int (*read)(options_t *options, const char *value, neuron_error_t *why);
} row_t;

static const row_t rows[OPTION_COUNT] = {
	[OPTION_TP] = {"tp", "N", "tensor-parallel degree, in logical cores",
		       _read_tp},
	[OPTION_LNC] = {"lnc", "1|2", "physical cores that make a logical core",
			_read_lnc},
	[OPTION_SHAPE] = {"shape", "consecutive|best|ring|connected",
			  "which sets of devices will do", _read_shape},
	[OPTION_WAIT] = {"wait", "TIME",
			 "how long to wait before a wider shape will do",
			 _read_wait},
	[OPTION_LAUNCH] = {"launch", "process|core",
			   "one process for several cores, or one for each",
			   _read_launch},
	[OPTION_ULTRASERVER] = {"ultraserver", "require|prefer|no",
				"whether nodes must share UltraServers",
				_read_ultraserver},
	[OPTION_TEMPLATE] = {"template", "NAME",
			     "take options and devices from a template",
			     _read_template},
	[OPTION_ENV] = {"env", "none|basic|full",
			"how much of the environment to set", _read_env},
	[OPTION_MODEL] = {"model", "SIZE[:TYPE][:train]",
			  "choose devices whose memory holds a model",
			  _read_model},
	[OPTION_ON_FAULT] = {"on-fault",
			     "none|notify[:[B:]SIGNAL]|requeue|requeuehold",
			     "what to do when a device of the job fails",
			     _read_on_fault},
	[OPTION_ON_MEMBER_LOSS] = {"on-member-loss",
				   "slurm|nothing|restart|migrate",
				   "what to do when the job loses a node",
				   _read_on_member_loss},
};

extern const char *option_name(option_t option)
{
	return ((unsigned int) option < OPTION_COUNT) ? rows[option].name
						      : NULL;
}

extern const char *option_argument(option_t option)
{
	return ((unsigned int) option < OPTION_COUNT) ? rows[option].argument
						      : NULL;
}

extern const char *option_help(option_t option)
{
	return ((unsigned int) option < OPTION_COUNT) ? rows[option].help
						      : NULL;
}

/* "OnFault" is "on-fault" too */
static bool _is_name(const char *name, const char *text)
{
	for (; *name && *text; name++) {
		if ((*name == '-') && (*text != '-'))
			continue;
		if (strncasecmp(name, text, 1))
			return false;
		text++;
	}
	return !*name && !*text;
}

extern option_t option_of_name(const char *name)
{
	int option = 0;

	while ((option < OPTION_COUNT) &&
	       (!name || !_is_name(rows[option].name, name)))
		option++;
	return (option_t) option;
}

extern int options_set_value(options_t *options, option_t option,
			     const char *value, neuron_error_t *why)
{
	options_t changed = *options;

	if ((unsigned int) option >= OPTION_COUNT)
		return neuron_error_set(why, EINVAL, "there is no such option");
	if (!value || !*value)
		return neuron_error_set(why, EINVAL,
					"no value is given; write %s",
					rows[option].argument);
	if (rows[option].read(&changed, value, why))
		return -1;
	changed.given |= UINT32_C(1) << option;
	*options = changed;
	return 0;
}

/* Printable copy of refused input, cut */
static const char *_quote(const char *text, char buf[QUOTE_MAX + 4])
{
	size_t length = strnlen(text, QUOTE_MAX);

	for (size_t i = 0; i < length; i++)
		buf[i] = ((text[i] < ' ') || (text[i] > '~')) ? '?' : text[i];
	memcpy(buf + length, "...", 4);
	if (!text[length])
		buf[length] = '\0';
	return buf;
}

extern int options_set(options_t *options, option_t option, const char *value,
		       neuron_error_t *err)
{
	const char *name = option_name(option);
	char quote[QUOTE_MAX + 4];
	neuron_error_t why;

	if (!options_set_value(options, option, value, &why))
		return 0;
	return neuron_error_set(err, EINVAL, "--neuron-%s=%s: %.400s",
				name ? name : "?",
				_quote(value ? value : "", quote), why.text);
}

/*
 * The text form
 */

static int _decode_pair(char *pair, options_t *options, neuron_error_t *err)
{
	char *value = strchr(pair, '='), quote[QUOTE_MAX + 4];
	option_t option;

	if (value)
		*value++ = '\0';
	option = option_of_name(pair);
	if (!value || (option == OPTION_COUNT) ||
	    strcmp(pair, rows[option].name))
		return neuron_error_set(
			err, EINVAL,
			"\"%s\" in " OPTIONS_VARIABLE " is no option; write "
			"NAME=VALUE with a name out of tp, lnc, shape, wait, "
			"launch, ultraserver, template, env, model, "
			"on-fault, on-member-loss",
			_quote(pair, quote));
	if (options_has(options, option))
		return neuron_error_set(err, EINVAL,
					"%s stands twice in " OPTIONS_VARIABLE
					"; write it once",
					pair);
	return options_set(options, option, value, err);
}

static int _decode(char *text, options_t *options, neuron_error_t *err)
{
	while (text) {
		char *next = strchr(text, ',');

		if (next)
			*next++ = '\0';
		if (_decode_pair(text, options, err))
			return -1;
		text = next;
	}
	return 0;
}

extern int options_decode(const char *text, options_t *options,
			  neuron_error_t *err)
{
	char copy[OPTIONS_TEXT_MAX];
	size_t length = text ? strnlen(text, sizeof(copy)) : 0;

	memset(options, 0, sizeof(*options));
	if (!length)
		return 0;
	if (length == sizeof(copy))
		return neuron_error_set(err, EINVAL,
					OPTIONS_VARIABLE
					" is longer than %d bytes; write each "
					"option once",
					OPTIONS_TEXT_MAX - 1);
	memcpy(copy, text, length + 1);
	if (!_decode(copy, options, err))
		return 0;
	memset(options, 0, sizeof(*options));
	errno = EINVAL;
	return -1;
}

extern int options_encode(const options_t *options, char *buf, size_t size)
{
	size_t used = 0;

	if (!buf || !size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	buf[0] = '\0';
	for (int i = 0; i < OPTION_COUNT; i++) {
		char value[OPTIONS_NAME_MAX];
		int length;

		if (!options_has(options, (option_t) i))
			continue;
		if ((options_value(options, (option_t) i, value,
				   sizeof(value)) < 0) ||
		    ((length = _put(buf + used, size - used, "%s%s=%s",
				    used ? "," : "", rows[i].name, value)) <
		     0)) {
			buf[0] = '\0';
			return -1;
		}
		used += (size_t) length;
	}
	return (int) used;
}

extern int options_find(const char *const *environment, uint32_t count,
			options_t *options, neuron_error_t *err)
{
	static const char name[] = OPTIONS_VARIABLE "=";
	const char *found = NULL;

	memset(options, 0, sizeof(*options));
	for (uint32_t i = 0; environment && (i < count); i++) {
		if (!environment[i] ||
		    strncmp(environment[i], name, sizeof(name) - 1))
			continue;
		if (found)
			return neuron_error_set(
				err, EINVAL,
				OPTIONS_VARIABLE
				" stands twice in the environment of the job; "
				"leave it to the --neuron- options");
		found = environment[i] + sizeof(name) - 1;
	}
	return options_decode(found, options, err);
}

/*
 * Several options together
 */

static void _take(options_t *options, const options_t *from, option_t option)
{
	switch (option) {
	case OPTION_TP:
		options->tp = from->tp;
		break;
	case OPTION_LNC:
		options->lnc = from->lnc;
		break;
	case OPTION_SHAPE:
		options->shape = from->shape;
		break;
	case OPTION_WAIT:
		options->wait = from->wait;
		break;
	case OPTION_LAUNCH:
		options->launch = from->launch;
		break;
	case OPTION_ULTRASERVER:
		options->ultraserver = from->ultraserver;
		break;
	case OPTION_TEMPLATE:
		memcpy(options->template, from->template,
		       sizeof(options->template));
		break;
	case OPTION_ENV:
		options->env = from->env;
		break;
	case OPTION_MODEL:
		options->model = from->model;
		break;
	case OPTION_ON_FAULT:
		options->on_fault = from->on_fault;
		break;
	case OPTION_ON_MEMBER_LOSS:
		options->on_member_loss = from->on_member_loss;
		break;
	case OPTION_COUNT:
		break;
	}
}

extern void options_fill(options_t *options, const options_t *others)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (options_has(options, (option_t) i) ||
		    !options_has(others, (option_t) i))
			continue;
		_take(options, others, (option_t) i);
		options->given |= UINT32_C(1) << i;
	}
}

extern int options_check(const options_t *options, neuron_error_t *err)
{
	if (!options_has(options, OPTION_LAUNCH) ||
	    (options->launch != OPTION_LAUNCH_PROCESS) ||
	    !options_has(options, OPTION_SHAPE) ||
	    (options->shape == SHAPE_CONSECUTIVE))
		return 0;
	return neuron_error_set(
		err, EINVAL,
		"shape=%s does not go with launch=process, since a process "
		"needs consecutive devices; write shape=consecutive or "
		"launch=core",
		shape_tier_name(options->shape));
}

extern shape_tier_t options_tier(const options_t *options, shape_tier_t site)
{
	if (options_has(options, OPTION_SHAPE))
		return options->shape;
	if (options_has(options, OPTION_LAUNCH) &&
	    (options->launch == OPTION_LAUNCH_CORE))
		return (site > SHAPE_BEST) ? site : SHAPE_BEST;
	return site;
}
