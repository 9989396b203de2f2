#include "hw/wire/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ronchi::hw::wire {
namespace {

TEST(Stream, AnAddressIsHostAndPort) {
  EXPECT_EQ(ParseAddress("[::1]:4711")->host, "::1");
  EXPECT_EQ(ParseAddress("column.lab:80")->port, 80);
  EXPECT_EQ(ParseAddress("localhost:0", true)->port, 0);
  for (const std::string bad :
       {"", ":", "host", "host:", ":80", "::1:80", "host:0", "host:65536", "host:8o", "[]:80"}) {
    const auto address = ParseAddress(bad);
    ASSERT_FALSE(address.ok()) << bad;
    EXPECT_THAT(std::string(address.status().message()), testing::HasSubstr("allowed: host:port"));
  }
}

}  // namespace
}  // namespace ronchi::hw::wire
