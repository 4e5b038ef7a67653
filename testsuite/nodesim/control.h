/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control: what a test tells nodesim while it runs.
 *
 * A UNIX socket takes one command a line; each is answered with lines, the last
 * of which begins with "ok" or "error". NODES is a list in Slurm's form or
 *"all".
 *
 *	drop NODES		the machine is gone: calls are hung up, its jobs
 *				are lost, it says nothing
 *	start NODES		it boots: nothing is wrong any more, it
 *registers mute NODES TYPE		does not answer messages of a type, such
 *as REQUEST_PING, or "all" delay NODES SECONDS	takes a message, and answers it,
 *so much later lose NODES NAME:INDEX	a device is not there any more;
 *registers gres NODES
 *NAME[:TYPE]:COUNT	says that it has so many; registers heal NODES
 *nothing is wrong any more; registers register NODES
 *	speed FACTOR		of jobs that start from now on
 *	seconds SECONDS		of jobs that do not say how long they run
 *	stat			one line "KEY VALUE" for each figure
 *	quit
 */
#ifndef NODESIM_CONTROL_H
#define NODESIM_CONTROL_H

/* RET SLURM_SUCCESS; SLURM_ERROR: logged */
extern int control_open(const char *path);
extern void control_close(void);

/* A number for seconds and factors. RET -1: text is not one from 0 to max */
extern double control_number(const char *text, double max);

#endif
