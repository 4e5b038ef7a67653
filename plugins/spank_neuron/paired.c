/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paired.h"

#include "plugins/common/bits.h"
#include "plugins/common/gres_peer.h"
#include "plugins/compat/step.h"

static int _has_id(void *x, void *key)
{
	return ((gres_state_t *) x)->plugin_id == *(uint32_t *) key;
}

/* The record of a GRES in a list of slurmstepd, NULL: none */
static gres_state_t *_find(list_t *list, const char *name)
{
	uint32_t id = gres_build_id((char *) name);

	return list ? list_find_first(list, _has_id, &id) : NULL;
}

/* A step record of some interfaces of the one node that slurmstepd knows */
static void _append(const stepd_step_rec_t *step, gres_state_t *job,
		    bitstr_t *of_job, devset_t efas)
{
	gres_step_state_t *gres = xmalloc(sizeof(*gres));

	gres->type_id = NO_VAL;
	gres->node_cnt = 1;
	gres->total_gres = devset_count(efas);
	gres->gres_cnt_node_alloc = xcalloc(1, sizeof(uint64_t));
	gres->gres_cnt_node_alloc[0] = gres->total_gres;
	gres->gres_bit_alloc = xcalloc(1, sizeof(bitstr_t *));
	gres->gres_bit_alloc[0] = bit_alloc(bit_size(of_job));
	bits_from_devset(gres->gres_bit_alloc[0], efas);
	list_append(step->step_gres_list,
		    gres_create_state(job, GRES_STATE_SRC_STATE_PTR,
				      GRES_STATE_TYPE_STEP, gres));
}

extern void paired_add(void)
{
	const gres_peer_t *peer = gres_peer_find("gres/neuron");
	const stepd_step_rec_t *step = peer ? compat_step(peer->env) : NULL;
	gres_state_t *state;
	gres_job_state_t *job;
	devset_t efas;

	if (!step || !step->step_gres_list ||
	    _find(step->step_gres_list, "efa") ||
	    !(state = _find(step->job_gres_list, "efa")))
		return;
	job = state->gres_data;
	if (!job->node_cnt || !job->gres_bit_alloc || !job->gres_bit_alloc[0])
		return;
	efas = machine_efas_of(peer->machine, peer->devices) &
	       bits_to_devset(job->gres_bit_alloc[0]);
	if (efas)
		_append(step, state, job->gres_bit_alloc[0], efas);
}
