#include "core/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <span>

#include "core/new_file.h"
#include "core/sealed_text.h"
#include "core/utf8.h"

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

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}
std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return Sorted(names);
}

TEST_F(Doors, AKilledWriterLeavesNothing) {
  const std::string path = folder_ / "a.txt";
  for (const bool there : {false, true}) {
    const pid_t child = fork();
    if (child == 0) {
      auto file = NewFile::Create(path);
      RONCHI_CHECK(file.ok());
      (void)file->file().WriteAt(0, std::as_bytes(std::span(path)), path);
      raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    // Where files need names, the next writer cleans up.
    EXPECT_TRUE(WriteFileAtomically(path, there ? "two" : "one").ok());
    EXPECT_EQ(NamesIn(folder_), std::vector<std::string>{"a.txt"});
  }
  EXPECT_EQ(*ReadFile(path), "two");
}

// As file systems without nameless files, and earlier versions, leave them.
TEST_F(Doors, LeftoversOfTheDeadAreDeletedAndNothingElse) {
  const std::string path = folder_ / "o.hdf5";
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  const std::string dead = std::to_string(child), alive = std::to_string(getpid());
  for (const std::string& name :
       {"o.hdf5.part-" + dead, "o.hdf5.part-" + dead + "-3", "o.hdf5.part-" + alive,
        std::string("o.hdf5.part-x"), "o.hdf5.part-" + dead + ".bak", "p.hdf5.part-" + dead}) {
    std::ofstream(folder_ / name) << "x";
  }
  NewFile::RemoveLeftovers(path);
  EXPECT_EQ(NamesIn(folder_), (Sorted({"o.hdf5.part-" + alive, "o.hdf5.part-" + dead + ".bak",
                                       "o.hdf5.part-x", "p.hdf5.part-" + dead})));
}

TEST_F(Doors, DroppedUnpublishedNothingIsLeft) {
  EXPECT_TRUE(NewFile::Create(folder_ / "a").ok());
  EXPECT_EQ(NamesIn(folder_), std::vector<std::string>{});
}

TEST(Utf8, WhatIsNone) {
  const char* good[] = {"",
                        "abc",
                        "\u00c5",
                        "\u20ac",
                        "\U0001F52C",
                        "\xEF\xBB\xBF"
                        "bom",
                        "\x7F"};
  for (const char* text : good) EXPECT_EQ(FindInvalidUtf8(text), std::string::npos) << text;
  const std::pair<std::string, size_t> bad[] = {
      {"caf\xE9", 3},          {"\xC0\x80", 0},         {"ab\x80", 2},
      {"\xE0\x9F\xBF", 0},     {"\xED\xA0\x80", 0},     {"\xF0\x8F\xBF\xBF", 0},
      {"\xF4\x90\x80\x80", 0}, {"\xF5\x80\x80\x80", 0}, {"x\xE2\x82", 1}};
  for (const auto& [text, at] : bad) EXPECT_EQ(FindInvalidUtf8(text), at);
}

TEST(SealedText, ALineHoldsItsTextAndNoOther) {
  for (const std::string text : {"", "book 1 1 0 0 1 1", "ends in # 0123456789abcdef"}) {
    const std::string line = SealLine(text);
    EXPECT_EQ(line.size(), text.size() + 18);
    EXPECT_EQ(UnsealLine(line), text);
    for (size_t i = 0; i < line.size(); ++i) {
      std::string damaged = line;
      damaged[i] ^= 1;
      EXPECT_EQ(UnsealLine(damaged), std::nullopt) << damaged;
      EXPECT_EQ(UnsealLine(line.substr(0, i)), std::nullopt) << i;
    }
  }
  // XXH3 of nothing: its authors' value, low half.
  EXPECT_EQ(SealLine(""), " #6001c324468d497f");
}

TEST(SealedText, DamageOfAnyByteIsFound) {
  const std::string text = "(fftw-3.3.10 wisdom\n  (1 2 3)\n)\n", sealed = Seal("a kind 1", text);
  EXPECT_EQ(*Unseal("a kind 1", sealed), text);
  EXPECT_FALSE(Unseal("a kind 2", sealed).ok());
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string bad = sealed;
    bad[i] = char(bad[i] ^ 4);
    EXPECT_FALSE(Unseal("a kind 1", bad).ok()) << i;
    EXPECT_FALSE(Unseal("a kind 1", sealed.substr(0, i)).ok()) << i;
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
