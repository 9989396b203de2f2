#include "core/storage.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "core/new_file.h"
#include "core/storage_hdf5.h"
#include "core/storage_layout.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {

using hdf5::Handle;

// HDF5 cannot close a file or a dataset whose last blocks it cannot write: it keeps their memory,
// or tries again at exit. A file that is given up is therefore pointed at memory before it is
// closed. (After a failed flush HDF5 1.10 still keeps some megabytes of its cache.)
void PointAtMemory(hid_t file) {
  void* descriptor = nullptr;
  const int memory = memfd_create("ronchi-abandoned", MFD_CLOEXEC);
  if (memory >= 0 && H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) >= 0 && descriptor) {
    dup2(memory, *static_cast<int*>(descriptor));
  }
  if (memory >= 0) close(memory);
}

// HDF5 creates files by name alone. It gets one for a moment, and then writes to the nameless file
// instead: what it has written so far is copied. It knows its open files by their inodes: the first
// one is kept, so that no other file gets its number meanwhile.
absl::StatusOr<Descriptor> MoveInto(const NewFile& made, hid_t file, const std::string& name) {
  std::error_code ec;
  absl::StatusOr<Descriptor> first = OpenRegularFile(name, O_RDONLY);
  const absl::StatusOr<std::string> so_far = ReadFile(name);
  std::filesystem::remove(name, ec);
  RONCHI_RETURN_IF_ERROR(first.status());
  RONCHI_RETURN_IF_ERROR(so_far.status());
  RONCHI_RETURN_IF_ERROR(made.file().WriteAt(0, std::as_bytes(std::span(*so_far)), name));
  void* descriptor = nullptr;
  if (H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) < 0 || !descriptor) {
    return hdf5::LastError(name, "creating");
  }
  const int number = *static_cast<int*>(descriptor);
  if (dup3(made.file().value(), number, O_CLOEXEC) < 0) return ErrnoStatus(errno, name);
  return first;
}

absl::Status CheckSlab(const std::string& name, const std::vector<size_t>& shape,
                       const std::vector<size_t>& offset, const std::vector<size_t>& count,
                       size_t values) {
  size_t product = 1;
  bool inside = offset.size() == shape.size() && count.size() == shape.size();
  for (size_t i = 0; inside && i < shape.size(); ++i) {
    product *= count[i];
    inside = count[i] <= shape[i] && offset[i] <= shape[i] - count[i];
  }
  if (!inside) {
    return absl::OutOfRangeError(absl::StrCat(
        "slab of ", name, ": offset (", absl::StrJoin(offset, ", "), ") and count (",
        absl::StrJoin(count, ", "), ") leave its shape (", absl::StrJoin(shape, ", "), ")"));
  }
  if (product == values) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("slab of ", name, ": ", values, " values for ", product, " places"));
}

// Values of a slab with the axes x and x + 1 exchanged.
std::vector<float> Turned(const std::vector<size_t>& count, size_t x,
                          std::span<const float> values) {
  size_t outer = 1, inner = 1;
  for (size_t i = 0; i < x; ++i) outer *= count[i];
  for (size_t i = x + 2; i < count.size(); ++i) inner *= count[i];
  const size_t nx = count[x], ny = count[x + 1];
  std::vector<float> out(values.size());
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < nx; ++i) {
      for (size_t j = 0; j < ny; ++j) {
        const float* const from = values.data() + ((o * nx + i) * ny + j) * inner;
        std::copy(from, from + inner, out.data() + ((o * ny + j) * nx + i) * inner);
      }
    }
  }
  return out;
}

}  // namespace

struct DataFile::Impl {
  struct Declared {
    std::vector<size_t> shape;
    std::array<Handle, 2> datasets;  // the second with x and y exchanged, where there is one
    std::optional<size_t> x;
  };
  explicit Impl(NewFile made) : in_the_making(std::move(made)) {}
  std::string path;
  NewFile in_the_making;   // gone with this, unless it was published
  Descriptor first_inode;  // see MoveInto
  DataFileOptions options;
  Handle file;
  hdf5::Writer writer;
  std::map<std::string, Declared> signals;
  std::string first_signal;
  std::optional<hdf5::Calibration> calibration;
  std::vector<std::string> cubes;
  std::set<std::string> taken;

