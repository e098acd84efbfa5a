#include "ctl/interrupt.h"
#include "ctl/invocation.h"

int main(int argc, char *argv[])
{
    int exit_code = invocation_run(SERVICECTL, argc, argv, stdin, stdout, stderr);
    if (exit_code == EXIT_INTERRUPTED)
        interrupt_die();
    return exit_code;
}
