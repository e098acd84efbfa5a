/* The bad network does what it is told, and nothing else. An echo server and a client in this process, the
   real link-proxy between them. Usage: test_link_proxy; the program is found in TEST_LINK_PROXY, or
   tests/rig/link-proxy. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PEERS       64
#define CHECK(what) ((what) ? (void)0 : fail(#what, __LINE__))

static struct {
    pid_t proxy;
    int listener, orders;
    uint16_t port;
    char folder[64], control[96];
    atomic_bool server_sleeps; /* the server takes nothing */
} rig = {.proxy = -1};

static void clean_up(void)
{
    if (rig.proxy > 0) {
        kill(rig.proxy, SIGTERM);
        waitpid(rig.proxy, NULL, 0);
    }
    unlink(rig.control);
    rmdir(rig.folder);
}

_Noreturn static void fail(const char *what, int line)
{
    fprintf(stderr, "test_link_proxy.c:%d: failed: %s\n", line, what);
    clean_up();
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Sends back what has come from one peer; false when it has gone. */
static bool echo(int fd)
{
    char bytes[16384];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);

    if (n <= 0)
        return false;
    for (ssize_t sent = 0; sent < n;) {
        ssize_t m = send(fd, bytes + sent, (size_t)(n - sent), MSG_NOSIGNAL);
        if (m <= 0)
            return false;
        sent += m;
    }
    return true;
}

static void *serve(void *unused)
{
    struct pollfd peers[PEERS + 1] = {{.fd = rig.listener, .events = POLLIN}};
    nfds_t count = 1;

    for (;;) {
        if (rig.server_sleeps || poll(peers, count, 20) <= 0) {
            poll(NULL, 0, 1);
            continue;
        }
        for (nfds_t i = count; i-- > 1;) {
            if (peers[i].revents != 0 && !echo(peers[i].fd)) {
                close(peers[i].fd);
                peers[i] = peers[--count];
            }
        }
        if (peers[0].revents != 0 && count <= PEERS)
            peers[count++] = (struct pollfd){.fd = accept(rig.listener, NULL, NULL), .events = POLLIN};
    }
    return unused;
}

static uint16_t start_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    pthread_t thread;

    rig.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(rig.listener, (struct sockaddr *)&address, sizeof address) == 0 &&
          listen(rig.listener, PEERS) == 0);
    CHECK(getsockname(rig.listener, (struct sockaddr *)&address, &length) == 0);
    CHECK(pthread_create(&thread, NULL, serve, NULL) == 0);
    pthread_detach(thread);
    return ntohs(address.sin_port);
}

static void start_proxy(uint16_t server)
{
    const char *program =
        getenv("TEST_LINK_PROXY") != NULL ? getenv("TEST_LINK_PROXY") : "tests/rig/link-proxy";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char to[32], line[64] = "";
    int output[2];

    snprintf(rig.folder, sizeof rig.folder, "/tmp/link-proxy-XXXXXX");
    CHECK(mkdtemp(rig.folder) != NULL && pipe(output) == 0);
    snprintf(rig.control, sizeof rig.control, "%s/control", rig.folder);
    snprintf(to, sizeof to, "127.0.0.1:%u", server);
    rig.proxy = fork();
    CHECK(rig.proxy >= 0);
    if (rig.proxy == 0) {
        dup2(output[1], STDOUT_FILENO);
        execl(program, program, "--listen", "127.0.0.1:0", "--to", to, "--control", rig.control,
              (char *)NULL);
        _exit(127);
    }
    close(output[1]);
    CHECK(read(output[0], line, sizeof line - 1) > 0);
    CHECK(sscanf(line, "listening on 127.0.0.1:%hu", &rig.port) == 1);
    close(output[0]);
    strcpy(address.sun_path, rig.control);
    rig.orders = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connect(rig.orders, (struct sockaddr *)&address, sizeof address) == 0);
}

/* Gives an order and returns the answer, which the next call overwrites. */
static const char *order(const char *text)
{
    static char answer[512];
    ssize_t n;

    CHECK(dprintf(rig.orders, "%s\n", text) > 0);
    n = read(rig.orders, answer, sizeof answer - 1);
    CHECK(n > 0 && answer[n - 1] == '\n');
    answer[n - 1] = '\0';
    return answer;
}

