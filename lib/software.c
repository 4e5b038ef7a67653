/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "software.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"
#include "text.h"

#define PREFIX "neuron-"
#define LNC_WORD PREFIX "lnc-"
#define DIGITS "0123456789"
/* The list of the EFA installer, and a file of pkg-config */
#define LIST_MAX 16384
/* Numbers of the shorter feature of a version */
#define SHORT_PARTS 2

/* A look at a machine */
typedef struct {
	int root;
	software_t *software;
	software_defect_t defect;
	void *arg;
	int fatal; /* 0: none so far */
	neuron_error_t error;
} look_t;

static const struct {
	const char *name;
	const char *title;
} parts[SOFTWARE_PARTS] = {
	[SOFTWARE_DRIVER] = {"driver", "Neuron driver"},
	[SOFTWARE_RUNTIME] = {"runtime", "Neuron runtime library"},
	[SOFTWARE_LIBFABRIC] = {"libfabric", "libfabric"},
	[SOFTWARE_EFA] = {"efa", "EFA driver"},
};

extern const char *software_name(software_part_t part)
{
	return (part < SOFTWARE_PARTS) ? parts[part].name : "";
}

extern const char *software_title(software_part_t part)
{
	return (part < SOFTWARE_PARTS) ? parts[part].title : "";
}

extern software_part_t software_find(const char *name)
{
	unsigned int part = 0;

	while (part < SOFTWARE_PARTS && strcmp(parts[part].name, name))
		part++;
	return (software_part_t) part;
}

/*
 * What a machine has
 */

static void _tell(const look_t *look, const char *text)
{
	if (look->defect)
		look->defect(text, look->arg);
}

/* What a reading function gave; RET true: a value */
static bool _settle(look_t *look, int result, const neuron_error_t *err)
{
	if (result >= 0)
		return true;
	if (errno == EINVAL) {
		_tell(look, err->text);
	} else if (errno != ENOENT && !look->fatal) {
		look->fatal = errno;
		look->error = *err;
	}
	return false;
}

/* Keep a version that a file gave */
static void _keep(look_t *look, software_part_t part, const char *path,
		  const char *text)
{
	version_t version;
	neuron_error_t err;

	if (version_decode(text, &version, NULL)) {
		(void) sysfs_refuse(path, text, "a version such as 2.27.4.0",
				    &err);
		_tell(look, err.text);
		return;
	}
	memcpy(look->software->versions[part], text, strlen(text) + 1);
}

static void _module(look_t *look, software_part_t part, const char *path)
{
	char text[SYSFS_FILE_MAX];
	neuron_error_t err;

	if (_settle(look,
		    sysfs_line(look->root, path, text, sizeof(text), &err),
		    &err))
		_keep(look, part, path, text);
}

/* RET false: no such link, or its file has no version in its name */
static bool _library(look_t *look, const char *path)
{
	static const char name[] = "libnrt.so.";
	char file[SYSFS_PATH_MAX];
	const char *base;

	if (sysfs_resolve(look->root, path, file, sizeof(file)))
		return false;
	base = strrchr(file, '/');
	base = base ? base + 1 : file;
	/* libnrt.so.1 names an interface, no version */
	if (strncmp(base, name, strlen(name)) ||
	    !strchr(base + strlen(name), '.'))
		return false;
	_keep(look, SOFTWARE_RUNTIME, path, base + strlen(name));
	return true;
}

/* RET the length of the file; -1: it is not there */
static int _file(look_t *look, const char *path, char *text, size_t size)
{
	neuron_error_t err;
	int n = sysfs_read(look->root, path, text, size, &err);

	return _settle(look, n, &err) ? n : -1;
}

static bool _pkgconfig(look_t *look, const char *path)
{
	static const char key[] = "\nVersion: ";
	char text[LIST_MAX], *value;

	text[0] = '\n';
	if (_file(look, path, text + 1, sizeof(text) - 1) < 0)
		return false;
	value = strstr(text, key);
	if (!value)
		return false;
	value += strlen(key);
	value[strcspn(value, " \t\r\n")] = '\0';
	_keep(look, SOFTWARE_LIBFABRIC, path, value);
	return true;
}

