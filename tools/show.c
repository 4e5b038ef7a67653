/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show.h"

#include <stdlib.h>
#include <string.h>

#include "lib/picture.h"

#define FREE_MARK "\u00b7"
#define MASKED_MARK "x"
#define SUSPECT_MARK "!"
#define GAP 3
#define INDENT 2
/* Terminal colours that read well on dark and light ground */
static const unsigned char colours[] = {32, 33, 34, 35, 36, 31,
					92, 93, 94, 95, 96, 91};

typedef struct {
	const cluster_t *cluster;
	FILE *out;
	bool colour;
	unsigned int width;
} show_t;

static char _letter(int64_t job)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwyz0123456789";

	return letters[job % (sizeof(letters) - 1)];
}

static void _paint(const show_t *show, int64_t job, const char *text)
{
	if (show->colour && (job >= 0))
		fprintf(show->out, "\033[1;%um%s\033[0m",
			colours[job % sizeof(colours)], text);
	else
		fputs(text, show->out);
}

static const char *_free_mark(const cluster_node_t *node, unsigned int device)
{
	devset_t bit = devset_of(device);

	if (node->masked & bit)
		return MASKED_MARK;
	return (node->suspects && (node->suspects->devices & bit))
		       ? SUSPECT_MARK
		       : FREE_MARK;
}

static void _print_device(const show_t *show, uint32_t node,
			  unsigned int device)
{
	int64_t job = cluster_holder(show->cluster, node, device);
	char text[2] = {'\0', '\0'};

	if (job < 0) {
		fputs(_free_mark(&show->cluster->nodes[node], device),
		      show->out);
		return;
	}
	text[0] = _letter(job);
	_paint(show, job, text);
}

/* A link inside one job is drawn bold */
static void _print_link(const show_t *show, unsigned int node,
			const picture_cell_t *cell)
{
	int64_t a = cluster_holder(show->cluster, node, cell->device);
	int64_t b = cluster_holder(show->cluster, node, cell->device2);

	if ((a >= 0) && (a == b))
		_paint(show, a, cell->vertical ? "\u2503" : "\u2501");
	else
		fputs(cell->vertical ? "\u2502" : "\u2500", show->out);
}

/* Columns of a line up to its last sign */
static unsigned int _end_of_line(const picture_t *picture, unsigned int line)
{
	unsigned int end = picture_width(picture);

	while (end &&
	       (picture_at(picture, line, end - 1).kind != PICTURE_DEVICE) &&
	       (picture_at(picture, line, end - 1).kind != PICTURE_LINK))
		end--;
	return end;
}

/* RET columns that were printed */
static unsigned int _print_line(const show_t *show, unsigned int node,
				const picture_t *picture, unsigned int line,
				bool is_last)
{
	unsigned int width =
		is_last ? _end_of_line(picture, line) : picture_width(picture);

	for (unsigned int column = 0; column < width; column++) {
		picture_cell_t cell = picture_at(picture, line, column);

		if (cell.kind == PICTURE_DEVICE)
			_print_device(show, node, cell.device);
		else if (cell.kind == PICTURE_LINK)
			_print_link(show, node, &cell);
		else
			fputc(' ', show->out);
	}
	return width;
}

/* Width that a node takes: its drawing or its name */
static unsigned int _node_width(const show_t *show, unsigned int node,
				const picture_t *picture)
{
	size_t name = strlen(show->cluster->nodes[node].name);
	unsigned int width = picture_width(picture);

	return ((name > width) ? (unsigned int) name : width) + GAP;
}

/* Blanks up to the next node; none behind the last */
static void _print_gap(const show_t *show, unsigned int width,
		       unsigned int used, bool is_last)
{
	if (!is_last)
		fprintf(show->out, "%*s", (int) (width - used), "");
}

/* Whether a line of a picture, from a node on, holds anything */
static bool _is_last(picture_t *const *pictures, unsigned int i,
		     unsigned int count, unsigned int line)
{
	while (++i < count) {
		if (line < picture_height(pictures[i]))
			return false;
	}
	return true;
}

static void _print_row(const show_t *show, const uint32_t *nodes,
		       picture_t *const *pictures, unsigned int count,
		       unsigned int indent)
{
	unsigned int height = 0;

	fprintf(show->out, "%*s", (int) indent, "");
	for (unsigned int i = 0; i < count; i++) {
		const char *name = show->cluster->nodes[nodes[i]].name;

		fputs(name, show->out);
		_print_gap(show, _node_width(show, nodes[i], pictures[i]),
			   (unsigned int) strlen(name), i + 1 == count);
		if (picture_height(pictures[i]) > height)
			height = picture_height(pictures[i]);
	}
	fputc('\n', show->out);
	for (unsigned int line = 0; line < height; line++) {
		fprintf(show->out, "%*s", (int) indent, "");
		for (unsigned int i = 0; i < count; i++) {
			bool is_last = _is_last(pictures, i, count, line);
			unsigned int used = _print_line(
				show, nodes[i], pictures[i], line, is_last);

			_print_gap(show,
				   _node_width(show, nodes[i], pictures[i]),
				   used, is_last);
			if (is_last)
				break;
		}
		fputc('\n', show->out);
	}
}

static void _print_pictures(const show_t *show, const uint32_t *nodes,
			    picture_t **pictures, uint32_t count,
			    unsigned int indent)
{
	unsigned int used = indent, first = 0;

	for (uint32_t i = 0; i < count; i++) {
		unsigned int width = _node_width(show, nodes[i], pictures[i]);

		if ((i > first) && (used + width > show->width)) {
			_print_row(show, nodes + first, pictures + first,
				   i - first, indent);
			first = i;
			used = indent;
		}
		used += width;
	}
	if (first < count)
		_print_row(show, nodes + first, pictures + first, count - first,
			   indent);
}

