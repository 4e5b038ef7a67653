/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sysfs.h"

#define PATH_SIZE 64
#define LINK_SIZE 512
/* Of status, stat, cgroup: they are shorter, or their end does not matter */
#define TEXT_SIZE 8192
#define ENVIRON_MAX (4 * 1024 * 1024)
#define ENVIRON_STEP 65536
/* Names of some hundred descriptors */
#define FDS_SIZE 16384
#define ANCESTORS_MAX 64
#define PID_LIMIT 4194304
#define NO_MAJOR UINT32_MAX

/* What descriptors are compared with */
typedef struct {
	struct {
		bool known;
		dev_t dev;
		ino_t ino;
		dev_t rdev; /* 0: no character device */
	} nodes[DEVSET_MAX];
	uint32_t major; /* of the driver */
} targets_t;

typedef struct {
	int proc;
	const targets_t *targets;
	uid_t self;
} scan_t;

/*
 * Small files of /proc
 */

/* RET the length of a text, cut; -1 */
static ssize_t _read(int proc, const char *path, char *buf, size_t size)
{
	int fd = openat(proc, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t used = 0;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	while (used < size - 1) {
		n = read(fd, buf + used, size - 1 - used);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			break;
		if (n > 0)
			used += (size_t) n;
	}
	(void) close(fd);
	buf[used] = '\0';
	return (n < 0) ? -1 : (ssize_t) used;
}

static ssize_t _read_of(int proc, pid_t pid, const char *name, char *buf,
			size_t size)
{
	char path[PATH_SIZE];

	(void) snprintf(path, sizeof(path), "%d/%s", (int) pid, name);
	return _read(proc, path, buf, size);
}

/* The number at the start of a text, behind blanks */
static bool _number(const char *text, uint64_t *number)
{
	char *end;

	text += strspn(text, " \t");
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno;
}

/* The number behind "\nKEY" */
static bool _field(const char *text, const char *key, uint64_t *number)
{
	const char *at = strstr(text, key);

	return at && _number(at + strlen(key), number);
}

/* A job id that stands at the start of a text and is followed by a stop */
static uint32_t _job_id(const char *text, const char *stops)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t id = 0;

	if (!digits || digits > 10 || !strchr(stops, text[digits]))
		return 0;
	for (size_t i = 0; i < digits; i++)
		id = id * 10 + (uint64_t) (text[i] - '0');
	return (id < UINT32_MAX) ? (uint32_t) id : 0;
}

/*
 * Devices
 */

