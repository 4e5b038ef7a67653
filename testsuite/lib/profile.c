/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog.h"
#include "failing_malloc.h"
#include "profile.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define TEXT_MAX 8192
#define PATH_MAX_LENGTH 1024

/*
 * A small machine, from which rows differ by one edit: a chain of three
 * devices, the first two share an EFA interface
 */
static const char base[] =
	"{\n"
	"\"format\": 1,\n"
	"\"name\": \"small\",\n"
	"\"type\": \"toy1\",\n"
	"\"instances\": [\"toy.1xlarge\"],\n"
	"\"sources\": [\"a test\"],\n"
	"\"unknown\": [],\n"
	"\"device\": {\"name\": \"Toy\", \"arch_type\": \"NDv9\", "
	"\"instance_type\": \"Toy1\", \"pci_id\": \"0x7364\", "
	"\"cores\": 8, \"memory_mib\": 1024},\n"
	"\"efa_pci_id\": \"0xefa2\",\n"
	"\"lnc\": {\"legal\": [1, 2], \"default\": 2},\n"
	"\"cpu\": {\"cpus\": 8, \"threads_per_core\": 2, \"sockets\": 2, "
	"\"numa\": [\"0-1,4-5\", \"2-3,6-7\"]},\n"
	"\"host_memory_mib\": 4096,\n"
	"\"documented_sizes\": [1, 3],\n"
	"\"ultraserver_size\": 1,\n"
	"\"link_gb_per_s\": 10,\n"
	"\"devices\": [\n"
	"{\"bdf\": \"0000:0a:00.0\", \"numa\": 0, \"efa\": \"0000:0b:00.0\", "
	"\"links\": [1]},\n"
	"{\"bdf\": \"0000:0c:00.0\", \"numa\": 1, \"efa\": \"0000:0b:00.0\", "
	"\"links\": [0, 2]},\n"
	"{\"bdf\": null, \"numa\": 1, \"efa\": \"0000:09:00.0\", "
	"\"links\": [1]}\n"
	"]}\n";

/* Replace the first occurrence of a piece */
static void _edit(char *text, size_t size, const char *from, const char *to)
{
	const char *at = strstr(base, from);

	ck_assert_msg(at, "\"%s\" is not in the base text", from);
	ck_assert_int_lt(snprintf(text, size, "%.*s%s%s", (int) (at - base),
				  base, to, at + strlen(from)),
			 (int) size);
}

static profile_t *_small(void)
{
	neuron_error_t err = {""};
	profile_t *profile = profile_decode(base, "small.json", &err);

	ck_assert_msg(profile, "got the error \"%s\"", err.text);
	return profile;
}

/*
 * PCI addresses
 */

static const struct {
	const char *text;
	const char *encoded;
} good_addresses[] = {
	{"0000:cc:00.0", "0000:cc:00.0"}, {"cc:00.0", "0000:cc:00.0"},
	{"0001:A0:1f.7", "0001:a0:1f.7"}, {"ffff:ff:1F.7", "ffff:ff:1f.7"},
	{"10:1a.0", "0000:10:1a.0"},
};

