// A cluster as one command of an operator (or client) sees it: entered by one of its members, until the command's --timeout is over.
#pragma once

#include "actors/base/clock.hpp"
#include "actors/client/dialler.hpp"
#include "protocols/ring/submission.hpp"
#include "tools/command_line/options.hpp"

namespace holdfast::tools {

class operator_session {
 public:
  /// As the profile that the command line names. Nothing is sent yet.
  static result<operator_session> open(const identity_options& as);

  const identity::profile& profile() const { return profile_; }
  const actors::dialler& dialler() const { return *dialler_; }
  crypto::signing_key key() const { return crypto::signing_key::from_seed(profile_.secrets.identity_seed); }

  outcome enter() const { return dialler_->enter(profile_.members, left()); }

  /// Has the root ring order a statement. It speaks for itself: any member passes it on, also while the cluster is being founded. The
  /// same statement again has the same outcome, so one whose answer was lost with the member that passed it on is sent again, by another.
  outcome order(const ring::root_operation& operation) const;

  /// Of the command's time.
  duration left() const { return std::max<duration>(until_ - actors::steady_now(), std::chrono::milliseconds(1)); }
  duration left(duration at_most) const { return std::min(left(), at_most); }

 private:
  operator_session(identity::profile profile, std::unique_ptr<actors::dialler> dialler, instant until)
      : profile_(std::move(profile)), dialler_(std::move(dialler)), until_(until) {}
  outcome is_shown(const ring::submission& what, const membership::reply& answer) const;

  identity::profile profile_;
  std::unique_ptr<actors::dialler> dialler_;
  instant until_;
};

}  // namespace holdfast::tools
