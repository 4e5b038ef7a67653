#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-topo generate and check: from probes of simulated machines of every
# family to files with which a real Slurm runs a job, and back; then each way
# to break the files is named.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # functions that ok() calls
. "$(dirname "$0")/cluster.sh"

topo=$NEURON_BUILD_DIR/tools/neuron-topo
profiles=$NEURON_SOURCE_DIR/etc/profiles

cluster_new neuron
in=$CLUSTER_DIR/in
out=$CLUSTER_DIR/generated
mkdir "$in"

# machine NODE FAMILY [OPTION...]: a simulated machine
machine() {
	local node=$1 family=$2
	shift 2
	rm -rf "${CLUSTER_DIR:?}/machines/$node"
	echo "$node $family" >>"$CLUSTER_DIR/run/families"
	"$NEURON_BUILD_DIR/testsuite/simroot" "$@" \
		"$profiles/$family.json" "$CLUSTER_DIR/machines/$node"
}

# probe NODE [OPTION...]
probe() {
	local node=$1
	shift
	"$topo" probe --json --root "$CLUSTER_DIR/machines/$node" \
		--profile-dir "$profiles" --node "$node" "$@"
}

generate() {
	"$topo" --config "$CLUSTER_DIR/etc/neuron.conf" generate \
		--profile-dir "$profiles" "$@"
}

# The machines: an UltraServer whose ring is not in order of name, a trn2u whose
# companions are missing, and one machine of each other family
server=00c5f3a1b2d40e17
ids=(0 3 1 2)
for i in 0 1 2 3; do
	ok "trn$((i + 1)): a machine" machine "trn$((i + 1))" trn2u.48xlarge \
		--server-id $server --node-id "${ids[i]}" --instance-id "i-0a$i"
	probe "trn$((i + 1))" >"$in/trn$((i + 1))"
