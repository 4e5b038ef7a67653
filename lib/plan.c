/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

#define GIB (UINT64_C(1) << 30)
/* Longest part of a sentence that lists values */
#define LIST_MAX 160
/* Values of tp that are listed */
#define VALUES_MAX 24

/*
 * Kinds
 */

static bool _is_type(const char *type, const profile_t *profile)
{
	return !type[0] || !strcmp(type, profile_type(profile));
}

/* Devices that a node, or a task, has on a kind */
static uint32_t _unit(const request_t *request, const plan_kind_t *kind)
{
	if (request->per_task)
		return request->per_task;
	return request->whole_node ? profile_device_count(kind->profile)
				   : request->per_node;
}

static bool _may_land(const request_t *request, const plan_kind_t *kind)
{
	uint32_t asked =
		request->per_task ? request->per_task : request->per_node;

	if (!_is_type(request->type, kind->profile) ||
	    (asked > profile_device_count(kind->profile)))
		return false;
	/* Tasks share a set, which need not be made of sets of their own */
	return request->whole_node || request->per_task ||
	       shape_size_is_possible(kind->shape, asked, request->tier);
}

static unsigned int _lnc(const options_t *options, const plan_kind_t *kind)
{
	return options_has(options, OPTION_LNC) ? options->lnc : kind->lnc;
}

static uint32_t _cores(const options_t *options, const request_t *request,
		       const plan_kind_t *kind)
{
	return _unit(request, kind) *
	       profile_logical_cores(kind->profile, _lnc(options, kind));
}

static uint32_t _parts(const request_t *request)
{
	if (request->per_task)
		return request->tasks;
	return (request->nodes_min == request->nodes_max) ? request->nodes_min
							  : 0;
}

/* True when a job that names no type could land on other types too */
static bool _types_differ(const request_t *request, const plan_kind_t *kinds,
			  uint32_t count)
{
	const char *first = NULL;

	for (uint32_t i = 0; i < count; i++) {
		const char *type = profile_type(kinds[i].profile);

		if (!_may_land(request, &kinds[i]))
			continue;
		if (first && strcmp(first, type))
			return true;
		first = type;
	}
	return false;
}

/*
 * tp
 */

extern bool plan_tp_suits(uint32_t tp, uint32_t cores, uint32_t parts)
{
	if (!tp || !cores)
		return false;
	if (!(cores % tp))
		return true;
	return parts && !(tp % cores) && !((uint64_t) cores * parts % tp);
}

typedef struct {
	char text[LIST_MAX];
	size_t used;
} list_t;

