/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "failing_malloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Names that the linker's --wrap gives */
extern void *__real_malloc(size_t size);
extern void *__real_calloc(size_t count, size_t size);
extern void *__real_realloc(void *old, size_t size);
extern void *__wrap_malloc(size_t size);
extern void *__wrap_calloc(size_t count, size_t size);
extern void *__wrap_realloc(void *old, size_t size);

static long left = -1;

extern void failing_malloc_after(long n)
{
	left = n;
}

static bool _fails(void)
{
	if (left < 0 || left-- > 0)
		return false;
	errno = ENOMEM;
	return true;
}

extern void *__wrap_malloc(size_t size)
{
	return _fails() ? NULL : __real_malloc(size);
}

extern void *__wrap_calloc(size_t count, size_t size)
{
	return _fails() ? NULL : __real_calloc(count, size);
}

extern void *__wrap_realloc(void *old, size_t size)
{
	return _fails() ? NULL : __real_realloc(old, size);
}
