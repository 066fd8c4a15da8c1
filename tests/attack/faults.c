/* Makes the n-th call of one system function fail, or kills the process there; counted over all processes of a run.
 *
 * FAULT_CALL: write, rename, fsync, open, fork or read. FAULT_N: which one. FAULT_ERROR: the errno, or 0 for kill -9.
 * FAULT_WITHIN: only calls about files below this folder count (for fork: all). FAULT_COUNTER: a file of 8 zero bytes.
 * FAULT_TRACE: where to say of each call that counts which program makes it, and about which file.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static long *counter;
static long number;
static int error_number;
static const char *call_name, *within, *trace;
static __thread char about[PATH_MAX]; /* the file that the call is about */

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("FAULT_COUNTER");
    call_name = getenv("FAULT_CALL");
    within = getenv("FAULT_WITHIN");
    trace = getenv("FAULT_TRACE");
    if (!file || !call_name || !within) return;
    number = atol(getenv("FAULT_N"));
    error_number = atoi(getenv("FAULT_ERROR"));
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int descriptor = real(file, O_RDWR);
    if (descriptor < 0) return;
    void *place = mmap(0, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (place != MAP_FAILED) counter = place;
}

static void say(long this) {
    char line[PATH_MAX + 300];
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    ssize_t (*real_write)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    int file = real_open(trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    int length = snprintf(line, sizeof line, "%ld %s %s\n", this, program_invocation_short_name, about);
    if (file < 0) return;
    if (real_write(file, line, length) != length) abort();
    close(file);
}

static int hit(const char *name) {
    if (!counter || strcmp(name, call_name)) return 0;
    long this = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    if (trace) say(this);
    if (this != number) return 0;
    if (!error_number) kill(getpid(), SIGKILL);
    errno = error_number;
    return 1;
}

static int is_within(const char *path) { return within && path && !strncmp(path, within, strlen(within)); }

static int about_descriptor(int descriptor) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, about, sizeof about - 1);
    about[length < 0 ? 0 : length] = 0;
    return is_within(about);
}

static int about_path(const char *name, int folder, const char *path) {
    if (!counter || strcmp(name, call_name) || !path) return 0;
    if (path[0] == '/') {
        snprintf(about, sizeof about, "%s", path);
        return is_within(path) && hit(name);
    }
    if (folder == AT_FDCWD ? !getcwd(about, sizeof about) || !is_within(about) : !about_descriptor(folder)) return 0;
    size_t length = strlen(about);
    snprintf(about + length, sizeof about - length, "/%s", path);
    return hit(name);
}

static int about_file(const char *name, int descriptor) {
    return counter && !strcmp(name, call_name) && about_descriptor(descriptor) && hit(name);
}

#define REAL(type, name) static type (*real)() = 0; if (!real) real = (type (*)())dlsym(RTLD_NEXT, #name)

ssize_t write(int f, const void *d, size_t n) { REAL(ssize_t, write); return about_file("write", f) ? -1 : real(f, d, n); }
ssize_t pwrite64(int f, const void *d, size_t n, off64_t o) {
    REAL(ssize_t, pwrite64);
    return about_file("write", f) ? -1 : real(f, d, n, o);
}
ssize_t read(int f, void *d, size_t n) { REAL(ssize_t, read); return about_file("read", f) ? -1 : real(f, d, n); }
ssize_t pread64(int f, void *d, size_t n, off64_t o) {
    REAL(ssize_t, pread64);
    return about_file("read", f) ? -1 : real(f, d, n, o);
}
int fsync(int f) { REAL(int, fsync); return about_file("fsync", f) ? -1 : real(f); }
int fdatasync(int f) { REAL(int, fdatasync); return about_file("fsync", f) ? -1 : real(f); }
int rename(const char *a, const char *b) { REAL(int, rename); return about_path("rename", AT_FDCWD, b) ? -1 : real(a, b); }
int renameat(int x, const char *a, int y, const char *b) {
    REAL(int, renameat);
    return about_path("rename", y, b) ? -1 : real(x, a, y, b);
}
pid_t fork(void) { REAL(pid_t, fork); about[0] = 0; return hit("fork") ? -1 : real(); }
pid_t vfork(void) { return fork(); } /* what Python starts programs with; a wrapper of it could not return twice */

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *p, int flags, ...) { MODE(flags) REAL(int, open); return about_path("open", AT_FDCWD, p) ? -1 : real(p, flags, mode); }
int open64(const char *p, int flags, ...) { MODE(flags) REAL(int, open64); return about_path("open", AT_FDCWD, p) ? -1 : real(p, flags, mode); }
int openat(int d, const char *p, int flags, ...) { MODE(flags) REAL(int, openat); return about_path("open", d, p) ? -1 : real(d, p, flags, mode); }
int openat64(int d, const char *p, int flags, ...) { MODE(flags) REAL(int, openat64); return about_path("open", d, p) ? -1 : real(d, p, flags, mode); }