#define ORDER(text) CHECK(strcmp(order(text), "ok") == 0)

static unsigned long counted(const char *name)
{
    const char *at = strstr(order("stats"), name);

    CHECK(at != NULL && at[strlen(name)] == '=');
    return strtoul(at + strlen(name) + 1, NULL, 10);
}

static int dial(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(rig.port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

/* Sends `length` bytes and takes the echo meanwhile. Returns how many bytes came back before the end, a
   reset, or 5 s of silence. */
static size_t exchange(int fd, const uint8_t *bytes, uint8_t *back, size_t length)
{
    size_t sent = 0, got = 0;

    while (got < length) {
        struct pollfd p = {.fd = fd, .events = (short)(POLLIN | (sent < length ? POLLOUT : 0))};
        ssize_t n;
        if (poll(&p, 1, 5000) <= 0)
            break;
        if (p.revents & POLLOUT) {
            n = send(fd, bytes + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0 && errno != EAGAIN)
                break;
            sent += n > 0 ? (size_t)n : 0;
        }
        if (p.revents & (POLLIN | POLLHUP | POLLERR)) {
            n = recv(fd, back + got, length - got, MSG_DONTWAIT);
            if (n == 0 || (n < 0 && errno != EAGAIN))
                break;
            got += n > 0 ? (size_t)n : 0;
        }
    }
    return got;
}

static uint8_t bytes[1 << 20], back[1 << 20];

/* A round trip of `length` bytes on a connection of its own: the seconds it took; -1 when it did not come
 * back whole. */
static double round_trip(size_t length)
{
    double start = now();
    int fd = dial();
    bool whole = exchange(fd, bytes, back, length) == length && memcmp(bytes, back, length) == 0;

    close(fd);
    return whole ? now() - start : -1;
}

/* Whether the other side has ended or reset the connection within 2 s. */
static bool is_over(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&p, 1, 2000) > 0 && recv(fd, &byte, 1, 0) <= 0;
}

static bool is_silent(int fd, int milliseconds)
{
    return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, milliseconds) == 0;
}

static void hands_on_everything(void)
{
    CHECK(round_trip(sizeof bytes) >= 0);
    CHECK(counted("to-server") == sizeof bytes && counted("to-client") == sizeof bytes);
    CHECK(counted("connections") == 1);
}

/* The end of what the client has to say must reach the server, and what the server still says the client. */
static void hands_on_the_end(void)
{
    int fd = dial();

    CHECK(send(fd, "last", 4, 0) == 4 && shutdown(fd, SHUT_WR) == 0);
    CHECK(recv(fd, back, sizeof back, MSG_WAITALL) == 4 && memcmp(back, "last", 4) == 0);
    close(fd);
}

static void cuts(void)
{
    int one = dial(), two = dial();

    CHECK(exchange(one, bytes, back, 100) == 100 && exchange(two, bytes, back, 100) == 100);
    ORDER("cut");
    CHECK(recv(one, back, 1, 0) < 0 && errno == ECONNRESET);
    CHECK(is_over(two));
    close(one);
    close(two);
    one = dial();
    CHECK(exchange(one, bytes, back, 100) == 100);
    ORDER("close");
    CHECK(recv(one, back, 1, 0) == 0);
    close(one);
    CHECK(counted("cuts") == 2 && counted("open") == 0);
}

static void refuses(void)
{
    int old = dial(), fd;

    CHECK(exchange(old, bytes, back, 10) == 10);
    ORDER("refuse");
    fd = dial();
    CHECK(is_over(fd));
    CHECK(exchange(old, bytes, back, 10) == 10);
    close(fd);
    close(old);
    ORDER("accept");
    CHECK(round_trip(1000) >= 0);
}

