/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ofi.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_tagged.h>

#include "clock.h"

#define API FI_VERSION(1, 14)
#define REGIONS_MAX 8
#define EVENTS_MAX 16
/* Messages to the left have this bit in their tag */
#define TO_LEFT ((uint64_t) 1 << 47)
#define SERIAL_MASK (TO_LEFT - 1)
/* While nothing comes: look after the peers, and then leave the CPU */
#define LOOK_NS CLOCK_MILLISECOND
#define NAP_AFTER_NS (2 * CLOCK_MILLISECOND)
#define NAP_NS 50000

typedef struct {
	struct fi_context2 context; /* libfabric's while the request is open */
	bool open;
	bool done;
	bool receives;
	transport_side_t side;
	size_t size;
	uint64_t when;
} request_t;

typedef struct {
	uint8_t *start;
	size_t size;
	struct fid_mr *mr;
	void *descriptor;
} region_t;

typedef struct {
	transport_t base;
	struct fi_info *info;
	struct fid_fabric *fabric;
	struct fid_domain *domain;
	struct fid_av *av;
	struct fid_cq *cq;
	struct fid_ep *ep;
	fi_addr_t sides[2]; /* by transport_side_t */
	uint64_t sent[2];
	uint64_t received[2];
	request_t requests[TRANSPORT_REQUESTS_MAX];
	region_t regions[REGIONS_MAX];
	unsigned int region_count;
	uint64_t steps;
	uint64_t looked; /* when idle was last called */
	ofi_idle_t idle;
	void *arg;
} ofi_t;

static ofi_t *_ofi(transport_t *transport)
{
	return (ofi_t *) transport;
}

static int _fail(const char *call, ssize_t rc, fault_t *fault)
{
	return fault_set(fault, RINGCHECK_FABRIC, "libfabric: %s: %s", call,
			 fi_strerror((int) -rc));
}

/*
 * Opening
 */

static struct fi_info *_hints(void)
{
	struct fi_info *hints = fi_allocinfo();

	if (!hints)
		return NULL;
	hints->caps = FI_MSG | FI_TAGGED;
	hints->mode = FI_CONTEXT | FI_CONTEXT2;
	hints->ep_attr->type = FI_EP_RDM;
	hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR |
				      FI_MR_ALLOCATED | FI_MR_PROV_KEY;
	hints->domain_attr->resource_mgmt = FI_RM_ENABLED;
	return hints;
}

static bool _uses_ip(const struct fi_info *info)
{
	return (info->addr_format == FI_SOCKADDR) ||
	       (info->addr_format == FI_SOCKADDR_IN) ||
	       (info->addr_format == FI_SOCKADDR_IN6);
}

/* The domain of a verbs device "rdmap16s25" is "rdmap16s25-rdm" */
static bool _is_domain_of(const struct fi_info *info, const char *interface)
{
	const char *name = info->domain_attr->name;
	size_t length = strlen(interface);

	return name && !strncmp(name, interface, length) &&
	       (!name[length] || (name[length] == '-'));
}

static int _no_endpoint(int rc, fault_t *fault)
{
	const char *provider = getenv("FI_PROVIDER");

	return fault_set(fault, RINGCHECK_FABRIC,
			 "libfabric has no endpoint for reliable messages%s%s "
			 "on this host: %s",
			 provider ? " with FI_PROVIDER=" : "",
			 provider ? provider : "", fi_strerror(-rc));
}

/* Ask again for the interface that has our address */
static int _ask_for_address(struct fi_info *hints, const char *address,
			    struct fi_info **infos, fault_t *fault)
{
	struct fi_info *found;
	int rc;

