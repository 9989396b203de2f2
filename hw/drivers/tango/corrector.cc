#include "hw/drivers/tango/corrector.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/nesting.h"
#include "core/printable.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

class TangoCorrector final : public ceos::CeosLink {
 public:
  explicit TangoCorrector(TangoPart* part) : part_(part) {}
  const std::string& name() const override { return part_->url(); }

  absl::StatusOr<json> Call(const std::string& method, const json& params,
                            double within_s) override {
    if (method == "getInfo") {
      absl::StatusOr<json> info = Ask("get_info", {}, within_s, true);
      const bool lacks = !info.ok() && ErrorOf(info.status()).kind == ErrorKind::kCannot;
      return lacks ? json() : info;
    }
    if (method == "measureC1A1") return Ask("measure_c1a1", {}, within_s, false);
    if (method == "acquireTableau") {
      const std::string what = absl::StrFormat("%s %g", params.at("tabType").get<std::string>(),
                                               params.at("angle").get<double>());
      return Ask("acquire_tableau", what, within_s, false);
    }
    // What it takes is the error that is to be taken out: where the knob stands, as seen from where
    // it shall stand.
    std::string words = params.at("name").get<std::string>();
    for (size_t i = 0; i < 2; ++i) {
      const double error_m =
          params.at("value").at(i).get<double>() - params.at("target").at(i).get<double>();
      absl::StrAppend(&words, " ", absl::StrFormat("%.17g", error_m));
    }
    return Ask("correct_aberration", words, within_s, true);
  }

 private:
  // `any`: an answer that is no JSON is a word of its own.
  absl::StatusOr<json> Ask(const std::string& command, const wire::TangoValue& in, double within_s,
                           bool any) {
    RONCHI_ASSIGN_OR_RETURN(const wire::TangoValue answer, part_->Command(command, in, within_s));
    if (any && std::holds_alternative<std::monostate>(answer)) return json();
    const auto* text = std::get_if<std::string>(&answer);
    if (!text) return part_->Nonsense(command, "no text, but " + wire::TangoKindOf(answer));
    if (NestsTooDeeply(*text)) return part_->Nonsense(command, "nested too deeply");
    json result = json::parse(*text, nullptr, false);
    if (result.is_discarded() && any) return json(*text);
    if (result.is_discarded()) {
      return part_->Nonsense(command, "no JSON: " + text->substr(0, 200));
    }
    if (!result.is_object()) return result;
    // Some pass on the gateway's whole answer.
    if (const json error = result.value("error", json()); !error.is_null() && error != false) {
      return part_->Nonsense(command, "the corrector says: " + error.dump().substr(0, 300));
    }
    if (result.contains("result")) return json(result["result"]);
    return result;
  }
  TangoPart* const part_;
};

}  // namespace

std::unique_ptr<ceos::CeosLink> MakeTangoCorrector(TangoPart* part) {
  return std::make_unique<TangoCorrector>(part);
}

}  // namespace ronchi::hw
