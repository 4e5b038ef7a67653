/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "sysfs.h"

#define PATH_SIZE 256
#define EVENT_FILE "stats/hardware/health_status/hw_error_event"
#define HEARTBEAT_FILE "stats/hardware/health_status/healthcheck_heartbeat"
#define UNREACHABLE "device_unreachable"

typedef struct {
	const char *name;
	reading_subject_t subject;
	reading_kind_t kind;
	/* of a counter, below the directory of the device or interface */
	const char *file;
} signal_t;

static const signal_t signals[SIGNALS] = {
	[SIGNAL_DEVICE_MISSING] = {"device_missing", READING_DEVICE,
				   READING_LEVEL, NULL},
	[SIGNAL_DEVICE_UNREACHABLE] = {"device_unreachable", READING_DEVICE,
				       READING_LEVEL, NULL},
	[SIGNAL_IN_RESET] = {"in_reset", READING_DEVICE, READING_LEVEL, NULL},
	[SIGNAL_RESET_FAILED] = {"reset_failed", READING_DEVICE, READING_LEVEL,
				 NULL},
	[SIGNAL_MALFORMED] = {"malformed", READING_DEVICE, READING_LEVEL, NULL},
	[SIGNAL_UNHEALTHY_COMPONENTS] = {"unhealthy_components", READING_DEVICE,
					 READING_LEVEL, NULL},
	[SIGNAL_SRAM_ECC_UNCORRECTED] = {"sram_ecc_uncorrected", READING_DEVICE,
					 READING_COUNTER,
					 "stats/hardware/sram_ecc_uncorrected"},
	[SIGNAL_MEM_ECC_UNCORRECTED] = {"mem_ecc_uncorrected", READING_DEVICE,
					READING_COUNTER,
					"stats/hardware/mem_ecc_uncorrected"},
	[SIGNAL_MEM_ECC_REPAIRABLE_UNCORRECTED] =
		{"mem_ecc_repairable_uncorrected", READING_DEVICE,
		 READING_COUNTER,
		 "stats/hardware/mem_ecc_repairable_uncorrected"},
	[SIGNAL_SRAM_ECC_CORRECTED] = {"sram_ecc_corrected", READING_DEVICE,
				       READING_COUNTER,
				       "stats/hardware/sram_ecc_corrected"},
	[SIGNAL_MEM_ECC_CORRECTED] = {"mem_ecc_corrected", READING_DEVICE,
				      READING_COUNTER,
				      "stats/hardware/mem_ecc_corrected"},
	[SIGNAL_HW_ERROR_EVENT] = {"hw_error_event", READING_DEVICE,
				   READING_COUNTER, EVENT_FILE},
	[SIGNAL_KERNEL_ERROR] = {"kernel_error", READING_DEVICE, READING_EVENT,
				 NULL},
	[SIGNAL_EFA_MISSING] = {"efa_missing", READING_EFA, READING_LEVEL,
				NULL},
	[SIGNAL_EFA_PORT_DOWN] = {"efa_port_down", READING_EFA, READING_LEVEL,
				  NULL},
	[SIGNAL_EFA_MALFORMED] = {"efa_malformed", READING_EFA, READING_LEVEL,
				  NULL},
	[SIGNAL_RX_DROPS] = {"rx_drops", READING_EFA, READING_COUNTER,
			     "ports/1/hw_counters/rx_drops"},
	[SIGNAL_RDMA_READ_WR_ERR] = {"rdma_read_wr_err", READING_EFA,
				     READING_COUNTER,
				     "ports/1/hw_counters/rdma_read_wr_err"},
	[SIGNAL_RDMA_WRITE_WR_ERR] = {"rdma_write_wr_err", READING_EFA,
				      READING_COUNTER,
				      "ports/1/hw_counters/rdma_write_wr_err"},
	[SIGNAL_RETRANS_PKTS] = {"retrans_pkts", READING_EFA, READING_COUNTER,
				 "ports/1/hw_counters/retrans_pkts"},
	[SIGNAL_RETRANS_TIMEOUT_EVENTS] =
		{"retrans_timeout_events", READING_EFA, READING_COUNTER,
		 "ports/1/hw_counters/retrans_timeout_events"},
	[SIGNAL_UNRESPONSIVE_REMOTE_EVENTS] =
		{"unresponsive_remote_events", READING_EFA, READING_COUNTER,
		 "ports/1/hw_counters/unresponsive_remote_events"},
	[SIGNAL_IMPAIRED_REMOTE_CONN_EVENTS] =
		{"impaired_remote_conn_events", READING_EFA, READING_COUNTER,
		 "ports/1/hw_counters/impaired_remote_conn_events"},
	[SIGNAL_CMDS_ERR] = {"cmds_err", READING_EFA, READING_COUNTER,
			     "hw_counters/cmds_err"},
	[SIGNAL_NO_COMPLETION_CMDS] = {"no_completion_cmds", READING_EFA,
				       READING_COUNTER,
				       "hw_counters/no_completion_cmds"},
	[SIGNAL_NO_DEVICES] = {"no_devices", READING_NODE, READING_LEVEL, NULL},
	[SIGNAL_NO_EFAS] = {"no_efas", READING_NODE, READING_LEVEL, NULL},
	[SIGNAL_SERVER_LOST] = {"server_lost", READING_NODE, READING_LEVEL,
				NULL},
	[SIGNAL_SERVER_CHANGED] = {"server_changed", READING_NODE,
				   READING_LEVEL, NULL},
	[SIGNAL_SERVER_MODE] = {"server_mode", READING_NODE, READING_LEVEL,
				NULL},
	[SIGNAL_DEVICES_LOST_PERCENT] = {"devices_lost_percent", READING_NODE,
					 READING_LEVEL, NULL},
};

