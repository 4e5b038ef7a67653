/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BANDWIDTH_MAX 1e6

const char options_usage[] =
	"Usage: srun [OPTIONS OF SRUN] neuron-ringcheck [OPTIONS]\n"
	"\n"
	"Check that the tasks of a job step can open their Neuron devices, meet\n"
	"each other, add up numbers around their ring over libfabric and get the\n"
	"right sums, and how fast each link of the ring is.\n"
	"\n"
	"  --size=BYTES         of the all-reduce on each rank, with K, M or G;\n"
	"                       default 16M\n"
	"  --iterations=N       of each test; default 5\n"
	"  --type=TYPE          float32 or int32; default float32\n"
	"  --each-link          measure each link alone, too\n"
	"  --min-bandwidth=X    fail when a link has less than X GB/s\n"
	"  --timeout=SECONDS    for all tasks to come; default 60\n"
	"  --time-limit=SECONDS for everything; default 300\n"
	"  --no-devices         do not open the Neuron devices\n"
	"  --json               print one JSON object\n"
	"  --quiet              print nothing when all is good\n"
	"  --progress           say what is done, also without a terminal\n"
	"  --help, --version\n"
	"\n"
	"Exit codes: 0 good, 1 wrong data or slow link, 2 options or environment,\n"
	"3 a rank never came or was lost, 4 libfabric, 5 a Neuron device.\n";

enum {
	OPTION_SIZE = 256,
	OPTION_ITERATIONS,
	OPTION_TYPE,
	OPTION_EACH_LINK,
	OPTION_MIN_BANDWIDTH,
	OPTION_TIMEOUT,
	OPTION_TIME_LIMIT,
	OPTION_NO_DEVICES,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_PROGRESS,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"size", required_argument, NULL, OPTION_SIZE},
	{"iterations", required_argument, NULL, OPTION_ITERATIONS},
	{"type", required_argument, NULL, OPTION_TYPE},
	{"each-link", no_argument, NULL, OPTION_EACH_LINK},
	{"min-bandwidth", required_argument, NULL, OPTION_MIN_BANDWIDTH},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"time-limit", required_argument, NULL, OPTION_TIME_LIMIT},
	{"no-devices", no_argument, NULL, OPTION_NO_DEVICES},
	{"json", no_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"progress", no_argument, NULL, OPTION_PROGRESS},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

static int _refuse(const char *name, const char *text, const char *right,
		   fault_t *fault)
{
	return fault_set(fault, RINGCHECK_USAGE, "--%s=%.64s: it must be %s",
			 name, text, right);
}

/* A decimal number; RET its end, NULL: none, or above max */
static const char *_digits(const char *text, uint64_t max, uint64_t *number)
{
	if (!isdigit((unsigned char) *text))
		return NULL;
	for (*number = 0; isdigit((unsigned char) *text); text++) {
		*number = *number * 10 + (uint64_t) (*text - '0');
		if (*number > max)
			return NULL;
	}
	return text;
}

static int _number(const char *name, const char *text, uint32_t max,
		   uint32_t *number, fault_t *fault)
{
	char right[64];
	uint64_t found;
	const char *end = _digits(text, max, &found);

	if (end && !*end && found) {
		*number = (uint32_t) found;
		return 0;
	}
	snprintf(right, sizeof(right), "a whole number from 1 to %u", max);
	return _refuse(name, text, right, fault);
}

static int _size(const char *text, uint64_t *size, fault_t *fault)
{
	static const char letters[] = "KMG";
	uint64_t found;
	const char *end = _digits(text, OPTIONS_SIZE_MAX, &found), *letter;

	if (end && *end && (letter = strchr(letters, *end))) {
		found <<= 10 * (letter - letters + 1);
		end++;
	}
	if (!end || *end || !found || (found % PATTERN_ELEMENT) ||
	    (found > OPTIONS_SIZE_MAX))
		return _refuse("size", text,
			       "a multiple of 4 from 4 to 1G, such as 65536, "
			       "64K or 16M",
			       fault);
	*size = found;
	return 0;
}

static int _bandwidth(const char *text, double *bandwidth, fault_t *fault)
{
	char *end;
	double found = strtod(text, &end);

	if (!isdigit((unsigned char) *text) || *end || !isfinite(found) ||
	    (found <= 0) || (found > BANDWIDTH_MAX))
		return _refuse("min-bandwidth", text,
			       "a number of GB/s above 0, such as 10 or 0.5",
			       fault);
	*bandwidth = found;
	return 0;
}

static int _type(const char *text, pattern_type_t *type, fault_t *fault)
{
	if (!strcmp(text, options_type_name(PATTERN_FLOAT32)))
		*type = PATTERN_FLOAT32;
	else if (!strcmp(text, options_type_name(PATTERN_INT32)))
		*type = PATTERN_INT32;
	else
		return _refuse("type", text, "float32 or int32", fault);
	return 0;
}

static int _set_value(options_t *options, int option, const char *text,
		      fault_t *fault)
{
	switch (option) {
	case OPTION_SIZE:
		return _size(text, &options->size, fault);
	case OPTION_ITERATIONS:
		return _number("iterations", text, OPTIONS_ITERATIONS_MAX,
			       &options->iterations, fault);
	case OPTION_TYPE:
		return _type(text, &options->type, fault);
	case OPTION_MIN_BANDWIDTH:
		return _bandwidth(text, &options->min_bandwidth, fault);
	case OPTION_TIMEOUT:
		return _number("timeout", text, OPTIONS_SECONDS_MAX,
			       &options->timeout, fault);
	case OPTION_TIME_LIMIT:
		return _number("time-limit", text, OPTIONS_SECONDS_MAX,
			       &options->time_limit, fault);
	default:
		return fault_set(fault, RINGCHECK_USAGE, "%s", options_usage);
	}
}

static int _set(options_t *options, int option, const char *text,
		fault_t *fault)
{
	switch (option) {
	case OPTION_EACH_LINK:
		options->each_link = true;
		return 0;
	case OPTION_NO_DEVICES:
		options->devices = false;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_QUIET:
		options->quiet = true;
		return 0;
	case OPTION_PROGRESS:
		options->progress = true;
		return 0;
	case OPTION_HELP:
		options->action = OPTIONS_HELP;
		return 0;
	case OPTION_VERSION:
		options->action = OPTIONS_VERSION;
		return 0;
	default:
		return _set_value(options, option, text, fault);
	}
}

extern int options_read(options_t *options, int argc, char **argv,
			bool terminal, fault_t *fault)
{
	int option;

	*options = (options_t){
		.size = 16 << 20,
		.iterations = 5,
		.timeout = 60,
		.time_limit = 300,
		.devices = true,
	};
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) !=
	       -1) {
		if (option == '?')
			return fault_set(fault, RINGCHECK_USAGE,
					 "%.64s is not an option, or lacks its "
					 "value; see --help",
					 argv[optind - 1]);
		if (_set(options, option, optarg, fault))
			return -1;
	}
	if (optind < argc)
		return fault_set(fault, RINGCHECK_USAGE,
				 "%.64s: there are only options; see --help",
				 argv[optind]);
	if (terminal && !options->quiet)
		options->progress = true;
	return 0;
}

extern const char *options_type_name(pattern_type_t type)
{
	return (type == PATTERN_FLOAT32) ? "float32" : "int32";
}

extern void options_plan(const options_t *options, char plan[WIRE_PLAN_MAX])
{
	snprintf(plan, WIRE_PLAN_MAX, "%s, %" PRIu64 " bytes, %u iterations%s",
		 options_type_name(options->type), options->size,
		 options->iterations, options->each_link ? ", each link" : "");
}
