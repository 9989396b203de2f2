// What a user can get wrong. Each time: exit status 2, one line on stderr that says what and where,
// nothing on stdout, nothing left on the disk.
#include <gmock/gmock.h>
#include <sys/mount.h>

#include <cstring>
#include <set>

#include "tests/support/command.h"

namespace ronchi {
namespace {

using ::testing::HasSubstr;
using testing_support::Contents;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::RonchiProgram;
using testing_support::RunCommand;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

constexpr char kGood[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 1]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [96, 96], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [2, 2]}
detectors: {haadf: {type: annular, inner_mrad: 60, outer_mrad: 90}}
)";

class BadInput : public ::testing::Test {
 protected:
  BadInput() {
    std::filesystem::create_directory(out());
    WriteAll(folder_ / "good.yaml", kGood);
  }
  std::filesystem::path out() const { return folder_.path() / "out"; }

  // `ronchi <words>`, in an empty folder, must be refused with a line that holds every part.
  void Refused(const std::vector<std::string>& words, const std::vector<std::string>& parts) {
    const Finished done = Ronchi(words, out());
    CheckRefusal(done, ::testing::PrintToString(words), parts);
  }

  void CheckRefusal(const Finished& done, const std::string& what,
                    const std::vector<std::string>& parts) {
    EXPECT_EQ(done.status, 2) << what << "\n" << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << what << "\n" << done.err;
    EXPECT_EQ(done.err.rfind("ronchi: ", 0), 0u) << what << "\n" << done.err;
    for (const std::string& part : parts) EXPECT_THAT(done.err, HasSubstr(part)) << what;
    EXPECT_EQ(done.out, "") << what;
    EXPECT_THAT(Contents(out()), ::testing::IsEmpty()) << what;
  }

  // A simulate config with one --set.
  void RefusedSet(const std::string& set, const std::vector<std::string>& parts) {
    Refused({"simulate", "../good.yaml", "-o", "o.hdf5", "--set", set}, parts);
  }

  // `ronchi simulate` of this text.
  void RefusedText(const std::string& text, const std::vector<std::string>& parts) {
    WriteAll(folder_ / "bad.yaml", text);
    Refused({"simulate", "../bad.yaml", "-o", "o.hdf5"}, parts);
  }

  TemporaryFolder folder_;
};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(BadInput, TheGoodConfigIsGood) {
  const Finished done = Ronchi({"simulate", "../good.yaml", "-o", "o.hdf5", "-q"}, out());
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.err, "");
  EXPECT_THAT(Contents(out()), ::testing::ElementsAre("o.haadf.png", "o.hdf5"));
}

TEST_F(BadInput, KeysAndValuesAreNamedWithTheirLine) {
  RefusedText(Replaced(kGood, "energy_keV: 200", "energy_keV: 200 kV"),
              {"../bad.yaml:3", "beam.energy_keV", "'200 kV'", "the number alone"});
  RefusedText(Replaced(kGood, "semiangle_mrad", "semiangle_rad"),
              {"../bad.yaml:3", "semiangle_rad: unknown key", "'semiangle_mrad'"});
  RefusedText(Replaced(kGood, "version: 1", "version: 1\nspeciman: {}"),
              {"../bad.yaml:2", "speciman", "did you mean 'specimen'", "allowed:"});
  RefusedText(Replaced(kGood, "[96, 96]", "[-96, 96]"),
              {"../bad.yaml:4", "grid.pixels", "-96", "8 … 32768"});
  RefusedText(Replaced(kGood, "energy_keV: 200, ", ""), {"beam.energy_keV", "required"});
  RefusedText(Replaced(kGood, "version: 1", "version: 2"), {"version: 2", "1 … 1"});
}

