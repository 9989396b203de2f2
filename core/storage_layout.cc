#include "core/storage_layout.h"

#include <hdf5_hl.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ronchi_paths.h"

namespace ronchi::hdf5 {
namespace {

struct UnitSpelling {
  const char* alias;
  const char* emd;       // EMD, py4DSTEM, NeXus, NSID
  const char* hyperspy;  // pint reads "A" as ampere
};
constexpr UnitSpelling kSpellings[] = {
    {"A", "A", "Å"},           {"Å", "A", "Å"},
    {"angstrom", "A", "Å"},    {"A^-1", "A^-1", "1/Å"},
    {"1/A", "A^-1", "1/Å"},    {"1/Å", "A^-1", "1/Å"},
    {"Å^-1", "A^-1", "1/Å"},   {"nm^-1", "nm^-1", "1/nm"},
    {"1/nm", "nm^-1", "1/nm"}, {"A^-2", "A^-2", "1/Å^2"},
};

UnitSpelling Spell(const std::string& units) {
  for (const UnitSpelling& s : kSpellings) {
    if (units == s.alias) return s;
  }
  return {units.c_str(), units.c_str(), units.c_str()};
}

// py4DSTEM knows A for positions, and A^-1 or mrad (or pixels) for the diffraction plane.
struct CalibrationUnit {
  const char* units;
  const char* known;
  double factor;
};
constexpr CalibrationUnit kPositionUnits[] = {
    {"A", "A", 1}, {"pm", "A", 1e-2}, {"nm", "A", 10}, {"um", "A", 1e4}, {"m", "A", 1e10}};
constexpr CalibrationUnit kDiffractionUnits[] = {
    {"A^-1", "A^-1", 1}, {"nm^-1", "A^-1", 0.1}, {"mrad", "mrad", 1}, {"rad", "mrad", 1000}};

template <size_t N>
void Calibrate(const CalibrationUnit (&table)[N], const Axis& axis, double& size,
               std::string& units) {
  for (const CalibrationUnit& unit : table) {
    if (Spell(axis.units).emd != std::string(unit.units)) continue;
    size = std::abs(axis.scale) * unit.factor;
    units = unit.known;
  }
}

const char* NsidType(size_t navigate, size_t signal) {
  if (navigate == 0 && signal == 1) return "SPECTRUM";
  if (navigate == 0 && signal == 2) return "IMAGE";
  if (navigate == 1 && signal == 2) return "IMAGE_STACK";
  if (navigate == 2 && signal == 1) return "SPECTRAL_IMAGE";
  if (navigate == 2 && signal == 2) return "IMAGE_4D";
  return "UNKNOWN";
}

const std::string& Either(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

// /root/<name>/dim{i}: the full vector of coordinates, attached to the data as dimension scale.
void WriteDimension(Writer& writer, hid_t data, const std::string& group, size_t i,
                    const Axis& axis, size_t size) {
  const std::string label = absl::StrCat("dim", i);
  std::vector<double> coordinates = axis.values;
  for (size_t k = coordinates.size(); k < size; ++k) {
    coordinates.push_back(axis.offset + double(k) * axis.scale);
  }
  const Handle dim = writer.Dataset(absl::StrCat(group, "/", label), H5T_IEEE_F64LE, {size});
  writer.Fill(dim, H5T_NATIVE_DOUBLE, coordinates.data());
  writer.Attribute(dim, "name", axis.name);
  writer.Attribute(dim, "units", Spell(axis.units).emd);
  writer.Attribute(dim, "quantity", axis.name);
  writer.Attribute(dim, "dimension_type", axis.type);
  writer.Attribute(dim, "long_name", Either(axis.long_name, axis.name));
  if (!writer.status().ok()) return;
  writer.Check(H5DSset_scale(dim, label.c_str()) >= 0 &&
                   H5DSattach_scale(data, dim, unsigned(i)) >= 0 &&
                   H5DSset_label(data, unsigned(i), label.c_str()) >= 0,
               absl::StrCat("attaching ", group, "/", label));
}

// HyperSpy's names and units for what a signal was taken with.
void WriteAcquisition(Writer& writer, const Signal& signal, const std::string& base) {
  const std::pair<const char*, double> told[] = {{"beam_energy", signal.beam_energy_keV},
                                                 {"convergence_angle", signal.convergence_mrad},
                                                 {"dwell_time", signal.dwell_s}};
  const bool any =
      std::any_of(std::begin(told), std::end(told), [](const auto& t) { return t.second > 0; });
  if (!any) return;
  const Handle tem = writer.Group(base + "/metadata/Acquisition_instrument/TEM");
  writer.Attribute(tem, "acquisition_mode", "STEM");
  for (const auto& [name, value] : told) {
    if (value > 0) writer.Attribute(tem, name, value);
  }
}

// /Experiments/<name>: HyperSpy's view. Of the same dataset, by a soft link, because RosettaSciIO
// does not see a hard one; or, where x would run downwards, of one of its own (returned) with x and
// y exchanged. `package` stays empty: HyperSpy would look for a Python package of that name.
Handle WriteHyperSpy(Writer& writer, const Signal& given, const std::vector<size_t>& given_shape,
                     const DataFileOptions& options) {
  Signal signal = given;
  std::vector<size_t> shape = given_shape;
  Handle own;
  const std::optional<size_t> x = XBeforeY(given);
  if (x) {
    signal.axes = Exchanged(given.axes, *x);
    shape = Exchanged(given_shape, *x);
  }
  const std::string base = absl::StrCat("/Experiments/", signal.name);
  const Handle experiment = writer.Group(base);
  writer.Attribute(experiment, "package", "");
  writer.Attribute(experiment, "package_version", "");
  if (x) {
    own = writer.Dataset(base + "/data", H5T_IEEE_F32LE, shape);
  } else {
    writer.SoftLink(absl::StrCat("/root/", signal.name, "/data"), absl::StrCat(base, "/data"));
  }
  WriteAcquisition(writer, signal, base);
  writer.Attribute(writer.Group(base + "/metadata/General"), "title",
                   Either(signal.title, signal.name));
  const Handle kind = writer.Group(base + "/metadata/Signal");
  writer.Attribute(kind, "signal_type", signal.signal_type);
  writer.Attribute(kind, "quantity", signal.units);
  const Handle original = writer.Group(base + "/original_metadata");
  writer.Attribute(original, "program", absl::StrCat(options.program, " ", options.version));
  for (size_t i = 0; i < shape.size(); ++i) {
    const Axis& axis = signal.axes[i];
    const Handle group = writer.Group(absl::StrCat(base, "/axis-", i));
    const bool even = axis.values.empty();
    writer.Attribute(group, "_type", even ? "UniformDataAxis" : "DataAxis");
    writer.Attribute(group, "name", axis.name);
    writer.Attribute(group, "units", Spell(axis.units).hyperspy);
    if (even) {
      writer.Attribute(group, "scale", axis.scale);
      writer.Attribute(group, "offset", axis.offset);
    } else {
      const Handle values = writer.Dataset(absl::StrCat(base, "/axis-", i, "/axis"), H5T_IEEE_F64LE,
                                           {axis.values.size()});
      writer.Fill(values, H5T_NATIVE_DOUBLE, axis.values.data());
    }
    writer.Attribute(group, "size", int64_t(shape[i]));
    writer.Attribute(group, "navigate", axis.navigate);
    writer.Attribute(group, "is_binned", false);
  }
  return own;
}

absl::Status CheckAxis(const std::string& signal, size_t i, const Axis& axis, size_t size) {
  static const std::set<std::string> kTypes = {"spatial", "reciprocal", "spectral", "temporal",
                                               "unknown"};
  const std::string where = absl::StrCat("signal ", signal, ", axis ", i, " (", axis.name, "): ");
  if (size == 0) return absl::InvalidArgumentError(where + "its size is 0");
  if (!std::isfinite(axis.offset) || !std::isfinite(axis.scale) || axis.scale == 0) {
    return absl::InvalidArgumentError(absl::StrCat(where, "offset ", axis.offset, ", scale ",
                                                   axis.scale, ": both finite, scale not 0"));
  }
  if (!axis.values.empty() && axis.values.size() != size) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, axis.values.size(), " values for ", size, " coordinates"));
  }
  for (size_t k = 0; k < axis.values.size(); ++k) {
    const double step = k > 0 ? axis.values[k] - axis.values[k - 1] : 1;
    const bool turns = k > 1 && (step > 0) != (axis.values[1] > axis.values[0]);
    if (!std::isfinite(axis.values[k]) || step == 0 || turns) {
      return absl::InvalidArgumentError(absl::StrCat(where, "value ", k, ", ", axis.values[k],
                                                     ": all finite, strictly rising or falling"));
    }
  }
  if (!kTypes.count(axis.type)) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, "type '", axis.type,
                     "' is none of spatial, reciprocal, spectral, temporal, unknown"));
  }
  return absl::OkStatus();
}

