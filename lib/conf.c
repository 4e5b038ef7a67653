/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalog.h"
#include "file.h"
#include "names.h"

#define USER_NAME_MAX 255
/* Longest piece of a value that a sentence quotes */
#define QUOTE_MAX 80
#define REASON_MAX 400
#define PATH_SIZE 4096
#define FILE_TOO_LONG \
	"%s: the file is longer than %d bytes; write nodes as n[1-1000]"

/* A profile that NodeName lines use */
typedef struct {
	profile_t *profile;
	shape_t *shape;
	unsigned int line; /* of its first use */
} used_t;

/* Its name has the same number in node_names */
typedef struct {
	unsigned int line;
	uint32_t ultraserver; /* NAMES_NONE: none */
	uint16_t used; /* position of its profile */
	uint16_t lnc; /* 0: the profile's default */
} node_t;

/* A NodeName line as it stands in the file */
typedef struct {
	const char *nodes;
	const char *profile;
	const char *lnc; /* NULL: not given */
	unsigned int line;
} node_line_t;

/* An UltraServerName line, and what it means */
typedef struct {
	const char *name;
	const char *nodes;
	const char *pairs_text; /* NULL: not given */
	unsigned int line;
	const char **members;
	uint32_t member_count;
	uint8_t (*pairs)[2];
	uint32_t pair_count;
} ultraserver_t;

struct conf {
	char *text; /* cut into strings that the members below point to */
	const char *profile_dir;
	const char *root;
	const char *ultraserver_glob;
	const char *runtime_dir;
	const char *lnc_file; /* NULL: none */
	const char *services;
	const char *stats_file; /* NULL: none */
	uint32_t reset_wait;
	conf_bad_device_t bad_device;
	on_fault_t on_fault;
	member_loss_t on_member_loss;
	const char *health_rules; /* NULL: not set */
	uint32_t health_interval;
	conf_strings_t strings;
	bool only_is_member; /* of conf_decode_node() */
	conf_versions_t versions;
	const char *version_rules; /* NULL: not set */
	conf_numbering_t numbering;
	shape_tier_t tier;
	bool undocumented_refused;
	uint32_t tier_wait;
	conf_candidates_t candidates;
	conf_view_t private_view;
	conf_weights_t weights;
	used_t *used;
	uint32_t used_count;
	node_t *nodes;
	uint32_t node_count;
	names_t *node_names;
	ultraserver_t *ultraservers;
	uint32_t ultraserver_count;
	names_t *ultraserver_names;
	template_t *templates;
	uint32_t template_count;
	const char *compile_cache; /* NULL: not set */
	uint16_t root_ports[2]; /* first and last */
};

/* Make room for one more element; RET 0, -1 with errno ENOMEM */
static int _grow(void *array_ptr, uint32_t count, size_t element)
{
	void *array;

	if (count && (count < 4 || (count & (count - 1))))
		return 0;
	memcpy(&array, array_ptr, sizeof(array));
	array = realloc(array, element * (count ? 2 * (size_t) count : 4));
	if (!array) {
		errno = ENOMEM;
		return -1;
	}
	memcpy(array_ptr, &array, sizeof(array));
	return 0;
}

/* Give back the room for more; where that cannot be had it stays */
static void _trim(void *array_ptr, uint32_t count, size_t element)
{
	void *array;

	memcpy(&array, array_ptr, sizeof(array));
	if (count && (array = realloc(array, count * element)))
		memcpy(array_ptr, &array, sizeof(array));
}

/*
 * Reading: where we are, and sentences about it
 */

typedef enum { SITE_LINE, NODE_LINE, ULTRASERVER_LINE, TEMPLATE_LINE } scope_t;

#define KEYS_MAX 48

typedef struct {
	conf_t *conf;
	const char *origin;
	nodeset_expand_t expand;
	neuron_error_t *err;
	const char *only; /* the one node that matters; NULL: all do */
	unsigned int line;
	/* the pair that is being read */
	const char *key;
	const char *value;
	/* by position in the table of keys: line on which a key stood, 0 */
	unsigned int seen[KEYS_MAX];
	scope_t scope;
	node_line_t *node_lines;
	uint32_t node_line_count;
} parse_t;

/* Printable copy of a value, cut */
static const char *_quote(const char *text, char buf[QUOTE_MAX + 4])
{
	size_t length = strnlen(text, QUOTE_MAX);

	for (size_t i = 0; i < length; i++)
		buf[i] = (text[i] < ' ' || text[i] > '~') ? '?' : text[i];
	memcpy(buf + length, "...", 4);
	if (!text[length])
		buf[length] = '\0';
	return buf;
}

static int _refuse(const parse_t *parse, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "FILE:LINE: Key=value: reason"; RET always -1 */
static int _refuse(const parse_t *parse, int errnum, const char *fmt, ...)
{
	char reason[REASON_MAX], quote[QUOTE_MAX + 4];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(reason, sizeof(reason), fmt, ap) < 0)
		reason[0] = '\0';
	va_end(ap);
	return neuron_error_set(parse->err, errnum, "%s:%u: %.32s=%s: %s",
				parse->origin, parse->line, parse->key,
				_quote(parse->value, quote), reason);
}

static int _out_of_memory(const parse_t *parse)
{
	return neuron_error_set(parse->err, ENOMEM, "%s: out of memory",
				parse->origin);
}

/* Point sentences at a pair that was read before */
static void _look_at(parse_t *parse, unsigned int line, const char *key,
		     const char *value)
{
	parse->line = line;
	parse->key = key;
	parse->value = value;
}

/*
 * Characters and names
 */

static bool _is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool _is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool _is_profile_name(const char *text)
{
	for (const char *at = text; *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			return false;
		if (*at == '_')
			return false;
	}
	return names_is_plain(text, CONF_NAME_MAX - 1);
}

/*
 * One function for each key
 */

static int _check_path(const parse_t *parse)
{
	if (parse->value[0] == '/')
		return 0;
	return _refuse(parse, EINVAL,
		       "the path is not absolute; write a path that starts "
		       "with /");
}

static int _read_profile_dir(parse_t *parse)
{
	if (_check_path(parse))
		return -1;
	parse->conf->profile_dir = parse->value;
	return 0;
}

/* A path that may hold the name of the node */
static int _check_pattern(const parse_t *parse)
{
	if (_check_path(parse))
		return -1;
	for (const char *at = parse->value; *at; at++) {
		if (*at != '%')
			continue;
		at++;
		if (*at != '%' && *at != 'n')
			return _refuse(parse, EINVAL,
				       "%% stands before something else than n "
				       "or %%; write %%n for the name of the "
				       "node and %%%% for %%");
	}
	return 0;
}

static int _read_root(parse_t *parse)
{
	if (_check_pattern(parse))
		return -1;
	parse->conf->root = parse->value;
	return 0;
}

static int _read_runtime_dir(parse_t *parse)
{
	if (_check_pattern(parse))
		return -1;
	parse->conf->runtime_dir = parse->value;
	return 0;
}

static int _read_lnc_file(parse_t *parse)
{
	parse->conf->lnc_file = NULL;
	if (!strcasecmp(parse->value, "no"))
		return 0;
	if (parse->value[0] != '/')
		return _refuse(parse, EINVAL,
			       "this is no path; write no, or a path that "
			       "starts with /");
	parse->conf->lnc_file = parse->value;
	return 0;
}

static int _read_stats_file(parse_t *parse)
{
	const char *slash = strrchr(parse->value, '/');

	if (parse->value[0] != '/' || !slash[1])
		return _refuse(parse, EINVAL,
			       "this is no path of a file; write one that "
			       "starts with /");
	parse->conf->stats_file = parse->value;
	return 0;
}

static int _read_reset_wait(parse_t *parse)
{
	neuron_error_t why;
	uint32_t seconds;

	if (duration_decode(parse->value, &seconds, &why))
		return _refuse(parse, EINVAL, "%s", why.text);
	if (!seconds || seconds > CONF_RESET_WAIT_MAX)
		return _refuse(parse, EINVAL,
			       "no reset takes so long; write a time of 1 to "
			       "%d seconds, for example 8:00",
			       CONF_RESET_WAIT_MAX);
	parse->conf->reset_wait = seconds;
	return 0;
}

