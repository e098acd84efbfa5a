/* What a daemon tells the service manager (sd_notify). Without systemd, at build or at run time, they do
 * nothing. */
#ifndef DESKLINE_BASE_SERVICE_H
#define DESKLINE_BASE_SERVICE_H

/* Started: clients may come. */
void service_notify_ready(void);
/* The orderly stop has begun. */
void service_notify_stopping(void);
/* One line for `systemctl status`; control characters are escaped. */
void service_notify_status(const char *text);

#endif
