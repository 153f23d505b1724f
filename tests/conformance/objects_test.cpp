#include <gmock/gmock.h>

#include "backend.hpp"

namespace hedgerow::conformance {

namespace {

using base::Code;
using base::Milliseconds;
using model::ChangeKind;
using model::ObjectId;
using model::Presence;
using store::Act;
using store::ObjectColumn;
using store::ObjectFilter;
using store::ObjectWrite;
using store::Txn;
using testing::ElementsAre;

const model::Kind kSwitch{"wiring.githedgehog.com", "Switch", "v1beta1", "switches", true};
const model::Kind kServer{"wiring.githedgehog.com", "Server", "v1beta1", "servers", true};
const model::Kind kVpc{"vpc.githedgehog.com", "VPC", "v1beta1", "vpcs", true};
const model::Kind kOtherVpc{"other.githedgehog.com", "VPC", "v1", "vpcs", true};

ObjectWrite appeared(const model::Kind& kind, const std::string& name,
                     const std::string& name_space = "default") {
  ObjectWrite write;
  write.identity = {kind.group, kind.kind, name_space, name};
  write.observed.version = kind.version;
  write.observed.uid = "uid-" + name;
  write.observed.resource_version = "100";
  write.observed.document = fmt::format(R"({{"metadata":{{"name":"{}"}}}})", name);
  write.observed.digest = base::digest_of(write.observed.document);
  write.observed.raw_hash = base::quick_hash(write.observed.document);
  return write;
}

class Objects : public DatabaseTest {
 protected:
  void SetUp() override {
    fabric_ = make_fabric();
    run_ = make_running(fabric_);
    write([&](Txn& txn) {
      txn.kinds().discovered(fabric_, std::array{kSwitch, kServer, kVpc, kOtherVpc});
    });
  }
  store::Applied apply(const std::vector<ObjectWrite>& writes) {
    return write([&](Txn& txn) { return txn.objects().apply(fabric_, run_, txn.now(), writes); });
  }
  model::Object stored(ObjectId id) {
    return read([&](const auto& s) { return s.objects().get(id); });
  }
  std::vector<ChangeKind> history(ObjectId id) {
    std::vector<ChangeKind> kinds;
    const auto page = read([&](const auto& s) { return s.history().of_object(id, {}); });
    for (const auto& change : page.rows) kinds.insert(kinds.begin(), change.kind);
    EXPECT_EQ(page.count, static_cast<std::int64_t>(kinds.size()));
    return kinds;
  }
  std::vector<std::string> names(const ObjectFilter& filter, const store::ObjectOrder& order = {}) {
    std::vector<std::string> found;
    const auto page =
        read([&](const auto& s) { return s.objects().page(fabric_, filter, order, {}); });
    for (const auto& object : page.rows) found.push_back(object.identity.name);
    EXPECT_EQ(page.count, static_cast<std::int64_t>(found.size()));
    return found;
  }

  model::FabricId fabric_;
  [[nodiscard]] store::KindProof proof(base::WallTime at, std::string version) const {
    return {.by = run_,
            .as_of = at,
            .tick = clock_.since_boot(),
            .resource_version = std::move(version)};
  }

