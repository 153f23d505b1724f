// Each closed set of the contract against the database: every word is taken, a wrong one is
// refused, and no CHECK knows a word that the program does not.
#include <gmock/gmock.h>

#include <regex>

#include "backend.hpp"

namespace hedgerow::conformance {

namespace {

using store::Txn;

class Words : public DatabaseTest {
 protected:
  // All rows that a word can stand in, one of each.
  void SetUp() override {
    fabric_ = make_fabric();
    run_ = make_running(fabric_);
    write([&](Txn& txn) {
      const auto user = txn.users().create({"alice", model::Role::Viewer, "x"});
      txn.sessions().create({.token_hash = base::digest_of("t"), .user = user});
      txn.fabrics().put_credential(fabric_, store::Credential::Token, std::vector<std::byte>(1));
      txn.request_keys().remember({user, "r", "k"}, {});
      const model::Kind kind{"g", "K", "v1", "ks", true};
      txn.kinds().discovered(fabric_, std::array{kind});
      store::ObjectWrite object;
      object.identity = {"g", "K", "", "n"};
      object.observed.document = "{}";
      txn.objects().apply(fabric_, run_, txn.now(), std::array{object});
      txn.changes().append(model::Topic::Fabric, fabric_);
      test_ = txn.connection_tests().create(user, "https://h", {});
      model::LostClick click;
      click.fabric = fabric_;
      click.actor = user;
      txn.lost_clicks().add(click, 1);
    });
  }

  // What each CHECK (column IN (…)) of the database lists, by "table.column".
  std::map<std::string, std::set<std::string>> listed() {
    std::map<std::string, std::set<std::string>> found;
    const std::string script = ask_outside(
        "SELECT group_concat('@' || name || ' ' || sql, '') FROM sqlite_schema WHERE type = "
        "'table'");
    static const std::regex table{"@(\\w+) ([^@]*)"};
    static const std::regex check{"CHECK \\((\\w+) IN \\(([^)]*)\\)\\)"};
    static const std::regex word{"'([^']*)'"};
    using Each = std::sregex_iterator;
    for (Each t{script.begin(), script.end(), table}, end; t != end; ++t) {
      const std::string body = (*t)[2];
      for (Each c{body.begin(), body.end(), check}; c != end; ++c) {
        const std::string list = (*c)[2];
        for (Each w{list.begin(), list.end(), word}; w != end; ++w)
          found[(*t)[1].str() + "." + (*c)[1].str()].insert((*w)[1]);
      }
    }
    return found;
  }

