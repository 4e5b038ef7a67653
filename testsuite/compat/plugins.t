#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each plugin as Slurm loads it, in every program that does: it has what this
# release asks for and finds what it needs there. No daemon runs; open.c looks
# from inside the real programs, before their main().
#
# Environment, beside that of cluster.sh:
#   NEURON_SLURM_SRC	source of the installed Slurm
#   NEURON_SLURM_COMPAT	the folder of plugins/compat that was compiled
# shellcheck source-path=SCRIPTDIR source=../system/cluster.sh
. "$(dirname "$0")/../system/cluster.sh"

source=${NEURON_SLURM_SRC:-}
compat=$_cluster_source/plugins/compat/${NEURON_SLURM_COMPAT:-}
parts=$NEURON_BUILD_DIR/testsuite/compat/.libs
plugins=$NEURON_BUILD_DIR/plugins/.libs

[ -f "$source/src/interfaces/topology.c" ] ||
	skip_all "NEURON_SLURM_SRC is not a source of Slurm"
[ -f "$compat/release.h" ] ||
	skip_all "NEURON_SLURM_COMPAT is not a release in plugins/compat"
for file in handed open topology_broken; do
	[ -e "$parts/$file.so" ] ||
		skip_all "testsuite/compat/$file.la is not built (make check does)"
done

# A configuration with no controller behind it
NEURON_AUTH=none
cluster_new neuron
cluster_nodes 'n[1-2]' trn2u.48xlarge
cluster_conf MessageTimeout=2
cluster_write
sed -i '/^MessageTimeout=60/d' "$SLURM_CONF"

#
# What this release is
#

# The symbols that Slurm wants of a plugin of a type
wanted() {
	awk '/^[ \t]*static const char \*[a-z_]*syms\[\] = \{/ { inside = 1 }
		inside { while (match($0, /"[^"]+"/)) {
				print substr($0, RSTART + 1, RLENGTH - 2)
				$0 = substr($0, RSTART + RLENGTH)
			} }
		/^[ \t]*};/ { inside = 0 }' "$source/src/interfaces/$1.c" | sort
}

# Folders of the sources of a program, with libraries of its own
program_folders() {
	case $1 in
	slurmctld) echo slurmctld ;;
	slurmd) echo slurmd/slurmd slurmd/common ;;
	slurmstepd) echo slurmd/slurmstepd slurmd/common ;;
	*) echo api common ;;
	esac
}