/* libfabric-aws-1.22.0amzn1.0-1.amzn2.x86_64, libfabric1-aws_1.22.0_amd64 */
static bool _package(const char *word, char *version, size_t size)
{
	static const char name[] = "libfabric";
	const char *at = word;
	size_t length;

	if (strncmp(word, name, strlen(name)))
		return false;
	while ((at = strpbrk(at, "-_")) && !strchr(DIGITS, *++at))
		;
	if (!at || !*at)
		return false;
	length = strcspn(at, "-_");
	if (length >= size)
		return false;
	memcpy(version, at, length);
	version[length] = '\0';
	return true;
}

static void _installed(look_t *look)
{
	static const char path[] = "opt/amazon/efa_installed_packages";
	char text[LIST_MAX], version[VERSION_TEXT_MAX];
	char *rest = text, *line;

	if (_file(look, path, text, sizeof(text)) < 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		char *word;

		if (*line == '#')
			continue;
		while ((word = strsep(&line, " \t"))) {
			if (!_package(word, version, sizeof(version)))
				continue;
			_keep(look, SOFTWARE_LIBFABRIC, path, version);
			return;
		}
	}
}

static void _lnc(look_t *look)
{
	static const char path[] = "opt/aws/neuron/logical_nc_config";
	char line[SYSFS_FILE_MAX];
	neuron_error_t err;
	int lnc;

	if (!_settle(look,
		     sysfs_line(look->root, path, line, sizeof(line), &err),
		     &err))
		return;
	lnc = sysfs_name_number(line,
				"NEURON_LOGICAL_NC_CONFIG=", SOFTWARE_LNC_MAX);
	if (lnc > 0) {
		look->software->lnc = (unsigned int) lnc;
		return;
	}
	(void) sysfs_refuse(path, line, "NEURON_LOGICAL_NC_CONFIG=1 or =2",
			    &err);
	_tell(look, err.text);
}

/* A name that is malformed is told by probe, which reads more places */
static void _instance(look_t *look)
{
	static const char path[] = "sys/devices/virtual/dmi/id/product_name";
	char *instance = look->software->instance;

	if (sysfs_line(look->root, path, instance, VERSION_TEXT_MAX, NULL) < 0)
		instance[0] = '\0';
}

extern int software_look(int root, software_t *software,
			 software_defect_t defect, void *arg,
			 neuron_error_t *err)
{
	look_t look = {root, software, defect, arg, 0, {""}};

	*software = (software_t){.lnc = 0};
	_instance(&look);
	_module(&look, SOFTWARE_DRIVER, "sys/module/neuron/version");
	_module(&look, SOFTWARE_EFA, "sys/module/efa/version");
	if (!_library(&look, "opt/aws/neuron/lib/libnrt.so.1"))
		(void) _library(&look, "opt/aws/neuron/lib/libnrt.so");
	if (!_pkgconfig(&look, "opt/amazon/efa/lib64/pkgconfig/libfabric.pc") &&
	    !_pkgconfig(&look, "opt/amazon/efa/lib/pkgconfig/libfabric.pc"))
		_installed(&look);
	_lnc(&look);
	if (!look.fatal)
		return 0;
	return neuron_error_set(err, look.fatal, "%s", look.error.text);
}

extern int software_read(const char *root, software_t *software,
			 software_defect_t defect, void *arg,
			 neuron_error_t *err)
{
	int fd = sysfs_open(root, err);
	int rc;

	if (fd < 0)
		return -1;
	rc = software_look(fd, software, defect, arg, err);
	(void) close(fd);
	return rc;
}

/*
 * Features
 */

static int _add_feature(char *buf, size_t size, size_t *used, const char *name,
			const char *value)
{
	int n = snprintf(buf + *used, size - *used, "%s%s%s-%s",
			 *used ? "," : "", PREFIX, name, value);

	if (n < 0 || (size_t) n >= size - *used)
		return neuron_error_set(NULL, ENOSPC, "no room");
	*used += (size_t) n;
	return 0;
}

static int _add_version(char *buf, size_t size, size_t *used,
			software_part_t part, const char *text)
{
	char numbers[VERSION_TEXT_MAX];
	version_t version;

	if (version_decode(text, &version, NULL))
		return 0;
	(void) version_encode(&version, 0, numbers, sizeof(numbers));
	if (_add_feature(buf, size, used, parts[part].name, numbers))
		return -1;
	if (version.count <= SHORT_PARTS)
		return 0;
	(void) version_encode(&version, SHORT_PARTS, numbers, sizeof(numbers));
	return _add_feature(buf, size, used, parts[part].name, numbers);
}

