/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command: what a test tells nodesim to do.
 *
 * NODES is a list in Slurm's form or "all".
 *
 *	drop NODES	the machine is gone: calls are hung up, its jobs are
 *			lost, it says nothing
 *	start NODES	it boots: nothing is wrong any more, it registers
 *	mute NODES TYPE	does not answer messages of a type, such as
 *			REQUEST_PING, or "all"
 *	delay NODES SECONDS
 *			takes a message, and answers it, so much later
 *	lose NODES NAME:INDEX
 *			a device is not there any more; registers
 *	gres NODES NAME:COUNT
 *			says that it has so many; registers
 *	heal NODES	nothing is wrong any more; registers
 *	register NODES
 *	speed FACTOR	of jobs that start from now on
 *	seconds SECONDS	of jobs that do not say how long they run
 *	stat		one line "KEY VALUE" for each figure
 *	quit
 */
#ifndef NODESIM_COMMAND_H
#define NODESIM_COMMAND_H

/*
 * Do what a line says.
 * IN line - is changed.
 * IN/OUT out - its answer is appended (xstring.h).
 * RET NULL; the sentence that says what is wrong, for xfree()
 */
extern char *command_run(char *line, char **out);

/* A number for seconds and factors. RET -1: text is not one from 0 to max */
extern double command_number(const char *text, double max);

#endif
