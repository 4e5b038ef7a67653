/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tell: give one command to a nodesim that runs, see command.h.
 */
#ifndef NODESIM_TELL_H
#define NODESIM_TELL_H

/*
 * IN path - the socket of its --control.
 * IN words - the command, NULL at the end.
 * Prints its answer without the final "ok" on standard output, an error on
 * standard error. RET exit status: 0; 1: it refused; 2: it is not there
 */
extern int tell(const char *path, char **words);

#endif
