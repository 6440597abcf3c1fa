/* A Modbus TCP server on libmodbus: holding and input registers 0xB000 to 0xB3FF, register n holds n * 7919 mod 65536.
   Prints the port it listens on and serves one connection after the other. */
#include <arpa/inet.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#define START 0xB000
#define COUNT 0x400

int main(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &length);

    modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *map = modbus_mapping_new_start_address(0, 0, 0, 0, START, COUNT, START, COUNT);
    if (!context || !map) return 2;
    for (int n = 0; n < COUNT; n++) {
        map->tab_registers[n] = (uint16_t)((START + n) * 7919u);
        map->tab_input_registers[n] = map->tab_registers[n];
    }
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);

    for (;;) {
        if (modbus_tcp_accept(context, &listener) == -1) return 3;
        uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
        int received;
        while ((received = modbus_receive(context, query)) != -1)
            if (received > 0) modbus_reply(context, query, received, map);
        modbus_close(context);
    }
}
