/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fabric.h"
#include "failing_malloc.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define NODES 16
#define TEXT_MAX 8192

/*
 * Names of nodes are n0 to n15. An expression is a list of names and of
 * ranges like n[0-3]; anything else with a bracket is malformed.
 */

static int _expand_range(const char *text, size_t size, nodeset_each_t each,
			 void *arg)
{
	char name[128];
	unsigned int first, last;
	int prefix = (int) strcspn(text, "[");

	if (sscanf(text + prefix, "[%u-%u]", &first, &last) != 2 ||
	    text[size - 1] != ']' || first > last) {
		errno = EINVAL;
		return -1;
	}
	for (; first <= last; first++) {
		snprintf(name, sizeof(name), "%.*s%u", prefix, text, first);
		if (each(name, arg) < 0)
			return -1;
	}
	return 0;
}

static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	char name[128];

	while (*text) {
		size_t size = strcspn(text, ",");
		int rc;

		if (memchr(text, '[', size)) {
			rc = _expand_range(text, size, each, arg);
		} else {
			snprintf(name, sizeof(name), "%.*s", (int) size, text);
			rc = size ? each(name, arg) : 0;
		}
		if (rc < 0)
			return -1;
		text += size + (text[size] == ',');
	}
	return 0;
}

static int _lookup(const char *name, void *arg)
{
	uint32_t count = *(uint32_t *) arg;
	char *end;
	long index = strtol(name + 1, &end, 10);

	/* A lookup that is wrong must not hurt either */
	if (!strcmp(name, "beyond"))
		return NODES;
	if (name[0] != 'n' || !name[1] || *end || index >= (long) count)
		return -1;
	return (int) index;
}

static uint32_t node_count = NODES;

static fabric_t *_create(const char *text, const char *glob,
			 neuron_error_t *err)
{
	fabric_source_t source = {.text = text,
				  .origin = "topology.conf",
				  .ultraserver_glob = glob,
				  .expand = _expand,
				  .lookup = _lookup,
				  .lookup_arg = &node_count,
				  .node_count = node_count};

	return fabric_create(&source, err);
}

static fabric_t *_finished(const char *text, const char *glob)
{
	neuron_error_t err = {""};
	fabric_t *fabric = _create(text, glob, &err);

	ck_assert_msg(fabric != NULL, "%s: got the error \"%s\"", text,
		      err.text);
	ck_assert_int_eq(fabric_finish(fabric, &err), 0);
	return fabric;
}

/*
 * A fabric as text: "name@level{children and nodes}", "*" marks UltraServers
 */

typedef struct {
	char text[TEXT_MAX];
	size_t length;
} _text_t;

static void _append(_text_t *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void _append(_text_t *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text->text + text->length, TEXT_MAX - text->length, fmt,
		      ap);
	va_end(ap);
	ck_assert(n >= 0 && text->length + (size_t) n < TEXT_MAX);
	text->length += (size_t) n;
}

static void _dump_group(const fabric_t *fabric, uint32_t group, _text_t *to)
{
	const uint32_t *nodes;
	uint32_t count = fabric_group_nodes(fabric, group, &nodes);
	int64_t child = fabric_group_child(fabric, group);
	const char *separator = "";

	_append(to, "%s%s@%u{", fabric_group_name(fabric, group),
		fabric_group_is_ultraserver(fabric, group) ? "*" : "",
		fabric_group_level(fabric, group));
	for (; child >= 0; child = fabric_group_sibling(fabric, child)) {
		ck_assert_int_eq(fabric_group_parent(fabric, child), group);
		_append(to, "%s", separator);
		_dump_group(fabric, (uint32_t) child, to);
		separator = " ";
	}
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_int_eq(fabric_node_group(fabric, nodes[i]), group);
		_append(to, "%s%u", separator, nodes[i]);
		separator = " ";
	}
	_append(to, "}");
}

static const char *_dump(const fabric_t *fabric)
{
	static _text_t text;
	const char *separator = "";

	text.length = 0;
	text.text[0] = '\0';
	for (uint32_t i = 0; i < fabric_group_count(fabric); i++)
		if (fabric_group_parent(fabric, i) < 0) {
			_append(&text, "%s", separator);
			_dump_group(fabric, i, &text);
			separator = " ";
		}
	return text.text;
}

/*
 * Legal files
 */

#define LEAF_1 "SwitchName=s1 Nodes=n[0-7]\n"
#define LEAF_2 "SwitchName=s2 Nodes=n[8-15]\n"
#define LEAVES LEAF_1 LEAF_2
#define ALL "all@1{0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15}"
#define S1 "s1@1{0 1 2 3 4 5 6 7}"
#define S2 "s2@1{8 9 10 11 12 13 14 15}"
#define BLOCKS                                                    \
	"BlockName=b1 Nodes=n[0-2]\nBlockName=b2 Nodes=n[3-5]\n"  \
	"BlockName=b3 Nodes=n[6-8]\nBlockName=b4 Nodes=n[9-11]\n" \
	"BlockName=b5 Nodes=n[12-14]\n"

