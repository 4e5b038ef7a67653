/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

extern int neuron_error_set(neuron_error_t *err, int errnum, const char *fmt,
			    ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
			err->text[0] = '\0';
		va_end(ap);
	}
	errno = errnum;
	return -1;
}
