#include "sim/specimen/cif_cartesian.h"

#include <Eigen/Dense>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sim/specimen/cif_sites.h"

namespace ronchi::sim {
namespace {

// Matrices have some six digits, cells some five.
constexpr double kSameMetric = 0.01;

struct Affine {  // y = matrix · x + shift
  Eigen::Matrix3d matrix;
  Eigen::Vector3d shift = Eigen::Vector3d::Zero();
};

// `kind`: "fract" or "Cartn". nullopt: the file has no such matrix, or none that is whole.
std::optional<Affine> ReadAffine(const CifBlock& block, const std::string& kind) {
  Affine out;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      const std::optional<double> v = CifNumber(block.Value(
          {absl::StrCat("_atom_sites.", kind, "_transf_matrix[", i + 1, "][", j + 1, "]"),
           absl::StrCat("_atom_sites_", kind, "_tran_matrix_", i + 1, j + 1)}));
      if (!v) return std::nullopt;
      out.matrix(i, j) = *v;
    }
    out.shift(i) =
        CifNumber(block.Value({absl::StrCat("_atom_sites.", kind, "_transf_vector[", i + 1, "]"),
                               absl::StrCat("_atom_sites_", kind, "_tran_vector_", i + 1)}))
            .value_or(0);
  }
  return out;
}

CartesianFrame FrameOf(const Eigen::Matrix3d& matrix, const Eigen::Vector3d& origin_A) {
  CartesianFrame out;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) out.matrix[size_t(i)][size_t(j)] = matrix(i, j);
    out.origin_A[size_t(i)] = origin_A(i);
  }
  return out;
}

}  // namespace

Vector3 CartesianFrame::Fractional(const Vector3& r_A) const {
  Vector3 f = {0, 0, 0};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) f[i] += matrix[i][j] * (r_A[j] - origin_A[j]);
  }
  return f;
}

CartesianFrame ReadCartesianFrame(const CifBlock& block, const std::array<Vector3, 3>& lattice_A,
                                  std::vector<std::string>* warnings) {
  Eigen::Matrix3d edges;  // columns: a, b, c
  for (int a = 0; a < 3; ++a) {
    for (int c = 0; c < 3; ++c) edges(c, a) = lattice_A[size_t(a)][size_t(c)];
  }
  const CartesianFrame own = FrameOf(edges.inverse(), Eigen::Vector3d::Zero());
  const std::optional<Affine> fract = ReadAffine(block, "fract");
  const std::optional<Affine> cartn = fract ? std::nullopt : ReadAffine(block, "Cartn");
  if (!fract && !cartn) return own;
  // Edges as the file's matrix has them; r = edges · f + origin.
  const Eigen::Matrix3d stated = fract ? Eigen::Matrix3d(fract->matrix.inverse()) : cartn->matrix;
  const Eigen::Vector3d origin = fract ? Eigen::Vector3d(-(stated * fract->shift)) : cartn->shift;
  const Eigen::Matrix3d metric = edges.transpose() * edges;
  const double off = (stated.transpose() * stated - metric).cwiseAbs().maxCoeff();
  if (!(off < kSameMetric * metric.diagonal().maxCoeff()) || !origin.allFinite()) {
    warnings->push_back(
        "the file's matrix of Cartesian axes does not have the cell's lengths and angles; not "
        "used: a is taken along x, b in the xy plane");
    return own;
  }
  return FrameOf(stated.inverse(), origin);
}

}  // namespace ronchi::sim
