/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "elfsym.h"
#include "failing_malloc.h"
#include "sample.h"
#include "slurmconf.h"
#include "text.h"

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

static char directory[] = "/tmp/neuron-audit.XXXXXX";
static char profiles[512], rules[512];
static catalog_t *catalog;

/* Names and "PREFIX[FIRST-LAST]", separated by commas */
static int _expand(const char *text, nodeset_each_t each, void *arg)
{
	while (*text) {
		unsigned int first, last;
		char prefix[64], name[128];
		int n = 0;

		if (sscanf(text, "%63[a-z][%u-%u]%n", prefix, &first, &last,
			   &n) == 3 &&
		    n) {
			for (; first <= last; first++) {
				snprintf(name, sizeof(name), "%s%u", prefix,
					 first);
				if (each(name, arg))
					return -1;
			}
			text += n;
		} else {
			size_t length = strcspn(text, ",");

			snprintf(name, sizeof(name), "%.*s", (int) length,
				 text);
			if (each(name, arg))
				return -1;
			text += length;
		}
		text += (*text == ',');
	}
	return 0;
}

static char *_fold(const char *const *names, uint32_t count)
{
	text_t text = {.length = 0};

	for (uint32_t i = 0; i < count; i++)
		text_add(&text, "%s%s", i ? "," : "", names[i]);
	return text_take(&text);
}

static void _write(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (!text) {
		(void) unlink(path);
		return;
	}
	file = fopen(path, "w");
	ck_assert(file && fputs(text, file) >= 0 && !fclose(file));
}

/* The files of a cluster where nothing is wrong */
static const struct {
	const char *name, *text;
} files[] = {
	{"slurm.conf", "GresTypes=neuron,efa\n"
		       "SelectType=select/neuron\n"
		       "TopologyPlugin=topology/neuron\n"
		       "JobSubmitPlugins=lua,neuron\n"
		       "TaskPlugin=task/cgroup\n"
		       "Prolog=/usr/sbin/neuron-prolog\n"
		       "PrologFlags=Alloc\n"
		       "NodeName=DEFAULT CPUs=192\n"
		       "NodeName=n[1-4] \\\n  Gres=neuron:trn2:16,efa:16\n"
		       "nodename=x CPUs=128 Gres=neuron:trn1:16,efa:8 # trn1\n"
		       "NodeName=cpu[1-2] CPUs=8\n"
		       "PartitionName=DEFAULT ExclusiveUser=YES\n"
		       "PartitionName=a Nodes=ALL\n"
		       "PartitionName=b Nodes=cpu[1-2] ExclusiveUser=NO\n"},
	{"neuron.conf", "NodeName=n[1-4] Profile=trn2u.48xlarge\n"
			"NodeName=x Profile=trn1.32xlarge\n"
			"UltraServerName=us1 Nodes=n[1-4]\n"},
	{"topology.conf", "SwitchName=l1 Nodes=n[1-4]\n"
			  "SwitchName=l2 Nodes=x,cpu[1-2]\n"
			  "SwitchName=s Switches=l1,l2\n"},
	{"gres.conf", "# nothing\nNodeName=cpu1 Name=gpu File=/dev/g0\n"},
	{"cgroup.conf", "ConstrainDevices=yes\n"},
	{"topology.yaml", NULL},
	{"more.conf", NULL},
};

/* Write the files, one of them with a text replaced; from NULL: as a whole */
static void _set_up(const char *name, const char *from, const char *to)
{
	for (int i = 0; i < COUNT(files); i++) {
		const char *at;
		char text[4096];

		if (!name || strcmp(files[i].name, name) || !from) {
			_write(files[i].name,
			       (name && !strcmp(files[i].name, name))
				       ? to
				       : files[i].text);
			continue;
		}
		at = strstr(files[i].text, from);
		ck_assert_msg(at != NULL, "%s has no %s", name, from);
		snprintf(text, sizeof(text), "%.*s%s%s",
			 (int) (at - files[i].text), files[i].text, to,
			 at + strlen(from));
		_write(name, text);
	}
}

static audit_t *_audit(const audit_running_t *running,
		       const inventory_t *machines, neuron_error_t *err)
{
	char neuron[128];
	audit_source_t source = {
		.directory = directory,
		.neuron_conf = neuron,
		.profile_directory = profiles,
		.version_rules = rules,
		.expand = _expand,
		.fold = _fold,
		.running = running,
		.machines = machines,
	};

	snprintf(neuron, sizeof(neuron), "%s/neuron.conf", directory);
	return audit_create(&source, err);
}

/* "error gres slurm.conf:9 > NodeName=..." for each finding */
static char *_describe(const audit_t *audit)
{
	const audit_finding_t *finding;
	text_t text = {.length = 0};

	for (uint32_t i = 0; (finding = audit_finding(audit, i)); i++) {
		const char *slash = strrchr(finding->file, '/');

		text_add(&text, "%s %s %s", audit_level_name(finding->level),
			 finding->id, slash ? slash + 1 : finding->file);
		if (finding->line)
			text_add(&text, ":%u", finding->line);
		if (finding->right[0])
			text_add(&text, " > %s", finding->right);
		text_add(&text, "\n");
	}
	return text_take(&text);
}

