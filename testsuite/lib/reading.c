/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "families.h"
#include "lib/reading.h"
#include "lib/sysfs.h"
#include "tree.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define DEVICE "sys/devices/virtual/neuron_device/neuron3/"
#define HARDWARE DEVICE "stats/hardware/"
#define HEALTH HARDWARE "health_status/"
#define PCI "sys/devices/pci/efa0/"
#define CLASS "sys/class/neuron_device/"
#define MAX64 "18446744073709551615"

static reading_t reading;
static neuron_error_t err;

/* A machine of which device 3 and interface 0 are whole */
static void _fill(void)
{
	char path[256];

	tree_clear();
	for (int d = 0; d < 16; d++) {
		(void) snprintf(path, sizeof(path), "dev/neuron%d", d);
		tree_put(path, "");
		(void) snprintf(path, sizeof(path),
				"sys/devices/virtual/neuron_device/neuron%d/"
				"core_count",
				d);
		tree_put(path, "8");
	}
	tree_put(DEVICE "reset", "1\n");
	tree_put(DEVICE "info/serial_number", "00c5f3a1b2d40003\n");
	tree_put("dev/infiniband/uverbs0", "");
	tree_put("sys/bus/pci/devices/0000:c9:00.0/infiniband/rdmap201s0/ports/"
		 "1/state",
		 "4: ACTIVE\n");
	tree_put("sys/bus/pci/devices/0000:c9:00.0/infiniband_verbs/uverbs0/"
		 "ibdev",
		 "rdmap201s0\n");
	tree_link("sys/class/infiniband/rdmap201s0",
		  "../../bus/pci/devices/0000:c9:00.0/infiniband/rdmap201s0");
}

static void _take(bool member)
{
	int root = sysfs_open(tree_base(), &err);

	ck_assert_msg(root >= 0, "%s", err.text);
	ck_assert_msg(!reading_take(root, tree_base(),
				    family_profile("trn2u.48xlarge"), member,
				    &reading, &err),
		      "%s", err.text);
	(void) close(root);
}

#define PORT "sys/class/infiniband/rdmap201s0/"

