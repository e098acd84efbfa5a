/* The phase identifying unit: pure. It does not believe a number that it is told; it compares what the server
 * durably has with what the client says, and computes the phase from the result. */
#ifndef DESKLINE_SERVICED_JOBS_IDENTIFY_H
#define DESKLINE_SERVICED_JOBS_IDENTIFY_H

#include <deskline/phase.h>

struct identify_result {
    struct phase phase;
    uint32_t lost; /* pages that the client takes for stored and the server does not have; sheets that the
                      server knows as printed and the client does not */
    bool claim_differs; /* the client named another page than the one identified */
    bool total_refused; /* the client's total contradicts what is stored */
};

/* Merges the client's account of a job of that function into the server's ledger, and identifies the phase.
 * `claimed` may be NULL (nothing was heard); `claim` as well. Reading: what the server has stored stays
 * stored; pages that the client has read are `read`; pages that it no longer has are unread. Printing: what
 * has become of a sheet, the client knows; but a printed sheet stays printed, and of a sheet that was given
 * up since, an older word does not count. */
void identify_phase(enum job_function function, struct ledger *server, const struct ledger *claimed,
                    const struct record_phase *claim, struct identify_result *result);

/* The merging alone: a status that comes without an error. */
void identify_merge(enum job_function function, struct ledger *server, const struct ledger *claimed,
                    struct identify_result *result);

#endif
