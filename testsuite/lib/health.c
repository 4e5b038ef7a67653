/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules that are shipped are fired one by one, through files of a machine;
 * the state machine is tried with rules of its own and readings made here.
 */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failing_malloc.h"
#include "families.h"
#include "lib/health.h"
#include "lib/sysfs.h"
#include "tree.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define TAIL "\"action\": \"a\", \"source\": [\"s\"]}"
#define FILE_OF(rules) "{\"format\": 1, \"rules\": [" rules "]}"
#define BIT(signal) (1ULL << (signal))
#define D "sys/devices/virtual/neuron_device/neuron3/"
#define H D "stats/hardware/"
#define E "sys/class/infiniband/rdmap201s0/"
#define C "sys/class/neuron_device/"

static neuron_error_t err;
static reading_t reading;
static health_events_t events;
static const profile_t *trn2;

/*
 * Every rule of the table
 */

/* What makes a rule speak. Counters are 0 at the first look */
static const struct {
	const char *rule;
	const char *file;
	const char *text; /* NULL: the file goes */
	const char *error; /* in the kernel's log */
} injections[] = {
	{"sram-uncorrected", H "sram_ecc_uncorrected", "1\n", NULL},
	{"hbm-uncorrected", H "mem_ecc_uncorrected", "1\n", NULL},
	{"hbm-repair", H "mem_ecc_repairable_uncorrected", "1\n", NULL},
	{"hbm-corrected", H "mem_ecc_corrected", "100\n", NULL},
	{"sram-corrected", H "sram_ecc_corrected", "100\n", NULL},
	{"unhealthy-memory", H "health_status/unhealthy_components",
	 "link_host,sram\n", NULL},
	{"unhealthy-firmware", H "health_status/unhealthy_components",
	 "firmware_service_api\n", NULL},
	{"unhealthy-link", H "health_status/unhealthy_components",
	 "link_efa, hbm\n", NULL},
	{"unhealthy", H "health_status/unhealthy_components", "flux\n", NULL},
	{"unreachable", H "health_status/unhealthy_components",
	 "device_unreachable\n", NULL},
	{"missing", "dev/neuron3", NULL, NULL},
	{"reset-stuck", D "reset", "0\n", NULL},
	{"reset-failed", D "reset", "2\n", NULL},
	{"malformed", H "mem_ecc_corrected", "many\n", NULL},
	{"hw-error-event", H "health_status/hw_error_event", "1\n", NULL},
	{"kernel-sram", NULL, NULL, "SRAM_UNCORRECTABLE_ERROR"},
	{"kernel-nc", NULL, NULL, "NC_UNCORRECTABLE_ERROR"},
	{"kernel-hbm", NULL, NULL, "HBM_UNCORRECTABLE_ERROR"},
	{"kernel-dma", NULL, NULL, "DMA_ERROR"},
	{"kernel-hang", NULL, NULL, "HANG_ON_COLLECTIVES"},
	{"efa-missing", "dev/infiniband/uverbs10", NULL, NULL},
	{"efa-port", E "ports/1/state", "1: DOWN\n", NULL},
	{"efa-malformed", E "ports/1/hw_counters/rx_drops", "-\n", NULL},
	{"efa-rx-drops", E "ports/1/hw_counters/rx_drops", "100000\n", NULL},
	{"efa-read-errors", E "ports/1/hw_counters/rdma_read_wr_err", "100\n",
	 NULL},
	{"efa-write-errors", E "ports/1/hw_counters/rdma_write_wr_err", "100\n",
	 NULL},
	{"efa-retransmissions", E "ports/1/hw_counters/retrans_pkts",
	 "1000000\n", NULL},
	{"efa-timeouts", E "ports/1/hw_counters/retrans_timeout_events",
	 "1000\n", NULL},
	{"efa-unresponsive", E "ports/1/hw_counters/unresponsive_remote_events",
	 "100\n", NULL},
	{"efa-impaired", E "ports/1/hw_counters/impaired_remote_conn_events",
	 "100\n", NULL},
	{"efa-commands", E "hw_counters/cmds_err", "100\n", NULL},
	{"efa-no-answer", E "hw_counters/no_completion_cmds", "1\n", NULL},
	{"no-devices", "sys/devices/virtual/neuron_device", NULL, NULL},
	{"no-efas", "sys/bus/pci/devices", NULL, NULL},
	{"server-lost", C "node_id_4", "-1\n", NULL},
	{"server-changed", C "server_id_4", "0000000000000009\n", NULL},
	{"server-mode", C "ultraserver_mode", "3,4\n", NULL},
	{"all-masked", "dev/infiniband", NULL, NULL},
};

