/*
 * PDF, through libqpdf: pages are copied as they are, never drawn. The library repairs what it can by itself;
 * what then is still missing is refused, since a sheet that comes out blank is worse than none.
 *
 * A document that opens without a password but forbids printing is refused, too: its author's word counts.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/blob.h"
#include "base/memory.h"
#include "base/text.h"
#include "serviced/units/pdf_source.h"

/*
 * libqpdf keeps every object that it has read. So the document is opened anew after so many pages, or after
 * an eighth of them where that is more: the time stays linear, and what grows with the pages is their index.
 */
#define PAGES_AT_ONCE 500
#define OPENINGS_MOST 8

struct pdf {
    struct source base;
    const struct splitting_orders *orders;
    qpdf_data from;
    uint32_t copied; /* pages, since it was opened */
};

int pdf_failed(qpdf_data qpdf, const char *what, struct refusal *refusal)
{
    if (!qpdf_has_error(qpdf))
        return 0;
    qpdf_error error = qpdf_get_error(qpdf);
    const char *detail = qpdf_get_error_message_detail(qpdf, error);
    if (strstr(detail, "bad_alloc"))
        return refuse_for(refusal, -ENOMEM, what);
    if (strstr(detail, strerror(ENOSPC)))
        return refuse_for(refusal, -ENOSPC, what);
    if (strstr(detail, strerror(EFBIG)))
        return refuse_for(refusal, -EFBIG, what);
    return refuse(refusal, ERROR_DOCUMENT, "%s: %s", what, detail);
}

static qpdf_data new_qpdf(void)
{
    qpdf_data qpdf = qpdf_init();
    qpdf_silence_errors(qpdf);
    qpdf_set_suppress_warnings(qpdf, QPDF_TRUE);
    return qpdf;
}

/* ---- Opening ------------------------------------------------------------------------------------------ */

static int read_file(struct pdf *pdf, struct refusal *refusal)
{
    qpdf_read(pdf->from, pdf->orders->file, "");
    if (qpdf_has_error(pdf->from)) {
        qpdf_error error = qpdf_get_error(pdf->from);
        const char *detail = qpdf_get_error_message_detail(pdf->from, error);
        if (qpdf_get_error_code(pdf->from, error) == qpdf_e_password)
            return refuse(refusal, ERROR_DOCUMENT_PASSWORD, "the PDF opens with a password only");
        if (strstr(detail, "bad_alloc"))
            return refuse_for(refusal, -ENOMEM, "the PDF cannot be opened");
        return refuse(refusal, ERROR_DOCUMENT, "the PDF is damaged beyond repair: %s", detail);
    }
    if (qpdf_is_encrypted(pdf->from) && !qpdf_allow_print_low_res(pdf->from))
        return refuse(refusal, ERROR_DOCUMENT_PERMISSION, "the author of the PDF has forbidden printing it");
    return 0;
}

#define TREE_LEVELS 64

/* libqpdf walks the page tree as deep and as long as it is; this looks first. `budget` is how many nodes may
 * still come. */
static int check_tree(qpdf_data from, qpdf_oh node, unsigned level, uint32_t *budget, struct refusal *refusal)
{
    qpdf_oh kids = qpdf_oh_get_key(from, node, "/Kids");
    int count = qpdf_oh_is_array(from, kids) ? qpdf_oh_get_array_n_items(from, kids) : 0, error = 0;
    if (level > TREE_LEVELS)
        return refuse(refusal, ERROR_DOCUMENT,
                      "the page tree of the PDF is circular, or deeper than %d levels", TREE_LEVELS);
    for (int i = 0; i < count && !error; i++) {
        qpdf_oh kid = qpdf_oh_get_array_item(from, kids, i);
        if ((*budget)-- == 0)
            error = refuse(refusal, ERROR_LIMIT, "the PDF has more pages than are allowed");
        else if (qpdf_oh_is_dictionary(from, kid) && qpdf_oh_has_key(from, kid, "/Kids"))
            error = check_tree(from, kid, level + 1, budget, refusal);
        qpdf_oh_release(from, kid);
    }
    qpdf_oh_release(from, kids);
    return error;
}

static int count_pages(struct pdf *pdf, struct refusal *refusal)
{
    uint32_t budget =
        pdf->orders->page_limit * 2; /* nodes with a single page each are the worst that is sane */
    qpdf_data from = pdf->from;
    qpdf_oh tree = qpdf_oh_get_key(from, qpdf_get_root(from), "/Pages");
    long long declared = 0;
    /* Looked at before the tree is walked: the walk takes memory for each page. */
    if (qpdf_oh_is_dictionary(from, tree))
        qpdf_oh_get_value_as_longlong(from, qpdf_oh_get_key(from, tree, "/Count"), &declared);
    if (declared > pdf->orders->page_limit)
        return refuse(refusal, ERROR_LIMIT, "the PDF declares %lld pages; at most %u are allowed", declared,
                      pdf->orders->page_limit);
    if (qpdf_oh_is_dictionary(from, tree) && check_tree(from, tree, 1, &budget, refusal))
        return -ECANCELED;
    int count = qpdf_get_num_pages(from);
    if (pdf_failed(from, "the pages of the PDF cannot be found", refusal))
        return -ECANCELED;
    if (count <= 0)
        return refuse(refusal, ERROR_DOCUMENT, "the PDF has no pages");
    if (declared > count)
        return refuse(refusal, ERROR_DOCUMENT, "the PDF declares %lld pages but has %d", declared, count);
    pdf->base.pages = (uint32_t)count;
    return 0;
}

