/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wishes: the --neuron- options of a job description, read and written back.
 *
 * They stand in its SPANK environment (OPTIONS_VARIABLE), where a user could
 * have written anything.
 */
#ifndef NEURON_WISHES_H
#define NEURON_WISHES_H

#include "compat.h"

#include "lib/conf.h"
#include "lib/plan.h"

typedef struct {
	options_t options; /* with those of the template */
	uint32_t asked; /* bit i: option i is the user's own */
	const template_t *template; /* the conf's; NULL: none */
} wishes_t;

/*
 * Read the options of a job that is submitted, and those of its template.
 * RET 0; -1 with a sentence: they are malformed, or neuron.conf has no such
 *	template.
 */
extern int wishes_read(const job_desc_msg_t *job_desc, const conf_t *conf,
		       wishes_t *wishes, neuron_error_t *err);

/*
 * Read the options that a job was submitted with. Its template may be gone.
 */
extern int wishes_read_job(const job_record_t *job_ptr, const conf_t *conf,
			   wishes_t *wishes, neuron_error_t *err);

/*
 * Put devices into a job that asks for none: those that its model needs, else
 * those of its template.
 * IN kinds - of the nodes that the job may use, count of them.
 * OUT note - "", or what was chosen, one sentence.
 * RET 0; -1 with a sentence: neither is there, or the model does not fit.
 */
extern int wishes_fill_devices(const wishes_t *wishes, const conf_t *conf,
			       const plan_kind_t *kinds, uint32_t count,
			       job_desc_msg_t *job_desc, neuron_error_t *note,
			       neuron_error_t *err);

/*
 * Put so many of a GRES into a list of them, in place of what it has; 0: take
 * it out.
 * IN/OUT list - of a job description, or NULL.
 * RET 0; -1 with a sentence: it would be too long.
 */
extern int wishes_set_list(char **list, const char *name, const char *type,
			   uint32_t count, neuron_error_t *err);

/*
 * Set the number of tasks on a node, unless the user fixed any number of
 * tasks: in the description, and for a batch script in its environment as
 * sbatch does for --ntasks-per-node. srun and salloc counted their tasks
 * before they asked, and start one a node: they are told.
 * OUT note - "", or that sentence.
 * RET 0; -1 with a sentence.
 */
extern int wishes_set_tasks(const wishes_t *wishes, const request_t *request,
			    const plan_kind_t *kinds, uint32_t count,
			    job_desc_msg_t *job_desc, neuron_error_t *note,
			    neuron_error_t *err);

/*
 * What becomes of a job that loses a node is decided by fields that Slurm has
 * (--requeue, --no-kill): set them as --neuron-on-member-loss, or else
 * OnMemberLoss, wants it, where the user did not.
 * RET 0; -1 with a sentence: what the user wrote contradicts itself.
 */
extern int wishes_set_restart(const wishes_t *wishes, const conf_t *conf,
			      job_desc_msg_t *job_desc, neuron_error_t *err);

/* Write the options back, canonical; people and neuron-topo read them in the
 * job's AdminComment, "neuron: tp=8,lnc=1" */
extern void wishes_write(const wishes_t *wishes, job_desc_msg_t *job_desc);

#endif
