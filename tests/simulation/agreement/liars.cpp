#include "tests/simulation/agreement/liars.hpp"

#include "protocols/agreement/certificates.hpp"

namespace holdfast::simulation {

using namespace agreement;

namespace {

digest any_digest(random_source& random) { return digest{random.array<32>()}; }

/// Sends, beside or instead of the truth, what is wrong in content and right in form, signed where it must be.
class forger {
 public:
  forger(ring_world& world, std::uint64_t seed) : world_(world), random_(seed) {}

  bool change(member& self, node_index to, message& m) {
    certifier hand(world_.fixture.cluster, world_.fixture.ring(), self.seat(), world_.fixture.keys[self.seat()], small_limits());
    if (random_.below(3) == 0) std::visit([&](auto& x) { forge(hand, x); }, m);
    if (random_.below(4) == 0) self.send_raw(to, invented(self));
    return true;
  }

 private:
  void forge(const certifier& hand, prepare& x) {
    x.what.batch = any_digest(random_);
    x.sig = hand.sign(phase::prepare, x.what);
  }
  void forge(const certifier&, commit& x) { x.what.batch = any_digest(random_); }
  void forge(const certifier& hand, checkpoint& x) {
    x.state = any_digest(random_);
    x.sig = hand.sign_checkpoint(x.sequence, x.state);
  }
  /// Another body than the digest that was signed: whoever does not hash it is deceived.
  void forge(const certifier&, pre_prepare& x) {
    auto other = *x.body;
    spoil(other);
    x.body = std::make_shared<const batch>(std::move(other));
  }
  void forge(const certifier&, body& x) { spoil(x.content); }
  void forge(const certifier&, batches& x) {
    for (auto& entry : x.list) {
      if (entry.body) spoil(*entry.body);
      if (!entry.body || random_.below(2)) entry.batch_digest = entry.body ? digest_of(*entry.body) : any_digest(random_);
    }
  }
  void forge(const certifier&, status& x) {
    x.committed += random_.below(100);
    x.view += random_.below(3);
    for (auto& boot : x.known_boots) boot.count += random_.below(3);
  }
  template <class Other>
  void forge(const certifier&, Other&) {}

  /// Reordered, shortened or moved in time, all of it well formed.
  void spoil(batch& b) {
    if (b.requests.size() > 1 && random_.below(2)) return std::reverse(b.requests.begin(), b.requests.end());
    if (!b.requests.empty() && random_.below(2)) return b.requests.pop_back();
    b.time.ms += 1 + static_cast<std::int64_t>(random_.below(1000));
  }

  /// A commit or a claim to be ahead, out of nothing.
  message invented(member& self) {
    ballot what{self.replica().view() + random_.below(2), self.replica().committed() + 1 + random_.below(4), any_digest(random_)};
    if (random_.below(2)) return commit{what};
    batches lie{what.sequence, {{what.batch, std::nullopt}}};
    return lie;
  }

  ring_world& world_;
  seeded_random random_;
};

/// View changes that forget what was prepared, new views that leave out reasons or proposals.
class forgetful_in_view_changes {
 public:
  forgetful_in_view_changes(ring_world& world, std::uint64_t seed) : world_(world), random_(seed) {}

  bool change(member& self, node_index, message& m) {
    const auto& key = world_.fixture.keys[self.seat()];
    if (auto v = std::get_if<view_change>(&m)) {
      auto statement = v->statement.peek();
      if (!statement || statement->seat != self.seat()) return true;
      statement->prepared.clear();
      if (random_.below(2)) statement->stable = {};
      v->statement = signed_view_change::make(*statement, key);
    } else if (auto n = std::get_if<new_view>(&m)) {
      auto statement = n->statement.peek();
      if (!statement || statement->view % world_.size() != self.seat()) return true;
      shorten(*statement);
      n->statement = signed_new_view::make(*statement, key);
    }
    return true;
  }

