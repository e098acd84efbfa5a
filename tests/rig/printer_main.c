/* rig-printer: the rig's printer, as a backend of cupsd (device URI rigprinter:///FOLDER) and as the print
   command of ippeveprinter (RIG_PRINTER_DIR names the folder). README.md beside this file describes the
   folder. */
#include "config.h"

#include "tests/rig/printer_mechanism.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEME "rigprinter://"

int main(int argc, char **argv)
{
    const char *folder = getenv("RIG_PRINTER_DIR"), *uri = getenv("DEVICE_URI");
    struct printer_job job;

    setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
    if (folder != NULL && argc == 2 && printer_job_from_environment(argv[1], &job) == 0)
        return (int)printer_mechanism_run(folder, &job);
    if (argc == 1) {
        printf("direct %s/ \"Unknown\" \"The rig's printer\"\n", SCHEME);
        return 0;
    }
    if (uri != NULL && strncmp(uri, SCHEME "/", strlen(SCHEME "/")) == 0 &&
        printer_job_from_backend(argc, argv, &job) == 0)
        return (int)printer_mechanism_run(uri + strlen(SCHEME), &job);
    fprintf(stderr, "ERROR: %s is called by cupsd with a device URI %s/FOLDER, or by ippeveprinter\n",
            argv[0], SCHEME);
    return 1;
}
