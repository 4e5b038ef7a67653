/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rank.h"

#include <stdlib.h>

#include "lib/order.h"
#include "saved_jobs.h"

/* ------------------------------------------------------------------ */
/* All nodes */

static int _compare_names(const void *a, const void *b)
{
	const node_record_t *x = *(node_record_t *const *) a;
	const node_record_t *y = *(node_record_t *const *) b;

	if (!x || !y)
		return !x - !y;
	return strnatcmp(x->name, y->name);
}

/* RET how many there are; those that dynamic nodes may get are at the end */
static uint32_t _sort_by_name(void)
{
	uint32_t count = 0;

	qsort(node_record_table_ptr, node_record_count,
	      sizeof(*node_record_table_ptr), _compare_names);
	for (int i = 0; i < node_record_count; i++) {
		if (!node_record_table_ptr[i])
			break;
		node_record_table_ptr[i]->index = i;
		count++;
	}
	return count;
}

/* Where a node should stand; those of no group at the end, in their order */
static uint32_t _key(const fabric_t *fabric, uint32_t node)
{
	if (!fabric)
		return node;
	if (fabric_node_group(fabric, node) < 0)
		return fabric_node_count(fabric) + node;
	return fabric_node_rank(fabric, node);
}

/* Records of jobs that have ended are kept a while */
static bool _holds_nodes(const job_record_t *job_ptr)
{
	return job_ptr->job_resrcs && (job_ptr->job_resrcs->nhosts > 1) &&
	       (IS_JOB_RUNNING(job_ptr) || IS_JOB_SUSPENDED(job_ptr) ||
		IS_JOB_COMPLETING(job_ptr));
}

/* A saved_job_t */
static void _keep_job(const job_record_t *job_ptr, void *arg)
{
	order_t *order = arg;
	neuron_error_t err;
	const node_record_t *node;
	uint32_t *nodes, count = 0;
	hostlist_t *names;
	char *name;

	if (!_holds_nodes(job_ptr) ||
	    !(names = hostlist_create(job_ptr->job_resrcs->nodes)))
		return;
	nodes = xcalloc(hostlist_count(names) + 1, sizeof(*nodes));
	while ((name = hostlist_shift(names))) {
		if ((node = find_node_record2(name)))
			nodes[count++] = node->index;
		free(name);
	}
	hostlist_destroy(names);
	if (order_keep(order, nodes, count, &err))
		error("topology/neuron: %pJ: %s", job_ptr, err.text);
	xfree(nodes);
}

static int _find_positions(const fabric_t *fabric, uint32_t count,
			   uint32_t *position, neuron_error_t *err)
{
	order_t *order;
	bool exact;
	int rc;

	for (uint32_t i = 0; i < count; i++)
		position[i] = _key(fabric, i);
	if (!(order = order_create(position, count, err)))
		return -1;
	saved_jobs_each(_keep_job, order);
	rc = order_positions(order, position, &exact, err);
	order_destroy(order);
	if (!rc && !exact)
		info("topology/neuron: jobs run in another order of nodes: theirs stays as it is until slurmctld starts without them");
	return rc;
}

extern bool rank_nodes(const site_t *site)
{
	uint32_t count = _sort_by_name();
	uint32_t *position = xcalloc(count + 1, sizeof(*position));
	neuron_error_t err;
	fabric_t *fabric = site_read_fabric(site, &err);
	bool ranked;

	/* topology_neuron_build() and select/neuron say it as an error */
	if (!fabric)
		debug("topology/neuron: nodes are ordered by name: %s",
		      err.text);
	ranked = !_find_positions(fabric, count, position, &err);
	if (!ranked)
		error("topology/neuron: nodes are not ranked: %s", err.text);
	for (uint32_t i = 0; ranked && (i < count); i++)
		node_record_table_ptr[i]->node_rank = position[i] + 1;
	fabric_destroy(fabric);
	xfree(position);
	return ranked;
}

/* ------------------------------------------------------------------ */
/* Nodes of a job */

typedef struct {
	uint32_t key;
	uint32_t position; /* among the nodes of the job */
	int64_t group;
} member_t;

static int _compare_members(const void *a, const void *b)
{
	const member_t *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static uint32_t _read_members(const fabric_t *fabric, bitstr_t *nodes,
			      member_t *members)
{
	uint32_t count = 0;

	for (int n = 0; (n = bit_ffs_from_bit(nodes, n)) >= 0; n++) {
		members[count] = (member_t){
			.key = _key(fabric, n),
			.position = count,
			.group = fabric_node_group(fabric, n),
		};
		count++;
	}
	qsort(members, count, sizeof(*members), _compare_members);
	return count;
}

extern void rank_job(const fabric_t *fabric, bitstr_t *nodes,
		     unsigned int shift, uint32_t **ranks, uint32_t *size)
{
	member_t *members;
	uint32_t unit = 1, place = 0;

	*ranks = NULL;
	*size = nodes ? bit_set_count(nodes) : 0;
	if (!*size)
		return;
	members = xcalloc(*size, sizeof(*members));
	*ranks = xcalloc(*size, sizeof(**ranks));
	_read_members(fabric, nodes, members);
	for (uint32_t i = 0; i < *size; i++, place++) {
		if (i && (members[i].group != members[i - 1].group)) {
			unit++;
			place = 0;
		}
		(*ranks)[members[i].position] = (unit << shift) + place;
	}
	xfree(members);
}

/* ------------------------------------------------------------------ */
/* Addresses */

/* RET false: text does not end so */
static bool _cut_end(char *text, const char *end)
{
	size_t length = strlen(text), cut = strlen(end);

	if ((length < cut) || strcmp(text + length - cut, end))
		return false;
	text[length - cut] = '\0';
	return true;
}

/* The last part of "a.b.c." */
static char *_last_part(char *parts)
{
	char *part = parts + strlen(parts);

	while ((part > parts) && ((part[-1] != '.') || !part[0]))
		part--;
	return part;
}

static void _add_ultraserver(const char *name, char **addr, char **pattern)
{
	char *last = xstrdup_printf("%s.", name);

	/* The UltraServer is a switch of topology.conf: it is there already */
	if (!xstrcmp(_last_part(*addr), last))
		*_last_part(*pattern) = '\0';
	else
		xstrcat(*addr, last);
	xstrcat(*pattern, "ultraserver.");
	xfree(last);
}

extern void rank_address(const fabric_t *fabric, const char *node, char **addr,
			 char **pattern)
{
	const node_record_t *record = find_node_record2((char *) node);
	int64_t group = record ? fabric_node_group(fabric, record->index) : -1;

	if ((group < 0) || !fabric_group_is_ultraserver(fabric, group))
		return;
	if (!_cut_end(*addr, node))
		return;
	if (_cut_end(*pattern, "node")) {
		_add_ultraserver(fabric_group_name(fabric, group), addr,
				 pattern);
		xstrcat(*pattern, "node");
	}
	xstrcat(*addr, node);
}
