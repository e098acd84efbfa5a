#include "config.h"

#include "tests/rig/scanner_paper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The file `glass` names the page that lies there; without it, it is the first. */
static unsigned page_on_glass(struct device_state *state)
{
    char name[128];

    if (device_state_read(state, "glass", name, sizeof name) < 0)
        return 1;
    name[strcspn(name, "\r\n")] = '\0';
    return device_state_page_number(state, name);
}

int paper_look(const struct paper *paper, enum scanner_source source, unsigned *page)
{
    long fed = device_state_number(paper->state, "fed", 0);

    if (fed < 0 || fed > 1000000)
        return -EINVAL;
    if (source == SOURCE_FLATBED)
        *page = page_on_glass(paper->state);
    else if (source == SOURCE_ADF_DUPLEX)
        *page = paper->back_page != 0 ? paper->back_page : (unsigned)(2 * fed + 1);
    else
        *page = (unsigned)(fed + 1);
    return device_state_open_page(paper->state, *page);
}

static bool page_exists(struct device_state *state, unsigned page)
{
    int fd = device_state_open_page(state, page);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

int paper_move(struct paper *paper, enum scanner_source source, unsigned page)
{
    char count[32];
    long fed = device_state_number(paper->state, "fed", 0);
    bool turn_over = source == SOURCE_ADF_DUPLEX && paper->back_page == page;
    int error;

    paper->page = page;
    if (turn_over) {
        paper->back_page = 0;
        return 0;
    }
    paper_eject(paper);
    paper->page = page;
    paper->stuck = false;
    if (source == SOURCE_FLATBED)
        return 0;
    snprintf(count, sizeof count, "%ld\n", fed + 1);
    error = device_state_write(paper->state, "fed", count);
    if (error != 0)
        return error;
    paper->sheet = fed + 1;
    if (source == SOURCE_ADF_DUPLEX && page_exists(paper->state, page + 1))
        paper->back_page = page + 1;
    device_state_log(paper->state, "fed sheet=%ld", paper->sheet);
    return 0;
}

void paper_eject(struct paper *paper)
{
    if (paper->sheet != 0 && !paper->stuck)
        device_state_log(paper->state, "eject sheet=%ld", paper->sheet);
    paper->sheet = 0;
    paper->page = 0;
    paper->back_page = 0;
}
