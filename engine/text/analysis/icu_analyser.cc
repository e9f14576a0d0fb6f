// "icu": words as Unicode's rules find them, in scripts without spaces by ICU's dictionaries; letters that
// differ in case, width or composition alone are one (NFKC_Casefold).

#include <unicode/ubrk.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/uversion.h>

#include <array>

#include "engine/text/analysis/analysers.h"

namespace quipu {
namespace {

struct CloseIterator {
  void operator()(UBreakIterator* iterator) const { ubrk_close(iterator); }
};
using BreakIterator = std::unique_ptr<UBreakIterator, CloseIterator>;

std::u16string to_utf16(std::string_view utf8) {
  std::u16string utf16(utf8.size(), u'\0');  // never longer
  int32_t size = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strFromUTF8WithSub(utf16.data(), static_cast<int32_t>(utf16.size()), &size, utf8.data(),
                       static_cast<int32_t>(utf8.size()), 0xfffd, nullptr, &error);
  utf16.resize(U_SUCCESS(error) ? static_cast<size_t>(size) : 0);
  return utf16;
}

void to_utf8(std::u16string_view utf16, std::string& utf8) {
  utf8.resize(utf16.size() * 3);
  int32_t size = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8WithSub(utf8.data(), static_cast<int32_t>(utf8.size()), &size, utf16.data(),
                     static_cast<int32_t>(utf16.size()), 0xfffd, nullptr, &error);
  utf8.resize(U_SUCCESS(error) ? static_cast<size_t>(size) : 0);
}

class IcuAnalyser : public Analyser {
 public:
  IcuAnalyser(BreakIterator words, const UNormalizer2* normalizer)
      : words_(std::move(words)), normalizer_(normalizer) {}

  void analyse(std::string_view text, const Use& use) override {
    const std::u16string folded = fold(text);
    UErrorCode error = U_ZERO_ERROR;
    ubrk_setText(words_.get(), folded.data(), static_cast<int32_t>(folded.size()), &error);
    if (U_FAILURE(error)) return;
    uint32_t position = 0;
    int32_t begin = 0;
    for (int32_t end = ubrk_next(words_.get()); end != UBRK_DONE; end = ubrk_next(words_.get())) {
      // White space and punctuation have a status below.
      if (ubrk_getRuleStatus(words_.get()) >= UBRK_WORD_NONE_LIMIT) {
        to_utf8(
            std::u16string_view(folded).substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
            word_);
        use({term_of(word_, buffer_), position++});
      }
      begin = end;
    }
  }

  std::string prefix(std::string_view beginning) const override {
    std::string prefix;
    to_utf8(fold(beginning), prefix);
    return prefix;
  }

  std::string version() const override {
    UVersionInfo version;
    u_getVersion(version);
    std::array<char, U_MAX_VERSION_STRING_LENGTH> text{};
    u_versionToString(version, text.data());
    return "icu " + std::string(text.data());
  }

 private:
  std::u16string fold(std::string_view text) const {
    const std::u16string utf16 = to_utf16(text);
    std::u16string folded(utf16.size() + utf16.size() / 4 + 16, u'\0');
    const auto normalize = [&] {
      UErrorCode error = U_ZERO_ERROR;
      const int32_t size = unorm2_normalize(normalizer_, utf16.data(), static_cast<int32_t>(utf16.size()),
                                            folded.data(), static_cast<int32_t>(folded.size()), &error);
      folded.resize(U_SUCCESS(error) || error == U_BUFFER_OVERFLOW_ERROR ? static_cast<size_t>(size) : 0);
      return error == U_BUFFER_OVERFLOW_ERROR;
    };
    if (normalize()) (void)normalize();  // now it is large enough
    return folded;
  }

  const BreakIterator words_;
  const UNormalizer2* const normalizer_;
  std::string word_;
  std::string buffer_;  // of a long term
};

}  // namespace

std::unique_ptr<Analyser> make_icu_analyser() {
  UErrorCode error = U_ZERO_ERROR;
  BreakIterator words(ubrk_open(UBRK_WORD, "", nullptr, 0, &error));
  const UNormalizer2* const normalizer = unorm2_getNFKCCasefoldInstance(&error);
  if (U_FAILURE(error)) return nullptr;  // ICU without its data
  return std::make_unique<IcuAnalyser>(std::move(words), normalizer);
}

}  // namespace quipu
