#include "hw/workflow/expression.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/workflow/expression_node.h"
#include "hw/workflow/functions.h"

namespace ronchi::hw::workflow {
namespace {

using Node = Expression::Node;

absl::StatusOr<Value> Evaluate(const Node& node, const Scope& scope);

std::string KnownNames(const Scope& scope) {
  std::string all;
  for (const auto& [name, value] : scope) absl::StrAppend(&all, all.empty() ? "" : ", ", name);
  return all.empty() ? "none" : all;
}

absl::StatusOr<Value> LookUp(const Node& node, const Scope& scope) {
  const auto it = scope.find(node.name);
  if (it == scope.end()) {
    return AtColumn(node.column, absl::StrCat("nothing is called '", node.name,
                                              "' here; known: ", KnownNames(scope)));
  }
  if (it->second.maybe) {
    return AtColumn(node.column, absl::StrCat("'", node.name,
                                              "' is bound on some of the ways that lead here, and "
                                              "not on all"));
  }
  return it->second;
}

absl::StatusOr<bool> Definite(const Value& v, const Node& node, bool* known) {
  if (v.type != Type::kBool) {
    return AtColumn(
        node.column,
        absl::StrCat("'", node.name, "' needs true or false on both sides, got a ", v.Kind()));
  }
  *known = !(v.can_be_true && v.can_be_false);
  return v.can_be_true;
}

absl::StatusOr<Value> Logic(const Node& node, const Scope& scope) {
  const bool is_or = node.name == "or";
  bool known = false;
  RONCHI_ASSIGN_OR_RETURN(const Value a, Evaluate(node.children[0], scope));
  RONCHI_ASSIGN_OR_RETURN(const bool left, Definite(a, node, &known));
  // What is decided is not looked at further: n > 0 and x / n < 2.
  if (known && left == is_or) return Value::Bool(is_or);
  const bool left_known = known;
  RONCHI_ASSIGN_OR_RETURN(const Value b, Evaluate(node.children[1], scope));
  RONCHI_ASSIGN_OR_RETURN(const bool right, Definite(b, node, &known));
  if (known && right == is_or) return Value::Bool(is_or);
  if (left_known && known) return Value::Bool(!is_or);
  return Value::EitherBool();
}

Value Truth(bool can_be_true, bool can_be_false) {
  Value v = Value::EitherBool();
  v.can_be_true = can_be_true;
  v.can_be_false = can_be_false;
  return v;
}

absl::StatusOr<Value> Compare(const Node& node, const Value& a, const Value& b) {
  const std::string& op = node.name;
  const bool equality = op == "==" || op == "!=";
  if (a.type != b.type || (a.type == Type::kNumber && !(a.unit == b.unit))) {
    return AtColumn(node.column,
                    absl::StrCat("a ", a.Kind(), " and a ", b.Kind(), " cannot be compared"));
  }
  if (a.type == Type::kNumber) {
    const Interval &x = a.number, &y = b.number;
    if (op == "<") return Truth(x.low < y.high, x.high >= y.low);
    if (op == "<=") return Truth(x.low <= y.high, x.high > y.low);
    if (op == ">") return Truth(x.high > y.low, x.low <= y.high);
    if (op == ">=") return Truth(x.high >= y.low, x.low < y.high);
    const bool can_equal = x.low <= y.high && y.low <= x.high;
    const bool can_differ = !(x.exact() && y.exact() && x.low == y.low);
    return op == "==" ? Truth(can_equal, can_differ) : Truth(can_differ, can_equal);
  }
  if (!equality || a.type == Type::kImage || a.type == Type::kList) {
    return AtColumn(node.column, absl::StrCat("'", op, "' does not compare a ", a.Kind()));
  }
  bool can_equal = true, can_differ = true;
  if (a.type == Type::kBool) {
    can_equal = (a.can_be_true && b.can_be_true) || (a.can_be_false && b.can_be_false);
    can_differ = (a.can_be_true && b.can_be_false) || (a.can_be_false && b.can_be_true);
  } else if (a.text_known && b.text_known) {
    can_equal = a.text == b.text;
    can_differ = !can_equal;
  }
  return op == "==" ? Truth(can_equal, can_differ) : Truth(can_differ, can_equal);
}

absl::StatusOr<Value> Power(const Node& node, const Value& a, int n) {
  Interval result = {1, 1};
  if (n < 0) {
    if (a.number.exact() && a.number.low == 0) return AtColumn(node.column, "division by zero");
    RONCHI_ASSIGN_OR_RETURN(const Value positive, Power(node, a, -n));
    return Value::Range(Interval{1, 1} / positive.number, a.unit.Power(n));
  }
  for (int i = 0; i < n; ++i) result = result * a.number;
  if (n > 0 && n % 2 == 0) result.low = std::max(0.0, result.low);
  return Value::Range(result, a.unit.Power(n));
}

absl::StatusOr<Value> Arithmetic(const Node& node, const Value& a, const Value& b) {
  if (a.type != Type::kNumber || b.type != Type::kNumber) {
    return AtColumn(node.column, absl::StrCat("'", node.name, "' needs numbers, got a ", a.Kind(),
                                              " and a ", b.Kind()));
  }
  if (node.name == "*") return Value::Range(a.number * b.number, a.unit.Times(b.unit));
  if (node.name == "/") {
    if (b.number == Interval{0, 0}) return AtColumn(node.column, "division by zero");
    return Value::Range(a.number / b.number, a.unit.Times(b.unit, -1));
  }
  if (node.name == "^") return Power(node, a, int(b.number.low));
  if (!(a.unit == b.unit)) {
    return AtColumn(node.column,
                    absl::StrCat(node.name == "+" ? "cannot add a " : "cannot take from a ",
                                 a.Kind(), " a ", b.Kind()));
  }
  return Value::Range(node.name == "+" ? a.number + b.number : a.number - b.number, a.unit);
}

absl::StatusOr<Value> Index(const Node& node, const Value& list, const Value& index) {
  if (list.type != Type::kList || index.type != Type::kNumber || !index.unit.IsNumber()) {
    return AtColumn(node.column, absl::StrCat("[…] needs a list and a number, got a ", list.Kind(),
                                              " and a ", index.Kind()));
  }
  const double n = double(list.items.size());
  if (index.number.high < 0 || index.number.low > n - 1 ||
      (index.number.exact() && index.number.low != std::floor(index.number.low))) {
    return AtColumn(node.column, absl::StrCat("no item ", index.Show(), "; items are 0 … ", n - 1));
  }
  const size_t first = size_t(std::ceil(std::max(0.0, index.number.low)));
  const size_t last = size_t(std::floor(std::min(n - 1, index.number.high)));
  Interval all = list.items[first];
  for (size_t i = first + 1; i <= last; ++i) all = Join(all, list.items[i]);
  return Value::Range(all, list.unit);
}

absl::StatusOr<Value> MakeList(const Node& node, const std::vector<Value>& items) {
  Value list = Value::List({}, items.empty() ? Exponents() : items[0].unit);
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].type != Type::kNumber || !(items[i].unit == list.unit)) {
      return AtColumn(node.children[i].column,
                      absl::StrCat("a list holds numbers of one dimension; the first is a ",
                                   items[0].Kind(), ", this is a ", items[i].Kind()));
    }
    list.items.push_back(items[i].number);
  }
  return list;
}

