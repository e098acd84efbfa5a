#include "config.h"

#include "tests/rig/printer_tray.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int printer_tray_count(struct device_state *state, const char *folder)
{
    char path[PATH_MAX], line[1024];
    int count = 0;
    FILE *log;

    if (!device_state_has(state, "log"))
        return 0;
    snprintf(path, sizeof path, "%s/log", folder);
    log = fopen(path, "re");
    if (log == NULL)
        return -errno;
    while (fgets(line, sizeof line, log) != NULL)
        count += strncmp(line, "out sheet=", 10) == 0;
    fclose(log);
    return count;
}

/* SHA-256 in hexadecimal digits, and the length. */
static int digest_file(const char *path, char hex[2 * EVP_MAX_MD_SIZE + 1], unsigned long *length)
{
    unsigned char bytes[65536], digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    FILE *file = fopen(path, "re");
    size_t n;
    int error = context == NULL ? -ENOMEM : file == NULL ? -errno : 0;

    *length = 0;
    if (error == 0 && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        error = -EIO;
    while (error == 0 && (n = fread(bytes, 1, sizeof bytes, file)) > 0) {
        *length += n;
        if (EVP_DigestUpdate(context, bytes, n) != 1)
            error = -EIO;
    }
    if (error == 0 && (ferror(file) || EVP_DigestFinal_ex(context, digest, &digest_length) != 1))
        error = -EIO;
    for (unsigned i = 0; i < digest_length; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    if (file != NULL)
        fclose(file);
    EVP_MD_CTX_free(context);
    return error;
}

int printer_tray_put(struct device_state *state, const char *folder, unsigned number,
                     const struct printer_job *job, const struct printer_pages *pages,
                     const struct printer_sheet *sheet)
{
    char half[PATH_MAX], path[PATH_MAX], name[64], digest[2 * EVP_MAX_MD_SIZE + 1] = "", list[32];
    unsigned long length;
    int error;

    snprintf(name, sizeof name, "sheets/%03u.%s", number, printer_pages_format(pages));
    if (snprintf(half, sizeof half, "%s/.coming-out", folder) >= (int)sizeof half ||
        snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return -ENAMETOOLONG;
    error = printer_pages_write(pages, sheet->index, sheet->pages, half);
    if (error == 0)
        error = digest_file(half, digest, &length);
    if (error == 0)
        error = device_state_sync(state, ".coming-out");
    if (error == 0 && rename(half, path) != 0)
        error = -errno;
    if (error == 0)
        error = device_state_sync(state, "sheets");
    if (error != 0)
        return error;
    snprintf(list, sizeof list, sheet->pages == 2 ? "%u,%u" : "%u", printer_pages_number(pages, sheet->index),
             printer_pages_number(pages, sheet->index + sheet->pages - 1));
    device_state_log(
        state,
        "out sheet=%u job=%d pages=%s copy=%u/%d sides=%s media=%s color=%s file=%s bytes=%lu sha256=%s "
        "title=%s",
        number, job->id, list, sheet->copy, job->copies, job->sides, job->media, job->color, name, length,
        digest, job->title);
    return device_state_sync(state, "log");
}