/* One file says something: one signal */
static const struct {
	const char *file; /* NULL: none */
	const char *text;
	signal_id_t signal;
	bool known;
	uint64_t value;
} rows[] = {
	{NULL, NULL, SIGNAL_DEVICE_MISSING, true, 0},
	{NULL, NULL, SIGNAL_SRAM_ECC_UNCORRECTED, false, 0},
	{NULL, NULL, SIGNAL_UNHEALTHY_COMPONENTS, true, 0},
	{NULL, NULL, SIGNAL_IN_RESET, true, 0},
	{NULL, NULL, SIGNAL_EFA_MISSING, true, 0},
	{NULL, NULL, SIGNAL_EFA_PORT_DOWN, true, 0},
	{NULL, NULL, SIGNAL_NO_DEVICES, true, 0},
	{NULL, NULL, SIGNAL_NO_EFAS, true, 0},
	{NULL, NULL, SIGNAL_SERVER_LOST, false, 0},
	{DEVICE "reset", "0\n", SIGNAL_IN_RESET, true, 1},
	{DEVICE "reset", "2\n", SIGNAL_RESET_FAILED, true, 1},
	{DEVICE "reset", "7\n", SIGNAL_MALFORMED, true, 1},
	{DEVICE "reset", "7\n", SIGNAL_IN_RESET, false, 0},
	{HARDWARE "sram_ecc_uncorrected", "1\n", SIGNAL_SRAM_ECC_UNCORRECTED,
	 true, 1},
	{HARDWARE "mem_ecc_uncorrected", MAX64 "\n", SIGNAL_MEM_ECC_UNCORRECTED,
	 true, UINT64_MAX},
	{HARDWARE "mem_ecc_uncorrected", "18446744073709551616\n",
	 SIGNAL_MEM_ECC_UNCORRECTED, false, 0},
	{HARDWARE "mem_ecc_uncorrected", "18446744073709551616\n",
	 SIGNAL_MALFORMED, true, 1},
	{HARDWARE "mem_ecc_repairable_uncorrected", "3",
	 SIGNAL_MEM_ECC_REPAIRABLE_UNCORRECTED, true, 3},
	{HARDWARE "sram_ecc_corrected", "4\n", SIGNAL_SRAM_ECC_CORRECTED, true,
	 4},
	{HARDWARE "mem_ecc_corrected", "5\n", SIGNAL_MEM_ECC_CORRECTED, true,
	 5},
	{HARDWARE "mem_ecc_corrected", "-5\n", SIGNAL_MALFORMED, true, 1},
	{HARDWARE "mem_ecc_corrected", "5 5\n", SIGNAL_MALFORMED, true, 1},
	{HARDWARE "mem_ecc_corrected", "\x01\xff\n", SIGNAL_MALFORMED, true, 1},
	{HARDWARE "mem_ecc_corrected", "", SIGNAL_MALFORMED, true, 1},
	{HEALTH "hw_error_event", "6\n", SIGNAL_HW_ERROR_EVENT, true, 6},
	{HEALTH "hw_error_event", "device_unreachable\n",
	 SIGNAL_DEVICE_UNREACHABLE, true, 1},
	{HEALTH "hw_error_event", "device_unreachable\n", SIGNAL_MALFORMED,
	 true, 0},
	{HEALTH "hw_error_event", "device_gone\n", SIGNAL_MALFORMED, true, 1},
	{HEALTH "healthcheck_heartbeat", "device_unreachable\n",
	 SIGNAL_DEVICE_UNREACHABLE, true, 1},
	{HEALTH "healthcheck_heartbeat", "17\n", SIGNAL_DEVICE_UNREACHABLE,
	 true, 0},
	{HEALTH "unhealthy_components", "hbm, sram\n",
	 SIGNAL_UNHEALTHY_COMPONENTS, true, 1},
	{HEALTH "unhealthy_components", "device_unreachable\n",
	 SIGNAL_DEVICE_UNREACHABLE, true, 1},
	{HEALTH "unhealthy_components", "device_unreachable\n",
	 SIGNAL_UNHEALTHY_COMPONENTS, false, 0},
	{HEALTH "unhealthy_components", "$(reboot)\n", SIGNAL_MALFORMED, true,
	 1},
	{PORT "ports/1/state", "1: DOWN\n", SIGNAL_EFA_PORT_DOWN, true, 1},
	{PORT "ports/1/state", "\x01\n", SIGNAL_EFA_MALFORMED, true, 1},
	{PORT "ports/1/hw_counters/rx_drops", "7\n", SIGNAL_RX_DROPS, true, 7},
	{PORT "ports/1/hw_counters/rx_drops", "x\n", SIGNAL_EFA_MALFORMED, true,
	 1},
	{PORT "ports/1/hw_counters/rdma_read_wr_err", "8\n",
	 SIGNAL_RDMA_READ_WR_ERR, true, 8},
	{PORT "ports/1/hw_counters/rdma_write_wr_err", "9\n",
	 SIGNAL_RDMA_WRITE_WR_ERR, true, 9},
	{PORT "ports/1/hw_counters/retrans_pkts", "10\n", SIGNAL_RETRANS_PKTS,
	 true, 10},
	{PORT "ports/1/hw_counters/retrans_timeout_events", "11\n",
	 SIGNAL_RETRANS_TIMEOUT_EVENTS, true, 11},
	{PORT "ports/1/hw_counters/unresponsive_remote_events", "12\n",
	 SIGNAL_UNRESPONSIVE_REMOTE_EVENTS, true, 12},
	{PORT "ports/1/hw_counters/impaired_remote_conn_events", "13\n",
	 SIGNAL_IMPAIRED_REMOTE_CONN_EVENTS, true, 13},
	{PORT "hw_counters/cmds_err", "14\n", SIGNAL_CMDS_ERR, true, 14},
	{PORT "hw_counters/no_completion_cmds", MAX64,
	 SIGNAL_NO_COMPLETION_CMDS, true, UINT64_MAX},
};

static const reading_of_t *_of(signal_id_t signal)
{
	reading_subject_t subject = signal_subject(signal);

	return reading_of(&reading, subject,
			  (subject == READING_DEVICE) ? 3 : 0);
}

START_TEST(test_signals)
{
	signal_id_t signal = rows[_i].signal;
	const reading_of_t *of;
	bool known;

	_fill();
	if (rows[_i].file)
		tree_put(rows[_i].file, rows[_i].text);
	_take(false);
	of = _of(signal);
	known = of->known & (1ULL << signal);
	ck_assert_msg(known == rows[_i].known &&
			      of->values[signal] == rows[_i].value,
		      "%s \"%s\": %s: got %d %" PRIu64 ", wanted %d %" PRIu64,
		      rows[_i].file, rows[_i].text, signal_name(signal), known,
		      of->values[signal], rows[_i].known, rows[_i].value);
	ck_assert_str_eq(reading.devices[3].serial, "00c5f3a1b2d40003");
	ck_assert_str_eq(reading.efas[0].name, "rdmap201s0");
}
END_TEST

