#include "web/html.hpp"

#include <gtest/gtest.h>

namespace hedgerow::web {
namespace {

TEST(Html, WhatIsPutInIsTextWhereverItStands) {
  Html html;
  html.open("p", {{"title", "\"><script>alert(1)</script>"}}).text("<b>&'\"").close();
  EXPECT_EQ(html.take(),
            "<!doctype html><p title=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\">"
            "&lt;b&gt;&amp;&#39;&quot;</p>");
}

TEST(Html, ElementsAreClosedInTheOrderOfTheirOpening) {
  Html html;
  html.open("ul").line("li", "one").open("li").text("two").close().close();
  html.empty("input", {{"type", "hidden"}});
  EXPECT_EQ(html.take(), "<!doctype html><ul><li>one</li><li>two</li></ul><input type=\"hidden\">");
}

}  // namespace
}  // namespace hedgerow::web
