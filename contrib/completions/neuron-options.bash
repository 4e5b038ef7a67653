# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Completion of the options --neuron-... of srun, sbatch and salloc for bash.
# Source it behind Slurm's own completion, which goes on doing the rest:
#
#	. /usr/share/bash-completion/completions/neuron-options.bash

# Values of --neuron-NAME
_neuron_option_values() {
	case $1 in
	lnc) echo 1 2 ;;
	shape) echo consecutive best ring connected ;;
	wait) echo never ;;
	launch) echo process core ;;
	ultraserver) echo require prefer no ;;
	env) echo full basic none ;;
	on-fault) echo none notify requeue requeuehold ;;
	on-member-loss) echo slurm nothing restart migrate ;;
	template)
		neuron-topo sizes --json 2>/dev/null |
			sed -n 's/^ *"name": *"\([A-Za-z0-9._-]*\)".*/\1/p'
		;;
	esac
}

_neuron_option_names='tp lnc shape wait launch ultraserver template env model on-fault on-member-loss'

declare -A _neuron_options_before

# What Slurm's completion says, where there is one
_neuron_options_rest() {
	local other=${_neuron_options_before[$1]-}
	[ -z "$other" ] || "$other" "$@"
}

_neuron_options() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} names
	COMPREPLY=()
	# "=" is a word of its own
	if [ "$word" = '=' ]; then
		word=
	elif [ "$before" = '=' ] && [ "$COMP_CWORD" -ge 2 ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $before == --neuron-* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_neuron_option_values "${before#--neuron-}")" -- "$word")
		return
	fi
	[[ $word == --neuron* ]] || _neuron_options_rest "$@"
	[[ $word == --* ]] || return 0
	# shellcheck disable=SC2086 # a list
	names=$(printf -- '--neuron-%s ' $_neuron_option_names)
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$names" -- "$word")
}

# Let _neuron_options stand before what completes a command now
_neuron_options_take() {
	local spec
	! declare -F _completion_loader >/dev/null || _completion_loader "$1" 2>/dev/null
	spec=$(complete -p "$1" 2>/dev/null)
	if [[ $spec =~ \ -F\ ([^\ ]+) && ${BASH_REMATCH[1]} != _neuron_options ]]; then
		_neuron_options_before[$1]=${BASH_REMATCH[1]}
	fi
	complete -o bashdefault -o default -F _neuron_options "$1"
}
for _neuron_program in srun sbatch salloc; do
	_neuron_options_take "$_neuron_program"
done
unset _neuron_program
