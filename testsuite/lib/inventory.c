/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "generate.h"
#include "inventory.h"
#include "names.h"
#include "sample.h"
#include "text.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

static catalog_t *catalog;

/* Commas, and nothing else */
static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	while (*text) {
		size_t length = strcspn(text, ",");
		char name[300];

		/* no assertion: memory may be short here */
		if (length >= sizeof(name))
			return -1;
		snprintf(name, sizeof(name), "%.*s", (int) length, text);
		if (each(name, arg))
			return -1;
		text += length + (text[length] == ',');
	}
	return 0;
}

static char *_fold(const char *const *names, uint32_t count)
{
	text_t text = {.length = 0};

	for (uint32_t i = 0; i < count; i++)
		text_add(&text, "%s%s", i ? "," : "", names[i]);
	return text_take(&text);
}

typedef struct {
	const char *probes, *ec2, *map, *fabric;
} sources_t;

static int _fill(inventory_t *inventory, const sources_t *sources,
		 neuron_error_t *err)
{
	if (sources->probes &&
	    inventory_add_probes(inventory, sources->probes,
				 strlen(sources->probes), "p", err))
		return -1;
	if (sources->ec2 && inventory_add_ec2(inventory, sources->ec2,
					      strlen(sources->ec2), "e", err))
		return -1;
	if (sources->map &&
	    inventory_add_map(inventory, sources->map, "m", err))
		return -1;
	if (sources->fabric &&
	    inventory_add_fabric(inventory, sources->fabric, "f", _expand, err))
		return -1;
	return inventory_finish(inventory, _fold, err);
}

static inventory_t *_inventory(const sources_t *sources, neuron_error_t *err)
{
	inventory_t *inventory = inventory_create(catalog, err);
	int errnum;

	if (inventory && !_fill(inventory, sources, err))
		return inventory;
	errnum = errno;
	inventory_destroy(inventory);
	errno = errnum;
	return NULL;
}

/* What generate writes for a file, without its comments; then the warnings */
static char *_describe(const inventory_t *inventory)
{
	generate_t source = {
		.inventory = inventory, .fold = _fold, .partition = "p"};
	const char *warning;
	text_t out = {.length = 0};

	for (int i = GENERATE_NEURON; i <= GENERATE_TOPOLOGY; i++) {
		neuron_error_t err = {""};
		char *text = generate_text(&source, i, &err);

		ck_assert_msg(text != NULL, "generate: %s", err.text);
		for (char *line = strtok(text, "\n"); line;
		     line = strtok(NULL, "\n")) {
			if (line[0] != '#')
				text_add(&out, "%s\n", line);
		}
		free(text);
	}
	for (unsigned int i = 0; (warning = inventory_warning(inventory, i));
	     i++)
		text_add(&out, "! %s\n", warning);
	return text_take(&out);
}

#define HEAD(node) "{\"format\":\"neuron-topo-probe-1\",\"node\":\"" node "\","
#define BODY "\"devices\":[{\"index\":0}],\"efas\":[{}]"
#define PROBE(node, rest) \
	HEAD(node)        \
	"\"profile\":\"trn2u.48xlarge\"," BODY rest "}\n"
#define ID(id) ",\"instance_id\":\"" id "\""
#define SERVER(size, id, node)                                                 \
	"\"" size "\":{\"server_id\":\"000000000000" id "\",\"node_id\":" node \
	"}"
#define US(servers) ",\"ultraserver\":{" servers "}"
#define RING(node, id, pair, number, half) \
	PROBE(node, US(SERVER("4", id, number) "," SERVER("2", pair, half)))
#define FOUR(a, b, c, d)                  \
	RING(a, "00a0", "00a0", "0", "0") \
	RING(b, "00a0", "00a0", "1", "1") \
	RING(c, "00a0", "009f", "2", "0") \
	RING(d, "00a0", "009f", "3", "1")
#define INSTANCE(id, type, nodes, more)                       \
	"{\"InstanceId\":\"" id "\",\"InstanceType\":\"" type \
	"\",\"NetworkNodes\":" nodes more "}"
#define TRN2U(id, nodes, more) INSTANCE(id, "trn2u.48xlarge", nodes, more)
#define PAGE(instances) "{\"Instances\":[" instances "]}"
#define ZONE(zone) ",\"AvailabilityZone\":\"" zone "\""
#define BLOCK(block) ",\"CapacityBlockId\":\"" block "\""
#define NO_US \
	"neither the driver nor EC2 tells an UltraServer; none is written\n"
#define PROFILE " Profile=trn2u.48xlarge\n"
#define LEAF(leaf) "[\"t\",\"m\",\"" leaf "\"]"

