#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# doc/messages.md against the sources: every sentence that refuses something
# has a row, every row is a sentence, and the test that a row names knows it.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016 # backquotes of the page
. "$(dirname "$0")/../system/cluster.sh"

: "${NEURON_SOURCE_DIR:=$_cluster_source}"
here=$NEURON_SOURCE_DIR/testsuite/doc
page=$NEURON_SOURCE_DIR/doc/messages.md
cd "$NEURON_SOURCE_DIR" || exit 99

# Rows without a test. Each is one too many: never more.
untested=0

# Sources of lib/ whose sentences are not for users of a cluster, or are told in
# the words of others: of neuron-topo and of slurmd's look at its machine
# (neuron-topo(1)), of neuron-exporter(8), and tables that no input reaches
others='audit audit_files audit_machines audit_nodes audit_slurm generate
	inventory inventory_fabric inventory_place inventory_read inventory_servers
	diff slurmconf topoyaml elfsym meter metrics tally names text file record picture
	probe probe_compare probe_libfabric pcibus
	placement place order outlook potential devset shape gang error demand root
	server step verdict keep launch'
sources=()
for source in lib/*.c; do
	name=${source#lib/}
	case " $(tr -s '\n\t' '  ' <<<"$others") " in
	*" ${name%.c} "*) ;;
	*) sources+=("$source") ;;
	esac
done
sources+=(plugins/*/*.c tools/{nodejob,healthlook,neuron-prolog,neuron-epilog,release,ctl,fault}.c)
for name in $others; do
	[ -e "lib/$name.c" ] || fail "lib/$name.c is left out, but is not there"
done

same_holes() {
	sed 's/<\(text\|number\)>/<>/g'
}

# Sentences of the page: what stands in backquotes in rows and lists
documented=$(grep -E '^(\| `|\* `)' "$page" | sed 's/ | .*//' | grep -o '`[^`]*`' |
	tr -d '`' | sed 's/\\|/|/g' | same_holes | sort -u)
said=$(awk -f "$here/sentences.awk" "${sources[@]}" | same_holes)
existing=$(cut -f 2 <<<"$said" | sort -u)
isnt "$existing" "" "the sources have sentences"
missing=$(comm -13 <(echo "$documented") <(echo "$existing"))
is "$missing" "" "doc/messages.md has a row for each sentence"
[ -z "$missing" ] || diag "$(grep -F "$missing" <<<"$said")"
is "$(comm -23 <(echo "$documented") <(echo "$existing"))" "" "each row is a sentence of the sources"

# Rows: five columns, none empty
is "$(grep -E '^\| `' "$page" | sed 's/\\|//g' | awk -F ' [|] ' 'NF != 5 || /[|] +[|]/')" "" \
	"each row has five columns"

# The text of a test in one line, as its literals are joined, without comments
words_of() {
	case $1 in
	*.c) awk '/^[ \t]*(\/\*| \*)/ { next } { sub(/^[ \t]*"/, ""); sub(/"$/, ""); printf "%s", $0 }' "$1" ;;
	*) grep -v '^[[:space:]]*#' "$1" | tr '\n' ' ' | tr -d '\134' ;;
	esac | sed 's/\\"/"/g; s/[[:space:]]\{1,\}/ /g'
}

# Whether a test has three words in a row of a sentence, or two long ones: words
# that no other sentence has, when there are any
knows() {
	awk -v sentence="$2" '
		function is_own(words,	i) {
			for (i = 1; i <= others; i++)
				if (index(other[i], words))
					return 0
			return 1
		}
		function look(words,	mine) {
			mine = is_own(words)
			own += mine
			found[mine] += index(text, words) > 0
		}
		BEGIN { pieces = split(sentence, piece, /<[a-z]*>/) }
		NR == FNR { if ($0 != sentence) other[++others] = $0; next }
		{ text = text $0 }
		END {
			for (p = 1; p <= pieces; p++) {
				count = split(piece[p], word, " ")
				for (w = 1; w < count; w++) {
					two = word[w] " " word[w + 1]
					three = two " " word[w + 2]
					sub(/[,;:.]+ *$/, "", two)
					sub(/[,;:.]+ *$/, "", three)
					if (w + 2 <= count)
						look(three)
					if (length(two) >= 9)
						look(two)
				}
			}
			exit !(own ? found[1] : found[0])
		}' <(echo "$sentences_of_all") - <<<"$1"
}

sentences_of_all=$(grep -E '^\| `' "$page" | sed 's/ | .*//' | grep -o '`[^`]*`' |
	tr -d '`' | sed 's/\\|//g' | sort -u)
isnt "$sentences_of_all" "" "there are sentences of rows"

declare -A texts
none=0
unknown=
while IFS= read -r row; do
	row=${row//\\|/}
	tests=${row##* | }
	tests=${tests% |}
	sentences=$(grep -o '`[^`]*`' <<<"${row%% | *}" | tr -d '`')
	if [ "$tests" = none ]; then
		none=$((none + $(wc -l <<<"$sentences")))
		continue
	fi
	text=
	for test in ${tests//,/}; do
		[ -e "testsuite/$test" ] || unknown+="no test $test"$'\n'
		[ -n "${texts[$test]-}" ] || texts[$test]=$(words_of "testsuite/$test")
		text+=${texts[$test]}
	done
	while IFS= read -r sentence; do
		knows "$text" "$sentence" || unknown+="$tests: $sentence"$'\n'
	done <<<"$sentences"
done <<<"$(grep -E '^\| `' "$page")"
is "$unknown" "" "each test that a row names knows its sentences"
is "$none" "$untested" "sentences without a test"

# The other way: this check sees what it must see
cat >"$_tap_out.c" <<'END'
/* "not this one" */
x(err, "a new %s with %" PRIu32
	  " holes; write \"none\"", 'c');
END
is "$(awk -f "$here/sentences.awk" "$_tap_out.c" | cut -f 2)" \
	'a new <text> with <number> holes; write "none"' "literals are joined, comments left out"
rm -f "$_tap_out.c"
finish
