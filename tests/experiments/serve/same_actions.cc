// The same policy on the same column acts in the same way, whether it reaches the column directly,
// over the wires of temscript, CEOS and Merlin, or by a recording of that; and sees the same
// pixels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/loop/recipe.h"
#include "tests/support/served.h"

namespace ronchi {
namespace {

using nlohmann::json;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::ServedProgram;
using testing_support::TemporaryFolder;

// What was set, in order, to the bit.
std::vector<std::pair<std::string, double>> Actions(const std::filesystem::path& run) {
  std::vector<std::pair<std::string, double>> actions;
  std::ifstream events(run / "events.jsonl");
  for (std::string line; std::getline(events, line);) {
    const json event = json::parse(line);
    const json command = event.value("command", json::object());
    if (command.value("verb", "") != "set") continue;
    actions.emplace_back(command["property"], command["value"]["si"].get<double>());
  }
  return actions;
}

class SameActions : public testing::Test {
 protected:
  // Without theory, whose forecast of drift goes by the clock, which is another one over a wire.
  Finished Try(const std::string& instrument, const std::string& run) {
    return Ronchi(
        {"deploy", "policy.json", "quickstart", "--set", "deploy.instrument=" + instrument, "--set",
         "deploy.steps=45", "--set", "theory=none", "-o", run, "-q"},
        out_.path());
  }
  void Deploy(const std::string& instrument, const std::string& run) {
    const Finished done = Try(instrument, run);
    ASSERT_EQ(done.status, 0) << done.out << done.err;
  }
  // The column by temscript, its corrector by CEOS, its camera by Merlin; `keys` are more of the
  // column's.
  std::string Column(ServedProgram* served, const std::string& keys = "") {
    return "kind: composite\nparts:\n  - {kind: temscript, address: \"" + served->At("temscript") +
           "\", field_at_magnification_1_m: 0.1, defocus_limit_nm: 50, current_pA: 60, " + keys +
           "\n     detectors: {haadf: {name: haadf, inner_mrad: 60, outer_mrad: 100, dark_counts: "
           "2}}}\n"
           "  - {kind: ceos, address: \"" +
           served->At("ceos") + "\", limits_nm: {A1: 50, B2: 0, A2: 0}}\n" +
           "  - {kind: merlin, control: \"" + served->At("merlin control") + "\", data: \"" +
           served->At("merlin data") + "\"}\n";
  }
  TemporaryFolder out_;
};

TEST_F(SameActions, DirectlyOverThreeWiresAndByARecording) {
  // What the wires cannot have alike: a question takes the twin's own time, in which its specimen
  // drifts; a corrector that stands where it shall stand is not asked to, and a twin would settle;
  // it rounds what it is told, and does not tell where it stands. Here all three are nothing.
  std::ofstream(out_ / "twin.yaml") << "preset: corrected_200kV\nname: column\nread_s: "
                                       "0\nsettle_s: 0\ncorrector_resolution_nm: 0\n"
                                       "camera: {present: true}\n";
  ASSERT_EQ(Ronchi({"train", "quickstart", "-o", "policy.json", "-q"}, out_.path()).status, 0);
  Deploy("twin.yaml", "direct");

  const uint64_t seed = DeriveSeed(1, "deploy.instrument");
  ServedProgram served("twin.yaml", "temscript,ceos,merlin", "0,0,0,0", out_.path(),
                       {"--seed", std::to_string(seed)});
  std::ofstream(out_ / "column.yaml") << Column(&served);
  Deploy("column.yaml", "wire");
  Deploy("{kind: replay, folder: wire, instrument: deploy}", "again");

  const auto direct = Actions(out_ / "direct");
  // FLOAT32 on the wire: the pixels are the same to the bit.
  const std::string pixels = ReadAll(out_ / "direct/frames.f32");
  EXPECT_GT(direct.size(), 40u);
  EXPECT_GT(pixels.size(), 45u * 64 * 64 * 4);
  for (const std::string run : {"wire", "again"}) {
    EXPECT_EQ(Actions(out_.path() / run), direct) << run;
    const std::string others = ReadAll(out_.path() / run / "frames.f32");
    ASSERT_EQ(others.size(), pixels.size()) << run;
    const auto differs = std::mismatch(pixels.begin(), pixels.end(), others.begin()).first;
    EXPECT_EQ((differs - pixels.begin()) / 4, pixels.size() / 4)
        << run << ": the first other pixel";
  }
}

// Defocus comes by temscript with the wrong sign; the corrector's measurement tells.
TEST_F(SameActions, AWrongSignIsFoundBeforeTheAgentActs) {
  std::ofstream(out_ / "twin.yaml")
      << "preset: corrected_200kV\nname: column\nmeasurements: {present: true}\n"
         "camera: {present: true}\n";
  ASSERT_EQ(Ronchi({"train", "quickstart", "-o", "policy.json", "-q"}, out_.path()).status, 0);
  ServedProgram served("twin.yaml", "temscript,ceos,merlin", "0,0,0,0", out_.path());
  const std::string prove = "prove: {optics.C10: {step: 20 nm, measure: defocus}}\n";
  std::ofstream(out_ / "right.yaml") << Column(&served) << prove;
  std::ofstream(out_ / "wrong.yaml") << Column(&served, "defocus_sign: -1, ") << prove;
  Deploy("right.yaml", "right");
  EXPECT_GT(Actions(out_ / "right").size(), 40u);
  EXPECT_THAT(ReadAll(out_ / "right/events.jsonl"),
              testing::HasSubstr("optics.C10 is proven: its gain is "));
  const Finished wrong = Try("wrong.yaml", "wrong");
  EXPECT_EQ(wrong.status, 1) << wrong.out << wrong.err;
  EXPECT_THAT(wrong.err, testing::HasSubstr("optics.C10 is not proven"));
  EXPECT_THAT(wrong.err, testing::HasSubstr("its sign is turned"));
  // The proof's own: to where it stood, a step, and back.
  EXPECT_EQ(Actions(out_ / "wrong").size(), 3u);
}

}  // namespace
}  // namespace ronchi
