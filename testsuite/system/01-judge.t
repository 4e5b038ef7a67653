#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The judge itself: facts that can be checked by eye.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

judge=$NEURON_BUILD_DIR/testsuite/judge
[ -x "$judge" ] || skip_all "testsuite/judge is not built"

value() {
	sed -n "s/^ *\"$1\": \([a-z0-9]*\),*$/\1/p" <<<"$out"
}

# NAME, FAMILY, NEURON, EFA, ORDER, wanted "connected best consecutive aligned"
check() {
	out=$("$judge" --json --efa-order "$5" <<<"start 1 1 n1 $2 $3 $4")
	is "$(value connected) $(value best_shape) $(value consecutive) $(value efa_aligned)" \
		"$6" "$1"
}

check "trn2: a row" trn2u.48xlarge 4-7 4-7 device '1 1 1 1'
check "trn2: a column" trn2u.48xlarge 0,4,8,12 0,4,8,12 device '1 1 0 1'
check "trn2: a square over the edge" trn2.48xlarge 0,3,12,15 0,3,12,15 device '1 1 0 1'
check "trn2: two rows apart" trn2.48xlarge 0-3,8-11 0-3,8-11 device '0 0 0 1'
check "trn2: consecutive, not best" trn2.48xlarge 1-5 1-5 device '1 0 1 1'
check "trn2: consecutive, not joined" trn2.48xlarge 2-5 2-5 device '0 0 1 1'
check "trn2: the first EFA by PCI is that of device 6" trn2.48xlarge 6 0 pci '0 0 0 1'
check "trn2: a row on NUMA node 1, by PCI" trn2.48xlarge 0-3 8-11 pci '1 1 1 1'
check "trn2: one EFA of another device" trn2.48xlarge 0-3 0-2,4 device '1 1 1 0'
check "trn2: an EFA too few" trn2.48xlarge 0-3 0-2 device '1 1 1 0'
check "trn1: two devices share one" trn1.32xlarge 0-3 0-1 device '1 1 1 1'
check "trn1: half a pair" trn1.32xlarge 3 1 device '0 0 0 1'
check "trn1: by PCI" trn1.32xlarge 0-3 1,7 pci '1 1 1 1'
check "trn1n: one each" trn1n.32xlarge 4-7 4-7 device '1 1 1 1'
check "inf2: an arc" inf2.48xlarge 3-6 - device '1 1 1 0'
check "inf2: an arc over the end" inf2.48xlarge 0,11 - device '1 1 0 0'
check "inf2: two arcs" inf2.48xlarge 0-1,3 - device '0 0 0 0'
check "inf2.24xlarge has no link from 5 to 0" inf2.24xlarge 0,5 - device '0 0 0 0'

out=$("$judge" --json <<-'END'
	start 1 a n1 trn2.48xlarge 0-3 0-3
	start 2 b n1 trn2.48xlarge 2-3 4-5
	start 3 c n2 trn2.48xlarge 0-3 0-3
	end 4 a
	end 4 b
	start 4 d n1 trn2.48xlarge 0-3 0-3 8
END
)
is "$(value double_neuron) $(value double_efa) $(value wrong_size)" "2 0 1" \
	"devices booked twice, and a wrong size"

# EXIT STATUS, OPTIONS, INPUT, NAME
exits() {
	# shellcheck disable=SC2086
	"$judge" $2 <<<"$3" >/dev/null 2>&1
	is $? "$1" "$4"
}

exits 0 --require-perfect 'start 1 a n1 trn2.48xlarge 0,4,8,12 0,4,8,12' "a column is perfect"
exits 1 --require-consecutive 'start 1 a n1 trn2.48xlarge 0,4,8,12 0,4,8,12' "but not consecutive"
exits 1 --require-perfect 'start 1 a n1 trn2.48xlarge 0-3 -' "no EFA is not perfect"
exits 1 --require-perfect '# nothing' "nothing is not perfect"
exits 1 --require-perfect 'start 1 a n1 inf2.48xlarge 0 1' "EFA on inf2 is not perfect"
for line in 'start 1 a n1 trn9 0 0' 'start 1 a n1 trn2.48xlarge 16 0' \
	'start 1 a n1 inf2.48xlarge 12 -' 'start 1 a n1 trn2.48xlarge 3-1 0' \
	'start 1 a n1 trn2.48xlarge 0-' 'start x a n1 trn2.48xlarge 0 0' \
	'begin 1 a' 'end 1' 'start 1 a n1 trn2.48xlarge 0, 0' \
	'start 1 a n1 trn2.48xlarge 99999999999999999999 0'; do
	exits 2 '' "$line" "is not understood: $line"
done
exits 2 --efa-order 'end 1 a' "an option without its value"
finish