static const struct {
	const char *name;
	const char *text;
	const char *glob;
	const char *dump;
	uint32_t levels;
} good[] = {
	{"no text", NULL, NULL, ALL, 1},
	{"empty", "", NULL, ALL, 1},
	{"comments only", "# nothing\n\n  \n# SwitchName=s1 Nodes=n1", NULL,
	 ALL, 1},
	{"one leaf", "SwitchName=a Nodes=n3", NULL, "a@1{3}", 1},
	{"forest", LEAVES, NULL, S1 " " S2, 1},
	{"tree", LEAVES "SwitchName=top Switches=s[1-2]\n", NULL,
	 "top@2{" S1 " " S2 "}", 2},
	{"parents first", "SwitchName=top Switches=s1,s2\n" LEAVES, NULL,
	 "top@2{" S1 " " S2 "}", 2},
	{"cases of keys",
	 "SWITCHNAME=a NODES=n1\nswitchname=b sWiTcHeS=a linkspeed=7", NULL,
	 "b@2{a@1{1}}", 2},
	{"names are not keys", "SwitchName=a Nodes=n1\nSwitchName=A Nodes=n2",
	 NULL, "a@1{1} A@1{2}", 1},
	{"blanks", " \tSwitchName = a\t Nodes =  n1,n2 \r\n", NULL, "a@1{1 2}",
	 1},
	{"quotes", "SwitchName=\"a b\" Nodes=\"n1\"", NULL, "a b@1{1}", 1},
	{"nodes before speed", "SwitchName=a Nodes=n1 LinkSpeed=4294967295",
	 NULL, "a@1{1}", 1},
	{"speed word", "SwitchName=a LinkSpeed=Unlimited Nodes=n1", NULL,
	 "a@1{1}", 1},
	{"continued",
	 "SwitchName=a \\\n  Nodes=n1,\\  \nn2 \\\n\nSwitchName=b "
	 "Nodes=n3",
	 NULL, "a@1{1 2} b@1{3}", 1},
	{"comment behind", "SwitchName=a Nodes=n1 # Nodes=n2", NULL, "a@1{1}",
	 1},
	{"escaped number sign", "SwitchName=a\\#1 Nodes=n1", NULL, "a#1@1{1}",
	 1},
	{"continued at the end", "SwitchName=a Nodes=n1 \\", NULL, "a@1{1}", 1},
	{"order of children",
	 "SwitchName=a Nodes=n5,n2\nSwitchName=b "
	 "Nodes=n1,n9\nSwitchName=c Switches=a,b",
	 NULL, "c@2{b@1{1 9} a@1{2 5}}", 2},
	{"uneven heights",
	 LEAF_1 "SwitchName=m Switches=s1\n" LEAF_2
		"SwitchName=top Switches=m,s2",
	 NULL, "top@3{m@2{" S1 "} " S2 "}", 3},
	{"UltraServers by name",
	 "SwitchName=us1 Nodes=n3,n2,n1,n0\n"
	 "SwitchName=us2 Nodes=n[4-7]\nSwitchName=l Switches=us[1-2]\n"
	 "SwitchName=p Nodes=n8\nSwitchName=top Switches=l,p",
	 "us?", "top@3{l@2{us1*@1{3 2 1 0} us2*@1{4 5 6 7}} p@2{8}}", 3},
	{"no leaf is no UltraServer",
	 "SwitchName=us1 Nodes=n0\n"
	 "SwitchName=us2 Switches=us1",
	 "us*", "us2@2{us1*@1{0}}", 2},
	{"beside UltraServers",
	 "SwitchName=us1 Nodes=n0\nSwitchName=a "
	 "Nodes=n1\nSwitchName=t Switches=us1,a",
	 "*s*", "t@3{us1*@1{0} a@2{1}}", 3},
	{"glob without match", LEAVES, "?", S1 " " S2, 1},
	{"one block", "BlockName=b1 Nodes=n[0-2]", NULL, "b1@1{0 1 2}", 1},
	{"blocks", BLOCKS, NULL,
	 "b1..b5@4{b1..b4@3{b1..b2@2{b1@1{0 1 2} b2@1{3 4 5}} "
	 "b3..b4@2{b3@1{6 7 8} b4@1{9 10 11}}} "
	 "b5..b5@3{b5..b5@2{b5@1{12 13 14}}}}",
	 4},
	{"block sizes", "BlockSizes=2,8\n" BLOCKS, NULL,
	 "b1..b5@3{b1..b4@2{b1@1{0 1 2} b2@1{3 4 5} b3@1{6 7 8} "
	 "b4@1{9 10 11}} b5..b5@2{b5@1{12 13 14}}}",
	 3},
	{"one block size", BLOCKS "BlockSizes=3", NULL,
	 "b1..b5@2{b1@1{0 1 2} b2@1{3 4 5} b3@1{6 7 8} b4@1{9 10 11} "
	 "b5@1{12 13 14}}",
	 2},
	{"largest block size",
	 "BlockName=a Nodes=n1\nBlockName=b Nodes=n2\n"
	 "BlockSizes=1,2,4,32768",
	 NULL, "a..b@2{a@1{1} b@1{2}}", 2},
	{"blocks as UltraServers",
	 "BlockName=u1 Nodes=n[0-3]\nBlockName=u2 "
	 "Nodes=n[4-7]",
	 "u*", "u1..u2@2{u1*@1{0 1 2 3} u2*@1{4 5 6 7}}", 2},
	{"11 layers",
	 "SwitchName=a1 Nodes=n1\nSwitchName=a2 Switches=a1\n"
	 "SwitchName=a3 Switches=a2\nSwitchName=a4 Switches=a3\n"
	 "SwitchName=a5 Switches=a4\nSwitchName=a6 Switches=a5\n"
	 "SwitchName=a7 Switches=a6\nSwitchName=a8 Switches=a7\n"
	 "SwitchName=a9 Switches=a8\nSwitchName=a10 Switches=a9\n"
	 "SwitchName=a11 Switches=a10\n",
	 NULL,
	 "a11@11{a10@10{a9@9{a8@8{a7@7{a6@6{a5@5{a4@4{a3@3{a2@2{a1@1{1}"
	 "}}}}}}}}}}",
	 11},
};

START_TEST(good_is_read)
{
	fabric_t *fabric = _finished(good[_i].text, good[_i].glob);

	ck_assert_msg(!strcmp(_dump(fabric), good[_i].dump),
		      "%s:\ngot    %s\nwanted %s", good[_i].name, _dump(fabric),
		      good[_i].dump);
	ck_assert_uint_eq(fabric_levels(fabric), good[_i].levels);
	ck_assert_uint_eq(fabric_node_count(fabric), NODES);
	fabric_destroy(fabric);
}
END_TEST

/*
 * Refused files
 */

#define LONG_NAME \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SIZES_RIGHT                                                        \
	" must be a number from 1 to 65536 and 1, 2, 4, 8, ... times the " \
	"first size"

