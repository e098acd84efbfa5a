/* scan. */
#include "config.h"

#include "ctl/invocation.h"

#include "ctl/service.h"
#include "ctl/values.h"

/* As they travel in read_options */
#define MODE_LINEART 1
#define CODEC_JPEG   3

static struct record_read_options read_options(const struct arguments *arguments)
{
    static const uint8_t depths[] = {0, 8, 16}, codecs[] = {1, 1, CODEC_JPEG};
    struct record_read_options read = {
        .unit = frame_text_of(arguments->text[OPTION_scanner]),
        .source = (uint8_t)arguments->number[OPTION_source],
        .mode = (uint8_t)arguments->number[OPTION_mode],
        .depth = depths[arguments->number[OPTION_depth]],
        .resolution = (uint16_t)arguments->number[OPTION_resolution],
        .brightness = (int32_t)arguments->number[OPTION_brightness],
        .contrast = (int32_t)arguments->number[OPTION_contrast],
        .pages = (uint32_t)arguments->number[OPTION_pages],
        .codec = codecs[arguments->number[OPTION_codec]],
    };
    /* The parser has seen to it that it is one. */
    if (arguments->given[OPTION_size])
        value_size(arguments->text[OPTION_size], &read.width_um, &read.height_um);
    return read;
}

/* What was asked for, and is done otherwise. */
static void say_otherwise(const struct invocation *invocation, const struct record_read_options *read)
{
    if (read->mode == MODE_LINEART && read->codec == CODEC_JPEG)
        fprintf(invocation->err,
                "%s: JPEG cannot hold black and white: the pages are kept as CCITT G4, which is exact\n",
                program_name(invocation->program));
}

int command_scan(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    struct frame request = {.type = FRAME_SERVICE_REQUEST};
    request.service_request.service = frame_text_of("archive");
    if (invocation->program == SERVICECTL)
        request.service_request.client = frame_text_of(arguments->words[0]);
    request.service_request.read = read_options(arguments);
    say_otherwise(invocation, &request.service_request.read);
    request.service_request.document.kind =
        arguments->given[OPTION_format] ? (uint8_t)arguments->number[OPTION_format] : 1;
    request.service_request.document.title = frame_text_of(arguments->text[OPTION_title]);

    return service_start(invocation, &request, NULL);
}
