/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "launch.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

/*
 * launch_cores
 */

static const struct {
	devset_t devices;
	devset_t visible;
	unsigned int cores;
	conf_numbering_t numbering;
	const char *list;
} lists[] = {
	{0, 0, 4, CONF_ABSOLUTE, ""},
	{0, 0xff, 4, CONF_RELATIVE, ""},
	{0, 0, 4, CONF_RELATIVE, ""},
	{0x1, 0x1, 4, CONF_ABSOLUTE, "0,1,2,3"},
	{0x1, 0, 1, CONF_ABSOLUTE, "0"},
	{0x2, 0x2, 4, CONF_ABSOLUTE, "4,5,6,7"},
	{0x2, 0x2, 4, CONF_RELATIVE, "0,1,2,3"},
	{0x2, 0x3, 4, CONF_RELATIVE, "4,5,6,7"},
	{0xc, 0xf, 2, CONF_ABSOLUTE, "4,5,6,7"},
	{0xc, 0xf, 2, CONF_RELATIVE, "4,5,6,7"},
	{0xc, 0xc, 2, CONF_RELATIVE, "0,1,2,3"},
	{0x30, 0xf0, 8, CONF_RELATIVE, "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"},
	{0x8000, 0x8000, 8, CONF_ABSOLUTE, "120,121,122,123,124,125,126,127"},
	{0x8000, 0x8000, 8, CONF_RELATIVE, "0,1,2,3,4,5,6,7"},
	/* devices with gaps keep their distance */
	{0x5, 0x5, 2, CONF_ABSOLUTE, "0,1,4,5"},
	{0xa, 0xa, 2, CONF_RELATIVE, "0,1,4,5"},
	{0x8, 0xa, 2, CONF_RELATIVE, "4,5"},
	{(devset_t) 1 << 63, 0, 1, CONF_ABSOLUTE, "63"},
};

START_TEST(cores_good)
{
	char buf[LAUNCH_CORES_MAX];
	int length = launch_cores(lists[_i].devices, lists[_i].visible,
				  lists[_i].cores, lists[_i].numbering, buf,
				  sizeof(buf));

	ck_assert_msg(length == (int) strlen(lists[_i].list) &&
			      !strcmp(buf, lists[_i].list),
		      "row %d: got %d \"%s\", wanted \"%s\"", _i, length, buf,
		      lists[_i].list);
}
END_TEST

START_TEST(cores_sizes)
{
	size_t need = strlen(lists[_i].list) + 1;

	for (size_t size = 1; size < need; size++) {
		char *buf = malloc(size);

		ck_assert_ptr_nonnull(buf);
		errno = 0;
		ck_assert_int_eq(launch_cores(lists[_i].devices,
					      lists[_i].visible,
					      lists[_i].cores,
					      lists[_i].numbering, buf, size),
				 -1);
		ck_assert_int_eq(errno, ENOSPC);
		ck_assert_str_eq(buf, "");
		free(buf);
	}
}
END_TEST

/* Every run of devices, both numberings, against counting */
START_TEST(cores_oracle)
{
	static const unsigned int per_device[] = {1, 2, 4, 8};
	unsigned int cores = per_device[_i];

	for (unsigned int n = 0; n < 16 * 17 * 2; n++) {
		unsigned int first = n % 16, count = 1 + n / 32 % 16;
		bool relative = n / 16 % 2;
		devset_t set = devset_run(first, count) & 0xffff;
		unsigned int id = relative ? 0 : first * cores;
		char buf[LAUNCH_CORES_MAX];
		const char *at = buf;

		ck_assert_int_gt(
			launch_cores(set, set, cores,
				     relative ? CONF_RELATIVE : CONF_ABSOLUTE,
				     buf, sizeof(buf)),
			0);
		for (unsigned int i = 0; i < devset_count(set) * cores; i++) {
			char *end;

			ck_assert_uint_eq(strtoul(at, &end, 10), id + i);
			ck_assert_int_eq(*end,
					 (i + 1 == devset_count(set) * cores)
						 ? '\0'
						 : ',');
			at = end + 1;
		}
	}
}
END_TEST

