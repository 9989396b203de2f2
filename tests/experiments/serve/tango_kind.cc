// A twin behind TANGO and Tiled, all of it as programs: what it promises, and that a policy acts on
// it as on the twin itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/loop/recipe.h"
#include "hw/drivers/tango/tango.h"
#include "tests/support/served.h"

namespace ronchi {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing_support::Finished;
using testing_support::ReadAll;
using testing_support::Ronchi;
using testing_support::ServedProgram;
using testing_support::TemporaryFolder;

// What was set, in order, to the bit.
std::vector<std::pair<std::string, double>> SetsOf(const std::filesystem::path& run) {
  std::vector<std::pair<std::string, double>> sets;
  std::ifstream events(run / "events.jsonl");
  for (std::string line; std::getline(events, line);) {
    const json event = json::parse(line);
    const json command = event.value("command", json::object());
    if (command.value("verb", "") != "set") continue;
    sets.emplace_back(command["property"], command["value"]["si"].get<double>());
  }
  return sets;
}

class TangoKind : public testing::Test {
 protected:
  void Deploy(const std::string& instrument, const std::string& run) {
    const Finished done =
        Ronchi({"deploy", "policy.json", "quickstart", "--set", "deploy.instrument=" + instrument,
                "--set", "deploy.steps=30", "--set", "theory=none", "-o", run, "-q"},
               out_.path());
    ASSERT_EQ(done.status, 0) << done.out << done.err;
  }
  static std::string Site(ServedProgram* served, const std::string& keys) {
    return "kind: tango\naddress: \"" + served->At("tango devices") +
           "\"\nno_database: true\ntiled: \"" + served->At("tango images") +
           "\"\ndefocus_limit_nm: 50\ncurrent_pA: 60\n"
           "detectors: {haadf: {name: haadf, inner_mrad: 60, outer_mrad: 100, dark_counts: 2}}\n" +
           keys;
  }
  TemporaryFolder out_;
};

// With all devices: images by Tiled, and by the microscope's own cache.
TEST_F(TangoKind, ConformsOverTheWire) {
  std::ofstream(out_ / "twin.yaml") << "preset: corrected_200kV\nname: column\nread_s: 0\n"
                                       "camera: {present: true}\nstage: {present: true}\n"
                                       "measurements: {present: true}\n";
  ServedProgram served("twin.yaml", "tango", "0,0", out_.path());
  const std::string corrector = "corrector: {limits_nm: {A1: 30, B2: 0, A2: 0}}\n";
  std::ofstream(out_ / "site.yaml") << Site(&served, corrector);
  std::string cached = Site(&served, corrector);
  cached.replace(cached.find("tiled:"), 6, "#tiled:");
  std::ofstream(out_ / "cached.yaml") << cached;
  for (const char* site : {"site.yaml", "cached.yaml"}) {
    const Finished done = Ronchi({"conform", "--instrument", site}, out_.path());
    EXPECT_EQ(done.status, 0) << done.out << done.err;
    EXPECT_THAT(done.out, HasSubstr("20 passed, 0 failed, 7 skipped"));
  }
  // Ctrl-C is the program's, whatever libtango does with signals.
  const Finished ended = served.End();
  EXPECT_EQ(ended.status, 0) << ended.err;
}

// As same_actions.cc has it: read_s, settle_s and the corrector's resolution are nothing. The
// corrector is reached by CEOS' own wire, whose words are absolute: correct_aberration says by how
// much, which rounds.
TEST_F(TangoKind, APolicyActsAsOnTheTwinItself) {
  std::ofstream(out_ / "twin.yaml")
      << "preset: corrected_200kV\nname: column\nread_s: 0\nsettle_s: 0\n"
         "corrector_resolution_nm: 0\n";
  ASSERT_EQ(Ronchi({"train", "quickstart", "-o", "policy.json", "-q"}, out_.path()).status, 0);
  Deploy("twin.yaml", "direct");
  const uint64_t seed = DeriveSeed(1, "deploy.instrument");
  ServedProgram served("twin.yaml", "tango,ceos", "0,0,0", out_.path(),
                       {"--seed", std::to_string(seed)});
  std::ofstream site(out_ / "site.yaml");
  site << Site(&served, "devices: {corrector: none}\n");
  site.close();
  std::ofstream(out_ / "column.yaml")
      << "kind: composite\nparts:\n  - site.yaml\n  - {kind: ceos, address: \"" << served.At("ceos")
      << "\", limits_nm: {A1: 50, B2: 0, A2: 0}}\n";
  Deploy("column.yaml", "wire");

  const auto direct = SetsOf(out_ / "direct");
  const std::string pixels = ReadAll(out_ / "direct/frames.f32");
  EXPECT_GT(direct.size(), 25u);
  EXPECT_GT(pixels.size(), 30u * 64 * 64 * 4);
  EXPECT_EQ(SetsOf(out_ / "wire"), direct);
  const std::string others = ReadAll(out_ / "wire/frames.f32");
  ASSERT_EQ(others.size(), pixels.size());
  const auto differs = std::mismatch(pixels.begin(), pixels.end(), others.begin()).first;
  EXPECT_EQ((differs - pixels.begin()) / 4, pixels.size() / 4) << "the first other pixel";
}

// The corrector by TANGO: its sign is proved before it is driven, by its own measurement.
TEST_F(TangoKind, ACorrectorsSignIsProved) {
  std::ofstream(out_ / "twin.yaml") << "preset: corrected_200kV\nname: column\n"
                                       "measurements: {present: true}\n";
  ASSERT_EQ(Ronchi({"train", "quickstart", "-o", "policy.json", "-q"}, out_.path()).status, 0);
  ServedProgram served("twin.yaml", "tango", "0,0", out_.path());
  std::ofstream(out_ / "site.yaml") << Site(&served,
                                            "corrector: {limits_nm: {A1: 50, B2: 0, A2: 0}}\n"
                                            "prove: {optics.C12.a: {step: 8 nm, measure: "
                                            "defocus}, optics.C10: {step: 20 nm, measure: "
                                            "defocus}}\n");
  Deploy("site.yaml", "proved");
  const std::string events = ReadAll(out_ / "proved/events.jsonl");
  EXPECT_THAT(events, HasSubstr("optics.C12.a is proven: its gain is "));
  EXPECT_THAT(events, HasSubstr("optics.C10 is proven: its gain is "));
}

// Here, in this process: a server that goes and comes back on its port.
TEST_F(TangoKind, AServerThatComesBackIsFoundAgain) {
  hw::wire::UseTangoModule(std::string(RONCHI_BINARY_DIR) + "/hw/tango/libronchi_tango.so");
  auto first = std::make_unique<ServedProgram>("corrected_200kV", "tango", "0,0", out_.path());
  hw::TangoOptions options;
  options.server = *hw::wire::ParseAddress(first->At("tango devices"));
  options.database = false;
  const auto column = hw::MakeTango(options);
  ASSERT_TRUE(column.ok()) << column.status();
  EXPECT_TRUE((*column)->description().simulated);
  const hw::Command read = hw::Read{{"optics.C10"}};
  EXPECT_TRUE((*column)->Execute(read).ok());
  const std::string ports = std::to_string(options.server.port) + ",0";
  ASSERT_EQ(first->End().status, 0);
  first.reset();
  const hw::Error lost = hw::ErrorOf((*column)->Execute(read).status());
  EXPECT_EQ(lost.kind, hw::ErrorKind::kCommunication) << lost.cause;
  EXPECT_EQ(hw::ErrorOf((*column)->BlankNow()).kind, hw::ErrorKind::kCommunication);
  ServedProgram second("corrected_200kV", "tango", ports, out_.path());
  const auto again = (*column)->Execute(read);
  EXPECT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE((*column)->BlankNow().ok());
}

// A second server in its process is refused in a line, and so is a machine that is not this one.
TEST_F(TangoKind, WhatCannotBeServedIsSaid) {
  const auto serve = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"serve",      "--instrument", "corrected_200kV",
                                      "--protocol", "tango,tango",  "--port",
                                      "0,0,0,0"};
    words.insert(words.end(), more.begin(), more.end());
    return Ronchi(words, out_.path());
  };
  const Finished twice = serve({});
  EXPECT_EQ(twice.status, 1) << twice.err;
  EXPECT_THAT(twice.err, HasSubstr("or serves one, already"));
  const Finished open = serve({"--host", "0.0.0.0"});
  EXPECT_EQ(open.status, 2) << open.err;
  EXPECT_THAT(open.err, HasSubstr("tango knows no password"));
}

}  // namespace
}  // namespace ronchi
