// write_example <file.hdf5> <images|cube|all>: known numbers in every shape that Ronchi writes, for
// check_interop.py. Value at (i, j, …) is sum of index * 10^(rank - 1 - dimension), so that any
// mixed-up axis shows.
#include <cstdio>
#include <string>

#include "core/storage.h"

namespace ronchi {
namespace {

Array<float> Numbered(std::vector<size_t> shape) {
  Array<float> a(shape);
  for (size_t flat = 0; flat < a.size(); ++flat) {
    size_t rest = flat, weight = 1, value = 0;
    for (size_t d = shape.size(); d-- > 0; weight *= 10) {
      value += rest % shape[d] * weight;
      rest /= shape[d];
    }
    a[flat] = float(value);
  }
  return a;
}

Axis ScanAxis(const char* name, double scale, bool navigate) {
  return {name, "Å", 1.5, scale, navigate, "spatial", std::string("probe position ") + name};
}

absl::Status WriteImages(DataFile& file) {
  RONCHI_RETURN_IF_ERROR(file.Write({"haadf",
                                     "HAADF image",
                                     "fraction",
                                     {ScanAxis("x", 0.25, false), ScanAxis("y", 0.5, false)},
                                     "",
                                     200,
                                     24,
                                     5e-6},
                                    Numbered({6, 7})));
  const Axis frame = {"frame", "s", 0, 0.125, true, "temporal", "time"};
  const Axis y = {"y", "nm", 0, 0.1, false, "spatial", ""};
  const Axis x = {"x", "nm", 0, 0.2, false, "spatial", ""};
  RONCHI_RETURN_IF_ERROR(
      file.Write({"frames", "Frame stack", "counts", {frame, y, x}, ""}, Numbered({3, 5, 4})));
  const Axis loss = {"energy loss", "eV", -2, 0.05, false, "spectral", ""};
  return file.Write({"loss", "Spectrum", "counts", {loss}, "EELS"}, Numbered({9}));
}

absl::Status WriteCube(DataFile& file) {
  const Axis qx = {"qx", "1/Å", -0.1, 0.02, false, "reciprocal", ""};
  const Axis qy = {"qy", "1/Å", -0.2, 0.02, false, "reciprocal", ""};
  const Signal cube = {"cbed",
                       "4D-STEM",
                       "fraction",
                       {ScanAxis("x", 0.25, true), ScanAxis("y", 0.25, true), qx, qy},
                       ""};
  const Array<float> values = Numbered({3, 4, 5, 6});
  RONCHI_RETURN_IF_ERROR(file.Declare(cube, values.shape()));
  const size_t line = 4 * 5 * 6;
  for (size_t i = 0; i < 3; ++i) {
    RONCHI_RETURN_IF_ERROR(file.WriteSlab("cbed", {i, 0, 0, 0}, {1, 4, 5, 6},
                                          values.values().subspan(i * line, line)));
  }
  return absl::OkStatus();
}

absl::Status Run(const std::string& path, const std::string& what) {
  DataFileOptions options;
  options.title = "Interoperability example";
  options.identity = what;
  options.start_time = "2000-01-01T00:00:00Z";
  RONCHI_ASSIGN_OR_RETURN(DataFile file, DataFile::Create(path, options));
  if (what != "images") RONCHI_RETURN_IF_ERROR(WriteCube(file));
  if (what != "cube") RONCHI_RETURN_IF_ERROR(WriteImages(file));
  RONCHI_RETURN_IF_ERROR(file.WriteArray("/run/curves/contrast", Array<double>({3}, 0.5), "1"));
  RONCHI_RETURN_IF_ERROR(file.WriteText("/run/config", "version: 1\n# Å\n"));
  return file.Close();
}

}  // namespace
}  // namespace ronchi

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const absl::Status status = ronchi::Run(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
