/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "names.h"
#include "text.h"

#define MARK "#:"

/* What the nodes of one line have in common */
typedef struct {
	const profile_t *profile;
	unsigned int lnc; /* 0: the profile's default */
	unsigned int memory_mib; /* the least; 0: not known of all */
} kind_t;

/* A text while it is made */
typedef struct {
	const generate_t *source;
	const inventory_t *inventory;
	text_t out;
	kind_t *kinds;
	uint32_t kind_count;
	uint32_t *kind_of; /* by node; NAMES_NONE: no Neuron devices */
	const char **list; /* room for the names of all nodes */
	neuron_error_t *err;
} job_t;

/*
 * Kinds of nodes
 */

static unsigned int _lnc_of(const inventory_node_t *node)
{
	if (!node->lnc || node->lnc == profile_default_lnc(node->profile) ||
	    !profile_lnc_is_legal(node->profile, node->lnc))
		return 0;
	return node->lnc;
}

static void _sort_in(job_t *job, uint32_t index)
{
	const inventory_node_t *node = inventory_node(job->inventory, index);
	unsigned int lnc;
	uint32_t k = 0;

	job->kind_of[index] = NAMES_NONE;
	if (!node->profile)
		return;
	lnc = _lnc_of(node);
	while (k < job->kind_count && (job->kinds[k].profile != node->profile ||
				       job->kinds[k].lnc != lnc))
		k++;
	job->kind_of[index] = k;
	if (k == job->kind_count)
		job->kinds[job->kind_count++] =
			(kind_t){node->profile, lnc, node->memory_mib};
	else if (node->memory_mib < job->kinds[k].memory_mib)
		job->kinds[k].memory_mib = node->memory_mib;
}

static int _find_kinds(job_t *job)
{
	uint32_t count = inventory_node_count(job->inventory);

	/* Two LNCs for each of the profiles of a catalog */
	job->kinds = calloc(2 * CATALOG_MAX, sizeof(*job->kinds));
	job->kind_of = calloc((size_t) count + 1, sizeof(*job->kind_of));
	job->list = calloc((size_t) count + 1, sizeof(*job->list));
	if (!job->kinds || !job->kind_of || !job->list)
		return neuron_error_set(job->err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < count; i++)
		_sort_in(job, i);
	if (job->kind_count)
		return 0;
	return neuron_error_set(
		job->err, EINVAL,
		"no node has Neuron devices; give the output of neuron-topo probe --json of nodes that have");
}

static void _add_folded(job_t *job, const char *const *names, uint32_t count)
{
	char *list = job->source->fold(names, count);

	if (list)
		text_add(&job->out, "%s", list);
	else
		job->out.failed = true;
	free(list);
}

/* Nodes of a kind, or of all */
static void _add_nodes(job_t *job, uint32_t kind)
{
	uint32_t count = inventory_node_count(job->inventory), used = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (job->kind_of[i] == kind ||
		    (kind == NAMES_NONE && job->kind_of[i] != NAMES_NONE))
			job->list[used++] =
				inventory_node(job->inventory, i)->name;
	}
	_add_folded(job, job->list, used);
}

/*
 * Lines that a site wrote
 */

static const char *_skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r");
}

static bool _begins(const char *line, const char *key)
{
	size_t length = strlen(key);

	line = _skip_blanks(line);
	return !strncasecmp(line, key, length) &&
	       *_skip_blanks(line + length) == '=';
}

static bool _is_generated_neuron(const char *line)
{
	return _begins(line, "NodeName") || _begins(line, "UltraServerName");
}

static bool _is_one_of_ours(const char *value)
{
	static const char *const ours[] = {"neuron", "efa"};
	size_t length;

	value += (*value == '"');
	length = strcspn(value, "\" \t\r\n#");
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (length == strlen(ours[i]) &&
		    !strncasecmp(value, ours[i], length))
			return true;
	}
	return false;
}

/* "NodeName=x Name=neuron File=..." and the like for efa */
static bool _is_generated_gres(const char *line)
{
	for (const char *at = _skip_blanks(line); *at && !strchr("#\n", *at);
	     at = _skip_blanks(at + strcspn(at, " \t\r\n"))) {
		if (_begins(at, "Name"))
			return _is_one_of_ours(
				_skip_blanks(strchr(at, '=') + 1));
	}
	return false;
}