static int _read_bad_device(parse_t *parse)
{
	if (!strcasecmp(parse->value, "mask"))
		parse->conf->bad_device = CONF_BAD_DEVICE_MASK;
	else if (!strcasecmp(parse->value, "drain"))
		parse->conf->bad_device = CONF_BAD_DEVICE_DRAIN;
	else if (!strcasecmp(parse->value, "keep"))
		parse->conf->bad_device = CONF_BAD_DEVICE_KEEP;
	else
		return _refuse(parse, EINVAL,
			       "a device can be masked, its node drained or "
			       "kept; write mask, drain or keep");
	return 0;
}

static int _read_on_fault(parse_t *parse)
{
	neuron_error_t why;

	if (policy_act_decode(parse->value, &parse->conf->on_fault.act, &why))
		return _refuse(parse, EINVAL, "%s", why.text);
	return 0;
}

static int _read_on_fault_signal(parse_t *parse)
{
	neuron_error_t why;

	if (policy_signal_decode(parse->value, &parse->conf->on_fault.signal,
				 &why))
		return _refuse(parse, EINVAL, "%s", why.text);
	return 0;
}

static int _read_on_member_loss(parse_t *parse)
{
	neuron_error_t why;

	if (policy_loss_decode(parse->value, &parse->conf->on_member_loss,
			       &why))
		return _refuse(parse, EINVAL, "%s", why.text);
	return 0;
}

static int _read_versions(parse_t *parse)
{
	if (!strcasecmp(parse->value, "warn"))
		parse->conf->versions = CONF_VERSIONS_WARN;
	else if (!strcasecmp(parse->value, "drain"))
		parse->conf->versions = CONF_VERSIONS_DRAIN;
	else if (!strcasecmp(parse->value, "off"))
		parse->conf->versions = CONF_VERSIONS_OFF;
	else
		return _refuse(parse, EINVAL,
			       "versions that do not work together can be "
			       "logged, or drain their node; write warn, drain "
			       "or off");
	return 0;
}

static int _read_version_rules(parse_t *parse)
{
	if (_check_path(parse))
		return -1;
	parse->conf->version_rules = parse->value;
	return 0;
}

static int _read_services(parse_t *parse)
{
	for (const char *at = parse->value; *at; at++) {
		if (!_is_alnum(*at) && !strchr("_-.,", *at))
			return _refuse(parse, EINVAL,
				       "this is no list of commands; write "
				       "names with commas between them, for "
				       "example neuron-monitor");
	}
	parse->conf->services = parse->value;
	return 0;
}

static int _read_health_rules(parse_t *parse)
{
	if (parse->value[0] != '/')
		return _refuse(parse, EINVAL,
			       "this is no path; write one that starts with "
			       "/");
	parse->conf->health_rules = parse->value;
	return 0;
}

static int _read_health_interval(parse_t *parse)
{
	neuron_error_t why;
	uint32_t seconds;

	if (duration_decode(parse->value, &seconds, &why))
		return _refuse(parse, EINVAL, "%s", why.text);
	if (!seconds || seconds > CONF_HEALTH_INTERVAL_MAX)
		return _refuse(parse, EINVAL,
			       "looks so far apart miss what matters; write a "
			       "time of 1 to %d seconds, for example 0:30",
			       CONF_HEALTH_INTERVAL_MAX);
	parse->conf->health_interval = seconds;
	return 0;
}

static int _read_strings(parse_t *parse)
{
	if (!strcasecmp(parse->value, "no"))
		parse->conf->strings = CONF_STRINGS_OURS;
	else if (!strcasecmp(parse->value, "npd"))
		parse->conf->strings = CONF_STRINGS_NPD;
	else if (!strcasecmp(parse->value, "hyperpod"))
		parse->conf->strings = CONF_STRINGS_HYPERPOD;
	else
		return _refuse(parse, EINVAL,
			       "no such agent is known; write no, npd or "
			       "hyperpod");
	return 0;
}

static int _read_numbering(parse_t *parse)
{
	if (!strcasecmp(parse->value, "absolute"))
		parse->conf->numbering = CONF_ABSOLUTE;
	else if (!strcasecmp(parse->value, "relative"))
		parse->conf->numbering = CONF_RELATIVE;
	else
		return _refuse(parse, EINVAL,
			       "there is no such numbering; write absolute or "
			       "relative");
	return 0;
}

static int _read_tier(parse_t *parse)
{
	for (int tier = 0; tier < SHAPE_TIERS; tier++) {
		const char *name = shape_tier_name((shape_tier_t) tier);

		if (name && !strcasecmp(parse->value, name)) {
			parse->conf->tier = (shape_tier_t) tier;
			return 0;
		}
	}
	return _refuse(parse, EINVAL,
		       "there is no such shape; write consecutive, best, ring "
		       "or connected");
}

static int _read_undocumented(parse_t *parse)
{
	if (!strcasecmp(parse->value, "allow"))
		parse->conf->undocumented_refused = false;
	else if (!strcasecmp(parse->value, "refuse"))
		parse->conf->undocumented_refused = true;
	else
		return _refuse(parse, EINVAL,
			       "this can be allowed or refused only; write "
			       "allow or refuse");
	return 0;
}

static int _read_tier_wait(parse_t *parse)
{
	neuron_error_t why;

	if (!duration_decode(parse->value, &parse->conf->tier_wait, &why))
		return 0;
	return _refuse(parse, EINVAL, "%s", why.text);
}

static int _read_candidates(parse_t *parse)
{
	if (!strcasecmp(parse->value, "best"))
		parse->conf->candidates = CONF_CANDIDATES_BEST;
	else if (!strcasecmp(parse->value, "all"))
		parse->conf->candidates = CONF_CANDIDATES_ALL;
	else if (!strcasecmp(parse->value, "check"))
		parse->conf->candidates = CONF_CANDIDATES_CHECK;
	else
		return _refuse(parse, EINVAL,
			       "there is no such way; write best, all or "
			       "check");
	return 0;
}

static int _read_private_view(parse_t *parse)
{
	if (!strcasecmp(parse->value, "auto"))
		parse->conf->private_view = CONF_VIEW_AUTO;
	else if (!strcasecmp(parse->value, "always"))
		parse->conf->private_view = CONF_VIEW_ALWAYS;
	else if (!strcasecmp(parse->value, "never"))
		parse->conf->private_view = CONF_VIEW_NEVER;
	else
		return _refuse(parse, EINVAL,
			       "there is no such view; write auto, always or "
			       "never");
	return 0;
}

static int _read_weights(parse_t *parse)
{
	if (!strcasecmp(parse->value, "fixed"))
		parse->conf->weights = CONF_WEIGHTS_FIXED;
	else if (!strcasecmp(parse->value, "queue"))
		parse->conf->weights = CONF_WEIGHTS_QUEUE;
	else
		return _refuse(parse, EINVAL,
			       "there are no such weights; write fixed or "
			       "queue");
	return 0;
}

static int _read_glob(parse_t *parse)
{
	for (const char *at = parse->value; *at; at++) {
		if (!_is_alnum(*at) && !strchr("_-.*?", *at))
			return _refuse(parse, EINVAL,
				       "no switch has such a name; write "
				       "letters, digits, \"_-.\", * and ?, for "
				       "example us*");
	}
	parse->conf->ultraserver_glob = parse->value;
	return 0;
}

static int _read_compile_cache(parse_t *parse)
{
	const char *value = parse->value;

	if ((value[0] != '/') &&
	    (strncmp(value, "s3://", 5) || !_is_alnum(value[5])))
		return _refuse(parse, EINVAL,
			       "this is neither a path nor a bucket; write a "
			       "path that starts with /, or s3://BUCKET/...");
	for (const char *at = value; *at; at++) {
		if (*at <= ' ' || *at > '~')
			return _refuse(parse, EINVAL,
				       "blanks and odd characters do not work "
				       "here; write printable ASCII");
		if (*at == '%' && *++at != '%' && *at != 'u')
			return _refuse(parse, EINVAL,
				       "%% stands before something else than u "
				       "or %%; write %%u for the name of the "
				       "user and %%%% for %%");
	}
	parse->conf->compile_cache = value;
	return 0;
}

/* The decimal number of one to five digits at *text, which is moved behind it;
 * RET -1: there is none */
static long _read_port(const char **text)
{
	size_t digits = strspn(*text, "0123456789");
	long port = -1;

	if (digits >= 1 && digits <= 5)
		port = strtol(*text, NULL, 10);
	*text += digits;
	return port;
}

