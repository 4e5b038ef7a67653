/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshot.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "cluster.h"
#include "hosts.h"
#include "indexes.h"

/* In libslurm of every release, though in none of its headers */
extern const char *slurm_job_state_string(uint32_t state);
extern const char *slurm_job_state_reason_string(uint32_t reason);

/* States of a node in which no job starts there */
#define UNUSABLE                                                      \
	(NODE_STATE_DRAIN | NODE_STATE_FAIL | NODE_STATE_NO_RESPOND | \
	 NODE_STATE_MAINT | NODE_STATE_INVALID_REG | NODE_STATE_REBOOT_ISSUED)

static void _add(json_object *to, const char *key, const char *value)
{
	if (value && value[0])
		json_object_object_add(to, key, json_object_new_string(value));
}

static void _add_number(json_object *to, const char *key, int64_t value)
{
	json_object_object_add(to, key, json_object_new_int64(value));
}

/*
 * Files
 */

/* RET text for free(); NULL without such a file */
static char *_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FABRIC_FILE_MAX + 1) : NULL;
	size_t length;

	if (text) {
		length = fread(text, 1, FABRIC_FILE_MAX, file);
		text[length] = '\0';
	}
	if (file)
		fclose(file);
	return text;
}

/* Profiles go with the snapshot: where they were does not matter */
static void _drop_profile_dir(char *text)
{
	static const char key[] = "profiledir";

	for (char *line = text; line; line = strchr(line, '\n')) {
		while (isspace((unsigned char) *line))
			line++;
		if (!strncasecmp(line, key, strlen(key)))
			*line = '#';
	}
}

static int _add_files(json_object *to, const char *path, neuron_error_t *err)
{
	const char *slash = strrchr(path, '/');
	char topology[4096];
	char *text = _read(path);

	if (!text)
		return neuron_error_set(err, ENOENT, "%s: %s", path,
					strerror(errno));
	_drop_profile_dir(text);
	_add(to, "neuron_conf", text);
	free(text);
	snprintf(topology, sizeof(topology), "%.*stopology.conf",
		 slash ? (int) (slash - path + 1) : 0, path);
	text = _read(topology);
	_add(to, "topology_conf", text);
	free(text);
	return 0;
}

static int _add_profiles(json_object *to, const conf_t *conf,
			 neuron_error_t *err)
{
	json_object *profiles = json_object_new_object();
	const char *dir = conf_profile_dir(conf);
	const profile_t *profile;

	json_object_object_add(to, "profiles", profiles);
	for (unsigned int i = 0; (profile = conf_profile_at(conf, i)); i++) {
		const char *name = profile_name(profile);
		char path[4096];
		json_object *one;

		snprintf(path, sizeof(path), "%s/%s.json",
			 dir ? dir : NEURON_PROFILE_DIR, name);
		if (!(one = json_object_from_file(path)))
			return neuron_error_set(err, EIO,
						"%s: it cannot be read", path);
		json_object_object_add(profiles, name, one);
	}
	return 0;
}

/*
 * Nodes and partitions
 */

static void _node_state(uint32_t state, char *text, size_t size)
{
	static const char *const bases[] = {"UNKNOWN",   "DOWN",  "IDLE",
					    "ALLOCATED", "ERROR", "MIXED",
					    "FUTURE"};
	static const struct {
		uint32_t flag;
		const char *name;
	} flags[] = {
		{NODE_STATE_DRAIN, "DRAIN"},
		{NODE_STATE_FAIL, "FAIL"},
		{NODE_STATE_NO_RESPOND, "NOT_RESPONDING"},
		{NODE_STATE_MAINT, "MAINTENANCE"},
		{NODE_STATE_INVALID_REG, "INVALID_REG"},
		{NODE_STATE_REBOOT_ISSUED, "REBOOT_ISSUED"},
		{NODE_STATE_POWERED_DOWN, "POWERED_DOWN"},
		{NODE_STATE_COMPLETING, "COMPLETING"},
		{NODE_STATE_CLOUD, "CLOUD"},
	};
	uint32_t base = state & NODE_STATE_BASE;
	int used = snprintf(text, size, "%s",
			    (base < NODE_STATE_END) ? bases[base] : "UNKNOWN");

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if ((state & flags[i].flag) && ((size_t) used < size))
			used += snprintf(text + used, size - (size_t) used,
					 "+%s", flags[i].name);
	}
}

