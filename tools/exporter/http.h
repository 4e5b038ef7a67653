/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http: GET /metrics, by libmicrohttpd, in the caller's only thread.
 *
 * Who asks while the present text is too old waits until there is another one.
 * Everything is bounded: connections, how long one may be idle and live, the
 * bytes of a request.
 */
#ifndef NEURON_HTTP_H
#define NEURON_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "lib/metrics.h"

#define HTTP_CONNECTIONS_MAX 32
/* Seconds without a byte, and of a whole connection */
#define HTTP_IDLE_MAX 10
#define HTTP_LIFE_MAX 60
/* Bytes of a connection's memory: the header of a request is at most half */
#define HTTP_MEMORY_MAX (16 * 1024)

typedef struct http http_t;

/*
 * "127.0.0.1:19430", "[::1]:19430", "*:19430" (all addresses).
 * RET 0; -1 with errno EINVAL and a sentence.
 */
extern int http_address(const char *text, struct sockaddr_storage *address,
			socklen_t *length, neuron_error_t *err);

/* Listen. RET for http_destroy(); NULL with errno EIO and a sentence */
extern http_t *http_create(const struct sockaddr_storage *address,
			   socklen_t length, neuron_error_t *err);
/* Accepts NULL */
extern void http_destroy(http_t *http);

/* What to poll for input, and for how long at most, milliseconds */
extern int http_fd(const http_t *http);
extern int http_timeout(const http_t *http);
/* Do what there is to do, without waiting */
extern void http_run(http_t *http);

/* Whether somebody waits for a text */
extern bool http_is_wanted(const http_t *http);
/*
 * The text to serve from now on; all who wait get it.
 * IN texts - for each format; they become the server's, also on failure.
 * RET 0; -1 with errno ENOMEM: the one before stays.
 */
extern int http_publish(http_t *http, char *texts[METRICS_FORMATS],
			const size_t lengths[METRICS_FORMATS]);
/* The text is too old */
extern void http_expire(http_t *http);

#endif
