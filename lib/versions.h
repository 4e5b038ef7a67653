/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * versions: which versions of driver, runtime library and the rest work
 * together, as rules of a data file (etc/versions.json), and the verdict about
 * a machine.
 *
 *	{
 *	  "format": 1,
 *	  "notes": ["..."],
 *	  "rules": [
 *	    {
 *	      "name": "driver-2.29-runtime",
 *	      "verdict": "bad",
 *	      "instance": ["trn2"],
 *	      "when": {"driver": ">=2.29", "runtime": "<2.33"},
 *	      "because": "driver 2.29 needs runtime library 2.33 or later",
 *	      "source": "Neuron runtime release notes"
 *	    }
 *	  ]
 *	}
 *
 * "when" has one range (version.h) or several, of the parts that software.h
 * names; all must hold. With "instance" the name of the EC2 type begins with
 * one of its texts. A rule about a part, or a type, that is not known does not
 * hold. Verdicts are "good" (tested together), "caution" (works, but ...) and
 * "bad". "notes" and "instance" may be missing; anything else is refused.
 */
#ifndef NEURON_VERSIONS_H
#define NEURON_VERSIONS_H

#include "error.h"
#include "software.h"

/* Longest file that is read, bytes */
#define VERSIONS_FILE_MAX (256 * 1024)
#define VERSIONS_RULES_MAX 1024
#define VERSIONS_NAME_MAX 64
/* Bytes for a sentence of versions_judge() */
#define VERSIONS_SENTENCE_MAX 768

typedef enum {
	VERSIONS_UNKNOWN, /* no rule holds */
	VERSIONS_GOOD,
	VERSIONS_CAUTION,
	VERSIONS_BAD
} versions_verdict_t;

typedef struct versions versions_t;

/*
 * Read rules from JSON text.
 * IN origin - file name for messages.
 * RET for versions_destroy(); NULL with errno EINVAL (the sentence names
 *	origin, key, value and what would be right), EEXIST (a name that is
 *	there twice) or ENOMEM.
 */
extern versions_t *versions_decode(const char *text, const char *origin,
				   neuron_error_t *err);
/* The same from a file; errno also ENOENT or EIO */
extern versions_t *versions_read(const char *path, neuron_error_t *err);
/* Accepts NULL; errno survives */
extern void versions_destroy(versions_t *versions);

extern unsigned int versions_count(const versions_t *versions);
/* In the order of the file; NULL behind the last */
extern const char *versions_name(const versions_t *versions,
				 unsigned int index);

/* "unknown", "good", "caution", "bad" */
extern const char *versions_verdict_name(versions_verdict_t verdict);

/* One rule that holds. IN sentence - names each version of the rule, why, the
 * rule and its source; valid during the call. */
typedef void (*versions_each_t)(versions_verdict_t verdict, const char *rule,
				const char *sentence, void *arg);

/*
 * Judge a machine.
 * IN each - called for each rule that holds, in the order of the file; NULL.
 * RET the worst verdict of these rules, where good is better than unknown.
 */
extern versions_verdict_t versions_judge(const versions_t *versions,
					 const software_t *software,
					 versions_each_t each, void *arg);

#endif
