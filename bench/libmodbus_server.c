/* libmodbus_server [any [WHOLE]]: a libmodbus server for many connections at once in one thread.

   Has 100 holding registers from 0, register n holds n * 7. Prints the port it listens on: of 127.0.0.1, with `any` of
   every address. Each line on the standard input is answered with two numbers since the one before: of answers, and of
   those with at least WHOLE registers. */
#include <arpa/inet.h>
#include <modbus.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT 100
#define MOST_READY 64
#define MOST_WAITING 1024

static long answers, whole_answers;
static int whole;

static void serve(modbus_t *context, modbus_mapping_t *map, int connection) {
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_set_socket(context, connection);
    int received = modbus_receive(context, query);
    if (received > 0 && modbus_reply(context, query, received, map) > 0) {
        answers++;
        if (received >= 12 && (query[10] << 8 | query[11]) >= whole) whole_answers++;
    }
    if (received == -1) close(connection);
}

static int report(void) {
    char asked[16];
    if (read(STDIN_FILENO, asked, sizeof asked) <= 0) return 0;
    printf("%ld %ld\n", answers, whole_answers);
    fflush(stdout);
    answers = whole_answers = 0;
    return 1;
}

int main(int argc, char **argv) {
    if (argc > 2) whole = atoi(argv[2]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(argc > 1 ? INADDR_ANY : INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, MOST_WAITING)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &length);

    modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *map = modbus_mapping_new(0, 0, COUNT, 0);
    int poller = epoll_create1(0);
    if (!context || !map || poller == -1) return 2;
    for (int n = 0; n < COUNT; n++) map->tab_registers[n] = (uint16_t)(n * 7);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[MOST_READY];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = STDIN_FILENO;
    epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    for (;;) {
        int count = epoll_wait(poller, ready, MOST_READY, -1);
        for (int n = 0; n < count; n++) {
            if (ready[n].data.fd == STDIN_FILENO) {
                if (!report()) return 0;
                continue;
            }
            if (ready[n].data.fd != listener) {
                serve(context, map, ready[n].data.fd);
                continue;
            }
            int on = 1;
            event.data.fd = accept(listener, NULL, NULL);
            setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            epoll_ctl(poller, EPOLL_CTL_ADD, event.data.fd, &event);
        }
    }
}
