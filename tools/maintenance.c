/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "maintenance.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "client.h"
#include "deadline.h"
#include "hosts.h"
#include "lib/text.h"

#define DRAINED "drained: "
/* Of a Comment; more nodes must be tested in parts */
#define COMMENT_MAX 65536
/* Jobs of the reservation that are still ending */
#define DELETE_WAIT_MS 60000
/* A node that was just resumed */
#define ANSWER_WAIT_MS 30000
#define POLL_MS 200

static int _refused(const char *what, const char *name, neuron_error_t *err)
{
	int errnum = errno;

	if (errnum == ESLURM_ACCESS_DENIED || errnum == ESLURM_USER_ID_MISSING)
		return neuron_error_set(
			err, EPERM,
			"%s %.100s: slurmctld says: %s; only operators of Slurm may test nodes",
			what, name, slurm_strerror(errnum));
	return neuron_error_set(err, EIO, "%s %.100s: slurmctld says: %s", what,
				name, slurm_strerror(errnum));
}

static int _set_state(const char *node, uint32_t state, const char *reason,
		      neuron_error_t *err)
{
	update_node_msg_t update;

	slurm_init_update_node_msg(&update);
	update.node_names = (char *) node;
	update.node_state = state;
	update.reason = (char *) reason;
	return slurm_update_node(&update) ? _refused("node", node, err) : 0;
}

/*
 * Nodes
 */

static int _copy_state(const node_info_t *info, maintenance_node_t *node,
		       neuron_error_t *err)
{
	uint32_t base = info->node_state & NODE_STATE_BASE;

	if ((base != NODE_STATE_DOWN) &&
	    (info->node_state & NODE_STATE_NO_RESPOND))
		return neuron_error_set(
			err, EAGAIN, "node %.100s does not answer", node->name);
	if (base == NODE_STATE_DOWN || base == NODE_STATE_UNKNOWN ||
	    (info->node_state &
	     (NODE_STATE_POWERED_DOWN | NODE_STATE_POWERING_DOWN)))
		return neuron_error_set(
			err, EINVAL,
			"node %.100s cannot be tested: it is down (%.200s)",
			node->name, info->reason ? info->reason : "no reason");
	if (base == NODE_STATE_ALLOCATED || base == NODE_STATE_MIXED ||
	    (info->node_state & NODE_STATE_COMPLETING))
		return neuron_error_set(
			err, EINVAL,
			"node %.100s cannot be tested now: it has jobs; drain it and wait for their end",
			node->name);
	node->drained = info->node_state & NODE_STATE_DRAIN;
	(void) snprintf(node->reason, sizeof(node->reason), "%s",
			info->reason ? info->reason : "");
	return 0;
}

static int _look_once(maintenance_node_t *node, neuron_error_t *err)
{
	node_info_msg_t *msg = NULL;
	int rc = 1;

	if (slurm_load_node_single(&msg, node->name, SHOW_ALL))
		return neuron_error_set(err, ENOENT,
					"slurmctld has no node %.100s",
					node->name);
	for (uint32_t i = 0; i < msg->record_count && rc == 1; i++) {
		if (msg->node_array[i].name &&
		    !strcmp(msg->node_array[i].name, node->name))
			rc = _copy_state(&msg->node_array[i], node, err);
	}
	slurm_free_node_info_msg(msg);
	if (rc == 1)
		return neuron_error_set(err, ENOENT,
					"slurmctld has no node %.100s",
					node->name);
	return rc;
}

/* After a resume Slurm asks the node first whether it is there */
static int _look(maintenance_node_t *node, neuron_error_t *err)
{
	deadline_t end = deadline_in(ANSWER_WAIT_MS);
	int rc;

	while ((rc = _look_once(node, err)) && errno == EAGAIN &&
	       deadline_nap(end, POLL_MS))
		;
	return rc;
}

/* For free(); NULL with errno ENOMEM */
static char *_comment(const maintenance_t *maintenance)
{
	text_t text = {.length = 0};
	bool first = true;

	text_add(&text, "neuron-topo test; %s", DRAINED);
	for (uint32_t i = 0; i < maintenance->count; i++) {
		const maintenance_node_t *node = &maintenance->nodes[i];
		size_t at;

		if (!node->drained)
			continue;
		text_add(&text, "%s%s=", first ? "" : "|", node->name);
		at = text.length;
		text_add(&text, "%s", node->reason);
		for (; !text.failed && at < text.length; at++) {
			if (text.text[at] == '|')
				text.text[at] = '/';
		}
		first = false;
	}
	return text_take(&text);
}

/* For free(); NULL with errno ENOMEM */
static char *_list(const maintenance_t *maintenance)
{
	const char **names = calloc(maintenance->count + 1, sizeof(*names));
	char *list = NULL;

	for (uint32_t i = 0; names && i < maintenance->count; i++)
		names[i] = maintenance->nodes[i].name;
	if (names)
		list = hosts_fold(names, maintenance->count);
	free(names);
	return list;
}

