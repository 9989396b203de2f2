// The aberration function in Krivanek's notation, to fifth order:
//   χ(α, φ) = (2π/λ) Σ_nm C_nm α^{n+1}/(n+1) cos m(φ − φ_nm)
//           = (2π/λ) Σ_nm α^{n+1}/(n+1) [a_nm cos mφ + b_nm sin mφ],
// a = C cos mφ_nm, b = C sin mφ_nm (Krivanek, Dellby, Lupini, Ultramicroscopy 78, 1 (1999)).
// Lengths in Å, angles in rad. Defocus is −C10: positive (underfocus) focuses below the entrance face.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace ronchi::sim {

struct AberrationTerm {
  int n, m;
  std::string_view name;
};
inline constexpr std::array<AberrationTerm, 14> kAberrationTerms = {{{1, 0, "C10"},
                                                                     {1, 2, "C12"},
                                                                     {2, 1, "C21"},
                                                                     {2, 3, "C23"},
                                                                     {3, 0, "C30"},
                                                                     {3, 2, "C32"},
                                                                     {3, 4, "C34"},
                                                                     {4, 1, "C41"},
                                                                     {4, 3, "C43"},
                                                                     {4, 5, "C45"},
                                                                     {5, 0, "C50"},
                                                                     {5, 2, "C52"},
                                                                     {5, 4, "C54"},
                                                                     {5, 6, "C56"}}};
// The same terms in Haider's notation, as CEOS correctors name them: a + ib = factor · coefficient
// (Uhlemann & Haider, Ultramicroscopy 72, 109 (1998); docs/conventions.md), in the table's order.
struct HaiderTerm {
  std::string_view name;
  int factor;
};
inline constexpr std::array<HaiderTerm, kAberrationTerms.size()> kHaiderTerms = {{{"C1", 1},
                                                                                  {"A1", 1},
                                                                                  {"B2", 3},
                                                                                  {"A2", 1},
                                                                                  {"C3", 1},
                                                                                  {"S3", 4},
                                                                                  {"A3", 1},
                                                                                  {"B4", 5},
                                                                                  {"D4", 5},
                                                                                  {"A4", 1},
                                                                                  {"C5", 1},
                                                                                  {"S5", 6},
                                                                                  {"R5", 6},
                                                                                  {"A5", 1}}};
// Indices into the table of those that have a use of their own.
inline constexpr int kC10 = 0, kC12 = 1, kC21 = 2, kC23 = 3, kC30 = 4;

struct Aberrations {
  std::array<double, kAberrationTerms.size()> a_A{};  // C_nm cos mφ_nm
  std::array<double, kAberrationTerms.size()> b_A{};  // C_nm sin mφ_nm; 0 where m = 0

  void SetPolar(int term, double amplitude_A, double phi_rad);
  // χ in rad at the angles (x_rad, y_rad) = α (cos φ, sin φ).
  double Chi(double x_rad, double y_rad, double wavelength_A) const;
};

}  // namespace ronchi::sim