/* A whole machine, by simroot */
static void _machine(void)
{
	const char *build = getenv("NEURON_BUILD_DIR");
	const char *srcdir = getenv("srcdir");
	char command[2048];

	tree_clear();
	(void) snprintf(command, sizeof(command),
			"%s/testsuite/simroot --server-id 5 --node-id 0 "
			"%s/../../etc/profiles/trn2u.48xlarge.json %s",
			build ? build : "../..", srcdir ? srcdir : ".",
			tree_path("m"));
	ck_assert_msg(!system(command), "%s", command);
}

/* Put a file or directory aside, and back again */
static void _swap(const char *file, const char *text, bool back)
{
	char path[512], aside[512];

	(void) snprintf(path, sizeof(path), "m/%s", file);
	(void) snprintf(aside, sizeof(aside), "m/aside%zu", strlen(file));
	if (!back) {
		ck_assert_int_eq(rename(tree_path(path), tree_path(aside)), 0);
		if (text)
			tree_put(path, text);
		return;
	}
	if (text)
		ck_assert_int_eq(unlink(tree_path(path)), 0);
	ck_assert_int_eq(rename(tree_path(aside), tree_path(path)), 0);
}

static void _inject(int i, bool back)
{
	if (injections[i].file)
		_swap(injections[i].file, injections[i].text, back);
	/* In no UltraServer of two either */
	if (!strcmp(injections[i].rule, "server-lost"))
		_swap(C "./node_id_2", "-1\n", back);
}

static void _add_event(const char *name, uint32_t device)
{
	kmsg_error_t error = {.device = device};

	(void) snprintf(error.error, sizeof(error.error), "%s", name);
	(void) snprintf(error.serial, sizeof(error.serial), "%s",
			reading.devices[device].serial);
	health_event(&events, &error);
}

static void _look_at_machine(health_t *health, uint64_t now)
{
	int root = sysfs_open(tree_path("m"), &err);

	ck_assert_msg(root >= 0, "%s", err.text);
	ck_assert_msg(
		!reading_take(root, tree_path("m"), trn2, true, &reading, &err),
		"%s", err.text);
	(void) close(root);
	health_look(health, &reading, &events, now);
	memset(&events, 0, sizeof(events));
}

static rules_t *_shipped(void)
{
	const char *srcdir = getenv("srcdir");
	char path[512];
	rules_t *rules;

	(void) snprintf(path, sizeof(path), "%s/../../etc/health-rules.json",
			srcdir ? srcdir : ".");
	rules = rules_read(path, &err);
	ck_assert_msg(rules != NULL, "%s", err.text);
	return rules;
}

typedef struct {
	const char *rule;
	health_finding_t found;
	unsigned int count; /* of findings of this rule that are not ok */
	unsigned int all; /* of any rule */
} find_t;

static void _find(const health_finding_t *finding, void *arg)
{
	find_t *find = arg;
	bool speaks = finding->verdict != RULES_OK || finding->told;

	find->all += speaks;
	if (!find->rule || strcmp(find->rule, finding->rule->name) || !speaks)
		return;
	find->count++;
	find->found = *finding;
}

static find_t _found(const health_t *health, const char *rule)
{
	find_t find = {.rule = rule};

	health_each(health, _find, &find);
	return find;
}

static int _injection_of(const char *rule)
{
	for (int i = 0; i < COUNT(injections); i++) {
		if (!strcmp(injections[i].rule, rule))
			return i;
	}
	ck_abort_msg("%s: no injection", rule);
}

