/*
 * A block on its way into the spool: the file that grows, written by workers. It is a page as in
 * spool_names.h: without its meta file it is a part.
 */
#ifndef DESKLINE_CLIENTD_BLOCK_FILE_H
#define DESKLINE_CLIENTD_BLOCK_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "clientd/spool.h"

struct block_file;
struct worker_strand;

/* 0 or a negative errno. */
typedef void (*block_file_done)(void *context, int result);

/* The job's folder is beneath `spool_fd`, and made where it is missing; everything happens on the strand, in
 * order. The page and the generation of `begin` count. The file goes on behind its first `length` bytes. An
 * error is told by the calls that follow. */
struct block_file *block_file_open(struct worker_strand *strand, int spool_fd, uint64_t job,
                                   const struct frame_page_begin *begin, uint64_t length);
/* Copies the bytes and writes them at the end; -ENOSPC already while there is little room left. Behind an
 * error, all that follow fail with it. -ENOMEM at once: `done` will not run. */
int block_file_append(struct block_file *file, const void *bytes, size_t length, block_file_done done,
                      void *context);
/* The block is whole: checks its digest, syncs, writes the meta file. -EBADMSG: the bytes are others, and the
 * file is gone. Takes the file. */
void block_file_finish(struct block_file **file, const struct spool_page *page, block_file_done done,
                       void *context);
/* Forgets the file; with what is on the disk, or without. Safe on NULL; clears *file. */
void block_file_drop(struct block_file **file);
void block_file_leave(struct block_file **file);

#endif
