#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual against the programs: what exists is documented, what is
# documented exists. Nothing here needs a running Slurm.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../system/cluster.sh"
# shellcheck source=../system/schema.sh
. "$(dirname "$0")/../system/schema.sh"

: "${NEURON_SOURCE_DIR:=$_cluster_source}"
here=$NEURON_SOURCE_DIR/testsuite/doc
doc=$NEURON_SOURCE_DIR/doc
topo=$NEURON_BUILD_DIR/tools/neuron-topo
ringcheck=$NEURON_BUILD_DIR/tools/neuron-ringcheck
SLURM_CONF=/nonexistent/slurm.conf
export SLURM_CONF

# same NAME DOCUMENTED EXISTING: two lists with a word a line
same() {
	local documented existing
	documented=$(grep . <<<"$2" | sort -u)
	existing=$(grep . <<<"$3" | sort -u)
	isnt "$existing" "" "$1: there are some"
	is "$(comm -13 <(echo "$documented") <(echo "$existing"))" "" \
		"$1: each that exists is documented"
	is "$(comm -23 <(echo "$documented") <(echo "$existing"))" "" \
		"$1: each that is documented exists"
}

# "SECTION<tab>TAG" of a page
tags() {
	awk -f "$here/page.awk" "$doc/$1"
}

# Tags of the section $2 of a page
tags_in() {
	tags "$1" | awk -F '\t' -v section="$2" '$1 == section { print $2 }'
}

# All text below the tag KEY of a page, with the tag
text_of() {
	awk -f "$here/page.awk" -v body=1 "$doc/$1" |
		awk -F '\t' -v key="$2" '{ tag = $2; sub(/=.*/, "", tag) }
			tag == key { print $2 " " $3 }'
}

words=$("$NEURON_BUILD_DIR/testsuite/doc/words") || bail "words failed"
known() {
	awk -v kind="$1" '$1 == kind { print $2, $3 }' <<<"$words"
}

# The words of a choice "KEY=a|b" among tags
choice() {
	sed -n "s/^$1=\([a-z0-9]*\(|[a-z0-9]*\)*\)\$/\1/p" | tr '|' '\n'
}

#
# neuron.conf(5)
#
page="neuron.conf.5"
while IFS='|' read -r scope section; do
	same "$page: keys of $scope" \
		"$(tags_in $page "$section" | sed 's/=.*//')" \
		"$(known key | sed -n "s/^$scope //p" |
			if [ "$scope" = site ]; then grep -v 'Name$'; else cat; fi)"
done <<'END'
site|SITE KEYS
NodeName|NODE LINES
UltraServerName|ULTRASERVER LINES
TemplateName|TEMPLATE LINES
END
while read -r key value; do
	text=$(text_of $page "$key" | tr -d '"')
	like "$text" "default is ${value//./\\.}([.,: ;]|\$)" \
		"$page: the default of $key is $value"
done <<<"$(known default)"
while read -r key value; do
	case $key in --*) at="neuron-options.7" ;; *) at=$page ;; esac
	like "$(text_of $at "$key")" "(^|[^0-9])$value([^0-9]|\$)" \
		"$at: $key has the bound $value"
done <<<"$(known bound)"
for key in $(known word | cut -d ' ' -f 1 | sort -u); do
	values=$(known word | sed -n "s/^$key //p")
	case $key in
	--neuron-*)
		same "neuron-options.7: words of $key" \
			"$(tags_in neuron-options.7 OPTIONS | choice "$key")" "$values"
		name=${key#--neuron-}
		[ "$name" = template ] || [ "$name" = model ] ||
			name=$(sed -E 's/(^|-)(.)/\U\2/g' <<<"$name") &&
			same "$page: words of $name of a template" \
				"$(tags_in $page 'TEMPLATE LINES' | choice "$name")" "$values"
		;;
	*)
		same "$page: words of $key" \
			"$(tags_in $page 'SITE KEYS' | choice "$key")" "$values"
		;;
	esac
done
example=$(<"$NEURON_SOURCE_DIR/etc/neuron.conf.example")
for key in $(known key | sed -n 's/^site //p'); do
	like "$example" "^#?$key=" "neuron.conf.example shows $key"
