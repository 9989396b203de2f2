// `ronchi serve` as operators meet it, and the drivers of the catalogue on the other side.
#include "experiments/serve/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hw/null_instrument.h"
#include "tests/support/served.h"

namespace ronchi {
namespace {

using testing::HasSubstr;
using testing_support::Finished;
using testing_support::NullInstrument;
using testing_support::NullState;
using testing_support::Ronchi;
using testing_support::ServedProgram;
using testing_support::TemporaryFolder;

void Write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

TEST(ServeProgram, ATwinConformsOverTheWireAndIsBlankedAtTheEnd) {
  TemporaryFolder out;
  ServedProgram served("corrected_200kV", "temscript", "0", out.path());
  Write(out / "column.yaml", "kind: temscript\naddress: " + served.At("temscript") +
                                 "\nfield_at_magnification_1_m: 0.1\n"
                                 "detectors: {haadf: {name: haadf, inner_mrad: 60}}\n");
  const Finished conforms = Ronchi({"conform", "--instrument", "column.yaml"}, out.path());
  EXPECT_EQ(conforms.status, 0) << conforms.out << conforms.err;
  EXPECT_THAT(conforms.out, HasSubstr("temscript:twin:corrected_200kV\n"));
  EXPECT_THAT(conforms.out, HasSubstr("pass  a scan has its shape, its dose and its time"));
  EXPECT_THAT(conforms.out, HasSubstr(" 0 failed"));
  const Finished ended = served.End();
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.err,
              testing::Not(HasSubstr("ronchi:")));  // how far a cold twin's table is, perhaps
}

// What has a camera and a corrector of its own, put together again from three wires.
TEST(ServeProgram, ThreeWiresConformAsOneInstrument) {
  TemporaryFolder out;
  Write(out / "twin.yaml",
        "preset: corrected_200kV\ncamera: {present: true}\nmeasurements: {present: true}\n");
  ServedProgram served("twin.yaml", "temscript,ceos,merlin", "0,0,0,0", out.path());
  Write(out / "column.yaml",
        "kind: composite\nguard: {dose_budget_e_per_A2: 1.0e+9}\nparts:\n"
        "  - {kind: temscript, address: \"" +
            served.At("temscript") +
            "\", field_at_magnification_1_m: 0.1, detectors: {haadf: {name: haadf}}}\n"
            "  - {kind: ceos, address: \"" +
            served.At("ceos") +
            "\", limits_nm: {A1: 50, B2: 0, A2: 0}}\n"
            "  - {kind: merlin, control: \"" +
            served.At("merlin control") + "\", data: \"" + served.At("merlin data") +
            "\", min_time_ms: 0.5}\n");
  const Finished conforms = Ronchi({"conform", "--instrument", "column.yaml"}, out.path());
  EXPECT_EQ(conforms.status, 0) << conforms.out << conforms.err;
  EXPECT_THAT(conforms.out, HasSubstr(", behind its guard\n"));  // a camera may be a real one
  for (const char* check : {"pass  a scan has its shape", "pass  cameras expose",
                            "pass  measurements give numbers", "pass  a small step is made"}) {
    EXPECT_THAT(conforms.out, HasSubstr(check));
  }
}

TEST(ServeProgram, BadInputIsALineAndStatusTwo) {
  TemporaryFolder out;
  Write(out / "short.txt", "secret\n");
  Write(out / "token.txt", "0123456789abcdef\n");
  const auto serve = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"serve", "--instrument", "corrected_200kV"});
    return Ronchi(more, out.path());
  };
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--protocol", "telnet"}, "'telnet' is not allowed; allowed: temscript, ceos, merlin"},
      {{"--protocol", ","}, "--protocol: none is named"},
      {{"--protocol", "temscript", "--port", "x"}, "'x' is not allowed; allowed: 0 … 65535"},
      {{"--protocol", "temscript", "--port", "0,0"}, "2 ports for 1 protocols"},
      {{"--protocol", "temscript", "--port", "0", "--host", "0.0.0.0"}, "--token-file is needed"},
      {{"--protocol", "temscript", "--port", "0", "--host", "127.0.0.1.evil.invalid"},
       "--token-file is needed"},
      {{"--protocol", "temscript", "--token-file", "short.txt"}, "16 at least"},
      {{"--protocol", "temscript", "--token-file", "none.txt"}, "none.txt"},
      {{"--protocol", "temscript", "--port", "0", "--host", "no.such.host.invalid", "--token-file",
        "token.txt"},
       "no.such.host.invalid"}};
  for (const auto& [words, what] : cases) {
    const Finished done = serve(words);
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_EQ(done.ErrorLines(), 1u) << done.err;
    EXPECT_THAT(done.err, HasSubstr(what));
  }
}

