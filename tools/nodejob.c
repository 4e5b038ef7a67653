/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nodejob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "ctl.h"
#include "lib/device.h"
#include "lib/sysfs.h"

#define LINE_MAX_LENGTH 1400
/* Slurm, doc/html/configless_slurm.shtml */
#define CONFIGLESS_DIR "/run/slurm/conf"

static const char *program = "neuron";

extern void nodejob_start(const char *name)
{
	program = name;
	/* Descriptors 0 to 2 must not become files of ours */
	for (int fd = open("/dev/null", O_RDWR); fd >= 0;
	     fd = open("/dev/null", O_RDWR)) {
		if (fd > STDERR_FILENO) {
			(void) close(fd);
			break;
		}
	}
	(void) umask(022);
	openlog(name, LOG_PID, LOG_DAEMON);
}

extern void nodejob_say(int priority, const char *fmt, ...)
{
	char line[LINE_MAX_LENGTH];
	va_list ap;

	va_start(ap, fmt);
	(void) vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (char *at = line; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	(void) fprintf(stderr, "%s: %s\n", program, line);
	syslog(priority, "%s", line);
}

extern int nodejob_fail(const nodejob_t *job, int status, const char *why)
{
	char reason[LINE_MAX_LENGTH];
	neuron_error_t err;

	nodejob_say(LOG_ERR, "error: job %u: %s", job->job, why);
	(void) snprintf(reason, sizeof(reason), "%s: %s", program, why);
	if (job->by_slurmd && job->node && ctl_drain(job->node, reason, &err))
		nodejob_say(LOG_WARNING,
			    "cannot drain the node, do it by hand: %s",
			    err.text);
	return status;
}

/*
 * The environment
 */

static int _number(const char *name, uint32_t *number, neuron_error_t *err)
{
	const char *text = getenv(name);
	uint64_t value = 0;
	size_t digits = text ? strspn(text, "0123456789") : 0;

	for (size_t i = 0; i < digits && i < 11; i++)
		value = value * 10 + (uint64_t) (text[i] - '0');
	if (digits && digits < 11 && !text[digits] && value < UINT32_MAX) {
		*number = (uint32_t) value;
		return 0;
	}
	return neuron_error_set(err, EINVAL,
				"%s=%.40s: slurmd sets it to a number; run "
				"this from Prolog= or Epilog= of slurm.conf",
				name, text ? text : "(not set)");
}

static int _set(const char *name, devset_t *set, neuron_error_t *err)
{
	const char *text = getenv(name);
	neuron_error_t why;

	*set = 0;
	if (!text || !devset_decode(text, DEVSET_MAX, set, &why))
		return 0;
	return neuron_error_set(err, EINVAL, "%s: %.300s", name, why.text);
}

extern int nodejob_read(nodejob_t *job, neuron_error_t *err)
{
	const char *context = getenv("SLURM_SCRIPT_CONTEXT");

	memset(job, 0, sizeof(*job));
	job->root = job->proc = job->run.fd = -1;
	job->node = getenv("SLURMD_NODENAME");
	job->by_slurmd = context && (!strcmp(context, "prolog_slurmd") ||
				     !strcmp(context, "epilog_slurmd"));
	if (_set("SLURM_JOB_NEURON", &job->devices, err) ||
	    _set("SLURM_JOB_EFA", &job->efas, err))
		return -1;
	if (!job->devices && !job->efas)
		return 0;
	if (_number("SLURM_JOB_ID", &job->job, err) ||
	    _number("SLURM_JOB_UID", &job->uid, err))
		return -1;
	if (job->node && *job->node)
		return 0;
	return neuron_error_set(err, EINVAL,
				"SLURMD_NODENAME is not set; run this from "
				"Prolog= or Epilog= of slurm.conf");
}

/*
 * The machine
 */

static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	hostlist_t *list = slurm_hostlist_create(text);
	char *name;
	int rc = 0;

	if (!list) {
		errno = EINVAL;
		return -1;
	}
	while (!rc && (name = slurm_hostlist_shift(list))) {
		rc = each(name, arg);
		free(name);
	}
	slurm_hostlist_destroy(list);
	return rc;
}

