/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node_features_neuron.h"

#include <stdlib.h>

#include "lib/software.h"
#include "plugins/common/feature_state.h"
#include "plugins/common/site.h"

static void _log_defect(const char *text, void *arg)
{
	(void) arg;
	debug("node_features/neuron: %s", text);
}

/* Prolog can write the machine's default for one job (LncFile) */
static unsigned int _lnc(const conf_t *conf, int index, unsigned int found)
{
	return (found && !conf_lnc_file(conf)) ? found
					       : conf_node_lnc(conf, index);
}

static char *_features(const conf_t *conf, const char *name)
{
	char root[PATH_MAX], features[SOFTWARE_FEATURES_MAX];
	int index = conf_node_index(conf, name);
	software_t software;
	neuron_error_t err;

	/* A node without Neuron devices */
	if (index < 0)
		return NULL;
	if ((conf_root(conf, name, root, sizeof(root)) < 0) ||
	    software_read(root, &software, _log_defect, NULL, &err)) {
		error("node_features/neuron: cannot look at this machine: %s",
		      err.text);
		return NULL;
	}
	software.lnc = _lnc(conf, index, software.lnc);
	if (software_features(&software, features, sizeof(features)) <= 0)
		return NULL;
	return xstrdup(features);
}

extern char *node_features_neuron_state(void)
{
	const char *name = compat_slurmd_node_name();
	neuron_error_t err;
	site_t *site = name ? site_read_node(name, &err) : NULL;
	char *features = NULL;

	if (site)
		features = _features(site_conf(site), name);
	else if (name)
		error("node_features/neuron: %s", err.text);
	site_destroy(site);
	return features;
}

/* The words of a list that are ours, or the others. RET xfree(); never NULL */
static char *_part(const char *list, bool ours)
{
	char *part =
		software_merge_features(ours ? NULL : list, ours ? list : NULL);
	char *copy = xstrdup(part ? part : "");

	free(part);
	return copy;
}

static bool _is_alone(void)
{
	return !xstrchr(slurm_conf.node_features_plugins, ',');
}

/*
 * What the administrator has, or wants from now on: a registration says
 * nothing of it, unless another plugin adds words of its own.
 */
static char *_others(const char *new, const char *have)
{
	char *theirs = _part(new, false), *others = _part(have, false);

	if (theirs[0] && _is_alone()) {
		xfree(others);
		return theirs;
	}
	xfree(theirs);
	return others;
}

static void _note(int node, const char *before, const char *now)
{
	if (xstrcmp(before, now) && (node >= 0) && (node < node_record_count) &&
	    node_record_table_ptr[node])
		feature_state_note(node_record_table_ptr[node]->name, now);
}

extern char *node_features_neuron_merge(const char *new, const char *have,
					int node)
{
	char *before = _part(have, true), *now = _part(new, true);
	char *others = _others(new, have), *merged, *copy;

	if (now[0])
		_note(node, before, now);
	merged = software_merge_features(others, now[0] ? now : before);
	copy = (merged && *merged) ? xstrdup(merged) : NULL;
	free(merged);
	xfree(before);
	xfree(now);
	xfree(others);
	return copy;
}