done
machine single trn2u.48xlarge --instance-id i-0b
probe single >"$in/single"
families=(trn2u.48xlarge)
others=()
for path in "$profiles"/*.json; do
	family=$(basename "$path" .json)
	[ "$family" != trn2u.48xlarge ] || continue
	node=${family//./-}
	families+=("$family")
	others+=("$node")
	ok "$family: a machine" machine "$node" "$family" \
		--instance-id "i-1${#others[@]}"
	probe "$node" --profile "$family" >"$in/$node"
	is $? 0 "$family: it is what its profile says"
done
is "${#families[@]}" 13 "all families are here"

# What EC2 tells: UltraServers below a leaf of their own, the rest below another
instance() { # ID TYPE TOP MIDDLE LEAF BLOCK
	printf '{"InstanceId":"%s","InstanceType":"%s",' "$1" "$2"
	printf '"NetworkNodes":["%s","%s","%s"],' "$3" "$4" "$5"
	printf '"AvailabilityZone":"us-west-2d","CapacityBlockId":%s}' "$6"
}
type_of() { # NODE
	sed -n 's/.*"instance_type": "\(.*\)",/\1/p' "$in/$1"
}
{
	echo '{"Instances":['
	for i in 0 1 2 3; do
		instance "i-0a$i" trn2u.48xlarge nn-a1 nn-b1 nn-c1 '"cb-1"'
		echo ,
	done
	instance i-0b trn2u.48xlarge nn-a1 nn-b1 nn-c2 null
	echo '],"NextToken":"x"}'
} >"$in/page1"
{
	echo '{"Instances":['
	for i in "${!others[@]}"; do
		instance "i-1$((i + 1))" "$(type_of "${others[i]}")" \
			nn-a2 nn-b2 "nn-c$((3 + i % 2))" null
		echo ,
	done
	instance i-elsewhere m5.large nn-a1 nn-b1 nn-c9 null
	echo ']}'
} >"$in/page2"
# JSON takes no comma behind the last
for page in page1 page2; do
	tr -d '\n' <"$in/$page" | sed 's/,\]/]/' >"$in/$page.json"
done

probes=("$in"/trn? "$in/single")
for node in "${others[@]}"; do
	probes+=("$in/$node")
done
cat >"$CLUSTER_DIR/etc/neuron.conf" <<END
# of this site
ProfileDir=$profiles
Root=$CLUSTER_DIR/machines/%n
ShapeWait=1:00:00
NodeName=gone Profile=trn1.32xlarge
END
printf 'Name=neuron Type=trn2 File=/dev/neuron[0-15]\nName=gpu File=/dev/zero\n' \
	>"$CLUSTER_DIR/etc/gres.conf"
text=$(generate --ec2 "$in/page1.json" --ec2 "$in/page2.json" \
	"${probes[@]}" 2>"$in/warnings")
is $? 0 "generate from probes and EC2"
warnings=$(<"$in/warnings")
like "$text" '^UltraServerName=us-trn1 Nodes=trn\[1,3-4,2\]$' \
	"an UltraServer in the order of its ring"
unlike "$text" '^UltraServerName=.*single' "and none for a single instance"
like "$warnings" '^neuron-topo generate: warning: single,trn3.*: neither the driver nor EC2' \
	"which a warning tells"
like "$warnings" '1 of 18 instances that EC2 tells of' "as it tells of strangers"
like "$text" '^SwitchName=nn-c1 Nodes=trn\[1-4\]$' "its leaf switch"
like "$text" '^SwitchName=us-west-2d Switches=nn-a\[1-2\]$' \
	"the zone joins what EC2 leaves apart"
like "$text" '^SwitchType=switch/neuron$' "the plugin for steps is named"
like "$text" '^ShapeWait=1:00:00$' "what the site wrote stays"
unlike "$text" 'gone' "nodes that are gone do not"
like "$text" '^Name=gpu File=/dev/zero$' "gres.conf keeps what is not ours"
unlike "$text" '^Name=neuron' "and nothing that contradicts slurmd"
like "$text" '^PartitionName=neuron Nodes=.* ExclusiveUser=YES$' "a partition"
is "$(generate --ec2 "$in/page2.json" --ec2 "$in/page1.json" \
	"$in/single" "${others[@]/#/$in/}" "$in"/trn? 2>/dev/null)" "$text" \
	"the same in whatever order machines are told"
for family in "${families[@]}"; do
	like "$text" "^NodeName=.* Profile=$family\$" "$family: a line of neuron.conf"
done

ok "files are written" generate --output "$out" --ec2 "$in/page1.json" \
	--ec2 "$in/page2.json" "${probes[@]}"
for file in neuron.conf topology.conf slurm-neuron.conf gres.conf; do
	ok "$file" test -s "$out/$file"
done
ok "a diff of the same shows nothing" generate --diff "$out" \
	--ec2 "$in/page1.json" --ec2 "$in/page2.json" "${probes[@]}"
diff=$(generate --diff "$CLUSTER_DIR/etc" --ec2 "$in/page1.json" \
	--ec2 "$in/page2.json" "${probes[@]}" 2>/dev/null)
is $? 3 "a diff of other files says that they differ"
like "$diff" '^-NodeName=gone Profile=trn1.32xlarge$' "with the line that goes"
like "$diff" '^\+UltraServerName=us-trn1' "and the line that comes"

#
# A real Slurm with these files
#
_plugins_conf() {
	echo "PluginDir=$NEURON_BUILD_DIR/plugins/.libs:$NEURON_SLURM_PLUGINDIR"
	grep -Ev '^(#|$|NodeName=|PartitionName=)' "$out/slurm-neuron.conf"
}
_write_neuron_conf() {
	cp "$out/neuron.conf" "$CLUSTER_DIR/etc/"
}
# Where all slurmds are on this machine a node needs an address
_one_machine() {
	local line nodes node ports
	while read -r line; do
		nodes=${line#NodeName=}
		nodes=${nodes%% *}
		ports=
		for node in $(hostlist "$nodes"); do
			_node_list+=("$node")
			ports+="${ports:+,}@PORT${#_node_list[@]}@"
		done
		_nodes_conf+="$line NodeHostname=localhost"
		_nodes_conf+=" NodeAddr=127.0.0.1 Port=[$ports]"$'\n'
	done < <(grep '^NodeName=' "$out/slurm-neuron.conf")
}
_common_conf_of_all=$(declare -f _common_conf)
eval "${_common_conf_of_all/_common_conf/_common_conf_all}"
_common_conf() {
	_common_conf_all | grep -v '^SelectTypeParameters='
}
_one_machine
_partitions="$(grep '^PartitionName=' "$out/slurm-neuron.conf") Default=YES"$'\n'
_topology_conf=$(<"$out/topology.conf")$'\n'
cp "$out/gres.conf" "$CLUSTER_DIR/etc/"
sed -i /gpu/d "$CLUSTER_DIR/etc/gres.conf"
cluster_start
pass "slurmctld and $((5 + ${#others[@]})) slurmds start with these files"
ok "a job runs on an UltraServer" srun -N4 --gres=neuron:16 \
	--nodelist='trn[1-4]' true
job=$(grant -N2 --gres=neuron:trn2:4)
judged "a job on two nodes" "$job"
cancel "$job"
# shellcheck disable=SC2016 # for the shells of the job
srun -N "$((5 + ${#others[@]}))" --label sh -c \
	'f=; case $SLURMD_NODENAME in trn[1-4] | single) ;;
	*) f="--profile $(echo $SLURMD_NODENAME | sed "s/-\([0-9]*xl\)/.\1/")";;
	esac
	exec "$1" probe --json --root "$2/$SLURMD_NODENAME" --profile-dir "$3" $f' \
	sh "$topo" "$CLUSTER_DIR/machines" "$profiles" >"$in/labelled"
is $? 0 "all nodes are probed in one step"
text=$(generate --diff "$out" --ec2 "$in/page1.json" --ec2 "$in/page2.json" \
	"$in/labelled" 2>&1)
is $? 0 "from its labelled output the same is generated"

#
# check
#
check() {
	"$topo" --config "${etc:-$CLUSTER_DIR/etc}/neuron.conf" check \
		--profile-dir "$profiles" "$@"
}
etc=$CLUSTER_DIR/etc
said=$(check --probes "$in/labelled" 2>&1)
is $? 0 "check: files, slurmctld and machines are good"
like "$said" '^0 errors' "check says so"
unlike "$said" 'error:|exclusive-user' "and finds no error"
check --offline --strict >/dev/null
is $? 3 "with --strict warnings count"
like "$(check --offline --json)" '"format": "neuron-topo-check-1"' \
	"check --json has a format"
like "$(check --offline --json | tr -d ' \n')" '"errors":0,"warnings":1,' \
	"and numbers"

bad=$CLUSTER_DIR/bad
first=$(grep -m1 -n '^NodeName=' "$etc/neuron.conf" | cut -d: -f1)

# FILE|SED, or a command with ">"|ID|WHERE|WHAT
rows=(
	"neuron.conf|s/Profile=trn2.48xlarge/Profile=trn2.49xlarge/|neuron-conf|neuron.conf|no such profile"
	"neuron.conf|s/^ShapeWait/ShapeWeight/|neuron-conf|neuron.conf|no such key"
	"neuron.conf|${first}s/^/NodeName=other Profile=trn1.32xlarge\\n/|node-unknown|neuron.conf:$first|NodeName=other: slurm.conf has no such node"
	"neuron.conf|/Profile=trn1.32xlarge/d|node-not-described|slurm.conf:[0-9]+|NodeName=trn1-32xlarge Gres=neuron:trn1:16,efa:8"
	"neuron.conf|s/Nodes=trn\[1,3-4,2\]/Nodes=trn[1,3-4],single/|ultraserver|neuron.conf:[0-9]+|leaf"
	"slurm.conf|s/neuron:trn2:16,efa:16/neuron:trn2:8,efa:16/|gres|slurm.conf:[0-9]+|has Gres=neuron:trn2:16,efa:16"
	"slurm.conf|s/neuron:trn1:16,efa:8/neuron:trn1:16,efa:16/|gres|slurm.conf:[0-9]+|has Gres=neuron:trn1:16,efa:8"
	"slurm.conf|s/neuron:inf2:6/neuron:inf1:6/|gres|slurm.conf:[0-9]+|has Gres=neuron:inf2:6"
	"slurm.conf|s/Gres=neuron:inf2:12//|gres|slurm.conf:[0-9]+|Gres=.none.: a inf2.48xlarge has"
	"slurm.conf|s/^GresTypes=.*/GresTypes=efa,neuron/|gres-types-order|slurm.conf:[0-9]+|neuron must stand before efa"
	"slurm.conf|s/^GresTypes=.*/GresTypes=gpu/|gres-types|slurm.conf:[0-9]+|neuron is missing"
	"slurm.conf|s/^SelectType=.*/SelectType=select\\/cons_tres/|select-type|slurm.conf:[0-9]+|it must be select/neuron"
	"slurm.conf|/^TopologyPlugin=/d|topology-plugin|slurm.conf|it must be topology/neuron"
	"slurm.conf|\$s/^/TopologyParam=neuron_base=ring\\n/|topology-param|slurm.conf:[0-9]+|tree, block or flat"
	"slurm.conf|s/^JobSubmitPlugins=.*/JobSubmitPlugins=lua/|job-submit|slurm.conf:[0-9]+|neuron is missing"
	"slurm.conf|s/CPUs=128 Sockets=2/CPUs=96 Sockets=2/|cpus|slurm.conf:[0-9]+|96 CPUs; a trn1"
	"slurm.conf|s/ ExclusiveUser=YES//|exclusive-user|slurm.conf:[0-9]+|several users can share"
	"slurm.conf|\$s/^/NodeName=trn3\\n/|node-twice|slurm.conf:[0-9]+|stands at"
	"slurm.conf|\$s/^/GresTypes=neuron,efa\\n/|key-twice|slurm.conf:[0-9]+|set at"
	"slurm.conf|\$s/^/what is this\\n/|slurm-conf|slurm.conf|not Key=Value"
	"slurm.conf|s/^PluginDir=.*/PluginDir=\\/nonexistent/|plugin-missing|slurm.conf|topology_neuron.so is not there"
	"topology.conf|s/Nodes=trn\[1-4\]/Nodes=trn[1-3]/|node-no-switch|topology.conf|trn4: no switch has it"
	"topology.conf|s/Nodes=trn\[1-4\]/Nodes=trn[1-5]/|topology-conf|topology.conf|trn5"
	"gres.conf|\$s/\$/\\nName=neuron Type=trn2 File=\\/dev\\/neuron0/|gres-conf-file|gres.conf:[0-9]+|remove the line"
	"gres.conf|\$s/\$/\\nName=neuron Type=trn2 Links=-1,1/|gres-conf-links|gres.conf:[0-9]+|remove the line"
	"gres.conf|\$s/\$/\\nNodeName=trn1 AutoDetect=nrt/|gres-conf-auto|gres.conf:[0-9]+|shows the devices as gpu"
)
for row in "${rows[@]}"; do
	IFS='|' read -r file edit id where what <<<"$row"
	rm -rf "$bad"
	cp -r "$etc" "$bad"
	sed -i "$edit" "$bad/$file"
	# shellcheck disable=SC2016
	ok "$id: $edit changes $file" eval '! cmp -s "$etc/$file" "$bad/$file"'
	said=$(etc=$bad check --offline --strict 2>&1)
	is $? 3 "$id: the status says so"
	like "$said" "$where.*$what.*\[$id\]\$" "$id: named with its place"