  model::FabricId fabric_;
  model::RunId run_;
  model::ConnectionTestId test_;
};
INSTANTIATE_TEST_SUITE_P(Store, Words, kBackends, name_of_backend);

template <class Set>
std::set<std::string> words_of() {
  std::set<std::string> words;
  for (const auto name : model::ClosedSet<Set>::kNames) words.emplace(name);
  return words;
}

std::map<std::string, std::set<std::string>> wanted() {
  return {{"users.role", words_of<model::Role>()},
          {"sessions.method", words_of<model::SignInMethod>()},
          {"sessions.end_reason", words_of<store::SessionEnd>()},
          {"fabrics.reach", words_of<model::Reach>()},
          {"credentials.which", words_of<store::Credential>()},
          {"request_keys.made", words_of<store::Made>()},
          {"runs.operation", words_of<model::Operation>()},
          {"lost_clicks.operation", words_of<model::Operation>()},
          {"runs.trigger", words_of<model::Trigger>()},
          {"runs.state", words_of<model::RunState>()},
          {"runs.outcome", words_of<model::Outcome>()},
          {"kinds.coverage", words_of<model::Coverage>()},
          {"history.change", words_of<model::ChangeKind>()},
          {"changes.topic", words_of<model::Topic>()},
          {"connection_tests.state", words_of<model::RunState>()},
          {"connection_tests.outcome", words_of<model::Outcome>()}};
}

TEST_P(Words, are_those_of_the_closed_sets_and_no_others) { EXPECT_EQ(listed(), wanted()); }

TEST_P(Words, J10_are_all_taken_by_the_database) {
  // Words that come with others: a run that is running has started, one that ended has an outcome.
  const std::map<std::string, std::string> along{
      {"sessions.end_reason", ", ended = 1"},
      {"runs.state=running",
       ", epoch = 1, started = 1, outcome = NULL, ended = NULL, ended_rank = NULL"},
      {"runs.state=queued", ", outcome = NULL, ended = NULL, ended_rank = NULL"},
      {"runs.state=ended", ", outcome = 'lost', ended = 1, ended_rank = 1"},
      {"runs.outcome", ", state = 'ended', ended = 1, ended_rank = 1"},
      {"history.change=removed", ", document = NULL"},
      {"history.change", ", document = '{}'"},
      {"connection_tests.state=ended", ", outcome = 'lost'"},
      {"connection_tests.state", ", outcome = NULL"},
      {"connection_tests.outcome", ", state = 'ended'"}};
  for (const auto& [place, words] : wanted()) {
    const std::string table = place.substr(0, place.find('.'));
    const std::string column = place.substr(place.find('.') + 1);
    for (const std::string& word : words) {
      auto more = along.find(place + "=" + word);
      if (more == along.end()) more = along.find(place);
      const std::string rest = more == along.end() ? "" : more->second;
      // Undone again, so that an ended run does not refuse the next word.
      EXPECT_EQ(outside(fmt::format("BEGIN; UPDATE {} SET {} = '{}'{}; ROLLBACK", table, column,
                                    word, rest)),
                "")
          << place << " = " << word;
      EXPECT_NE(outside(fmt::format("BEGIN; UPDATE {} SET {} = '{}x'{}; ROLLBACK", table, column,
                                    word, rest)),
                "")
          << place << " = " << word << "x";
    }
  }
}

TEST_P(Words, come_back_from_the_repositories) {
  for (std::size_t i = 0; i < model::count_of<model::Reach>(); ++i) {
    const auto reach = static_cast<model::Reach>(i);
    write([&](Txn& txn) { txn.fabrics().set_reach(fabric_, {.state = reach}); });
    EXPECT_EQ(read([&](const auto& s) { return s.fabrics().get(fabric_); }).reach.state, reach);
  }
  for (std::size_t i = 0; i < model::count_of<model::Coverage>(); ++i) {
    const auto coverage = static_cast<model::Coverage>(i);
    write([&](Txn& txn) { txn.kinds().set_coverage(fabric_, {"g", "K"}, {.coverage = coverage}); });
    EXPECT_EQ(read([&](const auto& s) { return s.kinds().of(fabric_); }).at(0).coverage, coverage);
  }
  for (std::size_t i = 0; i < model::count_of<model::Role>(); ++i) {
    const auto role = static_cast<model::Role>(i);
    const auto name = fmt::format("user-{}", i);
    write([&](Txn& txn) { txn.users().create({name, role, "x"}); });
    EXPECT_EQ(read([&](const auto& s) { return s.users().find(name); })->role, role);
  }
}

TEST_P(Words, of_runs_come_back) {
  for (std::size_t i = 0; i < model::count_of<model::Operation>(); ++i) {
    store::RunOrder order;
    order.fabric = fabric_;
    order.operation = static_cast<model::Operation>(i);
    order.trigger = static_cast<model::Trigger>(i % model::count_of<model::Trigger>());
    const auto outcome = static_cast<model::Outcome>(i % model::count_of<model::Outcome>());
    const auto id = write([&](Txn& txn) {
      const auto made = txn.runs().enqueue(order);
      txn.runs().end(made, {.outcome = outcome}, std::nullopt);
      return made;
    });
    const auto run = read([&](const auto& s) { return s.runs().get(id); });
    EXPECT_EQ(run.operation, order.operation);
    EXPECT_EQ(run.trigger, order.trigger);
    EXPECT_EQ(run.ending->outcome, outcome);
  }
  static_assert(model::count_of<model::Trigger>() <= model::count_of<model::Operation>());
  static_assert(model::count_of<model::Outcome>() <= model::count_of<model::Operation>());
}

TEST_P(Words, of_layers_and_rungs_come_back_from_their_documents) {
  store::Progress progress;
  for (std::size_t i = 0; i < model::count_of<model::LayerState>(); ++i) {
    progress.trace.layers.at(i).state = static_cast<model::LayerState>(i);
    progress.kinds.emplace_back().state = static_cast<model::LayerState>(i);
  }
  write([&](Txn& txn) { txn.runs().progress(run_, progress); });
  const auto run = read([&](const auto& s) { return s.runs().get(run_); });
  for (std::size_t i = 0; i < model::count_of<model::LayerState>(); ++i) {
    EXPECT_EQ(run.trace.layers.at(i).state, static_cast<model::LayerState>(i));
    EXPECT_EQ(run.kinds.at(i).state, static_cast<model::LayerState>(i));
  }
  std::vector<store::MeasuredRung> rungs;
  for (std::size_t i = 0; i < model::count_of<model::Rung>(); ++i) {
    auto& rung = rungs.emplace_back();
    rung.rung = static_cast<model::Rung>(i);
    rung.state = static_cast<model::RungState>(i % model::count_of<model::RungState>());
    rung.took = base::Milliseconds{7};
    rung.evidence = "10.1.2.3";
    rung.code = base::Code::TlsName;
    rung.detail = "detail";
    rung.next = "next";
    rung.remedy = "remedy";
  }
  write([&](Txn& txn) { EXPECT_TRUE(txn.connection_tests().put(test_, rungs)); });
  const auto test = read([&](const auto& s) { return s.connection_tests().get(test_); });
  EXPECT_EQ(test.state, model::RunState::Running);
  ASSERT_EQ(test.rungs.size(), rungs.size());
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    EXPECT_EQ(test.rungs[i].rung, rungs[i].rung);
    EXPECT_EQ(test.rungs[i].state, rungs[i].state);
    EXPECT_EQ(test.rungs[i].took, rungs[i].took);
    EXPECT_EQ(test.rungs[i].code, rungs[i].code);
    EXPECT_EQ(test.rungs[i].remedy, "remedy");
  }
}

TEST_P(Words, of_the_catalogue_are_all_taken_and_no_other) {
  for (const base::CodeFacts& facts : base::all_codes()) {
    write([&](Txn& txn) { txn.fabrics().set_reach(fabric_, {.code = facts.code}); });
    EXPECT_EQ(read([&](const auto& s) { return s.fabrics().get(fabric_); }).reach.code, facts.code);
  }
  for (const char* place :
       {"fabrics SET reach_code", "fabrics SET pause_code", "runs SET code", "kinds SET code"})
    EXPECT_NE(outside(fmt::format("UPDATE {} = 'no_such_code'", place)), "") << place;
}

TEST_P(Words, that_mean_nothing_to_this_version_are_damage_not_a_guess) {
  outside("PRAGMA ignore_check_constraints = ON; UPDATE fabrics SET reach = 'fine'");
  EXPECT_EQ(code_of([&] { return read([&](const auto& s) { return s.fabrics().get(fabric_); }); }),
            base::Code::StorageCorrupt);
}

TEST_P(Words, of_a_connection_test_end_it) {
  write([&](Txn& txn) {
    EXPECT_TRUE(txn.connection_tests().end(test_, model::Outcome::Failed, {}));
    EXPECT_FALSE(txn.connection_tests().put(test_, {}));
    const std::vector<std::string> contexts{"a", "b\"c"};
    txn.connection_tests().create({1}, "https://x", contexts);
    EXPECT_EQ(txn.connection_tests().end_all_unfinished(), 1);
  });
  const auto second =
      read([&](const auto& s) { return s.connection_tests().get({test_.value + 1}); });
  EXPECT_EQ(second.outcome, model::Outcome::Lost);
  EXPECT_THAT(second.contexts, testing::ElementsAre("a", "b\"c"));
  clock_.advance(base::Milliseconds{1'000});
  EXPECT_EQ(write([](Txn& txn) { return txn.connection_tests().sweep(txn.now()); }), 2);
}

}  // namespace
}  // namespace hedgerow::conformance
