#include "hw/drivers/remote_reply.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/json_error.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/reply_check.h"
#include "hw/instrument/scan_path.h"
#include "hw/wire/message.h"

namespace ronchi::hw {
namespace {

absl::Status Unfit(const std::string& what) { return absl::InvalidArgumentError(what); }

// Before anything is allocated: do the shapes add up to what came?
absl::Status CheckPixels(const nlohmann::json& frames, size_t came) {
  size_t sum = 0;
  for (const auto& frame : frames) {
    size_t pixels = 1;
    for (const auto& n : frame.at("shape")) {
      const size_t along = n.is_number_unsigned() ? n.get<size_t>() : wire::kMostPixels + size_t{1};
      pixels *= std::min<size_t>(along, wire::kMostPixels + size_t{1});
      if (pixels > wire::kMostPixels) return Unfit("a frame of absurd shape");
    }
    sum += pixels;
    if (sum > came) break;
  }
  if (sum == came) return absl::OkStatus();
  return Unfit(
      absl::StrCat("its frames have another number of pixels than came with it (", came, ")"));
}

}  // namespace

size_t MostPixels(const Description& d, const Command& command) {
  size_t most = 0;
  if (const auto* expose = std::get_if<Expose>(&command)) {
    const DetectorInfo* camera = d.FindDetector(expose->camera);
    if (camera) most = camera->pixels_x * camera->pixels_y * expose->frames;
  } else {
    for (const std::vector<size_t>& shape : FrameShapes(d, command)) {
      size_t pixels = 1;
      for (size_t n : shape) pixels *= n;
      most += pixels;
    }
  }
  return most;
}

absl::StatusOr<Reply> WholeReply(const Description& d, const Command& command,
                                 const nlohmann::json& json, std::span<const float> pixels) {
  try {
    RONCHI_RETURN_IF_ERROR(CheckPixels(json.at("frames"), pixels.size()));
  } catch (const nlohmann::json::exception& e) {
    return Unfit(JsonError(e));
  }
  nlohmann::json whole = json;
  const bool dosed = whole.contains("dose_e_per_m2");
  if (!dosed) whole["dose_e_per_m2"] = 0;
  RONCHI_ASSIGN_OR_RETURN(Reply reply, ReplyFromJson(whole));
  const auto* scan = std::get_if<Scan>(&command);
  if (scan && !dosed) reply.dose_e_per_m2 = reply.electrons / ScanArea_m2(*scan, ProbeSize_m(d));
  for (Frame& f : reply.frames) {
    std::copy_n(pixels.begin(), f.counts.size(), f.counts.data());
    pixels = pixels.subspan(f.counts.size());
  }
  return reply;
}

}  // namespace ronchi::hw
