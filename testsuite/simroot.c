/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * simroot: write the files of a simulated machine.
 *
 *	simroot [OPTION]... PROFILE.json DIRECTORY
 *
 * DIRECTORY then holds what a machine of that family has under /sys, /dev,
 * /proc and /opt, as far as a probe, a look at its health or libpci read it. It
 *must be empty, or not exist.
 *
 * Byte formats are those of aws-neuron-driver 2.25 to 2.30
 * (neuron_sysfs_metrics.c, neuron_cdev.c), of the PCI and node code of Linux
 * and of amzn-drivers' EFA. Where the profile does not know a PCI address,
 * the machine gets an invented one on a bus from 0x40 up.
 *
 * Device nodes are character devices with the numbers of /dev/null; without
 * the right to make them they are empty files.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/profile.h"

#define PATH_LENGTH 512
#define BREAKS_MAX 32
/* A broken machine may have one device more */
#define DEVICES_MAX (PROFILE_DEVICES_MAX + 1)
/* The buffer of the driver for connected_devices */
#define LINKS_SIZE 20
#define AMAZON 0x1d0f
#define GARBAGE_SIZE 4096
#define HUGE_SIZE (1024 * 1024)
#define FIRST_FREE_BUS 0x40
#define CLASS_SYSTEM 0x088000
#define CLASS_ETHERNET 0x020000
/* 9 characters for each 32 CPUs */
#define MAP_SIZE (PROFILE_CPUS_MAX / 32 * 9 + 1)
#define SERIAL 0x00c5f3a1b2d40000ULL

typedef enum { BREAK_GARBAGE, BREAK_EMPTY, BREAK_HUGE } break_kind_t;

typedef struct {
	break_kind_t kind;
	const char *suffix;
	bool done;
} file_break_t;

typedef struct {
	bool present;
	pci_address_t pci;
	int numa;
} function_t;

typedef struct {
	const profile_t *profile;
	const char *directory;
	/* options */
	unsigned int lnc;
	unsigned long long server_id;
	int node_id;
	const char *instance_id;
	/* versions; "": it is not installed */
	const char *driver, *runtime, *libfabric, *efa_driver;
	/* what is broken */
	devset_t no_device, no_efa, wrong_numa, not_device;
	bool wrong_cores, extra_device;
	bool counters; /* those of cores, too */
	unsigned int link_count;
	unsigned int links[BREAKS_MAX][2];
	unsigned int file_count;
	file_break_t files[BREAKS_MAX];
	/* the machine */
	unsigned int device_count;
	function_t devices[DEVICES_MAX];
	function_t efas[PROFILE_EFAS_MAX];
	bool bus_used[256];
} sim_t;

/* nftw() gives its callback no argument */
static sim_t *walked;

static void _die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

