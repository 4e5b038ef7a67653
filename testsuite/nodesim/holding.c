/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "holding.h"
#include "job.h"
#include "journal.h"
#include "step.h"

#include "src/common/bitstring.h"
#include "src/common/hostlist.h"
#include "src/interfaces/gres.h"

#define REMEMBER_SECONDS 300

typedef struct set {
	struct set *next;
	char *name; /* of the GRES */
	bitstr_t *bits;
} set_t;

struct holding {
	holding_t *next; /* on the same node */
	slurm_step_id_t id;
	set_t *sets;
};

/* A job that is over: credentials as old as that count no more. slurmd keeps
 * them as long as credentials live, see slurm_cred_revoke() */
struct revocation {
	revocation_t *next; /* older, on the same node */
	uint32_t job_id;
	time_t when;
};

static uint32_t present;
static uint64_t conflicts, stale;

/* ------------------------------------------------------------------ */
/* Sets */

static void _free_sets(set_t *first)
{
	for (set_t *next; first; first = next) {
		next = first->next;
		xfree(first->name);
		FREE_NULL_BITMAP(first->bits);
		xfree(first);
	}
}

/* A GRES can stand there twice, with two types */
static void _add_set(set_t **sets, const char *name, bitstr_t *bits)
{
	set_t *set = *sets;

	while (set && xstrcmp(set->name, name))
		set = set->next;
	if (set && (bit_size(set->bits) == bit_size(bits))) {
		bit_or(set->bits, bits);
		return;
	}
	set = xmalloc(sizeof(*set));
	set->name = xstrdup(name);
	set->bits = bit_copy(bits);
	set->next = *sets;
	*sets = set;
}

/* RET place of a node among those of a job; -1: it is none of them */
static int _place(const char *nodes, const char *name)
{
	hostlist_t *names = nodes ? hostlist_create(nodes) : NULL;
	int place = names ? hostlist_find(names, name) : -1;

	FREE_NULL_HOSTLIST(names);
	return place;
}

static set_t *_sets(const slurm_cred_arg_t *job, const char *node_name)
{
	int place = _place(job->job_hostlist, node_name);
	list_itr_t *all;
	gres_state_t *gres;
	set_t *sets = NULL;

	if ((place < 0) || !job->job_gres_list)
		return NULL;
	all = list_iterator_create(job->job_gres_list);
	while ((gres = list_next(all))) {
		const gres_job_state_t *state = gres->gres_data;

		if (state->gres_bit_alloc && (place < (int) state->node_cnt) &&
		    state->gres_bit_alloc[place])
			_add_set(&sets, gres->gres_name,
				 state->gres_bit_alloc[place]);
	}
	list_iterator_destroy(all);
	return sets;
}

/* "neuron=0-3 efa=0-3" */
static char *_text(const set_t *sets)
{
	char *text = NULL;

	for (; sets; sets = sets->next) {
		char *indexes = bit_fmt_full(sets->bits);

		xstrfmtcat(text, " %s=%s", sets->name, indexes);
		xfree(indexes);
	}
	return text;
}

/* ------------------------------------------------------------------ */
/* Conflicts */

static bool _overlap(const set_t *a, const set_t *sets)
{
	for (const set_t *b = sets; b; b = b->next) {
		if (!xstrcmp(a->name, b->name) &&
		    (bit_size(a->bits) == bit_size(b->bits)) &&
		    bit_overlap_any(a->bits, b->bits))
			return true;
	}
	return false;
}

static bool _runs(uint32_t job_id)
{
	for (uint32_t i = 0; i < node_count; i++) {
		if (job_is_on(&node_table[i], job_id) ||
		    step_is_on(&node_table[i], job_id))
			return true;
	}
	return false;
}

/* RET true: they have something in common, and the other one is over */
static bool _compare(const node_t *node, const holding_t *mine,
		     const holding_t *other)
{
	bool over = false;

	for (const set_t *set = mine->sets; set; set = set->next) {
		if (over || !_overlap(set, other->sets))
			continue;
		if (!_runs(other->id.job_id)) {
			over = true;
			continue;
		}
		conflicts++;
		error("node %s: job %u is given %s that job %u has", node->name,
		      mine->id.job_id, set->name, other->id.job_id);
		journal_conflict(mine->id.job_id, node->name, other->id.job_id,
				 set->name);
	}
	return over;
}

