#include "hw/drivers/tango/images.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hw/drivers/tango/tiled.h"

namespace ronchi::hw {

absl::StatusOr<Array<float>> TangoImages::One(const std::string& key, size_t index,
                                              const std::vector<size_t>& shape) {
  if (options_.tiled) {
    return ArrayFromTiled({*options_.tiled, options_.tiled_key, options_.answer_s}, key, shape);
  }
  const char kCached[] = "get_image_data_cached";
  RONCHI_ASSIGN_OR_RETURN(const wire::TangoValue value,
                          microscope_->Command(kCached, int64_t(index)));
  const auto* encoded = std::get_if<wire::TangoEncoded>(&value);
  if (!encoded) return microscope_->Nonsense(kCached, "no image, but " + wire::TangoKindOf(value));
  return ArrayFromEncoded(*encoded, absl::StrCat(microscope_->url(), ": ", kCached), shape);
}

absl::StatusOr<std::vector<Array<float>>> TangoImages::Of(const std::string& command,
                                                          const wire::TangoValue& answer,
                                                          size_t count, size_t height,
                                                          size_t width) {
  std::vector<std::string> keys;
  if (const auto* key = std::get_if<std::string>(&answer)) keys = {*key};
  if (const auto* all = std::get_if<std::vector<std::string>>(&answer)) keys = *all;
  if (keys.empty() || (keys.size() != 1 && keys.size() != count)) {
    return microscope_->Nonsense(
        command, absl::StrCat("not a key of ", count, " images, but ", wire::TangoKindOf(answer)));
  }
  if (last_key_ && keys[0] == *last_key_) {
    return microscope_->Nonsense(command, "the key of the image before: '" + keys[0] + "'");
  }
  last_key_ = keys[0];
  std::vector<Array<float>> images;
  if (keys.size() == count) {
    for (size_t i = 0; i < count; ++i) {
      RONCHI_ASSIGN_OR_RETURN(Array<float> image, One(keys[i], i, {height, width}));
      images.push_back(std::move(image));
    }
    return images;
  }
  RONCHI_ASSIGN_OR_RETURN(const Array<float> all, One(keys[0], 0, {count, height, width}));
  for (size_t i = 0; i < count; ++i) {
    images.emplace_back(std::vector<size_t>{height, width});
    std::copy_n(all.data() + i * height * width, height * width, images.back().data());
  }
  return images;
}

}  // namespace ronchi::hw
