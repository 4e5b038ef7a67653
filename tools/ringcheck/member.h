/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * member: the place of this process among its peers, as its environment says.
 *
 *	RANK, WORLD_SIZE	or SLURM_PROCID, SLURM_NTASKS
 *	LOCAL_RANK, LOCAL_WORLD_SIZE	or SLURM_LOCALID; 0 without both
 *	NEURON_RT_ROOT_COMM_ID	ADDRESS:PORT where rank 0 listens, an IPv6
 *				address in brackets (Neuron Runtime developer
 *				guide); needed from two ranks on
 *	SLURM_NEURON_DEVICES	"4-7"
 *	NEURON_RT_VISIBLE_CORES	"16,17,18" or "16-18"
 *	FI_EFA_IFACE		verbs names of EFA interfaces, comma list
 *	SLURMD_NODENAME, SLURM_NODEID	the node; the host's name without
 *	SLURM_JOB_ID, SLURM_STEP_ID	what peers must agree on
 *	SLURM_STEP_NODELIST, SLURM_STEP_TASKS_PER_NODE	who is missing where
 *
 * Every value is bounded. A wrong one is refused with a sentence that names
 * the variable, its value and what would be right; nothing is guessed.
 */
#ifndef RINGCHECK_MEMBER_H
#define RINGCHECK_MEMBER_H

#include <stdint.h>

#include "lib/devset.h"

#include "fault.h"

#define MEMBER_WORLD_MAX 65536
#define MEMBER_NAME_MAX 64
#define MEMBER_HOST_MAX 64
#define MEMBER_JOB_MAX 64
#define MEMBER_NOTES_MAX 4
#define MEMBER_NOTE_MAX 160
#define MEMBER_CORES_MAX 1024

typedef struct {
	char host[MEMBER_HOST_MAX]; /* without brackets; "": not set */
	uint16_t port;
} member_root_t;

typedef struct {
	uint32_t rank;
	uint32_t world; /* 1 to MEMBER_WORLD_MAX */
	uint32_t local_rank;
	uint32_t local_world; /* 0: not known */
	member_root_t root;
	devset_t devices;
	uint32_t core_count; /* of NEURON_RT_VISIBLE_CORES */
	char interface[MEMBER_NAME_MAX]; /* this rank's; "": any */
	char provider[MEMBER_NAME_MAX]; /* FI_PROVIDER; "": any */
	char node[MEMBER_NAME_MAX];
	char job[MEMBER_JOB_MAX]; /* "123.0"; "-" outside Slurm */
	/* for layout_create(), as they are in the environment; NULL: not set */
	const char *step_nodes;
	const char *step_tasks;
	/* what was taken from elsewhere, for people */
	char notes[MEMBER_NOTES_MAX][MEMBER_NOTE_MAX];
	unsigned int note_count;
} member_t;

/* A variable; NULL: not set */
typedef const char *(*member_get_t)(const char *name, void *arg);

/*
 * Read the environment.
 * IN host - name of the machine, used when Slurm does not name the node.
 * RET 0; -1 with a fault RINGCHECK_USAGE.
 */
extern int member_read(member_t *member, member_get_t get, void *arg,
		       const char *host, fault_t *fault);

/* "ADDRESS:PORT", "[ADDRESS]:PORT"; RET 0; -1 and root untouched */
extern int member_root_decode(const char *text, member_root_t *root);

#endif
