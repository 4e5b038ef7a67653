/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf: neuron.conf, the one file that an administrator writes.
 *
 * The format is slurm.conf's: lines of Key=Value, keys without regard to
 * case, '#' starts a comment, a backslash at the end joins lines. A line that
 * starts with NodeName, UltraServerName or TemplateName holds several Key=Value
 *pairs.
 *
 *	ProfileDir=PATH		directory of profiles (default: see caller)
 *	Root=PATH		where sysfs, /dev and PCI are read; "/" unless
 *				machines are simulated; "%n" is the node name
 *	CoreNumbering=absolute|relative		default absolute
 *	Shape=consecutive|best|ring|connected	default tier of jobs
 *	ShapeWait=TIME		after each such time that a job has waited its
 *				tier becomes one wider; default never
 *	UndocumentedSizes=allow|refuse		default allow
 *	CandidateNodes=best|all|check	which nodes cons_tres evaluates first:
 *				those that the devices speak for, or all; check
 *				does both and logs a difference; default best
 *	PrivateView=auto|always|never	whether a job sees only its own EFA
 *				interfaces in /dev/infiniband: where devices
 *				are constrained by a cgroup, always or never;
 *				default auto
 *	SizeWeights=fixed|queue	how much each size of sets counts when a set is
 *				chosen: always the same, or more as jobs ask
 *				for it; default fixed
 *	UltraServerSwitches=GLOB	switches of topology.conf whose name
 *				matches (only * and ?) are UltraServers
 *	CompileCache=PATH|s3://BUCKET/...	value of
 *				NEURON_COMPILE_CACHE_URL for jobs; "%u" is the
 *				name of the user, "%%" is "%"; not set by
 *default RootPorts=FIRST-LAST	ports for the root communicators of jobs, 1024
 *				to 65535, at least CONF_ROOT_PORTS_MIN of them;
 *				default CONF_ROOT_PORT_FIRST-CONF_ROOT_PORT_LAST
 *	RuntimeDir=PATH		where Prolog and Epilog keep what they did; "%n"
 *				as in Root; default CONF_RUNTIME_DIR
 *	LncFile=no|PATH		file with the machine's default LNC that Prolog
 *				may write for a job that has all devices; below
 *				Root; default no
 *	ResetWait=TIME		longest that a device may be in reset, 1 to
 *				CONF_RESET_WAIT_MAX seconds; default: that of
 *				the driver for the family
 *	BadDevice=mask|drain|keep	what Prolog and Epilog do about a bad
 *				device; default mask
 *	OnFault=none|notify|requeue|requeuehold	what is done to a job one of
 *				whose devices fails; default none
 *	OnFaultSignal=[B:]SIGNAL	that notify sends, see policy.h;
 *				default USR1
 *	OnMemberLoss=slurm|nothing|restart|migrate	what is done to a job of
 *				several nodes that loses one; default slurm
 *	VersionCheck=drain|warn|off	what slurmd and Prolog do about versions
 *				that do not work together; default warn
 *	VersionRules=PATH	the rules, see versions.h (default: see caller)
 *	DeviceServices=COMMANDS	processes of root with these names may have
 *				devices open; default CONF_SERVICES
 *	HealthRules=PATH	rules of neuron-health (rules.h); default: see
 *caller HealthInterval=TIME	how often its daemon looks, 1 to
 *				CONF_HEALTH_INTERVAL_MAX seconds; default
 *				CONF_HEALTH_INTERVAL
 *	CloudHealthStrings=no|npd|hyperpod	words that an agent of the cloud
 *				waits for in what neuron-health says; default no
 *	StatsFile=PATH		where slurmctld writes how it decides, see tally.h;
 *				default: nowhere
 *	NodeName=NODES Profile=NAME [Lnc=1|2]	one line or several; each node
 *				at most once; Lnc is the machine's default
 *	UltraServerName=NAME Nodes=NODES [Pairs=A+B,C+D]	members in ring
 *				order; Pairs lists the legal groups of two;
 *				without it: first+second, third+fourth
 *
 *	TemplateName=NAME Devices=N [Type=TYPE] ...	see template.h; some
 *				node of the file can serve each
 *
 * Members of an UltraServer have NodeName lines, one profile, and are no more
 * than profile_ultraserver_size(). Two profiles of one file that have the same
 * GRES type and number of devices must have the same links, EFA pairing and
 * documented sizes.
 *
 * An unknown or repeated key, a value out of range, a node named twice, a
 * profile that does not exist are errors: one sentence
 * "FILE:LINE: Key=value: what is wrong; what would be right".
 */
#ifndef NEURON_CONF_H
#define NEURON_CONF_H

#include "duration.h"
#include "nodeset.h"
#include "policy.h"
#include "shape.h"
#include "template.h"

