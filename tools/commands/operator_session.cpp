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

result<membership::reply> operator_session::order(const ring::root_operation& operation) const {
  constexpr int tries = 3;
  constexpr auto patience = std::chrono::seconds(40);  // with one member; the next may know better
  result<membership::reply> answer = fail(errc::unavailable, "not asked");
  for (int i = 0; i < tries && (i == 0 || actors::steady_now() < until_); ++i) {
    if (auto entered = enter(); !entered) {
      answer = fail(entered.error());
    } else {
      answer = dialler_->ask(membership::statement_request{codec::encode(operation)}, left(patience));
    }
    if (answer || !(answer.error().is(errc::outcome_unknown) || answer.error().is(errc::unavailable))) break;
  }
  return answer;
}

}  // namespace holdfast::tools