extern int signal_of_name(const char *name)
{
	for (int s = 0; s < SIGNALS; s++) {
		if (!strcmp(signals[s].name, name))
			return s;
	}
	return -1;
}

extern const char *signal_name(signal_id_t signal)
{
	return (signal < SIGNALS) ? signals[signal].name : "";
}

extern reading_subject_t signal_subject(signal_id_t signal)
{
	return signals[signal].subject;
}

extern reading_kind_t signal_kind(signal_id_t signal)
{
	return signals[signal].kind;
}

typedef struct {
	int root;
	reading_of_t *of;
	signal_id_t malformed; /* the signal that stands for wrong content */
	int fatal;
	neuron_error_t *err;
} take_t;

static void _set(reading_of_t *of, signal_id_t signal, uint64_t value)
{
	of->known |= 1ULL << signal;
	of->values[signal] = value;
}

/* What a reading function gave; RET true: a value */
static bool _settle(take_t *take, int rc, const neuron_error_t *why)
{
	reading_of_t *of = take->of;

	if (rc >= 0)
		return true;
	if (errno == EINVAL) {
		_set(of, take->malformed, 1);
		if (!of->detail[0])
			(void) snprintf(of->detail, sizeof(of->detail), "%.*s",
					(int) sizeof(of->detail) - 1,
					why->text);
	} else if (errno != ENOENT && !take->fatal) {
		take->fatal = errno;
		neuron_error_set(take->err, errno, "%s", why->text);
	}
	return false;
}

/* A file of the health status can say that instead of its value */
static bool _says_unreachable(take_t *take, const char *path)
{
	char text[64];

	return sysfs_line(take->root, path, text, sizeof(text), NULL) > 0 &&
	       !strcmp(text, UNREACHABLE);
}

static void _read_counter(take_t *take, const char *dir, signal_id_t signal)
{
	char path[PATH_SIZE];
	neuron_error_t why;
	uint64_t value;
	int rc;

	(void) snprintf(path, sizeof(path), "%s/%s", dir, signals[signal].file);
	rc = sysfs_count(take->root, path, &value, &why);
	if (rc && errno == EINVAL && signal == SIGNAL_HW_ERROR_EVENT &&
	    _says_unreachable(take, path))
		_set(take->of, SIGNAL_DEVICE_UNREACHABLE, 1);
	else if (_settle(take, rc, &why))
		_set(take->of, signal, value);
}

