/* A client of somebody else, built against the library as it is installed: a HELLO goes out and comes back.
 */
#include <stdio.h>
#include <string.h>

#include <deskline/frame.h>

int main(void)
{
    struct frame sent = {.type = FRAME_HELLO}, got;
    struct frame_header header;
    uint8_t bytes[512];
    const char *why = "";
    sent.hello.client = frame_text_of("other");
    ssize_t length = frame_encode(&sent, bytes, sizeof bytes);
    if (length < FRAME_HEADER_BYTES)
        return 1;
    frame_header_decode(bytes, &header);
    if (frame_header_check(&header, AT_SERVER, WHEN_NEW, &why) != 0 ||
        frame_decode(&header, bytes + FRAME_HEADER_BYTES, &got, &why) != 0) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    if (!frame_text_is(got.hello.client, "other"))
        return 1;
    puts("ok");
    return 0;
}
