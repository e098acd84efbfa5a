/* The token of an invitation: "dl1." and, as base64url, the length of the address (u16), the address, the
 * SHA-256 digest of the authority's certificate, and the secret. Pure. */
#ifndef DESKLINE_CLIENTD_TOKEN_H
#define DESKLINE_CLIENTD_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#define TOKEN_ADDRESS_MAX  255
#define TOKEN_DIGEST_BYTES 32
#define TOKEN_SECRET_MIN   16
#define TOKEN_SECRET_MAX   32

struct token {
    char address[TOKEN_ADDRESS_MAX + 1]; /* HOST:PORT */
    uint8_t digest[TOKEN_DIGEST_BYTES];
    uint8_t secret[TOKEN_SECRET_MAX];
    size_t secret_length;
};

/* -EBADMSG for anything else; white space around it does not matter. */
int token_parse(struct token *token, const char *text);

#endif
