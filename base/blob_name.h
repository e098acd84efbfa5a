/* Names beneath a folder handle, for blob.c and blob_tree.c. */
#ifndef DESKLINE_BASE_BLOB_NAME_H
#define DESKLINE_BASE_BLOB_NAME_H

#include <stdbool.h>

/* The folder in which a name's last part lies. */
struct blob_place {
    int folder_fd;
    bool opened; /* folder_fd is to be closed */
    const char *last;
};

/* 0, or -EINVAL for a name that is empty, absolute or too long for a path, or has an empty part, "." or "..".
 */
int blob_check_name(const char *name);
/* Opens the folder of `name`. Leave with blob_place_close, also after an error. */
int blob_place_open(struct blob_place *place, int folder_fd, const char *name);
void blob_place_close(struct blob_place *place);

#endif
