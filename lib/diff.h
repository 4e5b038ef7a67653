/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff: how one text becomes another, as "diff -u" shows it.
 */
#ifndef NEURON_DIFF_H
#define NEURON_DIFF_H

#include "error.h"

/*
 * Unified format with three lines of context. Where the changed part is longer
 * than some thousand lines it is shown as replaced as a whole.
 * IN old_text - NULL: there is none.
 * RET text for free(), "" when nothing differs; NULL with errno ENOMEM.
 */
extern char *diff_unified(const char *old_name, const char *old_text,
			  const char *new_name, const char *new_text,
			  neuron_error_t *err);

#endif
