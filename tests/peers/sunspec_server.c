/* A Modbus TCP server on libmodbus with whatever registers it is told to have. Prints "port N", then takes lines:
   "at START WORD WORD ..."  these holding registers, and no others, from now on
   "drop"                    hang up on the present client
   Each line is answered with "ok" once it is done. Serves one connection after the other. */
#include <arpa/inet.h>
#include <modbus.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MOST_LINE (1 << 19)

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static modbus_mapping_t *map;
static modbus_t *context;

static void have(char *words) {
    int start = atoi(strtok(words, " \n")), count = 0;
    uint16_t *registers = malloc(0x10000 * sizeof *registers);
    for (char *word; (word = strtok(NULL, " \n"));) registers[count++] = (uint16_t)atoi(word);
    if (map) modbus_mapping_free(map);
    map = modbus_mapping_new_start_address(0, 0, 0, 0, start, count, 0, 0);
    memcpy(map->tab_registers, registers, count * sizeof *registers);
    free(registers);
}

static void *listen_to_test(void *unused) {
    char *line = malloc(MOST_LINE);
    while (fgets(line, MOST_LINE, stdin)) {
        pthread_mutex_lock(&guard);
        if (!strncmp(line, "at ", 3)) have(line + 3);
        if (!strncmp(line, "drop", 4)) shutdown(modbus_get_socket(context), SHUT_RDWR);
        pthread_mutex_unlock(&guard);
        puts("ok");
        fflush(stdout);
    }
    exit(0);
}

int main(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &length);

    context = modbus_new_tcp("127.0.0.1", 0);
    map = modbus_mapping_new(0, 0, 0, 0);
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_t test;
    if (!context || !map || pthread_create(&test, NULL, listen_to_test, NULL)) return 2;

    for (;;) {
        if (modbus_tcp_accept(context, &listener) == -1) return 3;
        uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
        int received;
        while ((received = modbus_receive(context, query)) != -1) {
            pthread_mutex_lock(&guard);
            if (received > 0) modbus_reply(context, query, received, map);
            pthread_mutex_unlock(&guard);
        }
        modbus_close(context);
    }
}
