/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gres_env.h"

#include "bits.h"

extern int gres_env_set(const char *name, const char *value, void *arg)
{
	char ***env = arg;

	if (value)
		env_array_overwrite(env, name, value);
	else if (*env)
		unsetenvp(*env, name);
	return 0;
}

extern const char *gres_env_get(char **env, const char *name)
{
	return env ? getenvp(env, name) : NULL;
}

extern void gres_env_set_devset(char ***env, const char *name, devset_t set)
{
	char text[DEVSET_TEXT_MAX];

	devset_encode(set, text, sizeof(text));
	gres_env_set(name, text, env);
}

static devset_t _by_position(devset_t devices, devset_t positions)
{
	devset_t result = 0;
	int position = 0;

	for (int d = -1; (d = devset_next(devices, d)) >= 0; position++) {
		if (positions & devset_of(position))
			result |= devset_of(d);
	}
	return result;
}

extern devset_t gres_env_of_task(devset_t step, const bitstr_t *given,
				 const bitstr_t *usable,
				 const devset_t *allowed)
{
	devset_t bound = bits_to_devset(usable);

	if (gres_use_local_device_index())
		return allowed ? (step & *allowed) : _by_position(step, bound);
	if (bits_to_devset(given) != step)
		return _by_position(step, bound);
	return step & bound;
}

extern gres_prep_t *gres_env_build_prep(const gres_job_state_t *gres)
{
	gres_prep_t *prep = xmalloc(sizeof(*prep));

	prep->node_cnt = gres->node_cnt;
	prep->gres_bit_alloc = xcalloc(prep->node_cnt, sizeof(bitstr_t *));
	prep->gres_cnt_node_alloc = xcalloc(prep->node_cnt, sizeof(uint64_t));
	for (uint32_t i = 0; i < prep->node_cnt; i++) {
		if (gres->gres_bit_alloc && gres->gres_bit_alloc[i])
			prep->gres_bit_alloc[i] =
				bit_copy(gres->gres_bit_alloc[i]);
		if (gres->gres_cnt_node_alloc)
			prep->gres_cnt_node_alloc[i] =
				gres->gres_cnt_node_alloc[i];
	}
	return prep;
}

extern devset_t gres_env_prep_devset(const gres_prep_t *prep, int node_inx)
{
	if (!prep || !prep->gres_bit_alloc || (node_inx < 0) ||
	    ((uint32_t) node_inx >= prep->node_cnt))
		return 0;
	return bits_to_devset(prep->gres_bit_alloc[node_inx]);
}