static const struct {
	sources_t sources;
	const char *wanted;
} described[] = {
	/* names in the order of their numbers */
	{{PROBE("n10", "") PROBE("n9", "") PROBE("a", ""), NULL, NULL, NULL},
	 "NodeName=a,n9,n10" PROFILE "! a,n9,n10: " NO_US},
	/* the profile of the instance type, when the probe names none */
	{{HEAD("a") "\"instance_type\":\"trn1.32xlarge\"," BODY "}", NULL, NULL,
	  NULL},
	 "NodeName=a Profile=trn1.32xlarge\n"},
	/* LNC of the machine, when it is another than that of the family */
	{{PROBE("a", ",\"lnc\":1") PROBE("b", ",\"lnc\":2") PROBE("c", ""),
	  NULL, NULL, NULL},
	 "NodeName=a Profile=trn2u.48xlarge Lnc=1\nNodeName=b,c" PROFILE
	 "! a,b,c: " NO_US},
	/* keys that a later probe may have */
	{{PROBE("a", ",\"colour\":{\"a\":[1]}"), NULL, NULL, NULL},
	 "NodeName=a" PROFILE "! a: " NO_US},
	/* machines without devices */
	{{PROBE("a", "") HEAD("b") "\"devices\":[],\"efas\":[]}", NULL, NULL,
	  NULL},
	 "NodeName=a" PROFILE
	 "! b: no Neuron devices were found; no line of neuron.conf and "
	 "slurm.conf is written\n! a: " NO_US},
	{{PROBE("a", ",\"differences\":[\"neuron5 is missing\"]"), NULL, NULL,
	  NULL},
	 "NodeName=a" PROFILE "! a: the machine differs from its profile; "
	 "neuron-topo probe says how\n! a: " NO_US},
	/* output of srun --label, in any mixture */
	{{" 9: {\"format\":\"neuron-topo-probe-1\",\n"
	  "10: {\"format\":\"neuron-topo-probe-1\",\"node\":\"b\",\n"
	  " 9: \"node\":\"a\",\"profile\":\"trn2u.48xlarge\"," BODY "}\n"
	  "10: \"profile\":\"trn2u.48xlarge\"," BODY "}",
	  NULL, NULL, NULL},
	 "NodeName=a,b" PROFILE "! a,b: " NO_US},

	/* UltraServers */
	{{FOUR("a", "b", "c", "d"), NULL, NULL, NULL},
	 "NodeName=a,b,c,d" PROFILE "UltraServerName=us-a Nodes=a,b,c,d\n"},
	{{FOUR("d", "a", "c", "b"), NULL, NULL, NULL},
	 "NodeName=a,b,c,d" PROFILE "UltraServerName=us-d Nodes=d,a,c,b\n"},
	{{RING("a", "00a0", "00a0", "0", "0")
		  RING("b", "00a0", "009f", "1", "0")
			  RING("c", "00a0", "00a0", "2", "1")
				  RING("d", "00a0", "009f", "3", "1"),
	  NULL, NULL, NULL},
	 "NodeName=a,b,c,d" PROFILE
	 "UltraServerName=us-a Nodes=a,b,c,d Pairs=a+c,b+d\n"},
	/* no server_id_2: the rule of the driver */
	{{PROBE("a", US(SERVER("4", "00a0", "0")))
		  PROBE("b", US(SERVER("4", "00a0", "1")))
			  PROBE("c", US(SERVER("4", "00a0", "2")))
				  PROBE("d", US(SERVER("4", "00a0", "3"))),
	  NULL, NULL, NULL},
	 "NodeName=a,b,c,d" PROFILE "UltraServerName=us-a Nodes=a,b,c,d\n"},
	/* members that are missing */
	{{RING("a", "00a0", "00a0", "0", "0")
		  RING("c", "00a0", "009f", "2", "0")
			  RING("d", "00a0", "009f", "3", "1"),
	  NULL, NULL, NULL},
	 "NodeName=a,c,d" PROFILE "UltraServerName=us-a Nodes=a,c,d Pairs=c+d\n"
	 "! a,c,d: of UltraServer 00000000000000a0 no probe of instance 1 is "
	 "here; those that are here are written\n"},
	{{RING("a", "00a0", "00a0", "0", "0")
		  RING("b", "00a0", "00a0", "1", "1"),
	  NULL, NULL, NULL},
	 "NodeName=a,b" PROFILE "UltraServerName=us-a Nodes=a,b\n"
	 "! a,b: of UltraServer 00000000000000a0 no probe of instance 2, 3 is "
	 "here; those that are here are written\n"},
	{{RING("a", "00a0", "00a0", "0", "0")
		  RING("c", "00a0", "009f", "2", "0"),
	  NULL, NULL, NULL},
	 "NodeName=a,c" PROFILE
	 "! a,c: of UltraServer 00000000000000a0 no probe of instance 1, 3 is "
	 "here; no UltraServer is written\n"},
	{{RING("a", "00a0", "00a0", "0", "0"), NULL, NULL, NULL},
	 "NodeName=a" PROFILE
	 "! a: of UltraServer 00000000000000a0 no probe of instance 1, 2, 3 is "
	 "here; no UltraServer is written\n"},
	/* an election that joined two only */
	{{PROBE("a", US(SERVER("2", "00a0", "1")))
		  PROBE("b", US(SERVER("2", "00a0", "0"))),
	  NULL, NULL, NULL},
	 "NodeName=a,b" PROFILE "UltraServerName=us-b Nodes=b,a\n"
	 "! b,a: the driver joined two instances only; they are written as an "
	 "UltraServer of two\n"},
	{{PROBE("a", US(SERVER("2", "00a0", "1"))), NULL, NULL, NULL},
	 "NodeName=a" PROFILE "! a: the other instance of its UltraServer of "
	 "two is not here; no UltraServer is written\n"},
	/* an election that runs, or did not take place */
	{{PROBE("a",
		US(SERVER("4", "0000", "-1") "," SERVER("2", "0000", "-1"))),
	  NULL, NULL, NULL},
	 "NodeName=a" PROFILE "! a: " NO_US},
	/* only EC2 knows */
	{{PROBE("i-1", "") PROBE("i-2", "") PROBE("i-3", "") PROBE("i-4", ""),
	  PAGE(TRN2U("i-1", LEAF("l"), BLOCK("cb-1")) "," TRN2U(
		  "i-2", LEAF("l"),
		  BLOCK("cb-1")) "," TRN2U("i-3", LEAF("l"),
					   BLOCK("cb-1")) "," TRN2U("i-4",
								    LEAF("l"),
								    BLOCK("cb-1"))),
	  NULL, NULL},
	 "NodeName=i-1,i-2,i-3,i-4" PROFILE
	 "UltraServerName=us-i-1 Nodes=i-1,i-2,i-3,i-4\n"
	 "SwitchName=l Nodes=i-1,i-2,i-3,i-4\nSwitchName=m Switches=l\n"
	 "SwitchName=t Switches=m\n"
	 "! i-1,i-2,i-3,i-4: the driver tells no UltraServer; those of "
	 "capacity block cb-1 are taken as one, in order of name\n"},
	{{PROBE("i-1", "") PROBE("i-2", ""),
	  PAGE(TRN2U("i-1", LEAF("l"),
		     BLOCK("cb-1")) "," TRN2U("i-2", LEAF("l"), BLOCK("cb-1"))),
	  NULL, NULL},
	 "NodeName=i-1,i-2" PROFILE
	 "SwitchName=l Nodes=i-1,i-2\nSwitchName=m Switches=l\n"
	 "SwitchName=t Switches=m\n"
	 "! i-1,i-2: the driver tells no UltraServer and capacity block cb-1 "
	 "has 2 nodes here, not 4; no UltraServer is written\n"},

	/* which node is which instance: the probe, the map, the name */
	{{PROBE("a", ID("i-1")) PROBE("b", "") PROBE("i-3", ""),
	  PAGE(TRN2U("i-1", LEAF("x"), "") "," TRN2U(
		  "i-2", LEAF("y"), "") "," TRN2U("i-3", LEAF("z"), "")),
	  "# map\n\nb\ti-2 # two\n", NULL},
	 "NodeName=a,b,i-3" PROFILE
	 "SwitchName=x Nodes=a\nSwitchName=y Nodes=b\nSwitchName=z Nodes=i-3\n"
	 "SwitchName=m Switches=x,y,z\nSwitchName=t Switches=m\n"
	 "! a,b,i-3: " NO_US},
	/* pages that overlap, null and missing lists, strangers */
	{{PROBE("i-1", "") PROBE("b", ""),
	  PAGE(TRN2U("i-1", LEAF("x"), "") "," TRN2U("i-9", "null", ""))
		  PAGE(TRN2U("i-1", LEAF("x"), ",\"GroupName\":\"g\"")),
	  NULL, NULL},
	 "NodeName=b,i-1" PROFILE
	 "SwitchName=x Nodes=i-1\nSwitchName=m Switches=x\n"
	 "SwitchName=t Switches=m\n"
	 "! b: EC2 tells nothing about it; name its instance in a map (--map), "
	 "or its jobs stay on one node\n"
	 "! 1 of 2 instances that EC2 tells of are no node here and are left "
	 "out\n! b,i-1: " NO_US},
	/* several tops of a zone get one above them, those of others do not */
	{{PROBE("i-1", "") PROBE("i-2", "") PROBE("i-3", "") PROBE("i-4", ""),
	  PAGE(TRN2U("i-1", "[\"t1\",\"x\"]", ZONE("z1")) "," TRN2U(
		  "i-2", "[\"t2\",\"y\"]",
		  ZONE("z1")) "," TRN2U("i-3", "[\"t3\",\"z\"]",
					ZONE("z2")) "," TRN2U("i-4", "[]",
							      ZONE("z1"))),
	  NULL, NULL},
	 "NodeName=i-1,i-2,i-3,i-4" PROFILE
	 "SwitchName=x Nodes=i-1\nSwitchName=y Nodes=i-2\n"
	 "SwitchName=z Nodes=i-3\nSwitchName=z1-other Nodes=i-4\n"
	 "SwitchName=t1 Switches=x\nSwitchName=t2 Switches=y\n"
	 "SwitchName=t3 Switches=z\nSwitchName=z1 Switches=t1,t2,z1-other\n"
	 "! i-1,i-2,i-3,i-4: " NO_US},
	/* a switch that has nodes and switches */
	{{PROBE("i-1", "") PROBE("i-2", ""),
	  PAGE(TRN2U("i-1", "[\"t\",\"x\"]", "") "," TRN2U("i-2", "[\"t\"]",
							   "")),
	  NULL, NULL},
	 "NodeName=i-1,i-2" PROFILE
	 "SwitchName=t-nodes Nodes=i-2\nSwitchName=x Nodes=i-1\n"
	 "SwitchName=t Switches=t-nodes,x\n! i-1,i-2: " NO_US},

	/* what topograph writes */
	{{PROBE("a", "") PROBE("b", "") PROBE("c", ""), NULL, NULL,
	  "SwitchName=S1 Switches=S2,S3\n# S2=nn-2\nSwitchName=S2 Nodes=b,cpu1\n"
	  "SwitchName=S3 Nodes=a\n"},
	 "NodeName=a,b,c" PROFILE
	 "SwitchName=S2 Nodes=b,cpu1\nSwitchName=S3 Nodes=a\n"
	 "SwitchName=S1 Switches=S2,S3\n"
	 "! c: no switch is known above it; its jobs stay on one node\n"
	 "! a,b,c: " NO_US},
	{{PROBE("a", "") PROBE("b", "") PROBE("c", "") PROBE("d", ""), NULL,
	  NULL,
	  "# block001=nvl1\nBlockName=block2 Nodes=c,d\n"
	  "BlockName=block1 Nodes=a,b\nBlockSizes=2,4\n"},
	 "NodeName=a,b,c,d" PROFILE
	 "BlockName=block2 Nodes=c,d\nBlockName=block1 Nodes=a,b\n"
	 "BlockSizes=2,4\n! a,b,c,d: " NO_US},
	{{PROBE("a", "") PROBE("b", ""), NULL, NULL,
	  "- topology: topo1\n  cluster_default: true\n  tree:\n"
	  "    switches:\n        - switch: S1\n          children: S2\n"
	  "        - switch: S2\n          nodes: a,b\n"},
	 "NodeName=a,b" PROFILE
	 "SwitchName=S2 Nodes=a,b\nSwitchName=S1 Switches=S2\n"
	 "! a,b: " NO_US},
	{{PROBE("a", "") PROBE("b", ""), NULL, NULL,
	  "---\n- topology: t\n  block:\n    block_sizes:\n        - 1\n"
	  "        - 2\n    blocks:\n        - block: block1\n"
	  "          nodes: a\n        - block: block2\n          nodes: b\n"},
	 "NodeName=a,b" PROFILE
	 "BlockName=block1 Nodes=a\nBlockName=block2 Nodes=b\nBlockSizes=1,2\n"
	 "! a,b: " NO_US},
	/* a fabric comes before what EC2 tells */
	{{PROBE("i-1", ""), PAGE(TRN2U("i-1", LEAF("x"), "")), NULL,
	  "SwitchName=S Nodes=i-1\n"},
	 "NodeName=i-1" PROFILE "SwitchName=S Nodes=i-1\n! i-1: " NO_US},
};

