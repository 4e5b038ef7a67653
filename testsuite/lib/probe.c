/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing_malloc.h"
#include "probe.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define PATH_LENGTH 512
#define SAID_MAX 128
#define OPTIONS_MAX 8
#define WANTED_MAX 8

/* Where machines are written; emptied after each test */
static char base[PATH_LENGTH];
static char profiles[PATH_LENGTH];
static char simroot[PATH_LENGTH];

/*
 * Finding and making things
 */

static int _remove_one(const char *path, const struct stat *st, int type,
		       struct FTW *ftw)
{
	(void) st;
	(void) type;
	(void) ftw;
	return remove(path);
}

static void _remove(const char *path)
{
	(void) nftw(path, _remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Machines have many small files: with memory the test takes seconds, with a
 * disk minutes */
static void _make_base(void)
{
	const char *tmp = getenv("TMPDIR");

	if (!access("/dev/shm", W_OK | X_OK))
		tmp = "/dev/shm";
	else if (!tmp || !*tmp)
		tmp = "/tmp";
	(void) snprintf(base, sizeof(base), "%s/neuron-probe.XXXXXX", tmp);
	if (!mkdtemp(base)) {
		perror(base);
		exit(1);
	}
}

static void _empty_base(void)
{
	_remove(base);
	(void) mkdir(base, 0700);
}

static void _remove_base(void)
{
	_remove(base);
}

static bool _find(const char *const *candidates, char *buf)
{
	for (; *candidates; candidates++) {
		if (!access(*candidates, R_OK)) {
			(void) snprintf(buf, PATH_LENGTH, "%s", *candidates);
			return true;
		}
	}
	return false;
}

static bool _locate(void)
{
	static const char *const programs[] = {"./simroot", "../simroot", NULL};
	const char *srcdir = getenv("srcdir"), *program = getenv("SIMROOT");
	char near[PATH_LENGTH];
	const char *directories[] = {near, "etc/profiles", "../etc/profiles",
				     "../../etc/profiles", NULL};

	(void) snprintf(near, sizeof(near), "%s/../../etc/profiles",
			srcdir ? srcdir : ".");
	if (program && *program)
		(void) snprintf(simroot, sizeof(simroot), "%s", program);
	else if (!_find(programs, simroot))
		return false;
	return _find(directories, profiles);
}

/* Run simroot; RET its exit status. IN quiet - what it says is not shown. */
static int _simroot(const char *const *options, const char *profile,
		    const char *directory, bool quiet)
{
	const char *argv[OPTIONS_MAX + 4] = {simroot};
	int argc = 1, status = -1;
	pid_t pid;

	for (; options && *options; options++)
		argv[argc++] = *options;
	argv[argc++] = profile;
	argv[argc] = directory;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		int fd = open("/dev/null", O_WRONLY);

		if (quiet && (fd < 0 || dup2(fd, 2) < 0))
			_exit(126);
		execv(simroot, (char **) argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return (pid > 0 && WIFEXITED(status)) ? WEXITSTATUS(status) : -1;
}

static void _profile_path(const char *name, char *buf)
{
	ck_assert(snprintf(buf, PATH_LENGTH, "%s/%s.json", profiles, name) <
		  PATH_LENGTH);
}

/* OUT root - of the new machine */
static void _machine(const char *profile, const char *const *options,
		     char *root)
{
	char path[PATH_LENGTH];
	int status;

	_profile_path(profile, path);
	ck_assert(snprintf(root, PATH_LENGTH, "%s/%s.XXXXXX", base, profile) <
		  PATH_LENGTH);
	ck_assert_msg(mkdtemp(root) != NULL, "%s: %s", root, strerror(errno));
	status = _simroot(options, path, root, false);
	ck_assert_msg(!status, "%s %s: exit status %d", simroot, path, status);
}

static profile_t *_profile(const char *name)
{
	char path[PATH_LENGTH];
	neuron_error_t err = {""};
	profile_t *profile;

	_profile_path(name, path);
	profile = profile_read(path, &err);
	ck_assert_msg(profile != NULL, "%s", err.text);
	return profile;
}

static probe_t *_probe(const char *root)
{
	neuron_error_t err = {""};
	probe_t *probe = probe_create(root, &err);

	ck_assert_msg(probe != NULL, "%s: %s", root, err.text);
	return probe;
}

/* Differences that were reported */
typedef struct {
	int count;
	char text[SAID_MAX][NEURON_ERROR_MAX];
} said_t;

static said_t said;

static void _listen(const char *text, void *arg)
{
	said_t *to = arg;

	ck_assert_msg(strlen(text) > 0 && strlen(text) < NEURON_ERROR_MAX,
		      "a sentence of %zu bytes", strlen(text));
	for (const char *at = text; *at; at++)
		ck_assert_msg(*at >= ' ' && *at <= '~',
			      "byte %d in the sentence \"%s\"", *at, text);
	if (to->count < SAID_MAX)
		memcpy(to->text[to->count], text, strlen(text) + 1);
	to->count++;
}

static void _compare(const probe_t *probe, const profile_t *profile)
{
	unsigned int count;

	memset(&said, 0, sizeof(said));
	count = probe_compare(probe, profile, _listen, &said);
	ck_assert_int_eq(said.count, (int) count);
	ck_assert_uint_eq(probe_compare(probe, profile, NULL, NULL), count);
}

static bool _is_root(void)
{
	char path[PATH_LENGTH + 16];

	(void) snprintf(path, sizeof(path), "%s/null", base);
	if (mknod(path, S_IFCHR | 0600, makedev(1, 3)))
		return false;
	(void) unlink(path);
	return true;
}

/*
 * Machines without fault
 */

static const struct {
	const char *name;
	unsigned int devices;
	unsigned int efas;
	unsigned int numa;
	const char *instance;
	const char *cpus; /* of NUMA node 0 */
	devset_t links; /* of neuron0 */
	const char *efa; /* PCI address of efa0, "": invented */
	const char *verbs;
} machines[] = {
	{"inf2.xlarge", 1, 0, 1, "inf2.xlarge", "0-3", 0, NULL, NULL},
	{"inf2.8xlarge", 1, 0, 1, "inf2.8xlarge", "0-31", 0, NULL, NULL},
	{"inf2.24xlarge", 6, 0, 1, "inf2.24xlarge", "0-95", 0x2, NULL, NULL},
	{"inf2.48xlarge", 12, 0, 4, "inf2.48xlarge", "0-23,96-119", 0x802, NULL,
	 NULL},
	{"trn1.2xlarge", 1, 0, 1, "trn1.2xlarge", "0-7", 0, NULL, NULL},
	{"trn1.32xlarge", 16, 8, 2, "trn1.32xlarge", "0-31,64-95", 0x101a,
	 "0000:10:1a.0", "rdmap16s26"},
	{"trn1n.32xlarge", 16, 16, 1, "trn1n.32xlarge", "0-127", 0x101a,
	 "0000:10:17.0", "rdmap16s23"},
	{"trn2.3xlarge", 1, 1, 1, "trn2.3xlarge", "0-11", 0, "", "rdmap65s0"},
	{"trn2.48xlarge", 16, 16, 2, "trn2.48xlarge", "0-47,96-143", 0x101a,
	 "0000:c9:00.0", "rdmap201s0"},
	{"trn2u.48xlarge", 16, 16, 2, "trn2u.48xlarge", "0-47,96-143", 0x101a,
	 "0000:c9:00.0", "rdmap201s0"},
	{"trn3.48xlarge", 16, 16, 1, "trn3.48xlarge", "0-191", 0x101a,
	 "0000:be:00.0", "rdmap190s0"},
	{"trn3gen2", 4, 4, 1, "trn3gen2", "0-63", 0, "", "rdmap68s0"},
	{"trn3pds.48xlarge", 16, 16, 1, "trn3.48xlarge", "0-191", 0x101a,
	 "0000:a9:00.0", "rdmap169s0"},
};

/* A profile that is new in etc/profiles needs a row above */
START_TEST(every_profile_has_a_row)
{
	char pattern[PATH_LENGTH + 8];
	glob_t found;

	(void) snprintf(pattern, sizeof(pattern), "%s/*.json", profiles);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	ck_assert_msg((int) found.gl_pathc == COUNT(machines),
		      "%s has %zu profiles, the table %d", profiles,
		      found.gl_pathc, COUNT(machines));
	globfree(&found);
}
END_TEST

static void _check_devices(const probe_t *probe, const profile_t *profile)
{
	const probe_device_t *device;
	unsigned int i;

	for (i = 0; (device = probe_device(probe, i)); i++) {
		ck_assert_uint_eq(device->index, i);
		ck_assert(device->node_present);
		ck_assert_uint_eq(device->core_count,
				  profile_physical_cores(profile));
		ck_assert_str_eq(device->arch_type, profile_arch_type(profile));
		ck_assert_str_eq(device->instance_type,
				 profile_instance_type(profile));
		ck_assert_str_eq(device->device_name,
				 profile_device_name(profile));
		ck_assert_uint_eq(strlen(device->serial), 16);
		ck_assert_msg(device->links_known, "neuron%u", i);
	}
	ck_assert_uint_eq(i, profile_device_count(profile));
}

static void _check_efas(const probe_t *probe, const profile_t *profile)
{
	const probe_efa_t *efa, *before = NULL;
	devset_t found = 0;

	for (unsigned int i = 0; (efa = probe_efa(probe, i)); i++) {
		ck_assert_int_eq(efa->uverbs, (int) i);
		ck_assert(!before ||
			  pci_address_compare(&before->pci, &efa->pci) < 0);
		before = efa;
	}
	for (unsigned int i = 0; i < profile_efa_count(profile); i++) {
		pci_address_t address;

		efa = probe_efa_of(probe, profile, i);
		ck_assert_msg(efa != NULL, "efa%u", i);
		ck_assert(!(found & devset_of((unsigned int) efa->uverbs)));
		found |= devset_of((unsigned int) efa->uverbs);
		if (!profile_efa_pci(profile, i, &address))
			ck_assert(!pci_address_compare(&address, &efa->pci));
	}
	ck_assert(!probe_efa_of(probe, profile, profile_efa_count(profile)));
	ck_assert(!probe_efa_of(probe, profile, UINT_MAX));
}

START_TEST(machine_is_as_its_profile)
{
	char root[PATH_LENGTH];
	profile_t *profile = _profile(machines[_i].name);
	const probe_efa_t *efa;
	pci_address_t address;
	probe_t *probe;

	_machine(machines[_i].name, NULL, root);
	probe = _probe(root);
	_compare(probe, profile);
	ck_assert_msg(!said.count, "%s: %d differences: %s", machines[_i].name,
		      said.count, said.text[0]);
	ck_assert_uint_eq(probe_device_count(probe), machines[_i].devices);
	ck_assert_uint_eq(probe_pci_device_count(probe), machines[_i].devices);
	ck_assert_uint_eq(probe_efa_count(probe), machines[_i].efas);
	ck_assert_uint_eq(probe_numa_count(probe), machines[_i].numa);
	ck_assert_str_eq(probe_instance(probe), machines[_i].instance);
	ck_assert_str_eq(probe_driver_version(probe), "2.30.2.0");
	ck_assert_str_eq(probe_numa_cpus(probe, 0), machines[_i].cpus);
	ck_assert_uint_eq(probe_lnc(probe), 0);
	ck_assert(!probe_defect(probe, 0));
	ck_assert(probe_device(probe, 0)->links == machines[_i].links);
	_check_devices(probe, profile);
	_check_efas(probe, profile);
	efa = probe_efa_of(probe, profile, 0);
	if (machines[_i].verbs)
		ck_assert_str_eq(efa->name, machines[_i].verbs);
	if (machines[_i].efa && *machines[_i].efa) {
		ck_assert(!pci_address_decode(machines[_i].efa, &address));
		ck_assert(!pci_address_compare(&address, &efa->pci));
	}
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

/*
 * trn3.48xlarge and trn3pds.48xlarge have the same EFA interfaces in another
 * order, and nothing in sysfs tells which of them is near which device.
 */
static bool _are_alike(const char *a, const char *b)
{
	static const char one[] = "trn3.48xlarge", two[] = "trn3pds.48xlarge";

	return !strcmp(a, b) || (!strcmp(a, one) && !strcmp(b, two)) ||
	       (!strcmp(a, two) && !strcmp(b, one));
}

/* A profile against the machine of each other: never silent, never a crash */
START_TEST(machine_is_not_as_others)
{
	char root[PATH_LENGTH];
	probe_t *probe;

	_machine(machines[_i].name, NULL, root);
	probe = _probe(root);
	for (int i = 0; i < COUNT(machines); i++) {
		profile_t *profile = _profile(machines[i].name);
		bool same = _are_alike(machines[i].name, machines[_i].name);

		_compare(probe, profile);
		ck_assert_msg(same == !said.count,
			      "a %s, profile %s: %d differences",
			      machines[_i].name, machines[i].name, said.count);
		profile_destroy(profile);
	}
	probe_destroy(probe);
}
END_TEST

/*
 * Bytes that simroot writes
 */

#define DEVICES "sys/devices/virtual/neuron_device/"
#define PCI(bus, name) "sys/bus/pci/devices/0000:" bus ":00.0/" name

static const struct {
	const char *profile;
	const char *path;
	const char *content;
} bytes[] = {
	{"trn2.48xlarge", DEVICES "neuron0/core_count", "8"},
	{"trn1.2xlarge", DEVICES "neuron0/core_count", "2"},
	{"trn2.48xlarge", DEVICES "neuron0/connected_devices", "12, 1, 3, 4\n"},
	{"trn2.48xlarge", "sys/class/neuron_device/neuron15/connected_devices",
	 "14, 3, 11, 12\n"},
	{"trn1.32xlarge", DEVICES "neuron0/connected_devices", "12, 3, 4, 1\n"},
	{"inf2.48xlarge", DEVICES "neuron0/connected_devices", "11, 1\n"},
	{"inf2.24xlarge", DEVICES "neuron0/connected_devices", "1\n"},
	{"trn1.2xlarge", DEVICES "neuron0/connected_devices", "\n"},
	{"trn3gen2", DEVICES "neuron0/connected_devices", "\n"},
	{"trn2.48xlarge", DEVICES "neuron0/info/architecture/device_name",
	 "Trainium2\n"},
	{"trn2.48xlarge", DEVICES "neuron0/info/architecture/arch_type",
	 "NDv3\n"},
	{"inf2.xlarge", DEVICES "neuron0/info/architecture/instance_type",
	 "Inf2\n"},
	{"trn2.48xlarge",
	 DEVICES "neuron0/neuron_core7/info/architecture/"
		 "arch_type",
	 "NCv3\n"},
	{"trn2.48xlarge", DEVICES "neuron3/reset", "1\n"},
	{"trn2.48xlarge", "sys/class/dmi/id/product_name", "trn2.48xlarge\n"},
	{"trn2.48xlarge", PCI("c9", "vendor"), "0x1d0f\n"},
	{"trn2.48xlarge", PCI("c9", "infiniband/rdmap201s0/device/numa_node"),
	 "1\n"},
	{"trn2.48xlarge", PCI("cc", "device"), "0x7364\n"},
	{"trn2.48xlarge", PCI("cc", "class"), "0x088000\n"},
	{"trn2.48xlarge", PCI("cc", "local_cpulist"), "48-95,144-191\n"},
	{"trn2.48xlarge", "sys/class/infiniband_verbs/uverbs15/ibdev",
	 "rdmap246s0\n"},
	{"trn2.48xlarge", "sys/devices/system/node/node1/cpulist",
	 "48-95,144-191\n"},
	{"trn2.48xlarge", "sys/devices/system/node/node1/cpumap",
	 "ffffffff,ffff0000,00000000,ffffffff,ffff0000,00000000\n"},
	{"trn2.3xlarge", "sys/devices/system/node/node0/cpumap", "fff\n"},
	{"trn2.48xlarge", "sys/devices/system/node/node1/meminfo",
	 "Node 1 MemTotal:       1040187392 kB\n"
	 "Node 1 MemFree:        520093696 kB\n"},
	{"trn2u.48xlarge", "sys/class/neuron_device/node_id_4", "-1\n"},
	{"trn2u.48xlarge", "sys/class/neuron_device/server_id_4",
	 "0000000000000000\n"},
};

START_TEST(files_are_byte_exact)
{
	char root[PATH_LENGTH], path[PATH_LENGTH * 2], got[256] = "";
	const char *wanted = bytes[_i].content;
	size_t n;
	FILE *file;

	_machine(bytes[_i].profile, NULL, root);
	(void) snprintf(path, sizeof(path), "%s/%s", root, bytes[_i].path);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	n = fread(got, 1, sizeof(got) - 1, file);
	(void) fclose(file);
	ck_assert_msg(n == strlen(wanted) && !memcmp(got, wanted, n),
		      "%s: got \"%s\", wanted \"%s\"", path, got, wanted);
}
END_TEST

static const char trn2[] = "trn2.48xlarge";

static const struct {
	const char *profile;
	const char *options[OPTIONS_MAX];
} refused[] = {
	{"trn2.48xlarge", {"--break", "no-device=16"}},
	{"trn2.48xlarge", {"--break", "no-device=-1"}},
	{"trn2.48xlarge", {"--break", "no-device=x"}},
	{"trn2.48xlarge", {"--break", "no-device="}},
	{"trn2.48xlarge", {"--break", "no-device"}},
	{"inf2.48xlarge", {"--break", "no-efa=0"}},
	{"trn1.32xlarge", {"--break", "no-efa=8"}},
	{"trn2.48xlarge", {"--break", "link=0-2"}},
	{"trn2.48xlarge", {"--break", "link=0"}},
	{"trn2.48xlarge", {"--break", "link=0-"}},
	{"trn2.48xlarge", {"--break", "link=-0"}},
	{"trn2.48xlarge", {"--break", "link=99999999999999999999-0"}},
	{"trn2.48xlarge", {"--break", "garbage=no_such_file"}},
	{"trn2.48xlarge", {"--break", "garbage=ount"}},
	{"trn2.48xlarge", {"--break", "garbage="}},
	{"trn2.48xlarge", {"--break", "everything"}},
	{"trn2.48xlarge", {"--break", "wrong-cores=1"}},
	{"trn1n.32xlarge", {"--break", "wrong-numa=0"}},
	{"trn2.48xlarge", {"--lnc", "3"}},
	{"trn1.32xlarge", {"--lnc", "2"}},
	{"trn2u.48xlarge", {"--server-id", "1"}},
	{"trn2u.48xlarge", {"--node-id", "1"}},
	{"trn2u.48xlarge", {"--server-id", "0", "--node-id", "1"}},
	{"trn2u.48xlarge", {"--server-id", "xyz", "--node-id", "1"}},
	{"trn2u.48xlarge", {"--server-id", "1", "--node-id", "4"}},
	{"trn2.48xlarge", {"--server-id", "1", "--node-id", "0"}},
	{"trn2.48xlarge", {"--no-such-option"}},
	{"no-such-profile", {NULL}},
};

START_TEST(simroot_refuses)
{
	char path[PATH_LENGTH], root[PATH_LENGTH + 16];
	int status;

	_profile_path(refused[_i].profile, path);
	(void) snprintf(root, sizeof(root), "%s/refused", base);
	status = _simroot(refused[_i].options, path, root, true);
	_remove(root);
	ck_assert_msg(status == 1, "%s %s %s: exit status %d",
		      refused[_i].profile, refused[_i].options[0],
		      refused[_i].options[1], status);
}
END_TEST

START_TEST(simroot_refuses_full_directory)
{
	char path[PATH_LENGTH], root[PATH_LENGTH];

	_profile_path(trn2, path);
	_machine(trn2, NULL, root);
	ck_assert_int_eq(_simroot(NULL, path, root, true), 1);
}
END_TEST

/* A list of 15 neighbours does not fit into the 20 bytes of the driver */
START_TEST(long_list_reads_empty)
{
	char path[PATH_LENGTH], root[PATH_LENGTH + 16];
	static char text[PROFILE_FILE_MAX];
	neuron_error_t err = {""};
	profile_t *profile;
	probe_t *probe;
	FILE *file;
	char *at;

	_profile_path("trn3.48xlarge", path);
	file = fopen(path, "r");
	ck_assert(file != NULL);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void) fclose(file);
	while ((at = strstr(text, "\"driver_links\": ["))) {
		char *end = strchr(at, ']');

		ck_assert(end != NULL);
		while (*at != ',')
			at--;
		memmove(at, end + 1, strlen(end + 1) + 1);
	}
	(void) snprintf(path, sizeof(path), "%.400s/trn3.48xlarge.json", base);
	file = fopen(path, "w");
	ck_assert(file != NULL && fputs(text, file) >= 0 && !fclose(file));
	profile = profile_read(path, &err);
	ck_assert_msg(profile != NULL, "%s", err.text);
	(void) snprintf(root, sizeof(root), "%s/full", base);
	ck_assert_int_eq(_simroot(NULL, path, root, false), 0);
	probe = _probe(root);
	_compare(probe, profile);
	ck_assert_msg(!said.count, "%s", said.text[0]);
	ck_assert(!probe_device(probe, 0)->links_known);
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

/*
 * Broken machines
 */

typedef enum { NOTHING, WRITE, REMOVE, LINK, PIPE, DIRECTORY, CUT } action_t;

typedef struct {
	const char *profile;
	const char *options[OPTIONS_MAX];
	/* what is done to the machine afterwards */
	struct {
		action_t action;
		const char *path;
		const char *text;
	} change;
	/* sentences, in their order */
	const char *wanted[WANTED_MAX];
	bool needs_root;
} broken_t;

#define BREAK(what)             \
	{                       \
		"--break", what \
	}
#define HAS "; profile trn2.48xlarge has "
#define VIRTUAL "/" DEVICES
#define INFO(what) DEVICES "neuron0/info/" what
#define CLASS "sys/class/neuron_device/"
#define MAP "sys/devices/system/node/node0/cpumap"
#define LNC "opt/aws/neuron/logical_nc_config"
#define IB "sys/class/infiniband/"
#define VERBS "sys/class/infiniband_verbs/"

#define NOT_A_LIST(text)                             \
	VIRTUAL "neuron0/connected_devices: \"" text \
		"\": it must be a list of device indexes such as 12, 3, 4, 1"
#define NOT_CORES(text)                       \
	VIRTUAL "neuron0/core_count: \"" text \
		"\": it must be a number from 1 to 64"
#define NOT_A_MAP(text)                                                       \
	"/" MAP ": \"" text "\": it must be groups of 8 hexadecimal digits, " \
	"for CPUs below 4096"
#define NOT_LNC(text) \
	"/" LNC ": \"" text "\": it must be NEURON_LOGICAL_NC_CONFIG=1 or =2"
#define NOT_HEX(path, text) \
	"/" path ": \"" text "\": it must be 16 hexadecimal digits"
#define TOO_LONG(path, size) "/" path ": it must be at most " size " bytes"
#define CHANGE_LINKS(content)                                       \
	trn2, {NULL},                                               \
	{                                                           \
		WRITE, DEVICES "neuron0/connected_devices", content \
	}
#define CHANGE_CORES(content)                                \
	trn2, {NULL},                                        \
	{                                                    \
		WRITE, DEVICES "neuron0/core_count", content \
	}
#define CHANGE_MAP(content)         \
	trn2, {NULL},               \
	{                           \
		WRITE, MAP, content \
	}
#define CHANGE_LNC(content)         \
	trn2, {"--lnc", "1"},       \
	{                           \
		WRITE, LNC, content \
	}
#define LACKS_DEVICE(n) \
	"neuron" n " is missing; profile trn2.48xlarge has 16 devices"
#define LACKS_EFA(n, pci)                                  \
	"efa" n ": no EFA interface with PCI address " pci \
	", which profile trn2.48xlarge has"
#define PCI_COUNT(n)         \
	"the PCI bus has " n \
	" Neuron functions; profile trn2.48xlarge has 16 devices"
#define FIRST "neuron0: "

static const broken_t broken[] = {
	/* what simroot breaks */
	{trn2,
	 BREAK("no-device=3"),
	 {NOTHING, NULL, NULL},
	 {LACKS_DEVICE("3"), PCI_COUNT("15")},
	 false},
	{trn2,
	 {"--break", "no-device=0", "--break", "no-device=15"},
	 {NOTHING, NULL, NULL},
	 {LACKS_DEVICE("0"), LACKS_DEVICE("15"), PCI_COUNT("14")},
	 false},
	{trn2,
	 BREAK("no-efa=3"),
	 {NOTHING, NULL, NULL},
	 {LACKS_EFA("3", "0000:ca:00.0")},
	 false},
	{"trn2.3xlarge",
	 BREAK("no-efa=0"),
	 {NOTHING, NULL, NULL},
	 {"the number of EFA interfaces is 0; profile trn2.3xlarge has 1"},
	 false},
	{"trn1.32xlarge",
	 BREAK("no-efa=7"),
	 {NOTHING, NULL, NULL},
	 {"efa7: no EFA interface with PCI address 0000:a0:19.0, which "
	  "profile trn1.32xlarge has"},
	 false},
	{trn2,
	 BREAK("link=0-1"),
	 {NOTHING, NULL, NULL},
	 {FIRST "connected_devices is 3-4,12" HAS "1,3-4,12"},
	 false},
	{trn2,
	 {"--break", "link=0-1", "--break", "link=1-0"},
	 {NOTHING, NULL, NULL},
	 {FIRST "connected_devices is 3-4,12" HAS "1,3-4,12",
	  "neuron1: connected_devices is 2,5,13" HAS "0,2,5,13"},
	 false},
	{"inf2.24xlarge",
	 BREAK("link=0-1"),
	 {NOTHING, NULL, NULL},
	 {FIRST "connected_devices is none; profile inf2.24xlarge has 1"},
	 false},
	{trn2,
	 BREAK("wrong-cores"),
	 {NOTHING, NULL, NULL},
	 {FIRST "core_count is 9" HAS "8"},
	 false},
	{trn2,
	 BREAK("wrong-numa=5"),
	 {NOTHING, NULL, NULL},
	 {"efa5: NUMA node of rdmap87s0 is 1" HAS "0"},
	 false},
	{trn2,
	 BREAK("extra-device"),
	 {NOTHING, NULL, NULL},
	 {"neuron16 is there; profile trn2.48xlarge ends with neuron15",
	  PCI_COUNT("17")},
	 false},
	{trn2,
	 BREAK("node-not-device=5"),
	 {NOTHING, NULL, NULL},
	 {"neuron5: /dev/neuron5 is not a character device"},
	 true},
	{"trn1.2xlarge",
	 BREAK("node-not-device=0"),
	 {NOTHING, NULL, NULL},
	 {NULL},
	 false},
	{trn2,
	 BREAK("empty=neuron0/core_count"),
	 {NOTHING, NULL, NULL},
	 {NOT_CORES("")},
	 false},
	{trn2,
	 BREAK("empty=neuron0/connected_devices"),
	 {NOTHING, NULL, NULL},
	 {NULL},
	 false},
	{trn2,
	 BREAK("empty=neuron0/info/serial_number"),
	 {NOTHING, NULL, NULL},
	 {NULL},
	 false},
	{trn2,
	 BREAK("empty=neuron0/info/architecture/arch_type"),
	 {NOTHING, NULL, NULL},
	 {VIRTUAL "neuron0/info/architecture/arch_type: \"\": it must be not "
		  "empty"},
	 false},
	{trn2,
	 BREAK("empty=product_name"),
	 {NOTHING, NULL, NULL},
	 {"/sys/devices/virtual/dmi/id/product_name: \"\": it must be not "
	  "empty"},
	 false},
	{trn2,
	 BREAK("huge=neuron0/core_count"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG(DEVICES "neuron0/core_count", "4096")},
	 false},
	{trn2,
	 BREAK("huge=neuron0/connected_devices"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG(DEVICES "neuron0/connected_devices", "4096")},
	 false},
	{trn2,
	 BREAK("huge=product_name"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG("sys/devices/virtual/dmi/id/product_name", "64")},
	 false},
	{trn2,
	 BREAK("huge=node0/cpumap"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG(MAP, "4096")},
	 false},
	{trn2,
	 BREAK("huge=uverbs0/ibdev"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG(VERBS "uverbs0/ibdev", "64"),
	  "efa6: rdmap86s0 has no node in /dev/infiniband"},
	 false},
	{trn2,
	 BREAK("huge=0000:cc:00.0/vendor"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG(PCI("cc", "vendor"), "4096"), PCI_COUNT("15")},
	 false},
	{trn2,
	 BREAK("huge=0000:c9:00.0/device"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG(PCI("c9", "device"), "4096"),
	  LACKS_EFA("0", "0000:c9:00.0")},
	 false},
	{trn2,
	 BREAK("huge=0000:c9:00.0/numa_node"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG(PCI("c9", "numa_node"), "4096")},
	 false},
	{trn2,
	 BREAK("garbage=0000:c9:00.0/config"),
	 {NOTHING, NULL, NULL},
	 {NULL},
	 false},
	{trn2,
	 BREAK("garbage=neuron0/core_count"),
	 {NOTHING, NULL, NULL},
	 {VIRTUAL "neuron0/core_count: it must be without null bytes"},
	 false},
	{trn2,
	 BREAK("garbage=neuron0/connected_devices"),
	 {NOTHING, NULL, NULL},
	 {VIRTUAL "neuron0/connected_devices: it must be without null "
		  "bytes"},
	 false},
	{trn2,
	 BREAK("garbage=neuron7/info/architecture/device_name"),
	 {NOTHING, NULL, NULL},
	 {TOO_LONG(DEVICES "neuron7/info/architecture/device_name", "64")},
	 false},
	{trn2,
	 BREAK("garbage=0000:c9:00.0/numa_node"),
	 {NOTHING, NULL, NULL},
	 {"/" PCI("c9", "numa_node") ": it must be without null bytes"},
	 false},

	/* lists of links */
	{CHANGE_LINKS("1, 3, 4, 12"), {NULL}, false},
	{CHANGE_LINKS("1, 3, 4, 12, 15\n"),
	 {FIRST "connected_devices is 1,3-4,12,15" HAS "1,3-4,12"},
	 false},
	{CHANGE_LINKS("\n"),
	 {FIRST "connected_devices is none" HAS "1,3-4,12"},
	 false},
	{CHANGE_LINKS("1,3,4,12\n"), {NOT_A_LIST("1,3,4,12")}, false},
	{CHANGE_LINKS("1, 3, 4, 12, \n"), {NOT_A_LIST("1, 3, 4, 12, ")}, false},
	{CHANGE_LINKS("1, 3, 4, 12,\n"), {NOT_A_LIST("1, 3, 4, 12,")}, false},
	{CHANGE_LINKS(", 1\n"), {NOT_A_LIST(", 1")}, false},
	{CHANGE_LINKS("1, 1\n"), {NOT_A_LIST("1, 1")}, false},
	{CHANGE_LINKS("01, 3\n"), {NOT_A_LIST("01, 3")}, false},
	{CHANGE_LINKS("64\n"), {NOT_A_LIST("64")}, false},
	{CHANGE_LINKS("-1\n"), {NOT_A_LIST("-1")}, false},
	{CHANGE_LINKS("99999\n"), {NOT_A_LIST("99999")}, false},
	{CHANGE_LINKS("1\n\n"), {NOT_A_LIST("1?")}, false},
	{CHANGE_LINKS("1\n3\n"), {NOT_A_LIST("1?3")}, false},
	{CHANGE_LINKS("busy\n"), {NOT_A_LIST("busy")}, false},

	/* numbers */
	{CHANGE_CORES("8\n"), {NULL}, false},
	{CHANGE_CORES("4"), {FIRST "core_count is 4" HAS "8"}, false},
	{CHANGE_CORES("0"), {NOT_CORES("0")}, false},
	{CHANGE_CORES("65"), {NOT_CORES("65")}, false},
	{CHANGE_CORES("-8"), {NOT_CORES("-8")}, false},
	{CHANGE_CORES("8 "), {NOT_CORES("8 ")}, false},
	{CHANGE_CORES("0x8"), {NOT_CORES("0x8")}, false},
	{CHANGE_CORES("4294967304"), {NOT_CORES("4294967304")}, false},
	{CHANGE_CORES("18446744073709551624"),
	 {NOT_CORES("18446744073709551624")},
	 false},
	{CHANGE_CORES("8\n8\n"),
	 {VIRTUAL "neuron0/core_count: \"8?8\": it must be one line of "
		  "printable ASCII"},
	 false},

	/* maps of CPUs */
	{CHANGE_MAP("0000,00000000,ffffffff\n"),
	 {"NUMA node 0 has the CPUs 0-31" HAS "0-47,96-143"},
	 false},
	{CHANGE_MAP("0\n"),
	 {"NUMA node 0 has the CPUs none" HAS "0-47,96-143"},
	 false},
	{CHANGE_MAP("\n"), {NOT_A_MAP("")}, false},
	{CHANGE_MAP(",\n"), {NOT_A_MAP(",")}, false},
	{CHANGE_MAP("f,\n"), {NOT_A_MAP("f,")}, false},
	{CHANGE_MAP("f,fffffff\n"), {NOT_A_MAP("f,fffffff")}, false},
	{CHANGE_MAP("fffffffff\n"), {NOT_A_MAP("fffffffff")}, false},
	{CHANGE_MAP("0xff\n"), {NOT_A_MAP("0xff")}, false},
	{CHANGE_MAP("FF\n"), {NOT_A_MAP("FF")}, false},
	{CHANGE_MAP("0-47\n"), {NOT_A_MAP("0-47")}, false},
	{CHANGE_MAP("ffffffff ffffffff\n"),
	 {NOT_A_MAP("ffffffff ffffffff")},
	 false},

	/* LNC, UltraServer */
	{CHANGE_LNC("NEURON_LOGICAL_NC_CONFIG=2"), {NULL}, false},
	{CHANGE_LNC("NEURON_LOGICAL_NC_CONFIG=0\n"),
	 {NOT_LNC("NEURON_LOGICAL_NC_CONFIG=0")},
	 false},
	{CHANGE_LNC("NEURON_LOGICAL_NC_CONFIG=9\n"),
	 {NOT_LNC("NEURON_LOGICAL_NC_CONFIG=9")},
	 false},
	{CHANGE_LNC("NEURON_LOGICAL_NC_CONFIG=\n"),
	 {NOT_LNC("NEURON_LOGICAL_NC_CONFIG=")},
	 false},
	{CHANGE_LNC("NEURON_LOGICAL_NC_CONFIG=1 \n"),
	 {NOT_LNC("NEURON_LOGICAL_NC_CONFIG=1 ")},
	 false},
	{CHANGE_LNC("2\n"), {NOT_LNC("2")}, false},
	{CHANGE_LNC(""), {NOT_LNC("")}, false},
	{trn2, {NULL}, {WRITE, CLASS "node_id_4", "busy\n"}, {NULL}, false},
	{trn2,
	 {NULL},
	 {WRITE, CLASS "node_id_4", "4\n"},
	 {"/" CLASS "node_id_4: \"4\": it must be the number of an instance, "
	  "-1 or busy"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, CLASS "ultraserver_mode", "busy\n"},
	 {NULL},
	 false},
	{trn2, {NULL}, {WRITE, CLASS "ultraserver_mode", "\n"}, {NULL}, false},
	{trn2,
	 {NULL},
	 {WRITE, CLASS "ultraserver_mode", "1,,4\n"},
	 {"/" CLASS "ultraserver_mode: \"1,,4\": it must be digits and "
	  "commas, or busy"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, CLASS "ultraserver_mode", "1,12\n"},
	 {"/" CLASS "ultraserver_mode: \"1,12\": it must be digits and "
	  "commas, or busy"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, CLASS "ultraserver_mode", "-1\n"},
	 {"/" CLASS "ultraserver_mode: \"-1\": it must be digits and "
	  "commas, or busy"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, CLASS "node_id_2", "x\n"},
	 {"/" CLASS "node_id_2: \"x\": it must be the number of an instance, "
	  "-1 or busy"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, CLASS "server_id_4", "1234\n"},
	 {NOT_HEX(CLASS "server_id_4", "1234")},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, INFO("serial_number"), "00C5F3A1B2D40E17\n"},
	 {NOT_HEX(INFO("serial_number"), "00C5F3A1B2D40E17")},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, INFO("serial_number"), "123\n"},
	 {NOT_HEX(INFO("serial_number"), "123")},
	 false},

	/* names that are another machine's */
	{trn2,
	 {NULL},
	 {WRITE, "sys/devices/virtual/dmi/id/product_name", "m5.large\n"},
	 {"the machine is a m5.large; profile trn2.48xlarge is for "
	  "trn2.48xlarge"},
	 false},
	{"trn3pds.48xlarge",
	 {NULL},
	 {WRITE, "sys/devices/virtual/dmi/id/product_name", "m5.large\n"},
	 {"the machine is a m5.large; profile trn3pds.48xlarge is for "
	  "trn3.48xlarge, trn3-dev0.48xlarge, trn3-dev1.48xlarge"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, INFO("architecture/arch_type"), "NDv2\n"},
	 {FIRST "arch_type is NDv2" HAS "NDv3"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, INFO("architecture/instance_type"), "Trn1\n"},
	 {FIRST "instance_type is Trn1" HAS "Trn2"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, INFO("architecture/device_name"), "Trainium1\n"},
	 {FIRST "device_name is Trainium1" HAS "Trainium2"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, INFO("architecture/device_name"), "Tr\tn\n"},
	 {"/" INFO("architecture/device_name") ": \"Tr?n\": it must be one "
					       "line of printable ASCII"},
	 false},

	/* things that are not there; what cannot be read is no difference */
	{trn2,
	 {NULL},
	 {REMOVE, "dev/neuron3", NULL},
	 {"neuron3: /dev/neuron3 does not exist"},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, "dev/infiniband/uverbs15", NULL},
	 {"efa15: rdmap246s0 has no node in /dev/infiniband"},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, VERBS "uverbs0", NULL},
	 {"efa6: rdmap86s0 has no node in /dev/infiniband"},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, IB "rdmap201s0", NULL},
	 {LACKS_EFA("0", "0000:c9:00.0")},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, "sys/bus/pci/devices/0000:cc:00.0", NULL},
	 {PCI_COUNT("15")},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, DEVICES "neuron0/core_count", NULL},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, DEVICES "neuron0/connected_devices", NULL},
	 {NULL},
	 false},
	{trn2, {NULL}, {REMOVE, INFO("serial_number"), NULL}, {NULL}, false},
	{trn2,
	 {NULL},
	 {REMOVE, INFO("architecture/arch_type"), NULL},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, "sys/devices/virtual/dmi/id/product_name", NULL},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, "sys/module/neuron/version", NULL},
	 {NULL},
	 false},
	{trn2, {NULL}, {REMOVE, MAP, NULL}, {NULL}, false},
	{trn2,
	 {NULL},
	 {CUT, "sys/devices/system/node/node1", NULL},
	 {"the number of NUMA nodes is 1; profile trn2.48xlarge has 2"},
	 false},
	{trn2, {NULL}, {CUT, "sys/devices/system/node", NULL}, {NULL}, false},
	/* another place for devices: the class */
	{trn2,
	 {NULL},
	 {CUT, DEVICES "neuron9", NULL},
	 {"/dev/neuron9: the driver shows no such device", LACKS_DEVICE("9")},
	 false},
	/* no class at all: a driver that shows itself elsewhere */
	{trn2, {NULL}, {CUT, "sys/class/neuron_device", NULL}, {NULL}, false},

	/* things in the place of others */
	{trn2,
	 {NULL},
	 {WRITE, "dev/neuron16", ""},
	 {"/dev/neuron16: the driver shows no such device"},
	 false},
	{trn2, {NULL}, {WRITE, "dev/neuron64", ""}, {NULL}, false},
	{trn2, {NULL}, {WRITE, "dev/neuron016", ""}, {NULL}, false},
	{trn2,
	 {NULL},
	 {PIPE, DEVICES "neuron0/core_count", NULL},
	 {VIRTUAL "neuron0/core_count: it must be a file"},
	 false},
	{trn2,
	 {NULL},
	 {DIRECTORY, DEVICES "neuron0/core_count", NULL},
	 {VIRTUAL "neuron0/core_count: it must be a file"},
	 false},
	{trn2,
	 {NULL},
	 {PIPE, PCI("cc", "vendor"), NULL},
	 {"/" PCI("cc", "vendor") ": it must be a file", PCI_COUNT("15")},
	 false},
	{trn2,
	 {NULL},
	 {LINK, DEVICES "neuron0/core_count", "core_count"},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {LINK, DEVICES "neuron0/core_count", "../neuron1/core_count"},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {LINK, DEVICES "neuron0/core_count", "/" DEVICES "neuron1/core_count"},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {LINK, DEVICES "neuron0/core_count",
	  "../../../../../../../../../../../sys/class/dmi/id/product_name"},
	 {NOT_CORES("trn2.48xlarge")},
	 false},
	/* not the one of the machine that runs the test */
	{trn2,
	 {NULL},
	 {LINK, DEVICES "neuron0/core_count", "/etc/passwd"},
	 {NULL},
	 false},
	/* libpci would follow it out of the root */
	{trn2,
	 {NULL},
	 {LINK, "sys/bus/pci/devices/0000:cc:00.0",
	  "/sys/devices/pci0000:cc/0000:cc:00.0"},
	 {"/" PCI("cc", "vendor") ": it must be a file or a link to one below "
				  "the root directory",
	  PCI_COUNT("15")},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, PCI("cc", "device"), "7364\n"},
	 {"/" PCI("cc", "device") ": \"7364\": it must be 0x and four "
				  "hexadecimal digits",
	  PCI_COUNT("15")},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, PCI("cc", "device"), "0x7364extra\n"},
	 {"/" PCI("cc", "device") ": \"0x7364extra\": it must be 0x and four "
				  "hexadecimal digits",
	  PCI_COUNT("15")},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, PCI("cc", "device"), "0x7063\n"},
	 {PCI_COUNT("15")},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, PCI("cc", "vendor"), "0x8086\n"},
	 {PCI_COUNT("15")},
	 false},
	{trn2, {NULL}, {WRITE, PCI("c9", "numa_node"), "-1\n"}, {NULL}, false},
	{trn2,
	 {NULL},
	 {WRITE, PCI("c9", "numa_node"), "-2\n"},
	 {"/" PCI("c9", "numa_node") ": \"-2\": it must be a number from -1 to "
				     "15"},
	 false},
	{trn2,
	 {NULL},
	 {REMOVE, PCI("cc", "vendor"), NULL},
	 {"/" PCI("cc", "vendor") ": it must be a file or a link to one below "
				  "the root directory",
	  PCI_COUNT("15")},
	 false},
	{trn2,
	 {NULL},
	 {DIRECTORY, "sys/bus/pci/devices/10000:e1:00.0", NULL},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {DIRECTORY, "sys/bus/pci/devices/garbage", NULL},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {DIRECTORY, "sys/bus/pci/devices/0000:40:20.0", NULL},
	 {NULL},
	 false},
	/* an interface of someone else, and one too many */
	{trn2,
	 {NULL},
	 {LINK, IB "mlx5_0/device", "/sys/devices"},
	 {NULL},
	 false},
	{trn2, {NULL}, {DIRECTORY, IB "rxe0", NULL}, {NULL}, false},
	{"trn2.3xlarge",
	 {NULL},
	 {LINK, IB "zzz/device", "../../../bus/pci/devices/0000:41:00.0"},
	 {"the number of EFA interfaces is 2; profile trn2.3xlarge has 1"},
	 false},
	{trn2,
	 {NULL},
	 {LINK, IB "zzz/device", "../../../bus/pci/devices/0000:c9:00.0"},
	 {"zzz is an EFA interface with PCI address 0000:c9:00.0, which "
	  "profile "
	  "trn2.48xlarge has not"},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, VERBS "uverbs99/ibdev", "nobody\n"},
	 {NULL},
	 false},
	{trn2,
	 {NULL},
	 {WRITE, VERBS "uverbs99999/ibdev", "rdmap201s0\n"},
	 {NULL},
	 false},
};