static void _fire(const rules_t *rules, const rule_t *rule)
{
	health_t *health = health_create(rules);
	int at = _injection_of(rule->name);
	find_t find;

	_look_at_machine(health, 100000);
	find = _found(health, NULL);
	ck_assert_msg(!find.all, "%s: a healthy machine has findings",
		      rule->name);
	_inject(at, false);
	if (injections[at].error)
		_add_event(injections[at].error, 3);
	_look_at_machine(health, 100010);
	if (rule->hold) {
		find = _found(health, rule->name);
		ck_assert_msg(!find.count, "%s: too early", rule->name);
		_look_at_machine(health, 100010 + rule->hold);
	}
	find = _found(health, rule->name);
	ck_assert_msg(find.count == 1, "%s: got %u findings, wanted 1",
		      rule->name, find.count);
	ck_assert_int_eq(find.found.verdict, rule->verdict);
	ck_assert(find.found.changed);
	ck_assert_msg(strstr(find.found.reason, rule->name) &&
			      strstr(find.found.reason, rule->action),
		      "%s: got \"%s\"", rule->name, find.found.reason);
	ck_assert_uint_eq(find.found.index,
			  (find.found.subject == READING_DEVICE) ? 3 : 0);
	health_destroy(health);
	_inject(at, true);
}

/* Without an injection above, or with one that does nothing: a failure */
START_TEST(test_every_rule)
{
	rules_t *rules = _shipped();

	ck_assert_uint_eq(rules_count(rules), (unsigned int) COUNT(injections));
	_machine();
	for (unsigned int r = 0; r < rules_count(rules); r++) {
		/* One that follows from others: below */
		if (rules_at(rules, r)->signal != SIGNAL_DEVICES_LOST_PERCENT)
			_fire(rules, rules_at(rules, r));
	}
	rules_destroy(rules);
}
END_TEST

/* Device by device, until the node is lost */
START_TEST(test_all_masked)
{
	rules_t *rules = _shipped();
	health_t *health = health_create(rules);
	health_finding_t finding;
	mask_t mask;
	char path[256];

	_machine();
	_look_at_machine(health, 10);
	for (int d = 0; d < 16; d++) {
		ck_assert(!health_node(health, &finding));
		(void) snprintf(path, sizeof(path),
				"m/sys/devices/virtual/neuron_device/neuron%d/"
				"stats/hardware/sram_ecc_uncorrected",
				d);
		tree_put(path, "1\n");
		_look_at_machine(health, 20 + (uint64_t) d);
	}
	health_masked(health, trn2, &mask);
	ck_assert_uint_eq(mask.devices, 0xffff);
	ck_assert(health_node(health, &finding));
	ck_assert_str_eq(finding.reason,
			 "all-masked: devices_lost_percent is 100; replace the "
			 "instance");
	health_destroy(health);
	rules_destroy(rules);
}
END_TEST

/*
 * The state machine. A script is a list of looks: "TIME=VALUE:VERDICT" of one
 * counter of device 3, "-" a value that cannot be read, "r" before the value a
 * state that was written and read again.
 */

#define COUNTER "{\"name\": \"r\", \"signal\": \"mem_ecc_corrected\", "
#define EIGHT ", \"within\": 80, \"at_least\": 10"