/* Slurm's own plugins read it there too, also when slurm.conf came from
 * slurmctld */
static int _conf_path(char *path, size_t size, neuron_error_t *err)
{
	const char *conf = getenv("SLURM_CONF");
	const char *slash = conf ? strrchr(conf, '/') : NULL;
	int n;

	if (slash && *conf == '/')
		n = snprintf(path, size, "%.*s/neuron.conf",
			     (int) (slash - conf), conf);
	else
		n = snprintf(path, size, "%s/neuron.conf",
			     access(SLURM_SYSCONFDIR "/slurm.conf", F_OK) &&
					     !access(CONFIGLESS_DIR
						     "/slurm.conf",
						     F_OK)
				     ? CONFIGLESS_DIR
				     : SLURM_SYSCONFDIR);
	if (n < 0 || (size_t) n >= size)
		return neuron_error_set(err, EINVAL,
					"SLURM_CONF: the path is too long");
	return 0;
}

static int _read_conf(nodejob_t *job, neuron_error_t *err)
{
	char path[RUNDIR_PATH_MAX];
	int index;

	if (_conf_path(path, sizeof(path), err) || rundir_trust(path, err))
		return -1;
	job->conf = conf_read_node(path, NEURON_PROFILE_DIR, _expand, job->node,
				   err);
	if (!job->conf)
		return -1;
	index = conf_node_index(job->conf, job->node);
	if (index < 0)
		return neuron_error_set(err, ENOENT,
					"%s: no NodeName line for %.64s", path,
					job->node);
	job->profile = conf_node_profile(job->conf, (unsigned int) index);
	job->lnc = conf_node_lnc(job->conf, (unsigned int) index);
	return 0;
}

static int _check_sets(const nodejob_t *job, neuron_error_t *err)
{
	int devices = (int) profile_device_count(job->profile);
	int efas = (int) profile_efa_count(job->profile);

	if (devset_last(job->devices) < devices &&
	    devset_last(job->efas) < efas)
		return 0;
	return neuron_error_set(err, EINVAL,
				"slurmctld gave the job device %d and EFA "
				"interface %d, but %s has %d and %d: is "
				"neuron.conf the same everywhere?",
				devset_last(job->devices),
				devset_last(job->efas),
				profile_name(job->profile), devices, efas);
}

static int _open_run(nodejob_t *job, neuron_error_t *err)
{
	char path[RUNDIR_PATH_MAX];

	if (conf_runtime_dir(job->conf, job->node, path, sizeof(path)) < 0)
		return neuron_error_set(err, EINVAL,
					"RuntimeDir: the name of the node is "
					"not safe inside a path");
	return rundir_open(&job->run, path, 1, err);
}

extern int nodejob_open(nodejob_t *job, neuron_error_t *err)
{
	if (_read_conf(job, err) || _check_sets(job, err))
		return -1;
	if (!job->root_given && conf_root(job->conf, job->node, job->root_path,
					  sizeof(job->root_path)) < 0)
		return neuron_error_set(err, EINVAL,
					"Root: the name of the node is not "
					"safe inside a path");
	job->root = sysfs_open(job->root_path, err);
	if (job->root < 0)
		return -1;
	job->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (job->proc < 0)
		return neuron_error_set(err, EIO, "/proc: %s", strerror(errno));
	return _open_run(job, err);
}

extern void nodejob_close(nodejob_t *job)
{
	rundir_close(&job->run);
	if (job->proc >= 0)
		(void) close(job->proc);
	if (job->root >= 0)
		(void) close(job->root);
	conf_destroy(job->conf);
	job->conf = NULL;
	job->proc = job->root = -1;
}

extern uint64_t nodejob_reset_wait(const nodejob_t *job)
{
	uint32_t seconds = conf_reset_wait(job->conf);

	if (!seconds)
		seconds = device_reset_bound(job->profile);
	return (uint64_t) seconds * 1000;
}

