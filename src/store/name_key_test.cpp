#include "store/name_key.hpp"

#include <gtest/gtest.h>

namespace hedgerow::store {

namespace {

TEST(NameKey, is_the_same_for_names_that_differ_in_case_only) {
  EXPECT_EQ(name_key("FAB-Lab-01"), "fab-lab-01");
  EXPECT_EQ(name_key("ÄÖÜ ÉÀ Ÿ"), name_key("äöü éà ÿ"));
  EXPECT_EQ(name_key("ŻÓŁĆ ĞİŞ ŹŽ Ĺ"), name_key("żółć ğİş źž ĺ"));
  EXPECT_EQ(name_key("ΆΈΉΊΌΎΏ ΑΣΩ"), name_key("άέήίόύώ ασω"));
  EXPECT_EQ(name_key("ΟΔΟΣ"), name_key("οδος"));
  EXPECT_EQ(name_key("ЀЁЏ АЯ"), name_key("ѐёџ ая"));
}

TEST(NameKey, keeps_apart_what_is_another_letter) {
  EXPECT_NE(name_key("a"), name_key("ä"));
  EXPECT_NE(name_key("×"), name_key("÷"));
  EXPECT_EQ(name_key("×÷ß"), "×÷ß");
  EXPECT_EQ(name_key("日本 😀"), "日本 😀");
  EXPECT_EQ(name_key(""), "");
}

TEST(NameKey, of_a_letter_that_is_cut_off_is_itself) { EXPECT_EQ(name_key("a\xc3"), "a\xc3"); }

}  // namespace
}  // namespace hedgerow::store
