// "words", and the languages of Snowball: what (?u)\b\w\w+\b finds in text.lower(), as bm25s splits a text;
// then, for a language, without its stop words and stemmed.

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/python/python_lower.h"
#include "engine/text/analysis/analysers.h"
#include "engine/text/analysis/stop_words.h"
#include "engine/text/analysis/term_table.h"
#include "engine/text/analysis/word_characters.h"

namespace quipu {
namespace {

// What becomes of an ASCII character: its lower case where it is of a word, else 0; of others 1.
constexpr std::array<char, 256> kAscii = [] {
  std::array<char, 256> table{};
  for (size_t c = 0; c < table.size(); ++c) {
    if (c >= 0x80) {
      table[c] = 1;
    } else if (c >= 'A' && c <= 'Z') {
      table[c] = static_cast<char>(c | 0x20);
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') {
      table[c] = static_cast<char>(c);
    }
  }
  return table;
}();

char ascii_of(char c) { return kAscii[static_cast<unsigned char>(c)]; }

// Splits text and hands on words.
class WordAnalyser : public Analyser {
 public:
  void analyse(std::string_view text, const Use& use) override {
    position_ = 0;
    if (std::ranges::none_of(text, [](char c) { return ascii_of(c) == 1; })) {
      split_ascii(text, use);
    } else {
      split(python_lower(text), use);
    }
    if (word_.capacity() > kLongWord) word_.shrink_to_fit();
  }

  std::string prefix(std::string_view beginning) const override { return python_lower(beginning); }
  std::string version() const override { return {}; }

 protected:
  // The term of a word in lower case; false: it is a stop word.
  virtual bool term(std::string_view word, std::string_view& term) {
    term = term_of(word, buffer_);
    return true;
  }

  std::string buffer_;  // of a long term

 private:
  static constexpr size_t kLongWord = 1 << 16;

  void hand_on(std::string_view word, const Use& use) {
    std::string_view term_of_word;
    const uint32_t position = position_++;
    if (term(word, term_of_word)) use({term_of_word, position});
  }

  void split_ascii(std::string_view text, const Use& use) {
    const char* const end = text.data() + text.size();
    for (const char* at = text.data(); at < end; ++at) {
      if (ascii_of(*at) == 0) continue;
      word_.clear();
      for (; at < end && ascii_of(*at) != 0; ++at) word_ += ascii_of(*at);
      if (word_.size() >= 2) hand_on(word_, use);
    }
  }

  void split(std::string_view lower, const Use& use) {
    const char* const end = lower.data() + lower.size();
    const char* start = lower.data();
    size_t characters = 0;  // of the word that begins at start
    const auto finish = [&](const char* at) {
      if (characters >= 2) hand_on({start, static_cast<size_t>(at - start)}, use);
      characters = 0;
    };
    for (const char* at = start; at < end;) {
      uint32_t code_point = 0;
      const int length = decode_utf8(at, end, code_point);
      if (length == 0 || !is_word_character(code_point)) {
        finish(at);
      } else if (characters++ == 0) {
        start = at;
      }
      at += length == 0 ? 1 : length;
    }
    finish(end);
  }

  std::string word_;
  uint32_t position_ = 0;
};

struct DeleteStemmer {
  void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
};
using Stemmer = std::unique_ptr<sb_stemmer, DeleteStemmer>;

std::string_view stem(sb_stemmer* stemmer, std::string_view word) {
  const auto* const bytes = reinterpret_cast<const sb_symbol*>(word.data());
  const sb_symbol* const stemmed = sb_stemmer_stem(stemmer, bytes, static_cast<int>(word.size()));
  if (stemmed == nullptr) return word;  // out of memory
  return {reinterpret_cast<const char*>(stemmed), static_cast<size_t>(sb_stemmer_length(stemmer))};
}

class SnowballAnalyser : public WordAnalyser {
 public:
  SnowballAnalyser(Stemmer stemmer, std::span<const std::string_view> stop_words)
      : stemmer_(std::move(stemmer)), stop_words_(stop_words) {}

  // The libraries do not say theirs. Version 3 knows the doubled letter in "adding".
  std::string version() const override {
    const Stemmer english(sb_stemmer_new("english", nullptr));
    return english != nullptr && stem(english.get(), "adding") == "ad" ? "snowball 2" : "snowball 3";
  }

 protected:
  bool term(std::string_view word, std::string_view& term) override {
    if (word.size() > kMaxTermBytes) {
      term = term_of(stem(stemmer_.get(), word), buffer_);
      return true;
    }
    if (known_.size() == kKnownWords) {
      words_.clear();
      known_.clear();
    }
    const uint32_t number = words_.number_of(word);
    if (number == known_.size()) {
      const bool stops = std::ranges::binary_search(stop_words_, word);
      known_.push_back({stops, std::string(stops ? word : stem(stemmer_.get(), word))});
    }
    term = known_[number].term;
    return !known_[number].stops;
  }

 private:
  static constexpr size_t kKnownWords = 1 << 16;
  struct Known {
    bool stops;
    std::string term;
  };

  const Stemmer stemmer_;
  const std::span<const std::string_view> stop_words_;
  // Most words of a text have been met before, and stemming is what indexing would spend most of its time on.
  TermTable words_;
  std::vector<Known> known_;  // by their numbers
};

}  // namespace

std::unique_ptr<Analyser> make_word_analyser() { return std::make_unique<WordAnalyser>(); }

std::unique_ptr<Analyser> make_snowball_analyser(const std::string& language) {
  // sb_stemmer_new() knows abbreviations, too; one language has one name.
  const std::vector<std::string> languages = snowball_languages();
  if (std::ranges::find(languages, language) == languages.end()) return nullptr;
  Stemmer stemmer(sb_stemmer_new(language.c_str(), nullptr));
  if (stemmer == nullptr) return nullptr;
  return std::make_unique<SnowballAnalyser>(std::move(stemmer), stop_words_of(language));
}

std::vector<std::string> snowball_languages() {
  std::vector<std::string> languages;
  for (const char** name = sb_stemmer_list(); *name != nullptr; ++name) languages.emplace_back(*name);
  return languages;
}

}  // namespace quipu
