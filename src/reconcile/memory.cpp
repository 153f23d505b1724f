#include "reconcile/memory.hpp"

namespace hedgerow::reconcile {

void Memory::add(const store::Known& known) {
  const auto size = [](std::string_view text) { return static_cast<std::uint32_t>(text.size()); };
  rows_.push_back({.id = known.id,
                   .raw_hash = known.raw_hash,
                   .digest = known.digest,
                   .text = text_.size(),
                   .name_space_size = size(known.name_space),
                   .name_size = size(known.name),
                   .uid_size = size(known.uid),
                   .version_size = size(known.resource_version),
                   .removed = known.removed,
                   .out_of_scope = known.out_of_scope,
                   .seen = false});
  text_.append(known.name_space)
      .append(known.name)
      .append(known.uid)
      .append(known.resource_version);
}

void Memory::seal() {
  const auto by_key = [this](const Row& row) { return key(row); };
  if (!std::ranges::is_sorted(rows_, {}, by_key)) std::ranges::sort(rows_, {}, by_key);
  rows_.shrink_to_fit();
  text_.shrink_to_fit();
}

std::size_t Memory::find(std::string_view name_space, std::string_view name) {
  const Key wanted{name_space, name};
  if (next_ < rows_.size() && key(rows_[next_]) == wanted) return next_++;
  const auto found =
      std::ranges::lower_bound(rows_, wanted, {}, [this](const Row& row) { return key(row); });
  if (found == rows_.end() || key(*found) != wanted) return kNone;
  next_ = static_cast<std::size_t>(found - rows_.begin()) + 1;
  return next_ - 1;
}

store::Known Memory::at(std::size_t place) const {
  const Row& row = rows_.at(place);
  const std::string_view text{text_};
  std::size_t from = row.text;
  const auto take = [&](std::uint32_t size) {
    from += size;
    return text.substr(from - size, size);
  };
  store::Known known;
  known.id = row.id;
  known.name_space = take(row.name_space_size);
  known.name = take(row.name_size);
  known.uid = take(row.uid_size);
  known.resource_version = take(row.version_size);
  known.raw_hash = row.raw_hash;
  known.digest = row.digest;
  known.removed = row.removed;
  known.out_of_scope = row.out_of_scope;
  return known;
}

bool Memory::see(std::size_t place) { return !std::exchange(rows_.at(place).seen, true); }

void Memory::each_unseen(const std::function<void(const store::Known&)>& each) const {
  for (std::size_t place = 0; place < rows_.size(); ++place)
    if (!rows_[place].seen && !rows_[place].removed) each(at(place));
}

std::size_t Memory::bytes() const noexcept {
  return rows_.capacity() * sizeof(Row) + text_.capacity();
}

Memory::Key Memory::key(const Row& row) const {
  const std::string_view text{text_};
  return {text.substr(row.text, row.name_space_size),
          text.substr(row.text + row.name_space_size, row.name_size)};
}

}  // namespace hedgerow::reconcile
