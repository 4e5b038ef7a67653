/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree: a directory that a test fills with files. Failures end the program. */
#ifndef NEURON_TREE_H
#define NEURON_TREE_H

#include <stddef.h>

#define TREE_PATH_MAX 512

/* Where it is; made by the first call, taken away when the program ends */
extern const char *tree_base(void);
/* Take away everything in it */
extern void tree_clear(void);
/* PATH below it, in one of several buffers */
extern const char *tree_path(const char *path);
/* Make a file with all directories above it; size bytes of it */
extern void tree_put_bytes(const char *path, const void *bytes, size_t size);
extern void tree_put(const char *path, const char *text);
extern void tree_directory(const char *path, unsigned int mode);
extern void tree_link(const char *path, const char *target);

#endif
