// Metadata filters: the first line is filters, each later one the metadata of a row. All rows at once give
// what each row by itself gives.

#include "engine/vectors/filters/filter_run.h"
#include "engine/vectors/filters/metadata_filter.h"
#include "engine/vectors/vector_search.h"
#include "tests/fuzz/fuzz.h"

namespace quipu::testing {

void fuzz_one(std::string_view input) {
  auto [first, rest] = lines_of(input);
  const Result<Json> json = Json::parse(first);
  if (!json) return;
  const Result<MetadataFilters> filters = MetadataFilters::from_json(*json);
  if (!filters) return;
  std::vector<std::optional<Json>> rows;
  while (!rest.empty()) {
    const auto [line, behind] = lines_of(rest);
    rest = behind;
    Result<Json> metadata = Json::parse(line);
    rows.push_back(metadata && metadata->view().is_object() ? std::optional(*std::move(metadata))
                                                            : std::nullopt);
  }
  MetadataColumns columns;
  const Status made = columns.make(keys_without_column(*filters, columns), rows.size(), [&](const auto& use) {
    for (uint32_t row = 0; row < rows.size(); ++row) {
      if (rows[row]) use(row, *rows[row]);
    }
    return Status::ok();
  });
  require(made.is_ok(), "columns can be made");
  FilterRun run(*filters, columns);
  std::vector<uint32_t> passing;
  std::vector<uint32_t> unsure;
  run.select(rows.size(), passing, unsure);
  std::vector<uint32_t> expected;
  std::vector<uint32_t> failing;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    const std::optional<JsonView> metadata = rows[row] ? std::optional<JsonView>(*rows[row]) : std::nullopt;
    const Result<bool> passes = filters_match(*filters, "id", metadata);
    if (!passes) {
      failing.push_back(row);
    } else if (*passes) {
      expected.push_back(row);
    }
  }
  require(passing == expected, "the rows that pass");
  require(unsure == failing, "the rows of which only the filters can tell");
}

}  // namespace quipu::testing