static void _compare(const char *what, const audit_running_t *running,
		     const inventory_t *machines, const char *wanted)
{
	neuron_error_t err = {""};
	audit_t *audit = _audit(running, machines, &err);
	char *got;

	ck_assert_msg(audit != NULL, "%s: %s", what, err.text);
	got = _describe(audit);
	ck_assert_msg(!strcmp(got, wanted), "%s: got\n%s\nwanted\n%s", what,
		      got, wanted);
	free(got);
	audit_destroy(audit);
}

static const struct {
	const char *file, *from, *to;
	const char *wanted;
} rows[] = {
	{NULL, NULL, NULL, ""},
	/* slurm.conf */
	{"slurm.conf", "GresTypes=neuron,efa", "GresTypes=efa,gpu,neuron",
	 "error gres-types-order slurm.conf:1 > GresTypes=neuron,efa,gpu\n"},
	{"slurm.conf", "GresTypes=neuron,efa", "GresTypes=gpu,neuron",
	 "error gres-types slurm.conf:1 > GresTypes=neuron,efa,gpu\n"},
	{"slurm.conf", "GresTypes=neuron,efa\n", "",
	 "error gres-types slurm.conf > GresTypes=neuron,efa\n"},
	{"slurm.conf", "SelectType=select/neuron", "SelectType=select/linear",
	 "error select-type slurm.conf:2 > SelectType=select/neuron\n"},
	{"slurm.conf", "TopologyPlugin=topology/neuron\n", "",
	 "error topology-plugin slurm.conf > TopologyPlugin=topology/neuron\n"},
	{"slurm.conf", "JobSubmitPlugins=lua,neuron", "JobSubmitPlugins=lua",
	 "error job-submit slurm.conf:4 > JobSubmitPlugins=lua,neuron\n"},
	{"slurm.conf", "JobSubmitPlugins=lua,neuron",
	 "JobSubmitPlugins=neurons",
	 "error job-submit slurm.conf:4 > JobSubmitPlugins=neurons,neuron\n"},
	{"slurm.conf",
	 "TaskPlugin=", "TopologyParam=x,neuron_base=trees\nTaskPlugin=",
	 "error topology-param slurm.conf:5 > TopologyParam=neuron_base=tree\n"},
	{"slurm.conf", "TaskPlugin=", "gresTypes=neuron,efa\nTaskPlugin=",
	 "warning key-twice slurm.conf:5\n"},
	{"slurm.conf", "TaskPlugin=task/cgroup", "TaskPlugin=task/affinity",
	 "warning constrain-devices slurm.conf:5 > "
	 "TaskPlugin=task/cgroup,task/affinity\n"},
	{"slurm.conf", "Prolog=/usr/sbin/neuron-prolog\n", "",
	 "hint prolog slurm.conf\n"},
	{"slurm.conf", "PrologFlags=Alloc\n", "",
	 "hint prolog slurm.conf > PrologFlags=Alloc\n"},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16",
	 "Gres=neuron:trn2:16,efa:16 State=CLOUD",
	 "error cloud-sockets slurm.conf:9 > NodeName=n1,n2,n3,n4 "
	 "Sockets=2 CoresPerSocket=48 ThreadsPerCore=2\n"},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16",
	 "Gres=neuron:trn2:16,efa:16 State=cloud Sockets=2", ""},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16",
	 "Gres=neuron:trn2:16,efa:16 State=CLOUD CoresPerSocket=48 "
	 "ThreadsPerCore=2",
	 ""},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16",
	 "Gres=neuron:trn2:16,efa:16 State=CLOUD SocketsPerBoard=1 Boards=2",
	 ""},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16",
	 "Gres=neuron:trn2:16,efa:16 State=FUTURE", ""},
	{"slurm.conf", "NodeName=DEFAULT CPUs=192",
	 "NodeName=DEFAULT CPUs=192 State=CLOUD",
	 "error cloud-sockets slurm.conf:9 > NodeName=n1,n2,n3,n4 "
	 "Sockets=2 CoresPerSocket=48 ThreadsPerCore=2\n"
	 "error cloud-sockets slurm.conf:11 > NodeName=x "
	 "Sockets=2 CoresPerSocket=32 ThreadsPerCore=2\n"},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16", "Gres=neuron:trn2:16",
	 "error gres slurm.conf:9 > NodeName=n1,n2,n3,n4 "
	 "Gres=neuron:trn2:16,efa:16\n"},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16", "Gres=neuron:16,efa:16",
	 "error gres slurm.conf:9 > NodeName=n1,n2,n3,n4 "
	 "Gres=neuron:trn2:16,efa:16\n"},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16", "Gres=neuron:x:y",
	 "error gres slurm.conf:9\n"},
	{"slurm.conf", "Gres=neuron:trn2:16,efa:16", "",
	 "error gres slurm.conf:9 > NodeName=n1,n2,n3,n4 "
	 "Gres=neuron:trn2:16,efa:16\n"},
	{"slurm.conf", "Gres=neuron:trn1:16,efa:8", "Gres=neuron:trn1:8,efa:8",
	 "error gres slurm.conf:11 > NodeName=x Gres=neuron:trn1:16,efa:8\n"},
	/* of NodeName=DEFAULT */
	{"slurm.conf", "NodeName=DEFAULT CPUs=192",
	 "NodeName=DEFAULT CPUs=192 Gres=neuron:trn2:16,efa:16",
	 "error node-not-described slurm.conf:12 > NodeName=cpu1,cpu2 "
	 "Profile=...\n"},
	{"slurm.conf", "CPUs=192", "CPUs=96", ""},
	{"slurm.conf", "CPUs=192", "Sockets=2 CoresPerSocket=48", ""},
	{"slurm.conf", "CPUs=192", "CPUs=64",
	 "warning cpus slurm.conf:9 > Sockets=2 CoresPerSocket=48 "
	 "ThreadsPerCore=2\n"},
	{"slurm.conf", "NodeName=cpu[1-2] CPUs=8",
	 "NodeName=cpu[1-2] CPUs=8 Gres=neuron:trn2:1",
	 "error node-not-described slurm.conf:12 > NodeName=cpu1,cpu2 "
	 "Profile=...\n"},
	{"slurm.conf", "NodeName=cpu[1-2]", "NodeName=cpu[1-2],n3",
	 "error node-twice slurm.conf:12\n"},
	{"slurm.conf", "NodeName=n[1-4]", "NodeName=n[1-3]",
	 "error node-unknown neuron.conf:1\nerror topology-conf topology.conf:1\n"},
	{"slurm.conf", "PartitionName=DEFAULT ExclusiveUser=YES\n", "",
	 "warning exclusive-user slurm.conf:13 > PartitionName=a ... "
	 "ExclusiveUser=YES\n"},
	{"slurm.conf", "PartitionName=a Nodes=ALL",
	 "PartitionName=a Nodes=ALL ExclusiveUser=NO OverSubscribe=EXCLUSIVE",
	 ""},
	{"slurm.conf", "PartitionName=b Nodes=cpu[1-2]",
	 "NodeSet=s Nodes=n2\nPartitionName=b Nodes=cpu1,s",
	 "warning exclusive-user slurm.conf:16 > PartitionName=b ... "
	 "ExclusiveUser=YES\n"},
	{"slurm.conf", "TaskPlugin", "What is this\nTaskPlugin",
	 "error slurm-conf slurm.conf:5\n"},
	{"slurm.conf", "TaskPlugin", "Include none.conf\nTaskPlugin",
	 "error slurm-conf slurm.conf\n"},
	{"slurm.conf", "TaskPlugin", "Include slurm.conf\nTaskPlugin",
	 "error slurm-conf slurm.conf:5\n"},
	{"slurm.conf", NULL, NULL, "error slurm-conf slurm.conf\n"},
	{"slurm.conf", "SelectType=select/neuron",
	 "PluginDir=/nonexistent\nSelectType=select/neuron",
	 "error plugin-missing slurm.conf\nerror plugin-missing slurm.conf\n"
	 "error plugin-missing slurm.conf\nerror plugin-missing slurm.conf\n"
	 "error plugin-missing slurm.conf\n"},
	/* neuron.conf */
	{"neuron.conf", "trn2u", "trn9u", "error neuron-conf neuron.conf:1\n"},
	{"neuron.conf", NULL, NULL, "error neuron-conf neuron.conf\n"},
	{"neuron.conf", "NodeName=x ", "NodeName=x,y,z ",
	 "error node-unknown neuron.conf:2\n"},
	{"neuron.conf", "NodeName=x Profile=trn1.32xlarge\n", "",
	 "error node-not-described slurm.conf:11 > NodeName=x Profile=...\n"},
	{"neuron.conf", "Nodes=n[1-4]", "Nodes=n[1-3]",
	 "hint ultraserver-partial neuron.conf:3\n"},
	/* topology.conf */
	{"topology.conf", "Nodes=n[1-4]", "Nodes=n[1-3]",
	 "error ultraserver neuron.conf:3\nwarning node-no-switch "
	 "topology.conf\n"},
	{"topology.conf", "Nodes=x,cpu[1-2]", "Nodes=cpu[1-2]",
	 "warning node-no-switch topology.conf\n"},
	{"topology.conf", "Nodes=x", "Nodes=y",
	 "error topology-conf topology.conf:2\n"},
	{"topology.conf", NULL, NULL,
	 "warning topology-conf topology.conf > "
	 "TopologyParam=neuron_base=flat\n"},
	{"slurm.conf", "TaskPlugin",
	 "TopologyParam=neuron_base=flat\nTaskPlugin",
	 "warning topology-conf topology.conf\n"},
	{"topology.yaml", NULL,
	 "- topology: t\n  tree:\n    switches:\n    - switch: l1\n"
	 "      nodes: n[1-4]\n",
	 "error topology-yaml topology.yaml > SwitchName=l1 Nodes=n[1-4]\n\n"},
	{"topology.yaml", NULL, "- topology: t\n  ring:\n",
	 "error topology-yaml topology.yaml\n"},
	/* gres.conf, cgroup.conf */
	{"gres.conf", NULL, NULL, ""},
	{"gres.conf", "# nothing", "Name=neuron File=/dev/neuron[0-15]",
	 "error gres-conf-file gres.conf:1\n"},
	{"gres.conf", "# nothing", "NodeName=x Name=efa Links=-1,1",
	 "error gres-conf-links gres.conf:1\n"},
	{"gres.conf", "# nothing", "Name=neuron Count=16",
	 "error gres-conf-count gres.conf:1\n"},
	{"gres.conf", "# nothing", "Name=neuron Flags=x",
	 "hint gres-conf-line gres.conf:1\n"},
	{"gres.conf", "# nothing", "autodetect=NRT",
	 "error gres-conf-auto gres.conf:1\n"},
	{"gres.conf", "# nothing", "Name=neuron File=\"/dev",
	 "error gres-conf gres.conf:1\n"},
	{"cgroup.conf", "yes", "no",
	 "warning constrain-devices cgroup.conf:1 > ConstrainDevices=yes\n"},
	{"cgroup.conf", NULL, NULL,
	 "warning constrain-devices cgroup.conf > ConstrainDevices=yes\n"},
};