/* As many nodes beside each other as the terminal is wide */
static int _print_nodes(const show_t *show, const uint32_t *all, uint32_t count,
			unsigned int indent)
{
	picture_t **pictures = calloc((size_t) count + 1, sizeof(*pictures));
	uint32_t *nodes = calloc((size_t) count + 1, sizeof(*nodes));
	uint32_t known = 0;
	int rc = (pictures && nodes) ? 0 : -1;

	for (uint32_t i = 0; !rc && (i < count); i++) {
		const profile_t *profile = show->cluster->nodes[all[i]].profile;

		if (!profile)
			continue;
		nodes[known] = all[i];
		if ((pictures[known] = picture_create(profile)))
			known++;
		else
			rc = -1;
	}
	if (!rc)
		_print_pictures(show, nodes, pictures, known, indent);
	for (uint32_t i = 0; i < known; i++)
		picture_destroy(pictures[i]);
	free(pictures);
	free(nodes);
	return rc;
}

/* Whether a group has nodes to draw */
static bool _has_devices(const show_t *show, uint32_t group)
{
	const fabric_t *fabric = show->cluster->fabric;
	const uint32_t *nodes;
	uint32_t count = fabric_group_nodes(fabric, group, &nodes);

	for (uint32_t i = 0; i < count; i++) {
		if (show->cluster->nodes[nodes[i]].profile)
			return true;
	}
	for (int64_t child = fabric_group_child(fabric, group); child >= 0;
	     child = fabric_group_sibling(fabric, (uint32_t) child)) {
		if (_has_devices(show, (uint32_t) child))
			return true;
	}
	return false;
}

static int _print_group(const show_t *show, uint32_t group, unsigned int indent)
{
	const fabric_t *fabric = show->cluster->fabric;
	const uint32_t *nodes;
	uint32_t count = fabric_group_nodes(fabric, group, &nodes);

	if (!_has_devices(show, group))
		return 0;
	if (fabric_group_name(fabric, group)[0])
		fprintf(show->out, "%*s%s %s\n", (int) indent, "",
			fabric_group_is_ultraserver(fabric, group)
				? "UltraServer"
				: "switch",
			fabric_group_name(fabric, group));
	if (count && _print_nodes(show, nodes, count, indent + INDENT))
		return -1;
	for (int64_t child = fabric_group_child(fabric, group); child >= 0;
	     child = fabric_group_sibling(fabric, child)) {
		if (_print_group(show, child, indent + INDENT))
			return -1;
	}
	return 0;
}

/* Nodes that no switch joins */
static int _print_loose(const show_t *show)
{
	uint32_t total = fabric_node_count(show->cluster->fabric), count = 0;
	uint32_t *nodes = calloc((size_t) total + 1, sizeof(*nodes));
	int rc;

	if (!nodes)
		return -1;
	for (uint32_t n = 0; n < total; n++) {
		if (fabric_node_group(show->cluster->fabric, n) < 0)
			nodes[count++] = n;
	}
	rc = count ? _print_nodes(show, nodes, count, 0) : 0;
	free(nodes);
	return rc;
}

static bool _any_holds(const cluster_t *cluster)
{
	for (uint32_t i = 0; i < cluster->job_count; i++) {
		if (cluster->jobs[i].devices)
			return true;
	}
	return false;
}

static void _print_jobs(const show_t *show)
{
	const cluster_t *cluster = show->cluster;

	if (!_any_holds(cluster)) {
		fputs("No job holds a Neuron device.\n", show->out);
		return;
	}
	fprintf(show->out, "%3s %8s %-10s %-20s %5s %7s\n", "", "JOBID", "USER",
		"NAME", "NODES", "DEVICES");
	for (uint32_t i = 0; i < cluster->job_count; i++) {
		const cluster_job_t *job = &cluster->jobs[i];
		char text[4] = {' ', ' ', _letter(i), '\0'};

		if (!job->devices)
			continue;
		_paint(show, i, text);
		fprintf(show->out, " %8u %-10.10s %-20.20s %5u %7u\n",
			job->job_id, job->user, job->name, job->nodes,
			job->devices);
	}
}

/* Also those that jobs hold, which are drawn as theirs */
static void _print_faults(const show_t *show, const char *node,
			  const char *word, const mask_t *mask)
{
	for (int d = -1; mask && (d = devset_next(mask->devices, d)) >= 0;)
		fprintf(show->out, "%s device %d is %s%s%s\n", node, d, word,
			mask->reasons[d][0] ? ": " : "", mask->reasons[d]);
}

static void _print_all_faults(const show_t *show)
{
	for (uint32_t n = 0; n < show->cluster->node_count; n++) {
		const cluster_node_t *node = &show->cluster->nodes[n];

		_print_faults(show, node->name, "masked", node->mask);
		_print_faults(show, node->name, "suspect", node->suspects);
	}
}

extern int show_cluster(const cluster_t *cluster, FILE *out, bool colour,
			unsigned int width)
{
	show_t show = {cluster, out, colour, width};
	uint32_t groups = fabric_group_count(cluster->fabric);

	for (uint32_t g = 0; g < groups; g++) {
		if ((fabric_group_parent(cluster->fabric, g) < 0) &&
		    _print_group(&show, g, 0))
			return -1;
	}
	if (_print_loose(&show))
		return -1;
	fputc('\n', out);
	_print_all_faults(&show);
	_print_jobs(&show);
	return 0;
}
