/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "svg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/picture.h"

/* Units of the drawing */
#define CELL_WIDTH 7.0
#define CELL_HEIGHT 9.0
#define TILE 12.0 /* of a node without details */
#define LABEL 14.0
#define PAD 6.0
#define LEGEND_LINES_MAX 60
#define LEGEND_WIDTH 420.0

static const char *const colours[] = {
	"#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2",
	"#edc948", "#9c755f", "#ff9da7", "#8cd17d", "#86bcb6", "#d37295",
	"#a0cbe8", "#b6992d", "#499894", "#d4a6c8", "#fabfd2", "#79706e",
};
#define COLOURS (sizeof(colours) / sizeof(colours[0]))

/* A group or a node and where it stands inside its parent */
typedef struct box {
	int64_t group; /* -1: a node, or what holds everything */
	int64_t node;
	double x, y, width, height;
	struct box *children;
	uint32_t count;
} box_t;

typedef struct {
	const cluster_t *cluster;
	bool detailed;
	FILE *out;
	/* one for each profile that was met */
	struct {
		const profile_t *profile;
		picture_t *picture;
	} pictures[CONF_FAMILIES_MAX];
	uint32_t picture_count;
} svg_t;

static const picture_t *_picture_of(svg_t *svg, const profile_t *profile)
{
	uint32_t i = 0;

	while ((i < svg->picture_count) &&
	       (svg->pictures[i].profile != profile))
		i++;
	if (i < svg->picture_count)
		return svg->pictures[i].picture;
	if ((i == CONF_FAMILIES_MAX) ||
	    !(svg->pictures[i].picture = picture_create(profile)))
		return NULL;
	svg->pictures[i].profile = profile;
	svg->picture_count++;
	return svg->pictures[i].picture;
}

/*
 * Layout
 */

static void _free_box(box_t *box)
{
	for (uint32_t i = 0; i < box->count; i++)
		_free_box(&box->children[i]);
	free(box->children);
}

/* In rows, wider than high, as screens are */
static void _arrange(box_t *box, double top)
{
	double area = 0, widest = 0, x = PAD, y = top, row = 0, limit;

	for (uint32_t i = 0; i < box->count; i++) {
		const box_t *child = &box->children[i];

		area += (child->width + PAD) * (child->height + PAD);
		widest = fmax(widest, child->width);
	}
	limit = fmax(widest, 1.8 * sqrt(area));
	box->width = 0;
	for (uint32_t i = 0; i < box->count; i++) {
		box_t *child = &box->children[i];

		if ((x > PAD) && (x + child->width > limit + PAD)) {
			x = PAD;
			y += row + PAD;
			row = 0;
		}
		child->x = x;
		child->y = y;
		x += child->width + PAD;
		row = fmax(row, child->height);
		box->width = fmax(box->width, x);
	}
	box->height = y + row + PAD;
}

static int _make_node(svg_t *svg, uint32_t node, box_t *box)
{
	const cluster_node_t *what = &svg->cluster->nodes[node];
	const picture_t *picture;

	*box = (box_t){
		.group = -1, .node = node, .width = TILE, .height = TILE};
	if (!svg->detailed || !what->profile)
		return 0;
	if (!(picture = _picture_of(svg, what->profile)))
		return -1;
	box->width = fmax(picture_width(picture) * CELL_WIDTH,
			  5.5 * strlen(what->name)) +
		     2 * PAD;
	box->height = picture_height(picture) * CELL_HEIGHT + LABEL + PAD;
	return 0;
}

static uint32_t _count_children(const fabric_t *fabric, uint32_t group)
{
	const uint32_t *nodes;
	uint32_t count = fabric_group_nodes(fabric, group, &nodes);

	for (int64_t child = fabric_group_child(fabric, group); child >= 0;
	     child = fabric_group_sibling(fabric, (uint32_t) child))
		count++;
	return count;
}

static int _make_group(svg_t *svg, uint32_t group, box_t *box)
{
	const fabric_t *fabric = svg->cluster->fabric;
	const uint32_t *nodes;
	uint32_t count = fabric_group_nodes(fabric, group, &nodes);

	*box = (box_t){.group = group, .node = -1};
	box->children = calloc((size_t) _count_children(fabric, group) + 1,
			       sizeof(*box->children));
	if (!box->children)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (!svg->cluster->nodes[nodes[i]].profile)
			continue;
		if (_make_node(svg, nodes[i], &box->children[box->count++]))
			return -1;
	}
	for (int64_t child = fabric_group_child(fabric, group); child >= 0;
	     child = fabric_group_sibling(fabric, (uint32_t) child)) {
		if (_make_group(svg, (uint32_t) child,
				&box->children[box->count++]))
			return -1;
	}
	_arrange(box, LABEL + PAD);
	return 0;
}

