/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal: a file of what happens to scripts, for programs that measure. One
 * line for each event, with the time in seconds since 1970:
 *
 *	1700000000.125 start JOB NODE
 *	1700000012.125 end JOB NODE STATUS
 *
 * STATUS is that of wait(2), -1 when it was lost with its node.
 */
#ifndef NODESIM_JOURNAL_H
#define NODESIM_JOURNAL_H

#include <stdint.h>

/* Append to a file. RET 0; -1 and errno. Without this nothing is noted */
extern int journal_open(const char *path);
extern void journal_start(uint32_t job, const char *node);
extern void journal_end(uint32_t job, const char *node, int64_t status);
extern void journal_close(void);

#endif
