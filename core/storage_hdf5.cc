#include "core/storage_hdf5.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/files.h"

namespace ronchi::hdf5 {
namespace {

struct Found {
  int error = 0;
  std::string text;
};

// Walks the stack from where it broke outwards; the first entry and the first errno are kept.
herr_t Look(unsigned, const H5E_error2_t* entry, void* data) {
  auto* found = static_cast<Found*>(data);
  const std::string text = entry->desc ? entry->desc : "";
  if (found->text.empty()) found->text = text;
  const size_t at = text.find("errno = ");
  if (at != std::string::npos && !found->error) found->error = std::atoi(text.c_str() + at + 8);
  return 0;
}

// Slowest dimensions are cut first, so that a chunk holds whole images as long as they fit. One
// mebibyte is HDF5's default chunk cache and a good read size; HyperSpy's lazy reader needs chunks.
std::vector<hsize_t> ChunkShape(const std::vector<size_t>& shape, size_t item_size) {
  constexpr size_t kTarget = size_t{1} << 20;
  std::vector<hsize_t> chunk(shape.begin(), shape.end());
  size_t bytes = item_size;
  for (size_t n : shape) bytes *= n;
  for (size_t i = 0; i < chunk.size() && bytes > kTarget; ++i) {
    const size_t rest = bytes / chunk[i];
    const size_t most = std::max<size_t>(1, kTarget / rest);
    const size_t pieces = (chunk[i] + most - 1) / most;
    chunk[i] = (chunk[i] + pieces - 1) / pieces;  // equal ones: an incomplete chunk fills the file
    bytes = rest * chunk[i];
  }
  return chunk;
}

Handle ObjectCreation(hid_t cls) {
  Handle list(H5Pcreate(cls), H5Pclose);
  H5Pset_obj_track_times(list, false);
  return list;
}

Handle WithParents() {
  Handle list(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(list, 1);
  H5Pset_char_encoding(list, H5T_CSET_UTF8);
  return list;
}

}  // namespace

std::mutex& Mutex() {
  static std::mutex mutex;
  return mutex;
}

void Initialise() {
  static const bool once = [] {
    H5dont_atexit();
    return H5open() >= 0;
  }();
  (void)once;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // a setting of the calling thread
}

absl::Status LastError(const std::string& file, const std::string& doing) {
  Found found;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &Look, &found);
  H5Eclear2(H5E_DEFAULT);
  if (found.error) return Annotate(ErrnoStatus(found.error, file), doing);
  return absl::InternalError(absl::StrCat(doing, ": ", file, ": ", found.text));
}

Handle TextType() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

Handle BoolType() {
  Handle type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
  for (int8_t value : {0, 1}) H5Tenum_insert(type, value ? "TRUE" : "FALSE", &value);
  return type;
}

Handle FileCreation() { return ObjectCreation(H5P_FILE_CREATE); }

Handle FileAccess() {
  Handle list(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(list, false, true);
  return list;
}

void Writer::Check(bool good, const std::string& doing) {
  if (!good && status_.ok()) status_ = LastError(name_, doing);
}

Handle Writer::Group(const std::string& path) {
  if (!status_.ok()) return {};
  const Handle creation = ObjectCreation(H5P_GROUP_CREATE), parents = WithParents();
  Handle group(H5Gcreate2(file_, path.c_str(), parents, creation, H5P_DEFAULT), H5Gclose);
  Check(group >= 0, absl::StrCat("making group ", path));
  return group;
}

Handle Writer::Dataset(const std::string& path, hid_t type, const std::vector<size_t>& shape) {
  if (!status_.ok()) return {};
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  const Handle space(
      shape.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(dims.size(), dims.data(), nullptr),
      H5Sclose);
  const Handle creation = ObjectCreation(H5P_DATASET_CREATE), parents = WithParents();
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  if (!shape.empty()) {
    const auto chunk = ChunkShape(shape, H5Tget_size(type));
    H5Pset_chunk(creation, chunk.size(), chunk.data());
    // No cache: slabs go straight to the file. With one, HDF5 1.10 kept a fifth of all that was
    // written in memory.
    H5Pset_chunk_cache(access, 1, 0, 1.0);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    if (H5Tget_class(type) == H5T_FLOAT) H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &nan);
  }
  Handle dataset(H5Dcreate2(file_, path.c_str(), type, space, parents, creation, access), H5Dclose);
  Check(dataset >= 0, absl::StrCat("making dataset ", path));
  return dataset;
}

void Writer::Fill(hid_t dataset, hid_t memory_type, const void* values) {
  if (!status_.ok()) return;
  // Flushed here, because the handle that closes the dataset cannot tell of a failure.
  Check(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0 &&
            H5Dflush(dataset) >= 0,
        "writing");
}

void Writer::Slab(hid_t dataset, const std::vector<size_t>& offset,
                  const std::vector<size_t>& count, const float* values) {
  if (!status_.ok()) return;
  const std::vector<hsize_t> start(offset.begin(), offset.end()), size(count.begin(), count.end());
  const Handle file(H5Dget_space(dataset), H5Sclose);
  const Handle memory(H5Screate_simple(size.size(), size.data(), nullptr), H5Sclose);
  Check(H5Sselect_hyperslab(file, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr) >= 0,
        "selecting");
  if (!status_.ok()) return;
  Check(H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, file, H5P_DEFAULT, values) >= 0, "writing");
}

