#include <gmock/gmock.h>

#include "backend.hpp"

namespace hedgerow::conformance {

namespace {

using base::Code;
using base::Milliseconds;
using model::Operation;
using model::Outcome;
using model::RunState;
using store::Txn;

class Runs : public DatabaseTest {
 protected:
  model::RunId enqueue(model::FabricId fabric, Operation operation = Operation::Pull,
                       const std::string& scope = "") {
    return write([&](Txn& txn) {
      store::RunOrder order;
      order.fabric = fabric;
      order.operation = operation;
      order.scope = scope;
      order.actor = {3};
      order.actor_name = "alice";
      return txn.runs().enqueue(order);
    });
  }
  std::optional<model::Run> claim(const store::Claim& claim = {.replica = "r1"}) {
    return write([&](Txn& txn) { return txn.runs().claim(claim); });
  }
  bool end(model::RunId run, Outcome outcome) {
    return write([&](Txn& txn) { return txn.runs().end(run, {.outcome = outcome}, std::nullopt); });
  }
  model::Run stored(model::RunId id) {
    return read([&](const auto& s) { return s.runs().get(id); });
  }
};
INSTANTIATE_TEST_SUITE_P(Store, Runs, kBackends, name_of_backend);

store::Progress some_progress() {
  store::Progress progress;
  progress.counts = {.created = 48, .changed = 1, .unchanged = 2, .removed = 3, .skipped = 4};
  progress.counts.failed = 5;
  model::KindRead& kind = progress.kinds.emplace_back();
  kind.group = "wiring.githedgehog.com";
  kind.kind = "Connection";
  kind.state = model::LayerState::Partly;
  kind.listed = 26;
  kind.tries = 3;
  kind.took = Milliseconds{17};
  kind.code = Code::ClusterForbidden;
  kind.detail = "may not \"list\" <b>\n";
  kind.remedy = "kind: ClusterRole";
  progress.trace.at(7).state = model::LayerState::Passed;
  progress.trace.at(7).started = base::wall_time(1'700'000'000'123);
  progress.trace.at(7).took = Milliseconds{12};
  progress.trace.at(7).evidence = "10.1.2.3:6443 → v1.32";
  return progress;
}

TEST_P(Runs, come_back_as_they_were_asked_for) {
  const auto fabric = make_fabric();
  store::RunOrder order;
  order.fabric = fabric;
  order.operation = Operation::GitPull;
  order.trigger = model::Trigger::Webhook;
  order.actor = {3};
  order.actor_name = "alice";
  order.reason = "because";
  order.retry_of = model::RunId{17};
  order.trace.at(2).state = model::LayerState::Passed;
  const auto id = write([&](Txn& txn) { return txn.runs().enqueue(order); });
  const auto run = stored(id);
  EXPECT_EQ(run.fabric, fabric);
  EXPECT_EQ(run.fabric_name, "fab-lab-01");
  EXPECT_EQ(run.operation, Operation::GitPull);
  EXPECT_EQ(run.trigger, model::Trigger::Webhook);
  EXPECT_EQ(run.actor, model::UserId{3});
  EXPECT_EQ(run.actor_name, "alice");
  EXPECT_EQ(run.state, RunState::Queued);
  EXPECT_FALSE(run.ending);
  EXPECT_EQ(run.retry_of, model::RunId{17});
  EXPECT_EQ(run.trace.at(2).state, model::LayerState::Passed);
  EXPECT_EQ(run.trace.at(9).state, model::LayerState::NotReached);
  order.fabric = {99};
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.runs().enqueue(order); }); }), Code::NotFound);
  EXPECT_EQ(code_of([&] { return stored({99}); }), Code::NotFound);
}

TEST_P(Runs, remember_how_far_they_came) {
  const auto id = make_running(make_fabric());
  const auto progress = some_progress();
  EXPECT_TRUE(write([&](Txn& txn) { return txn.runs().progress(id, progress); }));
  const auto run = stored(id);
  EXPECT_EQ(run.state, RunState::Running);
  EXPECT_EQ(run.epoch, 1);
  EXPECT_TRUE(run.started);
  EXPECT_EQ(run.counts, progress.counts);
  ASSERT_EQ(run.kinds.size(), 1U);
  EXPECT_EQ(run.kinds[0].kind, "Connection");
  EXPECT_EQ(run.kinds[0].state, model::LayerState::Partly);
  EXPECT_EQ(run.kinds[0].listed, 26);
  EXPECT_EQ(run.kinds[0].tries, 3);
  EXPECT_EQ(run.kinds[0].code, Code::ClusterForbidden);
  EXPECT_EQ(run.kinds[0].detail, "may not \"list\" <b>\n");
  EXPECT_EQ(run.kinds[0].remedy, "kind: ClusterRole");
  EXPECT_EQ(run.trace.at(7).started, progress.trace.at(7).started);
  EXPECT_EQ(run.trace.at(7).took, Milliseconds{12});
  EXPECT_EQ(run.trace.at(7).evidence, "10.1.2.3:6443 → v1.32");
}

