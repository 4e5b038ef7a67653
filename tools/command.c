/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deadline.h"
#include "lib/text.h"

#define KILL_WAIT_MS 30000
#define POLL_MS 200

static volatile sig_atomic_t caught;

static void _catch(int number)
{
	caught = number;
}

extern void command_catch_signals(void)
{
	struct sigaction action = {.sa_handler = _catch};

	(void) sigemptyset(&action.sa_mask);
	(void) sigaction(SIGINT, &action, NULL);
	(void) sigaction(SIGTERM, &action, NULL);
	(void) sigaction(SIGHUP, &action, NULL);
}

extern int command_signal(void)
{
	return caught;
}

/* A program that runs */
typedef struct {
	pid_t pid;
	int output, errors; /* -1: at its end */
	text_t text;
	size_t said;
	bool too_long;
	command_result_t *result;
} child_t;

static void _become(char *const *argv, const int *output, const int *errors)
{
	static const int reset[] = {SIGINT, SIGTERM, SIGHUP};
	int null = open("/dev/null", O_RDONLY);

	for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
		(void) signal(reset[i], SIG_DFL);
	(void) setpgid(0, 0);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(output[1], STDOUT_FILENO) < 0 ||
	    dup2(errors[1], STDERR_FILENO) < 0)
		_exit(127);
	(void) execv(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int _start(char *const *argv, child_t *child, neuron_error_t *err)
{
	int output[2], errors[2];

	if (pipe2(output, O_CLOEXEC))
		return neuron_error_set(err, EIO, "pipe: %s", strerror(errno));
	if (pipe2(errors, O_CLOEXEC)) {
		(void) close(output[0]);
		(void) close(output[1]);
		return neuron_error_set(err, EIO, "pipe: %s", strerror(errno));
	}
	(void) fflush(NULL);
	child->pid = fork();
	if (!child->pid)
		_become(argv, output, errors);
	(void) close(output[1]);
	(void) close(errors[1]);
	child->output = output[0];
	child->errors = errors[0];
	if (child->pid > 0)
		return 0;
	(void) close(output[0]);
	(void) close(errors[0]);
	return neuron_error_set(err, EIO, "fork: %s", strerror(errno));
}

/* Keep the last bytes of standard error */
static void _hear(child_t *child, const char *bytes, size_t length)
{
	char *said = child->result->said;
	size_t room = COMMAND_SAID_MAX - 1;

	if (length > room) {
		bytes += length - room;
		length = room;
	}
	if (child->said + length > room) {
		size_t drop = child->said + length - room;

		memmove(said, said + drop, child->said - drop);
		child->said -= drop;
	}
	memcpy(said + child->said, bytes, length);
	child->said += length;
	said[child->said] = '\0';
}

static void _read(child_t *child, int *fd)
{
	char bytes[16384];
	ssize_t n = read(*fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		(void) close(*fd);
		*fd = -1;
	} else if (fd == &child->errors) {
		_hear(child, bytes, (size_t) n);
	} else if (child->text.length + (size_t) n > COMMAND_OUTPUT_MAX ||
		   memchr(bytes, '\0', (size_t) n)) {
		child->too_long = true;
	} else {
		text_add_bytes(&child->text, bytes, (size_t) n);
	}
}

static void _poll(child_t *child)
{
	struct pollfd fds[2] = {{.fd = child->output, .events = POLLIN},
				{.fd = child->errors, .events = POLLIN}};

	if (poll(fds, 2, POLL_MS) <= 0)
		return;
	if (fds[0].revents)
		_read(child, &child->output);
	if (fds[1].revents)
		_read(child, &child->errors);
}

/* RET why it was ended: 0, EINTR or ETIMEDOUT */
static int _follow(child_t *child, unsigned int seconds)
{
	deadline_t end = deadline_in((uint64_t) seconds * 1000), last = 0;
	int why = 0;

	while (child->output >= 0 || child->errors >= 0) {
		_poll(child);
		if (!why && (caught || deadline_over(end))) {
			why = caught ? EINTR : ETIMEDOUT;
			last = deadline_in(KILL_WAIT_MS);
			(void) kill(-child->pid, SIGTERM);
		}
		if (why && deadline_over(last)) {
			(void) kill(-child->pid, SIGKILL);
			break;
		}
	}
	return why;
}

static void _reap(child_t *child)
{
	int status = 0;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (child->output >= 0)
		(void) close(child->output);
	if (child->errors >= 0)
		(void) close(child->errors);
	child->result->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						    : WEXITSTATUS(status);
}

extern int command_run(char *const *argv, unsigned int seconds,
		       command_result_t *result, neuron_error_t *err)
{
	child_t child = {.result = result};
	int why;

	*result = (command_result_t){.length = 0};
	if (_start(argv, &child, err))
		return -1;
	why = _follow(&child, seconds);
	_reap(&child);
	result->length = child.text.length;
	result->output = text_take(&child.text);
	if (!result->output)
		return neuron_error_set(err, ENOMEM, "out of memory");
	if (!why && !child.too_long)
		return 0;
	free(result->output);
	result->output = NULL;
	if (why == EINTR)
		return neuron_error_set(err, EINTR, "interrupted");
	if (why)
		return neuron_error_set(err, ETIMEDOUT,
					"%s: has not ended in %u seconds",
					argv[0], seconds);
	return neuron_error_set(err, EIO, "%s: printed too much, or no text",
				argv[0]);
}
