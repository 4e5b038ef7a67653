/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "template.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Longest part of a sentence that lists families */
#define LIST_MAX 160

static int _set_name(template_t *template, const char *value,
		     neuron_error_t *why)
{
	options_t options = {0};

	if (options_set_value(&options, OPTION_TEMPLATE, value, why))
		return -1;
	memcpy(template->name, options.template, sizeof(template->name));
	return 0;
}

static int _set_devices(template_t *template, const char *value,
			neuron_error_t *why)
{
	size_t length = strspn(value, "0123456789");
	uint32_t devices = 0;

	for (size_t i = 0; (i < length) && (devices <= PROFILE_DEVICES_MAX);
	     i++)
		devices = devices * 10 + (uint32_t) (value[i] - '0');
	if (!length || value[length] || !devices ||
	    (devices > PROFILE_DEVICES_MAX))
		return neuron_error_set(
			why, EINVAL,
			"no node has such a number of devices; write 1 to %d",
			PROFILE_DEVICES_MAX);
	template->devices = devices;
	return 0;
}

static int _set_type(template_t *template, const char *value,
		     neuron_error_t *why)
{
	size_t length = strnlen(value, GRES_TYPE_MAX);
	bool right = (length < GRES_TYPE_MAX) && islower(value[0]);

	for (size_t i = 1; right && (i < length); i++)
		right = islower(value[i]) || isdigit(value[i]);
	if (!right)
		return neuron_error_set(
			why, EINVAL,
			"this is no GRES type; write at most %d small letters "
			"and digits, for example trn2",
			GRES_TYPE_MAX - 1);
	memset(template->type, 0, sizeof(template->type));
	memcpy(template->type, value, length);
	return 0;
}

static int _set_efa(template_t *template, const char *value,
		    neuron_error_t *why)
{
	bool none = !strcasecmp(value, "none");

	if (!none && strcasecmp(value, "aligned"))
		return neuron_error_set(why, EINVAL,
					"EFA interfaces can be given like this "
					"or not at all; write aligned or none");
	template->efa_none = none;
	return 0;
}

static int _set_description(template_t *template, const char *value,
			    neuron_error_t *why)
{
	size_t length = strnlen(value, TEMPLATE_DESCRIPTION_MAX);
	bool right = (length < TEMPLATE_DESCRIPTION_MAX);

	for (size_t i = 0; right && (i < length); i++)
		right = (value[i] >= ' ') && (value[i] <= '~');
	if (!right)
		return neuron_error_set(
			why, EINVAL,
			"this cannot be shown in a line; write at most %d "
			"printable ASCII characters",
			TEMPLATE_DESCRIPTION_MAX - 1);
	memset(template->description, 0, sizeof(template->description));
	memcpy(template->description, value, length);
	return 0;
}

static const struct {
	const char *key;
	int (*set)(template_t *template, const char *value,
		   neuron_error_t *why);
} keys[] = {
	{"TemplateName", _set_name},
	{"Devices", _set_devices},
	{"Type", _set_type},
	{"Efa", _set_efa},
	{"Description", _set_description},
};

extern int template_set(template_t *template, const char *key,
			const char *value, neuron_error_t *why)
{
	option_t option = option_of_name(key);

	if (!key || !value)
		return neuron_error_set(why, EINVAL, "no key or no value");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcasecmp(key, keys[i].key))
			return keys[i].set(template, value, why);
	}
	if ((option == OPTION_COUNT) || (option == OPTION_TEMPLATE) ||
	    (option == OPTION_MODEL))
		return neuron_error_set(why, ENOENT,
					"a template has no such key");
	return options_set_value(&template->options, option, value, why);
}

/*
 * Checking
 */

static bool _is_type(const template_t *template, const profile_t *profile)
{
	return !template->type[0] ||
	       !strcmp(template->type, profile_type(profile));
}

/* The GRES types of the families, each once */
static void _list_types(const profile_t *const *profiles, uint32_t count,
			char list[LIST_MAX])
{
	size_t used = 0;

	list[0] = '\0';
	for (uint32_t i = 0; (i < count) && (used < LIST_MAX); i++) {
		const char *type = profile_type(profiles[i]);
		uint32_t other = 0;
		int n;

		while (strcmp(profile_type(profiles[other]), type))
			other++;
		if (other < i)
			continue;
		n = snprintf(list + used, LIST_MAX - used, "%s%s",
			     used ? ", " : "", type);
		used += (n < 0) ? LIST_MAX : (size_t) n;
	}
}

/* The machines of a family can have any LNC that it knows */
static bool _suits_tp(const template_t *template, const profile_t *profile,
		      unsigned int lnc)
{
	uint32_t cores =
		template->devices * profile_logical_cores(profile, lnc);
	uint32_t tp = template->options.tp;

	return cores && (!(cores % tp) || !(tp % cores));
}

/* Whether some family with the devices can have the LNC, and the tp with it */
static void _find_options(const template_t *template, const profile_t *profile,
			  bool *lnc, bool *tp)
{
	const options_t *options = &template->options;

	for (unsigned int i = 1; i <= 2; i++) {
		if (!profile_lnc_is_legal(profile, i) ||
		    (options_has(options, OPTION_LNC) && (options->lnc != i)))
			continue;
		*lnc = true;
		if (!options_has(options, OPTION_TP) ||
		    _suits_tp(template, profile, i))
			*tp = true;
	}
}

static int _check_families(const template_t *template,
			   const profile_t *const *profiles, uint32_t count,
			   neuron_error_t *why)
{
	unsigned int most = 0;
	char list[LIST_MAX];
	bool lnc = false, tp = false;

	for (uint32_t i = 0; i < count; i++) {
		unsigned int devices = profile_device_count(profiles[i]);

		if (!_is_type(template, profiles[i]))
			continue;
		most = (devices > most) ? devices : most;
		if (devices >= template->devices)
			_find_options(template, profiles[i], &lnc, &tp);
	}
	_list_types(profiles, count, list);
	if (!most && template->type[0] && count)
		return neuron_error_set(why, EINVAL,
					"no NodeName line has a profile of "
					"type %s; the types here are %s",
					template->type, list);
	if (most < template->devices)
		return neuron_error_set(why, EINVAL,
					"no node of this file has %u such "
					"devices; the most is %u",
					template->devices, most);
	if (!lnc)
		return neuron_error_set(why, EINVAL,
					"no node of this file that has the "
					"devices can have Lnc=%u; leave it out",
					template->options.lnc);
	if (!tp)
		return neuron_error_set(
			why, EINVAL,
			"Tp=%u neither divides the logical cores of %u such "
			"devices nor is a multiple of them; write for example "
			"Tp=%u",
			template->options.tp, template->devices,
			template->devices);
	return 0;
}

extern int template_check(const template_t *template,
			  const profile_t *const *profiles, uint32_t count,
			  neuron_error_t *why)
{
	if (!template->devices)
		return neuron_error_set(why, EINVAL,
					"the line has no Devices; add for "
					"example Devices=4");
	if (options_check(&template->options, why))
		return -1;
	return _check_families(template, profiles, count, why);
}
