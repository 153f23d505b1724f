#include "store/migrations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cstdlib>

#include "base/failure.hpp"
#include "base/log.hpp"
#include "store/lock_file.hpp"

namespace hedgerow::store {

namespace {

using base::Code;
using testing::HasSubstr;

constexpr Migration kOne{1, "0001_one", "CREATE TABLE one (x); INSERT INTO one VALUES (1);"};
constexpr Migration kTwo{2, "0002_two", "CREATE TABLE two (x); INSERT INTO two VALUES (2);"};
constexpr Migration kBroken{2, "0002_two", "CREATE TABLE two (x); INSERT INTO none VALUES (2);"};

class Migrations : public testing::Test {
 protected:
  Migrations() {
    base::log::set_least(base::log::Level::Error);
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
    CHECK(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    opening_.path = folder_ / "record.db";
    opening_.use = SqliteUse::Write;
    make_private_file(opening_.path);
  }
  ~Migrations() override { std::filesystem::remove_all(folder_); }

  std::string bring_to(std::initializer_list<Migration> migrations) {
    SqliteConnection connection{opening_, clock_};
    try {
      migrate(connection, migrations, clock_.wall());
    } catch (const base::Failure& failure) {
      return failure.detail() + " " + failure.operator_text();
    }
    return "";
  }
  std::int64_t number(std::string_view statement) {
    SqliteConnection connection{opening_, clock_};
    return connection.number(statement);
  }

  std::filesystem::path folder_;
  base::SystemClock clock_;
  SqliteOpening opening_;
};

TEST_F(Migrations, are_applied_in_order_and_once) {
  EXPECT_EQ(bring_to({kOne}), "");
  EXPECT_EQ(bring_to({kOne, kTwo}), "");
  EXPECT_EQ(bring_to({kOne, kTwo}), "");
  EXPECT_EQ(number("SELECT count(*) FROM one"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM two"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM migrations"), 2);
}

TEST_F(Migrations, that_fail_half_way_leave_nothing_and_run_again) {
  EXPECT_THAT(bring_to({kOne, kBroken}), HasSubstr("no such table: none"));
  EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema WHERE name = 'two'"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM migrations"), 1);
  EXPECT_EQ(bring_to({kOne, kTwo}), "");
  EXPECT_EQ(number("SELECT count(*) FROM two"), 1);
}

TEST_F(Migrations, of_a_newer_version_are_refused) {
  bring_to({kOne, kTwo});
  EXPECT_THAT(bring_to({kOne}), HasSubstr("newer version: it has migration 0002_two"));
}

TEST_F(Migrations, whose_text_was_changed_are_refused) {
  bring_to({kOne});
  EXPECT_THAT(bring_to({{1, "0001_one", "CREATE TABLE one (y);"}, kTwo}),
              HasSubstr("another text of migration 0001_one"));
  EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema WHERE name = 'two'"), 0);
}

TEST_F(Migrations, that_are_missing_are_named_to_who_only_reads) {
  bring_to({kOne});
  SqliteConnection connection{opening_, clock_};
  EXPECT_NO_THROW(require_migrated(connection, std::array{kOne}));
  EXPECT_THROW(require_migrated(connection, std::array{kOne, kTwo}), base::Failure);
}

TEST_F(Migrations, built_into_the_program_are_numbered_without_gaps) {
  int number = 0;
  for (const Migration& migration : sqlite_migrations()) {
    EXPECT_EQ(migration.number, ++number);
    EXPECT_THAT(std::string{migration.name}, HasSubstr(fmt::format("{:04}_", number)));
    EXPECT_FALSE(migration.script.empty());
  }
  EXPECT_GE(number, 1);
}

}  // namespace
}  // namespace hedgerow::store