static void _die(const char *fmt, ...)
{
	va_list ap;

	fputs("simroot: ", stderr);
	va_start(ap, fmt);
	(void) vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/*
 * Files
 */

static void _format(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void _format(char *buf, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, size, fmt, ap);

	if (n < 0 || (size_t) n >= size)
		_die("a text is too long: %s", buf);
}

static void _full(const sim_t *sim, const char *path, char *full)
{
	int n = snprintf(full, PATH_LENGTH, "%s/%s", sim->directory, path);

	if (n < 0 || n >= PATH_LENGTH)
		_die("%s/%s: the path is too long", sim->directory, path);
}

static void _make_directory(char *full)
{
	if (mkdir(full, 0777) && errno != EEXIST)
		_die("%s: %s", full, strerror(errno));
}

/* Make the directories above a path and give its full path */
static void _prepare(const sim_t *sim, const char *path, char *full)
{
	static char made[PATH_LENGTH];
	size_t length;

	_full(sim, path, full);
	length = (size_t) (strrchr(full, '/') - full);
	if (!strncmp(full, made, length) && !made[length])
		return;
	for (char *slash = full + strlen(sim->directory);
	     (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		_make_directory(full);
		*slash = '/';
	}
	memcpy(made, full, length);
	made[length] = '\0';
}

static void _write(const char *full, const void *data, size_t size)
{
	FILE *file = fopen(full, "w");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		_die("%s: %s", full, strerror(errno));
}

static void _put(const sim_t *sim, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void _put(const sim_t *sim, const char *path, const char *fmt, ...)
{
	char full[PATH_LENGTH], text[4096];
	va_list ap;

	va_start(ap, fmt);
	_format(text, sizeof(text), fmt, ap);
	va_end(ap);
	_prepare(sim, path, full);
	_write(full, text, strlen(text));
}

static void _link(const sim_t *sim, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void _link(const sim_t *sim, const char *path, const char *fmt, ...)
{
	char full[PATH_LENGTH], target[PATH_LENGTH];
	va_list ap;

	va_start(ap, fmt);
	_format(target, sizeof(target), fmt, ap);
	va_end(ap);
	_prepare(sim, path, full);
	if (symlink(target, full))
		_die("%s: %s", full, strerror(errno));
}

static const char *_path(char *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static const char *_path(char *buf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	_format(buf, PATH_LENGTH, fmt, ap);
	va_end(ap);
	return buf;
}

static void _node(const sim_t *sim, const char *path, bool plain)
{
	char full[PATH_LENGTH];

	_prepare(sim, path, full);
	if (!plain && !mknod(full, S_IFCHR | 0666, makedev(1, 3))) {
		if (chmod(full, 0666))
			_die("%s: %s", full, strerror(errno));
		return;
	}
	if (!plain && errno != EPERM && errno != EACCES)
		_die("%s: %s", full, strerror(errno));
	_write(full, "", 0);
}

/*
 * CPUs
 */

static unsigned int _cpu_count(const profile_t *profile)
{
	return profile_sockets(profile) * profile_cores_per_socket(profile) *
	       profile_threads_per_core(profile);
}

/* The list of a NUMA node; of -1, or when that is not known, all */
static const char *_cpu_list(const sim_t *sim, int numa, char *buf)
{
	const char *cpus = NULL;

	if (numa >= 0)
		cpus = profile_numa_cpus(sim->profile, (unsigned int) numa);
	if (cpus)
		return cpus;
	return _path(buf, "0-%u", _cpu_count(sim->profile) - 1);
}

static void _set_cpus(const char *list, bool *set)
{
	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < PROFILE_CPUS_MAX; first++)
			set[first] = true;
		list = end + (*end == ',');
		if (*end && *end != ',')
			_die("\"%s\" is no list of CPUs", list);
	}
}

/* As the kernel prints masks: groups of 32 bits, the highest first */
static void _cpu_map(const sim_t *sim, const char *list, char *map)
{
	bool set[PROFILE_CPUS_MAX] = {false};
	unsigned int bits = _cpu_count(sim->profile), used = 0;
	unsigned int groups = (bits + 31) / 32;

	_set_cpus(list, set);
	for (unsigned int group = groups; group-- > 0;) {
		unsigned int width = 32, value = 0;

		if (group == groups - 1 && bits % 32)
			width = bits % 32;
		for (unsigned int i = 0; i < width; i++)
			value |= (unsigned int) set[group * 32 + i] << i;
		used += (unsigned int) snprintf(map + used, MAP_SIZE - used,
						"%0*x%s", (int) (width + 3) / 4,
						value, group ? "," : "");
	}
}

/* The kernel keeps a thirty-second for itself */
static void _write_meminfo(const sim_t *sim, unsigned int node,
			   unsigned int count)
{
	unsigned long long mib = profile_host_memory_mib(sim->profile);
	unsigned long long kib = (mib - mib / 32) * 1024 / count;
	char path[PATH_LENGTH];

	if (!mib)
		return;
	_put(sim, _path(path, "sys/devices/system/node/node%u/meminfo", node),
	     "Node %u MemTotal:       %8llu kB\n"
	     "Node %u MemFree:        %8llu kB\n",
	     node, kib, node, kib / 2);
}

static void _write_numa(const sim_t *sim)
{
	unsigned int count = profile_numa_count(sim->profile);

	for (unsigned int i = 0; i < count; i++) {
		char path[PATH_LENGTH], buf[PATH_LENGTH], map[MAP_SIZE];
		const char *list = _cpu_list(sim, (int) i, buf);

		_cpu_map(sim, list, map);
		_put(sim,
		     _path(path, "sys/devices/system/node/node%u/cpumap", i),
		     "%s\n", map);
		_put(sim,
		     _path(path, "sys/devices/system/node/node%u/cpulist", i),
		     "%s\n", list);
		_write_meminfo(sim, i, count);
	}
	_put(sim, "sys/devices/system/node/online",
	     (count > 1) ? "0-%u\n" : "%u\n", count - 1);
}

/*
 * PCI functions
 */

static void _pci_directory(const pci_address_t *pci, char *buf)
{
	_path(buf, "devices/pci%04x:%02x/%04x:%02x:%02x.%x", pci->domain,
	      pci->bus, pci->domain, pci->bus, pci->device, pci->function);
}

static void _put16(unsigned char *at, unsigned int value)
{
	at[0] = value & 0xff;
	at[1] = value >> 8 & 0xff;
}

/* The standard header of configuration space */
static void _write_config(const sim_t *sim, const char *path, unsigned int id,
			  unsigned int class)
{
	unsigned char config[256] = {0};
	char full[PATH_LENGTH];

	_put16(config + 0x00, AMAZON);
	_put16(config + 0x02, id);
	_put16(config + 0x04, 0x0006); /* memory, bus master */
	_put16(config + 0x06, 0x0010); /* has capabilities */
	config[0x09] = class & 0xff;
	_put16(config + 0x0a, class >> 8);
	_put16(config + 0x2c, AMAZON);
	_put16(config + 0x2e, id);
	_prepare(sim, path, full);
	_write(full, config, sizeof(config));
}

static void _write_resources(const sim_t *sim, const char *path)
{
	static const char none[] =
		"0x0000000000000000 0x0000000000000000 0x0000000000000000";

	_put(sim, path, "%s\n%s\n%s\n%s\n%s\n%s\n%s\n", none, none, none, none,
	     none, none, none);
}

static void _write_function(const sim_t *sim, const function_t *function,
			    unsigned int id, unsigned int class,
			    const char *driver)
{
	char dir[PATH_LENGTH / 2], path[PATH_LENGTH], buf[PATH_LENGTH];
	char name[PCI_ADDRESS_TEXT_MAX], map[MAP_SIZE];
	const char *list = _cpu_list(sim, function->numa, buf);

	_pci_directory(&function->pci, dir);
	(void) pci_address_encode(&function->pci, name, sizeof(name));
	_cpu_map(sim, list, map);
	_put(sim, _path(path, "sys/%s/vendor", dir), "0x%04x\n", AMAZON);
	_put(sim, _path(path, "sys/%s/device", dir), "0x%04x\n", id);
	_put(sim, _path(path, "sys/%s/subsystem_vendor", dir), "0x%04x\n",
	     AMAZON);
	_put(sim, _path(path, "sys/%s/subsystem_device", dir), "0x%04x\n", id);
	_put(sim, _path(path, "sys/%s/class", dir), "0x%06x\n", class);
	_put(sim, _path(path, "sys/%s/revision", dir), "0x00\n");
	_put(sim, _path(path, "sys/%s/irq", dir), "0\n");
	_put(sim, _path(path, "sys/%s/numa_node", dir), "%d\n", function->numa);
	_put(sim, _path(path, "sys/%s/local_cpulist", dir), "%s\n", list);
	_put(sim, _path(path, "sys/%s/local_cpus", dir), "%s\n", map);
	_write_resources(sim, _path(path, "sys/%s/resource", dir));
	_write_config(sim, _path(path, "sys/%s/config", dir), id, class);
	_link(sim, _path(path, "sys/%s/subsystem", dir), "../../../bus/pci");
	_link(sim, _path(path, "sys/%s/driver", dir),
	      "../../../bus/pci/drivers/%s", driver);
	_link(sim, _path(path, "sys/bus/pci/devices/%s", name), "../../../%s",
	      dir);
	_link(sim, _path(path, "sys/bus/pci/drivers/%s/%s", driver, name),
	      "../../../../%s", dir);
}

static void _invent_address(sim_t *sim, pci_address_t *pci)
{
	unsigned int bus = FIRST_FREE_BUS;

	while (bus < 255 && sim->bus_used[bus])
		bus++;
	sim->bus_used[bus] = true;
	*pci = (pci_address_t){.bus = (uint8_t) bus};
}

/*
 * Neuron devices
 */

typedef struct {
	const char *device_name;
	const char *core;
	unsigned int pci_id;
} chip_t;

/* aws-neuron-driver 2.25, v1 to v4/neuron_dhal_v*.c and neuron_pci.c */
static const chip_t *_chip(const profile_t *profile)
{
	static const chip_t chips[] = {
		{"Inferentia", "NCv1", 0x7064},  {"Trainium1", "NCv2", 0x7164},
		{"Inferentia2", "NCv2", 0x7264}, {"Trainium2", "NCv3", 0x7364},
		{"Trainium3", "NCv4", 0x7564},
	};

	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		if (!strcmp(chips[i].device_name, profile_device_name(profile)))
			return &chips[i];
	}
	_die("profile %s: no known device is named \"%s\"",
	     profile_name(profile), profile_device_name(profile));
}

static unsigned int _present_devices(const sim_t *sim)
{
	unsigned int present = 0;

	for (unsigned int i = 0; i < sim->device_count; i++)
		present += sim->devices[i].present;
	return present;
}

static bool _link_is_broken(const sim_t *sim, unsigned int a, unsigned int b)
{
	for (unsigned int i = 0; i < sim->link_count; i++) {
		if (sim->links[i][0] == a && sim->links[i][1] == b)
			return true;
	}
	return false;
}

/*
 * The driver chooses its table of neighbours by the number of devices that it
 * found, and has none for unusual numbers; a list that with its null byte does
 * not fit into 20 bytes is not printed at all.
 */
static void _write_links(const sim_t *sim, unsigned int device,
			 const char *path)
{
	unsigned int list[PROFILE_DEVICES_MAX], count = 0;
	char text[PROFILE_DEVICES_MAX * 4 + 2] = "";
	size_t used = 0;

	if (_present_devices(sim) == profile_device_count(sim->profile))
		count = profile_driver_neighbours(sim->profile, device, list);
	for (unsigned int i = 0; i < count; i++) {
		if (!_link_is_broken(sim, device, list[i]))
			used += (size_t) snprintf(text + used,
						  sizeof(text) - used, "%s%u",
						  used ? ", " : "", list[i]);
	}
	if (used + 1 >= LINKS_SIZE)
		_put(sim, path, "%s", "");
	else
		_put(sim, path, "%s\n", text);
}

static unsigned int _core_count(const sim_t *sim, unsigned int device)
{
	unsigned int cores = profile_physical_cores(sim->profile);

	return (sim->wrong_cores && !device) ? cores + 1 : cores;
}

static void _write_info(const sim_t *sim, unsigned int device, const char *dir)
{
	unsigned long long serial =
		SERIAL + device +
		(sim->node_id > 0 ? (unsigned int) sim->node_id * 64 : 0);
	char path[PATH_LENGTH];

	_put(sim, _path(path, "%s/info/notify_delay", dir), "-1\n");
	_put(sim, _path(path, "%s/info/serial_number", dir), "%016llx\n",
	     serial);
	_put(sim, _path(path, "%s/info/architecture/arch_type", dir), "%s\n",
	     profile_arch_type(sim->profile));
	_put(sim, _path(path, "%s/info/architecture/instance_type", dir),
	     "%s\n", profile_instance_type(sim->profile));
	_put(sim, _path(path, "%s/info/architecture/device_name", dir), "%s\n",
	     profile_device_name(sim->profile));
}

/* Trainium2 and later */
static void _write_health(const sim_t *sim, const char *dir)
{
	char path[PATH_LENGTH];

	_put(sim,
	     _path(path, "%s/stats/hardware/health_status/unhealthy_components",
		   dir),
	     "\n");
	_put(sim,
	     _path(path, "%s/stats/hardware/health_status/hw_error_event", dir),
	     "0\n");
	_put(sim,
	     _path(path,
		   "%s/stats/hardware/health_status/healthcheck_heartbeat",
		   dir),
	     "1\n");
}

/* As many files as the rest of the machine, so only where they are wanted */
static void _write_core_counters(const sim_t *sim, unsigned int device,
				 const char *dir)
{
	static const char *const files[] = {
		"stats/status/hw_error/total",
		"stats/status/hw_collectives_error/total",
		"stats/status/hw_hbm_ue_error/total",
		"stats/status/hw_nc_ue_error/total",
		"stats/status/hw_dma_abort_error/total",
		"stats/status/hw_repairable_hbm_ue_error/total",
		"stats/status/timeout/total",
		"stats/other_info/nc_time_in_use/total",
		"stats/memory_usage/device_mem/present",
	};
	char path[PATH_LENGTH];

	for (unsigned int core = 0; core < _core_count(sim, device); core++) {
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
			_put(sim,
			     _path(path, "%s/neuron_core%u/%s", dir, core,
				   files[i]),
			     "0\n");
	}
}

static void _write_device_sysfs(const sim_t *sim, unsigned int device)
{
	static const char *const counters[] = {
		"sram_ecc_uncorrected",
		"mem_ecc_uncorrected",
		"mem_ecc_repairable_uncorrected",
		"sram_ecc_corrected",
		"mem_ecc_corrected",
	};
	char dir[PATH_LENGTH / 2], path[PATH_LENGTH];

	_path(dir, "sys/devices/virtual/neuron_device/neuron%u", device);
	_put(sim, _path(path, "%s/core_count", dir), "%u",
	     _core_count(sim, device));
	_write_links(sim, device, _path(path, "%s/connected_devices", dir));
	_put(sim, _path(path, "%s/reset", dir), "1\n");
	_write_info(sim, device, dir);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		_put(sim, _path(path, "%s/stats/hardware/%s", dir, counters[i]),
		     "0\n");
	if (profile_lnc_is_legal(sim->profile, 2))
		_write_health(sim, dir);
	for (unsigned int i = 0; i < _core_count(sim, device); i++)
		_put(sim,
		     _path(path, "%s/neuron_core%u/info/architecture/arch_type",
			   dir, i),
		     "%s\n", _chip(sim->profile)->core);
	if (sim->counters)
		_write_core_counters(sim, device, dir);
	_link(sim, _path(path, "%s/subsystem", dir),
	      "../../../../class/neuron_device");
	_link(sim, _path(path, "sys/class/neuron_device/neuron%u", device),
	      "../../devices/virtual/neuron_device/neuron%u", device);
}

static void _write_devices(const sim_t *sim)
{
	unsigned int id = profile_device_pci_id(sim->profile);

	if (!id)
		id = _chip(sim->profile)->pci_id;
	for (unsigned int i = 0; i < sim->device_count; i++) {
		char path[PATH_LENGTH];

		if (!sim->devices[i].present)
			continue;
		_write_function(sim, &sim->devices[i], id, CLASS_SYSTEM,
				"neuron-driver");
		_write_device_sysfs(sim, i);
		_node(sim, _path(path, "dev/neuron%u", i),
		      sim->not_device & devset_of(i));
	}
}

/*
 * EFA interfaces
 */

/* The name that udev gives by rdma-core's rule */
static void _verbs_name(const pci_address_t *pci, char *buf)
{
	if (pci->domain)
		_path(buf, "rdmaP%up%us%u", pci->domain, pci->bus, pci->device);
	else
		_path(buf, "rdmap%us%u", pci->bus, pci->device);
}

/* amzn-drivers r2.17.0, kernel/linux/efa/src/efa_verbs.c */
static void _write_efa_counters(const sim_t *sim, const char *dir)
{
	static const char *const port[] = {
		"tx_bytes",
		"tx_pkts",
		"rx_bytes",
		"rx_pkts",
		"rx_drops",
		"send_bytes",
		"send_wrs",
		"recv_bytes",
		"recv_wrs",
		"rdma_read_wrs",
		"rdma_read_bytes",
		"rdma_read_wr_err",
		"rdma_read_resp_bytes",
		"rdma_write_wrs",
		"rdma_write_bytes",
		"rdma_write_wr_err",
		"rdma_write_recv_bytes",
		"retrans_bytes",
		"retrans_pkts",
		"retrans_timeout_events",
		"unresponsive_remote_events",
		"impaired_remote_conn_events",
	};
	static const char *const device[] = {
		"submitted_cmds",     "completed_cmds",  "cmds_err",
		"no_completion_cmds", "keep_alive_rcvd", "alloc_pd_err",
		"create_qp_err",      "create_cq_err",   "reg_mr_err",
		"alloc_ucontext_err", "create_ah_err",   "mmap_err",
	};
	char path[PATH_LENGTH];

	for (size_t i = 0; i < sizeof(port) / sizeof(port[0]); i++)
		_put(sim,
		     _path(path, "%s/ports/1/hw_counters/%s", dir, port[i]),
		     "0\n");
	for (size_t i = 0; i < sizeof(device) / sizeof(device[0]); i++)
		_put(sim, _path(path, "%s/hw_counters/%s", dir, device[i]),
		     "0\n");
}

static void _write_efa(const sim_t *sim, const function_t *efa,
		       unsigned int number)
{
	unsigned int id = profile_efa_pci_id(sim->profile);
	char dir[PATH_LENGTH / 2], name[PATH_LENGTH], path[PATH_LENGTH];
	char address[PCI_ADDRESS_TEXT_MAX];

	_pci_directory(&efa->pci, dir);
	(void) pci_address_encode(&efa->pci, address, sizeof(address));
	_verbs_name(&efa->pci, name);
	_write_function(sim, efa, id ? id : 0xefa2, CLASS_ETHERNET, "efa");
	_link(sim, _path(path, "sys/%s/infiniband/%.32s/device", dir, name),
	      "../../../%s", address);
	_put(sim,
	     _path(path, "sys/%s/infiniband/%.32s/ports/1/state", dir, name),
	     "4: ACTIVE\n");
	_write_efa_counters(sim,
			    _path(path, "sys/%s/infiniband/%.32s", dir, name));
	_link(sim, _path(path, "sys/class/infiniband/%.32s", name),
	      "../../%s/infiniband/%.32s", dir, name);
	_put(sim,
	     _path(path, "sys/%s/infiniband_verbs/uverbs%u/ibdev", dir, number),
	     "%s\n", name);
	_link(sim,
	      _path(path, "sys/%s/infiniband_verbs/uverbs%u/device", dir,
		    number),
	      "../../../%s", address);
	_link(sim, _path(path, "sys/class/infiniband_verbs/uverbs%u", number),
	      "../../%s/infiniband_verbs/uverbs%u", dir, number);
	_node(sim, _path(path, "dev/infiniband/uverbs%u", number), false);
}

/* The kernel numbers them as it finds them, in order of PCI address */
static void _write_efas(const sim_t *sim)
{
	unsigned int count = profile_efa_count(sim->profile);

	for (unsigned int i = 0; i < count; i++) {
		unsigned int number = 0;

		if (!sim->efas[i].present)
			continue;
		for (unsigned int j = 0; j < count; j++) {
			if (sim->efas[j].present &&
			    pci_address_compare(&sim->efas[j].pci,
						&sim->efas[i].pci) < 0)
				number++;
		}
		_write_efa(sim, &sim->efas[i], number);
	}
}

/*
 * The machine as a whole
 */

/* An instance in a server of four, joined by NeuronLink */
static void _write_ultraserver(const sim_t *sim)
{
	static const char dir[] = "sys/class/neuron_device";
	bool member = sim->node_id >= 0;
	/* The second pair has an id of its own */
	unsigned long long pair =
		sim->server_id - (member && sim->node_id >= 2);
	char path[PATH_LENGTH];

	_put(sim, _path(path, "%s/node_id_2", dir), "%d\n",
	     member ? sim->node_id % 2 : -1);
	_put(sim, _path(path, "%s/node_id_4", dir), "%d\n", sim->node_id);
	_put(sim, _path(path, "%s/server_id_2", dir), "%016llx\n", pair);
	_put(sim, _path(path, "%s/server_id_4", dir), "%016llx\n",
	     sim->server_id);
	_put(sim, _path(path, "%s/ultraserver_mode", dir),
	     member ? "1,3,4\n" : "4\n");
}

static bool _has_ultraserver_files(const profile_t *profile)
{
	return profile_ultraserver_size(profile) == 4 &&
	       !strcmp(profile_device_name(profile), "Trainium2");
}

/* As the packages aws-neuronx-runtime-lib and libfabric-aws-dev have it */
static void _write_software(const sim_t *sim)
{
	static const char dir[] = "opt/aws/neuron/lib/libnrt.so";
	char path[PATH_LENGTH];

	if (*sim->driver)
		_put(sim, "sys/module/neuron/version", "%s\n", sim->driver);
	if (*sim->efa_driver && profile_efa_count(sim->profile))
		_put(sim, "sys/module/efa/version", "%s\n", sim->efa_driver);
	if (*sim->libfabric && profile_efa_count(sim->profile))
		_put(sim, "opt/amazon/efa/lib64/pkgconfig/libfabric.pc",
		     "prefix=/opt/amazon/efa\n\nName: libfabric\n"
		     "Description: OFI-WG libfabric\nVersion: %s\n",
		     sim->libfabric);
	if (!*sim->runtime)
		return;
	_put(sim, _path(path, "%s.%s", dir, sim->runtime), "%s", "");
	_link(sim, _path(path, "%s.1", dir), "libnrt.so.%s", sim->runtime);
	_link(sim, dir, "libnrt.so.1");
}

static void _write_machine(const sim_t *sim)
{
	const char *instance = profile_instance(sim->profile, 0);

	_put(sim, "sys/devices/virtual/dmi/id/product_name", "%s\n",
	     instance ? instance : profile_name(sim->profile));
	_put(sim, "sys/devices/virtual/dmi/id/board_asset_tag", "%s\n",
	     sim->instance_id ? sim->instance_id : "Amazon EC2");
	_link(sim, "sys/class/dmi/id", "../../devices/virtual/dmi/id");
	_put(sim, "proc/sys/kernel/random/boot_id",
	     "00000000-0000-4000-8000-%012llx\n",
	     (unsigned long long) (sim->node_id + 1));
	/* The kernel's log; a test adds records */
	_put(sim, "dev/kmsg", "5,0,0,-;Linux version 6.1.0\n");
	_write_software(sim);
	if (sim->lnc)
		_put(sim, "opt/aws/neuron/logical_nc_config",
		     "NEURON_LOGICAL_NC_CONFIG=%u\n", sim->lnc);
	_write_numa(sim);
	_write_devices(sim);
	_write_efas(sim);
	if (_has_ultraserver_files(sim->profile))
		_write_ultraserver(sim);
}

/* Decide addresses, NUMA nodes and what is there */
static void _plan_devices(sim_t *sim)
{
	unsigned int count = profile_device_count(sim->profile);

	sim->device_count = count + sim->extra_device;
	for (unsigned int i = 0; i < sim->device_count; i++) {
		function_t *device = &sim->devices[i];

		device->present = !(sim->no_device & devset_of(i));
		device->numa = profile_device_numa(sim->profile, i);
		if (profile_device_pci(sim->profile, i, &device->pci))
			_invent_address(sim, &device->pci);
	}
}

static void _plan_efas(sim_t *sim)
{
	unsigned int count = profile_efa_count(sim->profile);
	unsigned int nodes = profile_numa_count(sim->profile);

	for (unsigned int i = 0; i < count; i++) {
		devset_t devices = profile_devices_of_efa(sim->profile, i);
		function_t *efa = &sim->efas[i];

		efa->present = !(sim->no_efa & devset_of(i));
		efa->numa = profile_device_numa(
			sim->profile, (unsigned int) devset_first(devices));
		if (profile_efa_pci(sim->profile, i, &efa->pci))
			_invent_address(sim, &efa->pci);
		if (!(sim->wrong_numa & devset_of(i)))
			continue;
		if (efa->numa < 0 || nodes < 2)
			_die("wrong-numa=%u: profile %s knows no NUMA node of "
			     "efa%u",
			     i, profile_name(sim->profile), i);
		efa->numa = (efa->numa + 1) % (int) nodes;
	}
}

static void _plan(sim_t *sim)
{
	pci_address_t pci;

	for (unsigned int i = 0; i < profile_device_count(sim->profile); i++) {
		if (!profile_device_pci(sim->profile, i, &pci))
			sim->bus_used[pci.bus] = true;
	}
	for (unsigned int i = 0; i < profile_efa_count(sim->profile); i++) {
		if (!profile_efa_pci(sim->profile, i, &pci))
			sim->bus_used[pci.bus] = true;
	}
	_plan_devices(sim);
	_plan_efas(sim);
}

/*
 * Broken files
 */

/* The same bytes each time, some of them null */
static void _spoil(const char *full, break_kind_t kind)
{
	static unsigned char bytes[HUGE_SIZE];
	unsigned int seed = 1;

	switch (kind) {
	case BREAK_GARBAGE:
		for (size_t i = 0; i < GARBAGE_SIZE; i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = seed >> 16 & 0xff;
		}
		_write(full, bytes, GARBAGE_SIZE);
		break;
	case BREAK_EMPTY:
		_write(full, bytes, 0);
		break;
	case BREAK_HUGE:
		memset(bytes, '9', sizeof(bytes));
		_write(full, bytes, sizeof(bytes));
		break;
	}
}

static int _visit(const char *full, const struct stat *st, int type,
		  struct FTW *ftw)
{
	size_t length = strlen(full);

	(void) ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	for (unsigned int i = 0; i < walked->file_count; i++) {
		file_break_t *file = &walked->files[i];
		size_t suffix = strlen(file->suffix);

		if (suffix >= length || full[length - suffix - 1] != '/' ||
		    strcmp(full + length - suffix, file->suffix))
			continue;
		_spoil(full, file->kind);
		file->done = true;
	}
	return 0;
}

static void _break_files(sim_t *sim)
{
	walked = sim;
	if (!sim->file_count)
		return;
	if (nftw(sim->directory, _visit, 16, FTW_PHYS))
		_die("%s: %s", sim->directory, strerror(errno));
	for (unsigned int i = 0; i < sim->file_count; i++) {
		if (!sim->files[i].done)
			_die("--break: no file of this machine ends with /%s",
			     sim->files[i].suffix);
	}
}

/*
 * Arguments
 */

static unsigned int _number(const char *option, const char *text,
			    unsigned int limit)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value >= limit) {
		if (limit)
			_die("%s: \"%s\" is not a number from 0 to %u", option,
			     text, limit - 1);
		_die("%s: this machine has none", option);
	}
	return (unsigned int) value;
}

