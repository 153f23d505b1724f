// The threads of this process by name, and what one of them is doing, as seen from another: its
// stack, for the log, when it does not come back from something.
#pragma once

#include <pthread.h>

#include "base/clock.hpp"

namespace hedgerow::base {

// As tools of the system show it; at most 15 bytes of it.
void name_this_thread(const std::string& name);

// The places in the program that the thread stands at, innermost first, as "hedgerow+0x1a2b" for
// addr2line; why not where it does not answer a signal within `patience`. A wait of the thread may
// end early by this.
[[nodiscard]] std::string stack_of(pthread_t thread, Milliseconds patience);

}  // namespace hedgerow::base
