// Covariance functions as values (Rasmussen & Williams 2006, chapter 4): leaves with one length
// scale a dimension (ARD), their sums and their products, with analytic gradients by their
// parameters and by x. With r² = Σ (x_i − x'_i)²/ℓ_i² and a variance s² in front, the leaves are
//   Matern12            e^{−r}
//   Matern32            (1 + √3 r) e^{−√3 r}
//   Matern52            (1 + √5 r + 5r²/3) e^{−√5 r}
//   SquaredExponential  e^{−r²/2}
//   RationalQuadratic   (1 + r²/2α)^{−α}
//   Periodic            exp(−2 Σ sin²(π (x_i − x'_i)/p_i) / ℓ_i²)     (MacKay 1998)
// Parameters are logarithms, in the order of the leaves from left to right; a leaf has
// [d length scales, variance] and behind them α (RationalQuadratic) or d periods (Periodic).
// Values; serial; every function is deterministic.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace ronchi::agents {

class Kernel {
 public:
  enum class Parameter { kLengthScale, kVariance, kShape, kPeriod };

  static Kernel Matern12(size_t dimension);
  static Kernel Matern32(size_t dimension);
  static Kernel Matern52(size_t dimension);
  static Kernel SquaredExponential(size_t dimension);
  static Kernel RationalQuadratic(size_t dimension);
  static Kernel Periodic(size_t dimension);
  // Both of one dimension.
  friend Kernel operator+(const Kernel& a, const Kernel& b);
  friend Kernel operator*(const Kernel& a, const Kernel& b);

  size_t dimension() const { return dimension_; }
  size_t size() const;                        // p, the number of parameters
  std::vector<Parameter> parameters() const;  // [p], what each is

  // What Evaluate leaves for ParameterGradient.
  struct Record {
    Eigen::MatrixXd scaled;               // of a leaf: [n, d] or, Periodic, [n, 2d]
    Eigen::ArrayXXd correlation, factor;  // of a leaf: [n, n] each
    Eigen::ArrayXXd left, right;          // of a product: its parts' values
  };
  using Tape = std::vector<Record>;

  // [n, m] of k(a_i, b_j); a [n, d], b [m, d], theta [p].
  Eigen::ArrayXXd Evaluate(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b,
                           const Eigen::VectorXd& theta) const;
  // The same for b = a, with a tape.
  Eigen::ArrayXXd Evaluate(const Eigen::MatrixXd& a, const Eigen::VectorXd& theta,
                           Tape* tape) const;
  // [p]: Σ_ij w_ij dk(a_i, a_j)/dθ. `w` [n, n]; the tape is that of (a, theta).
  Eigen::VectorXd ParameterGradient(const Eigen::MatrixXd& a, const Eigen::VectorXd& theta,
                                    const Tape& tape, const Eigen::ArrayXXd& w) const;
  // k(x, a_j) [n] and, unless nullptr, its gradient dk(x, a_j)/dx [n, d]. (Matern12 has none at
  // x = a_j; zero, the mean of both sides, is given.)
  Eigen::VectorXd AtPoint(const Eigen::MatrixXd& a, const Eigen::VectorXd& x,
                          const Eigen::VectorXd& theta, Eigen::MatrixXd* jacobian) const;
  double Variance(const Eigen::VectorXd& theta) const;  // k(x, x), the same everywhere

 private:
  enum class Kind {
    kMatern12,
    kMatern32,
    kMatern52,
    kSquared,
    kRational,
    kPeriodic,
    kSum,
    kProduct
  };
  using Theta = Eigen::Ref<const Eigen::VectorXd>;
  Kernel(Kind kind, size_t dimension, std::vector<Kernel> parts = {});

  bool leaf() const { return parts_.empty(); }
  Eigen::MatrixXd Scale(const Eigen::MatrixXd& x, const Theta& theta) const;
  void Correlate(const Theta& theta, Eigen::ArrayXXd* squares, Eigen::ArrayXXd* factor) const;
  Eigen::ArrayXXd Value(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b,
                        const Theta& theta) const;
  Eigen::ArrayXXd Taped(const Eigen::MatrixXd& a, const Theta& theta, Tape* tape) const;
  void Gradient(const Eigen::MatrixXd& a, const Theta& theta, const Tape& tape, size_t* at,
                const Eigen::ArrayXXd& w, Eigen::Ref<Eigen::VectorXd> gradient) const;
  void LeafGradient(const Eigen::MatrixXd& a, const Theta& theta, const Record& record,
                    const Eigen::ArrayXXd& w, Eigen::Ref<Eigen::VectorXd> gradient) const;
  Eigen::VectorXd Point(const Eigen::MatrixXd& a, const Eigen::VectorXd& x, const Theta& theta,
                        Eigen::MatrixXd* jacobian) const;
  double VarianceOf(const Theta& theta) const;

  Kind kind_;
  size_t dimension_;
  std::vector<Kernel> parts_;  // of a sum or product: two
};

}  // namespace ronchi::agents