static const struct {
	const char *text;
	int errnum;
	const char *error; /* behind "topology.conf:" */
} bad[] = {
	{"Include other.conf", EINVAL,
	 "1: Include other.conf: files cannot be included here, write the "
	 "lines of that file in its place"},
	{LEAVES "include  /etc/x", EINVAL,
	 "3: Include /etc/x: files cannot be included here, write the lines "
	 "of that file in its place"},
	{"SwitchName", EINVAL,
	 "1: \"SwitchName\" is not Key=Value, write for example SwitchName=s1 "
	 "Nodes=n[1-4]"},
	{"=a", EINVAL,
	 "1: \"=a\" is not Key=Value, write for example SwitchName=s1 "
	 "Nodes=n[1-4]"},
	{"\n\nSwitchName=a Nodes=n1 n2", EINVAL,
	 "3: \"n2\" is not Key=Value, write for example SwitchName=s1 "
	 "Nodes=n[1-4]"},
	{"SwitchName= ", EINVAL,
	 "1: SwitchName= has no value, write one behind the ="},
	{"SwitchName=\"\" Nodes=n1", EINVAL,
	 "1: SwitchName= has no value, write one behind the ="},
	{"SwitchName=\"a Nodes=n1", EINVAL,
	 "1: SwitchName=\"a Nodes=n1: a quote must enclose the whole value"},
	{"SwitchName=\"a\"b Nodes=n1", EINVAL,
	 "1: SwitchName=\"a\"b Nodes=n1: a quote must enclose the whole "
	 "value"},
	{"NodeName=n1 Procs=1", EINVAL,
	 "1: NodeName=n1: a line starts with SwitchName, BlockName or "
	 "BlockSizes"},
	{"Nodes=n1 SwitchName=a", EINVAL,
	 "1: Nodes=n1: a line starts with SwitchName, BlockName or "
	 "BlockSizes"},
	{"Include=x", EINVAL,
	 "1: Include=x: a line starts with SwitchName, BlockName or "
	 "BlockSizes"},
	{"SwitchName=a Nodes=n1 Speed=3", EINVAL,
	 "1: Speed=3: a line of SwitchName knows only the keys Nodes, "
	 "Switches and LinkSpeed"},
	{"SwitchName=a Nodes=n1 SwitchName=b Nodes=n2", EINVAL,
	 "1: SwitchName=b: a line of SwitchName knows only the keys Nodes, "
	 "Switches and LinkSpeed"},
	{"BlockName=a Switches=b", EINVAL,
	 "1: Switches=b: a line of BlockName knows only the key Nodes"},
	{"SwitchName=a Nodes=n1 nodes=n2", EEXIST,
	 "1: nodes=n2: the key is on this line already, write it once"},
	{"SwitchName=a", EINVAL,
	 "1: SwitchName=a has no children, add Nodes= or Switches="},
	{"SwitchName=a LinkSpeed=1", EINVAL,
	 "1: SwitchName=a has no children, add Nodes= or Switches="},
	{"BlockName=a", EINVAL, "1: BlockName=a has no children, add Nodes="},
	{LEAF_1 "SwitchName=a Nodes=n8 Switches=s1", EINVAL,
	 "2: SwitchName=a has both Nodes=n8 and Switches=s1, write one of "
	 "them"},
	{"SwitchName=a Nodes=n1 LinkSpeed=fast", EINVAL,
	 "1: LinkSpeed=fast must be a number from 0 to 4294967295"},
	{"SwitchName=a Nodes=n1 LinkSpeed=4294967296", EINVAL,
	 "1: LinkSpeed=4294967296 must be a number from 0 to 4294967295"},
	{"SwitchName=a Nodes=n1 LinkSpeed=-1", EINVAL,
	 "1: LinkSpeed=-1 must be a number from 0 to 4294967295"},
	{"SwitchName=a Nodes=n1 LinkSpeed=1x", EINVAL,
	 "1: LinkSpeed=1x must be a number from 0 to 4294967295"},
	{"SwitchName=" LONG_NAME " Nodes=n1", EINVAL,
	 "1: SwitchName=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaa...: a name has at most 64 characters"},
	{LEAVES "# two\nSwitchName=s1 Nodes=n1", EEXIST,
	 "4: SwitchName=s1 is named twice (first on line 1), use another "
	 "name"},
	{"SwitchName=a Nodes=n1,x", EINVAL,
	 "1: Nodes=n1,x: there is no node \"x\", name only nodes of "
	 "slurm.conf"},
	{"SwitchName=a Nodes=n[0-99]", EINVAL,
	 "1: Nodes=n[0-99]: there is no node \"n16\", name only nodes of "
	 "slurm.conf"},
	{"SwitchName=a Nodes=beyond", EINVAL,
	 "1: Nodes=beyond: there is no node \"beyond\", name only nodes of "
	 "slurm.conf"},
	{"SwitchName=a \\\n\\\nNodes=n1\n\nSwitchName=b Nodes=n2,n2", EEXIST,
	 "5: Nodes=n2,n2: node \"n2\" is named twice, name it once"},
	{LEAF_1 "SwitchName=b Nodes=n[7-8]", EINVAL,
	 "2: Nodes=n[7-8]: node \"n7\" is already in \"s1\" (line 1), name it "
	 "in one of them"},
	{"SwitchName=a Nodes=n[1-", EINVAL,
	 "1: Nodes=n[1- cannot be read as a list of nodes, write for example "
	 "name[1-4,7]"},
	{"SwitchName=a Nodes=,", EINVAL,
	 "1: Nodes=, names no node, name at least one"},
	{LEAF_1 "SwitchName=b Switches=,", EINVAL,
	 "2: Switches=, names no switch, name at least one"},
	{LEAF_1 "SwitchName=b Switches=s[1-", EINVAL,
	 "2: Switches=s[1- cannot be read as a list of switches, write for "
	 "example name[1-4,7]"},
	{LEAF_1 "SwitchName=b Switches=s1,s2", EINVAL,
	 "2: Switches=s1,s2: there is no switch \"s2\", add a line "
	 "SwitchName=s2"},
	{LEAF_1 "SwitchName=b Switches=S1", EINVAL,
	 "2: Switches=S1: there is no switch \"S1\", add a line "
	 "SwitchName=S1"},
	{LEAF_1 "SwitchName=b Switches=s1,b", EINVAL,
	 "2: Switches=s1,b: \"b\" cannot be its own child, name only switches "
	 "below it"},
	{LEAF_1 "SwitchName=b Switches=s1,s1", EEXIST,
	 "2: Switches=s1,s1: switch \"s1\" is named twice, name it once"},
	{LEAF_1 "SwitchName=b Switches=s1\nSwitchName=c Switches=s1", EINVAL,
	 "3: Switches=s1: switch \"s1\" is already below \"b\" (line 2), name "
	 "it in one of them"},
	{LEAF_1 "SwitchName=b Switches=c\nSwitchName=c Switches=b", EINVAL,
	 "2: SwitchName=b Switches=c: the switch is in a loop, a switch must "
	 "not be below itself"},
	{LEAF_1 "SwitchName=b Switches=s1,d\nSwitchName=c Switches=b\n"
		"SwitchName=d Switches=c",
	 EINVAL,
	 "4: SwitchName=d Switches=c: the switch is in a loop, a switch "
	 "must not be below itself"},
	{"SwitchName=a1 Nodes=n1\nSwitchName=a2 Switches=a1\n"
	 "SwitchName=a3 Switches=a2\nSwitchName=a4 Switches=a3\n"
	 "SwitchName=a5 Switches=a4\nSwitchName=a6 Switches=a5\n"
	 "SwitchName=a7 Switches=a6\nSwitchName=a8 Switches=a7\n"
	 "SwitchName=a9 Switches=a8\nSwitchName=a10 Switches=a9\n"
	 "SwitchName=a11 Switches=a10\nSwitchName=a12 Switches=a11\n",
	 EINVAL,
	 "12: SwitchName=a12: more than 11 layers of switches, use fewer"},
	{LEAF_1 "BlockName=b Nodes=n8", EINVAL,
	 "2: BlockName=b: switches and blocks cannot be in one file, write "
	 "either SwitchName lines or BlockName and BlockSizes lines"},
	{"BlockSizes=1\n" LEAF_1, EINVAL,
	 "2: SwitchName=s1: switches and blocks cannot be in one file, write "
	 "either SwitchName lines or BlockName and BlockSizes lines"},
	{"BlockName=a Nodes=n1\nBlockName=a Nodes=n2", EEXIST,
	 "2: BlockName=a is named twice (first on line 1), use another name"},
	{"BlockName=a Nodes=n1,n2\nBlockName=b Nodes=n3", EINVAL,
	 "2: BlockName=b has 1 nodes, but the first block has 2; make it no "
	 "smaller"},
	{"BlockName=a Nodes=n1,n2\nBlockSizes=3", EINVAL,
	 "1: BlockName=a has 2 nodes, but the base of BlockSizes is 3; make "
	 "it no smaller"},
	{"BlockSizes=0", EINVAL, "1: BlockSizes=0: \"0\"" SIZES_RIGHT},
	{"BlockSizes=x", EINVAL, "1: BlockSizes=x: \"x\"" SIZES_RIGHT},
	{"BlockSizes=2,6", EINVAL, "1: BlockSizes=2,6: \"6\"" SIZES_RIGHT},
	{"BlockSizes=2,", EINVAL, "1: BlockSizes=2,: \"\"" SIZES_RIGHT},
	{"BlockSizes=2;4", EINVAL, "1: BlockSizes=2;4: \"2;4\"" SIZES_RIGHT},
	{"BlockSizes=65537", EINVAL,
	 "1: BlockSizes=65537: \"65537\"" SIZES_RIGHT},
	{"BlockSizes=1,65536", EINVAL,
	 "1: BlockSizes=1,65536: \"65536\"" SIZES_RIGHT},
	{"BlockSizes=99999999999999999999", EINVAL,
	 "1: BlockSizes=99999999999999999999: "
	 "\"9999999999999999\"" SIZES_RIGHT},
	{"BlockSizes=1\nBlockSizes=2", EEXIST,
	 "2: BlockSizes=2: the key is on line 1 already, write it once"},
	{"BlockSizes=2, 4", EINVAL, "1: BlockSizes=2,: \"\"" SIZES_RIGHT},
	{"BlockSizes=2 4", EINVAL,
	 "1: \"4\" behind BlockSizes=2: separate sizes by commas without "
	 "blanks"},
};

