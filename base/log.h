/* Log lines to standard error: with sd-daemon priorities under journald, plain text elsewhere. Every
 * character that came from outside and is not printable is escaped, so that no peer can forge a line. */
#ifndef DESKLINE_BASE_LOG_H
#define DESKLINE_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Call before there are threads. `program` is kept, not copied. */
void log_start(const char *program, enum log_level level);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* "error" … "debug" to a level; -EINVAL for another word. */
int log_level_from_name(const char *name, enum log_level *level);
/* The level for a syslog priority, 0 … 7. */
enum log_level log_level_from_priority(int priority);
/* Lines begin with "<PRIORITY>" as in sd-daemon(3), without time and program. log_start switches it on under
 * journald; a unit process switches it on for the daemon that reads its standard error. */
void log_use_priorities(bool on);

/* One line, safe from any thread, at most 1 KiB; no newline at the end of the format. A line that was cut
 * ends with " ...". Leaves errno alone. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