static void goes_dark(void)
{
    int old = dial(), fd;
    unsigned long swallowed = counted("swallowed");

    CHECK(exchange(old, bytes, back, 10) == 10);
    ORDER("half-open");
    CHECK(send(old, bytes, 500, 0) == 500);
    fd = dial();
    CHECK(send(fd, bytes, 500, 0) == 500);
    CHECK(is_silent(old, 150) && is_silent(fd, 50));
    CHECK(counted("swallowed") == swallowed + 1000);
    ORDER("accept");
    CHECK(round_trip(1000) >= 0);
    CHECK(send(old, bytes, 500, 0) == 500 && is_silent(old, 100)); /* dark for good */
    close(old);
    close(fd);
    old = dial();
    CHECK(exchange(old, bytes, back, 10) == 10);
    ORDER("half-open once");
    CHECK(round_trip(1000) >= 0);
    CHECK(send(old, bytes, 10, 0) == 10 && is_silent(old, 50));
    close(old);
}

static void is_slow(void)
{
    double seconds;

    ORDER("delay 60");
    seconds = round_trip(1000);
    CHECK(seconds >= 0.12 && seconds < 2);
    ORDER("normal");
    ORDER("rate 100000");
    seconds = round_trip(40000);
    CHECK(seconds >= 0.3 && seconds < 4);
    ORDER("normal");
    ORDER("stall 0.3");
    seconds = round_trip(1000);
    CHECK(seconds >= 0.25 && seconds < 3);
    CHECK(round_trip(1000) < 0.25);
}

static void corrupts_one_byte(void)
{
    int fd = dial();

    ORDER("corrupt 1000");
    CHECK(exchange(fd, bytes, back, 5000) == 5000);
    for (size_t i = 0; i < 5000; i++)
        CHECK((bytes[i] == back[i]) == (i != 999));
    CHECK(exchange(fd, bytes, back, 5000) == 5000 && memcmp(bytes, back, 5000) == 0);
    close(fd);
}

static void cuts_at_a_byte(void)
{
    unsigned long before = counted("to-server");
    int fd = dial();

    ORDER("cut-after 70001");
    CHECK(exchange(fd, bytes, back, 200000) < 200000);
    CHECK(is_over(fd));
    close(fd);
    CHECK(counted("to-server") == before + 70001);
    CHECK(round_trip(200000) >= 0);
    ORDER("cut-every 3000 times 3");
    before = counted("cuts");
    for (int i = 0; i < 3; i++)
        CHECK(round_trip(100000) < 0);
    CHECK(round_trip(100000) >= 0);
    CHECK(counted("cuts") == before + 3);
}

/* With a server that takes nothing the client must come to a stand: nothing here may pile up. */
static void holds_little(void)
{
    unsigned long total = 0;
    int fd = dial();

    CHECK(exchange(fd, bytes, back, 10) == 10);
    rig.server_sleeps = true;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        ssize_t n;
        if (poll(&p, 1, 300) == 0)
            break;
        n = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        CHECK(n > 0);
        total += (unsigned long)n;
        CHECK(total < 64ul << 20);
    }
    rig.server_sleeps = false;
    close(fd);
}

static void understands_only_orders(void)
{
    CHECK(strncmp(order("explode"), "error", 5) == 0);
    CHECK(strncmp(order("rate"), "error", 5) == 0);
    CHECK(strncmp(order("rate fast"), "error", 5) == 0);
    CHECK(strncmp(order("rate -1"), "error", 5) == 0);
    CHECK(strncmp(order("stall nan"), "error", 5) == 0);
    CHECK(strncmp(order("cut now"), "error", 5) == 0);
    CHECK(strncmp(order("cut-every 5 times"), "error", 5) == 0);
    CHECK(strncmp(order(" "), "error", 5) == 0);
    CHECK(round_trip(1000) >= 0);
}

int main(void)
{
    static void (*const cases[])(void) = {hands_on_everything,
                                          hands_on_the_end,
                                          cuts,
                                          refuses,
                                          goes_dark,
                                          is_slow,
                                          corrupts_one_byte,
                                          cuts_at_a_byte,
                                          holds_little,
                                          understands_only_orders};
    int status;

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    start_proxy(start_server());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cases[i]();
        ORDER("normal");
    }
    kill(rig.proxy, SIGTERM);
    CHECK(waitpid(rig.proxy, &status, 0) == rig.proxy);
    rig.proxy = -1;
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    clean_up();
    return 0;
}
