// The target of a request: its path has no way out, and what is written again reads the same.
#include "fuzz.hpp"
#include "http/head.hpp"

using namespace hedgerow;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  fuzz::accepted([&] {
    const http::Target target = http::read_target(text);
    fuzz::promise(target.path.starts_with('/'), "a path begins with a slash");
    fuzz::promise(!target.path.contains("/../") && !target.path.contains("//"),
                  "a path has no way out");
    for (const http::Pair& pair : target.query)
      fuzz::promise(!pair.value.contains('\0'), "a value has no zero byte");
  });
  fuzz::accepted([&] { (void)http::read_form(text); });
  return 0;
}
