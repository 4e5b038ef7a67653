/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of slurm.conf that concern the whole cluster */
#include "audit_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LIST_MAX 256

/* A key of slurm.conf; values are told as the file has them */
typedef struct {
	const char *value; /* NULL: not set */
	const slurmconf_line_t *line;
} setting_t;

static setting_t _setting(const audit_t *audit, const char *key)
{
	setting_t setting = {.line = NULL};

	setting.value = slurmconf_value(audit->slurm, key, &setting.line);
	return setting;
}

static audit_place_t _place(const audit_t *audit, audit_level_t level,
			    const char *id, const setting_t *setting)
{
	return audit_at(level, id, setting->line, audit->slurm_path);
}

/* The words of a list but those named, behind a start; RET buf */
static const char *_with(const char *start, const char *list, char *buf)
{
	size_t used = (size_t) snprintf(buf, LIST_MAX, "%s", start);

	while (list && *list && used < LIST_MAX) {
		size_t length = strcspn(list, ",");
		char word[LIST_MAX];

		(void) snprintf(word, sizeof(word), "%.*s", (int) length, list);
		if (word[0] && !slurmconf_list_has("neuron,efa", word))
			used += (size_t) snprintf(buf + used, LIST_MAX - used,
						  ",%s", word);
		list += length + (list[length] == ',');
	}
	return buf;
}

/* Position of a word in a list; -1 */
static int _position(const char *list, const char *word)
{
	for (int i = 0; list && *list; i++) {
		size_t length = strcspn(list, ",");

		if (length == strlen(word) && !strncasecmp(list, word, length))
			return i;
		list += length + (list[length] == ',');
	}
	return -1;
}

/* An interface is chosen after the devices, in the order of this list */
static void _check_gres_types(audit_t *audit)
{
	setting_t types = _setting(audit, "GresTypes");
	int neuron = _position(types.value, "neuron");
	int efa = _position(types.value, "efa");
	char right[LIST_MAX];

	if (neuron >= 0 && efa > neuron)
		return;
	(void) _with("GresTypes=neuron,efa", types.value, right);
	if (neuron >= 0 && efa >= 0)
		audit_add(
			audit,
			_place(audit, AUDIT_ERROR, "gres-types-order", &types),
			right,
			"GresTypes=%s: neuron must stand before efa, whose interfaces are chosen after the devices",
			types.value);
	else
		audit_add(audit,
			  _place(audit, AUDIT_ERROR, "gres-types", &types),
			  right, "GresTypes=%s: %s is missing",
			  types.value ? types.value : "",
			  (neuron < 0) ? "neuron" : "efa");
}

static void _check_plugin(audit_t *audit, const char *key, const char *value,
			  const char *other)
{
	setting_t setting = _setting(audit, key);
	char right[LIST_MAX];

	if (setting.value && !strcasecmp(setting.value, value))
		return;
	(void) snprintf(right, sizeof(right), "%s=%s", key, value);
	audit_add(audit,
		  _place(audit, AUDIT_ERROR,
			 strcmp(key, "SelectType") ? "topology-plugin"
						   : "select-type",
			 &setting),
		  right, "%s=%s: it must be %s, which goes together with %s",
		  key, setting.value ? setting.value : "(not set)", value,
		  other);
}

static void _check_base(audit_t *audit)
{
	static const char key[] = "neuron_base=";
	setting_t param = _setting(audit, "TopologyParam");
	const char *base = param.value ? strstr(param.value, key) : NULL;
	size_t length;

	if (!base)
		return;
	base += strlen(key);
	length = strcspn(base, ",");
	for (const char *word = "tree\0block\0flat\0"; *word;
	     word += strlen(word) + 1) {
		if (length == strlen(word) && !strncasecmp(base, word, length))
			return;
	}
	audit_add(audit, _place(audit, AUDIT_ERROR, "topology-param", &param),
		  "TopologyParam=neuron_base=tree",
		  "TopologyParam=%s: neuron_base must be tree, block or flat",
		  param.value);
}

