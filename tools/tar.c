/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tar.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define BLOCK 512
/* Largest size that eleven octal digits hold is far above this */
#define CONTENT_MAX (1024 * 1024)

/* POSIX.1-2017, pax, "ustar Interchange Format" */
typedef struct {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char chksum[8];
	char typeflag;
	char linkname[100];
	char magic[6];
	char version[2];
	char uname[32];
	char gname[32];
	char devmajor[8];
	char devminor[8];
	char prefix[155];
	char padding[12];
} header_t;

_Static_assert(sizeof(header_t) == BLOCK, "a header is one block");

static const char zeros[2 * BLOCK];

/* A path longer than name is cut in two at a slash */
static int _set_name(header_t *header, const char *path)
{
	size_t length = strlen(path);
	const char *slash = path;

	if (length > sizeof(header->name)) {
		slash = strchr(path + length - sizeof(header->name) - 1, '/');
		if (!slash ||
		    ((size_t) (slash - path) > sizeof(header->prefix)))
			return -1;
		memcpy(header->prefix, path, (size_t) (slash - path));
		slash++;
	}
	memcpy(header->name, slash, strlen(slash));
	return 0;
}

static void _octal(char *field, size_t size, size_t value)
{
	field[--size] = '\0';
	while (size--) {
		field[size] = (char) ('0' + (value & 7));
		value >>= 3;
	}
}

static void _seal(header_t *header)
{
	const unsigned char *bytes = (const unsigned char *) header;
	size_t sum = 0;

	memset(header->chksum, ' ', sizeof(header->chksum));
	for (size_t i = 0; i < BLOCK; i++)
		sum += bytes[i];
	_octal(header->chksum, sizeof(header->chksum) - 1, sum);
}

static int _fill(header_t *header, const record_entry_t *entry)
{
	static const char types[] = {
		[RECORD_DIRECTORY] = '5',
		[RECORD_FILE] = '0',
		[RECORD_LINK] = '2',
	};
	bool is_file = (entry->kind == RECORD_FILE);

	memset(header, 0, sizeof(*header));
	if (_set_name(header, entry->path))
		return -1;
	if (entry->kind == RECORD_LINK) {
		if (entry->length > sizeof(header->linkname))
			return -1;
		memcpy(header->linkname, entry->content, entry->length);
	}
	_octal(header->mode, sizeof(header->mode), is_file ? 0644 : 0755);
	_octal(header->uid, sizeof(header->uid), 0);
	_octal(header->gid, sizeof(header->gid), 0);
	_octal(header->size, sizeof(header->size), is_file ? entry->length : 0);
	_octal(header->mtime, sizeof(header->mtime), 0);
	header->typeflag = types[entry->kind];
	memcpy(header->magic, "ustar", sizeof(header->magic));
	memcpy(header->version, "00", sizeof(header->version));
	memcpy(header->uname, "root", 5);
	memcpy(header->gname, "root", 5);
	_seal(header);
	return 0;
}

extern int tar_add(FILE *file, const record_entry_t *entry)
{
	size_t length = (entry->kind == RECORD_FILE) ? entry->length : 0;
	size_t padding = (BLOCK - length % BLOCK) % BLOCK;
	header_t header;

	if (length > CONTENT_MAX) {
		errno = EFBIG;
		return -1;
	}
	if (_fill(&header, entry)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fwrite(&header, BLOCK, 1, file) != 1) ||
	    (length && (fwrite(entry->content, length, 1, file) != 1)) ||
	    (padding && (fwrite(zeros, padding, 1, file) != 1)))
		return -1;
	return 0;
}

extern int tar_end(FILE *file)
{
	return ((fwrite(zeros, sizeof(zeros), 1, file) == 1) && !fflush(file))
		       ? 0
		       : -1;
}
