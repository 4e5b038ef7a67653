/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mask: the Neuron devices of one node that no job is to get, with the reason
 * for each, as one word in the node's Comment in slurmctld; and in a second
 * word of the same form those that are suspect: they are shown, and nothing
 * else is done about them.
 *
 * There, because Slurm lets only operators and root change it, keeps it in its
 * saved state and shows it ("scontrol show node"). What others wrote in the
 * Comment stays.
 *
 *	neuron-mask=ITEM[,ITEM...]
 *	neuron-suspect=ITEM[,ITEM...]
 *	ITEM	INDEX or FIRST-LAST, then (REASON) or nothing
 *
 * A word stands at the start of the Comment or behind a blank or ";", but not
 * in a reason of the other word, and ends before a blank, ";" or the end.
 *REASON is printable ASCII with blanks, but without "(" and ")":
 *"neuron-mask=5(2 uncorrected memory errors),7".
 */
#ifndef NEURON_MASK_H
#define NEURON_MASK_H

#include "devset.h"
#include "error.h"
#include "profile.h"

#define MASK_KEY "neuron-mask="
#define MASK_SUSPECT_KEY "neuron-suspect="
/* Longest reason, bytes, with its null byte; longer ones are cut */
#define MASK_REASON_MAX 128
/* Longest Comment that is read or made, bytes, with its null byte */
#define MASK_COMMENT_MAX 16384

typedef struct {
	devset_t devices;
	char reasons[DEVSET_MAX][MASK_REASON_MAX]; /* "": none was given */
} mask_t;

extern void mask_init(mask_t *mask);

/*
 * Add a device, or give one that is there another reason.
 * IN reason - anything; characters that cannot stand in a reason are replaced.
 *	NULL and "": none.
 * RET 0; -1 with errno EINVAL: device is not below DEVSET_MAX.
 */
extern int mask_add(mask_t *mask, unsigned int device, const char *reason);
/* Take devices away; those that are not there do not matter */
extern void mask_remove(mask_t *mask, devset_t devices);

/*
 * Read the mask in a Comment.
 * IN comment - anything; NULL: there is none.
 * OUT mask - without members when the Comment has no such word; untouched on
 *	failure.
 * RET 0; -1 with errno EINVAL and a sentence: the word is malformed, names a
 *	device twice or above 63, stands there twice, or the Comment is too
 *	long.
 */
extern int mask_decode(const char *comment, mask_t *mask, neuron_error_t *err);
/* The same for another word. IN key - MASK_KEY or MASK_SUSPECT_KEY */
extern int mask_decode_key(const char *key, const char *comment, mask_t *mask,
			   neuron_error_t *err);

/* The items alone: "5(hot),7"; "" for no members. RET as mask_encode() */
extern int mask_text(const mask_t *mask, char *buf, size_t size,
		     neuron_error_t *err);

/*
 * Put a mask into a Comment.
 * IN comment - as for mask_decode(); its old word is replaced, or taken away
 *	when the mask has no members; another one goes to the end.
 * OUT buf - MASK_COMMENT_MAX bytes suffice for what mask_decode() reads.
 * RET the length; -1 with errno EINVAL (as mask_decode()) or ENOSPC.
 */
extern int mask_encode(const mask_t *mask, const char *comment, char *buf,
		       size_t size, neuron_error_t *err);
/* The same for another word. IN key - as for mask_decode_key() */
extern int mask_encode_key(const char *key, const mask_t *mask,
			   const char *comment, char *buf, size_t size,
			   neuron_error_t *err);

/* The EFA interfaces that serve none but these devices: they leave with them */
extern devset_t mask_efas(const profile_t *profile, devset_t devices);

#endif