/* The end of a line and those that a backslash joins with it */
static const char *_line_end(const char *line)
{
	for (;;) {
		size_t length = strcspn(line, "\n"), last = length;

		while (last && strchr(" \t\r", line[last - 1]))
			last--;
		if (!line[length])
			return line + length;
		if (!last || line[last - 1] != '\\')
			return line + length + 1;
		line += length + 1;
	}
}

static bool _is_blank(const char *line)
{
	return strchr("\n", *_skip_blanks(line));
}

/* Copy what is not generated, without blank lines at either end */
static void _keep_lines(job_t *job, const char *text,
			bool (*is_generated)(const char *line))
{
	text_t kept = {.length = 0};
	size_t length = 0;

	for (const char *at = text, *end; at && *at; at = end) {
		end = _line_end(at);
		if (is_generated(at) ||
		    !strncmp(_skip_blanks(at), MARK, strlen(MARK)) ||
		    (!kept.length && _is_blank(at)))
			continue;
		text_add_bytes(&kept, at, (size_t) (end - at));
		if (end[-1] != '\n')
			text_add(&kept, "\n");
		if (!_is_blank(at))
			length = kept.length;
	}
	if (length) {
		text_add_bytes(&job->out, kept.text, length);
		text_add(&job->out, "\n");
	}
	job->out.failed |= kept.failed;
	text_release(&kept);
}

/*
 * neuron.conf
 */

static void _add_ultraserver(text_t *out, const inventory_t *inventory,
			     const inventory_ultraserver_t *ultraserver,
			     nodeset_fold_t fold)
{
	const char *names[64];
	unsigned int count = ultraserver->member_count;
	char *list;

	for (unsigned int i = 0; i < count && i < 64; i++)
		names[i] = inventory_node(inventory, ultraserver->members[i])
				   ->name;
	list = fold(names, count);
	if (!list) {
		out->failed = true;
		return;
	}
	text_add(out, "UltraServerName=%s Nodes=%s", ultraserver->name, list);
	free(list);
	if (ultraserver->pairs_are_usual)
		return;
	for (unsigned int i = 0; i < ultraserver->pair_count; i++)
		text_add(out, "%s%s+%s",
			 i ? "," : " Pairs=", names[ultraserver->pairs[i][0]],
			 names[ultraserver->pairs[i][1]]);
}

extern char *generate_ultraserver(const inventory_t *inventory, uint32_t index,
				  nodeset_fold_t fold, neuron_error_t *err)
{
	text_t out = {.length = 0};
	char *line;

	_add_ultraserver(&out, inventory,
			 inventory_ultraserver(inventory, index), fold);
	line = text_take(&out);
	if (!line)
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	return line;
}

static void _write_neuron(job_t *job)
{
	const inventory_ultraserver_t *ultraserver;

	text_add(
		&job->out, MARK
		" neuron.conf, by neuron-topo generate. When it is made again NodeName and\n" MARK
		" UltraServerName lines are made anew; all other lines stay.\n");
	_keep_lines(job, job->source->neuron_conf, _is_generated_neuron);
	for (uint32_t k = 0; k < job->kind_count; k++) {
		text_add(&job->out, "NodeName=");
		_add_nodes(job, k);
		text_add(&job->out, " Profile=%s",
			 profile_name(job->kinds[k].profile));
		if (job->kinds[k].lnc)
			text_add(&job->out, " Lnc=%u", job->kinds[k].lnc);
		text_add(&job->out, "\n");
	}
	for (uint32_t i = 0;
	     (ultraserver = inventory_ultraserver(job->inventory, i)); i++) {
		if (ultraserver->order_is_guessed)
			text_add(
				&job->out, MARK
				" by its capacity block; the order of the ring is not known\n");
		_add_ultraserver(&job->out, job->inventory, ultraserver,
				 job->source->fold);
		text_add(&job->out, "\n");
	}
}

/*
 * topology.conf
 */

/* Something below a group */
typedef struct {
	uint32_t above;
	const char *name;
} below_t;

static int _compare_below(const void *a, const void *b)
{
	const below_t *x = a, *y = b;

	if (x->above != y->above)
		return (x->above > y->above) - (x->above < y->above);
	return names_compare(x->name, y->name);
}

/* A group with the order in which it is written: lower layers first */
typedef struct {
	uint32_t number;
	unsigned int height;
	const char *name;
} layer_t;

static int _compare_layers(const void *a, const void *b)
{
	const layer_t *x = a, *y = b;

	if (x->height != y->height)
		return (x->height > y->height) - (x->height < y->height);
	return names_compare(x->name, y->name);
}