extern int software_features(const software_t *software, char *buf, size_t size)
{
	size_t used = 0;
	char lnc[16];

	if (!size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	buf[0] = '\0';
	for (unsigned int part = 0; part < SOFTWARE_PARTS; part++) {
		if (_add_version(buf, size, &used, (software_part_t) part,
				 software->versions[part]))
			return -1;
	}
	(void) snprintf(lnc, sizeof(lnc), "%u", software->lnc);
	if (software->lnc && _add_feature(buf, size, &used, "lnc", lnc))
		return -1;
	return (int) used;
}

extern bool software_is_known(const software_t *software)
{
	bool known = software->lnc;

	for (unsigned int part = 0; part < SOFTWARE_PARTS; part++)
		known |= (software->versions[part][0] != '\0');
	return known;
}

/*
 * The part that a word is about.
 * OUT value - what it says of it, with its null byte.
 * RET SOFTWARE_PARTS for LNC, -1: the word is none of ours.
 */
static int _split(const char *word, size_t length, char *value)
{
	version_t version;

	for (int part = 0; part <= SOFTWARE_PARTS; part++) {
		char prefix[32];
		int n = snprintf(prefix, sizeof(prefix), PREFIX "%s-",
				 (part < SOFTWARE_PARTS) ? parts[part].name
							 : "lnc");
		size_t skip = (size_t) n;

		if (length <= skip || length - skip >= VERSION_TEXT_MAX ||
		    strncmp(word, prefix, skip))
			continue;
		memcpy(value, word + skip, length - skip);
		value[length - skip] = '\0';
		if (strspn(value, DIGITS ".") != length - skip ||
		    version_decode(value, &version, NULL) ||
		    (part == SOFTWARE_PARTS &&
		     (version.count != 1 || !version.parts[0] ||
		      version.parts[0] > SOFTWARE_LNC_MAX)))
			return -1;
		return part;
	}
	return -1;
}

extern bool software_is_feature(const char *word, size_t length)
{
	char value[VERSION_TEXT_MAX];

	return _split(word, length, value) >= 0;
}

/* Add the words of a list that are, or are not, ours */
static void _add_words(text_t *text, const char *list, bool ours)
{
	for (const char *at = list ? list : ""; *at;) {
		size_t length = strcspn(at, ",");

		if (length && software_is_feature(at, length) == ours)
			text_add(text, "%s%.*s", text->length ? "," : "",
				 (int) length, at);
		at += length;
		at += (*at == ',');
	}
}

extern char *software_merge_features(const char *have, const char *own)
{
	text_t text = {.length = 0};
	char *merged;

	/* So that there is a text when there are no words */
	text_add_bytes(&text, "", 0);
	_add_words(&text, have, false);
	_add_words(&text, own, true);
	merged = text_take(&text);
	if (!merged)
		errno = ENOMEM;
	return merged;
}

/* Of two words about one part the longer one, when one begins the other */
static void _take(char *known, const char *value, bool *differ)
{
	size_t have = strlen(known), get = strlen(value);
	size_t least = (have < get) ? have : get;

	if (strncmp(known, value, least) ||
	    (have > least && have && get && known[least] != '.') ||
	    (get > least && have && value[least] != '.')) {
		*differ = true;
		return;
	}
	if (get > have)
		memcpy(known, value, get + 1);
}

extern void software_decode_features(const char *features, software_t *software)
{
	bool differ[SOFTWARE_PARTS + 1] = {false};
	char lnc[VERSION_TEXT_MAX] = "";

	*software = (software_t){.lnc = 0};
	for (const char *at = features ? features : ""; *at;) {
		char value[VERSION_TEXT_MAX];
		size_t length = strcspn(at, ",");
		int part = _split(at, length, value);

		if (part == SOFTWARE_PARTS)
			_take(lnc, value, &differ[part]);
		else if (part >= 0)
			_take(software->versions[part], value, &differ[part]);
		at += length;
		at += (*at == ',');
	}
	for (int part = 0; part < SOFTWARE_PARTS; part++) {
		if (differ[part])
			software->versions[part][0] = '\0';
	}
	if (*lnc && !differ[SOFTWARE_PARTS])
		software->lnc = (unsigned int) strtoul(lnc, NULL, 10);
}
