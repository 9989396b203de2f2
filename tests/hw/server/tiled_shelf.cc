#include "hw/server/tiled_shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

namespace ronchi::hw {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class TiledShelfTest : public testing::Test {
 protected:
  std::string Ask(const std::string& request, size_t piece = SIZE_MAX) {
    const auto session = TiledProtocol(shelf_).open(nullptr);
    std::string answer;
    for (size_t i = 0; i < request.size(); i += std::min(piece, request.size())) {
      if (!session->Take(std::string_view(request).substr(i, piece), &answer).ok()) break;
    }
    return answer;
  }
  std::string Get(const std::string& path, const std::string& headers = "",
                  size_t piece = SIZE_MAX) {
    return Ask("GET /api/v1/" + path + " HTTP/1.1\r\nHost: 127.0.0.1:9091\r\n" + headers + "\r\n",
               piece);
  }
  std::shared_ptr<TiledShelf> shelf_ =
      std::make_shared<TiledShelf>(TiledShelfOptions{.most_images = 3, .most_bytes = 1000});
};

TEST_F(TiledShelfTest, GivesAnImageToTheBit) {
  Array<float> image({2, 3}, std::vector<float>{1, 2.5f, -3, 1e-30f, 5, 6});
  const std::string key = shelf_->Put(image);
  for (const size_t piece : {size_t{1}, SIZE_MAX}) {
    const std::string told = Get("metadata/" + key, "", piece);
    EXPECT_THAT(told, StartsWith("HTTP/1.1 200 OK\r\n"));
    const json structure =
        json::parse(told.substr(told.find("\r\n\r\n") + 4))["data"]["attributes"]["structure"];
    EXPECT_EQ(structure["shape"], (json{2, 3}));
    EXPECT_EQ(structure["data_type"]["kind"], "f");
  }
  const std::string full = Get("array/full/" + key + "?format=x");
  ASSERT_THAT(full, HasSubstr("application/octet-stream"));
  const std::string pixels = full.substr(full.find("\r\n\r\n") + 4);
  ASSERT_EQ(pixels.size(), 24u);
  EXPECT_EQ(std::memcmp(pixels.data(), image.data(), 24), 0);
}

TEST_F(TiledShelfTest, KeepsTheLatestWithinItsBounds) {
  std::vector<std::string> keys;
  for (int i = 0; i < 5; ++i) keys.push_back(shelf_->Put(Array<float>({2, 2}, float(i))));
  EXPECT_EQ(shelf_->Find(keys[1]), nullptr);
  EXPECT_NE(shelf_->Find(keys[2]), nullptr);
  const std::string large = shelf_->Put(Array<float>({100, 100}));  // beyond the bound by itself
  EXPECT_NE(shelf_->Find(large), nullptr);
  EXPECT_EQ(shelf_->Find(keys[4]), nullptr);
  EXPECT_EQ(shelf_->latest()->size(), 10000u);
}

TEST_F(TiledShelfTest, AnswersWhatItHasNot) {
  EXPECT_THAT(Get("metadata/nope"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get("array/full/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get("../../etc/passwd"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(
      Ask("PUT /api/v1/metadata/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"),
      StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: images.example.org\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Get("metadata/x", "Origin: https://example.org\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Ask(std::string(100000, 'x')), StartsWith("HTTP/1.1 4"));
}

}  // namespace
}  // namespace ronchi::hw