Handle Writer::Text(const std::string& path, const std::string& value) {
  const Handle type = TextType();
  Handle dataset = Dataset(path, type, {});
  const char* pointer = value.c_str();
  Fill(dataset, type, &pointer);
  return dataset;
}

Handle Writer::Number(const std::string& path, double value) {
  Handle dataset = Dataset(path, H5T_IEEE_F64LE, {});
  Fill(dataset, H5T_NATIVE_DOUBLE, &value);
  return dataset;
}

Handle Writer::Bool(const std::string& path, bool value) {
  const Handle type = BoolType();
  Handle dataset = Dataset(path, type, {});
  const int8_t byte = value;
  Fill(dataset, type, &byte);
  return dataset;
}

void Writer::SoftLink(const std::string& target, const std::string& path) {
  if (!status_.ok()) return;
  const Handle parents = WithParents();
  Check(H5Lcreate_soft(target.c_str(), file_, path.c_str(), parents, H5P_DEFAULT) >= 0,
        absl::StrCat("linking ", path));
}

void Writer::RawAttribute(hid_t object, const char* name, hid_t type, hid_t space,
                          const void* value) {
  if (!status_.ok()) return;
  const Handle attribute(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  Check(attribute >= 0 && H5Awrite(attribute, type, value) >= 0,
        absl::StrCat("writing attribute ", name));
}

void Writer::Attribute(hid_t object, const char* name, const std::string& value) {
  Attribute(object, name, value.c_str());
}

void Writer::Attribute(hid_t object, const char* name, const char* value) {
  const Handle type = TextType(), space(H5Screate(H5S_SCALAR), H5Sclose);
  RawAttribute(object, name, type, space, &value);
}

void Writer::Attribute(hid_t object, const char* name, const std::vector<std::string>& values) {
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  const hsize_t size = values.size();
  const Handle type = TextType(), space(H5Screate_simple(1, &size, nullptr), H5Sclose);
  RawAttribute(object, name, type, space, pointers.data());
}

void Writer::Attribute(hid_t object, const char* name, int64_t value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  RawAttribute(object, name, H5T_STD_I64LE, space, &value);
}

void Writer::Attribute(hid_t object, const char* name, double value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  RawAttribute(object, name, H5T_IEEE_F64LE, space, &value);
}

void Writer::Attribute(hid_t object, const char* name, bool value) {
  const Handle type = BoolType(), space(H5Screate(H5S_SCALAR), H5Sclose);
  const int8_t byte = value;
  RawAttribute(object, name, type, space, &byte);
}

}  // namespace ronchi::hdf5
