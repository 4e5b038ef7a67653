/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "lib/sysfs.h"
#include "lib/versions.h"
#include "address.h"
#include "site.h"

/* Changes when the bytes of machine_pack() change */
#define MACHINE_VERSION 4

/* neuron.conf as slurmctld read it for the first node; see machine_publish() */
static site_t *kept_site;

/* How Slurm counted and typed the devices of the node so far */
typedef struct {
	const char *name;
	uint64_t count;
	char *type;
} tally_t;

/* One node while its records are made */
typedef struct {
	const char *gres;
	list_t *records;
	const node_config_load_t *config;
	machine_t *machine;
	list_t **devices;
	char **addresses;
	const profile_t *profile;
	const probe_t *probe; /* NULL in slurmctld */
	char root[PROBE_PATH_MAX];
} node_t;

static int _tally(void *x, void *arg)
{
	gres_slurmd_conf_t *record = x;
	tally_t *tally = arg;

	if (xstrcmp(record->name, tally->name))
		return 0;
	tally->count += record->count;
	if (!tally->type)
		tally->type = xstrdup(record->type_name);
	return 0;
}

static int _match_name(void *x, void *key)
{
	return !xstrcmp(((gres_slurmd_conf_t *) x)->name, key);
}

static void _log_difference(const char *text, void *arg)
{
	error("gres/%s: %s", (const char *) arg, text);
}

/* Only real device files can be constrained by a cgroup */
static void _add_device(const node_t *node, int index, const char *path)
{
	gres_device_t *device;
	struct stat st;

	if (stat(path, &st) || !S_ISCHR(st.st_mode))
		return;
	device = xmalloc(sizeof(*device));
	device->index = index;
	device->dev_num = index;
	device->path = xstrdup(path);
	device->dev_desc.type = DEV_TYPE_CHAR;
	device->dev_desc.major = major(st.st_rdev);
	device->dev_desc.minor = minor(st.st_rdev);
	if (!*node->devices)
		*node->devices = list_create(destroy_gres_device);
	list_append(*node->devices, device);
}

/* Cores of a socket in Slurm's numbering, or all cores */
static char *_cores(const profile_t *profile, int socket)
{
	unsigned int each = profile_cores_per_socket(profile);
	unsigned int first = 0, count = each * profile_sockets(profile);

	if (socket >= 0) {
		first = socket * each;
		count = each;
	}
	return xstrdup_printf("%u-%u", first, first + count - 1);
}

static void _add_record(const node_t *node, int index, const char *path,
			int socket)
{
	bool typed = !xstrcmp(node->gres, "neuron");
	gres_slurmd_conf_t *record = xmalloc(sizeof(*record));

	record->config_flags =
		GRES_CONF_HAS_FILE | (typed ? GRES_CONF_HAS_TYPE : 0);
	record->count = 1;
	record->cpu_cnt = node->config->cpu_cnt;
	record->cpus = _cores(node->profile, socket);
	record->file = xstrdup(path);
	record->name = xstrdup(node->gres);
	record->plugin_id = gres_build_id(record->name);
	if (typed)
		record->type_name = xstrdup(profile_type(node->profile));
	list_append(node->records, record);
	if (node->config->in_slurmd)
		_add_device(node, index, path);
}

static void _publish_devices(const node_t *node)
{
	unsigned int count = profile_device_count(node->profile);

	for (unsigned int i = 0; i < count; i++) {
		char *path;

		if (node->probe &&
		    !probe_device_matches(node->probe, node->profile, i))
			continue;
		path = xstrdup_printf("%s/dev/neuron%u", node->root, i);
		_add_record(node, i, path,
			    profile_device_socket(node->profile, i));
		xfree(path);
	}
}

/* The socket of the devices that an interface serves, when they share one */
static int _efa_socket(const profile_t *profile, unsigned int efa)
{
	devset_t devices = profile_devices_of_efa(profile, efa);
	int socket = profile_device_socket(profile, devset_first(devices));

	for (int d = -1; (d = devset_next(devices, d)) >= 0;) {
		if (profile_device_socket(profile, d) != socket)
			return -1;
	}
	return socket;
}

