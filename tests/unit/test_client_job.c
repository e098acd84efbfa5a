/* The client's job machine, as stories: [given] a job, [when] events, [expect] state, error and actions. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clientd/job_read.h"

/*
 * Events, with a page or a number N: C commanded, bN page N begun, pN page N read, yN the same by the unit of
 * the round before, fN finished behind page N, eN likewise and the medium has ended, jN jam in page N, vN
 * cover open, xN unit died, wN unit stalled, P paused, S space made, L link down, U link up, u link up and
 * the server does not know the job, aN page N stored, AN stored in another generation, dN page N damaged in
 * the spool, H suspended by the server's full disk, qN question about error N, QN the open question once
 * more, mN manner N (mN,P: page P), MN likewise with a wrong round, R restart requested, tN restart with
 * manner N commanded (tN,P), TN the last command once more, k closed, YN clientd has crashed and N is the
 * begun page. Behind the client's back: oN the server has stored page N, zN the server has lost it.
 *
 * Actions of each event: S save, G start unit (GN+M: M pages from N on), c continue unit, K stop unit, pN
 * drop page, D drop stored, XN drop from, f flow, h hold, N notice, r reading status, FN finished, MN manner,
 * R restart, t tell, ! refuse, Z forget.
 */
static const char action_letters[] = "SOGaslncKpDXfhNrkFMRt!Z";

enum given {
    PLAIN = 0,
    FLATBED = 1,
    ASKING = 2 /* the policy designates nothing */,
    TWO_PAGES = 4,
    EAGER = 8
};

static const struct designation_policy policies[] = {
    {MANNER_RESUME, MANNER_NONE, MANNER_NONE},   /* the default */
    {MANNER_NONE, MANNER_NONE, MANNER_NONE},     /* ASKING */
    {MANNER_RESUME, MANNER_RESUME, MANNER_NONE}, /* EAGER */
};

struct play {
    struct job_read job;
    struct job_read_actions actions;
    struct ledger server;
    uint32_t last_command;
};

static void play_start(struct play *play, int given)
{
    const struct designation_policy *policy = &policies[given & ASKING ? 1 : given & EAGER ? 2 : 0];
    *play = (struct play){0};
    job_read_init(&play->job, 7, given & TWO_PAGES ? 2 : 0, given & FLATBED, policy);
}

static void play_end(struct play *play)
{
    job_read_free(&play->job);
    ledger_free(&play->server);
}

/* What is not durable is lost. */
static void crash(struct play *play, uint32_t begun)
{
    struct job_read *job = &play->job, again;
    job_read_init(&again, job->id, job->limit, job->flatbed, job->policy);
    again.ledger = job->ledger;
    again.round = job->round;
    again.expected = job->expected;
    again.running = job->running;
    again.error = job->error;
    again.interrupted = job->interrupted;
    memcpy(again.text, job->text, sizeof again.text);
    ledger_free(&job->pending.ledger);
    *job = again;
    job_read_recover(job, begun);
}

static const struct {
    char letter;
    enum job_read_event_type type;
    uint16_t code;
} words[] = {
    {'C', EVENT_COMMANDED, 0},
    {'b', EVENT_PAGE_BEGUN, 0},
    {'p', EVENT_PAGE_READ, 0},
    {'y', EVENT_PAGE_READ, 0},
    {'f', EVENT_UNIT_FINISHED, 0},
    {'e', EVENT_UNIT_FINISHED, 0},
    {'j', EVENT_UNIT_FAILED, ERROR_MEDIA_JAM},
    {'v', EVENT_UNIT_FAILED, ERROR_COVER_OPEN},
    {'x', EVENT_UNIT_FAILED, ERROR_UNIT_DIED},
    {'w', EVENT_UNIT_FAILED, ERROR_UNIT_STALLED},
    {'P', EVENT_UNIT_PAUSED, 0},
    {'S', EVENT_SPACE_MADE, 0},
    {'L', EVENT_LINK_DOWN, 0},
    {'U', EVENT_LINK_UP, 0},
    {'u', EVENT_LINK_UP, 0},
    {'a', EVENT_PAGE_STORED, 0},
    {'A', EVENT_PAGE_STORED, 0},
    {'d', EVENT_PAGE_DAMAGED, 0},
    {'H', EVENT_SUSPENDED, ERROR_SPOOL_FULL},
    {'q', EVENT_MANNER_REQUESTED, 0},
    {'Q', EVENT_MANNER_REQUESTED, 0},
    {'m', EVENT_MANNER_CHOSEN, 0},
    {'M', EVENT_MANNER_CHOSEN, 0},
    {'R', EVENT_RESTART_REQUESTED, 0},
    {'t', EVENT_RESTART_COMMANDED, 0},
    {'T', EVENT_RESTART_COMMANDED, 0},
    {'k', EVENT_CLOSED, 0},
};

