/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open: look at a plugin from inside a program of Slurm.
 *
 * Preloaded (LD_PRELOAD) into slurmctld, srun, ... this works before main()
 * and then ends the process, so that the program itself never starts. What a
 * plugin finds there is what it finds when that program loads it.
 *
 *	NEURON_OPEN=look	opens NEURON_OPEN_FILE as src/common/plugin.c
 *		does, prints one fact a line on standard output:
 *			name TEXT, type TEXT, version 0xNUMBER
 *			export SYMBOL	it defines SYMBOL for others
 *			shadow SYMBOL	the program defines this SYMBOL too, so
 *					that it has the program's
 *			missing SYMBOL	it needs SYMBOL, nothing here has it
 *			weak SYMBOL	the same, it can do without
 *			lazy TEXT	dlopen(RTLD_LAZY) failed
 *			now TEXT	dlopen(RTLD_NOW) failed
 *	NEURON_OPEN=load	calls Slurm's own functions: reads slurm.conf,
 *		then loads (with init()) and unloads (with fini()) the plugin
 *		NEURON_OPEN_TYPE (topology/neuron) twice; its functions are
 *		NEURON_OPEN_SYMBOLS, separated by blanks. Ends as Slurm does
 *		when something is wrong, and with these lines else:
 *			own SYMBOL	the function is in the plugin itself
 *			other SYMBOL	it is not
 *			loaded		once for each time
 *
 * The last line is "done", with exit status 0; without it the process failed.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Slurm's largest list has some 30 */
#define SYMBOLS_MAX 256
/* That Slurm loads a plugin again, after it closed it, at reconfigure */
#define LOADS 2

typedef struct {
	const char *data;
	size_t size;
} file_t;

typedef struct {
	int (*conf_init)(const char *file);
	void *(*load)(const char *type, int count, const char *names[],
		      void *addresses[]);
	void (*unload)(void *plugin);
	char **prog_name; /* NULL: the program is known without it */
} slurm_t;

static void _end(int status)
{
	if (!status)
		puts("done");
	fflush(NULL);
	_exit(status);
}

static void _fail(const char *what, const char *why)
{
	fprintf(stderr, "open: %s: %s\n", what, why);
	_end(1);
}

static const char *_need_env(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		_fail(name, "not set");
	return value;
}

/* ------------------------------------------------------------------ */
/* Symbols */

static file_t _map(const char *path)
{
	file_t file = {.data = MAP_FAILED};
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if ((fd < 0) || fstat(fd, &st))
		_fail(path, strerror(errno));
	file.size = (size_t) st.st_size;
	if (file.size)
		file.data =
			mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file.data == MAP_FAILED)
		_fail(path, "cannot be read");
	return file;
}

/* RET the part of a file; ends when it is not inside */
static const void *_part(const file_t *file, size_t offset, size_t size)
{
	if ((offset > file->size) || (size > file->size - offset))
		_fail("the plugin", "a damaged ELF file");
	return file->data + offset;
}

static bool _has(void *scope, const char *name)
{
	dlerror();
	(void) dlsym(scope, name);
	return !dlerror();
}

/* The linker and the compiler bring these themselves */
static bool _is_of_toolchain(const char *name)
{
	return !strncmp(name, "_ITM_", 5) || !strcmp(name, "__gmon_start__");
}

static void _print_symbol(void *plugin, const ElfW(Sym) * symbol,
			  const char *name)
{
	/* The same value in files of 32 and of 64 bits */
	int bind = ELF64_ST_BIND(symbol->st_info);

	if ((bind == STB_LOCAL) || !name[0] || _is_of_toolchain(name))
		return;
	if (symbol->st_shndx != SHN_UNDEF) {
		printf("export %s\n", name);
		if (_has(RTLD_DEFAULT, name))
			printf("shadow %s\n", name);
		return;
	}
	if (!_has(RTLD_DEFAULT, name) && !_has(plugin, name))
		printf("%s %s\n", (bind == STB_WEAK) ? "weak" : "missing",
		       name);
}

static void _print_symbols(void *plugin, const file_t *file,
			   const ElfW(Shdr) * section, const ElfW(Shdr) * names)
{
	const ElfW(Sym) *symbols =
		_part(file, section->sh_offset, section->sh_size);
	const char *text = _part(file, names->sh_offset, names->sh_size);

	if (!names->sh_size || text[names->sh_size - 1])
		_fail("the plugin", "a damaged ELF file");
	for (size_t i = 1; i < section->sh_size / sizeof(*symbols); i++) {
		if (symbols[i].st_name >= names->sh_size)
			_fail("the plugin", "a damaged ELF file");
		_print_symbol(plugin, &symbols[i], text + symbols[i].st_name);
	}
}

