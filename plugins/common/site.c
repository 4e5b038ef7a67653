/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "site.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/file.h"
#include "lib/request.h"

struct site {
	conf_t *conf;
	char *path;
	/* by node index of slurmctld */
	int *conf_of_node; /* -1: none */
	const profile_t **profiles; /* NULL: none; asked for all nodes */
	const shape_t **shapes; /* each time a job is looked at */
	int node_count;
	demand_weights_t weights[CONF_FAMILIES_MAX];
};

/* See nodeset.h: with Slurm's hostlist */
static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	hostlist_t *list = hostlist_create(text);
	char *name;
	int rc = 0;

	if (!list) {
		errno = EINVAL;
		return -1;
	}
	while (!rc && (name = hostlist_shift(list))) {
		rc = each(name, arg);
		free(name);
	}
	hostlist_destroy(list);
	return rc;
}

/* IN node - NULL: all */
static site_t *_site_read(const char *node, neuron_error_t *err)
{
	site_t *site = xmalloc(sizeof(*site));

	site->path = get_extra_conf_path("neuron.conf");
	site->conf = conf_read_node(site->path, NEURON_PROFILE_DIR, _expand,
				    node, err);
	if (!site->conf) {
		site_destroy(site);
		return NULL;
	}
	return site;
}

extern site_t *site_read(neuron_error_t *err)
{
	return _site_read(NULL, err);
}

extern site_t *site_read_node(const char *node, neuron_error_t *err)
{
	return _site_read(node, err);
}

extern site_t *site_read_profiles(neuron_error_t *err)
{
	site_t *site = _site_read(NULL, err);

	if (site)
		(void) conf_keep_profiles(site->conf);
	return site;
}

extern void site_destroy(site_t *site)
{
	if (!site)
		return;
	conf_destroy(site->conf);
	xfree(site->path);
	xfree(site->conf_of_node);
	xfree(site->profiles);
	xfree(site->shapes);
	xfree(site);
}

extern const conf_t *site_conf(const site_t *site)
{
	return site->conf;
}

/* An interface of a job is chosen after its devices, see gres_efa.c */
static int _check_gres_types(neuron_error_t *err)
{
	const char *neuron = xstrcasestr(slurm_conf.gres_plugins, "neuron");
	const char *efa = xstrcasestr(slurm_conf.gres_plugins, "efa");

	if (neuron && (!efa || (neuron < efa)))
		return 0;
	return neuron_error_set(
		err, EINVAL,
		"slurm.conf: GresTypes=%s: neuron must be named, and before efa: GresTypes=neuron,efa",
		slurm_conf.gres_plugins ? slurm_conf.gres_plugins : "");
}

/* What slurm.conf says a node has against what its profile says */
static int _check_gres(const site_t *site, const node_record_t *node, int index,
		       neuron_error_t *err)
{
	const char *text = node->config_ptr ? node->config_ptr->gres : NULL;
	const profile_t *profile = conf_node_profile(site->conf, index);
	unsigned int devices, efas;
	gres_entry_t neuron, efa;
	char right[2 * GRES_TYPE_MAX + 32];

	if (gres_list_find(text, "neuron", &neuron, err) ||
	    gres_list_find(text, "efa", &efa, err))
		return -1;
	if (index < 0) {
		if (!neuron.present)
			return 0;
		return neuron_error_set(
			err, EINVAL,
			"%s: no NodeName line for %s, which has Gres=%s in slurm.conf: add NodeName=%s Profile=...",
			site->path, node->name, text, node->name);
	}
	devices = profile_device_count(profile);
	efas = profile_efa_count(profile);
	if (neuron.present && (neuron.count == devices) &&
	    !xstrcmp(neuron.type, profile_type(profile)) &&
	    ((efa.present ? efa.count : 0) == efas))
		return 0;
	if (efas)
		snprintf(right, sizeof(right), "neuron:%s:%u,efa:%u",
			 profile_type(profile), devices, efas);
	else
		snprintf(right, sizeof(right), "neuron:%s:%u",
			 profile_type(profile), devices);
	return neuron_error_set(
		err, EINVAL,
		"slurm.conf: NodeName=%s Gres=%s: a machine of %s (%s:%u) has Gres=%s",
		node->name, text ? text : "", profile_name(profile), site->path,
		conf_node_line(site->conf, node->name), right);
}

