#include <algorithm>

#include "absl/strings/str_cat.h"
#include "experiments/catalog/wired_address.h"
#include "experiments/catalog/wired_instruments.h"
#include "hw/drivers/dectris/dectris.h"

namespace ronchi {
namespace {

using hw::dectris::DectrisOptions;

absl::StatusOr<DectrisOptions> ReadDectris(const Config& node) {
  DectrisOptions o;
  ConfigReader r(node);
  r.Known("kind");
  RONCHI_ASSIGN_OR_RETURN(o.address, ReadAddress(&r, node, "address"));
  RONCHI_ASSIGN_OR_RETURN(o.stream, ReadAddress(&r, node, "stream"));
  const NumberRange seconds = {.min = 1e-3, .max = 1e6};
  const std::string as_it_is = "as_it_is";
  std::string format = "legacy", trigger = o.trigger, compression = as_it_is;
  double pixel_mrad = 0;
  r.Choice("format", &format, {"legacy", "cbor"});
  r.Text("channel", &o.channel);
  r.Text("camera", &o.camera);
  r.Number("pixel_mrad", &pixel_mrad, {.min = 0, .max = 1000});
  r.Choice("trigger", &trigger, {"ints", "inte", "exts", "exte", as_it_is});
  r.Choice("compression", &compression, {"lz4", "bslz4", "none", as_it_is});
  r.Text("api", &o.api);
  r.Number("answer_s", &o.answer_s, seconds);
  r.Number("arm_s", &o.arm_s, seconds);
  r.Number("frame_s", &o.frame_s, seconds);
  const bool version = !o.api.empty() && std::all_of(o.api.begin(), o.api.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '.';
  });
  if (r.ok() && !version) r.Fail("api", "a version such as 1.8.0 is needed");
  RONCHI_RETURN_IF_ERROR(r.Done());
  o.cbor = format == "cbor";
  o.pixel_rad = pixel_mrad * 1e-3;
  o.trigger = trigger == as_it_is ? "" : trigger;
  o.compression = compression == as_it_is ? "" : compression;
  return o;
}

}  // namespace

InstrumentKeys DectrisKeys() {
  return {{"address", "host:port of SIMPLON, usually 80"},
          {"stream", "host:port of its images, usually 9999 (legacy) or 31001 (cbor)"},
          {"format", "legacy or cbor: the version of the stream"},
          {"channel", "of cbor, where there are several; the only one"},
          {"camera", "its name here; dectris"},
          {"pixel_mrad", "across a pixel; 0 (not known)"},
          {"trigger", "ints, inte, exts, exte or as_it_is"},
          {"compression", "lz4, bslz4, none or as_it_is"},
          {"api", "version of SIMPLON; 1.8.0"},
          {"answer_s", "that a word of it may take; 5"},
          {"arm_s", "that arming may take; 60"},
          {"frame_s", "beyond its exposure until an image is there; 10"}};
}

absl::StatusOr<InstrumentMaker> PrepareDectris(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const DectrisOptions options, ReadDectris(node));
  return InstrumentMaker([=](uint64_t) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    auto opened = hw::dectris::MakeDectris(options);
    if (opened.ok()) return opened;
    return Annotate(opened.status(), node.Where("address"));
  });
}

absl::StatusOr<std::string> SummariseDectris(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const DectrisOptions o, ReadDectris(node));
  return absl::StrCat("DECTRIS detector at ", o.address.name);
}

}  // namespace ronchi
