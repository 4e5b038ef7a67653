/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Variables of other accelerators */
static const char *const foreign[] = {
	"CUDA_VISIBLE_DEVICES",
	"ROCR_VISIBLE_DEVICES",
	"ZE_AFFINITY_MASK",
	"GPU_DEVICE_ORDINAL",
};

/* Append the ids first to first + count - 1; RET the new length, -1 */
static int _append_ids(char *buf, size_t size, int used, unsigned int first,
		       unsigned int count)
{
	for (unsigned int id = first; id < first + count; id++) {
		size_t room = size - (size_t) used;
		int n = snprintf(buf + used, room, "%s%u", used ? "," : "", id);

		if (n < 0 || (size_t) n >= room)
			return -1;
		used += n;
	}
	return used;
}

extern int launch_cores(devset_t devices, devset_t visible,
			unsigned int cores_per_device,
			conf_numbering_t numbering, char *buf, size_t size)
{
	int used = 0, base = 0;

	if (!buf || !size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	buf[0] = '\0';
	if (!cores_per_device || cores_per_device > LAUNCH_CORES_PER_DEVICE_MAX)
		return neuron_error_set(NULL, EINVAL, "cores per device");
	if (numbering == CONF_RELATIVE && devices) {
		if (devices & ~visible)
			return neuron_error_set(NULL, EINVAL, "not visible");
		base = devset_first(visible);
	}
	for (int i = devset_first(devices); i >= 0;
	     i = devset_next(devices, i)) {
		used = _append_ids(buf, size, used,
				   (unsigned int) (i - base) * cores_per_device,
				   cores_per_device);
		if (used < 0) {
			buf[0] = '\0';
			return neuron_error_set(NULL, ENOSPC, "no room");
		}
	}
	return used;
}

typedef struct {
	char cores[LAUNCH_CORES_MAX];
	char devices[DEVSET_TEXT_MAX];
	char number[16];
	char lnc[16];
} texts_t;

static int _write_texts(const launch_t *launch, texts_t *texts)
{
	unsigned int count = devset_count(launch->devices);

	texts->cores[0] = '\0';
	if (launch->ifaces &&
	    strnlen(launch->ifaces, LAUNCH_IFACES_MAX) == LAUNCH_IFACES_MAX)
		return neuron_error_set(NULL, ENOSPC, "no room");
	if (launch->devices &&
	    launch_cores(launch->devices, launch->visible,
			 launch->cores_per_device, launch->numbering,
			 texts->cores, sizeof(texts->cores)) < 0)
		return -1;
	if (devset_encode(launch->devices, texts->devices,
			  sizeof(texts->devices)) < 0)
		return -1;
	snprintf(texts->number, sizeof(texts->number), "%u",
		 count * launch->cores_per_device);
	snprintf(texts->lnc, sizeof(texts->lnc), "%u", launch->lnc);
	return 0;
}

static int _remove_foreign(launch_set_t set, void *arg)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (set(foreign[i], NULL, arg))
			return -1;
	}
	return 0;
}

extern int launch_environment(const launch_t *launch, launch_set_t set,
			      void *arg)
{
	const char *ifaces;
	texts_t texts;

	if (!launch || !set)
		return neuron_error_set(NULL, EINVAL, "no launch or set");
	if (_write_texts(launch, &texts))
		return -1;
	ifaces = (launch->ifaces && launch->ifaces[0]) ? launch->ifaces : NULL;
	if (set("NEURON_RT_VISIBLE_CORES", texts.cores, arg) ||
	    set("NEURON_RT_NUM_CORES", launch->devices ? texts.number : NULL,
		arg) ||
	    set("NEURON_LOGICAL_NC_CONFIG", launch->lnc ? texts.lnc : NULL,
		arg) ||
	    set("SLURM_NEURON_DEVICES", texts.devices, arg) ||
	    set("FI_EFA_IFACE", ifaces, arg))
		return -1;
	if (ifaces && set("FI_PROVIDER", "efa", arg))
		return -1;
	return launch->devices ? _remove_foreign(set, arg) : 0;
}