static int _read_root_ports(parse_t *parse)
{
	const char *at = parse->value;
	long first = _read_port(&at), last = -1;

	if (*at == '-') {
		at++;
		last = _read_port(&at);
	}
	if (*at || first < 1024 || last > UINT16_MAX ||
	    last - first + 1 < CONF_ROOT_PORTS_MIN)
		return _refuse(parse, EINVAL,
			       "this is no range of ports; write FIRST-LAST "
			       "with at least %d ports out of 1024-65535, for "
			       "example %d-%d",
			       CONF_ROOT_PORTS_MIN, CONF_ROOT_PORT_FIRST,
			       CONF_ROOT_PORT_LAST);
	parse->conf->root_ports[0] = (uint16_t) first;
	parse->conf->root_ports[1] = (uint16_t) last;
	return 0;
}

static int _read_node_name(parse_t *parse)
{
	node_line_t line = {.nodes = parse->value, .line = parse->line};

	if (_grow(&parse->node_lines, parse->node_line_count, sizeof(line)))
		return _out_of_memory(parse);
	parse->node_lines[parse->node_line_count++] = line;
	return 0;
}

static int _read_profile(parse_t *parse)
{
	if (!_is_profile_name(parse->value))
		return _refuse(parse, EINVAL,
			       "this is no name of a profile; write small "
			       "letters, digits, - and ., for example "
			       "trn2.48xlarge");
	parse->node_lines[parse->node_line_count - 1].profile = parse->value;
	return 0;
}

static int _read_lnc(parse_t *parse)
{
	if (strcmp(parse->value, "1") && strcmp(parse->value, "2"))
		return _refuse(parse, EINVAL,
			       "no family has such an LNC; write 1 or 2");
	parse->node_lines[parse->node_line_count - 1].lnc = parse->value;
	return 0;
}

static int _read_ultraserver_name(parse_t *parse)
{
	conf_t *conf = parse->conf;
	ultraserver_t line = {.name = parse->value, .line = parse->line};
	uint32_t other;

	if (!names_is_plain(parse->value, CONF_NAME_MAX - 1))
		return _refuse(parse, EINVAL,
			       "this is no name for an UltraServer; write at "
			       "most %d letters, digits and \"_-.\"",
			       CONF_NAME_MAX - 1);
	other = names_find(conf->ultraserver_names, parse->value);
	if (other != NAMES_NONE)
		return _refuse(parse, EEXIST,
			       "line %u has an UltraServer of this name; name "
			       "each once",
			       conf->ultraservers[other].line);
	if (_grow(&conf->ultraservers, conf->ultraserver_count, sizeof(line)))
		return _out_of_memory(parse);
	conf->ultraservers[conf->ultraserver_count] = line;
	if (names_add(conf->ultraserver_names, parse->value) == NAMES_NONE)
		return _out_of_memory(parse);
	conf->ultraserver_count++;
	return 0;
}

static int _read_members(parse_t *parse)
{
	conf_t *conf = parse->conf;

	conf->ultraservers[conf->ultraserver_count - 1].nodes = parse->value;
	return 0;
}

static int _read_pairs(parse_t *parse)
{
	conf_t *conf = parse->conf;

	conf->ultraservers[conf->ultraserver_count - 1].pairs_text =
		parse->value;
	return 0;
}

static int _read_template_key(parse_t *parse)
{
	conf_t *conf = parse->conf;
	neuron_error_t why;

	if (!template_set(&conf->templates[conf->template_count - 1],
			  parse->key, parse->value, &why))
		return 0;
	return _refuse(parse, EINVAL, "%s", why.text);
}

static int _read_template_name(parse_t *parse)
{
	conf_t *conf = parse->conf;
	const template_t *other = conf_template_of_name(conf, parse->value);
	template_t template = {.line = parse->line};

	if (other)
		return _refuse(parse, EEXIST,
			       "line %u has a template of this name; name each "
			       "once",
			       other->line);
	if (conf->template_count == CONF_TEMPLATES_MAX)
		return _refuse(parse, EINVAL,
			       "the file has more than %d templates; name "
			       "fewer",
			       CONF_TEMPLATES_MAX);
	if (_grow(&conf->templates, conf->template_count, sizeof(template)))
		return _out_of_memory(parse);
	conf->templates[conf->template_count++] = template;
	return _read_template_key(parse);
}

typedef struct {
	const char *name;
	scope_t scope;
	bool head; /* starts a line of this scope */
	int (*read)(parse_t *parse);
} conf_key_t;

/* Longer than the name of any key */
#define KEY_MAX 32

/* The heads first */
static const conf_key_t keys[] = {
	{"NodeName", NODE_LINE, true, _read_node_name},
	{"UltraServerName", ULTRASERVER_LINE, true, _read_ultraserver_name},
	{"TemplateName", TEMPLATE_LINE, true, _read_template_name},
	{"ProfileDir", SITE_LINE, false, _read_profile_dir},
	{"Root", SITE_LINE, false, _read_root},
	{"CoreNumbering", SITE_LINE, false, _read_numbering},
	{"Shape", SITE_LINE, false, _read_tier},
	{"ShapeWait", SITE_LINE, false, _read_tier_wait},
	{"UndocumentedSizes", SITE_LINE, false, _read_undocumented},
	{"CandidateNodes", SITE_LINE, false, _read_candidates},
	{"PrivateView", SITE_LINE, false, _read_private_view},
	{"SizeWeights", SITE_LINE, false, _read_weights},
	{"UltraServerSwitches", SITE_LINE, false, _read_glob},
	{"CompileCache", SITE_LINE, false, _read_compile_cache},
	{"RootPorts", SITE_LINE, false, _read_root_ports},
	{"RuntimeDir", SITE_LINE, false, _read_runtime_dir},
	{"LncFile", SITE_LINE, false, _read_lnc_file},
	{"ResetWait", SITE_LINE, false, _read_reset_wait},
	{"BadDevice", SITE_LINE, false, _read_bad_device},
	{"OnFault", SITE_LINE, false, _read_on_fault},
	{"OnFaultSignal", SITE_LINE, false, _read_on_fault_signal},
	{"OnMemberLoss", SITE_LINE, false, _read_on_member_loss},
	{"VersionCheck", SITE_LINE, false, _read_versions},
	{"VersionRules", SITE_LINE, false, _read_version_rules},
	{"DeviceServices", SITE_LINE, false, _read_services},
	{"HealthRules", SITE_LINE, false, _read_health_rules},
	{"HealthInterval", SITE_LINE, false, _read_health_interval},
	{"CloudHealthStrings", SITE_LINE, false, _read_strings},
	{"StatsFile", SITE_LINE, false, _read_stats_file},
	{"Profile", NODE_LINE, false, _read_profile},
	{"Lnc", NODE_LINE, false, _read_lnc},
	{"Nodes", ULTRASERVER_LINE, false, _read_members},
	{"Pairs", ULTRASERVER_LINE, false, _read_pairs},
	{"Devices", TEMPLATE_LINE, false, _read_template_key},
	{"Type", TEMPLATE_LINE, false, _read_template_key},
	{"Efa", TEMPLATE_LINE, false, _read_template_key},
	{"Description", TEMPLATE_LINE, false, _read_template_key},
	{"Tp", TEMPLATE_LINE, false, _read_template_key},
	{"Lnc", TEMPLATE_LINE, false, _read_template_key},
	{"Shape", TEMPLATE_LINE, false, _read_template_key},
	{"Wait", TEMPLATE_LINE, false, _read_template_key},
	{"Launch", TEMPLATE_LINE, false, _read_template_key},
	{"Ultraserver", TEMPLATE_LINE, false, _read_template_key},
	{"Env", TEMPLATE_LINE, false, _read_template_key},
	{"OnFault", TEMPLATE_LINE, false, _read_template_key},
	{"OnMemberLoss", TEMPLATE_LINE, false, _read_template_key},
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEY_COUNT <= KEYS_MAX, "seen[] has room for every key");

/*
 * Lines
 */

/*
 * Take the next line out of a text, in place: comments removed, lines that
 * end with a backslash joined.
 * IN/OUT line - number of the line; OUT next - number of the one behind.
 * RET the line; NULL at the end.
 */
static char *_next_line(char **at, unsigned int *next)
{
	char *start = *at, *write = start, *read = start;
	bool more = *read;

	if (!more)
		return NULL;
	while (more) {
		char *end = read + strcspn(read, "\n");
		bool comment = false;

		more = *end;
		(*next)++;
		for (; read < end && !comment; read++) {
			if (*read == '#' && write > start && write[-1] == '\\')
				write[-1] = '#';
			else if (*read == '#')
				comment = true;
			else
				*write++ = *read;
		}
		read = more ? end + 1 : end;
		while (write > start && _is_blank(write[-1]))
			write--;
		if (write == start || write[-1] != '\\')
			break;
		write--;
	}
	*at = read;
	*write = '\0';
	return start;
}

