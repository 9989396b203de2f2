// Recursive descent:
//   or := and {"or" and};  and := not {"and" not};  not := "not" not | comparison
//   comparison := sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]
//   sum := product {("+" | "-") product};  product := sign {("*" | "/") sign}
//   sign := "-" sign | power;  power := index ["^" ["-"] digits]
//   index := primary {"[" or "]"};  primary := number [unit] | text | name | call | "(" or ")" |
//   list
#include <algorithm>
#include <cctype>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "hw/workflow/expression_node.h"
#include "hw/workflow/functions.h"

namespace ronchi::hw::workflow {
namespace {

constexpr int kDeepest = 50;       // brackets within brackets
constexpr size_t kLongest = 2000;  // characters; no formula of a workflow needs more
constexpr size_t kMostArguments = 1000;

using Node = Expression::Node;

bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<Node> ParseAll() {
    if (text_.size() > kLongest)
      return Error(absl::StrCat("longer than ", kLongest, " characters"));
    Node node = Or();
    Skip();
    if (error_.ok() && at_ < text_.size())
      Fail("expected an operator or the end, found " + Found());
    if (!error_.ok()) return error_;
    return node;
  }

 private:
  void Skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  size_t Column(size_t at) const {  // in characters: UTF-8's continuation bytes do not count
    return 1 + size_t(std::count_if(text_.begin(), text_.begin() + long(at),
                                    [](char c) { return (c & 0xC0) != 0x80; }));
  }
  absl::Status Error(std::string_view what) const { return AtColumn(Column(at_), what); }
  void Fail(std::string_view what) {
    if (error_.ok()) error_ = Error(what);
  }
  std::string Found() const {
    if (at_ >= text_.size()) return "the end";
    size_t end = at_ + 1;
    while (end < text_.size() && (text_[end] & 0xC0) == 0x80) ++end;
    return absl::StrCat("'", std::string(text_.substr(at_, end - at_)), "'");
  }

  bool Take(std::string_view sign) {
    Skip();
    if (text_.substr(at_, sign.size()) != sign) return false;
    at_ += sign.size();
    return true;
  }
  void Expect(std::string_view sign) {
    if (!Take(sign)) Fail(absl::StrCat("expected '", std::string(sign), "', found ", Found()));
  }
  bool TakeWord(std::string_view word) {
    Skip();
    if (text_.substr(at_, word.size()) != word) return false;
    const size_t end = at_ + word.size();
    if (end < text_.size() && (IsLetter(text_[end]) || IsDigit(text_[end]) || text_[end] == '.')) {
      return false;
    }
    at_ = end;
    return true;
  }

  Node Make(Node::Kind kind, std::string name, size_t at, std::vector<Node> children) const {
    Node n;
    n.kind = kind;
    n.name = std::move(name);
    n.column = Column(at);
    n.children = std::move(children);
    return n;
  }
  Node Operator(std::string name, size_t at, Node a, Node b) const {
    std::vector<Node> children;
    children.push_back(std::move(a));
    children.push_back(std::move(b));
    return Make(Node::Kind::kOperator, std::move(name), at, std::move(children));
  }