static void _publish_efas(const node_t *node)
{
	unsigned int count = profile_efa_count(node->profile);

	for (unsigned int i = 0; i < count; i++) {
		const probe_efa_t *efa = NULL;
		unsigned int number = i;
		char *path;

		if (node->probe) {
			efa = probe_efa_of(node->probe, node->profile, i);
			if (!efa || (efa->uverbs < 0))
				continue;
			number = efa->uverbs;
		}
		path = xstrdup_printf("%s/dev/infiniband/uverbs%u", node->root,
				      number);
		_add_record(node, i, path, _efa_socket(node->profile, i));
		xfree(path);
	}
}

static void _describe(const node_t *node, unsigned int lnc,
		      conf_numbering_t numbering)
{
	const profile_t *profile = node->profile;
	machine_t *machine = node->machine;

	machine->device_count = profile_device_count(profile);
	machine->cores_per_device = profile_logical_cores(profile, lnc);
	machine->lnc = profile_lnc_is_legal(profile, 2) ? lnc : 0;
	machine->numbering = numbering;
	machine->efa_count = profile_efa_count(profile);
	for (unsigned int i = 0; i < machine->device_count; i++) {
		int efa = profile_efa_of(profile, i);

		machine->efa_of[i] = (efa < 0) ? UINT32_MAX : (uint32_t) efa;
	}
	for (unsigned int i = 0; node->probe && (i < machine->efa_count); i++) {
		const probe_efa_t *efa = probe_efa_of(node->probe, profile, i);

		if (efa)
			strlcpy(machine->iface[i], efa->name,
				sizeof(machine->iface[i]));
	}
}

/* libfabric needs FI_EFA_FORK_SAFE where the kernel does not copy pinned pages
 * at fork(): before 5.15 (Neuron, EFA setup of Trn1) */
static bool _is_fork_unsafe(const char *root_dir)
{
	int root = sysfs_open(root_dir, NULL);
	unsigned int major_number = 0, minor_number = 0;
	char release[PROBE_TEXT_MAX];
	bool known;

	if (root < 0)
		return false;
	known = (sysfs_line(root, "proc/sys/kernel/osrelease", release,
			    sizeof(release), NULL) > 0) &&
		(sscanf(release, "%3u.%3u", &major_number, &minor_number) == 2);
	(void) close(root);
	return known && ((major_number < 5) ||
			 ((major_number == 5) && (minor_number < 15)));
}

static void _copy_server(const conf_ultraserver_t *from, server_t *to)
{
	to->pair_count = MIN(from->pair_count, SERVER_PAIRS_MAX);
	memcpy(to->pairs, from->pairs, to->pair_count * sizeof(to->pairs[0]));
	to->member_count = MIN(from->member_count, SERVER_MEMBERS_MAX);
	for (uint32_t i = 0; i < to->member_count; i++)
		strlcpy(to->members[i], from->members[i],
			sizeof(to->members[i]));
}

static void _find_server(const conf_t *conf, const char *name, server_t *server)
{
	conf_ultraserver_t ultraserver;

	for (uint32_t i = 0; !conf_ultraserver(conf, i, &ultraserver); i++) {
		for (uint32_t m = 0; m < ultraserver.member_count; m++) {
			if (!xstrcmp(ultraserver.members[m], name)) {
				_copy_server(&ultraserver, server);
				return;
			}
		}
	}
}

