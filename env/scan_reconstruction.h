// An image of n × n pixels from those that have been measured, kept up to date reading by reading:
// inverse-distance weighting (Shepard, Proc. 23rd ACM Nat. Conf., 517 (1968)),
//   image(p) = Σ_i v_i |p − p_i|^{−power} / Σ_i |p − p_i|^{−power},
// and the mean of its readings where a pixel has been measured. A reading costs one pass over the
// image, whatever came before.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ronchi::env {

class ScanReconstruction {
 public:
  ScanReconstruction(size_t n, double power);
  size_t pixels() const { return n_ * n_; }
  void Clear();
  void Add(size_t pixel, float value);  // pixel = row · n + column
  // After the readings; zero before the first.
  void UpdateImage();
  std::span<const float> image() const { return image_; }
  std::span<const float> mask() const { return mask_; }  // 1 where measured, else 0

 private:
  size_t n_;
  std::vector<float> weight_;  // [2n − 1, 2n − 1], by displacement; 0 at none
  std::vector<float> numerator_, denominator_, sum_, count_, image_, mask_;
  std::vector<size_t> measured_;
};

}  // namespace ronchi::env