static const struct {
	devset_t devices;
	devset_t visible;
	unsigned int cores;
	conf_numbering_t numbering;
	size_t size;
	int errnum;
} no_lists[] = {
	{0x1, 0x1, 0, CONF_ABSOLUTE, 64, EINVAL},
	{0x1, 0x1, 65, CONF_ABSOLUTE, 64, EINVAL},
	{0x1, 0x1, UINT32_MAX, CONF_ABSOLUTE, 64, EINVAL},
	{0x3, 0x2, 4, CONF_RELATIVE, 64, EINVAL},
	{0x1, 0, 4, CONF_RELATIVE, 64, EINVAL},
	{0x1, 0x1, 4, CONF_ABSOLUTE, 0, ENOSPC},
	{UINT64_MAX, 0, 64, CONF_ABSOLUTE, LAUNCH_CORES_MAX, ENOSPC},
};

START_TEST(cores_bad)
{
	char buf[LAUNCH_CORES_MAX] = "x";

	errno = 0;
	ck_assert_int_eq(launch_cores(no_lists[_i].devices,
				      no_lists[_i].visible, no_lists[_i].cores,
				      no_lists[_i].numbering, buf,
				      no_lists[_i].size),
			 -1);
	ck_assert_int_eq(errno, no_lists[_i].errnum);
	ck_assert_str_eq(buf, no_lists[_i].size ? "" : "x");
	ck_assert_int_eq(launch_cores(0x1, 0x1, 4, CONF_ABSOLUTE, NULL, 64),
			 -1);
}
END_TEST

/*
 * launch_environment
 */

typedef struct {
	char text[8192];
	int calls;
	int stop; /* the call that fails; 0: none */
} record_t;

/* "NAME=value " or "-NAME " */
static int _set(const char *name, const char *value, void *arg)
{
	record_t *record = arg;
	size_t used = strlen(record->text);

	if (++record->calls == record->stop)
		return -1;
	snprintf(record->text + used, sizeof(record->text) - used, "%s%s%s%s ",
		 value ? "" : "-", name, value ? "=" : "", value ? value : "");
	return 0;
}

#define NO_GPU                                         \
	"-CUDA_VISIBLE_DEVICES -ROCR_VISIBLE_DEVICES " \
	"-ZE_AFFINITY_MASK -GPU_DEVICE_ORDINAL "

static const struct {
	launch_t launch;
	const char *result;
} launches[] = {
	{{.devices = 0x30,
	  .visible = 0x30,
	  .cores_per_device = 4,
	  .lnc = 2,
	  .ifaces = "rdmap110s0,rdmap88s0"},
	 "NEURON_RT_VISIBLE_CORES=16,17,18,19,20,21,22,23 "
	 "NEURON_RT_NUM_CORES=8 NEURON_LOGICAL_NC_CONFIG=2 "
	 "SLURM_NEURON_DEVICES=4-5 FI_EFA_IFACE=rdmap110s0,rdmap88s0 "
	 "FI_PROVIDER=efa " NO_GPU},
	{{.devices = 0x30,
	  .visible = 0x30,
	  .cores_per_device = 4,
	  .lnc = 2,
	  .numbering = CONF_RELATIVE,
	  .ifaces = ""},
	 "NEURON_RT_VISIBLE_CORES=0,1,2,3,4,5,6,7 NEURON_RT_NUM_CORES=8 "
	 "NEURON_LOGICAL_NC_CONFIG=2 SLURM_NEURON_DEVICES=4-5 "
	 "-FI_EFA_IFACE " NO_GPU},
	{{.devices = 0x1, .visible = 0x1, .cores_per_device = 2},
	 "NEURON_RT_VISIBLE_CORES=0,1 NEURON_RT_NUM_CORES=2 "
	 "-NEURON_LOGICAL_NC_CONFIG SLURM_NEURON_DEVICES=0 "
	 "-FI_EFA_IFACE " NO_GPU},
	/* no devices: explicitly none, and GPUs are not touched */
	{{.cores_per_device = 4, .lnc = 2, .ifaces = ""},
	 "NEURON_RT_VISIBLE_CORES= -NEURON_RT_NUM_CORES "
	 "NEURON_LOGICAL_NC_CONFIG=2 SLURM_NEURON_DEVICES= -FI_EFA_IFACE "},
	{{.numbering = CONF_RELATIVE},
	 "NEURON_RT_VISIBLE_CORES= -NEURON_RT_NUM_CORES "
	 "-NEURON_LOGICAL_NC_CONFIG SLURM_NEURON_DEVICES= -FI_EFA_IFACE "},
	{{.cores_per_device = 4, .ifaces = "rdmap0s1"},
	 "NEURON_RT_VISIBLE_CORES= -NEURON_RT_NUM_CORES "
	 "-NEURON_LOGICAL_NC_CONFIG SLURM_NEURON_DEVICES= "
	 "FI_EFA_IFACE=rdmap0s1 FI_PROVIDER=efa "},
};

