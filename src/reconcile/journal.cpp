#include "reconcile/journal.hpp"

#include "base/check.hpp"
#include "reconcile/attempt.hpp"

namespace hedgerow::reconcile {

using base::Cause;
using base::Code;
using base::Failure;

namespace {

constexpr std::size_t kRowsLeast = 50;
constexpr std::size_t kRowsWorth = 1'000;
constexpr std::size_t kBytesWorth = 1u << 20;

std::size_t weight_of(const store::ObjectWrite& write) noexcept {
  return sizeof write + write.observed.document.size();
}

// As Objects::apply() takes them: a replaced object is one removed and one created.
model::Counts counts_of(std::span<const store::ObjectWrite> writes) {
  model::Counts counts;
  for (const store::ObjectWrite& write : writes) {
    switch (write.act) {
      case store::Act::Appeared: ++counts.created; break;
      case store::Act::Changed: ++counts.changed; break;
      case store::Act::Replaced: ++counts.created, ++counts.removed; break;
      case store::Act::Touched: break;
      case store::Act::Removed: ++counts.removed; break;
    }
  }
  return counts;
}

}  // namespace

void write(store::Txn& txn, model::FabricId fabric, std::span<const Mark> marks) {
  for (const Mark& mark : marks) {
    txn.kinds().set_coverage(fabric, mark.kind, mark.coverage);
    if (mark.proof) txn.kinds().mark_complete(fabric, mark.kind, *mark.proof);
    if (mark.rewound) txn.kinds().mark_rewound(fabric, mark.kind, *mark.rewound);
  }
}

Journal::Journal(store::Database& database, const base::Clock& clock, const Settings& settings,
                 const model::Run& run, std::int64_t generation)
    : database_{database},
      clock_{clock},
      settings_{settings},
      run_{run.id},
      fabric_{run.fabric.value()},
      epoch_{run.epoch},
      generation_{generation},
      rows_at_once_{std::min(settings.chunk_rows, store::kApplyMax)},
      written_{clock.steady()} {
  book_.with([&](Book& book) { book.progress = {run.counts, run.kinds, run.trace}; });
}

Journal::~Journal() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Journal::show(const std::function<void(store::Progress&)>& change) {
  book_.change([&](Book& book) {
    change(book.progress);
    book.dirty = true;
  });
}

void Journal::note_progress() {
  book_.change([](Book& book) { book.dirty = true; });
}

void Journal::write(const std::function<void(store::Txn&)>& facts) {
  CHECK(!thread_.joinable());
  commit({.facts = facts, .writes = {}, .marks = {}, .progress = progress(), .more = {}});
  book_.with([](Book& book) { book.dirty = false; });
  written_ = clock_.steady();
}

void Journal::start(std::stop_source broken) {
  broken_ = std::move(broken);
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    while (!stop.stop_requested()) step(stop);
  }};
}

void Journal::add(Facts facts) {
  book_.change([&](Book& book) {
    CHECK(!book.facts && book.writes.empty() && book.marks.empty());
    book.facts = std::move(facts);
    book.dirty = true;
  });
}

void Journal::add(std::vector<store::ObjectWrite> writes) {
  // At most one chunk waits while another one is being written.
  const auto has_room = [this](const Book& book) { return book.broken || !is_full(book); };
  for (auto next = writes.begin(); next != writes.end();) {
    rethrow_if_broken();
    while (!book_.wait({}, clock_.steady() + settings_.write_wait, has_room)) rethrow_if_broken();
    // Whoever made them frees them, while the writer is at the next ones.
    std::vector<store::ObjectWrite> spent;
    // All that fits at once: the writer is woken by each change.
    book_.change([&](Book& book) {
      spent.swap(book.spent);
      book.dirty = true;
      for (; next != writes.end() && !is_full(book); ++next) {
        book.bytes += weight_of(*next);
        book.writes.push_back(std::move(*next));
      }
    });
  }
}

void Journal::add(Mark mark) {
  book_.change([&](Book& book) {
    book.marks.push_back(std::move(mark));
    book.dirty = true;
  });
}

std::vector<Mark> Journal::finish() {
  std::vector<Mark> marks;
  book_.change([&](Book& book) {
    if (!book.writes.empty()) return;
    marks.swap(book.marks);
    book.dirty = static_cast<bool>(book.facts);
  });
  drain();
  return marks;
}

