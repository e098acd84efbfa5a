/* Where there is no libFuzzer: runs a fuzz target over the files that are named. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_MAX_BYTES (2u << 20)

int main(int argc, char **argv)
{
    uint8_t *bytes = malloc(FILE_MAX_BYTES);
    if (!bytes)
        return 1;
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            free(bytes);
            return 1;
        }
        size_t length = fread(bytes, 1, FILE_MAX_BYTES, file);
        fclose(file);
        LLVMFuzzerTestOneInput(bytes, length);
    }
    free(bytes);
    return 0;
}
