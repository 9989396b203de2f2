#include <algorithm>
#include <iterator>

#include "core/random.h"
#include "tests/fuzz/fuzzing.h"

namespace ronchi::testing_support {
namespace {

// What readers stumble over.
constexpr const char* kNumbers[] = {"0",
                                    "-1",
                                    "1",
                                    "1e9",
                                    "1e308",
                                    "-1e308",
                                    "1e-308",
                                    "1e400",
                                    "nan",
                                    "inf",
                                    "-inf",
                                    "0.5",
                                    "-0",
                                    "255",
                                    "256",
                                    "65536",
                                    "2147483647",
                                    "2147483648",
                                    "4294967295",
                                    "4294967296",
                                    "9223372036854775807",
                                    "9223372036854775808",
                                    "18446744073709551615",
                                    "1e18",
                                    "1000000",
                                    "99999999999999999999999",
                                    "0x10",
                                    "1,5",
                                    ""};
constexpr const char* kWords[] = {"null", "true",  "false", "[]",  "{}",   "\"\"", "[[]]",
                                  "[0]",  "\"x\"", "~",     "- -", "&a",   "*a",   "!!binary",
                                  "? ",   ": ",    "---\n", "\n",  "\r\n", "\t",   "loop_\n",
                                  ";\n",  "'",     "\"",    "\\",  "%",    "${",   "\xEF\xBB\xBF"};
constexpr unsigned char kBytes[] = {0x00, 0xFF, 0x80, 0x1B, 0x7F, 0xC3, '\n', '"', ',', ':', '-'};

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, const StreamKey& key)
      : corpus_(corpus), random_(key) {}

  std::string Make() {
    text_ = corpus_[random_.Below(corpus_.size())];
    do {
      Change();
    } while (random_.Below(3) > 0 && ++changes_ < 8);
    constexpr size_t kMost = 200000;
    if (text_.size() > kMost) text_.resize(kMost);
    return std::move(text_);
  }

 private:
  size_t Place() { return random_.Below(text_.size() + 1); }
  size_t LengthFrom(size_t at) {
    const size_t most = random_.Below(4) ? 12 : text_.size();
    return std::min(text_.size() - at, size_t(random_.Below(most + 1)));
  }
  template <class List>
  auto OneOf(const List& list) {
    return list[random_.Below(std::size(list))];
  }

  void Change() {
    const size_t at = Place();
    switch (random_.Below(13)) {
      case 0:
        if (at < text_.size()) text_[at] = char(text_[at] ^ (1 << random_.Below(8)));
        break;
      case 1:
        if (at < text_.size()) text_[at] = char(OneOf(kBytes));
        break;
      case 2:
        text_.erase(at, LengthFrom(at));
        break;
      case 3:
        text_.insert(Place(), text_.substr(at, LengthFrom(at)));
        break;
      case 4:
        text_.insert(at, OneOf(kWords));
        break;
      case 5: {  // the rest of another file
        const std::string& other = corpus_[random_.Below(corpus_.size())];
        text_ = text_.substr(0, at) + other.substr(random_.Below(other.size() + 1));
        break;
      }
      case 6:
      case 7:
      case 8:
        ReplaceNumber(at);
        break;
      case 9:
        SwapLines();
        break;
      case 10:
        text_.resize(at);
        break;
      case 11: {  // one thing, very often: brackets that never close, a line without end
        const char* const kThings[] = {"[",
                                       "{\"a\":",
                                       "\x81",
                                       "\xA1\x61"
                                       "a",
                                       "- ",
                                       "(",
                                       " "};
        const std::string thing = OneOf(kThings);
        std::string many;
        for (uint64_t n = 1 + random_.Below(random_.Below(20) ? 50 : 50000); n > 0; --n)
          many += thing;
        text_.insert(at, many);
        break;
      }
      default:
        ReplaceWord(at);
    }
  }

  void ReplaceNumber(size_t from) {
    const size_t begin = text_.find_first_of("0123456789", from);
    if (begin == std::string::npos) return;
    size_t end = text_.find_first_not_of("0123456789.eE+", begin);
    if (end == std::string::npos) end = text_.size();
    const std::string digits = text_.substr(begin, end - begin);
    const std::string number = random_.Below(4)   ? std::string(OneOf(kNumbers))
                               : random_.Below(2) ? digits + digits
                                                  : "-" + digits;
    text_.replace(begin, end - begin, number);
  }

  // By another word of the corpus.
  void ReplaceWord(size_t from) {
    const auto word = [](const std::string& text, size_t near) {
      const char* const kEnds = " \n\t,:{}[]()=\"'";
      const size_t begin = text.find_first_not_of(kEnds, near);
      if (begin == std::string::npos) return std::pair(text.size(), size_t(0));
      const size_t end = std::min(text.find_first_of(kEnds, begin), text.size());
      return std::pair(begin, end - begin);
    };
    const std::string& other = corpus_[random_.Below(corpus_.size())];
    const auto [begin, length] = word(text_, from);
    const auto [other_begin, other_length] = word(other, random_.Below(other.size() + 1));
    text_.replace(begin, length, other.substr(other_begin, other_length));
  }

  void SwapLines() {
    std::vector<std::string> lines;
    for (size_t at = 0; at < text_.size();) {
      const size_t end = std::min(text_.find('\n', at), text_.size() - 1);
      lines.push_back(text_.substr(at, end + 1 - at));
      at = end + 1;
    }
    if (lines.empty()) return;
    std::string& a = lines[random_.Below(lines.size())];
    std::string& b = lines[random_.Below(lines.size())];
    random_.Below(2) ? std::swap(a, b) : void(a = b);
    text_.clear();
    for (const std::string& line : lines) text_ += line;
  }

  const std::vector<std::string>& corpus_;
  RandomStream random_;
  std::string text_;
  int changes_ = 0;
};

}  // namespace

std::string Mutant(const std::vector<std::string>& corpus, const std::string& kind,
                   uint64_t index) {
  return Mutator(corpus, {.seed = 1, .name = "fuzz." + kind, .environment = index}).Make();
}

}  // namespace ronchi::testing_support
