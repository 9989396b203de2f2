// Arrays of ours as NumPy arrays that own the memory: nothing is copied.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "core/array.h"

namespace ronchi::python {

template <class T>
nanobind::ndarray<nanobind::numpy, T> ToNumpy(Array<T> array) {
  auto* owned = new Array<T>(std::move(array));
  nanobind::capsule owner(owned, [](void* p) noexcept { delete static_cast<Array<T>*>(p); });
  return {owned->data(), owned->rank(), owned->shape().data(), owner};
}

}  // namespace ronchi::python
