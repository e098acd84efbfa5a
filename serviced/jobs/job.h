/*
 * A job at the server, reading or printing: a pure state machine. Events go in, actions come out; the daemon
 * (job_run.c) and the simulator (tests/sim) carry the actions out, strictly in their order.
 *
 *      OPENED
 *        │
 *        ▼           notice, link lost, page failed
 *    PROCESSING ─────────────────────────────────────►  STOPPED ◄──┐ restart requested,
 *        ▲   │         (phase identified, registered,      │  │    │ space made:
 *        │   │          manner requested)                  │  └────┘ asked again
 *        │   │                                             │
 *        └───┼──────── manner noticed: registered, ────────┤
 *            │         restart commanded                   │
 *            ▼ every page stored, or printed               ▼ abandon, cancel
 *       DELIVERING ──► CLOSED (completed)               CLOSED (canceled)
 *            └── delivery failed: STOPPED
 */
#ifndef DESKLINE_SERVICED_JOBS_JOB_H
#define DESKLINE_SERVICED_JOBS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/phase.h>

#define JOB_TEXT_SIZE 512

enum job_step { JOB_PROCESSING_STEP, JOB_STOPPED_STEP, JOB_DELIVERING_STEP, JOB_CLOSED_STEP, JOB_STEPS };

enum job_event_type {
    JOB_EVENT_OPENED,            /* the service has made the job, and the client is connected */
    JOB_EVENT_LINK_UP,           /* in_hand: whether the client has the job */
    JOB_EVENT_LINK_LOST,         /* */
    JOB_EVENT_STATUS,            /* reading or print status: ledger, round */
    JOB_EVENT_PAGE_DURABLE,      /* page, generation: the page's bytes are on the disk, whole */
    JOB_EVENT_PAGE_FAILED,       /* code: a page cannot be stored */
    JOB_EVENT_BLOCK_STORED,      /* printing: page (the block); it is durable at the client */
    JOB_EVENT_FINISHED,          /* page: the last one; round */
    JOB_EVENT_NOTICE,            /* error notice: code, text, claim, ledger, round, page (interrupted) */
    JOB_EVENT_RESTART_REQUESTED, /* by the client's user, or by an operator */
    JOB_EVENT_MANNER_NOTICED,    /* round, manner, page; printing: the unit, too, is in the order by then */
    JOB_EVENT_SPACE_MADE,        /* there is room on the server's disk again */
    JOB_EVENT_DELIVERED,         /* */
    JOB_EVENT_DELIVERY_FAILED,   /* code; page when a stored page turned out to be no page */
    JOB_EVENT_CANCELED,          /* */
    JOB_EVENTS
};

struct job_event {
    enum job_event_type type;
    uint32_t page, generation, round;
    uint16_t code;
    uint8_t manner;
    bool in_hand;
    const char *text;
    const struct ledger *ledger;
    const struct record_phase *claim;
};

enum job_action_type {
    JOB_ACTION_REGISTER,      /* make the durable part durable before any later action */
    JOB_ACTION_SEND_COMMAND,  /* JOB_OPENED to who asked, READ_COMMAND or PRINT_COMMAND to the client */
    JOB_ACTION_SEND_STORED,   /* PAGE_STORED: page, generation */
    JOB_ACTION_SEND_SUSPEND,  /* SUSPEND_COMMAND with the job's error */
    JOB_ACTION_SEND_QUESTION, /* MANNER_REQUEST from the job's state */
    JOB_ACTION_SEND_RESTART,  /* RESTART_COMMAND from the job's state */
    JOB_ACTION_SEND_CLOSED,   /* JOB_CLOSED */
    JOB_ACTION_DROP_PAGE,     /* page, generation: bytes that no longer count */
    JOB_ACTION_DROP_FROM,     /* page: all bytes from that page on of generations below `generation` */
    JOB_ACTION_FLOW,          /* printing: send the blocks of sheets that are held, in order */
    JOB_ACTION_HOLD,          /* printing: send none; what was sent and not acknowledged counts as not sent */
    JOB_ACTION_DELIVER,       /* build the document; JOB_EVENT_DELIVERED or _FAILED follows */
    JOB_ACTION_TELL,          /* somebody may watch: the job has changed */
    JOB_ACTION_REFUSE,        /* what was asked for is not possible now */
};

struct job_action {
    enum job_action_type type;
    uint32_t page, generation;
    uint32_t round;      /* by the time it is sent, the job may be in a round that is not registered yet */
    uint32_t connection; /* the one that was up when the action was decided */
};

#define JOB_ACTIONS_MAX 12
struct job_actions {
    struct job_action items[JOB_ACTIONS_MAX];
    unsigned count;
};

/* Read by everybody, changed by job_handle only. */
struct job {
    uint64_t id;
    enum job_function function;
    uint32_t blocks; /* printing: block of sheet n is (n - 1) % blocks + 1 */
    /* What JOB_ACTION_REGISTER makes durable */
    uint8_t state; /* enum job_state: IPP's */
    struct ledger ledger;
    struct phase phase; /* the registered phase, while the job is stopped */
    uint16_t error;     /* what stopped it, ERROR_NONE otherwise */
    char text[JOB_TEXT_SIZE];
    uint32_t interrupted; /* the page that the device was stopped in, 0 for none */
    uint32_t question;    /* number of the last MANNER_REQUEST */
    uint32_t round;       /* number of the last RESTART_COMMAND, */
    enum manner manner;   /* … what it said, */
    uint32_t manner_page; /* … and about which page */
    bool delivering;      /* every page is stored */
    /* What is lost with the process */
    enum job_step step;
    bool link_up;
    uint32_t connection; /* counts the connections */
    bool restart_sent;   /* RESTART_COMMAND of this round has gone over this connection */
    bool held;           /* no room on the disk: nothing is asked or taken before there is */
};

void job_init(struct job *job, uint64_t id);
/* A printing job of blocks * copies sheets, at most LEDGER_MAX_PAGES of them. */
void job_init_printing(struct job *job, uint64_t id, uint32_t blocks, uint32_t copies);
void job_free(struct job *job);
/* After a restart of serviced: the durable part has been loaded. The first actions of the job's new life. */
void job_recover(struct job *job, struct job_actions *actions);
/* Fills `actions` (emptied first). */
void job_handle(struct job *job, const struct job_event *event, struct job_actions *actions);

/* A send that waited behind a registration while things went on: the connection is another one, or the
 * question or the restart is not the current one any more. It is dropped. */
bool job_action_is_stale(const struct job *job, const struct job_action *action);

/* Whether bytes of that page, read in that round, are wanted now. */
bool job_wants_page(const struct job *job, uint32_t page, uint32_t generation);
/* Whether the job waits for a manner: it can be restarted, and what is on offer. */
bool job_is_stopped(const struct job *job);
unsigned job_offers(const struct job *job, struct manner_offer offers[MANNER_OFFERS_MAX]);

const char *job_event_name(enum job_event_type type);

#endif