static bool _is_usable(uint32_t state)
{
	uint32_t base = state & NODE_STATE_BASE;

	return !(state & UNUSABLE) &&
	       ((base == NODE_STATE_IDLE) || (base == NODE_STATE_ALLOCATED) ||
		(base == NODE_STATE_MIXED));
}

/* A Comment that cannot be read masks nothing, as in slurmctld. RET the text of
 * one of its words, until the next call; NULL: there is none */
static const char *_items(const char *key, const char *comment)
{
	static char text[MASK_COMMENT_MAX];
	static mask_t mask;

	if (mask_decode_key(key, comment, &mask, NULL) ||
	    mask_text(&mask, text, sizeof(text), NULL) <= 0)
		return NULL;
	return text;
}

static json_object *_node(const node_info_t *info)
{
	json_object *node = json_object_new_object();
	char state[64];

	_node_state(info->node_state, state, sizeof(state));
	_add(node, "name", info->name);
	_add_number(node, "cpus", info->cpus_efctv);
	_add_number(node, "weight", info->weight);
	_add(node, "state", state);
	json_object_object_add(
		node, "usable",
		json_object_new_boolean(_is_usable(info->node_state)));
	_add(node, "reason", info->reason);
	_add(node, "mask", _items(MASK_KEY, info->comment));
	_add(node, "suspect", _items(MASK_SUSPECT_KEY, info->comment));
	return node;
}

/* RET 0; -1: it cannot be had. What did not change stays as it was. */
static int _settle(int rc, neuron_error_t *err)
{
	if (!rc || errno == SLURM_NO_CHANGE_IN_DATA)
		return 0;
	return neuron_error_set(err, EIO, "cannot ask slurmctld: %s",
				slurm_strerror(errno));
}

static int _load_nodes(snapshot_cache_t *cache, neuron_error_t *err)
{
	node_info_msg_t *old = cache->nodes, *msg = NULL;
	int rc = slurm_load_node(old ? old->last_update : 0, &msg, SHOW_ALL);

	if (_settle(rc, err))
		return -1;
	if (!rc) {
		slurm_free_node_info_msg(old);
		cache->nodes = msg;
	}
	return 0;
}

static int _add_nodes(json_object *to, snapshot_cache_t *cache,
		      neuron_error_t *err)
{
	json_object *list = json_object_new_array();
	const node_info_msg_t *msg;

	json_object_object_add(to, "nodes", list);
	if (_load_nodes(cache, err))
		return -1;
	msg = cache->nodes;
	for (uint32_t i = 0; i < msg->record_count; i++) {
		if (msg->node_array[i].name)
			json_object_array_add(list, _node(&msg->node_array[i]));
	}
	return 0;
}

static json_object *_partition(const partition_info_t *info)
{
	json_object *partition = json_object_new_object();

	_add(partition, "name", info->name);
	_add(partition, "nodes", info->nodes);
	json_object_object_add(
		partition, "default",
		json_object_new_boolean(info->flags & PART_FLAG_DEFAULT));
	json_object_object_add(
		partition, "up",
		json_object_new_boolean(info->state_up == PARTITION_UP));
	return partition;
}

static int _load_partitions(snapshot_cache_t *cache, neuron_error_t *err)
{
	partition_info_msg_t *old = cache->partitions, *msg = NULL;
	int rc = slurm_load_partitions(old ? old->last_update : 0, &msg,
				       SHOW_ALL);

	if (_settle(rc, err))
		return -1;
	if (!rc) {
		slurm_free_partition_info_msg(old);
		cache->partitions = msg;
	}
	return 0;
}

static int _add_partitions(json_object *to, snapshot_cache_t *cache,
			   neuron_error_t *err)
{
	json_object *list = json_object_new_array();
	const partition_info_msg_t *msg;

	json_object_object_add(to, "partitions", list);
	if (_load_partitions(cache, err))
		return -1;
	msg = cache->partitions;
	for (uint32_t i = 0; i < msg->record_count; i++)
		json_object_array_add(list,
				      _partition(&msg->partition_array[i]));
	return 0;
}

/*
 * Jobs
 */

