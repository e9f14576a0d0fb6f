// Looks for the bytes at which a walk over JSON text has to stop, sixteen at a time.
//
// SSE2 is part of every x86-64; elsewhere eight bytes at a time in a plain integer do the same.

#ifndef QUIPU_ENGINE_JSON_BYTE_SCAN_H_
#define QUIPU_ENGINE_JSON_BYTE_SCAN_H_

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace quipu {
namespace byte_scan {

// The three questions. Each knows how to ask one byte, and whole blocks; a block of eight may say yes by
// mistake (a borrow between bytes), never no.

inline constexpr uint64_t kOnes = 0x0101010101010101ULL;
inline constexpr uint64_t kHighs = 0x8080808080808080ULL;

inline uint64_t has_byte(uint64_t word, char byte) {
  const uint64_t difference = word ^ (kOnes * static_cast<unsigned char>(byte));
  return (difference - kOnes) & ~difference & kHighs;
}

// Ends a run of plain text in a string: a quote, a backslash, or what json.dumps escapes.
struct Special {
  static bool byte(char c) {
    return static_cast<signed char>(c) < 0x20 || c == 0x7f || c == '"' || c == '\\';
  }
  static bool eight(uint64_t word) {
    const uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
    return (control | (word & kHighs) | has_byte(word, '"') | has_byte(word, '\\') | has_byte(word, 0x7f)) !=
           0;
  }
#if defined(__SSE2__)
  static __m128i sixteen(__m128i bytes) {
    // As signed numbers, control characters and all bytes from 0x80 on are below the space.
    return _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
        _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))));
  }
#endif
};

// Matters to the end of a string that is known to be valid.
struct QuoteOrBackslash {
  static bool byte(char c) { return c == '"' || c == '\\'; }
  static bool eight(uint64_t word) { return (has_byte(word, '"') | has_byte(word, '\\')) != 0; }
#if defined(__SSE2__)
  static __m128i sixteen(__m128i bytes) {
    return _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  }
#endif
};

// Matters to the nesting: a bracket of either kind, or the start of a string.
struct BracketOrQuote {
  // [ and { differ in one bit, and so do ] and }.
  static bool byte(char c) { return c == '"' || (c | 0x20) == '{' || (c | 0x20) == '}'; }
  static bool eight(uint64_t word) {
    const uint64_t folded = word | kOnes * 0x20;
    return (has_byte(word, '"') | has_byte(folded, '{') | has_byte(folded, '}')) != 0;
  }
#if defined(__SSE2__)
  static __m128i sixteen(__m128i bytes) {
    const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    return _mm_or_si128(
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
        _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')), _mm_cmpeq_epi8(folded, _mm_set1_epi8('}'))));
  }
#endif
};

#if defined(__SSE2__)
inline __m128i load(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
#endif

// The first byte from `at` on of which Question is true, or `end`.
template <class Question>
inline const char* find(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    if (const int mask = _mm_movemask_epi8(Question::sixteen(load(at))); mask != 0) {
      return at + __builtin_ctz(static_cast<unsigned>(mask));
    }
    at += 16;
    while (end - at >= 64) {  // a long run: one test for four blocks
      const __m128i first = _mm_or_si128(Question::sixteen(load(at)), Question::sixteen(load(at + 16)));
      const __m128i second = _mm_or_si128(Question::sixteen(load(at + 32)), Question::sixteen(load(at + 48)));
      if (_mm_movemask_epi8(_mm_or_si128(first, second)) != 0) break;
      at += 64;
    }
  }
#else
  while (end - at >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    if (Question::eight(word)) {
      for (int i = 0; i < 8; ++i) {
        if (Question::byte(at[i])) return at + i;
      }
    }
    at += 8;
  }
#endif
  while (at < end && !Question::byte(*at)) ++at;
  return at;
}

}  // namespace byte_scan

inline const char* find_special_byte(const char* at, const char* end) {
  return byte_scan::find<byte_scan::Special>(at, end);
}
inline const char* find_quote_or_backslash(const char* at, const char* end) {
  return byte_scan::find<byte_scan::QuoteOrBackslash>(at, end);
}
inline const char* find_bracket_or_quote(const char* at, const char* end) {
  return byte_scan::find<byte_scan::BracketOrQuote>(at, end);
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_BYTE_SCAN_H_
