#include "tests/sim/story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t story_chance(struct story *story, uint32_t below)
{
    uint64_t z = story->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % below);
}

__attribute__((format(printf, 3, 0))) static void say(struct story *story, const char *what,
                                                      const char *format, va_list arguments)
{
    if (!story->verbose)
        return;
    printf("%6u  %s", story->steps, what);
    vprintf(format, arguments);
    putchar('\n');
}

void story_tell(struct story *story, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(story, "", format, arguments);
    va_end(arguments);
}

void story_broken(struct story *story, const char *format, ...)
{
    va_list arguments;
    story->failed = true;
    va_start(arguments, format);
    say(story, "BROKEN: ", format, arguments);
    va_end(arguments);
}

int story_main(int argc, char **argv, unsigned sabotages,
               bool (*run)(uint64_t seed, bool verbose, unsigned sabotage, unsigned *steps))
{
    uint64_t seeds = 1000, first = 1, story = 0;
    unsigned steps = 0, sabotage = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seeds") == 0)
            seeds = value;
        else if (strcmp(argv[i], "--first") == 0)
            first = value;
        else if (strcmp(argv[i], "--story") == 0)
            story = value;
        else if (strcmp(argv[i], "--sabotage") == 0 && value < sabotages)
            sabotage = (unsigned)value;
        else
            return 2;
    }
    if (story)
        return run(story, true, sabotage, &steps) ? 0 : 1;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        if (run(seed, false, sabotage, &steps))
            continue;
        printf("seed %" PRIu64 " fails; its story (--story %" PRIu64 "):\n", seed, seed);
        run(seed, true, sabotage, &steps);
        return 1;
    }
    printf("%" PRIu64 " seeds, %.1f steps each: every story ended well\n", seeds,
           (double)steps / (double)seeds);
    return 0;
}
