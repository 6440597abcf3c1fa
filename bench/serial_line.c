/* serial_line BAUD TURNAROUND_US [WATCHED]: a pseudo terminal with 247 meters behind it, as slow as a real line.

   Prints the terminal's name. A request is heard when its last character would have gone over the wire, the answer
   begins after the turnaround and comes at the speed of the line, 16 characters at a time as a UART hands them over
   (the last ones when they are complete). A character has 11 bits. Register a of unit u holds a * 7919 + u * 31.
   Requests are function 03 only; what is no whole frame is dropped.

   Each line on the standard input may name a unit, which then falls silent or speaks again, and is answered with what
   was seen since the line before: requests; answers to reads that begin at register WATCHED; the shortest silence
   before a request in microseconds (since the end of what was last on the wire; -1: none); and how late, at worst, this
   program itself was with a last character, in microseconds. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define BITS_A_CHARACTER 11
#define FIFO 16
#define REQUEST 8
#define MOST_REGISTERS 125

typedef int64_t nanoseconds;

static nanoseconds character;
static nanoseconds line_free_at; /* the end of the last answer on the wire */
static long requests, watched_answers, shortest_us = -1, latest_us;
static int watched = -1;
static uint8_t is_silent[256];

static nanoseconds now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void wait_until(nanoseconds moment) {
    struct timespec time = {.tv_sec = moment / 1000000000LL, .tv_nsec = moment % 1000000000LL};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {}
}

static uint16_t check(const uint8_t *bytes, int count) {
    uint16_t crc = 0xFFFF;
    for (int n = 0; n < count; n++) {
        crc ^= bytes[n];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
    }
    return crc;
}

static void note_silence(nanoseconds came) {
    long silence_us = (came - line_free_at) / 1000;
    if (line_free_at && (shortest_us < 0 || silence_us < shortest_us)) shortest_us = silence_us;
}

static int answer_to(const uint8_t *request, uint8_t *answer) {
    unsigned address = request[2] << 8 | request[3], count = request[4] << 8 | request[5];
    if (request[1] != 3 || count < 1 || count > MOST_REGISTERS) return 0;
    answer[0] = request[0];
    answer[1] = 3;
    answer[2] = 2 * count;
    for (unsigned n = 0; n < count; n++) {
        uint16_t word = (address + n) * 7919 + request[0] * 31;
        answer[3 + 2 * n] = word >> 8;
        answer[4 + 2 * n] = word & 0xFF;
    }
    int length = 3 + 2 * count;
    uint16_t crc = check(answer, length);
    answer[length] = crc & 0xFF;
    answer[length + 1] = crc >> 8;
    return length + 2;
}

static void send_paced(int line, const uint8_t *bytes, int length, nanoseconds begin) {
    for (int sent = 0; sent < length;) {
        int count = length - sent < FIFO ? length - sent : FIFO;
        wait_until(begin + (sent + count) * character);
        if (write(line, bytes + sent, count) != count) exit(4);
        sent += count;
    }
    line_free_at = begin + length * character;
    long late_us = (now() - line_free_at) / 1000;
    if (late_us > latest_us) latest_us = late_us;
}

static int report(void) {
    char asked[16];
    int count = read(STDIN_FILENO, asked, sizeof asked - 1);
    if (count <= 0) return 0;
    asked[count] = 0;
    int unit = atoi(asked) & 0xFF;
    if (unit) is_silent[unit] = !is_silent[unit];
    printf("%ld %ld %ld %ld\n", requests, watched_answers, shortest_us, latest_us);
    fflush(stdout);
    requests = watched_answers = latest_us = 0;
    shortest_us = -1;
    return 1;
}

static int open_line(void) {
    int line = posix_openpt(O_RDWR | O_NOCTTY);
    if (line < 0 || grantpt(line) || unlockpt(line)) exit(2);
    int keeper = open(ptsname(line), O_RDWR | O_NOCTTY); /* kept open, so that the other side may come and go */
    struct termios settings;
    tcgetattr(keeper, &settings);
    cfmakeraw(&settings);
    tcsetattr(keeper, TCSANOW, &settings);
    printf("%s\n", ptsname(line));
    fflush(stdout);
    return line;
}

int main(int argc, char **argv) {
    if (argc < 3) return 1;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1);
    struct sched_param urgent = {.sched_priority = 10};
    if (sched_setscheduler(0, SCHED_FIFO, &urgent)) setpriority(PRIO_PROCESS, 0, -20); /* a wire waits for nobody */
    character = BITS_A_CHARACTER * 1000000000LL / atoi(argv[1]);
    nanoseconds turnaround = atol(argv[2]) * 1000LL;
    if (argc > 3) watched = atoi(argv[3]);

    uint8_t request[REQUEST], answer[256];
    int held = 0, line = open_line();
    nanoseconds came = 0;
    struct pollfd waiting[] = {{.fd = line, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        if (poll(waiting, 2, -1) < 0 && errno != EINTR) return 3;
        if (waiting[1].revents && !report()) return 0;
        if (!(waiting[0].revents & POLLIN)) continue;
        if (!held) came = now();
        int got = read(line, request + held, REQUEST - held);
        if (got <= 0) continue;
        held += got;
        if (held < REQUEST) continue;
        held = 0;
        uint16_t crc = check(request, REQUEST - 2);
        if (request[6] != (crc & 0xFF) || request[7] != crc >> 8) continue;
        requests++;
        note_silence(came);
        int length = is_silent[request[0]] ? 0 : answer_to(request, answer);
        if (length) {
            send_paced(line, answer, length, came + REQUEST * character + turnaround);
            watched_answers += (request[2] << 8 | request[3]) == watched;
        } else {
            line_free_at = came + REQUEST * character;
        }
    }
}
