# SPDX-License-Identifier: GPL-2.0-or-later

# NEURON_TRY_FLAGS(VARIABLE, FLAGS)
# Append to VARIABLE each flag that the compiler takes.
AC_DEFUN([NEURON_TRY_FLAGS], [
	neuron_save_cflags=$CFLAGS
	for neuron_flag in m4_normalize([$2]); do
		AC_MSG_CHECKING([whether $CC takes $neuron_flag])
		CFLAGS="-Werror $neuron_flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
			[AC_MSG_RESULT([yes])
			 $1="$$1 $neuron_flag"],
			[AC_MSG_RESULT([no])])
	done
	CFLAGS=$neuron_save_cflags
])

# NEURON_DEVELOPER
# --enable-developer: strict warnings, which are errors; "make WERROR=" lets
# them pass.
AC_DEFUN([NEURON_DEVELOPER], [
	AC_ARG_ENABLE([developer],
		[AS_HELP_STRING([--enable-developer],
			[strict warnings, and every warning is an error])],
		[], [enable_developer=no])
	WARN_CFLAGS=
	WERROR=
	AS_IF([test "$enable_developer" = yes],
		[NEURON_TRY_FLAGS([WARN_CFLAGS],
			[-Wall -Wextra -Wshadow -Wstrict-prototypes
			 -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2
			 -Wpointer-arith -Wundef])
		 WARN_CFLAGS="$WARN_CFLAGS \$(WERROR)"
		 WERROR=-Werror],
		[NEURON_TRY_FLAGS([WARN_CFLAGS], [-Wall])])
	AC_SUBST([WARN_CFLAGS])
	AC_SUBST([WERROR])
])

# NEURON_SANITIZERS
# --enable-sanitizers: the library, the programs and the unit tests run under
# AddressSanitizer and UndefinedBehaviorSanitizer.
AC_DEFUN([NEURON_SANITIZERS], [
	AC_ARG_ENABLE([sanitizers],
		[AS_HELP_STRING([--enable-sanitizers],
			[address and undefined behaviour sanitizers; leaves
			 the plugins out, Slurm cannot load such ones])],
		[], [enable_sanitizers=no])
	SANITIZER_FLAGS=
	AS_IF([test "$enable_sanitizers" = yes], [
		SANITIZER_FLAGS="-fsanitize=address,undefined"
		SANITIZER_FLAGS="$SANITIZER_FLAGS -fno-sanitize-recover=all"
		SANITIZER_FLAGS="$SANITIZER_FLAGS -fno-omit-frame-pointer"
		neuron_save_cflags=$CFLAGS
		CFLAGS="$CFLAGS $SANITIZER_FLAGS"
		AC_MSG_CHECKING([whether programs link with $SANITIZER_FLAGS])
		AC_LINK_IFELSE([AC_LANG_PROGRAM()],
			[AC_MSG_RESULT([yes])],
			[AC_MSG_RESULT([no])
			 AC_MSG_ERROR([--enable-sanitizers: $CC cannot link with $SANITIZER_FLAGS])])
		CFLAGS=$neuron_save_cflags
	])
	AC_SUBST([SANITIZER_FLAGS])
])
