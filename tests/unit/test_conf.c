/* base/conf: defaults, every kind of value at its limits, files good and hostile, and what the messages say.
 */
#include "config.h"

#include "base/conf.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct device {
    char *name;
    char *uri;
    int64_t copies;
};

struct options {
    char *title;
    char *unset;
    int64_t count, size, wait_ms;
    bool loud;
    int color;
    struct device *devices;
    size_t device_count;
};

#define AT(member) offsetof(struct options, member)

static const struct conf_setting settings[] = {
    {"main", "title", CONF_TEXT, AT(title), 0, 0, NULL, "none", "A title.", 'o'},
    {"main", "unset", CONF_TEXT, AT(unset), 0, 0, NULL, NULL, "Nothing.", 0},
    {"main", "count", CONF_NUMBER, AT(count), -5, 10, NULL, "3", "How many.", 0},
    {"limits", "size", CONF_SIZE, AT(size), 1024, INT64_C(2) << 30, NULL, "64K", "How large.", 0},
    {"limits", "wait", CONF_DURATION, AT(wait_ms), 0, 3600000, NULL, "15s", "How long.", 0},
    {"main", "loud", CONF_BOOL, AT(loud), 0, 0, NULL, "yes", "Whether.", 0},
    {"main", "color", CONF_WORD, AT(color), 0, 0, "red|green|blue", "green", "Which.", 0},
    {0},
};

static const struct conf_setting device_settings[] = {
    {NULL, "uri", CONF_TEXT, offsetof(struct device, uri), 0, 0, NULL, NULL, "Where.", 0},
    {NULL, "copies", CONF_NUMBER, offsetof(struct device, copies), 1, 99, NULL, "1", "How many.", 0},
    {0},
};

static const struct conf_named_section named[] = {
    {"device", device_settings, sizeof(struct device), offsetof(struct device, name), AT(devices),
     AT(device_count)},
    {0},
};

static const struct conf_table table = {settings, named};

static struct options options;
static struct conf_error error;
static char folder[64], path[100];

static void set_up(void)
{
    strcpy(folder, "/tmp/test-conf-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.conf", folder);
    memset(&options, 0xee, sizeof options); /* defaults reach every member */
    ck_assert_int_eq(conf_defaults(&table, &options, &error), 0);
}

static void tear_down(void)
{
    static const struct options nothing;

    conf_free(&table, &options);
    ck_assert_ptr_null(options.title);
    ck_assert_ptr_null(options.devices);
    ck_assert_uint_eq(options.device_count, 0);
    ck_assert_int_eq(options.count, nothing.count);
    conf_free(&table, &options);
    unlink(path);
    rmdir(folder);
}

static int read_bytes(const char *bytes, size_t length)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    error.text[0] = '\0';
    return conf_read_file(&table, &options, path, &error);
}

/* The message behind the folder and '/'. */
static void ck_message(const char *expected)
{
    ck_assert_uint_gt(strlen(error.text), strlen(folder));
    ck_assert_str_eq(error.text + strlen(folder) + 1, expected);
}

START_TEST(defaults)
{
    ck_assert_str_eq(options.title, "none");
    ck_assert_ptr_null(options.unset);
    ck_assert_int_eq(options.count, 3);
    ck_assert_int_eq(options.size, 65536);
    ck_assert_int_eq(options.wait_ms, 15000);
    ck_assert(options.loud);
    ck_assert_int_eq(options.color, 1);
    ck_assert_ptr_null(options.devices);
    ck_assert_uint_eq(options.device_count, 0);
}
END_TEST

START_TEST(wrong_default_is_reported)
{
    static const struct conf_setting wrong[] = {
        {"main", "count", CONF_NUMBER, AT(count), 0, 10, NULL, "11", "", 0},
        {0},
    };
    static const struct conf_table wrong_table = {wrong, NULL};
    struct options other;

    ck_assert_int_eq(conf_defaults(&wrong_table, &other, &error), -EINVAL);
    ck_assert_str_eq(error.text, "the default '11' of count is not valid: expected a number, from 0 to 10");
}
END_TEST