static void _print_dynamic(void *plugin, const char *path)
{
	file_t file = _map(path);
	const ElfW(Ehdr) *header = _part(&file, 0, sizeof(*header));
	const ElfW(Shdr) *sections = _part(&file, header->e_shoff,
					   header->e_shnum * sizeof(*sections));

	for (size_t i = 0; i < header->e_shnum; i++) {
		if ((sections[i].sh_type != SHT_DYNSYM) ||
		    (sections[i].sh_link >= header->e_shnum))
			continue;
		_print_symbols(plugin, &file, &sections[i],
			       &sections[sections[i].sh_link]);
		munmap((void *) file.data, file.size);
		return;
	}
	_fail(path, "no table of symbols");
}

static void _look(const char *path)
{
	const char *name, *type;
	const uint32_t *version;
	void *plugin = dlopen(path, RTLD_LAZY);

	if (!plugin) {
		printf("lazy %s\n", dlerror());
		return;
	}
	if ((name = dlsym(plugin, "plugin_name")))
		printf("name %s\n", name);
	if ((type = dlsym(plugin, "plugin_type")))
		printf("type %s\n", type);
	if ((version = dlsym(plugin, "plugin_version")))
		printf("version 0x%06x\n", (unsigned int) *version);
	_print_dynamic(plugin, path);
	dlclose(plugin);
	if (!(plugin = dlopen(path, RTLD_NOW)))
		printf("now %s\n", dlerror());
}

/* ------------------------------------------------------------------ */
/* Slurm's way */

static void *_slurm_symbol(const char *name)
{
	void *address = dlsym(RTLD_DEFAULT, name);

	if (!address)
		_fail(name, "this program of Slurm has none");
	return address;
}

static slurm_t _find_slurm(void)
{
	slurm_t slurm;

	*(void **) &slurm.conf_init = _slurm_symbol("slurm_conf_init");
	*(void **) &slurm.load = _slurm_symbol("slurm_plugin_load_and_link");
	*(void **) &slurm.unload = _slurm_symbol("slurm_plugin_unload");
	slurm.prog_name = dlsym(RTLD_DEFAULT, "slurm_prog_name");
	return slurm;
}

static size_t _split(char *text, const char *words[])
{
	size_t count = 0;
	char *save = NULL;

	for (char *word = strtok_r(text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		if (count == SYMBOLS_MAX)
			_fail("NEURON_OPEN_SYMBOLS", "too many");
		words[count++] = word;
	}
	return count;
}

/* A function that another object supplies would be called in its place */
static void _print_owners(void *plugin, const char *names[], void *addresses[],
			  size_t count)
{
	Dl_info own, info;
	void *init = dlsym(plugin, "init");

	if (!init || !dladdr(init, &own))
		_fail("init", "not in the plugin");
	for (size_t i = 0; i < count; i++) {
		bool is_own = dladdr(addresses[i], &info) &&
			      (info.dli_fbase == own.dli_fbase);

		printf("%s %s\n", is_own ? "own" : "other", names[i]);
	}
}

static void _load(const char *type, const char *symbols)
{
	const char *names[SYMBOLS_MAX];
	void *addresses[SYMBOLS_MAX], *plugin;
	slurm_t slurm = _find_slurm();
	char *text = strdup(symbols);
	size_t count;

	if (!text)
		_fail("NEURON_OPEN_SYMBOLS", strerror(errno));
	count = _split(text, names);
	/* As log_init() does; up to 24.11 plugins know by it where they are */
	if (slurm.prog_name && !*slurm.prog_name)
		*slurm.prog_name = strdup(program_invocation_short_name);
	if (slurm.conf_init(NULL))
		_fail("slurm.conf", "not read");
	for (int i = 0; i < LOADS; i++) {
		if (!(plugin = slurm.load(type, (int) count, names, addresses)))
			_fail(type, "Slurm does not load it");
		_print_owners(plugin, names, addresses, count);
		slurm.unload(plugin);
		puts("loaded");
	}
	free(text);
}

static void __attribute__((constructor)) _open(void)
{
	const char *what = getenv("NEURON_OPEN");

	/* Whatever else the dynamic linker preloads this into goes on */
	if (!what)
		return;
	if (!strcmp(what, "look"))
		_look(_need_env("NEURON_OPEN_FILE"));
	else if (!strcmp(what, "load"))
		_load(_need_env("NEURON_OPEN_TYPE"),
		      _need_env("NEURON_OPEN_SYMBOLS"));
	else
		_fail("NEURON_OPEN", "neither look nor load");
	_end(0);
}
