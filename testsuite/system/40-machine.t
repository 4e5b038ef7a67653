#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neuron-topo probe and record: what a machine has, what differs from its
# profile, and an archive in which the same is found again.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # functions that ok() calls
. "$(dirname "$0")/cluster.sh"

topo=$NEURON_BUILD_DIR/tools/neuron-topo
profiles=$NEURON_SOURCE_DIR/etc/profiles
dir=$(mktemp -d) || bail "no directory for the machines"
trap 'rm -rf "$dir"' EXIT

# make NAME FAMILY [BREAK...]: a machine in $dir/NAME
make() {
	local name=$1 family=$2 breaks=()
	shift 2
	[ "$family" != trn2u.48xlarge ] ||
		breaks+=(--server-id 00c5f3a1b2d40e17 --node-id 1)
	while [ $# -gt 0 ]; do
		breaks+=(--break "$1")
		shift
	done
	rm -rf "${dir:?}/$name"
	"$NEURON_BUILD_DIR/testsuite/simroot" "${breaks[@]}" \
		"$profiles/$family.json" "$dir/$name"
}

probe() { # NAME ARGS...
	local name=$1
	shift
	"$topo" probe --root "$dir/$name" --profile-dir "$profiles" --node x "$@"
}

# The same machine is found in the archive of a machine
again() { # NAME
	rm -rf "$dir/archive.tar" "$dir/copy"
	mkdir "$dir/copy" &&
		"$topo" record --root "$dir/$1" "$dir/archive.tar" &&
		tar -xf "$dir/archive.tar" -C "$dir/copy" || return 1
	probe "$1" --json ${2:+--profile "$2"} >"$dir/before"
	probe copy --json ${2:+--profile "$2"} >"$dir/after"
	# Whether a node is a character device is lost on purpose
	diff "$dir/before" "$dir/after"
}

for path in "$profiles"/*.json; do
	family=$(basename "$path" .json)
	ok "$family: a machine" make sound "$family"
	ok "$family: it is what its profile says" probe sound --profile "$family"
	ok "$family: the same in its archive" again sound "$family"
done

# Machines whose class is links into the tree of devices, as sysfs has it
ok "a machine with links" make linked trn2u.48xlarge
class=$dir/linked/sys/class
mkdir -p "$dir/linked/sys/elsewhere"
for name in infiniband infiniband_verbs; do
	mv "$class/$name" "$dir/linked/sys/elsewhere/" &&
		ln -s "../elsewhere/$name" "$class/$name"
done
ok "links: it is what its profile says" probe linked
ok "links: the same in its archive" again linked

# BREAK|STATUS|what probe says
rows=(
	'no-device=5|3|neuron5 is missing'
	'no-efa=3|3|0000:ca:00.0'
	'link=0-1|3|neuron0: connected_devices'
	'wrong-cores|3|core_count is 9'
	'wrong-numa=2|3|efa2: NUMA'
	'extra-device|3|neuron16 is there'
)
for row in "${rows[@]}"; do
	IFS='|' read -r break status said <<<"$row"
	ok "$break: a machine" make broken trn2u.48xlarge "$break"
	out=$(probe broken 2>&1)
	is $? "$status" "$break: the status says that it differs"
	like "$out" "$said" "$break: it is named"
	ok "$break: the same in its archive" again broken
done

out=$(probe sound --profile nonsense.1xlarge 2>&1)
is $? 1 "an unknown profile is refused"
like "$out" 'trn2.48xlarge' "with the names of those known"
out=$("$topo" probe --root "$dir/nowhere" --profile-dir "$profiles" 2>&1)
is $? 1 "a root that is not there is refused"
like "$out" "nowhere" "by its name"
out=$("$topo" record --root "$dir/sound" "$dir/archive.tar" 2>&1)
is $? 1 "record overwrites nothing"
like "$out" 'archive.tar: File exists' "and says so"
mkdir "$dir/empty"
out=$("$topo" record --root "$dir/empty" "$dir/none.tar" 2>&1)
is $? 1 "a directory without a machine is refused"
ok "and leaves no archive" test ! -e "$dir/none.tar"
# shellcheck disable=SC2016
ok "an archive to a pipe" eval '"$topo" record --root "$dir/sound" - | tar -t >"$dir/list"'
unlike "$(<"$dir/list")" '(^|/)(home|proc|etc|root)/' "nothing but sysfs, device nodes and the LNC file"
for arguments in '' 'nonsense' 'probe more' 'probe --nonsense' 'record' 'record a b' 'show a b'; do
	# shellcheck disable=SC2086
	out=$("$topo" $arguments 2>&1)
	is $? 2 "\"neuron-topo $arguments\" is wrong usage"
	like "$out" 'Usage: neuron-topo' "and shows the right one"
done
for command in probe record show; do
	out=$("$topo" $command --help)
	is $? 0 "$command --help"
	like "$out" "Usage: neuron-topo .*$command" "shows its usage"
done
finish
