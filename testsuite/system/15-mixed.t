#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A cluster of several families, and nodes without devices.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

cluster_new neuron
cluster_nodes 'a[1-2]' trn1.32xlarge
cluster_nodes 'b[1-2]' trn2u.48xlarge
cluster_nodes 'i[1-2]' inf2.48xlarge
cluster_nodes j1 inf2.24xlarge
cluster_nodes 'c[1-2]' cpu
cluster_partition trn1 'a[1-2]'
cluster_partition trn2 'b[1-2]'
cluster_partition inf2 'i[1-2],j1'
cluster_partition cpu 'c[1-2]' Default=YES
cluster_partition everything ALL
cluster_start

for ((size = 1; size <= 16; size++)); do
	jobs=("$(grant -p trn1 -N1 --gres=neuron:$size)"
		"$(grant -p trn2 -N1 --gres=neuron:$size)")
	[ $size -gt 12 ] || jobs+=("$(grant -p inf2 -N1 --gres=neuron:$size)")
	judged "$size devices of each family" "${jobs[@]}"
	scancel "${jobs[@]}"
done
ok "all is free again" wait_idle

# Full nodes, by pieces
for family in trn1 trn2 inf2; do
	jobs=()
	for size in 4 3 2 2 1; do
		jobs+=("$(grant -p $family -N2 --gres=neuron:$size)")
	done
	judged "$family: two nodes are filled with pieces" "${jobs[@]}"
done
cancel_all
ok "all is free again" wait_idle

job=$(grant -p everything -N1 --gres=neuron:trn1:4)
like "$(job_nodes "$job")" '^a' "a type chooses the family (trn1)"
job2=$(grant -p everything -N1 --gres=neuron:trn2:4)
like "$(job_nodes "$job2")" '^b' "a type chooses the family (trn2)"
job3=$(grant -p everything -N1 --gres=neuron:inf2:12)
like "$(job_nodes "$job3")" '^i' "a size chooses the machine (inf2.48xlarge)"
judged "three families at once" "$job" "$job2" "$job3"
cancel_all

# NAME, ERE that the answer must match, ARGS
refused() {
	local name=$1 pattern=$2 out
	shift 2
	if out=$(submit "$@" 2>&1); then
		fail "$name"
		diag "accepted: $out"
	else
		like "$out" "$pattern" "$name"
	fi
}

refused "devices in a partition that has none" 'no Neuron' --gres=neuron:4
refused "devices of another family" 'trn2' -p trn1 --gres=neuron:trn2:4
refused "more devices than a machine has" '16' -p trn1 --gres=neuron:17
refused "more devices than a machine of the family has" '12' -p inf2 --gres=neuron:13
refused "wrong number of interfaces" 'efa|EFA' -p trn1 --gres=neuron:4,efa:4
refused "interfaces on a family that has none" 'efa|EFA' -p inf2 --gres=neuron:4,efa:4

job=$(grant -p trn1 -N1 --gres=neuron:4,efa:2)
judged "the right number of interfaces" "$job"
job2=$(grant -p cpu -N2 -n4)
is "$(job_nodes "$job2")" "c1 c2" "jobs without devices run on other nodes"
job3=$(grant -p everything -N9)
is "$(job_nodes "$job3" | wc -w)" 9 "and on all nodes, next to others"
submit -p trn1 -N1 --gres=neuron:8 : -p inf2 -N1 --gres=neuron:6 : -p cpu -N1 >/dev/null
wait_for eval '[ "$(running_jobs | wc -l)" -eq 6 ]'
is "$(running_jobs | wc -l)" 6 "a heterogeneous job over three partitions runs"
# shellcheck disable=SC2046
judged "and is well placed" $(running_jobs)
cancel_all
both=$(submit -p trn1,trn2 -N2 --gres=neuron:1)
ok "a job for either of two partitions starts" wait_state "$both" RUNNING
judged "and is well placed" "$both"
cancel_all
finish
