/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_MAX 512

/* A comparison while it is made */
typedef struct {
	const probe_t *probe;
	const profile_t *profile;
	const char *name;
	probe_difference_t report;
	void *arg;
	unsigned int count;
} compare_t;

static void _say(compare_t *compare, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void _say(compare_t *compare, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void) vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	compare->count++;
	if (compare->report)
		compare->report(text, compare->arg);
}

static void _instance(compare_t *compare)
{
	const char *real = probe_instance(compare->probe);
	char known[SENTENCE_MAX / 2];
	const char *instance;
	size_t used = 0;

	if (!*real || !profile_instance(compare->profile, 0))
		return;
	for (unsigned int i = 0;
	     (instance = profile_instance(compare->profile, i)); i++) {
		if (!strcmp(instance, real))
			return;
		if (used < sizeof(known))
			used += (size_t) snprintf(known + used,
						  sizeof(known) - used, "%s%s",
						  used ? ", " : "", instance);
	}
	_say(compare, "the machine is a %s; profile %s is for %s", real,
	     compare->name, known);
}

/*
 * Neuron devices
 */

static void _node(compare_t *compare, const probe_device_t *device)
{
	if (!device->node_present)
		_say(compare, "neuron%u: /dev/neuron%u does not exist",
		     device->index, device->index);
	else if (!device->node_is_device && !probe_is_simulated(compare->probe))
		_say(compare,
		     "neuron%u: /dev/neuron%u is not a character device",
		     device->index, device->index);
}

static void _name(compare_t *compare, unsigned int index, const char *what,
		  const char *real, const char *wanted)
{
	if (*real && *wanted && strcmp(real, wanted))
		_say(compare, "neuron%u: %s is %s; profile %s has %s", index,
		     what, real, compare->name, wanted);
}

static void _set_text(devset_t set, char *text, size_t size)
{
	if (!set || devset_encode(set, text, size) < 0)
		(void) snprintf(text, size, "none");
}

static void _links(compare_t *compare, const probe_device_t *device)
{
	unsigned int list[PROFILE_DEVICES_MAX], count;
	char real[DEVSET_TEXT_MAX], right[DEVSET_TEXT_MAX];
	devset_t wanted = 0;

	if (!device->links_known ||
	    probe_device_count(compare->probe) !=
		    profile_device_count(compare->profile))
		return;
	count = profile_driver_neighbours(compare->profile, device->index,
					  list);
	for (unsigned int i = 0; i < count; i++)
		wanted |= devset_of(list[i]);
	if (device->links == wanted)
		return;
	_set_text(device->links, real, sizeof(real));
	_set_text(wanted, right, sizeof(right));
	_say(compare, "neuron%u: connected_devices is %s; profile %s has %s",
	     device->index, real, compare->name, right);
}

static void _device(compare_t *compare, const probe_device_t *device)
{
	unsigned int cores = profile_physical_cores(compare->profile);

	_node(compare, device);
	if (device->core_count && device->core_count != cores)
		_say(compare, "neuron%u: core_count is %u; profile %s has %u",
		     device->index, device->core_count, compare->name, cores);
	_name(compare, device->index, "arch_type", device->arch_type,
	      profile_arch_type(compare->profile));
	_name(compare, device->index, "instance_type", device->instance_type,
	      profile_instance_type(compare->profile));
	_name(compare, device->index, "device_name", device->device_name,
	      profile_device_name(compare->profile));
	_links(compare, device);
}

static void _devices(compare_t *compare)
{
	devset_t wanted = profile_devices(compare->profile), real = 0;
	unsigned int count = profile_device_count(compare->profile);
	const probe_device_t *device;

	for (unsigned int i = 0; (device = probe_device(compare->probe, i));
	     i++) {
		real |= devset_of(device->index);
		if (device->index < count)
			_device(compare, device);
		else
			_say(compare,
			     "neuron%u is there; profile %s ends with neuron%u",
			     device->index, compare->name, count - 1);
	}
	wanted &= ~real;
	for (int i = -1; (i = devset_next(wanted, i)) >= 0;)
		_say(compare, "neuron%d is missing; profile %s has %u devices",
		     i, compare->name, count);
	if (probe_pci_device_count(compare->probe) != count)
		_say(compare,
		     "the PCI bus has %u Neuron functions; profile %s has %u "
		     "devices",
		     probe_pci_device_count(compare->probe), compare->name,
		     count);
}

extern bool probe_device_matches(const probe_t *probe, const profile_t *profile,
				 unsigned int index)
{
	compare_t compare = {
		.probe = probe,
		.profile = profile,
		.name = profile_name(profile),
	};
	const probe_device_t *device;

	for (unsigned int i = 0; (device = probe_device(probe, i)); i++) {
		if (device->index != index)
			continue;
		_device(&compare, device);
		return !compare.count && index < profile_device_count(profile);
	}
	return false;
}

/*
 * EFA interfaces
 */

