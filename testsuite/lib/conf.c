/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "failing_malloc.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))
#define TEXT_MAX 4096

/* Directory of profiles that the program makes, "@" in rows */
static char directory[] = "conf-test.XXXXXX";

static const char *_srcdir(void)
{
	const char *srcdir = getenv("srcdir");

	return srcdir ? srcdir : ".";
}

/*
 * Names of nodes: commas, and one "[FIRST-LAST]" at the end of a name
 */

static int _each_in_range(const char *text, size_t length, nodeset_each_t each,
			  void *arg)
{
	char prefix[64], name[96];
	unsigned int first, last;

	if (sscanf(text, "%63[^[,][%u-%u]", prefix, &first, &last) != 3 ||
	    text[length - 1] != ']' || first > last || last > 100000) {
		errno = EINVAL;
		return -1;
	}
	for (unsigned int i = first; i <= last; i++) {
		snprintf(name, sizeof(name), "%s%u", prefix, i);
		if (each(name, arg))
			return -1;
	}
	return 0;
}

static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	for (;;) {
		size_t length = strcspn(text, ",");
		char *name;
		int rc;

		if (memchr(text, '[', length)) {
			rc = _each_in_range(text, length, each, arg);
		} else {
			name = strndup(text, length);
			rc = length ? each(name, arg) : 0;
			free(name);
		}
		if (rc || !text[length])
			return rc;
		text += length + 1;
	}
}

static conf_t *_decode(const char *text, neuron_error_t *err)
{
	return conf_decode(text, "c", directory, _expand, err);
}

/*
 * The directory of profiles
 */

/* Copy a profile, with texts replaced by others of the same length or less */
static void _copy_profile(const char *name, const char *new_name,
			  const char *const *changes)
{
	static char text[PROFILE_FILE_MAX];
	char path[512];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/../../etc/profiles/%s.json", _srcdir(),
		 name);
	file = fopen(path, "r");
	if (!file) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	for (; changes && *changes; changes += 2) {
		char *at = strstr(text, changes[0]);
		size_t old_length = strlen(changes[0]);

		if (!at || strlen(changes[1]) > old_length) {
			fprintf(stderr, "%s: no %s\n", path, changes[0]);
			exit(EXIT_FAILURE);
		}
		memset(at, ' ', old_length);
		memcpy(at, changes[1], strlen(changes[1]));
	}
	snprintf(path, sizeof(path), "%s/%s.json", directory, new_name);
	file = fopen(path, "w");
	if (!file || fputs(text, file) < 0 || fclose(file)) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

/*
 * What was read, as a text
 */

typedef struct {
	char text[TEXT_MAX];
	size_t used;
} dump_t;