TEST_P(Runs, end_once_and_never_change_again) {
  const auto id = make_running(make_fabric());
  const model::Ending failed{Outcome::Failed, Code::ClusterTimeout, "No answer.", "Try again."};
  write([&](Txn& txn) {
    EXPECT_TRUE(txn.runs().end(id, failed, some_progress()));
    EXPECT_FALSE(txn.runs().end(id, {.outcome = Outcome::Lost}, std::nullopt));
    EXPECT_FALSE(txn.runs().progress(id, {}));
    EXPECT_FALSE(txn.runs().beat(id));
    EXPECT_FALSE(txn.runs().request_cancel(id, "bob"));
    EXPECT_EQ(txn.changes().append(model::Topic::Run, id), 2);
  });
  const auto run = stored(id);
  EXPECT_EQ(run.state, RunState::Ended);
  ASSERT_TRUE(run.ending);
  EXPECT_EQ(run.ending->outcome, Outcome::Failed);
  EXPECT_EQ(run.ending->code, Code::ClusterTimeout);
  EXPECT_EQ(run.ending->detail, "No answer.");
  EXPECT_EQ(run.ending->next, "Try again.");
  EXPECT_EQ(run.counts.created, 48);
  EXPECT_TRUE(run.ended);
  EXPECT_EQ(outside("UPDATE runs SET outcome = 'succeeded'"), "an ended run never changes");
  EXPECT_EQ(outside("UPDATE runs SET state = 'running', outcome = NULL, ended = NULL"),
            "an ended run never changes");
}

TEST_P(Runs, one_of_a_fabric_is_running_and_tests_stand_apart) {
  const auto fabric = make_fabric();
  const auto pull = enqueue(fabric);
  const auto compare = enqueue(fabric, Operation::Compare);
  const auto test = enqueue(fabric, Operation::Test);
  EXPECT_EQ(claim()->id, pull);
  EXPECT_FALSE(claim()) << "the fabric is busy";
  EXPECT_EQ(claim({.replica = "r1", .tests = true})->id, test);
  EXPECT_NE(outside("UPDATE runs SET state = 'running', epoch = 1, started = 1"
                    " WHERE operation = 'compare'"),
            "");
  end(pull, Outcome::Succeeded);
  EXPECT_EQ(claim()->id, compare);
}

TEST_P(Runs, one_of_each_operation_and_scope_is_queued) {
  const auto fabric = make_fabric();
  enqueue(fabric, Operation::Push, "plan-1");
  enqueue(fabric, Operation::Push, "plan-2");
  enqueue(make_fabric("other"), Operation::Push, "plan-1");
  EXPECT_EQ(code_of([&] { enqueue(fabric, Operation::Push, "plan-1"); }), Code::InternalFault);
}

TEST_P(Runs, are_joined_when_their_scope_covers_the_asked_one) {
  const auto fabric = make_fabric();
  const auto find = [&](Operation operation, const char* scope) {
    return read([&](const auto& s) { return s.runs().find_queued(fabric, operation, scope); });
  };
  const auto all = enqueue(fabric);
  EXPECT_EQ(find(Operation::Pull, "")->id, all);
  EXPECT_EQ(find(Operation::Pull, "Switch")->id, all);
  EXPECT_FALSE(find(Operation::Compare, ""));
  enqueue(fabric, Operation::Push, "plan-1");
  EXPECT_TRUE(find(Operation::Push, "plan-1"));
  EXPECT_FALSE(find(Operation::Push, "plan-2"));
  EXPECT_FALSE(find(Operation::Push, ""));
  EXPECT_EQ(claim()->id, all);
  EXPECT_FALSE(find(Operation::Pull, ""));
  const auto running =
      read([&](const auto& s) { return s.runs().find_running(fabric, Operation::Pull, "Switch"); });
  EXPECT_EQ(running->id, all);
}

