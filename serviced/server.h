/* What the parts of the server share: made by main, in the order of its list of starts. Each part uses others
 * through their headers alone. */
#ifndef DESKLINE_SERVICED_SERVER_H
#define DESKLINE_SERVICED_SERVER_H

#include <stdint.h>

struct server {
    struct loop *loop;
    const struct settings *settings;
    struct worker_pool *workers;
    struct peer_sweep *sweep;
    struct audit *audit;
    struct registry *registry;
    struct enrol *enrol;
    struct store *store;   /* pages and blocks of jobs */
    struct store *uploads; /* what visitors are uploading */
    uint64_t last_upload;
    struct archive *archive;
    struct visitors *visitors;
    struct sessions *sessions;
    struct jobs *jobs;
    struct preparations *preparations;
};

/* What was acknowledged is safe, but nothing more can be: says why, and ends the daemon with code 1. A new
 * start recovers. */
void server_fail(struct server *server, const char *why);

#endif
