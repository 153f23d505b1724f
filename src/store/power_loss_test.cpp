// What a power loss leaves of the files, made from the record of every operation that the database
// asked its disk for: what was flushed is there, of the rest some is lost, some stands in another
// order, some is half written.
#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "base/guarded.hpp"
#include "store/disk.test.hpp"

namespace hedgerow::store {

namespace {

using Content = std::vector<std::byte>;
using Chance = std::mt19937_64;

bool one_in(int many, Chance& chance) { return chance() % static_cast<unsigned>(many) == 0; }

// Writes down what is done to the files.
class RecordingDisk final : public WatchedDisk {
 public:
  enum class Did : std::uint8_t { Create, Write, Truncate, Flush, Delete, FlushFolder };
  struct Entry {
    Did did{};
    std::size_t file = 0;  // One number for each time that a file was made.
    std::string name;      // Of what was made or deleted.
    sqlite3_int64 at = 0;
    Content bytes;
  };
  using Log = std::vector<Entry>;

  // Hands over what was recorded, and records no more.
  Log stop() {
    return recorded_.with([](Recorded& recorded) {
      recorded.on = false;
      return std::move(recorded.log);
    });
  }
  [[nodiscard]] std::size_t operations() {
    return recorded_.with([](const Recorded& recorded) { return recorded.log.size(); });
  }

 private:
  struct Recorded {
    bool on = true;
    Log log;
    std::map<std::string, std::size_t, std::less<>> files;  // Those that are there.
    std::size_t made = 0;
    std::set<std::size_t> flushed;
  };

  std::optional<int> meet(const Operation& operation) override {
    recorded_.with([&](Recorded& recorded) {
      if (recorded.on) note(recorded, operation);
    });
    return std::nullopt;
  }

  static void note(Recorded& recorded, const Operation& operation) {
    const std::string name = std::filesystem::path{operation.path}.filename();
    const auto found = recorded.files.find(name);
    const bool there = found != recorded.files.end();
    const std::size_t file = there ? found->second : recorded.made;
    switch (operation.kind) {
      case Kind::Read: return;
      case Kind::Create:
        if (there) return;
        recorded.files[name] = recorded.made++;
        recorded.log.push_back({Did::Create, file, name, 0, {}});
        return;
      case Kind::Write:
        recorded.log.push_back({Did::Write, file, "", operation.at,
                                Content(operation.bytes.begin(), operation.bytes.end())});
        return;
      case Kind::Truncate:
        recorded.log.push_back({Did::Truncate, file, "", operation.at, {}});
        return;
      case Kind::Flush:
        recorded.log.push_back({Did::Flush, file, "", 0, {}});
        // SQLite flushes the folder with the first flush of a log or journal that it made.
        if (recorded.flushed.insert(file).second && name.contains('-'))
          recorded.log.push_back({Did::FlushFolder, file, "", 0, {}});
        return;
      case Kind::Delete:
        if (!there) return;
        recorded.log.push_back({Did::Delete, file, name, 0, {}});
        recorded.files.erase(found);
        if (operation.folder_too) recorded.log.push_back({Did::FlushFolder, file, "", 0, {}});
        return;
    }
  }

  base::Guarded<Recorded> recorded_;
};

using Did = RecordingDisk::Did;
using Entry = RecordingDisk::Entry;
using Entries = std::vector<const Entry*>;

void put(Content& content, sqlite3_int64 at, std::span<const std::byte> bytes) {
  const auto begin = static_cast<std::size_t>(at);
  if (content.size() < begin + bytes.size()) content.resize(begin + bytes.size());
  std::ranges::copy(bytes, content.begin() + at);
}

void do_to(Content& content, const Entry& entry) {
  if (entry.did == Did::Truncate) return content.resize(static_cast<std::size_t>(entry.at));
  put(content, entry.at, entry.bytes);
}

// Each sector of the write reached the disk or did not.
void do_half(Content& content, const Entry& entry, Chance& chance) {
  const std::size_t sector = one_in(2, chance) ? 512 : 4'096;
  const auto place = static_cast<std::size_t>(entry.at);
  for (std::size_t done = 0; done < entry.bytes.size();) {
    const std::size_t rest = sector - (place + done) % sector;
    const auto piece =
        std::span{entry.bytes}.subspan(done, std::min(rest, entry.bytes.size() - done));
    if (one_in(2, chance)) put(content, entry.at + static_cast<sqlite3_int64>(done), piece);
    done += piece.size();
  }
}

struct File {
  Content flushed;
  Entries since;

