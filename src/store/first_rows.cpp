#include "store/first_rows.hpp"

#include "base/failure.hpp"
#include "base/random.hpp"

namespace hedgerow::store {

namespace {

constexpr std::size_t kNameLength = 10;
constexpr std::size_t kIncarnationBytes = 16;
constexpr std::size_t kCsrfKeyBytes = 32;

std::string instance_name(base::Random& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string name;
  while (name.size() < kNameLength) name += kLetters[random.below(kLetters.size())];
  return name;
}

void write_instance(sql::Scope& sql) {
  if (sql.one("SELECT count(*) FROM instance") > 0) return;
  std::array<std::byte, kCsrfKeyBytes> key{};
  sql.random().fill(key);
  sql.run(
      "INSERT INTO instance (only_row, name, incarnation, csrf_key, created) VALUES (1, $1, $2, "
      "$3, $4)",
      instance_name(sql.random()), sql.random().token(kIncarnationBytes), sql::Bytes{key},
      sql.now());
}

void write_codes(sql::Scope& sql) {
  sql.each("SELECT name FROM codes", [](const sql::Row& row) {
    const std::string_view name = row.text(0);
    if (base::code_named(name)) return;
    throw base::Failure{
        base::Code::StorageError, base::Cause::Refused,
        fmt::format("The database comes from a newer version: it knows the code {}.", name)}
        .with_next("Start the newer version again, or restore a backup made before the upgrade.");
  });
  if (sql.one("SELECT count(*) FROM codes") == static_cast<std::int64_t>(base::kCodeCount)) return;
  for (const base::CodeFacts& facts : base::all_codes())
    sql.run("INSERT INTO codes (name) VALUES ($1) ON CONFLICT DO NOTHING", facts.name);
}

}  // namespace

void write_first_rows(sql::Scope& sql) {
  write_instance(sql);
  write_codes(sql);
}

}  // namespace hedgerow::store
