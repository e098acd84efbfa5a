/* Operators: the Unix socket at which servicectl speaks. Who may open it (mode 0660) may do everything. */
#ifndef DESKLINE_SERVICED_FRONT_CONTROL_H
#define DESKLINE_SERVICED_FRONT_CONTROL_H

struct control;
struct server;

struct control *control_new(struct server *server);
void control_free(struct control **control);
/* A listener_accept: takes the descriptor. */
void control_accept(void *context, int fd, const char *host, const char *address);

#endif
