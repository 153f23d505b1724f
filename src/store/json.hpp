// The small documents that stand in single columns: lists of texts, the kinds and the trace of a
// run, the rungs of a connection test. What is not as this program wrote it is a damaged row.
#pragma once

#include "model/run.hpp"
#include "store/connection_tests.hpp"

namespace hedgerow::store::json {

[[nodiscard]] std::string text_of(std::span<const std::string> texts);
[[nodiscard]] std::string text_of(std::span<const model::KindRead> kinds);
[[nodiscard]] std::string text_of(const model::Trace& trace);
[[nodiscard]] std::string text_of(std::span<const MeasuredRung> rungs);

void read(std::string_view text, std::vector<std::string>& texts);
void read(std::string_view text, std::vector<model::KindRead>& kinds);
void read(std::string_view text, model::Trace& trace);
void read(std::string_view text, std::vector<MeasuredRung>& rungs);

}  // namespace hedgerow::store::json
