#include "config.h"

#include "ctl/render.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

/* A file name in the archive, and how many there are beside it. */
#define FILES_BYTES 600

struct render_table {
    char **cells; /* the first row are the headings */
    size_t count, room;
    unsigned columns, width[RENDER_COLUMNS_MAX];
};

/* Characters, not bytes: near enough to what a terminal shows. */
static unsigned width_of(const char *text)
{
    unsigned width = 0;
    for (; *text; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

/* Takes an escaped text over. */
static void add(struct render_table *table, char *cell)
{
    unsigned column = (unsigned)(table->count % table->columns), width = width_of(cell);
    if (table->count == table->room) {
        table->room = table->room ? 2 * table->room : 64;
        table->cells = memory_resize(table->cells, table->room, sizeof *table->cells);
    }
    table->cells[table->count++] = cell;
    if (width > table->width[column])
        table->width[column] = width;
}

struct render_table *render_table_new(const char *headings)
{
    struct render_table *table = memory_new(sizeof *table);
    char *copy = memory_text(headings), *rest = copy, *heading;
    table->columns = 1;
    for (const char *c = headings; *c; c++)
        table->columns += *c == '|';
    while ((heading = strsep(&rest, "|")))
        add(table, memory_text(heading));
    free(copy);
    return table;
}

void render_table_cell(struct render_table *table, const char *text)
{
    size_t length = strlen(text), size = 4 * length + 1;
    char *cell = memory_resize(NULL, size, 1);
    text_escape(cell, size, text, length);
    add(table, cell);
}

void render_table_number(struct render_table *table, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    add(table, memory_text(text));
}

void render_table_time(struct render_table *table, uint64_t wall_ms)
{
    char text[32] = "-";
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    if (wall_ms && localtime_r(&seconds, &local))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
    add(table, memory_text(text));
}

void render_table_print(FILE *out, struct render_table **table, const char *empty)
{
    struct render_table *t = *table;
    if (t->count <= t->columns)
        fprintf(out, "%s\n", empty);
    for (size_t i = 0; t->count > t->columns && i < t->count; i++) {
        unsigned column = (unsigned)(i % t->columns);
        fputs(t->cells[i], out);
        if (column + 1 == t->columns)
            fputc('\n', out);
        else
            fprintf(out, "%*s", (int)(t->width[column] - width_of(t->cells[i]) + 2), "");
    }
    render_table_free(table);
}

void render_table_free(struct render_table **table)
{
    if (!*table)
        return;
    for (size_t i = 0; i < (*table)->count; i++)
        free((*table)->cells[i]);
    free((*table)->cells);
    free(*table);
    *table = NULL;
}

static void cell_of(struct render_table *table, struct frame_text text)
{
    char *copy = frame_text_dup(text);
    render_table_cell(table, *copy ? copy : "-");
    free(copy);
}

void render_table_job(struct render_table *table, const struct job_view *view)
{
    char done[32];
    unsigned count = ledger_count(&view->ledger, job_view_is_printing(view) ? PAGE_PRINTED : PAGE_STORED);
    if (view->ledger.total)
        snprintf(done, sizeof done, "%u of %u", count, view->ledger.total);
    else
        snprintf(done, sizeof done, "%u", count);
    render_table_number(table, view->job);
    render_table_cell(table, view->client);
    render_table_cell(table, function_name(view->phase.function));
    render_table_cell(table, job_state_name(view->state));
    render_table_number(table, view->phase.page);
    render_table_cell(table, done);
    render_table_time(table, view->updated_ms);
    render_table_cell(table, view->title);
}

/* "NAME-001.png and 2 more": the name is the first file's. */
static void cell_of_files(struct render_table *table, const struct record_document *document)
{
    char *name = frame_text_dup(document->name);
    struct text_buffer text;
    text_start(&text, FILES_BYTES);
    text_append(&text, *name ? name : "-");
    if (document->parts > 1)
        text_printf(&text, " and %u more", document->parts - 1);
    render_table_cell(table, text_of(&text));
    text_free(&text);
    free(name);
}

void render_table_document(struct render_table *table, const struct record_document *document)
{
    render_table_number(table, document->document);
    cell_of(table, document->client);
    render_table_number(table, document->pages);
    render_table_number(table, document->length_bytes);
    render_table_time(table, document->created_ms);
    cell_of_files(table, document);
}

void render_table_client(struct render_table *table, const struct record_client *client)
{
    cell_of(table, client->name);
    render_table_cell(table, render_client_state(client->state));
    cell_of(table, client->address);
    render_table_time(table, client->seen_ms);
}