static const struct {
	const char *rule;
	const char *script;
} scripts[] = {
	/* a value: at once, and for ever, also when it cannot be read */
	{COUNTER "\"at_least\": 2, \"verdict\": \"masked\", " TAIL,
	 "0=0:o 1=1:o 2=2:m 3=2:m 1000000=-:m r9000000=2:m"},
	/* a value that was there from the start counts */
	{COUNTER "\"verdict\": \"masked\", " TAIL, "0=1:m"},
	/* the driver was loaded anew: what holds comes back, else it goes */
	{COUNTER "\"at_least\": 2, \"verdict\": \"masked\", " TAIL,
	 "0=5:m 1=3:m 2=0:o 3=2:m"},
	/* but a rule with an end of its own waits for it */
	{COUNTER "\"at_least\": 2, \"verdict\": \"masked\", \"clear_after\": "
		 "10, " TAIL,
	 "0=5:m 1=0:m 9=0:m r10=0:o 11=1:o 12=2:m"},
	/* it must hold some time */
	{COUNTER
	 "\"for\": 10, \"verdict\": \"suspect\", \"clear_after\": 5, " TAIL,
	 "0=1:o 9=1:o r10=1:s 11=0:s 15=0:o 16=1:o 25=1:o 26=0:o 27=1:o 36=1:o "
	 "37=1:s"},
	/* a clock that goes back is no time */
	{COUNTER "\"for\": 10, \"verdict\": \"suspect\", " TAIL,
	 "100=1:o 50=1:o 105=1:o 110=1:s"},
	/* growth: the first look only counts from */
	{COUNTER "\"verdict\": \"suspect\", \"clear_after\": 1" EIGHT ", " TAIL,
	 "0=1000:o 10=1009:o 20=1010:s 60=1010:s r80=1010:s 95=1010:o"},
	/* a slow one is none */
	{COUNTER "\"verdict\": \"suspect\"" EIGHT ", " TAIL,
	 "0=0:o 20=2:o 40=4:o 60=6:o 80=8:o 100=10:o 120=12:o 140=14:o "
	 "r160=16:o"},
	/* counters that go back have grown by what they are */
	{COUNTER "\"verdict\": \"suspect\"" EIGHT ", " TAIL,
	 "0=1000:o 10=9:o 20=10:s"},
	/* to the end of 64 bits, and over it */
	{COUNTER "\"verdict\": \"suspect\"" EIGHT ", " TAIL,
	 "0=18446744073709551605:o 10=18446744073709551614:o "
	 "20=18446744073709551615:s"},
	{COUNTER "\"verdict\": \"suspect\"" EIGHT ", " TAIL,
	 "0=0:o 10=18446744073709551615:s r20=3:s"},
	{COUNTER "\"verdict\": \"suspect\"" EIGHT ", " TAIL,
	 "18446744073709551614=0:o 18446744073709551615=10:s"},
	/* accelerating: as much as ever is well */
	{COUNTER "\"verdict\": \"suspect\", \"times_before\": 3, "
		 "\"clear_after\": 1" EIGHT ", " TAIL,
	 "0=0:o 10=6:o 40=9:o 100=15:o r110=16:o 115=31:s"},
	/* a suspect for long, a suspect often */
	{COUNTER "\"verdict\": \"suspect\", \"then\": \"masked\", "
		 "\"then_after\": 10, \"clear_after\": 100, " TAIL,
	 "0=1:s 9=1:s r10=1:m 20=0:m 110=0:o"},
	{COUNTER "\"verdict\": \"suspect\", \"then\": \"masked\", "
		 "\"then_after\": 10, \"clear_after\": 100, " TAIL,
	 "0=1:s 5=0:s 50=0:s 60=1:m"},
	{COUNTER
	 "\"verdict\": \"suspect\", \"then\": \"masked\", "
	 "\"then_times\": 3, \"then_within\": 60, \"clear_after\": 5, " TAIL,
	 "0=1:s 1=0:s 10=0:o 20=1:s 21=0:s 30=0:o r60=1:m 61=0:m 66=0:o"},
	{COUNTER
	 "\"verdict\": \"suspect\", \"then\": \"masked\", "
	 "\"then_times\": 3, \"then_within\": 60, \"clear_after\": 5, " TAIL,
	 "0=1:s 1=0:s 10=0:o 20=1:s 21=0:s 30=0:o 61=1:s 62=0:s 63=1:m"},
	/* it flaps faster than it is cleared: still one suspect, then a mask */
	{COUNTER
	 "\"verdict\": \"suspect\", \"then\": \"node\", "
	 "\"then_times\": 4, \"then_within\": 60, \"clear_after\": 30, " TAIL,
	 "0=1:s 1=0:s 2=1:s 3=0:s 4=1:s r5=0:s 6=1:n 7=0:n 8=1:n 37=0:n "
	 "38=0:o"},
	/* told only */
	{COUNTER "\"verdict\": \"ok\", \"clear_after\": 5, " TAIL,
	 "0=1:t 1=0:t 6=0:o"},
};