void Journal::drain() {
  book_.change([](Book& book) { book.hurry = true; });
  const auto is_done = [](const Book& book) {
    return book.broken || (!book.dirty && !book.writing);
  };
  while (!book_.wait({}, clock_.steady() + settings_.write_wait, is_done)) rethrow_if_broken();
  book_.change([](Book& book) { book.hurry = false; });
  rethrow_if_broken();
}

store::Progress Journal::progress() const {
  return book_.with([](const Book& book) { return book.progress; });
}

void Journal::step(const std::stop_token& stop) {
  auto chunk = next_chunk(stop);
  if (!chunk) return;
  // For the reading thread, which cannot go on.
  const std::exception_ptr hindrance = thrown_by([&] { pace(commit(*chunk)); });
  written_ = clock_.steady();
  book_.change([&](Book& book) {
    book.writing = false;
    book.broken = hindrance;
    if (!hindrance) book.progress.counts += chunk->more;
    if (book.spent.empty()) book.spent.swap(chunk->writes);
  });
  if (hindrance) broken_.request_stop();
}

bool Journal::is_worth_it(std::size_t rows, std::size_t bytes) const {
  return rows >= std::min<std::size_t>(rows_at_once_, kRowsWorth) ||
         bytes >= std::min(settings_.chunk_bytes, kBytesWorth);
}

bool Journal::is_full(const Book& book) const {
  return book.writes.size() >= rows_at_once_ || book.bytes >= settings_.chunk_bytes;
}

std::optional<Journal::Chunk> Journal::next_chunk(const std::stop_token& stop) {
  // Nothing to write needs no time; the limit only lets the wait be a bounded one.
  const auto later = clock_.steady() + settings_.write_wait;
  const auto may_write = [](const Book& book) { return book.dirty && !book.broken; };
  if (!book_.wait(stop, later, may_write)) return std::nullopt;
  book_.wait(stop, written_ + settings_.progress_each, [this](const Book& book) {
    return book.hurry || book.facts || is_worth_it(book.writes.size(), book.bytes);
  });
  if (stop.stop_requested()) return std::nullopt;
  std::optional<Chunk> chunk;
  book_.change([&](Book& book) {
    if (!book.dirty) return;  // What there was goes into the transaction that ends the run.
    chunk.emplace(Chunk{.facts = std::exchange(book.facts, {}),
                        .writes = {},
                        .marks = {},
                        .progress = book.progress,
                        .more = {}});
    book.writing = true;
    // What hinders the objects must not take the facts with it.
    if (chunk->facts) {
      book.dirty = !book.writes.empty() || !book.marks.empty();
      return;
    }
    chunk->writes.swap(book.writes);
    chunk->marks.swap(book.marks);
    book.bytes = 0;
    book.dirty = false;
  });
  if (chunk) chunk->more = counts_of(chunk->writes);
  return chunk;
}

base::Milliseconds Journal::commit(const Chunk& chunk) {
  store::Progress progress = chunk.progress;
  progress.counts += chunk.more;
  const bool visible = chunk.facts || !chunk.writes.empty() || !chunk.marks.empty();
  base::SteadyTime began;
  const auto write = [&](store::Txn& txn) {
    began = clock_.steady();
    txn.require_epoch(fabric_, epoch_);
    txn.require_generation(fabric_, generation_);
    if (!txn.runs().progress(run_, progress))
      throw Failure{Code::Lost, Cause::Refused}.with_operator("the run has ended already");
    if (chunk.facts) chunk.facts(txn);
    if (!chunk.writes.empty()) txn.objects().apply(fabric_, run_, txn.now(), chunk.writes);
    reconcile::write(txn, fabric_, chunk.marks);
    txn.changes().append(model::Topic::Run, run_);
    if (visible) txn.changes().append(model::Topic::Fabric, fabric_);
  };
  // What the run counts must be what is kept.
  database_.write(base::Deadline::in(clock_, settings_.write_wait), write,
                  store::WhileFlushed::Wait);
  return std::chrono::duration_cast<base::Milliseconds>(clock_.steady() - began);
}

// Grows and shrinks chunks so that one takes about as long as it may.
void Journal::pace(base::Milliseconds took) {
  const std::size_t rows = rows_at_once_;
  const std::size_t most = std::min(settings_.chunk_rows, store::kApplyMax);
  rows_at_once_ = took > settings_.chunk_time ? std::min(most, std::max(kRowsLeast, rows / 2))
                                              : std::min(most, rows * 2);
}

void Journal::rethrow_if_broken() const {
  const auto broken = book_.with([](const Book& book) { return book.broken; });
  if (broken) std::rethrow_exception(broken);
}

}  // namespace hedgerow::reconcile
