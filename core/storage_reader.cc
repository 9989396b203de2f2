#include <fcntl.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "core/free_memory.h"
#include "core/storage.h"
#include "core/storage_hdf5.h"

namespace ronchi {
namespace {

using hdf5::Handle;

std::vector<size_t> ShapeOf(hid_t space) {
  std::vector<hsize_t> dims(std::max(0, H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  return {dims.begin(), dims.end()};
}

// Shapes are what the file says: they may be of no memory in this world.
absl::Status CheckFits(const std::vector<size_t>& shape, size_t item_bytes,
                       const std::string& place) {
  const double most = double(AvailableMemoryBytes());
  double bytes = double(item_bytes);
  for (size_t n : shape) bytes *= double(n);
  if (bytes <= most) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      place, ": of shape (", absl::StrJoin(shape, ", "), "), which no memory here holds"));
}

// One string from a scalar text attribute or dataset, of fixed or variable length.
template <class Read>
absl::StatusOr<std::string> TextOf(hid_t type, hid_t space, const std::string& place, Read read) {
  if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) {
    return absl::InvalidArgumentError(place + ": is not one text");
  }
  if (H5Tis_variable_str(type) > 0) {
    char* pointer = nullptr;
    const Handle memory = hdf5::TextType();
    H5Tset_cset(memory, H5Tget_cset(type));
    if (read(memory, &pointer) < 0) return hdf5::LastError(place, "reading");
    std::string text = pointer ? pointer : "";
    H5free_memory(pointer);
    return text;
  }
  RONCHI_RETURN_IF_ERROR(CheckFits({H5Tget_size(type)}, 1, place));
  std::string text(H5Tget_size(type), '\0');
  if (read(type, text.data()) < 0) return hdf5::LastError(place, "reading");
  return text.substr(0, text.find('\0'));
}

herr_t AppendName(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->push_back(name);
  return 0;
}

}  // namespace

struct DataFileReader::Impl {
  std::string path;
  Handle file;

  ~Impl() {
    const std::lock_guard lock(hdf5::Mutex());
    file = Handle();
  }

  absl::StatusOr<Handle> Open(const std::string& place) const {
    Handle object(H5Oopen(file, place.c_str(), H5P_DEFAULT), H5Oclose);
    H5Eclear2(H5E_DEFAULT);
    if (object < 0) return absl::NotFoundError(absl::StrCat(path, ": has no ", place));
    return object;
  }

  absl::StatusOr<Handle> OpenDataset(const std::string& place) const {
    RONCHI_ASSIGN_OR_RETURN(Handle object, Open(place));
    if (H5Iget_type(object) == H5I_DATASET) return object;
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", place, " is not a dataset"));
  }

