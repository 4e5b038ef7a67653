/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout: on which node a rank should be, from what Slurm tells a step, and
 * ranks as text for people.
 */
#ifndef RINGCHECK_LAYOUT_H
#define RINGCHECK_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/nodeset.h"

typedef struct layout layout_t;

/*
 * Expand "trn[1-4,07],rack[1-2]-[1-9]" as Slurm does, see nodeset.h. At most
 * 65536 names of less than 64 characters.
 */
extern int layout_expand(const char *text, nodeset_each_t each, void *arg);

/*
 * Ranks dealt out in blocks, as srun does without --distribution.
 * IN nodes - SLURM_STEP_NODELIST, "trn[1-4]".
 * IN tasks - SLURM_STEP_TASKS_PER_NODE, "2(x3),1".
 * RET a layout for layout_destroy(); NULL when they do not make world ranks.
 */
extern layout_t *layout_create(const char *nodes, const char *tasks,
			       uint32_t world);
/* Accepts NULL */
extern void layout_destroy(layout_t *layout);
/* RET the node's name; NULL: not known; layout may be NULL */
extern const char *layout_node(const layout_t *layout, uint32_t rank);

typedef bool (*layout_wanted_t)(uint32_t rank, void *arg);
/* RET the node's name, or NULL */
typedef const char *(*layout_name_t)(uint32_t rank, void *arg);

/*
 * "rank 3 on trn2, ranks 6-9 on trn4 and 12 more"
 * OUT buf - never more than size.
 * RET how many ranks are wanted.
 */
extern uint32_t layout_write(uint32_t world, layout_wanted_t wanted,
			     layout_name_t name, void *arg, char *buf,
			     size_t size);

#endif