START_TEST(good_file)
{
    static const char text[] = "\xef\xbb\xbf; comment\r\n"
                               "[main] # comment\r\n"
                               "\ttitle =  a = b: c  ; comment\n"
                               "count:-5\n"
                               "\n"
                               "   loud = OFF\n"
                               "[device  front desk]\n"
                               "uri = ipp://[::1]:631/x;y\n"
                               "[ limits ]\n"
                               "size = 2G\n"
                               "wait = 1h\n"
                               "[device empty]\n"
                               "[device front desk]\n"
                               "copies = 2\n"
                               "[main]\n"
                               "color = blue\n"
                               "color = red";

    ck_assert_msg(read_bytes(text, sizeof text - 1) == 0, "%s", error.text);
    ck_assert_str_eq(options.title, "a = b: c");
    ck_assert_int_eq(options.count, -5);
    ck_assert(!options.loud);
    ck_assert_int_eq(options.color, 0);
    ck_assert_int_eq(options.size, INT64_C(2) << 30);
    ck_assert_int_eq(options.wait_ms, 3600000);
    ck_assert_uint_eq(options.device_count, 2);
    ck_assert_str_eq(options.devices[0].name, "front desk");
    ck_assert_str_eq(options.devices[0].uri, "ipp://[::1]:631/x;y");
    ck_assert_int_eq(options.devices[0].copies, 2);
    ck_assert_str_eq(options.devices[1].name, "empty");
    ck_assert_ptr_null(options.devices[1].uri);
    ck_assert_int_eq(options.devices[1].copies, 1);
}
END_TEST

START_TEST(empty_files)
{
    ck_assert_int_eq(read_bytes("", 0), 0);
    ck_assert_int_eq(read_bytes("\n\n", 2), 0);
    ck_assert_int_eq(conf_read_file(&table, &options, "/dev/null", &error), 0);
    ck_assert_str_eq(options.title, "none");
}
END_TEST

static const struct {
    const char *text, *message;
} bad_files[] = {
    {"[main]\n\ntitel = x\n",
     "a.conf:3: unknown setting 'titel' in [main]; known are title, unset, count, loud, color"},
    {"[man]\n", "a.conf:1: unknown section [man]; known are [main], [limits], [device NAME]"},
    {"[devices x]\n", "a.conf:1: unknown section [devices x]; known are [main], [limits], [device NAME]"},
    {"[]\n", "a.conf:1: unknown section []; known are [main], [limits], [device NAME]"},
    {"[device]\n", "a.conf:1: [device] needs a name: [device NAME]"},
    {"[device x]\ntitle = y\n", "a.conf:2: unknown setting 'title' in [device x]; known are uri, copies"},
    {"[limits]\ntitle = y\n", "a.conf:2: unknown setting 'title' in [limits]; known are size, wait"},
    {"title = y\n", "a.conf:1: a setting has to follow a [section]"},
    {"[main]\ncount = 11\n", "a.conf:2: count = '11' is not valid: expected a number, from -5 to 10"},
    {"[main]\nloud = maybe\n", "a.conf:2: loud = 'maybe' is not valid: expected yes or no"},
    {"[main]\ncolor = pink\n", "a.conf:2: color = 'pink' is not valid: expected one of red, green, blue"},
    {"[main]\ncolor = red|green\n",
     "a.conf:2: color = 'red|green' is not valid: expected one of red, green, blue"},
    {"[limits]\nsize = 1\n",
     "a.conf:2: size = '1' is not valid: expected a size such as 64K, 10M or 2G, from 1K to 2G"},
    {"[limits]\nwait = 2h\n",
     "a.conf:2: wait = '2h' is not valid: expected a duration such as 200ms, 15s, 5m or 1h, from 0 to 1h"},
    {"[main\n", "a.conf:1: a section has to end with ']'"},
    {"[main] x\n", "a.conf:1: after a section's ']' only a comment may follow"},
    {"[main]\nloud\n", "a.conf:2: expected '[section]' or 'key = value'"},
    {"[main]\nloud\ncount = 11\n", "a.conf:2: expected '[section]' or 'key = value'"},
    {"[main]\ncount = 11\nloud\n", "a.conf:2: count = '11' is not valid: expected a number, from -5 to 10"},
    {"[main]\ntitle = x\x1b[2J\n", "a.conf:2: a control character: this is not a text file"},
    {"[main]\ntitle = x\ry\n", "a.conf:2: a control character: this is not a text file"},
    {"[main]\n\xff = x\n",
     "a.conf:2: unknown setting '\\xff' in [main]; known are title, unset, count, loud, color"},
    {"[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]\n",
     "a.conf:1: a section's name has at most 63 characters"},
};

