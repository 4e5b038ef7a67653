/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ledger.h"

#include <inttypes.h>
#include <stdlib.h>

#include "plugins/common/bits.h"
#include "plugins/common/job.h"

/* What a job holds on one node */
typedef struct {
	int node;
	ledger_sets_t sets;
} share_t;

/* One job; records of Slurm may vanish, so it is known by its number */
typedef struct {
	uint32_t job_id;
	uint32_t share_count;
	time_t end;
	share_t *shares;
} hold_t;

/* One job on a node, which has them in order of their ends */
typedef struct {
	uint32_t job_id;
	time_t end;
	devset_t devices;
} guest_t;

typedef struct {
	guest_t *list;
	uint32_t count;
	uint32_t room;
} guests_t;

struct ledger {
	int node_count;
	ledger_sets_t *used;
	guests_t *guests; /* by node */
	hold_t *holds;
	uint32_t hold_count;
	uint32_t hold_room;
};

extern ledger_t *ledger_create(void)
{
	ledger_t *ledger = xmalloc(sizeof(*ledger));

	ledger->node_count = node_record_count;
	ledger->used = xcalloc(node_record_count + 1, sizeof(*ledger->used));
	ledger->guests =
		xcalloc(node_record_count + 1, sizeof(*ledger->guests));
	return ledger;
}

static void _forget_jobs(ledger_t *ledger)
{
	for (uint32_t i = 0; i < ledger->hold_count; i++)
		xfree(ledger->holds[i].shares);
	ledger->hold_count = 0;
	for (int n = 0; n < ledger->node_count; n++)
		ledger->guests[n].count = 0;
}

extern void ledger_destroy(ledger_t *ledger)
{
	if (!ledger)
		return;
	_forget_jobs(ledger);
	for (int n = 0; n < ledger->node_count; n++)
		xfree(ledger->guests[n].list);
	xfree(ledger->guests);
	xfree(ledger->holds);
	xfree(ledger->used);
	xfree(ledger);
}

/* ------------------------------------------------------------------ */
/* Nodes */

static int _match_id(void *x, void *key)
{
	const gres_state_t *state = x;

	return state->plugin_id == *(uint32_t *) key;
}

static devset_t _read_set(list_t *gres_list, uint32_t id)
{
	gres_state_t *state =
		gres_list ? list_find_first(gres_list, _match_id, &id) : NULL;
	const gres_node_state_t *gres = state ? state->gres_data : NULL;

	return gres ? bits_to_devset(gres->gres_bit_alloc) : 0;
}

static ledger_sets_t _read_node(int node)
{
	const node_record_t *record = node_record_table_ptr[node];
	ledger_sets_t sets = {0};

	if (record) {
		sets.devices = _read_set(record->gres_list, job_neuron_id());
		sets.efas = _read_set(record->gres_list, job_efa_id());
	}
	return sets;
}

static void _read_nodes(ledger_t *ledger, const bitstr_t *nodes)
{
	if (!nodes)
		return;
	for (int n = 0; (n = bit_ffs_from_bit((bitstr_t *) nodes, n)) >= 0;
	     n++) {
		if (n < ledger->node_count)
			ledger->used[n] = _read_node(n);
	}
}

extern uint32_t ledger_compare(const ledger_t *ledger)
{
	uint32_t differ = 0;

	for (int n = 0; n < ledger->node_count; n++) {
		ledger_sets_t sets = _read_node(n);

		if ((sets.devices == ledger->used[n].devices) &&
		    (sets.efas == ledger->used[n].efas))
			continue;
		differ++;
		error("select/neuron: ledger: %s: 0x%" PRIx64 " and 0x%" PRIx64
		      " noted as used, Slurm has 0x%" PRIx64 " and 0x%" PRIx64,
		      node_record_table_ptr[n]->name, ledger->used[n].devices,
		      ledger->used[n].efas, sets.devices, sets.efas);
	}
	return differ;
}

/* ------------------------------------------------------------------ */
/* Guests of a node */

static guests_t *_guests_of(ledger_t *ledger, int node)
{
	return (node < ledger->node_count) ? &ledger->guests[node] : NULL;
}

static void _add_guest(guests_t *guests, const guest_t *guest)
{
	uint32_t i;

	if (guests->count == guests->room) {
		guests->room = MAX(4, guests->room * 2);
		xrecalloc(guests->list, guests->room, sizeof(*guests->list));
	}
	for (i = guests->count++; i && (guests->list[i - 1].end > guest->end);
	     i--)
		guests->list[i] = guests->list[i - 1];
	guests->list[i] = *guest;
}

static void _remove_guest(guests_t *guests, uint32_t job_id)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < guests->count; i++) {
		if (guests->list[i].job_id != job_id)
			guests->list[kept++] = guests->list[i];
	}
	guests->count = kept;
}

