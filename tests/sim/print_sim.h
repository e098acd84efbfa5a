/*
 * The simulation of printing: the real machines of both sides, ledger, phases, identification and
 * designation, joined in memory. Around them stand models of a printer (with its own jobs, which it may
 * forget), a printing unit, a person at the tray, a connection, and storage that forgets what was not synced.
 */
#ifndef DESKLINE_TESTS_PRINT_SIM_H
#define DESKLINE_TESTS_PRINT_SIM_H

#include "clientd/job_read.h"
#include "serviced/jobs/job.h"
#include "tests/sim/story.h"

#define BLOCKS_MAX  6
#define SHEETS_MAX  12
#define PRINTER_MAX 256
#define FIFO_MAX    512
#define QUEUE_MAX   512
#define SPOOL_MAX   64
#define WINDOW      4 /* sheets ahead of the first that is left for which blocks are sent */

enum print_sabotage {
    SABOTAGE_NONE,
    SABOTAGE_RELEASE_EARLY,  /* a sheet's data goes out before its ticket is durable */
    SABOTAGE_MISSING_IS_NOT, /* what the printer does not know is taken for not printed */
    SABOTAGE_FORGET_TICKETS, /* a client that starts again does not ask the printer */
    SABOTAGES
};

struct world;

/* ---- The printer, and what lies in its tray ---- */

enum printer_state { AT_WAITING, AT_PRINTED, AT_CANCELED };
struct printer_job {
    unsigned sheet;
    bool has_data;
    bool is_forgotten; /* the printer knows nothing of it any more, and will not print it */
    bool is_given_up;  /* the unit could not cancel it in time */
    enum printer_state state;
};
struct printer {
    struct printer_job jobs[PRINTER_MAX]; /* the place is the job-uuid */
    unsigned count;
    bool jammed;
    unsigned out[SHEETS_MAX + 1];     /* how often the sheet lies in the tray */
    unsigned seen[SHEETS_MAX + 1];    /* … of which were there when it was last given up */
    unsigned allowed[SHEETS_MAX + 1]; /* how often the designated manners asked for it */
    bool unknowable[SHEETS_MAX + 1];  /* the printer has forgotten it */
    bool left_out[SHEETS_MAX + 1];
    bool finished_early;
};

/* ---- The connection ---- */

enum message_type {
    MESSAGE_HELLO,
    MESSAGE_WELCOME,
    MESSAGE_COMMAND,
    MESSAGE_BLOCK,
    MESSAGE_STORED,
    MESSAGE_STATUS,
    MESSAGE_NOTICE,
    MESSAGE_RESTART_REQUEST,
    MESSAGE_QUESTION,
    MESSAGE_MANNER,
    MESSAGE_RESTART,
    MESSAGE_CLOSED,
};
struct message {
    enum message_type type;
    uint32_t page, generation, round;
    uint16_t code;
    uint8_t manner;
    bool has_job;
    enum job_standing standing;
    struct record_phase claim;
    struct ledger ledger; /* owned */
    struct designation_question question;
};
struct queue {
    struct message items[QUEUE_MAX];
    unsigned count;
};
struct link {
    bool client_up, server_up, greeted, broken;
    struct queue to_server, to_client;
};
void link_send(struct world *world, struct queue *queue, struct message message);

/* ---- The two sides ---- */

enum item_stage { ITEM_FREE, ITEM_TOLD, ITEM_CREATED, ITEM_SENT, ITEM_ADOPTED, ITEM_UNWANTED };
struct unit_item {
    enum item_stage stage;
    unsigned sheet, uuid;
};
struct unit {
    bool running, stopping, draining;
    uint16_t failing;
    uint32_t failing_page;
    struct unit_item items[PRINT_SLOTS];
};

struct block_file {
    uint32_t block, generation; /* block 0: free */
    bool is_whole, is_damaged;
};

struct client {
    /* durable */
    bool has_record;
    struct job_read record; /* of which the durable members count */
    struct block_file spool[SPOOL_MAX];
    bool full;
    /* lost in a crash */
    bool alive, has_job;
    struct job_read job;
    struct job_read_action fifo[FIFO_MAX];
    unsigned fifo_count;
    bool saving;
    struct job_read saved;
    struct unit unit;
    struct job_read_event says[FIFO_MAX]; /* by the unit, and not heard yet */
    struct job_ticket tickets[FIFO_MAX];
    unsigned says_count;
    struct designation_policy policy;
};

struct server {
    bool has_record;
    struct job record;
    bool alive, has_job;
    struct job job;
    struct job_action fifo[FIFO_MAX];
    unsigned fifo_count;
    bool registering;
    struct job registered;
    bool flowing, sent[BLOCKS_MAX + 1];
};

struct world {
    struct story story;
    unsigned faults_left;
    uint32_t blocks, copies;
    struct printer printer;
    struct link link;
    struct client client;
    struct server server;
};

/* Each part does one of its steps at random and returns true, or returns false when it can do nothing. */
bool client_step(struct world *world);
bool unit_step(struct world *world);
bool printer_step(struct world *world);
bool server_step(struct world *world);

void client_event(struct world *world, struct job_read_event event);
void client_message(struct world *world, struct message *message);
void client_connected(struct world *world);
void client_crash(struct world *world);
void unit_crash(struct world *world);
void unit_start(struct world *world);
void unit_tell(struct world *world, enum item_stage stage, uint32_t sheet);
struct block_file *block_find(struct client *client, uint32_t block, uint32_t generation);
void unit_release(struct world *world, uint32_t sheet);

void server_open(struct world *world);
void server_event(struct world *world, struct job_event event);
void server_message(struct world *world, struct message *message);
void server_crash(struct world *world);

/* A manner was designated: what it allows to come out once more. */
void printer_designated(struct world *world, enum manner manner, uint32_t page);
void printer_fault(struct world *world);

#endif