static void _break_link(sim_t *sim, const char *value)
{
	unsigned int list[PROFILE_DEVICES_MAX], count, a, b;
	const char *dash = strchr(value, '-');
	char first[16];

	if (!dash || dash - value >= (long) sizeof(first) ||
	    sim->link_count == BREAKS_MAX)
		_die("--break link=%s: it must be like link=0-1", value);
	memcpy(first, value, (size_t) (dash - value));
	first[dash - value] = '\0';
	count = profile_device_count(sim->profile);
	a = _number("--break link", first, count);
	b = _number("--break link", dash + 1, count);
	count = profile_driver_neighbours(sim->profile, a, list);
	for (unsigned int i = 0; i < count; i++) {
		if (list[i] != b)
			continue;
		sim->links[sim->link_count][0] = a;
		sim->links[sim->link_count++][1] = b;
		return;
	}
	_die("--break link=%s: the driver lists no such link", value);
}

static void _break_file(sim_t *sim, break_kind_t kind, const char *suffix)
{
	if (!*suffix || sim->file_count == BREAKS_MAX)
		_die("--break: up to %d files, each with a name", BREAKS_MAX);
	sim->files[sim->file_count++] =
		(file_break_t){.kind = kind, .suffix = suffix};
}

/* RET true: the text is KEY=VALUE */
static bool _key(const char *text, const char *key, const char **value)
{
	size_t length = strlen(key);

	if (strncmp(text, key, length) || text[length] != '=')
		return false;
	*value = text + length + 1;
	return true;
}

