#include "hw/workflow/expression.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "hw/workflow/expression_node.h"
#include "hw/workflow/functions.h"

namespace ronchi::hw::workflow {
namespace {

using Node = Expression::Node;

// What a node is evaluated with.
struct Context {
  const Scope& scope;
  std::vector<std::string>* doubts = nullptr;
  void Doubt(const Node& node, const std::string& what) const {
    if (doubts) doubts->push_back(std::string(AtColumn(node.column, what).message()));
  }
};

absl::StatusOr<Value> ValueOfNode(const Node& node, const Context& context);
void NarrowByNode(const Node& node, bool truth, Scope* scope);

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

absl::StatusOr<Value> Logic(const Node& node, const Context& context) {
  const bool is_or = node.name == "or";
  bool known = false;
  RONCHI_ASSIGN_OR_RETURN(const Value a, ValueOfNode(node.children[0], context));
  RONCHI_ASSIGN_OR_RETURN(const bool left, Definite(a, node, &known));
  // What is decided is not looked at further: n > 0 and x / n < 2.
  if (known && left == is_or) return Value::Bool(is_or);
  const bool left_known = known;
  // The right side is looked at where the left one has not decided: n > 0 and x / n < 2.
  std::optional<Scope> narrowed;
  if (context.doubts && !known) {
    narrowed = context.scope;
    NarrowByNode(node.children[0], !is_or, &*narrowed);
  }
  const Context there{narrowed ? *narrowed : context.scope, context.doubts};
  RONCHI_ASSIGN_OR_RETURN(const Value b, ValueOfNode(node.children[1], there));
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

absl::StatusOr<Value> Power(const Node& node, const Context& context, const Value& a, int n) {
  Interval result = {1, 1};
  if (n < 0) {
    if (a.number.exact() && a.number.low == 0) return AtColumn(node.column, "division by zero");
    if (a.number.Contains(0)) context.Doubt(node, "a division by zero is possible");
    RONCHI_ASSIGN_OR_RETURN(const Value positive, Power(node, context, a, -n));
    return Value::Range(Interval{1, 1} / positive.number, a.unit.Power(n));
  }
  for (int i = 0; i < n; ++i) result = result * a.number;
  if (n > 0 && n % 2 == 0) result.low = std::max(0.0, result.low);
  return Value::Range(result, a.unit.Power(n));
}

absl::StatusOr<Value> Arithmetic(const Node& node, const Context& context, const Value& a,
                                 const Value& b) {
  if (a.type != Type::kNumber || b.type != Type::kNumber) {
    return AtColumn(node.column, absl::StrCat("'", node.name, "' needs numbers, got a ", a.Kind(),
                                              " and a ", b.Kind()));
  }
  if (node.name == "*") return Value::Range(a.number * b.number, a.unit.Times(b.unit));
  if (node.name == "/") {
    if (b.number == Interval{0, 0}) return AtColumn(node.column, "division by zero");
    if (b.number.Contains(0)) context.Doubt(node, "a division by zero is possible");
    return Value::Range(a.number / b.number, a.unit.Times(b.unit, -1));
  }
  if (node.name == "^") return Power(node, context, a, int(b.number.low));
  if (!(a.unit == b.unit)) {
    return AtColumn(node.column,
                    absl::StrCat(node.name == "+" ? "cannot add a " : "cannot take from a ",
                                 a.Kind(), " a ", b.Kind()));
  }
  return Value::Range(node.name == "+" ? a.number + b.number : a.number - b.number, a.unit);
}

absl::StatusOr<Value> Index(const Node& node, const Context& context, const Value& list,
                            const Value& index) {
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
  if (first > last) {
    return AtColumn(node.column, absl::StrCat("no item ", index.Show(), "; items are 0 … ", n - 1));
  }
  if (!index.number.exact()) {
    context.Doubt(node, absl::StrCat("the item may be none of 0 … ", n - 1));
  }
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

// What a function may be asked beyond its domain; "" for what it is always defined for.
std::string FunctionDoubt(const Node& node, const std::vector<Value>& a) {
  if (a.empty() || a[0].type != Type::kNumber) return "";
  if (node.name == "sqrt" && a[0].number.low < 0) {
    return "the square root of a negative number is possible";
  }
  if (node.name == "log" && a[0].number.low <= 0) {
    return "the logarithm of a number that is not above zero is possible";
  }
  if (node.name == "clamp" && a.size() == 3 && a[1].number.high > a[2].number.low) {
    return "clamp(x, low, high): low may be above high";
  }
  return "";
}

absl::StatusOr<Value> ValueOfNode(const Node& node, const Context& context) {
  if (node.kind == Node::Kind::kLiteral) return node.literal;
  if (node.kind == Node::Kind::kName) return LookUp(node, context.scope);
  if (node.name == "or" || node.name == "and") return Logic(node, context);
  std::vector<Value> values;
  for (const Node& child : node.children) {
    RONCHI_ASSIGN_OR_RETURN(Value v, ValueOfNode(child, context));
    values.push_back(std::move(v));
  }
  absl::StatusOr<Value> value;
  if (node.kind == Node::Kind::kCall) {
    value = CallFunction(node.name, values);
    if (!value.ok()) return AtColumn(node.column, std::string(value.status().message()));
    const std::string doubt = FunctionDoubt(node, values);
    if (!doubt.empty()) context.Doubt(node, doubt);
  } else if (node.name == "list") {
    value = MakeList(node, values);
  } else if (values.size() == 1) {
    value = Unary(node, values[0]);
  } else if (node.name == "[]") {
    value = Index(node, context, values[0], values[1]);
  } else if (std::string("+-*/^").find(node.name) != std::string::npos) {
    value = Arithmetic(node, context, values[0], values[1]);
  } else {
    value = Compare(node, values[0], values[1]);
  }
  if (value.ok() && value->unit.IsBeyond()) {
    return AtColumn(node.column, "a dimension to a power beyond 100");
  }
  return value;
}

// The number of a name, or of a name inside abs(…), is at most (or at least) this.
void Limit(const Node& node, double bound, bool from_above, Scope* scope) {
  if (node.kind == Node::Kind::kCall && node.name == "abs" && from_above) {
    Limit(node.children[0], bound, true, scope);
    return Limit(node.children[0], -bound, false, scope);
  }
  // What has been spent grows from step to step: of it nothing is kept.
  if (node.kind != Node::Kind::kName || node.name.rfind("spent.", 0) == 0) return;
  const auto it = scope->find(node.name);
  if (it == scope->end() || it->second.type != Type::kNumber) return;
  Interval narrow = it->second.number;
  (from_above ? narrow.high : narrow.low) =
      from_above ? std::min(narrow.high, bound) : std::max(narrow.low, bound);
  if (narrow.low <= narrow.high) it->second.number = narrow;  // else nothing comes here
}

void NarrowComparison(const Node& node, bool truth, Scope* scope) {
  static const std::map<std::string, std::string> kNegated = {
      {"<", ">="}, {"<=", ">"}, {">", "<="}, {">=", "<"}, {"==", "!="}, {"!=", "=="}};
  const auto it = kNegated.find(node.name);
  if (it == kNegated.end()) return;
  const std::string op = truth ? node.name : it->second;
  const absl::StatusOr<Value> a = ValueOfNode(node.children[0], Context{*scope});
  const absl::StatusOr<Value> b = ValueOfNode(node.children[1], Context{*scope});
  if (!a.ok() || !b.ok() || a->type != Type::kNumber || b->type != Type::kNumber) return;
  const bool strict = op == "<" || op == ">";
  const auto below = [&](double v) { return strict ? std::nextafter(v, -kInfinity) : v; };
  const auto above = [&](double v) { return strict ? std::nextafter(v, kInfinity) : v; };
  if (op[0] == '<' || op == "==") {
    Limit(node.children[0], below(b->number.high), true, scope);
    Limit(node.children[1], above(a->number.low), false, scope);
  }
  if (op[0] == '>' || op == "==") {
    Limit(node.children[0], above(b->number.low), false, scope);
    Limit(node.children[1], below(a->number.high), true, scope);
  }
}

void NarrowByNode(const Node& node, bool truth, Scope* scope) {
  if (node.kind != Node::Kind::kOperator) return;
  if (node.name == "not") return NarrowByNode(node.children[0], !truth, scope);
  if (node.name == "and" || node.name == "or") {
    if ((node.name == "and") != truth) return;  // one of them, and not known which
    for (const Node& child : node.children) NarrowByNode(child, truth, scope);
    return;
  }
  if (node.children.size() == 2) NarrowComparison(node, truth, scope);
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

absl::StatusOr<Value> Expression::Evaluate(const Scope& scope,
                                           std::vector<std::string>* doubts) const {
  return ValueOfNode(*root_, Context{scope, doubts});
}

void Expression::Narrow(bool truth, Scope* scope) const { NarrowByNode(*root_, truth, scope); }

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
