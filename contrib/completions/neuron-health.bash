# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Completion of neuron-health for bash.
_neuron_health() {
	local word=${COMP_WORDS[COMP_CWORD]}
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-r | --root) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	-f | --forget) mapfile -t COMPREPLY < <(compgen -W all -- "$word") ;;
	-N | --node) COMPREPLY=() ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W '--daemon --dry-run --json --node
			--root --forget --help --version' -- "$word")
		;;
	esac
}
complete -F _neuron_health neuron-health
