#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A stream of 200 random jobs on each family: every allocation is connected,
# of the best shape and aligned, nothing is booked twice.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

_need_plugins
quality=$(dirname "$0")/../bench/quality
families=(trn2 trn1 inf2)
# Most of the time jobs sleep: three clusters at once
pids=()
for family in "${families[@]}"; do
	"$quality" --family $family --jobs "${NEURON_QUALITY_JOBS:-200}" --only neuron \
		--require-perfect >"$_tap_out.$family" 2>&1 &
	pids+=($!)
done
trap 'kill "${pids[@]}" 2>/dev/null; exit 143' INT TERM HUP
for i in "${!families[@]}"; do
	family=${families[i]}
	ok "$family: 200 jobs are perfectly placed" wait "${pids[i]}"
	diag "$(<"$_tap_out.$family")"
	rm -f "$_tap_out.$family"
done
finish