static void _check_job_submit(audit_t *audit)
{
	setting_t plugins = _setting(audit, "JobSubmitPlugins");
	char right[LIST_MAX];

	if (slurmconf_list_has(plugins.value, "neuron") ||
	    slurmconf_list_has(plugins.value, "job_submit/neuron"))
		return;
	(void) snprintf(right, sizeof(right), "JobSubmitPlugins=%s%sneuron",
			plugins.value ? plugins.value : "",
			plugins.value ? "," : "");
	audit_add(
		audit, _place(audit, AUDIT_ERROR, "job-submit", &plugins),
		right,
		"JobSubmitPlugins=%s: neuron is missing, so that requests are not checked and get no EFA interfaces",
		plugins.value ? plugins.value : "(not set)");
}

/* Which of two values counts is easily mistaken */
static void _check_once(audit_t *audit, const char *key)
{
	const slurmconf_line_t *line, *first = NULL;

	for (uint32_t i = 0; (line = slurmconf_line(audit->slurm, i)); i++) {
		if (!slurmconf_begins(line, key))
			continue;
		if (!first) {
			first = line;
			continue;
		}
		audit_add(
			audit, audit_at(AUDIT_WARNING, "key-twice", line, NULL),
			NULL,
			"%s is set at %s:%u already; only the last one counts, remove the other",
			key, first->file, first->line);
	}
}

static void _check_devices(audit_t *audit)
{
	const slurmconf_line_t *line = NULL;
	const char *value =
		slurmconf_value(audit->cgroup, "ConstrainDevices", &line);
	setting_t task = _setting(audit, "TaskPlugin");

	if (!value || strcasecmp(value, "yes"))
		audit_add(
			audit,
			audit_at(AUDIT_WARNING, "constrain-devices", line,
				 audit->cgroup_path),
			"ConstrainDevices=yes",
			"ConstrainDevices=%s: a job can open the devices of others on its node",
			value ? value : "(not set)");
	else if (!task.value ||
		 (!slurmconf_list_has(task.value, "task/cgroup") &&
		  !slurmconf_list_has(task.value, "cgroup")))
		audit_add(
			audit,
			_place(audit, AUDIT_WARNING, "constrain-devices",
			       &task),
			"TaskPlugin=task/cgroup,task/affinity",
			"TaskPlugin=%s: without task/cgroup nothing does what ConstrainDevices=yes of cgroup.conf says",
			task.value ? task.value : "(not set)");
}

static void _check_prolog(audit_t *audit)
{
	static const char *const enough[] = {"Alloc", "Contain", "NoHold",
					     "RunInJob", "X11"};
	setting_t flags = _setting(audit, "PrologFlags");
	const slurmconf_line_t *line;
	bool runs = false;

	for (uint32_t i = 0; (line = slurmconf_line(audit->slurm, i)); i++) {
		const char *value = slurmconf_of_line(line, "Prolog");

		runs |= (value && strstr(value, "neuron-prolog"));
	}
	if (!runs) {
		audit_add(
			audit,
			audit_at(AUDIT_HINT, "prolog", NULL, audit->slurm_path),
			NULL,
			"no Prolog runs neuron-prolog, which looks at the devices of a job before it starts");
		return;
	}
	for (size_t i = 0; i < sizeof(enough) / sizeof(enough[0]); i++) {
		if (slurmconf_list_has(flags.value, enough[i]))
			return;
	}
	audit_add(
		audit, _place(audit, AUDIT_HINT, "prolog", &flags),
		"PrologFlags=Alloc",
		"PrologFlags=%s: without Alloc neuron-prolog runs only when the first step of a job starts on a node",
		flags.value ? flags.value : "(not set)");
}

extern void audit_slurm(audit_t *audit)
{
	static const char *const once[] = {
		"GresTypes",      "SelectType",    "SelectTypeParameters",
		"TopologyPlugin", "TopologyParam", "JobSubmitPlugins",
	};

	_check_gres_types(audit);
	_check_plugin(audit, "SelectType", "select/neuron",
		      "TopologyPlugin=topology/neuron");
	_check_plugin(audit, "TopologyPlugin", "topology/neuron",
		      "SelectType=select/neuron");
	_check_base(audit);
	_check_job_submit(audit);
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		_check_once(audit, once[i]);
	_check_devices(audit);
	_check_prolog(audit);
}
