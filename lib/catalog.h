/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalog: the profiles of a directory.
 */
#ifndef NEURON_CATALOG_H
#define NEURON_CATALOG_H

#include "profile.h"

/* Most profiles that a directory may hold */
#define CATALOG_MAX 256

typedef struct catalog catalog_t;

/*
 * Read every "*.json" of a directory, hidden files excepted. A file is named
 * after its profile, so that no name can be there twice.
 * RET a catalog for catalog_destroy(), also of an empty directory; NULL with
 *	errno ENOENT, EINVAL (also when there are too many), EIO or ENOMEM.
 */
extern catalog_t *catalog_read(const char *directory, neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void catalog_destroy(catalog_t *catalog);
/* In order of name; NULL behind the last. Owned by the catalog. */
extern const profile_t *catalog_at(const catalog_t *catalog,
				   unsigned int index);
/* NULL with errno ENOENT and a sentence that lists the known names */
extern const profile_t *catalog_find(const catalog_t *catalog, const char *name,
				     neuron_error_t *err);

/* The first that describes an EC2 instance type; NULL: none does */
extern const profile_t *catalog_find_instance(const catalog_t *catalog,
					      const char *instance);

#endif
