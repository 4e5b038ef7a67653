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
	.arguments = "[--root DIR] FILE",
	.help = "this machine as an archive of the files that probe reads",
	.details =
		"  --root DIR    another machine, whose files are below a directory\n"
		"\n"
		"FILE is a tar archive; - is standard output. It holds attributes of sysfs, and\n"
		"empty files in place of device nodes, nothing of users. Unpacked in a directory\n"
		"it is a machine for probe --root.\n",
	.run = _record,
};

static int _add(const record_entry_t *entry, void *arg)
{
	return tar_add(arg, entry);
}

static int _write(const char *root, FILE *file, neuron_error_t *err)
{
	int count;

	errno = 0;
	err->text[0] = '\0';
	count = record_each(root, _add, file, err);
	if ((count < 0) && err->text[0])
		return -1;
	if ((count < 0) || tar_end(file))
		return neuron_error_set(err, EIO, "cannot write: %s",
					strerror(errno));
	if (!count)
		return neuron_error_set(
			err, ENOENT,
			"nothing was found that a probe reads below %s",
			root[0] ? root : "/");
	return 0;
}

static int _record_to(const char *root, const char *path)
{
	bool is_stdout = !strcmp(path, "-");
	FILE *file = is_stdout ? stdout : fopen(path, "wxe");
	neuron_error_t err;
	int rc;

	if (!file) {
		(void) neuron_error_set(&err, errno, "%s: %s", path,
					strerror(errno));
		return topo_fail(&topo_record, &err);
	}
	rc = _write(root, file, &err);
	if (!is_stdout && fclose(file) && !rc)
		rc = neuron_error_set(&err, errno, "%s: %s", path,
				      strerror(errno));
	if (!rc)
		return TOPO_GOOD;
	if (!is_stdout)
		(void) remove(path);
	return topo_fail(&topo_record, &err);
}

static int _record(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"root", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *root = "";
	int option;

	(void) topo;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'r') {
			root = strcmp(optarg, "/") ? optarg : "";
		} else {
			topo_usage(&topo_record,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind + 1 == argc)
		return _record_to(root, argv[optind]);
	topo_usage(&topo_record, stderr);
	return TOPO_USAGE;
}
