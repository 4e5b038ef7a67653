/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names: strings and their numbers 0, 1, 2, ... in order of addition, found
 * by hashing.
 */
#ifndef NEURON_NAMES_H
#define NEURON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_NONE UINT32_MAX
/* Longest name of a node: DNS has no longer one */
#define NAMES_NODE_MAX 255

typedef struct names names_t;

/* RET for names_destroy(); NULL with errno ENOMEM */
extern names_t *names_create(void);
/* Accepts NULL; errno survives */
extern void names_destroy(names_t *names);

/* RET the number of a name; NAMES_NONE: it is not there */
extern uint32_t names_find(const names_t *names, const char *name);
/* Find a name or add a copy. RET its number; NAMES_NONE with errno ENOMEM */
extern uint32_t names_add(names_t *names, const char *name);
extern uint32_t names_count(const names_t *names);
/* NULL when out of range; stays the names' */
extern const char *names_at(const names_t *names, uint32_t number);

/*
 * A letter or digit, then letters, digits and "_-.", at most max bytes: a name
 * that means itself in slurm.conf, in a list of hosts and in a path.
 */
extern bool names_is_plain(const char *name, size_t max);
/*
 * The same for a node, which must not have one of the words ALL and DEFAULT,
 * in any case: they mean something else in slurm.conf.
 */
extern bool names_is_node(const char *name);

/* Room for a quoted name */
#define NAMES_QUOTE_MAX 84
/* A printable copy for sentences, cut. RET buf */
extern const char *names_quote(const char *name, char buf[NAMES_QUOTE_MAX]);

/* As strcmp(), but numbers inside compare as numbers: n2 before n10 */
extern int names_compare(const char *a, const char *b);

#endif