  template <class T>
  absl::StatusOr<Array<T>> ReadNumbers(const std::string& place, hid_t memory_type) const {
    RONCHI_ASSIGN_OR_RETURN(const Handle dataset, OpenDataset(place));
    const Handle type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
    const H5T_class_t kind = H5Tget_class(type);
    if (kind != H5T_FLOAT && kind != H5T_INTEGER) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", place, " holds no numbers"));
    }
    const std::vector<size_t> shape = ShapeOf(space);
    RONCHI_RETURN_IF_ERROR(CheckFits(shape, sizeof(T), absl::StrCat(path, ": ", place)));
    Array<T> values(shape);
    if (H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
      return hdf5::LastError(absl::StrCat(path, ":", place), "reading");
    }
    return values;
  }

  absl::StatusOr<Handle> OpenAttribute(const std::string& place, const std::string& name) const {
    RONCHI_ASSIGN_OR_RETURN(const Handle object, Open(place));
    if (H5Aexists(object, name.c_str()) <= 0) {
      return absl::NotFoundError(absl::StrCat(path, ": ", place, " has no attribute ", name));
    }
    return Handle(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
  }

  absl::StatusOr<std::string> Text(const std::string& place, const std::string& name) const {
    RONCHI_ASSIGN_OR_RETURN(const Handle attribute, OpenAttribute(place, name));
    const Handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
    return TextOf(type, space, absl::StrCat(path, ":", place, "@", name),
                  [&](hid_t memory, void* out) { return H5Aread(attribute, memory, out); });
  }

  template <class T>
  absl::Status Number(const std::string& place, const std::string& name, hid_t type, T& out) const {
    RONCHI_ASSIGN_OR_RETURN(const Handle attribute, OpenAttribute(place, name));
    if (H5Aread(attribute, type, &out) >= 0) return absl::OkStatus();
    return hdf5::LastError(absl::StrCat(path, ":", place, "@", name), "reading");
  }

  // `of_hyperspy`: its number where HyperSpy has x and y exchanged.
  absl::StatusOr<Axis> ReadAxis(const std::string& signal, size_t i, size_t of_hyperspy) const {
    const std::string dim = absl::StrCat("/root/", signal, "/dim", i);
    const std::string axis = absl::StrCat("/Experiments/", signal, "/axis-", of_hyperspy);
    Axis out;
    RONCHI_ASSIGN_OR_RETURN(out.name, Text(axis, "name"));
    RONCHI_ASSIGN_OR_RETURN(out.units, Text(dim, "units"));
    RONCHI_ASSIGN_OR_RETURN(out.type, Text(dim, "dimension_type"));
    RONCHI_ASSIGN_OR_RETURN(out.long_name, Text(dim, "long_name"));
    if (const auto kind = Text(axis, "_type"); kind.ok() && *kind == "DataAxis") {
      RONCHI_ASSIGN_OR_RETURN(const Array<double> values,
                              ReadNumbers<double>(dim, H5T_NATIVE_DOUBLE));
      out.values.assign(values.begin(), values.end());
    } else {
      RONCHI_RETURN_IF_ERROR(Number(axis, "offset", H5T_NATIVE_DOUBLE, out.offset));
      RONCHI_RETURN_IF_ERROR(Number(axis, "scale", H5T_NATIVE_DOUBLE, out.scale));
    }
    int8_t navigate = 0;
    RONCHI_RETURN_IF_ERROR(Number(axis, "navigate", hdf5::BoolType(), navigate));
    out.navigate = navigate != 0;
    return out;
  }
};

DataFileReader::DataFileReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataFileReader::DataFileReader(DataFileReader&&) noexcept = default;
DataFileReader& DataFileReader::operator=(DataFileReader&&) noexcept = default;
DataFileReader::~DataFileReader() = default;

absl::StatusOr<DataFileReader> DataFileReader::Open(const std::string& path) {
  // Opened plainly first: HDF5's own message does not tell a missing file from a forbidden one.
  RONCHI_RETURN_IF_ERROR(OpenRegularFile(path, O_RDONLY).status());
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  impl->file = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, hdf5::FileAccess()), H5Fclose);
  H5Eclear2(H5E_DEFAULT);
  if (impl->file >= 0) return DataFileReader(std::move(impl));
  return absl::InvalidArgumentError(path + ": is not an HDF5 file, or is cut short");
}

absl::StatusOr<Array<float>> DataFileReader::ReadFloat(const std::string& path) const {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  return impl_->ReadNumbers<float>(path, H5T_NATIVE_FLOAT);
}

absl::StatusOr<Array<double>> DataFileReader::ReadDouble(const std::string& path) const {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  return impl_->ReadNumbers<double>(path, H5T_NATIVE_DOUBLE);
}