static health_t *_again(health_t *health, const rules_t *rules)
{
	char *text = health_encode(health);
	health_t *again = health_decode(rules, text, "state", &err);

	ck_assert_msg(again != NULL, "%s\n%s", err.text, text);
	health_destroy(health);
	free(text);
	return again;
}

static char _letter(const health_t *health)
{
	find_t find = _found(health, "r");

	if (!find.count)
		return 'o';
	return find.found.told ? 't'
			       : rules_verdict_name(find.found.verdict)[0];
}

static void _set_value(const char *text)
{
	reading_of_t *of = &reading.devices[3];

	of->known = BIT(SIGNAL_MEM_ECC_CORRECTED);
	of->values[SIGNAL_MEM_ECC_CORRECTED] = strtoull(text, NULL, 10);
	if (*text == '-')
		of->known = 0;
}

START_TEST(test_scripts)
{
	char rules_text[1024], copy[1024], *rest = copy, *word;
	rules_t *rules;
	health_t *health;

	(void) snprintf(rules_text, sizeof(rules_text), FILE_OF("%s"),
			scripts[_i].rule);
	rules = rules_decode(rules_text, "f", &err);
	ck_assert_msg(rules != NULL, "%s", err.text);
	health = health_create(rules);
	memset(&reading, 0, sizeof(reading));
	reading.device_count = reading.efa_count = 16;
	(void) snprintf(copy, sizeof(copy), "%s", scripts[_i].script);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=') + 1;

		if (*word == 'r')
			health = _again(health, rules);
		_set_value(value);
		health_look(health, &reading, &events,
			    strtoull(word + (*word == 'r'), NULL, 10));
		ck_assert_msg(_letter(health) == strchr(value, ':')[1],
			      "%s: at \"%s\" got '%c'", scripts[_i].script,
			      word, _letter(health));
	}
	health_destroy(health);
	rules_destroy(rules);
}
END_TEST

/*
 * Masks, suspects, and what slurmctld is told
 */

#define PORT                                                                \
	"{\"name\": \"port\", \"signal\": \"efa_port_down\", \"verdict\": " \
	"\"masked\", \"clear_after\": 5, " TAIL
#define SRAM                                                          \
	"{\"name\": \"sram\", \"signal\": \"sram_ecc_uncorrected\", " \
	"\"verdict\": \"masked\", " TAIL
#define DROPS                                                           \
	"{\"name\": \"drops\", \"signal\": \"rx_drops\", \"verdict\": " \
	"\"suspect\", " TAIL

static void _signal(reading_subject_t subject, unsigned int index,
		    signal_id_t signal, uint64_t value)
{
	reading_of_t *of = (subject == READING_EFA) ? &reading.efas[index]
						    : &reading.devices[index];

	of->known |= BIT(signal);
	of->values[signal] = value;
}