# Does a program load plugins of a type? It does when it calls a function that
# loads them; gres_init() does not.
loads() {
	local start folder
	case $2 in
	gres) start='gres_g_(node_config_load|recv_stepd)' ;;
	*) start=$2_g_init ;;
	esac
	for folder in $(program_folders "$1"); do
		! grep -Eq "^[^*/]*\\b$start\\(" "$source/src/$folder"/*.c ||
			return 0
	done
	return 1
}

#
# Programs
#
clients=(sacct sacctmgr salloc sattach sbatch sbcast scancel scontrol sdiag
	sinfo sprio squeue srun sshare sstat strigger neuron-topo)

program_path() {
	local path
	for path in "$NEURON_SLURM_PREFIX/sbin/$1" \
		"$NEURON_SLURM_PREFIX/bin/$1" \
		"$NEURON_BUILD_DIR/tools/.libs/$1" \
		"$NEURON_BUILD_DIR/tools/$1"; do
		[ -x "$path" ] && echo "$path" && return
	done
	return 1
}

# Not built with every Slurm
for program in scrun slurmrestd; do
	! program_path $program >/dev/null || clients+=("$program")
done

# Run a program up to its main(); output in $facts, of Slurm in $said
inside() {
	local path
	path=$(program_path "$1") || return
	shift
	facts=$(env LD_PRELOAD="$parts/open.so" "$@" "$path" \
		2>"$CLUSTER_DIR/out/said")
	status=$?
	said=$(<"$CLUSTER_DIR/out/said")
	[ "$status" -eq 0 ] && [ "${facts##*$'\n'}" = "done" ]
}

fact() {
	sed -n "s/^$1 //p" <<<"$facts" | sort
}

# Each word of stdin in a sentence
each() {
	local word
	while IFS= read -r word; do
		# shellcheck disable=SC2059
		[ -z "$word" ] || printf "$1\n" "$word"
	done
}

only_first() {
	comm -23 <(sort -u <<<"$1") <(sort -u <<<"$2")
}

# Every plugin's own; neuron_peer is what ours have for each other
own='neuron_peer
plugin_name
plugin_type
plugin_version
init
fini'

# What is wrong with a plugin in a program: FOLDER TYPE PROGRAM
faults() {
	local file=$1/${2/\//_}.so list=src/interfaces/${2%%/*}.c symbol exports
	if ! inside "$3" NEURON_OPEN=look NEURON_OPEN_FILE="$file"; then
		echo "$3 ended (status $status) when it looked at $2: $said"
		return
	fi
	fact lazy | each "$3 cannot open $2: %s"
	[ -z "$(fact lazy)" ] || return
	for symbol in name version; do
		[ -n "$(fact $symbol)" ] || echo "$2 has no plugin_$symbol"
	done
	[ "$(fact type)" = "$2" ] ||
		echo "plugin_type of $2 is $(fact type)"
	exports=$(fact export)
	fact missing | each "$2 needs %s, which $3 has not"
	[ -n "$(fact missing)" ] ||
		fact now | each "$3 cannot open $2 at once: %s"
	fact shadow | each "$2 exports %s, and $3 has another one that comes first"
	only_first "$(wanted "${2%%/*}")" "$exports" |
		each "$2 has no %s, which Slurm asks for ($list)"
	only_first "$exports" "$(wanted "${2%%/*}")"$'\n'"$own" |
		each "$2 exports %s, which Slurm does not ask for ($list)"
}

# What goes wrong when Slurm itself loads it: TYPE PROGRAM [SYMBOL]
load_faults() {
	local list
	list="$(wanted "${1%%/*}" | tr '\n' ' ')${3:-}"
	if ! inside "$2" NEURON_OPEN=load NEURON_OPEN_TYPE="$1" \
		NEURON_OPEN_SYMBOLS="$list"; then
		echo "$2 ended (status $status) when it loaded $1: $said"
		return
	fi
	[ "$(grep -c '^loaded$' <<<"$facts")" -eq 2 ] ||
		echo "$2 did not load $1 twice: $said"
	fact other | sort -u | each "%s, as $2 finds it, is not that of $1"
}

#
# The release's lists
#
for type in gres job_submit select switch topology; do
	[ "$(wanted $type | wc -l)" -gt 1 ] ||
		bail "found no list of symbols in $source/src/interfaces/$type.c"
	ok "slurmctld loads $type plugins" loads slurmctld $type
done
for program in slurmd slurmstepd; do
	ok "$program loads gres plugins" loads $program gres
	ok "$program loads switch plugins" loads $program switch
	ok "$program loads topology plugins" loads $program topology
done
ok "clients load topology plugins" loads scontrol topology

# Functions that the compat lists name
listed() {
	grep -Eo "\\b$1_p_[a-z0-9_]+" "$compat/$1_list.h" | sort
}

# Values of release.h
topology_values() {
	sed -n 's/^#define TOPOLOGY_VALUES(VALUE)//p' "$compat/release.h" |
		sed 's/VALUE([a-z0-9_]*, \([a-z_]*\))/\1\n/g' |
		sed 's/[^a-z_]//g; /^$/d'
}

for type in select switch topology; do
	is "$(listed $type)" "$(wanted $type | grep "^${type}_p_")" \
		"${type}_list.h has the functions of this release"
done
is "$(topology_values)" "$(wanted topology | grep -Ev '^(topology_p_|plugin_)')" \
	"release.h has the values of this release"

#
# The plugins
#
check_plugin() {
	local type=$1 program
	for program in slurmctld slurmd slurmstepd "${clients[@]}"; do
		loads "$program" "${type%%/*}" || continue
		if ! program_path "$program" >/dev/null; then
			skip "$type in $program" "there is no $program"
			continue
		fi
		is "$(faults "$plugins" "$type" "$program")" "" \
			"$type fits $program"
		is "$(load_faults "$type" "$program")" "" \
			"$program loads and unloads $type"
	done
}

# A symbol that may be missing must be somewhere, or its name is wrong
check_weak() {
	local type=$1 program common=''
	for program in slurmctld slurmd slurmstepd; do
		inside "$program" NEURON_OPEN=look \
			NEURON_OPEN_FILE="$plugins/${type/\//_}.so" ||
			bail "$program does not look at $type" "$said"
		[ "$program" = slurmctld ] && common=$(fact weak) ||
			common=$(comm -12 <(echo "$common") <(fact weak))
	done
	is "$common" "" "slurmctld, slurmd or slurmstepd has each weak symbol of $type"
}

for type in gres/efa gres/neuron job_submit/neuron select/neuron \
	switch/neuron topology/neuron; do
	check_plugin $type
	check_weak $type
done

#
# From slurmd to slurmstepd: what another version handed on is refused
#
different='neuron: slurmd and slurmstepd have different plugins; restart slurmd'
for type in gres/efa gres/neuron; do
	facts=$(env LD_PRELOAD="$parts/handed.so" \
		NEURON_HANDED="$plugins/${type/\//_}.so" \
		"$(program_path slurmstepd)" 2>"$CLUSTER_DIR/out/said")
	is "$? ${facts##*$'\n'}" "0 done" "$type survives what another plugin packed"
	cases=$(grep -c '^refuse ' <<<"$facts")
	ok "in many ways ($cases)" test "$cases" -gt 1000
	# The rest is Slurm's: what is behind the machine may be short too
	ok "each is told" test "$(grep -cF "$different" "$CLUSTER_DIR/out/said")" -ge "$cases"
done

#
# The SPANK plugin: Slurm asks for what it finds, in src/common/spank.c
#
spank_wanted() {
	sed -n '/^const char \*spank_syms\[\]/,/^}/s/.*"\(.*\)".*/\1/p' \
		"$source/src/common/spank.c"
}

