/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>

extern int fault_set(fault_t *fault, ringcheck_code_t code, const char *fmt,
		     ...)
{
	va_list ap;

	if (fault->code)
		return -1;
	fault->code = code;
	va_start(ap, fmt);
	if (vsnprintf(fault->text, sizeof(fault->text), fmt, ap) < 0)
		fault->text[0] = '\0';
	va_end(ap);
	return -1;
}

extern bool fault_is(const fault_t *fault)
{
	return fault->code != RINGCHECK_GOOD;
}