  Node Or() {
    if (++depth_ > kDeepest) {
      Fail("nested too deeply");
      return {};
    }
    Node left = And();
    for (size_t at = at_; error_.ok() && TakeWord("or"); at = at_) {
      left = Operator("or", at, std::move(left), And());
    }
    --depth_;
    return left;
  }
  Node And() {
    Node left = Not();
    for (size_t at = at_; error_.ok() && TakeWord("and"); at = at_) {
      left = Operator("and", at, std::move(left), Not());
    }
    return left;
  }
  Node Not() {
    Skip();
    const size_t at = at_;
    bool negate = false, any = false;
    while (TakeWord("not")) {
      negate = !negate;
      any = true;
    }
    Node inner = Comparison();
    if (!any) return inner;
    std::vector<Node> children;
    children.push_back(std::move(inner));
    Node once = Make(Node::Kind::kOperator, "not", at, std::move(children));
    if (negate) return once;
    std::vector<Node> twice;
    twice.push_back(std::move(once));
    return Make(Node::Kind::kOperator, "not", at, std::move(twice));
  }
  Node Comparison() {
    Node left = Sum();
    Skip();
    const size_t at = at_;
    for (const char* sign : {"<=", ">=", "==", "!=", "<", ">"}) {
      if (!error_.ok() || !Take(sign)) continue;
      left = Operator(sign, at, std::move(left), Sum());
      Skip();
      for (const char* second : {"<", ">", "==", "!="}) {
        if (error_.ok() && text_.substr(at_, std::string_view(second).size()) == second) {
          Fail("comparisons do not chain; write a < b and b < c");
        }
      }
      break;
    }
    return left;
  }
  Node Sum() { return Chain({"+", "-"}, &Parser::Product); }
  Node Product() { return Chain({"*", "/"}, &Parser::Sign); }
  Node Chain(std::vector<const char*> signs, Node (Parser::*next)()) {
    Node left = (this->*next)();
    while (error_.ok()) {
      Skip();
      const size_t at = at_;
      const auto sign = std::find_if(signs.begin(), signs.end(), [&](auto s) { return Take(s); });
      if (sign == signs.end()) break;
      left = Operator(*sign, at, std::move(left), (this->*next)());
    }
    return left;
  }
  Node Sign() {
    Skip();
    const size_t at = at_;
    int minuses = 0;
    while (Take("-")) ++minuses;
    Node inner = Power();
    if (minuses % 2 == 0) return inner;
    std::vector<Node> children;
    children.push_back(std::move(inner));
    return Make(Node::Kind::kOperator, "-", at, std::move(children));
  }
  Node Power() {
    Node base = Index();
    Skip();
    const size_t at = at_;
    if (!error_.ok() || !Take("^")) return base;
    const bool negative = Take("-");
    Skip();
    int n = 0;
    size_t end = at_;
    while (end < text_.size() && IsDigit(text_[end])) ++end;
    if (!absl::SimpleAtoi(std::string(text_.substr(at_, end - at_)), &n) || n > 8) {
      Fail("expected a whole power up to 8, found " + Found());
      return base;
    }
    at_ = end;
    Node power;
    power.literal = Value::Number(negative ? -n : n);
    power.column = Column(at);
    return Operator("^", at, std::move(base), std::move(power));
  }
  Node Index() {
    Node base = Primary();
    while (error_.ok()) {
      Skip();
      const size_t at = at_;
      if (!Take("[")) break;
      base = Operator("[]", at, std::move(base), Or());
      Expect("]");
    }
    return base;
  }

  Node Primary() {
    Skip();
    const size_t at = at_;
    if (!error_.ok()) return {};
    if (Take("(")) {
      Node inner = Or();
      Expect(")");
      return inner;
    }
    if (Take("[")) return Make(Node::Kind::kOperator, "list", at, Arguments("]"));
    if (at_ < text_.size() && (IsDigit(text_[at_]) || text_[at_] == '.')) return Literal();
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return Quoted();
    if (at_ < text_.size() && IsLetter(text_[at_])) return NameOrCall();
    Fail("expected a number, a name, a function or '(', found " + Found());
    return {};
  }

  std::vector<Node> Arguments(const char* end) {
    std::vector<Node> all;
    if (Take(end)) return all;
    do {
      all.push_back(Or());
    } while (error_.ok() && all.size() < kMostArguments && Take(","));
    Expect(end);
    return all;
  }

  Node Literal() {
    const size_t at = at_;
    size_t end = at_;
    while (end < text_.size() && (IsDigit(text_[end]) || text_[end] == '.')) ++end;
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      size_t digits = end + 1;
      if (digits < text_.size() && (text_[digits] == '-' || text_[digits] == '+')) ++digits;
      if (digits < text_.size() && IsDigit(text_[digits])) {  // else a unit: 5 e/A^2
        while (digits < text_.size() && IsDigit(text_[digits])) ++digits;
        end = digits;
      }
    }
    Node n;
    n.column = Column(at);
    double value = 0;
    if (!absl::SimpleAtod(std::string(text_.substr(at_, end - at_)), &value) ||
        !std::isfinite(value)) {
      Fail(absl::StrCat("'", std::string(text_.substr(at_, end - at_)), "' is not a number"));
      return n;
    }
    at_ = end;
    n.literal = Value::Of(TakeUnit(value));
    return n;
  }