# What is wrong with it in a program
spank_faults() {
	if ! inside "$1" NEURON_OPEN=look \
		NEURON_OPEN_FILE="$plugins/spank_neuron.so"; then
		echo "$1 ended (status $status) when it looked: $said"
		return
	fi
	fact lazy | each "$1 cannot open it: %s"
	[ "$(fact type)" = spank ] || echo "plugin_type is $(fact type)"
	[ "$(fact name)" = neuron ] || echo "plugin_name is $(fact name)"
	fact shadow | each "it exports %s, and $1 has another one that comes first"
	only_first "$(fact export)" "$(spank_wanted)"$'\n'"$own" |
		each "it exports %s, which Slurm does not ask for"
}

is "$(spank_wanted | grep -c '^slurm_spank_')" "$(spank_wanted | wc -l)" \
	"found the list of SPANK functions"
check_weak spank/neuron
for program in srun sbatch salloc slurmd slurmstepd; do
	is "$(spank_faults $program)" "" "spank/neuron fits $program"
done
is "$(inside slurmstepd NEURON_OPEN=look \
	NEURON_OPEN_FILE="$plugins/spank_neuron.so"; fact missing; fact now)" "" \
	"slurmstepd has every function that it needs"
for program in srun sbatch salloc; do
	like "$($program --help 2>&1)" '--neuron-launch=process\|core' \
		"$program loads it and has its options"
done

# They know which program they are in
cp "$CLUSTER_DIR/etc/neuron.conf" "$CLUSTER_DIR/etc/good"
echo Colour=red >>"$CLUSTER_DIR/etc/neuron.conf"
for type in topology/neuron switch/neuron; do
	like "$(load_faults $type slurmctld)" Colour \
		"in slurmctld $type reads neuron.conf"
	for program in slurmd slurmstepd scontrol; do
		is "$(load_faults $type $program)" "" \
			"in $program it does not"
	done
done
cp "$CLUSTER_DIR/etc/good" "$CLUSTER_DIR/etc/neuron.conf"

#
# Slurm's plugins below
#
stock=$NEURON_SLURM_PLUGINDIR
flat=$(sed -n 's,^#define TOPOLOGY_FLAT "topology/\(.*\)",\1,p' \
	"$compat/release.h")