static void _break(sim_t *sim, const char *what)
{
	unsigned int devices = profile_device_count(sim->profile);
	unsigned int efas = profile_efa_count(sim->profile);
	const char *value = NULL;

	if (_key(what, "no-device", &value))
		sim->no_device |= devset_of(_number(what, value, devices));
	else if (_key(what, "no-efa", &value))
		sim->no_efa |= devset_of(_number(what, value, efas));
	else if (_key(what, "link", &value))
		_break_link(sim, value);
	else if (_key(what, "garbage", &value))
		_break_file(sim, BREAK_GARBAGE, value);
	else if (_key(what, "empty", &value))
		_break_file(sim, BREAK_EMPTY, value);
	else if (_key(what, "huge", &value))
		_break_file(sim, BREAK_HUGE, value);
	else if (!strcmp(what, "wrong-cores"))
		sim->wrong_cores = true;
	else if (_key(what, "wrong-numa", &value))
		sim->wrong_numa |= devset_of(_number(what, value, efas));
	else if (_key(what, "node-not-device", &value))
		sim->not_device |= devset_of(_number(what, value, devices));
	else if (!strcmp(what, "extra-device"))
		sim->extra_device = true;
	else
		_die("--break %s: nothing known can be broken like that; see "
		     "--help",
		     what);
}

