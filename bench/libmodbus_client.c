/* client PORT CONNECTIONS SECONDS: reads 100 holding registers over and over, one thread per connection.
   Prints how often all of them did it together. */
#include <modbus.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT 100
#define MOST_CONNECTIONS 200

static int port;
static atomic_int is_over;
static atomic_long answers;
static pthread_barrier_t all_connected;

static void *read_over_and_over(void *unused) {
    uint16_t registers[COUNT];
    long answered = 0;
    modbus_t *context = modbus_new_tcp("127.0.0.1", port);
    if (modbus_connect(context) == -1) exit(3);
    pthread_barrier_wait(&all_connected);
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        if (modbus_read_registers(context, 0, COUNT, registers) != COUNT || registers[COUNT - 1] != (COUNT - 1) * 7) exit(4);
        answered++;
    }
    atomic_fetch_add(&answers, answered);
    modbus_close(context);
    modbus_free(context);
    return unused;
}

int main(int argc, char **argv) {
    if (argc != 4) return 1;
    port = atoi(argv[1]);
    int connections = atoi(argv[2]);
    if (connections < 1 || connections > MOST_CONNECTIONS) return 2;
    pthread_t threads[MOST_CONNECTIONS];
    pthread_barrier_init(&all_connected, NULL, connections + 1);
    for (int n = 0; n < connections; n++) pthread_create(&threads[n], NULL, read_over_and_over, NULL);
    pthread_barrier_wait(&all_connected);
    usleep((useconds_t)(atof(argv[3]) * 1e6));
    is_over = 1;
    for (int n = 0; n < connections; n++) pthread_join(threads[n], NULL);
    printf("%ld\n", answers);
}
