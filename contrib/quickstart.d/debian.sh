# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
#
# Slurm as Debian packages it. Its programs are used as they are installed; of
# its source only the headers are wanted, once configured.
#
# $cache/debian-VERSION/src, build (the headers that configure makes).

slurm_packages=(
	slurmctld slurmd slurm-client slurm-wlm-basic-plugins libslurm-dev
	munge
)
slurm_services=(munge slurmctld slurmd)

packaged=

# Set $packaged: by those who have the packages, and on a Debian that has a
# release which is supported also by those who can install them
choose_slurm() {
	local release
	[ -z "$slurm_src" ] && [ "$(os_release ID)" = debian ] || return 0
	release=$(packaged_version | cut -d. -f1,2)
	if [ -n "$release" ]; then
		[ -d "$top/plugins/compat/$release" ] || return 0
	elif [ "$(os_release VERSION_CODENAME)" != "$slurm_suite" ]; then
		return 0
	fi
	[ -z "$(missing_packages "${slurm_packages[@]}")" ] || is_root_here ||
		return 0
	packaged=yes
	packages+=("${slurm_packages[@]}")
}

# KEY
os_release() {
	sed -n "s/^$1=\"\\{0,1\\}\\([^\"]*\\).*/\\1/p" /etc/os-release 2>/dev/null
}

# 24.11.5 of 24.11.5-4; nothing when it is not installed
packaged_version() {
	dpkg-query -W -f '${db:Status-Status} ${source:Upstream-Version}\n' \
		slurmctld 2>/dev/null | sed -n 's/^installed //p'
}

provide_packaged_slurm() {
	local version
	version=$(packaged_version)
	[ -d "$top/plugins/compat/$(cut -d. -f1,2 <<<"$version")" ] ||
		die "Slurm ${version:-(none)} was installed, which is not \
supported; use --slurm-src DIR"
	slurm=$cache/debian-$version
	slurm_prefix=/usr
	[ ! -f "$slurm/build/slurm/slurm_version.h" ] || return
	slurm_suite=$(os_release VERSION_CODENAME)
	unpack_slurm "$version"
	configure_packaged "$temporary_dir"
}

# DIR: from DIR/src to $slurm, which appears at once and complete
configure_packaged() {
	local dir=$1
	progress_note "configuring $(slurm_version "$dir/src"), for its headers"
	mkdir "$dir/build"
	cd "$dir/build" || die "$dir is gone"
	configure_slurm "$dir/log" "$slurm_prefix"
	cd "$top" || die "$top is gone"
	keep_headers "$dir"
	rm -rf "$slurm"
	mkdir "$dir/slurm"
	mv "$dir/src" "$dir/build" "$dir/log" "$dir/slurm/"
	mv "$dir/slurm" "$slurm"
}

#
# Services of the packages: they neither start now nor at the next boot
#
policy=/usr/sbin/policy-rc.d
policy_root=
policy_made=

# PREFIX, a list of words. Debian's own way to say that nothing starts; it
# forgets itself when this quickstart is gone.
# shellcheck disable=SC2086
forbid_services() {
	if [ -e "$policy" ] || [ -L "$policy" ]; then
		services_forbidden && return
		[ ! -e "$policy" ] || die "$policy lets services start; \
install these by hand: ${slurm_packages[*]}"
	fi
	new_temporary
	cat >"$temporary_dir/policy" <<-END
		#!/bin/sh
		# Made by quickstart of slurm-neuron while it installs packages
		if grep -qs quickstart /proc/$$/cmdline; then
			exit 101
		fi
		rm -f $policy
	END
	policy_root=$1
	policy_made=yes
	$1 install -m 0755 "$temporary_dir/policy" "$policy" ||
		die "cannot write $policy"
}

services_forbidden() {
	local rc=0
	"$policy" slurmctld start >/dev/null 2>&1 || rc=$?
	[ "$rc" -eq 101 ]
}

# shellcheck disable=SC2086
allow_services() {
	[ -n "$policy_made" ] || return 0
	$policy_root rm -f "$policy"
	policy_made=
}

# PREFIX SERVICE..., as an administrator would
# shellcheck disable=SC2086
disable_services() {
	local root=$1 service
	shift
	for service in "$@"; do
		if command -v systemctl >/dev/null; then
			$root systemctl --quiet disable "$service"
		else
			$root update-rc.d "$service" disable
		fi >/dev/null 2>&1 || say "$service starts at the next boot"
	done
}

# PREFIX PACKAGES: install, and keep services that are new from starting
install_quietly() {
	local service new=()
	for service in "${slurm_services[@]}"; do
		[[ " $2 " != *" $service "* ]] || new+=("$service")
	done
	[ ${#new[@]} -eq 0 ] || forbid_services "$1"
	apt_install "$1" "$2"
	allow_services
	[ ${#new[@]} -eq 0 ] || disable_services "$1" "${new[@]}"
}
