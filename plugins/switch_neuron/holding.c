/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holding.h"

#include "plugins/common/bits.h"

typedef struct {
	uint32_t plugin_id;
	int offset; /* -1: of no node in particular */
	gres_state_t *found;
	int count;
} search_t;

static int _search(void *x, void *arg)
{
	gres_state_t *state = x;
	const gres_job_state_t *gres = state->gres_data;
	search_t *search = arg;

	if (state->plugin_id != search->plugin_id)
		return 0;
	if ((search->offset >= 0) &&
	    (((uint32_t) search->offset >= gres->node_cnt) ||
	     !gres->gres_cnt_node_alloc ||
	     !gres->gres_cnt_node_alloc[search->offset]))
		return 0;
	search->found = state;
	search->count++;
	return 0;
}

static devset_t _in_steps(const gres_job_state_t *gres, int offset)
{
	if (!gres->gres_bit_step_alloc)
		return 0;
	return bits_to_devset(gres->gres_bit_step_alloc[offset]);
}

extern int holding_find(const job_record_t *job_ptr, uint32_t plugin_id,
			int offset, holding_t *holding)
{
	search_t search = {.plugin_id = plugin_id, .offset = offset};
	const gres_job_state_t *gres;
	uint64_t count;

	if (!job_ptr->gres_list_alloc)
		return -1;
	list_for_each(job_ptr->gres_list_alloc, _search, &search);
	if (search.count != 1)
		return -1;
	gres = search.found->gres_data;
	if (!gres->gres_bit_alloc || !gres->gres_bit_alloc[offset] ||
	    (bit_size(gres->gres_bit_alloc[offset]) > DEVSET_MAX))
		return -1;
	*holding = (holding_t){
		.state = search.found,
		.gres = search.found->gres_data,
		.offset = offset,
		.free = bits_to_devset(gres->gres_bit_alloc[offset]) &
			~_in_steps(gres, offset),
	};
	count = gres->gres_cnt_node_alloc[offset];
	if (gres->gres_cnt_step_alloc)
		count -= gres->gres_cnt_step_alloc[offset];
	return (devset_count(holding->free) == count) ? 0 : -1;
}

extern void holding_hide(holding_t *holding, devset_t set)
{
	gres_job_state_t *gres = holding->gres;
	bitstr_t **bits;

	if (!gres->gres_bit_step_alloc)
		gres->gres_bit_step_alloc =
			xcalloc(gres->node_cnt, sizeof(bitstr_t *));
	bits = &gres->gres_bit_step_alloc[holding->offset];
	if (!*bits)
		*bits = bit_alloc(
			bit_size(gres->gres_bit_alloc[holding->offset]));
	bits_from_devset(*bits, bits_to_devset(*bits) | set);
}

extern void holding_show(const job_record_t *job_ptr, uint32_t plugin_id,
			 int offset, devset_t set)
{
	search_t search = {.plugin_id = plugin_id, .offset = offset};
	const gres_job_state_t *gres;

	if (!job_ptr->gres_list_alloc)
		return;
	list_for_each(job_ptr->gres_list_alloc, _search, &search);
	gres = search.found ? search.found->gres_data : NULL;
	if (gres && gres->gres_bit_step_alloc)
		bits_keep(gres->gres_bit_step_alloc[offset], ~set);
}

/* Has a device of this type a core whose number is in cores? */
static bool _has_core(const gres_node_state_t *gres, int device,
		      bitstr_t *cores)
{
	for (int i = 0; i < gres->topo_cnt; i++) {
		bitstr_t *devices = gres->topo_gres_bitmap[i];

		if (!devices || (bit_size(devices) <= device) ||
		    !bit_test(devices, device))
			continue;
		if (!gres->topo_core_bitmap[i])
			return true;
		if ((bit_size(gres->topo_core_bitmap[i]) == bit_size(cores)) &&
		    bit_overlap_any(gres->topo_core_bitmap[i], cores))
			return true;
	}
	return false;
}

/* RET the job's cores on a node that no step uses, numbered in the node;
 * NULL: not known */
static bitstr_t *_unused_cores(const job_record_t *job_ptr, int offset)
{
	job_resources_t *resources = job_ptr->job_resrcs;
	uint16_t sockets, cores;
	bitstr_t *unused;
	int first;

	if (!resources->core_bitmap || !resources->core_bitmap_used ||
	    get_job_resources_cnt(resources, offset, &sockets, &cores) ||
	    ((first = get_job_resources_offset(resources, offset, 0, 0)) < 0))
		return NULL;
	unused = bit_alloc((bitoff_t) sockets * cores);
	for (int i = 0; i < sockets * cores; i++) {
		if (bit_test(resources->core_bitmap, first + i) &&
		    !bit_test(resources->core_bitmap_used, first + i))
			bit_set(unused, i);
	}
	return unused;
}

