# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# guide.sh: run what a guide says. Source it after cluster.sh.
#
# A guide is Markdown. What is between ``` and ``` is told apart by the words
# behind the first ```:
#
#   console [root]	Commands, each behind "$ " (a line that ends in \ goes
#			on in the next one), and below each what it prints.
#			They run in one shell for the whole guide, in an empty
#			directory. "..." stands for anything in a line, and a
#			line of "..." for any lines. A command below which
#			nothing stands can print what it likes. It must
#			succeed, unless its last line is "(exit status 1)".
#			With "root": only when the test runs as root
#   slurm.conf [root], neuron.conf, topology.conf, gres.conf, cgroup.conf,
#   plugstack.conf	Lines of these files, for the next "cluster" or "change"
#   bash FILE, python FILE	is written to FILE, which a command must name;
#			of bash the syntax is checked
#   sh			Commands that cannot be run here; their syntax is checked
#   text, yaml, json, diff	not run
#
# Any other word is an error. Lines that begin with four blanks are "sh".
# Comments that a reader does not see:
#
#   <!-- not run: REASON -->	of the next block, which is sh, or a FILE that no
#			command names; without it such a block is an error
#   <!-- test: demo -->	the simulated cluster of the quickstart, started anew
#   <!-- test: cluster [WORD...] -->	a cluster of what the lines above say
#	cloud		without slurmd: nodes that are not up
#	stock		slurmctld does not find our plugins, slurmd does
#   <!-- test: change -->	put the lines above in place of those with the same
#			key, take out those that begin with "#", start slurmctld
#			and slurmd again
#   <!-- test: release -->	end all jobs
#   <!-- test: build -->	be in the build tree, and install to an empty directory
#   <!-- test: installed -->	what "make install" must have put there
#
# A picture NAME.svg that a command leaves in the directory must be the one in
# doc/pictures. NEURON_UPDATE_PICTURES=yes writes it there.

_guide_any='([^
]*
)*'
_guide_rest='[^
]*'
_guide_queued='^srun: job [0-9]+ (queued and waiting for|has been allocated) resources$'
_guide_status='^\(exit status ([0-9]+)\)$'
_guide_comment='^<!-- test: (.*) -->$'
_guide_not_run='^<!-- not run: (.+) -->$'
declare -A _guide_conf _guide_files
_guide_name='' _guide_commands=0 _guide_watched=0

# Escape what is special in a regular expression, then give "..." its meaning
_guide_pattern() {
	local line pattern=''
	while IFS= read -r line; do
		if [ "$line" = ... ]; then
			pattern+=$_guide_any
			continue
		fi
		line=$(sed -e 's/[[:blank:]]*$//' -e 's/[][\\.*^$+?(){}|]/\\&/g' \
			<<<"$line")
		pattern+=${line//'\.\.\.'/$_guide_rest}$'\n'
	done <<<"$1"
	printf '^%s$' "$pattern"
}

# TEXT WANTED
guide_matches() {
	local text pattern
	# shellcheck disable=SC2001 # of each line
	text=$(sed 's/[[:blank:]]*$//' <<<"$1")$'\n'
	pattern=$(_guide_pattern "$2")
	[[ $text =~ $pattern ]]
}

# A command that only looks may be early: a job needs a moment to start
_guide_looks() {
	case $1 in
	squeue* | sinfo* | 'scontrol show'* | neuron-topo* | cat* | grep*) ;;
	*) return 1 ;;
	esac
}

# The devices of a job that has just ended are not free yet
_guide_settled() {
	[ -z "$(squeue -h -t CG -o %i 2>&1)" ]
}

# End all jobs when a file is still there after two minutes. Nobody kills what
# watches: a child that has just been forked has the traps of this shell
_guide_watch() {
	: >"$1"
	# shellcheck disable=SC2016 # for the other shell
	sh -c 'for second in $(seq 120); do
			sleep 1
			[ -e "$1" ] || exit 0
		done
		exec scancel -u "$2"' sh "$1" "$(id -un)" >/dev/null 2>&1 </dev/null &
}

