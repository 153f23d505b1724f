#include <gmock/gmock.h>

#include "backend.hpp"

namespace hedgerow::conformance {

namespace {

using base::Code;
using base::Milliseconds;
using store::Credential;
using store::FabricDraft;
using store::Txn;
using testing::ElementsAre;

class Fabrics : public DatabaseTest {
 protected:
  static FabricDraft lab() {
    FabricDraft draft;
    draft.name = "fab-lab-01";
    draft.description = "The lab";
    draft.site = "Zürich";
    draft.cluster = model::ClusterConnection{.server = "https://[::1]:6443",
                                             .ca = "-----BEGIN CERTIFICATE-----",
                                             .has_token = true,
                                             .client_certificate = "cert",
                                             .tls_server_name = "kubernetes",
                                             .namespaces = {"default", "fab"},
                                             .generation = 77};
    return draft;
  }
  model::Fabric stored(model::FabricId id) {
    return read([&](const auto& s) { return s.fabrics().get(id); });
  }
  std::vector<std::string> names(std::string_view q, store::FabricOrder order) {
    std::vector<std::string> found;
    const auto page = read([&](const auto& s) { return s.fabrics().page(q, order, {}); });
    for (const auto& fabric : page.rows) found.push_back(fabric.name);
    EXPECT_EQ(page.count, static_cast<std::int64_t>(found.size()));
    return found;
  }
};
INSTANTIATE_TEST_SUITE_P(Store, Fabrics, kBackends, name_of_backend);

TEST_P(Fabrics, come_back_as_they_were_given) {
  const auto id = write([](Txn& txn) { return txn.fabrics().create(lab()); });
  const auto fabric = stored(id);
  EXPECT_EQ(fabric.id, id);
  EXPECT_EQ(fabric.name, "fab-lab-01");
  EXPECT_EQ(fabric.description, "The lab");
  EXPECT_EQ(fabric.site, "Zürich");
  ASSERT_TRUE(fabric.cluster);
  EXPECT_EQ(fabric.cluster->server, "https://[::1]:6443");
  EXPECT_EQ(fabric.cluster->ca, "-----BEGIN CERTIFICATE-----");
  EXPECT_TRUE(fabric.cluster->has_token);
  EXPECT_EQ(fabric.cluster->client_certificate, "cert");
  EXPECT_EQ(fabric.cluster->tls_server_name, "kubernetes");
  EXPECT_THAT(fabric.cluster->namespaces, ElementsAre("default", "fab"));
  EXPECT_EQ(fabric.cluster->generation, 1);
  EXPECT_FALSE(fabric.shares_cluster);
  EXPECT_FALSE(fabric.identity);
  EXPECT_FALSE(fabric.pause);
  EXPECT_EQ(fabric.reach.state, model::Reach::NotMeasured);
  EXPECT_FALSE(fabric.reach.as_of);
  EXPECT_LE(fabric.created, clock_.wall());
  EXPECT_EQ(code_of([&] { return stored({99}); }), Code::NotFound);
}

TEST_P(Fabrics, may_have_no_cluster) {
  FabricDraft draft;
  draft.name = "Git first";
  const auto id = write([&](Txn& txn) { return txn.fabrics().create(draft); });
  EXPECT_FALSE(stored(id).cluster);
  write([&](Txn& txn) { txn.fabrics().update(id, lab()); });
  EXPECT_EQ(stored(id).cluster->server, "https://[::1]:6443");
  write([&](Txn& txn) { txn.fabrics().update(id, draft); });
  EXPECT_FALSE(stored(id).cluster);
}

TEST_P(Fabrics, are_found_by_name_whatever_its_case_and_cannot_share_one) {
  FabricDraft draft;
  draft.name = "Żółć Фабрика " + std::string(80, 'x');
  write([&](Txn& txn) { return txn.fabrics().create(draft); });
  const auto found =
      read([](const auto& s) { return s.fabrics().find("żÓŁĆ фАБРИКА " + std::string(80, 'X')); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, draft.name);
  draft.name = "żółć фабрика " + std::string(80, 'x');
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.fabrics().create(draft); }); }),
            Code::InternalFault);
}

TEST_P(Fabrics, are_listed_by_name_and_found_by_part_of_name_description_or_site) {
  const auto add = [&](const char* name, const char* description, const char* site) {
    FabricDraft draft;
    draft.name = name;
    draft.description = description;
    draft.site = site;
    write([&](Txn& txn) { txn.fabrics().create(draft); });
  };
  add("beta", "100% lab", "Bern");
  add("Alpha", "production", "Ürümqi");
  add("gamma", "", "bernina");
  using enum store::FabricOrder;
  EXPECT_THAT(names("", Name), ElementsAre("Alpha", "beta", "gamma"));
  EXPECT_THAT(names("", NameDescending), ElementsAre("gamma", "beta", "Alpha"));
  EXPECT_THAT(names("BERN", Name), ElementsAre("beta", "gamma"));
  EXPECT_THAT(names("ürÜm", Name), ElementsAre("Alpha"));
  EXPECT_THAT(names("0%", Name), ElementsAre("beta"));
  EXPECT_THAT(names("%", Name), ElementsAre("beta"));
  EXPECT_THAT(names("_", Name), ElementsAre());
  const auto page =
      read([](const auto& s) { return s.fabrics().page("", Name, {.limit = 1, .offset = 1}); });
  EXPECT_EQ(page.count, 3);
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.rows[0].name, "beta");
}