START_TEST(found)
{
	_set_up(rows[_i].file, rows[_i].from, rows[_i].to);
	_compare(rows[_i].to ? rows[_i].to : "(as it is)", NULL, NULL,
		 rows[_i].wanted);
}
END_TEST

/* Keys of an included file are told with its name */
START_TEST(included)
{
	_set_up("slurm.conf", "GresTypes=neuron,efa", "include more.conf");
	_write("more.conf", "\n# first\nGresTypes=efa\n");
	_compare("include", NULL, NULL,
		 "error gres-types more.conf:3 > GresTypes=neuron,efa\n");
}
END_TEST

/*
 * slurmctld
 */

#define TRN2 "neuron:trn2:16(S:0-1),efa:16(S:0-1)"
#define TRN1 "neuron:trn1:16,efa:8"

static const audit_node_t good_nodes[] = {
	{"n1", TRN2, NULL, false, NULL, NULL},
	{"n2", TRN2, NULL, false, NULL, NULL},
	{"n3", TRN2, NULL, false, NULL, NULL},
	{"n4", TRN2, NULL, false, NULL, NULL},
	{"x", TRN1, NULL, false, NULL, NULL},
	{"cpu1", NULL, NULL, false, NULL, NULL},
	{"cpu2", NULL, NULL, false, NULL, NULL},
};
static const audit_node_t bad_nodes[] = {
	{"n1", "neuron:trn2:16(S:0-1),efa:15", NULL, false, NULL, NULL},
	{"n2", "neuron:trn2:16(S:0-1),efa:15", NULL, false, NULL, NULL},
	{"n3", NULL, NULL, false, NULL, NULL},
	{"n4", TRN2, "gres/neuron count", true, NULL, NULL},
};
static const audit_node_t masked_nodes[] = {
	{"n1", TRN2, NULL, false, "rack 7; neuron-mask=5(hot)", NULL},
	{"n2", TRN2, NULL, false, "neuron-mask=5(", NULL},
	{"n3", TRN2, NULL, false, "neuron-mask=15,16(x)", NULL},
	{"n4", TRN2, NULL, false, "neuron-mask=1 neuron-mask=2", NULL},
	{"x", TRN1, NULL, false, "neuron-mask=0-15", NULL},
	{"cpu1", NULL, NULL, false, "neuron-mask=banana", NULL},
	{"cpu2", NULL, NULL, false, NULL, NULL},
};
static const audit_partition_t partitions[] = {
	{"a", "n[1-4]", true},
	{"b", "cpu[1-2]", false},
};
static const audit_partition_t shared[] = {{"a", "n[1-4]", false}};

