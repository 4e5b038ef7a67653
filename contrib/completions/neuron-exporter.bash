# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Completion of neuron-exporter for bash.

_neuron_exporter() {
	local word=$2 before=$3 options
	[ "$word" != = ] || word=
	[ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
	COMPREPLY=()
	case $before in
	--print) mapfile -t COMPREPLY < <(compgen -W 'text openmetrics' -- "$word") ;;
	--config | --snapshot) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--user) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	--listen | --interval | --timeout | --per-node) ;;
	*)
		options='--node --listen --interval --timeout --per-node --user
			--config --snapshot --print --list --help --version'
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		;;
	esac
}
complete -F _neuron_exporter neuron-exporter
