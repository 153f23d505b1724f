// A hundred thousand objects: how fast they are written and listed is printed, not judged; that
// lists of them go by an index, and that a pull without changes writes no row, is.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "backend.hpp"

namespace hedgerow::conformance {

namespace {

using base::Milliseconds;
using store::Act;
using store::ObjectColumn;
using store::ObjectWrite;
using store::Txn;

constexpr int kKinds = 20;
constexpr int kObjects = 100'000;

class HundredThousand : public DatabaseTest {
 protected:
  void SetUp() override {
    settings_.statement_max = Milliseconds{300'000};
    open_again();
    fabric_ = make_fabric();
    run_ = make_running(fabric_);
    write([&](Txn& txn) {
      for (int kind = 0; kind < kKinds; ++kind)
        txn.kinds().discovered(fabric_, std::array{kind_of(kind)});
    });
  }
  static model::Kind kind_of(int number) {
    return {"wiring.githedgehog.com", fmt::format("Kind{:02}", number), "v1beta1", "kinds", true};
  }
  // In the order in which lists come: kind by kind, by namespace and name.
  static ObjectWrite object(int number) {
    const model::Kind kind = kind_of(number / (kObjects / kKinds));
    ObjectWrite write;
    write.identity = {kind.group, kind.kind, "default", fmt::format("object-{:06}", number)};
    write.observed.version = kind.version;
    write.observed.uid = fmt::format("5c1f0a4e-0000-4000-8000-{:012}", number);
    write.observed.resource_version = std::to_string(1'000'000 + number);
    write.observed.document =
        fmt::format(R"({{"metadata":{{"name":"{}"}},"spec":"{}"}})", write.identity.name,
                    std::string(850, static_cast<char>('a' + number % 26)));
    write.observed.digest = base::digest_of(write.observed.uid);
    write.observed.raw_hash = static_cast<std::uint64_t>(number);
    return write;
  }
  // As a run does it, whose lease is renewed while it works.
  void apply_all(const std::function<void(int, ObjectWrite&)>& change) {
    for (int first = 0; first < kObjects; first += static_cast<int>(store::kApplyMax)) {
      std::vector<ObjectWrite> writes;
      for (int i = first; i < first + static_cast<int>(store::kApplyMax); ++i)
        change(i, writes.emplace_back(object(i)));
      write([&](Txn& txn) {
        txn.require_epoch(fabric_, 1);
        txn.ownership().renew_all("r1", Milliseconds{15'000});
        txn.objects().apply(fabric_, run_, txn.now(), writes);
      });
    }
  }
  // Runs it and prints how long it took.
  template <class Work>
  void timed(std::string_view what, Work&& work) {
    const auto begin = clock_.steady();
    work();
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady() - begin);
    fmt::print("[  TIME    ] {:<44}{:>10.1f} ms\n", what, static_cast<double>(took.count()) / 1e3);
  }
  int known() {
    int count = 0;
    const auto add = [&count](const store::Known&) { ++count; };
    read([&](const auto& s) {
      for (int kind = 0; kind < kKinds; ++kind)
        s.objects().known(fabric_, {kind_of(kind).group, kind_of(kind).kind}, {}, add);
    });
    return count;
  }
  void list(const store::ObjectFilter& filter, const store::ObjectOrder& order,
            std::int64_t offset) {
    const auto page = read([&](const auto& s) {
      return s.objects().page(fabric_, filter, order, {.limit = 50, .offset = offset});
    });
    EXPECT_GT(page.count, 0);
  }

  model::FabricId fabric_;
  model::RunId run_;
};
INSTANTIATE_TEST_SUITE_P(Store, HundredThousand, kBackends, name_of_backend);

TEST_P(HundredThousand, are_written_listed_and_compared) {
  timed("write 100,000 new objects with history", [&] { apply_all([](int, auto&) {}); });
  const auto rows =
      ask_outside("SELECT count(*) || ' ' || (SELECT count(*) FROM history) FROM objects");
  EXPECT_EQ(rows, "100000 100000");
  timed("hand over all for comparison", [&] { EXPECT_EQ(known(), kObjects); });
  for (const auto by :
       {ObjectColumn::Name, ObjectColumn::Kind, ObjectColumn::Namespace, ObjectColumn::Changed}) {
    timed(fmt::format("first page, order {}", static_cast<int>(by)),
          [&] { list({}, {by, false}, 0); });
    timed(fmt::format("page at 50,000, order {} down", static_cast<int>(by)),
          [&] { list({}, {by, true}, 50'000); });
  }
  timed("part of a name", [&] { list({.name_part = "0999"}, {}, 0); });
  timed("part of anything, by kind",
        [&] { list({.q = "object-05"}, {ObjectColumn::Kind, true}, 0); });
  timed("one kind, by name", [&] { list({.kinds = {{"", "Kind07"}}}, {}, 0); });
  timed("kinds with their numbers",
        [&] { read([&](const auto& s) { return s.kinds().of(fabric_); }); });
  timed("touch 100,000", [&] {
    apply_all([](int number, ObjectWrite& write) {
      write.act = Act::Touched;
      write.id = {number + 1};
      write.observed.document.clear();
    });
  });
  timed("change 100,000", [&] {
    apply_all([](int number, ObjectWrite& write) {
      write.act = Act::Changed;
      write.id = {number + 1};
    });
  });
  timed("remove the fabric", [&] {
    database_->write(base::Deadline::in(clock_, Milliseconds{300'000}), [&](Txn& txn) {
      txn.runs().end(run_, {.outcome = model::Outcome::Succeeded}, std::nullopt);
      txn.fabrics().remove(fabric_);
    });
  });
}

// Gathers what every connection of this process is asked, as long as it lives.
class Asked {
 public:
  Asked() {
    texts().clear();
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(&install));
  }
  ~Asked() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&install)); }
  static std::set<std::string>& texts() {
    static std::set<std::string> all;
    return all;
  }

 private:
  static int install(sqlite3* handle, char**, const void*) {
    return sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, &note, nullptr);
  }
  static int note(unsigned, void*, void* statement, void*) {
    texts().insert(sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
    return 0;
  }
};

TEST_P(HundredThousand, lists_and_looking_for_work_go_by_an_index) {
  // More than are put into order after they were found.
  std::vector<ObjectWrite> many;
  for (int number = 0; number < 3'000; ++number) many.push_back(object(number));
  write([&](Txn& txn) { txn.objects().apply(fabric_, run_, txn.now(), many); });
  const Asked asked;
  open_again();
  for (const auto by :
       {ObjectColumn::Name, ObjectColumn::Kind, ObjectColumn::Namespace, ObjectColumn::Changed})
    for (const bool descending : {false, true})
      for (const auto presence : {model::Presence::Present, model::Presence::Any})
        EXPECT_EQ(read([&](const auto& s) {
                    const store::ObjectFilter all{.presence = presence};
                    return s.objects().page(fabric_, all, {by, descending}, {});
                  }).count,
                  3'000);
  read([&](const auto& s) {
    s.objects().known(fabric_, {"g", "k"}, {}, [](const store::Known&) {});
    return s.objects().count(fabric_) + s.kinds().of(fabric_).empty() +
           s.history().of_object({1}, {}).count + s.history().of_run({1}, {}, {}).count +
           s.runs().page_of(fabric_, {}).count + s.runs().working_on(fabric_).has_value() +
           s.runs().last_ended(fabric_).has_value() + s.runs().lost_in_a_row(fabric_) +
           s.runs().queued().empty() + s.runs().running().empty() + s.runs().orphaned().empty() +
           s.runs().stalled({}).empty() + s.runs().waiting({}).empty() +
           s.runs().open_of(fabric_).empty() + s.runs().queued_before(s.runs().get(run_)) +
           s.sessions().find(base::digest_of("t")).has_value();
  });
  for (const bool tests : {false, true})
    for (const bool unreachable : {false, true})
      write([&](Txn& txn) {
        txn.runs().claim({.replica = "r", .tests = tests, .unreachable_fabrics = unreachable});
      });
  int looked_at = 0;
  for (const std::string& text : std::set{Asked::texts()}) {
    if (!text.starts_with("SELECT") && !text.starts_with("UPDATE runs")) continue;
    sqlite3* handle = nullptr;
    sqlite3_open(settings_.path.c_str(), &handle);
    std::string plan;
    const auto take = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) += fmt::format("{}\n", values[3]);
      return 0;
    };
    sqlite3_exec(handle, ("EXPLAIN QUERY PLAN " + text).c_str(), take, &plan, nullptr);
    sqlite3_close(handle);
    EXPECT_THAT(plan,
                testing::Not(testing::ContainsRegex("SCAN (o|h|r|x|y|runs|objects|history)\\b")))
        << text;
    // The kinds and the open runs of one fabric are few.
    const bool sorts_few = text.starts_with("SELECT k.") || text.contains("ORDER BY CASE state");
    EXPECT_TRUE(sorts_few || !plan.contains("TEMP B-TREE")) << text << "\n" << plan;
    ++looked_at;
  }
  EXPECT_GT(looked_at, 25);
}

// What a foreign reader sees of a pull in which nothing changed: the run's row, the kinds' markers,
// no object row.
TEST_P(HundredThousand, an_unchanged_pull_writes_no_row_of_objects_or_history) {
  write([&](Txn& txn) { txn.objects().apply(fabric_, run_, txn.now(), std::array{object(1)}); });
  for (const char* table : {"objects", "history"})
    for (const char* act : {"INSERT", "UPDATE", "DELETE"})
      outside(fmt::format(
          "CREATE TABLE IF NOT EXISTS written (x); CREATE TRIGGER {0}_{1} AFTER {1} ON {0}"
          " BEGIN INSERT INTO written VALUES ('{0}'); END",
          table, act));
  write([&](Txn& txn) {
    txn.require_epoch(fabric_, 1);
    txn.kinds().discovered(fabric_, std::array{kind_of(0)});
    txn.objects().apply(fabric_, run_, txn.now(), {});
    txn.kinds().mark_complete(
        fabric_, {kind_of(0).group, kind_of(0).kind},
        {.by = run_, .as_of = txn.now(), .tick = clock_.since_boot(), .resource_version = "2"});
    txn.runs().end(run_, {}, store::Progress{});
  });
  EXPECT_EQ(ask_outside("SELECT count(*) FROM written"), "0");
}

}  // namespace
}  // namespace hedgerow::conformance
