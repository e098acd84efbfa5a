/* A block out of the spool of a job, checked and made into a document that the printer takes. */
#ifndef DESKLINE_CLIENTD_UNITS_PRINT_BLOCK_H
#define DESKLINE_CLIENTD_UNITS_PRINT_BLOCK_H

#include <stdint.h>

#include "clientd/units/printer.h"

struct print_block;

/* Where a block lies. */
struct print_block_place {
    int folder_fd; /* of the job's spool */
    uint32_t number, generation;
};

/* Opens a block of the spool folder: reads what is known of it (its .meta file), compares its stream
 * with the digest in there, and brings it into a form that `printer` takes. Where its own is none of them it
 * is wrapped or drawn into an unnamed file in the same folder. On PRINTER_FAILED *error has BLOCK_LOST for a
 * block that is not what was sent, PRINT_REFUSED for a printer that takes none of the forms, SPOOL_FULL or
 * STORAGE; *block is then NULL. `title` goes into documents that are made. */
enum printer_status print_block_open(struct print_block **block, const struct print_block_place *place,
                                     const struct printer *printer, const char *title,
                                     struct printer_error *error);
/* Safe on NULL; clears *block. */
void print_block_free(struct print_block **block);

/* Good as long as the block. */
const struct printer_document *print_block_document(const struct print_block *block);
/* Pages in it, 1 or 2; 0 where nobody has said. */
uint32_t print_block_pages(const struct print_block *block);

#endif