static const struct {
	const char *file, *from, *to;
	audit_running_t running;
	const char *wanted;
} running_rows[] = {
	{NULL,
	 NULL,
	 NULL,
	 {.version = "24.11.5",
	  .gres_types = "neuron,efa",
	  .select_type = "select/neuron",
	  .topology_plugin = "topology/neuron",
	  .job_submit_plugins = "lua,neuron",
	  .nodes = good_nodes,
	  .node_count = COUNT(good_nodes),
	  .partitions = partitions,
	  .partition_count = COUNT(partitions)},
	 ""},
	{NULL,
	 NULL,
	 NULL,
	 {.gres_types = "neuron",
	  .select_type = "select/cons_tres",
	  .topology_plugin = "topology/tree",
	  .job_submit_plugins = "",
	  .nodes = good_nodes,
	  .node_count = COUNT(good_nodes)},
	 "error running slurm.conf:1\nerror running slurm.conf:2\n"
	 "error running slurm.conf:3\nerror running slurm.conf:4\n"},
	{NULL,
	 NULL,
	 NULL,
	 {.nodes = bad_nodes, .node_count = COUNT(bad_nodes)},
	 "error running-gres neuron.conf:1 > NodeName=n3 "
	 "Gres=neuron:trn2:16,efa:16\n"
	 "error running-gres neuron.conf:1 > NodeName=n1,n2 "
	 "Gres=neuron:trn2:16,efa:16\n"
	 "error running-node neuron.conf:1\nerror running-unknown slurm.conf\n"},
	{"slurm.conf",
	 "PartitionName=a Nodes=ALL",
	 "PartitionName=a Nodes=ALL ExclusiveUser=YES",
	 {.nodes = good_nodes,
	  .node_count = COUNT(good_nodes),
	  .partitions = shared,
	  .partition_count = COUNT(shared)},
	 "warning running-partition slurm.conf:14\n"},
	{NULL,
	 NULL,
	 NULL,
	 {.nodes = masked_nodes, .node_count = COUNT(masked_nodes)},
	 "error running-mask neuron.conf:1 > NodeName=n2 "
	 "Comment='neuron-mask=INDEX(REASON),FIRST-LAST(REASON)'\n"
	 "error running-mask neuron.conf:1 > NodeName=n4 "
	 "Comment='neuron-mask=INDEX(REASON),FIRST-LAST(REASON)'\n"
	 "warning running-mask-device neuron.conf:1\n"},
};

