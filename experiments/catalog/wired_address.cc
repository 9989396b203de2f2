#include "experiments/catalog/wired_address.h"

namespace ronchi {

absl::StatusOr<hw::wire::Address> ReadAddress(ConfigReader* r, const Config& node,
                                              const std::string& key) {
  std::string text;
  r->Text(key, &text, true);
  if (!node.Has(key)) return hw::wire::Address();  // said by Done
  const auto address = hw::wire::ParseAddress(text);
  if (!address.ok()) r->Fail(key, std::string(address.status().message()));
  return address.ok() ? *address : hw::wire::Address();
}

}  // namespace ronchi
