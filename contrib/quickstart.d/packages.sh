# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Debian packages that building and testing need.

packages=(
	gcc libc6-dev make autoconf automake libtool pkg-config
	libhwloc-dev libpci-dev libfabric-dev libjson-c-dev libmicrohttpd-dev check
	libjwt-dev libmunge-dev
	debian-archive-keyring bzip2 xz-utils
)

# PACKAGE...
missing_packages() {
	local package
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" \
			2>/dev/null | grep -qx installed || echo "$package"
	done
}

# Print what to put before a command so that it runs as root
root_prefix() {
	if [ "$(id -u)" -ne 0 ]; then
		sudo -n true 2>/dev/null && echo "sudo -n"
	fi
}

is_root_here() {
	[ "$(id -u)" -eq 0 ] || [ -n "$(root_prefix)" ]
}

install_packages() {
	local missing root
	phase "packages"
	if ! command -v dpkg-query >/dev/null; then
		phase_end "not a Debian system; needed are: ${packages[*]}"
		return
	fi
	missing=$(missing_packages "${packages[@]}" | tr '\n' ' ')
	if [ -n "$missing" ]; then
		root=$(root_prefix)
		is_root_here ||
			die "packages are missing; as root, run:
  apt-get install --no-install-recommends $missing"
		[ ! -t 1 ] || printf '\n'
		say "installing $missing"
		install_quietly "$root" "$missing"
	fi
	phase_end "${missing:+installed }${missing:-all there}"
}

# PREFIX PACKAGES, both lists of words
# shellcheck disable=SC2086
apt_install() {
	local log
	new_temporary
	log=$temporary_dir/apt.log
	# One dead source of packages is no reason to give up
	start $1 apt-get -q update >"$log" 2>&1
	finish || say "apt-get update had errors, trying nevertheless"
	run_logged "$log" $1 env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y -o DPkg::Lock::Timeout=300 \
		-o Acquire::Retries=3 install --no-install-recommends $2
}
