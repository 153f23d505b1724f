// The files of the built browser application inside this program. The table itself is made by the
// build; see cmake/embed.cmake.
#pragma once

namespace hedgerow::web {

struct Form {
  const std::byte* begin;
  const std::byte* end;
  [[nodiscard]] std::span<const std::byte> bytes() const { return {begin, end}; }
};

struct File {
  std::string_view path;  // "/assets/index-x1y2.js"
  std::string_view digest;
  Form plain;
  Form gzip;
  Form brotli;
};

// Empty in a build without the application.
[[nodiscard]] std::span<const File> files();

}  // namespace hedgerow::web
