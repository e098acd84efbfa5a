/* rig-link SOCKET ORDER...: gives one order to a link-proxy and prints its answer. Exit status 0, 1 when the
   proxy refused the order, 2 when there is no proxy. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int join(int count, char **words, char *line, size_t room)
{
    size_t length = 0;

    for (int i = 0; i < count; i++) {
        int n = snprintf(line + length, room - length, i + 1 < count ? "%s " : "%s\n", words[i]);
        if (n < 0 || (size_t)n >= room - length)
            return -1;
        length += (size_t)n;
    }
    return 0;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int ask(int fd, const char *line, char *answer, size_t room)
{
    size_t length = 0;
    ssize_t n;

    if (write(fd, line, strlen(line)) != (ssize_t)strlen(line))
        return -1;
    while (length < room - 1 && (n = read(fd, answer + length, room - 1 - length)) > 0) {
        length += (size_t)n;
        answer[length] = '\0';
        if (answer[length - 1] == '\n')
            return 0;
    }
    return -1;
}

int main(int argc, char **argv)
{
    char line[256], answer[512];
    int fd;

    if (argc < 3 || join(argc - 2, argv + 2, line, sizeof line) != 0) {
        fprintf(stderr, "usage: rig-link SOCKET ORDER [ARGUMENT...]\n");
        return 2;
    }
    fd = connect_to(argv[1]);
    if (fd < 0 || ask(fd, line, answer, sizeof answer) != 0) {
        fprintf(stderr, "rig-link: no link-proxy answers at %s\n", argv[1]);
        return 2;
    }
    close(fd);
    if (strncmp(answer, "error", 5) == 0) {
        fputs(answer, stderr);
        return 1;
    }
    fputs(answer, stdout);
    return 0;
}
