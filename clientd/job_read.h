/*
 * A job at the client, reading or printing: a pure state machine. Events go in, actions come out; the daemon
 * (job_run.c) and the simulator (tests/sim) carry the actions out, strictly in their order. The road to
 * recovery is the same for both functions; what their units do stands in job_reading.c and job_printing.c.
 *
 *                      COMMANDED
 *                          │
 *                          ▼            unit failed, link down, suspended
 *     ┌──────────────── FLOWING ───────────────────────────────┐
 *     │                    ▲                                   ▼
 *     │ CLOSED             │ restart carried out            STOPPED ◄───────────┐
 *     ▼                    │                                   │ MANNER_REQUESTED│ link down,
 *   CLOSED             RESTARTING ◄──── RESTART_COMMANDED ──┐  ▼                 │ unit failed
 *  (unit stops,      (the unit has to                       │ ASKED ─────────────┤
 *   then forgotten)   stop first)                           │  │ MANNER_CHOSEN   │
 *                                                           │  ▼ (user or policy)│
 *                                                           └ ANSWERED ──────────┘
 *
 * The unit has a state of its own beside this one: while the link is down it goes on.
 */
#ifndef DESKLINE_CLIENTD_JOB_READ_H
#define DESKLINE_CLIENTD_JOB_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "clientd/designation.h"

#define JOB_TEXT_SIZE 512

enum job_read_state {
    JOB_READ_FLOWING,
    JOB_READ_STOPPED,
    JOB_READ_ASKED,
    JOB_READ_ANSWERED,
    JOB_READ_RESTARTING,
    JOB_READ_CLOSED,
    JOB_READ_STATES
};

enum job_read_unit { UNIT_IDLE, UNIT_RUNNING, UNIT_PAUSED /* waits for space in the spool */, UNIT_STOPPING };

enum job_read_event_type {
    EVENT_COMMANDED,     /* READ_COMMAND: the first event of a new job */
    EVENT_PAGE_BEGUN,    /* unit: page */
    EVENT_PAGE_READ,     /* unit: page, generation; the page is durable in the spool */
    EVENT_UNIT_FINISHED, /* unit: page (the last one it read), medium_ended */
    EVENT_UNIT_FAILED, /* unit: code, text, page (interrupted, or 0); also for a unit that died or was stopped
                        */
    EVENT_UNIT_PAUSED, /* unit: the spool is full */
    EVENT_SPACE_MADE,  /* there is room in the spool again */
    EVENT_LINK_DOWN,   /* */
    EVENT_LINK_UP,     /* WELCOME: standing, ledger */
    EVENT_PAGE_STORED, /* server: page, generation */
    EVENT_PAGE_DAMAGED,      /* page: its stream in the spool is not what was read */
    EVENT_BLOCK_RECEIVED,    /* page, generation: the block is durable in the spool */
    EVENT_BLOCK_FAILED,      /* code: a block cannot be stored */
    EVENT_SHEET_CREATED,     /* unit: page, ticket; the printer has a job for it, without data */
    EVENT_SHEET_PRINTED,     /* unit: page */
    EVENT_SHEET_NOT_PRINTED, /* unit: page; and never will be under that ticket */
    EVENT_SHEET_UNCERTAIN,   /* unit: page; nobody can know */
    EVENT_SUSPENDED,         /* server: code */
    EVENT_MANNER_REQUESTED,  /* server: question */
    EVENT_MANNER_CHOSEN,     /* user: round, manner, page */
    EVENT_RESTART_REQUESTED, /* user */
    EVENT_RESTART_COMMANDED, /* server: round, manner, page, ledger */
    EVENT_CLOSED,            /* server, or the user for a job that the server does not know */
    JOB_READ_EVENTS
};

enum job_standing { STANDING_UNKNOWN = 0, STANDING_OPEN = 1, STANDING_CLOSED = 2 };

/* record_ticket, kept. */
struct job_ticket {
    uint32_t job;
    char uuid[65];
    char printer[513];
};

struct job_read_event {
    enum job_read_event_type type;
    uint32_t page, generation, round;
    uint16_t code;
    uint8_t manner;
    bool medium_ended;
    bool is_moved; /* restart: at another unit */
    enum job_standing standing;
    const char *text;
    const struct ledger *ledger; /* the server's */
    const struct designation_question *question;
    const struct job_ticket *ticket;
};

enum job_read_action_type {
    ACTION_SAVE,          /* make the durable part durable before any later action */
    ACTION_TAKE_ORDER,    /* the order of the restart that is being carried out is the job's now */
    ACTION_START_UNIT,    /* reading: page, count, generation */
    ACTION_ADOPT_SHEET,   /* page: ADOPT_SHEET with the ticket of its slot; `cancel` */
    ACTION_PRINT_SHEET,   /* page */
    ACTION_RELEASE_SHEET, /* page: its ticket is durable */
    ACTION_END_UNIT,      /* NO_MORE_SHEETS: EVENT_UNIT_FINISHED follows */
    ACTION_CONTINUE_UNIT, /* */
    ACTION_STOP_UNIT,     /* EVENT_UNIT_FAILED follows when it has ended */
    ACTION_DROP_PAGE,     /* page, generation: it is stored at the server; of a printing job: a block that is
                             no longer needed */
    ACTION_DROP_STORED,   /* all pages that the ledger has as stored */
    ACTION_DROP_FROM,     /* page: given up from there on, all generations below `generation` */
    ACTION_FLOW,          /* send what is read, from the first page that is not stored */
    ACTION_HOLD, /* send no page; what was sent and not acknowledged counts as not sent (page_send_reset) */
    ACTION_SEND_NOTICE,   /* ERROR_NOTICE from the job's state, but with the action's round */
    ACTION_SEND_STATUS,   /* READING_STATUS or PRINT_STATUS, likewise: round */
    ACTION_SEND_STORED,   /* PAGE_STORED: page (the block) */
    ACTION_SEND_FINISHED, /* FUNCTION_FINISHED: page (the total), round */
    ACTION_SEND_MANNER,   /* MANNER_NOTICE: round, manner, page */
    ACTION_SEND_RESTART,  /* RESTART_REQUEST */
    ACTION_TELL,          /* somebody may watch: the job has changed */
    ACTION_REFUSE,        /* what the user asked for is not possible now */
    ACTION_FORGET,        /* the job is over: remove its spool */
};