extern devset_t holding_near(const holding_t *holding,
			     const job_record_t *job_ptr,
			     const node_record_t *node_ptr)
{
	search_t search = {.plugin_id = holding->state->plugin_id,
			   .offset = -1};
	const gres_node_state_t *gres;
	bitstr_t *cores;
	devset_t near = 0;

	if (node_ptr->gres_list)
		list_for_each(node_ptr->gres_list, _search, &search);
	gres = search.found ? search.found->gres_data : NULL;
	if (!gres || !gres->topo_cnt ||
	    !(cores = _unused_cores(job_ptr, holding->offset)))
		return holding->free;
	for (int d = -1; (d = devset_next(holding->free, d)) >= 0;) {
		if (_has_core(gres, d, cores))
			near |= devset_of(d);
	}
	FREE_NULL_BITMAP(cores);
	return near;
}

/* The step's record beside the job's, new when it has none */
static gres_step_state_t *_record_of_step(const holding_t *holding,
					  step_record_t *step_ptr)
{
	search_t search = {.plugin_id = holding->state->plugin_id,
			   .offset = -1};
	const gres_job_state_t *job = holding->gres;
	gres_step_state_t *gres;
	gres_state_t *state;

	if (!step_ptr->gres_list_alloc)
		step_ptr->gres_list_alloc = list_create(gres_step_list_delete);
	list_for_each(step_ptr->gres_list_alloc, _search, &search);
	if (search.found)
		return search.found->gres_data;
	gres = xmalloc(sizeof(*gres));
	gres->type_id = job->type_id;
	gres->type_name = xstrdup(job->type_name);
	gres->node_cnt = job->node_cnt;
	gres->node_in_use = bit_alloc(job->node_cnt);
	gres->gres_cnt_node_alloc = xcalloc(job->node_cnt, sizeof(uint64_t));
	gres->gres_bit_alloc = xcalloc(job->node_cnt, sizeof(bitstr_t *));
	state = xmalloc(sizeof(*state));
	state->config_flags = holding->state->config_flags;
	state->plugin_id = holding->state->plugin_id;
	state->gres_name = xstrdup(holding->state->gres_name);
	state->gres_data = gres;
	state->state_type = GRES_STATE_TYPE_STEP;
	list_append(step_ptr->gres_list_alloc, state);
	return gres;
}

extern void holding_give(holding_t *holding, step_record_t *step_ptr,
			 devset_t set)
{
	gres_step_state_t *step = _record_of_step(holding, step_ptr);
	gres_job_state_t *job = holding->gres;
	int offset = holding->offset;

	step->gres_bit_alloc[offset] =
		bit_alloc(bit_size(job->gres_bit_alloc[offset]));
	bits_from_devset(step->gres_bit_alloc[offset], set);
	step->gres_cnt_node_alloc[offset] = devset_count(set);
	step->total_gres += devset_count(set);
	bit_set(step->node_in_use, offset);
	if (!job->gres_cnt_step_alloc)
		job->gres_cnt_step_alloc =
			xcalloc(job->node_cnt, sizeof(uint64_t));
	job->gres_cnt_step_alloc[offset] += devset_count(set);
	holding_hide(holding, set);
	holding->free &= ~set;
}

extern int asking_find(list_t *gres_list_req, uint32_t plugin_id,
		       asking_t *asking)
{
	search_t search = {.plugin_id = plugin_id, .offset = -1};

	list_for_each(gres_list_req, _search, &search);
	*asking = (asking_t){
		.gres = search.found ? search.found->gres_data : NULL,
	};
	return (search.count > 1) ? -1 : 0;
}

extern bool asking_fits(const asking_t *asking, const holding_t *holding)
{
	return !asking->gres->type_name ||
	       (asking->gres->type_id == holding->gres->type_id);
}

/* On the nodes before the last every one gets at least one */
static uint64_t _of_step(const asking_t *asking, uint64_t free, uint32_t nodes)
{
	uint64_t whole = asking->gres->gres_per_step;
	uint64_t later = nodes - 1;

	if (asking->given >= whole)
		return 0;
	whole -= asking->given;
	if (!later)
		return whole;
	return MIN(free, (whole > later) ? whole - later : whole);
}

extern int asking_count(asking_t *asking, const holding_t *holding,
			uint16_t tasks, uint32_t nodes)
{
	const gres_step_state_t *gres = asking->gres;
	uint64_t free = devset_count(holding->free), count = free;

	if (gres->gres_per_node)
		count = gres->gres_per_node;
	else if (gres->gres_per_task)
		count = gres->gres_per_task * tasks;
	else if (gres->ntasks_per_gres)
		count = tasks / gres->ntasks_per_gres;
	else if (gres->gres_per_step)
		count = _of_step(asking, free, nodes);
	if (count > free)
		return -1;
	asking->given += count;
	return (int) count;
}