done

# Keys of neuron.conf in neuron-prolog(8)
page="neuron-prolog.8"
keys=$(tags_in $page CONFIGURATION | sed 's/=.*//')
isnt "$keys" "" "$page names keys of neuron.conf"
for key in $keys; do
	like "$(known key)" "^site $key\$" "$page: $key is a key"
	value=$(known default | sed -n "s/^$key //p")
	[ -z "$value" ] || like "$(text_of $page "$key")" "Default ${value//./\\.}[. ]" \
		"$page: the default of $key is $value"
done

#
# Options
#

# Long options that getopt_long() knows: all of them begin with nothing
accepted() {
	"$@" --= 2>&1 | head -n 1 | grep -oE "'--[a-z][a-z0-9-]*" |
		tr -d "'"
}

# Letters that are options, out of the call of getopt_long() in the source
letters() {
	local source=$NEURON_SOURCE_DIR/tools/neuron-topo.c
	[ -z "$1" ] ||
		source=$(grep -l "topo_command_t topo_$1 = {" "$NEURON_SOURCE_DIR"/tools/*.c)
	tr '\n' ' ' <"$source" | grep -oE 'getopt_long\([^"]*"[^"]*"' |
		sed 's/.*"\(.*\)"/\1/' | grep -o '[a-zA-Z0-9]' | sed 's/^/-/'
}

# Options in lines of a usage text that start with one
helped() {
	"$@" --help | grep -E '^ +-' | sed 's/   *[^- ].*//' |
		grep -oE -- '(^|[ ,])--?[a-zA-Z0-9][a-z0-9-]*' | tr -d ' ,'
}

# Options in tags
documented() {
	tags_in "$1" "$2" | grep -oE -- '(^|[ ,])--?[a-zA-Z0-9][a-z0-9-]*' | tr -d ' ,'
}

# --help is of every subcommand, and --color another way to write --colour
common='^(--help|--color|-h|-V|--version)$'

# options PAGE SECTION PROGRAM [SUBCOMMAND]
options() {
	local page=$1 section=$2 long short name
	shift 2
	name="${*##*/}"
	long=$(accepted "$@")
	short=$(letters "${2-}")
	isnt "$long" "" "$name: getopt_long() tells what it knows"
	same "$page: long options of $name" \
		"$(documented "$page" "$section" | grep -E '^--' | grep -vE "$common"
			echo --help)" \
		"$(grep -vE "$common" <<<"$long"; echo --help)"
	same "$page: short options of $name" \
		"$(documented "$page" "$section" | grep -E '^-[^-]' | grep -vE "$common"; echo -h)" \
		"$(grep -vE "$common" <<<"$short"; echo -h)"
	is "$(comm -13 <(helped "$@" | sort -u) <(printf '%s\n%s\n' "$long" "$short" |
		grep -vE "$common" | grep . | sort -u))" "" "$name --help names every option"
	is "$(comm -23 <(helped "$@" | grep -vE "$common" | sort -u) \
		<(printf '%s\n%s\n' "$long" "$short" | sort -u))" "" "and no other"
}

page="neuron-topo.1"
if [ -x "$topo" ]; then
	"$topo" --help >/dev/null || bail "neuron-topo --help failed"
	commands=$("$topo" --help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')
	same "$page: subcommands" \
		"$(sed -n 's/^\.SH \([A-Z]*\)$/\1/p' "$doc/$page" |
			grep -vxE 'NAME|SYNOPSIS|DESCRIPTION|OPTIONS|EXAMPLES|ENVIRONMENT|FILES|JSON|BUGS|NOTES' |
			tr '[:upper:]' '[:lower:]')" "$commands"
	like "$(documented $page OPTIONS)" '^--color$' "$page: --color is documented"
	like "$(documented $page OPTIONS)" '^--version$' "$page: --version is documented"
	options $page OPTIONS "$topo"
	for command in $commands; do
		options $page "${command^^}" "$topo" "$command"
		like "$(sed -n '/^\.SH SYNOPSIS/,/^\.SH OPTIONS/p' "$doc/$page")" \
			"^\\.(B|BR) $command" "$page: $command is in the synopsis"
		# replay has that of the question
		[ "$command" = replay ] ||
			like "$(accepted "$topo" "$command")" '(^|[[:space:]])--json([[:space:]]|$)' \
				"$command has --json"
	done
	is "$(comm -23 <(known option | sed 's/^/--neuron-/; s/ $//' | sort) \
		<(accepted "$topo" fit | sort))" "" "fit has every option --neuron-"
