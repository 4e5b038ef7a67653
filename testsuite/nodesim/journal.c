/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "journal.h"

static FILE *file;

extern int journal_open(const char *path)
{
	file = fopen(path, "ae");
	if (!file)
		return -1;
	setvbuf(file, NULL, _IOLBF, 0);
	return 0;
}

static void _note(const char *what, uint32_t job, const char *node)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(file, "%lld.%03ld %s %" PRIu32 " %s", (long long) now.tv_sec,
		now.tv_nsec / 1000000, what, job, node);
}

extern void journal_start(uint32_t job, const char *node)
{
	if (!file)
		return;
	_note("start", job, node);
	fputc('\n', file);
}

extern void journal_end(uint32_t job, const char *node, int64_t status)
{
	if (!file)
		return;
	_note("end", job, node);
	fprintf(file, " %" PRId64 "\n", status);
}

extern void journal_close(void)
{
	if (file)
		fclose(file);
	file = NULL;
}
