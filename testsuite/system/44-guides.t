#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What README.md and the guides in doc/ say: their commands run and print what
# stands below them, their files are taken by Slurm and by our programs, their
# pictures are those of their commands. guide.sh says how a guide is written.
#
#   44-guides.t [FILE...]	only these
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/cluster.sh"
. "$(dirname "$0")/guide.sh"

: "${NEURON_SOURCE_DIR:=$_cluster_source}"

#
# The comparison itself: a guide that is wrong must not pass
#
compares() { # NAME TEXT WANTED yes|no
	local got=no
	! guide_matches "$2" "$3" || got=yes
	is "$got" "$4" "$1"
}
compares "the same" $'a\nb' $'a\nb' yes
compares "another word" $'a\nb' $'a\nc' no
compares "a line more" $'a\nb\nc' $'a\nb' no
compares "a line less" 'a' $'a\nb' no
compares "a blank more at an end" $'a  \nb' $'a\nb' yes
compares "a blank more inside" 'a  b' 'a b' no
compares "anything in a line" 'job 12 runs' 'job ... runs' yes
compares "not more than a line" $'job 1\n2 runs' 'job ... runs' no
compares "any lines" $'a\nb\nc\nd' $'a\n...\nd' yes
compares "no line at all" $'a\nd' $'a\n...\nd' yes
compares "any lines, but the last" $'a\nb\nc' $'a\n...\nd' no
compares "no pattern by mistake" 'axb' 'a.b' no
compares "brackets" 'trn[1-2]' 'trn[1-2]' yes
compares "not what brackets mean" 'trn1' 'trn[1-2]' no
compares "nothing" '' '...' yes

# A block that nothing runs is an error without a reason
left_out() { # NAME TEXT yes|no
	local got=no
	printf '%s\n' "$2" >"$_tap_out.md"
	! (run_guide "$_tap_out.md") | grep -q '^not ok .* no <!-- not run: REASON -->' || got=yes
	is "$got" "$3" "$1"
	rm -f "$_tap_out.md"
}
left_out "commands that nothing runs" $'```sh\ntrue\n```' yes
left_out "commands with a reason" $'<!-- not run: no cluster -->\n```sh\ntrue\n```' no
left_out "a reason is for one block" $'<!-- not run: x -->\n```sh\ntrue\n```\n\n    true' yes
left_out "lines with four blanks" $'# A\n\n    true' yes
left_out "lines of a list" $'# A\n\n* a\n    true' no

guides=("$NEURON_SOURCE_DIR/README.md" "$NEURON_SOURCE_DIR"/doc/guide-*.md)
[ $# -eq 0 ] || guides=("$@")
for guide in "${guides[@]}"; do
	# 46-exporter.t has an exporter and a Prometheus
	[ "${guide##*/}" != guide-telemetry.md ] || continue
	run_guide "$guide"
done
finish