static char *_skip_blanks(char *at)
{
	while (_is_blank(*at))
		at++;
	return at;
}

static int _refuse_text(const parse_t *parse, const char *text,
			const char *reason)
{
	char quote[QUOTE_MAX + 4];

	return neuron_error_set(parse->err, EINVAL, "%s:%u: %s: %s",
				parse->origin, parse->line, _quote(text, quote),
				reason);
}

/* Cut the value out that starts here; RET what follows it, or NULL */
static char *_cut_value(parse_t *parse, char *at)
{
	char *end;

	parse->value = at;
	if (*at == '"') {
		parse->value = ++at;
		end = at + strcspn(at, "\"");
		if (!*end) {
			_refuse(parse, EINVAL,
				"the quote is not closed; put another \" "
				"behind the value");
			return NULL;
		}
		*end++ = '\0';
		if (*end && !_is_blank(*end)) {
			_refuse(parse, EINVAL,
				"text follows the closing quote; put a blank "
				"between pairs");
			return NULL;
		}
	} else {
		for (end = at; *end && !_is_blank(*end);)
			end++;
	}
	if (*end)
		*end++ = '\0';
	return end;
}

/* Cut the next Key=Value out of a line; RET what follows it, or NULL */
static char *_cut_pair(parse_t *parse, char *at)
{
	char *key = at, *end, *equal;

	while (_is_alnum(*at))
		at++;
	end = at;
	equal = _skip_blanks(at);
	if (end == key || *equal != '=') {
		_refuse_text(parse, key,
			     "this is not Key=Value; write for example "
			     "NodeName=n[1-4] Profile=trn2.48xlarge");
		return NULL;
	}
	*end = '\0';
	return _cut_value(parse, _skip_blanks(equal + 1));
}

/* "Profile and Lnc" */
static void _list_keys(scope_t scope, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < KEY_COUNT && used < size; i++) {
		int n;

		if (keys[i].scope != scope)
			continue;
		n = snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
			     keys[i].name);
		used += (n < 0) ? size : (size_t) n;
	}
}

/* Letters to change, add or leave out to make b of a */
static unsigned int _distance(const char *a, const char *b)
{
	unsigned int row[KEY_MAX + 1], length = strlen(b);

	for (unsigned int j = 0; j <= length; j++)
		row[j] = j;
	for (unsigned int i = 0; a[i]; i++) {
		unsigned int before = row[0]++;

		for (unsigned int j = 1; j <= length; j++) {
			unsigned int other =
				before + (tolower(a[i]) != tolower(b[j - 1]));

			before = row[j];
			if (other > row[j - 1] + 1)
				other = row[j - 1] + 1;
			row[j] = (other < before + 1) ? other : before + 1;
		}
	}
	return row[length];
}

/* RET the key that starts a line and could be this one, misspelt; NULL: none */
static const char *_nearest_key(const char *key)
{
	unsigned int least = strlen(key) / 2 + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		unsigned int distance = _distance(key, keys[i].name);
		bool fits = keys[i].head || (keys[i].scope == SITE_LINE);

		if (fits && (distance < least)) {
			least = distance;
			nearest = keys[i].name;
		}
	}
	return nearest;
}

static int _refuse_key(const parse_t *parse)
{
	const char *nearest = _nearest_key(parse->key);
	char list[REASON_MAX - 64];

	if (parse->scope != SITE_LINE) {
		_list_keys(parse->scope, list, sizeof(list));
		return _refuse(parse, EINVAL,
			       "there is no such key; the keys of this line "
			       "are %s",
			       list);
	}
	if (nearest)
		return _refuse(parse, EINVAL,
			       "there is no such key; %s is the nearest, and "
			       "neuron.conf(5) has all",
			       nearest);
	return _refuse(parse, EINVAL,
		       "there is no such key; neuron.conf(5) has all");
}

static const char *_head(scope_t scope)
{
	size_t i = 0;

	while (!keys[i].head || keys[i].scope != scope)
		i++;
	return keys[i].name;
}

extern const char *conf_key(unsigned int index, const char **head)
{
	if (index >= KEY_COUNT)
		return NULL;
	*head = (keys[index].scope == SITE_LINE) ? NULL
						 : _head(keys[index].scope);
	return keys[index].name;
}

static int _check_scope(const parse_t *parse, const conf_key_t *key, bool first)
{
	if (key->head && !first)
		return _refuse(parse, EINVAL,
			       "%s starts a line; put it on a line of its own",
			       key->name);
	if (key->scope == parse->scope)
		return 0;
	if (key->scope == SITE_LINE)
		return _refuse(parse, EINVAL,
			       "%s is for the whole site; put it on a line of "
			       "its own",
			       key->name);
	return _refuse(parse, EINVAL,
		       "%s is not for this line; put it behind %s=", key->name,
		       _head(key->scope));
}

/* The key of that name for this kind of line, else for another; KEY_COUNT:
 * none */
static size_t _find_key(const parse_t *parse)
{
	size_t found = KEY_COUNT;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcasecmp(keys[i].name, parse->key))
			continue;
		if (keys[i].scope == parse->scope)
			return i;
		if (found == KEY_COUNT)
			found = i;
	}
	return found;
}

static int _take_pair(parse_t *parse, bool first)
{
	size_t i = _find_key(parse);

	if (i < KEY_COUNT && first)
		parse->scope = keys[i].head ? keys[i].scope : SITE_LINE;
	if (i == KEY_COUNT)
		return _refuse_key(parse);
	if (_check_scope(parse, &keys[i], first))
		return -1;
	if (!parse->value[0])
		return _refuse(parse, EINVAL,
			       "the value is empty; write one or leave out %s",
			       keys[i].name);
	if (parse->seen[i])
		return _refuse(parse, EEXIST,
			       "%s stands on line %u already; give it once",
			       keys[i].name, parse->seen[i]);
	parse->seen[i] = parse->line;
	parse->key = keys[i].name;
	return keys[i].read(parse);
}

/* What a line must have besides its first key */
static int _check_line(parse_t *parse)
{
	const conf_t *conf = parse->conf;

	if (parse->scope == NODE_LINE) {
		const node_line_t *line =
			&parse->node_lines[parse->node_line_count - 1];

		if (line->profile)
			return 0;
		_look_at(parse, line->line, "NodeName", line->nodes);
		return _refuse(parse, EINVAL,
			       "the line has no Profile; add for example "
			       "Profile=trn2.48xlarge");
	}
	if (parse->scope == ULTRASERVER_LINE) {
		const ultraserver_t *line =
			&conf->ultraservers[conf->ultraserver_count - 1];

		if (line->nodes)
			return 0;
		_look_at(parse, line->line, "UltraServerName", line->name);
		return _refuse(parse, EINVAL,
			       "the line has no Nodes; add them in the order "
			       "of the ring, for example Nodes=n[1-4]");
	}
	return 0;
}

static int _take_line(parse_t *parse, char *at)
{
	bool first = true;

	parse->scope = SITE_LINE;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].scope != SITE_LINE)
			parse->seen[i] = 0;
	}
	for (at = _skip_blanks(at); *at; at = _skip_blanks(at)) {
		parse->key = at;
		at = _cut_pair(parse, at);
		if (!at || _take_pair(parse, first))
			return -1;
		first = false;
	}
	return _check_line(parse);
}

static int _take_lines(parse_t *parse)
{
	unsigned int next = 1;
	char *at = parse->conf->text, *line;

	for (;;) {
		parse->line = next;
		line = _next_line(&at, &next);
		if (!line)
			return 0;
		if (_take_line(parse, line))
			return -1;
	}
}

/*
 * Profiles
 */

static bool _have_same_efas(const profile_t *a, const profile_t *b)
{
	unsigned int count = profile_device_count(a);

	if (profile_efa_count(a) != profile_efa_count(b))
		return false;
	for (unsigned int i = 0; i < count; i++) {
		if (profile_efa_of(a, i) != profile_efa_of(b, i))
			return false;
	}
	return true;
}

static bool _have_same_links(const profile_t *a, const profile_t *b)
{
	unsigned int count = profile_device_count(a);

	for (unsigned int i = 0; i < count; i++) {
		if (profile_neighbours(a, i) != profile_neighbours(b, i))
			return false;
	}
	return true;
}