START_TEST(bad_is_refused)
{
	neuron_error_t err = {""};
	fabric_t *fabric;
	int got;

	errno = 0;
	fabric = _create(bad[_i].text, NULL, &err);
	got = errno;
	ck_assert_msg(fabric == NULL, "%s: accepted", bad[_i].text);
	ck_assert_msg(!strncmp(err.text, "topology.conf:", 14) &&
			      !strcmp(err.text + 14, bad[_i].error),
		      "%s:\ngot    %s\nwanted topology.conf:%s", bad[_i].text,
		      err.text, bad[_i].error);
	ck_assert_msg(got == bad[_i].errnum, "%s: got errno %d, wanted %d",
		      bad[_i].text, got, bad[_i].errnum);
	ck_assert_ptr_null(_create(bad[_i].text, NULL, NULL));
}
END_TEST

START_TEST(bad_source_is_refused)
{
	fabric_source_t source = {.text = NULL, .node_count = 65537};
	neuron_error_t err = {""};

	ck_assert_ptr_null(fabric_create(&source, &err));
	ck_assert_str_eq(err.text,
			 "65537 nodes: a fabric has at most 65536, name fewer "
			 "in slurm.conf");
	ck_assert_ptr_null(fabric_create(NULL, NULL));
	ck_assert_int_eq(errno, EINVAL);
	source.node_count = 1;
	source.text = LEAF_1;
	ck_assert_ptr_null(fabric_create(&source, &err));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(large_file_is_refused)
{
	char *text = malloc(FABRIC_FILE_MAX + 2);
	neuron_error_t err = {""};

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', FABRIC_FILE_MAX + 1);
	text[FABRIC_FILE_MAX + 1] = '\0';
	ck_assert_ptr_null(_create(text, NULL, &err));
	ck_assert_str_eq(err.text,
			 "topology.conf: the file is larger than 16777216 "
			 "bytes, write nodes as n[1-1000]");
	free(text);
}
END_TEST

START_TEST(large_ultraserver_is_refused)
{
	neuron_error_t err = {""};

	node_count = 65;
	ck_assert_ptr_null(_create("SwitchName=us Nodes=n[0-64]", "us", &err));
	ck_assert_str_eq(err.text,
			 "topology.conf:1: \"us\" has 65 nodes, but as an "
			 "UltraServer (it matches \"us\") it may have at most "
			 "64");
	fabric_destroy(_create("SwitchName=us Nodes=n[0-63]", "us", &err));
}
END_TEST

START_TEST(many_block_layers_are_refused)
{
	neuron_error_t err = {""};
	const size_t size = 200000;
	char *whole = malloc(size);
	size_t length;

	ck_assert_ptr_nonnull(whole);
	node_count = 4096;
	length = (size_t) snprintf(
		whole, size,
		"BlockSizes=1,2,4,8,16,32,64,128,256,512,1024,2048\n");
	for (int i = 0; i < 4096; i++)
		length += (size_t) snprintf(whole + length, size - length,
					    "BlockName=b%d Nodes=n%d\n", i, i);
	ck_assert_ptr_null(_create(whole, NULL, &err));
	ck_assert_str_eq(err.text,
			 "topology.conf:1: BlockSizes: more than 11 layers of "
			 "blocks, name fewer sizes");
	free(whole);
}
END_TEST

/* So many lines "SwitchName=s7 Nodes=n7" behind one that is the first */
static char *_many_lines(const char *first, const char *key, unsigned int lines)
{
	size_t size = strlen(first) + lines * (strlen(key) + 32) + 1;
	char *whole = malloc(size);
	size_t length;

	ck_assert_ptr_nonnull(whole);
	length = (size_t) snprintf(whole, size, "%s", first);
	for (unsigned int i = 0; i < lines; i++)
		length += (size_t) snprintf(whole + length, size - length,
					    "%ss%u Nodes=n%u\n", key, i, i);
	return whole;
}

static const struct {
	const char *first;
	const char *key;
	unsigned int lines;
	const char *error;
} crowded[] = {
	{"", "SwitchName=", 65536, NULL},
	{"SwitchName=top Switches=s[0-1]\n", "SwitchName=", 65536,
	 "65537: SwitchName=s65535: 65536 switches or blocks stand above it "
	 "already, which is the most, name fewer"},
	{"", "BlockName=", 32768, NULL},
	{"", "BlockName=", 65536,
	 "1: BlockName=s0: more than 65536 blocks and joined blocks, use "
	 "fewer"},
};

START_TEST(many_groups_are_refused)
{
	char *whole = _many_lines(crowded[_i].first, crowded[_i].key,
				  crowded[_i].lines);
	neuron_error_t err = {"topology.conf:"};
	fabric_t *fabric;

	node_count = 65536;
	fabric = _create(whole, NULL, &err);
	ck_assert_msg(!fabric == !!crowded[_i].error, "row %d: got \"%s\"", _i,
		      err.text);
	ck_assert_msg(fabric || !strcmp(err.text + 14, crowded[_i].error),
		      "row %d: got \"%s\", wanted \"%s\"", _i, err.text,
		      crowded[_i].error);
	fabric_destroy(fabric);
	free(whole);
}
END_TEST

/* One UltraServer more than there is room for */
START_TEST(many_ultraservers_are_refused)
{
	char *whole = _many_lines("", "SwitchName=", 65535);
	static const uint32_t members[] = {1, 2};
	neuron_error_t err = {""};
	fabric_t *fabric;

	node_count = 65536;
	ck_assert_ptr_nonnull(fabric = _create(whole, NULL, &err));
	ck_assert_int_eq(
		fabric_add_ultraserver(fabric, "u1", members, 1, NULL, 0, &err),
		0);
	ck_assert_int_eq(fabric_add_ultraserver(fabric, "u2", members + 1, 1,
						NULL, 0, &err),
			 -1);
	ck_assert_str_eq(err.text,
			 "UltraServer \"u2\": there are 65536 switches, blocks "
			 "and UltraServers already, which is the most, name "
			 "fewer");
	fabric_destroy(fabric);
	free(whole);
}
END_TEST

/*
 * UltraServers by their members
 */

START_TEST(ultraservers_are_added)
{
	static const uint32_t first[] = {3, 1, 0, 2}, second[] = {6, 5};
	static const uint8_t pairs[][2] = {{0, 1}, {2, 3}};
	fabric_t *fabric =
		_create(LEAVES "SwitchName=top Switches=s1,s2", NULL, NULL);

	ck_assert_ptr_nonnull(fabric);
	ck_assert_int_eq(
		fabric_add_ultraserver(fabric, "u1", first, 4, pairs, 2, NULL),
		0);
	ck_assert_int_eq(
		fabric_add_ultraserver(fabric, "u2", second, 2, NULL, 0, NULL),
		0);
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	ck_assert_str_eq(_dump(fabric),
			 "top@3{s1@2{u1*@1{3 1 0 2} u2*@1{6 5} 4 7} "
			 "s2@2{8 9 10 11 12 13 14 15}}");
	ck_assert(fabric_has_ultraservers(fabric));
	fabric_destroy(fabric);
}
END_TEST

START_TEST(ultraserver_is_whole_leaf)
{
	static const uint32_t members[] = {0, 1, 2, 3, 4, 5, 6, 7};
	fabric_t *fabric = _create(LEAF_1, NULL, NULL);
	uint32_t outside[] = {9, 8};

	ck_assert_ptr_nonnull(fabric);
	ck_assert_int_eq(
		fabric_add_ultraserver(fabric, "u1", members, 8, NULL, 0, NULL),
		0);
	ck_assert_int_eq(
		fabric_add_ultraserver(fabric, "u2", outside, 2, NULL, 0, NULL),
		0);
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	ck_assert_str_eq(_dump(fabric),
			 "s1@2{u1*@1{0 1 2 3 4 5 6 7}} u2*@1{9 8}");
	fabric_destroy(fabric);
}
END_TEST

#define US_ERROR "UltraServer \"u2\""

static const struct {
	const char *name;
	const char *ultraserver;
	uint32_t members[65];
	uint32_t count;
	uint8_t pairs[1][2];
	uint32_t pair_count;
	int errnum;
	const char *error;
} bad_ultraservers[] = {
	{"no member",
	 "u2",
	 {0},
	 0,
	 {{0}},
	 0,
	 EINVAL,
	 US_ERROR " has 0 members, name 1 to 64"},
	{"too many",
	 "u2",
	 {0},
	 65,
	 {{0}},
	 0,
	 EINVAL,
	 US_ERROR " has 65 members, name 1 to 64"},
	{"out of range",
	 "u2",
	 {5, 16},
	 2,
	 {{0}},
	 0,
	 EINVAL,
	 US_ERROR ": node 16 is out of range"},
	{"twice",
	 "u2",
	 {5, 6, 5},
	 3,
	 {{0}},
	 0,
	 EINVAL,
	 US_ERROR ": members 1 and 3 are the same node"},
	{"in another",
	 "u2",
	 {4, 1},
	 2,
	 {{0}},
	 0,
	 EINVAL,
	 US_ERROR ": member 2 is already in UltraServer \"u1\""},
	{"two leaves",
	 "u2",
	 {4, 8},
	 2,
	 {{0}},
	 0,
	 EINVAL,
	 US_ERROR ": members 1 and 2 are below different leaf switches"},
	{"leaf and none",
	 "u2",
	 {4, 15},
	 2,
	 {{0}},
	 0,
	 EINVAL,
	 US_ERROR ": members 1 and 2 are below different leaf switches"},
	{"pair out of range",
	 "u2",
	 {4, 5},
	 2,
	 {{0, 2}},
	 1,
	 EINVAL,
	 US_ERROR ": pair 1 must name two different members of 2"},
	{"pair with itself",
	 "u2",
	 {4, 5},
	 2,
	 {{1, 1}},
	 1,
	 EINVAL,
	 US_ERROR ": pair 1 must name two different members of 2"},
	{"same name",
	 "u1",
	 {4, 5},
	 2,
	 {{0}},
	 0,
	 EEXIST,
	 "UltraServer \"u1\" has the name of another switch or UltraServer, "
	 "use another name"},
	{"name of a switch",
	 "s2",
	 {4, 5},
	 2,
	 {{0}},
	 0,
	 EEXIST,
	 "UltraServer \"s2\" has the name of another switch or UltraServer, "
	 "use another name"},
	{"no name",
	 "",
	 {4, 5},
	 2,
	 {{0}},
	 0,
	 EINVAL,
	 "the name of UltraServer \"\" must have 1 to 64 characters"},
	{"long name",
	 LONG_NAME,
	 {4, 5},
	 2,
	 {{0}},
	 0,
	 EINVAL,
	 "the name of UltraServer \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaa\" must have 1 to 64 characters"},
};

static fabric_t *_with_ultraserver(void)
{
	static const uint32_t members[] = {0, 1, 2, 3};
	static const uint8_t pairs[][2] = {{0, 2}};
	fabric_t *fabric =
		_create(LEAF_1 "SwitchName=s2 Nodes=n[8-14]", NULL, NULL);

	ck_assert_ptr_nonnull(fabric);
	ck_assert_int_eq(fabric_add_ultraserver(fabric, "u1", members, 4, pairs,
						1, NULL),
			 0);
	return fabric;
}

#define WITH_ULTRASERVER "s1@2{u1*@1{0 1 2 3} 4 5 6 7} s2@2{8 9 10 11 12 13 14}"

START_TEST(bad_ultraserver_is_refused)
{
	fabric_t *fabric = _with_ultraserver();
	neuron_error_t err = {""};
	int rc;

	errno = 0;
	rc = fabric_add_ultraserver(fabric, bad_ultraservers[_i].ultraserver,
				    bad_ultraservers[_i].members,
				    bad_ultraservers[_i].count,
				    bad_ultraservers[_i].pairs,
				    bad_ultraservers[_i].pair_count, &err);
	ck_assert_msg(rc == -1, "%s: accepted", bad_ultraservers[_i].name);
	ck_assert_int_eq(errno, bad_ultraservers[_i].errnum);
	ck_assert_msg(!strcmp(err.text, bad_ultraservers[_i].error),
		      "%s:\ngot    %s\nwanted %s", bad_ultraservers[_i].name,
		      err.text, bad_ultraservers[_i].error);
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	ck_assert_str_eq(_dump(fabric), WITH_ULTRASERVER);
	fabric_destroy(fabric);
}
END_TEST

START_TEST(late_ultraserver_is_refused)
{
	fabric_t *fabric = _with_ultraserver();
	uint32_t members[] = {4, 5};

	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	ck_assert_int_eq(
		fabric_add_ultraserver(fabric, "u2", members, 2, NULL, 0, NULL),
		-1);
	ck_assert_int_eq(errno, EINVAL);
	fabric_destroy(fabric);
}
END_TEST

static const struct {
	const char *glob;
	uint32_t nodes[8];
	uint32_t count;
	bool legal;
} legal[] = {
	/* u1 has 0 1 2 3 with the pair 0+2 */
	{NULL, {0}, 1, true},
	{NULL, {0, 2}, 2, true},
	{NULL, {2, 0}, 2, true},
	{NULL, {0, 1}, 2, false},
	{NULL, {1, 3}, 2, false},
	{NULL, {0, 1, 2}, 3, false},
	{NULL, {3, 1, 2, 0}, 4, true},
	{NULL, {0, 0}, 2, false},
	{NULL, {0, 4}, 2, false},
	{NULL, {4}, 1, false},
	{NULL, {4, 5}, 2, false},
	{NULL, {15}, 1, false},
	{NULL, {16}, 1, false},
	{NULL, {0, UINT32_MAX}, 2, false},
	{NULL, {0}, 0, false},
	/* by name: 0 1 2 3 4 5 6 7 with the pairs 0+1, 2+3, ... */
	{"s1", {0, 1}, 2, true},
	{"s1", {7, 6}, 2, true},
	{"s1", {1, 2}, 2, false},
	{"s1", {0, 1, 2, 3}, 4, false},
	{"s1", {0, 1, 2, 3, 4, 5, 6, 7}, 8, true},
};

START_TEST(groups_are_legal)
{
	fabric_t *fabric = legal[_i].glob ? _create(LEAF_1, "s1", NULL)
					  : _with_ultraserver();

	ck_assert_ptr_nonnull(fabric);
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	ck_assert_int_eq(fabric_ultraserver_group_is_legal(
				 fabric, legal[_i].nodes, legal[_i].count),
			 legal[_i].legal);
	fabric_destroy(fabric);
}
END_TEST

/*
 * Questions
 */

#define UNEVEN                                                            \
	"SwitchName=us1 Nodes=n3,n2,n1,n0\nSwitchName=us2 Nodes=n[4-7]\n" \
	"SwitchName=l Switches=us[1-2]\nSwitchName=p Nodes=n8,n12\n"      \
	"SwitchName=top Switches=l,p\nSwitchName=q Nodes=n10,n11\n"       \
	"SwitchName=r Nodes=n13\nSwitchName=m Switches=r\n"               \
	"SwitchName=m2 Switches=m\nSwitchName=u Switches=m2,q\n"

static const struct {
	uint32_t a, b;
	int level;
} common[] = {
	{0, 0, 0},   {0, 3, 1},           {0, 4, 2},   {4, 0, 2},
	{0, 8, 3},   {8, 7, 3},           {8, 12, 2},  {10, 11, 2},
	{10, 13, 5}, {13, 11, 5},         {0, 9, -1},  {9, 0, -1},
	{9, 9, 0},   {9, 14, -1},         {0, 10, -1}, {16, 16, -1},
	{0, 16, -1}, {UINT32_MAX, 0, -1},
};

START_TEST(common_levels)
{
	fabric_t *fabric = _finished(UNEVEN, "us*");
	int got = fabric_common_level(fabric, common[_i].a, common[_i].b);

	ck_assert_msg(got == common[_i].level,
		      "%u and %u: got %d, wanted %d in %s", common[_i].a,
		      common[_i].b, got, common[_i].level, _dump(fabric));
	fabric_destroy(fabric);
}
END_TEST

static const struct {
	uint32_t node;
	uint32_t level;
	const char *group; /* NULL: none */
} at_levels[] = {
	{0, 1, "us1"}, {0, 2, "l"},   {0, 3, "top"}, {0, 4, NULL},
	{0, 0, NULL},  {8, 1, NULL},  {8, 2, "p"},   {8, 3, "top"},
	{10, 1, NULL}, {10, 2, "q"},  {10, 3, NULL}, {10, 4, NULL},
	{10, 5, "u"},  {13, 2, "r"},  {13, 3, "m"},  {13, 4, "m2"},
	{13, 5, "u"},  {13, 6, NULL}, {9, 1, NULL},  {16, 1, NULL},
};

START_TEST(groups_at_levels)
{
	fabric_t *fabric = _finished(UNEVEN, "us*");
	int64_t group = fabric_node_group_at(fabric, at_levels[_i].node,
					     at_levels[_i].level);
	const char *name =
		group < 0 ? "none" : fabric_group_name(fabric, group);
	const char *wanted = at_levels[_i].group ? at_levels[_i].group : "none";

	ck_assert_msg(!strcmp(name, wanted),
		      "node %u level %u: got %s, "
		      "wanted %s",
		      at_levels[_i].node, at_levels[_i].level, name, wanted);
	fabric_destroy(fabric);
}
END_TEST

static const struct {
	const char *name;
	const char *text;
	const char *glob;
	const char *order;
} ranks[] = {
	{"no switches", NULL, NULL, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"},
	{"mixed leaves",
	 "SwitchName=a Nodes=n9,n0\nSwitchName=b Nodes=n1,n5\n"
	 "SwitchName=t Switches=a,b",
	 NULL, "0 9 1 5 2 3 4 6 7 8 10 11 12 13 14 15"},
	{"rings",
	 "SwitchName=us1 Nodes=n4,n5,n7,n6\nSwitchName=us2 "
	 "Nodes=n3,n1,n2,n0\nSwitchName=t Switches=us1,us2",
	 "us*", "3 1 2 0 4 5 7 6 8 9 10 11 12 13 14 15"},
	{"two layers",
	 "SwitchName=a Nodes=n0,n15\nSwitchName=b Nodes=n1\n"
	 "SwitchName=c Nodes=n2,n14\nSwitchName=x Switches=a,c\n"
	 "SwitchName=y Switches=b\nSwitchName=t Switches=x,y",
	 NULL, "0 15 2 14 1 3 4 5 6 7 8 9 10 11 12 13"},
};

START_TEST(ranks_follow_groups)
{
	fabric_t *fabric = _finished(ranks[_i].text, ranks[_i].glob);
	_text_t got = {"", 0};

	for (uint32_t rank = 0; rank < NODES; rank++)
		for (uint32_t node = 0; node < NODES; node++)
			if (fabric_node_rank(fabric, node) == rank)
				_append(&got, "%s%u", rank ? " " : "", node);
	ck_assert_msg(!strcmp(got.text, ranks[_i].order),
		      "%s: got %s, wanted %s", ranks[_i].name, got.text,
		      ranks[_i].order);
	fabric_destroy(fabric);
}
END_TEST

START_TEST(rank_among_ultraservers_of_a_leaf)
{
	fabric_t *fabric = _create(LEAVES, NULL, NULL);
	static const uint32_t members[] = {6, 2, 4};
	static const uint32_t order[] = {0, 1, 6, 2, 4, 3, 5, 7};

	ck_assert_ptr_nonnull(fabric);
	ck_assert_int_eq(
		fabric_add_ultraserver(fabric, "u1", members, 3, NULL, 0, NULL),
		0);
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_uint_eq(fabric_node_rank(fabric, order[i]), i);
	fabric_destroy(fabric);
}
END_TEST

START_TEST(out_of_range)
{
	fabric_t *fabric = _finished(LEAVES, NULL);
	const uint32_t *nodes = (const uint32_t *) &node_count;
	uint32_t far[] = {2, UINT32_MAX};

	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_null(fabric_group_name(fabric, far[i]));
		ck_assert_uint_eq(fabric_group_level(fabric, far[i]), 0);
		ck_assert(!fabric_group_is_ultraserver(fabric, far[i]));
		ck_assert_int_eq(fabric_group_parent(fabric, far[i]), -1);
		ck_assert_int_eq(fabric_group_child(fabric, far[i]), -1);
		ck_assert_int_eq(fabric_group_sibling(fabric, far[i]), -1);
		ck_assert_uint_eq(fabric_group_nodes(fabric, far[i], &nodes),
				  0);
		ck_assert_ptr_null(nodes);
	}
	ck_assert_int_eq(fabric_node_group(fabric, NODES), -1);
	ck_assert_uint_eq(fabric_node_rank(fabric, NODES), 0);
	ck_assert(!fabric_has_ultraservers(fabric));
	fabric_destroy(fabric);
	errno = 77;
	fabric_destroy(NULL);
	ck_assert_int_eq(errno, 77);
	ck_assert_int_eq(fabric_finish(NULL, NULL), -1);
	ck_assert_int_eq(
		fabric_add_ultraserver(NULL, "u", far, 1, NULL, 0, NULL), -1);
}
END_TEST

START_TEST(no_nodes)
{
	fabric_t *fabric;

	node_count = 0;
	fabric = _finished(NULL, NULL);
	ck_assert_uint_eq(fabric_group_count(fabric), 0);
	ck_assert_uint_eq(fabric_levels(fabric), 0);
	ck_assert_uint_eq(fabric_node_count(fabric), 0);
	fabric_destroy(fabric);
}
END_TEST

/* Every text cut short or with one character changed is read or refused */
START_TEST(damaged_text_is_survived)
{
	static const char changes[] = "\\\"# =\n,*[\x80";
	static const char *const wholes[] = {UNEVEN,
					     "BlockSizes=1,2,4\n" BLOCKS};
	const char *whole = wholes[_i];
	size_t length = strlen(whole);
	fabric_t *fabric;
	char *text = malloc(length + 1);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < length; i++)
		for (size_t j = 0; j < sizeof(changes); j++) {
			memcpy(text, whole, length + 1);
			text[i] = changes[j];
			fabric = _create(text, "us*", NULL);
			if (fabric)
				ck_assert_int_eq(fabric_finish(fabric, NULL),
						 0);
			fabric_destroy(fabric);
		}
	free(text);
}
END_TEST

