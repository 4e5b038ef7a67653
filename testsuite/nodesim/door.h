/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * door: the ports where slurmctld calls the nodes.
 *
 * There is one listening socket for each port that slurm.conf has for nodes,
 * on all addresses; the address that was called tells which node is meant. So
 * NodeAddr=127.1.0.1, 127.1.0.2, ... with one Port= is one socket.
 *
 * A message that is to be forwarded is answered for all nodes of its list at
 * once; those that do not answer are named as unreachable, as a slurmd in the
 * middle of the tree does.
 */
#ifndef NODESIM_DOOR_H
#define NODESIM_DOOR_H

#include <stdint.h>

/* nodes_init() was called. RET SLURM_SUCCESS; SLURM_ERROR: logged */
extern int door_open(void);

/* How many answers came back through another node since the start */
extern uint64_t door_forwarded(void);

#endif