static bool _have_same_sizes(const profile_t *a, const profile_t *b)
{
	unsigned int count = profile_device_count(a);

	for (unsigned int i = 1; i <= count; i++) {
		if (profile_size_is_documented(a, i) !=
		    profile_size_is_documented(b, i))
			return false;
	}
	return true;
}

/* Slurm tells profiles apart by GRES type and count only: where those are
 * equal, everything that placement uses must be */
static int _check_alike(const parse_t *parse, const profile_t *profile)
{
	const conf_t *conf = parse->conf;

	for (uint32_t i = 0; i < conf->used_count; i++) {
		const profile_t *other = conf->used[i].profile;
		const char *what = NULL;

		if (strcmp(profile_type(profile), profile_type(other)) ||
		    profile_device_count(profile) !=
			    profile_device_count(other))
			continue;
		if (!_have_same_links(profile, other))
			what = "NeuronLinks";
		else if (!_have_same_efas(profile, other))
			what = "EFA interfaces";
		else if (!_have_same_sizes(profile, other))
			what = "documented sizes";
		if (what)
			return _refuse(parse, EINVAL,
				       "it has %u devices of GRES type %s, as "
				       "%s (line %u), but other %s; give one "
				       "of them another type",
				       profile_device_count(profile),
				       profile_type(profile),
				       profile_name(other), conf->used[i].line,
				       what);
	}
	return 0;
}

/* A profile that is not there: say which are */
static int _refuse_profile(const parse_t *parse)
{
	const char *directory = parse->conf->profile_dir;
	catalog_t *catalog = catalog_read(directory, NULL);
	char known[REASON_MAX / 2] = "";
	const profile_t *profile;
	size_t used = 0;
	int rc;

	for (unsigned int i = 0; catalog && used < sizeof(known) &&
				 (profile = catalog_at(catalog, i));
	     i++) {
		int n = snprintf(known + used, sizeof(known) - used, "%s%s",
				 i ? ", " : "", profile_name(profile));

		used += (n < 0) ? sizeof(known) : (size_t) n;
	}
	if (used)
		rc = _refuse(parse, ENOENT,
			     "%.100s has no such profile; it has %s", directory,
			     known);
	else
		rc = _refuse(parse, ENOENT,
			     "%.100s has no such profile; put %s.json there or "
			     "set ProfileDir",
			     directory, parse->value);
	catalog_destroy(catalog);
	return rc;
}

/* RET the profile of the pair being read; NULL with a sentence */
static profile_t *_load_profile(const parse_t *parse)
{
	neuron_error_t why = {""};
	char path[PATH_SIZE];
	profile_t *profile;
	int n = snprintf(path, sizeof(path), "%s/%s.json",
			 parse->conf->profile_dir, parse->value);

	if (n < 0 || (size_t) n >= sizeof(path)) {
		_refuse(parse, EINVAL,
			"the path of ProfileDir is too long; use one of at "
			"most %d bytes",
			PATH_SIZE / 2);
		return NULL;
	}
	profile = profile_read(path, &why);
	if (!profile) {
		if (errno == ENOENT)
			_refuse_profile(parse);
		else
			_refuse(parse, errno, "%s", why.text);
		return NULL;
	}
	return profile;
}

static int _add_profile(parse_t *parse)
{
	conf_t *conf = parse->conf;
	used_t used = {.line = parse->line};

	if (conf->used_count == CONF_FAMILIES_MAX)
		return _refuse(parse, EINVAL,
			       "the file has %d other profiles already; use "
			       "fewer",
			       CONF_FAMILIES_MAX);
	if (_grow(&conf->used, conf->used_count, sizeof(used)))
		return _out_of_memory(parse);
	used.profile = _load_profile(parse);
	if (!used.profile)
		return -1;
	if (_check_alike(parse, used.profile)) {
		profile_destroy(used.profile);
		return -1;
	}
	/* Nobody places jobs by the view of one node */
	if (!parse->only)
		used.shape = shape_create(used.profile);
	if (!parse->only && !used.shape) {
		profile_destroy(used.profile);
		return _out_of_memory(parse);
	}
	conf->used[conf->used_count++] = used;
	return 0;
}

/* The position of the profile of a NodeName line, loaded when it is new */
static int _use_profile(parse_t *parse, const node_line_t *line, uint16_t *used)
{
	conf_t *conf = parse->conf;
	uint16_t i = 0;

	while (i < conf->used_count &&
	       strcmp(profile_name(conf->used[i].profile), line->profile))
		i++;
	_look_at(parse, line->line, "Profile", line->profile);
	*used = i;
	return (i < conf->used_count) ? 0 : _add_profile(parse);
}

/*
 * Nodes
 */

/* For functions that nodeset_expand_t calls */
typedef struct {
	parse_t *parse;
	node_t node; /* what all nodes of the line share */
	ultraserver_t *ultraserver; /* or this */
	uint32_t index;
	uint32_t count;
	bool stopped; /* a sentence is recorded */
} expansion_t;

static int _check_node(const parse_t *parse, const char *name)
{
	const conf_t *conf = parse->conf;
	char quote[QUOTE_MAX + 4];
	uint32_t other;

	if (!names_is_plain(name, NAMES_NODE_MAX))
		return _refuse(parse, EINVAL,
			       "\"%s\" is no name of a node; write letters, "
			       "digits and \"_-.\"",
			       _quote(name, quote));
	other = names_find(conf->node_names, name);
	if (other != NAMES_NONE)
		return _refuse(parse, EEXIST,
			       "%s stands on line %u already; name each node "
			       "once",
			       _quote(name, quote), conf->nodes[other].line);
	if (conf->node_count == CONF_NODES_MAX)
		return _refuse(parse, EINVAL,
			       "the file has more than %d nodes; name fewer",
			       CONF_NODES_MAX);
	return 0;
}

static int _add_node(const char *name, void *arg)
{
	expansion_t *expansion = arg;
	parse_t *parse = expansion->parse;
	conf_t *conf = parse->conf;
	node_t node = expansion->node;

	if (parse->only && strcmp(name, parse->only))
		return 0;
	expansion->stopped = true;
	if (_check_node(parse, name))
		return -1;
	if (_grow(&conf->nodes, conf->node_count, sizeof(node)) ||
	    (names_add(conf->node_names, name) == NAMES_NONE))
		return _out_of_memory(parse);
	conf->nodes[conf->node_count++] = node;
	expansion->count++;
	expansion->stopped = false;
	return 0;
}

/* Call each() for the nodes of the pair being read */
static int _expand(parse_t *parse, expansion_t *expansion, nodeset_each_t each)
{
	expansion->parse = parse;
	errno = 0;
	if (!parse->expand(parse->value, each, expansion) && expansion->count)
		return 0;
	if (expansion->stopped)
		return -1;
	if (errno == ENOMEM)
		return _out_of_memory(parse);
	return _refuse(parse, EINVAL,
		       "this names no node; write names as in slurm.conf, for "
		       "example n[1-4]");
}

static int _check_lnc(parse_t *parse, const node_line_t *line,
		      const profile_t *profile, uint16_t *lnc)
{
	*lnc = line->lnc ? (uint16_t) (line->lnc[0] - '0') : 0;
	if (!*lnc || profile_lnc_is_legal(profile, *lnc))
		return 0;
	_look_at(parse, line->line, "Lnc", line->lnc);
	return _refuse(parse, EINVAL,
		       "%s has no such LNC; write Lnc=%u or leave it out",
		       profile_name(profile), profile_default_lnc(profile));
}

/* Stop at the one node that matters */
static int _meet_node(const char *name, void *arg)
{
	expansion_t *expansion = arg;

	if (strcmp(name, expansion->parse->only))
		return 0;
	expansion->count = 1;
	return -1;
}

/* True when a list without ranges has a name: most files name one a line */
static bool _list_has(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (strncmp(list, name, length) ||
	       (list[length] && list[length] != ',')) {
		list += strcspn(list, ",");
		if (!*list++)
			return false;
	}
	return true;
}

static bool _line_matters(parse_t *parse, const node_line_t *line)
{
	expansion_t expansion = {.parse = parse};

	if (!parse->only)
		return true;
	if (!strchr(line->nodes, '['))
		return _list_has(line->nodes, parse->only);
	(void) parse->expand(line->nodes, _meet_node, &expansion);
	return expansion.count;
}

