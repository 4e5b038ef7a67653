/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * software: which versions of its parts a machine has, and these as node
 * features of Slurm.
 *
 * Sources, below a root directory:
 *
 *	driver	  /sys/module/neuron/version
 *	runtime	  the name of the file that /opt/aws/neuron/lib/libnrt.so.1, or
 *		  libnrt.so, leads to: libnrt.so.2.31.24.0 (package
 *		  aws-neuronx-runtime-lib)
 *	libfabric Version of libfabric.pc below /opt/amazon/efa/lib64 or lib;
 *		  else that of the package libfabric... in
 *		  /opt/amazon/efa_installed_packages, which the installer of EFA
 *		  writes
 *	efa	  /sys/module/efa/version
 *	LNC	  /opt/aws/neuron/logical_nc_config
 *	instance  /sys/devices/virtual/dmi/id/product_name
 *
 * What another process loads from elsewhere (a container, LD_LIBRARY_PATH) is
 * not seen.
 *
 * The features of a machine are words of lower case letters, digits, "." and
 * "-", which sbatch --constraint takes as they are: for each part one with all
 * numbers of its version and one with the first two, "neuron-driver-2.27.4.0"
 * and "neuron-driver-2.27", and "neuron-lnc-2".
 */
#ifndef NEURON_SOFTWARE_H
#define NEURON_SOFTWARE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "version.h"

typedef enum {
	SOFTWARE_DRIVER,
	SOFTWARE_RUNTIME,
	SOFTWARE_LIBFABRIC,
	SOFTWARE_EFA,
	SOFTWARE_PARTS
} software_part_t;

/* Bytes for all features of one machine */
#define SOFTWARE_FEATURES_MAX 512
#define SOFTWARE_LNC_MAX 8

typedef struct {
	char instance[VERSION_TEXT_MAX]; /* "trn2.48xlarge"; "" not known */
	char versions[SOFTWARE_PARTS][VERSION_TEXT_MAX]; /* "" not known */
	unsigned int lnc; /* 0: not set */
} software_t;

/* "driver", "runtime", "libfabric", "efa" */
extern const char *software_name(software_part_t part);
/* The same for people: "Neuron driver", ... */
extern const char *software_title(software_part_t part);
/* RET SOFTWARE_PARTS: no such name */
extern software_part_t software_find(const char *name);

/* Called for each file whose content is not what its source writes */
typedef void (*software_defect_t)(const char *text, void *arg);

/*
 * Look at a machine.
 * IN root - "" or a directory without final slash.
 * IN defect - NULL: do not tell. A part whose file is malformed is not known.
 * RET 0; -1 with errno ENOENT (no such root), EIO or ENOMEM.
 */
extern int software_read(const char *root, software_t *software,
			 software_defect_t defect, void *arg,
			 neuron_error_t *err);
/* The same below a root that is open, see sysfs.h */
extern int software_look(int root, software_t *software,
			 software_defect_t defect, void *arg,
			 neuron_error_t *err);

/*
 * The features of a machine, comma separated, in the order of the parts.
 * OUT buf - SOFTWARE_FEATURES_MAX suffices.
 * RET the length, 0 when nothing is known; -1 with errno ENOSPC.
 */
extern int software_features(const software_t *software, char *buf,
			     size_t size);

/* False when no part and no LNC is known */
extern bool software_is_known(const software_t *software);

/* True for a word that software_features() could have written */
extern bool software_is_feature(const char *word, size_t length);

/*
 * Features of a node with its own ones replaced, all others in their place.
 * IN have - features so far; NULL: none.
 * IN own - as software_features() writes them; NULL: none. Other words in it
 *	are left out.
 * RET for free(); "" for no features; NULL with errno ENOMEM.
 */
extern char *software_merge_features(const char *have, const char *own);

/* Read features back. OUT software - without an instance; what features do not
 * say, or several differently, is not known. */
extern void software_decode_features(const char *features,
				     software_t *software);

#endif
