/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spankenv: submit a job with a SPANK job environment of any content, as a
 * user could who writes his own client.
 *
 *	spankenv [--no-requeue] [--per-job] NAME NODE GRES SCRIPT
 *[VARIABLE=VALUE | VARIABLE=@FILE]...
 *
 * NAME is that of the job, SCRIPT the path of a file.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#define FILE_MAX (4 * 1024 * 1024)

static void __attribute__((noreturn)) _die(const char *what, const char *why)
{
	fprintf(stderr, "spankenv: %s: %s\n", what, why);
	exit(1);
}

static char *_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FILE_MAX + 1) : NULL;
	size_t n;

	if (!text)
		_die(path, strerror(errno));
	n = fread(text, 1, FILE_MAX, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

/* "NAME=@FILE" with the content of the file */
static char *_entry(char *text)
{
	char *equal = strchr(text, '='), *content, *entry;
	size_t name;

	if (!equal || (equal[1] != '@'))
		return text;
	name = (size_t) (equal - text) + 1;
	content = _read(equal + 2);
	entry = malloc(name + strlen(content) + 1);
	if (!entry)
		_die(text, strerror(errno));
	memcpy(entry, text, name);
	strcpy(entry + name, content);
	free(content);
	return entry;
}

int main(int argc, char **argv)
{
	char path[] = "PATH=/usr/bin:/bin", nothing[] = "/dev/null";
	char *environment[] = {path, NULL};
	submit_response_msg_t *answer = NULL;
	char directory[4096];
	bool requeue = true, per_job = false;
	job_desc_msg_t job;

	for (; (argc > 1) && !strncmp(argv[1], "--", 2); argv++, argc--) {
		requeue = requeue && strcmp(argv[1], "--no-requeue");
		per_job = per_job || !strcmp(argv[1], "--per-job");
	}
	if (argc < 5)
		_die("usage", "NAME NODE GRES SCRIPT [VARIABLE=VALUE]...");
	if (!getcwd(directory, sizeof(directory)))
		_die("getcwd", strerror(errno));
	slurm_init(NULL);
	slurm_init_job_desc_msg(&job);
	if (!requeue)
		job.requeue = 0;
	job.name = argv[1];
	job.req_nodes = argv[2];
	if (per_job)
		job.tres_per_job = argv[3];
	else
		job.tres_per_node = argv[3];
	job.script = _read(argv[4]);
	job.user_id = getuid();
	job.group_id = getgid();
	job.min_nodes = job.max_nodes = 1;
	job.num_tasks = 1;
	job.work_dir = directory;
	job.std_out = job.std_err = job.std_in = nothing;
	job.environment = environment;
	job.env_size = 1;
	for (int i = 5; i < argc; i++)
		argv[i] = _entry(argv[i]);
	job.spank_job_env_size = (uint32_t) (argc - 5);
	job.spank_job_env = argv + 5;
	if (slurm_submit_batch_job(&job, &answer))
		_die((answer && answer->job_submit_user_msg)
			     ? answer->job_submit_user_msg
			     : "submit",
		     slurm_strerror(errno));
	return 0;
}
