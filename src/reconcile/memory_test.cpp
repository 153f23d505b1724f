#include "reconcile/memory.hpp"

#include <gtest/gtest.h>

namespace hedgerow::reconcile {
namespace {

store::Known object(std::string_view space, std::string_view name, std::int64_t id) {
  store::Known known;
  known.id = {id};
  known.name_space = space;
  known.name = name;
  known.uid = "0b0b0b0b-0000-4000-8000-000000000000";
  known.resource_version = "12345";
  known.raw_hash = static_cast<std::uint64_t>(id);
  known.digest = base::digest_of(name);
  return known;
}

TEST(Memory, FindsInAnyOrderAndTellsNamespacesApart) {
  Memory memory;
  // A slash sorts between the characters of names, so a server's order is not ours.
  memory.add(object("a", "x", 1));
  memory.add(object("a-b", "x", 2));
  memory.add(object("a", "z", 3));
  memory.add(object("", "wide", 4));
  memory.seal();
  const auto id_of = [&](std::string_view space, std::string_view name) {
    const auto place = memory.find(space, name);
    return place == Memory::kNone ? -1 : memory.at(place).id.value;
  };
  EXPECT_EQ(id_of("a-b", "x"), 2);
  EXPECT_EQ(id_of("a", "x"), 1);
  EXPECT_EQ(id_of("a", "z"), 3);
  EXPECT_EQ(id_of("", "wide"), 4);
  EXPECT_EQ(id_of("ax", ""), -1);
  EXPECT_EQ(id_of("a", "y"), -1);
  EXPECT_EQ(id_of("a", "x"), 1);
}

TEST(Memory, GivesBackWhatItWasGiven) {
  Memory memory;
  auto known = object("default", "leaf-01", 9);
  known.removed = true;
  memory.add(known);
  memory.seal();
  const auto back = memory.at(memory.find("default", "leaf-01"));
  EXPECT_EQ(back.name_space, known.name_space);
  EXPECT_EQ(back.name, known.name);
  EXPECT_EQ(back.uid, known.uid);
  EXPECT_EQ(back.resource_version, known.resource_version);
  EXPECT_EQ(back.raw_hash, known.raw_hash);
  EXPECT_EQ(back.digest, known.digest);
  EXPECT_TRUE(back.removed);
}

TEST(Memory, WhatWasNotSeenAndIsNoTombstoneIsMissing) {
  Memory memory;
  memory.add(object("d", "seen", 1));
  memory.add(object("d", "unseen", 2));
  auto gone = object("d", "gone", 3);
  gone.removed = true;
  memory.add(gone);
  memory.seal();
  EXPECT_TRUE(memory.see(memory.find("d", "seen")));
  EXPECT_FALSE(memory.see(memory.find("d", "seen")));
  std::vector<std::string> missing;
  memory.each_unseen([&](const store::Known& known) { missing.emplace_back(known.name); });
  EXPECT_EQ(missing, std::vector<std::string>{"unseen"});
}

TEST(Memory, OneObjectTakesNoMoreThan200Bytes) {
  constexpr std::size_t kObjects = 20'000;
  Memory memory;
  for (std::size_t i = 0; i < kObjects; ++i)
    memory.add(object("default", fmt::format("leaf-{:05}--mclag-domain--leaf-{:05}", i, i), 1));
  memory.seal();
  EXPECT_LE(memory.bytes() / kObjects, 200u);
}

}  // namespace
}  // namespace hedgerow::reconcile