static fabric_t *_all_steps(void)
{
	static const uint32_t members[] = {8, 12};
	static const uint8_t pairs[][2] = {{0, 1}};
	fabric_t *fabric = _create(UNEVEN, "us*", NULL);

	if (!fabric)
		return NULL;
	if (fabric_add_ultraserver(fabric, "added", members, 2, pairs, 1,
				   NULL) < 0 ||
	    fabric_finish(fabric, NULL) < 0) {
		fabric_destroy(fabric);
		return NULL;
	}
	return fabric;
}

START_TEST(out_of_memory)
{
	fabric_t *fabric = NULL;

	for (long n = 0; !fabric; n++) {
		ck_assert_int_lt(n, 300);
		errno = 0;
		failing_malloc_after(n);
		fabric = _all_steps();
		failing_malloc_after(-1);
		if (!fabric)
			ck_assert_int_eq(errno, ENOMEM);
	}
	fabric_destroy(fabric);
}
END_TEST

/* A failed UltraServer leaves no trace */
START_TEST(ultraserver_out_of_memory)
{
	fabric_t *fabric = _with_ultraserver();
	static const uint32_t members[] = {4, 5};
	int rc = -1;

	for (long n = 0; n < 3; n++) {
		failing_malloc_after(n);
		rc = fabric_add_ultraserver(fabric, "u2", members, 2, NULL, 0,
					    NULL);
		failing_malloc_after(-1);
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(errno, ENOMEM);
	}
	failing_malloc_after(0);
	ck_assert_int_eq(fabric_finish(fabric, NULL), -1);
	failing_malloc_after(-1);
	ck_assert_int_eq(fabric_finish(fabric, NULL), 0);
	ck_assert_str_eq(_dump(fabric), WITH_ULTRASERVER);
	fabric_destroy(fabric);
}
END_TEST

