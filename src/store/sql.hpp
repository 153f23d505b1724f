// The thin layer between the repositories and a database: statements with $1..$n, values by type,
// rows read in order. Inside this room only. A repository is written once for both databases; what
// differs stands behind Connection.
#pragma once

#include "base/check.hpp"
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "model/closed_sets.gen.hpp"
#include "model/ids.hpp"
#include "store/page.hpp"

namespace hedgerow::base {
class Random;
}

namespace hedgerow::store::sql {

using Bytes = std::span<const std::byte>;
// What a $n stands for. Views must live until the statement has run.
using Value = std::variant<std::monostate, std::int64_t, std::string_view, Bytes>;

// One row of an answer; views hold until the next row.
class Row {
 public:
  virtual ~Row() = default;
  [[nodiscard]] virtual bool is_null(int column) const = 0;
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
  [[nodiscard]] virtual std::string_view text(int column) const = 0;
  [[nodiscard]] virtual Bytes bytes(int column) const = 0;
};

using EachRow = std::function<void(const Row&)>;

// Many runs of one statement: `fill` gives the values of run i, `each` takes the rows it answers.
struct Batch {
  std::size_t runs = 0;
  std::size_t values = 0;
  std::function<void(std::size_t, std::span<Value>)> fill;
  std::function<void(std::size_t, const Row&)> each;  // May be empty.
};

// One connection to a database, used by one thread at a time. Throws base::Failure.
class Connection {
 public:
  virtual ~Connection() = default;
  // Runs one statement to its end; gives back how many rows it changed.
  virtual std::int64_t run(std::string_view statement, std::span<const Value> values,
                           const EachRow& each) = 0;
  // How many rows all runs together changed.
  virtual std::int64_t run_batch(std::string_view statement, const Batch& batch) = 0;
  // The one number that a SELECT answers. It may be remembered for as long as nothing at all has
  // been written.
  virtual std::int64_t count(std::string_view statement, std::span<const Value> values) = 0;
};

// What stands in a row and means nothing to this program: damage, or another program's work.
[[noreturn]] void unreadable(std::string_view what);

// ---- values in

[[nodiscard]] inline Value value_of(std::int64_t number) noexcept { return number; }
[[nodiscard]] inline Value value_of(int number) noexcept { return std::int64_t{number}; }
[[nodiscard]] inline Value value_of(bool flag) noexcept { return std::int64_t{flag}; }
[[nodiscard]] inline Value value_of(std::uint64_t bits) noexcept {
  return static_cast<std::int64_t>(bits);
}
[[nodiscard]] inline Value value_of(std::string_view text) noexcept { return text; }
[[nodiscard]] inline Value value_of(const std::string& text) noexcept {
  return std::string_view{text};
}
[[nodiscard]] inline Value value_of(const char* text) noexcept { return std::string_view{text}; }
[[nodiscard]] inline Value value_of(Bytes bytes) noexcept { return bytes; }
[[nodiscard]] inline Value value_of(const std::vector<std::byte>& bytes) noexcept {
  return Bytes{bytes};
}
[[nodiscard]] inline Value value_of(const base::Digest& digest) noexcept {
  return Bytes{digest.bytes};
}
[[nodiscard]] inline Value value_of(base::WallTime time) noexcept { return base::stored(time); }
[[nodiscard]] inline Value value_of(base::Milliseconds span) noexcept { return span.count(); }
[[nodiscard]] inline Value value_of(base::Code code) noexcept { return base::facts_of(code).name; }
[[nodiscard]] inline Value value_of(const Value& value) noexcept { return value; }
template <class Noun>
[[nodiscard]] Value value_of(model::Id<Noun> id) noexcept {
  return id.value;
}
template <class Set>
  requires std::is_enum_v<Set>
[[nodiscard]] Value value_of(Set word) noexcept {
  return model::name_of(word);
}
template <class T>
[[nodiscard]] Value value_of(const std::optional<T>& maybe) noexcept {
  return maybe ? value_of(*maybe) : Value{};
}

// ---- values out

void take(const Row& row, int column, std::int64_t& to);
void take(const Row& row, int column, int& to);
void take(const Row& row, int column, bool& to);
void take(const Row& row, int column, std::uint64_t& to);
void take(const Row& row, int column, std::string& to);
void take(const Row& row, int column, std::string_view& to);
void take(const Row& row, int column, std::vector<std::byte>& to);
void take(const Row& row, int column, base::Digest& to);
void take(const Row& row, int column, base::WallTime& to);
void take(const Row& row, int column, base::Milliseconds& to);
void take(const Row& row, int column, base::Code& to);
template <class Noun>
void take(const Row& row, int column, model::Id<Noun>& to) {
  to.value = row.integer(column);
}
template <class Set>
  requires std::is_enum_v<Set>
void take(const Row& row, int column, Set& to) {
  const auto word = model::named<Set>(row.text(column));
  if (!word) unreadable(row.text(column));
  to = *word;
}
template <class T>
void take(const Row& row, int column, std::optional<T>& to) {
  to.reset();
  if (!row.is_null(column)) take(row, column, to.emplace());
}

// Reads the columns in order, from the first.
template <class... Fields>
void read(const Row& row, Fields&... to) {
  int column = 0;
  (take(row, column++, to), ...);
}

// ---- a transaction

class Scope {
 public:
  // `tick` is the clock that leases run by, in milliseconds.
  struct Instant {
    base::WallTime wall;
    std::int64_t tick = 0;
  };