TEST_P(Runs, are_claimed_only_by_the_owner_and_oldest_first) {
  const auto one = make_fabric("one");
  const auto two = make_fabric("two");
  const auto first = enqueue(one);
  const auto second = enqueue(two);
  EXPECT_FALSE(claim({.replica = "r2"}));
  EXPECT_EQ(claim()->id, first);
  clock_.advance(Milliseconds{15'100});
  EXPECT_FALSE(claim()) << "the lease has expired";
  write([&](Txn& txn) { txn.ownership().take(two, "r2", Milliseconds{15'000}); });
  const auto run = claim({.replica = "r2"});
  EXPECT_EQ(run->id, second);
  EXPECT_EQ(run->epoch, 2);
}

TEST_P(Runs, wait_while_their_fabric_is_paused_but_tests_do_not) {
  const auto fabric = make_fabric();
  const auto pull = enqueue(fabric);
  const auto test = enqueue(fabric, Operation::Test);
  write([&](Txn& txn) { txn.fabrics().pause(fabric, {"why", "alice", txn.now(), {}}); });
  EXPECT_FALSE(claim());
  EXPECT_EQ(claim({.replica = "r1", .tests = true})->id, test);
  write([&](Txn& txn) { txn.fabrics().resume(fabric); });
  EXPECT_EQ(claim()->id, pull);
}

TEST_P(Runs, of_unreachable_fabrics_can_be_left_to_other_workers) {
  const auto fabric = make_fabric();
  const auto pull = enqueue(fabric);
  write([&](Txn& txn) {
    txn.fabrics().set_reach(fabric, {.state = model::Reach::Unreachable, .as_of = txn.now()});
  });
  EXPECT_FALSE(claim({.replica = "r1", .unreachable_fabrics = false}));
  EXPECT_EQ(claim()->id, pull);
}

TEST_P(Runs, that_repeat_a_lost_one_go_one_at_a_time_and_others_do_not_wait) {
  const std::array fabrics{make_fabric("one"), make_fabric("two"), make_fabric("three")};
  std::vector<model::RunId> lost;
  for (const auto fabric : {fabrics[0], fabrics[1]}) {
    lost.push_back(make_running(fabric));
    EXPECT_TRUE(end(lost.back(), Outcome::Lost));
  }
  std::vector<model::RunId> again;
  for (const std::size_t at : {0U, 1U}) {
    again.push_back(write([&](Txn& txn) {
      store::RunOrder order;
      order.fabric = fabrics.at(at);
      order.retry_of = lost.at(at);
      return txn.runs().enqueue(order);
    }));
  }
  EXPECT_EQ(claim()->id, again[0]);
  EXPECT_FALSE(claim());
  const auto other = enqueue(fabrics[2]);
  EXPECT_EQ(claim()->id, other);
  EXPECT_TRUE(end(again[0], Outcome::Succeeded));
  EXPECT_EQ(claim()->id, again[1]);
}

TEST_P(Runs, are_orphaned_when_their_epoch_is_over) {
  const auto fabric = make_fabric();
  const auto id = make_running(fabric);
  const auto orphaned = [&] {
    return read([](const auto& s) { return s.runs().orphaned().size(); });
  };
  EXPECT_EQ(orphaned(), 0U);
  clock_.advance(Milliseconds{15'100});
  EXPECT_EQ(orphaned(), 1U);
  write([&](Txn& txn) { txn.ownership().take(fabric, "r1", Milliseconds{15'000}); });
  EXPECT_EQ(orphaned(), 1U);
  EXPECT_TRUE(end(id, Outcome::Lost));
  EXPECT_EQ(orphaned(), 0U);
}

TEST_P(Runs, stall_by_the_steady_clock_alone) {
  const auto fabric = make_fabric();
  const auto id = make_running(fabric);
  const auto stalled = [&] {
    return read([](const auto& s) { return s.runs().stalled(Milliseconds{60'000}).size(); });
  };
  clock_.jump_wall(std::chrono::hours{1});
  EXPECT_EQ(stalled(), 0U);
  clock_.advance(Milliseconds{60'100});
  EXPECT_EQ(stalled(), 1U);
  EXPECT_TRUE(write([&](Txn& txn) { return txn.runs().beat(id); }));
  EXPECT_EQ(stalled(), 0U);
}

TEST_P(Runs, that_nobody_takes_are_seen_to_wait) {
  const auto fabric = make_fabric();
  enqueue(fabric);
  const auto waiting = [&] {
    return read([](const auto& s) { return s.runs().waiting(Milliseconds{60'000}).size(); });
  };
  EXPECT_EQ(waiting(), 0U);
  clock_.advance(Milliseconds{60'100});
  EXPECT_EQ(waiting(), 1U);
  write([](Txn& txn) { txn.ownership().take_all("r1", Milliseconds{15'000}); });
  EXPECT_EQ(waiting(), 0U) << "waiting counts from the start of the process";
}

TEST_P(Runs, lost_in_a_row_are_counted_and_tests_are_not) {
  const auto fabric = make_fabric();
  const auto lost = [&] {
    return read([&](const auto& s) { return s.runs().lost_in_a_row(fabric); });
  };
  const auto run = [&](Operation operation, Outcome outcome) {
    end(enqueue(fabric, operation), outcome);
  };
  EXPECT_EQ(lost(), 0);
  run(Operation::Pull, Outcome::Lost);
  run(Operation::Test, Outcome::Succeeded);
  run(Operation::Pull, Outcome::Lost);
  EXPECT_EQ(lost(), 2);
  run(Operation::Pull, Outcome::Partly);
  EXPECT_EQ(lost(), 0);
  run(Operation::Pull, Outcome::Lost);
  EXPECT_EQ(lost(), 1);
}

TEST_P(Runs, the_last_is_the_one_that_ended_last_whatever_the_clock_did) {
  const auto fabric = make_fabric();
  const auto first = make_running(fabric);
  const auto second = enqueue(fabric);
  end(second, Outcome::Cancelled);
  clock_.jump_wall(-std::chrono::hours{1});
  end(first, Outcome::Succeeded);
  const auto test = enqueue(fabric, Operation::Test);
  end(test, Outcome::Failed);
  const auto last = read([&](const auto& s) { return s.runs().last_ended(fabric); });
  EXPECT_EQ(last->id, first);
  EXPECT_FALSE(read([](const auto& s) { return s.runs().last_ended({99}); }));
}

TEST_P(Runs, the_working_one_is_the_running_one_before_the_queued) {
  const auto fabric = make_fabric();
  const auto working = [&] {
    return read([&](const auto& s) { return s.runs().working_on(fabric); });
  };
  EXPECT_FALSE(working());
  enqueue(fabric, Operation::Test);
  EXPECT_FALSE(working());
  const auto queued = enqueue(fabric);
  EXPECT_EQ(working()->id, queued);
  const auto running = claim()->id;
  enqueue(fabric);
  EXPECT_EQ(running, queued);
  EXPECT_EQ(working()->id, running);
}

TEST_P(Runs, cancel_is_asked_once) {
  const auto id = make_running(make_fabric());
  write([&](Txn& txn) {
    EXPECT_TRUE(txn.runs().request_cancel(id, "alice"));
    EXPECT_FALSE(txn.runs().request_cancel(id, "bob"));
  });
  EXPECT_EQ(stored(id).cancel_requested_by, "alice");
}

TEST_P(Runs, stand_in_pages_newest_first_and_old_ones_go) {
  const auto fabric = make_fabric();
  std::vector<model::RunId> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(enqueue(fabric));
    end(ids.back(), Outcome::Succeeded);
  }
  enqueue(make_fabric("other"));
  const auto page =
      read([&](const auto& s) { return s.runs().page_of(fabric, {.limit = 2, .offset = 1}); });
  EXPECT_EQ(page.count, 5);
  ASSERT_EQ(page.rows.size(), 2U);
  EXPECT_EQ(page.rows[0].id, ids[3]);
  EXPECT_EQ(page.rows[1].id, ids[2]);
  EXPECT_EQ(read([](const auto& s) { return s.runs().page({}).count; }), 6);
  clock_.advance(Milliseconds{1'000});
  EXPECT_EQ(write([](Txn& txn) { return txn.runs().sweep(txn.now(), 1'000); }), 4);
  EXPECT_EQ(read([&](const auto& s) { return s.runs().last_ended(fabric); })->id, ids[4]);
  EXPECT_EQ(read([](const auto& s) { return s.runs().page({}).count; }), 2);
}

TEST_P(Runs, the_silence_of_all_workers_is_measured) {
  const auto silence = [&] {
    return read([](const auto& s) { return s.workers().silence(false); });
  };
  EXPECT_FALSE(silence());
  write([](Txn& txn) {
    txn.workers().beat("r1", 1, false);
    txn.workers().beat("r1", 2, false);
  });
  clock_.advance(Milliseconds{5'000});
  write([](Txn& txn) { txn.workers().beat("r1", 2, false); });
  clock_.advance(Milliseconds{3'000});
  EXPECT_GE(*silence(), Milliseconds{3'000});
  EXPECT_LT(*silence(), Milliseconds{5'000});
  write([](Txn& txn) { txn.workers().remove_all_of("r1"); });
  EXPECT_FALSE(silence());
}

class LostClicks : public DatabaseTest {
 protected:
  bool add(const std::string& key, std::int64_t second, std::int64_t actor = 3) {
    model::LostClick click;
    click.fabric = fabric_;
    click.actor = {actor};
    click.actor_name = "alice";
    click.key = key;
    click.code = Code::ClientTimeout;
    click.tries = 2;
    click.tab = "tab-1";
    click.page_version = "0.1.0";
    click.clicked = base::WallTime{std::chrono::seconds{second}};
    return write([&](Txn& txn) { return txn.lost_clicks().add(click, 3); });
  }
  std::vector<std::string> keys() {
    std::vector<std::string> keys;
    for (const auto& click :
         read([&](const auto& s) { return s.lost_clicks().latest_of(fabric_, 10); }))
      keys.push_back(click.key);
    return keys;
  }
  void SetUp() override {
    DatabaseTest::SetUp();
    fabric_ = make_fabric();
  }
  model::FabricId fabric_;
};
INSTANTIATE_TEST_SUITE_P(Store, LostClicks, kBackends, name_of_backend);

TEST_P(LostClicks, is_kept_once_and_comes_back_whole) {
  const base::WallTime before = clock_.wall();
  EXPECT_TRUE(add("k1", 10));
  EXPECT_FALSE(add("k1", 99)) << "one key is one click";
  const auto kept = read([&](const auto& s) { return s.lost_clicks().latest_of(fabric_, 10); });
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].fabric, fabric_);
  EXPECT_EQ(kept[0].actor, model::UserId{3});
  EXPECT_EQ(kept[0].actor_name, "alice");
  EXPECT_EQ(kept[0].operation, Operation::Pull);
  EXPECT_EQ(kept[0].code, Code::ClientTimeout);
  EXPECT_EQ(kept[0].tries, 2);
  EXPECT_EQ(kept[0].tab, "tab-1");
  EXPECT_EQ(kept[0].page_version, "0.1.0");
  EXPECT_EQ(kept[0].clicked, base::WallTime{std::chrono::seconds{10}});
  EXPECT_GE(kept[0].told, before);
}

TEST_P(LostClicks, are_the_latest_of_their_fabric_until_they_arrive_or_are_old) {
  const base::WallTime before = clock_.wall();
  for (int second = 1; second <= 5; ++second) add(fmt::format("k{}", second), second);
  EXPECT_THAT(keys(), testing::ElementsAre("k5", "k4", "k3"));
  EXPECT_TRUE(add("k4", 6, 7)) << "another person's key is another click";
  write([&](Txn& txn) { txn.lost_clicks().remove({3}, "k4"); });
  EXPECT_THAT(keys(), testing::ElementsAre("k4", "k5"));
  const auto sweep = [&](base::WallTime told_before) {
    return write([&](Txn& txn) { return txn.lost_clicks().sweep(told_before, 1); });
  };
  EXPECT_EQ(sweep(before), 0);
  EXPECT_EQ(sweep(clock_.wall() + Milliseconds{1}), 1);
  EXPECT_EQ(keys().size(), 1U);
}

TEST_P(LostClicks, go_with_their_fabric) {
  add("k1", 1);
  write([&](Txn& txn) { txn.fabrics().remove(fabric_); });
  EXPECT_TRUE(keys().empty());
}

// With the clock ahead, a server that starts would forget all of its past at once.
TEST_P(Runs, are_kept_by_a_time_that_follows_no_jump_of_the_clock) {
  using std::chrono::hours;
  const std::chrono::minutes little{1};
  const auto kept_now = [&] { return write([](Txn& txn) { return txn.instance().kept_now(); }); };
  const auto begin = kept_now();
  EXPECT_LE(clock_.wall() - begin, little);
  clock_.jump_wall(hours{2'400});
  EXPECT_LE(kept_now() - begin, little);
  clock_.advance(hours{1});
  const auto later = kept_now() - begin;
  EXPECT_GE(later, hours{2} - little) << "it catches up, but no quicker";
  EXPECT_LE(later, hours{2} + little);
  clock_.jump_wall(-hours{2'400});
  EXPECT_LE(abs(clock_.wall() - kept_now()), little) << "and it is never ahead of the clock";
}

}  // namespace
}  // namespace hedgerow::conformance
