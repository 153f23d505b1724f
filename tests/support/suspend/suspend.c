// The clock that goes on while a machine is suspended, ahead of itself by the seconds in the file that SUSPENDED_FILE
// names: to the program that this is loaded into, its machine has slept.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t which, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(which, now);
  if (which != CLOCK_BOOTTIME || result != 0) return result;
  const char *name = getenv("SUSPENDED_FILE");
  FILE *file = name != NULL ? fopen(name, "re") : NULL;
  long seconds = 0;
  if (file != NULL) {
    if (fscanf(file, "%ld", &seconds) == 1) now->tv_sec += seconds;
    fclose(file);
  }
  return 0;
}