# WHERE COMMAND WANTED. What waits for a job for ever is ended with the job
_guide_command() {
	local name=$1 command=$2 wanted=$3 want_status=0 status text='' file runs
	local end=$((SECONDS + 15)) out=$CLUSTER_DIR/guide.out
	_guide_commands=$((_guide_commands + 1))
	for file in "${!_guide_files[@]}"; do
		[[ $command != *"$file"* ]] || unset "_guide_files[$file]"
	done
	wanted=${wanted%$'\n'}
	if [[ ${wanted##*$'\n'} =~ $_guide_status ]]; then
		want_status=${BASH_REMATCH[1]}
		wanted=${wanted%"${BASH_REMATCH[0]}"}
		wanted=${wanted%$'\n'}
	fi
	[[ $command != srun* ]] || wait_for -t 10 _guide_settled
	while :; do
		runs=$out.runs.$((++_guide_watched))
		_guide_watch "$runs"
		eval "$command" >"$out" 2>&1 </dev/null
		status=$?
		rm -f "$runs"
		# Whether a job waits a moment is no matter of the guide
		text=$(grep -Ev "$_guide_queued" "$out")
		if [ "$status" -eq "$want_status" ] && { [ -z "$wanted" ] ||
			guide_matches "$text" "$wanted"; }; then
			pass "$name: ${command%%$'\n'*}"
			break
		elif [ $SECONDS -ge $end ] || ! _guide_looks "$command"; then
			fail "$name: ${command%%$'\n'*}"
			diag "exit status $status, wanted $want_status"
			diag "printed:"
			diag "$text"
			diag "the guide says:"
			diag "${wanted:-(anything)}"
			break
		fi
		sleep 0.2
	done
	_guide_pictures "$name"
}

_guide_literal() {
	sed 's/[][\\.*^$+?(){}|/]/\\&/g' <<<"$1"
}

# Names of users differ, all else is the same each time
_guide_pictures() {
	local file name user
	user=$(_guide_literal "$(id -un)")
	for file in "$CLUSTER_DIR"/work/*.svg; do
		[ -e "$file" ] || continue
		name=${file##*/}
		sed -i -e "s/($user, /(user, /" \
			-e "s/>job \([0-9]*\) $user />job \1 user /" "$file"
		if [ -n "${NEURON_UPDATE_PICTURES:-}" ]; then
			mkdir -p "$NEURON_SOURCE_DIR/doc/pictures"
			cp "$file" "$NEURON_SOURCE_DIR/doc/pictures/$name"
		fi
		ok "$1: doc/pictures/$name is this picture" \
			cmp "$file" "$NEURON_SOURCE_DIR/doc/pictures/$name"
		rm -f "$file"
	done
}

# WHERE TEXT
_guide_console() {
	local where=$1 line number=$2 command='' wanted='' at=0 more=''
	while IFS= read -r line; do
		number=$((number + 1))
		if [ -n "$more" ]; then
			command+=$'\n'$line
		elif [[ $line == '$ '* ]]; then
			[ -z "$command" ] ||
				_guide_command "$where:$at" "$command" "$wanted"
			command=${line#\$ } wanted='' at=$number
		else
			wanted+=$line$'\n'
			continue
		fi
		more=''
		[[ $line != *\\ ]] || more=yes
	done <<<"$3"
	if [ -n "$command" ]; then
		_guide_command "$where:$at" "$command" "${wanted%$'\n'}"
	else
		fail "$where:$2: a console without a command"
	fi
}

# WHERE LINE REASON: commands that are not run
_guide_left_out() {
	if [ -n "$3" ]; then
		diag "$1:$2: not run: $3"
	else
		fail "$1:$2: these commands are not run, and no <!-- not run: REASON --> says why"
	fi
}

# WHERE LINE WORDS TEXT REASON
_guide_block() {
	local where=$1 number=$2 reason=$5 kind file
	read -r kind file <<<"$3"
	if [ "$file" = root ] && [ "$(id -u)" -ne 0 ]; then
		skip "$where:$number: $kind" "only root can do this"
		return
	fi
	[ "$kind" != sh ] || _guide_left_out "$where" "$number" "$reason"
	case $kind in
	console)
		if [ -z "$CLUSTER_DIR" ]; then
			fail "$where:$number: a console before there is a cluster"
		else
			_guide_console "$where" "$number" "${4%$'\n'}"
		fi
		;;
	slurm.conf | neuron.conf | topology.conf | gres.conf | cgroup.conf | \
		plugstack.conf) _guide_conf[$kind]+=$4 ;;
	bash | sh) ok "$where:$number: the shell understands it" \
		bash -n <(printf '%s' "$4") ;;&
	bash | python)
		[ -z "$file" ] || printf '%s' "$4" >"$CLUSTER_DIR/work/$file"
		[ -z "$file" ] || chmod 0755 "$CLUSTER_DIR/work/$file"
		if [ -z "$file" ] || [ -n "$reason" ]; then
			_guide_left_out "$where" "$number" "$reason"
		else
			_guide_files[$file]=$number
		fi
		;;
	sh | text | yaml | json | diff) ;;
	*) fail "$where:$number: \`\`\`$3 is not a kind of block" ;;
	esac
}

