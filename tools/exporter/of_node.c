/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "of_node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf.h"
#include "lib/grant.h"
#include "lib/meter.h"
#include "lib/rundir.h"
#include "lib/sysfs.h"
#include "tools/hosts.h"

#define MICROSECONDS 1e6
/* Jobs of a node: each has a device */
#define GRANTS_MAX DEVSET_MAX
#define COMPONENTS_MAX 16

enum {
	ERRORS,
	BUSY,
	MEMORY,
	HEALTHY,
	UNHEALTHY,
	JOB,
	EFA_SENT,
	EFA_RECEIVED,
	EFA_READ,
	EFA_WRITTEN,
	EFA_ERRORS,
	EFA_JOB,
	MALFORMED,
	METRICS
};

#define DEVICE                 \
	{                      \
		"device", NULL \
	}
#define INTERFACE                 \
	{                         \
		"interface", NULL \
	}

static const metric_t metrics_of_node[METRICS] = {
	[ERRORS] =
		{"neuron_device_errors",
		 METRIC_COUNTER,
		 NULL,
		 "Errors that the driver counted, by its name for them; those of cores are added up",
		 {"device", "error", NULL},
		 DEVSET_MAX *METER_ERRORS},
	[BUSY] = {"neuron_device_busy_seconds", METRIC_COUNTER, "seconds",
		  "Time that the cores of a device were in use, added up",
		  DEVICE, DEVSET_MAX},
	[MEMORY] = {"neuron_device_memory_bytes", METRIC_GAUGE, "bytes",
		    "Memory of the device that is in use", DEVICE, DEVSET_MAX},
	[HEALTHY] = {"neuron_device_healthy", METRIC_GAUGE, NULL,
		     "1: the driver names no unhealthy component", DEVICE,
		     DEVSET_MAX},
	[UNHEALTHY] =
		{"neuron_device_unhealthy",
		 METRIC_GAUGE,
		 NULL,
		 "1 for each component of a device that the driver calls unhealthy",
		 {"device", "component", NULL},
		 DEVSET_MAX *COMPONENTS_MAX},
	[JOB] = {"neuron_device_job",
		 METRIC_INFO,
		 NULL,
		 "The job that has a device",
		 {"device", "job_id", "user_id", NULL},
		 DEVSET_MAX},
	[EFA_SENT] = {"neuron_efa_transmit_bytes", METRIC_COUNTER, "bytes",
		      "Bytes that an EFA interface sent", INTERFACE,
		      METER_EFAS_MAX},
	[EFA_RECEIVED] = {"neuron_efa_receive_bytes", METRIC_COUNTER, "bytes",
			  "Bytes that it received", INTERFACE, METER_EFAS_MAX},
	[EFA_READ] = {"neuron_efa_rdma_read_bytes", METRIC_COUNTER, "bytes",
		      "Bytes that it read by RDMA", INTERFACE, METER_EFAS_MAX},
	[EFA_WRITTEN] = {"neuron_efa_rdma_write_bytes", METRIC_COUNTER, "bytes",
			 "Bytes that it wrote by RDMA", INTERFACE,
			 METER_EFAS_MAX},
	[EFA_ERRORS] =
		{"neuron_efa_errors",
		 METRIC_COUNTER,
		 NULL,
		 "Errors and retransmissions that it counted, by its driver's name for them",
		 {"interface", "error", NULL},
		 METER_EFAS_MAX *METER_EFA_ERRORS},
	[EFA_JOB] = {"neuron_efa_job",
		     METRIC_INFO,
		     NULL,
		     "The job that has an EFA interface",
		     {"interface", "job_id", "user_id", NULL},
		     METER_EFAS_MAX},
	[MALFORMED] =
		{"neuron_node_malformed_files",
		 METRIC_GAUGE,
		 NULL,
		 "Files of sysfs and RuntimeDir whose content is not what it must be",
		 {NULL},
		 1},
};

extern const metric_t *of_node_metric(unsigned int index)
{
	return (index < METRICS) ? &metrics_of_node[index] : NULL;
}

static void _add(metrics_t *metrics, int metric, const char *first,
		 const char *second, const char *third, double number)
{
	const char *values[] = {first, second, third, NULL};

	(void) metrics_add(metrics, &metrics_of_node[metric], values, number);
}

static void _add_count(metrics_t *metrics, int metric, const char *first,
		       const char *second, const meter_count_t *count,
		       double scale)
{
	if (count->known)
		_add(metrics, metric, first, second, NULL,
		     (double) count->value / scale);
}

/*
 * Jobs
 */

typedef struct {
	grant_t *grants; /* GRANTS_MAX */
	unsigned int count;
	unsigned int malformed;
	const rundir_t *dir;
} jobs_t;

static int _read_grant(const char *name, void *arg)
{
	jobs_t *jobs = arg;
	char text[GRANT_TEXT_MAX];
	neuron_error_t err;

	if (strncmp(name, "job-", 4) || strchr(name, '.'))
		return 0;
	if (rundir_read(jobs->dir, name, text, sizeof(text), &err) < 0) {
		/* it may be gone meanwhile */
		jobs->malformed += (errno == EINVAL);
		return 0;
	}
	if (grant_decode(text, &jobs->grants[jobs->count], &err))
		jobs->malformed++;
	else
		jobs->count++;
	return jobs->count == GRANTS_MAX;
}