START_TEST(bad_file)
{
    ck_assert_int_eq(read_bytes(bad_files[_i].text, strlen(bad_files[_i].text)), -EINVAL);
    ck_message(bad_files[_i].message);
}
END_TEST

START_TEST(nul_bytes)
{
    ck_assert_int_eq(read_bytes("[main]\ntitle = x\0y\n", 19), -EINVAL);
    ck_message("a.conf:2: a control character: this is not a text file");
}
END_TEST

START_TEST(long_lines)
{
    char text[100000] = "[main]\ntitle = ";
    size_t head = strlen(text);
    bool refused = false;

    /* Up to inih's limit, and the first ones beyond: whole or refused, never cut. */
    for (size_t length = 100; length < 5000 && !refused; length++) {
        memset(text + head, 'x', length);
        if (read_bytes(text, head + length) == 0)
            ck_assert_uint_eq(strlen(options.title), length);
        else
            refused = true;
    }
    memset(text + head, 'x', sizeof text - head);
    ck_assert_int_eq(read_bytes(text, sizeof text), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.text, "a.conf:2: the line is longer than "));
    text[7] = ';'; /* a comment may be long */
    ck_assert_int_eq(read_bytes(text, sizeof text), 0);
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
    char other[120], *large;

    ck_assert_int_eq(conf_read_file(&table, &options, path, &error), -ENOENT);
    ck_message("a.conf cannot be read: No such file or directory");
    ck_assert_int_eq(conf_read_file(&table, &options, folder, &error), -EISDIR);
    snprintf(other, sizeof other, "%s/fifo", folder);
    ck_assert_int_eq(mkfifo(other, 0600), 0);
    ck_assert_int_eq(conf_read_file(&table, &options, other, &error), -EINVAL);
    ck_message("fifo is not a file");
    unlink(other);
    ck_assert_int_eq(conf_read_file(&table, &options, "/dev/zero", &error), -EFBIG);
    ck_assert_int_eq(conf_read_file(&table, &options, "a\nb", &error), -ENOENT);
    ck_assert_str_eq(error.text, "a\\x0ab cannot be read: No such file or directory");

    large = malloc((1 << 20) + 1);
    memset(large, '\n', (1 << 20) + 1);
    ck_assert_int_eq(read_bytes(large, 1 << 20), 0);
    ck_assert_int_eq(read_bytes(large, (1 << 20) + 1), -EFBIG);
    free(large);

    ck_assert_int_eq(read_bytes("", 0), 0);
    ck_assert_int_eq(chmod(path, 0), 0);
    if (geteuid() != 0) {
        ck_assert_int_eq(conf_read_file(&table, &options, path, &error), -EACCES);
        ck_message("a.conf cannot be read: Permission denied");
    }
}
END_TEST

static const struct {
    const char *section, *key, *value;
    bool valid;
    int64_t expected;
} values[] = {
    {"main", "count", "10", true, 10},
    {"main", "count", "-5", true, -5},
    {"main", "count", "-0", true, 0},
    {"main", "count", "-6", false, 0},
    {"main", "count", "", false, 0},
    {"main", "count", "-", false, 0},
    {"main", "count", " 1", false, 0},
    {"main", "count", "+1", false, 0},
    {"main", "count", "1 ", false, 0},
    {"main", "count", "1x", false, 0},
    {"main", "count", "0x1", false, 0},
    {"main", "count", "1.5", false, 0},
    {"main", "count", "99999999999999999999", false, 0},
    {"limits", "size", "1024", true, 1024},
    {"limits", "size", "1K", true, 1024},
    {"limits", "size", "10M", true, 10485760},
    {"limits", "size", "2G", true, INT64_C(2) << 30},
    {"limits", "size", "1k", false, 0},
    {"limits", "size", "1023", false, 0},
    {"limits", "size", "2097153K", false, 0},
    {"limits", "size", "9007199254740993K", false, 0},  /* × 1024 does not fit 64 bits */
    {"limits", "size", "18014398509481985K", false, 0}, /* wraps to 1K */
    {"limits", "size", "-1K", false, 0},
    {"limits", "wait", "0", true, 0},
    {"limits", "wait", "200ms", true, 200},
    {"limits", "wait", "15s", true, 15000},
    {"limits", "wait", "60m", true, 3600000},
    {"limits", "wait", "1h", true, 3600000},
    {"limits", "wait", "3600001ms", false, 0},
    {"limits", "wait", "15", false, 0}, /* of what? */
    {"limits", "wait", "15 s", false, 0},
    {"limits", "wait", "15S", false, 0},
    {"main", "loud", "true", true, 1},
    {"main", "loud", "No", true, 0},
    {"main", "loud", "1", false, 0},
    {"main", "loud", "", false, 0},
    {"main", "color", "red", true, 0},
    {"main", "color", "blue", true, 2},
    {"main", "color", "blu", false, 0},
    {"main", "color", "bluee", false, 0},
    {"main", "color", "", false, 0},
    {"device a", "copies", "99", true, 99},
    {"device a", "copies", "0", false, 0},
};