TEST_P(Fabrics, grow_a_generation_only_when_their_connection_changes) {
  const auto id = write([](Txn& txn) { return txn.fabrics().create(lab()); });
  auto draft = lab();
  draft.description = "Another text";
  draft.name = "Another name";
  write([&](Txn& txn) { txn.fabrics().update(id, draft); });
  EXPECT_EQ(stored(id).cluster->generation, 1);
  EXPECT_EQ(stored(id).name, "Another name");
  draft.cluster->namespaces = {"default"};
  write([&](Txn& txn) { txn.fabrics().update(id, draft); });
  EXPECT_EQ(stored(id).cluster->generation, 2);
  EXPECT_EQ(write([&](Txn& txn) { return txn.fabrics().bump_generation(id); }), 3);
  write([&](Txn& txn) { txn.require_generation(id, 3); });
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.require_generation(id, 2); }); }),
            Code::ConfigChanged);
}

TEST_P(Fabrics, keep_sealed_credentials_apart) {
  const auto id = write([](Txn& txn) { return txn.fabrics().create(lab()); });
  const std::vector<std::byte> sealed{std::byte{0}, std::byte{1}, std::byte{0xff}};
  const auto credential = [&](Credential which) {
    return read([&](const auto& s) { return s.fabrics().credential(id, which); });
  };
  EXPECT_FALSE(credential(Credential::Token));
  write([&](Txn& txn) {
    txn.fabrics().put_credential(id, Credential::Token, std::vector<std::byte>(3));
    txn.fabrics().put_credential(id, Credential::Token, sealed);
  });
  EXPECT_EQ(credential(Credential::Token), sealed);
  EXPECT_FALSE(credential(Credential::ClientKey));
  write([&](Txn& txn) { txn.fabrics().put_credential(id, Credential::Token, std::nullopt); });
  EXPECT_FALSE(credential(Credential::Token));
}

TEST_P(Fabrics, remember_what_was_measured) {
  const auto id = write([](Txn& txn) { return txn.fabrics().create(lab()); });
  const model::ReachFact reach{model::Reach::Untrusted, clock_.wall(), Code::TlsUntrusted,
                               "The certificate is not signed by the CA.", Milliseconds{31}};
  write([&](Txn& txn) {
    txn.fabrics().set_reach(id, reach);
    txn.fabrics().set_identity(id, "uid-1");
    txn.fabrics().set_new_identity(id, "uid-2");
    txn.fabrics().set_cluster_version(id, "v1.32.13");
  });
  auto fabric = stored(id);
  EXPECT_EQ(fabric.reach.state, reach.state);
  EXPECT_EQ(fabric.reach.as_of, reach.as_of);
  EXPECT_EQ(fabric.reach.code, reach.code);
  EXPECT_EQ(fabric.reach.detail, reach.detail);
  EXPECT_EQ(fabric.reach.took, reach.took);
  EXPECT_EQ(fabric.identity, "uid-1");
  EXPECT_EQ(fabric.new_identity, "uid-2");
  EXPECT_EQ(fabric.cluster_version, "v1.32.13");
  EXPECT_EQ(read([](const auto& s) { return s.fabrics().of_identity("uid-1").size(); }), 1U);
  write([&](Txn& txn) { txn.fabrics().set_identity(id, "uid-2"); });
  fabric = stored(id);
  EXPECT_EQ(fabric.identity, "uid-2");
  EXPECT_FALSE(fabric.new_identity);
}

TEST_P(Fabrics, are_paused_with_a_reason_and_resumed) {
  const auto id = write([](Txn& txn) { return txn.fabrics().create(lab()); });
  const model::Pause pause{"It kills the worker.", "hedgerow", clock_.wall(), Code::Quarantined};
  write([&](Txn& txn) { txn.fabrics().pause(id, pause); });
  const auto fabric = stored(id);
  ASSERT_TRUE(fabric.pause);
  EXPECT_EQ(fabric.pause->reason, pause.reason);
  EXPECT_EQ(fabric.pause->by, pause.by);
  EXPECT_EQ(fabric.pause->since, pause.since);
  EXPECT_EQ(fabric.pause->code, pause.code);
  write([&](Txn& txn) { txn.fabrics().resume(id); });
  EXPECT_FALSE(stored(id).pause);
}

