/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include "src/common/slurm_protocol_api.h"

extern char *address_list(const conf_t *conf)
{
	char *list = NULL, *at = NULL;

	for (unsigned int i = 0; i < conf_node_count(conf); i++) {
		const char *node = conf_node_name(conf, i);
		char *address = slurm_conf_get_address(node);

		if (address && xstrcmp(address, node) &&
		    !strpbrk(address, " \n"))
			xstrfmtcatat(list, &at, "%s %s\n", node, address);
		xfree(address);
	}
	return list;
}

extern void address_find(const char *list, const char *node, char *buf,
			 size_t size)
{
	size_t length = strlen(node), found = length;
	const char *address = node;

	while (list && *list) {
		size_t line = strcspn(list, "\n");

		if ((line > length) && !strncmp(list, node, length) &&
		    (list[length] == ' ')) {
			address = list + length + 1;
			found = line - length - 1;
			break;
		}
		list += line + (list[line] == '\n');
	}
	buf[0] = '\0';
	if (found < size) {
		memcpy(buf, address, found);
		buf[found] = '\0';
	}
}

static bool _same(const struct sockaddr *a, const slurm_addr_t *b)
{
	if (!a || (a->sa_family != b->ss_family))
		return false;
	if (a->sa_family == AF_INET)
		return !memcmp(&((const struct sockaddr_in *) a)->sin_addr,
			       &((const struct sockaddr_in *) b)->sin_addr,
			       sizeof(struct in_addr));
	if (a->sa_family == AF_INET6)
		return !memcmp(&((const struct sockaddr_in6 *) a)->sin6_addr,
			       &((const struct sockaddr_in6 *) b)->sin6_addr,
			       sizeof(struct in6_addr));
	return false;
}

extern void address_iface(const char *node, char *buf, size_t size)
{
	struct ifaddrs *all = NULL;
	slurm_addr_t own;

	buf[0] = '\0';
	if (slurm_conf_get_addr(node, &own, 0) || getifaddrs(&all))
		return;
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (_same(i->ifa_addr, &own)) {
			strlcpy(buf, i->ifa_name, size);
			break;
		}
	}
	freeifaddrs(all);
}
