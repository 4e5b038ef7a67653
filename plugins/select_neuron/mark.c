/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mark.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define MARK_FORMAT "slurm-neuron state %u\n"
#define MARK_MAX 64

static char *_path(const char *suffix)
{
	return xstrdup_printf("%s/neuron_state%s",
			      slurm_conf.state_save_location, suffix);
}

/* RET false with errno when the file cannot be read */
static bool _read(const char *path, char text[MARK_MAX])
{
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return false;
	length = fread(text, 1, MARK_MAX - 1, file);
	text[length] = '\0';
	fclose(file);
	return true;
}

extern bool mark_is_known(neuron_error_t *err)
{
	char *path = _path(""), text[MARK_MAX];
	unsigned int version = 0;
	bool known = true;

	if (!_read(path, text)) {
		known = (errno == ENOENT);
		if (!known)
			neuron_error_set(err, EIO, "%s: cannot be read: %m",
					 path);
	} else if (sscanf(text, MARK_FORMAT, &version) != 1) {
		known = false;
		neuron_error_set(
			err, EINVAL,
			"%s: this is not a mark of slurm-neuron; remove the file",
			path);
	} else if (version > MARK_VERSION) {
		known = false;
		neuron_error_set(
			err, EINVAL,
			"%s: the state was last kept by a newer slurm-neuron (state %u, this one knows up to %u): install that one again, or let all jobs of several nodes end there and remove the file",
			path, version, MARK_VERSION);
	}
	xfree(path);
	return known;
}

static bool _write(const char *path)
{
	FILE *file = fopen(path, "we");
	bool written;

	if (!file)
		return false;
	written = fprintf(file, MARK_FORMAT, MARK_VERSION) > 0;
	return !fclose(file) && written;
}

extern void mark_leave(void)
{
	char *path = _path(""), *fresh = _path(".new");

	if (!_write(fresh) || rename(fresh, path))
		error("select/neuron: cannot write %s: %m", path);
	xfree(path);
	xfree(fresh);
}