done

rm -rf "$bad"
cp -r "$etc" "$bad"
cat >"$bad/topology.yaml" <<END
- topology: fabric
  cluster_default: true
  tree:
    switches:
      - switch: leaf1
        nodes: trn[1-4]
END
said=$(etc=$bad check --offline)
is $? 3 "topology.yaml: the status says so"
like "$said" 'topology.yaml: error: .*\[topology-yaml\]' "it is named"
like "$said" '^    SwitchName=leaf1 Nodes=trn\[1-4\]$' "with what topology.conf must be"
text=$(generate --topograph "$bad/topology.yaml" "${probes[@]}" 2>/dev/null)
is $? 0 "generate takes the network from it"
like "$text" '^SwitchName=leaf1 Nodes=trn\[1-4\]$' "and writes topology.conf"

# A plugin that was built for another release
if command -v cc >/dev/null; then
	mkdir "$CLUSTER_DIR/plugins"
	ln -s "$NEURON_BUILD_DIR"/plugins/.libs/*.so "$CLUSTER_DIR/plugins/"
	rm "$CLUSTER_DIR/plugins/gres_efa.so"
	echo 'const unsigned int plugin_version = 0x170b0a;' >"$in/old.c"
	ok "a plugin of Slurm 23.11.10" cc -shared -fPIC -o \
		"$CLUSTER_DIR/plugins/gres_efa.so" "$in/old.c"
	rm -rf "$bad"
	cp -r "$etc" "$bad"
	sed -i "s|^PluginDir=[^:]*|PluginDir=$CLUSTER_DIR/plugins|" "$bad/slurm.conf"
	said=$(etc=$bad check --offline)
	is $? 3 "its release is wrong: the status says so"
	like "$said" 'gres_efa.so: error: built for Slurm 23.11.10, but Slurm here is .*\[plugin-version\]' \
		"it is named"
	is "$(grep -c 'plugin-version' <<<"$said")" 1 "and no other plugin is"
else
	skip "a plugin of another release" "there is no cc"
fi

# slurmctld runs with something else than the files say
cp "$etc/slurm.conf" "$CLUSTER_DIR/slurm.conf.good"
sed -i 's/^GresTypes=.*/GresTypes=neuron,efa,gpu/; s/ ExclusiveUser=YES//' \
	"$etc/slurm.conf"
