#include "core/mapping.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "core/descriptor.h"
#include "tests/support/command.h"

namespace ronchi {
namespace {

TEST(Mapping, RoundsUpToPages) {
  EXPECT_EQ(RoundUpToPage(0), 0u);
  EXPECT_EQ(RoundUpToPage(1), 4096u);
  EXPECT_EQ(RoundUpToPage(4096), 4096u);
  EXPECT_EQ(RoundUpToPage(4097), 8192u);
}

TEST(Mapping, WhatIsInItStaysWhenItGrowsAndShrinks) {
  Mapping memory;
  EXPECT_EQ(memory.data(), nullptr);
  ASSERT_TRUE(memory.Resize(0).ok());
  EXPECT_EQ(memory.size(), kPageBytes);
  for (size_t i = 0; i < kPageBytes; ++i) EXPECT_EQ(memory.data()[i], std::byte(0));
  std::memset(memory.data(), 7, kPageBytes);
  ASSERT_TRUE(memory.Resize(100 * kPageBytes + 1).ok());
  EXPECT_EQ(memory.size(), 101 * kPageBytes);
  EXPECT_EQ(memory.data()[kPageBytes - 1], std::byte(7));
  EXPECT_EQ(memory.data()[101 * kPageBytes - 1], std::byte(0));
  ASSERT_TRUE(memory.Resize(1).ok());
  EXPECT_EQ(memory.size(), kPageBytes);
  EXPECT_EQ(memory.data()[0], std::byte(7));
}

// More than there is an address for: an error, and what there was is still there.
TEST(Mapping, TooMuchIsAnErrorAndChangesNothing) {
  Mapping memory;
  ASSERT_TRUE(memory.Resize(1).ok());
  memory.data()[5] = std::byte(9);
  const absl::Status status = memory.Resize(size_t{1} << 60);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(memory.size(), kPageBytes);
  EXPECT_EQ(memory.data()[5], std::byte(9));
}

TEST(Mapping, OfAFileOutlivesItsName) {
  const testing_support::TemporaryFolder folder;
  const std::string path = folder / "a";
  testing_support::WriteAll(path, "content");
  Mapping mapping;
  {
    const Descriptor file(open(path.c_str(), O_RDONLY));
    auto made = Mapping::OfFile(file.value(), 7, path);
    ASSERT_TRUE(made.ok()) << made.status();
    mapping = *std::move(made);
  }
  std::filesystem::remove(path);
  const Mapping moved = std::move(mapping);
  EXPECT_EQ(mapping.data(), nullptr);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(moved.data()), moved.size()), "content");
  EXPECT_EQ(Mapping::OfFile(-1, 7, path).status().message(), path + ": Bad file descriptor");
}

}  // namespace
}  // namespace ronchi
