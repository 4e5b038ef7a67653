/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compat.h"

#include <dlfcn.h>
#include <unistd.h>

#include "stock.h"

/* PluginDir is a colon separated list; RET xfree() the path, NULL: no file */
static char *_find_file(const char *type)
{
	char *name = xstrdup(type), *dirs = xstrdup(slurm_conf.plugindir);
	char *path = NULL, *save = NULL;

	xstrsubstituteall(name, "/", "_");
	for (char *dir = strtok_r(dirs, ":", &save); dir;
	     dir = strtok_r(NULL, ":", &save)) {
		path = xstrdup_printf("%s/%s.so", dir, name);
		if (!access(path, R_OK))
			break;
		xfree(path);
	}
	xfree(name);
	xfree(dirs);
	return path;
}

static int _bind(void *handle, const char *type, const stock_symbol_t *symbols,
		 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		*symbols[i].address = dlsym(handle, symbols[i].name);
		if (*symbols[i].address)
			continue;
		error("neuron: Slurm's %s plugin has no function %s; these plugins were built for Slurm %s",
		      type, symbols[i].name, SLURM_VERSION_STRING);
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern int stock_open(const char *type, const stock_symbol_t *symbols,
		      size_t count, void **handle)
{
	int (*start)(void);
	char *path = _find_file(type);

	*handle = NULL;
	if (!path) {
		error("neuron: no plugin %s in PluginDir=%s", type,
		      slurm_conf.plugindir);
		return SLURM_ERROR;
	}
	if (!(*handle = dlopen(path, RTLD_LAZY)))
		error("neuron: cannot open %s: %s", path, dlerror());
	xfree(path);
	if (!*handle)
		return SLURM_ERROR;
	if (_bind(*handle, type, symbols, count) ||
	    ((*(void **) &start = dlsym(*handle, "init")) && start())) {
		dlclose(*handle);
		*handle = NULL;
		return SLURM_ERROR;
	}
	return SLURM_SUCCESS;
}

extern const void *stock_data(void *handle, const char *name)
{
	return dlsym(handle, name);
}

extern const void *stock_peer(const char *type, const char *name)
{
	char *path = _find_file(type);
	void *handle = path ? dlopen(path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
	const void *symbol = handle ? dlsym(handle, name) : NULL;

	if (handle)
		dlclose(handle);
	xfree(path);
	return symbol;
}

extern void stock_close(void **handle)
{
	int (*finish)(void);

	if (!*handle)
		return;
	if ((*(void **) &finish = dlsym(*handle, "fini")))
		finish();
	dlclose(*handle);
	*handle = NULL;
}
