// What can be read of a damaged file is copied, counted, and never anything else: every page of a
// small record is overwritten once.
#include <gmock/gmock.h>

#include <fstream>

#include "backend.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "store/recovery.hpp"

namespace hedgerow::conformance {

namespace {

using base::Code;
using store::Recovered;
using store::RecoveredTable;
using store::Txn;

constexpr std::size_t kPage = 8192;
const model::Kind kServer{"wiring.githedgehog.com", "Server", "v1beta1", "servers", true};

// Noise is no page at all; zeros are what a file system gives that lost a write.
std::string noise() { return std::string(kPage, 'Z'); }
std::string zeros() { return std::string(kPage, '\0'); }

store::ObjectWrite server(int number) {
  store::ObjectWrite write;
  const auto name = fmt::format("server-{:03}", number);
  write.identity = {kServer.group, kServer.kind, "default", name};
  write.observed.version = kServer.version;
  write.observed.uid = "uid-" + name;
  write.observed.resource_version = "100";
  // Some go on in other pages.
  write.observed.document = fmt::format(R"({{"name":"{}","rest":"{}"}})", name,
                                        std::string(number % 10 == 0 ? 20'000 : 300, 'x'));
  write.observed.digest = base::digest_of(write.observed.document);
  write.observed.raw_hash = base::quick_hash(write.observed.document);
  return write;
}

void act(Txn& txn, const std::string& action, const std::string& kind, std::int64_t subject,
         std::optional<model::RunId> run = {}) {
  store::AuditRow row;
  row.action = action;
  row.subject_kind = kind;
  row.subject = subject;
  row.run = run;
  row.details = R"({"why":")" + std::string(400, 'y') + R"("})";
  txn.audit().append(row);
}

class Recovery : public DatabaseTest {
 protected:
  void SetUp() override {
    write([&](Txn& txn) { fill(txn); });
    for (const int which : {1, 2}) read_fabric(make_fabric(fmt::format("fabric-{}", which)));
    close();
    std::filesystem::rename(settings_.path, whole_);
    settings_.path = damaged_;
  }

  void fill(Txn& txn) {
    for (int i = 1; i <= 40; ++i) {
      const auto user =
          txn.users().create({.name = fmt::format("user-{}", i),
                              .role = i == 1 ? model::Role::Administrator : model::Role::Operator,
                              .password_hash = std::string(300, 'h')});
      act(txn, "user.create", "user", user.value);
      txn.sessions().create({.token_hash = base::digest_of(fmt::format("{}", i)),
                             .user = user,
                             .idle_ends = txn.now() + std::chrono::hours{1},
                             .absolute_ends = txn.now() + std::chrono::hours{9}});
      txn.changes().append(model::Topic::Fabrics, 0);
    }
    const auto test = txn.connection_tests().create({1}, "https://127.0.0.1", {});
    using store::Made;
    txn.request_keys().remember({{1}, "POST /", "test"},
                                {.made = Made::ConnectionTest, .id = test.value});
    // Of a fabric that was removed since.
    txn.request_keys().remember({{2}, "POST /", "gone"}, {.made = Made::Fabric, .id = 99});
  }
  void read_fabric(model::FabricId fabric) {
    write([&](Txn& txn) {
      act(txn, "fabric.create", "fabric", fabric.value);
      txn.fabrics().put_credential(fabric, store::Credential::Token,
                                   base::bytes_of(std::string(900, 's')));
      txn.kinds().discovered(fabric, std::array{kServer});
    });
    outside(fmt::format("UPDATE fabrics SET has_token = 1 WHERE id = {}", fabric.value));
    for (int i = 0; i < 4; ++i) {
      const auto run = make_running(fabric);
      write([&](Txn& txn) {
        act(txn, "run.start", "run", run.value, run);
        txn.request_keys().remember({{1}, "POST /", fmt::format("key-{}", run.value)},
                                    {.made = store::Made::Run, .id = run.value});
        std::vector<store::ObjectWrite> writes;
        for (int n = 0; i == 0 && n < 30; ++n) writes.push_back(server(n));
        store::Progress last;
        last.counts.created = static_cast<std::int64_t>(writes.size());
        if (!writes.empty()) txn.objects().apply(fabric, run, txn.now(), writes);
        // The last one goes on while the server dies.
        if (i < 3) txn.runs().end(run, {.outcome = model::Outcome::Succeeded}, last);
      });
    }
  }

  void damage(std::int64_t page, const std::string& with) {
    std::fstream file{damaged_, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp((page - 1) * static_cast<std::int64_t>(kPage));
    file << with;
  }
  void begin_anew() {
    std::filesystem::remove(copy_);
    std::filesystem::copy_file(whole_, damaged_, std::filesystem::copy_options::overwrite_existing);
  }
  Recovered recovered() { return store::recover(settings_, copy_, clock_, random_); }

  // The first value that a foreign program reads of one of the files, the others attached.
  std::string ask(const std::filesystem::path& file, const std::string& question) {
    const auto before = std::exchange(settings_.path, file);
    const auto attach = [&](const auto& path, const char* as) {
      return file == path ? "" : fmt::format("ATTACH '{}' AS {};", path.string(), as);
    };
    auto answer = ask_outside(attach(whole_, "whole") + question);
    settings_.path = before;
    return answer;
  }
  std::int64_t number(const std::filesystem::path& file, const std::string& question) {
    return std::stoll("0" + ask(file, question));
  }

  void expect_true_counts(const Recovered& recovered);
  void expect_nothing_invented(const Recovered& recovered);
  void expect_sound();

  std::filesystem::path whole_ = folder_.path() / "whole.db";
  std::filesystem::path damaged_ = folder_.path() / "damaged.db";
  std::filesystem::path copy_ = folder_.path() / "copy.db";
};
INSTANTIATE_TEST_SUITE_P(Store, Recovery, kBackends, name_of_backend);

constexpr std::string_view kOfRecovery = "action IN ('database.recover', 'audit.lost')";

void Recovery::expect_true_counts(const Recovered& recovered) {
  for (const RecoveredTable& table : recovered.tables) {
    const auto all = number(whole_, "SELECT count(*) FROM " + table.name);
    const auto own = table.name == "audit" ? fmt::format(" WHERE NOT {}", kOfRecovery) : "";
    EXPECT_EQ(table.copied, number(copy_, "SELECT count(*) FROM main." + table.name + own))
        << table.name;
    if (table.left_out)
      EXPECT_EQ(table.copied + *table.left_out, all) << table.name;
    else
      EXPECT_LE(table.copied, all) << table.name;
    if (table.name == "objects" || table.name == "kinds" || table.name == "history")
      EXPECT_EQ(table.copied, recovered.has_observed ? all : 0) << table.name;
  }
}

void Recovery::expect_nothing_invented(const Recovered& recovered) {
  for (const RecoveredTable& table : recovered.tables) {
    std::string columns = "*";
    // A token that is lost is said not to be there, and pages are to see another record.
    if (table.name == "fabrics") columns = "id, name, name_key, server, ca, namespaces, created";
    const auto own = table.name == "audit" ? fmt::format(" WHERE NOT {}", kOfRecovery) : "";
    EXPECT_EQ(ask(copy_, fmt::format("SELECT count(*) FROM (SELECT {0} FROM main.{1}{2} EXCEPT"
                                     " SELECT {0} FROM whole.{1})",
                                     columns, table.name, own)),
              "0")
        << table.name;
  }
  EXPECT_EQ(ask(copy_, "SELECT count(*) FROM sessions"), "0");
  EXPECT_EQ(ask(copy_,
                "SELECT count(*) FROM main.instance JOIN whole.instance w"
                " USING (incarnation)"),
            "0");
  for (const char* last : {"SELECT seq FROM {}.sqlite_sequence s WHERE s.name = o.name",
                           "SELECT last_id FROM {}.last_ids s WHERE s.table_name = o.name"})
    EXPECT_EQ(ask(copy_, fmt::format("SELECT group_concat(o.name) FROM main.sqlite_schema o"
                                     " WHERE ({}) < ({})",
                                     fmt::format(fmt::runtime(last), "main"),
                                     fmt::format(fmt::runtime(last), "whole"))),
              "")
        << "no id is given out twice";
}

void Recovery::expect_sound() {
  auto settings = settings_;
  settings.path = copy_;
  const auto copy = store::Database::open_read_only(settings, clock_);
  EXPECT_THAT(copy->damage(), testing::IsEmpty());
  copy->read([](const store::Snapshot& seen) {
    for (const auto& breach : seen.invariants().breaches(3))
      ADD_FAILURE() << breach.rule << ": " << breach.what;
  });
}

TEST_P(Recovery, Q10_of_a_file_without_damage_leaves_nothing_out) {
  begin_anew();
  const auto all = recovered();
  for (const RecoveredTable& table : all.tables) EXPECT_TRUE(table.is_whole()) << table.name;
  EXPECT_TRUE(all.has_observed && all.has_administrator && all.without_credential.empty());
  expect_true_counts(all);
  expect_nothing_invented(all);
  expect_sound();
  EXPECT_EQ(std::filesystem::status(copy_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  settings_.path = copy_;
  open();
  EXPECT_EQ(make_fabric("another").value, 3);
  EXPECT_EQ(read([](const auto& s) { return s.runs().running().size(); }), 2U);
  EXPECT_EQ(read([](const auto& s) { return s.runs().orphaned().size(); }), 2U);
}

TEST_P(Recovery, Q10_of_each_overwritten_page_is_refused_or_true) {
  begin_anew();
  const auto pages = number(whole_, "PRAGMA page_count");
  int refused = 0;
  int without_objects = 0;
  for (std::int64_t page = 1; page <= pages; ++page) {
    const auto kind =
        ask(whole_, fmt::format("SELECT name || pagetype FROM dbstat WHERE pageno = {}", page));
    for (const auto& with : {noise(), zeros()}) {
      // A page of a tree is known by its first byte, but the end of a long row is not.
      if (with == zeros() && !kind.ends_with("overflow")) continue;
      const testing::ScopedTrace trace{
          __FILE__, __LINE__,
          fmt::format("page {} of {} ({}) with {:02x}", page, pages, kind, with[0])};
      begin_anew();
      damage(page, with);
      try {
        const auto some = recovered();
        without_objects += some.has_observed ? 0 : 1;
        expect_true_counts(some);
        expect_nothing_invented(some);
        expect_sound();
      } catch (const base::Failure& failure) {
        ++refused;
        EXPECT_EQ(failure.code(), Code::StorageCorrupt) << failure.detail();
        EXPECT_FALSE(failure.next().empty());
        EXPECT_FALSE(std::filesystem::exists(copy_));
      }
      EXPECT_FALSE(std::filesystem::exists(copy_.string() + ".unfinished"));
    }
  }
  EXPECT_LE(refused, number(whole_, "SELECT count(*) FROM dbstat WHERE name = 'sqlite_schema'"))
      << "only what says which tables there are";
  EXPECT_GT(refused, 0);
  EXPECT_GT(without_objects, 10);
}

TEST_P(Recovery, Q10_finds_what_lies_between_two_damaged_pages) {
  begin_anew();
  const std::string leaves = "FROM dbstat WHERE name = 'audit' AND pagetype = 'leaf'";
  ASSERT_GE(number(whole_, "SELECT count(*) " + leaves), 3);
  std::int64_t lost = 0;
  for (const char* which : {"0", "2"}) {
    const auto at = fmt::format("{} ORDER BY path LIMIT 1 OFFSET {}", leaves, which);
    lost += number(whole_, "SELECT ncell " + at);
    damage(number(whole_, "SELECT pageno " + at), noise());
  }
  const auto some = recovered();
  const auto audit = std::ranges::find(some.tables, "audit", &RecoveredTable::name);
  EXPECT_EQ(audit->copied, number(whole_, "SELECT count(*) FROM audit") - lost);
  EXPECT_EQ(audit->left_out, std::nullopt) << "no index of it could tell";
  EXPECT_TRUE(some.has_observed);
  expect_sound();
}

TEST_P(Recovery, is_refused_over_a_file_and_beside_a_server) {
  begin_anew();
  std::ofstream{copy_} << "mine";
  EXPECT_EQ(code_of([&] { return recovered(); }), Code::StorageError);
  EXPECT_EQ(std::filesystem::file_size(copy_), 4U);
  std::filesystem::remove(copy_);
  open();
  EXPECT_EQ(code_of([&] { return recovered(); }), Code::DatabaseInUse);
  close();
  outside("DROP TABLE lost_clicks");
  EXPECT_EQ(code_of([&] { return recovered(); }), Code::StorageError) << "of another version";
  begin_anew();
  std::filesystem::resize_file(damaged_, std::filesystem::file_size(damaged_) / 2);
  EXPECT_EQ(code_of([&] { return recovered(); }), Code::StorageCorrupt) << "cut off";
  EXPECT_FALSE(std::filesystem::exists(copy_));
}

}  // namespace

}  // namespace hedgerow::conformance