	hints->fabric_attr->prov_name =
		strdup((*infos)->fabric_attr->prov_name);
	if (!hints->fabric_attr->prov_name)
		return _no_endpoint(-FI_ENOMEM, fault);
	rc = fi_getinfo(API, address, NULL, FI_SOURCE | FI_NUMERICHOST, hints,
			&found);
	if (rc)
		return fault_set(fault, RINGCHECK_FABRIC,
				 "libfabric: provider %s cannot use the "
				 "address %s: %s",
				 hints->fabric_attr->prov_name, address,
				 fi_strerror(-rc));
	fi_freeinfo(*infos);
	*infos = found;
	return 0;
}

static int _choose(ofi_t *ofi, const char *interface, struct fi_info *infos,
		   fault_t *fault)
{
	struct fi_info *info = infos;

	if (interface[0] && !_uses_ip(infos)) {
		while (info && !_is_domain_of(info, interface))
			info = info->next;
		if (!info)
			return fault_set(
				fault, RINGCHECK_FABRIC,
				"libfabric does not show the interface "
				"%s of FI_EFA_IFACE",
				interface);
	}
	ofi->info = fi_dupinfo(info);
	return ofi->info ? 0 : _no_endpoint(-FI_ENOMEM, fault);
}

static int _find(ofi_t *ofi, const char *interface, const char *address,
		 fault_t *fault)
{
	struct fi_info *hints = _hints(), *infos = NULL;
	int rc;

	if (!hints)
		return _no_endpoint(-FI_ENOMEM, fault);
	rc = fi_getinfo(API, NULL, NULL, 0, hints, &infos);
	if (rc)
		rc = _no_endpoint(rc, fault);
	else if (address[0] && _uses_ip(infos))
		rc = _ask_for_address(hints, address, &infos, fault);
	if (!rc)
		rc = _choose(ofi, interface, infos, fault);
	fi_freeinfo(hints);
	fi_freeinfo(infos);
	return rc;
}

static int _open_domain(ofi_t *ofi, fault_t *fault)
{
	struct fi_av_attr av = {.type = FI_AV_TABLE};
	struct fi_cq_attr cq = {.format = FI_CQ_FORMAT_TAGGED};
	int rc;

	cq.size = 4 * TRANSPORT_REQUESTS_MAX;
	rc = fi_fabric(ofi->info->fabric_attr, &ofi->fabric, NULL);
	if (rc)
		return _fail("fi_fabric", rc, fault);
	rc = fi_domain(ofi->fabric, ofi->info, &ofi->domain, NULL);
	if (rc)
		return _fail("fi_domain", rc, fault);
	rc = fi_av_open(ofi->domain, &av, &ofi->av, NULL);
	if (rc)
		return _fail("fi_av_open", rc, fault);
	rc = fi_cq_open(ofi->domain, &cq, &ofi->cq, NULL);
	return rc ? _fail("fi_cq_open", rc, fault) : 0;
}

static int _open_endpoint(ofi_t *ofi, fault_t *fault)
{
	int rc = fi_endpoint(ofi->domain, ofi->info, &ofi->ep, NULL);

	if (rc)
		return _fail("fi_endpoint", rc, fault);
	rc = fi_ep_bind(ofi->ep, &ofi->av->fid, 0);
	if (!rc)
		rc = fi_ep_bind(ofi->ep, &ofi->cq->fid, FI_TRANSMIT | FI_RECV);
	if (rc)
		return _fail("fi_ep_bind", rc, fault);
	rc = fi_enable(ofi->ep);
	return rc ? _fail("fi_enable", rc, fault) : 0;
}

static void _close(struct fid *fid)
{
	if (fid)
		(void) fi_close(fid);
}

static void _destroy(transport_t *transport)
{
	ofi_t *ofi = _ofi(transport);

	_close(ofi->ep ? &ofi->ep->fid : NULL);
	for (unsigned int i = 0; i < ofi->region_count; i++)
		_close(ofi->regions[i].mr ? &ofi->regions[i].mr->fid : NULL);
	_close(ofi->cq ? &ofi->cq->fid : NULL);
	_close(ofi->av ? &ofi->av->fid : NULL);
	_close(ofi->domain ? &ofi->domain->fid : NULL);
	_close(ofi->fabric ? &ofi->fabric->fid : NULL);
	fi_freeinfo(ofi->info);
	free(ofi);
}