uint64_t Fnv1a(const std::string& text, uint64_t hash) {
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3ULL;  // Fowler, Noll, Vo: 64 bits
  return hash ^ (hash >> 31);
}

}  // namespace

absl::Status CheckSignal(const Signal& signal, const std::vector<size_t>& shape) {
  const bool plain = signal.name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                         "VWXYZ0123456789_-.") == std::string::npos;
  if (signal.name.empty() || !plain || signal.name[0] == '.' || signal.name == "metadatabundle") {
    return absl::InvalidArgumentError(absl::StrCat(
        "signal name '", signal.name, "': letters, digits, '_', '-' and '.' are allowed"));
  }
  if (signal.axes.size() != shape.size() || shape.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("signal ", signal.name, ": ", signal.axes.size(),
                                                   " axes for ", shape.size(), " dimensions"));
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    RONCHI_RETURN_IF_ERROR(CheckAxis(signal.name, i, signal.axes[i], shape[i]));
  }
  return absl::OkStatus();
}

std::string ContentUuid(const std::string& content) {
  // Two passes with different starting values (FNV's own, and the golden ratio's bits).
  const uint64_t a = Fnv1a(content, 0xcbf29ce484222325ULL);
  const uint64_t b = Fnv1a(content, 0x9e3779b97f4a7c15ULL);
  return absl::StrFormat("%08x-%04x-8%03x-%04x-%012x", uint32_t(a >> 32), uint16_t(a >> 16),
                         unsigned(a & 0xfff), unsigned(0x8000 | ((b >> 48) & 0x3fff)),
                         b & 0xffffffffffffULL);
}

