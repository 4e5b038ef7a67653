/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo probe: what this machine is, compared with its profile */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "topo.h"

#include "lib/catalog.h"
#include "lib/probe.h"
#include "lib/versions.h"

typedef struct {
	const char *root;
	const char *profile; /* name; NULL: by the instance type */
	const char *directory;
	const char *rules; /* NULL: those that were installed, if they were */
	const char *node;
	bool json;
	bool libfabric;
} wish_t;

static int _probe(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_probe = {
	.name = "probe",
	.arguments = "[OPTION...]",
	.help = "what this machine has, compared with the profile of its family",
	.details =
		"  --root DIR          another machine, whose files are below a directory\n"
		"  --profile NAME      compare with this; default: by the instance type\n"
		"  --profile-dir DIR   where profiles are\n"
		"  --rules FILE        which versions work together; default: as installed\n"
		"  --node NAME         name in the output; default: Slurm's, else the host's\n"
		"  --libfabric         ask libfabric for the EFA interfaces too; this opens them\n"
		"  --json\n"
		"\n"
		"Exit status 3: the machine differs from the profile, or has none, or its\n"
		"versions do not work together.\n",
	.run = _probe,
};

/* What rules say of the versions; released with the verdict */
typedef struct {
	versions_verdict_t verdict;
	json_object *rules; /* NULL: there are no rules */
} versions_look_t;

static int _choose(const wish_t *wish, const probe_t *probe,
		   const catalog_t *catalog, const profile_t **profile,
		   neuron_error_t *err)
{
	*profile = NULL;
	if (wish->profile)
		return (*profile = catalog_find(catalog, wish->profile, err))
			       ? 0
			       : -1;
	*profile = catalog_find_instance(catalog, probe_instance(probe));
	return 0;
}

static void _collect(const char *text, void *arg)
{
	json_object_array_add(arg, json_object_new_string(text));
}

/* Sentences about everything that is not as it should be */
static json_object *_differences(const wish_t *wish, const probe_t *probe,
				 const profile_t *profile)
{
	json_object *list = json_object_new_array();
	const char *defect;

	if (profile)
		(void) probe_compare(probe, profile, _collect, list);
	for (unsigned int i = 0; !profile && (defect = probe_defect(probe, i));
	     i++)
		_collect(defect, list);
	if (!profile && (probe_device_count(probe) || wish->profile)) {
		neuron_error_t err;

		(void) neuron_error_set(
			&err, ENOENT,
			"no profile describes instance type \"%s\"; --profile NAME compares with one",
			probe_instance(probe));
		_collect(err.text, list);
	}
	if (wish->libfabric)
		(void) probe_libfabric(probe, _collect, list);
	return list;
}

static void _collect_rule(versions_verdict_t verdict, const char *rule,
			  const char *sentence, void *arg)
{
	json_object *one = json_object_new_object();

	json_object_object_add(one, "name", json_object_new_string(rule));
	json_object_object_add(
		one, "verdict",
		json_object_new_string(versions_verdict_name(verdict)));
	json_object_object_add(one, "text", json_object_new_string(sentence));
	json_object_array_add(arg, one);
}

/* Rules that nobody named need not be there */
static int _judge(const wish_t *wish, const probe_t *probe,
		  versions_look_t *look, neuron_error_t *err)
{
	versions_t *versions = versions_read(
		wish->rules ? wish->rules : NEURON_VERSIONS_FILE, err);

	*look = (versions_look_t){VERSIONS_UNKNOWN, NULL};
	if (!versions)
		return (wish->rules || (errno != ENOENT)) ? -1 : 0;
	look->rules = json_object_new_array();
	look->verdict = versions_judge(versions, probe_software(probe),
				       _collect_rule, look->rules);
	versions_destroy(versions);
	return 0;
}

static json_object *_json_set(devset_t set)
{
	json_object *list = json_object_new_array();

	for (int i = -1; (i = devset_next(set, i)) >= 0;)
		json_object_array_add(list, json_object_new_int(i));
	return list;
}

static void _add_text(json_object *to, const char *key, const char *value)
{
	if (value && value[0])
		json_object_object_add(to, key, json_object_new_string(value));
}

static json_object *_json_devices(const probe_t *probe)
{
	json_object *list = json_object_new_array();
	const probe_device_t *device;

	for (unsigned int i = 0; (device = probe_device(probe, i)); i++) {
		json_object *one = json_object_new_object();

		json_object_object_add(
			one, "index", json_object_new_int((int) device->index));
		json_object_object_add(
			one, "present",
			json_object_new_boolean(device->node_present));
		if (device->core_count)
			json_object_object_add(
				one, "physical_cores",
				json_object_new_int((int) device->core_count));
		if (device->links_known)
			json_object_object_add(one, "links",
					       _json_set(device->links));
		_add_text(one, "serial", device->serial);
		_add_text(one, "architecture", device->arch_type);
		_add_text(one, "name", device->device_name);
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *_json_efas(const probe_t *probe)
{
	json_object *list = json_object_new_array();
	const probe_efa_t *efa;

	for (unsigned int i = 0; (efa = probe_efa(probe, i)); i++) {
		json_object *one = json_object_new_object();
		char pci[PCI_ADDRESS_TEXT_MAX];

		(void) pci_address_encode(&efa->pci, pci, sizeof(pci));
		_add_text(one, "name", efa->name);
		_add_text(one, "pci", pci);
		if (efa->uverbs >= 0)
			json_object_object_add(
				one, "uverbs",
				json_object_new_int(efa->uverbs));
		if (efa->numa >= 0)
			json_object_object_add(one, "numa",
					       json_object_new_int(efa->numa));
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *_json_server(const probe_t *probe, unsigned int size)
{
	json_object *server = json_object_new_object();

	_add_text(server, "server_id", probe_server_id(probe, size));
	json_object_object_add(server, "node_id",
			       json_object_new_int(probe_node_id(probe, size)));
	return server;
}

static json_object *_json_ultraserver(const probe_t *probe)
{
	json_object *servers = json_object_new_object();

	for (unsigned int size = 2; size <= 4; size += 2) {
		char key[8];

		if (probe_node_id(probe, size) < 0)
			continue;
		snprintf(key, sizeof(key), "%u", size);
		json_object_object_add(servers, key, _json_server(probe, size));
	}
	return servers;
}

static json_object *_json_numa(const probe_t *probe)
{
	json_object *list = json_object_new_array();

	for (unsigned int i = 0; i < probe_numa_count(probe); i++) {
		const char *cpus = probe_numa_cpus(probe, i);

		json_object_array_add(list, cpus ? json_object_new_string(cpus)
						 : NULL);
	}
	return list;
}

static json_object *_json_software(const probe_t *probe)
{
	const software_t *software = probe_software(probe);
	json_object *parts = json_object_new_object();

	_add_text(parts, "driver", software->versions[SOFTWARE_DRIVER]);
	_add_text(parts, "runtime", software->versions[SOFTWARE_RUNTIME]);
	_add_text(parts, "libfabric", software->versions[SOFTWARE_LIBFABRIC]);
	_add_text(parts, "efa", software->versions[SOFTWARE_EFA]);
	return parts;
}

static json_object *_json_versions(const versions_look_t *look)
{
	json_object *versions = json_object_new_object();

	_add_text(versions, "verdict", versions_verdict_name(look->verdict));
	json_object_object_add(versions, "rules", json_object_get(look->rules));
	return versions;
}

static json_object *_json(const wish_t *wish, const probe_t *probe,
			  const profile_t *profile, const versions_look_t *look,
			  json_object *differences)
{
	json_object *machine = json_object_new_object();

	json_object_object_add(machine, "format",
			       json_object_new_string("neuron-topo-probe-1"));
	_add_text(machine, "node", wish->node);
	_add_text(machine, "instance_type", probe_instance(probe));
	_add_text(machine, "instance_id", probe_instance_id(probe));
	_add_text(machine, "driver", probe_driver_version(probe));
	json_object_object_add(machine, "software", _json_software(probe));
	if (look->rules)
		json_object_object_add(machine, "versions",
				       _json_versions(look));
	if (profile)
		_add_text(machine, "profile", profile_name(profile));
	if (probe_lnc(probe))
		json_object_object_add(
			machine, "lnc",
			json_object_new_int((int) probe_lnc(probe)));
	if (probe_memory_mib(probe))
		json_object_object_add(
			machine, "memory_mib",
			json_object_new_int64(
				(int64_t) probe_memory_mib(probe)));
	json_object_object_add(machine, "devices", _json_devices(probe));
	json_object_object_add(machine, "efas", _json_efas(probe));
	json_object_object_add(machine, "numa", _json_numa(probe));
	json_object_object_add(machine, "ultraserver",
			       _json_ultraserver(probe));
	json_object_object_add(machine, "differences", differences);
	return machine;
}

static void _print_devices(const probe_t *probe)
{
	const probe_device_t *device;

	if (!probe_device_count(probe))
		return;
	printf("\n%-6s %-5s %-6s %-16s %s\n", "DEVICE", "CORES", "ARCH",
	       "SERIAL", "LINKS");
	for (unsigned int i = 0; (device = probe_device(probe, i)); i++) {
		char links[DEVSET_TEXT_MAX] = "unknown";

		if (device->links_known)
			(void) devset_encode(device->links, links,
					     sizeof(links));
		printf("%-6u %-5u %-6s %-16s %s%s\n", device->index,
		       device->core_count, device->arch_type, device->serial,
		       links, device->node_present ? "" : "  no device node");
	}
}

static void _print_efas(const probe_t *probe)
{
	const probe_efa_t *efa;

	if (!probe_efa_count(probe))
		return;
	printf("\n%-16s %-12s %-4s %s\n", "EFA", "PCI", "NUMA", "NODE");
	for (unsigned int i = 0; (efa = probe_efa(probe, i)); i++) {
		char pci[PCI_ADDRESS_TEXT_MAX], node[32] = "none";

		(void) pci_address_encode(&efa->pci, pci, sizeof(pci));
		if (efa->uverbs >= 0)
			snprintf(node, sizeof(node), "uverbs%d", efa->uverbs);
		printf("%-16s %-12s %-4d %s\n", efa->name, pci, efa->numa,
		       node);
	}
}

static void _print_software(const probe_t *probe)
{
	static const char *const labels[SOFTWARE_PARTS] = {
		[SOFTWARE_RUNTIME] = "runtime",
		[SOFTWARE_LIBFABRIC] = "libfabric",
		[SOFTWARE_EFA] = "EFA driver",
	};
	const software_t *software = probe_software(probe);

	for (int part = 0; part < SOFTWARE_PARTS; part++) {
		if (labels[part] && software->versions[part][0])
			printf("%-14s %s\n", labels[part],
			       software->versions[part]);
	}
	if (software->lnc)
		printf("default LNC    %u\n", software->lnc);
}

static void _print_head(const wish_t *wish, const probe_t *probe,
			const profile_t *profile)
{
	printf("node           %s\n", wish->node);
	printf("instance type  %s\n",
	       probe_instance(probe)[0] ? probe_instance(probe) : "unknown");
	if (probe_instance_id(probe)[0])
		printf("instance id    %s\n", probe_instance_id(probe));
	printf("profile        %s\n", profile ? profile_name(profile) : "none");
	printf("driver         %s\n", probe_driver_version(probe)[0]
					      ? probe_driver_version(probe)
					      : "not known");
	_print_software(probe);
	printf("devices        %u\n", probe_device_count(probe));
	printf("EFA            %u\n", probe_efa_count(probe));
	for (unsigned int size = 2; size <= 4; size += 2) {
		if (probe_node_id(probe, size) >= 0)
			printf("UltraServer    %s, instance %d of %u\n",
			       probe_server_id(probe, size),
			       probe_node_id(probe, size), size);
	}
	for (unsigned int i = 0; i < probe_numa_count(probe); i++) {
		const char *cpus = probe_numa_cpus(probe, i);

		printf("NUMA node %-4u CPUs %s\n", i, cpus ? cpus : "unknown");
	}
}

static void _print_rules(const versions_look_t *look)
{
	size_t count = look->rules ? json_object_array_length(look->rules) : 0;

	for (size_t i = 0; i < count; i++) {
		json_object *text,
			*rule = json_object_array_get_idx(look->rules, i);

		(void) json_object_object_get_ex(rule, "text", &text);
		printf("%s%s\n", i ? "" : "\nVersions:\n",
		       json_object_get_string(text));
	}
}

static void _print(const wish_t *wish, const probe_t *probe,
		   const profile_t *profile, const versions_look_t *look,
		   json_object *differences)
{
	size_t count = json_object_array_length(differences);

	_print_head(wish, probe, profile);
	_print_devices(probe);
	_print_efas(probe);
	if (profile && !count)
		printf("\nThe machine is what profile %s says.\n",
		       profile_name(profile));
	for (size_t i = 0; i < count; i++)
		printf("%s%s\n", i ? "" : "\nDifferences:\n",
		       json_object_get_string(
			       json_object_array_get_idx(differences, i)));
	_print_rules(look);
	json_object_put(differences);
}

/* RET an exit status */
static int _tell(const wish_t *wish, const probe_t *probe,
		 const profile_t *profile, const versions_look_t *look)
{
	json_object *differences = _differences(wish, probe, profile);
	int rc = TOPO_GOOD;

	if (json_object_array_length(differences) ||
	    (look->verdict == VERSIONS_BAD))
		rc = TOPO_DIFFERENT;
	if (!wish->json)
		_print(wish, probe, profile, look, differences);
	else if (topo_print_json(&topo_probe, _json(wish, probe, profile, look,
						    differences)))
		rc = TOPO_BAD;
	return rc;
}

static int _look(const wish_t *wish)
{
	const profile_t *profile = NULL;
	versions_look_t look = {VERSIONS_UNKNOWN, NULL};
	neuron_error_t err;
	catalog_t *catalog = catalog_read(wish->directory, &err);
	probe_t *probe = catalog ? probe_create(wish->root, &err) : NULL;
	int rc;

	if (!probe || _choose(wish, probe, catalog, &profile, &err) ||
	    _judge(wish, probe, &look, &err))
		rc = topo_fail(&topo_probe, &err);
	else
		rc = _tell(wish, probe, profile, &look);
	json_object_put(look.rules);
	probe_destroy(probe);
	catalog_destroy(catalog);
	return rc;
}

static const char *_node_name(char *host, size_t size)
{
	const char *node = getenv("SLURMD_NODENAME");

	if (node && node[0])
		return node;
	if (gethostname(host, size))
		return "unknown";
	host[size - 1] = '\0';
	host[strcspn(host, ".")] = '\0';
	return host;
}

static int _probe(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"root", required_argument, NULL, 'r'},
		{"profile", required_argument, NULL, 'p'},
		{"profile-dir", required_argument, NULL, 'd'},
		{"rules", required_argument, NULL, 'R'},
		{"node", required_argument, NULL, 'n'},
		{"libfabric", no_argument, NULL, 'l'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	char host[256];
	wish_t wish = {.root = "", .directory = NEURON_PROFILE_DIR};
	int option;

	(void) topo;
	wish.node = _node_name(host, sizeof(host));
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'r')
			wish.root = strcmp(optarg, "/") ? optarg : "";
		else if (option == 'p')
			wish.profile = optarg;
		else if (option == 'd')
			wish.directory = optarg;
		else if (option == 'R')
			wish.rules = optarg;
		else if (option == 'n')
			wish.node = optarg;
		else if (option == 'l')
			wish.libfabric = true;
		else if (option == 'j')
			wish.json = true;
		else {
			topo_usage(&topo_probe,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind == argc)
		return _look(&wish);
	topo_usage(&topo_probe, stderr);
	return TOPO_USAGE;
}
