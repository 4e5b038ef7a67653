# SPDX-License-Identifier: GPL-2.0-or-later
#
# Find an installed Slurm and the source of the same release. Plugins need
# both: Slurm's plugin interface is in its source only, and changes with each
# release.

# _NEURON_SLURM_OPTIONS
AC_DEFUN([_NEURON_SLURM_OPTIONS], [
	AC_ARG_WITH([slurm],
		[AS_HELP_STRING([--with-slurm=PREFIX],
			[the installed Slurm @<:@/usr@:>@])],
		[], [with_slurm=maybe])
	AC_ARG_WITH([slurm-src],
		[AS_HELP_STRING([--with-slurm-src=DIR],
			[source tree of the same Slurm, configured])],
		[], [with_slurm_src=no])
	AC_ARG_WITH([slurm-build],
		[AS_HELP_STRING([--with-slurm-build=DIR],
			[where that source was configured, when not in its own
			 folder])],
		[], [with_slurm_build=no])
	AC_ARG_WITH([plugindir],
		[AS_HELP_STRING([--with-plugindir=DIR],
			[where to install the plugins @<:@folder of the
			 installed Slurm's own@:>@])],
		[], [with_plugindir=no])
	AC_ARG_WITH([slurm-sysconfdir],
		[AS_HELP_STRING([--with-slurm-sysconfdir=DIR],
			[where slurm.conf is @<:@/etc/slurm for a Slurm in
			 /usr, else PREFIX/etc@:>@])],
		[], [with_slurm_sysconfdir=no])
	AC_ARG_ENABLE([untested-slurm],
		[AS_HELP_STRING([--enable-untested-slurm],
			[build for a release of Slurm that these plugins were
			 never tested with, as if it were the newest known])],
		[], [enable_untested_slurm=no])
])

# _NEURON_SLURM_USE_DIR(VARIABLE, OPTION)
# Make VARIABLE an absolute path; it must be a folder.
AC_DEFUN([_NEURON_SLURM_USE_DIR], [
	AS_IF([test -d "$$1"], [],
		[AC_MSG_ERROR([$2=$$1: no such folder])])
	$1=$(cd "$$1" && pwd)
])

# _NEURON_SLURM_WANTED
# Set slurm_wanted: no when nothing was asked for and nothing is there.
AC_DEFUN([_NEURON_SLURM_WANTED], [
	slurm_wanted=yes
	slurm_absent=
	AS_CASE([$with_slurm],
		[yes], [with_slurm=/usr],
		[no], [slurm_wanted=no
		       slurm_absent="--without-slurm was given"],
		[maybe], [
			with_slurm=/usr
			AS_IF([test "$with_slurm_src" != no], [],
			      [test -f /usr/include/slurm/slurm_version.h], [],
			      [slurm_wanted=no
			       slurm_absent="no Slurm in /usr, see --with-slurm and --with-slurm-src"])
		])
	AS_IF([test "$enable_sanitizers" = yes],
		[slurm_wanted=no
		 slurm_absent="--enable-sanitizers was given"])
	AS_IF([test $slurm_wanted = yes && test "$with_slurm_src" = no], [
		AS_IF([test $slurm_given = yes],
			[AC_MSG_ERROR([--with-slurm-src=DIR is missing: plugins are compiled with the source of the installed Slurm])],
			[slurm_wanted=no
			 slurm_absent="--with-slurm-src was not given"])
	])
])

# _NEURON_SLURM_INSTALLED
# Set slurm_number (0x180b05) from the installed header, check the programs.
AC_DEFUN([_NEURON_SLURM_INSTALLED], [
	_NEURON_SLURM_USE_DIR([with_slurm], [--with-slurm])
	neuron_header=$with_slurm/include/slurm/slurm_version.h
	AC_MSG_CHECKING([for the version of Slurm in $with_slurm])
	AS_IF([test -f "$neuron_header"], [],
		[AC_MSG_RESULT([none])
		 AC_MSG_ERROR([--with-slurm=$with_slurm: there is no include/slurm/slurm_version.h; give the folder that Slurm was installed to (its --prefix), with its headers (packages: slurm-devel, libslurm-dev)])])
	slurm_number=$($AWK '$[]2 == "SLURM_VERSION_NUMBER" {print $[]3}' \
		"$neuron_header")
	AC_MSG_RESULT([${slurm_number:-none}])
	AS_CASE([$slurm_number], [0x??????], [],
		[AC_MSG_ERROR([$neuron_header: no SLURM_VERSION_NUMBER of six hexadecimal digits])])
	for neuron_file in sbin/slurmctld sbin/slurmd bin/srun; do
		AS_IF([test -x "$with_slurm/$neuron_file"], [],
			[AC_MSG_WARN([$with_slurm/$neuron_file is not there: system tests that need it will be skipped])])
	done
])

# _NEURON_SLURM_SOURCE
# Set slurm_version (24.11.5) and slurm_release (24.11) from META.
AC_DEFUN([_NEURON_SLURM_SOURCE], [
	_NEURON_SLURM_USE_DIR([with_slurm_src], [--with-slurm-src])
	AC_MSG_CHECKING([for the version of Slurm's source in $with_slurm_src])
	AS_IF([test -f "$with_slurm_src/META"], [],
		[AC_MSG_RESULT([none])
		 AC_MSG_ERROR([--with-slurm-src=$with_slurm_src: there is no file META; give the top folder of Slurm's source])])
	slurm_version=$($AWK '$[]1 == "Version:" {print $[]2}' \
		"$with_slurm_src/META")
	AC_MSG_RESULT([${slurm_version:-none}])
	slurm_release=$(echo "$slurm_version" | \
		$AWK -F. 'NF >= 3 && $[]1 ~ /^@<:@0-9@:>@+$/ && $[]2 ~ /^@<:@0-9@:>@+$/ {print $[]1 "." $[]2}')
	AS_IF([test -n "$slurm_release"], [],
		[AC_MSG_ERROR([$with_slurm_src/META: Version: $slurm_version is not a version like 24.11.5])])
	slurm_src_number=$(echo "$slurm_version" | \
		$AWK -F. '{printf "0x%02x%02x%02x", $[]1, $[]2, $[]3}')
	AS_IF([test "$slurm_src_number" = "$slurm_number"], [],
		[AC_MSG_ERROR([--with-slurm-src=$with_slurm_src is Slurm $slurm_version ($slurm_src_number), but --with-slurm=$with_slurm is another one ($slurm_number); plugins only load into the version they were compiled for])])
])

# _NEURON_SLURM_CONFIGURED
# The headers that Slurm's configure makes.
AC_DEFUN([_NEURON_SLURM_CONFIGURED], [
	AS_IF([test "$with_slurm_build" = no],
		[with_slurm_build=$with_slurm_src])
	_NEURON_SLURM_USE_DIR([with_slurm_build], [--with-slurm-build])
	for neuron_file in config.h slurm/slurm_version.h; do
		AS_IF([test -f "$with_slurm_build/$neuron_file"], [],
			[AC_MSG_ERROR([$with_slurm_build/$neuron_file is missing: that source of Slurm is not configured. Run there: ./configure with the options that the installed Slurm was built with (no make is needed); when that was done in another folder, name it with --with-slurm-build=DIR])])
	done
	neuron_built=$($AWK '$[]2 == "SLURM_VERSION_NUMBER" {print $[]3}' \
		"$with_slurm_build/slurm/slurm_version.h")
	AS_IF([test "$neuron_built" = "$slurm_number"], [],
		[AC_MSG_ERROR([--with-slurm-build=$with_slurm_build was configured for another version ($neuron_built, not $slurm_number)])])
])

# _NEURON_SLURM_RELEASE
# Set slurm_compat, the folder below plugins/compat.
AC_DEFUN([_NEURON_SLURM_RELEASE], [
	slurm_known=$(cd "$srcdir/plugins/compat" && ls -d @<:@0-9@:>@*.@<:@0-9@:>@* | sort -V | tr '\n' ' ')
	slurm_compat=$slurm_release
	AS_IF([test -d "$srcdir/plugins/compat/$slurm_release"], [],
	      [test "$enable_untested_slurm" = yes], [
		slurm_compat=$(set -- $slurm_known; shift $(($[#] - 1)); echo "$[1]")
		AC_MSG_WARN([Slurm $slurm_release was never tested; compiling for it as if it were $slurm_compat])
	      ],
	      [AC_MSG_ERROR([Slurm $slurm_release is not supported; known releases: ${slurm_known}(--enable-untested-slurm tries nevertheless)])])
])

# _NEURON_SLURM_COMPILES
# Do Slurm's headers compile where they stand?
AC_DEFUN([_NEURON_SLURM_COMPILES], [
	SLURM_CPPFLAGS="-isystem $with_slurm_build"
	AS_IF([test "$with_slurm_build" != "$with_slurm_src"],
		[SLURM_CPPFLAGS="$SLURM_CPPFLAGS -isystem $with_slurm_src"])
	AC_MSG_CHECKING([whether Slurm's headers compile])
	neuron_save_cppflags=$CPPFLAGS
	CPPFLAGS="$SLURM_CPPFLAGS $CPPFLAGS"
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#include "config.h"
#include "slurm/slurm.h"
#include "slurm/slurm_version.h"
#include "src/common/log.h"
#include "src/interfaces/gres.h"
#if SLURM_VERSION_NUMBER != ]$slurm_number[
#error another version
#endif
		]])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		 AC_MSG_ERROR([the headers in $with_slurm_src do not compile, see config.log])])
	CPPFLAGS=$neuron_save_cppflags
])

# _NEURON_SLURM_FIND(VARIABLE, FILE)
# The library folder of the installed Slurm that has FILE.
AC_DEFUN([_NEURON_SLURM_FIND], [
	$1=
	for neuron_dir in "$with_slurm/lib" "$with_slurm/lib64" \
		"$with_slurm"/lib/*-linux-gnu* "$with_slurm/lib/slurm" \
		"$with_slurm/lib64/slurm" "$with_slurm"/lib/*/slurm \
		"$with_slurm"/lib/*/slurm-wlm; do
		AS_IF([test -z "$$1" && test -f "$neuron_dir/$2"],
			[$1=$neuron_dir])
	done
])

# _NEURON_SLURM_LIBRARY
# For programs that ask slurmctld. Slurm's own link libslurmfull: some of its
# plugins want functions that libslurm keeps to itself.
AC_DEFUN([_NEURON_SLURM_LIBRARY], [
	LIBSLURM_CPPFLAGS=
	AS_IF([test "$with_slurm" != /usr],
		[LIBSLURM_CPPFLAGS="-isystem $with_slurm/include"])
	neuron_library=-lslurmfull
	_NEURON_SLURM_FIND([neuron_libdir], [libslurmfull.so])
	AS_IF([test -z "$neuron_libdir"], [
		neuron_library=-lslurm
		_NEURON_SLURM_FIND([neuron_libdir], [libslurm.so])
	])
	AS_IF([test -n "$neuron_libdir"], [],
		[AC_MSG_ERROR([--with-slurm=$with_slurm: found neither libslurmfull.so nor libslurm.so in it])])
	LIBSLURM_LIBS="-L$neuron_libdir -R$neuron_libdir $neuron_library"
])

# _NEURON_SLURM_PLUGINDIR
# Set SLURM_PLUGINDIR, where Slurm's own plugins are (empty: not found), and
# slurmplugindir, where ours go.
AC_DEFUN([_NEURON_SLURM_PLUGINDIR], [
	_NEURON_SLURM_FIND([SLURM_PLUGINDIR], [select_cons_tres.so])
	AS_CASE([$with_plugindir],
		[yes|no], [
			slurmplugindir=$SLURM_PLUGINDIR
			AS_IF([test -n "$slurmplugindir"], [],
				[AC_MSG_ERROR([--with-slurm=$with_slurm: found no folder with Slurm's plugins (select_cons_tres.so); name it with --with-plugindir=DIR])])
		],
		[slurmplugindir=$with_plugindir])
	AS_CASE([$slurmplugindir], [/*|'$'*], [],
		[AC_MSG_ERROR([--with-plugindir=$slurmplugindir: give an absolute path])])
])

# _NEURON_SLURM_SYSCONFDIR
AC_DEFUN([_NEURON_SLURM_SYSCONFDIR], [
	SLURM_SYSCONFDIR=$with_slurm_sysconfdir
	AS_CASE([$with_slurm_sysconfdir:$with_slurm],
		[yes:/usr|no:/usr], [SLURM_SYSCONFDIR=/etc/slurm],
		[yes:*|no:*], [SLURM_SYSCONFDIR=$with_slurm/etc])
	AC_SUBST([SLURM_SYSCONFDIR])
])

# NEURON_SLURM
AC_DEFUN([NEURON_SLURM], [
	_NEURON_SLURM_OPTIONS
	slurm_given=yes
	AS_CASE([$with_slurm], [maybe|no], [slurm_given=no])
	_NEURON_SLURM_WANTED
	SLURM_CPPFLAGS=
	neuron_library=
	slurmplugindir='${libdir}/slurm'
	NEURON_DISTCHECK_FLAGS=--without-slurm
	AS_IF([test $slurm_wanted = yes], [
		_NEURON_SLURM_INSTALLED
		_NEURON_SLURM_SOURCE
		_NEURON_SLURM_CONFIGURED
		_NEURON_SLURM_RELEASE
		_NEURON_SLURM_COMPILES
		_NEURON_SLURM_LIBRARY
		_NEURON_SLURM_PLUGINDIR
		_NEURON_SLURM_SYSCONFDIR
		NEURON_DISTCHECK_FLAGS="--with-slurm=$with_slurm --with-slurm-src=$with_slurm_src --with-slurm-build=$with_slurm_build --with-plugindir='\$\${libdir}/slurm'"
	], [with_slurm=
	    with_slurm_src=
	    slurm_compat=24.11])
	AM_CONDITIONAL([BUILD_PLUGINS], [test $slurm_wanted = yes])
	dnl Not with libslurm, which keeps the functions for messages to itself
	AM_CONDITIONAL([BUILD_NODESIM], [test "$neuron_library" = -lslurmfull])
	AC_SUBST([SLURM_PREFIX], [$with_slurm])
	AC_SUBST([SLURM_PLUGINDIR])
	AC_SUBST([SLURM_SRC], [$with_slurm_src])
	AC_SUBST([SLURM_CPPFLAGS])
	AC_SUBST([LIBSLURM_CPPFLAGS])
	AC_SUBST([LIBSLURM_LIBS])
	AC_SUBST([SLURM_COMPAT], [$slurm_compat])
	AC_SUBST([slurmplugindir])
	AC_SUBST([NEURON_DISTCHECK_FLAGS])
])

# NEURON_SUMMARY
AC_DEFUN([NEURON_SUMMARY], [
	AS_ECHO([""])
	AS_IF([test $slurm_wanted = yes],
		[AS_ECHO(["plugins:    for Slurm $slurm_version in $with_slurm, to $slurmplugindir"])],
		[AS_ECHO(["plugins:    not built, nor system tests: $slurm_absent"])])
	AS_IF([test "$have_microhttpd" = no],
		[AS_ECHO(["neuron-exporter: not built, libmicrohttpd (package: libmicrohttpd-dev) is not installed"])])
	AS_IF([test "$have_check" = yes],
		[AS_ECHO(["unit tests: yes"])],
		[AS_ECHO(["unit tests: skipped, the library check (package: check) is not installed"])])
	AS_IF([test -n "$SANITIZER_FLAGS"],
		[AS_ECHO(["sanitizers: address, undefined"])])
])
