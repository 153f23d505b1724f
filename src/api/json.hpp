// How nouns and views are written as the contract's JSON. One function per schema; nothing here
// decides anything.
#pragma once

#include "base/json_out.hpp"
#include "model/run.hpp"
#include "store/connection_tests.hpp"
#include "store/sessions.hpp"
#include "store/users.hpp"
#include "views/fabrics.hpp"
#include "views/objects.hpp"
#include "views/runs.hpp"

namespace hedgerow::api {

// Failures as application/problem+json (RFC 9457) with the fields of the contract.
[[nodiscard]] std::string problem_json(const base::Failure& failure, int status,
                                       std::string_view request_id);

void write(base::JsonOut& out, const store::User& user);
// `own` is the session that asks.
void write(base::JsonOut& out, const store::Session& session, model::SessionId own);
void write(base::JsonOut& out, const views::FabricView& view, const model::Actor& actor);
void write(base::JsonOut& out, const model::Run& run, const views::Waiting& waiting = {});
void write(base::JsonOut& out, const model::KindState& state);
void write(base::JsonOut& out, const views::ObjectView& view);
void write_whole(base::JsonOut& out, const views::ObjectView& view);
void write(base::JsonOut& out, const model::Change& change);
void write(base::JsonOut& out, const store::ConnectionTest& test);

}  // namespace hedgerow::api
