/* The server: its job machine, the actions in their order, the registry and the page store. */
#include "tests/sim/sim.h"

#include <string.h>

static void copy_durable(struct job *to, const struct job *from)
{
    ledger_copy(&to->ledger, &from->ledger);
    to->id = from->id;
    to->state = from->state;
    to->phase = from->phase;
    to->error = from->error;
    memcpy(to->text, from->text, sizeof to->text);
    to->interrupted = from->interrupted;
    to->question = from->question;
    to->round = from->round;
    to->manner = from->manner;
    to->manner_page = from->manner_page;
    to->delivering = from->delivering;
}

static void queue_actions(struct world *world, const struct job_actions *actions)
{
    struct server *server = &world->server;
    for (unsigned i = 0; i < actions->count; i++) {
        if (server->fifo_count == FIFO_MAX) {
            broken(world, "the server's actions pile up");
            return;
        }
        server->fifo[server->fifo_count++] = actions->items[i];
    }
}

void server_event(struct world *world, struct job_event event)
{
    struct job_actions actions;
    if (!world->server.has_job)
        return;
    enum job_step before = world->server.job.step;
    uint32_t round = world->server.job.round;
    job_handle(&world->server.job, &event, &actions);
    tell(world, "server: %s page %u round %u: step %d -> %d, %s", job_event_name(event.type), event.page,
         event.round, (int)before, (int)world->server.job.step, error_find(world->server.job.error)->keyword);
    struct job *job = &world->server.job;
    if (job->round != round) { /* a manner was designated: what it allows to be read again */
        paper_designated(&world->paper, job->manner);
        tell(world, "server: manner %s page %u", manner_name((uint8_t)job->manner), job->manner_page);
    }
    queue_actions(world, &actions);
}

static void send_to_client(struct world *world, struct message message)
{
    if (world->link.server_up && world->link.greeted)
        link_send(world, &world->link.to_client, message);
    else
        ledger_free(&message.ledger);
}

static void send_question(struct world *world)
{
    struct job *job = &world->server.job;
    struct message message = {.type = MESSAGE_QUESTION, .code = job->error};
    message.question = (struct designation_question){.round = job->question, .error = job->error};
    message.question.offer_count = job_offers(job, message.question.offers);
    send_to_client(world, message);
}

static void send_restart(struct world *world)
{
    struct server *server = &world->server;
    struct job *job = &server->job;
    struct message message = {.type = MESSAGE_RESTART,
                              .round = job->round,
                              .manner = (uint8_t)job->manner,
                              .page = job->manner_page};
    if (server->receive.begin.page && server->receive.length && !server->receive.open)
        send_to_client(world, (struct message){.type = MESSAGE_PAGE_RESUME,
                                               .page = server->receive.begin.page,
                                               .generation = server->receive.begin.generation,
                                               .offset = (uint32_t)server->receive.length});
    ledger_copy(&message.ledger, &job->ledger);
    send_to_client(world, message);
}

static void drop_from(struct page_files *files, uint32_t page, uint32_t generation)
{
    for (unsigned i = files->count; i-- > 0;)
        if (files->files[i].page >= page && files->files[i].generation < generation)
            files_drop(files, files->files[i].page, files->files[i].generation);
}

static void carry_out(struct world *world, struct job_action action)
{
    struct server *server = &world->server;
    struct job *job = &server->job;
    if (job_action_is_stale(job, &action))
        return;
    switch (action.type) {
    case JOB_ACTION_REGISTER:
        server->registering = true;
        copy_durable(&server->registered, job);
        break;
    case JOB_ACTION_SEND_COMMAND:
        send_to_client(world, (struct message){.type = MESSAGE_READ_COMMAND});
        break;
    case JOB_ACTION_SEND_STORED:
        send_to_client(world, (struct message){.type = MESSAGE_PAGE_STORED,
                                               .page = action.page,
                                               .generation = action.generation});
        break;
    case JOB_ACTION_SEND_SUSPEND:
        send_to_client(world, (struct message){.type = MESSAGE_SUSPEND, .code = job->error});
        break;
    case JOB_ACTION_SEND_QUESTION:
        send_question(world);
        break;
    case JOB_ACTION_SEND_RESTART:
        send_restart(world);
        break;
    case JOB_ACTION_SEND_CLOSED:
        send_to_client(world, (struct message){.type = MESSAGE_CLOSED});
        break;
    case JOB_ACTION_DROP_PAGE:
        files_drop(&server->files, action.page, action.generation);
        break;
    case JOB_ACTION_DROP_FROM:
        drop_from(&server->files, action.page, action.generation);
        if (server->part.page >= action.page && server->part.generation < action.generation)
            server->part_length = 0, page_receive_forget(&server->receive);
        break;
    case JOB_ACTION_FLOW:
    case JOB_ACTION_HOLD:
        broken(world, "a reading job prints");
        break;
    case JOB_ACTION_DELIVER:
        server->delivering = true;
        break;
    case JOB_ACTION_TELL:
    case JOB_ACTION_REFUSE:
        break;
    }
}

