#include "core/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>

#include "tests/support/command.h"

namespace ronchi {
namespace {

using testing_support::ReadAll;
using testing_support::TemporaryFolder;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
bool IsOpen(int file) { return fcntl(file, F_GETFD) != -1; }

TEST(Descriptor, ReadsAndWritesAllOrSaysWhy) {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  const Descriptor file(open(path.c_str(), O_CREAT | O_RDWR, 0644));
  ASSERT_TRUE(file.is_open());
  ASSERT_TRUE(file.WriteAt(3, Bytes("def"), path).ok());
  ASSERT_TRUE(file.WriteAt(0, Bytes("abc"), path).ok());
  EXPECT_EQ(ReadAll(path), "abcdef");
  std::string text(4, ' ');
  ASSERT_TRUE(file.ReadAt(2, std::as_writable_bytes(std::span(text)), path).ok());
  EXPECT_EQ(text, "cdef");
  EXPECT_EQ(file.ReadAt(3, std::as_writable_bytes(std::span(text)), path),
            absl::DataLossError(path + ": truncated"));
  EXPECT_TRUE(file.ReadAt(99, {}, path).ok());
  const Descriptor reader(open(path.c_str(), O_RDONLY));
  const absl::Status refused = reader.WriteAt(0, Bytes("x"), path);
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(refused.message(), path + ": Bad file descriptor");
  EXPECT_EQ(ReadAll(path), "abcdef");
}

TEST(Descriptor, IsClosedOnce) {
  int first = -1, second = -1;
  {
    Descriptor a(first = open("/dev/null", O_RDONLY)), b(second = open("/dev/null", O_RDONLY));
    Descriptor c(std::move(a));
    EXPECT_FALSE(a.is_open());
    EXPECT_EQ(c.value(), first);
    { Descriptor d = std::exchange(c, std::move(b)); }
    EXPECT_FALSE(IsOpen(first));
    EXPECT_EQ(c.value(), second);
    EXPECT_TRUE(IsOpen(second));
  }
  EXPECT_FALSE(IsOpen(second));
  EXPECT_FALSE(Descriptor().is_open());
}

}  // namespace
}  // namespace ronchi
