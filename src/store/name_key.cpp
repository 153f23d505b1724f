#include "store/name_key.hpp"

namespace hedgerow::store {

namespace {

bool within(char32_t letter, char32_t first, char32_t last) {
  return letter >= first && letter <= last;
}

// Unicode's simple case folding for the blocks up to Cyrillic, leaving out what has no plain rule.
char32_t folded(char32_t letter) {
  if (within(letter, U'A', U'Z')) return letter + 32;
  if (within(letter, 0xc0, 0xde) && letter != 0xd7) return letter + 32;  // Latin-1; d7 is a sign.
  if (letter == 0x178) return 0xff;
  // Latin Extended-A stands in pairs: upper case is even, but odd from 139 to 148 and from 179 to
  // 17e.
  if (within(letter, 0x139, 0x148) || within(letter, 0x179, 0x17e))
    return letter % 2 == 1 ? letter + 1 : letter;
  if (within(letter, 0x100, 0x137) || within(letter, 0x14a, 0x177))
    return letter % 2 == 0 && letter != 0x130 ? letter + 1 : letter;
  if (letter == 0x386) return 0x3ac;
  if (within(letter, 0x388, 0x38a)) return letter + 37;
  if (letter == 0x38c) return 0x3cc;
  if (within(letter, 0x38e, 0x38f)) return letter + 63;
  if (within(letter, 0x391, 0x3ab) && letter != 0x3a2) return letter + 32;  // Greek.
  if (letter == 0x3c2) return 0x3c3;                                        // Final sigma.
  if (within(letter, 0x400, 0x40f)) return letter + 80;                     // Cyrillic.
  if (within(letter, 0x410, 0x42f)) return letter + 32;
  return letter;
}

}  // namespace

std::string name_key(std::string_view name) {
  std::string key;
  key.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto first = static_cast<unsigned char>(name[i]);
    // All letters above are one byte, or two: 110xxxxx 10xxxxxx.
    if ((first & 0xe0) != 0xc0 || i + 1 == name.size()) {
      key += first < 0x80 ? static_cast<char>(folded(first)) : name[i];
      continue;
    }
    const auto second = static_cast<unsigned char>(name[++i]);
    const char32_t letter = folded((char32_t{first} & 0x1f) << 6 | (char32_t{second} & 0x3f));
    key += static_cast<char>(0xc0 | letter >> 6);
    key += static_cast<char>(0x80 | (letter & 0x3f));
  }
  return key;
}

}  // namespace hedgerow::store
