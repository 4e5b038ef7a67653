/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#include "src/interfaces/gres.h"

struct device_list {
	device_list_t *next;
	char *gres;
	uint32_t cpus;
	list_t *records; /* gres_slurmd_conf_t */
};

static device_list_t *lists;

/* ------------------------------------------------------------------ */
/* Records */

static int _unpack_record(gres_slurmd_conf_t *record, buf_t *buf)
{
	uint32_t magic;

	safe_unpack32(&magic, buf);
	safe_unpack64(&record->count, buf);
	safe_unpack32(&record->cpu_cnt, buf);
	safe_unpack32(&record->config_flags, buf);
	safe_unpack32(&record->plugin_id, buf);
	safe_unpackstr(&record->cpus, buf);
	safe_unpackstr(&record->links, buf);
	safe_unpackstr(&record->name, buf);
	safe_unpackstr(&record->type_name, buf);
	safe_unpackstr(&record->unique_id, buf);
	return (magic == GRES_MAGIC) ? SLURM_SUCCESS : SLURM_ERROR;

unpack_error:
	return SLURM_ERROR;
}

static void _pack_record(const gres_slurmd_conf_t *record, buf_t *buf)
{
	pack32(GRES_MAGIC, buf);
	pack64(record->count, buf);
	pack32(record->cpu_cnt, buf);
	pack32(record->config_flags, buf);
	pack32(record->plugin_id, buf);
	packstr(record->cpus, buf);
	packstr(record->links, buf);
	packstr(record->name, buf);
	packstr(record->type_name, buf);
	packstr(record->unique_id, buf);
}

/* Slurm keeps the records to itself; what it packs can be read */
static int _unpack_records(list_t *records, buf_t *buf)
{
	uint16_t version, count;

	safe_unpack16(&version, buf);
	safe_unpack16(&count, buf);
	while (count--) {
		gres_slurmd_conf_t *record = xmalloc(sizeof(*record));

		list_append(records, record);
		if (_unpack_record(record, buf))
			goto unpack_error;
	}
	return remaining_buf(buf) ? SLURM_ERROR : SLURM_SUCCESS;

unpack_error:
	return SLURM_ERROR;
}

/* ------------------------------------------------------------------ */
/* Lists */

/* Cores= of gres.conf is in the numbers of Slurm already */
static int _same_cpus(char *cpus, char **result)
{
	*result = xstrdup(cpus);
	return SLURM_SUCCESS;
}

static int _load(device_list_t *list, char *node_name)
{
	list_t *configured = NULL;
	buf_t *buf = init_buf(BUF_SIZE);
	int rc;

	gres_init_node_config(list->gres, &configured);
	rc = gres_g_node_config_load(list->cpus, node_name, configured,
				     (void *) _same_cpus, (void *) _same_cpus);
	FREE_NULL_LIST(configured);
	if (!rc)
		rc = gres_node_config_pack(buf);
	if (!rc) {
		buf->size = get_buf_offset(buf);
		set_buf_offset(buf, 0);
		rc = _unpack_records(list->records, buf);
	}
	free_buf(buf);
	return rc;
}

static void _free_list(device_list_t *list)
{
	FREE_NULL_LIST(list->records);
	xfree(list->gres);
	xfree(list);
}

extern device_list_t *device_list(const node_record_t *node)
{
	const config_record_t *config = node->config_ptr;
	device_list_t *list;

	for (list = lists; list; list = list->next) {
		if ((list->cpus == config->cpus) &&
		    !xstrcmp(list->gres, config->gres))
			return list;
	}
	list = xmalloc(sizeof(*list));
	list->gres = xstrdup(config->gres);
	list->cpus = config->cpus;
	list->records = list_create(destroy_gres_slurmd_conf);
	if (_load(list, node->name)) {
		error("Gres=%s of node %s: no plugin of GRES makes records",
		      list->gres, node->name);
		_free_list(list);
		return NULL;
	}
	list->next = lists;
	lists = list;
	return list;
}

extern void device_forget(void)
{
	for (device_list_t *next; lists; lists = next) {
		next = lists->next;
		_free_list(lists);
	}
}

/* ------------------------------------------------------------------ */
/* Faults */

static int _number(const char *text, uint32_t *number)
{
	char *end;
	unsigned long value;

	if (!text || !isdigit((unsigned char) *text))
		return -1;
	value = strtoul(text, &end, 10);
	if (*end || (value > DEVICE_COUNT_MAX))
		return -1;
	*number = value;
	return 0;
}

static device_fault_t *_fault(const char *text)
{
	device_fault_t *fault;

	if (!strchr(text, ':') || (*text == ':'))
		return NULL;
	fault = xmalloc(sizeof(*fault));
	fault->name = xstrndup(text, strchr(text, ':') - text);
	fault->lost = NO_VAL;
	return fault;
}

extern device_fault_t *device_fault_lost(const char *text)
{
	device_fault_t *fault = _fault(text);

	if (fault && _number(strchr(text, ':') + 1, &fault->lost)) {
		device_faults_free(fault);
		return NULL;
	}
	return fault;
}

extern device_fault_t *device_fault_wrong(const char *text)
{
	device_fault_t *fault = _fault(text);

	if (fault && _number(strchr(text, ':') + 1, &fault->count)) {
		device_faults_free(fault);
		return NULL;
	}
	return fault;
}

extern void device_faults_free(device_fault_t *first)
{
	for (device_fault_t *next; first; first = next) {
		next = first->next;
		xfree(first->name);
		xfree(first);
	}
}

/* ------------------------------------------------------------------ */
/* Packing */

typedef struct {
	const device_fault_t *faults;
	buf_t *buf;
	uint16_t packed;
	const char *name; /* of the records just seen */
	uint32_t index; /* among those */
} pack_args_t;

/* RET how often the record is said */
static uint32_t _times(const pack_args_t *args,
		       const gres_slurmd_conf_t *record, bool last)
{
	uint32_t times = 1;

	for (const device_fault_t *f = args->faults; f; f = f->next) {
		if (xstrcmp(f->name, record->name))
			continue;
		if (f->lost != NO_VAL)
			times = (f->lost == args->index) ? 0 : times;
		else if (args->index >= f->count)
			times = 0;
		else if (last)
			times = f->count - args->index;
	}
	return times;
}

static void _pack_faulty(pack_args_t *args, const gres_slurmd_conf_t *record,
			 bool last)
{
	uint32_t times;

	if (xstrcmp(args->name, record->name)) {
		args->name = record->name;
		args->index = 0;
	}
	times = _times(args, record, last);
	args->packed += times;
	while (times--)
		_pack_record(record, args->buf);
	args->index++;
}

extern buf_t *device_pack(const device_list_t *list,
			  const device_fault_t *faults)
{
	pack_args_t args = {.faults = faults, .buf = init_buf(BUF_SIZE)};
	gres_slurmd_conf_t *record, *next;
	list_itr_t *all = list_iterator_create(list->records);
	uint32_t end;

	pack16(SLURM_PROTOCOL_VERSION, args.buf);
	pack16(0, args.buf);
	for (record = list_next(all); record; record = next) {
		next = list_next(all);
		_pack_faulty(&args, record,
			     !next || xstrcmp(next->name, record->name));
	}
	list_iterator_destroy(all);
	end = get_buf_offset(args.buf);
	set_buf_offset(args.buf, sizeof(uint16_t));
	pack16(args.packed, args.buf);
	set_buf_offset(args.buf, end);
	return args.buf;
}