/*
 * Completions
 */

static request_t *_request_of(ofi_t *ofi, const void *context)
{
	for (int i = 0; i < TRANSPORT_REQUESTS_MAX; i++) {
		if (&ofi->requests[i].context == context)
			return &ofi->requests[i];
	}
	return NULL;
}

static uint32_t _rank_of(const ofi_t *ofi, transport_side_t side)
{
	uint32_t world = ofi->base.world;

	return (ofi->base.rank + ((side == TRANSPORT_RIGHT) ? 1 : world - 1)) %
	       world;
}

static int _take_event(ofi_t *ofi, const struct fi_cq_tagged_entry *event,
		       uint64_t now, fault_t *fault)
{
	request_t *request = _request_of(ofi, event->op_context);

	if (!request || !request->open)
		return fault_set(fault, RINGCHECK_FABRIC,
				 "libfabric reports an operation that nobody "
				 "asked for");
	if (request->receives && (event->len != request->size))
		return fault_set(fault, RINGCHECK_FABRIC,
				 "a message of %zu bytes came from rank %u, "
				 "not of %zu",
				 event->len, _rank_of(ofi, request->side),
				 request->size);
	request->done = true;
	request->when = now;
	ofi->steps++;
	return 0;
}

static int _take_error(ofi_t *ofi, fault_t *fault)
{
	struct fi_cq_err_entry error = {.err = 0};
	ssize_t rc = fi_cq_readerr(ofi->cq, &error, 0);
	const request_t *request;

	if (rc < 0)
		return _fail("fi_cq_readerr", rc, fault);
	request = _request_of(ofi, error.op_context);
	if (!request || !request->open)
		return fault_set(fault, RINGCHECK_FABRIC, "libfabric: %s",
				 fi_strerror(error.err));
	return fault_set(fault, RINGCHECK_FABRIC, "%s rank %u: %s",
			 request->receives ? "receiving from" : "sending to",
			 _rank_of(ofi, request->side), fi_strerror(error.err));
}

/* RET how many requests are done now; 0: none; -1 */
static int _progress(ofi_t *ofi, fault_t *fault)
{
	struct fi_cq_tagged_entry events[EVENTS_MAX];
	ssize_t count = fi_cq_read(ofi->cq, events, EVENTS_MAX);
	uint64_t now;

	if (count == -FI_EAGAIN)
		return 0;
	if (count == -FI_EAVAIL)
		return _take_error(ofi, fault);
	if (count < 0)
		return _fail("fi_cq_read", count, fault);
	now = clock_now();
	for (ssize_t i = 0; i < count; i++) {
		if (_take_event(ofi, &events[i], now, fault))
			return -1;
	}
	return (int) count;
}

/*
 * Nothing was done since a moment. Give way to other ranks of this host, look
 * after the peers.
 */
static int _rest(ofi_t *ofi, uint64_t since, fault_t *fault)
{
	static const struct timespec nap = {.tv_nsec = NAP_NS};
	uint64_t now = clock_now();

	if (now - ofi->looked > LOOK_NS) {
		ofi->looked = now;
		if (ofi->idle && ofi->idle(ofi->arg, ofi->steps, fault))
			return -1;
	}
	if (now - since > NAP_AFTER_NS)
		nanosleep(&nap, NULL);
	else
		sched_yield();
	return 0;
}

static int _wait(transport_t *transport, int number, uint64_t *when,
		 fault_t *fault)
{
	ofi_t *ofi = _ofi(transport);
	request_t *request = &ofi->requests[number];
	uint64_t since = clock_now();

	while (!request->done) {
		int count = _progress(ofi, fault);

		if (count < 0)
			return -1;
		if (count)
			since = clock_now();
		else if (_rest(ofi, since, fault))
			return -1;
	}
	request->open = false;
	if (when)
		*when = request->when;
	return 0;
}

