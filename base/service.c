#include "config.h"

#include "base/service.h"

#ifdef HAVE_SYSTEMD

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static void service_notify(const char *state)
{
    int result = sd_notify(0, state);

    if (result < 0)
        log_warning("the service manager cannot be notified: %s", strerror(-result));
}

void service_notify_ready(void)
{
    service_notify("READY=1");
}

void service_notify_stopping(void)
{
    service_notify("STOPPING=1");
}

void service_notify_status(const char *text)
{
    char line[512], state[sizeof line + sizeof "STATUS="];

    text_escape(line, sizeof line, text, strlen(text)); /* a newline would begin another variable */
    snprintf(state, sizeof state, "STATUS=%s", line);
    service_notify(state);
}

#else

void service_notify_ready(void)
{
}

void service_notify_stopping(void)
{
}

void service_notify_status(const char *text)
{
    (void)text;
}

#endif
