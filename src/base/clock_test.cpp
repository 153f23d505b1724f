#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace hedgerow::base {
namespace {

TEST(Rfc3339, WritesWhatItReads) {
  const auto time = parse_rfc3339("2026-11-21T10:12:03.123Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(rfc3339(*time), "2026-11-21T10:12:03.123Z");
  EXPECT_EQ(rfc3339(*parse_rfc3339("2026-11-21T12:12:03+02:00")), "2026-11-21T10:12:03.000Z");
  EXPECT_EQ(rfc3339(*parse_rfc3339("2024-02-29T23:59:59.9Z")), "2024-02-29T23:59:59.900Z");
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const std::string_view text :
       {"", "2026-11-21", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T10:00:00", "2026-11-21T10:00:00+2"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace hedgerow::base
