// Which kinds a pull reads, and what becomes of those that it cannot or does not. A pure rule on
// what discovery found and what the record knows.
#pragma once

#include "kube/api.hpp"
#include "model/kind.hpp"
#include "store/kinds.hpp"

namespace hedgerow::reconcile {

[[nodiscard]] model::Kind record_of(const kube::Kind& kind);
[[nodiscard]] store::KindName kind_name(const kube::Kind& kind);

// A kind that is not read, and what the record says of it from now on.
struct Unread {
  model::Kind kind;
  store::KindCoverage coverage;
};

struct Scope {
  std::vector<kube::Kind> to_read;
  // In scope, and not to be read now: of a group that the server could not speak of, or not served
  // any more while the record has objects of it. What is known of them is frozen.
  std::vector<Unread> frozen;
  // Never mirrored, or not served any more and nothing of it in scope in the record.
  std::vector<Unread> out_of_scope;
  // Of those two: kinds that the record has as served, and that the server shows no more.
  std::vector<kube::Kind> unseen;
  // Groups that the server could not speak of and of which the record knows no kind.
  std::vector<base::Failure> unknown;
};

[[nodiscard]] Scope scope_of(const kube::Discovery& discovery,
                             std::span<const model::KindState> known);

// Of a cluster that shows none, of whose kinds the record knows so many.
[[nodiscard]] base::Failure no_kinds(std::string_view fabric, std::size_t known);

}  // namespace hedgerow::reconcile
