#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The completions for bash offer what the programs take, and nothing else.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../system/cluster.sh"

: "${NEURON_SOURCE_DIR:=$_cluster_source}"
topo=$NEURON_BUILD_DIR/tools/neuron-topo
completions=$NEURON_SOURCE_DIR/contrib/completions
SLURM_CONF=/nonexistent/slurm.conf
export SLURM_CONF

# Stands for Slurm's own, which must go on working
# shellcheck disable=SC2317 # it is called
_slurms_own() {
	mapfile -t COMPREPLY < <(compgen -W '--nodes --ntasks' -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _slurms_own sbatch
# shellcheck source=../../contrib/completions/neuron-topo.bash
. "$completions/neuron-topo.bash"
# shellcheck source=../../contrib/completions/neuron-options.bash
. "$completions/neuron-options.bash"
# shellcheck source=../../contrib/completions/neuron-ringcheck.bash
. "$completions/neuron-ringcheck.bash"

# complete_line FUNCTION WORD...: what <Tab> offers behind the last word, sorted;
# readline makes three words of "a=b"
complete_line() {
	local function=$1 word
	shift
	COMP_WORDS=()
	for word in "$@"; do
		if [[ $word == --*=* ]]; then
			COMP_WORDS+=("${word%%=*}" '=')
			[ -z "${word#*=}" ] || COMP_WORDS+=("${word#*=}")
		else
			COMP_WORDS+=("$word")
		fi
	done
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	printf '%s\n' "${COMPREPLY[@]}" | grep . | sort -u
}
offers() {
	complete_line _neuron_topo "$topo" "$@"
}
options() {
	complete_line _neuron_options "$@"
}
lines() {
	printf '%s\n' "$@" | sort -u
}

#
# neuron-topo
#
if [ -x "$topo" ]; then
	commands=$("$topo" --help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')
	is "$(offers '')" "$(sort <<<"$commands")" "the subcommands"
	for command in '' $commands; do
		# shellcheck disable=SC2086 # none is none
		known=$("$topo" $command --= 2>&1 | head -n 1 | grep -oE "'--[a-z][a-z0-9-]*" | tr -d "'")
		isnt "$known" "" "\"$command\" has options"
		# shellcheck disable=SC2086
		is "$(offers $command --)" "$(sort -u <<<"$known")" "long options of \"$command\""
		# shellcheck disable=SC2086
		for option in $(offers $command - | grep -E '^-[^-]'); do
			# shellcheck disable=SC2086
			said=$("$topo" $command "$option" 2>&1 </dev/null | head -n 1)
			unlike "$said" 'invalid option' "\"$command\" has $option"
		done
		# An option with an argument is known to have one: what follows is no option
		for option in $known; do
			# shellcheck disable=SC2086
			said=$("$topo" $command "$option=" --nosuch 2>&1 </dev/null | head -n 1)
			takes=yes got=no
			# that of these stands behind = only
			[[ $said != *"doesn't allow an argument"* &&
				$option != --watch && $option != --jobs && $option != --exclusive ]] || takes=no
			! _neuron_topo_takes "$option" || got=yes
			is "$got" "$takes" "\"$command\" $option: has an argument: $takes"
		done
	done
	is "$(offers s)" "$(lines show sizes snapshot)" "subcommands that begin with s"
	is "$(offers --config x fit --neuron-s)" --neuron-shape "an option behind options"
	is "$(offers fit --neuron-shape '')" "$(lines consecutive best ring connected)" "shapes"
	is "$(offers fit --neuron-shape=c)" "$(lines consecutive connected)" "shapes behind ="
	is "$(offers explain --shape=)" "$(lines consecutive best ring connected)" "shapes of explain"
	is "$(offers --colour '')" "$(lines always never auto)" "colours"
	is "$(offers explain --json '')" "" "nothing stands for a job"
	is "$(offers nosuch --)" "$(lines --help)" "a subcommand that there is not"
	dir=$(mktemp -d "${TMPDIR:-/tmp}/nslurm-doc.XXXXXX") || exit 99
	printf '%s\n' "ProfileDir=$(dirname "$(_profile trn2u.48xlarge)")" \
		'NodeName=n1 Profile=trn2u.48xlarge' 'TemplateName=row Devices=4' \
		'TemplateName=all Devices=16' >"$dir/neuron.conf"
	is "$(offers --config "$dir/neuron.conf" fit --neuron-template '')" "$(lines all row)" "templates"
	is "$(offers --config="$dir/neuron.conf" fit --neuron-template=r)" row "templates behind ="
	is "$(offers --config /nonexistent fit --neuron-template '')" "" "no neuron.conf, no templates"
	is "$(offers replay "$dir/neu")" "$dir/neuron.conf" "a file for replay"
	is "$(offers replay --without n1 "$dir/neuron.conf" '')" "$(lines show fit explain)" \
		"subcommands of replay"
	is "$(offers replay "$dir/neuron.conf" explain --s)" --shape "and their options"
	rm -rf "$dir"
else
	skip "neuron-topo" "it is not built without Slurm"
fi

#
# neuron-health
#
# shellcheck source=../../contrib/completions/neuron-health.bash
. "$completions/neuron-health.bash"
health=$NEURON_BUILD_DIR/tools/neuron-health
if [ -x "$health" ]; then
	is "$(complete_line _neuron_health "$health" --)" \
		"$("$health" --= 2>&1 | head -n 1 | grep -oE "'--[a-z][a-z0-9-]*" | tr -d "'" | sort)" \
		"the options of neuron-health"
	is "$(complete_line _neuron_health "$health" --forget '')" all "a word of --forget"
else
	skip "neuron-health" "it is not built without Slurm"
fi

#
# neuron-exporter
#
exporter=$NEURON_BUILD_DIR/tools/neuron-exporter
if [ -x "$exporter" ]; then
	# shellcheck source=../../contrib/completions/neuron-exporter.bash
	. "$completions/neuron-exporter.bash"
	known=$("$exporter" --= 2>&1 | head -n 1 | grep -oE "'--[a-z][a-z0-9-]*" | tr -d "'")
	isnt "$known" "" "neuron-exporter has options"
	is "$(complete_line _neuron_exporter "$exporter" --)" "$(sort -u <<<"$known")" "they are completed"
	is "$(complete_line _neuron_exporter "$exporter" --print '')" "$(lines openmetrics text)" "formats"
	is "$(complete_line _neuron_exporter "$exporter" --print=o)" openmetrics "a format behind ="
	is "$(complete_line _neuron_exporter "$exporter" --listen '')" "" "nothing stands for an address"
	like "$(complete_line _neuron_exporter "$exporter" --user roo)" '^root$' "a user"
else
	skip "neuron-exporter" "it is not built"
fi

#
# --neuron-... of srun, sbatch and salloc
#
words=$("$NEURON_BUILD_DIR/testsuite/doc/words") || bail "words failed"
names=$(sed -n 's/^option /--neuron-/p' <<<"$words")
is "$(options srun --neuron)" "$(sort <<<"$names")" "the options"
is "$(options sbatch --)" "$({ lines --nodes --ntasks && cat <<<"$names"; } | sort)" \
	"Slurm's own completion goes on"
is "$(options sbatch --nt)" --ntasks "alone where nothing of ours begins so"
is "$(options salloc -)" "" "and nothing where it is not there"
for name in $names; do
	known=$(sed -n "s/^word $name //p" <<<"$words" | sort)
	[ "$name" != --neuron-wait ] || known=never
	[ "$name" != --neuron-template ] || continue
	is "$(options srun "$name=")" "$known" "values of $name"
	is "$(options srun "$name" '')" "$known" "values of $name behind a blank"
done
is "$(options srun --neuron-shape=r)" ring "a value that is begun"
#
# neuron-ringcheck
#
ringcheck=$NEURON_BUILD_DIR/tools/neuron-ringcheck
checks() {
	complete_line _neuron_ringcheck neuron-ringcheck "$@"
}
# manual.t compares what it says of itself with what it takes
known=$("$ringcheck" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u)
isnt "$known" "" "neuron-ringcheck has options"
is "$(checks --)" "$known" "long options of neuron-ringcheck"
is "$(checks --ti)" "$(lines --time-limit --timeout)" "some of them"
is "$(checks --type '')" "$(lines float32 int32)" "types"
is "$(checks --type=i)" int32 "a type behind ="
is "$(checks --quiet --type=int32 --j)" --json "an option behind others"
is "$(checks '')" "" "it has no other words"
for option in $("$ringcheck" --help | grep -oE -- '--[a-z-]+=' | tr -d =); do
	[ "$option" = --type ] || is "$(checks "$option" --)" "" "a value stands behind $option"
done

#
# Typed by somebody: bash itself asks the functions above
#
typed() { # LINE: what the program it begins with is called with
	local rc
	rc=$(mktemp "${TMPDIR:-/tmp}/nslurm-doc.XXXXXX") || exit 99
	cat >"$rc" <<-END
		for program in neuron-topo neuron-ringcheck sbatch; do
			eval "\$program() { echo \"<\$program \\\$*>\"; }"
		done
		for file in $completions/*.bash; do . "\$file"; done
		PS1='ready> '
	END
	printf '%s\nexit\n' "$1" | INPUTRC=/dev/null timeout -k 1 30 script -qec \
		"bash --noprofile --rcfile $rc -i" /dev/null | tr -d '\r' |
		sed -n 's/.*<\(.*\)>$/\1/p'
	rm -f "$rc"
}
if command -v script >/dev/null; then
	is "$(typed $'neuron-topo snap\t')" "neuron-topo snapshot" "<Tab> behind neuron-topo"
	is "$(typed $'neuron-topo fit --neuron-ul\treq\t')" \
		"neuron-topo fit --neuron-ultraserver require" "<Tab> in an option and its value"
	is "$(typed $'neuron-ringcheck --no\t')" "neuron-ringcheck --no-devices" \
		"<Tab> behind neuron-ringcheck"
	is "$(typed $'sbatch --neuron-launch=c\t job.sh')" "sbatch --neuron-launch=core job.sh" \
		"<Tab> behind sbatch"
else
	skip "what <Tab> does" "there is no script(1)"
fi
for program in srun sbatch salloc; do
	like "$(complete -p $program)" '_neuron_options' "$program is completed"
done
finish