#
# Clusters
#

# KEY: its value in _guide_conf[slurm.conf]
_guide_keys() {
	sed -n 's/^\([A-Za-z]*\)=.*/\1/p' <<<"$1" |
		grep -vE '^(NodeName|PartitionName)$' | sort -u
}

# Lines of a file as they are on one computer. Slurm's own folder of plugins
# and that of programs are those of the build
_guide_here() {
	sed -e 's/[[:blank:]]*#.*//' -e "s|/usr/sbin/|$NEURON_BUILD_DIR/tools/|g" \
		-e "s|/usr/lib64/slurm/|$NEURON_BUILD_DIR/plugins/.libs/|g" \
		-e "s|/opt/slurm/lib/slurm/|$NEURON_BUILD_DIR/plugins/.libs/|g" \
		-e 's|File=/dev/infiniband/|File=@DEV@/|g' -e 's|File=/dev/|File=@DEV@/|g' \
		-e 's|/dev/infiniband/|@DEV@/|g' -e "s|@DEV@|$CLUSTER_DIR/dev|g" \
		-e 's/\\$//' -e '/^[[:blank:]]*$/d' <<<"${1//\\$'\n'/ }"
}

# All nodes are on this computer, each on a port of its own
_guide_nodes_here() {
	local line name count port=$((CLUSTER_PORT + 1))
	while IFS= read -r line; do
		if [[ $line == NodeName=* && $line != NodeName=DEFAULT* ]]; then
			name=${line%% *}
			name=${name#NodeName=}
			count=$(hostlist "$name" | grep -c .)
			line+=" NodeHostname=localhost NodeAddr=127.0.0.1"
			line+=" Port=[$port-$((port + count - 1))]"
			port=$((port + count))
		fi
		echo "$line"
	done
}

# The machines that neuron.conf names; those of an UltraServer know it
_guide_machines() {
	local line nodes family node server=0 id
	local machines='^NodeName=([^ ]+) +Profile=([^ ]+)'
	local servers='^UltraServerName=[^ ]+ +Nodes=([^ ]+)'
	local -A place=()
	while IFS= read -r line; do
		[[ $line =~ $servers ]] || continue
		server=$((server + 1)) id=0
		for node in $(hostlist "${BASH_REMATCH[1]}"); do
			place[$node]="--server-id $(printf '%016x' $((server * 256))) --node-id $id"
			id=$((id + 1))
		done
	done <<<"$1"
	while IFS= read -r line; do
		[[ $line =~ $machines ]] || continue
		nodes=${BASH_REMATCH[1]} family=${BASH_REMATCH[2]}
		for node in $(hostlist "$nodes"); do
			_node_list+=("$node")
			echo "$node $family" >>"$CLUSTER_DIR/run/families"
			_guide_machine "$node" "$family" "${place[$node]:-}"
		done
	done <<<"$1"
}

# NODE FAMILY WHERE
_guide_machine() {
	if [ -z "$3" ]; then
		_simulate "$2" "$CLUSTER_DIR/machines/$1"
		return
	fi
	# shellcheck disable=SC2086 # options
	"$NEURON_BUILD_DIR/testsuite/simroot" $3 "$(_profile "$2")" \
		"$CLUSTER_DIR/machines/$1" >"$CLUSTER_DIR/log/simroot" 2>&1 ||
		bail "simroot $2 failed" "$(<"$CLUSTER_DIR/log/simroot")"
}

# What a user has in front of him: programs, job.sh, an empty directory
_guide_desk() {
	local dir=$CLUSTER_DIR/work
	mkdir -p "$dir" "$CLUSTER_DIR/bin"
	ln -sf "$NEURON_BUILD_DIR"/tools/neuron-ringcheck "$CLUSTER_DIR/bin/"
	# A simulated machine is a directory; its programs see it as /
	cat >"$CLUSTER_DIR/bin/neuron-topo" <<-END
		#!/bin/bash
		profiles=(--profile-dir $(dirname "$(_profile trn2u.48xlarge)"))
		case \$1 in
		probe) profiles+=(--root "$CLUSTER_DIR/machines/\$SLURMD_NODENAME") ;;
		generate) ;;
		sizes) [ "\${2:-}" = --all ] || profiles=() ;;
		*) profiles=() ;;
		esac
		exec $NEURON_BUILD_DIR/tools/neuron-topo "\$1" "\${profiles[@]}" "\${@:2}"
	END
	# In place of a training program: says what it was told, as the guides
	# do. A server runs until there are three, since a step that has ended
	# leaves its devices to the next
	cat >"$CLUSTER_DIR/bin/python" <<-'END'
		#!/bin/bash
		serving() {
			local files=(serving.*)
			[ ${#files[@]} -ge 3 ] || [ $SECONDS -ge 60 ]
		}
		if [ "$1" = serve.py ]; then
			: >"serving.$SLURM_STEP_ID"
			until serving; do sleep 0.1; done
		fi
		echo "rank $RANK of $WORLD_SIZE on $SLURMD_NODENAME:" \
			"$NEURON_RT_NUM_CORES cores $NEURON_RT_VISIBLE_CORES"
	END
	# In place of torchrun: starts a process for each core, as that does
	cat >"$CLUSTER_DIR/bin/torchrun" <<-'END'
		#!/bin/bash
		while [[ $1 == --* ]]; do
			eval "${1#--}=$2"
			shift 2
		done
		IFS=, read -ra cores <<<"$NEURON_RT_VISIBLE_CORES"
		for ((i = 0; i < nproc_per_node; i++)); do
			((i > 0 && i < nproc_per_node - 1)) ||
				echo "process $((node_rank * nproc_per_node + i)) of" \
					"$((nnodes * nproc_per_node)) on $SLURMD_NODENAME:" \
					"core ${cores[i]}, meets at $master_addr"
		done
	END
	chmod 0755 "$CLUSTER_DIR"/bin/{neuron-topo,python,torchrun}
	cp "$CLUSTER_DIR/gate.sh" "$dir/job.sh"
	cd "$dir" || bail "no directory for commands"
	PATH=$CLUSTER_DIR/bin:$_guide_path
}

# The name of the file is told to users by Slurm's own messages
_guide_write() {
	local stock=$NEURON_SLURM_PLUGINDIR slurm key device
	slurm=$(_guide_here "${_guide_conf[slurm.conf]}")
	{
		_host_conf "$CLUSTER_PORT"
		_auth_conf
		echo "PluginDir=$NEURON_BUILD_DIR/plugins/.libs:$stock"
		echo DebugFlags=NO_CONF_HASH
		_common_conf | sed 's/^MinJobAge=.*/MinJobAge=5/'
	} | sed '/=$/d' >"$SLURM_CONF"
	for key in $(_guide_keys "$slurm"); do
		sed -i "/^$key=/Id" "$SLURM_CONF"
	done
	_guide_nodes_here <<<"$slurm" >>"$SLURM_CONF"
	for key in topology gres plugstack; do
		_guide_here "${_guide_conf[$key.conf]:-}" >"$CLUSTER_DIR/etc/$key.conf"
	done
	for device in {0..15}; do
		: >"$CLUSTER_DIR/dev/neuron$device"
		: >"$CLUSTER_DIR/dev/uverbs$device"
	done
	{
		_guide_here "${_guide_conf[neuron.conf]}"
		echo "ProfileDir=$(dirname "$(_profile trn2u.48xlarge)")"
		echo "Root=$CLUSTER_DIR/machines/%n"
		echo "RuntimeDir=$CLUSTER_DIR/run/slurm-neuron/%n"
		[[ ${_guide_conf[neuron.conf]} == *RootPorts=* ]] || _root_ports
	} >"$CLUSTER_DIR/etc/neuron.conf"
	# Where nobody has made cgroups for tests, slurmd must not look for them
	printf '%s\nCgroupPlugin=disabled\n' \
		"$(_guide_here "${_guide_conf[cgroup.conf]:-}")" \
		>"$CLUSTER_DIR/etc/cgroup.conf"
}

# Each line of the guide is what slurmctld says it runs with
_guide_told() {
	local where=$1 said key value
	said=$(scontrol show config) || return
	_guide_here "${_guide_conf[slurm.conf]:-}" >"$CLUSTER_DIR/guide.lines"
	_guide_here "${_guide_conf[cgroup.conf]:-}" >>"$CLUSTER_DIR/guide.lines"
	while IFS='=' read -r key value; do
		[[ -z $key || $key == *Name || $key == [Ii]nclude* ]] ||
			is "$(_guide_list "$(_guide_said "$key" <<<"$said")")" \
				"$(_guide_list "$value")" "$where: slurmctld has $key"
	done <"$CLUSTER_DIR/guide.lines"
}

# KEY: its value in what scontrol says
_guide_said() {
	sed -n "s/^$1\(\[[0-9]*\]\)\? *= //Ip"
}

# The words of a list, in any order and case
_guide_list() {
	tr ',[:upper:]' '\n[:lower:]' <<<"$1" | sort | paste -sd,
}

# Start slurmd with what a test cannot have taken out: cgroups need root and
# are tested elsewhere
_guide_slurmds() {
	local whole
	whole=$(<"$SLURM_CONF")
	sed -i -e 's/^ProctrackType=.*/ProctrackType=proctrack\/linuxproc/' \
		-e 's/^TaskPlugin=.*/TaskPlugin=task\/none/' "$SLURM_CONF"
	sed -i '/^Constrain/d' "$CLUSTER_DIR/etc/cgroup.conf"
	slurmd_start "${_node_list[@]}"
	wait_for -t 60 _all_idle || diag "$(sinfo -N -h -o '%N %T %E')" "$(cluster_log)"
	echo "$whole" >"$SLURM_CONF"
	_guide_here "${_guide_conf[cgroup.conf]:-}" >>"$CLUSTER_DIR/etc/cgroup.conf"
	_all_idle
}

# WHERE WORDS
_guide_cluster() {
	local where=$1 words=" $2 " whole
	cd / || exit 99
	cluster_new neuron
	_auth_choose
	_guide_machines "$(_guide_here "${_guide_conf[neuron.conf]}")"
	CLUSTER_PORT=$(_free_ports $((${#_node_list[@]} + 1))) || bail "no free ports"
	_guide_write
	_write_gate
	_munged_start
	whole=$(<"$SLURM_CONF")
	[[ $words != *" stock "* ]] ||
		sed -i "s|^PluginDir=.*|PluginDir=$NEURON_SLURM_PLUGINDIR|" "$SLURM_CONF"
	ctld_start || bail "$where: slurmctld does not start" "$(cluster_log)"
	pass "$where: slurmctld starts"
	echo "$whole" >"$SLURM_CONF"
	_guide_told "$where"
	[[ $words == *" cloud "* ]] || ok "$where: all nodes are idle" _guide_slurmds
	_guide_desk
	_guide_conf=()
}

_guide_demo() {
	cd / || exit 99
	cluster_new neuron
	cluster_nodes 'trn[1-8]' trn2u.48xlarge
	cluster_switch leaf1 'trn[1-4]'
	cluster_switch leaf2 'trn[5-8]'
	cluster_switch spine 'leaf[1-2]'
	cluster_ultraserver us1 'trn[1-4]'
	cluster_ultraserver us2 'trn[5-8]'
	cluster_start
	_guide_desk
}

# WHERE
_guide_change() {
	local where=$1 line key
	while IFS= read -r line; do
		key=${line#\#}
		key=${key%%=*}
		[[ $key == NodeName ]] ||
			sed -i "/^$key=/Id" "$SLURM_CONF"
		[[ $key != NodeName ]] ||
			sed -i '/^NodeName=/d' "$SLURM_CONF"
		[[ $line == \#* ]] || _guide_nodes_here <<<"$line" >>"$SLURM_CONF"
	done <<<"${_guide_conf[slurm.conf]%$'\n'}"
	if [[ -n ${_guide_conf[plugstack.conf]:-} ]]; then
		_guide_here "${_guide_conf[plugstack.conf]}" >"$CLUSTER_DIR/etc/plugstack.conf"
	fi
	_reap TERM "${_slurmd_pids[@]:-}"
	_slurmd_pids=()
	ctld_stop
	ctld_start ||
		bail "$where: slurmctld does not start again" "$(cluster_log)"
	pass "$where: slurmctld takes the change"
	_guide_told "$where"
	ok "$where: all nodes are idle after it" _guide_slurmds
	_guide_conf=()
}

_guide_build() {
	cluster_new neuron
	unset MAKEFLAGS MFLAGS MAKELEVEL
	export DESTDIR=$CLUSTER_DIR/installed
	cd "$NEURON_BUILD_DIR" || bail "no build tree"
}

# WHERE
_guide_installed() {
	local file
	for file in {topology,select,switch,gres,job_submit,spank}_neuron.so \
		gres_efa.so neuron-topo neuron-ringcheck neuron-prolog \
		neuron-epilog trn2u.48xlarge.json neuron.conf.example; do
		ok "$1: $file is installed" \
			grep -q . <(find "$DESTDIR" -name "$file" -type f)
	done
	unset DESTDIR
}

# WHERE WORDS
_guide_directive() {
	local word rest
	read -r word rest <<<"$2"
	case $word in
	demo) _guide_demo ;;
	cluster) _guide_cluster "$1" "$rest" ;;
	change) _guide_change "$1" ;;
	build) _guide_build ;;
	installed) _guide_installed "$1" ;;
	release)
		cancel_all
		ok "$1: all jobs have ended" wait_idle
		;;
	*) fail "$1: there is no <!-- test: $word -->" ;;
	esac
}

# FILE: run all of it; leaves the directory and the cluster of the guide
run_guide() {
	local lines line words='' text='' number=0 start=0 inside='' before='' reason=''
	local file
	: "${_guide_path:=$PATH}"
	_guide_name=${1##*/} _guide_commands=0 _guide_conf=() _guide_files=()
	mapfile -t lines <"$1" || bail "cannot read $1"
	for line in "${lines[@]}"; do
		number=$((number + 1))
		if [ -n "$inside" ] && [ "$line" = '```' ]; then
			inside=''
			_guide_block "$_guide_name" "$start" "$words" "$text" "$reason"
			reason=''
		elif [ -n "$inside" ]; then
			text+=$line$'\n'
		elif [[ $line == '```'* ]]; then
			inside=yes words=${line#'```'} text='' start=$number
		elif [[ $line =~ $_guide_not_run ]]; then
			reason=${BASH_REMATCH[1]}
		elif [[ $line =~ $_guide_comment ]]; then
			_guide_directive "$_guide_name:$number" "${BASH_REMATCH[1]}"
		elif [[ -z $before && $line == '    '[^\ ]* ]]; then
			_guide_left_out "$_guide_name" "$number" "$reason"
			reason=''
		fi
		[[ $line == '<!--'* ]] || before=$line
	done
	for file in "${!_guide_files[@]}"; do
		fail "$_guide_name:${_guide_files[$file]}: no command runs $file"
	done
	[ -z "$inside" ] || fail "$_guide_name:$start: the block has no end"
	ok "$_guide_name: commands were run" test "$_guide_commands" -gt 0
	cd / || exit 99
	cluster_stop
	PATH=$_guide_path
}
