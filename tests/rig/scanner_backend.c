#include "config.h"

#include "tests/rig/scanner_backend.h"

#include "tests/rig/device_state.h"
#include "tests/rig/scanner_devices.h"
#include "tests/rig/scanner_head.h"
#include "tests/rig/scanner_options.h"
#include "tests/rig/scanner_paper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scanner {
    struct device_state *state;
    struct scanner_options *options;
    struct paper paper;
    struct head head;
    int pass;                /* of a three-pass image */
    bool empty;              /* sane_start took no sheet; sane_read is to say so */
    atomic_bool in_read;     /* sane_cancel may come from a signal handler or another thread meanwhile */
    atomic_bool cancel_done; /* since the last sane_start */
};

/* What sane_get_devices hands out stays until the next call or sane_exit. */
static struct scanner_devices *listed;
static SANE_Device *devices;
static const SANE_Device **device_list;

SANE_Status sane_rig_init(SANE_Int *version_code, SANE_Auth_Callback authorize)
{
    (void)authorize;
    if (version_code != NULL)
        *version_code = SANE_VERSION_CODE(SANE_CURRENT_MAJOR, 0, 1);
    return SANE_STATUS_GOOD;
}

void sane_rig_exit(void)
{
    free(devices);
    free(device_list);
    devices = NULL;
    device_list = NULL;
    scanner_devices_free(&listed);
}

static bool is_plugged(const char *folder)
{
    struct device_state *state;
    bool plugged;

    if (device_state_open(folder, &state) != 0)
        return false;
    plugged = !device_state_has(state, "unplugged");
    device_state_close(&state);
    return plugged;
}

SANE_Status sane_rig_get_devices(const SANE_Device ***list, SANE_Bool local_only)
{
    size_t count = 0;

    (void)local_only;
    sane_rig_exit();
    if (scanner_devices_read(&listed) != 0)
        return SANE_STATUS_INVAL;
    devices = calloc(scanner_devices_count(listed) + 1, sizeof *devices);
    device_list = calloc(scanner_devices_count(listed) + 1, sizeof(SANE_Device *));
    if (devices == NULL || device_list == NULL) {
        sane_rig_exit();
        return SANE_STATUS_NO_MEM;
    }
    for (size_t i = 0; i < scanner_devices_count(listed); i++) {
        if (!is_plugged(scanner_devices_folder(listed, i)))
            continue;
        devices[count] = (SANE_Device){scanner_devices_name(listed, i), "Deskline", "rig scanner",
                                       "multi-function peripheral"};
        device_list[count] = &devices[count];
        count++;
    }
    *list = device_list;
    return SANE_STATUS_GOOD;
}

/* The state folder of the device `name`; an empty name is the first device. */
static int open_state(const char *name, struct device_state **state)
{
    struct scanner_devices *known;
    int error = scanner_devices_read(&known);

    if (error != 0)
        return error;
    error = -ENODEV;
    for (size_t i = 0; i < scanner_devices_count(known); i++) {
        if (name[0] != '\0' && strcmp(name, scanner_devices_name(known, i)) != 0)
            continue;
        error = device_state_open(scanner_devices_folder(known, i), state);
        break;
    }
    scanner_devices_free(&known);
    return error;
}

static SANE_Status status_of(int error)
{
    switch (error) {
    case 0:
        return SANE_STATUS_GOOD;
    case -EBUSY:
        return SANE_STATUS_DEVICE_BUSY;
    case -ENOMEM:
        return SANE_STATUS_NO_MEM;
    case -ENOENT:
        return SANE_STATUS_NO_DOCS;
    default:
        return SANE_STATUS_INVAL;
    }
}

static void scanner_free(struct scanner **scanner)
{
    if (*scanner == NULL)
        return;
    head_stop(&(*scanner)->head);
    scanner_options_close(&(*scanner)->options);
    device_state_close(&(*scanner)->state);
    free(*scanner);
    *scanner = NULL;
}

