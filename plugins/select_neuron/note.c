/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "note.h"

#include <stdlib.h>

#include "lib/placement.h"
#include "stats.h"

#define PREFIX "neuron: "
/* In AdminComment "neuron: " are the options, of job_submit/neuron */
#define KEPT_PREFIX "neuron-placement: "
/* Between our sentence and what others wrote */
#define END ";"

/* Our part of a comment is from the prefix to END or its end */
static void _set(char **comment, const char *prefix, const char *text)
{
	char *start = *comment ? strstr(*comment, prefix) : NULL;
	char *rest, *made = NULL;

	if (!start) {
		xstrfmtcat(*comment, "%s%s%s", *comment ? END " " : "", prefix,
			   text);
		return;
	}
	rest = strstr(start, END);
	made = xstrdup_printf("%.*s%s%s%s", (int) (start - *comment), *comment,
			      prefix, text, rest ? rest : "");
	xfree(*comment);
	*comment = made;
}

/* In the words of sbatch, as neuron-topo explain has them */
static void _add_offer(char **text, const request_t *request,
		       const nearest_offer_t *offer)
{
	const char *between = "";

	if ((offer->tier == SHAPE_TIERS) && !offer->devices && !offer->nodes) {
		xstrcat(*text, ", nothing smaller is possible now");
		return;
	}
	xstrcat(*text, ", possible now: ");
	if (offer->tier < SHAPE_TIERS) {
		xstrfmtcat(*text, "--neuron-shape=%s",
			   shape_tier_name(offer->tier));
		between = " or ";
	}
	if (offer->devices) {
		xstrfmtcat(*text, "%s--gres=neuron:%s%s%u", between,
			   request->type, request->type[0] ? ":" : "",
			   offer->devices);
		between = " or ";
	}
	if (offer->nodes)
		xstrfmtcat(*text, "%s-N%u", between, offer->nodes);
}

extern void note_waits(job_record_t *job_ptr, const job_neuron_t *job,
		       const note_census_t *census,
		       const nearest_offer_t *offer)
{
	const request_t *request = &job->request;
	uint32_t devices =
		request->per_node ? request->per_node : request->per_task;
	char *text = NULL;

	xstrfmtcat(
		text,
		"waits for %u node%s with %u device%s%s: of %u that it %s now %u can give a set of shape %s",
		request->nodes_min, (request->nodes_min == 1) ? "" : "s",
		devices, (devices == 1) ? "" : "s",
		request->per_task ? " a task" : "", census->nodes,
		census->named ? "names" : "may use", census->fit,
		shape_tier_name(request->tier));
	if (census->broken)
		xstrfmtcat(
			text,
			", %u more have enough devices free but in no such set",
			census->broken);
	if (census->masked)
		xstrfmtcat(text, ", %u more but for devices that are masked",
			   census->masked);
	if (offer)
		_add_offer(&text, request, offer);
	else
		xstrfmtcat(text, ", neuron-topo explain %u says what helps",
			   job_ptr->job_id);
	_set(&job_ptr->system_comment, PREFIX, text);
	xfree(text);
}

/* ------------------------------------------------------------------ */
/* Placements */

typedef struct {
	place_candidate_t *set;
	placement_node_t *nodes;
	uint32_t count;
} sets_t;

static void _read_node(const site_t *site, devset_t unusable, int node,
		       devset_t devices, devset_t efas, sets_t *sets)
{
	const shape_t *shape = site_shape(site, node);
	const profile_t *profile = site_profile(site, node);
	devset_t free = profile_devices(profile) & ~unusable;
	placement_node_t *named = &sets->nodes[sets->count];

	snprintf(named->name, sizeof(named->name), "%s",
		 node_record_table_ptr[node]->name);
	named->devices = devices;
	named->efas = efas;
	named->links = shape_links(shape, devices);
	named->links_best = shape_best_links(shape, devset_count(devices));
	sets->set[sets->count++] = (place_candidate_t){
		.node = node,
		.damage = shape_usefulness(shape, free) -
			  shape_usefulness(shape, free & ~devices),
		.left = devset_count(free & ~devices),
	};
}

/* RET the text for free(); NULL: it cannot be told */
static char *_encode(const fabric_t *fabric, const sets_t *sets)
{
	uint32_t named = (sets->count <= NOTE_NODES_MAX) ? sets->count : 0;
	placement_t *placement;
	place_cost_t cost;
	char *text = NULL;

	if (place_cost(fabric, sets->set, sets->count, &cost))
		return NULL;
	stats_placement(&cost);
	if (!(placement = placement_create(&cost, fabric_levels(fabric))))
		return NULL;
	for (uint32_t i = 0; i < named; i++) {
		if (placement_add(placement, &sets->nodes[i])) {
			placement_destroy(placement);
			return NULL;
		}
	}
	text = placement_encode(placement);
	placement_destroy(placement);
	return text;
}

extern void note_placement(job_record_t *job_ptr, const site_t *site,
			   const fabric_t *fabric, const ledger_t *ledger,
			   devset_t (*devices)(const job_neuron_t *job,
					       int node),
			   devset_t (*efas)(const job_neuron_t *job, int node),
			   devset_t (*masked)(int node),
			   const job_neuron_t *job)
{
	bitstr_t *nodes = job_ptr->job_resrcs->node_bitmap;
	uint32_t count = bit_set_count(nodes);
	sets_t sets = {
		.set = xcalloc(count + 1, sizeof(*sets.set)),
		.nodes = xcalloc(count + 1, sizeof(*sets.nodes)),
	};
	char *text;

	for (int n = 0; (n = bit_ffs_from_bit(nodes, n)) >= 0; n++) {
		if (site_profile(site, n))
			_read_node(site,
				   ledger_used(ledger)[n].devices | masked(n),
				   n, devices(job, n), efas(job, n), &sets);
	}
	text = sets.count ? _encode(fabric, &sets) : NULL;
	if (text) {
		_set(&job_ptr->system_comment, PREFIX, text);
		_set(&job_ptr->admin_comment, KEPT_PREFIX, text);
	}
	free(text);
	xfree(sets.set);
	xfree(sets.nodes);
}