static void _usage(void)
{
	fputs("Usage: simroot [OPTION]... PROFILE.json DIRECTORY\n"
	      "Write the files of a simulated machine into DIRECTORY, which "
	      "must be empty or new.\n\n"
	      "  --lnc N               default LNC of the machine\n"
	      "  --server-id HEX       UltraServer that it belongs to\n"
	      "  --node-id N           its number there, 0 to 3\n"
	      "  --instance-id ID      EC2 instance id, i-...\n"
	      "  --counters            also the counters of cores, all 0\n"
	      "  --driver VERSION      of the Neuron driver, 2.30.2.0\n"
	      "  --runtime VERSION     of libnrt.so, 2.34.10.0\n"
	      "  --libfabric VERSION   where there are EFA interfaces,\n"
	      "                        2.1.0amzn3.0\n"
	      "  --efa-driver VERSION  there, 2.17.2g\n"
	      "                        '' for each: it is not installed\n"
	      "  --break WHAT          something is wrong; may be repeated:\n"
	      "      no-device=N       neuron N is not there\n"
	      "      no-efa=N          efa N is not there\n"
	      "      link=A-B          neuron A does not list neuron B\n"
	      "      wrong-cores       neuron 0 has a core too many\n"
	      "      wrong-numa=N      efa N is on another NUMA node\n"
	      "      node-not-device=N /dev/neuronN is an empty file\n"
	      "      extra-device      one device too many\n"
	      "      garbage=FILE      4 KiB of random bytes in files whose\n"
	      "                        path ends with /FILE\n"
	      "      empty=FILE        nothing in them\n"
	      "      huge=FILE         1 MiB of '9' in them\n",
	      stdout);
}

