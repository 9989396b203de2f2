#include "hw/server/mcp_tools.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/png.h"
#include "core/printable.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/description_json.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

absl::Status BadArgument(const std::string& what) {
  return MakeError({ErrorKind::kBadCommand, what, "see the tool's inputSchema"});
}

// Arguments, each asked for once; what nobody asks for is an error, as a misspelt one would be.
class ToolArguments {
 public:
  explicit ToolArguments(const json& arguments) : left_(arguments) {}
  absl::StatusOr<std::string> Text(const char* key) {
    const json j = Take(key);
    if (!j.is_string()) return BadArgument(absl::StrCat(key, ": a text is needed"));
    return j.get<std::string>();
  }
  absl::StatusOr<double> Number(const char* key, std::optional<double> otherwise = std::nullopt) {
    const json j = Take(key);
    if (j.is_null() && otherwise) return *otherwise;
    if (!j.is_number() || !std::isfinite(j.get<double>())) {
      return BadArgument(absl::StrCat(key, ": a number is needed"));
    }
    return j.get<double>();
  }
  absl::StatusOr<size_t> Count(const char* key, std::optional<size_t> otherwise = std::nullopt) {
    const json j = Take(key);
    if (j.is_null() && otherwise) return *otherwise;
    if (!j.is_number_unsigned() || j > 1000000000u) {
      return BadArgument(absl::StrCat(key, ": a whole number is needed"));
    }
    return j.get<size_t>();
  }
  absl::StatusOr<std::vector<std::string>> Texts(const char* key) {
    const json j = Take(key);
    std::vector<std::string> all;
    if (!j.is_array()) return BadArgument(absl::StrCat(key, ": a list of texts is needed"));
    for (const json& one : j) {
      if (!one.is_string()) return BadArgument(absl::StrCat(key, ": a list of texts is needed"));
      all.push_back(one);
    }
    return all;
  }
  absl::StatusOr<bool> Bool(const char* key) {
    const json j = Take(key);
    if (j.is_null()) return false;
    if (!j.is_boolean()) return BadArgument(absl::StrCat(key, ": true or false is needed"));
    return j.get<bool>();
  }
  absl::Status Done() const {
    if (left_.empty()) return absl::OkStatus();
    return BadArgument("no argument '" + Printable(left_.begin().key()) + "'");
  }

 private:
  json Take(const char* key) {
    const json value = left_.value(key, json());
    left_.erase(key);
    return value;
  }
  json left_;
};

using MakeCommand = absl::StatusOr<Command> (*)(ToolArguments*);

absl::StatusOr<Command> ReadOf(ToolArguments* a) {
  RONCHI_ASSIGN_OR_RETURN(auto properties, a->Texts("properties"));
  return Command(Read{std::move(properties)});
}
absl::StatusOr<Command> SetOf(ToolArguments* a) {
  Set set;
  RONCHI_ASSIGN_OR_RETURN(set.property, a->Text("property"));
  RONCHI_ASSIGN_OR_RETURN(const std::string value, a->Text("value"));
  const auto quantity = ParseQuantity(value);
  if (!quantity.ok()) return BadArgument(std::string(quantity.status().message()));
  set.value = *quantity;
  RONCHI_ASSIGN_OR_RETURN(set.relative, a->Bool("relative"));
  return Command(set);
}
absl::StatusOr<Command> ScanOf(ToolArguments* a) {
  Scan scan;
  RONCHI_ASSIGN_OR_RETURN(const double fov_nm, a->Number("fov_nm"));
  RONCHI_ASSIGN_OR_RETURN(const double dwell_us, a->Number("dwell_us"));
  RONCHI_ASSIGN_OR_RETURN(scan.pixels_x, a->Count("pixels"));
  RONCHI_ASSIGN_OR_RETURN(scan.frames, a->Count("frames", 1));
  RONCHI_ASSIGN_OR_RETURN(scan.detectors, a->Texts("detectors"));
  scan.pixels_y = scan.pixels_x;
  scan.fov_x_m = scan.fov_y_m = fov_nm * 1e-9;
  scan.dwell_s = dwell_us * 1e-6;
  return Command(scan);
}
absl::StatusOr<Command> ExposeOf(ToolArguments* a) {
  Expose expose;
  RONCHI_ASSIGN_OR_RETURN(expose.camera, a->Text("camera"));
  RONCHI_ASSIGN_OR_RETURN(expose.time_s, a->Number("time_s"));
  RONCHI_ASSIGN_OR_RETURN(const double x_nm, a->Number("x_nm", 0));
  RONCHI_ASSIGN_OR_RETURN(const double y_nm, a->Number("y_nm", 0));
  RONCHI_ASSIGN_OR_RETURN(expose.binning, a->Count("binning", 1));
  expose.x_m = x_nm * 1e-9;
  expose.y_m = y_nm * 1e-9;
  return Command(expose);
}
absl::StatusOr<Command> MeasureOf(ToolArguments* a) {
  Measure measure;
  RONCHI_ASSIGN_OR_RETURN(measure.what, a->Text("what"));
  return Command(measure);
}
template <class Verb>
absl::StatusOr<Command> Plain(ToolArguments*) {
  return Command(Verb{});
}

const json kText = {{"type", "string"}}, kNumber = {{"type", "number"}},
           kCount = {{"type", "integer"}, {"minimum", 1}}, kBool = {{"type", "boolean"}},
           kTexts = {{"type", "array"}, {"items", {{"type", "string"}}}};

struct Tool {
  const char* name;  // a verb, too, but for `describe`
  const char* description;
  json properties;
  std::vector<std::string> required;
  bool asks;  // a person
  MakeCommand make;
};

