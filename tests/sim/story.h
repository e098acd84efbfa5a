/* Chance and the story: what every simulation has. The same seed gives the same story. */
#ifndef DESKLINE_TESTS_STORY_H
#define DESKLINE_TESTS_STORY_H

#include <stdbool.h>
#include <stdint.h>

/* The first member of a simulation's world. */
struct story {
    uint64_t random;
    bool verbose;
    bool failed;
    unsigned steps;
    unsigned
        sabotage; /* what is taken out of the machinery to see that the simulation notices, 0 for nothing */
};

uint32_t story_chance(struct story *story, uint32_t below);
void story_tell(struct story *story, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An invariant was broken. */
void story_broken(struct story *story, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define chance(world, below) story_chance(&(world)->story, below)
#define one_in(world, n)     (story_chance(&(world)->story, n) == 0)
#define tell(world, ...)     story_tell(&(world)->story, __VA_ARGS__)
#define broken(world, ...)   story_broken(&(world)->story, __VA_ARGS__)

/* PROGRAM [--seeds N] [--first SEED] [--story SEED] [--sabotage N]: runs the stories of N seeds; the first
 * that fails is told. `run` plays one and adds its steps. The exit code. */
int story_main(int argc, char **argv, unsigned sabotages,
               bool (*run)(uint64_t seed, bool verbose, unsigned sabotage, unsigned *steps));

#endif
