// Death at each write of making a database and of bringing one of the version before up to date:
// the next start gives what an undisturbed one gives.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include "store/failing_disk.test.hpp"
#include "store/lock_file.hpp"
#include "store/migrations.hpp"

namespace hedgerow::store {

namespace {

// Rows that every version has had, as many as fill several pages.
constexpr std::string_view kRows = R"sql(
  INSERT INTO instance (only_row, name, incarnation, csrf_key, created)
    VALUES (1, 'name', 'incarnation', randomblob(32), 1);
  INSERT INTO codes (name) VALUES ('storage_full');
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    INSERT INTO users (name, name_key, role, password_hash, created)
    SELECT 'User ' || i, 'user ' || i, 'viewer', hex(randomblob(40)), i FROM n;
  INSERT INTO sessions (token_hash, user_id, created, last_seen, idle_ends, absolute_ends, method,
                        address, agent)
    SELECT randomblob(32), id, 1, 2, 3, 4, 'password', '127.0.0.1', 'a browser' FROM users;
)sql";

using Names = std::set<std::string>;

class MigrationKill : public DiskTest<FailingDisk> {
 protected:
  void make_version_before() {
    const auto all = sqlite_migrations();
    ASSERT_GT(all.size(), 1U);
    make_private_file(settings_.path);
    SqliteConnection connection{{.path = settings_.path, .use = SqliteUse::Write}, clock_};
    migrate(connection, all.first(all.size() - 1), clock_.wall());
    connection.run_script(std::string{kRows});
  }

  // The tables and their rows, without the columns that differ from one start to the next.
  std::vector<std::string> contents(const Names& unlike) {
    SqliteConnection connection{{.path = settings_.path}, clock_};
    std::vector<std::string> lines;
    const auto list = [&](std::string_view statement) {
      std::vector<std::string> found;
      connection.run(statement, {}, [&](const sql::Row& row) { found.emplace_back(row.text(0)); });
      return found;
    };
    std::ranges::copy(list("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"),
                      std::back_inserter(lines));
    for (const std::string& table : list("SELECT name FROM sqlite_schema WHERE type = 'table' AND"
                                         " name NOT LIKE 'sqlite_%' ORDER BY name")) {
      std::string columns = "''";
      for (const std::string& column :
           list(fmt::format("SELECT name FROM pragma_table_info('{}')", table)))
        if (!unlike.contains(table + "." + column))
          columns += fmt::format(" || ' ' || quote(\"{}\")", column);
      if (unlike.contains(table)) continue;
      for (const std::string& row :
           list(fmt::format("SELECT {} FROM {} ORDER BY 1", columns, table)))
        lines.push_back(table + row);
    }
    return lines;
  }

  // In a child: opens, writes a row, closes, and dies at the n-th write of the disk, or ends with 0
  // when there are fewer.
  int status_of_child(int at) {
    const pid_t child = fork();
    if (child == 0) {
      disk_.arm(Fault::Kill, at);
      open();
      append();
      database_.reset();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // How often it died.
  int deaths(const std::function<void()>& lay, const Names& unlike) {
    lay();
    open();
    database_.reset();
    const auto undisturbed = contents(unlike);
    for (int at = 1;; ++at) {
      start_afresh();
      lay();
      const int status = status_of_child(at);
      open();
      EXPECT_EQ(contents(unlike), undisturbed) << "killed at write " << at;
      EXPECT_THAT(database_->damage(), testing::IsEmpty());
      const auto before = kept();
      append();
      EXPECT_EQ(kept().size(), before.size() + 1);
      if (status == 0) return at - 1;
      EXPECT_EQ(status, 9);
      if (HasFailure()) return 0;
    }
  }
};

TEST_F(MigrationKill, Q18_at_any_write_of_making_a_database_is_repaired_by_the_next_start) {
  const Names unlike{"audit",
                     "migrations.applied",
                     "instance.name",
                     "instance.incarnation",
                     "instance.csrf_key",
                     "instance.created"};
  EXPECT_GT(deaths([] {}, unlike), 40);
}

TEST_F(MigrationKill, Q18_at_any_write_of_an_upgrade_is_repaired_by_the_next_start) {
  make_version_before();
  const auto kept_file = std::filesystem::path{folder_.string() + ".before"};
  std::filesystem::copy_file(settings_.path, kept_file);
  const auto lay = [&] {
    std::filesystem::copy_file(kept_file, settings_.path,
                               std::filesystem::copy_options::overwrite_existing);
  };
  EXPECT_GT(deaths(lay, {"audit", "migrations.applied"}), 10);
  std::filesystem::remove(kept_file);
}

}  // namespace
}  // namespace hedgerow::store