TEST_P(Fabrics, take_everything_of_theirs_along_but_the_audit) {
  const auto id = make_fabric();
  const auto run = make_running(id);
  write([&](Txn& txn) {
    txn.fabrics().put_credential(id, Credential::Token, std::vector<std::byte>(3));
    const model::Kind kind{"wiring.githedgehog.com", "Switch", "v1beta1", "switches", true};
    txn.kinds().discovered(id, std::array{kind});
    store::ObjectWrite object;
    object.identity = {kind.group, kind.kind, "default", "leaf-01"};
    object.observed.document = "{}";
    txn.objects().apply(id, run, txn.now(), std::array{object});
    store::AuditRow row;
    row.action = "fabric.remove";
    row.subject = id.value;
    txn.audit().append(row);
    txn.runs().end(run, {.outcome = model::Outcome::Cancelled}, std::nullopt);
    txn.fabrics().remove(id);
    EXPECT_EQ(txn.changes().append(model::Topic::Fabric, id), 0);
  });
  for (const char* table : {"fabrics", "credentials", "ownership", "kinds", "objects", "history"})
    EXPECT_EQ(ask_outside(fmt::format("SELECT count(*) FROM {}", table)), "0") << table;
  const auto left = read([&](const store::Snapshot& seen) { return seen.runs().get(run); });
  EXPECT_FALSE(left.fabric);
  EXPECT_EQ(left.fabric_name, "fab-lab-01");
  EXPECT_EQ(left.state, model::RunState::Ended);
  EXPECT_EQ(ask_outside("SELECT count(*) FROM audit"), "1");
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.require_epoch(id, 1); }); }),
            Code::FabricDeleted);
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.fabrics().remove(id); }); }), Code::NotFound);
  EXPECT_GT(make_fabric().value, id.value) << "an id is never given twice";
}

TEST_P(Fabrics, are_owned_under_an_epoch_that_grows) {
  FabricDraft draft;
  draft.name = "f";
  const auto id = write([&](Txn& txn) { return txn.fabrics().create(draft); });
  const auto take = [&](std::string_view replica) {
    return write([&](Txn& txn) { return txn.ownership().take(id, replica, Milliseconds{15'000}); });
  };
  EXPECT_EQ(read([](const auto& s) { return s.ownership().expired().size(); }), 1U);
  EXPECT_EQ(take("r1"), 1);
  EXPECT_FALSE(take("r2"));
  EXPECT_FALSE(take("r1"));
  write([&](Txn& txn) { txn.require_epoch(id, 1); });
  clock_.advance(Milliseconds{10'000});
  EXPECT_EQ(write([](Txn& txn) { return txn.ownership().renew_all("r1", Milliseconds{15'000}); }),
            1);
  clock_.advance(Milliseconds{10'000});
  write([&](Txn& txn) { txn.require_epoch(id, 1); });
  const auto lease = read([&](const auto& s) { return s.ownership().of(id); });
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->replica, "r1");
  EXPECT_FALSE(lease->expired);
  EXPECT_LE(lease->left, Milliseconds{5'000});
  clock_.advance(Milliseconds{5'100});
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.require_epoch(id, 1); }); }), Code::Lost);
  EXPECT_EQ(write([](Txn& txn) { return txn.ownership().renew_all("r1", Milliseconds{15'000}); }),
            0);
  EXPECT_EQ(take("r2"), 2);
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.require_epoch(id, 1); }); }), Code::Lost);
  EXPECT_EQ(read([](const auto& s) { return s.ownership().held_by("r2").size(); }), 1U);
}

TEST_P(Fabrics, a_lease_is_not_ended_by_a_jump_of_the_wall_clock) {
  const auto id = make_fabric();
  clock_.jump_wall(std::chrono::hours{24 * 3650});
  write([&](Txn& txn) { txn.require_epoch(id, 1); });
  clock_.jump_wall(-std::chrono::hours{48 * 3650});
  write([&](Txn& txn) { txn.require_epoch(id, 1); });
}

TEST_P(Fabrics, a_start_takes_a_new_epoch_for_all_and_a_release_ends_one) {
  const auto one = make_fabric("one");
  const auto two = make_fabric("two");
  EXPECT_EQ(write([](Txn& txn) { return txn.ownership().take_all("r2", Milliseconds{15'000}); }),
            2);
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.require_epoch(one, 1); }); }), Code::Lost);
  write([&](Txn& txn) {
    txn.require_epoch(one, 2);
    txn.require_epoch(two, 2);
    EXPECT_FALSE(txn.ownership().release(one, 1));
    EXPECT_TRUE(txn.ownership().release(one, 2));
  });
  EXPECT_EQ(code_of([&] { write([&](Txn& txn) { txn.require_epoch(one, 2); }); }), Code::Lost);
  write([&](Txn& txn) { txn.require_epoch(two, 2); });
}

TEST_P(Fabrics, a_stale_epoch_changes_nothing) {
  const auto id = make_fabric();
  const auto stale = [&] {
    write([&](Txn& txn) {
      txn.fabrics().set_cluster_version(id, "v9");
      txn.require_epoch(id, 7);
    });
  };
  EXPECT_EQ(code_of(stale), Code::Lost);
  EXPECT_FALSE(stored(id).cluster_version);
}

}  // namespace
}  // namespace hedgerow::conformance