/* Tops of the fabric, and nodes that no switch joins */
static int _make_all(svg_t *svg, box_t *box)
{
	const fabric_t *fabric = svg->cluster->fabric;
	uint32_t groups = fabric_group_count(fabric);

	*box = (box_t){.group = -1, .node = -1};
	box->children = calloc((size_t) groups + svg->cluster->node_count + 1,
			       sizeof(*box->children));
	if (!box->children)
		return -1;
	for (uint32_t g = 0; g < groups; g++) {
		if ((fabric_group_parent(fabric, g) < 0) &&
		    _make_group(svg, g, &box->children[box->count++]))
			return -1;
	}
	for (uint32_t n = 0; n < svg->cluster->node_count; n++) {
		if (svg->cluster->nodes[n].profile &&
		    (fabric_node_group(fabric, n) < 0) &&
		    _make_node(svg, n, &box->children[box->count++]))
			return -1;
	}
	_arrange(box, PAD);
	return 0;
}

/*
 * Drawing
 */

/* Names come from configuration files and users */
static void _escaped(const svg_t *svg, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", svg->out);
		else if (*text == '&')
			fputs("&amp;", svg->out);
		else if (((unsigned char) *text < ' ') || (*text == 0x7f))
			fputc('?', svg->out);
		else
			fputc(*text, svg->out);
	}
}

static void _title(const svg_t *svg, const char *first, const char *text)
{
	fputs("<title>", svg->out);
	_escaped(svg, first);
	_escaped(svg, text);
	fputs("</title>", svg->out);
}

/* "" : neither masked nor suspect */
static void _fault(const cluster_node_t *node, unsigned int device, char *buf,
		   size_t size)
{
	devset_t bit = devset_of(device);

	buf[0] = '\0';
	if (node->masked & bit)
		snprintf(buf, size, "masked: %s", node->mask->reasons[device]);
	else if (node->suspects && (node->suspects->devices & bit))
		snprintf(buf, size, "suspect: %s",
			 node->suspects->reasons[device]);
}

/* What it says when a pointer rests on it */
static void _device_title(const svg_t *svg, uint32_t node, unsigned int device,
			  const char *fault)
{
	int64_t holder = cluster_holder(svg->cluster, node, device);
	char text[MASK_REASON_MAX + 256];

	if (holder < 0)
		snprintf(text, sizeof(text), " device %u: %s", device,
			 fault[0] ? fault : "free");
	else
		snprintf(text, sizeof(text), " device %u: job %u (%s, %s)%s%s",
			 device, svg->cluster->jobs[holder].job_id,
			 svg->cluster->jobs[holder].user,
			 svg->cluster->jobs[holder].name, fault[0] ? ", " : "",
			 fault);
	_title(svg, svg->cluster->nodes[node].name, text);
}

static void _draw_device(const svg_t *svg, uint32_t node, unsigned int device,
			 double x, double y)
{
	int64_t holder = cluster_holder(svg->cluster, node, device);
	const cluster_node_t *what = &svg->cluster->nodes[node];
	bool masked = what->masked & devset_of(device);
	char fault[MASK_REASON_MAX + 16];

	_fault(what, device, fault, sizeof(fault));
	fprintf(svg->out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"1.5\" fill=\"%s\" stroke=\"#999\" stroke-width=\".4\">",
		x, y, CELL_WIDTH - 1, CELL_HEIGHT - 2.5,
		(holder >= 0) ? colours[(size_t) holder % COLOURS]
		: masked      ? "#999"
			      : "#fff");
	_device_title(svg, node, device, fault);
	fputs("</rect>\n", svg->out);
	if (fault[0] && !masked)
		fprintf(svg->out,
			"<text x=\"%.1f\" y=\"%.1f\" font-size=\"6\" font-weight=\"bold\" fill=\"#c00\" text-anchor=\"middle\" pointer-events=\"none\">!</text>\n",
			x + CELL_WIDTH / 2, y + CELL_HEIGHT - 4);
}

