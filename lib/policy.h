/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy: what is done to a job when a device of it fails, and when it loses
 * one of its nodes, as a user or a site writes it.
 */
#ifndef NEURON_POLICY_H
#define NEURON_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef enum {
	FAULT_NONE, /* it goes on */
	FAULT_NOTIFY, /* a signal is sent */
	FAULT_REQUEUE,
	FAULT_REQUEUE_HOLD
} fault_act_t;

typedef enum {
	MEMBER_LOSS_SLURM, /* as JobRequeue, --requeue and --no-kill say */
	MEMBER_LOSS_NOTHING, /* it goes on with the nodes that are left */
	MEMBER_LOSS_RESTART,
	MEMBER_LOSS_MIGRATE /* the same; groups that lost nothing stay */
} member_loss_t;

typedef struct {
	uint8_t number; /* of the signal on this machine; 0: not given */
	bool batch; /* to the batch script alone; otherwise to steps alone */
} policy_signal_t;

typedef struct {
	fault_act_t act;
	policy_signal_t signal;
} on_fault_t;

/* Longest text of an on_fault_t or a signal, bytes, with its null byte */
#define POLICY_TEXT_MAX 24

/*
 * A signal as "sbatch --signal" names it: [B:]NAME, NAME with or without "SIG",
 * without regard to case: HUP, INT, QUIT, TERM, USR1, USR2 or URG.
 * RET 0; -1 with errno EINVAL and "what is wrong; what would be right"
 */
extern int policy_signal_decode(const char *text, policy_signal_t *signal,
				neuron_error_t *why);
/* RET its length, "B:USR1"; -1 with errno ENOSPC. One that is none of those
 * names is written "" */
extern int policy_signal_encode(const policy_signal_t *signal, char *buf,
				size_t size);

/*
 * none, notify, requeue, requeuehold, without regard to case.
 * RET as above
 */
extern int policy_act_decode(const char *text, fault_act_t *act,
			     neuron_error_t *why);
/* The same, or notify:SIGNAL */
extern int policy_fault_decode(const char *text, on_fault_t *policy,
			       neuron_error_t *why);
extern int policy_fault_encode(const on_fault_t *policy, char *buf,
			       size_t size);

/* slurm, nothing, restart, migrate. RET as above */
extern int policy_loss_decode(const char *text, member_loss_t *policy,
			      neuron_error_t *why);
extern const char *policy_loss_name(member_loss_t policy);

/*
 * What is done about a failed device of a job.
 * IN fault, loss - what the job asks; NULL: it does not say.
 * IN nodes - how many the job has. To a job of several that says only what is
 *	done when it loses one of them, a failed device is such a loss.
 * IN site - for jobs that do not say; its signal is that of jobs which name
 *	none.
 */
extern on_fault_t policy_decide(const on_fault_t *fault,
				const member_loss_t *loss, uint32_t nodes,
				const on_fault_t *site);

#endif