START_TEST(test_tell)
{
	const profile_t *trn1 = family_profile("trn1.32xlarge");
	rules_t *rules =
		rules_decode(FILE_OF(PORT ", " SRAM ", " DROPS), "f", &err);
	health_t *health = health_create(rules);
	mask_t masked, suspects, unmask, others;

	ck_assert_msg(rules != NULL, "%s", err.text);
	memset(&reading, 0, sizeof(reading));
	reading.device_count = 16;
	reading.efa_count = 8;
	_signal(READING_EFA, 1, SIGNAL_EFA_PORT_DOWN, 1);
	_signal(READING_EFA, 4, SIGNAL_RX_DROPS, 1);
	_signal(READING_DEVICE, 2, SIGNAL_SRAM_ECC_UNCORRECTED, 1);
	_signal(READING_DEVICE, 9, SIGNAL_SRAM_ECC_UNCORRECTED, 1);
	memcpy(reading.efas[1].name, "rdma1", 6);
	memcpy(reading.efas[1].port, "1: DOWN", 8);
	health_look(health, &reading, &events, 10);
	health_masked(health, trn1, &masked);
	/* Interface 1 serves devices 2 and 3, interface 4 devices 8 and 9 */
	ck_assert_uint_eq(masked.devices, 0x20c);
	ck_assert_str_eq(masked.reasons[2],
			 "efa1 [rdma1]: port: its port is 1: DOWN; a");
	ck_assert_str_eq(masked.reasons[9],
			 "sram: sram_ecc_uncorrected is 1; a");
	health_suspects(health, trn1, &suspects);
	ck_assert_uint_eq(suspects.devices, 0x100);
	ck_assert(health_to_tell(health, &masked, &suspects, &unmask));
	ck_assert_uint_eq(unmask.devices, 0);
	health_fresh(health, &masked, &unmask);
	ck_assert_uint_eq(unmask.devices, 0x20c);
	health_fresh_suspects(health, &suspects, &unmask);
	ck_assert_uint_eq(unmask.devices, 0x100);
	ck_assert_str_eq(unmask.reasons[8], suspects.reasons[8]);
	health_told(health, &masked, &suspects);
	health = _again(health, rules);
	health_fresh(health, &masked, &unmask);
	ck_assert_uint_eq(unmask.devices, 0);
	health_fresh_suspects(health, &suspects, &unmask);
	ck_assert_uint_eq(unmask.devices, 0);
	/* Another reason, another device: what a device that is to be masked
	 * is where BadDevice= does not mask it */
	mask_init(&others);
	ck_assert_int_eq(mask_add(&others, 2, masked.reasons[2]), 0);
	ck_assert_int_eq(mask_add(&others, 8, masked.reasons[9]), 0);
	health_fresh_suspects(health, &others, &unmask);
	ck_assert_uint_eq(unmask.devices, 0x104);
	ck_assert(!health_to_tell(health, &masked, &suspects, &unmask));

	/* Taken back are the ones that have an end, if nothing else is wrong */
	_signal(READING_EFA, 1, SIGNAL_EFA_PORT_DOWN, 0);
	health_look(health, &reading, &events, 20);
	health_masked(health, trn1, &masked);
	ck_assert_uint_eq(masked.devices, 0x204);
	ck_assert_str_eq(masked.reasons[2],
			 "sram: sram_ecc_uncorrected is 1; a");
	(void) health_to_tell(health, &masked, &suspects, &unmask);
	ck_assert_uint_eq(unmask.devices, 0x8);
	ck_assert_str_eq(unmask.reasons[3],
			 "efa1 [rdma1]: port: its port is 1: DOWN; a");
	health_told(health, &masked, &suspects);
	/* Forgotten after a repair: nothing is said of its mask */
	_signal(READING_DEVICE, 9, SIGNAL_SRAM_ECC_UNCORRECTED, 0);
	health_look(health, &reading, &events, 30);
	health_masked(health, trn1, &masked);
	ck_assert_uint_eq(masked.devices, 0x4);
	(void) health_to_tell(health, &masked, &suspects, &unmask);
	ck_assert_uint_eq(unmask.devices, 0);
	health_forget(health, 0x4);
	health_masked(health, trn1, &masked);
	ck_assert_uint_eq(masked.devices, 0);
	health_look(health, &reading, &events, 31);
	health_masked(health, trn1, &masked);
	ck_assert_uint_eq(masked.devices, 0x4);
	health_destroy(health);
	rules_destroy(rules);
}
END_TEST

