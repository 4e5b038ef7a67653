/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lookover: what is wrong with the devices and interfaces of one machine, told
 * by one node of a test to the program that started it.
 */
#ifndef NEURON_LOOKOVER_H
#define NEURON_LOOKOVER_H

#include "lib/conf.h"

#define LOOKOVER_OTHERS_MAX 32

typedef struct {
	char node[256];
	devset_t bad;
	char reasons[DEVSET_MAX][NEURON_ERROR_MAX]; /* of those in bad */
	uint32_t other_count;
	char others[LOOKOVER_OTHERS_MAX][NEURON_ERROR_MAX];
} lookover_t;

/* Look at this machine and print one line of JSON. RET 0; -1 */
extern int lookover_print(const conf_t *conf, const char *node,
			  neuron_error_t *err);

/*
 * Read such lines, in any order.
 * IN text - cut by this.
 * IN take - called for each; RET 0 to go on.
 * RET 0; -1 with errno EINVAL or ENOMEM, or as take() left it.
 */
extern int lookover_read(char *text, int (*take)(const lookover_t *, void *),
			 void *arg, neuron_error_t *err);

#endif
