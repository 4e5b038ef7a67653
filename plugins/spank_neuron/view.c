/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view.h"

#include "plugins/common/gres_peer.h"
#include "plugins/compat/task_devices.h"

#include "private_dir.h"

#define DIRECTORY "/dev/infiniband"

/* The device files of a node, in lib/view.h's words */
typedef struct {
	view_device_t devices[VIEW_DEVICES_MAX + 1];
	unsigned int count;
	char *directory; /* with EFA interfaces; NULL: there are none */
	bool owns_some; /* of the files in it */
} files_t;

/* RET xfree() ROOT/dev/infiniband, if a path is that of a file there */
static char *_directory_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	size_t length = strlen(DIRECTORY);

	if (!slash || ((size_t) (slash - path) < length) ||
	    strncmp(slash - length, DIRECTORY, length))
		return NULL;
	return xstrndup(path, slash - path);
}

static int _collect(void *x, void *arg)
{
	const gres_device_t *device = x;
	files_t *files = arg;
	char *directory;

	if (device->dev_desc.type != DEV_TYPE_CHAR)
		return 0;
	files->devices[files->count++] = (view_device_t){
		.major = device->dev_desc.major,
		.minor = device->dev_desc.minor,
		.owned = device->alloc,
	};
	if ((directory = _directory_of(device->path))) {
		files->owns_some |= (device->alloc != 0);
		if (!files->directory)
			SWAP(files->directory, directory);
		xfree(directory);
	}
	/* view_plan() refuses one too many */
	return (files->count > VIEW_DEVICES_MAX) ? -1 : 0;
}

/* RET the number of files that are hidden now, -1 */
static int _hide(const files_t *files, neuron_error_t *err)
{
	view_entry_t *entries = NULL;
	int count = private_dir_list(files->directory, &entries, err);
	int hidden = -1;

	if (count >= 0)
		hidden = view_plan(entries, count, files->devices, files->count,
				   err);
	if ((hidden > 0) &&
	    private_dir_make(files->directory, entries, count, err))
		hidden = -1;
	free(entries);
	return hidden;
}

static int _make(const files_t *files)
{
	neuron_error_t err;
	int hidden = _hide(files, &err);

	if (hidden >= 0) {
		debug("neuron: %s: %d device files of others are hidden",
		      files->directory, hidden);
		return 0;
	}
	if (!files->owns_some) {
		info("neuron: %s; this task sees EFA interfaces of others",
		     err.text);
		return 0;
	}
	error("neuron: %s; the EFA interfaces of other jobs cannot be hidden from this task, which could not use its own among them; PrivateView=never in neuron.conf starts it all the same",
	      err.text);
	return -1;
}

static bool _is_wanted(const machine_t *machine)
{
	switch (machine->private_view) {
	case CONF_VIEW_ALWAYS:
		return true;
	case CONF_VIEW_AUTO:
		return compat_devices_are_constrained();
	default:
		return false;
	}
}

extern int view_make(list_t *devices)
{
	const gres_peer_t *peer = gres_peer_find("gres/efa");
	files_t *files;
	int rc = 0;

	/* only root can mount; a slurmd of another user constrains nothing */
	if (!devices || !peer || !_is_wanted(peer->machine) || geteuid())
		return 0;
	files = xmalloc(sizeof(*files));
	list_for_each(devices, _collect, files);
	if (files->directory)
		rc = _make(files);
	xfree(files->directory);
	xfree(files);
	return rc;
}
