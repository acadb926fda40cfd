#include "protocols/ring/object_request.hpp"

#include "protocols/base/plant.hpp"

namespace holdfast::ring {

namespace {

outcome check_bounds(const object::update& u, const identity::configuration_entry& configuration) {
  if (u.cluster != configuration.cluster || u.ring != configuration.object.id) {
    return fail(errc::denied, "update is for ring " + u.ring.brief() + ", this is ring " + configuration.object.id.brief());
  }
  if (u.operation == 0) return fail(errc::malformed, "update has operation number 0; they count from 1");
  if (u.guards.empty() || u.guards.size() > object::guards_max) return fail(errc::malformed, "update has no guards or more than 8");
  for (const auto& guard : u.guards) {
    if (guard.conditions.size() > conditions_max || guard.actions.size() > 1) {
      return fail(errc::malformed, "a guard has more than 16 conditions or more than one action");
    }
  }
  if (u.extents.size() > claims_max) return fail(errc::over_limit, "update claims more than 1024 extents");
  if (u.creation && u.object != object::id_for(u.writer, u.creation->salt)) {
    return fail(errc::denied, "object " + u.object.brief() + " is not the writer's to create");
  }
  return {};
}

// Inline content is named by its hash like any block: without this check a reader would be handed what the writer never sealed.
outcome check_inline(const object::inline_content& content, const bytes& data) {
  if (planted(planted_bug::skipped_hash_check)) return {};
  if (content.length != data.size() || content.block != archive::block_name(data)) {
    return fail(errc::malformed, "inline data is not block " + content.block.brief() + " that its content root names");
  }
  return {};
}

result<object::content_root> check_content(const object::set_content& action, const object::update& u, const bytes& inline_data) {
  auto content = codec::decode<object::content_root>(action.content, "content root");
  if (!content) return content;
  if (content->object != u.object) return fail(errc::denied, "content is of object " + content->object.brief() + ", not " + u.object.brief());
  if (auto* in_update = std::get_if<object::inline_content>(&content->content)) {
    if (auto ok = check_inline(*in_update, inline_data); !ok) return fail(ok.error());
  }
  return content;
}

result<checked_request> check(update_object&& operation, const identity::configuration_entry& configuration) {
  auto claimed = operation.update.peek();
  if (!claimed) return fail(claimed.error());
  if (auto ok = check_bounds(*claimed, configuration); !ok) return fail(ok.error());
  if (operation.update.inline_data.size() > object::inline_bytes_max) return fail(errc::over_limit, "update carries more than 32 KiB of inline data");
  auto statement = object::statement_of(*claimed, request_digest(operation.update));
  if (!object::holds(statement, claimed->writer, operation.update.sig)) {
    return fail(errc::bad_signature, "update of object " + claimed->object.brief() + " is not signed by its writer");
  }
  if (claimed->grant && !claimed->grant->covers(*claimed)) {
    return fail(errc::bad_signature, "session " + claimed->session.brief() + " is not granted by client " + claimed->client.brief());
  }
  checked_update checked{std::move(*claimed), std::move(statement), operation.update.sig, std::move(operation.update.inline_data), {}};
  bool inlines = false;
  for (const auto& guard : checked.update.guards) {
    auto& content = checked.contents.emplace_back();
    if (guard.actions.empty()) continue;
    auto opened = check_content(std::get<object::set_content>(guard.actions.front()), checked.update, checked.inline_data);
    if (!opened) return fail(opened.error());
    inlines = inlines || std::holds_alternative<object::inline_content>(opened->content);
    content = std::move(*opened);
  }
  if (!inlines && !checked.inline_data.empty()) return fail(errc::malformed, "update carries inline data that no content names");
  return checked;
}

result<checked_request> check(const fill_slot& operation, const identity::configuration_entry& configuration) {
  auto claimed = operation.receipt.peek();
  if (!claimed) return fail(claimed.error());
  if (claimed->cluster != configuration.cluster || claimed->ring != configuration.object.id) {
    return fail(errc::denied, "receipt is for ring " + claimed->ring.brief() + ", this is ring " + configuration.object.id.brief());
  }
  return checked_fill{operation.receipt, std::move(*claimed)};
}

result<checked_request> check(const adopt_directory& operation, const identity::configuration_entry& configuration) {
  auto directory = open<identity::directory>(operation.directory, directory_place(), configuration.cluster, configuration.root);
  if (!directory) return fail(directory.error().within("directory to adopt"));
  return checked_directory{std::make_shared<const identity::directory>(std::move(directory->value)), *operation.directory.value};
}

}  // namespace

result<checked_request> check_request(bytes_view request, const identity::configuration_entry& configuration) {
  auto operation = codec::decode<object_operation>(request, "request");
  if (!operation) return fail(operation.error());
  return std::visit([&](auto& x) { return check(std::move(x), configuration); }, *operation);
}

result<std::shared_ptr<const checked_request>> checked_requests::get(const agreement::named_request& request,
                                                                        const identity::configuration_entry& configuration) {
  if (auto known = by_name_.find(request.name); known != by_name_.end()) return known->second->request;
  auto checked = check_request(request.body, configuration);
  if (!checked) return fail(checked.error());
  auto kept = std::make_shared<const checked_request>(std::move(*checked));
  by_name_[request.name] = held_.insert(held_.end(), {request.name, request.body.size(), kept});
  bytes_ += request.body.size();
  while (bytes_ > bytes_max) {
    bytes_ -= held_.front().size;
    by_name_.erase(held_.front().name);
    held_.pop_front();
  }
  return kept;
}

}  // namespace holdfast::ring
