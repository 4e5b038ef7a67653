# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Slurm: fetched and built once, kept in the cache.
#
# $cache/slurm-VERSION/src, build (the headers that configure makes), install.

slurm_release=24.11
slurm_suite=trixie
# Steps of libtool in a build, for the counter only
slurm_files=690

slurm=
slurm_prefix=

# Sets $slurm and $slurm_prefix, where it is installed
provide_slurm() {
	phase "Slurm"
	take_lock 9 "$cache/lock" "is preparing Slurm"
	remove_old_temporaries
	if [ -n "$packaged" ]; then
		provide_packaged_slurm
	elif [ -n "$slurm_src" ]; then
		provide_own_slurm
	else
		provide_debian_slurm
	fi
	: "${slurm_prefix:=$slurm/install}"
	exec 9>&-
	phase_end "$(slurm_version "$slurm/src") in ${slurm_prefix%/install}"
}

# What was left by a quickstart that was killed
remove_old_temporaries() {
	find "$cache/tmp" -maxdepth 1 -name 'quickstart.*' -mmin +600 \
		-exec rm -rf {} +
}

# And not moved since: Slurm knows its own place
is_complete() {
	[ -x "$1/install/sbin/slurmctld" ] && [ -f "$1/src/META" ] &&
		grep -qsF "SLURM_PREFIX \"$1/install\"" "$1/build/config.h"
}

provide_debian_slurm() {
	slurm=$(find_complete)
	[ -z "$slurm" ] || return
	unpack_slurm "$slurm_release.*"
	build_slurm "$temporary_dir" ""
}

# VERSION, a pattern: Debian's source of it, to $temporary_dir/src
unpack_slurm() {
	local tarball
	tarball=$(find_tarball "$1")
	if [ -z "$tarball" ]; then
		fetch_tarball "$1"
		tarball=$(find_tarball "$1")
	fi
	new_temporary
	mkdir "$temporary_dir/src"
	tar -C "$temporary_dir/src" --strip-components=1 -xf "$tarball" ||
		die "$tarball cannot be unpacked; remove it and try again"
}