/*
 * Messages
 */

static void *_descriptor(const ofi_t *ofi, const void *buf)
{
	const uint8_t *at = buf;

	for (unsigned int i = 0; i < ofi->region_count; i++) {
		const region_t *region = &ofi->regions[i];

		if ((at >= region->start) &&
		    (at < region->start + region->size))
			return region->descriptor;
	}
	return NULL;
}

static request_t *_new_request(ofi_t *ofi, fault_t *fault)
{
	for (int i = 0; i < TRANSPORT_REQUESTS_MAX; i++) {
		request_t *request = &ofi->requests[i];

		if (request->open)
			continue;
		memset(request, 0, sizeof(*request));
		request->open = true;
		return request;
	}
	fault_set(fault, RINGCHECK_FABRIC, "too many messages at a time");
	return NULL;
}

static ssize_t _post(ofi_t *ofi, request_t *request, void *buf, uint64_t tag)
{
	void *descriptor = _descriptor(ofi, buf);

	if (request->receives)
		return fi_trecv(ofi->ep, buf, request->size, descriptor,
				FI_ADDR_UNSPEC, tag, 0, &request->context);
	return fi_tsend(ofi->ep, buf, request->size, descriptor,
			ofi->sides[request->side], tag, &request->context);
}

/* Queues that are full become free as others are done */
static int _start(ofi_t *ofi, request_t *request, void *buf, uint64_t tag,
		  fault_t *fault)
{
	uint64_t since = clock_now();
	ssize_t rc;

	while ((rc = _post(ofi, request, buf, tag)) == -FI_EAGAIN) {
		int count = _progress(ofi, fault);

		if ((count < 0) || (!count && _rest(ofi, since, fault)))
			return -1;
	}
	if (!rc)
		return (int) (request - ofi->requests);
	return fault_set(fault, RINGCHECK_FABRIC, "%s rank %u: %s",
			 request->receives ? "receiving from" : "sending to",
			 _rank_of(ofi, request->side), fi_strerror((int) -rc));
}

static int _send(transport_t *transport, transport_side_t to, const void *buf,
		 size_t size, fault_t *fault)
{
	ofi_t *ofi = _ofi(transport);
	request_t *request = _new_request(ofi, fault);
	uint64_t tag = ofi->sent[to]++ & SERIAL_MASK;

	if (!request)
		return -1;
	if (size > ofi->info->ep_attr->max_msg_size)
		return fault_set(fault, RINGCHECK_FABRIC,
				 "provider %s takes messages of %zu bytes at "
				 "most, not %zu; give a smaller --size",
				 ofi_provider(transport),
				 ofi->info->ep_attr->max_msg_size, size);
	if (to == TRANSPORT_LEFT)
		tag |= TO_LEFT;
	request->side = to;
	request->size = size;
	return _start(ofi, request, (void *) buf, tag, fault);
}

static int _receive(transport_t *transport, transport_side_t from, void *buf,
		    size_t size, fault_t *fault)
{
	ofi_t *ofi = _ofi(transport);
	request_t *request = _new_request(ofi, fault);
	uint64_t tag = ofi->received[from]++ & SERIAL_MASK;

	if (!request)
		return -1;
	/* what comes from the right was sent to the left */
	if (from == TRANSPORT_RIGHT)
		tag |= TO_LEFT;
	request->receives = true;
	request->side = from;
	request->size = size;
	return _start(ofi, request, buf, tag, fault);
}