START_TEST(address_good)
{
	const char *wanted = good_addresses[_i].encoded;
	char buf[PCI_ADDRESS_TEXT_MAX];
	pci_address_t address;

	ck_assert_int_eq(pci_address_decode(good_addresses[_i].text, &address),
			 0);
	ck_assert_int_eq(pci_address_encode(&address, buf, sizeof(buf)),
			 (int) strlen(wanted));
	ck_assert_str_eq(buf, wanted);
	ck_assert_int_eq(pci_address_encode(&address, buf, strlen(wanted)), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

static const char *const bad_addresses[] = {
	"",
	"cc",
	"cc:00",
	"cc:00.",
	"cc:00.8",
	"cc:20.0",
	"cc:0.0",
	"c:00.0",
	"ccc:00.0",
	"000:cc:00.0",
	"00000:cc:00.0",
	"0000:cc:00.0 ",
	" 0000:cc:00.0",
	"0000:cc:00.00",
	"0000:cc:00:0",
	"0000.cc.00.0",
	"0000:gg:00.0",
	"0000:cc:00.0\n",
	"0x00:cc:00.0",
	"-000:cc:00.0",
	"0000:cc:00.0000:cc:00.0",
};

START_TEST(address_bad)
{
	pci_address_t address = {1, 2, 3, 4};

	errno = 0;
	ck_assert_msg(pci_address_decode(bad_addresses[_i], &address) == -1,
		      "\"%s\": accepted", bad_addresses[_i]);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert(address.domain == 1 && address.bus == 2 &&
		  address.device == 3 && address.function == 4);
}
END_TEST

START_TEST(address_order)
{
	static const char *const order[] = {
		"0000:00:00.0", "0000:00:00.1", "0000:00:01.0", "0000:01:00.0",
		"0000:10:1f.7", "0000:a0:00.0", "0001:00:00.0",
	};

	for (int i = 0; i < COUNT(order); i++) {
		for (int j = 0; j < COUNT(order); j++) {
			pci_address_t a, b;
			int got;

			ck_assert_int_eq(pci_address_decode(order[i], &a), 0);
			ck_assert_int_eq(pci_address_decode(order[j], &b), 0);
			got = pci_address_compare(&a, &b);
			ck_assert_msg(
				(got > 0) - (got < 0) == (i > j) - (i < j),
				"%s with %s: got %d", order[i], order[j], got);
		}
	}
}
END_TEST

/*
 * Refusals
 */

#define MUST "x.json: "
#define CHIP_KEYS "name, arch_type, instance_type, pci_id, cores, memory_mib"
#define LETTERS \
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_"

static const struct {
	const char *from;
	const char *to;
	const char *error;
} broken[] = {
	/* No JSON, with the line of the place where reading stopped */
	{"\"format\": 1,", "\"format\": 1",
	 "x.json:3: this is not JSON: object value separator ',' "
	 "expected"},
	{"\n]}\n", "\n]",
	 "x.json:20: this is not JSON: unexpected end of data"},
	{"\n]}\n", "\n]} {}",
	 "x.json:20: this is not JSON: unexpected character"},
	{"\n]}\n", "\n]}}",
	 "x.json:20: this is not JSON: unexpected character"},
	{"\"cores\": 8", "\"cores\": 08",
	 "x.json:8: this is not JSON: number expected"},
	{"\"unknown\": []", "\"unknown\": [[[[[[[[[[[]]]]]]]]]]]",
	 "x.json:7: this is not JSON: nesting too deep"},
	{"\"type\": \"toy1\"", "\"type\": \"to\xff\"",
	 "x.json:4: this is not JSON: invalid utf-8 string"},
	{"\"type\"", "type",
	 "x.json:4: this is not JSON: quoted object property name "
	 "expected"},
	{"\"type\": \"toy1\",", "// \"type\"",
	 "x.json:4: this is not JSON: quoted object property name "
	 "expected"},

	/* Keys */
	{"\"format\": 1,", "", MUST "format is missing; it must be there"},
	{"\"format\": 1", "\"format\": 2",
	 MUST "format is 2; it must be a whole number from 1 to 1"},
	{"\"type\"", "\"Type\"",
	 MUST "Type is not a key; the keys here are format, name, type, "
	      "instances, sources, unknown, device, efa_pci_id, efa_gbps, lnc, cpu, "
	      "host_memory_mib, documented_sizes, ultraserver_size, "
	      "link_gb_per_s, devices"},
	{"\"cores\"", "\"core\"",
	 MUST "device.core is not a key; the keys here are " CHIP_KEYS},
	{"\"cores\"", "\"co\\n\\u001b\xc3\xa9\"",
	 MUST "device.co???? is not a key; the keys here are " CHIP_KEYS},
	{"\"sockets\": 2, ", "",
	 MUST "cpu.sockets is missing; it must be there"},
	{"\"links\": [0, 2]", "\"link\": [0, 2]",
	 MUST "devices[1].link is not a key; the keys here are bdf, numa, "
	      "efa, links, link_gb_per_s, driver_links"},
	{", \"links\": [0, 2]", "",
	 MUST "devices[1].links is missing; it must be there"},
	{"\"bdf\": null, ", "",
	 MUST "devices[2].bdf is missing; it must be there"},

	/* Types and ranges */
	{"\"small\"", "5",
	 MUST "name is 5; it must be a text of 1 to 63 characters out "
	      "of " LETTERS},
	{"\"small\"", "\"a/b\"",
	 MUST "name is \"a\\/b\"; it must be a text of 1 to 63 characters "
	      "out of " LETTERS},
	{"\"small\"", "\"\"",
	 MUST "name is \"\"; it must be a text of 1 to 63 characters out "
	      "of " LETTERS},
	{"\"small\"", "\"a\\u0000b\"",
	 MUST "name is \"a\\u0000b\"; it must be a text of 1 to 63 "
	      "characters out of " LETTERS},
	{"\"small\"", "null",
	 MUST "name is null; it must be a text of 1 to 63 characters out "
	      "of " LETTERS},
	{"\"toy1\"", "\"Toy\"",
	 MUST "type is \"Toy\"; it must be a text of 1 to 31 characters out "
	      "of abcdefghijklmnopqrstuvwxyz0123456789"},
	{"\"toy1\"", "\"1toy\"",
	 MUST "type is \"1toy\"; it must start with a letter"},
	{"[\"toy.1xlarge\"]", "\"toy.1xlarge\"",
	 MUST "instances is \"toy.1xlarge\"; it must be a list of 0 to 16 "
	      "elements"},
	{"[\"toy.1xlarge\"]", "[\"toy 1\"]",
	 MUST "instances[0] is \"toy 1\"; it must be a text of 1 to 63 "
	      "characters out of " LETTERS},
	{"[\"a test\"]", "[]",
	 MUST "sources is []; it must be a list of 1 to 64 elements"},
	{"[\"a test\"]", "[7]",
	 MUST "sources[0] is 7; it must be a text of 1 to 500 characters out "
	      "of printable ASCII"},
	{"\"unknown\": []", "\"unknown\": [\"\\n\"]",
	 MUST "unknown[0] is \"\\n\"; it must be a text of 1 to 500 "
	      "characters out of printable ASCII"},
	{"\"0x7364\"", "29540",
	 MUST "device.pci_id is 29540; it must be a text such as "
	      "\"0x7364\", or null"},
	{"\"0x7364\"", "\"0x736\"",
	 MUST "device.pci_id is \"0x736\"; it must be a text such as "
	      "\"0x7364\", or null"},
	{"\"0x7364\"", "\"0x0000\"",
	 MUST "device.pci_id is \"0x0000\"; it must be a text such as "
	      "\"0x7364\", or null"},
	{"\"0xefa2\"", "\"efa2\"",
	 MUST "efa_pci_id is \"efa2\"; it must be a text such as \"0x7364\", "
	      "or null"},
	{"\"cores\": 8", "\"cores\": 0",
	 MUST "device.cores is 0; it must be a whole number from 1 to 64"},
	{"\"cores\": 8", "\"cores\": 65",
	 MUST "device.cores is 65; it must be a whole number from 1 to 64"},
	{"\"cores\": 8", "\"cores\": -8",
	 MUST "device.cores is -8; it must be a whole number from 1 to 64"},
	{"\"cores\": 8", "\"cores\": 8.0",
	 MUST "device.cores is 8.0; it must be a whole number from 1 to 64"},
	{"\"cores\": 8", "\"cores\": \"8\"",
	 MUST "device.cores is \"8\"; it must be a whole number from 1 to "
	      "64"},
	{"\"cores\": 8", "\"cores\": true",
	 MUST "device.cores is true; it must be a whole number from 1 to 64"},
	{"\"cores\": 8", "\"cores\": null",
	 MUST "device.cores is null; it must be a whole number from 1 to 64"},
	{"\"cores\": 8", "\"cores\": 4294967304",
	 MUST "device.cores is 4294967304; it must be a whole number from 1 "
	      "to 64"},
	{"\"memory_mib\": 1024", "\"memory_mib\": 67108865",
	 MUST "device.memory_mib is 67108865; it must be a whole number from "
	      "1 to 67108864"},
	{"\"host_memory_mib\": 4096", "\"host_memory_mib\": 0",
	 MUST "host_memory_mib is 0; it must be a whole number from 1 to "
	      "67108864"},
	{"\"ultraserver_size\": 1", "\"ultraserver_size\": 65",
	 MUST "ultraserver_size is 65; it must be a whole number from 1 to "
	      "64"},
	{"\"link_gb_per_s\": 10", "\"link_gb_per_s\": 0",
	 MUST "link_gb_per_s is 0; it must be a whole number from 1 to "
	      "1000000"},
	{"{\"legal\": [1, 2], \"default\": 2}", "[1, 2]",
	 MUST "lnc is [1,2]; it must be an object"},

	/* LNC and sizes */
	{"\"legal\": [1, 2]", "\"legal\": []",
	 MUST "lnc.default is 2; it must be one of lnc.legal"},
	{"\"legal\": [1, 2]", "\"legal\": [2, 3]",
	 MUST "lnc.legal[1] is 3; it must divide device.cores, which is 8"},
	{"\"legal\": [1, 2]", "\"legal\": [2, 2]",
	 MUST "lnc.legal is [2,2]; it must be a list without repetitions"},
	{"\"legal\": [1, 2]", "\"legal\": [0]",
	 MUST "lnc.legal[0] is 0; it must be a whole number from 1 to 64"},
	{"\"default\": 2", "\"default\": 4",
	 MUST "lnc.default is 4; it must be one of lnc.legal"},
	{"[1, 3]", "[1, 4]",
	 MUST "documented_sizes[1] is 4; it must be at most 3, the number of "
	      "devices"},
	{"[1, 3]", "[0]",
	 MUST "documented_sizes[0] is 0; it must be a whole number from 1 to "
	      "16"},
	{"[1, 3]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
	 MUST "documented_sizes is [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]; it "
	      "must be a list of 0 to 16 elements"},

	/* CPUs */
	{"\"cpus\": 8", "\"cpus\": 4097",
	 MUST "cpu.cpus is 4097; it must be a whole number from 1 to 4096"},
	{"\"cpus\": 8", "\"cpus\": 9",
	 MUST "cpu.cpus is 9; it must be a multiple of 4, which is sockets "
	      "times threads_per_core"},
	{"\"cpus\": 8", "\"cpus\": 12",
	 MUST "cpu.numa lists 8 CPUs; it must list all 12 of cpu.cpus"},
	{"\"cpus\": 8", "\"cpus\": 4",
	 MUST "cpu.numa[0] is \"0-1,4-5\"; it must be a list such as "
	      "0-47,96-143 of CPUs below cpu.cpus"},
	{"\"2-3,6-7\"", "\"2-3,5-7\"",
	 MUST "cpu.numa[1] is \"2-3,5-7\"; it must be a list of CPUs that no "
	      "other range or node has"},
	{"\"2-3,6-7\"", "\"2-3,6-7,2\"",
	 MUST "cpu.numa[1] is \"2-3,6-7,2\"; it must be a list of CPUs that "
	      "no other range or node has"},
	{"\"2-3,6-7\"", "\"3-2,6-7\"",
	 MUST "cpu.numa[1] is \"3-2,6-7\"; it must be a list of ascending "
	      "ranges"},
	{"\"2-3,6-7\"", "\"2-3,6-7,\"",
	 MUST "cpu.numa[1] is \"2-3,6-7,\"; it must be a list such as "
	      "0-47,96-143 of CPUs below cpu.cpus"},
	{"\"2-3,6-7\"", "\"2-3-6,7\"",
	 MUST "cpu.numa[1] is \"2-3-6,7\"; it must be a list such as "
	      "0-47,96-143"},
	{"\"2-3,6-7\"", "\"2-3,6-4294967303\"",
	 MUST "cpu.numa[1] is \"2-3,6-4294967303\"; it must be a list such "
	      "as 0-47,96-143 of CPUs below cpu.cpus"},
	{"\"2-3,6-7\"", "\"2-3 6-7\"",
	 MUST "cpu.numa[1] is \"2-3 6-7\"; it must be a text of 1 to 255 "
	      "characters out of 0123456789,-"},
	{"[\"0-1,4-5\", \"2-3,6-7\"]", "[]",
	 MUST "cpu.numa is []; it must be a list of 1 to 16 elements"},
	{"[\"0-1,4-5\", \"2-3,6-7\"]", "null",
	 MUST "devices[0].numa is 0, but cpu.numa is null; it must be null "
	      "too"},
	{"\"numa\": 0", "\"numa\": 2",
	 MUST "devices[0].numa is 2; cpu.numa has the nodes 0 to 1"},
	{"\"numa\": 0", "\"numa\": -1",
	 MUST "devices[0].numa is -1; it must be a whole number from 0 to "
	      "15"},

	/* Links */
	{"[0, 2]", "[0, 3]",
	 MUST "devices[1].links names device 3; devices are 0 to 2"},
	{"[0, 2]", "[0, 16]",
	 MUST "devices[1].links[1] is 16; it must be a whole number from 0 "
	      "to 15"},
	{"[0, 2]", "[0, 1]",
	 MUST "devices[1].links names device 1 itself; links join two "
	      "devices"},
	{"[0, 2]", "[2, 2]",
	 MUST "devices[1].links is [2,2]; it must be a list without "
	      "repetitions"},
	{"[0, 2]", "[0]",
	 MUST "devices[2].links names device 1, but devices[1].links does "
	      "not name 2; links go both ways"},
	{"[0, 2]", "[0, \"2\"]",
	 MUST "devices[1].links[1] is \"2\"; it must be a whole number from "
	      "0 to 15"},
	{"[0, 2]", "[0, 2], \"link_gb_per_s\": [10]",
	 MUST "devices[1].link_gb_per_s has 1 elements; it must have 2, one "
	      "for each link"},
	{"[0, 2]", "[0, 2], \"link_gb_per_s\": [10, 20]",
	 MUST "devices[1].link_gb_per_s and devices[2].link_gb_per_s differ "
	      "for the link between them; they must agree"},
	{"[0, 2]", "[0, 2], \"link_gb_per_s\": [0, 10]",
	 MUST "devices[1].link_gb_per_s[0] is 0; it must be a whole number "
	      "from 1 to 1000000"},
	{"[0, 2]", "[0, 2], \"driver_links\": [3]",
	 MUST "devices[1].driver_links names device 3; devices are 0 to 2"},
	{"[0, 2]", "[0, 2], \"driver_links\": [1]",
	 MUST "devices[1].driver_links names device 1 itself; links join two "
	      "devices"},

	/* PCI addresses and EFA interfaces */
	{"\"0000:0c:00.0\"", "\"0000:0c:00\"",
	 MUST "devices[1].bdf is \"0000:0c:00\"; it must be a PCI address "
	      "such as \"0000:cc:00.0\", or null"},
	{"\"0000:0c:00.0\"", "3",
	 MUST "devices[1].bdf is 3; it must be a PCI address such as "
	      "\"0000:cc:00.0\", or null"},
	{"\"0000:0c:00.0\"", "\"0a:00.0\"",
	 MUST "devices[1].bdf is \"0000:0a:00.0\", as is devices[0].bdf; PCI "
	      "addresses are unique"},
	{"\"0000:0c:00.0\"", "\"0000:0b:00.0\"",
	 MUST "devices[1].bdf is \"0000:0b:00.0\", as is devices[0].efa; PCI "
	      "addresses are unique"},
	{"\"0000:09:00.0\"", "\"9\"",
	 MUST "devices[2].efa is \"9\"; it must be a PCI address such as "
	      "\"0000:c9:00.0\", a number, or null"},
	{"\"0000:09:00.0\"", "true",
	 MUST "devices[2].efa is true; it must be a PCI address such as "
	      "\"0000:c9:00.0\", a number, or null"},
	{"\"0000:09:00.0\"", "16",
	 MUST "devices[2].efa is 16; it must be a whole number from 0 to "
	      "15"},
	{"\"0000:09:00.0\"", "1",
	 MUST "devices[2].efa is a number, others are PCI addresses; all "
	      "must be of one kind"},
	{"\"efa\": \"0000:0b:00.0\"", "\"efa\": 1",
	 MUST "devices[0].efa is 1; it must be at most 0, for interfaces are "
	      "numbered by the lowest device that they serve"},
	{"\"efa\": \"0000:0b:00.0\"", "\"efa\": 0",
	 MUST "devices[1].efa is a PCI address, others are numbers; all must "
	      "be of one kind"},

	/* Devices */
	{"{\"bdf\": null, \"numa\": 1, \"efa\": \"0000:09:00.0\", "
	 "\"links\": [1]}",
	 "7", MUST "devices[2] is 7; it must be an object"},
	{"{\"bdf\": null, \"numa\": 1, \"efa\": \"0000:09:00.0\", "
	 "\"links\": [1]}",
	 "null", MUST "devices[2] is null; it must be an object"},
};

START_TEST(decode_broken)
{
	char text[TEXT_MAX];
	neuron_error_t err = {""};

	_edit(text, sizeof(text), broken[_i].from, broken[_i].to);
	errno = 0;
	ck_assert_msg(!profile_decode(text, "x.json", &err),
		      "%s instead of %s: accepted", broken[_i].to,
		      broken[_i].from);
	ck_assert_msg(errno == EINVAL, "%s: got errno %d", broken[_i].to,
		      errno);
	ck_assert_msg(!strcmp(err.text, broken[_i].error),
		      "%s instead of %s\ngot    \"%s\"\nwanted \"%s\"",
		      broken[_i].to, broken[_i].from, err.text,
		      broken[_i].error);
	ck_assert_ptr_null(profile_decode(text, "x.json", NULL));
}
END_TEST

/* 8 above 2^64: json-c 0.16 takes it as the largest number, 0.18 refuses it */
START_TEST(decode_huge_number)
{
	char text[TEXT_MAX];
	neuron_error_t err = {""};

	_edit(text, sizeof(text), "\"cores\": 8",
	      "\"cores\": 18446744073709551624");
	errno = 0;
	ck_assert_ptr_null(profile_decode(text, "x.json", &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(
		!strcmp(err.text, MUST "device.cores is 18446744073709551615; "
				       "it must be a whole number from 1 to "
				       "64") ||
			!strcmp(err.text, "x.json:8: this is not JSON: number "
					  "expected"),
		"got \"%s\"", err.text);
}
END_TEST

static const struct {
	const char *text;
	const char *error;
} no_profiles[] = {
	{"", "x.json:1: this is not JSON: unexpected end of data"},
	{"\n\n", "x.json:3: this is not JSON: unexpected end of data"},
	{"null", "x.json: the text is null; it must be an object"},
	{"[]", "x.json: the text is []; it must be an object"},
	{"7", "x.json: the text is 7; it must be an object"},
	{"\"a\"", "x.json: the text is \"a\"; it must be an object"},
	{"{}", "x.json: format is missing; it must be there"},
	{"{\"devices\": []}",
	 "x.json: devices is []; it must be a list of 1 to 16 elements"},
	{"{\"devices\": "
	 "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
	 "\"as long a value as must be cut in a sentence, so that it ends\"]}",
	 "x.json: devices is [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,\"as long a "
	 "value as must be cut in a sentence, ...; it must be a list of 1 to "
	 "16 elements"},
};

START_TEST(decode_no_profile)
{
	neuron_error_t err = {""};

	errno = 0;
	ck_assert_ptr_null(
		profile_decode(no_profiles[_i].text, "x.json", &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, no_profiles[_i].error);
}
END_TEST

START_TEST(decode_too_big)
{
	const size_t size = PROFILE_FILE_MAX + 2;
	char *text = malloc(size);
	neuron_error_t err = {""};
	profile_t *profile;

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', size - 1);
	text[size - 1] = '\0';
	ck_assert_ptr_null(profile_decode(text, "x.json", &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "x.json: the text has more than 262144 "
				   "bytes; a profile is smaller");
	memcpy(text, base, strlen(base));
	text[size - 2] = '\0';
	profile = profile_decode(text, "x.json", &err);
	ck_assert_msg(profile, "got \"%s\"", err.text);
	profile_destroy(profile);
	free(text);
}
END_TEST

/* Whatever one changed byte makes of a profile: a refusal or a sound one */
START_TEST(decode_changed)
{
	static const char changes[] = "\"\\[]{},:-0189.eEx nt\x01\x80";
	const size_t length = strlen(base);

	for (size_t i = 0; i < length; i++) {
		char text[sizeof(base)];
		neuron_error_t err = {""};
		profile_t *profile;

		memcpy(text, base, sizeof(text));
		text[i] = changes[(i + (size_t) _i) % (sizeof(changes) - 1)];
		profile = profile_decode(text, "x.json", &err);
		ck_assert_msg(profile || *err.text, "no reason for:\n%s", text);
		if (profile)
			ck_assert_int_eq(profile_check(profile, &err), 0);
		profile_destroy(profile);
		text[i] = '\0';
		/* Only the newline at the end may go */
		if (i + 1 < length)
			ck_assert_ptr_null(
				profile_decode(text, "x.json", &err));
	}
}
END_TEST

/*
 * What is allowed
 */

START_TEST(small)
{
	profile_t *profile = _small();
	unsigned int list[PROFILE_DEVICES_MAX];
	pci_address_t address;

	ck_assert_int_eq(profile_check(profile, NULL), 0);
	ck_assert_str_eq(profile_name(profile), "small");
	ck_assert_str_eq(profile_type(profile), "toy1");
	ck_assert_str_eq(profile_instance(profile, 0), "toy.1xlarge");
	ck_assert_ptr_null(profile_instance(profile, 1));
	ck_assert_ptr_null(profile_instance(profile, UINT32_MAX));
	ck_assert_str_eq(profile_arch_type(profile), "NDv9");
	ck_assert_str_eq(profile_instance_type(profile), "Toy1");
	ck_assert_str_eq(profile_device_name(profile), "Toy");
	ck_assert_uint_eq(profile_device_pci_id(profile), 0x7364);
	ck_assert_uint_eq(profile_efa_pci_id(profile), 0xefa2);
	ck_assert_uint_eq(profile_devices(profile), 0x7);
	ck_assert_uint_eq(profile_logical_cores(profile, 1), 8);
	ck_assert_uint_eq(profile_logical_cores(profile, 2), 4);
	ck_assert_uint_eq(profile_logical_cores(profile, 4), 0);
	ck_assert_uint_eq(profile_logical_cores(profile, 0), 0);
	ck_assert(!profile_lnc_is_legal(profile, 8));
	ck_assert_uint_eq(profile_neighbours(profile, 1), 0x5);
	ck_assert_uint_eq(profile_link_weight(profile, 0, 1), 10);
	ck_assert_uint_eq(profile_link_weight(profile, 0, 2), 0);
	ck_assert_uint_eq(profile_link_weight(profile, 0, 0), 0);
	ck_assert_uint_eq(profile_driver_neighbours(profile, 1, list), 2);
	ck_assert_uint_eq(list[0], 0);
	ck_assert_uint_eq(list[1], 2);
	ck_assert_uint_eq(profile_efa_count(profile), 2);
	ck_assert_uint_eq(profile_devices_of_efa(profile, 0), 0x3);
	ck_assert_uint_eq(profile_devices_of_efa(profile, 1), 0x4);
	ck_assert_uint_eq(profile_efas_of(profile, 0x1), 0x1);
	ck_assert_uint_eq(profile_efas_of(profile, 0x6), 0x3);
	ck_assert_uint_eq(profile_efas_of(profile, 0), 0);
	ck_assert_int_eq(profile_device_pci(profile, 1, &address), 0);
	ck_assert_uint_eq(address.bus, 0x0c);
	ck_assert_int_eq(profile_efa_pci(profile, 1, &address), 0);
	ck_assert_uint_eq(address.bus, 0x09);
	ck_assert_int_eq(profile_device_socket(profile, 0), 0);
	ck_assert_int_eq(profile_device_socket(profile, 2), 1);
	ck_assert_uint_eq(profile_sockets(profile), 2);
	ck_assert_uint_eq(profile_cores_per_socket(profile), 2);
	ck_assert_uint_eq(profile_threads_per_core(profile), 2);
	ck_assert_str_eq(profile_numa_cpus(profile, 1), "2-3,6-7");
	ck_assert(profile_size_is_documented(profile, 3));
	ck_assert(!profile_size_is_documented(profile, 2));
	profile_destroy(profile);
}
END_TEST

START_TEST(out_of_range)
{
	static const unsigned int indexes[] = {3, 15, 16, 63, 64, UINT32_MAX};
	profile_t *profile = _small();

	for (int i = 0; i < COUNT(indexes); i++) {
		unsigned int index = indexes[i], list[PROFILE_DEVICES_MAX];
		pci_address_t address;

		ck_assert_uint_eq(profile_neighbours(profile, index), 0);
		ck_assert_uint_eq(profile_link_weight(profile, index, 0), 0);
		ck_assert_uint_eq(profile_link_weight(profile, 0, index), 0);
		ck_assert_uint_eq(
			profile_driver_neighbours(profile, index, list), 0);
		ck_assert_int_eq(profile_efa_of(profile, index), -1);
		ck_assert_uint_eq(profile_devices_of_efa(profile, index), 0);
		errno = 0;
		ck_assert_int_eq(profile_device_pci(profile, index, &address),
				 -1);
		ck_assert_int_eq(errno, ENOENT);
		errno = 0;
		ck_assert_int_eq(profile_efa_pci(profile, index, &address), -1);
		ck_assert_int_eq(errno, ENOENT);
		ck_assert_int_eq(profile_device_numa(profile, index), -1);
		ck_assert_int_eq(profile_device_socket(profile, index), -1);
		ck_assert_ptr_null(profile_numa_cpus(profile, index));
		ck_assert(
			!profile_size_is_documented(profile, index + (i == 0)));
		ck_assert(!profile_lnc_is_legal(profile, index));
	}
	errno = 0;
	ck_assert_int_eq(profile_device_pci(profile, 2, &(pci_address_t){0}),
			 -1);
	ck_assert_int_eq(errno, ENOENT);
	profile_destroy(profile);
	errno = EXDEV;
	profile_destroy(NULL);
	catalog_destroy(NULL);
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

/* One edit of the small machine, and one line that says what came out */
static const struct {
	const char *from;
	const char *to;
	const char *wanted;
} allowed[] = {
	{"\"format\": 1", "\"format\": 1",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"toy.1xlarge\"", "",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"0x7364\"", "null",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 0/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"0xefa2\"", "null",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/0 "
	 "w 10/10 d1 0,2"},
	{"\"host_memory_mib\": 4096", "\"host_memory_mib\": null",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 0 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"sockets\": 2", "\"sockets\": null",
	 "efa 0,0,1 socket -1,-1,-1 numa 2 cpus 1*4*2 host 4096 "
	 "pci 7364/efa2 w 10/10 d1 0,2"},
	{"\"threads_per_core\": 2", "\"threads_per_core\": null",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*4*1 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"sockets\": 2", "\"sockets\": 1",
	 "efa 0,0,1 socket 0,0,0 numa 2 cpus 1*4*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"sockets\": 2", "\"sockets\": 4",
	 "efa 0,0,1 socket -1,-1,-1 numa 2 cpus 4*1*2 host 4096 "
	 "pci 7364/efa2 w 10/10 d1 0,2"},
	{"\"numa\": 0", "\"numa\": null",
	 "efa 0,0,1 socket -1,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"0000:09:00.0\"", "null",
	 "efa 0,0,-1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"0000:09:00.0\"", "\"0000:0b:00.0\"",
	 "efa 0,0,0 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"\"0000:0b:00.0\"", "\"0000:ff:1f.7\"",
	 "efa 0,1,2 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
	{"[0, 2]", "[2, 0]",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 2,0"},
	{"[0, 2]", "[0, 2], \"driver_links\": [2]",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 2"},
	{"[0, 2]", "[0, 2], \"driver_links\": []",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 "},
	{"\"links\": [1]}", "\"links\": [1], \"link_gb_per_s\": [10]}",
	 "efa 0,0,1 socket 0,1,1 numa 2 cpus 2*2*2 host 4096 pci 7364/efa2 "
	 "w 10/10 d1 0,2"},
};

static void _describe(const profile_t *profile, char *buf, size_t size)
{
	unsigned int list[PROFILE_DEVICES_MAX];
	unsigned int count = profile_driver_neighbours(profile, 1, list);
	int used = snprintf(
		buf, size,
		"efa %d,%d,%d socket %d,%d,%d numa %u "
		"cpus %u*%u*%u host %llu pci %x/%x w %u/%u d1 ",
		profile_efa_of(profile, 0), profile_efa_of(profile, 1),
		profile_efa_of(profile, 2), profile_device_socket(profile, 0),
		profile_device_socket(profile, 1),
		profile_device_socket(profile, 2), profile_numa_count(profile),
		profile_sockets(profile), profile_cores_per_socket(profile),
		profile_threads_per_core(profile),
		(unsigned long long) profile_host_memory_mib(profile),
		profile_device_pci_id(profile), profile_efa_pci_id(profile),
		profile_link_weight(profile, 0, 1),
		profile_link_weight(profile, 2, 1));

	for (unsigned int i = 0; i < count; i++)
		used += snprintf(buf + used, size - (size_t) used, "%s%u",
				 i ? "," : "", list[i]);
}

START_TEST(decode_allowed)
{
	char text[TEXT_MAX], got[TEXT_MAX];
	neuron_error_t err = {""};
	profile_t *profile;

	_edit(text, sizeof(text), allowed[_i].from, allowed[_i].to);
	profile = profile_decode(text, "x.json", &err);
	ck_assert_msg(profile, "%s instead of %s: got the error \"%s\"",
		      allowed[_i].to, allowed[_i].from, err.text);
	ck_assert_int_eq(profile_check(profile, &err), 0);
	_describe(profile, got, sizeof(got));
	ck_assert_msg(!strcmp(got, allowed[_i].wanted),
		      "%s instead of %s\ngot    \"%s\"\nwanted \"%s\"",
		      allowed[_i].to, allowed[_i].from, got,
		      allowed[_i].wanted);
	profile_destroy(profile);
}
END_TEST

/*
 * The profiles that come with the project, against tables typed from the
 * sources that they name
 */

typedef enum { ALONE, CHAIN, RING, TORUS, ALL } links_t;

/* EFA interfaces, in order of device */
static const char *const efa_trn1[] = {
	"10:1a.0", "10:1a.0", "a0:1a.0", "a0:1a.0", "20:19.0", "20:19.0",
	"90:19.0", "90:19.0", "20:1a.0", "20:1a.0", "90:1a.0", "90:1a.0",
	"10:19.0", "10:19.0", "a0:19.0", "a0:19.0",
};
static const char *const efa_trn1n[] = {
	"10:17.0", "10:1a.0", "a0:17.0", "a0:1a.0", "20:19.0", "20:18.0",
	"90:19.0", "90:18.0", "20:17.0", "20:1a.0", "90:17.0", "90:1a.0",
	"10:19.0", "10:18.0", "a0:19.0", "a0:18.0",
};
static const char *const efa_trn2[] = {
	"c9:00.0", "b4:00.0", "b3:00.0", "ca:00.0", "6c:00.0", "57:00.0",
	"56:00.0", "6d:00.0", "98:00.0", "83:00.0", "82:00.0", "99:00.0",
	"f5:00.0", "e0:00.0", "df:00.0", "f6:00.0",
};
static const char *const efa_trn3[] = {
	"be:00.0", "a9:00.0", "a8:00.0", "bf:00.0", "61:00.0", "4c:00.0",
	"4b:00.0", "62:00.0", "8d:00.0", "78:00.0", "77:00.0", "8e:00.0",
	"ea:00.0", "d5:00.0", "d4:00.0", "eb:00.0",
};
static const char *const efa_trn3pds[] = {
	"a9:00.0", "a8:00.0", "bf:00.0", "be:00.0", "d5:00.0", "d4:00.0",
	"eb:00.0", "ea:00.0", "4c:00.0", "4b:00.0", "62:00.0", "61:00.0",
	"78:00.0", "77:00.0", "8e:00.0", "8d:00.0",
};

/* Neuron devices */
static const char *const bdf_trn1[] = {
	"10:1c.0", "10:1d.0", "a0:1c.0", "a0:1d.0", "20:1b.0", "20:1c.0",
	"90:1b.0", "90:1c.0", "20:1d.0", "20:1e.0", "90:1d.0", "90:1e.0",
	"10:1e.0", "10:1b.0", "a0:1e.0", "a0:1b.0",
};
static const char *const bdf_trn2[] = {
	"cc:00.0", "b5:00.0", "b6:00.0", "cb:00.0", "6f:00.0", "58:00.0",
	"59:00.0", "6e:00.0", "9b:00.0", "84:00.0", "85:00.0", "9a:00.0",
	"f8:00.0", "e1:00.0", "e2:00.0", "f7:00.0",
};
static const char *const bdf_inf2[] = {
	"80:1e.0", "90:1e.0", "80:1d.0", "90:1f.0", "80:1f.0", "90:1d.0",
	"20:1e.0", "20:1f.0", "10:1e.0", "10:1f.0", "10:1d.0", "20:1d.0",
};
static const char *const bdf_single[] = {"00:1f.0"};

static const char *const cpus_trn1[] = {"0-31,64-95", "32-63,96-127"};
static const char *const cpus_trn2[] = {"0-47,96-143", "48-95,144-191"};
static const char *const cpus_inf2[] = {"0-23,96-119", "24-47,120-143",
					"48-71,144-167", "72-95,168-191"};
static const char *const cpus_4[] = {"0-3"};
static const char *const cpus_8[] = {"0-7"};

/* 1, a row of 4, two rows, all */
#define ROWS 0x10112
#define ANY_OF(n) ((1u << ((n) + 1)) - 2)

/* clang-format off */
static const struct shipped {
	const char *name;
	const char *type;
	const char *device_name;
	const char *arch_type;
	const char *instance_type;
	unsigned int device_pci_id;
	unsigned int devices;
	unsigned int efas;
	unsigned int cores;
	unsigned int lnc;
	unsigned int memory_gib;
	unsigned int host_gib;
	unsigned int cpus;
	unsigned int threads;
	unsigned int sockets;
	unsigned int ultraserver;
	links_t links;
	unsigned int weight;
	links_t driver_links;
	/* what the driver prints for device 0 */
	unsigned int driver_of_0[4];
	/* bit n: n devices are documented as a unit */
	unsigned int sizes;
	/* NULL: not known */
	const char *const *efa;
	const char *const *bdf;
	/* one digit a device */
	const char *numa;
	unsigned int numa_count;
	const char *const *numa_cpus;
} shipped[] = {
	{ "inf2.xlarge", "inf2", "Inferentia2", "NDv3", "Inf2", 0x7264,
	  1, 0, 2, 1, 32, 16, 4, 2, 1, 1,
	  ALONE, 0, ALONE, { 0 }, 0x2,
	  NULL, bdf_single, NULL, 1, cpus_4 },
	{ "inf2.8xlarge", "inf2", "Inferentia2", "NDv3", "Inf2", 0x7264,
	  1, 0, 2, 1, 32, 128, 32, 2, 1, 1,
	  ALONE, 0, ALONE, { 0 }, 0x2,
	  NULL, NULL, NULL, 1, NULL },
	{ "inf2.24xlarge", "inf2", "Inferentia2", "NDv3", "Inf2", 0x7264,
	  6, 0, 2, 1, 32, 384, 96, 2, 1, 1,
	  CHAIN, 1, CHAIN, { 1 }, ANY_OF(6),
	  NULL, NULL, NULL, 1, NULL },
	{ "inf2.48xlarge", "inf2", "Inferentia2", "NDv3", "Inf2", 0x7264,
	  12, 0, 2, 1, 32, 768, 192, 2, 1, 1,
	  RING, 1, RING, { 11, 1 }, ANY_OF(12),
	  NULL, bdf_inf2, "232323110001", 4, cpus_inf2 },
	{ "trn1.2xlarge", "trn1", "Trainium1", "NDv2", "Trn1", 0x7164,
	  1, 0, 2, 1, 32, 32, 8, 2, 1, 1,
	  ALONE, 0, ALONE, { 0 }, 0x2,
	  NULL, bdf_single, NULL, 1, cpus_8 },
	{ "trn1.32xlarge", "trn1", "Trainium1", "NDv2", "Trn1", 0x7164,
	  16, 8, 2, 1, 32, 512, 128, 2, 2, 1,
	  TORUS, 1, TORUS, { 12, 3, 4, 1 }, ROWS,
	  efa_trn1, bdf_trn1, "0011001100110011", 2, cpus_trn1 },
	{ "trn1n.32xlarge", "trn1n", "Trainium1", "NDv2", "Trn1", 0x7164,
	  16, 16, 2, 1, 32, 512, 128, 2, 1, 1,
	  TORUS, 1, TORUS, { 12, 3, 4, 1 }, ROWS,
	  efa_trn1n, NULL, NULL, 1, NULL },
	{ "trn2.3xlarge", "trn2", "Trainium2", "NDv3", "Trn2", 0x7364,
	  1, 1, 8, 2, 96, 128, 12, 2, 1, 1,
	  ALONE, 0, ALONE, { 0 }, 0x2,
	  NULL, NULL, NULL, 1, NULL },
	{ "trn2.48xlarge", "trn2", "Trainium2", "NDv3", "Trn2", 0x7364,
	  16, 16, 8, 2, 96, 2048, 192, 2, 2, 1,
	  TORUS, 256, TORUS, { 12, 1, 3, 4 }, ROWS,
	  efa_trn2, bdf_trn2, "1111000000001111", 2, cpus_trn2 },
	{ "trn2u.48xlarge", "trn2", "Trainium2", "NDv3", "Trn2", 0x7364,
	  16, 16, 8, 2, 96, 2048, 192, 2, 2, 4,
	  TORUS, 256, TORUS, { 12, 1, 3, 4 }, ROWS,
	  efa_trn2, bdf_trn2, "1111000000001111", 2, cpus_trn2 },
	{ "trn3.48xlarge", "trn3", "Trainium3", "NDv4", "Trn3", 0,
	  16, 16, 8, 2, 144, 2048, 192, 1, 1, 4,
	  ALL, 1, TORUS, { 12, 1, 3, 4 }, ROWS,
	  efa_trn3, NULL, NULL, 1, NULL },
	{ "trn3gen2", "trn3gen2", "Trainium3", "NDv4", "Trn3", 0,
	  4, 4, 8, 2, 144, 768, 64, 1, 1, 36,
	  ALL, 1, ALONE, { 0 }, 0x12,
	  NULL, NULL, NULL, 1, NULL },
	{ "trn3pds.48xlarge", "trn3pds", "Trainium3", "NDv4", "Trn3", 0,
	  16, 16, 8, 2, 144, 2048, 192, 1, 1, 4,
	  ALL, 1, TORUS, { 12, 1, 3, 4 }, ROWS,
	  efa_trn3pds, NULL, NULL, 1, NULL },
};
/* clang-format on */

static const char *_directory(void)
{
	static char path[PATH_MAX_LENGTH];
	const char *srcdir = getenv("srcdir");

	(void) snprintf(path, sizeof(path), "%s/../../etc/profiles",
			srcdir ? srcdir : ".");
	return path;
}

static profile_t *_shipped(const char *name)
{
	char path[2 * PATH_MAX_LENGTH];
	neuron_error_t err = {""};
	profile_t *profile;

	(void) snprintf(path, sizeof(path), "%s/%s.json", _directory(), name);
	profile = profile_read(path, &err);
	ck_assert_msg(profile, "got the error \"%s\"", err.text);
	ck_assert_msg(!profile_check(profile, &err), "got the error \"%s\"",
		      err.text);
	return profile;
}

/* Whether two devices are joined, by formula */
static bool _joined(links_t links, unsigned int a, unsigned int b,
		    unsigned int count)
{
	unsigned int up = (b + count - a) % count,
		     down = (a + count - b) % count;

	if (a == b)
		return false;
	switch (links) {
	case CHAIN:
		return a + 1 == b || b + 1 == a;
	case RING:
		return up == 1 || down == 1;
	case TORUS:
		if (a / 4 == b / 4)
			return (a + 1) % 4 == b % 4 || (b + 1) % 4 == a % 4;
		return up == 4 || down == 4;
	case ALL:
		return true;
	case ALONE:
		break;
	}
	return false;
}

static devset_t _wanted(links_t links, unsigned int device, unsigned int count)
{
	devset_t wanted = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (_joined(links, device, i, count))
			wanted |= devset_of(i);
	}
	return wanted;
}

static void _same_set(const char *what, unsigned int device, devset_t got,
		      devset_t wanted)
{
	char got_text[DEVSET_TEXT_MAX], wanted_text[DEVSET_TEXT_MAX];

	(void) devset_encode(got, got_text, sizeof(got_text));
	(void) devset_encode(wanted, wanted_text, sizeof(wanted_text));
	ck_assert_msg(got == wanted, "%s of device %u: got %s, wanted %s", what,
		      device, got_text, wanted_text);
}

START_TEST(shipped_numbers)
{
	const struct shipped *row = &shipped[_i];
	profile_t *profile = _shipped(row->name);

	ck_assert_str_eq(profile_name(profile), row->name);
	ck_assert_str_eq(profile_type(profile), row->type);
	ck_assert_str_eq(profile_device_name(profile), row->device_name);
	ck_assert_str_eq(profile_arch_type(profile), row->arch_type);
	ck_assert_str_eq(profile_instance_type(profile), row->instance_type);
	ck_assert_uint_eq(profile_device_pci_id(profile), row->device_pci_id);
	ck_assert_uint_eq(profile_device_count(profile), row->devices);
	ck_assert_uint_eq(profile_efa_count(profile), row->efas);
	ck_assert_uint_eq(profile_physical_cores(profile), row->cores);
	ck_assert_uint_eq(profile_default_lnc(profile), row->lnc);
	ck_assert_uint_eq(profile_logical_cores(profile, 1), row->cores);
	ck_assert_uint_eq(profile_logical_cores(profile, 2),
			  (row->lnc == 2) ? row->cores / 2 : 0);
	ck_assert_uint_eq(profile_device_memory_mib(profile),
			  row->memory_gib * 1024);
	ck_assert_uint_eq(profile_host_memory_mib(profile),
			  row->host_gib * 1024);
	ck_assert_uint_eq(profile_threads_per_core(profile), row->threads);
	ck_assert_uint_eq(profile_sockets(profile), row->sockets);
	ck_assert_uint_eq(
		profile_cores_per_socket(profile) * row->sockets * row->threads,
		row->cpus);
	ck_assert_uint_eq(profile_ultraserver_size(profile), row->ultraserver);
	for (unsigned int i = 0; i <= 16; i++)
		ck_assert_int_eq(profile_size_is_documented(profile, i),
				 row->sizes >> i & 1);
	profile_destroy(profile);
}
END_TEST

START_TEST(shipped_links)
{
	const struct shipped *row = &shipped[_i];
	profile_t *profile = _shipped(row->name);
	unsigned int list[PROFILE_DEVICES_MAX] = {0};

	for (unsigned int i = 0; i < row->devices; i++) {
		unsigned int count =
			profile_driver_neighbours(profile, i, list);
		devset_t driver = 0;

		for (unsigned int j = 0; j < count; j++)
			driver |= devset_of(list[j]);
		_same_set("links", i, profile_neighbours(profile, i),
			  _wanted(row->links, i, row->devices));
		_same_set("driver links", i, driver,
			  _wanted(row->driver_links, i, row->devices));
		ck_assert_uint_eq(devset_count(driver), count);
		for (unsigned int j = 0; j < row->devices; j++)
			ck_assert_uint_eq(
				profile_link_weight(profile, i, j),
				_joined(row->links, i, j, row->devices)
					? row->weight
					: 0);
	}
	for (unsigned int j = profile_driver_neighbours(profile, 0, list);
	     j-- > 0;)
		ck_assert_uint_eq(list[j], row->driver_of_0[j]);
	profile_destroy(profile);
}
END_TEST

static void _check_address(const char *what, unsigned int device, int rc,
			   const pci_address_t *address, const char *wanted)
{
	char got[PCI_ADDRESS_TEXT_MAX] = "none";

	if (!rc)
		(void) pci_address_encode(address, got, sizeof(got));
	ck_assert_msg(wanted ? !rc && !strncmp(got, "0000:", 5) &&
				       !strcmp(got + 5, wanted)
			     : rc == -1,
		      "%s of device %u: got %s, wanted %s", what, device, got,
		      wanted ? wanted : "none");
}

START_TEST(shipped_addresses)
{
	const struct shipped *row = &shipped[_i];
	profile_t *profile = _shipped(row->name);

	for (unsigned int i = 0; i < row->devices; i++) {
		int efa = profile_efa_of(profile, i), numa = -1, rc;
		pci_address_t address;

		/* One a device, or one for two of them, in order of device */
		ck_assert_int_eq(
			efa,
			row->efas ? (int) (i * row->efas / row->devices) : -1);
		rc = profile_device_pci(profile, i, &address);
		_check_address("address", i, rc, &address,
			       row->bdf ? row->bdf[i] : NULL);
		rc = (efa < 0) ? -1
			       : profile_efa_pci(profile, (unsigned int) efa,
						 &address);
		_check_address("EFA", i, rc, &address,
			       row->efa ? row->efa[i] : NULL);
		if (row->numa)
			numa = row->numa[i] - '0';
		ck_assert_int_eq(profile_device_numa(profile, i), numa);
		ck_assert_int_eq(profile_device_socket(profile, i),
				 (row->sockets == 2) ? numa : -1);
	}
	profile_destroy(profile);
}
END_TEST

START_TEST(shipped_sets)
{
	const struct shipped *row = &shipped[_i];
	profile_t *profile = _shipped(row->name);
	unsigned int share = row->efas ? row->devices / row->efas : 1;

	ck_assert_uint_eq(profile_numa_count(profile), row->numa_count);
	for (unsigned int i = 0; i < row->numa_count; i++) {
		const char *cpus = profile_numa_cpus(profile, i);

		ck_assert_str_eq(cpus ? cpus : "-",
				 row->numa_cpus ? row->numa_cpus[i] : "-");
	}
	for (unsigned int i = 0; i < row->efas; i++)
		_same_set("devices of the EFA", i,
			  profile_devices_of_efa(profile, i),
			  devset_run(i * share, share));
	for (devset_t set = 0; set < 0x10000; set += 77) {
		devset_t wanted = 0;

		for (unsigned int i = 0; i < row->devices; i++) {
			if (row->efas && (set >> i & 1))
				wanted |= devset_of(i / share);
		}
		ck_assert_uint_eq(profile_efas_of(profile, set), wanted);
	}
	profile_destroy(profile);
}
END_TEST

/* Profiles of one GRES type and size mean the same to placement */
START_TEST(shipped_types_agree)
{
	for (int i = 0; i < COUNT(shipped); i++) {
		for (int j = 0; j < i; j++) {
			if (strcmp(shipped[i].type, shipped[j].type) ||
			    shipped[i].devices != shipped[j].devices)
				continue;
			ck_assert_int_eq(shipped[i].links, shipped[j].links);
			ck_assert_uint_eq(shipped[i].efas, shipped[j].efas);
			ck_assert_uint_eq(shipped[i].sizes, shipped[j].sizes);
			ck_assert_uint_eq(shipped[i].cores, shipped[j].cores);
			ck_assert_uint_eq(shipped[i].weight, shipped[j].weight);
		}
	}
}
END_TEST

/*
 * Files and catalogs
 */

static char scratch[PATH_MAX_LENGTH];

static void _make_scratch(void)
{
	const char *tmp = getenv("TMPDIR");

	(void) snprintf(scratch, sizeof(scratch), "%s/neuron-profile-XXXXXX",
			tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static const char *_path(const char *name)
{
	static char path[2 * PATH_MAX_LENGTH];

	(void) snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static void _write(const char *name, const char *text, size_t length)
{
	FILE *stream = fopen(_path(name), "w");

	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(fwrite(text, 1, length, stream), length);
	ck_assert_int_eq(fclose(stream), 0);
}

static void _remove_scratch(void)
{
	DIR *stream = opendir(scratch);
	struct dirent *entry;

	ck_assert_ptr_nonnull(stream);
	while ((entry = readdir(stream))) {
		if (unlink(_path(entry->d_name)))
			(void) rmdir(_path(entry->d_name));
	}
	(void) closedir(stream);
	(void) rmdir(scratch);
}

/* Wanted sentence: the path, then this */
static void _refused(const char *name, int errnum, const char *wanted)
{
	neuron_error_t err = {""};
	size_t length = strlen(_path(name));

	errno = 0;
	ck_assert_ptr_null(profile_read(_path(name), &err));
	ck_assert_int_eq(errno, errnum);
	ck_assert_msg(!strncmp(err.text, _path(name), length) &&
			      !strcmp(err.text + length, wanted),
		      "%s: got \"%s\", wanted \"...%s\"", name, err.text,
		      wanted);
}

START_TEST(read_files)
{
	static char big[PROFILE_FILE_MAX + 100];
	neuron_error_t err = {""};
	profile_t *profile;

	_write("small.json", base, strlen(base));
	profile = profile_read(_path("small.json"), &err);
	ck_assert_msg(profile, "got the error \"%s\"", err.text);
	profile_destroy(profile);
	_write("other.json", base, strlen(base));
	_refused("other.json", EINVAL,
		 ": name is \"small\"; it must be the file name without "
		 "\".json\"");
	_refused("missing.json", ENOENT, ": no such profile");
	_refused("small.json/x.json", ENOENT, ": no such profile");
	ck_assert_int_eq(mkdir(_path("dir.json"), 0700), 0);
	_refused("dir.json", EIO, ": cannot be read");
	ck_assert_int_eq(symlink("loop.json", _path("loop.json")), 0);
	_refused("loop.json", EIO,
		 ": cannot be opened: Too many levels of symbolic links");
	_write("small.json", base, sizeof(base));
	_refused("small.json", EINVAL, ": has a null byte; it must be JSON");
	_write("small.json", "", 0);
	_refused("small.json", EINVAL,
		 ":1: this is not JSON: unexpected end of data");
	memset(big, ' ', sizeof(big));
	_write("small.json", big, sizeof(big));
	_refused("small.json", EINVAL,
		 ": the text has more than 262144 bytes; a profile is smaller");
}
END_TEST

/* The example of doc/profile.md is a profile */
START_TEST(documented_example)
{
	static const char mark[] = "```json\n";
	char path[PATH_MAX_LENGTH], text[4 * TEXT_MAX];
	const char *srcdir = getenv("srcdir");
	neuron_error_t err = {""};
	profile_t *profile;
	FILE *stream;
	char *start, *end;

	(void) snprintf(path, sizeof(path), "%s/../../doc/profile.md",
			srcdir ? srcdir : ".");
	stream = fopen(path, "r");
	ck_assert_msg(stream, "%s cannot be opened", path);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	(void) fclose(stream);
	start = strstr(text, mark);
	ck_assert_msg(start, "%s has no example", path);
	start += strlen(mark);
	end = strstr(start, "```");
	ck_assert_msg(end, "%s: the example does not end", path);
	*end = '\0';
	profile = profile_decode(start, path, &err);
	ck_assert_msg(profile, "got the error \"%s\"", err.text);
	profile_destroy(profile);
}
END_TEST

START_TEST(catalog_shipped)
{
	neuron_error_t err = {""};
	catalog_t *catalog = catalog_read(_directory(), &err);

	ck_assert_msg(catalog, "got the error \"%s\"", err.text);
	for (int i = 0; i < COUNT(shipped); i++) {
		const profile_t *found =
			catalog_find(catalog, shipped[i].name, &err);
		const profile_t *before =
			i ? catalog_at(catalog, (unsigned int) i - 1) : NULL;
		const profile_t *here = catalog_at(catalog, (unsigned int) i);

		ck_assert_msg(found, "got the error \"%s\"", err.text);
		ck_assert_str_eq(profile_name(found), shipped[i].name);
		ck_assert_ptr_nonnull(here);
		ck_assert(!before ||
			  strcmp(profile_name(before), profile_name(here)) < 0);
	}
	ck_assert_ptr_null(catalog_at(catalog, COUNT(shipped)));
	ck_assert_ptr_null(catalog_at(catalog, UINT32_MAX));
	errno = 0;
	ck_assert_ptr_null(catalog_find(catalog, "trn9", &err));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(err.text,
			 "\"trn9\" is not a profile; it must be one of "
			 "inf2.24xlarge, inf2.48xlarge, inf2.8xlarge, "
			 "inf2.xlarge, trn1.2xlarge, trn1.32xlarge, "
			 "trn1n.32xlarge, trn2.3xlarge, trn2.48xlarge, "
			 "trn2u.48xlarge, trn3.48xlarge, trn3gen2, "
			 "trn3pds.48xlarge");
	ck_assert_ptr_null(catalog_find(catalog, "", NULL));
	catalog_destroy(catalog);
}
END_TEST

START_TEST(catalog_files)
{
	neuron_error_t err = {""};
	catalog_t *catalog;

	errno = 0;
	ck_assert_ptr_null(catalog_read(_path("missing"), &err));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_nonnull(
		strstr(err.text, "no such directory of profiles"));
	catalog = catalog_read(scratch, &err);
	ck_assert_msg(catalog, "empty: got the error \"%s\"", err.text);
	ck_assert_ptr_null(catalog_at(catalog, 0));
	ck_assert_ptr_null(catalog_find(catalog, "small", &err));
	ck_assert_str_eq(err.text, "\"small\" is not a profile; it must be one "
				   "of none: the directory is empty");
	catalog_destroy(catalog);

	_write("small.json", base, strlen(base));
	_write(".small.json", "{", 1);
	_write("small.json~", "{", 1);
	_write("README", "{", 1);
	catalog = catalog_read(scratch, &err);
	ck_assert_msg(catalog, "one: got the error \"%s\"", err.text);
	ck_assert_ptr_nonnull(catalog_at(catalog, 0));
	ck_assert_ptr_null(catalog_at(catalog, 1));
	catalog_destroy(catalog);

	_write("other.json", base, strlen(base));
	errno = 0;
	ck_assert_ptr_null(catalog_read(scratch, &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "other.json: name is"));
	errno = 0;
	ck_assert_ptr_null(catalog_read(_path("README"), NULL));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* Directories that cannot be read, or hold too much */
START_TEST(catalog_refused)
{
	neuron_error_t err = {""};
	char path[4096], name[16];

	ck_assert_int_eq(symlink("loop", _path("loop")), 0);
	errno = 0;
	ck_assert_ptr_null(catalog_read(_path("loop"), &err));
	ck_assert_int_eq(errno, EIO);
	ck_assert_ptr_nonnull(strstr(err.text,
				     "loop: cannot be opened: Too "
				     "many levels of symbolic links"));
	_write("a.json", base, strlen(base));
	(void) snprintf(path, sizeof(path), "%s", scratch);
	/* as long as it can be: no file in it has a path */
	for (size_t used = strlen(path); used + 2 < sizeof(path); used += 2)
		memcpy(path + used, "/.", 3);
	ck_assert_ptr_null(catalog_read(path, &err));
	ck_assert_ptr_nonnull(strstr(err.text, ": the path is too long; it "
					       "must have at most "));
	for (int i = 0; i <= CATALOG_MAX; i++) {
		char from[32], to[32], text[TEXT_MAX];

		(void) snprintf(name, sizeof(name), "f%d.json", i);
		(void) snprintf(from, sizeof(from), "\"small\"");
		(void) snprintf(to, sizeof(to), "\"f%d\"", i);
		_edit(text, sizeof(text), from, to);
		_write(name, text, strlen(text));
	}
	ck_assert_int_eq(unlink(_path("a.json")), 0);
	errno = 0;
	ck_assert_ptr_null(catalog_read(scratch, &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_nonnull(
		strstr(err.text, ": has too many profiles; the most is 256"));
}
END_TEST

/*
 * Out of memory
 */

START_TEST(no_memory)
{
	profile_t *profile = NULL;
	catalog_t *catalog = NULL;
	neuron_error_t err;

	for (long n = 0; !profile; n++) {
		ck_assert_int_lt(n, 100);
		errno = 0;
		failing_malloc_after(n);
		profile = profile_decode(base, "x.json", &err);
		failing_malloc_after(-1);
		ck_assert(profile || errno == ENOMEM);
	}
	profile_destroy(profile);
	for (long n = 0; !catalog; n++) {
		ck_assert_int_lt(n, 1000);
		errno = 0;
		failing_malloc_after(n);
		catalog = catalog_read(_directory(), &err);
		failing_malloc_after(-1);
		ck_assert_msg(catalog || errno == ENOMEM,
			      "allocation %ld: errno %d, \"%s\"", n, errno,
			      err.text);
	}
	catalog_destroy(catalog);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("profile");
	TCase *texts = tcase_create("texts");
	TCase *data = tcase_create("data");
	TCase *files = tcase_create("files");

	tcase_add_loop_test(texts, address_good, 0, COUNT(good_addresses));
	tcase_add_loop_test(texts, address_bad, 0, COUNT(bad_addresses));
	tcase_add_test(texts, address_order);
	tcase_add_test(texts, decode_huge_number);
	tcase_add_loop_test(texts, decode_broken, 0, COUNT(broken));
	tcase_add_loop_test(texts, decode_no_profile, 0, COUNT(no_profiles));
	tcase_add_test(texts, decode_too_big);
	tcase_add_loop_test(texts, decode_changed, 0, 20);
	tcase_add_test(texts, small);
	tcase_add_test(texts, out_of_range);
	tcase_add_loop_test(texts, decode_allowed, 0, COUNT(allowed));
	suite_add_tcase(suite, texts);

	tcase_add_loop_test(data, shipped_numbers, 0, COUNT(shipped));
	tcase_add_loop_test(data, shipped_links, 0, COUNT(shipped));
	tcase_add_loop_test(data, shipped_addresses, 0, COUNT(shipped));
	tcase_add_loop_test(data, shipped_sets, 0, COUNT(shipped));
	tcase_add_test(data, shipped_types_agree);
	tcase_add_test(data, documented_example);
	tcase_add_test(data, catalog_shipped);
	tcase_add_test(data, no_memory);
	suite_add_tcase(suite, data);

	tcase_add_checked_fixture(files, _make_scratch, _remove_scratch);
	tcase_add_test(files, read_files);
	tcase_add_test(files, catalog_files);
	tcase_add_test(files, catalog_refused);
	suite_add_tcase(suite, files);
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
