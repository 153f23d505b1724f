// Writes audit rows from four threads and says the number of each once it is acknowledged, until it
// is killed: `conformance_writer FILE`. What it cannot open it says in one line and ends with 11
// when the database is in use, else 1.
#include <unistd.h>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/database.hpp"

namespace {

using namespace hedgerow;

void say(const std::string& line) {
  const auto written = ::write(STDOUT_FILENO, line.data(), line.size());
  if (written < 0) _exit(2);
}

[[noreturn]] void write_for_ever(store::Database& database, const base::Clock& clock) {
  for (;;) {
    const auto id =
        database.write(base::Deadline::in(clock, base::Milliseconds{30'000}), [](store::Txn& txn) {
          store::AuditRow row;
          row.action = "test.write";
          return txn.audit().append(row);
        });
    say(fmt::format("{}\n", id));
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  const base::SystemClock clock;
  base::SystemRandom random;
  try {
    store::Settings settings;
    settings.path = words[1];
    const auto database = store::Database::open(settings, clock, random);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { write_for_ever(*database, clock); });
    threads.clear();
  } catch (const base::Failure& failure) {
    say(failure.detail() + "\n");
    return failure.code() == base::Code::DatabaseInUse ? 11 : 1;
  }
  return 0;
}
