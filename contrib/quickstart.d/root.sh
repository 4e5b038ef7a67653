# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
#
# check --packages: "quickstart check" in a Debian 13 that has nothing else,
# where it takes Debian's own Slurm.
#
# $cache/root-SUITE-FORMAT is that Debian: made by debootstrap, used again with
# all that was installed in it, made anew after a month. What runs in it runs
# in name spaces of its own for mounts and processes, which end with it.

root_format=1
root_days=30

check_packages() {
	local reason rc=0
	reason=$(why_no_root)
	[ -z "$reason" ] || skipped "$reason"
	prepare
	packages=(debootstrap debian-archive-keyring)
	install_packages
	provide_root
	phase "contrib/quickstart check in it"
	phase_end
	enter_root /src/contrib/quickstart check || rc=$?
	[ "$rc" -eq 0 ] || say "its folders are below $root"
	exit "$rc"
}

# As test drivers know it
skipped() {
	printf 'skipped: %s\n' "$*"
	exit 77
}

why_no_root() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "only root can make a Debian $slurm_suite to run it in"
	elif ! command -v apt-get >/dev/null; then
		echo "not a Debian system, no debootstrap"
	elif [ -z "$(archive_uri)" ]; then
		echo "found no Debian archive in apt's configuration"
	elif ! private true 2>/dev/null; then
		echo "this root may not make name spaces (unshare)"
	fi
}

# COMMAND...: with mounts and processes of its own
private() {
	unshare --mount --pid --fork --kill-child --mount-proc "$@"
}

# Sets $root
provide_root() {
	phase "Debian $slurm_suite"
	root=$cache/root-$slurm_suite-$root_format
	take_lock 9 "$root.lock" "uses $root"
	remove_old_temporaries
	[ -n "$(find "$root/.made" -mtime "-$root_days" 2>/dev/null)" ] ||
		make_root
	copy_to_root
	phase_end "in $root"
}

make_root() {
	local uri dir
	uri=$(archive_uri)
	new_temporary
	dir=$temporary_dir
	find_keyring
	run_logged "$dir/log" private debootstrap --variant=minbase \
		--include=ca-certificates --keyring="$keyring" "$slurm_suite" \
		"$dir/root" "$uri"
	touch "$dir/root/.made"
	rm -rf --one-file-system "$root"
	mv "$dir/root" "$root"
}

# What changes between two runs: the project, and the way to the network
copy_to_root() {
	local host
	host=$(hostname)
	# With what failed tests left for inspection
	rm -rf "$root/src" "$root/root/.cache/slurm-neuron/tmp"
	mkdir "$root/src"
	tar -C "$top" --exclude=./_build --exclude=./.git --exclude=./configure \
		--exclude=./aclocal.m4 --exclude=./autom4te.cache \
		--exclude=./build-aux --exclude=Makefile.in \
		--exclude='./slurm-neuron-*' -cf - . |
		tar -C "$root/src" --no-same-owner -xf - ||
		die "cannot copy $top to $root"
	printf '%s\n' "127.0.0.1 localhost ${host%%.*} $host" >"$root/etc/hosts"
	printf '%s\n' "$host" >"$root/etc/hostname"
	[ ! -f /etc/resolv.conf ] ||
		cat /etc/resolv.conf >"$root/etc/resolv.conf"
	apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/90host"
}

# COMMAND...
enter_root() {
	start private bash "$parts/enter.sh" "$root" "$@"
	finish
}
