/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar: write an archive in the ustar format (POSIX.1-2017, pax) */
#ifndef NEURON_TAR_H
#define NEURON_TAR_H

#include <stdio.h>

#include "lib/record.h"

/*
 * Append an entry, owned by root, of the year 1970: the same machine always
 * gives the same archive.
 * RET 0; -1 with errno ENAMETOOLONG (a path above 255 or a link above 100
 *	bytes), EFBIG or that of fwrite().
 */
extern int tar_add(FILE *file, const record_entry_t *entry);
/* The end of the archive. RET 0; -1 with errno of fwrite() or fflush() */
extern int tar_end(FILE *file);

#endif