static void _put(dump_t *dump, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void _put(dump_t *dump, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	dump->used +=
		(size_t) vsnprintf(dump->text + dump->used,
				   sizeof(dump->text) - dump->used, fmt, ap);
	va_end(ap);
	ck_assert_uint_lt(dump->used, sizeof(dump->text));
}

static void _put_site(dump_t *dump, const conf_t *conf)
{
	char root[256];

	ck_assert_int_ge(conf_root(conf, "node", root, sizeof(root)), 0);
	if (strcmp(root, ""))
		_put(dump, "root=%s ", root);
	if (conf_numbering(conf) == CONF_RELATIVE)
		_put(dump, "relative ");
	if (conf_tier(conf) != SHAPE_CONSECUTIVE)
		_put(dump, "%s ", shape_tier_name(conf_tier(conf)));
	if (!conf_undocumented_allowed(conf))
		_put(dump, "refuse ");
	if (conf_tier_wait(conf) != DURATION_NEVER)
		_put(dump, "wait=%u ", conf_tier_wait(conf));
	if (conf_candidates(conf) != CONF_CANDIDATES_BEST)
		_put(dump, "candidates=%d ", (int) conf_candidates(conf));
	if (conf_private_view(conf) != CONF_VIEW_AUTO)
		_put(dump, "view=%d ", (int) conf_private_view(conf));
	if (conf_weights(conf) != CONF_WEIGHTS_FIXED)
		_put(dump, "weights=%d ", (int) conf_weights(conf));
	if (conf_ultraserver_glob(conf))
		_put(dump, "glob=%s ", conf_ultraserver_glob(conf));
}

static void _put_more(dump_t *dump, const conf_t *conf)
{
	uint16_t first, last;
	char cache[256];

	if (conf_compile_cache(conf, "user", cache, sizeof(cache)) >= 0)
		_put(dump, "cache=%s ", cache);
	conf_root_ports(conf, &first, &last);
	if ((first != CONF_ROOT_PORT_FIRST) || (last != CONF_ROOT_PORT_LAST))
		_put(dump, "ports=%u-%u ", first, last);
}

static void _put_epilog(dump_t *dump, const conf_t *conf)
{
	char run[256];

	ck_assert_int_ge(conf_runtime_dir(conf, "node", run, sizeof(run)), 0);
	if (strcmp(run, CONF_RUNTIME_DIR))
		_put(dump, "run=%s ", run);
	if (conf_lnc_file(conf))
		_put(dump, "lnc=%s ", conf_lnc_file(conf));
	if (conf_stats_file(conf))
		_put(dump, "stats=%s ", conf_stats_file(conf));
	if (conf_reset_wait(conf))
		_put(dump, "reset=%u ", conf_reset_wait(conf));
	if (conf_versions(conf) != CONF_VERSIONS_WARN)
		_put(dump, "versions=%s ",
		     conf_versions(conf) == CONF_VERSIONS_DRAIN ? "drain"
								: "off");
	if (conf_version_rules(conf))
		_put(dump, "version-rules=%s ", conf_version_rules(conf));
	if (conf_bad_device(conf) != CONF_BAD_DEVICE_MASK)
		_put(dump, conf_bad_device(conf) == CONF_BAD_DEVICE_KEEP
				   ? "keep "
				   : "drain ");
	if (!conf_is_service(conf, CONF_SERVICES))
		_put(dump, "services ");
	if (conf_health_rules(conf))
		_put(dump, "rules=%s ", conf_health_rules(conf));
	if (conf_health_interval(conf) != CONF_HEALTH_INTERVAL)
		_put(dump, "interval=%u ", conf_health_interval(conf));
	if (conf_cloud_health_strings(conf) != CONF_STRINGS_OURS)
		_put(dump, "strings=%d ", conf_cloud_health_strings(conf));
}

static void _put_policies(dump_t *dump, const conf_t *conf)
{
	on_fault_t fault = conf_on_fault(conf);
	char act[POLICY_TEXT_MAX], signal[POLICY_TEXT_MAX];

	ck_assert_int_ge(policy_fault_encode(&fault, act, sizeof(act)), 0);
	ck_assert_int_ge(
		policy_signal_encode(&fault.signal, signal, sizeof(signal)), 0);
	if (fault.act || strcmp(signal, "USR1"))
		_put(dump, "fault=%s/%s ", act, signal);
	if (conf_on_member_loss(conf) != MEMBER_LOSS_SLURM)
		_put(dump, "loss=%s ",
		     policy_loss_name(conf_on_member_loss(conf)));
}

static void _put_template(dump_t *dump, const template_t *template)
{
	char options[OPTIONS_TEXT_MAX];

	ck_assert_int_ge(
		options_encode(&template->options, options, sizeof(options)),
		0);
	_put(dump, "%s@%u=%u%s%s%s(%s)", template->name, template->line,
	     template->devices, template->type,
	     template->efa_none ? " none " : "", template->description,
	     options);
}

static void _put_ultraserver(dump_t *dump, const conf_ultraserver_t *us)
{
	_put(dump, "%s@%u=", us->name, us->line);
	for (unsigned int i = 0; i < us->member_count; i++)
		_put(dump, "%s%s", i ? "," : "", us->members[i]);
	_put(dump, "(");
	for (unsigned int i = 0; i < us->pair_count; i++)
		_put(dump, "%s%d+%d", i ? "," : "", us->pairs[i][0],
		     us->pairs[i][1]);
	_put(dump, ") ");
}

/* Settings that are not the default, nodes, UltraServers */
static void _dump(const conf_t *conf, dump_t *dump)
{
	dump->used = 0;
	dump->text[0] = '\0';
	_put_site(dump, conf);
	_put_more(dump, conf);
	_put_epilog(dump, conf);
	_put_policies(dump, conf);
	for (unsigned int i = 0; i < conf_node_count(conf); i++) {
		const char *name = conf_node_name(conf, i);

		_put(dump, "%s@%u=%s/%u ", name, conf_node_line(conf, name),
		     profile_name(conf_node_profile(conf, i)),
		     conf_node_lnc(conf, i));
	}
	for (unsigned int i = 0; i < conf_ultraserver_count(conf); i++) {
		conf_ultraserver_t us;

		ck_assert_int_eq(conf_ultraserver(conf, i, &us), 0);
		_put_ultraserver(dump, &us);
	}
	for (unsigned int i = 0; i < conf_template_count(conf); i++)
		_put_template(dump, conf_template(conf, i));
}

static const struct {
	const char *name;
	const char *text;
	const char *dump;
} good[] = {
	{"empty", "", ""},
	{"blank lines", "\n \n\t\r\n\n", ""},
	{"comments", "# a\n   # b = c\n#\n", ""},
	{"no final newline", "Root=/a", "root=/a "},
	{"DOS line ends", "Root=/a\r\nShape=best\r\n", "root=/a best "},
	{"all keys",
	 "ProfileDir=/nowhere\nRoot=/a/%n\n"
	 "CoreNumbering=relative\nShape=ring\nUndocumentedSizes=refuse\n"
	 "UltraServerSwitches=us*-?\nShapeWait=1:30\nCandidateNodes=all\n"
	 "PrivateView=Never\nSizeWeights=Queue\n",
	 "root=/a/node relative ring refuse wait=90 candidates=1 view=2 "
	 "weights=1 glob=us*-? "},
	{"all defaults",
	 "Root=/\nCoreNumbering=absolute\n"
	 "Shape=consecutive\nUndocumentedSizes=allow\n"
	 "ShapeWait=never\nCandidateNodes=best\nPrivateView=auto\n"
	 "SizeWeights=fixed\n",
	 ""},
	{"connected", "Shape=connected", "connected "},
	{"private view", "PrivateView=always", "view=1 "},
	{"case", "rOOT=/a\nSHAPE=Best\ncorenumbering=RELATIVE",
	 "root=/a relative best "},
	{"blanks", "  Root  =  /a  \t # comment", "root=/a "},
	{"quotes", "Root=\"/a b\"", "root=/a b "},
	{"quoted empty comment", "Root=\"/a\" #\"", "root=/a "},
	{"escaped number sign", "Root=/a\\#b # c", "root=/a#b "},
	{"joined lines", "Ro\\\not=\\\n/a\\\nb\nShape=\\\nbest",
	 "root=/ab best "},
	{"joined lines with a comment", "Root=/a \\ # x\nShape=best",
	 "root=/a best "},
	{"joined at the end", "Root=/a\\", "root=/a "},
	{"two keys on a line", "Root=/a Shape=best", "root=/a best "},
	{"percent", "Root=/%%/%n/%n", "root=/%/node/node "},
	{"final slashes", "Root=/a///", "root=/a "},
	{"only slashes", "Root=///", ""},
	{"node", "NodeName=a Profile=trn2.48xlarge", "a@1=trn2.48xlarge/2 "},
	{"nodes of two profiles",
	 "NodeName=a,b Profile=trn2.48xlarge Lnc=1\n\n"
	 "NodeName=c[1-2] Profile=inf2.48xlarge\n",
	 "a@1=trn2.48xlarge/1 b@1=trn2.48xlarge/1 c1@3=inf2.48xlarge/1 "
	 "c2@3=inf2.48xlarge/1 "},
	{"other order of keys", "NodeName=a Lnc=2 Profile=trn2.48xlarge",
	 "a@1=trn2.48xlarge/2 "},
	{"line of a joined line",
	 "#\nNodeName=a \\\n Profile=trn2.48xlarge\nNodeName=b \\\n "
	 "Profile=trn2.48xlarge",
	 "a@2=trn2.48xlarge/2 b@4=trn2.48xlarge/2 "},
	{"profiles that are alike",
	 "NodeName=a Profile=trn2.48xlarge\nNodeName=b Profile=trn2u.48xlarge",
	 "a@1=trn2.48xlarge/2 b@2=trn2u.48xlarge/2 "},
	{"names",
	 "NodeName=ip-10-0-0-1.ec2.internal,Node_2,7 "
	 "Profile=inf2.48xlarge",
	 "ip-10-0-0-1.ec2.internal@1=inf2.48xlarge/1 Node_2@1=inf2.48xlarge/1 "
	 "7@1=inf2.48xlarge/1 "},
	{"UltraServer",
	 "NodeName=n[1-4] Profile=trn2u.48xlarge\n"
	 "UltraServerName=us1 Nodes=n3,n2,n1,n4",
	 "n1@1=trn2u.48xlarge/2 n2@1=trn2u.48xlarge/2 n3@1=trn2u.48xlarge/2 "
	 "n4@1=trn2u.48xlarge/2 us1@2=n3,n2,n1,n4(0+1,2+3) "},
	{"UltraServers before nodes",
	 "UltraServerName=b Nodes=n2\nUltraServerName=a Nodes=n1\n"
	 "NodeName=n[1-2] Profile=trn2u.48xlarge",
	 "n1@3=trn2u.48xlarge/2 n2@3=trn2u.48xlarge/2 b@1=n2() a@2=n1() "},
	{"three members",
	 "NodeName=n[1-3] Profile=trn2u.48xlarge\n"
	 "UltraServerName=us1 Nodes=n[1-3]",
	 "n1@1=trn2u.48xlarge/2 n2@1=trn2u.48xlarge/2 n3@1=trn2u.48xlarge/2 "
	 "us1@2=n1,n2,n3(0+1) "},
	{"pairs",
	 "NodeName=n[1-4] Profile=trn2u.48xlarge\n"
	 "UltraServerName=us1 Nodes=n[1-4] Pairs=n3+n1,n2+n4,n1+n2",
	 "n1@1=trn2u.48xlarge/2 n2@1=trn2u.48xlarge/2 n3@1=trn2u.48xlarge/2 "
	 "n4@1=trn2u.48xlarge/2 us1@2=n1,n2,n3,n4(0+2,1+3,0+1) "},
	{"cache path", "CompileCache=/fsx/cache/%u/%%x",
	 "cache=/fsx/cache/user/%x "},
	{"cache bucket", "CompileCache=s3://bucket/neuron",
	 "cache=s3://bucket/neuron "},
	{"ports", "RootPorts=1024-1087", "ports=1024-1087 "},
	{"runtime", "RuntimeDir=/run/x/%n/\nLncFile=/opt/a\nResetWait=0:1",
	 "run=/run/x/node lnc=/opt/a reset=1 "},
	{"epilog", "BadDevice=Keep\nDeviceServices=a.b,c-d\nResetWait=60",
	 "reset=3600 keep services "},
	{"bad device", "BadDevice=DRAIN", "drain "},
	{"on fault", "OnFault=Requeue\nOnMemberLoss=MIGRATE",
	 "fault=requeue/USR1 loss=migrate "},
	{"on fault, signal", "OnFaultSignal=b:sigterm\nOnFault=notify",
	 "fault=notify:B:TERM/B:TERM "},
	{"default fault",
	 "OnFault=none\nOnFaultSignal=USR1\n"
	 "OnMemberLoss=slurm",
	 ""},
	{"template on fault",
	 "TemplateName=t Devices=4 OnFault=notify:USR2 OnMemberLoss=restart\n"
	 "NodeName=a Profile=trn2.48xlarge",
	 "a@2=trn2.48xlarge/2 "
	 "t@1=4(on-fault=notify:USR2,on-member-loss=restart)"},
	{"health",
	 "HealthRules=/a/b\nHealthInterval=0:01\nCloudHealthStrings=NPD",
	 "rules=/a/b interval=1 strings=1 "},
	{"health, most", "HealthInterval=60\nCloudHealthStrings=HyperPod",
	 "interval=3600 strings=2 "},
	{"health, default", "HealthInterval=0:30\nCloudHealthStrings=no", ""},
	{"stats", "StatsFile=/run/slurmctld/neuron-stats",
	 "stats=/run/slurmctld/neuron-stats "},
	{"versions", "VersionCheck=Drain\nVersionRules=/etc/x.json",
	 "versions=drain version-rules=/etc/x.json "},
	{"no versions", "VersionCheck=off", "versions=off "},
	{"default versions", "VersionCheck=warn", ""},
	{"default runtime",
	 "RuntimeDir=/run/slurm-neuron\nLncFile=NO\nBadDevice=mask\n"
	 "DeviceServices=x,neuron-monitor",
	 ""},
	{"all ports", "RootPorts=1024-65535", "ports=1024-65535 "},
	{"default ports", "RootPorts=16384-28671", ""},
	{"template",
	 "TemplateName=l-trn2 Devices=4\nNodeName=a Profile=trn2.48xlarge",
	 "a@2=trn2.48xlarge/2 l-trn2@1=4()"},
	{"all of a template",
	 "NodeName=a Profile=trn2.48xlarge\n"
	 "TemplateName=X.1 devices=16 TYPE=trn2 Efa=None "
	 "Description=\"a b, c=d\" TP=8 Lnc=1 Shape=Ring Wait=10 Launch=core "
	 "UltraServer=no env=basic",
	 "a@1=trn2.48xlarge/2 X.1@2=16trn2 none a b, c=d(tp=8,lnc=1,shape=ring,"
	 "wait=0-00:10:00,launch=core,ultraserver=no,env=basic)"},
	{"templates of several families",
	 "NodeName=a Profile=inf2.48xlarge\nNodeName=b Profile=trn2.48xlarge\n"
	 "TemplateName=a Devices=12 Efa=aligned\nTemplateName=A Devices=16\n"
	 "TemplateName=b Type=inf2 Devices=12 Lnc=1",
	 "a@1=inf2.48xlarge/1 b@2=trn2.48xlarge/2 a@3=12()A@4=16()"
	 "b@5=12inf2(lnc=1)"},
};

START_TEST(decode_good)
{
	neuron_error_t err = {""};
	conf_t *conf = _decode(good[_i].text, &err);
	dump_t dump;

	ck_assert_msg(conf != NULL, "%s: got the error \"%s\"", good[_i].name,
		      err.text);
	_dump(conf, &dump);
	ck_assert_msg(!strcmp(dump.text, good[_i].dump),
		      "%s: got \"%s\", wanted \"%s\"", good[_i].name, dump.text,
		      good[_i].dump);
	conf_destroy(conf);
}
END_TEST

/*
 * Refusals. "@" stands for the directory of profiles.
 */

#define NO_CACHE                                                              \
	"this is neither a path nor a bucket; write a path that starts with " \
	"/, or s3://BUCKET/..."
#define NO_LNC_FILE "this is no path; write no, or a path that starts with /"
#define NO_RESET                                                          \
	"no reset takes so long; write a time of 1 to 3600 seconds, for " \
	"example 8:00"
#define NO_COMMANDS                                                           \
	"this is no list of commands; write names with commas between them, " \
	"for example neuron-monitor"
#define NO_PORTS                                                              \
	"this is no range of ports; write FIRST-LAST with at least 64 ports " \
	"out of 1024-65535, for example 16384-28671"
#define NODES "NodeName=n[1-4] Profile=trn2u.48xlarge\n"
#define KNOWN                                                       \
	"@ has no such profile; it has inf2.48xlarge, other-efas, " \
	"other-links, other-sizes, trn1.32xlarge, trn2.48xlarge, "  \
	"trn2u.48xlarge"
#define NOT_A_PAIR                                                  \
	"this is not Key=Value; write for example NodeName=n[1-4] " \
	"Profile=trn2.48xlarge"
#define NO_KEY "there is no such key; "
#define NEAREST " is the nearest, and neuron.conf(5) has all"
#define NO_STATS_FILE "this is no path of a file; write one that starts with /"
#define NODE_KEYS "the keys of this line are NodeName, Profile, Lnc"
#define PERCENT                                                              \
	"% stands before something else than n or %; write %n for the name " \
	"of the node and %% for %"
#define NO_NODE \
	"this names no node; write names as in slurm.conf, for example n[1-4]"
#define TWO_OF(what)                                                       \
	"\"" what "\" is not two members of u; write for example A+B,C+D " \
	"with names out of Nodes"

static const struct {
	const char *text;
	int errnum;
	const char *message;
} bad[] = {
	/* lines */
	{"Root", EINVAL, "c:1: Root: " NOT_A_PAIR},
	{"\n\n  Root /a", EINVAL, "c:3: Root /a: " NOT_A_PAIR},
	{"=/a", EINVAL, "c:1: =/a: " NOT_A_PAIR},
	{"Ro-ot=/a", EINVAL, "c:1: Ro-ot=/a: " NOT_A_PAIR},
	{"\xef\xbb\xbfRoot=/a", EINVAL, "c:1: ???Root=/a: " NOT_A_PAIR},
	{"\x1b[2J\x07", EINVAL, "c:1: ?[2J?: " NOT_A_PAIR},
	{"Root=/a b", EINVAL, "c:1: b: " NOT_A_PAIR},
	{"Root=\"/a", EINVAL,
	 "c:1: Root=/a: the quote is not closed; put another \" behind the "
	 "value"},
	{"Root=\"/a\"b", EINVAL,
	 "c:1: Root=/a: text follows the closing quote; put a blank between "
	 "pairs"},
	{"Root=", EINVAL,
	 "c:1: Root=: the value is empty; write one or leave out Root"},
	{"Root=\"\"", EINVAL,
	 "c:1: Root=: the value is empty; write one or leave out Root"},
	/* keys */
	{"Foo=bar", EINVAL,
	 "c:1: Foo=bar: there is no such key; neuron.conf(5) has all"},
	{"ShapeWeight=1:0", EINVAL,
	 "c:1: ShapeWeight=1:0: " NO_KEY "ShapeWait" NEAREST},
	{"onfualt=none", EINVAL,
	 "c:1: onfualt=none: " NO_KEY "OnFault" NEAREST},
	{"Rot=/a", EINVAL, "c:1: Rot=/a: " NO_KEY "Root" NEAREST},
	{"X=1", EINVAL, "c:1: X=1: " NO_KEY "neuron.conf(5) has all"},
	{"\nRoots=/a", EINVAL, "c:2: Roots=/a: " NO_KEY "Root" NEAREST},
	{"NodeName=a Foo=bar", EINVAL,
	 "c:1: Foo=bar: there is no such key; " NODE_KEYS},
	{"UltraServerName=u Foo=bar", EINVAL,
	 "c:1: Foo=bar: there is no such key; the keys of this line are "
	 "UltraServerName, Nodes, Pairs"},
	{"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=b",
	 EINVAL,
	 "c:1: Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=b: " NO_KEY
	 "neuron.conf(5) has all"},
	{"Root=/a\n#\nroot=/b", EEXIST,
	 "c:3: root=/b: Root stands on line 1 already; give it once"},
	{"Root=/a Root=/a", EEXIST,
	 "c:1: Root=/a: Root stands on line 1 already; give it once"},
	{"NodeName=a Profile=x Profile=y", EEXIST,
	 "c:1: Profile=y: Profile stands on line 1 already; give it once"},
	{"Lnc=2", EINVAL,
	 "c:1: Lnc=2: Lnc is not for this line; put it behind NodeName="},
	{"Profile=trn2.48xlarge NodeName=a", EINVAL,
	 "c:1: Profile=trn2.48xlarge: Profile is not for this line; put it "
	 "behind NodeName="},
	{"NodeName=a Nodes=b", EINVAL,
	 "c:1: Nodes=b: Nodes is not for this line; put it behind "
	 "UltraServerName="},
	{"NodeName=a Root=/a", EINVAL,
	 "c:1: Root=/a: Root is for the whole site; put it on a line of its "
	 "own"},
	{"Root=/a NodeName=a", EINVAL,
	 "c:1: NodeName=a: NodeName starts a line; put it on a line of its "
	 "own"},
	{"NodeName=a NodeName=b", EINVAL,
	 "c:1: NodeName=b: NodeName starts a line; put it on a line of its "
	 "own"},
	/* values */
	{"ProfileDir=a/b", EINVAL,
	 "c:1: ProfileDir=a/b: the path is not absolute; write a path that "
	 "starts with /"},
	{"Root=a", EINVAL,
	 "c:1: Root=a: the path is not absolute; write a path that starts with "
	 "/"},
	{"Root=/%", EINVAL, "c:1: Root=/%: " PERCENT},
	{"Root=/%s/%n", EINVAL, "c:1: Root=/%s/%n: " PERCENT},
	{"Root=/%%%", EINVAL, "c:1: Root=/%%%: " PERCENT},
	{"CoreNumbering=both", EINVAL,
	 "c:1: CoreNumbering=both: there is no such numbering; write absolute "
	 "or relative"},
	{"Shape=square", EINVAL,
	 "c:1: Shape=square: there is no such shape; write consecutive, best, "
	 "ring or connected"},
	{"UndocumentedSizes=yes", EINVAL,
	 "c:1: UndocumentedSizes=yes: this can be allowed or refused only; "
	 "write allow or refuse"},
	{"SizeWeights=1,2,4", EINVAL,
	 "c:1: SizeWeights=1,2,4: there are no such weights; write fixed or "
	 "queue"},
	{"CandidateNodes=some", EINVAL,
	 "c:1: CandidateNodes=some: there is no such way; write best, all or "
	 "check"},
	{"PrivateView=yes", EINVAL,
	 "c:1: PrivateView=yes: there is no such view; write auto, always or "
	 "never"},
	{"ShapeWait=soon", EINVAL,
	 "c:1: ShapeWait=soon: this is not a time of at most 366 days; write "
	 "minutes, minutes:seconds, hours:minutes:seconds, days-hours, or "
	 "never"},
	{"UltraServerSwitches=us[1-4]", EINVAL,
	 "c:1: UltraServerSwitches=us[1-4]: no switch has such a name; write "
	 "letters, digits, \"_-.\", * and ?, for example us*"},
	/* nodes */
	{"NodeName=a", EINVAL,
	 "c:1: NodeName=a: the line has no Profile; add for example "
	 "Profile=trn2.48xlarge"},
	{"NodeName=a Profile=trn9.48xlarge", ENOENT,
	 "c:1: Profile=trn9.48xlarge: " KNOWN},
	{"NodeName=a Profile=../trn2.48xlarge", EINVAL,
	 "c:1: Profile=../trn2.48xlarge: this is no name of a profile; write "
	 "small letters, digits, - and ., for example trn2.48xlarge"},
	{"NodeName=a Profile=..", EINVAL,
	 "c:1: Profile=..: this is no name of a profile; write small letters, "
	 "digits, - and ., for example trn2.48xlarge"},
	{"NodeName=a Profile=Trn2.48xlarge", EINVAL,
	 "c:1: Profile=Trn2.48xlarge: this is no name of a profile; write "
	 "small letters, digits, - and ., for example trn2.48xlarge"},
	{"NodeName=a Profile=trn2.48xlarge Lnc=3", EINVAL,
	 "c:1: Lnc=3: no family has such an LNC; write 1 or 2"},
	{"NodeName=a Profile=trn2.48xlarge Lnc=-1", EINVAL,
	 "c:1: Lnc=-1: no family has such an LNC; write 1 or 2"},
	{"NodeName=a Profile=trn2.48xlarge Lnc=18446744073709551617", EINVAL,
	 "c:1: Lnc=18446744073709551617: no family has such an LNC; write 1 or "
	 "2"},
	{"NodeName=a Profile=trn1.32xlarge Lnc=2", EINVAL,
	 "c:1: Lnc=2: trn1.32xlarge has no such LNC; write Lnc=1 or leave it "
	 "out"},
	{"NodeName=n[1- Profile=trn2.48xlarge", EINVAL,
	 "c:1: NodeName=n[1-: " NO_NODE},
	{"NodeName=,, Profile=trn2.48xlarge", EINVAL,
	 "c:1: NodeName=,,: " NO_NODE},
	{"NodeName=a,/etc Profile=trn2.48xlarge", EINVAL,
	 "c:1: NodeName=a,/etc: \"/etc\" is no name of a node; write letters, "
	 "digits and \"_-.\""},
	{"NodeName=.. Profile=trn2.48xlarge", EINVAL,
	 "c:1: NodeName=..: \"..\" is no name of a node; write letters, digits "
	 "and \"_-.\""},
	{"NodeName=a,b,a Profile=trn2.48xlarge", EEXIST,
	 "c:1: NodeName=a,b,a: a stands on line 1 already; name each node "
	 "once"},
	{"NodeName=n[1-4] Profile=trn2.48xlarge\n"
	 "NodeName=n[4-8] Profile=trn2.48xlarge",
	 EEXIST,
	 "c:2: NodeName=n[4-8]: n4 stands on line 1 already; name each node "
	 "once"},
	{"NodeName=n[1-65537] Profile=trn2.48xlarge", EINVAL,
	 "c:1: NodeName=n[1-65537]: the file has more than 65536 nodes; name "
	 "fewer"},
	/* profiles */
	{"NodeName=a Profile=trn1.32xlarge\n\nNodeName=b Profile=other-efas",
	 EINVAL,
	 "c:3: Profile=other-efas: it has 16 devices of GRES type trn1, as "
	 "trn1.32xlarge (line 1), but other EFA interfaces; give one of them "
	 "another type"},
	{"NodeName=a Profile=trn1.32xlarge\nNodeName=b Profile=other-links",
	 EINVAL,
	 "c:2: Profile=other-links: it has 16 devices of GRES type trn1, as "
	 "trn1.32xlarge (line 1), but other NeuronLinks; give one of them "
	 "another type"},
	{"NodeName=a Profile=trn2.48xlarge\nNodeName=b Profile=other-sizes",
	 EINVAL,
	 "c:2: Profile=other-sizes: it has 16 devices of GRES type trn2, as "
	 "trn2.48xlarge (line 1), but other documented sizes; give one of them "
	 "another type"},
	{"ProfileDir=/nowhere\nNodeName=a Profile=trn2.48xlarge", ENOENT,
	 "c:2: Profile=trn2.48xlarge: /nowhere has no such profile; put "
	 "trn2.48xlarge.json there or set ProfileDir"},
	/* UltraServers */
	{NODES "UltraServerName=u", EINVAL,
	 "c:2: UltraServerName=u: the line has no Nodes; add them in the order "
	 "of the ring, for example Nodes=n[1-4]"},
	{NODES "UltraServerName=u/1 Nodes=n1", EINVAL,
	 "c:2: UltraServerName=u/1: this is no name for an UltraServer; write "
	 "at most 63 letters, digits and \"_-.\""},
	{NODES "UltraServerName=u Nodes=n1\nUltraServerName=u Nodes=n2", EEXIST,
	 "c:3: UltraServerName=u: line 2 has an UltraServer of this name; name "
	 "each once"},
	{NODES "UltraServerName=u Nodes=n[4-5]", ENOENT,
	 "c:2: Nodes=n[4-5]: n5 has no NodeName line; add one or take it out "
	 "here"},
	{NODES "UltraServerName=u Nodes=n1,n1", EEXIST,
	 "c:2: Nodes=n1,n1: n1 is a member of u on line 2 already; name it "
	 "once"},
	{NODES "UltraServerName=u Nodes=n1\nUltraServerName=v Nodes=n[1-2]",
	 EEXIST,
	 "c:3: Nodes=n[1-2]: n1 is a member of u on line 2 already; name it "
	 "once"},
	{"NodeName=a Profile=trn2.48xlarge\nUltraServerName=u Nodes=a", EINVAL,
	 "c:2: Nodes=a: a is a trn2.48xlarge, which is never in an "
	 "UltraServer; take it out here"},
	{"NodeName=a Profile=trn2u.48xlarge\nNodeName=b "
	 "Profile=other-links\nUltraServerName=u Nodes=a,b",
	 EINVAL,
	 "c:3: Nodes=a,b: a is a trn2u.48xlarge and b a other-links; an "
	 "UltraServer has nodes of one profile"},
	{"NodeName=n[1-5] Profile=trn2u.48xlarge\n"
	 "UltraServerName=u Nodes=n[1-5]",
	 EINVAL,
	 "c:2: Nodes=n[1-5]: these are more than 4 nodes; an UltraServer of "
	 "trn2u.48xlarge has 4"},
	{NODES "UltraServerName=u Nodes=n[2-1]", EINVAL,
	 "c:2: Nodes=n[2-1]: " NO_NODE},
	{NODES "UltraServerName=u Nodes=n[1-4] Pairs=n1", EINVAL,
	 "c:2: Pairs=n1: " TWO_OF("n1")},
	{NODES "UltraServerName=u Nodes=n[1-4] Pairs=n1+n2,", EINVAL,
	 "c:2: Pairs=n1+n2,: " TWO_OF("")},
	{NODES "UltraServerName=u Nodes=n[1-4] Pairs=n1+n2+n3", EINVAL,
	 "c:2: Pairs=n1+n2+n3: " TWO_OF("n1+n2+n3")},
	{NODES "UltraServerName=u Nodes=n[1-4] Pairs=n1+n1", EINVAL,
	 "c:2: Pairs=n1+n1: " TWO_OF("n1+n1")},
	{NODES "UltraServerName=u Nodes=n[1-2] Pairs=n1+n3", EINVAL,
	 "c:2: Pairs=n1+n3: " TWO_OF("n1+n3")},
	{NODES "UltraServerName=u Nodes=n[1-4] Pairs=n1+n2,n2+n1", EEXIST,
	 "c:2: Pairs=n1+n2,n2+n1: \"n2+n1\" is there twice; name each pair "
	 "once"},
	{NODES "UltraServerName=u Nodes=n[1-4] Pairs=n1+n2 Pairs=n3+n4", EEXIST,
	 "c:2: Pairs=n3+n4: Pairs stands on line 2 already; give it once"},
	/* compile cache */
	{"CompileCache=cache", EINVAL, "c:1: CompileCache=cache: " NO_CACHE},
	{"CompileCache=s3:/b", EINVAL, "c:1: CompileCache=s3:/b: " NO_CACHE},
	{"CompileCache=s3://", EINVAL, "c:1: CompileCache=s3://: " NO_CACHE},
	{"CompileCache=s3:///x", EINVAL,
	 "c:1: CompileCache=s3:///x: " NO_CACHE},
	{"CompileCache=http://b/x", EINVAL,
	 "c:1: CompileCache=http://b/x: " NO_CACHE},
	{"CompileCache=\"/a b\"", EINVAL,
	 "c:1: CompileCache=/a b: blanks and odd characters do not work here; "
	 "write printable ASCII"},
	{"CompileCache=/caf\xc3\xa9", EINVAL,
	 "c:1: CompileCache=/caf??: blanks and odd characters do not work "
	 "here; write printable ASCII"},
	{"CompileCache=/a/%n", EINVAL,
	 "c:1: CompileCache=/a/%n: % stands before something else than u or "
	 "%; write %u for the name of the user and %% for %"},
	{"CompileCache=/a/%", EINVAL,
	 "c:1: CompileCache=/a/%: % stands before something else than u or %; "
	 "write %u for the name of the user and %% for %"},
	{"CompileCache=/a\nCompileCache=/a", EEXIST,
	 "c:2: CompileCache=/a: CompileCache stands on line 1 already; give it "
	 "once"},
	/* ports */
	{"RuntimeDir=run", EINVAL,
	 "c:1: RuntimeDir=run: the path is not absolute; write a path that "
	 "starts with /"},
	{"RuntimeDir=/run/%u", EINVAL, "c:1: RuntimeDir=/run/%u: " PERCENT},
	{"StatsFile=x", EINVAL, "c:1: StatsFile=x: " NO_STATS_FILE},
	{"StatsFile=/run/", EINVAL, "c:1: StatsFile=/run/: " NO_STATS_FILE},
	{"StatsFile=/", EINVAL, "c:1: StatsFile=/: " NO_STATS_FILE},
	{"LncFile=yes", EINVAL, "c:1: LncFile=yes: " NO_LNC_FILE},
	{"LncFile=../x", EINVAL, "c:1: LncFile=../x: " NO_LNC_FILE},
	{"ResetWait=soon", EINVAL,
	 "c:1: ResetWait=soon: this is not a time of at most 366 days; write "
	 "minutes, minutes:seconds, hours:minutes:seconds, days-hours, or "
	 "never"},
	{"ResetWait=0", EINVAL, "c:1: ResetWait=0: " NO_RESET},
	{"ResetWait=61", EINVAL, "c:1: ResetWait=61: " NO_RESET},
	{"ResetWait=never", EINVAL, "c:1: ResetWait=never: " NO_RESET},
	{"BadDevice=yes", EINVAL,
	 "c:1: BadDevice=yes: a device can be masked, its node drained or "
	 "kept; write mask, drain or keep"},
	{"BadDevice=", EINVAL,
	 "c:1: BadDevice=: "
	 "the value is empty; write one or leave out "
	 "BadDevice"},
	{"OnFault=restart", EINVAL,
	 "c:1: OnFault=restart: there is no such policy; write none, notify, "
	 "requeue or requeuehold"},
	{"OnFault=notify:USR2", EINVAL,
	 "c:1: OnFault=notify:USR2: there is no such policy; write none, "
	 "notify, requeue or requeuehold"},
	{"OnFaultSignal=KILL", EINVAL,
	 "c:1: OnFaultSignal=KILL: no program is told so by this signal; write "
	 "HUP, INT, QUIT, TERM, USR1, USR2 or URG, with B: before it for the "
	 "batch script"},
	{"OnMemberLoss=requeue", EINVAL,
	 "c:1: OnMemberLoss=requeue: there is no such policy; write slurm, "
	 "nothing, restart or migrate"},
	{"OnFault=none\nonfault=none", EEXIST,
	 "c:2: onfault=none: OnFault stands on line 1 already; give it once"},
	{"HealthRules=rules.json", EINVAL,
	 "c:1: HealthRules=rules.json: this is no path; write one that starts "
	 "with /"},
	{"HealthInterval=0", EINVAL,
	 "c:1: HealthInterval=0: looks so far apart miss what matters; write a "
	 "time of 1 to 3600 seconds, for example 0:30"},
	{"HealthInterval=1:00:01", EINVAL,
	 "c:1: HealthInterval=1:00:01: looks so far apart miss what matters; "
	 "write a time of 1 to 3600 seconds, for example 0:30"},
	{"HealthInterval=often", EINVAL,
	 "c:1: HealthInterval=often: this is not a time of at most 366 days; "
	 "write minutes, minutes:seconds, hours:minutes:seconds, days-hours, "
	 "or never"},
	{"CloudHealthStrings=yes", EINVAL,
	 "c:1: CloudHealthStrings=yes: no such agent is known; write no, npd "
	 "or hyperpod"},
	{"VersionCheck=yes", EINVAL,
	 "c:1: VersionCheck=yes: versions that do not work together can be "
	 "logged, or drain their node; write warn, drain or off"},
	{"VersionCheck=", EINVAL,
	 "c:1: VersionCheck=: "
	 "the value is empty; write one or leave out "
	 "VersionCheck"},
	{"VersionRules=versions.json", EINVAL,
	 "c:1: VersionRules=versions.json: the path is not absolute; write a "
	 "path that starts with /"},
	{"DeviceServices=/bin/a", EINVAL,
	 "c:1: DeviceServices=/bin/a: " NO_COMMANDS},
	{"DeviceServices=\"a b\"", EINVAL,
	 "c:1: DeviceServices=a b: " NO_COMMANDS},
	{"RootPorts=20000", EINVAL, "c:1: RootPorts=20000: " NO_PORTS},
	{"RootPorts=20000-", EINVAL, "c:1: RootPorts=20000-: " NO_PORTS},
	{"RootPorts=-20000", EINVAL, "c:1: RootPorts=-20000: " NO_PORTS},
	{"RootPorts=1023-2000", EINVAL, "c:1: RootPorts=1023-2000: " NO_PORTS},
	{"RootPorts=1024-1086", EINVAL, "c:1: RootPorts=1024-1086: " NO_PORTS},
	{"RootPorts=3000-2000", EINVAL, "c:1: RootPorts=3000-2000: " NO_PORTS},
	{"RootPorts=60000-65536", EINVAL,
	 "c:1: RootPorts=60000-65536: " NO_PORTS},
	{"RootPorts=2000-3000-4000", EINVAL,
	 "c:1: RootPorts=2000-3000-4000: " NO_PORTS},
	{"RootPorts=2000--3000", EINVAL,
	 "c:1: RootPorts=2000--3000: " NO_PORTS},
	{"RootPorts=+2000-3000", EINVAL,
	 "c:1: RootPorts=+2000-3000: " NO_PORTS},
	{"RootPorts=2000-3000k", EINVAL,
	 "c:1: RootPorts=2000-3000k: " NO_PORTS},
	{"RootPorts=4294968296-4294969296", EINVAL,
	 "c:1: RootPorts=4294968296-4294969296: " NO_PORTS},
	{"NodeName=a RootPorts=2000-3000", EINVAL,
	 "c:1: RootPorts=2000-3000: RootPorts is for the whole site; put it on "
	 "a line of its own"},
	/* templates; their values: testsuite/lib/template.c */
	{NODES "TemplateName=../t Devices=4", EINVAL,
	 "c:2: TemplateName=../t: no template has such a name; write at most "
	 "63 letters, digits, \"-\", \"_\" and \".\", the first a letter or "
	 "digit"},
	{NODES "TemplateName=t", EINVAL,
	 "c:2: TemplateName=t: the line has no Devices; add for example "
	 "Devices=4"},
	{NODES "TemplateName=t Devices=4\nTemplateName=t Devices=4", EEXIST,
	 "c:3: TemplateName=t: line 2 has a template of this name; name each "
	 "once"},
	{NODES "TemplateName=t Devices=4 Devices=4", EEXIST,
	 "c:2: Devices=4: Devices stands on line 2 already; give it once"},
	{NODES "TemplateName=t Devices=17", EINVAL,
	 "c:2: Devices=17: no node has such a number of devices; write 1 to "
	 "16"},
	{NODES "TemplateName=t Devices=4 Tp=0", EINVAL,
	 "c:2: Tp=0: no job has as many cores; write 1 to 65536"},
	{NODES "TemplateName=t Devices=4 Model=70B", EINVAL,
	 "c:2: Model=70B: there is no such key; the keys of this line are "
	 "TemplateName, Devices, Type, Efa, Description, Tp, Lnc, Shape, Wait, "
	 "Launch, Ultraserver, Env, OnFault, OnMemberLoss"},
	{NODES "TemplateName=t Devices=4 Profile=trn2.48xlarge", EINVAL,
	 "c:2: Profile=trn2.48xlarge: Profile is not for this line; put it "
	 "behind NodeName="},
	{NODES "TemplateName=t Devices=4 ShapeWait=1", EINVAL,
	 "c:2: ShapeWait=1: ShapeWait is for the whole site; put it on a line "
	 "of its own"},
	{"NodeName=n1 Shape=best", EINVAL,
	 "c:1: Shape=best: Shape is for the whole site; put it on a line of "
	 "its own"},
	{"Devices=4", EINVAL,
	 "c:1: Devices=4: Devices is not for this line; put it behind "
	 "TemplateName="},
	{NODES "Root=/a TemplateName=t", EINVAL,
	 "c:2: TemplateName=t: TemplateName starts a line; put it on a line of "
	 "its own"},
	{NODES "TemplateName=t Devices=4 Type=trn9", EINVAL,
	 "c:2: TemplateName=t: no NodeName line has a profile of type trn9; "
	 "the types here are trn2"},
	{"TemplateName=t Devices=4", EINVAL,
	 "c:1: TemplateName=t: no node of this file has 4 such devices; the "
	 "most is 0"},
};

/* Replace "@" by the directory */
static void _substitute(const char *text, dump_t *dump)
{
	dump->used = 0;
	dump->text[0] = '\0';
	for (; *text; text++) {
		if (*text == '@')
			_put(dump, "%s", directory);
		else
			_put(dump, "%c", *text);
	}
}

START_TEST(decode_bad)
{
	neuron_error_t err = {""};
	conf_t *conf;
	int errnum;
	dump_t wanted;

	errno = 0;
	conf = _decode(bad[_i].text, &err);
	errnum = errno;
	ck_assert_msg(!conf, "\"%s\": was taken", bad[_i].text);
	ck_assert_msg(errnum == bad[_i].errnum,
		      "\"%s\": got errno %d, wanted %d", bad[_i].text, errnum,
		      bad[_i].errnum);
	_substitute(bad[_i].message, &wanted);
	ck_assert_msg(!strcmp(err.text, wanted.text),
		      "\"%s\": got \"%s\", wanted \"%s\"", bad[_i].text,
		      err.text, wanted.text);
	ck_assert_ptr_null(_decode(bad[_i].text, NULL));
}
END_TEST

/* A profile that cannot be read: its own sentence follows ours */
START_TEST(decode_broken_profile)
{
	static const char text[] = "NodeName=a Profile=broken";
	char path[64], wanted[128];
	neuron_error_t err = {""};
	FILE *file;

	snprintf(path, sizeof(path), "%s/broken.json", directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("{]", file);
	fclose(file);
	ck_assert_ptr_null(_decode(text, &err));
	ck_assert_int_eq(errno, EINVAL);
	snprintf(wanted, sizeof(wanted), "c:1: Profile=broken: %s", path);
	ck_assert_msg(!strncmp(err.text, wanted, strlen(wanted)),
		      "got \"%s\", wanted \"%s...\"", err.text, wanted);
	/* the directory cannot be listed now */
	ck_assert_ptr_null(_decode("NodeName=a Profile=none", &err));
	ck_assert_int_eq(errno, ENOENT);
	snprintf(wanted, sizeof(wanted),
		 "c:1: Profile=none: %s has no such profile; put none.json "
		 "there or set ProfileDir",
		 directory);
	ck_assert_str_eq(err.text, wanted);
	unlink(path);
}
END_TEST

/* The name in a profile must be that of its file */
START_TEST(decode_renamed_profile)
{
	neuron_error_t err = {""};
	char path[64];

	_copy_profile("inf2.48xlarge", "renamed", NULL);
	ck_assert_ptr_null(_decode("NodeName=a Profile=renamed", &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(
		!strncmp(err.text, "c:1: Profile=renamed: ", 22) &&
			strstr(err.text,
			       "name is \"inf2.48xlarge\"; it must be the "
			       "file name without \".json\""),
		"got \"%s\"", err.text);
	snprintf(path, sizeof(path), "%s/renamed.json", directory);
	unlink(path);
}
END_TEST

/* A directory whose files would have no path */
START_TEST(decode_long_directory)
{
	char long_directory[4096];
	neuron_error_t err = {""};

	memset(long_directory, 'x', sizeof(long_directory) - 1);
	long_directory[0] = '/';
	long_directory[sizeof(long_directory) - 1] = '\0';
	ck_assert_ptr_null(conf_decode("NodeName=a Profile=trn2.48xlarge", "c",
				       long_directory, _expand, &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "c:1: Profile=trn2.48xlarge: the path of "
				   "ProfileDir is too long; use one of at most "
				   "2048 bytes");
}
END_TEST

START_TEST(decode_misuse)
{
	neuron_error_t err = {""};

	ck_assert_ptr_null(conf_decode(NULL, "c", directory, _expand, &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_ne(err.text, "");
	ck_assert_ptr_null(conf_decode("", "c", NULL, _expand, NULL));
	ck_assert_ptr_null(conf_decode("", "c", directory, NULL, NULL));
	ck_assert_ptr_null(conf_decode("x", NULL, directory, _expand, &err));
	ck_assert_msg(!strncmp(err.text, "neuron.conf:1: ", 15), "got \"%s\"",
		      err.text);
	errno = EIO;
	conf_destroy(NULL);
	ck_assert_int_eq(errno, EIO);
	conf_destroy(_decode("Root=/a", NULL));
	ck_assert_int_eq(errno, EIO);
}
END_TEST

START_TEST(decode_long)
{
	char *text = malloc(CONF_FILE_MAX + 2);
	neuron_error_t err = {""};
	conf_t *conf;

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', CONF_FILE_MAX + 1);
	text[CONF_FILE_MAX + 1] = '\0';
	ck_assert_ptr_null(_decode(text, &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "c: the file is longer than 4194304 bytes; "
				   "write nodes as n[1-1000]");
	text[CONF_FILE_MAX] = '\0';
	conf = _decode(text, &err);
	ck_assert_ptr_nonnull(conf);
	conf_destroy(conf);
	/* one huge value is quoted in part only */
	memset(text, 'x', CONF_FILE_MAX);
	memcpy(text, "Shape=", 6);
	ck_assert_ptr_null(_decode(text, &err));
	ck_assert_msg(strstr(err.text, "xxx...: there is no such shape; write "
				       "consecutive, best, ring or connected"),
		      "got \"%s\"", err.text);
	free(text);
}
END_TEST

/*
 * Nodes
 */

START_TEST(many_nodes)
{
	neuron_error_t err = {""};
	conf_t *conf = _decode("NodeName=a[1-32768] Profile=trn2u.48xlarge\n"
			       "NodeName=b[1-32768] Profile=inf2.48xlarge",
			       &err);
	char name[32];

	ck_assert_msg(conf != NULL, "%s", err.text);
	ck_assert_uint_eq(conf_node_count(conf), CONF_NODES_MAX);
	for (int i = 0; i < CONF_NODES_MAX; i++) {
		snprintf(name, sizeof(name), "%c%d", (i < 32768) ? 'a' : 'b',
			 i % 32768 + 1);
		ck_assert_int_eq(conf_node_index(conf, name), i);
		ck_assert_str_eq(conf_node_name(conf, (unsigned int) i), name);
	}
	conf_destroy(conf);
}
END_TEST

static const struct {
	const char *value;
	const char *user;
	const char *wanted; /* NULL: refused */
} caches[] = {
	{"/c/%u", "alice", "/c/alice"},
	{"/c/%u/%u", "_a.b-c@d", "/c/_a.b-c@d/_a.b-c@d"},
	{"/c", NULL, "/c"},
	{"/c", "a/b", "/c"},
	{"/c/%%u", NULL, "/c/%u"},
	{"/c/%u", NULL, NULL},
	{"/c/%u", "", NULL},
	{"/c/%u", "..", NULL},
	{"/c/%u", "a/../b", NULL},
	{"/c/%u", "a b", NULL},
	{"/c/%u", "a\nb", NULL},
	{"/c/%u", "$(id)", NULL},
	{"/c/%u", "-rf", NULL},
	{"/c/%u", "caf\xc3\xa9", NULL},
};

START_TEST(compile_cache)
{
	char text[128], cache[64] = "x";
	const char *wanted = caches[_i].wanted ? caches[_i].wanted : "";
	conf_t *conf;
	int rc;

	snprintf(text, sizeof(text), "CompileCache=%s", caches[_i].value);
	conf = _decode(text, NULL);
	ck_assert_ptr_nonnull(conf);
	rc = conf_compile_cache(conf, caches[_i].user, cache, sizeof(cache));
	ck_assert_msg((rc == (caches[_i].wanted ? (int) strlen(wanted) : -1)) &&
			      !strcmp(cache, wanted),
		      "%s of %s: got %d \"%s\", wanted \"%s\"",
		      caches[_i].value, caches[_i].user, rc, cache, wanted);
	for (size_t size = 0; caches[_i].wanted && size <= strlen(wanted);
	     size++) {
		ck_assert_int_eq(
			conf_compile_cache(conf, caches[_i].user, cache, size),
			-1);
		ck_assert_int_eq(errno, ENOSPC);
	}
	conf_destroy(conf);
}
END_TEST

START_TEST(templates)
{
	conf_t *conf = _decode("NodeName=a Profile=trn2.48xlarge\n"
			       "TemplateName=s Devices=1\n"
			       "TemplateName=m Devices=4\n",
			       NULL);
	char cache[8];

	ck_assert_ptr_nonnull(conf);
	ck_assert_uint_eq(conf_template_count(conf), 2);
	ck_assert_str_eq(conf_template(conf, 1)->name, "m");
	ck_assert_ptr_null(conf_template(conf, 2));
	ck_assert_ptr_eq(conf_template_of_name(conf, "m"),
			 conf_template(conf, 1));
	errno = 0;
	ck_assert_ptr_null(conf_template_of_name(conf, "M"));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(conf_template_of_name(conf, NULL));
	ck_assert_int_eq(conf_compile_cache(conf, "a", cache, 8), -1);
	ck_assert_int_eq(errno, ENOENT);
	conf_destroy(conf);
}
END_TEST

/* Nothing but profiles and what stands in other lines */
START_TEST(keep_profiles)
{
	conf_t *conf = _decode("Shape=ring\n"
			       "NodeName=a,b Profile=trn2u.48xlarge\n"
			       "NodeName=c Profile=inf2.48xlarge\n"
			       "UltraServerName=u Nodes=a,b\n"
			       "TemplateName=t Devices=4\n",
			       NULL);
	const profile_t *profile;
	conf_ultraserver_t server;

	ck_assert_ptr_nonnull(conf);
	for (long n = 0; n < 2; n++) {
		failing_malloc_after(n);
		ck_assert_int_eq(conf_keep_profiles(conf), -1);
		ck_assert_int_eq(errno, ENOMEM);
		failing_malloc_after(-1);
		ck_assert_uint_eq(conf_node_count(conf), 3);
		ck_assert_ptr_nonnull(conf_node_shape(conf, 2));
		ck_assert_uint_eq(conf_ultraserver_count(conf), 1);
	}
	ck_assert_int_eq(conf_keep_profiles(conf), 0);
	ck_assert_uint_eq(conf_node_count(conf), 0);
	ck_assert_int_eq(conf_node_index(conf, "a"), -1);
	ck_assert_ptr_null(conf_node_name(conf, 0));
	ck_assert_ptr_null(conf_node_profile(conf, 0));
	ck_assert_ptr_null(conf_node_shape(conf, 0));
	ck_assert(!conf_is_member(conf, "a"));
	ck_assert_uint_eq(conf_ultraserver_count(conf), 0);
	ck_assert_int_eq(conf_ultraserver(conf, 0, &server), -1);
	profile = conf_profile_of_gres(conf, "inf2", 12, 0);
	ck_assert_ptr_nonnull(profile);
	ck_assert_str_eq(profile_name(profile), "inf2.48xlarge");
	ck_assert_ptr_null(conf_shape_of(conf, profile));
	ck_assert_int_eq(conf_tier(conf), SHAPE_RING);
	ck_assert_ptr_nonnull(conf_template_of_name(conf, "t"));
	conf_destroy(conf);
}
END_TEST

START_TEST(many_templates)
{
	static char text[CONF_TEMPLATES_MAX * 40];
	int used = snprintf(text, sizeof(text),
			    "NodeName=a Profile=trn2.48xlarge\n");
	neuron_error_t err = {""};
	conf_t *conf;

	for (int i = 0; i < CONF_TEMPLATES_MAX; i++)
		used += snprintf(text + used, sizeof(text) - used,
				 "TemplateName=t%d Devices=4\n", i);
	conf = _decode(text, &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	ck_assert_uint_eq(conf_template_count(conf), CONF_TEMPLATES_MAX);
	conf_destroy(conf);
	snprintf(text + used, sizeof(text) - used,
		 "TemplateName=more Devices=4\n");
	ck_assert_ptr_null(_decode(text, &err));
	ck_assert_msg(strstr(err.text, "the file has more than 1024 templates; "
				       "name fewer"),
		      "got %s", err.text);
}
END_TEST

START_TEST(look_up)
{
	conf_t *conf = _decode("NodeName=a Profile=trn2.48xlarge\n"
			       "NodeName=b Profile=inf2.48xlarge Lnc=1\n"
			       "NodeName=c Profile=trn2.48xlarge\n"
			       "NodeName=d Profile=trn2u.48xlarge\n",
			       NULL);
	const profile_t *trn2, *inf2;
	conf_ultraserver_t us;

	ck_assert_ptr_nonnull(conf);
	trn2 = conf_node_profile(conf, 0);
	inf2 = conf_node_profile(conf, 1);
	ck_assert_ptr_ne(trn2, inf2);
	ck_assert_ptr_eq(trn2, conf_node_profile(conf, 2));
	ck_assert_ptr_eq(conf_profile_at(conf, 0), trn2);
	ck_assert_ptr_eq(conf_profile_at(conf, 1), inf2);
	ck_assert_ptr_nonnull(conf_profile_at(conf, 2));
	ck_assert_ptr_null(conf_profile_at(conf, 3));
	ck_assert_ptr_nonnull(conf_shape_of(conf, trn2));
	ck_assert_ptr_eq(conf_shape_of(conf, inf2), conf_node_shape(conf, 1));
	ck_assert_ptr_null(conf_shape_of(conf, NULL));
	ck_assert_int_eq(conf_node_index(conf, "A"), -1);
	ck_assert_int_eq(conf_node_index(conf, ""), -1);
	ck_assert_int_eq(conf_node_index(conf, NULL), -1);
	ck_assert_uint_eq(conf_node_line(conf, "c"), 3);
	ck_assert_uint_eq(conf_node_line(conf, "e"), 0);
	ck_assert_uint_eq(conf_node_line(conf, NULL), 0);
	ck_assert_ptr_null(conf_node_name(conf, 4));
	ck_assert_ptr_null(conf_node_profile(conf, 4));
	ck_assert_ptr_null(conf_node_shape(conf, UINT32_MAX));
	ck_assert_uint_eq(conf_node_lnc(conf, 4), 0);
	ck_assert_int_eq(conf_ultraserver(conf, 0, &us), -1);
	ck_assert_int_eq(errno, ENOENT);
	conf_destroy(conf);
}
END_TEST

START_TEST(profile_of_gres)
{
	conf_t *conf = _decode("NodeName=b Profile=inf2.48xlarge\n"
			       "NodeName=a Profile=trn2.48xlarge\n"
			       "NodeName=d Profile=trn2u.48xlarge\n",
			       NULL);
	const struct {
		const char *type;
		unsigned int devices, cpus;
		const char *name;
	} rows[] = {
		{"trn2", 16, 0, "trn2.48xlarge"},
		{"trn2", 16, 192, "trn2.48xlarge"},
		{"trn2", 16, 96, "trn2.48xlarge"},
		{"trn2", 16, 7, "trn2.48xlarge"},
		{NULL, 16, 0, "trn2.48xlarge"},
		{NULL, 12, 0, "inf2.48xlarge"},
		{"inf2", 12, 192, "inf2.48xlarge"},
		{"inf2", 16, 0, NULL},
		{"trn2", 12, 0, NULL},
		{"", 16, 0, NULL},
		{NULL, 0, 0, NULL},
	};

	ck_assert_ptr_nonnull(conf);
	for (int i = 0; i < COUNT(rows); i++) {
		const profile_t *profile;

		errno = 0;
		profile = conf_profile_of_gres(conf, rows[i].type,
					       rows[i].devices, rows[i].cpus);
		ck_assert_msg(!profile == !rows[i].name, "row %d", i);
		if (profile)
			ck_assert_str_eq(profile_name(profile), rows[i].name);
		else
			ck_assert_int_eq(errno, ENOENT);
	}
	conf_destroy(conf);
}
END_TEST

static const struct {
	const char *root;
	const char *node;
	size_t size;
	int rc;
	int errnum;
	const char *result;
} roots[] = {
	{"/", "n1", 64, 0, 0, ""},
	{"/", NULL, 64, 0, 0, ""},
	{"/", "n1", 2, 0, 0, ""},
	{"/sim/%n", "n1", 64, 7, 0, "/sim/n1"},
	{"/sim/%n/", "n1", 64, 7, 0, "/sim/n1"},
	{"/%n-%%-%n", "n1", 64, 8, 0, "/n1-%-n1"},
	{"/sim/%n", "n1", 8, 7, 0, "/sim/n1"},
	{"/sim/%n", "n1", 7, -1, ENOSPC, ""},
	{"/sim/%n", "n1", 1, -1, ENOSPC, ""},
	{"/sim/%n", NULL, 64, -1, EINVAL, ""},
	{"/sim/%n", "", 64, -1, EINVAL, ""},
	{"/sim/%n", "..", 64, -1, EINVAL, ""},
	{"/sim/%n", "a/../../etc", 64, -1, EINVAL, ""},
	{"/sim", "../x", 64, 4, 0, "/sim"},
};

START_TEST(root)
{
	char text[64], *buf = malloc(roots[_i].size);
	conf_t *conf;
	int rc;

	ck_assert_ptr_nonnull(buf);
	snprintf(text, sizeof(text), "Root=%s", roots[_i].root);
	conf = _decode(text, NULL);
	ck_assert_ptr_nonnull(conf);
	errno = 0;
	rc = conf_root(conf, roots[_i].node, buf, roots[_i].size);
	ck_assert_int_eq(errno, roots[_i].errnum);
	ck_assert_msg(rc == roots[_i].rc && !strcmp(buf, roots[_i].result),
		      "%s for %s: got %d \"%s\", wanted %d \"%s\"",
		      roots[_i].root, roots[_i].node ? roots[_i].node : "NULL",
		      rc, buf, roots[_i].rc, roots[_i].result);
	ck_assert_int_eq(conf_root(conf, "a", NULL, 9), -1);
	ck_assert_int_eq(errno, ENOSPC);
	conf_destroy(conf);
	free(buf);
}
END_TEST

/*
 * Services
 */

static const struct {
	const char *command;
	bool service;
} commands[] = {
	{"a", true},    {"bb", true}, {"c", true},   {"b", false},
	{"aa", false},  {"", false},  {",", false},  {"a,bb", false},
	{"bb,", false}, {"A", false}, {"c ", false},
};

START_TEST(service)
{
	conf_t *conf = _decode("DeviceServices=a,bb,,c,", NULL);

	ck_assert_ptr_nonnull(conf);
	ck_assert_msg(conf_is_service(conf, commands[_i].command) ==
			      commands[_i].service,
		      "\"%s\": wanted %d", commands[_i].command,
		      commands[_i].service);
	conf_destroy(conf);
}
END_TEST

/*
 * One node
 */

static const struct {
	const char *text;
	const char *node;
	const char *result; /* what conf_decode_node() gives, or a sentence */
} only[] = {
	{"NodeName=a,b Profile=trn2.48xlarge\nNodeName=c Profile=inf2.48xlarge",
	 "b", "b@1=trn2.48xlarge/2 "},
	{"NodeName=a,b Profile=trn2.48xlarge\nNodeName=c Profile=inf2.48xlarge",
	 "c", "c@2=inf2.48xlarge/1 "},
	{"NodeName=[a,b] Profile=trn2.48xlarge", "b", ""},
	{"NodeName=a,b Profile=trn2.48xlarge", "", ""},
	{"NodeName=aa,b Profile=trn2.48xlarge", "a", ""},
	{"NodeName=a Profile=trn2.48xlarge Lnc=1", "a", "a@1=trn2.48xlarge/1 "},
	/* nothing of other nodes is looked at */
	{"NodeName=a Profile=nothing\nNodeName=b Profile=trn2.48xlarge", "b",
	 "b@2=trn2.48xlarge/2 "},
	{"NodeName=b Profile=trn2.48xlarge\nUltraServerName=us Nodes=x,y", "b",
	 "b@1=trn2.48xlarge/2 "},
	{"NodeName=b Profile=nothing", "b", "c:1: Profile=nothing: "},
	{"NodeName=b Profile=trn2.48xlarge\nNodeName=b Profile=trn2.48xlarge",
	 "b", "c:2: NodeName=b: b stands on line 1 already"},
	/* but every line must be one */
	{"NodeName=b Profile=trn2.48xlarge\nFoo=bar", "b", "c:2: Foo=bar: "},
	{"NodeName=b Profile=trn2.48xlarge\nNodeName=a", "b",
	 "c:2: NodeName=a: the line has no Profile"},
};

static const struct {
	const char *line;
	bool member;
} members[] = {
	{"", false},
	{"UltraServerName=u Nodes=a,b,x,y", true},
	{"UltraServerName=u Nodes=aa,bb,x,y", false},
	{"UltraServerName=v Nodes=x,y\nUltraServerName=u Nodes=b[1-3],b", true},
	{"UltraServerName=u Nodes=b[1-4]", false},
};

START_TEST(one_member)
{
	char text[TEXT_MAX];
	neuron_error_t err = {""};
	conf_t *conf;

	snprintf(text, sizeof(text), "NodeName=b Profile=trn2u.48xlarge\n%s",
		 members[_i].line);
	conf = conf_decode_node(text, "c", directory, _expand, "b", &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	ck_assert_msg(conf_is_member(conf, "b") == members[_i].member,
		      "\"%s\": wanted %d", members[_i].line,
		      members[_i].member);
	ck_assert(!conf_is_member(conf, "x"));
	conf_destroy(conf);
}
END_TEST

START_TEST(one_node)
{
	neuron_error_t err = {""};
	dump_t dump = {.used = 0};
	conf_t *conf = conf_decode_node(only[_i].text, "c", directory, _expand,
					only[_i].node, &err);
	const char *got = err.text;

	if (conf) {
		_dump(conf, &dump);
		got = dump.text;
		ck_assert_uint_le(conf_node_count(conf), 1);
		ck_assert_ptr_null(conf_node_shape(conf, 0));
	}
	ck_assert_msg(conf ? !strcmp(got, only[_i].result)
			   : !strncmp(got, only[_i].result,
				      strlen(only[_i].result)) &&
				      *only[_i].result,
		      "\"%s\" for %s: got \"%s\", wanted \"%s\"", only[_i].text,
		      only[_i].node, got, only[_i].result);
	conf_destroy(conf);
}
END_TEST

/*
 * Files
 */

START_TEST(read_example)
{
	char path[512], profiles[512];
	neuron_error_t err = {""};
	conf_t *conf;

	snprintf(path, sizeof(path), "%s/../../etc/neuron.conf.example",
		 _srcdir());
	snprintf(profiles, sizeof(profiles), "%s/../../etc/profiles",
		 _srcdir());
	conf = conf_read(path, profiles, _expand, &err);
	ck_assert_msg(conf != NULL, "got the error \"%s\"", err.text);
	ck_assert_uint_eq(conf_node_count(conf), 12);
	ck_assert_uint_eq(conf_ultraserver_count(conf), 2);
	conf_destroy(conf);
}
END_TEST

/* One profile more than a file may use */
START_TEST(too_many_families)
{
	static char text[CONF_FAMILIES_MAX * 64];
	neuron_error_t err = {""};
	size_t used = 0;

	for (int i = 0; i <= CONF_FAMILIES_MAX; i++) {
		char name[16], quoted[32];
		const char *const changes[] = {"\"trn2.48xlarge\"", quoted,
					       NULL};

		snprintf(name, sizeof(name), "fam%d", i);
		snprintf(quoted, sizeof(quoted), "\"%s\"", name);
		_copy_profile("trn2.48xlarge", name, changes);
		used += (size_t) snprintf(text + used, sizeof(text) - used,
					  "NodeName=f%d Profile=fam%d\n", i, i);
	}
	ck_assert_ptr_null(conf_decode(text, "c", directory, _expand, &err));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(err.text, "c:33: Profile=fam32: the file has 32 other "
				   "profiles already; use fewer");
}
END_TEST

START_TEST(read_bad)
{
	char path[64], wanted[160];
	neuron_error_t err = {""};
	FILE *file;

	ck_assert_ptr_null(conf_read("no/such/file", directory, _expand, &err));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(err.text, "no/such/file: the file cannot be opened: "
				   "No such file or directory");
	ck_assert_ptr_null(conf_read(directory, directory, _expand, &err));
	ck_assert_int_eq(errno, EIO);
	ck_assert_ptr_null(conf_read(NULL, directory, _expand, &err));
	ck_assert_int_eq(errno, EINVAL);
	snprintf(path, sizeof(path), "%s/null", directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fwrite("Root=/\0a", 1, 8, file);
	fclose(file);
	ck_assert_ptr_null(conf_read(path, directory, _expand, &err));
	ck_assert_int_eq(errno, EINVAL);
	snprintf(wanted, sizeof(wanted),
		 "%s: the file has a null byte; it must be a text", path);
	ck_assert_str_eq(err.text, wanted);
	unlink(path);
}
END_TEST

/*
 * Memory, and texts that nobody wrote
 */

static const char rich[] =
	"Root=/a/%n\nShape=best # x\nUltraServerSwitches=us*\n"
	"NodeName=n[1-4] Profile=trn2u.48xlarge Lnc=2\n"
	"NodeName=m[1-20] \\\n Profile=\"inf2.48xlarge\"\n"
	"UltraServerName=u1 Nodes=n[1-2]\n"
	"UltraServerName=u2 Nodes=n[3-4] Pairs=n3+n4\n"
	"CompileCache=/c/%u\nRootPorts=20000-30000\n"
	"TemplateName=t Devices=4 Type=trn2 Efa=none Description=\"a b\" Tp=8 "
	"Wait=1:30\n";

START_TEST(no_memory)
{
	neuron_error_t err;
	conf_t *conf = NULL;
	long n = 0;

	for (; !conf; n++) {
		ck_assert_int_lt(n, 10000);
		err.text[0] = '\0';
		failing_malloc_after(n);
		conf = _decode(rich, &err);
		failing_malloc_after(-1);
		if (!conf)
			ck_assert_msg(errno == ENOMEM && err.text[0],
				      "allocation %ld: errno %d, \"%s\"", n,
				      errno, err.text);
	}
	ck_assert_int_gt(n, 20);
	conf_destroy(conf);
}
END_TEST

static uint32_t _random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

/* Change a few bytes: the answer is a conf or a sentence */
START_TEST(mutations)
{
	static const char spice[] = "\n\n\\#\"=%[]-+,/. \tNnaz019\x80\x01";
	uint32_t state = (uint32_t) _i;
	char text[sizeof(rich)];

	for (int round = 0; round < 100; round++) {
		neuron_error_t err = {""};
		conf_t *conf;

		memcpy(text, rich, sizeof(rich));
		for (uint32_t i = 1 + _random(&state) % 4; i; i--)
			text[_random(&state) % (sizeof(rich) - 1)] =
				spice[_random(&state) % (sizeof(spice) - 1)];
		conf = _decode(text, &err);
		ck_assert_msg(conf || (!strncmp(err.text, "c:", 2) &&
				       strlen(err.text) > 20),
			      "\"%s\": got \"%s\"", text, err.text);
		conf_destroy(conf);
	}
}
END_TEST

static void _make_directory(void)
{
	static const char *const same[] = {"inf2.48xlarge", "trn1.32xlarge",
					   "trn2.48xlarge", "trn2u.48xlarge"};
	static const char *const efas[] = {
		"\"name\": \"trn1n.32xlarge\"", "\"name\": \"other-efas\"",
		"\"type\": \"trn1n\"", "\"type\": \"trn1\"", NULL};
	static const char *const links[] = {
		"\"name\": \"trn3.48xlarge\"", "\"name\": \"other-links\"",
		"\"type\": \"trn3\"", "\"type\": \"trn1\"", NULL};
	static const char *const sizes[] = {
		"\"name\": \"trn2.48xlarge\"", "\"name\": \"other-sizes\"",
		"\"documented_sizes\": [1, 4, 8, 16]",
		"\"documented_sizes\": [1, 8, 16]", NULL};

	if (!mkdtemp(directory)) {
		perror(directory);
		exit(EXIT_FAILURE);
	}
	for (int i = 0; i < COUNT(same); i++)
		_copy_profile(same[i], same[i], NULL);
	_copy_profile("trn1n.32xlarge", "other-efas", efas);
	_copy_profile("trn3.48xlarge", "other-links", links);
	_copy_profile("trn2.48xlarge", "other-sizes", sizes);
}

static void _remove_directory(void)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(directory);
}

static Suite *_suite(void)
{
	Suite *suite = suite_create("conf");
	TCase *text = tcase_create("text"), *nodes = tcase_create("nodes");
	TCase *hostile = tcase_create("hostile");

	tcase_add_loop_test(text, decode_good, 0, COUNT(good));
	tcase_add_loop_test(text, decode_bad, 0, COUNT(bad));
	tcase_add_test(text, decode_broken_profile);
	tcase_add_test(text, decode_renamed_profile);
	tcase_add_test(text, decode_long_directory);
	tcase_add_test(text, decode_misuse);
	tcase_add_test(text, decode_long);
	tcase_add_test(text, read_example);
	tcase_add_test(text, too_many_families);
	tcase_add_test(text, read_bad);
	suite_add_tcase(suite, text);
	tcase_set_timeout(text, 30);
	tcase_add_test(nodes, many_nodes);
	tcase_add_test(nodes, look_up);
	tcase_add_test(nodes, profile_of_gres);
	tcase_add_test(nodes, keep_profiles);
	tcase_add_loop_test(nodes, compile_cache, 0, COUNT(caches));
	tcase_add_test(nodes, templates);
	tcase_add_test(nodes, many_templates);
	tcase_add_loop_test(nodes, root, 0, COUNT(roots));
	tcase_add_loop_test(nodes, service, 0, COUNT(commands));
	tcase_add_loop_test(nodes, one_node, 0, COUNT(only));
	tcase_add_loop_test(nodes, one_member, 0, COUNT(members));
	suite_add_tcase(suite, nodes);
	tcase_set_timeout(nodes, 30);
	tcase_set_timeout(hostile, 120);
	tcase_add_test(hostile, no_memory);
	tcase_add_loop_test(hostile, mutations, 0, 10);
	suite_add_tcase(suite, hostile);
	return suite;
}

int main(void)
{
	SRunner *runner;
	int failed;

	_make_directory();
	runner = srunner_create(_suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	_remove_directory();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
