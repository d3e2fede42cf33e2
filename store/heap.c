// One heap for all threads. The C library gives each thread of a program a heap of its own,
// which grows by one page and one system call at a time and is never shared: a daemon of
// which any thread may run SQLite pays for it in each of them, in memory and at each commit.

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

__attribute__((constructor)) static void one_heap(void) { mallopt(M_ARENA_MAX, 1); }
#endif