TEST(ServeProgram, AConfigOfADriverIsCheckedBeforeAnythingIsAsked) {
  TemporaryFolder out;
  const std::pair<const char*, const char*> cases[] = {
      {"kind: temscript\n", "address: missing"},
      {"kind: temscript\naddress: here\n", "allowed: host:port"},
      {"kind: temscript\naddress: h:80\ndefocus_sign: 0.5\n", "-1, 0 (it is left alone) or 1"},
      {"kind: temscript\naddress: h:80\nfield_m: 1\n", "field_m"},
      {"kind: temscript\naddress: h:80\ndetectors: {HAADF: {inner: 60}}\n", "inner"},
      {"kind: merlin\ncontrol: h:6341\n", "data: missing"},
      {"kind: merlin\ncontrol: h\ndata: h:6342\n", "allowed: host:port"},
      {"kind: merlin\ncontrol: h:1\ndata: h:2\ncounter_depth: 7\n", "1, 6, 12, 24 or 0"},
      {"kind: merlin\ncontrol: h:1\ndata: h:2\ntrigger: hard\n", "as_it_is"},
      {"kind: de\n", "address: missing"},
      {"kind: de\naddress: h\n", "allowed: host:port"},
      {"kind: de\naddress: h:1\nfield_nm: 5\nfield_at_magnification_1_m: 1\n", "one of them"},
      {"kind: de\naddress: h:1\ndetectors: {external1: {inner: 60}}\n", "inner"},
      {"kind: de_tem\n", "address: missing"},
      {"kind: de_tem\naddress: h:1\ndefocus_sign: 2\n", "defocus_sign"},
      {"kind: de_tem\naddress: h:1\ncorrector: {sign: 0.5}\n", "-1 (the value is taken out) or 1"},
      {"kind: de_tem\naddress: h:1\ncorrector: {limits_nm: {C1: 5}}\n", "the column's own focus"},
      {"kind: de_tem\naddress: h:1\nlimits: {stage_um: 5}\n", "stage_um"},
      {"kind: tango\naddress: h\n", "allowed: host:port"},
      {"kind: tango\naddress: h:1\ntiled: h\n", "allowed: host:port"},
      {"kind: tango\naddress: h:1\ntiled_key: \"a b\"\n", "without spaces"},
      {"kind: tango\naddress: h:1\ndevices: {scan: a/b}\n", "a device is needed"},
      {"kind: tango\naddress: h:1\ndevices: {microscope: none}\n", "it is needed"},
      {"kind: tango\naddress: h:1\ndefocus_sign: 0.5\n", "defocus_sign"},
      {"kind: tango\naddress: h:1\ncorrector: {limits_nm: {A9: 1}}\n", "A9"}};
  for (const auto& [yaml, what] : cases) {
    Write(out / "x.yaml", yaml);
    const Finished done = Ronchi({"conform", "--instrument", "x.yaml"}, out.path());
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_THAT(done.err, HasSubstr("x.yaml:"));
    EXPECT_THAT(done.err, HasSubstr(what));
  }
}

// The set-ups that the documents show are read to the end; nobody listens there.
TEST(ServeProgram, TheExamplesAreSoundConfigs) {
  TemporaryFolder out;
  for (const std::string name : {"de_twin", "de_twin_cold", "jeol_de", "thermo_ceos_merlin",
                                 "twin_over_every_wire", "asyncroscopy", "gms"}) {
    std::string text =
        testing_support::ReadAll(RONCHI_SOURCE_DIR "/examples/instruments/" + name + ".yaml");
    // Port 1: nobody, whatever else runs on this machine.
    for (const std::string port :
         {":8080", ":7072", ":6341", ":6342", ":5002", ":13240", ":9094", ":9091", ":5555"}) {
      for (size_t at; (at = text.find(port)) != std::string::npos;) {
        text.replace(at, port.size(), ":1");
      }
    }
    Write(out / "x.yaml", text);
    const Finished done = Ronchi({"conform", "--instrument", "x.yaml"}, out.path());
    EXPECT_EQ(done.status, 1) << done.err;
    EXPECT_THAT(done.err, HasSubstr("127.0.0.1:1: cannot connect"));
  }
}

TEST(Serve, TheInstrumentIsBlankedWhenServingEnds) {
  const auto state = std::make_shared<NullState>();
  auto instrument = std::make_unique<NullInstrument>(state);
  ASSERT_TRUE(instrument->Execute(hw::Unblank{}).ok());
  auto serving = *Serve(std::move(instrument), {.protocols = {"temscript"}, .ports = {0}});
  EXPECT_FALSE(state->blanked);
  EXPECT_TRUE(serving->End().ok());
  EXPECT_TRUE(state->blanked);
}

}  // namespace
}  // namespace ronchi
