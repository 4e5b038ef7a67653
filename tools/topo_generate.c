/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neuron-topo generate: the configuration from the machines */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "hosts.h"
#include "topo.h"

#include "lib/conf.h"
#include "lib/diff.h"
#include "lib/fabric.h"
#include "lib/generate.h"

#define SOURCES_MAX 256
/* Room for a sentence with two paths */
#define WARNING_MAX 9216

typedef enum { SOURCE_PROBES, SOURCE_EC2, SOURCE_MAP, SOURCE_FABRIC } kind_t;

typedef struct {
	const char *profile_directory;
	const char *partition;
	const char *output; /* NULL: standard output */
	const char *installed; /* directory; NULL: not given */
	bool json;
	unsigned int source_count;
	struct {
		kind_t kind;
		const char *path;
	} sources[SOURCES_MAX];
} wish_t;

/* Files as they are installed and as they should be */
typedef struct {
	char *directory;
	char *paths[GENERATE_FILES];
	char *installed[GENERATE_FILES];
	char *texts[GENERATE_FILES];
} pages_t;

static int _generate(const topo_t *topo, int argc, char **argv);

const topo_command_t topo_generate = {
	.name = "generate",
	.arguments = "[OPTION...] PROBES...",
	.help = "the configuration files for machines that were probed",
	.details =
		"  PROBES              output of probe --json of all nodes, for example of\n"
		"                      srun --label neuron-topo probe --json; - is standard input\n"
		"  --ec2 FILE          JSON of aws ec2 describe-instance-topology; may be repeated\n"
		"  --topograph FILE    topology.conf or topology.yaml of topograph, in place of\n"
		"                      the network that EC2 tells\n"
		"  --map FILE          lines \"NODE INSTANCE-ID\"\n"
		"  --partition NAME    of the nodes with Neuron devices; default neuron\n"
		"  --profile-dir DIR   where profiles are\n"
		"  --output DIR        write the files there and show what changes\n"
		"  --diff DIR          what is installed; default: beside slurm.conf. Without\n"
		"                      --output only the changes are shown\n"
		"  --json              files, changes and warnings as one object\n"
		"\n"
		"Exit status 3: --diff without --output, and something changes.\n",
	.run = _generate,
};

static int _take_source(inventory_t *inventory, kind_t kind, const char *path,
			neuron_error_t *err)
{
	size_t limit =
		(kind == SOURCE_FABRIC) ? FABRIC_FILE_MAX : INVENTORY_FILE_MAX;
	const char *origin = strcmp(path, "-") ? path : "standard input";
	size_t length;
	char *text = files_read(path, limit, &length, err);
	int rc = -1;

	if (!text)
		return -1;
	if (kind == SOURCE_PROBES)
		rc = inventory_add_probes(inventory, text, length, origin, err);
	else if (kind == SOURCE_EC2)
		rc = inventory_add_ec2(inventory, text, length, origin, err);
	else if (kind == SOURCE_MAP)
		rc = inventory_add_map(inventory, text, origin, err);
	else
		rc = inventory_add_fabric(inventory, text, origin, hosts_expand,
					  err);
	free(text);
	return rc;
}

static int _fill(inventory_t *inventory, const wish_t *wish,
		 neuron_error_t *err)
{
	for (unsigned int i = 0; i < wish->source_count; i++) {
		if (_take_source(inventory, wish->sources[i].kind,
				 wish->sources[i].path, err))
			return -1;
	}
	return inventory_finish(inventory, hosts_fold, err);
}

static void _free_pages(pages_t *pages)
{
	free(pages->directory);
	for (int i = 0; i < GENERATE_FILES; i++) {
		free(pages->paths[i]);
		free(pages->installed[i]);
		free(pages->texts[i]);
	}
}

static int _read_installed(pages_t *pages, neuron_error_t *err)
{
	for (int i = 0; i < GENERATE_FILES; i++) {
		pages->paths[i] =
			files_path(pages->directory, generate_name(i));
		if (!pages->paths[i])
			return neuron_error_set(err, ENOMEM, "out of memory");
		pages->installed[i] =
			files_read(pages->paths[i], FABRIC_FILE_MAX, NULL, err);
		if (!pages->installed[i] && (errno != ENOENT))
			return -1;
	}
	return 0;
}

/* Whether slurmctld would take it: two profiles may not go together */
static int _verify(const wish_t *wish, const pages_t *pages,
		   neuron_error_t *err)
{
	conf_t *conf = conf_decode(pages->texts[GENERATE_NEURON], "neuron.conf",
				   wish->profile_directory, hosts_expand, err);

	if (!conf)
		return -1;
	conf_destroy(conf);
	return 0;
}

