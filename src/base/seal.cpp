#include "base/seal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/check.hpp"
#include "base/private_file.hpp"
#include "base/text.hpp"

namespace hedgerow::base {

namespace {

// blob = version | key id | nonce | wrapped data key + tag | nonce | cipher text + tag
constexpr char kVersion = 2;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kWrapped = Sealer::kKeyBytes + kTag;
constexpr std::size_t kHead = 1 + kKeyIdBytes + kNonce + kWrapped + kNonce;

[[noreturn]] void unreadable(std::string detail) {
  throw Failure{Code::CredentialUnreadable, Cause::Refused, std::move(detail)};
}

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string encrypted(std::string_view plain, std::string_view bound, std::string_view nonce,
                      const unsigned char* key) {
  std::string out(plain.size() + kTag, '\0');
  unsigned long long length = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(out.data()), &length,
                                             raw(plain), plain.size(), raw(bound), bound.size(),
                                             nullptr, raw(nonce), key);
  CHECK(length == out.size());
  return out;
}

// Nothing when it was sealed with another key, for something else, or changed since.
std::optional<std::string> decrypted(std::string_view sealed, std::string_view bound,
                                     std::string_view nonce, const unsigned char* key) {
  std::string out(sealed.size() - kTag, '\0');
  unsigned long long length = 0;
  const int error = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<unsigned char*>(out.data()), &length, nullptr, raw(sealed), sealed.size(),
      raw(bound), bound.size(), raw(nonce), key);
  if (error != 0) return std::nullopt;
  return out;
}

}  // namespace

Sealer::Sealer(std::vector<unsigned char> key, Random& random)
    : key_{std::move(key)}, random_{&random} {
  const auto digest = digest_for_id();
  key_id_.assign(digest.begin(), digest.begin() + kKeyIdBytes);
}

Sealer::~Sealer() { sodium_memzero(key_.data(), key_.size()); }

std::string Sealer::digest_for_id() const {
  std::string digest(crypto_generichash_BYTES, '\0');
  constexpr std::string_view kPurpose = "hedgerow key id";
  crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(), raw(kPurpose),
                     kPurpose.size(), key_.data(), key_.size());
  return digest;
}

Sealer Sealer::from_file(const std::string& path, Random& random) {
  const SecretText text = read_private(
      path, "key file",
      fmt::format("For a new database make one: hedgerow key create {}. Where credentials are "
                  "stored already, put the file back that they were sealed with.",
                  path));
  auto bytes = from_base64(text.open());
  if (!bytes || bytes->size() != kKeyBytes)
    unreadable(fmt::format("The key file {} does not hold {} bytes as base64.", path, kKeyBytes));
  std::vector<unsigned char> key(bytes->begin(), bytes->end());
  sodium_memzero(bytes->data(), bytes->size());
  return {std::move(key), random};
}

namespace {

// A folder that lacks belongs to who makes the key, and to nobody else.
void make_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path{path}.parent_path();
  if (folder.empty() || ::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return;
  const std::string why = std::generic_category().message(errno);
  throw Failure{
      Code::CredentialUnreadable, Cause::Refused,
      fmt::format("The folder {} for the key file cannot be made: {}.", folder.string(), why)}
      .with_next(
          fmt::format("Make it as who may, then try again: install -d -m 700 {}", folder.string()));
}

[[noreturn]] void refuse_to_make(const std::string& path, int error) {
  Failure failure{Code::CredentialUnreadable, Cause::Refused,
                  fmt::format("The key file {} cannot be made: {}.", path,
                              std::generic_category().message(error))};
  throw std::move(failure).with_next(
      error == EEXIST
          ? "A key is never written over, because what it seals would be lost. Use it, or name "
            "another file."
          : "Name a file in a folder that you may write to, or run this as who may.");
}

}  // namespace

void Sealer::make_file(const std::string& path, Random& random) {
  std::array<std::byte, kKeyBytes> key{};
  random.fill(key);
  const std::string text = base64(key) + "\n";
  make_folder_of(path);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) refuse_to_make(path, errno);
  const bool whole = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool kept = ::fsync(file) == 0;
  ::close(file);
  if (whole && kept) return;
  // Half a key seals nothing and would stand in the way of a whole one.
  ::unlink(path.c_str());
  throw Failure{Code::CredentialUnreadable, Cause::Refused,
                fmt::format("The key file {} cannot be written.", path)}
      .with_next("Make room on its disk, then try again.");
}

std::string Sealer::seal(const SecretText& secret, std::string_view belongs_to) const {
  std::array<std::byte, kKeyBytes> data_key{};
  std::array<std::byte, kNonce * 2> nonces{};
  random_->fill(data_key);
  random_->fill(nonces);
  const std::string_view first = text_of(nonces).substr(0, kNonce);
  const std::string_view second = text_of(nonces).substr(kNonce);

  std::string blob{kVersion};
  blob += key_id_;
  const std::string bound = blob + std::string{belongs_to};
  blob += first;
  blob += encrypted(text_of(data_key), bound, first, key_.data());
  blob += second;
  blob += encrypted(secret.open(), bound, second, raw(text_of(data_key)));
  sodium_memzero(data_key.data(), data_key.size());
  return blob;
}

SecretText Sealer::open(std::string_view blob, std::string_view belongs_to) const {
  if (blob.size() < kHead + kTag) unreadable("A stored credential is damaged.");
  if (blob[0] != kVersion) unreadable("A stored credential was sealed by another version.");
  if (blob.substr(1, kKeyIdBytes) != key_id_)
    unreadable("A stored credential was sealed with another key file.");
  const std::string bound = std::string{blob.substr(0, 1 + kKeyIdBytes)} + std::string{belongs_to};
  std::string_view rest = blob.substr(1 + kKeyIdBytes);
  const auto take = [&](std::size_t count) {
    const auto part = rest.substr(0, count);
    rest.remove_prefix(count);
    return part;
  };
  const auto first = take(kNonce);
  auto data_key = decrypted(take(kWrapped), bound, first, key_.data());
  if (!data_key) unreadable("A stored credential is not the one of this fabric and field.");
  const auto second = take(kNonce);
  auto plain = decrypted(rest, bound, second, raw(*data_key));
  sodium_memzero(data_key->data(), data_key->size());
  if (!plain) unreadable("A stored credential is damaged.");
  return SecretText{std::move(*plain)};
}

}  // namespace hedgerow::base
