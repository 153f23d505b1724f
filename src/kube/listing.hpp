// One list of one kind, from its first request to its end: whole, or in pages where the server
// wants them or an administrator does. Turns answers into items and into the next request. For this
// room only.
#pragma once

#include "kube/item.hpp"
#include "kube/splitter.hpp"

namespace hedgerow::kube {

class Listing {
 public:
  // Borrows all but the place; `told` gets the items under that place. `bytes_left` is what all
  // lists of the reading may still bring, those of one thread.
  Listing(const ListRequest& request, std::size_t place, const Settings& settings, ListSink& told,
          std::uint64_t& bytes_left);
  Listing(const Listing&) = delete;
  Listing& operator=(const Listing&) = delete;

  // The next request; its sink feeds this object, which must outlive it.
  [[nodiscard]] outbound::Request request();
  // What to send after this answer; nothing: the list has ended, and result() says how.
  [[nodiscard]] std::optional<outbound::Request> answered(
      const outbound::Reply& reply, const std::optional<base::WallTime>& credential_ended);

  [[nodiscard]] const ListResult& result() const noexcept { return result_; }

 private:
  [[nodiscard]] bool is_whole() const noexcept { return page_size_ == 0 && proceed_.empty(); }
  void feed(std::string_view piece);
  void take(std::string_view item);
  std::optional<outbound::Request> page_ended(const outbound::Reply& reply);
  std::optional<outbound::Request> refused(const outbound::Reply& reply, base::Failure failure);
  std::optional<outbound::Request> begin_again(base::Failure why);
  std::optional<outbound::Request> fail(base::Failure failure);
  [[nodiscard]] std::optional<base::Failure> fault_of(const ListHead& head) const;

  const ListRequest& request_;
  std::size_t place_;
  const Settings& settings_;
  ListSink& told_;
  std::uint64_t& bytes_left_;
  ItemReader reader_;
  std::optional<Splitter> splitter_;
  std::size_t page_size_;
  std::string proceed_;  // The continue token of the next page.
  unsigned restarts_ = 0;
  std::uint64_t delivered_ = 0;  // Items since the last beginning.
  ListResult result_;
};

}  // namespace hedgerow::kube
