#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A stream of 200 random jobs on each family: every allocation is connected,
# of the best shape and aligned, nothing is booked twice.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"

_need_plugins
quality=$(dirname "$0")/../bench/quality
for family in trn2 trn1 inf2; do
	ok "$family: 200 jobs are perfectly placed" "$quality" --family $family \
		--jobs "${NEURON_QUALITY_JOBS:-200}" --only neuron --require-perfect
	diag "$(<"$_tap_out")"
done
finish
