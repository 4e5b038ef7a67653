# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Prometheus and promtool, for the test of neuron-exporter. Installing the
# package would start a service of the machine; only the programs are wanted,
# so the package is unpacked in the cache, as that of munge. Without them the
# test skips what needs them.

provide_prometheus() {
	command -v prometheus >/dev/null && command -v promtool >/dev/null &&
		return
	if [ ! -x "$cache/prometheus/usr/bin/promtool" ]; then
		fetch_prometheus || say "no Prometheus; its tests are skipped"
	fi
	PATH=$PATH:$cache/prometheus/usr/bin
}

fetch_prometheus() {
	local dir
	command -v apt-get >/dev/null || return
	new_temporary
	dir=$temporary_dir
	cd "$dir" || die "$dir is gone"
	start apt-get -q -o APT::Sandbox::User=root download prometheus \
		>"$dir/log" 2>&1
	finish && dpkg-deb -x "$dir"/prometheus_*.deb "$dir/prometheus"
	cd "$top" || die "$top is gone"
	[ -x "$dir/prometheus/usr/bin/promtool" ] || return
	rm -rf "$cache/prometheus"
	mv "$dir/prometheus" "$cache/prometheus"
}
