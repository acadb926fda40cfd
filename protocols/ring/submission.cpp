#include "protocols/ring/submission.hpp"

#include <algorithm>

namespace holdfast::ring {

namespace {

using evidence = submission::evidence;

const evidence nothing = [](const place&, bytes_view) { return false; };

/// A value of type T at `there`, about which `says` is true.
template <class T, class Says>
evidence value_at(const place& there, Says says) {
  return [there, says](const place& where, bytes_view value) {
    if (where != there) return false;
    auto found = codec::decode<T>(value, "state entry");
    return found && says(*found);
  };
}

struct witness {
  evidence operator()(const adopt_founding& x) const {
    return [name = founding_name(x)](const place& where, bytes_view value) {
      return where == founding_place() && std::ranges::equal(value, name.view());
    };
  }

  evidence operator()(const invite& x) const {
    auto asked = x.statement.peek();
    if (!asked) return nothing;
    return value_at<invitation_record>(invitation_place(asked->token_key), [wanted = codec::encode(*asked)](const invitation_record& found) {
      return codec::encode(found.invitation) == wanted;
    });
  }

  /// The ring draws the new member's id, and with it the place.
  evidence operator()(const join& x) const {
    auto asked = x.request.by_token.peek();
    if (!asked) return nothing;
    return [asked = *asked](const place& where, bytes_view value) {
      auto found = codec::decode<identity::admission>(value, "admission");
      return found && where == admission_place(found->id) && found->identity == asked.identity && found->tls_key == asked.tls_key;
    };
  }

  evidence operator()(const revoke& x) const {
    auto asked = x.statement.peek();
    if (!asked) return nothing;
    return value_at<identity::directory>(directory_place(),
                                         [node = asked->node](const identity::directory& found) { return found.revoked.contains(node); });
  }

  evidence operator()(const advertise& x) const {
    auto asked = x.statement.peek();
    if (!asked) return nothing;
    return value_at<identity::directory>(directory_place(), [asked = *asked](const identity::directory& found) {
      auto listed = found.nodes.find(asked.node);
      return listed != found.nodes.end() && identity::lists(listed->second, asked);
    });
  }

  /// What it renews has another term: an old proof is no renewal.
  evidence operator()(const renew& x) const {
    auto asked = x.statement.peek();
    if (!asked) return nothing;
    return value_at<identity::admission>(admission_place(asked->node),
                                         [asked = *asked](const identity::admission& found) { return found.expires > asked.expires; });
  }

  /// Also that a later operation has taken its slot is an outcome: it is too old.
  evidence operator()(const update_object& x) const {
    auto asked = x.update.peek();
    if (!asked) return nothing;
    return value_at<operation_result>(result_place(asked->client, asked->writer, asked->session, asked->operation),
                                      [operation = asked->operation](const operation_result& found) { return found.operation >= operation; });
  }

  evidence operator()(const fill_slot& x) const {
    auto asked = x.receipt.peek();
    if (!asked) return nothing;
    return value_at<archive::coding_record>(place_of(submap::extents, asked->extent), [r = *asked](const archive::coding_record& found) {
      return r.index < found.slots.size() && found.slots[r.index] == r.server;
    });
  }

  evidence operator()(const adopt_directory& x) const {
    if (!x.directory.value) return nothing;
    auto offered = codec::decode<identity::directory>(*x.directory.value, "directory");
    if (!offered) return nothing;
    return [there = directory_version_place(offered->version), wanted = *x.directory.value](const place& where, bytes_view value) {
      return where == there && std::ranges::equal(value, wanted);
    };
  }
};

}  // namespace

submission submission_of(const root_operation& operation) { return {codec::encode(operation), std::visit(witness{}, operation)}; }
submission submission_of(const object_operation& operation) { return {codec::encode(operation), std::visit(witness{}, operation)}; }

}  // namespace holdfast::ring
