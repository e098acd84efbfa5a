/* What kind of document a file holds, by its bytes: names are not believed. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/blob.h"
#include "serviced/units/splitting.h"
#include "wire/utf8.h"

#define HEAD_BYTES  1024 /* in which a PDF has to begin (ISO 32000-1, annex H) */
#define CHUNK_BYTES 65536

static const struct {
    const char *bytes;
    size_t length;
    const struct source_kind *kind;
    const char *what; /* where there is no kind */
} beginnings[] = {
    {"%PDF-", 5, &source_pdf, NULL},
    {"\xff\xd8\xff", 3, &source_jpeg, NULL},
    {"\x89PNG\r\n\x1a\n", 8, &source_png, NULL},
    {"II*\0", 4, &source_tiff, NULL},
    {"MM\0*", 4, &source_tiff, NULL},
    {"II+\0", 4, &source_tiff, NULL},
    {"MM\0+", 4, &source_tiff, NULL},
    {"\x7f"
     "ELF",
     4, NULL, "a program"},
    {"MZ", 2, NULL, "a program"},
    {"PK\x03\x04", 4, NULL, "an office document or a ZIP archive"},
    {"\xd0\xcf\x11\xe0", 4, NULL, "an office document"},
    {"%!PS", 4, NULL, "PostScript"},
    {"\x1f\x8b", 2, NULL, "compressed with gzip"},
    {"GIF8", 4, NULL, "a GIF image"},
    {"RIFF", 4, NULL, "an image, sound or film in RIFF form"},
    {"{\\rtf", 5, NULL, "rich text (RTF)"},
    {"\xff\xfe", 2, NULL, "text in UTF-16, not in UTF-8"},
    {"\xfe\xff", 2, NULL, "text in UTF-16, not in UTF-8"},
};

static bool is_text_character(const uint8_t *bytes, size_t length)
{
    return length > 1 || (bytes[0] >= ' ' && bytes[0] != 0x7f) || memchr("\t\n\r\f\b", bytes[0], 5) != NULL;
}

/* The whole file is looked at: 0 and *offset is its length, or -EILSEQ and *offset where it is no text. */
static int check_text(int fd, uint64_t *offset)
{
    static uint8_t chunk[CHUNK_BYTES];
    for (*offset = 0;;) {
        ssize_t got = blob_read_at(fd, chunk, sizeof chunk, *offset);
        if (got <= 0)
            return (int)got;
        size_t at = 0, length = (size_t)got;
        while (at < length) {
            size_t size = utf8_character(chunk + at, length - at);
            if (size == 0 && length == sizeof chunk && length - at < 4)
                break; /* it may go on in the next chunk */
            if (size == 0 || !is_text_character(chunk + at, size)) {
                *offset += at;
                return -EILSEQ;
            }
            at += size;
        }
        *offset += at;
    }
}

const struct source_kind *sniff(int fd, struct refusal *refusal)
{
    static char head[HEAD_BYTES + 1];
    uint64_t offset = 0;
    ssize_t length = blob_read_at(fd, head, HEAD_BYTES, 0);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings && length > 0; i++) {
        if ((size_t)length < beginnings[i].length ||
            memcmp(head, beginnings[i].bytes, beginnings[i].length) != 0)
            continue;
        if (!beginnings[i].kind)
            refuse(refusal, ERROR_DOCUMENT_KIND, "the file is %s, which cannot be printed",
                   beginnings[i].what);
        return beginnings[i].kind;
    }
    int error = length < 0 ? (int)length : check_text(fd, &offset);
    if (!error)
        return &source_text;
    if (error != -EILSEQ)
        refuse_for(refusal, error, "the document cannot be read");
    else if (memmem(head, (size_t)length, "%PDF-", 5))
        return &source_pdf;
    else
        refuse(refusal, ERROR_DOCUMENT_KIND,
               "the file is neither PDF, JPEG, PNG, TIFF nor UTF-8 text (byte %llu is none of a text)",
               (unsigned long long)offset + 1);
    return NULL;
}
