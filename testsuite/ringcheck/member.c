/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "member.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define TEXT_MAX 4096

/* Lines "NAME=VALUE" */
static const char *_get(const char *name, void *arg)
{
	static char values[16][TEXT_MAX];
	static unsigned int next;
	size_t length = strlen(name);
	char *value = values[next++ % 16];

	for (const char *line = arg; line; line = strchr(line, '\n')) {
		line += (*line == '\n');
		if (strncmp(line, name, length) || (line[length] != '='))
			continue;
		snprintf(value, TEXT_MAX, "%.*s",
			 (int) strcspn(line + length + 1, "\n"),
			 line + length + 1);
		return value;
	}
	return NULL;
}

#define GOOD                                 \
	"RANK=3\nWORLD_SIZE=8\n"             \
	"LOCAL_RANK=1\nLOCAL_WORLD_SIZE=2\n" \
	"NEURON_RT_ROOT_COMM_ID=10.0.0.1:16384\n"

/* GOOD with lines before it: the first line of a name counts */
static const struct {
	const char *lines;
	const char *sentence; /* NULL: taken */
} rows[] = {
	{"", NULL},
	{"SLURM_NEURON_DEVICES=4-7\n", NULL},
	{"SLURM_NEURON_DEVICES=\n", NULL},
	{"SLURM_NEURON_DEVICES=0,2,4-63\n", NULL},
	{"NEURON_RT_VISIBLE_CORES=16,17,18\n", NULL},
	{"NEURON_RT_VISIBLE_CORES=0-3,6\n", NULL},
	{"NEURON_RT_VISIBLE_CORES=\n", NULL},
	{"FI_PROVIDER=tcp;ofi_rxm\n", NULL},
	{"FI_PROVIDER=^efa\n", NULL},
	{"FI_PROVIDER=\n", NULL},
	{"FI_EFA_IFACE=all\n", NULL},
	{"SLURM_NODEID=7\n", NULL},
	{"SLURM_JOB_ID=4294967294\n", NULL},
	{"NEURON_RT_ROOT_COMM_ID=[2001:db8::1]:62182\n", NULL},
	{"NEURON_RT_ROOT_COMM_ID=trn1.example.com:1\n", NULL},
	{"RANK=0\nWORLD_SIZE=65536\n", NULL},

	{"RANK=8\n", "RANK=8: it must be a whole number from 0 to 7"},
	{"RANK=-1\n", "RANK=-1: it must be a whole number from 0 to 7"},
	{"RANK=\n", "RANK=: it must be a whole number from 0 to 7"},
	{"RANK= 3\n", "RANK= 3: it must be a whole number from 0 to 7"},
	{"RANK=3 \n", "RANK=3 : it must be a whole number from 0 to 7"},
	{"RANK=0x1\n", "RANK=0x1: it must be a whole number from 0 to 7"},
	{"RANK=three\n", "RANK=three: it must be a whole number from 0 to 7"},
	{"RANK=18446744073709551617\n",
	 "RANK=18446744073709551617: it must be a whole number from 0 to 7"},
	{"WORLD_SIZE=0\n",
	 "WORLD_SIZE=0: it must be a whole number from 1 to 65536"},
	{"WORLD_SIZE=65537\n",
	 "WORLD_SIZE=65537: it must be a whole number from 1 to 65536"},
	{"WORLD_SIZE=8.0\n",
	 "WORLD_SIZE=8.0: it must be a whole number from 1 to 65536"},
	{"LOCAL_RANK=2\n",
	 "LOCAL_RANK=2: it must be a whole number from 0 to 1"},
	{"LOCAL_WORLD_SIZE=9\n",
	 "LOCAL_WORLD_SIZE=9: it must not be above WORLD_SIZE=8"},
	{"NEURON_RT_ROOT_COMM_ID=\n",
	 "NEURON_RT_ROOT_COMM_ID=: it must be ADDRESS:PORT of rank 0, an IPv6 "
	 "address in brackets"},
	{"NEURON_RT_ROOT_COMM_ID=10.0.0.1\n",
	 "NEURON_RT_ROOT_COMM_ID=10.0.0.1: it must be ADDRESS:PORT of rank 0, "
	 "an IPv6 address in brackets"},
	{"SLURM_NEURON_DEVICES=64\n",
	 "SLURM_NEURON_DEVICES=64: it must be a list of devices such as 0-3,8"},
	{"SLURM_NEURON_DEVICES=3-1\n",
	 "SLURM_NEURON_DEVICES=3-1: it must be a list of devices such as "
	 "0-3,8"},
	{"SLURM_NEURON_DEVICES=1,1\n",
	 "SLURM_NEURON_DEVICES=1,1: it must be a list of devices such as "
	 "0-3,8"},
	{"SLURM_NEURON_DEVICES=../1\n",
	 "SLURM_NEURON_DEVICES=../1: it must be a list of devices such as "
	 "0-3,8"},
	{"NEURON_RT_VISIBLE_CORES=3,2\n",
	 "NEURON_RT_VISIBLE_CORES=3,2: it must be an ascending list of cores "
	 "such as 0,1,2,3"},
	{"NEURON_RT_VISIBLE_CORES=1,1\n",
	 "NEURON_RT_VISIBLE_CORES=1,1: it must be an ascending list of cores "
	 "such as 0,1,2,3"},
	{"NEURON_RT_VISIBLE_CORES=0,\n",
	 "NEURON_RT_VISIBLE_CORES=0,: it must be an ascending list of cores "
	 "such as 0,1,2,3"},
	{"NEURON_RT_VISIBLE_CORES=4096\n",
	 "NEURON_RT_VISIBLE_CORES=4096: it must be an ascending list of cores "
	 "such as 0,1,2,3"},
	{"NEURON_RT_VISIBLE_CORES=0-2000\n",
	 "NEURON_RT_VISIBLE_CORES=0-2000: it must be an ascending list of cores "
	 "such as 0,1,2,3"},
	{"FI_EFA_IFACE=\n",
	 "FI_EFA_IFACE=: it must be names of EFA interfaces such as "
	 "rdmap16s25,rdmap16s26"},
	{"FI_EFA_IFACE=,\n",
	 "FI_EFA_IFACE=,: it must be names of EFA interfaces such as "
	 "rdmap16s25,rdmap16s26"},
	{"FI_EFA_IFACE=a b\n",
	 "FI_EFA_IFACE=a b: it must be names of EFA interfaces such as "
	 "rdmap16s25,rdmap16s26"},
	{"FI_PROVIDER=tcp efa\n",
	 "FI_PROVIDER=tcp efa: it must be a provider of libfabric such as efa "
	 "or tcp"},
	{"SLURMD_NODENAME=a/b\n",
	 "SLURMD_NODENAME=a/b: it must be a node name of letters, digits, '.', "
	 "'_', '-'"},
	{"SLURMD_NODENAME=\n",
	 "SLURMD_NODENAME=: it must be a node name of letters, digits, '.', "
	 "'_', '-'"},
	{"SLURMD_NODENAME=a\033[31m\n",
	 "SLURMD_NODENAME=a?[31m: it must be a node name of letters, digits, "
	 "'.', '_', '-'"},
	{"SLURM_NODEID=8\n",
	 "SLURM_NODEID=8: it must be a whole number from 0 to 7"},
	{"SLURM_JOB_ID=0\n",
	 "SLURM_JOB_ID=0: it must be a whole number from 1 to 4294967295"},
	{"SLURM_JOB_ID=1_2\n",
	 "SLURM_JOB_ID=1_2: it must be a whole number from 1 to 4294967295"},
	{"SLURM_JOB_ID=1\nSLURM_STEP_ID=x\n",
	 "SLURM_STEP_ID=x: it must be a whole number from 0 to 4294967295"},
};

