/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slurm_base: the headers of Slurm that all parts of nodesim need, in the
 * order that they need.
 */
#ifndef NODESIM_SLURM_BASE_H
#define NODESIM_SLURM_BASE_H

#include "config.h"

#include "slurm/slurm.h"
#include "slurm/slurm_errno.h"
#include "src/common/list.h"
#include "src/common/log.h"
#include "src/common/node_conf.h"
#include "src/common/pack.h"
#include "src/common/read_config.h"
#include "src/common/slurm_protocol_api.h"
#include "src/common/slurm_protocol_defs.h"
#include "src/common/xmalloc.h"
#include "src/common/xstring.h"

#endif