static void _server_option(sim_t *sim, const char *text)
{
	char *end;

	errno = 0;
	sim->server_id = strtoull(text, &end, 16);
	if (strspn(text, "0123456789abcdefABCDEF") != strlen(text) || !*text ||
	    errno || !sim->server_id)
		_die("--server-id %s: it must be up to 16 hexadecimal digits, "
		     "not 0",
		     text);
}

static void _make_root(const char *directory)
{
	struct dirent *entry;
	DIR *dir;

	if (mkdir(directory, 0777) && errno != EEXIST)
		_die("%s: %s", directory, strerror(errno));
	dir = opendir(directory);
	if (!dir)
		_die("%s: %s", directory, strerror(errno));
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			_die("%s: it must be empty", directory);
	}
	(void) closedir(dir);
}

typedef struct {
	const char *breaks[BREAKS_MAX];
	unsigned int break_count;
	const char *lnc, *server_id, *node_id, *instance_id;
	bool counters;
	const char *driver, *runtime, *libfabric, *efa_driver;
} options_t;

static void _parse(int argc, char **argv, options_t *options)
{
	static const struct option known[] = {
		{"break", required_argument, NULL, 'b'},
		{"lnc", required_argument, NULL, 'l'},
		{"server-id", required_argument, NULL, 's'},
		{"node-id", required_argument, NULL, 'n'},
		{"instance-id", required_argument, NULL, 'i'},
		{"counters", no_argument, NULL, 'c'},
		{"driver", required_argument, NULL, 'D'},
		{"runtime", required_argument, NULL, 'R'},
		{"libfabric", required_argument, NULL, 'L'},
		{"efa-driver", required_argument, NULL, 'E'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'b' && options->break_count < BREAKS_MAX)
			options->breaks[options->break_count++] = optarg;
		else if (option == 'l')
			options->lnc = optarg;
		else if (option == 's')
			options->server_id = optarg;
		else if (option == 'n')
			options->node_id = optarg;
		else if (option == 'i')
			options->instance_id = optarg;
		else if (option == 'c')
			options->counters = true;
		else if (option == 'D')
			options->driver = optarg;
		else if (option == 'R')
			options->runtime = optarg;
		else if (option == 'L')
			options->libfabric = optarg;
		else if (option == 'E')
			options->efa_driver = optarg;
		else if (option == 'h') {
			_usage();
			exit(0);
		} else {
			_die("try simroot --help");
		}
	}
	if (argc - optind != 2)
		_die("give a profile and a directory; try simroot --help");
}

