/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lncfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY "NEURON_LOGICAL_NC_CONFIG="

/* Open the directory of the file; OUT name - of the file in it */
static int _open(rundir_t *dir, const char *root, const char *path, int make,
		 const char **name, neuron_error_t *err)
{
	char full[RUNDIR_PATH_MAX];
	int n = snprintf(full, sizeof(full), "%s%s", root, path);
	char *slash = strrchr(full, '/');

	if (n < 0 || (size_t) n >= sizeof(full) || !slash || !slash[1] ||
	    *path != '/')
		return neuron_error_set(
			err, EINVAL, "%.200s: this is no path of a file", path);
	*slash = '\0';
	*name = strrchr(path, '/') + 1;
	return rundir_open(dir, *full ? full : "/", make, err);
}

extern int lncfile_read(const char *root, const char *path, int *lnc,
			neuron_error_t *err)
{
	char text[sizeof(KEY) + 8];
	const char *name;
	rundir_t dir;
	int n, errnum;

	*lnc = 0;
	if (_open(&dir, root, path, 0, &name, err))
		return (errno == ENOENT) ? 0 : -1;
	n = rundir_read(&dir, name, text, sizeof(text), err);
	errnum = errno;
	rundir_close(&dir);
	if (n < 0 && errnum == ENOENT)
		return 0;
	if (n < 0) {
		errno = errnum;
		return -1;
	}
	n = (int) strcspn(text, "\n");
	if (n == sizeof(KEY) && !strncmp(text, KEY, sizeof(KEY) - 1) &&
	    text[n - 1] >= '1' && text[n - 1] <= '0' + LNCFILE_MAX) {
		*lnc = text[n - 1] - '0';
		return 0;
	}
	return neuron_error_set(err, EINVAL,
				"%s: it must be one line, %s1 or %s2", path,
				KEY, KEY);
}

extern int lncfile_write(const char *root, const char *path, int lnc,
			 neuron_error_t *err)
{
	char text[sizeof(KEY) + 16];
	const char *name;
	rundir_t dir;
	int rc;

	if (_open(&dir, root, path, lnc, &name, err))
		return (!lnc && errno == ENOENT) ? 0 : -1;
	(void) snprintf(text, sizeof(text), KEY "%d\n", lnc);
	rc = lnc ? rundir_write(&dir, name, text, err)
		 : rundir_remove(&dir, name, err);
	rundir_close(&dir);
	return rc;
}
