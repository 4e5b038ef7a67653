/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * picture: the devices of a machine and their NeuronLinks as lines of text.
 *
 * A torus of 16 is drawn as four rows of four, a ring as two rows with the
 * second one running back, other machines as rows of at most eight. Links
 * that would cross the drawing (the wrap-around of a torus, all-to-all) are
 * left out.
 */
#ifndef NEURON_PICTURE_H
#define NEURON_PICTURE_H

#include "profile.h"

typedef struct picture picture_t;

typedef enum {
	PICTURE_DEVICE,	/* a place for a device */
	PICTURE_LINK,	/* a link, between device and device2 */
	PICTURE_SPACE	/* nothing */
} picture_kind_t;

/* One character of a drawing */
typedef struct {
	picture_kind_t kind;
	unsigned int device;	/* for devices and links */
	unsigned int device2;	/* for links */
	bool vertical;		/* for links */
} picture_cell_t;

/* RET a picture for picture_destroy(); NULL with errno ENOMEM. The profile
 * must live as long. */
extern picture_t *picture_create(const profile_t *profile);
/* Accepts NULL; errno survives */
extern void picture_destroy(picture_t *picture);

/* Size of the drawing in characters */
extern unsigned int picture_width(const picture_t *picture);
extern unsigned int picture_height(const picture_t *picture);

/* What stands at a place; PICTURE_SPACE outside */
extern picture_cell_t picture_at(const picture_t *picture, unsigned int line,
				 unsigned int column);

#endif
