/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * freeport N: print the first of N consecutive TCP ports that are free on
 * 127.0.0.1 right now.
 *
 * Nothing keeps them free: a caller whose daemon finds its port taken asks
 * again. The range ends below the ports that the kernel gives to outgoing
 * connections, which would be taken at any moment.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT_FIRST 10000
/* Linux: net.ipv4.ip_local_port_range starts there, unless set */
#define PORT_EPHEMERAL 32768
#define PORTS_MAX 4096
#define TRIES_MAX 1000

#define EPHEMERAL_FILE "/proc/sys/net/ipv4/ip_local_port_range"

static int _port_end(void)
{
	FILE *file = fopen(EPHEMERAL_FILE, "re");
	int first = PORT_EPHEMERAL;

	if (!file)
		return PORT_EPHEMERAL;
	if ((fscanf(file, "%5d", &first) != 1) ||
	    (first < PORT_FIRST + PORTS_MAX) || (first > PORT_EPHEMERAL))
		first = PORT_EPHEMERAL;
	fclose(file);
	return first;
}

static int _is_free(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t) port),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, rc;

	if (fd < 0)
		return 0;
	/* As daemons do: connections that just ended do not count */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	rc = bind(fd, (struct sockaddr *) &address, sizeof(address));
	if (!rc)
		rc = listen(fd, 1);
	close(fd);
	return !rc;
}

/* RET how many ports from base on are free, at most count */
static int _free_from(int base, int count)
{
	int n = 0;

	while ((n < count) && _is_free(base + n))
		n++;
	return n;
}

static int _find(int count)
{
	int span = _port_end() - PORT_FIRST - count + 1;

	for (int i = 0; i < TRIES_MAX; i++) {
		int base = PORT_FIRST + (int) (random() % span);

		if (_free_from(base, count) == count)
			return base;
	}
	return -1;
}

static int _read_count(const char *text)
{
	char *end;
	long count;

	errno = 0;
	count = strtol(text, &end, 10);
	if (errno || (end == text) || *end || (count < 1) ||
	    (count > PORTS_MAX))
		return -1;
	return (int) count;
}

extern int main(int argc, char **argv)
{
	struct timespec now;
	int count, base;

	if ((argc != 2) || ((count = _read_count(argv[1])) < 0)) {
		fprintf(stderr, "usage: freeport N, with N from 1 to %d\n",
			PORTS_MAX);
		return 2;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	srandom((unsigned int) getpid() * 2654435761U ^
		(unsigned int) now.tv_nsec ^ (unsigned int) now.tv_sec);
	if ((base = _find(count)) < 0) {
		fprintf(stderr,
			"freeport: found no %d free ports in a row below %d\n",
			count, _port_end());
		return 1;
	}
	printf("%d\n", base);
	return 0;
}
