/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "saved_jobs.h"

/* What the file starts with when its third value is a protocol version */
#define VERSION_MARK "PROTOCOL_VERSION"

static buf_t *_open_state(void)
{
	char *path =
		xstrdup_printf("%s/job_state", slurm_conf.state_save_location);
	buf_t *buffer = create_mmap_buf(path);

	if (!buffer) {
		xstrcat(path, ".old");
		buffer = create_mmap_buf(path);
	}
	xfree(path);
	return buffer;
}

/* As load_all_job_state() reads it; RET false: not a state file */
static bool _read_header(buf_t *buffer, uint16_t *version)
{
	char *mark = NULL;
	time_t when;
	uint32_t last_id;
	bool marked;

	safe_unpackstr(&mark, buffer);
	marked = !xstrcmp(mark, VERSION_MARK);
	xfree(mark);
	if (!marked)
		return false;
	safe_unpack16(version, buffer);
	safe_unpack_time(&when, buffer);
	safe_unpack32(&last_id, buffer);
	safe_unpack_time(&when, buffer);
	return true;

unpack_error:
	xfree(mark);
	return false;
}

extern void saved_jobs_each(saved_job_t each, void *arg)
{
	buf_t *buffer = _open_state();
	uint16_t version;
	int rc = SLURM_SUCCESS;

	if (!buffer)
		return;
	if (!_read_header(buffer, &version))
		rc = SLURM_ERROR;
	while (!rc && remaining_buf(buffer)) {
		job_record_t *job_ptr = NULL;

		rc = job_record_unpack(&job_ptr, slurmctld_tres_cnt, buffer,
				       version);
		if (rc)
			break;
		each(job_ptr, arg);
		job_record_delete(job_ptr);
	}
	FREE_NULL_BUFFER(buffer);
}
