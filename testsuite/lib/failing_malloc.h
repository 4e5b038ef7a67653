/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * failing_malloc: make one allocation of a test fail.
 *
 * The program is linked with --wrap=malloc,--wrap=calloc,--wrap=realloc.
 */
#ifndef NEURON_FAILING_MALLOC_H
#define NEURON_FAILING_MALLOC_H

/*
 * Let n further allocations succeed and the one after them fail, once;
 * -1: none fails.
 */
extern void failing_malloc_after(long n);

#endif
