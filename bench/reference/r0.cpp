// R0, the physical limit: whole lists, their objects cut out and upserted into SQLite by one
// prepared statement in one transaction. No history, no status, no comparison, no audit.
//
//   r0 --server URL --ca FILE --token-file FILE --paths FILE --db FILE
#include <simdjson.h>
#include <sqlite3.h>
#include <xxhash.h>

#include <cstdint>
#include <cstdio>

#include "lists.hpp"

namespace {

namespace od = simdjson::ondemand;

constexpr const char* kTable = R"sql(
CREATE TABLE IF NOT EXISTS objects (
  path TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  uid TEXT NOT NULL,
  resource_version TEXT NOT NULL,
  generation INTEGER NOT NULL,
  created TEXT NOT NULL,
  hash INTEGER NOT NULL,
  spec TEXT NOT NULL,
  status TEXT NOT NULL,
  PRIMARY KEY (path, namespace, name)
) WITHOUT ROWID)sql";

constexpr const char* kUpsert = R"sql(
INSERT INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (path, namespace, name) DO UPDATE SET
  uid = ?4, resource_version = ?5, generation = ?6, created = ?7, hash = ?8, spec = ?9,
  status = ?10)sql";

template <class T>
T must(simdjson::simdjson_result<T> result) {
  if (result.error() != simdjson::SUCCESS)
    reference::give_up("JSON", simdjson::error_message(result.error()));
  return std::move(result).value_unsafe();
}

struct Object {
  std::string_view name_space;
  std::string_view name;
  std::string_view uid;
  std::string_view resource_version;
  std::int64_t generation = 0;
  std::string_view created;
  std::string_view spec = "{}";
  std::string_view status = "{}";
};

class Database {
 public:
  explicit Database(const std::string& file) {
    // As SQLite comes: on the disk once it is committed, and with the rollback journal, which for a
    // single transaction writes least.
    must_be_ok(sqlite3_open(file.c_str(), &handle_));
    run(kTable);
    run("BEGIN IMMEDIATE");
    must_be_ok(sqlite3_prepare_v2(handle_, kUpsert, -1, &upsert_, nullptr));
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void put(const std::string& path, const Object& object) {
    const std::uint64_t hash =
        XXH3_64bits_withSeed(object.spec.data(), object.spec.size(),
                             XXH3_64bits(object.status.data(), object.status.size()));
    bind(1, path);
    bind(2, object.name_space);
    bind(3, object.name);
    bind(4, object.uid);
    bind(5, object.resource_version);
    sqlite3_bind_int64(upsert_, 6, object.generation);
    bind(7, object.created);
    sqlite3_bind_int64(upsert_, 8, static_cast<std::int64_t>(hash));
    bind(9, object.spec);
    bind(10, object.status);
    if (sqlite3_step(upsert_) != SQLITE_DONE) reference::give_up("upsert", sqlite3_errmsg(handle_));
    sqlite3_reset(upsert_);
  }

  void end() {
    sqlite3_finalize(upsert_);
    run("COMMIT");
    must_be_ok(sqlite3_close(handle_));
  }

 private:
  void run(const char* statement) {
    must_be_ok(sqlite3_exec(handle_, statement, nullptr, nullptr, nullptr));
  }
  void must_be_ok(int code) {
    if (code != SQLITE_OK) reference::give_up("SQLite", sqlite3_errmsg(handle_));
  }
  void bind(int place, std::string_view text) {
    sqlite3_bind_text(upsert_, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }

  sqlite3* handle_ = nullptr;
  sqlite3_stmt* upsert_ = nullptr;
};

void read_metadata(od::object metadata, Object& into) {
  for (auto member : metadata) {
    od::field field = must(std::move(member));
    const std::string_view key = must(field.unescaped_key());
    if (key == "namespace")
      into.name_space = must(field.value().get_string());
    else if (key == "name")
      into.name = must(field.value().get_string());
    else if (key == "uid")
      into.uid = must(field.value().get_string());
    else if (key == "resourceVersion")
      into.resource_version = must(field.value().get_string());
    else if (key == "generation")
      into.generation = must(field.value().get_int64());
    else if (key == "creationTimestamp")
      into.created = must(field.value().get_string());
  }
}

Object read_object(od::object object) {
  Object read;
  for (auto member : object) {
    od::field field = must(std::move(member));
    const std::string_view key = must(field.unescaped_key());
    if (key == "metadata")
      read_metadata(must(field.value().get_object()), read);
    else if (key == "spec")
      read.spec = must(simdjson::to_json_string(field.value()));
    else if (key == "status")
      read.status = must(simdjson::to_json_string(field.value()));
  }
  return read;
}

}  // namespace

int main(int count, char** words) {
  std::string file;
  const auto asked =
      reference::asked_by(count, words, [&](std::string_view flag, const std::string& value) {
        if (flag == "--db") file = value;
        return flag == "--db";
      });
  if (file.empty()) reference::give_up("r0", "wants --db");
  Database database{file};
  od::parser parser;
  std::size_t objects = 0;
  reference::download(asked, [&](const std::string& path, std::string& body) {
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    od::document list = must(parser.iterate(body));
    for (auto item : must(must(list.find_field_unordered("items")).get_array())) {
      database.put(path, read_object(must(item.get_object())));
      ++objects;
    }
  });
  database.end();
  std::printf("{\"objects\": %zu}\n", objects);
  return 0;
}
