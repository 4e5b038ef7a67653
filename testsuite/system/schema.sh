# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What --json prints against the tables of neuron-topo(1). To be sourced behind
# cluster.sh.

# Rows of the table below ".SS $1..." of JSON: "PATH TYPE needed|free", where
# free may be left out; "explain" alone is of a job that runs
_schema_rows() {
	awk -v wanted="$1" '/^\.SH / { section = $2 }
		/^\.SS / { part = $2; if (part == "explain") part = "explain-running" }
		/^\.TS/ { table = 1 }
		/^\.TE/ { table = 0 }
		section == "JSON" && table && part ~ ("^" wanted ",?$") && split($0, field, "@") >= 3 {
			path = field[1]
			gsub(/\\/, "", path)
			# "blockers*[]": the list may be missing
			free = gsub(/\*/, "", path) || path ~ /\[\]$/
			type = field[2]
			gsub(/ or /, "|", type)
			print path, type, free ? "free" : "needed"
		}' "${NEURON_SOURCE_DIR:-$_cluster_source}/doc/neuron-topo.1"
}

# schema NAME TABLE JSON [PATH-ERE...]: every member has a row and its type, and
# what is not marked with * is there. Paths that match are not looked into.
schema() {
	local name=$1 table=$2 json=$3 rows seen
	shift 3
	rows=$(_schema_rows "$table")
	# "as above"
	[ "$table" != explain-running ] || rows+=$'\n'$(_schema_rows fit | grep '^placement[.]')
	isnt "$rows" "" "$name: neuron-topo(1) has a table of $table"
	seen=$("$NEURON_BUILD_DIR/testsuite/jsontypes" <<<"$json" |
		sed 's/^helps\[\]\.placement[.]/placement./' | sort -u)
	is "$(awk -v without="$(IFS='|'; echo "$*")" '
		NR == FNR { type[$1] = $2; if ($3 == "needed") needed[$1] = 1; next }
		$2 != "none" { here[$1] = 1 }
		without != "" && $1 ~ ("^(" without ")") { next }
		$2 == "none" { if (!($1 in type)) print $1 " has no row"; next }
		!($1 in type) { print $1 " has no row"; next }
		index("|" type[$1] "|", "|" $2 "|") == 0 { print $1 " is a " $2 ", not a " type[$1] }
		END { for (path in needed) {
			above = path
			# needed where what it stands in is there
			if (sub(/\.[^.]*$/, "", above) && !(above in here))
				continue
			if (!(path in here)) print path " is missing" } }
		' <(echo "$rows") <(echo "$seen"))" "" "$name: as neuron-topo(1) says"
}
