#include <gmock/gmock.h>

#include "backend.hpp"

namespace hedgerow::conformance {

namespace {

using base::Code;
using base::Milliseconds;
using model::Role;
using store::Txn;
using testing::ElementsAre;

class People : public DatabaseTest {
 protected:
  model::UserId make_user(const std::string& name, Role role = Role::Viewer) {
    return write([&](Txn& txn) { return txn.users().create({name, role, "$argon2id$x"}); });
  }
  store::SessionDraft session_of(model::UserId user, std::string_view token) {
    return {.token_hash = base::digest_of(token),
            .user = user,
            .idle_ends = clock_.wall() + Milliseconds{1'000},
            .absolute_ends = clock_.wall() + Milliseconds{5'000},
            .method = model::SignInMethod::Password,
            .address = "192.0.2.7",
            .agent = "Firefox"};
  }
};
INSTANTIATE_TEST_SUITE_P(Store, People, kBackends, name_of_backend);

TEST_P(People, are_found_by_name_whatever_its_case) {
  const auto id = make_user("Ünal.Özgür", Role::Administrator);
  const auto user = read([](const auto& s) { return s.users().find("üNAL.öZGÜR"); });
  ASSERT_TRUE(user);
  EXPECT_EQ(user->id, id);
  EXPECT_EQ(user->name, "Ünal.Özgür");
  EXPECT_EQ(user->role, Role::Administrator);
  EXPECT_EQ(user->password_hash, "$argon2id$x");
  EXPECT_FALSE(read([](const auto& s) { return s.users().find("unal.ozgur"); }));
}

TEST_P(People, cannot_share_a_name) {
  make_user("alice");
  EXPECT_EQ(code_of([&] { make_user("ALICE"); }), Code::InternalFault);
  EXPECT_EQ(read([](const auto& s) { return s.users().count(); }), 1);
}

TEST_P(People, stand_in_pages_by_name) {
  for (const char* name : {"carol", "Alice", "bob", "Dave"}) make_user(name);
  const auto page = read([](const auto& s) { return s.users().page({.limit = 2, .offset = 1}); });
  EXPECT_EQ(page.count, 4);
  ASSERT_EQ(page.rows.size(), 2U);
  EXPECT_EQ(page.rows[0].name, "bob");
  EXPECT_EQ(page.rows[1].name, "carol");
}

TEST_P(People, and_nobody_have_their_tries_kept_in_the_same_way) {
  make_user("Álice");
  const store::Tries tries{.failures = 2, .locked_until = clock_.wall() + Milliseconds{60'000}};
  const auto kept = [&](std::string_view name) {
    const auto found = read([&](const auto& s) { return s.users().tries(name); });
    return std::pair{found.failures, found.locked_until};
  };
  for (const auto& [one, same] : {std::pair{"Álice", "áLICE"}, std::pair{"Ñobody", "ñOBODY"}}) {
    EXPECT_EQ(kept(one).first, 0) << one;
    write([&](Txn& txn) { txn.users().keep_tries(one, tries); });
    EXPECT_EQ(kept(same), (std::pair{tries.failures, tries.locked_until})) << one;
    EXPECT_EQ(kept("somebody else").first, 0) << one;
    write([&](Txn& txn) { txn.users().keep_tries(same, {}); });
    EXPECT_EQ(kept(one), (std::pair{std::int64_t{0}, std::optional<base::WallTime>{}})) << one;
  }
}

TEST_P(People, have_their_tries_counted_by_the_device_that_they_have_signed_in_with) {
  const auto alice = make_user("alice");
  const auto bob = make_user("bob");
  const auto one = base::digest_of("one");
  const auto two = base::digest_of("two");
  const auto failures = [&](const base::Digest& token, model::UserId user) {
    const auto tries = read([&](const auto& s) { return s.devices().tries(token, user); });
    return tries ? tries->failures : -1;
  };
  const auto sign_in = [&](std::optional<base::Digest> before, const base::Digest& token,
                           model::UserId user) {
    clock_.advance(Milliseconds{1});
    write([&](Txn& txn) { txn.devices().sign_in(before, token, user, 2); });
  };
  EXPECT_EQ(failures(one, alice), -1);
  sign_in(std::nullopt, one, alice);
  EXPECT_EQ(failures(one, alice), 0);
  EXPECT_EQ(failures(one, bob), -1);
  const store::Tries tries{.failures = 3, .locked_until = clock_.wall() + Milliseconds{60'000}};
  write([&](Txn& txn) {
    txn.devices().keep_tries(one, alice, tries);
    txn.devices().keep_tries(one, bob, tries);
  });
  EXPECT_EQ(read([&](const auto& s) { return s.devices().tries(one, alice)->locked_until; }),
            tries.locked_until);
  EXPECT_EQ(failures(one, bob), -1) << "nothing is kept where bob never was";
  // Its token is another after each sign-in, for all who have used it.
  sign_in(one, two, bob);
  EXPECT_EQ(failures(one, alice), -1);
  EXPECT_EQ(failures(two, alice), 3);
  EXPECT_EQ(failures(two, bob), 0);
  sign_in(two, one, alice);
  EXPECT_EQ(failures(one, alice), 0) << "a right password clears the count";
  // Of each user the latest two.
  sign_in(std::nullopt, base::digest_of("three"), bob);
  sign_in(std::nullopt, base::digest_of("four"), bob);
  EXPECT_EQ(failures(one, bob), -1);
  EXPECT_EQ(failures(base::digest_of("three"), bob), 0);
  EXPECT_EQ(failures(one, alice), 0);
  write([&](Txn& txn) { txn.devices().forget_all_of(bob); });
  EXPECT_EQ(failures(base::digest_of("four"), bob), -1);
  const auto sweep = [&](base::WallTime before) {
    return write([&](Txn& txn) { return txn.devices().sweep(before); });
  };
  EXPECT_EQ(sweep(clock_.wall() - Milliseconds{60'000}), 0);
  EXPECT_EQ(sweep(clock_.wall() + Milliseconds{1}), 1);
  EXPECT_EQ(failures(one, alice), -1);
}

TEST_P(People, a_session_carries_its_user_as_he_is_now) {
  const auto user = make_user("alice", Role::Operator);
  const auto id = write([&](Txn& txn) { return txn.sessions().create(session_of(user, "t1")); });
  EXPECT_EQ(outside("UPDATE users SET role = 'viewer'"), "");
  const auto found = read([](const auto& s) { return s.sessions().find(base::digest_of("t1")); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, id);
  EXPECT_EQ(found->user, user);
  EXPECT_EQ(found->user_name, "alice");
  EXPECT_EQ(found->role, Role::Viewer);
  EXPECT_EQ(found->address, "192.0.2.7");
  EXPECT_EQ(found->agent, "Firefox");
  EXPECT_FALSE(found->end);
  EXPECT_FALSE(read([](const auto& s) { return s.sessions().find(base::digest_of("t2")); }));
}

TEST_P(People, get_another_role_and_a_revision_with_it) {
  const auto id = make_user("alice", Role::Administrator);
  make_user("bob", Role::Administrator);
  const auto with = [&](Role role) {
    return read([&](const auto& s) { return s.users().count_of(role); });
  };
  EXPECT_EQ(with(Role::Administrator), 2);
  EXPECT_EQ(read([&](const auto& s) { return s.users().get(id).revision; }), 1);
  write([&](Txn& txn) { txn.users().set_role(id, Role::Operator); });
  const auto user = read([&](const auto& s) { return s.users().get(id); });
  EXPECT_EQ(user.role, Role::Operator);
  EXPECT_EQ(user.revision, 2);
  EXPECT_EQ(with(Role::Administrator), 1);
  EXPECT_EQ(code_of([&] { write([](Txn& txn) { txn.users().set_role({99}, Role::Viewer); }); }),
            Code::NotFound);
}

TEST_P(People, open_sessions_stand_in_pages_last_seen_first) {
  const auto alice = make_user("alice");
  const auto bob = make_user("bob");
  const auto make = [&](model::UserId user, std::string_view token) {
    clock_.advance(Milliseconds{10});
    return write([&](Txn& txn) { return txn.sessions().create(session_of(user, token)); });
  };
  const auto first = make(alice, "a1");
  const auto second = make(bob, "b1");
  const auto ended = make(alice, "a2");
  write([&](Txn& txn) {
    txn.sessions().end(ended, store::SessionEnd::Revoked, txn.now());
    txn.sessions().hand_over(ended, first);
    txn.sessions().hand_over(first, second);  // It has not ended, so nothing takes its place.
  });
  EXPECT_EQ(read([&](const auto& s) { return s.sessions().find(ended)->replaced_by; }), first);
  EXPECT_FALSE(read([&](const auto& s) { return s.sessions().find(first)->replaced_by; }));
  const auto ids = [&](std::optional<model::UserId> user, const store::Page& page) {
    const auto found =
        read([&](const auto& s) { return s.sessions().page(clock_.wall(), user, page); });
    std::vector<std::int64_t> listed{found.count};
    for (const store::Session& each : found.rows) listed.push_back(each.id.value);
    return listed;
  };
  EXPECT_THAT(ids({}, {}), ElementsAre(2, second.value, first.value));
  EXPECT_THAT(ids({}, {.limit = 1, .offset = 1}), ElementsAre(2, first.value));
  EXPECT_THAT(ids(alice, {}), ElementsAre(1, first.value));
  clock_.advance(Milliseconds{1'000});
  EXPECT_THAT(ids({}, {}), ElementsAre(0));
}

TEST_P(People, a_touch_moves_the_idle_end_but_never_beyond_the_absolute_one) {
  const auto user = make_user("alice");
  const auto draft = session_of(user, "t");
  const auto id = write([&](Txn& txn) { return txn.sessions().create(draft); });
  const auto idle_ends = [&] {
    return read([&](const auto& s) { return s.sessions().find(draft.token_hash)->idle_ends; });
  };
  write([&](Txn& txn) { txn.sessions().touch(id, draft.idle_ends + Milliseconds{1'500}); });
  EXPECT_EQ(idle_ends(), draft.idle_ends + Milliseconds{1'500});
  write([&](Txn& txn) { txn.sessions().touch(id, draft.idle_ends + Milliseconds{90'000}); });
  EXPECT_EQ(idle_ends(), draft.absolute_ends);
}

TEST_P(People, the_first_end_of_a_session_stays) {
  const auto user = make_user("alice");
  const auto id = write([&](Txn& txn) { return txn.sessions().create(session_of(user, "t")); });
  write([&](Txn& txn) {
    EXPECT_TRUE(txn.sessions().end(id, store::SessionEnd::SignedOut, txn.now()));
    EXPECT_FALSE(txn.sessions().end(id, store::SessionEnd::Revoked, txn.now()));
  });
  const auto found = read([](const auto& s) { return s.sessions().find(base::digest_of("t")); });
  EXPECT_EQ(found->end, store::SessionEnd::SignedOut);
  EXPECT_TRUE(found->ended);
}

TEST_P(People, sessions_of_a_user_are_counted_until_they_end_and_old_rows_go) {
  const auto alice = make_user("alice");
  const auto bob = make_user("bob");
  std::vector<model::SessionId> of_alice;
  write([&](Txn& txn) {
    of_alice = {txn.sessions().create(session_of(alice, "a1")),
                txn.sessions().create(session_of(alice, "a2"))};
    txn.sessions().create(session_of(bob, "b1"));
  });
  read([&](const auto& s) {
    EXPECT_EQ(s.sessions().count_of(alice), 2);
    EXPECT_EQ(s.sessions().oldest_of(alice), of_alice.front());
  });
  write([&](Txn& txn) {
    for (const auto session : of_alice)
      EXPECT_TRUE(txn.sessions().end(session, store::SessionEnd::Revoked, txn.now()));
  });
  EXPECT_EQ(read([&](const auto& s) { return s.sessions().count_of(alice); }), 0);
  EXPECT_EQ(read([&](const auto& s) { return s.sessions().count_of(bob); }), 1);
  clock_.advance(Milliseconds{100});
  EXPECT_EQ(write([&](Txn& txn) { return txn.sessions().sweep(txn.now()); }), 2);
  EXPECT_TRUE(read([](const auto& s) { return s.sessions().find(base::digest_of("b1")); }));
}

TEST_P(People, an_instance_is_itself_until_its_key_is_rotated) {
  const auto name = read([](const auto& s) { return s.instance().name(); });
  const auto incarnation = read([](const auto& s) { return s.instance().incarnation(); });
  const auto key = read([](const auto& s) { return s.instance().csrf_key(); });
  EXPECT_EQ(name.size(), 10U);
  EXPECT_EQ(key.size(), 32U);
  open_again();
  EXPECT_EQ(read([](const auto& s) { return s.instance().name(); }), name);
  EXPECT_EQ(read([](const auto& s) { return s.instance().incarnation(); }), incarnation);
  EXPECT_EQ(read([](const auto& s) { return s.instance().csrf_key(); }), key);
  write([](Txn& txn) { txn.instance().rotate_csrf_key(); });
  EXPECT_NE(read([](const auto& s) { return s.instance().csrf_key(); }), key);
}

TEST_P(People, the_code_of_the_first_set_up_comes_and_goes) {
  EXPECT_FALSE(read([](const auto& s) { return s.instance().setup_code(); }));
  const store::SetupCode code{base::digest_of("code"), clock_.wall() + Milliseconds{60'000}};
  write([&](Txn& txn) { txn.instance().put_setup_code(code); });
  const auto found = read([](const auto& s) { return s.instance().setup_code(); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->hash, code.hash);
  EXPECT_EQ(found->expires, code.expires);
  write([](Txn& txn) { txn.instance().remove_setup_code(); });
  EXPECT_FALSE(read([](const auto& s) { return s.instance().setup_code(); }));
}

TEST_P(People, a_request_key_answers_what_it_made) {
  const store::RequestKey key{{7}, "POST /api/fabrics/1/runs/", "key-00000001"};
  const store::Remembered made{base::digest_of("{}"), store::Made::Run, 12, true};
  write([&](Txn& txn) { txn.request_keys().remember(key, made); });
  const auto found = read([&](const auto& s) { return s.request_keys().find(key); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->body_hash, made.body_hash);
  EXPECT_EQ(found->made, store::Made::Run);
  EXPECT_EQ(found->id, 12);
  EXPECT_TRUE(found->joined);
  auto other = key;
  other.user = {8};
  EXPECT_FALSE(read([&](const auto& s) { return s.request_keys().find(other); }));
  const auto sweep = [](Txn& txn) {
    return txn.request_keys().sweep(txn.now() - Milliseconds{9'000}, 1'000);
  };
  EXPECT_EQ(write(sweep), 0);
  clock_.advance(Milliseconds{10'000});
  EXPECT_EQ(write(sweep), 1);
}

TEST_P(People, what_was_done_stays_in_the_audit) {
  write([](Txn& txn) {
    store::AuditRow row;
    row.actor = {3};
    row.actor_name = "alice";
    row.action = "fabric.create";
    row.subject_kind = "fabric";
    row.subject = 7;
    row.subject_name = "fab-lab-01";
    row.result = "done";
    row.request = "req-1";
    row.address = "192.0.2.7";
    row.run = model::RunId{9};
    row.details = R"({"server":"https://127.0.0.1"})";
    txn.audit().append(row);
    row.action = "fabric.remove";
    txn.audit().append(row);
  });
  const auto page = read([](const auto& s) { return s.audit().page({}); });
  EXPECT_EQ(page.count, 2);
  ASSERT_EQ(page.rows.size(), 2U);
  EXPECT_EQ(page.rows[0].action, "fabric.remove");
  EXPECT_EQ(page.rows[1].run, model::RunId{9});
  EXPECT_EQ(page.rows[1].details, R"({"server":"https://127.0.0.1"})");
  EXPECT_EQ(outside("UPDATE audit SET actor_name = 'bob'"), "an audit row never changes");
  EXPECT_EQ(outside("DELETE FROM audit"), "an audit row is never removed");
  EXPECT_EQ(ask_outside("SELECT count(*) FROM audit WHERE actor_name = 'alice'"), "2");
}

}  // namespace
}  // namespace hedgerow::conformance
