/* Preloaded into a process: its card fails as the file CARD_FAULT says, by "errno" and "milliseconds" of a sync.
 * With an errno every write to a file, and every making of one, fails with it; 0 0 is a card without a fault. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static int fault(int *stall_ms) {
    const char *path = getenv("CARD_FAULT");
    char text[32] = "";
    int number = 0;
    int fd = path ? REAL(int, "open", const char *, int, ...)(path, O_RDONLY) : -1;
    *stall_ms = 0;
    if (fd < 0) return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length > 0) sscanf(text, "%d %d", &number, stall_ms);
    return number;
}

static int refused(int fd) {
    struct stat found;
    int stall_ms, number = fault(&stall_ms);
    if (!number || fstat(fd, &found) || !S_ISREG(found.st_mode)) return 0;
    errno = number;
    return 1;
}

static void stall(void) {
    int stall_ms;
    fault(&stall_ms);
    usleep((useconds_t)stall_ms * 1000);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    return refused(fd) ? -1 : REAL(ssize_t, "write", int, const void *, size_t)(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return refused(fd) ? -1 : REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    return refused(fd) ? -1 : REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(fd, bytes, count, at);
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    int stall_ms, number = flags & O_CREAT ? fault(&stall_ms) : 0;
    if (number && access(path, F_OK)) {
        errno = number;
        return -1;
    }
    return REAL(int, name, const char *, int, ...)(path, flags, mode);
}

static mode_t mode_of(int flags, va_list more) { return flags & O_CREAT ? va_arg(more, mode_t) : 0; }

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return opened("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return opened("open64", path, flags, mode);
}

int fsync(int fd) {
    stall();
    return REAL(int, "fsync", int)(fd);
}

int fdatasync(int fd) {
    stall();
    return REAL(int, "fdatasync", int)(fd);
}
