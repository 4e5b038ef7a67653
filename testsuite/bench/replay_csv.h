/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_csv: a file of comma separated values with a line of names on top.
 *
 * No quotes; blanks around values do not count; empty lines and lines that
 * start with '#' are passed over.
 */
#ifndef REPLAY_CSV_H
#define REPLAY_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

#define CSV_FILE_MAX (256 * 1024 * 1024)
#define CSV_COLUMNS_MAX 32

typedef struct csv csv_t;

/*
 * The content of a file and a null byte, for free().
 * RET NULL with errno ENOENT, EIO, EINVAL (too large, or it has null bytes)
 *	or ENOMEM.
 */
extern char *csv_load(const char *path, neuron_error_t *err);

/*
 * Begin with a text and read its line of names. The text is changed, and must
 * stay as long as the reader.
 * IN origin - for messages.
 * RET NULL with errno EINVAL (no names, too many) or ENOMEM.
 */
extern csv_t *csv_open(char *text, const char *origin, neuron_error_t *err);
/* Accepts NULL */
extern void csv_close(csv_t *csv);

extern int csv_columns(const csv_t *csv);
/* The column of a name; -1: not there */
extern int csv_column(const csv_t *csv, const char *name);

/*
 * Go to the next line of values.
 * RET 1; 0 at the end; -1 with errno EINVAL: not as many values as names.
 */
extern int csv_next(csv_t *csv, neuron_error_t *err);
extern unsigned int csv_line(const csv_t *csv);
/* A value of the line; it stays until csv_next() */
extern const char *csv_text(const csv_t *csv, int column);
/*
 * A value as a number.
 * RET 0; -1 with errno EINVAL and "FILE:LINE: NAME is "VALUE"; it must be a
 *	number from MIN to MAX".
 */
extern int csv_number(const csv_t *csv, int column, double min, double max,
		      double *number, neuron_error_t *err);
/* The same for a whole number */
extern int csv_integer(const csv_t *csv, int column, uint32_t min, uint32_t max,
		       uint32_t *number, neuron_error_t *err);

#endif
