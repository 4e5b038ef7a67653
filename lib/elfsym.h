/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elfsym: a number in a shared object, read without loading it.
 *
 * A plugin of Slurm says in plugin_version for which release it was built;
 * loading one needs the symbols of a daemon.
 */
#ifndef NEURON_ELFSYM_H
#define NEURON_ELFSYM_H

#include <stdint.h>

#include "error.h"

/* Bytes of an object that is read */
#define ELFSYM_FILE_MAX (64 * 1024 * 1024)

/*
 * The initial value of a 32 bit variable that an object of this machine's kind
 * exports.
 * RET 0; -1 with errno ENOENT (no such file), EINVAL (no such object or
 *	symbol), EIO or ENOMEM.
 */
extern int elfsym_u32(const char *path, const char *symbol, uint32_t *value,
		      neuron_error_t *err);

#endif