  ~Impl() {
    if (file < 0) return;
    const std::lock_guard lock(hdf5::Mutex());
    Abandon();
  }
  void Abandon() {
    PointAtMemory(file);
    signals.clear();
    file = Handle();
    H5Eclear2(H5E_DEFAULT);
  }
  absl::Status Declare(const Signal& signal, const std::vector<size_t>& shape);
  absl::Status Claim(const std::string& place);
  absl::Status Finish();
  absl::Status State() const {
    if (file < 0) return absl::FailedPreconditionError(path + ": is already closed");
    return writer.status();
  }
};

DataFile::DataFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataFile::DataFile(DataFile&&) noexcept = default;
DataFile& DataFile::operator=(DataFile&&) noexcept = default;
DataFile::~DataFile() = default;

absl::StatusOr<DataFile> DataFile::Create(const std::string& path, const DataFileOptions& options) {
  // HDF5's own message hides the reason of a failure; this gives it.
  RONCHI_ASSIGN_OR_RETURN(NewFile new_file, NewFile::Create(path));
  NewFile::RemoveLeftovers(path);
  auto impl = std::make_unique<Impl>(std::move(new_file));
  const NewFile& made = impl->in_the_making;
  const bool nameless = made.temporary_name().empty();
  const std::string name = nameless ? NewFile::UniqueName(path) : made.temporary_name();
  impl->path = path;
  impl->options = options;
  if (options.version.empty()) impl->options.version = kVersion;
  {
    const std::lock_guard lock(hdf5::Mutex());
    hdf5::Initialise();
    // Named, so that they are closed after LastError: every HDF5 call clears the error stack.
    const Handle creation = hdf5::FileCreation(), access = hdf5::FileAccess();
    impl->file = Handle(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, creation, access), H5Fclose);
    if (impl->file < 0) {
      const absl::Status failed = hdf5::LastError(path, "creating");
      if (nameless) unlink(name.c_str());
      return failed;
    }
    if (nameless) {
      RONCHI_ASSIGN_OR_RETURN(impl->first_inode, MoveInto(made, impl->file, name));
    }
    impl->writer = hdf5::Writer(impl->file, path);
    hdf5::WriteHeader(impl->writer, impl->file, impl->options);
  }
  RONCHI_RETURN_IF_ERROR(impl->writer.status());
  return DataFile(std::move(impl));
}

absl::Status DataFile::Impl::Declare(const Signal& signal, const std::vector<size_t>& shape) {
  RONCHI_RETURN_IF_ERROR(hdf5::CheckSignal(signal, shape));
  if (signals.count(signal.name)) {
    return absl::AlreadyExistsError(absl::StrCat("signal ", signal.name, " is already in ", path));
  }
  // A cube of another calibration stays a plain array, whose axes py4DSTEM takes from the file.
  bool cube = hdf5::IsDataCube(signal);
  if (cube && !calibration) calibration = hdf5::CalibrationOf(signal);
  cube = cube && calibration == hdf5::CalibrationOf(signal);
  if (cube) cubes.push_back(signal.name);
  if (first_signal.empty()) first_signal = signal.name;
  signals[signal.name] = {shape, hdf5::WriteSignalGroups(writer, signal, shape, cube, options),
                          hdf5::XBeforeY(signal)};
  return writer.status();
}

absl::Status DataFile::Declare(const Signal& signal, const std::vector<size_t>& shape) {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  RONCHI_RETURN_IF_ERROR(impl_->State());
  return impl_->Declare(signal, shape);
}

absl::Status DataFile::Write(const Signal& signal, const Array<float>& values) {
  RONCHI_RETURN_IF_ERROR(Declare(signal, values.shape()));
  return WriteSlab(signal.name, std::vector<size_t>(values.rank(), 0), values.shape(),
                   values.values());
}

