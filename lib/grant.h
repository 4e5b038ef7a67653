/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grant: what one job was given on one machine, as the text of a file.
 *
 * Prolog writes RuntimeDir/job-<id>, Epilog and other programs of root read
 * it. Lines of key=value, each key once, in this order:
 *
 *	version=1
 *	job=42
 *	uid=1000
 *	node=trn1
 *	devices=4-7		devset.h; /dev/neuron<i>
 *	efa=4-7			GRES indexes of interfaces, may be empty
 *	interfaces=rdmap201s0	their verbs names, comma list in order of index
 *	lnc=2			logical cores: physical cores in each; 0: the
 *				family has no choice
 *	lnc_before=2		what LncFile said before Prolog wrote it for
 *				this job: a number, none (there was no file);
 *				empty: Prolog did not write it
 */
#ifndef NEURON_GRANT_H
#define NEURON_GRANT_H

#include "devset.h"
#include "error.h"

#define GRANT_TEXT_MAX 4096
#define GRANT_NAME_MAX 256
#define GRANT_IFACES_MAX 1024
#define GRANT_LNC_MAX 8

/* lnc_before besides 1 to GRANT_LNC_MAX */
#define GRANT_LNC_UNTOUCHED (-1)
#define GRANT_LNC_NONE 0

typedef struct {
	uint32_t job;
	uint32_t uid;
	char node[GRANT_NAME_MAX];
	devset_t devices;
	devset_t efas;
	char ifaces[GRANT_IFACES_MAX];
	unsigned int lnc;
	int lnc_before;
} grant_t;

/* The name of the file of a job, "job-42". RET its length; -1 with ENOSPC */
extern int grant_name(uint32_t job, char *buf, size_t size);

/* RET the length of the text; -1 with errno ENOSPC. GRANT_TEXT_MAX suffices. */
extern int grant_encode(const grant_t *grant, char *buf, size_t size);

/*
 * Read the text; anything that grant_encode() does not write is refused.
 * OUT grant - undefined on failure.
 * RET 0; -1 with errno EINVAL and "line N: ..."
 */
extern int grant_decode(const char *text, grant_t *grant, neuron_error_t *err);

#endif