static void _add_guests(ledger_t *ledger, const hold_t *hold)
{
	for (uint32_t i = 0; i < hold->share_count; i++) {
		guests_t *guests = _guests_of(ledger, hold->shares[i].node);
		guest_t guest = {
			.job_id = hold->job_id,
			.end = hold->end,
			.devices = hold->shares[i].sets.devices,
		};

		if (guests && guest.devices)
			_add_guest(guests, &guest);
	}
}

static void _remove_guests(ledger_t *ledger, const hold_t *hold)
{
	for (uint32_t i = 0; i < hold->share_count; i++) {
		guests_t *guests = _guests_of(ledger, hold->shares[i].node);

		if (guests)
			_remove_guest(guests, hold->job_id);
	}
}

static void _set_span(shape_span_t *span, devset_t free, time_t from, time_t to)
{
	span->free = free;
	span->seconds = to - from;
}

extern uint32_t ledger_spans(const ledger_t *ledger, int node, devset_t all,
			     time_t from, time_t to, shape_span_t *spans)
{
	const guests_t *guests = &ledger->guests[node];
	devset_t free = all & ~ledger->used[node].devices;
	uint32_t count = 0;

	to = MIN(to, from + LEDGER_HORIZON);
	for (uint32_t i = 0; i < guests->count; i++) {
		const guest_t *guest = &guests->list[i];

		if (guest->end >= to)
			break;
		if ((guest->end > from) && (count < SHAPE_SPANS_MAX - 1)) {
			_set_span(&spans[count++], free, from, guest->end);
			from = guest->end;
		}
		free |= guest->devices & all;
	}
	if (count && (to > from))
		_set_span(&spans[count++], free, from, to);
	return count;
}

/* ------------------------------------------------------------------ */
/* Jobs */

static hold_t *_find_hold(const ledger_t *ledger, uint32_t job_id)
{
	for (uint32_t i = 0; i < ledger->hold_count; i++) {
		if (ledger->holds[i].job_id == job_id)
			return &ledger->holds[i];
	}
	return NULL;
}

extern bool ledger_has(const ledger_t *ledger, uint32_t job_id)
{
	return _find_hold(ledger, job_id) != NULL;
}

extern devset_t ledger_devices(const ledger_t *ledger, uint32_t job_id,
			       int node)
{
	const hold_t *hold = _find_hold(ledger, job_id);

	for (uint32_t i = 0; hold && (i < hold->share_count); i++) {
		if (hold->shares[i].node == node)
			return hold->shares[i].sets.devices;
	}
	return 0;
}

static void _forget_job(ledger_t *ledger, uint32_t job_id)
{
	hold_t *hold = _find_hold(ledger, job_id);
	uint32_t behind;

	if (!hold)
		return;
	_remove_guests(ledger, hold);
	xfree(hold->shares);
	behind = &ledger->holds[--ledger->hold_count] - hold;
	memmove(hold, hold + 1, behind * sizeof(*hold));
}

static const gres_job_state_t *_gres_of(const job_record_t *job_ptr,
					uint32_t id)
{
	gres_state_t *state =
		job_ptr->gres_list_alloc
			? list_find_first(job_ptr->gres_list_alloc, _match_id,
					  &id)
			: NULL;

	return state ? state->gres_data : NULL;
}

static devset_t _share(const gres_job_state_t *gres, uint32_t position)
{
	if (!gres || !gres->gres_bit_alloc || (position >= gres->node_cnt))
		return 0;
	return bits_to_devset(gres->gres_bit_alloc[position]);
}

static void _add_hold(ledger_t *ledger, const hold_t *hold)
{
	if (ledger->hold_count == ledger->hold_room) {
		ledger->hold_room = MAX(64, ledger->hold_room * 2);
		xrecalloc(ledger->holds, ledger->hold_room,
			  sizeof(*ledger->holds));
	}
	ledger->holds[ledger->hold_count++] = *hold;
}

static void _note_job(ledger_t *ledger, const job_record_t *job_ptr)
{
	const gres_job_state_t *neuron = _gres_of(job_ptr, job_neuron_id());
	const gres_job_state_t *efa = _gres_of(job_ptr, job_efa_id());
	bitstr_t *nodes =
		job_ptr->job_resrcs ? job_ptr->job_resrcs->node_bitmap : NULL;
	hold_t hold = {.job_id = job_ptr->job_id, .end = job_ptr->end_time};
	uint32_t position = 0;

	if (!nodes || (!neuron && !efa))
		return;
	hold.shares = xcalloc(bit_set_count(nodes), sizeof(*hold.shares));
	for (int n = 0; (n = bit_ffs_from_bit(nodes, n)) >= 0;
	     n++, position++) {
		hold.shares[hold.share_count++] = (share_t){
			.node = n,
			.sets.devices = _share(neuron, position),
			.sets.efas = _share(efa, position),
		};
	}
	_add_hold(ledger, &hold);
	_add_guests(ledger, &hold);
}