static void _make_parents(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void) mkdir(path, 0755);
		*slash = '/';
	}
}

static int _write(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -1;
	if (fwrite(data, 1, size, file) != size) {
		(void) fclose(file);
		return -1;
	}
	return fclose(file);
}

static void _change(const broken_t *row, const char *root)
{
	char path[PATH_LENGTH * 2];
	int failed = 0;

	(void) snprintf(path, sizeof(path), "%s/%s", root,
			row->change.path ? row->change.path : "");
	_make_parents(path);
	if (row->change.action != NOTHING && row->change.action != CUT)
		(void) unlink(path);
	switch (row->change.action) {
	case WRITE:
		failed = _write(path, row->change.text,
				strlen(row->change.text));
		break;
	case LINK:
		failed = symlink(row->change.text, path);
		break;
	case PIPE:
		failed = mkfifo(path, 0644);
		break;
	case DIRECTORY:
		failed = mkdir(path, 0755);
		break;
	case CUT:
		_remove(path);
		break;
	case NOTHING:
	case REMOVE:
		break;
	}
	ck_assert_msg(!failed, "%s: %s", path, strerror(errno));
}

static const char *_what(const broken_t *row)
{
	static char text[PATH_LENGTH];

	(void) snprintf(text, sizeof(text), "%s %s %s: \"%s\"", row->profile,
			row->options[1] ? row->options[1] : "",
			row->change.path ? row->change.path : "",
			row->change.text ? row->change.text : "");
	return text;
}