static void _add_share(json_object *list, const char *node, const char *detail)
{
	char devices[DEVSET_TEXT_MAX], efas[DEVSET_TEXT_MAX];
	json_object *share;

	indexes_of(detail, "neuron", devices, sizeof(devices));
	indexes_of(detail, "efa", efas, sizeof(efas));
	if (!devices[0] && !efas[0])
		return;
	share = json_object_new_object();
	_add(share, "node", node);
	_add(share, "devices", devices);
	_add(share, "efas", efas);
	json_object_array_add(list, share);
}

static json_object *_shares(const job_info_t *info)
{
	json_object *list = json_object_new_array();
	hostlist_t *nodes = (info->nodes && info->gres_detail_cnt)
				    ? slurm_hostlist_create(info->nodes)
				    : NULL;
	char *node;

	if (!nodes)
		return list;
	for (uint32_t i = 0; (i < info->gres_detail_cnt) &&
			     (node = slurm_hostlist_shift(nodes));
	     i++) {
		_add_share(list, node, info->gres_detail_str[i]);
		free(node);
	}
	slurm_hostlist_destroy(nodes);
	return list;
}

static void _add_user(json_object *to, uint32_t uid)
{
	struct passwd *user = getpwuid(uid);
	char number[16];

	snprintf(number, sizeof(number), "%u", uid);
	_add(to, "user_name", user ? user->pw_name : number);
}

/* A text with "unset" in it is left out */
static void _add_count(json_object *to, const char *key, uint32_t value,
		       uint32_t unset)
{
	if (value && (value != unset) && (value != NO_VAL) &&
	    (value != INFINITE))
		_add_number(to, key, value);
}

static void _add_request(json_object *to, const job_info_t *info)
{
	_add(to, "tres_per_node", info->tres_per_node);
	_add(to, "tres_per_task", info->tres_per_task);
	_add_count(to, "node_count", info->num_nodes, 0);
	_add_count(to, "max_nodes", info->max_nodes, 0);
	_add_count(to, "tasks", info->num_tasks, 0);
	_add_count(to, "tasks_per_node", info->ntasks_per_node, NO_VAL16);
	_add_count(to, "cpus", info->num_cpus, 0);
	json_object_object_add(
		to, "exclusive",
		json_object_new_boolean(info->shared == JOB_SHARED_NONE));
	_add(to, "required_nodes", info->req_nodes);
	_add(to, "excluded_nodes", info->exc_nodes);
	_add(to, "features", info->features);
}

static void _add_times(json_object *to, const job_info_t *info)
{
	_add_number(to, "submit_time", info->submit_time);
	_add_number(to, "eligible_time", info->eligible_time);
	_add_number(to, "start_time", info->start_time);
	_add_number(to, "end_time", info->end_time);
	_add_count(to, "time_limit", info->time_limit, 0);
}

/* "12_3" of an array, "12+1" of a heterogeneous job: as squeue shows them */
static void _add_display_id(json_object *to, const job_info_t *info)
{
	char text[32] = "";

	if (info->array_job_id && (info->array_task_id != NO_VAL))
		snprintf(text, sizeof(text), "%u_%u", info->array_job_id,
			 info->array_task_id);
	else if (info->het_job_id)
		snprintf(text, sizeof(text), "%u+%u", info->het_job_id,
			 info->het_job_offset);
	_add(to, "display_id", text);
}

static json_object *_job(const job_info_t *info)
{
	json_object *job = json_object_new_object();

	_add_number(job, "job_id", info->job_id);
	_add_display_id(job, info);
	_add_user(job, info->user_id);
	_add(job, "name", info->name);
	_add(job, "partition", info->partition);
	_add(job, "job_state",
	     (info->job_state & JOB_COMPLETING)
		     ? "COMPLETING"
		     : slurm_job_state_string(info->job_state &
					      JOB_STATE_BASE));
	_add(job, "state_reason",
	     slurm_job_state_reason_string(info->state_reason));
	_add(job, "state_description", info->state_desc);
	_add(job, "admin_comment", info->admin_comment);
	_add_times(job, info);
	_add_request(job, info);
	json_object_object_add(job, "shares", _shares(info));
	return job;
}

