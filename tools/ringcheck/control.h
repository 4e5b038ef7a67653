/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control: how the ranks keep together, the same calls for all of them: meet,
 * wait for each other before each phase, notice at once that one is gone, and
 * end with one verdict. It goes over TCP through rank 0, apart from the data.
 */
#ifndef RINGCHECK_CONTROL_H
#define RINGCHECK_CONTROL_H

#include "guest.h"
#include "meeting.h"

typedef struct control control_t;

/* Told to rank 0 while peers come */
typedef void (*control_progress_t)(uint32_t came, uint32_t world, void *arg);

/*
 * Rank 0 listens; the others do nothing yet.
 * OUT address - numeric, of this host as its peers see it; "" when the world
 *	has one rank only and the environment names no root.
 * RET a control for control_destroy(); NULL with a fault.
 */
extern control_t *control_create(const member_t *member,
				 const wire_hello_t *own, char *address,
				 size_t size, fault_t *fault);
/* Accepts NULL */
extern void control_destroy(control_t *control);

/*
 * Meet the peers.
 * IN hello - what is known of this rank now, with its own fault if it has one.
 * IN deadline - for the last of them to come.
 * RET 0; -1 with a fault: RINGCHECK_LOST names the ranks that are missing, and
 *	their nodes where others of the same node came; a rank with a fault or
 *	other options, and different providers, are told here too.
 */
extern int control_meet(control_t *control, const wire_hello_t *hello,
			uint64_t deadline, control_progress_t progress,
			void *arg, wire_neighbours_t *neighbours,
			fault_t *fault);

/* Called every millisecond while others are waited for: the data of those who
 * are behind may still have to leave this rank */
typedef void (*control_work_t)(void *arg);
extern void control_set_work(control_t *control, control_work_t work,
			     void *arg);

/* End of everything: afterwards each call fails with RINGCHECK_LOST */
extern void control_set_limit(control_t *control, uint64_t limit);

/*
 * Wait until all ranks are here.
 * IN doing - what comes now, for messages; not copied.
 */
extern int control_barrier(control_t *control, const char *doing,
			   fault_t *fault);

/*
 * Look whether all is well, without waiting. Call it often while waiting for
 * data.
 * IN steps - messages done so far, grows; tells who is behind.
 */
extern int control_check(control_t *control, uint64_t steps, fault_t *fault);

/* Give the result to rank 0, which waits for those of all */
extern int control_deliver(control_t *control, const wire_result_t *result,
			   fault_t *fault);

/*
 * End with one exit code. Rank 0 tells the others its own; a fault of another
 * rank is told to rank 0 first, which may know the cause: fault is replaced.
 * IN/OUT fault - on rank 0 the verdict, RINGCHECK_GOOD or not.
 * RET true: this rank is the one to tell people.
 */
extern bool control_end(control_t *control, fault_t *fault);

/* Rank 0 only: what is known about a rank; NULL elsewhere */
extern const meeting_seat_t *control_seat(const control_t *control,
					  uint32_t rank);

#endif