START_TEST(values)
{
	char text[TEXT_MAX];
	fault_t fault = {.code = RINGCHECK_GOOD};
	member_t member;
	int rc;

	snprintf(text, sizeof(text), "%s%s", rows[_i].lines, GOOD);
	rc = member_read(&member, _get, text, "host", &fault);
	if (!rows[_i].sentence) {
		ck_assert_msg(!rc, "%s: %s", rows[_i].lines, fault.text);
		ck_assert_int_eq(fault.code, RINGCHECK_GOOD);
		return;
	}
	ck_assert_msg(rc == -1, "%s was taken", rows[_i].lines);
	ck_assert_int_eq(fault.code, RINGCHECK_USAGE);
	ck_assert_str_eq(fault.text, rows[_i].sentence);
}
END_TEST

/* All lines are given */
static const struct {
	const char *lines;
	const char *sentence;
} whole[] = {
	{"", "neither RANK and WORLD_SIZE nor SLURM_PROCID and SLURM_NTASKS "
	     "are set: start it with srun neuron-ringcheck"},
	{"RANK=0\n", "RANK is set, but WORLD_SIZE is not: set both or neither"},
	{"WORLD_SIZE=1\n",
	 "WORLD_SIZE is set, but RANK is not: set both or neither"},
	{"RANK=0\nWORLD_SIZE=1\nLOCAL_RANK=0\n",
	 "LOCAL_RANK is set, but LOCAL_WORLD_SIZE is not: set both or neither"},
	{"SLURM_PROCID=0\n",
	 "SLURM_PROCID is set, but SLURM_NTASKS is not: set both or neither"},
	{"SLURM_PROCID=2\nSLURM_NTASKS=2\n",
	 "SLURM_PROCID=2: it must be a whole number from 0 to 1"},
	{"SLURM_PROCID=0\nSLURM_NTASKS=2\nSLURM_LOCALID=2\n",
	 "SLURM_LOCALID=2: it must be a whole number from 0 to 1"},
	{"SLURM_PROCID=0\nSLURM_NTASKS=2\n",
	 "NEURON_RT_ROOT_COMM_ID is not set: it must be ADDRESS:PORT of rank "
	 "0"},
};

