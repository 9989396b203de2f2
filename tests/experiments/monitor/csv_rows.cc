#include "experiments/monitor/csv_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace ronchi {
namespace {

absl::StatusOr<CsvRows> Of(const std::string& text) {
  return CsvRows::Read(std::make_unique<std::istringstream>(text), "a.csv");
}

TEST(CsvRows, NamesNumbersHolesAndRemarks) {
  auto rows = *Of("# made by hand\n\"C10\", dose\r\n1.5,-2e3\r\n\n,nan\n# more\n3,4");
  EXPECT_EQ(rows.names(), (std::vector<std::string>{"C10", "dose"}));
  std::vector<double> row;
  ASSERT_TRUE(*rows.Next(&row));
  EXPECT_EQ(row, (std::vector<double>{1.5, -2e3}));
  ASSERT_TRUE(*rows.Next(&row));
  EXPECT_TRUE(std::isnan(row[0]) && std::isnan(row[1]));
  ASSERT_TRUE(*rows.Next(&row));
  EXPECT_EQ(row, (std::vector<double>{3, 4}));
  EXPECT_FALSE(*rows.Next(&row));
}

TEST(CsvRows, WithoutNamesColumnsAreCounted) {
  auto rows = *Of("7,8\n");
  EXPECT_EQ(rows.names(), (std::vector<std::string>{"1", "2"}));
  std::vector<double> row;
  ASSERT_TRUE(*rows.Next(&row));
  EXPECT_EQ(row, (std::vector<double>{7, 8}));
  EXPECT_FALSE(*rows.Next(&row));
}

TEST(CsvRows, MistakesAreNamedWithTheirLine) {
  const std::pair<std::string, std::string> bad[] = {
      {"", "a.csv:1: no row"},
      {"# only a remark\n", "a.csv:2: no row"},
      {"a,a\n1,2\n", "two columns are called 'a'"},
      {"a,\n1,2\n", "column 2 has no name"},
      {"a,b\n1,2\n1\n", "a.csv:3: 1 numbers; allowed: 2"},
      {"a,b\n1,x\n", "a.csv:2: column 'b': 'x'"},
      {"a\n1\ninf\n", "a.csv:3: column 'a': 'inf'"},
      {"a\n1\n1e400\n", "a.csv:3"},
      {"a\n" + std::string(2 << 20, '1'), "1 MB"}};
  for (const auto& [text, expected] : bad) {
    auto rows = Of(text);
    absl::Status status = rows.status();
    std::vector<double> row;
    while (status.ok()) {
      const auto any = rows->Next(&row);
      status = any.status();
      ASSERT_TRUE(!any.ok() || *any) << text;
    }
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_NE(status.message().find(expected), std::string::npos) << status;
  }
  EXPECT_FALSE(CsvRows::Open("no/such/file.csv").ok());
}

}  // namespace
}  // namespace ronchi