static int _take_node_lines(parse_t *parse)
{
	for (uint32_t i = 0; i < parse->node_line_count; i++) {
		const node_line_t *line = &parse->node_lines[i];
		expansion_t expansion = {.node = {.line = line->line,
						  .ultraserver = NAMES_NONE}};
		node_t *node = &expansion.node;

		if (!_line_matters(parse, line))
			continue;
		if (_use_profile(parse, line, &node->used) ||
		    _check_lnc(parse, line,
			       parse->conf->used[node->used].profile,
			       &node->lnc))
			return -1;
		_look_at(parse, line->line, "NodeName", line->nodes);
		if (_expand(parse, &expansion, _add_node))
			return -1;
	}
	return 0;
}

/*
 * UltraServers
 */

static int _check_member(const expansion_t *expansion, const char *name,
			 uint32_t node)
{
	const parse_t *parse = expansion->parse;
	const conf_t *conf = parse->conf;
	char quote[QUOTE_MAX + 4];
	const profile_t *profile;

	if (node == NAMES_NONE)
		return _refuse(parse, ENOENT,
			       "%s has no NodeName line; add one or take it "
			       "out here",
			       _quote(name, quote));
	if (conf->nodes[node].ultraserver != NAMES_NONE)
		return _refuse(
			parse, EEXIST,
			"%s is a member of %s on line %u already; name it once",
			_quote(name, quote),
			conf->ultraservers[conf->nodes[node].ultraserver].name,
			conf->ultraservers[conf->nodes[node].ultraserver].line);
	profile = conf->used[conf->nodes[node].used].profile;
	if (profile_ultraserver_size(profile) < 2)
		return _refuse(parse, EINVAL,
			       "%s is a %s, which is never in an UltraServer; "
			       "take it out here",
			       _quote(name, quote), profile_name(profile));
	return 0;
}

/* Members beyond the first against those before them */
static int _check_company(const expansion_t *expansion, uint32_t node)
{
	const conf_t *conf = expansion->parse->conf;
	const ultraserver_t *ultraserver = expansion->ultraserver;
	const used_t *used = &conf->used[conf->nodes[node].used];
	unsigned int size = profile_ultraserver_size(used->profile);
	uint32_t first;

	if (!ultraserver->member_count)
		return 0;
	first = names_find(conf->node_names, ultraserver->members[0]);
	if (conf->nodes[first].used != conf->nodes[node].used)
		return _refuse(
			expansion->parse, EINVAL,
			"%.64s is a %s and %.64s a %s; an UltraServer "
			"has nodes of one profile",
			ultraserver->members[0],
			profile_name(
				conf->used[conf->nodes[first].used].profile),
			names_at(conf->node_names, node),
			profile_name(used->profile));
	if (size > CONF_ULTRASERVER_MEMBERS_MAX)
		size = CONF_ULTRASERVER_MEMBERS_MAX;
	if (ultraserver->member_count >= size)
		return _refuse(expansion->parse, EINVAL,
			       "these are more than %u nodes; an UltraServer "
			       "of %s has %u",
			       size, profile_name(used->profile), size);
	return 0;
}

static int _add_member(const char *name, void *arg)
{
	expansion_t *expansion = arg;
	ultraserver_t *ultraserver = expansion->ultraserver;
	conf_t *conf = expansion->parse->conf;
	uint32_t node = names_find(conf->node_names, name);

	expansion->stopped = true;
	if (_check_member(expansion, name, node) ||
	    _check_company(expansion, node))
		return -1;
	if (_grow(&ultraserver->members, ultraserver->member_count,
		  sizeof(*ultraserver->members)))
		return _out_of_memory(expansion->parse);
	ultraserver->members[ultraserver->member_count++] =
		names_at(conf->node_names, node);
	conf->nodes[node].ultraserver = expansion->index;
	expansion->count++;
	expansion->stopped = false;
	return 0;
}

static int _add_pair(const parse_t *parse, ultraserver_t *ultraserver,
		     uint32_t a, uint32_t b)
{
	uint8_t *pair;

	if (_grow(&ultraserver->pairs, ultraserver->pair_count,
		  sizeof(*ultraserver->pairs)))
		return _out_of_memory(parse);
	pair = ultraserver->pairs[ultraserver->pair_count++];
	pair[0] = (uint8_t) ((a < b) ? a : b);
	pair[1] = (uint8_t) ((a < b) ? b : a);
	return 0;
}

/* Position of the member whose name is text[0, length) */
static uint32_t _member_of(const ultraserver_t *ultraserver, const char *text,
			   size_t length)
{
	for (uint32_t i = 0; i < ultraserver->member_count; i++) {
		const char *name = ultraserver->members[i];

		if (strlen(name) == length && !memcmp(name, text, length))
			return i;
	}
	return NAMES_NONE;
}

static bool _has_pair(const ultraserver_t *ultraserver, uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < ultraserver->pair_count; i++) {
		const uint8_t *pair = ultraserver->pairs[i];

		if ((pair[0] == a && pair[1] == b) ||
		    (pair[0] == b && pair[1] == a))
			return true;
	}
	return false;
}

/* Read one "A+B" of length bytes */
static int _take_pair_text(const parse_t *parse, ultraserver_t *ultraserver,
			   const char *text, size_t length)
{
	const char *plus = memchr(text, '+', length);
	size_t left = plus ? (size_t) (plus - text) : length;
	uint32_t a = _member_of(ultraserver, text, left), b = NAMES_NONE;

	if (plus)
		b = _member_of(ultraserver, plus + 1, length - left - 1);
	if (a == NAMES_NONE || b == NAMES_NONE || a == b)
		return _refuse(
			parse, EINVAL,
			"\"%.*s\" is not two members of %s; write for "
			"example A+B,C+D with names out of Nodes",
			(int) ((length > QUOTE_MAX) ? QUOTE_MAX : length), text,
			ultraserver->name);
	if (_has_pair(ultraserver, a, b))
		return _refuse(parse, EEXIST,
			       "\"%.*s\" is there twice; name each pair once",
			       (int) length, text);
	return _add_pair(parse, ultraserver, a, b);
}

static int _take_pairs(parse_t *parse, ultraserver_t *ultraserver)
{
	const char *at = ultraserver->pairs_text;

	if (!at) {
		for (uint32_t i = 0; i + 1 < ultraserver->member_count;
		     i += 2) {
			if (_add_pair(parse, ultraserver, i, i + 1))
				return -1;
		}
		return 0;
	}
	_look_at(parse, ultraserver->line, "Pairs", at);
	for (;;) {
		size_t length = strcspn(at, ",");

		if (_take_pair_text(parse, ultraserver, at, length))
			return -1;
		at += length;
		if (!*at)
			return 0;
		at++;
	}
}

static int _take_ultraservers(parse_t *parse)
{
	conf_t *conf = parse->conf;

	for (uint32_t i = 0; i < conf->ultraserver_count; i++) {
		ultraserver_t *ultraserver = &conf->ultraservers[i];
		expansion_t expansion = {.ultraserver = ultraserver,
					 .index = i};

		_look_at(parse, ultraserver->line, "Nodes", ultraserver->nodes);
		if (_expand(parse, &expansion, _add_member) ||
		    _take_pairs(parse, ultraserver))
			return -1;
	}
	return 0;
}

/*
 * Templates
 */

static int _check_templates(parse_t *parse)
{
	const conf_t *conf = parse->conf;
	const profile_t *profiles[CONF_FAMILIES_MAX];
	uint32_t count = 0;

	for (; count < conf->used_count && count < CONF_FAMILIES_MAX; count++)
		profiles[count] = conf->used[count].profile;
	for (uint32_t i = 0; i < conf->template_count; i++) {
		const template_t *template = &conf->templates[i];
		neuron_error_t why;

		if (!template_check(template, profiles, count, &why))
			continue;
		_look_at(parse, template->line, "TemplateName", template->name);
		return _refuse(parse, EINVAL, "%s", why.text);
	}
	return 0;
}

/*
 * Public functions
 */

static conf_t *_create(const char *text, const char *profile_dir)
{
	size_t size = strlen(text) + 1;
	conf_t *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return NULL;
	conf->text = malloc(size);
	conf->node_names = names_create();
	conf->ultraserver_names = names_create();
	if (!conf->text || !conf->node_names || !conf->ultraserver_names) {
		conf_destroy(conf);
		errno = ENOMEM;
		return NULL;
	}
	memcpy(conf->text, text, size);
	conf->profile_dir = profile_dir;
	conf->root = "/";
	conf->numbering = CONF_ABSOLUTE;
	conf->tier = SHAPE_CONSECUTIVE;
	conf->tier_wait = DURATION_NEVER;
	conf->root_ports[0] = CONF_ROOT_PORT_FIRST;
	conf->root_ports[1] = CONF_ROOT_PORT_LAST;
	conf->runtime_dir = CONF_RUNTIME_DIR;
	conf->services = CONF_SERVICES;
	(void) policy_signal_decode("USR1", &conf->on_fault.signal, NULL);
	return conf;
}

