// The target of a request: its path has no way out, its query asks a real record for objects, and
// the list is what whoever looks at each object one by one would have chosen.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "api/routes.hpp"
#include "fuzz.hpp"
#include "http/head.hpp"

using namespace hedgerow;

namespace {

const model::Kind kServer{"wiring.githedgehog.com", "Server", "v1beta1", "servers", true};
const model::Kind kVpc{"vpc.githedgehog.com", "VPC", "v1beta1", "vpcs", true};
const model::Kind kOtherVpc{"other.githedgehog.com", "VPC", "v1", "vpcs", true};

store::ObjectWrite appeared(const model::Kind& kind, const std::string& name_space,
                            const std::string& name) {
  store::ObjectWrite write;
  write.identity = {kind.group, kind.kind, name_space, name};
  write.observed.version = kind.version;
  write.observed.uid = "uid of " + name;
  write.observed.resource_version = "100";
  write.observed.document = "{}";
  return write;
}

// One fabric with objects of three kinds in two namespaces: present, removed and out of scope.
class Record {
 public:
  Record() : folder_{made()} {
    store::Settings settings;
    settings.path = folder_ / "record.db";
    database_ = store::Database::open(settings, clock_, random_);
    write([&](store::Txn& txn) {
      store::FabricDraft draft;
      draft.name = "lab";
      draft.cluster.emplace().server = "https://127.0.0.1:6443";
      fabric_ = txn.fabrics().create(draft);
      txn.ownership().take(fabric_, "r1", base::Milliseconds{60'000});
      store::RunOrder order;
      order.fabric = fabric_;
      txn.runs().enqueue(order);
    });
    write([&](store::Txn& txn) { fill(txn, txn.runs().claim({.replica = "r1"})->id); });
    all_ =
        find({.filter = {.presence = model::Presence::Any}, .order = {}, .page = {1000, 0}}).rows;
  }
  ~Record() {
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  [[nodiscard]] store::Paged<views::ObjectView> find(const views::ObjectQuery& wanted) {
    model::Actor viewer;
    viewer.role = model::Role::Viewer;
    return database_->read(
        [&](const store::Snapshot& seen) { return views::objects(seen, viewer, fabric_, wanted); });
  }
  [[nodiscard]] const std::vector<views::ObjectView>& all() const { return all_; }

 private:
  static std::filesystem::path made() {
    std::string place = std::filesystem::temp_directory_path() / "fuzz-query-XXXXXX";
    fuzz::promise(mkdtemp(place.data()) != nullptr, "there is room for a record");
    return place;
  }
  template <class Function>
  void write(Function&& function) {
    database_->write(base::Deadline::in(clock_, base::Milliseconds{30'000}),
                     std::forward<Function>(function));
  }
  void fill(store::Txn& txn, model::RunId run) {
    txn.kinds().discovered(fabric_, std::array{kServer, kVpc, kOtherVpc});
    std::vector<store::ObjectWrite> writes;
    for (const model::Kind& kind : {kServer, kVpc, kOtherVpc})
      for (const std::string name_space : {"default", "lab-2"})
        for (const std::string name : {"a", "leaf-01", "leaf-02", "spine.1-vpc"})
          writes.push_back(appeared(kind, name_space, name));
    const auto ids = txn.objects().apply(fabric_, run, txn.now(), writes).ids;
    std::vector<store::ObjectWrite> gone;
    for (std::size_t at = 0; at < writes.size(); at += 5) {
      gone.push_back(writes[at]);
      gone.back().act = store::Act::Removed;
      gone.back().id = ids[at];
    }
    txn.objects().apply(fabric_, run, txn.now() + base::Milliseconds{1}, gone);
    txn.objects().leave_scope(fabric_, std::array<std::string, 1>{"default"});
  }

  std::filesystem::path folder_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  std::unique_ptr<store::Database> database_;
  model::FabricId fabric_;
  std::vector<views::ObjectView> all_;
};

char small(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool holds(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, small, small).empty() || part.empty();
}

bool is_chosen(const model::Object& object, const store::ObjectFilter& filter) {
  const model::Identity& is = object.identity;
  const auto is_of = [&](const store::KindName& kind) {
    return kind.kind == is.kind && (kind.group.empty() || kind.group == is.group);
  };
  const auto is_there = [&] {
    switch (filter.presence) {
      case model::Presence::Present: return !object.removed && !object.out_of_scope;
      case model::Presence::OutOfScope: return object.out_of_scope.has_value();
      case model::Presence::Removed: return object.removed.has_value();
      case model::Presence::Any: return true;
    }
    return false;
  };
  return is_there() && (filter.kinds.empty() || std::ranges::any_of(filter.kinds, is_of)) &&
         (filter.namespaces.empty() ||
          std::ranges::find(filter.namespaces, is.name_space) != filter.namespaces.end()) &&
         holds(is.name, filter.name_part) &&
         (holds(is.name, filter.q) || holds(is.name_space, filter.q) || holds(is.kind, filter.q));
}

// By what was asked for only: of equals any may come first.
int compared(const model::Object& left, const model::Object& right, store::ObjectColumn by) {
  switch (by) {
    case store::ObjectColumn::Name: return left.identity.name.compare(right.identity.name);
    case store::ObjectColumn::Kind: return left.identity.kind.compare(right.identity.kind);
    case store::ObjectColumn::Namespace:
      return left.identity.name_space.compare(right.identity.name_space);
    case store::ObjectColumn::Changed:
      return left.changed < right.changed ? -1 : left.changed > right.changed ? 1 : 0;
  }
  return 0;
}

// One page of a list is what all of it has there, and all of it is what was asked for.
void look(Record& record, const views::ObjectQuery& wanted) {
  views::ObjectQuery whole = wanted;
  whole.page = {1000, 0};
  const auto every = record.find(whole);
  const auto chosen = std::ranges::count_if(record.all(), [&](const views::ObjectView& view) {
    return is_chosen(view.object, wanted.filter);
  });
  fuzz::promise(chosen == every.count && every.rows.size() == static_cast<std::size_t>(chosen),
                "a list has all that was asked for");
  for (std::size_t at = 0; at < every.rows.size(); ++at) {
    const model::Object& object = every.rows[at].object;
    fuzz::promise(is_chosen(object, wanted.filter), "a list has nothing else");
    if (at == 0) continue;
    const int order = compared(every.rows[at - 1].object, object, wanted.order.by);
    fuzz::promise(wanted.order.descending ? order >= 0 : order <= 0, "a list has its order");
  }
  const auto page = record.find(wanted);
  const auto from = std::min(wanted.page.offset, every.count);
  const auto size = std::min(wanted.page.limit, every.count - from);
  fuzz::promise(page.count == every.count && std::ssize(page.rows) == size, "a page has its size");
  for (std::int64_t at = 0; at < size; ++at)
    fuzz::promise(page.rows[static_cast<std::size_t>(at)].object.id ==
                      every.rows[static_cast<std::size_t>(from + at)].object.id,
                  "a page is a part of the list");
}

// The links around a page ask for the same.
void follow(const http::Request& request, const views::ObjectQuery& wanted, std::int64_t count) {
  const api::Links around = api::links(request, wanted.page, count);
  for (const auto& link : {around.next, around.previous}) {
    if (!link) continue;
    http::Request other;
    other.query = http::read_target(*link).query;
    const views::ObjectQuery there = api::object_query_in(other);
    fuzz::promise(there.filter.kinds == wanted.filter.kinds &&
                      there.filter.namespaces == wanted.filter.namespaces &&
                      there.filter.q == wanted.filter.q &&
                      there.filter.name_part == wanted.filter.name_part &&
                      there.filter.presence == wanted.filter.presence &&
                      there.order.by == wanted.order.by &&
                      there.order.descending == wanted.order.descending &&
                      there.page.limit == wanted.page.limit,
                  "a link asks for the same list");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static Record record;
  const std::string_view text = fuzz::text_of(bytes, size);
  fuzz::accepted([&] {
    const http::Target target = http::read_target(text);
    fuzz::promise(target.path.starts_with('/'), "a path begins with a slash");
    fuzz::promise(!target.path.contains("/../") && !target.path.contains("//"),
                  "a path has no way out");
    for (const http::Pair& pair : target.query)
      fuzz::promise(!pair.value.contains('\0'), "a value has no zero byte");
    http::Request request;
    request.path = "/api/fabrics/1/objects/";
    request.query = target.query;
    const views::ObjectQuery wanted = api::object_query_in(request);
    look(record, wanted);
    follow(request, wanted, std::ssize(record.all()));
  });
  fuzz::accepted([&] { (void)http::read_form(text); });
  return 0;
}