static uint32_t _group_count(const inventory_t *inventory)
{
	uint32_t count = 0;

	while (inventory_group(inventory, count))
		count++;
	return count;
}

static layer_t *_layers(const job_t *job, uint32_t count)
{
	layer_t *layers = calloc((size_t) count + 1, sizeof(*layers));

	for (uint32_t i = 0; layers && i < count; i++) {
		const inventory_group_t *group =
			inventory_group(job->inventory, i);
		unsigned int height = 0;

		layers[i].number = i;
		layers[i].name = group->name;
		for (uint32_t at = group->parent; at != NAMES_NONE;) {
			height++;
			if (layers[at].height < height)
				layers[at].height = height;
			at = inventory_group(job->inventory, at)->parent;
		}
	}
	if (layers && inventory_fabric(job->inventory) == INVENTORY_TREE)
		qsort(layers, count, sizeof(*layers), _compare_layers);
	return layers;
}

/* Nodes and groups with what they are below, sorted by that */
static below_t *_belows(const job_t *job, uint32_t groups, uint32_t *used)
{
	uint32_t nodes = inventory_node_count(job->inventory);
	below_t *belows = calloc((size_t) nodes + groups + 1, sizeof(*belows));

	*used = 0;
	for (uint32_t i = 0; belows && i < nodes; i++) {
		const inventory_node_t *node =
			inventory_node(job->inventory, i);

		if (node->group != NAMES_NONE)
			belows[(*used)++] = (below_t){node->group, node->name};
	}
	for (uint32_t i = 0; belows && i < groups; i++) {
		const inventory_group_t *group =
			inventory_group(job->inventory, i);

		if (group->parent != NAMES_NONE)
			belows[(*used)++] =
				(below_t){group->parent, group->name};
	}
	if (belows && *used)
		qsort(belows, *used, sizeof(*belows), _compare_below);
	return belows;
}

static void _write_group(job_t *job, const layer_t *layer,
			 const below_t *belows, uint32_t count,
			 const char **names)
{
	const inventory_group_t *group =
		inventory_group(job->inventory, layer->number);
	bool tree = inventory_fabric(job->inventory) == INVENTORY_TREE;
	uint32_t low = 0, high = count, used = 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (belows[middle].above < layer->number)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && belows[low].above == layer->number; low++)
		names[used++] = belows[low].name;
	text_add(&job->out, "%s=%s", tree ? "SwitchName" : "BlockName",
		 group->name);
	if (used) {
		text_add(&job->out,
			 group->has_children ? " Switches=" : " Nodes=");
		_add_folded(job, names, used);
	}
	text_add(&job->out, "\n");
}

static void _write_block_sizes(job_t *job)
{
	const uint32_t *sizes;
	unsigned int count = inventory_block_sizes(job->inventory, &sizes);

	for (unsigned int i = 0; i < count; i++)
		text_add(&job->out, "%s%u", i ? "," : "BlockSizes=", sizes[i]);
	if (count)
		text_add(&job->out, "\n");
}

static void _write_topology(job_t *job)
{
	uint32_t groups = _group_count(job->inventory), count = 0;
	layer_t *layers = _layers(job, groups);
	below_t *belows = _belows(job, groups, &count);
	const char **names = calloc((size_t) count + 1, sizeof(*names));

	if (!layers || !belows || !names) {
		job->out.failed = true;
	} else if (groups) {
		text_add(&job->out,
			 MARK " topology.conf, by neuron-topo generate\n");
		for (uint32_t i = 0; i < groups; i++)
			_write_group(job, &layers[i], belows, count, names);
		_write_block_sizes(job);
	}
	free(layers);
	free(belows);
	free(names);
}

/*
 * slurm.conf
 */

extern const char *generate_gres(const profile_t *profile,
				 char buf[GENERATE_GRES_MAX])
{
	unsigned int efas = profile_efa_count(profile);
	int n = snprintf(buf, GENERATE_GRES_MAX, "neuron:%.40s:%u",
			 profile_type(profile), profile_device_count(profile));

	if (efas && n > 0)
		(void) snprintf(buf + n, GENERATE_GRES_MAX - (size_t) n,
				",efa:%u", efas);
	return buf;
}

