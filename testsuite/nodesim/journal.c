/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "journal.h"

static FILE *scripts, *devices;

static int _open(FILE **file, const char *path)
{
	*file = fopen(path, "ae");
	if (!*file)
		return -1;
	setvbuf(*file, NULL, _IOLBF, 0);
	return 0;
}

static void _close(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

extern int journal_open(const char *path)
{
	return _open(&scripts, path);
}

extern int journal_open_devices(const char *path)
{
	return _open(&devices, path);
}

static void _note(FILE *file, const char *what, uint32_t job, const char *node)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(file, "%lld.%03ld %s %" PRIu32 " %s", (long long) now.tv_sec,
		now.tv_nsec / 1000000, what, job, node);
}

extern void journal_start(uint32_t job, const char *node)
{
	if (!scripts)
		return;
	_note(scripts, "start", job, node);
	fputc('\n', scripts);
}

extern void journal_end(uint32_t job, const char *node, int64_t status)
{
	if (!scripts)
		return;
	_note(scripts, "end", job, node);
	fprintf(scripts, " %" PRId64 "\n", status);
}

extern void journal_take(uint32_t job, const char *node, const char *sets)
{
	if (!devices)
		return;
	_note(devices, "take", job, node);
	fprintf(devices, "%s\n", sets ? sets : "");
}

extern void journal_conflict(uint32_t job, const char *node, uint32_t other,
			     const char *gres)
{
	if (!devices)
		return;
	_note(devices, "conflict", job, node);
	fprintf(devices, " %" PRIu32 " %s\n", other, gres);
}

extern void journal_free(uint32_t job, const char *node)
{
	if (!devices)
		return;
	_note(devices, "free", job, node);
	fputc('\n', devices);
}

extern void journal_close(void)
{
	_close(&scripts);
	_close(&devices);
}
