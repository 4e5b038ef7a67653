/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sizes.h"

#include "plugins/common/job.h"

typedef struct {
	const conf_t *conf;
	demand_t demands[CONF_FAMILIES_MAX];
	uint32_t jobs;
} census_t;

/* Jobs that ended without a start say as little as those that never came */
static bool _counts(const job_record_t *job_ptr)
{
	return IS_JOB_PENDING(job_ptr) || IS_JOB_RUNNING(job_ptr) ||
	       IS_JOB_SUSPENDED(job_ptr) ||
	       (job_ptr->start_time &&
		(job_ptr->end_time > job_ptr->start_time));
}

static int _count_job(void *x, void *arg)
{
	const job_record_t *job_ptr = x;
	census_t *census = arg;
	const profile_t *profile;
	uint32_t devices, nodes;
	const char *type;

	if (++census->jobs > SIZES_JOBS_MAX)
		return -1;
	if (!_counts(job_ptr) ||
	    !job_neuron_size(job_ptr, &type, &devices, &nodes))
		return 0;
	for (unsigned int i = 0; (profile = conf_profile_at(census->conf, i));
	     i++) {
		if ((!type || !xstrcmp(type, profile_type(profile))) &&
		    (devices <= profile_device_count(profile)))
			demand_add(&census->demands[i], devices, nodes);
	}
	return 0;
}

static void _log(const site_t *site, unsigned int index,
		 const demand_weights_t *weights)
{
	const profile_t *profile = conf_profile_at(site_conf(site), index);

	debug("select/neuron: %s: 1, 2, 4, 8, 16 devices weigh %u, %u, %u, %u, %u more",
	      profile_name(profile), weights->more[0], weights->more[1],
	      weights->more[2], weights->more[3], weights->more[4]);
}

extern void sizes_refresh(sizes_t *sizes, const site_t *site, time_t now)
{
	census_t census = {.conf = site_conf(site)};

	if (sizes->counted && (now >= sizes->counted) &&
	    (now < sizes->counted + SIZES_INTERVAL))
		return;
	sizes->counted = now;
	list_for_each(job_list, _count_job, &census);
	for (unsigned int i = 0; conf_profile_at(census.conf, i); i++) {
		demand_weights_t weights;

		demand_weigh(&census.demands[i], &weights);
		if (demand_weights_equal(&weights, &sizes->weights[i]))
			continue;
		sizes->weights[i] = weights;
		_log(site, i, &weights);
	}
}
