// What the record remembers of the objects of one list, in little memory: about 150 bytes an
// object, one block of text and one of rows. Made for lists that come in nearly the same order.
#pragma once

#include "store/objects.hpp"

namespace hedgerow::reconcile {

class Memory {
 public:
  // In any order; by namespace and name is quickest. All before the first find().
  void add(const store::Known& known);
  void seal();

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  // Its place, or kNone.
  [[nodiscard]] std::size_t find(std::string_view name_space, std::string_view name);
  // The views hold as long as this object.
  [[nodiscard]] store::Known at(std::size_t place) const;
  // False when it had been seen before.
  bool see(std::size_t place);
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  // Hands over what is present in the record and was not seen.
  void each_unseen(const std::function<void(const store::Known&)>& each) const;
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  struct Row {
    model::ObjectId id;
    std::uint64_t raw_hash = 0;
    base::Digest digest;
    std::uint64_t text = 0;  // Where its four texts begin, one behind the other.
    std::uint32_t name_space_size = 0;
    std::uint32_t name_size = 0;
    std::uint32_t uid_size = 0;
    std::uint32_t version_size = 0;
    bool removed = false;
    bool out_of_scope = false;
    bool seen = false;
  };
  using Key = std::pair<std::string_view, std::string_view>;
  [[nodiscard]] Key key(const Row& row) const;

  std::vector<Row> rows_;
  std::string text_;
  std::size_t next_ = 0;  // Where the next object of the list most likely stands.
};

}  // namespace hedgerow::reconcile