absl::StatusOr<Value> Unary(const Node& node, const Value& v) {
  if (node.name == "not") {
    if (v.type != Type::kBool) {
      return AtColumn(node.column, absl::StrCat("'not' needs true or false, got a ", v.Kind()));
    }
    Value turned = Truth(v.can_be_false, v.can_be_true);
    if (v.likely) turned.likely = !*v.likely;
    return turned;
  }
  if (v.type != Type::kNumber) {
    return AtColumn(node.column, absl::StrCat("'-' needs a number, got a ", v.Kind()));
  }
  return Value::Range({-v.number.high, -v.number.low}, v.unit);
}

absl::StatusOr<Value> Evaluate(const Node& node, const Scope& scope) {
  if (node.kind == Node::Kind::kLiteral) return node.literal;
  if (node.kind == Node::Kind::kName) return LookUp(node, scope);
  if (node.name == "or" || node.name == "and") return Logic(node, scope);
  std::vector<Value> values;
  for (const Node& child : node.children) {
    RONCHI_ASSIGN_OR_RETURN(Value v, Evaluate(child, scope));
    values.push_back(std::move(v));
  }
  if (node.kind == Node::Kind::kCall) {
    absl::StatusOr<Value> value = CallFunction(node.name, values);
    if (!value.ok()) return AtColumn(node.column, std::string(value.status().message()));
    return value;
  }
  if (node.name == "list") return MakeList(node, values);
  if (values.size() == 1) return Unary(node, values[0]);
  if (node.name == "[]") return Index(node, values[0], values[1]);
  if (std::string("+-*/^").find(node.name) != std::string::npos) {
    return Arithmetic(node, values[0], values[1]);
  }
  return Compare(node, values[0], values[1]);
}

void Collect(const Node& node, std::vector<std::string>* names) {
  if (node.kind == Node::Kind::kName) names->push_back(node.name);
  for (const Node& child : node.children) Collect(child, names);
}

bool IsExact(const Value& v) {
  const auto known = [](const Interval& x) { return x.exact() && std::isfinite(x.low); };
  switch (v.type) {
    case Type::kNumber:
      return known(v.number);
    case Type::kBool:
      return v.IsTrue() || v.IsFalse();
    case Type::kText:
      return v.text_known;
    case Type::kImage:
      return v.images != nullptr;
    case Type::kList:
      break;
  }
  return std::all_of(v.items.begin(), v.items.end(), known);
}

}  // namespace

absl::StatusOr<Value> Expression::Evaluate(const Scope& scope) const {
  return workflow::Evaluate(*root_, scope);
}

absl::StatusOr<Value> Expression::EvaluateExactly(const Scope& scope) const {
  RONCHI_ASSIGN_OR_RETURN(Value v, Evaluate(scope));
  if (!IsExact(v)) {
    return AtColumn(1, absl::StrCat("'", text_, "' has no finite value: ", v.Show()));
  }
  return v;
}

std::vector<std::string> Expression::Names() const {
  std::vector<std::string> names;
  Collect(*root_, &names);
  return names;
}

}  // namespace ronchi::hw::workflow