static int _check_known(const site_t *site, neuron_error_t *err)
{
	unsigned int count = conf_node_count(site->conf);

	for (unsigned int i = 0; i < count; i++) {
		const char *name = conf_node_name(site->conf, i);

		if (find_node_record2((char *) name))
			continue;
		return neuron_error_set(
			err, ENOENT,
			"%s:%u: NodeName=%s: slurm.conf has no such node: name it there, or take it out here",
			site->path, conf_node_line(site->conf, name), name);
	}
	return 0;
}

extern int site_map(site_t *site, neuron_error_t *err)
{
	neuron_error_t *first = err, later;
	int rc = 0;

	xfree(site->conf_of_node);
	xfree(site->profiles);
	xfree(site->shapes);
	site->node_count = node_record_count;
	site->conf_of_node = xcalloc(node_record_count, sizeof(int));
	site->profiles = xcalloc(node_record_count, sizeof(*site->profiles));
	site->shapes = xcalloc(node_record_count, sizeof(*site->shapes));
	for (int i = 0; i < node_record_count; i++) {
		node_record_t *node = node_record_table_ptr[i];
		int index = node ? conf_node_index(site->conf, node->name) : -1;

		site->conf_of_node[i] = index;
		if (index >= 0) {
			site->profiles[i] =
				conf_node_profile(site->conf, index);
			site->shapes[i] = conf_node_shape(site->conf, index);
		}
		if (node && _check_gres(site, node, index, rc ? &later : first))
			rc = -1;
	}
	if (rc || _check_known(site, err) || _check_gres_types(err))
		return -1;
	return 0;
}

extern void site_weigh(site_t *site, const demand_weights_t *weights)
{
	for (unsigned int i = 0; conf_profile_at(site->conf, i); i++) {
		if (demand_weights_equal(&site->weights[i], &weights[i]))
			continue;
		site->weights[i] = weights[i];
		(void) conf_weigh(site->conf, i, &weights[i]);
	}
}

extern int site_node(const site_t *site, int node_inx)
{
	if ((node_inx < 0) || (node_inx >= site->node_count))
		return -1;
	return site->conf_of_node[node_inx];
}

extern const shape_t *site_shape(const site_t *site, int node_inx)
{
	return (site_node(site, node_inx) < 0) ? NULL : site->shapes[node_inx];
}

extern const profile_t *site_profile(const site_t *site, int node_inx)
{
	return (site_node(site, node_inx) < 0) ? NULL
					       : site->profiles[node_inx];
}

static int _lookup(const char *name, void *arg)
{
	const node_record_t *node = find_node_record2((char *) name);

	(void) arg;
	return node ? (int) node->index : -1;
}

static int _add_ultraserver(const site_t *site, fabric_t *fabric,
			    const conf_ultraserver_t *us, neuron_error_t *err)
{
	uint32_t members[CONF_ULTRASERVER_MEMBERS_MAX];
	neuron_error_t why;

	for (unsigned int i = 0; i < us->member_count; i++) {
		int node = _lookup(us->members[i], NULL);

		if (node < 0)
			return neuron_error_set(
				err, ENOENT,
				"%s:%u: UltraServerName=%s: Nodes=%s: slurm.conf has no such node",
				site->path, us->line, us->name, us->members[i]);
		members[i] = node;
	}
	if (!fabric_add_ultraserver(fabric, us->name, members, us->member_count,
				    us->pairs, us->pair_count, &why))
		return 0;
	return neuron_error_set(err, errno, "%s:%u: %s", site->path, us->line,
				why.text);
}

static int _add_ultraservers(const site_t *site, fabric_t *fabric,
			     neuron_error_t *err)
{
	conf_ultraserver_t us;

	for (unsigned int i = 0; !conf_ultraserver(site->conf, i, &us); i++) {
		if (_add_ultraserver(site, fabric, &us, err))
			return -1;
	}
	return 0;
}

extern fabric_t *site_read_fabric(const site_t *site, neuron_error_t *err)
{
	neuron_error_t why;
	char *path = get_extra_conf_path("topology.conf");
	char *text = compat_base_is_flat()
			     ? NULL
			     : file_read(path, FABRIC_FILE_MAX, NULL, &why);
	fabric_source_t source = {
		.text = text,
		.origin = path,
		.ultraserver_glob = conf_ultraserver_glob(site->conf),
		.expand = _expand,
		.lookup = _lookup,
		.node_count = node_record_count,
	};
	fabric_t *fabric = fabric_create(&source, err);

	if (fabric && (_add_ultraservers(site, fabric, err) ||
		       fabric_finish(fabric, err))) {
		fabric_destroy(fabric);
		fabric = NULL;
	}
	free(text);
	xfree(path);
	return fabric;
}