static void _add(list_t *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void _add(list_t *list, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (list->used >= sizeof(list->text))
		return;
	va_start(ap, fmt);
	n = vsnprintf(list->text + list->used, sizeof(list->text) - list->used,
		      fmt, ap);
	va_end(ap);
	list->used = (n < 0) ? sizeof(list->text) : list->used + (size_t) n;
}

/* "1, 2, 4 or 8" */
static void _list_tp(uint32_t cores, uint32_t parts, list_t *list)
{
	uint32_t values[VALUES_MAX], count = 0;
	uint64_t most = (uint64_t) cores * (parts ? parts : 1);

	list->used = 0;
	list->text[0] = '\0';
	for (uint32_t tp = 1;
	     (tp <= most) && (tp <= OPTIONS_TP_MAX) && (count < VALUES_MAX);
	     tp++) {
		if (plan_tp_suits(tp, cores, parts))
			values[count++] = tp;
	}
	for (uint32_t i = 0; i < count; i++)
		_add(list, "%s%u",
		     !i                 ? ""
		     : (i + 1 == count) ? " or "
					: ", ",
		     values[i]);
}

static int _refuse_tp(const options_t *options, const request_t *request,
		      const plan_kind_t *kind, bool differ, neuron_error_t *err)
{
	uint32_t cores = _cores(options, request, kind);
	uint32_t parts = _parts(request), unit = _unit(request, kind);
	const char *part = request->per_task ? "task" : "node";
	list_t list;

	if (!parts && !(options->tp % cores))
		return neuron_error_set(
			err, ENOTSUP,
			"tp=%u takes %u whole nodes of %u logical cores, but "
			"the number of nodes is not fixed: ask for -N%u or a "
			"multiple of it",
			options->tp, options->tp / cores, cores,
			options->tp / cores);
	_list_tp(cores, parts, &list);
	return neuron_error_set(
		err, ENOTSUP,
		"tp=%u does not go with the %u logical cores that the %u %s "
		"device%s of a %s ha%s: write tp=%s%s",
		options->tp, cores, unit, profile_type(kind->profile),
		(unit == 1) ? "" : "s", part, (unit == 1) ? "s" : "ve",
		list.text, differ ? ", or name the type of the devices" : "");
}

static int _check_tp(const options_t *options, const request_t *request,
		     const plan_kind_t *kind, bool differ, neuron_error_t *err)
{
	if (!options_has(options, OPTION_TP) ||
	    plan_tp_suits(options->tp, _cores(options, request, kind),
			  _parts(request)))
		return 0;
	return _refuse_tp(options, request, kind, differ, err);
}

/*
 * Other options
 */

static int _check_lnc(const options_t *options, const plan_kind_t *kind,
		      bool differ, neuron_error_t *err)
{
	list_t list = {.used = 0};

	if (!options_has(options, OPTION_LNC) ||
	    profile_lnc_is_legal(kind->profile, options->lnc))
		return 0;
	for (unsigned int lnc = 1; lnc <= 2; lnc++) {
		if (profile_lnc_is_legal(kind->profile, lnc))
			_add(&list, "%slnc=%u", list.used ? " or " : "", lnc);
	}
	return neuron_error_set(
		err, ENOTSUP, "%s devices cannot run with lnc=%u: write %s%s",
		profile_type(kind->profile), options->lnc, list.text,
		differ ? ", or name the type of the devices" : "");
}

/* Nodes of a type can be in UltraServers or not: one kind that is will do */
static int _check_ultraserver(const options_t *options,
			      const request_t *request,
			      const plan_kind_t *kinds, uint32_t count,
			      neuron_error_t *err)
{
	const char *type = "";

	if (!options_has(options, OPTION_ULTRASERVER) ||
	    (options->ultraserver != OPTION_ULTRASERVER_REQUIRE))
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		if (!_may_land(request, &kinds[i]))
			continue;
		if (profile_ultraserver_size(kinds[i].profile) > 1)
			return 0;
		type = profile_type(kinds[i].profile);
	}
	return neuron_error_set(err, ENOTSUP,
				"the %s nodes that the job may use are in no "
				"UltraServer: write ultraserver=prefer or "
				"ultraserver=no",
				type);
}

extern int plan_check(const options_t *options, const request_t *request,
		      const plan_kind_t *kinds, uint32_t count,
		      neuron_error_t *err)
{
	bool differ = _types_differ(request, kinds, count);

	if (options_check(options, err))
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (!_may_land(request, &kinds[i]))
			continue;
		if (_check_lnc(options, &kinds[i], differ, err) ||
		    _check_tp(options, request, &kinds[i], differ, err))
			return -1;
	}
	return _check_ultraserver(options, request, kinds, count, err);
}

/*
 * Tasks
 */

static uint32_t _tasks_on(const options_t *options, const request_t *request,
			  const plan_kind_t *kind)
{
	uint32_t cores = _cores(options, request, kind);

	if (options_has(options, OPTION_LAUNCH) &&
	    (options->launch == OPTION_LAUNCH_CORE))
		return cores;
	if (!options_has(options, OPTION_TP))
		return 0;
	return (cores > options->tp) ? cores / options->tp : 1;
}

