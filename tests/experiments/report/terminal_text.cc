// What documents say reaches the terminal as text, whichever way it goes there.
#include <gmock/gmock.h>

#include "tests/support/command.h"

namespace ronchi {
namespace {

using ::testing::HasSubstr;
using testing_support::Finished;
using testing_support::Ronchi;
using testing_support::TemporaryFolder;
using testing_support::WriteAll;

constexpr char kFlow[] = R"(version: 1
workflow: "\e]0;owned\a\e[31m title"
instrument: plasmonic_particles
budget: {dose: 1e7 e/A^2, time: 100 s}
steps:
  - log: "\e[2J screen gone \r\nforged"
  - ask: "\e[8m hidden question"
    name: q
    timeout: 1 s
    on_timeout: deny
    as: y
  - log: "{y}"
  - stop: "\e[2Jbye\nended by done"
)";

void ExpectText(const Finished& f) {
  for (const std::string* text : {&f.out, &f.err}) {
    for (unsigned char c : *text) {
      EXPECT_TRUE(c >= 0x20 || c == '\n' || c == '\t') << int(c) << " in " << *text;
    }
  }
}

TEST(TerminalText, EscapeSequencesOfADocumentAreShown) {
  const TemporaryFolder folder;
  WriteAll(folder / "esc.yaml", kFlow);
  const Finished check = Ronchi({"check", "esc.yaml"}, folder.path());
  ExpectText(check);
  EXPECT_THAT(check.out, HasSubstr("\\x1b]0;owned\\x07\\x1b[31m title on twin:"));
  const Finished run = Ronchi({"run", "esc.yaml", "-o", "r", "--answer", "q=yes"}, folder.path());
  ExpectText(run);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("\\x1b[2J screen gone \\r\\nforged"));
  EXPECT_THAT(run.out, HasSubstr("ended by stop: \\x1b[2Jbye\\nended by done"));
  // Errors, too; and JSON stays what it is.
  WriteAll(folder / "bad.yaml",
           "version: 1\nworkflow: \"t\\e[2J\"\n\"\\e[31m\": 1\nsteps: [blank]\n");
  const Finished bad = Ronchi({"check", "bad.yaml"}, folder.path());
  ExpectText(bad);
  EXPECT_EQ(bad.status, 2);
  EXPECT_THAT(bad.err, HasSubstr("\\x1b[31m"));
  ExpectText(Ronchi({"check", "esc.yaml", "--json"}, folder.path()));
}

TEST(TerminalText, ASecondDocumentIsRefused) {
  const TemporaryFolder folder;
  WriteAll(folder / "two.yaml",
           "version: 1\nworkflow: two\ninstrument: plasmonic_particles\nsteps:\n"
           "  - set: {property: optics.C10, to: 45 nm}\n---\nguard:\n  limits:\n"
           "    optics.C10: {min: -10 nm, max: 10 nm}\n");
  for (const char* verb : {"check", "run"}) {
    const Finished f = Ronchi({verb, "two.yaml"}, folder.path());
    EXPECT_EQ(f.status, 2);
    EXPECT_THAT(f.err, HasSubstr("two.yaml:7: a second document begins here"));
    EXPECT_EQ(f.ErrorLines(), 1u) << f.err;
  }
}

}  // namespace
}  // namespace ronchi
