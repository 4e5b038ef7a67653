/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lncfile: the file with a machine's default LNC, one line
 * "NEURON_LOGICAL_NC_CONFIG=2" (AWS, EKS prerequisites: the runtime reads
 * /opt/aws/neuron/logical_nc_config). It counts for every process of the
 * machine that does not set the variable of that name.
 */
#ifndef NEURON_LNCFILE_H
#define NEURON_LNCFILE_H

#include "rundir.h"

#define LNCFILE_MAX 8

/*
 * Read it.
 * IN root - directory of the machine, "" or without final slash.
 * IN path - absolute, below root.
 * OUT lnc - 1 to LNCFILE_MAX; 0: there is no such file.
 * RET 0; -1 with errno EINVAL (it says something else, or another user could
 *	have written it) or EIO.
 */
extern int lncfile_read(const char *root, const char *path, int *lnc,
			neuron_error_t *err);

/* Write it, or with lnc 0 remove it. RET 0; -1 as lncfile_read(). */
extern int lncfile_write(const char *root, const char *path, int lnc,
			 neuron_error_t *err);

#endif