  void flush() {
    for (const Entry* entry : since) do_to(flushed, *entry);
    since.clear();
  }

  // What of the rest reached the disk is up to chance: nothing, all, or some of it anyhow.
  [[nodiscard]] Content after_power_loss(Chance& chance) const {
    Content content = flushed;
    Entries rest = since;
    if (one_in(6, chance)) return content;
    if (one_in(6, chance)) {
      for (const Entry* entry : rest) do_to(content, *entry);
      return content;
    }
    std::ranges::shuffle(rest, chance);
    for (const Entry* entry : rest) {
      if (one_in(3, chance))
        do_to(content, *entry);
      else if (entry->did == Did::Write && one_in(2, chance))
        do_half(content, *entry, chance);
      else if (entry->did == Did::Write && one_in(4, chance))
        // Its length alone.
        put(content, entry->at + static_cast<sqlite3_int64>(entry->bytes.size()), {});
    }
    return content;
  }
};

using Image = std::map<std::string, Content>;

class Reckoning {
 public:
  explicit Reckoning(bool flushes_count) : flushes_count_{flushes_count} {}

  void add(const Entry& entry) {
    switch (entry.did) {
      case Did::Create:
      case Did::Delete: folder_since_.push_back(&entry); return;
      case Did::Write:
      case Did::Truncate: files_[entry.file].since.push_back(&entry); return;
      case Did::Flush:
        if (flushes_count_) files_[entry.file].flush();
        return;
      case Did::FlushFolder:
        for (const Entry* change : folder_since_) do_to(folder_, *change);
        folder_since_.clear();
        return;
    }
  }

  // A folder's changes reach the disk in their order.
  [[nodiscard]] Image after_power_loss(Chance& chance) {
    Folder folder = folder_;
    const std::size_t kept = chance() % (folder_since_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) do_to(folder, *folder_since_[i]);
    Image image;
    for (const auto& [name, file] : folder) image[name] = files_[file].after_power_loss(chance);
    return image;
  }

 private:
  using Folder = std::map<std::string, std::size_t>;

  static void do_to(Folder& folder, const Entry& entry) {
    if (entry.did == Did::Create)
      folder[entry.name] = entry.file;
    else
      folder.erase(entry.name);
  }

  bool flushes_count_;
  std::map<std::size_t, File> files_;
  Folder folder_;
  Entries folder_since_;
};

// One transaction of a writer: so many audit rows, one change.
struct Asked {
  std::string name;
  std::size_t rows = 0;
};

class PowerLoss : public DiskTest<RecordingDisk> {
 protected:
  static constexpr int kWriters = 4;

  PowerLoss() {
    settings_.log_checkpoint = 256 << 10;
    settings_.cache_bytes = 1 << 20;
  }

  void ask(const Asked& asked, std::size_t size) {
    write([&](Txn& txn) {
      for (std::size_t row = 0; row < asked.rows; ++row) {
        AuditRow audit;
        audit.action = asked.name;
        audit.subject = static_cast<std::int64_t>(row);
        audit.details = std::string(size + row, 'x');
        txn.audit().append(audit);
      }
      txn.workers().beat("replica", static_cast<std::int64_t>(size % 50), false);
      txn.changes().append(model::Topic::Fabrics, 0);
    });
  }

  // Several writers, each asking again once it was told, and a reader that holds snapshots.
  void work(int session, int each) {
    open();
    std::jthread reader{[&](const std::stop_token& stop) {
      while (!stop.stop_requested()) kept();
    }};
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer)
      writers.emplace_back([&, writer] {
        Chance chance{static_cast<std::uint64_t>(session * kWriters + writer)};
        for (int i = 0; i < each; ++i) {
          const Asked asked{fmt::format("{}.{}.{}", session, writer, i), 1 + chance() % 3};
          ask(asked, one_in(8, chance) ? chance() % 20'000 : chance() % 600);
          const std::size_t operations = disk_.operations();
          told_.with([&](Told& told) { told[asked.name] = operations; });
        }
      });
    writers.clear();
    reader = {};
    database_.reset();
  }

  struct Row {
    std::string transaction;
    std::int64_t place = 0;  // In its transaction.
    std::size_t size = 0;

    friend bool operator==(const Row&, const Row&) = default;
  };

