#include "agents/bayes/kernel.h"

#include <cmath>

#include "core/status.h"

namespace ronchi::agents {
namespace {

using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kRoot3 = 1.7320508075688772935;
constexpr double kRoot5 = 2.2360679774997896964;

// [a.rows(), b.rows()] of squared distances. Sums of squared differences, not the Gram identity,
// which cancels for points close together.
ArrayXXd DistancesSquared(const MatrixXd& a, const MatrixXd& b) {
  ArrayXXd squares = ArrayXXd::Zero(a.rows(), b.rows());
  for (Index d = 0; d < a.cols(); ++d) {
    for (Index j = 0; j < b.rows(); ++j) {
      squares.col(j) += (a.col(d).array() - b(j, d)).square();
    }
  }
  return squares;
}

}  // namespace

Kernel::Kernel(Kind kind, size_t dimension, std::vector<Kernel> parts)
    : kind_(kind), dimension_(dimension), parts_(std::move(parts)) {}

Kernel Kernel::Matern12(size_t dimension) { return Kernel(Kind::kMatern12, dimension); }
Kernel Kernel::Matern32(size_t dimension) { return Kernel(Kind::kMatern32, dimension); }
Kernel Kernel::Matern52(size_t dimension) { return Kernel(Kind::kMatern52, dimension); }
Kernel Kernel::SquaredExponential(size_t dimension) { return Kernel(Kind::kSquared, dimension); }
Kernel Kernel::RationalQuadratic(size_t dimension) { return Kernel(Kind::kRational, dimension); }
Kernel Kernel::Periodic(size_t dimension) { return Kernel(Kind::kPeriodic, dimension); }

Kernel operator+(const Kernel& a, const Kernel& b) {
  RONCHI_CHECK_EQ(a.dimension(), b.dimension());
  return Kernel(Kernel::Kind::kSum, a.dimension(), {a, b});
}
Kernel operator*(const Kernel& a, const Kernel& b) {
  RONCHI_CHECK_EQ(a.dimension(), b.dimension());
  return Kernel(Kernel::Kind::kProduct, a.dimension(), {a, b});
}

std::vector<Kernel::Parameter> Kernel::parameters() const {
  std::vector<Parameter> all;
  if (leaf()) {
    all.assign(dimension_, Parameter::kLengthScale);
    all.push_back(Parameter::kVariance);
    if (kind_ == Kind::kRational) all.push_back(Parameter::kShape);
    if (kind_ == Kind::kPeriodic) all.insert(all.end(), dimension_, Parameter::kPeriod);
  }
  for (const Kernel& part : parts_) {
    const std::vector<Parameter> some = part.parameters();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

size_t Kernel::size() const {
  if (!leaf()) return parts_[0].size() + parts_[1].size();
  return dimension_ + 1 + (kind_ == Kind::kRational) + (kind_ == Kind::kPeriodic ? dimension_ : 0);
}

// Coordinates in which the leaf is a function of the distance alone. A periodic one is the squared
// exponential on circles of radius 1/ℓ_i: chords there are 2 sin(π Δ/p)/ℓ.
MatrixXd Kernel::Scale(const MatrixXd& x, const Theta& theta) const {
  const Index d = Index(dimension_);
  const VectorXd inverse = (-theta.head(d).array()).exp();
  if (kind_ != Kind::kPeriodic) return x * inverse.asDiagonal();
  const VectorXd turn = 2 * M_PI * (-theta.tail(d).array()).exp();
  const ArrayXXd angle = (x * turn.asDiagonal()).array();
  MatrixXd circles(x.rows(), 2 * d);
  circles << angle.cos().matrix() * inverse.asDiagonal(),
      angle.sin().matrix() * inverse.asDiagonal();
  return circles;
}

// In place r² → the correlation; `factor` (may be nullptr) gets −2 d/d(r²) of it.
void Kernel::Correlate(const Theta& theta, ArrayXXd* squares, ArrayXXd* factor) const {
  switch (kind_) {
    case Kind::kMatern12: {
      const ArrayXXd r = squares->sqrt();
      *squares = (-r).exp();
      if (factor) *factor = (r > 0).select(*squares / r.max(1e-300), 0);
      return;
    }
    case Kind::kMatern32: {
      const ArrayXXd t = kRoot3 * squares->sqrt(), decay = (-t).exp();
      if (factor) *factor = 3 * decay;
      *squares = (1 + t) * decay;
      return;
    }
    case Kind::kMatern52: {
      const ArrayXXd t = kRoot5 * squares->sqrt(), decay = (-t).exp();
      if (factor) *factor = (5.0 / 3.0) * (1 + t) * decay;
      *squares = (1 + t + (5.0 / 3.0) * *squares) * decay;
      return;
    }
    case Kind::kRational: {
      const double alpha = std::exp(theta[Index(dimension_) + 1]);
      const ArrayXXd log_base = (*squares / (2 * alpha)).log1p();
      *squares = (-alpha * log_base).exp();
      if (factor) *factor = *squares * (-log_base).exp();
      return;
    }
    default:  // squared exponential, also of circles
      *squares = (-0.5 * *squares).exp();
      if (factor) *factor = *squares;
  }
}

ArrayXXd Kernel::Value(const MatrixXd& a, const MatrixXd& b, const Theta& theta) const {
  if (leaf()) {
    ArrayXXd k = DistancesSquared(Scale(a, theta), Scale(b, theta));
    Correlate(theta, &k, nullptr);
    k *= std::exp(theta[Index(dimension_)]);
    return k;
  }
  const Index first = Index(parts_[0].size());
  const ArrayXXd left = parts_[0].Value(a, b, theta.head(first));
  const ArrayXXd right = parts_[1].Value(a, b, theta.tail(theta.size() - first));
  if (kind_ == Kind::kSum) return left + right;
  return left * right;
}

// A sum or product comes before its parts on the tape, left before right.
ArrayXXd Kernel::Taped(const MatrixXd& a, const Theta& theta, Tape* tape) const {
  if (leaf()) {
    Record record;
    record.scaled = Scale(a, theta);
    record.correlation = DistancesSquared(record.scaled, record.scaled);
    Correlate(theta, &record.correlation, &record.factor);
    ArrayXXd value = std::exp(theta[Index(dimension_)]) * record.correlation;
    tape->push_back(std::move(record));
    return value;
  }
  const Index first = Index(parts_[0].size());
  const size_t place = tape->size();
  tape->emplace_back();
  ArrayXXd left = parts_[0].Taped(a, theta.head(first), tape);
  ArrayXXd right = parts_[1].Taped(a, theta.tail(theta.size() - first), tape);
  if (kind_ == Kind::kSum) return left + right;
  ArrayXXd value = left * right;
  (*tape)[place].left = std::move(left);
  (*tape)[place].right = std::move(right);
  return value;
}

void Kernel::Gradient(const MatrixXd& a, const Theta& theta, const Tape& tape, size_t* at,
                      const ArrayXXd& w, Eigen::Ref<VectorXd> gradient) const {
  const Record& record = tape[(*at)++];
  if (leaf()) return LeafGradient(a, theta, record, w, gradient);
  const bool sum = kind_ == Kind::kSum;
  const Index first = Index(parts_[0].size()), second = theta.size() - first;
  parts_[0].Gradient(a, theta.head(first), tape, at, sum ? w : ArrayXXd(w * record.right),
                     gradient.head(first));
  parts_[1].Gradient(a, theta.tail(second), tape, at, sum ? w : ArrayXXd(w * record.left),
                     gradient.tail(second));
}

void Kernel::LeafGradient(const MatrixXd& a, const Theta& theta, const Record& record,
                          const ArrayXXd& w, Eigen::Ref<VectorXd> gradient) const {
  const Index d = Index(dimension_), n = a.rows();
  const double variance = std::exp(theta[d]);
  const ArrayXXd h = w * record.factor;
  const MatrixXd& z = record.scaled;
  gradient.setZero();
  for (Index c = 0; c < z.cols(); ++c) {  // dk/d ln ℓ_i = s² factor (Δ_i/ℓ_i)²
    double sum = 0;
    for (Index j = 0; j < n; ++j) sum += (h.col(j) * (z.col(c).array() - z(j, c)).square()).sum();
    gradient[c % d] += variance * sum;
  }
  gradient[d] = variance * (w * record.correlation).sum();
  if (kind_ == Kind::kRational) {
    // With u = r²/2α: ln k = −α ln(1 + u), d ln k/d ln α = α (u/(1 + u) − ln(1 + u)).
    const double alpha = std::exp(theta[d + 1]);
    const ArrayXXd log_base = -record.correlation.log() / alpha;  // ln(1 + u)
    gradient[d + 1] =
        variance * alpha * (w * record.correlation * (1 - (-log_base).exp() - log_base)).sum();
  }
  if (kind_ != Kind::kPeriodic) return;
  for (Index c = 0; c < d; ++c) {  // dk/d ln p = s² ρ δ sin δ/ℓ², δ = 2π Δ/p
    const double turn = 2 * M_PI * std::exp(-theta[d + 1 + c]);
    const auto cosine = z.col(c).array(), sine = z.col(d + c).array();
    double sum = 0;
    for (Index j = 0; j < n; ++j) {
      sum +=
          (h.col(j) * turn * (a.col(c).array() - a(j, c)) * (sine * z(j, c) - cosine * z(j, d + c)))
              .sum();
    }
    gradient[d + 1 + c] = variance * sum;
  }
}

VectorXd Kernel::Point(const MatrixXd& a, const VectorXd& x, const Theta& theta,
                       MatrixXd* jacobian) const {
  const Index d = Index(dimension_);
  if (!leaf()) {
    const Index first = Index(parts_[0].size());
    MatrixXd of_right;
    const VectorXd left = parts_[0].Point(a, x, theta.head(first), jacobian);
    const VectorXd right =
        parts_[1].Point(a, x, theta.tail(theta.size() - first), jacobian ? &of_right : nullptr);
    if (kind_ == Kind::kSum) {
      if (jacobian) *jacobian += of_right;
      return left + right;
    }
    if (jacobian) {
      *jacobian = right.asDiagonal() * *jacobian;
      *jacobian += left.asDiagonal() * of_right;
    }
    return left.cwiseProduct(right);
  }
  const double variance = std::exp(theta[d]);
  const MatrixXd z = Scale(a, theta), zx = Scale(x.transpose(), theta);
  MatrixXd difference = z.rowwise() - zx.row(0);
  ArrayXXd k = difference.rowwise().squaredNorm().array(), factor;
  Correlate(theta, &k, jacobian ? &factor : nullptr);
  if (jacobian && kind_ != Kind::kPeriodic) {
    const VectorXd inverse = (-theta.head(d).array()).exp();
    *jacobian =
        (variance * factor.col(0)).matrix().asDiagonal() * difference * inverse.asDiagonal();
  } else if (jacobian) {
    jacobian->resize(a.rows(), d);
    for (Index c = 0; c < d; ++c) {
      const double turn = 2 * M_PI * std::exp(-theta[d + 1 + c]);
      jacobian->col(c) = (-variance * turn * factor.col(0) *
                          (zx(0, d + c) * z.col(c).array() - zx(0, c) * z.col(d + c).array()))
                             .matrix();
    }
  }
  return (variance * k.col(0)).matrix();
}

double Kernel::VarianceOf(const Theta& theta) const {
  if (leaf()) return std::exp(theta[Index(dimension_)]);
  const Index first = Index(parts_[0].size());
  const double left = parts_[0].VarianceOf(theta.head(first));
  const double right = parts_[1].VarianceOf(theta.tail(theta.size() - first));
  return kind_ == Kind::kSum ? left + right : left * right;
}

ArrayXXd Kernel::Evaluate(const MatrixXd& a, const MatrixXd& b, const VectorXd& theta) const {
  RONCHI_CHECK_EQ(size_t(theta.size()), size());
  return Value(a, b, theta);
}

ArrayXXd Kernel::Evaluate(const MatrixXd& a, const VectorXd& theta, Tape* tape) const {
  RONCHI_CHECK_EQ(size_t(theta.size()), size());
  tape->clear();
  return Taped(a, theta, tape);
}

VectorXd Kernel::ParameterGradient(const MatrixXd& a, const VectorXd& theta, const Tape& tape,
                                   const ArrayXXd& w) const {
  VectorXd gradient{Index(size())};
  size_t at = 0;
  Gradient(a, theta, tape, &at, w, gradient);
  return gradient;
}

VectorXd Kernel::AtPoint(const MatrixXd& a, const VectorXd& x, const VectorXd& theta,
                         MatrixXd* jacobian) const {
  return Point(a, x, theta, jacobian);
}

double Kernel::Variance(const VectorXd& theta) const { return VarianceOf(theta); }

}  // namespace ronchi::agents