/* Another serial number, another boot */
START_TEST(test_new_device)
{
	rules_t *rules = rules_decode(
		FILE_OF("{\"name\": \"r\", \"signal\": \"kernel_error\", "
			"\"verdict\": \"masked\", " TAIL),
		"f", &err);
	health_t *health = health_create(rules);
	reading_of_t *of = &reading.devices[3];

	memset(&reading, 0, sizeof(reading));
	reading.device_count = 16;
	memcpy(reading.boot, "one", 4);
	memcpy(of->serial, "00ab", 5);
	_add_event("A", 3);
	_add_event("A", 3);
	memcpy(events.list[0].serial, "00ac", 5);
	memcpy(events.list[1].serial, "", 1);
	health_look(health, &reading, &events, 5);
	ck_assert_int_eq(_letter(health), 'o');
	memcpy(events.list[0].serial, "00AB", 5);
	health_look(health, &reading, &events, 6);
	ck_assert_int_eq(_letter(health), 'm');
	events.count = 0;
	health_set_next_record(health, 77);
	health = _again(health, rules);
	health_look(health, &reading, &events, 7);
	ck_assert_int_eq(_letter(health), 'm');
	ck_assert_uint_eq(health_next_record(health, "one"), 77);
	ck_assert_uint_eq(health_next_record(health, "two"), 0);
	memcpy(of->serial, "00ac", 5);
	health_look(health, &reading, &events, 8);
	ck_assert_int_eq(_letter(health), 'o');
	_add_event("B", 3);
	health_look(health, &reading, &events, 9);
	ck_assert_int_eq(_letter(health), 'm');
	events.count = 0;
	memcpy(reading.boot, "two", 4);
	health_look(health, &reading, &events, 1);
	ck_assert_int_eq(_letter(health), 'o');
	for (int i = 0; i < HEALTH_EVENTS_MAX + 5; i++)
		_add_event("B", 3);
	ck_assert_uint_eq(events.count, HEALTH_EVENTS_MAX);
	ck_assert_uint_eq(events.lost, 5);
	memset(&events, 0, sizeof(events));
	health_destroy(health);
	rules_destroy(rules);
}
END_TEST

/*
 * The text of a state
 */

#define HEAD "slurm-neuron health 1\n"

static const struct {
	const char *text;
	unsigned int line; /* 0: good */
} states[] = {
	{HEAD, 0},
	{HEAD "now 5\nnext 6\ntold 1\nboot a b\n", 0},
	{HEAD "count efa 15 rx_drops 18446744073709551615\n", 0},
	{HEAD "rule gone 3 masked 1 1 1 0 1 1 0 - 0 0 0 0\n"
	      "reason gone 3 x y\n",
	 0},
	{HEAD "rule r 3 masked 1 1 1 0 1 1 0 A 1 1 9 2 2 7 8\n", 0},
	{HEAD "masked 3(a b),4\nsuspects 5\n", 0},
	{HEAD "server 26 0 -1 0000000000000005 -\n", 0},
	{"", 1},
	{"\n", 1},
	{"slurm-neuron health 2\n", 1},
	{HEAD "x\n", 2},
	{HEAD "now\n", 2},
	{HEAD "now 5 6\n", 2},
	{HEAD "now -1\n", 2},
	{HEAD "now 18446744073709551616\n", 2},
	{HEAD "now  5\n", 2},
	{HEAD "told 2\n", 2},
	{HEAD "now 1\nboot 0123456789012345678901234567890123456789\n", 3},
	{HEAD "boot a\x01\n", 2},
	{HEAD "serial 16 ab\n", 2},
	{HEAD "serial 1 012345678901234567890\n", 2},
	{HEAD "count disk 0 rx_drops 1\n", 2},
	{HEAD "count efa 16 rx_drops 1\n", 2},
	{HEAD "count efa 0 smoke 1\n", 2},
	{HEAD "count efa 0 rx_drops\n", 2},
	{HEAD "masked x\n", 2},
	{HEAD "masked 3(\n", 2},
	{HEAD "server 1 -2 0 a b\n", 2},
	{HEAD "server 1 0 0 00000000000000000 b\n", 2},
	{HEAD "rule r 16 masked 1 1 1 0 1 1 0 - 0 0 0 0\n", 2},
	{HEAD "rule r 3 bad 1 1 1 0 1 1 0 - 0 0 0 0\n", 2},
	{HEAD "rule r 3 masked 1 2 1 0 1 1 0 - 0 0 0 0\n", 2},
	{HEAD "rule r 3 masked 1 1 1 0 1 1 0 - 9 0 0 0\n", 2},
	{HEAD "rule r 3 masked 1 1 1 0 1 1 0 - 0 9 1 1 1 1 1 1 1 1 1 0 0\n", 2},
	{HEAD "rule r 3 masked 1 1 1 0 1 1 0 - 0 0 0 17\n", 2},
	{HEAD "rule r 3 masked 1 1 1 0 1 1 0 - 0 0 0 2 1\n", 2},
	{HEAD "rule r 3 masked 1 1 1 0 1 1 0 - 0 0 0 0 1\n", 2},
	{HEAD "rule r 3\n", 2},
};