else
	skip "$page: options" "neuron-topo is not built without Slurm"
fi

page="neuron-exporter.8"
exporter=$NEURON_BUILD_DIR/tools/neuron-exporter
if [ -x "$exporter" ]; then
	options $page OPTIONS "$exporter"
	listed=$({ "$exporter" --list && "$exporter" --node --list; } | sort -u |
		awk -F '\t' '{ print $1 ($4 == "" ? "" : "{" $4 "}") "\t" toupper(substr($2, 1, 1)) substr($2, 2) ", at most " $3 "." }')
	same "$page: metrics" "$(tags_in $page METRICS)" "$(cut -f 1 <<<"$listed")"
	while IFS=$'\t' read -r tag text; do
		like "$(awk -f "$here/page.awk" -v body=1 "$doc/$page" | awk -F '\t' -v tag="$tag" '$2 == tag { print $3 }')" \
			"^ $text " "$page: kind and bound of $tag"
	done <<<"$listed"
	for word in listen interval timeout per-node; do
		default=$("$exporter" --help | sed -n "s/^ *--$word .*default \([0-9.:]*\).*/\1/p")
		like "$(text_of $page "--$word" | tr '\n' ' ')$(awk -f "$here/page.awk" -v body=1 "$doc/$page" |
			awk -F '\t' -v key="--$word " 'index($2, key) == 1 { print $3 }')" \
			"default is ${default//./\\.}" "$page: the default of --$word is $default"
	done
else
	skip "$page" "neuron-exporter is not built"
fi

page="neuron-ringcheck.1"
same "$page: options" "$(documented $page OPTIONS)" "$(helped "$ringcheck")"
same "neuron-ringcheck --help" "$(helped "$ringcheck")" \
	"$(sed -n '/ long_options\[\]/,/^};/s/.*{"\([a-z-]*\)".*/--\1/p' \
		"$NEURON_SOURCE_DIR/tools/ringcheck/options.c")"

page="neuron-health.8"
health=$NEURON_BUILD_DIR/tools/neuron-health
if [ -x "$health" ]; then
	same "$page: options" "$(documented $page OPTIONS | grep -E '^--')" "$(helped "$health" | grep -E '^--')"
	same "$page: getopt_long()" "$(documented $page OPTIONS | grep -E '^--')" "$(accepted "$health")"
	same "$page: letters" "$(documented $page OPTIONS | grep -E '^-[^-]')" "$(helped "$health" | grep -E '^-[^-]')"
else
	skip "$page: options" "neuron-health is not built without Slurm"
fi

page="neuron-options.7"
same "$page: options" "$(documented $page OPTIONS)" \
	"$(known option | sed 's/^/--neuron-/; s/ $//')"

# They take none, and say so
for program in neuron-prolog neuron-epilog; do
	is "$(grep -cE '^int main\(void\)' "$NEURON_SOURCE_DIR/tools/$program.c")" 1 \
		"$program has no options"
done
like "$(tr '\n' ' ' <"$doc/neuron-prolog.8")" 'They take no arguments' "neuron-prolog.8 says so"

#
# Variables of tasks
#
variables() {
	grep -rhoE '"(NEURON|FI|CCOM|MASTER|RANK|WORLD|LOCAL|NODE|GROUP|SLURM_NEURON)[A-Z0-9_]*"' \
		"$NEURON_SOURCE_DIR/lib/launch.c" "$NEURON_SOURCE_DIR/lib/launch_task.c" |
		tr -d '"'
}
same "neuron-options.7: variables" \
	"$({ tags_in neuron-options.7 ENVIRONMENT
		# in the text of others
		grep -oE 'NEURON_PJRT_WORLD_SIZE|SLURM_NEURON_TP' "$doc/neuron-options.7"; } |
		grep -oE '[A-Z][A-Z0-9_]+')" "$(variables)"