  model::RunId run_;
};
INSTANTIATE_TEST_SUITE_P(Store, Objects, kBackends, name_of_backend);

TEST_P(Objects, come_back_as_they_were_seen) {
  auto seen = appeared(kSwitch, "leaf-01");
  seen.observed.raw_hash = 0xffff'ffff'ffff'fff0;
  seen.observed.deleting = true;
  const auto at = base::wall_time(1'700'000'000'001);
  const auto applied =
      write([&](Txn& txn) { return txn.objects().apply(fabric_, run_, at, std::array{seen}); });
  EXPECT_EQ(applied.created, 1);
  const auto object = stored(applied.ids.at(0));
  EXPECT_EQ(object.fabric, fabric_);
  EXPECT_EQ(object.identity, seen.identity);
  EXPECT_EQ(object.observed.version, "v1beta1");
  EXPECT_EQ(object.observed.uid, "uid-leaf-01");
  EXPECT_EQ(object.observed.resource_version, "100");
  EXPECT_EQ(object.observed.digest, seen.observed.digest);
  EXPECT_EQ(object.observed.raw_hash, seen.observed.raw_hash);
  EXPECT_TRUE(object.observed.deleting);
  EXPECT_EQ(object.observed.document, seen.observed.document);
  EXPECT_EQ(object.first_seen, at);
  EXPECT_EQ(object.changed, at);
  EXPECT_FALSE(object.removed);
  EXPECT_THAT(history(object.id), ElementsAre(ChangeKind::Created));
  EXPECT_EQ(code_of([&] { return stored({99}); }), Code::NotFound);
}

TEST_P(Objects, of_one_and_a_half_megabytes_and_the_longest_name_are_kept_exactly) {
  auto seen = appeared(kSwitch, std::string(253, 'a'), std::string(63, 'b'));
  seen.observed.document =
      R"({"big":")" + std::string(1'572'864, 'x') + R"(","n":9007199254740993})";
  const auto applied = apply({seen});
  const auto object = stored(applied.ids.at(0));
  EXPECT_TRUE(object.observed.document == seen.observed.document);
  EXPECT_EQ(object.identity, seen.identity);
}

TEST_P(Objects, leave_a_row_of_history_for_each_change) {
  auto seen = appeared(kSwitch, "leaf-01");
  seen.id = apply({seen}).ids.at(0);
  seen.act = Act::Changed;
  seen.observed.resource_version = "101";
  seen.observed.document = R"({"changed":1})";
  const auto changed = apply({seen});
  EXPECT_EQ(changed.changed, 1);
  EXPECT_EQ(changed.ids.at(0), seen.id);
  EXPECT_EQ(stored(seen.id).observed.document, R"({"changed":1})");

  seen.act = Act::Touched;
  seen.observed.resource_version = "102";
  seen.observed.raw_hash = 5;
  seen.observed.document.clear();
  EXPECT_EQ(apply({seen}).touched, 1);
  EXPECT_EQ(stored(seen.id).observed.resource_version, "102");
  EXPECT_EQ(stored(seen.id).observed.raw_hash, 5U);
  EXPECT_EQ(stored(seen.id).observed.document, R"({"changed":1})");
  EXPECT_THAT(history(seen.id), ElementsAre(ChangeKind::Created, ChangeKind::Changed));
}

TEST_P(Objects, with_a_new_uid_are_removed_and_created_in_the_same_row) {
  auto seen = appeared(kSwitch, "leaf-01");
  seen.id = apply({seen}).ids.at(0);
  seen.act = Act::Replaced;
  seen.observed.uid = "uid-2";
  seen.observed.resource_version = "200";
  EXPECT_EQ(apply({seen}).changed, 1);
  EXPECT_EQ(stored(seen.id).observed.uid, "uid-2");
  EXPECT_THAT(history(seen.id),
              ElementsAre(ChangeKind::Created, ChangeKind::Removed, ChangeKind::Created));
  EXPECT_EQ(
      ask_outside("SELECT uid || ' ' || resource_version FROM history WHERE change = 'removed'"),
      "uid-leaf-01 100");
}

TEST_P(Objects, become_tombstones_and_come_back_to_life) {
  auto seen = appeared(kSwitch, "leaf-01");
  const auto born = apply({seen});
  seen.id = born.ids.at(0);
  const auto first_seen = stored(seen.id).first_seen;
  seen.act = Act::Removed;
  EXPECT_EQ(apply({seen}).removed, 1);
  EXPECT_TRUE(stored(seen.id).removed);
  EXPECT_EQ(stored(seen.id).observed.document, seen.observed.document);
  EXPECT_THAT(names({}), ElementsAre());
  EXPECT_THAT(names({.presence = Presence::Removed}), ElementsAre("leaf-01"));
  EXPECT_EQ(read([&](const auto& s) { return s.objects().count(fabric_); }), 0);
  EXPECT_EQ(code_of([&] { apply({seen}); }), Code::InternalFault) << "it is gone already";

  seen.act = Act::Appeared;
  seen.observed.uid = "uid-2";
  seen.observed.document = R"({"again":true})";
  EXPECT_EQ(apply({seen}).created, 1);
  const auto object = stored(seen.id);
  EXPECT_FALSE(object.removed);
  EXPECT_EQ(object.observed.uid, "uid-2");
  EXPECT_EQ(object.observed.document, R"({"again":true})");
  EXPECT_EQ(object.first_seen, first_seen);
  EXPECT_THAT(history(seen.id),
              ElementsAre(ChangeKind::Created, ChangeKind::Removed, ChangeKind::Created));
  EXPECT_EQ(code_of([&] { apply({seen}); }), Code::InternalFault) << "it is there already";
}

TEST_P(Objects, are_written_whole_or_not_at_all) {
  const auto first = appeared(kSwitch, "leaf-01");
  apply({first});
  EXPECT_EQ(code_of([&] { apply({appeared(kSwitch, "leaf-02"), first}); }), Code::InternalFault);
  EXPECT_THAT(names({}), ElementsAre("leaf-01"));
  EXPECT_EQ(ask_outside("SELECT count(*) FROM history"), "1");
}

TEST_P(Objects, of_another_fabric_cannot_be_written) {
  auto seen = appeared(kSwitch, "leaf-01");
  seen.id = apply({seen}).ids.at(0);
  const auto other = make_fabric("other");
  for (const auto act : {Act::Changed, Act::Replaced, Act::Touched, Act::Removed}) {
    seen.act = act;
    const auto steal = [&] {
      write([&](Txn& txn) { txn.objects().apply(other, run_, txn.now(), std::array{seen}); });
    };
    EXPECT_EQ(code_of(steal), Code::InternalFault);
  }
  EXPECT_FALSE(stored(seen.id).removed);
}

TEST_P(Objects, are_handed_over_with_what_is_compared_tombstones_included) {
  auto gone = appeared(kSwitch, "leaf-02");
  gone.id = apply({appeared(kSwitch, "leaf-01"), gone, appeared(kVpc, "vpc-1")}).ids.at(1);
  gone.act = Act::Removed;
  apply({gone});
  std::vector<std::string> found;
  read([&](const auto& s) {
    s.objects().known(fabric_, {kSwitch.group, kSwitch.kind}, {}, [&](const store::Known& known) {
      found.push_back(fmt::format("{}/{} {} {} {}", known.name_space, known.name, known.uid,
                                  known.resource_version, known.removed));
      const auto seen = appeared(kSwitch, std::string{known.name});
      EXPECT_EQ(known.digest, seen.observed.digest);
      EXPECT_EQ(known.raw_hash, seen.observed.raw_hash);
    });
  });
  EXPECT_THAT(found, ElementsAre("default/leaf-01 uid-leaf-01 100 false",
                                 "default/leaf-02 uid-leaf-02 100 true"));
}

TEST_P(Objects, of_one_name_in_two_groups_stay_apart) {
  apply({appeared(kVpc, "vpc-1"), appeared(kOtherVpc, "vpc-1")});
  EXPECT_THAT(names({.kinds = {{"", "VPC"}}}), ElementsAre("vpc-1", "vpc-1"));
  EXPECT_THAT(names({.kinds = {{kVpc.group, "VPC"}}}), ElementsAre("vpc-1"));
  EXPECT_THAT(names({.kinds = {{"", "vpc"}}}), ElementsAre());
}

TEST_P(Objects, are_filtered) {
  apply({appeared(kSwitch, "leaf-01"), appeared(kSwitch, "spine-01", "other"),
         appeared(kServer, "server-01"), appeared(kVpc, "vpc_x"), appeared(kVpc, "vpc-x")});
  EXPECT_THAT(names({.kinds = {{"", "Switch"}, {"", "Server"}}}),
              ElementsAre("leaf-01", "server-01", "spine-01"));
  EXPECT_THAT(names({.namespaces = {"other"}}), ElementsAre("spine-01"));
  EXPECT_THAT(names({.namespaces = {"other", "default"}, .name_part = "01"}),
              ElementsAre("leaf-01", "server-01", "spine-01"));
  EXPECT_THAT(names({.name_part = "LEAF"}), ElementsAre("leaf-01"));
  EXPECT_THAT(names({.name_part = "vpc_"}), ElementsAre("vpc_x"));
  EXPECT_THAT(names({.q = "SWITCH"}), ElementsAre("leaf-01", "spine-01"));
  EXPECT_THAT(names({.q = "othe"}), ElementsAre("spine-01"));
  EXPECT_THAT(names({.kinds = {{"", "Switch"}}, .q = "leaf"}), ElementsAre("leaf-01"));
  EXPECT_THAT(names({.kinds = {{"", "Nothing"}}}), ElementsAre());
  EXPECT_THAT(names({.name_part = "'; DROP TABLE objects; --"}), ElementsAre());
}

TEST_P(Objects, are_ordered_totally) {
  apply({appeared(kVpc, "b", "n2"), appeared(kSwitch, "a", "n1"), appeared(kServer, "b", "n1"),
         appeared(kOtherVpc, "a", "n2")});
  const auto order = [&](ObjectColumn by, bool descending) {
    std::vector<std::int64_t> ids;
    const auto page =
        read([&](const auto& s) { return s.objects().page(fabric_, {}, {by, descending}, {}); });
    for (const auto& object : page.rows) ids.push_back(object.id.value);
    return ids;
  };
  EXPECT_THAT(order(ObjectColumn::Name, false), ElementsAre(2, 4, 1, 3));
  EXPECT_THAT(order(ObjectColumn::Name, true), ElementsAre(3, 1, 4, 2));
  EXPECT_THAT(order(ObjectColumn::Namespace, false), ElementsAre(2, 3, 1, 4));
  EXPECT_THAT(order(ObjectColumn::Namespace, true), ElementsAre(4, 1, 3, 2));
  EXPECT_THAT(order(ObjectColumn::Kind, false), ElementsAre(3, 2, 4, 1));
  EXPECT_THAT(order(ObjectColumn::Kind, true), ElementsAre(1, 4, 2, 3));
  EXPECT_THAT(order(ObjectColumn::Changed, false), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(order(ObjectColumn::Changed, true), ElementsAre(4, 3, 2, 1));
}

TEST_P(Objects, stand_in_pages_that_hold_each_once) {
  std::vector<ObjectWrite> writes;
  for (int i = 0; i < 25; ++i)
    writes.push_back(appeared(kSwitch, fmt::format("s{}", i % 5), fmt::format("n{}", i)));
  apply(writes);
  std::set<std::int64_t> seen;
  for (std::int64_t offset = 0; offset < 30; offset += 10) {
    const auto page = read([&](const auto& s) {
      return s.objects().page(fabric_, {}, {}, {.limit = 10, .offset = offset});
    });
    EXPECT_EQ(page.count, 25);
    for (const auto& object : page.rows) seen.insert(object.id.value);
  }
  EXPECT_EQ(seen.size(), 25U);
}

TEST_P(Objects, history_is_found_by_object_and_by_run_with_each_document) {
  auto seen = appeared(kSwitch, "leaf-01");
  seen.id = apply({seen, appeared(kServer, "server-01")}).ids.at(0);
  seen.act = Act::Removed;
  apply({seen});
  const auto of_run = read([&](const auto& s) { return s.history().of_run(run_, {}, {}); });
  EXPECT_EQ(of_run.count, 3);
  ASSERT_EQ(of_run.rows.size(), 3U);
  EXPECT_EQ(of_run.rows[0].identity, seen.identity);
  EXPECT_EQ(of_run.rows[0].run, run_);
  EXPECT_EQ(of_run.rows[1].identity.name, "server-01");
  EXPECT_EQ(of_run.rows[2].kind, ChangeKind::Removed);
  EXPECT_EQ(of_run.rows[2].object, seen.id);
  const auto removed =
      read([&](const auto& s) { return s.history().of_run(run_, ChangeKind::Removed, {}); });
  EXPECT_EQ(removed.count, 1);
  ASSERT_EQ(removed.rows.size(), 1U);
  EXPECT_EQ(removed.rows[0].id, of_run.rows[2].id);
  read([&](const auto& s) {
    EXPECT_EQ(s.history().document(of_run.rows[0].id), seen.observed.document);
    EXPECT_FALSE(s.history().document(of_run.rows[2].id));
    EXPECT_FALSE(s.history().document({99}));
  });
}

TEST_P(Objects, history_is_swept_but_never_the_last_document) {
  auto seen = appeared(kSwitch, "leaf-01");
  seen.id = apply({seen}).ids.at(0);
  for (int i = 0; i < 5; ++i) {
    seen.act = Act::Changed;
    seen.observed.document = fmt::format(R"({{"n":{}}})", i);
    apply({seen});
  }
  // Two changes at a time; how often it looked.
  const auto sweep = [&](std::int64_t versions) {
    clock_.advance(Milliseconds{100});
    model::ChangeId at;
    for (int looks = 1;; ++looks) {
      at = write([&](Txn& txn) { return txn.history().sweep({txn.now(), versions}, at, 2); });
      if (at.value == 0) return looks;
    }
  };
  EXPECT_EQ(
      write([&](Txn& txn) { return txn.history().sweep({base::wall_time(0), 1}, {}, 2); }).value,
      0);
  EXPECT_EQ(history(seen.id).size(), 6U);
  EXPECT_EQ(sweep(4), 4);
  EXPECT_EQ(history(seen.id).size(), 4U);
  seen.act = Act::Removed;
  apply({seen});
  EXPECT_EQ(sweep(1), 4);
  EXPECT_EQ(stored(seen.id).observed.document, R"({"n":4})");
  EXPECT_THAT(history(seen.id), ElementsAre(ChangeKind::Changed, ChangeKind::Removed));
}

TEST_P(Objects, kinds_carry_their_coverage_their_marker_and_their_number) {
  apply({appeared(kSwitch, "leaf-01"), appeared(kSwitch, "leaf-02"), appeared(kVpc, "vpc-1")});
  const auto at = clock_.wall();
  write([&](Txn& txn) {
    txn.kinds().set_coverage(fabric_, {kSwitch.group, "Switch"},
                             {.coverage = model::Coverage::Readable});
    txn.kinds().mark_complete(fabric_, {kSwitch.group, "Switch"}, proof(at, "4711"));
    txn.kinds().set_coverage(fabric_, {kVpc.group, "VPC"},
                             {model::Coverage::NotReadable, Code::ClusterForbidden, "no", "yaml"});
  });
  const auto kinds = read([&](const auto& s) { return s.kinds().of(fabric_); });
  ASSERT_EQ(kinds.size(), 4U);
  EXPECT_EQ(kinds[0].kind.group, "other.githedgehog.com");
  const auto& vpc = kinds[1];
  EXPECT_EQ(vpc.coverage, model::Coverage::NotReadable);
  EXPECT_EQ(vpc.code, Code::ClusterForbidden);
  EXPECT_EQ(vpc.detail, "no");
  EXPECT_EQ(vpc.remedy, "yaml");
  EXPECT_EQ(vpc.objects, 1);
  EXPECT_FALSE(vpc.as_of);
  const auto& switches = kinds[3];
  EXPECT_EQ(switches.kind.plural, "switches");
  EXPECT_EQ(switches.kind.version, "v1beta1");
  EXPECT_TRUE(switches.kind.namespaced);
  EXPECT_EQ(switches.coverage, model::Coverage::Readable);
  EXPECT_EQ(switches.as_of, at);
  EXPECT_EQ(switches.read_by, run_);
  EXPECT_EQ(switches.resource_version, "4711");
  EXPECT_EQ(switches.objects, 2);
}

TEST_P(Objects, were_proven_as_long_ago_as_the_ticks_say_where_the_clock_was_set_back) {
  const store::KindName name{kSwitch.group, "Switch"};
  const auto at = clock_.wall();
  write([&](Txn& txn) { txn.kinds().mark_complete(fabric_, name, proof(at, "4711")); });
  const auto as_of = [&] {
    return read([&](const auto& s) { return s.kinds().of(fabric_); })[3].as_of;
  };
  const auto age = [&] { return clock_.wall() - as_of().value(); };
  const std::chrono::minutes hour{60}, passed{10}, little{1};
  clock_.advance(passed);
  EXPECT_EQ(as_of(), at);
  clock_.jump_wall(-hour);
  EXPECT_GE(age(), passed - little);
  EXPECT_LE(age(), passed + little);
  clock_.jump_wall(2 * hour);
  EXPECT_EQ(as_of(), at) << "set ahead, it may only seem older";
}

TEST_P(Objects, that_left_the_scope_are_dated_apart_and_come_back_when_they_are_read) {
  const auto ids = apply({appeared(kSwitch, "leaf-01", "north"), appeared(kSwitch, "leaf-02"),
                          appeared(kVpc, "wide", ""), appeared(kServer, "server-1", "south")})
                       .ids;
  clock_.advance(Milliseconds{1'000});
  const auto proven = clock_.wall();
  write([&](Txn& txn) {
    txn.kinds().mark_complete(fabric_, {kSwitch.group, "Switch"}, proof(proven, "4711"));
  });
  const auto leave = [&](const std::vector<std::string>& namespaces) {
    write([&](Txn& txn) { txn.objects().leave_scope(fabric_, namespaces); });
  };
  leave({});
  EXPECT_THAT(names({.presence = Presence::OutOfScope}), ElementsAre());
  clock_.advance(Milliseconds{1'000});
  leave({"default"});
  EXPECT_THAT(names({}), ElementsAre("leaf-02", "wide")) << "a kind without namespaces stays";
  EXPECT_THAT(names({.presence = Presence::OutOfScope}), ElementsAre("leaf-01", "server-1"));
  EXPECT_THAT(names({.presence = Presence::Removed}), ElementsAre());
  EXPECT_THAT(names({.presence = Presence::Any}),
              ElementsAre("leaf-01", "leaf-02", "server-1", "wide"));
  EXPECT_EQ(read([&](const auto& s) { return s.objects().count(fabric_); }), 2);
  EXPECT_EQ(read([&](const auto& s) { return s.kinds().of(fabric_); })[3].objects, 1);
  EXPECT_EQ(stored(ids[0]).out_of_scope, proven);
  EXPECT_EQ(stored(ids[3]).out_of_scope, stored(ids[3]).changed) << "its kind was never proven";
  EXPECT_FALSE(stored(ids[1]).out_of_scope);

  write([&](Txn& txn) {
    txn.kinds().mark_complete(fabric_, {kSwitch.group, "Switch"}, proof(txn.now(), "4712"));
  });
  leave({"elsewhere"});
  EXPECT_EQ(stored(ids[0]).out_of_scope, proven) << "it left once";
  auto seen = appeared(kSwitch, "leaf-01", "north");
  seen.act = Act::Touched;
  seen.id = ids[0];
  auto gone = appeared(kServer, "server-1", "south");
  gone.act = Act::Removed;
  gone.id = ids[3];
  apply({seen, gone});
  EXPECT_FALSE(stored(ids[0]).out_of_scope);
  EXPECT_FALSE(stored(ids[3]).out_of_scope);
  EXPECT_THAT(names({.presence = Presence::Removed}), ElementsAre("server-1"));
}

TEST_P(Objects, forget_their_versions_with_those_of_their_kinds) {
  const auto id = apply({appeared(kSwitch, "leaf-01")}).ids.front();
  const store::KindName name{kSwitch.group, "Switch"};
  const auto first = clock_.wall();
  write([&](Txn& txn) {
    txn.kinds().mark_complete(fabric_, name, proof(first, "4711"));
    txn.kinds().mark_rewound(fabric_, name, first);
  });
  clock_.advance(Milliseconds{1'000});
  write([&](Txn& txn) { txn.kinds().mark_rewound(fabric_, name, clock_.wall()); });
  const auto switches = [&] {
    return read([&](const auto& s) { return s.kinds().of(fabric_); })[3];
  };
  EXPECT_EQ(switches().rewound, first) << "since when, stays";
  write([&](Txn& txn) {
    txn.kinds().forget_versions(fabric_);
    txn.objects().forget_versions(fabric_);
  });
  EXPECT_FALSE(switches().rewound);
  EXPECT_EQ(switches().resource_version, "");
  EXPECT_EQ(switches().as_of, first) << "what was proven, was proven";
  EXPECT_EQ(stored(id).observed.resource_version, "");
}

TEST_P(Objects, kinds_that_are_as_they_were_are_not_written) {
  auto newer = kSwitch;
  newer.version = "v1";
  write([&](Txn& txn) { txn.kinds().discovered(fabric_, std::array{newer}); });
  const auto kinds = read([&](const auto& s) { return s.kinds().of(fabric_); });
  ASSERT_EQ(kinds.size(), 4U);
  EXPECT_EQ(kinds[3].kind.version, "v1");
  outside(
      "CREATE TABLE written (x); CREATE TRIGGER seen AFTER UPDATE ON kinds"
      " BEGIN INSERT INTO written VALUES (1); END");
  write([&](Txn& txn) {
    txn.kinds().discovered(fabric_, std::array{newer, kServer, kVpc, kOtherVpc});
    txn.kinds().set_coverage(fabric_, {kVpc.group, "VPC"}, {});
  });
  EXPECT_EQ(ask_outside("SELECT count(*) FROM written"), "0");
}

// Numbers are remembered between two commits; this must never be seen.
TEST_P(Objects, are_counted_as_the_snapshot_has_them_that_asks) {
  const auto number = [&](const store::Snapshot& seen) {
    const auto page = seen.objects().page(fabric_, {}, {}, {});
    EXPECT_EQ(page.count, std::ssize(page.rows));
    EXPECT_EQ(seen.kinds().of(fabric_)[3].objects, page.count);
    return page.count;
  };
  const auto counted = [&] { return read(number); };
  EXPECT_EQ(counted(), 0);
  const ObjectId leaf = apply({appeared(kSwitch, "leaf-01")}).ids[0];
  EXPECT_EQ(counted(), 1);
  EXPECT_EQ(counted(), 1);
  EXPECT_EQ(code_of([&] {
              write([&](Txn& txn) {
                const std::array two{appeared(kSwitch, "leaf-02")};
                txn.objects().apply(fabric_, run_, txn.now(), two);
                EXPECT_EQ(number(txn), 2) << "a transaction sees what it wrote";
                throw base::Failure{Code::ChangedMeanwhile, base::Cause::Refused};
              });
            }),
            Code::ChangedMeanwhile);
  EXPECT_EQ(counted(), 1) << "what was rolled back never was";
  read([&](const store::Snapshot& seen) {
    EXPECT_EQ(number(seen), 1);
    std::jthread{[&] { apply({appeared(kSwitch, "leaf-03")}); }}.join();
    EXPECT_EQ(number(seen), 1) << "a snapshot stays as it began";
    return 0;
  });
  EXPECT_EQ(counted(), 2);
  EXPECT_EQ(outside("DELETE FROM objects WHERE id = " + std::to_string(leaf.value)), "");
  EXPECT_EQ(counted(), 1) << "another program's change counts as well";
}

}  // namespace
}  // namespace hedgerow::conformance
