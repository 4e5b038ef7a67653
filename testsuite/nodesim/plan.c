/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#include "src/common/xmalloc.h"
#include "src/common/xstring.h"

#define MARK "#NODESIM "
#define VARIABLE "NODESIM="

typedef struct {
	double seconds;
	uint32_t exit;
} wish_t;

static wish_t by_default = {.seconds = 1};
static double speed = 1;

extern void plan_default(double seconds)
{
	by_default.seconds = seconds;
}

extern void plan_speed(double factor)
{
	speed = factor;
}

/* ------------------------------------------------------------------ */
/* What a script says */

static void _read_word(wish_t *plan, const char *word)
{
	double value;
	char *end;
	const char *text = strchr(word, '=');

	if (!text)
		return;
	value = strtod(text + 1, &end);
	if ((end == text + 1) || !(value >= 0) || (value > PLAN_SECONDS_MAX))
		return;
	if (!strncmp(word, "seconds=", 8))
		plan->seconds = value;
	else if (!strncmp(word, "exit=", 5) && (value < 256))
		plan->exit = value;
}

static void _read_line(wish_t *plan, const char *text)
{
	char *line = xstrndup(text, strcspn(text, "\n")), *save = NULL;

	for (char *word = strtok_r(line, " \t\r", &save); word;
	     word = strtok_r(NULL, " \t\r", &save))
		_read_word(plan, word);
	xfree(line);
}

static void _read_script(wish_t *plan, const char *script)
{
	for (const char *line = script; line && *line;) {
		if (!strncmp(line, MARK, strlen(MARK)))
			_read_line(plan, line + strlen(MARK));
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

extern plan_t plan_read(const char *script, char **environment, uint32_t count)
{
	wish_t plan = by_default;

	for (uint32_t i = 0; i < count; i++) {
		if (!strncmp(environment[i], VARIABLE, strlen(VARIABLE)))
			_read_line(&plan, environment[i] + strlen(VARIABLE));
	}
	_read_script(&plan, script);
	return (plan_t){
		.milliseconds = (int64_t) (plan.seconds * 1000 / speed),
		.status = plan.exit << 8,
	};
}
