/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/meter.h"
#include "tree.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define PLACE "sys/devices/virtual/neuron_device/"
#define VERBS "sys/class/infiniband/"

static meter_t meter;

static void _read(void)
{
	neuron_error_t err = {""};

	ck_assert_msg(!meter_read(tree_base(), &meter, &err), "got \"%s\"",
		      err.text);
}

static unsigned int _error(const char *name)
{
	unsigned int i = 0;

	while (meter_error_name(i) && strcmp(meter_error_name(i), name))
		i++;
	ck_assert_msg(meter_error_name(i) != NULL, "no error %s", name);
	return i;
}

START_TEST(test_nothing)
{
	neuron_error_t err = {""};

	tree_clear();
	_read();
	ck_assert_uint_eq(meter.device_count, 0);
	ck_assert_uint_eq(meter.efa_count, 0);
	ck_assert_uint_eq(meter.malformed, 0);
	errno = 0;
	ck_assert_int_eq(meter_read("/nonexistent/root", &meter, &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(meter_error_name(METER_ERRORS));
	ck_assert_ptr_null(meter_efa_error_name(METER_EFA_ERRORS));
}
END_TEST

START_TEST(test_machine)
{
	const meter_device_t *device;
	const meter_efa_t *efa;

	tree_clear();
	tree_put(PLACE "neuron10/core_count", "8");
	tree_put(PLACE "neuron2/stats/hardware/mem_ecc_uncorrected", "3\n");
	tree_put(PLACE "neuron2/stats/hardware/health_status/"
		       "unhealthy_components",
		 "hbm, link_efa\n");
	tree_put(PLACE "neuron2/neuron_core0/stats/status/hw_error/total",
		 "5\n");
	tree_put(PLACE "neuron2/neuron_core7/stats/status/hw_error/total",
		 "2\n");
	tree_put(PLACE "neuron2/neuron_core0/stats/other_info/nc_time_in_use/"
		       "total",
		 "18446744073709551615\n");
	tree_put(PLACE "neuron2/neuron_core1/stats/memory_usage/device_mem/"
		       "present",
		 "1024\n");
	tree_put(PLACE "neuron_x/core_count", "8");
	tree_put(PLACE "neuron64/core_count", "8");
	tree_put(VERBS "rdmap9s0/device/vendor", "0x1d0f\n");
	tree_put(VERBS "rdmap9s0/ports/1/hw_counters/tx_bytes",
		 "99999999999999\n");
	tree_put(VERBS "rdmap9s0/ports/1/hw_counters/retrans_timeout_events",
		 "4\n");
	tree_put(VERBS "mlx5_0/device/vendor", "0x15b3\n");
	tree_put(VERBS "mlx5_0/ports/1/hw_counters/tx_bytes", "1\n");
	_read();
	ck_assert_uint_eq(meter.device_count, 2);
	ck_assert_uint_eq(meter.malformed, 0);
	device = &meter.devices[0];
	ck_assert_uint_eq(device->index, 2);
	ck_assert(device->errors[_error("mem_ecc_uncorrected")].known);
	ck_assert_uint_eq(device->errors[_error("mem_ecc_uncorrected")].value,
			  3);
	ck_assert(!device->errors[_error("sram_ecc_uncorrected")].known);
	ck_assert_uint_eq(device->errors[_error("hw_error")].value, 7);
	ck_assert_uint_eq(device->busy.value, UINT64_MAX);
	ck_assert_uint_eq(device->memory.value, 1024);
	ck_assert(device->health_known);
	ck_assert_str_eq(device->components, "hbm, link_efa");
	device = &meter.devices[1];
	ck_assert_uint_eq(device->index, 10);
	ck_assert(!device->health_known && !device->busy.known);
	ck_assert_uint_eq(meter.efa_count, 1);
	efa = &meter.efas[0];
	ck_assert_str_eq(efa->name, "rdmap9s0");
	ck_assert_uint_eq(efa->sent.value, 99999999999999);
	ck_assert(!efa->received.known);
	for (unsigned int i = 0; i < METER_EFA_ERRORS; i++)
		ck_assert_msg(efa->errors[i].known ==
				      !strcmp(meter_efa_error_name(i),
					      "retrans_timeout_events"),
			      "%s", meter_efa_error_name(i));
}
END_TEST

/* The older place of the class */
START_TEST(test_class)
{
	tree_clear();
	tree_put("sys/class/neuron_device/neuron0/stats/hardware/"
		 "sram_ecc_uncorrected",
		 "1\n");
	_read();
	ck_assert_uint_eq(meter.device_count, 1);
	ck_assert_uint_eq(
		meter.devices[0].errors[_error("sram_ecc_uncorrected")].value,
		1);
}
END_TEST

static const struct {
	const char *file;
	const char *text;
} broken[] = {
	{"stats/hardware/mem_ecc_uncorrected", "\n"},
	{"stats/hardware/mem_ecc_uncorrected", "-1\n"},
	{"stats/hardware/mem_ecc_uncorrected", "1 2\n"},
	{"stats/hardware/mem_ecc_uncorrected", "0x1\n"},
	{"stats/hardware/mem_ecc_uncorrected", "1\n2\n"},
	{"stats/hardware/mem_ecc_uncorrected", "18446744073709551616\n"},
	{"stats/hardware/mem_ecc_uncorrected",
	 "111111111111111111111111111111111111111111\n"},
	{"stats/hardware/mem_ecc_uncorrected", "busy\n"},
	{"stats/hardware/health_status/unhealthy_components", "a\"b\n"},
	{"stats/hardware/health_status/unhealthy_components", "HBM\n"},
	{"stats/hardware/health_status/unhealthy_components", "\x1b[2J\n"},
};

START_TEST(test_broken)
{
	char path[256];

	tree_clear();
	(void) snprintf(path, sizeof(path), PLACE "neuron0/%s",
			broken[_i].file);
	tree_put(path, broken[_i].text);
	_read();
	ck_assert_msg(meter.malformed == 1, "%s \"%s\": got %u",
		      broken[_i].file, broken[_i].text, meter.malformed);
	ck_assert(
		!meter.devices[0].errors[_error("mem_ecc_uncorrected")].known);
	ck_assert(!meter.devices[0].health_known);
	ck_assert_str_eq(meter.devices[0].components, "");
}
END_TEST

START_TEST(test_many)
{
	char path[256];

	tree_clear();
	for (int i = 0; i < METER_EFAS_MAX + 3; i++) {
		(void) snprintf(path, sizeof(path), VERBS "r%03d/device/vendor",
				i);
		tree_put(path, "0x1d0f\n");
	}
	_read();
	ck_assert_uint_eq(meter.efa_count, METER_EFAS_MAX);
	for (unsigned int i = 1; i < meter.efa_count; i++)
		ck_assert(strcmp(meter.efas[i - 1].name, meter.efas[i].name) <
			  0);
}
END_TEST

static const struct {
	const char *list;
	const char *parts; /* with a blank behind each */
} lists[] = {
	{"", ""},
	{"hbm", "hbm "},
	{"hbm, sram", "hbm sram "},
	{"hbm,sram", "hbm sram "},
	{", ,hbm,,", "hbm "},
};

START_TEST(test_components)
{
	const char *at = lists[_i].list;
	char part[32], parts[64] = "";

	while (meter_component(&at, part, sizeof(part))) {
		strcat(parts, part);
		strcat(parts, " ");
	}
	ck_assert_str_eq(parts, lists[_i].parts);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter");
	TCase *tcase = tcase_create("meter");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, test_nothing);
	tcase_add_test(tcase, test_machine);
	tcase_add_test(tcase, test_class);
	tcase_add_loop_test(tcase, test_broken, 0, COUNT(broken));
	tcase_add_test(tcase, test_many);
	tcase_add_loop_test(tcase, test_components, 0, COUNT(lists));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
