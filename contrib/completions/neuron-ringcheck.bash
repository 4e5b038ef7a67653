# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Completion of neuron-ringcheck for bash.

_neuron_ringcheck() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	# "=" is a word of its own
	if [ "$word" = '=' ]; then
		word=
	elif [ "$before" = '=' ] && [ "$COMP_CWORD" -ge 2 ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	case $before in
	--type) mapfile -t COMPREPLY < <(compgen -W 'float32 int32' -- "$word") ;;
	--size | --iterations | --min-bandwidth | --timeout | --time-limit) ;;
	*)
		[[ $word != -* ]] || mapfile -t COMPREPLY < <(compgen -W '--size
			--iterations --type --each-link --min-bandwidth --timeout
			--time-limit --no-devices --json --quiet --progress --help
			--version' -- "$word")
		;;
	esac
}

complete -F _neuron_ringcheck neuron-ringcheck