static uint32_t _major(int proc)
{
	char text[TEXT_SIZE];
	const char *at = text;
	uint64_t number;

	if (_read(proc, "devices", text, sizeof(text)) < 0)
		return NO_MAJOR;
	while (at && strncmp(at, "Block", 5)) {
		size_t digits;

		at += strspn(at, " ");
		digits = strspn(at, "0123456789");
		if (digits && !strncmp(at + digits, " neuron\n", 8) &&
		    _number(at, &number))
			return (uint32_t) number;
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return NO_MAJOR;
}

static void _find_nodes(int root, devset_t devices, targets_t *targets)
{
	for (int d = -1; (d = devset_next(devices, d)) >= 0;) {
		char path[PATH_SIZE];
		struct stat st;

		(void) snprintf(path, sizeof(path), "dev/neuron%d", d);
		if (sysfs_stat(root, path, &st))
			continue;
		targets->nodes[d].known = true;
		targets->nodes[d].dev = st.st_dev;
		targets->nodes[d].ino = st.st_ino;
		targets->nodes[d].rdev = S_ISCHR(st.st_mode) ? st.st_rdev : 0;
	}
}

/* The device that a file is; the empty set: none */
static devset_t _device_of(const targets_t *targets, const struct stat *st)
{
	bool driver =
		S_ISCHR(st->st_mode) && major(st->st_rdev) == targets->major;

	for (unsigned int i = 0; i < DEVSET_MAX; i++) {
		if (!targets->nodes[i].known)
			continue;
		if ((targets->nodes[i].dev == st->st_dev &&
		     targets->nodes[i].ino == st->st_ino) ||
		    (driver && targets->nodes[i].rdev == st->st_rdev))
			return devset_of(i);
	}
	return 0;
}

/*
 * Descriptors of one process
 */

static bool _may_be_device(int fds, const char *name)
{
	char link[LINK_SIZE];
	ssize_t n = readlinkat(fds, name, link, sizeof(link) - 1);
	const char *slash;

	if (n <= 0)
		return false;
	link[n] = '\0';
	slash = strrchr(link, '/');
	return slash &&
	       (!strncmp(link, "/dev/", 5) || !strncmp(slash + 1, "neuron", 6));
}

/* True for a descriptor that the driver counts */
static bool _is_use(const scan_t *scan, pid_t pid, const char *name)
{
	char path[PATH_SIZE + 32], text[TEXT_SIZE];
	const char *at;
	unsigned long flags;

	(void) snprintf(path, sizeof(path), "%d/fdinfo/%.16s", (int) pid, name);
	if (_read(scan->proc, path, text, sizeof(text)) < 0)
		return true;
	at = strstr(text, "flags:");
	if (!at)
		return true;
	flags = strtoul(at + strlen("flags:"), NULL, 8);
	return (flags & O_ACCMODE) != O_WRONLY && !(flags & O_PATH);
}

/* IN/OUT devices - those that descriptors before this one were of */
static void _look_at(const scan_t *scan, pid_t pid, int fds, const char *name,
		     devset_t *devices)
{
	struct stat st;
	devset_t device;

	if (*name == '.' || !_may_be_device(fds, name) ||
	    fstatat(fds, name, &st, 0))
		return;
	device = _device_of(scan->targets, &st);
	if (device && !(*devices & device) && _is_use(scan, pid, name))
		*devices |= device;
}

/* Most processes are threads of the kernel, without any: readdir() would make
 * twice as many system calls */
static devset_t _devices_of(const scan_t *scan, pid_t pid)
{
	_Alignas(struct dirent64) char entries[FDS_SIZE];
	char path[PATH_SIZE];
	devset_t devices = 0;
	ssize_t n = 0;
	int fd;

	(void) snprintf(path, sizeof(path), "%d/fd", (int) pid);
	fd = openat(scan->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while ((n = getdents64(fd, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry =
				(const void *) (entries + at);

			_look_at(scan, pid, fd, entry->d_name, &devices);
			at += entry->d_reclen;
		}
	}
	(void) close(fd);
	return devices;
}

/*
 * Which job a process is of
 */

/*
 * "/slurm/uid_1000/job_42/...", "/system.slice/slurmstepd.scope/job_42/...".
 * A user can make cgroups too, below user.slice.
 */
static uint32_t _job_of_path(const char *path)
{
	bool slurm = false;

	for (const char *at = path; *at; at += strcspn(at, "/")) {
		size_t length;

		at += strspn(at, "/");
		length = strcspn(at, "/");
		if (length == 10 && !strncmp(at, "user.slice", length))
			return 0;
		if (slurm && !strncmp(at, "job_", 4))
			return _job_id(at + 4, "/");
		if (!strncmp(at, "slurm", 5) ||
		    (length >= 16 &&
		     !strncmp(at + length - 16, "slurmstepd.scope", 16)))
			slurm = true;
	}
	return 0;
}

static uint32_t _job_of_cgroup(const scan_t *scan, pid_t pid)
{
	char text[TEXT_SIZE], *save, *line;
	uint32_t job = 0;

	if (_read_of(scan->proc, pid, "cgroup", text, sizeof(text)) < 0)
		return 0;
	for (line = strtok_r(text, "\n", &save); line && !job;
	     line = strtok_r(NULL, "\n", &save)) {
		/* hierarchy:controllers:path */
		const char *colon = strchr(line, ':');

		colon = colon ? strchr(colon + 1, ':') : NULL;
		if (colon)
			job = _job_of_path(colon + 1);
	}
	return job;
}

/* The job of a slurmstepd, which calls itself "slurmstepd: [42.0]" */
static uint32_t _job_of_stepd(const scan_t *scan, pid_t pid, const char *status)
{
	char text[TEXT_SIZE];
	uint64_t uid;

	if (strncmp(status, "Name:\tslurmstepd\n", 17) ||
	    !_field(status, "\nUid:", &uid) || (uid && uid != scan->self) ||
	    _read_of(scan->proc, pid, "cmdline", text, sizeof(text)) < 0 ||
	    strncmp(text, "slurmstepd: [", 13))
		return 0;
	return _job_id(text + 13, ".]");
}

static uint32_t _job_of_ancestors(const scan_t *scan, pid_t pid)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		char status[TEXT_SIZE];
		uint64_t parent;
		uint32_t job;

		if (_read_of(scan->proc, pid, "status", status,
			     sizeof(status)) < 0)
			return 0;
		job = _job_of_stepd(scan, pid, status);
		if (job)
			return job;
		if (!_field(status, "\nPPid:", &parent) || parent > PID_LIMIT)
			return 0;
		pid = (pid_t) parent;
	}
	return 0;
}

/* IN text - strings one behind the other, ended by a null byte more */
static uint32_t _job_of_strings(const char *text, size_t size)
{
	const char *end = text + size;

	for (; text < end; text += strlen(text) + 1) {
		if (!strncmp(text, "SLURM_JOB_ID=", 13))
			return _job_id(text + 13, "");
	}
	return 0;
}

static uint32_t _job_of_environ(const scan_t *scan, pid_t pid)
{
	size_t size = ENVIRON_STEP;
	uint32_t job = 0;

	while (size <= ENVIRON_MAX) {
		char *text = malloc(size);
		ssize_t n;

		if (!text)
			return 0;
		n = _read_of(scan->proc, pid, "environ", text, size);
		if (n > 0)
			job = _job_of_strings(text, (size_t) n);
		free(text);
		if (job || n < 0 || (size_t) n < size - 1)
			break;
		size *= 8;
	}
	return job;
}

/*
 * Processes
 */

/* Field 22 of stat; the name in field 2 may hold anything */
static bool _start(const scan_t *scan, pid_t pid, uint64_t *start)
{
	char text[TEXT_SIZE];
	const char *at;

	if (_read_of(scan->proc, pid, "stat", text, sizeof(text)) < 0)
		return false;
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at && _number(at, start);
}

static void _command(const char *status, char *command)
{
	const char *at = status + strlen("Name:\t");
	size_t length;

	if (strncmp(status, "Name:\t", 6)) {
		memcpy(command, "?", 2);
		return;
	}
	length = strcspn(at, "\n");
	if (length >= HOLDER_COMMAND_MAX)
		length = HOLDER_COMMAND_MAX - 1;
	for (size_t i = 0; i < length; i++)
		command[i] = (at[i] < ' ' || at[i] > '~') ? '?' : at[i];
	command[length] = '\0';
}

/* RET false: the process is gone, or has none of the devices */
static bool _look(const scan_t *scan, pid_t pid, holder_t *holder)
{
	char status[TEXT_SIZE];
	uint64_t uid;

	memset(holder, 0, sizeof(*holder));
	holder->devices = _devices_of(scan, pid);
	if (!holder->devices)
		return false;
	holder->pid = pid;
	if (!_start(scan, pid, &holder->start) ||
	    _read_of(scan->proc, pid, "status", status, sizeof(status)) < 0 ||
	    !_field(status, "\nUid:", &uid))
		return false;
	holder->uid = (uid_t) uid;
	_command(status, holder->command);
	holder->job = _job_of_cgroup(scan, pid);
	if (!holder->job)
		holder->job = _job_of_ancestors(scan, pid);
	holder->claim = _job_of_environ(scan, pid);
	return true;
}

static int _note(holders_t *holders, const holder_t *holder)
{
	uint32_t count = holders->count;

	if (count == HOLDER_PROCESSES_MAX)
		return 0;
	if (!(count & (count - 1))) {
		size_t room = count ? 2 * (size_t) count : 1;
		holder_t *list =
			realloc(holders->list, room * sizeof(*holders->list));

		if (!list)
			return -1;
		holders->list = list;
	}
	holders->list[holders->count++] = *holder;
	return 0;
}

static int _scan(const scan_t *scan, DIR *dir, holders_t *holders,
		 neuron_error_t *err)
{
	const struct dirent *at;

	while ((at = readdir(dir))) {
		int pid = sysfs_name_number(at->d_name, "", PID_LIMIT);
		holder_t holder;

		if (pid <= 0 || !_look(scan, pid, &holder))
			continue;
		if (_note(holders, &holder)) {
			holders_free(holders);
			return neuron_error_set(err, ENOMEM, "out of memory");
		}
	}
	return 0;
}

static void _aim(scan_t *scan, targets_t *targets, int proc, int root,
		 devset_t devices)
{
	memset(targets, 0, sizeof(*targets));
	_find_nodes(root, devices, targets);
	targets->major = _major(proc);
	*scan = (scan_t){.proc = proc, .targets = targets, .self = geteuid()};
}

extern int holders_find(int proc, int root, devset_t devices,
			holders_t *holders, neuron_error_t *err)
{
	targets_t targets;
	scan_t scan;
	DIR *dir;
	int fd, rc;

	memset(holders, 0, sizeof(*holders));
	if (!devices)
		return 0;
	fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = (fd < 0) ? NULL : fdopendir(fd);
	if (!dir) {
		int errnum = errno;

		if (fd >= 0)
			(void) close(fd);
		return neuron_error_set(err,
					(errnum == ENOMEM) ? ENOMEM : ENOENT,
					"/proc: %s", strerror(errnum));
	}
	_aim(&scan, &targets, proc, root, devices);
	rc = _scan(&scan, dir, holders, err);
	(void) closedir(dir);
	return rc;
}

extern void holders_free(holders_t *holders)
{
	int errnum = errno;

	free(holders->list);
	memset(holders, 0, sizeof(*holders));
	errno = errnum;
}

extern int holder_again(int proc, int root, devset_t devices, holder_t *holder)
{
	targets_t targets;
	scan_t scan;
	holder_t now;

	_aim(&scan, &targets, proc, root, devices);
	if (!_look(&scan, holder->pid, &now) || now.start != holder->start)
		return 0;
	*holder = now;
	return 1;
}

extern devset_t holders_devices(const holders_t *holders)
{
	devset_t devices = 0;

	for (uint32_t i = 0; i < holders->count; i++)
		devices |= holders->list[i].devices;
	return devices;
}

extern bool holder_may_end(const holder_t *holder, uint32_t job, uid_t uid)
{
	if (holder->pid <= 1)
		return false;
	if (holder->job)
		return holder->job == job;
	return holder->uid || !uid;
}

extern int holder_describe(const holder_t *holder, char *buf, size_t size)
{
	char job[64] = "";
	int n;

	if (holder->job)
		(void) snprintf(job, sizeof(job), ", job %u", holder->job);
	else if (holder->claim)
		(void) snprintf(job, sizeof(job),
				", which says that it is of job %u",
				holder->claim);
	n = snprintf(buf, size, "process %d (%s) of user %u%s",
		     (int) holder->pid, holder->command,
		     (unsigned int) holder->uid, job);
	if (n < 0 || (size_t) n >= size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	return n;
}
