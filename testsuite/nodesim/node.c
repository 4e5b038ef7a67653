/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node.h"

#include "src/common/hostlist.h"
#include "src/interfaces/gres.h"

node_t *node_table;
uint32_t node_count;

static node_t **by_name;
static node_t **by_address;

/* ------------------------------------------------------------------ */
/* Order */

static int _order_name(const void *a, const void *b)
{
	return strcmp((*(node_t *const *) a)->name,
		      (*(node_t *const *) b)->name);
}

static uint64_t _address_key(const slurm_addr_t *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *) address;

	return ((uint64_t) ntohl(in->sin_addr.s_addr) << 16) |
	       ntohs(in->sin_port);
}

static int _order_address(const void *a, const void *b)
{
	uint64_t x = _address_key(&(*(node_t *const *) a)->address);
	uint64_t y = _address_key(&(*(node_t *const *) b)->address);

	return (x > y) - (x < y);
}

extern node_t *node_by_name(const char *name)
{
	node_t key = {.name = (char *) name}, *want = &key;
	node_t **found = bsearch(&want, by_name, node_count, sizeof(*by_name),
				 _order_name);

	return found ? *found : NULL;
}

extern node_t *node_by_address(const slurm_addr_t *address)
{
	node_t key = {.address = *address}, *want = &key;
	node_t **found = bsearch(&want, by_address, node_count,
				 sizeof(*by_address), _order_address);

	return found ? *found : NULL;
}

static int _sort(void)
{
	by_name = xcalloc(node_count, sizeof(*by_name));
	by_address = xcalloc(node_count, sizeof(*by_address));
	for (uint32_t i = 0; i < node_count; i++)
		by_name[i] = by_address[i] = &node_table[i];
	qsort(by_name, node_count, sizeof(*by_name), _order_name);
	qsort(by_address, node_count, sizeof(*by_address), _order_address);
	for (uint32_t i = 1; i < node_count; i++) {
		if (_order_address(&by_address[i - 1], &by_address[i]))
			continue;
		error("nodes %s and %s have one address and port; each needs its own NodeAddr= or Port=",
		      by_address[i - 1]->name, by_address[i]->name);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

/* ------------------------------------------------------------------ */
/* slurm.conf */

/* Slurm reads Gres= for its own daemons only */
static void _read_gres(const slurm_conf_node_t *line)
{
	hostlist_t *names = hostlist_create(line->nodenames);
	char *first = names ? hostlist_nth(names, 0) : NULL;
	node_record_t *record = first ? find_node_record2(first) : NULL;

	if (record && !record->config_ptr->gres)
		record->config_ptr->gres =
			gres_name_filter(line->gres, line->nodenames);
	free(first);
	FREE_NULL_HOSTLIST(names);
}

static int _read_conf(void)
{
	slurm_conf_node_t **lines;
	int count;

	init_node_conf();
	if (build_all_nodeline_info(false, 0)) {
		error("slurm.conf: its nodes cannot be read");
		return SLURM_ERROR;
	}
	count = slurm_conf_nodename_array(&lines);
	for (int i = 0; i < count; i++)
		_read_gres(lines[i]);
	return SLURM_SUCCESS;
}

static int _init_node(node_t *node, const node_record_t *record)
{
	node->name = xstrdup(record->name);
	node->record = record;
	node->started = time(NULL);
	node->devices = device_list(record);
	if (!node->devices)
		return SLURM_ERROR;
	if (slurm_conf_get_addr(node->name, &node->address, 0) ||
	    (node->address.ss_family != AF_INET)) {
		error("node %s: NodeAddr=%s is not an IPv4 address", node->name,
		      record->comm_name);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

static int _init_nodes(hostlist_t *only)
{
	node_table = xcalloc(node_record_count, sizeof(*node_table));
	for (int i = 0; i < node_record_count; i++) {
		const node_record_t *record = node_record_table_ptr[i];

		if (!record ||
		    (only && (hostlist_find(only, record->name) < 0)))
			continue;
		if (_init_node(&node_table[node_count++], record))
			return SLURM_ERROR;
	}
	if (node_count)
		return SLURM_SUCCESS;
	error("slurm.conf has none of the nodes that are wanted");
	return SLURM_ERROR;
}

extern int nodes_init(const char *only)
{
	hostlist_t *wanted = only ? hostlist_create(only) : NULL;
	int rc = SLURM_ERROR;

	if (only && !wanted)
		error("%s is not a list of nodes", only);
	else if (!_read_conf() && !_init_nodes(wanted))
		rc = _sort();
	FREE_NULL_HOSTLIST(wanted);
	return rc;
}

static void _find_again(node_t *node)
{
	node->record = find_node_record2(node->name);
	node->devices = node->record ? device_list(node->record) : NULL;
	if (node->devices)
		return;
	error("node %s has left slurm.conf", node->name);
	node->record = NULL;
	node->dropped = true;
}

extern void nodes_reread(void)
{
	device_forget();
	/* The plugins of this project keep what they read, as slurmd does
	 * until it starts again */
	gres_fini();
	slurm_conf_reinit(NULL);
	gres_init();
	(void) _read_conf();
	for (uint32_t i = 0; i < node_count; i++)
		_find_again(&node_table[i]);
}

extern void nodes_fini(void)
{
	for (uint32_t i = 0; i < node_count; i++) {
		node_heal(&node_table[i]);
		xfree(node_table[i].name);
	}
	xfree(node_table);
	xfree(by_name);
	xfree(by_address);
	node_count = 0;
	device_forget();
}

static int _order_port(const void *a, const void *b)
{
	return *(const uint16_t *) a - *(const uint16_t *) b;
}

extern uint32_t node_ports(uint16_t **ports)
{
	uint32_t count = 0;

	*ports = xcalloc(node_count, sizeof(**ports));
	for (uint32_t i = 0; i < node_count; i++)
		(*ports)[i] = slurm_get_port(&node_table[i].address);
	qsort(*ports, node_count, sizeof(**ports), _order_port);
	for (uint32_t i = 0; i < node_count; i++) {
		if (!count || ((*ports)[count - 1] != (*ports)[i]))
			(*ports)[count++] = (*ports)[i];
	}
	return count;
}

/* ------------------------------------------------------------------ */

extern bool node_answers(const node_t *node, uint16_t type)
{
	if (node->dropped || node->mute)
		return false;
	for (int i = 0; (i < NODE_MUTE_MAX) && node->mute_to[i]; i++) {
		if (node->mute_to[i] == type)
			return false;
	}
	return true;
}

extern void node_heal(node_t *node)
{
	node->dropped = false;
	node->mute = false;
	memset(node->mute_to, 0, sizeof(node->mute_to));
	node->delay = 0;
	device_faults_free(node->faults);
	node->faults = NULL;
}
