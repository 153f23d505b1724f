#include "base/seal.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace hedgerow::base {
namespace {

class SealTest : public testing::Test {
 protected:
  SealTest() {
    std::string pattern = testing::TempDir() + "sealXXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SealTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] Sealer made(const std::string& name) {
    Sealer::make_file(path(name), random_);
    return Sealer::from_file(path(name), random_);
  }
  static void expect_unreadable(const std::function<void()>& act) {
    try {
      act();
      ADD_FAILURE() << "it was readable";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code(), Code::CredentialUnreadable);
    }
  }

  SystemRandom random_;
  std::string folder_;
};

TEST_F(SealTest, OpensWhatItSealedForTheSameFieldOnly) {
  const Sealer sealer = made("key");
  const std::string blob = sealer.seal(SecretText{"token-of-fabric-7"}, "fabric/7/token");
  EXPECT_EQ(blob.find("token-of"), std::string::npos);
  EXPECT_EQ(sealer.open(blob, "fabric/7/token").open(), "token-of-fabric-7");
  expect_unreadable([&] { (void)sealer.open(blob, "fabric/8/token"); });
  EXPECT_NE(blob, sealer.seal(SecretText{"token-of-fabric-7"}, "fabric/7/token"));
}

TEST_F(SealTest, NoticesEveryChangedByte) {
  const Sealer sealer = made("key");
  const std::string blob = sealer.seal(SecretText{"s"}, "x");
  for (std::size_t i = 0; i < blob.size(); ++i) {
    std::string other = blob;
    other[i] = static_cast<char>(other[i] ^ 1);
    expect_unreadable([&] { (void)sealer.open(other, "x"); });
  }
  expect_unreadable([&] { (void)sealer.open(blob.substr(0, 20), "x"); });
}

TEST_F(SealTest, NeedsTheSameKey) {
  const Sealer one = made("one");
  const Sealer two = made("two");
  expect_unreadable([&] { (void)two.open(one.seal(SecretText{"s"}, "x"), "x"); });
}

TEST_F(SealTest, RefusesAKeyFileThatOthersMayRead) {
  (void)made("key");
  ::chmod(path("key").c_str(), 0640);
  expect_unreadable([&] { (void)Sealer::from_file(path("key"), random_); });
}

TEST_F(SealTest, RefusesAMissingOrBrokenKeyFileAndNeverOverwrites) {
  expect_unreadable([&] { (void)Sealer::from_file(path("none"), random_); });
  std::ofstream{path("short")} << "AAAA\n";
  ::chmod(path("short").c_str(), 0600);
  expect_unreadable([&] { (void)Sealer::from_file(path("short"), random_); });
  expect_unreadable([&] { Sealer::make_file(path("short"), random_); });
}

}  // namespace
}  // namespace hedgerow::base
