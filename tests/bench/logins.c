/* Times PAM logins one after the other in one process: pam_start, pam_authenticate, pam_end.
 *
 * usage: logins CONFDIR SERVICE < LINES
 * Each line is `USER CODE TIME`: whoever asks for the time during that login is told TIME, or the truth where it
 * is 0. So one user can log in many times with a fresh code each, and no module has its protection against replay
 * switched off. Prints the median and the 95th percentile in microseconds. Every login must succeed, or be refused
 * where the code is written as `!CODE`. Behind the first one, none may leave an open file or a thread.
 *
 * Built with -rdynamic: the clock functions below stand before libc's, also for the modules.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MOST 100000

static time_t told; /* 0: the truth */

int clock_gettime(clockid_t clock, struct timespec *result)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, result);
    if (!failed && told && clock == CLOCK_REALTIME)
        result->tv_sec = told;
    return failed;
}

time_t time(time_t *result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    result->tv_sec = now.tv_sec;
    result->tv_usec = now.tv_nsec / 1000;
    return 0;
}

/* Answers every prompt with the code. */
static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *code)
{
    struct pam_response *replies = calloc((size_t)count, sizeof *replies);
    if (!replies)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++)
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF || messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
            replies[i].resp = strdup(code);
    *responses = replies;
    return PAM_SUCCESS;
}

/* Nobody waits behind a refusal. */
static void go_on(int status, unsigned delay, void *data)
{
    (void)status, (void)delay, (void)data;
}

/* How many entries a folder has: open files, threads. */
static int entries(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return -1;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static long microseconds(void)
{
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static int ascending(const void *left, const void *right)
{
    long a = *(const long *)left, b = *(const long *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    static long took[MOST];
    size_t count = 0;
    char user[64], code[16];
    long when;
    int files = 0, threads = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: logins CONFDIR SERVICE < LINES\n");
        return 64;
    }
    while (count < MOST && scanf("%63s %15s %ld", user, code, &when) == 3) {
        int refused = code[0] == '!';
        struct pam_conv conversation = { converse, code + refused };
        pam_handle_t *handle = NULL;
        long start = microseconds();
        told = when;
        int result = pam_start_confdir(argv[2], user, &conversation, argv[1], &handle);
        if (result == PAM_SUCCESS)
            result = pam_set_item(handle, PAM_FAIL_DELAY, (const void *)go_on);
        if (result == PAM_SUCCESS)
            result = pam_authenticate(handle, 0);
        pam_end(handle, result);
        told = 0;
        took[count++] = microseconds() - start;
        if ((result != PAM_SUCCESS) != refused) {
            fprintf(stderr, "logins: %s: login %zu of %s: PAM answers %d\n", argv[2], count, user, result);
            return 1;
        }
        if (count == 1) {
            files = entries("/proc/self/fd");
            threads = entries("/proc/self/task");
        }
    }
    if (files != entries("/proc/self/fd") || threads != entries("/proc/self/task")) {
        fprintf(stderr, "logins: %d files and %d threads became %d and %d\n", files, threads, entries("/proc/self/fd"),
                entries("/proc/self/task"));
        return 1;
    }
    if (count == 0) {
        fprintf(stderr, "logins: no lines\n");
        return 65;
    }
    qsort(took, count, sizeof *took, ascending);
    printf("%ld %ld\n", took[count / 2], took[count * 95 / 100]);
    return 0;
}