START_TEST(environment_good)
{
	record_t record = {.calls = 0};

	ck_assert_int_eq(
		launch_environment(&launches[_i].launch, _set, &record), 0);
	ck_assert_msg(!strcmp(record.text, launches[_i].result),
		      "row %d: got \"%s\", wanted \"%s\"", _i, record.text,
		      launches[_i].result);
}
END_TEST

/* The caller can stop at every call */
START_TEST(environment_stops)
{
	record_t all = {.calls = 0};

	launch_environment(&launches[_i].launch, _set, &all);
	for (int stop = 1; stop <= all.calls; stop++) {
		record_t record = {.stop = stop};

		ck_assert_int_eq(
			launch_environment(&launches[_i].launch, _set, &record),
			-1);
		ck_assert_int_eq(record.calls, stop);
	}
}
END_TEST

/* Nothing is set when one of the lists cannot be written */
START_TEST(environment_bad)
{
	char ifaces[LAUNCH_IFACES_MAX + 1];
	launch_t good = {.devices = 1, .visible = 1, .cores_per_device = 4};
	launch_t launch = good;
	record_t record = {.calls = 0};

	memset(ifaces, 'x', sizeof(ifaces));
	ifaces[LAUNCH_IFACES_MAX] = '\0';
	launch.ifaces = ifaces;
	ck_assert_int_eq(launch_environment(&launch, _set, &record), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ifaces[LAUNCH_IFACES_MAX - 1] = '\0';
	ck_assert_int_eq(launch_environment(&launch, _set, &record), 0);
	record = (record_t){.calls = 0};
	launch = good;
	launch.devices = UINT64_MAX;
	launch.cores_per_device = 64;
	ck_assert_int_eq(launch_environment(&launch, _set, &record), -1);
	ck_assert_int_eq(errno, ENOSPC);
	launch = good;
	launch.cores_per_device = 0;
	ck_assert_int_eq(launch_environment(&launch, _set, &record), -1);
	ck_assert_int_eq(errno, EINVAL);
	launch = good;
	launch.visible = 2;
	launch.numbering = CONF_RELATIVE;
	ck_assert_int_eq(launch_environment(&launch, _set, &record), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(launch_environment(NULL, _set, &record), -1);
	ck_assert_int_eq(launch_environment(&good, NULL, &record), -1);
	ck_assert_int_eq(record.calls, 0);
}
END_TEST

/*
 * Slices
 */

static const struct {
	uint32_t cores, tasks, local, first, count;
} slices[] = {
	{64, 1, 0, 0, 64},        {64, 4, 0, 0, 16},
	{64, 4, 3, 48, 16},       {64, 64, 63, 63, 1},
	{64, 3, 2, 42, 21},       {4, 5, 3, 3, 1},
	{4, 5, 4, 0, 0},          {0, 1, 0, 0, 0},
	{64, 0, 0, 0, 0},         {64, 4, 4, 0, 0},
	{1, UINT32_MAX, 0, 0, 1}, {1, UINT32_MAX, UINT32_MAX - 1, 0, 0},
};

START_TEST(slice)
{
	uint32_t first = 9, count = 9;

	launch_slice(slices[_i].cores, slices[_i].tasks, slices[_i].local,
		     &first, &count);
	ck_assert_msg(first == slices[_i].first && count == slices[_i].count,
		      "row %d: got %u+%u, wanted %u+%u", _i, first, count,
		      slices[_i].first, slices[_i].count);
}
END_TEST

/*
 * launch_task
 */

static const uint32_t efa_of[PROFILE_DEVICES_MAX] = {
	0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, UINT32_MAX, 99, 7};
static const char ifaces[PROFILE_EFAS_MAX][LAUNCH_IFACE_NAME_MAX] = {
	"e0", "e1", "e2", "e3", "e4", "", "e6", "e7"};

static const uint32_t cyclic0[] = {0, 2}, cyclic1[] = {1, 3}, out[] = {0, 4};
static const launch_node_t one[] = {{0xf0, 1, NULL}};
static const launch_node_t two[] = {{0xf0, 1, NULL}, {0xf, 1, NULL}};
static const launch_node_t four[] = {{0xf0, 4, NULL}, {0xf0, 4, NULL}};
static const launch_node_t three[] = {{0x3, 3, NULL}};
static const launch_node_t turns[] = {{0x3, 2, cyclic0}, {0x3, 2, cyclic1}};
static const launch_node_t uneven[] = {{0xf, 2, NULL}, {0x3, 1, NULL}};
static const launch_node_t each[] = {{0x3, 4, NULL}, {0x3, 4, NULL}};
static const launch_node_t crowd[] = {{0x1, 5, NULL}};
static const launch_node_t none[] = {{0, 1, NULL}};
static const launch_node_t wrong[] = {{0x3, 2, cyclic0}, {0x3, 2, out}};
static const launch_node_t huge[] = {{0x3, UINT32_MAX, NULL},
				     {0x3, UINT32_MAX, NULL}};
static const server_group_t group = {.mode = 1,
				     .size = 4,
				     .id = "7f00c5f3a1b2d40e",
				     .node = 2,
				     .position = 3,
				     .first = "trn1"};

#define TASK(of, number, index, own)                                    \
	.nodes = of, .node_count = number, .node = index, .local = own, \
	.visible = 0xffff, .cores_per_device = 2, .efa_of = efa_of,     \
	.iface = ifaces

/* Each word "NAME=value" of has is given, no "NAME=" of lacks; warns: a part of
 * the warning, NULL: there is none */
static const struct {
	launch_task_t task;
	const char *has, *lacks, *warns;
} tasks[] = {
	{{TASK(one, 1, 0, 0), .lnc = 2, .efas = 0xff, .address = "10.1.2.3",
	  .root_port = 20000, .master_port = 20001},
	 "SLURM_NEURON_DEVICES=4-7 "
	 "NEURON_RT_VISIBLE_CORES=8,9,10,11,12,13,14,15 "
	 "NEURON_RT_NUM_CORES=8 NEURON_LOGICAL_NC_CONFIG=2 "
	 "FI_EFA_IFACE=e2,e3 FI_PROVIDER=efa "
	 "NEURON_RT_ROOT_COMM_ID=10.1.2.3:20000 FI_EFA_USE_DEVICE_RDMA=1 "
	 "NEURON_PJRT_PROCESSES_NUM_DEVICES=8 NEURON_PJRT_PROCESS_INDEX=0 "
	 "MASTER_ADDR=10.1.2.3 MASTER_PORT=20001 RANK=0 WORLD_SIZE=1 "
	 "LOCAL_RANK=0 LOCAL_WORLD_SIZE=1 NODE_RANK=0 GROUP_RANK=0 ",
	 "FI_EFA_FORK_SAFE= CCOM_SOCKET_IFNAME= NEURON_RT_ULTRASERVER_MODE= "
	 "NEURON_COMPILE_CACHE_URL= SLURM_NEURON_TP= NEURON_PJRT_WORLD_SIZE=",
	 NULL},
	{{TASK(two, 2, 1, 0), .fork_unsafe = true, .efas = 0x2,
	  .socket_iface = "ens32", .compile_cache = "s3://b/c", .tp = 4,
	  .group = &group, .address = "fe80::1", .root_port = 1},
	 "NEURON_RT_VISIBLE_CORES=0,1,2,3,4,5,6,7 FI_EFA_IFACE=e1 "
	 "FI_EFA_FORK_SAFE=1 CCOM_SOCKET_IFNAME=ens32 "
	 "NEURON_PJRT_PROCESSES_NUM_DEVICES=8,8 NEURON_PJRT_PROCESS_INDEX=1 "
	 "NEURON_COMPILE_CACHE_URL=s3://b/c SLURM_NEURON_TP=4 NODE_RANK=1 "
	 "NEURON_RT_ROOT_COMM_ID=[fe80::1]:1 NEURON_RT_ULTRASERVER_MODE=1 "
	 "NEURON_RT_ULTRASERVER_SERVER_ID=7f00c5f3a1b2d40e "
	 "NEURON_RT_ULTRASERVER_NODE_ID=2 NEURON_GLOBAL_TOPOID=3 "
	 "NEURON_GLOBAL_TOPOID0_HOST=trn1 NEURON_ULTRASERVER_NODE_CONFIG=4 ",
	 "MASTER_PORT= MASTER_ADDR= NEURON_LOGICAL_NC_CONFIG=",
	 NULL},
	/* slices */
	{{TASK(four, 2, 1, 2), .efas = 0xff},
	 "SLURM_NEURON_DEVICES=6 NEURON_RT_VISIBLE_CORES=12,13 "
	 "FI_EFA_IFACE=e3 NEURON_PJRT_PROCESSES_NUM_DEVICES=2,2,2,2,2,2,2,2 "
	 "NEURON_PJRT_PROCESS_INDEX=6 RANK=6 WORLD_SIZE=8 LOCAL_RANK=2 ",
	 "",
	 NULL},
	{{TASK(turns, 2, 1, 1)},
	 "NEURON_PJRT_PROCESS_INDEX=3 RANK=3 NEURON_RT_VISIBLE_CORES=2,3 "
	 "NEURON_PJRT_PROCESSES_NUM_DEVICES=2,2,2,2 ",
	 "FI_EFA_IFACE= FI_PROVIDER= FI_EFA_USE_DEVICE_RDMA=",
	 NULL},
	{{TASK(uneven, 2, 1, 0)},
	 "NEURON_PJRT_PROCESSES_NUM_DEVICES=4,4,4 RANK=2 ",
	 "",
	 NULL},
	{{TASK(three, 1, 0, 2)},
	 "SLURM_NEURON_DEVICES=1 NEURON_RT_VISIBLE_CORES=2 "
	 "NEURON_PJRT_PROCESSES_NUM_DEVICES=1,1,1 ",
	 "",
	 "4 logical cores cannot be shared equally by 3 tasks: 1 stay"},
	{{TASK(crowd, 1, 0, 4)},
	 "SLURM_NEURON_DEVICES= NEURON_RT_VISIBLE_CORES= RANK=4 "
	 "NEURON_PJRT_PROCESSES_NUM_DEVICES=1,1,0,0,0 ",
	 "NEURON_RT_NUM_CORES=",
	 "has 5 tasks and only 2 logical cores"},
	/* a process for each core */
	{{TASK(two, 2, 1, 0), .mode = OPTION_LAUNCH_CORE},
	 "NEURON_PJRT_PROCESSES_NUM_DEVICES=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1 "
	 "NEURON_PJRT_PROCESS_INDEX=8 RANK=1 LOCAL_WORLD_SIZE=1 ",
	 "",
	 NULL},
	{{TASK(each, 2, 1, 2), .mode = OPTION_LAUNCH_CORE},
	 "NEURON_RT_VISIBLE_CORES=0,1,2,3 NEURON_RT_NUM_CORES=4 "
	 "NEURON_PJRT_PROCESSES_NUM_DEVICES=1,1,1,1,1,1,1,1 "
	 "NEURON_PJRT_PROCESS_INDEX=6 ",
	 "",
	 NULL},
	{{TASK(three, 1, 0, 2), .mode = OPTION_LAUNCH_CORE},
	 "NEURON_RT_VISIBLE_CORES=0,1,2,3 ",
	 "",
	 "has 3 tasks for 4 logical"},
	/* devices bound to a task */
	{{TASK(four, 2, 0, 1), .bound = 0x60},
	 "SLURM_NEURON_DEVICES=5-6 NEURON_RT_VISIBLE_CORES=10,11,12,13 "
	 "NEURON_RT_NUM_CORES=4 LOCAL_RANK=1 ",
	 "",
	 NULL},
	/* ids from the first visible device */
	{{.nodes = four,
	  .node_count = 2,
	  .local = 1,
	  .visible = 0xf0,
	  .cores_per_device = 2,
	  .numbering = CONF_RELATIVE},
	 "NEURON_RT_VISIBLE_CORES=2,3 SLURM_NEURON_DEVICES=5 ",
	 "",
	 NULL},
	{{.nodes = four,
	  .node_count = 2,
	  .local = 1,
	  .visible = 0x60,
	  .bound = 0x60,
	  .cores_per_device = 2,
	  .numbering = CONF_RELATIVE},
	 "NEURON_RT_VISIBLE_CORES=0,1,2,3 ",
	 "",
	 NULL},
	/* levels */
	{{TASK(four, 2, 1, 2), .efas = 0xff, .level = OPTION_ENV_BASIC,
	  .address = "h", .root_port = 5, .master_port = 6, .tp = 1},
	 "NEURON_RT_VISIBLE_CORES=12,13 FI_EFA_IFACE=e3 FI_PROVIDER=efa "
	 "NEURON_RT_ROOT_COMM_ID=h:5 ",
	 "RANK= MASTER_ADDR= NEURON_PJRT_PROCESS_INDEX= "
	 "FI_EFA_USE_DEVICE_RDMA= SLURM_NEURON_TP=",
	 NULL},
	{{TASK(four, 2, 1, 2), .efas = 0xff, .level = OPTION_ENV_NONE,
	  .address = "h", .root_port = 5},
	 "SLURM_NEURON_DEVICES=6 ",
	 "NEURON_RT_VISIBLE_CORES= FI_EFA_IFACE= NEURON_RT_ROOT_COMM_ID=",
	 NULL},
	/* what cannot be */
	{{TASK(one, 1, 0, 0), .tp = 3},
	 "SLURM_NEURON_TP=3 ",
	 "",
	 "--neuron-tp=3: the 8 logical cores of this step are no multiple of "
	 "it"},
	{{TASK(one, 1, 0, 0), .root_port = 5,
	  .address = "a23456789b23456789c23456789d23456789e23456789f23456789"
		     "g2345678.."},
	 "",
	 "NEURON_RT_ROOT_COMM_ID=",
	 "longer than 63 characters"},
	{{TASK(none, 1, 0, 0)},
	 "SLURM_NEURON_DEVICES= NEURON_RT_VISIBLE_CORES= ",
	 "NEURON_RT_NUM_CORES=",
	 NULL},
};

/* record.text is "NAME=value NAME=value "; warnings go to another one */
typedef struct {
	char text[LAUNCH_STRING_MAX + 8192];
	char warning[NEURON_ERROR_MAX];
	int calls, warnings, stop;
} said_t;

static int _say(const char *name, const char *value, void *arg)
{
	said_t *said = arg;
	size_t used = strlen(said->text);

	ck_assert_ptr_nonnull(value);
	if (++said->calls == said->stop)
		return -1;
	snprintf(said->text + used, sizeof(said->text) - used, "%s=%s ", name,
		 value);
	return 0;
}

static void _heed(const char *text, void *arg)
{
	said_t *said = arg;

	said->warnings++;
	snprintf(said->warning, sizeof(said->warning), "%s", text);
}

/* Is a word there, at the start or behind a blank? */
static bool _said(const char *text, const char *word)
{
	for (const char *at = text; (at = strstr(at, word)); at++) {
		if (at == text || at[-1] == ' ')
			return true;
	}
	return false;
}

static void _check_words(const char *text, const char *words, bool wanted)
{
	char word[256];

	while (*words) {
		size_t length = strcspn(words, " ");

		if (!length)
			break;
		snprintf(word, sizeof(word), "%.*s%s", (int) length, words,
			 wanted ? " " : "");
		ck_assert_msg(_said(text, word) == wanted,
			      "\"%s\" %s in %.2000s", word,
			      wanted ? "is not" : "is", text);
		words += length;
		words += *words == ' ';
	}
}

START_TEST(task_good)
{
	said_t *said = calloc(1, sizeof(*said));

	ck_assert_ptr_nonnull(said);
	ck_assert_int_eq(launch_task(&tasks[_i].task, _say, _heed, said), 0);
	_check_words(said->text, tasks[_i].has, true);
	_check_words(said->text, tasks[_i].lacks, false);
	ck_assert_msg(tasks[_i].warns
			      ? said->warnings == 1 &&
					strstr(said->warning, tasks[_i].warns)
			      : !said->warnings,
		      "row %d: got %d warnings, \"%s\"", _i, said->warnings,
		      said->warning);
	/* nobody listens */
	ck_assert_int_eq(launch_task(&tasks[_i].task, _say, NULL, said), 0);
	free(said);
}
END_TEST

START_TEST(task_stops)
{
	said_t *all = calloc(1, sizeof(*all));

	ck_assert_ptr_nonnull(all);
	launch_task(&tasks[_i].task, _say, NULL, all);
	for (int stop = 1; stop <= all->calls; stop++) {
		said_t *said = calloc(1, sizeof(*said));

		ck_assert_ptr_nonnull(said);
		said->stop = stop;
		ck_assert_int_eq(launch_task(&tasks[_i].task, _say, NULL, said),
				 -1);
		ck_assert_int_eq(said->calls, stop);
		free(said);
	}
	free(all);
}
END_TEST

/* libcheck's macros allocate */
static int _ignore(const char *name, const char *value, void *arg)
{
	(void) name;
	(void) value;
	(void) arg;
	return 0;
}

/* Every allocation fails once */
START_TEST(task_no_memory)
{
	long n = 0;
	int rc;

	do {
		failing_malloc_after(n++);
		errno = 0;
		rc = launch_task(&tasks[0].task, _ignore, NULL, NULL);
		failing_malloc_after(-1);
		ck_assert_int_eq(errno, rc ? ENOMEM : 0);
	} while (rc);
	ck_assert_int_ge(n, 2);
}
END_TEST

static const launch_task_t bad_tasks[] = {
	{.node_count = 1, .cores_per_device = 2},
	{TASK(one, 1, 1, 0)},
	{TASK(one, 0, 0, 0)},
	{TASK(one, 1, 0, 1)},
	{TASK(one, 1, UINT32_MAX, 0)},
	{TASK(one, 1, 0, UINT32_MAX)},
	{TASK(one, 1, 0, 0), .bound = 0x100},
	{TASK(wrong, 2, 0, 0)},
	{TASK(huge, 2, 0, 0)},
	{.nodes = one, .node_count = 1},
	{.nodes = one, .node_count = 1, .cores_per_device = 65},
	{.nodes = one, .node_count = 1, .cores_per_device = 2, .efas = 1},
	{.nodes = one,
	 .node_count = 1,
	 .cores_per_device = 2,
	 .visible = 0x70,
	 .numbering = CONF_RELATIVE},
};

START_TEST(task_bad)
{
	said_t *said = calloc(1, sizeof(*said));

	ck_assert_ptr_nonnull(said);
	errno = 0;
	ck_assert_int_eq(launch_task(&bad_tasks[_i], _say, _heed, said), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(said->calls, 0);
	ck_assert_int_eq(launch_task(NULL, _say, _heed, said), -1);
	ck_assert_int_eq(launch_task(&tasks[0].task, NULL, _heed, said), -1);
	free(said);
}
END_TEST

/* A list of ones that is too long is replaced, another one is left out */
START_TEST(task_long)
{
	enum { NODES = 4500 };
	launch_node_t *nodes = calloc(NODES, sizeof(*nodes));
	said_t *said = calloc(1, sizeof(*said));
	launch_task_t task = {TASK(nodes, NODES, 0, 0)};

	ck_assert_ptr_nonnull(nodes);
	ck_assert_ptr_nonnull(said);
	for (int i = 0; i < NODES; i++)
		nodes[i] = (launch_node_t){.devices = 0xff, .tasks = 16};
	ck_assert_int_eq(launch_task(&task, _say, _heed, said), 0);
	_check_words(said->text, "NEURON_PJRT_WORLD_SIZE=72000 ", true);
	_check_words(said->text, "NEURON_PJRT_PROCESSES_NUM_DEVICES=", false);
	ck_assert_int_eq(said->warnings, 1);
	ck_assert_str_eq(said->warning,
			 "NEURON_PJRT_PROCESSES_NUM_DEVICES is not set: a list "
			 "of 72000 processes is longer than a variable can be; "
			 "NEURON_PJRT_WORLD_SIZE is");
	said->text[0] = '\0';
	nodes[NODES - 1].devices = 0xffff;
	ck_assert_int_eq(launch_task(&task, _say, _heed, said), 0);
	_check_words(said->text, "NEURON_PJRT_WORLD_SIZE=", false);
	_check_words(said->text, "NEURON_PJRT_PROCESSES_NUM_DEVICES=", false);
	ck_assert_int_eq(said->warnings, 2);
	ck_assert_str_eq(said->warning,
			 "NEURON_PJRT_PROCESSES_NUM_DEVICES is not set: a list "
			 "of 72000 processes is longer than a variable can be");
	said->text[0] = '\0';
	task.node_count = 2000;
	ck_assert_int_eq(launch_task(&task, _say, _heed, said), 0);
	_check_words(said->text, "NEURON_PJRT_WORLD_SIZE=", false);
	ck_assert_int_eq(said->warnings, 2);
	free(said);
	free(nodes);
}
END_TEST

/*
 * launch_contradicts: on a node with devices 4 to 7, two cores each
 */

static const struct {
	const char *name, *value;
	bool contradicts;
} claims[] = {
	{"NEURON_RT_VISIBLE_CORES", "8,9,10", false},
	{"NEURON_RT_VISIBLE_CORES", "8-15", false},
	{"NEURON_RT_VISIBLE_CORES", "15,8-9", false},
	{"NEURON_RT_VISIBLE_CORES", "7-8", true},
	{"NEURON_RT_VISIBLE_CORES", "8-16", true},
	{"NEURON_RT_VISIBLE_CORES", "", true},
	{"NEURON_RT_VISIBLE_CORES", "8,", true},
	{"NEURON_RT_VISIBLE_CORES", "9-8", true},
	{"NEURON_RT_VISIBLE_CORES", "8;id", true},
	{"NEURON_RT_VISIBLE_CORES", "8\n", true},
	{"NEURON_RT_VISIBLE_CORES", "-8", true},
	{"NEURON_RT_VISIBLE_CORES", "99999", true},
	{"NEURON_RT_VISIBLE_CORES", "8-99999999999999999999", true},
	{"NEURON_RT_NUM_CORES", "8", false},
	{"NEURON_RT_NUM_CORES", "1", false},
	{"NEURON_RT_NUM_CORES", "9", true},
	{"NEURON_RT_NUM_CORES", "-1", true},
	{"NEURON_RT_NUM_CORES", "8x", true},
	{"FI_EFA_IFACE", "e2", false},
	{"FI_EFA_IFACE", "e3,e2", false},
	{"FI_EFA_IFACE", "e1", true},
	{"FI_EFA_IFACE", "e", true},
	{"FI_EFA_IFACE", "2,e3", true},
	{"FI_EFA_IFACE", "all", true},
	{"FI_EFA_IFACE", "", true},
	{"FI_EFA_IFACE", "e2,,e3", true},
	{"RANK", "given", false},
	{"RANK", "7", true},
	{"NEURON_LOGICAL_NC_CONFIG", "1", true},
	{"NEURON_RT_ROOT_COMM_ID", "1", false},
	{"MASTER_ADDR", "1", false},
	{"NEURON_COMPILE_CACHE_URL", "1", false},
};

START_TEST(contradicts)
{
	launch_task_t task = {TASK(one, 1, 0, 0), .efas = 0xff};

	ck_assert_msg(launch_contradicts(&task, claims[_i].name,
					 claims[_i].value,
					 "given") == claims[_i].contradicts,
		      "row %d: %s=%s: wanted %d", _i, claims[_i].name,
		      claims[_i].value, claims[_i].contradicts);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("launch");
	TCase *cores = tcase_create("cores"), *all = tcase_create("all");
	TCase *task = tcase_create("task");

	tcase_add_loop_test(cores, cores_good, 0, COUNT(lists));
	tcase_add_loop_test(cores, cores_sizes, 0, COUNT(lists));
	tcase_add_loop_test(cores, cores_oracle, 0, 4);
	tcase_add_loop_test(cores, cores_bad, 0, COUNT(no_lists));
	suite_add_tcase(suite, cores);
	tcase_add_loop_test(all, environment_good, 0, COUNT(launches));
	tcase_add_loop_test(all, environment_stops, 0, COUNT(launches));
	tcase_add_test(all, environment_bad);
	suite_add_tcase(suite, all);
	tcase_add_loop_test(task, slice, 0, COUNT(slices));
	tcase_add_loop_test(task, task_good, 0, COUNT(tasks));
	tcase_add_loop_test(task, task_stops, 0, COUNT(tasks));
	tcase_add_test(task, task_no_memory);
	tcase_add_loop_test(task, task_bad, 0, COUNT(bad_tasks));
	tcase_add_test(task, task_long);
	tcase_add_loop_test(task, contradicts, 0, COUNT(claims));
	suite_add_tcase(suite, task);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
