#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# enter.sh ROOT COMMAND...: run a command in another root directory. To be
# started by unshare, in name spaces that its mounts and processes end with.
set -eu

root=$1
shift
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
# An installation that was stopped last time
chroot "$root" dpkg --configure -a </dev/null >/dev/null

environment=(
	HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
	TERM="${TERM:-dumb}"
)
for name in http_proxy https_proxy no_proxy; do
	[ -z "${!name:-}" ] || environment+=("$name=${!name}")
done
exec chroot "$root" env -i "${environment[@]}" "$@"