START_TEST(test_states)
{
	rules_t *rules = rules_decode(
		FILE_OF(COUNTER "\"verdict\": \"masked\", " TAIL), "f", &err);
	char wanted[128];
	health_t *health;

	errno = 0;
	health = health_decode(rules, states[_i].text, "s", &err);
	(void) snprintf(wanted, sizeof(wanted),
			"s:%u: this is not what neuron-health wrote; remove "
			"the file",
			states[_i].line);
	if (!states[_i].line)
		ck_assert_msg(health != NULL, "\"%s\": %s", states[_i].text,
			      err.text);
	else
		ck_assert_msg(!health && errno == EINVAL &&
				      !strcmp(err.text, wanted),
			      "\"%s\": got %d \"%s\", wanted \"%s\"",
			      states[_i].text, errno, err.text, wanted);
	health_destroy(health);
	rules_destroy(rules);
}
END_TEST

/* The fullest state has room, and is the same when it is read again */
START_TEST(test_fullest)
{
	rules_t *rules = _shipped();
	health_t *health = health_create(rules), *again;
	char *text, *second;

	memset(&reading, 0, sizeof(reading));
	reading.device_count = reading.efa_count = 16;
	for (uint64_t look = 1; look < 40; look++) {
		for (unsigned int i = 0; i < 16; i++) {
			for (int s = 0; s < SIGNALS; s++) {
				uint64_t value = look * 1000000 + i;

				_signal(signal_subject((signal_id_t) s), i,
					(signal_id_t) s, value);
			}
			_add_event("HANG_ON_COLLECTIVES", i);
		}
		health_look(health, &reading, &events, look * 450);
		events.count = 0;
	}
	text = health_encode(health);
	ck_assert_uint_lt(strlen(text), HEALTH_TEXT_MAX);
	again = health_decode(rules, text, "s", &err);
	ck_assert_msg(again != NULL, "%s", err.text);
	second = health_encode(again);
	ck_assert_str_eq(text, second);
	free(text);
	free(second);
	health_destroy(health);
	health_destroy(again);
	rules_destroy(rules);
}
END_TEST

START_TEST(test_memory)
{
	rules_t *rules = rules_decode(
		FILE_OF(COUNTER "\"verdict\": \"masked\", " TAIL), "f", &err);
	health_t *health = NULL;
	char *text = NULL;

	for (long n = 0; n < 10 && !health; n++) {
		failing_malloc_after(n);
		health = health_decode(rules, HEAD "now 5\n", "s", &err);
		failing_malloc_after(-1);
		ck_assert(health || errno == ENOMEM);
	}
	ck_assert_ptr_nonnull(health);
	for (long n = 0; n < 20 && !text; n++) {
		failing_malloc_after(n);
		text = health_encode(health);
		failing_malloc_after(-1);
		ck_assert(text || errno == ENOMEM);
	}
	ck_assert_ptr_nonnull(text);
	free(text);
	health_destroy(health);
	rules_destroy(rules);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("health");
	TCase *tcase = tcase_create("health");
	SRunner *runner;
	int failed;

	trn2 = family_profile("trn2u.48xlarge");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, test_every_rule);
	tcase_add_test(tcase, test_all_masked);
	tcase_add_loop_test(tcase, test_scripts, 0, COUNT(scripts));
	tcase_add_test(tcase, test_tell);
	tcase_add_test(tcase, test_new_device);
	tcase_add_loop_test(tcase, test_states, 0, COUNT(states));
	tcase_add_test(tcase, test_fullest);
	tcase_add_test(tcase, test_memory);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	(void) tree_base();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
