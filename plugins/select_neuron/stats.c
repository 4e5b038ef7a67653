/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "lib/rundir.h"

static tally_t tally;
static bool fresh; /* it has changed since it was written */
static bool failed; /* that it cannot be written is logged */
static atomic_flag writing = ATOMIC_FLAG_INIT;

static uint64_t _clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}

extern stats_mark_t stats_begin(const prune_counts_t *counts)
{
	return (stats_mark_t){_clock(), counts->by_choice, counts->by_all};
}

static tally_question_t _question(uint16_t mode)
{
	if (SELECT_IS_MODE_RESV(mode))
		return TALLY_RESERVE;
	if (SELECT_IS_MODE_RUN_NOW(mode))
		return TALLY_START;
	if (SELECT_IS_MODE_TEST_ONLY(mode))
		return TALLY_EVER;
	return SELECT_IS_MODE_WILL_RUN(mode) ? TALLY_WHEN : TALLY_RESERVE;
}

/* Who was asked about all nodes, was so last */
static tally_outcome_t _outcome(const stats_mark_t *mark,
				const prune_counts_t *counts, int rc)
{
	bool all = (counts->by_all != mark->by_all);

	if (rc == SLURM_SUCCESS)
		return all ? TALLY_ALL : TALLY_CHOICE;
	return all ? TALLY_OTHERWISE : TALLY_DEVICES;
}

extern void stats_end(const stats_mark_t *mark, const prune_counts_t *counts,
		      uint16_t mode, int rc)
{
	tally_decision(&tally, _question(mode), _outcome(mark, counts, rc),
		       _clock() - mark->from);
	fresh = true;
}

extern void stats_taken_back(void)
{
	tally.taken_back++;
	fresh = true;
}

extern void stats_placement(const place_cost_t *cost)
{
	tally_placement(&tally, cost->level, cost->damage);
	fresh = true;
}

static int _write(const char *path, neuron_error_t *err)
{
	const char *slash = strrchr(path, '/');
	char *above = xstrndup(path, slash - path), text[TALLY_TEXT_MAX];
	rundir_t dir;
	int rc;

	(void) tally_encode(&tally, text, sizeof(text));
	rc = rundir_open(&dir, above[0] ? above : "/", 0, err);
	if (!rc) {
		rc = rundir_write(&dir, slash + 1, text, err);
		rundir_close(&dir);
	}
	xfree(above);
	return rc;
}

static void _write_if_due(const char *path)
{
	uint64_t now = (uint64_t) time(NULL);
	neuron_error_t err;

	if (!tally.started)
		tally.started = now;
	else if (!fresh || ((now >= tally.written) &&
			    (now < tally.written + STATS_INTERVAL)))
		return;
	tally.written = now;
	fresh = false;
	if (!_write(path, &err)) {
		failed = false;
	} else if (!failed) {
		failed = true;
		error("select/neuron: StatsFile=%s: %s", path, err.text);
	}
}

extern void stats_write(const conf_t *conf)
{
	const char *path = conf_stats_file(conf);

	if (!path || atomic_flag_test_and_set(&writing))
		return;
	_write_if_due(path);
	atomic_flag_clear(&writing);
}