extern void ledger_job_changed(ledger_t *ledger, job_record_t *job_ptr)
{
	_forget_job(ledger, job_ptr->job_id);
	if (job_ptr->job_resrcs)
		_read_nodes(ledger, job_ptr->job_resrcs->node_bitmap);
	_read_nodes(ledger, job_ptr->node_bitmap);
	_note_job(ledger, job_ptr);
}

extern void ledger_job_ended(ledger_t *ledger, job_record_t *job_ptr)
{
	const hold_t *hold = _find_hold(ledger, job_ptr->job_id);
	for (uint32_t i = 0; hold && (i < hold->share_count); i++) {
		int node = hold->shares[i].node;

		if (node < ledger->node_count)
			ledger->used[node] = _read_node(node);
	}
	_forget_job(ledger, job_ptr->job_id);
}

static int _note_running(void *x, void *arg)
{
	const job_record_t *job_ptr = x;

	if (IS_JOB_RUNNING(job_ptr) || IS_JOB_SUSPENDED(job_ptr))
		_note_job(arg, job_ptr);
	return 0;
}

extern void ledger_read(ledger_t *ledger)
{
	_forget_jobs(ledger);
	for (int n = 0; n < ledger->node_count; n++)
		ledger->used[n] = _read_node(n);
	if (&job_list && job_list)
		list_for_each(job_list, _note_running, ledger);
}

/* ------------------------------------------------------------------ */
/* Questions */

extern const ledger_sets_t *ledger_used(const ledger_t *ledger)
{
	return ledger->used;
}

static int _compare_end(const void *a, const void *b)
{
	const hold_t *x = a, *y = b;

	if (x->end != y->end)
		return (x->end < y->end) ? -1 : 1;
	return (x->job_id > y->job_id) - (x->job_id < y->job_id);
}

/* Time limits change seldom: the order is nearly right already */
static bool _sort_nearly(hold_t *holds, uint32_t count)
{
	uint64_t moves = 16 * (uint64_t) count;

	for (uint32_t i = 1; i < count; i++) {
		hold_t hold = holds[i];
		uint32_t j = i;

		for (; j && (_compare_end(&holds[j - 1], &hold) > 0); j--) {
			if (!moves--)
				break;
			holds[j] = holds[j - 1];
		}
		holds[j] = hold;
		if (moves == UINT64_MAX)
			return false;
	}
	return true;
}

extern uint32_t ledger_sort_ends(ledger_t *ledger)
{
	for (uint32_t i = 0; i < ledger->hold_count; i++) {
		hold_t *hold = &ledger->holds[i];
		const job_record_t *job_ptr = find_job_record(hold->job_id);

		if (!job_ptr || (hold->end == job_ptr->end_time))
			continue;
		_remove_guests(ledger, hold);
		hold->end = job_ptr->end_time;
		_add_guests(ledger, hold);
	}
	if (!_sort_nearly(ledger->holds, ledger->hold_count))
		qsort(ledger->holds, ledger->hold_count, sizeof(hold_t),
		      _compare_end);
	return ledger->hold_count;
}

extern time_t ledger_end(const ledger_t *ledger, uint32_t number)
{
	return ledger->holds[number].end;
}

static void _take_out(const ledger_t *ledger, const hold_t *hold,
		      ledger_sets_t *used)
{
	for (uint32_t i = 0; i < hold->share_count; i++) {
		const share_t *share = &hold->shares[i];

		if (share->node >= ledger->node_count)
			continue;
		used[share->node].devices &= ~share->sets.devices;
		used[share->node].efas &= ~share->sets.efas;
	}
}

extern void ledger_used_after(const ledger_t *ledger, uint32_t count,
			      ledger_sets_t *used)
{
	memcpy(used, ledger->used, ledger->node_count * sizeof(*used));
	for (uint32_t i = 0; i < count; i++)
		_take_out(ledger, &ledger->holds[i], used);
}

static int _take_job_out(void *x, void *arg)
{
	const job_record_t *job_ptr = x;
	struct {
		const ledger_t *ledger;
		ledger_sets_t *used;
	} *what = arg;
	const hold_t *hold = _find_hold(what->ledger, job_ptr->job_id);

	if (hold)
		_take_out(what->ledger, hold, what->used);
	return 0;
}

extern void ledger_used_without(const ledger_t *ledger, list_t *jobs,
				ledger_sets_t *used)
{
	struct {
		const ledger_t *ledger;
		ledger_sets_t *used;
	} what = {ledger, used};

	memcpy(used, ledger->used, ledger->node_count * sizeof(*used));
	list_for_each(jobs, _take_job_out, &what);
}
