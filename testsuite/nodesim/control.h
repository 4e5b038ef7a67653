/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control: a UNIX socket for commands while nodesim runs.
 *
 * It takes one command of command.h a line; each is answered with lines, the
 * last of which is "ok" or begins with "error ".
 */
#ifndef NODESIM_CONTROL_H
#define NODESIM_CONTROL_H

/* RET SLURM_SUCCESS; SLURM_ERROR: logged */
extern int control_open(const char *path);
extern void control_close(void);

#endif
