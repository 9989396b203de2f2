// The parts of the extension; each is one file.
#pragma once

#include <nanobind/nanobind.h>

namespace ronchi::python {

void BindDeploy(nanobind::module_& m);
void BindEnvironment(nanobind::module_& m);
void BindInstrument(nanobind::module_& m);
void BindOptimizer(nanobind::module_& m);
void BindPolicy(nanobind::module_& m);
void BindSimulate(nanobind::module_& m);
void BindVectorEnvironment(nanobind::module_& m);

}  // namespace ronchi::python
