/*
 * What is shown: the same things as text for people and as JSON for scripts (the keys are fixed, see
 * clientctl(1)). Records and frames are views of what came from a daemon; every text in them is escaped for
 * the terminal here.
 */
#ifndef DESKLINE_CTL_RENDER_H
#define DESKLINE_CTL_RENDER_H

#include <jansson.h>
#include <stdio.h>

#include <deskline/frame.h>

#include "ctl/connection.h"
#include "ctl/job_view.h"

/* ---- Words for the numbers that frames carry; "unknown" for others ---- */

const char *render_unit_kind(uint8_t kind);
const char *render_unit_state(uint8_t state);
const char *render_client_state(uint8_t state);

/* ---- JSON: the caller owns what is returned ---- */

json_t *render_json_text(struct frame_text text);
json_t *render_json_job(const struct job_view *view);
json_t *render_json_unit(const struct record_unit *unit);
json_t *render_json_service(const struct record_service *service);
json_t *render_json_document(const struct record_document *document);
json_t *render_json_client(const struct record_client *client);
json_t *render_json_status(const struct frame_status *status);
/* {"error":{"code":…,"text":…}} */
json_t *render_json_error(const char *code, const char *text);
/* Prints on one line, and releases the value. 0, or -EIO when it could not be written. */
int render_json_print(FILE *out, json_t *value);

/* ---- Text ---- */

/* Escaped, without a newline. */
void render_text_escaped(FILE *out, const char *text);
/* Everything about a job, line by line. */
void render_text_job(FILE *out, const struct job_view *view);
/* How a job ended, in one sentence: "job 7 is completed: document 7 with 10 pages", "… 30 of 30 sheets
 * printed". */
void render_text_end(FILE *out, const struct job_view *view);
void render_text_unit(FILE *out, const struct record_unit *unit);
void render_text_status(FILE *out, const struct frame_status *status);

/* ---- Tables: the columns are as wide as what stands in them ---- */

#define RENDER_COLUMNS_MAX 8
struct render_table;
/* Headings, separated by '|'. */
struct render_table *render_table_new(const char *headings);
/* The cell is escaped in here; cells go row by row from left to right. */
void render_table_cell(struct render_table *table, const char *text);
void render_table_number(struct render_table *table, uint64_t number);
/* "2031-05-07 09:30" in the local time zone; "-" for 0. */
void render_table_time(struct render_table *table, uint64_t wall_ms);
/* Prints it, or `empty` (a sentence) where it has no row, and frees it. */
void render_table_print(FILE *out, struct render_table **table, const char *empty);
void render_table_free(struct render_table **table);

void render_table_job(struct render_table *table, const struct job_view *view);
#define RENDER_JOB_HEADINGS "JOB|CLIENT|FUNCTION|STATE|NEXT|DONE|UPDATED|TITLE"
void render_table_document(struct render_table *table, const struct record_document *document);
#define RENDER_DOCUMENT_HEADINGS "DOCUMENT|CLIENT|PAGES|BYTES|CREATED|NAME"
void render_table_client(struct render_table *table, const struct record_client *client);
#define RENDER_CLIENT_HEADINGS "CLIENT|STATE|ADDRESS|LAST SEEN"

#endif