 private:
  void shorten(new_view_statement& statement) {
    auto& reasons = statement.reasons;
    switch (random_.below(3)) {
      case 0: return reasons.pop_back();
      case 1: reasons.back() = reasons.front(); return;
      default:
        if (!statement.proposals.empty()) statement.proposals.pop_back();
    }
  }

  ring_world& world_;
  seeded_random random_;
};

/// Sends again, to anyone and at any time, what it has sent or heard.
class replayer {
 public:
  replayer(std::uint64_t seed) : random_(seed) {}

  bool change(member& self, node_index to, message& m) {
    remember(m);
    for (auto again = random_.below(3); again > 0 && !heard_.empty(); --again) self.send_raw(to, heard_[random_.below(heard_.size())]);
    return true;
  }

  bool hear(const packet& p) {
    if (auto m = std::get_if<message>(&p)) remember(*m);
    return true;
  }

 private:
  static constexpr std::size_t heard_max = 256;

  void remember(const message& m) {
    if (heard_.size() < heard_max) return heard_.push_back(m);
    heard_[random_.below(heard_max)] = m;
  }

  seeded_random random_;
  std::vector<message> heard_;
};

bool is_of_first_client(const ring_world& world, bytes_view operation) {
  auto update = update_in(operation);
  if (!update) return false;
  auto client = world.clients.find(update->client);
  return client != world.clients.end() && client->second == world.size();
}

bool is_of_first_client(const ring_world& world, const packet& p) {
  if (auto asked = std::get_if<client_request>(&p)) return is_of_first_client(world, asked->operation);
  auto m = std::get_if<message>(&p);
  auto forwarded = m ? std::get_if<request>(m) : nullptr;
  return forwarded && is_of_first_client(world, forwarded->body);
}

template <class Changer>
member::mask sending_through(std::shared_ptr<Changer> changer) {
  return {[changer](member& self, node_index to, message& m) { return changer->change(self, to, m); }, nullptr};
}

/// Which twin a node is with at the moment.
int side_of(std::uint64_t seed, instant now, node_index node) {
  constexpr std::int64_t sides_last_us = 700'000;
  seeded_random draw(seed ^ (static_cast<std::uint64_t>(now.time_since_epoch().count() / sides_last_us) << 16) ^ node);
  return static_cast<int>(draw.below(2));
}

}  // namespace

member::mask mask_for(behaviour how, ring_world& world, std::uint64_t seed) {
  switch (how) {
    case behaviour::equivocate: return twin_mask(world, seed, 0);
    case behaviour::silent: return {[](member&, node_index, message&) { return false; }, nullptr};
    case behaviour::silent_primary: return {[](member& self, node_index, message&) { return self.replica().primary() != self.seat(); }, nullptr};
    case behaviour::delay:
      return {[&world](member& self, node_index to, message& m) {
                auto nearly_too_late = small_limits().request_timeout * 9 / 10;
                world.events.after(nearly_too_late, [&self, to, m] { self.send_raw(to, m); });
                return false;
              },
              nullptr};
    case behaviour::censor:
      return {nullptr, [&world](member&, node_index, const packet& p) { return !is_of_first_client(world, p); }};
    case behaviour::forge: return sending_through(std::make_shared<forger>(world, seed));
    case behaviour::stale_view_change: return sending_through(std::make_shared<forgetful_in_view_changes>(world, seed));
    case behaviour::old_answers: return {};  // there are no reads here
    case behaviour::replay: {
      auto again = std::make_shared<replayer>(seed);
      return {[again](member& self, node_index to, message& m) { return again->change(self, to, m); },
              [again](member&, node_index, const packet& p) { return again->hear(p); }};
    }
  }
  return {};
}

member::mask twin_mask(ring_world& world, std::uint64_t seed, int side) {
  return {[&world, seed, side](member&, node_index to, message&) { return side_of(seed, world.events.now(), to) == side; },
          [&world, seed, side](member&, node_index from, const packet&) { return side_of(seed, world.events.now(), from) == side; }};
}

}  // namespace holdfast::simulation
