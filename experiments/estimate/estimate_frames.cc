#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/npy.h"
#include "core/storage.h"
#include "experiments/estimate/estimate.h"

namespace ronchi {
namespace {

absl::StatusOr<Array<double>> ReadFrameDataset(const std::string& path, const std::string& dataset,
                                               const std::string& detector) {
  RONCHI_ASSIGN_OR_RETURN(const DataFileReader file, DataFileReader::Open(path));
  if (!dataset.empty()) return file.ReadDouble(dataset);
  // Where Ronchi, emdfile and NeXus writers put an array.
  for (const std::string& place : {absl::StrCat("/root/", detector, "/data"), std::string("/array"),
                                   std::string("/data"), std::string("/entry/data/data")}) {
    if (auto values = file.ReadDouble(place); values.ok()) return values;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": has no dataset /root/", detector, "/data; name one by --dataset"));
}

}  // namespace

absl::StatusOr<FrameSeries> ReadFrameSeries(const std::string& path, const std::string& dataset,
                                            const std::string& detector) {
  Array<double> all;
  if (absl::EndsWith(path, ".npy")) {
    RONCHI_ASSIGN_OR_RETURN(all, ReadNpy(path));
  } else if (absl::EndsWith(path, ".hdf5") || absl::EndsWith(path, ".h5")) {
    RONCHI_ASSIGN_OR_RETURN(all, ReadFrameDataset(path, dataset, detector));
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": frames are read from .npy, .hdf5 and .h5 files"));
  }
  const std::vector<size_t>& shape = all.shape();
  if (shape.size() < 2 || all.size() == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": has ", shape.size(), " axes; a frame has two, and may have others before them"));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (std::isfinite(all[i]) && all[i] >= 0) continue;
    return absl::InvalidArgumentError(absl::StrCat(path, ": value ", i, " is ", all[i],
                                                   "; allowed: numbers from 0 (counts, or shares "
                                                   "of the electrons)"));
  }
  const size_t frames = all.size() / (shape[shape.size() - 2] * shape.back());
  const std::vector<double> values(all.begin(), all.end());
  return FrameSeries{Array<double>({frames, shape[shape.size() - 2], shape.back()}, values)};
}

}  // namespace ronchi
