// Everything that one run writes, in the order in which it is handed over, in chunks that are whole
// in themselves. A thread of its own writes while the next objects arrive, so that what is finished
// reaches the record even while the cluster is silent. What is written is decided elsewhere.
#pragma once

#include "base/guarded.hpp"
#include "reconcile/readers.hpp"

namespace hedgerow::reconcile {

// A kind is done: how far it could be read, and what proves it if it was read completely, or since
// when its versions are known to have gone back.
struct Mark {
  store::KindName kind;
  store::KindCoverage coverage;
  std::optional<store::KindProof> proof;
  std::optional<base::WallTime> rewound;
};

// Writes them, of one fabric.
void write(store::Txn& txn, model::FabricId fabric, std::span<const Mark> marks);

class Journal {
 public:
  // Every transaction begins with the fence: the run's epoch, the connection's generation, and that
  // the run has not ended.
  Journal(store::Database& database, const base::Clock& clock, const Settings& settings,
          const model::Run& run, std::int64_t generation);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Changes what the page shows of the run; written with the next chunk, or when it is time.
  void show(const std::function<void(store::Progress&)>& change);
  // A step was done of which the page shows nothing: it is progress all the same, and written when
  // it is time.
  void note_progress();
  // Writes facts, and what show() changed, in the caller's thread. Before start().
  void write(const std::function<void(store::Txn&)>& facts);

  // From here the thread writes. `broken` is stopped when it cannot.
  void start(std::stop_source broken);
  // Facts for a transaction of their own, which begins as soon as the thread is free and before
  // anything that is added later. They are called by the thread, perhaps more than once; what they
  // throw hinders writing.
  void add(std::function<void(store::Txn&)> facts);
  // Waits while too much waits to be written. Throws what hindered writing.
  void add(std::vector<store::ObjectWrite> writes);
  // After all objects of the kind.
  void add(Mark mark);
  // Returns when all is on the disk, but for marks that no object came after: those are given back,
  // for the transaction that ends the run. Throws what hindered writing.
  [[nodiscard]] std::vector<Mark> finish();
  // Returns when all is on the disk. Throws what hindered writing.
  void drain();

  // Whether so much is worth a transaction: then the writer does not wait for more, and takes what
  // has gathered meanwhile when it is free again.
  [[nodiscard]] bool is_worth_it(std::size_t rows, std::size_t bytes) const;

  // Throws what hindered writing, if anything did.
  void rethrow_if_broken() const;

  // What stands in the record by now: counts of objects are those of committed chunks.
  [[nodiscard]] store::Progress progress() const;

  // One turn of the thread: waits until there is something to write and it is time, writes it.
  void step(const std::stop_token& stop);

 private:
  using Facts = std::function<void(store::Txn&)>;
  struct Chunk {
    Facts facts;
    std::vector<store::ObjectWrite> writes;
    std::vector<Mark> marks;
    store::Progress progress;
    model::Counts more;  // Of the writes.
  };
  struct Book {
    Facts facts;
    std::vector<store::ObjectWrite> writes;
    std::vector<Mark> marks;
    std::size_t bytes = 0;
    std::vector<store::ObjectWrite> spent;  // Written; given back to the thread that made them.
    store::Progress progress;
    bool dirty = false;    // There is something to write.
    bool hurry = false;    // Somebody waits for it.
    bool writing = false;  // A chunk is on its way.
    std::exception_ptr broken;
  };

  [[nodiscard]] bool is_full(const Book& book) const;
  [[nodiscard]] std::optional<Chunk> next_chunk(const std::stop_token& stop);
  // Returns how long the transaction took, without its wait for a turn.
  base::Milliseconds commit(const Chunk& chunk);
  void pace(base::Milliseconds took);

  store::Database& database_;
  const base::Clock& clock_;
  const Settings settings_;
  const model::RunId run_;
  const model::FabricId fabric_;
  const std::int64_t epoch_;
  const std::int64_t generation_;
  base::Guarded<Book> book_;
  std::atomic<std::size_t> rows_at_once_;  // So many take about as long as a chunk may.
  base::SteadyTime written_;
  std::stop_source broken_{std::nostopstate};
  std::jthread thread_;  // Last, so that it ends before anything it uses is gone.
};

}  // namespace hedgerow::reconcile