static void ask(struct play *play, uint16_t error, bool anew, struct designation_question *question)
{
    const struct job_read *job = &play->job;
    struct phase phase = phase_of(FUNCTION_READING, &job->ledger);
    *question = (struct designation_question){.round = job->question.round + anew, .error = error};
    question->offer_count =
        manner_offers(&job->ledger, &phase, error, job->interrupted != 0, question->offers);
}

static void command(struct play *play, struct job_read_event *event, bool anew)
{
    const struct designation_question *question = &play->job.question;
    if (anew) {
        play->last_command = play->job.round + 1 > question->round ? play->job.round + 1 : question->round;
        manner_resolve(question->offers, question->offer_count, event->manner, &event->page);
        manner_apply(FUNCTION_READING, &play->server, (enum manner)event->manner, event->page,
                     play->last_command);
    }
    event->round = play->last_command;
    event->ledger = &play->server;
}

/* False for a word that is no event of the client's. */
static bool behind_its_back(struct play *play, char letter, uint32_t number)
{
    struct ledger_page page = ledger_get(&play->job.ledger, number);
    play->actions.count = 0;
    if (letter == 'o')
        ledger_set(&play->server, number, PAGE_STORED, page.generation);
    else if (letter == 'z')
        ledger_set(&play->server, number, PAGE_UNREAD, page.generation + 1);
    else if (letter == 'Y')
        crash(play, number);
    else
        return false;
    return true;
}

static void play_word(struct play *play, const char *word)
{
    char *rest;
    uint32_t number = (uint32_t)strtoul(word + 1, &rest, 10);
    uint32_t page = *rest == ',' ? (uint32_t)strtoul(rest + 1, NULL, 10) : 0;
    struct designation_question question;
    struct job_read_event event = {.page = number, .standing = STANDING_OPEN, .ledger = &play->server};
    size_t i = 0;
    if (behind_its_back(play, *word, number))
        return;
    while (words[i].letter != *word)
        ck_assert_msg(++i < sizeof words / sizeof words[0], "no such word: %s", word);
    event.type = words[i].type;
    event.code = words[i].code;
    event.medium_ended = *word == 'e';
    event.generation = play->job.round;
    if (*word == 'y')
        event.generation--;
    if (*word == 'u')
        event.standing = STANDING_UNKNOWN;
    if (event.type == EVENT_PAGE_STORED) {
        event.generation = ledger_get(&play->job.ledger, number).generation + (*word == 'A');
        ledger_set(&play->server, number, PAGE_STORED, event.generation);
    }
    if (event.type == EVENT_MANNER_REQUESTED) {
        ask(play, (uint16_t)number, *word == 'q', &question);
        event.question = &question;
    }
    event.manner = (uint8_t)number;
    if (event.type == EVENT_MANNER_CHOSEN || event.type == EVENT_RESTART_COMMANDED)
        event.page = page;
    if (event.type == EVENT_MANNER_CHOSEN)
        event.round = play->job.question.round + (*word == 'M');
    if (event.type == EVENT_RESTART_COMMANDED)
        command(play, &event, *word == 't');
    job_read_handle(&play->job, &event, &play->actions);
}

