/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_LENGTH 4095
#define KNOWN_MAX 384
#define SUFFIX ".json"

struct catalog {
	unsigned int count;
	profile_t *profiles[CATALOG_MAX];
};

static bool _is_profile(const char *name)
{
	size_t length = strlen(name), suffix = strlen(SUFFIX);

	return name[0] != '.' && length > suffix &&
	       !strcmp(name + length - suffix, SUFFIX);
}

static int _add(catalog_t *catalog, const char *directory, const char *name,
		neuron_error_t *err)
{
	char path[PATH_MAX_LENGTH + 1];
	int n = snprintf(path, sizeof(path), "%s/%s", directory, name);
	profile_t *profile;

	if (n < 0 || (size_t) n >= sizeof(path))
		return neuron_error_set(err, EINVAL,
					"%.200s: the path is too long; it "
					"must have at most %d bytes",
					directory, PATH_MAX_LENGTH);
	if (catalog->count >= CATALOG_MAX)
		return neuron_error_set(err, EINVAL,
					"%.200s: has too many profiles; the "
					"most is %d",
					directory, CATALOG_MAX);
	profile = profile_read(path, err);
	if (!profile)
		return -1;
	catalog->profiles[catalog->count++] = profile;
	return 0;
}

static int _add_all(catalog_t *catalog, const char *directory, DIR *stream,
		    neuron_error_t *err)
{
	struct dirent *entry;

	while (errno = 0, (entry = readdir(stream))) {
		if (_is_profile(entry->d_name) &&
		    _add(catalog, directory, entry->d_name, err))
			return -1;
	}
	if (errno)
		return neuron_error_set(err, EIO, "%.200s: cannot be read",
					directory);
	return 0;
}

static int _by_name(const void *a, const void *b)
{
	const profile_t *const *first = a, *const *second = b;

	return strcmp(profile_name(*first), profile_name(*second));
}

static DIR *_open(const char *directory, neuron_error_t *err)
{
	DIR *stream = opendir(directory);

	if (stream)
		return stream;
	if (errno == ENOENT || errno == ENOTDIR)
		neuron_error_set(err, ENOENT,
				 "%.200s: no such directory of profiles",
				 directory);
	else
		neuron_error_set(err, (errno == ENOMEM) ? ENOMEM : EIO,
				 "%.200s: cannot be opened: %s", directory,
				 strerror(errno));
	return NULL;
}

extern catalog_t *catalog_read(const char *directory, neuron_error_t *err)
{
	DIR *stream = _open(directory, err);
	catalog_t *catalog;
	bool failed;
	int errnum;

	if (!stream)
		return NULL;
	catalog = calloc(1, sizeof(*catalog));
	if (!catalog)
		neuron_error_set(err, ENOMEM, "out of memory");
	failed = !catalog || _add_all(catalog, directory, stream, err);
	errnum = errno;
	(void) closedir(stream);
	errno = errnum;
	if (failed) {
		catalog_destroy(catalog);
		return NULL;
	}
	qsort(catalog->profiles, catalog->count, sizeof(catalog->profiles[0]),
	      _by_name);
	return catalog;
}

extern void catalog_destroy(catalog_t *catalog)
{
	int errnum = errno;

	for (unsigned int i = 0; catalog && i < catalog->count; i++)
		profile_destroy(catalog->profiles[i]);
	free(catalog);
	errno = errnum;
}

extern const profile_t *catalog_at(const catalog_t *catalog, unsigned int index)
{
	return (index < catalog->count) ? catalog->profiles[index] : NULL;
}

/* The known names, as many as there is room for */
static void _list(const catalog_t *catalog, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < catalog->count; i++) {
		int n = snprintf(buf + used, size - used, "%s%s",
				 used ? ", " : "",
				 profile_name(catalog->profiles[i]));

		if (n < 0 || (size_t) n >= size - used)
			break;
		used += (size_t) n;
	}
}

extern const profile_t *catalog_find(const catalog_t *catalog, const char *name,
				     neuron_error_t *err)
{
	char known[KNOWN_MAX];

	for (unsigned int i = 0; i < catalog->count; i++) {
		if (!strcmp(profile_name(catalog->profiles[i]), name))
			return catalog->profiles[i];
	}
	_list(catalog, known, sizeof(known));
	neuron_error_set(err, ENOENT,
			 "\"%.80s\" is not a profile; it must be one of %s",
			 name, *known ? known : "none: the directory is empty");
	return NULL;
}

extern const profile_t *catalog_find_instance(const catalog_t *catalog,
					      const char *instance)
{
	const profile_t *profile;

	for (unsigned int i = 0; (profile = catalog_at(catalog, i)); i++) {
		const char *known;

		for (unsigned int j = 0; (known = profile_instance(profile, j));
		     j++) {
			if (!strcmp(known, instance))
				return profile;
		}
	}
	return NULL;
}