static bool _is_about_neuron(const job_info_t *info)
{
	return (info->tres_per_node && strstr(info->tres_per_node, "neuron")) ||
	       (info->tres_per_task && strstr(info->tres_per_task, "neuron")) ||
	       info->gres_detail_cnt;
}

static int _load_jobs(snapshot_cache_t *cache, neuron_error_t *err)
{
	job_info_msg_t *old = cache->jobs, *msg = NULL;
	int rc = slurm_load_jobs(old ? old->last_update : 0, &msg,
				 SHOW_ALL | SHOW_DETAIL);

	if (_settle(rc, err))
		return -1;
	if (!rc) {
		slurm_free_job_info_msg(old);
		cache->jobs = msg;
	}
	return 0;
}

static int _add_jobs(json_object *to, snapshot_cache_t *cache,
		     neuron_error_t *err)
{
	json_object *list = json_object_new_array();
	const job_info_msg_t *msg;

	json_object_object_add(to, "jobs", list);
	if (_load_jobs(cache, err))
		return -1;
	msg = cache->jobs;
	for (uint32_t i = 0; i < msg->record_count; i++) {
		if (_is_about_neuron(&msg->job_array[i]))
			json_object_array_add(list, _job(&msg->job_array[i]));
	}
	return 0;
}

extern void snapshot_cache_release(snapshot_cache_t *cache)
{
	slurm_free_node_info_msg(cache->nodes);
	slurm_free_partition_info_msg(cache->partitions);
	slurm_free_job_info_msg(cache->jobs);
	*cache = (snapshot_cache_t){0};
}

extern json_object *snapshot_take_again(const char *path,
					snapshot_cache_t *cache,
					neuron_error_t *err)
{
	conf_t *conf = conf_read(path, NEURON_PROFILE_DIR, hosts_expand, err);
	json_object *snapshot = conf ? json_object_new_object() : NULL;
	int errnum;

	if (!conf)
		return NULL;
	_add(snapshot, "format", SNAPSHOT_FORMAT);
	_add_number(snapshot, "time", time(NULL));
	if (!_add_files(snapshot, path, err) &&
	    !_add_profiles(snapshot, conf, err) &&
	    !_add_nodes(snapshot, cache, err) &&
	    !_add_partitions(snapshot, cache, err) &&
	    !_add_jobs(snapshot, cache, err)) {
		conf_destroy(conf);
		return snapshot;
	}
	errnum = errno;
	json_object_put(snapshot);
	conf_destroy(conf);
	errno = errnum;
	return NULL;
}

extern json_object *snapshot_take(const char *path, neuron_error_t *err)
{
	snapshot_cache_t cache = {0};
	json_object *snapshot = snapshot_take_again(path, &cache, err);
	int errnum = errno;

	snapshot_cache_release(&cache);
	errno = errnum;
	return snapshot;
}

/*
 * From a file
 */

static char *_read_all(FILE *file, size_t *length)
{
	char *text = malloc(SNAPSHOT_MAX + 1);

	if (text)
		*length = fread(text, 1, SNAPSHOT_MAX + 1, file);
	return text;
}

static json_object *_parse(const char *text, size_t length, const char *path,
			   neuron_error_t *err)
{
	struct json_tokener *tokener = json_tokener_new_ex(32);
	json_object *snapshot = NULL;

	if (!tokener) {
		(void) neuron_error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	if (length <= SNAPSHOT_MAX)
		snapshot = json_tokener_parse_ex(tokener, text, (int) length);
	if (!json_object_is_type(snapshot, json_type_object)) {
		(void) neuron_error_set(
			err, EINVAL, "%s: it is no snapshot of neuron-topo: %s",
			path,
			json_tokener_error_desc(
				json_tokener_get_error(tokener)));
		json_object_put(snapshot);
		snapshot = NULL;
	}
	json_tokener_free(tokener);
	return snapshot;
}

extern json_object *snapshot_read(const char *path, neuron_error_t *err)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	json_object *snapshot = NULL;
	size_t length = 0;
	char *text;

	if (!file) {
		(void) neuron_error_set(err, ENOENT, "%s: %s", path,
					strerror(errno));
		return NULL;
	}
	if ((text = _read_all(file, &length)))
		snapshot = _parse(text, length, path, err);
	else
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	free(text);
	if (file != stdin)
		fclose(file);
	return snapshot;
}
