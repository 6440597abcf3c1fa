/* A Modbus RTU server on libmodbus, unit 1 on the given port at 19200-8-N-2: holding and input registers 0xB000 to
   0xB3FF, register n holds n * 7919 mod 65536. Prints "ready" when it listens. */
#include <modbus.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>

#define START 0xB000
#define COUNT 0x400

int main(int count, char **arguments) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (count != 2) return 1;
    modbus_t *context = modbus_new_rtu(arguments[1], 19200, 'N', 8, 2);
    modbus_mapping_t *map = modbus_mapping_new_start_address(0, 0, 0, 0, START, COUNT, START, COUNT);
    if (!context || !map || modbus_set_slave(context, 1) || modbus_connect(context)) return 2;
    for (int n = 0; n < COUNT; n++) {
        map->tab_registers[n] = (uint16_t)((START + n) * 7919u);
        map->tab_input_registers[n] = map->tab_registers[n];
    }
    puts("ready");
    fflush(stdout);

    for (;;) {
        uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
        int received = modbus_receive(context, query);
        if (received > 0) modbus_reply(context, query, received, map);
    }
}
