// Expressions with some names, and what they give.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "hw/workflow/expression.h"

namespace ronchi::hw::workflow {

inline const Exponents kLength = Exponents::Of(Dimension::kLength);

inline Value ImageOf(std::vector<std::vector<float>> frames, size_t width) {
  auto images = std::make_shared<Images>();
  images->detector = "haadf";
  for (auto& f : frames) {
    const size_t height = f.size() / width;
    images->frames.emplace_back(std::vector<size_t>{height, width}, std::move(f));
  }
  return Value::Image(images);
}

inline Scope KnownNames() {
  Scope s;
  s["x"] = Value::Number(3);
  s["d"] = Value::Of(Nanometres(2));
  s["flag"] = Value::Bool(true);
  s["mode"] = Value::Text("fast");
  s["list"] = Value::List({{1, 1}, {5, 5}, {3, 3}}, {});
  s["frame.haadf"] = ImageOf({{1, 2, 3, 4}, {1, 2, 3, 4}}, 2);
  s["r.optics.C12.a"] = Value::Of(Nanometres(-7));
  s["half"] = Value::Number(1);
  s["half"].maybe = true;
  return s;
}

inline Value ValueOf(const std::string& text) {
  const auto e = Expression::Parse(text);
  EXPECT_TRUE(e.ok()) << text << ": " << e.status();
  if (!e.ok()) return {};
  const auto v = e->EvaluateExactly(KnownNames());
  EXPECT_TRUE(v.ok()) << text << ": " << v.status();
  return v.ok() ? *v : Value();
}

inline void ExpectNumber(const std::string& text, double si, Exponents unit = {}) {
  const Value v = ValueOf(text);
  EXPECT_EQ(v.type, Type::kNumber) << text;
  // Both sides are computed in doubles: a few units in the last place.
  EXPECT_NEAR(v.number.low, si, 4e-15 * std::fabs(si)) << text;
  EXPECT_EQ(v.unit, unit) << text << " is a " << v.Kind();
}

}  // namespace ronchi::hw::workflow
