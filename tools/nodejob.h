/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nodejob: one job on this node, as slurmd tells it to Prolog and Epilog, and
 * the machine that the node is.
 *
 * slurmd puts into their environment, in this order (Slurm 24.11 to 26.05,
 * plugins/prep/script/prep_script_slurmd.c): variables of the user whose names
 * all start with SPANK_, those of GRES plugins, its own. So of the ones that
 * are read here only SPANK_NEURON_OPTIONS is the user's.
 *
 *	SLURM_JOB_NEURON, SLURM_JOB_EFA	sets of this node, from the job's
 *					allocation (plugins/compat/gres_entry.c)
 *	SLURM_JOB_ID, SLURM_JOB_UID, SLURMD_NODENAME, SLURM_CONF,
 *	SLURM_SCRIPT_CONTEXT
 */
#ifndef NEURON_NODEJOB_H
#define NEURON_NODEJOB_H

#include "lib/conf.h"
#include "lib/grant.h"
#include "lib/holder.h"
#include "lib/probe.h"
#include "lib/rundir.h"
#include "lib/verdict.h"

/* Exit codes of both programs */
enum {
	NODEJOB_GOOD = 0,
	/* a device, an interface or the node is at fault */
	NODEJOB_BAD = 1,
	/* the configuration or the environment is */
	NODEJOB_CONFUSED = 2
};

typedef struct {
	uint32_t job;
	uint32_t uid;
	const char *node;
	bool by_slurmd; /* not by hand */
	devset_t devices;
	devset_t efas;
	/* of nodejob_open() */
	conf_t *conf;
	const profile_t *profile;
	unsigned int lnc; /* the node's default */
	/* "" for "/"; of conf_root() unless root_given */
	char root_path[PROBE_PATH_MAX];
	bool root_given;
	int root;
	int proc;
	rundir_t run;
} nodejob_t;

/*
 * What slurmd says. A job without devices and interfaces has empty sets.
 * RET 0; -1 with errno EINVAL
 */
extern int nodejob_read(nodejob_t *job, neuron_error_t *err);

/*
 * Read neuron.conf beside slurm.conf and open the machine. Slurm's own plugins
 * look for it there too: beside SLURM_CONF, in the directory that Slurm was
 * built for, and where slurmd keeps files that it got from slurmctld.
 * RET 0, for nodejob_close(); -1
 */
extern int nodejob_open(nodejob_t *job, neuron_error_t *err);
extern void nodejob_close(nodejob_t *job);

/* Longest time in reset, milliseconds */
extern uint64_t nodejob_reset_wait(const nodejob_t *job);

/*
 * Who has devices of the job open, without services of the machine
 * (DeviceServices). OUT services - devices that those have; NULL: no matter.
 */
extern int nodejob_holders(const nodejob_t *job, holders_t *holders,
			   devset_t *services, neuron_error_t *err);

/* The grant of the job. RET 0; -1 with errno ENOENT, EINVAL, EIO */
extern int nodejob_grant(const nodejob_t *job, grant_t *grant,
			 neuron_error_t *err);

/*
 * Leave a file RuntimeDir/bad/neuron<i> with the reason for each bad device,
 * and take away those of the job's other devices.
 */
extern int nodejob_mark(const nodejob_t *job, const verdict_t *verdict,
			neuron_error_t *err);

/*
 * Mask the bad devices of a verdict, which has nothing else, when slurmd runs
 * this program and neuron.conf wants it.
 * RET 1: done; 0: they were masked already; -1: it was not done, and why not is
 *	said when it should have been
 */
extern int nodejob_mask(const nodejob_t *job, const verdict_t *verdict);

/* One line to standard error and to syslog. IN priority - of syslog(3) */
extern void nodejob_say(int priority, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Say why, drain the node when slurmd runs this program, RET status */
extern int nodejob_fail(const nodejob_t *job, int status, const char *why);

/* For main(): what messages start with */
extern void nodejob_start(const char *program);

#endif