static void _draw_link(const svg_t *svg, uint32_t node,
		       const picture_cell_t *cell, double x, double y)
{
	int64_t a = cluster_holder(svg->cluster, node, cell->device);
	int64_t b = cluster_holder(svg->cluster, node, cell->device2);
	bool inside = (a >= 0) && (a == b);
	double half = CELL_WIDTH / 2, middle = CELL_HEIGHT / 2 - 1;

	fprintf(svg->out,
		"<path d=\"M%.1f %.1f%c%.1f\" stroke=\"%s\" stroke-width=\"%s\"/>\n",
		cell->vertical ? x + half - .5 : x,
		cell->vertical ? y : y + middle, cell->vertical ? 'v' : 'h',
		cell->vertical ? CELL_HEIGHT - 2 : CELL_WIDTH - 1,
		inside ? colours[(size_t) a % COLOURS] : "#bbb",
		inside ? "2" : ".6");
}

static void _draw_detailed(svg_t *svg, const cluster_node_t *node, double x,
			   double y)
{
	const picture_t *picture = _picture_of(svg, node->profile);

	for (unsigned int line = 0; line < picture_height(picture); line++) {
		for (unsigned int column = 0; column < picture_width(picture);
		     column++) {
			picture_cell_t cell = picture_at(picture, line, column);
			double cx = x + PAD + column * CELL_WIDTH;
			double cy = y + LABEL + line * CELL_HEIGHT;

			if (cell.kind == PICTURE_DEVICE)
				_draw_device(svg, node->index, cell.device, cx,
					     cy);
			else if (cell.kind == PICTURE_LINK)
				_draw_link(svg, node->index, &cell, cx, cy);
		}
	}
}

/* The job that holds most of a node; -1: none */
static int64_t _main_holder(const cluster_t *cluster, uint32_t node)
{
	int64_t best = -1;
	unsigned int most = 0;

	for (unsigned int d = 0; d < PROFILE_DEVICES_MAX; d++) {
		int64_t holder = cluster_holder(cluster, node, d);
		unsigned int count = 0;

		for (unsigned int e = d; e < PROFILE_DEVICES_MAX; e++)
			count += (cluster_holder(cluster, node, e) == holder);
		if ((holder >= 0) && (count > most)) {
			most = count;
			best = holder;
		}
	}
	return best;
}

/* Filled from below as far as its devices are held */
static void _draw_tile(const svg_t *svg, const cluster_node_t *node, double x,
		       double y)
{
	unsigned int all = profile_device_count(node->profile);
	unsigned int used = devset_count(node->used);
	int64_t holder = _main_holder(svg->cluster, node->index);
	double height = TILE * used / all;
	char text[128];

	fprintf(svg->out,
		"<g><rect x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.0f\" fill=\"%s\" stroke=\"#999\" stroke-width=\".3\"/>",
		x, y, TILE, TILE, node->usable ? "#fff" : "#ccc");
	if (used)
		fprintf(svg->out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.1f\" fill=\"%s\"/>",
			x, y + TILE - height, TILE, height,
			(holder < 0) ? "#888"
				     : colours[(size_t) holder % COLOURS]);
	snprintf(text, sizeof(text), ": %u of %u devices held, %s", used, all,
		 node->state);
	_title(svg, node->name, text);
	fputs("</g>\n", svg->out);
}

static void _draw_node(svg_t *svg, const box_t *box, double x, double y)
{
	const cluster_node_t *node = &svg->cluster->nodes[box->node];

	if (!svg->detailed) {
		_draw_tile(svg, node, x, y);
		return;
	}
	fprintf(svg->out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" stroke=\"#ccc\" stroke-width=\".5\">",
		x, y, box->width, box->height,
		node->usable ? "#fafafa" : "#ddd");
	_title(svg, node->name, "");
	fprintf(svg->out,
		"</rect>\n<text x=\"%.1f\" y=\"%.1f\" font-size=\"8\">",
		x + PAD, y + 10);
	_escaped(svg, node->name);
	fputs(node->usable ? "</text>\n" : " (not usable)</text>\n", svg->out);
	_draw_detailed(svg, node, x, y);
}

static void _draw_frame(const svg_t *svg, const box_t *box, double x, double y)
{
	const fabric_t *fabric = svg->cluster->fabric;
	bool ultraserver =
		fabric_group_is_ultraserver(fabric, (uint32_t) box->group);

	fprintf(svg->out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\" fill=\"none\" stroke=\"%s\" stroke-width=\"1\"/>\n<text x=\"%.1f\" y=\"%.1f\" font-size=\"9\" fill=\"#444\">%s ",
		x, y, box->width, box->height, ultraserver ? "#4e79a7" : "#aaa",
		x + PAD, y + 11, ultraserver ? "UltraServer" : "switch");
	_escaped(svg, fabric_group_name(fabric, (uint32_t) box->group));
	fputs("</text>\n", svg->out);
}

