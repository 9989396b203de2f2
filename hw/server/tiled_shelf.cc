#include "hw/server/tiled_shelf.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "hw/server/http_gate.h"
#include "hw/wire/http.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

constexpr char kMetadata[] = "/api/v1/metadata/", kFull[] = "/api/v1/array/full/";

json MetadataOf(const std::string& key, const Array<float>& image) {
  json chunks = json::array();
  for (const size_t n : image.shape()) chunks.push_back(json::array({n}));
  const json structure = {
      {"data_type",
       {{"endianness", "little"}, {"kind", "f"}, {"itemsize", 4}, {"dt_units", nullptr}}},
      {"chunks", chunks},
      {"shape", image.shape()},
      {"dims", nullptr},
      {"resizable", false}};
  return {{"data",
           {{"id", key},
            {"attributes",
             {{"ancestors", json::array()},
              {"structure_family", "array"},
              {"specs", json::array()},
              {"metadata", json::object()},
              {"structure", structure}}},
            {"links", {{"self", kMetadata + key}, {"full", kFull + key}}}}},
          {"error", nullptr}};
}

class TiledSession final : public Session {
 public:
  explicit TiledSession(std::shared_ptr<const TiledShelf> shelf) : shelf_(std::move(shelf)) {}
  absl::Status Take(std::string_view bytes, std::string* answer) override {
    RONCHI_ASSIGN_OR_RETURN(const auto all, requests_.Take(bytes, answer));
    for (const wire::HttpRequests::Came& came : all) {
      *answer += Answer(came);
      if (came.last) return absl::CancelledError("the last request");
    }
    return absl::OkStatus();
  }

 private:
  std::string Answer(const wire::HttpRequests::Came& came) const {
    if (auto refused = RefusedRequest(came, "")) return *std::move(refused);
    const auto failed = [&](int status, const char* why) {
      return wire::HttpAnswerBytes(status, why, json{{"detail", why}}.dump(), "application/json",
                                   came.last);
    };
    if (came.request.method != "GET") return failed(405, "only GET is answered");
    const std::string path = came.request.target.substr(0, came.request.target.find('?'));
    for (const char* of : {kMetadata, kFull}) {
      if (!absl::StartsWith(path, of)) continue;
      const std::string key = wire::UrlDecode(path.substr(std::string(of).size()));
      const auto image = shelf_->Find(key);
      if (!image) return failed(404, "no such entry");
      if (of == kMetadata) {
        return wire::HttpAnswerBytes(200, "OK", MetadataOf(key, *image).dump(), "application/json",
                                     came.last);
      }
      const std::string_view pixels(reinterpret_cast<const char*>(image->data()),
                                    image->size() * sizeof(float));
      return wire::HttpAnswerBytes(200, "OK", pixels, "application/octet-stream", came.last);
    }
    return failed(404, "no such entry");
  }
  const std::shared_ptr<const TiledShelf> shelf_;
  wire::HttpRequests requests_;
};

}  // namespace

TiledShelf::TiledShelf(const TiledShelfOptions& options)
    : options_(options),
      stem_(absl::StrCat(
          "image-", absl::Hex(std::chrono::system_clock::now().time_since_epoch().count()), "-")) {}

std::string TiledShelf::Put(Array<float> image) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string key = absl::StrCat(stem_, ++put_);
  bytes_ += image.size() * sizeof(float);
  images_.emplace_back(key, std::make_shared<const Array<float>>(std::move(image)));
  while (images_.size() > 1 &&
         (images_.size() > options_.most_images || bytes_ > options_.most_bytes)) {
    bytes_ -= images_.front().second->size() * sizeof(float);
    images_.pop_front();
  }
  return key;
}

std::shared_ptr<const Array<float>> TiledShelf::Find(const std::string& key) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [name, image] : images_) {
    if (name == key) return image;
  }
  return nullptr;
}

std::shared_ptr<const Array<float>> TiledShelf::latest() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return images_.empty() ? nullptr : images_.back().second;
}

Protocol TiledProtocol(std::shared_ptr<const TiledShelf> shelf) {
  Protocol protocol{.name = "tiled"};
  protocol.open = [shelf](std::shared_ptr<Outbox>) {
    return std::make_unique<TiledSession>(shelf);
  };
  return protocol;
}

}  // namespace ronchi::hw