#define CONF_FILE_MAX (4 * 1024 * 1024)
#define CONF_NODES_MAX 65536
#define CONF_ULTRASERVER_MEMBERS_MAX 64
#define CONF_NAME_MAX 64
/* Profiles that one file may use */
#define CONF_FAMILIES_MAX 32
#define CONF_TEMPLATES_MAX 1024
/* Below the ports that Linux gives out by itself (32768 and up), and clear of
 * those that Slurm's daemons have */
#define CONF_ROOT_PORT_FIRST 16384
#define CONF_ROOT_PORT_LAST 28671
#define CONF_ROOT_PORTS_MIN 64
#define CONF_RESET_WAIT_MAX 3600
#define CONF_HEALTH_INTERVAL 30
#define CONF_HEALTH_INTERVAL_MAX 3600
#define CONF_RUNTIME_DIR "/run/slurm-neuron"
#define CONF_SERVICES "neuron-monitor"

typedef struct conf conf_t;

/* What is done about a bad device, see neuron-prolog(8) */
typedef enum {
	CONF_BAD_DEVICE_MASK, /* it leaves scheduling */
	CONF_BAD_DEVICE_DRAIN, /* its node does */
	CONF_BAD_DEVICE_KEEP /* Epilog does nothing, Prolog drains */
} conf_bad_device_t;

/* What is done about versions that do not work together */
typedef enum {
	CONF_VERSIONS_WARN,
	CONF_VERSIONS_DRAIN, /* Prolog drains the node */
	CONF_VERSIONS_OFF /* nobody looks */
} conf_versions_t;

typedef enum { CONF_ABSOLUTE, CONF_RELATIVE } conf_numbering_t;

typedef enum {
	CONF_CANDIDATES_BEST,
	CONF_CANDIDATES_ALL,
	CONF_CANDIDATES_CHECK
} conf_candidates_t;

typedef enum { CONF_VIEW_AUTO, CONF_VIEW_ALWAYS, CONF_VIEW_NEVER } conf_view_t;
typedef enum { CONF_WEIGHTS_FIXED, CONF_WEIGHTS_QUEUE } conf_weights_t;

/* Whose words neuron-health uses, see neuron-health(8) */
typedef enum {
	CONF_STRINGS_OURS,
	CONF_STRINGS_NPD,
	CONF_STRINGS_HYPERPOD
} conf_strings_t;

/*
 * Read a configuration from text.
 * IN origin - file name for messages.
 * IN profile_dir - used when the text has no ProfileDir.
 * IN expand - see nodeset.h.
 * RET a conf for conf_destroy(), with all its profiles and shapes loaded;
 *	NULL with errno EINVAL, EEXIST, ENOENT, EIO or ENOMEM.
 */
extern conf_t *conf_decode(const char *text, const char *origin,
			   const char *profile_dir, nodeset_expand_t expand,
			   neuron_error_t *err);
/* The same from a file */
extern conf_t *conf_read(const char *path, const char *profile_dir,
			 nodeset_expand_t expand, neuron_error_t *err);
/*
 * The same for a program that looks at one node and must be quick: all lines
 * are read, but only a NodeName line that names this node is understood. No
 * shapes, no UltraServers, at most one node.
 * IN node - NULL: all, as above.
 */
extern conf_t *conf_decode_node(const char *text, const char *origin,
				const char *profile_dir,
				nodeset_expand_t expand, const char *node,
				neuron_error_t *err);
