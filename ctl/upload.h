/*
 * A local file on its way to the server: UPLOAD_BEGIN, then UPLOAD_DATA as far as credit goes, then
 * UPLOAD_END. One buffer of a frame's size, whatever the file's; and no wait that has no end: the daemon has
 * to give a sign once a minute.
 */
#ifndef DESKLINE_CTL_UPLOAD_H
#define DESKLINE_CTL_UPLOAD_H

#include "ctl/invocation.h"

struct upload;

/* Opens the file. 0; or -1 with an outcome: it is not there, a folder or a device, empty. The caller frees it
 * with upload_free. */
int upload_new(struct upload **upload, const char *path, struct outcome *outcome);
void upload_free(struct upload **upload);

/* The file's name without folders, as people see it: escaped, at most 255 bytes of UTF-8. */
const char *upload_name(const struct upload *upload);

/* Sends it all, once; on a terminal with a line that shows how far it is. EXIT_DONE with *number, by which a
 * SERVICE_REQUEST over the same connection names it; otherwise what failed is printed. */
int upload_send(struct upload *upload, struct invocation *invocation, uint32_t *number);

#endif
