#include "core/config.h"

#include <gtest/gtest.h>

#include <fstream>

namespace ronchi {
namespace {

TEST(Config, EmptyFilesAndFoldersAreNamed) {
  const std::string empty = testing::TempDir() + "empty.yaml";
  std::ofstream(empty).close();
  EXPECT_EQ(Config::Load(empty).status().message(), empty + ": the file is empty");
  EXPECT_EQ(Config::Load("/dev/zero").status().message(), "/dev/zero: is not a regular file");
  EXPECT_EQ(Config::Load("/").status().message(), "/: is a folder, not a file");
  EXPECT_EQ(Config::Load("/no.yaml").status().message(), "/no.yaml: No such file or directory");
}

TEST(Config, DumpHoldsEveryDefaultAndReadsBackTheSame) {
  auto read = [](const std::string& text) {
    Config config = *Config::Parse(text, "f.yaml");
    ConfigReader top(config);
    ConfigReader beam(top.Child("beam"));
    double energy_keV = 200.1;
    beam.Number("energy_keV", &energy_keV);
    std::vector<double> pair = {0.1, 2};
    beam.Numbers("pair", &pair, 2);
    EXPECT_TRUE(beam.Done().ok());
    EXPECT_TRUE(top.Done().ok());
    EXPECT_EQ(energy_keV, 200.1);
    return config.Dump();
  };
  const std::string dump = read("");
  EXPECT_NE(dump.find("energy_keV"), std::string::npos);
  EXPECT_EQ(read(dump), dump);
}

}  // namespace
}  // namespace ronchi