extern conf_t *conf_read_node(const char *path, const char *profile_dir,
			      nodeset_expand_t expand, const char *node,
			      neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void conf_destroy(conf_t *conf);

/*
 * Forget the nodes, the UltraServers and all shapes, for a program that stays
 * in memory and asks for profiles only. What stands in the other lines is kept.
 * RET 0; -1 with errno ENOMEM: nothing is forgotten.
 */
extern int conf_keep_profiles(conf_t *conf);

/* NULL when not set */
extern const char *conf_profile_dir(const conf_t *conf);
extern conf_numbering_t conf_numbering(const conf_t *conf);
extern shape_tier_t conf_tier(const conf_t *conf);
/* Seconds; DURATION_NEVER: tiers are never given up */
extern uint32_t conf_tier_wait(const conf_t *conf);
extern conf_candidates_t conf_candidates(const conf_t *conf);
extern conf_view_t conf_private_view(const conf_t *conf);
extern conf_weights_t conf_weights(const conf_t *conf);
extern bool conf_undocumented_allowed(const conf_t *conf);
/* NULL when not set */
extern const char *conf_ultraserver_glob(const conf_t *conf);
/* The line of the file on which a node is named; 0: none */
extern unsigned int conf_node_line(const conf_t *conf, const char *node);

/*
 * The root directory for a node.
 * OUT buf - Root with "%n" replaced, without a final slash; "" for "/".
 * RET its length; -1 with errno ENOSPC, or EINVAL when the name of the node
 *	is needed but is NULL or not safe inside a path. buf is "" then.
 */
extern int conf_root(const conf_t *conf, const char *node, char *buf,
		     size_t size);

/*
 * CompileCache with the name of a user in it.
 * OUT buf - "" on failure.
 * RET its length; -1 with errno ENOENT: not set, ENOSPC, or EINVAL: the name is
 *	needed but is NULL or not safe inside a path.
 */
extern int conf_compile_cache(const conf_t *conf, const char *user, char *buf,
			      size_t size);
/* CompileCache as it is written, for conf_expand_user() elsewhere; NULL: not
 * set */
extern const char *conf_compile_cache_form(const conf_t *conf);
/* The same for such a form */
extern int conf_expand_user(const char *form, const char *user, char *buf,
			    size_t size);
/* Ports for root communicators, first to last */
extern void conf_root_ports(const conf_t *conf, uint16_t *first,
			    uint16_t *last);
/* The same for RuntimeDir */
extern int conf_runtime_dir(const conf_t *conf, const char *node, char *buf,
			    size_t size);
/* A path below the root of the node; NULL: never written */
extern const char *conf_lnc_file(const conf_t *conf);
/* An absolute path; NULL: not set */
extern const char *conf_stats_file(const conf_t *conf);
/* Seconds; 0: not set */
extern uint32_t conf_reset_wait(const conf_t *conf);
extern conf_bad_device_t conf_bad_device(const conf_t *conf);
/* With the signal of OnFaultSignal, whatever OnFault is */
extern on_fault_t conf_on_fault(const conf_t *conf);
extern member_loss_t conf_on_member_loss(const conf_t *conf);
extern conf_versions_t conf_versions(const conf_t *conf);
/* NULL: not set */
extern const char *conf_version_rules(const conf_t *conf);
/* True when DeviceServices has a command */
extern bool conf_is_service(const conf_t *conf, const char *command);
/* NULL when not set */
extern const char *conf_health_rules(const conf_t *conf);
/* Seconds */
extern uint32_t conf_health_interval(const conf_t *conf);
extern conf_strings_t conf_cloud_health_strings(const conf_t *conf);

/* Index of a node among those of NodeName lines; -1: not there */
extern int conf_node_index(const conf_t *conf, const char *node);
extern unsigned int conf_node_count(const conf_t *conf);
/* By that index; NULL, 0 when out of range */
extern const char *conf_node_name(const conf_t *conf, unsigned int index);
extern const profile_t *conf_node_profile(const conf_t *conf,
					  unsigned int index);
extern const shape_t *conf_node_shape(const conf_t *conf, unsigned int index);
/* Lnc of the NodeName line, else the profile's default */
extern unsigned int conf_node_lnc(const conf_t *conf, unsigned int index);

/*
 * The profile that a GRES specification means, among those that NodeName
 * lines use: the same type and number of devices, and the same number of CPUs
 * (threads or cores) when several fit.
 * IN type - GRES type, or NULL for any.
 * IN cpus - 0: does not matter.
 * RET NULL with errno ENOENT.
 */
extern const profile_t *conf_profile_of_gres(const conf_t *conf,
					     const char *type,
					     unsigned int devices,
					     unsigned int cpus);
/* The shape of one of the profiles that NodeName lines use; NULL: not one */
extern const shape_t *conf_shape_of(const conf_t *conf,
				    const profile_t *profile);
/* The profiles that NodeName lines use, in order of first use; NULL behind */
extern const profile_t *conf_profile_at(const conf_t *conf, unsigned int index);
/* shape_weigh() for the shape of that profile; ENOENT when out of range */
extern int conf_weigh(conf_t *conf, unsigned int index,
		      const demand_weights_t *weights);

extern unsigned int conf_template_count(const conf_t *conf);
/* In the order of the file; NULL: out of range. The template stays the
 * conf's. */
extern const template_t *conf_template(const conf_t *conf, unsigned int index);
/* RET NULL with errno ENOENT */
extern const template_t *conf_template_of_name(const conf_t *conf,
					       const char *name);

typedef struct {
	const char *name;
	unsigned int line;
	/* node names in ring order */
	const char *const *members;
	unsigned int member_count;
	/* legal groups of two, as pairs of positions in members */
	const uint8_t (*pairs)[2];
	unsigned int pair_count;
} conf_ultraserver_t;

/*
 * The keys of a neuron.conf, for a manual.
 * OUT head - the key that starts its line; NULL: it may start one itself.
 * RET its name; NULL: there are not so many. Both are static.
 */
extern const char *conf_key(unsigned int index, const char **head);

/* True when an UltraServerName line has the node; also of conf_decode_node() */
extern bool conf_is_member(const conf_t *conf, const char *node);
extern unsigned int conf_ultraserver_count(const conf_t *conf);
/* RET 0; -1 with errno ENOENT when out of range. Pointers stay the conf's. */
extern int conf_ultraserver(const conf_t *conf, unsigned int index,
			    conf_ultraserver_t *ultraserver);

#endif