static void _read_counters(take_t *take, const char *dir,
			   reading_subject_t subject)
{
	for (int s = 0; s < SIGNALS; s++) {
		if (signals[s].subject == subject && signals[s].file)
			_read_counter(take, dir, (signal_id_t) s);
	}
}

static void _read_serial(take_t *take, const char *dir)
{
	char path[PATH_SIZE];
	neuron_error_t why;
	int rc;

	(void) snprintf(path, sizeof(path), "%s/info/serial_number", dir);
	rc = sysfs_line(take->root, path, take->of->serial,
			sizeof(take->of->serial), &why);
	if (!_settle(take, rc, &why))
		take->of->serial[0] = '\0';
}

static void _take_levels(take_t *take, const device_t *device)
{
	reading_of_t *of = take->of;
	bool unreachable = !strcmp(device->components, UNREACHABLE);

	_set(of, SIGNAL_DEVICE_MISSING, !device->shown || !device->node);
	if (!device->shown)
		return;
	_set(of, SIGNAL_DEVICE_UNREACHABLE, unreachable);
	if (!unreachable) {
		memcpy(of->components, device->components,
		       sizeof(of->components));
		_set(of, SIGNAL_UNHEALTHY_COMPONENTS, !!of->components[0]);
	}
	if (device->state != DEVICE_STATE_UNKNOWN) {
		_set(of, SIGNAL_IN_RESET, device->state == DEVICE_STATE_RESET);
		_set(of, SIGNAL_RESET_FAILED,
		     device->state == DEVICE_STATE_INVALID);
	}
	_set(of, SIGNAL_MALFORMED, !!device->defect.text[0]);
	(void) snprintf(of->detail, sizeof(of->detail), "%.*s",
			(int) sizeof(of->detail) - 1, device->defect.text);
}

static int _take_device(take_t *take, unsigned int index)
{
	char dir[PATH_SIZE / 2], path[PATH_SIZE];
	device_t device;

	take->malformed = SIGNAL_MALFORMED;
	if (device_look(take->root, index, &device, take->err))
		return -1;
	_take_levels(take, &device);
	if (!device_directory(take->root, index, dir, sizeof(dir)))
		return 0;
	_read_counters(take, dir, READING_DEVICE);
	_read_serial(take, dir);
	(void) snprintf(path, sizeof(path), "%s/" HEARTBEAT_FILE, dir);
	if (_says_unreachable(take, path))
		_set(take->of, SIGNAL_DEVICE_UNREACHABLE, 1);
	return take->fatal ? -1 : 0;
}

static int _take_efa(take_t *take, const char *root_path,
		     const profile_t *profile, unsigned int index)
{
	reading_of_t *of = take->of;
	char dir[PATH_SIZE / 2], path[PATH_SIZE];
	neuron_error_t why = {""};
	int rc, errnum;

	take->malformed = SIGNAL_EFA_MALFORMED;
	rc = device_check_efa(take->root, root_path, profile, index, of->name,
			      &why);
	errnum = rc ? errno : 0;
	if (errnum == ENOMEM)
		return neuron_error_set(take->err, ENOMEM, "%s", why.text);
	_set(of, SIGNAL_EFA_MISSING, errnum == ENOENT);
	_set(of, SIGNAL_EFA_MALFORMED, errnum == EINVAL);
	if (errnum == EINVAL)
		(void) snprintf(of->detail, sizeof(of->detail), "%.*s",
				(int) sizeof(of->detail) - 1, why.text);
	if (!of->name[0])
		return 0;
	_set(of, SIGNAL_EFA_PORT_DOWN, errnum == EIO);
	(void) snprintf(dir, sizeof(dir), "sys/class/infiniband/%.*s",
			(int) sizeof(of->name) - 1, of->name);
	(void) snprintf(path, sizeof(path), "%s/ports/1/state", dir);
	if (sysfs_line(take->root, path, of->port, sizeof(of->port), NULL) < 0)
		of->port[0] = '\0';
	_read_counters(take, dir, READING_EFA);
	return take->fatal ? -1 : 0;
}

