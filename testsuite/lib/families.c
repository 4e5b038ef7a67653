/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "families.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILIES_MAX 32

static struct {
	profile_t *profile;
	shape_t *shape;
} families[FAMILIES_MAX];

static int _load(const char *name, int i)
{
	const char *srcdir = getenv("srcdir");
	neuron_error_t err = {""};
	char path[512];

	snprintf(path, sizeof(path), "%s/../../etc/profiles/%s.json",
		 srcdir ? srcdir : ".", name);
	if ((i == FAMILIES_MAX) ||
	    !(families[i].profile = profile_read(path, &err)) ||
	    !(families[i].shape = shape_create(families[i].profile))) {
		fprintf(stderr, "%s: %s\n", path, err.text);
		exit(EXIT_FAILURE);
	}
	return i;
}

static int _find(const char *name)
{
	int i = 0;

	for (; (i < FAMILIES_MAX) && families[i].profile; i++) {
		if (!strcmp(profile_name(families[i].profile), name))
			return i;
	}
	return _load(name, i);
}

extern const profile_t *family_profile(const char *name)
{
	return families[_find(name)].profile;
}

extern const shape_t *family_shape(const char *name)
{
	return families[_find(name)].shape;
}