/* The document from the stored pages. */
static void deliver(struct world *world)
{
    struct server *server = &world->server;
    struct ledger *ledger = &server->job.ledger;
    server->delivering = false;
    server->document_pages = 0;
    for (uint32_t page = 1; page <= ledger->total; page++) {
        struct ledger_page known = ledger_get(ledger, page);
        if (known.state != PAGE_STORED)
            continue;
        struct page_file *file = files_find(&server->files, page, known.generation);
        if (!file || server->document_pages == SHEETS_MAX * 2) {
            broken(world, "page %u is stored, but its file is not there", page);
            return;
        }
        server->document[server->document_pages++] = file->sheet;
    }
    server_event(world, (struct job_event){.type = JOB_EVENT_DELIVERED});
}

/* The archive cannot be written; or a page that was stored turns out to be none, and has to be read again. */
static void fail_delivery(struct world *world)
{
    struct server *server = &world->server;
    struct job_event event = {.type = JOB_EVENT_DELIVERY_FAILED, .code = ERROR_DELIVERY_FAILED};
    server->delivering = false;
    world->faults_left--;
    if (one_in(world, 2)) {
        event.page = 1 + chance(world, server->job.ledger.total);
        struct page_file *file =
            files_find(&server->files, event.page, ledger_get(&server->job.ledger, event.page).generation);
        if (ledger_get(&server->job.ledger, event.page).state != PAGE_STORED || !file)
            event.page = 0;
        else
            world->paper.allowed[file->sheet]++, world->paper.lost[file->sheet] = true;
        if (event.page)
            event.code = ERROR_PAGE_INVALID;
    }
    tell(world, "FAULT: the delivery fails, page %u", event.page);
    server_event(world, event);
}

bool server_step(struct world *world)
{
    struct server *server = &world->server;
    if (!server->alive) {
        server_start(world);
        return true;
    }
    if (server->syncing.count && chance(world, 2)) { /* a page becomes durable */
        struct page_file file = server->syncing.files[0];
        files_drop(&server->syncing, file.page, file.generation);
        files_put(world, &server->files, file);
        server_event(world, (struct job_event){.type = JOB_EVENT_PAGE_DURABLE,
                                               .page = file.page,
                                               .generation = file.generation});
        return true;
    }
    if (server->registering && chance(world, 2)) {
        if (server->full)
            return false;
        copy_durable(&server->record, &server->registered);
        server->has_record = true;
        server->registering = false;
        return true;
    }
    bool may_act = !server->registering || world->story.sabotage == SABOTAGE_ACKNOWLEDGE_EARLY;
    if (may_act && server->fifo_count) {
        struct job_action action = server->fifo[0];
        memmove(server->fifo, server->fifo + 1, --server->fifo_count * sizeof *server->fifo);
        carry_out(world, action);
        return true;
    }
    if (server->delivering) {
        if (world->faults_left && one_in(world, 8))
            fail_delivery(world);
        else
            deliver(world);
        return true;
    }
    return false;
}

/* ---- Life and death ----------------------------------------------------------------------------------- */

void server_crash(struct world *world)
{
    struct server *server = &world->server;
    tell(world, "FAULT: the server dies");
    if (server->has_job)
        job_free(&server->job);
    server->has_job = server->alive = server->registering = server->delivering = false;
    server->fifo_count = 0;
    server->syncing.count = 0;
    if (server->part_length)
        server->part_length = chance(world, server->part_length + 1); /* what was not synced */
    world->link.server_up = false;
    world->link.broken = true; /* the connection ends with the process */
    link_drop(&world->link.to_server);
}

void server_start(struct world *world)
{
    struct server *server = &world->server;
    struct job_actions actions;
    server->alive = true;
    tell(world, "server: starts");
    server->receive =
        (struct page_receive){.begin = {.page = server->part.page, .generation = server->part.generation},
                              .length = server->part_length};
    if (!server->part_length)
        page_receive_forget(&server->receive);
    if (!server->has_record)
        return;
    job_init(&server->job, 1);
    copy_durable(&server->job, &server->record);
    server->has_job = true;
    job_recover(&server->job, &actions);
    queue_actions(world, &actions);
}

void server_open(struct world *world)
{
    job_init(&world->server.job, 1);
    world->server.has_job = true;
    server_event(world, (struct job_event){.type = JOB_EVENT_OPENED});
}

/* ---- Messages from the client ------------------------------------------------------------------------- */

static void on_hello(struct world *world, const struct message *message)
{
    struct server *server = &world->server;
    if (world->link.server_up) /* the old session is fenced before the new one may act */
        server_event(world, (struct job_event){.type = JOB_EVENT_LINK_LOST});
    page_receive_disconnect(&server->receive);
    world->link.server_up = world->link.greeted = true;
    if (!server->has_job) {
        if (!message->flag)
            server_open(world); /* the user asks once more: nothing of the first time was registered */
        else
            broken(world, "the client has a job that the server does not know");
        return;
    }
    struct message welcome = {.type = MESSAGE_WELCOME, .flag = server->job.step == JOB_CLOSED_STEP};
    ledger_copy(&welcome.ledger, &server->record.ledger);
    send_to_client(world, welcome);
    server_event(world, (struct job_event){.type = JOB_EVENT_LINK_UP, .in_hand = message->flag});
}