absl::StatusOr<Array<float>> DataFileReader::ReadSlab(const std::string& path,
                                                      const std::vector<size_t>& offset,
                                                      const std::vector<size_t>& count) const {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  RONCHI_ASSIGN_OR_RETURN(const Handle dataset, impl_->OpenDataset(path));
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const std::vector<size_t> shape = ShapeOf(space);
  bool inside = offset.size() == shape.size() && count.size() == shape.size();
  for (size_t i = 0; inside && i < shape.size(); ++i) {
    inside = offset[i] <= shape[i] && count[i] <= shape[i] - offset[i];
  }
  if (!inside) {
    return absl::OutOfRangeError(
        absl::StrCat(impl_->path, ": a slab of ", path, " leaves its shape"));
  }
  Array<float> values(count);
  const std::vector<hsize_t> start(offset.begin(), offset.end()), size(count.begin(), count.end());
  const Handle memory(H5Screate_simple(int(size.size()), size.data(), nullptr), H5Sclose);
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr) < 0 ||
      H5Dread(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values.data()) < 0) {
    return hdf5::LastError(absl::StrCat(impl_->path, ":", path), "reading");
  }
  return values;
}

absl::StatusOr<std::string> DataFileReader::ReadText(const std::string& path) const {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  RONCHI_ASSIGN_OR_RETURN(const Handle dataset, impl_->OpenDataset(path));
  const Handle type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
  return TextOf(type, space, absl::StrCat(impl_->path, ":", path), [&](hid_t memory, void* out) {
    return H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
  });
}

absl::StatusOr<std::string> DataFileReader::ReadAttribute(const std::string& path,
                                                          const std::string& name) const {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  return impl_->Text(path, name);
}

absl::StatusOr<std::vector<std::string>> DataFileReader::List(const std::string& group) const {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  RONCHI_ASSIGN_OR_RETURN(const Handle object, impl_->Open(group));
  std::vector<std::string> names;
  if (H5Literate(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, &AppendName, &names) < 0) {
    H5Eclear2(H5E_DEFAULT);
    return absl::InvalidArgumentError(absl::StrCat(impl_->path, ": ", group, " is not a group"));
  }
  return names;
}

absl::StatusOr<Signal> DataFileReader::ReadSignal(const std::string& name) const {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  const std::string data = absl::StrCat("/root/", name, "/data");
  RONCHI_ASSIGN_OR_RETURN(const Handle dataset, impl_->OpenDataset(data));
  const Handle space(H5Dget_space(dataset), H5Sclose);
  Signal signal;
  signal.name = name;
  RONCHI_ASSIGN_OR_RETURN(signal.title, impl_->Text(data, "title"));
  RONCHI_ASSIGN_OR_RETURN(signal.units, impl_->Text(data, "units"));
  RONCHI_ASSIGN_OR_RETURN(
      signal.signal_type,
      impl_->Text(absl::StrCat("/Experiments/", name, "/metadata/Signal"), "signal_type"));
  const std::string tem =
      absl::StrCat("/Experiments/", name, "/metadata/Acquisition_instrument/TEM");
  for (const auto& [attribute, value] : {std::pair("beam_energy", &signal.beam_energy_keV),
                                         {"convergence_angle", &signal.convergence_mrad},
                                         {"dwell_time", &signal.dwell_s}}) {
    const absl::Status status = impl_->Number(tem, attribute, H5T_NATIVE_DOUBLE, *value);
    if (!status.ok() && !absl::IsNotFound(status)) return status;
  }
  const size_t rank = ShapeOf(space).size();
  std::vector<size_t> order(rank);
  for (size_t i = 0; i < rank; ++i) order[i] = i;
  for (size_t i = 0; i + 1 < rank; ++i) {
    RONCHI_ASSIGN_OR_RETURN(const std::string first,
                            impl_->Text(absl::StrCat("/Experiments/", name, "/axis-", i), "name"));
    RONCHI_ASSIGN_OR_RETURN(const std::string dim,
                            impl_->Text(absl::StrCat("/root/", name, "/dim", i), "name"));
    if (first != dim) {
      std::swap(order[i], order[i + 1]);
      break;
    }
  }
  for (size_t i = 0; i < rank; ++i) {
    RONCHI_ASSIGN_OR_RETURN(Axis axis, impl_->ReadAxis(name, i, order[i]));
    signal.axes.push_back(std::move(axis));
  }
  return signal;
}

}  // namespace ronchi
