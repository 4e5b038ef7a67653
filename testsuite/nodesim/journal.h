/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal: files of what happens on nodes, for programs that measure and judge.
 * One line for each event, with the time in seconds since 1970. That of
 * scripts:
 *
 *	1700000000.125 start JOB NODE
 *	1700000012.125 end JOB NODE STATUS
 *
 * STATUS is that of wait(2), -1 when it was lost with its node. That of
 * devices, see holding.h:
 *
 *	1700000000.125 take JOB NODE [GRES=INDEXES...]
 *	1700000000.125 conflict JOB NODE OTHER GRES	OTHER has some of them
 *	1700000012.125 free JOB NODE
 */
#ifndef NODESIM_JOURNAL_H
#define NODESIM_JOURNAL_H

#include <stdint.h>

/* Append to a file. RET 0; -1 and errno. Without this nothing is noted */
extern int journal_open(const char *path);
extern void journal_start(uint32_t job, const char *node);
extern void journal_end(uint32_t job, const char *node, int64_t status);

/* The same for devices */
extern int journal_open_devices(const char *path);
/* IN sets - " GRES=INDEXES" for each GRES; NULL: none */
extern void journal_take(uint32_t job, const char *node, const char *sets);
extern void journal_conflict(uint32_t job, const char *node, uint32_t other,
			     const char *gres);
extern void journal_free(uint32_t job, const char *node);

extern void journal_close(void);

#endif
