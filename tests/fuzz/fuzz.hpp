// What a fuzz target does with each input: it may be refused by a Failure of the catalogue, and by
// nothing else; a broken promise ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/failure.hpp"

namespace hedgerow::fuzz {

inline void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// Whether `work` was not refused.
template <class Work>
bool accepted(Work&& work) {
  try {
    work();
    return true;
  } catch (const base::Failure& failure) {
    promise(!failure.detail().empty(), "a refusal says why");
    return false;
  }
}

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace hedgerow::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it by this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