extern int nodejob_holders(const nodejob_t *job, holders_t *holders,
			   devset_t *services, neuron_error_t *err)
{
	uint32_t kept = 0;

	if (services)
		*services = 0;
	if (holders_find(job->proc, job->root, job->devices, holders, err))
		return -1;
	for (uint32_t i = 0; i < holders->count; i++) {
		const holder_t *holder = &holders->list[i];

		if (holder->uid || holder->job ||
		    !conf_is_service(job->conf, holder->command))
			holders->list[kept++] = *holder;
		else if (services)
			*services |= holder->devices;
	}
	holders->count = kept;
	return 0;
}

extern int nodejob_grant(const nodejob_t *job, grant_t *grant,
			 neuron_error_t *err)
{
	char name[RUNDIR_NAME_MAX], text[GRANT_TEXT_MAX];
	neuron_error_t why;

	(void) grant_name(job->job, name, sizeof(name));
	if (rundir_read(&job->run, name, text, sizeof(text), err) < 0)
		return -1;
	if (grant_decode(text, grant, &why))
		return neuron_error_set(err, EINVAL, "%s/%s: %.200s",
					job->run.path, name, why.text);
	if (grant->job == job->job)
		return 0;
	return neuron_error_set(err, EINVAL, "%s/%s: it is of job %u",
				job->run.path, name, grant->job);
}

static int _mark(const rundir_t *bad, unsigned int device, const char *why,
		 neuron_error_t *err)
{
	char name[RUNDIR_NAME_MAX], text[NEURON_ERROR_MAX + 2];

	(void) snprintf(name, sizeof(name), "neuron%u", device);
	if (!why)
		return rundir_remove(bad, name, err);
	(void) snprintf(text, sizeof(text), "%s\n", why);
	return rundir_write(bad, name, text, err);
}

extern int nodejob_mark(const nodejob_t *job, const verdict_t *verdict,
			neuron_error_t *err)
{
	rundir_t bad;
	int rc = 0;

	if (rundir_below(&bad, &job->run, "bad", verdict->bad != 0, err))
		return (!verdict->bad && errno == ENOENT) ? 0 : -1;
	for (int d = -1; (d = devset_next(job->devices, d)) >= 0;) {
		bool is_bad = verdict->bad & devset_of((unsigned int) d);

		if (_mark(&bad, (unsigned int) d,
			  is_bad ? verdict->why[d].text : NULL, err))
			rc = -1;
	}
	rundir_close(&bad);
	return rc;
}

/* The sentence without the name of the device before it */
static const char *_reason(const char *why, int device)
{
	char prefix[16];
	int length = snprintf(prefix, sizeof(prefix), "neuron%d: ", device);

	return strncmp(why, prefix, (size_t) length) ? why : why + length;
}

extern int nodejob_mask(const nodejob_t *job, const verdict_t *verdict)
{
	char text[DEVSET_TEXT_MAX];
	neuron_error_t err;
	mask_t mask;
	int rc;

	if (!job->by_slurmd || !verdict->bad || verdict->other.text[0] ||
	    conf_bad_device(job->conf) != CONF_BAD_DEVICE_MASK)
		return -1;
	mask_init(&mask);
	for (int d = -1; (d = devset_next(verdict->bad, d)) >= 0;)
		(void) mask_add(&mask, (unsigned int) d,
				_reason(verdict->why[d].text, d));
	(void) devset_encode(verdict->bad, text, sizeof(text));
	/* Two jobs may end at the same time; see masking.h */
	(void) flock(job->run.fd, LOCK_EX);
	rc = ctl_mask(job->node, &mask, &err);
	(void) flock(job->run.fd, LOCK_UN);
	if (rc < 0)
		nodejob_say(LOG_WARNING,
			    "cannot mask devices %s, do it by hand: %s", text,
			    err.text);
	else if (rc)
		nodejob_say(LOG_NOTICE, "devices %s are masked now", text);
	return rc;
}
