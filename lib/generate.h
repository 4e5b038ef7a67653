/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate: the configuration of a cluster from its inventory.
 *
 * The same inventory and the same installed files always give the same texts.
 * In neuron.conf and gres.conf whatever a site wrote itself is kept; lines that
 * begin with "#:" are of generate and made anew.
 */
#ifndef NEURON_GENERATE_H
#define NEURON_GENERATE_H

#include "inventory.h"

/* Room for "neuron:trn2:16,efa:16" */
#define GENERATE_GRES_MAX 96

typedef enum {
	GENERATE_NEURON, /* neuron.conf */
	GENERATE_TOPOLOGY, /* topology.conf */
	GENERATE_SLURM, /* lines for slurm.conf */
	GENERATE_GRES, /* gres.conf */
	GENERATE_FILES
} generate_file_t;

typedef struct {
	const inventory_t *inventory; /* finished */
	nodeset_fold_t fold;
	/* name of the partition of the nodes with Neuron devices */
	const char *partition;
	/* what is installed; NULL: nothing */
	const char *neuron_conf;
	const char *gres_conf;
} generate_t;

/* Name of a file, "neuron.conf"; that of GENERATE_SLURM is no name of Slurm's:
 * slurm.conf includes it */
extern const char *generate_name(generate_file_t file);

/*
 * RET the text of a file for free(), "" when none is needed (a topology.conf
 *	without switches); NULL with errno EINVAL (no node has Neuron devices,
 *	the name of the partition is none) or ENOMEM.
 */
extern char *generate_text(const generate_t *source, generate_file_t file,
			   neuron_error_t *err);

/* What Gres= of a node must be. RET buf */
extern const char *generate_gres(const profile_t *profile,
				 char buf[GENERATE_GRES_MAX]);
/* The line of neuron.conf for an UltraServer of the inventory, without a
 * newline. RET text for free(); NULL with errno ENOMEM */
extern char *generate_ultraserver(const inventory_t *inventory, uint32_t index,
				  nodeset_fold_t fold, neuron_error_t *err);

#endif