  // `random` is null where nothing may be written.
  Scope(Connection& connection, const Instant& begin, base::Random* random)
      : connection_{connection}, begin_{begin}, random_{random} {}

  [[nodiscard]] base::WallTime now() const noexcept { return begin_.wall; }
  [[nodiscard]] std::int64_t tick() const noexcept { return begin_.tick; }
  [[nodiscard]] base::Random& random() {
    CHECK(random_ != nullptr);
    return *random_;
  }

  // How many rows it changed.
  template <class... Args>
  std::int64_t run(std::string_view statement, const Args&... args) {
    return ask(statement, {}, args...);
  }
  template <class... Args>
  void each(std::string_view statement, const EachRow& each, const Args&... args) {
    ask(statement, each, args...);
  }
  template <class Read, class... Args>
  auto list(std::string_view statement, Read&& read, const Args&... args) {
    std::vector<std::invoke_result_t<Read&, const Row&>> rows;
    ask(statement, [&](const Row& row) { rows.push_back(read(row)); }, args...);
    return rows;
  }
  template <class Read, class... Args>
  auto first(std::string_view statement, Read&& read, const Args&... args) {
    std::optional<std::invoke_result_t<Read&, const Row&>> found;
    ask(
        statement,
        [&](const Row& row) {
          if (!found) found.emplace(read(row));
        },
        args...);
    return found;
  }
  // The one value of a statement that always answers one row.
  template <class T = std::int64_t, class... Args>
  T one(std::string_view statement, const Args&... args) {
    auto found = maybe<T>(statement, args...);
    CHECK(found.has_value());
    return std::move(*found);
  }
  template <class T = std::int64_t, class... Args>
  std::optional<T> maybe(std::string_view statement, const Args&... args) {
    std::optional<T> found;
    ask(statement, [&](const Row& row) { read(row, found.emplace()); }, args...);
    return found;
  }
  // For statements whose text and values are put together while asking.
  std::int64_t run_with(std::string_view statement, std::span<const Value> values,
                        const EachRow& each) {
    return connection_.run(statement, values, each);
  }
  std::int64_t run_batch(std::string_view statement, const Batch& batch) {
    return connection_.run_batch(statement, batch);
  }
  // What takes as long as there are rows, and is asked for with every page of them.
  std::int64_t count_with(std::string_view statement, std::span<const Value> values) {
    return connection_.count(statement, values);
  }

 private:
  template <class... Args>
  std::int64_t ask(std::string_view statement, const EachRow& each, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{value_of(args)...};
    return connection_.run(statement, values, each);
  }

  Connection& connection_;
  Instant begin_;
  base::Random* random_;
};

// The values of a statement that is put together while asking: add() gives the "$n" to write into
// it.
class Values {
 public:
  template <class T>
  std::string add(const T& value) {
    values_.push_back(value_of(value));
    return fmt::format("${}", values_.size());
  }
  // "$4, $5, $6"
  template <class List>
  std::string add_all(const List& list) {
    std::vector<std::string> places;
    for (const auto& value : list) places.push_back(add(value));
    return fmt::format("{}", fmt::join(places, ", "));
  }
  [[nodiscard]] std::span<const Value> all() const noexcept { return values_; }

 private:
  std::vector<Value> values_;
};

// A LIKE pattern that finds `part` anywhere, with \ as its escape. It is in lower case: what it is
// compared with has to be, too.
[[nodiscard]] std::string containing(std::string_view part);

[[noreturn]] void missing(std::string_view what, std::int64_t id);

}  // namespace hedgerow::store::sql
