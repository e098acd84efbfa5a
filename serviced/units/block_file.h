/* The file of one block: written under a temporary name, synced, and renamed to its number. */
#ifndef DESKLINE_SERVICED_UNITS_BLOCK_FILE_H
#define DESKLINE_SERVICED_UNITS_BLOCK_FILE_H

#include <limits.h>
#include <stdint.h>

struct block_file {
    int folder_fd;       /* the caller's */
    int fd;              /* -1: not open */
    char path[PATH_MAX]; /* of the temporary file, for libraries that open by name */
    char temporary[32];
};

/* "000001.pdf", where what is split lies. */
#define BLOCK_NAME_SIZE 16
void block_name(char name[BLOCK_NAME_SIZE], uint32_t sheet);

/* Makes the temporary file; an older one is emptied. 0 or a negative errno. */
int block_file_begin(struct block_file *block, int folder_fd, const char *folder, uint32_t sheet);
/* Durable under its number. 0 or a negative errno; block_file_drop follows in any case. */
int block_file_commit(struct block_file *block, uint32_t sheet, uint64_t *length, uint8_t digest[32]);
/* Closes the file and removes what was not committed. Safe when it is not open. */
void block_file_drop(struct block_file *block);

#endif