  // Oldest first.
  std::vector<Row> rows() {
    std::vector<Row> rows;
    for (bool more = true; more;) {
      const auto page = database_->read([&](const auto& s) {
        return s.audit().page({.limit = 1'000, .offset = std::ssize(rows)});
      });
      for (const AuditRow& row : page.rows)
        rows.push_back({row.action, row.subject, row.details.size()});
      more = page.rows.size() == 1'000;
    }
    std::ranges::reverse(rows);
    return rows;
  }

  void record() {
    work(1, 60);
    work(2, 60);
    log_ = disk_.stop();
    open();
    rows_ = rows();
    database_.reset();
  }

  void lay(const Image& image) {
    start_afresh();
    for (const auto& [name, content] : image) {
      std::ofstream file{folder_ / name, std::ios::binary};
      file.write(reinterpret_cast<const char*>(content.data()),
                 static_cast<std::streamsize>(content.size()));
    }
  }

  // How many rows must be there after the first `operations` of the disk.
  std::size_t owed(std::size_t operations) {
    return told_.with([&](const Told& told) {
      std::size_t owed = 0;
      for (std::size_t i = 0; i < rows_.size(); ++i)
        if (told.at(rows_[i].transaction) <= operations) owed = i + 1;
      return owed;
    });
  }

  // What is wrong with the database in the folder; nothing when it is as it must be.
  std::string wrong_after(std::size_t operations) {
    try {
      open();
      return wrong_with(operations);
    } catch (const base::Failure& failure) {
      return failure.detail() + " " + failure.operator_text();
    }
  }

  std::string wrong_with(std::size_t operations) {
    for (const std::string& line : database_->damage()) return line;
    const std::vector<Row> found = rows();
    if (found.size() > rows_.size() ||
        !std::ranges::equal(found, std::span{rows_}.first(found.size())))
      return "The rows are not those that were written first.";
    if (found.size() < owed(operations))
      return fmt::format("{} rows of {} that were acknowledged are there.", found.size(),
                         owed(operations));
    if (found.size() < rows_.size() && rows_[found.size()].place != 0)
      return "A transaction is half there.";
    const auto transactions = std::ranges::count(found, 0, &Row::place);
    const std::vector<Changed> changed = database_->read([](const auto& s) {
      return s.changes().revisions(std::array{Subject{model::Topic::Fabrics, 0}});
    });
    if (changed.at(0).revision != transactions)
      return fmt::format("{} changes of {} are there.", changed[0].revision, transactions);
    append();
    if (rows().size() != found.size() + 1) return "The next row is not there.";
    return "";
  }

  // Makes the images and looks at each until one is wrong. Its number is its seed: what it says
  // can be had again.
  std::string first_wrong(std::span<const std::uint64_t> numbers, bool flushes_count) {
    std::vector<std::pair<std::size_t, std::uint64_t>> images;
    for (const std::uint64_t number : numbers)
      images.emplace_back(Chance{number}() % (log_.size() + 1), number);
    // So that what is before each is reckoned once.
    std::ranges::sort(images);
    Reckoning reckoning{flushes_count};
    std::size_t done = 0;
    for (const auto& [operations, number] : images) {
      for (; done < operations; ++done) reckoning.add(log_[done]);
      Chance chance{number};
      lay(reckoning.after_power_loss(chance));
      const std::string wrong = wrong_after(operations);
      if (wrong.empty()) continue;
      return fmt::format("Image {}, after operation {} of {}: {}", number, operations, log_.size(),
                         wrong);
    }
    return "";
  }

  using Told = std::map<std::string, std::size_t>;
  base::Guarded<Told> told_;  // By transaction: how much the disk had done.
  RecordingDisk::Log log_;
  std::vector<Row> rows_;
};

std::vector<std::uint64_t> images_wanted() {
  const char* wanted = std::getenv("HEDGEROW_IMAGES");  // NOLINT(concurrency-mt-unsafe)
  std::vector<std::uint64_t> numbers(wanted == nullptr ? 200 : std::stoul(wanted));
  std::iota(numbers.begin(), numbers.end(), 1);
  return numbers;
}

TEST_F(PowerLoss, J03_at_any_time_keeps_what_was_acknowledged_whole_and_in_order) {
  record();
  const auto images = images_wanted();
  RecordProperty("amount", fmt::format("{} images", images.size()));
  EXPECT_EQ(first_wrong(images, true), "");
}

// Or the images prove nothing.
TEST_F(PowerLoss, J03_on_a_disk_that_does_not_keep_what_it_flushed_is_noticed) {
  record();
  int noticed = 0;
  for (std::uint64_t number = 1; number <= 20; ++number)
    noticed += first_wrong(std::array{number}, false).empty() ? 0 : 1;
  EXPECT_GT(noticed, 10);
}

}  // namespace
}  // namespace hedgerow::store
