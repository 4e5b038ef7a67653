/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo sizes: what a job can ask of each family */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "hosts.h"
#include "topo.h"

#include "lib/catalog.h"

static int _sizes(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_sizes = {
	.name = "sizes",
	.arguments = "[--all] [--json]",
	.help = "numbers of devices that a job can ask, their memory, and templates",
	.details =
		"  --all              every family that has a profile, not those of neuron.conf\n"
		"  --profile-dir DIR  where profiles are, with --all\n"
		"  --json\n",
	.run = _sizes,
};

typedef struct {
	const profile_t *profile;
	const shape_t *shape;
} family_t;

static json_object *_size_json(const family_t *family, unsigned int count)
{
	json_object *one = json_object_new_object();
	json_object *tiers = json_object_new_array();

	json_object_object_add(one, "devices",
			       json_object_new_int((int) count));
	json_object_object_add(
		one, "logical_cores",
		json_object_new_int(
			(int) (count *
			       profile_logical_cores(
				       family->profile,
				       profile_default_lnc(family->profile)))));
	json_object_object_add(
		one, "memory_mib",
		json_object_new_int64((
			int64_t) (count *
				  profile_device_memory_mib(family->profile))));
	json_object_object_add(
		one, "efas",
		json_object_new_int((int) shape_efa_count(family->shape, count,
							  SHAPE_CONSECUTIVE)));
	json_object_object_add(
		one, "documented",
		json_object_new_boolean(
			profile_size_is_documented(family->profile, count)));
	for (int tier = 0; tier < SHAPE_TIERS; tier++) {
		if (shape_size_is_possible(family->shape, count,
					   (shape_tier_t) tier))
			json_object_array_add(
				tiers, json_object_new_string(shape_tier_name(
					       (shape_tier_t) tier)));
	}
	json_object_object_add(one, "shapes", tiers);
	return one;
}

static json_object *_family_json(const family_t *family)
{
	json_object *one = json_object_new_object();
	json_object *sizes = json_object_new_array();

	json_object_object_add(
		one, "profile",
		json_object_new_string(profile_name(family->profile)));
	json_object_object_add(
		one, "type",
		json_object_new_string(profile_type(family->profile)));
	for (unsigned int c = 1; c <= profile_device_count(family->profile);
	     c++)
		json_object_array_add(sizes, _size_json(family, c));
	json_object_object_add(one, "sizes", sizes);
	return one;
}

static json_object *_template_json(const template_t *template)
{
	json_object *one = json_object_new_object();
	char options[OPTIONS_TEXT_MAX] = "";

	(void) options_encode(&template->options, options, sizeof(options));
	json_object_object_add(one, "name",
			       json_object_new_string(template->name));
	json_object_object_add(one, "devices",
			       json_object_new_int((int) template->devices));
	json_object_object_add(one, "type",
			       json_object_new_string(template->type));
	json_object_object_add(one, "options", json_object_new_string(options));
	json_object_object_add(one, "description",
			       json_object_new_string(template->description));
	return one;
}

static json_object *_get(json_object *from, const char *key)
{
	json_object *value = NULL;

	(void) json_object_object_get_ex(from, key, &value);
	return value;
}

static void _print_size(json_object *size)
{
	json_object *shapes = _get(size, "shapes");
	const char *first =
		json_object_array_length(shapes)
			? json_object_get_string(
				  json_object_array_get_idx(shapes, 0))
			: "none";

	printf("  %7d %7d %6.0f GiB %5d  %-12s %s\n",
	       json_object_get_int(_get(size, "devices")),
	       json_object_get_int(_get(size, "logical_cores")),
	       (double) json_object_get_int64(_get(size, "memory_mib")) / 1024,
	       json_object_get_int(_get(size, "efas")), first,
	       json_object_get_boolean(_get(size, "documented"))
		       ? "documented by AWS"
		       : "");
}

static void _print(json_object *all)
{
	json_object *families = _get(all, "families");
	json_object *templates = _get(all, "templates");

	for (size_t i = 0; i < json_object_array_length(families); i++) {
		json_object *family = json_object_array_get_idx(families, i);
		json_object *sizes = _get(family, "sizes");

		printf("%s%s (--gres=neuron:%s:N)\n", i ? "\n" : "",
		       json_object_get_string(_get(family, "profile")),
		       json_object_get_string(_get(family, "type")));
		printf("  %7s %7s %10s %5s  %s\n", "DEVICES", "CORES", "MEMORY",
		       "EFA", "BEST SHAPE");
		for (size_t s = 0; s < json_object_array_length(sizes); s++)
			_print_size(json_object_array_get_idx(sizes, s));
	}
	if (!templates || !json_object_array_length(templates))
		return;
	printf("\n%-20s %7s %-6s %-32s %s\n", "TEMPLATE", "DEVICES", "TYPE",
	       "OPTIONS", "DESCRIPTION");
	for (size_t i = 0; i < json_object_array_length(templates); i++) {
		json_object *one = json_object_array_get_idx(templates, i);

		printf("%-20s %7d %-6s %-32s %s\n",
		       json_object_get_string(_get(one, "name")),
		       json_object_get_int(_get(one, "devices")),
		       json_object_get_string(_get(one, "type")),
		       json_object_get_string(_get(one, "options")),
		       json_object_get_string(_get(one, "description")));
	}
}

static int _report(json_object *all, bool json)
{
	if (json)
		return topo_print_json(&topo_sizes, all);
	_print(all);
	json_object_put(all);
	return TOPO_GOOD;
}

static json_object *_of_conf(const conf_t *conf)
{
	json_object *all = json_object_new_object();
	json_object *families = json_object_new_array();
	json_object *templates = json_object_new_array();
	family_t family;

	for (unsigned int i = 0; (family.profile = conf_profile_at(conf, i));
	     i++) {
		family.shape = conf_shape_of(conf, family.profile);
		json_object_array_add(families, _family_json(&family));
	}
	for (unsigned int i = 0; i < conf_template_count(conf); i++)
		json_object_array_add(templates,
				      _template_json(conf_template(conf, i)));
	json_object_object_add(all, "families", families);
	json_object_object_add(all, "templates", templates);
	return all;
}

static json_object *_of_catalog(const catalog_t *catalog, neuron_error_t *err)
{
	json_object *all = json_object_new_object();
	json_object *families = json_object_new_array();
	const profile_t *profile;

	json_object_object_add(all, "families", families);
	for (unsigned int i = 0; (profile = catalog_at(catalog, i)); i++) {
		shape_t *shape = shape_create(profile);
		family_t family = {profile, shape};

		if (!shape) {
			(void) neuron_error_set(err, errno, "%s: %s",
						profile_name(profile),
						strerror(errno));
			json_object_put(all);
			return NULL;
		}
		json_object_array_add(families, _family_json(&family));
		shape_destroy(shape);
	}
	return all;
}

static int _list(const topo_t *topo, bool every, const char *directory,
		 bool json)
{
	catalog_t *catalog = NULL;
	json_object *all = NULL;
	conf_t *conf = NULL;
	neuron_error_t err;
	int rc;

	if (every && (catalog = catalog_read(directory, &err)))
		all = _of_catalog(catalog, &err);
	else if (!every && (conf = conf_read(topo->config, NEURON_PROFILE_DIR,
					     hosts_expand, &err)))
		all = _of_conf(conf);
	rc = all ? _report(all, json) : topo_fail(&topo_sizes, &err);
	catalog_destroy(catalog);
	conf_destroy(conf);
	return rc;
}

static int _sizes(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{"profile-dir", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *directory = NEURON_PROFILE_DIR;
	bool every = false, json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'a')
			every = true;
		else if (option == 'd')
			directory = optarg;
		else if (option == 'j')
			json = true;
		else {
			topo_usage(&topo_sizes,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind == argc)
		return _list(topo, every, directory, json);
	topo_usage(&topo_sizes, stderr);
	return TOPO_USAGE;
}
