/* Preloaded into a process: every fsync and fdatasync takes as long as STALL_MS says, as on a worn-out card. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void stall(void) {
    const char *ms = getenv("STALL_MS");
    if (ms) usleep((useconds_t)atoi(ms) * 1000);
}

int fsync(int fd) {
    stall();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
    stall();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
