// Every interval and limit of this room. The defaults are those of the product; tests use a tenth.
// Where they come from (file, environment, flags) is not known here.
#pragma once

#include "base/clock.hpp"

namespace hedgerow::jobs {

struct Retention {
  base::Milliseconds sweep_each{std::chrono::hours{1}};
  std::int64_t chunk = 1'000;  // Rows that are forgotten in one transaction.
  base::Milliseconds request_keys{std::chrono::hours{24}};
  base::Milliseconds changes{std::chrono::hours{1}};
  std::int64_t changes_most = 100'000;
  base::Milliseconds sessions{std::chrono::hours{24 * 7}};  // After they ended.
  base::Milliseconds devices{std::chrono::hours{24 * 90}};  // After the last sign-in there.
  base::Milliseconds connection_tests{std::chrono::hours{24}};
  base::Milliseconds runs{std::chrono::hours{24 * 90}};
  // History goes when it is older than this and beyond this many versions of its object.
  base::Milliseconds history{std::chrono::hours{24 * 400}};
  std::int64_t history_versions = 50;
};

struct Settings {
  std::size_t workers = 4;
  std::size_t test_workers = 2;
  base::Milliseconds lease{15'000};
  base::Milliseconds renew_each{5'000};
  base::Milliseconds reap_each{3'000};
  base::Milliseconds look_each{1'000};  // The longest until a cancel, pause or deletion is noticed.
  base::Milliseconds beat_each{5'000};
  base::Milliseconds no_progress{60'000};
  base::Milliseconds no_worker{60'000};
  base::Milliseconds stack_wait{500};    // For a thread that hangs to say where it stands.
  base::Milliseconds write_wait{5'000};  // For a turn to write.
  base::Milliseconds stop_wait{10'000};  // For handlers to return, at the end.
  std::int64_t lost_in_a_row_most = 2;   // Then the fabric is quarantined.
  Retention retention;
};

}  // namespace hedgerow::jobs