/* What tasks need beyond the devices */
static void _describe_launch(const node_t *node, const conf_t *conf,
			     const char *name)
{
	const char *cache = conf_compile_cache_form(conf);
	machine_t *machine = node->machine;

	machine->physical_cores = profile_logical_cores(node->profile, 1);
	machine->fork_unsafe = _is_fork_unsafe(node->root);
	conf_root_ports(conf, &machine->root_ports[0], &machine->root_ports[1]);
	address_iface(name, machine->socket_iface,
		      sizeof(machine->socket_iface));
	if (cache && (strlcpy(machine->compile_cache, cache,
			      sizeof(machine->compile_cache)) >=
		      sizeof(machine->compile_cache))) {
		error("gres/%s: neuron.conf: CompileCache is longer than %d bytes: it is not set",
		      node->gres, MACHINE_CACHE_MAX - 1);
		machine->compile_cache[0] = '\0';
	}
	strlcpy(machine->root, node->root, sizeof(machine->root));
	_find_server(conf, name, &machine->server);
	if (!xstrcmp(node->gres, "neuron"))
		*node->addresses = address_list(conf);
}

static void _publish(node_t *node)
{
	if (!xstrcmp(node->gres, "neuron"))
		_publish_devices(node);
	else
		_publish_efas(node);
}

static void _check_cpus(const node_t *node)
{
	unsigned int cores = profile_sockets(node->profile) *
			     profile_cores_per_socket(node->profile);
	unsigned int threads = cores * profile_threads_per_core(node->profile);
	unsigned int cpus = node->config->cpu_cnt;

	if ((cpus != cores) && (cpus != threads))
		error("gres/%s: slurm.conf: CPUs=%u: %s has %u cores with %u threads: set Sockets=%u CoresPerSocket=%u ThreadsPerCore=%u",
		      node->gres, cpus, profile_name(node->profile), cores,
		      threads, profile_sockets(node->profile),
		      profile_cores_per_socket(node->profile),
		      profile_threads_per_core(node->profile));
}

static void _log_rule(versions_verdict_t verdict, const char *rule,
		      const char *sentence, void *arg)
{
	(void) rule;
	if (verdict == VERSIONS_BAD)
		error("gres/%s: %s", (const char *) arg, sentence);
	else if (verdict == VERSIONS_CAUTION)
		info("gres/%s: %s", (const char *) arg, sentence);
	else
		debug("gres/%s: %s", (const char *) arg, sentence);
}

static void _check_versions(const node_t *node, const conf_t *conf)
{
	const char *path = conf_version_rules(conf);
	versions_t *versions;
	neuron_error_t err;

	if ((conf_versions(conf) == CONF_VERSIONS_OFF) ||
	    xstrcmp(node->gres, "neuron"))
		return;
	versions = versions_read(path ? path : NEURON_VERSIONS_FILE, &err);
	if (versions)
		(void) versions_judge(versions, probe_software(node->probe),
				      _log_rule, (void *) node->gres);
	else if (path || (errno != ENOENT))
		error("gres/%s: versions are not checked: %s", node->gres,
		      err.text);
	else
		verbose("gres/%s: versions are not checked: %s", node->gres,
			err.text);
	versions_destroy(versions);
}

static void _load_in_slurmd(node_t *node, const conf_t *conf)
{
	const char *name = compat_slurmd_node_name();
	int index = name ? conf_node_index(conf, name) : -1;
	neuron_error_t err;
	probe_t *probe;

	if (index < 0) {
		error("gres/%s: neuron.conf has no NodeName line for %s",
		      node->gres, name ? name : "(no name)");
		return;
	}
	node->profile = conf_node_profile(conf, index);
	if ((conf_root(conf, name, node->root, sizeof(node->root)) < 0) ||
	    !(probe = probe_create(node->root, &err))) {
		error("gres/%s: cannot look at this machine: %s", node->gres,
		      err.text);
		return;
	}
	probe_compare(probe, node->profile, _log_difference,
		      (void *) node->gres);
	_check_cpus(node);
	node->probe = probe;
	_check_versions(node, conf);
	_publish(node);
	_describe(node, conf_node_lnc(conf, index), conf_numbering(conf));
	_describe_launch(node, conf, name);
	node->machine->private_view = conf_private_view(conf);
	probe_destroy(probe);
}