static int open_again_if_due(struct pdf *pdf, struct refusal *refusal)
{
    uint32_t pages = pdf->base.pages, due = pages / OPENINGS_MOST;
    if (pdf->copied < (due > PAGES_AT_ONCE ? due : PAGES_AT_ONCE))
        return 0;
    pdf->copied = 0;
    qpdf_cleanup(&pdf->from);
    pdf->from = new_qpdf();
    int error = read_file(pdf, refusal);
    if (!error)
        error = count_pages(pdf, refusal);
    if (!error && pdf->base.pages != pages)
        error = refuse(refusal, ERROR_DOCUMENT, "the PDF changed while it was read");
    return error;
}

static void pdf_free(struct source **source)
{
    struct pdf *pdf = (struct pdf *)*source;
    if (!pdf)
        return;
    qpdf_cleanup(&pdf->from);
    free(pdf);
    *source = NULL;
}

static int pdf_open(struct source **source, const struct splitting_orders *orders, int fd,
                    struct refusal *refusal)
{
    struct pdf *pdf = memory_new(sizeof *pdf);
    (void)fd;
    pdf->base.kind = &source_pdf;
    pdf->orders = orders;
    pdf->from = new_qpdf();
    *source = &pdf->base;
    int error = read_file(pdf, refusal);
    if (!error)
        error = count_pages(pdf, refusal);
    if (error) {
        pdf_free(source);
        return error;
    }
    const char *title = qpdf_get_info_key(pdf->from, "/Title");
    if (title)
        text_escape(pdf->base.title, sizeof pdf->base.title, title, strlen(title));
    return 0;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* Which layers are switched off. */
static void copy_layers(qpdf_data to, qpdf_data from)
{
    pdf_set(to, qpdf_get_root(to), "/OCProperties",
            pdf_copy(to, from, qpdf_oh_get_key(from, qpdf_get_root(from), "/OCProperties")));
}

/* All that the block is going to hold: its objects are numbered from 1. */
static int check_streams(qpdf_data to, uint32_t page, struct refusal *refusal)
{
    int end = qpdf_oh_get_object_id(to, qpdf_make_indirect_object(to, qpdf_oh_new_null(to)));
    for (int id = 1; id < end; id++) {
        qpdf_oh object = qpdf_get_object_by_id(to, id, 0);
        uint64_t unpacked;
        int error = qpdf_oh_is_stream(to, object) ? pdf_stream_check(to, object, &unpacked) : 0;
        qpdf_oh_release(to, object);
        if (error == -EFBIG)
            return refuse(refusal, ERROR_LIMIT, "something on page %u unpacks to more than %d MB", page,
                          (int)(PDF_STREAM_LIMIT >> 20));
        if (error)
            return refuse(refusal, ERROR_DOCUMENT,
                          "something on page %u is packed in a way that nobody can print", page);
    }
    return 0;
}

/* libqpdf does not look at how its last bytes are written. */
static int check_end(int fd, struct refusal *refusal)
{
    static const char end[] = "%%EOF\n";
    char found[sizeof end - 1];
    struct stat status;
    if (fstat(fd, &status) == 0 && status.st_size > (off_t)sizeof found &&
        blob_read_at(fd, found, sizeof found, (uint64_t)status.st_size - sizeof found) ==
            (ssize_t)sizeof found &&
        memcmp(found, end, sizeof found) == 0)
        return 0;
    return refuse_for(refusal, -ENOSPC, "a block cannot be written");
}

static int write_file(qpdf_data to, const struct pdf *pdf, const char *path, struct refusal *refusal)
{
    qpdf_init_write(to, path);
    if (pdf_failed(to, "a block cannot be written", refusal))
        return -ECANCELED;
    /* Printers that read PDF are old, some of them: no object streams, no encryption. */
    qpdf_set_object_stream_mode(to, qpdf_o_disable);
    qpdf_set_preserve_encryption(to, QPDF_FALSE);
    qpdf_set_deterministic_ID(to, QPDF_TRUE);
    qpdf_set_minimum_pdf_version(to, qpdf_get_pdf_version(pdf->from));
    qpdf_write(to);
    return pdf_failed(to, "a block cannot be written", refusal);
}

static int pdf_write(struct source *source, const uint32_t *pages, unsigned count, int fd, const char *path,
                     struct refusal *refusal)
{
    struct pdf *pdf = (struct pdf *)source;
    qpdf_data to = new_qpdf();
    char what[64];
    int error = open_again_if_due(pdf, refusal);
    snprintf(what, sizeof what, "page %u of the PDF is damaged", pages[0]);
    qpdf_empty_pdf(to);
    for (unsigned i = 0; i < count && !error; i++)
        error = pdf_page_copy(to, pdf->from, pages[i], pdf->orders, refusal);
    pdf->copied += count;
    if (!error) {
        copy_layers(to, pdf->from);
        error = pdf_failed(to, what, refusal);
    }
    if (!error)
        error = check_streams(to, pages[0], refusal);
    if (!error)
        error = pdf_failed(pdf->from, what, refusal);
    if (!error)
        error = pdf_failed(to, what, refusal);
    if (!error)
        error = write_file(to, pdf, path, refusal);
    if (!error)
        error = check_end(fd, refusal);
    qpdf_cleanup(&to);
    qpdf_oh_release_all(pdf->from);
    return error;
}

const struct source_kind source_pdf = {.name = "pdf", .open = pdf_open, .write = pdf_write, .free = pdf_free};
