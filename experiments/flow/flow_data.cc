// What a workflow saved, from its journal to HDF5.
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/json_error.h"
#include "core/storage.h"
#include "experiments/flow/flow.h"
#include "hw/workflow/journal.h"

namespace ronchi {
namespace {
namespace wf = hw::workflow;
using nlohmann::json;

struct Saved {
  std::map<std::string, std::vector<wf::Value>> values;
  std::map<std::string, std::vector<json>> images;
};

absl::StatusOr<Saved> Collect(const std::string& folder) {
  RONCHI_ASSIGN_OR_RETURN(const std::vector<json> entries, wf::ReadJournal(folder));
  Saved saved;
  for (const json& entry : entries) {
    if (!entry.contains("saved")) continue;
    for (const auto& [name, j] : entry.at("saved").items()) {
      if (j.value("type", "") == "image") {
        saved.images[name].push_back(j);
        continue;
      }
      RONCHI_ASSIGN_OR_RETURN(wf::Value v, wf::Journal::ValueFrom(j));
      saved.values[name].push_back(std::move(v));
    }
  }
  return saved;
}

std::string UnitOf(const wf::Value& v) {
  Dimension dimension;
  return v.unit.ToDimension(&dimension) ? std::string(UnitName(dimension)) : v.unit.Name();
}

absl::Status WriteValues(DataFile* file, const std::string& name,
                         const std::vector<wf::Value>& values) {
  const std::string path = absl::StrCat("/run/saved/", name);
  if (values[0].type == wf::Type::kText) {
    std::string text;
    for (const wf::Value& v : values) absl::StrAppend(&text, v.text, "\n");
    return file->WriteText(path, text);
  }
  std::vector<double> numbers;
  size_t width = 0;
  for (const wf::Value& v : values) {
    if (v.type == wf::Type::kBool) numbers.push_back(v.IsTrue());
    if (v.type == wf::Type::kNumber) numbers.push_back(v.number.low);
    for (const wf::Interval& item : v.items) numbers.push_back(item.low);
    if (v.type == wf::Type::kList) width = v.items.size();
  }
  std::vector<size_t> shape = {numbers.size()};
  if (width > 0 && numbers.size() == width * values.size()) shape = {values.size(), width};
  return file->WriteArray(path, Array<double>(shape, numbers), UnitOf(values[0]));
}

// All of one shape as one signal: [saved, frame, y, x, …] without what is 1; else one each.
absl::Status WriteImages(DataFile* file, const std::string& folder, const std::string& name,
                         const std::vector<json>& images) {
  const json& first = images[0].at("shapes");
  bool alike = true;
  for (const json& j : images) alike &= j.at("shapes") == first;
  for (const json& shape : first) alike &= shape == first[0];
  const std::vector<std::vector<json>> groups = [&] {
    if (alike) return std::vector<std::vector<json>>{images};
    std::vector<std::vector<json>> one_each;
    for (const json& j : images) one_each.push_back({j});
    return one_each;
  }();
  for (size_t g = 0; g < groups.size(); ++g) {
    const size_t frames = groups[g][0].at("shapes").size();
    const std::vector<size_t> frame = groups[g][0].at("shapes").at(0);
    Signal signal{.name = groups.size() == 1 ? name : absl::StrCat(name, "_", g),
                  .units = "counts"};
    std::vector<size_t> shape;
    const auto axis = [&](const std::string& what, size_t n, bool navigate) {
      shape.push_back(n);
      signal.axes.push_back({.name = what, .navigate = navigate, .type = "unknown"});
    };
    if (groups[g].size() > 1) axis("saved", groups[g].size(), true);
    if (frames > 1) axis("frame", frames, true);
    const std::vector<std::string> names = {"y", "x", "qy", "qx"};
    for (size_t i = 0; i < frame.size(); ++i) {
      axis(names[std::min<size_t>(i, 3)], frame[i], frame.size() == 4 && i < 2);
    }
    RONCHI_RETURN_IF_ERROR(file->Declare(signal, shape));
    std::vector<size_t> offset(shape.size(), 0), count = shape;
    if (groups[g].size() > 1) count[0] = 1;
    for (size_t i = 0; i < groups[g].size(); ++i) {
      RONCHI_ASSIGN_OR_RETURN(const auto pixels, wf::Journal::LoadImages(folder, groups[g][i]));
      std::vector<float> all;
      for (const Array<float>& f : pixels->frames) all.insert(all.end(), f.begin(), f.end());
      if (groups[g].size() > 1) offset[0] = i;
      RONCHI_RETURN_IF_ERROR(file->WriteSlab(signal.name, offset, count, all));
    }
  }
  return absl::OkStatus();
}

absl::Status WriteSaved(const std::string& folder, const wf::Workflow& workflow) {
  RONCHI_ASSIGN_OR_RETURN(const Saved saved, Collect(folder));
  if (saved.values.empty() && saved.images.empty()) return absl::OkStatus();
  RONCHI_ASSIGN_OR_RETURN(DataFile file,
                          DataFile::Create(folder + "/data.hdf5",
                                           {.title = workflow.title, .identity = workflow.title}));
  for (const auto& [name, images] : saved.images) {
    RONCHI_RETURN_IF_ERROR(WriteImages(&file, folder, name, images));
  }
  for (const auto& [name, values] : saved.values) {
    RONCHI_RETURN_IF_ERROR(WriteValues(&file, name, values));
  }
  return file.Close();
}

}  // namespace

absl::Status WriteFlowData(const std::string& folder, const wf::Workflow& workflow) {
  try {
    return WriteSaved(folder, workflow);
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder, ": not what a run saves: ", JsonError(e)));
  }
}

}  // namespace ronchi
