#include "sim/specimen/text_lines.h"

#include <gtest/gtest.h>

namespace ronchi::sim {
namespace {

using Strings = std::vector<std::string>;

Strings LinesOf(const std::string& text) {
  TextLines lines("a.txt", "format", text);
  Strings all;
  for (std::string line; lines.Next(&line);) all.push_back(line);
  return all;
}

TEST(TextLinesOf, AnyEndsOfLines) {
  const Strings expected = {"a", "", "b c", ""};
  EXPECT_EQ(LinesOf("a\n\nb c\n"), expected);
  EXPECT_EQ(LinesOf("a\r\n\r\nb c\r\n"), expected);
  EXPECT_EQ(LinesOf("a\r\rb c\r"), expected);
  EXPECT_EQ(LinesOf("a\n\nb c"), (Strings{"a", "", "b c"}));
  EXPECT_EQ(LinesOf(""), Strings{""});
}

TEST(TextLinesOf, ErrorsNameTheLineThatWasReadLast) {
  TextLines lines("a.txt", "format", "one\ntwo\nthree");
  const auto error = [&] { return std::string(lines.Error("wrong").message()); };
  EXPECT_EQ(error(), "a.txt:1: format: wrong");
  std::string line;
  lines.Next(&line);
  EXPECT_EQ(error(), "a.txt:1: format: wrong");
  lines.Next(&line);
  EXPECT_EQ(error(), "a.txt:2: format: wrong");
  EXPECT_EQ(lines.ErrorAt(7, "x").message(), "a.txt:7: format: x");
  EXPECT_EQ(lines.Truncated(5, "; no").message(),
            "a.txt:3: format: the file ends after 5 atoms; it looks truncated; no");
  EXPECT_TRUE(lines.Next(&line));
  EXPECT_FALSE(lines.Next(&line));
  EXPECT_EQ(line, "three");
}

TEST(TextLinesOf, FieldsAndNumbers) {
  EXPECT_EQ(Fields("  a\tb  c, d "), (Strings{"a", "b", "c,", "d"}));
  EXPECT_EQ(Fields("1, 2,3", true), (Strings{"1", "2", "3"}));
  EXPECT_EQ(Fields(" "), Strings{});
  double out[2] = {};
  EXPECT_TRUE(Numbers({"x", "1.5", "-2e3"}, 1, 2, out));
  EXPECT_EQ(out[0], 1.5);
  EXPECT_EQ(out[1], -2000);
  EXPECT_FALSE(Numbers({"x", "1.5"}, 1, 2, out));
  EXPECT_FALSE(Numbers({"1.5", "y"}, 0, 2, out));
  EXPECT_FALSE(Numbers({"1.5", "nan"}, 0, 2, out));
  EXPECT_FALSE(Numbers({"1.5", "inf"}, 0, 2, out));
  EXPECT_TRUE(Numbers({}, 0, 0, out));
}

TEST(TextLinesOf, ElementsAreSymbolsOrNumbers) {
  TextLines lines("a.txt", "format", "x");
  Strings warnings;
  EXPECT_EQ(*ElementInText(lines, "Sr", &warnings), 38);
  EXPECT_EQ(*ElementInText(lines, "38", &warnings), 38);
  EXPECT_EQ(warnings, Strings{});
  const absl::Status status = ElementInText(lines, "Qq", &warnings).status();
  EXPECT_EQ(status.message().rfind("a.txt:1: format: ", 0), 0u) << status;
}

// The atom that is wrong is told with the line that it stands in, also when all have been read.
class TextAtomsOf : public testing::Test {
 protected:
  TextAtomsOf() {
    atoms_.raw.lattice_A = {{{4, 0, 0}, {0, 5, 0}, {0, 0, 6}}};
    for (double z_A : {1.0, 3.0}) {
      std::string line;
      lines_.Next(&line);
      atoms_.Add({.z = 79, .x_A = 1, .y_A = 2, .z_A = z_A});
    }
  }
  TextLines lines_{"a.txt", "format", "1\n2\n3"};
  TextAtoms atoms_{lines_};
};

TEST_F(TextAtomsOf, CellsMustBeCells) {
  EXPECT_TRUE(atoms_.CheckCell().ok());
  atoms_.raw.lattice_A[1][1] = 0.05;
  EXPECT_EQ(atoms_.CheckCell().message(),
            "a.txt:2: format: cell length 0.05 Å is not allowed; allowed: 0.1 … 1e6");
  atoms_.raw.lattice_A[1] = {8, 0, 0};  // along a
  EXPECT_FALSE(atoms_.CheckCell().ok());
}

TEST_F(TextAtomsOf, AboveTheBoxIsWrappedOrRefused) {
  EXPECT_TRUE(atoms_.PlaceAlongBeam(false).ok());
  atoms_.raw.atoms[0].z_A = -2;
  EXPECT_EQ(atoms_.PlaceAlongBeam(false).message(),
            "a.txt:1: format: atom (Au): z = -2 Å lies outside the box of 6 Å");
  EXPECT_TRUE(atoms_.PlaceAlongBeam(true).ok());
  EXPECT_EQ(atoms_.raw.atoms[0].z_A, 4);
}

TEST_F(TextAtomsOf, FractionsAreNotTakenForAngstroms) {
  EXPECT_TRUE(atoms_.CheckNotFractional().ok());
  atoms_.raw.atoms[0] = {.z = 79};
  atoms_.raw.atoms[1] = {.z = 79, .x_A = 0.5, .y_A = 0.5};  // 0.71 Å apart, or 3.2 Å
  const absl::Status status = atoms_.CheckNotFractional();
  EXPECT_EQ(status.message().rfind("a.txt:2: format: all coordinates lie between 0 and 1", 0), 0u)
      << status;
  for (Atom& a : atoms_.raw.atoms) a.z = 1;  // a molecule of hydrogen
  EXPECT_TRUE(atoms_.CheckNotFractional().ok());
}

TEST_F(TextAtomsOf, ValuesAreThoseOfAtoms) {
  EXPECT_TRUE(atoms_.CheckLast().ok());
  atoms_.raw.atoms.back().occupancy = 1.5;
  EXPECT_EQ(atoms_.CheckLast().message().rfind("a.txt:2: format: atom (Au): ", 0), 0u);
  atoms_.raw.atoms.back().occupancy = 1;
  atoms_.raw.atoms.back() = atoms_.raw.atoms.front();  // where the gold is
  atoms_.raw.atoms.back().z = 29;
  const auto crystal = std::move(atoms_).Finish();
  const std::string said(crystal.status().message());  // of either atom, naming the other's line
  EXPECT_NE(said.find("their occupancies sum to 2"), std::string::npos) << said;
}

}  // namespace
}  // namespace ronchi::sim