/* No such directory: no job was there yet */
static void _read_jobs(const char *path, jobs_t *jobs)
{
	neuron_error_t err;
	rundir_t dir;

	if (rundir_open(&dir, path, 0, &err)) {
		jobs->malformed += (errno == EINVAL);
		return;
	}
	jobs->dir = &dir;
	(void) sysfs_each(dir.fd, ".", _read_grant, jobs);
	rundir_close(&dir);
}

/* What is listed "a,b" */
static bool _is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += (*at == ',');
		if (!strncmp(at, name, length) &&
		    (!at[length] || at[length] == ','))
			return true;
	}
	return false;
}

static void _add_job(metrics_t *metrics, int metric, const char *name,
		     const grant_t *grant)
{
	char job[16], user[16];

	(void) snprintf(job, sizeof(job), "%u", grant->job);
	(void) snprintf(user, sizeof(user), "%u", grant->uid);
	_add(metrics, metric, name, job, user, 1);
}

static void _add_jobs(metrics_t *metrics, const meter_t *meter,
		      const jobs_t *jobs)
{
	for (int d = 0; d < DEVSET_MAX; d++) {
		char name[16];

		(void) snprintf(name, sizeof(name), "%d", d);
		for (unsigned int i = 0; i < jobs->count; i++) {
			if (!((jobs->grants[i].devices >> d) & 1))
				continue;
			_add_job(metrics, JOB, name, &jobs->grants[i]);
			break;
		}
	}
	for (unsigned int e = 0; e < meter->efa_count; e++) {
		const char *name = meter->efas[e].name;

		for (unsigned int i = 0; i < jobs->count; i++) {
			if (!_is_listed(jobs->grants[i].ifaces, name))
				continue;
			_add_job(metrics, EFA_JOB, name, &jobs->grants[i]);
			break;
		}
	}
}

/*
 * Counters
 */

static void _add_components(metrics_t *metrics, const char *name,
			    const char *components)
{
	const char *at = components;
	char component[METER_COMPONENTS_MAX];

	for (int i = 0; i < COMPONENTS_MAX &&
			meter_component(&at, component, sizeof(component));
	     i++)
		_add(metrics, UNHEALTHY, name, component, NULL, 1);
}

static void _add_device(metrics_t *metrics, const meter_device_t *device,
			int metric)
{
	char name[16];

	(void) snprintf(name, sizeof(name), "%u", device->index);
	switch (metric) {
	case ERRORS:
		for (unsigned int i = 0; i < METER_ERRORS; i++)
			_add_count(metrics, metric, name, meter_error_name(i),
				   &device->errors[i], 1);
		break;
	case BUSY:
		_add_count(metrics, metric, name, NULL, &device->busy,
			   MICROSECONDS);
		break;
	case MEMORY:
		_add_count(metrics, metric, name, NULL, &device->memory, 1);
		break;
	case HEALTHY:
		if (device->health_known)
			_add(metrics, metric, name, NULL, NULL,
			     !device->components[0]);
		break;
	default:
		_add_components(metrics, name, device->components);
	}
}

static void _add_efa(metrics_t *metrics, const meter_efa_t *efa, int metric)
{
	const meter_count_t *counts[] = {&efa->sent, &efa->received, &efa->read,
					 &efa->written};

	if (metric < EFA_ERRORS) {
		_add_count(metrics, metric, efa->name, NULL,
			   counts[metric - EFA_SENT], 1);
		return;
	}
	for (unsigned int i = 0; i < METER_EFA_ERRORS; i++)
		_add_count(metrics, metric, efa->name, meter_efa_error_name(i),
			   &efa->errors[i], 1);
}

static void _write(metrics_t *metrics, const meter_t *meter, const jobs_t *jobs)
{
	for (int metric = ERRORS; metric <= UNHEALTHY; metric++) {
		for (unsigned int i = 0; i < meter->device_count; i++)
			_add_device(metrics, &meter->devices[i], metric);
	}
	for (int metric = EFA_SENT; metric <= EFA_ERRORS; metric++) {
		for (unsigned int i = 0; i < meter->efa_count; i++)
			_add_efa(metrics, &meter->efas[i], metric);
	}
	_add_jobs(metrics, meter, jobs);
	_add(metrics, MALFORMED, NULL, NULL, NULL,
	     meter->malformed + jobs->malformed);
}

/* RET 0, with the two directories of neuron.conf; -1 with a sentence */
static int _configure(const of_node_t *what, char *root, char *run, size_t size,
		      neuron_error_t *err)
{
	conf_t *conf = conf_read_node(what->conf, NEURON_PROFILE_DIR,
				      hosts_expand, what->node, err);
	int rc;

	if (!conf)
		return -1;
	rc = (conf_root(conf, what->node, root, size) < 0 ||
	      conf_runtime_dir(conf, what->node, run, size) < 0)
		     ? neuron_error_set(
			       err, EINVAL,
			       "node %.64s: its name cannot stand in Root or RuntimeDir",
			       what->node)
		     : 0;
	conf_destroy(conf);
	return rc;
}

extern int of_node_measure(void *arg, metrics_t *metrics, neuron_error_t *err)
{
	char root[RUNDIR_PATH_MAX], run[RUNDIR_PATH_MAX];
	jobs_t jobs = {.grants = calloc(GRANTS_MAX, sizeof(*jobs.grants))};
	meter_t *meter = calloc(1, sizeof(*meter));
	int rc = -1;

	if (!jobs.grants || !meter) {
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	} else if (!_configure(arg, root, run, sizeof(root), err) &&
		   !meter_read(root, meter, err)) {
		_read_jobs(run, &jobs);
		_write(metrics, meter, &jobs);
		rc = 0;
	}
	free(jobs.grants);
	free(meter);
	return rc;
}
