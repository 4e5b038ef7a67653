/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * neuron-prolog: look at the devices of a job before it starts, and note what
 * it was given. See neuron-prolog(8).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "ctl.h"
#include "deadline.h"
#include "lib/device.h"
#include "lib/lncfile.h"
#include "lib/options.h"
#include "lib/versions.h"
#include "nodejob.h"

#define POLL_MS 20
/* Processes of an earlier job that are just ending */
#define HOLDERS_WAIT_MS 2000

/* What the user asked; text of anybody's making */
static int _wish(const nodejob_t *job, unsigned int *lnc, neuron_error_t *err)
{
	options_t options;
	const template_t *template;

	*lnc = job->lnc;
	if (options_decode(getenv("SPANK_" OPTIONS_VARIABLE), &options, err))
		return -1;
	template = options_has(&options, OPTION_TEMPLATE)
			   ? conf_template_of_name(job->conf, options.template)
			   : NULL;
	if (template)
		options_fill(&options, &template->options);
	if (!options_has(&options, OPTION_LNC))
		return 0;
	if (!profile_lnc_is_legal(job->profile, options.lnc))
		return neuron_error_set(err, EINVAL,
					"--neuron-lnc=%u: %s has no such LNC; "
					"its default is %u",
					options.lnc, profile_name(job->profile),
					job->lnc);
	*lnc = options.lnc;
	return 0;
}

/* Devices that an earlier Epilog or the driver resets come back by themselves
 */
static int _check_devices(const nodejob_t *job, verdict_t *verdict,
			  neuron_error_t *err)
{
	deadline_t end = deadline_in(nodejob_reset_wait(job));

	for (int d = -1; (d = devset_next(job->devices, d)) >= 0;) {
		device_t device;
		neuron_error_t why;
		int rc;

		do {
			if (device_look(job->root, (unsigned int) d, &device,
					err))
				return -1;
			rc = device_check(&device, &why);
		} while (rc && errno == EAGAIN && deadline_nap(end, POLL_MS));
		if (rc)
			verdict_device(verdict, (unsigned int) d, why.text);
	}
	return 0;
}

static void _blame(verdict_t *verdict, const holder_t *holder)
{
	neuron_error_t why;
	char who[128];

	(void) holder_describe(holder, who, sizeof(who));
	for (int d = -1; (d = devset_next(holder->devices, d)) >= 0;) {
		(void) snprintf(why.text, sizeof(why.text),
				"neuron%d: %s has it open", d, who);
		verdict_device(verdict, (unsigned int) d, why.text);
	}
}

/* Those of the job itself do not matter: Prolog may run again */
static bool _strangers(const holders_t *holders, uint32_t job)
{
	for (uint32_t i = 0; i < holders->count; i++) {
		if (holders->list[i].job != job)
			return true;
	}
	return false;
}

static int _check_holders(const nodejob_t *job, verdict_t *verdict,
			  neuron_error_t *err)
{
	deadline_t end = deadline_in(HOLDERS_WAIT_MS);
	holders_t holders;

	do {
		if (nodejob_holders(job, &holders, NULL, err))
			return -1;
		if (!_strangers(&holders, job->job) ||
		    !deadline_nap(end, POLL_MS))
			break;
		holders_free(&holders);
	} while (true);
	for (uint32_t i = 0; i < holders.count; i++) {
		if (holders.list[i].job != job->job)
			_blame(verdict, &holders.list[i]);
	}
	holders_free(&holders);
	return 0;
}

static int _check_efas(const nodejob_t *job, verdict_t *verdict, char *ifaces,
		       size_t size, neuron_error_t *err)
{
	size_t used = 0;

	ifaces[0] = '\0';
	for (int e = -1; (e = devset_next(job->efas, e)) >= 0;) {
		char name[DEVICE_IFACE_MAX];
		neuron_error_t why;

		if (!device_check_efa(job->root, job->root_path, job->profile,
				      (unsigned int) e, name, &why)) {
			used += (size_t) snprintf(ifaces + used, size - used,
						  "%s%s", used ? "," : "",
						  name);
			if (used >= size)
				return neuron_error_set(err, EINVAL,
							"the names of the EFA "
							"interfaces are too "
							"long");
			continue;
		}
		if (errno == ENOMEM)
			return neuron_error_set(err, ENOMEM, "%s", why.text);
		verdict_other(verdict, why.text);
	}
	return 0;
}

/* The last rule by which versions are bad */
static void _note_rule(versions_verdict_t verdict, const char *rule,
		       const char *sentence, void *arg)
{
	(void) rule;
	if (verdict == VERSIONS_BAD)
		(void) snprintf(arg, VERSIONS_SENTENCE_MAX, "%s", sentence);
}

/* OUT why - VERSIONS_SENTENCE_MAX; "": nothing speaks against the versions */
static int _judge_versions(const nodejob_t *job, const char *path, char *why,
			   neuron_error_t *err)
{
	software_t software;
	versions_t *versions;

	why[0] = '\0';
	if (software_look(job->root, &software, NULL, NULL, err))
		return -1;
	versions = versions_read(path, err);
	if (!versions)
		return -1;
	(void) versions_judge(versions, &software, _note_rule, why);
	versions_destroy(versions);
	return 0;
}

/*
 * Rules that cannot be read stop no job: a file that is missing on all nodes
 * would drain them all.
 * RET NODEJOB_GOOD: the job may start
 */