static bool _has_drained(const maintenance_t *maintenance)
{
	for (uint32_t i = 0; i < maintenance->count; i++) {
		if (maintenance->nodes[i].drained)
			return true;
	}
	return false;
}

/*
 * The reservation
 */

static int _create(maintenance_t *maintenance, char *list, char *comment,
		   uint32_t minutes, neuron_error_t *err)
{
	struct passwd *user = getpwuid(geteuid());
	resv_desc_msg_t request;
	char host[64] = "", *name;

	if (!user)
		return neuron_error_set(err, EIO, "this user has no name");
	(void) gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	(void) snprintf(maintenance->name, sizeof(maintenance->name), "%s%s-%d",
			MAINTENANCE_PREFIX, host, (int) getpid());
	slurm_init_resv_desc_msg(&request);
	request.name = maintenance->name;
	request.start_time = time(NULL);
	request.duration = _has_drained(maintenance) ? INFINITE : minutes;
	request.flags = RESERVE_FLAG_MAINT;
	request.node_list = list;
	request.users = user->pw_name;
	request.comment = comment;
	name = slurm_create_reservation(&request);
	if (name) {
		client_free_name(name);
		return 0;
	}
	(void) _refused("reservation of", list, err);
	maintenance->name[0] = '\0';
	return -1;
}

static int _delete(const char *name, neuron_error_t *err)
{
	deadline_t end = deadline_in(DELETE_WAIT_MS);
	reservation_name_msg_t request = {.name = (char *) name};

	while (slurm_delete_reservation(&request)) {
		if (errno == ESLURM_RESERVATION_INVALID)
			return 0;
		if (errno != ESLURM_RESERVATION_BUSY ||
		    !deadline_nap(end, POLL_MS))
			return _refused("reservation", name, err);
	}
	return 0;
}

static int _resume(maintenance_t *maintenance, neuron_error_t *err)
{
	for (uint32_t i = 0; i < maintenance->count; i++) {
		maintenance_node_t *node = &maintenance->nodes[i];

		if (node->drained &&
		    _set_state(node->name, NODE_RESUME, NULL, err))
			return -1;
	}
	for (uint32_t i = 0; i < maintenance->count; i++) {
		maintenance_node_t now = maintenance->nodes[i];

		if (now.drained && _look(&now, err))
			return -1;
	}
	return 0;
}

/*
 * What another run has left
 */

/* "NODE=REASON|NODE=REASON" */
static int _drain_again(const char *comment, neuron_error_t *err)
{
	const char *at = comment ? strstr(comment, DRAINED) : NULL;
	int rc = 0;

	for (at = at ? at + strlen(DRAINED) : ""; *at && !rc;) {
		size_t length = strcspn(at, "|"), name = strcspn(at, "=|");
		char node[256], reason[MAINTENANCE_REASON_MAX];

		if (name < length && name < sizeof(node)) {
			(void) snprintf(node, sizeof(node), "%.*s", (int) name,
					at);
			(void) snprintf(reason, sizeof(reason), "%.*s",
					(int) (length - name - 1),
					at + name + 1);
			rc = _set_state(node, NODE_STATE_DRAIN,
					*reason ? reason : "neuron-topo test",
					err);
		}
		at += length + (at[length] == '|');
	}
	return rc;
}

static int _undo(const reserve_info_t *reservation, neuron_error_t *err)
{
	if (_drain_again(reservation->comment, err))
		return -1;
	return _delete(reservation->name, err);
}

/* True for a run on this host that has ended */
static bool _is_left(const char *name)
{
	char host[64] = "";
	size_t length;
	long pid;

	(void) gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	name += strlen(MAINTENANCE_PREFIX);
	length = strlen(host);
	if (strncmp(name, host, length) || name[length] != '-')
		return false;
	pid = strtol(name + length + 1, NULL, 10);
	return pid > 0 && kill((pid_t) pid, 0) && errno == ESRCH;
}

typedef struct {
	const char *const *nodes;
	uint32_t count;
	const char *found; /* NULL: none of them */
} overlap_t;

static int _overlaps(const char *name, void *arg)
{
	overlap_t *overlap = arg;

	for (uint32_t i = 0; i < overlap->count && !overlap->found; i++) {
		if (!strcmp(overlap->nodes[i], name))
			overlap->found = overlap->nodes[i];
	}
	return 0;
}

