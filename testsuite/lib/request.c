/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define ANY UINT32_MAX

/*
 * gres_list_find
 */

static const struct {
	const char *list;
	const char *name;
	bool present;
	const char *type;
	uint32_t count;
} found[] = {
	{NULL, "neuron", false, "", 1},
	{"", "neuron", false, "", 1},
	{",,,", "neuron", false, "", 1},
	{"gres/neuron:4", "neuron", true, "", 4},
	{"gres:neuron:4", "neuron", true, "", 4},
	{"neuron:4", "neuron", true, "", 4},
	{"gres/neuron", "neuron", true, "", 1},
	{"neuron", "neuron", true, "", 1},
	{"gres/neuron=4", "neuron", true, "", 4},
	{"gres/neuron:trn2:4", "neuron", true, "trn2", 4},
	{"gres/neuron:trn2=4", "neuron", true, "trn2", 4},
	{"gres/neuron:trn2", "neuron", true, "trn2", 1},
	{"gres/neuron:0", "neuron", true, "", 0},
	{"gres/neuron:trn2:0", "neuron", true, "trn2", 0},
	{"gres/neuron:0004", "neuron", true, "", 4},
	{"gres/neuron:65535", "neuron", true, "", 65535},
	{"gres/neuron:1k", "neuron", true, "", 1024},
	{"gres/neuron:63K", "neuron", true, "", 64512},
	{"gres/neuron:0m", "neuron", true, "", 0},
	{"gres/neuron:t_r-n.2:4", "neuron", true, "t_r-n.2", 4},
	{"gres/gpu:2,gres/neuron:4", "neuron", true, "", 4},
	{"gres/neuron:4,gres/efa:2", "efa", true, "", 2},
	{"cpu=10,gres/neuron:trn1=1,license/iop1=1", "neuron", true, "trn1", 1},
	{",,gres/neuron:4,,", "neuron", true, "", 4},
	/* the longest type */
	{"neuron:t123456789012345678901234567890:2", "neuron", true,
	 "t123456789012345678901234567890", 2},
	/* other names, and entries of others that make no sense */
	{"gres/neurons:4", "neuron", false, "", 1},
	{"gres/neuro:4", "neuron", false, "", 1},
	{"gres/NEURON:4", "neuron", false, "", 1},
	{"gres/gres/neuron:4", "neuron", false, "", 1},
	{"gres/efa:4", "neuron", false, "", 1},
	{"gres/gpu::::,gres/gpu:-1,gpu,gpu", "neuron", false, "", 1},
	{"gres/ neuron:4", "neuron", false, "", 1},
	{"gres/n\xc3\xa9uron:4", "neuron", false, "", 1},
	/* Slurm finds "gres" anywhere */
	{" gres/neuron:4", "neuron", true, "", 4},
	{"xgres/neuron:4", "neuron", true, "", 4},
	{"gresneuron:4", "neuron", true, "", 4},
	{"a:gres/neuron:4", "neuron", true, "", 4},
};

START_TEST(find_good)
{
	neuron_error_t err = {""};
	gres_entry_t entry;

	memset(&entry, 0xff, sizeof(entry));
	ck_assert_msg(
		!gres_list_find(found[_i].list, found[_i].name, &entry, &err),
		"\"%s\": got the error \"%s\"", found[_i].list, err.text);
	ck_assert_msg(entry.present == found[_i].present,
		      "\"%s\": got present %d", found[_i].list, entry.present);
	ck_assert_str_eq(entry.type, found[_i].type);
	ck_assert_uint_eq(entry.count, found[_i].count);
}
END_TEST

#define FORM(text)                                                   \
	text ": after neuron comes a type, a number or both; write " \
	     "neuron:4 or neuron:TYPE:4"
#define MANY(text)                                              \
	text ": the number is above 65535; ask for fewer, for " \
	     "example neuron:4"

static const struct {
	const char *list;
	const char *message;
} not_found[] = {
	{"gres/neuron:", FORM("gres/neuron:")},
	{"gres/neuron=", FORM("gres/neuron=")},
	{"gres/neuron::", FORM("gres/neuron::")},
	{"gres/neuron::4", FORM("gres/neuron::4")},
	{"gres/neuron:trn2:", FORM("gres/neuron:trn2:")},
	{"gres/neuron:trn2=", FORM("gres/neuron:trn2=")},
	{"gres/neuron:-4", FORM("gres/neuron:-4")},
	{"gres/neuron=-4", FORM("gres/neuron=-4")},
	{"gres/neuron:+4", FORM("gres/neuron:+4")},
	{"gres/neuron: 4", FORM("gres/neuron: 4")},
	{"gres/neuron:4 ", FORM("gres/neuron:4 ")},
	{"gres/neuron:4x", FORM("gres/neuron:4x")},
	{"gres/neuron:4kb", FORM("gres/neuron:4kb")},
	{"gres/neuron:4.5", FORM("gres/neuron:4.5")},
	{"gres/neuron:0x4", FORM("gres/neuron:0x4")},
	{"gres/neuron:k", NULL}, /* a type */
	{"gres/neuron=trn2", FORM("gres/neuron=trn2")},
	{"gres/neuron=trn2:4", FORM("gres/neuron=trn2:4")},
	{"gres/neuron:4:2", FORM("gres/neuron:4:2")},
	{"gres/neuron:trn2:4:2", FORM("gres/neuron:trn2:4:2")},
	{"gres/neuron:trn2:x", FORM("gres/neuron:trn2:x")},
	{"gres/neuron:a:b:c:d:e", FORM("gres/neuron:a:b:c:d:e")},
	{"gres/neuron:tr/n2:4", FORM("gres/neuron:tr/n2:4")},
	{"gres/neuron:4(S:0-1)", FORM("gres/neuron:4(S:0-1)")},
	{"gres/neuron:tr\xc3\xbcn:4", FORM("gres/neuron:tr??n:4")},
	{"gres/neuron:\n\x1b[2J", FORM("gres/neuron:??[2J")},
	{"gres/neuron:65536", MANY("gres/neuron:65536")},
	{"gres/neuron:64k", MANY("gres/neuron:64k")},
	{"gres/neuron:1m", MANY("gres/neuron:1m")},
	{"gres/neuron:4294967300", MANY("gres/neuron:4294967300")},
	{"gres/neuron:18446744073709551620k",
	 MANY("gres/neuron:18446744073709551620k")},
	{"gres/neuron:99999999999999999999999999999999999999999999999999999999"
	 "99999999999999999999999999999999999",
	 MANY("gres/neuron:999999999999999999999999999999999999999999999999999"
	      "99999999999999999...")},
	{"neuron:t1234567890123456789012345678901:2",
	 "neuron:t1234567890123456789012345678901:2: the type is longer than "
	 "31 characters; write neuron:TYPE:NUMBER with a type of this cluster"},
	{"gres/neuron:4,gres/neuron:4",
	 "neuron is named twice; name it once, as in neuron:4"},
	{"neuron,gres:neuron",
	 "neuron is named twice; name it once, as in neuron:4"},
	{"gres/neuron:0,gres/neuron:trn2:4",
	 "neuron is named twice; name it once, as in neuron:4"},
	{"gres/neuron:trn1:4,gres/gpu:1,gres/neuron:trn2:4",
	 "neuron is named twice; name it once, as in neuron:4"},
};