SANE_Status sane_rig_open(SANE_String_Const name, SANE_Handle *handle)
{
    struct scanner *s = calloc(1, sizeof *s);
    SANE_Status status = SANE_STATUS_NO_MEM;

    if (s == NULL)
        return status;
    status = open_state(name, &s->state) == 0 ? SANE_STATUS_GOOD : SANE_STATUS_INVAL;
    if (status != SANE_STATUS_GOOD)
        goto fail;
    if (device_state_has(s->state, "unplugged")) {
        device_state_log(s->state, "open-refused do=UNPLUGGED");
        status = SANE_STATUS_IO_ERROR;
        goto fail;
    }
    status = status_of(device_state_claim(s->state));
    if (status != SANE_STATUS_GOOD) {
        device_state_log(s->state, "open-refused do=IN_USE");
        goto fail;
    }
    status = status_of(scanner_options_open(s->state, &s->options));
    if (status != SANE_STATUS_GOOD)
        goto fail;
    s->paper.state = s->state;
    s->head.state = s->state;
    s->head.paper = &s->paper;
    device_state_log(s->state, "open");
    *handle = s;
    return SANE_STATUS_GOOD;
fail:
    scanner_free(&s);
    return status;
}

void sane_rig_close(SANE_Handle handle)
{
    struct scanner *s = handle;

    head_interrupt(&s->head, "CLOSED", SANE_STATUS_CANCELLED);
    paper_eject(&s->paper);
    device_state_log(s->state, "close");
    scanner_free(&s);
}

const SANE_Option_Descriptor *sane_rig_get_option_descriptor(SANE_Handle handle, SANE_Int option)
{
    return scanner_options_descriptor(((struct scanner *)handle)->options, option);
}

/* From sane_start to sane_cancel. */
static bool in_scan(const struct scanner *s)
{
    return s->head.image != NULL && s->head.end != SANE_STATUS_CANCELLED;
}

SANE_Status sane_rig_control_option(SANE_Handle handle, SANE_Int option, SANE_Action action, void *value,
                                    SANE_Int *info)
{
    struct scanner *s = handle;

    if (action != SANE_ACTION_GET_VALUE && in_scan(s))
        return SANE_STATUS_DEVICE_BUSY;
    return scanner_options_control(s->options, option, action, value, info);
}

/* The image of the page that `fd` is, as the options ask for it. Takes the descriptor. */
static int open_image(struct scanner *s, int fd, struct scanner_image **image)
{
    struct image_request request;

    scanner_options_request(s->options, s->pass, &request);
    return scanner_image_open(fd, &request, image);
}

/* The shape of the image on its way; else of the one that sane_start would bring; with no paper, of a letter.
 */
static int shape_now(struct scanner *s, struct pnm *shape)
{
    struct scanner_image *next = NULL;
    struct image_request request;
    unsigned page;
    int fd, error;

    if (in_scan(s)) {
        *shape = *scanner_image_shape(s->head.image);
        return 0;
    }
    fd = paper_look(&s->paper, scanner_options_source(s->options), &page);
    if (fd == -ENOENT) {
        scanner_options_request(s->options, 0, &request);
        *shape = (struct pnm){
            .width = 850, .height = 1100, .components = request.components, .bits = request.bits};
        pnm_set_row_bytes(shape);
        return 0;
    }
    error = fd < 0 ? fd : open_image(s, fd, &next);
    if (error == 0)
        *shape = *scanner_image_shape(next);
    scanner_image_close(&next);
    return error;
}

SANE_Status sane_rig_get_parameters(SANE_Handle handle, SANE_Parameters *parameters)
{
    struct scanner *s = handle;
    struct pnm shape;
    int error = shape_now(s, &shape);

    if (error != 0)
        return status_of(error);
    *parameters = (SANE_Parameters){
        .format = scanner_options_frame(s->options, s->pass),
        .last_frame = s->pass == scanner_options_passes(s->options) - 1,
        .bytes_per_line = (SANE_Int)shape.row_bytes,
        .pixels_per_line = (SANE_Int)shape.width,
        .lines = scanner_options_unknown_height(s->options) ? -1 : (SANE_Int)shape.height,
        .depth = (SANE_Int)shape.bits,
    };
    return SANE_STATUS_GOOD;
}

/* What keeps the device from starting before any paper is looked at. */
static SANE_Status refusal(struct scanner *s)
{
    char condition[64];

    if (device_state_has(s->state, "unplugged")) {
        device_state_log(s->state, "refused do=UNPLUGGED");
        return SANE_STATUS_IO_ERROR;
    }
    if (device_state_read(s->state, "condition", condition, sizeof condition) < 0)
        return SANE_STATUS_GOOD;
    condition[strcspn(condition, "\r\n")] = '\0';
    device_state_log(s->state, "refused do=%s", condition);
    return fault_condition_status(condition);
}

struct move {
    struct scanner *scanner;
    unsigned page;
};

