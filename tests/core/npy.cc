#include "core/npy.h"

#include <gtest/gtest.h>

#include <cstring>

namespace ronchi {
namespace {

// As NEP 1 has it, version 1.0.
std::string NpyBytes(const std::string& descr, const std::string& rest, const std::string& data) {
  std::string header = "{'descr': '" + descr + "', " + rest + "}";
  header.resize(117, ' ');
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + char(header.size()) + '\0' + header + data;
}

TEST(Npy, ReadsEveryOrder) {
  const std::string data("\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x01", 12);
  const auto plain =
      ParseNpy(NpyBytes("<u2", "'fortran_order': False, 'shape': (2, 3), ", data), "a");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->shape(), (std::vector<size_t>{2, 3}));
  EXPECT_EQ((*plain)(1, 2), 262);
  const auto fortran =
      ParseNpy(NpyBytes("<i2", "'fortran_order': True, 'shape': (2, 3), ", data), "a");
  ASSERT_TRUE(fortran.ok()) << fortran.status();
  EXPECT_EQ((*fortran)(1, 0), 2);
  EXPECT_EQ((*fortran)(0, 1), 3);
  const auto swapped =
      ParseNpy(NpyBytes(">u2", "'fortran_order': False, 'shape': (6,), ", data), "a");
  ASSERT_TRUE(swapped.ok()) << swapped.status();
  EXPECT_EQ((*swapped)[0], 256);
}

TEST(Npy, RefusesWhatIsNoneInOneLine) {
  const std::string good =
      NpyBytes("<u2", "'fortran_order': False, 'shape': (2, 1), ", std::string(4, 1));
  ASSERT_TRUE(ParseNpy(good, "a").ok());
  // Every beginning of a good file, and every byte of its header changed, is read or refused.
  for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(ParseNpy(good.substr(0, n), "a").ok());
  for (size_t n = 0; n < 128; ++n) {
    for (char c : {'\0', '(', '9', '\xff'}) {
      std::string bad = good;
      bad[n] = c;
      const auto read = ParseNpy(bad, "a");
      if (read.ok()) continue;
      EXPECT_EQ(std::string(read.status().message()).rfind("a: ", 0), 0u);
    }
  }
  EXPECT_FALSE(
      ParseNpy(NpyBytes("<c8", "'fortran_order': False, 'shape': (1,), ", std::string(8, 0)), "a")
          .ok());
}

}  // namespace
}  // namespace ronchi
