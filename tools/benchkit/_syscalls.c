/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a run: count the calls that change files under one folder, and at the n-th of them
 * kill the process, or fail with an error. Nothing happens before `arm_calls`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { COUNT, KILL, TEAR, FAIL_ONCE, FAIL_ON };

static char folder[PATH_MAX];
static size_t length;
static long at, seen;
static int action, error, log_file = -1;

void arm_calls(const char *path, long number, int what, int number_of_error, int log)
{
	snprintf(folder, sizeof(folder), "%s", path);
	at = number;
	action = what;
	error = number_of_error;
	log_file = log;
	seen = 0;
	length = strlen(folder);
}

static int inside(const char *path)
{
	return length && path && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static int inside_file(int file, char *path)
{
	char link[64];
	ssize_t size;

	if (!length || file < 0)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	size = readlink(link, path, PATH_MAX - 1);
	if (size <= 0)
		return 0;
	path[size] = 0;
	return inside(path);
}

/* Return whether this call has to fail; a call that has to kill does not return. */
static int hit(const char *name, const char *path)
{
	seen++;
	if (log_file >= 0)
		dprintf(log_file, "%s %s\n", name, path + (path[length] ? length + 1 : length));
	if (action == COUNT || seen < at || (seen > at && action != FAIL_ON))
		return 0;
	if (action == KILL)
		kill(getpid(), SIGKILL);
	errno = error;
	return action == FAIL_ONCE || action == FAIL_ON;
}

#define REAL(type, name, ...) \
	static type (*real)(__VA_ARGS__); \
	if (!real) \
		real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

/* Half of what is written, and then the end: what a power cut leaves of a line. */
#define TORN(call) \
	do { \
		if (action == TEAR && seen == at) { \
			size /= 2; \
			call; \
			kill(getpid(), SIGKILL); \
		} \
	} while (0)

ssize_t write(int file, const void *data, size_t size)
{
	char path[PATH_MAX];
	REAL(ssize_t, write, int, const void *, size_t);
	if (inside_file(file, path)) {
		if (hit("write", path))
			return -1;
		TORN(real(file, data, size));
	}
	return real(file, data, size);
}

#define PWRITE(name, type) \
	ssize_t name(int file, const void *data, size_t size, type place) \
	{ \
		char path[PATH_MAX]; \
		REAL(ssize_t, name, int, const void *, size_t, type); \
		if (inside_file(file, path)) { \
			if (hit(#name, path)) \
				return -1; \
			TORN(real(file, data, size, place)); \
		} \
		return real(file, data, size, place); \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define ON_FILE(name) \
	int name(int file) \
	{ \
		char path[PATH_MAX]; \
		REAL(int, name, int); \
		if (inside_file(file, path) && hit(#name, path)) \
			return -1; \
		return real(file); \
	}
ON_FILE(fsync)
ON_FILE(fdatasync)

int close(int file)
{
	char path[PATH_MAX];
	REAL(int, close, int);
	int written = length && (fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY;

	/* A close that fails has closed all the same. */
	if (written && inside_file(file, path) && hit("close", path)) {
		real(file);
		errno = error;
		return -1;
	}
	return real(file);
}

#define TRUNCATE(name, type) \
	int name(int file, type size) \
	{ \
		char path[PATH_MAX]; \
		REAL(int, name, int, type); \
		if (inside_file(file, path) && hit(#name, path)) \
			return -1; \
		return real(file, size); \
	}
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ON_PATH(name) \
	int name(const char *path) \
	{ \
		REAL(int, name, const char *); \
		if (inside(path) && hit(#name, path)) \
			return -1; \
		return real(path); \
	}
ON_PATH(unlink)

int mkdir(const char *path, mode_t mode)
{
	REAL(int, mkdir, const char *, mode_t);
	if (inside(path) && hit("mkdir", path))
		return -1;
	return real(path, mode);
}

int rename(const char *from, const char *to)
{
	REAL(int, rename, const char *, const char *);
	if (inside(to) && hit("rename", to))
		return -1;
	return real(from, to);
}

#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		va_list rest; \
		mode_t mode; \
		REAL(int, name, const char *, int, ...); \
		va_start(rest, flags); \
		mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
		va_end(rest); \
		if ((flags & O_ACCMODE) != O_RDONLY && inside(path) && hit("open", path)) \
			return -1; \
		return real(path, flags, mode); \
	}
OPEN(open)
OPEN(open64)