# LIST TYPE: what the plugin below has not
lacks() {
	inside slurmctld NEURON_OPEN=look \
		NEURON_OPEN_FILE="$stock/${2/\//_}.so" ||
		{ echo "$said" && return; }
	fact lazy
	only_first "$1" "$(fact export)"
}

is "$(lacks "$(listed select)" select/cons_tres)" "" \
	"select/cons_tres has what select/neuron forwards"
for base in tree block "$flat"; do
	is "$(lacks "$(listed topology && topology_values && echo plugin_id)" \
		"topology/$base")" "" \
		"topology/$base has what topology/neuron forwards"
done
for base in tree block flat; do
	sed -i "/^TopologyParam=/d; \$ a TopologyParam=neuron_base=$base" \
		"$SLURM_CONF"
	for program in slurmctld slurmd scontrol; do
		is "$(load_faults topology/neuron $program)" "" \
			"$program loads topology/neuron on topology/${base/flat/"$flat"}"
	done
done
sed -i '/^TopologyParam=/d' "$SLURM_CONF"

#
# Whole clients, whose controller does not run
#
# Our plugins that the dynamic linker says it loaded
were_loaded() {
	grep -Ehso 'calling init: .*/[a-z_]+_neuron\.so' \
		"$CLUSTER_DIR"/out/linker.* | sed 's,.*/,,; s,\.so$,,' | sort -u
}

# TYPE PROGRAM ARGUMENTS...: a client that loads our plugin of this type
client() {
	local type=$1 out status
	shift
	loads "$1" "${type%%/*}" || return 0
	program_path "$1" >/dev/null ||
		{ skip "$*: ends in good order" "there is no $1" && return; }
	[ -e "$stock/auth_none.so" ] ||
		{ skip "$*: ends in good order" "no auth_none.so" && return; }
	rm -f "$CLUSTER_DIR"/out/linker.*
	out=$(LD_DEBUG=files LD_DEBUG_OUTPUT=$CLUSTER_DIR/out/linker \
		timeout -k 1 30 "$(program_path "$1")" "${@:2}" 2>&1)
	status=$?
	like "$(were_loaded)" "^${type/\//_}\$" "$*: loads $type"
	# Slurm says 0 or 1 for this; the linker and signals more
	ok "$*: ends in good order (status $status)" [ "$status" -le 1 ]
	like "$out" 'Unable to contact|Connection refused' \
		"$*: only misses the controller"
	unlike "$out" 'undefined symbol|missing symbols|[Pp]lugin' \
		"$*: has no trouble with plugins"
}

client topology/neuron scontrol show topology
client select/neuron scontrol show nodes

#
# This test finds what it looks for
#
broken=$(faults "$parts" topology/broken slurmd)
like "$broken" '^topology/broken needs neuron_no_function, which slurmd has not$' \
	"a missing function is found"
like "$broken" '^topology/broken needs find_part_record, which slurmd has not$' \
	"a function of slurmctld alone is found in slurmd"
like "$broken" '^topology/broken has no topology_p_eval_nodes, which Slurm asks for' \
	"a missing entry point is found"
like "$broken" '^topology/broken exports topology_p_neuron_unknown, which Slurm does not' \
	"a surplus entry point is found"
like "$broken" '^topology/broken exports gres_init, and slurmd has another one' \
	"a clash of names is found"
inside slurmd NEURON_OPEN=look NEURON_OPEN_FILE="$parts/topology_broken.so"
is "$(fact weak)" neuron_no_datum "a weak symbol that is nowhere is found"
unlike "$(faults "$parts" topology/broken slurmctld)" 'find_part_record' \
	"a function of slurmctld is there in slurmctld"
like "$(faults "$parts" topology/absent slurmd)" 'cannot open' \
	"a plugin that is not there is found"
like "$(load_faults topology/neuron slurmd topology_p_no_entry)" \
	'^slurmd ended .*missing symbols' "Slurm itself refuses a missing entry point"
sed -i "s,^PluginDir=,&$parts:," "$SLURM_CONF"
like "$(load_faults topology/broken scontrol)" \
	'^scontrol ended .*neuron_no_function' "a missing function ends a program"
finish
