#include "views/objects.hpp"

namespace hedgerow::views {

namespace {

// The markers of a fabric's kinds, to date what was seen.
class Markers {
 public:
  explicit Markers(const std::vector<model::KindState>& kinds) {
    for (const model::KindState& state : kinds)
      by_name_[{state.kind.group, state.kind.kind}] = &state;
  }
  [[nodiscard]] const model::KindState* of(const model::Identity& identity) const {
    const auto found = by_name_.find({identity.group, identity.kind});
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  std::map<store::KindName, const model::KindState*> by_name_;
};

// Until a repository or people declare anything, every kind is watched only; what nobody reads any
// more is ignored.
ObjectView view_of(model::Object object, const model::KindState* kind) {
  ObjectView view;
  model::Sides sides;
  sides.authority = object.out_of_scope ? model::Authority::Ignored : model::Authority::Cluster;
  sides.observed = !object.removed;
  sides.complete = kind && kind->coverage == model::Coverage::Readable;
  view.decides = sides.authority;
  view.verdict = model::judge(sides);
  if (object.removed)
    view.as_of = object.removed;
  else if (object.out_of_scope)
    view.as_of = object.out_of_scope;
  else if (kind && kind->as_of)
    // A run that reads just now may have seen it after the last complete list.
    view.as_of = std::max(*kind->as_of, object.changed);
  else
    view.as_of = object.changed;
  view.object = std::move(object);
  return view;
}

}  // namespace

std::vector<model::KindState> kinds(const store::Snapshot& seen, const model::Actor& actor,
                                    model::FabricId fabric) {
  model::require(actor, model::Permission::FabricView, seen.fabrics().get(fabric).name);
  return seen.kinds().of(fabric);
}

store::Paged<ObjectView> objects(const store::Snapshot& seen, const model::Actor& actor,
                                 model::FabricId fabric, const ObjectQuery& query) {
  const auto states = kinds(seen, actor, fabric);
  const Markers markers{states};
  auto found = seen.objects().page(fabric, query.filter, query.order, query.page);
  store::Paged<ObjectView> result;
  result.count = found.count;
  for (model::Object& object : found.rows) {
    const model::KindState* kind = markers.of(object.identity);
    result.rows.push_back(view_of(std::move(object), kind));
  }
  return result;
}

ObjectView object(const store::Snapshot& seen, const model::Actor& actor, model::ObjectId id) {
  model::Object object = seen.objects().get(id);
  const auto states = kinds(seen, actor, object.fabric);
  const std::string name = seen.fabrics().get(object.fabric).name;
  const model::KindState* kind = Markers{states}.of(object.identity);
  ObjectView view = view_of(std::move(object), kind);
  view.fabric_name = name;
  return view;
}

store::Paged<model::Change> history(const store::Snapshot& seen, const model::Actor& actor,
                                    model::ObjectId id, const store::Page& page) {
  (void)object(seen, actor, id);
  return seen.history().of_object(id, page);
}

}  // namespace hedgerow::views
