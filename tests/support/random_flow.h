// Workflows without sense, but of good form: loops, conditions, readings, moves by and to, points,
// spirals, parks, waits, budgets within, handlers. A function of the seed.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/random.h"

namespace ronchi::testing_support {

class RandomFlow {
 public:
  explicit RandomFlow(uint64_t seed) : random_({.seed = seed, .name = "test.random_flow"}) {}

  // `budget`: the line's mapping, "{dose: …}".
  std::string Document(const std::string& budget) {
    std::string text = absl::StrCat("version: 1\nworkflow: random\nbudget: ", budget,
                                    "\nguard: {dose: 1e40 e/A^2}\nsteps:\n");
    numbers_ = {};
    lengths_ = {};
    // A reading of each kind, an image, and names to change.
    absl::StrAppend(&text, "  - unblank\n  - read: optics.C10\n    as: r0\n",
                    "  - scan: {fov: 2 nm, pixels: 4, dwell: 1 us, detectors: haadf}\n    as: f0\n",
                    "  - let: {n0: 0, n1: 2, l0: 0 nm, l1: 3 nm}\n");
    numbers_ = {"n0", "n1", "mean(f0.haadf)", "contrast(f0.haadf)", "spent.commands"};
    lengths_ = {"l0", "l1", "r0.value"};
    text += Block(1, 3);
    text += "  - log: \"{n0} {n1} {l0} {l1}\"\n";
    if (random_.Below(3) == 0) {
      numbers_ = {"spent.commands"};
      lengths_ = {"3 nm"};
      text += "on_fault:\n  - unblank\n" + Block(1, 1, /*handler=*/true);
    }
    return text;
  }

 private:
  std::string Pad(int depth) const { return std::string(size_t(2 * depth), ' '); }
  const std::string& Any(const std::vector<std::string>& of) {
    return of[random_.Below(of.size())];
  }
  std::string Whole(uint64_t most) { return absl::StrCat(random_.Below(most + 1)); }

  std::string Number(int depth = 2) {
    const uint64_t kind = random_.Below(depth > 0 ? 12 : 3);
    if (kind < 2) return Any(numbers_);
    if (kind == 2) return absl::StrCat(int(random_.Below(9)) - 4);
    const std::string a = Number(depth - 1), b = Number(depth - 1);
    switch (kind) {
      case 3:
        return absl::StrCat("(", a, " + ", b, ")");
      case 4:
        return absl::StrCat("(", a, " - ", b, ")");
      case 5:
        return absl::StrCat("(", a, " * ", b, ")");
      case 6:
        return absl::StrCat("(", a, " / ", b, ")");
      case 7:
        return absl::StrCat("abs(", a, ")");
      case 8:
        return absl::StrCat("sqrt(", a, ")");
      case 9:
        return absl::StrCat("clamp(", a, ", -3, 3)");
      case 10:
        return absl::StrCat("max(", a, ", ", b, ")");
      default:
        return absl::StrCat("floor(sin(", a, ") * 3)");
    }
  }
  std::string Length() {
    switch (random_.Below(5)) {
      case 0:
        return absl::StrCat(int(random_.Below(21)) - 10, " nm");
      case 1:
        return absl::StrCat("(", Any(lengths_), " + ", Any(lengths_), ")");
      case 2:
        return absl::StrCat("clamp(", Number(), ", -20, 20) * (1 nm)");
      default:
        return Any(lengths_);
    }
  }
  // A length within ± most nm; not always provably so.
  std::string Bounded(int most) {
    if (random_.Below(12) == 0) return Length();
    return absl::StrCat("clamp(", Length(), ", -", most, " nm, ", most, " nm)");
  }
  std::string Small(const char* unit) {
    if (random_.Below(2)) return absl::StrCat(1 + random_.Below(5), " ", unit);
    return absl::StrCat("clamp(", Number(), ", 0.5, 4) * (1 ", unit, ")");
  }
  std::string Condition() {
    static constexpr const char* kSigns[] = {"<", "<=", ">", ">=", "==", "!="};
    const char* sign = kSigns[random_.Below(6)];
    std::string c = random_.Below(3) ? absl::StrCat(Number(), " ", sign, " ", Number(1))
                                     : absl::StrCat(Length(), " ", sign, " ", Length());
    if (random_.Below(4) == 0) c = absl::StrCat("not (", c, ")");
    if (random_.Below(4) == 0) {
      absl::StrAppend(&c, random_.Below(2) ? " and " : " or ", Number(0), " ", sign, " ",
                      Number(0));
    }
    return c;
  }

  std::string Scan(int depth) {
    const std::string pad = Pad(depth);
    const std::string center = absl::StrCat("\"[", Bounded(30), ", ", Bounded(30), "]\"");
    const std::string common = absl::StrCat(", dwell: \"", Small("us"), "\", detectors: haadf");
    switch (random_.Below(4)) {
      case 0: {
        std::string xs, ys;
        const uint64_t n = 1 + random_.Below(6);
        for (uint64_t i = 0; i < n; ++i) {
          absl::StrAppend(&xs, i ? ", " : "", Bounded(5));
          absl::StrAppend(&ys, i ? ", " : "", Bounded(5));
        }
        return absl::StrCat(pad, "- scan: {pattern: points, points_x: \"[", xs,
                            "]\", points_y: \"[", ys, "]\", center: ", center, common, "}\n");
      }
      case 1:
        return absl::StrCat(pad, "- scan: {pattern: spiral, fov: 4 nm, pixels: 9, center: ", center,
                            common, "}\n");
      case 2:
        return absl::StrCat(pad, "- scan: {fov: \"[", Small("nm"), ", ", Small("nm"),
                            "]\", pixels: \"[", 1 + random_.Below(5), ", ", 1 + random_.Below(40),
                            "]\", center: ", center, common, "}\n");
      default:
        return absl::StrCat(pad, "- scan: {fov: \"", Small("nm"),
                            "\", pixels: ", 1 + random_.Below(6), ", center: ", center,
                            ", frames: \"", random_.Below(3) ? "1" : "clamp(floor(abs(n1)), 1, 3)",
                            "\"", common, "}\n");
    }
  }

