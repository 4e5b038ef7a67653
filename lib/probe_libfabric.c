/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <stdio.h>
#include <string.h>

#include <rdma/fabric.h>

#define SENTENCE_MAX 256

/* Entries that are looked at */
#define INFOS_MAX 1024

/* FI_MR_BASIC and FI_MR_SCALABLE; libfabric 2 warns at their names */
#define OLD_MR_MODES 0x3

static struct fi_info *_ask(void)
{
	struct fi_info *hints = fi_allocinfo(), *infos = NULL;

	if (!hints)
		return NULL;
	hints->fabric_attr->prov_name = strdup("efa");
	/* Only a request for all attributes tells the PCI address */
	hints->mode = ~0ULL;
	hints->domain_attr->mode = ~0ULL;
	hints->domain_attr->mr_mode = ~OLD_MR_MODES;
	if (!hints->fabric_attr->prov_name ||
	    fi_getinfo(FI_VERSION(1, 14), NULL, NULL, 0, hints, &infos))
		infos = NULL;
	fi_freeinfo(hints);
	return infos;
}

/* The PCI address of an interface; RET false: not told */
static bool _address(const struct fi_info *info, pci_address_t *address)
{
	const struct fi_pci_attr *pci;

	if (!info->nic || !info->nic->bus_attr ||
	    info->nic->bus_attr->bus_type != FI_BUS_PCI)
		return false;
	pci = &info->nic->bus_attr->attr.pci;
	address->domain = pci->domain_id;
	address->bus = pci->bus_id;
	address->device = pci->device_id;
	address->function = pci->function_id;
	return true;
}

static int _position(const probe_t *probe, const pci_address_t *address)
{
	const probe_efa_t *efa;

	for (int i = 0; (efa = probe_efa(probe, (unsigned int) i)); i++) {
		if (!pci_address_compare(&efa->pci, address))
			return i;
	}
	return -1;
}

static void _say(probe_difference_t report, void *arg, const char *what,
		 const pci_address_t *address, const char *wrong)
{
	char pci[PCI_ADDRESS_TEXT_MAX], text[SENTENCE_MAX];

	if (!report || pci_address_encode(address, pci, sizeof(pci)) < 0)
		return;
	(void) snprintf(text, sizeof(text), "%s (PCI address %s) %s", what, pci,
			wrong);
	report(text, arg);
}

/* libfabric shows each interface with several domains */
static bool _is_first(const struct fi_info *infos, const struct fi_info *last,
		      const pci_address_t *address)
{
	for (; infos != last; infos = infos->next) {
		pci_address_t other;

		if (_address(infos, &other) &&
		    !pci_address_compare(&other, address))
			return false;
	}
	return true;
}

/* RET the interfaces of the probe that libfabric shows */
static uint64_t _match(const probe_t *probe, const struct fi_info *infos,
		       probe_difference_t report, void *arg)
{
	uint64_t seen = 0;
	int left = INFOS_MAX;

	for (const struct fi_info *info = infos; info && left;
	     info = info->next, left--) {
		pci_address_t address;
		int at;

		if (!_address(info, &address))
			continue;
		at = _position(probe, &address);
		if (at >= 0)
			seen |= (uint64_t) 1 << at;
		else if (_is_first(infos, info, &address))
			_say(report, arg, info->domain_attr->name, &address,
			     "is shown by libfabric, but not by sysfs");
	}
	return seen;
}

extern unsigned int probe_libfabric(const probe_t *probe,
				    probe_difference_t report, void *arg)
{
	struct fi_info *infos;
	const probe_efa_t *efa;
	uint64_t seen;

	if (!probe_efa_count(probe))
		return 0;
	infos = _ask();
	if (!infos)
		return 0;
	seen = _match(probe, infos, report, arg);
	fi_freeinfo(infos);
	for (unsigned int i = 0; (efa = probe_efa(probe, i)); i++) {
		if (!(seen >> i & 1))
			_say(report, arg, efa->name, &efa->pci,
			     "is shown by sysfs, but not by libfabric");
	}
	return devset_count(seen);
}