START_TEST(found_in_slurmctld)
{
	_set_up(running_rows[_i].file, running_rows[_i].from,
		running_rows[_i].to);
	_compare("slurmctld", &running_rows[_i].running, NULL,
		 running_rows[_i].wanted);
}
END_TEST

/*
 * Versions
 */

#define DRIVER(version) \
	"rack1,neuron-driver-" version ".0,neuron-driver-" version
#define RUNTIME(version) ",neuron-runtime-" version ".0"

/* Features of n1, n2, n3 and of x, and what is said of them */
static const struct {
	const char *conf; /* in front of neuron.conf */
	const char *features[4];
	const char *wanted;
	const char *text; /* in the first finding; NULL: none */
} version_rows[] = {
	{"", {NULL, "", "rack1", "neuron-driver-team"}, "", NULL},
	{"",
	 {DRIVER("2.30.2"), DRIVER("2.30.2"), NULL, DRIVER("2.27.4")},
	 "",
	 NULL},
	{"",
	 {DRIVER("2.30.2"), DRIVER("2.30.2"), DRIVER("2.28.0"), NULL},
	 "warning versions-differ neuron.conf:1\n",
	 "n3: Neuron driver: 2.28.0.0; 2 of 3 nodes with profile trn2u.48xlarge have 2.30.2.0"},
	/* as many of each: the newer one is right */
	{"",
	 {DRIVER("2.28.0"), DRIVER("2.30.2"), NULL, NULL},
	 "warning versions-differ neuron.conf:1\n",
	 "n1: Neuron driver: 2.28.0.0; 1 of 2 nodes"},
	{"",
	 {DRIVER("2.30.2") RUNTIME("2.34.10"),
	  DRIVER("2.30.2") RUNTIME("2.34.10"), DRIVER("2.30.2"), NULL},
	 "warning versions-differ neuron.conf:1\n",
	 "n3: Neuron runtime library: none is known; 2 of 3 nodes"},
	{"",
	 {DRIVER("2.30.2") RUNTIME("2.34.10"), DRIVER("2.30.2"),
	  DRIVER("2.30.2"), NULL},
	 "warning versions-differ neuron.conf:1\n",
	 "n1: Neuron runtime library: 2.34.10.0; 2 of 3 nodes with profile trn2u.48xlarge have none that is known"},
	{"",
	 {DRIVER("2.29.0") RUNTIME("2.31.24"),
	  DRIVER("2.29.0") RUNTIME("2.31.24"), NULL, NULL},
	 "error versions neuron.conf:1\n",
	 "n1,n2: Neuron driver 2.29.0.0 with Neuron runtime library 2.31.24.0: bad: "},
	/* a rule that is about the instance type of the profile */
	{"",
	 {DRIVER("2.21.37") RUNTIME("2.27.23"), NULL, NULL,
	  DRIVER("2.21.37") RUNTIME("2.27.23")},
	 "error versions neuron.conf:1\n",
	 "n1: Neuron driver 2.21.37.0 with Neuron runtime library 2.27.23.0 on trn2u.48xlarge: bad: "},
	{"",
	 {DRIVER("2.31.7"), NULL, NULL, NULL},
	 "hint versions neuron.conf:1\n",
	 "n1: Neuron driver 2.31.7.0: caution: "},
	{"VersionCheck=off\n",
	 {DRIVER("2.29.0") RUNTIME("2.31.24"), DRIVER("2.29.0"), NULL, NULL},
	 "warning versions-differ neuron.conf:2\n",
	 "n2: Neuron runtime library"},
	{"VersionRules=/does/not/exist\n",
	 {DRIVER("2.29.0") RUNTIME("2.31.24"), NULL, NULL, NULL},
	 "warning versions-file neuron.conf\n",
	 "versions are not checked: /does/not/exist"},
	{"VersionRules=/does/not/exist\n", {NULL, NULL, NULL, NULL}, "", NULL},
};

