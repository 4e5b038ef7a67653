/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "tools/deadline.h"

#define PORT_MAX 65535
/* Releases differ in their name for it */
#define TOO_LARGE 413
/* Milliseconds between two looks for connections that live too long */
#define SWEEP_MS 1000

/* 0.9.71 gave the results of callbacks a type of their own */
#if MHD_VERSION >= 0x00097002
typedef enum MHD_Result mhd_result_t;
#else
typedef int mhd_result_t;
#endif

typedef struct {
	int fd; /* -1: free */
	deadline_t end;
} life_t;

struct http {
	struct MHD_Daemon *daemon;
	struct MHD_Response *texts[METRICS_FORMATS]; /* NULL: none yet */
	struct MHD_Response *home;
	struct MHD_Response *missing;
	struct MHD_Response *method;
	struct MHD_Response *body;
	bool expired;
	struct MHD_Connection *waiting[HTTP_CONNECTIONS_MAX];
	unsigned int waiting_count;
	life_t lives[HTTP_CONNECTIONS_MAX];
};

/*
 * Addresses
 */

static int _refuse_address(const char *text, neuron_error_t *err)
{
	return neuron_error_set(
		err, EINVAL,
		"--listen %.64s: it must be ADDRESS:PORT with a numeric address and a port from 1 to 65535, for example 127.0.0.1:19430, [::1]:19430 or *:19430",
		text);
}

static int _port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '1' || *text > '9' || *end || value > PORT_MAX)
		return -1;
	*port = (uint16_t) value;
	return 0;
}

extern int http_address(const char *text, struct sockaddr_storage *address,
			socklen_t *length, neuron_error_t *err)
{
	struct sockaddr_in *four = (struct sockaddr_in *) address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *) address;
	const char *colon = strrchr(text, ':');
	size_t size = colon ? (size_t) (colon - text) : 0;
	char host[INET6_ADDRSTRLEN + 2];
	uint16_t port;

	memset(address, 0, sizeof(*address));
	if (!size || size >= sizeof(host) || _port(colon + 1, &port))
		return _refuse_address(text, err);
	(void) snprintf(host, sizeof(host), "%.*s", (int) size, text);
	if (!strcmp(host, "*"))
		(void) snprintf(host, sizeof(host), "0.0.0.0");
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		*length = sizeof(*four);
		return 0;
	}
	if (host[0] != '[' || host[size - 1] != ']')
		return _refuse_address(text, err);
	host[size - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &six->sin6_addr) != 1)
		return _refuse_address(text, err);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	*length = sizeof(*six);
	return 0;
}

/*
 * Connections
 */

static int _socket_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static void _note_connection(void *arg, struct MHD_Connection *connection,
			     void **context,
			     enum MHD_ConnectionNotificationCode code)
{
	bool starts = (code == MHD_CONNECTION_NOTIFY_STARTED);
	int fd = _socket_of(connection);
	http_t *http = arg;

	(void) context;
	for (int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		life_t *life = &http->lives[i];

		if (life->fd != (starts ? -1 : fd))
			continue;
		life->fd = starts ? fd : -1;
		life->end = deadline_in(HTTP_LIFE_MAX * 1000);
		return;
	}
}

/* One that sends a byte now and then would live for ever */
static void _sweep(http_t *http)
{
	for (int i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		life_t *life = &http->lives[i];

		if (life->fd >= 0 && deadline_over(life->end))
			(void) shutdown(life->fd, SHUT_RDWR);
	}
}

static mhd_result_t _wait(http_t *http, struct MHD_Connection *connection)
{
	if (http->waiting_count == HTTP_CONNECTIONS_MAX)
		return MHD_NO;
	http->waiting[http->waiting_count++] = connection;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

/* Nobody has a use for what a GET brings along */
static bool _has_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length && strcmp(length, "0")) ||
	       MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					   MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static mhd_result_t _answer(void *arg, struct MHD_Connection *connection,
			    const char *url, const char *method,
			    const char *version, const char *upload,
			    size_t *upload_size, void **context)
{
	http_t *http = arg;
	metrics_format_t format;

	(void) version;
	(void) upload;
	if (*context && *upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD))
		return MHD_queue_response(
			connection, MHD_HTTP_METHOD_NOT_ALLOWED, http->method);
	if (_has_body(connection))
		return MHD_queue_response(connection, TOO_LARGE, http->body);
	if (!strcmp(url, "/"))
		return MHD_queue_response(connection, MHD_HTTP_OK, http->home);
	if (strcmp(url, "/metrics"))
		return MHD_queue_response(connection, MHD_HTTP_NOT_FOUND,
					  http->missing);
	/* the first call comes behind the header, where a connection cannot
	 * wait yet */
	if (!*context) {
		*context = http;
		return MHD_YES;
	}
	if (http->expired || !http->texts[0])
		return _wait(http, connection);
	format = metrics_negotiate(MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	return MHD_queue_response(connection, MHD_HTTP_OK, http->texts[format]);
}

static void _resume_all(http_t *http)
{
	for (unsigned int i = 0; i < http->waiting_count; i++)
		MHD_resume_connection(http->waiting[i]);
	http->waiting_count = 0;
}

