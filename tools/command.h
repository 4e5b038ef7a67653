/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command: another program, without a shell, and what it printed */
#ifndef NEURON_COMMAND_H
#define NEURON_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* Longest output that is kept */
#define COMMAND_OUTPUT_MAX (64u * 1024 * 1024)
#define COMMAND_SAID_MAX 1024

typedef struct {
	char *output; /* for free(); never NULL */
	size_t length;
	char said[COMMAND_SAID_MAX]; /* the last of its standard error */
	int status; /* exit status; 128 and the signal that ended it */
} command_result_t;

/*
 * Note SIGINT and SIGTERM from now on; command_run() ends its program by
 * SIGTERM then, and after 30 seconds by SIGKILL.
 */
extern void command_catch_signals(void);
/* The signal that came; 0: none */
extern int command_signal(void);

/*
 * Run a program in a process group of its own, with nothing on standard input.
 * IN argv - argv[0] is its path.
 * IN seconds - it is ended then.
 * RET 0; -1 with errno EIO or ENOMEM, EINTR: command_signal(), ETIMEDOUT.
 */
extern int command_run(char *const *argv, unsigned int seconds,
		       command_result_t *result, neuron_error_t *err);

#endif
