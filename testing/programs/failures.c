// Preloaded into Node: what our addon asks the system for is refused on demand. JavaScript arms it by setting an
// environment variable, and reads back whether it has struck:
//   GHOSTNET_FAIL = "allocation N"  the Nth (from 0) piece of memory from now on, and no other
//                   "memory N"      that one and all behind it
//                   "thread N"      the Nth thread from now on and all behind it
//                   ""              nothing any more
//   GHOSTNET_FAILED: "1" once something was refused since the last setting
// Only calls of ghostnet.node count, also through the C++ library: what Node and V8 ask for themselves ends the process
// by design.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_memalign(size_t, size_t);

enum Kind { none, allocation, memory, thread };
static atomic_int kind = none, left = 0, struck = 0;

struct Range {
  uintptr_t begin, end;
};
static struct Range addon, between[3];  // between: this library, C and C++

static void note(struct Range* range, const struct dl_phdr_info* info) {
  range->begin = UINTPTR_MAX;
  range->end = 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    const uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = begin + info->dlpi_phdr[i].p_memsz;
    if (begin < range->begin) range->begin = begin;
    if (end > range->end) range->end = end;
  }
}

static int find(struct dl_phdr_info* info, size_t size, void* data) {
  (void)size, (void)data;
  if (strstr(info->dlpi_name, "ghostnet.node")) note(&addon, info);
  if (strstr(info->dlpi_name, "failures.so")) note(&between[0], info);
  if (strstr(info->dlpi_name, "libc.so")) note(&between[1], info);
  if (strstr(info->dlpi_name, "libstdc++.so")) note(&between[2], info);
  return 0;
}

static int inside(const struct Range* range, uintptr_t address) {
  return address >= range->begin && address < range->end;
}

// Up to the first frame that is neither ours nor a library's.
static _Unwind_Reason_Code look(struct _Unwind_Context* context, void* caller) {
  const uintptr_t address = _Unwind_GetIP(context);
  for (int i = 0; i < 3; ++i)
    if (inside(&between[i], address)) return _URC_NO_REASON;
  *(int*)caller = inside(&addon, address);
  return _URC_END_OF_STACK;
}

static __thread int looking = 0;

static int refused(int thread_wanted) {
  const int now = atomic_load(&kind);
  if (now == none || (now == thread) != thread_wanted || looking) return 0;
  int ours = 0;
  looking = 1;  // unwinding may allocate
  _Unwind_Backtrace(look, &ours);
  looking = 0;
  if (!ours) return 0;
  const int place = atomic_fetch_sub(&left, 1);
  if (place > 0 || (place < 0 && now == allocation)) return 0;
  atomic_store(&struck, 1);
  return 1;
}

void* malloc(size_t size) { return refused(0) ? (errno = ENOMEM, NULL) : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return refused(0) ? (errno = ENOMEM, NULL) : __libc_calloc(count, size); }
void* aligned_alloc(size_t boundary, size_t size) {
  return refused(0) ? (errno = ENOMEM, NULL) : __libc_memalign(boundary, size);
}

void* mmap(void* address, size_t size, int protection, int flags, int file, off_t offset) {
  static void* (*real)(void*, size_t, int, int, int, off_t);
  if (!real) real = (void* (*)(void*, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
  if (refused(0)) return errno = ENOMEM, MAP_FAILED;
  return real(address, size, protection, flags, file, offset);
}

int pthread_create(pthread_t* created, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  static int (*real)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  if (!real)
    real = (int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*))dlsym(RTLD_NEXT, "pthread_create");
  return refused(1) ? EAGAIN : real(created, attributes, run, argument);
}

int setenv(const char* name, const char* value, int overwrite) {
  static int (*real)(const char*, const char*, int);
  if (!real) real = (int (*)(const char*, const char*, int))dlsym(RTLD_NEXT, "setenv");
  if (strcmp(name, "GHOSTNET_FAIL") == 0) {
    char word[16] = "";
    int place = 0;
    atomic_store(&kind, none);
    dl_iterate_phdr(find, NULL);
    sscanf(value, "%15s %d", word, &place);
    atomic_store(&left, place);
    atomic_store(&struck, 0);
    atomic_store(&kind, !strcmp(word, "allocation") ? allocation
                        : !strcmp(word, "memory")   ? memory
                        : !strcmp(word, "thread")   ? thread
                                                    : none);
  }
  return real(name, value, overwrite);
}

char* getenv(const char* name) {
  static char* (*real)(const char*);
  if (strcmp(name, "GHOSTNET_FAILED") == 0) return (char*)(atomic_load(&struck) ? "1" : "0");
  if (!real) real = (char* (*)(const char*))dlsym(RTLD_NEXT, "getenv");
  return real(name);
}
