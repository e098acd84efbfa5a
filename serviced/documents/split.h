/*
 * Splitting a document into the blocks of its sheets, in the splitting unit: starts the process, hears its
 * frames, watches its progress, and says exactly once how it ended.
 *
 *   split_start ─► on_document ─► on_block, on_block, … ─► on_end (once) ─► split_free
 *
 * A block is durable when on_block comes: sheets may be sent before the last one is made. Who does so takes
 * the risk that a later page turns out to be damaged; who waits for on_end prints a document whole or not at
 * all. What is in the folder after a refusal, or after split_free, is the caller's to remove.
 */
#ifndef DESKLINE_SERVICED_DOCUMENTS_SPLIT_H
#define DESKLINE_SERVICED_DOCUMENTS_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include <deskline/words.h>

struct loop;
struct peer_sweep;
struct split;

enum split_turn { SPLIT_AUTO, SPLIT_PORTRAIT, SPLIT_LANDSCAPE };

/* Texts are not kept. */
struct split_order {
    const char *unit_folder;
    const char *file;          /* the document */
    const char *output_folder; /* exists, and is empty */
    const char *pages;         /* "1-3,5,8-"; NULL or empty: all */
    const char *media;         /* "a4", "letter", …, or as in PWG 5101.1; NULL or empty: A4 */
    enum split_turn turn;      /* of text, images, and pages that are fitted */
    bool two_sided;
    bool fit;             /* pages of a PDF are scaled to the paper; text and images always are */
    uint32_t page_limit;  /* most pages of the document */
    uint64_t byte_limit;  /* most bytes of all blocks together */
    uint32_t watchdog_ms; /* a unit that says nothing for so long is stopped: one sheet takes less */
};

/* What there is to print. Good until on_document returns. */
struct split_document {
    uint32_t pages;    /* of the whole document */
    uint32_t chosen;   /* that are printed */
    uint32_t sheets;   /* blocks that follow */
    const char *kind;  /* "pdf", "jpeg", "png", "tiff", "text" */
    const char *title; /* as the document says, or empty */
};

#define SPLIT_NAME_SIZE    16
#define SPLIT_DIGEST_BYTES 32

struct split_block {
    uint32_t sheet;             /* from 1, in order */
    uint32_t front, back;       /* pages of the document on it; back 0: none */
    char name[SPLIT_NAME_SIZE]; /* in the output folder */
    uint64_t length;
    uint8_t digest[SPLIT_DIGEST_BYTES]; /* SHA-256 */
};

/* How it ended: code ERROR_NONE, all blocks are there; else of errors.def, with one sentence for the person
 * who sent the document. */
struct split_end {
    uint16_t code;
    char text[512];
};

struct split_callbacks {
    void (*on_document)(void *context, const struct split_document *document);
    void (*on_block)(void *context, const struct split_block *block);
    void (*on_end)(void *context, const struct split_end *end);
};

/* 0, or a negative errno when the unit cannot be started: then nothing is called. */
int split_start(struct split **split, struct loop *loop, struct peer_sweep *sweep,
                const struct split_order *order, const struct split_callbacks *callbacks, void *context);
/* Kills what still runs; nothing is called any more. Safe on NULL and in each callback; clears *split. */
void split_free(struct split **split);

#endif
