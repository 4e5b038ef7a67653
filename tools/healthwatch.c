/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "healthwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deadline.h"
#include "lib/kmsg.h"
#include "lib/reading.h"
#include "lib/sysfs.h"

enum { SIGNALS_FD, LOG_FD, FIRST_DEVICE_FD };

extern int healthwatch_start(healthwatch_fds_t *watch, neuron_error_t *err)
{
	sigset_t set;
	int fd;

	memset(watch, 0, sizeof(*watch));
	for (unsigned int i = 0; i < HEALTHWATCH_FDS; i++)
		watch->fds[i].fd = -1;
	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGTERM);
	(void) sigaddset(&set, SIGINT);
	(void) sigaddset(&set, SIGHUP);
	(void) sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return neuron_error_set(err, EIO, "signalfd: %s",
					strerror(errno));
	watch->fds[SIGNALS_FD] = (struct pollfd){.fd = fd, .events = POLLIN};
	return 0;
}

extern void healthwatch_close(healthwatch_fds_t *watch)
{
	for (unsigned int i = LOG_FD; i < HEALTHWATCH_FDS; i++) {
		if (watch->fds[i].fd >= 0)
			(void) close(watch->fds[i].fd);
		watch->fds[i].fd = -1;
	}
}

static int _take_record(const kmsg_error_t *error, const char *why, void *arg)
{
	(void) why;
	if (error)
		*(bool *) arg = true;
	return 0;
}

/* RET true: there was a hardware error in it */
static bool _drain_log(healthwatch_fds_t *watch)
{
	bool found = false;

	(void) kmsg_read(watch->fds[LOG_FD].fd, &watch->next, _take_record,
			 &found, NULL);
	return found;
}

/* poll() says of a file always that it can be read: only a real log wakes */
static void _open_log(healthwatch_fds_t *watch, int root)
{
	int fd = sysfs_stream(root, "dev/kmsg", NULL);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) || !S_ISCHR(st.st_mode)) {
		(void) close(fd);
		return;
	}
	watch->fds[LOG_FD] = (struct pollfd){.fd = fd, .events = POLLIN};
	(void) lseek(fd, 0, SEEK_END);
}

/* kernfs tells a change to those who have read the file since the last one */
static void _arm(int fd)
{
	char text[64];

	(void) !pread(fd, text, sizeof(text), 0);
}

extern void healthwatch_open(healthwatch_fds_t *watch, int root,
			     unsigned int devices)
{
	healthwatch_close(watch);
	_open_log(watch, root);
	for (unsigned int d = 0; d < devices && d < PROFILE_DEVICES_MAX; d++) {
		char path[SYSFS_PATH_MAX];
		int fd;

		if (reading_event_path(root, d, path, sizeof(path)) < 0)
			continue;
		fd = sysfs_stream(root, path, NULL);
		if (fd < 0)
			continue;
		_arm(fd);
		watch->fds[FIRST_DEVICE_FD + d] =
			(struct pollfd){.fd = fd, .events = POLLPRI};
	}
}

static bool _take_signal(healthwatch_fds_t *watch, healthwatch_t *what)
{
	struct signalfd_siginfo info;

	if (read(watch->fds[SIGNALS_FD].fd, &info, sizeof(info)) !=
	    (ssize_t) sizeof(info))
		return false;
	*what = (info.ssi_signo == SIGHUP) ? HEALTHWATCH_RELOAD
					   : HEALTHWATCH_END;
	return true;
}

/* RET true: a look is due. What is gone or broken is not waited for any more;
 * the next look opens it again. */
static bool _take_event(healthwatch_fds_t *watch)
{
	bool due = false;

	if (watch->fds[LOG_FD].revents & (POLLERR | POLLHUP | POLLNVAL))
		watch->fds[LOG_FD].events = 0;
	if (watch->fds[LOG_FD].revents & POLLIN)
		due = _drain_log(watch);
	for (unsigned int i = FIRST_DEVICE_FD; i < HEALTHWATCH_FDS; i++) {
		struct pollfd *one = &watch->fds[i];

		if (one->fd < 0 || !one->revents)
			continue;
		due |= (one->revents & POLLPRI) != 0;
		if (one->revents & POLLPRI)
			_arm(one->fd);
		else
			one->fd = (close(one->fd), -1);
	}
	return due;
}

extern healthwatch_t healthwatch_wait(healthwatch_fds_t *watch,
				      unsigned int milliseconds,
				      unsigned int least)
{
	deadline_t end = deadline_in(milliseconds), soon = deadline_in(least);
	healthwatch_t what = HEALTHWATCH_TIME;
	bool due = false;

	for (;;) {
		deadline_t until = (due && soon < end) ? soon : end;
		uint64_t now = deadline_now();
		/* While a look is due already only signals matter */
		nfds_t count = due ? 1 : HEALTHWATCH_FDS;

		if (now >= until)
			return due ? HEALTHWATCH_EVENT : HEALTHWATCH_TIME;
		if (poll(watch->fds, count, (int) (until - now)) <= 0)
			continue;
		if ((watch->fds[SIGNALS_FD].revents & POLLIN) &&
		    _take_signal(watch, &what))
			return what;
		if (!due)
			due = _take_event(watch);
	}
}
