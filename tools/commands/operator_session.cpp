#include "tools/commands/operator_session.hpp"

#include "tools/profile/profile_file.hpp"

namespace holdfast::tools {

result<operator_session> operator_session::open(const identity_options& as) {
  auto profile = load_profile(profile_path(as.profile));
  if (!profile) return fail(profile.error());
  auto dialler = actors::dialler::open(*profile);
  if (!dialler) return fail(dialler.error());
  return operator_session(std::move(*profile), std::move(*dialler), actors::steady_now() + std::chrono::seconds(as.timeout_s));
}

/// Only the founder takes a statement without the ring's proof, and only while there is no ring yet.
outcome operator_session::is_shown(const ring::submission& what, const membership::reply& answer) const {
  auto configuration = dialler_->trust()->configuration();
  if (!configuration && std::holds_alternative<membership::accepted>(answer)) return {};
  auto* done = std::get_if<membership::statement_reply>(&answer);
  if (configuration && done && done->entry.value && what.shows(done->where, *done->entry.value)) {
    if (ring::verify(done->entry, done->where, configuration->cluster, configuration->root)) return {};
  }
  return fail(errc::outcome_unknown, "the member that was asked did not prove that the ring has done it");
}

outcome operator_session::order(const ring::root_operation& operation) const {
  constexpr int tries = 3;
  constexpr auto patience = std::chrono::seconds(40);  // with one member; the next may know better
  auto what = ring::submission_of(operation);
  outcome done = fail(errc::unavailable, "not asked");
  for (int i = 0; i < tries && (i == 0 || actors::steady_now() < until_); ++i) {
    if (auto entered = enter(); !entered) {
      done = fail(entered.error());
    } else {
      auto answer = dialler_->ask(membership::statement_request{what.operation}, left(patience));
      done = answer ? is_shown(what, *answer) : fail(answer.error());
      if (answer && !done) dialler_->distrust(dialler_->member());
    }
    if (done || !(done.error().is(errc::outcome_unknown) || done.error().is(errc::unavailable))) break;
  }
  return done;
}

}  // namespace holdfast::tools