START_TEST(breakage_is_told)
{
	const broken_t *row = &broken[_i];
	char root[PATH_LENGTH];
	profile_t *profile;
	probe_t *probe;
	int i;

	if (row->needs_root && !_is_root()) {
		printf("SKIP: %s: needs the right to make device nodes\n",
		       _what(row));
		return;
	}
	_machine(row->profile, row->options, root);
	_change(row, root);
	profile = _profile(row->profile);
	probe = _probe(root);
	_compare(probe, profile);
	for (i = 0; i < WANTED_MAX && row->wanted[i]; i++)
		ck_assert_msg(i < said.count &&
				      !strcmp(said.text[i], row->wanted[i]),
			      "%s: got \"%s\", wanted \"%s\"", _what(row),
			      i < said.count ? said.text[i] : "nothing",
			      row->wanted[i]);
	ck_assert_msg(said.count == i, "%s: got also \"%s\"", _what(row),
		      said.text[i]);
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

/*
 * What the sentences do not show
 */

static const struct {
	const char *id;
	const char *node;
	const char *id4;
	const char *id2;
	int node4, node2;
} servers[] = {
	{NULL, NULL, "", "", -1, -1},
	{"7f00c5f3a1b2d40e", "0", "7f00c5f3a1b2d40e", "7f00c5f3a1b2d40e", 0, 0},
	{"7f00c5f3a1b2d40e", "1", "7f00c5f3a1b2d40e", "7f00c5f3a1b2d40e", 1, 1},
	{"7f00c5f3a1b2d40e", "2", "7f00c5f3a1b2d40e", "7f00c5f3a1b2d40d", 2, 0},
	{"7F", "3", "000000000000007f", "000000000000007e", 3, 1},
};

START_TEST(ultraserver)
{
	const char *options[] = {"--lnc",       "1",
				 "--server-id", servers[_i].id,
				 "--node-id",   servers[_i].node,
				 NULL};
	server_t server = {.member_count = 3};
	char root[PATH_LENGTH];
	probe_t *probe;

	if (!servers[_i].id)
		options[2] = NULL;
	_machine("trn2u.48xlarge", options, root);
	probe = _probe(root);
	ck_assert_uint_eq(probe_lnc(probe), 1);
	ck_assert_str_eq(probe_server_id(probe, 4), servers[_i].id4);
	ck_assert_str_eq(probe_server_id(probe, 2), servers[_i].id2);
	ck_assert_int_eq(probe_node_id(probe, 4), servers[_i].node4);
	ck_assert_int_eq(probe_node_id(probe, 2), servers[_i].node2);
	ck_assert_str_eq(probe_server_id(probe, 3), "");
	ck_assert_int_eq(probe_node_id(probe, 0), -1);
	ck_assert_uint_eq(probe_modes(probe), servers[_i].id ? 0x1a : 0x10);
	ck_assert_int_eq(probe_server(root, &server), 0);
	ck_assert_uint_eq(server.modes, probe_modes(probe));
	ck_assert_str_eq(server.id4, servers[_i].id4);
	ck_assert_str_eq(server.id2, servers[_i].id2);
	ck_assert_int_eq(server.node4, servers[_i].node4);
	ck_assert_int_eq(server.node2, servers[_i].node2);
	ck_assert_uint_eq(server.member_count, 3);
	probe_destroy(probe);
	ck_assert_int_eq(probe_server("/nowhere/at/all", &server), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_uint_eq(server.modes, 0);
	ck_assert_str_eq(server.id4, "");
	ck_assert_int_eq(server.node4, -1);
}
END_TEST

START_TEST(simulated)
{
	static const char *const plain[] = {"--break", "node-not-device=0",
					    NULL};
	char root[PATH_LENGTH];
	probe_t *probe;

	_machine("trn1.2xlarge", plain, root);
	probe = _probe(root);
	ck_assert(probe_is_simulated(probe));
	ck_assert(!probe_device(probe, 0)->node_is_device);
	probe_destroy(probe);
	probe = _probe("");
	ck_assert(!probe_is_simulated(probe));
	probe_destroy(probe);
	if (!_is_root()) {
		printf("SKIP: character devices below a root: needs the right "
		       "to make device nodes\n");
		return;
	}
	_machine(trn2, NULL, root);
	probe = _probe(root);
	ck_assert(!probe_is_simulated(probe));
	ck_assert(probe_device(probe, 0)->node_is_device);
	ck_assert(probe_efa(probe, 0)->node_is_device);
	probe_destroy(probe);
}
END_TEST

/* A driver that shows its devices in the class only, or nowhere */
START_TEST(other_places)
{
	char root[PATH_LENGTH], from[PATH_LENGTH * 2], to[PATH_LENGTH * 2];
	profile_t *profile = _profile(trn2);
	probe_t *probe;

	_machine(trn2, NULL, root);
	(void) snprintf(to, sizeof(to), "%s/sys/class/neuron_device", root);
	_remove(to);
	(void) snprintf(from, sizeof(from), "%s/" DEVICES, root);
	ck_assert_msg(!rename(from, to), "%s: %s", from, strerror(errno));
	probe = _probe(root);
	_compare(probe, profile);
	ck_assert_msg(!said.count, "%s", said.text[0]);
	_check_devices(probe, profile);
	probe_destroy(probe);

	_remove(to);
	probe = _probe(root);
	_compare(probe, profile);
	ck_assert_msg(!said.count, "%s", said.text[0]);
	ck_assert_uint_eq(probe_device_count(probe), 16);
	ck_assert_uint_eq(probe_device(probe, 5)->core_count, 0);
	ck_assert(!probe_device(probe, 5)->links_known);
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

/* Devices of a trn2.48xlarge that are not as their profile says */
static const struct {
	const char *options[3];
	devset_t strange;
} strangers[] = {
	{{NULL}, 0},
	{{"--break", "no-device=5"}, 1 << 5},
	{{"--break", "link=0-1"}, 1 << 0},
	{{"--break", "wrong-cores"}, 1 << 0},
	{{"--break", "no-efa=3"}, 0},
	{{"--break", "extra-device"}, 0},
};

START_TEST(device_matches)
{
	profile_t *profile = _profile(trn2);
	char root[PATH_LENGTH];
	probe_t *probe;

	_machine(trn2, strangers[_i].options, root);
	probe = _probe(root);
	for (unsigned int i = 0; i < 16; i++) {
		bool wanted = !(strangers[_i].strange >> i & 1);

		ck_assert_msg(probe_device_matches(probe, profile, i) == wanted,
			      "%s: neuron%u: wanted %d",
			      strangers[_i].options[1], i, wanted);
	}
	ck_assert(!probe_device_matches(probe, profile, 16));
	ck_assert(!probe_device_matches(probe, profile, 64));
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

START_TEST(many_defects)
{
	static const char *const options[] = {
		"--break", "garbage=core_count",
		"--break", "garbage=connected_devices",
		"--break", "garbage=arch_type",
		"--break", "garbage=serial_number",
	};
	const char *all[OPTIONS_MAX + 1] = {NULL};
	char root[PATH_LENGTH], path[PATH_LENGTH * 2];
	profile_t *profile = _profile(trn2);
	unsigned int i = 0;
	probe_t *probe;

	memcpy(all, options, sizeof(options));
	_machine(trn2, all, root);
	for (int device = 0; device < 16; device++) {
		(void) snprintf(path, sizeof(path),
				"%s/" DEVICES "neuron%d/info/architecture/"
				"device_name",
				root, device);
		ck_assert(!_write(path, "\n", 1));
	}
	probe = _probe(root);
	while (probe_defect(probe, i))
		i++;
	ck_assert_uint_eq(i, PROBE_DEFECTS_MAX);
	_compare(probe, profile);
	ck_assert_int_eq(said.count, PROBE_DEFECTS_MAX);
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

/*
 * Misuse
 */

START_TEST(no_such_root)
{
	char longest[PATH_MAX + 16], path[PATH_LENGTH + 16];
	const char *const roots[] = {NULL, "/no/such/root", path, longest};
	const char *const wanted[] = {"no root directory given",
				      "root directory /no/such/root: ",
				      "root directory ", "root directory "};
	neuron_error_t err = {""};

	(void) snprintf(path, sizeof(path), "%s/file", base);
	ck_assert(!_write(path, "", 0));
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	errno = 0;
	ck_assert(!probe_create(roots[_i], &err));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_msg(!strncmp(err.text, wanted[_i], strlen(wanted[_i])),
		      "got \"%s\", wanted \"%s\"", err.text, wanted[_i]);
	errno = 0;
	ck_assert(!probe_create(roots[_i], NULL));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(long_root)
{
	char root[PATH_LENGTH * 2];
	neuron_error_t err = {""};

	(void) snprintf(root, sizeof(root), "%s", base);
	while (strlen(root) < PATH_LENGTH) {
		(void) snprintf(root + strlen(root),
				sizeof(root) - strlen(root),
				"/a-name-of-some-length");
		ck_assert(!mkdir(root, 0755));
	}
	errno = 0;
	ck_assert(!probe_create(root, &err));
	ck_assert_int_eq(errno, EIO);
	ck_assert_msg(strstr(err.text, "its name is too long"), "\"%s\"",
		      err.text);
}
END_TEST

START_TEST(empty_root)
{
	char root[PATH_LENGTH + 16];
	profile_t *profile = _profile(trn2);
	probe_t *probe;

	(void) snprintf(root, sizeof(root), "%s/empty", base);
	ck_assert(!mkdir(root, 0755));
	probe = _probe(root);
	ck_assert(!probe_device(probe, 0));
	ck_assert(!probe_efa(probe, 0));
	ck_assert(!probe_efa_of(probe, profile, 0));
	ck_assert(!probe_numa_cpus(probe, 0));
	ck_assert_uint_eq(probe_numa_count(probe), 0);
	ck_assert_str_eq(probe_instance(probe), "");
	ck_assert_str_eq(probe_driver_version(probe), "");
	_compare(probe, profile);
	ck_assert_int_eq(said.count, 16 + 1 + 16);
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

START_TEST(this_machine)
{
	profile_t *profile = _profile(trn2);
	probe_t *probe = _probe("");

	_compare(probe, profile);
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

START_TEST(out_of_range)
{
	char root[PATH_LENGTH];
	probe_t *probe;

	_machine(trn2, NULL, root);
	probe = _probe(root);
	ck_assert(!probe_device(probe, 16));
	ck_assert(!probe_device(probe, UINT_MAX));
	ck_assert(!probe_efa(probe, 16));
	ck_assert(!probe_efa(probe, UINT_MAX));
	ck_assert(!probe_numa_cpus(probe, 2));
	ck_assert(!probe_numa_cpus(probe, UINT_MAX));
	ck_assert(!probe_defect(probe, UINT_MAX));
	errno = 4711;
	probe_destroy(probe);
	ck_assert_int_eq(errno, 4711);
	probe_destroy(NULL);
	ck_assert_int_eq(errno, 4711);
}
END_TEST

/*
 * Instance id and memory
 */

#define TAG "sys/devices/virtual/dmi/id/board_asset_tag"
#define MEMINFO "sys/devices/system/node/node0/meminfo"
#define NODE1 1015808 /* MiB of the other NUMA node */
#define NO_MEMINFO(content)        \
	"/" MEMINFO ": \"" content \
	"\": it must be like Node 0 MemTotal: 1056722944 kB"

static const struct {
	const char *path, *content;
	const char *id;
	unsigned int memory;
	const char *defect; /* NULL: none */
} identities[] = {
	{TAG, "i-0123456789abcdef0\n", "i-0123456789abcdef0", 2 * NODE1, NULL},
	{TAG, "i-3333333333example", "i-3333333333example", 2 * NODE1, NULL},
	{TAG, "Not Specified\n", "", 2 * NODE1, NULL},
	{TAG, "", "", 2 * NODE1, NULL},
	{TAG, "i-\n", "", 2 * NODE1, NULL},
	{TAG, "i-0123 Nodes=ALL\n", "", 2 * NODE1, NULL},
	{TAG, "I-0123\n", "", 2 * NODE1, NULL},
	{TAG, "i-\n\n", "", 2 * NODE1, NULL},
	{TAG,
	 "i-01234567890123456789012345678901234567890123456789012345678901\n",
	 "", 2 * NODE1, NULL},
	{MEMINFO, "Node 0 MemTotal:       2048 kB\n", "", NODE1 + 2, NULL},
	{MEMINFO, "Node 0 MemTotal: 0 kB\nNode 0 MemFree: 1 kB\n", "", NODE1,
	 NULL},
	{MEMINFO, "", "", NODE1, NO_MEMINFO("")},
	{MEMINFO, "Node 0 MemTotal: many kB\n", "", NODE1,
	 NO_MEMINFO("Node 0 MemTotal: many kB")},
	{MEMINFO, "Node 0 MemTotal: -1 kB\n", "", NODE1,
	 NO_MEMINFO("Node 0 MemTotal: -1 kB")},
	{MEMINFO, "Node 0 MemTotal: 2048 MB\n", "", NODE1,
	 NO_MEMINFO("Node 0 MemTotal: 2048 MB")},
	{MEMINFO, "Node 0 MemTotal: 1099511627777 kB\n", "", NODE1,
	 NO_MEMINFO("Node 0 MemTotal: 1099511627777 kB")},
	{MEMINFO, "Node 0 MemTotal: 99999999999999999999999 kB\n", "", NODE1,
	 NO_MEMINFO("Node 0 MemTotal: 99999999999999999999999...")},
	{MEMINFO, "Node 0 MemFree: 2048 kB\n", "", NODE1,
	 NO_MEMINFO("Node 0 MemFree: 2048 kB")},
};

START_TEST(identity)
{
	const broken_t change = {
		.change = {WRITE, identities[_i].path, identities[_i].content}};
	char root[PATH_LENGTH];
	const char *defect;
	probe_t *probe;

	_machine(trn2, NULL, root);
	_change(&change, root);
	probe = _probe(root);
	defect = probe_defect(probe, 0);
	ck_assert_str_eq(probe_instance_id(probe), identities[_i].id);
	ck_assert_msg(probe_memory_mib(probe) == identities[_i].memory,
		      "%s: got %llu MiB, wanted %u", identities[_i].content,
		      (unsigned long long) probe_memory_mib(probe),
		      identities[_i].memory);
	ck_assert_msg(
		!defect == !identities[_i].defect &&
			(!defect || !strcmp(defect, identities[_i].defect)),
		"%s: got \"%s\", wanted \"%s\"", identities[_i].content,
		defect ? defect : "(none)",
		identities[_i].defect ? identities[_i].defect : "(none)");
	probe_destroy(probe);
}
END_TEST

START_TEST(no_memory)
{
	char root[PATH_LENGTH];
	neuron_error_t err = {""};
	probe_t *probe = NULL;
	long n;

	_machine(trn2, NULL, root);
	for (n = 0; !probe && n < 1000; n++) {
		failing_malloc_after(n);
		errno = 0;
		probe = probe_create(root, &err);
		failing_malloc_after(-1);
		ck_assert_msg(probe || errno == ENOMEM, "%ld: errno %d", n,
			      errno);
	}
	ck_assert(probe != NULL && n > 1);
	probe_destroy(probe);
}
END_TEST

START_TEST(no_descriptors_leak)
{
	char root[PATH_LENGTH];
	int before, after;

	_machine(trn2, NULL, root);
	before = open("/dev/null", O_RDONLY);
	for (int i = 0; i < 3; i++)
		probe_destroy(_probe(root));
	after = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(after, before + 1);
}
END_TEST

/*
 * Random bytes in each file
 */

static const char *const fuzzed[] = {
	DEVICES "neuron0/core_count",
	DEVICES "neuron0/connected_devices",
	INFO("serial_number"),
	INFO("architecture/arch_type"),
	INFO("architecture/instance_type"),
	INFO("architecture/device_name"),
	"sys/devices/virtual/dmi/id/product_name",
	"sys/devices/virtual/dmi/id/board_asset_tag",
	"sys/module/neuron/version",
	"sys/devices/system/node/node0/cpumap",
	"sys/devices/system/node/node0/meminfo",
	LNC,
	CLASS "node_id_2",
	CLASS "node_id_4",
	CLASS "server_id_2",
	CLASS "server_id_4",
	PCI("c9", "vendor"),
	PCI("c9", "device"),
	PCI("c9", "numa_node"),
	PCI("cc", "vendor"),
	PCI("cc", "class"),
	PCI("cc", "config"),
	PCI("cc", "resource"),
	VERBS "uverbs3/ibdev",
};

static unsigned int _random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16 & 0x7fff;
}

/* Any bytes, or only those that numbers and lists are made of */
static size_t _fill(char *buf, size_t size, unsigned int *seed)
{
	static const char likely[] = "0123456789abcdef, -x\n";
	size_t length = _random(seed) % ((_random(seed) & 1) ? 24 : size);
	bool any = _random(seed) & 1;

	for (size_t i = 0; i < length; i++) {
		unsigned int value = _random(seed);

		buf[i] = any ? (char) value
			     : likely[value % (sizeof(likely) - 1)];
	}
	return length;
}

START_TEST(random_bytes)
{
	static char random[8192], old[PATH_LENGTH];
	char root[PATH_LENGTH], path[PATH_LENGTH * 2];
	profile_t *profile = _profile("trn2u.48xlarge");
	unsigned int seed = (unsigned int) _i + 1;
	probe_t *probe;
	size_t length;
	FILE *file;

	_machine("trn2u.48xlarge", (const char *[]){"--lnc", "2", NULL}, root);
	(void) snprintf(path, sizeof(path), "%s/%s", root, fuzzed[_i]);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	length = fread(old, 1, sizeof(old), file);
	(void) fclose(file);
	for (int round = 0; round < 50; round++) {
		ck_assert(!_write(path, random,
				  _fill(random, sizeof(random), &seed)));
		probe = _probe(root);
		_compare(probe, profile);
		ck_assert_msg(said.count <= 3, "%s: %d sentences", path,
			      said.count);
		probe_destroy(probe);
	}
	ck_assert(!_write(path, old, length));
	probe = _probe(root);
	_compare(probe, profile);
	ck_assert_msg(!said.count, "%s", said.text[0]);
	probe_destroy(probe);
	profile_destroy(profile);
}
END_TEST

static void _add_machines(Suite *suite)
{
	TCase *tcase = tcase_create("machines");

	tcase_add_unchecked_fixture(tcase, _make_base, _remove_base);
	tcase_add_checked_fixture(tcase, NULL, _empty_base);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_profile_has_a_row);
	tcase_add_loop_test(tcase, machine_is_as_its_profile, 0,
			    COUNT(machines));
	tcase_add_loop_test(tcase, machine_is_not_as_others, 0,
			    COUNT(machines));
	tcase_add_loop_test(tcase, ultraserver, 0, COUNT(servers));
	tcase_add_test(tcase, simulated);
	tcase_add_test(tcase, other_places);
	suite_add_tcase(suite, tcase);
}

static void _add_simroot(Suite *suite)
{
	TCase *tcase = tcase_create("simroot");

	tcase_add_unchecked_fixture(tcase, _make_base, _remove_base);
	tcase_add_checked_fixture(tcase, NULL, _empty_base);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, files_are_byte_exact, 0, COUNT(bytes));
	tcase_add_loop_test(tcase, simroot_refuses, 0, COUNT(refused));
	tcase_add_test(tcase, simroot_refuses_full_directory);
	tcase_add_test(tcase, long_list_reads_empty);
	suite_add_tcase(suite, tcase);
}

static void _add_broken(Suite *suite)
{
	TCase *tcase = tcase_create("broken");

	tcase_add_unchecked_fixture(tcase, _make_base, _remove_base);
	tcase_add_checked_fixture(tcase, NULL, _empty_base);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, breakage_is_told, 0, COUNT(broken));
	tcase_add_loop_test(tcase, device_matches, 0, COUNT(strangers));
	tcase_add_test(tcase, many_defects);
	tcase_add_loop_test(tcase, random_bytes, 0, COUNT(fuzzed));
	suite_add_tcase(suite, tcase);
}

static void _add_misuse(Suite *suite)
{
	TCase *tcase = tcase_create("misuse");

	tcase_add_unchecked_fixture(tcase, _make_base, _remove_base);
	tcase_add_checked_fixture(tcase, NULL, _empty_base);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, no_such_root, 0, 4);
	tcase_add_test(tcase, long_root);
	tcase_add_test(tcase, empty_root);
	tcase_add_test(tcase, this_machine);
	tcase_add_test(tcase, out_of_range);
	tcase_add_loop_test(tcase, identity, 0, COUNT(identities));
	tcase_add_test(tcase, no_memory);
	tcase_add_test(tcase, no_descriptors_leak);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	Suite *suite = suite_create("probe");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (!_locate()) {
		fprintf(stderr, "probe: simroot or etc/profiles not found; "
				"set SIMROOT and srcdir\n");
		return 1;
	}
	_add_machines(suite);
	_add_simroot(suite);
	_add_broken(suite);
	_add_misuse(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
