/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmsg: hardware errors of Neuron devices in the kernel's log.
 *
 * A record of /dev/kmsg (Linux, Documentation/ABI/testing/dev-kmsg) is a line
 *
 *	PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT
 *
 * with odd characters of TEXT written as \xNN, and lines of " KEY=value"
 * behind it. The Neuron runtime gives the driver a TEXT like
 *
 *	NEURON_HW_ERR=SRAM_UNCORRECTABLE_ERROR instance-id=i-0 hostname=h
 *	nd-id=0 nc-id=0 serial-num=19fcda00f5ff6eb9 action=TERMINATE_INSTANCE
 *
 * (aws-neuron-sdk, neuron-runtime/nrt-troubleshoot.rst; a time may stand before
 * it). Any process that can open a device can make the driver write one
 * (aws-neuron-driver neuron_cdev.c, ncdev_printk()). So a line says what
 * somebody claims: nothing of it is used but two numbers and plain words, and
 * who acts on it compares the serial number with the device's.
 */
#ifndef NEURON_KMSG_H
#define NEURON_KMSG_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define KMSG_WORD_MAX 48
#define KMSG_SERIAL_MAX 20
/* Longest record that is read, bytes; the rest of a longer one is dropped */
#define KMSG_RECORD_MAX 8192
/* Records that are read at a time */
#define KMSG_RECORDS_MAX 65536

typedef struct {
	uint64_t sequence;
	uint32_t device; /* nd-id, 0 to 63 */
	int32_t core; /* nc-id, 0 to 255; -1: not given */
	char error[KMSG_WORD_MAX]; /* upper case letters, digits, _ */
	char serial[KMSG_SERIAL_MAX]; /* hex digits; "": not given */
	char action[KMSG_WORD_MAX]; /* as error; "": not given */
} kmsg_error_t;

/*
 * Read one record.
 * IN record - without its newline.
 * OUT error - of the line; sequence alone is set when it is none.
 * RET 1: it is a hardware error; 0: something else; -1 with errno EINVAL and
 *	a sentence: it looks like one and is malformed.
 */
extern int kmsg_record(const char *record, size_t length, kmsg_error_t *error,
		       neuron_error_t *err);

/* Called for each error, or with error NULL for each malformed record, in
 * order. RET 0 to go on */
typedef int (*kmsg_each_t)(const kmsg_error_t *error, const char *why,
			   void *arg);

/*
 * Read what there is of a log, without waiting for more.
 * IN fd - /dev/kmsg, or a file of such records, at its start; O_NONBLOCK.
 * IN/OUT next - the first sequence number that counts; then the one behind
 *	the last record. Records that the kernel dropped are passed over.
 * RET 0; -1 with errno EIO, or with errno untouched when each() stopped.
 */
extern int kmsg_read(int fd, uint64_t *next, kmsg_each_t each, void *arg,
		     neuron_error_t *err);

#endif