said=$(check)
is $? 3 "slurmctld runs with another file: the status says so"
like "$said" 'GresTypes=neuron,efa,gpu: slurmctld runs with neuron,efa;.*\[running\]' \
	"it is named"
cp "$CLUSTER_DIR/slurm.conf.good" "$etc/slurm.conf"
scontrol update nodename=trn1 gres= >/dev/null 2>&1
ok "slurmctld has another Gres of a node" \
	eval '! scontrol show node trn1 | grep -q "Gres=neuron:trn2:16"'
said=$(check)
is $? 3 "another Gres in slurmctld: the status says so"
like "$said" 'trn1: slurmctld has Gres=.*\[running-gres\]' "it is named"

# A slurmd that finds fewer devices than slurm.conf says
machine trn2 trn2u.48xlarge --server-id $server --node-id 3 \
	--instance-id i-0a1 --break no-device=5
slurmd_restart trn2
ok "a node with a device less is not used" wait_for -t 30 eval \
	'sinfo -N -h -n trn2 -o %T | grep -Eq "inval|drain"'
said=$(check)
like "$said" 'trn2: slurmctld does not use it.*\[running-node\]' "check names it"

# Machines that are not what the files say
said=$(probe trn2 | check --offline --probes -)
like "$said" 'neuron.conf:[0-9]+: error: trn2: the machine has 15 devices.*\[machine-devices\]' \
	"a machine with a device less"
