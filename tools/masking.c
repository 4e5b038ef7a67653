/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "masking.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

/* Changes by others in the same moment */
#define ATTEMPTS 5

typedef struct {
	const char *node;
	const mask_t *add;
	bool again;
	devset_t remove;
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

/* RET devices that differ from what is wanted, which *mask is then */
static devset_t _apply(const change_t *change, mask_t *mask)
{
	devset_t changed = mask->devices & change->remove;
	devset_t add = change->add ? change->add->devices : 0;

	mask_remove(mask, changed);
	for (int d = -1; (d = devset_next(add, d)) >= 0;) {
		const char *reason = change->add->reasons[d];
		bool there = mask->devices & devset_of((unsigned int) d);

		if (there &&
		    (!change->again || !strcmp(mask->reasons[d], reason)))
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

	if (mask_encode(mask, change->comment, text, sizeof(text),
			change->err) < 0)
		return -1;
	slurm_init_update_node_msg(&update);
	update.node_names = (char *) change->node;
	update.comment = text;
	return slurm_update_node(&update) ? _refused(change) : 0;
}

extern int masking_change(const char *node, const mask_t *add, bool again,
			  devset_t remove, devset_t *changed,
			  neuron_error_t *err)
{
	static change_t change;
	static mask_t mask;

	change = (change_t){.node = node,
			    .add = add,
			    .again = again,
			    .remove = remove,
			    .err = err};
	*changed = 0;
	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		neuron_error_t why;
		devset_t now;

		if (_load(&change))
			return -1;
		if (mask_decode(change.comment, &mask, &why))
			return neuron_error_set(err, EINVAL,
						"node %.64s: %.400s", node,
						why.text);
		if (!(now = _apply(&change, &mask)))
			return 0;
		if (_update(&change, &mask))
			return -1;
		*changed |= now;
	}
	return neuron_error_set(err, EIO,
				"node %.64s: its Comment was changed by others "
				"%d times meanwhile",
				node, ATTEMPTS);
}
