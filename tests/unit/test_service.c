/* base/service: what reaches the service manager. */
#include "config.h"

#include "base/service.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
START_TEST(messages_reach_the_manager)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[1000];
    ssize_t length;
    int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/test-service-%ld", (long)getpid());
    ck_assert_int_eq(bind(manager, (struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    service_notify_ready();
    service_notify_status("2 jobs\nSTOPPING=1");
    service_notify_stopping();
    unlink(address.sun_path);

    length = recv(manager, text, sizeof text, 0);
    ck_assert_int_eq(length, 7);
    ck_assert_int_eq(memcmp(text, "READY=1", 7), 0);
    length = recv(manager, text, sizeof text - 1, 0);
    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    ck_assert_str_eq(text, "STATUS=2 jobs\\x0aSTOPPING=1"); /* one variable only */
    length = recv(manager, text, sizeof text, 0);
    ck_assert_int_eq(length, 10);
    ck_assert_int_eq(memcmp(text, "STOPPING=1", 10), 0);
    close(manager);
}
END_TEST
#endif

START_TEST(no_manager_is_no_trouble)
{
    unsetenv("NOTIFY_SOCKET");
    service_notify_ready();
    service_notify_status("x");
    service_notify_stopping();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("service");
    TCase *tests = tcase_create("service");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tests);
#ifdef HAVE_SYSTEMD
    tcase_add_test(tests, messages_reach_the_manager);
#endif
    tcase_add_test(tests, no_manager_is_no_trouble);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