START_TEST(find_bad)
{
	const char *list = not_found[_i].list;
	neuron_error_t err = {""};
	gres_entry_t entry;
	int rc;

	memset(&entry, 0x5a, sizeof(entry));
	errno = 0;
	rc = gres_list_find(list, "neuron", &entry, &err);
	if (!not_found[_i].message) {
		ck_assert_msg(!rc, "\"%s\": got \"%s\"", list, err.text);
		return;
	}
	ck_assert_msg(rc == -1 && errno == EINVAL,
		      "\"%s\": got %d and errno %d, wanted -1 and EINVAL", list,
		      rc, errno);
	ck_assert_msg(!strcmp(err.text, not_found[_i].message),
		      "\"%s\": got \"%s\", wanted \"%s\"", list, err.text,
		      not_found[_i].message);
	ck_assert_msg(entry.count == 0x5a5a5a5a, "\"%s\": entry was changed",
		      list);
	ck_assert_int_eq(gres_list_find(list, "neuron", &entry, NULL), -1);
}
END_TEST

START_TEST(find_misuse)
{
	gres_entry_t entry;

	ck_assert_int_eq(gres_list_find("neuron", NULL, &entry, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(gres_list_find("neuron", "", &entry, NULL), -1);
	ck_assert_int_eq(gres_list_find("neuron", "a,b", &entry, NULL), -1);
	ck_assert_int_eq(gres_list_find("neuron", "neuron", NULL, NULL), -1);
}
END_TEST

/* 1 MB of one character is refused; 4096 bytes are read */
START_TEST(find_long)
{
	static const char fill[] = ",:=g4\xff";
	const size_t size = 1024 * 1024;
	char *list = malloc(size + 1), buf[64];
	neuron_error_t err = {""};
	gres_entry_t entry;

	ck_assert_ptr_nonnull(list);
	memset(list, fill[_i], size);
	list[size] = '\0';
	ck_assert_int_eq(gres_list_find(list, "neuron", &entry, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "the list of GRES is longer than 4096 "
				   "bytes; ask for each GRES once");
	ck_assert_int_eq(
		gres_list_set(list, "neuron", NULL, 4, buf, sizeof(buf)), -1);
	ck_assert_int_eq(errno, EINVAL);
	list[GRES_LIST_MAX] = '\0';
	ck_assert_int_eq(gres_list_find(list, "neuron", &entry, &err), 0);
	free(list);
}
END_TEST

/*
 * gres_list_set
 */

static const struct {
	const char *list;
	const char *name;
	const char *type;
	uint32_t count;
	const char *result;
} set[] = {
	{NULL, "neuron", NULL, 4, "gres/neuron:4"},
	{"", "neuron", "trn2", 4, "gres/neuron:trn2:4"},
	{"", "neuron", "", 4, "gres/neuron:4"},
	{"", "neuron", "trn2", 0, ""},
	{NULL, "neuron", NULL, 0, ""},
	{"gres/neuron:4", "efa", NULL, 4, "gres/neuron:4,gres/efa:4"},
	{"gres/neuron:trn2:4", "efa", NULL, 4, "gres/neuron:trn2:4,gres/efa:4"},
	{"gres/neuron:trn2=4", "efa", NULL, 4, "gres/neuron:trn2=4,gres/efa:4"},
	{"neuron:4", "neuron", "trn2", 4, "gres/neuron:trn2:4"},
	{"gres/neuron:trn2:4,gres/efa:2", "efa", NULL, 4,
	 "gres/neuron:trn2:4,gres/efa:4"},
	{"gres/efa:2,gres/neuron:trn2:4", "efa", NULL, 4,
	 "gres/efa:4,gres/neuron:trn2:4"},
	{"gres/efa:2,gres/neuron:trn2:4", "efa", NULL, 0, "gres/neuron:trn2:4"},
	{"gres/neuron:trn2:4,gres/efa:2", "efa", NULL, 0, "gres/neuron:trn2:4"},
	{"gres/efa:2", "efa", NULL, 0, ""},
	{"gres/gpu:a100:2,gres/neuron:1,gres/shard=3", "neuron", "trn2", 16,
	 "gres/gpu:a100:2,gres/neuron:trn2:16,gres/shard=3"},
	{"cpu=10,license/iop1=1,gres/neuron=1", "efa", NULL, 1,
	 "cpu=10,license/iop1=1,gres/neuron=1,gres/efa:1"},
	{"cpu=10,gres/neuron=1,license/iop1=1", "neuron", NULL, 2,
	 "cpu=10,gres/neuron:2,license/iop1=1"},
	{"gres/gpu::::, gpu:-1 ,gr\xc3\xa9s", "neuron", NULL, 2,
	 "gres/gpu::::, gpu:-1 ,gr\xc3\xa9s,gres/neuron:2"},
	{",,gres/gpu:1,,gres/neuron,", "neuron", NULL, 2,
	 "gres/gpu:1,gres/neuron:2"},
	{"", "neuron", NULL, 65535, "gres/neuron:65535"},
};

START_TEST(set_good)
{
	char buf[256];
	int length = gres_list_set(set[_i].list, set[_i].name, set[_i].type,
				   set[_i].count, buf, sizeof(buf));

	ck_assert_msg(!strcmp(buf, set[_i].result),
		      "\"%s\": got \"%s\", wanted \"%s\"", set[_i].list, buf,
		      set[_i].result);
	ck_assert_int_eq(length, (int) strlen(set[_i].result));
}
END_TEST

/* Whatever size the buffer has, the result is whole or empty */
START_TEST(set_sizes)
{
	const size_t need = strlen(set[_i].result) + 1;

	for (size_t size = 1; size <= need; size++) {
		char *buf = malloc(size);
		int length;

		ck_assert_ptr_nonnull(buf);
		errno = 0;
		length = gres_list_set(set[_i].list, set[_i].name, set[_i].type,
				       set[_i].count, buf, size);
		if (size == need) {
			ck_assert_str_eq(buf, set[_i].result);
		} else {
			ck_assert_int_eq(length, -1);
			ck_assert_int_eq(errno, ENOSPC);
			ck_assert_str_eq(buf, "");
		}
		free(buf);
	}
}
END_TEST

/* What is set is found again */
START_TEST(set_then_find)
{
	gres_entry_t entry;
	char buf[256];

	gres_list_set(set[_i].list, set[_i].name, set[_i].type, set[_i].count,
		      buf, sizeof(buf));
	ck_assert_int_eq(gres_list_find(buf, set[_i].name, &entry, NULL), 0);
	ck_assert_int_eq(entry.present, set[_i].count > 0);
	if (set[_i].count) {
		ck_assert_uint_eq(entry.count, set[_i].count);
		ck_assert_str_eq(entry.type, set[_i].type ? set[_i].type : "");
	}
}
END_TEST

static const struct {
	const char *list;
	const char *name;
	const char *type;
	uint32_t count;
} unset[] = {
	{"", "neuron", NULL, 65536},
	{"", "neuron", "-", 4},
	{"", "neuron", "4", 4},
	{"", "neuron", "a:b", 4},
	{"", "neuron", "a,gres/gpu", 4},
	{"", "neuron", "t1234567890123456789012345678901", 4},
	{"", "", NULL, 4},
	{"", NULL, NULL, 4},
	{"", "a/b", NULL, 4},
	{"gres/neuron:1,gres/neuron:2", "neuron", NULL, 4},
	{"gres/neuron:-1", "neuron", NULL, 4},
};

START_TEST(set_bad)
{
	char buf[64] = "x";

	errno = 0;
	ck_assert_int_eq(gres_list_set(unset[_i].list, unset[_i].name,
				       unset[_i].type, unset[_i].count, buf,
				       sizeof(buf)),
			 -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(buf, "");
}
END_TEST

START_TEST(set_no_room)
{
	ck_assert_int_eq(gres_list_set("", "neuron", NULL, 4, NULL, 9), -1);
	ck_assert_int_eq(errno, ENOSPC);
	errno = 0;
	ck_assert_int_eq(gres_list_set("", "neuron", NULL, 4, (char[1]){0}, 0),
			 -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

/*
 * request_spread
 */

static const struct {
	uint32_t per_node, per_task, tasks, tasks_per_node, nodes;
	int rc;
	uint32_t many, few, more;
} spreads[] = {
	{0, 4, 4, 0, 1, 0, 16, 16, 1},
	{0, 4, 4, 0, 2, 0, 8, 8, 2},
	{0, 4, 4, 0, 4, 0, 4, 4, 4},
	{0, 2, 7, 0, 3, 0, 6, 4, 1},
	{0, 2, 8, 0, 3, 0, 6, 4, 2},
	{0, 1, 8, 4, 2, 0, 4, 4, 2},
	{0, 1, UINT32_MAX, 0, 1, 0, UINT32_MAX, UINT32_MAX, 1},
	{0, 1, 8, 4, 3, -1, 0, 0, 0},
	{0, 1, 8, 4, 1, -1, 0, 0, 0},
	{0, 1, 7, 4, 2, -1, 0, 0, 0},
	{0, 4, 4, 0, 5, -1, 0, 0, 0},
	{0, 4, 4, 0, 0, -1, 0, 0, 0},
	{4, 0, 4, 0, 1, -1, 0, 0, 0},
	{4, 4, 4, 0, 1, -1, 0, 0, 0},
	{0, 2, UINT32_MAX, 0, 1, -1, 0, 0, 0},
};

START_TEST(spread)
{
	request_t request = {.per_node = spreads[_i].per_node,
			     .per_task = spreads[_i].per_task,
			     .tasks = spreads[_i].tasks,
			     .tasks_per_node = spreads[_i].tasks_per_node,
			     .nodes_min = 1,
			     .nodes_max = ANY};
	uint32_t many = 0, few = 0, more = 0;

	errno = 0;
	ck_assert_int_eq(
		request_spread(&request, spreads[_i].nodes, &many, &few, &more),
		spreads[_i].rc);
	ck_assert_int_eq(errno, spreads[_i].rc ? EINVAL : 0);
	ck_assert_uint_eq(many, spreads[_i].many);
	ck_assert_uint_eq(few, spreads[_i].few);
	ck_assert_uint_eq(more, spreads[_i].more);
}
END_TEST

/* Against dealing tasks out one by one */
START_TEST(spread_oracle)
{
	uint32_t nodes = (uint32_t) _i;

	for (uint32_t tasks = nodes; tasks < 40; tasks++) {
		request_t request = {.per_task = 3, .tasks = tasks};
		uint32_t got[40] = {0}, many, few, more;

		for (uint32_t task = 0; task < tasks; task++)
			got[task % nodes] += 3;
		ck_assert_int_eq(
			request_spread(&request, nodes, &many, &few, &more), 0);
		for (uint32_t i = 0; i < nodes; i++)
			ck_assert_msg(got[i] == ((i < more) ? many : few),
				      "%u tasks, %u nodes: node %u got %u",
				      tasks, nodes, i, (i < more) ? many : few);
	}
}
END_TEST

START_TEST(spread_misuse)
{
	request_t request = {.per_task = 1, .tasks = 4};
	uint32_t n;

	ck_assert_int_eq(request_spread(NULL, 1, &n, &n, &n), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(request_spread(&request, 1, NULL, &n, &n), -1);
	ck_assert_int_eq(request_spread(&request, 1, &n, NULL, &n), -1);
	ck_assert_int_eq(request_spread(&request, 1, &n, &n, NULL), -1);
}
END_TEST

/*
 * request_check
 */

#define FAMILIES_MAX 4

typedef struct {
	profile_t *profiles[FAMILIES_MAX];
	shape_t *shapes[FAMILIES_MAX];
	uint32_t count;
} families_t;

#define DEVICE(links)                                     \
	"{\"bdf\": null, \"numa\": null, \"efa\": null, " \
	"\"links\": [" links "]}"

/* Four devices, linked 0-2 only: two that are linked are not consecutive */
static const char gaps[] =
	"{\"format\": 1, \"name\": \"gaps\", \"type\": \"gaps\","
	"\"instances\": [\"gaps.large\"], \"sources\": [\"none\"],"
	"\"unknown\": [\"none\"],"
	"\"device\": {\"name\": \"X\", \"arch_type\": \"NDv9\","
	"\"instance_type\": \"X\", \"pci_id\": \"0x7164\", \"cores\": 2,"
	"\"memory_mib\": 1024}, \"efa_pci_id\": null,"
	"\"lnc\": {\"legal\": [1], \"default\": 1},"
	"\"cpu\": {\"cpus\": 8, \"threads_per_core\": 1, \"sockets\": 1,"
	"\"numa\": [\"0-7\"]}, \"host_memory_mib\": null,"
	"\"documented_sizes\": [1], \"ultraserver_size\": 1,"
	"\"link_gb_per_s\": 1, \"devices\": [" DEVICE("2") "," DEVICE(
		"") "," DEVICE("0") "," DEVICE("") "]}";

static profile_t *_read_profile(const char *name, neuron_error_t *err)
{
	const char *srcdir = getenv("srcdir");
	char path[512];

	if (!strcmp(name, "gaps"))
		return profile_decode(gaps, "gaps", err);
	snprintf(path, sizeof(path), "%s/../../etc/profiles/%s.json",
		 srcdir ? srcdir : ".", name);
	return profile_read(path, err);
}

/* IN names - separated by blanks */
static void _load(families_t *families, const char *names)
{
	char name[64];
	int length;

	families->count = 0;
	while (sscanf(names, " %63s%n", name, &length) == 1) {
		neuron_error_t err = {""};
		profile_t *profile = _read_profile(name, &err);

		ck_assert_msg(profile != NULL, "%s: %s", name, err.text);
		families->profiles[families->count] = profile;
		families->shapes[families->count] = shape_create(profile);
		ck_assert_ptr_nonnull(families->shapes[families->count]);
		families->count++;
		names += length;
	}
}

static void _unload(families_t *families)
{
	for (uint32_t i = 0; i < families->count; i++) {
		shape_destroy(families->shapes[i]);
		profile_destroy(families->profiles[i]);
	}
}

static int _check(const families_t *families, const request_t *request,
		  uint32_t *efa, bool *efa_per_node, bool *undocumented,
		  neuron_error_t *err)
{
	return request_check(
		request, (const profile_t *const *) families->profiles,
		(const shape_t *const *) families->shapes, families->count, efa,
		efa_per_node, undocumented, err);
}

static const char TRN1[] = "trn1.32xlarge";
static const char TRN2[] = "trn2.48xlarge";
static const char INF2[] = "inf2.48xlarge";
static const char BOTH[] = "trn1.32xlarge trn2.48xlarge";
static const char ALL[] = "inf2.48xlarge trn1.32xlarge trn2.48xlarge "
			  "trn2u.48xlarge";

#define NODE(n) .per_node = (n), .tasks = 1, .nodes_min = 1, .nodes_max = ANY
#define TASK(n, t, min, max) \
	.per_task = (n), .tasks = (t), .nodes_min = (min), .nodes_max = (max)
#define GIVEN(n) .efa_given = true, .efa = (n)

static const struct {
	const char *families;
	request_t request;
	uint32_t efa;
	bool efa_per_node;
	bool undocumented;
} legal[] = {
	{TRN2, {NODE(1)}, 1, false, false},
	{TRN2, {NODE(4)}, 4, false, false},
	{TRN2, {NODE(5)}, 5, false, true},
	{TRN2, {NODE(16)}, 16, false, false},
	{TRN1, {NODE(1)}, 1, false, false},
	{TRN1, {NODE(2)}, 1, false, true},
	{TRN1, {NODE(4)}, 2, false, false},
	{TRN1, {NODE(7)}, 4, false, true},
	{TRN1, {NODE(16)}, 8, false, false},
	{INF2, {NODE(3)}, 0, false, false},
	{INF2, {NODE(12)}, 0, false, false},
	/* families that cannot take it do not count */
	{"inf2.48xlarge trn2.48xlarge", {NODE(13)}, 13, false, true},
	{ALL, {NODE(4), .type = "trn1"}, 2, false, false},
	{ALL, {NODE(4), .type = "trn2"}, 4, false, false},
	{ALL, {NODE(4), .type = "inf2"}, 0, false, false},
	{BOTH, {NODE(1)}, 1, false, false},
	{"trn2.48xlarge trn2u.48xlarge", {NODE(8)}, 8, false, false},
	{TRN2, {NODE(4), .tier = SHAPE_CONNECTED}, 4, false, false},
	/* EFA by the user */
	{TRN2, {NODE(4), GIVEN(4)}, 4, false, false},
	{TRN2, {NODE(4), GIVEN(0)}, 0, false, false},
	{TRN1, {NODE(4), GIVEN(2)}, 2, false, false},
	{INF2, {NODE(4), GIVEN(0)}, 0, false, false},
	{BOTH, {NODE(4), GIVEN(0)}, 0, false, false},
	{BOTH, {NODE(4), .type = "trn1", GIVEN(2)}, 2, false, false},
	/* inf2 has none at all: 4 can only mean trn2 */
	{"inf2.48xlarge trn2.48xlarge", {NODE(4), GIVEN(4)}, 4, false, false},
	{"trn1.2xlarge trn1.32xlarge", {NODE(1), GIVEN(1)}, 1, false, false},
	{"trn1.2xlarge trn1.32xlarge", {NODE(1), GIVEN(0)}, 0, false, false},
	/* whole nodes */
	{TRN2, {NODE(1), .whole_node = true}, 16, false, false},
	{TRN1, {NODE(3), .whole_node = true}, 8, false, false},
	{TRN1, {NODE(3), .whole_node = true, GIVEN(3)}, 3, false, false},
	{INF2, {NODE(1), .whole_node = true}, 0, false, false},
	{TRN2, {TASK(1, 4, 1, 1), .whole_node = true}, 16, true, false},
	{"gaps", {NODE(2), .whole_node = true}, 0, false, true},
	/* one task after the other brings its own EFA interfaces */
	{TRN2, {TASK(1, 8, 1, ANY)}, 1, false, true},
	{TRN2, {TASK(4, 4, 1, 1)}, 4, false, false},
	{TRN2, {TASK(4, 4, 2, 2)}, 4, false, false},
	{TRN2, {TASK(4, 4, 4, 4)}, 4, false, false},
	{TRN2, {TASK(4, 4, 1, ANY)}, 4, false, false},
	{TRN2, {TASK(4, 3, 1, ANY)}, 4, false, true},
	{"gaps", {TASK(2, 4, 1, 3)}, 0, false, true},
	{TRN2, {TASK(16, 100, 1, ANY)}, 16, false, false},
	{TRN2, {TASK(5, 3, 1, 1)}, 5, false, true},
	{TRN2, {TASK(4, 8, 1, ANY), .tasks_per_node = 4}, 4, false, false},
	{TRN1, {TASK(2, 8, 1, 1)}, 1, false, false},
	{TRN1, {TASK(2, 7, 2, 3)}, 1, false, true},
	{TRN1, {TASK(4, 7, 2, 3)}, 2, false, true},
	{TRN1, {TASK(1, 4, 4, 4)}, 1, false, false},
	{INF2, {TASK(1, 7, 1, ANY)}, 0, false, false},
	/* tasks share EFA interfaces: so many for a node */
	{TRN1, {TASK(1, 4, 1, 1)}, 2, true, false},
	{TRN1, {TASK(1, 8, 2, 2)}, 2, true, false},
	{TRN1, {TASK(1, 8, 1, ANY), .tasks_per_node = 4}, 2, true, false},
	{TRN1, {TASK(1, 2, 1, ANY)}, 1, true, true},
	{TRN1, {TASK(3, 4, 2, 2)}, 3, true, true},
	{TRN1, {TASK(1, 4, 1, 1), GIVEN(2)}, 2, true, false},
	{TRN1, {TASK(1, 4, 1, 1), GIVEN(0)}, 0, false, false},
	{TRN1, {TASK(1, 7, 2, 3), GIVEN(0)}, 0, false, true},
	/* numbers of nodes that are too few are passed over */
	{TRN2, {TASK(8, 8, 1, 4)}, 8, false, false},
	{TRN2, {TASK(1, UINT32_MAX, 1, UINT32_MAX)}, 1, false, true},
};

START_TEST(check_legal)
{
	bool efa_per_node = false, undocumented = false;
	neuron_error_t err = {""};
	families_t families;
	uint32_t efa = 99;
	int rc;

	_load(&families, legal[_i].families);
	rc = _check(&families, &legal[_i].request, &efa, &efa_per_node,
		    &undocumented, &err);
	_unload(&families);
	ck_assert_msg(!rc, "row %d: got the error \"%s\"", _i, err.text);
	ck_assert_msg(efa == legal[_i].efa &&
			      efa_per_node == legal[_i].efa_per_node,
		      "row %d: got efa %u a %s, wanted %u a %s", _i, efa,
		      efa_per_node ? "node" : "task or as asked", legal[_i].efa,
		      legal[_i].efa_per_node ? "node" : "task or as asked");
	ck_assert_msg(undocumented == legal[_i].undocumented,
		      "row %d: got undocumented %d", _i, undocumented);
}
END_TEST

static const struct {
	const char *families;
	request_t request;
	int errnum;
	const char *message;
} refused[] = {
	/* contradictions */
	{TRN2,
	 {NODE(0)},
	 EINVAL,
	 "no Neuron device was asked for: ask for at least 1, as in neuron:1"},
	{TRN2,
	 {NODE(4), .per_task = 4},
	 EINVAL,
	 "Neuron devices were asked for both per node and per task: ask in one "
	 "way"},
	{TRN2,
	 {.per_node = 4, .nodes_min = 1, .nodes_max = 1},
	 EINVAL,
	 "the request is incomplete: it needs a shape, 1 task and 1 node at "
	 "least"},
	{TRN2,
	 {.per_node = 4, .tasks = 1},
	 EINVAL,
	 "the request is incomplete: it needs a shape, 1 task and 1 node at "
	 "least"},
	{TRN2,
	 {NODE(4), .tier = SHAPE_TIERS},
	 EINVAL,
	 "the request is incomplete: it needs a shape, 1 task and 1 node at "
	 "least"},
	{TRN2,
	 {.per_node = 4, .tasks = 1, .nodes_min = 4, .nodes_max = 2},
	 EINVAL,
	 "at least 4 and at most 2 nodes were asked for: the least must not be "
	 "above the most"},
	{TRN2,
	 {TASK(4, 2, 4, 4)},
	 EINVAL,
	 "2 tasks cannot be spread over 4 nodes: ask for 4 tasks or more, or "
	 "for 2 nodes"},
	{TRN2,
	 {TASK(4, 7, 1, ANY), .tasks_per_node = 4},
	 EINVAL,
	 "7 tasks do not fill nodes with 4 tasks each: ask for 8 tasks, or "
	 "leave out --ntasks-per-node"},
	{TRN2,
	 {TASK(4, 8, 4, 4), .tasks_per_node = 4},
	 EINVAL,
	 "8 tasks with 4 on each node make 2 nodes, not 4: ask for 2 nodes, or "
	 "leave out --ntasks-per-node"},
	{TRN2,
	 {TASK(4, 8, 1, 1), .tasks_per_node = 4},
	 EINVAL,
	 "8 tasks with 4 on each node make 2 nodes, not 1: ask for 2 nodes, or "
	 "leave out --ntasks-per-node"},
	/* no such family */
	{"",
	 {NODE(4)},
	 ENOTSUP,
	 "no node that the job may use has Neuron devices: choose another "
	 "partition or other nodes"},
	{TRN2,
	 {NODE(4), .type = "trn1"},
	 ENOTSUP,
	 "no node that the job may use has Neuron devices of type trn1: ask "
	 "for type trn2"},
	{ALL,
	 {NODE(4), .type = "trn9"},
	 ENOTSUP,
	 "no node that the job may use has Neuron devices of type trn9: ask "
	 "for one of the types inf2, trn1, trn2"},
	{TRN2,
	 {NODE(4), .type = "a\n\xff%s"},
	 ENOTSUP,
	 "no node that the job may use has Neuron devices of type a??%s: ask "
	 "for type trn2"},
	/* too many on a node */
	{TRN2,
	 {NODE(17)},
	 ENOTSUP,
	 "17 Neuron devices on one node were asked for; trn2 nodes have 16: "
	 "ask for 1 to 16, or for more nodes"},
	{TRN2,
	 {NODE(UINT32_MAX)},
	 ENOTSUP,
	 "4294967295 Neuron devices on one node were asked for; trn2 nodes "
	 "have 16: ask for 1 to 16, or for more nodes"},
	{INF2,
	 {NODE(13)},
	 ENOTSUP,
	 "13 Neuron devices on one node were asked for; inf2 nodes have 12: "
	 "ask for 1 to 12, or for more nodes"},
	{ALL,
	 {NODE(17)},
	 ENOTSUP,
	 "17 Neuron devices on one node were asked for; inf2 nodes have 12, "
	 "trn1 nodes have 16 and trn2 nodes have 16: ask for 1 to 16, or for "
	 "more nodes"},
	{ALL,
	 {NODE(13), .type = "inf2"},
	 ENOTSUP,
	 "13 Neuron devices on one node were asked for; inf2 nodes have 12: "
	 "ask for 1 to 12, or for more nodes"},
	{"inf2.xlarge inf2.24xlarge inf2.48xlarge",
	 {NODE(13)},
	 ENOTSUP,
	 "13 Neuron devices on one node were asked for; inf2.xlarge nodes have "
	 "1, inf2.24xlarge nodes have 6 and inf2.48xlarge nodes have 12: ask "
	 "for 1 to 12, or for more nodes"},
	{"inf2.xlarge",
	 {NODE(2)},
	 ENOTSUP,
	 "2 Neuron devices on one node were asked for; inf2 nodes have 1: ask "
	 "for 1, or for more nodes"},
	{TRN2,
	 {NODE(17), .whole_node = true},
	 ENOTSUP,
	 "17 Neuron devices on one node were asked for; trn2 nodes have 16: "
	 "ask for 1 to 16, or for more nodes"},
	/* sizes that the shape does not have */
	{"gaps",
	 {NODE(2)},
	 ENOTSUP,
	 "2 Neuron devices on one node were asked for; sets of shape "
	 "\"consecutive\" have 1 or 3 to 4 devices here: ask for 1 or 3"},
	{"gaps",
	 {NODE(5)},
	 ENOTSUP,
	 "5 Neuron devices on one node were asked for; gaps nodes have 4: ask "
	 "for 1 or 3 to 4, or for more nodes"},
	{"gaps", {NODE(4), .tier = SHAPE_CONNECTED}, 0, NULL},
	{"gaps",
	 {TASK(2, 4, 4, 4)},
	 ENOTSUP,
	 "2 Neuron devices for each task were asked for; sets of shape "
	 "\"consecutive\" have 1 or 3 to 4 devices here: ask for 1 or 3"},
	{"gaps",
	 {TASK(1, 2, 1, 1)},
	 ENOTSUP,
	 "2 tasks of 1 Neuron device on one node, 2 in all, were asked for; "
	 "gaps nodes have 4: ask for 1 or 3 to 4 such tasks on a node, or for "
	 "more nodes"},
	/* too many for tasks */
	{TRN2,
	 {TASK(17, 1, 1, 1)},
	 ENOTSUP,
	 "17 Neuron devices for each task were asked for; trn2 nodes have 16: "
	 "ask for 1 to 16"},
	{TRN2,
	 {TASK(17, 100, 1, ANY)},
	 ENOTSUP,
	 "17 Neuron devices for each task were asked for; trn2 nodes have 16: "
	 "ask for 1 to 16"},
	{TRN2,
	 {TASK(4, 5, 1, 1)},
	 ENOTSUP,
	 "5 tasks of 4 Neuron devices on one node, 20 in all, were asked for; "
	 "trn2 nodes have 16: ask for 1 to 4 such tasks on a node, or for more "
	 "nodes"},
	{TRN2,
	 {TASK(4, 9, 1, 2)},
	 ENOTSUP,
	 "5 tasks of 4 Neuron devices on one node, 20 in all, were asked for; "
	 "trn2 nodes have 16: ask for 1 to 4 such tasks on a node, or for more "
	 "nodes"},
	{TRN2,
	 {TASK(9, 8, 1, ANY), .tasks_per_node = 2},
	 ENOTSUP,
	 "2 tasks of 9 Neuron devices on one node, 18 in all, were asked for; "
	 "trn2 nodes have 16: ask for 1 such task on a node, or for more "
	 "nodes"},
	{TRN2,
	 {TASK(1, UINT32_MAX, 1, 1)},
	 ENOTSUP,
	 "4294967295 tasks of 1 Neuron device on one node, 4294967295 in all, "
	 "were asked for; trn2 nodes have 16: ask for 1 to 16 such tasks on a "
	 "node, or for more nodes"},
	{TRN2,
	 {TASK(UINT32_MAX, UINT32_MAX, 1, 1)},
	 ENOTSUP,
	 "4294967295 Neuron devices for each task were asked for; trn2 nodes "
	 "have 16: ask for 1 to 16"},
	/* families that need different numbers of EFA interfaces */
	{BOTH,
	 {NODE(4)},
	 EINVAL,
	 "4 devices need 2 EFA interfaces on trn1 and 4 on trn2: name the "
	 "type, neuron:trn1:4 or neuron:trn2:4"},
	{ALL,
	 {NODE(4)},
	 EINVAL,
	 "4 devices need 0 EFA interfaces on inf2, 2 on trn1 and 4 on trn2: "
	 "name the type, neuron:inf2:4, neuron:trn1:4 or neuron:trn2:4"},
	{"inf2.48xlarge trn2.48xlarge",
	 {NODE(1)},
	 EINVAL,
	 "1 device needs 0 EFA interfaces on inf2 and 1 on trn2: name the "
	 "type, neuron:inf2:1 or neuron:trn2:1"},
	{BOTH,
	 {NODE(4), GIVEN(4)},
	 EINVAL,
	 "4 devices need 2 EFA interfaces on trn1 and 4 on trn2: name the "
	 "type, neuron:trn1:4 or neuron:trn2:4"},
	{"trn1.2xlarge trn1.32xlarge",
	 {NODE(1)},
	 EINVAL,
	 "1 device needs 0 EFA interfaces on trn1.2xlarge and 1 on "
	 "trn1.32xlarge: name the number too, neuron:trn1:1 with efa:0 or "
	 "neuron:trn1:1 with efa:1"},
	{BOTH,
	 {NODE(4), .whole_node = true},
	 EINVAL,
	 "whole nodes have 8 EFA interfaces on trn1 and 16 on trn2: name the "
	 "type, neuron:trn1:4 or neuron:trn2:4"},
	{BOTH,
	 {TASK(2, 4, 2, 2)},
	 EINVAL,
	 "2 devices for each task need 1 EFA interface for each task on trn1 "
	 "and 2 for each task on trn2: name the type, neuron:trn1:2 or "
	 "neuron:trn2:2"},
	{BOTH,
	 {TASK(1, 4, 2, 2)},
	 EINVAL,
	 "1 device for each task needs 1 EFA interface for each node on trn1 "
	 "and 1 for each task on trn2: name the type, neuron:trn1:1 or "
	 "neuron:trn2:1"},
	/* EFA that does not belong to the devices */
	{TRN2,
	 {NODE(4), GIVEN(3)},
	 ENOTSUP,
	 "efa:3 was asked for; 4 devices need 4 EFA interfaces on trn2: ask "
	 "for efa:4, or leave efa out"},
	{TRN2,
	 {NODE(1), GIVEN(65535)},
	 ENOTSUP,
	 "efa:65535 was asked for; 1 device needs 1 EFA interface on trn2: ask "
	 "for efa:1, or leave efa out"},
	{TRN1,
	 {NODE(4), GIVEN(4)},
	 ENOTSUP,
	 "efa:4 was asked for; 4 devices need 2 EFA interfaces on trn1: ask "
	 "for efa:2, or leave efa out"},
	{INF2,
	 {NODE(4), GIVEN(1)},
	 ENOTSUP,
	 "efa:1 was asked for; 4 devices need 0 EFA interfaces on inf2: leave "
	 "efa out"},
	{BOTH,
	 {NODE(4), GIVEN(3)},
	 ENOTSUP,
	 "efa:3 was asked for; 4 devices need 2 EFA interfaces on trn1 and 4 "
	 "on trn2: ask for neuron:trn1:4 with efa:2 or neuron:trn2:4 with "
	 "efa:4"},
	{TRN2,
	 {NODE(4), .whole_node = true, GIVEN(17)},
	 ENOTSUP,
	 "efa:17 was asked for; whole nodes have 16 EFA interfaces on trn2: "
	 "ask for efa:16, or leave efa out"},
	{TRN1,
	 {TASK(1, 4, 1, 1), GIVEN(1)},
	 ENOTSUP,
	 "efa:1 was asked for; 1 device for each task needs 2 EFA interfaces "
	 "for each node on trn1: ask for efa:2, or leave efa out"},
	/* EFA that depends on how tasks are spread */
	{TRN1,
	 {TASK(1, 8, 1, ANY)},
	 EINVAL,
	 "tasks of 1 device share EFA interfaces on trn1 nodes, and how many "
	 "tasks a node gets is not fixed: add --ntasks-per-node, or ask per "
	 "node with --gres=neuron:NUMBER"},
	{TRN1,
	 {TASK(3, 5, 2, 2)},
	 EINVAL,
	 "tasks of 3 devices share EFA interfaces on trn1 nodes, and how many "
	 "tasks a node gets is not fixed: add --ntasks-per-node, or ask per "
	 "node with --gres=neuron:NUMBER"},
	{TRN1,
	 {TASK(1, 8, 1, ANY), GIVEN(1)},
	 EINVAL,
	 "tasks of 1 device share EFA interfaces on trn1 nodes, and how many "
	 "tasks a node gets is not fixed: add --ntasks-per-node, or ask per "
	 "node with --gres=neuron:NUMBER"},
};

START_TEST(check_refused)
{
	const char *wanted = refused[_i].message ? refused[_i].message : "";
	bool efa_per_node = true, undocumented = true;
	neuron_error_t err = {""};
	families_t families;
	uint32_t efa = 99;
	int rc, errnum;

	_load(&families, refused[_i].families);
	errno = 0;
	rc = _check(&families, &refused[_i].request, &efa, &efa_per_node,
		    &undocumented, &err);
	errnum = errno;
	_unload(&families);
	ck_assert_msg(!strcmp(err.text, wanted),
		      "row %d: got \"%s\", wanted \"%s\"", _i, err.text,
		      wanted);
	ck_assert_int_eq(rc, refused[_i].errnum ? -1 : 0);
	if (rc) {
		ck_assert_int_eq(errnum, refused[_i].errnum);
		ck_assert_msg(efa == 99 && efa_per_node && undocumented,
			      "row %d: output was changed", _i);
	}
}
END_TEST

static const struct {
	const char *families;
	request_t request;
	const char *asked, *possible, *nearest;
} undocumented_sizes[] = {
	{TRN2, {NODE(5)}, "5", "1, 4, 8 or 16", "4 or 8"},
	{TRN1, {NODE(2)}, "2", "1, 4, 8 or 16", "1 or 4"},
	{TRN2, {NODE(15)}, "15", "1, 4, 8 or 16", "8 or 16"},
	{ALL, {NODE(14)}, "14", "1 to 12 or 16", "12 or 16"},
	{ALL, {NODE(5), .type = "trn1"}, "5", "1, 4, 8 or 16", "4 or 8"},
	{TRN2, {TASK(2, 3, 1, 1)}, "6", "1, 4, 8 or 16", "4 or 8"},
	{TRN2,
	 {TASK(1, 4, 2, ANY), .tasks_per_node = 2},
	 "2",
	 "1, 4, 8 or 16",
	 "1 or 4"},
	{ALL, {NODE(5), .type = "trn9"}, "5", "no number of", "another type"},
};

START_TEST(undocumented_refused)
{
	char wanted[512];
	neuron_error_t err = {""};
	families_t families;
	int rc;

	snprintf(wanted, sizeof(wanted),
		 "%s Neuron devices on one node were asked for; this cluster "
		 "allows only the units that AWS documents, which have %s "
		 "devices here: ask for %s",
		 undocumented_sizes[_i].asked, undocumented_sizes[_i].possible,
		 undocumented_sizes[_i].nearest);
	_load(&families, undocumented_sizes[_i].families);
	errno = 0;
	rc = request_refuse_undocumented(
		&undocumented_sizes[_i].request,
		(const profile_t *const *) families.profiles,
		(const shape_t *const *) families.shapes, families.count, &err);
	ck_assert_int_eq(errno, ENOTSUP);
	_unload(&families);
	ck_assert_int_eq(rc, -1);
	ck_assert_msg(!strcmp(err.text, wanted),
		      "row %d: got \"%s\", wanted \"%s\"", _i, err.text,
		      wanted);
	ck_assert_int_eq(
		request_refuse_undocumented(&undocumented_sizes[_i].request,
					    NULL, NULL, 0, &err),
		-1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(check_misuse)
{
	request_t request = {NODE(4)};
	neuron_error_t err;
	families_t families;
	uint32_t efa;
	bool flag;

	_load(&families, TRN2);
	ck_assert_int_eq(_check(&families, NULL, &efa, &flag, &flag, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(_check(&families, &request, NULL, &flag, &flag, NULL),
			 -1);
	ck_assert_int_eq(_check(&families, &request, &efa, NULL, &flag, NULL),
			 -1);
	ck_assert_int_eq(_check(&families, &request, &efa, &flag, NULL, NULL),
			 -1);
	ck_assert_int_eq(request_check(&request, NULL, NULL, 1, &efa, &flag,
				       &flag, NULL),
			 -1);
	request.per_node = 17;
	ck_assert_int_eq(_check(&families, &request, &efa, &flag, &flag, NULL),
			 -1);
	ck_assert_int_eq(errno, ENOTSUP);
	request.per_node = 4;
	memset(request.type, 'x', sizeof(request.type));
	ck_assert_int_eq(_check(&families, &request, &efa, &flag, &flag, NULL),
			 -1);
	ck_assert_int_eq(errno, EINVAL);
	_unload(&families);
}
END_TEST

/*
 * An oracle for requests per task: deal tasks out over every number of nodes
 */

/* Tasks on each node; RET false: a node cannot give that */
static bool _deal(const shape_t *shape, const request_t *request,
		  uint32_t nodes, uint32_t *loads)
{
	for (uint32_t i = 0; i < nodes; i++)
		loads[i] = 0;
	for (uint32_t task = 0; task < request->tasks; task++)
		loads[task % nodes]++;
	for (uint32_t i = 0; i < nodes; i++) {
		if ((request->tasks_per_node &&
		     loads[i] != request->tasks_per_node) ||
		    !shape_size_is_possible(shape, loads[i] * request->per_task,
					    request->tier))
			return false;
	}
	return true;
}

/* True when efa (a task, or a node) is right however tasks can be dealt */
static bool _is_right(const shape_t *shape, const request_t *request,
		      uint32_t efa, bool per_node, bool *possible)
{
	uint32_t loads[16];
	bool right = true;

	*possible = false;
	for (uint32_t nodes = request->nodes_min;
	     nodes <= request->nodes_max && nodes <= request->tasks; nodes++) {
		if (!_deal(shape, request, nodes, loads))
			continue;
		*possible = true;
		for (uint32_t i = 0; i < nodes; i++) {
			int need = shape_efa_count(shape,
						   loads[i] * request->per_task,
						   request->tier);

			if (need != (int) (per_node ? efa : efa * loads[i]))
				right = false;
		}
	}
	return right;
}

static bool _is_any_right(const shape_t *shape, const request_t *request)
{
	bool possible;

	for (uint32_t efa = 0; efa <= 16; efa++) {
		if (_is_right(shape, request, efa, true, &possible) ||
		    _is_right(shape, request, efa, false, &possible))
			return true;
	}
	return false;
}

static void _compare(const families_t *families, const request_t *request)
{
	const shape_t *shape = families->shapes[0];
	bool per_node, undocumented, possible;
	neuron_error_t err = {""};
	uint32_t efa = 0;
	int rc =
		_check(families, request, &efa, &per_node, &undocumented, &err);
	bool right = !rc && _is_right(shape, request, efa, per_node, &possible);

	if (!rc) {
		ck_assert_msg(right && possible,
			      "%u for each of %u tasks on %u to %u nodes, %u "
			      "on each: efa %u is wrong",
			      request->per_task, request->tasks,
			      request->nodes_min, request->nodes_max,
			      request->tasks_per_node, efa);
		return;
	}
	_is_right(shape, request, 0, true, &possible);
	ck_assert_msg(!possible || !_is_any_right(shape, request),
		      "%u for each of %u tasks on %u to %u nodes, %u on each: "
		      "refused with \"%s\"",
		      request->per_task, request->tasks, request->nodes_min,
		      request->nodes_max, request->tasks_per_node, err.text);
}

static const char *const oracle_families[] = {
	"trn1.32xlarge", "trn2.48xlarge", "inf2.48xlarge", "inf2.24xlarge",
	"trn1.2xlarge",  "trn3gen2",      "gaps",
};

START_TEST(check_oracle)
{
	families_t families;

	_load(&families, oracle_families[_i]);
	for (uint32_t i = 0; i < 18 * 12 * 6 * 6 * 5; i++) {
		request_t request = {
			.per_task = 1 + i % 18,
			.tasks = 1 + i / 18 % 12,
			.nodes_min = 1 + i / (18 * 12) % 6,
			.nodes_max = 1 + i / (18 * 12 * 6) % 6,
			.tasks_per_node = i / (18 * 12 * 6 * 6),
		};

		_compare(&families, &request);
	}
	_unload(&families);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("request");
	TCase *list = tcase_create("list"), *job = tcase_create("job");

	tcase_add_loop_test(list, find_good, 0, COUNT(found));
	tcase_add_loop_test(list, find_bad, 0, COUNT(not_found));
	tcase_add_test(list, find_misuse);
	tcase_add_loop_test(list, find_long, 0, 6);
	tcase_add_loop_test(list, set_good, 0, COUNT(set));
	tcase_add_loop_test(list, set_sizes, 0, COUNT(set));
	tcase_add_loop_test(list, set_then_find, 0, COUNT(set));
	tcase_add_loop_test(list, set_bad, 0, COUNT(unset));
	tcase_add_test(list, set_no_room);
	suite_add_tcase(suite, list);
	tcase_set_timeout(job, 60);
	tcase_add_loop_test(job, spread, 0, COUNT(spreads));
	tcase_add_loop_test(job, spread_oracle, 1, 12);
	tcase_add_test(job, spread_misuse);
	tcase_add_loop_test(job, check_legal, 0, COUNT(legal));
	tcase_add_loop_test(job, check_refused, 0, COUNT(refused));
	tcase_add_loop_test(job, undocumented_refused, 0,
			    COUNT(undocumented_sizes));
	tcase_add_test(job, check_misuse);
	tcase_add_loop_test(job, check_oracle, 0, COUNT(oracle_families));
	suite_add_tcase(suite, job);
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
