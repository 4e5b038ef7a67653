/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handed: what a GRES plugin in slurmstepd does with what slurmd handed it,
 * when that was another plugin: the one before an upgrade, or a damaged one.
 *
 * Preloaded (LD_PRELOAD) into slurmstepd, this works before main() and ends
 * the process. NEURON_HANDED is the file of the plugin. What it packs itself is
 * unpacked whole, then with other bytes and shorter by each length. One line on
 * standard output for each case that it must refuse, one on standard error for
 * each sentence that it says; "done" at the end.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/common/slurm_xlator.h"

#include "src/common/pack.h"
#include "src/common/xmalloc.h"

/* version (16 bits), size of the machine (32 bits), machine, ... */
#define SIZE_AT 2
#define MACHINE_AT 6

typedef void (*stepd_t)(buf_t *buffer);

static void _end(const char *what)
{
	if (what)
		fprintf(stderr, "handed: %s\n", what);
	else
		puts("done");
	fflush(NULL);
	_exit(what ? 1 : 0);
}

static stepd_t _find(void *plugin, const char *name)
{
	stepd_t function;

	if (!(*(void **) &function = dlsym(plugin, name)))
		_end(dlerror());
	return function;
}

/* IN name - of a case that must be refused; NULL: of another */
static void _hand(stepd_t recv, const char *bytes, uint32_t size,
		  const char *name)
{
	char *copy = xmalloc(size + 1);
	buf_t *buffer;

	memcpy(copy, bytes, size);
	if (!(buffer = create_buf(copy, size)))
		_end("no buffer");
	if (name)
		printf("refuse %s\n", name);
	recv(buffer);
	free_buf(buffer);
}

static void _hand_changed(stepd_t recv, const char *bytes, uint32_t size,
			  uint32_t at, int by, const char *name)
{
	char *copy = xmalloc(size);

	memcpy(copy, bytes, size);
	copy[at] = (char) (copy[at] + by);
	_hand(recv, copy, size, name);
	xfree(copy);
}

static void _try(stepd_t recv, const char *bytes, uint32_t size)
{
	uint32_t machine;

	memcpy(&machine, bytes + SIZE_AT, sizeof(machine));
	machine = ntohl(machine);
	if (MACHINE_AT + machine > size)
		_end("this is not what machine_pack() writes");
	_hand(recv, bytes, size, NULL);
	_hand_changed(recv, bytes, size, 1, 1, "a newer version");
	_hand_changed(recv, bytes, size, 1, -1, "an older version");
	_hand_changed(recv, bytes, size, SIZE_AT + 3, -1, "a smaller machine");
	_hand_changed(recv, bytes, size, SIZE_AT + 3, 1, "a larger machine");
	_hand_changed(recv, bytes, size, SIZE_AT, 0x7f, "a huge machine");
	for (uint32_t less = 0; less < size; less++) {
		char name[32];

		snprintf(name, sizeof(name), "%u bytes", less);
		_hand(recv, bytes, less,
		      (less < MACHINE_AT + machine) ? name : NULL);
	}
	/* One that is right is taken after all of these */
	_hand(recv, bytes, size, NULL);
}

static void __attribute__((constructor)) _handed(void)
{
	const char *path = getenv("NEURON_HANDED");
	buf_t *buffer;
	void *plugin;

	/* Whatever else the dynamic linker preloads this into goes on */
	if (!path)
		return;
	if (!(plugin = dlopen(path, RTLD_LAZY)))
		_end(dlerror());
	buffer = init_buf(0);
	_find(plugin, "gres_p_send_stepd")(buffer);
	_try(_find(plugin, "gres_p_recv_stepd"), get_buf_data(buffer),
	     get_buf_offset(buffer));
	free_buf(buffer);
	_end(NULL);
}
