/* Time that passes when a test says so, for every process that this is preloaded into (see hour.rs). The file named by
   EARPIECE_TEST_CLOCK has three numbers of 64 bits, in nanoseconds: what the monotonic clock and the clock on the wall
   said at the beginning, and how much has passed since. Whoever waits in epoll_wait wakes when as much has passed there. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *numbers;
/* How much had passed when this thread looked at the clock last: what it then waits for is counted from there. */
static __thread int64_t seen;

__attribute__((constructor)) static void open_clock(void) {
    const char *path = getenv("EARPIECE_TEST_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, 3 * sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) numbers = page;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int monotonic = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME;
    int wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (!numbers || !(monotonic || wall)) return syscall(SYS_clock_gettime, clock, time);
    seen = numbers[2];
    int64_t now = numbers[monotonic ? 0 : 1] + seen;
    time->tv_sec = now / 1000000000;
    time->tv_nsec = now % 1000000000;
    return 0;
}

/* The kernel knows nothing of this time, so it is looked at every tenth of a millisecond. */
int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout) {
    if (!numbers || timeout <= 0)
        return syscall(SYS_epoll_pwait, epoll, events, most, timeout, NULL, sizeof(int64_t));
    int64_t until = seen + (int64_t)timeout * 1000000;
    struct timespec glance = {0, 100000};
    for (;;) {
        int ready = syscall(SYS_epoll_pwait2, epoll, events, most, &glance, NULL, sizeof(int64_t));
        if (ready != 0) return ready;
        if (numbers[2] >= until) return 0;
    }
}
