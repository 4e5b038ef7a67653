/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view.h"

#include <errno.h>
#include <string.h>

static int _check_name(const char *name, neuron_error_t *err)
{
	if (!memchr(name, '\0', VIEW_NAME_MAX + 1))
		return neuron_error_set(
			err, EINVAL,
			"a file name has more than %d bytes: %.32s...",
			VIEW_NAME_MAX, name);
	if (!name[0] || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strchr(name, '/'))
		return neuron_error_set(
			err, EINVAL,
			"\"%s\" is not the name of a file in a directory",
			name);
	return 0;
}

typedef enum { NO_GRES, FOREIGN, OWNED } owner_t;

static owner_t _owner(const view_entry_t *entry, const view_device_t *devices,
		      unsigned int count)
{
	owner_t owner = NO_GRES;

	for (unsigned int i = 0; i < count; i++) {
		if ((devices[i].major != entry->major) ||
		    (devices[i].minor != entry->minor))
			continue;
		if (devices[i].owned)
			return OWNED;
		owner = FOREIGN;
	}
	return owner;
}

static view_action_t _keep(view_kind_t kind)
{
	switch (kind) {
	case VIEW_DIRECTORY:
		return VIEW_BIND_DIRECTORY;
	case VIEW_LINK:
		return VIEW_COPY_LINK;
	case VIEW_CHAR:
	case VIEW_OTHER:
		break;
	}
	return VIEW_BIND_FILE;
}

extern int view_plan(view_entry_t *entries, unsigned int entry_count,
		     const view_device_t *devices, unsigned int device_count,
		     neuron_error_t *err)
{
	int hidden = 0;

	if (entry_count > VIEW_ENTRIES_MAX)
		return neuron_error_set(
			err, ENOSPC,
			"%u files in one directory; up to %d can be handled",
			entry_count, VIEW_ENTRIES_MAX);
	if (device_count > VIEW_DEVICES_MAX)
		return neuron_error_set(
			err, ENOSPC,
			"%u device files of GRES; up to %d can be handled",
			device_count, VIEW_DEVICES_MAX);
	for (unsigned int i = 0; i < entry_count; i++) {
		view_entry_t *entry = &entries[i];
		owner_t owner = NO_GRES;

		if (_check_name(entry->name, err))
			return -1;
		if (entry->kind == VIEW_CHAR)
			owner = _owner(entry, devices, device_count);
		entry->action =
			(owner == FOREIGN) ? VIEW_HIDE : _keep(entry->kind);
		hidden += (owner == FOREIGN);
	}
	return hidden;
}
