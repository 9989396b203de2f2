// Symbols as files have them: read right, or refused, never by their first letters.
#include "sim/specimen/elements.h"

#include <gtest/gtest.h>

namespace ronchi::sim {
namespace {

// 0: refused.
int Type(const std::string& text, const std::string& sum = "") {
  const auto formula = ParseFormula(sum);
  const auto found = ElementOfType(text, formula ? &*formula : nullptr);
  return found.ok() ? found->z : 0;
}
int Label(const std::string& text, const std::string& sum = "") {
  const auto formula = ParseFormula(sum);
  const auto found = ElementOfLabel(text, formula ? &*formula : nullptr);
  return found.ok() ? found->z : 0;
}

TEST(Elements, EverySymbolIsItself) {
  for (int z = 1; z <= 118; ++z) {
    EXPECT_EQ(AtomicNumberOf(ElementSymbol(z)), z);
    EXPECT_EQ(Type(ElementSymbol(z)), z) << ElementSymbol(z);
    EXPECT_EQ(Type(ElementSymbol(z) + "2+"), z) << ElementSymbol(z);
    EXPECT_EQ(Type(ElementSymbol(z) + "12"), z) << ElementSymbol(z);
    EXPECT_EQ(Label(ElementSymbol(z) + "1"), z) << ElementSymbol(z);
  }
}

TEST(Elements, TypesWithChargesAndInAnyCase) {
  for (const char* text : {"Sr", "sr", "SR", "Sr2+", "Sr+2", "Sr0+", "Sr1"}) {
    EXPECT_EQ(Type(text), 38) << text;
  }
  EXPECT_EQ(Type("O2-"), 8);
  EXPECT_EQ(Type("Cval"), 6);
  EXPECT_EQ(Type("Siva"), 14);
  EXPECT_EQ(Type("D"), 1);
}

TEST(Elements, GroupsOfAtomsAreRefused) {
  for (const char* text : {"NO3", "H2O", "NH4", "PO4", "CO3", "SO4", "NO", "CN", "NH", "OCl", "CH3",
                           "Fe,Ni", "FeNi", "Xx", "", "?", "2", "M", "Va"}) {
    EXPECT_EQ(Type(text), 0) << text;
  }
  // What the formula has, it may mean; what it has as two, it does not.
  EXPECT_EQ(Type("CO", "Co O"), 27);
  EXPECT_EQ(Type("CO", "Ca C O3"), 0);
  EXPECT_EQ(Type("PO4", "Po4 Zr"), 84);
}

TEST(Elements, WaterAndHydroxylAreTheirOxygen) {
  for (const char* text : {"OH", "OH2", "Ow", "OW1", "Wat", "Wat1", "O-H"}) {
    EXPECT_EQ(Type(text), 8) << text;
    EXPECT_EQ(Label(text), 8) << text;
  }
  EXPECT_FALSE(ElementOfLabel("Wat1", nullptr)->warning.empty());
}

TEST(Elements, LabelsAreNotGuessed) {
  EXPECT_EQ(Label("Fe1"), 26);
  EXPECT_EQ(Label("C12"), 6);
  EXPECT_EQ(Label("O2A"), 8);
  EXPECT_EQ(Label("AlIV1"), 13);
  EXPECT_EQ(Label("AL1"), 13);  // no L, no other reading
  EXPECT_EQ(Label("OaB"), 8);
  EXPECT_EQ(Label("HO1"), 1);  // hydrogen, on O1
  EXPECT_EQ(Label("HO1", "C2 H6 O"), 1);
  EXPECT_EQ(Label("HO1", "Ho2 O3"), 67);
  EXPECT_EQ(Label("CA1"), 0);  // carbon alpha or calcium
  EXPECT_EQ(Label("CA1", "Ca C O3"), 6);
  EXPECT_EQ(Label("CA1", "Ca F2"), 20);
  EXPECT_EQ(Label("Os1", "Na2 S O4"), 8);  // the formula has no osmium
  EXPECT_EQ(Label("Os1", "Os O4"), 76);
  for (const char* text : {"M1", "T1", "X1", "Q", "1", "", "?"}) EXPECT_EQ(Label(text), 0) << text;
}

TEST(Elements, Formulas) {
  EXPECT_EQ(*ParseFormula("O3 Pb Ti"), (Formula{{82, 1}, {22, 1}, {8, 3}}));
  EXPECT_EQ(*ParseFormula("SrTiO3"), (Formula{{38, 1}, {22, 1}, {8, 3}}));
  EXPECT_EQ(*ParseFormula("Fe0.64 Ni.36"), (Formula{{26, 0.64}, {28, 0.36}}));
  EXPECT_EQ(*ParseFormula("NA CL"), (Formula{{11, 1}, {17, 1}}));
  EXPECT_EQ(*ParseFormula("D2 O"), (Formula{{1, 2}, {8, 1}}));
  for (const char* text : {"", "?", "Ca3 Co2-x Mnx O6", "(Na K)2 O", "Qq", "O3 Pb Ti1e999"}) {
    EXPECT_FALSE(ParseFormula(text)) << text;
  }
  EXPECT_EQ(FormulaText({{8, 3}, {22, 1}, {82, 0.25}}), "Pb0.25 Ti O3");
}

}  // namespace
}  // namespace ronchi::sim