const std::vector<Tool>& Tools() {
  static const std::vector<Tool> kTools = {
      {"describe",
       "What the instrument has: properties with limits and units, detectors.",
       json::object(),
       {},
       false,
       nullptr},
      {"read", "Read properties, SI.", {{"properties", kTexts}}, {"properties"}, false, ReadOf},
      {"set",
       "Drive a property to a value with its unit, as \"5 nm\", or by it if relative.",
       {{"property", kText}, {"value", kText}, {"relative", kBool}},
       {"property", "value"},
       true,
       SetOf},
      {"scan",
       "Scan a square around the axis; the answer has pictures. It exposes the specimen.",
       {{"fov_nm", kNumber},
        {"pixels", kCount},
        {"dwell_us", kNumber},
        {"frames", kCount},
        {"detectors", kTexts}},
       {"fov_nm", "pixels", "dwell_us", "detectors"},
       true,
       ScanOf},
      {"expose",
       "A camera's picture, the probe standing. It exposes the specimen.",
       {{"camera", kText},
        {"time_s", kNumber},
        {"x_nm", kNumber},
        {"y_nm", kNumber},
        {"binning", kCount}},
       {"camera", "time_s"},
       true,
       ExposeOf},
      {"measure",
       "A measurement of the instrument's own. It may expose the specimen.",
       {{"what", kText}},
       {"what"},
       true,
       MeasureOf},
      {"unblank", "Let the beam onto the specimen.", json::object(), {}, true, Plain<Unblank>},
      {"blank",
       "Keep the beam off the specimen. Always allowed.",
       json::object(),
       {},
       false,
       Plain<Blank>},
      {"safe",
       "Blank, and stop everything. Always allowed.",
       json::object(),
       {},
       false,
       Plain<Safe>}};
  return kTools;
}

json TextContent(const std::string& text) { return {{"type", "text"}, {"text", text}}; }

json McpError(const absl::Status& status) {
  return {{"content", {TextContent(std::string(status.message()))}}, {"isError", true}};
}

// One picture each, with the range of its values; cameras in scans have too many.
absl::Status AddPictures(const Reply& reply, json* content) {
  for (const Frame& f : reply.frames) {
    if (f.counts.rank() != 2 || f.counts.empty()) continue;
    const auto [low, high] = std::minmax_element(f.counts.begin(), f.counts.end());
    content->push_back(TextContent(absl::StrCat(f.detector, ", ", f.counts.shape()[1], " × ",
                                                f.counts.shape()[0], " pixels, counts from ", *low,
                                                " (black) to ", *high, " (white)")));
    RONCHI_ASSIGN_OR_RETURN(const std::string png, RenderImage(f.counts, {}));
    content->push_back({{"type", "image"}, {"data", Base64(png)}, {"mimeType", "image/png"}});
  }
  return absl::OkStatus();
}

}  // namespace

json McpTools(const Description& description) {
  json all = json::array();
  for (const Tool& t : Tools()) {
    if (t.make && !Can(description, t.name)) continue;
    all.push_back({{"name", t.name},
                   {"description", t.description},
                   {"inputSchema",
                    {{"type", "object"},
                     {"properties", t.properties},
                     {"required", t.required},
                     {"additionalProperties", false}}},
                   {"annotations",
                    {{"readOnlyHint", !t.make || std::string(t.name) == "read"},
                     {"destructiveHint", t.asks},
                     {"idempotentHint", !t.asks},
                     {"openWorldHint", false}}}});
  }
  return all;
}

absl::StatusOr<json> CallMcpTool(Hub* hub, ApprovalDesk* approval, const std::string& tool,
                                 const json& arguments) {
  const auto& tools = Tools();
  const auto t =
      std::find_if(tools.begin(), tools.end(), [&](const Tool& x) { return x.name == tool; });
  if (t == tools.end()) return absl::NotFoundError("Unknown tool: " + Printable(tool));
  if (!arguments.is_object()) return McpError(BadArgument("arguments: an object is needed"));
  ToolArguments own(arguments);
  if (!t->make) {
    if (const absl::Status s = own.Done(); !s.ok()) return McpError(s);
    return json{{"content", {TextContent(ToJson(hub->description()).dump())}}, {"isError", false}};
  }
  const absl::StatusOr<Command> command = t->make(&own);
  if (!command.ok()) return McpError(command.status());
  if (const absl::Status s = own.Done(); !s.ok()) return McpError(s);
  // A person is not asked for what cannot be.
  const absl::Status can = CheckCommand(hub->description(), *command);
  if (!can.ok()) return McpError(can);
  // This object, and no other that is read from the same words later, is what is carried out.
  if (t->asks && !approval->Ask(ToJson(*command).dump())) {
    return McpError(
        MakeError({ErrorKind::kRefused, "no person at the instrument approved this call",
                   "ask the person there; nothing was done"}));
  }
  const bool blanks = std::holds_alternative<Blank>(*command);
  if (blanks || std::holds_alternative<Safe>(*command)) {  // at once, whatever runs
    const absl::Status blanked = hub->BlankNow();
    if (!blanked.ok()) return McpError(blanked);
  }
  if (blanks) {
    return json{{"content", {TextContent("the beam is blanked")}}, {"isError", false}};
  }
  const absl::StatusOr<Reply> reply = hub->Execute(*command);
  if (!reply.ok()) return McpError(reply.status());
  json content = {TextContent(ToJson(*reply).dump())};
  RONCHI_RETURN_IF_ERROR(AddPictures(*reply, &content));
  return json{{"content", content}, {"isError", false}};
}

}  // namespace ronchi::hw
