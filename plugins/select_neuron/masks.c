/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "masks.h"

#include "lib/mask.h"

/* One node */
typedef struct {
	char *comment; /* that was read; NULL: none */
	ledger_sets_t sets;
} entry_t;

struct masks {
	int count;
	entry_t *entries;
};

extern masks_t *masks_create(void)
{
	masks_t *masks = xmalloc(sizeof(*masks));

	masks->count = node_record_count;
	masks->entries =
		xcalloc(node_record_count + 1, sizeof(*masks->entries));
	return masks;
}

extern void masks_destroy(masks_t *masks)
{
	if (!masks)
		return;
	for (int n = 0; n < masks->count; n++)
		xfree(masks->entries[n].comment);
	xfree(masks->entries);
	xfree(masks);
}

static void _read(entry_t *entry, const node_record_t *record,
		  const profile_t *profile)
{
	neuron_error_t err;
	mask_t mask;

	xfree(entry->comment);
	entry->comment = xstrdup(record->comment);
	entry->sets = (ledger_sets_t){0};
	if (!entry->comment)
		return;
	if (mask_decode(entry->comment, &mask, &err)) {
		error("select/neuron: %s: %s: no device is masked there",
		      record->name, err.text);
		return;
	}
	entry->sets.devices = mask.devices & profile_devices(profile);
	if (entry->sets.devices)
		entry->sets.efas = mask_efas(profile, entry->sets.devices);
}

extern ledger_sets_t masks_of(masks_t *masks, int node,
			      const profile_t *profile)
{
	const node_record_t *record = node_record_table_ptr[node];
	entry_t *entry;

	if (!profile || !record || (node >= masks->count))
		return (ledger_sets_t){0};
	entry = &masks->entries[node];
	/* A freed Comment's place may be that of the next one */
	if ((record->comment || entry->comment) &&
	    xstrcmp(record->comment, entry->comment))
		_read(entry, record, profile);
	return entry->sets;
}