START_TEST(joined)
{
	neuron_error_t err = {""};
	inventory_t *inventory = _inventory(&described[_i].sources, &err);
	char *got;

	ck_assert_msg(inventory != NULL, "%s: got the error \"%s\"",
		      described[_i].sources.probes, err.text);
	got = _describe(inventory);
	ck_assert_msg(!strcmp(got, described[_i].wanted),
		      "%s: got\n%s\nwanted\n%s", described[_i].sources.probes,
		      got, described[_i].wanted);
	free(got);
	inventory_destroy(inventory);
}
END_TEST

#define NOT_JSON "this is not JSON: "
#define MIXED "; write the output of several tasks with srun --label"

static const struct {
	sources_t sources;
	int errnum;
	const char *text; /* NULL: any */
} refused[] = {
	/* probes that are none */
	{{"{", NULL, NULL, NULL},
	 EINVAL,
	 "p:1: " NOT_JSON "unexpected end of data" MIXED},
	{{PROBE("a", "") "\n]", NULL, NULL, NULL},
	 EINVAL,
	 "p:3: " NOT_JSON "unexpected character" MIXED},
	{{"[]", NULL, NULL, NULL},
	 EINVAL,
	 "p:1: the text is []; it must be an object"},
	{{"\n\nnull", NULL, NULL, NULL},
	 EINVAL,
	 "p:3: this is null; it must be an object" MIXED},
	{{"{}", NULL, NULL, NULL},
	 EINVAL,
	 "p:1: format is missing; it must be there"},
	{{"[[[[[[[[[[[[[[[[[[[[[[[[", NULL, NULL, NULL}, EINVAL, NULL},
	{{"{\"format\":\"neuron-topo-probe-9\",\"node\":\"a\"," BODY "}", NULL,
	  NULL, NULL},
	 EINVAL,
	 "p:1: format is \"neuron-topo-probe-9\"; it must be "
	 "\"neuron-topo-probe-1\", as neuron-topo probe --json of this version "
	 "writes it"},
	/* names that would break slurm.conf */
	{{PROBE("a b", ""), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: \"a b\" is no name of a node in slurm.conf; it must have letters, "
	 "digits and \"_-.\", and not be ALL or DEFAULT"},
	{{PROBE("a Nodes=ALL", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("a[1-99999999]", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("a,b", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("a#", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("../a", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("-a", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("a\\n", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("Default", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("ALL", ""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("", ""), NULL, NULL, NULL}, EINVAL, NULL},
	/* numbers and texts that are out of range */
	{{PROBE("a", ",\"lnc\":0"), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: lnc is 0; it must be a whole number from 1 to 8"},
	{{PROBE("a", ",\"lnc\":1.5"), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("a", ",\"lnc\":\"1\""), NULL, NULL, NULL}, EINVAL, NULL},
	{{PROBE("a", ",\"software\":[]"), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: software is []; it must be an object"},
	{{PROBE("a", ",\"software\":{\"driver\":\"2.x\"}"), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: software.driver is \"2.x\"; it must be a version such as 2.27.4.0"},
	{{PROBE("a", ",\"software\":{\"efa\":\"2\\n\"}"), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: software.efa is \"2\\n\"; it must be a text of 1 to 63 characters out of printable ASCII"},
	{{PROBE("a", ",\"software\":{\"runtime\":7}"), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: software.runtime is 7; it must be a text of 1 to 63 characters out of printable ASCII"},
	{{PROBE("a", ",\"memory_mib\":-1"), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: memory_mib is -1; it must be a whole number from 1 to "
	 "1073741824"},
	{{PROBE("a", ",\"memory_mib\":99999999999999999999"), NULL, NULL, NULL},
	 EINVAL,
	 NULL},
	{{PROBE("a", ",\"instance_id\":\"i-1 x\""), NULL, NULL, NULL},
	 EINVAL,
	 NULL},
	{{HEAD("a") "\"devices\":[{\"index\":64}],\"efas\":[]}", NULL, NULL,
	  NULL},
	 EINVAL,
	 "p:1: devices[0].index is 64; it must be a whole number from 0 to 63"},
	{{HEAD("a") "\"devices\":[{\"index\":1},{\"index\":1}],\"efas\":[]}",
	  NULL, NULL, NULL},
	 EINVAL,
	 "p:1: devices[1] is {\"index\":1}; it must be a device that is not "
	 "there yet"},
	{{HEAD("a") "\"devices\":[{}],\"efas\":[]}", NULL, NULL, NULL},
	 EINVAL,
	 "p:1: devices[0].index is missing; it must be there"},
	{{HEAD("a") "\"devices\":7,\"efas\":[]}", NULL, NULL, NULL},
	 EINVAL,
	 "p:1: devices is 7; it must be a list of 0 to 64 elements"},
	{{PROBE("a", US(SERVER("4", "00a0", "4"))), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: ultraserver.4.node_id is 4; it must be a whole number from 0 to "
	 "3"},
	{{PROBE("a", US(SERVER("2", "00a0", "2"))), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: ultraserver.2.node_id is 2; it must be a whole number from 0 to "
	 "1"},
	{{PROBE("a", US("\"4\":{\"server_id\":\"00a0\",\"node_id\":0}")), NULL,
	  NULL, NULL},
	 EINVAL,
	 "p:1: ultraserver.4.server_id is \"00a0\"; it must be a text of 16 to "
	 "16 characters out of 0123456789abcdef"},
	{{PROBE("a", ",\"ultraserver\":[]"), NULL, NULL, NULL},
	 EINVAL,
	 "p:1: ultraserver is []; it must be an object"},
	/* machines that are twice, or of no family */
	{{PROBE("a", "") "\n" PROBE("a", ""), NULL, NULL, NULL},
	 EEXIST,
	 "p:3: node a was reported at p:1 already; give one probe for each "
	 "node"},
	{{HEAD("a") "\"instance_type\":\"x9.metal\"," BODY "}", NULL, NULL,
	  NULL},
	 ENOENT,
	 "p:1: node a: no profile describes instance_type \"x9.metal\"; probe "
	 "it with --profile NAME, or add a profile"},
	{{HEAD("a") "\"profile\":\"x9.metal\"," BODY "}", NULL, NULL, NULL},
	 ENOENT,
	 NULL},
	/* labels */
	{{"0: {\n{\n", NULL, NULL, NULL},
	 EINVAL,
	 "p:2: the line has no label of a task; either all lines or none must "
	 "have one, as srun --label writes them"},
	{{"7: {\n8: {}\n", NULL, NULL, NULL},
	 EINVAL,
	 "p(task 7):2: " NOT_JSON "unexpected end of data" MIXED},
	{{"99999: {}\n", NULL, NULL, NULL}, EINVAL, NULL},

	/* UltraServers that cannot be */
	{{FOUR("a", "b", "c", "d") RING("e", "00a0", "0001", "0", "0"), NULL,
	  NULL, NULL},
	 EINVAL,
	 "5 nodes, among them a and e, have server_id_4 00000000000000a0; at "
	 "most 4 can, probe them again"},
	{{RING("a", "00a0", "00a0", "1", "0")
		  RING("b", "00a0", "00a0", "1", "1"),
	  NULL, NULL, NULL},
	 EINVAL,
	 "a and b both say that they are instance 1 of server_id_4 "
	 "00000000000000a0; probe them again"},
	{{RING("a", "00a0", "0001", "0", "0")
		  RING("b", "00a0", "0001", "1", "1")
			  RING("c", "00a0", "0001", "2", "0"),
	  NULL, NULL, NULL},
	 EINVAL,
	 "a, b and c have server_id_2 0000000000000001; at most 2 can, probe "
	 "them again"},
	{{RING("a", "00a0", "0001", "0", "0")
		  RING("b", "00b0", "0001", "1", "1"),
	  NULL, NULL, NULL},
	 EINVAL,
	 "a and b have server_id_2 0000000000000001, but server_id_4 "
	 "\"00000000000000a0\" and \"00000000000000b0\"; probe them again"},
	{{PROBE("a", US(SERVER("2", "00a0", "0")))
		  PROBE("b", US(SERVER("2", "00a0", "1")))
			  PROBE("c", US(SERVER("2", "00a0", "1"))),
	  NULL, NULL, NULL},
	 EINVAL,
	 "3 nodes, among them a and b, have server_id_2 00000000000000a0; at "
	 "most 2 can, probe them again"},
	{{RING("i-1", "00a0", "00a0", "0", "0")
		  RING("i-2", "00a0", "00a0", "1", "1"),
	  PAGE(TRN2U("i-1", LEAF("l"),
		     BLOCK("cb-1")) "," TRN2U("i-2", LEAF("l"), BLOCK("cb-2"))),
	  NULL, NULL},
	 EINVAL,
	 "i-1 and i-2 have server_id_4 00000000000000a0, but EC2 has them in "
	 "the capacity blocks cb-1 and cb-2; check which instance each node is"},
	{{RING("i-1", "00a0", "00a0", "0", "0")
		  RING("i-2", "00a0", "00a0", "1", "1"),
	  PAGE(TRN2U("i-1", LEAF("x"), "") "," TRN2U("i-2", LEAF("y"), "")),
	  NULL, NULL},
	 EINVAL,
	 "i-1 and i-2 have server_id_4 00000000000000a0, but are below the "
	 "switches x and y; check which instance each node is"},

	{{PROBE("a", US(SERVER("2", "00a0", "0")))
		  PROBE("b", US(SERVER("2", "00a0", "1"))),
	  NULL, NULL, "SwitchName=us-a Nodes=a,b\n"},
	 EEXIST,
	 "us-a is a switch, and the name that the UltraServer of a would get; "
	 "give the switch another"},

	/* EC2 */
	{{PROBE("a", ""), "{}", NULL, NULL},
	 EINVAL,
	 "e:1: Instances is missing; it must be there"},
	{{PROBE("a", ""), "{\"Instances\":{}}", NULL, NULL},
	 EINVAL,
	 "e:1: Instances is {}; it must be a list of 0 to 262144 elements"},
	{{PROBE("a", ""), PAGE("{\"InstanceId\":\"i-1\"}"), NULL, NULL},
	 EINVAL,
	 "e:1: Instances[0].InstanceType is missing; it must be there"},
	{{PROBE("a", ""), PAGE(TRN2U("i-1", "[\"a b\"]", "")), NULL, NULL},
	 EINVAL,
	 NULL},
	{{PROBE("a", ""), PAGE(TRN2U("i-1", "[\"x\",\"x\"]", "")), NULL, NULL},
	 EINVAL,
	 "e:1: Instances[0].NetworkNodes[1] is \"x\"; it must be a network node "
	 "that is not in the list yet"},
	{{PROBE("a", ""),
	  PAGE(TRN2U("i-1",
		     "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]",
		     "")),
	  NULL, NULL},
	 EINVAL,
	 NULL},
	{{PROBE("a", ""),
	  PAGE(TRN2U("i-1", LEAF("x"), "")) "\n" PAGE(
		  TRN2U("i-1", LEAF("y"), "")),
	  NULL, NULL},
	 EEXIST,
	 "e:2: i-1 is told of at e:1 otherwise; give the answers of one "
	 "moment"},
	{{PROBE("i-1", "") PROBE("i-2", ""),
	  PAGE(TRN2U("i-1", "[\"a\",\"x\"]",
		     "") "," TRN2U("i-2", "[\"b\",\"x\"]", "")),
	  NULL, NULL},
	 EINVAL,
	 "e:1: x is below b here and below a for another instance; give the "
	 "answers of one moment"},
	{{PROBE("i-1", "") PROBE("i-2", ""),
	  PAGE(TRN2U("i-1", "[\"a\",\"b\"]",
		     "") "," TRN2U("i-2", "[\"b\",\"a\"]", "")),
	  NULL, NULL},
	 EINVAL,
	 "a is above itself in what EC2 tells; give the answers of one moment"},
	{{HEAD("i-1") "\"instance_type\":\"trn2u.48xlarge\"," BODY "}",
	  PAGE(INSTANCE("i-1", "trn2.48xlarge", "[]", "")), NULL, NULL},
	 EINVAL,
	 "e:1: i-1 is a trn2.48xlarge, but node i-1 (p:1) with that id is a "
	 "trn2u.48xlarge; correct what is out of date"},
	{{PROBE("a", ID("i-1")) PROBE("b", ID("i-1")),
	  PAGE(TRN2U("i-1", LEAF("x"), "")), NULL, NULL},
	 EEXIST,
	 "p:2: a and b are both i-1; a map with one line for each node says "
	 "which is"},

	/* the map */
	{{PROBE("a", ID("i-1")), NULL, "a i-2\n", NULL},
	 EINVAL,
	 "m:1: a is i-2, but p:1 says that it is i-1; correct the line or probe "
	 "the node again"},
	{{PROBE("a", ""), NULL, "\na i-2\na i-2\n", NULL},
	 EEXIST,
	 "m:3: a stands at m:2 already; name each node once"},
	{{PROBE("a", ""), NULL, "a\n", NULL},
	 EINVAL,
	 "m:1: a : a line must be a node and its instance, for example trn1 "
	 "i-0123456789abcdef0"},
	{{PROBE("a", ""), NULL, "a i-1 x\n", NULL}, EINVAL, NULL},
	{{PROBE("a", ""), NULL, "i-1 a\n", NULL}, EINVAL, NULL},
	{{PROBE("a", ""), NULL, "a i-1;x\n", NULL}, EINVAL, NULL},
	{{PROBE("a", ""), NULL, "a=b i-1\n", NULL}, EINVAL, NULL},
	{{PROBE("a", ""), NULL, "a\001 i-1\n", NULL},
	 EINVAL,
	 "m:1: \"a?\" is no name of a node in slurm.conf; it must have letters, "
	 "digits and \"_-.\", and not be ALL or DEFAULT"},

	/* fabrics */
	{{PROBE("a", ""), NULL, NULL, "SwitchName=a\n"}, EINVAL, NULL},
	{{PROBE("a", ""), NULL, NULL, "SwitchName=x Nodes=a Colour=red\n"},
	 EINVAL,
	 NULL},
	{{PROBE("a", ""), NULL, NULL, "- topology: t\n  flat: true\n"},
	 ENOTSUP,
	 "f:2: flat: needs no file; set TopologyParam=neuron_base=flat in "
	 "slurm.conf"},
	{{PROBE("a", ""), NULL, NULL, "- topology: t\n  torus3d:\n"},
	 ENOTSUP,
	 NULL},
	{{PROBE("a", ""), NULL, NULL,
	  "- topology: t\n  tree:\n    switches:\n    - switch: x\n"
	  "      nodes: a\n- topology: u\n"},
	 EINVAL,
	 "f:6: u: this is a second topology; topology/neuron has one for all "
	 "partitions"},
	{{PROBE("a", ""), NULL, NULL, "- topology: t\n  nodes: a\n"},
	 EINVAL,
	 "f:2: a: no switch or block was named before"},
	{{PROBE("a", ""), NULL, NULL,
	  "- topology: t\n  tree:\n    switches:\n    - switch: x Nodes=b\n"},
	 EINVAL,
	 "f:4: x Nodes=b: a name or a list of hosts must stand here"},
	{{PROBE("a", ""), NULL, NULL, "- topology: t\n"},
	 EINVAL,
	 "f: names no switch and no block"},
	{{PROBE("a", ""), NULL, NULL, "- topology: t\n  trees: x\n"},
	 EINVAL,
	 NULL},
	{{PROBE("a", ""), NULL, NULL,
	  "- topology: t\n  block:\n    block_sizes: 16\n"},
	 EINVAL,
	 "f:3: 16: a list like [16, 32] must stand here"},
};

START_TEST(not_joined)
{
	const char *what = refused[_i].text ? refused[_i].text : "(any)";
	neuron_error_t err = {""};
	inventory_t *inventory;

	errno = 0;
	inventory = _inventory(&refused[_i].sources, &err);
	ck_assert_msg(!inventory, "%s: it was taken, wanted %s",
		      refused[_i].sources.probes, what);
	ck_assert_msg(errno == refused[_i].errnum,
		      "%s: got errno %d (%s), wanted %d", what, errno, err.text,
		      refused[_i].errnum);
	ck_assert_msg(err.text[0] && !strchr(err.text, '\n'),
		      "%s: got \"%s\", wanted one sentence", what, err.text);
	if (refused[_i].text)
		ck_assert_str_eq(err.text, refused[_i].text);
}
END_TEST

/* All parts at once */
static const sources_t full = {
	FOUR("a", "b", "c", "d") PROBE("i-5", ",\"memory_mib\":5"),
	PAGE(TRN2U("i-5", LEAF("x"), ZONE("z") BLOCK("cb-1")) "," TRN2U(
		"i-1", "[\"u\",\"y\"]", ZONE("z"))),
	"e i-1\n", NULL};
static const sources_t with_fabric = {
	PROBE("a", "") PROBE("b", ""), NULL, NULL,
	"- topology: t\n  tree:\n    switches:\n    - switch: x\n"
	"      nodes: a,b\n"};

START_TEST(no_memory)
{
	const sources_t *sources = _i ? &with_fabric : &full;
	inventory_t *inventory = NULL;
	long n;

	/* the parser has no answer to each failure inside json-c */
	for (n = 0; !inventory && n < 5000; n++) {
		neuron_error_t err = {""};

		failing_malloc_after(n);
		errno = 0;
		inventory = _inventory(sources, &err);
		failing_malloc_after(-1);
		ck_assert_msg(inventory || err.text[0], "%ld: no sentence", n);
	}
	ck_assert(inventory != NULL && n > 20);
	inventory_destroy(inventory);
}
END_TEST

START_TEST(texts_without_memory)
{
	neuron_error_t err = {""};
	inventory_t *inventory = _inventory(&full, &err);
	generate_t source = {.inventory = inventory,
			     .fold = _fold,
			     .partition = "p",
			     .neuron_conf = "Root=/x\n",
			     .gres_conf = "Name=gpu\n"};
	char *text = NULL;

	ck_assert_msg(inventory != NULL, "%s", err.text);
	for (long n = 0; !text && n < 1000; n++) {
		failing_malloc_after(n);
		errno = 0;
		text = generate_text(&source, _i, &err);
		failing_malloc_after(-1);
		ck_assert_msg(text || errno == ENOMEM, "%ld: errno %d", n,
			      errno);
	}
	ck_assert(text != NULL);
	free(text);
	inventory_destroy(inventory);
}
END_TEST

/* Bytes of good sources replaced by others: an answer, and never a crash */
START_TEST(changed_bytes)
{
	static const char bytes[] = "{}[]\",:0-9a \n\\#=\001";
	const char *const texts[] = {full.probes, full.ec2, full.map,
				     with_fabric.fabric};

	sample_seed((uint64_t) _i);
	for (int round = 0; round < 100; round++) {
		char *copies[4];
		sources_t sources;
		neuron_error_t err = {""};
		inventory_t *inventory;

		for (int i = 0; i < 4; i++) {
			uint32_t length = (uint32_t) strlen(texts[i]);

			copies[i] = strdup(texts[i]);
			for (uint32_t k = sample_random(4); k; k--)
				copies[i][sample_random(length)] =
					bytes[sample_random(sizeof(bytes) - 1)];
		}
		sources = (sources_t){copies[0], copies[1], copies[2],
				      sample_random(2) ? copies[3] : NULL};
		inventory = _inventory(&sources, &err);
		ck_assert_msg(inventory || err.text[0], "no sentence");
		if (inventory)
			free(_describe(inventory));
		inventory_destroy(inventory);
		for (int i = 0; i < 4; i++)
			free(copies[i]);
	}
}
END_TEST

START_TEST(null_bytes)
{
	static const char text[] = "{}\0{}";
	inventory_t *inventory = inventory_create(catalog, NULL);
	neuron_error_t err = {""};

	ck_assert_int_eq(inventory_add_probes(inventory, text, 5, "p", &err),
			 -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "null byte"));
	ck_assert_int_eq(inventory_add_ec2(inventory, text, 5, "e", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "null byte"));
	inventory_destroy(inventory);
	inventory_destroy(NULL);
}
END_TEST

/*
 * Names
 */

START_TEST(names_in_order)
{
	static const char *const sorted[] = {
		"a",
		"a-1",
		"a-2",
		"a-10",
		"a1",
		"a01",
		"a1b",
		"a2",
		"a10",
		"a10b",
		"a99999999999999999998",
		"a99999999999999999999",
		"b",
	};

	for (int i = 0; i < COUNT(sorted); i++) {
		for (int j = 0; j < COUNT(sorted); j++) {
			int order = names_compare(sorted[i], sorted[j]);
			/* equal numbers: by strcmp() */
			if ((i == 4 && j == 5) || (i == 5 && j == 4))
				continue;
			ck_assert_msg(
				(order > 0) - (order < 0) == (i > j) - (i < j),
				"%s, %s: got %d", sorted[i], sorted[j], order);
		}
	}
	ck_assert_int_ne(names_compare("a1", "a01"), 0);
}
END_TEST

START_TEST(names_found)
{
	names_t *names = names_create();
	char name[16];

	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		ck_assert_uint_eq(names_add(names, name), i);
		ck_assert_uint_eq(names_add(names, name), i);
	}
	ck_assert_uint_eq(names_count(names), 1000);
	ck_assert_uint_eq(names_find(names, "n777"), 777);
	ck_assert_uint_eq(names_find(names, "n1000"), NAMES_NONE);
	ck_assert_str_eq(names_at(names, 42), "n42");
	ck_assert_ptr_null(names_at(names, 1000));
	names_destroy(names);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("inventory");
	TCase *tcase = tcase_create("inventory");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, joined, 0, COUNT(described));
	tcase_add_loop_test(tcase, not_joined, 0, COUNT(refused));
	tcase_add_loop_test(tcase, no_memory, 0, 2);
	tcase_add_loop_test(tcase, texts_without_memory, 0, GENERATE_FILES);
	tcase_add_loop_test(tcase, changed_bytes, 0, 20);
	tcase_add_test(tcase, null_bytes);
	tcase_add_test(tcase, names_in_order);
	tcase_add_test(tcase, names_found);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	const char *srcdir = getenv("srcdir");
	SRunner *runner = srunner_create(_suite());
	neuron_error_t err;
	char path[512];
	int failed;

	snprintf(path, sizeof(path), "%s/../../etc/profiles",
		 srcdir ? srcdir : ".");
	catalog = catalog_read(path, &err);
	if (!catalog) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	catalog_destroy(catalog);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
