// Which characters words are made of, as \w of Python's regular expressions: letters, digits, "_".

#ifndef QUIPU_ENGINE_TEXT_ANALYSIS_WORD_CHARACTERS_H_
#define QUIPU_ENGINE_TEXT_ANALYSIS_WORD_CHARACTERS_H_

#include <cstdint>

namespace quipu {

// REQUIRES: code_point >= 0x80.
bool is_other_word_character(uint32_t code_point);

inline bool is_word_character(uint32_t code_point) {
  if (code_point >= 0x80) return is_other_word_character(code_point);
  const uint32_t letter = code_point | 0x20;
  return (letter >= 'a' && letter <= 'z') || (code_point >= '0' && code_point <= '9') || code_point == '_';
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_ANALYSIS_WORD_CHARACTERS_H_
