#include "experiments/catalog/wired_instruments.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "experiments/catalog/wired_address.h"
#include "hw/drivers/ceos/ceos.h"
#include "hw/drivers/merlin/merlin.h"
#include "hw/drivers/temscript/temscript.h"

namespace ronchi {
namespace {

absl::StatusOr<hw::TemscriptOptions> ReadTemscript(const Config& node) {
  hw::TemscriptOptions o;
  ConfigReader r(node);
  r.Known("kind");
  RONCHI_ASSIGN_OR_RETURN(o.address, ReadAddress(&r, node, "address"));
  const NumberRange seconds = {.min = 1e-3, .max = 1e6};
  double limit_nm = o.defocus_limit_m * 1e9, shift_nm = o.beam_shift_limit_m * 1e9;
  double current_pA = 0;
  int64_t frame_pixels = int64_t(o.frame_pixels);
  r.Number("answer_s", &o.answer_s, seconds);
  r.Number("move_s", &o.move_s, seconds);
  r.Number("field_at_magnification_1_m", &o.field_at_magnification_1_m, {.min = 0, .max = 1e3});
  r.Integer("frame_pixels", &frame_pixels, {.min = 8, .max = 65536});
  r.Number("defocus_sign", &o.defocus_sign, {.min = -1, .max = 1});
  r.Number("defocus_limit_nm", &limit_nm, {.min = 1e-3, .max = 1e6});
  r.Number("beam_shift_limit_nm", &shift_nm, {.min = 1e-3, .max = 1e6});
  r.Number("current_pA", &current_pA, {.min = 0, .max = 1e6});
  RONCHI_ASSIGN_OR_RETURN(o.detectors,
                          ReadDetectors<hw::TemscriptOptions::Detector>(r.Child("detectors")));
  if (r.ok() && o.defocus_sign != -1 && o.defocus_sign != 0 && o.defocus_sign != 1) {
    r.Fail("defocus_sign", "-1, 0 (it is left alone) or 1 is needed");
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  o.frame_pixels = size_t(frame_pixels);
  o.defocus_limit_m = limit_nm * 1e-9;
  o.beam_shift_limit_m = shift_nm * 1e-9;
  o.current_A = current_pA * 1e-12;
  return o;
}

struct CeosConfig {
  hw::wire::Address address;
  hw::ceos::CeosOptions options;
};
absl::StatusOr<CeosConfig> ReadCeos(const Config& node) {
  CeosConfig c;
  hw::ceos::CeosOptions& o = c.options;
  ConfigReader r(node);
  r.Known("kind");
  RONCHI_ASSIGN_OR_RETURN(c.address, ReadAddress(&r, node, "address"));
  const NumberRange seconds = {.min = 1e-3, .max = 1e6};
  r.Number("connect_s", &o.connect_s, seconds);
  RONCHI_RETURN_IF_ERROR(ReadCorrector(&r, &o));
  RONCHI_RETURN_IF_ERROR(r.Done());
  return c;
}

absl::StatusOr<hw::MerlinOptions> ReadMerlin(const Config& node) {
  hw::MerlinOptions o;
  ConfigReader r(node);
  r.Known("kind");
  RONCHI_ASSIGN_OR_RETURN(o.control, ReadAddress(&r, node, "control"));
  RONCHI_ASSIGN_OR_RETURN(o.data, ReadAddress(&r, node, "data"));
  const NumberRange seconds = {.min = 1e-3, .max = 1e6};
  double pixel_mrad = 0, min_ms = 0, max_ms = 1e9;
  int64_t depth = 0;
  // In the order of MerlinTrigger.
  const std::vector<std::string> triggers = {"as_it_is", "internal", "soft"};
  std::string trigger = triggers[size_t(o.trigger)];
  r.Text("camera", &o.camera);
  r.Number("pixel_mrad", &pixel_mrad, {.min = 0, .max = 1000});
  r.Number("min_time_ms", &min_ms, {.min = 0, .max = 1e9});
  r.Number("max_time_ms", &max_ms, {.min = 0, .max = 1e9});
  r.Integer("counter_depth", &depth, {.min = 0, .max = 24});
  r.Choice("trigger", &trigger, triggers);
  r.Number("connect_s", &o.connect_s, seconds);
  r.Number("answer_s", &o.answer_s, seconds);
  r.Number("frame_s", &o.frame_s, seconds);
  if (r.ok() && depth != 0 && depth != 1 && depth != 6 && depth != 12 && depth != 24) {
    r.Fail("counter_depth", "1, 6, 12, 24 or 0 (as it stands) is needed");
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  o.pixel_rad = pixel_mrad * 1e-3;
  o.min_time_s = min_ms * 1e-3;
  o.max_time_s = max_ms * 1e-3;
  o.counter_depth = int(depth);
  const auto chosen = std::find(triggers.begin(), triggers.end(), trigger);
  o.trigger = hw::MerlinTrigger(chosen - triggers.begin());
  return o;
}

}  // namespace

absl::StatusOr<InstrumentMaker> PrepareTemscript(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TemscriptOptions options, ReadTemscript(node));
  return InstrumentMaker([=](uint64_t) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    auto opened = hw::MakeTemscript(options);
    if (opened.ok()) return opened;
    return Annotate(opened.status(), node.Where("address"));
  });
}

absl::StatusOr<std::string> SummariseTemscript(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TemscriptOptions o, ReadTemscript(node));
  return absl::StrCat("column at ", o.address.name, " by temscript");
}

absl::StatusOr<InstrumentMaker> PrepareCeos(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const CeosConfig c, ReadCeos(node));
  return InstrumentMaker([=](uint64_t) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    auto opened = hw::ceos::MakeCeos(c.address, c.options);
    if (opened.ok()) return opened;
    return Annotate(opened.status(), node.Where("address"));
  });
}

absl::StatusOr<std::string> SummariseCeos(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const CeosConfig c, ReadCeos(node));
  return absl::StrCat("CEOS corrector at ", c.address.name);
}

absl::StatusOr<InstrumentMaker> PrepareMerlin(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MerlinOptions options, ReadMerlin(node));
  return InstrumentMaker([=](uint64_t) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    auto opened = hw::MakeMerlin(options);
    if (opened.ok()) return opened;
    return Annotate(opened.status(), node.Where("control"));
  });
}

absl::StatusOr<std::string> SummariseMerlin(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MerlinOptions o, ReadMerlin(node));
  return absl::StrCat("Merlin at ", o.control.name);
}

}  // namespace ronchi
