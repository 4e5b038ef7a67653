/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error: the sentence that goes with errno.
 *
 * Every function of lib/ that can fail returns -1 or NULL, sets errno to the
 * kind of failure and writes one sentence for people into a text that the
 * caller owns. The kinds mean the same everywhere:
 *
 *	EINVAL	the input is malformed or out of range; it will never work
 *	ENOTSUP	well formed, but no machine of this family can ever do it
 *	ENOSPC	possible, but not with what is free now
 *	ENOENT	a named thing (file, profile, node, switch) does not exist
 *	EEXIST	a thing is named twice
 *	ENOMEM	out of memory; nothing was changed
 *	EIO	a file could not be read
 */
#ifndef NEURON_ERROR_H
#define NEURON_ERROR_H

#define NEURON_ERROR_MAX 512

typedef struct {
	char text[NEURON_ERROR_MAX];
} neuron_error_t;

/*
 * Record a failure.
 * IN/OUT err - receives the formatted sentence, cut at NEURON_ERROR_MAX - 1
 *	bytes; NULL: only errno is set.
 * IN errnum - value for errno.
 * RET always -1, so that "return neuron_error_set(...)" is one line.
 */
extern int neuron_error_set(neuron_error_t *err, int errnum, const char *fmt,
			    ...) __attribute__((format(printf, 3, 4)));

#endif
