/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static Suite *_suite(void)
{
	Suite *suite = suite_create("launch");
	TCase *cores = tcase_create("cores"), *all = tcase_create("all");

	tcase_add_loop_test(cores, cores_good, 0, COUNT(lists));
	tcase_add_loop_test(cores, cores_sizes, 0, COUNT(lists));
	tcase_add_loop_test(cores, cores_oracle, 0, 4);
	tcase_add_loop_test(cores, cores_bad, 0, COUNT(no_lists));
	suite_add_tcase(suite, cores);
	tcase_add_loop_test(all, environment_good, 0, COUNT(launches));
	tcase_add_loop_test(all, environment_stops, 0, COUNT(launches));
	tcase_add_test(all, environment_bad);
	suite_add_tcase(suite, all);
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
