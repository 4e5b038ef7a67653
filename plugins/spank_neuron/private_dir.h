/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * private_dir: a directory of device files, replaced for this process and its
 * children by one that has only some of them. It knows no Slurm.
 *
 * The process gets a mount namespace of its own (unshare(2)) in which an
 * empty tmpfs lies on the directory; what stays is bind mounted into it from
 * below, so that device, owner, mode and label are those of the real file. The
 * namespace is a slave: what the host mounts later (autofs, NFS) arrives, what
 * happens here never reaches the host, and all of it is gone with the last
 * process. A namespace that the process has already (job_container/tmpfs,
 * namespace/tmpfs) is what it is made from.
 *
 * Only the directory's own path is ever resolved by name, and its last part
 * not through a symbolic link; it must be root's. Every file is reached from
 * an open directory and never followed.
 */
#ifndef NEURON_PRIVATE_DIR_H
#define NEURON_PRIVATE_DIR_H

#include "lib/view.h"

/*
 * List a directory.
 * OUT entries - for free(); in any order, actions not set.
 * RET the number of entries; -1 with errno ENOENT (there is none), EINVAL (not
 *	a directory, not root's, or others may write to it), ENOSPC (more than
 *	VIEW_ENTRIES_MAX), EIO or ENOMEM.
 */
extern int private_dir_list(const char *path, view_entry_t **entries,
			    neuron_error_t *err);

/*
 * Replace the directory by what the actions of entries say. A file that has
 * become another one since it was listed is left out.
 * Needs CAP_SYS_ADMIN and a process with one thread.
 * RET 0; -1 with errno EINVAL or EIO. The process has the namespace and
 *	working directory that it came with then; if even these are lost the
 *	sentence says so.
 */
extern int private_dir_make(const char *path, const view_entry_t *entries,
			    unsigned int count, neuron_error_t *err);

#endif