static int _make(const wish_t *wish, const inventory_t *inventory,
		 pages_t *pages, neuron_error_t *err)
{
	generate_t source = {
		.inventory = inventory,
		.fold = hosts_fold,
		.partition = wish->partition,
		.neuron_conf = pages->installed[GENERATE_NEURON],
		.gres_conf = pages->installed[GENERATE_GRES],
	};

	for (int i = 0; i < GENERATE_FILES; i++) {
		pages->texts[i] = generate_text(&source, i, err);
		if (!pages->texts[i])
			return -1;
	}
	return _verify(wish, pages, err);
}

static void _print_all(const pages_t *pages)
{
	for (int i = 0; i < GENERATE_FILES; i++) {
		if (pages->texts[i][0])
			printf("%s==> %s <==\n%s", i ? "\n" : "",
			       generate_name(i), pages->texts[i]);
	}
}

/* How a file changes, for free(); NULL */
static char *_change_of(const pages_t *pages, int i, neuron_error_t *err)
{
	return diff_unified(pages->paths[i], pages->installed[i],
			    generate_name(i), pages->texts[i], err);
}

/* RET how many files change; -1 */
static int _print_changes(const pages_t *pages, neuron_error_t *err)
{
	int changes = 0;

	for (int i = 0; i < GENERATE_FILES; i++) {
		char *changed;

		if (!pages->texts[i][0])
			continue;
		if (!(changed = _change_of(pages, i, err)))
			return -1;
		changes += (changed[0] != '\0');
		fputs(changed, stdout);
		free(changed);
	}
	return changes;
}

/* RET how many files change; -1 */
static int _add_files(json_object *files, const pages_t *pages,
		      neuron_error_t *err)
{
	int changes = 0;

	for (int i = 0; i < GENERATE_FILES; i++) {
		json_object *one;
		char *changed;

		if (!pages->texts[i][0])
			continue;
		if (!(changed = _change_of(pages, i, err)))
			return -1;
		one = json_object_new_object();
		json_object_object_add(
			one, "name", json_object_new_string(generate_name(i)));
		json_object_object_add(one, "installed",
				       json_object_new_string(pages->paths[i]));
		json_object_object_add(one, "text",
				       json_object_new_string(pages->texts[i]));
		json_object_object_add(one, "changes",
				       json_object_new_boolean(changed[0]));
		if (changed[0])
			json_object_object_add(one, "diff",
					       json_object_new_string(changed));
		json_object_array_add(files, one);
		changes += (changed[0] != '\0');
		free(changed);
	}
	return changes;
}

static int _write_all(const char *directory, const pages_t *pages,
		      neuron_error_t *err)
{
	if (mkdir(directory, 0755) && (errno != EEXIST))
		return neuron_error_set(err, EIO, "%.300s: %s", directory,
					strerror(errno));
	for (int i = 0; i < GENERATE_FILES; i++) {
		char *path;
		int rc;

		if (!pages->texts[i][0])
			continue;
		path = files_path(directory, generate_name(i));
		rc = path ? files_write(path, pages->texts[i], err)
			  : neuron_error_set(err, ENOMEM, "out of memory");
		free(path);
		if (rc)
			return -1;
	}
	return 0;
}

