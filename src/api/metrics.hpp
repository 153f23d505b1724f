// What /metrics says, in Prometheus text. Labels are route patterns, operations and outcomes:
// bounded sets, and never the name of an object.
#pragma once

#include "http/server.hpp"
#include "store/database.hpp"

namespace hedgerow::api {

class Metrics {
 public:
  Metrics(store::Database& db, std::string_view version);
  ~Metrics();

  void count(const http::Finished& finished);
  void measure_load(std::function<http::Load()> load);
  [[nodiscard]] std::string text();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace hedgerow::api
