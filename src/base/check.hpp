// CHECK states what can only be false through a bug. It is on in production: a process that has met
// the impossible must not go on writing a record that people believe.
#pragma once

namespace hedgerow::base {

// Logs the condition, its place and what this thread was doing, then aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace hedgerow::base

#define CHECK(condition) \
  ((condition) ? void(0) : ::hedgerow::base::check_failed(#condition, __FILE__, __LINE__))