  std::string Set(int depth) {
    static constexpr const char* kLengths[] = {"optics.C10", "stage.x", "stage.y"};
    const bool angle = random_.Below(3) == 0;
    const std::string property =
        angle ? (random_.Below(2) ? "scan.rotation" : "stage.alpha") : kLengths[random_.Below(3)];
    const std::string value =
        angle ? absl::StrCat("clamp(", Number(), ", -1, 1) * (0.8 rad)") : Bounded(40);
    return absl::StrCat(Pad(depth), "- set: {property: ", property, ", ",
                        random_.Below(3) ? "to" : "by", ": \"", value, "\"}\n");
  }

  std::string OnFault(int depth) {
    switch (random_.Below(8)) {
      case 0:
        return Pad(depth) + "  on_fault: continue\n";
      case 1:
        return Pad(depth) + "  on_fault: retry\n";
      default:
        return "";
    }
  }

  std::string Let(int depth) {
    if (random_.Below(2)) {
      return absl::StrCat(Pad(depth), "- let: {", random_.Below(2) ? "n0" : "n1", ": \"", Number(),
                          "\"}\n");
    }
    return absl::StrCat(Pad(depth), "- let: {", random_.Below(2) ? "l0" : "l1", ": \"", Length(),
                        "\"}\n");
  }

  std::string Loop(int depth, int nesting, bool handler) {
    const std::string pad = Pad(depth);
    if (random_.Below(2)) {
      const std::string name = absl::StrCat("k", count_++);
      const bool lengths = random_.Below(3) == 0;
      const std::string in =
          lengths ? absl::StrCat("linspace(-4 nm, ", Bounded(10), ", ", 2 + random_.Below(4), ")")
                  : absl::StrCat("range(", 1 + random_.Below(12), ")");
      std::vector<std::string>& names = lengths ? lengths_ : numbers_;
      names.push_back(name);
      const std::string body = Block(depth + 2, nesting - 1, handler);
      names.pop_back();
      return absl::StrCat(pad, "- for: ", name, "\n", pad, "  in: \"", in, "\"\n", pad, "  do:\n",
                          body);
    }
    std::string text = absl::StrCat(pad, "- repeat:\n", Block(depth + 2, nesting - 1, handler));
    if (random_.Below(2)) absl::StrAppend(&text, pad, "  until: \"", Condition(), "\"\n");
    const uint64_t by = random_.Below(4);
    if (by != 0) absl::StrAppend(&text, pad, "  max: ", 1 + random_.Below(10), "\n");
    if (by == 0) {
      absl::StrAppend(&text, pad, "  budget: {time: ", 20 + random_.Below(200), " s}\n");
    } else if (by == 1) {
      absl::StrAppend(&text, pad, "  budget: {dose: 1e", 6 + random_.Below(4),
                      " e/A^2, commands: ", 20 + random_.Below(100), "}\n");
    }
    return text;
  }

  std::string Step(int depth, int nesting, bool handler) {
    const std::string pad = Pad(depth);
    switch (random_.Below(nesting > 0 ? 15 : 11)) {
      case 0:
      case 1:
      case 2:
        return Scan(depth) + OnFault(depth);
      case 3:
        return absl::StrCat(pad, "- park: {time: \"", Small("ms"), "\", at: \"[", Bounded(8), ", ",
                            Bounded(8), "]\"}\n") +
               OnFault(depth);
      case 4:
      case 5:
        return Set(depth) + OnFault(depth);
      case 6:
        return absl::StrCat(pad, "- wait: \"", Small("s"), "\"\n");
      case 7:
        return handler ? pad + "- unblank\n"
                       : absl::StrCat(pad, "- read: ", random_.Below(2) ? "stage.x" : "optics.C10",
                                      "\n", pad, "  as: r0\n");
      case 8:
      case 9:
      case 10:
        return handler ? absl::StrCat(pad, "- log: \"{spent.dose}\"\n") : Let(depth);
      case 11:
      case 12:
        return Loop(depth, nesting, handler);
      case 13: {
        std::string text = absl::StrCat(pad, "- if: \"", Condition(), "\"\n", pad, "  then:\n",
                                        Block(depth + 2, nesting - 1, handler));
        if (random_.Below(2)) {
          absl::StrAppend(&text, pad, "  else:\n", Block(depth + 2, nesting - 1, handler));
        }
        return text;
      }
      default:
        return absl::StrCat(pad, "- if: \"", Condition(), "\"\n", pad, "  then:\n", pad,
                            "    - stop: \"enough\"\n");
    }
  }

  std::string Block(int depth, int nesting, bool handler = false) {
    std::string text;
    const uint64_t steps = 1 + random_.Below(5);
    for (uint64_t i = 0; i < steps; ++i) text += Step(depth, nesting, handler);
    return text;
  }

  RandomStream random_;
  std::vector<std::string> numbers_, lengths_;
  int count_ = 0;
};

}  // namespace ronchi::testing_support
