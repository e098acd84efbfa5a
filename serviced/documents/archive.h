/* The archive: delivered documents as YYYY-MM-DD/CLIENT-JOB-TITLE.SUFFIX. */
#ifndef DESKLINE_SERVICED_DOCUMENTS_ARCHIVE_H
#define DESKLINE_SERVICED_DOCUMENTS_ARCHIVE_H

#include <stdint.h>

#include "page/document.h"

struct archive;
struct worker_pool;

#define ARCHIVE_TITLE_BYTES 80

/* 0 or a negative errno. */
int archive_open(struct archive **archive, struct worker_pool *workers, const char *path);
/* Behind the workers' end. */
void archive_close(struct archive **archive);
int archive_folder(const struct archive *archive);
uint64_t archive_free_bytes(const struct archive *archive);

/* The caller frees it. Of the title, letters of any language, digits, '-' and '_' stay; runs of anything else
 * become one '-'; nothing left: "scan". */
char *archive_document_name(const char *client, uint64_t job, const char *title, enum document_kind kind,
                            uint64_t created_ms);
/* The name of a part, from 1: the document's own when it has just one. The caller frees it. */
char *archive_part_name(const char *name, uint32_t part, uint32_t parts);
/* Removes a document's files on a worker; `done` runs on the loop. */
void archive_remove(struct archive *archive, const char *name, uint32_t parts,
                    void (*done)(void *context, int result), void *context);

#endif