static int64_t value_of(const char *key)
{
    if (strcmp(key, "count") == 0)
        return options.count;
    if (strcmp(key, "size") == 0)
        return options.size;
    if (strcmp(key, "wait") == 0)
        return options.wait_ms;
    if (strcmp(key, "loud") == 0)
        return options.loud;
    if (strcmp(key, "color") == 0)
        return options.color;
    return options.device_count == 0 ? -1 : options.devices[0].copies;
}

START_TEST(value)
{
    const char *key = values[_i].key;
    int64_t before = strcmp(key, "copies") == 0 ? 1 : value_of(key);
    int result = conf_set(&table, &options, values[_i].section, key, values[_i].value, "--option", &error);

    ck_assert_msg(result == (values[_i].valid ? 0 : -EINVAL), "%s = '%s': %d", key, values[_i].value, result);
    ck_assert_int_eq(value_of(key), values[_i].valid ? values[_i].expected : before);
    if (!values[_i].valid)
        ck_assert_int_eq(strncmp(error.text, "--option: ", 10), 0);
}
END_TEST

START_TEST(units_are_mandatory_only_for_durations)
{
    ck_assert_int_eq(conf_set(&table, &options, "limits", "wait", "500", "--wait", &error), -EINVAL);
    ck_assert_str_eq(error.text, "--wait: wait = '500' is not valid: expected a duration such as 200ms, 15s, "
                                 "5m or 1h, from 0 to 1h");
    ck_assert_int_eq(conf_set(&table, &options, "limits", "size", "5000", "--size", &error), 0);
}
END_TEST

START_TEST(text_is_replaced)
{
    ck_assert_int_eq(conf_set(&table, &options, "main", "title", "one", "--title", &error), 0);
    ck_assert_int_eq(conf_set(&table, &options, "main", "title", "", "--title", &error), 0);
    ck_assert_str_eq(options.title, "");
}
END_TEST

START_TEST(many_elements)
{
    char section[32];

    for (int i = 0; i < 500; i++) {
        snprintf(section, sizeof section, "device %d", i % 250);
        ck_assert_int_eq(conf_set(&table, &options, section, "uri", section, "x", &error), 0);
    }
    ck_assert_uint_eq(options.device_count, 250);
    ck_assert_str_eq(options.devices[249].name, "249");
    ck_assert_str_eq(options.devices[249].uri, "device 249");
}
END_TEST

START_TEST(long_messages_are_cut)
{
    char where[600];

    memset(where, 'w', sizeof where);
    where[sizeof where - 1] = '\0';
    ck_assert_int_eq(conf_set(&table, &options, "x", "y", "z", where, &error), -EINVAL);
    ck_assert_uint_eq(strlen(error.text), sizeof error.text - 1);
    ck_assert_str_eq(error.text + sizeof error.text - 5, "w...");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conf");
    TCase *files = tcase_create("files"), *single = tcase_create("values");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, files);
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, defaults);
    tcase_add_test(files, wrong_default_is_reported);
    tcase_add_test(files, good_file);
    tcase_add_test(files, empty_files);
    tcase_add_loop_test(files, bad_file, 0, sizeof bad_files / sizeof bad_files[0]);
    tcase_add_test(files, nul_bytes);
    tcase_add_test(files, long_lines);
    tcase_add_test(files, files_that_cannot_be_read);
    suite_add_tcase(suite, single);
    tcase_add_checked_fixture(single, set_up, tear_down);
    tcase_add_loop_test(single, value, 0, sizeof values / sizeof values[0]);
    tcase_add_test(single, units_are_mandatory_only_for_durations);
    tcase_add_test(single, text_is_replaced);
    tcase_add_test(single, many_elements);
    tcase_add_test(single, long_messages_are_cut);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