static void _apply(sim_t *sim, const options_t *options)
{
	if (options->lnc)
		sim->lnc = _number("--lnc", options->lnc, 9);
	if (options->lnc && !profile_lnc_is_legal(sim->profile, sim->lnc))
		_die("--lnc %s: profile %s allows no such LNC", options->lnc,
		     profile_name(sim->profile));
	if (!options->server_id != !options->node_id)
		_die("--server-id and --node-id go together");
	if (options->server_id && !_has_ultraserver_files(sim->profile))
		_die("--server-id: profile %s is not for trn2 UltraServers",
		     profile_name(sim->profile));
	sim->counters = options->counters;
	sim->instance_id = options->instance_id;
	sim->driver = options->driver;
	sim->runtime = options->runtime;
	sim->libfabric = options->libfabric;
	sim->efa_driver = options->efa_driver;
	sim->node_id = -1;
	if (options->server_id) {
		_server_option(sim, options->server_id);
		sim->node_id = (int) _number("--node-id", options->node_id, 4);
	}
	for (unsigned int i = 0; i < options->break_count; i++)
		_break(sim, options->breaks[i]);
}

int main(int argc, char **argv)
{
	static sim_t sim;
	options_t options = {.driver = "2.30.2.0",
			     .runtime = "2.34.10.0",
			     .libfabric = "2.1.0amzn3.0",
			     .efa_driver = "2.17.2g"};
	neuron_error_t err;
	profile_t *profile;

	_parse(argc, argv, &options);
	profile = profile_read(argv[optind], &err);
	if (!profile)
		_die("%s", err.text);
	sim.profile = profile;
	sim.directory = argv[optind + 1];
	_apply(&sim, &options);
	_plan(&sim);
	_make_root(sim.directory);
	_write_machine(&sim);
	_break_files(&sim);
	profile_destroy(profile);
	return 0;
}
