// `simulate` with the contracted engine and its cache on disk: what a killed process leaves, what a
// damaged entry does, what --dry-run foretells.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>

#include "tests/support/command.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using testing_support::Command;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::RonchiProgram;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

// Displaced atoms, so that there is something to do.
std::string Job(int cells, int layers, int pixels, const std::string& more) {
  return "version: 1\nspecimen: {file: SrTiO3_001.xyz, repeat: [" + std::to_string(cells) + ", " +
         std::to_string(cells) + ", " + std::to_string(layers) +
         "]}\nbeam: {energy_keV: 200, semiangle_mrad: 20}\ngrid: {pixels: [" +
         std::to_string(pixels) + ", " + std::to_string(pixels) +
         "], slice_thickness_A: 1.9525}\nscan: {end_A: [3.9, 3.9], pixels: [8, 8]}\ndetectors: "
         "{haadf: {type: annular, inner_mrad: 60, outer_mrad: 90}}\nengine: {name: contracted}\n" +
         more;
}
const char* kPhonons = "phonons: {configurations: 2, rms_A: {Sr: 0.08, Ti: 0.08, O: 0.08}}\n";

class ContractedCache : public ::testing::Test {
 protected:
  ContractedCache() { setenv("RONCHI_CACHE", cache_.c_str(), 1); }
  ~ContractedCache() override { unsetenv("RONCHI_CACHE"); }

  std::vector<std::string> Words(const std::string& job, const std::string& output) const {
    return {"simulate", job, "-o", output + ".hdf5", "--threads", "1"};
  }
  // The image's bytes; the file has the time in it.
  std::string Image(const Finished& done, const std::string& output) const {
    EXPECT_EQ(done.status, 0) << done.err;
    return ReadAll(folder_.path() / (output + ".haadf.png"));
  }
  std::vector<fs::path> Entries() const {
    std::vector<fs::path> entries;
    std::error_code ec;
    for (const auto& e : fs::directory_iterator(cache_ + "/contracted", ec)) {
      if (e.path().extension() == ".entry") entries.push_back(e.path());
    }
    return entries;
  }

  const TemporaryFolder folder_;
  const std::string cache_ = folder_ / "cache";
};

// Fifty processes die at random moments of the preparation (some 0.4 s) and of the writing after
// it; whoever comes next finds a whole entry or none.
TEST_F(ContractedCache, AKilledPreparationLeavesNothingBad) {
  WriteAll(folder_.path() / "job.yaml", Job(3, 5, 144, kPhonons));
  const Finished first = Ronchi(Words("job.yaml", "first"), folder_.path());
  const std::string image = Image(first, "first");
  ASSERT_EQ(Entries().size(), 1u);
  const std::string whole = ReadAll(Entries()[0]);
  std::mt19937 random(1);
  std::uniform_real_distribution<double> moment(0, 1.2 * first.cpu_seconds);
  int absent = 0;
  for (int i = 0; i < 50; ++i) {
    std::error_code ec;
    for (const fs::path& entry : Entries()) fs::remove(entry, ec);
    std::vector<std::string> words = Words("job.yaml", "killed" + std::to_string(i));
    words.insert(words.begin(), RonchiProgram());
    Command command(words, folder_.path());
    command.WaitForCpu(moment(random));
    command.Signal(SIGKILL);
    command.Wait();
    absent += Entries().empty();
    for (const fs::path& entry : Entries()) EXPECT_EQ(ReadAll(entry), whole);
  }
  EXPECT_GT(absent, 0) << "no kill came in time: nothing was tested";
  const Finished last = Ronchi(Words("job.yaml", "last"), folder_.path());
  EXPECT_EQ(Image(last, "last"), image);
  EXPECT_EQ(ReadAll(Entries().at(0)), whole);
}

TEST_F(ContractedCache, ADamagedEntryIsMadeAnew) {
  WriteAll(folder_.path() / "job.yaml", Job(2, 5, 96, kPhonons));
  const std::string image = Image(Ronchi(Words("job.yaml", "first"), folder_.path()), "first");
  ASSERT_EQ(Entries().size(), 1u);
  const fs::path entry = Entries()[0];
  const std::string whole = ReadAll(entry);
  for (const bool truncate : {false, true}) {
    std::string bad = whole;
    if (truncate) {
      bad.resize(bad.size() / 2);
    } else {
      bad[bad.size() * 2 / 3] = char(bad[bad.size() * 2 / 3] ^ 4);
    }
    WriteAll(entry, bad);
    const std::string name = truncate ? "cut" : "flipped";
    const Finished done = Ronchi(Words("job.yaml", name), folder_.path());
    EXPECT_EQ(Image(done, name), image);
    EXPECT_THAT(done.err, HasSubstr(entry.filename().string())) << "no word of the damage";
    EXPECT_EQ(ReadAll(entry), whole);
  }
}

// Time of the processor, which other programs take from nobody, and peak memory. Start-up and FFT
// planning are not foretold: the first run makes the plans, and 0.1 s are allowed for the rest.
TEST_F(ContractedCache, TimeAndMemoryAreForetold) {
  const std::vector<std::pair<const char*, std::string>> jobs = {
      {"rest", Job(8, 10, 512, "")},
      {"displaced", Job(4, 5, 192, kPhonons)},
      {"thick", Job(3, 40, 144, kPhonons)}};
  for (const auto& [name, job] : jobs) {
    const std::string file = std::string(name) + ".yaml";
    WriteAll(folder_.path() / file, job);
    Ronchi(Words(file, std::string(name) + "0"), folder_.path());
    for (const fs::path& entry : Entries()) fs::remove(entry);
    const auto foretell = [&] {
      return json::parse(
          Ronchi({"simulate", file, "--dry-run", "--json", "--threads", "1"}, folder_.path()).out);
    };
    const json foretold = foretell();
    EXPECT_EQ(foretold["prepared"], false);
    const Finished done = Ronchi(Words(file, std::string(name) + "1"), folder_.path());
    const double seconds = foretold["seconds"], ratio = done.cpu_seconds / seconds;
    std::printf("%s: %.2f s CPU, foretold %.2f; %.0f MB, foretold %.0f\n", name, done.cpu_seconds,
                seconds, done.peak_bytes * 1e-6, double(foretold["memory_bytes"]) * 1e-6);
    EXPECT_LT(done.cpu_seconds, 1.5 * seconds + 0.1) << name;
    EXPECT_GT(ratio, 1 / 1.5) << name;
    // 60 MB: the program, its libraries and HDF5.
    EXPECT_LT(done.peak_bytes, 1.5 * double(foretold["memory_bytes"]) + 60e6) << name;
    const json again = foretell();
    EXPECT_EQ(again["prepared"], true);
    EXPECT_LT(again["seconds"], 0.2 * seconds);
  }
}

}  // namespace
}  // namespace ronchi
