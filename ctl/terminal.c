#include "config.h"

#include "ctl/terminal.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/text.h"

/* One less than the terminal has, so that the cursor stays in the line; 79 where that is not known. */
static unsigned columns(FILE *out)
{
    struct winsize size;
    return !ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col > 1 ? size.ws_col - 1u : 79;
}

void terminal_overwrite(FILE *out, const char *text)
{
    char line[1024];
    size_t room = columns(out) + 1u;
    text_escape(line, room < sizeof line ? room : sizeof line, text, strlen(text));
    fprintf(out, "\r\033[K%s", line);
    fflush(out);
}

uint64_t terminal_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