START_TEST(refused)
{
	fault_t fault = {.code = RINGCHECK_GOOD};
	char text[TEXT_MAX];
	member_t member;

	strcpy(text, whole[_i].lines);
	ck_assert_int_eq(member_read(&member, _get, text, "host", &fault), -1);
	ck_assert_int_eq(fault.code, RINGCHECK_USAGE);
	ck_assert_str_eq(fault.text, whole[_i].sentence);
}
END_TEST

START_TEST(everything)
{
	char text[] = "SLURM_PROCID=9\n" GOOD "SLURM_NEURON_DEVICES=4-7\n"
		      "NEURON_RT_VISIBLE_CORES=16,17,20-31\n"
		      "FI_EFA_IFACE=rdmap1s0,rdmap2s0,rdmap3s0\n"
		      "FI_PROVIDER=efa\nSLURMD_NODENAME=trn2-4.a\n"
		      "SLURM_JOB_ID=12\nSLURM_STEP_ID=3\n";
	fault_t fault = {.code = RINGCHECK_GOOD};
	member_t member;

	ck_assert_msg(!member_read(&member, _get, text, "host", &fault), "%s",
		      fault.text);
	ck_assert_uint_eq(member.rank, 3);
	ck_assert_uint_eq(member.world, 8);
	ck_assert_uint_eq(member.local_rank, 1);
	ck_assert_uint_eq(member.local_world, 2);
	ck_assert_str_eq(member.root.host, "10.0.0.1");
	ck_assert_uint_eq(member.root.port, 16384);
	ck_assert_uint_eq(member.devices, 0xf0);
	ck_assert_uint_eq(member.core_count, 14);
	ck_assert_str_eq(member.interface, "rdmap2s0");
	ck_assert_str_eq(member.provider, "efa");
	ck_assert_str_eq(member.node, "trn2-4.a");
	ck_assert_str_eq(member.job, "12.3");
	ck_assert_uint_eq(member.note_count, 0);
}
END_TEST