static void _draw(svg_t *svg, const box_t *box, double x, double y)
{
	x += box->x;
	y += box->y;
	if (box->node >= 0) {
		_draw_node(svg, box, x, y);
		return;
	}
	if (box->group >= 0)
		_draw_frame(svg, box, x, y);
	for (uint32_t i = 0; i < box->count; i++)
		_draw(svg, &box->children[i], x, y);
}

static double _draw_legend(const svg_t *svg, double y)
{
	uint32_t lines = 0, more = 0;

	for (uint32_t i = 0; i < svg->cluster->job_count; i++) {
		const cluster_job_t *job = &svg->cluster->jobs[i];

		if (!job->devices)
			continue;
		if (lines == LEGEND_LINES_MAX) {
			more++;
			continue;
		}
		y += 13;
		lines++;
		fprintf(svg->out,
			"<rect x=\"%.0f\" y=\"%.1f\" width=\"9\" height=\"9\" fill=\"%s\"/><text x=\"%.0f\" y=\"%.1f\" font-size=\"9\">job %u ",
			PAD, y - 8, colours[i % COLOURS], PAD + 14, y,
			job->job_id);
		_escaped(svg, job->user);
		fputc(' ', svg->out);
		_escaped(svg, job->name);
		fprintf(svg->out, ", %u nodes, %u devices</text>\n", job->nodes,
			job->devices);
	}
	if (more)
		fprintf(svg->out,
			"<text x=\"%.0f\" y=\"%.1f\" font-size=\"9\">and %u jobs more</text>\n",
			PAD, y += 13, more);
	return y + 13;
}

static uint32_t _count_legend(const cluster_t *cluster)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cluster->job_count; i++)
		count += (cluster->jobs[i].devices != 0);
	return (count > LEGEND_LINES_MAX) ? LEGEND_LINES_MAX + 1 : count;
}

static uint32_t _count_nodes(const cluster_t *cluster)
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < cluster->node_count; n++)
		count += (cluster->nodes[n].profile != NULL);
	return count;
}

extern int svg_write(const cluster_t *cluster, FILE *out)
{
	svg_t svg = {
		.cluster = cluster,
		.detailed = (_count_nodes(cluster) <= SVG_NODES_DETAILED),
		.out = out,
	};
	box_t all = {.group = -1};
	int rc = _make_all(&svg, &all);

	if (!rc) {
		fprintf(out,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\">\n",
			fmax(all.width, LEGEND_WIDTH),
			all.height + 13.0 * (_count_legend(cluster) + 1));
		_draw(&svg, &all, 0, 0);
		(void) _draw_legend(&svg, all.height);
		fputs("</svg>\n", out);
		rc = (fflush(out) || ferror(out)) ? -1 : 0;
	} else {
		errno = ENOMEM;
	}
	_free_box(&all);
	for (uint32_t i = 0; i < svg.picture_count; i++)
		picture_destroy(svg.pictures[i].picture);
	return rc;
}

extern int svg_write_html(const cluster_t *cluster, FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>neuron-topo</title>\n"
	      "<style>html,body{margin:0;height:100%;overflow:hidden}svg{width:100%;height:100%;cursor:grab}</style></head><body>\n",
	      out);
	if (svg_write(cluster, out))
		return -1;
	/* The wheel zooms at the pointer, dragging moves, a double click
	 * shows all again */
	fputs("<script>\n"
	      "const s=document.querySelector('svg'),all=s.getAttribute('viewBox');\n"
	      "let v=all.split(' ').map(Number),from=null;\n"
	      "const set=()=>s.setAttribute('viewBox',v.join(' '));\n"
	      "const at=e=>{const p=new DOMPoint(e.clientX,e.clientY).matrixTransform(s.getScreenCTM().inverse());return[p.x,p.y]};\n"
	      "s.addEventListener('wheel',e=>{e.preventDefault();const f=Math.exp(e.deltaY/500),[x,y]=at(e);\n"
	      "v=[x-(x-v[0])*f,y-(y-v[1])*f,v[2]*f,v[3]*f];set()},{passive:false});\n"
	      "s.addEventListener('pointerdown',e=>{from=at(e)});\n"
	      "addEventListener('pointerup',()=>{from=null});\n"
	      "s.addEventListener('pointermove',e=>{if(from){const[x,y]=at(e);v[0]+=from[0]-x;v[1]+=from[1]-y;set()}});\n"
	      "s.addEventListener('dblclick',()=>{v=all.split(' ').map(Number);set()});\n"
	      "</script></body></html>\n",
	      out);
	return (fflush(out) || ferror(out)) ? -1 : 0;
}