static void print_actions(const struct job_read_actions *actions, char *text, size_t room)
{
    size_t at = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < actions->count; i++) {
        const struct job_read_action *action = &actions->items[i];
        uint32_t number = action->type == ACTION_SEND_MANNER ? action->manner : action->page;
        at += (size_t)snprintf(text + at, room - at, "%c", action_letters[action->type]);
        if (number)
            at += (size_t)snprintf(text + at, room - at, "%u", number);
        if (action->count)
            at += (size_t)snprintf(text + at, room - at, "+%u", action->count);
    }
    if (!actions->count)
        snprintf(text, room, "-");
}

/* Plays the words and prints what happened, the events separated by spaces. */
static void play_story(struct play *play, const char *when, char *happened, size_t room)
{
    char text[160], *rest = NULL;
    ck_assert_uint_lt(strlen(when), sizeof text);
    memcpy(text, when, strlen(when) + 1);
    happened[0] = '\0';
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char one[64];
        size_t length = strlen(happened);
        play_word(play, word);
        print_actions(&play->actions, one, sizeof one);
        snprintf(happened + length, room - length, "%s%s", length ? " " : "", one);
    }
}

static const struct {
    int given;
    const char *when;
    enum job_read_state state;
    enum job_read_unit unit;
    uint16_t error;
    const char *expect;
} stories[] = {
    /* Nothing interferes. */
    {PLAIN, "C", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf"},
    {PLAIN, "C C", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf -"},
    {PLAIN, "C b1 p1 a1 e1 k", JOB_READ_CLOSED, UNIT_IDLE, ERROR_NONE, "SG1tf t rt p1St SF1t hZ"},
    {PLAIN, "C p1 e1 C", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE, "SG1tf rt SF1t -"},
    {PLAIN, "C p1 p1 a1 p1 a1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf rt rt p1St - -"},
    {PLAIN, "C a1 p1 A1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf - rt -"},
    {TWO_PAGES, "C p1 p2 f2", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE, "SG1+2tf rt rt SF2t"},
    {TWO_PAGES | FLATBED, "C p1 f1 q13 m1 t1 p2 f2", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE,
     "SG1+2tf rt SNt t M1t DSG2+1trtf rt SF2t"},
    {TWO_PAGES, "C p1 e1", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE, "SG1+2tf rt SF1t"},

    /* The device fails. */
    {PLAIN, "C e0", JOB_READ_STOPPED, UNIT_IDLE, ERROR_MEDIA_EMPTY, "SG1tf SNt"},
    {PLAIN, "C p1 j2 q1 m1 t1 p2 e2", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE,
     "SG1tf rt SNt t M1t DSG2trtf rt SF2t"},
    {EAGER, "C p1 j2 q1", JOB_READ_ANSWERED, UNIT_IDLE, ERROR_MEDIA_JAM, "SG1tf rt SNt M1t"},
    {PLAIN, "C p1 j2 q1 m2,2", JOB_READ_ASKED, UNIT_IDLE, ERROR_MEDIA_JAM, "SG1tf rt SNt t !"},
    {PLAIN, "C p1 j2 q1 m2,1 t2,1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt SNt t M2t X1DSG1trtf"},
    {PLAIN, "C p1 a1 j2 q1 m6 t6 y1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt p1St SNt t M6t X1DSG1trtf -"},
    {PLAIN, "C p1 j2 q1 m4 t4", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf rt SNt t M4t DSG3trtf"},
    {PLAIN, "C p1 j2 q1 m5 t5", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE, "SG1tf rt SNt t M5t DSF1trtf"},
    {PLAIN, "C p1 j2 q1 m7 k", JOB_READ_CLOSED, UNIT_IDLE, ERROR_MEDIA_JAM, "SG1tf rt SNt t M7t hZ"},
    {PLAIN, "C p1 j2 q1 M1 m9", JOB_READ_ASKED, UNIT_IDLE, ERROR_MEDIA_JAM, "SG1tf rt SNt t ! !"},
    {PLAIN, "C p1 j2 q1 Q1 m1 m1 Q1", JOB_READ_ANSWERED, UNIT_IDLE, ERROR_MEDIA_JAM,
     "SG1tf rt SNt t - M1t ! -"},
    {PLAIN, "C p1 j2 q1 m1 R q1 m1 t1 T1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt SNt t M1t R t M1t DSG2trtf -"},
    {PLAIN, "C p1 j2 q1 m1 t1 Q1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt SNt t M1t DSG2trtf -"},

    /* A unit that speaks of pages that no job can have. */
    {PLAIN, "C p0 p0 x1", JOB_READ_STOPPED, UNIT_IDLE, ERROR_UNIT_DIED, "SG1tf K - SNt"},
    {PLAIN, "C p1 p60001 L U q32 t1 x2", JOB_READ_STOPPED, UNIT_IDLE, ERROR_UNIT_DIED,
     "SG1tf rt K ht DSNt M1t DSrtf SNt"},
    {PLAIN, "C p1 e60001", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE, "SG1tf rt SF1t"},

    /* The link is lost: the unit goes on. */
    {PLAIN, "C p1 L p2 U q32 t1 p3 e3", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE,
     "SG1tf rt ht rt DSNt M1t DSrtf rt SF3t"},
    {PLAIN, "C p1 L o1 U q32 t1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf rt ht - DSNt M1t DSrtf"},
    {PLAIN, "C p1 L e1 U q32 t1", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE,
     "SG1tf rt ht SF1t DSNt M1t DSF1trtf"},
    {PLAIN, "C L j1 U q1 m1 t1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf ht SNt DSNt t M1t DSG1trtf"},
    {PLAIN, "C L R U L U", JOB_READ_STOPPED, UNIT_RUNNING, ERROR_LINK_LOST, "SG1tf ht ! DSNt ht DSNt"},
    {PLAIN, "C p1 L u R k", JOB_READ_CLOSED, UNIT_STOPPING, ERROR_NOT_FOUND, "SG1tf rt ht t ! hK"},
    {ASKING, "C p1 L U q32 m5 t5 x2", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE,
     "SG1tf rt ht DSNt t M5t K DSF1trtf"},

    /* The device fails while a restart is on its way: that one does not cover it. */
    {PLAIN, "C p1 L U q32 j2 t1 q1 m1 t1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt ht DSNt M1t SNt DSNtf t M1t DSG2trtf"},

    /* A restart while the unit runs: it stops first. */
    {ASKING, "C p1 b2 L U q32 m6 t6 x2", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt t ht DSNt t M6t K X1DSG1trtf"},
    {ASKING, "C p1 L U q32 m6 t6 e1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt ht DSNt t M6t K X1DSG1trtf"},
    {ASKING, "C p1 L U q32 m6 t6 L x2", JOB_READ_STOPPED, UNIT_RUNNING, ERROR_LINK_LOST,
     "SG1tf rt ht DSNt t M6t K h X1DSG1trtSNt"},
    {ASKING, "C p1 L U q32 m6 t6 L U x2", JOB_READ_STOPPED, UNIT_RUNNING, ERROR_LINK_LOST,
     "SG1tf rt ht DSNt t M6t K h - X1DSG1trtSNt"},
    {ASKING, "C p1 L U q32 m6 t6 T6 k x2", JOB_READ_CLOSED, UNIT_IDLE, ERROR_LINK_LOST,
     "SG1tf rt ht DSNt t M6t K - h Z"},

    /* A disk is full: ours, then the server's. */
    {PLAIN, "C p1 P S q33 t1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf rt Nt - M1t DcSrtf"},
    {PLAIN, "C p1 P q33 S t1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf rt Nt t M1t DcSrtf"},
    {PLAIN, "C p1 P P", JOB_READ_STOPPED, UNIT_PAUSED, ERROR_SPOOL_FULL, "SG1tf rt Nt -"},
    {PLAIN, "C p1 P a1 x2", JOB_READ_STOPPED, UNIT_IDLE, ERROR_UNIT_DIED, "SG1tf rt Nt p1St SNt"},
    {ASKING, "C p1 P q33 m6 t6 x2", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt Nt t M6t K X1DSG1trtf"},
    {PLAIN, "C p1 H q33 t1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf rt ht M1t DSrtf"},
    {PLAIN, "C j1 H", JOB_READ_STOPPED, UNIT_IDLE, ERROR_MEDIA_JAM, "SG1tf SNt ht"},

    /* A page that was read is lost: a hole, and somebody has to find its sheet. */
    {PLAIN, "C p1 p2 p3 e3 d2 q16 m1 t1 p2 f2", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE,
     "SG1tf rt rt rt SF3t hSNt t M1t DSG2+1trtf rt SF3t"},
    {PLAIN, "C p1 a1 d1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf rt p1St -"},
    {PLAIN, "C p1 p2 a1 L z1 U q32", JOB_READ_ASKED, UNIT_RUNNING, ERROR_LINK_LOST,
     "SG1tf rt rt p1St ht - DSNt t"},
    {PLAIN, "C p1 a1 p2 L z1 U q32 m1 t1 e2", JOB_READ_STOPPED, UNIT_IDLE, ERROR_MEDIA_NEEDED,
     "SG1tf rt p1St rt ht - DSNt t M1t DSrtf SNt"},

    /* clientd crashes. */
    {PLAIN, "C p1 b2 Y2 U q15 m1 t1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE,
     "SG1tf rt t - DSNt t M1t DSG2trtf"},
    {PLAIN, "C p1 Y0 U q15 t1", JOB_READ_FLOWING, UNIT_RUNNING, ERROR_NONE, "SG1tf rt - DSNt M1t DSG2trtf"},
    {PLAIN, "C b1 p1 b2 Y0 U q15", JOB_READ_ASKED, UNIT_IDLE, ERROR_CLIENT_RESTARTED,
     "SG1tf t rt t - DSNt t"},
    {PLAIN, "C p1 e1 Y0 U q32 t1", JOB_READ_FLOWING, UNIT_IDLE, ERROR_NONE,
     "SG1tf rt SF1t - DSNt M1t DSF1trtf"},
    {PLAIN, "C p1 j2 Y0 L U q1", JOB_READ_ASKED, UNIT_IDLE, ERROR_MEDIA_JAM, "SG1tf rt SNt - ht DSNt t"},
};

START_TEST(story_goes)
{
    struct play play;
    char happened[512];
    play_start(&play, stories[_i].given);
    play_story(&play, stories[_i].when, happened, sizeof happened);
    ck_assert_msg(strcmp(happened, stories[_i].expect) == 0, "%s: %s, not %s", stories[_i].when, happened,
                  stories[_i].expect);
    ck_assert_msg(play.job.state == stories[_i].state, "%s: %s", stories[_i].when,
                  job_read_state_name(play.job.state));
    ck_assert_msg(play.job.unit == stories[_i].unit, "%s: unit %d", stories[_i].when, play.job.unit);
    ck_assert_msg(play.job.error == stories[_i].error, "%s: %s", stories[_i].when,
                  error_find(play.job.error)->keyword);
    play_end(&play);
}
END_TEST

/* ---- Every state and every event ----------------------------------------------------------------------- */

static const struct {
    int given;
    const char *when; /* leads to it */
    enum job_read_state state;
    const char *ignored; /* words without any action and without a change of state */
    const char *refused;
} places[] = {
    {PLAIN, "C p1", JOB_READ_FLOWING, "C T1", "m1 R"},
    {PLAIN, "C p1 j2", JOB_READ_STOPPED, "C P T1", "m1"},
    {PLAIN, "C p1 j2 q1", JOB_READ_ASKED, "C P Q1 T1", "M1 m9 m2,9"},
    {PLAIN, "C p1 j2 q1 m1", JOB_READ_ANSWERED, "C P Q1 T1", "m1 M1"},
    {ASKING, "C p1 L U q32 m6 t6", JOB_READ_RESTARTING, "C P S U u d1 H q1 Q1 t1 T6", "m1 R"},
    {PLAIN, "C p1 k x1", JOB_READ_CLOSED, "C b1 p2 P S L U u a1 A1 d1 H q1 t1 T1 k", "m1 R"},
    {PLAIN, "C p1 P", JOB_READ_STOPPED, "C P S T1", "m1"},
    {ASKING, "C p1 P q33", JOB_READ_ASKED, "C P Q1 T1", "M1"},
    {PLAIN, "C p1 L", JOB_READ_STOPPED, "C T1", "m1 R"},
    {PLAIN, "C p1 L u", JOB_READ_STOPPED, "C T1", "m1 R"},
};

#define PLACES ((int)(sizeof places / sizeof places[0]))

static void answers_alone(int place, const char *list, const char *expect)
{
    char text[64], happened[512], *rest = NULL;
    snprintf(text, sizeof text, "%s", list);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        struct play play;
        play_start(&play, places[place].given);
        play_story(&play, places[place].when, happened, sizeof happened);
        ck_assert_int_eq(play.job.state, places[place].state);
        play_word(&play, word);
        print_actions(&play.actions, happened, sizeof happened);
        ck_assert_msg(strcmp(happened, expect) == 0, "%s, then %s: %s", places[place].when, word, happened);
        ck_assert_msg(play.job.state == places[place].state, "%s, then %s: now %s", places[place].when, word,
                      job_read_state_name(play.job.state));
        play_end(&play);
    }
}

START_TEST(what_is_impossible_is_ignored_or_refused)
{
    answers_alone(_i, places[_i].ignored, "-");
    answers_alone(_i, places[_i].refused, "!");
}
END_TEST

static int find(const struct job_read_actions *actions, enum job_read_action_type type)
{
    for (unsigned i = 0; i < actions->count; i++)
        if (actions->items[i].type == type)
            return (int)i;
    return -1;
}

/* True of the actions of any event: nothing is said or started before it is durable. */
static void check_order(const struct play *play, const char *story)
{
    const struct job_read_actions *actions = &play->actions;
    int save = find(actions, ACTION_SAVE), start = find(actions, ACTION_START_UNIT);
    int finished = find(actions, ACTION_SEND_FINISHED), forget = find(actions, ACTION_FORGET);
    int dropped = find(actions, ACTION_DROP_PAGE), taken = find(actions, ACTION_DROP_STORED);
    int given_up = find(actions, ACTION_DROP_FROM), notice = find(actions, ACTION_SEND_NOTICE);
    ck_assert_msg(start < 0 || (save >= 0 && save < start), "%s: started before it was saved", story);
    ck_assert_msg(finished < 0 || (save >= 0 && save < finished), "%s: said before it was saved", story);
    ck_assert_msg(notice < 0 || save < notice, "%s: noticed before it was saved", story);
    ck_assert_msg(dropped < 0 || dropped < save, "%s: no room was made before the save", story);
    ck_assert_msg(taken < 0 || taken < save, "%s: no room was made before the save", story);
    ck_assert_msg(given_up < 0 || given_up < taken, "%s: given up behind what is stored", story);
    ck_assert_msg(forget < 0 || forget + 1 == (int)actions->count, "%s: more after the end", story);
    ck_assert_msg(find(actions, ACTION_STOP_UNIT) < 0 || play->job.unit == UNIT_STOPPING,
                  "%s: stopped without waiting", story);
    ck_assert_msg(start < 0 || play->job.unit == UNIT_RUNNING, "%s: started but not running", story);
}

/* Any two events after each other in any place: the order holds, and a closed job stays closed. */
START_TEST(order_holds_whatever_comes)
{
    size_t count = sizeof words / sizeof words[0];
    for (size_t pair = 0; pair < count * count; pair++) {
        char story[160], first[8], second[8], happened[512];
        struct play play;
        snprintf(first, sizeof first, "%c1", words[pair / count].letter);
        snprintf(second, sizeof second, "%c2", words[pair % count].letter);
        snprintf(story, sizeof story, "%s %s %s", places[_i].when, first, second);
        play_start(&play, places[_i].given);
        play_story(&play, places[_i].when, happened, sizeof happened);
        play_word(&play, first);
        check_order(&play, story);
        play_word(&play, second);
        check_order(&play, story);
        if (places[_i].state == JOB_READ_CLOSED)
            ck_assert_int_eq(play.job.state, JOB_READ_CLOSED);
        play_end(&play);
    }
}
END_TEST

/* ---- Single facts ------------------------------------------------------------------------------------- */

static void page_after(int given, const char *when, uint32_t page, uint8_t state)
{
    struct play play;
    char happened[512];
    play_start(&play, given);
    play_story(&play, when, happened, sizeof happened);
    ck_assert_msg(ledger_get(&play.job.ledger, page).state == state, "%s: page %u is %s", when, page,
                  page_state_name(ledger_get(&play.job.ledger, page).state));
    play_end(&play);
}

START_TEST(a_sheet_is_uncertain_when_nobody_can_see_it)
{
    page_after(PLAIN, "C p1 j2", 2, PAGE_UNREAD);
    page_after(PLAIN, "C p1 v2", 2, PAGE_UNREAD);
    page_after(PLAIN, "C p1 x2", 2, PAGE_UNCERTAIN);
    page_after(PLAIN, "C p1 w2", 2, PAGE_UNCERTAIN);
    page_after(PLAIN, "C p1 x0", 2, PAGE_UNREAD);
    page_after(PLAIN, "C p1 x1", 1, PAGE_READ);
    page_after(PLAIN, "C p1 b2 Y2", 2, PAGE_UNCERTAIN);
    page_after(PLAIN, "C p1 b2 Y0", 2, PAGE_UNREAD);
    page_after(FLATBED, "C p1 x2", 2, PAGE_UNREAD);
    page_after(FLATBED, "C p1 w2", 2, PAGE_UNREAD);
    page_after(FLATBED, "C p1 b2 Y2", 2, PAGE_UNREAD);
    page_after(ASKING, "C p1 b2 L U q32 m6 t6 x2", 2, PAGE_UNREAD); /* it was stopped on purpose */
    page_after(PLAIN, "C p1 x2 q9 m1 t1", 2, PAGE_UNREAD);          /* the user has put it back */
}
END_TEST

START_TEST(the_server_is_believed)
{
    page_after(PLAIN, "C p1 L o1 U", 1, PAGE_STORED);
    page_after(PLAIN, "C p1 a1 L z1 U", 1, PAGE_UNREAD);
    page_after(PLAIN, "C p1 A1", 1, PAGE_READ);
    page_after(PLAIN, "C p1 j2 q1 o1 m1 t1", 1, PAGE_STORED);
    page_after(PLAIN, "C p1 a1 u", 1, PAGE_STORED); /* what another server says of it counts for nothing */
}
END_TEST

START_TEST(what_was_read_before_a_restart_does_not_count)
{
    struct play play;
    char happened[512];
    play_start(&play, PLAIN);
    play_story(&play, "C p1 j2 q1 m6 t6 y1 p1", happened, sizeof happened);
    ck_assert_uint_eq(play.job.round, 1);
    ck_assert_uint_eq(ledger_get(&play.job.ledger, 1).generation, 1);
    ck_assert_uint_eq(play.job.expected, 0); /* nobody says how many sheets a fresh stack has */
    play_end(&play);
}
END_TEST

START_TEST(what_is_sent_belongs_to_its_connection)
{
    struct play play;
    char happened[512];
    play_start(&play, PLAIN);
    play_story(&play, "C p1 j2", happened, sizeof happened);
    struct job_read_actions jam = play.actions;
    struct job_read_action *notice = &jam.items[find(&jam, ACTION_SEND_NOTICE)];
    struct job_read_action *save = &jam.items[find(&jam, ACTION_SAVE)];
    ck_assert(!job_read_action_is_stale(&play.job, notice));
    play_word(&play, "L");
    ck_assert(job_read_action_is_stale(&play.job, notice));
    ck_assert(!job_read_action_is_stale(&play.job, save)); /* only what is sent can be too late */
    play_word(&play, "U");
    ck_assert(job_read_action_is_stale(&play.job, notice));
    notice = &play.actions.items[find(&play.actions, ACTION_SEND_NOTICE)];
    ck_assert(!job_read_action_is_stale(&play.job, notice));
    for (int type = 0; type <= ACTION_FORGET; type++) {
        struct job_read_action old = {.type = (enum job_read_action_type)type};
        ck_assert_int_eq(job_read_action_is_stale(&play.job, &old),
                         strchr("NrkFMR", action_letters[type]) != NULL);
    }
    play_end(&play);
}
END_TEST

/* A status decided before a restart says the round of its moment, though it is sent behind the save. */
START_TEST(what_is_told_has_the_round_of_its_moment)
{
    struct play play;
    char happened[512];
    play_start(&play, PLAIN);
    play_story(&play, "C p1 j2 q1 m1", happened, sizeof happened);
    ck_assert_uint_eq(play.actions.items[0].round, 1); /* the question's */
    ck_assert_uint_eq(play.actions.items[1].round, 0);
    play_word(&play, "t1");
    int status = find(&play.actions, ACTION_SEND_STATUS);
    ck_assert_uint_eq(play.actions.items[status].round, 1);
    int start = find(&play.actions, ACTION_START_UNIT);
    ck_assert_uint_eq(play.actions.items[start].generation, 1);
    play_end(&play);
}
END_TEST

START_TEST(every_name_is_there)
{
    for (int state = 0; state < JOB_READ_STATES; state++)
        ck_assert_uint_gt(strlen(job_read_state_name((enum job_read_state)state)), 3);
    ck_assert_str_eq(job_read_state_name(JOB_READ_CLOSED), "closed");
    for (int type = 0; type < JOB_READ_EVENTS; type++)
        ck_assert_uint_gt(strlen(job_read_event_name((enum job_read_event_type)type)), 3);
    ck_assert_str_eq(job_read_event_name(EVENT_CLOSED), "closed");
    ck_assert_str_eq(job_read_event_name(EVENT_SUSPENDED), "suspended");
}
END_TEST

/* A printing job that was lost here, and comes back with a restart: what the server calls uncertain is not
 * printed before somebody has said so. */
START_TEST(what_the_server_calls_uncertain_is_not_printed)
{
    static const struct designation_policy policy = {0};
    struct job_read job;
    struct job_read_actions actions;
    struct ledger server = {.total = 3};
    ledger_set(&server, 3, PAGE_HELD, 0);
    ledger_set(&server, 2, PAGE_UNCERTAIN, 0);
    job_print_init(&job, 7, 3, 1, &policy);
    job_read_handle(&job,
                    &(struct job_read_event){.type = EVENT_RESTART_COMMANDED,
                                             .round = 1,
                                             .manner = MANNER_RESUME,
                                             .page = 1,
                                             .ledger = &server},
                    &actions);
    ck_assert_uint_eq(ledger_get(&job.ledger, 1).state, PAGE_HELD);
    ck_assert_uint_eq(ledger_get(&job.ledger, 2).state, PAGE_UNCERTAIN);
    ck_assert_uint_eq(job.error, ERROR_PRINT_UNCERTAIN);
    ck_assert_int_lt(find(&actions, ACTION_START_UNIT), 0);
    ck_assert_int_ge(find(&actions, ACTION_SEND_NOTICE), 0);
    job_read_free(&job);
    ledger_free(&server);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_job");
    TCase *tests = tcase_create("stories");
    SRunner *runner = srunner_create(suite);
    int failures;
    tcase_add_loop_test(tests, story_goes, 0, sizeof stories / sizeof stories[0]);
    tcase_add_loop_test(tests, what_is_impossible_is_ignored_or_refused, 0, PLACES);
    tcase_add_loop_test(tests, order_holds_whatever_comes, 0, PLACES);
    tcase_add_test(tests, a_sheet_is_uncertain_when_nobody_can_see_it);
    tcase_add_test(tests, the_server_is_believed);
    tcase_add_test(tests, what_was_read_before_a_restart_does_not_count);
    tcase_add_test(tests, what_is_sent_belongs_to_its_connection);
    tcase_add_test(tests, what_is_told_has_the_round_of_its_moment);
    tcase_add_test(tests, what_the_server_calls_uncertain_is_not_printed);
    tcase_add_test(tests, every_name_is_there);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
