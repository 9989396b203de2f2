#include "experiments/catalog/texts.h"

namespace ronchi {

std::vector<std::string> ReadTexts(ConfigReader* r, const std::string& key,
                                   const std::vector<std::string>& standard) {
  const bool given = r->Has(key);
  const Config node = r->Child(key);
  if (!given) return standard;
  std::vector<std::string> out;
  if (!node.IsSequence()) {
    r->Fail(key, "expected a list");
    return out;
  }
  for (size_t i = 0; i < node.size(); ++i) {
    const auto text = node.Item(i).Scalar();
    if (!text.ok()) {
      r->Fail(key, "expected a list of texts");
      return out;
    }
    out.push_back(*text);
  }
  return out;
}

}  // namespace ronchi