/* ------------------------------------------------------------------ */

static holding_t **_find(node_t *node, uint32_t job_id)
{
	holding_t **place = &node->holdings;

	while (*place && ((*place)->id.job_id != job_id))
		place = &(*place)->next;
	return place;
}

static void _remove(node_t *node, holding_t **place)
{
	holding_t *holding = *place;

	*place = holding->next;
	journal_free(holding->id.job_id, node->name);
	_free_sets(holding->sets);
	xfree(holding);
	present--;
}

/* ------------------------------------------------------------------ */
/* Jobs that are over */

static void _forget_older(revocation_t **place, time_t than)
{
	while (*place && ((*place)->when >= than))
		place = &(*place)->next;
	for (revocation_t *next, *old = *place; old; old = next) {
		next = old->next;
		xfree(old);
	}
	*place = NULL;
}

static void _revoke(node_t *node, uint32_t job_id)
{
	revocation_t *revocation = xmalloc(sizeof(*revocation));

	revocation->job_id = job_id;
	revocation->when = time(NULL);
	revocation->next = node->revocations;
	node->revocations = revocation;
	_forget_older(&node->revocations, revocation->when - REMEMBER_SECONDS);
}

static bool _is_revoked(const node_t *node, uint32_t job_id, time_t made)
{
	for (revocation_t *r = node->revocations; r; r = r->next) {
		if (r->job_id == job_id)
			return made <= r->when;
	}
	return false;
}

/* ------------------------------------------------------------------ */

static void _compare_all(node_t *node, const holding_t *mine)
{
	for (holding_t **place = &node->holdings; *place;) {
		if (_compare(node, mine, *place)) {
			stale++;
			_remove(node, place);
		} else
			place = &(*place)->next;
	}
}

static void _take(node_t *node, const slurm_cred_arg_t *job)
{
	holding_t *holding;
	char *text;

	if (*_find(node, job->step_id.job_id))
		return;
	holding = xmalloc(sizeof(*holding));
	holding->id = job->step_id;
	holding->id.step_id = SLURM_EXTERN_CONT;
	holding->sets = _sets(job, node->name);
	_compare_all(node, holding);
	holding->next = node->holdings;
	node->holdings = holding;
	present++;
	text = _text(holding->sets);
	journal_take(holding->id.job_id, node->name, text);
	xfree(text);
}

extern int holding_take(node_t *node, slurm_cred_t *cred)
{
	slurm_cred_arg_t *job = cred ? slurm_cred_get_args(cred) : NULL;
	int rc = SLURM_SUCCESS;

	if (!job)
		return rc;
	if (_is_revoked(node, job->step_id.job_id, cred->ctime))
		rc = ESLURMD_CREDENTIAL_REVOKED;
	else
		_take(node, job);
	slurm_cred_unlock_args(cred);
	return rc;
}

extern void holding_free(node_t *node, uint32_t job_id)
{
	holding_t **place = _find(node, job_id);

	if (*place)
		_remove(node, place);
	_revoke(node, job_id);
}

extern void holdings_lose(node_t *node)
{
	while (node->holdings)
		_remove(node, &node->holdings);
}

extern void holdings_forget(node_t *node)
{
	holdings_lose(node);
	_forget_older(&node->revocations, time(NULL) + 1);
}

extern uint32_t holding_ids(const node_t *node, slurm_step_id_t **ids)
{
	const holding_t *first = node->holdings;
	uint32_t count = 0;

	if (!(slurm_conf.prolog_flags & PROLOG_FLAG_CONTAIN))
		first = NULL;
	for (const holding_t *h = first; h; h = h->next)
		count++;
	*ids = xcalloc(count ? count : 1, sizeof(**ids));
	count = 0;
	for (const holding_t *h = first; h; h = h->next)
		(*ids)[count++] = h->id;
	return count;
}

extern uint32_t holdings(void)
{
	return present;
}

extern uint64_t holding_stale(void)
{
	return stale;
}

extern uint64_t holding_conflicts(void)
{
	return conflicts;
}