like "$said" 'trn2: .*neuron5.*\[machine-differs\]' "and what differs"
machine trn3 trn1.32xlarge
said=$(probe trn3 | check --offline --probes -)
like "$said" 'trn3: Profile=trn2u.48xlarge; the machine is a trn1.32xlarge \[machine-profile\]' \
	"a machine of another family"
like "$said" '^    NodeName=trn3 Profile=trn1.32xlarge$' "and the line as it should be"
machine trn3 trn2u.48xlarge --lnc 1
said=$(probe trn3 | check --offline --probes -)
like "$said" 'trn3: Lnc=2; the machine has 1 \[machine-lnc\]' "a machine with another LNC"
machine new trn1.32xlarge
said=$(probe new | check --offline --probes -)
like "$said" 'new: the machine has Neuron devices.*\[machine-not-described\]' \
	"a machine that no line names"
for i in 0 1 2 3; do
	machine "trn$((i + 1))" trn2u.48xlarge --server-id $server --node-id "$i"
	probe "trn$((i + 1))"
done >"$in/reordered"
said=$(check --offline --probes "$in/reordered")
is $? 3 "another ring: the status says so"
like "$said" 'neuron.conf:[0-9]+: error: UltraServerName=us-trn1: its machines are joined otherwise' \
	"it is named"
