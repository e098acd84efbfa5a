/* What job_run.c, job_run_send.c, job_run_unit.c, job_run_print.c and job_run_spool.c share: nobody else
 * includes it. */
#ifndef DESKLINE_CLIENTD_JOB_RUN_INTERNAL_H
#define DESKLINE_CLIENTD_JOB_RUN_INTERNAL_H

#include "clientd/job_record.h"
#include "clientd/job_run.h"

struct block_receive;
struct execution;
struct job_task;
struct loop_timer;
struct page_transfer;
struct printing;
struct spool_findings;
struct spool_page;
struct worker_strand;

struct job_run {
    struct job_surroundings *around;
    struct job_record record; /* job_read is record.job */
    struct ledger saved;      /* its ledger as it was made durable last */
    struct page_transfer *transfer;
    struct worker_strand *strand; /* everything that touches the folder but reading pages */
    int folder_fd;                /* -1 before it is made */

    /* The actions that are to be carried out, in a ring that grows. */
    struct job_read_action *actions;
    unsigned first, count, room;
    bool is_carrying_out;
    bool is_waiting;          /* for the retry, or for its end: the actions stay */
    struct job_task *task;    /* what the actions wait for */
    struct loop_timer *retry; /* saving again, on a full disk */

    struct execution *execution;
    char device[257]; /* in use by it */
    bool is_shutting_down;

    /* Of a printing job */
    struct printing *printing;
    struct block_receive *blocks; /* NULL for a reading job */
    bool is_looking;              /* for the printer: the actions wait */
    bool is_queued; /* behind another job at the printer: `held` has the sheets that the unit is to be told of
                     */
    struct job_read_action held[2 * PRINT_SLOTS];
    unsigned held_count;
    struct job_order pending; /* comes with the restart that is under way */
    struct {                  /* the user wants to go on at another printer */
        uint32_t round;
        char unit[JOB_UNIT_SIZE];
    } choice;

    struct loop_timer *space;         /* looks for space while the unit is paused */
    struct job_task *space_task;      /* the look that is under way */
    struct job_task *examination;     /* of what a unit that died has left behind */
    struct job_read_event unit_event; /* its end, told behind that */
    char unit_text[JOB_TEXT_SIZE];
};

/* A page is whole in the spool: it may be sent. */
void job_run_page_is_whole(struct job_run *run, const struct spool_page *page);
/* Takes up the actions again. */
void job_run_carry_out(struct job_run *run);

/* job_run_send.c: an action that sends a frame. */
void job_run_send(struct job_run *run, const struct job_read_action *action);

/* job_run_unit.c: the unit's side. */
/* Whether more waits in the spool than the settings allow. */
bool job_run_is_over_limit(const struct job_run *run);
void job_run_start_unit(struct job_run *run, const struct job_read_action *action);
void job_run_unit_examined(struct job_run *run, const struct spool_findings *findings);

/* job_run_print.c: the printing side. */
void job_run_start_printing(struct job_run *run);
/* It waits for the printer no longer: the end of its unit is told. */
void job_run_leave_queue(struct job_run *run);
void job_run_stop_looking(struct job_run *run);
void job_run_tell_sheet(struct job_run *run, const struct job_read_action *action);
void job_run_new_blocks(struct job_run *run);
/* A block that came while the record was being saved is durable by its own files: the account that may be told
 * has it, or the server would send it once more. */
void job_run_note_blocks(struct job_run *run);
void job_run_recover_blocks(struct job_run *run, const struct spool_findings *findings);

/* job_run_spool.c: the spool's side. Tasks run on the job's strand. */
void job_run_make_folder(struct job_run *run);
void job_run_save(struct job_run *run);
void job_run_drop(struct job_run *run, const struct job_read_action *action);
void job_run_forget(struct job_run *run);
void job_run_examine(struct job_run *run);
void job_run_watch_space(struct job_run *run);
void job_run_look_for_space(void *run);
/* What cannot be made durable is not to be believed: a restart finds out what is. */
void job_run_give_up_if_broken(uint64_t job, int error);
/* Nobody waits for what is under way any more; the folder is closed behind it. */
void job_run_leave_spool(struct job_run *run);

#endif