TEST_F(BadInput, AllMistakesAreToldAtOnce) {
  WriteAll(folder_ / "bad.yaml", R"(version: 1
specimen: {file: absent.xyz, repeat: [2, 2, 2.5]}
beam: {energy_keV: 200 kV, semiangle_mrd: 20, aberrations: {C10: 3}}
grid: {pixels: [4, 96], slice_thickness_A: -1}
phonons: {configurations: 0, rms_A: {Xx: 0.1}}
scan: {end_A: [3.9], pixels: [4, 4]}
detectors:
  haadf: {type: anular, inner_mrad: 60, outer_mrad: 90}
  bf: {type: annular}
exit_planes: sometimes
dose: {electrons_per_A2: -3}
output: {normalisation: percent}
engin: {name: prism}
)");
  const Finished done = Ronchi({"simulate", "../bad.yaml", "-o", "o.hdf5"}, out());
  EXPECT_EQ(done.status, 2);
  EXPECT_EQ(done.out, "");
  EXPECT_THAT(Contents(out()), ::testing::IsEmpty());
  const std::vector<std::string> lines = {"13: engin: unknown key; did you mean 'engine'",
                                          "2: specimen.repeat: expected three whole numbers",
                                          "2: specimen.file: No such file: absent.xyz; looked in ",
                                          "3: beam.energy_keV: '200 kV' is not a number",
                                          "3: beam.semiangle_mrd: unknown key; did you mean",
                                          "3: beam.aberrations.C10: unknown key; did you mean",
                                          "4: grid.pixels: 4 is not allowed",
                                          "4: grid.slice_thickness_A: -1 is not allowed",
                                          "5: phonons.configurations: 0 is not allowed",
                                          "5: phonons.rms_A.Xx: is not a chemical element",
                                          "6: scan.end_A: expected a list of 2 numbers",
                                          "10: exit_planes: 'sometimes' is not allowed",
                                          "8: detectors.haadf.type: 'anular' is not allowed",
                                          "9: detectors.bf.outer_mrad: missing",
                                          "11: dose.electrons_per_A2: -3 is not allowed",
                                          "12: output.normalisation: 'percent' is not allowed"};
  for (const std::string& line : lines) {
    EXPECT_THAT(done.err, HasSubstr("ronchi: ../bad.yaml:" + line));
  }
  EXPECT_EQ(done.ErrorLines(), lines.size()) << done.err;  // and nothing that follows from these
}

// Folders are told whole; a name that repeats itself in `allowed` reads like a mistake.
TEST_F(BadInput, WhereAFileWasLookedForAndWhatIsAllowedOnce) {
  const Finished done = Ronchi(
      {"simulate", "../good.yaml", "-o", "o.hdf5", "--set", "specimen.file=absent.cif"}, out());
  EXPECT_THAT(done.err, HasSubstr("--set 'specimen.file=absent.cif': specimen.file: "));
  EXPECT_THAT(done.err,
              HasSubstr("looked in " + std::filesystem::canonical(folder_.path()).string()));
  EXPECT_THAT(done.err, HasSubstr("data/structures"));
  RefusedSet(
      "specimen={build: particle_on_film, particle: {file: gone.cif, diameter_A: 20}, film: "
      "{size_A: [30, 30], thickness_A: 20, density_g_cm3: 2}}",
      {"specimen.particle.file: No such file: gone.cif"});
  for (const char* set : {"specimen.zones=1", "scan.ends=1", "grid.pixel=1",
                          "detectors.haadf.inner=1", "specimen.width=1"}) {
    const Finished refused =
        Ronchi({"simulate", "../good.yaml", "-o", "o.hdf5", "--set", set}, out());
    std::string allowed = refused.err.substr(refused.err.find("allowed: ") + 9);
    allowed.pop_back();
    std::vector<std::string> names;
    for (size_t at = 0, end; at <= allowed.size(); at = end + 2) {
      end = std::min(allowed.find(", ", at), allowed.size());
      names.push_back(allowed.substr(at, end - at));
    }
    const std::set<std::string> once(names.begin(), names.end());
    EXPECT_GT(names.size(), 2u) << refused.err;
    EXPECT_EQ(names.size(), once.size()) << refused.err;
  }
}

TEST_F(BadInput, NumbersThatAreNone) {
  for (const char* value : {"nan", "inf", "-inf", "1e400", ".nan", ".inf", "", "0x", "[1]"}) {
    RefusedText(
        Replaced(kGood, "slice_thickness_A: 1.9525", std::string("slice_thickness_A: ") + value),
        {"../bad.yaml:4", "grid.slice_thickness_A"});
  }
}

TEST_F(BadInput, DocumentsThatAreNoConfig) {
  RefusedText("hello: [", {"../bad.yaml:", "not valid YAML"});
  RefusedText("just words", {"../bad.yaml:1", "expected a mapping"});
  RefusedText("", {"../bad.yaml", "empty"});
  RefusedText(std::string(kGood) + "beam: {energy_keV: 300, semiangle_mrad: 20}\n",
              {"../bad.yaml:7", "beam", "given twice", "line 3"});
  RefusedText("a: " + std::string(100000, '['), {"../bad.yaml", "nested too deeply"});
  RefusedText("a: &a {b: *a}\n", {"../bad.yaml:1", "nested too deeply"});
  RefusedText(ReadAll(RonchiProgram()).substr(0, 4000), {"../bad.yaml"});
  Refused({"simulate", "..", "-o", "o.hdf5"}, {"..", "a folder"});
  Refused({"simulate", "absent.yaml", "-o", "o.hdf5"}, {"absent.yaml", "No such file"});
}

