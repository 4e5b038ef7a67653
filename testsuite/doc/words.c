/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words: what the programs know, for comparison with what the manual says.
 *
 *	key SCOPE NAME		a key of neuron.conf; SCOPE is the first key of
 *				its line, or "site"
 *	default KEY VALUE	what it is without the key
 *	bound KEY VALUE		a number that limits it
 *	word PLACE VALUE	a value that KEY or --neuron-NAME takes
 *	option NAME		--neuron-NAME
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf.h"
#include "lib/options.h"
#include "lib/template.h"

#define TEXT_MAX 128

/* No line that is read here names a node */
static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	(void) text;
	(void) each;
	(void) arg;
	errno = EINVAL;
	return -1;
}

static void _fail(const char *what, const char *why)
{
	fprintf(stderr, "words: %s: %s\n", what, why);
	exit(1);
}

static conf_t *_decode(const char *text, neuron_error_t *err)
{
	return conf_decode(text, "neuron.conf", "/nowhere", _expand, err);
}

static void _print_keys(void)
{
	const char *name, *head;

	for (unsigned int i = 0; (name = conf_key(i, &head)); i++) {
		if (!head || !strcmp(name, head))
			printf("key site %s\n", name);
		if (head)
			printf("key %s %s\n", head, name);
	}
}

static void _print_number(const char *what, const char *key, unsigned int n)
{
	printf("%s %s %u\n", what, key, n);
}

static void _print_defaults(void)
{
	neuron_error_t err;
	conf_t *conf = _decode("", &err);
	uint16_t first, last;
	char path[256];

	if (!conf)
		_fail("an empty file", err.text);
	conf_root_ports(conf, &first, &last);
	(void) conf_runtime_dir(conf, NULL, path, sizeof(path));
	printf("default RuntimeDir %s\n", path);
	printf("default RootPorts %u-%u\n", first, last);
	printf("default Root %s\n",
	       conf_root(conf, NULL, path, sizeof(path)) ? path : "/");
	printf("default ShapeWait %s\n",
	       (conf_tier_wait(conf) == DURATION_NEVER) ? "never" : "?");
	printf("default LncFile %s\n",
	       conf_lnc_file(conf) ? conf_lnc_file(conf) : "no");
	printf("default DeviceServices %s\n",
	       conf_is_service(conf, CONF_SERVICES) ? CONF_SERVICES : "?");
	conf_destroy(conf);
}

static void _print_bounds(void)
{
	_print_number("bound", "RootPorts", CONF_ROOT_PORTS_MIN);
	_print_number("bound", "ResetWait", CONF_RESET_WAIT_MAX);
	_print_number("bound", "HealthInterval", CONF_HEALTH_INTERVAL_MAX);
	_print_number("bound", "NodeName", CONF_NODES_MAX);
	_print_number("bound", "UltraServerName", CONF_NAME_MAX - 1);
	_print_number("bound", "TemplateName", OPTIONS_NAME_MAX - 1);
	_print_number("bound", "TemplateName", CONF_TEMPLATES_MAX);
	_print_number("bound", "Devices", PROFILE_DEVICES_MAX);
	_print_number("bound", "Type", GRES_TYPE_MAX - 1);
	_print_number("bound", "Description", TEMPLATE_DESCRIPTION_MAX - 1);
	_print_number("bound", "--neuron-tp", OPTIONS_TP_MAX);
}

/*
 * Words. A value that a key cannot have is refused with a list of those that
 * it can: "...; write A, B or C".
 */

static char *_find_values(char *sentence)
{
	static const char before[] = "; write ";
	char *list = strstr(sentence, before);

	if (!list || strpbrk(list + strlen(before), ".:/<"))
		return NULL;
	return list + strlen(before);
}

/* RET the next word of such a list; NULL behind the last */
static const char *_next_value(char **list)
{
	const char *word;

	do
		word = strtok_r(NULL, ", ", list);
	while (word && !strcmp(word, "or"));
	return word;
}

static int _numbering(const conf_t *conf)
{
	return (int) conf_numbering(conf);
}

static int _tier(const conf_t *conf)
{
	return (int) conf_tier(conf);
}

static int _undocumented(const conf_t *conf)
{
	return conf_undocumented_allowed(conf);
}

static int _candidates(const conf_t *conf)
{
	return (int) conf_candidates(conf);
}

static int _view(const conf_t *conf)
{
	return (int) conf_private_view(conf);
}

static int _weights(const conf_t *conf)
{
	return (int) conf_weights(conf);
}

static int _bad_device(const conf_t *conf)
{
	return (int) conf_bad_device(conf);
}

static int _strings(const conf_t *conf)
{
	return (int) conf_cloud_health_strings(conf);
}

static const struct {
	const char *key;
	int (*get)(const conf_t *conf);
} choices[] = {
	{"CoreNumbering", _numbering},
	{"Shape", _tier},
	{"UndocumentedSizes", _undocumented},
	{"CandidateNodes", _candidates},
	{"PrivateView", _view},
	{"SizeWeights", _weights},
	{"BadDevice", _bad_device},
	{"CloudHealthStrings", _strings},
};

/* A word is the default when a file with it means the same as an empty one */
static void _print_choice(const char *key, int (*get)(const conf_t *conf))
{
	conf_t *empty = _decode("", NULL), *conf;
	char line[TEXT_MAX];
	neuron_error_t err;
	const char *word;
	char *list;

	(void) snprintf(line, sizeof(line), "%s=?\n", key);
	if (_decode(line, &err) || !(list = _find_values(err.text)))
		_fail(line, "was not refused with a list of words");
	while ((word = _next_value(&list))) {
		neuron_error_t why;

		(void) snprintf(line, sizeof(line), "%s=%s\n", key, word);
		if (!(conf = _decode(line, &why)))
			_fail(line, why.text);
		printf("word %s %s\n", key, word);
		if (get(conf) == get(empty))
			printf("default %s %s\n", key, word);
		conf_destroy(conf);
	}
	conf_destroy(empty);
}

static void _print_option(option_t option)
{
	options_t options = {0};
	neuron_error_t err;
	const char *word;
	char *list;

	printf("option %s\n", option_name(option));
	/* How many cores, and how long, are no words */
	if ((option == OPTION_TP) || (option == OPTION_WAIT) ||
	    !options_set_value(&options, option, "?", &err) ||
	    !(list = _find_values(err.text)))
		return;
	while ((word = _next_value(&list)))
		printf("word --neuron-%s %s\n", option_name(option), word);
}

int main(void)
{
	_print_keys();
	_print_defaults();
	_print_bounds();
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		_print_choice(choices[i].key, choices[i].get);
	for (option_t option = 0; option < OPTION_COUNT; option++)
		_print_option(option);
	return 0;
}
