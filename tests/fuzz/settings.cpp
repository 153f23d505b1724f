// The settings' file: settings, or a refusal that names the place.
#include <sys/mman.h>
#include <unistd.h>

#include "app/settings.hpp"
#include "fuzz.hpp"

using namespace hedgerow;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const int file = ::memfd_create("settings", 0);
  static const std::string path = fmt::format("/proc/self/fd/{}", file);
  if (::ftruncate(file, 0) != 0) std::abort();
  if (::pwrite(file, bytes, size, 0) != static_cast<ssize_t>(size)) std::abort();
  fuzz::accepted([&] {
    const auto loaded = app::load_settings(path, {});
    fuzz::promise(!loaded.lines.empty(), "every setting has a line");
  });
  return 0;
}