#
# Exit statuses
#

# Numbers of the enumeration with constants PREFIX_... in a header
statuses() {
	sed -n "s/^[[:space:]]*$2_[A-Z]* = \([0-9]*\).*/\1/p" "$NEURON_SOURCE_DIR/$1"
}
while read -r page header prefix; do
	same "$page: exit statuses" "$(tags_in "$page" 'EXIT STATUS')" \
		"$(statuses "$header" "$prefix")"
	is "$(statuses "$header" "$prefix" | wc -l)" \
		"$(grep -cE "^[[:space:]]*${prefix}_[A-Z]+( = [0-9]+)?,?([[:space:]]*/\\*.*)?\$" \
			"$NEURON_SOURCE_DIR/$header")" "$header: each has a number of its own"
done <<'END'
neuron-topo.1 tools/topo.h TOPO
neuron-ringcheck.1 tools/ringcheck/fault.h RINGCHECK
neuron-prolog.8 tools/nodejob.h NODEJOB
neuron-health.8 tools/nodejob.h NODEJOB
END

# status WANTED NAME COMMAND...
status() {
	local wanted=$1 name=$2
	shift 2
	"$@" >/dev/null 2>&1
	is $? "$wanted" "neuron-topo ends with $wanted: $name"
}
if [ -x "$topo" ]; then
	machine=$(mktemp -d "${TMPDIR:-/tmp}/nslurm-doc.XXXXXX") || exit 99
	profiles=$(dirname "$(_profile trn2u.48xlarge)")
	"$NEURON_BUILD_DIR/testsuite/simroot" "$profiles/trn2u.48xlarge.json" \
		"$machine/root" >/dev/null || bail "simroot failed"
	probe=("$topo" probe --root "$machine/root" --profile-dir "$profiles")
	status 0 "a machine like its profile" "${probe[@]}"
	status 1 "no neuron.conf" "$topo" --config /nonexistent/neuron.conf sizes
	status 2 "no such subcommand" "$topo" nosuch
	status 3 "a machine that differs" "${probe[@]}" --profile trn1.32xlarge
fi

#
# JSON
#

# Keys in the tables of "JSON" of neuron-topo(1): "path[].key*@type@meaning"
# below ".SS SUBCOMMAND"
keys_in() {
	awk -v wanted="$1" '/^\.SH / { section = $2 }
		/^\.SS / { part = $2; }
		/^\.TS/ { table = 1 }
		/^\.TE/ { table = 0 }
		section == "JSON" && table && (part == wanted ||
			(wanted == "fit," && part == "explain")) &&
			gsub(/@/, "@") >= 2 { sub(/@.*/, ""); print }' \
		"$doc/neuron-topo.1" | sed 's/\\//g; s/.*\.//; s/[]*[]*$//'
}

# Keys that functions of a source put into objects
keys_of() {
	(cd "$NEURON_SOURCE_DIR/tools" && cat "$@") | tr -d '\n' |
		grep -oE '(object_add|_add|_add_text|_add_number|_add_count|_add_user|_put[a-z_]*)\([[:space:]]*[a-z_]+,[[:space:]]*"[a-z_0-9]+"' |
		grep -oE '"[a-z_0-9]+"' | tr -d '"'
}
while IFS='|' read -r sections sources; do
	# shellcheck disable=SC2086 # a list
	same "neuron-topo.1: JSON of ${sections,,}" "$(keys_in "$sections")" \
		"$(keys_of $sources
			# made of the names of levels
			[ "$sections" != check ] || printf '%s\n' errors warnings hints)"