  // The longest unit that begins here; 1 with no dimension when there is none.
  Quantity TakeUnit(double value) {
    size_t begin = at_;
    while (begin < text_.size() && text_[begin] == ' ') ++begin;
    constexpr size_t kLongestUnit = 12;
    for (size_t n = std::min(kLongestUnit, text_.size() - begin); n > 0; --n) {
      const std::string_view unit = text_.substr(begin, n);
      if (unit.find(' ') != std::string_view::npos) continue;
      const size_t end = begin + n;
      if (end < text_.size() && (IsLetter(text_[end]) || IsDigit(text_[end]))) continue;
      const auto q = ParseQuantity(absl::StrCat("1 ", std::string(unit)));
      if (!q.ok()) continue;
      at_ = end;
      return {value * q->si, q->dimension};
    }
    // A word that is neither unit nor operator: say which units there are.
    if (begin < text_.size() && (IsLetter(text_[begin]) || (text_[begin] & 0x80))) {
      size_t end = begin;
      while (end < text_.size() && text_[end] != ' ' && text_[end] != ')' && text_[end] != ',')
        ++end;
      const std::string word(text_.substr(begin, end - begin));
      if (word != "and" && word != "or") {
        const auto q = ParseQuantity(absl::StrCat("1 ", word));
        at_ = begin;
        Fail(q.ok() ? "unknown unit" : std::string(q.status().message()));
      }
    }
    return Quantity{value, Dimension::kNone};
  }

  Node Quoted() {
    const size_t at = at_;
    const char quote = text_[at_];
    const size_t end = text_.find(quote, at_ + 1);
    Node n;
    n.column = Column(at);
    if (end == std::string_view::npos) {
      Fail("a quote that does not end");
      return n;
    }
    n.literal = Value::Text(std::string(text_.substr(at_ + 1, end - at_ - 1)));
    at_ = end + 1;
    return n;
  }

  Node NameOrCall() {
    const size_t at = at_;
    size_t end = at_;
    while (end < text_.size() &&
           (IsLetter(text_[end]) || IsDigit(text_[end]) ||
            (text_[end] == '.' && end + 1 < text_.size() && IsLetter(text_[end + 1])))) {
      ++end;
    }
    const std::string name(text_.substr(at_, end - at_));
    if (name == "and" || name == "or") {
      Fail(absl::StrCat("expected a value before '", name, "'"));
      return {};
    }
    at_ = end;
    if (Take("(")) {
      if (!IsFunction(name)) {
        at_ = at;
        Fail(absl::StrCat("no function '", name, "'; there are: ", FunctionNames()));
        return {};
      }
      return Make(Node::Kind::kCall, name, at, Arguments(")"));
    }
    Node n = Make(Node::Kind::kName, name, at, {});
    const auto constant = [&](Value value) {
      n.literal = std::move(value);
      n.kind = Node::Kind::kLiteral;
    };
    if (name == "true" || name == "false") constant(Value::Bool(name == "true"));
    if (name == "pi") constant(Value::Number(M_PI));
    if (name == "elementary_charge") {
      constant(
          Value::Number(kElementaryCharge_C,
                        Exponents::Of(Dimension::kCurrent).Times(Exponents::Of(Dimension::kTime))));
    }
    if (IsFunction(name)) {
      at_ = at;
      Fail(absl::StrCat(name, " is a function; write ", name, "(…)"));
    }
    return n;
  }

  const std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  absl::Status error_;
};

}  // namespace

absl::Status AtColumn(size_t column, std::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat("column ", column, ": ", std::string(message)));
}

bool IsReserved(std::string_view name) {
  for (const char* word :
       {"and", "or", "not", "true", "false", "pi", "elementary_charge", "spent"}) {
    if (name == word) return true;
  }
  return IsFunction(name);
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && IsLetter(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsLetter(c) || IsDigit(c); });
}

absl::StatusOr<Expression> Expression::Parse(std::string_view text) {
  Expression e;
  e.text_ = std::string(text);
  RONCHI_ASSIGN_OR_RETURN(Node root, Parser(e.text_).ParseAll());
  e.root_ = std::make_shared<const Node>(std::move(root));
  return e;
}

}  // namespace ronchi::hw::workflow