bool IsDataCube(const Signal& signal) {
  const auto& axes = signal.axes;
  const auto square = [&](size_t i) {
    const double a = std::fabs(axes[i].scale), b = std::fabs(axes[i + 1].scale);
    return std::fabs(a - b) < 1e-6 * a && axes[i].units == axes[i + 1].units;
  };
  return axes.size() == 4 && axes[0].type == "spatial" && axes[1].type == "spatial" &&
         axes[2].type == "reciprocal" && axes[3].type == "reciprocal" && square(0) && square(2);
}

std::optional<size_t> XBeforeY(const Signal& signal) {
  size_t x = signal.axes.size();
  for (size_t i = 0; i < signal.axes.size(); ++i) {
    if (signal.axes[i].type == "reciprocal") return std::nullopt;
    if (signal.axes[i].name == "x") x = i;
  }
  if (x + 1 >= signal.axes.size() || signal.axes[x + 1].name != "y") return std::nullopt;
  return x;
}

Calibration CalibrationOf(const Signal& cube) {
  Calibration c;
  Calibrate(kPositionUnits, cube.axes[0], c.r_size, c.r_units);
  Calibrate(kDiffractionUnits, cube.axes[2], c.q_size, c.q_units);
  return c;
}

void WriteHeader(Writer& writer, hid_t file, const DataFileOptions& options) {
  writer.Attribute(file, "emd_group_type", "file");
  writer.Attribute(file, "version_major", int64_t{1});
  writer.Attribute(file, "version_minor", int64_t{0});
  writer.Attribute(file, "authoring_program", absl::StrCat(options.program, " ", options.version));
  writer.Attribute(file, "UUID",
                   ContentUuid(absl::StrCat(options.program, "\n", options.version, "\n",
                                            options.title, "\n", options.identity)));
  writer.Attribute(file, "NX_class", "NXroot");
  writer.Attribute(file, "default", "root");
  writer.Attribute(file, "file_format", "HyperSpy");
  writer.Attribute(file, "file_format_version", "3.1");
  writer.Group("/Experiments");
  const Handle root = writer.Group("/root");
  writer.Attribute(root, "emd_group_type", "root");
  writer.Attribute(root, "python_class", "Root");
  writer.Attribute(root, "NX_class", "NXentry");
  writer.Text("/root/title", options.title);
  writer.Text("/root/program_name", options.program);
  if (!options.start_time.empty()) writer.Text("/root/start_time", options.start_time);
}