/* Names, and every signal has a name of its own */
START_TEST(test_names)
{
	for (int s = 0; s < SIGNALS; s++) {
		ck_assert(signal_name((signal_id_t) s)[0]);
		ck_assert_int_eq(signal_of_name(signal_name((signal_id_t) s)),
				 s);
	}
	ck_assert_int_eq(signal_of_name("x"), -1);
	ck_assert_str_eq(signal_name(SIGNALS), "");
}
END_TEST

static uint64_t _value(signal_id_t signal)
{
	return _of(signal)->values[signal];
}

/* What is not there; what is not there at all is the node's fault */
START_TEST(test_missing)
{
	_fill();
	ck_assert_int_eq(unlink(tree_path("dev/neuron3")), 0);
	_take(false);
	ck_assert_uint_eq(_value(SIGNAL_DEVICE_MISSING), 1);
	ck_assert_uint_eq(_value(SIGNAL_NO_DEVICES), 0);
	/* Only interface 0 is there */
	ck_assert_uint_eq(reading.efas[1].values[SIGNAL_EFA_MISSING], 1);
	ck_assert(!(reading.efas[1].known & (1ULL << SIGNAL_EFA_PORT_DOWN)));
	tree_clear();
	tree_directory("dev", 0755);
	_take(true);
	ck_assert_uint_eq(_value(SIGNAL_DEVICE_MISSING), 0);
	ck_assert_uint_eq(_value(SIGNAL_EFA_MISSING), 0);
	ck_assert_uint_eq(_value(SIGNAL_NO_DEVICES), 1);
	ck_assert_uint_eq(_value(SIGNAL_NO_EFAS), 1);
	ck_assert_str_eq(reading.boot, "");
	ck_assert_ptr_null(reading_of(&reading, READING_DEVICE, 16));
	ck_assert_ptr_null(reading_of(&reading, READING_NODE, 1));
}
END_TEST

static const struct {
	const char *mode, *node2, *node4;
	bool member;
	bool known;
	uint64_t lost;
} servers[] = {
	{"1,3,4\n", "0\n", "0\n", true, true, 0},
	{"4\n", "-1\n", "-1\n", true, true, 1},
	{"4\n", "-1\n", "-1\n", false, true, 0},
	{"3,4\n", "1\n", "-1\n", true, true, 0},
	{"busy\n", "busy\n", "busy\n", true, false, 0},
	{"\n", "-1\n", "-1\n", true, false, 0},
	{"$(x)\n", "-1\n", "-1\n", true, false, 0},
};

START_TEST(test_servers)
{
	bool known;

	_fill();
	tree_put(CLASS "ultraserver_mode", servers[_i].mode);
	tree_put(CLASS "node_id_2", servers[_i].node2);
	tree_put(CLASS "node_id_4", servers[_i].node4);
	tree_put("proc/sys/kernel/random/boot_id", "b-1\n");
	_take(servers[_i].member);
	known = reading.node.known & (1ULL << SIGNAL_SERVER_LOST);
	ck_assert_msg(known == servers[_i].known &&
			      _value(SIGNAL_SERVER_LOST) == servers[_i].lost,
		      "%s: got %d %" PRIu64, servers[_i].mode, known,
		      _value(SIGNAL_SERVER_LOST));
	ck_assert_str_eq(reading.boot, "b-1");
}
END_TEST

/* Where poll() is to look */
START_TEST(test_event_path)
{
	char path[256];
	int root;

	_fill();
	root = sysfs_open(tree_base(), &err);
	ck_assert_int_eq(reading_event_path(root, 3, path, sizeof(path)), -1);
	tree_put(HEALTH "hw_error_event", "0\n");
	ck_assert_int_gt(reading_event_path(root, 3, path, sizeof(path)), 0);
	ck_assert_str_eq(path, HEALTH "hw_error_event");
	ck_assert_int_eq(reading_event_path(root, 40, path, sizeof(path)), -1);
	(void) close(root);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reading");
	TCase *tcase = tcase_create("reading");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_signals, 0, COUNT(rows));
	tcase_add_test(tcase, test_names);
	tcase_add_test(tcase, test_missing);
	tcase_add_loop_test(tcase, test_servers, 0, COUNT(servers));
	tcase_add_test(tcase, test_event_path);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	(void) tree_base();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
