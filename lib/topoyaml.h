/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topoyaml: a topology.yaml as topology.conf.
 *
 * topology/neuron takes no topology.yaml (doc/topology.md), but other programs
 * write one. What is read is the form that Slurm's documentation and
 * topograph (NVIDIA/topograph, pkg/translate/yaml.go) have: one "key: value"
 * in a line. Indentation does not matter, since every key has one meaning.
 */
#ifndef NEURON_TOPOYAML_H
#define NEURON_TOPOYAML_H

#include <stdbool.h>

#include "error.h"

/* True when the first word of a text is one of topology.yaml */
extern bool topoyaml_is(const char *text);

/*
 * Translate a file with one topology, a tree or blocks.
 * IN origin - file name for messages.
 * RET topology.conf for free(); NULL with errno EINVAL (unknown key, several
 *	topologies), ENOTSUP (flat, ring, torus3d; the sentence says what to do)
 *	or ENOMEM.
 */
extern char *topoyaml_to_conf(const char *text, const char *origin,
			      neuron_error_t *err);

#endif
