#include "hw/wire/soap.h"

#include <pugixml.hpp>

#include "absl/strings/str_cat.h"
#include "core/printable.h"

namespace ronchi::hw::wire {
namespace {

constexpr size_t kMostFields = 1000;

std::string EscapedXml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string WithoutNamespace(std::string_view name) {
  const size_t colon = name.rfind(':');
  return std::string(colon == std::string_view::npos ? name : name.substr(colon + 1));
}

pugi::xml_node ElementIn(pugi::xml_node parent, std::string_view name) {
  for (const pugi::xml_node& child : parent.children()) {
    if (child.type() == pugi::node_element && WithoutNamespace(child.name()) == name) return child;
  }
  return {};
}

absl::Status NoSoap(const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("no SOAP: ", why));
}

}  // namespace

std::string SoapRequest(const std::string& space, const std::string& method,
                        const SoapFields& arguments) {
  std::string fields;
  for (const auto& [name, value] : arguments) {
    absl::StrAppend(&fields, "<", name, ">", EscapedXml(value), "</", name, ">");
  }
  return absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\""
      " xmlns:SOAP-ENC=\"http://schemas.xmlsoap.org/soap/encoding/\" xmlns:ns=\"",
      space,
      "\"><SOAP-ENV:Body "
      "SOAP-ENV:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><ns:",
      method, ">", fields, "</ns:", method, "></SOAP-ENV:Body></SOAP-ENV:Envelope>\n");
}

absl::StatusOr<SoapAnswer> ParseSoap(std::string_view body) {
  pugi::xml_document document;
  // Of a document type nothing is read, so that no entity is expanded but those of XML itself.
  const pugi::xml_parse_result parsed =
      document.load_buffer(body.data(), body.size(), pugi::parse_default);
  if (!parsed) return NoSoap(parsed.description());
  const pugi::xml_node envelope = ElementIn(document, "Envelope");
  const pugi::xml_node inner = ElementIn(envelope, "Body");
  if (!inner) return NoSoap("it has no body");
  SoapAnswer answer;
  for (const pugi::xml_node& child : inner.children()) {
    if (child.type() != pugi::node_element) continue;
    if (!answer.element.empty()) return NoSoap("more than one answer");
    answer.element = WithoutNamespace(child.name());
    for (const pugi::xml_node& field : child.children()) {
      if (field.type() != pugi::node_element) continue;
      if (answer.fields.size() >= kMostFields) return NoSoap("too many fields");
      const std::string name = WithoutNamespace(field.name());
      if (!answer.fields.emplace(name, field.text().get()).second) {
        return NoSoap(absl::StrCat("two fields '", Printable(name), "'"));
      }
    }
  }
  if (answer.element.empty()) return NoSoap("its body is empty");
  answer.fault = answer.element == "Fault";
  if (answer.fault) answer.why = answer.fields["faultstring"];
  return answer;
}

}  // namespace ronchi::hw::wire
