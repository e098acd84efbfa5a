/* The file `options` of a device: how the make and model behave. */
#ifndef RIG_SCANNER_SETTINGS_H
#define RIG_SCANNER_SETTINGS_H

#include "tests/rig/device_state.h"

#define SETTINGS_RESOLUTIONS 16

struct scanner_settings {
    long unknown_height;    /* 1: the number of rows is only known at the end */
    long three_pass;        /* 1: colour comes as three images, red, green, blue */
    long no_docs_from_read; /* 1: an empty feeder is noticed by sane_read, not by sane_start */
    long no_brightness;     /* 1: neither brightness nor contrast */
    long adf_mode;          /* 1: duplex is the option adf-mode, not a source */
    long max_depth;         /* 8 or 16 */
    long max_resolution;    /* 75 … 9600 */
    char resolutions[128];  /* comma-separated; empty: any from 75 to max_resolution */
    char source_names[128]; /* of flatbed, feeder, duplex feeder, comma-separated; empty: not there */
    char default_mode[16];  /* Color, Gray or Lineart */
};

/* Reads the file; what it does not name has its default. Returns 0, -errno, or -EINVAL after the line that
   cannot be read went into the log. */
int scanner_settings_read(struct device_state *state, struct scanner_settings *settings);

#endif
