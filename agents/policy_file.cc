#include "agents/policy_file.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "agents/kinds.h"
#include "agents/spaces.h"
#include "core/files.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

using nlohmann::json;

constexpr char kPolicyFormat[] = "ronchi-policy";
constexpr int kVersion = 1;

struct Registry {
  std::mutex mutex;
  std::map<std::string, PolicyReader> readers;
  Registry() {
    for (const AgentKind& kind : AgentKinds()) readers[kind.kind] = kind.load;
  }
};
Registry& TheRegistry() {
  static Registry* const registry = new Registry;  // never destroyed: no order at exit
  return *registry;
}

absl::StatusOr<PolicyReader> FindReader(const std::string& kind) {
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  if (auto it = registry.readers.find(kind); it != registry.readers.end()) return it->second;
  return absl::InvalidArgumentError(absl::StrCat(
      "policy of unknown kind \"", kind,
      "\"; known: ", absl::StrJoin(registry.readers, ", ", [](std::string* out, const auto& entry) {
        out->append(entry.first);
      })));
}

// FNV-1a over the compact text (keys sorted, shortest numbers that read back exactly): enough
// against accidents, no protection against intent.
std::string Checksum(const json& document) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (unsigned char c : document.dump()) hash = (hash ^ c) * 0x100000001b3ull;
  return absl::StrFormat("fnv1a64:%016x", hash);
}

// What no policy's numbers can be, whatever its kind: not finite, a variance below zero, a scale
// that is not above it, a count that is none. `where`: "normalisation.variance[3]".
absl::Status CheckEntries(const json& j, const std::string& where, const std::string& key) {
  if (j.is_object() || j.is_array()) {
    size_t index = 0;
    for (const auto& [name, item] : j.items()) {
      const std::string at = j.is_array()    ? absl::StrCat(where, "[", index++, "]")
                             : where.empty() ? name
                                             : absl::StrCat(where, ".", name);
      RONCHI_RETURN_IF_ERROR(CheckEntries(item, at, j.is_array() ? key : name));
    }
    return absl::OkStatus();
  }
  if (!j.is_number()) return absl::OkStatus();
  const auto refuse = [&](const char* allowed) {
    return absl::InvalidArgumentError(
        absl::StrCat("policy.", where, ": ", j.dump(), " is not allowed; allowed: ", allowed));
  };
  const double value = j.get<double>();
  const auto is = [&](std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  if (!std::isfinite(value)) return refuse("finite numbers");
  if (key == "variance" && value < 0) return refuse("0 or more");
  if (is({"sd", "scale", "initial_step", "tolerance", "aim_A", "dwell_s"}) && !(value > 0)) {
    return refuse("above 0");
  }
  if (key == "count" && value < 0) return refuse("0 or more");
  if (is({"shape", "hidden", "n_initial", "budget"}) &&
      !(j.is_number_integer() && value >= 0 && value <= kMostElements)) {
    return refuse("whole numbers of 0 … 67108864");
  }
  return absl::OkStatus();
}

absl::StatusOr<json> ReadDocument(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kPolicyFile));
  if (NestsTooDeeply(text)) return absl::InvalidArgumentError("nested too deeply; no policy is");
  json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return absl::InvalidArgumentError("not JSON, or truncated");
  }
  if (!document.is_object() || !document.contains("format") ||
      document["format"] != kPolicyFormat) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a policy file: format is not \"", kPolicyFormat, "\""));
  }
  if (document.at("version").get<int>() != kVersion) {
    return absl::InvalidArgumentError(absl::StrCat("version ", document.at("version").get<int>(),
                                                   " is not known here; allowed: ", kVersion));
  }
  if (document.at("checksum") != Checksum(document.at("policy"))) {
    return absl::InvalidArgumentError("the checksum does not fit: the file was altered");
  }
  RONCHI_RETURN_IF_ERROR(CheckEntries(document.at("policy"), "", ""));
  return document;
}

// The one place where nlohmann's exceptions become a Status.
template <class Result>
absl::StatusOr<Result> Guarded(const std::string& path,
                               const std::function<absl::StatusOr<Result>()>& body) {
  try {
    absl::StatusOr<Result> result = body();
    const absl::Status& status = result.status();
    // A failure to read the file names it already.
    if (!status.ok() && status.message().substr(0, path.size()) != path) {
      return Annotate(status, path);
    }
    return result;
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", JsonError(e)));
  }
}

}  // namespace

absl::Status SavePolicy(const Policy& policy, const Provenance& provenance,
                        const std::string& path) {
  const absl::StatusOr<std::string> text =
      Guarded<std::string>(path, [&]() -> absl::StatusOr<std::string> {
        json document = {{"format", kPolicyFormat}, {"version", kVersion}, {"kind", policy.kind()}};
        json& origin = document["provenance"] = json::object();
        for (const auto& [key, value] : provenance) {
          std::visit([&, &k = key](const auto& v) { origin[k] = v; }, value);
        }
        document["policy"] = policy.ToJson();
        document["checksum"] = Checksum(document["policy"]);
        return document.dump(1) + "\n";
      });
  if (!text.ok()) return text.status();
  return WriteFileAtomically(path, *text);
}

absl::StatusOr<std::unique_ptr<Policy>> LoadPolicy(const std::string& path) {
  return Guarded<std::unique_ptr<Policy>>(path, [&]() -> absl::StatusOr<std::unique_ptr<Policy>> {
    RONCHI_ASSIGN_OR_RETURN(const json document, ReadDocument(path));
    RONCHI_ASSIGN_OR_RETURN(const PolicyReader reader,
                            FindReader(document.at("kind").get<std::string>()));
    return reader(document.at("policy"));
  });
}

absl::StatusOr<std::unique_ptr<Policy>> CopyPolicy(const Policy& policy) {
  return Guarded<std::unique_ptr<Policy>>(
      policy.kind(), [&]() -> absl::StatusOr<std::unique_ptr<Policy>> {
        RONCHI_ASSIGN_OR_RETURN(const PolicyReader reader, FindReader(policy.kind()));
        return reader(policy.ToJson());
      });
}

absl::StatusOr<Provenance> LoadProvenance(const std::string& path) {
  return Guarded<Provenance>(path, [&]() -> absl::StatusOr<Provenance> {
    RONCHI_ASSIGN_OR_RETURN(const json document, ReadDocument(path));
    Provenance provenance;
    for (const auto& [key, value] : document.at("provenance").items()) {
      if (value.is_number()) {
        provenance[key] = value.get<double>();
      } else {
        provenance[key] = value.get<std::string>();
      }
    }
    return provenance;
  });
}

void RegisterPolicy(const std::string& kind, PolicyReader reader) {
  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  registry.readers[kind] = std::move(reader);
}

}  // namespace ronchi::agents
