#include "api/json.hpp"

namespace hedgerow::api {

using base::JsonOut;
using model::name_of;

namespace {

void write_code(JsonOut& out, const std::optional<base::Code>& code) {
  if (code) out.field("code", facts_of(*code).name);
}

// Texts that are absent rather than empty.
void write_text(JsonOut& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out.field(name, text);
}

}  // namespace

std::string problem_json(const base::Failure& failure, int status, std::string_view request_id) {
  const base::CodeFacts& facts = facts_of(failure.code());
  JsonOut out;
  out.begin_object();
  out.field("type", fmt::format("urn:hedgerow:code:{}", facts.name));
  out.field("status", status).field("code", facts.name).field("layer", facts.layer);
  out.field("title", facts.title).field("detail", failure.detail()).field("hint", failure.next());
  out.field("retryable", facts.retryable);
  if (failure.retry_after()) out.field("retry_after", failure.retry_after()->count());
  out.field("request_id", request_id);
  if (!failure.fields().empty()) {
    out.key("errors").begin_array();
    for (const base::FieldError& error : failure.fields()) {
      out.begin_object().field("field", error.field).field("detail", error.detail).end_object();
    }
    out.end_array();
  }
  out.end_object();
  return out.take();
}

void write(JsonOut& out, const store::User& user) {
  out.begin_object().field("id", user.id.value).field("username", user.name);
  out.field("role", name_of(user.role)).field("created", user.created);
  out.field("revision", user.revision).end_object();
}

void write(JsonOut& out, const store::Session& session, model::SessionId own) {
  out.begin_object().field("id", session.id.value);
  out.key("user").begin_object().field("id", session.user.value);
  out.field("username", session.user_name).field("role", name_of(session.role)).end_object();
  out.field("created", session.created).field("last_seen", session.last_seen);
  out.field("idle_ends", session.idle_ends).field("absolute_ends", session.absolute_ends);
  out.field("method", name_of(session.method)).field("address", session.address);
  out.field("agent", session.agent).field("current", session.id == own).end_object();
}

void write(JsonOut& out, const model::KindState& state) {
  const bool apart = state.coverage == model::Coverage::OutOfScope;
  const auto authority = apart ? model::Authority::Ignored : model::Authority::Cluster;
  out.begin_object().field("group", state.kind.group).field("kind", state.kind.kind);
  out.field("version", state.kind.version).field("plural", state.kind.plural);
  out.field("authority", name_of(authority)).field("coverage", name_of(state.coverage));
  // A number without a complete list behind it would be a guess.
  if (state.as_of)
    out.field("objects", state.objects);
  else
    out.field("objects", nullptr);
  out.field("as_of", state.as_of);
  write_text(out, "resource_version", state.resource_version);
  write_code(out, state.code);
  out.field("detail", state.detail);
  write_text(out, "remedy", state.remedy);
  out.end_object();
}

namespace {

void write_row(JsonOut& out, const views::ObjectView& view) {
  const model::Object& object = view.object;
  out.begin_object().field("id", object.id.value).field("fabric", object.fabric.value);
  out.field("group", object.identity.group).field("version", object.observed.version);
  out.field("kind", object.identity.kind).field("namespace", object.identity.name_space);
  out.field("name", object.identity.name).field("uid", object.observed.uid);
  out.field("verdict", name_of(view.verdict)).field("decides", name_of(view.decides));
  out.field("deleting", object.observed.deleting).field("changed", object.changed);
  out.field("removed", object.removed).field("out_of_scope", object.out_of_scope.has_value());
  out.key("seen").begin_object().field("as_of", view.as_of);
  out.field("resource_version", object.observed.resource_version).end_object();
  out.end_object();
}

}  // namespace

void write(JsonOut& out, const views::ObjectView& view) { write_row(out, view); }

void write_whole(JsonOut& out, const views::ObjectView& view) {
  out.begin_object().key("row");
  write_row(out, view);
  out.field("fabric_name", view.fabric_name);
  out.raw_field("observed", view.object.observed.document);
  out.field("digest", view.object.observed.digest.hex()).end_object();
}

void write(JsonOut& out, const model::Change& change) {
  out.begin_object().field("id", change.id.value).field("object", change.object.value);
  out.field("run", change.run.value).field("at", change.at).field("change", name_of(change.kind));
  out.field("group", change.identity.group).field("kind", change.identity.kind);
  out.field("namespace", change.identity.name_space).field("name", change.identity.name);
  out.field("resource_version", change.resource_version).end_object();
}

void write(JsonOut& out, const store::ConnectionTest& test) {
  out.begin_object().field("id", test.id.value).field("state", name_of(test.state));
  if (test.outcome) out.field("outcome", name_of(*test.outcome));
  out.field("server", test.server).key("contexts").begin_array();
  for (const std::string& context : test.contexts) out.value(context);
  out.end_array().key("rungs").begin_array();
  for (const store::MeasuredRung& rung : test.rungs) {
    out.begin_object().field("rung", name_of(rung.rung)).field("state", name_of(rung.state));
    if (rung.took) out.field("ms", rung.took->count());
    write_text(out, "evidence", rung.evidence);
    write_code(out, rung.code);
    write_text(out, "detail", rung.detail);
    write_text(out, "next", rung.next);
    write_text(out, "remedy", rung.remedy);
    out.end_object();
  }
  out.end_array().end_object();
}

}  // namespace hedgerow::api
