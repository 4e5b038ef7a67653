# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Completion of neuron-topo for bash. Where bash-completion is installed it is
# loaded with the first <Tab>; else source it. Nothing here asks slurmctld.

# The line up to the cursor in _neuron_words, with "--option=value" as one word
_neuron_read_line() {
	local i word glue=
	_neuron_words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == = && $i -gt 0 && ${COMP_WORDS[i - 1]} == --* ]]; then
			_neuron_words[-1]+='='
			glue=yes
		elif [ -n "$glue" ]; then
			_neuron_words[-1]+=$word
			glue=
		else
			_neuron_words+=("$word")
		fi
	done
}

_neuron_topo_subcommands='show fit explain mask unmask test sizes snapshot replay probe record generate check'

# Options of neuron-topo, or of one of its subcommands
_neuron_topo_options() {
	case $1 in
	'') echo --config --colour --color --help --version -h -V ;;
	show) echo --json --svg --html --watch ;;
	fit)
		echo -N --nodes --gres --tres-per-task -n --ntasks --ntasks-per-node \
			-c --cpus-per-task --mincpus -O --overcommit --exclusive \
			-p --partition -w --nodelist -x --exclude -t --time \
			--mem --mem-per-cpu -C --constraint --reservation -A --account \
			-q --qos -L --licenses -d --dependency --switches \
			-s --oversubscribe --ntasks-per-socket --ntasks-per-core \
			-J --job-name -o --output -e --error -D --chdir --comment --export \
			-G --gpus --gpus-per-node --gpus-per-task --gpus-per-socket \
			--neuron-shape --neuron-tp --neuron-lnc --neuron-wait \
			--neuron-launch --neuron-ultraserver --neuron-template \
			--neuron-env --neuron-model --neuron-on-fault \
			--neuron-on-member-loss --json
		;;
	explain) echo --shape --json ;;
	mask) echo --reason --jobs --json ;;
	unmask | snapshot) echo --json ;;
	sizes) echo --all --profile-dir --json ;;
	replay) echo --without ;;
	probe) echo --root --profile --profile-dir --rules --node --libfabric --json ;;
	test)
		echo --return --no-mask --min-bandwidth --provider --size --tasks --json \
			--clean --here
		;;
	record) echo --root --json ;;
	generate)
		echo --ec2 --topograph --map --partition --profile-dir --output --diff \
			--json
		;;
	check) echo --offline --probes --profile-dir --strict --json ;;
	esac
	[ -z "$1" ] || echo --help -h
}

# Names in what "neuron-topo sizes --json" prints: $1 is the key
_neuron_topo_names() {
	local key=$1
	shift
	"${_neuron_words[0]}" "$@" --json 2>/dev/null |
		sed -n "s/^ *\"$key\": *\"\([A-Za-z0-9._-]*\)\".*/\1/p"
}

# Whether an option stands before its value
_neuron_topo_takes() {
	case $1 in
	--config | --colour | --color | --svg | --html | --shape | --profile-dir | \
		--without | --root | --profile | --node | --ec2 | --topograph | --map | \
		--partition | --output | --diff | --probes | --nodes | --gres | \
		--tres-per-task | --ntasks | --ntasks-per-node | --cpus-per-task | \
		--nodelist | --exclude | --time | --neuron-shape | --neuron-launch | \
		--neuron-ultraserver | --neuron-template | --neuron-tp | --neuron-lnc | \
		--neuron-wait | --neuron-env | --neuron-model | --neuron-on-fault | \
		--neuron-on-member-loss | --reason | --mincpus | \
		--mem | --mem-per-cpu | --constraint | --reservation | --account | --qos | \
		--licenses | --dependency | --switches | --ntasks-per-socket | \
		--ntasks-per-core | --job-name | --error | --chdir | --comment | --export | \
		--gpus | --gpus-per-node | --gpus-per-task | --gpus-per-socket | \
		--rules | --min-bandwidth | --provider | --size | --tasks | --clean | \
		-[NncpwxtCAqLdJoeDG]) return 0 ;;
	*) return 1 ;;
	esac
}

# Values of option $1 that begin with $2
_neuron_topo_values() {
	local words=
	case $1 in
	--colour | --color) words='always never auto' ;;
	--shape | --neuron-shape) words='consecutive best ring connected' ;;
	--neuron-launch) words='process core' ;;
	--neuron-lnc) words='1 2' ;;
	--neuron-wait) words=never ;;
	--neuron-env) words='full basic none' ;;
	--neuron-ultraserver) words='require prefer no' ;;
	--jobs) words='none notify requeue requeuehold' ;;
	--neuron-template)
		words=$(_neuron_topo_names name \
			${_neuron_config:+--config "$_neuron_config"} sizes)
		;;
	--profile) words=$(_neuron_topo_names profile sizes --all) ;;
	--gres) words='neuron:' ;;
	--tres-per-task) words='gres/neuron=' ;;
	--config | --svg | --html | --ec2 | --topograph | --map | --probes | --rules)
		_neuron_topo_files -f "$2"
		return
		;;
	--profile-dir | --root | --output | --diff)
		_neuron_topo_files -d "$2"
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
}

_neuron_topo_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# Look at the words before the last: the subcommand, and how many words without
# an option follow it
_neuron_topo_look() {
	local i word count=${#_neuron_words[@]}
	_neuron_command='' _neuron_count=0 _neuron_config=''
	for ((i = 1; i < count - 1; i++)); do
		word=${_neuron_words[i]}
		case $word in
		--config) _neuron_config=${_neuron_words[i + 1]} ;;
		--config=*) _neuron_config=${word#*=} ;;
		esac
		if [[ $word == -?* ]]; then
			! _neuron_topo_takes "$word" || i=$((i + 1))
		elif [ -z "$_neuron_command" ]; then
			_neuron_command=$word
		elif [ "$_neuron_command" = replay ] && [ "$_neuron_count" -eq 1 ]; then
			# what stands behind the file has its own options
			_neuron_command=$word _neuron_count=0
		else
			_neuron_count=$((_neuron_count + 1))
		fi
	done
}

_neuron_topo() {
	local _neuron_words _neuron_command _neuron_count _neuron_config word before
	COMPREPLY=()
	_neuron_read_line
	_neuron_topo_look
	word=${_neuron_words[-1]}
	before=${_neuron_words[-2]}
	if [[ $word == --*=* ]]; then
		_neuron_topo_values "${word%%=*}" "${word#*=}"
	elif _neuron_topo_takes "$before"; then
		_neuron_topo_values "$before" "$word"
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_neuron_topo_options "$_neuron_command")" -- "$word")
	else
		_neuron_topo_words "$word"
	fi
}

# What is no option
_neuron_topo_words() {
	case $_neuron_command in
	'') mapfile -t COMPREPLY < <(compgen -W "$_neuron_topo_subcommands" -- "$1") ;;
	replay)
		if [ "$_neuron_count" -eq 0 ]; then
			_neuron_topo_files -f "$1"
		else
			mapfile -t COMPREPLY < <(compgen -W 'show fit explain' -- "$1")
		fi
		;;
	record | generate) _neuron_topo_files -f "$1" ;;
	esac
}

complete -F _neuron_topo neuron-topo
