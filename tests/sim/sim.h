/*
 * The simulator: the real job machines, ledger, phases, identification, designation, page_send and
 * page_receive of both sides, joined in memory. Around them stand models of what the machines do not know: a
 * stack of paper, a reading unit, a person, a connection, and storage that forgets what was not synced.
 *
 * Everything that happens is one step of one part, chosen at random from those that can happen; the same seed
 * gives the same story.
 */
#ifndef DESKLINE_TESTS_SIM_H
#define DESKLINE_TESTS_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "clientd/job_read.h"
#include "serviced/jobs/job.h"
#include "tests/sim/story.h"
#include "wire/page_receive.h"
#include "wire/page_send.h"

#define SHEETS_MAX      12
#define CHUNKS_PER_PAGE 3 /* a page stream has so many bytes */
#define FILES_MAX       128
#define FIFO_MAX        512
#define QUEUE_MAX       512

struct world;

/* ---- Paper, and the person in front of it ---- */

struct paper {
    unsigned sheets;             /* numbered 1 … sheets; the number is what a page shows */
    unsigned feeder[SHEETS_MAX]; /* from the top */
    unsigned feeder_count;
    unsigned in_path;                 /* the sheet that is in the device, 0 for none */
    bool jammed;                      /* the device does nothing before a person has cleared it */
    unsigned reads[SHEETS_MAX + 1];   /* how often it was read whole */
    unsigned allowed[SHEETS_MAX + 1]; /* how often the designated manners asked for that */
    bool left_out[SHEETS_MAX + 1];    /* by skip */
    unsigned set_aside;               /* the sheet that the person has taken away to skip it */
    bool lost[SHEETS_MAX + 1];        /* read, and then damaged on a disk */
    bool finished_early;              /* finish: what was not read is not in the document */
};

/* ---- Files of a page, at either side ---- */

struct page_file {
    uint32_t page, generation;
    unsigned sheet; /* what it shows */
    bool whole;
};
struct page_files {
    struct page_file files[FILES_MAX];
    unsigned count;
};
struct page_file *files_find(struct page_files *files, uint32_t page, uint32_t generation);
void files_put(struct world *world, struct page_files *files, struct page_file file);
void files_drop(struct page_files *files, uint32_t page, uint32_t generation);

/* ---- The connection ---- */

enum message_type {
    MESSAGE_HELLO,
    MESSAGE_WELCOME,
    MESSAGE_READ_COMMAND,
    MESSAGE_PAGE_BEGIN,
    MESSAGE_PAGE_DATA,
    MESSAGE_PAGE_END,
    MESSAGE_PAGE_STORED,
    MESSAGE_PAGE_RESUME,
    MESSAGE_STATUS,
    MESSAGE_FINISHED,
    MESSAGE_NOTICE,
    MESSAGE_RESTART_REQUEST,
    MESSAGE_QUESTION,
    MESSAGE_MANNER,
    MESSAGE_RESTART,
    MESSAGE_SUSPEND,
    MESSAGE_CLOSED,
    MESSAGE_CANCEL,
};

struct message {
    enum message_type type;
    uint32_t page, generation, round, offset;
    unsigned sheet;
    uint16_t code;
    uint8_t manner;
    bool flag; /* HELLO: has the job; WELCOME: the job is over */
    struct record_phase claim;
    struct ledger ledger; /* owned */
    struct designation_question question;
};

struct queue {
    struct message items[QUEUE_MAX];
    unsigned count;
};

struct link {
    bool client_up, server_up; /* what each side believes */
    bool greeted;              /* the server has seen HELLO: what it sends goes over this connection */
    bool broken;               /* nothing passes any more, whatever they believe */
    struct queue to_server, to_client;
};
void link_send(struct world *world, struct queue *queue, struct message message);
void link_drop(struct queue *queue);

/* ---- The two sides ---- */

struct unit {
    bool running, stopping, paused, in_page;
    uint32_t page, count, generation, expected, chunks;
    unsigned sheet;
};

struct client {
    /* durable */
    bool has_record;
    struct job_read record; /* of which the durable members count */
    struct page_files spool;
    bool full;
    /* lost in a crash */
    bool alive, has_job;
    struct job_read job;
    struct job_read_action fifo[FIFO_MAX];
    unsigned fifo_count;
    bool saving;
    struct job_read saved; /* the snapshot that is being written */
    struct page_send send;
    struct unit unit;
    struct designation_policy policy;
};

struct server {
    /* durable */
    bool has_record;
    struct job record;
    struct page_files files; /* whole pages */
    struct page_file part;   /* and one in part */
    uint32_t part_length;
    bool full;
    unsigned document[SHEETS_MAX * 2], document_pages;
    /* lost in a crash */
    bool alive, has_job;
    struct job job;
    struct job_action fifo[FIFO_MAX];
    unsigned fifo_count;
    bool registering;
    struct job registered;
    struct page_receive receive;
    struct page_files syncing; /* whole pages that are not durable yet */
    bool delivering;
};

/* What is taken out of the machinery to see that the simulator notices. */
enum sabotage {
    SABOTAGE_NONE,
    SABOTAGE_ACKNOWLEDGE_EARLY,
    SABOTAGE_STALE_PAGES,
    SABOTAGE_EMPTY_IS_END,
    SABOTAGES
};

struct world {
    struct story story;
    unsigned faults_left;
    bool canceled;
    struct paper paper;
    struct link link;
    struct client client;
    struct server server;
};

/* Each part lists its steps: does one at random and returns true, or returns false when it can do nothing. */
bool client_step(struct world *world);
bool unit_step(struct world *world);
bool server_step(struct world *world);
bool person_step(struct world *world);
bool link_step(struct world *world);

void client_event(struct world *world, struct job_read_event event);
void client_message(struct world *world, struct message *message);
void client_connected(struct world *world);
void client_start(struct world *world);
void client_crash(struct world *world);
void unit_end(struct world *world, uint16_t code, bool sheet_out);

void server_open(struct world *world);
void server_event(struct world *world, struct job_event event);
void server_message(struct world *world, struct message *message);
void server_start(struct world *world);
void server_crash(struct world *world);

/* The person's hands. */
void paper_put_back(struct world *world, uint32_t first_page, bool all);
void paper_designated(struct paper *paper, enum manner manner);
bool paper_take_sheet(struct paper *paper, unsigned *sheet);

void fault_step(struct world *world);
bool world_is_over(const struct world *world);
void world_check(struct world *world);

#endif