START_TEST(found_in_versions)
{
	audit_node_t nodes[COUNT(version_rows[0].features)];
	audit_running_t running = {.nodes = nodes, .node_count = COUNT(nodes)};
	static const char *const names[] = {"n1", "n2", "n3", "x"};
	const audit_finding_t *finding;
	neuron_error_t err = {""};
	char conf[1024];
	audit_t *audit;
	char *got;

	snprintf(conf, sizeof(conf), "%s%s", version_rows[_i].conf,
		 "NodeName=n[1-4] Profile=trn2u.48xlarge\n"
		 "NodeName=x Profile=trn1.32xlarge\n"
		 "UltraServerName=us1 Nodes=n[1-4]\n");
	_set_up("neuron.conf", NULL, conf);
	for (int i = 0; i < COUNT(nodes); i++)
		nodes[i] = (audit_node_t){
			.name = names[i],
			.gres = (i < 3) ? "neuron:trn2:16,efa:16"
					: "neuron:trn1:16,efa:8",
			.features = version_rows[_i].features[i]};
	audit = _audit(&running, NULL, &err);
	ck_assert_msg(audit != NULL, "row %d: %s", _i, err.text);
	got = _describe(audit);
	/* n4 and the others are not running */
	ck_assert_msg(
		!strncmp(got, "error running-unknown", 21) &&
			!strcmp(strchr(got, '\n') + 1, version_rows[_i].wanted),
		"row %d: got\n%s\nwanted\n%s", _i, got,
		version_rows[_i].wanted);
	finding = audit_finding(audit, 1);
	ck_assert_msg(!version_rows[_i].text ||
			      strstr(finding->text, version_rows[_i].text) ==
				      finding->text,
		      "row %d: got \"%s\", wanted \"%s\"", _i,
		      finding ? finding->text : "", version_rows[_i].text);
	free(got);
	audit_destroy(audit);
}
END_TEST

/*
 * Machines
 */

#define MACHINE(node, profile, devices, efas, more)            \
	"{\"format\":\"neuron-topo-probe-1\",\"node\":\"" node \
	"\",\"profile\":\"" profile "\",\"devices\":[" devices \
	"],\"efas\":[" efas "]" more "}"
#define D(n) "{\"index\":" #n "}"
#define D16                                                                            \
	D(0)                                                                           \
	"," D(1) "," D(2) "," D(3) "," D(4) "," D(5) "," D(6) "," D(7) "," D(8) "," D( \
		9) "," D(10) "," D(11) "," D(12) "," D(13) "," D(14) "," D(15)
#define E4 "{},{},{},{}"
#define E8 E4 "," E4
#define E16 E8 "," E8
#define SERVERS(pair, node, half)                                          \
	",\"ultraserver\":{\"4\":{\"server_id\":\"00000000000000a0\","     \
	"\"node_id\":" node "},\"2\":{\"server_id\":\"00000000000000" pair \
	"\",\"node_id\":" half "}}"
#define TRN2U(node, more) MACHINE(node, "trn2u.48xlarge", D16, E16, more)

static const struct {
	const char *probes, *wanted;
} machines[] = {
	{MACHINE("x", "trn1.32xlarge", D16, E8, ""), ""},
	/* an interface that serves no device */
	{MACHINE("x", "trn1.32xlarge", D16, E8 ",{}", ""), ""},
	{MACHINE("cpu1", "trn1.2xlarge", "", "", ""),
	 "error machine-not-described neuron.conf\n"},
	{MACHINE("x", "trn1.32xlarge", D16, E8,
		 ",\"software\":{\"driver\":\"2.26.10.0\",\"runtime\":\"2.32.31.0\"}"),
	 "error versions neuron.conf:2\n"},
	{TRN2U("n1", SERVERS("a0", "0", "0"))
		 TRN2U("n2", SERVERS("a0", "1", "1"))
			 TRN2U("n3", SERVERS("9f", "2", "0"))
				 TRN2U("n4", SERVERS("9f", "3", "1")),
	 ""},
	/* the same ring from elsewhere on, the other way round */
	{TRN2U("n4", SERVERS("a0", "0", "0"))
		 TRN2U("n3", SERVERS("a0", "1", "1"))
			 TRN2U("n2", SERVERS("9f", "2", "0"))
				 TRN2U("n1", SERVERS("9f", "3", "1")),
	 ""},
	/* another ring; other pairs */
	{TRN2U("n1", SERVERS("a0", "0", "0"))
		 TRN2U("n3", SERVERS("a0", "1", "1"))
			 TRN2U("n2", SERVERS("9f", "2", "0"))
				 TRN2U("n4", SERVERS("9f", "3", "1")),
	 "error machine-ultraserver neuron.conf:3 > UltraServerName=us-n1 "
	 "Nodes=n1,n3,n2,n4\n"},
	{TRN2U("n1", SERVERS("a0", "0", "0"))
		 TRN2U("n2", SERVERS("9f", "1", "0"))
			 TRN2U("n3", SERVERS("9f", "2", "1"))
				 TRN2U("n4", SERVERS("a0", "3", "1")),
	 "error machine-ultraserver neuron.conf:3 > UltraServerName=us-n1 "
	 "Nodes=n1,n2,n3,n4 Pairs=n1+n4,n2+n3\n"},
	/* part of a ring says nothing */
	{TRN2U("n1", SERVERS("a0", "0", "0"))
		 TRN2U("n3", SERVERS("a0", "1", "1")),
	 ""},
	{TRN2U("n1", ",\"lnc\":1") TRN2U("n2", ",\"lnc\":1")
		 TRN2U("n3", ",\"lnc\":2"),
	 "error machine-lnc neuron.conf:1 > NodeName=n1,n2 "
	 "Profile=trn2u.48xlarge Lnc=1\n"},
	{MACHINE("n1", "trn2.48xlarge", D16, E16, ""),
	 "error machine-profile neuron.conf:1 > NodeName=n1 "
	 "Profile=trn2.48xlarge\n"},
	{MACHINE("n1", "trn2u.48xlarge", D(3), E4,
		 ",\"differences\":[\"neuron0 is missing\",\"x\"]"),
	 "error machine-devices neuron.conf:1\n"
	 "error machine-differs neuron.conf:1\n"
	 "error machine-efas neuron.conf:1\n"},
	{TRN2U("new", ""), "error machine-not-described neuron.conf\n"},
};