std::array<Handle, 2> WriteSignalGroups(Writer& writer, const Signal& signal,
                                        const std::vector<size_t>& shape, bool data_cube,
                                        const DataFileOptions& options) {
  size_t navigate = 0;
  for (const Axis& axis : signal.axes) navigate += axis.navigate;
  const size_t rest = shape.size() - navigate;
  const std::string base = absl::StrCat("/root/", signal.name);
  const std::string& title = Either(signal.title, signal.name);
  const Handle group = writer.Group(base);
  Handle data = writer.Dataset(base + "/data", H5T_IEEE_F32LE, shape);
  std::vector<std::string> dims;
  for (size_t i = 0; i < shape.size(); ++i) {
    dims.push_back(absl::StrCat("dim", i));
    WriteDimension(writer, data, base, i, signal.axes[i], shape[i]);
  }
  writer.Attribute(group, "emd_group_type", "array");
  writer.Attribute(group, "python_class", data_cube ? "DataCube" : "Array");
  writer.Attribute(group, "NX_class", "NXdata");
  writer.Attribute(group, "signal", "data");
  writer.Attribute(group, "axes", dims);
  writer.Text(base + "/title", title);
  writer.Attribute(data, "units", signal.units);
  writer.Attribute(data, "long_name", title);
  if (rest == 1 || rest == 2) {
    writer.Attribute(data, "interpretation", rest == 2 ? "image" : "spectrum");
  }
  writer.Attribute(data, "quantity", title);
  writer.Attribute(data, "main_data_name", "data");
  writer.Attribute(data, "pyNSID_version", "0.0.7");  // the revision of NSID that this follows
  writer.Attribute(data, "data_type", NsidType(navigate, rest));
  writer.Attribute(data, "modality", "STEM");
  writer.Attribute(data, "source", options.program);
  writer.Attribute(data, "title", title);
  Handle turned = WriteHyperSpy(writer, signal, shape, options);
  return {std::move(data), std::move(turned)};
}

// The python_class must be Calibration: py4DSTEM fails on a plain Metadata of this name.
void WriteCalibration(Writer& writer, const Calibration& calibration,
                      const std::vector<std::string>& cubes) {
  const std::string bundle = "/root/metadatabundle", base = bundle + "/calibration";
  const Handle outer = writer.Group(bundle);
  writer.Attribute(outer, "emd_group_type", "metadatabundle");
  const Handle group = writer.Group(base);
  writer.Attribute(group, "emd_group_type", "metadata");
  writer.Attribute(group, "python_class", "Calibration");
  const auto text = [&](const std::string& name, const std::string& value) {
    writer.Attribute(writer.Text(base + "/" + name, value), "type", "string");
  };
  const auto number = [&](const std::string& name, double value) {
    writer.Attribute(writer.Number(base + "/" + name, value), "type", "number");
  };
  number("Q_pixel_size", calibration.q_size);
  number("R_pixel_size", calibration.r_size);
  text("Q_pixel_units", calibration.q_units);
  text("R_pixel_units", calibration.r_units);
  writer.Attribute(writer.Bool(base + "/QR_flip", false), "type", "bool");
  text("_root_treepath", "");
  const Handle targets = writer.Group(base + "/_target_paths");
  writer.Attribute(targets, "type", "list_of_strings");
  writer.Attribute(targets, "length", int64_t(cubes.size()));
  for (size_t i = 0; i < cubes.size(); ++i) {
    writer.Text(absl::StrCat(base, "/_target_paths/", i), absl::StrCat("/", cubes[i]));
  }
}

}  // namespace ronchi::hdf5