static void on_page(struct world *world, struct message *message)
{
    struct server *server = &world->server;
    struct job *job = &server->job;
    const char *why = NULL;
    enum page_receive_step step;
    struct ledger_page known = ledger_get(&job->ledger, message->page);
    if (world->story.sabotage == SABOTAGE_STALE_PAGES && message->generation < known.generation)
        message->generation = known.generation; /* as if pages had no generation */
    bool wanted = job_wants_page(job, message->page, message->generation);
    if (message->type == MESSAGE_PAGE_BEGIN) {
        step = page_receive_begin(
            &server->receive,
            &(struct frame_page_begin){.page = message->page, .generation = message->generation}, wanted,
            &why);
        if (!wanted && known.state == PAGE_STORED && known.generation == message->generation)
            send_to_client(world, (struct message){.type = MESSAGE_PAGE_STORED,
                                                   .page = message->page,
                                                   .generation = message->generation});
    } else if (message->type == MESSAGE_PAGE_DATA) {
        if (server->full && !job->held && server->receive.open && !server->receive.ignoring) {
            page_receive_forget(&server->receive);
            server->part_length = 0;
            server_event(world, (struct job_event){.type = JOB_EVENT_PAGE_FAILED, .code = ERROR_SPOOL_FULL});
            return;
        }
        step = page_receive_data(&server->receive,
                                 &(struct frame_page_data){.page = message->page,
                                                           .offset = message->offset,
                                                           .bytes = {(const uint8_t *)"", 1}},
                                 CHUNKS_PER_PAGE, &why);
    } else {
        step = page_receive_end(&server->receive,
                                &(struct frame_page_end){.page = message->page,
                                                         .generation = message->generation,
                                                         .length = CHUNKS_PER_PAGE,
                                                         .rows = 1,
                                                         .digest = {(const uint8_t *)"", 32}},
                                &why);
    }
    if (step == PAGE_RECEIVE_RESTART || step == PAGE_RECEIVE_CONTINUE)
        tell(world, "server: %s page %u generation %u at %u",
             step == PAGE_RECEIVE_RESTART ? "begins" : "goes on with", message->page, message->generation,
             (unsigned)server->receive.length);
    if (step == PAGE_RECEIVE_AGAIN) {
        server->part_length = 0;
        send_to_client(world, (struct message){.type = MESSAGE_PAGE_RESUME,
                                               .page = message->page,
                                               .generation = message->generation});
    } else if (step == PAGE_RECEIVE_REFUSE) {
        broken(world, "page %u refused: %s", message->page, why);
    } else if (step == PAGE_RECEIVE_FINISH) {
        if (server->part.sheet != message->sheet)
            broken(world, "page %u is put together from two sheets", message->page);
        struct page_file file = {message->page, message->generation, message->sheet, true};
        page_receive_forget(&server->receive);
        server->part_length = 0;
        files_put(world, &server->syncing, file);
    } else if (step != PAGE_RECEIVE_NOTHING) {
        if (step == PAGE_RECEIVE_CONTINUE && server->part.sheet != message->sheet)
            broken(world, "page %u goes on with another sheet", message->page);
        server->part = (struct page_file){message->page, message->generation, message->sheet, false};
        server->part_length = (uint32_t)server->receive.length;
    }
}

void server_message(struct world *world, struct message *message)
{
    struct job_event event = {.page = message->page,
                              .round = message->round,
                              .code = message->code,
                              .manner = message->manner,
                              .ledger = &message->ledger,
                              .claim = &message->claim};
    switch (message->type) {
    case MESSAGE_HELLO:
        on_hello(world, message);
        return;
    case MESSAGE_PAGE_BEGIN:
    case MESSAGE_PAGE_DATA:
    case MESSAGE_PAGE_END:
        if (world->server.has_job)
            on_page(world, message);
        return;
    case MESSAGE_STATUS:
        event.type = JOB_EVENT_STATUS;
        break;
    case MESSAGE_FINISHED:
        event.type = JOB_EVENT_FINISHED;
        break;
    case MESSAGE_NOTICE:
        event.type = JOB_EVENT_NOTICE;
        break;
    case MESSAGE_RESTART_REQUEST:
        event.type = JOB_EVENT_RESTART_REQUESTED;
        break;
    case MESSAGE_MANNER:
        event.type = JOB_EVENT_MANNER_NOTICED;
        break;
    case MESSAGE_CANCEL:
        event.type = JOB_EVENT_CANCELED;
        break;
    default:
        broken(world, "a message to the server that it does not know");
        return;
    }
    server_event(world, event);
}