absl::Status DataFile::WriteSlab(const std::string& name, const std::vector<size_t>& offset,
                                 const std::vector<size_t>& count, std::span<const float> values) {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  RONCHI_RETURN_IF_ERROR(impl_->State());
  const auto found = impl_->signals.find(name);
  if (found == impl_->signals.end()) {
    return absl::NotFoundError(absl::StrCat("signal ", name, " was not declared"));
  }
  RONCHI_RETURN_IF_ERROR(CheckSlab(name, found->second.shape, offset, count, values.size()));
  if (values.empty()) return impl_->writer.status();
  const Impl::Declared& signal = found->second;
  impl_->writer.Slab(signal.datasets[0], offset, count, values.data());
  if (signal.x) {
    impl_->writer.Slab(signal.datasets[1], hdf5::Exchanged(offset, *signal.x),
                       hdf5::Exchanged(count, *signal.x), Turned(count, *signal.x, values).data());
  }
  return impl_->writer.status();
}

absl::Status DataFile::Impl::Claim(const std::string& place) {
  const bool reserved = place.rfind("/root", 0) == 0 || place.rfind("/Experiments", 0) == 0;
  if (place.size() < 2 || place[0] != '/' || place.back() == '/' || reserved ||
      place.find("//") != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "place '", place, "' in ", path, ": an absolute path outside /root and /Experiments"));
  }
  for (const std::string& other : taken) {
    const bool below = place.rfind(other + "/", 0) == 0 || other.rfind(place + "/", 0) == 0;
    if (below || other == place) {
      return absl::AlreadyExistsError(absl::StrCat(place, " meets ", other, " in ", path));
    }
  }
  taken.insert(place);
  return absl::OkStatus();
}

absl::Status DataFile::WriteArray(const std::string& path, const Array<double>& values,
                                  const std::string& units) {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  RONCHI_RETURN_IF_ERROR(impl_->State());
  for (size_t n : values.shape()) {
    if (n == 0) return absl::InvalidArgumentError(absl::StrCat(path, ": a dimension is 0"));
  }
  RONCHI_RETURN_IF_ERROR(impl_->Claim(path));
  hdf5::Writer& writer = impl_->writer;
  const Handle dataset = writer.Dataset(path, H5T_IEEE_F64LE, values.shape());
  writer.Fill(dataset, H5T_NATIVE_DOUBLE, values.data());
  writer.Attribute(dataset, "units", units);
  return writer.status();
}

absl::Status DataFile::WriteText(const std::string& path, const std::string& text) {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  RONCHI_RETURN_IF_ERROR(impl_->State());
  if (text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(path + ": the text holds a zero byte");
  }
  RONCHI_RETURN_IF_ERROR(impl_->Claim(path));
  impl_->writer.Text(path, text);
  return impl_->writer.status();
}

absl::Status DataFile::Impl::Finish() {
  if (calibration) hdf5::WriteCalibration(writer, *calibration, cubes);
  if (!first_signal.empty()) {
    const Handle root(H5Gopen2(file, "/root", H5P_DEFAULT), H5Gclose);
    writer.Attribute(root, "default", first_signal);
  }
  // Before the datasets are closed: closing them writes their last chunks, but cannot tell.
  if (writer.status().ok()) writer.Check(H5Fflush(file, H5F_SCOPE_LOCAL) >= 0, "writing");
  if (writer.status().ok()) signals.clear();
  return writer.status();
}

absl::Status DataFile::Close() {
  const std::lock_guard lock(hdf5::Mutex());
  hdf5::Initialise();
  if (impl_->file < 0) return impl_->State();
  if (absl::Status status = impl_->Finish(); !status.ok()) {
    impl_->Abandon();
    return status;
  }
  const herr_t closed = H5Fclose(impl_->file.Release());
  if (closed < 0) return hdf5::LastError(impl_->path, "closing");
  return impl_->in_the_making.Publish();
}

}  // namespace ronchi