/*
 * Texts
 */

static struct MHD_Response *_response(void *text, size_t length,
				      enum MHD_ResponseMemoryMode mode,
				      const char *type)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(length, text, mode);

	if (response) {
		(void) MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
		(void) MHD_add_response_header(
			response, "X-Content-Type-Options", "nosniff");
	} else if (mode == MHD_RESPMEM_MUST_FREE) {
		free(text);
	}
	return response;
}

static struct MHD_Response *_constant(const char *text, const char *type)
{
	return _response((void *) text, strlen(text), MHD_RESPMEM_PERSISTENT,
			 type);
}

static int _prepare(http_t *http)
{
	static const char plain[] = "text/plain; charset=utf-8";

	http->home = _constant(
		"<!DOCTYPE html><title>neuron-exporter</title><a href=\"/metrics\">metrics</a>\n",
		"text/html; charset=utf-8");
	http->missing = _constant("There is /metrics.\n", plain);
	http->method = _constant("There is GET and HEAD.\n", plain);
	http->body = _constant("There is nothing to send here.\n", plain);
	if (!http->home || !http->missing || !http->method || !http->body)
		return -1;
	(void) MHD_add_response_header(http->method, MHD_HTTP_HEADER_ALLOW,
				       "GET, HEAD");
	(void) MHD_add_response_header(http->method, MHD_HTTP_HEADER_CONNECTION,
				       "close");
	(void) MHD_add_response_header(http->body, MHD_HTTP_HEADER_CONNECTION,
				       "close");
	return 0;
}

extern int http_publish(http_t *http, char *texts[METRICS_FORMATS],
			const size_t lengths[METRICS_FORMATS])
{
	struct MHD_Response *fresh[METRICS_FORMATS];
	bool good = true;

	for (int f = 0; f < METRICS_FORMATS; f++) {
		fresh[f] =
			_response(texts[f], lengths[f], MHD_RESPMEM_MUST_FREE,
				  metrics_content_type((metrics_format_t) f));
		if (fresh[f])
			(void) MHD_add_response_header(
				fresh[f], MHD_HTTP_HEADER_VARY, "Accept");
		good &= (fresh[f] != NULL);
	}
	for (int f = 0; f < METRICS_FORMATS; f++) {
		struct MHD_Response *gone = good ? http->texts[f] : fresh[f];

		if (good)
			http->texts[f] = fresh[f];
		if (gone)
			MHD_destroy_response(gone);
	}
	http->expired = !good;
	if (good) {
		_resume_all(http);
		return 0;
	}
	errno = ENOMEM;
	return -1;
}

extern void http_expire(http_t *http)
{
	http->expired = true;
}

extern bool http_is_wanted(const http_t *http)
{
	return http->waiting_count;
}

/*
 * The server
 */

/* Paths stay as they were sent: none that is served has an escape, and what
 * "%00" hides is not looked at */
static size_t _keep_escapes(void *arg, struct MHD_Connection *connection,
			    char *path)
{
	(void) arg;
	(void) connection;
	return strlen(path);
}

static void _stay_silent(void *arg, const char *fmt, va_list ap)
{
	(void) arg;
	(void) fmt;
	(void) ap;
}

extern http_t *http_create(const struct sockaddr_storage *address,
			   socklen_t length, neuron_error_t *err)
{
	unsigned int flags =
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	http_t *http = calloc(1, sizeof(*http));

	(void) length;
	if (!http || _prepare(http)) {
		(void) neuron_error_set(err, ENOMEM, "out of memory");
		http_destroy(http);
		return NULL;
	}
	for (int i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		http->lives[i].fd = -1;
	if (address->ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	http->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, _answer, http, MHD_OPTION_EXTERNAL_LOGGER,
		_stay_silent, NULL, MHD_OPTION_SOCK_ADDR, address,
		MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int) HTTP_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) HTTP_IDLE_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HTTP_MEMORY_MAX,
		MHD_OPTION_NOTIFY_CONNECTION, _note_connection, http,
		MHD_OPTION_UNESCAPE_CALLBACK, _keep_escapes, NULL,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (http->daemon)
		return http;
	(void) neuron_error_set(err, EIO, "cannot listen: %s",
				errno ? strerror(errno)
				      : "libmicrohttpd does not say why");
	http_destroy(http);
	return NULL;
}

extern void http_destroy(http_t *http)
{
	if (!http)
		return;
	_resume_all(http);
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	for (int f = 0; f < METRICS_FORMATS; f++) {
		if (http->texts[f])
			MHD_destroy_response(http->texts[f]);
	}
	if (http->home)
		MHD_destroy_response(http->home);
	if (http->missing)
		MHD_destroy_response(http->missing);
	if (http->method)
		MHD_destroy_response(http->method);
	if (http->body)
		MHD_destroy_response(http->body);
	free(http);
}

extern int http_fd(const http_t *http)
{
	return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)
		->epoll_fd;
}

extern int http_timeout(const http_t *http)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(http->daemon, &ms) != MHD_YES || ms > SWEEP_MS)
		return SWEEP_MS;
	return (int) ms;
}

extern void http_run(http_t *http)
{
	_sweep(http);
	(void) MHD_run(http->daemon);
}
