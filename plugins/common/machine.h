/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine: the compute node that a GRES plugin runs on, found and checked by
 * slurmd, published to slurmctld, handed on to each slurmstepd.
 */
#ifndef NEURON_MACHINE_H
#define NEURON_MACHINE_H

#include "compat.h"

#include "lib/launch.h"
#include "lib/probe.h"

#define MACHINE_IFACE_MAX 16
#define MACHINE_CACHE_MAX 1024

/* What a slurmstepd needs to know to write environments */
typedef struct {
	uint32_t device_count; /* 0: not a Neuron machine */
	uint32_t cores_per_device;
	uint32_t lnc;
	uint32_t numbering; /* conf_numbering_t */
	uint32_t private_view; /* conf_view_t */
	uint32_t efa_count;
	uint32_t efa_of[PROFILE_DEVICES_MAX]; /* UINT32_MAX: none */
	char iface[PROFILE_EFAS_MAX][64]; /* verbs names, "" unknown */
	/* For the tasks of steps, see lib/launch.h */
	uint32_t physical_cores; /* of a device */
	uint32_t fork_unsafe; /* boolean: Linux before 5.15 */
	uint16_t root_ports[2]; /* first and last */
	char socket_iface[MACHINE_IFACE_MAX]; /* "" unknown */
	char compile_cache[MACHINE_CACHE_MAX]; /* form, "" none */
	char root[PROBE_PATH_MAX]; /* where its files are, "" for "/" */
	server_t server; /* members and pairs only; see probe_server() */
} machine_t;

/*
 * Fill in the records of one GRES of a node.
 *
 * In slurmd: probe the machine, compare it with the profile that neuron.conf
 * gives the node, log one line for each difference, and publish the devices
 * and interfaces that are really there and are what the profile says. In
 *slurmctld (nodes that may not be up, State=CLOUD): publish the profile that
 *the node's Gres= means.
 *
 * IN name - "neuron" or "efa".
 * IN/OUT records - gres_slurmd_conf_t of all GRES of the node; those of name
 *	are replaced.
 * OUT machine - for machine_pack().
 * OUT devices - gres_device_t of the device files; the caller frees it.
 * OUT addresses - see address.h; for GRES neuron in slurmd, else NULL.
 */
extern void machine_publish(const char *name, list_t *records,
			    const node_config_load_t *config,
			    machine_t *machine, list_t **devices,
			    char **addresses);

/* Forget what machine_publish() keeps between nodes */
extern void machine_fini(void);

/* From slurmd to slurmstepd, with the list of devices and the addresses */
extern void machine_pack(const machine_t *machine, list_t *devices,
			 char *addresses, buf_t *buffer);
/* RET SLURM_SUCCESS; SLURM_ERROR: *machine is one without devices */
extern int machine_unpack(machine_t *machine, list_t **devices,
			  char **addresses, buf_t *buffer);

/* Verbs names of a set of interfaces, in order of index, comma list */
extern void machine_ifaces(const machine_t *machine, devset_t efas, char *buf,
			   size_t size);
/* Interfaces that serve a set of devices */
extern devset_t machine_efas_of(const machine_t *machine, devset_t devices);

#endif