static void _load_in_slurmctld(node_t *node, const conf_t *conf,
			       const tally_t *neuron)
{
	node->profile = conf_profile_of_gres(conf, neuron->type, neuron->count,
					     node->config->cpu_cnt);
	if (!node->profile) {
		error("gres/%s: no profile of neuron.conf has Gres=neuron:%s:%" PRIu64,
		      node->gres, neuron->type ? neuron->type : "(none)",
		      neuron->count);
		return;
	}
	_publish(node);
}

/*
 * slurmctld asks for each State=CLOUD node of the cluster when it starts, and
 * a reconfiguration starts another slurmctld: neuron.conf is read once.
 */
static void _publish_in_slurmctld(node_t *node, const tally_t *neuron)
{
	neuron_error_t err;

	if (!kept_site && !(kept_site = site_read_profiles(&err))) {
		error("gres/%s: %s", node->gres, err.text);
		return;
	}
	_load_in_slurmctld(node, site_conf(kept_site), neuron);
}

static void _publish_in_slurmd(node_t *node)
{
	neuron_error_t err;
	site_t *site = site_read(&err);

	if (!site) {
		error("gres/%s: %s", node->gres, err.text);
		return;
	}
	_load_in_slurmd(node, site_conf(site));
	site_destroy(site);
}

extern void machine_fini(void)
{
	site_destroy(kept_site);
	kept_site = NULL;
}

extern void machine_publish(const char *name, list_t *records,
			    const node_config_load_t *config,
			    machine_t *machine, list_t **devices,
			    char **addresses)
{
	node_t node = {.gres = name,
		       .records = records,
		       .config = config,
		       .machine = machine,
		       .devices = devices,
		       .addresses = addresses};
	tally_t own = {.name = name}, neuron = {.name = "neuron"};

	memset(machine, 0, sizeof(*machine));
	*addresses = NULL;
	list_for_each(records, _tally, &own);
	list_for_each(records, _tally, &neuron);
	if (own.count) {
		list_delete_all(records, _match_name, (void *) name);
		if (config->in_slurmd)
			_publish_in_slurmd(&node);
		else
			_publish_in_slurmctld(&node, &neuron);
	}
	xfree(own.type);
	xfree(neuron.type);
}

extern void machine_pack(const machine_t *machine, list_t *devices,
			 char *addresses, buf_t *buffer)
{
	pack16(MACHINE_VERSION, buffer);
	packmem((void *) machine, sizeof(*machine), buffer);
	packstr(addresses, buffer);
	gres_send_stepd(buffer, devices);
}

extern int machine_unpack(machine_t *machine, list_t **devices,
			  char **addresses, buf_t *buffer)
{
	uint16_t version = 0;
	uint32_t size = 0;
	char *bytes = NULL;

	memset(machine, 0, sizeof(*machine));
	xfree(*addresses);
	safe_unpack16(&version, buffer);
	safe_unpackmem_xmalloc(&bytes, &size, buffer);
	if ((version != MACHINE_VERSION) || (size != sizeof(*machine)))
		goto unpack_error;
	safe_unpackstr(addresses, buffer);
	memcpy(machine, bytes, sizeof(*machine));
	xfree(bytes);
	gres_recv_stepd(buffer, devices);
	return SLURM_SUCCESS;

unpack_error:
	xfree(bytes);
	error("neuron: slurmd and slurmstepd have different plugins; restart slurmd");
	return SLURM_ERROR;
}

extern devset_t machine_efas_of(const machine_t *machine, devset_t devices)
{
	devset_t efas = 0;

	for (int d = -1; (d = devset_next(devices, d)) >= 0;) {
		if (((uint32_t) d < machine->device_count) &&
		    (machine->efa_of[d] != UINT32_MAX))
			efas |= devset_of(machine->efa_of[d]);
	}
	return efas;
}

extern void machine_ifaces(const machine_t *machine, devset_t efas, char *buf,
			   size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (int e = -1; (e = devset_next(efas, e)) >= 0;) {
		if (((uint32_t) e >= machine->efa_count) ||
		    !machine->iface[e][0] || (used >= size))
			continue;
		used += snprintf(buf + used, size - used, "%s%s",
				 used ? "," : "", machine->iface[e]);
	}
}