static int _check_versions(const nodejob_t *job)
{
	conf_versions_t policy = conf_versions(job->conf);
	const char *path = conf_version_rules(job->conf);
	char why[VERSIONS_SENTENCE_MAX];
	neuron_error_t err;

	if (policy == CONF_VERSIONS_OFF)
		return NODEJOB_GOOD;
	if (_judge_versions(job, path ? path : NEURON_VERSIONS_FILE, why,
			    &err)) {
		if (path || errno != ENOENT)
			nodejob_say(LOG_WARNING,
				    "job %u: versions are not checked: %s",
				    job->job, err.text);
		return NODEJOB_GOOD;
	}
	if (why[0] && (policy == CONF_VERSIONS_DRAIN))
		return nodejob_fail(job, NODEJOB_BAD, why);
	if (why[0])
		nodejob_say(LOG_WARNING, "job %u: %s", job->job, why);
	return NODEJOB_GOOD;
}

/* Whether LncFile is to be written, and what it says until then */
static int _plan_lnc(const nodejob_t *job, grant_t *grant, neuron_error_t *err)
{
	const char *path = conf_lnc_file(job->conf);
	grant_t before;
	int now;

	grant->lnc_before = GRANT_LNC_UNTOUCHED;
	if (!path || !grant->lnc ||
	    job->devices != profile_devices(job->profile))
		return 0;
	/* This is not the first run for this job */
	if (!nodejob_grant(job, &before, NULL) &&
	    before.lnc_before != GRANT_LNC_UNTOUCHED) {
		grant->lnc_before = before.lnc_before;
		return 0;
	}
	if (lncfile_read(job->root_path, path, &now, err))
		return -1;
	if ((now ? (unsigned int) now : job->lnc) != grant->lnc)
		grant->lnc_before = now;
	return 0;
}

/* The grant first: Epilog must know what to put back */
static int _write(const nodejob_t *job, const grant_t *grant,
		  neuron_error_t *err)
{
	char name[RUNDIR_NAME_MAX], text[GRANT_TEXT_MAX];

	(void) grant_name(job->job, name, sizeof(name));
	if (grant_encode(grant, text, sizeof(text)) < 0)
		return neuron_error_set(err, EINVAL,
					"what the job was given does not fit "
					"into %s",
					name);
	if (rundir_write(&job->run, name, text, err))
		return -1;
	if (grant->lnc_before == GRANT_LNC_UNTOUCHED)
		return 0;
	return lncfile_write(job->root_path, conf_lnc_file(job->conf),
			     (int) grant->lnc, err);
}

static int _grant(const nodejob_t *job, grant_t *grant, unsigned int lnc,
		  neuron_error_t *err)
{
	grant->job = job->job;
	grant->uid = job->uid;
	(void) snprintf(grant->node, sizeof(grant->node), "%s", job->node);
	grant->devices = job->devices;
	grant->efas = job->efas;
	grant->lnc = profile_lnc_is_legal(job->profile, 2) ? lnc : 0;
	if (_plan_lnc(job, grant, err) || _write(job, grant, err))
		return -1;
	return 0;
}

/* The node goes on. IN hold - it was the user's fault */
static int _send_away(const nodejob_t *job, const char *why, bool hold)
{
	neuron_error_t err;

	nodejob_say(LOG_NOTICE, "job %u: %s: it is taken off the node",
		    job->job, why);
	if (job->by_slurmd && ctl_send_away(job->job, why, hold, &err))
		nodejob_say(LOG_WARNING,
			    "job %u: cannot take it off the node, do it by "
			    "hand: %s",
			    job->job, err.text);
	return NODEJOB_GOOD;
}

/* OUT sent - the job is gone from here */
static int _judge(const nodejob_t *job, const verdict_t *verdict, bool *sent)
{
	char line[VERDICT_LINE_MAX];
	neuron_error_t err;

	if (nodejob_mark(job, verdict, &err))
		nodejob_say(LOG_WARNING, "%s", err.text);
	if (verdict_is_good(verdict))
		return NODEJOB_GOOD;
	(void) verdict_line(verdict, line, sizeof(line));
	/* A device that is masked and was given all the same would be given
	 * again and again */
	if (nodejob_mask(job, verdict) != 1)
		return nodejob_fail(job, NODEJOB_BAD, line);
	*sent = true;
	return _send_away(job, line, false);
}

static int _prolog(nodejob_t *job)
{
	static verdict_t verdict;
	grant_t grant = {.job = 0};
	neuron_error_t err;
	unsigned int lnc;
	bool sent = false;
	int rc;

	if (nodejob_open(job, &err))
		return nodejob_fail(job, NODEJOB_CONFUSED, err.text);
	if (_wish(job, &lnc, &err))
		return _send_away(job, err.text, true);
	rc = _check_versions(job);
	if (rc)
		return rc;
	verdict_init(&verdict);
	if (_check_devices(job, &verdict, &err) ||
	    _check_holders(job, &verdict, &err) ||
	    _check_efas(job, &verdict, grant.ifaces, sizeof(grant.ifaces),
			&err))
		return nodejob_fail(job, NODEJOB_CONFUSED, err.text);
	rc = _judge(job, &verdict, &sent);
	if (!rc && !sent && _grant(job, &grant, lnc, &err))
		return nodejob_fail(job, NODEJOB_CONFUSED, err.text);
	return rc;
}

int main(void)
{
	neuron_error_t err;
	nodejob_t job;
	int rc;

	nodejob_start("neuron-prolog");
	if (nodejob_read(&job, &err))
		return nodejob_fail(&job, NODEJOB_CONFUSED, err.text);
	if (!job.devices && !job.efas)
		return NODEJOB_GOOD;
	rc = _prolog(&job);
	nodejob_close(&job);
	return rc;
}
