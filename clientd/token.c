#include "config.h"

#include "clientd/token.h"

#include <errno.h>
#include <string.h>

#include "wire/bytes.h"

#define PREFIX    "dl1."
#define BYTES_MAX (2 + TOKEN_ADDRESS_MAX + TOKEN_DIGEST_BYTES + TOKEN_SECRET_MAX)
#define SPACE     " \t\r\n"

static int value_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The bytes, or -EBADMSG: another character, an impossible length, or bits that are left over and not zero.
 */
static int decode(const char *text, size_t length, uint8_t bytes[BYTES_MAX])
{
    uint32_t bits = 0;
    unsigned held = 0;
    int count = 0;
    for (size_t i = 0; i < length; i++) {
        int value = value_of(text[i]);
        if (value < 0 || count == BYTES_MAX)
            return -EBADMSG;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[count++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    return held < 6 && bits == 0 ? count : -EBADMSG;
}

int token_parse(struct token *token, const char *text)
{
    uint8_t bytes[BYTES_MAX];
    memset(token, 0, sizeof *token);
    text += strspn(text, SPACE);
    size_t length = strcspn(text, SPACE);
    if (text[length + strspn(text + length, SPACE)] || strncmp(text, PREFIX, strlen(PREFIX)) != 0)
        return -EBADMSG;
    int count = decode(text + strlen(PREFIX), length - strlen(PREFIX), bytes);
    if (count < 2)
        return -EBADMSG;
    size_t address = (size_t)bytes_get(bytes, 2), rest = 2 + address + TOKEN_DIGEST_BYTES;
    if (address < 3 || address > TOKEN_ADDRESS_MAX || (size_t)count < rest + TOKEN_SECRET_MIN ||
        (size_t)count > rest + TOKEN_SECRET_MAX || memchr(bytes + 2, 0, address))
        return -EBADMSG;
    memcpy(token->address, bytes + 2, address);
    memcpy(token->digest, bytes + 2 + address, TOKEN_DIGEST_BYTES);
    token->secret_length = (size_t)count - rest;
    memcpy(token->secret, bytes + rest, token->secret_length);
    return 0;
}