/* All that matters of them to one node is whether it is in one */
static void _forget_ultraservers(parse_t *parse)
{
	conf_t *conf = parse->conf;

	for (uint32_t i = 0; i < conf->ultraserver_count; i++) {
		expansion_t expansion = {.parse = parse};
		const char *nodes = conf->ultraservers[i].nodes;

		if (!nodes)
			continue;
		if (strchr(nodes, '['))
			(void) parse->expand(nodes, _meet_node, &expansion);
		else
			expansion.count = _list_has(nodes, parse->only);
		conf->only_is_member |= expansion.count > 0;
	}
	conf->ultraserver_count = 0;
}

extern conf_t *conf_decode(const char *text, const char *origin,
			   const char *profile_dir, nodeset_expand_t expand,
			   neuron_error_t *err)
{
	return conf_decode_node(text, origin, profile_dir, expand, NULL, err);
}

extern conf_t *conf_decode_node(const char *text, const char *origin,
				const char *profile_dir,
				nodeset_expand_t expand, const char *node,
				neuron_error_t *err)
{
	parse_t parse = {.origin = origin ? origin : "neuron.conf",
			 .expand = expand,
			 .only = node,
			 .err = err};
	int errnum;

	if (!text || !profile_dir || !expand) {
		neuron_error_set(err, EINVAL,
				 "%s: no text, directory of profiles or way to "
				 "expand names of nodes is given",
				 parse.origin);
		return NULL;
	}
	if (strnlen(text, CONF_FILE_MAX + 1) > CONF_FILE_MAX) {
		neuron_error_set(err, EINVAL, FILE_TOO_LONG, parse.origin,
				 CONF_FILE_MAX);
		return NULL;
	}
	parse.conf = _create(text, profile_dir);
	if (!parse.conf) {
		_out_of_memory(&parse);
		return NULL;
	}
	if (_take_lines(&parse) || _take_node_lines(&parse) ||
	    (!node &&
	     (_take_ultraservers(&parse) || _check_templates(&parse)))) {
		conf_destroy(parse.conf);
		parse.conf = NULL;
	} else {
		if (node)
			_forget_ultraservers(&parse);
		if (parse.conf->profile_dir == profile_dir)
			parse.conf->profile_dir = NULL; /* the caller's */
		_trim(&parse.conf->nodes, parse.conf->node_count,
		      sizeof(*parse.conf->nodes));
		_trim(&parse.conf->ultraservers, parse.conf->ultraserver_count,
		      sizeof(*parse.conf->ultraservers));
	}
	errnum = errno;
	free(parse.node_lines);
	errno = errnum;
	return parse.conf;
}

static void _cannot_read(const char *path, int errnum, neuron_error_t *err)
{
	if (errnum == ENOMEM)
		neuron_error_set(err, ENOMEM, "%s: out of memory", path);
	else if (errnum == EINVAL)
		neuron_error_set(err, EINVAL, FILE_TOO_LONG, path,
				 CONF_FILE_MAX);
	else
		neuron_error_set(err, EIO, "%s: the file cannot be read: %s",
				 path, strerror(errnum));
}

/*
 * Read a file that is open; RET as _read_file(). Room for the longest file
 * would do, but the C library hands no memory back to the system in pieces
 * that are smaller than the largest one that was ever freed.
 */
static char *_read_stream(FILE *file, const char *path, neuron_error_t *err)
{
	neuron_error_t why;
	size_t length;
	char *text = file_read_stream(file, path, CONF_FILE_MAX, &length, &why);

	if (!text) {
		_cannot_read(path, errno, err);
		return NULL;
	}
	if (!memchr(text, '\0', length))
		return text;
	neuron_error_set(err, EINVAL,
			 "%s: the file has a null byte; it must be a text",
			 path);
	free(text);
	return NULL;
}

/* RET the text of a file for free(); NULL with a sentence */
static char *_read_file(const char *path, neuron_error_t *err)
{
	FILE *file = fopen(path, "re");
	char *text;
	int errnum;

	if (!file) {
		neuron_error_set(err, (errno == ENOENT) ? ENOENT : EIO,
				 "%s: the file cannot be opened: %s", path,
				 strerror(errno));
		return NULL;
	}
	text = _read_stream(file, path, err);
	errnum = errno;
	fclose(file);
	errno = errnum;
	return text;
}

extern conf_t *conf_read(const char *path, const char *profile_dir,
			 nodeset_expand_t expand, neuron_error_t *err)
{
	return conf_read_node(path, profile_dir, expand, NULL, err);
}

extern conf_t *conf_read_node(const char *path, const char *profile_dir,
			      nodeset_expand_t expand, const char *node,
			      neuron_error_t *err)
{
	conf_t *conf;
	char *text;
	int errnum;

	if (!path) {
		neuron_error_set(err, EINVAL, "no path of neuron.conf");
		return NULL;
	}
	text = _read_file(path, err);
	if (!text)
		return NULL;
	conf = conf_decode_node(text, path, profile_dir, expand, node, err);
	errnum = errno;
	free(text);
	errno = errnum;
	return conf;
}

static void _destroy_ultraservers(conf_t *conf)
{
	for (uint32_t i = 0; i < conf->ultraserver_count; i++) {
		free(conf->ultraservers[i].members);
		free(conf->ultraservers[i].pairs);
	}
	free(conf->ultraservers);
	names_destroy(conf->ultraserver_names);
}

static void _destroy_nodes(conf_t *conf)
{
	free(conf->nodes);
	names_destroy(conf->node_names);
}

extern void conf_destroy(conf_t *conf)
{
	int errnum = errno;

	if (!conf)
		return;
	for (uint32_t i = 0; i < conf->used_count; i++) {
		shape_destroy(conf->used[i].shape);
		profile_destroy(conf->used[i].profile);
	}
	_destroy_ultraservers(conf);
	_destroy_nodes(conf);
	free(conf->used);
	free(conf->templates);
	free(conf->text);
	free(conf);
	errno = errnum;
}

extern int conf_keep_profiles(conf_t *conf)
{
	names_t *nodes = names_create(), *ultraservers = names_create();

	if (!nodes || !ultraservers) {
		names_destroy(nodes);
		names_destroy(ultraservers);
		errno = ENOMEM;
		return -1;
	}
	_destroy_ultraservers(conf);
	_destroy_nodes(conf);
	conf->ultraservers = NULL;
	conf->ultraserver_count = 0;
	conf->ultraserver_names = ultraservers;
	conf->nodes = NULL;
	conf->node_count = 0;
	conf->node_names = nodes;
	for (uint32_t i = 0; i < conf->used_count; i++) {
		shape_destroy(conf->used[i].shape);
		conf->used[i].shape = NULL;
	}
	return 0;
}

extern const char *conf_profile_dir(const conf_t *conf)
{
	return conf->profile_dir;
}

extern conf_numbering_t conf_numbering(const conf_t *conf)
{
	return conf->numbering;
}

extern shape_tier_t conf_tier(const conf_t *conf)
{
	return conf->tier;
}

extern bool conf_undocumented_allowed(const conf_t *conf)
{
	return !conf->undocumented_refused;
}

extern uint32_t conf_tier_wait(const conf_t *conf)
{
	return conf->tier_wait;
}

extern conf_candidates_t conf_candidates(const conf_t *conf)
{
	return conf->candidates;
}

extern conf_view_t conf_private_view(const conf_t *conf)
{
	return conf->private_view;
}

extern conf_weights_t conf_weights(const conf_t *conf)
{
	return conf->weights;
}

extern const char *conf_ultraserver_glob(const conf_t *conf)
{
	return conf->ultraserver_glob;
}

extern unsigned int conf_node_line(const conf_t *conf, const char *node)
{
	int index = conf_node_index(conf, node);

	return (index < 0) ? 0 : conf->nodes[index].line;
}

/*
 * Copy a value with "%LETTER" replaced by a name and "%%" by "%".
 * IN name - NULL: the value may not need it.
 * RET its length; -1 with errno ENOSPC or EINVAL, buf is "" then.
 */