static void _write_kind(job_t *job, uint32_t k)
{
	const kind_t *kind = &job->kinds[k];
	unsigned int sockets = profile_sockets(kind->profile);
	unsigned int cores = profile_cores_per_socket(kind->profile);
	unsigned int threads = profile_threads_per_core(kind->profile);
	char gres[GENERATE_GRES_MAX];

	if (!kind->memory_mib)
		text_add(
			&job->out, MARK
			" RealMemory is missing: not all of these probes tell the memory\n");
	text_add(&job->out, "NodeName=");
	_add_nodes(job, k);
	text_add(&job->out,
		 " CPUs=%u Sockets=%u CoresPerSocket=%u ThreadsPerCore=%u",
		 sockets * cores * threads, sockets, cores, threads);
	if (kind->memory_mib)
		text_add(&job->out, " RealMemory=%u", kind->memory_mib);
	text_add(&job->out, " Gres=%s\n", generate_gres(kind->profile, gres));
}

static void _write_slurm(job_t *job)
{
	static const char *const params[] = {
		[INVENTORY_FLAT] = MARK
		" no switches are known: generate --ec2 or --topograph tells them\n"
		"TopologyParam=neuron_base=flat\n",
		[INVENTORY_TREE] = "",
		[INVENTORY_BLOCK] = "TopologyParam=neuron_base=block\n",
	};

	text_add(
		&job->out,
		MARK
		" Lines for slurm.conf, by neuron-topo generate. They stand there in place of\n" MARK
		" lines of the same keys and nodes, or slurm.conf has Include slurm-neuron.conf.\n"
		"GresTypes=neuron,efa\n"
		"SelectType=select/neuron\n"
		"SelectTypeParameters=CR_Core_Memory\n"
		"TopologyPlugin=topology/neuron\n"
		"%s"
		"JobSubmitPlugins=neuron\n"
		"SwitchType=switch/neuron\n" MARK
		" Optional: versions of driver and runtime as features of nodes; devices checked\n" MARK
		" before each job and cleaned after it, by the programs where they are installed.\n"
		"#NodeFeaturesPlugins=neuron\n"
		"#Prolog=/usr/sbin/neuron-prolog\n"
		"#Epilog=/usr/sbin/neuron-epilog\n"
		"#PrologFlags=Alloc\n\n",
		params[inventory_fabric(job->inventory)]);
	for (uint32_t k = 0; k < job->kind_count; k++)
		_write_kind(job, k);
	text_add(
		&job->out,
		"\n" MARK
		" A process that can open one Trainium device can reach all memory of its host\n" MARK
		" (AWS Neuron documentation, security): a node is for one user at a time.\n"
		"PartitionName=%s Nodes=",
		job->source->partition);
	_add_nodes(job, NAMES_NONE);
	text_add(&job->out, " ExclusiveUser=YES\n");
}

static void _write_gres(job_t *job)
{
	text_add(
		&job->out, MARK
		" gres.conf needs no line for neuron and efa: slurmd finds the devices, compares\n" MARK
		" them with the profile and tells slurmctld. Lines with File=, Links= or\n" MARK
		" AutoDetect= would only contradict it. slurm.conf has GresTypes=neuron,efa.\n");
	_keep_lines(job, job->source->gres_conf, _is_generated_gres);
}

static const struct {
	const char *name;
	void (*write)(job_t *job);
} files[] = {
	[GENERATE_NEURON] = {"neuron.conf", _write_neuron},
	[GENERATE_TOPOLOGY] = {"topology.conf", _write_topology},
	[GENERATE_SLURM] = {"slurm-neuron.conf", _write_slurm},
	[GENERATE_GRES] = {"gres.conf", _write_gres},
};

extern const char *generate_name(generate_file_t file)
{
	return files[file].name;
}

static int _check_partition(const generate_t *source, neuron_error_t *err)
{
	char quote[NAMES_QUOTE_MAX];

	if (names_is_node(source->partition))
		return 0;
	return neuron_error_set(
		err, EINVAL,
		"\"%s\" is no name of a partition; it must have letters, digits and \"_-.\", and not be ALL or DEFAULT",
		names_quote(source->partition, quote));
}

extern char *generate_text(const generate_t *source, generate_file_t file,
			   neuron_error_t *err)
{
	job_t job = {
		.source = source, .inventory = source->inventory, .err = err};
	char *text = NULL;

	if (!_check_partition(source, err) && !_find_kinds(&job)) {
		files[file].write(&job);
		text = text_take(&job.out);
		if (!text)
			(void) neuron_error_set(err, ENOMEM, "out of memory");
	}
	text_release(&job.out);
	free(job.kinds);
	free(job.kind_of);
	free(job.list);
	return text;
}