START_TEST(found_in_machines)
{
	neuron_error_t err = {""};
	inventory_t *inventory = inventory_create(catalog, &err);

	_set_up(NULL, NULL, NULL);
	ck_assert_msg(!inventory_add_probes(inventory, machines[_i].probes,
					    strlen(machines[_i].probes), "p",
					    &err) &&
			      !inventory_finish(inventory, _fold, &err),
		      "%s: %s", machines[_i].probes, err.text);
	_compare(machines[_i].probes, NULL, inventory, machines[_i].wanted);
	inventory_destroy(inventory);
}
END_TEST

START_TEST(no_memory)
{
	audit_t *audit = NULL;
	long n;

	_set_up("slurm.conf", "Gres=neuron:trn2:16,efa:16", "");
	_write("topology.yaml", "- topology: t\n  tree:\n");
	/* shapes take thousands of allocations: look at some of them */
	for (n = 0; !audit && n < 100000; n += 1 + n / 50) {
		neuron_error_t err = {""};

		failing_malloc_after(n);
		errno = 0;
		audit = _audit(&running_rows[2].running, NULL, &err);
		failing_malloc_after(-1);
		ck_assert_msg(audit || errno == ENOMEM, "%ld: errno %d, %s", n,
			      errno, err.text);
	}
	ck_assert(audit && n > 20);
	audit_destroy(audit);
	audit_destroy(NULL);
}
END_TEST

/* Bytes of good files replaced by others: an answer, and never a crash */
START_TEST(changed_bytes)
{
	static const char bytes[] = "[]\",=:0-9aN \n\\#\001";

	sample_seed((uint64_t) _i);
	for (int round = 0; round < 20; round++) {
		neuron_error_t err = {""};
		audit_t *audit;

		_set_up(NULL, NULL, NULL);
		for (int i = 0; i < 5; i++) {
			uint32_t length = (uint32_t) strlen(files[i].text);
			char *copy = strdup(files[i].text);

			for (uint32_t k = sample_random(3); k; k--)
				copy[sample_random(length)] =
					bytes[sample_random(sizeof(bytes) - 1)];
			_write(files[i].name, copy);
			free(copy);
		}
		audit = _audit(&running_rows[0].running, NULL, &err);
		ck_assert_msg(audit != NULL, "%s", err.text);
		audit_destroy(audit);
	}
}
END_TEST

/*
 * Files of Slurm
 */

static const struct {
	const char *text;
	const char *wanted; /* lines "LINE KEY=VALUE;KEY=VALUE" */
} parsed[] = {
	{"", ""},
	{"# only\n\n   # comments", ""},
	{"a=1", "1 a=1\n"},
	{"a=1 b = 2\r\n\tc=\"x y\"  # z\n", "1 a=1;b=2\n2 c=x y\n"},
	{"a=1 \\\n b=2 \\  \n c=3\nd=4\n", "1 a=1;b=2;c=3\n4 d=4\n"},
	{"a=x\\#y # z\n", "1 a=x#y\n"},
	{"a=x\\\\\nb=1\n", "1 a=x\\\n2 b=1\n"},
	{"a+=1\n", "1 a=1\n"},
	{"a=\"\"\n", "1 a=\n"},
	{"a=1\\", "1 a=1\n"},
};