/* Say a warning: to people, or into a list */
static void _say(json_object *list, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void _say(json_object *list, const char *fmt, ...)
{
	char text[WARNING_MAX];
	va_list args;

	va_start(args, fmt);
	(void) vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (list)
		json_object_array_add(list, json_object_new_string(text));
	else
		fprintf(stderr, "neuron-topo generate: warning: %s\n", text);
}

static void _warn(const inventory_t *inventory, const pages_t *pages,
		  json_object *list)
{
	char *path = files_path(pages->directory, "topology.yaml");
	const char *warning;
	struct stat st;

	for (unsigned int i = 0; (warning = inventory_warning(inventory, i));
	     i++)
		_say(list, "%s", warning);
	if (path && !stat(path, &st))
		_say(list,
		     "%s: topology/neuron takes no topology.yaml; this writes topology.conf, also from that file (--topograph), and it must be removed (doc/topology.md)",
		     path);
	free(path);
	if (pages->installed[GENERATE_TOPOLOGY] &&
	    !pages->texts[GENERATE_TOPOLOGY][0])
		_say(list,
		     "no switches are known; if those of %s hold, add --topograph %s",
		     pages->paths[GENERATE_TOPOLOGY],
		     pages->paths[GENERATE_TOPOLOGY]);
}

/* RET how many files change; -1 */
static int _print_json(const inventory_t *inventory, const pages_t *pages,
		       neuron_error_t *err)
{
	json_object *all = json_object_new_object();
	json_object *files = json_object_new_array();
	json_object *warnings = json_object_new_array();
	int changes;

	json_object_object_add(all, "files", files);
	json_object_object_add(all, "warnings", warnings);
	_warn(inventory, pages, warnings);
	changes = _add_files(files, pages, err);
	if (changes < 0)
		json_object_put(all);
	else if (topo_print_json(&topo_generate, all))
		return neuron_error_set(err, EIO,
					"standard output cannot be written");
	return changes;
}

static int _show(const wish_t *wish, const inventory_t *inventory,
		 pages_t *pages, neuron_error_t *err)
{
	int changes = 0;

	if (!wish->json)
		_warn(inventory, pages, NULL);
	if (wish->json)
		changes = _print_json(inventory, pages, err);
	else if (wish->output || wish->installed)
		changes = _print_changes(pages, err);
	else
		_print_all(pages);
	if ((changes < 0) ||
	    (wish->output && _write_all(wish->output, pages, err)))
		return -1;
	if (fflush(stdout))
		return neuron_error_set(err, EIO,
					"standard output cannot be written");
	return (changes && wish->installed && !wish->output) ? TOPO_DIFFERENT
							     : TOPO_GOOD;
}

static int _run(const topo_t *topo, const wish_t *wish)
{
	catalog_t *catalog = NULL;
	inventory_t *inventory = NULL;
	pages_t pages = {.directory = NULL};
	neuron_error_t err;
	int rc = -1;

	pages.directory = wish->installed ? strdup(wish->installed)
					  : files_directory(topo->config);
	if (!pages.directory)
		(void) neuron_error_set(&err, ENOMEM, "out of memory");
	else if ((catalog = catalog_read(wish->profile_directory, &err)) &&
		 (inventory = inventory_create(catalog, &err)) &&
		 !_fill(inventory, wish, &err) &&
		 !_read_installed(&pages, &err) &&
		 !_make(wish, inventory, &pages, &err))
		rc = _show(wish, inventory, &pages, &err);
	if (rc < 0)
		rc = topo_fail(&topo_generate, &err);
	_free_pages(&pages);
	inventory_destroy(inventory);
	catalog_destroy(catalog);
	return rc;
}

static int _add_source(wish_t *wish, kind_t kind, const char *path)
{
	if (wish->source_count == SOURCES_MAX) {
		fprintf(stderr,
			"neuron-topo generate: more than %d files; put several probes into one\n",
			SOURCES_MAX);
		return -1;
	}
	wish->sources[wish->source_count].kind = kind;
	wish->sources[wish->source_count++].path = path;
	return 0;
}

static int _option(wish_t *wish, int option)
{
	if (option == 'e')
		return _add_source(wish, SOURCE_EC2, optarg);
	if (option == 't')
		return _add_source(wish, SOURCE_FABRIC, optarg);
	if (option == 'm')
		return _add_source(wish, SOURCE_MAP, optarg);
	if (option == 'p')
		wish->partition = optarg;
	else if (option == 'P')
		wish->profile_directory = optarg;
	else if (option == 'o')
		wish->output = optarg;
	else if (option == 'd')
		wish->installed = optarg;
	else if (option == 'j')
		wish->json = true;
	else
		return -1;
	return 0;
}

static int _generate(const topo_t *topo, int argc, char **argv)
{
	static const struct option options[] = {
		{"ec2", required_argument, NULL, 'e'},
		{"topograph", required_argument, NULL, 't'},
		{"map", required_argument, NULL, 'm'},
		{"partition", required_argument, NULL, 'p'},
		{"profile-dir", required_argument, NULL, 'P'},
		{"output", required_argument, NULL, 'o'},
		{"diff", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	wish_t wish = {.partition = "neuron",
		       .profile_directory = NEURON_PROFILE_DIR};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if ((option == 'h') || _option(&wish, option)) {
			topo_usage(&topo_generate,
				   (option == 'h') ? stdout : stderr);
			return (option == 'h') ? TOPO_GOOD : TOPO_USAGE;
		}
	}
	if (optind == argc) {
		topo_usage(&topo_generate, stderr);
		return TOPO_USAGE;
	}
	for (; optind < argc; optind++) {
		if (_add_source(&wish, SOURCE_PROBES, argv[optind]))
			return TOPO_USAGE;
	}
	return _run(topo, &wish);
}