struct job_read_action {
    enum job_read_action_type type;
    uint32_t page, count, generation, round;
    uint32_t connection; /* the one that was up when the action was decided */
    uint8_t manner;
    bool cancel;
};

#define JOB_READ_ACTIONS_MAX 16

/* What one event leads to, in order. */
struct job_read_actions {
    struct job_read_action items[JOB_READ_ACTIONS_MAX];
    unsigned count;
};

/* So many sheets are under way at the printer: one that it prints, and one that waits behind it. */
#define PRINT_SLOTS 2

/* A sheet under way. It is wanted as long as the ledger says submitted: else it is to be canceled. */
struct print_slot {
    uint32_t sheet;  /* 0: free */
    bool has_ticket; /* the printer has a job for it */
    bool is_adopted; /* from an earlier run of the unit; not durable */
    struct job_ticket ticket;
};

/* Read by everybody, changed by job_read_handle only. */
struct job_read {
    uint64_t id;
    enum job_function function;
    /* What ACTION_SAVE makes durable */
    struct ledger ledger;
    uint32_t round;       /* the last restart that was carried out */
    uint32_t expected;    /* pages known to exist: a feeder that is empty before is an error */
    uint32_t limit;       /* --pages, 0 for none */
    bool flatbed;         /* no sheet moves: a page that was interrupted is never uncertain */
    bool running;         /* the unit was started and has not ended yet */
    uint16_t error;       /* what stopped the job, ERROR_NONE while nothing does */
    uint32_t interrupted; /* the page that the device was stopped in, 0 for none */
    char text[JOB_TEXT_SIZE];
    uint32_t blocks, copies; /* printing: the job has blocks * copies sheets; 0 while not known */
    struct print_slot slots[PRINT_SLOTS]; /* those with a ticket */
    /* What is lost with the process */
    struct ledger spooled; /* printing: the blocks in the spool are PAGE_RECEIVED, each with its generation */
    enum job_read_state state;
    enum job_read_unit unit;
    bool link_up;
    uint32_t connection; /* counts the connections */
    uint16_t
        block_error;  /* why a block could not be stored while the job was restarting, ERROR_NONE for none */
    bool begun;       /* the command has come */
    bool fresh_error; /* the device failed, and no question has been about that yet */
    bool renewed;     /* the connection is a new one since the restart was commanded */
    bool space;       /* there is room in the spool again, since the unit was paused */
    bool orphan;      /* the server does not know the job */
    uint32_t again;   /* printing: the sheet that was in doubt and is printed again, 0 for none */
    struct designation_question question;
    struct { /* a restart that waits for the unit to end */
        uint32_t round, page;
        enum manner manner;
        bool is_moved;
        struct ledger ledger;
    } pending;
    const struct designation_policy *policy; /* not owned */
};

void job_read_init(struct job_read *job, uint64_t id, uint32_t limit, bool flatbed,
                   const struct designation_policy *policy);
void job_print_init(struct job_read *job, uint64_t id, uint32_t blocks, uint32_t copies,
                    const struct designation_policy *policy);
void job_read_free(struct job_read *job);

/* After a restart of clientd: the durable part has been loaded, the pages found whole in the spool have been
 * set to `read`. `begun` is the page whose stream is there without being whole, 0 for none. */
void job_read_recover(struct job_read *job, uint32_t begun);
/* The same for a printing job: the blocks found whole in the spool are in `spooled`. */
void job_print_recover(struct job_read *job);
/* Printing: the block that goes onto a sheet, 0 for a sheet that the job does not have. */
uint32_t job_print_block(const struct job_read *job, uint32_t sheet);
/* Whether that block is to be received: a sheet needs it, and it is not in the spool. A block that is sent
 * once more, because its sheet was given up, comes in the generation of the sheet: what is still to be
 * removed has another. */
bool job_print_wants_block(const struct job_read *job, uint32_t block, uint32_t generation);
/* The slot of a sheet under way, NULL for none. */
const struct print_slot *job_print_slot(const struct job_read *job, uint32_t sheet);
/* The server has told of the order, to a client that had lost it. */
void job_print_set_order(struct job_read *job, uint32_t blocks, uint32_t copies);

/* Fills `actions` (emptied first). */
void job_read_handle(struct job_read *job, const struct job_read_event *event,
                     struct job_read_actions *actions);

/* A send that waited behind a save while the connection was lost and another one came: it is dropped, since
 * both sides have stated anew where they are. */
bool job_read_action_is_stale(const struct job_read *job, const struct job_read_action *action);

/* "flowing", … for the log. */
const char *job_read_state_name(enum job_read_state state);
const char *job_read_event_name(enum job_read_event_type type);

#endif
