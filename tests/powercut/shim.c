/* Writes down, in order, what a process does to the files below $POWERCUT_FOLDER, so that what a
 * disk may have kept of it can be made up afterwards. Preloaded (LD_PRELOAD); the journal goes to
 * the file $POWERCUT_JOURNAL. One record: six 64-bit numbers (kind, inode, offset, size of the
 * path, size of the data, 0), the path, the data. What is only mapped (-shm) is not seen, and is
 * not durable by design.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, UNLINK, RENAME };

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) *(void **)(&real) = dlsym(RTLD_NEXT, #name)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static const char *folder;
static int stopped;

/* From now on nothing is written down: for a child that goes its own way. */
void powercut_stop(void) { stopped = 1; }

static int ours(const char *path)
{
    if (journal < 0 && !stopped) {
        const char *name = getenv("POWERCUT_JOURNAL");
        folder = getenv("POWERCUT_FOLDER");
        if (!name || !folder) { stopped = 1; return 0; }
        journal = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    return !stopped && path && !strncmp(path, folder, strlen(folder));
}

static void note(int kind, uint64_t inode, uint64_t offset, const char *path, const void *data, uint64_t size)
{
    uint64_t head[6] = { (uint64_t)kind, inode, offset, path ? strlen(path) : 0, size, 0 };
    struct iovec parts[3] = {
        { head, sizeof head }, { (void *)path, head[3] }, { (void *)data, size },
    };
    pthread_mutex_lock(&lock);
    syscall(SYS_writev, journal, parts, 3);
    pthread_mutex_unlock(&lock);
}

/* The path of an open file below the folder, or NULL. */
static char *path_of(int fd, char *room, size_t size, struct stat *found)
{
    char link[64];
    ssize_t length;
    if (stopped || fstat(fd, found) || !(S_ISREG(found->st_mode) || S_ISDIR(found->st_mode))) return NULL;
    char *end = link + sizeof link - 1;
    *end = 0;
    do { *--end = (char)('0' + fd % 10); fd /= 10; } while (fd);
    end -= strlen("/proc/self/fd/");
    memcpy(end, "/proc/self/fd/", strlen("/proc/self/fd/"));
    length = readlink(end, room, size - 1);
    if (length < 0) return NULL;
    room[length] = 0;
    return ours(room) ? room : NULL;
}

static void wrote(int fd, const void *data, ssize_t done, off_t offset)
{
    char room[4096];
    struct stat found;
    if (done > 0 && path_of(fd, room, sizeof room, &found))
        note(WRITE, found.st_ino, (uint64_t)offset, NULL, data, (uint64_t)done);
}

static int opened(int fd, const char *path, int flags, int before)
{
    struct stat found;
    if (fd >= 0 && ours(path) && !fstat(fd, &found) && S_ISREG(found.st_mode)) {
        if (!before) note(CREATE, found.st_ino, 0, path, NULL, 0);
        else if (flags & O_TRUNC) note(TRUNCATE, found.st_ino, 0, NULL, NULL, 0);
    }
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(int, name, const char *, int, ...); \
        int before = access(path, F_OK) == 0; \
        va_list more; \
        va_start(more, flags); \
        int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0; \
        va_end(more); \
        return opened(real(path, flags, mode), path, flags, before); \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(ssize_t, write, int, const void *, size_t);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = real(fd, data, size);
    if (offset >= 0) wrote(fd, data, done, offset);
    return done;
}

#define PWRITE(name) \
    ssize_t name(int fd, const void *data, size_t size, off_t offset) \
    { \
        REAL(ssize_t, name, int, const void *, size_t, off_t); \
        ssize_t done = real(fd, data, size, offset); \
        wrote(fd, data, done, offset); \
        return done; \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define FTRUNCATE(name) \
    int name(int fd, off_t size) \
    { \
        REAL(int, name, int, off_t); \
        char room[4096]; \
        struct stat found; \
        int failed = real(fd, size); \
        if (!failed && path_of(fd, room, sizeof room, &found)) \
            note(TRUNCATE, found.st_ino, (uint64_t)size, NULL, NULL, 0); \
        return failed; \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

#define SYNCED(name) \
    int name(int fd) \
    { \
        REAL(int, name, int); \
        char room[4096]; \
        struct stat found; \
        int failed = real(fd); \
        if (!failed && path_of(fd, room, sizeof room, &found)) \
            note(S_ISDIR(found.st_mode) ? SYNC_FOLDER : SYNC, found.st_ino, 0, room, NULL, 0); \
        return failed; \
    }
SYNCED(fsync)
SYNCED(fdatasync)

int unlink(const char *path)
{
    REAL(int, unlink, const char *);
    int failed = real(path);
    if (!failed && ours(path)) note(UNLINK, 0, 0, path, NULL, 0);
    return failed;
}

int rename(const char *from, const char *to)
{
    REAL(int, rename, const char *, const char *);
    int failed = real(from, to);
    if (!failed && ours(from)) note(RENAME, 0, 0, from, to, strlen(to));
    return failed;
}
