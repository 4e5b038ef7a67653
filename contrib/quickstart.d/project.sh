# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# The project itself: built in _build, installed to _build/stage, tested.

# Steps of a build, for the counter only
project_files=60

make_flags=()

build_project() {
	phase "slurm-neuron"
	[ ! -e "$top/config.status" ] ||
		die "$top is configured in place; run make distclean there"
	mkdir -p "$build" || die "cannot make $build"
	take_lock 8 "$build/lock" "works in $build"
	make_configure
	configure_project
	cd "$build" || die "$build is gone"
	run_counted "$build/make.log" "$project_files" \
		make -j"$jobs" "${make_flags[@]}" all
	run_logged "$build/install.log" make -s "${make_flags[@]}" install
	cd "$top" || die "$top is gone"
	phase_end "built in $build"
}

unlock_project() {
	exec 8>&-
}

# Later changes of configure.ac are seen by make itself
make_configure() {
	local file
	cd "$top" || die "$top is gone"
	while IFS= read -r file; do
		[ ! -e "${file%.am}.in" ] || continue
		run_logged "$build/autogen.log" ./autogen.sh
		return
	done < <(find . -path ./_build -prune -o -name Makefile.am -print
		echo ./configure.am)
}

configure_project() {
	local options=(--prefix="$build/stage" --enable-developer
		--with-slurm="$slurm_prefix" --with-slurm-src="$slurm/src"
		--with-slurm-build="$slurm/build"
		--with-plugindir="$build/stage/lib/slurm")
	if [ -f "$build/config.status" ] &&
		[ "$(cat "$build/options" 2>/dev/null)" = "${options[*]}" ]; then
		return
	fi
	# What was compiled for another Slurm must not stay
	find "$build" -mindepth 1 -maxdepth 1 ! -name lock ! -name demo \
		-exec rm -rf {} +
	cd "$build" || die "$build is gone"
	run_logged "$build/configure.log" "$top/configure" "${options[@]}"
	printf '%s\n' "${options[*]}" >options
}

# Every test, its output visible; the exit status is that of the tests
run_checks() {
	local rc=0
	phase "tests"
	[ ! -t 1 ] || printf '\n'
	find "$build" -name '*.trs' -delete
	start make -k -j"$jobs" -C "$build" check
	finish || rc=$?
	summary || rc=1
	exit "$rc"
}

# From the results that automake's test drivers leave
summary() {
	local passed failed skipped
	passed=$(count_results 'PASS|XFAIL')
	failed=$(count_results 'FAIL|XPASS|ERROR')
	skipped=$(count_results 'SKIP')
	show_results 'FAIL|XPASS|ERROR' '^not ok|^Bail out!'
	show_results 'SKIP' '^(ok|1\.\.0).*# SKIP'
	phase_end
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" \
		"$skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

count_results() {
	find "$build" -name '*.trs' -exec cat {} + |
		grep -Ec "^:test-result: ($1)( |\$)"
}

# RESULTS LINES: name each test file with one of the results, and what its log
# says about them
show_results() {
	local file
	find "$build" -name '*.trs' | sort | while IFS= read -r file; do
		grep -Eq "^:test-result: ($1)( |\$)" "$file" || continue
		file=${file%.trs}
		printf '  %s: %s\n' "${1%%|*}" "${file#"$build"/}.log"
		grep -E "$2" "$file.log" | sed 's/^/    /'
	done
}
