#include "api/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace hedgerow::api {

struct Metrics::Inside {
  explicit Inside(store::Database& database) : db{database} {}

  store::Database& db;
  std::function<http::Load()> load;
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("hedgerow_http_requests_total")
          .Help("Answered requests by route and status")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& took =
      prometheus::BuildHistogram()
          .Name("hedgerow_http_request_seconds")
          .Help("From a request's first byte to the end of its answer, streams apart")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& gauges = prometheus::BuildGauge()
                                                      .Name("hedgerow_http_load")
                                                      .Help("What the server holds just now")
                                                      .Register(registry);
  prometheus::Gauge& queue_depth = prometheus::BuildGauge()
                                       .Name("hedgerow_queue_depth")
                                       .Help("Runs that wait")
                                       .Register(registry)
                                       .Add({});
  prometheus::Gauge& running = prometheus::BuildGauge()
                                   .Name("hedgerow_runs_running")
                                   .Help("Runs that are running")
                                   .Register(registry)
                                   .Add({});
  prometheus::Gauge& worker_age = prometheus::BuildGauge()
                                      .Name("hedgerow_worker_heartbeat_age_seconds")
                                      .Help("Since any worker was last heard of; -1 is never")
                                      .Register(registry)
                                      .Add({});
  prometheus::Gauge& disk = prometheus::BuildGauge()
                                .Name("hedgerow_database_bytes")
                                .Help("Of the database on the disk")
                                .Register(registry)
                                .Add({});

  void read_database() {
    db.read([&](const store::Snapshot& seen) {
      queue_depth.Set(static_cast<double>(seen.runs().queued().size()));
      running.Set(static_cast<double>(seen.runs().running().size()));
      const auto silence = seen.workers().silence(false);
      worker_age.Set(silence ? std::chrono::duration<double>(*silence).count() : -1.0);
    });
    disk.Set(static_cast<double>(db.size_on_disk()));
  }

  void read_load() {
    if (!load) return;
    const http::Load now = load();
    const auto set = [&](const char* what, std::size_t value) {
      gauges.Add({{"what", what}}).Set(static_cast<double>(value));
    };
    set("connections", now.connections);
    set("event_streams", now.streams);
    set("waiting_requests", now.queued);
    set("busy_workers", now.busy_workers);
    set("busy_heavy_workers", now.busy_heavy);
  }
};

Metrics::Metrics(store::Database& db, std::string_view version)
    : inside_{std::make_unique<Inside>(db)} {
  prometheus::BuildGauge()
      .Name("hedgerow_build_info")
      .Help("Always 1; the version is the label")
      .Register(inside_->registry)
      .Add({{"version", std::string{version}}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::count(const http::Finished& finished) {
  const std::string route{finished.route.empty() ? "other" : finished.route};
  inside_->requests.Add({{"route", route}, {"code", std::to_string(finished.status)}}).Increment();
  if (finished.stream) return;
  static const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.005, 0.025, 0.1,
                                                                0.5,   1,     5,     15};
  inside_->took.Add({{"route", route}}, kSeconds)
      .Observe(std::chrono::duration<double>(finished.took).count());
}

void Metrics::measure_load(std::function<http::Load()> load) { inside_->load = std::move(load); }

std::string Metrics::text() {
  inside_->read_database();
  inside_->read_load();
  return prometheus::TextSerializer{}.Serialize(inside_->registry.Collect());
}

}  // namespace hedgerow::api