extern int plan_tasks(const options_t *options, const request_t *request,
		      const plan_kind_t *kinds, uint32_t count, uint32_t *tasks,
		      neuron_error_t *err)
{
	const plan_kind_t *first = NULL;

	*tasks = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t here;

		if (!request->per_node || !_may_land(request, &kinds[i]))
			continue;
		here = _tasks_on(options, request, &kinds[i]);
		if (first && (here != *tasks))
			return neuron_error_set(
				err, ENOTSUP,
				"a node would start %u processes on %s (lnc=%u) "
				"and %u on %s (lnc=%u): name the type of the "
				"devices, lnc, or --ntasks-per-node",
				*tasks, profile_name(first->profile),
				_lnc(options, first), here,
				profile_name(kinds[i].profile),
				_lnc(options, &kinds[i]));
		first = &kinds[i];
		*tasks = here;
	}
	return 0;
}

/*
 * Models
 */

static bool _is_better(const model_fit_t *a, const model_fit_t *b)
{
	if (a->nodes != b->nodes)
		return a->nodes < b->nodes;
	if (a->devices != b->devices)
		return a->devices < b->devices;
	return a->bytes < b->bytes;
}

/* The best fit; RET its kind; NULL with a sentence */
static const plan_kind_t *_best(const options_t *options, const char *type,
				model_question_t *question,
				const plan_kind_t *kinds, uint32_t count,
				model_fit_t *best_fit, neuron_error_t *err)
{
	const plan_kind_t *best = NULL;
	model_fit_t fit;

	for (uint32_t i = 0; i < count; i++) {
		question->profile = kinds[i].profile;
		question->shape = kinds[i].shape;
		question->lnc = _lnc(options, &kinds[i]);
		if (!_is_type(type, kinds[i].profile) ||
		    _check_lnc(options, &kinds[i], false, err) ||
		    model_fit(&options->model, question, &fit, err) ||
		    (best && !_is_better(&fit, best_fit)))
			continue;
		best = &kinds[i];
		*best_fit = fit;
	}
	return best;
}

extern int plan_model(const options_t *options, const char *type,
		      shape_tier_t tier, bool documented_only, uint32_t nodes,
		      const plan_kind_t *kinds, uint32_t count,
		      plan_model_t *chosen, neuron_error_t *err)
{
	model_question_t question = {
		.tier = tier,
		.documented_only = documented_only,
		.nodes = nodes,
		.tp = options_has(options, OPTION_TP) ? options->tp : 0,
	};
	const plan_kind_t *best;
	model_fit_t fit;

	/* Stands when no kind is of the type */
	neuron_error_set(err, ENOTSUP,
			 "no node that the job may use has Neuron devices of "
			 "type %.31s: choose another partition, or another "
			 "type",
			 type);
	best = _best(options, type, &question, kinds, count, &fit, err);
	errno = ENOTSUP;
	if (!best)
		return -1;
	*chosen = (plan_model_t){
		.profile = best->profile,
		.devices = fit.devices,
		.nodes = fit.nodes,
		.needed = model_bytes(&options->model),
		.bytes = fit.bytes,
	};
	return 0;
}

extern int plan_model_check(const options_t *options, const request_t *request,
			    const plan_kind_t *kinds, uint32_t count,
			    neuron_error_t *err)
{
	uint64_t parts =
		request->per_task ? request->tasks : request->nodes_min;
	uint64_t needed;

	if (!options_has(options, OPTION_MODEL))
		return 0;
	needed = model_bytes(&options->model);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t device = profile_device_memory_mib(kinds[i].profile)
				  << 20;
		uint64_t devices = _unit(request, &kinds[i]) * parts;

		if (!_may_land(request, &kinds[i]) ||
		    (device * devices >= needed))
			continue;
		return neuron_error_set(
			err, ENOTSUP,
			"model %s needs %llu GiB, and %llu %s device%s ha%s "
			"%llu GiB: ask for %llu or more in all, or leave the "
			"number to --neuron-model",
			options->model.text,
			(unsigned long long) ((needed + GIB - 1) / GIB),
			(unsigned long long) devices,
			profile_type(kinds[i].profile),
			(devices == 1) ? "" : "s", (devices == 1) ? "s" : "ve",
			(unsigned long long) (device * devices / GIB),
			(unsigned long long) ((needed + device - 1) / device));
	}
	return 0;
}
