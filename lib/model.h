/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model: how many devices hold a model.
 *
 * Bytes = parameters x bytes of each x MODEL_OVERHEAD.
 *
 *	to run it	bits / 8 a parameter: the weights
 *	to train it	MODEL_TRAIN_BYTES a parameter: in mixed precision (bf16,
 *			fp16) 2 for the weight, 2 for its gradient, and 4 each
 *			for the fp32 copy of the weight and Adam's two moments
 *			(Rajbhandari et al., ZeRO: Memory Optimizations Toward
 *			Training Trillion Parameter Models, 2020, section 3.1);
 *			in fp32 4 each for weight, gradient and two moments
 *
 * The overhead is a fifth: for inference what EleutherAI found the rest to
 * need (Transformer Math 101, 2023, "Total Inference Memory"); for training
 * room for activations that are computed again in the backward pass. A long
 * context or a large batch needs more, which the size of a model does not
 * tell: ask for more devices then.
 *
 * Device memory is profile_device_memory_mib(). The states are taken to be
 * spread evenly over all devices of the job.
 */
#ifndef NEURON_MODEL_H
#define NEURON_MODEL_H

#include "options.h"

/* In tenths */
#define MODEL_OVERHEAD 12
#define MODEL_TRAIN_BYTES 16

/* Bytes that the devices of a job must have together, rounded up */
extern uint64_t model_bytes(const option_model_t *model);

typedef struct {
	const profile_t *profile;
	const shape_t *shape;
	shape_tier_t tier;
	bool documented_only; /* only sizes that AWS documents */
	uint32_t nodes; /* that the job has at least; 0: as many as it needs */
	uint32_t tp; /* 0: not given; else see plan_tp_suits() in plan.h */
	uint32_t lnc; /* legal in the family */
} model_question_t;

typedef struct {
	uint32_t devices; /* on each node */
	uint32_t nodes;
	uint64_t bytes; /* that these devices have together */
} model_fit_t;

/*
 * The least number of devices on each node, among those that the tier hands
 * out, whose memory holds the model; where a whole node does not, as few whole
 * nodes as do.
 * OUT fit - untouched on failure.
 * RET 0; -1 with errno ENOTSUP and a sentence: the given nodes do not hold it,
 *	or no number of devices suits tp.
 */
extern int model_fit(const option_model_t *model,
		     const model_question_t *question, model_fit_t *fit,
		     neuron_error_t *err);

#endif
