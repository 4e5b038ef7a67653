/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feature_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/software.h"

#define FILE_MAX (64 * 1024 * 1024)
#define NONE "-"

static char *_path(const char *suffix)
{
	return xstrdup_printf("%s/%s%s", slurm_conf.state_save_location,
			      FEATURE_STATE_FILE, suffix);
}

static void _line(char **text, const char *node, const char *features)
{
	xstrfmtcat(*text, "%s %s\n", node, features[0] ? features : NONE);
}

/* RET 0; -1 with errno */
static int _append(const char *path, int flags, const char *text)
{
	size_t size = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	ssize_t done;
	int rc;

	if (fd < 0)
		return -1;
	done = write(fd, text, size);
	rc = (done == (ssize_t) size) ? 0 : -1;
	if (done >= 0 && rc)
		errno = ENOSPC;
	if (close(fd))
		rc = -1;
	return rc;
}

extern void feature_state_note(const char *node, const char *features)
{
	static bool told;
	char *path = _path(""), *text = NULL;

	_line(&text, node, features);
	if (_append(path, O_APPEND, text) && !told) {
		error("node_features/neuron: %s: %m: after a restart of slurmctld, jobs that wait for a version can be held",
		      path);
		told = true;
	}
	xfree(text);
	xfree(path);
}

/*
 * At the start
 */

static bool _is_configured(void)
{
	char *list = xstrdup(slurm_conf.node_features_plugins), *rest = NULL;
	bool found = false;

	for (char *word = list ? strtok_r(list, ",", &rest) : NULL; word;
	     word = strtok_r(NULL, ",", &rest)) {
		found |= !xstrcmp(word, "neuron") ||
			 !xstrcmp(word, "node_features/neuron");
	}
	xfree(list);
	return found;
}

/* By node index: what the file says last; NULL: nothing */
static char **_read(const char *path)
{
	char **features = xcalloc(node_record_count + 1, sizeof(*features));
	unsigned int malformed = 0;
	neuron_error_t err;
	size_t length;
	char *text = file_read(path, FILE_MAX, &length, &err), *rest = text;
	char *line;

	if (!text && (errno != ENOENT))
		error("select/neuron: %s: nodes get the features of their versions when they register",
		      err.text);
	while (rest && (line = strsep(&rest, "\n"))) {
		char *words = strchr(line, ' ');
		node_record_t *node;

		if (!*line)
			continue;
		malformed += !words;
		if (!words)
			continue;
		*words++ = '\0';
		if (!(node = find_node_record(line)))
			continue;
		xfree(features[node->index]);
		features[node->index] =
			xstrdup(xstrcmp(words, NONE) ? words : "");
	}
	free(text);
	if (malformed)
		error("select/neuron: %s: %u lines are no \"NODE FEATURES\" and are passed over",
		      path, malformed);
	return features;
}

/* RET xfree() */
static char *_merge(const char *have, const char *own)
{
	char *merged = software_merge_features(have, own);
	char *copy = (merged && *merged) ? xstrdup(merged) : NULL;

	free(merged);
	return copy;
}

/* Nodes with the same features before and the same ones of ours */
static bitstr_t *_alike(char **features, const node_record_t *first)
{
	bitstr_t *nodes = bit_alloc(node_record_count);

	for (int n = first->index; n < node_record_count; n++) {
		const node_record_t *node = node_record_table_ptr[n];

		if (node && features[n] &&
		    !xstrcmp(features[n], features[first->index]) &&
		    !xstrcmp(node->features, first->features) &&
		    !xstrcmp(node->features_act, first->features_act))
			bit_set(nodes, n);
	}
	return nodes;
}

/* In one call for all of them: each would cut the list of configurations, which
 * a look for nodes goes through, further */
static void _give(bitstr_t *nodes, const node_record_t *first, const char *own)
{
	char *avail = _merge(first->features, own);
	char *active = _merge(first->features_act, own);
	char *names = bitmap2node_name(nodes);

	for (int n = 0; (n = bit_ffs_from_bit(nodes, n)) >= 0; n++) {
		node_record_t *node = node_record_table_ptr[n];

		xfree(node->features);
		node->features = xstrdup(avail);
		xfree(node->features_act);
		node->features_act = xstrdup(active);
	}
	(void) update_node_avail_features(names, avail, FEATURE_MODE_IND);
	(void) update_node_active_features(names, active, FEATURE_MODE_IND);
	xfree(names);
	xfree(avail);
	xfree(active);
}

static void _compact(const char *path, char **features)
{
	char *fresh = _path(".new"), *text = xstrdup("");

	for (int n = 0; n < node_record_count; n++) {
		if (node_record_table_ptr[n] && features[n])
			_line(&text, node_record_table_ptr[n]->name,
			      features[n]);
	}
	if (_append(fresh, O_TRUNC, text) || rename(fresh, path))
		error("select/neuron: %s: %m", fresh);
	xfree(text);
	xfree(fresh);
}

extern void feature_state_restore(void)
{
	char *path, **features;

	if (!_is_configured())
		return;
	path = _path("");
	features = _read(path);
	_compact(path, features);
	for (int n = 0; n < node_record_count; n++) {
		const node_record_t *node = node_record_table_ptr[n];
		bitstr_t *nodes;
		char *own;

		if (!node || !features[n])
			continue;
		own = xstrdup(features[n]);
		nodes = _alike(features, node);
		_give(nodes, node, own);
		for (int i = n; i < node_record_count; i++) {
			if (bit_test(nodes, i))
				xfree(features[i]);
		}
		FREE_NULL_BITMAP(nodes);
		xfree(own);
	}
	xfree(features);
	xfree(path);
}
