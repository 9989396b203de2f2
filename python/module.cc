// The extension ronchi._ronchi: as thin as it can be. What Python users see is in python/ronchi.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "core/files.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/standard_streams.h"
#include "python/bind.h"
#include "ronchi_paths.h"

NB_MODULE(_ronchi, m) {
  using namespace nanobind::literals;
  // Python leaves closed what was closed; files that are opened later must not take their numbers.
  ronchi::OpenStandardStreams();
  // A daemon thread that is inside a call when the program ends holds what it uses: no leak.
  nanobind::set_leak_warnings(false);
  ronchi::Progress::SetStyle(ronchi::Progress::Style::kOff);

  m.doc() = "Ronchi's compiled part. Use the package ronchi instead.";
  m.attr("version") = ronchi::kVersion;
  m.def("set_data_directory", &ronchi::SetDataDirectory, "path"_a,
        "Where structures, twins and scattering factors lie; $RONCHI_DATA wins.");
  m.def("set_threads", &ronchi::SetThreads, "threads"_a,
        "At most this many threads from now on; 0: all cores.");
  m.def("threads", &ronchi::Threads, "The number of threads that are used.");
  ronchi::python::BindDeploy(m);
  ronchi::python::BindEnvironment(m);
  ronchi::python::BindInstrument(m);
  ronchi::python::BindOptimizer(m);
  ronchi::python::BindPolicy(m);
  ronchi::python::BindSimulate(m);
  ronchi::python::BindVectorEnvironment(m);
}
