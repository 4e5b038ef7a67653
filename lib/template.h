/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * template: a TemplateName line of neuron.conf, devices and options that a
 * site gives a name: "sbatch --neuron-template=l-trn2".
 *
 *	TemplateName=NAME	letters, digits, "-", "_", "."; at most
 *				OPTIONS_NAME_MAX - 1 characters
 *	Devices=N		devices on each node, 1 to
 *				PROFILE_DEVICES_MAX; needed
 *	Type=TYPE		their GRES type; default any
 *	Efa=aligned|none	the EFA interfaces that belong to the devices,
 *				or none; default aligned
 *	Description="TEXT"	for people, at most TEMPLATE_DESCRIPTION_MAX - 1
 *				printable ASCII characters
 *	Tp= Lnc= Shape= Wait= Launch= Ultraserver= Env= OnFault=
 *	OnMemberLoss=
 *				as the option of that name (options.h)
 *
 * What a user gives himself counts more than what the template says.
 */
#ifndef NEURON_TEMPLATE_H
#define NEURON_TEMPLATE_H

#include "options.h"
#include "request.h"

#define TEMPLATE_DESCRIPTION_MAX 256

typedef struct {
	char name[OPTIONS_NAME_MAX];
	unsigned int line; /* of its file */
	uint32_t devices; /* 0: not set yet */
	char type[GRES_TYPE_MAX]; /* "": any */
	bool efa_none;
	char description[TEMPLATE_DESCRIPTION_MAX]; /* "": none */
	options_t options; /* neither template nor model */
} template_t;

/*
 * Set one key of a template, without regard to its case.
 * RET 0; -1 with errno EINVAL and a sentence without key and value, "what is
 *	wrong; what would be right"; ENOENT: there is no such key. The template
 *	is untouched then.
 */
extern int template_set(template_t *template, const char *key,
			const char *value, neuron_error_t *why);

/*
 * A complete template against the families of a cluster.
 * RET 0; -1 with errno EINVAL: it lacks devices, its options contradict each
 *	other, or no family can serve it with some LNC of its own. The sentence
 *is as above.
 */
extern int template_check(const template_t *template,
			  const profile_t *const *profiles, uint32_t count,
			  neuron_error_t *why);

#endif
