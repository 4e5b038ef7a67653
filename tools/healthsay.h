/* SPDX-License-Identifier: GPL-2.0-or-later */
/* healthsay: what a look of neuron-health found, for people and programs */
#ifndef NEURON_HEALTHSAY_H
#define NEURON_HEALTHSAY_H

#include <stdio.h>

#include "healthlook.h"

/* One line for each finding, and what follows from them */
extern void healthsay_text(const healthlook_t *look,
			   const healthlook_report_t *report, FILE *out);
/* The same as one JSON object. RET 0; -1 with errno ENOMEM */
extern int healthsay_json(const healthlook_t *look,
			  const healthlook_report_t *report, FILE *out);
/* What changed, to standard error and syslog; with the words of the node
 * problem detector when neuron.conf wants them */
extern void healthsay_changes(const healthlook_t *look,
			      const healthlook_report_t *report);

#endif
