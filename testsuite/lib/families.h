/* SPDX-License-Identifier: GPL-2.0-or-later */
/* families: the profiles of etc/profiles and their shapes, by name */
#ifndef NEURON_FAMILIES_H
#define NEURON_FAMILIES_H

#include "lib/shape.h"

/* Loaded once and kept; the program ends when there is none */
extern const profile_t *family_profile(const char *name);
extern const shape_t *family_shape(const char *name);

#endif