/* NUMA node that the devices of an interface share; -1: not known */
static int _numa_of(const profile_t *profile, unsigned int efa)
{
	devset_t devices = profile_devices_of_efa(profile, efa);
	int numa = -1;

	for (int i = -1; (i = devset_next(devices, i)) >= 0;) {
		int own = profile_device_numa(profile, (unsigned int) i);

		if (own < 0 || (numa >= 0 && own != numa))
			return -1;
		numa = own;
	}
	return numa;
}

static void _efa(compare_t *compare, unsigned int index, const probe_efa_t *efa)
{
	int numa = _numa_of(compare->profile, index);

	if (efa->uverbs < 0)
		_say(compare, "efa%u: %s has no node in /dev/infiniband", index,
		     efa->name);
	else if (!efa->node_is_device && !probe_is_simulated(compare->probe))
		_say(compare,
		     "efa%u: /dev/infiniband/uverbs%d is not a character "
		     "device",
		     index, efa->uverbs);
	if (efa->numa >= 0 && numa >= 0 && efa->numa != numa)
		_say(compare, "efa%u: NUMA node of %s is %d; profile %s has %d",
		     index, efa->name, efa->numa, compare->name, numa);
}

static void _efa_missing(compare_t *compare, unsigned int index)
{
	char text[PCI_ADDRESS_TEXT_MAX];
	pci_address_t address;

	if (profile_efa_pci(compare->profile, index, &address) ||
	    pci_address_encode(&address, text, sizeof(text)) < 0)
		return;
	_say(compare,
	     "efa%u: no EFA interface with PCI address %s, which profile %s "
	     "has",
	     index, text, compare->name);
}

/* Interfaces that no index of the profile means */
static void _efas_extra(compare_t *compare, uint64_t used)
{
	const probe_efa_t *efa;

	for (unsigned int i = 0; (efa = probe_efa(compare->probe, i)); i++) {
		char text[PCI_ADDRESS_TEXT_MAX];

		if ((used >> i & 1) ||
		    pci_address_encode(&efa->pci, text, sizeof(text)) < 0)
			continue;
		_say(compare,
		     "%s is an EFA interface with PCI address %s, which "
		     "profile %s has not",
		     efa->name, text, compare->name);
	}
}

static uint64_t _position(const probe_t *probe, const probe_efa_t *efa)
{
	unsigned int i = 0;

	while (probe_efa(probe, i) != efa)
		i++;
	return (uint64_t) 1 << i;
}

/* True when the profile has the PCI addresses of its interfaces */
static bool _addresses_known(const profile_t *profile)
{
	pci_address_t address;

	return !profile_efa_count(profile) ||
	       !profile_efa_pci(profile, 0, &address);
}

static void _efas(compare_t *compare)
{
	unsigned int real = probe_efa_count(compare->probe);
	unsigned int count = profile_efa_count(compare->profile);
	uint64_t used = 0;

	if (!_addresses_known(compare->profile) && real != count) {
		_say(compare,
		     "the number of EFA interfaces is %u; profile %s has %u",
		     real, compare->name, count);
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		const probe_efa_t *efa =
			probe_efa_of(compare->probe, compare->profile, i);

		if (efa) {
			used |= _position(compare->probe, efa);
			_efa(compare, i, efa);
		} else {
			_efa_missing(compare, i);
		}
	}
	_efas_extra(compare, used);
}

extern const probe_efa_t *probe_efa_of(const probe_t *probe,
				       const profile_t *profile,
				       unsigned int efa)
{
	const probe_efa_t *found;
	pci_address_t address;

	if (efa >= profile_efa_count(profile))
		return NULL;
	if (profile_efa_pci(profile, efa, &address))
		return (probe_efa_count(probe) == profile_efa_count(profile))
			       ? probe_efa(probe, efa)
			       : NULL;
	for (unsigned int i = 0; (found = probe_efa(probe, i)); i++) {
		if (!pci_address_compare(&found->pci, &address))
			return found;
	}
	return NULL;
}

static void _numa(compare_t *compare)
{
	unsigned int real = probe_numa_count(compare->probe);
	unsigned int count = profile_numa_count(compare->profile);

	if (!real || !profile_numa_cpus(compare->profile, 0))
		return;
	if (real != count)
		_say(compare,
		     "the number of NUMA nodes is %u; profile %s has %u", real,
		     compare->name, count);
	for (unsigned int i = 0; i < count; i++) {
		const char *wanted = profile_numa_cpus(compare->profile, i);
		const char *cpus = probe_numa_cpus(compare->probe, i);

		if (cpus && wanted && strcmp(cpus, wanted))
			_say(compare,
			     "NUMA node %u has the CPUs %.150s; profile %s has "
			     "%.150s",
			     i, *cpus ? cpus : "none", compare->name, wanted);
	}
}

extern unsigned int probe_compare(const probe_t *probe,
				  const profile_t *profile,
				  probe_difference_t report, void *arg)
{
	compare_t compare = {
		.probe = probe,
		.profile = profile,
		.name = profile_name(profile),
		.report = report,
		.arg = arg,
	};
	const char *defect;

	for (unsigned int i = 0; (defect = probe_defect(probe, i)); i++)
		_say(&compare, "%s", defect);
	_instance(&compare);
	_devices(&compare);
	_efas(&compare);
	_numa(&compare);
	return compare.count;
}