static void _set_up(void)
{
	node_count = NODES;
}

static void _add_questions(TCase *tcase)
{
	tcase_add_loop_test(tcase, common_levels, 0, COUNT(common));
	tcase_add_loop_test(tcase, groups_at_levels, 0, COUNT(at_levels));
	tcase_add_loop_test(tcase, ranks_follow_groups, 0, COUNT(ranks));
	tcase_add_test(tcase, rank_among_ultraservers_of_a_leaf);
	tcase_add_test(tcase, out_of_range);
	tcase_add_test(tcase, no_nodes);
}

static Suite *_suite(void)
{
	Suite *suite = suite_create("fabric");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, _set_up, NULL);
	tcase_add_loop_test(tcase, good_is_read, 0, COUNT(good));
	tcase_add_loop_test(tcase, bad_is_refused, 0, COUNT(bad));
	tcase_add_test(tcase, bad_source_is_refused);
	tcase_add_test(tcase, large_file_is_refused);
	tcase_add_test(tcase, large_ultraserver_is_refused);
	tcase_add_test(tcase, many_block_layers_are_refused);
	tcase_add_loop_test(tcase, many_groups_are_refused, 0, COUNT(crowded));
	tcase_add_test(tcase, many_ultraservers_are_refused);
	tcase_add_test(tcase, ultraservers_are_added);
	tcase_add_test(tcase, ultraserver_is_whole_leaf);
	tcase_add_loop_test(tcase, bad_ultraserver_is_refused, 0,
			    COUNT(bad_ultraservers));
	tcase_add_test(tcase, late_ultraserver_is_refused);
	tcase_add_loop_test(tcase, groups_are_legal, 0, COUNT(legal));
	_add_questions(tcase);
	tcase_add_loop_test(tcase, damaged_text_is_survived, 0, 2);
	tcase_add_test(tcase, out_of_memory);
	tcase_add_test(tcase, ultraserver_out_of_memory);
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
