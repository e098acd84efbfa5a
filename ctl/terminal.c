#include "config.h"

#include "ctl/terminal.h"

#include <sys/ioctl.h>
#include <time.h>

unsigned terminal_columns(FILE *out)
{
    struct winsize size;
    return !ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col > 1 ? size.ws_col - 1u : 79;
}

void terminal_overwrite(FILE *out, const char *text)
{
    fprintf(out, "\r\033[K%s", text);
    fflush(out);
}

uint64_t terminal_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
