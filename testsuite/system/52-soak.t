#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The short form of testsuite/bench/soak: 1,000 jobs on 64 nodes that fail, with
# slurmctld reconfigured, restarted and killed a few times.
exec bash "$(dirname "$0")/../bench/soak" --jobs "${NEURON_SOAK_JOBS:-1000}" \
	--nodes 64 --seconds 3 --rough 70 --restart 200 --points 0