static int _attach(transport_t *transport, void *buf, size_t size,
		   fault_t *fault)
{
	ofi_t *ofi = _ofi(transport);
	region_t *region = &ofi->regions[ofi->region_count];
	int rc;

	if (!(ofi->info->domain_attr->mr_mode & FI_MR_LOCAL) || !size)
		return 0;
	if (ofi->region_count == REGIONS_MAX)
		return fault_set(fault, RINGCHECK_FABRIC, "too many buffers");
	rc = fi_mr_reg(ofi->domain, buf, size, FI_SEND | FI_RECV, 0,
		       ofi->region_count + 1, 0, &region->mr, NULL);
	if (rc)
		return _fail("fi_mr_reg", rc, fault);
	region->start = buf;
	region->size = size;
	region->descriptor = fi_mr_desc(region->mr);
	ofi->region_count++;
	return 0;
}

/* No request is open meanwhile that an error could belong to */
static void _go_on(transport_t *transport)
{
	fault_t ignored = {.code = RINGCHECK_GOOD};

	(void) _progress(_ofi(transport), &ignored);
}

static const transport_ops_t ops = {
	.send = _send,
	.receive = _receive,
	.wait = _wait,
	.progress = _go_on,
	.attach = _attach,
	.destroy = _destroy,
};

extern transport_t *ofi_open(const char *interface, const char *address,
			     fault_t *fault)
{
	ofi_t *ofi = calloc(1, sizeof(*ofi));

	if (!ofi) {
		fault_set(fault, RINGCHECK_FABRIC, "out of memory");
		return NULL;
	}
	ofi->base.ops = &ops;
	if (!_find(ofi, interface, address, fault) &&
	    !_open_domain(ofi, fault) && !_open_endpoint(ofi, fault))
		return &ofi->base;
	_destroy(&ofi->base);
	return NULL;
}

extern const char *ofi_provider(const transport_t *transport)
{
	return ((const ofi_t *) transport)->info->fabric_attr->prov_name;
}

extern const char *ofi_domain(const transport_t *transport)
{
	return ((const ofi_t *) transport)->info->domain_attr->name;
}

extern int ofi_address(const transport_t *transport, wire_address_t *address,
		       fault_t *fault)
{
	const ofi_t *ofi = (const ofi_t *) transport;
	size_t length = sizeof(address->bytes);
	int rc = fi_getname(&ofi->ep->fid, address->bytes, &length);

	if (rc)
		return _fail("fi_getname", rc, fault);
	address->length = (uint16_t) length;
	return 0;
}

static int _insert(ofi_t *ofi, transport_side_t side,
		   const wire_address_t *address, fault_t *fault)
{
	wire_address_t own = {.length = 0};
	int rc;

	if (ofi_address(&ofi->base, &own, fault))
		return -1;
	if (address->length != own.length)
		return fault_set(fault, RINGCHECK_FABRIC,
				 "rank %u has an address of %u bytes, not %u",
				 _rank_of(ofi, side), address->length,
				 own.length);
	rc = fi_av_insert(ofi->av, address->bytes, 1, &ofi->sides[side], 0,
			  NULL);
	if (rc == 1)
		return 0;
	return fault_set(fault, RINGCHECK_FABRIC,
			 "libfabric does not take the address of rank %u: %s",
			 _rank_of(ofi, side),
			 (rc < 0) ? fi_strerror(-rc) : "it is not valid");
}

extern int ofi_join(transport_t *transport, uint32_t rank, uint32_t world,
		    const wire_neighbours_t *neighbours, fault_t *fault)
{
	ofi_t *ofi = _ofi(transport);

	transport->rank = rank;
	transport->world = world;
	if (_insert(ofi, TRANSPORT_RIGHT, &neighbours->right, fault))
		return -1;
	/* the only peer may not be known by two addresses */
	ofi->sides[TRANSPORT_LEFT] = ofi->sides[TRANSPORT_RIGHT];
	if (world <= 2)
		return 0;
	return _insert(ofi, TRANSPORT_LEFT, &neighbours->left, fault);
}

extern void ofi_set_idle(transport_t *transport, ofi_idle_t idle, void *arg)
{
	ofi_t *ofi = _ofi(transport);

	ofi->idle = idle;
	ofi->arg = arg;
}
