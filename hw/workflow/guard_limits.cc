#include "hw/workflow/guard_limits.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/workflow/check.h"

namespace ronchi::hw::workflow {
namespace internal {

absl::StatusOr<Interval> LimitOf(const Formula& formula, const Scope& scope,
                                 const PropertyInfo& p) {
  RONCHI_ASSIGN_OR_RETURN(const Value value, EvaluateExactly(formula, scope));
  const bool plain = value.type == Type::kNumber && value.unit.IsNumber();
  if (!plain || p.dimension == Dimension::kNone) return Number(formula, scope, p.dimension);
  const double reach = std::max({std::fabs(p.min), std::fabs(p.max), p.max - p.min});
  if (std::fabs(value.number.low) > reach) {
    return At(formula,
              absl::StrCat("without a unit it is ", Format({value.number.low, p.dimension}),
                           ", and the instrument's own limits are ", Format({p.min, p.dimension}),
                           " … ", Format({p.max, p.dimension}), "; write the unit"));
  }
  return value.number;
}

absl::StatusOr<double> RateOf(const Formula& formula, const Scope& scope, const PropertyInfo& p) {
  RONCHI_ASSIGN_OR_RETURN(const Value value, EvaluateExactly(formula, scope));
  const Exponents rate = Exponents::Of(p.dimension).Times(Exponents::Of(Dimension::kTime), -1);
  const bool plain = value.unit.IsNumber();
  if (value.type != Type::kNumber || !(plain || value.unit == rate)) {
    return At(formula, absl::StrCat("a ", value.Kind(), "; expected ", rate.Name(),
                                    ", as in \"1 nm / (1 s)\", or a plain number, in SI units"));
  }
  if (!(value.number.low >= 0)) return At(formula, "must not be below 0");
  return value.number.low;
}

}  // namespace internal

absl::StatusOr<std::map<std::string, Limits>> GuardLimits(const Workflow& workflow,
                                                          const Description& description) {
  RONCHI_ASSIGN_OR_RETURN(const Description limited, WithLimits(workflow, description));
  RONCHI_ASSIGN_OR_RETURN(const Scope scope, Constants(workflow));
  std::map<std::string, Limits> all;
  for (const PropertyLimits& l : workflow.limits) {
    const PropertyInfo* p = limited.FindProperty(l.property);
    Limits limits{p->min, p->max, p->max_step, p->max_rate};
    if (l.rate) {
      RONCHI_ASSIGN_OR_RETURN(const double rate, internal::RateOf(*l.rate, scope, *p));
      limits.max_rate = std::min(limits.max_rate, rate);
    }
    all[l.property] = limits;
  }
  return all;
}

}  // namespace ronchi::hw::workflow