static int move_paper(void *context)
{
    struct move *move = context;
    struct scanner *s = move->scanner;
    int error = paper_move(&s->paper, scanner_options_source(s->options), move->page);

    if (error == 0)
        device_state_log(s->state, "start page=%u sheet=%ld", move->page, s->paper.sheet);
    else
        device_state_log(s->state, "error: the file fed cannot be written");
    return error;
}

static SANE_Status start_empty(struct scanner *s)
{
    paper_eject(&s->paper);
    device_state_log(s->state, "no-docs");
    s->empty = scanner_options_no_docs_from_read(s->options);
    return s->empty ? SANE_STATUS_GOOD : SANE_STATUS_NO_DOCS;
}

static SANE_Status start_page(struct scanner *s)
{
    struct move move = {.scanner = s};
    struct scanner_image *image = NULL;
    int fd = paper_look(&s->paper, scanner_options_source(s->options), &move.page);
    SANE_Status status;
    int error;

    s->pass = 0;
    if (fd == -ENOENT)
        return start_empty(s);
    error = fd < 0 ? fd : open_image(s, fd, &image);
    if (error != 0) {
        device_state_log(s->state, "error: page=%u cannot be used: %s", move.page, strerror(-error));
        return SANE_STATUS_INVAL;
    }
    status = head_prepare(&s->head, move.page, move_paper, &move);
    if (status != SANE_STATUS_GOOD) {
        scanner_image_close(&image);
        return status;
    }
    head_begin(&s->head, image);
    return SANE_STATUS_GOOD;
}

/* The next colour of a three-pass image: nothing moves. */
static SANE_Status start_pass(struct scanner *s)
{
    struct scanner_image *image = NULL;
    int fd = device_state_open_page(s->state, s->paper.page);
    int error;

    s->pass++;
    error = fd < 0 ? fd : open_image(s, fd, &image);
    if (error != 0)
        return SANE_STATUS_INVAL;
    head_begin(&s->head, image);
    return SANE_STATUS_GOOD;
}

SANE_Status sane_rig_start(SANE_Handle handle)
{
    struct scanner *s = handle;
    SANE_Status status;
    bool next_pass = s->head.image != NULL && s->head.end == SANE_STATUS_EOF &&
                     s->pass + 1 < scanner_options_passes(s->options);

    if (s->head.image != NULL && s->head.end == SANE_STATUS_GOOD)
        return SANE_STATUS_DEVICE_BUSY;
    s->head.cancelled = false;
    s->cancel_done = false;
    s->empty = false;
    head_stop(&s->head);
    status = refusal(s);
    if (status != SANE_STATUS_GOOD)
        return status;
    return next_pass ? start_pass(s) : start_page(s);
}

/* The end of a scan: what is in the path comes out. It may run in a signal handler, so that the image stays
   allocated until the next sane_start. */
static void finish_cancel(struct scanner *s)
{
    if (atomic_exchange(&s->cancel_done, true))
        return;
    head_interrupt(&s->head, "CANCELLED", SANE_STATUS_CANCELLED);
    s->head.end = SANE_STATUS_CANCELLED;
    paper_eject(&s->paper);
    s->pass = 0;
    s->empty = false;
    device_state_log(s->state, "cancel");
}

SANE_Status sane_rig_read(SANE_Handle handle, SANE_Byte *data, SANE_Int max_length, SANE_Int *length)
{
    struct scanner *s = handle;
    SANE_Status status;

    *length = 0;
    if (s->empty)
        return SANE_STATUS_NO_DOCS;
    s->in_read = true;
    status = s->cancel_done ? SANE_STATUS_CANCELLED : head_read(&s->head, data, max_length, length);
    s->in_read = false;
    if (s->head.cancelled) {
        *length = 0;
        finish_cancel(s);
        return SANE_STATUS_CANCELLED;
    }
    return status;
}

void sane_rig_cancel(SANE_Handle handle)
{
    struct scanner *s = handle;

    s->head.cancelled = true;
    if (!s->in_read)
        finish_cancel(s);
}

SANE_Status sane_rig_set_io_mode(SANE_Handle handle, SANE_Bool non_blocking)
{
    (void)handle;
    return non_blocking ? SANE_STATUS_UNSUPPORTED : SANE_STATUS_GOOD;
}

SANE_Status sane_rig_get_select_fd(SANE_Handle handle, SANE_Int *fd)
{
    (void)handle;
    (void)fd;
    return SANE_STATUS_UNSUPPORTED;
}
