#include "core/storage.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/files.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

class Storage : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("ronchi_storage_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ / name; }
  size_t FileCount() const {
    return size_t(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

Array<float> Ramp(std::vector<size_t> shape) {
  Array<float> a(std::move(shape));
  for (size_t i = 0; i < a.size(); ++i) a[i] = float(i) * 0.5f;
  return a;
}

Signal Image(const std::string& name) {
  return {name,
          "Image " + name,
          "counts",
          {{"x", "A", 1.5, 0.25, false, "spatial", "probe x"},
           {"y", "A", -2, 0.5, false, "spatial", "probe y"}},
          ""};
}

Signal Cube(const std::string& name, const std::string& q_units, double q_scale) {
  return {name,
          name,
          "",
          {{"x", "nm", 0, 0.1, true, "spatial", "x"},
           {"y", "nm", 0, 0.1, true, "spatial", "y"},
           {"qx", q_units, 0, q_scale, false, "reciprocal", "qx"},
           {"qy", q_units, 0, q_scale, false, "reciprocal", "qy"}},
          ""};
}

absl::Status WriteExample(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(DataFile file,
                          DataFile::Create(path, {"Example", "test", "1", "seed 7"}));
  RONCHI_RETURN_IF_ERROR(file.Write(Image("haadf"), Ramp({6, 7})));
  RONCHI_RETURN_IF_ERROR(file.Write(Cube("cbed", "1/A", 0.02), Ramp({2, 3, 4, 5})));
  RONCHI_RETURN_IF_ERROR(file.WriteArray("/run/curves/contrast", Array<double>({4}, 0.25), "1"));
  const Array<double> scalar(std::vector<size_t>{}, 7.0);
  RONCHI_RETURN_IF_ERROR(file.WriteArray("/run/seed", scalar, "1"));
  RONCHI_RETURN_IF_ERROR(file.WriteText("/run/config", "beam: 200 keV\n# Å\n"));
  return file.Close();
}

TEST_F(Storage, WhatIsWrittenIsReadBack) {
  ASSERT_TRUE(WriteExample(Path("a.hdf5")).ok());
  const auto file = DataFileReader::Open(Path("a.hdf5"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file->ReadFloat("/root/haadf/data"), Ramp({6, 7}));
  EXPECT_EQ(*file->ReadFloat("/Experiments/cbed/data"), Ramp({2, 3, 4, 5}));  // the soft link
  EXPECT_EQ(*file->ReadSignal("haadf"), Image("haadf"));
  const Array<float> turned = *file->ReadFloat("/Experiments/haadf/data"), image = Ramp({6, 7});
  ASSERT_EQ(turned.shape(), (std::vector<size_t>{7, 6}));  // HyperSpy draws the last axis sideways
  for (size_t i = 0; i < 6; ++i) {
    for (size_t j = 0; j < 7; ++j) EXPECT_EQ(turned(j, i), image(i, j));
  }
  EXPECT_EQ(*file->SignalNames(), (std::vector<std::string>{"cbed", "haadf"}));
  EXPECT_EQ(*file->ReadDouble("/run/curves/contrast"), Array<double>({4}, 0.25));
  EXPECT_EQ(*file->ReadAttribute("/run/curves/contrast", "units"), "1");
  EXPECT_EQ(*file->ReadDouble("/run/seed"), Array<double>(std::vector<size_t>{}, 7.0));
  EXPECT_EQ(*file->ReadText("/run/config"), "beam: 200 keV\n# Å\n");
  EXPECT_EQ(*file->ReadAttribute("/root", "default"), "haadf");
  EXPECT_EQ((*file->ReadDouble("/root/haadf/dim1"))[6], -2 + 6 * 0.5);  // exact in binary
}

TEST_F(Storage, AxesOfUnevenStepsAreReadBack) {
  Signal signal = Image("haadf");
  signal.axes[0] = {
      .name = "depth", .units = "nm", .navigate = true, .values = {1, 2, 4, 7, 8, 9.5}};
  auto file = *DataFile::Create(Path("a.hdf5"), {});
  ASSERT_TRUE(file.Write(signal, Ramp({6, 7})).ok());
  Signal bad = signal;
  bad.name = "bad";
  for (const std::vector<double>& values : {std::vector<double>{1, 2, 3, 4, 5},
                                            {1, 2, 2, 3, 4, 5},
                                            {1, 2, 1, 3, 4, 5},
                                            {1, 2, 3, 4, 5, double(INFINITY)}}) {
    bad.axes[0].values = values;
    EXPECT_TRUE(absl::IsInvalidArgument(file.Declare(bad, {6, 7})));
  }
  ASSERT_TRUE(file.Close().ok());
  const auto reader = DataFileReader::Open(Path("a.hdf5"));
  EXPECT_EQ(*reader->ReadDouble("/root/haadf/dim0"), Array<double>({6}, {1, 2, 4, 7, 8, 9.5}));
  EXPECT_EQ(*reader->ReadDouble("/Experiments/haadf/axis-0/axis"),
            Array<double>({6}, {1, 2, 4, 7, 8, 9.5}));
  EXPECT_EQ(reader->ReadSignal("haadf")->axes[0].values, signal.axes[0].values);
  EXPECT_EQ(reader->ReadSignal("haadf")->axes[1], signal.axes[1]);
}

// Memory that malloc hands out is filled with another pattern for the second file: any byte that
// was never set by us would differ.
TEST_F(Storage, SameInputsGiveTheSameBytes) {
  ASSERT_TRUE(WriteExample(Path("a.hdf5")).ok());
  mallopt(M_PERTURB, 0x5a);
  const absl::Status second = WriteExample(Path("another name.hdf5"));
  mallopt(M_PERTURB, 0);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(*ReadFile(Path("a.hdf5")), *ReadFile(Path("another name.hdf5")));
  EXPECT_EQ(FileCount(), 2u);
}

TEST_F(Storage, TheIdentityDecidesTheUuid) {
  const auto uuid = [&](const std::string& identity) {
    auto file = DataFile::Create(Path("u.hdf5"), {.identity = identity});
    EXPECT_TRUE(file.ok() && file->Close().ok());
    return *DataFileReader::Open(Path("u.hdf5"))->ReadAttribute("/", "UUID");
  };
  EXPECT_EQ(uuid("a"), uuid("a"));
  EXPECT_NE(uuid("a"), uuid("b"));
  EXPECT_EQ(uuid("a").size(), 36u);
  EXPECT_EQ(uuid("a")[14], '8');  // RFC 9562: version 8
}

TEST_F(Storage, SlabsFillADeclaredSignalAndTheRestIsNan) {
  auto file = DataFile::Create(Path("s.hdf5"), {});
  ASSERT_TRUE(file.ok());
  const Array<float> whole = Ramp({3, 2, 4, 4});
  ASSERT_TRUE(file->Declare(Cube("cbed", "mrad", 1), whole.shape()).ok());
  for (size_t i : {2, 0}) {
    ASSERT_TRUE(
        file->WriteSlab("cbed", {i, 0, 0, 0}, {1, 2, 4, 4}, whole.values().subspan(i * 32, 32))
            .ok());
  }
  ASSERT_TRUE(file->Close().ok());
  const auto read = DataFileReader::Open(Path("s.hdf5"))->ReadFloat("/root/cbed/data");
  ASSERT_TRUE(read.ok());
  for (size_t k = 0; k < whole.size(); ++k) {
    if (k / 32 == 1) {
      EXPECT_TRUE(std::isnan((*read)[k]));
    } else {
      EXPECT_EQ((*read)[k], whole[k]);
    }
  }
}

TEST_F(Storage, LargeSignalsAreCutIntoChunksWithoutLoss) {
  const Array<float> large = Ramp({3, 700, 513});  // 4.3 MB: several chunks, ragged at the end
  auto file = DataFile::Create(Path("l.hdf5"), {});
  Signal signal = Image("stack");
  signal.axes.insert(signal.axes.begin(), {"frame", "", 0, 1, true, "unknown", "frame"});
  ASSERT_TRUE(file.ok() && file->Write(signal, large).ok() && file->Close().ok());
  EXPECT_EQ(*DataFileReader::Open(Path("l.hdf5"))->ReadFloat("/root/stack/data"), large);
}

TEST_F(Storage, CalibrationTakesTheFirstCubesPixelsInTheUnitsOfPy4dstem) {
  auto file = DataFile::Create(Path("c.hdf5"), {});
  ASSERT_TRUE(file.ok());
  for (const auto& [name, scale] : {std::pair{"a", 0.5}, {"b", 0.25}, {"c", 0.5}}) {
    ASSERT_TRUE(file->Write(Cube(name, "1/nm", scale), Ramp({2, 2, 2, 2})).ok());
  }
  ASSERT_TRUE(file->Close().ok());
  const auto read = DataFileReader::Open(Path("c.hdf5"));
  const std::string base = "/root/metadatabundle/calibration";
  EXPECT_EQ((*read->ReadDouble(base + "/R_pixel_size"))[0], 1.0);   // 0.1 nm
  EXPECT_EQ((*read->ReadDouble(base + "/Q_pixel_size"))[0], 0.05);  // 0.5 nm^-1
  EXPECT_EQ(*read->ReadText(base + "/R_pixel_units"), "A");
  EXPECT_EQ(*read->ReadText(base + "/Q_pixel_units"), "A^-1");
  EXPECT_EQ(*read->ReadText(base + "/_target_paths/1"), "/c");
  EXPECT_EQ(*read->ReadAttribute("/root/b", "python_class"), "Array");  // calibrated otherwise
  EXPECT_EQ(*read->ReadAttribute("/root/c", "python_class"), "DataCube");
}

TEST_F(Storage, NothingIsLeftWithoutClose) {
  {
    auto file = DataFile::Create(Path("a.hdf5"), {});
    ASSERT_TRUE(file.ok() && file->Write(Image("i"), Ramp({4, 4})).ok());
    EXPECT_LE(FileCount(), 1u) << "none, where files can be without names";
  }
  EXPECT_EQ(FileCount(), 0u);
}

TEST_F(Storage, AnOlderFileStaysUntilClose) {
  ASSERT_TRUE(WriteFileAtomically(Path("a.hdf5"), "old").ok());
  { ASSERT_TRUE(DataFile::Create(Path("a.hdf5"), {}).ok()); }
  EXPECT_EQ(*ReadFile(Path("a.hdf5")), "old");
  ASSERT_TRUE(WriteExample(Path("a.hdf5")).ok());
  EXPECT_TRUE(DataFileReader::Open(Path("a.hdf5")).ok());
  EXPECT_EQ(FileCount(), 1u);
}

TEST_F(Storage, BadCallsAreRefusedInOneLineAndDoNoHarm) {
  auto file = DataFile::Create(Path("a.hdf5"), {});
  ASSERT_TRUE(file.ok());
  const Array<float> values = Ramp({4, 4});
  ASSERT_TRUE(file->Write(Image("good"), values).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(file->Write(Image("good"), values)));
  EXPECT_TRUE(absl::IsInvalidArgument(file->Write(Image("a/b"), values)));
  EXPECT_TRUE(absl::IsInvalidArgument(file->Write(Image(""), values)));
  EXPECT_TRUE(absl::IsInvalidArgument(file->Write(Image("i"), Ramp({4}))));
  EXPECT_TRUE(absl::IsInvalidArgument(file->Write(Image("i"), Array<float>({0, 4}))));
  Signal flat = Image("i");
  flat.axes[1].scale = 0;
  EXPECT_EQ(file->Write(flat, values).message(),
            "signal i, axis 1 (y): offset -2, scale 0: both finite, scale not 0");
  const std::vector<float> four(4);
  EXPECT_TRUE(absl::IsNotFound(file->WriteSlab("none", {0, 0}, {1, 4}, four)));
  EXPECT_TRUE(absl::IsOutOfRange(file->WriteSlab("good", {4, 0}, {1, 4}, four)));
  EXPECT_TRUE(absl::IsOutOfRange(file->WriteSlab("good", {0, SIZE_MAX}, {1, 4}, four)));
  EXPECT_TRUE(absl::IsInvalidArgument(file->WriteSlab("good", {0, 0}, {1, 3}, four)));
  ASSERT_TRUE(file->WriteText("/run/log", "x").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(file->WriteText("/run/log", "x")));
  EXPECT_TRUE(absl::IsAlreadyExists(file->WriteText("/run/log/more", "x")));
  EXPECT_TRUE(absl::IsInvalidArgument(file->WriteText("/root/x", "x")));
  EXPECT_TRUE(absl::IsInvalidArgument(file->WriteText("relative", "x")));
  ASSERT_TRUE(file->Close().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(file->Close()));
  EXPECT_EQ(*DataFileReader::Open(Path("a.hdf5"))->SignalNames(), std::vector<std::string>{"good"});
}

TEST_F(Storage, PlacesThatCannotBeWritten) {
  EXPECT_TRUE(absl::IsNotFound(DataFile::Create(Path("no/a.hdf5"), {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(DataFile::Create(folder_, {}).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(DataFile::Create("/proc/self/a.hdf5", {}).status()) ||
              absl::IsNotFound(DataFile::Create("/proc/self/a.hdf5", {}).status()));
  EXPECT_EQ(FileCount(), 0u);
}

TEST_F(Storage, FilesThatCannotBeRead) {
  EXPECT_TRUE(absl::IsNotFound(DataFileReader::Open(Path("none")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(DataFileReader::Open(folder_).status()));
  ASSERT_TRUE(WriteExample(Path("a.hdf5")).ok());
  const std::string bytes = *ReadFile(Path("a.hdf5"));
  ASSERT_TRUE(WriteFileAtomically(Path("cut"), bytes.substr(0, bytes.size() / 2)).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(DataFileReader::Open(Path("cut")).status()));
  const auto file = DataFileReader::Open(Path("a.hdf5"));
  EXPECT_TRUE(absl::IsNotFound(file->ReadFloat("/root/none/data").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(file->ReadFloat("/root").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(file->ReadFloat("/run/config").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(file->ReadText("/root/haadf/data").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(file->List("/run/config").status()));
  EXPECT_TRUE(absl::IsNotFound(file->ReadAttribute("/root", "none").status()));
}

// Writes until it fails, as a run on a full disk does: by Close() at the latest, with the reason,
// leaving nothing, and the process can go on writing elsewhere.
void ExpectFullDiskIsTold(const std::string& path) {
  auto file = DataFile::Create(path, {});
  ASSERT_TRUE(file.ok()) << file.status();
  absl::Status status = file->Declare(Cube("cbed", "1/A", 0.02), {64, 16, 64, 64});
  const std::vector<float> line(16 * 64 * 64, 1.0f);
  for (size_t i = 0; i < 64 && status.ok(); ++i) {
    status = file->WriteSlab("cbed", {i, 0, 0, 0}, {1, 16, 64, 64}, line);
  }
  const absl::Status closed = file->Close();
  EXPECT_TRUE(absl::IsResourceExhausted(closed)) << closed;
  EXPECT_NE(closed.message().find(path), absl::string_view::npos) << closed;
  EXPECT_EQ(closed.message().find('\n'), absl::string_view::npos) << closed;
  EXPECT_TRUE(status.ok() || status == closed) << status;
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::is_empty(fs::path(path).parent_path()));
}

// The limit on file size stands for a full disk: the kernel refuses the write the same way (EFBIG).
TEST_F(Storage, AFullDiskIsToldByClose) {
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  for (rlim_t limit : {1 << 14, 1 << 20, 5 << 20}) {
    rlimit tight = before;
    tight.rlim_cur = limit;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
    ExpectFullDiskIsTold(Path("a.hdf5"));
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  EXPECT_TRUE(WriteExample(Path("a.hdf5")).ok());
}

// Fills the disk until it refuses, whatever is left.
void FillDisk(const std::string& path) {
  std::ofstream ballast(path, std::ios::binary);
  const std::string page(4096, 'x');
  while (ballast.write(page.data(), std::streamsize(page.size())).flush()) {
  }
}

TEST_F(Storage, ARealFullDiskIsToldByClose) {
  if (mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=3m") != 0) {
    GTEST_SKIP() << "needs the right to mount a small tmpfs";
  }
  ExpectFullDiskIsTold(Path("a.hdf5"));
  FillDisk(Path("ballast"));
  const absl::Status status = WriteExample(Path("b.hdf5"));
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(FileCount(), 1u);
  umount(folder_.c_str());
}

TEST_F(Storage, ThreadsMayWriteToDifferentFilesAtOnce) {
  std::vector<std::thread> threads;
  std::vector<absl::Status> done(4);
  for (size_t i = 0; i < done.size(); ++i) {
    threads.emplace_back([&, i] { done[i] = WriteExample(Path(std::to_string(i))); });
  }
  for (std::thread& t : threads) t.join();
  for (size_t i = 0; i < done.size(); ++i) {
    EXPECT_TRUE(done[i].ok()) << done[i];
    EXPECT_EQ(*ReadFile(Path(std::to_string(i))), *ReadFile(Path("0")));
  }
}

}  // namespace
}  // namespace ronchi