/* When nothing is there the fault is one of the node, such as no driver */
static void _blame_node(reading_t *reading)
{
	unsigned int devices = 0, efas = 0;

	for (unsigned int d = 0; d < reading->device_count; d++)
		devices += !reading->devices[d].values[SIGNAL_DEVICE_MISSING];
	for (unsigned int e = 0; e < reading->efa_count; e++)
		efas += !reading->efas[e].values[SIGNAL_EFA_MISSING];
	_set(&reading->node, SIGNAL_NO_DEVICES, !devices);
	_set(&reading->node, SIGNAL_NO_EFAS, reading->efa_count && !efas);
	for (unsigned int d = 0; !devices && d < reading->device_count; d++)
		_set(&reading->devices[d], SIGNAL_DEVICE_MISSING, 0);
	for (unsigned int e = 0; !efas && e < reading->efa_count; e++)
		_set(&reading->efas[e], SIGNAL_EFA_MISSING, 0);
}

static void _take_boot(int root, reading_t *reading)
{
	if (sysfs_line(root, "proc/sys/kernel/random/boot_id", reading->boot,
		       sizeof(reading->boot), NULL) < 0)
		reading->boot[0] = '\0';
}

static int _take_server(const char *root_path, bool member, reading_t *reading,
			neuron_error_t *err)
{
	server_t *server = &reading->server;

	if (probe_server(root_path, server))
		return neuron_error_set(err, errno,
					"the files of the UltraServer cannot "
					"be read");
	/* "busy", or a machine without these files */
	if (server->modes)
		_set(&reading->node, SIGNAL_SERVER_LOST,
		     member && server->node2 < 0 && server->node4 < 0);
	return 0;
}

extern int reading_take(int root, const char *root_path,
			const profile_t *profile, bool member,
			reading_t *reading, neuron_error_t *err)
{
	take_t take = {.root = root, .err = err};

	memset(reading, 0, sizeof(*reading));
	reading->device_count = profile_device_count(profile);
	reading->efa_count = profile_efa_count(profile);
	for (unsigned int d = 0; d < reading->device_count; d++) {
		take.of = &reading->devices[d];
		if (_take_device(&take, d))
			return neuron_error_set(NULL,
						take.fatal ? take.fatal : errno,
						"not read");
	}
	for (unsigned int e = 0; e < reading->efa_count; e++) {
		take.of = &reading->efas[e];
		if (_take_efa(&take, root_path, profile, e))
			return neuron_error_set(NULL,
						take.fatal ? take.fatal : errno,
						"not read");
	}
	_blame_node(reading);
	_take_boot(root, reading);
	return _take_server(root_path, member, reading, err);
}

extern int reading_event_path(int root, unsigned int device, char *buf,
			      size_t size)
{
	char dir[PATH_SIZE / 2], path[PATH_SIZE];

	if (!device_directory(root, device, dir, sizeof(dir)))
		return neuron_error_set(NULL, ENOENT, "no such device");
	(void) snprintf(path, sizeof(path), "%s/" EVENT_FILE, dir);
	if (sysfs_resolve(root, path, buf, size))
		return neuron_error_set(NULL, ENOENT, "no such file");
	return (int) strlen(buf);
}

extern const reading_of_t *reading_of(const reading_t *reading,
				      reading_subject_t subject,
				      unsigned int index)
{
	if (subject == READING_DEVICE && index < reading->device_count)
		return &reading->devices[index];
	if (subject == READING_EFA && index < reading->efa_count)
		return &reading->efas[index];
	return (subject == READING_NODE && !index) ? &reading->node : NULL;
}
