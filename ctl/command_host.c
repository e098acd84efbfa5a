/* status, units, services, enroll, client …: what a daemon knows, and who is let in. */
#include "config.h"

#include "ctl/invocation.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/render.h"

/* What the answers are gathered in: an array for JSON, else printed as they come, or a table. */
struct gathering {
    struct invocation *invocation;
    json_t *json;
    struct render_table *table;
    unsigned count;
};

static void on_status(void *context, const struct frame *frame)
{
    struct gathering *gathering = context;
    if (frame->type != FRAME_STATUS)
        return;
    if (gathering->invocation->is_json && !gathering->json)
        gathering->json = render_json_status(&frame->status);
    else if (!gathering->invocation->is_json)
        render_text_status(gathering->invocation->out, &frame->status);
}

int command_status(struct invocation *invocation)
{
    struct gathering gathering = {.invocation = invocation};
    struct frame request = {.type = FRAME_STATUS_REQUEST};
    int exit_code = invocation_call(invocation, &request, on_status, &gathering);
    if (!exit_code && gathering.json && render_json_print(invocation->out, json_incref(gathering.json)))
        exit_code = EXIT_FAILED;
    json_decref(gathering.json);
    return exit_code;
}

static void on_units(void *context, const struct frame *frame)
{
    struct gathering *gathering = context;
    struct record_unit unit;
    size_t cursor = 0;
    if (frame->type != FRAME_UNIT_LIST)
        return;
    while (frame_list_next(&frame->unit_list.units, &frame_record_unit, &cursor, &unit)) {
        gathering->count++;
        if (gathering->json)
            json_array_append_new(gathering->json, render_json_unit(&unit));
        else
            render_text_unit(gathering->invocation->out, &unit);
    }
}

static void on_services(void *context, const struct frame *frame)
{
    struct gathering *gathering = context;
    struct record_service service;
    size_t cursor = 0;
    if (frame->type != FRAME_SERVICE_LIST)
        return;
    while (frame_list_next(&frame->service_list.services, &frame_record_service, &cursor, &service)) {
        gathering->count++;
        if (gathering->json) {
            json_array_append_new(gathering->json, render_json_service(&service));
            continue;
        }
        char *name = frame_text_dup(service.name), *text = frame_text_dup(service.text);
        render_table_cell(gathering->table, name);
        render_table_cell(gathering->table, text);
        free(name);
        free(text);
    }
}

static void on_clients(void *context, const struct frame *frame)
{
    struct gathering *gathering = context;
    struct record_client client;
    size_t cursor = 0;
    if (frame->type != FRAME_CLIENT_LIST)
        return;
    while (frame_list_next(&frame->client_list.clients, &frame_record_client, &cursor, &client)) {
        gathering->count++;
        if (gathering->json)
            json_array_append_new(gathering->json, render_json_client(&client));
        else
            render_table_client(gathering->table, &client);
    }
}

/* A list: `headings` NULL for one that is printed as it comes. */
static int list(struct invocation *invocation, struct frame *request, connection_on_frame on_frame,
                const char *headings, const char *empty)
{
    struct gathering gathering = {.invocation = invocation};
    if (invocation->is_json)
        gathering.json = json_array();
    else if (headings)
        gathering.table = render_table_new(headings);
    int exit_code = invocation_call(invocation, request, on_frame, &gathering);
    if (!exit_code && gathering.json && render_json_print(invocation->out, json_incref(gathering.json)))
        exit_code = EXIT_FAILED;
    else if (!exit_code && gathering.table)
        render_table_print(invocation->out, &gathering.table, empty);
    else if (!exit_code && !gathering.json && !gathering.count)
        fprintf(invocation->out, "%s\n", empty);
    json_decref(gathering.json);
    render_table_free(&gathering.table);
    return exit_code;
}

int command_units(struct invocation *invocation)
{
    struct frame request = {.type = FRAME_UNIT_LIST_REQUEST};
    request.unit_list_request.refresh = invocation->arguments.given[OPTION_refresh];
    if (invocation->program == SERVICECTL)
        request.unit_list_request.client = frame_text_of(invocation->arguments.words[0]);
    return list(invocation, &request, on_units, NULL, "no scanner and no printer was found");
}

int command_services(struct invocation *invocation)
{
    struct frame request = {.type = FRAME_SERVICE_LIST_REQUEST};
    return list(invocation, &request, on_services, "SERVICE|WHAT IT DOES", "the server offers no service");
}

int command_client_list(struct invocation *invocation)
{
    struct frame request = {.type = FRAME_CLIENT_LIST_REQUEST};
    return list(invocation, &request, on_clients, RENDER_CLIENT_HEADINGS, "no client is known");
}

/* The token from standard input: a command line can be seen by everybody on the host. */
static char *read_token(FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, in);
    if (length <= 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, " \t\r\n")] = '\0';
    return line;
}

int command_enroll(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    struct frame request = {.type = FRAME_ENROLL_COMMAND};
    char *token = NULL;
    if (!strcmp(arguments->words[0], "-")) {
        token = read_token(invocation->in);
        if (!token)
            return invocation_refuse(invocation, EXIT_USAGE, ERROR_BAD_REQUEST, "no token on standard input");
    }
    request.enroll_command.token = frame_text_of(token ? token : arguments->words[0]);
    request.enroll_command.server = frame_text_of(arguments->text[OPTION_server]);
    int exit_code = invocation_do(invocation, &request, "this host is enrolled");
    free(token);
    return exit_code;
}

static void on_token(void *context, const struct frame *frame)
{
    char **token = context;
    if (frame->type == FRAME_CLIENT_TOKEN && !*token)
        *token = frame_text_dup(frame->client_token.token);
}

int command_client_add(struct invocation *invocation)
{
    const struct arguments *arguments = &invocation->arguments;
    struct frame request = {.type = FRAME_CLIENT_ADD_REQUEST};
    char *token = NULL;
    request.client_add_request.client = frame_text_of(arguments->words[0]);
    request.client_add_request.ttl_s =
        arguments->given[OPTION_ttl] ? (uint32_t)arguments->number[OPTION_ttl] : 3600;
    request.client_add_request.address = frame_text_of(arguments->text[OPTION_address]);
    int exit_code = invocation_call(invocation, &request, on_token, &token);
    if (!exit_code && !token)
        exit_code = invocation_refuse(invocation, EXIT_FAILED, ERROR_PROTOCOL, "serviced sent no token");
    if (!exit_code && invocation->is_json) {
        json_t *object = json_object();
        json_object_set_new(object, "client", json_string(arguments->words[0]));
        json_object_set_new(object, "token", json_string(token));
        exit_code = render_json_print(invocation->out, object) ? EXIT_FAILED : EXIT_DONE;
    } else if (!exit_code) {
        render_text_escaped(invocation->out, token);
        fputc('\n', invocation->out);
    }
    free(token);
    return exit_code;
}

int command_client_revoke(struct invocation *invocation)
{
    struct frame request = {.type = FRAME_CLIENT_REVOKE_REQUEST};
    request.client_revoke_request.client = frame_text_of(invocation->arguments.words[0]);
    return invocation_do(invocation, &request, "the client is shut out");
}
