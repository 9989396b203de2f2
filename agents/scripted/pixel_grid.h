// Pictures as scripts look at them: the pixels of a field whose sides are −1 … 1.
#pragma once

#include <vector>

#include "core/array.h"

namespace ronchi::agents {

struct PixelGrid {
  size_t rows = 0, columns = 0;
  explicit PixelGrid(const Array<float>& picture)
      : rows(picture.shape()[0]), columns(picture.shape()[1]) {}
  size_t size() const { return rows * columns; }
  // x and y of a pixel's middle in the field.
  std::vector<double> Place(size_t pixel) const;
};

// Pixels to the nearest one where the mask is above 0, by two passes of a 3-4 chamfer over three
// (Borgefors 1986); 1e6 where there is none.
std::vector<float> DistanceTo(const Array<float>& mask);
// Length of the central differences, a pixel.
std::vector<float> GradientOf(const Array<float>& image);

}  // namespace ronchi::agents