like "$said" '^    UltraServerName=us-trn1 Nodes=trn\[1-4\]$' "with the right line"

# Sources that contradict each other, and bad input
refused() { # STATUS-TEXT WHAT ARGS...
	local what=$1 name=$2 said
	shift 2
	said=$(generate "$@" 2>&1 >/dev/null)
	is $? 1 "$name is refused"
	like "$said" "$what" "$name: with the reason"
}
machine twin trn2u.48xlarge --server-id $server --node-id 0
probe twin >"$in/twin"
refused '5 nodes, among them trn1 and twin, have server_id_4' \
	"a machine too many" "$in/reordered" "$in/twin"
refused 'trn1 and twin both say that they are instance 0 of server_id_4' \
	"two machines with one number" "$in"/trn[123] "$in/twin"
sed 's/"cb-1"/"cb-2"/' "$in/page1.json" >"$in/blocks"
refused 'in the capacity blocks cb-[12] and cb-[12]' \
	"an UltraServer of two capacity blocks" --ec2 "$in/blocks" "$in"/trn?
sed 's/nn-c1/nn-c7/' "$in/page1.json" >"$in/leaves"
refused 'are below the switches nn-c[17] and nn-c[17]' \
	"an UltraServer below two leaves" --ec2 "$in/leaves" "$in"/trn?
sed 's/trn2u.48xlarge/trn2.48xlarge/' "$in/page1.json" >"$in/types"
refused 'is a trn2.48xlarge, but node trn1' "another instance type" \
	--ec2 "$in/types" "$in"/trn?
refused 'trn1 was reported at' "a node that is probed twice" "$in/trn1" "$in/trn1"
sed 's/"node": "trn1"/"node": "trn1 State=DOWN"/' "$in/trn1" >"$in/hostile"
refused 'no name of a node' "a name that breaks slurm.conf" "$in/hostile"
paste -d '\n' "$in/trn1" "$in/trn2" >"$in/mixed"
refused 'srun --label' "output that several tasks wrote at once" "$in/mixed"
printf 'trn1 i-0a1\n' >"$in/map"
refused 'trn1 is i-0a1, but .* says that it is i-0a0' "a map that contradicts" \
	--map "$in/map" "$in/trn1"
refused 'no such file|No such file' "a file that is not there" "$in/none"
refused 'no node has Neuron devices' "nothing at all" /dev/null
for arguments in 'generate' 'generate --nonsense x' 'check more' 'check --nonsense'; do
	# shellcheck disable=SC2086
	said=$("$topo" $arguments 2>&1)
	is $? 2 "\"neuron-topo $arguments\" is wrong usage"
	like "$said" 'Usage: neuron-topo' "and shows the right one"
done
finish