done <<'END'
show|topo_show.c
fit,|topo_fit.c topo_explain.c answer.c
sizes|topo_sizes.c
mask,|topo_mask.c
snapshot|snapshot.c
probe|topo_probe.c
record|topo_record.c
generate|topo_generate.c
check|topo_check.c
END
if [ -x "$topo" ]; then
	schema "probe --json" probe "$("${probe[@]}" --json)" 'ultraserver[.]'
	schema "sizes --json" sizes \
		"$("$topo" sizes --all --profile-dir "$profiles" --json)"
	schema "record --json" record \
		"$("$topo" record --root "$machine/root" --json "$machine/tar")"
	is "$("$NEURON_BUILD_DIR/testsuite/jsonget" entries 0 path <<<"$("$topo" record \
		--root "$machine/root" --json "$machine/tar2")")" "$(tar tf "$machine/tar" | head -n 1 |
		sed 's,/$,,')" "record --json names what is in the archive"
	schema "generate --json" generate "$("$topo" --config "$machine/neuron.conf" generate \
		--profile-dir "$profiles" --json - <<<"$("${probe[@]}" --json --node trn1)")"
	is "$("$topo" record --root "$machine/root" --json - 2>/dev/null | wc -c)" 0 \
		"an archive and JSON are not mixed"
	# The check itself
	is "$(schema test sizes '{"families":[{"profile":1,"other":[]}]}' 2>&1 |
		grep -cE '^#.*(profile is a number, not a string|other.* has no row|type is missing)')" 3 \
		"what is not as the manual says is found"
	rm -rf "$machine"
fi

#
# Findings of check, which have names
#
same "neuron-topo.1: findings of check" "$(tags_in neuron-topo.1 CHECK | grep -v '^--')" \
	"$(cat "$NEURON_SOURCE_DIR"/lib/audit*.c | tr '\n' ' ' |
		grep -oE 'AUDIT_(ERROR|WARNING|HINT),[[:space:]]*"[a-z-]+"|"[a-z]+(-[a-z]+)+"' |
		grep -oE '"[a-z-]+"' | tr -d '"' | grep -vx neuron-prolog)"

#
# Form
#
pages=$(find "$doc" -name '*.[1-8]' -printf '%f\n' | sort)
same "doc/Makefile.am installs the pages" \
	"$(sed -n '/^dist_man_MANS/,/^$/s/^[[:space:]]*\([a-z.-]*\.[1-8]\).*/\1/p' "$doc/Makefile.am")" "$pages"
for page in $pages; do
	like "$(<"$NEURON_SOURCE_DIR/README.md")" "doc/${page//./\\.}" "README names $page"
	# Another name of a page
	other=$(sed -n 's,^\.so man./,,p' "$doc/$page")
	if [ -n "$other" ]; then
		like "$(sed -n '/^\.SH NAME/{n;p}' "$doc/$other")" "(^|, )${page%.*}(,| )" \
			"$page: $other is about it too"
		continue
	fi
	name=$(sed -n 's/^\.TH \([^ ]*\) \([1-8]\) .*/\1.\2/p' "$doc/$page")
	is "${name,,}" "$page" "$page: .TH has its name"
	like "$(sed -n '/^\.SH NAME/{n;p}' "$doc/$page" | sed 's/\\//g')" \
		"^${page%.[1-8]}(, [a-z-]+)* - " "$page: NAME is one line"
	if command -v groff >/dev/null; then
		is "$(groff -man -t -ww -z -Tutf8 "$doc/$page" 2>&1)" "" "$page: groff warns of nothing"
	elif command -v mandoc >/dev/null; then
		is "$(mandoc -T lint -W error "$doc/$page" 2>&1)" "" "$page: mandoc finds no error"
	else
		skip "$page is well-formed" "neither groff nor mandoc"
	fi
	is "$(grep -nE '(^|[ (=])--[a-z]' "$doc/$page" | grep -vE '^[0-9]+:(    |\.\\")' | head -n 3)" "" \
		"$page: options are written with \\-"
	while read -r other; do
		[ -z "$other" ] || ok "$page: the page $other exists" test -f "$doc/$other"
	done <<<"$(tr -d '\134' <"$doc/$page" | grep -oE '^\.BR neuron[a-z.-]* \([1-8]\)' |
		sed 's/^\.BR //; s/ (\([1-8]\))/.\1/' | sort -u | grep .)"
done
finish
