/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing_malloc.h"
#include "view.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

/*
 * A directory as text, one word a file: "c231:3=uverbs3" a character device,
 * "d=by-path" a directory, "l=link", "o=file". A node's GRES devices as text:
 * "231:3" one of another job, "+231:3" one of this task.
 */
static unsigned int _entries(const char *text, view_entry_t *entries)
{
	unsigned int count = 0;
	char buf[1024], *save = NULL;

	snprintf(buf, sizeof(buf), "%s", text);
	for (char *word = strtok_r(buf, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		view_entry_t *entry = &entries[count++];
		const char *name = strchr(word, '=');

		ck_assert_ptr_nonnull(name);
		memset(entry, 0, sizeof(*entry));
		snprintf(entry->name, sizeof(entry->name), "%s", name + 1);
		switch (word[0]) {
		case 'c':
			entry->kind = VIEW_CHAR;
			ck_assert_int_eq(sscanf(word, "c%u:%u", &entry->major,
						&entry->minor),
					 2);
			break;
		case 'd':
			entry->kind = VIEW_DIRECTORY;
			break;
		case 'l':
			entry->kind = VIEW_LINK;
			break;
		default:
			entry->kind = VIEW_OTHER;
		}
	}
	return count;
}

static unsigned int _devices(const char *text, view_device_t *devices)
{
	unsigned int count = 0;
	char buf[1024], *save = NULL;

	snprintf(buf, sizeof(buf), "%s", text);
	for (char *word = strtok_r(buf, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		view_device_t *device = &devices[count++];

		device->owned = (word[0] == '+');
		ck_assert_int_eq(sscanf(word + device->owned, "%u:%u",
					&device->major, &device->minor),
				 2);
	}
	return count;
}

/* What stays, each name with its way: b bind, d bind directory, l link */
static void _dump(const view_entry_t *entries, unsigned int count, char *buf,
		  size_t size)
{
	static const char ways[] = {[VIEW_BIND_FILE] = 'b',
				    [VIEW_BIND_DIRECTORY] = 'd',
				    [VIEW_COPY_LINK] = 'l'};
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < count; i++) {
		if (entries[i].action != VIEW_HIDE)
			used += (size_t) snprintf(buf + used, size - used,
						  "%s%c=%s", used ? " " : "",
						  ways[entries[i].action],
						  entries[i].name);
	}
}

static const struct {
	const char *entries;
	const char *devices;
	int hidden;
	const char *stays;
} good[] = {
	{"", "", 0, ""},
	{"", "231:0", 0, ""},
	{"c231:0=uverbs0", "", 0, "b=uverbs0"},
	/* a job without interfaces, the owner, and another one */
	{"c231:0=uverbs0 c231:1=uverbs1", "231:0 231:1", 2, ""},
	{"c231:0=uverbs0 c231:1=uverbs1", "+231:0 +231:1", 0,
	 "b=uverbs0 b=uverbs1"},
	{"c231:0=uverbs0 c231:1=uverbs1", "+231:0 231:1", 1, "b=uverbs0"},
	{"c231:0=uverbs0 c231:1=uverbs1", "231:0 +231:1", 1, "b=uverbs1"},
	/* what is no GRES stays: rdma_cm, other RDMA hardware, umad */
	{"c231:0=uverbs0 c231:64=umad0 c10:58=rdma_cm c231:193=uverbs1",
	 "240:0 231:0", 1, "b=umad0 b=rdma_cm b=uverbs1"},
	{"c231:0=uverbs0 c10:58=rdma_cm", "+231:0", 0, "b=uverbs0 b=rdma_cm"},
	/* numbers count, not names */
	{"c231:1=uverbs0 c231:0=uverbs1", "+231:0 231:1", 1, "b=uverbs1"},
	{"c231:0=uverbs0 c231:0=again", "231:0", 2, ""},
	{"c231:0=uverbs0 c231:0=again", "+231:0", 0, "b=uverbs0 b=again"},
	{"c1:231=uverbs0", "231:1", 0, "b=uverbs0"},
	{"c231:0=uverbs0", "232:0", 0, "b=uverbs0"},
	{"c4095:1048575=uverbs0", "4095:1048575", 1, ""},
	/* two GRES name one file: either makes it the task's */
	{"c231:0=uverbs0", "231:0 +231:0", 0, "b=uverbs0"},
	{"c231:0=uverbs0", "+231:0 231:0", 0, "b=uverbs0"},
	{"c231:0=uverbs0", "231:0 231:0", 1, ""},
	/* only character devices are devices */
	{"d=by-path l=link o=file", "0:0", 0, "d=by-path l=link b=file"},
	{"o=uverbs0", "231:0 0:0", 0, "b=uverbs0"},
	{"d=by-path l=link o=file c231:0=uverbs0", "231:0", 1,
	 "d=by-path l=link b=file"},
	/* an own interface that is not there hides no other */
	{"c231:0=uverbs0 c10:58=rdma_cm", "231:0 +231:7", 1, "b=rdma_cm"},
	/* names that look like more than they are */
	{"c231:0=... c231:1=..a c231:2=.hidden c231:3=-rf", "231:0", 1,
	 "b=..a b=.hidden b=-rf"},
};

START_TEST(plan_good)
{
	view_entry_t entries[16];
	view_device_t devices[16];
	unsigned int count = _entries(good[_i].entries, entries);
	unsigned int device_count = _devices(good[_i].devices, devices);
	char stays[1024];
	neuron_error_t err = {""};
	int hidden = view_plan(entries, count, devices, device_count, &err);

	_dump(entries, count, stays, sizeof(stays));
	ck_assert_msg(hidden == good[_i].hidden &&
			      !strcmp(stays, good[_i].stays),
		      "row %d \"%s\" with \"%s\": got %d hidden, \"%s\" (%s), "
		      "wanted %d, \"%s\"",
		      _i, good[_i].entries, good[_i].devices, hidden, stays,
		      err.text, good[_i].hidden, good[_i].stays);
}
END_TEST

/* Sixteen interfaces, each subset of a row of four: everybody's view */
START_TEST(plan_partition)
{
	for (unsigned int mine = 0; mine < 16; mine++) {
		view_entry_t entries[17];
		view_device_t devices[16];
		int hidden;

		memset(entries, 0, sizeof(entries));
		for (unsigned int i = 0; i < 16; i++) {
			snprintf(entries[i].name, sizeof(entries[i].name),
				 "uverbs%u", i);
			entries[i].kind = VIEW_CHAR;
			entries[i].major = devices[i].major = 231;
			entries[i].minor = devices[i].minor = 15 - i;
			devices[i].owned = mine >> (i % 4) & 1;
		}
		snprintf(entries[16].name, sizeof(entries[16].name), "rdma_cm");
		hidden = view_plan(entries, 17, devices, 16, NULL);
		ck_assert_int_eq(hidden, 16 - 4 * __builtin_popcount(mine));
		for (unsigned int i = 0; i < 16; i++)
			ck_assert_int_eq(entries[i].action == VIEW_HIDE,
					 !devices[i].owned);
		ck_assert_int_eq(entries[16].action, VIEW_BIND_FILE);
	}
}
END_TEST

static const struct {
	const char *name;
	const char *message;
} bad_names[] = {
	{"", "\"\" is not the name of a file in a directory"},
	{".", "\".\" is not the name of a file in a directory"},
	{"..", "\"..\" is not the name of a file in a directory"},
	{"/", "\"/\" is not the name of a file in a directory"},
	{"a/b", "\"a/b\" is not the name of a file in a directory"},
	{"../x", "\"../x\" is not the name of a file in a directory"},
	{"uverbs0/", "\"uverbs0/\" is not the name of a file in a directory"},
	{"/dev/null", "\"/dev/null\" is not the name of a file in a directory"},
};

START_TEST(plan_bad_name)
{
	view_entry_t entries[2] = {{.name = "uverbs0"}, {.name = ""}};
	neuron_error_t err = {""};

	snprintf(entries[1].name, sizeof(entries[1].name), "%s",
		 bad_names[_i].name);
	errno = 0;
	ck_assert_int_eq(view_plan(entries, 2, NULL, 0, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(!strcmp(err.text, bad_names[_i].message),
		      "\"%s\": got \"%s\", wanted \"%s\"", bad_names[_i].name,
		      err.text, bad_names[_i].message);
}
END_TEST

START_TEST(plan_long_name)
{
	view_entry_t entry = {.kind = VIEW_OTHER};
	neuron_error_t err = {""};

	memset(entry.name, 'x', VIEW_NAME_MAX);
	ck_assert_int_eq(view_plan(&entry, 1, NULL, 0, &err), 0);
	ck_assert_int_eq(entry.action, VIEW_BIND_FILE);
	memset(entry.name, 'x', sizeof(entry.name));
	errno = 0;
	ck_assert_int_eq(view_plan(&entry, 1, NULL, 0, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "a file name has more than 255 bytes: "
				   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...");
}
END_TEST

START_TEST(plan_limits)
{
	view_entry_t *entries = calloc(VIEW_ENTRIES_MAX, sizeof(*entries));
	view_device_t *devices = calloc(VIEW_DEVICES_MAX, sizeof(*devices));
	neuron_error_t err = {""};
	char wanted[64];

	ck_assert_ptr_nonnull(entries);
	ck_assert_ptr_nonnull(devices);
	for (unsigned int i = 0; i < VIEW_ENTRIES_MAX; i++)
		snprintf(entries[i].name, sizeof(entries[i].name), "f%u", i);
	ck_assert_int_eq(view_plan(entries, VIEW_ENTRIES_MAX, devices,
				   VIEW_DEVICES_MAX, &err),
			 VIEW_ENTRIES_MAX);
	errno = 0;
	ck_assert_int_eq(
		view_plan(entries, VIEW_ENTRIES_MAX + 1, devices, 0, &err), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_str_eq(err.text, "4097 files in one directory; up to 4096 "
				   "can be handled");
	errno = 0;
	ck_assert_int_eq(
		view_plan(entries, 1, devices, VIEW_DEVICES_MAX + 1, &err), -1);
	ck_assert_int_eq(errno, ENOSPC);
	snprintf(wanted, sizeof(wanted),
		 "%d device files of GRES; up to %d can be handled",
		 VIEW_DEVICES_MAX + 1, VIEW_DEVICES_MAX);
	ck_assert_str_eq(err.text, wanted);
	free(entries);
	free(devices);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view");
	TCase *tcase = tcase_create("view");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, plan_good, 0, COUNT(good));
	tcase_add_test(tcase, plan_partition);
	tcase_add_loop_test(tcase, plan_bad_name, 0, COUNT(bad_names));
	tcase_add_test(tcase, plan_long_name);
	tcase_add_test(tcase, plan_limits);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
