# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# munged, by which the daemons of a private cluster know each other. Installing
# its package would start a service of the machine; only the program is wanted,
# so the package is unpacked in the cache. (auth/slurm needs no munged, but
# serves its clients on one socket in /run that only root can make and that
# every Slurm of the machine shares.) Without munged the clusters use
# auth/none.

provide_munge() {
	PATH=$PATH:/usr/sbin:/sbin
	command -v munged >/dev/null && return
	if [ ! -x "$cache/munge/usr/sbin/munged" ]; then
		fetch_munge || say "no munged; clusters use auth/none"
	fi
	PATH=$PATH:$cache/munge/usr/sbin
}

fetch_munge() {
	local dir
	command -v apt-get >/dev/null || return
	new_temporary
	dir=$temporary_dir
	cd "$dir" || die "$dir is gone"
	start apt-get -q -o APT::Sandbox::User=root download munge \
		>"$dir/log" 2>&1
	finish && dpkg-deb -x "$dir"/munge_*.deb "$dir/munge"
	cd "$top" || die "$top is gone"
	[ -x "$dir/munge/usr/sbin/munged" ] || return
	rm -rf "$cache/munge"
	mv "$dir/munge" "$cache/munge"
}