static int _settle(const reserve_info_t *reservation, const char *const *nodes,
		   uint32_t count, neuron_error_t *err)
{
	overlap_t overlap = {nodes, count, NULL};

	if (!reservation->name ||
	    strncmp(reservation->name, MAINTENANCE_PREFIX,
		    strlen(MAINTENANCE_PREFIX)) ||
	    !reservation->node_list)
		return 0;
	(void) hosts_expand(reservation->node_list, _overlaps, &overlap);
	if (!overlap.found)
		return 0;
	if (!_is_left(reservation->name))
		return neuron_error_set(
			err, EINVAL,
			"node %.100s is in reservation %.100s of another test; if that does not run any more, neuron-topo test --clean %.100s undoes it",
			overlap.found, reservation->name, reservation->name);
	fprintf(stderr,
		"neuron-topo test: reservation %s of a test that was killed is undone\n",
		reservation->name);
	return _undo(reservation, err);
}

static int _settle_all(const char *const *nodes, uint32_t count,
		       neuron_error_t *err)
{
	reserve_info_msg_t *msg = NULL;
	int rc = 0;

	if (slurm_load_reservations(0, &msg))
		return _refused("reservations of", nodes[0], err);
	for (uint32_t i = 0; i < msg->record_count && !rc; i++)
		rc = _settle(&msg->reservation_array[i], nodes, count, err);
	slurm_free_reservation_info_msg(msg);
	return rc;
}

extern int maintenance_clean(const char *name, neuron_error_t *err)
{
	reserve_info_msg_t *msg = NULL;
	int rc = 1;

	if (strncmp(name, MAINTENANCE_PREFIX, strlen(MAINTENANCE_PREFIX)))
		return neuron_error_set(
			err, EINVAL,
			"%.100s is no reservation of a test: their names begin with %s",
			name, MAINTENANCE_PREFIX);
	if (slurm_load_reservations(0, &msg))
		return _refused("reservation", name, err);
	for (uint32_t i = 0; i < msg->record_count && rc == 1; i++) {
		if (msg->reservation_array[i].name &&
		    !strcmp(msg->reservation_array[i].name, name))
			rc = _undo(&msg->reservation_array[i], err);
	}
	slurm_free_reservation_info_msg(msg);
	if (rc == 1)
		return neuron_error_set(err, ENOENT,
					"slurmctld has no reservation %.100s",
					name);
	return rc;
}

/*
 * Begin and end
 */

static int _fill(maintenance_t *maintenance, const char *const *nodes,
		 uint32_t count, neuron_error_t *err)
{
	maintenance->nodes = calloc(count + 1, sizeof(*maintenance->nodes));
	if (!maintenance->nodes)
		return neuron_error_set(err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < count; i++) {
		maintenance_node_t *node = &maintenance->nodes[i];

		(void) snprintf(node->name, sizeof(node->name), "%s", nodes[i]);
		maintenance->count++;
		if (_look(node, err))
			return -1;
	}
	return 0;
}

static int _reserve(maintenance_t *maintenance, uint32_t minutes,
		    neuron_error_t *err)
{
	char *list = _list(maintenance), *comment = _comment(maintenance);
	int rc = -1;

	if (!list || !comment)
		(void) neuron_error_set(err, ENOMEM, "out of memory");
	else if (strlen(comment) >= COMMENT_MAX)
		(void) neuron_error_set(
			err, EINVAL,
			"the reasons of these drained nodes are too long together; test them in parts");
	else
		rc = _create(maintenance, list, comment, minutes, err);
	free(list);
	free(comment);
	return rc;
}

extern int maintenance_begin(maintenance_t *maintenance,
			     const char *const *nodes, uint32_t count,
			     uint32_t minutes, neuron_error_t *err)
{
	neuron_error_t ignored;

	*maintenance = (maintenance_t){.count = 0};
	if (!count || count > MAINTENANCE_NODES_MAX)
		return neuron_error_set(
			err, EINVAL,
			"%u nodes: from 1 to %d can be tested at once", count,
			MAINTENANCE_NODES_MAX);
	if (!_settle_all(nodes, count, err) &&
	    !_fill(maintenance, nodes, count, err) &&
	    !_reserve(maintenance, minutes, err) && !_resume(maintenance, err))
		return 0;
	(void) maintenance_end(maintenance, &ignored);
	return -1;
}

extern int maintenance_end(maintenance_t *maintenance, neuron_error_t *err)
{
	int rc = 0;

	/* Without a reservation nothing was changed */
	for (uint32_t i = 0; maintenance->name[0] && i < maintenance->count;
	     i++) {
		maintenance_node_t *node = &maintenance->nodes[i];

		if (node->drained && !node->keep &&
		    _set_state(node->name, NODE_STATE_DRAIN,
			       node->reason[0] ? node->reason
					       : "neuron-topo test",
			       err))
			rc = -1;
	}
	/* It keeps jobs away from what could not be drained */
	if (!rc && maintenance->name[0])
		rc = _delete(maintenance->name, err);
	free(maintenance->nodes);
	*maintenance = (maintenance_t){.count = 0};
	return rc;
}
