#include "core/config_series.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/config_impl.h"

namespace ronchi {

// Where a series stands: a child of `parent` by key or index.
struct ConfigSeries::Places {
  struct Place {
    YAML::Node parent;
    std::string key;  // of a mapping; of a sequence `index`
    size_t index = 0;
    YAML::Node original;  // a copy: assigning to the place would write into the node itself
    void Put(const YAML::Node& value) {
      if (parent.IsSequence()) {
        parent[index] = value;
      } else {
        parent[key] = value;
      }
    }
  };
  std::vector<Place> all;
};

namespace {

using SeriesAxis = ConfigSeries::Axis;

// The shortest text that is read back as the same number; "3" of a whole one.
std::string ShortestText(double value) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

bool Only(const YAML::Node& map, const std::vector<std::string>& keys) {
  for (const auto& pair : map) {
    if (!pair.first.IsScalar()) return false;
    if (std::find(keys.begin(), keys.end(), pair.first.Scalar()) == keys.end()) return false;
    // A detector may be called "series" or "to": then it holds a mapping.
    if (pair.second.IsMap()) return false;
  }
  return map.size() > 0;
}

absl::StatusOr<double> NumberOf(const YAML::Node& node, const std::string& what) {
  double value = 0;
  if (node.IsScalar() && absl::SimpleAtod(node.Scalar(), &value) && std::isfinite(value)) {
    return value;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      what, node.IsScalar() ? absl::StrCat("'", node.Scalar(), "' is not a finite number")
                            : std::string("expected a number")));
}

absl::StatusOr<std::vector<double>> ValuesOfList(const YAML::Node& list) {
  if (!list.IsSequence() || list.size() == 0) {
    return absl::InvalidArgumentError("series: expected a list of numbers");
  }
  std::vector<double> values;
  for (const auto& item : list) {
    RONCHI_ASSIGN_OR_RETURN(const double value, NumberOf(item, "series: "));
    values.push_back(value);
  }
  return values;
}

absl::StatusOr<std::vector<double>> ValuesOfRange(const YAML::Node& map) {
  for (const char* key : {"from", "to", "steps"}) {
    if (!map[key].IsDefined()) {
      return absl::InvalidArgumentError(absl::StrCat("a series lacks '", key,
                                                     "'; it is {from: …, to: …, steps: …}, or "
                                                     "{series: [ … ]}"));
    }
  }
  RONCHI_ASSIGN_OR_RETURN(const double from, NumberOf(map["from"], "from: "));
  RONCHI_ASSIGN_OR_RETURN(const double to, NumberOf(map["to"], "to: "));
  RONCHI_ASSIGN_OR_RETURN(const double steps, NumberOf(map["steps"], "steps: "));
  if (steps != std::floor(steps) || steps < 2 || steps > double(ConfigSeries::kMostPoints)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "steps: ", map["steps"].Scalar(), " is not allowed; allowed: whole numbers, 2 … ",
        ConfigSeries::kMostPoints, ", both ends counted"));
  }
  std::vector<double> values;
  const double last = steps - 1;
  for (double i = 0; i <= last; ++i) values.push_back((from * (last - i) + to * i) / last);
  return values;
}

}  // namespace

ConfigSeries::ConfigSeries() : places_(std::make_unique<Places>()) {}
ConfigSeries::ConfigSeries(ConfigSeries&&) noexcept = default;
ConfigSeries& ConfigSeries::operator=(ConfigSeries&&) noexcept = default;
ConfigSeries::~ConfigSeries() = default;

absl::StatusOr<ConfigSeries> ConfigSeries::Find(const Config& document) {
  ConfigSeries out;
  ErrorList errors;
  const Config::Impl& top = *document.impl_;
  std::vector<YAML::Node> seen;
  const auto take = [&](Places::Place place, const YAML::Node& node, const std::string& path) {
    const int line = std::max(0, node.Mark().line) + 1;
    const auto fail = [&](std::string_view message) {
      errors.Add(absl::InvalidArgumentError(
          absl::StrCat(top.Place(path, line), ": ", path, ": ", std::string(message))));
    };
    for (size_t i = 0; i < seen.size(); ++i) {
      if (seen[i].is(node)) {
        return fail(
            absl::StrCat("is the series of ", out.axes_[i].path, " by a YAML alias; write it out"));
      }
    }
    const auto values =
        node["series"].IsDefined() ? ValuesOfList(node["series"]) : ValuesOfRange(node);
    if (!values.ok()) return fail(std::string(values.status().message()));
    place.original = YAML::Clone(node);
    seen.push_back(node);
    out.axes_.push_back({path, *values});
    out.places_->all.push_back(std::move(place));
    if (out.points() > kMostPoints) {
      fail(absl::StrCat("makes ", out.points(), " points; allowed: up to ", kMostPoints));
    }
  };
  // Depth is bounded: the tree was checked when it was loaded.
  const auto walk = [&](const auto& self, const YAML::Node& node, const std::string& path) -> void {
    const auto visit = [&](Places::Place place, const YAML::Node& child, const std::string& at) {
      if (child.IsMap() && (Only(child, {"series"}) || Only(child, {"from", "to", "steps"}))) {
        take(std::move(place), child, at);
      } else {
        self(self, child, at);
      }
    };
    if (node.IsMap()) {
      for (const auto& pair : node) {
        const std::string key = pair.first.Scalar();
        visit({.parent = node, .key = key}, pair.second,
              path.empty() ? key : absl::StrCat(path, ".", key));
      }
    } else if (node.IsSequence()) {
      for (size_t i = 0; i < node.size(); ++i) {
        visit({.parent = node, .index = i}, node[i], absl::StrCat(path, "[", i, "]"));
      }
    }
  };
  walk(walk, top.node, top.path);
  RONCHI_RETURN_IF_ERROR(errors.status());
  return out;
}

size_t ConfigSeries::points() const {
  size_t product = 1;
  for (const SeriesAxis& axis : axes_) {
    // Beyond the limit the exact number does not matter; it must not wrap.
    product = std::min(product * axis.values.size(), kMostPoints * kMostPoints);
  }
  return product;
}

std::vector<size_t> ConfigSeries::Indices(size_t point) const {
  std::vector<size_t> indices(axes_.size());
  for (size_t a = axes_.size(); a-- > 0;) {
    indices[a] = point % axes_[a].values.size();
    point /= axes_[a].values.size();
  }
  return indices;
}

void ConfigSeries::Choose(size_t point) {
  const std::vector<size_t> indices = Indices(point);
  for (size_t a = 0; a < axes_.size(); ++a) {
    places_->all[a].Put(YAML::Node(ShortestText(axes_[a].values[indices[a]])));
  }
}

void ConfigSeries::Restore() {
  for (Places::Place& place : places_->all) place.Put(YAML::Clone(place.original));
}

}  // namespace ronchi