TEST_F(BadInput, Structures) {
  const std::string good = ReadAll(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz");
  const auto refused = [&](const std::string& text, const std::vector<std::string>& parts) {
    WriteAll(folder_ / "s.xyz", text);
    RefusedSet("specimen.file=s.xyz", parts);
    WriteAll(folder_ / "bad.yaml", Replaced(kGood, "SrTiO3_001.xyz", "s.xyz"));
    Refused({"simulate", "../bad.yaml", "-o", "o.hdf5"}, parts);
  };
  RefusedSet("specimen.file=absent.xyz", {"absent.xyz", "No such file"});
  refused(good.substr(0, good.find_last_of('\n', good.size() / 2) + 1), {"s.xyz:", "truncated"});
  refused(ReadAll(RonchiProgram()).substr(0, 4000), {"s.xyz:1", "not a text file"});
  refused("", {"s.xyz"});
  refused("title\n1 2\n", {"s.xyz:2", "three lengths"});
}

TEST_F(BadInput, OverridesAreNamedThemselves) {
  RefusedSet("nonsense", {"--set 'nonsense'", "path.to.key=value"});
  RefusedSet("=3", {"--set '=3'"});
  RefusedSet("beam..x=3", {"--set 'beam..x=3'", "empty key"});
  RefusedSet("beam=[1", {"--set 'beam=[1'"});
  RefusedSet("beam.energy_keV.x=3", {"--set", "energy_keV"});
  RefusedSet("beam.energy_kev=3", {"--set 'beam.energy_kev=3'", "unknown key", "'energy_keV'"});
  RefusedSet("beam.energy_keV=-5", {"--set 'beam.energy_keV=-5'", "-5", "1 … 3000"});
  RefusedSet("dose.seed=1.5", {"dose.seed", "'1.5'", "2^64 - 1"});
}

TEST_F(BadInput, DetectorsAndApertureBeyondTheBandLimit) {
  RefusedSet("detectors.haadf.outer_mrad=900", {"detectors.haadf", "900 mrad", "102.8 mrad"});
  RefusedSet("beam.semiangle_mrad=150", {"beam.semiangle_mrad", "150 mrad", "102.8 mrad"});
  RefusedSet("detectors={}", {"detectors", "at least one"});
  RefusedSet("detectors.x={type: round}", {"detectors.x.type", "'round'", "annular"});
  RefusedSet("detectors={a/b: {type: center_of_mass}}", {"a/b", "letters"});
  RefusedSet("detectors={\"..\": {type: center_of_mass}}", {"letters"});
}

TEST_F(BadInput, MemoryThatIsNotThere) {
  // 500 displaced slices of 8 + 4 bytes a pixel: 6 TB, more than any machine that runs tests.
  Refused({"simulate", "../good.yaml", "-o", "o.hdf5", "--set", "grid.pixels=[32768, 32768]",
           "--set", "specimen.repeat=[1, 1, 250]", "--set", "phonons.configurations=2"},
          {"../good.yaml", "GB of memory", "32768 x 32768", "free"});
  RefusedSet("scan.pixels=[65536, 65536]", {"GB of memory", "for the results"});
  RefusedSet("specimen.repeat=[10000, 10000, 10000]",
             {"specimen.repeat", "5e+12 atoms", "up to 1e+08"});
  // The limit that is set for the process counts: 2 GB of address space.
  CheckRefusal(RunCommand({"sh", "-c",
                           "ulimit -v 2000000; exec \"$0\" simulate ../good.yaml -o "
                           "o.hdf5 --set 'grid.pixels=[8192, 8192]'",
                           RonchiProgram()},
                          out()),
               "ulimit", {"GB of memory", "8192 x 8192"});
}

TEST_F(BadInput, OutputsThatCannotBeWritten) {
  const auto refused = [&](const std::string& to, const std::vector<std::string>& parts) {
    Refused({"simulate", "../good.yaml", "-o", to}, parts);
  };
  refused("o.txt", {"o.txt", ".hdf5"});
  refused("absent/o.hdf5", {"absent/o.hdf5", "No such file"});
  refused("../good.yaml/o.hdf5", {"good.yaml/o.hdf5", "Not a directory"});
  refused("/proc/absent/o.hdf5", {"/proc/absent/o.hdf5"});
  std::filesystem::create_directory(folder_ / "a.hdf5");
  refused("../a.hdf5", {"../a.hdf5", "a folder"});
  Refused({"run", "quickstart", "-o", "../good.yaml/x"}, {"good.yaml/x", "Not a directory"});
  Refused({"run", "quickstart", "-o", "../good.yaml"}, {"good.yaml", "nothing is overwritten"});
  Refused({"run", "quickstart", "-o", ".."}, {"..", "nothing is overwritten"});
  Refused({"run", "quickstart", "-o", "/proc/absent"}, {"/proc/absent"});
  Refused({"train", "quickstart", "-o", "absent/p.json"}, {"absent/p.json", "No such file"});
  Refused({"train", "quickstart", "-o", ".."}, {"..", "a folder"});
}

TEST_F(BadInput, TheCommandLine) {
  Refused({"frobnicate"}, {"'frobnicate'", "run, check"});
  Refused({}, {"verb", "run, check"});
  Refused({"run"}, {"recipe", "required"});
  Refused({"run", "quickstart", "--frobnicate"}, {"--frobnicate"});
  Refused({"run", "quickstart", "--threads", "-1"}, {"--threads", "-1"});
  Refused({"run", "quickstart", "--threads", "many"}, {"--threads", "many"});
  for (const char* seed : {"x", "-1", "1.5", "18446744073709551616"}) {
    Refused({"run", "quickstart", "--seed", seed}, {"--seed", seed, "2^64 - 1"});
  }
  Refused({"run", "nonesuch"}, {"nonesuch", "recipes: aberration_tuning"});
  Refused({"describe", "nonesuch"}, {"'nonesuch'", "AberrationTuning-v1"});
  Refused({"simulate", "../good.yaml"}, {"--output", "required"});
}

// Every verb that takes an id, or something that was made with one, says which is the present one.
TEST_F(BadInput, OlderVersionsOfEnvironments) {
  const std::vector<std::string> now = {"AberrationTuning-v0' is now 'AberrationTuning-v1'",
                                        "environments.md#versions"};
  Refused({"describe", "AberrationTuning-v0"}, now);
  Refused({"watch", "AberrationTuning-v0"}, now);
  Refused({"watch", "AberrationTuning-v0", "--playthrough"}, now);
  const std::string older = "environment.id=AberrationTuning-v0";
  Refused({"run", "quickstart", "--set", older}, now);
  Refused({"train", "quickstart", "--set", older}, now);
  // A policy that was trained in it, a run that was made with it.
  ASSERT_EQ(
      Ronchi({"train", "quickstart", "-o", "../p.json", "-q", "--set", "agent.kind=nelder_mead"},
             out())
          .status,
      0);
  WriteAll(folder_ / "p.json",
           Replaced(ReadAll(folder_ / "p.json"), "AberrationTuning-v1", "AberrationTuning-v0"));
  std::vector<std::string> of_policy = now;
  of_policy.push_back("p.json: trained in");
  Refused({"evaluate", "../p.json", "quickstart"}, of_policy);
  Refused({"deploy", "../p.json", "quickstart", "-o", "r"}, of_policy);
  Refused({"watch", "AberrationTuning-v1", "--agent", "../p.json"}, of_policy);
  std::filesystem::create_directory(folder_ / "older");
  WriteAll(folder_ / "older/config.yaml",
           "version: 1\nenvironment: {id: AberrationTuning-v0}\n"
           "train: {instrument: {preset: corrected_200kV}}\n"
           "deploy: {instrument: {preset: corrected_200kV}}\n");
  Refused({"replay", "../older"}, now);
}

TEST_F(BadInput, Recipes) {
  const auto refused = [&](const std::string& set, const std::vector<std::string>& parts) {
    Refused({"run", "quickstart", "--set", set}, parts);
  };
  refused("seed=x", {"seed", "'x'"});
  refused("deploy.steps=0", {"deploy.steps", "0", "allowed: 1"});
  refused("deploy.instrument.preset=nonesuch", {"deploy.instrument.preset", "nonesuch"});
  refused("deploy.instrument.specimen=absent.xyz", {"absent.xyz", "No such file"});
  refused("deploy.instrument.events=3", {"deploy.instrument.events", "list"});
  refused("deploy.instrument.events.0.at_scan=-1", {"events[0].at_scan", "-1", "0 …"});
  refused("deploy.instrument.prior.C10_nm=[2, 1]", {"prior.C10_nm", "low <= high"});
  refused("deploy.instrument.prior.current_ratio=[-1, 1]", {"prior.current_ratio", "-1", "0.01"});
  refused("environment.range_nm=1000", {"environment.range_nm", "1000", "up to 50"});
  refused("agent.kind=oracle", {"agent.kind", "'oracle'", "gp"});
  refused("monitor.frames_between_false_alarms=1", {"frames_between_false_alarms", "2 …"});
}

TEST_F(BadInput, Policies) {
  ASSERT_EQ(
      Ronchi({"train", "quickstart", "--set", "agent.kind=random", "-o", "../p.json", "-q"}, out())
          .status,
      0);
  const std::string good = ReadAll(folder_ / "p.json");
  ASSERT_GT(good.size(), 100u);
  const std::string altered = Replaced(good, "nm", "mm");
  for (const std::string& bad :
       {good.substr(0, good.size() / 2), std::string(), altered, std::string("[1, 2]"),
        std::string("{\"format\": 3}"), ReadAll(RonchiProgram()).substr(0, 4000)}) {
    WriteAll(folder_ / "bad.json", bad);
    Refused({"deploy", "../bad.json", "quickstart"}, {"../bad.json"});
    Refused({"evaluate", "../bad.json", "quickstart"}, {"../bad.json"});
  }
  Refused({"deploy", "absent.json", "quickstart"}, {"absent.json", "No such file"});
}

TEST_F(BadInput, FoldersThatHoldNoRun) {
  for (const char* verb : {"replay", "report"}) {
    Refused({verb, "absent"}, {"absent", "No such file"});
    Refused({verb, "."}, {"No such file"});
    Refused({verb, "../good.yaml"}, {"good.yaml"});
  }
}

// A small memory disk; needs root and a kernel that lets it.
class FullDisk : public BadInput {
 protected:
  void SetUp() override {
    if (mount("none", out().c_str(), "tmpfs", 0, "size=64k") != 0) {
      GTEST_SKIP() << "cannot mount a small disk here: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) umount(out().c_str());
  }
  bool mounted_ = false;
};

TEST_F(FullDisk, Simulate) {
  const std::string cbed = "detectors={cbed: {type: pixelated, max_mrad: 90}}";
  Refused(
      {"simulate", "../good.yaml", "-o", "o.hdf5", "--set", cbed, "--set", "scan.pixels=[9, 9]"},
      {"o.hdf5", "No space left on device", "MB are free"});
  // The numbers would just fit, what HDF5 adds does not: it shows at the end, under -q in one line.
  Refused({"simulate", "../good.yaml", "-o", "o.hdf5", "--set", cbed, "-q"},
          {"o.hdf5", "No space left on device"});
}

TEST_F(FullDisk, Train) {
  WriteAll(out() / "filler", std::string(1 << 16, 'x'));
  const Finished done =
      Ronchi({"train", "quickstart", "--set", "agent.kind=random", "-o", "p.json"}, out());
  std::filesystem::remove(out() / "filler");
  CheckRefusal(done, "train", {"p.json", "No space left on device"});
}

TEST_F(FullDisk, Run) {
  const Finished done = Ronchi({"run", "quickstart", "-o", "r", "-q"}, out());
  EXPECT_EQ(done.status, 2) << done.err;
  EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
  EXPECT_THAT(done.err, HasSubstr("No space left on device"));
  // By then images were taken: what is there of them is kept.
  EXPECT_THAT(done.err, HasSubstr("r holds what was recorded until then"));
  EXPECT_TRUE(std::filesystem::exists(out() / "r/events.jsonl"));
}

TEST_F(FullDisk, ReadOnly) {
  ASSERT_EQ(mount("none", out().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  Refused({"simulate", "../good.yaml", "-o", "o.hdf5"}, {"o.hdf5", "Read-only file system"});
  Refused({"run", "quickstart", "-o", "r"}, {"Read-only file system"});
  Refused({"train", "quickstart", "-o", "p.json"}, {"p.json", "Read-only file system"});
}

}  // namespace
}  // namespace ronchi