# Trees of users have a second dash in their names
find_complete() {
	local dir
	for dir in "$cache/slurm-$slurm_release".*; do
		[[ ${dir##*/} != slurm-*-* ]] && is_complete "$dir" &&
			echo "$dir" && return
	done
}

# VERSION
find_tarball() {
	find "$cache" -maxdepth 1 -name "slurm-wlm_$1.orig.tar.*" | sort -V |
		tail -n 1
}

# Where apt on this machine finds the main archive of Debian
archive_uri() {
	# shellcheck disable=SC2016
	local format='$(LABEL)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)' uri
	uri=$(apt-get indextargets --format "$format" 'Created-By: Packages' |
		awk -F'|' '$1 == "Debian" && $2 == "main" {print $4; exit}')
	# Without downloaded lists apt does not know labels
	[ -n "$uri" ] ||
		uri=$(apt-get indextargets --format "$format" \
			'Created-By: Packages' | awk -F'|' '$2 == "main" &&
			$3 ~ /^(bookworm|trixie|forky|(old)*stable|testing|sid)$/ {
				print $4; exit}')
	echo "$uri"
}

# Sets $keyring
find_keyring() {
	for keyring in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ ! -f "$keyring" ] || break
	done
}

# A sources.list and a state folder of our own, below $1
write_apt_source() {
	local uri
	uri=$(archive_uri)
	[ -n "$uri" ] || die "found no Debian archive in apt's configuration; \
give the source of Slurm $slurm_release with --slurm-src DIR"
	find_keyring
	mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial" "$1/get"
	echo "deb-src [signed-by=$keyring] $uri $slurm_suite main" \
		>"$1/sources.list"
}

# VERSION
fetch_tarball() {
	local dir apt file
	new_temporary
	dir=$temporary_dir
	progress_note "fetching its source"
	write_apt_source "$dir"
	apt=(apt-get -q -o "Dir::Etc::sourcelist=$dir/sources.list"
		-o Dir::Etc::sourceparts=/dev/null
		-o "Dir::State=$dir/state" -o "Dir::Cache=$dir/cache"
		-o Acquire::Languages=none -o Acquire::Retries=3
		-o APT::Sandbox::User=root)
	run_logged "$dir/log" "${apt[@]}" update
	cd "$dir/get" || die "$dir is gone"
	run_logged "$dir/log" "${apt[@]}" source --tar-only --download-only \
		slurm-wlm
	cd "$top" || die "$top is gone"
	file=$(find "$dir/get" -name "slurm-wlm_$1.orig.tar.*")
	[ -n "$file" ] || die "Debian's $slurm_suite has another release than \
Slurm $1 now: $(ls "$dir/get"); use --slurm-src DIR"
	mv "$file" "$cache/"
}

progress_note() {
	[ ! -t 1 ] || printf '\r\033[K'
	printf '[%d/%d] Slurm: %s (%s since start)\n' "$phase_number" \
		"$phases" "$*" "$(clock)"
}

# A tree of the user's: built again when a file in it changed
provide_own_slurm() {
	local mark version
	version=$(slurm_version "$slurm_src")
	mark=$(cd "$slurm_src" && find . -type f \( -name '*.[ch]' -o \
		-name '*.in' -o -name configure -o -name META \) \
		! -name config.h -printf '%p %T@ %s\n' | sort | sha256sum)
	slurm=$cache/slurm-$version-$(printf %s "$slurm_src" | sha256sum |
		cut -c1-8)
	if is_complete "$slurm" && [ "$(cat "$slurm/mark")" = "$mark" ]; then
		return
	fi
	new_temporary
	mkdir "$temporary_dir/src"
	copy_source "$slurm_src" "$temporary_dir/src"
	build_slurm "$temporary_dir" "${slurm##*/slurm-"$version"}"
	printf '%s\n' "$mark" >"$slurm/mark"
}

# Without what an earlier build in that tree left
copy_source() {
	tar -C "$1" --exclude=.git --exclude='*.o' --exclude='*.lo' \
		--exclude='*.la' --exclude=.libs --exclude=.deps \
		--exclude=Makefile --exclude=./config.status \
		--exclude=./config.h --exclude=./config.log \
		--exclude=./libtool --exclude=./slurm/slurm_version.h \
		-cf - . | tar -C "$2" -xf - || die "cannot copy $1"
}

slurm_version() {
	awk '$1 == "Version:" {print $2}' "$1/META"
}

# DIR SUFFIX: from DIR/src to $cache/slurm-VERSIONSUFFIX, which appears at
# once and complete. Sets $slurm.
build_slurm() {
	local dir=$1 log=$1/log
	slurm=$cache/slurm-$(slurm_version "$dir/src")$2
	progress_note "configuring $(slurm_version "$dir/src")"
	mkdir "$dir/build"
	cd "$dir/build" || die "$dir is gone"
	configure_slurm "$log" "$slurm/install"
	make_slurm "$log" "$dir"
	cd "$top" || die "$top is gone"
	mv "$dir/dest$slurm/install" "$dir/install"
	keep_headers "$dir"
	rm -rf "$slurm"
	mkdir "$dir/slurm"
	mv "$dir/src" "$dir/build" "$dir/install" "$log" "$dir/slurm/"
	mv "$dir/slurm" "$slurm"
}

# LOG PREFIX
# The cache variable leaves out -ggdb3, which takes a third of the time; no
# option of Slurm does without turning off more.
configure_slurm() {
	run_logged "$1" ../src/configure --prefix="$2" \
		--enable-multiple-slurmd --disable-dependency-tracking \
		--without-shared-libslurm --disable-static \
		ax_cv_check_cflags___ggdb3=no CFLAGS='-O1 -g'
}

# LOG DIR, in the build folder
make_slurm() {
	run_counted "$1" "$slurm_files" build_parts "$2"
}

build_parts() {
	local munge=no
	! grep -q '^MUNGE_LIBS = .*-lmunge' src/api/Makefile || munge=yes
	make -j"$jobs" -C src/api &&
		make -j"$jobs" -C src -f "$parts/slurm.mk" NEURON_MUNGE=$munge all &&
		make -j"$jobs" -C src -f "$parts/slurm.mk" NEURON_MUNGE=$munge \
			DESTDIR="$1/dest" install &&
		make -s DESTDIR="$1/dest" install-pkgincludeHEADERS
}

# Of the build only what configure made for compilers
keep_headers() {
	mkdir -p "$1/headers/slurm"
	mv "$1/build/config.h" "$1/headers/"
	mv "$1/build/slurm/slurm_version.h" "$1/headers/slurm/"
	rm -rf "$1/build" "$1/src/doc" "$1/src/testsuite" "$1/src/contribs"
	mv "$1/headers" "$1/build"
}