static int _substitute(const char *value, const char *name, char *buf,
		       size_t size)
{
	size_t used = 0;

	for (const char *at = value; *at; at++) {
		const char *part = at;
		size_t length = 1;

		if (*at == '%' && *++at != '%') {
			part = name;
			length = name ? strlen(name) : 0;
		}
		if (!part || length >= size - used) {
			buf[0] = '\0';
			return neuron_error_set(NULL, part ? ENOSPC : EINVAL,
						"no name or no room");
		}
		memcpy(buf + used, part, length);
		used += length;
	}
	buf[used] = '\0';
	return (int) used;
}

/* A path with the name of a node in it, without a final slash */
static int _fill_pattern(const char *pattern, const char *node, char *buf,
			 size_t size)
{
	bool safe = node && names_is_plain(node, NAMES_NODE_MAX);
	int used;

	if (!buf || !size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	used = _substitute(pattern, safe ? node : NULL, buf, size);
	while (used > 0 && buf[used - 1] == '/')
		buf[--used] = '\0';
	return used;
}

extern int conf_root(const conf_t *conf, const char *node, char *buf,
		     size_t size)
{
	return _fill_pattern(conf->root, node, buf, size);
}

extern int conf_runtime_dir(const conf_t *conf, const char *node, char *buf,
			    size_t size)
{
	return _fill_pattern(conf->runtime_dir, node, buf, size);
}

extern const char *conf_lnc_file(const conf_t *conf)
{
	return conf->lnc_file;
}

extern const char *conf_stats_file(const conf_t *conf)
{
	return conf->stats_file;
}

extern uint32_t conf_reset_wait(const conf_t *conf)
{
	return conf->reset_wait;
}

extern on_fault_t conf_on_fault(const conf_t *conf)
{
	return conf->on_fault;
}

extern member_loss_t conf_on_member_loss(const conf_t *conf)
{
	return conf->on_member_loss;
}

extern conf_bad_device_t conf_bad_device(const conf_t *conf)
{
	return conf->bad_device;
}

extern const char *conf_health_rules(const conf_t *conf)
{
	return conf->health_rules;
}

extern uint32_t conf_health_interval(const conf_t *conf)
{
	return conf->health_interval ? conf->health_interval
				     : CONF_HEALTH_INTERVAL;
}

extern conf_strings_t conf_cloud_health_strings(const conf_t *conf)
{
	return conf->strings;
}

extern conf_versions_t conf_versions(const conf_t *conf)
{
	return conf->versions;
}

extern const char *conf_version_rules(const conf_t *conf)
{
	return conf->version_rules;
}

extern bool conf_is_service(const conf_t *conf, const char *command)
{
	size_t length = strlen(command);
	const char *at = conf->services;

	while (*at) {
		size_t end = strcspn(at, ",");

		if (length && end == length && !strncmp(at, command, length))
			return true;
		at += end + (at[end] == ',');
	}
	return false;
}

/* As accounts are named: also with "_" in front, and of a domain */
static bool _is_user(const char *text)
{
	size_t length = strnlen(text, USER_NAME_MAX + 1);

	if (length > USER_NAME_MAX || (!_is_alnum(text[0]) && text[0] != '_'))
		return false;
	for (size_t i = 1; i < length; i++) {
		if (!_is_alnum(text[i]) && !strchr("_-.@", text[i]))
			return false;
	}
	return true;
}

extern const char *conf_compile_cache_form(const conf_t *conf)
{
	return conf->compile_cache;
}

extern int conf_expand_user(const char *form, const char *user, char *buf,
			    size_t size)
{
	bool safe = user && _is_user(user);

	if (!buf || !size)
		return neuron_error_set(NULL, ENOSPC, "no room");
	buf[0] = '\0';
	return _substitute(form, safe ? user : NULL, buf, size);
}

extern int conf_compile_cache(const conf_t *conf, const char *user, char *buf,
			      size_t size)
{
	if (buf && size)
		buf[0] = '\0';
	if (!conf->compile_cache)
		return neuron_error_set(NULL, ENOENT, "not set");
	return conf_expand_user(conf->compile_cache, user, buf, size);
}

extern void conf_root_ports(const conf_t *conf, uint16_t *first, uint16_t *last)
{
	*first = conf->root_ports[0];
	*last = conf->root_ports[1];
}

extern unsigned int conf_template_count(const conf_t *conf)
{
	return conf->template_count;
}

extern const template_t *conf_template(const conf_t *conf, unsigned int index)
{
	return (index < conf->template_count) ? &conf->templates[index] : NULL;
}

extern const template_t *conf_template_of_name(const conf_t *conf,
					       const char *name)
{
	for (uint32_t i = 0; name && i < conf->template_count; i++) {
		if (!strcmp(conf->templates[i].name, name))
			return &conf->templates[i];
	}
	errno = ENOENT;
	return NULL;
}

extern int conf_node_index(const conf_t *conf, const char *node)
{
	uint32_t index = node ? names_find(conf->node_names, node) : NAMES_NONE;

	return (index == NAMES_NONE) ? -1 : (int) index;
}

extern unsigned int conf_node_count(const conf_t *conf)
{
	return conf->node_count;
}

extern const char *conf_node_name(const conf_t *conf, unsigned int index)
{
	return names_at(conf->node_names, index);
}

extern const profile_t *conf_node_profile(const conf_t *conf,
					  unsigned int index)
{
	if (index >= conf->node_count)
		return NULL;
	return conf->used[conf->nodes[index].used].profile;
}

extern const shape_t *conf_node_shape(const conf_t *conf, unsigned int index)
{
	if (index >= conf->node_count)
		return NULL;
	return conf->used[conf->nodes[index].used].shape;
}

extern unsigned int conf_node_lnc(const conf_t *conf, unsigned int index)
{
	if (index >= conf->node_count)
		return 0;
	if (conf->nodes[index].lnc)
		return conf->nodes[index].lnc;
	return profile_default_lnc(conf_node_profile(conf, index));
}

static bool _has_cpus(const profile_t *profile, unsigned int cpus)
{
	unsigned int cores =
		profile_sockets(profile) * profile_cores_per_socket(profile);

	return cpus == cores ||
	       cpus == cores * profile_threads_per_core(profile);
}

extern const profile_t *conf_profile_of_gres(const conf_t *conf,
					     const char *type,
					     unsigned int devices,
					     unsigned int cpus)
{
	const profile_t *first = NULL;

	for (uint32_t i = 0; i < conf->used_count; i++) {
		const profile_t *profile = conf->used[i].profile;

		if ((type && strcmp(type, profile_type(profile))) ||
		    profile_device_count(profile) != devices)
			continue;
		if (cpus && _has_cpus(profile, cpus))
			return profile;
		if (!first)
			first = profile;
	}
	if (!first)
		errno = ENOENT;
	return first;
}

extern const shape_t *conf_shape_of(const conf_t *conf,
				    const profile_t *profile)
{
	for (uint32_t i = 0; i < conf->used_count; i++) {
		if (conf->used[i].profile == profile)
			return conf->used[i].shape;
	}
	return NULL;
}

extern const profile_t *conf_profile_at(const conf_t *conf, unsigned int index)
{
	return (index < conf->used_count) ? conf->used[index].profile : NULL;
}

extern int conf_weigh(conf_t *conf, unsigned int index,
		      const demand_weights_t *weights)
{
	if (index >= conf->used_count)
		return neuron_error_set(NULL, ENOENT, "no such profile");
	return shape_weigh(conf->used[index].shape, weights);
}

extern bool conf_is_member(const conf_t *conf, const char *node)
{
	int index = conf_node_index(conf, node);

	return index >= 0 && (conf->only_is_member ||
			      conf->nodes[index].ultraserver != NAMES_NONE);
}

extern unsigned int conf_ultraserver_count(const conf_t *conf)
{
	return conf->ultraserver_count;
}

extern int conf_ultraserver(const conf_t *conf, unsigned int index,
			    conf_ultraserver_t *ultraserver)
{
	const ultraserver_t *from;

	if (index >= conf->ultraserver_count || !ultraserver)
		return neuron_error_set(NULL, ENOENT, "no such UltraServer");
	from = &conf->ultraservers[index];
	ultraserver->name = from->name;
	ultraserver->line = from->line;
	ultraserver->members = from->members;
	ultraserver->member_count = from->member_count;
	ultraserver->pairs = (const uint8_t(*)[2]) from->pairs;
	ultraserver->pair_count = from->pair_count;
	return 0;
}
