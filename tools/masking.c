/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "masking.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "deadline.h"

/* Rounds in which others take a change away again */
#define ROUNDS 20

/* A node while it is changed */
typedef struct {
	const char *node;
	const masking_t *wanted;
	neuron_error_t *err;
	char comment[MASK_COMMENT_MAX]; /* as slurmctld has it */
} change_t;

static int _refused(const change_t *change)
{
	int errnum = errno;

	return neuron_error_set(change->err,
				(errnum == ESLURM_INVALID_NODE_NAME) ? ENOENT
								     : EIO,
				"node %.64s: slurmctld says: %s", change->node,
				slurm_strerror(errnum));
}

static int _load(change_t *change)
{
	node_info_msg_t *info = NULL;
	const char *comment = NULL;
	bool found = false, fits = true;

	if (slurm_load_node_single(&info, (char *) change->node, SHOW_ALL))
		return _refused(change);
	for (uint32_t i = 0; i < info->record_count; i++) {
		const node_info_t *record = &info->node_array[i];

		if (!record->name || strcmp(record->name, change->node))
			continue;
		found = true;
		comment = record->comment;
	}
	fits = snprintf(change->comment, sizeof(change->comment), "%s",
			comment ? comment : "") < (int) sizeof(change->comment);
	slurm_free_node_info_msg(info);
	if (!found)
		return neuron_error_set(change->err, ENOENT,
					"slurmctld has no node %.64s",
					change->node);
	return fits ? 0
		    : neuron_error_set(change->err, EINVAL,
				       "node %.64s: its Comment is longer than "
				       "%d bytes: shorten it",
				       change->node, MASK_COMMENT_MAX - 1);
}

/* Of those that are to be taken away the ones that may be */
static devset_t _removable(const masking_t *wanted, const mask_t *mask)
{
	devset_t remove = mask->devices & wanted->remove;

	for (int d = -1; wanted->only && (d = devset_next(remove, d)) >= 0;) {
		if (strcmp(wanted->only->reasons[d], mask->reasons[d]))
			remove &= ~devset_of((unsigned int) d);
	}
	return remove;
}

static const char *_key(const masking_t *wanted)
{
	return wanted->key ? wanted->key : MASK_KEY;
}

/* RET devices that differ from what is wanted, which *mask is then */
static devset_t _apply(const change_t *change, mask_t *mask)
{
	devset_t changed = _removable(change->wanted, mask);
	devset_t add = change->wanted->add ? change->wanted->add->devices : 0;

	mask_remove(mask, changed);
	for (int d = -1; (d = devset_next(add, d)) >= 0;) {
		const char *reason = change->wanted->add->reasons[d];
		bool there = mask->devices & devset_of((unsigned int) d);

		if (there && (!change->wanted->again ||
			      !strcmp(mask->reasons[d], reason)))
			continue;
		(void) mask_add(mask, (unsigned int) d, reason);
		changed |= devset_of((unsigned int) d);
	}
	return changed;
}

static int _update(const change_t *change, const mask_t *mask)
{
	static char text[MASK_COMMENT_MAX];
	update_node_msg_t update;

	if (mask_encode_key(_key(change->wanted), mask, change->comment, text,
			    sizeof(text), change->err) < 0)
		return -1;
	slurm_init_update_node_msg(&update);
	update.node_names = (char *) change->node;
	update.comment = text;
	return slurm_update_node(&update) ? _refused(change) : 0;
}

/*
 * Make one node as it is wanted.
 * OUT now - devices that had to be changed for it.
 */
static int _make(const masking_t *wanted, devset_t *now, neuron_error_t *err)
{
	static change_t change;
	static mask_t mask;
	neuron_error_t why;

	change = (change_t){.node = wanted->node, .wanted = wanted, .err = err};
	if (_load(&change))
		return -1;
	if (mask_decode_key(_key(wanted), change.comment, &mask, &why))
		return neuron_error_set(err, EINVAL, "node %.64s: %.400s",
					wanted->node, why.text);
	*now = _apply(&change, &mask);
	return *now ? _update(&change, &mask) : 0;
}

/*
 * Make those that are not settled.
 * OUT slowest - longest time that one took, milliseconds
 * RET how many had to be changed; -1
 */
static int _round(masking_t *changes, uint32_t count, uint64_t *slowest,
		  neuron_error_t *err)
{
	int changed = 0;

	*slowest = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = deadline_now(), took;
		devset_t now = 0;

		if (changes[i].settled)
			continue;
		if (_make(&changes[i], &now, err))
			return -1;
		took = deadline_now() - start;
		*slowest = (took > *slowest) ? took : *slowest;
		changes[i].changed |= now;
		changes[i].settled = !now;
		changed += (now != 0);
	}
	return changed;
}

/* Two programs that stay in step would take each other's change away again and
 * again: the time is drawn */
static void _wait(uint64_t slowest)
{
	uint64_t least = 10 * slowest, wait;
	struct timespec chance;

	if (least < MASKING_SETTLE)
		least = MASKING_SETTLE;
	if (least > MASKING_SETTLE_MOST / 2)
		least = MASKING_SETTLE_MOST / 2;
	(void) clock_gettime(CLOCK_MONOTONIC, &chance);
	wait = least + ((uint64_t) chance.tv_nsec / 1000 + getpid()) % least;
	(void) deadline_nap(deadline_in(wait), wait);
}

/* RET the first that is not settled; NULL: all are */
static const masking_t *_unsettled(const masking_t *changes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!changes[i].settled)
			return &changes[i];
	}
	return NULL;
}

/* Stay until count nodes stand; the first round was made */
static int _settle(masking_t *changes, uint32_t count, uint64_t slowest,
		   neuron_error_t *err)
{
	const masking_t *left = NULL;

	for (unsigned int i = 0;
	     (i < ROUNDS) && (left = _unsettled(changes, count)); i++) {
		_wait(slowest);
		if (_round(changes, count, &slowest, err) < 0)
			return -1;
	}
	if (!left || !(left = _unsettled(changes, count)))
		return 0;
	return neuron_error_set(err, EIO,
				"node %.64s: others changed the same devices "
				"again %d times meanwhile",
				left->node, ROUNDS);
}

extern int masking_change_all(masking_t *changes, uint32_t count,
			      neuron_error_t *err)
{
	uint32_t done = 0;
	uint64_t slowest = 0, took;
	int rc = 0, errnum;

	for (uint32_t i = 0; i < count; i++) {
		changes[i].changed = 0;
		changes[i].settled = false;
	}
	for (; done < count; done++) {
		if ((rc = _round(&changes[done], 1, &took, err)) < 0)
			break;
		slowest = (took > slowest) ? took : slowest;
	}
	if (rc >= 0)
		return _settle(changes, count, slowest, err);
	/* What was done before shall stand too; the first sentence counts */
	errnum = errno;
	(void) _settle(changes, done, slowest, NULL);
	errno = errnum;
	return -1;
}

extern int masking_change(const char *node, const mask_t *add, bool again,
			  devset_t remove, devset_t *changed,
			  neuron_error_t *err)
{
	masking_t change = {
		.node = node, .add = add, .again = again, .remove = remove};
	int rc = masking_change_all(&change, 1, err);

	*changed = change.changed;
	return rc;
}
