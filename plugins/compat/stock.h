/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stock: the plugin of Slurm itself that one of ours is stacked on.
 *
 * topology/neuron and select/neuron open Slurm's own plugin from PluginDir,
 * pass every call on to it and add one decision. Nothing of Slurm is copied.
 */
#ifndef NEURON_STOCK_H
#define NEURON_STOCK_H

#include <stddef.h>

typedef struct {
	const char *name;
	void **address;
} stock_symbol_t;

/*
 * Open a plugin of Slurm, find all its functions, call its init().
 * IN type - as in slurm.conf, "topology/tree".
 * IN symbols - count functions; each address is set.
 * OUT handle - for stock_close().
 * RET SLURM_SUCCESS, or SLURM_ERROR after logging one line; nothing is open
 *	then.
 */
extern int stock_open(const char *type, const stock_symbol_t *symbols,
		      size_t count, void **handle);

/* A data symbol of an opened plugin; NULL when it has none */
extern const void *stock_data(void *handle, const char *name);

/*
 * A data symbol of a plugin that Slurm has loaded already, or NULL. It stays
 * valid as long as Slurm keeps that plugin.
 */
extern const void *stock_peer(const char *type, const char *name);

/* Call its fini() and close it. A NULL handle is passed over. */
extern void stock_close(void **handle);

#endif
