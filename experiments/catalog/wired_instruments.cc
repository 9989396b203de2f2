#include "experiments/catalog/wired_instruments.h"

#include "absl/strings/str_cat.h"
#include "hw/drivers/temscript/temscript.h"

namespace ronchi {
namespace {

absl::StatusOr<hw::wire::Address> ReadAddress(ConfigReader* r, const Config& node,
                                              const std::string& key) {
  std::string text;
  r->Text(key, &text, true);
  if (!node.Has(key)) return hw::wire::Address();  // said by Done
  const auto address = hw::wire::ParseAddress(text);
  if (!address.ok()) r->Fail(key, std::string(address.status().message()));
  return address.ok() ? *address : hw::wire::Address();
}

// detectors: {HAADF: {name: haadf, inner_mrad: 60, outer_mrad: 100}}
absl::StatusOr<std::map<std::string, hw::TemscriptOptions::Detector>> ReadDetectors(
    const Config& list) {
  std::map<std::string, hw::TemscriptOptions::Detector> all;
  ConfigReader r(list);
  for (const std::string& theirs : list.Keys()) {
    hw::TemscriptOptions::Detector ours{.name = theirs};
    ConfigReader one(r.Child(theirs));
    double inner_mrad = 0, outer_mrad = 0;
    const NumberRange angles = {.min = 0, .max = 1000};
    one.Text("name", &ours.name);
    one.Number("inner_mrad", &inner_mrad, angles);
    one.Number("outer_mrad", &outer_mrad, angles);
    RONCHI_RETURN_IF_ERROR(one.Done());
    ours.inner_rad = inner_mrad * 1e-3;
    ours.outer_rad = outer_mrad * 1e-3;
    all[theirs] = ours;
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  return all;
}

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
  RONCHI_ASSIGN_OR_RETURN(o.detectors, ReadDetectors(r.Child("detectors")));
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

}  // namespace ronchi