/* Slurm's own variables do, and it says so */
START_TEST(fallback)
{
	char text[] = "SLURM_PROCID=1\nSLURM_NTASKS=2\nSLURM_LOCALID=1\n"
		      "NEURON_RT_ROOT_COMM_ID=[::1]:99\n";
	fault_t fault = {.code = RINGCHECK_GOOD};
	member_t member;

	ck_assert_msg(!member_read(&member, _get, text, "h1", &fault), "%s",
		      fault.text);
	ck_assert_uint_eq(member.rank, 1);
	ck_assert_uint_eq(member.world, 2);
	ck_assert_uint_eq(member.local_rank, 1);
	ck_assert_str_eq(member.node, "h1");
	ck_assert_str_eq(member.job, "-");
	ck_assert_str_eq(member.root.host, "::1");
	ck_assert_uint_eq(member.note_count, 4);
	ck_assert_str_eq(member.notes[0],
			 "RANK and WORLD_SIZE are not set; SLURM_PROCID and "
			 "SLURM_NTASKS are used");
	ck_assert_str_eq(member.notes[2], "SLURM_NEURON_DEVICES is not set; no "
					  "device is opened");
}
END_TEST

START_TEST(alone)
{
	char text[] = "RANK=0\nWORLD_SIZE=1\n";
	fault_t fault = {.code = RINGCHECK_GOOD};
	member_t member;

	ck_assert_int_eq(member_read(&member, _get, text, "bad/name", &fault),
			 0);
	ck_assert_str_eq(member.root.host, "");
	ck_assert_str_eq(member.node, "unnamed");
	ck_assert_uint_eq(member.devices, 0);
}
END_TEST

static const struct {
	const char *text;
	const char *host; /* NULL: refused */
	uint16_t port;
} roots[] = {
	{"10.0.0.1:1", "10.0.0.1", 1},
	{"a-b.c:65535", "a-b.c", 65535},
	{"[::]:80", "::", 80},
	{"[fe80::1]:80", "fe80::1", 80},
	{"[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80},
	{"", NULL, 0},
	{":80", NULL, 0},
	{"a", NULL, 0},
	{"a:", NULL, 0},
	{"a:0", NULL, 0},
	{"a:65536", NULL, 0},
	{"a:-1", NULL, 0},
	{"a:+1", NULL, 0},
	{"a: 1", NULL, 0},
	{"a:1 ", NULL, 0},
	{"a:1x", NULL, 0},
	{"a b:1", NULL, 0},
	{"a/b:1", NULL, 0},
	{"a;b:1", NULL, 0},
	{"::1:80", NULL, 0},
	{"[]:80", NULL, 0},
	{"[::1:80", NULL, 0},
	{"[::1]", NULL, 0},
	{"[::1]80", NULL, 0},
	{"[::1%eth0]:80", NULL, 0},
	{"[a.b]:80", "a.b", 80},
	{"[trn]:80", NULL, 0},
	{"0123456789012345678901234567890123456789012345678901234567890123:1",
	 NULL, 0},
};

START_TEST(root)
{
	member_root_t found = {.host = "old", .port = 7};
	int rc = member_root_decode(roots[_i].text, &found);

	ck_assert_msg(rc == (roots[_i].host ? 0 : -1), "\"%s\" gave %d",
		      roots[_i].text, rc);
	ck_assert_str_eq(found.host, roots[_i].host ? roots[_i].host : "old");
	ck_assert_uint_eq(found.port, roots[_i].host ? roots[_i].port : 7);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("member");
	TCase *tcase = tcase_create("member");

	tcase_add_loop_test(tcase, values, 0, COUNT(rows));
	tcase_add_loop_test(tcase, refused, 0, COUNT(whole));
	tcase_add_test(tcase, everything);
	tcase_add_test(tcase, fallback);
	tcase_add_test(tcase, alone);
	tcase_add_loop_test(tcase, root, 0, COUNT(roots));
	suite_add_tcase(suite, tcase);
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
