#include "core/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace ronchi {
namespace {
namespace fs = std::filesystem;

TEST(Files, AppearWholeOrNotAtAll) {
  const fs::path folder = fs::path(testing::TempDir()) / "ronchi_files";
  fs::remove_all(folder);
  ASSERT_TRUE(MakeWritableDirectory(folder).ok());
  const std::string path = folder / "a.txt";
  ASSERT_TRUE(WriteFileAtomically(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomically(path, "two").ok());
  EXPECT_EQ(*ReadFile(path), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
  EXPECT_TRUE(absl::IsNotFound(WriteFileAtomically(folder / "no" / "b.txt", "x")));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(folder / "none").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile(folder).status()));
}

class Doors : public testing::Test {
 protected:
  Doors() : folder_(fs::path(testing::TempDir()) / "ronchi_doors") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Doors() override { fs::remove_all(folder_); }
  const fs::path folder_;
};

// Whatever is no regular file is refused at once: none of these would ever end, or begin.
TEST_F(Doors, OnlyRegularFilesAreRead) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0644), 0);
  fs::create_symlink("/dev/zero", folder_ / "link");
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  const std::string socket_path = folder_ / "socket";
  ASSERT_LT(socket_path.size(), sizeof address.sun_path);
  std::copy(socket_path.begin(), socket_path.end(), address.sun_path);
  ASSERT_EQ(bind(made, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  for (const std::string& path : {std::string("/dev/zero"), std::string("/dev/full"), socket_path,
                                  (folder_ / "pipe").string(), (folder_ / "link").string()}) {
    const absl::Status s = ReadFile(path).status();
    EXPECT_TRUE(absl::IsInvalidArgument(s)) << s;
    EXPECT_EQ(s.message(), path + ": is not a regular file");
    for (int flags : {O_RDONLY, O_WRONLY | O_APPEND, O_RDWR, O_WRONLY | O_CREAT}) {
      EXPECT_FALSE(OpenRegularFile(path, flags, 0644).ok()) << path;
    }
  }
  close(made);
  EXPECT_NE(ReadFile("/proc/self/status")->find("Name:"), std::string::npos) << "of size 0";
}

// A sparse file of a terabyte takes no space on the disk and all that a machine has in memory.
TEST_F(Doors, EveryKindHasALimit) {
  const std::string path = folder_ / "sparse";
  std::ofstream(path) << "x";
  fs::resize_file(path, kConfigFile.most_bytes);
  EXPECT_EQ(ReadFile(path, kConfigFile)->size(), kConfigFile.most_bytes);
  fs::resize_file(path, kConfigFile.most_bytes + 1);
  const absl::Status s = ReadFile(path, kConfigFile).status();
  EXPECT_TRUE(absl::IsResourceExhausted(s)) << s;
  EXPECT_EQ(s.message(), path + ": too large for a config; allowed here: up to 16.78 MB");
  std::error_code ec;
  fs::resize_file(path, uint64_t{1} << 40, ec);
  if (ec) GTEST_SKIP() << "no such large files here: " << ec.message();
  for (const FileKind& kind :
       {kTextFile, kTableFile, kStructureFile, kPolicyFile, kLedgerFile, kLogFile, kFramesFile}) {
    EXPECT_TRUE(absl::IsResourceExhausted(ReadFile(path, kind).status())) << kind.what;
  }
}

// -o /dev/null of the superuser must not replace the device.
TEST_F(Doors, NothingIsPutInTheDevicesPlace) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0644), 0);
  for (const std::string& path : {std::string("/dev/null"), (folder_ / "pipe").string()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(WriteFileAtomically(path, "x"))) << path;
    EXPECT_FALSE(fs::is_regular_file(path));
  }
}

// /dev/full refuses every write with ENOSPC, as a full disk does; the temporary file is elsewhere,
// so here only the status is looked at (tests/experiments/command/bad_input.cc fills a real disk).
TEST(Files, ErrnoBecomesOneClearStatus) {
  EXPECT_TRUE(absl::IsResourceExhausted(ErrnoStatus(ENOSPC, "f")));
  EXPECT_TRUE(absl::IsPermissionDenied(ErrnoStatus(EACCES, "f")));
  EXPECT_TRUE(IsBadInput(ErrnoStatus(ENOSPC, "f")));
}

TEST(Files, AnInstalledDataFolderGivesWayToTheVariable) {
  const std::string source = DataDirectory();
  EXPECT_TRUE(std::filesystem::is_directory(source + "/structures"));
  SetDataDirectory("/elsewhere/data");
  EXPECT_EQ(DataDirectory(), "/elsewhere/data");
  setenv("RONCHI_DATA", "/by/hand", 1);
  EXPECT_EQ(DataDirectory(), "/by/hand");
  unsetenv("RONCHI_DATA");
  SetDataDirectory(source);
}

TEST(Files, Base64RoundTrip) {
  const std::string bytes("\0\xff\x10 abc", 7);
  EXPECT_EQ(*FromBase64(Base64(bytes)), bytes);
  EXPECT_FALSE(FromBase64("%%%").ok());
}

}  // namespace
}  // namespace ronchi
