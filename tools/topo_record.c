/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo record: a machine as an archive */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tar.h"
#include "topo.h"

static int _record(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_record = {
	.name = "record",
	.arguments = "[--root DIR] [--json] FILE",
	.help = "this machine as an archive of the files that probe reads",
	.details =
		"  --root DIR    another machine, whose files are below a directory\n"
		"  --json        what was written, on standard output\n"
		"\n"
		"FILE is a tar archive; - is standard output. It holds attributes of sysfs, and\n"
		"empty files in place of device nodes, nothing of users. Unpacked in a directory\n"
		"it is a machine for probe --root.\n",
	.run = _record,
};

/* An archive while it is written */
typedef struct {
	FILE *file;
	json_object *entries; /* NULL: nobody wants to know */
} archive_t;

static void _note(json_object *entries, const record_entry_t *entry)
{
	static const char *const kinds[] = {
		[RECORD_DIRECTORY] = "directory",
		[RECORD_FILE] = "file",
		[RECORD_LINK] = "link",
	};
	json_object *one = json_object_new_object();

	json_object_object_add(one, "path",
			       json_object_new_string(entry->path));
	json_object_object_add(one, "kind",
			       json_object_new_string(kinds[entry->kind]));
	if (entry->kind == RECORD_FILE)
		json_object_object_add(
			one, "bytes",
			json_object_new_int64((int64_t) entry->length));
	json_object_array_add(entries, one);
}

static int _add(const record_entry_t *entry, void *arg)
{
	archive_t *archive = arg;

	if (archive->entries)
		_note(archive->entries, entry);
	return tar_add(archive->file, entry);
}

static int _write(const char *root, archive_t *archive, neuron_error_t *err)
{
	int count;

	errno = 0;
	err->text[0] = '\0';
	count = record_each(root, _add, archive, err);
	if ((count < 0) && err->text[0])
		return -1;
	if ((count < 0) || tar_end(archive->file))
		return neuron_error_set(err, EIO, "cannot write: %s",
					strerror(errno));
	if (!count)
		return neuron_error_set(
			err, ENOENT,
			"nothing was found that a probe reads below %s",
			root[0] ? root : "/");
	return 0;
}

static int _record_to(const char *root, const char *path, json_object *entries)
{
	bool is_stdout = !strcmp(path, "-");
	archive_t archive = {
		.file = is_stdout ? stdout : fopen(path, "wxe"),
		.entries = entries,
	};
	neuron_error_t err;
	int rc;

	if (!archive.file) {
		(void) neuron_error_set(&err, errno, "%s: %s", path,
					strerror(errno));
		return topo_fail(&topo_record, &err);
	}
	rc = _write(root, &archive, &err);
	if (!is_stdout && fclose(archive.file) && !rc)
		rc = neuron_error_set(&err, errno, "%s: %s", path,
				      strerror(errno));
	if (!rc)
		return TOPO_GOOD;
	if (!is_stdout)
		(void) remove(path);
	return topo_fail(&topo_record, &err);
}

static int _record_json(const char *root, const char *path)
{
	json_object *all = json_object_new_object();
	json_object *entries = json_object_new_array();
	neuron_error_t err;

	json_object_object_add(all, "file", json_object_new_string(path));
	json_object_object_add(all, "entries", entries);
	if (!strcmp(path, "-")) {
		(void) neuron_error_set(
			&err, EINVAL,
			"the archive and what --json prints cannot both go to standard output: name a FILE");
		json_object_put(all);
		return topo_fail(&topo_record, &err);
	}
	if (!_record_to(root, path, entries))
		return topo_print_json(&topo_record, all);
	json_object_put(all);
	return TOPO_BAD;
}

static int _record(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"root", required_argument, NULL, 'r'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *root = "";
	bool json = false;
	int option;

	(void) topo;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'r') {
			root = strcmp(optarg, "/") ? optarg : "";
		} else if (option == 'j') {
			json = true;
		} else {
			topo_usage(&topo_record,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind + 1 == argc)
		return json ? _record_json(root, argv[optind])
			    : _record_to(root, argv[optind], NULL);
	topo_usage(&topo_record, stderr);
	return TOPO_USAGE;
}
