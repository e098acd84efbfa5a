/* Where a document that is fetched goes: written beside its name, checked, and only then given it. */
#ifndef DESKLINE_CTL_DOCUMENT_FILE_H
#define DESKLINE_CTL_DOCUMENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCUMENT_NAME_BYTES 256

struct document_file;

/* `path`: a file, an existing folder, or NULL for the working folder. 0; or a negative errno with a sentence.
 */
int document_file_new(struct document_file **file, const char *path, char *why, size_t why_size);
/* The next bytes. 0 or a negative errno. */
int document_file_write(struct document_file *file, const void *bytes, size_t length);
/* All is written: gives the file its name. That is the path's, with the number of the part in it where there
 * are several; or `name` (reduced by document_name) for a folder. Without a path nothing that exists is
 * replaced
 * (-EEXIST). `name` becomes the name that it has. */
int document_file_commit(struct document_file *file, unsigned part, unsigned parts,
                         char name[DOCUMENT_NAME_BYTES]);
/* What was not committed is removed. Safe on NULL. */
void document_file_free(struct document_file **file);

/* A name that came from the server, if it can stand in a folder as it is; else "document-NUMBER". */
void document_name(const char *from_server, uint64_t document, char name[DOCUMENT_NAME_BYTES]);
/* "scan.png" and 2 become "scan-002.png". -ENAMETOOLONG. */
int document_part_name(char name[DOCUMENT_NAME_BYTES], unsigned part);

#endif
