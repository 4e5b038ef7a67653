/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As in 24.11 */
#include "../24.11/release.h"
