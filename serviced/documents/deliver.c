#include "config.h"

#include "serviced/documents/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blob.h"
#include "base/memory.h"
#include "base/worker.h"
#include "serviced/documents/archive.h"
#include "serviced/documents/store.h"

struct delivery {
    struct deliver_order order;
    struct deliver_result result;
    atomic_bool is_canceled;
    void (*done)(void *context, const struct deliver_order *order, const struct deliver_result *result);
    void *context;
};

/* ---- On the worker ------------------------------------------------------------------------------------ */

static int add_page(struct delivery *delivery, struct document_writer *writer,
                    const struct deliver_page *page)
{
    struct document_page adding = {.format = page->format, .rows = page->rows, .length_bytes = page->length};
    char name[STORE_NAME_BYTES];
    int result;
    if (atomic_load(&delivery->is_canceled))
        return -ECANCELED;
    store_page_name(name, delivery->order.job, page->page, page->generation);
    adding.fd = blob_open(delivery->order.pages_fd, name, O_RDONLY, 0);
    if (adding.fd < 0) {
        if (adding.fd == -ENOENT)
            delivery->result.failed_page = page->page;
        return adding.fd;
    }
    result = document_writer_page(writer, &adding);
    if (result == -EBADMSG || result == -EINVAL)
        delivery->result.failed_page = page->page;
    close(adding.fd);
    return result;
}

static int write_pages(struct delivery *delivery, int fd, const struct deliver_page *pages, uint32_t count)
{
    struct document_info info = {.title = delivery->order.title,
                                 .creator = "Deskline",
                                 .created = (time_t)(delivery->order.created_ms / 1000)};
    struct document_writer *writer = NULL;
    int result = document_writer_new(&writer, delivery->order.kind, fd, &info);
    for (uint32_t i = 0; i < count && result == 0; i++)
        result = add_page(delivery, writer, &pages[i]);
    if (result == 0)
        result = document_writer_finish(writer);
    document_writer_free(&writer);
    return result;
}

/* One file of the document, durable under its name. */
static int write_part(struct delivery *delivery, uint32_t part, const struct deliver_page *pages,
                      uint32_t count)
{
    char *name = archive_part_name(delivery->order.name, part, delivery->result.parts);
    size_t size = strlen(name) + sizeof BLOB_TEMPORARY + 1;
    char *temporary = memory_new(size), *slash = strchr(name, '/');
    int archive_fd = delivery->order.archive_fd, fd, result;
    struct stat status;

    snprintf(temporary, size, "%.*s/" BLOB_TEMPORARY "%s", (int)(slash - name), name, slash + 1);
    fd = blob_open(archive_fd, temporary, O_RDWR | O_CREAT | O_TRUNC, 0640);
    result = fd < 0 ? fd : write_pages(delivery, fd, pages, count);
    if (result == 0 && fstat(fd, &status) == 0)
        delivery->result.length_bytes += (uint64_t)status.st_size;
    if (result == 0)
        result = blob_commit(archive_fd, fd, temporary, name);
    if (fd >= 0) {
        close(fd);
        if (result < 0)
            blob_remove(archive_fd, temporary);
    }
    free(temporary);
    free(name);
    return result;
}

static int make_day(struct delivery *delivery)
{
    const char *name = delivery->order.name;
    char day[32];
    int fd;
    snprintf(day, sizeof day, "%.*s", (int)(strchr(name, '/') - name), name);
    fd = blob_subfolder(delivery->order.archive_fd, day);
    if (fd < 0)
        return fd;
    int result = fchmod(fd, 0750) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static int deliver(void *context)
{
    struct delivery *delivery = context;
    const struct deliver_order *order = &delivery->order;
    bool is_one_file = order->kind == DOCUMENT_PDF || order->kind == DOCUMENT_TIFF;
    int result = make_day(delivery);

    delivery->result.parts = is_one_file ? 1 : order->count;
    if (result == 0 && is_one_file)
        return write_part(delivery, 1, order->pages, order->count);
    for (uint32_t i = 0; i < order->count && result == 0; i++)
        result = write_part(delivery, i + 1, &order->pages[i], 1);
    return result;
}

/* ---- On the loop -------------------------------------------------------------------------------------- */

static void delivered(void *context, int result)
{
    struct delivery *delivery = context;
    delivery->result.error = result;
    delivery->done(delivery->context, &delivery->order, &delivery->result);
    free(delivery->order.name);
    free(delivery->order.title);
    free(delivery->order.pages);
    free(delivery);
}

struct delivery *deliver_start(struct worker_strand *strand, const struct deliver_order *order,
                               void (*done)(void *context, const struct deliver_order *order,
                                            const struct deliver_result *result),
                               void *context)
{
    struct delivery *delivery = memory_new(sizeof *delivery);
    delivery->order = *order;
    delivery->done = done;
    delivery->context = context;
    worker_submit(strand, deliver, delivered, delivery);
    return delivery;
}

void deliver_cancel(struct delivery *delivery)
{
    if (delivery)
        atomic_store(&delivery->is_canceled, true);
}
