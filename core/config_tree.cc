#include "core/config_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "core/utf8.h"

namespace ronchi::internal {
namespace {

constexpr char kTooDeep[] = "nested too deeply; no config needs that";

// "" or what is wrong with the text of a key or value.
std::string TextProblem(const std::string& text) {
  if (const size_t at = FindInvalidUtf8(text); at != std::string::npos) {
    return absl::StrFormat("not UTF-8: byte 0x%02x; save the file as UTF-8", uint8_t(text[at]));
  }
  return text.find('\0') == std::string::npos ? "" : "a text with a zero byte";
}

absl::Status CheckNode(const std::string& file, const YAML::Node& node, int depth, int* nodes) {
  constexpr int kDeepest = 32, kMostNodes = 1000000;  // far beyond any config
  const auto error = [&](const YAML::Node& at, const std::string& what) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ":", std::max(0, at.Mark().line) + 1, ": ", what));
  };
  if (depth > kDeepest) return error(node, kTooDeep);
  if (++*nodes > kMostNodes) return error(node, "too large; no config needs that");
  if (node.IsScalar()) {
    if (const std::string what = TextProblem(node.Scalar()); !what.empty())
      return error(node, what);
  } else if (node.IsMap()) {
    std::map<std::string, int> lines;
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) return error(pair.first, "a key must be a single word");
      if (const std::string what = TextProblem(pair.first.Scalar()); !what.empty()) {
        return error(pair.first, what);
      }
      const auto [it, is_new] = lines.try_emplace(pair.first.Scalar(), pair.first.Mark().line + 1);
      if (!is_new) {
        return error(pair.first,
                     absl::StrCat(it->first, ": given twice, first in line ", it->second));
      }
      RONCHI_RETURN_IF_ERROR(CheckNode(file, pair.second, depth + 1, nodes));
    }
  } else if (node.IsSequence()) {
    for (const auto& item : node) {
      RONCHI_RETURN_IF_ERROR(CheckNode(file, item, depth + 1, nodes));
    }
  }
  return absl::OkStatus();
}

// yaml-cpp would put U+FFFD for what is no UTF-8. It reads UTF-16 and UTF-32 as well, which begin
// with a byte-order mark or have zero bytes among the first four.
absl::Status CheckEncoding(const std::string& text, const std::string& name) {
  const std::string head = text.substr(0, 4);
  const bool wide = head.rfind("\xFF\xFE", 0) == 0 || head.rfind("\xFE\xFF", 0) == 0 ||
                    head.find('\0') != std::string::npos;
  const size_t at = wide ? std::string::npos : FindInvalidUtf8(text);
  if (at == std::string::npos) return absl::OkStatus();
  const auto begin = text.begin();
  const long line = std::count(begin, begin + long(at), '\n') + 1;
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s:%d: not UTF-8: byte 0x%02x; save the file as UTF-8", name, line, uint8_t(text[at])));
}

// Where documents begin, and nothing else of them.
class Beginnings final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (any_ && mark.pos == last_.pos) {
      throw YAML::ParserException(mark, "what stands here belongs to nothing");
    }
    any_ = true;
    last_ = mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  bool any_ = false;
  YAML::Mark last_;
};

// YAML::LoadAll, which has no end, and takes all memory, at a comma that stands outside of
// brackets: it reads an empty document there, and another, and never passes the comma. Throws as
// that does.
std::vector<YAML::Node> LoadDocuments(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Beginnings beginnings;
  while (parser.HandleNextDocument(beginnings)) {
  }
  return YAML::LoadAll(text);
}

}  // namespace

absl::StatusOr<YAML::Node> LoadYaml(const std::string& text, const std::string& name) {
  RONCHI_RETURN_IF_ERROR(CheckEncoding(text, name));
  try {
    std::vector<YAML::Node> documents = LoadDocuments(text);
    if (documents.empty()) return YAML::Node(YAML::NodeType::Null);
    for (size_t i = 1; i < documents.size(); ++i) {
      if (!documents[i].IsDefined() || documents[i].IsNull()) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          name, ":", std::max(0, documents[i].Mark().line) + 1,
          ": a second document begins here; a file holds one, so remove the '---' before it"));
    }
    return documents[0];
  } catch (const YAML::DeepRecursion& e) {
    return absl::InvalidArgumentError(absl::StrCat(name, ":", e.mark.line + 1, ": ", kTooDeep));
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ":", e.mark.line + 1, ": not valid YAML: ", e.msg));
  }
}

absl::Status ApplyOverride(YAML::Node root, const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--set '", text, "': expected path.to.key=value"));
  }
  const std::vector<std::string> keys = absl::StrSplit(text.substr(0, equals), '.');
  if (std::find(keys.begin(), keys.end(), "") != keys.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--set '", text, "': an empty key; expected path.to.key=value"));
  }
  YAML::Node value;
  try {
    std::vector<YAML::Node> values = LoadDocuments(text.substr(equals + 1));
    if (values.size() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set '", text, "': more than one document; a value is one"));
    }
    if (!values.empty()) value = values[0];
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("--set '", text, "': ", e.msg));
  }
  RONCHI_RETURN_IF_ERROR(CheckTree(absl::StrCat("--set '", text, "'"), value));
  YAML::Node node;
  node.reset(root);
  for (size_t i = 0; i < keys.size(); ++i) {
    int index = 0;
    const bool is_index = node.IsSequence() && absl::SimpleAtoi(keys[i], &index);
    if (node.IsDefined() && node.IsScalar()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set '", text, "': '", keys[i - 1], "' holds a value, not a mapping"));
    }
    if (node.IsSequence() && (!is_index || index < 0 || size_t(index) >= node.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set '", text, "': '", keys[i], "' is not an index below ", node.size()));
    }
    if (i + 1 == keys.size()) {
      if (is_index)
        node[index] = value;
      else
        node[keys[i]] = value;
    } else {
      YAML::Node next = is_index ? node[index] : node[keys[i]];
      node.reset(next);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTree(const std::string& file, const YAML::Node& root) {
  int nodes = 0;
  return CheckNode(file, root, 0, &nodes);
}

}  // namespace ronchi::internal
