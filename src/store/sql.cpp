#include "store/sql.hpp"

#include "base/failure.hpp"
#include "base/text.hpp"

namespace hedgerow::store::sql {

using base::Cause;
using base::Code;
using base::Failure;

void unreadable(std::string_view what) {
  throw Failure{Code::StorageCorrupt, Cause::Refused}.with_operator(
      fmt::format("a row holds \"{}\", which this version does not know", base::shown(what, 100)));
}

void missing(std::string_view what, std::int64_t id) {
  throw Failure{Code::NotFound, Cause::Missing, fmt::format("There is no {} {}.", what, id)};
}

void take(const Row& row, int column, std::int64_t& to) { to = row.integer(column); }
void take(const Row& row, int column, int& to) { to = static_cast<int>(row.integer(column)); }
void take(const Row& row, int column, bool& to) { to = row.integer(column) != 0; }
void take(const Row& row, int column, std::uint64_t& to) {
  to = static_cast<std::uint64_t>(row.integer(column));
}
void take(const Row& row, int column, std::string& to) { to = row.text(column); }
void take(const Row& row, int column, std::string_view& to) { to = row.text(column); }
void take(const Row& row, int column, std::vector<std::byte>& to) {
  const Bytes bytes = row.bytes(column);
  to.assign(bytes.begin(), bytes.end());
}
void take(const Row& row, int column, base::Digest& to) {
  const auto digest = base::Digest::from(row.bytes(column));
  if (!digest) unreadable("a digest that is not 32 bytes long");
  to = *digest;
}
void take(const Row& row, int column, base::WallTime& to) {
  to = base::wall_time(row.integer(column));
}
void take(const Row& row, int column, base::Milliseconds& to) {
  to = base::Milliseconds{row.integer(column)};
}
void take(const Row& row, int column, base::Code& to) {
  const auto code = base::code_named(row.text(column));
  if (!code) unreadable(row.text(column));
  to = *code;
}

std::string containing(std::string_view part) {
  std::string pattern = "%";
  for (const char letter : base::lower_ascii(part)) {
    if (letter == '%' || letter == '_' || letter == '\\') pattern += '\\';
    pattern += letter;
  }
  return pattern + '%';
}

}  // namespace hedgerow::store::sql