START_TEST(parsed_as_slurm_does)
{
	const slurmconf_line_t *line;
	neuron_error_t err = {""};
	slurmconf_t *conf;
	text_t text = {.length = 0};
	char path[128], *got;

	_write("more.conf", parsed[_i].text);
	snprintf(path, sizeof(path), "%s/more.conf", directory);
	conf = slurmconf_read(path, &err);
	ck_assert_msg(conf != NULL, "%s: %s", parsed[_i].text, err.text);
	for (uint32_t i = 0; (line = slurmconf_line(conf, i)); i++) {
		text_add(&text, "%u ", line->line);
		for (unsigned int k = 0; k < line->pair_count; k++)
			text_add(&text, "%s%s=%s", k ? ";" : "",
				 line->pairs[k].key, line->pairs[k].value);
		text_add(&text, "\n");
	}
	got = text_take(&text);
	ck_assert_msg(!strcmp(got, parsed[_i].wanted),
		      "%s: got\n%s\nwanted\n%s", parsed[_i].text, got,
		      parsed[_i].wanted);
	free(got);
	slurmconf_destroy(conf);
}
END_TEST

static const char *const not_parsed[] = {
	"a", "=1", "a=1 b", "a 1", "a=\"1", "a==", "Include\n=", "-=3",
};

START_TEST(not_parsed_either)
{
	neuron_error_t err = {""};
	char path[128], start[160];
	slurmconf_t *conf;

	snprintf(path, sizeof(path), "%s/more.conf", directory);
	snprintf(start, sizeof(start), "%s:1: ", path);
	_write("more.conf", not_parsed[_i]);
	conf = slurmconf_read(path, &err);
	if (!strcmp(not_parsed[_i], "a==")) {
		ck_assert_msg(conf != NULL, "%s", err.text);
		slurmconf_destroy(conf);
		return;
	}
	ck_assert_msg(!conf, "%s: it was taken", not_parsed[_i]);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_msg(!strncmp(err.text, start, strlen(start)),
		      "%s: got \"%s\", wanted \"%s...\"", not_parsed[_i],
		      err.text, start);
}
END_TEST

/*
 * Shared objects
 */

/* This program exports nothing; a file of text and cut objects are none */
START_TEST(objects)
{
	neuron_error_t err = {""};
	uint32_t value = 7;
	char path[128];

	ck_assert_int_eq(elfsym_u32("/nonexistent", "x", &value, &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	_write("more.conf", "\177ELF is not enough");
	snprintf(path, sizeof(path), "%s/more.conf", directory);
	ck_assert_int_eq(elfsym_u32(path, "x", &value, &err), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(elfsym_u32("/proc/self/exe", "nonsense", &value, &err),
			 -1);
	ck_assert_int_eq(elfsym_u32(directory, "x", &value, &err), -1);
	ck_assert_uint_eq(value, 7);
}
END_TEST

START_TEST(changed_objects)
{
	static unsigned char bytes[200000];
	FILE *file = fopen("/proc/self/exe", "r");
	char path[128];
	size_t size;

	ck_assert(file != NULL);
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	snprintf(path, sizeof(path), "%s/object", directory);
	sample_seed((uint64_t) _i);
	for (int round = 0; round < 100; round++) {
		size_t cut = 1 + sample_random((uint32_t) size);
		neuron_error_t err = {""};
		uint32_t value;

		for (int k = 0; k < 3; k++)
			bytes[sample_random(sample_random(2) ? 64 : 4096)] =
				(unsigned char) sample_random(256);
		file = fopen(path, "w");
		ck_assert(file && fwrite(bytes, 1, cut, file) == cut &&
			  !fclose(file));
		(void) elfsym_u32(path, "main", &value, &err);
	}
	unlink(path);
}
END_TEST

static Suite *_suite(void)
{
	Suite *suite = suite_create("audit");
	TCase *tcase = tcase_create("audit");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, found, 0, COUNT(rows));
	tcase_add_test(tcase, included);
	tcase_add_loop_test(tcase, found_in_slurmctld, 0, COUNT(running_rows));
	tcase_add_loop_test(tcase, found_in_versions, 0, COUNT(version_rows));
	tcase_add_loop_test(tcase, found_in_machines, 0, COUNT(machines));
	tcase_add_test(tcase, no_memory);
	tcase_add_loop_test(tcase, changed_bytes, 0, 10);
	tcase_add_loop_test(tcase, parsed_as_slurm_does, 0, COUNT(parsed));
	tcase_add_loop_test(tcase, not_parsed_either, 0, COUNT(not_parsed));
	tcase_add_test(tcase, objects);
	tcase_add_loop_test(tcase, changed_objects, 0, 5);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	const char *srcdir = getenv("srcdir");
	SRunner *runner = srunner_create(_suite());
	neuron_error_t err;
	int failed;

	snprintf(profiles, sizeof(profiles), "%s/../../etc/profiles",
		 srcdir ? srcdir : ".");
	snprintf(rules, sizeof(rules), "%s/../../etc/versions.json",
		 getenv("srcdir") ? getenv("srcdir") : ".");
	catalog = catalog_read(profiles, &err);
	if (!catalog || !mkdtemp(directory)) {
		fprintf(stderr, "%s\n", catalog ? directory : err.text);
		return EXIT_FAILURE;
	}
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	for (int i = 0; i < COUNT(files); i++)
		_write(files[i].name, NULL);
	rmdir(directory);
	catalog_destroy(catalog);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
