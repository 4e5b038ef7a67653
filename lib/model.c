/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <errno.h>

#include "plan.h"

#define MIB (UINT64_C(1) << 20)

extern uint64_t model_bytes(const option_model_t *model)
{
	uint64_t each = model->train ? MODEL_TRAIN_BYTES : model->bits / 8;

	return (model->parameters * each * MODEL_OVERHEAD + 9) / 10;
}

static uint64_t _divide_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

static bool _is_possible(const model_question_t *question, uint32_t devices)
{
	return shape_size_is_possible(question->shape, devices,
				      question->tier) &&
	       (!question->documented_only ||
		profile_size_is_documented(question->profile, devices));
}

static bool _suits(const model_question_t *question, uint32_t devices,
		   uint32_t nodes)
{
	return !question->tp ||
	       plan_tp_suits(question->tp,
			     devices * profile_logical_cores(question->profile,
							     question->lnc),
			     nodes);
}

/* Whether so many devices on each of so many nodes will do */
static bool _will_do(const model_question_t *question, uint64_t bytes,
		     uint32_t devices, uint32_t nodes)
{
	uint64_t memory = profile_device_memory_mib(question->profile) * MIB;

	return (memory * devices * nodes >= bytes) &&
	       _is_possible(question, devices) &&
	       _suits(question, devices, nodes);
}

/* The least number of devices on each of so many nodes; 0: none will do */
static uint32_t _devices(const model_question_t *question, uint64_t bytes,
			 uint32_t nodes)
{
	uint32_t all = profile_device_count(question->profile);

	for (uint32_t n = 1; n <= all; n++) {
		if (_will_do(question, bytes, n, nodes))
			return n;
	}
	return 0;
}

/* Whole nodes that hold so much; tp may want a multiple of some */
static uint64_t _nodes(const model_question_t *question, uint64_t bytes)
{
	uint32_t all = profile_device_count(question->profile);
	uint32_t cores =
		all * profile_logical_cores(question->profile, question->lnc);
	uint64_t memory = profile_device_memory_mib(question->profile) * MIB;
	uint64_t nodes = _divide_up(bytes, memory * all), step = 1;

	if (cores && (question->tp > cores) && !(question->tp % cores))
		step = question->tp / cores;
	return _divide_up(nodes, step) * step;
}

static int _refuse(const option_model_t *model,
		   const model_question_t *question, uint64_t bytes,
		   neuron_error_t *err)
{
	const char *type = profile_type(question->profile);
	uint32_t all = profile_device_count(question->profile);
	uint64_t node =
		profile_device_memory_mib(question->profile) * MIB * all;
	unsigned long long needed = _divide_up(bytes, node);

	if (question->nodes && (needed > question->nodes))
		return neuron_error_set(
			err, ENOTSUP,
			"model %s needs %llu GiB, and %u %s node%s hold%s %llu "
			"GiB: ask for %llu nodes, or leave out -N",
			model->text,
			(unsigned long long) _divide_up(bytes, MIB * 1024),
			question->nodes, type,
			(question->nodes == 1) ? "" : "s",
			(question->nodes == 1) ? "s" : "",
			(unsigned long long) (node * question->nodes / MIB /
					      1024),
			needed);
	return neuron_error_set(
		err, ENOTSUP,
		"no number of %s devices that holds model %s suits tp=%u, "
		"which must divide the logical cores of the devices (%u each): "
		"choose another tp, or leave it out",
		type, model->text, question->tp,
		profile_logical_cores(question->profile, question->lnc));
}

extern int model_fit(const option_model_t *model,
		     const model_question_t *question, model_fit_t *fit,
		     neuron_error_t *err)
{
	uint64_t memory = profile_device_memory_mib(question->profile) * MIB;
	uint64_t bytes = model_bytes(model), nodes = question->nodes;
	uint32_t devices, all = profile_device_count(question->profile);

	devices = _devices(question, bytes, nodes ? (uint32_t) nodes : 1);
	if (!nodes && !devices) {
		nodes = _nodes(question, bytes);
		if ((nodes <= UINT32_MAX) &&
		    _will_do(question, bytes, all, (uint32_t) nodes))
			devices = all;
	}
	if (!devices)
		return _refuse(model, question, bytes, err);
	fit->nodes = nodes ? (uint32_t) nodes : 1;
	fit->devices = devices;
	fit->bytes = memory * devices * fit->nodes;
	return 0;
}
