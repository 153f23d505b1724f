#include "reconcile/compare.hpp"

#include <gtest/gtest.h>

namespace hedgerow::reconcile {
namespace {

using model::is_older;

store::Known known() {
  store::Known before;
  before.id = {7};
  before.name_space = "default";
  before.name = "leaf-01";
  before.uid = "u1";
  before.resource_version = "100";
  before.raw_hash = 1;
  before.digest = base::digest_of("a");
  return before;
}

kube::Item item(std::string_view uid, std::string_view version) {
  kube::Item now;
  now.uid = uid;
  now.resource_version = version;
  now.space = "default";
  now.name = "leaf-01";
  now.quick_hash = 2;
  now.document = R"({"spec":{}})";
  return now;
}

const base::Digest kSame = base::digest_of("a");
const base::Digest kOther = base::digest_of("b");

TEST(Older, DecimalVersionsOfAnyLengthAreOrderedAndOthersAreNot) {
  EXPECT_TRUE(is_older("9", "10"));
  EXPECT_TRUE(is_older("99999999999999999999998", "99999999999999999999999"));
  EXPECT_TRUE(is_older("18446744073709551615", "18446744073709551616"));
  EXPECT_FALSE(is_older("10", "9"));
  EXPECT_FALSE(is_older("10", "10"));
  EXPECT_FALSE(is_older("009", "10"));
  EXPECT_FALSE(is_older("", "10"));
  EXPECT_FALSE(is_older("abc", "abd"));
  EXPECT_FALSE(is_older("9", "1a"));
}

TEST(Compare, WhatTheRecordDoesNotKnowAppeared) {
  EXPECT_EQ(compare(nullptr, item("u1", "1"), kSame), Became::Appeared);
}

TEST(Compare, AnotherVersionWithTheSameContentIsTouchedAndWithAnotherChanged) {
  const auto before = known();
  EXPECT_EQ(compare(&before, item("u1", "101"), kSame), Became::Touched);
  EXPECT_EQ(compare(&before, item("u1", "101"), kOther), Became::Changed);
  EXPECT_EQ(compare(&before, item("u1", "100"), kOther), Became::Changed);
}

TEST(Compare, AListNeverReplacesANewerState) {
  const auto before = known();
  EXPECT_EQ(compare(&before, item("u1", "99"), kOther), Became::Older);
  EXPECT_EQ(compare(&before, item("u2", "99"), kOther), Became::Older) << "the one before it";
  auto gone = known();
  gone.removed = true;
  EXPECT_EQ(compare(&gone, item("u1", "99"), kOther), Became::Older);
  EXPECT_EQ(compare(&gone, item("u2", "99"), kOther), Became::Older);
}

TEST(Compare, AUidThatWasRemovedNeverComesBack) {
  auto gone = known();
  gone.removed = true;
  EXPECT_EQ(compare(&gone, item("u1", "100"), kSame), Became::Older);
  EXPECT_EQ(compare(&gone, item("u1", "101"), kOther), Became::Older);
  gone.resource_version = "opaque-9";
  EXPECT_EQ(compare(&gone, item("u1", "opaque-9"), kSame), Became::Older);
  gone.resource_version = "";
  EXPECT_EQ(compare(&gone, item("u1", "99"), kSame), Became::Appeared) << "confirmed";
}

TEST(Compare, AnotherUidIsReplacedWhateverItsContentIs) {
  const auto before = known();
  EXPECT_EQ(compare(&before, item("u2", "101"), kSame), Became::Replaced);
  EXPECT_EQ(compare(&before, item("u2", "101"), kOther), Became::Replaced);
  EXPECT_EQ(compare(&before, item("u2", "opaque-1"), kSame), Became::Replaced);
}

TEST(Compare, ATombstoneOfWhichAnotherIsThereAppeared) {
  auto before = known();
  before.removed = true;
  EXPECT_EQ(compare(&before, item("u2", "101"), kOther), Became::Appeared);
  auto same = item("u1", "100");
  same.quick_hash = before.raw_hash;
  EXPECT_FALSE(is_same(before, same)) << "a tombstone is never simply unchanged";
}

TEST(Compare, OpaqueVersionsAreComparedByContentAlone) {
  auto before = known();
  before.resource_version = "opaque-9";
  EXPECT_EQ(compare(&before, item("u1", "opaque-1"), kOther), Became::Changed);
}

TEST(Compare, WhatIsOutOfScopeOrWithoutAVersionIsWrittenOnceAlthoughNoByteChanged) {
  const auto before = known();
  auto same = item("u1", "100");
  same.quick_hash = before.raw_hash;
  EXPECT_TRUE(is_same(before, same));
  auto outside = known();
  outside.out_of_scope = true;
  EXPECT_FALSE(is_same(outside, same));
  EXPECT_EQ(compare(&outside, same, kSame), Became::Touched);
  auto forgotten = known();
  forgotten.resource_version = "";
  EXPECT_FALSE(is_same(forgotten, same));
  EXPECT_EQ(compare(&forgotten, same, kSame), Became::Touched);
  EXPECT_EQ(compare(&forgotten, item("u1", "9"), kOther), Became::Changed) << "none is older";
}

TEST(Rewound, AListThatIsOlderThanTheProofSaysSoAndNoOther) {
  const kube::Kind kind{
      .group = "g", .version = "v1", .kind = "K", .plural = "ks", .namespaced = true};
  const auto why = rewound_list(kind, "99", "100");
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code(), base::Code::ClusterRewound);
  EXPECT_EQ(why->detail(),
            "The cluster went back: its list of ks.g is at resourceVersion 99, and the record has "
            "seen it at 100.");
  EXPECT_FALSE(rewound_list(kind, "100", "100"));
  EXPECT_FALSE(rewound_list(kind, "101", "100"));
  EXPECT_FALSE(rewound_list(kind, "99", "")) << "never proven, or forgotten";
  EXPECT_FALSE(rewound_list(kind, "", "100"));
  EXPECT_FALSE(rewound_list(kind, "opaque-1", "opaque-2"));
}

TEST(Rewound, AnObjectThatIsOlderSaysWhatContradictsIt) {
  const kube::Kind kind{
      .group = "g", .version = "v1", .kind = "Server", .plural = "servers", .namespaced = true};
  EXPECT_EQ(rewound_object(kind, known(), item("u1", "99")).detail(),
            "The cluster went back: its Server leaf-01 is at resourceVersion 99, and the record "
            "has seen it at 100.");
  EXPECT_EQ(rewound_object(kind, known(), item("u1", "100")).detail(),
            "The cluster went back: its Server leaf-01 was removed, and is there again under the "
            "same uid u1.");
}

TEST(Compare, AWriteSaysWhoItIsAndATouchLeavesTheDocumentOut) {
  const kube::Kind kind{
      .group = "g", .version = "v1", .kind = "K", .plural = "ks", .namespaced = true};
  auto now = item("u1", "101");
  now.deleted = base::WallTime{};
  const auto changed = write_of(Became::Changed, kind, now, kOther, {7});
  EXPECT_EQ(changed.act, store::Act::Changed);
  EXPECT_EQ(changed.id.value, 7);
  EXPECT_EQ(changed.identity, (model::Identity{"g", "K", "default", "leaf-01"}));
  EXPECT_EQ(changed.observed.version, "v1");
  EXPECT_TRUE(changed.observed.deleting);
  EXPECT_EQ(changed.observed.document, R"({"spec":{}})");
  EXPECT_TRUE(write_of(Became::Touched, kind, now, kSame, {7}).observed.document.empty());
}

}  // namespace
}  // namespace hedgerow::reconcile
