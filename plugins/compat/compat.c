/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compat.h"

#include <unistd.h>

#include "src/slurmd/slurmd/slurmd.h"

#pragma weak conf

#define BASE_KEY "neuron_base="

extern const char *compat_base_topology(void)
{
	static const struct {
		const char *word;
		const char *type;
	} bases[] = {
		{"tree", "topology/tree"},
		{"block", "topology/block"},
		{"flat", TOPOLOGY_FLAT},
	};
	const char *value = xstrcasestr(slurm_conf.topology_param, BASE_KEY);
	size_t length;

	if (!value)
		return bases[0].type;
	value += strlen(BASE_KEY);
	length = strcspn(value, ", ");
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		if ((strlen(bases[i].word) == length) &&
		    !xstrncasecmp(value, bases[i].word, length))
			return bases[i].type;
	}
	return NULL;
}

extern bool compat_base_is_flat(void)
{
	return !xstrcmp(compat_base_topology(), TOPOLOGY_FLAT);
}

/* RET xfree() the path of a file that keeps topology/neuron out, or NULL */
static char *_find_topology_file(void)
{
	char *path = TOPOLOGY_FILE ? get_extra_conf_path(TOPOLOGY_FILE) : NULL;

	if (path && access(path, F_OK))
		xfree(path);
	return path;
}

extern bool compat_plugins_are_complete(neuron_error_t *err)
{
	char *path = _find_topology_file();

	if (path) {
		neuron_error_set(
			err, EINVAL,
			"%s: where this file is, Slurm loads only its own topology plugins and not TopologyPlugin=topology/neuron: write what it says as topology.conf, as doc/topology.md shows, and remove it",
			path);
		xfree(path);
		return false;
	}
	if (xstrcmp(slurm_conf.topology_plugin, "topology/neuron")) {
		neuron_error_set(
			err, EINVAL,
			"slurm.conf: TopologyPlugin=%s: SelectType=select/neuron needs TopologyPlugin=topology/neuron (TopologyParam=neuron_base=tree|block|flat names the plugin below it)",
			slurm_conf.topology_plugin);
		return false;
	}
	if (xstrcmp(slurm_conf.select_type, "select/neuron")) {
		neuron_error_set(
			err, EINVAL,
			"slurm.conf: SelectType=%s: TopologyPlugin=topology/neuron needs SelectType=select/neuron (it works on top of select/cons_tres)",
			slurm_conf.select_type);
		return false;
	}
	return true;
}

extern const char *compat_slurmd_node_name(void)
{
	if (!running_in_slurmd() || !&conf || !conf)
		return NULL;
	return conf->node_name;
}

/* One record as gres_node_config_pack() writes them in a registration */
static void _pack_record(const char *name, buf_t *buffer)
{
	pack32(GRES_MAGIC, buffer);
	pack64(1, buffer);
	pack32(1, buffer);
	pack32(GRES_CONF_HAS_FILE, buffer);
	pack32(gres_build_id((char *) name), buffer);
	packnull(buffer);
	packnull(buffer);
	packstr((char *) name, buffer);
	packnull(buffer);
	packnull(buffer);
}

extern void compat_declare_gres_files(void)
{
	static const char *names[] = {"neuron", "efa"};
	buf_t *buffer = init_buf(BUF_SIZE);

	pack16(SLURM_PROTOCOL_VERSION, buffer);
	pack16(ARRAY_SIZE(names), buffer);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		_pack_record(names[i], buffer);
	set_buf_offset(buffer, 0);
	(void) gres_node_config_unpack(buffer, "(neuron.conf)");
	FREE_NULL_BUFFER(buffer);
}
